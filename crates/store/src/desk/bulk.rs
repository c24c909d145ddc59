//! Bulk work in chunks: the next items of a job are read, changed and settled in one transaction that holds the job, so
//! that a killed process leaves nothing half done and two processes do nothing twice. What is to be done with each order
//! is the caller's to say.

use super::jobs::{JobItem, Settled, hold_in, settle_in};
use super::listing::{SET_PLAN, SET_PRINTED};
use super::notes::{ADD_TAG, DROP_TAG, TAGS};
use crate::access::Access;
use crate::error::StoreError;
use crate::history::Pending;
use crate::json::to_json;
use crate::ledger::Ledger;
use crate::orders::{
    MoveOptions, OrderForRules, ParcelChange, class_in, for_change, group_in, move_in, parcel_in, phase_in,
    state_in,
};
use crate::requests;
use crate::shops::Shop;
use crate::sql::sql;
use crate::{Reads, Tx, args};
use domain::history::{By, Event};
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass};
use domain::write::WriteKind;
use domain::{OrderSeq, PhaseKey, Reason, RequestId, UtcMillis};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

sql! {
    /// What bulk work asks beyond the rules.
    MORE("SELECT o.seq AS seq, o.ship_on AS ship_on, o.shipping_method AS shipping_method, o.printed_at AS printed_at, o.paid_on AS paid_on, \
          o.erased_at AS erased_at, EXISTS (SELECT 1 FROM orders c WHERE c.parent_seq = o.seq) AS has_children \
          FROM orders o WHERE o.seq" [in_ints "$1"]);
    /// Where numbers stand already.
    NUMBERED("SELECT DISTINCT tracking_number, seq FROM parcels WHERE removed = FALSE AND tracking_number <> '' AND tracking_number" [in_texts "$1"]);
}

/// An order as bulk work looks at it. No buyer data.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderAtWork {
    /// For the rules.
    pub order: OrderForRules,
    /// 出荷予定日.
    pub ship_on: Option<String>,
    /// 配送便.
    pub shipping_method: Option<String>,
    /// 印刷済み.
    pub printed_at: Option<UtcMillis>,
    /// 入金日.
    pub paid_on: Option<String>,
    /// Others are bundled into it, or were split from it.
    pub has_children: bool,
    /// Buyer data was erased.
    pub erased: bool,
    /// タグ.
    pub tags: Vec<String>,
}

/// What is to be done with one order.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing: it counts as done.
    Nothing,
    /// To a phase. The rules are asked once more.
    Move {
        /// Where to.
        to: PhaseKey,
        /// A person overrides a hold (FRD-4).
        override_fraud_hold: bool,
    },
    /// 出荷予定日 and 配送便; `None` leaves as it is, `Some(None)` clears.
    Plan {
        /// 出荷予定日.
        ship_on: Option<Option<Date>>,
        /// 配送便.
        shipping_method: Option<Option<String>>,
    },
    /// Parcels.
    Parcels(Vec<ParcelChange>),
    /// 管理区分.
    Class(HandlingClass),
    /// タグ.
    Tag {
        /// Which.
        tag: String,
        /// On or off.
        on: bool,
    },
    /// 印刷済み at a time, or not.
    Printed(Option<UtcMillis>),
    /// 連携ステータス by hand.
    Notice(NoticeState),
    /// 同梱.
    Group {
        /// As.
        grouping: Grouping,
        /// Into.
        parent: Option<OrderSeq>,
    },
}

/// What is done with an item, with what undo goes back to.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The change.
    pub step: Step,
    /// What undo goes back to.
    pub before: Option<Value>,
}

/// Says what is done with an item. The order is `None` when it is not there.
pub type Decide<'a> = &'a (dyn Fn(&JobItem, Option<&OrderAtWork>) -> Result<Work, Reason> + Send + Sync);

/// What a shop's lane is asked for by a job.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Shop.
    pub shop: Shop,
    /// Kind of the request.
    pub kind: String,
    /// Its details.
    pub body: Value,
    /// The items it stands for.
    pub positions: Vec<i64>,
}

