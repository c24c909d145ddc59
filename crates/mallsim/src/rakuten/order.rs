//! An order as RMS holds it (document 2.3), and nothing about how it is written or changed.

use std::sync::Arc;

use super::traits::Trait;
use crate::people::Person;

/// "Not yet decided" in a money field.
pub(crate) const UNDECIDED: i64 = -9999;

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub number: String,
    pub shop: u64,
    pub traits: Vec<Trait>,
    pub progress: i64,
    /// Grows with every status move, so that timers of an earlier status do nothing.
    pub stage: u32,
    /// Grows with every change, so that a rendered document is known to be old.
    pub revision: u64,
    pub sub_status: Option<i64>,
    pub ordered_ms: i64,
    pub confirmed_ms: Option<i64>,
    pub fixed_ms: Option<i64>,
    pub reported_ms: Option<i64>,
    pub settled_ms: Option<i64>,
    /// Prepaid: not paid yet.
    pub awaits_payment: bool,
    pub rakuten_check: bool,
    /// Held by the control API: stays in 200.
    pub held: bool,
    pub hidden: bool,
    pub listed_from_ms: i64,
    pub readable_from_ms: i64,
    pub delivery_date: Option<String>,
    pub shipping_term: Option<i64>,
    pub remarks: Option<String>,
    pub gift: bool,
    pub order_type: i64,
    pub reserve_number: Option<String>,
    pub caution: i64,
    pub caution_detail: Option<i64>,
    pub carrier_code: i64,
    pub modified: bool,
    pub one_day: bool,
    pub memo: Option<String>,
    pub operator: Option<String>,
    pub mail_plug: Option<String>,
    pub delivery_name: &'static str,
    pub delivery_class: Option<i64>,
    pub buyer: Person,
    pub mail: String,
    pub payment: Payment,
    pub used_points: i64,
    pub wrapping: [Option<Wrapping>; 2],
    pub packages: Vec<Package>,
    pub coupons: Vec<Coupon>,
    pub changes: Vec<Change>,
    /// (type, date)
    pub due_dates: Vec<(i64, String)>,
    pub rendered: Vec<(i64, u64, Arc<str>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub code: i64,
    pub name: &'static str,
    /// 1 楽天市場の共通決済手段, 0 選択制決済.
    pub common: bool,
    pub charge: i64,
    pub fee_to_user: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Wrapping {
    pub title: i64,
    pub name: &'static str,
    pub price: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub basket_id: i64,
    pub postage: i64,
    pub cod_fee: i64,
    pub noshi: Option<String>,
    pub deleted: bool,
    pub recipient: Person,
    pub items: Vec<Item>,
    pub shipping: Vec<Shipment>,
    pub cvs: bool,
    pub carrier: &'static str,
    pub drop_off: Option<&'static str>,
    pub social: Option<SocialGift>,
}

#[derive(Debug, Clone)]
pub(crate) struct SocialGift {
    pub number: String,
    pub due: String,
    /// Who will be entered, and when it was.
    pub receiver: Person,
    pub entered_ms: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub detail_id: i64,
    pub item_id: i64,
    pub name: String,
    pub number: Option<String>,
    pub manage_number: String,
    pub price: i64,
    pub units: i64,
    pub postage_included: bool,
    pub tax_included: bool,
    pub choice: Option<String>,
    pub lead_time: Option<&'static str>,
    pub deleted: bool,
    /// Percent.
    pub rate: i64,
    pub price_with_tax: i64,
    pub variant: String,
    pub own_sku: Option<String>,
    pub sku_info: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shipment {
    pub detail_id: i64,
    pub number: Option<String>,
    pub company: Option<String>,
    pub date: Option<String>,
}

impl Shipment {
    /// 3.5: a record counts only with carrier, number and date.
    pub fn complete(&self) -> bool {
        self.number.is_some() && self.company.is_some() && self.date.is_some()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Coupon {
    pub code: String,
    pub name: &'static str,
    /// 1 the shop pays, 2 and 3 Rakuten pays.
    pub capital: i64,
    pub price: i64,
    pub unit: i64,
    /// Line it is bound to: (itemId, itemDetailId); the whole order without.
    pub line: Option<(i64, i64)>,
    pub expires: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub id: i64,
    pub kind: i64,
    pub detail: Option<i64>,
    /// 0 shop, 1 buyer.
    pub by_buyer: Option<bool>,
    pub reason: Option<i64>,
    pub applied_ms: Option<i64>,
    pub fixed_ms: Option<i64>,
    pub done_ms: Option<i64>,
}

impl Order {
    pub fn has(&self, what: Trait) -> bool {
        self.traits.contains(&what)
    }

    pub fn live_packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|p| !p.deleted)
    }

    /// Records through all live packages.
    pub fn shipments(&self) -> impl Iterator<Item = &Shipment> {
        self.live_packages().flat_map(|p| p.shipping.iter())
    }

    /// 3.5: every live package has records, and every record is complete.
    pub fn fully_shipped(&self) -> bool {
        let mut any = false;
        self.live_packages().all(|p| {
            any = true;
            !p.shipping.is_empty() && p.shipping.iter().all(Shipment::complete)
        }) && any
    }

    pub fn cancelled(&self) -> bool {
        matches!(self.progress, 800 | 900)
    }

    pub fn listed(&self, now_ms: i64) -> bool {
        !self.hidden && self.listed_from_ms <= now_ms
    }
}

impl Package {
    pub fn live_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|i| !i.deleted)
    }
}
