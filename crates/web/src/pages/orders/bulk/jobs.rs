//! What became of bulk work: how far a job is, what was refused and why, once more, and back again.

use super::super::list::Names;
use super::once::{self, Turn};
use super::{go_to, is_part, who, words};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped, moment};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse as _;
use domain::rights::Menu;
use domain::{RequestId, UtcMillis};
use engine::bulk::{self, BulkAction};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::desk::jobs::{Job, JobItem, JobProgress};

/// A job of so many orders is worked before the answer; a larger one beside it.
const AT_ONCE: i64 = 1_000;
/// The same where each order is opened for itself.
const AT_ONCE_OPENED: i64 = 50;
/// Refused orders a page lists; the reasons are counted over all.
const LISTED: usize = 200;
/// Jobs on the list.
const NEWEST: i64 = 50;

/// A note on the list after a job that ended at once.
pub struct Done {
    /// Words.
    pub text: String,
    /// Where it is taken back; empty = nowhere.
    pub undo_url: String,
}

/// A job of the visitor.
async fn mine(desk: &Desk, visitor: &Visitor, id: i64) -> Result<Job, Refusal> {
    let job = desk.ledger().job(id).await?;
    job.filter(|job| job.user_id == Some(visitor.user_id)).ok_or_else(Refusal::not_found)
}

/// The note of the list's `job=`; nothing for what is no such job.
///
/// # Errors
/// As the database says.
pub async fn done_lately(
    desk: &Desk,
    visitor: &Visitor,
    names: &Names,
    id: &str,
) -> Result<Option<Done>, Refusal> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let Ok(job) = mine(desk, visitor, id).await else { return Ok(None) };
    let Some(action) = bulk::action_of(&job) else { return Ok(None) };
    let progress = desk.ledger().job_progress(id).await?;
    let text = words::told(&action, progress.done, names, visitor.lang());
    let undo_url = if action.is_undoable() { format!("/orders/jobs/{id}/undo") } else { String::new() };
    Ok(Some(Done { text, undo_url }))
}

/// Works a job, or has it worked beside the answer; says where its outcome is shown.
pub(super) async fn work(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    id: i64,
    back: &str,
) -> Result<String, Refusal> {
    let job = mine(desk, visitor, id).await?;
    let action = bulk::action_of(&job);
    let most = if matches!(action, Some(BulkAction::Paid { .. })) { AT_ONCE_OPENED } else { AT_ONCE };
    log(desk, visitor, &job).await?;
    let page = format!("/orders/jobs/{id}");
    if job.total > most {
        let hub = Arc::clone(&desk.hub);
        tokio::spawn(async move {
            if let Err(error) = bulk::run(&hub, id).await {
                tracing::warn!(%error, job = id, "a bulk job waits for the next try");
            }
        });
        return Ok(page);
    }
    if let Err(error) = bulk::run(&desk.hub, id).await {
        // It is begun: the page shows how far it is, and the chores go on with it.
        tracing::warn!(%error, job = id, "a bulk job waits for the next try");
        return Ok(page);
    }
    desk.recount();
    let job = mine(desk, visitor, id).await?;
    let at_malls = action.is_some_and(|a| a.is_final());
    Ok(if job.state == "succeeded" && !at_malls { format!("/orders?{back}&job={id}") } else { page })
}

async fn log(desk: &Desk, visitor: &Visitor, job: &Job) -> Result<(), Refusal> {
    let what = job.action.get("do").cloned().unwrap_or(Value::Null);
    let details = json!({ "do": what, "orders": job.total });
    let target = job.job_id.to_string();
    Ok(desk.ledger().log_action(&visitor.by(), "orders.bulk", &target, &details, desk.now()).await?)
}

/// A reason with how many orders it stopped.
struct Why {
    words: String,
    remedy: String,
    count: String,
}

/// A refused order.
struct Refused {
    order_no: String,
    why: String,
}

/// What a mall was asked for.
struct AskedOf {
    shop: String,
    class: &'static str,
    words: &'static str,
    queued: usize,
    refused: usize,
}

#[derive(Template)]
#[template(path = "orders/bulk/job_part.html")]
struct JobPart {
    lang: Lang,
    id: i64,
    state_class: &'static str,
    state_words: &'static str,
    running: bool,
    total: i64,
    settled: i64,
    pace: String,
    done: String,
    refused: i64,
    waiting: String,
    whys: Vec<Why>,
    refused_rows: Vec<Refused>,
    asked: Vec<AskedOf>,
    may_undo: bool,
    may_retry: bool,
    token: String,
}

#[derive(Template)]
#[template(path = "orders/bulk/job.html")]
struct JobPage {
    frame: Frame,
    title: String,
    begun: String,
    undo_of: Option<i64>,
    part: String,
}

/// Class and words of a state.
fn state_words(state: &str, lang: Lang) -> (&'static str, &'static str) {
    match state {
        "running" => ("run", lang.t("処理中", "running")),
        "succeeded" => ("ok", lang.t("成功", "succeeded")),
        "partial" => ("warn", lang.t("一部失敗", "partly failed")),
        _ => ("bad", lang.t("失敗", "failed")),
    }
}

