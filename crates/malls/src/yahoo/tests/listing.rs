//! Windows and pages of orderList (3; F03, F04, F10).

use super::{Script, Yahoo, error, now, settings, time, with, xml};
use domain::time::DAY;
use mall_api::{ListPage, Look, MallError, MallErrorKind, OrderSource, PageToken, Period, Window};

fn windows(look: Look, from: &str, to: &str) -> Vec<Window> {
    Yahoo.windows(look, Period { from: time(from), to: time(to) }, &[], now())
}

fn window() -> Window {
    windows(Look::Ordered, "2026-11-20 00:00", "2026-11-22 00:00").remove(0)
}

#[test]
fn news_are_searched_by_order_and_by_release_time_and_a_period_of_a_person_by_order_time() {
    let bases = |list: &[Window]| -> Vec<String> { list.iter().map(|w| w.basis.clone()).collect() };
    let day = ("2026-11-21", "2026-11-22");
    assert_eq!(bases(&windows(Look::Ordered, day.0, day.1)), ["OrderTime"]);
    assert_eq!(bases(&windows(Look::News, day.0, day.1)), ["OrderTime", "PublicationTime"]);
    let long = windows(Look::Ordered, "2026-09-01", "2026-11-22");
    assert_eq!(long.len(), 3);
    for pair in long.windows(2) {
        assert_eq!((pair[0].to, pair[0].to.since(pair[0].from)), (pair[1].from, 31 * DAY));
    }
    assert_eq!(windows(Look::Ordered, "2026-11-22", "2099-01-01").last().unwrap().to, now().plus(DAY));
    assert_eq!(windows(Look::News, "2026-11-22", "2026-11-21"), []);
    assert_eq!(windows(Look::Ordered, "2026-11-22", "2026-11-22").len(), 1);
}

fn row(id: &str) -> String {
    format!("<OrderInfo><Index>1</Index><OrderId><![CDATA[{id}]]></OrderId><Version>1</Version></OrderInfo>")
}

fn page(total: &str, rows: &[String]) -> String {
    format!(
        "<Result><Status>OK</Status><Search><TotalCount>{total}</TotalCount>{}</Search></Result>",
        rows.concat()
    )
}

fn list(
    script: &Script,
    pairs: &[(&str, &str)],
    window: &Window,
    token: Option<&PageToken>,
) -> Result<ListPage, MallError> {
    with(script, pairs, async |s| Yahoo.list(s, window, token).await)
}

fn one(body: &str) -> Result<ListPage, MallError> {
    list(&Script::new([xml(200, body)]), &[], &window(), None)
}

#[test]
fn the_search_always_asks_for_held_orders_and_says_the_fields_outright() {
    let script = Script::new([xml(200, page("2", &[row("a-1"), row("a-2")]))]);
    let found = list(&script, &[], &window(), None).unwrap();
    let ids: Vec<_> = found.entries.iter().map(|e| e.mall_order_id.as_str()).collect();
    assert_eq!((ids, found.total), (vec!["a-1", "a-2"], Some(2)));
    assert_eq!(
        script.body(0),
        "<Req><Search><Result>2000</Result><Start>1</Start><Sort>+order_time</Sort><Condition><OrderTimeFrom>20261120000000</OrderTimeFrom><OrderTimeTo>20261122000000</OrderTimeTo><FraudHoldDisplayType>1</FraudHoldDisplayType><ReadOnlyMode>0</ReadOnlyMode></Condition><Field>OrderId,Version,LastUpdateTime,OrderTime,OrderStatus,StoreStatus,PayStatus,SettleStatus,ShipStatus,FraudHoldStatus,IsReadOnly,IsLineGiftShippable</Field></Search><SellerId>mihon-store</SellerId></Req>"
    );
    let asked = &script.asked()[0];
    assert_eq!(
        (asked.path.as_str(), asked.operation.as_str()),
        ("/ShoppingWebService/V1/orderList", "orderList")
    );
    assert_eq!(asked.headers, [("content-type".to_owned(), "application/xml; charset=utf-8".to_owned())]);
}

