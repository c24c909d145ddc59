//! A form is taken once, however often it is sent (F75): its token claims the work, and whoever comes later with the same
//! token is shown the same job.

use super::go_to;
use crate::desk::Desk;
use crate::door::{Visitor, tokens};
use crate::refusal::{Page, Refusal};
use axum::http::HeaderMap;
use store::desk::idempotency::Claim;

/// A token for a form.
pub(super) fn token() -> Result<String, Refusal> {
    tokens::fresh().map_err(|_| Refusal::inside())
}

/// What a token stands for.
pub(super) enum Turn {
    /// The first: do it, then say where it is.
    First(String),
    /// It was done: go there.
    Again(String),
}

/// Claims the token of a form for a request.
pub(super) async fn claim(
    desk: &Desk,
    visitor: &Visitor,
    token: &str,
    request: &str,
) -> Result<Turn, Refusal> {
    if token.is_empty() || token.len() > 100 {
        return Err(Refusal::field("token", "画面を開きなおしてください", "is missing"));
    }
    let key = tokens::digest(&format!("form:{}:{token}", visitor.user_id));
    match desk.ledger().claim_key(&key, &tokens::digest(request), desk.now()).await? {
        Claim::New => Ok(Turn::First(key)),
        Claim::Done { body, .. } => Ok(Turn::Again(String::from_utf8_lossy(&body).into_owned())),
        Claim::UnderWay => Ok(Turn::Again("/orders/jobs".to_owned())),
        Claim::OtherRequest => Err(Refusal::conflict()),
    }
}

/// The work of a first turn was begun (at an address), or was not.
pub(super) async fn answered(desk: &Desk, key: &str, place: Option<&str>) -> Result<(), Refusal> {
    let answer = place.map(|place| (303, place.as_bytes()));
    Ok(desk.ledger().answer_key(key, answer).await?)
}

/// The answer to a form that came once more.
pub(super) fn again(headers: &HeaderMap, place: &str) -> Page {
    go_to(headers, place)
}