/// How fast, and how long still.
fn pace(settled: i64, total: i64, begun: UtcMillis, now: UtcMillis, lang: Lang) -> String {
    let took = now.since(begun).max(1);
    if settled == 0 || took < 1_000 {
        return String::new();
    }
    let a_minute = settled.saturating_mul(60_000) / took;
    let left = (total - settled).max(0).saturating_mul(took) / settled / 1_000;
    match lang {
        Lang::Ja => format!("毎分{}件 · のこり約{left}秒", grouped(a_minute)),
        Lang::En => format!("{} a minute · about {left} s left", grouped(a_minute)),
    }
}

fn whys(refused: &[JobItem], lang: Lang) -> Vec<Why> {
    let mut counted: BTreeMap<String, (String, i64)> = BTreeMap::new();
    for reason in refused.iter().filter_map(|i| i.reason.as_ref()) {
        let entry = counted.entry(lang.reason(reason)).or_insert_with(|| (reason.remedy.clone(), 0));
        entry.1 += 1;
    }
    let mut whys: Vec<(String, String, i64)> =
        counted.into_iter().map(|(words, (remedy, count))| (words, remedy, count)).collect();
    whys.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    whys.into_iter().map(|(words, remedy, n)| Why { words, remedy, count: grouped(n) }).collect()
}

/// What the malls' lanes said to the requests of a job.
async fn asked(desk: &Desk, job: &Job, names: &Names, lang: Lang) -> Result<Vec<AskedOf>, Refusal> {
    let done = desk.ledger().job_items_in(job.job_id, "done").await?;
    let id = |i: &JobItem| i.before.as_ref()?.get("request")?.as_i64();
    let ids: BTreeSet<i64> = done.iter().filter_map(id).collect();
    let mut out = Vec::new();
    for id in ids {
        let Some(request) = desk.ledger().request(RequestId(id)).await? else { continue };
        let count = |key: &str| {
            request.result.as_ref().and_then(|r| r.get(key)?.as_array().map(Vec::len)).unwrap_or_default()
        };
        let (class, words) = match request.state.as_str() {
            "queued" => ("", lang.t("受付済み", "accepted")),
            "running" => ("run", lang.t("処理中", "running")),
            "failed" => ("bad", lang.t("失敗", "failed")),
            "partial" => ("warn", lang.t("一部失敗", "partly failed")),
            _ => ("ok", lang.t("処理済み", "worked")),
        };
        out.push(AskedOf {
            shop: names.shop(request.shop_id).to_owned(),
            class,
            words,
            queued: count("queued"),
            refused: count("refused"),
        });
    }
    Ok(out)
}

async fn part_of(desk: &Desk, visitor: &Visitor, job: &Job, names: &Names) -> Result<JobPart, Refusal> {
    let lang = visitor.lang();
    let action = bulk::action_of(job);
    let JobProgress { queued, done, refused } = desk.ledger().job_progress(job.job_id).await?;
    let items = desk.ledger().job_items_in(job.job_id, "refused").await?;
    let running = job.state == "running";
    let (state_class, state_words) = state_words(&job.state, lang);
    let settled = done + refused;
    let at_malls = action.as_ref().is_some_and(BulkAction::is_final);
    Ok(JobPart {
        lang,
        id: job.job_id,
        state_class,
        state_words,
        running,
        total: job.total,
        settled,
        pace: if running {
            pace(settled, job.total, job.created_at, desk.now(), lang)
        } else {
            String::new()
        },
        done: grouped(done),
        refused,
        waiting: grouped(queued),
        whys: whys(&items, lang),
        refused_rows: items
            .iter()
            .take(LISTED)
            .map(|i| Refused {
                order_no: i.seq.order_no().0,
                why: i.reason.as_ref().map(|r| lang.reason(r)).unwrap_or_default(),
            })
            .collect(),
        asked: if at_malls { asked(desk, job, names, lang).await? } else { Vec::new() },
        may_undo: !running
            && done > 0
            && visitor.edits(Menu::Orders)
            && action.as_ref().is_some_and(BulkAction::is_undoable),
        may_retry: !running && refused > 0 && action.is_some() && visitor.edits(Menu::Orders),
        token: once::token()?,
    })
}

fn title_of(job: &Job, names: &Names, lang: Lang) -> String {
    match bulk::action_of(job) {
        Some(action) => words::title(&action, names, lang),
        None => lang.t("一括操作", "Bulk work").to_owned(),
    }
}

/// 一括操作の結果.
pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<i64>) -> Page {
    let job = mine(&desk, &visitor, id).await?;
    let names = Names::read(&desk).await?;
    let title = title_of(&job, &names, visitor.lang());
    let here = Here { menu: Some(Menu::Orders), ..Here::default() };
    frame::page(&JobPage {
        frame: Frame::new(&desk, &visitor, title.clone(), here).await?,
        title,
        begun: moment(job.created_at),
        undo_of: job.undo_of,
        part: part_of(&desk, &visitor, &job, &names).await?.render()?,
    })
}