async fn more(
    from: impl Into<Reads<'_>>,
    orders: Vec<OrderForRules>,
) -> Result<Vec<OrderAtWork>, StoreError> {
    let mut from = from.into();
    let list: Vec<i64> = orders.iter().map(|o| o.seq.0).collect();
    let mut tags = BTreeMap::<i64, Vec<String>>::new();
    for row in from.fetch_all(&TAGS, args![list.clone()]).await? {
        tags.entry(row.get_i64("seq")?).or_default().push(row.get_str("tag")?);
    }
    let mut by_seq: BTreeMap<i64, OrderForRules> = orders.into_iter().map(|o| (o.seq.0, o)).collect();
    let mut out = Vec::with_capacity(by_seq.len());
    for row in from.fetch_all(&MORE, args![list]).await? {
        let seq = row.get_i64("seq")?;
        let Some(order) = by_seq.remove(&seq) else { continue };
        out.push(OrderAtWork {
            order,
            ship_on: row.get_opt_str("ship_on")?,
            shipping_method: row.get_opt_str("shipping_method")?,
            printed_at: row.get_opt_i64("printed_at")?.map(UtcMillis),
            paid_on: row.get_opt_str("paid_on")?,
            has_children: row.get_bool("has_children")?,
            erased: row.get_opt_i64("erased_at")?.is_some(),
            tags: tags.remove(&seq).unwrap_or_default(),
        });
    }
    Ok(out)
}

/// What a chunk did so far.
struct Chunk {
    settled: Vec<Settled>,
    history: Pending,
    actor: Value,
    now: UtcMillis,
}

impl Chunk {
    fn end(&mut self, position: i64, reason: Option<Reason>, before: Option<Value>) {
        let before = before.filter(|_| reason.is_none());
        self.settled.push(Settled { position, reason, before });
    }

    async fn each(
        &mut self,
        tx: &mut Tx,
        order: &OrderForRules,
        step: &Step,
    ) -> Result<Option<Reason>, StoreError> {
        let (seq, now) = (order.seq, self.now);
        match step {
            Step::Parcels(changes) => {
                for change in changes {
                    let set = parcel_in(tx, order, change, &self.actor, &mut self.history, now).await?;
                    if let Err(reason) = set {
                        return Ok(Some(reason));
                    }
                }
            }
            Step::Plan { ship_on, shipping_method } => {
                let fields = [(ship_on.is_some(), "ship_on"), (shipping_method.is_some(), "shipping_method")];
                let fields =
                    fields.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()).collect();
                let day = ship_on.flatten().map(|d| d.to_string());
                let method = shipping_method.clone().flatten();
                let args = args![seq.0, day, ship_on.is_some(), method, shipping_method.is_some(), now.0];
                tx.exec(&SET_PLAN, args).await?;
                self.history.add(seq.0, now, &self.actor, &Event::Edited { fields }, None)?;
            }
            Step::Class(class) => {
                class_in(tx, order, *class, &self.actor, &mut self.history, now).await?;
            }
            Step::Tag { tag, on } => {
                tx.exec(if *on { &ADD_TAG } else { &DROP_TAG }, args![seq.0, tag]).await?;
            }
            Step::Notice(to) => {
                let kind = WriteKind::ShipmentNotice;
                state_in(tx, order, kind, *to, &self.actor, &mut self.history, now).await?;
            }
            Step::Group { grouping, parent } => {
                let to = (*grouping, *parent);
                if !group_in(tx, seq, to, &self.actor, &mut self.history, now).await? {
                    return Ok(Some(domain::reason::bundle_of_itself()));
                }
            }
            // Done for many at once, or nothing to do.
            Step::Nothing | Step::Move { .. } | Step::Printed(_) => {}
        }
        Ok(None)
    }
}

/// Orders with the same work: position in the job, the order, what undo goes back to.
type Alike = Vec<(i64, OrderForRules, Option<Value>)>;

/// Orders with the same work, in the order they came.
fn grouped(work: Vec<(i64, OrderForRules, Work)>) -> Vec<(Step, Alike)> {
    let mut groups: Vec<(Step, Alike)> = Vec::new();
    for (position, order, Work { step, before }) in work {
        match groups.iter_mut().find(|(s, _)| *s == step) {
            Some((_, group)) => group.push((position, order, before)),
            None => groups.push((step, vec![(position, order, before)])),
        }
    }
    groups
}

