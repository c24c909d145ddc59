//! 受注一覧: what clerks filter by, page by page, and how much there is of it. Structural filters only; names are
//! searched elsewhere.

use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::orders::{ListFilter, ListRow, list_row};
use crate::sql::{Arg, sql};
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::order::HandlingClass;
use domain::{OrderSeq, ShopId, UtcMillis};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The conditions, `$1`–`$25`. A NULL does not restrict.
macro_rules! conditions {
    () => {
        " AND (CAST($4 AS BIGINT) IS NULL OR o.shop_id = $4) \
          AND (CAST($5 AS TEXT) IS NULL OR o.notice_state = $5) \
          AND (CAST($6 AS TEXT) IS NULL OR o.handling_class = $6) \
          AND (CAST($7 AS TEXT) IS NULL OR o.payment_method = $7) \
          AND (CAST($8 AS TEXT) IS NULL OR o.ship_on >= $8) AND (CAST($9 AS TEXT) IS NULL OR o.ship_on <= $9) \
          AND (CAST($10 AS TEXT) IS NULL OR o.deliver_on >= $10) AND (CAST($11 AS TEXT) IS NULL OR o.deliver_on <= $11) \
          AND (CAST($12 AS BOOLEAN) IS NULL OR (o.printed_at IS NOT NULL) = $12) \
          AND (CAST($13 AS BOOLEAN) IS NULL OR (o.paid_on IS NOT NULL) = $13) \
          AND (o.traits & $14) = $14 AND (o.traits & $15) = 0 AND (CAST($16 AS BIGINT) = 0 OR (o.flags & $16) <> 0) \
          AND (CAST($17 AS BOOLEAN) IS NULL OR EXISTS (SELECT 1 FROM parcels p WHERE p.seq = o.seq AND p.removed = FALSE AND p.tracking_number <> '') = $17) \
          AND (CAST($18 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM parcels p WHERE p.seq = o.seq AND p.removed = FALSE AND p.carrier = $18)) \
          AND (CAST($19 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM order_lines l WHERE l.seq = o.seq AND l.sku = $19)) \
          AND (CAST($20 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM order_tags t WHERE t.seq = o.seq AND t.tag = $20)) \
          AND (CAST($21 AS BIGINT) IS NULL OR o.ordered_at >= $21) AND (CAST($22 AS BIGINT) IS NULL OR o.ordered_at < $22) \
          AND (NOT $23 OR o.confirming) AND (CAST($24 AS TEXT) IS NULL OR CASE WHEN o.confirm_state IN ('rejected', 'send_failed', 'result_unknown') THEN 'failed' ELSE o.confirm_state END = $24) \
          AND (NOT $25 OR o.phase NOT IN ('shipped', 'completed', 'cancelled'))"
    };
}

