//! The simulated malls as a process of their own, so that their processor time is not counted as ours; and a client
//! that asks 楽天's what it is asked, without any of our adapter's thinking.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use domain::UtcMillis;
use domain::time::{DAY, MINUTE};
use engine::Transport;
use engine::http_wire::{EndpointPolicy, HttpTransport};
use mall_api::clock::SystemClock;
use mall_api::{Clock as _, Credentials, Mall, Settings, WireRequest};
use mallsim::{ShopView, Sim, SimConfig};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The mall whose shape the plain loop and the large ledger have.
pub const MALL: &str = "rakuten";
/// Orders of one list page.
pub const LIST: usize = 1_000;
/// Orders of one page of details.
pub const PAGE: usize = 100;

/// Whose shape an import has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// 楽天市場: numbers in pages of 1,000, details in hundreds.
    Rakuten,
    /// Yahoo!ショッピング: a list in pages of 2,000, details one by one.
    Yahoo,
    /// Amazon: pages of 100 whole orders.
    Amazon,
}

impl Shape {
    /// The mall's key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Rakuten => MALL,
            Self::Yahoo => "yahoo",
            Self::Amazon => "amazon",
        }
    }
}

/// How long ago the last order came in: Amazon lists nothing younger than two minutes, Yahoo! nothing the buyer may
/// still cancel (ten minutes).
const REST: i64 = 20 * MINUTE;

/// The world: one shop, orders of the last day, nothing that grows or changes by itself.
pub fn world(shape: Shape, orders: usize, start_ms: i64) -> anyhow::Result<SimConfig> {
    let rest = if shape == Shape::Rakuten { 0 } else { REST };
    let start = SimConfig { start_ms: start_ms - rest, orders_per_shop: orders, ..SimConfig::default() };
    let none = SimConfig { rakuten_shops: 0, ..start };
    let mut config = none.with_shops(shape.key(), 1).map_err(anyhow::Error::msg)?;
    config.settings.world.buyer_edit_share = 0.0;
    config.settings.world.buyer_cancel_share = 0.0;
    Ok(config)
}

/// Serves until standard input ends.
///
/// # Errors
/// No port.
pub async fn serve(shape: Shape, orders: usize) -> anyhow::Result<()> {
    let now = SystemClock::default().now().0;
    let mut config = world(shape, orders, now)?;
    config.settings.pace.enabled = false;
    // Its time stands still while the caller's goes on.
    config.settings.yahoo.signature_skew_ms = DAY;
    // Libraries have agents of their own form.
    config.settings.amazon.strict_user_agent = false;
    let mut sim = Sim::new(config);
    // Time stands still: an order that changed would have to be rendered again, which is not ours to pay.
    sim.set_clock(mallsim::Clock::Moved { now_ms: now });
    let views = sim.shops(now);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let hello = json!({
        "url": format!("http://{}", listener.local_addr()?),
        "now_ms": now,
        "shop": views.first(),
    });
    super::figure::say(&hello.to_string());
    let server = tokio::spawn(mallsim::serve(listener, mallsim::shared(sim)));
    // The parent's end of the pipe closes when it ends, however it ends.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    server.abort();
    Ok(())
}

/// A running mall. Ends with this value.
pub struct MallProcess {
    /// Where.
    pub url: String,
    /// Its time.
    pub now_ms: i64,
    /// The shop, with its keys by the mall's own names.
    pub shop: ShopView,
    _child: Child,
}

