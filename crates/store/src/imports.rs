//! Import runs: their cursor, counts and notes, and what was set aside (取込エラー).

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use crate::{Reads, Row, Tx, args};
use domain::{MallOrderId, Reason, RequestId, RunId, ShopId, UtcMillis};
use serde_json::Value;

sql! {
    /// A new run.
    ADD("INSERT INTO import_runs (id, shop_id, request_id, import_trigger, period_from, period_to, options, state, cursor, counts, \
         started_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9, $10, $10)");
    /// One run.
    GET("SELECT * FROM import_runs WHERE id = $1");
    /// The run that holds a shop, if any.
    OPEN("SELECT * FROM import_runs WHERE shop_id = $1 AND state IN ('running', 'interrupted')");
    /// The run that answers a request.
    OF_REQUEST("SELECT * FROM import_runs WHERE request_id = $1 ORDER BY id DESC LIMIT 1");
    /// The newest runs of a shop.
    NEWEST("SELECT * FROM import_runs WHERE shop_id = $1 ORDER BY id DESC LIMIT $2");
    /// Progress.
    PROGRESS("UPDATE import_runs SET state = 'running', reason = NULL, cursor = $2, counts = $3, updated_at = $4 WHERE id = $1 \
              AND state IN ('running', 'interrupted')");
    /// Say that a run was cut off, or why it is cut off now.
    INTERRUPT("UPDATE import_runs SET state = 'interrupted', reason = $2, updated_at = $3 WHERE id = $1 \
               AND state IN ('running', 'interrupted')");
    /// Runs of a lane's shops that an earlier owner left behind.
    INTERRUPT_LANE("UPDATE import_runs SET state = 'interrupted' WHERE state = 'running' AND shop_id IN \
                    (SELECT id FROM shops WHERE lane_key = $1)");
    /// End.
    FINISH("UPDATE import_runs SET state = $2, cursor = $3, counts = $4, reason = $5, updated_at = $6, finished_at = $6 \
            WHERE id = $1 AND state IN ('running', 'interrupted')");
    /// Looks that ended well long ago and left nothing to tell, oldest first.
    FORGET_LOOKS("DELETE FROM import_runs WHERE id IN (SELECT id FROM import_runs WHERE import_trigger IN ('auto', 'hint') \
                  AND state = 'succeeded' AND finished_at < $1 \
                  AND NOT EXISTS (SELECT 1 FROM import_notes WHERE import_notes.run_id = import_runs.id) ORDER BY id LIMIT $2)");
    /// A note.
    NOTE("INSERT INTO import_notes (run_id, mall_order_id, kind, reason) VALUES ($1, $2, $3, $4) \
          ON CONFLICT (run_id, mall_order_id, kind) DO UPDATE SET reason = excluded.reason");
    /// Notes of a run.
    NOTES("SELECT mall_order_id, kind, reason FROM import_notes WHERE run_id = $1 ORDER BY kind, mall_order_id LIMIT $2");
    /// Something set aside, by its number.
    ASIDE("SELECT id, CASE WHEN state = 'solved' THEN 0 ELSE tries END AS tries FROM quarantine WHERE shop_id = $1 AND mall_order_id = $2");
    /// Was the person of this order erased? Then nothing of them is kept again.
    ERASED("SELECT 1 AS erased FROM orders WHERE shop_id = $1 AND mall_order_id = $2 AND erased_at IS NOT NULL");
    /// Erasure of an order takes along what was set aside of it.
    FORGET("UPDATE quarantine SET raw = NULL WHERE EXISTS (SELECT 1 FROM orders WHERE orders.seq = $1 \
            AND orders.shop_id = quarantine.shop_id AND orders.mall_order_id = quarantine.mall_order_id)");
    /// Set something aside.
    SET_ASIDE("INSERT INTO quarantine (id, shop_id, mall_order_id, state, tries, reason, raw, first_seen_at, last_seen_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)");
    /// Seen again.
    ASIDE_AGAIN("UPDATE quarantine SET state = $2, tries = $3, reason = $4, raw = COALESCE($5, raw), last_seen_at = $6 WHERE id = $1");
    /// It could be read after all.
    SOLVED("UPDATE quarantine SET state = 'solved', raw = NULL, last_seen_at = $3 WHERE shop_id = $1 AND state <> 'solved' \
            AND mall_order_id" [in_texts "$2"]);
    /// Documents without a number are told by the orders that were missing beside them: once every order that was aside
    /// at the same time could be read after all, one of those was what the document held.
    SOLVED_NAMELESS("UPDATE quarantine SET state = 'solved', raw = NULL, last_seen_at = $2 WHERE shop_id = $1 AND state <> 'solved' \
            AND mall_order_id LIKE '?%' \
            AND EXISTS (SELECT 1 FROM quarantine q WHERE q.shop_id = quarantine.shop_id AND q.mall_order_id NOT LIKE '?%' AND q.state = 'solved' \
                        AND q.first_seen_at <= quarantine.last_seen_at AND q.last_seen_at >= quarantine.first_seen_at) \
            AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.shop_id = quarantine.shop_id AND q.mall_order_id NOT LIKE '?%' AND q.state <> 'solved' \
                        AND q.first_seen_at <= quarantine.last_seen_at AND q.last_seen_at >= quarantine.first_seen_at)");
    /// Orders that runs of a shop left out and that are still not in the ledger, each with the reason of the newest run.
    LEFT_OUT("SELECT n.mall_order_id AS mall_order_id, n.run_id AS run_id, n.reason AS reason FROM import_notes n \
              JOIN import_runs r ON r.id = n.run_id WHERE r.shop_id = $1 AND n.kind = 'left_out' \
              AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.shop_id = r.shop_id AND o.mall_order_id = n.mall_order_id) \
              AND NOT EXISTS (SELECT 1 FROM import_notes m JOIN import_runs s ON s.id = m.run_id WHERE s.shop_id = r.shop_id \
                              AND m.kind = 'left_out' AND m.mall_order_id = n.mall_order_id AND m.run_id > n.run_id) \
              ORDER BY n.run_id, n.mall_order_id LIMIT $2");
    /// What is set aside.
    LIST("SELECT id, shop_id, mall_order_id, state, tries, reason, first_seen_at, last_seen_at FROM quarantine \
          WHERE state <> 'solved' ORDER BY last_seen_at DESC, id DESC LIMIT $1");
    /// Orders to ask for again.
    RETRIES("SELECT mall_order_id FROM quarantine WHERE shop_id = $1 AND state <> 'solved' AND state = 'retry' ORDER BY id LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    BOXES("SELECT id, raw AS sealed FROM quarantine WHERE id > $1 AND raw IS NOT NULL ORDER BY id LIMIT $2");
    /// For the rotation of the master key.
    REBOX("UPDATE quarantine SET raw = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation =
    Rotation { purpose: Purpose::Requests, table: "quarantine", column: "raw", select: BOXES, update: REBOX };

/// One run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct RunRow {
    /// Row.
    pub run_id: RunId,
    /// Shop.
    pub shop_id: ShopId,
    /// The request it answers, if any.
    pub request_id: Option<RequestId>,
    /// `manual`, `auto`, `hint` (something new was announced), `second_look`, `reimport`, `look_again` (orders the mall holds),
    /// `proof` (found missing), `read_back` (after a restore).
    pub trigger: String,
    /// From.
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
    /// What was asked for.
    pub options: Value,
    /// `running`, `interrupted`, `succeeded`, `partial`, `failed`, `stopped`.
    pub state: String,
    /// 取込カーソル.
    pub cursor: Value,
    /// Counts so far.
    pub counts: Value,
    /// Why it ended, or why it waits.
    pub reason: Option<Reason>,
    /// Begin.
    pub started_at: UtcMillis,
    /// Last progress.
    pub updated_at: UtcMillis,
    /// End.
    pub finished_at: Option<UtcMillis>,
}

/// A new run.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Shop.
    pub shop_id: ShopId,
    /// The request it answers, if any.
    pub request_id: Option<RequestId>,
    /// `manual`, `auto`, `hint` (something new was announced), `second_look`, `reimport`, `look_again` (orders the mall holds).
    pub trigger: &'static str,
    /// From.
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
    /// It looks for what is new: what was announced before is looked at by it.
    pub looks_for_news: bool,
    /// What was asked for.
    pub options: Value,
    /// First cursor.
    pub cursor: Value,
    /// First counts.
    pub counts: Value,
}

/// How far a run has come; stored with the page that brought it there.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Run.
    pub run_id: RunId,
    /// 取込カーソル.
    pub cursor: Value,
    /// Counts.
    pub counts: Value,
}

