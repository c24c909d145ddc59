//! 発送完了報告: decisions from what stands there, bodies, answers by record (2.5, 2.6, 3.5; F26–F30).

use super::writing::{codes, facts};
use super::{Rakuten, answer, decide_at, message, now, outgoing, settings};
use domain::hold::Hold;
use domain::snapshot::{MallFacts, MallShipment};
use domain::write::{Outcome, SendMode, Step, WantedParcel, WriteKind};
use domain::{ParcelId, StepId};
use jiff::civil::date;
use mall_api::{AnswerReading, CallDraft, Decision, OrderWriter};
use serde_json::{Value, json};

pub(super) fn parcel(basket: &str, number: &str) -> WantedParcel {
    WantedParcel {
        parcel_id: ParcelId(1),
        version: 1,
        recipient_key: basket.into(),
        carrier_code: "1001".into(),
        tracking_number: number.into(),
        shipped_on: Some(date(2026, 11, 22)),
        mall_ref: None,
        contents: Vec::new(),
    }
}

pub(super) fn step(id: i64, order: &str, parcel: WantedParcel) -> Step {
    Step {
        step_id: StepId(id),
        kind: WriteKind::ShipmentNotice,
        mall_order_id: order.into(),
        parcel: Some(parcel),
        target: None,
    }
}

fn record(mall_ref: &str, number: &str) -> MallShipment {
    MallShipment {
        recipient_key: "10".into(),
        mall_ref: mall_ref.into(),
        carrier_code: "1001".into(),
        tracking_number: number.into(),
        shipped_on: Some(date(2026, 11, 22)),
        contents: Vec::new(),
    }
}

fn at(code: &str, shipments: Vec<MallShipment>) -> MallFacts {
    MallFacts { shipments, ..facts(code) }
}

fn decide(parcel: WantedParcel, facts: &MallFacts) -> Decision {
    decide_at(&[step(1, "a", parcel)], facts).remove(0)
}

