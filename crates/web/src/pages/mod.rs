//! The screens, one file or folder a menu. Each gives its routes; what they need stands beside the path.

pub mod help;
pub mod me;
pub mod orders;
pub mod payment;
pub mod plain;
pub mod setup;
pub mod shipping;
pub mod sign_in;
pub mod users;

use crate::door::Route;

/// All screens.
#[must_use]
pub fn routes() -> Vec<Route> {
    [help::routes(), me::routes(), orders::routes(), payment::routes(), plain::routes(), setup::routes(), shipping::routes(), sign_in::routes(), users::routes()].into_iter().flatten().collect()
}
