//! Time as the Selling Partner API writes it: ISO 8601 in UTC. Never asks what time it is.

use jiff::Timestamp;

/// `2026-11-20T03:00:00Z`, with milliseconds where there are any (document 2.1).
pub(crate) fn datetime(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    if ms.rem_euclid(1000) == 0 { at.to_string() } else { format!("{at:.3}") }
}

/// Reads a full ISO 8601 date-time with `Z` or an offset; anything less is refused.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let full = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T');
    full.then(|| text.parse::<Timestamp>().ok()).flatten().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_is_written_with_z_and_offsets_are_read() {
        assert_eq!(datetime(1_793_577_600_000), "2026-11-02T00:00:00Z");
        assert_eq!(datetime(1_793_577_600_250), "2026-11-02T00:00:00.250Z");
        for same in ["2026-11-02T00:00:00Z", "2026-11-02T00:00:00.000Z", "2026-11-02T09:00:00+09:00"] {
            assert_eq!(parse(same), Some(1_793_577_600_000), "{same}");
        }
        for bad in ["", "2026-11-02", "02/21/2022", "2026-11-02T00:00:00", "2026-11-02T09:00:00 09:00", "１"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
