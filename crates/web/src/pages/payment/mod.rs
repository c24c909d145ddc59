//! 入金.

use crate::door::Route;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}
