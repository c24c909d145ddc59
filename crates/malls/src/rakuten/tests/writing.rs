//! 注文確認, and what holds for every write: envelopes, learning, unknown codes (2.4; F26–F29).

use super::{Rakuten, answer, decide_at, message, now, outgoing, raw_answer, settings};
use domain::hold::Hold;
use domain::snapshot::{Coded, MallFacts, MallStage};
use domain::write::{Outcome, SendMode, Step, WriteKind};
use domain::{StepId, UtcMillis};
use mall_api::{AnswerReading, CallDraft, Decision, MallErrorKind, OrderWriter, WireAnswer};
use serde_json::{Value, json};

pub(super) fn facts(code: &str) -> MallFacts {
    let stage = crate::rakuten::codes::status(code).map_or(MallStage::Unknown, |(_, stage)| stage);
    MallFacts {
        status: Coded::new(code, ""),
        stage,
        sub_status: None,
        payment_status: None,
        shipping_status: None,
        hold: Hold::None,
        cancel: None,
        shipments: Vec::new(),
        revision: None,
        changed_at: None,
        confirmed_at: None,
        fixed_at: None,
        shipment_reported_at: None,
        ship_by: None,
        deadlines: Vec::new(),
        changed_by_buyer: false,
        cautions: Vec::new(),
        unknown: Vec::new(),
    }
}

fn step(id: i64, order: &str) -> Step {
    Step {
        step_id: StepId(id),
        kind: WriteKind::ConfirmOrder,
        mall_order_id: order.into(),
        parcel: None,
        target: None,
    }
}

fn drafts(orders: &[&str], pairs: &[(&str, &str)]) -> Vec<CallDraft> {
    let steps: Vec<_> = orders.iter().enumerate().map(|(i, o)| (step(i as i64, o), SendMode::Add)).collect();
    Rakuten.build(WriteKind::ConfirmOrder, &outgoing(&steps), &settings(pairs))
}

pub(super) fn code(outcome: &Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Applied { .. } => ("applied", String::new()),
        Outcome::Rejected { reason } => ("rejected", reason.code.clone()),
        Outcome::Deferred { reason, .. } => ("deferred", reason.code.clone()),
        Outcome::Pending { receipt } => ("pending", receipt.clone()),
        Outcome::Unknown { reason } => ("unknown", reason.code.clone()),
    }
}

pub(super) fn codes(reading: &AnswerReading) -> Vec<(i64, &'static str, String)> {
    reading
        .outcomes
        .iter()
        .map(|(step, outcome)| {
            let (word, reason) = code(outcome);
            (step.0, word, reason)
        })
        .collect()
}

fn body_of(draft: &CallDraft) -> Value {
    serde_json::from_slice(&draft.request.body).unwrap()
}

fn confirm(orders: &[&str], status: u16, messages: &[Value]) -> AnswerReading {
    let draft = drafts(orders, &[]).remove(0);
    Rakuten.read_answer(&draft, &answer(status, &json!({ "MessageModelList": messages })), now())
}

fn say(kind: &str, code: &str, order: &str) -> Value {
    message(kind, &format!("CONFIRM_ORDER_{code}"), Some(order), &json!({}))
}

#[test]
fn only_100_is_confirmed_and_later_statuses_count_as_done() {
    let decide = |code: &str| decide_at(&[step(1, "a")], &facts(code)).remove(0);
    assert_eq!(decide("100"), Decision::Send(SendMode::Add));
    for code in ["200", "300", "400", "500", "600", "700"] {
        assert_eq!(decide(code), Decision::AlreadyThere { mall_ref: None });
    }
    for code in ["800", "900"] {
        assert!(matches!(decide(code), Decision::Refuse { reason } if reason.code == "cancelled_at_mall"));
    }
    assert!(matches!(decide("450"), Decision::NotNow { reason } if reason.code == "mall_status_unknown"));
    let mut partly = facts("300");
    partly.stage = MallStage::PartlyShipped;
    assert!(matches!(decide_at(&[step(1, "a")], &partly)[0], Decision::AlreadyThere { .. }));
}

