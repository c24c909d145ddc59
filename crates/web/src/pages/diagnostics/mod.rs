//! 診断: is everything well, and what to do where it is not; 操作ログ: who did what. No personal data, no secret.

mod log;
mod state;
mod words;

use crate::door::guard::view;
use crate::door::{Route, get};
use domain::rights::Menu;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Diagnostics;
    vec![get("/diagnostics", view(menu), state::page), get("/diagnostics/log", view(menu), log::page)]
}
