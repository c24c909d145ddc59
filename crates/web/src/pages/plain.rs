//! What is no screen: assets, a person's own settings of screens.

use crate::assets;
use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Prefs, Route, Visitor, get, post};
use crate::fields::Fields;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/assets/{name}", Need::Nobody, asset), post("/desk/prefs", Need::SignedIn, prefs)]
}

async fn asset(Path(name): Path<String>) -> Response {
    let Some(found) = assets::find(&name) else { return Refusal::not_found().into_response() };
    let headers = [
        (header::CONTENT_TYPE, found.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, found.bytes).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefsForm {
    lang: Option<String>,
    theme: Option<String>,
    density: Option<String>,
    keys: Option<String>,
    rows: Option<i64>,
    #[serde(default)]
    column: Vec<String>,
    columns_set: Option<String>,
    view: Option<i64>,
    back: Option<String>,
}

/// Only a path of ours (F71).
#[must_use]
pub fn local_path(path: Option<&str>) -> &str {
    let local = |p: &&str| {
        let mut chars = p.chars();
        chars.next() == Some('/')
            && !matches!(chars.next(), Some('/' | '\\'))
            && !p.contains(['\\', '\r', '\n'])
    };
    path.filter(local).unwrap_or("/")
}

/// Keeps what a person set on screens.
async fn prefs(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<PrefsForm>) -> Page {
    let mut prefs: Prefs = visitor.prefs.clone();
    match form.lang.as_deref() {
        Some("ja") => prefs.lang = Lang::Ja,
        Some("en") => prefs.lang = Lang::En,
        _ => {}
    }
    if let Some(theme) = form.theme.filter(|t| matches!(t.as_str(), "" | "light" | "dark")) {
        prefs.theme = theme;
    }
    if let Some(density) = form.density.filter(|d| matches!(d.as_str(), "dense" | "normal" | "roomy")) {
        prefs.density = density;
    }
    if let Some(keys) = form.keys {
        prefs.keys_off = keys == "off";
    }
    if let Some(rows) = form.rows.filter(|r| matches!(r, 50 | 100 | 200)) {
        prefs.rows = rows;
    }
    if form.columns_set.is_some() {
        prefs.columns = super::orders::list::known_columns(&form.column);
    }
    if let Some(view) = form.view {
        prefs.view = (view > 0).then_some(view);
    }
    let json = serde_json::to_value(&prefs).map_err(|_| Refusal::inside())?;
    desk.ledger().set_prefs(visitor.user_id, &json).await?;
    Ok(Redirect::to(local_path(form.back.as_deref())).into_response())
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_our_own_are_gone_back_to_f71() {
        assert_eq!(local_path(Some("/orders?phase=new")), "/orders?phase=new");
        for evil in
            ["//evil.example", "/\\evil.example", "https://evil.example", "", "evil", "/\r\nx", "/a\\b"]
        {
            assert_eq!(local_path(Some(evil)), "/", "{evil:?}");
        }
        assert_eq!(local_path(None), "/");
    }
}
