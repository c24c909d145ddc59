//! orderShipStatusChange (document 6.1): the shipping notice. Counts what each notice mails to the buyer, because a
//! second one is what a shop would suffer from.

use super::Yahoo;
use super::change::{Target, point_fix};
use super::codes::{self, Refusal, Warning, changed};
use super::life::Step;
use super::order::{Order, status};
use super::traits::YahooTrait as Trait;
use super::when;
use super::xml::Node;
use crate::effects::Effect;
use crate::mall::Ctx;
use crate::wire::Reply;

/// Elements of `Order/Ship` that are taken over as they are.
const PLAIN: [&str; 9] = [
    "ShipMethod",
    "ShipNotes",
    "ShipUrl",
    "CashOnDeliveryTax",
    "IsEazy",
    "EazyDeliveryCode",
    "EazyDeliveryName",
    "IsMallContactlessDelivery",
    "ShipInstructStatus",
];
const DATES: [&str; 3] = ["ShipDate", "ArrivalDate", "CollectionDate"];
const NUMBERS: [&str; 2] = ["ShipInvoiceNumber1", "ShipInvoiceNumber2"];
const CARRIER: &str = "ShipCompanyCode";
const NO_NUMBER: &str = "ShipInvoiceNumberEmptyReason";

/// A request after all checks that need no order.
#[derive(Debug)]
struct Wanted {
    status: i64,
    /// What is to be written; an empty element clears.
    texts: Vec<(&'static str, String)>,
}

impl Wanted {
    fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(n, _)| *n == name).map(|(_, t)| t.as_str())
    }

    /// The value after the change.
    fn then<'a>(&'a self, order: &'a Order, name: &str) -> &'a str {
        self.text(name).unwrap_or_else(|| order.text(name))
    }
}

fn wanted(body: &Node) -> Result<Wanted, Refusal> {
    point_fix(body, true)?;
    let none = Node::default();
    let ship = body.at(&["Order", "Ship"]).unwrap_or(&none);
    let code = ship.text_at(&["ShipStatus"]).and_then(|t| t.parse::<i64>().ok());
    let code = code.filter(|s| (0..=4).contains(s)).ok_or_else(|| Refusal::parameter("ShipStatus"))?;
    let mut texts = Vec::new();
    for node in ship.children.iter().filter(|n| n.name != "ShipStatus") {
        let known = PLAIN.iter().chain(&DATES).chain(&NUMBERS).chain([&CARRIER, &NO_NUMBER]);
        let name = known.copied().find(|n| *n == node.name);
        let name = name.ok_or_else(|| Refusal::parameter(&node.name))?;
        let text = node.text.as_str();
        let value = match name {
            _ if text.is_empty() => String::new(),
            _ if DATES.contains(&name) => when::day_of_8(text).ok_or_else(|| Refusal::parameter(name))?,
            _ if fits(name, text) => text.to_owned(),
            _ => return Err(Refusal::parameter(name)),
        };
        texts.retain(|(n, _)| *n != name);
        texts.push((name, value));
    }
    // the carrier tied to the method wins
    let method = texts.iter().find(|(n, _)| *n == "ShipMethod").map(|(_, t)| t.as_str());
    if let Some(tied) = method.and_then(codes::tied_carrier) {
        texts.retain(|(n, _)| *n != CARRIER);
        texts.push((CARRIER, tied.to_owned()));
    }
    Ok(Wanted { status: code, texts })
}

fn fits(name: &str, text: &str) -> bool {
    match name {
        "ShipMethod" => codes::ship_method(text),
        "ShipNotes" => text.len() <= 500,
        "ShipUrl" => text.len() <= 100 && text.is_ascii(),
        "ShipInstructStatus" => text == "103",
        "EazyDeliveryCode" => matches!(text.parse::<u8>(), Ok(0..=7)),
        CARRIER => codes::carrier(text),
        NO_NUMBER => matches!(text, "101" | "102" | "103" | "104" | "105"),
        _ => true,
    }
}

