//! Decisions from what stands there, one call a parcel, answers (3, traps 9–12; F26–F28, I3).

use super::fixtures::{ITEM_A, ITEM_B, NUMBER, full_order, item, package, plain, plain_with, put};
use super::{Amazon, Script, answer, at, now, raw_answer, refused, settings, snapshot, time, words};
use domain::snapshot::Snapshot;
use domain::write::{Outcome, ParcelLine, SendMode, Step, WantedParcel, WriteKind};
use domain::{ParcelId, StepId};
use jiff::civil::date;
use mall_api::{AnswerReading, CallDraft, Decision, MallErrorKind, OrderWriter, Outgoing, WireAnswer};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn parcel(id: i64, number: &str) -> WantedParcel {
    WantedParcel {
        parcel_id: ParcelId(id),
        version: 1,
        recipient_key: "1".into(),
        carrier_code: "YAMATO:ヤマト運輸".into(),
        tracking_number: number.into(),
        shipped_on: Some(date(2026, 11, 22)),
        mall_ref: None,
        contents: Vec::new(),
    }
}

pub(super) fn holding(mut parcel: WantedParcel, contents: &[(&str, i64)]) -> WantedParcel {
    let line =
        |(key, quantity): &(&str, i64)| ParcelLine { line_key: (*key).to_owned(), quantity: *quantity };
    parcel.contents = contents.iter().map(line).collect();
    parcel
}

pub(super) fn step(id: i64, order: &str, parcel: WantedParcel) -> Step {
    Step {
        step_id: StepId(id),
        kind: WriteKind::ShipmentNotice,
        mall_order_id: order.into(),
        parcel: Some(parcel),
        target: None,
    }
}

fn order(status: &str, packages: Value) -> Snapshot {
    snapshot(&plain_with(status, &[("/packages", packages)]))
}

fn decide_all(parcels: &[WantedParcel], order: &Snapshot) -> Vec<Decision> {
    let steps: Vec<Step> = parcels.iter().zip(1..).map(|(p, id)| step(id, NUMBER, p.clone())).collect();
    Amazon.decide(&steps, order)
}

fn decide(parcel: WantedParcel, order: &Snapshot) -> Decision {
    decide_all(&[parcel], order).remove(0)
}

const ADD: Decision = Decision::Send(SendMode::Add);

fn update(mall_ref: &str) -> Decision {
    Decision::Send(SendMode::Update { mall_ref: mall_ref.into() })
}

fn there(mall_ref: &str) -> Decision {
    Decision::AlreadyThere { mall_ref: Some(mall_ref.into()) }
}

