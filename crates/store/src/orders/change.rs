//! What staff and rules do to orders: moves, parcels, edits, states by hand, erasure. Each change asks `domain`,
//! names the version it was made from, and tells history.

use super::facts::{OrderForRules, for_change};
use super::page::{paid_on, rewrite_content, text};
use super::sealed::{self, Head};
use crate::counts::Deltas;
use crate::error::StoreError;
use crate::history::Pending;
use crate::ids::{self, Family};
use crate::json::to_json;
use crate::ledger::Ledger;
use crate::links::{self, Shops};
use crate::sql::sql;
use crate::{Tx, args};
use crate::{imports, masters};
use domain::history::{By, Event, HOLD_OVERRIDDEN};
use domain::notice::{self, NoticeState};
use domain::order::{Flag, Grouping, HandlingClass};
use domain::phase::{MoveFacts, MoveSettings, Permit, Phase, may_move};
use domain::reconcile::{self, Edit};
use domain::write::WriteKind;
use domain::{CarrierKey, OrderSeq, ParcelId, PhaseKey, Reason, UtcMillis, reason};
use jiff::civil::Date;

sql! {
    /// Move many orders that stand in one phase.
    MOVE("UPDATE orders SET phase = $2, version = version + 1, updated_at = CASE WHEN $3 THEN $4 ELSE updated_at END WHERE seq" [in_ints "$1"]);
    /// Staff touched an order.
    TOUCH("UPDATE orders SET version = version + 1, updated_at = $2 WHERE seq = $1");
    /// A new parcel.
    ADD_PARCEL("INSERT INTO parcels (id, seq, recipient_key, carrier, tracking_number, shipped_on, version, mall_ref, sent_version, removed) \
                VALUES ($1, $2, $3, $4, $5, $6, 1, NULL, 0, FALSE)");
    /// A corrected parcel.
    SET_PARCEL("UPDATE parcels SET recipient_key = $2, carrier = $3, tracking_number = $4, shipped_on = $5, version = version + 1 \
                WHERE id = $1 RETURNING version");
    /// A parcel taken away.
    DROP_PARCEL("UPDATE parcels SET removed = TRUE, version = version + 1 WHERE id = $1 AND seq = $2 AND removed = FALSE");
    /// 管理区分.
    SET_CLASS("UPDATE orders SET handling_class = $2, version = version + 1, updated_at = $3 WHERE seq = $1");
    /// Bundle or split.
    SET_GROUPING("UPDATE orders SET order_grouping = $2, parent_seq = $3, version = version + 1, updated_at = $4 WHERE seq = $1");
    /// 連携ステータス by hand.
    SET_NOTICE("UPDATE orders SET notice_state = $2, confirming = FALSE, version = version + 1, updated_at = $3 WHERE seq = $1");
    /// State of 注文確認 by hand.
    SET_CONFIRM("UPDATE orders SET confirm_state = $2, version = version + 1, updated_at = $3 WHERE seq = $1");
    /// The parcels count as being at the mall.
    MARK_SENT("UPDATE parcels SET sent_version = version WHERE seq = $1 AND removed = FALSE");
    /// Edits.
    SET_EDITS("UPDATE order_sealed SET edits = $2 WHERE seq = $1");
    /// Columns that follow the content.
    SET_SHOWN("UPDATE orders SET version = version + 1, updated_at = $2, total = $3, deliver_on = $4, flags = $5, \
               payment_method = $6, fulfillment = $7, traits = $8, paid_on = $9, payment_label = $10 WHERE seq = $1");
    /// Erasure: the key, and everything it sealed.
    ERASE_KEY("DELETE FROM order_keys WHERE seq = $1");
    /// Erasure.
    ERASE_SEALED("DELETE FROM order_sealed WHERE seq = $1");
    /// Erasure.
    ERASE_HEAD("DELETE FROM sealed_head WHERE seq = $1");
    /// Erasure.
    ERASED("UPDATE orders SET erased_at = $2, version = version + 1 WHERE seq = $1 AND erased_at IS NULL");
}

/// How a move is to be judged. The shop's own setting of the guard (FRD-2) is read with the order.
#[derive(Debug, Clone, Copy, Default)]
pub struct MoveOptions {
    /// The person holds the right to move held orders all the same, and used it (FRD-4). Counts for people only.
    pub override_fraud_hold: bool,
    /// Only orders that still have this version are moved; checked for single orders edited on a screen.
    pub expected_version: Option<i64>,
}

/// An order something was not done to, and why.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct NotDone {
    /// Row.
    #[serde(skip)]
    pub seq: OrderSeq,
    /// 管理番号.
    pub order_no: domain::OrderNo,
    /// Why.
    pub reason: Reason,
}

