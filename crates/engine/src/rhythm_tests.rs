use super::*;
use jiff::civil::date;
use mall_api::descriptor::{Limit, Operation};
use proptest::prelude::*;

const FREE: Means = Means { limit_ms: 0, calls: 1, shops: 1, budget: None };

fn at(hour: i8, minute: i8) -> UtcMillis {
    UtcMillis::from_japan(date(2026, 11, 22).at(hour, minute, 0, 0)).unwrap()
}

/// Thirty orders a day, as shops have them: few at night, most in the evening.
fn shop() -> Habit {
    let mut per_hour = [28; 24];
    for (hour, orders) in per_hour.iter_mut().enumerate() {
        *orders = match hour {
            1..6 => 2,
            20..23 => 112,
            _ => 28,
        };
    }
    Habit { per_hour, days: 28 }
}

#[test]
fn busy_hours_are_looked_at_within_a_minute_and_quiet_ones_at_the_ceiling_imp7() {
    let told = |hour, minute| wait(&FREE, &shop(), at(hour, minute), CEILING_MS, false);
    assert_eq!(told(21, 0), Wait { ms: BRISK_MS, why: Why::Brisk });
    // One an hour: half as often.
    assert_eq!(told(12, 0), Wait { ms: 2 * BRISK_MS, why: Why::Rhythm });
    assert_eq!(told(3, 0), Wait { ms: CEILING_MS, why: Why::Ceiling });
    // The evening begins in ten minutes.
    assert_eq!(told(19, 50).ms, BRISK_MS);
}

#[test]
fn a_shop_nobody_knows_yet_is_looked_at_briskly_imp7() {
    let new = Habit { days: 3, ..Habit::default() };
    assert_eq!(wait(&FREE, &new, at(3, 0), CEILING_MS, false).ms, BRISK_MS);
}

#[test]
fn limits_and_what_is_left_of_the_day_stretch_the_wait_and_say_so() {
    let limited = Means { limit_ms: 179_000, ..FREE };
    assert_eq!(wait(&limited, &shop(), at(21, 0), CEILING_MS, false), Wait { ms: 179_000, why: Why::Limit });
    // 2,000 calls left for twelve hours and ten shops at two calls each.
    let budget = Some(Budget { left: 2_000, until_ms: 12 * HOUR });
    let counted = Means { calls: 2, shops: 10, budget, ..FREE };
    assert_eq!(wait(&counted, &shop(), at(21, 0), CEILING_MS, false), Wait { ms: 540_000, why: Why::Budget });
    let used_up = Means { budget: Some(Budget { left: 0, until_ms: HOUR }), ..FREE };
    assert_eq!(wait(&used_up, &shop(), at(21, 0), CEILING_MS, false).ms, CEILING_MS);
}

#[test]
fn what_was_announced_and_is_not_there_yet_is_looked_for_again_f15() {
    let told = |announced| wait(&FREE, &shop(), at(3, 0), CEILING_MS, announced);
    assert_eq!(told(true), Wait { ms: MINUTE, why: Why::Announced });
    assert_eq!(told(false).why, Why::Ceiling);
    assert_eq!(wait(&FREE, &shop(), at(21, 0), CEILING_MS, true).why, Why::Brisk);
}

#[test]
fn a_shop_may_wait_less_than_fifteen_minutes_at_most_but_never_more() {
    assert_eq!([0, 60_000, HOUR].map(ceiling_ms), [CEILING_MS, 60_000, CEILING_MS]);
}

#[test]
fn the_day_ends_at_midnight_in_japan() {
    assert_eq!(until_midnight(at(23, 0)), HOUR);
    assert_eq!(until_midnight(at(0, 0)), DAY);
}

#[test]
fn each_reason_is_read_back_and_has_words_of_its_own() {
    for why in Why::ALL {
        assert_eq!(Why::parse(why.as_str()), Some(why));
        assert!(Why::ALL.iter().filter(|w| w.ja() == why.ja() || w.en() == why.en()).count() == 1);
    }
    assert_eq!(Why::parse("tired"), None);
}