/// The rules that look at what is stored, too (6.1).
fn consistent(wanted: &Wanted, order: &Order) -> Result<(), Refusal> {
    let carrier = wanted.then(order, CARRIER);
    for name in NUMBERS {
        let number = wanted.text(name).unwrap_or_default();
        if !number.is_empty() && !codes::number_fits(number, carrier) {
            return Err(Refusal::parameter(name));
        }
    }
    let numbered = NUMBERS.iter().any(|n| !wanted.then(order, n).is_empty());
    if numbered && !wanted.then(order, NO_NUMBER).is_empty() {
        return Err(Refusal::parameter(NO_NUMBER));
    }
    Ok(())
}

impl Yahoo {
    pub(crate) fn change_ship_status(&mut self, shop: usize, body: &Node, ctx: &mut Ctx<'_>) -> Reply {
        match self.ship_status_or(shop, body, ctx) {
            Ok(warnings) => changed(&warnings),
            Err(refusal) => refusal.reply(),
        }
    }

    fn ship_status_or(
        &mut self,
        shop: usize,
        body: &Node,
        ctx: &mut Ctx<'_>,
    ) -> Result<Vec<Warning>, Refusal> {
        let wanted = wanted(body)?;
        let Target { index, person } = self.target(shop, body)?;
        self.touchable(index, false, ctx)?;
        let Some(order) = self.orders.get_mut(index) else { return Err(Refusal::unknown_order()) };
        match order.order_status {
            status::CANCELLED => return Err(Refusal::not_allowed("CancelOrder OrderStatus")),
            // the store manual says that an order on hold cannot be edited (5.3)
            status::ON_HOLD => return Err(Refusal::not_allowed("Holding OrderStatus")),
            _ => {}
        }
        if order.has(Trait::LineGift) && !order.gift_shippable && wanted.status > 0 {
            return Err(Refusal::not_allowed("IsLineGiftShippable"));
        }
        consistent(&wanted, order)?;
        let mut warnings = Vec::new();
        if order.order_status == status::COMPLETE && order.text("PayMethod") == "payment_a1" {
            warnings.push(Warning::new("od91113"));
        }
        let before = [CARRIER, "ShipInvoiceNumber1", "ShipInvoiceNumber2"].map(|n| order.text(n).to_owned());
        for (name, value) in &wanted.texts {
            order.set(name, value.clone());
        }
        order.seen = true;
        if wanted.status == 3 {
            if order.ship_status >= 3 && ctx.settings.yahoo.ship_again_warns {
                warnings.push(Warning::new("od91705"));
            }
            self.notice(index, &before, ctx);
        }
        self.set_ship_status(index, wanted.status, &person, ctx);
        Ok(warnings)
    }

    /// The buyer is told that the parcel is on its way; that every such call mails is inferred.
    fn notice(&mut self, index: usize, before: &[String; 3], ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let now = ctx.now_ms;
        let again = !order.notices.is_empty();
        let numbers = order.numbers();
        if order.notices.contains(&numbers) {
            ctx.effects.note("yahoo.ship_notice_again");
        } else if again {
            ctx.effects.note("yahoo.number_changed_after_shipping");
        }
        let [carrier, old_first, old_second] = before;
        for (name, old) in [("1", old_first), ("2", old_second)] {
            let number = order.text(if name == "1" { "ShipInvoiceNumber1" } else { "ShipInvoiceNumber2" });
            if number.is_empty() && (again || name != "1") {
                continue;
            }
            let (basket, detail_id) = (String::new(), name.to_owned());
            let now_carrier = order.text(CARRIER).to_owned();
            let (number, date) = (number.to_owned(), order.text("ShipDate").to_owned());
            let effect = if !again {
                Effect::ShippingAdded { basket, detail_id, carrier: now_carrier, number, date }
            } else if *old != number || *carrier != now_carrier {
                Effect::ShippingUpdated { basket, detail_id, carrier: now_carrier, number, date }
            } else {
                continue;
            };
            ctx.effects.record(&order.id, now, effect);
        }
        let effect = Effect::Mailed { about: "shipped".to_owned(), number: numbers.clone() };
        ctx.effects.record(&order.id, now, effect);
        order.notices.push(numbers);
        order.shipped_ms = Some(now);
        if let Some(after) = ctx.settings.yahoo.arrives_after_ms {
            self.step_at(now.saturating_add(after), index, Step::Arrived);
        }
    }
}
