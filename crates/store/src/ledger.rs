//! The open ledger: database, keys and search index in one, ready to work.

use crate::db::{Db, DbUrl, OpenOptions};
use crate::desk::users;
use crate::error::StoreError;
use crate::ids::Reserve;
use crate::migrate;
use crate::seal::keys::{KeyRing, KeyState, Rotation};
use crate::search::SearchIndex;
use crate::{
    calls, imports, letters, listeners, mail, masters, next_credentials, orders, request_files,
    shipment_files, shops,
};
use domain::UtcMillis;
use std::sync::Arc;

/// The ledger of one installation.
pub struct Ledger {
    pub(crate) db: Db,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) index: Arc<SearchIndex>,
    pub(crate) reserve: Reserve,
    key_state: KeyState,
}

/// Boxes re-wrapped in one transaction of a rotation.
const ROTATION_BATCH: u32 = 200;

impl Ledger {
    /// Opens the database, brings its tables up, compares the master key, and seeds phases and carriers at the
    /// first start.
    ///
    /// # Errors
    /// `WrongKey`, `SchemaTooNew`, or as the database says.
    pub async fn open(
        url: &DbUrl,
        options: &OpenOptions,
        ring: KeyRing,
        now: UtcMillis,
    ) -> Result<Self, StoreError> {
        let db = Db::open_with(url, options).await?;
        Self::with_db(db, ring, now).await
    }

    /// The same on a database that is open already.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub async fn with_db(db: Db, ring: KeyRing, now: UtcMillis) -> Result<Self, StoreError> {
        migrate::migrate(&db, now.0).await?;
        let mut tx = db.begin().await?;
        let key_state = ring.check(&mut tx).await?;
        let index = SearchIndex::open(&mut tx, &ring).await?;
        masters::seed(&mut tx).await?;
        users::seed(&mut tx).await?;
        tx.commit().await?;
        let (ring, index) = (Arc::new(ring), Arc::new(index));
        Ok(Self { db, ring, index, reserve: Reserve::default(), key_state })
    }

    /// The database itself, for tests, benchmarks and the doctor.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Whether everything is under the current master key.
    #[must_use]
    pub const fn key_state(&self) -> KeyState {
        self.key_state
    }

    /// Re-wraps every key and box under the current master key (the sealed data itself stays as it is), and says
    /// how many batches it took. May be cut off anywhere and run again.
    ///
    /// # Errors
    /// As the database says; `WrongKey` when a box is under a key that is not in the ring.
    pub async fn rotate_master_key(&self) -> Result<u64, StoreError> {
        const TABLES: [&Rotation; 11] = [
            &orders::ROTATION,
            &shops::ROTATION,
            &next_credentials::ROTATION,
            &calls::ROTATION,
            &imports::ROTATION,
            &request_files::ROTATION,
            &shipment_files::ROTATION,
            &users::ROTATION,
            &listeners::ROTATION,
            &letters::ROTATION,
            &mail::ROTATION,
        ];
        let mut tx = self.db.begin().await?;
        self.ring.rotation_begin(&mut tx).await?;
        tx.commit().await?;
        fail::fail_point!("rotation.after_begin");
        let mut batches = 0;
        for table in TABLES {
            let mut after = 0;
            loop {
                let mut tx = self.db.begin().await?;
                let last = self.ring.rotate_batch(&mut tx, table, after, ROTATION_BATCH).await?;
                tx.commit().await?;
                fail::fail_point!("rotation.after_batch");
                batches += 1;
                match last {
                    Some(last) => after = last,
                    None => break,
                }
            }
        }
        let mut tx = self.db.begin().await?;
        SearchIndex::rewrap_key(&mut tx, &self.ring).await?;
        self.ring.rotation_end(&mut tx).await?;
        fail::fail_point!("rotation.before_end");
        tx.commit().await?;
        fail::fail_point!("rotation.after_end");
        Ok(batches)
    }

    /// Lets what was erased leave the files too (search words, old pages of the log), in small steps. `true` when
    /// nothing is left to do; call again otherwise. For the daily job.
    ///
    /// # Errors
    /// As the database says.
    pub async fn scrub(&self, steps: u32) -> Result<bool, StoreError> {
        self.index.scrub(&self.db, steps).await
    }

    /// Closes all connections, after their work.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
