//! Asking lanes for something and following it; with no living hub around, this process works the lanes itself.

use super::app::App;
use anyhow::Result;
use domain::Reason;
use domain::history::By;
use engine::doors::{self, Progress};
use engine::{Hub, HubConfig};
use futures::future::try_join_all;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Ledger, Shop};

/// One thing to ask of one shop's lane.
pub struct Asked {
    /// Shop.
    pub shop: Shop,
    /// Kind of the request.
    pub kind: &'static str,
    /// Its details.
    pub body: Value,
}

/// A hub for just these shops' lanes, without schedules.
pub fn hub_for(app: &App, ledger: &Arc<Ledger>, shops: &[Shop], seize: bool) -> Result<Arc<Hub>> {
    let lanes = shops.iter().map(|s| s.lane_key.clone()).collect();
    let config =
        HubConfig { schedules: false, lanes: Some(lanes), seize, poll_ms: 200, ..HubConfig::default() };
    app.hub(ledger, config)
}

/// Works the hub in the background; Ctrl-C gives the lanes up, so that nobody has to wait for them.
pub struct Worker {
    hub: Arc<Hub>,
    work: tokio::task::JoinHandle<()>,
    signal: tokio::task::JoinHandle<()>,
}

impl Worker {
    /// Begins.
    pub fn start(hub: &Arc<Hub>) -> Self {
        let worker = Arc::clone(hub);
        let work = tokio::spawn(async move { worker.run().await });
        let stopper = Arc::clone(hub);
        let signal = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stopper.stop();
                // The lanes are given up within this time; what was committed is kept in any case.
                stopper.clock.sleep_ms(2_000).await;
                std::process::exit(1);
            }
        });
        Self { hub: Arc::clone(hub), work, signal }
    }

    /// Ends, giving the lanes up.
    pub async fn finish(self) {
        self.signal.abort();
        self.hub.stop();
        // The worker ends by itself.
        drop(self.work.await);
    }
}

/// Asks and follows all at once. `tell` hears of each look, with the number of the one asked.
pub async fn ask_all(
    app: &App,
    ledger: &Arc<Ledger>,
    asked: Vec<Asked>,
    seize: bool,
    tell: &mut (dyn FnMut(usize, &Progress) + Send),
) -> Result<Vec<Progress>> {
    let shops: Vec<Shop> = asked.iter().map(|a| a.shop.clone()).collect();
    let hub = hub_for(app, ledger, &shops, seize)?;
    let worker = Worker::start(&hub);
    let done = follow_all(&hub, asked, tell).await;
    worker.finish().await;
    done
}

/// The same on a hub that is worked already.
pub async fn follow_all(
    hub: &Arc<Hub>,
    asked: Vec<Asked>,
    tell: &mut (dyn FnMut(usize, &Progress) + Send),
) -> Result<Vec<Progress>> {
    let mut ids = Vec::new();
    for one in &asked {
        ids.push(doors::ask(hub, &one.shop, one.kind, &one.body, &By::Cli).await?);
    }
    let tell = Mutex::new(tell);
    let all = ids.into_iter().enumerate().map(|(number, id)| {
        let tell = &tell;
        async move {
            let mut one = |progress: &Progress| {
                let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
                (*tell)(number, progress);
            };
            doors::follow(hub, id, &mut one).await
        }
    });
    Ok(try_join_all(all).await?)
}

/// The reason inside a request's result, if it failed for one.
pub fn reason_of(result: &Value) -> Option<Reason> {
    result.get("reason").and_then(|r| serde_json::from_value(r.clone()).ok())
}
