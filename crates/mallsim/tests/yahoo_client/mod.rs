//! A client of Yahoo!ショッピング for the tests: builds calls from the document, keeps its own time, knows nothing of
//! the simulator inside.
#![allow(dead_code, reason = "each test file uses a part")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mallsim::{Reply, Request, Settings, Sim, SimConfig};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
pub const SHIP_CALL: &str = "orderShipStatusChange";
pub const STATUS_CALL: &str = "orderStatusChange";
pub const PAY_CALL: &str = "orderPayStatusChange";

/// Padding must differ from call to call and from nothing else.
struct Count(u64);

impl RngCore for Count {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }
    fn fill_bytes(&mut self, to: &mut [u8]) {
        to.iter_mut().for_each(|b| *b = (self.next_u64() % 255 + 1) as u8);
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Count {}

/// `X-sws-signature` for a shop at a time.
pub fn signature(pem: &str, seller: &str, at_ms: i64) -> String {
    let key = RsaPublicKey::from_public_key_pem(pem).unwrap();
    let plain = format!("{seller}:{}", at_ms / 1000);
    let cipher = key.encrypt(&mut Count(at_ms.unsigned_abs()), Pkcs1v15Encrypt, plain.as_bytes()).unwrap();
    STANDARD.encode(cipher)
}

pub struct Client {
    pub sim: Sim,
    pub now: i64,
    pub shop: usize,
    pub token: String,
}

/// No buyer acts by himself, no speed limit, no stray line breaks.
pub fn calm() -> SimConfig {
    let settings = Settings::default()
        .patched(&json!({"pace":{"enabled":false},"world":{"buyer_edit_share":0.0,"buyer_cancel_share":0.0},"yahoo":{"loose_share":0.0}}))
        .unwrap();
    SimConfig { orders_per_shop: 0, rakuten_shops: 0, yahoo_shops: 2, settings, ..SimConfig::default() }
}

impl Client {
    pub fn new(config: SimConfig) -> Self {
        let now = config.start_ms;
        let mut client = Self { sim: Sim::new(config), now, shop: 0, token: String::new() };
        client.refresh();
        client
    }

    pub fn calm() -> Self {
        Self::new(calm())
    }

    pub fn set(&mut self, patch: Value) {
        let new = self.sim.settings().patched(&patch).unwrap();
        self.sim.set_settings(new);
    }

    pub fn credential(&self, name: &str) -> String {
        self.sim.shops(self.now)[self.shop].credentials[name].clone()
    }

    pub fn seller(&self) -> String {
        self.credential("sellerId")
    }

    pub fn send(&mut self, request: &Request) -> Reply {
        self.sim.handle(request, self.now).reply().expect("a whole answer").clone()
    }

    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", self.credential("client_id"), self.credential("client_secret"));
        format!("Basic {}", STANDARD.encode(pair))
    }

    pub fn token_call(&mut self, form: &str) -> (u16, Value) {
        let request = Request::new("POST", "/yconnect/v2/token")
            .header("Authorization", &self.basic())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        let reply = self.send(&request);
        (reply.status, reply.value())
    }

    /// Takes a new access token.
    pub fn refresh(&mut self) -> (u16, Value) {
        let form = format!("grant_type=refresh_token&refresh_token={}", self.credential("refresh_token"));
        let (status, value) = self.token_call(&form);
        self.token = value["access_token"].as_str().unwrap_or_default().to_owned();
        (status, value)
    }

    pub fn unsigned(&self, method: &str, target: &str, xml: &str) -> Request {
        Request::new(method, &format!("/ShoppingWebService/V1/{target}"))
            .header("Authorization", &format!("Bearer {}", self.token))
            .header("Content-Type", "application/xml; charset=utf-8")
            .body(xml.to_owned())
    }

    pub fn signed(&self, method: &str, target: &str, xml: &str) -> Request {
        let signature = signature(&self.credential("public_key"), &self.seller(), self.now);
        self.unsigned(method, target, xml)
            .header("X-sws-signature", &signature)
            .header("X-sws-signature-version", &self.credential("public_key_version"))
    }

    /// One unsigned call with a `Req` around; takes the inside.
    pub fn call(&mut self, api: &str, inside: &str) -> (u16, String) {
        let xml = format!("<Req>{inside}<SellerId>{}</SellerId></Req>", self.seller());
        let request = self.unsigned("POST", api, &xml);
        let reply = self.send(&request);
        (reply.status, String::from_utf8(reply.body.to_vec()).unwrap())
    }

    pub fn ok(&mut self, api: &str, inside: &str) -> String {
        let (status, body) = self.call(api, inside);
        assert_eq!((status, one(&body, "Status").as_str()), (200, "OK"), "{body}");
        body
    }

    pub fn add(&mut self, wanted: Value) -> Vec<String> {
        let mut wanted = wanted;
        wanted["mall"] = json!("yahoo");
        wanted["shop"] = json!(self.seller());
        self.sim.add_orders(&wanted, self.now).unwrap()
    }

    /// One order with exactly these traits, its ten minutes over.
    pub fn order(&mut self, traits: &[&str]) -> String {
        self.add(json!({"traits": traits, "visible": true})).remove(0)
    }

    pub fn edit(&mut self, id: &str, edit: Value) -> Value {
        self.sim.edit_order(id, &edit, self.now).unwrap()
    }

    pub fn change_shop(&mut self, change: Value) {
        let seller = self.seller();
        self.sim.change_shop(&seller, &change, self.now).unwrap();
    }

    pub fn wait(&mut self, ms: i64) {
        self.now += ms;
    }

    pub fn faults(&mut self, plan: Value) {
        self.sim.add_faults_json(plan).unwrap();
    }

    /// 14 digits of the time `by` from now.
    pub fn stamp(&self, by: i64) -> String {
        let at = jiff::Timestamp::from_millisecond(self.now + by).unwrap();
        jiff::tz::Offset::constant(9).to_datetime(at).strftime("%Y%m%d%H%M%S").to_string()
    }

    /// orderList with these conditions and fields; gives the body.
    pub fn list(&mut self, condition: &str, more: &str, fields: &str) -> (u16, String) {
        let inside =
            format!("<Search>{more}<Condition>{condition}</Condition><Field>{fields}</Field></Search>");
        self.call("orderList", &inside)
    }

    /// Ids of the last `back` milliseconds.
    pub fn recent(&mut self, back: i64, more_condition: &str) -> Vec<String> {
        let (from, to) = (self.stamp(-back), self.stamp(0));
        let condition =
            format!("<OrderTimeFrom>{from}</OrderTimeFrom><OrderTimeTo>{to}</OrderTimeTo>{more_condition}");
        let (status, body) = self.list(&condition, "<Result>2000</Result>", "OrderId");
        assert_eq!(status, 200, "{body}");
        all(&body, "OrderId")
    }

    pub fn info(&mut self, id: &str, fields: &str) -> String {
        self.ok("orderInfo", &format!("<Target><OrderId>{id}</OrderId><Field>{fields}</Field></Target>"))
    }

    pub fn field(&mut self, id: &str, name: &str) -> String {
        let body = self.info(id, name);
        one(&body, name)
    }

    pub fn ship(&mut self, id: &str, ship: &str) -> (u16, String) {
        let target = format!("<Target><OrderId>{id}</OrderId><IsPointFix>true</IsPointFix></Target>");
        self.call(SHIP_CALL, &format!("{target}<Order><Ship>{ship}</Ship></Order>"))
    }

    /// The usual notice with a number.
    pub fn notice(&mut self, id: &str, number: &str) -> (u16, String) {
        self.ship(id, &notice_xml(number))
    }

    pub fn status(&mut self, id: &str, to: i64, more: &str) -> (u16, String) {
        let fix = to == 5;
        let target = format!("<Target><OrderId>{id}</OrderId><IsPointFix>{fix}</IsPointFix></Target>");
        self.call(STATUS_CALL, &format!("{target}<Order><OrderStatus>{to}</OrderStatus>{more}</Order>"))
    }

    pub fn harm(&self, kind: &str) -> u64 {
        self.sim.effects().counters().notes.get(&format!("yahoo.{kind}")).copied().unwrap_or(0)
    }
}

pub fn notice_xml(number: &str) -> String {
    format!(
        "<ShipStatus>3</ShipStatus><ShipDate>20261102</ShipDate><ShipCompanyCode>1001</ShipCompanyCode>\
         <ShipInvoiceNumber1>{number}</ShipInvoiceNumber1>"
    )
}

/// The texts of all elements of that name, in document order, CDATA opened.
pub fn all(body: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside = body.split(open.as_str()).skip(1).map(|rest| rest.split(close.as_str()).next().unwrap());
    inside
        .map(|t| t.replace("]]]]><![CDATA[>", "]]>"))
        .map(|t| {
            let text = t.trim();
            text.strip_prefix("<![CDATA[").and_then(|t| t.strip_suffix("]]>")).unwrap_or(text).to_owned()
        })
        .collect()
}

/// The last of them; empty when there is none.
pub fn one(body: &str, name: &str) -> String {
    all(body, name).pop().unwrap_or_default()
}
