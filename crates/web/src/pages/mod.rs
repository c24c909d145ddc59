//! The screens, one file or folder a menu. Each gives its routes; what they need stands beside the path.

pub mod orders;
pub mod payment;
pub mod plain;
pub mod shipping;
pub mod sign_in;

use crate::door::Route;

/// All screens.
#[must_use]
pub fn routes() -> Vec<Route> {
    [plain::routes(), sign_in::routes(), orders::routes(), shipping::routes(), payment::routes()]
        .into_iter()
        .flatten()
        .collect()
}
