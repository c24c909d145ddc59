//! `Search/Condition` of orderList (document 3.1): which orders a search means. Judges one order at a time and knows
//! nothing of pages and replies.

use super::codes::Refusal;
use super::fields;
use super::order::Order;
use super::traits::YahooTrait as Trait;
use super::when;
use super::xml::Node;
use crate::jst;

/// One of these, or `OrderId`, must be there.
const NEEDED: &[&str] = &[
    "OrderId",
    "OrderTime",
    "OrderTimeFrom",
    "OrderTimeTo",
    "PublicationTimeFrom",
    "PublicationTimeTo",
    "PayMethodChangeDeadlineFrom",
    "PayMethodChangeDeadlineTo",
];

/// A search as asked.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    /// Start and end, both included (inferred), by the time they look at.
    times: Vec<(Time, Option<i64>, Option<i64>)>,
    /// Field name and the values it may have.
    equal: Vec<(String, Vec<String>)>,
    /// Dates `YYYY-MM-DD` by field, both ends included.
    days: Vec<(&'static str, Option<String>, Option<String>)>,
    show_held: bool,
    read_only_mode: i64,
    line_gift_display: i64,
    line_gift_shippable: i64,
    request_date: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Ordered,
    Published,
    PayChange,
    ShipBy,
}

fn whole(text: &str, key: &str, most: i64) -> Result<i64, Refusal> {
    text.parse().ok().filter(|n| (0..=most).contains(n)).ok_or_else(|| Refusal::parameter(key))
}

/// Reads the conditions; unknown keys and malformed values are refused.
pub(crate) fn read(condition: &Node) -> Result<Conditions, Refusal> {
    let mut found = Conditions::default();
    let filled = |key: &str| condition.text_at(&[key]).is_some();
    if !NEEDED.iter().any(|key| filled(key)) {
        return Err(Refusal::parameter("Condition"));
    }
    for node in condition.children.iter().filter(|n| !n.text.is_empty()) {
        let (key, text) = (node.name.as_str(), node.text.as_str());
        if !fields::holds(fields::CONDITION, key) {
            return Err(Refusal::parameter(key));
        }
        if !found.read_time(key, text)? && !found.read_day(key, text)? {
            found.read_value(key, text)?;
        }
    }
    Ok(found)
}

impl Conditions {
    fn read_time(&mut self, key: &str, text: &str) -> Result<bool, Refusal> {
        let times = [
            ("OrderTime", Time::Ordered),
            ("PublicationTime", Time::Published),
            ("PayMethodChangeDeadline", Time::PayChange),
            ("ShippingDeadline", Time::ShipBy),
        ];
        let Some((rest, time)) = times.iter().find_map(|(n, t)| key.strip_prefix(n).map(|r| (r, *t))) else {
            return Ok(false);
        };
        let at = when::parse_14(text).ok_or_else(|| Refusal::parameter(key))?;
        let (from, to) = match rest {
            "From" => (Some(at), None),
            "To" => (None, Some(at)),
            _ => (Some(at), Some(at)),
        };
        self.times.push((time, from, to));
        Ok(true)
    }

    fn read_day(&mut self, key: &str, text: &str) -> Result<bool, Refusal> {
        let days = ["ReleaseDate", "ShipRequestDate", "ShipDate", "GetPointFixDate", "GetStoreBonusFixDate"];
        let Some((rest, name)) = days.iter().find_map(|n| key.strip_prefix(n).map(|r| (r, *n))) else {
            return Ok(false);
        };
        if rest == "No" {
            self.request_date = whole(text, key, 2)?;
            return Ok(true);
        }
        let day = when::day_of_8(text).ok_or_else(|| Refusal::parameter(key))?;
        let (from, to) = match rest {
            "From" => (Some(day), None),
            "To" => (None, Some(day)),
            _ => (Some(day.clone()), Some(day)),
        };
        self.days.push((name, from, to));
        Ok(true)
    }

