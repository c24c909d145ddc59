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
