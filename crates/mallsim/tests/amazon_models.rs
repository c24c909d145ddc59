//! What the simulated Amazon answers, and what these tests send, against Amazon's own published models.
//!
//! The models come from Amazon's repository `selling-partner-api-models` (Apache-2.0) and are not part of this one.
//! `CHOBA_AMAZON_MODELS` names the folder that holds `models/`; without it they are looked for in
//! `../shared/fixtures/amazon-models` beside the checkout.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

#[path = "amazon/kit.rs"]
mod kit;

use std::path::PathBuf;

use kit::{ALL, Client, DAY, JP, MINUTE, calm, text};
use mallsim::{AmazonTrait, SimConfig};
use serde_json::{Value, json};

const ORDERS: &str = "models/orders-api-model/orders_2026-01-01.json";
const ORDERS_V0: &str = "models/orders-api-model/ordersV0.json";
const FEEDS: &str = "models/feeds-api-model/feeds_2021-06-30.json";
const SELLERS: &str = "models/sellers-api-model/sellers.json";

fn folder() -> PathBuf {
    if let Some(named) = std::env::var_os("CHOBA_AMAZON_MODELS") {
        return PathBuf::from(named);
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let beside = root.join("../shared/fixtures/amazon-models");
    assert!(
        beside.join(ORDERS).is_file(),
        "Amazon's models are not at {}: set CHOBA_AMAZON_MODELS to the folder that holds models/",
        beside.display()
    );
    beside
}

/// One published model (Swagger 2.0).
struct Model {
    root: Value,
    /// Its definitions with every object closed: a field the model does not know is a fault of ours.
    closed: Value,
}

/// Closes every object that names its properties.
fn close(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(close);
        map.entry("additionalProperties").or_insert(false.into());
    }
    for part in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(part) {
            close(inner);
        }
    }
}

impl Model {
    fn open(file: &str) -> Self {
        let path = folder().join(file);
        let bytes = std::fs::read(&path)
            .unwrap_or_else(|e| panic!("{}: {e}; CHOBA_AMAZON_MODELS names the folder", path.display()));
        let root: Value = serde_json::from_slice(&bytes).unwrap();
        let mut closed = root["definitions"].clone();
        closed.as_object_mut().unwrap().values_mut().for_each(close);
        Self { root, closed }
    }

    /// What is wrong with a value under a schema of this model; empty when nothing is.
    fn faults(definitions: &Value, schema: &Value, value: &Value) -> Vec<String> {
        // Swagger 2.0 schemas are JSON Schema draft 4; a `$ref` swallows its neighbours, so it goes into a list
        let whole = json!({ "allOf": [schema], "definitions": definitions });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }

    /// A value of ours: closed objects.
    fn check(&self, definition: &str, value: &Value) {
        assert!(self.closed.get(definition).is_some(), "{definition} is in the model");
        let schema = json!({ "$ref": format!("#/definitions/{definition}") });
        let faults = Self::faults(&self.closed, &schema, value);
        assert!(faults.is_empty(), "{definition}: {faults:#?}\n{value:#}");
    }

    fn operation(&self, path: &str, method: &str) -> &Value {
        let found = &self.root["paths"][path][method];
        assert!(found.is_object(), "{method} {path} is in the model");
        found
    }
}

/// Every order of a world, with all sections.
fn everything(c: &mut Client) -> Vec<Value> {
    let since = c.stamp(-90 * DAY);
    let query = format!("lastUpdatedAfter={since}&includedData={ALL}");
    let mut pages = vec![c.search(&query).value()];
    while let Some(token) = pages.last().unwrap()["pagination"]["nextToken"].as_str() {
        let token = kit::encode(token);
        pages.push(c.search(&format!("{query}&paginationToken={token}")).value());
    }
    pages
}

#[test]
fn every_page_of_a_living_world_is_a_search_orders_response() {
    let model = Model::open(ORDERS);
    let mut c =
        Client::new(SimConfig { orders_per_shop: 300, orders_over_ms: 9 * DAY, lived_share: 0.5, ..calm() });
    c.wait(MINUTE);
    for settings in [
        json!({"amazon":{}}),
        json!({"amazon":{"decimals":true,"show_tax":true,"negative_discounts":false,"pending_prices":false}}),
    ] {
        c.set(settings);
        let pages = everything(&mut c);
        assert_eq!(pages.len(), 3);
        for page in &pages {
            model.check("SearchOrdersResponse", page);
        }
    }
}