    fn read_value(&mut self, key: &str, text: &str) -> Result<(), Refusal> {
        match key {
            "FraudHoldDisplayType" => self.show_held = whole(text, key, 1)? == 1,
            "ReadOnlyMode" => self.read_only_mode = whole(text, key, 2)?,
            "LineGiftDisplayType" => self.line_gift_display = whole(text, key, 2)?,
            "LineGiftShippableType" => self.line_gift_shippable = whole(text, key, 2)?,
            _ => {
                let most = match key {
                    "OrderStatus" => Some(1..=5),
                    "ShipStatus" => Some(0..=4),
                    "PayStatus" => Some(0..=1),
                    "SettleStatus" => Some(1..=12),
                    "StoreStatus" => Some(1..=10),
                    _ => None,
                };
                let values: Vec<String> = text.split(',').map(|v| v.trim().to_owned()).collect();
                let fits =
                    |v: &String| v.parse::<i64>().is_ok_and(|n| most.as_ref().is_none_or(|m| m.contains(&n)));
                let flag = key.starts_with("Is") && text != "true" && text != "false";
                if (most.is_some() && !values.iter().all(fits)) || flag {
                    return Err(Refusal::parameter(key));
                }
                self.equal.push((key.to_owned(), values));
            }
        }
        Ok(())
    }

    /// Whether the search means this order.
    pub fn mean(&self, order: &Order, now_ms: i64) -> bool {
        let read_only = order.read_only(now_ms);
        let shown = order.listed(now_ms)
            && (self.show_held || !order.held())
            && match self.read_only_mode {
                0 => !read_only,
                1 => read_only,
                _ => true,
            };
        shown
            && self.times.iter().all(|(time, from, to)| {
                let at = match time {
                    Time::Ordered => Some(order.ordered_ms),
                    Time::Published => order.published_ms,
                    Time::PayChange => order.pay_change_until_ms,
                    Time::ShipBy => order.ship_by_ms,
                };
                // the mall counts in seconds
                let at = at.map(|at| at - at.rem_euclid(1000));
                at.is_some_and(|at| from.is_none_or(|f| f <= at) && to.is_none_or(|t| at <= t))
            })
            && self.days.iter().all(|(name, from, to)| {
                let days = days_of(order, name, now_ms);
                days.iter()
                    .any(|d| from.as_ref().is_none_or(|f| f <= d) && to.as_ref().is_none_or(|t| d <= t))
            })
            && self.equal.iter().all(|(key, values)| equals(order, key, values, now_ms))
            && self.gifts(order)
            && match self.request_date {
                1 => !order.text("ShipRequestDate").is_empty(),
                2 => order.text("ShipRequestDate").is_empty(),
                _ => true,
            }
    }

    fn gifts(&self, order: &Order) -> bool {
        let gift = order.has(Trait::LineGift);
        (match self.line_gift_display {
            1 => gift,
            2 => !gift,
            _ => true,
        }) && match self.line_gift_shippable {
            1 => !gift || order.gift_shippable,
            2 => gift && !order.gift_shippable,
            _ => true,
        }
    }
}

fn days_of(order: &Order, name: &str, now_ms: i64) -> Vec<String> {
    match name {
        "ReleaseDate" => order.items.iter().filter_map(|i| i.release_ms).map(jst::date).collect(),
        "GetPointFixDate" | "GetStoreBonusFixDate" => order.items.iter().map(|i| i.field(name)).collect(),
        _ => vec![order.field(name, now_ms)].into_iter().filter(|d| !d.is_empty()).collect(),
    }
}

fn equals(order: &Order, key: &str, values: &[String], now_ms: i64) -> bool {
    let any = |value: &str| values.iter().any(|v| v == value);
    match key {
        "ShipInvoiceNumber" => any(order.text("ShipInvoiceNumber1")) || any(order.text("ShipInvoiceNumber2")),
        "ItemId" | "Title" | "SubCode" => order.items.iter().any(|i| any(i.text(key))),
        // these find auction orders only, by any line
        "ItemYahooAucId" | "ItemYahooAucMerchantId" => order.items.iter().any(|i| any(i.text(key))),
        // the older keys return nothing now (3.1)
        "YahooAuctionId" | "YahooAuctionMerchantId" => false,
        // the reply's own shop; checked by the gate already
        "SellerId" => true,
        _ => any(&order.field(key, now_ms)),
    }
}
