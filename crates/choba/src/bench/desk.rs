//! The back office under load: the order list for eight people at once beside a bare list query, the list while an import
//! runs, a thousand orders moved through the API, what a page weighs, how soon an idle program answers and what it takes of
//! memory.

use super::figure::{Goal, Report};
use super::fill::fill;
use super::house::import_into;
use super::ledger::Place;
use super::mall::{MallProcess, Shape};
use super::timer::{Timer, percentile};
use anyhow::{Context as _, ensure};
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::UtcMillis;
use engine::http_wire::{EndpointPolicy, HttpTransport};
use engine::{Hub, HubConfig};
use mall_api::Clock as _;
use mall_api::clock::SystemClock;
use std::process::Stdio;
use std::sync::Arc;
use store::desk::listing::Conditions;
use store::desk::users::access::Session;
use store::orders::ListFilter;
use store::{Access, Ledger};
use tokio::net::TcpListener;
use web::door::tokens;
use web::{Desk, DeskConfig};

/// People at once.
const CLIENTS: usize = 8;
/// Requests of each.
const EACH: usize = 150;
/// What a page may take, milliseconds.
const PAGE_MS: f64 = 50.0;
/// What ホーム with its plots may take, milliseconds.
const HOME_MS: f64 = 300.0;
/// The list that is asked for.
const PHASE: &str = "awaiting_shipment";

/// Measures the list page over a ledger of so many orders.
///
/// # Errors
/// As the database says.
pub async fn run(report: &mut Report, orders: usize, place: Place) -> anyhow::Result<()> {
    let opened = super::ledger::open(&place).await?;
    let ledger = Arc::clone(&opened.ledger);
    let there = usize::try_from(ledger.phase_counts().await?.values().sum::<i64>())?;
    if there < orders {
        let rate = fill(&ledger, there, orders).await?;
        report.note(format!("filled from {there} to {orders} orders at {rate:.0} orders/s"));
    }
    ledger.fold_phase_counts().await?;
    ledger.analyze().await?;
    let measured = office(report, &ledger, there.max(orders)).await;
    opened.close().await?;
    measured?;
    idle(report).await
}

async fn office(report: &mut Report, ledger: &Arc<Ledger>, orders: usize) -> anyhow::Result<()> {
    let house = house(ledger).await?;
    pages(report, &house, orders).await?;
    bulk(report, ledger, &house).await?;
    beside_import(report, ledger, &house).await?;
    let peak = own_memory_mb("VmHWM:").context("no memory figure on this system")?;
    // With the eight people and the filling of the ledger in it: more than a program that only serves.
    report.figure("memory, peak of all this", "MB", peak, ("limit, MB", 120.0), Goal::AtMost(1.0));
    Ok(())
}

struct House {
    desk: String,
    bare: String,
    cookie: String,
}

/// The back office and the bare query, each on a port of its own, with somebody signed in.
async fn house(ledger: &Arc<Ledger>) -> anyhow::Result<House> {
    let clock = Arc::new(SystemClock::default());
    let now = clock.now();
    let transport = Arc::new(HttpTransport::new(EndpointPolicy { allow_private: true })?);
    let hub = Hub::new(Arc::clone(ledger), malls::registry(), clock, transport, HubConfig::default());
    let desk =
        Desk::new(hub, DeskConfig { base_url: "http://127.0.0.1".to_owned(), ..DeskConfig::default() });
    let cookie = somebody(ledger, now).await?;
    let routes = web::router(&desk);
    let bare = Router::new().route("/", get(bare)).with_state(Arc::clone(ledger));
    Ok(House { desk: serve(routes).await?, bare: serve(bare).await?, cookie })
}

async fn serve(routes: Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
    Ok(address)
}

async fn somebody(ledger: &Ledger, now: UtcMillis) -> anyhow::Result<String> {
    let user = match ledger.user_by_login("bench").await? {
        Some(user) => user.user_id,
        None => {
            let group = ledger.groups().await?.first().context("no group")?.group_id;
            let added = ledger.add_user("bench", "計測", group, None, now).await?;
            added.map_err(|refused| anyhow::anyhow!("{refused:?}"))?
        }
    };
    let token = tokens::fresh()?;
    let session = Session {
        token_hash: tokens::digest(&token),
        user_id: user,
        created_at: now,
        seen_at: now,
        expires_at: now.plus(domain::time::HOUR),
        agent: String::new(),
    };
    ledger.add_session(&session).await?;
    Ok(format!("choba={token}"))
}

/// What the list is held against: the same rows without names, frame and form.
async fn bare(State(ledger): State<Arc<Ledger>>) -> Json<serde_json::Value> {
    let filter = ListFilter { phase: Some(PHASE.into()), limit: 50, ..ListFilter::default() };
    let access = Access { buyer_data: false, ..Access::full() };
    let rows = ledger.list_orders(&access, &filter).await.unwrap_or_default();
    Json(serde_json::to_value(rows).unwrap_or_default())
}

