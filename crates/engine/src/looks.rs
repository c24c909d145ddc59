//! Automatic imports: when a shop is looked at for news, how far back, and what the look means for the next one.
//!
//! How long to wait is reckoned by [`crate::rhythm`]; here it is fed and obeyed. When the next look comes is stored with
//! the shop, so that a restart brings no look forward (F38).

use crate::import::Begin;
use crate::lane::{Lane, LaneError};
use crate::pace;
use crate::requests::{ImportCounts, ImportRequest};
use crate::rhythm::{self, Budget, Habit, Means, Wait, Why};
use domain::time::{DAY, HOUR, SECOND};
use domain::{ImportMode, ShopId, UtcMillis};
use mall_api::Descriptor;
use mall_api::descriptor::PeriodRule;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use store::Shop;
use store::imports::RunRow;

/// Trigger of a look by the schedule.
pub(crate) const AUTO: &str = "auto";
/// Trigger of a look because something new was announced.
pub(crate) const HINT: &str = "hint";
/// Trigger of the daily look far back.
pub(crate) const SECOND_LOOK: &str = "second_look";

/// How far back a shop's first automatic import looks.
const FIRST_LOOK_BACK_MS: i64 = 3 * DAY;
/// A look that goes back as far as the mall may be late comes this often; those between look less far back.
const WIDE_MS: i64 = rhythm::CEILING_MS;
/// A wait for the mall's limits that a look may make inside its turn.
const SHORT_MS: i64 = SECOND;
/// The habit is read anew after this time.
const HABIT_READ_MS: i64 = HOUR;

/// What a lane remembers of its looks, on the monotonic clock. A new owner looks far back once and reads the habit anew.
#[derive(Default)]
pub(crate) struct Looks {
    /// When a look began, by shop.
    begun: HashMap<ShopId, i64>,
    /// When one that went back all the way began.
    wide: HashMap<ShopId, i64>,
    habits: HashMap<ShopId, (i64, Habit)>,
}

/// Where an import begins that brings what is new: at the end of what was read completely, with the mall's overlap.
#[must_use]
pub fn since_last(shop: &Shop, period: &PeriodRule, now: UtcMillis) -> UtcMillis {
    since(shop, period.overlap_ms, now)
}

fn since(shop: &Shop, overlap_ms: i64, now: UtcMillis) -> UtcMillis {
    // An end that lies in the future must not shorten the look back.
    shop.imported_to.map_or(now.plus(-FIRST_LOOK_BACK_MS), |t| t.min(now).plus(-overlap_ms))
}

/// Is a time that was stored due? One too far ahead was stored under a clock that has stepped back since (F48).
fn is_due(at: Option<UtcMillis>, now: UtcMillis, furthest_ms: i64) -> bool {
    at.is_none_or(|at| at <= now || at.since(now) > furthest_ms)
}

impl Lane {
    fn looks<T>(&self, of: impl FnOnce(&mut Looks) -> T) -> T {
        let looks: &Mutex<Looks> = &self.looks;
        of(&mut looks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The longest wait of a shop.
    fn ceiling_ms(&self, shop: &Shop) -> i64 {
        match shop.import_interval_ms {
            set if set > 0 && !self.hub.config.rhythm => set,
            set => rhythm::ceiling_ms(set),
        }
    }

    /// What the mall allows the looks of a shop.
    async fn means(&self, descriptor: &Descriptor) -> Result<Means, LaneError> {
        let shops = self.shops().await?.iter().filter(|s| s.imports_itself()).count();
        let shops = i64::try_from(shops).unwrap_or(i64::MAX).max(1);
        let budget = descriptor.calls_per_day.map(|all| Budget {
            left: all - all / 10 - self.calls_today(),
            until_ms: rhythm::until_midnight(self.now()),
        });
        Ok(Means {
            limit_ms: if self.hub.config.pacing { rhythm::limit_ms(descriptor, shops) } else { 0 },
            calls: i64::try_from(descriptor.look.len()).unwrap_or(1),
            shops,
            budget,
        })
    }

    async fn habit(&self, shop: ShopId) -> Result<Habit, LaneError> {
        let monotonic = self.hub.clock.monotonic_ms();
        let known = self.looks(|l| l.habits.get(&shop).copied());
        if let Some((_, habit)) = known.filter(|(read_at, _)| monotonic - read_at < HABIT_READ_MS) {
            return Ok(habit);
        }
        let now = self.now();
        let orders = self.hub.ledger.orders_by_hour(shop, now.plus(-rhythm::HABIT_MS)).await?;
        let days = orders.first_at.map_or(0, |first| now.since(first) / DAY);
        let habit = Habit { per_hour: orders.per_hour, days };
        self.looks(|l| l.habits.insert(shop, (monotonic, habit)));
        Ok(habit)
    }

    /// How long a shop waits for its next look.
    async fn next_wait(&self, shop: &Shop, announced: bool) -> Result<Wait, LaneError> {
        let ceiling = self.ceiling_ms(shop);
        let fixed = Wait { ms: ceiling, why: Why::Ceiling };
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(fixed) };
        if !self.hub.config.rhythm {
            return Ok(fixed);
        }
        let means = self.means(mall.descriptor()).await?;
        let habit = self.habit(shop.shop_id).await?;
        Ok(rhythm::wait(&means, &habit, self.now(), ceiling, announced))
    }

    /// Could a look begin without waiting for the mall's limits? A look that waits inside its turn holds up notices.
    fn has_turn(&self, descriptor: &Descriptor) -> bool {
        let now = self.now().0;
        let free = |name: &&str| {
            let Some(operation) = descriptor.operation(name) else { return true };
            let limit = pace::told(operation.limit, self.told_interval(operation.bucket));
            pace::take(self.tat(operation.bucket), now, limit).wait_ms <= SHORT_MS
        };
        !self.hub.config.pacing || descriptor.look.iter().all(free)
    }

    /// Is something announced that is to be looked at now? Hints that come together are one look, and one that comes
    /// during a look is one more after it.
    async fn hint_is_due(&self, shop: &Shop, descriptor: &Descriptor) -> Result<bool, LaneError> {
        if shop.import_mode != ImportMode::Mail || shop.hinted_at.is_none() {
            return Ok(false);
        }
        let gap = rhythm::hint_gap_ms(&self.means(descriptor).await?);
        let monotonic = self.hub.clock.monotonic_ms();
        let begun = self.looks(|l| l.begun.get(&shop.shop_id).copied());
        Ok(begun.is_none_or(|at| monotonic - at >= gap) && self.has_turn(descriptor))
    }

    /// Begins the look that is due; `true` when one began.
    pub(crate) async fn begin_scheduled_import(&self, shop: &Shop) -> Result<bool, LaneError> {
        if !shop.imports_itself() || self.hub.ledger.open_run(shop.shop_id).await?.is_some() {
            return Ok(false);
        }
        let now = self.now();
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(false) };
        let Some(period) = mall.descriptor().period.clone() else { return Ok(false) };
        let far = shop.second_look_at.is_some() && is_due(shop.second_look_at, now, DAY);
        let trigger = if far {
            SECOND_LOOK
        } else if self.hint_is_due(shop, mall.descriptor()).await? {
            HINT
        } else if is_due(shop.next_import_at, now, self.ceiling_ms(shop)) {
            AUTO
        } else {
            return Ok(false);
        };
        let wide = self.is_wide_due(shop.shop_id);
        // Orders bear the mall's time: with ours behind, the newest would lie in the future; with ours ahead, the next
        // look would begin where the mall has not come yet (F11).
        let to = self.mall_now();
        let from = match trigger {
            SECOND_LOOK => to.plus(-period.second_look_ms),
            _ if wide => since_last(shop, &period, to),
            _ => since(shop, period.near_ms, to),
        };
        let body = ImportRequest { from, to, statuses: None, overwrite: false, force: false, orders: None };
        let begin = Begin { trigger, request: None, body, carried: BTreeSet::new() };
        let begun = self.begin_import(shop, begin).await?.is_some();
        if begun {
            let monotonic = self.hub.clock.monotonic_ms();
            self.looks(|l| {
                l.begun.insert(shop.shop_id, monotonic);
                if wide {
                    l.wide.insert(shop.shop_id, monotonic);
                }
            });
        }
        Ok(begun)
    }

