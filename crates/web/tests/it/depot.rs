//! A desk with one shop and orders of people who do not exist, for papers, labels and payments.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use domain::history::By;
use domain::hold::Hold;
use domain::rights::Rights;
use domain::snapshot::{Coded, Content, Line, MallFacts, MallStage, Party, Recipient, Snapshot};
use domain::{Amount, OrderSeq, PhaseKey, UtcMillis};
use engine::Hub;
use mall_api::clock::VirtualClock;
use serde_json::json;
use std::sync::Arc;
use store::desk::users::access::Session;
use store::imports::{NewRun, Progress};
use store::orders::{MoveOptions, NewOrder, Page, ParcelChange};
use store::{Access, Kind, LaneGuard, Ledger, Shop};
use testkit::house::test_ring;
use testkit::tempdb::TempDb;
use tower::ServiceExt as _;
use web::door::tokens;
use web::{Desk, DeskConfig};

/// 2026-11-22 09:00 in Japan.
pub const NOW: UtcMillis = UtcMillis(1_795_305_600_000);

struct NoWire;

#[async_trait::async_trait]
impl engine::Transport for NoWire {
    async fn exchange(
        &self,
        _: &str,
        _: &mall_api::WireRequest,
        _: i64,
    ) -> Result<mall_api::WireAnswer, mall_api::WireError> {
        panic!("no page calls a mall")
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let text = self.text();
        let from = format!("name=\"{name}\" value=\"");
        let rest = text.split(&from).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split('"').next().unwrap().to_owned()
    }
}

pub struct Depot {
    pub ledger: Arc<Ledger>,
    pub desk: Arc<Desk>,
    pub shop: Shop,
    guard: LaneGuard,
    app: Router,
    user: std::cell::Cell<i64>,
    _db: TempDb,
}

pub fn given(text: &str) -> domain::Given<String> {
    domain::Given::Value(text.to_owned())
}

pub fn party(family: &str, name: &str) -> Party {
    Party {
        family_name: given(family),
        given_name: given(name),
        family_kana: given("ミホン"),
        given_kana: given("ハナコ"),
        postal_code: given("000-0000"),
        prefecture: given("架空県"),
        city: given("見本市"),
        address1: given("例示町1-2-3"),
        phone: given("000-0000-0000"),
        ..Party::default()
    }
}

pub fn content() -> Content {
    let mut content = Content {
        buyer: party("見本", "花子"),
        recipients: vec![Recipient {
            key: "1".to_owned(),
            party: party("見本", "花子"),
            ..Recipient::default()
        }],
        lines: vec![Line {
            key: "1".to_owned(),
            recipient_key: "1".to_owned(),
            sku: given("tea-100"),
            title: given("煎茶"),
            quantity: 2,
            unit_price_with_tax: Amount::yen(1_080).into(),
            tax_rate_bp: domain::Given::Value(800),
            ..Line::default()
        }],
        ..Content::default()
    };
    content.amounts.requested = Amount::yen(2_160).into();
    content.payment.method = Coded::new("1", "銀行振込");
    content
}

impl Depot {
    pub async fn new() -> Self {
        let db = TempDb::new(Kind::Sqlite).await.unwrap();
        let ledger = Arc::new(Ledger::with_db((*db).clone(), test_ring(), NOW).await.unwrap());
        let (endpoints, settings) = (Default::default(), Default::default());
        let lane = |id| format!("rakuten:{id}");
        let shop = ledger.add_shop("架空商店", "rakuten", &endpoints, &settings, lane, NOW).await.unwrap();
        let fence = ledger.lanes().await.unwrap()[0].fence;
        let guard = ledger.claim_lane(&shop.lane_key, "t", "host", fence).await.unwrap().unwrap();
        let clock = Arc::new(VirtualClock::new(NOW));
        let config = engine::HubConfig { schedules: false, ..engine::HubConfig::default() };
        let hub = Hub::new(Arc::clone(&ledger), malls::registry(), clock, Arc::new(NoWire), config);
        let desk = Desk::new(hub, DeskConfig::default());
        let app = web::router(&desk);
        let depot = Self { ledger, desk, shop, guard, app, user: std::cell::Cell::new(0), _db: db };
        depot.sign_in(Rights::all()).await;
        depot
    }

    /// Goes on as somebody with these rights.
    pub async fn sign_in(&self, rights: Rights) {
        let n = self.user.get() + 1;
        let name = format!("kakuu{n}");
        let group = self.ledger.add_group(&name, &rights).await.unwrap().unwrap();
        let user = self.ledger.add_user(&name, &name, group, None, NOW).await.unwrap().unwrap();
        let session = Session {
            token_hash: tokens::digest(&format!("token{n}")),
            user_id: user,
            created_at: NOW,
            seen_at: NOW,
            expires_at: NOW.plus(domain::time::DAY),
            agent: String::new(),
        };
        self.ledger.add_session(&session).await.unwrap();
        self.user.set(n);
    }

