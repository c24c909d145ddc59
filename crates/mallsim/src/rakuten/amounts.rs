//! The sums of an order, from the formulas of document 2.3 (OrderModel, TaxSummaryModel). The one place that adds.

use super::order::{Order, Package, UNDECIDED};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amounts {
    /// Goods and wrapping.
    pub goods: i64,
    pub goods_tax: i64,
    pub postage: i64,
    /// 代引料.
    pub cod_fee: i64,
    pub total: i64,
    pub request: i64,
    pub coupons: i64,
    pub shop_coupons: i64,
    pub other_coupons: i64,
    pub tax: Vec<TaxRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaxRow {
    /// Percent.
    pub rate: i64,
    pub req_price: i64,
    pub req_tax: i64,
    pub total: i64,
    pub charge: i64,
    pub coupon: i64,
}

/// Goods of one package with the tax in; wrapping belongs to the first live package.
pub(crate) fn package_goods(order: &Order, package: &Package) -> i64 {
    let goods: i64 = package.live_items().map(|i| i.price_with_tax * i.units).sum();
    let first = order.live_packages().next().is_some_and(|p| p.basket_id == package.basket_id);
    if first { goods + wrapping(order) } else { goods }
}

pub(crate) fn package_goods_tax(package: &Package) -> i64 {
    package.live_items().map(|i| (i.price_with_tax - i.price) * i.units).sum()
}

fn wrapping(order: &Order) -> i64 {
    order.wrapping.iter().flatten().map(|w| w.price).sum()
}

/// A sum that is undecided as soon as one part is.
fn sum_or_undecided(parts: impl Iterator<Item = i64>) -> i64 {
    parts.fold(0, |sum, part| if sum == UNDECIDED || part == UNDECIDED { UNDECIDED } else { sum + part })
}

pub(crate) fn of(order: &Order) -> Amounts {
    let goods: i64 = order.live_packages().map(|p| package_goods(order, p)).sum();
    let goods_tax = order.live_packages().map(package_goods_tax).sum();
    let postage = sum_or_undecided(order.live_packages().map(|p| p.postage));
    let cod_fee = sum_or_undecided(order.live_packages().map(|p| p.cod_fee));
    let open = postage == UNDECIDED || cod_fee == UNDECIDED;
    let shop_coupons = order.coupons.iter().filter(|c| c.capital == 1).map(|c| c.price * c.unit).sum();
    let other_coupons = order.coupons.iter().filter(|c| c.capital != 1).map(|c| c.price * c.unit).sum();
    let coupons = shop_coupons + other_coupons;
    let total = if postage == UNDECIDED { UNDECIDED } else { goods + postage };
    let request = if open {
        UNDECIDED
    } else {
        // The COD fee is in: the RMS screen total (2.3, 総合計) has it, and the buyer pays it.
        total + cod_fee + order.payment.charge + order.payment.fee_to_user - coupons - order.used_points
    };
    let tax = tax_rows(order, open);
    Amounts { goods, goods_tax, postage, cod_fee, total, request, coupons, shop_coupons, other_coupons, tax }
}

fn tax_rows(order: &Order, open: bool) -> Vec<TaxRow> {
    let mut rows: Vec<TaxRow> = Vec::new();
    let mut add = |rate: i64, amount: i64| match rows.iter_mut().find(|r| r.rate == rate) {
        Some(row) => row.total += amount,
        None => {
            rows.push(TaxRow { rate, req_price: 0, req_tax: 0, total: amount, charge: 0, coupon: 0 });
        }
    };
    for package in order.live_packages() {
        for item in package.live_items() {
            add(item.rate, item.price_with_tax * item.units);
        }
        // Postage, COD fee and wrapping are services at 10 %.
        let services = package.postage.max(0) + package.cod_fee.max(0);
        if services > 0 {
            add(10, services);
        }
    }
    let services = wrapping(order);
    if services > 0 || order.payment.charge > 0 {
        add(10, services);
    }
    rows.sort_by_key(|r| std::cmp::Reverse(r.rate));
    if let Some(row) = rows.iter_mut().find(|r| r.rate == 10) {
        row.charge = order.payment.charge;
    }
    share_coupons(order, &mut rows);
    for row in &mut rows {
        // Before points since 2022-04-01; 後払い fees left out since 2023-09-14.
        row.req_price = row.total + row.charge - row.coupon;
        // round half up of price × r / (100 + r): 8,235 at 10 % gives 749 as in the document's sample
        row.req_tax = (2 * row.req_price * row.rate + 100 + row.rate).div_euclid(2 * (100 + row.rate));
        if open {
            (row.req_price, row.req_tax, row.total) = (UNDECIDED, UNDECIDED, UNDECIDED);
        }
    }
    rows
}

/// Line coupons lower the rate of their line, order coupons all rates by their share.
fn share_coupons(order: &Order, rows: &mut [TaxRow]) {
    for coupon in &order.coupons {
        let amount = coupon.price * coupon.unit;
        let line_rate = coupon.line.and_then(|(_, detail)| {
            order
                .live_packages()
                .flat_map(Package::live_items)
                .find(|i| i.detail_id == detail)
                .map(|i| i.rate)
        });
        if let Some(row) = line_rate.and_then(|rate| rows.iter_mut().find(|r| r.rate == rate)) {
            row.coupon += amount;
            continue;
        }
        let all: i64 = rows.iter().map(|r| r.total).sum();
        let mut left = amount;
        for row in rows.iter_mut().rev() {
            let part = if all > 0 { (amount * row.total / all).min(left) } else { 0 };
            row.coupon += part;
            left -= part;
        }
        if let Some(row) = rows.first_mut() {
            row.coupon += left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rakuten::generate::{self, Ids, Recipe};
    use crate::rakuten::order::Coupon;
    use crate::rakuten::traits::Trait;
    use crate::settings::WorldSettings;

    fn order(traits: &[Trait]) -> Order {
        let recipe = Recipe { traits: Some(traits.to_vec()), lines: Some(1) };
        let mut rng = generate::source(1, 300_001, 1);
        generate::order(&mut rng, (300_001, 1), 0, &recipe, &WorldSettings::default(), &mut Ids::default())
    }

    #[test]
    fn the_sample_of_the_document_comes_out() {
        let mut order = order(&[]);
        let package = &mut order.packages[0];
        package.postage = 0;
        let item = &mut package.items[0];
        (item.price, item.price_with_tax, item.units, item.rate) = (9_150, 9_150, 1, 10);
        order.used_points = 10;
        let expires = String::new();
        order.coupons = vec![Coupon {
            code: String::new(),
            name: "",
            capital: 1,
            price: 915,
            unit: 1,
            line: None,
            expires,
        }];
        let sums = of(&order);
        assert_eq!((sums.goods, sums.coupons, sums.request), (9_150, 915, 8_225));
        assert_eq!(sums.tax.len(), 1);
        assert_eq!((sums.tax[0].req_price, sums.tax[0].req_tax, sums.tax[0].total), (8_235, 749, 9_150));
    }

    #[test]
    fn an_order_paid_with_points_asks_for_nothing_more() {
        let order = order(&[Trait::AllPoints]);
        let sums = of(&order);
        assert_eq!((order.payment.code, sums.request), (8, 0));
        assert_eq!(sums.tax.iter().map(|t| t.req_price).sum::<i64>(), order.used_points);
    }

    #[test]
    fn order_coupons_are_shared_over_the_rates_without_losing_a_yen() {
        let mut order = order(&[Trait::MixedTax]);
        let expires = String::new();
        order.coupons = vec![Coupon {
            code: String::new(),
            name: "",
            capital: 3,
            price: 1_001,
            unit: 1,
            line: None,
            expires,
        }];
        let sums = of(&order);
        assert_eq!(sums.tax.len(), 2);
        assert_eq!(sums.tax.iter().map(|t| t.coupon).sum::<i64>(), 1_001);
        assert_eq!(sums.tax.iter().map(|t| t.req_price).sum::<i64>(), sums.request);
    }
}
