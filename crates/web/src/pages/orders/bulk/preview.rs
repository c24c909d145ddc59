//! What would happen, and the beginning of it. What was shown travels sealed; it is judged anew when it is done.

use super::super::list::Names;
use super::once::{self, Turn};
use super::pasted::{self, Usual};
use super::picked::{OPEN_MS, Picked, over};
use super::wanted::{Filled, day};
use super::{choose, dialog, go_to, jobs, who, words};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse as _;
use domain::{OrderSeq, Reason};
use engine::bulk::{self, BulkAction, Preview, Wanted};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::orders::ListRow;

const KIND: &str = "bulk_plan";
/// Rows of each group a dialog shows; the CSV has all.
const SHOWN: usize = 200;

/// What was shown to a person.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    user: i64,
    action: BulkAction,
    /// Every order that was chosen.
    items: Vec<(OrderSeq, Option<Value>)>,
    /// Those that would be done without a question.
    go: BTreeSet<OrderSeq>,
    back: String,
}

impl Shown {
    fn seal(&self, desk: &Desk) -> Result<String, Refusal> {
        let text = serde_json::to_string(self).map_err(|_| Refusal::inside())?;
        Ok(desk.ledger().seal_ticket(KIND, &text, desk.now().plus(OPEN_MS))?)
    }

    fn open(desk: &Desk, visitor: &Visitor, ticket: &str) -> Result<Self, Refusal> {
        let text = desk.ledger().open_ticket(KIND, ticket, desk.now()).ok_or_else(over)?;
        let shown: Self = serde_json::from_str(&text).map_err(|_| over())?;
        if shown.user == visitor.user_id { Ok(shown) } else { Err(over()) }
    }
}

/// One order of a group.
struct Row {
    seq: i64,
    order_no: String,
    shop: String,
    buyer: String,
    /// Why, and what mends it.
    why: Vec<(String, String)>,
    /// Words of the link to the order.
    mend: &'static str,
}

#[derive(Template)]
#[template(path = "orders/bulk/preview.html")]
struct PreviewBody {
    lang: Lang,
    title: String,
    caution: &'static str,
    ticket: String,
    token: String,
    back: String,
    chosen: String,
    go: usize,
    go_text: String,
    no: usize,
    ask: usize,
    go_rows: Vec<Row>,
    no_rows: Vec<Row>,
    ask_rows: Vec<Row>,
    remarks: Vec<String>,
    is_final: bool,
}

fn mend(reasons: &[Reason], lang: Lang) -> &'static str {
    let entered =
        ["tracking_number_blank", "ship_date_blank", "carrier_blank", "no_parcel", "ship_date_required"];
    if reasons.iter().any(|r| entered.contains(&r.code.as_str())) {
        lang.t("入力する", "Enter")
    } else {
        lang.t("受注を開く", "Open")
    }
}

/// What stands beside a number.
struct Beside<'a> {
    rows: BTreeMap<OrderSeq, ListRow>,
    names: &'a Names,
    lang: Lang,
}

impl Beside<'_> {
    fn row(&self, seq: OrderSeq, reasons: &[Reason]) -> Row {
        let row = self.rows.get(&seq);
        Row {
            seq: seq.0,
            order_no: seq.order_no().0,
            shop: row.map_or(String::new(), |r| self.names.shop(r.shop_id).to_owned()),
            buyer: row.and_then(|r| r.head.as_ref()).map_or(String::new(), |h| h.buyer.clone()),
            why: reasons.iter().map(|r| (self.lang.reason(r), r.remedy.clone())).collect(),
            mend: mend(reasons, self.lang),
        }
    }
}

