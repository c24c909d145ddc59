//! Sums, tax, coupons, wrapping and payment (rakuten.md 2.3, 3.4, traps 5, 7, 11).

use super::codes;
use super::leaf::{Leaf, Misread, yen};
use super::mapping::{Notes, unique};
use super::wire_types::{CouponModel, Order, Settlement, Tax, WrappingModel};
use domain::snapshot::{Amounts, Coded, Coupon, CouponPayer, Payment, TaxSummary, Wrapping};
use domain::{Amount, Given};
use std::collections::BTreeSet;

/// Everything about money of one order.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// Sums.
    pub(super) amounts: Amounts,
    /// Tax per rate.
    pub(super) tax: Vec<TaxSummary>,
    /// Coupons.
    pub(super) coupons: Vec<Coupon>,
    /// Wrapping.
    pub(super) wrapping: Vec<Wrapping>,
    /// Payment.
    pub(super) payment: Payment,
}

/// Reads it. Nothing is added up here: what the mall states is kept.
pub(super) fn money(order: Order, notes: &mut Notes) -> Result<Money, Misread> {
    let points_used = match order.point.given("PointModel")? {
        Given::Value(point) => point.used_point.amount("usedPoint").map_err(|m| m.under("PointModel"))?,
        Given::Cleared => Given::Cleared,
        Given::NotGiven => Given::NotGiven,
    };
    let amounts = Amounts {
        goods: order.goods_price.amount("goodsPrice")?,
        postage: order.postage_price.amount("postagePrice")?,
        // 代引料, despite its name (trap 5).
        cod_fee: order.delivery_price.amount("deliveryPrice")?,
        payment_fee: order.payment_charge.amount("paymentCharge")?,
        other_fee: order.additional_fee_occur_amount_to_user.amount("additionalFeeOccurAmountToUser")?,
        wrapping: Given::NotGiven, // inside goodsPrice
        discount: Given::NotGiven,
        points_used,
        coupon_shop: order.coupon_shop_price.amount("couponShopPrice")?,
        coupon_mall: order.coupon_other_price.amount("couponOtherPrice")?,
        total: order.total_price.amount("totalPrice")?,
        requested: order.request_price.amount("requestPrice")?,
    };
    let mut tax = Vec::new();
    let mut tax_keys = BTreeSet::new();
    for (i, row) in order.tax.elements("TaxSummaryModelList")?.into_iter().enumerate() {
        let row = tax_row(row, &mut tax_keys).map_err(|m| m.under(&format!("TaxSummaryModelList[{i}]")))?;
        tax.extend(row);
    }
    let mut coupons = Vec::new();
    let mut coupon_keys = BTreeSet::new();
    for (i, row) in order.coupons.elements("CouponModelList")?.into_iter().enumerate() {
        let under = |m: Misread| m.under(&format!("CouponModelList[{i}]"));
        coupons.push(coupon(row, &mut coupon_keys, notes).map_err(under)?);
    }
    let mut wrapping = Vec::new();
    let mut wrapping_keys = BTreeSet::new();
    for (leaf, field) in [(order.wrapping1, "WrappingModel1"), (order.wrapping2, "WrappingModel2")] {
        let Some(model) = leaf.optional(field)? else { continue };
        let one = wrapping_of(model, &mut wrapping_keys, notes).map_err(|m| m.under(field))?;
        wrapping.extend(one);
    }
    let payment = match order.settlement.optional("SettlementModel")? {
        Some(model) => payment(model, notes).map_err(|m| m.under("SettlementModel"))?,
        None => Payment::default(),
    };
    Ok(Money { amounts, tax, coupons, wrapping, payment })
}

/// An amount that always stands in the snapshot: what the mall does not say is not decided.
fn stated(leaf: Leaf<i64>, field: &str) -> Result<Amount, Misread> {
    leaf.optional(field)?.map_or(Ok(Amount::Undecided), |value| yen(value, field))
}

/// reqPrice is the amount asked at this rate before points, with tax (2.3 TaxSummaryModel).
fn tax_row(row: Tax, keys: &mut BTreeSet<String>) -> Result<Option<TaxSummary>, Misread> {
    let Some(rate) = row.tax_rate.optional("taxRate")? else { return Ok(None) };
    let text = match rate.0 % 100 {
        0 => format!("{}%", rate.0 / 100),
        _ => format!("{}.{:02}%", rate.0 / 100, rate.0 % 100),
    };
    Ok(Some(TaxSummary {
        key: unique(keys, text),
        rate_bp: rate.0,
        taxed: stated(row.req_price, "reqPrice")?,
        tax: stated(row.req_price_tax, "reqPriceTax")?,
    }))
}