impl Ledger {
    /// Orders as bulk work looks at them, of the shops that may be seen; others are not there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_at_work(
        &self,
        access: &Access,
        seqs: &[OrderSeq],
    ) -> Result<Vec<OrderAtWork>, StoreError> {
        let mut orders = self.orders_for_rules(seqs).await?;
        orders.retain(|o| access.sees(o.shop_id));
        more(&self.db, orders).await
    }

    /// Orders that have one of these numbers on a parcel.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_with_numbers(
        &self,
        numbers: Vec<String>,
    ) -> Result<BTreeMap<String, BTreeSet<OrderSeq>>, StoreError> {
        let mut found = BTreeMap::<String, BTreeSet<OrderSeq>>::new();
        for row in self.db.fetch_all(&NUMBERED, args![numbers]).await? {
            found.entry(row.get_str("tracking_number")?).or_default().insert(OrderSeq(row.get_i64("seq")?));
        }
        Ok(found)
    }

    /// Works the next items of a job, changes and endings in one transaction. Says how many had their ending; 0 =
    /// nothing is left.
    ///
    /// # Errors
    /// As the database says.
    pub async fn work_items(
        &self,
        job: i64,
        limit: i64,
        decide: Decide<'_>,
        by: &By,
        now: UtcMillis,
    ) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(items) = hold_in(&mut tx, job, limit).await? else { return Ok(0) };
        let seqs: Vec<i64> = items.iter().map(|i| i.seq.0).collect();
        let orders = for_change(&mut tx, &seqs).await?;
        let orders = more(&mut tx, orders).await?;
        let orders: BTreeMap<OrderSeq, OrderAtWork> = orders.into_iter().map(|o| (o.order.seq, o)).collect();
        let mut chunk = Chunk { settled: Vec::new(), history: Pending::default(), actor: to_json(by)?, now };
        let mut work = Vec::new();
        for item in &items {
            let order = orders.get(&item.seq);
            match (decide(item, order), order) {
                (Err(reason), _) => chunk.end(item.position, Some(reason), None),
                (Ok(done), Some(order)) => work.push((item.position, order.order.clone(), done)),
                (Ok(_), None) => chunk.end(item.position, Some(domain::reason::order_not_found()), None),
            }
        }
        for (step, group) in grouped(work) {
            match &step {
                Step::Move { to, override_fraud_hold } => {
                    let phase = phase_in(&mut tx, to).await?;
                    let options =
                        MoveOptions { override_fraud_hold: *override_fraud_hold, ..MoveOptions::default() };
                    let there: Vec<OrderForRules> = group.iter().map(|(_, o, _)| o.clone()).collect();
                    let moved = move_in(&mut tx, &there, &phase, options, by, "", now).await?;
                    let refused: BTreeMap<OrderSeq, Reason> =
                        moved.refused.into_iter().map(|r| (r.seq, r.reason)).collect();
                    for (position, order, before) in group {
                        chunk.end(position, refused.get(&order.seq).cloned(), before);
                    }
                }
                Step::Printed(at) => {
                    let list: Vec<i64> = group.iter().map(|(_, o, _)| o.seq.0).collect();
                    tx.exec(&SET_PRINTED, args![list, at.map(|t| t.0)]).await?;
                    for (position, _, before) in group {
                        chunk.end(position, None, before);
                    }
                }
                step => {
                    for (position, order, before) in group {
                        let refused = chunk.each(&mut tx, &order, step).await?;
                        chunk.end(position, refused, before);
                    }
                }
            }
        }
        chunk.history.write(&mut tx).await?;
        settle_in(&mut tx, job, &chunk.settled).await?;
        tx.commit().await?;
        Ok(items.len())
    }

    /// Puts what a job asks of malls into the lanes, one request a shop, and settles its items: those asked for are done
    /// (their `before` names the request), the others are refused. Items that had their ending are left out, so that a
    /// job asks once however often it is run.
    ///
    /// # Errors
    /// As the database says.
    pub async fn ask_for_job(
        &self,
        job: i64,
        asked: &[Asked],
        refused: Vec<Settled>,
        by: &By,
        now: UtcMillis,
    ) -> Result<Vec<RequestId>, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(items) = hold_in(&mut tx, job, i64::MAX).await? else { return Ok(Vec::new()) };
        let queued: BTreeSet<i64> = items.iter().map(|i| i.position).collect();
        let mut settled = refused;
        let mut requests = Vec::new();
        for ask in asked {
            // Settled together with their request: all of them are queued, or none.
            if ask.positions.is_empty() || !ask.positions.iter().all(|p| queued.contains(p)) {
                continue;
            }
            let id = requests::add_in(&mut tx, &ask.shop, &ask.kind, ask.body.clone(), by, now).await?;
            let before = Some(json!({ "request": id.0 }));
            let done = |p: &i64| Settled { position: *p, reason: None, before: before.clone() };
            settled.extend(ask.positions.iter().map(done));
            requests.push(id);
        }
        settle_in(&mut tx, job, &settled).await?;
        tx.commit().await?;
        Ok(requests)
    }
}