async fn body(
    desk: &Desk,
    visitor: &Visitor,
    shown: &Shown,
    preview: &Preview,
    remarks: Vec<String>,
) -> Result<PreviewBody, Refusal> {
    let lang = visitor.lang();
    let names = Names::read(desk).await?;
    let no: Vec<(OrderSeq, Vec<Reason>)> =
        preview.no.iter().take(SHOWN).map(|(s, r)| (*s, vec![r.clone()])).collect();
    let go: Vec<OrderSeq> = preview.go.iter().take(SHOWN).copied().collect();
    let mut wanted = go.clone();
    wanted.extend(no.iter().chain(preview.ask.iter().take(SHOWN)).map(|(s, _)| *s));
    let rows = desk.ledger().list_by_seqs(&visitor.access(), &wanted).await?;
    let rows = rows.into_iter().map(|r| (r.seq, r)).collect();
    let beside = Beside { rows, names: &names, lang };
    Ok(PreviewBody {
        lang,
        title: words::title(&shown.action, &names, lang),
        caution: words::caution(&shown.action, lang),
        ticket: shown.seal(desk)?,
        token: once::token()?,
        back: shown.back.clone(),
        chosen: grouped(i64::try_from(shown.items.len()).unwrap_or(i64::MAX)),
        go: preview.go.len(),
        go_text: grouped(i64::try_from(preview.go.len()).unwrap_or(i64::MAX)),
        no: preview.no.len(),
        ask: preview.ask.len(),
        go_rows: go.into_iter().map(|seq| beside.row(seq, &[])).collect(),
        no_rows: no.iter().map(|(seq, why)| beside.row(*seq, why)).collect(),
        ask_rows: preview.ask.iter().take(SHOWN).map(|(seq, why)| beside.row(*seq, why)).collect(),
        remarks,
        is_final: shown.action.is_final(),
    })
}

/// What a filled-in dialog would do.
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(filled): Fields<Filled>,
) -> Page {
    let picked = Picked::open(&desk, &visitor, &filled.s)?;
    of_picked(&desk, &visitor, &headers, &picked, &filled).await
}

/// Looks up what the fields name: the parent of a bundle.
async fn action(desk: &Desk, visitor: &Visitor, filled: &Filled) -> Result<BulkAction, Refusal> {
    if filled.what != "bundle" {
        return filled.action(desk.now().japan_date());
    }
    let number = filled.parent.trim();
    let found = desk.ledger().orders_by_number(&visitor.access(), number).await?;
    match found.as_slice() {
        [only] => Ok(BulkAction::Bundle { parent: only.seq }),
        [] => Err(Refusal::field("parent", "親にする受注が見つかりません", "there is no such order")),
        _ => Err(Refusal::field(
            "parent",
            "同じ注文番号の受注が複数あります。管理番号で入れてください",
            "is not one order",
        )),
    }
}

/// What something would do to the chosen orders. What can be taken back and raises no question is done at once.
pub(super) async fn of_picked(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    headers: &HeaderMap,
    picked: &Picked,
    filled: &Filled,
) -> Page {
    let action = action(desk, visitor, filled).await?;
    let mut remarks = Vec::new();
    let mut items: Vec<(OrderSeq, Option<Value>)> = picked.seqs.iter().map(|s| (*s, None)).collect();
    if action == (BulkAction::Parcels {}) {
        let lang = visitor.lang();
        let t = |(ja, en): &(String, String)| lang.t(ja, en).to_owned();
        let file = match carriers::read_pasted(&filled.pasted) {
            Ok(file) => file,
            Err(problem) => {
                let errors = vec![lang.t(&problem.ja, &problem.en).to_owned()];
                return choose::parcels(desk, visitor, headers, picked, filled, errors).await;
            }
        };
        let usual = Usual {
            carrier: (!filled.carrier.is_empty()).then(|| filled.carrier.as_str().into()),
            shipped_on: day("shipped_on", &filled.shipped_on, desk.now().japan_date())?,
        };
        let rows = picked.rows(desk, visitor).await?;
        let matched = pasted::matched(&file, &picked.seqs, &rows, &usual);
        if !matched.errors.is_empty() {
            let errors = matched.errors.iter().map(t).collect();
            return choose::parcels(desk, visitor, headers, picked, filled, errors).await;
        }
        remarks = matched.remarks.iter().map(t).collect();
        let json = |input| serde_json::to_value(input).map_err(|_| Refusal::inside());
        items = matched
            .items
            .into_iter()
            .map(|(seq, input)| Ok((seq, Some(json(input)?))))
            .collect::<Result<_, Refusal>>()?;
    }
    let preview = bulk::preview(&desk.hub, &visitor.rights, &action, &items).await??;
    let shown = Shown {
        user: visitor.user_id,
        items,
        go: preview.go.iter().copied().collect(),
        back: picked.back.clone(),
        action,
    };
    let plain = preview.no.is_empty() && preview.ask.is_empty() && !preview.go.is_empty();
    if plain && shown.action.is_undoable() && !filled.token.is_empty() {
        return begin(desk, visitor, headers, &shown, BTreeSet::new(), &filled.token).await;
    }
    let body = body(desk, visitor, &shown, &preview, remarks).await?;
    let title = body.title.clone();
    dialog(desk, visitor, headers, &title, &body, true).await
}

