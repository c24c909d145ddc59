//! Which worlds, which deaths.

use crate::case::{Case, World};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::collections::BTreeMap;
use store::Kind;
use testkit::rig::POINTS;

/// The usual seed: the same cases in every run.
pub const SEED: u64 = 20_261_102;

/// Worlds of a run: what is in the orders and what goes wrong at the mall differs.
pub fn worlds(seed: u64) -> impl Iterator<Item = World> {
    (0..3).map(move |plan| World { seed: seed.wrapping_add(plan), plan })
}

type Recorded = [(World, BTreeMap<String, u64>)];

/// The cases of a run: each point at its first hits, its last, and some between; then chains of several deaths.
pub fn cases(kind: Kind, seed: u64, more: u64, dense: bool, recorded: &Recorded) -> Vec<Case> {
    let mut luck = StdRng::seed_from_u64(seed);
    let mut cases = Vec::new();
    let firsts = if dense { 4 } else { 1 };
    let hits_of = |world: usize, point: &str| recorded[world].1.get(point).copied().unwrap_or(0);
    for (i, point) in POINTS.iter().enumerate() {
        let mut at: Vec<(usize, u64)> =
            (1..=firsts).map(|n| ((i + n as usize) % recorded.len(), n)).collect();
        if dense {
            let world = i % recorded.len();
            let hits = hits_of(world, point);
            at.push((world, hits));
            if hits > 5 {
                at.push((world, luck.random_range(5..hits)));
            }
        }
        // A world that never comes by (or not so often) is replaced by one that does.
        let may = |world: usize, n: u64| n > 0 && n <= hits_of(world, point);
        let mut chosen: Vec<(usize, u64)> = Vec::new();
        for (world, n) in at {
            let world = (0..recorded.len()).map(|k| (world + k) % recorded.len()).find(|w| may(*w, n));
            if let Some(world) = world
                && !chosen.contains(&(world, n))
            {
                chosen.push((world, n));
            }
        }
        let case = |(world, n): (usize, u64)| Case {
            kind,
            world: recorded[world].0,
            aborts: vec![((*point).to_owned(), n)],
        };
        cases.extend(chosen.into_iter().map(case));
    }
    cases.extend(orphans(kind, recorded));
    let chains = if dense { 30 } else { 4 } + more;
    cases.extend((0..chains).map(|_| chain(kind, recorded, &mut luck)));
    cases
}

/// Killed while a call is under way, and again while the next owner makes up its mind about it.
fn orphans(kind: Kind, recorded: &Recorded) -> Vec<Case> {
    const SECOND: [&str; 5] = [
        "lane.after_claim",
        "writeback.before_orphans_commit",
        "lane.after_orphans",
        "lane.after_begin",
        "writeback.after_look",
    ];
    let first = ["writeback.before_send", "writeback.after_send", "writeback.before_outcome"];
    let pairs = SECOND.iter().enumerate().map(|(i, second)| {
        let world = recorded[i % recorded.len()].0;
        let first = first[i % first.len()].to_owned();
        Case { kind, world, aborts: vec![(first, 1 + i as u64 % 3), ((*second).to_owned(), 1)] }
    });
    pairs.collect()
}

/// Several deaths in a row, anywhere.
fn chain(kind: Kind, recorded: &Recorded, luck: &mut StdRng) -> Case {
    let (world, hits) = recorded.choose(luck).unwrap();
    let points: Vec<_> = hits.iter().filter(|(_, n)| **n > 0).collect();
    let aborts = (0..luck.random_range(2..5))
        .map(|_| {
            let (point, hits) = points.choose(luck).unwrap();
            // Early, so that the lives behind it still have something to do.
            ((*point).clone(), luck.random_range(1..=(**hits).min(6)))
        })
        .collect();
    Case { kind, world: *world, aborts }
}