impl MallProcess {
    /// Starts one.
    ///
    /// # Errors
    /// This program cannot be started again.
    pub async fn start(shape: Shape, orders: usize) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(["bench", "mall", "--mall", shape.key(), "--orders", &orders.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().context("the mall has no output")?;
        let line = BufReader::new(out).lines().next_line().await?.context("the mall did not start")?;
        let hello: Value = serde_json::from_str(&line)?;
        let text = |key: &str| hello.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let told = |key: &str| hello.pointer(&format!("/shop/{key}")).cloned().unwrap_or_default();
        let shop = ShopView {
            mall: shape.key().to_owned(),
            shop: told("shop").as_str().unwrap_or_default().to_owned(),
            credentials: serde_json::from_value(told("credentials"))?,
            expires_ms: told("expires_ms").as_i64(),
        };
        let now_ms = hello.get("now_ms").and_then(Value::as_i64).unwrap_or_default();
        Ok(Self { url: text("url"), now_ms, shop, _child: child })
    }

    /// One of the shop's keys, by the mall's own name.
    pub fn key(&self, name: &str) -> String {
        self.shop.credentials.get(name).cloned().unwrap_or_default()
    }

    /// Calls so far, by operation.
    ///
    /// # Errors
    /// The mall does not answer.
    pub async fn calls(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let transport = HttpTransport::new(EndpointPolicy { allow_private: true })?;
        let request = WireRequest::get("effects", "/_sim/effects");
        let answer = transport.exchange(&self.url, &request, 60_000).await?;
        let effects: Value = serde_json::from_slice(&answer.body)?;
        let calls = effects.pointer("/counters/by_operation").cloned().context("the mall counts no calls")?;
        Ok(serde_json::from_value(calls)?)
    }

    /// A client of it.
    ///
    /// # Errors
    /// No TLS on this machine, which the client wants even if it does not use it.
    pub fn client(&self) -> anyhow::Result<Client> {
        let transport = Arc::new(HttpTransport::new(EndpointPolicy { allow_private: true })?);
        Client::new(transport, &self.url, self.now_ms, &self.shop.credentials)
    }
}

/// Asks without thinking.
pub struct Client {
    transport: Arc<dyn Transport>,
    mall: Arc<dyn Mall>,
    url: String,
    now_ms: i64,
    credentials: Credentials,
}

/// The shop's keys by the names our adapter has for them.
fn our_names(credentials: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let value = |key: &str| credentials.get(key).cloned().unwrap_or_default();
    vec![
        ("service_secret".to_owned(), value("serviceSecret")),
        ("license_key".to_owned(), value("licenseKey")),
    ]
}

impl Client {
    /// A client over a transport.
    ///
    /// # Errors
    /// The mall is not known to this program.
    pub fn new(
        transport: Arc<dyn Transport>,
        url: &str,
        now_ms: i64,
        credentials: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let mall = malls::by_key(MALL).context("no such mall")?;
        let credentials = Credentials::from_pairs(our_names(credentials));
        Ok(Self { transport, mall, url: url.to_owned(), now_ms, credentials })
    }

    async fn post(&self, operation: &str, body: &Value) -> anyhow::Result<Bytes> {
        let path = format!("/es/2.0/order/{operation}/");
        let body = serde_json::to_vec(body)?;
        let mut request = WireRequest::post_json(operation, &path, "application/json; charset=utf-8", body);
        if self
            .mall
            .authorise(&mut request, &self.credentials, &Settings::default(), UtcMillis(self.now_ms))
            .is_err()
        {
            bail!("the mall's keys cannot be used");
        }
        let answer = self.transport.exchange(&self.url, &request, 60_000).await?;
        ensure!(answer.status == 200, "{operation} was answered with {}", answer.status);
        Ok(answer.body)
    }

    /// Numbers of one list page, and whether there are more.
    ///
    /// # Errors
    /// The mall does not answer properly.
    pub async fn numbers(&self, page: usize) -> anyhow::Result<Vec<String>> {
        let day = 24 * 3_600_000;
        let time = |ms: i64| UtcMillis(ms).japan().strftime("%Y-%m-%dT%H:%M:%S+0900").to_string();
        let body = json!({
            "dateType": 1,
            "startDatetime": time(self.now_ms - 2 * day),
            "endDatetime": time(self.now_ms),
            "PaginationRequestModel": {
                "requestRecordsAmount": LIST,
                "requestPage": page,
                "SortModelList": [{ "sortColumn": 1, "sortDirection": 1 }],
            },
        });
        let answer: Value = serde_json::from_slice(&self.post("searchOrder", &body).await?)?;
        let list = answer.get("orderNumberList").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(list.iter().filter_map(|n| n.as_str().map(str::to_owned)).collect())
    }

    /// One page of details, as bytes.
    ///
    /// # Errors
    /// The mall does not answer properly.
    pub async fn details(&self, numbers: &[String]) -> anyhow::Result<Bytes> {
        self.post("getOrder", &json!({ "orderNumberList": numbers, "version": 10 })).await
    }
}
