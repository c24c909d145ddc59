//! `choba serve` and `choba work`: the hub running for good, and the small HTTP front for whoever watches over it.

use crate::cli::app::App;
use crate::cli::mallsim::listen;
use crate::cli::out::put;
use anyhow::Result;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use engine::HubConfig;
use engine::listening::Listeners;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Ledger, migrate, settings};
use tracing_subscriber::EnvFilter;
use web::{Desk, DeskConfig};

/// 動かし続ける
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// 待ち受けるアドレス / address
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// 利用者が開くアドレス（プロキシーを通すときなど） / address people use, when it is another one
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// 取込・通知はしない（ほかのプロセスに任せる） / leave the work to other processes
    #[arg(long)]
    no_work: bool,
}

/// What the pages look at.
pub struct Front {
    ledger: Arc<Ledger>,
    metrics: Option<PrometheusHandle>,
    draining: AtomicBool,
    app: App,
}

impl Front {
    /// A front over a ledger. Metrics are recorded from now on.
    pub fn new(app: &App, ledger: &Arc<Ledger>) -> Arc<Self> {
        let metrics = PrometheusBuilder::new().install_recorder().ok();
        let draining = AtomicBool::new(false);
        Arc::new(Self { ledger: Arc::clone(ledger), metrics, draining, app: app.clone() })
    }
}

/// The log goes to stderr and holds no buyer data. `CHOBA_LOG` overrides the level.
pub fn log_to_stderr(json: bool, level: &str) -> Result<()> {
    let filter = EnvFilter::try_from_env("CHOBA_LOG").or_else(|_| EnvFilter::try_new(level))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error only says that a log is there already.
    drop(if json { log.json().try_init() } else { log.try_init() });
    Ok(())
}

/// The first SIGTERM or Ctrl-C.
pub async fn asked_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    drop(tokio::signal::ctrl_c().await);
}

/// After the first signal: the second one ends the program at once.
pub fn second_signal_is_hard() {
    tokio::spawn(async {
        asked_to_stop().await;
        std::process::exit(1);
    });
}

/// Runs the hub without HTTP.
pub async fn work(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let hub = app.hub(&ledger, HubConfig::default())?;
    app.out.remark("動いています（止めるには Ctrl-C）", "Working (Ctrl-C to stop)");
    let worker = Arc::clone(&hub);
    let running = tokio::spawn(async move { worker.run().await });
    let listening = tokio::spawn(Listeners::new(&hub).run());
    asked_to_stop().await;
    second_signal_is_hard();
    tracing::info!("stopping: lanes are given up");
    hub.stop();
    running.await?;
    listening.await?;
    ledger.close().await;
    Ok(0)
}

/// Runs the hub and the front.
pub async fn serve(app: &App, args: ServeArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let hub = app.hub(&ledger, HubConfig::default())?;
    let front = Front::new(app, &ledger);
    let listener = listen(&args.listen).await?;
    let address = listener.local_addr()?;
    app.out.object(&serde_json::json!({ "listening": format!("http://{address}") }))?;
    if !app.out.json {
        put(&format!("http://{address} で待ち受けています（止めるには Ctrl-C）"));
    }
    let worker = Arc::clone(&hub);
    let running = (!args.no_work).then(|| tokio::spawn(async move { worker.run().await }));
    let listening = (!args.no_work).then(|| tokio::spawn(Listeners::new(&hub).run()));
    let base_url = args.base_url.unwrap_or_else(|| format!("http://{address}"));
    first_run(app, &ledger, &base_url).await?;
    let desk = Desk::new(
        Arc::clone(&hub),
        DeskConfig {
            base_url,
            demo: false,
            allow_private_endpoints: app.global.allow_private_endpoints,
            folder: app.folder(),
        },
    );
    let server = tokio::spawn(listen_on(listener, Arc::clone(&front), desk));
    asked_to_stop().await;
    second_signal_is_hard();
    tracing::info!("stopping: no new work, lanes are given up");
    front.draining.store(true, Ordering::SeqCst);
    hub.stop();
    for task in [running, listening].into_iter().flatten() {
        task.await?;
    }
    server.abort();
    ledger.close().await;
    Ok(0)
}

/// How long a link of set-up or sign-in is good, milliseconds.
pub const LINK_MS: i64 = 30 * domain::time::MINUTE;