#[test]
fn every_trait_alone_in_every_status_is_a_get_order_response() {
    let model = Model::open(ORDERS);
    let mut c = Client::calm();
    let troubles: Vec<Value> = AmazonTrait::TROUBLES.iter().map(|t| json!(t)).collect();
    let traits = [
        "cod",
        "cod_partial",
        "cvs",
        "cvs_unpaid",
        "gift",
        "scheduled",
        "prime",
        "business",
        "multi_quantity",
        "discount",
        "shipping_discount",
        "points",
        "fba",
        "cancel_request",
        "city",
        "drop_off",
        "pickup_point",
        "replacement",
        "preorder",
        "ship_plus",
        "customized",
        "bad_sums",
        "no_fulfilled_by",
        "late_listed",
        "hostile",
    ];
    for name in traits {
        for status in
            ["PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"]
        {
            let number = c.add(json!({"traits":[name],"lines":2,"status":status})).remove(0);
            let answer = c.ok(&format!("/orders/2026-01-01/orders/{number}?includedData={ALL}"));
            model.check("GetOrderResponse", &answer);
        }
    }
    // those troubles that break the model do break it
    let breaking: Vec<&Value> = troubles.iter().filter(|t| !traits.contains(&t.as_str().unwrap())).collect();
    assert_eq!(breaking.len(), 3);
    for name in breaking {
        let number = c.add(json!({"traits":[name],"status":"UNSHIPPED"})).remove(0);
        let answer = c.ok(&format!("/orders/2026-01-01/orders/{number}?includedData={ALL}"));
        let schema = json!({"$ref":"#/definitions/GetOrderResponse"});
        assert!(!Model::faults(&model.closed, &schema, &answer).is_empty(), "{name}");
    }
}

#[test]
fn a_partly_shipped_order_and_what_was_sent_for_it_fit_the_models() {
    let (orders, v0) = (Model::open(ORDERS), Model::open(ORDERS_V0));
    let mut c = Client::calm();
    let number = c.ready(&["multi_quantity", "cod"]);
    let mut body = c.shipment(&number, "1", "000011112222");
    body["packageDetail"]["orderItems"][0]["quantity"] = 1.into();
    body["codCollectionMethod"] = "DirectPayment".into();
    v0.check("ConfirmShipmentRequest", &body);
    let reply = c.confirm(&number, &body);
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    for wait in [MINUTE, 3 * DAY] {
        c.sleep(wait);
        let answer = c.ok(&format!("/orders/2026-01-01/orders/{number}?includedData={ALL}"));
        assert_eq!(answer["order"]["packages"].as_array().unwrap().len(), 1);
        orders.check("GetOrderResponse", &answer);
    }
    body["packageDetail"]["packageReferenceId"] = 1.into();
    let schema = json!({"$ref":"#/definitions/ConfirmShipmentRequest"});
    assert_eq!(Model::faults(&v0.closed, &schema, &body).len(), 1, "a number is no reference");
    let refused = c.confirm(&number, &body);
    assert_eq!(refused.status, 400);
    v0.check("ConfirmShipmentErrorResponse", &refused.value());
}

#[test]
fn every_refusal_is_an_error_list() {
    let (orders, feeds, sellers) = (Model::open(ORDERS), Model::open(FEEDS), Model::open(SELLERS));
    let mut c = Client::calm();
    let since = c.stamp(-DAY);
    let good = format!("createdAfter={since}");
    let mut seen = Vec::new();
    let mut check = |reply: mallsim::Reply| {
        orders.check("ErrorList", &reply.value());
        feeds.check("ErrorList", &reply.value());
        sellers.check("GetMarketplaceParticipationsResponse", &reply.value());
        seen.push(reply.status);
    };
    check(c.search("createdAfter=x"));
    check(c.search(&format!("{good}&paginationToken=x")));
    check(c.get("/orders/2026-01-01/orders/990-0000000-0000000"));
    check(c.get("/orders/2026-01-01/nothing"));
    let plain = c.request("POST", "/feeds/2021-06-30/feeds").header("Content-Type", "text/plain").body("x");
    check(c.send(&plain));
    check(c.get("/feeds/2021-06-30/feeds/1"));
    for change in [
        json!({"quota": true}),
        json!({"quota": false, "internal_failure": 1}),
        json!({"restricted_role": "refused_always"}),
        json!({"auth_revoked": true}),
    ] {
        c.switch(change);
        check(c.search(&good));
    }
    assert_eq!(seen, [400, 400, 404, 403, 415, 404, 429, 500, 403, 403]);
}

