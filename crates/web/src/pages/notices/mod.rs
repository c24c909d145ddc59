//! 連携履歴: what was wanted of the malls and what came of it; sending again, looking at the mall, and
//! saying that it is there already.

mod filter;
mod list;
mod look;
mod one;
mod resend;

pub use list::who;

use crate::door::guard::{edit, view};
use crate::door::{Route, get, post};
use domain::rights::Menu;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Notices;
    vec![
        get("/notices", view(menu), list::page),
        post("/notices/resend", edit(menu), resend::filtered),
        get("/notices/{id}", view(menu), one::page),
        post("/notices/{id}/resend", edit(menu), resend::one),
        post("/notices/{id}/read-back", edit(menu), look::ask),
        post("/notices/{id}/applied", edit(menu), resend::applied),
    ]
}
