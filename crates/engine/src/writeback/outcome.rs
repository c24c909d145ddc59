//! What the outcome of a call means for a step: its next state and when it is due. Pure.

use domain::time::{HOUR, MINUTE, SECOND};
use domain::write::{Outcome, StepState};
use domain::{StepId, UtcMillis, reason};
use mall_api::descriptor::WriteOperation;
use std::collections::HashMap;
use store::outbox::StepUpdate;

/// A step that was certainly not applied so often is given up (通知失敗).
pub(super) const MAX_ATTEMPTS: i64 = 30;
/// An unclear step that could not be read back for so long is given to a person (通知結果取得失敗).
pub(super) const READ_BACK_LIMIT_MS: i64 = 24 * HOUR;

/// A step that may not be sent, or whose order the mall does not give, is given to a person after so many looks.
pub(super) const MAX_LOOKS: i64 = 300;

/// Wait before the next attempt after `attempts` that were certainly not applied.
pub(super) fn backoff_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 8)).unwrap_or(8);
    (2 * SECOND).saturating_mul(1 << doublings).min(10 * MINUTE)
}

/// The update of a step after an outcome of the call of the operation `call`. `attempts` counts the call that just ended; `whole` says that the call
/// failed as a whole (credential, limit, maintenance, no connection). Such a failure says nothing about the order:
/// however long it lasts, the order waits and is not given up.
pub(super) fn update(
    step: StepId,
    outcome: Outcome,
    attempts: i64,
    whole: bool,
    (operation, call): (&WriteOperation, &str),
    now: UtcMillis,
) -> StepUpdate {
    match outcome {
        Outcome::Applied { warnings, mall_ref } => {
            StepUpdate { warnings, mall_ref, ..StepUpdate::new(step, StepState::Applied, now) }
        }
        Outcome::Rejected { reason } => StepUpdate::new(step, StepState::Rejected, now).because(reason),
        Outcome::Deferred { reason, .. } if attempts >= MAX_ATTEMPTS && !whole => {
            let gave_up = reason::gave_up_sending(attempts).from_mall(&reason.code, &reason.ja);
            StepUpdate::new(step, StepState::Failed, now).because(gave_up)
        }
        Outcome::Deferred { until, reason } => {
            let due = now.plus(backoff_ms(attempts)).max(until.unwrap_or(now));
            StepUpdate { uncounted: whole, ..StepUpdate::new(step, StepState::Ready, due).because(reason) }
        }
        Outcome::Pending { .. } => {
            StepUpdate::new(step, StepState::Pending, now.plus(operation.result_deadline_ms))
        }
        Outcome::Unknown { reason } => {
            StepUpdate::new(step, StepState::Unknown, now.plus(operation.settle_of(call))).because(reason)
        }
    }
}

/// One outcome for every step of a call, in the call's own order. What the answer does not mention is unclear, never
/// done and never failed (F29); what the call did not hold is left out.
pub(super) fn of_every_step(items: &[StepId], outcomes: Vec<(StepId, Outcome)>) -> Vec<(StepId, Outcome)> {
    let mut outcomes: HashMap<StepId, Outcome> = outcomes.into_iter().collect();
    let unclear = || Outcome::Unknown { reason: reason::not_in_answer() };
    items.iter().map(|step| (*step, outcomes.remove(step).unwrap_or_else(unclear))).collect()
}

/// May "not there" be believed? Only when the settle time has passed since the step was last sent (late read-back).
pub(super) fn has_settled(sent_at: Option<UtcMillis>, operation: &WriteOperation, now: UtcMillis) -> bool {
    sent_at.is_none_or(|sent| now.since(sent) >= operation.settle_ms)
}

