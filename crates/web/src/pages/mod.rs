//! The screens, one file or folder a menu. Each gives its routes; what they need stands beside the path.

pub mod diagnostics;
pub mod help;
pub mod home;
pub mod import;
pub mod keys;
pub mod me;
pub mod notices;
pub mod orders;
pub mod payment;
pub mod plain;
mod seen;
pub mod settings;
pub mod setup;
pub mod shipping;
pub mod shops;
pub mod sign_in;
pub mod users;
mod why;

use crate::door::Route;

/// All screens.
#[must_use]
pub fn routes() -> Vec<Route> {
    [
        diagnostics::routes(),
        help::routes(),
        home::routes(),
        import::routes(),
        keys::routes(),
        me::routes(),
        notices::routes(),
        orders::routes(),
        payment::routes(),
        plain::routes(),
        settings::routes(),
        setup::routes(),
        shipping::routes(),
        shops::routes(),
        sign_in::routes(),
        users::routes(),
        why::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
