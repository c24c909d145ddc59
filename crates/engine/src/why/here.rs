//! このフェーズにある理由, told from history and from where the order stands now. Pure: the same words at every door.

use domain::UtcMillis;
use domain::history::{By, Event, HOLD_OVERRIDDEN};
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass};
use domain::snapshot::{Fulfillment, MallStage};
use domain::write::WriteKind;
use std::collections::BTreeMap;
use store::history::HistoryRow;

/// Where an order stands now.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Phase.
    pub phase: &'a str,
    /// The mall's hold.
    pub hold: &'a Hold,
    /// 連携ステータス.
    pub notice: NoticeState,
    /// 管理区分.
    pub class: HandlingClass,
    /// Bundle or split.
    pub grouping: Grouping,
    /// Who ships.
    pub fulfillment: Fulfillment,
    /// The mall's stage.
    pub stage: MallStage,
    /// 仮伝票.
    pub provisional: bool,
}

impl<'a> Standing<'a> {
    /// Of a row of a list.
    #[must_use]
    pub fn of(row: &'a store::orders::ListRow) -> Self {
        Self {
            phase: row.phase.as_str(),
            hold: &row.hold,
            notice: row.notice_state,
            class: row.handling_class,
            grouping: row.grouping,
            fulfillment: row.fulfillment,
            stage: row.mall_stage,
            provisional: row.provisional,
        }
    }
}

/// Names for the keys that events carry, and the language.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Phases by key.
    pub phases: &'a BTreeMap<String, String>,
    /// People by login name.
    pub people: &'a BTreeMap<String, String>,
    /// Japanese, else English.
    pub ja: bool,
}

impl Names<'_> {
    fn t<'t>(&self, ja: &'t str, en: &'t str) -> &'t str {
        if self.ja { ja } else { en }
    }

    fn phase(&self, key: &str) -> String {
        self.phases.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    fn who(&self, by: &By) -> String {
        match by {
            By::User { name } => self.people.get(name).unwrap_or(name).clone(),
            By::Cli => self.t("コマンド操作", "command line").to_owned(),
            By::System => self.t("自動", "automatic").to_owned(),
            By::Mall => self.t("モール", "mall").to_owned(),
        }
    }

    fn kind(&self, kind: &str) -> String {
        match WriteKind::parse(kind) {
            Some(WriteKind::ConfirmOrder) => self.t("注文確認", "order confirmation").to_owned(),
            Some(WriteKind::ShipmentNotice) => self.t("出荷通知", "shipment notice").to_owned(),
            Some(WriteKind::MallStatus) => self.t("モールステータスの変更", "mall status change").to_owned(),
            Some(WriteKind::PaymentStatus) => {
                self.t("入金ステータスの変更", "payment status change").to_owned()
            }
            None => kind.to_owned(),
        }
    }

    fn state(&self, state: &str) -> String {
        let Some(known) = NoticeState::parse(state) else { return state.to_owned() };
        let en = match known {
            NoticeState::NotSent => "not sent",
            NoticeState::InFlight => "in flight",
            NoticeState::Applied => "applied",
            NoticeState::Rejected => "rejected",
            NoticeState::SendFailed => "not sent (failed)",
            NoticeState::ResultUnknown => "result unknown",
        };
        self.t(known.label_ja(), en).to_owned()
    }

    fn reason(&self, reason: &domain::Reason) -> String {
        match (&reason.mall_code, self.ja) {
            (Some(code), true) => format!("{}（{code}）", reason.ja),
            (None, true) => reason.ja.clone(),
            (_, false) => reason.en.clone(),
        }
    }
}

/// `11/22 09:05` in Japan.
fn short(at: UtcMillis) -> String {
    at.japan().strftime("%m/%d %H:%M").to_string()
}

fn event(row: &HistoryRow) -> Option<Event> {
    serde_json::from_value(row.event.clone()).ok()
}

/// Who brought the order where it is: the last move there, or its import.
fn arrival(history: &[HistoryRow], now: &Standing<'_>, names: &Names<'_>) -> (usize, String) {
    let here = names.phase(now.phase);
    for (at, row) in history.iter().enumerate().rev() {
        let when = short(row.at);
        match event(row) {
            Some(Event::PhaseMoved { to, why, .. }) if to == now.phase => {
                return (at, moved(&here, &when, &row.by, &why, history.get(..at), names));
            }
            Some(Event::Imported { phase, .. }) if phase == now.phase => {
                let text = if names.ja {
                    format!("{when} に取り込んだときから「{here}」にあります。")
                } else {
                    format!("In {here} since the import at {when}.")
                };
                return (at, text);
            }
            _ => {}
        }
    }
    let text = names.t(
        "このフェーズに入った記録がありません。",
        "History does not say how the order came into this phase.",
    );
    (0, text.to_owned())
}

