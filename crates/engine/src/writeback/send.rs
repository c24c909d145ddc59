//! From intents to calls: look where a look is due, decide, record, send, read, record.
//!
//! The order of things is the promise: a call's row is committed before its first byte leaves; an unclear answer
//! leads to a look and never to a blind repeat; "not there" counts only after the settle time.

use super::outcome::{self, MAX_LOOKS, backoff_ms, has_settled, is_hopeless};
use crate::lane::{Lane, LaneError, SEARCH_AFTER_MS, ShopContext, in_turn};
use domain::restore::Restored;
use domain::write::{Outcome, SendMode, Step, StepState, WriteKind};
use domain::{MallOrderId, Reason, Snapshot, StepId, UtcMillis, reason};
use mall_api::descriptor::{Repeat, WriteOperation};
use mall_api::{AnswerReading, CallDraft, Decision, MallErrorKind, OrderWriter, Outgoing, Wire as _};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::StoreError;
use store::calls::{CallEnd, PendingResult};
use store::outbox::{DueWrite, StepRow, StepUpdate};

/// Orders looked at and sent in one turn.
const BATCH: i64 = 100;
/// Before a write is looked at again while writing is paused, milliseconds.
const PAUSED_MS: i64 = 900_000;
/// Before an order that may not be written yet is looked at again, milliseconds.
const NOT_NOW_MS: i64 = 300_000;

struct Sendable {
    out: Outgoing,
    attempts: i64,
}

fn is_due(step: &StepRow, now: UtcMillis) -> bool {
    matches!(step.state, StepState::Ready | StepState::Unknown) && step.due_at <= now
}

pub(super) fn to_step(write: &DueWrite, row: &StepRow) -> Step {
    Step {
        step_id: row.step_id,
        kind: write.kind,
        mall_order_id: write.mall_order_id.clone(),
        parcel: row.wanted.clone().map(|mut wanted| {
            wanted.mall_ref = row.mall_ref.clone().or(wanted.mall_ref);
            wanted
        }),
        target: write.target.clone(),
    }
}

