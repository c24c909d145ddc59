//! Searching sealed orders by keyed hashes of name pieces, phone and mail.
//!
//! The index answers with candidates, newest (highest `seq`) first; the caller's [`Verify`] opens
//! them and says which are right. Tokens hang on the installation's search key and not on the
//! order's: erasing an order must call [`SearchIndex::erase`] in the same transaction.

pub mod fold;
mod tokens;

use async_trait::async_trait;
use data_encoding::BASE64;
use zeroize::Zeroizing;

pub use tokens::{Needle, NeedleError, SearchFields, TokenSet};
pub(crate) use tokens::{SearchKey, first_u64};

use crate::db::{Db, Pool, Reads, Tx, TxOf};
use crate::dialect::{postgres_search, sqlite_search};
use crate::error::StoreError;
use crate::seal::keys::{KeyRing, Purpose};
use crate::seal::{Aad, random_key};
use crate::settings;

/// Candidates that are opened at most; more means that the needle says too little.
pub const MAX_CANDIDATES: usize = 2_000;

const KEY: &str = "search_key";
const FOLD: &str = "search_fold_version";

/// Opens candidates and says which of them are what was asked for.
#[async_trait]
pub trait Verify: Send {
    /// Those of `seqs` that match, in the same order. Comparing is [`Needle::matches`].
    async fn verify(&mut self, seqs: &[i64]) -> Result<Vec<i64>, StoreError>;
}

/// Which orders count. Applied before anything is opened.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these shops.
    pub shops: Option<Vec<i64>>,
    /// Only these phases.
    pub phases: Option<Vec<String>>,
    /// Only orders before this `seq` (to go on after a full page).
    pub before: Option<i64>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Orders, newest in the ledger first.
    pub seqs: Vec<i64>,
    /// The search gave up (too many candidates, or time): there may be more, say so and never
    /// "nothing found". Independent of reaching the limit.
    pub stopped: bool,
}

/// What collects verified rows; shared by both databases' walks.
pub(crate) struct Collector<'a> {
    pub(crate) limit: usize,
    pub(crate) give_up: &'a (dyn Fn() -> bool + Send + Sync),
    pub(crate) verify: &'a mut dyn Verify,
    pub(crate) found: Found,
    opened: usize,
}

impl Collector<'_> {
    /// Verifies candidates. `false`: stop walking.
    pub(crate) async fn take(&mut self, candidates: &[i64]) -> Result<bool, StoreError> {
        let room = MAX_CANDIDATES - self.opened;
        let (now, rest) = candidates.split_at(candidates.len().min(room));
        self.opened += now.len();
        if !now.is_empty() {
            self.found.seqs.extend(self.verify.verify(now).await?);
        }
        if self.found.seqs.len() >= self.limit {
            self.found.seqs.truncate(self.limit);
            return Ok(false);
        }
        if !rest.is_empty() || self.opened == MAX_CANDIDATES || (self.give_up)() {
            self.found.stopped = true;
            return Ok(false);
        }
        Ok(true)
    }
}

/// The index of an installation.
pub struct SearchIndex {
    pub(crate) key: SearchKey,
}

