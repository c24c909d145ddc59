//! The control API's JSON for this mall. What control does here a buyer, a receiver, the fraud desk or shop staff in
//! ストアクリエイターPro could have done.
//!
//! `POST /_sim/orders` with `"mall":"yahoo"`:
//! `{"shop":"snbx-mihon1","count":1,"traits":["held"],"lines":2,"at_ms":…,"status":2,"hidden":false,"visible":true}`.
//! `traits` are the names of [`super::YahooTrait`]; drawn by chance without. `visible` ends the buyer's ten minutes at
//! once.
//!
//! `POST /_sim/orders/{OrderId}`: `address` (`zip`, `prefecture`, `city`, `rest`, `family`, `first`), `remarks`,
//! `units` (`{"line":0,"to":3}`), `amounts` (`postage`, `wrapping`, `charge`, `discount`, `adjustments`, `points`,
//! `mall_coupon`), `set` (any text field by its name, e.g. `{"Notes":"…"}`), `cancel` (`true`: the buyer's), `status`,
//! `ship_status`, `hold` (0 none, 1 held, 2 released, 3 fraud), `paid`, `gift_entered`, `gift_shippable`, `split`,
//! `prank`, `visible`, `hidden`, `ordered_ms`, `listed_from_ms`, `readable_from_ms`.
//!
//! `POST /_sim/shops/{sellerId}`:
//! * `"key":"expire"` ends the consent: refresh token and all access tokens; `"renew"` is a new consent. `at_ms` may
//!   say when an expiring one ends.
//! * `"access":"expire"` ends the access tokens alone; `"session":"expire"` lets the consent be as old as an unsigned
//!   session may live (1.6).
//! * `"public_key":"expire"` or `"renew"` (a new version; the two newest are enabled).
//! * switches: `source_ip_refused`, `api_off`, `not_registered`, `not_linked`, `no_scope`, `stock_link_fails`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Yahoo;
use super::fields;
use super::generate::Recipe;
use super::keys::PublicKey;
use super::life::Step;
use super::order::Order;
use super::traits::YahooTrait as Trait;
use crate::jst::MOST_MS;
use crate::mall::Ctx;

/// Bound of amounts control may set, so that sums stay sums.
const MOST_YEN: i64 = 1_000_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    shop: Option<String>,
    #[serde(default = "one")]
    count: usize,
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
    #[serde(default)]
    visible: bool,
}

