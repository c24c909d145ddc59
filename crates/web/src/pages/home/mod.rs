//! ホーム: the page one lands on. What needs a person today, each in one line with the way to mend it; how the last hours or
//! days went, as plots from the server.

mod charts;
mod todo;

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, get};
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{day, short_moment};
use askama::Template;
use axum::extract::State;
use charts::{CauseShown, Chart};
use domain::rights::{Level, Menu};
use domain::time::{DAY, HOUR};
use serde::Deserialize;
use std::sync::Arc;
use store::desk::today::Slots;
use todo::Todo;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/", Need::SignedIn, page)]
}

/// Which window the plots show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HomeQuery {
    span: Option<String>,
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    frame: Frame,
    today: String,
    todo: Vec<Todo>,
    /// The next automatic import, where there is one.
    next: String,
    /// The person has a right whose plots are shown.
    sees: bool,
    week: bool,
    charts: Vec<Chart>,
    causes: Vec<CauseShown>,
}

async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<HomeQuery>) -> Page {
    let lang = visitor.lang();
    let week = match query.span.as_deref() {
        None | Some("day") => false,
        Some("week") => true,
        Some(_) => {
            return Err(Refusal::field("span", "期間を選びなおしてください", "must be day or week"));
        }
    };
    let now = desk.now();
    let here = Here { home: true, ..Here::default() };
    let mut frame = Frame::new(&desk, &visitor, lang.t("ホーム", "Home"), here).await?;
    "/help/home".clone_into(&mut frame.help);
    let shops = seen::shops(&desk, &visitor).await?;
    let todo = todo::todo(&desk, &visitor, &shops, &mut frame).await?;
    let slots = if week { Slots::up_to(now, DAY, 7) } else { Slots::up_to(now, HOUR, 24) };
    let (charts, causes) = charts::charts(&desk, &visitor, &shops, &slots).await?;
    let next = shops.iter().filter(|s| s.state == "active" && s.imports_itself());
    let next = next.filter_map(|s| s.next_import_at).min();
    frame::page(&HomePage {
        frame,
        today: day(&now.japan_date().to_string()),
        todo,
        next: next.map(short_moment).unwrap_or_default(),
        sees: [Menu::Orders, Menu::Notices].into_iter().any(|menu| visitor.may(menu, Level::View)),
        week,
        charts,
        causes,
    })
}
