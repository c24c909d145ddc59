//! Automatic import over a simulated day of twenty shops in three malls, in process and under virtual time: how soon an
//! order is seen, and how many calls each order costs beside the least possible; by rhythm, and beside fixed cycles.

use super::figure::{Goal, Report};
use anyhow::{Context as _, ensure};
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use domain::{ImportMode, UtcMillis};
use engine::HubConfig;
use engine::requests::{IMPORT, ImportRequest};
use mall_api::Clock as _;
use serde_json::json;
use testkit::house::{House, Plan};
use testkit::tempdb::Kind;

/// Shops by mall, and how the simulator is told of a new order.
const SHOPS: [(&str, usize); 3] = [("rakuten", 8), ("yahoo", 6), ("amazon", 6)];
/// Orders of the hours of a day, per thousand: few at night, most in the evening.
const HOURS: [u64; 24] =
    [35, 18, 8, 5, 4, 6, 14, 27, 36, 42, 46, 46, 52, 46, 42, 40, 40, 42, 48, 60, 78, 94, 98, 73];
/// Orders of a day at most; the smallest shop has a twentieth of it.
const BUSIEST: u64 = 100;
/// Days of orders the shops had before: enough for a habit.
const BEFORE: i64 = 8;

/// When a shop is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cycle {
    Rhythm,
    Fixed(i64),
}

impl Cycle {
    fn name(self) -> String {
        match self {
            Self::Rhythm => "by rhythm".to_owned(),
            Self::Fixed(ms) => format!("fixed {} min", ms / MINUTE),
        }
    }
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    /// Below `n`.
    fn roll(&mut self, n: u64) -> u64 {
        // splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }
}

/// When orders of a day come, milliseconds after its midnight.
fn day_of_orders(dice: &mut Dice, a_day: u64) -> Vec<i64> {
    let all: u64 = HOURS.iter().sum();
    let mut times = Vec::new();
    for (hour, share) in (0_i64..).zip(HOURS) {
        // What is left of a whole order is left to the dice.
        let thousandths = a_day * share * 1_000 / all;
        let orders = thousandths / 1_000 + u64::from(dice.roll(1_000) < thousandths % 1_000);
        times.extend((0..orders).map(|_| hour * HOUR + i64::try_from(dice.roll(3_600_000)).unwrap_or(0)));
    }
    times.sort_unstable();
    times
}

/// Least calls that show each of these orders within a minute: looks exactly when the first of some has waited so long.
fn least(mall: &str, times: &[i64]) -> u64 {
    let (mut calls, mut seen_to) = (0, i64::MIN);
    for at in times {
        // A search; the details of up to a hundred orders in one call, one by one, or in the search itself.
        if *at > seen_to {
            seen_to = at + MINUTE;
            calls += if mall == "rakuten" { 2 } else { 1 };
        }
        calls += u64::from(mall == "yahoo");
    }
    calls
}

fn order_of(mall: &str, shop: &str, at: UtcMillis) -> serde_json::Value {
    let mut wanted = json!({"mall": mall, "shop": shop, "count": 1, "traits": [], "at_ms": at.0});
    let (key, status) = match mall {
        "rakuten" => ("status", json!(300)),
        "yahoo" => ("status", json!(2)),
        _ => ("status", json!("UNSHIPPED")),
    };
    if let Some(fields) = wanted.as_object_mut() {
        fields.insert(key.to_owned(), status);
        if mall == "yahoo" {
            fields.insert("visible".to_owned(), json!(true));
        }
    }
    wanted
}

/// One shop's world: its mall and id at the simulator, and when its orders come on the day that counts.
struct World {
    mall: String,
    shop: String,
    times: Vec<i64>,
}

async fn house() -> anyhow::Result<House> {
    let mut plan = Plan::empty(Kind::Sqlite, 0);
    for (mall, shops) in SHOPS {
        plan = plan.mall(mall, shops);
    }
    House::build(plan).await
}

/// Orders of the days before, brought in as a person would.
async fn past(house: &House, dice: &mut Dice, midnight: UtcMillis) -> anyhow::Result<Vec<World>> {
    let mut worlds = Vec::new();
    for (n, shop) in (1_u64..).zip(&house.shops) {
        let id = shop.name.trim_start_matches("店舗").to_owned();
        let a_day = (BUSIEST * n / 20).max(3);
        for day in 1..=BEFORE {
            for at in day_of_orders(dice, a_day) {
                let at = midnight.plus(at - day * DAY);
                if at < house.now() {
                    house.add_orders(order_of(&shop.mall, &id, at))?;
                }
            }
        }
        worlds.push(World { mall: shop.mall.clone(), shop: id, times: day_of_orders(dice, a_day) });
        let (from, to) = (house.now().plus(-(BEFORE + 1) * DAY), house.now());
        let body = ImportRequest { from, to, statuses: None, overwrite: false, force: false, orders: None };
        house.ledger.add_request(shop, IMPORT, &body, &domain::history::By::Cli, house.now()).await?;
    }
    ensure!(house.settle(&house.quiet_hub()).await, "the days before did not come in");
    Ok(worlds)
}

fn percentile(sorted: &[i64], percent: usize) -> i64 {
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0)
}

