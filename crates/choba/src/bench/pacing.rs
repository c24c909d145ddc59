//! Import under the published limits, in lock-step with the simulated mall: how near to the least time the limits
//! allow, and not one refusal.

use super::figure::{Goal, Report};
use super::mall::{LIST, PAGE, world};
use anyhow::{Context as _, ensure};
use engine::requests::ImportCounts;
use engine::requests::ImportRequest;
use testkit::house::{House, Plan, START};
use testkit::tempdb::Kind;

/// Measures one import.
///
/// # Errors
/// It did not succeed.
pub async fn run(report: &mut Report, orders: usize) -> anyhow::Result<()> {
    let mut plan = Plan::new(Kind::Sqlite, orders).over_http();
    plan.sim = world(orders, START.0);
    plan.sim.settings.pace.by_simulated_clock = true;
    // Not a millisecond too early.
    plan.sim.settings.pace.tolerance_ms = 0;
    let interval_ms = 1_000.0 / plan.sim.settings.pace.per_second;
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
    ensure!(counts.new == u64::try_from(orders)?, "{} of {orders} orders came in", counts.new);
    let ended = run.finished_at.context("the import did not end")?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of one run, thousands of calls")]
    let (took, least) = {
        let calls = orders.div_ceil(LIST) + orders.div_ceil(PAGE);
        let took = ended.since(progress.request.created_at) as f64 / 1_000.0;
        (took, calls.saturating_sub(1) as f64 * interval_ms / 1_000.0)
    };
    let (calls, refused) = {
        let sim = house.sim();
        let counters = sim.effects().counters();
        (counters.calls, counters.too_many.values().sum::<u64>())
    };
    house.close().await?;
    let name = format!("pacing, {orders} orders");
    report.figure(&name, "virtual s", took, ("least possible", least), Goal::AtMost(1.05));
    let refusals = format!("pacing, {orders} orders: answers of 429");
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    report.figure(&refusals, "answers", refused as f64, ("calls", calls as f64), Goal::AtMost(0.0));
    Ok(())
}
