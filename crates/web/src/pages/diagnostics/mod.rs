//! 診断: is everything well, and what to do where it is not; 操作ログ: who did what; 復元の確認: what would be sent after a
//! restore. No personal data, no secret.

mod log;
mod restore;
mod state;
mod words;

use crate::door::guard::{edit, view};
use crate::door::{Route, get, post};
use domain::rights::Menu;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Diagnostics;
    vec![
        get("/diagnostics", view(menu), state::page),
        get("/diagnostics/log", view(menu), log::page),
        get("/diagnostics/restore", view(menu), restore::page),
        post("/diagnostics/restore/release", edit(menu), restore::release),
    ]
}