fn moved(
    here: &str,
    when: &str,
    by: &By,
    why: &str,
    before: Option<&[HistoryRow]>,
    names: &Names<'_>,
) -> String {
    let who = names.who(by);
    if why == HOLD_OVERRIDDEN {
        return if names.ja {
            format!("「{here}」への移動は {when}、{who}さんが不正利用審査中と承知のうえで行いました。")
        } else {
            format!("Moved to {here} at {when} by {who}, in spite of the fraud hold.")
        };
    }
    match by {
        By::User { .. } if names.ja => {
            format!("「{here}」への移動は {when}、{who}さんの操作によるものです。")
        }
        By::User { .. } => format!("Moved to {here} at {when} by {who}."),
        By::System if !why.is_empty() => {
            let written = before.into_iter().flatten().rev().find_map(|row| match event(row)? {
                Event::WriteState { kind, .. } => Some(kind),
                _ => None,
            });
            let result = names.state(why);
            let write = written.map(|k| names.kind(&k)).unwrap_or_default();
            if names.ja {
                format!(
                    "「{here}」への移動は {when}、{write}の結果が「{result}」だったときのルール（自動）によるものです。"
                )
            } else {
                format!("Moved to {here} at {when} by the rule for the result {result} of the {write}.")
            }
        }
        By::System | By::Mall | By::Cli if names.ja => {
            format!("「{here}」への移動は {when}、{who}によるものです。")
        }
        By::System | By::Mall | By::Cli => format!("Moved to {here} at {when}: {who}."),
    }
}

/// What keeps it there, the most telling first.
fn kept(rows: &[HistoryRow], now: &Standing<'_>, names: &Names<'_>) -> Option<String> {
    let say = |ja: &str, en: &str| Some(names.t(ja, en).to_owned());
    if now.hold.is_fraud() {
        return say(
            "不正利用審査中のため、「キャンセル」以外へは進めません。モールの審査が終わると自動で解除されます。",
            "The mall reviews it for fraud: only a cancel is possible until the mall releases it.",
        );
    }
    let failed =
        matches!(now.notice, NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown);
    if failed {
        let because = rows.iter().rev().find_map(|row| match event(row)? {
            Event::WriteState { reason, .. } => reason,
            _ => None,
        });
        let because = because.map(|r| format!("（{}）", names.reason(&r))).unwrap_or_default();
        let word = names.state(now.notice.as_str());
        return Some(if names.ja {
            format!("出荷通知が「{word}」{because}のため、先へは進んでいません。")
        } else {
            format!("It has not gone on because its notice is in state {word}{because}.")
        });
    }
    let refused = rows.iter().rev().find_map(|row| match event(row)? {
        Event::NotDone { reason, .. } => Some(Some(reason)),
        // Something else went well since: the old refusal explains nothing any more.
        Event::WriteState { state, .. } if state == "applied" => Some(None),
        _ => None,
    });
    if let Some(Some(reason)) = refused {
        let words = names.reason(&reason);
        return Some(if names.ja {
            format!("先へ進まなかった理由：{words}。")
        } else {
            format!("It did not go on: {words}.")
        });
    }
    waiting(now, &say)
}

fn waiting(now: &Standing<'_>, say: &dyn Fn(&str, &str) -> Option<String>) -> Option<String> {
    match now {
        Standing { provisional: true, .. } => say(
            "仮伝票のため、出荷も通知もされません。",
            "A provisional order is neither shipped nor notified.",
        ),
        Standing { notice: NoticeState::InFlight, .. } => say(
            "モールの処理結果を待っています。結果が出ると自動で進みます。",
            "It waits for the mall's result and goes on by itself.",
        ),
        Standing { class: HandlingClass::OnHold, .. } => say(
            "管理区分が「保留」のため、自動では送信されません。",
            "Its handling class is on hold: nothing is sent automatically.",
        ),
        Standing { class: HandlingClass::Cancelled, .. } => say(
            "管理区分が「キャンセル」のため、自動では送信されません。",
            "Its handling class is cancelled: nothing is sent automatically.",
        ),
        Standing { grouping: Grouping::BundledChild, .. } => say(
            "同梱の子のため、親の受注といっしょに出荷し、通知はされません。",
            "A bundled child ships with its parent and is not notified.",
        ),
        Standing { fulfillment: Fulfillment::Fba, .. } => {
            say("FBA注文のため、出荷と通知はモールが行います。", "The mall ships and reports it.")
        }
        Standing { stage: MallStage::MallProcessing, .. } => say(
            "モールが処理中（与信・審査・入金待ちなど）です。",
            "The mall is still working on it (authorisation, review, prepayment).",
        ),
        _ => None,
    }
}

/// Why the order is in its phase, and why it has not gone on.
#[must_use]
pub fn why_here(history: &[HistoryRow], now: &Standing<'_>, names: &Names<'_>) -> String {
    let (at, came) = arrival(history, now, names);
    let since = history.get(at..).unwrap_or_default();
    match kept(since, now, names) {
        Some(kept) => format!("{came}{}{kept}", names.t("", " ")),
        None => came,
    }
}

/// When the order came into its phase.
#[must_use]
pub fn since(history: &[HistoryRow], phase: &str) -> Option<UtcMillis> {
    history.iter().rev().find_map(|row| match event(row)? {
        Event::PhaseMoved { to, .. } if to == phase => Some(row.at),
        Event::Imported { phase: to, .. } if to == phase => Some(row.at),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