sql! {
    /// Newest of a phase.
    IN_PHASE("SELECT o.* FROM orders o WHERE o.phase = $3 AND ($1 OR o.shop_id" [in_ints "$2"] ")" [text conditions]
             " AND (o.ordered_at, o.seq) < ($26, $27) ORDER BY o.ordered_at DESC, o.seq DESC LIMIT $28");
    /// Newest of all phases.
    ALL_PHASES("SELECT o.* FROM orders o WHERE ($1 OR o.shop_id" [in_ints "$2"] ") AND CAST($3 AS TEXT) IS NULL" [text conditions]
               " AND (o.ordered_at, o.seq) < ($26, $27) ORDER BY o.ordered_at DESC, o.seq DESC LIMIT $28");
    /// How many of a phase, and their sum, as far as it is worth counting.
    SUM_IN_PHASE("SELECT COUNT(*) AS n, CAST(COALESCE(SUM(total), 0) AS BIGINT) AS total FROM (SELECT o.total AS total FROM orders o \
                  WHERE o.phase = $3 AND ($1 OR o.shop_id" [in_ints "$2"] ")" [text conditions] " LIMIT $26) AS counted");
    /// How many of all phases.
    SUM_ALL("SELECT COUNT(*) AS n, CAST(COALESCE(SUM(total), 0) AS BIGINT) AS total FROM (SELECT o.total AS total FROM orders o \
             WHERE ($1 OR o.shop_id" [in_ints "$2"] ") AND CAST($3 AS TEXT) IS NULL" [text conditions] " LIMIT $26) AS counted");
    /// How many of a phase when nothing else is asked for: answered by the index alone.
    SUM_PLAIN("SELECT COUNT(*) AS n, CAST(COALESCE(SUM(total), 0) AS BIGINT) AS total FROM (SELECT o.total AS total FROM orders o \
               WHERE o.phase = $3 AND ($1 OR o.shop_id" [in_ints "$2"] ") AND (CAST($4 AS BIGINT) IS NULL OR o.shop_id = $4) LIMIT $5) AS counted");
    /// Numbers of a phase's orders, for bulk work on all of a list.
    SEQS_IN_PHASE("SELECT o.seq AS seq FROM orders o WHERE o.phase = $3 AND ($1 OR o.shop_id" [in_ints "$2"] ")" [text conditions]
                  " ORDER BY o.ordered_at DESC, o.seq DESC LIMIT $26");
    /// Numbers of all phases.
    SEQS_ALL("SELECT o.seq AS seq FROM orders o WHERE ($1 OR o.shop_id" [in_ints "$2"] ") AND CAST($3 AS TEXT) IS NULL" [text conditions]
             " ORDER BY o.ordered_at DESC, o.seq DESC LIMIT $26");
    /// What a list shows beside an order's own row: first line, units, parcel.
    LINES("SELECT seq, title, quantity, cancelled_quantity FROM order_lines WHERE seq" [in_ints "$1"] " ORDER BY seq, position");
    /// Parcels of rows.
    PARCELS("SELECT seq, carrier, tracking_number, shipped_on FROM parcels WHERE removed = FALSE AND seq" [in_ints "$1"] " ORDER BY seq, id");
    /// Payment methods in use, for a choice.
    PAYMENTS("SELECT payment_method AS code, MAX(payment_label) AS label, COUNT(*) AS n FROM \
              (SELECT payment_method, payment_label FROM orders ORDER BY ordered_at DESC LIMIT 5000) AS newest \
              GROUP BY payment_method ORDER BY n DESC LIMIT 30");
    /// 出荷予定日 and 配送便.
    SET_PLAN("UPDATE orders SET ship_on = CASE WHEN $3 THEN $2 ELSE ship_on END, shipping_method = CASE WHEN $5 THEN $4 ELSE shipping_method END, \
              version = version + 1, updated_at = $6 WHERE seq = $1");
    /// 印刷済み, or not after all.
    SET_PRINTED("UPDATE orders SET printed_at = $2 WHERE seq" [in_ints "$1"] "");
    /// States and flags counted apart from phases, by shop. A flag's name is its bits.
    STATES("SELECT shop_id, 'confirming' AS name, COUNT(*) AS n FROM orders WHERE notice_state NOT IN ('not_sent', 'applied') AND confirming GROUP BY shop_id \
            UNION ALL SELECT shop_id, notice_state, COUNT(*) FROM orders WHERE notice_state NOT IN ('not_sent', 'applied') GROUP BY shop_id, notice_state \
            UNION ALL SELECT shop_id, 'site_changing', COUNT(*) FROM orders WHERE confirm_state NOT IN ('not_sent', 'applied') AND confirm_state = 'in_flight' GROUP BY shop_id \
            UNION ALL SELECT shop_id, 'site_failed', COUNT(*) FROM orders WHERE confirm_state NOT IN ('not_sent', 'applied') AND confirm_state <> 'in_flight' GROUP BY shop_id \
            UNION ALL SELECT shop_id, 'quarantined', COUNT(*) FROM quarantine WHERE state = 'open' GROUP BY shop_id \
            UNION ALL SELECT shop_id, CAST(flags AS TEXT), COUNT(*) FROM orders WHERE flags <> 0 GROUP BY shop_id, flags");
}

/// What a list is restricted to, beyond phase, shop and notice state. Empty fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions {
    /// 管理区分.
    pub handling_class: Option<HandlingClass>,
    /// 支払方法, the mall's code.
    pub payment_method: Option<String>,
    /// 出荷予定日 from, to (inclusive).
    pub ship_on: (Option<Date>, Option<Date>),
    /// お届け希望日 from, to (inclusive).
    pub deliver_on: (Option<Date>, Option<Date>),
    /// 印刷 済/未.
    pub printed: Option<bool>,
    /// 入金 済/未.
    pub paid: Option<bool>,
    /// All of these traits (bits).
    pub traits: i64,
    /// None of these traits (bits).
    pub without_traits: i64,
    /// Any of these flags (bits); 0 does not restrict.
    pub flags: i64,
    /// 配送番号 有/無.
    pub numbered: Option<bool>,
    /// 配送業者.
    pub carrier: Option<String>,
    /// SKU.
    pub sku: Option<String>,
    /// タグ.
    pub tag: Option<String>,
    /// 受注日時 from, to (exclusive).
    pub ordered: (Option<UtcMillis>, Option<UtcMillis>),
    /// 結果確認中 only.
    pub confirming: bool,
    /// Only this state of the status change at the mall (IMP-8).
    pub site: Option<SiteChange>,
    /// Not shipped and not cancelled.
    pub unshipped: bool,
}