    /// Is it time for a look that goes back as far as the mall may be late (F09)?
    fn is_wide_due(&self, shop: ShopId) -> bool {
        let monotonic = self.hub.clock.monotonic_ms();
        let last = self.looks(|l| l.wide.get(&shop).copied());
        last.is_none_or(|at| monotonic - at >= WIDE_MS)
    }

    /// Called when a run ended well: the next ones are due from now.
    pub(crate) async fn import_ended(
        &self,
        shop: &Shop,
        run: &RunRow,
        counts: &ImportCounts,
    ) -> Result<(), LaneError> {
        let Some(shop) = self.hub.ledger.shop(shop.shop_id).await? else { return Ok(()) };
        let now = self.now();
        match run.trigger.as_str() {
            AUTO | HINT => {
                let wait = self.next_wait(&shop, run.trigger == HINT && counts.new == 0).await?;
                let second_look = shop.second_look_at.unwrap_or(now.plus(DAY));
                self.store_next(&shop, Some(run.to), Some(wait), second_look).await
            }
            SECOND_LOOK => self.store_next(&shop, shop.imported_to, None, now.plus(DAY)).await,
            _ => Ok(()),
        }
    }

    /// Called when a run ended for a reason that no waiting mends: its turn comes again, and what it did not read
    /// still counts as not read.
    pub(crate) async fn import_failed(&self, shop: &Shop, run: &RunRow) -> Result<(), LaneError> {
        let Some(shop) = self.hub.ledger.shop(shop.shop_id).await? else { return Ok(()) };
        let now = self.now();
        match run.trigger.as_str() {
            AUTO | HINT => {
                self.looks(|l| l.wide.remove(&shop.shop_id));
                let wait = Wait { ms: self.ceiling_ms(&shop), why: Why::Failed };
                let second_look = shop.second_look_at.unwrap_or(now.plus(DAY));
                self.store_next(&shop, shop.imported_to, Some(wait), second_look).await
            }
            SECOND_LOOK => self.store_next(&shop, shop.imported_to, None, now.plus(DAY)).await,
            _ => Ok(()),
        }
    }

    /// `wait`: `None` = the next look stays when it was.
    async fn store_next(
        &self,
        shop: &Shop,
        imported_to: Option<UtcMillis>,
        wait: Option<Wait>,
        second_look: UtcMillis,
    ) -> Result<(), LaneError> {
        let stays = shop.next_import_at.map(|at| (at, shop.next_import_why.as_deref().unwrap_or_default()));
        let next = wait.map(|w| (self.now().plus(w.ms), w.why.as_str())).or(stays);
        self.hub.ledger.set_import_times(shop.shop_id, imported_to, next, Some(second_look)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stored_under_a_clock_that_stepped_back_is_due_f48() {
        let now = UtcMillis(1_000_000);
        let due = |at: Option<i64>| is_due(at.map(|ms| now.plus(ms)), now, 900_000);
        assert_eq!(
            [None, Some(0), Some(1), Some(900_000), Some(900_001)].map(due),
            [true, true, false, false, true]
        );
    }
}
