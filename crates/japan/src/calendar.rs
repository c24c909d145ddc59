//! 営業日: which days a shop works (ux.md 3, 次の営業日; closed days greyed).

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::holiday;

/// A shop's (or a warehouse's) days. The default works every day but national holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Weekdays without work.
    pub closed_weekdays: Vec<Weekday>,
    /// Whether national holidays are without work.
    pub closed_on_holidays: bool,
    /// Single days without work: New Year, stocktaking.
    pub closed_days: BTreeSet<Date>,
    /// Single days worked although a rule above closes them.
    pub open_days: BTreeSet<Date>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            closed_weekdays: Vec::new(),
            closed_on_holidays: true,
            closed_days: BTreeSet::new(),
            open_days: BTreeSet::new(),
        }
    }
}

/// Why a day is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The shop named the day.
    Listed,
    /// A national holiday, with its name.
    Holiday(&'static str),
    /// A weekday without work.
    Weekday(Weekday),
}

impl Calendar {
    /// Why a day is closed; `None` when it is worked. A day named open is open, whatever else says no.
    pub fn why_closed(&self, date: Date) -> Option<Closed> {
        if self.open_days.contains(&date) {
            return None;
        }
        if self.closed_days.contains(&date) {
            return Some(Closed::Listed);
        }
        let holiday = holiday(date).filter(|_| self.closed_on_holidays).map(Closed::Holiday);
        let weekday =
            || self.closed_weekdays.contains(&date.weekday()).then(|| Closed::Weekday(date.weekday()));
        holiday.or_else(weekday)
    }

    /// Whether a day is without work.
    pub fn is_closed(&self, date: Date) -> bool {
        self.why_closed(date).is_some()
    }

    /// The first day of work after a day (never that day itself). `None` when a year goes by without one.
    pub fn next_business_day(&self, after: Date) -> Option<Date> {
        after.series(1.day()).skip(1).take(366).find(|date| !self.is_closed(*date))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn weekends() -> Calendar {
        Calendar { closed_weekdays: vec![Weekday::Saturday, Weekday::Sunday], ..Calendar::default() }
    }

    #[test]
    fn the_next_business_day_leaps_weekends_and_holidays_ux3() {
        // Saturday 21, Sunday 22, and Monday 23 November 2026 is 勤労感謝の日.
        assert_eq!(weekends().next_business_day(date(2026, 11, 20)), Some(date(2026, 11, 24)));
        assert_eq!(weekends().next_business_day(date(2026, 11, 24)), Some(date(2026, 11, 25)));
        let works_on_holidays = Calendar { closed_on_holidays: false, ..weekends() };
        assert_eq!(works_on_holidays.next_business_day(date(2026, 11, 20)), Some(date(2026, 11, 23)));
        assert_eq!(Calendar::default().next_business_day(date(2026, 11, 20)), Some(date(2026, 11, 21)));
    }

    #[test]
    fn a_named_day_beats_every_rule_and_open_beats_closed_ux3() {
        let mut calendar = weekends();
        calendar.closed_days.insert(date(2026, 11, 24));
        calendar.open_days.insert(date(2026, 11, 22));
        assert_eq!(calendar.next_business_day(date(2026, 11, 20)), Some(date(2026, 11, 22)));
        assert_eq!(calendar.next_business_day(date(2026, 11, 22)), Some(date(2026, 11, 25)));
        calendar.open_days.insert(date(2026, 11, 24));
        assert!(!calendar.is_closed(date(2026, 11, 24)));
    }

    #[test]
    fn a_greyed_day_can_say_why_ux3() {
        let mut calendar = weekends();
        calendar.closed_days.insert(date(2026, 12, 31));
        assert_eq!(calendar.why_closed(date(2026, 11, 23)), Some(Closed::Holiday("勤労感謝の日")));
        assert_eq!(calendar.why_closed(date(2026, 11, 22)), Some(Closed::Weekday(Weekday::Sunday)));
        assert_eq!(calendar.why_closed(date(2026, 12, 31)), Some(Closed::Listed));
        assert_eq!(calendar.why_closed(date(2026, 11, 24)), None);
    }

    #[test]
    fn a_calendar_without_any_open_day_has_no_next_one() {
        let closed =
            Calendar { closed_weekdays: Weekday::Monday.cycle_forward().take(7).collect(), ..weekends() };
        assert_eq!(closed.next_business_day(date(2026, 11, 22)), None);
        assert_eq!(Calendar::default().next_business_day(Date::MAX), None);
    }
}