struct Load {
    per_second: f64,
    times: Vec<f64>,
}

/// Eight people ask again and again.
async fn load(url: &str, cookie: &str) -> anyhow::Result<Load> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let timer = Timer::start();
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (client, url, cookie) = (client.clone(), url.to_owned(), cookie.to_owned());
        people.spawn(async move {
            let mut times = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                let timer = Timer::start();
                let answer = client.get(&url).header("cookie", &cookie).send().await?;
                ensure!(answer.status() == 200, "{url} answered {}", answer.status());
                answer.bytes().await?;
                times.push(timer.ms());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(one) = people.join_next().await {
        times.extend(one??);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let per_second = times.len() as f64 / timer.took().wall;
    Ok(Load { per_second, times })
}

async fn pages(report: &mut Report, house: &House, orders: usize) -> anyhow::Result<()> {
    let list = format!("{}/orders?phase={PHASE}", house.desk);
    // Once unmeasured: figures are warm ones.
    load(&list, &house.cookie).await?;
    let bare = load(&house.bare, "").await?;
    let mut page = load(&list, &house.cookie).await?;
    let what = format!("list page, {orders} orders, {CLIENTS} clients");
    let against = ("bare query", bare.per_second);
    report.figure(&what, "requests/s", page.per_second, against, Goal::AtLeast(0.1));
    let p50 = percentile(&mut page.times, 0.5);
    let p99 = percentile(&mut page.times, 0.99);
    report.figure(
        &format!("{what} (p50 {p50:.1})"),
        "ms p99",
        p99,
        ("limit, ms", PAGE_MS),
        Goal::AtMost(1.0),
    );
    for (name, path) in [("ホーム, 24 hours", "/"), ("ホーム, 7 days", "/?span=week")] {
        let mut home = load(&format!("{}{path}", house.desk), &house.cookie).await?;
        let p99 = percentile(&mut home.times, 0.99);
        let what = format!("{name}, {orders} orders, {CLIENTS} clients");
        report.figure(&what, "ms p99", p99, ("limit, ms", HOME_MS), Goal::AtMost(1.0));
    }
    weight(report, house, &list).await
}

/// Orders moved at once.
const MOVED: i64 = 1_000;

/// A thousand orders there and back by the API; the better time counts.
async fn bulk(report: &mut Report, ledger: &Arc<Ledger>, house: &House) -> anyhow::Result<()> {
    let filter = ListFilter { phase: Some(PHASE.into()), ..ListFilter::default() };
    let seqs = ledger.filtered_seqs(&Access::full(), &filter, &Conditions::default(), MOVED).await?;
    ensure!(seqs.len() == usize::try_from(MOVED)?, "only {} orders are in {PHASE}", seqs.len());
    let numbers: Vec<_> = seqs.iter().map(|s| s.order_no()).collect();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut best = f64::INFINITY;
    for phase in ["on_hold", PHASE, "on_hold", PHASE] {
        let body = serde_json::json!({ "orders": numbers, "phase": phase });
        let timer = Timer::start();
        let answer = client
            .post(format!("{}/api/v1/orders/move", house.desk))
            .header("cookie", &house.cookie)
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .body(body.to_string())
            .send()
            .await?;
        let status = answer.status();
        let told: serde_json::Value = serde_json::from_slice(&answer.bytes().await?)?;
        let done = told.get("done").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        ensure!(done == numbers.len(), "{status}: {done} of {} were moved", numbers.len());
        best = best.min(timer.took().wall);
    }
    report.figure("1,000 orders moved by the API", "s", best, ("limit, s", 0.25), Goal::AtMost(1.0));
    Ok(())
}

/// Orders of one import, and how often a busy office asks for a list meanwhile, milliseconds.
const IMPORTED: usize = 5_000;
const ASKED_EVERY_MS: i64 = 100;

/// The list while an import runs at full speed: readers must not wait for the writer, nor the import for readers.
async fn beside_import(report: &mut Report, ledger: &Arc<Ledger>, house: &House) -> anyhow::Result<()> {
    let list = format!("{}/orders?phase={PHASE}", house.desk);
    let quiet = fresh_import(ledger).await?;
    let mut alone = calm_reader(&list, &house.cookie, SystemClock::default().sleep_ms(5_000)).await?.1;
    let (imported, mut beside) = calm_reader(&list, &house.cookie, fresh_import(ledger)).await?;
    let (alone, beside) = (percentile(&mut alone, 0.99), percentile(&mut beside, 0.99));
    let what = "list while an import runs";
    report.figure(what, "ms p99", beside, ("without, ms p99", alone), Goal::AtMost(3.0));
    report.figure(
        "import while lists are read",
        "orders/s",
        imported?,
        ("without", quiet),
        Goal::AtLeast(0.7),
    );
    Ok(())
}

/// A new shop with new orders, imported; orders a second.
async fn fresh_import(ledger: &Arc<Ledger>) -> anyhow::Result<f64> {
    let mall = MallProcess::start(Shape::Rakuten, IMPORTED).await?;
    let now = UtcMillis(mall.now_ms);
    let name = format!("計測 {}", uuid::Uuid::now_v7());
    let shop = testkit::connect::shop(ledger, &mall.shop, &name, &mall.url, now).await?;
    let imported = import_into(ledger, &shop, now, false).await?;
    ensure!(imported.counts.new == u64::try_from(IMPORTED)?, "{:?}", imported.counts);
    #[expect(clippy::cast_precision_loss, reason = "thousands of orders")]
    Ok(IMPORTED as f64 / imported.wall)
}

/// Asks again and again, at the pace of a busy office, until something else has ended.
async fn calm_reader<T>(
    url: &str,
    cookie: &str,
    other: impl Future<Output = T>,
) -> anyhow::Result<(T, Vec<f64>)> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (clock, mut times) = (SystemClock::default(), Vec::new());
    let read = async {
        loop {
            let timer = Timer::start();
            let answer = client.get(url).header("cookie", cookie).send().await?;
            ensure!(answer.status() == 200, "{url} answered {}", answer.status());
            answer.bytes().await?;
            times.push(timer.ms());
            clock.sleep_ms(ASKED_EVERY_MS).await;
        }
        #[expect(unreachable_code, reason = "says what the endless block would give")]
        anyhow::Ok(())
    };
    tokio::select! {
        ended = other => {
            ensure!(times.len() >= 20, "only {} lists were read", times.len());
            Ok((ended, times))
        }
        failed = read => {
            failed?;
            anyhow::bail!("the reader ended")
        }
    }
}

/// What goes over the wire for the first page and for the next.
async fn weight(report: &mut Report, house: &House, list: &str) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let fetch = |url: String| {
        let request = client.get(url).header("cookie", &house.cookie).header("accept-encoding", "gzip");
        async move { anyhow::Ok(request.send().await?.bytes().await?.len()) }
    };
    let plain = client.get(list).header("cookie", &house.cookie).send().await?.text().await?;
    let next = fetch(list.to_owned()).await?;
    let mut first = next;
    for asset in web::assets::all() {
        // Scripts load scripts: everything a page can ask for.
        if plain.contains(asset.path) || asset.name.ends_with(".js") {
            first += fetch(format!("{}{}", house.desk, asset.path)).await?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "bytes for people to read")]
    let kb = |bytes: usize| bytes as f64 / 1_024.0;
    report.figure(
        "first page with everything, gzip",
        "KB",
        kb(first),
        ("limit, KB", 150.0),
        Goal::AtMost(1.0),
    );
    report.figure("next page, gzip", "KB", kb(next), ("limit, KB", 30.0), Goal::AtMost(1.0));
    Ok(())
}

