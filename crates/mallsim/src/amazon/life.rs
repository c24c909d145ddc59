//! The life of an order (document 2.2, 2.3): what moves it by itself and when. Calls move orders only through
//! [`Amazon::move_to`] and [`Amazon::reflect_at`].

use super::generate;
use super::order::{Order, Package, Parcel, Status};
use super::traits::AmazonTrait as T;
use super::{Amazon, Ctx};
use crate::effects::Effect;
use crate::jst::{DAY_MS, HOUR_MS};

/// Something that is due at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Timer {
    /// A new order for this seller.
    Arrival(usize),
    /// A feed starts or ends.
    Feed(usize),
    /// What was confirmed for an order becomes visible.
    Reflect(usize),
    /// The packages of an order arrive.
    Deliver(usize),
    /// An order moves by itself, if it is still at that stage.
    Step { order: usize, stage: u32, step: Step },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// 予約商品 comes out.
    Released,
    /// The payment is authorised or made.
    Paid,
    /// コンビニ: nobody paid.
    NeverPaid,
    /// Amazon ships what it fulfils.
    FbaShips,
    /// Nobody shipped for 30 days.
    Forgotten,
    BuyerCancels,
    /// Something inside Amazon changes and shows nowhere (trap 4).
    Touched,
}

impl Amazon {
    pub(crate) fn at(&mut self, due_ms: i64, timer: Timer) {
        self.timer_count += 1;
        self.timers.insert((due_ms, self.timer_count), timer);
    }

    fn step_at(&mut self, due_ms: i64, order: usize, step: Step) {
        let stage = self.orders.get(order).map_or(0, |o| o.stage);
        self.at(due_ms, Timer::Step { order, stage, step });
    }

