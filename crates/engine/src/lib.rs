//! What moves: lanes, imports, the outbox, read-backs, schedules.
//!
//! The engine knows malls only through `mall_api` and orders only through `domain` and `store`. It never names a
//! mall, holds no SQL and shows nothing to people. Time comes from a `Clock`, the network from a [`Transport`].
//!
//! Ways in: [`Hub`] works lanes; [`requests`] is what others ask of a lane.

mod access;
mod address;
pub mod bulk;
pub mod calendar;
pub mod catalogue;
mod chores;
pub mod consent;
pub mod doors;
pub mod fetch_statuses;
pub mod health;
pub mod http_wire;
pub mod hub;
mod import;
pub mod keys;
mod lane;
mod lease;
pub mod letters;
pub mod listening;
mod looks;
pub mod pace;
pub mod preholiday;
pub mod proof;
pub mod provisional;
pub mod queues;
pub mod requests;
pub mod restored;
pub mod rhythm;
mod schedule;
pub mod setup;
mod skew;
pub mod told;
pub mod transport;
mod unknown;
pub mod why;
mod wire;
pub mod words;
mod writeback;

pub use hub::{Hub, HubConfig};
pub use looks::since_last;
pub use transport::Transport;
pub use writeback::{Judged, judge_due, judge_due_once_released, judge_orders, judge_status};