#[test]
fn a_hundred_orders_go_in_one_call_and_equal_orders_share_a_place() {
    let names: Vec<String> = (0..150).map(|n| format!("n{n}")).collect();
    let orders: Vec<&str> = names.iter().map(String::as_str).collect();
    let list = drafts(&orders, &[]);
    assert_eq!((list.len(), list[0].items.len(), list[1].items.len()), (2, 100, 50));
    let pair = drafts(&["a", "b", "a"], &[("content_type_space", "false")]);
    assert_eq!(body_of(&pair[0]), json!({ "orderNumberList": ["a", "b"] }));
    assert_eq!(pair[0].items, [StepId(0), StepId(2), StepId(1)]);
    assert_eq!(pair[0].request.headers[0].1, "application/json;charset=utf-8");
    assert_eq!(
        (pair[0].request.path.as_str(), pair[0].request.operation.as_str()),
        ("/es/2.0/order/confirmOrder/", "confirmOrder")
    );
}

#[test]
fn each_order_has_its_own_outcome_whatever_the_status_says_f29() {
    let reading = confirm(
        &["a", "b", "c", "d", "e", "f"],
        200,
        &[
            say("INFO", "INFO_101", "a"),
            say("ERROR", "ERROR_102", "b"),
            say("ERROR", "ERROR_103", "c"),
            say("ERROR", "ERROR_105", "d"),
            say("ERROR", "ERROR_999", "e"),
        ],
    );
    let prefix = "ORDER_EXT_API_CONFIRM_ORDER_";
    assert_eq!(
        codes(&reading),
        [
            (0, "applied", String::new()),
            (1, "rejected", format!("{prefix}ERROR_102")),
            (2, "unknown", format!("{prefix}ERROR_103")),
            (3, "rejected", format!("{prefix}ERROR_105")),
            (4, "unknown", "mall_code_unknown".into()),
            (5, "unknown", "not_in_answer".into()),
        ]
    );
    assert_eq!((reading.failure, reading.learnt.len()), (None, 0));
}

#[test]
fn type_and_code_must_agree_and_contradictions_are_unclear() {
    for messages in [
        vec![say("ERROR", "INFO_101", "a")],
        vec![say("WARNING", "INFO_101", "a")],
        vec![say("INFO", "ERROR_102", "a")],
        vec![say("NEW", "INFO_101", "a")],
        vec![say("INFO", "INFO_101", "a"), say("ERROR", "ERROR_102", "a")],
        vec![say("INFO", "INFO_101", "a"), say("ERROR", "ERROR_777", "a")],
        vec![message("INFO", "OTHER_INFO_101", Some("a"), &json!({}))],
        vec![message("INFO", "CONFIRM_ORDER_INFO_101", None, &json!({}))],
        vec![],
    ] {
        assert_eq!(codes(&confirm(&["a"], 200, &messages))[0].1, "unknown", "{messages:?}");
    }
}

#[test]
fn a_parameter_fault_refuses_the_whole_call() {
    for suffix in ["ERROR_009", "ERROR_011"] {
        let whole = message("ERROR", &format!("CONFIRM_ORDER_{suffix}"), None, &json!({}));
        let reading = confirm(&["a", "b"], 400, &[whole, say("INFO", "INFO_101", "a")]);
        assert_eq!(codes(&reading).iter().map(|c| c.1).collect::<Vec<_>>(), ["applied", "rejected"]);
    }
    let whole = message("ERROR", "CONFIRM_ORDER_ERROR_888", None, &json!({}));
    assert_eq!(codes(&confirm(&["a"], 400, &[whole]))[0].2, "mall_code_unknown");
}

fn read(answer: &WireAnswer) -> AnswerReading {
    Rakuten.read_answer(&drafts(&["a"], &[])[0], answer, now())
}

