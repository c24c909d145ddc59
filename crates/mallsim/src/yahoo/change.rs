//! orderStatusChange (document 6.2) and orderPayStatusChange (5.4), and what all changes share: whose order, and what
//! stands against touching it.

use super::Yahoo;
use super::codes::{self, Refusal, Warning, changed};
use super::life::Step;
use super::order::{Order, status};
use super::when;
use super::xml::Node;
use crate::effects::Effect;
use crate::jst::DAY_MS;
use crate::mall::Ctx;
use crate::settings::Settings;
use crate::wire::Reply;

/// The order a change means and who did it.
pub(crate) struct Target {
    pub index: usize,
    pub person: String,
}

fn flag(body: &Node, path: &[&str]) -> Result<bool, Refusal> {
    match body.text_at(path) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(Refusal::parameter(path.last().copied().unwrap_or_default())),
    }
}

/// `Target/IsPointFix` must be there and say this.
pub(crate) fn point_fix(body: &Node, wanted: bool) -> Result<(), Refusal> {
    let fits = flag(body, &["Target", "IsPointFix"])? == wanted;
    if fits { Ok(()) } else { Err(Refusal::parameter("IsPointFix")) }
}

/// The table of 6.2. `Err` names what stands against the move.
fn allowed(order: &Order, to: i64, settings: &Settings, now_ms: i64) -> Result<(), Refusal> {
    let from = order.order_status;
    let no = || Err(Refusal::not_allowed(&format!("OrderStatus {from} {to}")));
    let prank = order.prank > 0;
    match (from, to) {
        (status::CANCELLED, _) => Err(Refusal::not_allowed("CancelOrder OrderStatus")),
        (status::ON_HOLD, status::RESERVED) if order.release_ms.is_some_and(|r| now_ms < r) => Ok(()),
        (status::ON_HOLD, status::WORKING) if !prank => Ok(()),
        // not after it was complete once (※4)
        (status::WORKING, status::ON_HOLD) if order.completed_ms.is_none() => Ok(()),
        (status::COMPLETE, status::WORKING) if codes::reopens(order.text("PayMethod")) => Ok(()),
        (status::COMPLETE, status::CANCELLED) if !prank => Ok(()),
        (status::RESERVED | status::WORKING | status::ON_HOLD, status::CANCELLED) => Ok(()),
        (status::RESERVED | status::WORKING | status::ON_HOLD, status::COMPLETE) if !prank => {
            completable(order, settings, now_ms)
        }
        _ => no(),
    }
}

/// ※5 and 6.3: what must be so before 完了. The precise text is not known.
fn completable(order: &Order, settings: &Settings, now_ms: i64) -> Result<(), Refusal> {
    let settings = &settings.yahoo;
    let paid = order.pay_status == 1 || order.text("PayType") == "0";
    if settings.complete_needs_paid && !paid {
        return Err(Refusal::not_yet("PayStatus"));
    }
    if settings.complete_needs_shipped && !matches!(order.ship_status, 3 | 4) {
        return Err(Refusal::not_yet("ShipStatus"));
    }
    let since = order.shipped_ms.map(|at| now_ms - at);
    if since.zip(settings.complete_refused_ms).is_some_and(|(since, pause)| since < pause) {
        return Err(Refusal::not_yet("ShipStatus is being updated"));
    }
    Ok(())
}

/// `CancelReason` with its detail (6.2).
fn cancel_reason(body: &Node) -> Result<(i64, String), Refusal> {
    let reason = match body.text_at(&["Order", "CancelReason"]) {
        None => 210,
        Some(text) => text
            .parse()
            .ok()
            .filter(|r| codes::shop_reason(*r))
            .ok_or_else(|| Refusal::parameter("CancelReason"))?,
    };
    let detail = body.text_at(&["Order", "CancelReasonDetail"]).unwrap_or_default();
    let length = detail.chars().count();
    if (reason == 230 || length > 0) && !(10..=200).contains(&length) {
        return Err(Refusal::parameter("CancelReasonDetail"));
    }
    Ok((reason, detail.to_owned()))
}

impl Yahoo {
    /// The order a change means.
    pub(crate) fn target(&self, shop: usize, body: &Node) -> Result<Target, Refusal> {
        let id = body.text_at(&["Target", "OrderId"]).ok_or_else(|| Refusal::parameter("OrderId"))?;
        let person = body.text_at(&["Target", "OperationUser"]);
        if person.is_some_and(|p| p.chars().count() > 120) {
            return Err(Refusal::parameter("OperationUser"));
        }
        let index = self.find(shop, id).filter(|i| self.orders.get(*i).is_some_and(|o| !o.hidden));
        let index = index.ok_or_else(Refusal::unknown_order)?;
        let seller = self.shops.get(shop).map_or("", |s| s.seller.as_str());
        Ok(Target { index, person: person.unwrap_or(seller).to_owned() })
    }

    /// What stands against any change of this order; a cancel may touch what is held (7).
    pub(crate) fn touchable(&self, index: usize, cancel: bool, ctx: &mut Ctx<'_>) -> Result<(), Refusal> {
        let Some(order) = self.orders.get(index) else { return Err(Refusal::unknown_order()) };
        if order.held() && !cancel {
            ctx.effects.note("yahoo.held_order_touched");
            return Err(Refusal::held());
        }
        if order.read_only(ctx.now_ms) && ctx.settings.yahoo.read_only_refuses {
            ctx.effects.note("yahoo.read_only_order_touched");
            return Err(Refusal::read_only());
        }
        if !order.active() {
            ctx.effects.note("yahoo.split_parent_touched");
            return Err(Refusal::not_allowed("IsSplit"));
        }
        Ok(())
    }

