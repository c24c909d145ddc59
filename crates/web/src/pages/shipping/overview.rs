//! 出荷・印刷: today's work at a glance, each number a way into the list.

use super::label_of;
use crate::desk::Desk;
use crate::door::guard::view;
use crate::door::{Route, Visitor, get};
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::orders::filter::ListQuery;
use crate::refusal::{Page, Refusal};
use crate::words::grouped;
use askama::Template;
use axum::extract::State;
use domain::PhaseKey;
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;
use store::desk::listing::Conditions;
use store::orders::ListFilter;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/shipping", view(Menu::Shipping), overview)]
}

/// Phases whose orders are being made ready.
pub const PHASES: [&str; 2] = ["awaiting_print", "awaiting_shipment"];

/// A number with the list behind it.
struct Count {
    n: i64,
    text: String,
    href: String,
}

/// A phase with its numbers.
struct Work {
    name: String,
    phase: &'static str,
    all: Count,
    unprinted: Count,
    unlabelled: Count,
    unnumbered: Count,
    today: Count,
    overdue: Count,
}

#[derive(Template)]
#[template(path = "shipping/overview.html")]
struct OverviewPage {
    frame: Frame,
    work: Vec<Work>,
    done: String,
    undo: String,
    /// Open files for upload by hand.
    open_files: usize,
    sees_buyers: bool,
    /// Chosen orders, still sealed.
    chosen: String,
    chosen_count: usize,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OverviewQuery {
    done: String,
    s: String,
}

async fn count(desk: &Desk, visitor: &Visitor, query: ListQuery) -> Result<Count, Refusal> {
    let (filter, conditions) = query.read(1)?;
    let extent = desk.ledger().extent(&visitor.access(), &filter, &conditions).await?;
    let more = if extent.more { "+" } else { "" };
    Ok(Count {
        n: extent.orders,
        text: format!("{}{more}", grouped(extent.orders)),
        href: format!("/orders?{}", query.to_query()),
    })
}

async fn work(desk: &Desk, visitor: &Visitor, phase: &'static str, name: String) -> Result<Work, Refusal> {
    let of = || ListQuery { phase: phase.to_owned(), ..ListQuery::default() };
    let no = || "no".to_owned();
    let today = desk.now().japan_date();
    let yesterday = today.yesterday().unwrap_or(today);
    let all = count(desk, visitor, of()).await?;
    let filter = ListFilter { phase: Some(PhaseKey::from(phase)), ..ListFilter::default() };
    let tagged = Conditions { tag: Some(label_of::ISSUED_TAG.to_owned()), ..Conditions::default() };
    let tagged = desk.ledger().extent(&visitor.access(), &filter, &tagged).await?;
    let unlabelled = (all.n - tagged.orders).max(0);
    Ok(Work {
        name,
        phase,
        unprinted: count(desk, visitor, ListQuery { printed: no(), ..of() }).await?,
        unlabelled: Count {
            n: unlabelled,
            text: grouped(unlabelled),
            href: format!("/shipping/labels?phase={phase}"),
        },
        unnumbered: count(desk, visitor, ListQuery { numbered: no(), ..of() }).await?,
        today: count(
            desk,
            visitor,
            ListQuery { ship_from: today.to_string(), ship_to: today.to_string(), ..of() },
        )
        .await?,
        overdue: count(desk, visitor, ListQuery { ship_to: yesterday.to_string(), ..of() }).await?,
        all,
    })
}

async fn overview(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(query): Query<OverviewQuery>,
) -> Page {
    let lang = visitor.lang();
    let mut all = Vec::new();
    let phases = desk.ledger().phases().await?;
    for key in PHASES {
        // A house may have done away with a phase.
        if let Some(phase) = phases.iter().find(|p| p.phase.as_str() == key) {
            all.push(work(&desk, &visitor, key, phase.name.clone()).await?);
        }
    }
    let access = visitor.access();
    let files = desk.ledger().shipment_files(50).await?;
    let here = Here { menu: Some(Menu::Shipping), ..Here::default() };
    let chosen = if query.s.is_empty() || !query.done.is_empty() {
        0
    } else {
        super::selection::open(&desk, &query.s)?.len()
    };
    frame::page(&OverviewPage {
        frame: Frame::new(&desk, &visitor, lang.t("出荷・印刷", "Shipping"), here).await?,
        work: all,
        undo: if query.done == "printed" {
            format!("/shipping/print/undo?s={}", query.s)
        } else {
            String::new()
        },
        done: match query.done.as_str() {
            "printed" => lang.t("印刷済みにしました", "Marked as printed"),
            "not_printed" => lang.t("印刷済みにはしていません", "Nothing was marked"),
            "undone" => lang.t("未印刷に戻しました", "Marked as not printed"),
            _ => "",
        }
        .to_owned(),
        open_files: files.iter().filter(|f| f.state == "open" && access.sees(f.shop_id)).count(),
        sees_buyers: visitor.rights.buyer_data,
        chosen: if chosen > 0 { query.s } else { String::new() },
        chosen_count: chosen,
    })
}

/// The parts of this menu: key, where, words.
pub const TABS: [(&str, &str, &str, &str); 4] = [
    ("overview", "/shipping", "本日の出荷", "Today"),
    ("labels", "/shipping/labels", "送り状CSV", "Labels"),
    ("tracking", "/shipping/tracking", "配送番号の読み戻し", "Tracking numbers"),
    ("files", "/shipping/files", "出荷ファイル", "Shipment files"),
];
