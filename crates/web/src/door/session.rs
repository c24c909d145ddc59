//! Sessions of browsers: a cookie with a random token, a row with its digest. A new one at each sign-in (F66).

use super::tokens;
use crate::desk::Desk;
use crate::refusal::Refusal;
use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};
use domain::UtcMillis;
use domain::time::{DAY, HOUR, MINUTE};
use store::desk::users::access::Session;

/// Unused for so long, a session ends.
pub const IDLE_MS: i64 = 12 * HOUR;
/// However much it is used, a session ends.
pub const LONGEST_MS: i64 = 7 * DAY;

/// `__Host-`: only this host, only over HTTPS, only from `/`.
fn name(desk: &Desk) -> &'static str {
    if desk.config.is_secure() { "__Host-choba" } else { "choba" }
}

fn cookie(desk: &Desk, value: String, max_age_s: i64) -> HeaderValue {
    let mut cookie = Cookie::new(name(desk), value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(desk.config.is_secure());
    let text = format!("{cookie}; Max-Age={max_age_s}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The token in the cookie.
pub(super) fn token_of(desk: &Desk, headers: &HeaderMap) -> Option<String> {
    let wanted = name(desk);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted && !value.is_empty()).then(|| value.to_owned())
        })
}

/// Begins a session; gives the header for the browser.
///
/// # Errors
/// As the database says.
pub async fn begin(desk: &Desk, user: i64, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let token = tokens::fresh().map_err(|_| Refusal::inside())?;
    let now = desk.now();
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let session = Session {
        token_hash: tokens::digest(&token),
        user_id: user,
        created_at: now,
        seen_at: now,
        expires_at: now.plus(IDLE_MS),
        agent: agent.chars().take(200).collect(),
    };
    desk.ledger().add_session(&session).await?;
    Ok(cookie(desk, token, LONGEST_MS / 1_000))
}

/// Ends a session; gives the header for the browser.
#[must_use]
pub fn end(desk: &Desk) -> HeaderValue {
    cookie(desk, String::new(), 0)
}

/// A session in use lives on, within its longest life. Written at most once a minute.
pub(super) async fn keep_alive(desk: &Desk, session: &Session, now: UtcMillis) -> Result<(), Refusal> {
    if now.since(session.seen_at) < MINUTE {
        return Ok(());
    }
    let expires = now.plus(IDLE_MS).min(session.created_at.plus(LONGEST_MS));
    Ok(desk.ledger().session_seen(&session.token_hash, now, expires).await?)
}
