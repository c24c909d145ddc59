//! What an answer is before its content is believed: HTTP status, the shapes of errors (yahoo.md 9.1), pages for people.

use super::errors::{kind_of, of_mall, own};
use super::xml::{self, Node};
use domain::reason;
use domain::time::SECOND;
use mall_api::charset::{looks_like_html, speaks_of_maintenance};
use mall_api::{MallError, MallErrorKind, WireAnswer};

/// First wait after a 403 that is only the limit (2).
const LIMITED_WAIT: i64 = 5 * SECOND;

/// An answer that is not what the document promises.
pub(super) fn unreadable(what: &str) -> MallError {
    MallError::new(MallErrorKind::Unreadable, reason::answer_unreadable(what))
}

/// The document of an answer, when the mall says 200 and no error stands in it.
///
/// # Errors
/// Everything else, by meaning.
pub(super) fn open(answer: &WireAnswer) -> Result<Node<'_>, MallError> {
    if looks_like_html(&answer.body) {
        return Err(page(answer));
    }
    let document = xml::parse(&answer.body);
    if let Ok(document) = &document
        && let Some(error) = error_in(document, answer)
    {
        return Err(error);
    }
    if answer.status != 200 {
        return Err(by_status(answer));
    }
    document.map_err(unreadable)
}

/// Code and words of an error element, wherever it stands (9.1). A 401 of the gateway has no code: its words tell.
fn error_in(document: &Node<'_>, answer: &WireAnswer) -> Option<MallError> {
    let inside = || document.child("Result").and_then(|result| result.child("Error"));
    let error =
        if document.name == "Error" { Some(document) } else { document.child("Error").or_else(inside) };
    let refused = status_of(document) == "NG";
    let Some(error) = error else {
        return refused.then(|| unreadable("StatusがNGですがエラーの説明がありません"));
    };
    let (code, text) = (error.text_of("Code"), error.text_of("Message"));
    if code.is_empty() && text.is_empty() && !refused && answer.status == 200 {
        // An empty element means nothing (10.2).
        return None;
    }
    if code.is_empty() {
        let words = [text, answer.header("www-authenticate").unwrap_or_default()];
        let told = ["insufficient_scope", "invalid_token"];
        let code = told.into_iter().find(|code| words.iter().any(|w| w.contains(code)));
        return Some(match code {
            Some(code) => MallError::new(kind_of(code, answer.status, None), of_mall(code, text)),
            None => {
                let mut error = by_status(answer);
                *error.reason = error.reason.from_mall("", text);
                error
            }
        });
    }
    let retry_after_ms = answer.retry_after_ms();
    Some(MallError::new(kind_of(code, answer.status, retry_after_ms), of_mall(code, text)))
}

/// `Status`, beside the root's children or inside its Result.
pub(super) fn status_of<'n>(document: &'n Node<'_>) -> &'n str {
    match document.text_of("Status") {
        "" => document.child("Result").map_or("", |result| result.text_of("Status")),
        status => status,
    }
}

/// A page for people: over the limit, blocked, or maintenance (2, 9.1).
fn page(answer: &WireAnswer) -> MallError {
    let retry_after_ms = answer.retry_after_ms();
    match answer.status {
        403 | 429 => limited(answer),
        503 => MallError::new(MallErrorKind::Maintenance { retry_after_ms }, reason::mall_maintenance()),
        500..=599 => by_status(answer),
        _ if speaks_of_maintenance(&answer.body) => {
            MallError::new(MallErrorKind::Maintenance { retry_after_ms }, reason::mall_maintenance())
        }
        400..=499 => by_status(answer),
        _ => unreadable("HTMLのページ"),
    }
}

fn limited(answer: &WireAnswer) -> MallError {
    let retry_after_ms = Some(answer.retry_after_ms().unwrap_or(LIMITED_WAIT));
    MallError::new(MallErrorKind::RateLimited { retry_after_ms }, reason::rate_limited())
}

/// What a status means without a code.
fn by_status(answer: &WireAnswer) -> MallError {
    let retry_after_ms = answer.retry_after_ms();
    match answer.status {
        401 => {
            let scope =
                answer.header("www-authenticate").is_some_and(|words| words.contains("insufficient_scope"));
            match scope {
                true => MallError::new(MallErrorKind::NotAllowed, own("insufficient_scope")),
                false => MallError::new(MallErrorKind::Credential, own("YAHOO_UNAUTHORISED")),
            }
        }
        // 403 without a code is the limit (2, 9.1).
        403 | 429 => limited(answer),
        404 | 405 => MallError::new(MallErrorKind::Refused, own("YAHOO_WRONG_ADDRESS")),
        503 => MallError::new(MallErrorKind::Maintenance { retry_after_ms }, reason::mall_maintenance()),
        status @ 500..=599 => MallError::new(MallErrorKind::Unavailable, reason::mall_unavailable(status)),
        status => unreadable(&format!("HTTP {status}")),
    }
}
