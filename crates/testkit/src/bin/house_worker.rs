//! The child of the crash rig: works the scenario over a database until nothing is left to do.
//!
//! Given by environment: `CHOBA_RIG_DB`, `CHOBA_RIG_MALL` (`host:port`), `CHOBA_RIG_START` (milliseconds), and
//! `CHOBA_FAIL=name=n` to die at the n-th hit of a fail-point. Prints how often each point was hit as JSON. Ends with 0
//! when all is quiet, 3 when that never came.

use anyhow::Context as _;
use domain::UtcMillis;
use engine::http_wire::{EndpointPolicy, HttpTransport};
use engine::{Hub, HubConfig};
use mall_api::Clock;
use mall_api::clock::VirtualClock;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{DbUrl, Ledger, OpenOptions};
use testkit::granted::{Granted, TokenDesk};
use testkit::rig::{Control, POINTS, Scenario, SmallPages, ToAddress, follow_sim, new_ring};

type Hits = Vec<(&'static str, Arc<AtomicU64>)>;

/// Counts every point, and dies at the one that is asked for.
fn arm() -> anyhow::Result<Hits> {
    let asked = std::env::var("CHOBA_FAIL").unwrap_or_default();
    let (name, nth) = asked.split_once('=').unwrap_or(("", "0"));
    let nth: u64 = nth.parse().context("CHOBA_FAIL")?;
    anyhow::ensure!(name.is_empty() || POINTS.contains(&name), "there is no fail-point {name}");
    let mut hits = Hits::new();
    for point in POINTS {
        let count = Arc::new(AtomicU64::new(0));
        let (counter, dies) = (Arc::clone(&count), *point == name);
        fail::cfg_callback(*point, move || {
            if counter.fetch_add(1, Ordering::SeqCst) + 1 == nth && dies {
                std::process::abort();
            }
        })
        .map_err(|error| anyhow::anyhow!("fail-points are not compiled in: {error}"))?;
        hits.push((point, count));
    }
    Ok(hits)
}

fn given(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| name.to_owned())
}

async fn work() -> anyhow::Result<bool> {
    let mall = given("CHOBA_RIG_MALL")?;
    let start = UtcMillis(given("CHOBA_RIG_START")?.parse()?);
    let control = Arc::new(Control::new(&mall));
    let now = control.now()?.max(start);
    let url = DbUrl::parse(&given("CHOBA_RIG_DB")?)?;
    let ledger = Arc::new(Ledger::open(&url, &OpenOptions::default(), new_ring(true), now).await?);
    let clock = VirtualClock::with_hook(now, Some(follow_sim(control)));
    let inner = HttpTransport::new(EndpointPolicy { allow_private: true })?;
    let clock = Arc::new(clock);
    let way = Arc::new(ToAddress { inner, base_url: format!("http://{mall}") });
    let transport =
        Arc::new(TokenDesk::new(way, Arc::clone(&clock) as Arc<dyn Clock>, 40 * domain::time::MINUTE));
    let malls = SmallPages::registry().into_iter().map(|mall| Granted::over(mall, |_| {})).collect();
    let config = HubConfig { poll_ms: 60_000, beat_ms: 30_000, rhythm: false, ..HubConfig::default() };
    let hub = Hub::new(Arc::clone(&ledger), malls, clock, transport, config);
    let mut scenario = Scenario::new(&hub, start).await?;
    let worker = Arc::clone(&hub);
    let worker = tokio::spawn(async move { worker.run().await });
    let quiet = scenario.run().await?;
    hub.stop();
    worker.await?;
    ledger.close().await;
    Ok(quiet)
}

fn run() -> anyhow::Result<ExitCode> {
    let hits = arm()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let quiet = runtime.block_on(work())?;
    let counts: serde_json::Map<String, serde_json::Value> =
        hits.iter().map(|(name, n)| ((*name).to_owned(), n.load(Ordering::SeqCst).into())).collect();
    println!("{}", serde_json::Value::Object(counts));
    Ok(if quiet { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}
