//! How long to wait between two looks at a mall: a pure function of what the mall allows, what is left of the day's calls,
//! how often orders come at this hour, and how long a shop may wait at most. It knows no lane, no clock and no store.

use domain::UtcMillis;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use mall_api::Descriptor;

/// No shop whose imports are on waits longer than this, milliseconds.
pub const CEILING_MS: i64 = 15 * MINUTE;
/// A look this often shows an order within a minute of its placing: the look itself takes some seconds.
pub const BRISK_MS: i64 = 45 * SECOND;
/// With so many orders an hour (in thousandths) each look is as brisk as that; with fewer, looks become rarer in the same
/// measure, so that about the same share of looks finds something.
const BRISK_RATE: i64 = 2_000;
/// What was announced and not there yet is looked for again after this time.
const AGAIN_MS: i64 = MINUTE;
/// Orders of so many days make a habit. Before that a shop is looked at briskly.
const HABIT_DAYS: i64 = 7;
/// How far back the habit is read, milliseconds.
pub const HABIT_MS: i64 = 28 * DAY;
/// Of the day's calls left, the part that looks may plan with: the rest is for the orders they find and for hints.
const PLANNED: (i64, i64) = (4, 5);

/// What a mall allows a shop's looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// Least time between two looks of one shop that the limits sustain, milliseconds.
    pub limit_ms: i64,
    /// Calls of one look that finds nothing.
    pub calls: i64,
    /// Shops that share limits and budget, this one included.
    pub shops: i64,
    /// What is left of the day's calls; `None` = the mall counts no day.
    pub budget: Option<Budget>,
}

/// What is left of a day's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls that imports may still make.
    pub left: i64,
    /// Time until the count begins anew, milliseconds.
    pub until_ms: i64,
}

/// How often a shop's orders come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Habit {
    /// Orders by the hour of the day (Japan) they were placed in.
    pub per_hour: [i64; 24],
    /// Days they were counted over.
    pub days: i64,
}

/// What decided when the next look comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Orders come often enough: within a minute.
    Brisk,
    /// Few orders come at this hour.
    Rhythm,
    /// The mall allows no more.
    Limit,
    /// What is left of the day's calls has to last.
    Budget,
    /// As long as a shop may wait at most.
    Ceiling,
    /// Something was announced that the mall did not show yet.
    Announced,
    /// The last look failed for a reason that waiting does not mend.
    Failed,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 7] =
        [Self::Brisk, Self::Rhythm, Self::Limit, Self::Budget, Self::Ceiling, Self::Announced, Self::Failed];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brisk => "brisk",
            Self::Rhythm => "rhythm",
            Self::Limit => "limit",
            Self::Budget => "budget",
            Self::Ceiling => "ceiling",
            Self::Announced => "announced",
            Self::Failed => "failed",
        }
    }

    /// From the stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.as_str() == text)
    }

    /// Japanese words.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Brisk => "注文が多い時間帯のため、1分以内に見えるように見にいきます",
            Self::Rhythm => "この時間帯は注文が少ないため、間隔をあけています",
            Self::Limit => "モールの回数制限に合わせています",
            Self::Budget => "今日使える回数の残りに合わせています",
            Self::Ceiling => "間隔の上限です",
            Self::Announced => "新着の知らせがあり、まだモールに出ていないため、すぐ見なおします",
            Self::Failed => "前回はできませんでした",
        }
    }

    /// English words.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Brisk => "orders come often at this hour: visible within a minute",
            Self::Rhythm => "few orders come at this hour",
            Self::Limit => "the mall allows no more calls",
            Self::Budget => "what is left of today's calls has to last",
            Self::Ceiling => "the longest wait",
            Self::Announced => "something new was announced and is not there yet",
            Self::Failed => "the last look failed",
        }
    }
}

/// When the next look comes, and why then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// From now, milliseconds.
    pub ms: i64,
    /// What decided it.
    pub why: Why,
}

