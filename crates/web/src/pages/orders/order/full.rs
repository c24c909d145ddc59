//! Test data: a full order of each mall, as its adapter maps it, in the order of the registry.

use domain::{Content, Snapshot};
use std::path::Path;

fn of_mall(mall: &str) -> Snapshot {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../malls/src").join(mall).join("tests/snapshots");
    let full = |name: &str| name.ends_with("the_full_order_becomes_this_snapshot.snap");
    let file = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .find(|file| full(&file.file_name().to_string_lossy()))
        .unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    serde_json::from_str(text.splitn(3, "---\n").nth(2).unwrap()).unwrap()
}

/// The snapshots.
pub fn snapshots() -> Vec<Snapshot> {
    malls::registry().iter().map(|mall| of_mall(mall.descriptor().mall)).collect()
}

/// Their contents.
pub fn contents() -> Vec<Content> {
    snapshots().into_iter().map(|s| s.content).collect()
}
