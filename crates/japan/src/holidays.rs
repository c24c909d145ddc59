//! 国民の祝日・休日, from a list (formats.md f.3). Made by `data/make_holidays.py`; `data/README.md` tells the sources.
//!
//! A list and not rules, because laws moved days for single years (2019, 2020, 2021), and may again.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use jiff::civil::Date;

/// Years of the list.
const YEARS: RangeInclusive<i16> = 1955..=2030;

/// The last year whose equinoxes were announced when the list was made: the 暦要項 of 2 February 2026 (国立天文台) gives
/// 2027. The years after are reckoned.
const LAST_ANNOUNCED: i16 = 2027;

/// How much the list may be trusted for a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Announced, or past.
    Decided,
    /// Reckoned by today's law: the days of spring and autumn may move by one, and laws may change. A screen says so.
    Estimated,
    /// The list does not reach there: no day of that year is known to be a holiday.
    Unknown,
}

/// What is known of a year's holidays.
pub fn certainty(year: i16) -> Certainty {
    match year {
        year if !YEARS.contains(&year) => Certainty::Unknown,
        year if year > LAST_ANNOUNCED => Certainty::Estimated,
        _ => Certainty::Decided,
    }
}

/// The name of a holiday, 振替休日 included; `None` for other days and for years outside the list ([`certainty`]).
pub fn holiday(date: Date) -> Option<&'static str> {
    list().get(&date).copied()
}

/// The holidays of a year, in order.
pub fn holidays_of(year: i16) -> impl Iterator<Item = (Date, &'static str)> {
    list().iter().filter(move |(date, _)| date.year() == year).map(|(date, name)| (*date, *name))
}

fn list() -> &'static BTreeMap<Date, &'static str> {
    static LIST: OnceLock<BTreeMap<Date, &'static str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("../data/holidays.txt").lines().flat_map(year).collect())
}

/// `2026 ⇥ 01-01 元日 ⇥ …`
fn year(line: &'static str) -> impl Iterator<Item = (Date, &'static str)> {
    let mut fields = line.split('\t');
    let year = fields.next().unwrap_or_default();
    fields.filter_map(move |field| {
        let (day, name) = field.split_once(' ')?;
        Some((format!("{year}-{day}").parse().ok()?, name))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_day_of_the_list_is_read_f3() {
        let written = include_str!("../data/holidays.txt").matches('\t').count();
        assert_eq!((list().len(), written), (1121, 1121));
        assert_eq!(list().keys().map(|d| d.year()).collect::<std::collections::BTreeSet<_>>().len(), 76);
        assert!(YEARS.clone().all(|year| holidays_of(year).count() >= 9));
    }

    #[test]
    fn days_moved_by_special_laws_are_where_they_were_f3() {
        for (day, name) in [
            (date(2019, 4, 30), Some("休日")),
            (date(2019, 5, 1), Some("休日（祝日扱い）")),
            (date(2020, 7, 24), Some("スポーツの日")),
            (date(2020, 10, 12), None),
            (date(2021, 7, 23), Some("スポーツの日")),
            (date(2021, 8, 8), Some("山の日")),
            (date(2021, 8, 11), None),
            (date(2026, 9, 22), Some("休日")),
            (date(2026, 11, 23), Some("勤労感謝の日")),
            (date(2026, 11, 22), None),
        ] {
            assert_eq!(holiday(day), name, "{day}");
        }
    }

    #[test]
    fn the_announced_days_of_2027_agree_with_the_almanac_f3() {
        let days: Vec<String> =
            holidays_of(2027).map(|(d, _)| format!("{}/{}", d.month(), d.day())).collect();
        let almanac = "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23";
        assert_eq!(days.join(" "), almanac);
    }

    #[test]
    fn a_year_that_nobody_announced_yet_is_called_estimated_f3() {
        let told: Vec<_> = [1954, 1955, 2027, 2028, 2030, 2031].map(certainty).to_vec();
        use Certainty::{Decided, Estimated, Unknown};
        assert_eq!(told, [Unknown, Decided, Decided, Estimated, Estimated, Unknown]);
        assert_eq!(holiday(date(2031, 1, 1)), None);
    }
}
