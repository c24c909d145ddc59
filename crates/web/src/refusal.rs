//! What a door says when it does not do what was asked: 事象, 原因, 対処, as a page, as a part of a page, or as JSON.

use crate::words::Lang;
use askama::Template;
use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::Reason;
use domain::reason::Actor;
use serde_json::json;
use store::StoreError;

/// A refusal with its status and, where there is one, the field that does not fit.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// Why, and what to do.
    pub reason: Reason,
    /// The field.
    pub field: Option<String>,
    /// More for programs (the difference of a conflict).
    pub details: Option<serde_json::Value>,
}

impl Refusal {
    /// With a status.
    #[must_use]
    pub fn new(status: StatusCode, reason: Reason) -> Self {
        Self { status, reason, field: None, details: None }
    }

    /// A field that does not fit (422). The value is never repeated.
    #[must_use]
    pub fn field(field: impl Into<String>, ja: impl Into<String>, en: impl Into<String>) -> Self {
        let reason = Reason::new("bad_field", ja, "", en);
        Self { field: Some(field.into()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, reason) }
    }

    /// There is no such thing, or it may not be seen: both look the same.
    #[must_use]
    pub fn not_found() -> Self {
        let reason = Reason::new(
            "not_found",
            "そのページはありません",
            "受注番号で探すか、受注一覧へ戻ってください。",
            "There is no such page",
        );
        Self::new(StatusCode::NOT_FOUND, reason)
    }

    /// Not allowed (403).
    #[must_use]
    pub fn forbidden(reason: Reason) -> Self {
        Self::new(StatusCode::FORBIDDEN, reason)
    }

    /// Somebody else was faster (409).
    #[must_use]
    pub fn conflict() -> Self {
        let reason = Reason::new(
            "conflict",
            "ほかの人が先に変更しました",
            "いまの内容を確認して、もう一度変更してください。",
            "Somebody else changed it first",
        );
        Self::new(StatusCode::CONFLICT, reason)
    }

    /// It went wrong inside; the log knows more.
    #[must_use]
    pub fn inside() -> Self {
        let reason = Reason::new(
            "internal",
            "処理できませんでした",
            "もう一度お試しください。続く場合は管理者に診断の画面を見てもらってください。",
            "It could not be done; try again",
        )
        .by(Actor::Admin);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
    }

    /// With more for programs.
    #[must_use]
    pub fn with(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }

    /// As JSON of the API.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({ "error": {
            "code": self.reason.code,
            "message": self.reason.en,
            "message_ja": self.reason.ja,
            "remedy": self.reason.remedy,
            "field": self.field,
            "details": self.details,
        } })
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, reason)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } => Self::conflict(),
            StoreError::Busy(_) => {
                tracing::warn!(%error, "the database is busy");
                let reason = Reason::new(
                    "busy",
                    "混み合っているため、処理できませんでした",
                    "少し待って、もう一度お試しください。",
                    "The database is busy; try again",
                )
                .retried();
                Self::new(StatusCode::SERVICE_UNAVAILABLE, reason)
            }
            _ => {
                tracing::error!(%error, "a page failed");
                Self::inside()
            }
        }
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a template failed");
        Self::inside()
    }
}

/// What a page handler gives.
pub type Page = Result<Response, Refusal>;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    lang: Lang,
    refusal: &'a Refusal,
}

#[derive(Template)]
#[template(path = "refusal_part.html")]
struct RefusalPart<'a> {
    lang: Lang,
    refusal: &'a Refusal,
}

fn whole_page(refusal: &Refusal) -> String {
    RefusalPage { lang: Lang::Ja, refusal }.render().unwrap_or_else(|_| refusal.reason.ja.clone())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Html(whole_page(&self))).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// For what no route takes.
pub async fn not_found() -> Refusal {
    Refusal::not_found()
}

/// A refusal that answers a part of a page (htmx) or a program becomes what that understands.
pub async fn fragments(request: Request, next: Next) -> Response {
    let of_page = request.headers().contains_key("hx-request");
    let of_program = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<Refusal>().cloned() else { return response };
    if of_program {
        return (refusal.status, Json(refusal.to_json())).into_response();
    }
    if !of_page {
        return response;
    }
    let part = RefusalPart { lang: Lang::Ja, refusal: &refusal };
    let body = part.render().unwrap_or_else(|_| refusal.reason.ja.clone());
    let mut response = (refusal.status, Html(body)).into_response();
    let headers = response.headers_mut();
    headers.insert("hx-retarget", header::HeaderValue::from_static("#messages"));
    headers.insert("hx-reswap", header::HeaderValue::from_static("innerHTML"));
    response
}
