//! The outbox: what is wanted of the malls, step by step. A wish and the change that caused it are one transaction;
//! the state of an order's notice is folded from the steps.

use crate::error::StoreError;
use crate::history::Pending;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::orders::OrderForRules;
use crate::sql::sql;
use crate::{Row, Tx, args, fold, orders};
use domain::history::{By, Event};
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::write::{StepState, WantedParcel, WriteKind};
use domain::{
    MallOrderId, OrderSeq, OutboxId, ParcelId, PhaseKey, Reason, ShopId, StepId, UtcMillis, reason,
};
use std::collections::{BTreeMap, BTreeSet};

sql! {
    /// A wish.
    ADD("INSERT INTO outbox (id, seq, shop_id, lane_key, kind, state, phase_at, requested_by, created_at, target, sent_told, end_told) \
         VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, FALSE, FALSE) \
         ON CONFLICT (seq, kind) WHERE state = 'open' DO NOTHING");
    /// A step.
    ADD_STEP("INSERT INTO outbox_steps (id, outbox_id, seq, shop_id, lane_key, kind, parcel_id, wanted, state, due_at, attempts, looks) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'ready', $9, 0, 0)");
    /// The order's notice is under way.
    NOTICE_STARTED("UPDATE orders SET notice_state = 'in_flight', confirming = FALSE, version = version + 1 WHERE seq = $1");
    /// The order's 注文確認 is under way.
    CONFIRM_STARTED("UPDATE orders SET confirm_state = 'in_flight', version = version + 1 WHERE seq = $1");
    /// Wishes with something due, oldest first. The states stand there twice because SQLite uses a partial index only
    /// when its condition is in the query word for word; `+ 0` keeps both from walking all steps in the order asked for.
    DUE("SELECT DISTINCT outbox_id + 0 AS outbox_id FROM outbox_steps WHERE lane_key = $1 AND kind = $2 AND shop_id = $5 \
         AND state IN ('ready', 'unknown', 'pending', 'sending') AND state IN ('ready', 'unknown') AND due_at <= $3 ORDER BY 1 LIMIT $4");
    /// Whose wishes of which kind have something due.
    WHOSE("SELECT DISTINCT shop_id, kind FROM outbox_steps WHERE lane_key = $1 \
           AND state IN ('ready', 'unknown', 'pending', 'sending') AND state IN ('ready', 'unknown') AND due_at <= $2 ORDER BY shop_id");
    /// The open wish of a kind, step by step.
    OPEN("SELECT s.id AS id, s.state AS state, b.target AS target FROM outbox b JOIN outbox_steps s ON s.outbox_id = b.id \
          WHERE b.seq = $1 AND b.kind = $2 AND b.state = 'open' ORDER BY s.id");
    /// Open changes of status, for the judgement of new ones.
    OPEN_TARGETS("SELECT b.seq AS seq, b.target AS target, s.state AS state FROM outbox b JOIN outbox_steps s ON s.outbox_id = b.id \
                  WHERE b.seq" [in_ints "$1"] " AND b.kind = $2 AND b.state = 'open' ORDER BY s.id");
    /// Shops of some orders.
    SHOPS_OF("SELECT DISTINCT shop_id FROM orders WHERE seq" [in_ints "$1"] " ORDER BY shop_id");
    /// Their orders.
    DUE_ORDERS("SELECT b.id AS id, b.seq AS seq, b.shop_id AS shop_id, b.kind AS kind, o.mall_order_id AS mall_order_id, o.phase AS phase, \
                o.handling_class AS handling_class, o.hold AS hold, o.ordered_at AS ordered_at, b.target AS target FROM outbox b JOIN orders o ON o.seq = b.seq WHERE b.id" [in_ints "$1"] " ORDER BY b.id");
    /// All their steps.
    STEPS("SELECT id, outbox_id, seq, kind, parcel_id, wanted, state, due_at, sent_at, attempts, looks, mall_ref, \
           (SELECT COUNT(*) FROM call_items i JOIN calls c ON c.id = i.call_id WHERE i.step_id = outbox_steps.id \
            AND c.state = 'unknown' AND c.receipt IS NOT NULL) AS queued FROM outbox_steps WHERE outbox_id" [in_ints "$1"] " ORDER BY id");
    /// Next time something is due on a lane.
    NEXT("SELECT MIN(due_at) AS due_at FROM outbox_steps WHERE lane_key = $1 AND state IN ('ready', 'unknown', 'pending', 'sending') \
          AND state IN ('ready', 'unknown') AND due_at >= 0");
    /// Open wishes by lane, for status lines.
    OPEN_COUNT("SELECT COUNT(*) AS n FROM outbox_steps WHERE lane_key = $1 AND state IN ('ready', 'unknown', 'pending', 'sending')");
}

