//! What happens to orders by itself: buyers, receivers, fraud desk, carriers and time (document 3.1, 6, 7, 10).

use rand::Rng as _;

use super::Yahoo;
use super::generate::{self, Recipe};
use super::order::{Change, Order, status};
use super::people::{self as blocks, SHIP};
use super::traits::YahooTrait as Trait;
use crate::effects::Effect;
use crate::jst::{self, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::mall::Ctx;

/// Something that is due at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Timer {
    /// A new order in this shop.
    Arrival(usize),
    /// An order moves, if the step still fits.
    Step { order: usize, step: Step },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    HoldEnds,
    Paid,
    GiftAddress,
    GiftShippable,
    /// Within the ten minutes.
    BuyerCancels,
    /// The buyer changes the payment.
    BuyerEdits,
    /// 予約中 → 処理中.
    Released,
    /// The carrier reports delivery.
    Arrived,
    /// A reopened order is completed again.
    Recomplete,
    CancelDone,
}

/// A change as the history tells it.
pub(crate) type Told<'a> = &'a [(&'a str, String)];

impl Yahoo {
    pub(crate) fn at(&mut self, due_ms: i64, timer: Timer) {
        self.timer_count += 1;
        self.timers.insert((due_ms, self.timer_count), timer);
    }

    pub(crate) fn step_at(&mut self, due_ms: i64, order: usize, step: Step) {
        self.at(due_ms, Timer::Step { order, step });
    }

    /// Counts a change of an order and writes it into its history.
    pub(crate) fn touch(&mut self, index: usize, person: &str, told: Told<'_>, now_ms: i64) {
        let Some(order) = self.orders.get_mut(index) else { return };
        order.version += 1;
        order.updated_ms = now_ms;
        let fields = told.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        order.history.push(Change { at_ms: now_ms, person: person.to_owned(), fields });
    }

    /// What is due in the life of a new order.
    pub(crate) fn born(&mut self, index: usize, n: u64, ctx: &Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let at = order.ordered_ms;
        order.history.push(Change { at_ms: at, person: "system".to_owned(), fields: birth(order) });
        let settings = &ctx.settings.yahoo;
        let world = &ctx.settings.world;
        let mut due: Vec<(i64, Step)> = Vec::new();
        if let (true, Some(after)) = (order.held(), settings.hold_release_after_ms) {
            due.push((at.saturating_add(after), Step::HoldEnds));
        }
        if let (Some(2), false, Some(after)) =
            (order.settle_status, order.has(Trait::Unpaid), settings.prepaid_pays_after_ms)
        {
            due.push((at.saturating_add(after), Step::Paid));
        }
        if let (true, Some(after)) = (order.receiver.is_some(), settings.gift_input_after_ms) {
            due.push((at.saturating_add(after), Step::GiftAddress));
        }
        if let Some(release) = order.release_ms {
            due.push((release, Step::Released));
        }
        let mut rng = generate::source(self.seed ^ 0xB07E, order.shop, n);
        if rng.random_bool(world.buyer_cancel_share.clamp(0.0, 1.0)) {
            due.push((at + rng.random_range(1..=9) * MINUTE_MS, Step::BuyerCancels));
        } else if order.has(Trait::PayChange) || rng.random_bool(world.buyer_edit_share.clamp(0.0, 1.0)) {
            due.push((at + rng.random_range(1..20) * HOUR_MS, Step::BuyerEdits));
        }
        let split = order.has(Trait::Split);
        for (at, step) in due {
            self.step_at(at, index, step);
        }
        if split {
            self.split(index, "mihon-staff", at);
        }
    }

    pub(crate) fn run_timers(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(entry) = self.timers.first_entry().filter(|e| e.key().0 <= ctx.now_ms) {
            let (due, _) = *entry.key();
            let timer = entry.remove();
            let mut then =
                Ctx { now_ms: due, caller_ms: due, settings: ctx.settings, effects: &mut *ctx.effects };
            match timer {
                Timer::Arrival(shop) => self.arrival(shop, &mut then),
                Timer::Step { order, step } => self.step(order, step, &mut then),
            }
        }
    }

    fn arrival(&mut self, shop: usize, ctx: &mut Ctx<'_>) {
        if let Some(owner) = self.shops.get_mut(shop) {
            owner.arrival_planned = false;
            if ctx.settings.world.orders_per_hour > 0.0 {
                owner.arrivals += 1;
                let at = ctx.now_ms - ctx.now_ms.rem_euclid(1000);
                self.make(shop, at, &Recipe::default(), ctx);
                self.plan_arrival(shop, ctx);
            }
        }
    }

    /// Plans the next order of a shop, if the world grows and none is planned.
    pub(crate) fn plan_arrival(&mut self, shop: usize, ctx: &Ctx<'_>) {
        let rate = ctx.settings.world.orders_per_hour;
        let Some(owner) = self.shops.get_mut(shop).filter(|s| !s.arrival_planned && rate > 0.0) else {
            return;
        };
        owner.arrival_planned = true;
        let mut rng = generate::source(self.seed ^ 0xA881, shop, owner.arrivals);
        let chance: f64 = rng.random_range(f64::EPSILON..1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a wait of hours at most"
        )]
        let wait = ((-chance.ln() * HOUR_MS as f64 / rate) as i64).clamp(1, 365 * DAY_MS);
        self.at(ctx.now_ms + wait, Timer::Arrival(shop));
    }

    /// Lets a step happen, if the order is still where the step makes sense.
    pub(crate) fn step(&mut self, index: usize, step: Step, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let now = ctx.now_ms;
        let done = order.order_status == status::CANCELLED;
        match step {
            _ if done => {}
            Step::HoldEnds if order.fraud_hold == 1 => {
                let to = if order.has(Trait::HeldFraud) { 3 } else { 2 };
                self.set_hold(index, to, now);
            }
            Step::Paid if order.pay_status == 0 => {
                order.settle_status = order.settle_status.map(|_| 3);
                self.set_paid(index, true, &jst::date(now), "system", ctx);
            }
            Step::GiftAddress => self.enter_gift(index, ctx),
            Step::GiftShippable if !order.gift_shippable => {
                order.gift_shippable = true;
                order.ship_status = order.ship_status.max(1);
                self.touch(index, "line_system", &[("IsLineGiftShippable", "true".to_owned())], now);
            }
            Step::BuyerCancels if order.read_only(now) => self.cancelled(index, 300, "buyer", ctx),
            Step::BuyerEdits
                if order.pay_status == 1
                    && order.ship_status <= 1
                    && !order.held()
                    && !order.text("PayMethod").starts_with("payment_z") =>
            {
                // d払い becomes PayPay and so on: paid both ways
                generate::set_payment(order, "payment_a17", now);
                order.set("PayMethodChangeDoneDate", jst::date(now));
                self.touch(index, "buyer", &[("PayMethod", "payment_a17".to_owned())], now);
                self.note_edit(index, "PayMethod", "buyer", ctx);
            }
            Step::Released if order.order_status == status::RESERVED => {
                self.set_order_status(index, status::WORKING, "time", ctx);
            }
            Step::Arrived if order.ship_status == 3 => {
                order.set("ArrivalDate", jst::date(now));
                self.set_ship_status(index, 4, "system", ctx);
            }
            Step::Recomplete if order.order_status == status::WORKING && order.completed_ms.is_some() => {
                self.set_order_status(index, status::COMPLETE, "time", ctx);
            }
            Step::CancelDone if order.cancel_due => {
                let reason = order.cancel_reason.unwrap_or(210);
                self.cancelled(index, reason, "late", ctx);
            }
            _ => {}
        }
    }

    pub(crate) fn note_edit(&mut self, index: usize, what: &str, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get(index) else { return };
        let effect = Effect::Edited { what: what.to_owned(), by: by.to_owned() };
        ctx.effects.record(&order.id, ctx.now_ms, effect);
    }

    fn note_status(&self, index: usize, (from, to): (String, String), by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get(index) else { return };
        ctx.effects.record(&order.id, ctx.now_ms, Effect::Status { from, to, by: by.to_owned() });
    }

    /// Moves `FraudHoldStatus`; a release makes the order public now, with its old order time (7).
    pub(crate) fn set_hold(&mut self, index: usize, to: i64, now_ms: i64) {
        let Some(order) = self.orders.get_mut(index) else { return };
        order.fraud_hold = to;
        if to == 2 {
            order.published_ms = Some(now_ms - now_ms.rem_euclid(1000));
        }
        self.touch(index, "system", &[("FraudHoldStatus", to.to_string())], now_ms);
    }

    pub(crate) fn set_order_status(&mut self, index: usize, to: i64, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let from = std::mem::replace(&mut order.order_status, to);
        if by != "time" {
            order.seen = true;
        }
        if to == status::COMPLETE {
            order.completed_ms.get_or_insert(ctx.now_ms);
        }
        self.touch(index, by, &[("OrderStatus", to.to_string())], ctx.now_ms);
        self.note_status(index, (from.to_string(), to.to_string()), by, ctx);
    }

    pub(crate) fn set_ship_status(&mut self, index: usize, to: i64, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let from = std::mem::replace(&mut order.ship_status, to);
        let mut told = vec![("ShipStatus", to.to_string())];
        for name in ["ShipCompanyCode", "ShipInvoiceNumber1", "ShipInvoiceNumber2", "ShipDate"] {
            told.push((name, order.text(name).to_owned()));
        }
        self.touch(index, by, &told, ctx.now_ms);
        if from != to {
            self.note_status(index, (format!("ship {from}"), format!("ship {to}")), by, ctx);
        }
    }

    pub(crate) fn set_paid(&mut self, index: usize, paid: bool, day: &str, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let to = i64::from(paid);
        let from = std::mem::replace(&mut order.pay_status, to);
        order.set("PayDate", if paid { day } else { "" });
        let told = [("PayStatus", to.to_string()), ("PayDate", day.to_owned())];
        self.touch(index, by, &told, ctx.now_ms);
        if from != to {
            self.note_status(index, (format!("pay {from}"), format!("pay {to}")), by, ctx);
        }
    }

    /// The end of an order.
    pub(crate) fn cancelled(&mut self, index: usize, reason: i64, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        order.cancel_reason = Some(reason);
        order.cancel_due = false;
        order.settle_status = order.settle_status.map(|_| 6);
        self.set_order_status(index, status::CANCELLED, by, ctx);
        if by != "buyer" {
            let Some(order) = self.orders.get(index) else { return };
            let effect = Effect::Mailed { about: "cancelled".to_owned(), number: String::new() };
            ctx.effects.record(&order.id, ctx.now_ms, effect);
        }
    }

    /// The receiver of a LINE gift says where it goes.
    pub(crate) fn enter_gift(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let Some(receiver) = order.receiver.take() else { return };
        blocks::put(&mut order.text, &SHIP, &receiver, false);
        self.touch(index, "line_system", &[("ShipAddress1", String::new())], ctx.now_ms);
        let due = ctx.now_ms.saturating_add(ctx.settings.yahoo.gift_shippable_after_ms);
        self.step_at(due, index, Step::GiftShippable);
    }

    /// Somebody shipped an old order long ago; nothing of that is an effect of any call.
    pub(crate) fn live_through(&mut self, index: usize, share: f64, ctx: &Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let old = order.ordered_ms < ctx.now_ms - DAY_MS;
        let ready = order.order_status == status::WORKING
            && order.pay_status == 1
            && !order.held()
            && order.prank == 0
            && order.active()
            && order.receiver.is_none();
        let n = u64::try_from(index).unwrap_or(0);
        let mut rng = generate::source(self.seed ^ 0x11FE, order.shop, n);
        if !(old && ready && rng.random_bool(share.clamp(0.0, 1.0))) {
            return;
        }
        let shipped = order.ordered_ms + DAY_MS;
        order.seen = true;
        order.ship_status = 4;
        order.set("ShipCompanyCode", "1001");
        order.set("ShipInvoiceNumber1", format!("9{:011}", index % 1_000_000_000));
        order.set("ShipDate", jst::date(shipped));
        order.shipped_ms = Some(shipped);
        order.notices.push(order.numbers());
        order.order_status = status::COMPLETE;
        order.completed_ms = Some(shipped);
        order.completions = 1;
        order.version += 2;
        order.updated_ms = shipped;
    }
}

/// What moves later, as it was at the birth.
fn birth(order: &Order) -> Vec<(String, String)> {
    ["OrderStatus", "PayStatus", "SettleStatus", "ShipStatus", "FraudHoldStatus", "PayMethod", "TotalPrice"]
        .iter()
        .map(|name| ((*name).to_owned(), order.field(name, order.ordered_ms)))
        .collect()
}
