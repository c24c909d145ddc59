//! 送ったメール: every letter with its state and why; a failed or unclear one is sent once more by a person who says so.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, short_moment};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use domain::{Reason, UtcMillis};
use serde::Deserialize;
use std::sync::Arc;
use store::letters::{Letter, LetterState};

/// Rows a page.
const ROWS: i64 = 50;

/// A letter as people see it.
struct LetterShown {
    id: i64,
    at: String,
    kind: &'static str,
    subject: String,
    class: &'static str,
    state: &'static str,
    when: String,
    attempts: i64,
    reason: Option<Reason>,
}

#[derive(Template)]
#[template(path = "settings/letters.html")]
struct LettersPage {
    frame: Frame,
    tabs: Vec<Tab>,
    states: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<LetterShown>,
    next: String,
    first: bool,
    toast: &'static str,
}

#[derive(Template)]
#[template(path = "settings/letter.html")]
struct LetterPage {
    frame: Frame,
    letter: LetterShown,
    to: String,
    text: String,
    unclear: bool,
    may_send: bool,
}

fn state(lang: Lang, state: LetterState) -> (&'static str, &'static str) {
    match state {
        LetterState::Queued => ("mute", lang.t("送信待ち", "waiting")),
        LetterState::Sending => ("mute", lang.t("送信中", "being sent")),
        LetterState::Sent => ("ok", lang.t("送信済み", "sent")),
        LetterState::Unclear => ("warn", lang.t("届いたか不明", "not known")),
        LetterState::Failed => ("bad", lang.t("送信できませんでした", "failed")),
    }
}

fn kind(lang: Lang, kind: &str) -> &'static str {
    match kind {
        "notice_sent" => lang.t("送信のお知らせ", "what was sent"),
        "notice_results" => lang.t("結果のお知らせ", "results"),
        "credential" => lang.t("有効期限のお知らせ", "expiring credentials"),
        "checklist" => lang.t("連休前点検", "checklist"),
        _ => lang.t("お知らせ", "notice"),
    }
}

fn shown(lang: Lang, letter: Letter) -> LetterShown {
    let (class, state) = state(lang, letter.state);
    LetterShown {
        id: letter.id,
        at: short_moment(letter.created_at),
        kind: kind(lang, &letter.kind),
        subject: letter.content.subject,
        class,
        state,
        when: match letter.ended_at {
            Some(at) => short_moment(at),
            None if letter.state == LetterState::Queued && letter.attempts > 0 => {
                format!("{} {}", lang.t("次は", "next"), short_moment(letter.next_at))
            }
            None => String::new(),
        },
        attempts: letter.attempts,
        reason: letter.reason,
    }
}

/// Which letters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    done: String,
}

fn after(text: &str) -> Result<Option<(UtcMillis, i64)>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts = text.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    let (at, id) = parts.ok_or_else(|| Refusal::field("after", "最初から見てください", "is no place"))?;
    Ok(Some((UtcMillis(at), id)))
}

/// The list, newest first.
pub async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<ListQuery>) -> Page {
    let lang = visitor.lang();
    let wanted = match query.state.as_str() {
        "" => None,
        text => Some(LetterState::parse(text).ok_or_else(|| {
            Refusal::field("state", "状態を選びなおしてください", "is no state of a letter")
        })?),
    };
    let place = after(&query.after)?;
    let mut found = desk.ledger().letters(&visitor.access(), wanted, place, ROWS + 1).await?;
    let full = i64::try_from(found.len()).is_ok_and(|n| n > ROWS);
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| full);
    let next = last.map(|l| format!("state={}&after={}-{}", query.state, l.created_at.0, l.id));
    let again = "再送します。結果はこの一覧に出ます。";
    let told = seen::Told { done: Some(query.done) };
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&LettersPage {
        frame: Frame::new(&desk, &visitor, lang.t("送ったメール", "Letters"), here).await?,
        tabs: tabs(lang, "/settings/mail"),
        states: LetterState::ALL.map(|s| (s.as_str(), state(lang, s).1, Some(s) == wanted)).into(),
        rows: found.into_iter().map(|l| shown(lang, l)).collect(),
        next: next.unwrap_or_default(),
        first: place.is_none(),
        toast: told.words(lang, &[("again", again, "It is sent again")]),
    })
}

/// A letter the visitor may see.
async fn letter(desk: &Desk, visitor: &Visitor, id: &str) -> Result<Letter, Refusal> {
    let id = id.parse().map_err(|_| Refusal::not_found())?;
    let found = desk.ledger().letter(id).await?;
    let access = visitor.access();
    found.filter(|l| l.shop_id.is_none_or(|s| access.sees(s))).ok_or_else(Refusal::not_found)
}

fn may_be_sent_again(state: LetterState) -> bool {
    matches!(state, LetterState::Failed | LetterState::Unclear)
}

/// One letter.
pub async fn one(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let lang = visitor.lang();
    let letter = letter(&desk, &visitor, &id).await?;
    let (content, state) = (letter.content.clone(), letter.state);
    let nobody = lang.t("管理者と通知先", "administrator and notified addresses");
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&LetterPage {
        frame: Frame::new(&desk, &visitor, lang.t("送ったメール", "Letter"), here).await?,
        letter: shown(lang, letter),
        to: if content.to.is_empty() { nobody.to_owned() } else { content.to.join(", ") },
        text: content.text,
        unclear: state == LetterState::Unclear,
        may_send: may_be_sent_again(state) && visitor.edits(Menu::Settings),
    })
}

/// What a person says before it is sent once more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    #[serde(default)]
    sure: String,
}

/// Sends it once more.
pub async fn again(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Again>,
) -> Page {
    let letter = letter(&desk, &visitor, &id).await?;
    if letter.state == LetterState::Unclear && form.sure != "1" {
        let ja = "届いていないことを確かめてから、印を付けてください";
        return Err(Refusal::field("sure", ja, "say that it did not arrive"));
    }
    let now = desk.now();
    if !desk.ledger().send_letter_again(letter.id, now).await? {
        return Err(Refusal::conflict());
    }
    let details = serde_json::json!({});
    desk.ledger().log_action(&visitor.by(), "letter.again", &letter.id.to_string(), &details, now).await?;
    desk.hub.wake();
    Ok(Redirect::to("/settings/letters?done=again").into_response())
}