/// Nobody can sign in yet: a link for the first set-up, good once and for half an hour.
async fn first_run(app: &App, ledger: &Ledger, base_url: &str) -> Result<()> {
    if ledger.has_users().await? || crate::cli::user::of_environment(app, ledger).await? {
        return Ok(());
    }
    let token = web::door::tokens::fresh()?;
    let until = app.now().plus(LINK_MS);
    ledger.add_one_time_link(&web::door::tokens::digest(&token), "setup", None, until).await?;
    let link = format!("{base_url}/setup/{token}");
    app.out.object(&serde_json::json!({ "setup_link": link }))?;
    if !app.out.json {
        put(&format!("初期設定はこちら（30分間有効）：{link}"));
    }
    Ok(())
}

/// Serves the pages until the task is dropped.
pub async fn listen_on(
    listener: tokio::net::TcpListener,
    front: Arc<Front>,
    desk: Arc<Desk>,
) -> std::io::Result<()> {
    let clock = Arc::clone(&front.app.clock);
    let routes = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(front)
        .merge(web::router(&desk));
    // `tap_io` only because axum tells the peer's address of its own listeners alone.
    let listener = crate::listening::Bounded::new(listener, clock).tap_io(|_| {});
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// Ready: not draining, tables fit, and the database takes a write.
async fn ready(State(front): State<Arc<Front>>) -> Response {
    if front.draining.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    // A database that does not answer at all (half-open connections) is as good as one that refuses (F44).
    let probed = tokio::select! {
        probed = probe(&front) => probed,
        () = front.app.clock.sleep_ms(PROBE_MS) => Err(store::StoreError::Unavailable("no answer".to_owned())),
    };
    match probed {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be written\n").into_response()
        }
    }
}

/// Longest wait for the database's answer, milliseconds.
const PROBE_MS: i64 = 5_000;

async fn probe(front: &Front) -> Result<(), store::StoreError> {
    migrate::check_schema(front.ledger.db()).await?;
    let mut tx = front.ledger.db().begin().await?;
    settings::put(&mut tx, "ready_probe", &front.app.now().0.to_string()).await?;
    tx.commit().await
}

async fn metrics(State(front): State<Arc<Front>>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Response {
    if !peer.ip().to_canonical().is_loopback() {
        return (StatusCode::FORBIDDEN, "only from this machine\n").into_response();
    }
    match (&front.metrics, gauges(&front).await) {
        (Some(handle), Ok(())) => {
            handle.run_upkeep();
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], handle.render()).into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floating numbers")]
async fn gauges(front: &Front) -> Result<(), store::StoreError> {
    let ledger = &front.ledger;
    let shops = ledger.shops().await?;
    for ((shop, phase), orders) in ledger.phase_counts().await? {
        let name = shops.iter().find(|s| s.shop_id == shop).map(|s| s.name.clone()).unwrap_or_default();
        metrics::gauge!("choba_orders", "shop" => name, "phase" => phase).set(orders as f64);
    }
    for (state, orders) in ledger.state_counts().await? {
        metrics::gauge!("choba_orders_in_state", "state" => state).set(orders as f64);
    }
    for shop in &shops {
        let held = if shop.held_reason.is_some() { 1.0 } else { 0.0 };
        metrics::gauge!("choba_shop_held", "shop" => shop.name.clone()).set(held);
    }
    // What people renew; access that the lane renews each hour would always look urgent.
    for row in engine::keys::board(ledger, &malls::by_key, &shops, front.app.now()).await? {
        if let Some(days) = row.days_left.filter(|_| row.is_set) {
            metrics::gauge!("choba_credential_days_left", "shop" => row.shop, "credential" => row.key)
                .set(days as f64);
        }
    }
    for listener in ledger.listeners().await?.into_iter().filter(|l| l.on) {
        let failing = if listener.failing_since.is_some() { 1.0 } else { 0.0 };
        metrics::gauge!("choba_listener_failing", "listener" => listener.name.clone()).set(failing);
        if let Some(at) = listener.heard_at {
            metrics::gauge!("choba_listener_heard_seconds_ago", "listener" => listener.name)
                .set((front.app.now().since(at) / 1_000) as f64);
        }
    }
    if let Some(last) = ledger.last_backup().await? {
        metrics::gauge!("choba_backup_last_success_timestamp_seconds").set((last.at.0 / 1_000) as f64);
    }
    for lane in ledger.lanes().await? {
        let owned = if lane.owner.is_some() { 1.0 } else { 0.0 };
        metrics::gauge!("choba_lane_owned", "lane" => lane.lane_key).set(owned);
    }
    Ok(())
}
