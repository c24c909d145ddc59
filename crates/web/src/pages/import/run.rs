//! One run: how far it is, what it counted, what it left out and why. Asks again by itself while it runs, and a page that
//! is loaded anew goes on where it was: everything is in the ledger.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped, moment};
use askama::Template;
use axum::extract::{Path, State};
use domain::rights::{Level, Menu};
use domain::{Reason, RequestId, RunId, ShopId};
use engine::requests::ImportCounts;
use engine::words as told;
use std::sync::Arc;
use store::imports::{Note, RunRow};
use store::requests::RequestRow;

/// Notes shown of one run.
const NOTES: i64 = 500;

/// A run as people see it.
pub struct RunShown {
    /// Shop.
    pub shop: String,
    /// Class of the state.
    pub class: &'static str,
    /// Its words.
    pub state: String,
    /// What set it off.
    pub trigger: &'static str,
    /// Period; empty for files and single orders.
    pub period: String,
    /// Begin.
    pub started: String,
    /// End.
    pub finished: String,
    /// Orders the mall listed.
    pub listed: u64,
    /// Orders done.
    pub done: u64,
    /// Counts that are not zero.
    pub counts: Vec<(&'static str, String)>,
    /// Why it ended or waits.
    pub reason: Option<Reason>,
    /// Remarks of reading files.
    pub remarks: Vec<Reason>,
    /// Notes.
    pub notes: Vec<NoteShown>,
    /// More notes than are shown.
    pub more_notes: bool,
    /// Where the part is asked for again; empty = at its end.
    pub live: String,
}

/// A note of a run.
pub struct NoteShown {
    /// Order at the mall.
    pub mall_order_id: String,
    /// Its page, where the ledger has it.
    pub href: String,
    /// Words.
    pub kind: &'static str,
    /// Class.
    pub class: &'static str,
    /// Why.
    pub reason: Reason,
}

/// Class of a run's state.
pub fn class(state: &str) -> &'static str {
    match state {
        "succeeded" => "ok",
        "partial" => "warn",
        "failed" => "bad",
        "queued" | "running" | "interrupted" => "run",
        _ => "mute",
    }
}

/// Words of a run's state.
pub fn state_words(lang: Lang, state: &str) -> String {
    told::run_state(state).map_or(state, |(ja, en)| lang.t(ja, en)).to_owned()
}

/// Counts in words, zeros left out.
pub fn count_words(lang: Lang, counts: &ImportCounts) -> Vec<(&'static str, String)> {
    let all = told::counts(counts).into_iter().filter(|(_, n)| *n > 0);
    all.map(|((ja, en), n)| (lang.t(ja, en), grouped(i64::try_from(n).unwrap_or(i64::MAX)))).collect()
}

/// Counts of a run.
pub fn read_counts(run: &RunRow) -> ImportCounts {
    serde_json::from_value(run.counts.clone()).unwrap_or_default()
}

fn trigger(lang: Lang, trigger: &str) -> &'static str {
    match trigger {
        "auto" => lang.t("自動取込", "automatic"),
        "hint" => lang.t("自動取込（新着の知らせ）", "automatic (something new was announced)"),
        "second_look" => lang.t("1日1回の再確認", "daily second look"),
        "reimport" => lang.t("再取込", "reimport"),
        "look_again" => lang.t("保留中の受注の確認", "held orders"),
        "proof" => lang.t("取込の証明で見つかった分", "found missing by a proof"),
        "read_back" => lang.t("復元の後の読み戻し", "read back after a restore"),
        "file" => lang.t("ファイル取込", "files"),
        _ => lang.t("手動", "by hand"),
    }
}

#[derive(Template)]
#[template(path = "import/run.html")]
struct RunPage {
    frame: Frame,
    run: RunShown,
}

#[derive(Template)]
#[template(path = "import/run_part.html")]
struct RunPart {
    l: Lang,
    run: RunShown,
}

async fn notes(
    desk: &Desk,
    visitor: &Visitor,
    notes: Vec<Note>,
    shop: ShopId,
) -> Result<Vec<NoteShown>, Refusal> {
    let (lang, access) = (visitor.lang(), visitor.access());
    let opens = visitor.may(Menu::Orders, Level::View);
    let mut shown = Vec::new();
    for note in notes {
        let mut href = String::new();
        // The one a person settles on the order's own page.
        if note.kind == "conflict" && opens {
            let found = desk.ledger().orders_by_number(&access, note.mall_order_id.as_str()).await?;
            if let Some(row) = found.into_iter().find(|row| row.shop_id == shop) {
                href = format!("/orders/{}", row.order_no);
            }
        }
        shown.push(NoteShown {
            mall_order_id: note.mall_order_id.0,
            href,
            kind: told::note(&note.kind).map_or(lang.t("その他", "other"), |(ja, en)| lang.t(ja, en)),
            class: match note.kind.as_str() {
                "failed" | "conflict" => "bad",
                _ => "mute",
            },
            reason: note.reason,
        });
    }
    Ok(shown)
}