#[test]
fn feeds_from_document_to_report_fit_the_model() {
    let model = Model::open(FEEDS);
    let mut c = Client::calm();
    let kind = json!({"contentType":"text/tab-separated-values; charset=UTF-8"});
    model.check("CreateFeedDocumentSpecification", &kind);
    let made = c.post("/feeds/2021-06-30/documents", &kind).value();
    model.check("CreateFeedDocumentResponse", &made);
    let put = c.storage("PUT", &text(&made["url"]), kind["contentType"].as_str(), b"order-id\n990\n");
    assert_eq!(put.status, 200);
    let body = json!({
        "feedType": "POST_FLAT_FILE_FULFILLMENT_DATA",
        "marketplaceIds": [JP],
        "inputFeedDocumentId": made["feedDocumentId"],
    });
    model.check("CreateFeedSpecification", &body);
    let sent = c.post("/feeds/2021-06-30/feeds", &body).value();
    model.check("CreateFeedResponse", &sent);
    let target = format!("/feeds/2021-06-30/feeds/{}", text(&sent["feedId"]));
    let mut states = Vec::new();
    for wait in [0, 30_000, MINUTE] {
        c.wait(wait);
        let feed = c.ok(&target);
        model.check("Feed", &feed);
        states.push(text(&feed["processingStatus"]));
        if let Some(id) = feed["resultFeedDocumentId"].as_str() {
            model.check("FeedDocument", &c.ok(&format!("/feeds/2021-06-30/documents/{id}")));
        }
    }
    assert_eq!(states, ["IN_QUEUE", "IN_PROGRESS", "DONE"]);
    c.set(json!({"amazon":{"report_gzip":true}}));
    let packed = c.feed("text/tab-separated-values", b"order-id\n990\n");
    c.wait(5 * MINUTE);
    let id = text(&c.ok(&format!("/feeds/2021-06-30/feeds/{packed}"))["resultFeedDocumentId"]);
    model.check("FeedDocument", &c.ok(&format!("/feeds/2021-06-30/documents/{id}")));
    for query in ["pageSize=1", "processingStatuses=DONE"] {
        let list =
            c.ok(&format!("/feeds/2021-06-30/feeds?feedTypes=POST_FLAT_FILE_FULFILLMENT_DATA&{query}"));
        model.check("GetFeedsResponse", &list);
    }
}

#[test]
fn sellers_answers_fit_the_model() {
    let model = Model::open(SELLERS);
    let mut c = Client::calm();
    for individual in [false, true] {
        c.switch(json!({ "individual_plan": individual }));
        model.check("GetMarketplaceParticipationsResponse", &c.ok("/sellers/v1/marketplaceParticipations"));
        model.check("GetAccountResponse", &c.ok("/sellers/v1/account"));
    }
}

/// Path, method and file of everything simulated, and how many samples the model has for it.
const OPERATIONS: [(&str, &str, &str, usize); 11] = [
    (ORDERS, "/orders/2026-01-01/orders", "get", 4),
    (ORDERS, "/orders/2026-01-01/orders/{orderId}", "get", 4),
    (ORDERS_V0, "/orders/v0/orders/{orderId}/shipmentConfirmation", "post", 2),
    (FEEDS, "/feeds/2021-06-30/feeds", "get", 2),
    (FEEDS, "/feeds/2021-06-30/feeds", "post", 2),
    (FEEDS, "/feeds/2021-06-30/feeds/{feedId}", "get", 2),
    (FEEDS, "/feeds/2021-06-30/feeds/{feedId}", "delete", 2),
    (FEEDS, "/feeds/2021-06-30/documents", "post", 2),
    (FEEDS, "/feeds/2021-06-30/documents/{feedDocumentId}", "get", 2),
    (SELLERS, "/sellers/v1/marketplaceParticipations", "get", 1),
    (SELLERS, "/sellers/v1/account", "get", 2),
];

