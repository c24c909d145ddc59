//! A desk over a house of simulated malls, people who do not exist, requests as browsers send them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use domain::OrderSeq;
use domain::history::By;
use domain::rights::{Level, Menu, Rights};
use domain::time::DAY;
use serde_json::json;
use std::sync::Arc;
use store::Kind;
use store::desk::users::access::Session;
use store::orders::MoveOptions;
use testkit::house::{House, Plan};
use tower::ServiceExt as _;
use web::door::tokens;
use web::{Desk, DeskConfig};

pub const BASE: &str = "https://desk.example";

pub struct Kit<'a> {
    pub house: &'a House,
    pub desk: Arc<Desk>,
    app: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn to(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }
}

/// Runs a test over a house with one shop, on SQLite.
pub fn run(body: impl AsyncFnOnce(&Kit<'_>)) {
    testkit::house::run(Plan::new(Kind::Sqlite, 0), async |house: &House| body(&Kit::of(house)).await);
}

/// 管理者 of one menu only.
pub fn only(menu: Menu, level: Level) -> Rights {
    Rights { menus: [(menu, level)].into(), ..Rights::default() }
}

impl<'a> Kit<'a> {
    pub fn of(house: &'a House) -> Self {
        let config = DeskConfig { base_url: BASE.to_owned(), ..DeskConfig::default() };
        let desk = Desk::new(house.quiet_hub(), config);
        let app = web::router(&desk);
        Self { house, desk, app }
    }

    pub fn shop(&self) -> i64 {
        self.house.shops[0].shop_id.0
    }

    /// Signs somebody in; gives the token of the session.
    pub async fn visitor(&self, login: &str, rights: &Rights) -> String {
        let (ledger, now) = (self.desk.ledger(), self.desk.now());
        let group = ledger.add_group(login, rights).await.unwrap().unwrap();
        let user = ledger.add_user(login, "架空 花子", group, None, now).await.unwrap().unwrap();
        let token = tokens::fresh().unwrap();
        let session = Session {
            token_hash: tokens::digest(&token),
            user_id: user,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(7 * DAY),
            agent: "test".to_owned(),
        };
        ledger.add_session(&session).await.unwrap();
        token
    }

    /// The person of a session, in another browser.
    pub async fn same_person(&self, who: &str) -> String {
        let (ledger, now) = (self.desk.ledger(), self.desk.now());
        let user = ledger.session(&tokens::digest(who), now).await.unwrap().unwrap().user_id;
        let token = tokens::fresh().unwrap();
        let session = Session {
            token_hash: tokens::digest(&token),
            user_id: user,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(7 * DAY),
            agent: "other".to_owned(),
        };
        ledger.add_session(&session).await.unwrap();
        token
    }

    pub async fn administrator(&self) -> String {
        self.visitor("kakuu.kanri", &Rights::all()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub fn request(&self, method: &str, path: &str, who: &str) -> axum::http::request::Builder {
        let cookie = format!("__Host-choba={who}");
        Request::builder().method(method).uri(path).header(header::COOKIE, cookie)
    }

    pub async fn get(&self, path: &str, who: &str) -> Answer {
        self.send(self.request("GET", path, who).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, who: &str, fields: &[(&str, &str)]) -> Answer {
        let body = Body::from(serde_html_form::to_string(fields).unwrap());
        let request = self.request("POST", path, who);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        self.send(request.unwrap()).await
    }

    /// Runs a hub until nothing is left to do.
    pub async fn settle(&self) {
        assert!(self.house.settle(&self.house.hub()).await);
    }

    /// Orders the mall would take a report for, packed and in 出荷済み.
    pub async fn packed(&self, count: usize) -> Vec<(String, OrderSeq)> {
        let added = self.house.add_orders(json!({ "count": count, "traits": [], "status": 300 })).unwrap();
        self.house.import_days(1).await.unwrap();
        let mut out = Vec::new();
        for (n, number) in added.into_iter().enumerate() {
            let seq = self.house.order(&number.0).await.unwrap().seq;
            self.house.pack(seq, &format!("4{n:05}")).await.unwrap();
            let (to, options) = ("shipped".into(), MoveOptions::default());
            let moved = self.house.ledger.move_orders(&[seq], &to, options, &By::Cli, self.house.now()).await;
            assert!(moved.unwrap().refused.is_empty());
            out.push((number.0, seq));
        }
        out
    }
}