fn list<T: serde::de::DeserializeOwned>(request: Option<&RequestRow>, key: &str) -> Option<T> {
    serde_json::from_value(request?.result.as_ref()?.get(key)?.clone()).ok()
}

async fn shown(
    desk: &Desk,
    visitor: &Visitor,
    request: Option<&RequestRow>,
    run: Option<&RunRow>,
    path: String,
) -> Result<RunShown, Refusal> {
    let lang = visitor.lang();
    let shop = run.map(|r| r.shop_id).or(request.map(|r| r.shop_id)).ok_or_else(Refusal::not_found)?;
    if !visitor.access().sees(shop) {
        return Err(Refusal::not_found());
    }
    let shop_row = desk.ledger().shop(shop).await?.ok_or_else(Refusal::not_found)?;
    let state = run.map(|r| r.state.as_str()).or(request.map(|r| r.state.as_str())).unwrap_or_default();
    let counts = run.map(read_counts).unwrap_or_default();
    let mut found = match run {
        Some(run) => desk.ledger().run_notes(run.run_id, NOTES + 1).await?,
        None => Vec::new(),
    };
    let most = usize::try_from(NOTES).unwrap_or(usize::MAX);
    let more_notes = found.len() > most;
    found.truncate(most);
    let ends = run.is_some_and(|r| r.finished_at.is_some())
        || run.is_none() && request.is_some_and(RequestRow::is_finished);
    let single = run.is_some_and(|r| r.options.get("orders").is_some_and(|o| !o.is_null()));
    let period = run
        .filter(|r| r.trigger != "file" && !single)
        .map_or_else(String::new, |r| format!("{} 〜 {}", moment(r.from), moment(r.to)));
    Ok(RunShown {
        shop: shop_row.name,
        class: class(state),
        state: state_words(lang, state),
        trigger: run.map_or(lang.t("手動", "by hand"), |r| trigger(lang, &r.trigger)),
        period,
        started: run.map(|r| r.started_at).or(request.map(|r| r.created_at)).map(moment).unwrap_or_default(),
        finished: run.and_then(|r| r.finished_at).map(moment).unwrap_or_default(),
        listed: counts.listed,
        done: told::counts(&counts).iter().map(|(_, n)| n).sum(),
        counts: count_words(lang, &counts),
        reason: run.and_then(|r| r.reason.clone()).or_else(|| list(request, "reason")),
        remarks: list(request, "remarks").unwrap_or_default(),
        notes: notes(desk, visitor, found, shop).await?,
        more_notes,
        live: if ends { String::new() } else { format!("{path}/live") },
    })
}

async fn request_shown(desk: &Desk, visitor: &Visitor, id: &str) -> Result<RunShown, Refusal> {
    let id = id.parse().map(RequestId).map_err(|_| Refusal::not_found())?;
    let request = desk.ledger().request(id).await?.ok_or_else(Refusal::not_found)?;
    let run = desk.ledger().run_of_request(id).await?;
    shown(desk, visitor, Some(&request), run.as_ref(), format!("/import/requests/{id}")).await
}

async fn run_shown(desk: &Desk, visitor: &Visitor, id: &str) -> Result<RunShown, Refusal> {
    let id = id.parse().map(RunId).map_err(|_| Refusal::not_found())?;
    let run = desk.ledger().run(id).await?.ok_or_else(Refusal::not_found)?;
    let request = match run.request_id {
        Some(id) => desk.ledger().request(id).await?,
        None => None,
    };
    shown(desk, visitor, request.as_ref(), Some(&run), format!("/import/runs/{id}")).await
}

async fn whole(desk: &Desk, visitor: &Visitor, run: RunShown) -> Page {
    let title = format!("{} {}", visitor.lang().t("受注取込", "Import"), run.shop);
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    frame::page(&RunPage { frame: Frame::new(desk, visitor, title, here).await?, run })
}

/// By the request that asked for it.
pub async fn of_request(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let run = request_shown(&desk, &visitor, &id).await?;
    whole(&desk, &visitor, run).await
}

/// The part that asks again.
pub async fn of_request_live(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Page {
    let run = request_shown(&desk, &visitor, &id).await?;
    frame::page(&RunPart { l: visitor.lang(), run })
}

/// By its own number.
pub async fn of_run(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let run = run_shown(&desk, &visitor, &id).await?;
    whole(&desk, &visitor, run).await
}

/// The part that asks again.
pub async fn of_run_live(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let run = run_shown(&desk, &visitor, &id).await?;
    frame::page(&RunPart { l: visitor.lang(), run })
}
