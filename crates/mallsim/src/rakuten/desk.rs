//! 楽天 as the rest of the crate sees it: the mall's side of faults and of the control API. What control does here a
//! buyer, a receiver or shop staff in RMS could have done.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::generate::Recipe;
use super::license::Key;
use super::params::whole;
use super::traits::Trait;
use super::{Rakuten, credential_word, gate};
use crate::effects::{Duplicate, Effect};
use crate::jst::{DAY_MS, MOST_MS};
use crate::mall::{Caller, Ctx, Mall, OrderView, ShopView};
use crate::wire::{Reply, Request};

/// Bound of amounts control may set, so that sums stay sums.
const MOST_UNITS: i64 = 1_000_000_000;

/// `POST /_sim/orders`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    shop: Option<Value>,
    #[serde(default = "one")]
    count: usize,
    /// Exactly these traits; drawn as usual without.
    #[serde(default)]
    traits: Option<Vec<Trait>>,
    #[serde(default)]
    lines: Option<usize>,
    #[serde(default)]
    at_ms: Option<i64>,
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    hidden: bool,
}

fn one() -> usize {
    1
}

/// `POST /_sim/orders/{number}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Edit {
    /// New parts of the first recipient's address: `zip`, `prefecture`, `city`, `rest`, `family`, `first`.
    address: Option<BTreeMap<String, String>>,
    remarks: Option<String>,
    delivery_date: Option<String>,
    units: Option<Units>,
    /// Shop staff's memo.
    memo: Option<String>,
    /// The buyer cancels: 900, or 800 with `"applied"`.
    cancel: Option<Value>,
    status: Option<i64>,
    hold: Option<bool>,
    hidden: Option<bool>,
    paid: Option<bool>,
    /// The receiver of a social gift answers.
    gift_entered: Option<bool>,
    /// Postage for packages where it is open.
    postage: Option<i64>,
    readable_from_ms: Option<i64>,
    listed_from_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    #[serde(default)]
    line: usize,
    to: i64,
}

/// `POST /_sim/shops/{id}/key` and `POST /_sim/shops/{id}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShopChange {
    /// `renew` or `expire`.
    key: Option<String>,
    /// When an expiring key ends; now without.
    at_ms: Option<i64>,
    /// Functions switched off in RMS.
    functions_off: Option<Vec<String>>,
}