/// A note of a run about one order.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Note {
    /// The order.
    pub mall_order_id: MallOrderId,
    /// `left_out`, `failed`, `conflict`.
    pub kind: String,
    /// Why.
    pub reason: Reason,
}

/// An order to set aside.
#[derive(Debug, Clone)]
pub struct Aside {
    /// The order, or a stand-in when its number could not be read.
    pub mall_order_id: MallOrderId,
    /// The mall's document, when there is one.
    pub raw: Option<Vec<u8>>,
    /// Why.
    pub reason: Reason,
    /// Ask for it again in the next cycles, this many times; 0 = a person must look at once.
    pub retries: i64,
}

/// One order set aside.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct AsideRow {
    /// Shop.
    pub shop_id: ShopId,
    /// The order.
    pub mall_order_id: MallOrderId,
    /// `retry` (asked for again by itself) or `open` (取込エラー).
    pub state: String,
    /// How often it failed.
    pub tries: i64,
    /// Why.
    pub reason: Reason,
    /// First time.
    pub first_seen_at: UtcMillis,
    /// Last time.
    pub last_seen_at: UtcMillis,
}

fn run(row: &Row) -> Result<RunRow, StoreError> {
    let id = row.get_i64("id")?;
    Ok(RunRow {
        run_id: RunId(id),
        shop_id: ShopId(row.get_i64("shop_id")?),
        request_id: row.get_opt_i64("request_id")?.map(RequestId),
        trigger: row.get_str("import_trigger")?,
        from: UtcMillis(row.get_i64("period_from")?),
        to: UtcMillis(row.get_i64("period_to")?),
        options: row.get_json("options")?,
        state: row.get_str("state")?,
        cursor: row.get_json("cursor")?,
        counts: row.get_json("counts")?,
        reason: row
            .get_opt_json("reason")?
            .filter(|v| !v.is_null())
            .map(|v| from_json("import_runs", "reason", id, v))
            .transpose()?,
        started_at: UtcMillis(row.get_i64("started_at")?),
        updated_at: UtcMillis(row.get_i64("updated_at")?),
        finished_at: row.get_opt_i64("finished_at")?.map(UtcMillis),
    })
}

