//! Times and small texts of Amazon.

use domain::UtcMillis;
use domain::time::MINUTE;
use jiff::civil::{Date, Time};

/// `2026-11-22T03:00:00Z`: always UTC with Z; an offset with a plus was refused (2.3).
pub(super) fn iso(time: UtcMillis) -> String {
    let stamp = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// ISO 8601 with a zone, with or without milliseconds (2.1).
pub(super) fn parse_time(text: &str) -> Option<UtcMillis> {
    let stamp: jiff::Timestamp = text.trim().parse().ok()?;
    Some(UtcMillis(stamp.as_millisecond()))
}

/// The moment that stands for a day: noon in Japan, not after `now` less a minute and not before the order (3).
/// `None`: the day is after today in Japan.
pub(super) fn ship_time(day: Date, ordered_at: UtcMillis, now: UtcMillis) -> Option<UtcMillis> {
    if day > now.japan_date() {
        return None;
    }
    let noon = UtcMillis::from_japan(day.to_datetime(Time::midnight()))?.plus(12 * 60 * MINUTE);
    Some(noon.max(ordered_at).min(now.plus(-MINUTE)))
}

/// Seven digits get their hyphen; anything else stays as it is.
pub(super) fn postal_code(text: &str) -> String {
    let text = text.trim();
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let (head, tail) = digits.split_at(3);
    format!("{head}-{tail}")
}
