//! An order as the mall holds it (document 4.3–4.7), and how one of its fields reads by its name. Nothing about
//! replies, rights or what changes it.

use std::collections::BTreeMap;

use super::traits::YahooTrait as Trait;
use super::when;
use crate::jst;
use crate::people::Person;

/// Texts by field name.
pub(crate) type Texts = BTreeMap<&'static str, String>;

/// `OrderStatus` (4.3).
pub(crate) mod status {
    pub const RESERVED: i64 = 1;
    pub const WORKING: i64 = 2;
    pub const ON_HOLD: i64 = 3;
    pub const CANCELLED: i64 = 4;
    pub const COMPLETE: i64 = 5;
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// With the store's prefix.
    pub id: String,
    pub shop: usize,
    pub traits: Vec<Trait>,
    pub version: i64,
    pub ordered_ms: i64,
    pub updated_ms: i64,
    /// End of the buyer's ten minutes.
    pub read_only_until_ms: i64,
    pub listed_from_ms: i64,
    pub readable_from_ms: i64,
    pub hidden: bool,
    pub order_status: i64,
    pub ship_status: i64,
    pub pay_status: i64,
    pub settle_status: Option<i64>,
    /// `FraudHoldStatus`.
    pub fraud_hold: i64,
    pub published_ms: Option<i64>,
    pub seen: bool,
    /// `Suspect`.
    pub prank: i64,
    pub cancel_reason: Option<i64>,
    /// A cancel that was accepted and takes effect later.
    pub cancel_due: bool,
    /// First completion.
    pub completed_ms: Option<i64>,
    /// Accepted calls that said 完了.
    pub completions: usize,
    /// Last call that said 出荷済み.
    pub shipped_ms: Option<i64>,
    /// The numbers of each shipping notice mailed to the buyer.
    pub notices: Vec<String>,
    /// The receiver of a LINE gift, until the address is entered.
    pub receiver: Option<Person>,
    pub gift_shippable: bool,
    /// Until when the buyer may change the payment.
    pub pay_change_until_ms: Option<i64>,
    pub release_ms: Option<i64>,
    pub ship_by_ms: Option<i64>,
    pub subscription: Option<(i64, String)>,
    pub parent: Option<String>,
    pub children: Vec<String>,
    pub money: Money,
    pub items: Vec<Item>,
    /// Everything else of order, `Pay` and `Ship`.
    pub text: Texts,
    pub history: Vec<Change>,
}

/// `Detail` (4.6), yen with tax.
#[derive(Debug, Clone, Default)]
pub(crate) struct Money {
    pub postage: i64,
    pub wrapping: i64,
    pub charge: i64,
    pub discount: i64,
    pub adjustments: i64,
    pub points: i64,
    pub mall_coupon: i64,
    pub combined: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub line: i64,
    pub quantity: i64,
    pub unit_price: i64,
    /// Percent.
    pub rate: i64,
    pub release_ms: Option<i64>,
    pub coupon_discount: i64,
    /// Name, value, price.
    pub options: Vec<(String, String, i64)>,
    pub inscriptions: Vec<(String, String)>,
    pub text: Texts,
}

/// One `History` (5.2).
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub at_ms: i64,
    pub person: String,
    pub fields: Vec<(String, String)>,
}

fn flag(value: bool) -> String {
    value.to_string()
}

fn number(value: Option<i64>) -> String {
    value.map_or_else(String::new, |n| n.to_string())
}

impl Order {
    pub fn has(&self, what: Trait) -> bool {
        self.traits.contains(&what)
    }

    pub fn goods(&self) -> i64 {
        self.items.iter().map(|i| i.unit_price * i.quantity).sum()
    }

    /// The sum rule of 4.6.
    pub fn total(&self) -> i64 {
        let m = &self.money;
        self.goods() + m.wrapping + m.postage + m.charge - m.discount - m.points - m.mall_coupon
            + m.adjustments
    }

    /// Fraud is still suspected or certain: only a cancel is allowed (7).
    pub fn held(&self) -> bool {
        matches!(self.fraud_hold, 1 | 3)
    }

    pub fn read_only(&self, now_ms: i64) -> bool {
        now_ms < self.read_only_until_ms && self.order_status != status::CANCELLED
    }

    /// A split order lives on in its children (5.5).
    pub fn active(&self) -> bool {
        self.children.is_empty()
    }

    pub fn listed(&self, now_ms: i64) -> bool {
        !self.hidden && self.listed_from_ms <= now_ms
    }

    pub fn text(&self, name: &str) -> &str {
        self.text.get(name).map_or("", String::as_str)
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.text.insert(name, value.into());
    }

    /// The numbers as a notice would name them.
    pub fn numbers(&self) -> String {
        let second = self.text("ShipInvoiceNumber2");
        let first = self.text("ShipInvoiceNumber1");
        if second.is_empty() { first.to_owned() } else { format!("{first} {second}") }
    }

    fn date(&self, ms: i64) -> String {
        if self.has(Trait::OldDates) { jst::compact(ms) } else { when::iso(ms) }
    }

