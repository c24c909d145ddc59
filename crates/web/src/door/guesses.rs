//! Guessing passwords is slow: per account and per address, longer after each failure (F64).

use domain::UtcMillis;
use domain::time::{HOUR, MINUTE, SECOND};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failures in a row after which an account is locked for a while (the Amazon profile).
pub const LOCK_AFTER: i64 = 10;
/// For how long, milliseconds.
pub const LOCKED_MS: i64 = 30 * MINUTE;
/// Addresses that are remembered at once.
const REMEMBERED: usize = 10_000;

/// How long an account waits after so many failures in a row.
#[must_use]
pub fn wait_ms(failures: i64) -> i64 {
    match failures {
        ..=2 => 0,
        3..LOCK_AFTER => SECOND << (failures - 3).min(6),
        _ => LOCKED_MS,
    }
}

/// Failures per address, of this process.
#[derive(Default)]
pub struct Guesses(Mutex<HashMap<IpAddr, (u32, UtcMillis)>>);

impl Guesses {
    /// Until when this address waits; `None`: it may try.
    #[must_use]
    pub fn wait_until(&self, address: IpAddr, now: UtcMillis) -> Option<UtcMillis> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (failures, last) = *known.get(&address)?;
        // An office of people behind one address: more patience than with one account.
        let until = last.plus(wait_ms(i64::from(failures / 3)));
        (until > now).then_some(until)
    }

    /// A try failed.
    pub fn failed(&self, address: IpAddr, now: UtcMillis) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, (_, last)| now.since(*last) < HOUR);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let entry = known.entry(address).or_insert((0, now));
        entry.0 = if now.since(entry.1) >= HOUR { 1 } else { entry.0.saturating_add(1) };
        entry.1 = now;
    }

    /// A try succeeded.
    pub fn succeeded(&self, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn an_account_waits_longer_after_each_failure_and_is_locked_after_ten_f64() {
        assert_eq!([0, 2, 3, 4, 9].map(wait_ms), [0, 0, SECOND, 2 * SECOND, 64 * SECOND]);
        assert_eq!(wait_ms(10), LOCKED_MS);
        assert_eq!(wait_ms(1_000), LOCKED_MS);
    }

    #[test]
    fn an_address_that_guesses_waits_and_another_does_not_f64() {
        let guesses = Guesses::default();
        let (one, other) =
            (IpAddr::from(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::from(Ipv4Addr::new(192, 0, 2, 2)));
        let now = UtcMillis(1_000_000);
        for _ in 0..30 {
            guesses.failed(one, now);
        }
        assert_eq!(guesses.wait_until(one, now), Some(now.plus(LOCKED_MS)));
        assert_eq!(guesses.wait_until(one, now.plus(LOCKED_MS)), None);
        assert_eq!(guesses.wait_until(other, now), None);
        guesses.succeeded(one);
        assert_eq!(guesses.wait_until(one, now), None);
    }

    #[test]
    fn a_flood_of_addresses_does_not_fill_the_memory_f76() {
        let guesses = Guesses::default();
        for n in 0..30_000_u32 {
            guesses.failed(IpAddr::from(Ipv4Addr::from(n)), UtcMillis(0));
        }
        assert!(guesses.0.lock().unwrap().len() <= REMEMBERED);
    }
}
