//! The screens, one file or folder a menu. Each gives its routes; what they need stands beside the path.

pub mod help;
pub mod orders;
pub mod plain;
pub mod sign_in;

use crate::door::Route;

/// All screens.
#[must_use]
pub fn routes() -> Vec<Route> {
    [help::routes(), plain::routes(), sign_in::routes(), orders::routes()].into_iter().flatten().collect()
}