    /// `lastUpdatedTime` moves; never back.
    pub(crate) fn touch(&mut self, index: usize, now_ms: i64) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let (old, new) = (order.updated_ms, order.updated_ms.max(now_ms));
        order.updated_ms = new;
        if let Some(owner) = self.shops.get_mut(order.shop) {
            owner.updated.remove(&(old, index));
            owner.updated.insert((new, index));
        }
    }

    /// Everything that happens to a new order by itself.
    pub(crate) fn born(&mut self, index: usize, n: u64, ctx: &Ctx<'_>) {
        let Some(order) = self.orders.get(index) else { return };
        let (at, shop) = (order.created_ms, order.shop);
        self.plan(index, at, ctx);
        if let Some((after, cancels)) = generate::whim(self.seed, shop, n, &ctx.settings.world) {
            let step = if cancels { Step::BuyerCancels } else { Step::Touched };
            self.step_at(at + after, index, step);
        }
    }

    /// Lets everything happen that is due, in the order of time.
    pub(crate) fn run_timers(&mut self, ctx: &mut Ctx<'_>) {
        let until = ctx.now_ms;
        while let Some(entry) = self.timers.first_entry() {
            let (due, _) = *entry.key();
            if due > until {
                break;
            }
            let timer = entry.remove();
            let mut then =
                Ctx { now_ms: due, caller_ms: due, settings: ctx.settings, effects: &mut *ctx.effects };
            match timer {
                Timer::Arrival(shop) => self.arrival(shop, &then),
                Timer::Feed(feed) => self.run_feed(feed, &mut then),
                Timer::Reflect(order) => self.reflect(order, &mut then),
                Timer::Deliver(order) => self.deliver(order, &then),
                Timer::Step { order, stage, step } => self.step(order, stage, step, &mut then),
            }
        }
    }

    fn step(&mut self, index: usize, stage: u32, step: Step, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get(index) else { return };
        // buyers act in several stages, everything else only in its own
        let roaming = matches!(step, Step::BuyerCancels | Step::Touched);
        if !roaming && order.stage != stage {
            return;
        }
        match step {
            Step::Released => self.move_to(index, Status::Pending, "time", ctx),
            Step::Paid if order.held => {}
            Step::Paid => self.move_to(index, Status::Unshipped, "time", ctx),
            Step::NeverPaid => self.cancel(index, "AMAZON", "支払い期限切れ", ctx),
            Step::FbaShips => self.move_to(index, Status::Shipped, "time", ctx),
            Step::Forgotten => self.cancel(index, "AMAZON", "出荷通知なし", ctx),
            Step::Touched => self.touch(index, ctx.now_ms),
            Step::BuyerCancels => self.buyer_cancels(index, ctx),
        }
    }

    /// Before payment the buyer cancels; after it, he can only ask (trap 12).
    pub(crate) fn buyer_cancels(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        match order.status {
            s if s.pending() => self.cancel(index, "BUYER", "注文者による取消", ctx),
            Status::Unshipped | Status::PartiallyShipped => {
                if let Some(line) = order.lines.first_mut() {
                    line.cancel_request = Some("不要になりました（見本）".to_owned());
                }
                let (what, by) = ("cancel_request".to_owned(), "buyer".to_owned());
                ctx.effects.record(&order.number, ctx.now_ms, Effect::Edited { what, by });
                self.touch(index, ctx.now_ms);
            }
            _ => {}
        }
    }

    pub(crate) fn cancel(&mut self, index: usize, by: &'static str, why: &str, ctx: &mut Ctx<'_>) {
        if let Some(order) = self.orders.get_mut(index) {
            order.cancelled = Some((by, why.to_owned()));
        }
        self.move_to(index, Status::Cancelled, &by.to_ascii_lowercase(), ctx);
    }

    /// Moves an order, keeps the ledger, and sets what will move it next.
    pub(crate) fn move_to(&mut self, index: usize, status: Status, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let (from, to) = (order.status.name().to_owned(), status.name().to_owned());
        ctx.effects.record(&order.number, ctx.now_ms, Effect::Status { from, to, by: by.to_owned() });
        order.status = status;
        order.stage += 1;
        self.touch(index, ctx.now_ms);
        self.plan(index, ctx.now_ms, ctx);
    }

    /// What happens next by itself in the status an order has just reached.
    fn plan(&mut self, index: usize, now: i64, ctx: &Ctx<'_>) {
        let settings = &ctx.settings.amazon;
        let Some(order) = self.orders.get(index) else { return };
        match order.status {
            Status::PendingAvailability => {
                self.step_at(now + settings.preorder_days * DAY_MS, index, Step::Released);
            }
            Status::Pending if order.has(T::Cvs) || order.has(T::CvsUnpaid) => {
                let paid = settings.cvs_pays_after_ms.filter(|_| order.has(T::Cvs));
                if let Some(after) = paid {
                    self.step_at(now + after, index, Step::Paid);
                }
                self.step_at(now + settings.cvs_deadline_days * DAY_MS, index, Step::NeverPaid);
            }
            Status::Pending => {
                let after =
                    if order.cod() { settings.cod_authorised_after_ms } else { settings.authorised_after_ms };
                self.step_at(now + after, index, Step::Paid);
            }
            Status::Unshipped if order.fba() => {
                self.step_at(now + settings.fba_ships_after_ms, index, Step::FbaShips);
            }
            Status::Unshipped => {
                let end = order.created_ms + settings.unshipped_cancel_days * DAY_MS;
                self.step_at(end.max(now), index, Step::Forgotten);
            }
            Status::PartiallyShipped | Status::Shipped | Status::Cancelled | Status::Unfulfillable => {}
        }
    }

    /// What was confirmed becomes visible after the lag (document 3).
    pub(crate) fn reflect_at(&mut self, index: usize, due_ms: i64, ctx: &mut Ctx<'_>) {
        if due_ms <= ctx.now_ms {
            self.reflect(index, ctx);
        } else {
            self.at(due_ms, Timer::Reflect(index));
        }
    }

    fn reflect(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        for package in order.packages.iter_mut().filter(|p| p.visible_ms <= ctx.now_ms) {
            package.shown = Some(package.parcel.clone());
        }
        let status = seen_status(order);
        let deliver = ctx.now_ms + ctx.settings.amazon.delivered_after_ms;
        if status == order.status {
            self.touch(index, ctx.now_ms);
        } else {
            self.move_to(index, status, "shipped", ctx);
        }
        self.at(deliver, Timer::Deliver(index));
    }

    fn deliver(&mut self, index: usize, ctx: &Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let due = ctx.now_ms - ctx.settings.amazon.delivered_after_ms;
        let arrived =
            order.packages.iter_mut().filter(|p| !p.delivered && p.shown.is_some() && p.visible_ms <= due);
        let mut any = false;
        for package in arrived {
            package.delivered = true;
            any = true;
        }
        if any {
            self.touch(index, ctx.now_ms);
        }
    }

    /// Lets a share of the orders older than a day have been paid and shipped in their time.
    pub(crate) fn live_through(&mut self, index: usize, share: f64, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get(index) else { return };
        let (at, shop) = (order.created_ms, order.shop);
        let made = self.shops.get(shop).map_or(0, |s| s.made);
        let Some(tracking) = generate::lived(self.seed, shop, made, share, ctx.now_ms - at) else { return };
        let ship_ms = at + DAY_MS / 2;
        if let Some(order) = self.orders.get_mut(index).filter(|o| !o.fba()) {
            let items = order.lines.iter().map(|l| (l.id.clone(), l.quantity)).collect();
            let parcel = Parcel {
                carrier: "YAMATO".to_owned(),
                carrier_name: None,
                method: Some("宅急便".to_owned()),
                tracking,
                ship_ms,
                items,
            };
            order.packages.push(Package {
                reference: "1".to_owned(),
                shown: Some(parcel.clone()),
                parcel,
                created_ms: ship_ms,
                visible_ms: ship_ms,
                delivered: false,
            });
        }
        for (at, status) in [(at + HOUR_MS, Status::Unshipped), (ship_ms, Status::Shipped)] {
            let mut then =
                Ctx { now_ms: at, caller_ms: at, settings: ctx.settings, effects: &mut *ctx.effects };
            self.move_to(index, status, "past", &mut then);
        }
        self.at(ship_ms + ctx.settings.amazon.delivered_after_ms, Timer::Deliver(index));
    }

    /// Holds an order in PENDING or lets it go.
    pub(crate) fn hold(&mut self, index: usize, hold: bool, ctx: &Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        order.held = hold;
        if !hold && order.status == Status::Pending {
            self.step_at(ctx.now_ms, index, Step::Paid);
        }
    }
}

/// The status that follows from what is shown; cancelled and pending orders stay what they are.
fn seen_status(order: &Order) -> Status {
    if !matches!(order.status, Status::Unshipped | Status::PartiallyShipped) {
        return order.status;
    }
    let any = order.packages.iter().any(|p| p.shown.is_some());
    let all = order.lines.iter().all(|l| order.fulfilled(l) >= l.quantity);
    match () {
        () if any && all => Status::Shipped,
        () if any => Status::PartiallyShipped,
        () => Status::Unshipped,
    }
}
