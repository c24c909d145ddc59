//! One write: its steps, the calls that carried them, what the mall remarked. No buyer data.

use super::list::{RowShown, shown};
use super::look::{Looked, looked};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::{Path, State};
use domain::notice::NoticeState;
use domain::rights::Menu;
use domain::{OutboxId, Reason};
use serde::Deserialize;
use std::sync::Arc;
use store::desk::notices::{NoticeCall, NoticeRow, NoticeStep};

struct StepShown {
    number: usize,
    parcel: String,
    class: &'static str,
    state: &'static str,
    sent: String,
    due: String,
    attempts: i64,
    looks: i64,
    mall_ref: String,
    reason: Option<Reason>,
    warnings: Vec<Reason>,
}

struct CallShown {
    id: i64,
    step: usize,
    operation: String,
    state: &'static str,
    started: String,
    finished: String,
    status: String,
    receipt: String,
}

#[derive(Template)]
#[template(path = "notices/one.html")]
struct OnePage {
    frame: Frame,
    row: RowShown,
    target: String,
    finished: String,
    steps: Vec<StepShown>,
    calls: Vec<CallShown>,
    /// 「正常にする」 is offered.
    may_apply: bool,
    may_edit: bool,
    unknown: bool,
    /// A look at the mall that was asked for.
    looked: Option<Looked>,
    toast: &'static str,
}

fn step_words(lang: Lang, state: &str) -> (&'static str, &'static str) {
    match state {
        "ready" => ("", lang.t("送信待ち", "ready")),
        "sending" => ("run", lang.t("送信中", "sending")),
        "pending" => ("run", lang.t("モールの結果待ち", "result awaited")),
        "unknown" => ("run", lang.t("結果確認中", "checking")),
        "filed" => ("run", lang.t("出荷ファイルへの回答待ち", "in a file")),
        "applied" => ("ok", lang.t("正常", "applied")),
        "rejected" => ("bad", lang.t("エラー", "rejected")),
        "failed" => ("bad", lang.t("通知失敗", "failed")),
        "result_unknown" => ("bad", lang.t("通知結果取得失敗", "result unknown")),
        "withdrawn" => ("mute", lang.t("取り下げ", "taken back")),
        _ => ("", lang.t("新しい版の状態", "of a newer program")),
    }
}

fn call_words(lang: Lang, state: &str) -> &'static str {
    match state {
        "in_flight" => lang.t("送信中", "in flight"),
        "pending" => lang.t("結果待ち", "pending"),
        "answered" => lang.t("回答あり", "answered"),
        _ => lang.t("結果不明（読み戻して確認）", "unclear, read back"),
    }
}

fn step(lang: Lang, number: usize, step: &NoticeStep) -> StepShown {
    let (class, state) = step_words(lang, &step.state);
    let live = matches!(step.state.as_str(), "ready" | "unknown" | "pending");
    StepShown {
        number: number + 1,
        parcel: step.wanted.as_ref().map(|w| w.tracking_number.clone()).unwrap_or_default(),
        class,
        state,
        sent: step.sent_at.map(moment).unwrap_or_default(),
        due: if live { moment(step.due_at) } else { String::new() },
        attempts: step.attempts,
        looks: step.looks,
        mall_ref: step.mall_ref.clone().unwrap_or_default(),
        reason: step.reason.clone(),
        warnings: step.warnings.clone(),
    }
}

fn call(lang: Lang, steps: &[NoticeStep], call: NoticeCall) -> CallShown {
    let step = steps.iter().position(|s| s.step_id == call.step_id).map_or(0, |n| n + 1);
    CallShown {
        id: call.call_id,
        step,
        state: call_words(lang, &call.state),
        operation: call.operation,
        started: moment(call.started_at),
        finished: call.finished_at.map(moment).unwrap_or_default(),
        status: call.http_status.map(|s| s.to_string()).unwrap_or_default(),
        receipt: call.receipt.unwrap_or_default(),
    }
}

/// One write of a shop that may be seen.
pub async fn find(desk: &Desk, visitor: &Visitor, id: &str) -> Result<(NoticeRow, Vec<NoticeCall>), Refusal> {
    let id = id.parse().map(OutboxId).map_err(|_| Refusal::not_found())?;
    let found = desk.ledger().notice(id).await?;
    found.filter(|(row, _)| visitor.access().sees(row.shop_id)).ok_or_else(Refusal::not_found)
}

const TOLD: [(&str, &str, &str); 2] = [
    ("resent", "再送します。結果はこの画面に出ます。", "It is sent again."),
    ("applied", "「正常」にしました。", "Set to applied."),
];

/// What the page is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneQuery {
    done: Option<String>,
    asked: Option<i64>,
}

/// The page.
pub async fn page(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<OneQuery>,
) -> Page {
    let lang = visitor.lang();
    let (row, calls) = find(&desk, &visitor, &id).await?;
    let told = seen::Told { done: query.done };
    let looked = match query.asked {
        Some(asked) => looked(&desk, lang, &row, asked).await?,
        None => None,
    };
    let shops = seen::shops(&desk, &visitor).await?;
    let here = Here { menu: Some(Menu::Notices), ..Here::default() };
    let mall = shops.iter().find(|s| s.shop_id == row.shop_id).and_then(|s| desk.hub.mall(&s.mall));
    let label = |code: &String| {
        let name = mall.as_ref().and_then(|m| m.descriptor().status(code)).map(|s| s.label);
        name.map_or_else(|| code.clone(), |name| format!("{name}（{code}）"))
    };
    let stands = row.order_state.is_some_and(|now| {
        !matches!(now, NoticeState::Applied | NoticeState::InFlight | NoticeState::NotSent)
    });
    frame::page(&OnePage {
        frame: Frame::new(&desk, &visitor, lang.t("連携履歴", "Notice"), here).await?,
        target: row.target.as_ref().map(label).unwrap_or_default(),
        finished: row.finished_at.map(moment).unwrap_or_default(),
        steps: row.steps.iter().enumerate().map(|(n, s)| step(lang, n, s)).collect(),
        calls: calls.into_iter().map(|c| call(lang, &row.steps, c)).collect(),
        may_apply: stands,
        may_edit: visitor.edits(Menu::Notices),
        unknown: row.state == NoticeState::ResultUnknown,
        looked,
        toast: told.words(lang, &TOLD),
        row: shown(&row, &shops, &visitor),
    })
}
