//! 入金: orders that wait for money, marking them as paid, and a bank's CSV laid beside them.
//!
//! `bank` reads the file and matches it (pure); `list` and `bank_page` are the screens.

pub mod bank;
pub mod bank_page;
pub mod list;

use crate::door::Route;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    [list::routes(), bank_page::routes()].into_iter().flatten().collect()
}