/// Has a step been unclear for too long?
pub(super) fn is_hopeless(sent_at: Option<UtcMillis>, now: UtcMillis) -> bool {
    sent_at.is_some_and(|sent| now.since(sent) >= READ_BACK_LIMIT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::write::WriteKind;
    use mall_api::descriptor::Repeat;

    fn operation() -> WriteOperation {
        WriteOperation {
            kind: WriteKind::ShipmentNotice,
            look_first: true,
            repeat: Repeat::AfterReadBack,
            settle_ms: 60_000,
            result_deadline_ms: 3_600_000,
            poll_after_ms: 5_000,
            queued: &["queue"],
        }
    }

    const NOW: UtcMillis = UtcMillis(1_000_000_000);

    fn after(outcome: Outcome, attempts: i64) -> StepUpdate {
        update(StepId(1), outcome, attempts, false, (&operation(), "send"), NOW)
    }

    #[test]
    fn an_outage_is_no_attempt_however_long_it_lasts_f08_f13() {
        for attempts in [1, MAX_ATTEMPTS, 10 * MAX_ATTEMPTS] {
            let outcome = Outcome::Deferred { until: None, reason: reason::mall_maintenance() };
            let waiting = update(StepId(1), outcome, attempts, true, (&operation(), "send"), NOW);
            assert_eq!((waiting.state, waiting.uncounted), (StepState::Ready, true));
        }
        let outcome = Outcome::Deferred { until: None, reason: reason::mall_maintenance() };
        assert!(!after(outcome, 1).uncounted);
    }

    #[test]
    fn an_unclear_outcome_waits_for_the_settle_time_and_is_never_a_failure_i3() {
        for attempts in [1, MAX_ATTEMPTS, 10 * MAX_ATTEMPTS] {
            let unclear = after(Outcome::Unknown { reason: reason::answer_unclear() }, attempts);
            assert_eq!((unclear.state, unclear.due_at), (StepState::Unknown, NOW.plus(60_000)));
        }
    }

    #[test]
    fn what_was_certainly_not_applied_is_sent_again_later_and_later_and_then_given_up() {
        let deferred = |until| Outcome::Deferred { until, reason: reason::rate_limited() };
        assert_eq!(after(deferred(None), 1).due_at, NOW.plus(4_000));
        assert_eq!(after(deferred(None), 2).due_at, NOW.plus(8_000));
        assert_eq!(after(deferred(None), 8).due_at, NOW.plus(512_000));
        assert_eq!(after(deferred(None), 29).due_at, NOW.plus(512_000));
        assert_eq!(after(deferred(Some(NOW.plus(99_000))), 1).due_at, NOW.plus(99_000));
        assert_eq!(after(deferred(None), 29).state, StepState::Ready);
        let failed = after(deferred(None), MAX_ATTEMPTS);
        assert_eq!(
            (failed.state, failed.reason.unwrap().code.as_str()),
            (StepState::Failed, "gave_up_sending")
        );
    }

    #[test]
    fn a_refusal_is_final_and_a_receipt_waits_for_its_deadline() {
        let refused = after(Outcome::Rejected { reason: reason::cancelled_at_mall() }, 1);
        assert_eq!(
            (refused.state, refused.reason.unwrap().code.as_str()),
            (StepState::Rejected, "cancelled_at_mall")
        );
        let pending = after(Outcome::Pending { receipt: "r".into() }, 1);
        assert_eq!((pending.state, pending.due_at), (StepState::Pending, NOW.plus(3_600_000)));
        let warned = Outcome::Applied { warnings: vec![reason::rate_limited()], mall_ref: Some("9".into()) };
        let applied = after(warned, 1);
        assert_eq!(
            (applied.state, applied.warnings.len(), applied.mall_ref.as_deref()),
            (StepState::Applied, 1, Some("9"))
        );
    }

    #[test]
    fn work_the_mall_only_queued_may_still_be_done_as_late_as_a_result_may_come_f26() {
        let unclear = Outcome::Unknown { reason: reason::answer_unclear() };
        let queued = update(StepId(1), unclear, 1, false, (&operation(), "queue"), NOW);
        assert_eq!((queued.state, queued.due_at), (StepState::Unknown, NOW.plus(3_600_000)));
    }

    #[test]
    fn not_there_counts_only_after_the_settle_time_f26() {
        assert!(!has_settled(Some(NOW.plus(-59_999)), &operation(), NOW));
        assert!(has_settled(Some(NOW.plus(-60_000)), &operation(), NOW));
        assert!(has_settled(None, &operation(), NOW));
        assert!(!is_hopeless(Some(NOW.plus(1 - READ_BACK_LIMIT_MS)), NOW));
        assert!(is_hopeless(Some(NOW.plus(-READ_BACK_LIMIT_MS)), NOW));
        assert!(!is_hopeless(None, NOW));
    }

    #[test]
    fn what_an_answer_does_not_mention_is_unclear_and_what_nobody_sent_is_left_out_f29() {
        let done = || Outcome::Applied { warnings: vec![], mall_ref: None };
        let unclear = Outcome::Unknown { reason: reason::not_in_answer() };
        let items = [StepId(3), StepId(1), StepId(2)];
        let all = of_every_step(&items, vec![(StepId(1), done()), (StepId(9), done())]);
        assert_eq!(all, [(StepId(3), unclear.clone()), (StepId(1), done()), (StepId(2), unclear)]);
    }
}
