//! Import of many orders of 楽天's shape over loopback without limits, all promises on, against a plain loop and a
//! script.

use super::figure::{Goal, Report, hint};
use super::house::{House, database};
use super::mall::{MallProcess, PAGE, Shape};
use super::timer::{Runs, Timer, Took};
use super::{mall, plain, script};
use anyhow::ensure;
use std::path::Path;
use store::plain::PlainPage;

/// Measures it.
///
/// # Errors
/// Something does not run.
pub async fn run(
    report: &mut Report,
    orders: usize,
    which: &str,
    rounds: usize,
    script: &Path,
) -> anyhow::Result<()> {
    ensure!(orders <= 15_000, "one window of the mall reaches 15,000 orders");
    let sqlite = which == "sqlite";
    let mall = MallProcess::start(Shape::Rakuten, orders).await?;
    let client = mall.client()?;
    // Once unmeasured: the mall renders and keeps its answers, and the rows the plain loop writes are there.
    let all = plain::run(&client, None).await?;
    let house = House::build(which, &mall).await?;
    let new = house.import(false).await?.counts.new;
    ensure!(new == u64::try_from(all)?, "{new} of {all} orders came in");
    let pages = house.ledger.plain_pages(PAGE).await?;
    house.close().await?;
    let (mut ours, mut looped, mut fetched, mut written, mut scripted) =
        (Runs::default(), Runs::default(), Runs::default(), Runs::default(), Runs::default());
    let mut script_missing = false;
    for round in 1..=rounds {
        hint(&format!("round {round} of {rounds}"));
        ours.0.push(import(which, &mall).await?);
        looped.0.push(plain_loop(which, &client, pages.clone()).await?);
        written.0.push(writer(which, pages.clone()).await?);
        let timer = Timer::start();
        plain::run(&client, None).await?;
        fetched.0.push(timer.took());
        if sqlite && !script_missing {
            let keys = [
                mall.url.clone(),
                mall.key("serviceSecret"),
                mall.key("licenseKey"),
                mall.now_ms.to_string(),
            ];
            match script::run("python3".as_ref(), script, &keys, all).await? {
                Ok(took) => scripted.0.push(took),
                Err(why) => {
                    script_missing = true;
                    report.note(format!("Python script not measured: {why}"));
                }
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of orders")]
    let n = all as f64;
    let rate = |r: &Runs| n / r.wall();
    let lean = |r: &Runs| n / r.cpu();
    let goal = |least| if sqlite { Goal::AtLeast(least) } else { Goal::None };
    report.figure("import, orders/s", "orders/s", rate(&ours), ("plain loop", rate(&looped)), goal(0.9));
    if sqlite {
        let name = "import, orders per CPU second";
        report.figure(name, "orders/CPUs", lean(&ours), ("plain loop", lean(&looped)), Goal::AtLeast(0.9));
        if !scripted.0.is_empty() {
            let goal = Goal::AtLeast(1.5);
            report.figure("import, orders/s", "orders/s", rate(&ours), ("Python", rate(&scripted)), goal);
            report.figure(name, "orders/CPUs", lean(&ours), ("Python", lean(&scripted)), goal);
        }
    }
    let (limit, alone) = if sqlite {
        (Goal::None, "writer alone")
    } else {
        // Same tables, same rows, several rows a statement, one transaction a page.
        (Goal::AtLeast(0.35), "multi-row insert alone")
    };
    report.figure("import, orders/s", "orders/s", rate(&ours), (alone, rate(&written)), limit);
    report.figure(
        "import, orders/s",
        "orders/s",
        rate(&ours),
        ("fetch + parse alone", rate(&fetched)),
        Goal::None,
    );
    let ms = |r: &Runs| r.cpu() * 1_000.0 / n;
    report.note(format!(
        "CPU ms/order of this program: import {:.3}, plain loop {:.3}, writer alone {:.3}, fetch + parse alone {:.3}{}",
        ms(&ours),
        ms(&looped),
        ms(&written),
        ms(&fetched),
        if scripted.0.is_empty() { String::new() } else { format!("; script {:.3}", ms(&scripted)) }
    ));
    Ok(())
}

/// One import into an empty ledger.
///
/// # Errors
/// It did not succeed.
pub async fn import(which: &str, mall: &MallProcess) -> anyhow::Result<Took> {
    let house = House::build(which, mall).await?;
    let timer = Timer::start();
    let wall = house.import(false).await?.wall;
    let cpu = timer.took().cpu;
    house.close().await?;
    Ok(Took { wall, cpu })
}

async fn plain_loop(which: &str, client: &mall::Client, pages: Vec<PlainPage>) -> anyhow::Result<Took> {
    let db = database(which).await?;
    let timer = Timer::start();
    plain::run(client, Some((&*db, pages))).await?;
    let took = timer.took();
    db.remove().await?;
    Ok(took)
}

async fn writer(which: &str, pages: Vec<PlainPage>) -> anyhow::Result<Took> {
    let db = database(which).await?;
    let timer = Timer::start();
    plain::write_only(&db, pages).await?;
    let took = timer.took();
    db.remove().await?;
    Ok(took)
}
