//! How fast a lane may call: GCRA over one persisted number.
//!
//! The number is the *theoretical arrival time* (TAT): the moment at which a bucket that is used evenly would take
//! its next call. It is all that has to survive a restart or a takeover, so a new owner of the lane spends no burst
//! that the old one has already spent. Everything here is a pure function; the caller keeps the number in the
//! lane's row and waits on the `Clock`.
//!
//! How to use it: `take`, and if `wait_ms` is not zero wait so long and `take` again *from the same stored number*,
//! until it is zero; then store `tat_ms` and send. Taking again after the wait matters: a sleeper that overslept
//! would otherwise send late and its follower on time, closer together than the mall allows.

use mall_api::descriptor::Limit;

/// The longest hold that is believed, milliseconds. A mall that asks for a longer rest is asked once more after this
/// time; work that must rest longer carries its own "not before" in its row.
pub const MAX_HOLD_MS: i64 = 3_600_000;

/// When the next call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Wait so long first; zero: now.
    pub wait_ms: i64,
    /// The number to store once the call goes (after `wait_ms`).
    pub tat_ms: i64,
}

/// Width of the burst in time: how far the TAT may run ahead of a call.
fn tolerance(limit: Limit) -> i64 {
    limit.burst.max(1).saturating_sub(1).saturating_mul(limit.interval_ms.max(0))
}

/// The stored number as far as it can be believed. Whoever waits must keep what this gave before the first wait:
/// cut anew after each wait, a number far in the future would be waited for again and again.
pub fn believable(tat_ms: Option<i64>, now_ms: i64, limit: Limit) -> Option<i64> {
    let tolerance = tolerance(limit);
    let furthest =
        now_ms.saturating_add(tolerance).saturating_add(limit.interval_ms.max(0)).saturating_add(MAX_HOLD_MS);
    tat_ms.map(|tat| tat.min(furthest.saturating_add(tolerance)))
}

/// Takes the next slot: `burst` calls at once after a rest, then one each interval, never earlier.
///
/// The wall clock may step back (F48), and then the stored number lies in a future that may be hours away. Honest
/// pacing is never further ahead than `burst` intervals, an honest hold never further than [`MAX_HOLD_MS`] on top;
/// what lies beyond is a clock step, so the wait is cut to that sum. The two cannot be told apart below it, and
/// obeying a hold is worth more than losing at most an hour to a rare step. After a cut the burst counts as spent.
/// A clock that stepped forward cannot be noticed here; the mall then answers 429 at worst.
pub fn take(tat_ms: Option<i64>, now_ms: i64, limit: Limit) -> Slot {
    let interval = limit.interval_ms.max(0);
    let tolerance = tolerance(limit);
    let tat = believable(tat_ms, now_ms, limit).unwrap_or(now_ms);
    let wait_ms = tat.saturating_sub(tolerance).saturating_sub(now_ms).max(0);
    let start = now_ms.saturating_add(wait_ms);
    Slot { wait_ms, tat_ms: tat.max(start).saturating_add(interval) }
}

/// The mall said "not before `until_ms`" (429, Retry-After): the number to store, so that nothing is sent before,
/// and then one call each interval without a burst. A hold never shortens a wait that stands already, and reaches
/// no further than [`MAX_HOLD_MS`] ahead.
pub fn hold(tat_ms: Option<i64>, now_ms: i64, until_ms: i64, limit: Limit) -> i64 {
    let until = until_ms.clamp(now_ms, now_ms.saturating_add(MAX_HOLD_MS));
    let held = until.saturating_add(tolerance(limit));
    tat_ms.map_or(held, |tat| tat.max(held))
}

