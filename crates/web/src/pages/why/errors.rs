//! エラー一覧: the whole catalogue, searchable, and the codes that nobody has explained yet.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::refusal::Page;
use crate::words::{grouped, moment};
use askama::Template;
use axum::extract::State;
use domain::rights::{Level, Menu};
use engine::catalogue::{actor, entries};
use serde::Deserialize;
use std::sync::Arc;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorsQuery {
    q: String,
    mall: String,
}

struct EntryShown {
    code: String,
    anchor: String,
    mall: &'static str,
    event: String,
    cause: String,
    remedy: String,
    who: &'static str,
    retried: bool,
    place: &'static str,
    href: &'static str,
    manual: String,
    also: Vec<&'static str>,
}

struct UnknownShown {
    mall: String,
    code: String,
    words: String,
    count: String,
    last: String,
}

#[derive(Template)]
#[template(path = "errors/list.html")]
struct ErrorsPage {
    frame: Frame,
    q: String,
    malls: Vec<(&'static str, &'static str, bool)>,
    own: bool,
    entries: Vec<EntryShown>,
    all: usize,
    unknown: Vec<UnknownShown>,
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<ErrorsQuery>) -> Page {
    let lang = visitor.lang();
    let q: String = query.q.trim().chars().take(200).collect();
    let catalogue = entries(&desk.hub.malls);
    let of_mall = |mall: Option<&str>| match query.mall.as_str() {
        "" => true,
        "own" => mall.is_none(),
        key => mall == Some(key),
    };
    let all = catalogue.len();
    let fits = catalogue.into_iter().filter(|e| of_mall(e.mall) && e.matches(&q));
    let entries: Vec<EntryShown> = fits
        .map(|e| EntryShown {
            anchor: crate::words::anchor(&e.code),
            manual: format!("/help/errors/{}", e.slug()),
            mall: if e.mall_name.is_empty() { lang.t("帳場", "Choba") } else { e.mall_name },
            event: lang.t(&e.event, &e.en).to_owned(),
            cause: lang.t(&e.cause, "").to_owned(),
            who: lang.t(actor(e.actor).0, actor(e.actor).1),
            retried: e.retried,
            place: lang.t(e.place.words().0, e.place.words().1),
            href: e.place.href(),
            remedy: e.remedy,
            also: e.also_known,
            code: e.code,
        })
        .collect();
    let name = |key: &str| {
        let mall = desk.hub.mall(key);
        mall.map_or_else(|| key.to_owned(), |m| m.descriptor().name.to_owned())
    };
    let unknown = match visitor.may(Menu::Diagnostics, Level::View) {
        true => desk.ledger().unknown_codes().await?,
        false => Vec::new(),
    };
    let here = Here::default();
    let mut frame = Frame::new(&desk, &visitor, lang.t("エラー一覧", "Errors"), here).await?;
    "/help/errors".clone_into(&mut frame.help);
    let malls = desk.hub.malls.iter().map(|m| m.descriptor());
    frame::page(&ErrorsPage {
        frame,
        q,
        malls: malls.map(|d| (d.mall, d.name, d.mall == query.mall)).collect(),
        own: query.mall == "own",
        entries,
        all,
        unknown: unknown
            .into_iter()
            .map(|u| UnknownShown {
                mall: name(&u.mall),
                code: u.code,
                words: u.words,
                count: grouped(u.count),
                last: moment(u.last_at),
            })
            .collect(),
    })
}