fn reason(decision: Decision) -> (&'static str, String) {
    match decision {
        Decision::NotNow { reason } => ("not_now", reason.code),
        Decision::Refuse { reason } => ("refuse", reason.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_stands_at_the_mall_decides_add_update_or_nothing_i3() {
    let update = |mall_ref: &str| Decision::Send(SendMode::Update { mall_ref: mall_ref.into() });
    assert_eq!(decide(parcel("10", "111"), &at("300", vec![])), Decision::Send(SendMode::Add));
    let there = decide(parcel("10", "111"), &at("300", vec![record("7", "111")]));
    assert_eq!(there, Decision::AlreadyThere { mall_ref: Some("7".into()) });
    // A placeholder of another tool is updated, never added to (trap 20).
    assert_eq!(decide(parcel("10", "111"), &at("300", vec![record("7", "")])), update("7"));
    let corrected = WantedParcel { mall_ref: Some("7".into()), ..parcel("10", "222") };
    assert_eq!(decide(corrected, &at("500", vec![record("7", "111")])), update("7"));
    let two = [step(1, "a", parcel("10", "111")), step(2, "a", parcel("10", "111"))];
    let decisions = decide_at(&two, &at("300", vec![record("7", "111")]));
    assert_eq!(
        decisions,
        [Decision::AlreadyThere { mall_ref: Some("7".into()) }, Decision::Send(SendMode::Add)]
    );
}

#[test]
fn before_300_it_waits_and_a_cancelled_order_is_refused() {
    for code in ["100", "200", "400"] {
        assert_eq!(reason(decide(parcel("10", "1"), &facts(code))), ("not_now", "mall_not_ready".into()));
    }
    for code in ["300", "500", "600", "700"] {
        assert_eq!(decide(parcel("10", "1"), &facts(code)), Decision::Send(SendMode::Add));
    }
    for code in ["800", "900"] {
        assert_eq!(reason(decide(parcel("10", "1"), &facts(code))), ("refuse", "cancelled_at_mall".into()));
    }
    assert_eq!(reason(decide(parcel("10", "1"), &facts("450"))), ("not_now", "mall_status_unknown".into()));
    for hold in [Hold::MallChecking, Hold::Fraud { raw: "1".into() }] {
        let held = MallFacts { hold, ..facts("300") };
        assert_eq!(reason(decide(parcel("10", "1"), &held)), ("not_now", "mall_holds_order".into()));
    }
    let words = decide(parcel("10", "1"), &facts("200"));
    assert!(matches!(words, Decision::NotNow { reason } if reason.ja.contains("楽天処理中")));
    // What was applied was applied, whatever the order became since.
    for code in ["400", "900", "450"] {
        let decision = decide(parcel("10", "111"), &at(code, vec![record("7", "111")]));
        assert!(matches!(decision, Decision::AlreadyThere { .. }));
    }
}

#[test]
fn parcels_the_mall_cannot_take_are_refused_before_sending() {
    let number = |n: &str| decide(parcel("10", n), &facts("300"));
    for bad in ["①", "㈱", "髙", "🍎", "a\nb", "Ⅲ", "﨑"] {
        assert_eq!(reason(number(bad)), ("refuse", "tracking_number_not_sendable".into()), "{bad}");
    }
    for good in ["4000-0000-0010", "定形外郵便", "ｱ", "１２３", &"1".repeat(120)] {
        assert_eq!(number(good), Decision::Send(SendMode::Add), "{good}");
    }
    assert_eq!(reason(number(&"1".repeat(121))).0, "refuse");
    for key in ["", "手入力", "10-2"] {
        assert_eq!(reason(decide(parcel(key, "1"), &facts("300"))), ("refuse", "RAKUTEN_NO_BASKET".into()));
    }
    let blank = WantedParcel { carrier_code: String::new(), shipped_on: None, ..parcel("10", "") };
    assert_eq!(reason(decide(blank.clone(), &facts("300"))), ("refuse", "no_parcel".into()));
    for one in [
        WantedParcel { carrier_code: "1001".into(), ..blank.clone() },
        WantedParcel { tracking_number: "1".into(), ..blank.clone() },
        WantedParcel { shipped_on: Some(date(2026, 11, 22)), ..blank },
    ] {
        assert_eq!(decide(one, &facts("300")), Decision::Send(SendMode::Add));
    }
    let without = Step { parcel: None, ..step(1, "a", parcel("10", "1")) };
    assert_eq!(reason(decide_at(&[without], &facts("300")).remove(0)), ("refuse", "no_parcel".into()));
}

#[test]
fn at_most_20_records_per_recipient_are_added() {
    let seen: Vec<_> = (0..18).map(|n| record(&n.to_string(), &format!("s{n}"))).collect();
    let steps: Vec<_> = (0..3).map(|n| step(n, "a", parcel("10", &format!("w{n}")))).collect();
    let decisions = decide_at(&steps, &at("300", seen.clone()));
    assert_eq!(decisions[..2], [Decision::Send(SendMode::Add), Decision::Send(SendMode::Add)]);
    assert_eq!(reason(decisions[2].clone()), ("refuse", "RAKUTEN_TOO_MANY_RECORDS".into()));
    assert_eq!(decide(parcel("11", "x"), &at("300", seen)), Decision::Send(SendMode::Add));
    let full: Vec<_> = (0..20).map(|n| record(&n.to_string(), &format!("s{n}"))).collect();
    let update = WantedParcel { mall_ref: Some("5".into()), ..parcel("10", "new") };
    assert!(matches!(decide(update, &at("300", full)), Decision::Send(SendMode::Update { .. })));
}

pub(super) fn build(steps: &[(Step, SendMode)], pairs: &[(&str, &str)]) -> Vec<CallDraft> {
    Rakuten.build(WriteKind::ShipmentNotice, &outgoing(steps), &settings(pairs))
}

fn body(draft: &CallDraft) -> Value {
    serde_json::from_slice(&draft.request.body).unwrap()
}

pub(super) fn update(mall_ref: &str) -> SendMode {
    SendMode::Update { mall_ref: mall_ref.into() }
}

/// Order a: recipient 10 with a new and a known record, recipient 11 with a new one, given in mixed order.
pub(super) fn mixed() -> Vec<(Step, SendMode)> {
    vec![
        (step(1, "a", parcel("10", "111")), SendMode::Add),
        (step(2, "a", parcel("11", "222")), SendMode::Add),
        (step(3, "a", parcel("10", "333")), update("400000000001")),
    ]
}

#[test]
fn one_order_is_one_call_with_its_records_by_recipient() {
    let drafts = build(&mixed(), &[]);
    assert_eq!(drafts.len(), 1);
    let day = "2026-11-22";
    assert_eq!(
        body(&drafts[0]),
        json!({ "orderNumber": "a", "BasketidModelList": [
            { "basketId": 10, "ShippingModelList": [
                { "deliveryCompany": "1001", "shippingNumber": "111", "shippingDate": day },
                { "shippingDetailId": 400_000_000_001_i64, "deliveryCompany": "1001", "shippingNumber": "333", "shippingDate": day },
            ] },
            { "basketId": 11, "ShippingModelList": [
                { "deliveryCompany": "1001", "shippingNumber": "222", "shippingDate": day },
            ] },
        ] })
    );
    assert_eq!(drafts[0].items, [StepId(1), StepId(3), StepId(2)]);
    assert_eq!(drafts[0].request.path, "/es/2.0/order/updateOrderShipping/");
    let numbers: Vec<_> =
        drafts[0].memo["records"].as_array().unwrap().iter().map(|r| r["number"].clone()).collect();
    assert_eq!(numbers, [json!(1), json!(2), json!(3)]);
}

#[test]
fn blank_fields_are_left_out_so_that_nothing_at_the_mall_is_wiped() {
    let blank =
        WantedParcel { carrier_code: String::new(), tracking_number: String::new(), ..parcel("10", "") };
    let draft = build(&[(step(1, "a", blank), update("7"))], &[("date_format", "compact")]).remove(0);
    assert_eq!(
        body(&draft)["BasketidModelList"][0]["ShippingModelList"][0],
        json!({ "shippingDetailId": 7, "shippingDate": "20261122" })
    );
    let undated = WantedParcel { shipped_on: None, ..parcel("10", "1") };
    let draft = build(&[(step(1, "a", undated), SendMode::Add)], &[]).remove(0);
    let row = &body(&draft)["BasketidModelList"][0]["ShippingModelList"][0];
    assert_eq!(*row, json!({ "deliveryCompany": "1001", "shippingNumber": "1" }));
}

#[test]
fn many_orders_go_by_the_asynchronous_call_in_hundreds() {
    let orders = |count: usize| -> Vec<(Step, SendMode)> {
        (0..count).map(|n| (step(n as i64, &format!("o{n}"), parcel("10", "1")), SendMode::Add)).collect()
    };
    let functions = |count: usize, pairs: &[(&str, &str)]| -> Vec<(String, usize)> {
        build(&orders(count), pairs).iter().map(|d| (d.request.operation.clone(), d.items.len())).collect()
    };
    assert_eq!(functions(19, &[]), vec![("updateOrderShipping".to_owned(), 1); 19]);
    assert_eq!(functions(20, &[]), [("updateOrderShippingAsync".to_owned(), 20)]);
    let sizes: Vec<usize> = functions(205, &[]).into_iter().map(|f| f.1).collect();
    assert_eq!(sizes, [100, 100, 5]);
    assert_eq!(functions(25, &[("async_threshold", "0")]).len(), 25);
    assert_eq!(functions(2, &[("async_threshold", "2")]).len(), 1);
    let draft = build(&orders(20), &[]).remove(0);
    assert_eq!(body(&draft)["OrderShippingModelList"].as_array().unwrap().len(), 20);
    assert_eq!(body(&draft)["OrderShippingModelList"][3]["orderNumber"], "o3");
    assert_eq!(draft.request.path, "/es/2.0/order/updateOrderShippingAsync/");
    // Records count anew in every order.
    assert!(draft.memo["records"].as_array().unwrap().iter().all(|r| r["number"] == 1));
}

pub(super) fn say(kind: &str, code: &str, data_number: Value, record: Value) -> Value {
    let extra = json!({ "dataNumber": data_number, "shippingDetailId": record });
    message(kind, &format!("UPDATE_ORDERSHIPPING_{code}"), Some("a"), &extra)
}

fn read(steps: &[(Step, SendMode)], status: u16, messages: &[Value]) -> AnswerReading {
    let draft = build(steps, &[]).remove(0);
    Rakuten.read_answer(&draft, &answer(status, &json!({ "MessageModelList": messages })), now())
}

pub(super) fn words(reading: &AnswerReading) -> Vec<(i64, &'static str)> {
    codes(reading).into_iter().map(|(step, word, _)| (step, word)).collect()
}

pub(super) fn refs(reading: &AnswerReading) -> Vec<Option<String>> {
    let of = |outcome: &Outcome| match outcome {
        Outcome::Applied { mall_ref, .. } => mall_ref.clone(),
        _ => None,
    };
    reading.outcomes.iter().map(|(_, outcome)| of(outcome)).collect()
}

#[test]
fn each_record_has_its_own_outcome_by_its_place_f29() {
    let reading = read(
        &mixed(),
        200,
        &[
            say("INFO", "INFO_101", json!(3), json!(9_003)),
            say("INFO", "INFO_102", json!(2), json!(null)),
            say("INFO", "INFO_101", json!(1), json!("9001")),
        ],
    );
    assert_eq!(words(&reading), [(1, "applied"), (3, "applied"), (2, "applied")]);
    assert_eq!(refs(&reading), [Some("9001".into()), Some("400000000001".into()), Some("9003".into())]);
    let partly = read(
        &mixed(),
        200,
        &[say("INFO", "INFO_101", json!(1), json!(9_001)), say("ERROR", "ERROR_101", json!(3), json!(null))],
    );
    assert_eq!(words(&partly), [(1, "applied"), (3, "unknown"), (2, "rejected")]);
    assert_eq!(codes(&partly)[1].2, "not_in_answer");
}

#[test]
fn an_unknown_code_is_neither_success_nor_failure_f23_f27() {
    for (kind, code) in [
        ("INFO", "INFO_103"),
        ("INFO", "INFO_777"),
        ("ERROR", "ERROR_777"),
        ("WARNING", "WARNING_777"),
        ("ERROR", "INFO_101"),
        ("INFO", "ERROR_102"),
        ("INFO", "ASYNC_INFO_101"),
        ("ERROR", "ASYNC_ERROR_102"),
        ("WARNING", "ASYNC_WARNING_101"),
    ] {
        let reading = read(&mixed()[..1], 200, &[say(kind, code, json!(1), json!(9_001))]);
        assert_eq!(codes(&reading), [(1, "unknown", "mall_code_unknown".into())], "{kind} {code}");
    }
    let other = message("INFO", "CONFIRM_ORDER_INFO_101", Some("a"), &json!({ "dataNumber": 1 }));
    assert_eq!(words(&read(&mixed()[..1], 200, &[other])), [(1, "unknown")]);
}

#[test]
fn a_warning_with_an_effect_is_success_with_words_and_without_one_is_unclear() {
    let code = "ORDER_EXT_API_UPDATE_ORDERSHIPPING_WARNING_101";
    let reading = read(&mixed()[..1], 200, &[say("WARNING", "WARNING_101", json!(1), json!(9_001))]);
    let Outcome::Applied { warnings, mall_ref } = &reading.outcomes[0].1 else { panic!() };
    assert_eq!((warnings[0].code.as_str(), mall_ref.as_deref()), (code, Some("9001")));
    let both = [
        say("INFO", "INFO_101", json!(1), json!(9_001)),
        say("WARNING", "WARNING_101", json!(1), json!(null)),
    ];
    let reading = read(&mixed()[..1], 200, &both);
    assert!(matches!(&reading.outcomes[0].1, Outcome::Applied { warnings, .. } if warnings.len() == 1));
    let reading = read(&mixed()[..1], 200, &[say("WARNING", "WARNING_101", json!(1), json!(null))]);
    assert_eq!(codes(&reading), [(1, "unknown", code.into())]);
}

#[test]
fn messages_that_contradict_each_other_are_unclear() {
    let done = say("INFO", "INFO_101", json!(1), json!(9_001));
    for second in
        [say("ERROR", "ERROR_101", json!(1), json!(null)), say("INFO", "INFO_101", json!(1), json!(9_002))]
    {
        assert_eq!(words(&read(&mixed()[..1], 200, &[done.clone(), second])), [(1, "unknown")]);
    }
    assert_eq!(words(&read(&mixed()[..1], 200, &[done.clone(), done])), [(1, "applied")]);
}

#[test]
fn a_message_of_the_whole_order_refuses_but_never_confirms_several() {
    let cancelled = say("ERROR", "ERROR_102", json!(null), json!(null));
    let reading = read(&mixed(), 200, std::slice::from_ref(&cancelled));
    assert_eq!(words(&reading), [(1, "rejected"), (3, "rejected"), (2, "rejected")]);
    let done = say("INFO", "INFO_101", json!(null), json!(null));
    assert_eq!(
        words(&read(&mixed(), 200, std::slice::from_ref(&done))),
        [(1, "unknown"), (3, "unknown"), (2, "unknown")]
    );
    assert_eq!(words(&read(&mixed()[..1], 200, &[done])), [(1, "applied")]);
    // Without a place the mall's id tells which record is meant.
    let by_id = say("INFO", "INFO_102", json!(null), json!(400_000_000_001_i64));
    assert_eq!(words(&read(&mixed(), 200, &[by_id])), [(1, "unknown"), (3, "applied"), (2, "unknown")]);
    // A record's own words go before those of the order.
    let own = say("INFO", "INFO_101", json!(1), json!(9_001));
    assert_eq!(words(&read(&mixed(), 200, &[cancelled, own]))[0], (1, "applied"));
    // Another order's message says nothing.
    let other = message("INFO", "UPDATE_ORDERSHIPPING_INFO_101", Some("b"), &json!({ "dataNumber": 1 }));
    assert_eq!(codes(&read(&mixed()[..1], 200, &[other])), [(1, "unknown", "not_in_answer".into())]);
}

pub(super) fn format_error(text: &str, data_number: Value, order: Option<&str>, family: &str) -> Value {
    let extra = json!({ "dataNumber": data_number, "message": text });
    message("ERROR", &format!("UPDATE_ORDERSHIPPING_{family}ERROR_011"), order, &extra)
}

#[test]
fn a_refused_date_is_learnt_and_sent_again_in_the_other_form() {
    for text in ["shippingDateの書式が不正です。", "発送日の書式が不正です。"] {
        let error = format_error(text, json!(null), None, "");
        let reading = read(&mixed(), 400, std::slice::from_ref(&error));
        assert_eq!(words(&reading), [(1, "deferred"), (3, "deferred"), (2, "deferred")]);
        assert_eq!(reading.learnt, [("date_format".to_owned(), "compact".to_owned())]);
        let draft = build(&mixed(), &[("date_format", "compact")]).remove(0);
        let again = Rakuten.read_answer(&draft, &answer(400, &json!({ "MessageModelList": [error] })), now());
        assert_eq!((words(&again)[0], again.learnt.len()), ((1, "rejected"), 0));
    }
    let undated = WantedParcel { shipped_on: None, ..parcel("10", "1") };
    let error = format_error("shippingDateの書式", json!(1), Some("a"), "");
    assert_eq!(words(&read(&[(step(1, "a", undated), SendMode::Add)], 400, &[error])), [(1, "rejected")]);
}

#[test]
fn a_parameter_fault_rejects_what_it_names_and_the_rest_waits_f28() {
    let whole = format_error("deliveryCompanyの書式が不正です。", json!(null), None, "");
    let reading = read(&mixed(), 400, &[whole]);
    assert_eq!(words(&reading), [(1, "rejected"), (3, "rejected"), (2, "rejected")]);
    assert_eq!(reading.learnt, []);
    let named = format_error("shippingNumberの書式が不正です。", json!(2), Some("a"), "");
    assert_eq!(
        words(&read(&mixed(), 400, std::slice::from_ref(&named))),
        [(1, "deferred"), (3, "rejected"), (2, "deferred")]
    );
    // With 200 the others may have been taken.
    assert_eq!(words(&read(&mixed(), 200, &[named])), [(1, "unknown"), (3, "rejected"), (2, "unknown")]);
    let unknown = say("ERROR", "ERROR_777", json!(null), json!(null));
    assert_eq!(words(&read(&mixed()[..1], 400, &[unknown])), [(1, "unknown")]);
    assert_eq!(words(&read(&mixed()[..1], 400, &[])), [(1, "unknown")]);
    let missing = say("ERROR", "ERROR_009", json!(1), json!(null));
    assert_eq!(words(&read(&mixed()[..1], 400, &[missing])), [(1, "rejected")]);
}
