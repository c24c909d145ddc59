//! The link of the console: makes the first administrator, once, and signs them in.

use super::{Step, stand_at};
use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, get, post, tokens};
use crate::fields::Fields;
use crate::frame;
use crate::pages::sign_in::{address, welcome};
use crate::pages::users::{checked_login, checked_name};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use domain::history::By;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use store::desk::users::own::FirstUser;

/// The ways in: open, because nobody can have signed in yet. The token is the key.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/setup/{token}", Need::Nobody, page), post("/setup/{token}", Need::Nobody, create)]
}

#[derive(Template)]
#[template(path = "setup/first.html")]
struct FirstPage {
    lang: Lang,
    token: String,
    login: String,
    name: String,
    /// The field that does not fit, and why.
    error: Option<(String, String)>,
    /// The link is over.
    over: bool,
}

fn blank(token: String) -> FirstPage {
    let (login, name) = (String::new(), String::new());
    FirstPage { lang: Lang::Ja, token, login, name, error: None, over: false }
}

/// The same words for a used link, an old one and a wrong one.
fn over() -> Page {
    let page = FirstPage { over: true, ..blank(String::new()) };
    Ok((StatusCode::GONE, frame::page(&page)?).into_response())
}

async fn is_open(desk: &Desk, token: &str) -> Result<bool, Refusal> {
    let digest = tokens::digest(token);
    let good = desk.ledger().one_time_link(&digest, "setup", desk.now()).await?;
    Ok(good && !desk.ledger().has_users().await?)
}

async fn page(State(desk): State<Arc<Desk>>, Path(token): Path<String>) -> Page {
    if !is_open(&desk, &token).await? {
        return over();
    }
    frame::page(&blank(token))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    login: String,
    name: String,
    password: String,
    again: String,
}

struct Checked {
    login: String,
    name: String,
    password: String,
}

async fn checked(form: &Create) -> Result<Checked, Refusal> {
    let (login, name) = (checked_login(&form.login)?, checked_name(&form.name)?);
    let password =
        crate::pages::me::password::stored("password", &form.password, &form.again, &login).await?;
    Ok(Checked { login, name, password })
}

async fn create(
    State(desk): State<Arc<Desk>>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Fields(form): Fields<Create>,
) -> Page {
    // Before any work: a stranger without the link makes nobody hash.
    if !is_open(&desk, &token).await? {
        return over();
    }
    let new = match checked(&form).await {
        Ok(new) => new,
        Err(refusal) if refusal.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let error = Some((refusal.field.unwrap_or_default(), refusal.reason.ja));
            let short = |text: &str| text.chars().take(60).collect();
            let page =
                FirstPage { login: short(&form.login), name: short(&form.name), error, ..blank(token) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, frame::page(&page)?).into_response());
        }
        Err(other) => return Err(other),
    };
    let digest = tokens::digest(&token);
    let first =
        FirstUser { login: &new.login, name: &new.name, password: &new.password, link: Some(&digest) };
    let Ok(id) = desk.ledger().add_first_user(first, desk.now()).await? else { return over() };
    stand_at(&desk, Some(Step::Company)).await?;
    let by = By::User { name: new.login.clone() };
    desk.ledger().log_action(&by, "setup", &new.login, &serde_json::json!({}), desk.now()).await?;
    let user = desk.ledger().user(id).await?.ok_or_else(Refusal::inside)?;
    welcome(&desk, address(peer.as_ref().map(|e| &e.0)), &user, &headers, "/setup/steps/company").await
}