    fn dated(&self, ms: Option<i64>) -> String {
        ms.map_or_else(String::new, |ms| self.date(ms))
    }

    /// A field of the order, of `Pay`, `Ship` or `Detail`, or one that only `orderList` has.
    pub fn field(&self, name: &str, now_ms: i64) -> String {
        match name {
            "OrderId" => self.id.clone(),
            "Version" => self.version.to_string(),
            "ParentOrderId" => self.parent.clone().unwrap_or_default(),
            "OriginalOrderId" => self.parent.clone().unwrap_or_else(|| self.id.clone()),
            "ChildOrderId" => self.children.join(","),
            "IsSplit" => flag(!self.children.is_empty()),
            "IsActive" => flag(self.active()),
            "IsSeen" => flag(self.seen),
            "OrderTime" => self.date(self.ordered_ms),
            "LastUpdateTime" => self.date(self.updated_ms),
            "PublicationTime" => self.dated(self.published_ms),
            "PayMethodChangeDeadline" => self.dated(self.pay_change_until_ms),
            "IsPayMethodChangePossible" => flag(self.pay_change_until_ms.is_some_and(|t| now_ms < t)),
            "ShippingDeadline" => self.dated(self.ship_by_ms),
            "ReleaseDate" => self.release_ms.map_or_else(String::new, jst::date),
            "ExistMultiReleaseDate" => {
                let first = self.items.first().map(|i| i.release_ms);
                flag(self.items.iter().any(|i| Some(i.release_ms) != first))
            }
            "OrderStatus" => {
                if self.has(Trait::UnknownStatus) {
                    "9".to_owned()
                } else {
                    self.order_status.to_string()
                }
            }
            "ShipStatus" => self.ship_status.to_string(),
            "PayStatus" => self.pay_status.to_string(),
            "SettleStatus" => number(self.settle_status),
            "FraudHoldStatus" => self.fraud_hold.to_string(),
            "IsReadOnly" => i64::from(self.read_only(now_ms)).to_string(),
            "Suspect" => self.prank.to_string(),
            "CancelReason" => number(self.cancel_reason),
            "IsLineGiftShippable" => {
                if self.has(Trait::LineGift) {
                    flag(self.gift_shippable)
                } else {
                    String::new()
                }
            }
            "IsSubscription" => flag(self.subscription.is_some()),
            "SubscriptionId" => match &self.subscription {
                Some((from, id)) if *from <= now_ms => id.clone(),
                _ => String::new(),
            },
            "BuyerCommentsFlag" => flag(!self.text("BuyerComments").is_empty()),
            "NeedGiftWrapMessage" => flag(!self.text("GiftWrapMessage").is_empty()),
            "ItemYahooAucId" | "ItemYahooAucMerchantId" => {
                self.items.first().map_or_else(String::new, |i| i.field(name))
            }
            "TotalCouponDiscount" => self.items.iter().map(|i| i.coupon_discount).sum::<i64>().to_string(),
            _ => self.money_field(name).unwrap_or_else(|| self.text(name).to_owned()),
        }
    }

    fn money_field(&self, name: &str) -> Option<String> {
        let m = &self.money;
        let combined = self.has(Trait::CombinedPay);
        let value = match name {
            "PayCharge" => m.charge,
            "ShipCharge" => m.postage,
            "GiftWrapCharge" => m.wrapping,
            "Discount" => m.discount,
            "Adjustments" => m.adjustments,
            "UsePoint" => m.points,
            "TotalMallCouponDiscount" => m.mall_coupon,
            "TotalPrice" if self.has(Trait::RetypedField) => return Some(format!("{}円", self.total())),
            "TotalPrice" if self.has(Trait::BadSums) => self.total() + 777,
            "TotalPrice" | "SettleAmount" | "SettlePayAmount" => self.total(),
            "PayMethodAmount" if combined => self.total() - m.combined,
            "CombinedPayMethodAmount" if combined => m.combined,
            "GiftCardDiscount" | "RefundTotalPrice" | "TotalImmediateBonusAmount" => 0,
            _ => return None,
        };
        Some(value.to_string())
    }
}

impl Item {
    pub fn text(&self, name: &str) -> &str {
        self.text.get(name).map_or("", String::as_str)
    }

    /// A field of `Item` by its name; options and inscriptions are not fields.
    pub fn field(&self, name: &str) -> String {
        match name {
            "LineId" => self.line.to_string(),
            "Quantity" => self.quantity.to_string(),
            "UnitPrice" => self.unit_price.to_string(),
            "NonTaxUnitPrice" => (self.unit_price * 100 / (100 + self.rate)).to_string(),
            "ItemTaxRatio" => self.rate.to_string(),
            "IsTaxable" => "true".to_owned(),
            "CouponDiscount" => self.coupon_discount.to_string(),
            "ReleaseDate" => self.release_ms.map_or_else(String::new, jst::date),
            _ => self.text(name).to_owned(),
        }
    }
}