impl Lane {
    /// Works writes that are due; `true` when something was done.
    pub(crate) async fn write_due(&self) -> Result<bool, LaneError> {
        if self.scans.has_left_call() {
            let settle = |kind: &str, operation: &str| self.settle(kind, operation);
            self.hub.ledger.settle_orphans(&self.guard, &settle, self.now()).await?;
            self.scans.leave_call(false);
        }
        let ledger = &self.hub.ledger;
        let restored = ledger.restored().await?;
        let mut due = ledger.due_shops(&self.guard.lane_key, self.now()).await?;
        // By kind first; within a kind the shops of a lane take turns, so that none is starved by another's queue.
        let place = |kind: &WriteKind| WriteKind::ALL.iter().position(|k| k == kind);
        due.sort_by_key(|(shop, kind)| (place(kind), in_turn(&self.turns.write, *shop)));
        for (shop, kind) in due {
            let Some(shop) = ledger.shop(shop).await? else { continue };
            // In 見るだけモード what was wanted before waits.
            if !self.may_talk(&shop) || !shop.writes_back() {
                continue;
            }
            let Some(context) = self.context(shop).await? else { continue };
            let shop = context.shop.shop_id;
            let writes = ledger.due_writes(&self.guard.lane_key, shop, kind, self.now(), BATCH).await?;
            self.turns.write.store(shop.0, Ordering::Relaxed);
            if self.write_shop(&context, kind, writes, restored.as_ref()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `false`: this program cannot write to the mall.
    async fn write_shop(
        &self,
        context: &ShopContext,
        kind: WriteKind,
        writes: Vec<DueWrite>,
        restored: Option<&Restored>,
    ) -> Result<bool, LaneError> {
        let (Some(writer), Some(operation)) = (context.mall.writer(), context.mall.descriptor().write(kind))
        else {
            return Ok(false);
        };
        let now = self.now();
        let (taken_back, writes): (Vec<_>, Vec<_>) = writes.into_iter().partition(|w| is_taken_back(w, now));
        let updates: Vec<StepUpdate> = taken_back.iter().flat_map(|w| take_back(w, now)).collect();
        let (held, writes): (Vec<_>, Vec<_>) = writes.into_iter().partition(|w| is_kept_back(w, now));
        let updates: Vec<StepUpdate> =
            updates.into_iter().chain(held.iter().flat_map(|w| keep_back(w, now))).collect();
        self.hub.ledger.update_steps(&self.guard, &updates, now).await?;
        let needs_look = |w: &DueWrite| {
            operation.look_first
                || restored.is_some_and(|r| r.may_write().is_err() || r.doubt(w.ordered_at).is_some())
                || w.steps.iter().any(|s| is_due(s, now) && s.state == StepState::Unknown)
        };
        let (look, direct): (Vec<_>, Vec<_>) = writes.into_iter().partition(needs_look);
        let mut sendable: Vec<Sendable> = direct.iter().flat_map(|w| send_as_is(w, now)).collect();
        if !look.is_empty() {
            match self.look(context, writer, operation, &look, restored).await? {
                Some(found) => sendable.extend(found),
                // The mall could not be asked: nothing is sent, and the look comes again after the pause.
                None => return Ok(true),
            }
        }
        let attempts: HashMap<StepId, i64> =
            sendable.iter().map(|s| (s.out.step.step_id, s.attempts)).collect();
        let steps: Vec<Outgoing> = sendable.into_iter().map(|s| s.out).collect();
        for draft in writer.build(kind, &steps, &context.settings) {
            if !self.call(context, writer, operation, draft, &attempts).await? {
                break;
            }
        }
        Ok(true)
    }

    /// Asks the mall what stands there and settles what can be settled. Says what is to be sent; `None` when the
    /// mall could not be asked (the shop pauses then).
    async fn look(
        &self,
        context: &ShopContext,
        writer: &dyn OrderWriter,
        operation: &WriteOperation,
        writes: &[DueWrite],
        restored: Option<&Restored>,
    ) -> Result<Option<Vec<Sendable>>, LaneError> {
        let Some(source) = context.mall.orders() else { return Ok(None) };
        let wire = self.wire(context);
        let session = self.session(context, &wire);
        let mut updates = Vec::new();
        let mut sendable = Vec::new();
        for part in writes.chunks(source.fetch_limit().max(1)) {
            let ids: Vec<MallOrderId> = part.iter().map(|w| w.mall_order_id.clone()).collect();
            let fetched = match source.fetch(&session, &ids).await {
                Ok(fetched) => fetched,
                Err(error) => {
                    self.failed(&context.shop, &error).await?;
                    self.note(context.shop.shop_id, "look", &error.reason);
                    self.hub.ledger.update_steps(&self.guard, &updates, self.now()).await?;
                    return Ok(None);
                }
            };
            fail::fail_point!("writeback.after_look");
            self.talked(&context.shop).await?;
            self.learn(context.shop.shop_id, &fetched.learnt).await?;
            let now = self.now();
            for write in part {
                match fetched.orders.iter().find(|o| o.mall_order_id == write.mall_order_id) {
                    Some(order) => {
                        let order = Arc::new(order.snapshot.clone());
                        let at = (now, restored);
                        settle(write, writer, operation, &order, at, &mut updates, &mut sendable);
                    }
                    None => updates.extend(could_not_tell(write, now)),
                }
            }
        }
        self.hub.ledger.update_steps(&self.guard, &updates, self.now()).await?;
        Ok(Some(sendable))
    }

    /// One call from its row to its outcome; `false` when the rest of the batch should wait.
    async fn call(
        &self,
        context: &ShopContext,
        writer: &dyn OrderWriter,
        operation: &WriteOperation,
        draft: CallDraft,
        attempts: &HashMap<StepId, i64>,
    ) -> Result<bool, LaneError> {
        let wire = self.wire(context);
        let draft = &match writer.prepare(&self.session(context, &wire), draft).await {
            Ok(draft) => draft,
            // As when a look fails: nothing was sent, and the steps stay as they are.
            Err(error) => {
                self.failed(&context.shop, &error).await?;
                self.note(context.shop.shop_id, "prepare", &error.reason);
                return Ok(false);
            }
        };
        let stored =
            serde_json::to_vec(draft).map_err(|e| LaneError::Store(StoreError::other(e.to_string())))?;
        let shop = context.shop.shop_id;
        let name = draft.request.operation.as_str();
        // Until the outcome is stored this call has none, whatever ends this turn.
        self.scans.leave_call(true);
        fail::fail_point!("writeback.before_call");
        let begun = self
            .hub
            .ledger
            .begin_call(&self.guard, shop, draft.kind, name, &stored, &draft.items, self.now())
            .await;
        let call = match begun {
            Ok(call) => call,
            // A step was settled or taken back meanwhile: this call is not made.
            Err(StoreError::Conflict { .. }) => {
                self.scans.leave_call(false);
                return Ok(true);
            }
            // The row may be there: the next turn finds it and reads back. Nothing was sent.
            Err(error) => return Err(error.into()),
        };
        let answer = wire.send(draft.request.clone()).await;
        let now = self.now();
        let http_status = answer.as_ref().ok().map(|answer| answer.status);
        let reading = match answer {
            Ok(answer) => writer.read_answer(draft, &answer, now),
            Err(error) => {
                let outcome = mall_api::outcome::of_wire_error(&error);
                let outcomes = draft.items.iter().map(|step| (*step, outcome.clone())).collect();
                AnswerReading { outcomes, learnt: Vec::new(), failure: Some(error.into()) }
            }
        };
        // A refusal is the call's own fault; everything else would meet the next call as well.
        let whole = reading.failure.as_ref().is_some_and(|error| error.kind != MallErrorKind::Refused);
        let outcomes = outcome::of_every_step(&draft.items, reading.outcomes);
        let end = call_end(&outcomes, http_status, (operation, name), now);
        let tries = |s: &StepId| attempts.get(s).copied().unwrap_or(0) + 1;
        let updates: Vec<StepUpdate> = outcomes
            .into_iter()
            .map(|(step, outcome)| {
                outcome::update(step, outcome, tries(&step), whole, (operation, name), now)
            })
            .collect();
        count_attempts(context.mall.descriptor().mall, draft.kind, &updates);
        // First of all what became of it: whatever fails after this is no reason to read back.
        self.hub.ledger.end_call(&self.guard, call, &end, &updates, now).await?;
        self.scans.leave_call(false);
        crate::unknown::count_all(&self.hub, context.mall.descriptor().mall, &updates).await;
        self.learn(shop, &reading.learnt).await?;
        match &reading.failure {
            Some(error) if error.kind == MallErrorKind::Refused => {}
            Some(error) if error.kind == MallErrorKind::Interrupted => return Ok(false),
            Some(error) => {
                self.failed(&context.shop, error).await?;
                return Ok(false);
            }
            None => self.talked(&context.shop).await?,
        }
        // The rest of the batch was built without what was learnt just now.
        Ok(reading.learnt.is_empty())
    }
}

pub(super) fn count_attempts(mall: &'static str, kind: WriteKind, updates: &[StepUpdate]) {
    for update in updates {
        metrics::counter!("choba_writeback_attempts_total", "mall" => mall, "kind" => kind.as_str(), "outcome" => update.state.as_str())
            .increment(1);
    }
}

fn call_end(
    outcomes: &[(StepId, Outcome)],
    http_status: Option<u16>,
    (operation, call): (&WriteOperation, &str),
    now: UtcMillis,
) -> CallEnd {
    let receipt = outcomes.iter().find_map(|(_, o)| match o {
        Outcome::Pending { receipt } => Some(receipt.clone()),
        _ => None,
    });
    let unclear = outcomes.iter().all(|(_, o)| matches!(o, Outcome::Unknown { .. }));
    // What the mall queued may be on its list: its receipt is looked for before the orders are read back.
    let lost = unclear && operation.queued.contains(&call);
    let pending = match receipt {
        Some(receipt) => Some(PendingResult {
            receipt: Some(receipt),
            poll_at: now.plus(operation.poll_after_ms),
            deadline_at: now.plus(operation.result_deadline_ms),
        }),
        None => lost.then(|| PendingResult {
            receipt: None,
            poll_at: now.plus(SEARCH_AFTER_MS),
            deadline_at: now.plus(operation.settle_of(call)),
        }),
    };
    CallEnd { http_status, pending, unclear }
}

fn is_cancelled_here(write: &DueWrite) -> bool {
    write.phase.as_str() == domain::phase::CANCELLED
}

/// The order was cancelled here before anything of it was sent: the intent is taken back.
fn is_taken_back(write: &DueWrite, now: UtcMillis) -> bool {
    let untouched = write.steps.iter().all(|s| !s.state.is_in_flight());
    is_cancelled_here(write) && untouched && write.steps.iter().any(|s| is_due(s, now))
}

fn take_back(write: &DueWrite, now: UtcMillis) -> Vec<StepUpdate> {
    let open = write.steps.iter().filter(|s| !s.state.is_final());
    open.map(|s| StepUpdate::new(s.step_id, StepState::Withdrawn, now).because(reason::cancelled_here()))
        .collect()
}

/// The mall holds the order, and nothing of the write was sent: it is not made (FRD-3).
fn is_kept_back(write: &DueWrite, now: UtcMillis) -> bool {
    let untouched = write.steps.iter().all(|s| !s.state.is_in_flight());
    write.hold.is_fraud() && untouched && write.steps.iter().any(|s| is_due(s, now))
}

fn keep_back(write: &DueWrite, now: UtcMillis) -> Vec<StepUpdate> {
    let Err(reason) = write.hold.may_write() else { return Vec::new() };
    let open = write.steps.iter().filter(|s| !s.state.is_final());
    open.map(|s| StepUpdate::new(s.step_id, StepState::Failed, now).because(reason.clone())).collect()
}

/// Writes that need no look before the first sending.
fn send_as_is(write: &DueWrite, now: UtcMillis) -> Vec<Sendable> {
    let due = write.steps.iter().filter(|s| is_due(s, now));
    due.map(|s| Sendable {
        out: Outgoing { step: to_step(write, s), mode: SendMode::Add, order: None },
        attempts: s.attempts,
    })
    .collect()
}

/// What a look says about one order: done, to be sent, not now, refused.
fn settle(
    write: &DueWrite,
    writer: &dyn OrderWriter,
    operation: &WriteOperation,
    order: &Arc<Snapshot>,
    (now, restored): (UtcMillis, Option<&Restored>),
    updates: &mut Vec<StepUpdate>,
    sendable: &mut Vec<Sendable>,
) {
    // Finished steps are shown to the adapter too: the mall's records of them must not be taken for others'. What is
    // certainly not there takes no record from the others.
    let gone =
        |s: &StepRow| matches!(s.state, StepState::Withdrawn | StepState::Rejected | StepState::Failed);
    let live: Vec<&StepRow> = write.steps.iter().filter(|s| !gone(s)).collect();
    let steps: Vec<Step> = live.iter().map(|s| to_step(write, s)).collect();
    for (row, (step, decision)) in live.iter().zip(steps.iter().zip(writer.decide(&steps, order))) {
        if !is_due(row, now) {
            continue;
        }
        let unknown = row.state == StepState::Unknown;
        // Held meanwhile: what is not there already is not sent; what is unclear is looked at until it is clear.
        let decision = match (decision, order.facts.hold.may_write()) {
            (decision @ Decision::AlreadyThere { .. }, _) | (decision, Ok(())) => decision,
            (_, Err(reason)) if unknown => Decision::NotNow { reason },
            (_, Err(reason)) => {
                let update = StepUpdate::new(row.step_id, StepState::Failed, now);
                updates.push(update.because(reason));
                continue;
            }
        };
        if let (Decision::Send(_), Some((until, reason))) =
            (&decision, waits(write, operation, restored, now))
        {
            updates.push(StepUpdate::new(row.step_id, row.state, until).because(reason));
            continue;
        }
        match decision {
            Decision::AlreadyThere { mall_ref } => {
                updates
                    .push(StepUpdate { mall_ref, ..StepUpdate::new(row.step_id, StepState::Applied, now) });
            }
            Decision::Send(_) if unknown && !has_settled(row.sent_at, operation, now) => {
                let sent = row.sent_at.unwrap_or(now);
                let update = StepUpdate::new(row.step_id, StepState::Unknown, sent.plus(operation.settle_ms));
                updates.push(StepUpdate { looked: true, ..update.because(reason::answer_unclear()) });
            }
            Decision::Send(_) if unknown && row.queued => {
                // Its place in the mall's queue may still come up: a second report would add a second record.
                if is_hopeless(row.sent_at, now) {
                    let update = StepUpdate::new(row.step_id, StepState::ResultUnknown, now);
                    updates.push(update.because(reason::result_not_learnt()));
                } else {
                    let update = StepUpdate::new(row.step_id, StepState::Unknown, now.plus(NOT_NOW_MS));
                    updates.push(StepUpdate { looked: true, ..update.because(reason::result_not_learnt()) });
                }
            }
            // Cancelled here while it was unclear, and nothing of it stands there: it is not sent after all.
            Decision::Send(_) if is_cancelled_here(write) => {
                let update = StepUpdate::new(row.step_id, StepState::Withdrawn, now);
                updates.push(update.because(reason::cancelled_here()));
            }
            Decision::Send(_) if unknown && operation.repeat == Repeat::PersonDecides => {
                let update = StepUpdate::new(row.step_id, StepState::ResultUnknown, now);
                updates.push(update.because(reason::result_not_learnt()));
            }
            Decision::Send(mode) => {
                let out = Outgoing { step: step.clone(), mode, order: Some(Arc::clone(order)) };
                sendable.push(Sendable { out, attempts: row.attempts });
            }
            Decision::NotNow { reason } => updates.push(not_now(row, NOT_NOW_MS, reason, now)),
            Decision::Refuse { reason } => {
                updates.push(StepUpdate::new(row.step_id, StepState::Rejected, now).because(reason));
            }
        }
    }
}

/// After a restore (F46): until when a write that does not stand at the mall is not sent all the same, and why. While
/// nobody has let writing go on it is looked at again and again; afterwards, what may have been sent in the time that is
/// lost waits until the mall must be done with it.
fn waits(
    write: &DueWrite,
    operation: &WriteOperation,
    restored: Option<&Restored>,
    now: UtcMillis,
) -> Option<(UtcMillis, Reason)> {
    let restored = restored?;
    if let Err(reason) = restored.may_write() {
        return Some((now.plus(PAUSED_MS), reason));
    }
    let settle = match operation.queued {
        [] => operation.settle_ms,
        _ => operation.settle_ms.max(operation.result_deadline_ms),
    };
    let until = restored.doubt(write.ordered_at)?.plus(settle);
    (now < until).then(|| (until, reason::written_before_restore()))
}

/// Looks again later, and at last gives it to a person.
fn not_now(row: &StepRow, wait_ms: i64, reason: Reason, now: UtcMillis) -> StepUpdate {
    let unknown = row.state == StepState::Unknown;
    if unknown && is_hopeless(row.sent_at, now) {
        return StepUpdate::new(row.step_id, StepState::ResultUnknown, now)
            .because(reason::result_not_learnt());
    }
    if !unknown && row.looks >= MAX_LOOKS {
        return StepUpdate::new(row.step_id, StepState::Failed, now).because(reason);
    }
    let update = StepUpdate::new(row.step_id, row.state, now.plus(wait_ms));
    StepUpdate { looked: true, ..update.because(reason) }
}

/// The mall did not give the order.
fn could_not_tell(write: &DueWrite, now: UtcMillis) -> Vec<StepUpdate> {
    let due = write.steps.iter().filter(|s| is_due(s, now));
    due.map(|s| not_now(s, backoff_ms(s.looks + 3), reason::order_not_given(), now)).collect()
}

#[cfg(test)]
mod tests;