/// How the status change at the mall stands (IMP-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteChange {
    /// サイト変更中.
    UnderWay,
    /// It did not end well.
    Failed,
}

impl SiteChange {
    fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "in_flight",
            Self::Failed => "failed",
        }
    }
}

/// What a list shows of the goods and the parcel of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Beside {
    /// First line.
    pub title: String,
    /// Lines.
    pub lines: i64,
    /// Units that are not cancelled.
    pub units: i64,
    /// Carrier of the first parcel.
    pub carrier: Option<String>,
    /// Number of the first parcel.
    pub tracking_number: String,
    /// Ship date of the first parcel.
    pub shipped_on: Option<String>,
    /// Parcels.
    pub parcels: i64,
}

/// How much a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Extent {
    /// Orders.
    pub orders: i64,
    /// Their sum in yen (undecided ones and other currencies count nothing).
    pub total: i64,
    /// There are more: counting ended here.
    pub more: bool,
}

/// Counting a filtered list ends here.
const COUNTED: i64 = 10_000;

fn base(access: &Access, filter: &ListFilter, c: &Conditions) -> Vec<Arg> {
    let [all, shops] = access.args();
    let day = |d: Option<Date>| d.map(|d| d.to_string());
    let mut list = vec![all, shops];
    list.extend(args![
        filter.phase.as_ref().map(|p| p.0.clone()),
        filter.shop.map(|s| s.0),
        filter.notice.map(|n: NoticeState| n.as_str().to_owned()),
        c.handling_class.map(|h| h.as_str().to_owned()),
        c.payment_method.clone(),
        day(c.ship_on.0),
        day(c.ship_on.1),
        day(c.deliver_on.0),
        day(c.deliver_on.1),
        c.printed,
        c.paid,
        c.traits,
        c.without_traits,
        c.flags,
        c.numbered,
        c.carrier.clone(),
        c.sku.clone(),
        c.tag.clone(),
        c.ordered.0.map(|t| t.0),
        c.ordered.1.map(|t| t.0),
        c.confirming,
        c.site.map(SiteChange::as_str),
        c.unshipped,
    ]);
    list
}

