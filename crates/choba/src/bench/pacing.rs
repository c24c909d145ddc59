//! Import under the published limits, in lock-step with the simulated malls: how near to the least time the limits
//! allow, and not one refusal.

use super::figure::{Goal, Report};
use super::mall::{LIST, PAGE, Shape, world};
use anyhow::{Context as _, ensure};
use engine::requests::ImportCounts;
use engine::requests::ImportRequest;
use testkit::house::{House, Plan, START};
use testkit::tempdb::Kind;

/// searchOrders may be called so often a second, after a burst (malls/amazon.md 8).
const AMAZON: (f64, usize) = (0.0056, 20);
/// Each URL may be called once a second (malls/yahoo.md 2).
const YAHOO: f64 = 1.0;

/// The least time the limits allow for so many orders, seconds. The first call goes at once; calls with limits of
/// their own run beside the slowest kind.
#[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
fn least(shape: Shape, orders: usize, rakuten_per_second: f64) -> f64 {
    let behind = |calls: usize, burst: usize, per_second: f64| {
        // Gates count in whole milliseconds.
        calls.saturating_sub(burst) as f64 * (1_000.0 / per_second).ceil() / 1_000.0
    };
    match shape {
        Shape::Rakuten => behind(orders.div_ceil(LIST) + orders.div_ceil(PAGE), 1, rakuten_per_second),
        // orderInfo takes one order a call; orderList is another URL.
        Shape::Yahoo => behind(orders, 1, YAHOO),
        Shape::Amazon => behind(orders.div_ceil(PAGE), AMAZON.1, AMAZON.0),
    }
}

/// Measures one import.
///
/// # Errors
/// It did not succeed.
pub async fn run(report: &mut Report, shape: Shape, orders: usize) -> anyhow::Result<()> {
    let mut plan = Plan::new(Kind::Sqlite, orders).over_http();
    plan.sim = world(shape, orders, START.0)?;
    plan.sim.settings.pace.by_simulated_clock = true;
    // Not a millisecond too early.
    plan.sim.settings.pace.tolerance_ms = 0;
    let per_second = plan.sim.settings.pace.per_second;
    let house = House::build(plan).await?;
    let now = house.now();
    let request = ImportRequest {
        from: now.plus(-2 * domain::time::DAY),
        to: now,
        statuses: Some(Vec::new()),
        overwrite: false,
        force: false,
        orders: None,
    };
    let progress = house.import(request).await?;
    let run = progress.run.context("the import did not begin")?;
    let counts: ImportCounts = serde_json::from_value(run.counts)?;
    ensure!(counts.failed == 0, "orders were lost: {counts:?}");
    ensure!(counts.new * 10 >= u64::try_from(orders)? * 9, "of {orders} orders came in {counts:?}");
    let least = least(shape, usize::try_from(counts.new)?, per_second);
    let ended = run.finished_at.context("the import did not end")?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of one run")]
    let took = ended.since(progress.request.created_at) as f64 / 1_000.0;
    let (calls, refused) = {
        let sim = house.sim();
        let counters = sim.effects().counters();
        (counters.calls, counters.too_many.values().sum::<u64>())
    };
    house.close().await?;
    let name = format!("pacing, {}, {} orders", shape.key(), counts.new);
    if least > 0.0 {
        report.figure(&name, "virtual s", took, ("least possible", least), Goal::AtMost(1.05));
    } else {
        report.note(format!("{name}: {took:.1} virtual s; the limits let all its calls go at once"));
    }
    let refusals = format!("{name}: refused for speed");
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
    report.figure(&refusals, "answers", refused as f64, ("calls", calls as f64), Goal::AtMost(0.0));
    Ok(())
}
