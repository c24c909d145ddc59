//! Import from the malls other than 楽天 over loopback without limits: orders a second and processor time an order. For
//! Yahoo!, which is asked order by order, also what the list's revision saves when nothing has changed.

use super::figure::{Goal, Report, hint};
use super::house::House;
use super::import::import;
use super::mall::{MallProcess, Shape};
use super::timer::{Runs, Timer, Took};
use anyhow::ensure;

/// Measures it.
///
/// # Errors
/// Something does not run.
pub async fn run(
    report: &mut Report,
    shape: Shape,
    orders: usize,
    which: &str,
    rounds: usize,
) -> anyhow::Result<()> {
    let mall = MallProcess::start(shape, orders).await?;
    // Once unmeasured: the mall renders and keeps its answers.
    let house = House::build(which, &mall).await?;
    let first = calls(&mall).await?;
    let counts = house.import(false).await?.counts;
    let asked = calls(&mall).await? - first;
    ensure!(counts.new * 10 >= u64::try_from(orders)? * 9, "of {orders} orders came in {counts:?}");
    #[expect(clippy::cast_precision_loss, reason = "thousands of orders")]
    let n = counts.new as f64;
    let mut runs = Runs::default();
    for round in 1..=rounds {
        hint(&format!("round {round} of {rounds}"));
        runs.0.push(import(which, &mall).await?);
    }
    report.note(format!(
        "import from {}, {n} orders, {asked} calls: {:.0} orders/s, CPU {:.3} ms/order (median of {rounds})",
        shape.key(),
        n / runs.wall(),
        runs.cpu() * 1_000.0 / n
    ));
    if shape == Shape::Yahoo {
        again(report, &house, &mall).await?;
    }
    house.close().await
}

/// All calls so far.
async fn calls(mall: &MallProcess) -> anyhow::Result<u64> {
    Ok(mall.calls().await?.values().sum())
}

/// A second import that finds nothing changed, against asking for each order again.
async fn again(report: &mut Report, house: &House, mall: &MallProcess) -> anyhow::Result<()> {
    let (unchanged, unchanged_calls) = counted(house, mall, false).await?;
    let (every, every_calls) = counted(house, mall, true).await?;
    let against = "each order again";
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
    let (few, many) = (unchanged_calls as f64, every_calls as f64);
    report.figure("second import, nothing changed", "calls", few, (against, many), Goal::None);
    report.figure("second import, nothing changed", "s", unchanged.wall, (against, every.wall), Goal::None);
    report.figure("second import, nothing changed", "CPU s", unchanged.cpu, (against, every.cpu), Goal::None);
    Ok(())
}

async fn counted(house: &House, mall: &MallProcess, overwrite: bool) -> anyhow::Result<(Took, u64)> {
    let before = calls(mall).await?;
    let timer = Timer::start();
    let done = house.import(overwrite).await?;
    let cpu = timer.took().cpu;
    ensure!(done.counts.new == 0, "orders came in twice: {:?}", done.counts);
    Ok((Took { wall: done.wall, cpu }, calls(mall).await? - before))
}
