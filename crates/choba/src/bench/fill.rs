//! Fills a ledger with many orders through the store's own page commit. The documents are the simulated mall's; who
//! bought is laid over them.

use super::mall::{Client, MALL, Shape, world};
use super::people::{Person, people_of};
use super::timer::Timer;
use anyhow::Context as _;
use domain::snapshot::{Party, Snapshot};
use domain::{MallOrderId, PhaseKey, UtcMillis};
use mall_api::Clock as _;
use mall_api::clock::SystemClock;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::imports::{NewRun, Progress};
use store::orders::{NewOrder, Page};
use store::{LaneGuard, Ledger, Shop};
use testkit::transport::InProcess;

/// Orders in one page.
const PAGE: usize = 100;
/// Documents the orders are made from.
const TEMPLATES: usize = 200;
/// When the first order came in; then one a minute.
const FIRST: i64 = 1_720_000_000_000;

/// Number of the n-th order.
pub fn number_of(order: u64) -> String {
    format!("300001-20261101-{order:010}")
}

/// Documents with our reading of them.
async fn templates() -> anyhow::Result<Vec<(Vec<u8>, Snapshot)>> {
    let mut config = world(Shape::Rakuten, TEMPLATES, testkit::house::START.0)?;
    config.settings.pace.enabled = false;
    let sim = mallsim::shared(mallsim::Sim::new(config));
    let view = {
        let held = sim.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        held.shops(testkit::house::START.0).into_iter().next().context("no shop")?
    };
    let clock = Arc::new(mall_api::clock::VirtualClock::new(testkit::house::START));
    let transport = Arc::new(InProcess::new(sim, clock));
    let client = Client::new(transport, "http://sim.invalid", testkit::house::START.0, &view.credentials)?;
    let mall = malls::by_key(MALL).context("no such mall")?;
    let source = mall.orders().context("the mall has no orders")?;
    let mut all = Vec::new();
    for part in client.numbers(1).await?.chunks(PAGE) {
        let body = client.details(part).await?;
        let answer: Value = serde_json::from_slice(&body)?;
        for document in answer.get("OrderModelList").and_then(Value::as_array).into_iter().flatten() {
            let raw = serde_json::to_vec(document)?;
            let snapshot = source.read_document(&raw).map_err(|e| anyhow::anyhow!(e))?;
            all.push((raw, snapshot));
        }
    }
    Ok(all)
}

fn put(party: &mut Party, person: &Person) {
    party.family_name = person.family.clone().into();
    party.given_name = person.given.clone().into();
    party.family_kana = person.family_kana.clone().into();
    party.given_kana = person.given_kana.clone().into();
    party.phone = person.phone.clone().into();
}

/// 93 % done, five open phases with 1 % each, 2 % cancelled.
fn phase_of(order: u64) -> PhaseKey {
    let open = ["new", "awaiting_review", "awaiting_payment", "awaiting_shipment", "on_hold"];
    let lot = StdRng::seed_from_u64(order ^ 0x0fa5_e000).random_range(0..100_usize);
    let phase = open.get(lot).copied().unwrap_or(if lot < 7 { "cancelled" } else { "completed" });
    PhaseKey::from(phase)
}

fn order(order: u64, (raw, template): &(Vec<u8>, Snapshot)) -> NewOrder {
    let mut snapshot = template.clone();
    snapshot.mall_order_id = MallOrderId(number_of(order));
    snapshot.ordered_at = UtcMillis(FIRST + i64::try_from(order).unwrap_or(0) * 60_000);
    let (buyer, other) = people_of(order);
    put(&mut snapshot.content.buyer, &buyer);
    snapshot.content.buyer.email = buyer.mail.clone().into();
    for recipient in &mut snapshot.content.recipients {
        put(&mut recipient.party, other.as_ref().unwrap_or(&buyer));
    }
    NewOrder {
        id: uuid::Uuid::now_v7(),
        raw: raw.clone(),
        snapshot,
        dates: domain::date_rule::Dates::default(),
        phase: phase_of(order),
        flags: 0,
        source: "api",
        events: Vec::new(),
    }
}

struct Work {
    ledger: Arc<Ledger>,
    templates: Vec<(Vec<u8>, Snapshot)>,
    next: AtomicUsize,
    orders: usize,
}

/// Fills a ledger that holds `there` orders already, up to `orders`; orders a second.
///
/// # Errors
/// As the database says.
pub async fn fill(ledger: &Arc<Ledger>, there: usize, orders: usize) -> anyhow::Result<f64> {
    let work = Arc::new(Work {
        ledger: Arc::clone(ledger),
        templates: templates().await?,
        next: AtomicUsize::new(there / PAGE),
        orders,
    });
    let timer = Timer::start();
    // Two, so that one seals while the other's rows are written. Shops of their own: those of an earlier filling that
    // was cut short still have a run.
    let shops = ledger.shops().await?.len();
    let mut tasks = tokio::task::JoinSet::new();
    for shop in [shops + 1, shops + 2] {
        let work = Arc::clone(&work);
        tasks.spawn(async move { fill_shop(&work, shop).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    #[expect(clippy::cast_precision_loss, reason = "millions of orders")]
    let rate = orders.saturating_sub(there) as f64 / timer.took().wall;
    Ok(rate)
}

async fn fill_shop(work: &Work, shop: usize) -> anyhow::Result<()> {
    let now = SystemClock::default().now();
    let ledger = &work.ledger;
    let lane = |id| format!("{MALL}:bench{id}");
    let name = format!("店舗{shop}");
    let shop = ledger.add_shop(&name, MALL, &BTreeMap::new(), &BTreeMap::new(), lane, now).await?;
    let guard = claim(ledger, &shop).await?;
    let new = NewRun {
        shop_id: shop.shop_id,
        request_id: None,
        trigger: "manual",
        from: UtcMillis(FIRST),
        to: now,
        looks_for_news: false,
        options: json!({}),
        cursor: json!({}),
        counts: json!({}),
    };
    let run_id = ledger.begin_run(&guard, &new, now).await?;
    let progress = Progress { run_id, cursor: json!({}), counts: json!({}) };
    loop {
        let begin = work.next.fetch_add(1, Ordering::Relaxed) * PAGE;
        if begin >= work.orders {
            break;
        }
        let end = work.orders.min(begin + PAGE);
        let template = |n: usize| work.templates.get(n % work.templates.len().max(1));
        let new: Vec<NewOrder> =
            (begin..end).filter_map(|n| Some(order(u64::try_from(n).ok()?, template(n)?))).collect();
        ledger.commit_page(&guard, shop.shop_id, &progress, Page { new, ..Page::default() }, now).await?;
        if begin.is_multiple_of(100_000) && begin > 0 {
            super::figure::hint(&format!("{begin} orders"));
        }
    }
    ledger.finish_run(&guard, &progress, "succeeded", None, now).await?;
    ledger.release_lane(&guard).await?;
    Ok(())
}

async fn claim(ledger: &Ledger, shop: &Shop) -> anyhow::Result<LaneGuard> {
    let lanes = ledger.lanes().await?;
    let row = lanes.iter().find(|l| l.lane_key == shop.lane_key).context("no lane")?;
    ledger.claim_lane(&row.lane_key, "bench", "bench", row.fence).await?.context("the lane is taken")
}
