//! Windows, pages and details (2.1, traps 2, 3; F03, F04, F10, F24).

use super::fixtures::{NUMBER, plain, plain_with};
use super::{Amazon, Script, answer, at, now, query, raw_answer, refused, role_missing, time, with};
use domain::MallOrderId;
use domain::time::{DAY, HOUR, MINUTE};
use mall_api::{Fetched, ListPage, Look, MallError, MallErrorKind, OrderSource, PageToken, Period, Window};
use serde_json::{Value, json};

fn windows(look: Look, from: &str, to: &str) -> Vec<Window> {
    Amazon.windows(look, Period { from: time(from), to: time(to) }, &[], now())
}

fn window() -> Window {
    windows(Look::News, "2026-11-21 00:00", "2026-11-22 11:00").remove(0)
}

fn list(script: &Script, window: &Window, token: Option<&PageToken>) -> Result<ListPage, MallError> {
    with(script, &[], async |s| Amazon.list(s, window, token).await)
}

fn page(orders: &[Value], next: Option<&str>) -> Value {
    let mut page = json!({ "orders": orders, "lastUpdatedBefore": "2026-11-22T02:00:00Z" });
    if let Some(next) = next {
        page["pagination"] = json!({ "nextToken": next });
    }
    page
}

fn next(page: &ListPage) -> Option<PageToken> {
    Amazon.next_page(&window(), None, page, None)
}

#[test]
fn news_walk_by_last_update_and_a_period_of_a_person_by_order_time() {
    assert_eq!(windows(Look::News, "2026-11-21", "2026-11-22")[0].basis, "lastUpdated");
    assert_eq!(windows(Look::Ordered, "2026-11-21", "2026-11-22")[0].basis, "created");
    let list = windows(Look::Ordered, "2026-08-01", "2026-11-01");
    assert_eq!(list.len(), 4);
    assert!(list.windows(2).all(|pair| pair[0].to == pair[1].from));
    assert!(list.iter().all(|w| w.to.since(w.from) <= 30 * DAY));
    let old = windows(Look::Ordered, "2010-01-01", "2026-11-22");
    assert!(now().since(old[0].from) <= 3_650 * DAY);
    assert_eq!(windows(Look::Ordered, "2026-11-23", "2026-11-24"), []);
    assert_eq!(windows(Look::News, "2026-11-22", "2099-01-01")[0].to, now());
}

#[test]
fn one_search_asks_in_utc_with_everything_we_use() {
    let script = Script::new([answer(200, &page(&[], None))]);
    let mut window = window();
    window.statuses = vec!["UNSHIPPED".into(), "PARTIALLY_SHIPPED".into(), "300".into()];
    list(&script, &window, None).unwrap();
    let request = &script.asked()[0];
    assert_eq!(
        (request.operation.as_str(), request.path.as_str()),
        ("searchOrders", "/orders/2026-01-01/orders")
    );
    assert_eq!(query(request, "lastUpdatedAfter"), Some("2026-11-20T15:00:00Z"));
    assert_eq!(query(request, "lastUpdatedBefore"), Some("2026-11-22T02:00:00Z"));
    assert_eq!(query(request, "createdAfter"), None);
    assert_eq!(query(request, "marketplaceIds"), Some("A1VC38T7YXB528"));
    assert_eq!(query(request, "fulfillmentStatuses"), Some("UNSHIPPED,PARTIALLY_SHIPPED"));
    assert_eq!(
        query(request, "includedData"),
        Some("BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,PAYMENT")
    );
    assert_eq!((query(request, "paginationToken"), request.body.len()), (None, 0));
}

#[test]
fn an_end_younger_than_two_minutes_is_left_out_trap_3() {
    for (age, sent) in [(0, false), (2 * MINUTE, false), (4 * MINUTE, true)] {
        let script = Script::new([answer(200, &page(&[], None))]);
        let window = Window { to: now().plus(-age), ..window() };
        list(&script, &window, None).unwrap();
        assert_eq!(query(&script.asked()[0], "lastUpdatedBefore").is_some(), sent, "{age}");
    }
}

#[test]
fn a_page_holds_whole_orders_with_their_revision() {
    let script = Script::new([answer(200, &page(&[plain(NUMBER, "UNSHIPPED")], None))]);
    let page = list(&script, &window(), None).unwrap();
    let entry = &page.entries[0];
    assert_eq!(entry.mall_order_id.as_str(), NUMBER);
    assert_eq!(entry.revision.as_deref(), Some("2026-11-21T04:00:00.123Z"));
    let order = entry.order.as_ref().unwrap();
    assert_eq!(order.snapshot, Amazon.read_document(&order.raw).unwrap());
    assert_eq!(next(&page), None);
}

