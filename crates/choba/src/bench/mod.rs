//! `choba bench`: what docs/performance.md says, measured again. Every figure is a ratio of two numbers of the same
//! run, because the same machine is half as fast an hour later.

mod amazon;
mod desk;
mod figure;
mod fill;
mod freshness;
mod house;
mod import;
mod ledger;
mod mall;
mod needles;
mod others;
mod pacing;
mod people;
mod plain;
mod script;
mod timer;
mod tokens;

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `choba bench`.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Import over loopback without limits; for 楽天 against a plain loop and a Python script
    Import {
        /// The mall
        #[arg(long, value_enum, default_value_t = mall::Shape::Rakuten)]
        mall: mall::Shape,
        /// Orders the simulated mall holds
        #[arg(long, default_value_t = 10_000)]
        orders: usize,
        /// `sqlite`, `postgres` (a throw-away server), or the URL of a PostgreSQL where databases may be made
        #[arg(long = "on", default_value = "sqlite")]
        database: String,
        /// Each contestant runs so often; medians count
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// The Python script to run against
        #[arg(long, default_value = "bench/import_script.py")]
        script: PathBuf,
    },
    /// Import from the simulated Amazon without limits, against python-amazon-sp-api and dlt
    Amazon {
        /// Orders the simulated mall holds
        #[arg(long, default_value_t = 2_000)]
        orders: usize,
        /// Each contestant runs so often; medians count
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// Folder with the rivals' scripts and their requirements.txt
        #[arg(long, default_value = "bench")]
        scripts: PathBuf,
        /// Folder for the rivals' packages; the folder for temporary files without
        #[arg(long)]
        venv: Option<PathBuf>,
    },
    /// Import under the published limits, in lock-step with the simulated mall
    Pacing {
        /// The mall
        #[arg(long, value_enum, default_value_t = mall::Shape::Rakuten)]
        mall: mall::Shape,
        /// Orders, one run each
        #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
        orders: Vec<usize>,
    },
    /// Automatic import over a simulated day of twenty shops: calls an order and how soon it is seen, beside fixed cycles
    Freshness {
        /// The last hours of the day
        #[arg(long, default_value_t = 24)]
        hours: i64,
    },
    /// Search, look-ups, lists, counts and bulk moves in a large ledger
    Ledger {
        /// Orders to fill it with
        #[arg(long, default_value_t = 1_000_000)]
        orders: usize,
        /// `sqlite`, `postgres` (a throw-away server), or the URL of an empty PostgreSQL database, or of one an
        /// earlier run has filled
        #[arg(long = "on", default_value = "sqlite")]
        database: String,
        /// Keep the filled SQLite database in this folder
        #[arg(long)]
        keep: Option<PathBuf>,
        /// Use the SQLite database an earlier run kept in this folder
        #[arg(long = "use", conflicts_with = "keep")]
        reuse: Option<PathBuf>,
        /// Samples of each figure
        #[arg(long, default_value_t = 200)]
        samples: usize,
    },
    /// The back office: list pages for eight people, weight, start, memory
    Desk {
        /// Orders to fill the ledger with
        #[arg(long, default_value_t = 100_000)]
        orders: usize,
        /// `sqlite`, `postgres` (a throw-away server), or a URL
        #[arg(long = "on", default_value = "sqlite")]
        database: String,
        /// Keep the filled SQLite database in this folder
        #[arg(long)]
        keep: Option<PathBuf>,
        /// Use the SQLite database an earlier run kept in this folder
        #[arg(long = "use", conflicts_with = "keep")]
        reuse: Option<PathBuf>,
    },
    /// What the search token for needles of one letter costs
    Tokens {
        /// Orders
        #[arg(long, default_value_t = 200_000)]
        orders: usize,
        /// `sqlite`, `postgres`, or the URL of a PostgreSQL where databases may be made
        #[arg(long = "on", default_value = "sqlite")]
        database: String,
    },
    /// The simulated mall as a process of its own
    #[command(hide = true)]
    Mall {
        #[arg(long, value_enum)]
        mall: mall::Shape,
        #[arg(long)]
        orders: usize,
    },
}

/// Runs one of them.
///
/// # Errors
/// Something could not be measured. A goal that is missed is no error.
pub async fn run(bench: Bench, json: bool) -> anyhow::Result<()> {
    let mut report = figure::Report::new(json);
    match bench.what {
        What::Import { mall: mall::Shape::Rakuten, orders, database, rounds, script } => {
            import::run(&mut report, orders, &database, rounds.max(1), &script).await?;
        }
        What::Import { mall, orders, database, rounds, script: _ } => {
            others::run(&mut report, mall, orders, &database, rounds.max(1)).await?;
        }
        What::Amazon { orders, rounds, scripts, venv } => {
            let places = amazon::Places { scripts, venv };
            amazon::run(&mut report, orders, rounds.max(1), &places).await?;
        }
        What::Pacing { mall, orders } => {
            for orders in orders {
                pacing::run(&mut report, mall, orders).await?;
            }
        }
        What::Freshness { hours } => freshness::run(&mut report, hours).await?,
        What::Ledger { orders, database, keep, reuse, samples } => {
            let place = ledger::Place { database, keep, reuse };
            ledger::run(&mut report, orders, place, samples).await?;
        }
        What::Desk { orders, database, keep, reuse } => {
            desk::run(&mut report, orders, ledger::Place { database, keep, reuse }).await?;
        }
        What::Tokens { orders, database } => tokens::run(&mut report, orders, &database).await?,
        What::Mall { mall, orders } => return mall::serve(mall, orders).await,
    }
    report.finish()
}
