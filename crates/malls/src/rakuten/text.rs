//! Dates, times and free texts of the mall.

use domain::UtcMillis;
use jiff::civil::{Date, DateTime};

/// A whole number from ASCII digits.
fn number(bytes: &[u8]) -> Option<i16> {
    bytes.iter().try_fold(0_i16, |n, b| {
        b.is_ascii_digit().then(|| n.checked_mul(10)?.checked_add(i16::from(b - b'0'))).flatten()
    })
}

/// `2026-11-22`.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let part = |from: usize, to: usize| bytes.get(from..to).and_then(number);
    Date::new(part(0, 4)?, i8::try_from(part(5, 7)?).ok()?, i8::try_from(part(8, 10)?).ok()?).ok()
}

/// `2026-11-22T09:05:00+0900`; also `+09:00`, and without a zone (the licence API), which means Japan (2.1, 1.3).
/// Another offset is refused: the mall is documented to speak only of Japan time.
pub(super) fn parse_datetime(text: &str) -> Option<UtcMillis> {
    let (stamp, zone) = (text.get(..19)?, text.get(19..)?);
    let zone = zone.strip_prefix('.').map_or(zone, |z| z.trim_start_matches(|c: char| c.is_ascii_digit()));
    if !matches!(zone, "" | "+0900" | "+09:00") {
        return None;
    }
    let bytes = stamp.as_bytes();
    let marks = [(10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes.get(*at) != Some(mark)) {
        return None;
    }
    let part =
        |from: usize, to: usize| bytes.get(from..to).and_then(number).and_then(|n| i8::try_from(n).ok());
    let date = parse_date(stamp.get(..10)?)?;
    let time = jiff::civil::Time::new(part(11, 13)?, part(14, 16)?, part(17, 19)?, 0).ok()?;
    UtcMillis::from_japan(DateTime::from_parts(date, time))
}

/// As the mall wants it: offset without a colon, no fraction (2.1).
pub(super) fn write_datetime(time: UtcMillis) -> String {
    time.japan().strftime("%Y-%m-%dT%H:%M:%S+0900").to_string()
}

/// Removes what may be a card number (PCI): 13–19 digits that pass Luhn, in one run or in groups as on a card.
/// `None`: nothing was removed.
pub(super) fn mask_cards(text: &str) -> Option<String> {
    if text.chars().filter(|c| digit(*c).is_some()).count() < 13 {
        return None;
    }
    let mut chars: Vec<char> = text.chars().collect();
    let groups = digit_groups(&chars);
    let mut masked = false;
    let mut from = 0;
    while from < groups.len() {
        let taken = card_groups(&chars, groups.get(from..).unwrap_or_default());
        for (start, end) in groups.iter().skip(from).take(taken) {
            chars.iter_mut().take(*end).skip(*start).for_each(|c| *c = '*');
            masked = true;
        }
        from += taken.max(1);
    }
    masked.then(|| chars.into_iter().collect())
}

/// A half-width or full-width digit.
fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => c.to_digit(10),
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => None,
    }
}

/// Start and end of each run of digits.
fn digit_groups(chars: &[char]) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        if digit(*c).is_none() {
            continue;
        }
        match groups.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => groups.push((at, at + 1)),
        }
    }
    groups
}

/// How many of the first groups make up a card number; 0 = none.
fn card_groups(chars: &[char], groups: &[(usize, usize)]) -> usize {
    let mut digits: Vec<u32> = Vec::new();
    let mut last_end = None;
    for (count, (start, end)) in groups.iter().enumerate() {
        let joined = last_end.is_none_or(|last| {
            last + 1 == *start && chars.get(last).is_some_and(|c| matches!(c, ' ' | '-' | '　' | '－' | '‐'))
        });
        // Written in groups, a card has 3 to 6 digits each; an order number (6-8-10) does not.
        let grouped_ok = |(s, e): &(usize, usize)| (3..=6).contains(&(e - s));
        let form_ok = count == 0 || groups.iter().take(count + 1).all(grouped_ok);
        digits.extend(chars.iter().take(*end).skip(*start).filter_map(|c| digit(*c)));
        if !joined || !form_ok || digits.len() > 19 {
            return 0;
        }
        if digits.len() >= 13 && luhn(&digits) {
            return count + 1;
        }
        last_end = Some(*end);
    }
    0
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, d)| match place % 2 {
            0 => *d,
            _ if *d > 4 => d * 2 - 9,
            _ => d * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// May the mall refuse this text as 機種依存文字 (trap 17)? Emoji, characters outside Shift_JIS, NEC and IBM
/// extensions (①, ㈱, 髙) and control characters.
pub(super) fn has_platform_characters(text: &str) -> bool {
    text.chars().any(|c| {
        if c.is_control() {
            return true;
        }
        let mut buffer = [0_u8; 4];
        match mall_api::charset::encode_shift_jis(c.encode_utf8(&mut buffer)) {
            Err(_) => true,
            Ok(bytes) => matches!(bytes.as_slice(), [0x87 | 0xED | 0xEE | 0xFA..=0xFC, _]),
        }
    })
}
