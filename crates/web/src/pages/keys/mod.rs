//! API有効期限: every credential of every shop with the days it has left, what stops when it lapses, how it is renewed; the
//! same as a calendar feed behind a secret link; 連休前点検. A part of the menu 店舗.

mod board;
mod feed;
mod ical;
mod preholiday;

use crate::door::guard::{Need, edit, view};
use crate::door::{Route, get, post};
use domain::rights::Menu;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Shops;
    vec![
        get("/credentials", view(menu), board::page),
        post("/credentials/calendar", edit(menu), feed::change),
        // Open to whoever has the link: the token in it is the key, and it opens nothing else. Calendars cannot sign in.
        get("/calendar/{token}", Need::Nobody, feed::serve),
        get("/preholiday", view(menu), preholiday::page),
        post("/preholiday/mail", edit(menu), preholiday::mail),
    ]
}
