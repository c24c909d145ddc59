//! The back office as browsers and programs meet it: requests into the router, over a real ledger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod kit;

mod api;
mod doors;
mod me;
mod rights;
mod setup;
mod users;
//! The screens, asked as a browser asks them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod depot;
mod payment;
mod shipping;
