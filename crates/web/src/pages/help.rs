//! ヘルプ: the manual of `docs/manual`, inside the program, searchable. Its text is ours; markup in it is never passed on raw.

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, get};
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use serde::Deserialize;
use std::sync::Arc;

include!(concat!(env!("OUT_DIR"), "/manual.rs"));

/// Pages of single entries of エラー一覧: reached from its list and by searching.
const ERRORS: &str = "errors/";

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/help", Need::SignedIn, index),
        get("/help/{page}", Need::SignedIn, page),
        get("/help/errors/{page}", Need::SignedIn, error_page),
    ]
}

/// A page a search found.
struct Hit {
    name: &'static str,
    title: String,
    around: String,
}

/// An entry of the list of pages.
struct Entry {
    name: &'static str,
    title: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
    pages: Vec<Entry>,
    /// Rendered by us from our own text.
    body: String,
    q: String,
    hits: Vec<Hit>,
}

fn source(name: &str) -> Option<&'static str> {
    PAGES.iter().find(|(page, _)| *page == name).map(|(_, text)| *text)
}

fn title_of(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().trim().to_owned()
}

/// Pages in the order of the manual's own list of contents.
fn order() -> Vec<&'static str> {
    let contents = source("SUMMARY").unwrap_or_default();
    let listed = contents.split("](").skip(1).filter_map(|rest| rest.split_once(".md").map(|(name, _)| name));
    listed
        .filter_map(|name| PAGES.iter().find(|(page, _)| *page == name.trim_start_matches("./")))
        .map(|(p, _)| *p)
        .collect()
}

/// Links between pages lead to pages here; raw markup is shown as text.
fn render(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = match dest_url.split_once(".md") {
                Some((name, anchor)) if !dest_url.contains("://") => {
                    let name = name.trim_start_matches("../");
                    CowStr::from(format!("/help/{name}{anchor}"))
                }
                _ => dest_url,
            };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn search(q: &str) -> Vec<Hit> {
    let needle = q.to_lowercase();
    let around = |text: &str| {
        let line = text.lines().find(|l| l.to_lowercase().contains(&needle)).unwrap_or_default();
        line.trim_start_matches(['#', '-', '|', ' ', '*']).chars().take(120).collect::<String>()
    };
    PAGES
        .iter()
        .filter(|(name, text)| *name != "SUMMARY" && text.to_lowercase().contains(&needle))
        .map(|(name, text)| Hit { name, title: title_of(text), around: around(text) })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn index(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<Search>) -> Page {
    let q: String = query.q.trim().chars().take(100).collect();
    let hits = if q.is_empty() { Vec::new() } else { search(&q) };
    let body = if q.is_empty() { render(source("index").unwrap_or_default()) } else { String::new() };
    show(&desk, &visitor, "index", body, q, hits).await
}

async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(name): Path<String>) -> Page {
    let Some(text) = source(&name).filter(|_| name != "SUMMARY") else { return Err(Refusal::not_found()) };
    show(&desk, &visitor, &name, render(text), String::new(), Vec::new()).await
}

async fn error_page(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(name): Path<String>) -> Page {
    let name = format!("{ERRORS}{name}");
    let Some(text) = source(&name) else { return Err(Refusal::not_found()) };
    show(&desk, &visitor, &name, render(text), String::new(), Vec::new()).await
}

async fn show(desk: &Desk, visitor: &Visitor, name: &str, body: String, q: String, hits: Vec<Hit>) -> Page {
    let entry = |page: &'static str| Entry {
        name: page,
        title: title_of(source(page).unwrap_or_default()),
        current: page == name && q.is_empty(),
    };
    let title =
        format!("{}：{}", visitor.lang().t("ヘルプ", "Help"), title_of(source(name).unwrap_or_default()));
    frame::page(&HelpPage {
        frame: Frame::new(desk, visitor, title, Here::default()).await?,
        pages: order().into_iter().filter(|page| !page.starts_with(ERRORS)).map(entry).collect(),
        body,
        q,
        hits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::rights::Menu;

    #[test]
    fn every_menu_has_a_page_of_help() {
        for menu in Menu::ALL {
            assert!(source(menu.as_str()).is_some(), "docs/manual/src/{}.md is missing", menu.as_str());
        }
        assert!(source("index").is_some());
    }

    #[test]
    fn every_page_stands_in_the_contents_and_has_a_title() {
        let order = order();
        for (name, text) in PAGES {
            assert!(*name == "SUMMARY" || order.contains(name), "{name} is not in SUMMARY.md");
            assert!(!title_of(text).is_empty(), "{name} has no title");
        }
    }

    #[test]
    fn links_between_pages_lead_somewhere() {
        for (name, text) in PAGES {
            for link in render(text).split("href=\"/help/").skip(1) {
                let to: String = link.chars().take_while(|c| !matches!(c, '"' | '#')).collect();
                assert!(source(&to).is_some(), "{name} links to {to}");
            }
        }
    }

    #[test]
    fn raw_markup_is_shown_and_not_passed_on_f50() {
        let html = render("a <img src=x onerror=alert(1)> b\n\n<script>x</script>\n");
        assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    }
}
