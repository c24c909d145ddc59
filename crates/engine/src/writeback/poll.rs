//! From receipts to results: asks for results that come later, and turns what never comes into a read-back (F30).

use super::outcome;
use super::send::count_attempts;
use crate::lane::{Lane, LaneError, ShopContext};
use domain::write::{Outcome, StepState};
use domain::{StepId, UtcMillis, reason};
use mall_api::descriptor::WriteOperation;
use mall_api::{CallDraft, MallErrorKind, OrderWriter, PollReading, Session};
use store::calls::{PendingCall, PollEnd};
use store::outbox::StepUpdate;

/// Between two questions for the same result, milliseconds.
const ASK_AGAIN_MS: i64 = 10_000;

impl Lane {
    /// Asks for one result that is due; `true` when something was done.
    pub(crate) async fn poll_results(&self) -> Result<bool, LaneError> {
        // Shops that are left alone must not fill the list.
        let mut alone = self.hub.ledger.shops().await?;
        alone.retain(|s| s.lane_key == self.guard.lane_key && !self.may_talk(s));
        let alone: Vec<_> = alone.into_iter().map(|s| s.shop_id).collect();
        for pending in self.hub.ledger.due_polls(&self.guard.lane_key, self.now(), &alone).await? {
            let Some(shop) = self.hub.ledger.shop(pending.shop_id).await? else { continue };
            if !self.may_talk(&shop) {
                continue;
            }
            let Some(context) = self.context(shop).await? else { continue };
            // A draft of a newer program waits for that program.
            let Ok(draft) = serde_json::from_slice::<CallDraft>(&pending.draft) else { continue };
            if self.poll(&context, &pending, &draft).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `false`: this program cannot ask for it.
    async fn poll(
        &self,
        context: &ShopContext,
        pending: &PendingCall,
        draft: &CallDraft,
    ) -> Result<bool, LaneError> {
        let (Some(writer), Some(operation)) =
            (context.mall.writer(), context.mall.descriptor().write(draft.kind))
        else {
            return Ok(false);
        };
        let wire = self.wire(context);
        let session = self.session(context, &wire);
        let Some(receipt) = &pending.receipt else {
            return self.search(context, (writer, operation), &session, pending, draft).await;
        };
        let reading = writer.result(&session, draft, receipt).await;
        fail::fail_point!("writeback.after_poll");
        let now = self.now();
        if reading == PollReading::CannotAsk {
            let updates = never_came(draft, now);
            self.hub.ledger.end_poll(&self.guard, pending.call_id, PollEnd::NeverCame, &updates, now).await?;
            return Ok(true);
        }
        let (outcomes, failure) = match reading {
            PollReading::Done(outcomes) => (Some(outcomes), None),
            PollReading::NotYet | PollReading::CannotAsk => (None, None),
            PollReading::Failed(error) => (None, Some(error)),
        };
        if failure.as_ref().is_some_and(|error| error.kind == MallErrorKind::Interrupted) {
            return Err(LaneError::Gone);
        }
        let overdue = now >= pending.deadline_at;
        let (end, updates) = match outcomes {
            Some(outcomes) => (PollEnd::Learnt, self.results(draft, outcomes, operation, now)),
            None if overdue => (PollEnd::NeverCame, never_came(draft, now)),
            None => (PollEnd::AskAgain(now.plus(ASK_AGAIN_MS)), Vec::new()),
        };
        count_attempts(context.mall.descriptor().mall, draft.kind, &updates);
        self.hub.ledger.end_poll(&self.guard, pending.call_id, end, &updates, now).await?;
        crate::unknown::count_all(&self.hub, context.mall.descriptor().mall, &updates).await;
        match failure {
            Some(error) => drop(self.failed(&context.shop, &error).await?),
            None => self.talked(&context.shop).await?,
        }
        Ok(true)
    }

    /// Looks once for the receipt of a call whose answer was lost. Found, its result is asked for; not found, its orders
    /// are read back once the settle time is over.
    async fn search(
        &self,
        context: &ShopContext,
        (writer, operation): (&dyn OrderWriter, &WriteOperation),
        session: &Session<'_>,
        pending: &PendingCall,
        draft: &CallDraft,
    ) -> Result<bool, LaneError> {
        let (ledger, call) = (&self.hub.ledger, pending.call_id);
        let found = match self.now() >= pending.deadline_at {
            true => Ok(None),
            false => writer.find_receipt(session, draft, pending.begun_at).await,
        };
        let now = self.now();
        match found {
            Ok(Some(receipt)) => {
                let poll_at = now.plus(operation.poll_after_ms);
                let deadline = now.plus(operation.result_deadline_ms);
                ledger.receipt_found(&self.guard, call, &receipt, poll_at, deadline, now).await?;
                self.talked(&context.shop).await?;
            }
            Ok(None) => drop(ledger.end_poll(&self.guard, call, PollEnd::NeverCame, &[], now).await?),
            Err(error) => {
                if error.kind == MallErrorKind::Interrupted {
                    return Err(LaneError::Gone);
                }
                let again = PollEnd::AskAgain(now.plus(ASK_AGAIN_MS));
                ledger.end_poll(&self.guard, call, again, &[], now).await?;
                self.failed(&context.shop, &error).await?;
            }
        }
        Ok(true)
    }

    fn results(
        &self,
        draft: &CallDraft,
        outcomes: Vec<(StepId, Outcome)>,
        operation: &WriteOperation,
        now: UtcMillis,
    ) -> Vec<StepUpdate> {
        outcome::of_every_step(&draft.items, outcomes)
            .into_iter()
            .map(|(step, outcome)| {
                let update =
                    outcome::update(step, outcome, 1, false, (operation, &draft.request.operation), now);
                match update.state {
                    // The mall is done with what it had queued: only what it shows may lag behind.
                    StepState::Unknown => StepUpdate { due_at: now.plus(operation.settle_ms), ..update },
                    _ => update,
                }
            })
            .collect()
    }
}

/// No result by the deadline: read back at once (the settle time is long over).
fn never_came(draft: &CallDraft, now: UtcMillis) -> Vec<StepUpdate> {
    let update =
        |s: &StepId| StepUpdate::new(*s, StepState::Unknown, now).because(reason::result_not_learnt());
    draft.items.iter().map(update).collect()
}
