//! 帳場の画面: the back office in the browser and the JSON API.
//!
//! `door` decides who comes in and what they may do; `pages` are the screens, one file a menu; `frame` is what every
//! screen has around it; `live` tells browsers what changed. This room asks `store` and `engine`; it names no mall, holds
//! no SQL, and decides nothing about an order (`domain` does).

pub mod api;
pub mod assets;
pub mod desk;
pub mod door;
pub mod fields;
pub mod frame;
pub mod house;
mod kept;
pub mod live;
pub mod pages;
pub mod plot;
pub mod refusal;
pub mod words;

pub use desk::{Desk, DeskConfig};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::{RequestBodyDeadlineLayer, RequestBodyTimeoutLayer};

/// What no page may do. Scripts and styles come from here only; nothing is inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/// Headers every answer carries.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // Pages hold buyer data: nothing between us and the screen keeps them. Assets say otherwise themselves.
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// All doors of the back office.
pub fn router(desk: &Arc<Desk>) -> Router {
    let mut routes = Router::new();
    for route in door::routes::table() {
        routes = routes.merge(route.guarded(desk));
    }
    let mut routes = routes
        .fallback(refusal::not_found)
        .layer(axum::middleware::from_fn(refusal::fragments))
        // A form of another site never reaches a handler (F65).
        .layer(CsrfLayer::new())
        .with_state(Arc::clone(desk));
    // A year: a browser that came by HTTPS once never comes by HTTP again.
    let strict = (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    for (name, value) in HEADERS.into_iter().chain(desk.config.is_secure().then_some(strict)) {
        let value = HeaderValue::from_static(value);
        routes = routes.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    patient(routes, BODY_PAUSE, BODY_END).layer(ServiceBuilder::new().layer(CompressionLayer::new()))
}

/// No longer pause inside the body of a request: whoever sends a byte a minute holds a place that others need (F76).
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// All of it, also of the largest file over a slow line.
const BODY_END: Duration = Duration::from_secs(600);

fn patient(routes: Router, pause: Duration, end: Duration) -> Router {
    routes.layer(
        ServiceBuilder::new()
            .layer(RequestBodyTimeoutLayer::new(pause))
            .layer(RequestBodyDeadlineLayer::new(end)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, Bytes};
    use axum::http::Request;
    use axum::routing::post;
    use futures::StreamExt as _;
    use tower::ServiceExt as _;

    async fn status_of(body: Body, pause: Duration, end: Duration) -> u16 {
        let routes = Router::new().route("/", post(async |body: Bytes| body.len().to_string()));
        let request = Request::post("/").body(body).unwrap();
        patient(routes, pause, end).oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_body_that_stalls_or_never_ends_is_given_up_f76() {
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(600));
        assert_eq!(status_of(Body::from("all of it"), long, long).await, 200);
        let first = || futures::stream::iter([Ok::<_, std::io::Error>("a")]);
        let stalls = Body::from_stream(first().chain(futures::stream::pending()));
        assert_eq!(status_of(stalls, short, long).await, 400);
        let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::new()))
            .then(async |chunk| {
                tokio::task::yield_now().await;
                chunk
            })
            .boxed();
        assert_eq!(status_of(Body::from_stream(endless), long, short).await, 400);
    }
}
