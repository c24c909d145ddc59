//! What `/_sim/…` may ask of Amazon: the JSON it accepts, and what buyer, seller staff or Amazon would have done.
//!
//! `POST /_sim/orders` with `"mall":"amazon"`: `shop` (the seller id), `count`, `traits` (names of
//! [`AmazonTrait`](super::traits::AmazonTrait); drawn as usual without), `lines`, `at_ms`, `status` (a
//! fulfillmentStatus to begin in instead of PENDING), `hidden`.
//!
//! `POST /_sim/orders/{number}`: `address` (`zip`, `prefecture`, `city`, `rest`, `family`, `first`), `units`
//! (`{"line":0,"to":2}`), `price` (`{"line":0,"to":500}`), `drop_off`, `instruction`, `cancel_request` (`true`, or
//! the buyer's reason), `cancel` (`true` or `"BUYER"`, `"MERCHANT"`, `"AMAZON"`), `status`, `paid`, `hold` (stays
//! PENDING), `hidden`, `listed_from_ms`, `touch` (`lastUpdatedTime` moves and nothing else).
//!
//! `POST /_sim/shops/{id}`: `key` (`"expire"`: the authorisation lapses at `at_ms`; `"renew"`: another one, the
//! earlier ones end), `secret` (`"expire"`, `"renew"`), `code` (`true`: an authorisation code is issued and shown
//! among the credentials), and the switches `individual_plan`, `internal_failure` (`true`, `false` or how many
//! calls), `clock_skew` (milliseconds Amazon's clock is ahead), `auth_revoked`, `secret_expired`, `quota`,
//! `restricted_role` (`granted`, `withheld`, `refused`, `refused_always`), `feeds` (`done`, `fatal`, `fatal_half`,
//! `cancelled`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Amazon;
use super::generate::Recipe;
use super::order::{Order, Status};
use super::shop::{FeedEnd, Role};
use super::traits::AmazonTrait;
use crate::effects::Effect;
use crate::jst::MOST_MS;
use crate::mall::Ctx;

/// Bounds of what control may set, so that sums stay sums.
const MOST_UNITS: i64 = 100_000;
const MOST_YEN: i64 = 1_000_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    shop: Option<String>,
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    traits: Option<Vec<AmazonTrait>>,
    #[serde(default)]
    lines: Option<usize>,
    #[serde(default)]
    at_ms: Option<i64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    hidden: bool,
}

fn one() -> usize {
    1
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Edit {
    address: Option<BTreeMap<String, String>>,
    units: Option<Change>,
    price: Option<Change>,
    drop_off: Option<bool>,
    instruction: Option<String>,
    cancel_request: Option<Value>,
    cancel: Option<Value>,
    status: Option<String>,
    paid: Option<bool>,
    hold: Option<bool>,
    hidden: Option<bool>,
    listed_from_ms: Option<i64>,
    touch: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    line: usize,
    to: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShopChange {
    key: Option<String>,
    at_ms: Option<i64>,
    secret: Option<String>,
    code: Option<bool>,
    individual_plan: Option<bool>,
    internal_failure: Option<Value>,
    clock_skew: Option<i64>,
    auth_revoked: Option<bool>,
    secret_expired: Option<bool>,
    quota: Option<bool>,
    restricted_role: Option<Role>,
    feeds: Option<FeedEnd>,
}

fn readable<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|e| e.to_string())
}

fn status_of(name: &str) -> Result<Status, String> {
    Status::of(name).ok_or_else(|| format!("unknown status {name}"))
}

impl Amazon {
    /// The seller of that id; the first one without.
    pub(crate) fn shop_index(&self, shop: Option<&str>) -> Option<usize> {
        match shop {
            None => (!self.shops.is_empty()).then_some(0),
            Some(id) => self.shops.iter().position(|s| s.id == id),
        }
    }

    pub(crate) fn add(&mut self, wanted: &Value, ctx: &mut Ctx<'_>) -> Result<Vec<String>, String> {
        let wanted: Wanted = readable(wanted)?;
        let shop = self.shop_index(wanted.shop.as_deref()).ok_or("no such shop")?;
        if wanted.count > 100_000 {
            return Err("at most 100000 orders at once".to_owned());
        }
        let at = wanted.at_ms.unwrap_or(ctx.now_ms);
        if !(0..MOST_MS).contains(&at) {
            return Err("at_ms is out of range".to_owned());
        }
        let status = wanted.status.as_deref().map(status_of).transpose()?;
        let recipe = Recipe { traits: wanted.traits, lines: wanted.lines.map(|n| n.clamp(1, 10_000)) };
        let mut numbers = Vec::with_capacity(wanted.count);
        for _ in 0..wanted.count {
            let Some(index) = self.make(shop, at - at.rem_euclid(1000), &recipe, ctx) else { continue };
            if let Some(order) = self.orders.get_mut(index) {
                order.hidden = wanted.hidden;
                numbers.push(order.number.clone());
            }
            if let Some(status) = status {
                self.move_to(index, status, "control", ctx);
            }
        }
        Ok(numbers)
    }