#[test]
fn the_next_page_asks_with_the_same_parameters_though_time_has_passed() {
    let young = Window { to: now(), ..window() };
    let script = Script::new([
        answer(200, &page(&[plain("250-0000001-0000001", "UNSHIPPED")], Some("t+/=1"))),
        answer(200, &page(&[plain("250-0000001-0000002", "UNSHIPPED")], None)),
    ]);
    let first = list(&script, &young, None).unwrap();
    let token = next(&first).unwrap();
    let later =
        at(&script, &[], now().plus(HOUR), async |s| Amazon.list(s, &young, Some(&token)).await).unwrap();
    let asked = script.asked();
    assert_eq!(query(&asked[1], "paginationToken"), Some("t+/=1"));
    let others =
        |n: usize| asked[n].query.iter().filter(|(k, _)| k != "paginationToken").cloned().collect::<Vec<_>>();
    assert_eq!(others(0), others(1));
    assert_eq!(next(&later), None);
}

#[test]
fn a_token_that_has_died_begins_the_window_again_trap_2() {
    let first = page(&[plain("250-0000001-0000001", "UNSHIPPED")], Some("t1"));
    let script = Script::new([answer(200, &first)]);
    let token = next(&list(&script, &window(), None).unwrap()).unwrap();
    for dead in [
        refused(400, "InvalidInput", "We could not decode your NextToken. Possible reasons include: …", ""),
        answer(400, &json!({ "errors": [{ "code": "InvalidInput", "message": null }] })),
    ] {
        let script = Script::new([dead, answer(200, &first)]);
        let again = list(&script, &window(), Some(&token)).unwrap();
        assert_eq!(again.entries.len(), 1);
        assert_eq!(query(&script.asked()[1], "paginationToken"), None);
        assert!(next(&again).is_some());
    }
    // After a day it is not even tried.
    let script = Script::new([answer(200, &first)]);
    at(&script, &[], now().plus(DAY), async |s| Amazon.list(s, &window(), Some(&token)).await).unwrap();
    assert_eq!(query(&script.asked()[0], "paginationToken"), None);
    // A token that never lives is a fault that is said, not a walk without end.
    let mut token = token;
    for _ in 0..3 {
        let script = Script::new([refused(400, "InvalidInput", "x", ""), answer(200, &first)]);
        token = next(&list(&script, &window(), Some(&token)).unwrap()).unwrap();
    }
    let script = Script::new([refused(400, "InvalidInput", "x", ""), answer(200, &first)]);
    let error = list(&script, &window(), Some(&token)).unwrap_err();
    assert_eq!((error.kind, error.reason.code.as_str()), (MallErrorKind::Unavailable, "AMAZON_PAGE_TOKEN"));
}

#[test]
fn a_page_that_repeats_itself_ends_the_walk_trap_2() {
    let same = page(&[plain("250-0000001-0000001", "UNSHIPPED")], Some("t1"));
    let script = Script::new([answer(200, &same), answer(200, &same)]);
    let token = next(&list(&script, &window(), None).unwrap()).unwrap();
    assert_eq!(next(&list(&script, &window(), Some(&token)).unwrap()), None);
    let empty = Script::new([answer(200, &page(&[], Some("t1")))]);
    assert_eq!(next(&list(&empty, &window(), None).unwrap()), None);
}

#[test]
fn a_missing_role_is_answered_by_asking_for_less_and_learnt() {
    let script = Script::new([role_missing(), answer(200, &page(&[plain(NUMBER, "UNSHIPPED")], Some("t")))]);
    let page = list(&script, &window(), None).unwrap();
    assert_eq!(page.learnt, [("included_data".to_owned(), "no_personal".to_owned())]);
    let data = query(&script.asked()[1], "includedData").unwrap().to_owned();
    assert!(!data.contains("BUYER") && !data.contains("RECIPIENT") && data.contains("FULFILLMENT"));
    // The next page asks for the same.
    let token = next(&page).unwrap();
    let script = Script::new([role_missing()]);
    assert_eq!(list(&script, &window(), Some(&token)).unwrap_err().kind, MallErrorKind::NotAllowed);
    assert_eq!(query(&script.asked()[0], "includedData"), Some(data.as_str()));
    // Refused with less as well: nothing is learnt, and a person must act.
    let script = Script::new([role_missing(), role_missing()]);
    assert_eq!(list(&script, &window(), None).unwrap_err().reason.code, "AMAZON_FORBIDDEN");
    let script = Script::new([answer(200, &page_of_none())]);
    with(&script, &[("included_data", "no_personal")], async |s| Amazon.list(s, &window(), None).await)
        .unwrap();
    assert_eq!(query(&script.asked()[0], "includedData"), Some(data.as_str()));
}

