//! Test data: a full order of each mall, as its adapter maps it.

use domain::{Content, Snapshot};

const FILES: [&str; 3] = [
    include_str!(
        "../../../../../malls/src/rakuten/tests/snapshots/malls__rakuten__tests__mapping_rules__the_full_order_becomes_this_snapshot.snap"
    ),
    include_str!(
        "../../../../../malls/src/yahoo/tests/snapshots/malls__yahoo__tests__mapping__the_full_order_becomes_this_snapshot.snap"
    ),
    include_str!(
        "../../../../../malls/src/amazon/tests/snapshots/malls__amazon__tests__mapping_rules__the_full_order_becomes_this_snapshot.snap"
    ),
];

/// The snapshots.
pub fn snapshots() -> Vec<Snapshot> {
    FILES
        .iter()
        .map(|file| {
            let json = file.splitn(3, "---\n").nth(2).unwrap();
            serde_json::from_str(json).unwrap()
        })
        .collect()
}

/// Their contents.
pub fn contents() -> Vec<Content> {
    snapshots().into_iter().map(|s| s.content).collect()
}
