//! What every mall must stand, each against its own simulator: the promises of the spine, told without a word of any
//! mall. What differs between them (names of operations, how an order is made ready) is data in `kit`.
//!
//! Beside them stand the stories that only one mall tells, because only it has such a limit, file or consent.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests: a failure here is a failed test, and says where"
)]

mod amazon_access;
mod amazon_feeds;
mod amazon_split;
mod bursts;
mod clocks;
mod holding;
mod kit;
mod proving;
mod reading;
mod restoring;
mod writing;
mod yahoo_days;
mod yahoo_limits;

use std::collections::BTreeSet;

#[test]
fn every_registered_mall_is_in_the_suite() {
    let registered: BTreeSet<&str> = malls::registry().iter().map(|m| m.descriptor().mall).collect();
    let told: BTreeSet<&str> = kit::ALL.iter().map(|m| m.mall).collect();
    assert_eq!(registered, told, "a mall without a row in kit::ALL is not tested");
}