#[test]
fn settings_choose_the_ten_minutes_and_drop_a_retired_field() {
    let script = Script::new([xml(200, page("0", &[]))]);
    let pairs = [("read_only_mode", "2"), ("list_fields_dropped", "StoreStatus, OrderId,IsReadOnly")];
    let mut by_release = window();
    by_release.basis = "PublicationTime".into();
    by_release.statuses = vec!["1".into(), "2".into()];
    list(&script, &pairs, &by_release, None).unwrap();
    let body = script.body(0);
    assert!(
        body.contains("<PublicationTimeFrom>20261120000000</PublicationTimeFrom>")
            && !body.contains("OrderTimeFrom")
    );
    assert!(
        body.contains("<ReadOnlyMode>2</ReadOnlyMode>") && body.contains("<OrderStatus>1,2</OrderStatus>")
    );
    // What an order cannot be read without is never left out.
    assert!(
        body.contains("<Field>OrderId,Version,")
            && !body.contains("StoreStatus")
            && body.contains("IsReadOnly")
    );
}

#[test]
fn a_status_that_cannot_be_asked_for_widens_the_search() {
    let script = Script::new([xml(200, page("0", &[]))]);
    let mut some = window();
    some.statuses = vec!["2".into(), "8".into()];
    list(&script, &[], &some, None).unwrap();
    assert!(!script.body(0).contains("<OrderStatus>"));
}

#[test]
fn pages_go_on_by_start_until_the_total_and_are_marked_as_shifting_f10() {
    let rows: Vec<String> = (0..2_000).map(|n| row(&format!("a-{n}"))).collect();
    let first = one(&page("2001", &rows)).unwrap();
    let token = Yahoo.next_page(&window(), None, &first, None).unwrap();
    assert_eq!((token.token.as_str(), token.shifting), ("2001", true));
    let script = Script::new([xml(200, page("2001", &[row("a-2000")]))]);
    let second = list(&script, &[], &window(), Some(&token)).unwrap();
    assert!(script.body(0).contains("<Start>2001</Start>"));
    assert_eq!(Yahoo.next_page(&window(), Some(&token), &second, None), None);
    let exact = one(&page("2000", &rows)).unwrap();
    assert_eq!(Yahoo.next_page(&window(), None, &exact, None), None);
}

#[test]
fn behind_the_end_stands_one_empty_element_and_no_hit_is_no_element() {
    for body in [page("0", &[]), page("0", &["<OrderInfo />".into()])] {
        let found = one(&body).unwrap();
        assert!(found.entries.is_empty() && Yahoo.next_page(&window(), None, &found, None).is_none());
    }
    let token = PageToken { token: "2001".into(), shifting: true };
    let script = Script::new([xml(200, page("1500", &["<OrderInfo></OrderInfo>".into()]))]);
    assert!(list(&script, &[], &window(), Some(&token)).unwrap().entries.is_empty());
}

#[test]
fn an_answer_that_does_not_hold_what_it_promises_is_not_believed_f03_f04() {
    for body in [
        page("2", &[row("a-1")]),
        page("x", &[]),
        page("", &[]),
        page("1", &["<OrderInfo><Version>1</Version></OrderInfo>".into()]),
        "<Result><Status>OK</Status></Result>".into(),
        "<Result><Search><TotalCount>0</TotalCount></Search></Result>".into(),
        page("0", &[]).replace("Result>", "ResultSet>"),
        page("0", &[]).replace("</Result>", ""),
        "<Result><Status>NG</Status></Result>".into(),
    ] {
        assert_eq!(one(&body).unwrap_err().kind, MallErrorKind::Unreadable, "{body}");
    }
}

#[test]
fn an_ng_with_its_code_is_our_mistake_when_the_code_is_known() {
    let ng = |code: &str| {
        format!("<Result><Status>NG</Status><Error><Code>{code}</Code><Message>m</Message></Error></Result>")
    };
    let known = one(&ng("od90101")).unwrap_err();
    assert_eq!((known.kind, known.reason.code.as_str()), (MallErrorKind::Refused, "od90101"));
    let unknown = one(&ng("od99999")).unwrap_err();
    assert_eq!(
        (unknown.kind, unknown.reason.code.as_str()),
        (MallErrorKind::Unreadable, "mall_code_unknown")
    );
    let refused = list(&Script::new([error(400, "od99999", "m")]), &[], &window(), None).unwrap_err();
    assert_eq!(refused.kind, MallErrorKind::Refused);
}

#[test]
fn without_a_store_account_nothing_is_asked() {
    let script = Script::new([]);
    let refused = list(&script, &[("seller_id", "")], &window(), None).unwrap_err();
    assert_eq!((refused.reason.code.as_str(), script.asked().len()), ("YAHOO_NO_SELLER", 0));
    assert_eq!(settings(&[]).get("seller_id"), Some("mihon-store"));
}
