//! Reading JSON: only as JSON (a form of another site cannot send that, F65), typed, unknown and doubled fields refused (F68),
//! and no value repeated in an error.

use crate::desk::Desk;
use crate::refusal::Refusal;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use domain::Reason;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A body.
pub struct Body<T>(pub T);

fn refusal(status: StatusCode, code: &str, ja: &str, en: &str) -> Refusal {
    Refusal::new(status, Reason::new(code, ja, "", en))
}

/// The words of serde name the field between backticks when it is unknown, missing or doubled; else they may hold the value.
fn unread(error: &serde_json::Error) -> Refusal {
    if error.is_syntax() || error.is_eof() {
        return refusal(StatusCode::BAD_REQUEST, "bad_json", "JSONを読み取れません", "is not JSON");
    }
    let words = error.to_string();
    let named = ["unknown field", "missing field", "duplicate field"].iter().any(|p| words.starts_with(p));
    let field = if named { words.split('`').nth(1).unwrap_or_default() } else { "" };
    Refusal::field(field, "入力を読み取れません", "a field is missing, unknown or of the wrong form")
}

/// Reads bytes.
///
/// # Errors
/// What does not fit.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // No text of ours holds a NUL, and PostgreSQL takes none.
    if bytes.windows(6).any(|w| w == b"\\u0000") {
        return Err(Refusal::field("", "使えない文字があります", "holds a NUL"));
    }
    serde_json::from_slice(bytes).map_err(|e| unread(&e))
}

impl<T: DeserializeOwned> FromRequest<Arc<Desk>> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let ja = "application/json で送ってください";
            return Err(refusal(status, "not_json", ja, "send application/json"));
        }
        let bytes = Bytes::from_request(request, desk).await.map_err(|_| too_large())?;
        read(&bytes).map(Body)
    }
}

/// More than is read (413).
pub(super) fn too_large() -> Refusal {
    let ja = "送られた内容が大きすぎます";
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", ja, "the body is too large")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        phase: String,
    }

    #[test]
    fn errors_name_fields_and_never_values_f68_f73() {
        for (text, status, field) in [
            (r#"{"phase":"x","is_admin":true}"#, 422, Some("is_admin")),
            (r#"{}"#, 422, Some("phase")),
            (r#"{"phase":"a","phase":"b"}"#, 422, Some("phase")),
            (r#"{"phase":5071234}"#, 422, Some("")),
            (r#"{"phase":"a\u0000b"}"#, 422, Some("")),
            ("{", 400, None),
            ("5071234", 422, Some("")),
        ] {
            let refusal = read::<Sample>(text.as_bytes()).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.field.as_deref()), (status, field), "{text}");
            assert!(!refusal.to_json().to_string().contains("5071234"), "{text}");
        }
        assert!(read::<Sample>(br#"{"phase":"x"}"#).is_ok());
    }
}
