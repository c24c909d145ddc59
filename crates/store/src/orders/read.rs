//! Listing, searching and opening orders, always through an [`Access`].

use super::facts::notice_state;
use super::page::word;
use super::sealed::Head;
use crate::access::Access;
use crate::error::StoreError;
use crate::history::{self, HistoryRow};
use crate::json::from_json;
use crate::ledger::Ledger;
use crate::search::{Filter, Needle, NeedleError, Verify};
use crate::sql::sql;
use crate::{Row, args};
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass, Parcel};
use domain::reconcile::{self, Edit};
use domain::snapshot::{Content, Fulfillment, MallFacts, MallStage, Snapshot};
use domain::{MallOrderId, OrderNo, OrderSeq, PhaseKey, Reason, ShopId, UtcMillis};
use serde::Serialize;
use std::collections::BTreeMap;

const fn newest() -> i64 {
    i64::MAX
}

sql! {
    /// Newest of a phase, by key.
    IN_PHASE("SELECT * FROM orders WHERE phase = $3 AND ($1 OR shop_id" [in_ints "$2"] ") AND (CAST($4 AS BIGINT) IS NULL OR shop_id = $4) \
              AND (CAST($5 AS TEXT) IS NULL OR notice_state = $5) \
              AND (ordered_at, seq) < ($6, $7) ORDER BY ordered_at DESC, seq DESC LIMIT $8");
    /// Newest by import, all phases.
    NEWEST("SELECT * FROM orders WHERE seq < $5 AND ($1 OR shop_id" [in_ints "$2"] ") AND (CAST($3 AS BIGINT) IS NULL OR shop_id = $3) \
            AND (CAST($4 AS TEXT) IS NULL OR notice_state = $4) ORDER BY seq DESC LIMIT $6");
    /// Newest of a notice state that needs eyes.
    IN_STATE("SELECT * FROM orders WHERE notice_state = $3 AND notice_state NOT IN ('not_sent', 'applied') \
              AND ($1 OR shop_id" [in_ints "$2"] ") AND (CAST($4 AS BIGINT) IS NULL OR shop_id = $4) AND seq < $5 ORDER BY seq DESC LIMIT $6");
    /// By the mall's number, in all shops.
    BY_NUMBER("SELECT * FROM orders WHERE mall_order_id = $3 AND ($1 OR shop_id" [in_ints "$2"] ") ORDER BY seq DESC");
    /// By rows.
    BY_SEQS("SELECT * FROM orders WHERE seq" [in_ints "$3"] " AND ($1 OR shop_id" [in_ints "$2"] ") ORDER BY seq DESC");
    /// By tracking number.
    BY_TRACKING("SELECT DISTINCT seq FROM parcels WHERE tracking_number IN ($1, $2) AND tracking_number <> '' AND removed = FALSE ORDER BY seq DESC LIMIT 50");
    /// Writes of one order.
    WRITES("SELECT o.id AS id, o.kind AS kind, o.target AS target, o.state AS state, o.result AS result, o.created_at AS created_at, o.finished_at AS finished_at, \
            s.state AS step_state, s.attempts AS attempts, s.due_at AS due_at, s.sent_at AS sent_at, s.reason AS reason, s.warnings AS warnings, \
            s.parcel_id AS parcel_id FROM outbox o JOIN outbox_steps s ON s.outbox_id = o.id WHERE o.seq = $1 ORDER BY o.id, s.id");
}

