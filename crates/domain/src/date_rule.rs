//! 日付自動登録 (DESK-3): 納品書印刷指示日 and 出荷予定日 of an order that comes in, counted in working days. Which days are
//! closed is told by the caller; what day it is as well.

use crate::time::UtcMillis;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Most working days a rule may count.
pub const MOST_DAYS: u8 = 60;
/// Days looked through for the next working one. A house that is closed for longer gets no date.
const FURTHEST: usize = 366;

/// A shop's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DateRule {
    /// Orders placed from this minute of the day on (0 to 1439, Japan) count as the next day's; `None` = no cut-off.
    pub cutoff_minute: Option<u16>,
    /// 納品書印刷指示日: so many working days after; 0 = the day itself. `None` = not filled in.
    pub print_after: Option<u8>,
    /// 出荷予定日: so many working days after; `None` = not filled in.
    pub ship_after: Option<u8>,
}

/// What a rule fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dates {
    /// 納品書印刷指示日.
    pub print_on: Option<Date>,
    /// 出荷予定日.
    pub ship_on: Option<Date>,
}

/// The first day from `date` on that is not closed.
fn open_from(date: Date, is_closed: &dyn Fn(Date) -> bool) -> Option<Date> {
    date.series(1.day()).take(FURTHEST).find(|day| !is_closed(*day))
}

/// The day `days` working days after `date`, which is a working day itself.
fn after(date: Date, days: u8, is_closed: &dyn Fn(Date) -> bool) -> Option<Date> {
    (0..days.min(MOST_DAYS)).try_fold(date, |day, _| open_from(day.tomorrow().ok()?, is_closed))
}

impl DateRule {
    /// It fills in something.
    #[must_use]
    pub fn fills(&self) -> bool {
        self.print_after.is_some() || self.ship_after.is_some()
    }

    /// The working day an order counts as: the day it was placed, the next one from the cut-off on, and the first that is
    /// open. An order that came in late counts as the day it came in: no date lies behind.
    #[must_use]
    pub fn counts_as(
        &self,
        ordered_at: UtcMillis,
        today: Date,
        is_closed: &dyn Fn(Date) -> bool,
    ) -> Option<Date> {
        let placed = ordered_at.japan();
        let minute = u16::try_from(i32::from(placed.hour()) * 60 + i32::from(placed.minute())).ok()?;
        let late = self.cutoff_minute.is_some_and(|cutoff| minute >= cutoff);
        let day = if late { placed.date().tomorrow().ok()? } else { placed.date() };
        open_from(day.max(today), is_closed)
    }

    /// The dates of an order placed at `ordered_at` that comes in on `today`.
    #[must_use]
    pub fn dates(&self, ordered_at: UtcMillis, today: Date, is_closed: &dyn Fn(Date) -> bool) -> Dates {
        let Some(day) = self.counts_as(ordered_at, today, is_closed) else { return Dates::default() };
        let of = |days: Option<u8>| after(day, days?, is_closed);
        Dates { print_on: of(self.print_after), ship_on: of(self.ship_after) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Weekday, date};
    use proptest::prelude::*;

    const RULE: DateRule =
        DateRule { cutoff_minute: Some(15 * 60), print_after: Some(0), ship_after: Some(1) };

    fn at(day: Date, hour: i8, minute: i8) -> UtcMillis {
        UtcMillis::from_japan(day.at(hour, minute, 0, 0)).unwrap()
    }

    /// Saturdays, Sundays, and 23 November 2026 (勤労感謝の日).
    fn closed(day: Date) -> bool {
        matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || day == date(2026, 11, 23)
    }

    fn told(rule: DateRule, day: Date, hour: i8, minute: i8) -> (Date, Date) {
        let dates = rule.dates(at(day, hour, minute), day, &closed);
        (dates.print_on.unwrap(), dates.ship_on.unwrap())
    }

    #[test]
    fn the_cut_off_divides_the_day_and_closed_days_are_not_counted_desk3() {
        let thursday = date(2026, 11, 19);
        for (hour, minute, print, ship) in [
            (9, 0, thursday, date(2026, 11, 20)),
            (14, 59, thursday, date(2026, 11, 20)),
            // From the cut-off on it is Friday's, and three closed days follow.
            (15, 0, date(2026, 11, 20), date(2026, 11, 24)),
            (23, 59, date(2026, 11, 20), date(2026, 11, 24)),
        ] {
            assert_eq!(told(RULE, thursday, hour, minute), (print, ship), "{hour}:{minute}");
        }
        // Placed on a closed day: the first open one, whatever the hour.
        for hour in [0, 14, 15, 23] {
            assert_eq!(told(RULE, date(2026, 11, 21), hour, 0), (date(2026, 11, 24), date(2026, 11, 25)));
        }
        let plain = DateRule { cutoff_minute: None, ..RULE };
        assert_eq!(told(plain, thursday, 23, 59), (thursday, date(2026, 11, 20)), "no cut-off");
    }

    #[test]
    fn an_order_that_comes_in_late_gets_no_date_behind_desk3() {
        let dates = RULE.dates(at(date(2026, 11, 2), 9, 0), date(2026, 11, 21), &closed);
        let expected = (Some(date(2026, 11, 24)), Some(date(2026, 11, 25)));
        assert_eq!((dates.print_on, dates.ship_on), expected);
    }

    #[test]
    fn what_a_rule_does_not_name_stays_empty_and_a_house_without_open_days_gets_none_desk3() {
        let none = DateRule::default();
        assert!(!none.fills() && RULE.fills());
        let day = date(2026, 11, 19);
        assert_eq!(none.dates(at(day, 9, 0), day, &closed), Dates::default());
        assert_eq!(RULE.dates(at(day, 9, 0), day, &|_| true), Dates::default());
        assert_eq!(RULE.dates(at(day, 9, 0), Date::MAX, &|_| true), Dates::default());
    }

    #[test]
    fn the_day_is_cut_in_japan_and_not_in_utc_desk3() {
        // 23:30 UTC on the 18th is 08:30 on the 19th in Japan.
        let ordered = UtcMillis("2026-11-18T23:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let dates = RULE.dates(ordered, date(2026, 11, 18), &closed);
        assert_eq!(dates.print_on, Some(date(2026, 11, 19)));
    }

    proptest! {
        /// Whatever the rule and the closed days: dates are working days, not before today, and in order.
        #[test]
        fn dates_are_working_days_ahead_and_in_order_desk3(
            cutoff in prop::option::of(0_u16..1_440),
            print in 0_u8..10, more in 0_u8..10,
            hours in 0_i64..8_000, late in 0_i64..40, closed_bits in 0_u8..127,
        ) {
            let ordered = UtcMillis(1_793_000_000_000 + hours * 3_600_000);
            let today = ordered.plus(late * crate::time::DAY).japan_date();
            let is_closed = |day: Date| closed_bits & (1 << day.weekday().to_monday_zero_offset()) != 0;
            let rule = DateRule { cutoff_minute: cutoff, print_after: Some(print), ship_after: Some(print + more) };
            let dates = rule.dates(ordered, today, &is_closed);
            let (print_on, ship_on) = (dates.print_on.unwrap(), dates.ship_on.unwrap());
            prop_assert!(!is_closed(print_on) && !is_closed(ship_on));
            prop_assert!(today <= print_on && print_on <= ship_on);
        }
    }
}
