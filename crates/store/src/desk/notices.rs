//! 連携履歴: what was wanted of the malls, newest first, with how it ended; one write with its steps and calls. Holds no
//! buyer data: numbers, states, reasons.

use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::json::from_json;
use crate::ledger::Ledger;
use crate::row::Row;
use crate::sql::{Arg, sql};
use domain::history::By;
use domain::notice::NoticeState;
use domain::write::WantedParcel;
use domain::{MallOrderId, OrderNo, OrderSeq, OutboxId, Reason, ShopId, UtcMillis};
use std::collections::BTreeMap;

/// Columns of a row of the list.
macro_rules! columns {
    () => {
        "SELECT b.id AS id, b.seq AS seq, b.shop_id AS shop_id, b.kind AS kind, b.state AS state, b.result AS result, b.target AS target, \
         b.requested_by AS requested_by, b.created_at AS created_at, b.finished_at AS finished_at, o.mall_order_id AS mall_order_id, \
         o.confirming AS confirming, o.notice_state AS notice_state, o.confirm_state AS confirm_state \
         FROM outbox b JOIN orders o ON o.seq = b.seq WHERE "
    };
}

/// `$1`–`$8`: shops of the reader, shop, kind, from, and the place to go on from.
macro_rules! conditions {
    () => {
        " AND (CAST($3 AS BIGINT) IS NULL OR b.shop_id = $3) AND (CAST($4 AS TEXT) IS NULL OR b.kind = $4) \
          AND b.created_at >= $5 AND (b.created_at, b.id) < ($6, $7) ORDER BY b.created_at DESC, b.id DESC LIMIT $8"
    };
}

/// Of writes that failed, those that still say how the order stands: no newer one of the kind, no state set by hand.
macro_rules! failed {
    () => {
        " AND b.result IN ('rejected', 'send_failed', 'result_unknown') AND b.result = $9 \
          AND CASE b.kind WHEN 'shipment_notice' THEN o.notice_state WHEN 'confirm_order' THEN o.confirm_state ELSE b.result END = b.result \
          AND NOT EXISTS (SELECT 1 FROM outbox n WHERE n.seq = b.seq AND n.id > b.id AND n.kind = b.kind)"
    };
}

sql! {
    /// All, newest first.
    LIST([text columns] "($1 OR b.shop_id" [in_ints "$2"] ")" [text conditions]);
    /// Those that ended in one way.
    LIST_ENDED([text columns] "($1 OR b.shop_id" [in_ints "$2"] ") AND b.state = 'done' AND b.result = $9" [text conditions]);
    /// Those under way.
    LIST_OPEN([text columns] "($1 OR b.shop_id" [in_ints "$2"] ") AND b.state = 'open'" [text conditions]);
    /// Those that failed and wait for a person.
    LIST_FAILED([text columns] "($1 OR b.shop_id" [in_ints "$2"] ")" [text failed] [text conditions]);
    /// One.
    ONE([text columns] "b.id = $1");
    /// Wishes of a shop that no report says to be under way yet.
    UNTOLD_SENT([text columns] "b.shop_id = $1 AND NOT b.sent_told ORDER BY b.id LIMIT $2");
    /// Ended ones of a shop whose end is in no report yet.
    UNTOLD_END([text columns] "b.shop_id = $1 AND NOT b.end_told AND b.state = 'done' ORDER BY b.id LIMIT $2");
    /// Their steps.
    STEPS("SELECT id, outbox_id, state, due_at, sent_at, attempts, looks, mall_ref, reason, warnings, wanted FROM outbox_steps \
           WHERE outbox_id" [in_ints "$1"] " ORDER BY id");
    /// Calls that carried the steps of a write.
    CALLS("SELECT c.id AS id, c.operation AS operation, c.state AS state, c.started_at AS started_at, c.finished_at AS finished_at, \
           c.http_status AS http_status, c.receipt AS receipt, i.step_id AS step_id, i.outcome AS outcome FROM outbox_steps s \
           JOIN call_items i ON i.step_id = s.id JOIN calls c ON c.id = i.call_id WHERE s.outbox_id = $1 ORDER BY c.id, i.step_id");
}

