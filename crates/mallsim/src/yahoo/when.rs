//! Time as this mall writes it (document 10, trap 1): 8 or 14 digits in requests, ISO 8601 with `+09:00` in replies.

use jiff::civil;
use jiff::tz::Offset;

use crate::jst;

/// `2018-12-07T01:27:04+09:00`.
pub(crate) fn iso(ms: i64) -> String {
    format!("{}+09:00", jst::local(ms))
}

/// `YYYY-MM-DD HH:MM:SS`, as `PaymentTerm` is written.
pub(crate) fn blank(ms: i64) -> String {
    jst::local(ms).replace('T', " ")
}

/// `2026/11/02 09:00:00`, as the CSV has it.
pub(crate) fn slashed(ms: i64) -> String {
    blank(ms).replace('-', "/")
}

/// Reads exactly 14 digits.
pub(crate) fn parse_14(text: &str) -> Option<i64> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let at = civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Offset::constant(9).to_timestamp(at).ok().map(jiff::Timestamp::as_millisecond)
}

/// Reads exactly 8 digits and gives `YYYY-MM-DD`, as replies show the day.
pub(crate) fn day_of_8(text: &str) -> Option<String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    jst::parse_compact_date(text).filter(|_| digits).map(jst::date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_of_the_right_count_are_read() {
        let ms = parse_14("20261102090000").unwrap();
        assert_eq!(iso(ms), "2026-11-02T09:00:00+09:00");
        assert_eq!(blank(ms), "2026-11-02 09:00:00");
        assert_eq!(slashed(ms), "2026/11/02 09:00:00");
        assert_eq!(day_of_8("20261102").as_deref(), Some("2026-11-02"));
        for bad in ["2026-11-02T09:00", "20261302090000", "20261102", "", "２０２６１１０２"] {
            assert_eq!(parse_14(bad), None, "{bad}");
        }
        for bad in ["2026-11-02", "20261301", "", "+2026110"] {
            assert_eq!(day_of_8(bad), None, "{bad}");
        }
    }
}
