//! The back office as browsers and programs meet it: requests into the router, over a real ledger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod api;
mod auto;
mod bulk;
mod depot;
mod diagnostics;
mod doors;
mod home;
mod house_kit;
mod import;
mod keys;
mod kit;
mod listeners;
mod mail;
mod me;
mod notices;
mod order;
mod payment;
mod proof;
mod rights;
mod seen;
mod settings;
mod setup;
mod shipping;
mod shops;
mod users;
mod why;
