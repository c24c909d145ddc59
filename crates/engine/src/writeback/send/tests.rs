//! What a look says about the steps of one order (F25, F26, F29, F33).

use super::*;
use domain::hold::Hold;
use domain::snapshot::{Coded, MallFacts, MallStage};
use domain::time::{HOUR, MINUTE};
use domain::{OrderSeq, OutboxId, ShopId};
use mall_api::{Settings, WireAnswer};

const NOW: UtcMillis = UtcMillis(1_000_000_000);
const SETTLE: i64 = 2 * MINUTE;

/// Decides the same for every step.
struct Decides(Decision);

impl OrderWriter for Decides {
    fn decide(&self, steps: &[Step], _: &Snapshot) -> Vec<Decision> {
        steps.iter().map(|_| self.0.clone()).collect()
    }

    fn build(&self, _: WriteKind, _: &[Outgoing], _: &Settings) -> Vec<CallDraft> {
        Vec::new()
    }

    fn read_answer(&self, _: &CallDraft, _: &WireAnswer, _: UtcMillis) -> AnswerReading {
        AnswerReading::default()
    }
}

fn operation(repeat: Repeat) -> WriteOperation {
    WriteOperation {
        kind: WriteKind::ShipmentNotice,
        look_first: true,
        repeat,
        settle_ms: SETTLE,
        result_deadline_ms: HOUR,
        poll_after_ms: 5_000,
        queued: &[],
    }
}

fn facts() -> MallFacts {
    MallFacts {
        status: Coded::new("300", ""),
        stage: MallStage::Shippable,
        sub_status: None,
        payment_status: None,
        shipping_status: None,
        hold: Hold::None,
        cancel: None,
        shipments: vec![],
        revision: None,
        changed_at: None,
        confirmed_at: None,
        fixed_at: None,
        shipment_reported_at: None,
        ship_by: None,
        deadlines: vec![],
        changed_by_buyer: false,
        cautions: vec![],
        unknown: vec![],
    }
}

fn seen() -> Arc<Snapshot> {
    Arc::new(Snapshot {
        mapping_version: 1,
        mall_order_id: "a".into(),
        ordered_at: NOW,
        facts: facts(),
        content: domain::snapshot::Content::default(),
    })
}

/// A step whose last call began so long ago; `None` = never sent.
fn row(id: i64, state: StepState, sent_ago: Option<i64>) -> StepRow {
    StepRow {
        step_id: StepId(id),
        wanted: None,
        state,
        due_at: NOW,
        sent_at: sent_ago.map(|ago| NOW.plus(-ago)),
        attempts: 4,
        looks: 0,
        mall_ref: None,
        queued: false,
    }
}

fn order(steps: Vec<StepRow>) -> DueWrite {
    DueWrite {
        outbox_id: OutboxId(1),
        seq: OrderSeq(1),
        shop_id: ShopId(1),
        mall_order_id: "a".into(),
        phase: "shipped".into(),
        hold: Hold::None,
        ordered_at: NOW,
        kind: WriteKind::ShipmentNotice,
        target: None,
        steps,
    }
}

fn look(write: &DueWrite, decision: Decision, repeat: Repeat) -> (Vec<StepUpdate>, Vec<StepId>) {
    let (mut updates, mut sendable) = (Vec::new(), Vec::new());
    let writer = Decides(decision);
    settle(write, &writer, &operation(repeat), &seen(), (NOW, None), &mut updates, &mut sendable);
    assert!(sendable.iter().all(|s| s.attempts == 4));
    (updates, sendable.into_iter().map(|s| s.out.step.step_id).collect())
}

/// What becomes of one step that the mall does not have.
fn not_there(row: StepRow) -> (Vec<StepUpdate>, Vec<StepId>) {
    look(&order(vec![row]), Decision::Send(SendMode::Add), Repeat::AfterReadBack)
}

fn only(found: (Vec<StepUpdate>, Vec<StepId>)) -> StepUpdate {
    let (mut updates, sendable) = found;
    assert_eq!((updates.len(), sendable.len()), (1, 0));
    updates.remove(0)
}

#[test]
fn not_there_is_believed_only_after_the_settle_time_and_then_sent_again_f26() {
    let early = only(not_there(row(1, StepState::Unknown, Some(SETTLE - 1))));
    assert_eq!((early.state, early.due_at, early.looked), (StepState::Unknown, NOW.plus(1), true));
    assert_eq!(not_there(row(1, StepState::Unknown, Some(SETTLE))), (vec![], vec![StepId(1)]));
    // What was certainly not applied, or never sent, needs no such wait.
    for sent in [None, Some(0), Some(SETTLE)] {
        assert_eq!(not_there(row(1, StepState::Ready, sent)), (vec![], vec![StepId(1)]));
    }
}

#[test]
fn what_stands_there_is_done_however_early_the_look_f25_f26() {
    let there = Decision::AlreadyThere { mall_ref: Some("9".into()) };
    for state in [StepState::Ready, StepState::Unknown] {
        let found = look(&order(vec![row(1, state, Some(0))]), there.clone(), Repeat::AfterReadBack);
        let done = only(found);
        assert_eq!((done.state, done.mall_ref.as_deref()), (StepState::Applied, Some("9")));
    }
}

