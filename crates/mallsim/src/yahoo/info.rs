//! orderInfo (document 4) and orderChangeHistory (5.2).

use rand::Rng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::Yahoo;
use super::codes::{Refusal, answer};
use super::fields;
use super::generate;
use super::list::field_list;
use super::order::{Item, Order};
use super::traits::YahooTrait as Trait;
use super::xml::{Node, Xml};
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

const RESULT_SET: &str = r#" totalResultsAvailable="1" totalResultsReturned="1" firstResultPosition="1""#;
/// Attribute order differs, too (4.2).
const RESULT_SET_TURNED: &str =
    r#" firstResultPosition="1" totalResultsReturned="1" totalResultsAvailable="1""#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Order,
    Pay,
    Ship,
    Detail,
    Item,
    Seller,
    Buyer,
}

impl Group {
    const ALL: [Self; 7] =
        [Self::Order, Self::Pay, Self::Ship, Self::Detail, Self::Item, Self::Seller, Self::Buyer];

    fn names(self) -> &'static str {
        match self {
            Self::Order => fields::ORDER,
            Self::Pay => fields::PAY,
            Self::Ship => fields::SHIP,
            Self::Detail => fields::DETAIL,
            Self::Item => fields::ITEM,
            Self::Seller => fields::SELLER,
            Self::Buyer => fields::BUYER,
        }
    }

    fn element(self) -> &'static str {
        match self {
            Self::Order => "",
            Self::Pay => "Pay",
            Self::Ship => "Ship",
            Self::Detail => "Detail",
            Self::Item => "Item",
            Self::Seller => "Seller",
            Self::Buyer => "Buyer",
        }
    }
}

/// Writes texts as carelessly as the mall does.
struct Pen<'a> {
    xml: &'a mut Xml,
    rng: &'a mut ChaCha8Rng,
    loose: f64,
}

impl Pen<'_> {
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() && self.rng.random_bool(self.loose) {
            self.xml.loose_text(name, text);
        } else {
            self.xml.text(name, text);
        }
    }

    /// An element with what `inside` writes.
    fn element(&mut self, name: &str, inside: impl FnOnce(&mut Pen<'_>)) {
        let (rng, loose) = (&mut *self.rng, self.loose);
        self.xml.element(name, "", |xml| inside(&mut Pen { xml, rng, loose }));
    }
}

impl Yahoo {
    pub(crate) fn order_info(&self, shop: usize, body: &Node, ctx: &Ctx<'_>) -> Reply {
        match self.order_info_or(shop, body, ctx) {
            Ok(reply) => reply,
            Err(refusal) => refusal.reply(),
        }
    }

    fn order_info_or(&self, shop: usize, body: &Node, ctx: &Ctx<'_>) -> Result<Reply, Refusal> {
        let id = body.text_at(&["Target", "OrderId"]).ok_or_else(|| Refusal::parameter("OrderId"))?;
        let known = Group::ALL.map(Group::names);
        let asked = field_list(body.text_at(&["Target", "Field"]), &known)?;
        let index = self.find(shop, id).ok_or_else(Refusal::unknown_order)?;
        let order = self.orders.get(index).filter(|o| !o.hidden).ok_or_else(Refusal::unknown_order)?;
        if ctx.now_ms < order.readable_from_ms {
            return Err(Refusal::trouble());
        }
        let seller = self.shops.get(shop).map_or("", |s| s.seller.as_str());
        let salt = u64::try_from(index).unwrap_or(0).wrapping_shl(16) ^ order.version.unsigned_abs();
        let mut rng = generate::source(self.seed ^ 0x0DE5, shop, salt);
        let attributes = if rng.random_bool(0.5) { RESULT_SET } else { RESULT_SET_TURNED };
        let mut xml = Xml::with_capacity(256 + asked.len() * 64);
        xml.element("ResultSet", attributes, |x| {
            x.element("Result", "", |x| {
                x.plain("Status", "OK");
                let loose = ctx.settings.yahoo.loose_share.clamp(0.0, 1.0);
                let mut pen = Pen { xml: x, rng: &mut rng, loose };
                pen.element("OrderInfo", |p| order_info(p, order, seller, &asked, ctx.now_ms));
            });
        });
        Ok(answer(200, xml))
    }

