//! Calls to malls that write: stored before the first byte leaves, with the fence they were made under.

use crate::args;
use crate::error::StoreError;
use crate::fold;
use crate::ids::{self, Family};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::outbox::{Ended, StepUpdate};
use crate::restored;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use domain::write::{StepState, WriteKind};
use domain::{CallId, ShopId, StepId, UtcMillis, reason};

sql! {
    /// A call that is about to be made.
    ADD("INSERT INTO calls (id, lane_key, shop_id, kind, operation, draft, fence, state, started_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'in_flight', $8)");
    /// A step it carries.
    ADD_ITEM("INSERT INTO call_items (call_id, step_id) VALUES ($1, $2)");
    /// The step is inside a call now.
    SENDING("UPDATE outbox_steps SET state = 'sending', sent_at = $2, attempts = attempts + 1 WHERE id = $1 AND state IN ('ready', 'unknown')");
    /// How it ended; only under the fence it was made with.
    END("UPDATE calls SET state = $3, finished_at = $4, http_status = $5, receipt = COALESCE($6, receipt), poll_at = $7, deadline_at = $8 \
         WHERE id = $1 AND fence = $2 AND state = 'in_flight'");
    /// A pending call was asked about.
    POLLED("UPDATE calls SET state = $2, poll_at = $3, finished_at = $4 WHERE id = $1 AND state = 'pending'");
    /// Its receipt was found among what the mall lists.
    FOUND("UPDATE calls SET receipt = $2, poll_at = $3, deadline_at = $4 WHERE id = $1 AND state = 'pending' AND receipt IS NULL");
    /// Outcome of one step.
    ITEM("UPDATE call_items SET outcome = $3 WHERE call_id = $1 AND step_id = $2");
    /// Calls without an outcome that an earlier owner, or an earlier turn, left behind. (Here and below the condition of the partial index
    /// stands in the text word for word: SQLite does not use it otherwise.)
    ORPHANS("SELECT id, kind, operation, started_at FROM calls WHERE lane_key = $1 AND state IN ('in_flight', 'pending') \
             AND state = 'in_flight' AND fence <= $2 ORDER BY id");
    /// It is unclear how they ended.
    ORPHANED("UPDATE calls SET state = $2, poll_at = $3, deadline_at = $4 WHERE id = $1 AND state = 'in_flight'");
    /// Steps of a call.
    ITEMS("SELECT step_id FROM call_items WHERE call_id = $1 ORDER BY step_id");
    /// Calls whose result is to be asked for.
    POLLS("SELECT id, shop_id, kind, draft, receipt, started_at, deadline_at FROM calls WHERE lane_key = $1 AND state IN ('in_flight', 'pending') \
           AND state = 'pending' AND poll_at <= $2 AND NOT (shop_id" [in_ints "$3"] ") ORDER BY id LIMIT 20");
    /// Next time a result is to be asked for.
    NEXT_POLL("SELECT MIN(poll_at) AS poll_at FROM calls WHERE lane_key = $1 AND state IN ('in_flight', 'pending') AND state = 'pending'");
    /// For the rotation of the master key.
    BOXES("SELECT id, draft AS sealed FROM calls WHERE id > $1 ORDER BY id LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    REBOX("UPDATE calls SET draft = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation =
    Rotation { purpose: Purpose::Requests, table: "calls", column: "draft", select: BOXES, update: REBOX };

/// How a call ended, as far as the row goes.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEnd {
    /// HTTP status, when there was an answer.
    pub http_status: Option<u16>,
    /// The mall's ticket and when to ask about it first and last, when the result comes later.
    pub pending: Option<PendingResult>,
    /// Nothing is known of how it ended.
    pub unclear: bool,
}

/// A result that comes later.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingResult {
    /// The mall's ticket; `None`: it was lost with the answer and is looked for among what the mall lists.
    pub receipt: Option<String>,
    /// Ask first at.
    pub poll_at: UtcMillis,
    /// Without a result by then it is unclear.
    pub deadline_at: UtcMillis,
}

/// A call whose result is to be asked for.
#[derive(Debug, Clone)]
pub struct PendingCall {
    /// Row.
    pub call_id: CallId,
    /// Shop.
    pub shop_id: ShopId,
    /// Kind, as text: a newer program's kinds wait for it.
    pub kind: String,
    /// The draft as it was stored.
    pub draft: Vec<u8>,
    /// The mall's ticket; `None`: it is to be looked for.
    pub receipt: Option<String>,
    /// When the call was made.
    pub begun_at: UtcMillis,
    /// Without a result by then it is unclear.
    pub deadline_at: UtcMillis,
}