/// What the list is restricted to. Empty fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoticeFilter {
    /// Shop.
    pub shop: Option<ShopId>,
    /// Kind, as stored.
    pub kind: Option<String>,
    /// State. A failure is listed while it still says how the order stands.
    pub state: Option<NoticeState>,
    /// Asked for from.
    pub from: Option<UtcMillis>,
    /// Asked for before.
    pub to: Option<UtcMillis>,
    /// Go on after this row of the page before.
    pub after: Option<(UtcMillis, OutboxId)>,
    /// Rows, at most 1,000.
    pub limit: i64,
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeRow {
    /// Wish.
    pub outbox_id: OutboxId,
    /// Order.
    pub seq: OrderSeq,
    /// 管理番号.
    pub order_no: OrderNo,
    /// Shop.
    pub shop_id: ShopId,
    /// Order at the mall.
    pub mall_order_id: MallOrderId,
    /// Kind, as stored: a newer program's kinds are shown too.
    pub kind: String,
    /// One of the six; 未連携 when it was taken back.
    pub state: NoticeState,
    /// How the order stands now, where the kind has a state on it.
    pub order_state: Option<NoticeState>,
    /// 結果確認中.
    pub confirming: bool,
    /// The mall's code that is wanted, for a change of status.
    pub target: Option<String>,
    /// Who asked.
    pub by: By,
    /// Asked for.
    pub created_at: UtcMillis,
    /// Ended.
    pub finished_at: Option<UtcMillis>,
    /// Its steps.
    pub steps: Vec<NoticeStep>,
}

impl NoticeRow {
    /// Most attempts of a step.
    #[must_use]
    pub fn attempts(&self) -> i64 {
        self.steps.iter().map(|s| s.attempts).max().unwrap_or_default()
    }

    /// Last time anything of it was sent.
    #[must_use]
    pub fn sent_at(&self) -> Option<UtcMillis> {
        self.steps.iter().filter_map(|s| s.sent_at).max()
    }

    /// Why, of the step that says it.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.steps.iter().find_map(|s| s.reason.as_ref())
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeStep {
    /// Row.
    pub step_id: i64,
    /// State, as stored.
    pub state: String,
    /// Next time something happens.
    pub due_at: UtcMillis,
    /// Last time it was in a call.
    pub sent_at: Option<UtcMillis>,
    /// How often it was in a call.
    pub attempts: i64,
    /// Read-backs that could not tell.
    pub looks: i64,
    /// The mall's record.
    pub mall_ref: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// Remarks of the mall.
    pub warnings: Vec<Reason>,
    /// The parcel, for a shipment.
    pub wanted: Option<WantedParcel>,
}

/// One call that carried a step.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeCall {
    /// Row.
    pub call_id: i64,
    /// Operation of the mall.
    pub operation: String,
    /// `in_flight`, `pending`, `answered`, `unknown`.
    pub state: String,
    /// Begin.
    pub started_at: UtcMillis,
    /// End.
    pub finished_at: Option<UtcMillis>,
    /// HTTP status, when there was an answer.
    pub http_status: Option<i64>,
    /// The mall's ticket.
    pub receipt: Option<String>,
    /// The step it carried.
    pub step_id: i64,
    /// How it ended for that step.
    pub outcome: Option<String>,
}

fn state_of(state: &str, result: Option<&str>) -> NoticeState {
    match (state, result) {
        ("open", _) => NoticeState::InFlight,
        // Taken back before it was sent.
        (_, result) => result.and_then(NoticeState::parse).unwrap_or(NoticeState::NotSent),
    }
}

fn notice(row: &Row) -> Result<NoticeRow, StoreError> {
    let (id, seq) = (row.get_i64("id")?, OrderSeq(row.get_i64("seq")?));
    let kind = row.get_str("kind")?;
    let state = state_of(&row.get_str("state")?, row.get_opt_str("result")?.as_deref());
    let order_state = match kind.as_str() {
        "shipment_notice" => NoticeState::parse(&row.get_str("notice_state")?),
        "confirm_order" => NoticeState::parse(&row.get_str("confirm_state")?),
        _ => None,
    };
    Ok(NoticeRow {
        outbox_id: OutboxId(id),
        seq,
        order_no: seq.order_no(),
        shop_id: ShopId(row.get_i64("shop_id")?),
        mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
        confirming: row.get_bool("confirming")?
            && kind == "shipment_notice"
            && state == NoticeState::InFlight,
        kind,
        state,
        order_state,
        target: row.get_opt_str("target")?,
        by: from_json("outbox", "requested_by", id, row.get_json("requested_by")?)?,
        created_at: UtcMillis(row.get_i64("created_at")?),
        finished_at: row.get_opt_i64("finished_at")?.map(UtcMillis),
        steps: Vec::new(),
    })
}

