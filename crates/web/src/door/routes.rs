//! The table of routes: path, method, what it needs, who answers. A test goes through all of it (I11, F67).

use super::guard::{self, Need};
use crate::desk::Desk;
use crate::pages;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use std::sync::Arc;

/// One way in.
pub struct Route {
    /// Path in axum's words.
    pub path: &'static str,
    /// `GET`, `POST` …
    pub method: &'static str,
    /// What it needs.
    pub need: Need,
    handler: MethodRouter<Arc<Desk>>,
}

impl Route {
    /// Behind its guard.
    pub fn guarded(self, desk: &Arc<Desk>) -> Router<Arc<Desk>> {
        let guard = from_fn_with_state((Arc::clone(desk), self.need), guard::guard);
        let mut handler = self.handler;
        if self.path.starts_with("/api/") && self.method != "GET" {
            // Inside the guard: a key belongs to a person.
            handler = handler.layer(from_fn_with_state(Arc::clone(desk), crate::api::once::once));
        }
        Router::new().route(self.path, handler.layer(guard))
    }

    /// Any method.
    pub fn of(
        method: &'static str,
        path: &'static str,
        need: Need,
        handler: MethodRouter<Arc<Desk>>,
    ) -> Self {
        Self { path, method, need, handler }
    }
}

/// A page.
pub fn get<H: Handler<T, Arc<Desk>>, T: 'static>(path: &'static str, need: Need, handler: H) -> Route {
    Route::of("GET", path, need, axum::routing::get(handler))
}

/// A change.
pub fn post<H: Handler<T, Arc<Desk>>, T: 'static>(path: &'static str, need: Need, handler: H) -> Route {
    Route::of("POST", path, need, axum::routing::post(handler))
}

/// All of them.
#[must_use]
pub fn table() -> Vec<Route> {
    [crate::live::routes(), pages::routes(), crate::api::routes()].into_iter().flatten().collect()
}
