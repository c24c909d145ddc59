//! What the rules of `domain` need to know of orders, read in a few statements for many orders at once.

use super::page::word;
use crate::error::StoreError;
use crate::json::from_json;
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Reads, Row, args};
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass, OrderFacts, Parcel};
use domain::snapshot::MallStage;
use domain::{CarrierKey, MallOrderId, OrderSeq, ParcelId, PhaseKey, ShopId};
use std::collections::BTreeMap;

sql! {
    /// Heads of orders for rules.
    ORDERS("SELECT seq, shop_id, mall_order_id, version, phase, handling_class, fulfillment, order_grouping, parent_seq, provisional, \
            mall_status, mall_status_label, mall_stage, hold, notice_state, confirm_state, flags FROM orders WHERE seq" [in_ints "$1"] " ORDER BY seq"
            [postgres " FOR UPDATE"]);
    /// The same without a lock.
    ORDERS_READ("SELECT seq, shop_id, mall_order_id, version, phase, handling_class, fulfillment, order_grouping, parent_seq, provisional, \
            mall_status, mall_status_label, mall_stage, hold, notice_state, confirm_state, flags FROM orders WHERE seq" [in_ints "$1"] " ORDER BY seq");
    /// Their recipients.
    RECIPIENTS("SELECT seq, recipient_key FROM recipients WHERE seq" [in_ints "$1"] " ORDER BY seq, position");
    /// Their live parcels.
    PARCELS("SELECT id, seq, recipient_key, carrier, tracking_number, shipped_on, version, mall_ref, sent_version, contents FROM parcels \
             WHERE removed = FALSE AND seq" [in_ints "$1"] " ORDER BY seq, id");
    /// Orders an automation may take, oldest first.
    CANDIDATES("SELECT seq FROM orders WHERE shop_id = $1 AND phase" [in_texts "$2"] " AND notice_state = 'not_sent' \
                AND seq > $3 ORDER BY seq LIMIT $4");
    /// Orders the mall has not done with, longest unseen first.
    OPEN_AT_MALL("SELECT mall_order_id FROM orders WHERE shop_id = $1 AND mall_stage IN ('awaiting_confirmation', 'mall_processing', 'shippable', \
                  'change_pending', 'cancel_requested') AND ordered_at < $2 AND erased_at IS NULL ORDER BY seen_at LIMIT $3");
    /// Orders the mall holds for fraud review, longest unseen first (512 is the bit of the flag).
    HELD("SELECT mall_order_id FROM orders WHERE shop_id = $1 AND flags <> 0 AND (flags & 512) <> 0 AND erased_at IS NULL \
          ORDER BY seen_at LIMIT $2");
    /// Orders whose 注文確認 an automation may send.
    CONFIRMABLE("SELECT seq FROM orders WHERE shop_id = $1 AND phase" [in_texts "$2"] " AND confirm_state = 'not_sent' \
                 AND mall_stage = 'awaiting_confirmation' AND seq > $3 ORDER BY seq LIMIT $4");
}

/// One order as rules see it, with what a change must name.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderForRules {
    /// Row.
    pub seq: OrderSeq,
    /// Shop.
    pub shop_id: ShopId,
    /// The mall's number.
    pub mall_order_id: MallOrderId,
    /// Version a change must name.
    pub version: i64,
    /// Parent of a bundle or split.
    pub parent: Option<OrderSeq>,
    /// State of 注文確認.
    pub confirm_state: NoticeState,
    /// モールステータス, the mall's code.
    pub mall_status: String,
    /// Flag bits.
    pub flags: i64,
    /// For the rules.
    pub facts: OrderFacts,
}

pub(crate) fn notice_state(column: &'static str, row: &Row) -> Result<NoticeState, StoreError> {
    let text = row.get_str(column)?;
    NoticeState::parse(&text).ok_or_else(|| StoreError::Corrupt {
        table: "orders".into(),
        column: column.into(),
        row: text,
    })
}

fn order(row: &Row) -> Result<OrderForRules, StoreError> {
    let seq = row.get_i64("seq")?;
    let stage: MallStage = word("mall_stage", seq, row.get_str("mall_stage")?)?;
    let handling: HandlingClass = word("handling_class", seq, row.get_str("handling_class")?)?;
    let grouping: Grouping = word("order_grouping", seq, row.get_str("order_grouping")?)?;
    let hold = from_json("orders", "hold", seq, row.get_json("hold")?)?;
    let flags = row.get_i64("flags")?;
    Ok(OrderForRules {
        seq: OrderSeq(seq),
        shop_id: ShopId(row.get_i64("shop_id")?),
        mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
        version: row.get_i64("version")?,
        parent: row.get_opt_i64("parent_seq")?.map(OrderSeq),
        confirm_state: notice_state("confirm_state", row)?,
        mall_status: row.get_str("mall_status")?,
        flags,
        facts: OrderFacts {
            phase: PhaseKey(row.get_str("phase")?),
            handling_class: handling,
            fulfillment: word("fulfillment", seq, row.get_str("fulfillment")?)?,
            notice_state: notice_state("notice_state", row)?,
            grouping,
            provisional: row.get_bool("provisional")?,
            hold,
            mall_stage: stage,
            mall_status: row.get_str("mall_status_label")?,
            mall_cancel: flags & domain::order::Flag::CancelledAtMall.bit() != 0,
            recipient_keys: Vec::new(),
            parcels: Vec::new(),
        },
    })
}