/// What a list shows. Empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// Phase.
    pub phase: Option<PhaseKey>,
    /// Shop.
    pub shop: Option<ShopId>,
    /// 連携ステータス.
    pub notice: Option<NoticeState>,
    /// Go on after this row of the page before.
    pub after: Option<(UtcMillis, OrderSeq)>,
    /// Rows, at most 200.
    pub limit: i64,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListRow {
    /// Row.
    #[serde(skip)]
    pub seq: OrderSeq,
    /// 管理番号.
    pub order_no: OrderNo,
    /// Public id.
    pub id: String,
    /// Shop.
    pub shop_id: ShopId,
    /// 注文番号.
    pub mall_order_id: MallOrderId,
    /// Phase.
    pub phase: PhaseKey,
    /// Version.
    pub version: i64,
    /// 管理区分.
    pub handling_class: HandlingClass,
    /// Who ships.
    pub fulfillment: Fulfillment,
    /// Bundle or split.
    pub grouping: Grouping,
    /// 仮伝票.
    pub provisional: bool,
    /// モールステータス, code.
    pub mall_status: String,
    /// Its name.
    pub mall_status_label: String,
    /// Its neutral reading.
    pub mall_stage: MallStage,
    /// The mall's hold (FRD-1).
    pub hold: Hold,
    /// 連携ステータス.
    pub notice_state: NoticeState,
    /// 結果確認中.
    pub confirming: bool,
    /// State of 注文確認.
    pub confirm_state: NoticeState,
    /// Flags.
    pub flags: Vec<domain::order::Flag>,
    /// 請求金額 in yen.
    pub total: Option<i64>,
    /// お届け希望日.
    pub deliver_on: Option<String>,
    /// 注文日時.
    pub ordered_at: UtcMillis,
    /// 注文作成日.
    pub created_at: UtcMillis,
    /// 最終更新日.
    pub updated_at: UtcMillis,
    /// 出荷予定日.
    pub ship_on: Option<String>,
    /// 納品書印刷指示日.
    pub print_on: Option<String>,
    /// 配送便.
    pub shipping_method: Option<String>,
    /// 支払方法, the mall's code.
    pub payment_method: String,
    /// Its name.
    pub payment_label: String,
    /// 入金日.
    pub paid_on: Option<String>,
    /// 印刷済み.
    pub printed_at: Option<UtcMillis>,
    /// What clerks sort their day by.
    pub traits: Vec<domain::traits::Trait>,
    /// Buyer data was erased.
    pub erased: bool,
    /// Buyer and recipient; `None` without the right, or when erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadShown>,
}

/// What a list shows of the people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadShown {
    /// Buyer.
    pub buyer: String,
    /// First recipient.
    pub recipient: String,
    /// Prefecture of the first recipient.
    pub prefecture: String,
}

/// One write with one step (a step a row).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WriteView {
    /// Wish.
    pub outbox_id: i64,
    /// Kind.
    pub kind: String,
    /// The mall's code that is wanted, for a change of status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `open`, `done`.
    pub state: String,
    /// How it ended.
    pub result: Option<String>,
    /// Asked for.
    pub created_at: UtcMillis,
    /// Ended.
    pub finished_at: Option<UtcMillis>,
    /// State of the step.
    pub step_state: String,
    /// How often it was in a call.
    pub attempts: i64,
    /// Next time something happens, while open.
    pub due_at: UtcMillis,
    /// Last time it was sent.
    pub sent_at: Option<UtcMillis>,
    /// Why.
    pub reason: Option<Reason>,
    /// Remarks of the mall.
    pub warnings: Vec<Reason>,
    /// Parcel, for a shipment.
    pub parcel_id: Option<i64>,
}

/// Everything about one order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderView {
    /// Row.
    #[serde(flatten)]
    pub row: ListRow,
    /// What only the mall decides; `None` when erased.
    pub mall: Option<MallFacts>,
    /// Content with staff's edits; `None` when erased or without the right.
    pub content: Option<Content>,
    /// Staff's edits (paths; values are in the content).
    pub edited: Vec<String>,
    /// Fields changed on both sides.
    pub conflicts: Vec<String>,
    /// Fields the mall changed that were not taken over.
    pub changed_at_mall: Vec<String>,
    /// Parcels.
    pub parcels: Vec<Parcel>,
    /// Writes.
    pub writes: Vec<WriteView>,
    /// 履歴.
    pub history: Vec<HistoryRow>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundOrders {
    /// Rows, newest in the ledger first.
    pub orders: Vec<ListRow>,
    /// There may be more: type more letters.
    pub stopped: bool,
}

