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

/// A fresh secret.
///
/// # Errors
/// When the system gives no randomness.
pub fn fresh() -> Result<[u8; SECRET_BYTES], rand::rand_core::OsError> {
    use rand::TryRngCore as _;
    let mut bytes = [0_u8; SECRET_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

/// The secret as people type it into an authenticator: base 32, in groups of four.
#[must_use]
pub fn typed(secret: &[u8]) -> String {
    let text: Vec<char> = Secret::new(secret.into()).to_base32().chars().collect();
    text.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What an authenticator reads: `otpauth://totp/…`.
#[must_use]
pub fn uri(secret: &[u8], login: &str) -> String {
    let login = super::visitor::quoted(login).replace('+', "%20");
    let secret = Secret::new(secret.into()).to_base32();
    format!("otpauth://totp/Choba:{login}?secret={secret}&issuer=Choba&algorithm=SHA1&digits=6&period=30")
}

/// A picture of a text: how many squares a side, and the dark ones as the path of an SVG. `None` when it is too long.
#[must_use]
pub fn picture(text: &str) -> Option<(i32, String)> {
    use qrcodegen::{QrCode, QrCodeEcc};
    /// White around the picture, in squares.
    const QUIET: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
        }
    }
    Some((code.size() + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_the_standard_fits_its_half_minute_and_its_neighbours_only() {
        // RFC 6238, appendix B: the secret of the test, at 59 seconds, six digits of 94287082.
        let secret = b"12345678901234567890";
        assert_eq!(check(secret, "287082", UtcMillis(59_000)), Some(1));
        assert_eq!(check(secret, " 287 082 ", UtcMillis(89_000)), Some(1));
        assert_eq!(check(secret, "287082", UtcMillis(120_000)), None);
        assert_eq!(check(secret, "", UtcMillis(59_000)), None);
    }

    #[test]
    fn an_authenticator_is_told_name_and_secret() {
        let secret = b"12345678901234567890";
        assert_eq!(typed(secret), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let uri = uri(secret, "佐藤 a&b");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Choba"));
        assert!(uri.starts_with("otpauth://totp/Choba:%E4%BD%90%E8%97%A4%20a%26b?"));
        let (side, path) = picture(&uri).unwrap();
        assert!(side > 30 && path.starts_with("M4 4h1v1h-1z"));
        assert_eq!(picture(&"x".repeat(5_000)), None);
        assert_ne!(fresh().unwrap(), fresh().unwrap());
    }
}
