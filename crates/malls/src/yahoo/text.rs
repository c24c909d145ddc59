//! Times, dates, postal codes and form bodies. Replies mix styles (yahoo.md 10.1): all are read; without an offset it
//! is Japan time.

use domain::UtcMillis;
use jiff::civil::{Date, DateTime, Time};

/// The numbers of a text of digits and separators; `None` when anything else stands in it, or too many.
fn numbers(text: &str) -> Option<Vec<i16>> {
    let mut list = Vec::new();
    for part in text.split(['-', '/', ':', ' ', 'T']) {
        if part.is_empty() || part.len() > 4 || list.len() >= 6 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        list.push(part.parse().ok()?);
    }
    Some(list)
}

fn from_numbers(list: &[i16]) -> Option<DateTime> {
    let at = |place: usize| list.get(place).copied().unwrap_or(0);
    let small = |place: usize| i8::try_from(at(place)).ok();
    if list.len() < 3 || list.len() == 4 || at(0) < 1_000 {
        return None;
    }
    let date = Date::new(at(0), small(1)?, small(2)?).ok()?;
    let time = Time::new(small(3)?, small(4)?, small(5)?, 0).ok()?;
    Some(DateTime::from_parts(date, time))
}

/// 8 or 14 digits, or parts with separators, as a Japanese wall clock.
fn wall_clock(text: &str) -> Option<DateTime> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let list = match text.len() {
        8 | 14 if plain => {
            let mut list = vec![text.get(..4)?.parse().ok()?];
            for place in (4..text.len()).step_by(2) {
                list.push(text.get(place..place + 2)?.parse().ok()?);
            }
            list
        }
        _ => numbers(text)?,
    };
    from_numbers(&list)
}

/// A moment: ISO 8601 with an offset, 14 digits, `2026-11-22 09:05:00`, `2026/1/5 9:05` (10.1, 11).
pub(super) fn parse_time(text: &str) -> Option<UtcMillis> {
    let text = text.trim();
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(UtcMillis(stamp.as_millisecond()));
    }
    UtcMillis::from_japan(wall_clock(text)?)
}

/// A calendar day in Japan: `2026-11-22`, `20261122`, `2026/11/22`, or the day of a moment.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Some(clock) = wall_clock(text) {
        return Some(clock.date());
    }
    parse_time(text).map(UtcMillis::japan_date)
}

/// 14 digits in Japan time, as requests want it.
pub(super) fn write_time(time: UtcMillis) -> String {
    time.japan().strftime("%Y%m%d%H%M%S").to_string()
}

/// 8 digits, as requests want it.
pub(super) fn write_date(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Seven digits get their hyphen; anything else stays as it came (10.21).
pub(super) fn postal_code(text: &str) -> String {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ' ' | '〒')).collect();
    match (digits.get(..3), digits.get(3..)) {
        (Some(head), Some(tail)) if digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{head}-{tail}")
        }
        _ => text.to_owned(),
    }
}

/// Pairs as a query or form body.
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    let parts: Vec<String> = pairs
        .iter()
        .map(|(k, v)| format!("{}={}", mall_api::wire::percent_encode(k), mall_api::wire::percent_encode(v)))
        .collect();
    parts.join("&")
}
