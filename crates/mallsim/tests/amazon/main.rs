//! The simulated Amazon.co.jp, seen from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod feeds;
mod gate;
mod kit;
mod orders;
mod shipping;
mod wire;
