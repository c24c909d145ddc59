//! How the Selling Partner API says no (document 8). Knows the envelope and the recorded texts, not who refuses.

use serde_json::{Value, json};

use crate::wire::Reply;

/// The text of nearly every `InvalidInput`.
pub(crate) const NOT_VALID: &str =
    "The input you have submitted is not valid. Please check your input and try again.";
/// The text of every `Unauthorized`.
pub(crate) const DENIED: &str = "Access to requested resource is denied.";

/// 200, 201, 202 with JSON.
pub(crate) fn good(status: u16, body: &Value) -> Reply {
    Reply::new(status, "application/json", body.to_string())
}

/// The error envelope.
pub(crate) fn error(status: u16, code: &str, message: &str, details: &str) -> Reply {
    good(status, &json!({ "errors": [{ "code": code, "message": message, "details": details }] }))
}

/// 400 `InvalidInput` with the usual text.
pub(crate) fn invalid(details: &str) -> Reply {
    error(400, "InvalidInput", NOT_VALID, details)
}

/// 400 `InvalidInput` with a text of its own.
pub(crate) fn input(message: &str) -> Reply {
    error(400, "InvalidInput", message, "")
}

/// 400 for a date nobody can read (2.3, a recorded one).
pub(crate) fn bad_date(name: &str) -> Reply {
    error(400, "InvalidInput", "This is invalid input", &format!("Invalid date/time field [{name}]"))
}

/// 403 `Unauthorized`; the details tell what is wrong.
pub(crate) fn unauthorized(details: &str) -> Reply {
    error(403, "Unauthorized", DENIED, details)
}

/// 403 for a seller whose role is refused (2.1).
pub(crate) fn access_denied() -> Reply {
    let mut reply = unauthorized("");
    reply.set_header("x-amzn-ErrorType", "AccessDeniedException");
    reply
}

/// 404.
pub(crate) fn not_found() -> Reply {
    error(404, "NotFound", "The requested resource could not be found.", "")
}

/// 429 as recorded: no `Retry-After`.
pub(crate) fn quota() -> Reply {
    let mut reply = error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "");
    reply.set_header("x-amzn-ErrorType", "TooManyRequestsException");
    reply
}

/// 500.
pub(crate) fn internal() -> Reply {
    error(500, "InternalFailure", "We encountered an internal error. Please try again.", "")
}