impl Mall for Rakuten {
    fn name(&self) -> &'static str {
        "rakuten"
    }

    fn owns(&self, request: &Request) -> bool {
        request.path.starts_with("/es/")
    }

    fn identify(&self, request: &Request) -> Caller {
        let secret = gate::credential(request).ok().map(|(secret, _)| secret);
        let shop = secret.and_then(|s| self.shops.iter().find(|shop| shop.secret == s));
        Caller { shop: shop.map(|s| s.id.to_string()), operation: gate::operation(&request.path) }
    }

    fn advance(&mut self, ctx: &mut Ctx<'_>) {
        for shop in 0..self.shops.len() {
            self.plan_arrival(shop, ctx);
        }
        self.run_timers(ctx);
    }

    fn serve(&mut self, request: &Request, late: bool, ctx: &mut Ctx<'_>) -> Reply {
        match self.admit(request, late, ctx) {
            Ok((op, shop)) => self.call(op, shop, request, ctx),
            Err(reply) => reply,
        }
    }

    fn list_pointer(&self, operation: &str) -> &'static str {
        match operation {
            "searchOrder" => "/orderNumberList",
            "getOrder" => "/OrderModelList",
            "getResultUpdateOrderShippingAsync" => "/ResultShippingModelList",
            "getSubStatusList" => "/StatusModelList",
            _ => "/MessageModelList",
        }
    }

    fn code_pointer(&self, index: usize) -> String {
        format!("/MessageModelList/{index}/messageCode")
    }

    fn too_many(&self, retry_after_s: Option<u64>) -> Reply {
        gate::too_many(retry_after_s)
    }

    fn nested_error(&self) -> Reply {
        gate::results(200, "ES99-99", "Internal Server Error")
    }

    fn shift_list(&mut self, shop: Option<&str>, insert: usize, remove: usize, ctx: &mut Ctx<'_>) {
        let Some(shop) = self.shop_index(shop) else { return };
        // the front of what a 63-day search sees
        let since = ctx.now_ms - 63 * DAY_MS;
        let seen: Vec<usize> = self.shops.get(shop).map_or_else(Vec::new, |s| {
            let recent = |i: &&usize| {
                self.orders.get(**i).is_some_and(|o| o.ordered_ms >= since && o.listed(ctx.now_ms))
            };
            s.orders.iter().filter(recent).copied().collect()
        });
        let first = seen.first().and_then(|i| self.orders.get(*i)).map_or(ctx.now_ms, |o| o.ordered_ms);
        for index in seen.into_iter().take(remove) {
            if let Some(order) = self.orders.get_mut(index) {
                order.hidden = true;
                order.revision += 1;
            }
        }
        for _ in 0..insert {
            self.make(shop, first, &Recipe::default(), ctx);
        }
    }

    fn shops(&self, now_ms: i64) -> Vec<ShopView> {
        let view = |s: &super::Shop| {
            // the newest key, and the one that works now while the newest still needs its minutes
            let newest = s.keys.last();
            let now = s.keys.iter().find(|k| k.holds(now_ms)).or(newest);
            let text = |k: Option<&Key>| k.map_or_else(String::new, |k| k.text.clone());
            ShopView {
                mall: "rakuten".to_owned(),
                shop: s.id.to_string(),
                credentials: BTreeMap::from([
                    ("serviceSecret".to_owned(), s.secret.clone()),
                    ("licenseKey".to_owned(), text(now)),
                    ("newestLicenseKey".to_owned(), text(newest)),
                ]),
                expires_ms: now.map(|k| k.ended_ms.unwrap_or(k.expires_ms)),
            }
        };
        self.shops.iter().map(view).collect()
    }

    fn orders(&self, now_ms: i64) -> Vec<OrderView> {
        let view = |o: &super::Order| {
            OrderView {
            mall: "rakuten".to_owned(),
            shop: o.shop.to_string(),
            number: o.number.clone(),
            status: o.progress.to_string(),
            ordered_ms: o.ordered_ms,
            traits: o.traits.iter().map(|t| t.name()).collect(),
            hidden: !o.listed(now_ms),
            parcels: o
                .packages
                .iter()
                .map(|p| {
                    let records = p.shipping.iter().map(|s| {
                        json!({ "detail_id": s.detail_id, "carrier": s.company, "number": s.number, "date": s.date })
                    });
                    json!({ "basket": p.basket_id, "deleted": p.deleted, "records": records.collect::<Vec<_>>() })
                })
                .collect(),
        }
        };
        self.orders.iter().map(view).collect()
    }

    fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        for order in &self.orders {
            for package in order.live_packages() {
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                for shipment in &package.shipping {
                    *counts.entry(shipment.number.as_deref().unwrap_or_default()).or_default() += 1;
                }
                found.extend(counts.into_iter().filter(|(_, n)| *n > 1).map(|(number, count)| Duplicate {
                    mall: "rakuten".to_owned(),
                    shop: order.shop.to_string(),
                    order: order.number.clone(),
                    basket: package.basket_id.to_string(),
                    number: number.to_owned(),
                    count,
                }));
            }
        }
        found
    }

    fn add_orders(&mut self, wanted: &Value, ctx: &mut Ctx<'_>) -> Result<Vec<String>, String> {
        let wanted: Wanted = serde_json::from_value(wanted.clone()).map_err(|e| e.to_string())?;
        let id = wanted.shop.as_ref().and_then(whole).map(|n| n.to_string());
        if wanted.shop.is_some() && id.is_none() {
            return Err("shop must be a number".to_owned());
        }
        let shop = self.shop_index(id.as_deref()).ok_or("no such shop")?;
        if wanted.count > 100_000 {
            return Err("at most 100000 orders at once".to_owned());
        }
        let at = wanted.at_ms.unwrap_or(ctx.now_ms);
        if !(0..MOST_MS).contains(&at) {
            return Err("at_ms is out of range".to_owned());
        }
        let recipe = Recipe { traits: wanted.traits, lines: wanted.lines.map(|n| n.clamp(1, 10_000)) };
        let mut numbers = Vec::with_capacity(wanted.count);
        for _ in 0..wanted.count {
            let Some(index) = self.make(shop, at - at.rem_euclid(1000), &recipe, ctx) else { continue };
            if let Some(order) = self.orders.get_mut(index) {
                order.hidden = wanted.hidden;
                numbers.push(order.number.clone());
            }
            if let Some(status) = wanted.status.filter(|s| *s != 100) {
                self.move_to(index, status, "control", ctx);
            }
        }
        Ok(numbers)
    }

    fn edit_order(&mut self, number: &str, edit: &Value, ctx: &mut Ctx<'_>) -> Option<Result<Value, String>> {
        let index = self.by_number.get(number).copied()?;
        let edit: Edit = match serde_json::from_value(edit.clone()) {
            Ok(edit) => edit,
            Err(e) => return Some(Err(e.to_string())),
        };
        self.edit(index, edit, ctx);
        let order = self.orders.get(index)?;
        Some(Ok(json!({ "number": number, "status": order.progress.to_string() })))
    }

    fn change_shop(
        &mut self,
        shop: &str,
        change: &Value,
        ctx: &mut Ctx<'_>,
    ) -> Option<Result<Value, String>> {
        let index = self.shops.iter().position(|s| s.id.to_string() == shop)?;
        let change: ShopChange = match serde_json::from_value(change.clone()) {
            Ok(change) => change,
            Err(e) => return Some(Err(e.to_string())),
        };
        let seed = self.seed;
        let owner = self.shops.get_mut(index)?;
        if let Some(off) = change.functions_off {
            owner.off = off;
        }
        match change.key.as_deref() {
            None => {}
            Some("expire") => {
                let end = change.at_ms.unwrap_or(ctx.now_ms);
                owner.keys.iter_mut().for_each(|k| k.ended_ms = Some(k.ended_ms.map_or(end, |e| e.min(end))));
            }
            Some("renew") => {
                let settings = &ctx.settings.rakuten;
                let from = ctx.now_ms + settings.key_renewal_delay_ms;
                let salt = u64::try_from(owner.keys.len()).unwrap_or(0) + 1;
                let text = format!("SL{}_{}", owner.id, credential_word(seed, owner.id, salt));
                // the old key works until the new one does, unless it ends before
                owner
                    .keys
                    .iter_mut()
                    .for_each(|k| k.ended_ms = Some(k.ended_ms.map_or(from, |e| e.min(from))));
                owner.keys.push(Key::new(text, ctx.now_ms, from, settings.key_days));
            }
            Some(other) => return Some(Err(format!("unknown key action {other}"))),
        }
        let view = self.shops(ctx.now_ms).into_iter().nth(index)?;
        Some(serde_json::to_value(view).map_err(|e| e.to_string()))
    }
}

