//! A new password: the old one is asked for, and every other session ends.

use super::myself;
use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, guesses, passwords, post, session};
use crate::fields::Fields;
use crate::pages::users::log;
use crate::refusal::{Page, Refusal};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use domain::Reason;
use serde::Deserialize;
use std::sync::Arc;
use store::desk::users::User;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![post("/me/password", Need::SignedIn, change)]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    old: Option<String>,
    new: String,
    again: String,
}

/// Asks for the password once more before something that matters. Wrong ones count as failed sign-ins (F64).
pub(super) async fn confirmed(desk: &Desk, user: &User, given: Option<&str>) -> Result<(), Refusal> {
    let now = desk.now();
    if user.locked_until > now {
        let reason = Reason::new(
            "wait",
            "続けて間違えたため、しばらく変更できません",
            "時間をおいてもう一度お試しください。",
            "Too many wrong passwords; wait a while",
        );
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, reason));
    }
    // Who came in by a link has none yet.
    let Some(stored) = user.password.clone() else { return Ok(()) };
    let given = given.unwrap_or_default().to_owned();
    if passwords::verified(given, Some(stored)).await.ok_or_else(Refusal::inside)? {
        return Ok(());
    }
    let until = now.plus(guesses::wait_ms(user.failures + 1));
    desk.ledger().signed_in(user.user_id, false, until, now).await?;
    Err(Refusal::field("old", "いまのパスワードが違います", "is not the present password"))
}

/// A password that may be stored, as its hash.
///
/// # Errors
/// Why it may not.
pub(in crate::pages) async fn stored(
    field: &str,
    new: &str,
    again: &str,
    login: &str,
) -> Result<String, Refusal> {
    if let Err(weak) = passwords::check(new, login) {
        let (ja, en) = weak.words();
        return Err(Refusal::field(field, ja, en));
    }
    if new != again {
        return Err(Refusal::field("again", "2回の入力が一致していません", "differs from the first"));
    }
    passwords::hashed(new.to_owned()).await.ok_or_else(Refusal::inside)
}

async fn change(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(form): Fields<Change>,
) -> Page {
    let user = myself(&desk, &visitor).await?;
    confirmed(&desk, &user, form.old.as_deref()).await?;
    let hash = stored("new", &form.new, &form.again, &user.login).await?;
    desk.ledger().set_password(user.user_id, &hash, None, desk.now()).await?;
    log(&desk, &visitor, "me.password", &visitor.login, &serde_json::json!({})).await?;
    // All sessions ended, this one too: who knew its token before the change does not know the new one (F66).
    let cookie = session::begin(&desk, user.user_id, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/me?done=password")).into_response())
}
