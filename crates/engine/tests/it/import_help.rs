//! What the import stories share.

use async_trait::async_trait;
use domain::RequestId;
use domain::history::By;
use domain::time::DAY;
use engine::requests::{IMPORT, ImportCounts, ImportRequest};
use engine::{Hub, HubConfig, Transport, doors};
use mall_api::{Clock as _, WireAnswer, WireError, WireRequest};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use store::imports::RunRow;
use store::{Ledger, Shop};
use testkit::house::{House, START, test_ring};

/// Statuses that are fetched unless the shop says otherwise.
const USUAL: [&str; 4] = ["100", "200", "300", "400"];

pub fn counts(run: &RunRow) -> ImportCounts {
    serde_json::from_value(run.counts.clone()).unwrap()
}

/// The summary adds up (IMP-2).
pub fn adds_up(counts: ImportCounts) {
    let c = counts;
    let told = c.new + c.unchanged + c.refreshed + c.overwritten + c.changed_at_mall + c.left_out + c.failed;
    assert_eq!(c.listed, told, "{c:?}");
}

pub fn days(house: &House, days: i64) -> ImportRequest {
    ImportRequest {
        from: house.now().plus(-days * DAY),
        to: house.now(),
        statuses: None,
        overwrite: false,
        force: false,
        orders: None,
    }
}

/// Puts an import request into a shop's lane without working it.
pub async fn ask(house: &House, shop: usize, body: &ImportRequest) -> RequestId {
    house.ledger.add_request(&house.shops[shop], IMPORT, body, &By::Cli, house.now()).await.unwrap()
}

pub async fn request(house: &House, id: RequestId) -> store::requests::RequestRow {
    house.ledger.request(id).await.unwrap().unwrap()
}

pub async fn shop(house: &House, shop: usize) -> Shop {
    house.ledger.shop(house.shops[shop].shop_id).await.unwrap().unwrap()
}

pub async fn last_run(house: &House, shop: usize) -> Option<RunRow> {
    doors::last_run(&house.ledger, house.shops[shop].shop_id).await.unwrap()
}

pub async fn run_is(house: &House, shop: usize, state: &str) -> bool {
    last_run(house, shop).await.is_some_and(|run| run.state == state)
}

/// Every shop imports by itself, every so many milliseconds.
pub async fn automatic(house: &House, every: i64) {
    for i in 0..house.shops.len() {
        let mut shop = shop(house, i).await;
        shop.set_import_interval(every, house.now());
        house.ledger.update_shop(&shop, house.now()).await.unwrap();
    }
}

/// A hub that looks rarely, for long simulations.
pub fn calm(house: &House) -> Arc<Hub> {
    let (poll_ms, beat_ms, lease_ms) = (30_000, 120_000, 600_000);
    house.hub_with(HubConfig { poll_ms, beat_ms, lease_ms, ..HubConfig::default() })
}

/// The same, doing only what it is asked.
pub fn calm_and_quiet(house: &House) -> Arc<Hub> {
    let (poll_ms, beat_ms, lease_ms) = (30_000, 120_000, 600_000);
    house.hub_with(HubConfig { poll_ms, beat_ms, lease_ms, schedules: false, ..HubConfig::default() })
}

/// Imports the last days of the first shop, followed without haste.
pub async fn import(house: &House, wanted: i64) -> RunRow {
    ask(house, 0, &days(house, wanted)).await;
    assert!(house.settle(&calm_and_quiet(house)).await);
    last_run(house, 0).await.unwrap()
}

/// Runs a hub for so long.
pub async fn run_for(house: &House, hub: &Arc<Hub>, millis: i64) {
    assert!(!house.run_until(hub, millis, async |_| false).await);
}

/// Runs a hub for so long on the monotonic clock, whatever the wall clock does; `each` is called every 500 ms.
pub async fn work_for(house: &House, hub: &Arc<Hub>, millis: i64, mut each: impl AsyncFnMut(&House)) {
    let task = tokio::spawn(hub.run());
    let end = house.clock.monotonic_ms() + millis;
    while house.clock.monotonic_ms() < end {
        each(house).await;
        house.clock.sleep_ms(500).await;
    }
    hub.stop();
    task.await.unwrap();
}

/// Runs the usual hub until the newest run of a shop has ended that way.
pub async fn until_run(house: &House, shop: usize, state: &str, limit: i64) {
    let done = house.run_until(&calm(house), limit, async |house| run_is(house, shop, state).await).await;
    assert!(done, "{:?}", last_run(house, shop).await);
}

/// What the malls hold and a usual import brings in.
pub fn wanted(house: &House) -> BTreeSet<String> {
    let usual = |o: &mallsim::OrderView| !o.hidden && USUAL.contains(&o.status.as_str());
    house.mall_orders().into_iter().filter(usual).map(|o| o.number).collect()
}

/// The ledger has each wanted order exactly once (I1, I2).
pub async fn complete(house: &House) {
    let all: Vec<String> = house.orders().await.into_iter().map(|o| o.mall_order_id.0).collect();
    let set: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), set.len(), "an order stands twice");
    let lost: Vec<_> = wanted(house).difference(&set).cloned().collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(house.ledger.phase_counts().await.unwrap(), house.ledger.recount_phases().await.unwrap());
}

/// How often a mall's function was called.
pub fn calls(house: &House, operation: &str) -> u64 {
    house.sim().effects().counters().by_operation.get(operation).copied().unwrap_or(0)
}

/// A second program on the same database.
pub async fn other_program(house: &House, config: HubConfig) -> Arc<Hub> {
    let ledger = Ledger::with_db((*house.db).clone(), test_ring(), START).await.unwrap();
    let clock = Arc::new(house.clock.clone());
    Hub::new(Arc::new(ledger), malls::registry(), clock, Arc::clone(&house.transport), config)
}

/// A hub whose transport is tapped.
pub fn tapped(house: &House, tap: &Arc<Tap>) -> Arc<Hub> {
    let transport: Arc<dyn Transport> = Arc::clone(tap) as Arc<dyn Transport>;
    let clock = Arc::new(house.clock.clone());
    let config = HubConfig { poll_ms: 5_000, ..HubConfig::default() };
    Hub::new(Arc::clone(&house.ledger), malls::registry(), clock, transport, config)
}

/// A transport that writes down what passes and can be told to misbehave.
pub struct Tap {
    inner: Arc<dyn Transport>,
    /// Operation and length of each answer's body.
    pub sizes: Mutex<Vec<(String, usize)>>,
    /// No call may take longer, real milliseconds.
    pub most_ms: i64,
    /// So many calls panic.
    pub panics: AtomicI64,
}

impl Tap {
    pub fn new(house: &House, most_ms: i64, panics: i64) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(&house.transport),
            sizes: Mutex::default(),
            most_ms,
            panics: AtomicI64::new(panics),
        })
    }

    pub fn sizes_of(&self, operation: &str) -> Vec<usize> {
        self.sizes.lock().unwrap().iter().filter(|(o, _)| o == operation).map(|(_, size)| *size).collect()
    }
}

#[async_trait]
impl Transport for Tap {
    async fn exchange(
        &self,
        url: &str,
        request: &WireRequest,
        timeout: i64,
    ) -> Result<WireAnswer, WireError> {
        assert!(self.panics.fetch_sub(1, Ordering::SeqCst) <= 0, "told to");
        let answer = self.inner.exchange(url, request, timeout.min(self.most_ms)).await;
        if let Ok(answer) = &answer {
            self.sizes.lock().unwrap().push((request.operation.clone(), answer.body.len()));
        }
        answer
    }
}