pub(crate) fn list_row(row: &Row) -> Result<ListRow, StoreError> {
    let seq = row.get_i64("seq")?;
    Ok(ListRow {
        seq: OrderSeq(seq),
        order_no: OrderSeq(seq).order_no(),
        id: row.get_str("id")?,
        shop_id: ShopId(row.get_i64("shop_id")?),
        mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
        phase: PhaseKey(row.get_str("phase")?),
        version: row.get_i64("version")?,
        handling_class: word("handling_class", seq, row.get_str("handling_class")?)?,
        fulfillment: word("fulfillment", seq, row.get_str("fulfillment")?)?,
        grouping: word("order_grouping", seq, row.get_str("order_grouping")?)?,
        provisional: row.get_bool("provisional")?,
        mall_status: row.get_str("mall_status")?,
        mall_status_label: row.get_str("mall_status_label")?,
        mall_stage: word("mall_stage", seq, row.get_str("mall_stage")?)?,
        hold: from_json("orders", "hold", seq, row.get_json("hold")?)?,
        notice_state: notice_state("notice_state", row)?,
        confirming: row.get_bool("confirming")?,
        confirm_state: notice_state("confirm_state", row)?,
        flags: domain::order::Flag::of_bits(row.get_i64("flags")?),
        total: row.get_opt_i64("total")?,
        deliver_on: row.get_opt_str("deliver_on")?,
        ordered_at: UtcMillis(row.get_i64("ordered_at")?),
        created_at: UtcMillis(row.get_i64("created_at")?),
        updated_at: UtcMillis(row.get_i64("updated_at")?),
        ship_on: row.get_opt_str("ship_on")?,
        print_on: row.get_opt_str("print_on")?,
        shipping_method: row.get_opt_str("shipping_method")?,
        payment_method: row.get_str("payment_method")?,
        payment_label: row.get_str("payment_label")?,
        paid_on: row.get_opt_str("paid_on")?,
        printed_at: row.get_opt_i64("printed_at")?.map(UtcMillis),
        traits: domain::traits::Trait::of_bits(row.get_i64("traits")?),
        erased: row.get_opt_i64("erased_at")?.is_some(),
        head: None,
    })
}

fn shown(head: &Head) -> HeadShown {
    HeadShown {
        buyer: head.buyer.clone(),
        recipient: head.recipient.clone(),
        prefecture: head.prefecture.clone(),
    }
}

struct OpenHeads<'a> {
    ledger: &'a Ledger,
    needle: &'a Needle,
    /// Heads of what was found, to be shown.
    found: BTreeMap<i64, HeadShown>,
}

#[async_trait::async_trait]
impl Verify for OpenHeads<'_> {
    async fn verify(&mut self, seqs: &[i64]) -> Result<Vec<i64>, StoreError> {
        let heads = self.ledger.open_heads(&self.ledger.db, seqs).await?;
        let matches = |seq: &i64| heads.get(seq).filter(|h| h.with_fields(|f| self.needle.matches(f)));
        let found: Vec<_> = seqs.iter().filter_map(|seq| Some((*seq, shown(matches(seq)?)))).collect();
        let seqs = found.iter().map(|(seq, _)| *seq).collect();
        self.found.extend(found);
        Ok(seqs)
    }
}

impl Ledger {
    pub(crate) async fn with_heads(
        &self,
        access: &Access,
        mut rows: Vec<ListRow>,
    ) -> Result<Vec<ListRow>, StoreError> {
        if access.buyer_data && !rows.is_empty() {
            let seqs: Vec<i64> = rows.iter().map(|r| r.seq.0).collect();
            let heads = self.open_heads(&self.db, &seqs).await?;
            for row in &mut rows {
                row.head = heads.get(&row.seq.0).map(shown);
            }
        }
        Ok(rows)
    }

