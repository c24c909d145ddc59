//! confirmShipment (document 3).

use mallsim::Effect;
use serde_json::{Value, json};

use crate::kit::{Client, DAY, HOUR, MINUTE, error};

fn refused(c: &mut Client, number: &str, body: &Value) -> (String, String) {
    let reply = c.confirm(number, body);
    let (status, code, message, _) = error(&reply);
    assert_eq!(status, 400, "{}", reply.value());
    (code, message)
}

fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

#[test]
fn a_confirmation_is_204_empty_and_visible_after_the_lag() {
    let mut c = Client::calm();
    let number = c.ready(&["multi_quantity"]);
    let body = c.shipment(&number, "1", "000011112222");
    let reply = c.confirm(&number, &body);
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(reply.find_header("x-amzn-RateLimit-Limit"), Some("2.0"));
    let early = c.order(&number);
    assert_eq!(early["fulfillment"]["fulfillmentStatus"], "UNSHIPPED", "not at once");
    assert_eq!(early["packages"], json!([]));
    c.wait(MINUTE);
    let late = c.order(&number);
    assert_eq!(late["fulfillment"]["fulfillmentStatus"], "SHIPPED");
    assert_eq!(late["packages"][0]["trackingNumber"], "000011112222");
    assert_eq!(late["orderItems"][0]["fulfillment"]["quantityUnfulfilled"], 0);
    assert!(matches!(c.sim.effects().of(&number).iter().find(|e| e.call > 0).map(|e| &e.effect),
        Some(Effect::ShippingAdded { detail_id, .. }) if detail_id == "1"));
}

#[test]
fn the_package_reference_is_a_text_holding_a_positive_number() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let body = c.shipment(&number, "1", "000011112222");
    let at = "/packageDetail/packageReferenceId";
    let (_, message) = refused(&mut c, &number, &with(&body, at, json!(1)));
    assert!(
        message.ends_with("Please check the fields with invalid type [packageDetail.packageReferenceId]."),
        "{message}"
    );
    for bad in ["a", "0", "-1", "1.5", "１", " "] {
        let (code, message) = refused(&mut c, &number, &with(&body, at, json!(bad)));
        assert_eq!(code, "InvalidInput");
        assert!(message.contains("ackageReferenceId"), "{message}");
    }
    let mut without = body.clone();
    without["packageDetail"].as_object_mut().unwrap().remove("packageReferenceId");
    refused(&mut c, &number, &without);
    assert!(c.sim.effects().of(&number).iter().all(|e| e.call == 0), "nothing took effect");
}

#[test]
fn the_same_reference_edits_and_another_one_adds_a_package_f34() {
    let mut c = Client::calm();
    let number = c.ready(&["multi_quantity"]);
    let body = c.shipment(&number, "1", "000011112222");
    let one = with(&body, "/packageDetail/orderItems/0/quantity", json!(1));
    assert_eq!(c.confirm(&number, &one).status, 204);
    let edited = with(&one, "/packageDetail/trackingNumber", json!("000033334444"));
    assert_eq!(c.confirm(&number, &edited).status, 204);
    assert_eq!(c.confirm(&number, &edited).status, 204, "repeating is safe");
    assert_eq!((c.note("amazon_edit"), c.note("amazon_edit_without_change")), (1, 1));
    assert!(c.sim.duplicates().is_empty());
    c.wait(MINUTE);
    assert_eq!(c.status(&number), "PARTIALLY_SHIPPED");
    let second = with(&edited, "/packageDetail/packageReferenceId", json!("2"));
    assert_eq!(c.confirm(&number, &second).status, 204);
    assert_eq!(c.note("amazon_second_package_same_tracking"), 1);
    let found = c.sim.duplicates();
    assert_eq!((found.len(), found[0].count, found[0].number.as_str()), (1, 2, "000033334444"));
    c.wait(MINUTE);
    let references: Vec<Value> = c.order(&number)["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["packageReferenceId"].clone())
        .collect();
    assert_eq!(references, ["1", "2"]);
}

#[test]
fn quantities_add_up_over_packages() {
    let mut c = Client::calm();
    let number = c.ready(&["multi_quantity"]);
    c.edit(&number, json!({"units":{"line":0,"to":3}}));
    let body = c.shipment(&number, "1", "000000000001");
    let two = with(&body, "/packageDetail/orderItems/0/quantity", json!(2));
    assert_eq!(c.confirm(&number, &two).status, 204);
    let more = with(&two, "/packageDetail/packageReferenceId", json!("2"));
    refused(&mut c, &number, &more);
    refused(&mut c, &number, &with(&more, "/packageDetail/orderItems/0/quantity", json!(0)));
    let rest = with(&more, "/packageDetail/orderItems/0/quantity", json!(1));
    let rest = with(&rest, "/packageDetail/trackingNumber", json!("000000000002"));
    assert_eq!(c.confirm(&number, &rest).status, 204);
    c.wait(MINUTE);
    assert_eq!(c.status(&number), "SHIPPED");
    assert!(c.sim.duplicates().is_empty());
}

#[test]
fn a_new_package_for_a_complete_order_is_not_found() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let body = c.shipment(&number, "1", "000011112222");
    assert_eq!(c.confirm(&number, &body).status, 204);
    let again = with(&body, "/packageDetail/packageReferenceId", json!("2"));
    let (_, message) = refused(&mut c, &number, &again);
    assert!(message.contains("PackageToUpdateNotFound"));
    assert_eq!(c.note("amazon_repeated_notice"), 1);
    assert_eq!(c.confirm(&number, &body).status, 204, "an edit");
    c.set(json!({"amazon":{"edit_when_complete":false}}));
    let (_, message) = refused(&mut c, &number, &body);
    assert!(message.contains("PackageToUpdateNotFound"));
    assert!(c.sim.duplicates().is_empty());
}