impl Rakuten {
    /// The shop of that id; the first one without.
    fn shop_index(&self, shop: Option<&str>) -> Option<usize> {
        match shop {
            None => (!self.shops.is_empty()).then_some(0),
            Some(id) => self.shops.iter().position(|s| s.id.to_string() == id),
        }
    }

    fn edit(&mut self, index: usize, edit: Edit, ctx: &mut Ctx<'_>) {
        let mut what: Vec<&str> = Vec::new();
        let Some(order) = self.orders.get_mut(index) else { return };
        if let (Some(parts), Some(package)) = (&edit.address, order.packages.first_mut()) {
            let to = &mut package.recipient;
            for (part, value) in parts {
                match part.as_str() {
                    "zip" => {
                        let (first, last) = value.split_once('-').unwrap_or((value, ""));
                        to.zip = [first.to_owned(), last.to_owned()];
                    }
                    "prefecture" => to.prefecture.clone_from(value),
                    "city" => to.city.clone_from(value),
                    "rest" => to.rest.clone_from(value),
                    "family" => to.family.clone_from(value),
                    "first" => to.first.clone_from(value),
                    _ => {}
                }
            }
            what.push("address");
        }
        if let Some(remarks) = edit.remarks {
            order.remarks = Some(remarks).filter(|r| !r.is_empty());
            what.push("remarks");
        }
        if let Some(date) = edit.delivery_date {
            order.delivery_date = Some(date).filter(|d| !d.is_empty());
            what.push("delivery_date");
        }
        if let Some(units) = edit.units {
            let mut lines = order.packages.iter_mut().flat_map(|p| p.items.iter_mut());
            if let Some(line) = lines.nth(units.line) {
                line.units = units.to.clamp(-MOST_UNITS, MOST_UNITS);
                what.push("units");
            }
        }
        let by_buyer = !what.is_empty();
        order.modified |= by_buyer;
        if let Some(memo) = edit.memo {
            order.memo = Some(memo).filter(|m| !m.is_empty());
            what.push("memo");
        }
        if let Some(postage) = edit.postage {
            let postage = postage.clamp(-MOST_UNITS, MOST_UNITS);
            order.packages.iter_mut().for_each(|p| p.postage = postage);
            what.push("postage");
        }
        if let Some(hidden) = edit.hidden {
            order.hidden = hidden;
        }
        if let Some(from) = edit.readable_from_ms {
            order.readable_from_ms = from;
        }
        if let Some(from) = edit.listed_from_ms {
            order.listed_from_ms = from;
        }
        order.revision += 1;
        let number = order.number.clone();
        if by_buyer {
            self.note_change(index, 6, Some(true), None, ctx.now_ms);
        }
        if !what.is_empty() {
            let (what, by) = (what.join(","), "control".to_owned());
            ctx.effects.record(&number, ctx.now_ms, Effect::Edited { what, by });
        }
        self.edit_life(index, &edit.cancel, edit.status, edit.hold, (edit.paid, edit.gift_entered), ctx);
    }

    fn edit_life(
        &mut self,
        index: usize,
        cancel: &Option<Value>,
        status: Option<i64>,
        hold: Option<bool>,
        (paid, gift): (Option<bool>, Option<bool>),
        ctx: &mut Ctx<'_>,
    ) {
        match cancel {
            Some(Value::Bool(true)) => {
                self.note_change(index, 2, Some(true), Some(1), ctx.now_ms);
                self.move_to(index, 900, "buyer", ctx);
            }
            Some(Value::String(how)) if how == "applied" => {
                self.note_change(index, 0, Some(true), Some(1), ctx.now_ms);
                self.move_to(index, 800, "buyer", ctx);
            }
            _ => {}
        }
        if let Some(status) = status {
            self.move_to(index, status, "control", ctx);
        }
        if let Some(hold) = hold {
            self.hold(index, hold, ctx);
        }
        if paid == Some(true) {
            self.pay(index, ctx);
        }
        if gift == Some(true) {
            self.enter_gift(index, ctx);
        }
    }
}
