//! The master key, and what is sealed directly under it: order keys, credentials, call bodies, the
//! search key.
//!
//! A master key never seals by itself; each purpose has a key derived from it. Every box names the
//! master key it was made with by a fingerprint, so that two keys can be in use while rotating.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use super::{Aad, OrderKey, open_with, random_key, seal_with};
use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::{args, settings};

const FINGERPRINT: usize = 8;
/// First byte of a box: fingerprint follows.
const BOX: u8 = 1;
/// Setting: the fingerprint of the key under which everything is.
const IN_USE: &str = "master_key_fingerprint";
/// Setting: the fingerprint of the key to which a rotation is under way.
const NEXT: &str = "master_key_next";

/// What a box is for. Each has its own derived key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Keys of orders.
    OrderKeys,
    /// Credentials of shops.
    Credentials,
    /// The search key (itself random, so that it outlives a master key).
    Search,
    /// Bodies of requests that belong to no order.
    Requests,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Self::OrderKeys => "choba order keys v1",
            Self::Credentials => "choba credentials v1",
            Self::Search => "choba search v1",
            Self::Requests => "choba requests v1",
        }
    }
}

/// The master key of an installation: 32 bytes, kept apart from database and backup.
pub struct MasterKey {
    order_keys: Zeroizing<[u8; 32]>,
    credentials: Zeroizing<[u8; 32]>,
    search: Zeroizing<[u8; 32]>,
    requests: Zeroizing<[u8; 32]>,
    backups: Zeroizing<[u8; 32]>,
    fingerprint: [u8; FINGERPRINT],
}

impl MasterKey {
    /// From its 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let derive = |purpose: Purpose| Zeroizing::new(blake3::derive_key(purpose.context(), bytes));
        let mut fingerprint = [0; FINGERPRINT];
        let whole = blake3::derive_key("choba master key fingerprint v1", bytes);
        for (to, from) in fingerprint.iter_mut().zip(whole) {
            *to = from;
        }
        Self {
            order_keys: derive(Purpose::OrderKeys),
            credentials: derive(Purpose::Credentials),
            search: derive(Purpose::Search),
            requests: derive(Purpose::Requests),
            backups: Zeroizing::new(blake3::derive_key("choba backup files v1", bytes)),
            fingerprint,
        }
    }

    /// From text: 64 hex digits or base64, white space around it ignored.
    ///
    /// # Errors
    /// It is neither, or not of 32 bytes. The text is not part of the error.
    pub fn from_text(text: &str) -> Result<Self, StoreError> {
        let text = text.trim().as_bytes();
        let decoded = [&HEXLOWER_PERMISSIVE, &BASE64, &BASE64_NOPAD, &BASE64URL_NOPAD]
            .into_iter()
            .filter_map(|encoding| encoding.decode(text).ok().map(Zeroizing::new))
            .find_map(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new));
        let bytes = decoded.ok_or_else(|| {
            StoreError::WrongKey("a master key is 32 bytes as base64 or as 64 hex digits".to_owned())
        })?;
        Ok(Self::from_bytes(&bytes))
    }

    /// From a file with such text in it.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, StoreError> {
        let mut text = Zeroizing::new(String::new());
        OpenOptions::new()
            .read(true)
            .open(path)
            .and_then(|file| file.take(4_096).read_to_string(&mut text))
            .map_err(|e| StoreError::WrongKey(format!("master key file {}: {e}", path.display())))?;
        Self::from_text(&text)
    }

    /// Makes a new random key and writes it to a new file that only its owner can read.
    ///
    /// # Errors
    /// The file exists already or cannot be written.
    pub fn generate_file(path: &Path) -> Result<Self, StoreError> {
        let bytes = random_key();
        let text = Zeroizing::new(BASE64.encode(&*bytes) + "\n");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options
            .open(path)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .map_err(|e| StoreError::Other(format!("master key file {}: {e}", path.display())))?;
        Ok(Self::from_bytes(&bytes))
    }

    /// A short hash by which the key is known; safe to show and to store.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.fingerprint)
    }

    /// The secret under which backup files are written: derived, so that a backup never leads back to the key.
    #[must_use]
    pub const fn backup_secret(&self) -> &Zeroizing<[u8; 32]> {
        &self.backups
    }

    fn key(&self, purpose: Purpose) -> &[u8; 32] {
        match purpose {
            Purpose::OrderKeys => &self.order_keys,
            Purpose::Credentials => &self.credentials,
            Purpose::Search => &self.search,
            Purpose::Requests => &self.requests,
        }
    }
}

/// The master key in use and, while rotating, the one before it (or the one to come).
pub struct KeyRing {
    current: MasterKey,
    others: Vec<MasterKey>,
}

/// What [`KeyRing::check`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Everything is under the current key.
    InUse,
    /// Boxes under another key of the ring are left: go on with [`KeyRing::rotate_batch`].
    Rotating,
}

