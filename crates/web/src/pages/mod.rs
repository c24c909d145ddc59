//! The screens, one file or folder a menu. Each gives its routes; what they need stands beside the path.

pub mod me;
pub mod orders;
pub mod plain;
pub mod setup;
pub mod sign_in;
pub mod users;

use crate::door::Route;

/// All screens.
#[must_use]
pub fn routes() -> Vec<Route> {
    [plain::routes(), sign_in::routes(), orders::routes(), me::routes(), users::routes(), setup::routes()]
        .into_iter()
        .flatten()
        .collect()
}
