//! A client of Amazon for the tests: builds calls from the document, keeps its own time, knows nothing of the
//! simulator inside.
#![allow(dead_code, reason = "each test target uses a part")]

use std::collections::BTreeMap;

use mallsim::{Reply, Request, Settings, Sim, SimConfig};
use serde_json::{Value, json};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
pub const JP: &str = "A1VC38T7YXB528";
pub const AGENT: &str = "MihonClient/1.0 (Language=Rust/1.95; Platform=Linux)";
pub const ALL: &str = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS";

pub struct Client {
    pub sim: Sim,
    pub now: i64,
    pub shop: usize,
    pub token: String,
}

/// No buyer acts by himself, no speed limit, two sellers.
pub fn calm() -> SimConfig {
    let settings = Settings::default()
        .patched(&json!({"pace":{"enabled":false},"world":{"buyer_edit_share":0.0,"buyer_cancel_share":0.0}}))
        .unwrap();
    SimConfig { orders_per_shop: 0, rakuten_shops: 0, amazon_shops: 2, settings, ..SimConfig::default() }
}

/// A form body.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let safe = |v: &str| v.replace('%', "%25").replace('|', "%7C").replace('&', "%26").replace('+', "%2B");
    pairs.iter().map(|(k, v)| format!("{k}={}", safe(v))).collect::<Vec<_>>().join("&")
}