fn step(row: &Row) -> Result<NoticeStep, StoreError> {
    let id = row.get_i64("id")?;
    let json = |column: &'static str| Ok::<_, StoreError>(row.get_opt_json(column)?.filter(|v| !v.is_null()));
    let table = "outbox_steps";
    Ok(NoticeStep {
        step_id: id,
        state: row.get_str("state")?,
        due_at: UtcMillis(row.get_i64("due_at")?),
        sent_at: row.get_opt_i64("sent_at")?.map(UtcMillis),
        attempts: row.get_i64("attempts")?,
        looks: row.get_i64("looks")?,
        mall_ref: row.get_opt_str("mall_ref")?,
        reason: json("reason")?.map(|v| from_json(table, "reason", id, v)).transpose()?,
        warnings: json("warnings")?
            .map(|v| from_json(table, "warnings", id, v))
            .transpose()?
            .unwrap_or_default(),
        wanted: json("wanted")?.map(|v| from_json(table, "wanted", id, v)).transpose()?,
    })
}

impl Ledger {
    async fn with_steps(&self, mut rows: Vec<NoticeRow>) -> Result<Vec<NoticeRow>, StoreError> {
        let ids: Vec<i64> = rows.iter().map(|r| r.outbox_id.0).collect();
        let mut steps: BTreeMap<i64, Vec<NoticeStep>> = BTreeMap::new();
        for row in self.db.fetch_all(&STEPS, args![ids]).await? {
            steps.entry(row.get_i64("outbox_id")?).or_default().push(step(&row)?);
        }
        for row in &mut rows {
            row.steps = steps.remove(&row.outbox_id.0).unwrap_or_default();
        }
        Ok(rows)
    }

    /// One page of what was wanted of the malls, newest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn notices(
        &self,
        access: &Access,
        filter: &NoticeFilter,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let end = (filter.to.unwrap_or(UtcMillis(i64::MAX)), OutboxId(0));
        let (at, id) = filter.after.map_or(end, |after| after.min(end));
        let mut args: Vec<Arg> = access.args().to_vec();
        args.extend(args![
            filter.shop.map(|s| s.0),
            filter.kind.clone(),
            filter.from.map_or(i64::MIN, |t| t.0),
            at.0,
            id.0,
            filter.limit.clamp(1, 1_000)
        ]);
        let text = match filter.state {
            None => &LIST,
            Some(NoticeState::InFlight) => &LIST_OPEN,
            Some(state) => {
                args.push(Arg::from(state.as_str()));
                match state {
                    NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown => {
                        &LIST_FAILED
                    }
                    _ => &LIST_ENDED,
                }
            }
        };
        let rows = self.db.fetch_all(text, args).await?;
        let rows = rows.iter().map(notice).collect::<Result<Vec<_>, _>>()?;
        self.with_steps(rows).await
    }

    /// Writes of a shop that are in no report yet, oldest first: what was wanted (`ended` false) or what came of it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn untold_notices(
        &self,
        shop: ShopId,
        ended: bool,
        limit: i64,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let text = if ended { &UNTOLD_END } else { &UNTOLD_SENT };
        let rows = self.db.fetch_all(text, args![shop.0, limit]).await?;
        let rows = rows.iter().map(notice).collect::<Result<Vec<_>, _>>()?;
        self.with_steps(rows).await
    }

    /// One write with its steps and the calls that carried them.
    ///
    /// # Errors
    /// As the database says.
    pub async fn notice(&self, id: OutboxId) -> Result<Option<(NoticeRow, Vec<NoticeCall>)>, StoreError> {
        let Some(row) = self.db.fetch_optional(&ONE, args![id.0]).await? else { return Ok(None) };
        let row = self.with_steps(vec![notice(&row)?]).await?.pop();
        let mut calls = Vec::new();
        for call in self.db.fetch_all(&CALLS, args![id.0]).await? {
            calls.push(NoticeCall {
                call_id: call.get_i64("id")?,
                operation: call.get_str("operation")?,
                state: call.get_str("state")?,
                started_at: UtcMillis(call.get_i64("started_at")?),
                finished_at: call.get_opt_i64("finished_at")?.map(UtcMillis),
                http_status: call.get_opt_i64("http_status")?,
                receipt: call.get_opt_str("receipt")?,
                step_id: call.get_i64("step_id")?,
                outcome: call.get_opt_str("outcome")?,
            });
        }
        Ok(row.map(|row| (row, calls)))
    }
}
