//! The asynchronous report and its results (2.6; F28–F30).

use super::shipments::{build, format_error, mixed, parcel, refs, say, step, update, words};
use super::writing::codes;
use super::{Rakuten, answer, message, now, raw_answer};
use crate::rakuten::{shipping, write};
use domain::write::{Outcome, SendMode, Step};
use mall_api::{AnswerReading, CallDraft, MallErrorKind, OrderWriter, PollReading};
use serde_json::{Value, json};

fn batch() -> Vec<(Step, SendMode)> {
    vec![
        (step(1, "a", parcel("10", "111")), SendMode::Add),
        (step(2, "b", parcel("20", "222")), SendMode::Add),
        (step(3, "b", parcel("20", "333")), update("7")),
    ]
}

fn async_draft() -> CallDraft {
    build(&batch(), &[("async_threshold", "2")]).remove(0)
}

fn read_async(messages: &[Value]) -> AnswerReading {
    Rakuten.read_answer(&async_draft(), &answer(200, &json!({ "MessageModelList": messages })), now())
}

fn ticket() -> Value {
    message(
        "INFO",
        "UPDATE_ORDERSHIPPING_ASYNC_INFO_101",
        None,
        &json!({ "requestId": "uuid_20261122120000", "dataNumber": null }),
    )
}

#[test]
fn an_accepted_batch_is_pending_under_its_ticket() {
    let reading = read_async(&[ticket()]);
    assert_eq!(
        codes(&reading).iter().map(|c| (c.1, c.2.as_str())).collect::<Vec<_>>(),
        [("pending", "uuid_20261122120000"); 3]
    );
    for odd in [
        message("INFO", "UPDATE_ORDERSHIPPING_ASYNC_INFO_101", None, &json!({})),
        message("INFO", "UPDATE_ORDERSHIPPING_ASYNC_INFO_101", None, &json!({ "requestId": "" })),
        message("WARNING", "UPDATE_ORDERSHIPPING_ASYNC_INFO_101", None, &json!({ "requestId": "x" })),
        message("INFO", "UPDATE_ORDERSHIPPING_ASYNC_INFO_777", None, &json!({ "requestId": "x" })),
    ] {
        assert!(words(&read_async(&[odd])).iter().all(|(_, word)| *word == "unknown"));
    }
    assert!(words(&read_async(&[])).iter().all(|(_, word)| *word == "unknown"));
}

#[test]
fn faults_without_a_ticket_reject_what_they_name_and_nothing_was_queued_f28_f29() {
    let fault = format_error("shippingNumberの書式", json!(1), Some("b"), "ASYNC_");
    assert_eq!(
        words(&read_async(std::slice::from_ref(&fault))),
        [(1, "deferred"), (2, "rejected"), (3, "deferred")]
    );
    // With a ticket beside the fault, or an unknown code, nothing can be said of the others.
    assert_eq!(words(&read_async(&[fault, ticket()])), [(1, "unknown"), (2, "rejected"), (3, "unknown")]);
    let unknown =
        message("ERROR", "UPDATE_ORDERSHIPPING_ASYNC_ERROR_777", Some("b"), &json!({ "dataNumber": 1 }));
    assert_eq!(words(&read_async(&[unknown])), [(1, "unknown"), (2, "unknown"), (3, "unknown")]);
    let dated = format_error("shippingDateの書式", json!(1), Some("b"), "ASYNC_");
    let reading = read_async(&[dated]);
    assert_eq!(words(&reading), [(1, "deferred"), (2, "deferred"), (3, "deferred")]);
    assert_eq!(reading.learnt.len(), 1);
}

#[test]
fn the_result_is_asked_with_the_ticket_and_only_for_batches() {
    let request = shipping::poll(&async_draft(), "t-1").unwrap();
    assert_eq!(request.path, "/es/2.0/order/getResultUpdateOrderShippingAsync/");
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({ "requestId": "t-1" }));
    assert_eq!(shipping::poll(&build(&mixed(), &[])[0], "t-1"), None);
}