#[test]
fn gateway_answers_keep_the_write_and_hold_the_lane_f26_f27() {
    let mut limited = answer(429, &json!({}));
    limited.headers.push(("retry-after".into(), "5".into()));
    let cases: [(WireAnswer, &str, MallErrorKind); 7] = [
        (limited, "deferred", MallErrorKind::RateLimited { retry_after_ms: Some(5_000) }),
        (answer(401, &json!({})), "deferred", MallErrorKind::Credential),
        (answer(403, &json!({})), "deferred", MallErrorKind::NotAllowed),
        (answer(404, &json!({})), "rejected", MallErrorKind::Refused),
        (answer(500, &json!({})), "unknown", MallErrorKind::Unavailable),
        (answer(302, &json!({})), "unknown", MallErrorKind::Unreadable),
        (
            raw_answer(503, "text/html", "<html>メンテナンス"),
            "deferred",
            MallErrorKind::Maintenance { retry_after_ms: None },
        ),
    ];
    for (answer, word, kind) in cases {
        let reading = read(&answer);
        assert_eq!((codes(&reading)[0].1, reading.failure.unwrap().kind), (word, kind));
    }
    let reading = read(&{
        let mut limited = answer(429, &json!({}));
        limited.headers.push(("retry-after".into(), "5".into()));
        limited
    });
    let until = Some(UtcMillis(now().0 + 5_000));
    assert!(matches!(&reading.outcomes[0].1, Outcome::Deferred { until: u, .. } if *u == until));
}

#[test]
fn a_page_or_a_cut_answer_is_unclear_never_failed_f27() {
    for page in ["<html>メンテナンス</html>", "<html>login</html>"] {
        let reading = read(&raw_answer(200, "text/html", page));
        assert_eq!(codes(&reading)[0].1, "unknown");
        assert!(reading.failure.is_some());
    }
    // With a status that says "not taken" it was certainly not applied.
    assert_eq!(codes(&read(&raw_answer(400, "text/html", "<html>メンテナンス")))[0].1, "deferred");
    let whole = json!({ "MessageModelList": [say("INFO", "INFO_101", "a")] }).to_string();
    for tenth in 0..10 {
        let cut = whole[..whole.floor_char_boundary(whole.len() * tenth / 10)].to_owned();
        let reading = read(&raw_answer(200, "application/json", cut));
        assert_eq!(
            (codes(&reading)[0].1, reading.failure.unwrap().kind),
            ("unknown", MallErrorKind::Unreadable)
        );
    }
    for body in [
        json!({ "MessageModelList": {} }),
        json!({ "MessageModelList": [{}] }),
        json!({ "MessageModelList": [{ "messageCode": 1, "dataNumber": "x" }] }),
    ] {
        assert_eq!(read(&answer(200, &body)).failure.unwrap().kind, MallErrorKind::Unreadable);
    }
}

#[test]
fn a_refused_content_type_is_learnt_once_and_everything_waits() {
    let refused = answer(415, &json!({ "Results": { "errorCode": "ES04-03", "message": "" } }));
    let reading = read(&refused);
    assert_eq!(codes(&reading), [(0, "deferred", "ES04-03".into())]);
    assert_eq!(reading.learnt, [("content_type_space".to_owned(), "false".to_owned())]);
    let draft = drafts(&["a"], &[("content_type_space", "false")]).remove(0);
    let reading = Rakuten.read_answer(&draft, &refused, now());
    assert_eq!((codes(&reading)[0].1, reading.learnt.len()), ("rejected", 0));
}

#[test]
fn a_draft_of_another_version_is_read_back_not_guessed() {
    let good = answer(200, &json!({ "MessageModelList": [say("INFO", "INFO_101", "a")] }));
    let mut draft = drafts(&["a"], &[]).remove(0);
    assert_eq!(codes(&Rakuten.read_answer(&draft, &good, now()))[0].1, "applied");
    draft.format = 2;
    assert_eq!(codes(&Rakuten.read_answer(&draft, &good, now())), [(0, "unknown", "answer_unclear".into())]);
    draft.format = 1;
    draft.memo = json!(null);
    assert_eq!(codes(&Rakuten.read_answer(&draft, &good, now()))[0].1, "unknown");
}