    pub(crate) fn edit(&mut self, index: usize, edit: &Value, ctx: &mut Ctx<'_>) -> Result<(), String> {
        let edit: Edit = readable(edit)?;
        let status = edit.status.as_deref().map(status_of).transpose()?;
        let Some(order) = self.orders.get_mut(index) else { return Ok(()) };
        let number = order.number.clone();
        let what = edit_content(order, &edit);
        if let Some(hidden) = edit.hidden {
            order.hidden = hidden;
        }
        if let Some(from) = edit.listed_from_ms {
            order.listed_from_ms = from;
        }
        if !what.is_empty() {
            let (what, by) = (what.join(","), "control".to_owned());
            ctx.effects.record(&number, ctx.now_ms, Effect::Edited { what, by });
            self.touch(index, ctx.now_ms);
        }
        if edit.touch == Some(true) {
            self.touch(index, ctx.now_ms);
        }
        match &edit.cancel {
            Some(Value::Bool(true)) => self.cancel(index, "BUYER", "注文者による取消", ctx),
            Some(Value::String(by)) => {
                let by = ["BUYER", "MERCHANT", "AMAZON"].into_iter().find(|b| b == by);
                self.cancel(index, by.ok_or("unknown canceller")?, "見本の理由", ctx);
            }
            _ => {}
        }
        if let Some(status) = status {
            self.move_to(index, status, "control", ctx);
        }
        if let Some(hold) = edit.hold {
            self.hold(index, hold, ctx);
        }
        let pending = self.orders.get(index).is_some_and(|o| o.status.pending());
        if edit.paid == Some(true) && pending {
            self.move_to(index, Status::Unshipped, "control", ctx);
        }
        Ok(())
    }

    pub(crate) fn change(&mut self, index: usize, change: &Value, ctx: &Ctx<'_>) -> Result<(), String> {
        let change: ShopChange = readable(change)?;
        let (seed, now) = (self.seed, ctx.now_ms);
        let Some(owner) = self.shops.get_mut(index) else { return Ok(()) };
        let end = change.at_ms.unwrap_or(now);
        let mut lapse = |end: i64| {
            owner
                .grants
                .iter_mut()
                .for_each(|g| g.expires_ms = Some(g.expires_ms.map_or(end, |e| e.min(end))));
        };
        match change.key.as_deref() {
            None => {}
            Some("expire") => lapse(end),
            Some("renew") => {
                lapse(now);
                owner.new_grant(seed, index, now, ctx.settings);
            }
            Some(other) => return Err(format!("unknown key action {other}")),
        }
        match change.secret.as_deref() {
            None => {}
            Some("expire") => owner.secret_expires_ms = owner.secret_expires_ms.min(end),
            Some("renew") => owner.new_secret(seed, index, now, ctx.settings),
            Some(other) => return Err(format!("unknown secret action {other}")),
        }
        if change.code == Some(true) {
            owner.new_code(seed, index, now, ctx.settings);
        }
        let switches = &mut owner.switches;
        switches.internal_failure = match &change.internal_failure {
            None | Some(Value::Null) => switches.internal_failure,
            Some(Value::Bool(on)) => {
                if *on {
                    u64::MAX
                } else {
                    0
                }
            }
            Some(n) => n.as_u64().ok_or("internal_failure is a flag or a number of calls")?,
        };
        switches.individual_plan = change.individual_plan.unwrap_or(switches.individual_plan);
        switches.clock_skew_ms = change.clock_skew.unwrap_or(switches.clock_skew_ms).clamp(-MOST_MS, MOST_MS);
        switches.auth_revoked = change.auth_revoked.unwrap_or(switches.auth_revoked);
        switches.secret_expired = change.secret_expired.unwrap_or(switches.secret_expired);
        switches.quota = change.quota.unwrap_or(switches.quota);
        switches.restricted_role = change.restricted_role.unwrap_or(switches.restricted_role);
        switches.feeds = change.feeds.unwrap_or(switches.feeds);
        Ok(())
    }
}

/// Changes what an order says; gives the names of what changed.
fn edit_content(order: &mut Order, edit: &Edit) -> Vec<&'static str> {
    let mut what = Vec::new();
    if let Some(parts) = &edit.address {
        let to = &mut order.recipient;
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
    if let Some(line) = edit.units.as_ref().and_then(|c| order.lines.get_mut(c.line).map(|l| (l, c.to))) {
        line.0.quantity = line.1.clamp(0, MOST_UNITS);
        what.push("units");
    }
    if let Some(line) = edit.price.as_ref().and_then(|c| order.lines.get_mut(c.line).map(|l| (l, c.to))) {
        line.0.price = line.1.clamp(-MOST_YEN, MOST_YEN);
        what.push("price");
    }
    if let Some(on) = edit.drop_off {
        order.drop_off = on.then_some("FRONT_DOOR");
        what.push("drop_off");
    }
    if let Some(text) = &edit.instruction {
        order.instruction = Some(text.clone()).filter(|t| !t.is_empty());
        what.push("instruction");
    }
    let reason = match &edit.cancel_request {
        Some(Value::Bool(true)) => Some("不要になりました（見本）".to_owned()),
        Some(Value::String(reason)) => Some(reason.clone()),
        _ => None,
    };
    if let (Some(reason), Some(line)) = (reason, order.lines.first_mut()) {
        line.cancel_request = Some(reason);
        what.push("cancel_request");
    }
    what
}
