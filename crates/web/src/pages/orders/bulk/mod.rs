//! Bulk work on orders: choose what, see what would happen, do it, look at it, take it back.
//!
//! `picked` is which orders were chosen, `choose` asks what a thing needs, `wanted` reads it, `preview` shows and begins,
//! `pasted` matches a pasted column, `jobs` shows what became of it, `words` names things. What is done with an order is
//! `engine::bulk`'s to say, here nothing is decided.

mod choose;
mod jobs;
mod once;
mod pasted;
mod picked;
mod preview;
mod wanted;
mod words;

pub use jobs::{Done, done_lately};

use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use engine::bulk::Who;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        post("/orders/bulk", edit(Menu::Orders), choose::begin),
        post("/orders/bulk/choose", edit(Menu::Orders), choose::go_on),
        post("/orders/bulk/preview", edit(Menu::Orders), preview::show),
        post("/orders/bulk/csv", edit(Menu::Orders), preview::csv),
        get("/orders/jobs", view(Menu::Orders), jobs::list),
        post("/orders/jobs", edit(Menu::Orders), preview::execute),
        get("/orders/jobs/{id}", view(Menu::Orders), jobs::show),
        get("/orders/jobs/{id}/part", view(Menu::Orders), jobs::part),
        post("/orders/jobs/{id}/undo", edit(Menu::Orders), jobs::undo),
        post("/orders/jobs/{id}/retry", edit(Menu::Orders), jobs::retry),
    ]
}

fn who(visitor: &Visitor) -> Who {
    Who { by: visitor.by(), user_id: Some(visitor.user_id), rights: visitor.rights.clone() }
}

/// A part of a page asked for it.
fn is_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

/// To another page: as a redirect, or, from within a dialog, by the browser's own leave.
fn go_to(headers: &HeaderMap, to: &str) -> Page {
    if is_part(headers) {
        let to = axum::http::HeaderValue::from_str(to).map_err(|_| Refusal::inside())?;
        return Ok(([("hx-redirect", to)], "").into_response());
    }
    Ok(Redirect::to(to).into_response())
}

#[derive(Template)]
#[template(path = "orders/bulk/dialog.html")]
struct DialogPart {
    body: String,
    wide: bool,
}

#[derive(Template)]
#[template(path = "orders/bulk/page.html")]
struct DialogPage {
    frame: Frame,
    body: String,
}

/// A dialog over the list, or the same on a page of its own where no script runs.
async fn dialog(
    desk: &Desk,
    visitor: &Visitor,
    headers: &HeaderMap,
    title: &str,
    body: &impl Template,
    wide: bool,
) -> Page {
    let body = body.render()?;
    if is_part(headers) {
        return frame::page(&DialogPart { body, wide });
    }
    let here = Here { menu: Some(Menu::Orders), ..Here::default() };
    frame::page(&DialogPage { frame: Frame::new(desk, visitor, title, here).await?, body })
}
