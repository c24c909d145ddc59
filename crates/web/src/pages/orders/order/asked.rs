//! What came of something that was asked of a shop's lane from this page.

use super::{Opened, find};
use crate::desk::Desk;
use crate::door::guard::view;
use crate::door::{Route, Visitor, get};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use domain::rights::Menu;
use domain::{Reason, RequestId};
use engine::doors;
use engine::requests::{IMPORT, NOTIFY};
use serde_json::Value;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/orders/{order_no}/asked/{request}", view(Menu::Orders), look)]
}

/// How it stands.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Request.
    pub id: i64,
    /// Nothing more happens to it.
    pub finished: bool,
    /// `info`, `bad`.
    pub class: &'static str,
    /// Words.
    pub text: String,
    /// Reasons with their remedies.
    pub reasons: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "orders/order_asked.html")]
struct AskedPart<'a> {
    l: Lang,
    no: &'a str,
    asked: &'a Asked,
}

/// Puts a request into the shop's lane and goes to the page that follows it.
///
/// # Errors
/// As the database says.
pub async fn ask(
    desk: &Desk,
    visitor: &Visitor,
    order: &Opened,
    kind: &str,
    body: &(impl serde::Serialize + Sync),
) -> Page {
    let id = doors::ask(&desk.hub, &order.shop, kind, body, &visitor.by()).await?;
    desk.recount();
    Ok(Redirect::to(&format!("{}?asked={id}", order.path())).into_response())
}

fn reasons(result: Option<&Value>, seq_no: &str, lang: Lang) -> Vec<(String, String)> {
    let Some(result) = result else { return Vec::new() };
    let refused = result.get("refused").and_then(Value::as_array).into_iter().flatten();
    let of_order = refused.filter(|r| r.get("order_no").and_then(Value::as_str) == Some(seq_no));
    let listed = of_order.filter_map(|r| r.get("reasons").and_then(Value::as_array)).flatten();
    let single = result.get("reason").filter(|r| !r.is_null());
    listed
        .chain(single)
        .filter_map(|r| serde_json::from_value::<Reason>(r.clone()).ok())
        .map(|r| (lang.reason(&r), lang.t(&r.remedy, "").to_owned()))
        .collect()
}

/// How a request stands; `None` when it is not one of this order's shop.
///
/// # Errors
/// As the database says.
pub async fn of(desk: &Desk, order: &Opened, id: i64, lang: Lang) -> Result<Option<Asked>, Refusal> {
    let Some(request) = desk.ledger().request(RequestId(id)).await? else { return Ok(None) };
    if request.shop_id != order.shop.shop_id || !matches!(request.kind.as_str(), IMPORT | NOTIFY) {
        return Ok(None);
    }
    let importing = request.kind == IMPORT;
    let reasons = reasons(request.result.as_ref(), order.no(), lang);
    let finished = request.is_finished();
    let failed = finished && (request.state == "failed" || !reasons.is_empty());
    let text = match (importing, finished, failed) {
        (true, false, _) => lang.t("モールから取り込んでいます…", "Fetching it from the mall…"),
        (true, true, false) => {
            lang.t("モールの現在の内容を取り込みました。", "The mall's present copy was fetched.")
        }
        (true, true, true) => lang.t("取り込めませんでした。", "It could not be fetched."),
        (false, false, _) => {
            lang.t("モールへの送信を受け付けました。順番を待っています…", "Waiting for its turn to be sent…")
        }
        (false, true, false) => lang.t(
            "モールへの送信を始めました。結果は「状態」と「履歴」に出ます。",
            "It is being sent; the result appears under state and history.",
        ),
        (false, true, true) => lang.t("送信しませんでした。", "It was not sent."),
    };
    let class = if failed { "bad" } else { "info" };
    Ok(Some(Asked { id, finished, class, text: text.to_owned(), reasons }))
}

/// A part of the page that asks again until there is an end; then the page shows it.
async fn look(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((number, id)): Path<(String, i64)>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let Some(asked) = of(&desk, &order, id, visitor.lang()).await? else { return Err(Refusal::not_found()) };
    if asked.finished {
        desk.recount();
        let mut response: Response = StatusCode::OK.into_response();
        let to = format!("{}?asked={id}", order.path());
        if let Ok(to) = HeaderValue::from_str(&to) {
            response.headers_mut().insert("hx-redirect", to);
        }
        return Ok(response);
    }
    let part = AskedPart { l: visitor.lang(), no: order.no(), asked: &asked };
    Ok(Html(part.render()?).into_response())
}