    /// Imports orders, tells their rows.
    pub async fn import(&self, orders: Vec<(Content, Hold)>) -> Vec<OrderSeq> {
        let run = NewRun {
            shop_id: self.shop.shop_id,
            request_id: None,
            trigger: "auto",
            from: NOW.plus(-1_000),
            to: NOW,
            looks_for_news: false,
            options: json!({}),
            cursor: json!({}),
            counts: json!({}),
        };
        let run_id = self.ledger.begin_run(&self.guard, &run, NOW).await.unwrap();
        let known = self.seqs().await.len();
        let new = orders.into_iter().enumerate().map(|(at, (content, hold))| {
            let n = known + at + 1;
            NewOrder {
                id: uuid::Uuid::now_v7(),
                snapshot: Snapshot {
                    mapping_version: 1,
                    mall_order_id: format!("999999-20261120-{n:08}").into(),
                    ordered_at: NOW.plus(-1_000_000 + i64::try_from(n).unwrap()),
                    facts: facts(hold),
                    content,
                },
                raw: b"{}".to_vec(),
                dates: domain::date_rule::Dates::default(),
                phase: "awaiting_shipment".into(),
                flags: 0,
                source: "api",
                events: Vec::new(),
            }
        });
        let page = Page { new: new.collect(), ..Page::default() };
        let progress = Progress { run_id, cursor: json!({}), counts: json!({}) };
        self.ledger.commit_page(&self.guard, self.shop.shop_id, &progress, page, NOW).await.unwrap();
        self.ledger
            .finish_run(
                &self.guard,
                &Progress { run_id, cursor: json!({}), counts: json!({}) },
                "done",
                None,
                NOW,
            )
            .await
            .unwrap();
        self.seqs().await.split_off(known)
    }

    pub async fn plain(&self, count: usize) -> Vec<OrderSeq> {
        self.import((0..count).map(|_| (content(), Hold::None)).collect()).await
    }

    async fn seqs(&self) -> Vec<OrderSeq> {
        let filter = store::orders::ListFilter { limit: 200, ..Default::default() };
        let rows = self.ledger.list_orders(&Access::full(), &filter).await.unwrap();
        let mut seqs: Vec<OrderSeq> = rows.into_iter().map(|r| r.seq).collect();
        seqs.sort_unstable();
        seqs
    }

    pub async fn row(&self, seq: OrderSeq) -> store::orders::ListRow {
        self.ledger.list_by_seqs(&Access::full(), &[seq]).await.unwrap().remove(0)
    }

    pub async fn parcels(&self, seq: OrderSeq) -> Vec<(String, Option<String>, Option<String>)> {
        let found = self.ledger.orders_for_rules(&[seq]).await.unwrap().remove(0);
        let told = found.facts.parcels.into_iter();
        told.map(|p| (p.tracking_number, p.carrier.map(|c| c.0), p.shipped_on.map(|d| d.to_string())))
            .collect()
    }

    pub async fn parcel(&self, seq: OrderSeq, number: &str) {
        let change = ParcelChange { tracking_number: number.to_owned(), ..ParcelChange::default() };
        self.ledger.set_parcel(seq, &change, &By::Cli, NOW).await.unwrap().unwrap();
    }

    pub async fn shift(&self, seq: OrderSeq, to: &str) {
        let to = PhaseKey::from(to);
        let options = MoveOptions::default();
        let moved = self.ledger.move_orders(&[seq], &to, options, &By::Cli, NOW).await.unwrap();
        assert_eq!(moved.done, [seq]);
    }

    pub fn ticket(&self, seqs: &[OrderSeq]) -> String {
        web::pages::shipping::selection::seal(&self.desk, seqs).unwrap()
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let cookie = format!("choba=token{}", self.user.get());
        Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", cookie)
            .header("host", "desk.invalid")
            .header("sec-fetch-site", "same-origin")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(fields).unwrap();
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Answer {
        let mut body = Vec::new();
        for (key, value) in fields {
            let part = format!("--xx\r\ncontent-disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--xx\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/csv\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n--xx--\r\n");
        let request = self.request("POST", path).header("content-type", "multipart/form-data; boundary=xx");
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

fn facts(hold: Hold) -> MallFacts {
    MallFacts {
        status: Coded::new("300", "発送待ち"),
        stage: MallStage::Shippable,
        sub_status: None,
        payment_status: None,
        shipping_status: None,
        hold,
        cancel: None,
        shipments: Vec::new(),
        revision: None,
        changed_at: None,
        confirmed_at: None,
        fixed_at: None,
        shipment_reported_at: None,
        ship_by: None,
        deadlines: vec![(Coded::new("pay", "支払期限"), jiff::civil::date(2026, 11, 21))],
        changed_by_buyer: false,
        cautions: Vec::new(),
        unknown: Vec::new(),
    }
}