/// One day in one way.
async fn day(report: &mut Report, cycle: Cycle, hours: i64) -> anyhow::Result<()> {
    let house = house().await?;
    // The same orders in every way.
    let mut dice = Dice(5);
    // The simulated world begins in the morning; the day that counts begins at the next midnight.
    let morning = house.now();
    let midnight = morning.plus(DAY - (morning.0 + 9 * HOUR).rem_euclid(DAY));
    let mut worlds = past(&house, &mut dice, midnight).await?;
    ensure!(house.now() < midnight, "the days before took until {}", house.now().to_japan_text());
    // A shorter day is its busiest part.
    let from = midnight.plus(DAY - hours * HOUR);
    let to = midnight.plus(DAY);
    house.clock.advance(from.since(house.now()));
    for (shop, world) in house.shops.iter().zip(&mut worlds) {
        let mut shop = house.ledger.shop(shop.shop_id).await?.context("a shop is gone")?;
        shop.set_import_mode(ImportMode::Schedule, from);
        if let Cycle::Fixed(ms) = cycle {
            shop.set_import_interval(ms, from);
        }
        house.ledger.update_shop(&shop, from).await?;
        world.times.retain(|at| midnight.plus(*at) >= from);
    }
    let mut coming: Vec<(UtcMillis, &World)> = Vec::new();
    for world in &worlds {
        coming.extend(world.times.iter().map(|at| (midnight.plus(*at), world)));
    }
    coming.sort_by_key(|(at, _)| *at);
    let calls = |house: &House| house.sim().effects().counters().calls;
    let before = calls(&house);
    let config = HubConfig {
        rhythm: cycle == Cycle::Rhythm,
        poll_ms: 10 * SECOND,
        beat_ms: 10 * MINUTE,
        lease_ms: HOUR,
        ..HubConfig::default()
    };
    let hub = house.hub_by_rhythm(config);
    let task = tokio::spawn(hub.run());
    for (at, world) in &coming {
        house.clock.sleep_ms(at.since(house.now()).max(0)).await;
        house.add_orders(order_of(&world.mall, &world.shop, *at))?;
    }
    // What came last has its time too.
    house.clock.sleep_ms(to.plus(20 * MINUTE).since(house.now())).await;
    hub.stop();
    task.await?;
    let made = calls(&house) - before;
    let (mut waits, mut lost) = (Vec::new(), coming.len());
    for order in house.orders().await.iter().filter(|o| o.ordered_at >= from) {
        waits.push(order.created_at.since(order.ordered_at));
        lost -= 1;
    }
    waits.sort_unstable();
    ensure!(lost == 0, "{lost} of {} orders were not seen", coming.len());
    let least: u64 = worlds.iter().map(|w| least(&w.mall, &w.times)).sum();
    house.close().await?;
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls and seconds")]
    let (made, least, orders, seconds) =
        (made as f64, least as f64, coming.len() as f64, |ms: i64| ms as f64 / 1_000.0);
    let name = format!("freshness, {} ({} orders)", cycle.name(), coming.len());
    report.note(format!(
        "{name}: median {:.0} s, 95 of 100 {:.0} s, longest {:.0} s",
        seconds(percentile(&waits, 50)),
        seconds(percentile(&waits, 95)),
        seconds(percentile(&waits, 100))
    ));
    report.figure(&name, "calls an order", made / orders, ("least possible", least / orders), Goal::None);
    Ok(())
}

/// Measures all three ways.
///
/// # Errors
/// An order was lost.
pub async fn run(report: &mut Report, hours: i64) -> anyhow::Result<()> {
    for cycle in [Cycle::Rhythm, Cycle::Fixed(15 * MINUTE), Cycle::Fixed(7 * MINUTE)] {
        day(report, cycle, hours.clamp(1, 24)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_calls_look_once_for_all_orders_of_a_minute() {
        let times = [0, 30_000, 59_000, 61_000, 500_000];
        assert_eq!([least("rakuten", &times), least("yahoo", &times), least("amazon", &times)], [6, 8, 3]);
        assert_eq!(least("yahoo", &[]), 0);
    }

    #[test]
    fn a_day_has_about_as_many_orders_as_it_should_in_order() {
        let times = day_of_orders(&mut Dice(1), 100);
        assert!((90..=110).contains(&times.len()) && times.is_sorted());
        assert!(times.iter().all(|at| (0..DAY).contains(at)));
    }
}
