//! The back office as browsers and programs meet it: requests into the router, over a real ledger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the kit is shared")]

mod kit;

mod order;
