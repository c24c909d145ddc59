//! `Idempotency-Key`: a write that is sent again (a time-out, an impatient program) is answered again and not done again.

use super::body::too_large;
use crate::desk::Desk;
use crate::door::{Visitor, tokens};
use crate::refusal::Refusal;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::Reason;
use std::sync::Arc;
use store::desk::idempotency::Claim;

/// No body of the API is larger, bytes.
const LARGEST: usize = 2 << 20;
/// No answer that is kept is larger, bytes.
const LARGEST_ANSWER: usize = 16 << 20;
const HEADER: &str = "idempotency-key";

fn refusal(status: StatusCode, code: &str, ja: &str, en: &str) -> Response {
    Refusal::new(status, Reason::new(code, ja, "", en)).into_response()
}

fn replayed(status: i64, body: Vec<u8>) -> Response {
    let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true")),
    ];
    (status, headers, body).into_response()
}

/// Around each write of the API, after the guard.
pub async fn once(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let key = request.headers().get(HEADER).map(|v| v.to_str().unwrap_or_default().to_owned());
    let visitor = request.extensions().get::<Visitor>().map(|v| v.user_id);
    let (Some(key), Some(user)) = (key, visitor) else { return next.run(request).await };
    if key.is_empty() || key.len() > 200 {
        let ja = "Idempotency-Key は1〜200文字の英数字にしてください";
        let en = "the Idempotency-Key must have 1 to 200 characters";
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "bad_idempotency_key", ja, en);
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST).await else { return too_large().into_response() };
    let what = format!("{} {}\n{}", parts.method, parts.uri, String::from_utf8_lossy(&bytes));
    let (key, what) = (tokens::digest(&format!("{user}\n{key}")), tokens::digest(&what));
    match desk.ledger().claim_key(&key, &what, desk.now()).await {
        Err(error) => Refusal::from(error).into_response(),
        Ok(Claim::Done { status, body }) => replayed(status, body),
        Ok(Claim::UnderWay) => {
            let ja = "同じ Idempotency-Key の処理がまだ終わっていません";
            refusal(StatusCode::CONFLICT, "under_way", ja, "a request with this key is under way")
        }
        Ok(Claim::OtherRequest) => {
            let ja = "この Idempotency-Key は別の内容で使われています";
            let en = "this key was used for another request";
            refusal(StatusCode::UNPROCESSABLE_ENTITY, "other_request", ja, en)
        }
        Ok(Claim::New) => {
            let request = Request::from_parts(parts, Body::from(bytes));
            // In a task of its own: who hangs up does not leave the key without its answer.
            let work = tokio::spawn(async move { answered(&desk, &key, next.run(request).await).await });
            work.await.unwrap_or_else(|_| Refusal::inside().into_response())
        }
    }
}

/// Keeps the answer. What failed on our side, or was refused before anything was done, may be tried again.
async fn answered(desk: &Desk, key: &str, response: Response) -> Response {
    let status = response.status();
    let refused = response.extensions().get::<Refusal>().cloned();
    let (parts, bytes) = match &refused {
        Some(refusal) => (None, refusal.to_json().to_string().into_bytes()),
        None => {
            let (parts, body) = response.into_parts();
            let Ok(bytes) = axum::body::to_bytes(body, LARGEST_ANSWER).await else {
                return Refusal::inside().into_response();
            };
            (Some(parts), bytes.to_vec())
        }
    };
    let keep = !status.is_server_error();
    let answer = keep.then_some((i64::from(status.as_u16()), bytes.as_slice()));
    if let Err(error) = desk.ledger().answer_key(key, answer).await {
        tracing::error!(%error, "the answer of an idempotency key was not kept");
    }
    match (parts, refused) {
        (Some(parts), _) => Response::from_parts(parts, Body::from(bytes)),
        (None, Some(refusal)) => refusal.into_response(),
        (None, None) => Refusal::inside().into_response(),
    }
}