    pub(crate) fn change_status(&mut self, shop: usize, body: &Node, ctx: &mut Ctx<'_>) -> Reply {
        match self.status_or(shop, body, ctx) {
            Ok(warnings) => changed(&warnings),
            Err(refusal) => refusal.reply(),
        }
    }

    fn status_or(&mut self, shop: usize, body: &Node, ctx: &mut Ctx<'_>) -> Result<Vec<Warning>, Refusal> {
        let to = body.text_at(&["Order", "OrderStatus"]).and_then(|t| t.parse::<i64>().ok());
        let to = to.filter(|s| (1..=5).contains(s)).ok_or_else(|| Refusal::parameter("OrderStatus"))?;
        point_fix(body, to == status::COMPLETE)?;
        let (reason, detail) = cancel_reason(body)?;
        let Target { index, person } = self.target(shop, body)?;
        self.touchable(index, to == status::CANCELLED, ctx)?;
        let Some(order) = self.orders.get_mut(index) else { return Err(Refusal::unknown_order()) };
        if order.order_status == to {
            if to == status::COMPLETE {
                order.completions += 1;
                ctx.effects.note("yahoo.completed_again");
            }
            return Ok(vec![Warning::new("od91705")]);
        }
        allowed(order, to, ctx.settings, ctx.now_ms)?;
        let mut warnings = Vec::new();
        match to {
            status::CANCELLED => {
                if order.order_status == status::COMPLETE && order.text("PayMethod") == "payment_a1" {
                    warnings.push(Warning::new("od91113"));
                }
                order.set("CancelReasonDetail", if reason == 230 { detail } else { String::new() });
                self.cancel(index, reason, &person, ctx, &mut warnings);
            }
            status::COMPLETE => {
                order.completions += 1;
                self.set_order_status(index, to, &person, ctx);
            }
            _ => {
                let first = order.completed_ms.filter(|_| to == status::WORKING);
                self.set_order_status(index, to, &person, ctx);
                if let Some(first) = first {
                    let days = ctx.settings.yahoo.recomplete_days;
                    self.step_at(first.saturating_add(days.saturating_mul(DAY_MS)), index, Step::Recomplete);
                }
            }
        }
        Ok(warnings)
    }

    fn cancel(
        &mut self,
        index: usize,
        reason: i64,
        person: &str,
        ctx: &mut Ctx<'_>,
        warnings: &mut Vec<Warning>,
    ) {
        let Some(order) = self.orders.get_mut(index) else { return };
        ctx.effects.note("yahoo.cancelled_by_api");
        ctx.effects.record(&order.id, ctx.now_ms, Effect::Cancel { reason: reason.to_string() });
        let late = ctx.settings.yahoo.cancel_late_ms;
        let lines: Vec<String> = order.items.iter().map(|i| i.line.to_string()).collect();
        let shop = order.shop;
        if late > 0 {
            order.cancel_due = true;
            order.cancel_reason = Some(reason);
            warnings.push(Warning::new("od91704"));
            self.step_at(ctx.now_ms.saturating_add(late), index, Step::CancelDone);
        } else {
            self.cancelled(index, reason, person, ctx);
        }
        if self.shops.get(shop).is_some_and(|s| s.permits.stock_link_fails) {
            let detail = Some(("LineIds", lines.join(",")));
            warnings.push(Warning { detail, ..Warning::new("od91130") });
        }
    }

    pub(crate) fn change_pay_status(&mut self, shop: usize, body: &Node, ctx: &mut Ctx<'_>) -> Reply {
        match self.pay_status_or(shop, body, ctx) {
            Ok(warnings) => changed(&warnings),
            Err(refusal) => refusal.reply(),
        }
    }

    fn pay_status_or(
        &mut self,
        shop: usize,
        body: &Node,
        ctx: &mut Ctx<'_>,
    ) -> Result<Vec<Warning>, Refusal> {
        let paid = match body.text_at(&["Order", "Pay", "PayStatus"]) {
            Some("0") => false,
            Some("1") => true,
            _ => return Err(Refusal::parameter("PayStatus")),
        };
        let day = match body.text_at(&["Order", "Pay", "PayDate"]) {
            Some(text) => when::day_of_8(text).ok_or_else(|| Refusal::parameter("PayDate"))?,
            None if paid => crate::jst::date(ctx.now_ms),
            None => String::new(),
        };
        let Target { index, person } = self.target(shop, body)?;
        self.touchable(index, false, ctx)?;
        let Some(order) = self.orders.get(index) else { return Err(Refusal::unknown_order()) };
        if order.order_status == status::CANCELLED {
            return Err(Refusal::not_allowed("CancelOrder OrderStatus"));
        }
        if !codes::shop_settles(order.text("PayMethod")) {
            // the mall settles these by itself (5.4)
            return Err(Refusal::not_allowed("PayMethod"));
        }
        if (order.pay_status == 1) == paid {
            return Ok(vec![Warning::new("od91705")]);
        }
        if let Some(order) = self.orders.get_mut(index) {
            order.seen = true;
        }
        self.set_paid(index, paid, &day, &person, ctx);
        Ok(Vec::new())
    }
}