/// A wish to be put into the outbox.
#[derive(Debug, Clone)]
pub struct NewWrite {
    /// Order.
    pub seq: OrderSeq,
    /// Version it was judged with; another one now leaves the order out (it is judged again in the next round).
    pub version: i64,
    /// Kind.
    pub kind: WriteKind,
    /// Parcels as they shall stand at the mall; empty for kinds without parcels (one step then).
    pub parcels: Vec<WantedParcel>,
    /// The mall's code to set, for a change of status.
    pub target: Option<String>,
}

/// One step as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// Row.
    pub step_id: StepId,
    /// Parcel, for a shipment.
    pub wanted: Option<WantedParcel>,
    /// State.
    pub state: StepState,
    /// Due.
    pub due_at: UtcMillis,
    /// Last time it was in a call.
    pub sent_at: Option<UtcMillis>,
    /// How often it was in a call.
    pub attempts: i64,
    /// Looks that could not tell.
    pub looks: i64,
    /// The mall's record, once known.
    pub mall_ref: Option<String>,
    /// The mall took it under a receipt and never said how it ended: it may still be done, however late.
    pub queued: bool,
}

/// A wish with something due, with all its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct DueWrite {
    /// Wish.
    pub outbox_id: OutboxId,
    /// Order.
    pub seq: OrderSeq,
    /// Shop.
    pub shop_id: ShopId,
    /// Order at the mall.
    pub mall_order_id: MallOrderId,
    /// Phase it is in now.
    pub phase: PhaseKey,
    /// The mall's hold, as it was last seen.
    pub hold: Hold,
    /// 注文日時.
    pub ordered_at: UtcMillis,
    /// Kind.
    pub kind: WriteKind,
    /// The mall's code to set, for a change of status.
    pub target: Option<String>,
    /// Steps, also the finished ones.
    pub steps: Vec<StepRow>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepUpdate {
    /// Row.
    pub step_id: StepId,
    /// New state.
    pub state: StepState,
    /// Next time it is due, when not final.
    pub due_at: UtcMillis,
    /// Why.
    pub reason: Option<Reason>,
    /// Remarks of the mall.
    pub warnings: Vec<Reason>,
    /// The mall's record.
    pub mall_ref: Option<String>,
    /// This was a look that could not tell.
    pub looked: bool,
    /// The call that just ended does not count as an attempt: it failed for reasons that are not the order's.
    pub uncounted: bool,
}

impl StepUpdate {
    /// A plain change of state.
    #[must_use]
    pub fn new(step_id: StepId, state: StepState, due_at: UtcMillis) -> Self {
        Self {
            step_id,
            state,
            due_at,
            reason: None,
            warnings: Vec::new(),
            mall_ref: None,
            looked: false,
            uncounted: false,
        }
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }
}

/// A wish that ended, for results of a cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Order.
    pub seq: OrderSeq,
    /// Kind.
    pub kind: WriteKind,
    /// How.
    pub state: NoticeState,
}

pub(crate) fn corrupt(column: &'static str, row: impl ToString) -> StoreError {
    StoreError::Corrupt { table: "outbox_steps".into(), column: column.into(), row: row.to_string() }
}

fn step(row: &Row) -> Result<StepRow, StoreError> {
    let id = row.get_i64("id")?;
    let state = row.get_str("state")?;
    Ok(StepRow {
        step_id: StepId(id),
        wanted: row
            .get_opt_json("wanted")?
            .filter(|v| !v.is_null())
            .map(|v| from_json("outbox_steps", "wanted", id, v))
            .transpose()?,
        state: StepState::parse(&state).ok_or_else(|| corrupt("state", id))?,
        due_at: UtcMillis(row.get_i64("due_at")?),
        sent_at: row.get_opt_i64("sent_at")?.map(UtcMillis),
        attempts: row.get_i64("attempts")?,
        looks: row.get_i64("looks")?,
        mall_ref: row.get_opt_str("mall_ref")?,
        queued: row.get_i64("queued")? > 0,
    })
}

