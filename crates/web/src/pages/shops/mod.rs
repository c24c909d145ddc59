//! 店舗: connecting a mall, testing it, its settings and credentials, 紐付け設定, 見るだけモード, taking a shop off.
//! Forms come from the mall's Descriptor. A secret goes in and never comes out.

mod change;
mod check;
mod consent;
mod credentials;
mod form;
mod links;
mod list;
mod new;
mod one;
pub mod rehearsal;

pub use change::keep;
pub use form::Pairs;
pub use list::urgency;

use crate::door::guard::{edit, view};
use crate::door::{Route, get, post};
use crate::pages::settings::Tab;
use crate::words::Lang;
use domain::rights::Menu;

/// The parts of the menu, with the one that is shown.
pub fn tabs(lang: Lang, current: &str) -> Vec<Tab> {
    [
        ("/shops", "店舗", "Shops"),
        ("/credentials", "API有効期限", "Credentials"),
        ("/preholiday", "連休前点検", "Before holidays"),
    ]
    .map(|(href, ja, en)| Tab { label: lang.t(ja, en), href, current: href == current })
    .into()
}

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Shops;
    vec![
        get("/shops", view(menu), list::page),
        get("/shops/new", edit(menu), new::malls),
        get("/shops/new/{mall}", edit(menu), new::form),
        post("/shops/new/{mall}", edit(menu), new::connect),
        get("/shops/consent", edit(menu), consent::comes_back),
        get("/shops/{id}", view(menu), one::page),
        post("/shops/{id}/settings", edit(menu), change::settings),
        post("/shops/{id}/automation", edit(menu), change::automation),
        post("/shops/{id}/endpoints", edit(menu), change::endpoints),
        post("/shops/{id}/archive", edit(menu), change::archive),
        post("/shops/{id}/credentials", edit(menu), credentials::store),
        get("/shops/{id}/next", view(menu), credentials::next_part),
        post("/shops/{id}/next", edit(menu), credentials::decide_next),
        post("/shops/{id}/authorise", edit(menu), consent::begin),
        post("/shops/{id}/links", edit(menu), links::put),
        post("/shops/{id}/links/change", edit(menu), links::change),
        post("/shops/{id}/test", edit(menu), check::ask),
        get("/shops/{id}/test/{request}", view(menu), check::page),
        get("/shops/{id}/test/{request}/live", view(menu), check::part),
        get("/shops/{id}/rehearsal", view(menu), rehearsal::page),
        post("/shops/{id}/write-back", edit(menu), rehearsal::switch),
    ]
}
