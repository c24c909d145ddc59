//! フェーズ: the installation's own steps (NTF-1), changed while everything runs.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::grouped;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::PhaseKey;
use domain::phase::{CANCELLED, INBOX, NEW, Phase};
use domain::reason;
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;

/// No bar of phases is longer.
const MOST: usize = 60;
/// Longest name.
const NAME_CHARS: usize = 20;

struct PhaseShown {
    key: String,
    name: String,
    ship_date: bool,
    orders: String,
    /// Choba itself needs it.
    needed: bool,
    empty: bool,
    first: bool,
    last: bool,
}

#[derive(Template)]
#[template(path = "settings/phases.html")]
struct PhasesPage {
    frame: Frame,
    tabs: Vec<Tab>,
    phases: Vec<PhaseShown>,
    may_edit: bool,
    toast: &'static str,
}

const TOLD: [(&str, &str, &str); 2] =
    [("saved", "保存しました", "Saved"), ("gone", "フェーズを外しました", "Removed")];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let counts = desk.ledger().phase_counts().await?;
    let all = desk.ledger().phases().await?;
    let last = all.len().saturating_sub(1);
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    let shown = all.into_iter().enumerate().map(|(n, phase)| {
        let key = phase.phase.as_str();
        let orders: i64 = counts.iter().filter(|((_, p), _)| p == key).map(|(_, n)| n).sum();
        PhaseShown {
            needed: [INBOX, NEW, CANCELLED].contains(&key),
            name: phase.name,
            ship_date: phase.ship_date_required,
            orders: grouped(orders),
            empty: orders == 0,
            first: n == 0,
            last: n == last,
            key: phase.phase.0,
        }
    });
    frame::page(&PhasesPage {
        frame: Frame::new(&desk, &visitor, lang.t("フェーズ", "Phases"), here).await?,
        tabs: tabs(lang, "/settings/phases"),
        phases: shown.collect(),
        may_edit: visitor.edits(Menu::Settings),
        toast: told.words(lang, &TOLD),
    })
}

fn name_of(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let fits = (1..=NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        return Ok(name.to_owned());
    }
    let ja = format!("名前を1〜{NAME_CHARS}文字で入力してください");
    Err(Refusal::field("name", ja, format!("must have 1 to {NAME_CHARS} characters")))
}

async fn log(desk: &Desk, visitor: &Visitor, action: &str, phase: &str) -> Result<(), Refusal> {
    let details = serde_json::json!({});
    Ok(desk.ledger().log_action(&visitor.by(), action, phase, &details, desk.now()).await?)
}

fn back(done: &str) -> Page {
    Ok(Redirect::to(&format!("/settings/phases?done={done}")).into_response())
}

/// A new phase.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    name: String,
    ship_date: Option<String>,
}

/// Adds a phase at the end.
pub async fn add(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Add>) -> Page {
    let name = name_of(&form.name)?;
    let phases = desk.ledger().phases().await?;
    if phases.len() >= MOST {
        let ja = format!("フェーズは{MOST}個までです");
        return Err(Refusal::field("name", ja, format!("at most {MOST} phases")));
    }
    if phases.iter().any(|p| p.name == name) {
        return Err(Refusal::field("name", "同じ名前のフェーズがあります", "is taken"));
    }
    let free = (1_u32..).map(|n| format!("phase_{n}")).find(|k| phases.iter().all(|p| p.phase.as_str() != k));
    let position = phases.iter().map(|p| p.position).max().unwrap_or_default() + 1;
    let phase = Phase {
        phase: PhaseKey(free.unwrap_or_default()),
        name,
        position,
        ship_date_required: form.ship_date.is_some(),
    };
    desk.ledger().put_phase(&phase).await?;
    log(&desk, &visitor, "phase.add", phase.phase.as_str()).await?;
    desk.recount();
    back("saved")
}

/// A change of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    phase: String,
    name: Option<String>,
    ship_date: Option<String>,
    #[serde(rename = "do")]
    action: String,
}

/// Changes, moves or removes a phase.
pub async fn change(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Change>) -> Page {
    let mut phases = desk.ledger().phases().await?;
    let found = phases.iter().position(|p| p.phase.as_str() == form.phase);
    let Some(place) = found else { return Err(Refusal::not_found()) };
    let Some(phase) = phases.get(place).cloned() else { return Err(Refusal::not_found()) };
    match form.action.as_str() {
        "save" => {
            let name = name_of(form.name.as_deref().unwrap_or_default())?;
            let ship_date_required = form.ship_date.is_some();
            desk.ledger().put_phase(&Phase { name, ship_date_required, ..phase }).await?;
        }
        "up" | "down" => {
            let other = if form.action == "up" { place.checked_sub(1) } else { Some(place + 1) };
            let Some(other) = other.filter(|n| *n < phases.len()) else { return back("saved") };
            phases.swap(place, other);
            for (position, phase) in (1_i64..).zip(&phases) {
                if phase.position != position {
                    desk.ledger().put_phase(&Phase { position, ..phase.clone() }).await?;
                }
            }
        }
        "drop" => {
            if [INBOX, NEW, CANCELLED].contains(&phase.phase.as_str()) {
                return Err(seen::not_now(reason::phase_needed(&phase.name)));
            }
            if !desk.ledger().drop_phase(&phase.phase).await? {
                return Err(seen::not_now(reason::phase_not_empty(&phase.name)));
            }
            log(&desk, &visitor, "phase.drop", &form.phase).await?;
            return back("gone");
        }
        _ => return Err(Refusal::field("do", "操作を選びなおしてください", "is unknown")),
    }
    log(&desk, &visitor, "phase.set", &form.phase).await?;
    back("saved")
}