#[test]
fn what_only_waits_in_the_malls_queue_is_never_sent_twice_f26() {
    let queued = |ago| StepRow { queued: true, ..row(1, StepState::Unknown, Some(ago)) };
    let waits = only(not_there(queued(HOUR)));
    assert_eq!((waits.state, waits.due_at, waits.looked), (StepState::Unknown, NOW.plus(NOT_NOW_MS), true));
    let given_up = only(not_there(queued(24 * HOUR)));
    assert_eq!(given_up.state, StepState::ResultUnknown);
    assert_eq!(given_up.reason.unwrap().code, "result_not_learnt");
    let ready = StepRow { queued: true, ..row(1, StepState::Ready, Some(HOUR)) };
    assert_eq!(not_there(ready), (vec![], vec![StepId(1)]));
}

#[test]
fn what_may_not_be_repeated_is_given_to_a_person_unless_it_was_never_unclear() {
    let decide = |state| {
        let write = order(vec![row(1, state, Some(HOUR))]);
        look(&write, Decision::Send(SendMode::Add), Repeat::PersonDecides)
    };
    assert_eq!(only(decide(StepState::Unknown)).state, StepState::ResultUnknown);
    assert_eq!(decide(StepState::Ready), (vec![], vec![StepId(1)]));
}

#[test]
fn an_order_cancelled_here_while_it_was_unclear_is_not_sent_after_all_f33() {
    let mut write = order(vec![row(1, StepState::Unknown, Some(HOUR))]);
    write.phase = domain::phase::CANCELLED.into();
    let update = only(look(&write, Decision::Send(SendMode::Add), Repeat::AfterReadBack));
    assert_eq!(
        (update.state, update.reason.unwrap().code.as_str()),
        (StepState::Withdrawn, "cancelled_here")
    );
    // While something of it may stand at the mall the intent is not taken back unlooked.
    assert!(!is_taken_back(&write, NOW));
    write.steps = vec![row(1, StepState::Ready, None), row(2, StepState::Applied, Some(HOUR))];
    assert!(is_taken_back(&write, NOW));
    assert_eq!(take_back(&write, NOW).iter().map(|u| u.step_id).collect::<Vec<_>>(), [StepId(1)]);
    write.steps[0].due_at = NOW.plus(1);
    assert!(!is_taken_back(&write, NOW));
}

#[test]
fn steps_that_are_not_due_or_finished_are_left_alone_i3() {
    let later = StepRow { due_at: NOW.plus(1), ..row(1, StepState::Ready, None) };
    let write = order(vec![
        later,
        row(2, StepState::Applied, Some(HOUR)),
        row(3, StepState::Rejected, Some(HOUR)),
        row(4, StepState::Pending, Some(0)),
        row(5, StepState::Ready, None),
    ]);
    let found = look(&write, Decision::Send(SendMode::Add), Repeat::AfterReadBack);
    assert_eq!(found, (vec![], vec![StepId(5)]));
    assert_eq!(send_as_is(&write, NOW).len(), 1);
}

#[test]
fn not_now_waits_and_at_last_a_person_decides() {
    let said = Decision::NotNow { reason: reason::mall_holds_order() };
    let after = |row| only(look(&order(vec![row]), said.clone(), Repeat::AfterReadBack));
    let waits = after(row(1, StepState::Ready, None));
    assert_eq!((waits.state, waits.due_at, waits.looked), (StepState::Ready, NOW.plus(NOT_NOW_MS), true));
    let worn = after(StepRow { looks: MAX_LOOKS, ..row(1, StepState::Ready, None) });
    assert_eq!((worn.state, worn.reason.unwrap().code.as_str()), (StepState::Failed, "mall_holds_order"));
    // Unclear is never a failure, however often it was looked at; after a day it is said to be unknown.
    let unclear = after(StepRow { looks: MAX_LOOKS, ..row(1, StepState::Unknown, Some(HOUR)) });
    assert_eq!(unclear.state, StepState::Unknown);
    assert_eq!(after(row(1, StepState::Unknown, Some(24 * HOUR))).state, StepState::ResultUnknown);
    let refused = Decision::Refuse { reason: reason::cancelled_at_mall() };
    let refused = only(look(&order(vec![row(1, StepState::Ready, None)]), refused, Repeat::AfterReadBack));
    assert_eq!(
        (refused.state, refused.reason.unwrap().code.as_str()),
        (StepState::Rejected, "cancelled_at_mall")
    );
}

#[test]
fn an_order_the_mall_does_not_give_is_asked_for_later_and_later() {
    let wait = |looks| {
        let update =
            could_not_tell(&order(vec![StepRow { looks, ..row(1, StepState::Unknown, Some(HOUR)) }]), NOW);
        (update[0].state, update[0].due_at.since(NOW))
    };
    assert_eq!(wait(0), (StepState::Unknown, backoff_ms(3)));
    assert_eq!(wait(2), (StepState::Unknown, backoff_ms(5)));
}

#[test]
fn a_call_is_unclear_when_all_of_it_is_and_waits_under_its_receipt() {
    let unclear = || Outcome::Unknown { reason: reason::answer_unclear() };
    let done = Outcome::Applied { warnings: vec![], mall_ref: None };
    let end = |outcomes: Vec<Outcome>| {
        let outcomes: Vec<_> = outcomes.into_iter().map(|o| (StepId(1), o)).collect();
        call_end(&outcomes, Some(200), (&operation(Repeat::AfterReadBack), "send"), NOW)
    };
    assert!(end(vec![unclear(), unclear()]).unclear);
    let partly = end(vec![unclear(), done]);
    assert!(!partly.unclear && partly.pending.is_none());
    let pending = end(vec![Outcome::Pending { receipt: "r".into() }]).pending.unwrap();
    assert_eq!(
        (pending.receipt.as_deref(), pending.poll_at, pending.deadline_at),
        (Some("r"), NOW.plus(5_000), NOW.plus(HOUR))
    );
}