    pub(crate) fn order_history(&self, shop: usize, request: &Request) -> Reply {
        let id = request.query_value("orderId").unwrap_or_default();
        let Some(order) = self.find(shop, &id).and_then(|i| self.orders.get(i)) else {
            return Refusal::unknown_order().reply();
        };
        let mut xml = Xml::with_capacity(4096);
        xml.element("ResultSet", RESULT_SET, |x| {
            x.element("Result", "", |x| {
                x.plain("Status", "OK");
                for (n, change) in (1..).zip(&order.history) {
                    x.element("History", "", |x| {
                        x.plain("HistoryId", &n.to_string());
                        x.text("UpdateTime", &super::when::iso(change.at_ms));
                        x.text("UpdatePerson", &change.person);
                        for (name, value) in &change.fields {
                            history_change(x, name, value);
                        }
                        if n == 1 {
                            birth_rest(x, order);
                        }
                    });
                }
            });
        });
        answer(200, xml)
    }
}

/// Some names differ from orderInfo, and values of personal data come empty (5.2).
fn history_change(xml: &mut Xml, name: &str, value: &str) {
    let told = match name {
        "ShipCharge" => "ShippingCharge",
        "Notes" => "Note",
        other => other,
    };
    xml.element("Change", "", |x| {
        x.text("Field", told);
        x.text("Value", if fields::personal(name) { "" } else { value });
    });
}

/// `HistoryId` 1 lists all fields of the order's birth.
fn birth_rest(xml: &mut Xml, order: &Order) {
    for name in ["ShipCharge", "PayCharge", "UsePoint"] {
        history_change(xml, name, &order.field(name, order.ordered_ms));
    }
    for (name, value) in &order.text {
        history_change(xml, name, value);
    }
    for item in &order.items {
        for name in ["ItemId", "Quantity", "UnitPrice"] {
            xml.element("Change", "", |x| {
                x.element("Item", "", |x| {
                    x.plain("LineId", &item.line.to_string());
                    x.text("Field", name);
                    x.text("Value", &item.field(name));
                });
            });
        }
    }
}

/// The groups of one order, in an order of their own (4.2).
fn order_info(pen: &mut Pen<'_>, order: &Order, seller: &str, asked: &[&str], now_ms: i64) {
    let mut groups = Group::ALL;
    groups.shuffle(pen.rng);
    for group in groups {
        let names: Vec<&str> = asked.iter().filter(|n| fields::holds(group.names(), n)).copied().collect();
        if names.is_empty() {
            continue;
        }
        match group {
            Group::Order => order_fields(pen, order, &names, now_ms),
            Group::Item => {
                for item in &order.items {
                    pen.element("Item", |p| item_fields(p, item, &names));
                }
            }
            Group::Seller => pen.element("Seller", |p| {
                for name in &names {
                    p.text(name, if *name == "SellerId" { seller } else { "" });
                }
            }),
            _ => pen.element(group.element(), |p| order_fields(p, order, &names, now_ms)),
        }
    }
    if order.has(Trait::UnknownValue) {
        pen.element("MihonNewGroup", |p| p.text("MihonNewField", "1"));
    }
}

fn order_fields(pen: &mut Pen<'_>, order: &Order, names: &[&str], now_ms: i64) {
    for name in names {
        if order.has(Trait::MissingField) && matches!(*name, "OrderTime" | "ShipZipCode" | "TotalPrice") {
            continue;
        }
        if matches!(*name, "NeedBillSlip" | "IsRoyaltyFix") {
            // twice, as in the official sample (10, trap 4); the last one counts
            pen.text(name, "");
        }
        pen.text(name, &order.field(name, now_ms));
    }
}

fn item_fields(pen: &mut Pen<'_>, item: &Item, names: &[&str]) {
    for name in names {
        match *name {
            "ItemOption" if item.options.is_empty() => pen.xml.text("ItemOption", ""),
            "ItemOption" => {
                for (index, (name, value, price)) in (1..).zip(&item.options) {
                    pen.element("ItemOption", |p| {
                        p.xml.plain("Index", &index.to_string());
                        p.text("Name", name);
                        p.text("Value", value);
                        p.xml.plain("Price", &price.to_string());
                    });
                }
            }
            "Inscription" => {
                for (index, (name, value)) in (1..).zip(&item.inscriptions) {
                    pen.element("Inscription", |p| {
                        p.xml.plain("Index", &index.to_string());
                        p.text("Name", name);
                        p.text("Value", value);
                    });
                }
            }
            _ => pen.text(name, &item.field(name)),
        }
    }
}