impl Ledger {
    /// Puts wishes into the outbox and marks their orders, all in one transaction. Orders that changed since they
    /// were judged, that have an open wish of the kind, or whose shop has another lane by now, are left out; a change
    /// of status takes the place of one that was not sent yet. Says which orders were taken.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn enqueue_writes(
        &self,
        guard: &LaneGuard,
        writes: &[NewWrite],
        by: &By,
        now: UtcMillis,
    ) -> Result<Vec<OrderSeq>, StoreError> {
        let actor = to_json(by)?;
        let mut taken = Vec::new();
        let mut history = Pending::default();
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let list: Vec<i64> = writes.iter().map(|w| w.seq.0).collect();
        // Shops before orders: whoever moves a shop to another lane locks in that order too.
        let mut here = BTreeSet::new();
        for row in tx.fetch_all(&SHOPS_OF, args![list.clone()]).await? {
            let shop = ShopId(row.get_i64("shop_id")?);
            if lanes::lane_of(&mut tx, shop).await?.as_deref() == Some(guard.lane_key.as_str()) {
                here.insert(shop.0);
            }
        }
        let orders = orders::for_change(&mut tx, &list).await?.into_iter();
        let orders: BTreeMap<i64, OrderForRules> =
            orders.filter(|o| here.contains(&o.shop_id.0)).map(|o| (o.seq.0, o)).collect();
        for write in writes {
            let Some(order) = orders.get(&write.seq.0).filter(|o| o.version == write.version) else {
                continue;
            };
            let busy = match write.kind {
                WriteKind::ShipmentNotice => order.facts.notice_state == NoticeState::InFlight,
                WriteKind::ConfirmOrder => order.confirm_state == NoticeState::InFlight,
                WriteKind::MallStatus | WriteKind::PaymentStatus => false,
            };
            // A notice without a parcel would have no step, and stay 連携中 for ever.
            let nothing = match write.kind {
                WriteKind::ShipmentNotice => write.parcels.is_empty(),
                WriteKind::ConfirmOrder => false,
                WriteKind::MallStatus | WriteKind::PaymentStatus => write.target.is_none(),
            };
            if busy || nothing || !self.take_back_older(&mut tx, write, now).await? {
                continue;
            }
            let Some(id) = self.add_write(&mut tx, guard, write, order, &actor, now).await? else { continue };
            let kind = write.kind.as_str().to_owned();
            history.add(write.seq.0, now, &actor, &Event::WriteWanted { kind, outbox_id: id }, None)?;
            taken.push(write.seq);
        }
        history.write(&mut tx).await?;
        fail::fail_point!("writeback.before_intent");
        tx.commit().await?;
        fail::fail_point!("writeback.after_intent");
        Ok(taken)
    }

    /// The rows of one wish; `None`: there is an open one of the kind.
    pub(crate) async fn add_write(
        &self,
        tx: &mut Tx,
        guard: &LaneGuard,
        write: &NewWrite,
        order: &OrderForRules,
        actor: &serde_json::Value,
        now: UtcMillis,
    ) -> Result<Option<i64>, StoreError> {
        let id = ids::take_one(tx, Family::Outbox).await?;
        let (seq, shop, kind) = (write.seq.0, order.shop_id.0, write.kind.as_str());
        let phase = order.facts.phase.as_str();
        let target = write.target.as_deref();
        let args = args![id, seq, shop, &guard.lane_key, kind, phase, actor, now.0, target];
        if tx.exec(&ADD, args).await? != 1 {
            return Ok(None);
        }
        let parcels: Vec<Option<&WantedParcel>> = match write.kind {
            WriteKind::ShipmentNotice => write.parcels.iter().map(Some).collect(),
            WriteKind::ConfirmOrder | WriteKind::MallStatus | WriteKind::PaymentStatus => vec![None],
        };
        for (step, parcel) in ids::take(tx, Family::Step, parcels.len()).await?.into_iter().zip(parcels) {
            let parcel_id = parcel.map(|p| p.parcel_id.0);
            let wanted = parcel.map(to_json).transpose()?;
            let args = args![step, id, seq, shop, &guard.lane_key, kind, parcel_id, wanted, now.0];
            tx.exec(&ADD_STEP, args).await?;
        }
        let started = match write.kind {
            WriteKind::ShipmentNotice => Some(&NOTICE_STARTED),
            WriteKind::ConfirmOrder => Some(&CONFIRM_STARTED),
            WriteKind::MallStatus | WriteKind::PaymentStatus => None,
        };
        if let Some(started) = started {
            tx.exec(started, args![seq]).await?;
        }
        Ok(Some(id))
    }

    /// Makes room for a change of status: an older one that was not sent yet is taken back. `false`: it may be at the
    /// mall already, or wants the same.
    async fn take_back_older(
        &self,
        tx: &mut Tx,
        write: &NewWrite,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        if !matches!(write.kind, WriteKind::MallStatus | WriteKind::PaymentStatus) {
            return Ok(true);
        }
        let mut older = Vec::new();
        for row in tx.fetch_all(&OPEN, args![write.seq.0, write.kind.as_str()]).await? {
            let same = row.get_opt_str("target")? == write.target;
            if same || row.get_str("state")? != StepState::Ready.as_str() {
                return Ok(false);
            }
            let step = StepId(row.get_i64("id")?);
            older.push(StepUpdate::new(step, StepState::Withdrawn, now).because(reason::write_superseded()));
        }
        fold::update_in(tx, &older, now).await?;
        Ok(true)
    }

    /// Open changes of status of orders: the code that is wanted, and whether it may be at the mall already.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open_targets(
        &self,
        kind: WriteKind,
        seqs: &[OrderSeq],
    ) -> Result<BTreeMap<OrderSeq, (String, bool)>, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let rows = self.db.fetch_all(&OPEN_TARGETS, args![list, kind.as_str()]).await?;
        rows.iter()
            .map(|row| {
                let sent = row.get_str("state")? != StepState::Ready.as_str();
                let target = row.get_opt_str("target")?.unwrap_or_default();
                Ok((OrderSeq(row.get_i64("seq")?), (target, sent)))
            })
            .collect()
    }

    /// Shops of a lane with something due, and of which kind. Kinds of a newer program are left to it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn due_shops(
        &self,
        lane_key: &str,
        now: UtcMillis,
    ) -> Result<Vec<(ShopId, WriteKind)>, StoreError> {
        let rows = self.db.fetch_all(&WHOSE, args![lane_key, now.0]).await?;
        let mut out = Vec::new();
        for row in &rows {
            if let Some(kind) = WriteKind::parse(&row.get_str("kind")?) {
                out.push((ShopId(row.get_i64("shop_id")?), kind));
            }
        }
        Ok(out)
    }

    /// Wishes of a shop and kind with something due, oldest first, with all their steps.
    ///
    /// # Errors
    /// As the database says.
    pub async fn due_writes(
        &self,
        lane_key: &str,
        shop: ShopId,
        kind: WriteKind,
        now: UtcMillis,
        limit: i64,
    ) -> Result<Vec<DueWrite>, StoreError> {
        let args = args![lane_key, kind.as_str(), now.0, limit, shop.0];
        let rows = self.db.fetch_all(&DUE, args).await?;
        let ids = rows.iter().map(|r| r.get_i64("outbox_id")).collect::<Result<Vec<_>, _>>()?;
        self.writes_of(ids, kind).await
    }

    /// Wishes of one kind with all their steps, in the order of their numbers.
    pub(crate) async fn writes_of(
        &self,
        ids: Vec<i64>,
        kind: WriteKind,
    ) -> Result<Vec<DueWrite>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut steps = BTreeMap::<i64, Vec<StepRow>>::new();
        for row in self.db.fetch_all(&STEPS, args![ids.clone()]).await? {
            steps.entry(row.get_i64("outbox_id")?).or_default().push(step(&row)?);
        }
        let orders = self.db.fetch_all(&DUE_ORDERS, args![ids]).await?;
        orders
            .iter()
            .map(|row| {
                let id = row.get_i64("id")?;
                Ok(DueWrite {
                    outbox_id: OutboxId(id),
                    seq: OrderSeq(row.get_i64("seq")?),
                    shop_id: ShopId(row.get_i64("shop_id")?),
                    mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
                    phase: PhaseKey(row.get_str("phase")?),
                    hold: from_json("orders", "hold", id, row.get_json("hold")?)?,
                    ordered_at: UtcMillis(row.get_i64("ordered_at")?),
                    kind,
                    target: row.get_opt_str("target")?,
                    steps: steps.remove(&id).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Next time a step of the lane is due; `None`: nothing is waiting.
    ///
    /// # Errors
    /// As the database says.
    pub async fn next_write_due(&self, lane_key: &str) -> Result<Option<UtcMillis>, StoreError> {
        let row = self.db.fetch_one(&NEXT, args![lane_key]).await?;
        Ok(row.get_opt_i64("due_at")?.map(UtcMillis))
    }

    /// Steps of the lane that are not final.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open_steps(&self, lane_key: &str) -> Result<i64, StoreError> {
        self.db.fetch_one(&OPEN_COUNT, args![lane_key]).await?.get_i64("n")
    }

    /// Changes steps outside of a call (after a look), and folds what follows.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn update_steps(
        &self,
        guard: &LaneGuard,
        updates: &[StepUpdate],
        now: UtcMillis,
    ) -> Result<Vec<Ended>, StoreError> {
        if updates.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let ended = fold::update_in(&mut tx, updates, now).await?;
        fail::fail_point!("writeback.before_look_commit");
        tx.commit().await?;
        fail::fail_point!("writeback.after_look_commit");
        Ok(ended)
    }

    /// The parcel of a step, for callers that only have ids.
    #[must_use]
    pub fn parcel_of(step: &StepRow) -> Option<ParcelId> {
        step.wanted.as_ref().map(|w| w.parcel_id)
    }
}
