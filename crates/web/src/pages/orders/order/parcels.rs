//! 荷物, 出荷予定日, 配送便.

use super::sheet::{self, Field, Kind, Sheet};
use super::{Opened, find};
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use domain::rights::Menu;
use domain::{CarrierKey, ParcelId};
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::Arc;
use store::orders::ParcelChange;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let shipping = edit(Menu::Shipping);
    vec![
        get("/orders/{order_no}/sheet/parcel", shipping, parcel_sheet),
        post("/orders/{order_no}/parcels", shipping, set_parcel),
        post("/orders/{order_no}/parcels/drop", shipping, drop_parcel),
        get("/orders/{order_no}/sheet/plan", shipping, plan_sheet),
        post("/orders/{order_no}/plan", shipping, set_plan),
    ]
}

/// Longest number that is taken, characters.
const LONGEST_NUMBER: usize = 60;

/// Carriers for a select, with none.
pub(super) fn carriers(order: &Opened) -> Vec<(String, String)> {
    let none = (String::new(), String::new());
    let known = order.names.carriers.iter().map(|(k, n)| (k.clone(), n.clone()));
    std::iter::once(none).chain(known).collect()
}

/// A typed day, empty for none.
///
/// # Errors
/// Not a day.
pub(super) fn typed_day(field: &str, text: &str, today: Date) -> Result<Option<Date>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    japan::read_date(text, today)
        .map(Some)
        .map_err(|_| Refusal::field(field, "日付を読み取れません（例：2026-11-22、11/22）", "is not a date"))
}

/// A parcel as it was typed.
///
/// # Errors
/// Names the field.
pub(super) fn typed_parcel(
    order: &Opened,
    id: Option<i64>,
    recipient: &str,
    carrier: &str,
    number: &str,
    shipped_on: Option<Date>,
) -> Result<ParcelChange, Refusal> {
    if !carrier.is_empty() && !order.names.carriers.contains_key(carrier) {
        return Err(Refusal::field("carrier", "配送業者を選びなおしてください", "is not a carrier"));
    }
    if number.chars().count() > LONGEST_NUMBER {
        return Err(Refusal::field("number", "配送番号が長すぎます（60文字まで）", "is too long"));
    }
    Ok(ParcelChange {
        parcel_id: id.map(ParcelId),
        recipient_key: (!recipient.is_empty()).then(|| recipient.to_owned()),
        carrier: (!carrier.is_empty()).then(|| CarrierKey::from(carrier)),
        tracking_number: domain::tracking::normalise(number),
        shipped_on,
    })
}

