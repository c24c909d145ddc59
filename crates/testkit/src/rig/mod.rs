//! The crash rig: what its child process does, and the points at which it is killed.
//!
//! A driver (`tests/crash.rs`) holds the simulated mall; a child (`house_worker`) holds nothing but a database. The
//! child works a fixed scenario until nothing is left to do; it is killed at a named point, started again, and must
//! come to the same end. Everything it does is decided from what stands in the ledger, never from memory.

mod control;
mod scenario;
mod setup;
mod small;

pub use control::{Control, follow_sim};
pub use scenario::Scenario;
pub use setup::{connect, new_ring, old_ring};
pub use small::{SmallPages, ToAddress};

use domain::MallOrderId;

/// Every named fail-point of the program; a test compares the list with the sources.
pub const POINTS: &[&str] = &[
    "erasure.after_commit",
    "erasure.before_commit",
    "grant.after_tokens",
    "grant.before_tokens",
    "import.after_begin",
    "import.after_commit",
    "import.after_fetch",
    "import.after_finish",
    "import.after_list",
    "import.before_answer",
    "import.before_begin",
    "import.before_commit",
    "import.before_finish",
    "lane.after_begin",
    "lane.after_claim",
    "lane.after_orphans",
    "lane.after_tat",
    "lane.before_tat",
    "rotation.after_batch",
    "rotation.after_begin",
    "rotation.after_end",
    "rotation.before_end",
    "writeback.after_intent",
    "writeback.after_look",
    "writeback.after_look_commit",
    "writeback.after_outcome",
    "writeback.after_poll",
    "writeback.after_poll_outcome",
    "writeback.after_send",
    "writeback.before_call",
    "writeback.before_intent",
    "writeback.before_look_commit",
    "writeback.before_orphans_commit",
    "writeback.before_outcome",
    "writeback.before_poll_outcome",
    "writeback.before_send",
];

/// A number that depends on the order's number only.
pub fn luck(number: &MallOrderId) -> u64 {
    number.as_str().bytes().fold(7, |n: u64, b| (n * 31 + u64::from(b)) % 1_000_003)
}

/// Whether staff correct this order in the scenario.
pub fn is_edited(number: &MallOrderId) -> bool {
    luck(number).is_multiple_of(3)
}

/// The field staff correct, and what they write.
pub const EDIT: (&str, &str) = ("buyer.city", "見本市直し済み");

/// The tracking number of the n-th recipient of an order.
pub fn tracking(number: &MallOrderId, n: usize) -> String {
    format!("4{:07}{n:02}00", luck(number))
}
