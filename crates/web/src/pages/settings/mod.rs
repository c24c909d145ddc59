//! 設定: phases, what is written to malls by itself, carriers, the company, business days, mail, who says that there is
//! something new.

mod calendar;
mod carriers;
mod company;
mod letters;
mod listeners;
mod mail;
mod phases;
mod rules;

use crate::door::guard::{edit, view};
use crate::door::{Route, get, post};
use crate::words::Lang;
use axum::response::Redirect;
use domain::rights::Menu;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Settings;
    vec![
        get("/settings", view(menu), first),
        get("/settings/phases", view(menu), phases::page),
        post("/settings/phases", edit(menu), phases::add),
        post("/settings/phases/change", edit(menu), phases::change),
        get("/settings/rules", view(menu), rules::page),
        post("/settings/rules", edit(menu), rules::put),
        post("/settings/rules/drop", edit(menu), rules::drop_rule),
        post("/settings/rules/automation", edit(menu), rules::automation),
        get("/settings/rules/rehearsal/{shop}/{kind}", view(menu), rules::rehearsal),
        get("/settings/carriers", view(menu), carriers::page),
        post("/settings/carriers", edit(menu), carriers::put_carrier),
        post("/settings/carriers/methods", edit(menu), carriers::put_method),
        get("/settings/company", view(menu), company::page),
        post("/settings/company", edit(menu), company::save),
        get("/settings/mail", view(menu), mail::page),
        post("/settings/mail", edit(menu), mail::save),
        post("/settings/mail/try", edit(menu), mail::try_out),
        get("/settings/letters", view(menu), letters::list),
        get("/settings/letters/{id}", view(menu), letters::one),
        post("/settings/letters/{id}/again", edit(menu), letters::again),
        get("/settings/calendar", view(menu), calendar::page),
        post("/settings/calendar", edit(menu), calendar::save),
        get("/settings/listeners", view(menu), listeners::page),
        post("/settings/listeners", edit(menu), listeners::add),
        post("/settings/listeners/{id}", edit(menu), listeners::change),
        post("/settings/listeners/{id}/switch", edit(menu), listeners::switch),
        post("/settings/listeners/{id}/remove", edit(menu), listeners::remove),
        post("/settings/listeners/{id}/test", edit(menu), listeners::test),
    ]
}

async fn first() -> Redirect {
    Redirect::to("/settings/phases")
}

/// One part of the menu.
pub struct Tab {
    /// Words.
    pub label: &'static str,
    /// Where.
    pub href: &'static str,
    /// This page.
    pub current: bool,
}

/// The parts of the menu, with the one that is shown.
pub fn tabs(lang: Lang, current: &str) -> Vec<Tab> {
    [
        ("/settings/phases", "フェーズ", "Phases"),
        ("/settings/rules", "自動連携", "Rules"),
        ("/settings/carriers", "配送業者・配送便", "Carriers"),
        ("/settings/company", "会社情報", "Company"),
        ("/settings/calendar", "営業日", "Business days"),
        ("/settings/listeners", "新着の知らせ", "Word of new orders"),
        ("/settings/mail", "メール", "Mail"),
    ]
    .map(|(href, ja, en)| Tab { label: lang.t(ja, en), href, current: href == current })
    .into()
}
