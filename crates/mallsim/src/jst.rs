//! Time as Japanese malls write it: Japan standard time, nine hours ahead, no summer time. Pure arithmetic; never
//! asks what time it is.

use jiff::{Timestamp, civil, tz::Offset};

/// One day in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// One hour in milliseconds.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// One minute in milliseconds.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// The first moment no calendar here can write: in the year 9987.
pub(crate) const MOST_MS: i64 = 253_000_000_000_000;

const JST_MS: i64 = 9 * HOUR_MS;

fn civil_of(ms: i64) -> civil::DateTime {
    let ts = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    Offset::constant(9).to_datetime(ts)
}

fn ms_of(at: civil::DateTime) -> Option<i64> {
    Offset::constant(9).to_timestamp(at).ok().map(Timestamp::as_millisecond)
}

/// `2026-11-01T09:00:00+0900`: offset without colon (楽天 2.1).
pub(crate) fn datetime(ms: i64) -> String {
    let mut text = local(ms);
    text.push_str("+0900");
    text
}

/// `2026-11-01T09:00:00`, no zone (楽天 1.3).
pub(crate) fn local(ms: i64) -> String {
    let t = civil_of(ms);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// `2026-11-01`.
pub(crate) fn date(ms: i64) -> String {
    let t = civil_of(ms);
    format!("{:04}-{:02}-{:02}", t.year(), t.month(), t.day())
}

/// `20261101`.
pub(crate) fn compact_date(ms: i64) -> String {
    let t = civil_of(ms);
    format!("{:04}{:02}{:02}", t.year(), t.month(), t.day())
}

/// `20261101090000`.
pub(crate) fn compact(ms: i64) -> String {
    let t = civil_of(ms);
    format!("{}{:02}{:02}{:02}", compact_date(ms), t.hour(), t.minute(), t.second())
}

/// 23:59:59 of the day `days` after the day of `ms`.
pub(crate) fn end_of_day(ms: i64, days: i64) -> i64 {
    let day = (ms + JST_MS).div_euclid(DAY_MS) + days;
    (day + 1) * DAY_MS - JST_MS - 1000
}

/// Reads `YYYY-MM-DDThh:mm:ss+0900`; with `colon` also `+09:00`. Fractions and `Z` are refused (楽天 2.1).
pub(crate) fn parse_datetime(text: &str, colon: bool) -> Option<i64> {
    let local = match text.strip_suffix("+0900") {
        Some(local) => local,
        None if colon => text.strip_suffix("+09:00")?,
        None => return None,
    };
    if local.len() != 19 || !local.is_ascii() {
        return None;
    }
    let at = civil::DateTime::strptime("%Y-%m-%dT%H:%M:%S", local).ok()?;
    ms_of(at)
}

/// Reads a date by a strptime pattern of exactly `len` characters and gives its first millisecond.
fn parse_exact(text: &str, pattern: &str, len: usize) -> Option<i64> {
    if text.len() != len || !text.is_ascii() {
        return None;
    }
    let day = civil::Date::strptime(pattern, text).ok()?;
    ms_of(day.at(0, 0, 0, 0))
}

/// Reads `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    parse_exact(text, "%Y-%m-%d", 10)
}

/// Reads `yyyyMMdd`.
pub(crate) fn parse_compact_date(text: &str) -> Option<i64> {
    parse_exact(text, "%Y%m%d", 8)
}

/// The `Date` header of an answer.
pub(crate) fn http_date(ms: i64) -> String {
    let ts = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    ts.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datetimes_have_an_offset_without_colon_and_read_back() {
        let ms = parse_datetime("2026-11-01T00:00:00+0900", false).unwrap();
        assert_eq!(datetime(ms), "2026-11-01T00:00:00+0900");
        assert_eq!(http_date(ms), "Sat, 31 Oct 2026 15:00:00 GMT");
        assert_eq!(compact(ms), "20261101000000");
        for bad in
            ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00.000+0900", "2026-11-01 00:00:00", "", "+0900"]
        {
            assert_eq!(parse_datetime(bad, true), None, "{bad}");
        }
        assert_eq!(parse_datetime("2026-11-01T00:00:00+09:00", false), None);
        assert_eq!(parse_datetime("2026-11-01T00:00:00+09:00", true), Some(ms));
        assert_eq!(parse_date("2026-11-01"), Some(ms));
        assert_eq!(parse_compact_date("20261101"), Some(ms));
        for bad in ["2026/11/01", "2026-13-01", "2026-11-1", "２０２６"] {
            assert_eq!(parse_date(bad), None, "{bad}");
            assert_eq!(parse_compact_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_last_second_of_a_japanese_day() {
        let morning = parse_datetime("2026-08-30T00:00:00+0900", false).unwrap();
        assert_eq!(local(end_of_day(morning, 90)), "2026-11-28T23:59:59");
        assert_eq!(local(end_of_day(morning + DAY_MS - 1, 0)), "2026-08-30T23:59:59");
    }
}
