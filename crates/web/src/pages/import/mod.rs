//! 受注取込: how far each shop is, bringing orders in now or for a period or from files, what a run did, what could not be
//! read, which statuses are fetched and how often, 取込の証明.

mod auto;
mod auto_shop;
mod board;
mod fetch;
mod files;
mod proof;
mod provisional;
mod run;
mod start;

use crate::door::guard::{edit, view};
use crate::door::{Route, get, post};
use axum::extract::DefaultBodyLimit;
use domain::rights::Menu;

/// The largest body of an upload: all files of one import, and a little for the form around them.
const LARGEST_UPLOAD: usize = 32 * 1024 * 1024;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Import;
    let upload = axum::routing::post(files::upload).layer(DefaultBodyLimit::max(LARGEST_UPLOAD));
    vec![
        get("/import", view(menu), board::page),
        get("/import/board", view(menu), board::part),
        get("/import/auto", view(menu), auto::page),
        post("/import/take-in", edit(menu), auto::take_in),
        get("/import/auto/{shop}", view(menu), auto_shop::page),
        post("/import/auto/{shop}", edit(menu), auto_shop::save),
        get("/import/auto/{shop}/example", view(menu), auto_shop::example),
        post("/import/now", edit(menu), start::now),
        post("/import/start", edit(menu), start::period),
        post("/import/again", edit(menu), start::again),
        Route::of("POST", "/import/files", edit(menu), upload),
        post("/import/interval", edit(menu), fetch::interval),
        get("/import/statuses/{shop}", view(menu), fetch::statuses),
        post("/import/statuses/{shop}", edit(menu), fetch::set_statuses),
        post("/import/statuses/{shop}/fetch", edit(menu), fetch::fetch_skipped),
        get("/import/proof", view(menu), proof::page),
        post("/import/proof/again", edit(menu), proof::again),
        get("/import/requests/{id}", view(menu), run::of_request),
        get("/import/requests/{id}/live", view(menu), run::of_request_live),
        get("/import/provisional", view(menu), provisional::page),
        post("/import/provisional/ask", edit(menu), provisional::ask),
        post("/import/provisional/activate", edit(menu), provisional::activate),
        post("/import/provisional/remove", edit(menu), provisional::remove),
        get("/import/runs/{id}", view(menu), run::of_run),
        get("/import/runs/{id}/live", view(menu), run::of_run_live),
    ]
}
