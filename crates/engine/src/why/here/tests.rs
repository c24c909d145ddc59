//! What is told of an order's way to its phase.

use super::*;
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
    row(minute, By::System, &Event::WriteState { kind, outbox_id: 1, state: state.into(), reason: because })
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

fn why(history: &[HistoryRow], now: &Standing<'_>, ja: bool) -> String {
    let phases = [("new", "新規受付"), ("awaiting_shipment", "出荷待ち"), ("completed", "完了")]
        .map(|(k, n)| (k.to_owned(), n.to_owned()))
        .into();
    let people = [("sato".to_owned(), "佐藤".to_owned())].into();
    why_here(history, now, &Names { phases: &phases, people: &people, ja })
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
        why(&history, &now, true),
        "「出荷待ち」への移動は 11/22 08:40、佐藤さんの操作によるものです。\
         出荷通知が「エラー」（配送業者が未選択です）のため、先へは進んでいません。"
    );
    assert!(why(&history, &now, false).starts_with("Moved to 出荷待ち at 11/22 08:40 by 佐藤. It has"));
}

#[test]
fn an_import_and_a_rule_by_result_are_told_as_what_they_are() {
    assert_eq!(
        why(&[imported()], &standing("new"), true),
        "11/22 08:00 に取り込んだときから「新規受付」にあります。"
    );
    let history = [imported(), written(5, "applied", None), moved_to(5, By::System, "completed", "applied")];
    let now = Standing { notice: NoticeState::Applied, ..standing("completed") };
    assert_eq!(
        why(&history, &now, true),
        "「完了」への移動は 11/22 08:05、出荷通知の結果が「正常」だったときのルール（自動）によるものです。"
    );
}

#[test]
fn a_hold_comes_before_everything_and_an_override_names_the_person_frd4() {
    let fraud = Hold::Fraud { raw: "1".into() };
    let history = [imported(), moved_to(9, user(), "awaiting_shipment", HOLD_OVERRIDDEN)];
    let now = Standing { hold: &fraud, notice: NoticeState::Rejected, ..standing("awaiting_shipment") };
    let text = why(&history, &now, true);
    assert!(text.contains("佐藤さんが不正利用審査中と承知のうえ"), "{text}");
    assert!(text.contains("不正利用審査中のため") && !text.contains("エラー"), "{text}");
}

#[test]
fn a_refusal_keeps_it_until_something_went_well() {
    let refused = |minute| {
        let reason = reason::ship_date_required("出荷済み");
        row(minute, By::System, &Event::NotDone { what: "phase_move".into(), reason })
    };
    let text = why(&[imported(), refused(3)], &standing("new"), true);
    assert!(text.contains("先へ進まなかった理由"), "{text}");
    let text = why(&[imported(), refused(3), written(4, "applied", None)], &standing("new"), true);
    assert!(!text.contains("先へ進まなかった"), "{text}");
    // A refusal from before the move is another phase's story.
    let history = [imported(), refused(1), moved_to(2, user(), "awaiting_shipment", "")];
    assert!(!why(&history, &standing("awaiting_shipment"), true).contains("進まなかった"));
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
        let text = why(&[imported()], &now, true);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_history_without_the_way_here_says_so_and_does_not_guess() {
    assert!(why(&[], &standing("new"), true).contains("記録がありません"));
    assert_eq!(since(&[], "new"), None);
    assert_eq!(since(&[imported()], "new").map(short).as_deref(), Some("11/22 08:00"));
}
