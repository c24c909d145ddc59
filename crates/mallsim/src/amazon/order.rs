//! An order as Amazon holds it (document 2.1), and nothing about how it is written or changed.

use super::traits::AmazonTrait;
use crate::people::Person;

/// `fulfillment.fulfillmentStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    PendingAvailability,
    Pending,
    Unshipped,
    PartiallyShipped,
    Shipped,
    Cancelled,
    Unfulfillable,
}

impl Status {
    pub const ALL: [Self; 7] = [
        Self::PendingAvailability,
        Self::Pending,
        Self::Unshipped,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::Cancelled,
        Self::Unfulfillable,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::PendingAvailability => "PENDING_AVAILABILITY",
            Self::Pending => "PENDING",
            Self::Unshipped => "UNSHIPPED",
            Self::PartiallyShipped => "PARTIALLY_SHIPPED",
            Self::Shipped => "SHIPPED",
            Self::Cancelled => "CANCELLED",
            Self::Unfulfillable => "UNFULFILLABLE",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Nothing is paid yet.
    pub fn pending(self) -> bool {
        matches!(self, Self::PendingAvailability | Self::Pending)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub number: String,
    /// Index of the seller.
    pub shop: usize,
    pub traits: Vec<AmazonTrait>,
    pub status: Status,
    /// Grows with every status move, so that timers of an earlier status do nothing.
    pub stage: u32,
    pub created_ms: i64,
    pub updated_ms: i64,
    /// Held by the control API: stays PENDING.
    pub held: bool,
    pub hidden: bool,
    pub listed_from_ms: i64,
    pub alias: Option<String>,
    pub replaces: Option<String>,
    pub level: &'static str,
    pub ship_by: (i64, i64),
    pub deliver_by: (i64, i64),
    pub buyer: Person,
    pub recipient: Person,
    pub mail: String,
    pub company: Option<(&'static str, String)>,
    pub drop_off: Option<&'static str>,
    pub instruction: Option<String>,
    pub payments: Vec<(String, i64)>,
    pub lines: Vec<Line>,
    pub packages: Vec<Package>,
    pub cancelled: Option<(&'static str, String)>,
    /// Running number of packages the mall names itself.
    pub named: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Digits, sometimes with leading zeros.
    pub id: String,
    pub asin: String,
    pub title: String,
    pub sku: String,
    pub quantity: i64,
    /// One unit, tax inside.
    pub price: i64,
    pub shipping: i64,
    pub wrap: i64,
    pub cod_fee: i64,
    /// On goods and on shipping; positive.
    pub discount: i64,
    pub shipping_discount: i64,
    pub promotions: Vec<String>,
    pub points: i64,
    /// Message and wrapping level.
    pub gift: Option<(String, &'static str)>,
    pub window: Option<(i64, i64)>,
    pub cancel_request: Option<String>,
    pub customized: Option<String>,
    pub business: bool,
    /// Percent, for the tax inside.
    pub rate: i64,
}

impl Line {
    pub fn goods(&self) -> i64 {
        self.price * self.quantity
    }

    pub fn total(&self) -> i64 {
        self.goods() + self.shipping + self.wrap + self.cod_fee - self.discount - self.shipping_discount
    }
}

/// One package, as `packageReferenceId` names it (document 3).
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub reference: String,
    pub parcel: Parcel,
    /// What readers see; later than `parcel`.
    pub shown: Option<Parcel>,
    pub created_ms: i64,
    pub visible_ms: i64,
    pub delivered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub carrier: String,
    pub carrier_name: Option<String>,
    pub method: Option<String>,
    pub tracking: String,
    pub ship_ms: i64,
    /// Item id and quantity.
    pub items: Vec<(String, i64)>,
}

impl Parcel {
    pub fn quantity(&self, item: &str) -> i64 {
        let mine = self.items.iter().filter(|(id, _)| id == item);
        mine.fold(0, |sum: i64, (_, n)| sum.saturating_add(*n))
    }
}

impl Order {
    pub fn has(&self, what: AmazonTrait) -> bool {
        self.traits.contains(&what)
    }

    pub fn fba(&self) -> bool {
        self.has(AmazonTrait::Fba)
    }

    pub fn cod(&self) -> bool {
        self.has(AmazonTrait::Cod) || self.has(AmazonTrait::CodPartial)
    }

    pub fn total(&self) -> i64 {
        self.lines.iter().map(Line::total).sum()
    }

    pub fn listed(&self, now_ms: i64) -> bool {
        !self.hidden && self.listed_from_ms <= now_ms
    }

    /// Units of a line no package of the mall's own books carries yet, leaving one package out.
    pub fn open(&self, line: &Line, without: Option<&str>) -> i64 {
        let packages = self.packages.iter().filter(|p| without != Some(p.reference.as_str()));
        line.quantity - packages.map(|p| p.parcel.quantity(&line.id)).sum::<i64>()
    }

    /// Every unit is in a package.
    pub fn complete(&self) -> bool {
        self.status == Status::Shipped || self.lines.iter().all(|l| self.open(l, None) <= 0)
    }

    /// Units readers see as fulfilled.
    pub fn fulfilled(&self, line: &Line) -> i64 {
        if self.status == Status::Shipped {
            return line.quantity;
        }
        self.packages.iter().filter_map(|p| p.shown.as_ref()).map(|p| p.quantity(&line.id)).sum()
    }
}