/// What the limits of a mall sustain: the look's calls of each bucket, for every shop that shares it. A bucket that
/// other operations use too is left to them by half.
#[must_use]
pub fn limit_ms(descriptor: &Descriptor, shops: i64) -> i64 {
    let look = descriptor.look;
    let operations = || descriptor.operations.iter().filter(|o| look.contains(&o.operation));
    let of_bucket = |bucket: &str| {
        let calls =
            look.iter().filter(|name| operations().any(|o| o.operation == **name && o.bucket == bucket));
        let calls = i64::try_from(calls.count()).unwrap_or(i64::MAX);
        let interval = operations().filter(|o| o.bucket == bucket).map(|o| o.limit.interval_ms).max();
        let shared = descriptor.operations.iter().any(|o| o.bucket == bucket && !look.contains(&o.operation));
        let share = if shared { 2 } else { 1 };
        interval.unwrap_or(0).max(0).saturating_mul(calls).saturating_mul(share)
    };
    let widest = operations().map(|o| of_bucket(o.bucket)).max().unwrap_or(0);
    widest.saturating_mul(shops.max(1))
}

impl Habit {
    /// Orders an hour, in thousandths, of the hour `at` lies in.
    fn rate(&self, at: UtcMillis) -> i64 {
        let hour = usize::try_from(at.japan().hour()).unwrap_or(0);
        let orders = self.per_hour.get(hour).copied().unwrap_or(0).max(0);
        orders.saturating_mul(1_000) / self.days.max(1)
    }

    /// How long orders of this hour let one wait. What begins within the longest wait counts already: a shop must not
    /// sleep into its busy hour.
    fn wait_ms(&self, now: UtcMillis) -> i64 {
        if self.days < HABIT_DAYS {
            return BRISK_MS;
        }
        let rate = self.rate(now).max(self.rate(now.plus(CEILING_MS)));
        BRISK_MS.saturating_mul(BRISK_RATE.max(rate)) / rate.max(1)
    }
}

impl Means {
    /// How long the calls that are left make one wait.
    fn budget_ms(&self) -> i64 {
        let Some(Budget { left, until_ms }) = self.budget else { return 0 };
        let planned = left.saturating_mul(PLANNED.0) / PLANNED.1;
        let calls = self.calls.max(1).saturating_mul(self.shops.max(1));
        if planned < calls {
            return until_ms.max(0);
        }
        until_ms.max(0).saturating_mul(calls).saturating_add(planned - 1) / planned
    }
}

/// The longest wait of a shop that is set to `interval_ms` (0 = not set).
#[must_use]
pub fn ceiling_ms(interval_ms: i64) -> i64 {
    if interval_ms <= 0 { CEILING_MS } else { interval_ms.min(CEILING_MS) }
}

/// How long a shop waits for its next look. `announced`: a hint led to the look that just ended, and it found nothing new
/// (mails may precede the order by minutes, malls/yahoo.md 13).
#[must_use]
pub fn wait(means: &Means, habit: &Habit, now: UtcMillis, ceiling_ms: i64, announced: bool) -> Wait {
    let wanted = habit.wait_ms(now);
    let mut wait = Wait { ms: wanted, why: if wanted <= BRISK_MS { Why::Brisk } else { Why::Rhythm } };
    if announced && AGAIN_MS < wait.ms {
        wait = Wait { ms: AGAIN_MS, why: Why::Announced };
    }
    for (ms, why) in [(means.limit_ms, Why::Limit), (means.budget_ms(), Why::Budget)] {
        if ms > wait.ms {
            wait = Wait { ms, why };
        }
    }
    if wait.ms >= ceiling_ms { Wait { ms: ceiling_ms, why: Why::Ceiling } } else { wait }
}

/// Least time between two looks that hints bring about, milliseconds: fifty mails in a moment are one look.
#[must_use]
pub fn hint_gap_ms(means: &Means) -> i64 {
    means.limit_ms.clamp(15 * SECOND, MINUTE)
}

/// Time until the day in Japan ends, milliseconds.
#[must_use]
pub fn until_midnight(now: UtcMillis) -> i64 {
    DAY - (now.0.saturating_add(9 * HOUR)).rem_euclid(DAY)
}

#[cfg(test)]
#[path = "rhythm_tests.rs"]
mod tests;