impl NotDone {
    fn new(seq: OrderSeq, reason: Reason) -> Self {
        Self { seq, order_no: seq.order_no(), reason }
    }
}

/// What a change of many orders did.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Done {
    /// Orders it was done to.
    pub done: Vec<OrderSeq>,
    /// The others, with reasons.
    pub refused: Vec<NotDone>,
}

/// Alias that reads well at the callers of moves.
pub type Moved = Done;

/// A parcel as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParcelChange {
    /// The parcel to correct; `None` = a new one.
    pub parcel_id: Option<ParcelId>,
    /// Recipient; `None` = the order's only one.
    pub recipient_key: Option<String>,
    /// Carrier of the master list.
    pub carrier: Option<CarrierKey>,
    /// 配送番号; empty = not entered.
    pub tracking_number: String,
    /// 出荷日.
    pub shipped_on: Option<Date>,
}

/// What a move asks of an order.
#[must_use]
pub fn move_facts(order: &OrderForRules) -> MoveFacts<'_> {
    let facts = &order.facts;
    MoveFacts {
        from: &facts.phase,
        hold: &facts.hold,
        in_flight: facts.notice_state == NoticeState::InFlight,
        has_ship_date: !facts.parcels.is_empty() && facts.parcels.iter().all(|p| p.shipped_on.is_some()),
        provisional: facts.provisional,
    }
}

/// Moves orders that were read in this transaction. The one way into another phase, for staff and rules alike.
pub(crate) async fn move_in(
    tx: &mut Tx,
    orders: &[OrderForRules],
    to: &Phase,
    options: MoveOptions,
    by: &By,
    why: &str,
    now: UtcMillis,
) -> Result<Moved, StoreError> {
    let mut moved = Moved::default();
    let mut history = Pending::default();
    let mut deltas = Deltas::default();
    let mut shops = Shops::default();
    let mut arrived = Vec::new();
    let actor = to_json(by)?;
    for order in orders {
        let facts = &order.facts;
        let settings = MoveSettings {
            override_fraud_hold: options.override_fraud_hold && by.is_person(),
            ..shops.get(tx, order.shop_id).await?.moves
        };
        let stale = options.expected_version.is_some_and(|v| v != order.version);
        if stale {
            return Err(StoreError::Conflict { what: format!("order {}", order.seq) });
        }
        match may_move(&move_facts(order), to, settings) {
            Err(reason) => moved.refused.push(NotDone::new(order.seq, reason)),
            Ok(permit) => {
                moved.done.push(order.seq);
                deltas.add(order.shop_id.0, facts.phase.as_str(), -1);
                deltas.add(order.shop_id.0, to.phase.as_str(), 1);
                let event = Event::PhaseMoved {
                    from: facts.phase.0.clone(),
                    to: to.phase.0.clone(),
                    why: match permit {
                        Permit::Plain => why.to_owned(),
                        Permit::HoldOverridden => HOLD_OVERRIDDEN.to_owned(),
                    },
                };
                history.add(order.seq.0, now, &actor, &event, None)?;
                let mut there = order.clone();
                there.facts.phase.clone_from(&to.phase);
                arrived.push(there);
            }
        }
    }
    if !moved.done.is_empty() {
        let list: Vec<i64> = moved.done.iter().map(|s| s.0).collect();
        // 最終更新日 is renewed by people only (NTF-12).
        tx.exec(&MOVE, args![list, to.phase.as_str(), by.is_person(), now.0]).await?;
        deltas.write(tx).await?;
        history.write(tx).await?;
        links::entered(tx, &arrived, &mut shops, by, now).await?;
    }
    Ok(moved)
}

pub(crate) async fn phase_in(tx: &mut Tx, phase: &PhaseKey) -> Result<Phase, StoreError> {
    masters::phase_to(tx, phase).await?.ok_or_else(|| StoreError::other(format!("there is no phase {phase}")))
}

fn set_by_hand(kind: WriteKind, from: NoticeState, to: NoticeState) -> Event {
    let (from, to) = (from.as_str().to_owned(), to.as_str().to_owned());
    match kind {
        WriteKind::ShipmentNotice => Event::NoticeStateChanged { from, to, why: "by_hand".to_owned() },
        WriteKind::ConfirmOrder | WriteKind::MallStatus | WriteKind::PaymentStatus => {
            Event::WriteStateByHand { kind: kind.as_str().to_owned(), from, to }
        }
    }
}

