//! Import of many orders over loopback without limits, all promises on, against a plain loop and a script.

use super::figure::{Goal, Report, hint};
use super::house::{House, database};
use super::mall::{MallProcess, PAGE};
use super::timer::{Timer, Took, median};
use super::{mall, plain};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use std::path::Path;
use store::plain::PlainPage;
use tokio::process::Command;

/// Runs of one contestant.
#[derive(Default)]
struct Runs(Vec<Took>);

impl Runs {
    fn wall(&self) -> f64 {
        median(self.0.iter().map(|t| t.wall).collect())
    }

    fn cpu(&self) -> f64 {
        median(self.0.iter().map(|t| t.cpu).collect())
    }
}

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
    let mall = MallProcess::start(orders).await?;
    let client = mall.client()?;
    // Once unmeasured: the mall renders and keeps its answers, and the rows the plain loop writes are there.
    let all = plain::run(&client, None).await?;
    let house = House::build(which, &mall).await?;
    let imported = house.import().await?;
    ensure!(imported.new == u64::try_from(all)?, "{} of {all} orders came in", imported.new);
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
            match run_script(script, &mall, all).await? {
                Ok(took) => scripted.0.push(took),
                Err(why) => {
                    script_missing = true;
                    report.note(format!("Python script skipped: {why}"));
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
    let limit = if sqlite { Goal::None } else { Goal::AtLeast(0.35) };
    report.figure("import, orders/s", "orders/s", rate(&ours), ("writer alone", rate(&written)), limit);
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

async fn import(which: &str, mall: &MallProcess) -> anyhow::Result<Took> {
    let house = House::build(which, mall).await?;
    let timer = Timer::start();
    let wall = house.import().await?.wall;
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

#[derive(Deserialize)]
struct Told {
    orders: usize,
    seconds: f64,
    cpu_seconds: f64,
}

/// The script's own numbers, or why it cannot run here.
async fn run_script(
    script: &Path,
    mall: &MallProcess,
    orders: usize,
) -> anyhow::Result<Result<Took, String>> {
    if !script.exists() {
        return Ok(Err(format!("{} is not there (run from the repository)", script.display())));
    }
    let dir = std::env::temp_dir().join(format!("choba-bench-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&dir)?;
    let key = |name: &str| mall.credentials.get(name).cloned().unwrap_or_default();
    let out = Command::new("python3")
        .arg(script)
        .args([&mall.url, &key("serviceSecret"), &key("licenseKey"), &mall.now_ms.to_string()])
        .arg(dir.join("script.db"))
        .output()
        .await;
    drop(std::fs::remove_dir_all(&dir));
    let Ok(out) = out else { return Ok(Err("python3 is not installed".to_owned())) };
    let errors = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() && errors.contains("No module named 'requests'") {
        return Ok(Err("the Python package requests is not installed".to_owned()));
    }
    ensure!(out.status.success(), "the script failed: {errors}");
    let told: Told = serde_json::from_slice(&out.stdout).context("the script's answer")?;
    ensure!(told.orders == orders, "the script stored {} of {orders} orders", told.orders);
    Ok(Ok(Took { wall: told.seconds, cpu: told.cpu_seconds }))
}
