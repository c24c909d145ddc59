//! When people do things: buyers by the hour of the day, staff in working hours. Pure.

use domain::UtcMillis;
use domain::time::{DAY, HOUR, MINUTE};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// How many orders come in each hour of a Japanese day, by weight: lunch, and above all the late evening.
const ORDERS: [u32; 24] = [5, 3, 2, 1, 1, 1, 2, 3, 4, 5, 6, 6, 8, 6, 5, 5, 5, 6, 7, 9, 12, 14, 12, 8];

/// Midnight in Japan of the day this moment lies in.
fn midnight(at: UtcMillis) -> UtcMillis {
    let japan = 9 * HOUR;
    UtcMillis((at.0 + japan).div_euclid(DAY) * DAY - japan)
}

/// A moment within a day from `begin` on, as buyers choose it.
pub(super) fn moment(luck: &mut ChaCha8Rng, begin: UtcMillis) -> UtcMillis {
    let all: u32 = ORDERS.iter().sum();
    let mut left = luck.random_range(0..all);
    let mut hour = 0;
    for (h, weight) in (0_i64..).zip(ORDERS) {
        hour = h;
        if left < weight {
            break;
        }
        left -= weight;
    }
    let at = midnight(begin).plus(hour * HOUR + luck.random_range(0..HOUR));
    if at < begin { at.plus(DAY) } else { at }
}

/// Two o'clock in the night behind `begin`.
pub(super) fn night(begin: UtcMillis) -> UtcMillis {
    midnight(begin).plus(DAY + 2 * HOUR)
}

/// When staff look at their orders on the day of `at`: about once an hour from half past nine, not on Sundays.
pub(super) fn looks(luck: &mut ChaCha8Rng, at: UtcMillis) -> Vec<UtcMillis> {
    let morning = midnight(at).plus(9 * HOUR + 30 * MINUTE);
    let list: Vec<_> = (0..8).map(|hour| morning.plus(hour * HOUR + luck.random_range(0..HOUR))).collect();
    let open = morning.japan_date().weekday() != jiff::civil::Weekday::Sunday;
    if open { list } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::START;
    use rand::SeedableRng as _;

    #[test]
    fn more_is_ordered_in_the_evening_than_at_night() {
        let mut luck = ChaCha8Rng::seed_from_u64(1);
        let hours: Vec<i8> = (0..1_000).map(|_| moment(&mut luck, START).japan().hour()).collect();
        let between = |from: i8, to: i8| hours.iter().filter(|h| (from..to).contains(h)).count();
        assert!(between(20, 23) > 5 * between(2, 5), "{} {}", between(20, 23), between(2, 5));
    }

    #[test]
    fn every_moment_lies_in_the_day_and_staff_have_their_sunday() {
        let mut luck = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..100 {
            let at = moment(&mut luck, START);
            assert!(at >= START && at < START.plus(DAY));
        }
        let worked = (0..7).filter(|day| !looks(&mut luck, START.plus(day * DAY)).is_empty()).count();
        assert_eq!(worked, 6);
        assert_eq!(night(START).japan().hour(), 2);
    }
}
