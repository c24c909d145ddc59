//! The screens, one file or folder a menu. Each gives its routes; what they need stands beside the path.

pub mod diagnostics;
pub mod import;
pub mod notices;
pub mod orders;
pub mod plain;
pub mod seen;
pub mod settings;
pub mod shops;
pub mod sign_in;

use crate::door::Route;

/// All screens.
#[must_use]
pub fn routes() -> Vec<Route> {
    [
        plain::routes(),
        sign_in::routes(),
        orders::routes(),
        import::routes(),
        notices::routes(),
        shops::routes(),
        settings::routes(),
        diagnostics::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
