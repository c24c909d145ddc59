//! Test data: a full order of each mall, as its adapter maps it. Whichever malls there are: their snapshots are looked for.

use domain::{Content, Snapshot};
use std::path::Path;

/// The snapshots.
pub fn snapshots() -> Vec<Snapshot> {
    let malls = Path::new(env!("CARGO_MANIFEST_DIR")).join("../malls/src");
    let folders = std::fs::read_dir(malls).unwrap().flatten().map(|mall| mall.path().join("tests/snapshots"));
    let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flat_map(Iterator::flatten);
    let full = files
        .filter(|f| f.file_name().to_string_lossy().ends_with("the_full_order_becomes_this_snapshot.snap"));
    let found: Vec<Snapshot> = full
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap();
            serde_json::from_str(text.splitn(3, "---\n").nth(2).unwrap()).unwrap()
        })
        .collect();
    assert!(found.len() >= 3, "a full order of each mall");
    found
}

/// Their contents.
pub fn contents() -> Vec<Content> {
    snapshots().into_iter().map(|s| s.content).collect()
}
