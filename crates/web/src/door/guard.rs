//! The guard before each route: who is it, is it enough, and where to otherwise.

use super::visitor::{self, Visitor};
use crate::desk::Desk;
use crate::refusal::Refusal;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Reason;
use domain::rights::{Level, Menu};
use std::sync::Arc;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Open to everybody: sign-in, assets, health.
    Nobody,
    /// Anybody who is signed in.
    SignedIn,
    /// A right.
    Right(Menu, Level),
}

/// 参照.
#[must_use]
pub const fn view(menu: Menu) -> Need {
    Need::Right(menu, Level::View)
}

/// 更新.
#[must_use]
pub const fn edit(menu: Menu) -> Need {
    Need::Right(menu, Level::Edit)
}

fn sign_in_first(request: &Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") {
        let reason =
            Reason::new("sign_in", "認証が必要です", "APIトークンを付けてください。", "a token is needed");
        return Refusal::new(StatusCode::UNAUTHORIZED, reason).into_response();
    }
    if request.headers().contains_key("hx-request") {
        // The whole page goes to the sign-in, not a part of it.
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", "/login")]).into_response();
    }
    let is_page = request.method() == axum::http::Method::GET && path != "/";
    let to = if is_page {
        format!("/login?next={}", visitor::quoted(&request.uri().to_string()))
    } else {
        "/login".to_owned()
    };
    Redirect::to(&to).into_response()
}

/// Lets a request through when its visitor has what the route needs.
pub async fn guard(
    State((desk, need)): State<(Arc<Desk>, Need)>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = match visitor::of_request(&desk, request.headers()).await {
        Ok(visitor) => visitor,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(visitor) = visitor else {
        return match need {
            Need::Nobody => next.run(request).await,
            _ => sign_in_first(&request),
        };
    };
    if let Err(refusal) = allowed(&visitor, need, &request) {
        return refusal.into_response();
    }
    request.extensions_mut().insert(visitor);
    let changes = !request.method().is_safe();
    let answer = next.run(request).await;
    if changes {
        desk.changed();
    }
    answer
}

fn allowed(visitor: &Visitor, need: Need, request: &Request) -> Result<(), Refusal> {
    if let Need::Right(menu, level) = need {
        visitor.rights.need(menu, level).map_err(Refusal::forbidden)?;
    }
    if visitor.is_program() && !request.uri().path().starts_with("/api/") && need != Need::Nobody {
        let reason =
            Reason::new("only_api", "APIトークンでは画面を開けません", "", "a token opens the API only");
        return Err(Refusal::forbidden(reason));
    }
    Ok(())
}