#[test]
fn the_models_own_samples_fit_their_own_schemas_but_for_one() {
    let mut wrong = Vec::new();
    for (file, path, method, wanted) in OPERATIONS {
        let model = Model::open(file);
        let definitions = &model.root["definitions"];
        let operation = model.operation(path, method);
        let mut count = 0;
        for (status, response) in operation["responses"].as_object().unwrap() {
            let samples = response["x-amzn-api-sandbox"]["static"].as_array().cloned().unwrap_or_default();
            for sample in samples {
                count += 1;
                if response["schema"].is_object() {
                    let faults = Model::faults(definitions, &response["schema"], &sample["response"]);
                    wrong.extend(faults.into_iter().map(|f| format!("{method} {path} {status} {f}")));
                }
            }
        }
        assert_eq!(count, wanted, "samples of {method} {path}");
    }
    // Amazon's sample is older than Amazon's schema
    let sample = "get /sellers/v1/account 200 /payload/marketplaceParticipationList/0/marketplace:";
    let missing = ["defaultCurrencyCode", "defaultLanguageCode"];
    assert_eq!(wrong, missing.map(|name| format!("{sample} \"{name}\" is a required property")));
}

#[test]
fn the_models_own_requests_fit_where_they_succeed_and_only_there() {
    let (mut good, mut bad) = (0, 0);
    for (file, path, method, _) in OPERATIONS {
        let model = Model::open(file);
        let operation = model.operation(path, method);
        let body = operation["parameters"].as_array().into_iter().flatten().find(|p| p["in"] == "body");
        let Some(schema) = body.map(|b| &b["schema"]) else { continue };
        for (status, response) in operation["responses"].as_object().unwrap() {
            for sample in response["x-amzn-api-sandbox"]["static"].as_array().into_iter().flatten() {
                let sent = &sample["request"]["parameters"]["body"]["value"];
                let faults = Model::faults(&model.root["definitions"], schema, sent);
                if status.starts_with('2') {
                    assert!(faults.is_empty(), "{method} {path}: {faults:#?}");
                    good += 1;
                } else {
                    // a ship date 02/21/2022, a feed without a type, a document without a content type
                    assert_eq!((status.as_str(), faults.len()), ("400", 1), "{method} {path}: {faults:#?}");
                    bad += 1;
                }
            }
        }
    }
    assert_eq!((good, bad), (3, 3));
}

#[test]
fn the_models_own_bad_ship_date_gets_the_models_own_answer() {
    let model = Model::open(ORDERS_V0);
    let operation = model.operation(OPERATIONS[2].1, "post");
    let sample = &operation["responses"]["400"]["x-amzn-api-sandbox"]["static"][0];
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let mut body = c.shipment(&number, "1", "000011112222");
    body["packageDetail"]["shipDate"] =
        sample["request"]["parameters"]["body"]["value"]["packageDetail"]["shipDate"].clone();
    let answer = c.confirm(&number, &body).value();
    assert_eq!(answer["errors"][0]["code"], sample["response"]["errors"][0]["code"]);
    assert_eq!(answer["errors"][0]["message"], sample["response"]["errors"][0]["message"]);
}

#[test]
fn the_closed_schemas_find_what_the_model_does_not_know() {
    let model = Model::open(ORDERS);
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let mut answer = c.ok(&format!("/orders/2026-01-01/orders/{number}?includedData={ALL}"));
    let schema = json!({"$ref":"#/definitions/GetOrderResponse"});
    assert!(Model::faults(&model.closed, &schema, &answer).is_empty());
    answer["order"]["orderItems"][0]["proceeds"]["proceedsTotal"]["Amount"] = "1".into();
    assert_eq!(Model::faults(&model.closed, &schema, &answer).len(), 1, "a v0 name");
    answer["order"]["createdTime"] = "2026-11-02 09:00".into();
    assert_eq!(Model::faults(&model.closed, &schema, &answer).len(), 2, "formats are looked at");
}