impl KeyRing {
    /// A ring of one key.
    #[must_use]
    pub const fn new(current: MasterKey) -> Self {
        Self { current, others: Vec::new() }
    }

    /// Adds a key that opens but does not seal.
    ///
    /// To rotate: give the new key to every process this way, then make it the current one and give
    /// the old key this way, re-wrap, then take the old key away.
    #[must_use]
    pub fn also(mut self, other: MasterKey) -> Self {
        self.others.push(other);
        self
    }

    /// The keys of the ring, the one in use first.
    pub fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.others)
    }

    fn find(&self, fingerprint: &[u8]) -> Option<&MasterKey> {
        self.keys().find(|k| k.fingerprint == fingerprint)
    }

    /// Compares the ring with the fingerprint in the settings (written at the first start) and says
    /// whether a rotation is to be done. Nothing may be sealed or opened before this.
    ///
    /// # Errors
    /// `WrongKey` when the database was sealed with a key that is not in the ring.
    pub async fn check(&self, tx: &mut Tx) -> Result<KeyState, StoreError> {
        let ours = self.current.fingerprint();
        let stored = settings::put_new(tx, IN_USE, &ours).await?;
        let next = settings::get(&mut *tx, NEXT).await?;
        for needed in std::iter::once(&stored).chain(&next) {
            let known = HEXLOWER.decode(needed.as_bytes()).is_ok_and(|f| self.find(&f).is_some());
            if !known {
                return Err(StoreError::WrongKey(format!(
                    "this database is sealed with the master key {needed}; the key given is {ours}"
                )));
            }
        }
        // With `next` set, another process may be the one that rotates: not finished either way.
        Ok(if stored == ours && next.is_none() { KeyState::InUse } else { KeyState::Rotating })
    }

    /// Seals a value for a purpose.
    ///
    /// # Errors
    /// Only for values beyond what the cipher takes.
    pub fn seal_box(&self, purpose: Purpose, aad: &Aad, plaintext: &[u8]) -> Result<Vec<u8>, StoreError> {
        let sealed = seal_with(self.current.key(purpose), aad, 1, plaintext)?;
        let mut out = Vec::with_capacity(1 + FINGERPRINT + sealed.len());
        out.push(BOX);
        out.extend_from_slice(&self.current.fingerprint);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`KeyRing::seal_box`] made, with whichever key of the ring made it.
    ///
    /// # Errors
    /// `WrongKey` when that key is not in the ring, `Corrupt` for anything else.
    pub fn open_box(
        &self,
        purpose: Purpose,
        aad: &Aad,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let (by, rest) = split(aad, sealed)?;
        let key = self.find(by).ok_or_else(|| {
            StoreError::WrongKey(format!("sealed with the master key {}", HEXLOWER.encode(by)))
        })?;
        open_with(key.key(purpose), aad, rest)
    }

    /// The same value under the current key, or `None` when it is already.
    ///
    /// # Errors
    /// As [`KeyRing::open_box`].
    pub fn rewrap(&self, purpose: Purpose, aad: &Aad, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if split(aad, sealed)?.0 == self.current.fingerprint {
            return Ok(None);
        }
        let plain = self.open_box(purpose, aad, sealed)?;
        self.seal_box(purpose, aad, &plain).map(Some)
    }

    /// Wraps an order's key for storing in `order_keys`.
    ///
    /// # Errors
    /// None in practice.
    pub fn wrap(&self, key: &OrderKey, seq: i64) -> Result<Vec<u8>, StoreError> {
        self.seal_box(Purpose::OrderKeys, &order_key_place(seq), &*key.0)
    }

    /// Opens an order's wrapped key.
    ///
    /// # Errors
    /// As [`KeyRing::open_box`].
    pub fn unwrap_key(&self, wrapped: &[u8], seq: i64) -> Result<OrderKey, StoreError> {
        let aad = order_key_place(seq);
        let plain = self.open_box(Purpose::OrderKeys, &aad, wrapped)?;
        let bytes = <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| aad.corrupt())?;
        Ok(OrderKey(Zeroizing::new(bytes)))
    }

    /// Notes that a rotation to the current key begins. May be called again.
    ///
    /// # Errors
    /// As the database says; `Conflict` when a rotation to another key is under way (a process with
    /// the old key as its current one would wrap everything back).
    pub async fn rotation_begin(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let ours = self.current.fingerprint();
        if settings::put_new(tx, NEXT, &ours).await? != ours {
            return Err(other_rotation());
        }
        Ok(())
    }

    /// Re-wraps up to `limit` boxes after the key `after` and tells the last key done; `None` when
    /// none were left. One transaction a batch; a rotation that was cut off simply begins again.
    ///
    /// # Errors
    /// As the database says, and as [`KeyRing::open_box`].
    pub async fn rotate_batch(
        &self,
        tx: &mut Tx,
        what: &Rotation,
        after: i64,
        limit: u32,
    ) -> Result<Option<i64>, StoreError> {
        let mut last = None;
        for row in tx.fetch_all(&what.select, args![after, limit]).await? {
            let id = row.get_i64("id")?;
            let aad = if what.purpose == Purpose::OrderKeys {
                order_key_place(id)
            } else {
                Aad::new(what.table, what.column, id)
            };
            if let Some(new) = self.rewrap(what.purpose, &aad, &row.get_bytes("sealed")?)? {
                tx.exec(&what.update, args![id, new]).await?;
            }
            last = Some(id);
        }
        Ok(last)
    }

    /// Notes that everything is under the current key. Only after [`KeyRing::rotate_batch`] has come
    /// to its end for every table with boxes, and after [`crate::search::SearchIndex::rewrap_key`].
    ///
    /// # Errors
    /// As the database says; `Conflict` when no rotation to this key is under way.
    pub async fn rotation_end(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if settings::get(&mut *tx, NEXT).await?.as_deref() != Some(self.current.fingerprint().as_str()) {
            return Err(other_rotation());
        }
        settings::put(tx, IN_USE, &self.current.fingerprint()).await?;
        settings::forget(tx, NEXT).await
    }
}

