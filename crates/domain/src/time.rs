//! Points in time as UTC milliseconds, calendar days in Japan. Nothing here asks what time it is.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. The database stores this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct UtcMillis(pub i64);

/// Japan has had one offset and no summer time since 1951.
const JST_HOURS: i8 = 9;

fn jst() -> TimeZone {
    TimeZone::fixed(Offset::constant(JST_HOURS))
}

impl UtcMillis {
    /// This time plus milliseconds, stopping at the ends of the number instead of wrapping.
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time; negative when it is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Date and time on a Japanese wall clock.
    pub fn japan(self) -> DateTime {
        let timestamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        Offset::constant(JST_HOURS).to_datetime(timestamp)
    }

    /// The calendar day in Japan. A server in UTC must not cut days at UTC midnight.
    pub fn japan_date(self) -> Date {
        self.japan().date()
    }

    /// From a Japanese wall clock; `None` outside the years −9999 to 9999.
    pub fn from_japan(datetime: DateTime) -> Option<Self> {
        datetime.to_zoned(jst()).ok().map(|z| Self(z.timestamp().as_millisecond()))
    }

    /// `2026-11-22 09:05:00`, as screens and the CLI show it.
    pub fn to_japan_text(self) -> String {
        self.japan().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Reads what people and scripts write for a time: `2026-11-22`, `2026-11-22 09:05`, `2026-11-22T09:05:30`
    /// (Japan time), or RFC 3339 with a zone. `None` when it is none of these.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Some(Self(timestamp.as_millisecond()));
        }
        if let Ok(datetime) = text.replacen('/', "-", 2).parse::<DateTime>() {
            return Self::from_japan(datetime);
        }
        None
    }
}

/// One second in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day in milliseconds.
pub const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_cut_at_midnight_in_japan_f48() {
        let before = UtcMillis::parse_lenient("2026-11-22T14:59:59Z").unwrap();
        let after = before.plus(SECOND);
        assert_eq!(before.japan_date().to_string(), "2026-11-22");
        assert_eq!(after.japan_date().to_string(), "2026-11-23");
        assert_eq!(after.to_japan_text(), "2026-11-23 00:00:00");
    }

    #[test]
    fn times_without_a_zone_are_japan_time() {
        let expected = UtcMillis::parse_lenient("2026-11-22T00:05:00Z").unwrap();
        for text in
            ["2026-11-22 09:05", "2026-11-22T09:05:00", "2026/11/22 09:05", " 2026-11-22T09:05:00+09:00 "]
        {
            assert_eq!(UtcMillis::parse_lenient(text), Some(expected), "{text}");
        }
        assert_eq!(UtcMillis::parse_lenient("2026-11-22").unwrap().to_japan_text(), "2026-11-22 00:00:00");
        for text in ["", "tomorrow", "2026-13-01", "0000-00-00", "2026-11-22 25:00"] {
            assert_eq!(UtcMillis::parse_lenient(text), None, "{text}");
        }
    }

    #[test]
    fn far_numbers_do_not_panic_or_wrap_f57() {
        for raw in [i64::MIN, i64::MAX, 0] {
            let _ = UtcMillis(raw).to_japan_text();
        }
        assert_eq!(UtcMillis(i64::MAX).plus(1), UtcMillis(i64::MAX));
        assert_eq!(UtcMillis(i64::MIN).since(UtcMillis(i64::MAX)), i64::MIN);
        assert!(UtcMillis(i64::MIN).japan().year() < 0 && UtcMillis(i64::MAX).japan().year() == 9999);
    }

    #[test]
    fn since_counts_from_the_earlier_time_and_is_negative_the_other_way() {
        let early = UtcMillis(1_000);
        let late = early.plus(MINUTE);
        assert_eq!((late.since(early), early.since(late), late.since(late)), (MINUTE, -MINUTE, 0));
    }

    #[test]
    fn the_units_build_on_each_other() {
        assert_eq!((SECOND, MINUTE, HOUR, DAY), (1_000, 60_000, 3_600_000, 86_400_000));
    }
}
