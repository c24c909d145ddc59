//! The speed limit: one theoretical arrival time per key (GCRA). Knows neither what a key is nor how a mall words
//! its refusal.

use std::collections::HashMap;

use crate::settings::Pace;

/// The gates of one mall.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    due: HashMap<String, i64>,
}

impl Gates {
    /// Lets a call of `key` pass, or says in how many milliseconds it would. A refused call costs nothing.
    pub(crate) fn pass(&mut self, key: &str, pace: &Pace, now_ms: i64) -> Result<(), i64> {
        if !pace.enabled || pace.per_second <= 0.0 {
            return Ok(());
        }
        let gap = gap_ms(pace.per_second);
        let slack = gap.saturating_mul(i64::from(pace.burst.max(1)) - 1).saturating_add(pace.tolerance_ms);
        let due = self.due.get(key).copied().unwrap_or(now_ms).max(now_ms.saturating_sub(slack));
        // A clock set back must not lock a key out for ever.
        let due = if due - now_ms > slack + 10 * gap { now_ms } else { due };
        if due - now_ms > slack {
            return Err(due - now_ms - slack);
        }
        self.due.insert(key.to_owned(), due.max(now_ms) + gap);
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a gap between calls is far below i64::MAX")]
fn gap_ms(per_second: f64) -> i64 {
    (1000.0 / per_second).ceil().min(86_400_000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_a_second_with_a_little_tolerance() {
        let pace = Pace { tolerance_ms: 50, ..Pace::default() };
        let mut gates = Gates::default();
        assert_eq!(gates.pass("a", &pace, 0), Ok(()));
        assert_eq!(gates.pass("a", &pace, 100), Err(850));
        assert_eq!(gates.pass("b", &pace, 100), Ok(()));
        assert_eq!(gates.pass("a", &pace, 951), Ok(()));
        assert!(gates.pass("a", &pace, 1_500).is_err(), "tolerance does not add up");
        assert_eq!(gates.pass("a", &pace, 2_001), Ok(()));
    }

    #[test]
    fn a_burst_is_refilled_at_the_rate() {
        let pace = Pace { burst: 3, tolerance_ms: 0, ..Pace::default() };
        let mut gates = Gates::default();
        let passed = (0..10).filter(|_| gates.pass("a", &pace, 10_000).is_ok()).count();
        assert_eq!(passed, 3);
        assert_eq!(gates.pass("a", &pace, 11_000), Ok(()));
        assert!(gates.pass("a", &pace, 11_000).is_err());
    }
}
