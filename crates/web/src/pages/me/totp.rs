//! 2段階認証: setting it up needs the password and a first code. Until then the secret travels sealed in the form.

use super::myself;
use super::password::confirmed;
use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, post, session, totp};
use crate::fields::Fields;
use crate::frame::{Frame, Here};
use crate::pages::users::log;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        post("/me/totp/start", Need::SignedIn, start),
        post("/me/totp", Need::SignedIn, finish),
        post("/me/totp/off", Need::SignedIn, off),
    ]
}

/// The form with the secret may be finished so long, milliseconds.
const OPEN_MS: i64 = 15 * domain::time::MINUTE;
const TICKET: &str = "totp";

#[derive(Template)]
#[template(path = "me/totp.html")]
struct TotpPage {
    frame: Frame,
    ticket: String,
    typed: String,
    uri: String,
    side: i32,
    path: String,
    error: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirm {
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finish {
    ticket: String,
    code: String,
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    ticket: String,
    secret: &[u8],
    error: &'static str,
) -> Result<String, Refusal> {
    let title = visitor.lang().t("2段階認証の設定", "Second factor");
    let uri = totp::uri(secret, &visitor.login);
    let (side, path) = totp::picture(&uri).unwrap_or_default();
    let frame = Frame::new(desk, visitor, title, Here::default()).await?;
    Ok(TotpPage { frame, ticket, typed: totp::typed(secret), uri, side, path, error }.render()?)
}

async fn start(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Confirm>) -> Page {
    let user = myself(&desk, &visitor).await?;
    confirmed(&desk, &user, form.password.as_deref()).await.map_err(|e| named(e, "password"))?;
    let secret = totp::fresh().map_err(|_| Refusal::inside())?;
    let text = format!("{} {}", visitor.user_id, STANDARD_NO_PAD.encode(secret));
    let ticket = desk.ledger().seal_ticket(TICKET, &text, desk.now().plus(OPEN_MS))?;
    Ok(axum::response::Html(page(&desk, &visitor, ticket, &secret, "").await?).into_response())
}

/// The same refusal at another field.
fn named(mut refusal: Refusal, field: &str) -> Refusal {
    refusal.field = refusal.field.map(|_| field.to_owned());
    refusal
}

/// The secret in a ticket of this person.
fn secret_of(text: &str, user: i64) -> Option<Vec<u8>> {
    let (owner, secret) = text.split_once(' ')?;
    (owner.parse() == Ok(user)).then(|| STANDARD_NO_PAD.decode(secret).ok())?
}

async fn finish(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(form): Fields<Finish>,
) -> Page {
    let now = desk.now();
    let text = desk.ledger().open_ticket(TICKET, &form.ticket, now);
    let Some(secret) = text.and_then(|t| secret_of(&t, visitor.user_id)) else {
        let ja = "設定の時間が過ぎました。はじめからやりなおしてください";
        return Err(Refusal::field("ticket", ja, "is over; start again"));
    };
    let Some(step) = totp::check(&secret, &form.code, now) else {
        let words =
            visitor.lang().t("コードが違います。新しいコードを入れてください。", "The code is wrong.");
        let page = page(&desk, &visitor, form.ticket, &secret, words).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, axum::response::Html(page)).into_response());
    };
    desk.ledger().set_totp(visitor.user_id, Some(&secret)).await?;
    desk.ledger().use_totp(visitor.user_id, step).await?;
    log(&desk, &visitor, "me.totp_on", &visitor.login, &serde_json::json!({})).await?;
    // Whoever signed in without it signs in again (F66).
    desk.ledger().end_sessions(visitor.user_id, None).await?;
    let cookie = session::begin(&desk, visitor.user_id, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/me?done=totp")).into_response())
}

async fn off(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Confirm>) -> Page {
    let user = myself(&desk, &visitor).await?;
    confirmed(&desk, &user, form.password.as_deref()).await.map_err(|e| named(e, "password"))?;
    desk.ledger().set_totp(visitor.user_id, None).await?;
    log(&desk, &visitor, "me.totp_off", &visitor.login, &serde_json::json!({})).await?;
    Ok(Redirect::to("/me?done=totp_off").into_response())
}

#[cfg(test)]
mod tests {
    use super::secret_of;

    #[test]
    fn a_secret_is_set_up_by_the_person_it_was_made_for_only() {
        assert_eq!(secret_of("7 AQID", 7), Some(vec![1, 2, 3]));
        for (text, user) in [("7 AQID", 8), ("7 ***", 7), ("AQID", 7), ("", 0)] {
            assert_eq!(secret_of(text, user), None);
        }
    }
}
