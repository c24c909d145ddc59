//! The edges of single checks: the last value that passes and the first that does not.

use super::fixtures::{full_order, order_with, put};
use super::mapping_rules::{read, with as snapshot_with};
use super::shipments::{build, parcel, step, words};
use super::{Rakuten, Script, answer, message, now, raw_answer, time, with};
use crate::cards::mask_cards;
use crate::rakuten::envelope::gate;
use crate::rakuten::leaf::{Digits, Leaf, Rate};
use domain::write::SendMode;
use mall_api::{Look, MallErrorKind, OrderSource, OrderWriter, Period, WireAnswer};
use serde_json::{Value, json};

#[test]
fn the_registry_knows_rakuten_and_rakuten_reads_and_writes_orders() {
    let mall = crate::by_key("rakuten").unwrap();
    assert!(mall.orders().is_some() && mall.writer().is_some());
}

#[test]
fn every_documented_kind_of_order_and_deadline_has_its_name() {
    for (code, kind) in [(1, "normal"), (4, "subscription"), (5, "club"), (6, "preorder")] {
        let snapshot = snapshot_with(&[("/orderType", json!(code))]);
        let found = snapshot.content.kind.value().unwrap();
        assert_eq!((found.code.as_str(), found.label.is_empty()), (kind, false));
        assert!(snapshot.facts.unknown.is_empty());
    }
    for (code, name) in [(0, "payment_due"), (1, "payment_change_due"), (2, "refund_due")] {
        let facts = snapshot_with(&[("/DueDateModelList/0/dueDateType", json!(code))]).facts;
        assert!(facts.deadlines.iter().any(|d| d.0.code == name), "{name}: {:?}", facts.deadlines);
        assert!(facts.unknown.is_empty());
    }
}

#[test]
fn a_page_for_people_is_called_one_whatever_type_it_claims_f05() {
    for kind in ["text/html", "application/json"] {
        let error = gate(&raw_answer(200, kind, "<html>ログイン</html>")).unwrap_err();
        assert!(error.reason.ja.contains("HTML"), "{}", error.reason.ja);
    }
}

/// An envelope of the gateway filled up to `length` bytes.
fn envelope_of(length: usize) -> WireAnswer {
    let body =
        |fill: usize| json!({ "errors": [{ "code": "GA0001" }], "fill": "x".repeat(fill) }).to_string();
    let text = body(length - body(0).len());
    assert_eq!(text.len(), length);
    raw_answer(200, "application/json", text)
}

#[test]
fn an_envelope_is_searched_up_to_4096_bytes() {
    assert_eq!(gate(&envelope_of(4_096)).unwrap_err().kind, MallErrorKind::Credential);
    assert_eq!(gate(&envelope_of(4_097)), Ok(()));
}

#[test]
fn an_error_about_one_order_never_lowers_the_version() {
    for (order, text) in [(Some("x"), "orderNumberが存在しません。"), (None, "orderNumberが存在しません。")]
    {
        let error = message("ERROR", "GET_ORDER_ERROR_011", order, &json!({ "message": text }));
        let info = message("INFO", "GET_ORDER_INFO_101", None, &json!({ "message": "version 10" }));
        let body = json!({ "OrderModelList": [], "MessageModelList": [info, error] });
        let script = Script::new([answer(400, &body)]);
        assert!(with(&script, &[], async |s| Rakuten.fetch(s, &["x".into()]).await).is_err());
        assert_eq!(script.count(), 1);
    }
}

fn leaf<T: for<'de> crate::rakuten::leaf::FromWire<'de>>(text: &str) -> Leaf<T> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_value_of_the_wrong_kind_spoils_its_field_and_not_the_document_f24() {
    for odd in ["{\"a\":{\"b\":[1]},\"c\":2}", "[1,[2],{\"a\":3}]", "true"] {
        assert!(matches!(leaf::<String>(odd), Leaf::Bad), "{odd}");
        assert!(matches!(leaf::<i64>(odd), Leaf::Bad), "{odd}");
        let both: Vec<Leaf<String>> = serde_json::from_str(&format!("[{odd}, \"next\"]")).unwrap();
        assert!(matches!(&both[1], Leaf::Value(text) if text == "next"));
    }
    assert!(matches!(leaf::<Digits>("7"), Leaf::Bad));
}

