//! The screens, asked as a browser asks them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod depot;
mod payment;
mod shipping;
