//! confirmShipment (amazon.md 3): one parcel a call, answered at once. The same packageReferenceId again is an edit.

use super::codes::CarrierCode;
use super::descriptor::{marketplace, operation};
use super::errors::said;
use super::gate::{self, Said};
use super::text::{iso, ship_time};
use super::write::{FORMAT, all, contents, is_cod, parcel, ship_method, unclear};
use domain::UtcMillis;
use domain::reason;
use domain::time::HOUR;
use domain::write::{Outcome, SendMode, WriteKind};
use jiff::civil::{Date, Time};
use mall_api::outcome::of_mall_error;
use mall_api::{
    AnswerReading, CallDraft, MallError, MallErrorKind, Outgoing, Settings, WireAnswer, WireRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is remembered to finish the request and to read the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memo {
    /// packageReferenceId.
    pub(super) package: String,
    /// 出荷日: the moment is chosen just before sending.
    shipped_on: Option<Date>,
    /// 注文日時: it is never shipped before.
    ordered_at: i64,
}

impl Memo {
    /// Of a draft of this version, if it is one of ours.
    pub(super) fn of(draft: &CallDraft) -> Option<Self> {
        let ours = draft.format == FORMAT && draft.request.operation == operation::CONFIRM;
        ours.then(|| serde_json::from_value(draft.memo.clone()).ok()).flatten()
    }
}

/// The number of a new package: the parcel's own id, which no other parcel ever has, so that a repeat after an unclear
/// answer edits what the first one made. Where somebody else's package already has it, the next free one.
fn number(sent: &Outgoing, others: &[u64]) -> String {
    if let SendMode::Update { mall_ref } = &sent.mode {
        return mall_ref.clone();
    }
    let shipments = sent.order.iter().flat_map(|order| &order.facts.shipments);
    let taken: Vec<u64> = shipments.filter_map(|s| s.mall_ref.parse().ok()).collect();
    let own = parcel(&sent.step).and_then(|p| u64::try_from(p.parcel_id.0).ok()).filter(|id| *id > 0);
    let free = |number: &u64| !taken.contains(number) && !others.contains(number);
    match own.filter(|id| !taken.contains(id)) {
        Some(id) => id.to_string(),
        None => (1..=u64::MAX).find(free).unwrap_or(1).to_string(),
    }
}

/// One parcel.
pub(super) fn draft(sent: &Outgoing, others: &[u64], settings: &Settings) -> CallDraft {
    let package = number(sent, others);
    let wanted = parcel(&sent.step);
    let carrier = CarrierCode::parse(wanted.map_or("", |p| p.carrier_code.as_str()));
    let shipped_on = wanted.and_then(|p| p.shipped_on);
    let ordered_at = sent.order.as_deref().map_or(UtcMillis(0), |order| order.ordered_at);
    // Finished before the call, when the time is known; a draft that was not would say noon.
    let noon = shipped_on
        .and_then(|day| UtcMillis::from_japan(day.to_datetime(Time::midnight())))
        .map_or(UtcMillis(0), |midnight| midnight.plus(12 * HOUR).max(ordered_at));
    let items: Vec<Value> = contents(sent)
        .into_iter()
        .map(|line| json!({ "orderItemId": line.line_key, "quantity": line.quantity }))
        .collect();
    let mut detail = json!({
        "packageReferenceId": package,
        "carrierCode": carrier.code,
        "trackingNumber": wanted.map_or("", |p| p.tracking_number.as_str()),
        "shipDate": iso(noon),
        "orderItems": items,
    });
    put(&mut detail, "carrierName", &carrier.name);
    put(&mut detail, "shippingMethod", &ship_method(&carrier, settings));
    let mut body = json!({ "marketplaceId": marketplace(settings), "packageDetail": detail });
    put(&mut body, "codCollectionMethod", if is_cod(sent) { "DirectPayment" } else { "" });
    let path = format!(
        "/orders/v0/orders/{}/shipmentConfirmation",
        mall_api::wire::percent_encode(sent.step.mall_order_id.as_str())
    );
    let memo = Memo { package, shipped_on, ordered_at: ordered_at.0 };
    CallDraft {
        format: FORMAT,
        kind: WriteKind::ShipmentNotice,
        request: WireRequest::post_json(
            operation::CONFIRM,
            &path,
            "application/json",
            body.to_string().into_bytes(),
        ),
        items: vec![sent.step.step_id],
        memo: serde_json::to_value(&memo).unwrap_or_default(),
    }
}

fn put(object: &mut Value, key: &str, text: &str) {
    if let (Some(object), false) = (object.as_object_mut(), text.is_empty()) {
        object.insert(key.to_owned(), json!(text));
    }
}

/// Puts the moment of shipping in: noon of the day in Japan or a minute ago, whichever is earlier (3).
pub(super) fn finish(mut draft: CallDraft, memo: &Memo, now: UtcMillis) -> Result<CallDraft, MallError> {
    let Some(day) = memo.shipped_on else {
        return Err(MallError::new(MallErrorKind::Refused, reason::ship_date_blank()));
    };
    let Some(at) = ship_time(day, UtcMillis(memo.ordered_at), now) else {
        return Err(MallError::new(MallErrorKind::Refused, reason::ship_date_in_future(day)));
    };
    let mut body: Value = serde_json::from_slice(&draft.request.body).unwrap_or_default();
    if let Some(place) = body.pointer_mut("/packageDetail/shipDate") {
        *place = json!(iso(at));
    }
    draft.request.body = body.to_string().into_bytes();
    Ok(draft)
}

/// Reads the answer: 204 with nothing in it (3).
pub(super) fn read_answer(
    draft: &CallDraft,
    memo: &Memo,
    answer: &WireAnswer,
    now: UtcMillis,
) -> AnswerReading {
    let told = gate::first_error(answer);
    if matches!(answer.status, 400 | 422)
        && let Some(told) = &told
        && let Some(outcome) = refused(told)
    {
        return reading(draft, &outcome);
    }
    match gate::gate(answer) {
        // An error inside a success is neither.
        Ok(()) if told.is_some() => reading(draft, &unclear(reason::answer_unclear())),
        Ok(()) => {
            let mall_ref = Some(memo.package.clone());
            reading(draft, &Outcome::Applied { warnings: Vec::new(), mall_ref })
        }
        Err(error) => {
            let outcome = of_mall_error(&error, now);
            AnswerReading { outcomes: all(draft, &outcome), learnt: Vec::new(), failure: Some(error) }
        }
    }
}

fn reading(draft: &CallDraft, outcome: &Outcome) -> AnswerReading {
    AnswerReading { outcomes: all(draft, outcome), ..AnswerReading::default() }
}

/// What a 400 says of this parcel. `None`: it speaks of the access, not of the parcel.
fn refused(told: &Said) -> Option<Outcome> {
    let text = told.text.to_lowercase();
    let code = if text.contains("packagetoupdatenotfound") || text.contains("order already fulfilled") {
        // Perhaps our own first attempt: the packages are read and compared.
        return Some(unclear(said("AMAZON_PACKAGE_NOT_FOUND", &told.code, &told.text)));
    } else if text.contains("packagereferenceid") {
        "AMAZON_PACKAGE_REFERENCE"
    } else if text.contains("orderitemid is invalid") {
        "AMAZON_ORDER_ITEM"
    } else if text.contains("could not match input arguments") || text.contains("data elements") {
        return None;
    } else {
        "AMAZON_SHIPMENT_REFUSED"
    };
    Some(Outcome::Rejected { reason: said(code, &told.code, &told.text) })
}
