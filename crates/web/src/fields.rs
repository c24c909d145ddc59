//! Reading forms and queries: typed, unknown fields refused (F68), errors that name the field and never repeat a value.

use crate::desk::Desk;
use crate::refusal::Refusal;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A posted form.
pub struct Fields<T>(pub T);

/// The query of a URL.
pub struct Query<T>(pub T);

/// The words of serde say which field; the value stays out of them.
fn refuse(error: &serde_html_form::de::Error) -> Refusal {
    let words = error.to_string();
    let field = words.split('`').nth(1).unwrap_or_default().to_owned();
    Refusal::field(field, "入力を読み取れません", "a field is missing, unknown or of the wrong form")
}

/// No text of ours holds a NUL, and PostgreSQL takes none.
fn has_nul(bytes: &[u8]) -> bool {
    bytes.contains(&0) || bytes.windows(3).any(|w| w == b"%00")
}

fn nul() -> Refusal {
    Refusal::field("", "使えない文字があります", "holds a NUL")
}

impl<T: DeserializeOwned> FromRequest<Arc<Desk>> for Fields<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, desk).await.map_err(|_| {
            let refusal = Refusal::field("", "送られた内容が大きすぎます", "the form is too large");
            Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, ..refusal }
        })?;
        if has_nul(&body) {
            return Err(nul());
        }
        serde_html_form::from_bytes(&body).map(Fields).map_err(|e| refuse(&e))
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<Desk>> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Desk>) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        if has_nul(query.as_bytes()) {
            return Err(nul());
        }
        serde_html_form::from_str(query).map(Query).map_err(|e| refuse(&e))
    }
}