/// Enters or corrects a parcel of an order that was read in this transaction.
pub(crate) async fn parcel_in(
    tx: &mut Tx,
    order: &OrderForRules,
    change: &ParcelChange,
    actor: &serde_json::Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<Result<ParcelId, Reason>, StoreError> {
    if order.facts.notice_state == NoticeState::InFlight {
        return Ok(Err(reason::notice_in_flight()));
    }
    let (seq, keys) = (order.seq, &order.facts.recipient_keys);
    let corrected = order.facts.parcels.iter().find(|p| Some(p.parcel_id) == change.parcel_id);
    // Not named: the one it had, or the only one. Guessing among several would tell the mall a lie.
    let only = keys.first().filter(|_| keys.len() == 1);
    let recipient = change.recipient_key.as_ref().or(corrected.map(|p| &p.recipient_key)).or(only);
    let Some(recipient) = recipient.filter(|r| keys.contains(r)) else {
        let name = change.recipient_key.clone().unwrap_or_else(|| keys.join(", "));
        return Ok(Err(reason::recipient_without_parcel(name)));
    };
    let shipped_on = change.shipped_on.map(|d| d.to_string());
    let number = domain::tracking::normalise(&change.tracking_number);
    let carrier = change.carrier.as_ref().map(|c| c.0.clone());
    let (id, version) = match change.parcel_id {
        Some(id) if corrected.is_some() => {
            let args = args![id.0, recipient, carrier, number, shipped_on];
            (id, tx.fetch_one(&SET_PARCEL, args).await?.get_i64("version")?)
        }
        Some(_) => return Ok(Err(reason::no_parcel())),
        None => {
            let id = ids::take_one(tx, Family::Parcel).await?;
            let args = args![id, seq.0, recipient, carrier, number, shipped_on];
            tx.exec(&ADD_PARCEL, args).await?;
            (ParcelId(id), 1)
        }
    };
    tx.exec(&TOUCH, args![seq.0, now.0]).await?;
    history.add(seq.0, now, actor, &Event::ParcelSet { parcel_id: id.0, version }, None)?;
    Ok(Ok(id))
}

/// Sets the state of a write of an order that was read in this transaction. Whether it may is for the caller to ask.
pub(crate) async fn state_in(
    tx: &mut Tx,
    order: &OrderForRules,
    kind: WriteKind,
    to: NoticeState,
    actor: &serde_json::Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let (from, text) = match kind {
        WriteKind::ConfirmOrder => (order.confirm_state, &SET_CONFIRM),
        _ => (order.facts.notice_state, &SET_NOTICE),
    };
    tx.exec(text, args![order.seq.0, to.as_str(), now.0]).await?;
    if kind == WriteKind::ShipmentNotice && to == NoticeState::Applied {
        tx.exec(&MARK_SENT, args![order.seq.0]).await?;
    }
    history.add(order.seq.0, now, actor, &set_by_hand(kind, from, to), None)
}

/// Makes an order a child, or alone again; `false`: it is not there, or is its own parent.
pub(crate) async fn group_in(
    tx: &mut Tx,
    seq: OrderSeq,
    (grouping, parent): (Grouping, Option<OrderSeq>),
    actor: &serde_json::Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<bool, StoreError> {
    let args = args![seq.0, grouping.as_str(), parent.map(|p| p.0), now.0];
    if parent == Some(seq) || tx.exec(&SET_GROUPING, args).await? != 1 {
        return Ok(false);
    }
    let event = Event::Edited { fields: vec!["grouping".to_owned()] };
    history.add(seq.0, now, actor, &event, None)?;
    Ok(true)
}

/// Sets 管理区分 of an order that was read in this transaction.
pub(crate) async fn class_in(
    tx: &mut Tx,
    order: &OrderForRules,
    class: HandlingClass,
    actor: &serde_json::Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<(), StoreError> {
    tx.exec(&SET_CLASS, args![order.seq.0, class.as_str(), now.0]).await?;
    let event = Event::HandlingClassChanged {
        from: order.facts.handling_class.as_str().to_owned(),
        to: class.as_str().to_owned(),
    };
    history.add(order.seq.0, now, actor, &event, None)
}

pub(super) async fn one(tx: &mut Tx, seq: OrderSeq) -> Result<OrderForRules, StoreError> {
    let found = for_change(tx, &[seq.0]).await?.pop();
    found.ok_or_else(|| StoreError::other(format!("order {} is not there", seq.order_no())))
}

impl Ledger {
    /// Moves orders to a phase, each judged for itself.
    ///
    /// # Errors
    /// `Conflict` when a version was named and is no longer the current one. Else as the database says.
    pub async fn move_orders(
        &self,
        seqs: &[OrderSeq],
        to: &PhaseKey,
        options: MoveOptions,
        by: &By,
        now: UtcMillis,
    ) -> Result<Moved, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let mut tx = self.db.begin().await?;
        let phase = phase_in(&mut tx, to).await?;
        let orders = for_change(&mut tx, &list).await?;
        let moved = move_in(&mut tx, &orders, &phase, options, by, "", now).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Enters or corrects a parcel. While a notice is in flight the parcel it carries may not change.
    ///
    /// # Errors
    /// The inner reason when it is refused. Else as the database says.
    pub async fn set_parcel(
        &self,
        seq: OrderSeq,
        change: &ParcelChange,
        by: &By,
        now: UtcMillis,
    ) -> Result<Result<ParcelId, Reason>, StoreError> {
        let mut tx = self.db.begin().await?;
        let order = one(&mut tx, seq).await?;
        let mut history = Pending::default();
        let set = parcel_in(&mut tx, &order, change, &to_json(by)?, &mut history, now).await?;
        if set.is_ok() {
            history.write(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(set)
    }

    /// Takes a parcel away. `false`: there is no such parcel, or a notice is in flight.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_parcel(
        &self,
        seq: OrderSeq,
        id: ParcelId,
        by: &By,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let order = one(&mut tx, seq).await?;
        if order.facts.notice_state == NoticeState::InFlight
            || tx.exec(&DROP_PARCEL, args![id.0, seq.0]).await? != 1
        {
            return Ok(false);
        }
        tx.exec(&TOUCH, args![seq.0, now.0]).await?;
        let mut history = Pending::default();
        history.add(seq.0, now, &to_json(by)?, &Event::ParcelRemoved { parcel_id: id.0 }, None)?;
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Sets 管理区分.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_handling_class(
        &self,
        seq: OrderSeq,
        class: HandlingClass,
        by: &By,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let order = one(&mut tx, seq).await?;
        if order.facts.handling_class == class {
            return Ok(());
        }
        let mut history = Pending::default();
        class_in(&mut tx, &order, class, &to_json(by)?, &mut history, now).await?;
        history.write(&mut tx).await?;
        tx.commit().await
    }

    /// Makes an order a child of a bundle or split, or alone again.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_grouping(
        &self,
        seq: OrderSeq,
        grouping: Grouping,
        parent: Option<OrderSeq>,
        by: &By,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let mut history = Pending::default();
        if !group_in(&mut tx, seq, (grouping, parent), &to_json(by)?, &mut history, now).await? {
            return Err(StoreError::other(format!("order {} cannot be grouped so", seq.order_no())));
        }
        history.write(&mut tx).await?;
        tx.commit().await
    }

    /// Sets the state of a write by hand (NTF-7), each order judged for itself: 未連携 to have it sent again, 正常 when it
    /// was done at the mall. `mall_has_notice` tells whether a shop's mall takes writes of the kind.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_write_state(
        &self,
        seqs: &[OrderSeq],
        kind: WriteKind,
        to: NoticeState,
        mall_has_notice: &(dyn Fn(domain::ShopId) -> bool + Send + Sync),
        by: &By,
        now: UtcMillis,
    ) -> Result<Done, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let actor = to_json(by)?;
        let mut done = Done::default();
        let mut history = Pending::default();
        let mut tx = self.db.begin().await?;
        for order in for_change(&mut tx, &list).await? {
            let from = match kind {
                WriteKind::ShipmentNotice => order.facts.notice_state,
                WriteKind::ConfirmOrder => order.confirm_state,
                // They have no state on the order that a person could set.
                WriteKind::MallStatus | WriteKind::PaymentStatus => {
                    done.refused.push(NotDone::new(order.seq, domain::reason::no_state_of_its_own()));
                    continue;
                }
            };
            let has_notice = mall_has_notice(order.shop_id);
            match notice::may_set_by_hand(from, to, order.facts.fulfillment, has_notice) {
                Err(reason) => done.refused.push(NotDone::new(order.seq, reason)),
                Ok(()) => {
                    state_in(&mut tx, &order, kind, to, &actor, &mut history, now).await?;
                    done.done.push(order.seq);
                }
            }
        }
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Sets 連携ステータス by hand (NTF-7): [`Ledger::set_write_state`] for shipment notices.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_notice_state(
        &self,
        seqs: &[OrderSeq],
        to: NoticeState,
        mall_has_notice: &(dyn Fn(domain::ShopId) -> bool + Send + Sync),
        by: &By,
        now: UtcMillis,
    ) -> Result<Done, StoreError> {
        self.set_write_state(seqs, WriteKind::ShipmentNotice, to, mall_has_notice, by, now).await
    }

    /// Changes fields of the content. The order's version must be the one that was read (409 otherwise). A path
    /// whose edit was a conflict is settled by editing it again: with ours, or with the mall's value.
    ///
    /// # Errors
    /// `Conflict` when the order changed meanwhile. The inner error names the field that does not fit; nothing is
    /// stored then.
    pub async fn edit_order(
        &self,
        seq: OrderSeq,
        expected_version: i64,
        changes: &[(String, serde_json::Value)],
        by: &By,
        now: UtcMillis,
    ) -> Result<Result<(), reconcile::EditError>, StoreError> {
        let mut tx = self.db.begin().await?;
        let order = one(&mut tx, seq).await?;
        if order.version != expected_version {
            return Err(StoreError::Conflict { what: format!("order {}", seq.order_no()) });
        }
        let Some(opened) = self.open_sealed(&mut tx, &[seq.0]).await?.remove(&seq.0) else {
            return Err(StoreError::other(format!("buyer data of order {} was erased", seq.order_no())));
        };
        let base = &opened.snapshot.content;
        let mut edits = opened.edits;
        for (path, value) in changes {
            edits = match reconcile::add_edit(base, &edits, path, value.clone()) {
                Ok(edits) => edits,
                Err(error) => return Ok(Err(error)),
            };
        }
        let content = match reconcile::lay_over(base, &edits) {
            Ok(content) => content,
            Err(error) => return Ok(Err(error)),
        };
        let conflict = |e: &Edit| e.conflict.is_some();
        let mut flags = order.flags & !Flag::EditConflict.bit();
        if edits.iter().any(conflict) {
            flags |= Flag::EditConflict.bit();
        }
        // Decided field by field until nothing differs any more.
        if opened.theirs.as_ref().is_some_and(|t| reconcile::mall_diff(&content, &t.content).is_empty()) {
            flags &= !Flag::ChangedAtMall.bit();
        }
        let key = &opened.key;
        let sealed =
            (!edits.is_empty()).then(|| sealed::seal_json(key, "edits", seq.0, &edits)).transpose()?;
        tx.exec(&SET_EDITS, args![seq.0, sealed]).await?;
        self.put_head(&mut tx, key, seq.0, Head::of(&content)).await?;
        rewrite_content(&mut tx, seq.0, &content).await?;
        let total = content.amounts.requested.value().and_then(domain::Amount::as_yen);
        let deliver_on = content.delivery.deliver_on.value().map(ToString::to_string);
        let (payment, fulfillment) = (&content.payment.method.code, text(&content.fulfillment)?);
        let (traits, paid) = (domain::traits::bits(&content), paid_on(&content));
        let shown = args![
            seq.0,
            now.0,
            total,
            deliver_on,
            flags,
            payment,
            fulfillment,
            traits,
            paid,
            &content.payment.method.label
        ];
        tx.exec(&SET_SHOWN, shown).await?;
        let fields = changes.iter().map(|(path, _)| path.clone()).collect();
        let mut history = Pending::default();
        history.add(seq.0, now, &to_json(by)?, &Event::Edited { fields }, None)?;
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Erases the person of an order everywhere: key, sealed values, head and search tokens in one transaction.
    /// Amounts, goods and states stay. `false`: it was erased before, or is not there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn erase_order(&self, seq: OrderSeq, by: &By, now: UtcMillis) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if tx.exec(&ERASED, args![seq.0, now.0]).await? != 1 {
            return Ok(false);
        }
        tx.exec(&ERASE_KEY, args![seq.0]).await?;
        tx.exec(&ERASE_SEALED, args![seq.0]).await?;
        tx.exec(&ERASE_HEAD, args![seq.0]).await?;
        imports::forget(&mut tx, seq.0).await?;
        crate::desk::notes::forget(&mut tx, seq.0).await?;
        self.index.erase(&mut tx, seq.0).await?;
        let mut history = Pending::default();
        history.add(seq.0, now, &to_json(by)?, &Event::Erased {}, None)?;
        history.write(&mut tx).await?;
        fail::fail_point!("erasure.before_commit");
        tx.commit().await?;
        fail::fail_point!("erasure.after_commit");
        // The words leave the files with the index's own merging; a few steps now, the rest by the daily job.
        // The order is erased either way.
        if let Err(error) = self.index.scrub(&self.db, 4).await {
            tracing::warn!(%error, "scrubbing the search index waits for the daily job");
        }
        Ok(true)
    }
}