/// couponCapitalCode: 1 the shop pays, 2 and 3 do not reduce what the shop gets (2.3 CouponModel).
fn coupon(row: CouponModel, keys: &mut BTreeSet<String>, notes: &mut Notes) -> Result<Coupon, Misread> {
    let code = row.coupon_code.optional("couponCode")?.unwrap_or_default();
    let line = row.item_detail_id.optional("itemDetailId")?.filter(|id| *id != 0);
    let capital = row.coupon_capital.text("couponCapital")?;
    let payer = match row.coupon_capital_code.optional("couponCapitalCode")? {
        Some(1) => CouponPayer::Shop,
        Some(2) => CouponPayer::Maker,
        Some(3) => CouponPayer::Mall,
        other => {
            notes.unknown("couponCapitalCode", other.unwrap_or_default());
            match capital.text() {
                "ショップ" => CouponPayer::Shop,
                "メーカー" => CouponPayer::Maker,
                _ => CouponPayer::Mall,
            }
        }
    };
    Ok(Coupon {
        key: unique(keys, line.map_or_else(|| code.clone(), |line| format!("{code}:{line}"))),
        code,
        name: row.coupon_name.optional("couponName")?.unwrap_or_default(),
        payer,
        total: stated(row.coupon_total_price, "couponTotalPrice")?,
        line_key: line.map(|id| id.to_string()),
    })
}

fn wrapping_of(
    model: WrappingModel,
    keys: &mut BTreeSet<String>,
    notes: &mut Notes,
) -> Result<Option<Wrapping>, Misread> {
    if notes.flag(model.delete_wrapping_flag, "deleteWrappingFlag")? {
        return Ok(None);
    }
    let key = match model.title.optional("title")? {
        Some(1) => "paper",
        Some(2) => "ribbon",
        other => {
            notes.unknown("title", other.unwrap_or_default());
            "wrapping"
        }
    };
    Ok(Some(Wrapping {
        key: unique(keys, key.to_owned()),
        name: model.name.optional("name")?.unwrap_or_default(),
        price: stated(model.price, "price")?,
        tax_included: notes.flag(model.include_tax_flag, "includeTaxFlag")?,
        tax_rate_bp: model.tax_rate.optional("taxRate")?.map(|rate| rate.0),
    }))
}

/// The name of the method is the mall's own text; early document versions have no code (2.3 SettlementModel).
fn payment(model: Settlement, notes: &mut Notes) -> Result<Payment, Misread> {
    let name = model.settlement_method.text("settlementMethod")?;
    let code = match model.settlement_method_code.optional("settlementMethodCode")? {
        Some(code) => {
            if codes::name_of(&codes::PAYMENTS, code).is_none() {
                notes.unknown("settlementMethodCode", code);
            }
            Some(code)
        }
        None => codes::PAYMENTS.iter().find(|(_, known)| *known == name.text()).map(|(code, _)| *code),
    };
    let label = match name {
        Given::Value(name) => name,
        _ => code.and_then(|c| codes::name_of(&codes::PAYMENTS, c)).unwrap_or_default().to_owned(),
    };
    let instalments = model.card_installment_desc.text("cardInstallmentDesc")?;
    let terms = match model.card_pay_type.given("cardPayType")? {
        Given::NotGiven => Given::NotGiven,
        Given::Cleared => Given::Cleared,
        Given::Value(kind) => codes::card_terms(kind, instalments.text()).map_or_else(
            || {
                notes.unknown("cardPayType", kind);
                Given::NotGiven
            },
            Given::Value,
        ),
    };
    if model.rpay_settlement_flag.optional("rpaySettlementFlag")? == Some(0) {
        notes.mark("selective_payment");
    }
    Ok(Payment {
        method: Coded::new(code.map_or_else(String::new, |c| c.to_string()), label),
        cash_on_delivery: code == Some(2),
        collect_amount: Given::NotGiven,
        prepaid: matches!(code, Some(9 | 13 | 14)),
        terms,
        paid_on: Given::NotGiven,
    })
}