/// What is known of calls of a kind and operation that were left without an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle {
    /// "Not there" counts only so long after the call, milliseconds.
    pub settle_ms: i64,
    /// The receipt may be found in the mall's own list: look for it after so many milliseconds.
    pub search_after_ms: Option<i64>,
}

/// What a question for a result said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollEnd {
    /// Not yet: ask again at.
    AskAgain(UtcMillis),
    /// The result of each step.
    Learnt,
    /// It will not be learnt; the mall may still do the work.
    NeverCame,
}

fn place(id: i64) -> Aad {
    Aad::new("calls", "draft", id)
}

impl Ledger {
    /// Stores a call that is about to be made and marks its steps, before the first byte leaves.
    ///
    /// # Errors
    /// `LaneLost`; `Conflict` when a step is no longer free to be sent, or the shop has another lane: nothing may be sent
    /// then.
    #[expect(clippy::too_many_arguments, reason = "one row, named by its columns")]
    pub async fn begin_call(
        &self,
        guard: &LaneGuard,
        shop: ShopId,
        kind: WriteKind,
        operation: &str,
        draft: &[u8],
        items: &[StepId],
        now: UtcMillis,
    ) -> Result<CallId, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        lanes::check_shop(&mut tx, guard, shop).await?;
        // The last door before the wire: whatever path led here, nothing leaves while a restore waits for a person (F46).
        if restored::last(&mut tx).await?.is_some_and(|r| r.may_write().is_err()) {
            return Err(StoreError::Conflict { what: "writing is paused after a restore".to_owned() });
        }
        let id = ids::take_one(&mut tx, Family::Call).await?;
        let sealed = self.ring.seal_box(Purpose::Requests, &place(id), draft)?;
        let args = args![id, &guard.lane_key, shop.0, kind.as_str(), operation, sealed, guard.fence, now.0];
        tx.exec(&ADD, args).await?;
        for step in items {
            if tx.exec(&SENDING, args![step.0, now.0]).await? != 1 {
                return Err(StoreError::Conflict { what: format!("step {step}") });
            }
            tx.exec(&ADD_ITEM, args![id, step.0]).await?;
        }
        tx.commit().await?;
        fail::fail_point!("writeback.before_send");
        Ok(CallId(id))
    }

    /// Stores how a call ended, step by step, and folds what follows.
    ///
    /// # Errors
    /// `LaneLost` when the lane or the call is no longer ours: the new owner reads back. Else as the database says.
    pub async fn end_call(
        &self,
        guard: &LaneGuard,
        call: CallId,
        end: &CallEnd,
        updates: &[StepUpdate],
        now: UtcMillis,
    ) -> Result<Vec<Ended>, StoreError> {
        fail::fail_point!("writeback.after_send");
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let state = match (&end.pending, end.unclear) {
            (Some(_), _) => "pending",
            (None, true) => "unknown",
            (None, false) => "answered",
        };
        let pending = end.pending.as_ref();
        let args = args![
            call.0,
            guard.fence,
            state,
            pending.is_none().then_some(now.0),
            end.http_status.map(i64::from),
            pending.and_then(|p| p.receipt.clone()),
            pending.map(|p| p.poll_at.0),
            pending.map(|p| p.deadline_at.0)
        ];
        if tx.exec(&END, args).await? != 1 {
            return Err(StoreError::LaneLost);
        }
        for update in updates {
            tx.exec(&ITEM, args![call.0, update.step_id.0, update.state.as_str()]).await?;
        }
        let ended = fold::update_in(&mut tx, updates, now).await?;
        fail::fail_point!("writeback.before_outcome");
        tx.commit().await?;
        fail::fail_point!("writeback.after_outcome");
        Ok(ended)
    }

    /// Calls that an earlier owner of the lane, or this one when the store failed it, left without an outcome: their
    /// steps are unclear and are read back once the settle time has passed since they were sent. Says how many calls
    /// there were. `settle` tells the settle time of a kind and operation, and whether a lost receipt may be found. Only
    /// for an owner that has no call under way.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn settle_orphans(
        &self,
        guard: &LaneGuard,
        settle: &(dyn Fn(&str, &str) -> Settle + Send + Sync),
        now: UtcMillis,
    ) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let orphans = tx.fetch_all(&ORPHANS, args![&guard.lane_key, guard.fence]).await?;
        for orphan in &orphans {
            let id = orphan.get_i64("id")?;
            let settle = settle(&orphan.get_str("kind")?, &orphan.get_str("operation")?);
            let due = UtcMillis(orphan.get_i64("started_at")?).plus(settle.settle_ms);
            let search = settle.search_after_ms.map(|wait| now.plus(wait)).filter(|at| *at < due);
            let state = if search.is_some() { "pending" } else { "unknown" };
            let (poll_at, deadline) = (search.map(|at| at.0), search.map(|_| due.0));
            tx.exec(&ORPHANED, args![id, state, poll_at, deadline]).await?;
            let mut updates = Vec::new();
            for row in tx.fetch_all(&ITEMS, args![id]).await? {
                let step = StepId(row.get_i64("step_id")?);
                tx.exec(&ITEM, args![id, step.0, StepState::Unknown.as_str()]).await?;
                updates
                    .push(StepUpdate::new(step, StepState::Unknown, due).because(reason::answer_unclear()));
            }
            fold::update_in(&mut tx, &updates, now).await?;
        }
        fail::fail_point!("writeback.before_orphans_commit");
        tx.commit().await?;
        Ok(orphans.len())
    }

    /// Calls of the lane whose result (or receipt) is to be asked for now, without those of the shops `not`.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn due_polls(
        &self,
        lane_key: &str,
        now: UtcMillis,
        not: &[ShopId],
    ) -> Result<Vec<PendingCall>, StoreError> {
        let not: Vec<i64> = not.iter().map(|s| s.0).collect();
        let rows = self.db.fetch_all(&POLLS, args![lane_key, now.0, not]).await?;
        rows.iter()
            .map(|row| {
                let id = row.get_i64("id")?;
                let draft = self.ring.open_box(Purpose::Requests, &place(id), &row.get_bytes("draft")?)?;
                Ok(PendingCall {
                    call_id: CallId(id),
                    shop_id: ShopId(row.get_i64("shop_id")?),
                    kind: row.get_str("kind")?,
                    draft: draft.to_vec(),
                    receipt: row.get_opt_str("receipt")?,
                    begun_at: UtcMillis(row.get_i64("started_at")?),
                    deadline_at: UtcMillis(row.get_opt_i64("deadline_at")?.unwrap_or(0)),
                })
            })
            .collect()
    }

    /// Next time a result is to be asked for.
    ///
    /// # Errors
    /// As the database says.
    pub async fn next_poll_due(&self, lane_key: &str) -> Result<Option<UtcMillis>, StoreError> {
        let row = self.db.fetch_one(&NEXT_POLL, args![lane_key]).await?;
        Ok(row.get_opt_i64("poll_at")?.map(UtcMillis))
    }

    /// Stores what a question for a result said: not yet, the outcome of the steps, or that it will not be learnt.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn end_poll(
        &self,
        guard: &LaneGuard,
        call: CallId,
        end: PollEnd,
        updates: &[StepUpdate],
        now: UtcMillis,
    ) -> Result<Vec<Ended>, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let (state, next) = match end {
            PollEnd::AskAgain(at) => ("pending", Some(at.0)),
            PollEnd::Learnt => ("answered", None),
            PollEnd::NeverCame => ("unknown", None),
        };
        let finished = (!matches!(end, PollEnd::AskAgain(_))).then_some(now.0);
        tx.exec(&POLLED, args![call.0, state, next, finished]).await?;
        for update in updates {
            tx.exec(&ITEM, args![call.0, update.step_id.0, update.state.as_str()]).await?;
        }
        let ended = fold::update_in(&mut tx, updates, now).await?;
        fail::fail_point!("writeback.before_poll_outcome");
        tx.commit().await?;
        fail::fail_point!("writeback.after_poll_outcome");
        Ok(ended)
    }

    /// The receipt of a call was found: its steps wait for the result again.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn receipt_found(
        &self,
        guard: &LaneGuard,
        call: CallId,
        receipt: &str,
        poll_at: UtcMillis,
        deadline_at: UtcMillis,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        if tx.exec(&FOUND, args![call.0, receipt, poll_at.0, deadline_at.0]).await? == 1 {
            let mut updates = Vec::new();
            for row in tx.fetch_all(&ITEMS, args![call.0]).await? {
                let step = StepId(row.get_i64("step_id")?);
                tx.exec(&ITEM, args![call.0, step.0, StepState::Pending.as_str()]).await?;
                updates.push(StepUpdate::new(step, StepState::Pending, deadline_at));
            }
            fold::update_in(&mut tx, &updates, now).await?;
        }
        tx.commit().await
    }

    /// Steps of a call.
    ///
    /// # Errors
    /// As the database says.
    pub async fn call_steps(&self, call: CallId) -> Result<Vec<StepId>, StoreError> {
        let rows = self.db.fetch_all(&ITEMS, args![call.0]).await?;
        rows.iter().map(|row| Ok(StepId(row.get_i64("step_id")?))).collect()
    }
}
