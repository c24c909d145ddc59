//! Sums, coupons, wrapping and payment (yahoo.md 4.4, 4.6, traps 15 to 19).

use super::codes;
use super::values::{Fields, Item, Misread, Notes};
use domain::snapshot::{Amounts, Coded, Coupon, CouponPayer, Line, Payment, Wrapping};
use domain::{Amount, Given};

/// Everything about money of one order.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// Sums.
    pub(super) amounts: Amounts,
    /// Coupons.
    pub(super) coupons: Vec<Coupon>,
    /// Wrapping.
    pub(super) wrapping: Vec<Wrapping>,
    /// Payment.
    pub(super) payment: Payment,
}

/// A number that need not be one.
pub(super) fn number_of(fields: &Fields, name: &str) -> Option<i64> {
    fields.yen(name).ok().flatten()
}

/// Reads it. The mall states no sum of the goods (4.6): it is made from the lines, so that the mall's own formula can be
/// checked against its TotalPrice.
pub(super) fn money(
    order: &Fields,
    items: &[Item],
    lines: &[Line],
    notes: &mut Notes,
) -> Result<Money, Misread> {
    let payment = payment(order, notes)?;
    let cod = payment.cash_on_delivery;
    let fee = order.amount("PayCharge")?;
    let (discount, other_fee) = adjusted(order)?;
    let amounts = Amounts {
        goods: goods(lines),
        postage: order.amount("ShipCharge")?,
        cod_fee: if cod { fee.clone() } else { Given::NotGiven },
        payment_fee: if cod { Given::NotGiven } else { fee },
        other_fee,
        wrapping: order.amount("GiftWrapCharge")?,
        discount,
        // Holds the immediate bonus and gift cards already (10.16).
        points_used: order.amount("UsePoint")?,
        // The store's coupons are inside the unit prices (10.15): taking them off again would count them twice.
        coupon_shop: Given::NotGiven,
        coupon_mall: order.amount("TotalMallCouponDiscount")?,
        total: Given::NotGiven,
        requested: requested(order)?,
    };
    Ok(Money { amounts, coupons: coupons(order, items)?, wrapping: wrapping(order)?, payment })
}

/// 請求金額: `TotalPrice` of the API, `Total` of the CSV, whose `TotalPrice` is another sum (11).
fn requested(order: &Fields) -> Result<Given<Amount>, Misread> {
    if order.0.contains_key(super::csv_files::KEY) {
        order.amount("Total")
    } else {
        order.amount("TotalPrice")
    }
}

fn goods(lines: &[Line]) -> Given<Amount> {
    let sum = lines.iter().try_fold(0_i64, |sum, line| {
        let price = line.unit_price.value().and_then(Amount::as_yen)?;
        sum.checked_add(price.checked_mul(line.quantity)?)
    });
    match sum {
        Some(yen) if !lines.is_empty() => Given::Value(Amount::yen(yen)),
        _ => Given::NotGiven,
    }
}

/// Discount and other fees: Adjustments may be negative (4.6) and goes to the side it belongs to.
fn adjusted(order: &Fields) -> Result<(Given<Amount>, Given<Amount>), Misread> {
    let discount = order.amount("Discount")?;
    Ok(match order.yen("Adjustments")? {
        None => (discount, Given::NotGiven),
        Some(more @ 0..) => (discount, Given::Value(Amount::yen(more))),
        Some(less) => {
            let off = discount.value().and_then(Amount::as_yen).unwrap_or(0);
            (Given::Value(Amount::yen(off.saturating_sub(less))), Given::NotGiven)
        }
    })
}

fn wrapping(order: &Fields) -> Result<Vec<Wrapping>, Misread> {
    let name = order.text("GiftWrapType");
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let price = order.yen("GiftWrapCharge")?.map_or(Amount::Undecided, Amount::yen);
    let (key, name) = ("wrapping".to_owned(), name.to_owned());
    Ok(vec![Wrapping { key, name, price, tax_included: true, tax_rate_bp: None }])
}

/// Pieces of `id\Aname\Atype\Acategory\Acount\B…`: a backslash and a letter, not control characters (10.26).
fn coupon_names<'t>(text: &'t str) -> Vec<(&'t str, &'t str)> {
    let piece = |entry: &'t str| {
        let mut parts = entry.split("\\A");
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    };
    text.split("\\B").filter(|entry| !entry.is_empty()).map(piece).collect()
}

