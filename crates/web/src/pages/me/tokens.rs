//! APIトークン: shown once, kept as a digest, ends by itself (F69).

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, post, tokens};
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::pages::users::{checked_name, log, row_id};
use crate::refusal::{Page, Refusal};
use crate::words::moment;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::time::DAY;
use serde::Deserialize;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![post("/me/tokens", Need::SignedIn, add), post("/me/tokens/{id}/drop", Need::SignedIn, take_back)]
}

/// A token never lives longer, days.
const LONGEST_DAYS: i64 = 366;
/// Nobody needs more.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "me/token.html")]
struct TokenPage {
    frame: Frame,
    name: String,
    token: String,
    read_only: bool,
    ends: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    days: i64,
    read_only: Option<String>,
}

async fn add(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<New>) -> Page {
    let name = checked_name(&form.name)?;
    if !(1..=LONGEST_DAYS).contains(&form.days) {
        let ja = format!("1〜{LONGEST_DAYS}日にしてください");
        return Err(Refusal::field("days", ja, format!("must be 1 to {LONGEST_DAYS}")));
    }
    if desk.ledger().api_tokens(visitor.user_id).await?.len() >= MOST {
        let ja = format!("APIトークンは{MOST}個までです。使わないものを取り消してください");
        return Err(Refusal::field("name", ja, "too many tokens"));
    }
    let token = tokens::fresh().map_err(|_| Refusal::inside())?;
    let now = desk.now();
    let ends = now.plus(form.days * DAY);
    let read_only = form.read_only.is_some();
    let digest = tokens::digest(&token);
    let id = desk.ledger().add_api_token(visitor.user_id, &name, &digest, read_only, ends, now).await?;
    let details = serde_json::json!({ "read_only": read_only, "days": form.days });
    log(&desk, &visitor, "me.token_added", &id.to_string(), &details).await?;
    let title = visitor.lang().t("APIトークン", "API token");
    let frame = Frame::new(&desk, &visitor, title, Here::default()).await?;
    frame::page(&TokenPage { frame, name, token, read_only, ends: moment(ends) })
}

async fn take_back(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let id = row_id(&id)?;
    if !desk.ledger().drop_api_token(visitor.user_id, id).await? {
        return Err(Refusal::not_found());
    }
    log(&desk, &visitor, "me.token_dropped", &id.to_string(), &serde_json::json!({})).await?;
    Ok(Redirect::to("/me?done=dropped").into_response())
}
