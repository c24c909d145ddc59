//! I13: the sums a mall states are added up. What does not add up is flagged and shown, never dropped.

use crate::given::Given;
use crate::money::Amount;
use crate::reason::{self, Reason};
use crate::snapshot::Content;

/// What adding up an order showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AmountCheck {
    /// At least one amount is not decided yet: nothing is compared.
    pub undecided: bool,
    /// One reason per sum that does not add up.
    pub mismatches: Vec<Reason>,
}

/// Yen of an amount; absent and cleared count as nothing. `None`: undecided or not yen.
fn yen(amount: &Given<Amount>) -> Option<i64> {
    amount.value().map_or(Some(0), Amount::as_yen)
}

fn sum(parts: &[&Given<Amount>]) -> Option<i64> {
    parts.iter().try_fold(0_i64, |total, part| total.checked_add(yen(part)?))
}

fn lines_sum(content: &Content, price: impl Fn(&crate::snapshot::Line) -> Option<i64>) -> Option<i64> {
    content.lines.iter().try_fold(0_i64, |total, line| {
        let count = line.quantity.checked_sub(line.cancelled_quantity)?;
        total.checked_add(price(line)?.checked_mul(count)?)
    })
}

fn any_undecided(content: &Content) -> bool {
    let a = &content.amounts;
    [&a.goods, &a.postage, &a.cod_fee, &a.payment_fee, &a.other_fee, &a.total, &a.requested]
        .iter()
        .any(|amount| matches!(amount.value(), Some(Amount::Undecided)))
}

/// Adds up lines, fees and discounts and compares with what the mall states. Amounts in other currencies than yen
/// are kept out (nothing is compared). Sources differ on whether 税別 goods are summed with or without tax and on
/// whether the COD fee stands inside the requested amount; either reading is accepted, any third is a mismatch.
pub fn check(content: &Content) -> AmountCheck {
    if any_undecided(content) {
        return AmountCheck { undecided: true, mismatches: Vec::new() };
    }
    let mismatches = [goods_mismatch(content), total_mismatch(content), requested_mismatch(content)];
    AmountCheck { undecided: false, mismatches: mismatches.into_iter().flatten().collect() }
}

fn goods_mismatch(content: &Content) -> Option<Reason> {
    let stated = content.amounts.goods.value()?.as_yen()?;
    let wrapping =
        content.wrapping.iter().try_fold(0_i64, |total, w| total.checked_add(w.price.as_yen()?))?;
    let with_tax = |l: &crate::snapshot::Line| {
        l.unit_price_with_tax.value().or(l.unit_price.value()).and_then(Amount::as_yen)
    };
    let as_shown = |l: &crate::snapshot::Line| l.unit_price.value().and_then(Amount::as_yen);
    let sums: Vec<i64> = [lines_sum(content, with_tax), lines_sum(content, as_shown)]
        .into_iter()
        .flatten()
        .flat_map(|s| [Some(s), s.checked_add(wrapping)])
        .flatten()
        .collect();
    // No usable price on the lines: nothing to compare with.
    let nearest = *sums.first()?;
    (!sums.contains(&stated))
        .then(|| reason::amount_mismatch(format!("明細の合計 {nearest}円 と商品金額 {stated}円")))
}

fn total_mismatch(content: &Content) -> Option<Reason> {
    let a = &content.amounts;
    let stated = a.total.value()?.as_yen()?;
    let parts = sum(&[&a.goods, &a.postage, &a.wrapping])?;
    (parts != stated)
        .then(|| reason::amount_mismatch(format!("商品＋送料＋包装 {parts}円 と合計 {stated}円")))
}

fn requested_mismatch(content: &Content) -> Option<Reason> {
    let a = &content.amounts;
    let stated = a.requested.value()?.as_yen()?;
    let plus = sum(&[&a.goods, &a.postage, &a.wrapping, &a.payment_fee, &a.other_fee])?;
    let minus = sum(&[&a.coupon_shop, &a.coupon_mall, &a.points_used, &a.discount])?;
    let without_cod = plus.checked_sub(minus)?;
    let with_cod = without_cod.checked_add(yen(&a.cod_fee)?)?;
    (stated != with_cod && stated != without_cod)
        .then(|| reason::amount_mismatch(format!("内訳 {with_cod}円 と請求金額 {stated}円")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Amounts, Line};
    use proptest::prelude::*;

    fn order(unit: i64, count: i64, postage: i64, points: i64, coupon: i64) -> Content {
        let goods = unit * count;
        Content {
            lines: vec![Line {
                key: "1".into(),
                quantity: count,
                unit_price: Amount::yen(unit).into(),
                unit_price_with_tax: Amount::yen(unit).into(),
                tax_included: true,
                ..Line::default()
            }],
            amounts: Amounts {
                goods: Amount::yen(goods).into(),
                postage: Amount::yen(postage).into(),
                total: Amount::yen(goods + postage).into(),
                points_used: Amount::yen(points).into(),
                coupon_shop: Amount::yen(coupon).into(),
                requested: Amount::yen(goods + postage - points - coupon).into(),
                ..Amounts::default()
            },
            ..Content::default()
        }
    }

    proptest! {
        #[test]
        fn sums_that_add_up_are_silent_and_one_yen_off_is_flagged_i13(
            unit in 1_i64..100_000, count in 1_i64..50, postage in 0_i64..2_000, points in 0_i64..500,
            coupon in 0_i64..500, off in prop_oneof![Just(-1_i64), Just(1), Just(1000)],
        ) {
            let good = order(unit, count, postage, points, coupon);
            prop_assert_eq!(check(&good), AmountCheck::default());
            let mut requested = good.clone();
            requested.amounts.requested =
                Amount::yen(good.amounts.requested.value().unwrap().as_yen().unwrap() + off).into();
            prop_assert_eq!(check(&requested).mismatches.len(), 1);
            let mut total = good.clone();
            total.amounts.total = Amount::yen(good.amounts.total.value().unwrap().as_yen().unwrap() + off).into();
            prop_assert_eq!(check(&total).mismatches.len(), 1);
            let mut line = good;
            line.lines[0].quantity += 1;
            prop_assert_eq!(check(&line).mismatches.len(), 1);
        }
    }

    #[test]
    fn the_cod_fee_may_stand_inside_or_outside_the_requested_amount() {
        for extra in [0, 330] {
            let mut cod = order(1_000, 1, 0, 0, 0);
            cod.amounts.cod_fee = Amount::yen(330).into();
            cod.amounts.requested = Amount::yen(1_000 + extra).into();
            assert_eq!(check(&cod), AmountCheck::default());
        }
        let mut off = order(1_000, 1, 0, 0, 0);
        off.amounts.cod_fee = Amount::yen(330).into();
        off.amounts.requested = Amount::yen(1_329).into();
        assert_eq!(check(&off).mismatches.len(), 1);
    }

    #[test]
    fn undecided_amounts_are_said_to_be_undecided_not_wrong() {
        let mut open = order(1_000, 1, 0, 0, 0);
        open.amounts.postage = Amount::Undecided.into();
        assert_eq!(check(&open), AmountCheck { undecided: true, mismatches: vec![] });
    }

    #[test]
    fn absurd_numbers_do_not_overflow_f57() {
        for (unit, count) in [(i64::MAX, 2), (i64::MIN, i64::MIN), (-5, -5), (i64::MAX, i64::MAX)] {
            let mut odd = order(1, 1, 0, 0, 0);
            odd.lines[0].unit_price_with_tax = Amount::yen(unit).into();
            odd.lines[0].quantity = count;
            let _ = check(&odd);
        }
    }
}