/// Store coupons per line, the free-shipping coupon, the mall's coupon. That the mall bears its own coupon is to be
/// checked with the store's 請求明細 (10.15) [I].
fn coupons(order: &Fields, items: &[Item]) -> Result<Vec<Coupon>, Misread> {
    let named = coupon_names(order.text("UseCouponData"));
    let mut list = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let off = item.fields.yen("CouponDiscount").map_err(|misread| misread.in_line(place))?;
        let Some(off) = off.filter(|yen| *yen != 0) else { continue };
        let own = coupon_names(item.fields.text("CouponData"));
        let code = own.first().map_or(item.fields.text("CouponId"), |(id, _)| id);
        let name = own.first().map_or("", |(_, name)| name);
        let named = named.iter().find(|(id, _)| *id == code).map_or("", |(_, name)| name);
        let line = item.fields.text("LineId");
        list.push(Coupon {
            key: format!("line:{line}"),
            code: code.to_owned(),
            name: if name.is_empty() { named } else { name }.to_owned(),
            payer: CouponPayer::Shop,
            total: Amount::yen(off),
            line_key: Some(line.to_owned()),
        });
    }
    let whole = [
        ("ShippingCouponDiscount", "shipping", "送料のクーポン", CouponPayer::Shop),
        ("TotalMallCouponDiscount", "mall", "モールのクーポン", CouponPayer::Mall),
    ];
    for (field, key, name, payer) in whole {
        if let Some(off) = order.yen(field)?.filter(|yen| *yen != 0) {
            list.push(Coupon {
                key: key.to_owned(),
                code: String::new(),
                name: name.to_owned(),
                payer,
                total: Amount::yen(off),
                line_key: None,
            });
        }
    }
    Ok(list)
}

/// The code says what it is; the mall's name of it changes and is only shown (10.18).
fn payment(order: &Fields, notes: &mut Notes) -> Result<Payment, Misread> {
    let code = order.text("PayMethod");
    let known = codes::payment(code);
    if known.is_none() && !code.is_empty() {
        notes.unknown("PayMethod", code);
    }
    let label = match order.text("PayMethodName") {
        "" => known.unwrap_or_default(),
        name => name,
    };
    let cash_on_delivery = code == codes::CASH_ON_DELIVERY;
    let combined = order.text("CombinedPayMethod");
    let prepaid = match order.text("PayType") {
        "1" => !cash_on_delivery,
        "0" => false,
        _ => codes::is_prepaid(code),
    };
    let collect_amount = match combined {
        "" => Given::NotGiven,
        // The other method pays the rest (4.6).
        _ if cash_on_delivery => order.amount("PayMethodAmount")?,
        _ => Given::NotGiven,
    };
    if !combined.is_empty() {
        notes.mark(format!("combined_payment:{combined}"));
    }
    Ok(Payment {
        method: Coded::new(code, label),
        cash_on_delivery,
        collect_amount,
        prepaid,
        terms: terms(order, combined, notes)?,
        paid_on: notes.date(order, "PayDate"),
    })
}

/// 支払回数 and the second method of a combined payment.
fn terms(order: &Fields, combined: &str, notes: &mut Notes) -> Result<Given<String>, Misread> {
    let mut parts = Vec::new();
    if let Some(kind) = notes.code(order, "CardPayType", &codes::CARD_TERMS) {
        parts.push(match (order.text("CardPayType"), order.number("CardPayCount")) {
            ("4", Ok(Some(count))) => format!("{kind}（{count}回）"),
            _ => kind.to_owned(),
        });
    }
    if !combined.is_empty() {
        let name = match order.text("CombinedPayMethodName") {
            "" => codes::payment(combined).unwrap_or(combined),
            name => name,
        };
        let amount = order.yen("CombinedPayMethodAmount")?.map(|yen| format!(" {yen}円")).unwrap_or_default();
        parts.push(format!("併用：{name}{amount}"));
    }
    Ok(match (parts.is_empty(), order.0.contains_key("CardPayType")) {
        (false, _) => Given::Value(parts.join("、")),
        (true, true) => Given::Cleared,
        (true, false) => Given::NotGiven,
    })
}
