//! The crash rig: a house is killed at every named fail-point, started again, and must come to the same end as if
//! nothing had happened (F01, F02, F18, F25; I1–I8, I12, I13).
//!
//! `CHOBA_RIG_SEED=s` grows other worlds, `CHOBA_RIG_CASES=n` adds n random cases, `CHOBA_RIG_CASE='…'` replays the one
//! that a failure names.

#![cfg(test)]

#[path = "crash/case.rs"]
mod case;
#[path = "crash/plan.rs"]
mod plan;

use case::{Case, Done, World};
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::path::Path;
use store::Kind;
use testkit::rig::POINTS;

/// Children at work at a time.
const AT_ONCE: usize = 2;
/// Aborts a full run must reach.
const LEAST_ABORTS: usize = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(work)
}

/// Runs cases, a few at a time, and tells what became of them. Every failure is shown with the command that repeats it.
async fn run_all(cases: Vec<Case>) -> Vec<Done> {
    let mut running = futures::stream::iter(cases)
        // Each on its own task: making a PostgreSQL waits for file locks.
        .map(|case| tokio::spawn(case.run()))
        .buffer_unordered(AT_ONCE);
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    while let Some(done) = running.next().await {
        let done = done.unwrap();
        if let Some(failure) = done.failure() {
            println!("{failure}");
            failures.push(failure);
        }
        all.push(done);
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        all.len(),
        failures.join("\n")
    );
    all
}

/// How often each point is hit in each world when nobody dies.
async fn record(kind: Kind, seed: u64) -> Vec<(World, BTreeMap<String, u64>)> {
    let worlds: Vec<Case> = plan::worlds(seed).map(|world| Case { kind, world, aborts: vec![] }).collect();
    let mut recorded: Vec<_> = run_all(worlds).await.into_iter().map(|d| (d.case.world, d.hits)).collect();
    recorded.sort_by_key(|(world, _)| *world);
    recorded
}

async fn crash(kind: Kind, dense: bool) {
    if let Ok(text) = std::env::var("CHOBA_RIG_CASE") {
        let case = Case::parse(&text).expect("CHOBA_RIG_CASE");
        if case.kind == kind {
            run_all(vec![case]).await;
        }
        return;
    }
    let seed = number("CHOBA_RIG_SEED").unwrap_or(plan::SEED);
    let more = number("CHOBA_RIG_CASES").unwrap_or(0);
    println!("crash rig on {kind:?}: CHOBA_RIG_SEED={seed} CHOBA_RIG_CASES={more}");
    let recorded = record(kind, seed).await;
    for point in POINTS {
        let hits: Vec<u64> = recorded.iter().map(|(_, h)| h.get(*point).copied().unwrap_or(0)).collect();
        println!("  {point}: hit {hits:?} times");
        assert!(hits.iter().any(|n| *n > 0), "nobody comes by {point}");
    }
    let cases = plan::cases(kind, seed, more, dense, &recorded);
    let count = cases.len();
    let done = run_all(cases).await;
    let aborts: usize = done.iter().map(|d| d.aborts).sum();
    let missed: usize = done.iter().map(|d| d.missed).sum();
    println!(
        "crash rig on {kind:?}: {count} cases, {aborts} aborts, {missed} points not reached again, seed {seed}"
    );
    assert!(!dense || aborts >= LEAST_ABORTS, "only {aborts} aborts");
}

#[test]
fn a_house_killed_anywhere_comes_to_the_same_end_sqlite_f01_f02_f18_f25() {
    block_on(crash(Kind::Sqlite, true));
}

#[test]
fn a_house_killed_anywhere_comes_to_the_same_end_postgres_f01_f02_f18_f25() {
    block_on(crash(Kind::Postgres, false));
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.split("fail_point!(\"").skip(1).filter_map(|t| t.split('"').next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn the_rig_knows_every_fail_point_of_the_sources() {
    let mut found = Vec::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in ["store", "engine", "choba"] {
        sources(&crates.join(name).join("src"), &mut found);
    }
    found.sort();
    found.dedup();
    assert_eq!(found, POINTS);
}
