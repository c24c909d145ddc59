//! The life of an order (document 3.1, 3.2): what moves it by itself and when. Calls move orders only through
//! [`Rakuten::move_to`].

use rand::Rng;

use super::Rakuten;
use super::generate;
use super::order::{Change, Order, Shipment};
use super::traits::Trait;
use crate::effects::Effect;
use crate::jst::{self, DAY_MS, MINUTE_MS};
use crate::mall::Ctx;

/// Something that is due at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Timer {
    /// A new order in this shop.
    Arrival(usize),
    /// An asynchronous report is worked off.
    Job(usize),
    /// An order moves by itself, if it is still at that stage.
    Step { order: usize, stage: u32, step: Step },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    AutoConfirm,
    /// 14 days without confirmation.
    Forgotten,
    Paid,
    /// The payment deadline passed.
    NeverPaid,
    /// 200 → 300.
    Fix,
    Settling,
    Settled,
    CancelFixed,
    BuyerEdits,
    BuyerCancels,
    GiftEntered,
    GiftExpired,
}

impl Rakuten {
    pub(crate) fn at(&mut self, due_ms: i64, timer: Timer) {
        self.timer_count += 1;
        self.timers.insert((due_ms, self.timer_count), timer);
    }

    fn step_at(&mut self, due_ms: i64, order: usize, step: Step) {
        let stage = self.orders.get(order).map_or(0, |o| o.stage);
        self.at(due_ms, Timer::Step { order, stage, step });
    }

    /// Marks an order as changed.
    pub(crate) fn touch(&mut self, index: usize) {
        if let Some(order) = self.orders.get_mut(index) {
            order.revision += 1;
        }
    }