/// The limit with the interval the mall told, both ways; but never ten times faster than the Descriptor's, and never
/// slower than the longest hold.
pub fn told(limit: Limit, interval_ms: Option<i64>) -> Limit {
    let fastest = limit.interval_ms.max(0) / 10;
    match interval_ms.filter(|ms| *ms > 0) {
        Some(ms) => Limit { interval_ms: ms.min(MAX_HOLD_MS).max(fastest), ..limit },
        None => limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Limit = Limit { interval_ms: 1_000, burst: 1 };
    const BURSTY: Limit = Limit { interval_ms: 2_000, burst: 5 };
    const HOUR: i64 = 3_600_000;

    /// Sends as the lane does, and gives the moment of sending.
    fn send(tat: &mut Option<i64>, now: &mut i64, limit: Limit, oversleep: i64) -> i64 {
        loop {
            let slot = take(*tat, *now, limit);
            if slot.wait_ms == 0 {
                *tat = Some(slot.tat_ms);
                return *now;
            }
            *now += slot.wait_ms + oversleep;
        }
    }

    fn sends(count: usize, tat: &mut Option<i64>, now: &mut i64, limit: Limit) -> Vec<i64> {
        (0..count).map(|_| send(tat, now, limit, 0)).collect()
    }

    #[test]
    fn one_a_second_is_exactly_one_a_second() {
        assert_eq!(sends(4, &mut None, &mut 500, SECOND), [500, 1_500, 2_500, 3_500]);
    }

    #[test]
    fn a_burst_after_rest_then_even_spacing() {
        let (mut tat, mut now) = (None, 0);
        assert_eq!(sends(8, &mut tat, &mut now, BURSTY), [0, 0, 0, 0, 0, 2_000, 4_000, 6_000]);
        now += 2 * BURSTY.interval_ms;
        assert_eq!(sends(4, &mut tat, &mut now, BURSTY), [10_000, 10_000, 12_000, 14_000]);
    }

    #[test]
    fn a_restart_spends_no_burst_that_is_gone() {
        let (mut tat, mut now) = (None, 0);
        sends(5, &mut tat, &mut now, BURSTY);
        let persisted = tat;
        assert_eq!(take(persisted, 1, BURSTY).wait_ms, 1_999);
    }

    #[test]
    fn an_overslept_call_does_not_crowd_the_next() {
        let (mut tat, mut now) = (None, 0);
        let first = send(&mut tat, &mut now, SECOND, 0);
        let late = send(&mut tat, &mut now, SECOND, 700);
        let next = send(&mut tat, &mut now, SECOND, 0);
        assert_eq!((first, late, next), (0, 1_700, 2_700));
    }

    #[test]
    fn a_clock_that_stepped_back_does_not_block_for_hours_f48() {
        let tat = Some(100 * HOUR);
        let slot = take(tat, 0, BURSTY);
        assert_eq!(slot.wait_ms, BURSTY.burst * BURSTY.interval_ms + MAX_HOLD_MS);
        let after = take(Some(slot.tat_ms), slot.wait_ms, BURSTY);
        assert_eq!(after.wait_ms, BURSTY.interval_ms, "no burst after a cut, and no second long wait");
        let kept = believable(tat, 0, BURSTY);
        assert_eq!(take(kept, slot.wait_ms, BURSTY).wait_ms, 0, "nor one before the call has gone");
    }

    #[test]
    fn retry_after_is_obeyed_and_ends_without_a_burst_f07() {
        let (mut tat, mut now) = (None, 0);
        send(&mut tat, &mut now, BURSTY, 0);
        tat = Some(hold(tat, now, 30_000, BURSTY));
        assert_eq!(sends(3, &mut tat, &mut now, BURSTY), [30_000, 32_000, 34_000]);
        assert_eq!(hold(tat, now, now, SECOND), tat.unwrap(), "a hold in the past shortens nothing");
    }

    #[test]
    fn a_hold_of_a_day_is_asked_again_after_an_hour() {
        let tat = hold(None, 0, 24 * HOUR, SECOND);
        assert_eq!(take(Some(tat), 0, SECOND).wait_ms, MAX_HOLD_MS);
    }

    #[test]
    fn a_told_interval_is_obeyed_both_ways_within_bounds() {
        let of = |ms| told(BURSTY, ms).interval_ms;
        assert_eq!([of(None), of(Some(5_000)), of(Some(500))], [2_000, 5_000, 500]);
        assert_eq!(
            [of(Some(1)), of(Some(0)), of(Some(-3)), of(Some(i64::MAX))],
            [200, 2_000, 2_000, MAX_HOLD_MS]
        );
        assert_eq!(told(Limit { interval_ms: 0, burst: 1 }, Some(700)).interval_ms, 700);
    }

    #[test]
    fn odd_limits_do_no_harm() {
        let none = Limit { interval_ms: 0, burst: 0 };
        assert_eq!(take(None, 7, none), Slot { wait_ms: 0, tat_ms: 7 });
        let vast = Limit { interval_ms: i64::MAX, burst: i64::MAX };
        assert!(take(Some(i64::MAX), i64::MIN, vast).wait_ms >= 0);
        assert_eq!(take(Some(i64::MIN), 5, SECOND), Slot { wait_ms: 0, tat_ms: 1_005 });
    }

    proptest! {
        /// In any window of length w there are at most burst + w/interval calls, whatever the rests, the lateness
        /// of the sleeper, and the holds between.
        #[test]
        fn no_window_holds_more_than_allowed(
            interval_ms in 1_i64..5_000,
            burst in 1_i64..8,
            steps in proptest::collection::vec((0_i64..20_000, 0_i64..3_000, prop::bool::weighted(0.1)), 1..60),
        ) {
            let limit = Limit { interval_ms, burst };
            let (mut tat, mut now) = (None, 0);
            let mut times = Vec::new();
            for (rest, oversleep, held) in steps {
                // most calls follow at once
                if rest % 3 == 0 { now += rest; }
                if held {
                    let until = now + rest;
                    tat = Some(hold(tat, now, until, limit));
                    prop_assert!(take(tat, now, limit).wait_ms >= rest);
                }
                times.push(send(&mut tat, &mut now, limit, oversleep % 2 * oversleep));
            }
            for (i, first) in times.iter().enumerate() {
                for (j, last) in times.iter().enumerate().skip(i) {
                    let count = i64::try_from(j - i + 1).unwrap();
                    prop_assert!(count <= burst + (last - first) / interval_ms);
                }
            }
        }

        /// Nothing waits longer than needed: one millisecond less would break the limit.
        #[test]
        fn a_busy_lane_loses_nothing(interval_ms in 1_i64..5_000, burst in 1_i64..8, calls in 1_usize..40) {
            let limit = Limit { interval_ms, burst };
            let times = sends(calls, &mut None, &mut 0, limit);
            for (k, at) in times.iter().enumerate() {
                let k = i64::try_from(k).unwrap();
                prop_assert_eq!(*at, (k + 1 - burst).max(0) * interval_ms);
            }
        }

        /// Whatever is stored and whatever the clock says, the wait is bounded and never negative.
        #[test]
        fn the_wait_is_bounded(tat: i64, now: i64, interval_ms in 0_i64..100_000, burst in 0_i64..100) {
            let limit = Limit { interval_ms, burst };
            let slot = take(Some(tat), now, limit);
            prop_assert!(slot.wait_ms >= 0);
            prop_assert!(slot.wait_ms <= burst.max(1) * interval_ms + MAX_HOLD_MS);
        }
    }
}
