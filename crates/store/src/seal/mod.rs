//! Sealing: buyer data under a random key per order, that key under the master key.
//!
//! XChaCha20-Poly1305 with random 24-byte nonces. Every sealed value is bound to the place it is
//! stored in ([`Aad`]), so that a value moved to another row or column does not open. Knows no SQL;
//! [`keys`] holds what lives as long as the installation.

pub mod keys;

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, OsRng, Payload, rand_core::RngCore as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngCore as _;
use zeroize::Zeroizing;

use crate::error::StoreError;

/// Version byte: as it stands.
const PLAIN: u8 = 1;
/// Version byte: compressed before sealing.
const LZ4: u8 = 2;
const NONCE: usize = 24;
/// Short values do not get smaller.
const WORTH_COMPRESSING: usize = 200;

/// Where a sealed value is stored. Authenticated with it.
#[derive(Debug, Clone)]
pub struct Aad {
    table: &'static str,
    column: &'static str,
    row: String,
}

impl Aad {
    /// The place `table.column` of one row; `row` is its key as text.
    #[must_use]
    pub fn new(table: &'static str, column: &'static str, row: impl fmt::Display) -> Self {
        Self { table, column, row: row.to_string() }
    }

    /// The place's bytes, led by the version byte so that it cannot be changed either.
    fn bytes(&self, version: u8) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.table.len() + self.column.len() + self.row.len() + 3);
        out.push(version);
        out.extend_from_slice(self.table.as_bytes());
        out.push(b'|');
        out.extend_from_slice(self.column.as_bytes());
        out.push(b'|');
        out.extend_from_slice(self.row.as_bytes());
        out
    }

    pub(crate) fn corrupt(&self) -> StoreError {
        StoreError::Corrupt { table: self.table.into(), column: self.column.into(), row: self.row.clone() }
    }
}

/// The random key of one order. Deleting its wrapped form is the erasure of the order.
pub struct OrderKey(pub(crate) Zeroizing<[u8; 32]>);

impl OrderKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(random_key())
    }
}

/// Seals a value: version byte, nonce, ciphertext.
///
/// # Errors
/// Only for values beyond what the cipher takes (256 GB).
pub fn seal(key: &OrderKey, aad: &Aad, plaintext: &[u8]) -> Result<Vec<u8>, StoreError> {
    seal_with(&key.0, aad, PLAIN, plaintext)
}

/// Seals a value, compressed if that makes it smaller. For raw documents.
///
/// # Errors
/// As [`seal`].
pub fn seal_compressed(key: &OrderKey, aad: &Aad, plaintext: &[u8]) -> Result<Vec<u8>, StoreError> {
    if plaintext.len() >= WORTH_COMPRESSING {
        let smaller = Zeroizing::new(lz4_flex::compress_prepend_size(plaintext));
        if smaller.len() < plaintext.len() {
            return seal_with(&key.0, aad, LZ4, &smaller);
        }
    }
    seal(key, aad, plaintext)
}

/// Opens what [`seal`] or [`seal_compressed`] made.
///
/// # Errors
/// `Corrupt` for anything else: another key, another place, a changed byte.
pub fn open(key: &OrderKey, aad: &Aad, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    open_with(&key.0, aad, sealed)
}

pub(crate) fn random_key() -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *key);
    key
}

pub(crate) fn seal_with(
    key: &[u8; 32],
    aad: &Aad,
    version: u8,
    plaintext: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plaintext, aad: &aad.bytes(version) })
        .map_err(|_| StoreError::other("value is too long to seal"))?;
    let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
    out.push(version);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

pub(crate) fn open_with(key: &[u8; 32], aad: &Aad, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let (version, rest) = sealed.split_first().ok_or_else(|| aad.corrupt())?;
    let (nonce, rest) = rest.split_at_checked(NONCE).ok_or_else(|| aad.corrupt())?;
    let plain = XChaCha20Poly1305::new(key.into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: rest, aad: &aad.bytes(*version) })
        .map(Zeroizing::new)
        .map_err(|_| aad.corrupt())?;
    match *version {
        PLAIN => Ok(plain),
        // Authenticated before it is unpacked: the length in front is ours.
        LZ4 => lz4_flex::decompress_size_prepended(&plain).map(Zeroizing::new).map_err(|_| aad.corrupt()),
        _ => Err(aad.corrupt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> Aad {
        Aad::new("sealed_head", "head", 7)
    }

    #[test]
    fn another_place_or_key_does_not_open() {
        let key = OrderKey::generate();
        let sealed = seal(&key, &place(), "佐藤".as_bytes()).unwrap();
        assert_eq!(open(&key, &place(), &sealed).unwrap().as_slice(), "佐藤".as_bytes());
        for other in [
            Aad::new("sealed_head", "head", 8),
            Aad::new("sealed_head", "body", 7),
            Aad::new("order_sealed", "head", 7),
        ] {
            assert!(matches!(open(&key, &other, &sealed), Err(StoreError::Corrupt { .. })));
        }
        assert!(open(&OrderKey::generate(), &place(), &sealed).is_err());
    }

    #[test]
    fn compression_helps_and_comes_back() {
        let key = OrderKey::generate();
        let long = "{\"name\":\"値\"}".repeat(200);
        let sealed = seal_compressed(&key, &place(), long.as_bytes()).unwrap();
        assert!(sealed.len() < long.len() / 4);
        assert_eq!(open(&key, &place(), &sealed).unwrap().as_slice(), long.as_bytes());
    }

    proptest! {
        #[test]
        fn any_value_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..600)) {
            let key = OrderKey::generate();
            for sealed in [seal(&key, &place(), &plain).unwrap(), seal_compressed(&key, &place(), &plain).unwrap()] {
                let opened = open(&key, &place(), &sealed).unwrap();
                prop_assert_eq!(opened.as_slice(), plain.as_slice());
            }
        }

        #[test]
        fn damage_is_noticed(plain in proptest::collection::vec(any::<u8>(), 0..600), at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<prop::sample::Index>()) {
            let key = OrderKey::generate();
            let sealed = seal_compressed(&key, &place(), &plain).unwrap();
            let mut flipped = sealed.clone();
            flipped[at.index(sealed.len())] ^= 1 << bit;
            prop_assert!(open(&key, &place(), &flipped).is_err());
            prop_assert!(open(&key, &place(), &sealed[..cut.index(sealed.len())]).is_err());
        }

        #[test]
        fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(open(&OrderKey::generate(), &place(), &noise).is_err());
        }
    }
}
