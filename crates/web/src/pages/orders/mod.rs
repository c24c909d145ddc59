//! 受注: the list, one order, bulk work.
//!
//! `bulk` is work on many orders, `filter` reads a list's URL, `list` shows it, `columns` is what a row can show; `order` is one
//! order.

pub mod bulk;
pub mod columns;
pub mod filter;
pub mod list;
pub mod order;

use crate::door::Route;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    [list::routes(), bulk::routes(), order::routes()].into_iter().flatten().collect()
}
