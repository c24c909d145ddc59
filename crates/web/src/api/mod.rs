//! The JSON API: the verbs of the command line as resources under `/api/v1`, for programs with a token and for scripts in a
//! signed-in browser. The rules are those of the screens; `orders`, `work` and `masters` only read what was asked and tell
//! what came of it. `once` keeps a repeated write from being done twice, `spec` describes all of it.

pub mod body;
pub mod masters;
pub mod once;
pub mod orders;
pub mod spec;
pub mod work;

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor};
use crate::refusal::{Page, Refusal};
use axum::handler::Handler;
use axum::response::IntoResponse as _;
use axum::routing::{MethodFilter, on};
use domain::Reason;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use store::Shop;
use store::orders::ListRow;
use utoipa::PartialSchema;

/// One way in, with what the description says of it.
pub struct Endpoint {
    /// The route.
    pub route: Route,
    /// What it is for.
    pub summary: &'static str,
    /// Schema of the body; `None` = no body.
    pub body: Option<Value>,
    /// Names in the query.
    pub query: &'static [&'static str],
}

impl Endpoint {
    /// With names in the query.
    #[must_use]
    pub fn asks(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    /// With a body of a type.
    #[must_use]
    pub fn takes<T: PartialSchema>(mut self) -> Self {
        self.body = serde_json::to_value(T::schema()).ok();
        self
    }
}

fn filter(method: &str) -> MethodFilter {
    match method {
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

fn endpoint<H: Handler<T, Arc<Desk>>, T: 'static>(
    method: &'static str,
    path: &'static str,
    need: Need,
    summary: &'static str,
    handler: H,
) -> Endpoint {
    let route = Route::of(method, path, need, on(filter(method), handler));
    Endpoint { route, summary, body: None, query: &[] }
}

/// All of them.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    [orders::endpoints(), work::endpoints(), masters::endpoints()].into_iter().flatten().collect()
}

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let own = vec![crate::door::get("/api/openapi.json", Need::Nobody, spec::show)];
    own.into_iter().chain(endpoints().into_iter().map(|e| e.route)).collect()
}

/// An answer: times as the command line tells them.
///
/// # Errors
/// Never in practice: rows become JSON.
fn told(value: impl Serialize) -> Page {
    let value = serde_json::to_value(value).map_err(|_| Refusal::inside())?;
    Ok(axum::Json(engine::told::readable(value)).into_response())
}

/// The same for something that is only begun (202).
fn begun(value: impl Serialize) -> Page {
    Ok((axum::http::StatusCode::ACCEPTED, told(value)?).into_response())
}

fn none(what: &str, ja: &str) -> Refusal {
    let reason = Reason::new(&format!("no_such_{what}"), ja, "", format!("there is no such {what}"));
    Refusal::new(axum::http::StatusCode::NOT_FOUND, reason)
}

/// Names in paths are text of ours: no control characters, not endless.
fn plain(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control)).then_some(text)
}

/// One order by 管理番号 or the mall's number, of the shops that may be seen.
///
/// # Errors
/// There is none, or several shops have it.
async fn order(desk: &Desk, visitor: &Visitor, id: &str) -> Result<ListRow, Refusal> {
    let missing = || none("order", "その受注はありません");
    let id = plain(id).ok_or_else(missing)?;
    let mut found = desk.ledger().orders_by_number(&visitor.access(), id).await?;
    if found.len() > 1 {
        let ja = "複数の店舗に同じ番号の受注があります。管理番号で指定してください";
        return Err(Refusal::field("order", ja, "several shops have this number: use order_no"));
    }
    found.pop().ok_or_else(missing)
}

/// Several orders; each must be there.
///
/// # Errors
/// As [`order`], and when there are too many.
async fn orders(desk: &Desk, visitor: &Visitor, ids: &[String]) -> Result<Vec<ListRow>, Refusal> {
    const MOST: usize = 1_000;
    if ids.is_empty() || ids.len() > MOST {
        return Err(Refusal::field(
            "orders",
            format!("1〜{MOST}件にしてください"),
            format!("must be 1 to {MOST}"),
        ));
    }
    let mut rows: Vec<ListRow> = Vec::with_capacity(ids.len());
    for id in ids {
        let row = order(desk, visitor, id).await?;
        if rows.iter().all(|r| r.seq != row.seq) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A shop by number or name, that may be seen.
///
/// # Errors
/// There is none.
async fn shop(desk: &Desk, visitor: &Visitor, id: &str) -> Result<Shop, Refusal> {
    let missing = || none("shop", "その店舗はありません");
    let id = plain(id).ok_or_else(missing)?;
    let access = visitor.access();
    let shops = desk.ledger().shops().await?;
    let fits = |s: &&Shop| s.shop_id.0.to_string() == id || s.name == id;
    let found = shops.iter().find(fits).filter(|s| s.state != "archived" && access.sees(s.shop_id));
    found.cloned().ok_or_else(missing)
}
