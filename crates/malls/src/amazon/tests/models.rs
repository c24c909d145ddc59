//! Our requests against Amazon's own models, and Amazon's own samples against our mapping. The models are not part of
//! this repository: `CHOBA_AMAZON_MODELS` names their folder, by default `../shared/fixtures/amazon-models` beside it.

use super::fixtures::{NUMBER, full_order, plain};
use super::shipments::{body, outgoing, parcel, step};
use super::{Amazon, Script, answer, raw_answer, refused, settings, snapshot, time, with};
use domain::write::{SendMode, WriteKind};
use domain::{Amount, MallOrderId};
use mall_api::{CallDraft, Look, OrderSource, OrderWriter, Period, WireRequest};
use serde_json::{Value, json};
use std::path::PathBuf;

fn folder() -> PathBuf {
    std::env::var_os("CHOBA_AMAZON_MODELS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/amazon-models")),
        PathBuf::from,
    )
}

fn model(name: &str) -> Value {
    let path = folder().join("models").join(name);
    let text = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "Amazon's models are not at {} ({error}): set CHOBA_AMAZON_MODELS to their folder",
            path.display()
        )
    });
    serde_json::from_slice(&text).unwrap()
}

fn orders() -> Value {
    model("orders-api-model/orders_2026-01-01.json")
}

fn orders_v0() -> Value {
    model("orders-api-model/ordersV0.json")
}

fn feeds() -> Value {
    model("feeds-api-model/feeds_2021-06-30.json")
}

/// What a definition of the model says against a document. Members the model does not know count as faults too.
fn faults(model: &Value, definition: &str, document: &Value) -> Vec<String> {
    let mut definitions = model["definitions"].clone();
    for schema in definitions.as_object_mut().unwrap().values_mut() {
        if schema.get("properties").is_some() {
            schema["additionalProperties"] = json!(false);
        }
    }
    let schema = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "$ref": format!("#/definitions/{definition}"), "definitions": definitions,
    });
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What the model says against the query and path of a request.
fn query_faults(model: &Value, template: &str, request: &WireRequest) -> Vec<String> {
    let method = request.method.as_str().to_lowercase();
    let parameters = model["paths"][template][&method]["parameters"].as_array().unwrap();
    let mut faults = Vec::new();
    for (key, value) in &request.query {
        let Some(known) = parameters.iter().find(|p| p["in"] == "query" && p["name"] == json!(key)) else {
            faults.push(format!("{key} is unknown"));
            continue;
        };
        let mut schema = known.clone();
        for word in ["name", "in", "description", "required", "x-example"] {
            schema.as_object_mut().unwrap().remove(word);
        }
        let read = |text: &str, kind: &str| match kind {
            "integer" => text.parse::<i64>().map_or(json!(text), |n| json!(n)),
            _ => json!(text),
        };
        let typed = match known["type"].as_str().unwrap() {
            "array" => json!(value.split(',').map(|v| read(v, "string")).collect::<Vec<_>>()),
            kind => read(value, kind),
        };
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        faults.extend(validator.iter_errors(&typed).map(|error| format!("{key}: {error}")));
    }
    for required in parameters.iter().filter(|p| p["in"] == "query" && p["required"] == json!(true)) {
        if !request.query.iter().any(|(k, _)| required["name"] == json!(k)) {
            faults.push(format!("{} is missing", required["name"]));
        }
    }
    let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let same = |(a, b): (&String, &String)| a.starts_with('{') || a == b;
    let (ours, theirs) = (segments(&request.path), segments(template));
    if ours.len() != theirs.len() || !theirs.iter().zip(&ours).all(same) {
        faults.push(format!("path {}", request.path));
    }
    faults
}

fn confirm(order: &Value, pairs: &[(&str, &str)]) -> CallDraft {
    let sent = outgoing(step(1, NUMBER, parcel(41, "400000000010")), SendMode::Add, &snapshot(order));
    let draft = Amazon.build(WriteKind::ShipmentNotice, &[sent], &settings(pairs)).remove(0);
    let script = Script::new([]);
    with(&script, &[], async |s| Amazon.prepare(s, draft).await).unwrap()
}

#[test]
fn the_confirmation_fits_the_model_of_orders_v0() {
    let model = orders_v0();
    for draft in
        [confirm(&plain(NUMBER, "UNSHIPPED"), &[]), confirm(&full_order(), &[("ship_method", "宅急便")])]
    {
        assert_eq!(faults(&model, "ConfirmShipmentRequest", &body(&draft)), [] as [&str; 0]);
        let template = "/orders/v0/orders/{orderId}/shipmentConfirmation";
        assert_eq!(query_faults(&model, template, &draft.request), [] as [&str; 0]);
    }
    // The yardstick measures: what the mall is known to refuse is refused here.
    let mut wrong = body(&confirm(&plain(NUMBER, "UNSHIPPED"), &[]));
    wrong["packageDetail"]["packageReferenceId"] = json!(1);
    assert_eq!(faults(&model, "ConfirmShipmentRequest", &wrong).len(), 1);
    wrong["codCollectionMethod"] = json!("Cash");
    wrong["packageDetail"]["shipDate"] = json!("02/21/2022");
    wrong["packageDetail"]["unknownKey"] = json!(1);
    assert_eq!(faults(&model, "ConfirmShipmentRequest", &wrong).len(), 4);
}

