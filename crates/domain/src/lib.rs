//! What an order is and what may happen to it.
//!
//! Everything here is a value or a pure function: no I/O, no async, no clock, no randomness. A rule about an
//! order that holds on every path (list, detail, bulk, API, CLI, automation) lives here and nowhere else.
//! This crate must not know any mall, any database or any screen.

pub mod amount_check;
pub mod carrier;
pub mod credential;
pub mod date_rule;
pub mod eligibility;
pub mod given;
pub mod history;
pub mod hold;
pub mod ids;
pub mod import_mode;
pub mod link;
pub mod money;
pub mod notice;
pub mod order;
pub mod phase;
pub mod reason;
pub mod reconcile;
pub mod rights;
pub mod rule;
pub mod snapshot;
pub mod time;
pub mod tracking;
pub mod traits;
pub mod write;

pub use given::Given;
pub use ids::*;
pub use import_mode::ImportMode;
pub use money::{Amount, Currency, Money};
pub use reason::Reason;
pub use snapshot::{Content, MallFacts, Snapshot};
pub use time::UtcMillis;
