//! Import from the simulated Amazon without limits: ours against what a programmer would take, the client library
//! python-amazon-sp-api with sqlite3, and the loading tool dlt with its DuckDB.

use super::figure::{Goal, Report, hint};
use super::import::import;
use super::mall::{MallProcess, Shape};
use super::timer::{Runs, Took};
use super::{house::House, script};
use anyhow::ensure;
use std::path::{Path, PathBuf};

/// The rivals: name, script, how much faster we want to be.
const RIVALS: [(&str, &str, f64); 2] =
    [("python-amazon-sp-api", "amazon_sp_api.py", 4.0), ("dlt", "amazon_dlt.py", 12.0)];

/// Where things are.
pub struct Places {
    /// Folder with the scripts and their `requirements.txt`.
    pub scripts: PathBuf,
    /// Folder for the rivals' packages.
    pub venv: Option<PathBuf>,
}

/// Measures it.
///
/// # Errors
/// Something that is there does not run. A rival that cannot be installed is told as not measured.
pub async fn run(report: &mut Report, orders: usize, rounds: usize, places: &Places) -> anyhow::Result<()> {
    let mall = MallProcess::start(Shape::Amazon, orders).await?;
    let house = House::build("sqlite", &mall).await?;
    let counts = house.import(false).await?.counts;
    house.close().await?;
    ensure!(counts.new * 10 >= u64::try_from(orders)? * 9, "of {orders} orders came in {counts:?}");
    let all = usize::try_from(counts.new)?;
    let venv = places.venv.clone().unwrap_or_else(|| std::env::temp_dir().join("choba-bench-python"));
    let python = script::python(&venv, &places.scripts.join("requirements.txt")).await?;
    let mut ours = Runs::default();
    let mut theirs: [(Runs, Option<String>); RIVALS.len()] = Default::default();
    for round in 1..=rounds {
        hint(&format!("round {round} of {rounds}"));
        ours.0.push(import("sqlite", &mall).await?);
        for ((_, file, _), (runs, missing)) in RIVALS.iter().zip(&mut theirs) {
            let took = match &python {
                Ok(python) => rival(python, &places.scripts.join(file), &mall, all).await?,
                Err(why) => Err(why.clone()),
            };
            match took {
                Ok(took) => runs.0.push(took),
                Err(why) => *missing = Some(why),
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of orders")]
    let n = all as f64;
    for ((name, _, least), (runs, missing)) in RIVALS.iter().zip(&theirs) {
        if let Some(why) = missing {
            report.note(format!("{name}: not measured: {why}"));
            continue;
        }
        let goal = Goal::AtLeast(*least);
        report.figure("Amazon, orders/s", "orders/s", n / ours.wall(), (*name, n / runs.wall()), goal);
        let lean = (*name, n / runs.cpu());
        report.figure("Amazon, orders per CPU second", "orders/CPUs", n / ours.cpu(), lean, Goal::None);
    }
    Ok(())
}

async fn rival(
    python: &Path,
    file: &Path,
    mall: &MallProcess,
    orders: usize,
) -> anyhow::Result<Result<Took, String>> {
    let keys = ["client_id", "client_secret", "refresh_token"].map(|key| mall.key(key));
    let mut arguments = vec![mall.url.clone()];
    arguments.extend(keys);
    arguments.push(mall.now_ms.to_string());
    script::run(python, file, &arguments, orders).await
}
