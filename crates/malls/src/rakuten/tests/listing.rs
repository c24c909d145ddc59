//! Windows, pages and details (2.2, 2.3; F03, F04, F10, F24).

use super::fixtures::{NUMBER, full_order, order_with};
use super::{Rakuten, Script, answer, message, now, raw_answer, time, with};
use domain::time::{DAY, MINUTE, SECOND};
use domain::{MallOrderId, UtcMillis};
use mall_api::{Fetched, ListPage, Look, MallError, MallErrorKind, OrderSource, PageToken, Period, Window};
use serde_json::{Value, json};

fn windows(from: &str, to: &str) -> Vec<Window> {
    Rakuten.windows(Look::Ordered, Period { from: time(from), to: time(to) }, &[], now())
}

fn window() -> Window {
    windows("2026-11-20 00:00", "2026-11-22 00:00").remove(0)
}

#[test]
fn a_period_is_cut_into_63_days_that_share_their_boundary() {
    let list = windows("2026-01-01", "2026-11-22");
    assert_eq!(list.len(), 6);
    assert_eq!((list[0].from, list[5].to), (time("2026-01-01"), time("2026-11-22")));
    for pair in list.windows(2) {
        assert_eq!(pair[0].to, pair[1].from);
        assert_eq!(pair[0].to.since(pair[0].from), 63 * DAY);
    }
    let exact = windows("2026-09-20", "2026-11-22");
    assert_eq!(exact.len(), 1);
    let statuses = ["300".to_owned()];
    let period = Period { from: time("2026-11-20"), to: time("2026-11-21") };
    assert_eq!(Rakuten.windows(Look::Ordered, period, &statuses, now())[0].statuses, statuses);
    assert_eq!(list[0].basis, "dateType=1");
}

#[test]
fn what_the_mall_no_longer_keeps_is_left_out_and_the_end_stays_near_now() {
    let list = windows("2020-01-01", "2026-11-22");
    let age = now().since(list[0].from);
    assert!(age < 730 * DAY && age > 730 * DAY - 15 * MINUTE, "{age}");
    assert_eq!(windows("2020-01-01", "2020-02-01"), []);
    assert_eq!(windows("2026-11-23 13:00", "2026-11-24"), []);
    assert_eq!(windows("2026-11-22", "2026-11-21"), []);
    assert_eq!(windows("2026-11-22", "2099-01-01").last().unwrap().to, now().plus(DAY));
    assert_eq!(windows("2026-11-22", "2026-11-22").len(), 1);
    let fraction = Period { from: now().plus(-1_500), to: now().plus(-1) };
    let list = Rakuten.windows(Look::Ordered, fraction, &[], now());
    assert_eq!((list[0].from, list[0].to), (now().plus(-2_000), now().plus(-1_000)));
}

fn found(numbers: &[&str], total: Value) -> Value {
    let info = message("INFO", "SEARCH_ORDER_INFO_101", None, &json!({}));
    json!({
        "orderNumberList": numbers, "MessageModelList": [info],
        "PaginationResponseModel": { "totalRecordsAmount": total, "totalPages": 1, "requestPage": 1 },
    })
}

fn list(script: &Script, window: &Window, token: Option<&PageToken>) -> Result<ListPage, MallError> {
    with(script, &[], async |s| Rakuten.list(s, window, token).await)
}

fn one(status: u16, body: &Value) -> Result<ListPage, MallError> {
    list(&Script::new([answer(status, body)]), &window(), None)
}