#[test]
fn document_and_feed_fit_the_model_of_feeds() {
    let model = feeds();
    let sent =
        outgoing(step(1, NUMBER, parcel(41, "")), SendMode::Add, &snapshot(&plain(NUMBER, "UNSHIPPED")));
    let draft = Amazon.build(WriteKind::ShipmentNotice, &[sent], &settings(&[])).remove(0);
    assert!(!faults(&model, "CreateFeedSpecification", &body(&draft)).is_empty(), "no document yet");
    let document = json!({ "feedDocumentId": "d", "url": "https://x.amazonaws.com/d" });
    assert_eq!(faults(&model, "CreateFeedDocumentResponse", &document), [] as [&str; 0]);
    let script = Script::new([answer(201, &document), raw_answer(200, "", "")]);
    let draft = with(&script, &[], async |s| Amazon.prepare(s, draft).await).unwrap();
    assert_eq!(faults(&model, "CreateFeedDocumentSpecification", &script.body(0)), [] as [&str; 0]);
    assert_eq!(faults(&model, "CreateFeedSpecification", &body(&draft)), [] as [&str; 0]);
    let asked = Script::new([refused(404, "", "", ""), answer(200, &json!({ "feeds": [] }))]);
    with(&asked, &[], async |s| Amazon.result(s, &draft, "1").await);
    with(&asked, &[], async |s| Amazon.find_receipt(s, &draft, time("2026-11-22")).await).unwrap();
    let templates = ["/feeds/2021-06-30/feeds/{feedId}", "/feeds/2021-06-30/feeds"];
    for (request, template) in asked.asked().iter().zip(templates) {
        assert_eq!(query_faults(&model, template, request), [] as [&str; 0]);
    }
    for (request, template) in
        [(&script.asked()[0], "/feeds/2021-06-30/documents"), (&draft.request, templates[1])]
    {
        assert_eq!(query_faults(&model, template, request), [] as [&str; 0]);
    }
}

#[test]
fn the_questions_for_orders_fit_the_model_of_2026() {
    let model = orders();
    let script = Script::new([
        answer(200, &json!({ "orders": [], "pagination": { "nextToken": "t" } })),
        refused(404, "", "", ""),
    ]);
    for look in [Look::News, Look::Ordered] {
        let period = Period { from: time("2026-11-20"), to: time("2026-11-21") };
        let window = Amazon
            .windows(look, period, &["UNSHIPPED".to_owned(), "PENDING".to_owned()], super::now())
            .remove(0);
        let script = Script::new([answer(200, &json!({ "orders": [] }))]);
        with(&script, &[], async |s| Amazon.list(s, &window, None).await).unwrap();
        assert_eq!(query_faults(&model, "/orders/2026-01-01/orders", &script.asked()[0]), [] as [&str; 0]);
    }
    with(&script, &[], async |s| Amazon.fetch(s, &[MallOrderId::from(NUMBER)]).await).unwrap_err();
    let asked = &script.asked()[0];
    assert_eq!(query_faults(&model, "/orders/2026-01-01/orders/{orderId}", asked), [] as [&str; 0]);
    let mut wrong = asked.clone();
    wrong.query = vec![
        ("includedData".to_owned(), "BUYER,ADDRESS".to_owned()),
        ("orderIds".to_owned(), "1".to_owned()),
    ];
    assert_eq!(query_faults(&model, "/orders/2026-01-01/orders/{orderId}", &wrong).len(), 2);
}

#[test]
fn our_own_documents_fit_the_model_too() {
    let model = orders();
    for order in [full_order(), plain(NUMBER, "PENDING")] {
        assert_eq!(faults(&model, "Order", &order), [] as [&str; 0]);
    }
}

/// Every order of the static sandbox and of the examples.
fn samples(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Object(object) if object.contains_key("orderId") && object.contains_key("orderItems") => {
            out.push(value.clone());
        }
        Value::Object(object) => object.values().for_each(|v| samples(v, out)),
        Value::Array(list) => list.iter().for_each(|v| samples(v, out)),
        _ => {}
    }
}

#[test]
fn every_official_sample_is_read_and_no_word_of_it_is_unknown() {
    let model = orders();
    let mut found = Vec::new();
    samples(&model["paths"], &mut found);
    assert!(found.len() >= 6, "{} samples", found.len());
    for order in &found {
        let read = snapshot(order);
        assert_eq!(read.facts.unknown, [], "{}", read.mall_order_id);
        assert_eq!(read.content.lines.len(), order["orderItems"].as_array().unwrap().len());
    }
    // The one of Amazon.co.jp: sums in yen add up.
    let japan = found.iter().find(|o| o["orderId"] == "250-1234567-8901234").unwrap();
    let read = snapshot(japan);
    assert_eq!(read.content.amounts.requested.value().and_then(Amount::as_yen), Some(19_940));
    assert_eq!(domain::amount_check::check(&read.content).mismatches, []);
    assert_eq!(read.content.fulfillment, domain::snapshot::Fulfillment::Fba);
    assert_eq!(read.content.lines[1].points_granted, domain::Given::Value(140));
}

#[test]
fn the_official_pages_are_read_through_the_list() {
    let model = orders();
    let responses = &model["paths"]["/orders/2026-01-01/orders"]["get"]["responses"];
    let cases = responses["200"]["x-amzn-api-sandbox"]["static"].as_array().unwrap();
    let period = Period { from: time("2026-11-20"), to: time("2026-11-21") };
    let window = Amazon.windows(Look::News, period, &[], super::now()).remove(0);
    for case in cases {
        let script = Script::new([answer(200, &case["response"])]);
        let page = with(&script, &[], async |s| Amazon.list(s, &window, None).await).unwrap();
        assert_eq!((page.entries.len(), page.unreadable.len()), (1, 0));
        let more = !case["response"]["pagination"].is_null();
        assert_eq!(Amazon.next_page(&window, None, &page, None).is_some(), more);
    }
    let bad = &responses["400"]["x-amzn-api-sandbox"]["static"][0]["response"];
    let script = Script::new([answer(400, bad)]);
    assert!(with(&script, &[], async |s| Amazon.list(s, &window, None).await).is_err());
}
