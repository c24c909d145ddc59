//! ピッキングリスト: goods of many orders summed up, with the orders they are for. Pure.

use domain::snapshot::Line;
use std::collections::BTreeMap;
use store::desk::papers::OrderPaper;

/// Goods to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// SKU, or the shop's key of the item.
    pub sku: String,
    /// 商品名.
    pub title: String,
    /// Variant and what the buyer chose.
    pub chosen: String,
    /// Units in all.
    pub units: i64,
    /// Orders with their units.
    pub orders: Vec<(String, i64)>,
}

/// One order's own goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPick {
    /// 管理番号.
    pub order_no: String,
    /// 出荷予定日.
    pub ship_on: String,
    /// Name of the first recipient.
    pub name: String,
    /// Goods with units.
    pub goods: Vec<(String, i64)>,
    /// Units in all.
    pub units: i64,
}

fn chosen(line: &Line) -> String {
    let mut parts = vec![line.variant.text().to_owned()];
    parts.extend(
        line.options
            .iter()
            .map(|o| if o.name.is_empty() { o.value.clone() } else { format!("{}：{}", o.name, o.value) }),
    );
    parts.retain(|p| !p.trim().is_empty());
    parts.join("／")
}

fn units(line: &Line) -> i64 {
    line.quantity.saturating_sub(line.cancelled_quantity).max(0)
}

/// Goods by SKU, in the order of SKU and name. What a buyer chose makes goods of their own: they are fetched apart.
#[must_use]
pub fn picks(papers: &[OrderPaper]) -> Vec<Pick> {
    let mut found = BTreeMap::<(String, String, String), Pick>::new();
    for paper in papers {
        for line in paper.content.iter().flat_map(|c| &c.lines).filter(|l| units(l) > 0) {
            let sku = line.sku.value().or(line.item_code.value()).cloned().unwrap_or_default();
            let key = (sku, line.title.text().to_owned(), chosen(line));
            let pick = found.entry(key.clone()).or_insert_with(|| Pick {
                sku: key.0,
                title: key.1,
                chosen: key.2,
                units: 0,
                orders: Vec::new(),
            });
            pick.units = pick.units.saturating_add(units(line));
            let order_no = paper.row.order_no.as_str();
            match pick.orders.last_mut().filter(|(no, _)| no == order_no) {
                Some((_, n)) => *n = n.saturating_add(units(line)),
                None => pick.orders.push((order_no.to_owned(), units(line))),
            }
        }
    }
    found.into_values().collect()
}

/// Goods order by order.
#[must_use]
pub fn by_order(papers: &[OrderPaper]) -> Vec<OrderPick> {
    papers
        .iter()
        .map(|paper| {
            let lines = paper.content.iter().flat_map(|c| &c.lines).filter(|l| units(l) > 0);
            let goods: Vec<(String, i64)> = lines
                .map(|l| {
                    let chosen = chosen(l);
                    let gap = if chosen.is_empty() { "" } else { " " };
                    (format!("{}{gap}{chosen}", l.title.text()), units(l))
                })
                .collect();
            OrderPick {
                order_no: paper.row.order_no.0.clone(),
                ship_on: paper.row.ship_on.as_deref().map(crate::words::day).unwrap_or_default(),
                name: paper.row.head.as_ref().map(|h| h.recipient.clone()).unwrap_or_default(),
                units: goods.iter().map(|(_, n)| *n).sum(),
                goods,
            }
        })
        .collect()
}