fn page_of_none() -> Value {
    page(&[], None)
}

#[test]
fn an_unexpected_400_may_pass_and_the_shop_is_not_dropped() {
    let script =
        Script::new([refused(400, "InvalidInput", "The input you have submitted is not valid.", "")]);
    let error = list(&script, &window(), None).unwrap_err();
    assert!(error.is_passing() && error.reason.retried);
    assert_eq!(error.reason.code, "AMAZON_INVALID_INPUT");
}

#[test]
fn an_order_that_cannot_be_read_is_set_aside_with_or_without_its_number_f24() {
    let bad = plain_with("UNSHIPPED", &[("/orderItems", json!("none"))]);
    let nameless = json!({ "createdTime": 7 });
    let good = plain("250-0000001-0000003", "UNSHIPPED");
    let script = Script::new([answer(200, &page(&[bad, nameless, good], Some("t")))]);
    let page = list(&script, &window(), None).unwrap();
    assert_eq!(page.entries.len(), 1);
    let ids: Vec<_> = page.unreadable.iter().map(|u| u.mall_order_id.clone().map(|id| id.0)).collect();
    assert_eq!(ids, [Some(NUMBER.to_owned()), None]);
    assert!(page.unreadable[0].what.contains("orderItems"));
    assert!(next(&page).is_some());
}

#[test]
fn an_answer_that_is_cut_or_no_list_is_not_believed_f03_f04() {
    for body in
        ["{\"orders\":[{\"orderId\":\"25", "{}", "[]", "null", "", "{\"orders\":null}", "{\"orders\":{}}"]
    {
        let script = Script::new([raw_answer(200, "application/json", body)]);
        assert_eq!(list(&script, &window(), None).unwrap_err().kind, MallErrorKind::Unreadable, "{body}");
    }
}

fn fetch(script: &Script, ids: &[&str]) -> Result<Fetched, MallError> {
    let ids: Vec<MallOrderId> = ids.iter().map(|id| MallOrderId::from(*id)).collect();
    with(script, &[], async |s| Amazon.fetch(s, &ids).await)
}

fn one(order: &Value) -> super::WireAnswer {
    answer(200, &json!({ "order": order }))
}

#[test]
fn details_come_one_by_one_and_what_is_missing_is_said_f04() {
    let (a, b, c) = ("250-0000001-0000001", "250-0000001-0000002", "250-0000001-0000003");
    let bad = plain_with("UNSHIPPED", &[("/orderItems", json!(7))]);
    let script = Script::new([one(&plain(a, "UNSHIPPED")), refused(404, "NotFound", "", ""), one(&bad)]);
    let fetched = fetch(&script, &[a, b, c]).unwrap();
    assert_eq!(fetched.orders[0].mall_order_id.as_str(), a);
    assert_eq!(fetched.missing, [MallOrderId::from(b)]);
    assert_eq!(fetched.unreadable[0].mall_order_id, Some(MallOrderId::from(c)));
    assert_eq!(script.asked()[0].path, format!("/orders/2026-01-01/orders/{a}"));
    // Another order than asked for is not taken.
    let script = Script::new([one(&plain(b, "UNSHIPPED"))]);
    let fetched = fetch(&script, &[a]).unwrap();
    assert_eq!((fetched.orders.len(), fetched.missing.len()), (0, 1));
}

#[test]
fn details_learn_from_a_missing_role_once_for_all() {
    let (a, b) = ("250-0000001-0000001", "250-0000001-0000002");
    let script = Script::new([role_missing(), one(&plain(a, "UNSHIPPED")), one(&plain(b, "UNSHIPPED"))]);
    let fetched = fetch(&script, &[a, b]).unwrap();
    assert_eq!((fetched.orders.len(), script.asked().len()), (2, 3));
    assert_eq!(fetched.learnt, [("included_data".to_owned(), "no_personal".to_owned())]);
    let odd = fetch(&Script::new([]), &["a/b?c"]).unwrap_err();
    assert_eq!(odd.kind, MallErrorKind::Transport);
    let script = Script::new([refused(404, "NotFound", "", "")]);
    fetch(&script, &["a/b?c"]).unwrap();
    assert_eq!(script.asked()[0].path, "/orders/2026-01-01/orders/a%2Fb%3Fc");
}
