//! Passwords: argon2id, a rule without composition games, and the same effort whether or not somebody exists (F64).

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

/// Shortest password.
pub const SHORTEST: usize = 12;
/// Longest password, in characters.
pub const LONGEST: usize = 256;

/// 19 MiB, two passes: what OWASP's sheet asks for at least.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    /// Fewer than [`SHORTEST`] characters.
    Short,
    /// More than [`LONGEST`].
    Long,
    /// The login name, the program's name, or one character repeated.
    Guessable,
}

impl Weak {
    /// Words for the field.
    #[must_use]
    pub fn words(self) -> (String, String) {
        match self {
            Weak::Short => (
                format!("{SHORTEST}文字以上にしてください"),
                format!("must have at least {SHORTEST} characters"),
            ),
            Weak::Long => (
                format!("{LONGEST}文字以内にしてください"),
                format!("must have at most {LONGEST} characters"),
            ),
            Weak::Guessable => (
                "推測されやすいパスワードです。ほかの言葉の組み合わせにしてください".to_owned(),
                "is easy to guess".to_owned(),
            ),
        }
    }
}

/// May this be somebody's password?
///
/// # Errors
/// Why not.
pub fn check(password: &str, login: &str) -> Result<(), Weak> {
    let count = password.chars().count();
    if count < SHORTEST {
        return Err(Weak::Short);
    }
    if count > LONGEST {
        return Err(Weak::Long);
    }
    let folded = password.to_lowercase();
    let mut distinct: Vec<char> = folded.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let runs = ["123456789012", "abcdefghijkl", "qwertyuiopas", "passwordpassword", "password1234"];
    let is_name = !login.is_empty() && folded.replace(&login.to_lowercase(), "").chars().count() < 6;
    if distinct.len() < 5
        || is_name
        || runs.iter().any(|run| folded.starts_with(run))
        || folded.contains("choba") && count < 16
    {
        return Err(Weak::Guessable);
    }
    Ok(())
}

/// The hash that is stored. Takes tens of milliseconds: not on a thread that others wait for.
///
/// # Errors
/// `None` when the system gives no randomness.
#[must_use]
pub fn hash(password: &str) -> Option<String> {
    argon2().hash_password(password.as_bytes()).ok().map(|h| h.to_string())
}

/// A hash of nobody's password, so that an unknown name costs as much as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2hvYmEtbm9ib2R5LXNhbHQ$3mU2Xo0XcVfV4i9m2b1j5m6cQ0x2n0w4S3o0h8T5b5E";

/// Whether the password is the one of the hash; the same effort without a hash.
#[must_use]
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY)).or_else(|_| PasswordHash::new(NOBODY));
    let right = parsed.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
    right && hash.is_some()
}

/// So many passwords are hashed at once: each takes 19 MiB and a thread (F76).
static TURNS: Semaphore = Semaphore::const_new(4);

/// [`hash`], without holding anybody else up.
pub async fn hashed(password: String) -> Option<String> {
    let _turn = TURNS.acquire().await.ok()?;
    tokio::task::spawn_blocking(move || hash(&password)).await.ok().flatten()
}

/// [`verify`], without holding anybody else up. `None` when it could not be done.
pub async fn verified(password: String, stored: Option<String>) -> Option<bool> {
    let _turn = TURNS.acquire().await.ok()?;
    tokio::task::spawn_blocking(move || verify(&password, stored.as_deref())).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_against_its_hash_only_f64() {
        let stored = hash("みほんの合言葉 2026").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("みほんの合言葉 2026", Some(&stored)));
        assert!(!verify("みほんの合言葉 2027", Some(&stored)));
        assert!(!verify("", None));
        assert!(!verify("x", Some("not a hash")));
        // A name nobody has costs the same work: the same algorithm with the same parameters.
        assert!(PasswordHash::new(NOBODY).is_ok());
        let effort = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(effort(NOBODY), effort(&stored));
    }

    #[test]
    fn the_rule_asks_for_length_and_not_for_kinds_of_characters() {
        assert_eq!(check("short", "sato"), Err(Weak::Short));
        assert_eq!(check(&"x".repeat(257), "sato"), Err(Weak::Long));
        assert_eq!(check("aaaaaaaaaaaaaa", "sato"), Err(Weak::Guessable));
        assert_eq!(check("123456789012345", "sato"), Err(Weak::Guessable));
        assert_eq!(check("satotaro-2026", "satotaro"), Err(Weak::Guessable));
        assert_eq!(check("すいか と かき と みかん", "sato"), Ok(()));
        assert_eq!(check("correct horse battery staple", "sato"), Ok(()));
    }
}