fn poll(status: u16, body: &Value) -> PollReading {
    write::read_poll(&async_draft(), &answer(status, body))
}

fn not_yet() -> Value {
    message("INFO", "GET_RESULT_UPDATEORDERSHIPPING_ASYNC_INFO_101", None, &json!({}))
}

#[test]
fn running_unknown_and_expired_answer_alike_and_mean_not_yet_f30() {
    for body in [
        json!({ "ResultShippingModelList": [{ "orderNumber": null, "MessageModelList": [not_yet()] }] }),
        json!({ "ResultShippingModelList": [{ "orderNumber": "", "MessageModelList": [not_yet()] }] }),
        json!({ "ResultShippingModelList": [] }),
        json!({ "ResultShippingModelList": null, "MessageModelList": [not_yet()] }),
        json!({}),
    ] {
        assert_eq!(poll(200, &body), PollReading::NotYet, "{body}");
    }
    assert_eq!(poll(415, &json!({})), PollReading::NotYet);
    let mut old = async_draft();
    old.format = 9;
    assert_eq!(write::read_poll(&old, &answer(200, &json!({}))), PollReading::NotYet);
}

#[test]
fn results_are_read_by_order_and_record_and_a_missing_order_is_unclear_f29() {
    let done = say("INFO", "INFO_101", json!(1), json!(9_001));
    let of_b =
        [say("INFO", "INFO_101", json!(1), json!(9_002)), say("ERROR", "ERROR_101", json!(2), json!(null))];
    let body = json!({ "ResultShippingModelList": [
        { "orderNumber": "b", "MessageModelList": of_b }, { "orderNumber": "a", "MessageModelList": [done] },
    ] });
    let PollReading::Done(outcomes) = poll(200, &body) else { panic!() };
    let reading = AnswerReading { outcomes, ..AnswerReading::default() };
    assert_eq!(words(&reading), [(1, "applied"), (2, "applied"), (3, "rejected")]);
    assert_eq!(refs(&reading)[1].as_deref(), Some("9002"));
    let only_a = json!({ "ResultShippingModelList": [{ "orderNumber": "a", "MessageModelList": [say("INFO", "INFO_101", json!(null), json!(null))] }] });
    let PollReading::Done(outcomes) = poll(200, &only_a) else { panic!() };
    let reading = AnswerReading { outcomes, ..AnswerReading::default() };
    assert_eq!(codes(&reading)[0].1, "applied");
    assert_eq!(
        codes(&reading)[1..],
        [(2, "unknown", "not_in_answer".into()), (3, "unknown", "not_in_answer".into())]
    );
    let placeless = json!({ "ResultShippingModelList": [{ "orderNumber": "b", "MessageModelList": [say("INFO", "INFO_101", json!(null), json!(null))] }] });
    let PollReading::Done(outcomes) = poll(200, &placeless) else { panic!() };
    assert!(outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Unknown { .. })));
}

#[test]
fn a_question_for_a_result_that_fails_says_so() {
    let failed = |status, body: &Value| match poll(status, body) {
        PollReading::Failed(error) => error.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(500, &json!({})), MallErrorKind::Unavailable);
    let missing = message("ERROR", "GET_RESULT_UPDATEORDERSHIPPING_ASYNC_ERROR_009", None, &json!({}));
    assert_eq!(failed(400, &json!({ "MessageModelList": [missing] })), MallErrorKind::Refused);
    for body in [
        json!({ "ResultShippingModelList": {} }),
        json!({ "ResultShippingModelList": [{ "orderNumber": [] }] }),
        json!({ "ResultShippingModelList": [{ "orderNumber": "a", "MessageModelList": 7 }] }),
    ] {
        assert_eq!(failed(200, &body), MallErrorKind::Unreadable);
    }
    let cut = write::read_poll(&async_draft(), &raw_answer(200, "application/json", "{"));
    assert!(matches!(cut, PollReading::Failed(error) if error.kind == MallErrorKind::Unreadable));
}
