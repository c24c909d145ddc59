//! Which orders a paper or file is made of: a ticket that a list sealed, or a whole phase. What is left out is told.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::refusal::Refusal;
use crate::words::Lang;
use domain::hold::Hold;
use domain::order::{Flag, Grouping, HandlingClass};
use domain::snapshot::{Fulfillment, MallStage};
use domain::{OrderSeq, PhaseKey};
use serde::{Deserialize, Serialize};
use store::desk::listing::Conditions;
use store::desk::papers::OrderPaper;
use store::orders::{ListFilter, ListRow};

/// Kind of the ticket that carries chosen orders: their numbers with commas between.
pub const PRINT: &str = "print";
/// For how long chosen orders can be gone back to, milliseconds.
pub const TICKET_MS: i64 = 12 * domain::time::HOUR;
/// Orders in one paper or file.
pub const MOST: usize = 500;

/// What a URL says of chosen orders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// A ticket.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub s: String,
    /// A whole phase.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phase: String,
}

/// Orders that are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Rows, oldest first for a phase, as chosen for a ticket. Access is checked again when they are read.
    pub seqs: Vec<OrderSeq>,
    /// There are more than [`MOST`].
    pub more: bool,
}

/// Seals chosen orders into a ticket.
///
/// # Errors
/// When sealing fails.
pub fn seal(desk: &Desk, seqs: &[OrderSeq]) -> Result<String, Refusal> {
    let text: Vec<String> = seqs.iter().map(|s| s.0.to_string()).collect();
    Ok(desk.ledger().seal_ticket(PRINT, &text.join(","), desk.now().plus(TICKET_MS))?)
}

/// What a ticket of chosen orders says.
///
/// # Errors
/// It is over, or not ours.
pub fn open(desk: &Desk, ticket: &str) -> Result<Vec<OrderSeq>, Refusal> {
    let text = desk.ledger().open_ticket(PRINT, ticket, desk.now()).ok_or_else(|| {
        Refusal::field(
            "s",
            "選択の期限が切れました。受注一覧で選びなおしてください",
            "the selection is over; choose the orders again",
        )
    })?;
    let mut seen = std::collections::BTreeSet::new();
    Ok(text.split(',').filter_map(|n| n.parse().ok()).map(OrderSeq).filter(|s| seen.insert(*s)).collect())
}

/// The orders that a URL means.
///
/// # Errors
/// The ticket is over; as the database says.
pub async fn chosen(
    desk: &Desk,
    visitor: &Visitor,
    chosen: &Chosen,
    conditions: &Conditions,
) -> Result<Selection, Refusal> {
    let mut seqs = if chosen.s.is_empty() {
        let phase = (!chosen.phase.is_empty()).then(|| PhaseKey::from(chosen.phase.as_str()));
        let filter = ListFilter { phase, ..ListFilter::default() };
        let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
        let mut found = desk.ledger().filtered_seqs(&visitor.access(), &filter, conditions, limit).await?;
        found.reverse();
        found
    } else {
        open(desk, &chosen.s)?
    };
    let more = seqs.len() > MOST;
    seqs.truncate(MOST);
    Ok(Selection { seqs, more })
}

/// Why an order does not go out now; `None`: it does.
#[must_use]
pub fn why_not(row: &ListRow, lang: Lang) -> Option<&'static str> {
    let cancelled = row.handling_class == HandlingClass::Cancelled
        || row.phase.as_str() == domain::phase::CANCELLED
        || row.flags.contains(&Flag::CancelledAtMall)
        || matches!(row.mall_stage, MallStage::Cancelled | MallStage::CancelRequested);
    if row.erased {
        return Some(lang.t("個人情報が削除されています", "buyer data was erased"));
    }
    if row.fulfillment == Fulfillment::Fba {
        return Some(lang.t("FBA注文です（モールが出荷します）", "fulfilled by the mall"));
    }
    if cancelled {
        return Some(lang.t("キャンセルされています", "cancelled"));
    }
    match row.hold {
        Hold::Fraud { .. } => return Some(lang.t("モールが不正利用を審査中です", "held for fraud review")),
        Hold::MallChecking => return Some(lang.t("モールが確認中です", "the mall is checking it")),
        Hold::None | Hold::Released { .. } | Hold::NotKnown => {}
    }
    if row.handling_class == HandlingClass::OnHold || row.phase.as_str() == "on_hold" {
        return Some(lang.t("保留中です", "on hold"));
    }
    if row.grouping == Grouping::BundledChild {
        return Some(lang.t("同梱の子です（親の受注と一緒に出ます）", "travels with its parent"));
    }
    if row.provisional {
        return Some(lang.t("仮伝票です", "provisional"));
    }
    None
}

/// An order that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// 管理番号.
    pub order_no: String,
    /// Why.
    pub why: String,
}

/// Orders that go out, and those left out with the reason.
#[must_use]
pub fn sorted(papers: Vec<OrderPaper>, lang: Lang) -> (Vec<OrderPaper>, Vec<LeftOut>) {
    let mut going = Vec::new();
    let mut left_out = Vec::new();
    for paper in papers {
        match why_not(&paper.row, lang) {
            None if paper.content.is_some() => going.push(paper),
            None => left_out.push(LeftOut {
                order_no: paper.row.order_no.0,
                why: lang.t("個人情報が削除されています", "buyer data was erased").to_owned(),
            }),
            Some(why) => left_out.push(LeftOut { order_no: paper.row.order_no.0, why: why.to_owned() }),
        }
    }
    (going, left_out)
}