impl SearchIndex {
    /// Takes the search key from the settings; makes it at the first start.
    ///
    /// # Errors
    /// As the database says; `WrongKey` when the search key is sealed with another master key.
    pub async fn open(tx: &mut Tx, ring: &KeyRing) -> Result<Self, StoreError> {
        let fresh = ring.seal_box(Purpose::Search, &place(), &*random_key())?;
        let stored = settings::put_new(tx, KEY, &BASE64.encode(&fresh)).await?;
        settings::put_new(tx, FOLD, &fold::FOLD_VERSION.to_string()).await?;
        let sealed = BASE64.decode(stored.as_bytes()).map_err(|_| place().corrupt())?;
        let plain = ring.open_box(Purpose::Search, &place(), &sealed)?;
        let key = <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| place().corrupt())?;
        Ok(Self { key: SearchKey(Zeroizing::new(key)) })
    }

    /// Whether the index was written with another folding and must be rebuilt: [`SearchIndex::clear`],
    /// then insert every order again.
    ///
    /// # Errors
    /// As the database says.
    pub async fn needs_rebuild(from: impl Into<Reads<'_>>) -> Result<bool, StoreError> {
        let stored = settings::get(from, FOLD).await?;
        Ok(stored.is_some_and(|v| v != fold::FOLD_VERSION.to_string()))
    }

    /// Puts the search key under the current master key; part of a rotation.
    ///
    /// # Errors
    /// As the database says, and as [`KeyRing::open_box`].
    pub async fn rewrap_key(tx: &mut Tx, ring: &KeyRing) -> Result<(), StoreError> {
        let Some(stored) = settings::get(&mut *tx, KEY).await? else { return Ok(()) };
        let sealed = BASE64.decode(stored.as_bytes()).map_err(|_| place().corrupt())?;
        match ring.rewrap(Purpose::Search, &place(), &sealed)? {
            Some(new) => settings::put(tx, KEY, &BASE64.encode(&new)).await,
            None => Ok(()),
        }
    }

    /// The tokens of an order. Pure; do it before the transaction begins.
    #[must_use]
    pub fn tokens(&self, fields: &SearchFields<'_>) -> TokenSet {
        TokenSet::of(&self.key, fields)
    }

    /// Writes the tokens of orders, in place of those that are there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn insert(&self, tx: &mut Tx, orders: &[(i64, TokenSet)]) -> Result<(), StoreError> {
        for (seq, _) in orders.iter().filter(|(_, tokens)| tokens.is_empty()) {
            self.erase(tx, *seq).await?;
        }
        let some: Vec<_> = orders.iter().filter(|(_, tokens)| !tokens.is_empty()).collect();
        if some.is_empty() {
            return Ok(());
        }
        match tx.inner {
            TxOf::Sqlite(_) => sqlite_search::insert(tx, &some).await,
            TxOf::Postgres(_) => postgres_search::insert(tx, &self.key, &some).await,
        }
    }

    /// Takes an order out of the index. In SQLite its words stay in the file until [`SearchIndex::scrub`].
    ///
    /// # Errors
    /// As the database says.
    pub async fn erase(&self, tx: &mut Tx, seq: i64) -> Result<(), StoreError> {
        tx.exec(&sqlite_search::ERASE, crate::args![seq]).await.map(drop)
    }

    /// Empties the index and notes the current folding; the first step of a rebuild.
    ///
    /// # Errors
    /// As the database says.
    pub async fn clear(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.exec(&sqlite_search::CLEAR, crate::args![]).await?;
        settings::put(tx, FOLD, &fold::FOLD_VERSION.to_string()).await
    }

    /// Finds orders, newest in the ledger first, up to `limit`. `give_up` is asked between steps
    /// (20 ms are plenty); `verify` opens candidates.
    ///
    /// # Errors
    /// As the database and `verify` say.
    pub async fn search(
        &self,
        db: &Db,
        needle: &Needle,
        filter: &Filter,
        limit: usize,
        give_up: &(dyn Fn() -> bool + Send + Sync),
        verify: &mut dyn Verify,
    ) -> Result<Found, StoreError> {
        let tokens = needle.tokens(&self.key);
        let mut out = Collector { limit, give_up, verify, found: Found::default(), opened: 0 };
        if limit > 0 && !tokens.is_empty() {
            match &db.pool {
                Pool::Sqlite(_) => sqlite_search::walk(db, &tokens, filter, &mut out).await?,
                Pool::Postgres(pools) => {
                    postgres_search::walk(&pools.search, &self.key, &tokens, filter, &mut out).await?;
                }
            }
        }
        Ok(out.found)
    }

    /// Lets erased words leave the files, in small steps. `true` when nothing is left to do; call
    /// again otherwise. SQLite: merges segments and empties the log. PostgreSQL: VACUUM.
    ///
    /// # Errors
    /// As the database says.
    pub async fn scrub(&self, db: &Db, steps: u32) -> Result<bool, StoreError> {
        match &db.pool {
            Pool::Sqlite(pools) => sqlite_search::scrub(db, &pools.writer, steps).await,
            Pool::Postgres(pools) => postgres_search::scrub(&pools.main).await.map(|()| true),
        }
    }
}

fn place() -> Aad {
    Aad::new("settings", "value", KEY)
}
