//! Choba 帳場: orders of many malls in one ledger, each exactly once; shipments back to the malls, never twice.
//!
//! This crate is the program: it reads the command line, knows the concrete types and wires them together. What an
//! order may do stands in `domain`, what is stored in `store`, what moves in `engine`.

mod bench;
mod cli;
mod demo;
mod listening;
mod serve;

use clap::Parser as _;
use cli::{Cli, refusal};
use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    failpoints::arm();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("choba: {error}");
            return ExitCode::FAILURE;
        }
    };
    let out = cli::out::Out { json: cli.global.json, lang: cli.global.lang };
    let done = runtime.block_on(cli::run(cli));
    // What still runs (a server's open connections) has nothing left to save.
    runtime.shutdown_background();
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let refusal = refusal::of_error(&error);
            out.fail(&refusal);
            ExitCode::from(refusal.exit_code())
        }
    }
}

/// Wrong usage, in clap's words; they name the argument.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for = !error.use_stderr();
    if !asked_for && std::env::args().any(|arg| arg == "--json") {
        let words = error.to_string();
        let first = words.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let refusal = refusal::Refusal {
            usage: true,
            ..refusal::Refusal::new("usage", format!("使い方が違います：{first}"), first)
        };
        cli::out::put(&serde_json::json!({ "error": refusal.to_json() }).to_string());
    } else {
        // Nobody is left to be told when this fails.
        drop(error.print());
    }
    if asked_for { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

/// Named points at which a test makes the program die.
#[cfg(feature = "failpoints")]
mod failpoints {
    use std::sync::atomic::{AtomicU64, Ordering};

    /// `CHOBA_FAIL="name=N"`: abort at the N-th hit of the point.
    pub fn arm() {
        let Ok(plan) = std::env::var("CHOBA_FAIL") else { return };
        for rule in plan.split(';').filter(|r| !r.is_empty()) {
            let Some((name, count)) = rule.split_once('=') else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            let hits = AtomicU64::new(0);
            let armed = fail::cfg_callback(name, move || {
                if hits.fetch_add(1, Ordering::SeqCst) + 1 == count {
                    std::process::abort();
                }
            });
            if let Err(error) = armed {
                eprintln!("CHOBA_FAIL: {error}");
                std::process::exit(2);
            }
        }
    }
}
