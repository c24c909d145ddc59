//! A client for the tests: builds calls from the document, keeps its own time, knows nothing of the simulator inside.
#![allow(dead_code, reason = "each test file uses a part")]

use base64::Engine as _;
use mallsim::{Outcome, Reply, Request, Settings, Sim, SimConfig};
use serde_json::{Value, json};

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

pub struct Client {
    pub sim: Sim,
    pub now: i64,
    pub shop: usize,
}

/// No buyer acts by himself, no speed limit.
pub fn calm() -> SimConfig {
    let settings = Settings::default()
        .patched(&json!({"pace":{"enabled":false},"world":{"buyer_edit_share":0.0,"buyer_cancel_share":0.0}}))
        .unwrap();
    SimConfig { orders_per_shop: 0, rakuten_shops: 2, settings, ..SimConfig::default() }
}

impl Client {
    pub fn new(config: SimConfig) -> Self {
        let now = config.start_ms;
        Self { sim: Sim::new(config), now, shop: 0 }
    }

    pub fn calm() -> Self {
        Self::new(calm())
    }

    pub fn set(&mut self, patch: Value) {
        let new = self.sim.settings().patched(&patch).unwrap();
        self.sim.set_settings(new);
    }

    pub fn authorization(&self) -> String {
        let shops = self.sim.shops(self.now);
        let c = &shops[self.shop].credentials;
        esa(&c["serviceSecret"], &c["licenseKey"])
    }

    pub fn request(&self, function: &str, body: &Value) -> Request {
        Request::new("POST", &format!("/es/2.0/order/{function}/"))
            .header("Authorization", &self.authorization())
            .header("Content-Type", "application/json; charset=utf-8")
            .body(body.to_string())
    }

    pub fn raw(&mut self, function: &str, body: &Value) -> Outcome {
        let request = self.request(function, body);
        self.sim.handle(&request, self.now)
    }

    pub fn reply(&mut self, function: &str, body: &Value) -> Reply {
        self.raw(function, body).reply().expect("a whole answer").clone()
    }

    pub fn call(&mut self, function: &str, body: Value) -> (u16, Value) {
        let reply = self.reply(function, &body);
        (reply.status, reply.value())
    }

    pub fn ok(&mut self, function: &str, body: Value) -> Value {
        let (status, value) = self.call(function, body);
        assert_eq!(status, 200, "{value}");
        value
    }

    pub fn sim(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::new(method, path).body(body.to_string());
        let outcome = self.sim.handle(&request, self.now);
        let reply = outcome.reply().unwrap().clone();
        (reply.status, reply.value())
    }

    pub fn faults(&mut self, plan: Value) {
        self.sim.add_faults_json(plan).unwrap();
    }

    pub fn add(&mut self, wanted: Value) -> Vec<String> {
        self.sim.add_orders(&wanted, self.now).unwrap()
    }

    /// One order with exactly these traits.
    pub fn order(&mut self, traits: &[&str]) -> String {
        self.add(json!({"traits": traits})).remove(0)
    }

    /// One order in 300.
    pub fn ready(&mut self, traits: &[&str]) -> String {
        self.add(json!({"traits": traits, "status": 300})).remove(0)
    }

    pub fn get(&mut self, number: &str) -> Value {
        let all = self.ok("getOrder", json!({"orderNumberList":[number],"version":10}));
        all["OrderModelList"][0].clone()
    }

    pub fn progress(&mut self, number: &str) -> i64 {
        self.get(number)["orderProgress"].as_i64().unwrap()
    }

    pub fn edit(&mut self, number: &str, edit: Value) {
        self.sim.edit_order(number, &edit, self.now).unwrap();
    }

    pub fn wait(&mut self, ms: i64) {
        self.now += ms;
    }

    pub fn search(&mut self, more: Value) -> (u16, Value) {
        let (start, end) = (self.stamp(-7 * DAY), self.stamp(0));
        let mut body = json!({"dateType":1,"startDatetime":start,"endDatetime":end});
        for (k, v) in more.as_object().unwrap() {
            body[k] = v.clone();
        }
        self.call("searchOrder", body)
    }

    /// The time `by` from now as a request writes it.
    pub fn stamp(&self, by: i64) -> String {
        let at = jiff::Timestamp::from_millisecond(self.now + by).unwrap();
        let jst = jiff::tz::Offset::constant(9).to_datetime(at);
        format!("{}+0900", jst.strftime("%Y-%m-%dT%H:%M:%S"))
    }

    /// The complete report of one record for the first basket.
    pub fn report(&mut self, number: &str, record: Value) -> Value {
        let basket = self.get(number)["PackageModelList"][0]["basketId"].clone();
        json!({"orderNumber":number,"BasketidModelList":[{"basketId":basket,"ShippingModelList":[record]}]})
    }
}

pub fn esa(secret: &str, key: &str) -> String {
    format!("ESA {}", base64::engine::general_purpose::STANDARD.encode(format!("{secret}:{key}")))
}

pub fn full_record() -> Value {
    json!({"deliveryCompany":"1001","shippingNumber":"000011112222","shippingDate":"2026-11-02"})
}

/// The codes of `MessageModelList` without their common beginning.
pub fn codes(value: &Value) -> Vec<String> {
    let list = value["MessageModelList"].as_array().unwrap_or_else(|| panic!("no messages in {value}"));
    list.iter().map(|m| m["messageCode"].as_str().unwrap().replace("ORDER_EXT_API_", "")).collect()
}
