//! What single values of the document become: payment, coupons, tax, marks, times.

use super::fixtures::{full_order, order_with};
use super::mapping_rules::{item, with};
use crate::rakuten::mapping::read_order;
use domain::Given;
use domain::snapshot::CouponPayer;
use serde_json::{Value, json};

#[test]
fn payment_codes_and_words_agree() {
    let of = |code: Value, name: Value| {
        with(&[("/SettlementModel/settlementMethodCode", code), ("/SettlementModel/settlementMethod", name)])
            .content
            .payment
    };
    let cod = of(json!(2), json!("代金引換"));
    assert!(cod.cash_on_delivery && !cod.prepaid);
    for code in [9, 13, 14] {
        let prepaid = of(json!(code), json!(null));
        assert!(prepaid.prepaid && !prepaid.cash_on_delivery && !prepaid.method.label.is_empty());
    }
    // Early versions have no code; the name tells.
    let by_name = of(json!(null), json!("代金引換"));
    assert!(by_name.cash_on_delivery && by_name.method.code == "2");
    let strange = of(json!(null), json!("新しい支払い"));
    assert_eq!((strange.method.code.as_str(), strange.method.label.as_str()), ("", "新しい支払い"));
    for (kind, desc, words) in [
        (0, "", "一括払い"),
        (1, "", "リボ払い"),
        (2, "103", "分割払い（3回）"),
        (2, "124", "分割払い（24回）"),
        (2, "102", "分割払い"),
        (2, "125", "分割払い"),
        (2, "", "分割払い"),
        (3, "", "その他の支払い回数"),
        (4, "", "ボーナス一括払い"),
    ] {
        let terms = with(&[
            ("/SettlementModel/cardPayType", json!(kind)),
            ("/SettlementModel/cardInstallmentDesc", json!(desc)),
        ])
        .content
        .payment
        .terms;
        assert_eq!(terms.text(), words);
    }
    assert_eq!(with(&[("/SettlementModel/cardPayType", json!(null))]).content.payment.terms, Given::Cleared);
    assert_eq!(with(&[("/SettlementModel", json!(null))]).content.payment, Default::default());
    let common = with(&[("/SettlementModel/rpaySettlementFlag", json!(1))]).content.marks;
    assert!(!common.contains(&"selective_payment".to_owned()));
}

#[test]
fn coupons_are_sorted_by_who_pays() {
    for (code, capital, payer) in [
        (json!(1), "", CouponPayer::Shop),
        (json!(2), "", CouponPayer::Maker),
        (json!(3), "", CouponPayer::Mall),
        (json!(null), "ショップ", CouponPayer::Shop),
        (json!(9), "メーカー", CouponPayer::Maker),
        (json!(null), "サービス", CouponPayer::Mall),
    ] {
        let coupons = with(&[
            ("/CouponModelList/0/couponCapitalCode", code),
            ("/CouponModelList/0/couponCapital", json!(capital)),
        ])
        .content
        .coupons;
        assert_eq!(coupons[0].payer, payer);
    }
}

#[test]
fn odd_tax_rates_keep_their_key() {
    let tax = with(&[
        ("/TaxSummaryModelList/0/taxRate", json!(0.0825)),
        ("/TaxSummaryModelList/1/taxRate", json!(0)),
    ])
    .content
    .tax;
    assert_eq!((tax[0].key.as_str(), tax[0].rate_bp, tax[1].key.as_str()), ("8.25%", 825, "0%"));
    assert_eq!(with(&[("/TaxSummaryModelList/0/taxRate", json!(null))]).content.tax.len(), 1);
}

#[test]
fn shipping_records_with_nulls_have_empty_fields() {
    let record = json!({ "shippingDetailId": "7", "shippingNumber": null, "deliveryCompany": null, "shippingDate": null });
    let shipment = with(&[("/PackageModelList/0/ShippingModelList/0", record)]).facts.shipments.remove(0);
    assert_eq!((shipment.mall_ref.as_str(), shipment.recipient_key.as_str()), ("7", "1074640201"));
    assert_eq!(
        (shipment.carrier_code.as_str(), shipment.tracking_number.as_str(), shipment.shipped_on),
        ("", "", None)
    );
}

#[test]
fn line_marks_and_flags_are_read_one_by_one() {
    for (field, value, mark) in [
        ("includePostageFlag", 0, "postage_included"),
        ("includeCashOnDeliveryPostageFlag", 0, "cod_fee_included"),
        ("dealFlag", 0, "deal"),
        ("drugFlag", 0, "drug"),
        ("isSingleItemShipping", 0, "ships_alone"),
        ("restoreInventoryFlag", 0, "restore_stock"),
        ("pointRate", 1, "point_rate:5"),
    ] {
        let full = with(&[]).content.lines.remove(0).marks;
        let less = with(&[(&item(field), json!(value))]).content.lines.remove(0).marks;
        assert!(full.contains(&mark.to_owned()) && !less.contains(&mark.to_owned()), "{mark}");
        assert_eq!(less.len(), full.len() - 1);
    }
    assert!(
        with(&[(&item("restoreInventoryFlag"), json!(2))]).content.lines[0]
            .marks
            .contains(&"keep_stock".to_owned())
    );
    assert!(with(&[(&item("includeTaxFlag"), json!(1))]).content.lines[0].tax_included);
}

#[test]
fn a_gift_is_one_by_either_flag() {
    for (gift, social, expected) in [(0, 0, false), (1, 0, true), (0, 1, true)] {
        let content = with(&[("/giftCheckFlag", json!(gift)), ("/socialGiftFlag", json!(social))]).content;
        assert_eq!(
            (content.gift, content.marks.contains(&"social_gift".to_owned())),
            (expected, social == 1)
        );
    }
    assert!(
        !with(&[("/receiptIssueCount", json!(0))]).content.marks.iter().any(|m| m.starts_with("receipts"))
    );
}

#[test]
fn times_of_japan_are_read_in_every_documented_form() {
    let at = |text: &str| read_order(order_with(&[("/orderDatetime", json!(text))]).to_string().as_bytes());
    let expected = super::time("2026-11-22 09:05:01");
    for text in [
        "2026-11-22T09:05:01+0900",
        "2026-11-22T09:05:01+09:00",
        "2026-11-22T09:05:01.123+0900",
        "2026-11-22T09:05:01",
    ] {
        assert_eq!(at(text).unwrap().ordered_at, expected, "{text}");
    }
    for text in [
        "2026-11-22 09:05:01+0900",
        "2026-11-22T09:05:01Z",
        "2026-11-22T25:05:01+0900",
        "2026-13-22T09:05:01+0900",
        "2026-11-22T09-05:01+0900",
        "2026-11-22T09:05-01+0900",
        "20261122T090501+0900",
        "2026/11/22T09:05:01+0900",
        "2026-11-22T0x:05:01+0900",
        "2026-11/22T09:05:01+0900",
        "",
    ] {
        assert!(at(text).unwrap_err().what.starts_with("orderDatetime"), "{text}");
    }
}

#[test]
#[ignore = "measures; run with --release"]
fn reading_one_order_takes_less_than_40_microseconds() {
    let text = full_order().to_string();
    // The best of many rounds: other work on the machine must not count.
    let best = (0..50)
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "measures real time")]
            let start = std::time::Instant::now();
            for _ in 0..400 {
                assert!(read_order(text.as_bytes()).is_ok());
            }
            start.elapsed() / 400
        })
        .min()
        .unwrap();
    println!("{} bytes: {best:?} per order", text.len());
    assert!(best < std::time::Duration::from_micros(40));
}