impl Ledger {
    /// One page of a filtered list, newest order first; goes on after `filter.after`.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn list_filtered(
        &self,
        access: &Access,
        filter: &ListFilter,
        conditions: &Conditions,
    ) -> Result<Vec<ListRow>, StoreError> {
        let (at, seq) = filter.after.map_or((i64::MAX, i64::MAX), |(at, seq)| (at.0, seq.0));
        let mut args = base(access, filter, conditions);
        args.extend(args![at, seq, filter.limit.clamp(1, 201)]);
        let text = if filter.phase.is_some() { &IN_PHASE } else { &ALL_PHASES };
        let rows = self.db.fetch_all(text, args).await?;
        let rows = rows.iter().map(list_row).collect::<Result<Vec<_>, _>>()?;
        self.with_heads(access, rows).await
    }

    /// How many orders a filtered list holds, and their sum.
    ///
    /// # Errors
    /// As the database says.
    pub async fn extent(
        &self,
        access: &Access,
        filter: &ListFilter,
        conditions: &Conditions,
    ) -> Result<Extent, StoreError> {
        let plain = filter.notice.is_none() && *conditions == Conditions::default();
        let mut args = base(access, filter, conditions);
        let text = match (&filter.phase, plain) {
            (Some(_), true) => {
                args.truncate(4);
                &SUM_PLAIN
            }
            (Some(_), false) => &SUM_IN_PHASE,
            (None, _) => &SUM_ALL,
        };
        args.extend(args![COUNTED + 1]);
        let row = self.db.fetch_one(text, args).await?;
        let orders = row.get_i64("n")?;
        Ok(Extent { orders: orders.min(COUNTED), total: row.get_i64("total")?, more: orders > COUNTED })
    }

    /// Orders of a filtered list, at most `limit`, for bulk work on all of it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn filtered_seqs(
        &self,
        access: &Access,
        filter: &ListFilter,
        conditions: &Conditions,
        limit: i64,
    ) -> Result<Vec<OrderSeq>, StoreError> {
        let mut args = base(access, filter, conditions);
        args.extend(args![limit]);
        let text = if filter.phase.is_some() { &SEQS_IN_PHASE } else { &SEQS_ALL };
        let rows = self.db.fetch_all(text, args).await?;
        rows.iter().map(|row| Ok(OrderSeq(row.get_i64("seq")?))).collect()
    }

    /// Rows by number that may be seen, newest in the ledger first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn list_by_seqs(&self, access: &Access, seqs: &[OrderSeq]) -> Result<Vec<ListRow>, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        self.rows_by_seq(access, &list).await
    }

    /// Goods and parcels of rows.
    ///
    /// # Errors
    /// As the database says.
    pub async fn beside(&self, seqs: &[OrderSeq]) -> Result<BTreeMap<OrderSeq, Beside>, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let mut found = BTreeMap::<OrderSeq, Beside>::new();
        for row in self.db.fetch_all(&LINES, args![list.clone()]).await? {
            let one = found.entry(OrderSeq(row.get_i64("seq")?)).or_default();
            if one.lines == 0 {
                one.title = row.get_opt_str("title")?.unwrap_or_default();
            }
            one.lines += 1;
            one.units += row.get_i64("quantity")?.saturating_sub(row.get_i64("cancelled_quantity")?).max(0);
        }
        for row in self.db.fetch_all(&PARCELS, args![list]).await? {
            let one = found.entry(OrderSeq(row.get_i64("seq")?)).or_default();
            if one.parcels == 0 {
                one.carrier = row.get_opt_str("carrier")?;
                one.tracking_number = row.get_str("tracking_number")?;
                one.shipped_on = row.get_opt_str("shipped_on")?;
            }
            one.parcels += 1;
        }
        Ok(found)
    }

    /// Payment methods in use, the most frequent first: the mall's code and its name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn payment_methods(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.db.fetch_all(&PAYMENTS, args![]).await?;
        rows.iter().map(|row| Ok((row.get_str("code")?, row.get_str("label")?))).collect()
    }

    /// Sets 出荷予定日 and 配送便 of orders (`None` leaves as it is, `Some(None)` clears).
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_plan(
        &self,
        seqs: &[OrderSeq],
        ship_on: Option<Option<Date>>,
        method: Option<Option<String>>,
        by: &domain::history::By,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let (set_day, day) = (ship_on.is_some(), ship_on.flatten().map(|d| d.to_string()));
        let (set_method, method) = (method.is_some(), method.flatten());
        let fields: Vec<String> = [(set_day, "ship_on"), (set_method, "shipping_method")]
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| name.to_owned())
            .collect();
        let actor = crate::json::to_json(by)?;
        let event = domain::history::Event::Edited { fields };
        let mut history = crate::history::Pending::default();
        let mut tx = self.db.begin().await?;
        for seq in seqs {
            let args = args![seq.0, day.clone(), set_day, method.clone(), set_method, now.0];
            if tx.exec(&SET_PLAN, args).await? == 1 {
                history.add(seq.0, now, &actor, &event, None)?;
            }
        }
        history.write(&mut tx).await?;
        tx.commit().await
    }

    /// Marks orders as printed at a time, or as not printed.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_printed(&self, seqs: &[OrderSeq], at: Option<UtcMillis>) -> Result<(), StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let mut tx = self.db.begin().await?;
        tx.exec(&SET_PRINTED, args![list, at.map(|t| t.0)]).await?;
        tx.commit().await
    }

    /// States and flags counted apart from phases, by shop and name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shop_states(&self) -> Result<BTreeMap<(ShopId, String), i64>, StoreError> {
        let mut counts = BTreeMap::new();
        for row in self.db.fetch_all(&STATES, args![]).await? {
            let (shop, n) = (ShopId(row.get_i64("shop_id")?), row.get_i64("n")?);
            let name = row.get_str("name")?;
            match name.parse::<i64>() {
                Ok(bits) => {
                    for flag in Flag::of_bits(bits) {
                        *counts.entry((shop, flag.as_str().to_owned())).or_default() += n;
                    }
                }
                Err(_) => *counts.entry((shop, name)).or_default() += n,
            }
        }
        Ok(counts)
    }
}
