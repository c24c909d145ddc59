//! No bytes of the outside make anything panic, and a document with a piece cut out or swapped is read or refused.

use super::fixtures::{names, order_info, snapshot};
use super::{Yahoo, now, raw, settings};
use crate::yahoo::text::{parse_date, parse_time, postal_code};
use crate::yahoo::xml::{escape, parse};
use domain::write::{SendMode, Step, WriteKind};
use domain::{StepId, UtcMillis};
use mall_api::files::InFile;
use mall_api::{Grant as _, Mall, OrderSource, OrderWriter, Outgoing, PageToken};
use proptest::prelude::*;

fn everything(bytes: &[u8], status: u16) {
    let answer = raw(status, "application/xml", bytes.to_vec());
    let _ = Yahoo.read_document(bytes);
    let grant = crate::yahoo::grant::YConnect;
    let _ = (grant.read_tokens(&answer, now()), grant.is_stale(&answer));
    let step = Step {
        step_id: StepId(1),
        kind: WriteKind::MallStatus,
        mall_order_id: "a".into(),
        parcel: None,
        target: Some("5".into()),
    };
    let sent = Outgoing { step, mode: SendMode::Add, order: None };
    let draft = Yahoo.build(WriteKind::MallStatus, &[sent], &settings(&[])).remove(0);
    let reading = Yahoo.read_answer(&draft, &answer, now());
    assert_eq!(reading.outcomes.len(), 1);
    let files = Yahoo.order_files().unwrap();
    let file = InFile { name: "x", bytes };
    let _ = files.kind_of(file);
    let _ = files.read(&[("orders", file), ("items", file)], &settings(&[]), now());
}

proptest! {
    #[test]
    fn no_bytes_make_any_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), status in 100_u16..600) {
        everything(&bytes, status);
    }

    #[test]
    fn nothing_that_looks_like_a_document_makes_any_reader_panic(
        pieces in proptest::collection::vec(prop_oneof![
            Just("<Result>"), Just("</Result>"), Just("<Error/>"), Just("<![CDATA["), Just("]]>"), Just("&#x"),
            Just("OrderId,LineId\r\n"), Just("<OrderInfo>"), Just("</OrderInfo>"), Just("\""), Just("{\"yahoo_csv\":1"),
            Just("<Item><Quantity>"), Just("9223372036854775807"), Just("\\A\\B"), Just("〒"), Just("<!DOCTYPE"),
        ], 0..40),
    ) {
        everything(pieces.concat().as_bytes(), 200);
    }

    #[test]
    fn a_cut_or_swapped_document_is_read_or_refused(at in 0_usize..6_000, len in 0_usize..400, fill in "[a-z<>&0-9]{0,8}") {
        let whole = order_info(&[]);
        let mut bytes = whole.into_bytes();
        let start = at.min(bytes.len());
        let end = (start + len).min(bytes.len());
        bytes.splice(start..end, fill.bytes());
        everything(&bytes, 200);
    }

    #[test]
    fn any_field_may_hold_anything(field in 0_usize..12, text in "[ -~ぁ-ん]{0,20}") {
        let names = ["OrderTime", "OrderStatus", "FraudHoldStatus", "UseCouponData", "CouponData", "TotalPrice",
            "Adjustments", "Quantity", "UnitPrice", "ShipZipCode", "PaymentTerm", "CancelReason"];
        if !text.contains("]]>") {
            let document = order_info(&[(names[field], text.as_str())]);
            let _ = Yahoo.read_document(document.as_bytes());
        }
    }

    #[test]
    fn texts_of_time_never_panic_and_whole_moments_survive(text in ".{0,30}", seconds in 0_i64..4_000_000_000) {
        let _ = (parse_time(&text), parse_date(&text), postal_code(&text));
        let time = UtcMillis(seconds * 1_000);
        prop_assert_eq!(parse_time(&crate::yahoo::text::write_time(time)), Some(time));
    }

    #[test]
    fn what_is_escaped_reads_back(text in "[^\u{0}-\u{1f}\u{7f}-\u{9f}\u{fffe}\u{ffff}]{0,40}") {
        let document = format!("<a>{}</a>", escape(&text));
        prop_assert_eq!(parse(document.as_bytes()).unwrap().text, text.trim());
    }

    #[test]
    fn any_page_token_is_survived(token in ".{0,12}") {
        let page = mall_api::ListPage { total: Some(i64::MAX), ..mall_api::ListPage::default() };
        let token = PageToken { token, shifting: true };
        let window = Yahoo.windows(mall_api::Look::Ordered, mall_api::Period { from: now(), to: now() }, &[], now()).remove(0);
        prop_assert_eq!(Yahoo.next_page(&window, Some(&token), &page, None), None);
    }
}

#[test]
fn absurd_numbers_do_not_overflow_f57() {
    let huge = [
        ("UnitPrice", "9223372036854775807"),
        ("Quantity", "999999"),
        ("Adjustments", "-9223372036854775807"),
    ];
    let odd = snapshot(&huge);
    let _ = domain::amount_check::check(&odd.content);
}

#[test]
fn each_field_mutated_once_is_read_or_named_f24() {
    let values =
        ["(absent)", "", "-1", "1.5", "九九", "97", "true", "9223372036854775808", "2026-11-22", "<b>"];
    let (mut read, mut named) = (0, 0);
    for field in names() {
        for value in values {
            match Yahoo.read_document(order_info(&[(field, value)]).as_bytes()) {
                Ok(_) => read += 1,
                Err(what) => {
                    named += 1;
                    assert!(what.contains(field), "{field} as {value}: {what}");
                }
            }
        }
    }
    assert!(read > 700 && named > 60, "{read} read, {named} unreadable");
}