/// A program of its own: from its start to its first page, and its memory when nothing happens.
async fn idle(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    let start = |port: u16| {
        tokio::process::Command::new(&program)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    };
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    // The first start makes the ledger; the second is what one waits for each day.
    let mut first = start(port)?;
    answered(port).await?;
    first.kill().await?;
    let timer = Timer::start();
    let mut second = start(port)?;
    answered(port).await?;
    let seconds = timer.took().wall;
    report.figure("start to first answered page", "s", seconds, ("limit, s", 0.3), Goal::AtMost(1.0));
    SystemClock::default().sleep_ms(3_000).await;
    let resident = second.id().and_then(resident_mb).context("no memory figure on this system")?;
    report.figure("memory, idle", "MB", resident, ("limit, MB", 45.0), Goal::AtMost(1.0));
    #[expect(clippy::cast_precision_loss, reason = "bytes for people to read")]
    let size = std::fs::metadata(&program)?.len() as f64 / 1_048_576.0;
    report.figure("the program, with its debug lines", "MB", size, ("limit stripped, MB", 35.0), Goal::None);
    second.kill().await?;
    Ok(())
}

async fn answered(port: u16) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let clock = SystemClock::default();
    for _ in 0..2_000 {
        if let Ok(answer) = client.get(format!("http://127.0.0.1:{port}/login")).send().await {
            ensure!(answer.status() == 200, "the sign-in page answered {}", answer.status());
            return Ok(());
        }
        clock.sleep_ms(5).await;
    }
    anyhow::bail!("the program does not answer")
}

fn resident_mb(process: u32) -> Option<f64> {
    memory_mb(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmRSS:")
}

fn own_memory_mb(field: &str) -> Option<f64> {
    memory_mb(&std::fs::read_to_string("/proc/self/status").ok()?, field)
}

fn memory_mb(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|l| l.strip_prefix(field))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1_024.0)
}