pub fn encode(text: &str) -> String {
    text.replace('%', "%25").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

impl Client {
    pub fn new(config: SimConfig) -> Self {
        let now = config.start_ms;
        let mut client = Self { sim: Sim::new(config), now, shop: 0, token: String::new() };
        client.login();
        client
    }

    pub fn calm() -> Self {
        Self::new(calm())
    }

    pub fn set(&mut self, patch: Value) {
        let new = self.sim.settings().patched(&patch).unwrap();
        self.sim.set_settings(new);
    }

    pub fn credentials(&self) -> BTreeMap<String, String> {
        let shops = self.sim.shops(self.now);
        shops[self.shop].credentials.clone()
    }

    pub fn seller(&self) -> String {
        self.credentials()["sellerId"].clone()
    }

    pub fn switch(&mut self, change: Value) -> Value {
        let seller = self.seller();
        self.sim.change_shop(&seller, &change, self.now).unwrap()
    }

    pub fn send(&mut self, request: &Request) -> Reply {
        let outcome = self.sim.handle(request, self.now);
        outcome.reply().expect("a whole answer").clone()
    }

    pub fn lwa(&mut self, pairs: &[(&str, &str)]) -> (u16, Value) {
        let request = Request::new("POST", "/auth/o2/token")
            .header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
            .body(form(pairs));
        let reply = self.send(&request);
        (reply.status, reply.value())
    }

    pub fn refresh(&mut self) -> (u16, Value) {
        let c = self.credentials();
        self.lwa(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &c["refresh_token"]),
            ("client_id", &c["client_id"]),
            ("client_secret", &c["client_secret"]),
        ])
    }

    pub fn login(&mut self) {
        let (status, body) = self.refresh();
        assert_eq!(status, 200, "{body}");
        self.token = body["access_token"].as_str().unwrap().to_owned();
    }

    pub fn request(&self, method: &str, target: &str) -> Request {
        Request::new(method, target).header("user-agent", AGENT).header("x-amz-access-token", &self.token)
    }

    pub fn get(&mut self, target: &str) -> Reply {
        self.send(&self.request("GET", target))
    }

    pub fn post(&mut self, target: &str, body: &Value) -> Reply {
        let request = self.request("POST", target);
        self.send(&request.header("Content-Type", "application/json").body(body.to_string()))
    }

    pub fn ok(&mut self, target: &str) -> Value {
        let reply = self.get(target);
        assert_eq!(reply.status, 200, "{}", reply.value());
        reply.value()
    }

    /// One page with these parameters beside the marketplace.
    pub fn search(&mut self, query: &str) -> Reply {
        self.get(&format!("/orders/2026-01-01/orders?marketplaceIds={JP}&{query}"))
    }

    /// The numbers of everything updated in the last days.
    pub fn updated(&mut self) -> Vec<String> {
        let since = self.stamp(-90 * DAY);
        let reply = self.search(&format!("lastUpdatedAfter={since}"));
        assert_eq!(reply.status, 200, "{}", reply.value());
        numbers(&reply.value())
    }

    pub fn order(&mut self, number: &str) -> Value {
        self.ok(&format!("/orders/2026-01-01/orders/{number}?includedData={ALL}"))["order"].clone()
    }

    pub fn status(&mut self, number: &str) -> String {
        text(&self.order(number)["fulfillment"]["fulfillmentStatus"])
    }

    pub fn add(&mut self, mut wanted: Value) -> Vec<String> {
        wanted["mall"] = "amazon".into();
        self.sim.add_orders(&wanted, self.now).unwrap()
    }

    /// One order of one line with exactly these traits, paid.
    pub fn ready(&mut self, traits: &[&str]) -> String {
        self.add(json!({"traits": traits, "lines": 1, "status": "UNSHIPPED"})).remove(0)
    }

    pub fn edit(&mut self, number: &str, edit: Value) {
        self.sim.edit_order(number, &edit, self.now).unwrap();
    }

    pub fn wait(&mut self, ms: i64) {
        self.now += ms;
    }

    /// Waits longer than a token lives.
    pub fn sleep(&mut self, ms: i64) {
        self.wait(ms);
        self.login();
    }

    /// The time `by` from now as a request writes it.
    pub fn stamp(&self, by: i64) -> String {
        jiff::Timestamp::from_millisecond(self.now + by).unwrap().to_string()
    }

    /// The body that confirms everything in one package.
    pub fn shipment(&mut self, number: &str, reference: &str, tracking: &str) -> Value {
        let order = self.order(number);
        let items = order["orderItems"].as_array().unwrap().iter();
        let items = items.map(|i| json!({"orderItemId":i["orderItemId"],"quantity":i["quantityOrdered"]}));
        json!({
            "marketplaceId": JP,
            "packageDetail": {
                "packageReferenceId": reference,
                "carrierCode": "YAMATO",
                "carrierName": "ヤマト運輸",
                "shippingMethod": "宅急便",
                "trackingNumber": tracking,
                "shipDate": self.stamp(-MINUTE),
                "orderItems": items.collect::<Vec<_>>(),
            }
        })
    }

    pub fn confirm(&mut self, number: &str, body: &Value) -> Reply {
        self.post(&format!("/orders/v0/orders/{number}/shipmentConfirmation"), body)
    }

    /// Uploads a file and sends it; gives the feed's id.
    pub fn feed(&mut self, kind: &str, bytes: &[u8]) -> String {
        let made = self.post("/feeds/2021-06-30/documents", &json!({"contentType": kind}));
        assert_eq!(made.status, 201, "{}", made.value());
        let made = made.value();
        let put = self.storage("PUT", &text(&made["url"]), Some(kind), bytes);
        assert_eq!(put.status, 200);
        let sent = self.post(
            "/feeds/2021-06-30/feeds",
            &json!({"feedType":"POST_FLAT_FILE_FULFILLMENT_DATA","marketplaceIds":[JP],
                    "inputFeedDocumentId":made["feedDocumentId"]}),
        );
        assert_eq!(sent.status, 202, "{}", sent.value());
        text(&sent.value()["feedId"])
    }

    /// A call of the storage behind an address.
    pub fn storage(&mut self, method: &str, url: &str, kind: Option<&str>, bytes: &[u8]) -> Reply {
        let target = url.strip_prefix("http://mallsim.invalid").expect("the host of a call without one");
        let mut request = Request::new(method, target).body(bytes.to_vec());
        if let Some(kind) = kind {
            request = request.header("Content-Type", kind);
        }
        self.send(&request)
    }

    /// Waits for a feed and gives it with its report.
    pub fn report(&mut self, feed: &str) -> (Value, String) {
        self.wait(5 * MINUTE);
        let done = self.ok(&format!("/feeds/2021-06-30/feeds/{feed}"));
        let Some(id) = done["resultFeedDocumentId"].as_str() else { return (done, String::new()) };
        let document = self.ok(&format!("/feeds/2021-06-30/documents/{id}"));
        let bytes = self.storage("GET", &text(&document["url"]), None, b"").body;
        let (decoded, _, bad) = encoding_rs::SHIFT_JIS.decode(&bytes);
        assert!(!bad, "the report is Shift_JIS");
        (done, decoded.into_owned())
    }

    pub fn note(&self, what: &str) -> u64 {
        self.sim.effects().counters().notes.get(what).copied().unwrap_or(0)
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

pub fn numbers(page: &Value) -> Vec<String> {
    page["orders"].as_array().unwrap().iter().map(|o| text(&o["orderId"])).collect()
}

/// Code, message and details of the first error.
pub fn error(reply: &Reply) -> (u16, String, String, String) {
    let first = &reply.value()["errors"][0];
    let part = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
    (reply.status, part("code"), part("message"), part("details"))
}