fn descriptor(look: &'static [&'static str], operations: &[(&'static str, &'static str, i64)]) -> Descriptor {
    let known = malls::registry().into_iter().next().unwrap().descriptor().clone();
    let operation = |(operation, bucket, interval_ms): &(&'static str, &'static str, i64)| Operation {
        operation,
        bucket,
        limit: Limit { interval_ms: *interval_ms, burst: 1 },
        timeout_ms: 1_000,
    };
    Descriptor { look, operations: operations.iter().map(operation).collect(), ..known }
}

#[test]
fn limits_are_counted_by_bucket_and_a_shared_one_is_left_by_half() {
    let shared = descriptor(
        &["search", "get"],
        &[("search", "order", 1_000), ("get", "order", 1_000), ("ship", "order", 1_000)],
    );
    assert_eq!((limit_ms(&shared, 1), limit_ms(&shared, 3)), (4_000, 12_000));
    let own = descriptor(&["list", "list"], &[("list", "list", 1_100), ("info", "info", 9_000)]);
    assert_eq!(limit_ms(&own, 10), 22_000);
    assert_eq!(limit_ms(&descriptor(&[], &[]), 5), 0);
}

#[test]
fn every_mall_of_the_registry_says_what_a_look_calls() {
    for mall in malls::registry() {
        let descriptor = mall.descriptor();
        if descriptor.period.is_none() {
            continue;
        }
        assert!(!descriptor.look.is_empty(), "{}", descriptor.mall);
        assert!(descriptor.look.iter().all(|o| descriptor.operation(o).is_some()), "{}", descriptor.mall);
        assert!(limit_ms(descriptor, 1) < CEILING_MS, "{}", descriptor.mall);
    }
}

fn habits() -> impl Strategy<Value = Habit> {
    (prop::array::uniform24(0_i64..2_000), 0_i64..40).prop_map(|(per_hour, days)| Habit { per_hour, days })
}

proptest! {
    /// Never above the ceiling, never above what the limits sustain, and never in the past.
    #[test]
    fn a_wait_keeps_limits_and_ceiling(
        habit in habits(), hour in 0_i64..2_000, limit in 0_i64..2_000_000, calls in 1_i64..5, shops in 1_i64..30,
        left in -10_i64..60_000, until in 1_i64..DAY, ceiling in 1_i64..=CEILING_MS, announced: bool, counted: bool,
    ) {
        let budget = counted.then_some(Budget { left, until_ms: until });
        let means = Means { limit_ms: limit, calls, shops, budget };
        let wait = wait(&means, &habit, UtcMillis(1_793_000_000_000 + hour * HOUR), ceiling, announced);
        prop_assert!((0..=ceiling).contains(&wait.ms));
        prop_assert!(wait.ms >= limit.min(ceiling));
        prop_assert_eq!(wait.why == Why::Ceiling, wait.ms == ceiling);
    }

    /// A whole day of looks of all shops of a lane stays within the day's calls, as long as the ceiling allows it.
    #[test]
    fn a_day_of_looks_stays_within_the_days_calls(
        habit in habits(), calls in 1_i64..5, shops in 1_i64..10, allowed in 10_000_i64..50_000, start in 0_i64..DAY,
    ) {
        // Looks at the ceiling must fit, else no wait could.
        prop_assume!(allowed * 4 / 5 >= DAY / CEILING_MS * calls * shops * 2);
        let (mut used, midnight) = (0, 1_793_000_000_000 / DAY * DAY - 9 * HOUR);
        let mut now = UtcMillis(midnight + start);
        let end = UtcMillis(midnight + DAY);
        while now < end {
            used += calls * shops;
            let budget = Some(Budget { left: allowed - used, until_ms: until_midnight(now) });
            let means = Means { limit_ms: 0, calls, shops, budget };
            now = now.plus(wait(&means, &habit, now, CEILING_MS, false).ms);
        }
        prop_assert!(used <= allowed, "{} of {}", used, allowed);
    }
}
