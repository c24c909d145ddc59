//! Sums, coupons and payment (4.4, 4.6, I13).

use super::fixtures::snapshot;
use domain::amount_check;
use domain::snapshot::{CouponPayer, Payment};
use domain::{Amount, Given};

#[test]
fn the_malls_own_formula_adds_up_and_a_wrong_total_is_flagged_i13() {
    assert!(amount_check::check(&snapshot(&[]).content).mismatches.is_empty());
    for total in ["4249", "4350", "4550"] {
        let off = snapshot(&[("TotalPrice", total)]).content;
        assert_eq!(amount_check::check(&off).mismatches.len(), 1, "{total}");
        assert_eq!(off.amounts.requested.value().unwrap().as_yen(), Some(total.parse().unwrap()));
    }
    // Adjustments may be negative; the fee of cash on delivery belongs to the sum.
    let less = snapshot(&[("Adjustments", "-50"), ("TotalPrice", "4150")]).content;
    assert!(amount_check::check(&less).mismatches.is_empty());
    assert_eq!(less.amounts.discount.value().unwrap().as_yen(), Some(250));
    let cod = snapshot(&[("PayMethod", "payment_d1"), ("PayCharge", "330"), ("TotalPrice", "4580")]).content;
    assert!(amount_check::check(&cod).mismatches.is_empty());
    assert_eq!(cod.recipients[0].cod_fee, Given::Value(Amount::yen(330)));
}

#[test]
fn store_coupons_stand_in_the_price_and_the_malls_beside_it() {
    let content = snapshot(&[]).content;
    let found: Vec<_> =
        content.coupons.iter().map(|c| (c.key.as_str(), c.payer, c.total.as_yen().unwrap())).collect();
    assert_eq!(found, [("line:1", CouponPayer::Shop, 200), ("mall", CouponPayer::Mall, 400)]);
    assert_eq!(content.amounts.coupon_shop, Given::NotGiven);
    let named = snapshot(&[("CouponData", "C1\\A\\A1\\A1\\A1\\B")]).content;
    assert_eq!((named.coupons[0].code.as_str(), named.coupons[0].name.as_str()), ("C1", "見本クーポン"));
}

fn payment(changes: &[(&str, &str)]) -> Payment {
    snapshot(changes).content.payment
}

#[test]
fn the_code_of_a_payment_counts_never_its_name() {
    for name in ["PayPay（残高）", "PayPay残高等", "PayPayポイント"] {
        let paid = payment(&[("PayMethod", "payment_a17"), ("PayMethodName", name)]);
        assert_eq!((paid.method.code.as_str(), paid.method.label.as_str()), ("payment_a17", name));
    }
    let cod = payment(&[("PayMethod", "payment_d1"), ("PayMethodName", "")]);
    assert!(cod.cash_on_delivery && !cod.prepaid && cod.method.label == "商品代引");
    assert!(payment(&[("PayMethod", "payment_b1")]).prepaid);
    assert!(!payment(&[("PayMethod", "payment_c2"), ("PayType", "0")]).prepaid);
    for (code, known) in
        [("payment_b6", 0), ("payment_e15", 0), ("payment_b7", 1), ("payment_e0", 1), ("payment_a2", 1)]
    {
        assert_eq!(snapshot(&[("PayMethod", code)]).facts.unknown.len(), known, "{code}");
    }
}

#[test]
fn a_combined_payment_names_both_and_collects_its_part_at_the_door() {
    let combined = [
        ("PayMethod", "payment_d1"),
        ("CombinedPayMethod", "payment_a17"),
        ("PayMethodAmount", "4000"),
        ("CombinedPayMethodAmount", "250"),
        ("CardPayType", ""),
    ];
    let content = snapshot(&combined).content;
    assert_eq!(content.payment.collect_amount, Given::Value(Amount::yen(4_000)));
    assert_eq!(content.payment.terms.text(), "併用：PayPay残高等 250円");
    assert!(content.marks.contains(&"combined_payment:payment_a17".to_owned()));
    assert_eq!(payment(&[]).terms.text(), "分割払い（3回）");
}

#[test]
fn tax_stands_on_each_line() {
    let rates = |changes: &[(&str, &str)]| -> Vec<Option<i64>> {
        snapshot(changes).content.lines.iter().map(|l| l.tax_rate_bp.value().copied()).collect()
    };
    assert_eq!(rates(&[]), [Some(800), Some(1_000)]);
    assert_eq!(rates(&[("IsTaxable", "false")])[0], Some(0));
    assert_eq!(rates(&[("ItemTaxRatio", "八")])[0], None);
    assert!(snapshot(&[]).content.tax.is_empty());
}
