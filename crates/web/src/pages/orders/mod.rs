//! 受注: the list, one order, bulk work.
//!
//! `filter` reads a list's URL, `list` shows it, `columns` is what a row can show.

pub mod columns;
pub mod filter;
pub mod list;

use crate::door::Route;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    list::routes()
}