/// The part that changes while it runs.
pub(super) async fn part(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<i64>) -> Page {
    let job = mine(&desk, &visitor, id).await?;
    let names = Names::read(&desk).await?;
    frame::page(&part_of(&desk, &visitor, &job, &names).await?)
}

/// One job of the list.
struct Listed {
    id: i64,
    title: String,
    begun: String,
    total: String,
    state_class: &'static str,
    state_words: &'static str,
}

#[derive(Template)]
#[template(path = "orders/bulk/jobs.html")]
struct JobsPage {
    frame: Frame,
    jobs: Vec<Listed>,
}

/// My newest jobs.
pub(super) async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let lang = visitor.lang();
    let names = Names::read(&desk).await?;
    let jobs = desk.ledger().jobs_of(visitor.user_id, NEWEST).await?;
    let here = Here { menu: Some(Menu::Orders), ..Here::default() };
    frame::page(&JobsPage {
        frame: Frame::new(&desk, &visitor, lang.t("一括操作の履歴", "Bulk work"), here).await?,
        jobs: jobs
            .iter()
            .map(|job| {
                let (state_class, state_words) = state_words(&job.state, lang);
                Listed {
                    id: job.job_id,
                    title: title_of(job, &names, lang),
                    begun: moment(job.created_at),
                    total: grouped(job.total),
                    state_class,
                    state_words,
                }
            })
            .collect(),
    })
}

/// A note for the script that asked, in ASCII as headers want it.
fn toast(text: &str, bad: bool) -> Page {
    let note = json!({ "toast": { "text": text, "kind": if bad { "bad" } else { "" } } }).to_string();
    let mut ascii = String::with_capacity(note.len() * 2);
    let mut units = [0_u16; 2];
    for sign in note.chars() {
        if sign.is_ascii() {
            ascii.push(sign);
        } else {
            for unit in sign.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    let value = HeaderValue::from_str(&ascii).map_err(|_| Refusal::inside())?;
    Ok(([("hx-trigger", value)], "").into_response())
}

/// 元に戻す: from the note (a script asks and shows a note) or from the job's page.
pub(super) async fn undo(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Page {
    let job = mine(&desk, &visitor, id).await?;
    let back = bulk::undo(&desk.hub, &who(&visitor), &job).await??;
    let place = work(&desk, &visitor, back, "all=1").await?;
    if !is_part(&headers) {
        return go_to(&headers, &format!("/orders/jobs/{back}"));
    }
    let lang = visitor.lang();
    let progress = desk.ledger().job_progress(back).await?;
    let (done, refused) = (progress.done, progress.refused);
    let text = match (lang, refused, place.starts_with("/orders/jobs/") && progress.queued > 0) {
        (_, _, true) => lang.t("元に戻しています。", "Being undone.").to_owned(),
        (Lang::Ja, 0, _) => format!("{done}件を元に戻しました。"),
        (Lang::Ja, _, _) => {
            format!("{done}件を元に戻しました。{refused}件は、あとで変更されたため戻していません。")
        }
        (Lang::En, _, _) => format!("{done} undone, {refused} not."),
    };
    toast(&text, refused > 0)
}

/// The form of 「失敗した3件だけ再実行」.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    token: String,
}

/// 「失敗した3件だけ再実行」.
pub(super) async fn retry(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Fields(form): Fields<Again>,
) -> Page {
    let job = mine(&desk, &visitor, id).await?;
    let key = match once::claim(&desk, &visitor, &form.token, &format!("retry:{id}")).await? {
        Turn::Again(place) => return once::again(&headers, &place),
        Turn::First(key) => key,
    };
    let begun = match bulk::retry(&desk.hub, &who(&visitor), &job).await {
        Ok(Ok(begun)) => begun,
        Ok(Err(reason)) => {
            once::answered(&desk, &key, None).await?;
            return Err(reason.into());
        }
        Err(error) => {
            once::answered(&desk, &key, None).await?;
            return Err(error.into());
        }
    };
    let place = format!("/orders/jobs/{begun}");
    once::answered(&desk, &key, Some(&place)).await?;
    work(&desk, &visitor, begun, "all=1").await?;
    go_to(&headers, &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_travels_in_ascii_and_reads_as_it_was() {
        let response = toast("3件を元に戻しました。𠮷", false).unwrap();
        let value = response.headers().get("hx-trigger").unwrap().to_str().unwrap().to_owned();
        assert!(value.is_ascii());
        let note: Value = serde_json::from_str(&value).unwrap();
        assert_eq!(note["toast"]["text"], "3件を元に戻しました。𠮷");
    }

    #[test]
    fn the_pace_is_told_once_there_is_one() {
        assert_eq!(pace(0, 10, UtcMillis(0), UtcMillis(5_000), Lang::Ja), "");
        let told = pace(100, 300, UtcMillis(0), UtcMillis(10_000), Lang::Ja);
        assert_eq!(told, "毎分600件 · のこり約20秒");
    }
}
