//! Many simulated days by one command, each with its seed (docs/simulation.md):
//!
//! `cargo run -p testkit --release --bin days -- --seeds 10000`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use testkit::days::{self, Length, Plan};

const USAGE: &str = "days [--length day|month] [--seed N | --first N --seeds N] [--threads N] [--plan]";

struct Asked {
    length: Length,
    first: u64,
    seeds: u64,
    threads: usize,
    plan: bool,
}

fn asked(words: impl Iterator<Item = String>) -> Option<Asked> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut asked = Asked { length: Length::Day, first: 0, seeds: 100, threads, plan: false };
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--length" => asked.length = Length::parse(&words.next()?)?,
            "--seed" => (asked.first, asked.seeds) = (words.next()?.parse().ok()?, 1),
            "--first" => asked.first = words.next()?.parse().ok()?,
            "--seeds" => asked.seeds = words.next()?.parse().ok()?,
            "--threads" => asked.threads = words.next()?.parse().ok().filter(|n| *n > 0)?,
            "--plan" => asked.plan = true,
            _ => return None,
        }
    }
    Some(asked)
}

/// Time of this process on a core, not of the simulation.
fn stopwatch() -> impl Fn() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a simulation takes in the real world is what is told"
    )]
    let begun = std::time::Instant::now();
    move || begun.elapsed()
}

fn one(seed: u64, length: Length) -> bool {
    let took = stopwatch();
    match days::run(seed, length) {
        Ok(done) => {
            let (orders, shipped, calls, deaths, moves) =
                (done.orders, done.shipped, done.calls, done.deaths, done.moves);
            let seconds = took().as_secs_f64();
            println!(
                "seed {seed}: well; {orders} orders, {shipped} shipped, {calls} calls, {deaths} deaths, {moves} moves, {seconds:.2} s"
            );
            true
        }
        Err(words) => {
            println!("{words}");
            false
        }
    }
}

fn main() -> std::process::ExitCode {
    let Some(asked) = asked(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return std::process::ExitCode::from(2);
    };
    if asked.plan {
        (asked.first..asked.first + asked.seeds).for_each(|seed| print!("{}", Plan::of(seed, asked.length)));
        return std::process::ExitCode::SUCCESS;
    }
    let took = stopwatch();
    let (next, failed) = (Arc::new(AtomicU64::new(asked.first)), Arc::new(AtomicU64::new(0)));
    let workers: Vec<_> = (0..asked.threads)
        .map(|_| {
            let (next, failed) = (Arc::clone(&next), Arc::clone(&failed));
            std::thread::spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= asked.first + asked.seeds {
                        return;
                    }
                    if !one(seed, asked.length) {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        if worker.join().is_err() {
            failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    let failed = failed.load(Ordering::Relaxed);
    println!("{} of {} came out well, {:.0} s", asked.seeds - failed, asked.seeds, took().as_secs_f64());
    if failed == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