pub(crate) fn aside_row(row: &Row) -> Result<AsideRow, StoreError> {
    Ok(AsideRow {
        shop_id: ShopId(row.get_i64("shop_id")?),
        mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
        state: row.get_str("state")?,
        tries: row.get_i64("tries")?,
        reason: from_json("quarantine", "reason", row.get_i64("id")?, row.get_json("reason")?)?,
        first_seen_at: UtcMillis(row.get_i64("first_seen_at")?),
        last_seen_at: UtcMillis(row.get_i64("last_seen_at")?),
    })
}

fn place(id: i64) -> Aad {
    Aad::new("quarantine", "raw", id)
}

pub(crate) async fn progress(tx: &mut Tx, progress: &Progress, now: UtcMillis) -> Result<(), StoreError> {
    let args = args![progress.run_id.0, &progress.cursor, &progress.counts, now.0];
    if tx.exec(&PROGRESS, args).await? == 1 {
        Ok(())
    } else {
        // Stopped or finished by somebody else: this page must not be stored under it.
        Err(StoreError::Conflict { what: format!("import run {}", progress.run_id) })
    }
}

pub(crate) async fn note(tx: &mut Tx, run: RunId, note: &Note) -> Result<(), StoreError> {
    let args = args![run.0, note.mall_order_id.as_str(), &note.kind, to_json(&note.reason)?];
    tx.exec(&NOTE, args).await.map(drop)
}

pub(crate) async fn set_aside(
    tx: &mut Tx,
    ledger: &Ledger,
    shop: ShopId,
    aside: &Aside,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let erased = tx.fetch_optional(&ERASED, args![shop.0, aside.mall_order_id.as_str()]).await?.is_some();
    let seal = |id: i64| -> Result<Option<Vec<u8>>, StoreError> {
        aside
            .raw
            .as_ref()
            .filter(|_| !erased)
            .map(|raw| ledger.ring.seal_box(Purpose::Requests, &place(id), raw))
            .transpose()
    };
    let state = |tries: i64| if tries <= aside.retries { "retry" } else { "open" };
    let reason = to_json(&aside.reason)?;
    match tx.fetch_optional(&ASIDE, args![shop.0, aside.mall_order_id.as_str()]).await? {
        Some(row) => {
            let (id, tries) = (row.get_i64("id")?, row.get_i64("tries")? + 1);
            tx.exec(&ASIDE_AGAIN, args![id, state(tries), tries, reason, seal(id)?, now.0]).await?;
        }
        None => {
            let id = ids::take_one(tx, Family::Quarantine).await?;
            let args =
                args![id, shop.0, aside.mall_order_id.as_str(), state(1), 1_i64, reason, seal(id)?, now.0];
            tx.exec(&SET_ASIDE, args).await?;
        }
    }
    Ok(())
}

/// Wipes what was set aside of an order; part of its erasure.
pub(crate) async fn forget(tx: &mut Tx, seq: i64) -> Result<(), StoreError> {
    tx.exec(&FORGET, args![seq]).await.map(drop)
}

pub(crate) async fn solved(
    tx: &mut Tx,
    shop: ShopId,
    ids: &[MallOrderId],
    now: UtcMillis,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = ids.iter().map(|id| id.0.clone()).collect();
    if tx.exec(&SOLVED, args![shop.0, list, now.0]).await? > 0 {
        tx.exec(&SOLVED_NAMELESS, args![shop.0, now.0]).await?;
    }
    Ok(())
}

