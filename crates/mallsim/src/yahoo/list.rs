//! orderList (document 3) and orderCount (5.1).

use super::Yahoo;
use super::codes::{Refusal, answer};
use super::conditions;
use super::fields;
use super::order::{Order, status};
use super::traits::YahooTrait as Trait;
use super::xml::{Node, Xml};
use crate::mall::Ctx;
use crate::wire::Reply;

const MOST_HITS: usize = 2000;

/// One search as asked.
struct Asked<'a> {
    amount: usize,
    /// From 1.
    start: usize,
    newest_first: bool,
    fields: Vec<&'a str>,
}

/// A comma list of names, each known to `known`; empty and unknown names are refused (10, trap 8).
pub(crate) fn field_list<'a>(text: Option<&'a str>, known: &[&str]) -> Result<Vec<&'a str>, Refusal> {
    let text = text.filter(|t| t.len() <= 10_000).ok_or_else(|| Refusal::parameter("Field"))?;
    let names: Vec<&str> = text.split(',').collect();
    match names.iter().find(|n| !known.iter().any(|list| fields::holds(list, n))) {
        Some(unknown) => Err(Refusal::parameter(&format!("Field {unknown}"))),
        None => Ok(names),
    }
}

fn asked(search: &Node) -> Result<Asked<'_>, Refusal> {
    let number = |key: &str, usual: usize| match search.text_at(&[key]) {
        None => Ok(usual),
        Some(text) => text.parse().ok().filter(|n| *n > 0).ok_or_else(|| Refusal::parameter(key)),
    };
    let amount = number("Result", 10)?;
    if amount > MOST_HITS {
        return Err(Refusal::parameter("Result"));
    }
    let newest_first = match search.text_at(&["Sort"]) {
        None | Some("+order_time") => false,
        Some("-order_time") => true,
        Some(_) => return Err(Refusal::parameter("Sort")),
    };
    let fields = field_list(search.text_at(&["Field"]), &[fields::LIST])?;
    Ok(Asked { amount, start: number("Start", 1)?, newest_first, fields })
}

impl Yahoo {
    pub(crate) fn order_list(&self, shop: usize, body: &Node, ctx: &Ctx<'_>) -> Reply {
        let none = Node::default();
        let search = body.child("Search").unwrap_or(&none);
        let read = asked(search)
            .and_then(|a| conditions::read(search.child("Condition").unwrap_or(&none)).map(|c| (a, c)));
        let (asked, conditions) = match read {
            Ok(read) => read,
            Err(refusal) => return refusal.list_reply(),
        };
        let id = search.text_at(&["Condition", "OrderId"]);
        let own = self.shops.get(shop).map_or(&[][..], |s| s.orders.as_slice());
        let one = id.map(|id| self.find(shop, id).into_iter().collect::<Vec<_>>());
        let candidates = one.as_deref().unwrap_or(own);
        let all = candidates.iter().filter_map(|i| self.orders.get(*i));
        let mut hits: Vec<&Order> = all.filter(|o| conditions.mean(o, ctx.now_ms)).collect();
        if asked.newest_first {
            hits.reverse();
        }
        let page: Vec<&Order> = hits.iter().skip(asked.start - 1).take(asked.amount).copied().collect();
        let mut xml = Xml::with_capacity(256 + page.len() * (64 + asked.fields.len() * 48));
        xml.element("Result", "", |x| {
            x.plain("Status", "OK");
            x.element("Search", "", |x| {
                x.plain("TotalCount", &hits.len().to_string());
                if page.is_empty() && !hits.is_empty() {
                    // beyond the end (3.3)
                    x.empty("OrderInfo");
                }
                for (n, order) in page.iter().enumerate() {
                    x.element("OrderInfo", "", |x| {
                        x.plain("Index", &(asked.start + n).to_string());
                        for name in &asked.fields {
                            self.list_field(x, order, name, ctx.now_ms);
                        }
                    });
                }
            });
        });
        answer(200, xml)
    }

    fn list_field(&self, xml: &mut Xml, order: &Order, name: &str, now_ms: i64) {
        match name {
            "SellerId" => xml.text(name, self.shops.get(order.shop).map_or("", |s| &s.seller)),
            "OrderTime" if order.has(Trait::MissingField) => {}
            _ => xml.text(name, &order.field(name, now_ms)),
        }
    }

    pub(crate) fn order_count(&self, shop: usize, ctx: &Ctx<'_>) -> Reply {
        let seen = |o: &&Order| o.listed(ctx.now_ms) && !o.held() && !o.read_only(ctx.now_ms) && o.active();
        let all = self.orders.iter().filter(|o| o.shop == shop).filter(seen);
        let all: Vec<&Order> = all.collect();
        let count = |what: fn(&Order) -> bool| all.iter().filter(|o| what(o)).count();
        let working = |o: &Order| o.order_status == status::WORKING;
        let counts = [
            ("NewOrder", count(|o| o.order_status == status::WORKING && !o.seen)),
            ("NewReserve", count(|o| o.order_status == status::RESERVED && !o.seen)),
            (
                "WaitPayment",
                count(|o| o.order_status == status::WORKING && o.pay_status == 0 && o.text("PayType") == "1"),
            ),
            (
                "WaitShipping",
                all.iter()
                    .filter(|o| working(o) && o.ship_status <= 1)
                    .filter(|o| o.pay_status == 1 || o.text("PayType") == "0")
                    .count(),
            ),
            ("Shipping", count(|o| o.order_status == status::WORKING && o.ship_status == 2)),
            ("Reserve", count(|o| o.order_status == status::RESERVED)),
            ("Holding", count(|o| o.order_status == status::ON_HOLD)),
            ("WaitDone", count(|o| o.order_status == status::WORKING && o.ship_status >= 3)),
            ("Suspect", count(|o| o.prank > 0)),
            ("SettleError", count(|o| matches!(o.settle_status, Some(8 | 10)))),
            ("Refund", 0),
            ("AutoDone", 0),
            ("AutoWorking", 0),
            ("Release", count(|o| o.fraud_hold == 2 && !o.seen)),
            ("NoPayNumber", 0),
        ];
        let mut xml = Xml::with_capacity(1024);
        let attributes = r#" totalResultsAvailable="1" totalResultsReturned="1" firstResultPosition="1""#;
        xml.element("ResultSet", attributes, |x| {
            x.element("Result", "", |x| {
                x.plain("Status", "OK");
                x.element("Count", "", |x| {
                    for (name, n) in counts {
                        x.plain(name, &n.to_string());
                    }
                    for n in 1..=10 {
                        let own = all.iter().filter(|o| o.text("StoreStatus") == n.to_string()).count();
                        x.plain(&format!("StoreStatus{n}"), &own.to_string());
                    }
                });
            });
        });
        answer(200, xml)
    }
}
