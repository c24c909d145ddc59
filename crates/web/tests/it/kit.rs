//! What the tests of the back office share: a desk over a house of simulated malls, people who do not exist, requests.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::rights::Rights;
use domain::time::DAY;
use mall_api::Clock as _;
use serde_json::Value;
use std::sync::Arc;
use store::Kind;
use store::desk::users::access::Session;
use testkit::house::{House, Plan};
use tower::ServiceExt as _;
use web::door::{passwords, tokens};
use web::{Desk, DeskConfig};

/// Where people find it. No request says so: links must come from here.
pub const BASE: &str = "https://choba.example";
/// A password that the rule takes.
pub const PASSWORD: &str = "すいか と かき と みかん";

/// A desk with its router.
pub struct Kit<'a> {
    pub house: &'a House,
    pub desk: Arc<Desk>,
    pub app: Router,
}

/// Runs a test over a house with so many orders of one shop (not imported yet), on SQLite.
pub fn run(orders: usize, body: impl AsyncFnOnce(&Kit<'_>)) {
    testkit::house::run(Plan::new(Kind::Sqlite, orders), async |house: &House| body(&Kit::of(house)).await);
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Who {
    Nobody,
    /// By the token of a session.
    Session(String),
    /// By the token of a program.
    Token(String),
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn to(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |v| v.to_str().unwrap())
    }

    /// The session that a sign-in began.
    pub fn session(&self) -> Who {
        let cookie = self.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        Who::Session(cookie.split(['=', ';']).nth(1).unwrap().to_owned())
    }

    /// What stands between two texts.
    pub fn between(&self, from: &str, to: &str) -> String {
        let rest = self.text.split_once(from).unwrap_or_else(|| panic!("no {from:?} in {}", self.text)).1;
        rest.split_once(to).unwrap().0.to_owned()
    }
}

/// `a=b&c=d`, quoted.
pub fn form(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).unwrap()
}

impl<'a> Kit<'a> {
    pub fn of(house: &'a House) -> Self {
        let config = DeskConfig { base_url: BASE.to_owned(), ..DeskConfig::default() };
        let desk = Desk::new(house.quiet_hub(), config);
        let app = web::router(&desk);
        Self { house, desk, app }
    }

    /// A person in a group of their own, with a password.
    pub async fn person(&self, login: &str, rights: &Rights) -> i64 {
        let group = self.desk.ledger().add_group(login, rights).await.unwrap().unwrap();
        let now = self.desk.now();
        self.desk.ledger().add_user(login, "架空 花子", group, None, now).await.unwrap().unwrap()
    }

    /// The same, signed in.
    pub async fn visitor(&self, login: &str, rights: &Rights) -> Who {
        let user = self.person(login, rights).await;
        self.sign_in(user).await
    }

    pub async fn administrator(&self) -> Who {
        self.visitor("kakuu.kanri", &Rights::all()).await
    }

    pub async fn set_password(&self, user: i64) {
        let hash = passwords::hash(PASSWORD).unwrap();
        self.desk.ledger().set_password(user, &hash, None, self.desk.now()).await.unwrap();
    }

    pub async fn sign_in(&self, user: i64) -> Who {
        let token = tokens::fresh().unwrap();
        let now = self.desk.now();
        let session = Session {
            token_hash: tokens::digest(&token),
            user_id: user,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(DAY),
            agent: "test".to_owned(),
        };
        self.desk.ledger().add_session(&session).await.unwrap();
        Who::Session(token)
    }

    pub async fn token(&self, user: i64, read_only: bool) -> Who {
        let token = tokens::fresh().unwrap();
        let now = self.desk.now();
        let digest = tokens::digest(&token);
        self.desk.ledger().add_api_token(user, "試験", &digest, read_only, now.plus(DAY), now).await.unwrap();
        Who::Token(token)
    }

    pub fn request(&self, method: &str, path: &str, who: &Who) -> axum::http::request::Builder {
        let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        match who {
            Who::Nobody => request,
            Who::Session(token) => request.header(header::COOKIE, format!("__Host-choba={token}")),
            Who::Token(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str, who: &Who) -> Answer {
        self.send(self.request("GET", path, who).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, who: &Who, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request("POST", path, who)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(fields)));
        self.send(request.unwrap()).await
    }

    pub async fn json(&self, method: &str, path: &str, who: &Who, body: &Value) -> Answer {
        let request = self
            .request(method, path, who)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    pub fn advance(&self, millis: i64) {
        self.house.clock.advance(millis);
        // What the clock's hook moves at the malls is not looked at here.
        assert!(self.house.clock.now() >= self.desk.now());
    }

    /// Actions in 操作ログ, newest first.
    pub async fn log(&self) -> Vec<store::desk::audit_log::AuditRow> {
        self.desk.ledger().actions(None, 500).await.unwrap()
    }
}