fn one() -> usize {
    1
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Edit {
    address: Option<BTreeMap<String, String>>,
    remarks: Option<String>,
    units: Option<Units>,
    amounts: Option<BTreeMap<String, i64>>,
    set: Option<BTreeMap<String, String>>,
    cancel: Option<bool>,
    status: Option<i64>,
    ship_status: Option<i64>,
    hold: Option<i64>,
    paid: Option<bool>,
    gift_entered: Option<bool>,
    gift_shippable: Option<bool>,
    split: Option<bool>,
    prank: Option<bool>,
    visible: Option<bool>,
    hidden: Option<bool>,
    ordered_ms: Option<i64>,
    listed_from_ms: Option<i64>,
    readable_from_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    #[serde(default)]
    line: usize,
    to: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShopChange {
    key: Option<String>,
    at_ms: Option<i64>,
    access: Option<String>,
    session: Option<String>,
    public_key: Option<String>,
    source_ip_refused: Option<bool>,
    api_off: Option<bool>,
    not_registered: Option<bool>,
    not_linked: Option<bool>,
    no_scope: Option<bool>,
    stock_link_fails: Option<bool>,
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|e| e.to_string())
}

fn time(ms: i64, name: &str) -> Result<i64, String> {
    if (0..MOST_MS).contains(&ms) { Ok(ms) } else { Err(format!("{name} is out of range")) }
}

pub(crate) fn add_orders(mall: &mut Yahoo, wanted: &Value, ctx: &mut Ctx<'_>) -> Result<Vec<String>, String> {
    let wanted: Wanted = read(wanted)?;
    let shop = mall.shop_index(wanted.shop.as_deref()).ok_or("no such shop")?;
    if wanted.count > 100_000 {
        return Err("at most 100000 orders at once".to_owned());
    }
    let at = time(wanted.at_ms.unwrap_or(ctx.now_ms), "at_ms")?;
    let recipe = Recipe { traits: wanted.traits, lines: wanted.lines.map(|n| n.clamp(1, 10_000)) };
    let mut numbers = Vec::with_capacity(wanted.count);
    for _ in 0..wanted.count {
        let at = at - at.rem_euclid(1000);
        let Some(index) = mall.make(shop, at, &recipe, ctx) else { continue };
        // an order split at birth has brought its children along
        for order in mall.orders.iter_mut().skip(index) {
            order.hidden = wanted.hidden;
            if wanted.visible {
                order.read_only_until_ms = at;
            }
        }
        numbers.extend(mall.orders.get(index).map(|o| o.id.clone()));
        if let Some(status) = wanted.status {
            mall.set_order_status(index, status, "control", ctx);
        }
    }
    Ok(numbers)
}

pub(crate) fn edit_order(
    mall: &mut Yahoo,
    index: usize,
    edit: &Value,
    ctx: &mut Ctx<'_>,
) -> Result<Value, String> {
    let edit: Edit = read(edit)?;
    let mut what: Vec<&'static str> = Vec::new();
    if let Some(order) = mall.orders.get_mut(index) {
        edit_texts(order, &edit, &mut what)?;
        edit_times(order, &edit)?;
    }
    if !what.is_empty() {
        let told: Vec<(&str, String)> = what.iter().map(|w| (*w, String::new())).collect();
        mall.touch(index, "control", &told, ctx.now_ms);
        mall.note_edit(index, &what.join(","), "control", ctx);
    }
    edit_life(mall, index, &edit, ctx);
    let order = mall.orders.get(index).ok_or("no such order")?;
    Ok(json!({ "number": order.id, "status": order.order_status.to_string(), "children": order.children }))
}

fn edit_texts(order: &mut Order, edit: &Edit, what: &mut Vec<&'static str>) -> Result<(), String> {
    for (part, value) in edit.address.iter().flatten() {
        let name = match part.as_str() {
            "zip" => "ShipZipCode",
            "prefecture" => "ShipPrefecture",
            "city" => "ShipCity",
            "rest" => "ShipAddress1",
            "family" => "ShipLastName",
            "first" => "ShipFirstName",
            _ => return Err(format!("address has no {part}")),
        };
        order.set(name, value.clone());
        what.push(name);
    }
    if let Some(remarks) = &edit.remarks {
        order.set("BuyerComments", remarks.clone());
        what.push("BuyerComments");
    }
    if let Some(units) = &edit.units
        && let Some(item) = order.items.get_mut(units.line)
    {
        item.quantity = units.to.clamp(-MOST_YEN, MOST_YEN);
        what.push("Quantity");
    }
    for (name, value) in edit.amounts.iter().flatten() {
        let m = &mut order.money;
        let slot = match name.as_str() {
            "postage" => &mut m.postage,
            "wrapping" => &mut m.wrapping,
            "charge" => &mut m.charge,
            "discount" => &mut m.discount,
            "adjustments" => &mut m.adjustments,
            "points" => &mut m.points,
            "mall_coupon" => &mut m.mall_coupon,
            _ => return Err(format!("amounts has no {name}")),
        };
        *slot = (*value).clamp(-MOST_YEN, MOST_YEN);
        what.push("TotalPrice");
    }
    for (name, value) in edit.set.iter().flatten() {
        let lists = [fields::ORDER, fields::PAY, fields::SHIP, fields::LIST];
        let known = lists.iter().flat_map(|l| l.split(',')).find(|n| n == name);
        let known = known.ok_or_else(|| format!("no field {name}"))?;
        order.set(known, value.clone());
        what.push(known);
    }
    Ok(())
}

fn edit_times(order: &mut Order, edit: &Edit) -> Result<(), String> {
    if let Some(at) = edit.ordered_ms {
        order.ordered_ms = time(at, "ordered_ms")?;
    }
    if let Some(hidden) = edit.hidden {
        order.hidden = hidden;
    }
    if let Some(from) = edit.listed_from_ms {
        order.listed_from_ms = from;
    }
    if let Some(from) = edit.readable_from_ms {
        order.readable_from_ms = from;
    }
    match edit.visible {
        Some(true) => order.read_only_until_ms = 0,
        Some(false) => order.read_only_until_ms = i64::MAX,
        None => {}
    }
    if let Some(prank) = edit.prank {
        order.prank = i64::from(prank);
    }
    Ok(())
}

fn edit_life(mall: &mut Yahoo, index: usize, edit: &Edit, ctx: &mut Ctx<'_>) {
    if edit.cancel == Some(true) {
        mall.cancelled(index, 300, "buyer", ctx);
    }
    if let Some(status) = edit.status {
        mall.set_order_status(index, status, "control", ctx);
    }
    if let Some(status) = edit.ship_status {
        mall.set_ship_status(index, status, "control", ctx);
    }
    if let Some(hold) = edit.hold {
        mall.set_hold(index, hold, ctx.now_ms);
    }
    if let Some(paid) = edit.paid {
        let day = crate::jst::date(ctx.now_ms);
        mall.set_paid(index, paid, &day, "control", ctx);
    }
    if edit.gift_entered == Some(true) {
        mall.enter_gift(index, ctx);
    }
    if edit.gift_shippable == Some(true) {
        mall.enter_gift(index, ctx);
        mall.step(index, Step::GiftShippable, ctx);
    }
    if edit.split == Some(true) {
        mall.split(index, "control", ctx.now_ms);
    }
}

pub(crate) fn change_shop(
    mall: &mut Yahoo,
    shop: usize,
    change: &Value,
    ctx: &mut Ctx<'_>,
) -> Result<(), String> {
    let change: ShopChange = read(change)?;
    let now = ctx.now_ms;
    let client = mall.client_of(shop);
    let grant = mall.grants.iter().position(|g| g.shop == shop && g.client == client);
    let end = change.at_ms.unwrap_or(now);
    match change.key.as_deref() {
        None => {}
        Some("expire") => {
            if let Some(grant) = grant.and_then(|g| mall.grants.get_mut(g)) {
                grant.refresh_until_ms = grant.refresh_until_ms.min(end);
            }
            end_access(mall, grant, end);
        }
        Some("renew") => {
            mall.consent(shop, ctx);
        }
        Some(other) => return Err(format!("unknown key action {other}")),
    }
    match change.access.as_deref() {
        None => {}
        Some("expire") => end_access(mall, grant, end),
        Some(other) => return Err(format!("unknown access action {other}")),
    }
    match change.session.as_deref() {
        None => {}
        Some("expire") => {
            if let Some(grant) = grant.and_then(|g| mall.grants.get_mut(g)) {
                grant.consented_ms = now - ctx.settings.yahoo.unsigned_session_ms;
            }
        }
        Some(other) => return Err(format!("unknown session action {other}")),
    }
    let owner = mall.shops.get_mut(shop).ok_or("no such shop")?;
    match change.public_key.as_deref() {
        None => {}
        Some("expire") => owner.keys.iter_mut().for_each(|k| k.expires_ms = k.expires_ms.min(now - 1)),
        Some("renew") => {
            let version = owner.keys.last().map_or(1, |k| k.version + 1);
            owner.keys.push(PublicKey::new(version, now));
            // at most two at once (1.5)
            let old = owner.keys.len().saturating_sub(2);
            owner.keys.iter_mut().take(old).for_each(|k| k.enabled = false);
        }
        Some(other) => return Err(format!("unknown public_key action {other}")),
    }
    let p = &mut owner.permits;
    let switches = [
        (&mut p.source_ip_refused, change.source_ip_refused),
        (&mut p.api_off, change.api_off),
        (&mut p.not_registered, change.not_registered),
        (&mut p.not_linked, change.not_linked),
        (&mut p.no_scope, change.no_scope),
        (&mut p.stock_link_fails, change.stock_link_fails),
    ];
    for (slot, to) in switches {
        *slot = to.unwrap_or(*slot);
    }
    Ok(())
}

fn end_access(mall: &mut Yahoo, grant: Option<usize>, end_ms: i64) {
    for access in mall.access.values_mut().filter(|a| Some(a.grant) == grant) {
        access.until_ms = access.until_ms.min(end_ms);
    }
}
