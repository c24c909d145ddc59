//! 分割: some of an order's goods go into a parcel of their own, and back.

use super::sheet::{self, Field, Kind, Said, Sheet};
use super::{Opened, find};
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, get, post};
use crate::fields::Fields;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use domain::order::Parcel;
use domain::rights::Menu;
use domain::snapshot::{Content, Line, ParcelLine};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let shipping = edit(Menu::Shipping);
    vec![
        get("/orders/{order_no}/sheet/split", shipping, split_sheet),
        post("/orders/{order_no}/split", shipping, split),
        post("/orders/{order_no}/unsplit", shipping, unsplit),
    ]
}

/// What a field of the form is named after the line whose units it takes.
const UNITS: &str = "units.";

fn title(line: &Line) -> String {
    let title = line.title.text();
    if title.is_empty() { line.key.clone() } else { title.chars().take(60).collect() }
}

/// 「りんご 2kg × 2、…」, for a parcel whose contents are said.
pub(super) fn contents(parcel: &Parcel, content: Option<&Content>) -> String {
    let named = |part: &ParcelLine| {
        let line = content.and_then(|c| c.lines.iter().find(|l| l.key == part.line_key));
        format!("{} × {}", line.map_or_else(|| part.line_key.clone(), title), part.quantity)
    };
    parcel.contents.iter().map(named).collect::<Vec<_>>().join("、")
}

/// What the first parcel holds of a line.
fn left(order: &Opened, line: &Line) -> i64 {
    let theirs = order.view.parcels.iter().filter(|p| p.recipient_key == line.recipient_key);
    match theirs.min_by_key(|p| p.parcel_id).filter(|p| !p.contents.is_empty()) {
        Some(first) => first.contents.iter().find(|c| c.line_key == line.key).map_or(0, |c| c.quantity),
        None => line.quantity.saturating_sub(line.cancelled_quantity).max(0),
    }
}

fn form(order: &Opened, typed: &BTreeMap<String, String>, lang: Lang) -> Sheet {
    let mut sheet = Sheet::of(order, lang.t("荷物を分ける（分割）", "Split into parcels"), "split");
    lang.t(
        "新しい荷物に入れる数を入力してください。残りは元の荷物に入ります。配送番号は、分けたあとで荷物ごとに入力します。",
        "Units that go into a new parcel. The rest stays. Tracking numbers are entered per parcel afterwards.",
    )
    .clone_into(&mut sheet.lead);
    let lines = order.view.content.iter().flat_map(|c| &c.lines);
    for (line, there) in lines.map(|l| (l, left(order, l))).filter(|(_, there)| *there > 0) {
        let name = format!("{UNITS}{}", line.key);
        let value = typed.get(&name).cloned().unwrap_or_default();
        let hint = match lang {
            Lang::Ja => format!("元の荷物に {there} 個"),
            Lang::En => format!("{there} in the first parcel"),
        };
        sheet.fields.push(Field::new(Kind::Number, &name, &title(line), value).hint(&hint));
    }
    lang.t("分ける", "Split").clone_into(&mut sheet.submit);
    sheet
}

async fn split_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let sheet = form(&order, &BTreeMap::new(), visitor.lang());
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

/// What was chosen; the first field that is no number as the error.
fn chosen(typed: &BTreeMap<String, String>) -> Result<Vec<ParcelLine>, Refusal> {
    let mut parts = Vec::new();
    for (name, text) in typed {
        let key = name.strip_prefix(UNITS);
        let key = key.ok_or_else(|| Refusal::field(name, "この項目はありません", "is unknown"))?;
        let quantity = match text.trim() {
            "" => 0,
            text => text.parse().map_err(|_| {
                Refusal::field(name, "数を半角の整数で入れてください", "is not a whole number")
            })?,
        };
        parts.push(ParcelLine { line_key: key.to_owned(), quantity });
    }
    Ok(parts)
}

async fn split(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
    Fields(pairs): Fields<Vec<(String, String)>>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let typed: BTreeMap<String, String> = pairs.into_iter().collect();
    let refusal = match chosen(&typed) {
        Ok(chosen) => {
            match desk.ledger().split_order(order.seq(), &chosen, &visitor.by(), desk.now()).await? {
                Ok(_) => return Ok(order.done("split")),
                Err(reason) => reason.into(),
            }
        }
        Err(refusal) => refusal,
    };
    let lang = visitor.lang();
    let mut sheet = form(&order, &typed, lang);
    match &refusal.field {
        Some(field) => sheet.wrong(&field.clone(), &lang.reason(&refusal.reason)),
        None => sheet.said.push(Said::no(&refusal.reason, lang)),
    }
    sheet::answer(&desk, &visitor, &headers, refusal.status, &sheet).await
}

async fn unsplit(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(number): Path<String>) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let taken_back = desk.ledger().unsplit_order(order.seq(), &visitor.by(), desk.now()).await?;
    taken_back.map_err(Refusal::from)?;
    Ok(order.done("unsplit"))
}
