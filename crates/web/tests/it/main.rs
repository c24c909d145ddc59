//! The back office as browsers and programs meet it: requests into the router, over a real ledger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod api;
mod auto;
mod bulk;
mod depot;
mod diagnostics;
mod doors;
mod house_kit;
mod import;
mod kit;
mod me;
mod notices;
mod order;
mod payment;
mod rights;
mod settings;
mod setup;
mod shipping;
mod shops;
mod users;