#[test]
fn whole_numbers_written_as_fractions_are_read_while_they_are_exact() {
    assert!(matches!(leaf::<i64>("8e15"), Leaf::Value(8_000_000_000_000_000)));
    assert!(matches!(leaf::<i64>("-123456789012345.0"), Leaf::Value(-123_456_789_012_345)));
    for beyond in ["9e15", "-9e15", "1e300", "1.5"] {
        assert!(matches!(leaf::<i64>(beyond), Leaf::Bad), "{beyond}");
    }
}

#[test]
fn a_tax_rate_is_between_nothing_and_the_whole() {
    let rate = |text: &str| match leaf::<Rate>(text) {
        Leaf::Value(Rate(bp)) => Some(bp),
        _ => None,
    };
    for (text, bp) in
        [("0", 0), ("1", 10_000), ("1.0", 10_000), ("0.1", 1_000), ("\"0.08\"", 800), ("0.0", 0)]
    {
        assert_eq!(rate(text), Some(bp), "{text}");
    }
    for odd in ["2", "-1", "1.1", "-0.1", "10", "\"x\""] {
        assert_eq!(rate(odd), None, "{odd}");
    }
}

#[test]
fn a_third_equal_key_gets_a_third_name() {
    let mut order = full_order();
    let package = order["PackageModelList"][0].clone();
    put(&mut order, "/PackageModelList/1", Some(package.clone()));
    put(&mut order, "/PackageModelList/2", Some(package));
    let keys: Vec<_> = read(&order).content.recipients.into_iter().map(|r| r.key).collect();
    assert_eq!(keys, ["1074640201", "1074640201-2", "1074640201-3"]);
}

#[test]
fn dates_of_another_length_or_with_other_signs_are_kept_as_unknown_f23() {
    for odd in ["2026-11-221", "2026-11-2", "2026-11/22", "2026/11-22", "02026-11-22", "2026-11-2x"] {
        let snapshot = read(&order_with(&[("/deliveryDate", json!(odd))]));
        let unknown: Vec<_> = snapshot.facts.unknown.iter().map(|u| u.raw.as_str()).collect();
        assert_eq!(unknown, [odd]);
    }
}

#[test]
fn the_oldest_second_the_mall_keeps_is_still_asked() {
    let mut window =
        Rakuten.windows(Look::Ordered, Period { from: time("2020-01-01"), to: now() }, &[], now()).remove(0);
    window.to = window.from;
    let info = message("INFO", "SEARCH_ORDER_INFO_102", None, &json!({}));
    let none =
        json!({ "orderNumberList": null, "MessageModelList": [info], "PaginationResponseModel": null });
    let script = Script::new([answer(200, &none)]);
    with(&script, &[], async |s| Rakuten.list(s, &window, None).await).unwrap();
    assert_eq!(script.count(), 1);
    // One second older cannot be asked any more, and is no error.
    window.from = window.from.plus(-1_000);
    window.to = window.from;
    let script = Script::new([]);
    with(&script, &[], async |s| Rakuten.list(s, &window, None).await).unwrap();
    assert_eq!(script.count(), 0);
}

#[test]
fn a_refused_date_puts_off_only_what_was_refused_for_its_date_f29() {
    let steps = [
        (step(1, "a", parcel("10", "111")), SendMode::Add),
        (step(2, "a", parcel("10", "222")), SendMode::Add),
    ];
    let fault = |number: i64, text: &str| -> Value {
        let extra = json!({ "dataNumber": number, "message": text });
        message("ERROR", "UPDATE_ORDERSHIPPING_ERROR_011", Some("a"), &extra)
    };
    let messages = [fault(1, "発送日の書式が不正です。"), fault(2, "shippingNumberの書式が不正です。")];
    let draft = build(&steps, &[]).remove(0);
    let reading = Rakuten.read_answer(&draft, &answer(400, &json!({ "MessageModelList": messages })), now());
    assert_eq!(words(&reading), [(1, "deferred"), (2, "rejected")]);
}

#[test]
fn card_numbers_have_13_to_19_digits_and_groups_of_3_to_6() {
    let nineteen = "4000000000000000006";
    assert_eq!(mask_cards(nineteen), Some("*".repeat(19)));
    for card in ["4222222222222", "4222-2222-2222-2", "４２２２２２２２２２２２２"] {
        assert_eq!(mask_cards(card).is_some(), !card.ends_with("-2"), "{card}");
    }
    // A digit too many, a last group too short or too long: the number of something else.
    for other in ["40000000000000000002", "422222222222", "422222 2222222", "4222 2222 2222 2"] {
        assert_eq!(mask_cards(other), None, "{other}");
    }
}
