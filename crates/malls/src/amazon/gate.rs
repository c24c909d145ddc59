//! From an answer to "good" or the failure it means: HTTP status first, then code, then text (amazon.md 8).

use super::errors::{own, said};
use super::node::Node;
use domain::reason;
use mall_api::charset::{looks_like_html, speaks_of_maintenance};
use mall_api::{MallError, MallErrorKind, WireAnswer};
use serde_json::Value;

/// An error body is a few hundred bytes; a larger one is not searched.
const ERRORS_MAX: usize = 65_536;

/// One error of an answer. `message` may be null, `details` missing (8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// Code, as Amazon writes it.
    pub(super) code: String,
    /// Message and details, one after the other.
    pub(super) text: String,
}

impl Said {
    fn has(&self, words: &str) -> bool {
        self.text.to_lowercase().contains(words)
    }
}

/// The first error of an answer, whatever the status.
pub(super) fn first_error(answer: &WireAnswer) -> Option<Said> {
    if answer.body.len() > ERRORS_MAX {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let errors = Node::root(&body).at("errors").ok()?.list().ok()?;
    let error = errors.into_iter().next()?;
    let text = |key: &str| error.at(key).and_then(|n| n.text()).ok().flatten().unwrap_or_default();
    let (message, details) = (text("message"), text("details"));
    let joined =
        [message.as_str(), details.as_str()].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>();
    Some(Said { code: text("code"), text: joined.join(" / ") })
}

/// An answer that is not what the model promises.
pub(super) fn unreadable(what: &str) -> MallError {
    MallError::new(MallErrorKind::Unreadable, reason::answer_unreadable(what))
}

fn error(kind: MallErrorKind, code: &str, error: &Said) -> MallError {
    MallError::new(kind, said(code, &error.code, &error.text))
}

/// Says that the access token is not good any more (8: 401; 403 with "has expired").
pub(super) fn is_stale(answer: &WireAnswer) -> bool {
    match answer.status {
        401 => true,
        403 => first_error(answer).is_some_and(|e| e.has("access token you provided has expired")),
        _ => false,
    }
}

/// Lets a success through (any 2xx that is not a page for people).
///
/// # Errors
/// Everything else, by meaning. A 400 is `Refused` here; whether it may pass is known by the caller.
pub(super) fn gate(answer: &WireAnswer) -> Result<(), MallError> {
    let retry_after_ms = answer.retry_after_ms();
    if looks_like_html(&answer.body) && !matches!(answer.status, 401 | 403 | 429) {
        return Err(page(answer));
    }
    let told = first_error(answer).unwrap_or_default();
    match answer.status {
        200..=299 => Ok(()),
        300..=399 => Err(unreadable(&format!("別のページへの転送、HTTP {}", answer.status))),
        400 => Err(bad_request(&told)),
        401 => Err(error(MallErrorKind::Credential, "AMAZON_TOKEN_EXPIRED", &told)),
        403 => Err(forbidden(&told)),
        404 => Err(error(MallErrorKind::Refused, "AMAZON_NOT_FOUND", &told)),
        405 => Err(error(MallErrorKind::Refused, "AMAZON_WRONG_ADDRESS", &told)),
        413 => Err(error(MallErrorKind::Refused, "AMAZON_TOO_LARGE", &told)),
        415 => Err(error(MallErrorKind::Refused, "AMAZON_CONTENT_TYPE", &told)),
        429 => Err(error(MallErrorKind::RateLimited { retry_after_ms }, "AMAZON_QUOTA", &told)),
        503 => Err(error(MallErrorKind::Unavailable, "AMAZON_UNAVAILABLE", &told)),
        500..=599 => Err(error(MallErrorKind::Unavailable, "AMAZON_INTERNAL", &told)),
        status => Err(unreadable(&format!("HTTP {status}"))),
    }
}

fn page(answer: &WireAnswer) -> MallError {
    let retry_after_ms = answer.retry_after_ms();
    if speaks_of_maintenance(&answer.body) {
        return MallError::new(MallErrorKind::Maintenance { retry_after_ms }, reason::mall_maintenance());
    }
    match answer.status {
        500..=599 => MallError::new(MallErrorKind::Unavailable, own("AMAZON_UNAVAILABLE")),
        _ => unreadable("HTMLのページ"),
    }
}

fn bad_request(told: &Said) -> MallError {
    let code = if told.has("decode your nexttoken") {
        "AMAZON_PAGE_TOKEN"
    } else if told.has("could not match input arguments") {
        "AMAZON_SANDBOX_MISMATCH"
    } else if told.has("data elements") || told.has("requested resource") {
        return error(MallErrorKind::NotAllowed, "AMAZON_FORBIDDEN", told);
    } else {
        "AMAZON_INVALID_INPUT"
    };
    error(MallErrorKind::Refused, code, told)
}

/// "expired" is renewed by the lane; "revoked" needs a person; anything else is a missing role, the wrong region or the
/// wrong path (8). An individual plan looks the same (9).
fn forbidden(told: &Said) -> MallError {
    if told.has("has expired") && told.has("access token") {
        return error(MallErrorKind::Credential, "AMAZON_TOKEN_EXPIRED", told);
    }
    if told.has("revoked, malformed or invalid") {
        return error(MallErrorKind::Credential, "AMAZON_ACCESS_REVOKED", told);
    }
    if told.has("access token is missing") {
        return error(MallErrorKind::Credential, "AMAZON_TOKEN_MISSING", told);
    }
    if told.code == "InvalidSignature" || told.has("signature expired") {
        return error(MallErrorKind::NotAllowed, "AMAZON_SIGNATURE", told);
    }
    error(MallErrorKind::NotAllowed, "AMAZON_FORBIDDEN", told)
}

/// A good answer as JSON.
///
/// # Errors
/// The failure it means, or that it is no JSON object.
pub(super) fn json(answer: &WireAnswer) -> Result<Value, MallError> {
    gate(answer)?;
    match serde_json::from_slice(&answer.body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(unreadable("JSONのオブジェクトではありません")),
        Err(_) => Err(unreadable("JSON")),
    }
}
