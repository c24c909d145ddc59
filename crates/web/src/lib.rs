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
pub mod live;
pub mod pages;
pub mod plot;
pub mod refusal;
pub mod words;

pub use desk::{Desk, DeskConfig};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;

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
    routes.layer(ServiceBuilder::new().layer(CompressionLayer::new()))
}