pub(crate) async fn run_in(from: impl Into<Reads<'_>>, id: RunId) -> Result<Option<RunRow>, StoreError> {
    from.into().fetch_optional(&GET, args![id.0]).await?.as_ref().map(run).transpose()
}

impl Ledger {
    /// Begins a run.
    ///
    /// # Errors
    /// `Unique` when the shop is held by another run; `LaneLost`.
    pub async fn begin_run(
        &self,
        guard: &LaneGuard,
        new: &NewRun,
        now: UtcMillis,
    ) -> Result<RunId, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let id = ids::take_one(&mut tx, Family::Run).await?;
        let args = args![
            id,
            new.shop_id.0,
            new.request_id.map(|r| r.0),
            new.trigger,
            new.from.0,
            new.to.0,
            &new.options,
            &new.cursor,
            &new.counts,
            now.0
        ];
        tx.exec(&ADD, args).await?;
        if new.looks_for_news {
            tx.exec(&crate::hints::LOOKED, args![new.shop_id.0]).await?;
        }
        tx.commit().await?;
        Ok(RunId(id))
    }

    /// One run.
    ///
    /// # Errors
    /// As the database says.
    pub async fn run(&self, id: RunId) -> Result<Option<RunRow>, StoreError> {
        run_in(&self.db, id).await
    }

    /// The run that holds a shop, if any.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open_run(&self, shop: ShopId) -> Result<Option<RunRow>, StoreError> {
        self.db.fetch_optional(&OPEN, args![shop.0]).await?.as_ref().map(run).transpose()
    }

    /// The run that answers a request, once it has begun.
    ///
    /// # Errors
    /// As the database says.
    pub async fn run_of_request(&self, id: RequestId) -> Result<Option<RunRow>, StoreError> {
        self.db.fetch_optional(&OF_REQUEST, args![id.0]).await?.as_ref().map(run).transpose()
    }

    /// The newest runs of a shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn newest_runs(&self, shop: ShopId, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        self.db.fetch_all(&NEWEST, args![shop.0, limit]).await?.iter().map(run).collect()
    }

    /// Marks runs that an earlier owner of the lane left behind as 中断; they go on from their cursor.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn interrupt_runs(&self, guard: &LaneGuard) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let done = tx.exec(&INTERRUPT_LANE, args![&guard.lane_key]).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Says why a run waits; it goes on from its cursor later.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn interrupt_run(
        &self,
        guard: &LaneGuard,
        id: RunId,
        reason: &Reason,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        tx.exec(&INTERRUPT, args![id.0, to_json(reason)?, now.0]).await?;
        tx.commit().await
    }

    /// Ends a run.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn finish_run(
        &self,
        guard: &LaneGuard,
        progress: &Progress,
        state: &str,
        reason: Option<&Reason>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let reason = reason.map(to_json).transpose()?;
        let args = args![progress.run_id.0, state, &progress.cursor, &progress.counts, reason, now.0];
        tx.exec(&FINISH, args).await?;
        tx.commit().await
    }

    /// Forgets at most `limit` looks of the schedule that ended well before `before` and left no note: there are thousands
    /// a day. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub async fn forget_looks(&self, before: UtcMillis, limit: i64) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let gone = tx.exec(&FORGET_LOOKS, args![before.0, limit]).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// Notes of a run, at most `limit`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn run_notes(&self, id: RunId, limit: i64) -> Result<Vec<Note>, StoreError> {
        let rows = self.db.fetch_all(&NOTES, args![id.0, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(Note {
                    mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
                    kind: row.get_str("kind")?,
                    reason: from_json("import_notes", "reason", id, row.get_json("reason")?)?,
                })
            })
            .collect()
    }

    /// Orders that runs of a shop left out and that the ledger still does not have, with the reason of the newest run
    /// (IMP-4), at most `limit`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn left_out(&self, shop: ShopId, limit: i64) -> Result<Vec<(MallOrderId, Reason)>, StoreError> {
        let rows = self.db.fetch_all(&LEFT_OUT, args![shop.0, limit]).await?;
        rows.iter()
            .map(|row| {
                let run = row.get_i64("run_id")?;
                let reason = from_json("import_notes", "reason", run, row.get_json("reason")?)?;
                Ok((MallOrderId(row.get_str("mall_order_id")?), reason))
            })
            .collect()
    }

    /// What is set aside, newest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_aside_orders(&self, limit: i64) -> Result<Vec<AsideRow>, StoreError> {
        self.db.fetch_all(&LIST, args![limit]).await?.iter().map(aside_row).collect()
    }

    /// Orders of a shop to ask for again.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_to_retry(&self, shop: ShopId, limit: i64) -> Result<Vec<MallOrderId>, StoreError> {
        let rows = self.db.fetch_all(&RETRIES, args![shop.0, limit]).await?;
        rows.iter().map(|row| Ok(MallOrderId(row.get_str("mall_order_id")?))).collect()
    }
}