/// The form of a preview.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmed {
    s: String,
    token: String,
    #[serde(default)]
    sure: Vec<i64>,
}

/// 「296件だけ実行」.
pub(super) async fn execute(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(form): Fields<Confirmed>,
) -> Page {
    let shown = Shown::open(&desk, &visitor, &form.s)?;
    let sure = form.sure.into_iter().map(OrderSeq).collect();
    begin(&desk, &visitor, &headers, &shown, sure, &form.token).await
}

async fn begin(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    headers: &HeaderMap,
    shown: &Shown,
    sure: BTreeSet<OrderSeq>,
    token: &str,
) -> Page {
    // Only what was shown as to be done, and what was confirmed: the rest was declined.
    let items: Vec<_> =
        shown.items.iter().filter(|(seq, _)| shown.go.contains(seq) || sure.contains(seq)).cloned().collect();
    if items.is_empty() {
        return Err(Refusal::field("sure", "実行する受注がありません", "no order is left to do"));
    }
    let wanted = Wanted { action: shown.action.clone(), items, confirmed: sure };
    let request = format!("{:?}", (&wanted.action, &wanted.items, &wanted.confirmed));
    let key = match once::claim(desk, visitor, token, &request).await? {
        Turn::Again(place) => return once::again(headers, &place),
        Turn::First(key) => key,
    };
    let begun = bulk::begin(&desk.hub, &who(visitor), &wanted).await;
    let id = match begun {
        Ok(Ok(id)) => id,
        Ok(Err(reason)) => {
            once::answered(desk, &key, None).await?;
            return Err(reason.into());
        }
        Err(error) => {
            once::answered(desk, &key, None).await?;
            return Err(error.into());
        }
    };
    once::answered(desk, &key, Some(&format!("/orders/jobs/{id}"))).await?;
    let place = jobs::work(desk, visitor, id, &shown.back).await?;
    go_to(headers, &place)
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
    format!("{}\r\n", cells.join(","))
}

/// The whole preview as a file. It names no buyer.
pub(super) async fn csv(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(form): Fields<Confirmed>,
) -> Page {
    let shown = Shown::open(&desk, &visitor, &form.s)?;
    let lang = visitor.lang();
    let preview = bulk::preview(&desk.hub, &visitor.rights, &shown.action, &shown.items).await??;
    let seqs: Vec<OrderSeq> = shown.items.iter().map(|(seq, _)| *seq).collect();
    let access = store::Access { buyer_data: false, ..visitor.access() };
    let names = Names::read(&desk).await?;
    let rows: BTreeMap<OrderSeq, ListRow> =
        desk.ledger().list_by_seqs(&access, &seqs).await?.into_iter().map(|r| (r.seq, r)).collect();
    let mut text = String::from("\u{feff}");
    text.push_str(&match lang {
        Lang::Ja => line(&["判定", "管理番号", "受注番号", "店舗", "理由", "対処"]),
        Lang::En => line(&["verdict", "order", "mall order", "shop", "why", "remedy"]),
    });
    let mut add = |verdict: &str, seq: OrderSeq, reasons: &[Reason]| {
        let row = rows.get(&seq);
        let why: Vec<String> = reasons.iter().map(|r| lang.reason(r)).collect();
        let remedy: Vec<&str> = reasons.iter().map(|r| r.remedy.as_str()).filter(|r| !r.is_empty()).collect();
        text.push_str(&line(&[
            verdict,
            &seq.order_no().0,
            row.map_or("", |r| r.mall_order_id.as_str()),
            row.map_or("", |r| names.shop(r.shop_id)),
            &why.join(" / "),
            &remedy.join(" / "),
        ]));
    };
    for seq in &preview.go {
        add(lang.t("実行する", "go"), *seq, &[]);
    }
    for (seq, reason) in &preview.no {
        add(lang.t("対象外", "no"), *seq, std::slice::from_ref(reason));
    }
    for (seq, reasons) in &preview.ask {
        add(lang.t("確認が必要", "confirm"), *seq, reasons);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"preview.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_quotes_are_kept_f51() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("-1"), "\"'-1\"");
        assert_eq!(line(&["a", "b"]), "\"a\",\"b\"\r\n");
    }
}