fn said(decision: Decision) -> (&'static str, String) {
    match decision {
        Decision::NotNow { reason } => ("not_now", reason.code),
        Decision::Refuse { reason } => ("refuse", reason.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_stands_at_amazon_decides_add_edit_or_nothing_i3() {
    let open = order("UNSHIPPED", json!([]));
    assert_eq!(decide(parcel(9, "111"), &open), ADD);
    let shipped = order("SHIPPED", json!([package("3", "111", &[(ITEM_A, 2)])]));
    assert_eq!(decide(parcel(9, "111"), &shipped), there("3"));
    let own = |number: &str| WantedParcel { mall_ref: Some("3".into()), ..parcel(9, number) };
    assert_eq!(decide(own("111"), &shipped), there("3"));
    assert_eq!(decide(own("222"), &shipped), update("3"));
    // Our own package with another carrier or date is edited; somebody else's with our number is left as it is.
    let other = WantedParcel { carrier_code: "SAGAWA:佐川急便".into(), ..own("111") };
    assert_eq!(decide(other.clone(), &shipped), update("3"));
    assert_eq!(decide(WantedParcel { mall_ref: None, ..other }, &shipped), there("3"));
    let yesterday = WantedParcel { shipped_on: Some(date(2026, 11, 21)), ..own("111") };
    assert_eq!(decide(yesterday, &shipped), update("3"));
    // Not shown yet: an edit of the same number all the same.
    assert_eq!(decide(own("222"), &open), update("3"));
    // One record answers for one parcel.
    let twice = [holding(parcel(1, "111"), &[(ITEM_A, 1)]), holding(parcel(2, "111"), &[(ITEM_A, 1)])];
    let partly = order("PARTIALLY_SHIPPED", json!([package("1", "111", &[(ITEM_A, 1)])]));
    assert_eq!(decide_all(&twice, &partly), [there("1"), ADD]);
}

#[test]
fn a_parcel_sent_by_file_has_no_number_and_is_corrected_by_what_is_left_over() {
    let shipped = order("SHIPPED", json!([package("8412", "111", &[(ITEM_A, 2)])]));
    assert_eq!(decide(parcel(9, "222"), &shipped), update("8412"));
    let two =
        order("SHIPPED", json!([package("1", "111", &[(ITEM_A, 1)]), package("2", "333", &[(ITEM_A, 1)])]));
    assert_eq!(said(decide(parcel(9, "222"), &two)), ("refuse", "AMAZON_NOTHING_TO_SHIP".into()));
    let named = order("SHIPPED", json!([package("PKG-A", "111", &[(ITEM_A, 2)])]));
    assert_eq!(said(decide(parcel(9, "222"), &named)), ("refuse", "AMAZON_PACKAGE_NOT_EDITABLE".into()));
    assert_eq!(decide(parcel(9, "111"), &named), there("PKG-A"));
    let hidden = order("SHIPPED", json!([]));
    assert_eq!(said(decide(parcel(9, "111"), &hidden)), ("not_now", "AMAZON_PACKAGES_NOT_SHOWN".into()));
}

#[test]
fn fba_ship_plus_and_pending_are_refused_and_the_rest_waits_trap_7() {
    let of = |status: &str, changes: &[(&str, Value)]| {
        said(decide(parcel(1, "1"), &snapshot(&plain_with(status, changes))))
    };
    let refuse = |code: &str| ("refuse", code.to_owned());
    assert_eq!(
        of("UNSHIPPED", &[("/fulfillment/fulfilledBy", json!("AMAZON"))]),
        refuse("fba_is_not_notified")
    );
    assert_eq!(of("UNSHIPPED", &[("/programs", json!(["FBM_SHIP_PLUS"]))]), refuse("AMAZON_SHIP_PLUS"));
    assert_eq!(of("PENDING", &[]), refuse("AMAZON_PENDING"));
    assert_eq!(of("PENDING_AVAILABILITY", &[]), refuse("AMAZON_PENDING"));
    assert_eq!(of("CANCELLED", &[]), refuse("cancelled_at_mall"));
    let asked = json!({ "cancellationRequest": { "requester": "BUYER" } });
    assert_eq!(of("UNSHIPPED", &[("/orderItems/0/cancellation", asked)]), refuse("AMAZON_CANCEL_REQUESTED"));
    assert_eq!(of("ODD", &[]), ("not_now", "mall_status_unknown".to_owned()));
    assert_eq!(
        of("UNSHIPPED", &[("/fulfillment/fulfilledBy", json!(null))]),
        ("not_now", "mall_holds_order".to_owned())
    );
    let other = Step { kind: WriteKind::ConfirmOrder, parcel: None, ..step(1, NUMBER, parcel(1, "1")) };
    let open = order("UNSHIPPED", json!([]));
    assert_eq!(
        said(Amazon.decide(std::slice::from_ref(&other), &open).remove(0)),
        refuse("write_not_offered")
    );
    let none = Step { kind: WriteKind::ShipmentNotice, ..other };
    assert_eq!(said(Amazon.decide(&[none], &open).remove(0)), refuse("no_parcel"));
}

#[test]
fn parcels_amazon_cannot_take_are_refused_before_sending() {
    let open = order("UNSHIPPED", json!([]));
    let of = |change: fn(&mut WantedParcel)| {
        let mut wanted = parcel(1, "111");
        change(&mut wanted);
        said(decide(wanted, &open)).1
    };
    assert_eq!(of(|p| p.shipped_on = None), "ship_date_blank");
    assert_eq!(of(|p| p.carrier_code.clear()), "carrier_blank");
    assert_eq!(of(|p| p.carrier_code = "Other".into()), "AMAZON_CARRIER_NAME_MISSING");
    assert_eq!(of(|p| p.tracking_number = "1\t2".into()), "AMAZON_UNSENDABLE_TEXT");
    // A blank number goes by file.
    assert_eq!(decide(parcel(1, ""), &open), ADD);
}

#[test]
fn several_parcels_must_say_what_they_hold_and_not_more_than_was_ordered_trap_9() {
    let mut two_items = plain(NUMBER, "UNSHIPPED");
    put(&mut two_items, "/orderItems/1", Some(item(ITEM_B, 1, "500")));
    let order = snapshot(&two_items);
    let codes = |parcels: &[WantedParcel]| -> Vec<String> {
        let word = |d: Decision| if d == ADD { "add".to_owned() } else { said(d).1 };
        decide_all(parcels, &order).into_iter().map(word).collect()
    };
    let p = |id: i64, contents: &[(&str, i64)]| holding(parcel(id, &id.to_string()), contents);
    assert_eq!(codes(&[p(1, &[])]), ["add"]);
    assert_eq!(codes(&[p(1, &[]), p(2, &[(ITEM_B, 1)])]), ["AMAZON_CONTENTS_NEEDED", "add"]);
    assert_eq!(codes(&[p(1, &[(ITEM_A, 2)]), p(2, &[(ITEM_B, 1)])]), ["add", "add"]);
    assert_eq!(codes(&[p(1, &[(ITEM_A, 2)]), p(2, &[(ITEM_A, 1)])]), ["add", "AMAZON_TOO_MANY_UNITS"]);
    assert_eq!(codes(&[p(1, &[("9", 1)])]), ["AMAZON_CONTENTS_WRONG"]);
    assert_eq!(codes(&[p(1, &[(ITEM_A, 0)])]), ["AMAZON_CONTENTS_WRONG"]);
    assert_eq!(codes(&[p(1, &[(ITEM_A, i64::MAX), (ITEM_A, i64::MAX)])]), ["AMAZON_TOO_MANY_UNITS"]);
}

pub(super) fn outgoing(step: Step, mode: SendMode, order: &Snapshot) -> Outgoing {
    Outgoing { step, mode, order: Some(Arc::new(order.clone())) }
}

fn build(sent: &[Outgoing], pairs: &[(&str, &str)]) -> Vec<CallDraft> {
    Amazon.build(WriteKind::ShipmentNotice, sent, &settings(pairs))
}

fn one(parcel: WantedParcel, mode: SendMode, order: &Snapshot, pairs: &[(&str, &str)]) -> CallDraft {
    build(&[outgoing(step(1, NUMBER, parcel), mode, order)], pairs).remove(0)
}

pub(super) fn body(draft: &CallDraft) -> Value {
    serde_json::from_slice(&draft.request.body).unwrap()
}

#[test]
fn a_parcel_of_a_whole_order_carries_every_item_with_its_open_units() {
    let draft = one(
        parcel(41, "400000000010"),
        SendMode::Add,
        &order("UNSHIPPED", json!([])),
        &[("ship_method", "宅急便")],
    );
    assert_eq!(draft.request.path, format!("/orders/v0/orders/{NUMBER}/shipmentConfirmation"));
    assert_eq!(draft.request.operation, "confirmShipment");
    assert_eq!(
        body(&draft),
        json!({
            "marketplaceId": "A1VC38T7YXB528",
            "packageDetail": {
                "packageReferenceId": "41", "carrierCode": "YAMATO", "carrierName": "ヤマト運輸",
                "shippingMethod": "宅急便", "trackingNumber": "400000000010",
                "shipDate": "2026-11-22T03:00:00Z",
                "orderItems": [{ "orderItemId": ITEM_A, "quantity": 2 }],
            },
        })
    );
    // Cancelled and shipped units are left out; paid at the door says so.
    let rest = body(&one(parcel(41, "1"), SendMode::Add, &snapshot(&full_order()), &[]));
    assert_eq!(rest["packageDetail"]["orderItems"], json!([{ "orderItemId": ITEM_A, "quantity": 1 }]));
    assert_eq!(rest["codCollectionMethod"], "DirectPayment");
    assert!(rest["packageDetail"].get("shippingMethod").is_none());
    let method =
        WantedParcel { carrier_code: "YAMATO:ヤマト運輸:クール宅急便".into(), ..parcel(41, "1") };
    let method =
        body(&one(method, SendMode::Add, &order("UNSHIPPED", json!([])), &[("ship_method", "宅急便")]));
    assert_eq!(method["packageDetail"]["shippingMethod"], "クール宅急便");
}

#[test]
fn an_edit_keeps_number_and_contents_of_the_package() {
    let shipped =
        order("SHIPPED", json!([package("7", "111", &[(ITEM_A, 1)]), package("8", "333", &[(ITEM_A, 1)])]));
    let mode = SendMode::Update { mall_ref: "7".into() };
    let edit = body(&one(parcel(41, "222"), mode, &shipped, &[]));
    assert_eq!(edit["packageDetail"]["packageReferenceId"], "7");
    assert_eq!(edit["packageDetail"]["orderItems"], json!([{ "orderItemId": ITEM_A, "quantity": 1 }]));
    assert_eq!(edit["packageDetail"]["trackingNumber"], "222");
}

#[test]
fn each_parcel_has_a_number_of_its_own_that_nobody_else_uses_trap_9() {
    let open = order("UNSHIPPED", json!([]));
    let sent = [1, 2].map(|id| {
        let parcel = holding(parcel(id, &id.to_string()), &[(ITEM_A, 1)]);
        outgoing(step(id, NUMBER, parcel), SendMode::Add, &open)
    });
    let numbers: Vec<Value> =
        build(&sent, &[]).iter().map(|d| body(d)["packageDetail"]["packageReferenceId"].clone()).collect();
    assert_eq!(numbers, ["1", "2"]);
    // Somebody at セラーセントラル used 1 already: never overwritten, and not the sibling's either.
    let taken = order("PARTIALLY_SHIPPED", json!([package("1", "999", &[(ITEM_A, 1)])]));
    let sent = [1, 2].map(|id| {
        let parcel = holding(parcel(id, &id.to_string()), &[(ITEM_A, 1)]);
        outgoing(step(id, NUMBER, parcel), SendMode::Add, &taken)
    });
    let numbers: Vec<Value> =
        build(&sent, &[]).iter().map(|d| body(d)["packageDetail"]["packageReferenceId"].clone()).collect();
    assert_eq!(numbers, ["3", "2"]);
    // The same parcel after an unclear answer: the same number, an edit of what may be there.
    let again = build(&[outgoing(step(9, NUMBER, parcel(2, "2")), SendMode::Add, &open)], &[]);
    assert_eq!(body(&again[0])["packageDetail"]["packageReferenceId"], "2");
    assert!(
        body(&again[0])["packageDetail"]["packageReferenceId"].is_string(),
        "a number is refused since 2026-01"
    );
}

fn ship_date(day: jiff::civil::Date, now: &str) -> Result<String, String> {
    let wanted = WantedParcel { shipped_on: Some(day), ..parcel(1, "1") };
    let draft = one(wanted, SendMode::Add, &order("UNSHIPPED", json!([])), &[]);
    let script = Script::new([]);
    let done = at(&script, &[], time(now), async |s| Amazon.prepare(s, draft.clone()).await);
    assert!(script.asked().is_empty());
    match done {
        Ok(draft) => Ok(body(&draft)["packageDetail"]["shipDate"].as_str().unwrap().to_owned()),
        Err(error) => {
            assert_eq!(error.kind, MallErrorKind::Refused);
            Err(error.reason.code.clone())
        }
    }
}

#[test]
fn the_moment_of_shipping_is_noon_or_a_minute_ago_and_never_before_the_order_3() {
    let day = date(2026, 11, 22);
    assert_eq!(ship_date(day, "2026-11-22 18:00").unwrap(), "2026-11-22T03:00:00Z");
    assert_eq!(ship_date(day, "2026-11-22 09:00").unwrap(), "2026-11-21T23:59:00Z");
    // The order came at 12:00 of the 21st in Japan.
    assert_eq!(ship_date(date(2026, 11, 20), "2026-11-22 18:00").unwrap(), "2026-11-21T03:00:00Z");
    assert_eq!(ship_date(date(2026, 11, 23), "2026-11-22 23:59").unwrap_err(), "ship_date_in_future");
    assert_eq!(ship_date(date(2026, 11, 23), "2026-11-23 00:01").unwrap(), "2026-11-22T15:00:00Z");
}

fn read(answer: &WireAnswer) -> AnswerReading {
    let draft = one(parcel(41, "1"), SendMode::Add, &order("UNSHIPPED", json!([])), &[]);
    Amazon.read_answer(&draft, answer, now())
}

fn outcome(answer: &WireAnswer) -> (&'static str, String) {
    let mut words = words(&read(answer).outcomes);
    assert_eq!(words.len(), 1);
    let (_, word, what) = words.remove(0);
    (word, what)
}

#[test]
fn a_204_is_done_under_the_number_that_was_sent() {
    assert_eq!(outcome(&raw_answer(204, "", "")), ("applied", "41".into()));
    let odd = answer(200, &json!({ "errors": [{ "code": "x", "message": "y" }] }));
    assert_eq!(outcome(&odd), ("unknown", "answer_unclear".into()));
    assert_eq!(outcome(&raw_answer(200, "text/html", "<html>login</html>")).0, "unknown");
}

#[test]
fn refusals_of_the_parcel_are_told_from_what_must_be_read_back_f26() {
    let of = |message: &str| outcome(&refused(400, "InvalidInput", message, ""));
    let not_found = "Failed to create package due to not finding a matching package or order already fulfilled. ErrorMessage(errorCode=GeneralError, errorMetric=PackageToUpdateNotFound)";
    assert_eq!(of(not_found), ("unknown", "AMAZON_PACKAGE_NOT_FOUND".into()));
    assert_eq!(
        of("PackageReferenceId: is invalid, must be a positive numeric value."),
        ("rejected", "AMAZON_PACKAGE_REFERENCE".into())
    );
    assert_eq!(
        of(
            "OrderItemId is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
        ),
        ("rejected", "AMAZON_ORDER_ITEM".into())
    );
    assert_eq!(
        outcome(&refused(400, "Invalid Input", "Invalid Input", "")),
        ("rejected", "AMAZON_SHIPMENT_REFUSED".into())
    );
    let reading = read(&refused(400, "Invalid Input", "Invalid Input", ""));
    assert!(reading.failure.is_none(), "the parcel's fault, not the shop's");
    assert_eq!(outcome(&refused(404, "NotFound", "", "")), ("rejected", "AMAZON_NOT_FOUND".into()));
}

#[test]
fn what_certainly_did_not_arrive_waits_and_what_may_have_is_read_back_f27() {
    for (answer, word, kind) in [
        (
            refused(429, "QuotaExceeded", "", ""),
            "deferred",
            MallErrorKind::RateLimited { retry_after_ms: None },
        ),
        (refused(401, "", "", ""), "deferred", MallErrorKind::Credential),
        (refused(403, "Unauthorized", "denied", ""), "deferred", MallErrorKind::NotAllowed),
        (refused(500, "InternalFailure", "", ""), "unknown", MallErrorKind::Unavailable),
        (refused(503, "ServiceUnavailable", "", ""), "unknown", MallErrorKind::Unavailable),
        (raw_answer(302, "", ""), "unknown", MallErrorKind::Unreadable),
    ] {
        let reading = read(&answer);
        assert_eq!((outcome(&answer).0, reading.failure.unwrap().kind), (word, kind));
    }
}

#[test]
fn a_draft_of_another_version_is_read_back_not_guessed() {
    let mut draft = one(parcel(41, "1"), SendMode::Add, &order("UNSHIPPED", json!([])), &[]);
    draft.format = 2;
    let reading = Amazon.read_answer(&draft, &raw_answer(204, "", ""), now());
    assert!(matches!(reading.outcomes[0].1, Outcome::Unknown { .. }));
    assert_eq!(Amazon.build(WriteKind::MallStatus, &[], &settings(&[])), []);
}

#[test]
fn doing_what_was_decided_leaves_nothing_to_send_i3() {
    let mut raw = plain(NUMBER, "UNSHIPPED");
    let parcels = [holding(parcel(1, "111"), &[(ITEM_A, 1)]), holding(parcel(2, "222"), &[(ITEM_A, 1)])];
    let before = snapshot(&raw);
    assert_eq!(decide_all(&parcels, &before), [ADD, ADD]);
    let sent: Vec<Outgoing> = parcels
        .iter()
        .zip(1..)
        .map(|(p, id)| outgoing(step(id, NUMBER, p.clone()), SendMode::Add, &before))
        .collect();
    let stands: Vec<Value> = build(&sent, &[])
        .iter()
        .map(|draft| {
            let detail = &body(draft)["packageDetail"];
            let text = |key: &str| detail[key].as_str().unwrap().to_owned();
            package(&text("packageReferenceId"), &text("trackingNumber"), &[(ITEM_A, 1)])
        })
        .collect();
    put(&mut raw, "/packages", Some(json!(stands)));
    put(&mut raw, "/fulfillment/fulfillmentStatus", Some(json!("SHIPPED")));
    assert_eq!(decide_all(&parcels, &snapshot(&raw)), [there("1"), there("2")]);
}
