//! How far a mall's clock is from ours, from the Date header of its answers (F48). Pure.

use domain::UtcMillis;

/// Further apart than this is worth saying, milliseconds.
pub(crate) const TELL_MS: i64 = 60_000;

/// Further apart than this, what is asked of the mall is said in its own time (F11), milliseconds.
const FAR_MS: i64 = 30_000;

/// Now as the mall's clock shows it. What is less than [`FAR_MS`] may be the network's.
pub(crate) fn at_mall(now: UtcMillis, skew_ms: Option<i64>) -> UtcMillis {
    now.plus(skew_ms.filter(|ms| ms.abs() > FAR_MS).unwrap_or(0))
}

/// The time an answer bears.
pub(crate) fn date_of(header: &str) -> Option<UtcMillis> {
    let stamp = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header.trim()).ok()?;
    Some(UtcMillis(stamp.as_millisecond()))
}

/// The mall's clock minus ours, as little as the call allows: the answer was written somewhere between `sent` and
/// `answered`, and its time is cut to the second.
pub(crate) fn of(sent: UtcMillis, answered: UtcMillis, date: UtcMillis) -> i64 {
    let latest = date.plus(999);
    if latest < sent {
        latest.since(sent)
    } else if date > answered {
        date.since(answered)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_call_cannot_explain_is_skew_f48() {
        let at = |ms: i64| UtcMillis(1_000_000 + ms);
        assert_eq!(of(at(0), at(3_000), at(2_000)), 0);
        assert_eq!(of(at(500), at(600), at(0)), 0, "cut to the second");
        assert_eq!(of(at(0), at(1_000), at(121_000)), 120_000);
        assert_eq!(of(at(120_999), at(130_000), at(0)), -120_000);
    }

    #[test]
    fn far_apart_the_malls_clock_counts_f11() {
        let now = UtcMillis(10_000_000);
        let at = |skew| at_mall(now, skew).since(now);
        assert_eq!([None, Some(30_000), Some(-30_000)].map(at), [0, 0, 0]);
        assert_eq!([Some(30_001), Some(-3_600_000)].map(at), [30_001, -3_600_000]);
    }

    #[test]
    fn a_date_header_is_read_and_nonsense_is_none() {
        assert_eq!(date_of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(UtcMillis(784_111_777_000)));
        for bad in ["", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(date_of(bad), None);
        }
    }
}