#[test]
fn the_search_asks_by_order_time_ascending_a_thousand_at_once_and_all_statuses() {
    let script = Script::new([answer(200, &found(&["a", "b"], json!(2)))]);
    let page = list(&script, &window(), None).unwrap();
    assert_eq!(page.total, Some(2));
    let ids: Vec<_> = page.entries.iter().map(|e| e.mall_order_id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(
        script.body(0),
        json!({
            "dateType": 1,
            "startDatetime": "2026-11-20T00:00:00+0900", "endDatetime": "2026-11-22T00:00:00+0900",
            "PaginationRequestModel": {
                "requestRecordsAmount": 1_000, "requestPage": 1,
                "SortModelList": [{ "sortColumn": 1, "sortDirection": 1 }],
            },
        })
    );
    let request = &script.asked()[0];
    assert_eq!(
        (request.path.as_str(), request.operation.as_str()),
        ("/es/2.0/order/searchOrder/", "searchOrder")
    );
    assert_eq!(request.headers, [("content-type".to_owned(), "application/json; charset=utf-8".to_owned())]);
}

#[test]
fn named_statuses_are_asked_and_nonsense_is_refused_unsent() {
    let mut some = window();
    some.statuses = vec!["100".into(), "300".into()];
    let script = Script::new([answer(200, &found(&["a"], json!(1)))]);
    list(&script, &some, None).unwrap();
    assert_eq!(script.body(0)["orderProgressList"], json!([100, 300]));
    some.statuses.push("x".into());
    let script = Script::new([]);
    let error = list(&script, &some, None).unwrap_err();
    assert_eq!(
        (error.kind, error.reason.code.as_str(), script.count()),
        (MallErrorKind::Refused, "RAKUTEN_BAD_STATUS", 0)
    );
}

#[test]
fn zero_hits_come_with_null_numbers() {
    let info = message("INFO", "SEARCH_ORDER_INFO_102", None, &json!({}));
    let nulls = json!({ "totalRecordsAmount": null, "totalPages": null, "requestPage": null });
    for (list, pagination) in [(json!([]), nulls), (json!(null), json!(null)), (json!([]), json!(null))] {
        let page = one(200, &json!({ "orderNumberList": list, "MessageModelList": [info], "PaginationResponseModel": pagination })).unwrap();
        assert!(page.entries.is_empty());
        assert_eq!(Rakuten.next_page(&window(), None, &page, None), None);
    }
    assert!(one(200, &found(&[], json!(0))).unwrap().entries.is_empty());
}

#[test]
fn an_empty_or_short_list_that_does_not_say_so_is_not_believed_f03_f04() {
    for body in [
        json!({}),
        json!({ "orderNumberList": [] }),
        json!({ "orderNumberList": null, "MessageModelList": [message("INFO", "SEARCH_ORDER_INFO_101", None, &json!({}))] }),
        found(&[], json!(3)),
        found(&["a", "b"], json!(3)),
        found(&["a", ""], json!(2)),
        found(&["a"], json!("x")),
        json!({ "orderNumberList": { "a": 1 } }),
        json!({ "orderNumberList": [["a"]], "PaginationResponseModel": { "totalRecordsAmount": 1 } }),
        json!({ "orderNumberList": ["a"], "PaginationResponseModel": [] }),
        json!({ "orderNumberList": ["a"], "MessageModelList": [{ "messageType": "INFO" }] }),
        json!({ "orderNumberList": ["a"], "MessageModelList": 7 }),
    ] {
        assert_eq!(one(200, &body).unwrap_err().kind, MallErrorKind::Unreadable, "{body}");
    }
    assert_eq!(one(400, &found(&["a"], json!(1))).unwrap_err().kind, MallErrorKind::Unreadable);
    let script = Script::new([raw_answer(200, "application/json", "{\"orderNumberList\":[\"a\"")]);
    assert_eq!(list(&script, &window(), None).unwrap_err().kind, MallErrorKind::Unreadable);
    assert_eq!(list(&Script::new([]), &window(), None).unwrap_err().kind, MallErrorKind::Transport);
}

#[test]
fn an_error_message_refuses_the_page_even_with_200_f04() {
    for status in [200, 400] {
        let error = message("ERROR", "SEARCH_ORDER_ERROR_011", None, &json!({}));
        let body =
            json!({ "orderNumberList": null, "MessageModelList": [error], "PaginationResponseModel": null });
        assert_eq!(one(status, &body).unwrap_err().kind, MallErrorKind::Refused);
        let unknown = message("ERROR", "SEARCH_ORDER_ERROR_777", None, &json!({}));
        let error =
            one(status, &json!({ "orderNumberList": ["a"], "MessageModelList": [unknown] })).unwrap_err();
        assert_eq!(
            (error.kind, error.reason.code.as_str()),
            (MallErrorKind::Unreadable, "mall_code_unknown")
        );
    }
}

#[test]
fn a_refused_content_type_is_tried_once_in_the_other_form() {
    let refused = || answer(415, &json!({ "Results": { "errorCode": "ES04-03", "message": "" } }));
    let script = Script::new([refused(), answer(200, &found(&["a"], json!(1)))]);
    assert_eq!(list(&script, &window(), None).unwrap().entries.len(), 1);
    let kinds: Vec<_> = script.asked().iter().map(|r| r.headers[0].1.clone()).collect();
    assert_eq!(kinds, ["application/json; charset=utf-8", "application/json;charset=utf-8"]);
    let script = Script::new([refused(), refused()]);
    assert_eq!(list(&script, &window(), None).unwrap_err().kind, MallErrorKind::Refused);
    assert_eq!(script.count(), 2);
}

fn page(count: usize, total: Option<i64>) -> ListPage {
    let entry = |n: usize| mall_api::ListEntry {
        mall_order_id: format!("{n}").as_str().into(),
        revision: None,
        order: None,
    };
    ListPage { entries: (0..count).map(entry).collect(), total, ..ListPage::default() }
}

fn next(token: Option<&PageToken>, page: &ListPage, last: Option<UtcMillis>) -> Option<PageToken> {
    Rakuten.next_page(&window(), token, page, last)
}

#[test]
fn the_next_page_begins_at_the_newest_order_read_f10() {
    let newest = time("2026-11-20 10:00:00");
    let token = next(None, &page(1_000, Some(1_500)), Some(newest)).unwrap();
    assert!(!token.shifting);
    let script = Script::new([answer(200, &found(&["a"], json!(1)))]);
    list(&script, &window(), Some(&token)).unwrap();
    assert_eq!(script.body(0)["startDatetime"], "2026-11-20T10:00:00+0900");
    assert_eq!(script.body(0)["PaginationRequestModel"]["requestPage"], 1);
    // The last page of the narrower search ends the window.
    assert_eq!(next(Some(&token), &page(501, Some(501)), Some(time("2026-11-21"))), None);
    // Without a total a full page goes on and a short one ends.
    assert!(next(None, &page(1_000, None), Some(newest)).is_some());
    assert_eq!(next(None, &page(999, None), Some(newest)), None);
    assert_eq!(next(None, &page(0, Some(5)), Some(newest)), None);
}

#[test]
fn without_progress_the_page_number_is_asked_and_said_to_shift_f10() {
    let full = page(1_000, Some(2_500));
    let from = window().from;
    for stuck in
        [None, Some(from), Some(from.plus(999)), Some(from.plus(-SECOND)), Some(window().to.plus(SECOND))]
    {
        let token = next(None, &full, stuck).unwrap();
        assert!(token.shifting, "{stuck:?}");
        let answers = (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>();
        let names: Vec<&str> = answers.iter().map(String::as_str).collect();
        let script = Script::new([answer(200, &found(&names, json!(2_500)))]);
        assert_eq!(list(&script, &window(), Some(&token)).unwrap().entries.len(), 1_000);
        assert_eq!(script.body(0)["PaginationRequestModel"]["requestPage"], 2);
        assert_eq!(script.body(0)["startDatetime"], "2026-11-20T00:00:00+0900");
        // The third page is the last and may be short; then the window is done.
        let third = next(Some(&token), &full, None).unwrap();
        let script = Script::new([answer(200, &found(&names[..500], json!(2_500)))]);
        let last = list(&script, &window(), Some(&third)).unwrap();
        assert_eq!(next(Some(&third), &last, None), None);
        assert_eq!(
            one_of(&third, &found(&names[..499], json!(2_500))).unwrap_err().kind,
            MallErrorKind::Unreadable
        );
        // A time read on a later page leads back to paging by time.
        assert!(!next(Some(&token), &full, Some(from.plus(SECOND))).unwrap().shifting);
    }
    assert!(!next(None, &full, Some(window().to)).unwrap().shifting);
}

fn one_of(token: &PageToken, body: &Value) -> Result<ListPage, MallError> {
    list(&Script::new([answer(200, body)]), &window(), Some(token))
}

#[test]
fn beyond_15000_hits_of_one_moment_is_said_not_lost() {
    let full = page(1_000, Some(20_000));
    let mut token = None;
    for _ in 0..15 {
        token = next(token.as_ref(), &full, None);
    }
    let script = Script::new([]);
    let error = list(&script, &window(), token.as_ref()).unwrap_err();
    assert_eq!((error.reason.code.as_str(), script.count()), ("RAKUTEN_TOO_MANY_HITS", 0));
    let fifteenth = PageToken { token: r#"{"from":0,"page":15}"#.into(), shifting: true };
    assert_eq!(
        list(&Script::new([]), &window(), Some(&fifteenth)).unwrap_err().kind,
        MallErrorKind::Transport
    );
}

#[test]
fn a_window_that_grew_too_old_is_clipped_or_empty() {
    let old = Window { from: time("2024-11-01"), to: time("2024-12-01"), ..window() };
    let script = Script::new([answer(200, &found(&["a"], json!(1)))]);
    list(&script, &old, None).unwrap();
    assert_eq!(script.body(0)["startDatetime"], "2024-11-22T12:10:01+0900");
    let gone = Window { from: time("2024-01-01"), to: time("2024-02-01"), ..window() };
    let script = Script::new([]);
    let page = list(&script, &gone, None).unwrap();
    assert_eq!((page.entries.len(), page.total, script.count()), (0, Some(0), 0));
}

fn ids(numbers: &[&str]) -> Vec<MallOrderId> {
    numbers.iter().map(|n| MallOrderId::from(*n)).collect()
}

fn details(orders: &[Value], messages: &[Value]) -> Value {
    json!({ "OrderModelList": orders, "MessageModelList": messages, "version": 10 })
}

fn fetch(script: &Script, numbers: &[&str], settings: &[(&str, &str)]) -> Result<Fetched, MallError> {
    with(script, settings, async |s| Rakuten.fetch(s, &ids(numbers)).await)
}

fn fetch_one(status: u16, body: &Value) -> Result<Fetched, MallError> {
    fetch(&Script::new([answer(status, body)]), &[NUMBER], &[])
}

#[test]
fn each_order_keeps_the_exact_words_of_the_mall() {
    let spaced = format!(
        "{{ \"OrderModelList\" : [ {} ], \"MessageModelList\": null }}",
        full_order().to_string().replace(":300,", " : 300 ,")
    );
    let script = Script::new([raw_answer(200, "application/json", spaced)]);
    let fetched = fetch(&script, &[NUMBER], &[]).unwrap();
    let order = &fetched.orders[0];
    assert_eq!(order.mall_order_id.as_str(), NUMBER);
    assert!(order.raw.starts_with(b"{") && order.raw.ends_with(b"}"));
    assert!(String::from_utf8_lossy(&order.raw).contains(" : 300 ,"));
    assert_eq!(Rakuten.read_document(&order.raw).unwrap(), order.snapshot);
    assert!(Rakuten.read_document(b"{}").unwrap_err().contains("orderNumber"));
    assert_eq!(script.body(0), json!({ "orderNumberList": [NUMBER], "version": 10 }));
    assert_eq!(script.asked()[0].path, "/es/2.0/order/getOrder/");
    assert_eq!((fetched.missing.len(), fetched.unreadable.len(), fetched.learnt.len()), (0, 0, 0));
    assert_eq!(Rakuten.fetch_limit(), 100);
}

#[test]
fn numbers_that_did_not_come_are_missing_said_or_not_f04() {
    let told = message("INFO", "GET_ORDER_INFO_102", Some("b"), &json!({}));
    let warning = message("WARNING", "GET_ORDER_WARNING_101", None, &json!({}));
    let script = Script::new([answer(200, &details(&[full_order()], &[told, warning]))]);
    let fetched = fetch(&script, &[NUMBER, "b", "c"], &[]).unwrap();
    assert_eq!((fetched.orders.len(), fetched.missing), (1, ids(&["b", "c"])));
    let empty = json!({ "OrderModelList": null, "MessageModelList": [] });
    assert_eq!(fetch_one(200, &empty).unwrap().missing, ids(&[NUMBER]));
}

#[test]
fn one_unreadable_order_does_not_stop_the_others_f24() {
    let bad = order_with(&[("/orderNumber", json!("bad")), ("/PackageModelList/0/basketId", json!({}))]);
    let nameless = order_with(&[("/orderNumber", json!(null))]);
    let script = Script::new([answer(200, &details(&[bad.clone(), json!(7), nameless, full_order()], &[]))]);
    let fetched = fetch(&script, &["bad", NUMBER], &[]).unwrap();
    assert_eq!((fetched.orders.len(), fetched.missing.len(), fetched.unreadable.len()), (1, 0, 3));
    let first = &fetched.unreadable[0];
    assert_eq!(first.mall_order_id, Some("bad".into()));
    assert_eq!(first.what, "PackageModelList[0].basketId（型が違います）");
    assert_eq!(first.raw, bad.to_string());
    assert_eq!(fetched.unreadable[1].mall_order_id, None);
    assert_eq!(fetched.unreadable[2].mall_order_id, None);
}

#[test]
fn what_nobody_asked_for_and_what_comes_twice_is_left_out() {
    let other = order_with(&[("/orderNumber", json!("other"))]);
    let bad = order_with(&[("/orderNumber", json!("other")), ("/orderProgress", json!([]))]);
    let script = Script::new([answer(200, &details(&[full_order(), full_order(), other, bad], &[]))]);
    let fetched = fetch(&script, &[NUMBER], &[]).unwrap();
    assert_eq!((fetched.orders.len(), fetched.unreadable.len(), fetched.missing.len()), (1, 0, 0));
}

#[test]
fn a_refused_version_falls_back_and_is_learnt() {
    let refused = || {
        let error =
            message("ERROR", "GET_ORDER_ERROR_011", None, &json!({ "message": "versionの書式が不正です。" }));
        answer(400, &json!({ "OrderModelList": [], "MessageModelList": [error] }))
    };
    let script = Script::new([refused(), refused(), answer(200, &details(&[full_order()], &[]))]);
    let fetched = fetch(&script, &[NUMBER], &[]).unwrap();
    assert_eq!(fetched.learnt, [("getorder_version".to_owned(), "8".to_owned())]);
    let versions: Vec<_> = (0..3).map(|n| script.body(n)["version"].clone()).collect();
    assert_eq!(versions, [json!(10), json!(9), json!(8)]);
    let script = Script::new([refused(), refused(), refused(), refused()]);
    assert_eq!(fetch(&script, &[NUMBER], &[]).unwrap_err().kind, MallErrorKind::Refused);
    assert_eq!((script.count(), script.body(3)["version"].clone()), (4, json!(7)));
    let script = Script::new([answer(200, &details(&[full_order()], &[]))]);
    let fetched = fetch(&script, &[NUMBER], &[("getorder_version", "8")]).unwrap();
    assert_eq!((script.body(0)["version"].clone(), fetched.learnt.len()), (json!(8), 0));
}

#[test]
fn a_refusal_that_does_not_name_the_version_never_lowers_it() {
    for (kind, text, order) in [
        ("ERROR", "orderNumberListの書式が不正です。", None),
        ("WARNING", "version", None),
        ("ERROR", "version", Some("x")),
    ] {
        let error = message(kind, "GET_ORDER_ERROR_011", order, &json!({ "message": text }));
        let script = Script::new([answer(400, &details(&[], &[error]))]);
        assert!(fetch(&script, &[NUMBER], &[]).is_err());
        assert_eq!(script.count(), 1);
    }
}

#[test]
fn answers_of_another_shape_fail_the_whole_call_f03_f05() {
    for body in [
        json!({}),
        json!({ "MessageModelList": [] }),
        json!({ "OrderModelList": {} }),
        json!({ "OrderModelList": [], "MessageModelList": [7] }),
    ] {
        assert_eq!(fetch_one(200, &body).unwrap_err().kind, MallErrorKind::Unreadable, "{body}");
    }
    assert_eq!(fetch_one(400, &details(&[], &[])).unwrap_err().kind, MallErrorKind::Unreadable);
    let text = details(&[full_order()], &[]).to_string();
    for tenth in 0..10 {
        let cut = text.floor_char_boundary(text.len() * tenth / 10);
        let script = Script::new([raw_answer(200, "application/json", text[..cut].to_owned())]);
        assert_eq!(fetch(&script, &[NUMBER], &[]).unwrap_err().kind, MallErrorKind::Unreadable);
    }
}

#[test]
fn a_learnt_content_type_is_told_and_many_numbers_are_asked_by_hundreds() {
    let script = Script::new([answer(415, &json!({})), answer(200, &details(&[full_order()], &[]))]);
    let fetched = fetch(&script, &[NUMBER], &[]).unwrap();
    assert_eq!(fetched.learnt, [("content_type_space".to_owned(), "false".to_owned())]);
    let script = Script::new([answer(415, &json!({})), answer(200, &details(&[full_order()], &[]))]);
    let fetched = fetch(&script, &[NUMBER], &[("content_type_space", "false")]).unwrap();
    assert_eq!(fetched.learnt, [("content_type_space".to_owned(), "true".to_owned())]);
    let refused =
        message("ERROR", "GET_ORDER_ERROR_011", None, &json!({ "message": "バージョンが不正です" }));
    let script = Script::new([
        answer(400, &details(&[], &[refused])),
        answer(200, &details(&[], &[])),
        answer(200, &details(&[], &[])),
    ]);
    let numbers: Vec<String> = (0..150).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let fetched = fetch(&script, &numbers, &[]).unwrap();
    assert_eq!((script.count(), fetched.missing.len(), fetched.learnt.len()), (3, 150, 1));
    assert_eq!(script.body(1)["orderNumberList"].as_array().unwrap().len(), 100);
    assert_eq!(script.body(2)["version"], json!(9));
}