fn parcel(row: &Row) -> Result<(i64, Parcel), StoreError> {
    let id = row.get_i64("id")?;
    let shipped_on = row.get_opt_str("shipped_on")?.map(|t| t.parse()).transpose().map_err(|_| {
        StoreError::Corrupt { table: "parcels".into(), column: "shipped_on".into(), row: id.to_string() }
    })?;
    let parcel = Parcel {
        parcel_id: ParcelId(id),
        recipient_key: row.get_str("recipient_key")?,
        carrier: row.get_opt_str("carrier")?.map(CarrierKey),
        tracking_number: row.get_str("tracking_number")?,
        shipped_on,
        version: row.get_i64("version")?,
        mall_ref: row.get_opt_str("mall_ref")?,
        sent_version: row.get_i64("sent_version")?,
        contents: match row.get_opt_json("contents")? {
            Some(contents) => from_json("parcels", "contents", id, contents)?,
            None => Vec::new(),
        },
    };
    Ok((row.get_i64("seq")?, parcel))
}

/// Live parcels of orders.
pub(crate) async fn parcels_in(
    from: impl Into<Reads<'_>>,
    seqs: &[i64],
) -> Result<BTreeMap<i64, Vec<Parcel>>, StoreError> {
    let mut out = BTreeMap::<i64, Vec<Parcel>>::new();
    for row in from.into().fetch_all(&PARCELS, args![seqs.to_vec()]).await? {
        let (seq, parcel) = parcel(&row)?;
        out.entry(seq).or_default().push(parcel);
    }
    Ok(out)
}

/// Orders for rules, inside a transaction that will change them (they stay locked until it ends).
pub(crate) async fn for_change(tx: &mut crate::Tx, seqs: &[i64]) -> Result<Vec<OrderForRules>, StoreError> {
    let rows = tx.fetch_all(&ORDERS, args![seqs.to_vec()]).await?;
    let recipients = tx.fetch_all(&RECIPIENTS, args![seqs.to_vec()]).await?;
    let parcels = parcels_in(&mut *tx, seqs).await?;
    assemble(&rows, &recipients, parcels)
}

fn assemble(
    rows: &[Row],
    recipients: &[Row],
    mut parcels: BTreeMap<i64, Vec<Parcel>>,
) -> Result<Vec<OrderForRules>, StoreError> {
    let mut keys = BTreeMap::<i64, Vec<String>>::new();
    for row in recipients {
        keys.entry(row.get_i64("seq")?).or_default().push(row.get_str("recipient_key")?);
    }
    rows.iter()
        .map(|row| {
            let mut order = order(row)?;
            order.facts.recipient_keys = keys.remove(&order.seq.0).unwrap_or_default();
            order.facts.parcels = parcels.remove(&order.seq.0).unwrap_or_default();
            Ok(order)
        })
        .collect()
}

impl Ledger {
    /// Orders as rules see them.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_for_rules(&self, seqs: &[OrderSeq]) -> Result<Vec<OrderForRules>, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let rows = self.db.fetch_all(&ORDERS_READ, args![list.clone()]).await?;
        let recipients = self.db.fetch_all(&RECIPIENTS, args![list.clone()]).await?;
        let parcels = parcels_in(&self.db, &list).await?;
        assemble(&rows, &recipients, parcels)
    }

    /// Orders of a shop that the mall has not done with and that were placed before `before`, longest unseen first:
    /// their status must be followed although no list shows them any more.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_open_at_mall(
        &self,
        shop: ShopId,
        before: domain::UtcMillis,
        limit: i64,
    ) -> Result<Vec<MallOrderId>, StoreError> {
        let rows = self.db.fetch_all(&OPEN_AT_MALL, args![shop.0, before.0, limit]).await?;
        rows.iter().map(|row| Ok(MallOrderId(row.get_str("mall_order_id")?))).collect()
    }

    /// Orders of a shop that the mall holds for fraud review (FRD-5): they are asked for again until it releases them,
    /// however old they are and whether its lists show them or not.
    ///
    /// # Errors
    /// As the database says.
    pub async fn held_orders(&self, shop: ShopId, limit: i64) -> Result<Vec<MallOrderId>, StoreError> {
        let rows = self.db.fetch_all(&HELD, args![shop.0, limit]).await?;
        rows.iter().map(|row| Ok(MallOrderId(row.get_str("mall_order_id")?))).collect()
    }

    /// Orders of a shop in some phases whose notice (or 注文確認) is 未連携, after `after`, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn write_candidates(
        &self,
        shop: ShopId,
        kind: domain::write::WriteKind,
        phases: &[PhaseKey],
        after: OrderSeq,
        limit: i64,
    ) -> Result<Vec<OrderSeq>, StoreError> {
        let text = match kind {
            domain::write::WriteKind::ShipmentNotice => &CANDIDATES,
            domain::write::WriteKind::ConfirmOrder => &CONFIRMABLE,
            // Asked for order by order; no rule of phases takes them.
            domain::write::WriteKind::MallStatus | domain::write::WriteKind::PaymentStatus => {
                return Ok(Vec::new());
            }
        };
        let phases: Vec<String> = phases.iter().map(|p| p.0.clone()).collect();
        let rows = self.db.fetch_all(text, args![shop.0, phases, after.0, limit]).await?;
        rows.iter().map(|row| Ok(OrderSeq(row.get_i64("seq")?))).collect()
    }
}