/// Names of recipients for a select; their keys where names may not be seen.
pub(super) async fn recipients(desk: &Desk, order: &Opened) -> Result<Vec<(String, String)>, Refusal> {
    let rules = order.rules(desk).await?;
    let content = order.view.content.as_ref();
    let named = |key: &String| {
        let found = content.and_then(|c| c.recipients.iter().find(|r| &r.key == key));
        let name = found.map(|r| format!("{} {}", r.party.name(), r.party.prefecture.text()));
        (key.clone(), name.map_or_else(|| key.clone(), |n| format!("{n}（{key}）")))
    };
    Ok(rules.facts.recipient_keys.iter().map(named).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelQuery {
    id: Option<i64>,
}

async fn parcel_form(desk: &Desk, order: &Opened, id: Option<i64>, lang: Lang) -> Result<Sheet, Refusal> {
    let parcel = order.view.parcels.iter().find(|p| Some(p.parcel_id.0) == id);
    let title = match parcel {
        Some(_) => lang.t("荷物を修正", "Correct a parcel"),
        None => lang.t("荷物を登録", "Enter a parcel"),
    };
    let mut sheet = Sheet::of(order, title, "parcels").with_days(desk.now().japan_date(), lang);
    if let Some(parcel) = parcel {
        sheet.hidden.push(("id".to_owned(), parcel.parcel_id.to_string()));
        sheet.hidden.push(("was".to_owned(), parcel.version.to_string()));
    }
    let recipients = recipients(desk, order).await?;
    if recipients.len() > 1 {
        let now = parcel.map(|p| p.recipient_key.as_str()).unwrap_or_default();
        sheet.fields.push(Field::select("recipient", lang.t("お届け先", "Recipient"), now, recipients));
    }
    let carrier = parcel.and_then(|p| p.carrier.as_ref()).map(CarrierKey::as_str).unwrap_or_default();
    sheet.fields.push(Field::select("carrier", lang.t("配送業者", "Carrier"), carrier, carriers(order)));
    let number = parcel.map(|p| p.tracking_number.clone()).unwrap_or_default();
    sheet.fields.push(Field::new(Kind::Mono, "number", lang.t("配送番号", "Tracking number"), number));
    let date = parcel.and_then(|p| p.shipped_on).map(|d| d.to_string()).unwrap_or_default();
    sheet.fields.push(Field::new(Kind::Date, "date", lang.t("出荷日", "Ship date"), date));
    lang.t("保存する", "Save").clone_into(&mut sheet.submit);
    Ok(sheet)
}

async fn parcel_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<ParcelQuery>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if query.id.is_some_and(|id| order.view.parcels.iter().all(|p| p.parcel_id.0 != id)) {
        return Err(Refusal::not_found());
    }
    let sheet = parcel_form(&desk, &order, query.id, visitor.lang()).await?;
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelForm {
    id: Option<i64>,
    was: Option<i64>,
    #[serde(default)]
    recipient: String,
    #[serde(default)]
    carrier: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    date: String,
}

async fn set_parcel(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
    Fields(form): Fields<ParcelForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let there = order.view.parcels.iter().find(|p| Some(p.parcel_id.0) == form.id);
    if form.id.is_some() && there.map(|p| p.version) != form.was {
        return Err(Refusal::conflict());
    }
    let day = typed_day("date", &form.date, desk.now().japan_date());
    let change = match day {
        Ok(day) => typed_parcel(&order, form.id, &form.recipient, &form.carrier, &form.number, day),
        Err(refusal) => Err(refusal),
    };
    let refusal = match change {
        Err(refusal) => refusal,
        Ok(change) => {
            match desk.ledger().set_parcel(order.seq(), &change, &visitor.by(), desk.now()).await? {
                Ok(_) => {
                    desk.hub.wake();
                    return Ok(order.done("parcel"));
                }
                Err(reason) => reason.into(),
            }
        }
    };
    // What was typed stays, with what is wrong beside it.
    let lang = visitor.lang();
    let mut sheet = parcel_form(&desk, &order, form.id, lang).await?;
    for (name, typed) in [("carrier", &form.carrier), ("number", &form.number), ("date", &form.date)] {
        if let Some(field) = sheet.fields.iter_mut().find(|f| f.name == name) {
            field.value.clone_from(typed);
        }
    }
    match &refusal.field {
        Some(field) => sheet.wrong(&field.clone(), &lang.reason(&refusal.reason)),
        None => sheet.said.push(sheet::Said::no(&refusal.reason, lang)),
    }
    sheet::answer(&desk, &visitor, &headers, refusal.status, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropForm {
    id: i64,
}

async fn drop_parcel(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<DropForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let id = ParcelId(form.id);
    if desk.ledger().drop_parcel(order.seq(), id, &visitor.by(), desk.now()).await? {
        return Ok(order.done("parcel_gone"));
    }
    Err(match order.view.parcels.iter().any(|p| p.parcel_id == id) {
        true => domain::reason::notice_in_flight().into(),
        false => Refusal::not_found(),
    })
}

async fn plan_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let row = &order.view.row;
    let mut sheet = Sheet::of(&order, lang.t("出荷予定日・配送便", "Shipping plan"), "plan")
        .with_days(desk.now().japan_date(), lang);
    let methods = std::iter::once((String::new(), String::new()))
        .chain(order.names.methods.iter().map(|(k, n)| (k.clone(), n.clone())))
        .collect();
    sheet.hidden.push(("version".to_owned(), row.version.to_string()));
    let date = row.ship_on.clone().unwrap_or_default();
    sheet.fields.push(Field::new(Kind::Date, "date", lang.t("出荷予定日", "Ship on"), date));
    let now = row.shipping_method.as_deref().unwrap_or_default();
    sheet.fields.push(Field::select("method", lang.t("配送便", "Service"), now, methods));
    lang.t("保存する", "Save").clone_into(&mut sheet.submit);
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanForm {
    version: i64,
    date: String,
    method: String,
}

async fn set_plan(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<PlanForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    super::same_version(&order, form.version)?;
    let day = typed_day("date", &form.date, desk.now().japan_date())?;
    let method = (!form.method.is_empty()).then_some(form.method);
    if method.as_ref().is_some_and(|m| !order.names.methods.contains_key(m)) {
        return Err(Refusal::field("method", "配送便を選びなおしてください", "is not a delivery service"));
    }
    desk.ledger().set_plan(&[order.seq()], Some(day), Some(method), &visitor.by(), desk.now()).await?;
    Ok(order.done("saved"))
}