/// One column of boxes, for [`KeyRing::rotate_batch`].
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    /// What its boxes are for.
    pub purpose: Purpose,
    /// Table, as in the boxes' [`Aad`].
    pub table: &'static str,
    /// Column, as in the boxes' [`Aad`].
    pub column: &'static str,
    /// `SELECT … AS id, … AS sealed … WHERE id > $1 ORDER BY id LIMIT $2`.
    pub select: Sql,
    /// `UPDATE … SET … = $2 WHERE id = $1`.
    pub update: Sql,
}

fn other_rotation() -> StoreError {
    StoreError::Conflict { what: "rotation of the master key".to_owned() }
}

fn order_key_place(seq: i64) -> Aad {
    Aad::new("order_keys", "order_key", seq)
}

/// Fingerprint and sealed value of a box.
fn split<'a>(aad: &Aad, sealed: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), StoreError> {
    match sealed.split_first() {
        Some((&BOX, rest)) => rest.split_at_checked(FINGERPRINT).ok_or_else(|| aad.corrupt()),
        _ => Err(aad.corrupt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(n: u8) -> MasterKey {
        MasterKey::from_bytes(&[n; 32])
    }

    #[test]
    fn text_and_file_give_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let made = MasterKey::generate_file(&path).unwrap();
        assert_eq!(MasterKey::from_file(&path).unwrap().fingerprint(), made.fingerprint());
        assert!(MasterKey::generate_file(&path).is_err(), "an existing key is never overwritten");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let hex = MasterKey::from_text(&"07".repeat(32)).unwrap();
        assert_eq!(hex.fingerprint(), key(7).fingerprint());
        assert!(MasterKey::from_text("short").is_err());
    }

    #[test]
    fn purposes_places_and_keys_are_apart() {
        let ring = KeyRing::new(key(1));
        let aad = Aad::new("credentials", "secret", "shop|3");
        let sealed = ring.seal_box(Purpose::Credentials, &aad, b"secret").unwrap();
        assert_eq!(ring.open_box(Purpose::Credentials, &aad, &sealed).unwrap().as_slice(), b"secret");
        assert!(matches!(ring.open_box(Purpose::Requests, &aad, &sealed), Err(StoreError::Corrupt { .. })));
        let other = Aad::new("credentials", "secret", "shop|4");
        assert!(ring.open_box(Purpose::Credentials, &other, &sealed).is_err());
        let wrong = KeyRing::new(key(2));
        assert!(matches!(wrong.open_box(Purpose::Credentials, &aad, &sealed), Err(StoreError::WrongKey(_))));
    }

    #[test]
    fn order_keys_survive_a_rotation() {
        let old = KeyRing::new(key(1));
        let order = OrderKey::generate();
        let wrapped = old.wrap(&order, 5).unwrap();
        assert!(old.unwrap_key(&wrapped, 6).is_err(), "another order's key");
        let both = KeyRing::new(key(2)).also(key(1));
        let aad = order_key_place(5);
        let new = both.rewrap(Purpose::OrderKeys, &aad, &wrapped).unwrap().unwrap();
        assert!(both.rewrap(Purpose::OrderKeys, &aad, &new).unwrap().is_none());
        let after = KeyRing::new(key(2)).unwrap_key(&new, 5).unwrap();
        assert_eq!(*after.0, *order.0);
    }

    proptest! {
        #[test]
        fn a_damaged_box_is_an_error(at in 0usize..80, bit in 0u8..8, cut in 0usize..80) {
            let ring = KeyRing::new(key(1));
            let wrapped = ring.wrap(&OrderKey::generate(), 1).unwrap();
            let mut flipped = wrapped.clone();
            flipped[at % wrapped.len()] ^= 1 << bit;
            prop_assert!(ring.unwrap_key(&flipped, 1).is_err());
            prop_assert!(ring.unwrap_key(&wrapped[..cut % wrapped.len()], 1).is_err());
        }
    }
}
