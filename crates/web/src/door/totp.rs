//! The second factor: six digits from an authenticator, a code good once.

use domain::UtcMillis;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 20;

fn of(secret: &[u8]) -> Option<Totp> {
    let secret = Secret::new(secret.into());
    Builder::new().with_algorithm(Algorithm::SHA1).with_skew(1).with_secret(secret).build().ok()
}

fn seconds(now: UtcMillis) -> u64 {
    u64::try_from(now.0 / 1_000).unwrap_or_default()
}

/// The time step of a code that fits now (one step of skew either way).
#[must_use]
pub fn check(secret: &[u8], code: &str, now: UtcMillis) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let at = of(secret)?.check(&digits, seconds(now))?;
    i64::try_from(at).ok()
}
