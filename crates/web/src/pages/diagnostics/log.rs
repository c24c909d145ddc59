//! 操作ログ, newest first. It names rows and fields, never values.

use super::words;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::notices::who;
use crate::refusal::{Page, Refusal};
use crate::words::moment;
use askama::Template;
use axum::extract::State;
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;

/// Lines a page.
const LINES: i64 = 100;

struct LineShown {
    at: String,
    by: String,
    action: String,
    target: String,
    details: String,
}

#[derive(Template)]
#[template(path = "diagnostics/log.html")]
struct LogPage {
    frame: Frame,
    lines: Vec<LineShown>,
    next: Option<i64>,
    first: bool,
}

/// Where to go on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    before: Option<String>,
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<LogQuery>) -> Page {
    let lang = visitor.lang();
    let before = query.before.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| Refusal::field("before", "最初から見てください", "is no line"))?;
    let mut rows = desk.ledger().actions(before, LINES + 1).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n > LINES);
    rows.truncate(usize::try_from(LINES).unwrap_or(usize::MAX));
    let here = Here { menu: Some(Menu::Diagnostics), ..Here::default() };
    frame::page(&LogPage {
        frame: Frame::new(&desk, &visitor, lang.t("操作ログ", "Log"), here).await?,
        next: rows.last().filter(|_| full).map(|row| row.id),
        first: before.is_none(),
        lines: rows
            .into_iter()
            .map(|row| LineShown {
                at: moment(row.at),
                by: who(lang, &row.by),
                details: words::details(lang, &row.details),
                action: words::action(lang, &row.action),
                target: row.target,
            })
            .collect(),
    })
}
