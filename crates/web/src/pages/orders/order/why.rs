//! このフェーズにある理由, told from history and from where the order stands now. Pure.

use super::told::{Known, kind, state};
use crate::words::short_moment;
use domain::UtcMillis;
use domain::history::{By, Event, HOLD_OVERRIDDEN};
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass};
use domain::snapshot::{Fulfillment, MallStage};
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

fn event(row: &HistoryRow) -> Option<Event> {
    serde_json::from_value(row.event.clone()).ok()
}

/// Who brought the order where it is: the last move there, or its import.
fn arrival(history: &[HistoryRow], now: &Standing<'_>, known: &Known<'_>) -> (usize, String) {
    let lang = known.lang;
    let here = known.phase(now.phase);
    for (at, row) in history.iter().enumerate().rev() {
        let when = short_moment(row.at);
        match event(row) {
            Some(Event::PhaseMoved { to, why, .. }) if to == now.phase => {
                return (at, moved(&here, &when, &row.by, &why, history.get(..at), known));
            }
            Some(Event::Imported { phase, .. }) if phase == now.phase => {
                let text = match lang {
                    crate::words::Lang::Ja => {
                        format!("{when} に取り込んだときから「{here}」にあります。")
                    }
                    crate::words::Lang::En => format!("In {here} since the import at {when}."),
                };
                return (at, text);
            }
            _ => {}
        }
    }
    let text = lang.t(
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
    known: &Known<'_>,
) -> String {
    let ja = known.lang == crate::words::Lang::Ja;
    if why == HOLD_OVERRIDDEN {
        let who = known.who(by);
        return if ja {
            format!("「{here}」への移動は {when}、{who}さんが不正利用審査中と承知のうえで行いました。")
        } else {
            format!("Moved to {here} at {when} by {who}, in spite of the fraud hold.")
        };
    }
    match by {
        By::User { .. } if ja => {
            format!("「{here}」への移動は {when}、{}さんの操作によるものです。", known.who(by))
        }
        By::User { .. } => format!("Moved to {here} at {when} by {}.", known.who(by)),
        By::System if !why.is_empty() => {
            let written = before.into_iter().flatten().rev().find_map(|row| match event(row)? {
                Event::WriteState { kind, .. } => Some(kind),
                _ => None,
            });
            let result = state(why, known.lang);
            let write = written.map(|k| kind(&k, known.lang)).unwrap_or_default();
            if ja {
                format!(
                    "「{here}」への移動は {when}、{write}の結果が「{result}」だったときのルール（自動）によるものです。"
                )
            } else {
                format!("Moved to {here} at {when} by the rule for the result {result} of the {write}.")
            }
        }
        By::System | By::Mall | By::Cli if ja => {
            format!("「{here}」への移動は {when}、{}によるものです。", known.who(by))
        }
        By::System | By::Mall | By::Cli => {
            format!("Moved to {here} at {when}: {}.", known.who(by))
        }
    }
}

/// What keeps it there, the most telling first.
fn kept(rows: &[HistoryRow], now: &Standing<'_>, known: &Known<'_>) -> Option<String> {
    let lang = known.lang;
    let say = |ja: &str, en: &str| Some(lang.t(ja, en).to_owned());
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
        let because = because.map(|r| format!("（{}）", lang.reason(&r))).unwrap_or_default();
        let word = state(now.notice.as_str(), lang);
        return Some(match lang {
            crate::words::Lang::Ja => {
                format!("出荷通知が「{word}」{because}のため、先へは進んでいません。")
            }
            crate::words::Lang::En => {
                format!("It has not gone on because its notice is in state {word}{because}.")
            }
        });
    }
    let refused = rows.iter().rev().find_map(|row| match event(row)? {
        Event::NotDone { reason, .. } => Some(Some(reason)),
        // Something else went well since: the old refusal explains nothing any more.
        Event::WriteState { state, .. } if state == "applied" => Some(None),
        _ => None,
    });
    if let Some(Some(reason)) = refused {
        let words = lang.reason(&reason);
        return Some(match lang {
            crate::words::Lang::Ja => format!("先へ進まなかった理由：{words}。"),
            crate::words::Lang::En => format!("It did not go on: {words}."),
        });
    }
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
pub fn why_here(history: &[HistoryRow], now: &Standing<'_>, known: &Known<'_>) -> String {
    let (at, came) = arrival(history, now, known);
    let since = history.get(at..).unwrap_or_default();
    match kept(since, now, known) {
        Some(kept) => format!("{came}{}{kept}", known.lang.t("", " ")),
        None => came,
    }
}

/// When the order came into its phase, for `title`s.
#[must_use]
pub fn since(history: &[HistoryRow], phase: &str) -> Option<UtcMillis> {
    history.iter().rev().find_map(|row| match event(row)? {
        Event::PhaseMoved { to, .. } if to == phase => Some(row.at),
        Event::Imported { phase: to, .. } if to == phase => Some(row.at),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;
    use domain::reason;

    const NONE: Hold = Hold::None;

    fn row(minute: i64, by: By, event: &Event) -> HistoryRow {
        let at = UtcMillis::parse_lenient("2026-11-22 08:00:00").unwrap().plus(minute * 60_000);
        HistoryRow { at, by, event: serde_json::to_value(event).unwrap() }
    }

    fn user() -> By {
        By::User { name: "sato".into() }
    }

    fn moved_to(minute: i64, by: By, to: &str, why: &str) -> HistoryRow {
        row(minute, by, &Event::PhaseMoved { from: "new".into(), to: to.into(), why: why.into() })
    }

    fn imported() -> HistoryRow {
        row(0, By::System, &Event::Imported { phase: "new".into(), mall_status: "発送待ち".into() })
    }

    fn written(minute: i64, state: &str, because: Option<domain::Reason>) -> HistoryRow {
        let kind = "shipment_notice".to_owned();
        row(
            minute,
            By::System,
            &Event::WriteState { kind, outbox_id: 1, state: state.into(), reason: because },
        )
    }

    const fn standing(phase: &'static str) -> Standing<'static> {
        Standing {
            phase,
            hold: &NONE,
            notice: NoticeState::NotSent,
            class: HandlingClass::Normal,
            grouping: Grouping::None,
            fulfillment: Fulfillment::Seller,
            stage: MallStage::Shippable,
            provisional: false,
        }
    }

    fn why(history: &[HistoryRow], now: &Standing<'_>, lang: Lang) -> String {
        let phases = [("new", "新規受付"), ("awaiting_shipment", "出荷待ち"), ("completed", "完了")]
            .map(|(k, n)| (k.to_owned(), n.to_owned()))
            .into();
        let people = [("sato".to_owned(), "佐藤".to_owned())].into();
        why_here(history, now, &Known { phases: &phases, people: &people, lang })
    }

    #[test]
    fn a_move_by_a_person_is_told_with_the_failed_notice_that_keeps_it() {
        let history = [
            imported(),
            moved_to(40, user(), "awaiting_shipment", ""),
            written(62, "rejected", Some(reason::carrier_blank())),
        ];
        let now = Standing { notice: NoticeState::Rejected, ..standing("awaiting_shipment") };
        assert_eq!(
            why(&history, &now, Lang::Ja),
            "「出荷待ち」への移動は 11/22 08:40、佐藤さんの操作によるものです。\
             出荷通知が「エラー」（配送業者が未選択です）のため、先へは進んでいません。"
        );
        assert!(
            why(&history, &now, Lang::En).starts_with("Moved to 出荷待ち at 11/22 08:40 by 佐藤. It has")
        );
    }

    #[test]
    fn an_import_and_a_rule_by_result_are_told_as_what_they_are() {
        assert_eq!(
            why(&[imported()], &standing("new"), Lang::Ja),
            "11/22 08:00 に取り込んだときから「新規受付」にあります。"
        );
        let history =
            [imported(), written(5, "applied", None), moved_to(5, By::System, "completed", "applied")];
        let now = Standing { notice: NoticeState::Applied, ..standing("completed") };
        assert_eq!(
            why(&history, &now, Lang::Ja),
            "「完了」への移動は 11/22 08:05、出荷通知の結果が「正常」だったときのルール（自動）によるものです。"
        );
    }

    #[test]
    fn a_hold_comes_before_everything_and_an_override_names_the_person_frd4() {
        let fraud = Hold::Fraud { raw: "1".into() };
        let history = [imported(), moved_to(9, user(), "awaiting_shipment", HOLD_OVERRIDDEN)];
        let now = Standing { hold: &fraud, notice: NoticeState::Rejected, ..standing("awaiting_shipment") };
        let text = why(&history, &now, Lang::Ja);
        assert!(text.contains("佐藤さんが不正利用審査中と承知のうえ"), "{text}");
        assert!(text.contains("不正利用審査中のため") && !text.contains("エラー"), "{text}");
    }

    #[test]
    fn a_refusal_keeps_it_until_something_went_well() {
        let refused = |minute| {
            let reason = reason::ship_date_required("出荷済み");
            row(minute, By::System, &Event::NotDone { what: "phase_move".into(), reason })
        };
        let text = why(&[imported(), refused(3)], &standing("new"), Lang::Ja);
        assert!(text.contains("先へ進まなかった理由"), "{text}");
        let text = why(&[imported(), refused(3), written(4, "applied", None)], &standing("new"), Lang::Ja);
        assert!(!text.contains("先へ進まなかった"), "{text}");
        // A refusal from before the move is another phase's story.
        let history = [imported(), refused(1), moved_to(2, user(), "awaiting_shipment", "")];
        assert!(!why(&history, &standing("awaiting_shipment"), Lang::Ja).contains("進まなかった"));
    }

    #[test]
    fn what_waits_says_what_for() {
        let cases = [
            (Standing { notice: NoticeState::InFlight, ..standing("new") }, "結果を待って"),
            (Standing { provisional: true, ..standing("new") }, "仮伝票"),
            (Standing { class: HandlingClass::OnHold, ..standing("new") }, "「保留」"),
            (Standing { grouping: Grouping::BundledChild, ..standing("new") }, "同梱の子"),
            (Standing { fulfillment: Fulfillment::Fba, ..standing("new") }, "FBA"),
            (Standing { stage: MallStage::MallProcessing, ..standing("new") }, "モールが処理中"),
        ];
        for (now, words) in cases {
            let text = why(&[imported()], &now, Lang::Ja);
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn a_history_without_the_way_here_says_so_and_does_not_guess() {
        assert!(why(&[], &standing("new"), Lang::Ja).contains("記録がありません"));
        assert_eq!(since(&[], "new"), None);
        assert_eq!(since(&[imported()], "new").map(short_moment).as_deref(), Some("11/22 08:00"));
    }
}
