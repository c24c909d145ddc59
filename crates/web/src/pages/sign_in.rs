//! ログイン: by password (and second factor), by a link that is good once; ログアウト.

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, get, guesses, passwords, post, session, tokens};
use crate::fields::{Fields, Query};
use crate::frame;
use crate::pages::plain::local_path;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::history::By;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use store::desk::users::User;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/login", Need::Nobody, form),
        post("/login", Need::Nobody, sign_in),
        get("/login/link/{token}", Need::Nobody, link_page),
        post("/login/link/{token}", Need::Nobody, link),
        post("/logout", Need::SignedIn, sign_out),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    lang: Lang,
    next: String,
    login: String,
    /// Why not.
    error: String,
    /// A second factor is asked for.
    asks_code: bool,
    /// A link waits for its button.
    link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    next: Option<String>,
}

fn blank(next: Option<&str>) -> SignInPage {
    SignInPage {
        lang: Lang::Ja,
        next: local_path(next).to_owned(),
        login: String::new(),
        error: String::new(),
        asks_code: false,
        link: String::new(),
    }
}

async fn form(visitor: Option<Visitor>, Query(query): Query<Next>) -> Page {
    if visitor.is_some() {
        return Ok(Redirect::to(local_path(query.next.as_deref())).into_response());
    }
    frame::page(&blank(query.next.as_deref()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
    code: Option<String>,
    next: Option<String>,
}

/// Address of the other side. A `X-Forwarded-For` is never believed (F72). Behind a proxy it is the proxy's: then all share one patience.
pub(super) fn address(peer: Option<&ConnectInfo<SocketAddr>>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip().to_canonical())
}

fn again(form: &SignIn, status: StatusCode, error: &str, asks_code: bool) -> Page {
    let page = SignInPage {
        login: form.login.chars().take(100).collect(),
        error: error.to_owned(),
        asks_code,
        ..blank(form.next.as_deref())
    };
    Ok((status, frame::page(&page)?).into_response())
}

const WRONG: &str = "ログイン名かパスワードが違います。続けて間違えたときは、しばらくログインできません。時間をおいてお試しください。";
const WAIT: &str = "続けて間違えたため、しばらくログインできません。時間をおいてもう一度お試しください。";
const WRONG_CODE: &str = "確認コードが違います。認証アプリの新しいコードを入れてください。";

async fn sign_in(
    State(desk): State<Arc<Desk>>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Fields(form): Fields<SignIn>,
) -> Page {
    let now = desk.now();
    let address = address(peer.as_ref().map(|e| &e.0));
    if desk.guesses.wait_until(address, now).is_some() {
        return again(&form, StatusCode::TOO_MANY_REQUESTS, WAIT, false);
    }
    let user = desk.ledger().user_by_login(&form.login).await?.filter(|u| u.state == "active");
    let hash = user.as_ref().and_then(|u| u.password.clone());
    // Tens of milliseconds of hashing, whether or not somebody has that name.
    let right = passwords::verified(form.password.clone(), hash).await.ok_or_else(Refusal::inside)?;
    let locked = user.as_ref().is_some_and(|u| u.locked_until > now);
    match user.filter(|_| right && !locked) {
        None => {
            failed(&desk, address, &form.login).await?;
            // The same words for a wrong password, an unknown name and a locked account: nobody learns which names are there.
            again(&form, StatusCode::UNAUTHORIZED, WRONG, false)
        }
        Some(user) => match second_factor(&desk, &user, form.code.as_deref()).await? {
            Factor::Fits => welcome(&desk, address, &user, &headers, local_path(form.next.as_deref())).await,
            Factor::Asked => again(&form, StatusCode::UNAUTHORIZED, "", true),
            Factor::Wrong => {
                failed(&desk, address, &form.login).await?;
                again(&form, StatusCode::UNAUTHORIZED, WRONG_CODE, true)
            }
        },
    }
}

async fn failed(desk: &Desk, address: IpAddr, login: &str) -> Result<(), Refusal> {
    let now = desk.now();
    desk.guesses.failed(address, now);
    if let Some(user) = desk.ledger().user_by_login(login).await? {
        let until = now.plus(guesses::wait_ms(user.failures + 1));
        desk.ledger().signed_in(user.user_id, false, until, now).await?;
        let by = By::User { name: user.login };
        desk.ledger().log_action(&by, "sign_in_failed", "", &serde_json::json!({}), now).await?;
    } else {
        // People type passwords into the field of the name: it is written down nowhere.
        let action = "sign_in_failed_unknown";
        desk.ledger().log_action(&By::System, action, "", &serde_json::json!({}), now).await?;
    }
    Ok(())
}

enum Factor {
    Fits,
    Asked,
    Wrong,
}

async fn second_factor(desk: &Desk, user: &User, code: Option<&str>) -> Result<Factor, Refusal> {
    let Some(secret) = desk.ledger().totp_secret(user.user_id).await? else { return Ok(Factor::Fits) };
    let Some(code) = code.map(str::trim).filter(|c| !c.is_empty()) else { return Ok(Factor::Asked) };
    let Some(step) = crate::door::totp::check(&secret, code, desk.now()) else { return Ok(Factor::Wrong) };
    // A code that was seen over a shoulder or on the wire opens nothing a second time.
    let fresh = desk.ledger().use_totp(user.user_id, step).await?;
    Ok(if fresh { Factor::Fits } else { Factor::Wrong })
}

/// Signs somebody in: a new session, whatever was there before (F66).
pub(super) async fn welcome(
    desk: &Desk,
    address: IpAddr,
    user: &User,
    headers: &HeaderMap,
    to: &str,
) -> Page {
    let now = desk.now();
    desk.guesses.succeeded(address);
    desk.ledger().signed_in(user.user_id, true, now, now).await?;
    let cookie = session::begin(desk, user.user_id, headers).await?;
    let by = By::User { name: user.login.clone() };
    desk.ledger().log_action(&by, "sign_in", "", &serde_json::json!({}), now).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// A link is used by its button: a preview of the link spends nothing.
async fn link_page(State(desk): State<Arc<Desk>>, Path(token): Path<String>) -> Page {
    if !desk.ledger().one_time_link(&tokens::digest(&token), "sign_in", desk.now()).await? {
        return link_is_over();
    }
    frame::page(&SignInPage { link: format!("/login/link/{token}"), ..blank(None) })
}

fn link_is_over() -> Page {
    let error = "このリンクは使用済みか、期限が切れています。ログイン名とパスワードでログインするか、もう一度発行してください。";
    let page = SignInPage { error: error.to_owned(), ..blank(None) };
    Ok((StatusCode::GONE, frame::page(&page)?).into_response())
}

async fn link(
    State(desk): State<Arc<Desk>>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Page {
    let used = desk.ledger().use_one_time_link(&tokens::digest(&token), "sign_in", desk.now()).await?;
    let Some(Some(user)) = used else { return link_is_over() };
    let Some(user) = desk.ledger().user(user).await?.filter(|u| u.state == "active") else {
        return link_is_over();
    };
    // Whoever has no password yet is led to where it is set.
    let to = if user.password.is_none() { "/me?done=welcome" } else { "/" };
    welcome(&desk, address(peer.as_ref().map(|e| &e.0)), &user, &headers, to).await
}

async fn sign_out(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Refusal> {
    if let crate::door::Via::Session(digest) = &visitor.via {
        desk.ledger().end_session(digest).await?;
    }
    Ok(([(header::SET_COOKIE, session::end(&desk))], Redirect::to("/login")).into_response())
}