    /// Everything that happens to a new order by itself.
    pub(crate) fn born(&mut self, index: usize, n: u64, ctx: &Ctx<'_>) {
        let Some(order) = self.orders.get(index) else { return };
        let (at, gift, shop) = (order.ordered_ms, order.has(Trait::SocialGift), order.shop);
        let settings = &ctx.settings.rakuten;
        self.step_at(at + settings.unconfirmed_cancel_days * DAY_MS, index, Step::Forgotten);
        if let Some(after) = settings.auto_confirm_after_ms {
            self.step_at(at + after, index, Step::AutoConfirm);
        }
        if gift {
            match settings.gift_input_after_ms {
                Some(after) => self.step_at(at + after, index, Step::GiftEntered),
                None => self.step_at(jst::end_of_day(at, 7), index, Step::GiftExpired),
            }
        }
        // a source of its own, so that these shares do not change what is in the orders
        let mut rng = generate::source(self.seed ^ 0xB0_7E8, shop, n);
        let world = &ctx.settings.world;
        let minutes = rng.random_range(2..25) * MINUTE_MS;
        if rng.random_bool(world.buyer_cancel_share.clamp(0.0, 1.0)) {
            self.step_at(at + minutes, index, Step::BuyerCancels);
        } else if rng.random_bool(world.buyer_edit_share.clamp(0.0, 1.0)) {
            self.step_at(at + minutes, index, Step::BuyerEdits);
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
                Timer::Arrival(shop) => self.arrival(shop, &mut then),
                Timer::Job(job) => self.run_job(job, &mut then),
                Timer::Step { order, stage, step } => self.step(order, stage, step, &mut then),
            }
        }
    }

    fn step(&mut self, index: usize, stage: u32, step: Step, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        // buyers and gifts act in several stages, everything else only in its own
        let roaming =
            matches!(step, Step::BuyerEdits | Step::BuyerCancels | Step::GiftEntered | Step::GiftExpired);
        if !roaming && order.stage != stage {
            return;
        }
        let open = matches!(order.progress, 100 | 200);
        let now = ctx.now_ms;
        match step {
            Step::AutoConfirm if super::amounts::of(order).request != super::order::UNDECIDED => {
                self.move_to(index, 200, "auto_confirm", ctx);
            }
            Step::AutoConfirm => {}
            Step::Forgotten | Step::NeverPaid => {
                self.note_change(index, 2, Some(false), Some(4), now);
                self.move_to(index, 900, "deadline", ctx);
            }
            Step::Paid => {
                order.awaits_payment = false;
                order.revision += 1;
                self.step_at(now, index, Step::Fix);
            }
            Step::Fix if order.held => {}
            Step::Fix => self.move_to(index, 300, "time", ctx),
            Step::Settling => self.move_to(index, 600, "time", ctx),
            Step::Settled => self.move_to(index, 700, "time", ctx),
            Step::CancelFixed => {
                self.note_change(index, 2, None, None, now);
                self.move_to(index, 900, "time", ctx);
            }
            Step::BuyerCancels if open => {
                self.note_change(index, 2, Some(true), Some(1), now);
                self.move_to(index, 900, "buyer", ctx);
            }
            Step::BuyerEdits if open => {
                order.delivery_date = Some(jst::date(now + 5 * DAY_MS));
                order.buyer.rest.push_str(" 変更後見本荘");
                order.modified = true;
                let number = order.number.clone();
                self.note_change(index, 6, Some(true), None, now);
                let (what, by) = ("delivery_date,buyer".to_owned(), "buyer".to_owned());
                ctx.effects.record(&number, now, Effect::Edited { what, by });
            }
            Step::GiftEntered => self.enter_gift(index, ctx),
            Step::GiftExpired if !order.cancelled() => {
                self.note_change(index, 2, Some(true), Some(16), now);
                self.move_to(index, 900, "gift_deadline", ctx);
            }
            Step::BuyerCancels | Step::BuyerEdits | Step::GiftExpired => {}
        }
    }

    /// The receiver of a social gift answers: dummies give way to an address.
    pub(crate) fn enter_gift(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        for package in &mut order.packages {
            if let Some(gift) = package.social.as_mut().filter(|g| g.entered_ms.is_none()) {
                gift.entered_ms = Some(ctx.now_ms);
                package.recipient = gift.receiver.clone();
                order.revision += 1;
                let (what, by) = ("gift_address".to_owned(), "receiver".to_owned());
                ctx.effects.record(&order.number, ctx.now_ms, Effect::Edited { what, by });
            }
        }
    }

    /// Adds a `ChangeReasonModel`.
    pub(crate) fn note_change(
        &mut self,
        index: usize,
        kind: i64,
        by_buyer: Option<bool>,
        reason: Option<i64>,
        now: i64,
    ) {
        let id = self.ids.change();
        if let Some(order) = self.orders.get_mut(index) {
            order.changes.push(Change {
                id,
                kind,
                detail: matches!(kind, 4..=6).then_some(2),
                by_buyer,
                reason,
                applied_ms: Some(now),
                fixed_ms: (kind != 0).then_some(now),
                done_ms: (kind != 0).then_some(now),
            });
            order.revision += 1;
        }
    }

    /// Moves an order, keeps the ledger, and sets what will move it next.
    pub(crate) fn move_to(&mut self, index: usize, progress: i64, by: &str, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let (from, to) = (order.progress.to_string(), progress.to_string());
        ctx.effects.record(&order.number, ctx.now_ms, Effect::Status { from, to, by: by.to_owned() });
        enter(order, progress, ctx.now_ms);
        self.plan(index, ctx);
    }

    /// What happens next by itself in the status an order has just reached.
    fn plan(&mut self, index: usize, ctx: &Ctx<'_>) {
        let settings = &ctx.settings.rakuten;
        let now = ctx.now_ms;
        let Some(order) = self.orders.get_mut(index) else { return };
        match order.progress {
            200 => {
                let mut wait =
                    if order.payment.code == 2 { settings.cod_fix_after_ms } else { settings.fix_after_ms };
                if order.has(Trait::FraudCheck) {
                    order.rakuten_check = true;
                    wait += settings.fraud_check_ms;
                }
                if !order.awaits_payment {
                    return self.step_at(now + wait, index, Step::Fix);
                }
                let deadline = jst::end_of_day(now, settings.prepaid_deadline_days);
                order.due_dates.push((0, jst::date(deadline)));
                let paid = settings.prepaid_pays_after_ms.filter(|_| !order.has(Trait::Unpaid));
                if let Some(after) = paid {
                    self.step_at(now + after, index, Step::Paid);
                }
                self.step_at(deadline + 1000, index, Step::NeverPaid);
            }
            500 => self.step_at(now + settings.settling_after_ms, index, Step::Settling),
            600 => self.step_at(now + settings.settled_after_ms, index, Step::Settled),
            800 => self.step_at(now + settings.cancel_fix_after_ms, index, Step::CancelFixed),
            _ => {}
        }
    }

    /// Lets a share of the orders older than a day have been confirmed, fixed and shipped in their time.
    pub(crate) fn live_through(&mut self, index: usize, share: f64, ctx: &mut Ctx<'_>) {
        let Some(order) = self.orders.get_mut(index) else { return };
        let at = order.ordered_ms;
        let Some(tail) = order.number.rsplit('-').next().and_then(|t| t.parse::<u64>().ok()) else { return };
        let mut rng = generate::source(self.seed ^ 0x11FE, order.shop, tail);
        if !rng.random_bool(share.clamp(0.0, 1.0)) || ctx.now_ms - at <= DAY_MS {
            return;
        }
        for package in order.packages.iter_mut().filter(|p| !p.deleted) {
            package.shipping = vec![Shipment {
                detail_id: self.ids.shipping(),
                number: Some(format!("0000{:08}", rng.random_range(0..100_000_000))),
                company: Some(package.carrier.to_owned()),
                date: Some(jst::date(at + DAY_MS / 2)),
            }];
        }
        for (after, progress) in [(10 * MINUTE_MS, 200), (40 * MINUTE_MS, 300), (DAY_MS / 2, 500)] {
            let mut then = Ctx {
                now_ms: at + after,
                caller_ms: at + after,
                settings: ctx.settings,
                effects: &mut *ctx.effects,
            };
            self.move_to(index, progress, "past", &mut then);
        }
    }

    /// Prepaid and now paid: 300 follows at once.
    pub(crate) fn pay(&mut self, index: usize, ctx: &Ctx<'_>) {
        if let Some(order) = self.orders.get_mut(index) {
            order.awaits_payment = false;
            order.revision += 1;
            if order.progress == 200 {
                self.step_at(ctx.now_ms, index, Step::Fix);
            }
        }
    }

    /// Holds an order in 200 or lets it go.
    pub(crate) fn hold(&mut self, index: usize, hold: bool, ctx: &Ctx<'_>) {
        if let Some(order) = self.orders.get_mut(index) {
            (order.held, order.rakuten_check) = (hold, hold);
            order.revision += 1;
            if !hold && order.progress == 200 && !order.awaits_payment {
                self.step_at(ctx.now_ms, index, Step::Fix);
            }
        }
    }
}

/// The dates that belong to a status; those of skipped statuses are filled in.
fn enter(order: &mut Order, progress: i64, now: i64) {
    order.progress = progress;
    order.stage += 1;
    order.revision += 1;
    // sub-statuses belong to one orderProgress each (2.7)
    order.sub_status = None;
    if (200..800).contains(&progress) {
        order.confirmed_ms.get_or_insert(now);
    }
    if (300..800).contains(&progress) {
        order.fixed_ms.get_or_insert(now);
        order.rakuten_check = false;
        order.awaits_payment = false;
    }
    if (500..800).contains(&progress) {
        order.reported_ms.get_or_insert(now);
    }
    if matches!(progress, 600 | 700) {
        order.settled_ms.get_or_insert(now);
    }
    if progress == 900 {
        order.rakuten_check = false;
    }
}