#[test]
fn a_call_that_took_effect_without_an_answer_can_be_repeated_f26() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let body = c.shipment(&number, "1", "000011112222");
    c.sim
        .add_faults_json(json!({"operation":"confirmShipment","at":{"call":1},"action":"apply_then_timeout"}))
        .unwrap();
    let target = format!("/orders/v0/orders/{number}/shipmentConfirmation");
    let request =
        c.request("POST", &target).header("Content-Type", "application/json").body(body.to_string());
    assert!(c.sim.handle(&request, c.now).reply().is_none());
    assert_eq!(c.send(&request).status, 204);
    let added =
        c.sim.effects().of(&number).iter().filter(|e| matches!(e.effect, Effect::ShippingAdded { .. }));
    assert_eq!(added.count(), 1);
}

#[test]
fn traps_of_the_body_are_answered_as_recorded() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let body = c.shipment(&number, "1", "000011112222");
    let bare = with(&body, "/packageDetail/orderItems", body["packageDetail"]["orderItems"][0].clone());
    assert!(refused(&mut c, &number, &bare).1.starts_with("OrderItemId is invalid"));
    let id = body["packageDetail"]["orderItems"][0]["orderItemId"].as_str().unwrap().to_owned();
    assert!(id.starts_with('0'), "leading zeros");
    let short = with(&body, "/packageDetail/orderItems/0/orderItemId", json!(id.trim_start_matches('0')));
    assert!(refused(&mut c, &number, &short).1.starts_with("OrderItemId is invalid"));
    let slashed = with(&body, "/packageDetail/shipDate", json!("02/21/2022"));
    assert_eq!(refused(&mut c, &number, &slashed), ("Invalid Input".into(), "Invalid Input".into()));
    let ahead = with(&body, "/packageDetail/shipDate", json!(c.stamp(HOUR)));
    refused(&mut c, &number, &ahead);
    let before = with(&body, "/packageDetail/shipDate", json!(c.stamp(-3 * DAY)));
    refused(&mut c, &number, &before);
    let other = with(
        &with(&body, "/packageDetail/carrierCode", json!("Other")),
        "/packageDetail/carrierName",
        json!(""),
    );
    refused(&mut c, &number, &other);
    refused(&mut c, &number, &with(&body, "/packageDetail/carrierCode", json!("KURONEKO")));
    refused(&mut c, &number, &with(&body, "/packageDetail/trackingNumber", json!("")));
    refused(&mut c, &number, &with(&body, "/marketplaceId", json!("ATVPDKIKX0DER")));
    refused(&mut c, &number, &with(&body, "/packageDetail", json!([])));
    refused(&mut c, &number, &Value::Null);
    let mut cod = body.clone();
    cod["codCollectionMethod"] = "DirectPayment".into();
    refused(&mut c, &number, &cod);
    assert_eq!(c.confirm("990-9999999-9999999", &body).status, 404);
    let named = with(&other, "/packageDetail/carrierName", json!("架空運輸"));
    assert_eq!(c.confirm(&number, &named).status, 204);
    c.wait(MINUTE);
    assert_eq!(c.order(&number)["packages"][0]["carrier"], "架空運輸");
}

#[test]
fn direct_payment_is_for_cod_orders() {
    let mut c = Client::calm();
    let number = c.ready(&["cod"]);
    let mut body = c.shipment(&number, "1", "000011112222");
    body["codCollectionMethod"] = "DirectPayment".into();
    assert_eq!(c.confirm(&number, &body).status, 204);
    assert_eq!(
        c.order(&number)["orderItems"][0]["fulfillment"]["shipping"]["shippingConstraints"]["cashOnDelivery"],
        "MANDATORY"
    );
}

#[test]
fn orders_that_must_not_be_confirmed_are_refused_and_fba_notices_counted() {
    let mut c = Client::calm();
    for (traits, status) in
        [("fba", "UNSHIPPED"), ("ship_plus", "UNSHIPPED"), ("points", "PENDING"), ("points", "CANCELLED")]
    {
        let number = c.add(json!({"traits":[traits],"status":status})).remove(0);
        let body = c.shipment(&number, "1", "000011112222");
        refused(&mut c, &number, &body);
    }
    assert_eq!((c.note("amazon_fba_notice"), c.note("amazon_notice_for_cancelled")), (1, 1));
}

#[test]
fn no_body_makes_the_mall_fall_over_f57() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let body = c.shipment(&number, "1", "000011112222");
    let mut item = body["packageDetail"]["orderItems"][0].clone();
    item["quantity"] = i64::MAX.into();
    refused(&mut c, &number, &with(&body, "/packageDetail/orderItems", json!([item, item])));
    for date in ["9999-12-31T23:59:59Z", "-009999-01-02T00:00:00Z", "2026-11-02T00:00:00.999999999+25:59"] {
        refused(&mut c, &number, &with(&body, "/packageDetail/shipDate", json!(date)));
    }
    for bytes in [&b""[..], b"[", b"{}", b"\xff\xfe", b"{\"packageDetail\":null}", b"1e999"] {
        let request = c.request("POST", &format!("/orders/v0/orders/{number}/shipmentConfirmation"));
        let request = request.header("Content-Type", "application/json").body(bytes.to_vec());
        assert_eq!(c.send(&request).status, 400);
    }
    assert_eq!(c.status(&number), "UNSHIPPED");
}