    /// One page of a list, newest first.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn list_orders(
        &self,
        access: &Access,
        filter: &ListFilter,
    ) -> Result<Vec<ListRow>, StoreError> {
        let [all, shops] = access.args();
        let shop = filter.shop.map(|s| s.0);
        let notice = filter.notice.map(|n| n.as_str().to_owned());
        let (before_at, before_seq) = filter.after.map_or((newest(), newest()), |(at, seq)| (at.0, seq.0));
        let limit = filter.limit.clamp(1, 200);
        let needs_eyes = filter.notice.filter(|n| !matches!(n, NoticeState::NotSent | NoticeState::Applied));
        let rows = match (&filter.phase, needs_eyes) {
            (Some(phase), _) => {
                let mut args = vec![all, shops];
                args.extend(args![phase.as_str(), shop, notice, before_at, before_seq, limit]);
                self.db.fetch_all(&IN_PHASE, args).await?
            }
            (None, Some(state)) => {
                let mut args = vec![all, shops];
                args.extend(args![state.as_str(), shop, before_seq, limit]);
                self.db.fetch_all(&IN_STATE, args).await?
            }
            (None, None) => {
                let mut args = vec![all, shops];
                args.extend(args![shop, notice, before_seq, limit]);
                self.db.fetch_all(&NEWEST, args).await?
            }
        };
        let rows = rows.iter().map(list_row).collect::<Result<Vec<_>, _>>()?;
        self.with_heads(access, rows).await
    }

    /// Orders with this mall's number (several shops may have it), or this 管理番号.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_by_number(&self, access: &Access, number: &str) -> Result<Vec<ListRow>, StoreError> {
        let [all, shops] = access.args();
        let mut args = vec![all, shops];
        args.extend(args![number]);
        let mut rows = self.db.fetch_all(&BY_NUMBER, args).await?;
        if rows.is_empty()
            && let Some(seq) = OrderSeq::from_order_no(number)
        {
            return self.rows_by_seq(access, &[seq.0]).await;
        }
        let rows = rows.drain(..).map(|r| list_row(&r)).collect::<Result<Vec<_>, _>>()?;
        self.with_heads(access, rows).await
    }

    pub(crate) async fn rows_by_seq(
        &self,
        access: &Access,
        seqs: &[i64],
    ) -> Result<Vec<ListRow>, StoreError> {
        let rows = self.bare_rows(access, seqs).await?;
        self.with_heads(access, rows).await
    }

    pub(crate) async fn bare_rows(&self, access: &Access, seqs: &[i64]) -> Result<Vec<ListRow>, StoreError> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let [all, shops] = access.args();
        let mut args = vec![all, shops];
        args.extend(args![seqs.to_vec()]);
        let rows = self.db.fetch_all(&BY_SEQS, args).await?;
        rows.iter().map(list_row).collect()
    }

    /// Searches over all phases: order numbers and tracking numbers exactly, names, kana, phone and mail by pieces
    /// (only with the right to see buyer data). `give_up` is asked between steps.
    ///
    /// # Errors
    /// As the database says; the inner error when a needle is too short.
    pub async fn search_orders(
        &self,
        access: &Access,
        text: &str,
        filter: &ListFilter,
        give_up: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Result<FoundOrders, NeedleError>, StoreError> {
        let by_number = self.orders_by_number(access, text.trim()).await?;
        if !by_number.is_empty() {
            return Ok(Ok(FoundOrders { orders: by_number, stopped: false }));
        }
        let tracked =
            self.db.fetch_all(&BY_TRACKING, args![text.trim(), domain::tracking::normalise(text)]).await?;
        if !tracked.is_empty() {
            let seqs = tracked.iter().map(|r| r.get_i64("seq")).collect::<Result<Vec<_>, _>>()?;
            let orders = self.rows_by_seq(access, &seqs).await?;
            // Somebody else's parcel is no answer, and no reason not to look on.
            if !orders.is_empty() {
                return Ok(Ok(FoundOrders { orders, stopped: false }));
            }
        }
        if !access.buyer_data {
            return Ok(Ok(FoundOrders { orders: Vec::new(), stopped: false }));
        }
        let needle = match Needle::parse(text) {
            Ok(needle) => needle,
            Err(error) => return Ok(Err(error)),
        };
        let shops = match (filter.shop, &access.shops) {
            (Some(shop), _) => Some(if access.sees(shop) { vec![shop.0] } else { Vec::new() }),
            (None, Some(shops)) => Some(shops.iter().map(|s| s.0).collect()),
            (None, None) => None,
        };
        let index_filter = Filter {
            shops,
            phases: filter.phase.as_ref().map(|p| vec![p.0.clone()]),
            before: filter.after.map(|(_, seq)| seq.0),
        };
        let limit = usize::try_from(filter.limit.clamp(1, 200)).unwrap_or(50);
        let mut verify = OpenHeads { ledger: self, needle: &needle, found: BTreeMap::new() };
        let found = self.index.search(&self.db, &needle, &index_filter, limit, give_up, &mut verify).await?;
        let mut orders = self.bare_rows(access, &found.seqs).await?;
        for row in &mut orders {
            row.head = verify.found.remove(&row.seq.0);
        }
        Ok(Ok(FoundOrders { orders, stopped: found.stopped }))
    }

    /// Everything about one order; `None` when it is not there or may not be seen.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn order(&self, access: &Access, seq: OrderSeq) -> Result<Option<OrderView>, StoreError> {
        let Some(row) = self.rows_by_seq(access, &[seq.0]).await?.pop() else { return Ok(None) };
        let opened = self.open_sealed(&self.db, &[seq.0]).await?.remove(&seq.0);
        let parcels = super::facts::parcels_in(&self.db, &[seq.0]).await?.remove(&seq.0).unwrap_or_default();
        let writes = self.db.fetch_all(&WRITES, args![seq.0]).await?;
        let writes = writes.iter().map(write_view).collect::<Result<Vec<_>, _>>()?;
        let history = history::of_order(&self.db, seq).await?;
        let mut view = OrderView {
            row,
            mall: None,
            content: None,
            edited: Vec::new(),
            conflicts: Vec::new(),
            changed_at_mall: Vec::new(),
            parcels,
            writes,
            history,
        };
        if let Some(opened) = opened {
            let changed = |theirs: &Snapshot| {
                let diff = reconcile::mall_diff(&opened.snapshot.content, &theirs.content);
                diff.filled.into_iter().chain(diff.changed).collect::<Vec<_>>()
            };
            view.changed_at_mall = opened.theirs.as_ref().map(changed).unwrap_or_default();
            view.edited = opened.edits.iter().map(|e| e.path.clone()).collect();
            let conflict = |e: &&Edit| e.conflict.is_some();
            view.conflicts = opened.edits.iter().filter(conflict).map(|e| e.path.clone()).collect();
            if access.buyer_data {
                let content = reconcile::lay_over(&opened.snapshot.content, &opened.edits)
                    .map_err(|e| StoreError::other(e.to_string()))?;
                view.content = Some(content);
            }
            view.mall = Some(opened.snapshot.facts);
        }
        Ok(Some(view))
    }
}

fn write_view(row: &Row) -> Result<WriteView, StoreError> {
    let id = row.get_i64("id")?;
    let reason = row.get_opt_json("reason")?.filter(|v| !v.is_null());
    let warnings = row.get_opt_json("warnings")?.filter(|v| !v.is_null());
    Ok(WriteView {
        outbox_id: id,
        kind: row.get_str("kind")?,
        target: row.get_opt_str("target")?,
        state: row.get_str("state")?,
        result: row.get_opt_str("result")?,
        created_at: UtcMillis(row.get_i64("created_at")?),
        finished_at: row.get_opt_i64("finished_at")?.map(UtcMillis),
        step_state: row.get_str("step_state")?,
        attempts: row.get_i64("attempts")?,
        due_at: UtcMillis(row.get_i64("due_at")?),
        sent_at: row.get_opt_i64("sent_at")?.map(UtcMillis),
        reason: reason.map(|v| from_json("outbox_steps", "reason", id, v)).transpose()?,
        warnings: warnings
            .map(|v| from_json("outbox_steps", "warnings", id, v))
            .transpose()?
            .unwrap_or_default(),
        parcel_id: row.get_opt_i64("parcel_id")?,
    })
}
