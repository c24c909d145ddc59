//! The database behind one type, whichever of the two it is.
//!
//! Bodies of queries are written once: `tx.exec(&SQL, args![…])`. This module knows how to open,
//! begin, run and commit; it knows no table.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::{Postgres, Sqlite, Transaction, query_with};

use crate::dialect::{postgres, sqlite};
use crate::error::StoreError;
use crate::row::{Row, RowOf};
use crate::sql::{Arg, Bulk, Sql};

/// Where the database is: `sqlite:/var/lib/choba/choba.db` or `postgres://user@host/choba?sslmode=verify-full`.
#[derive(Clone)]
pub enum DbUrl {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A URL of PostgreSQL. TLS as the URL says (`sslmode`, `sslrootcert`).
    Postgres(String),
}

impl DbUrl {
    /// Reads a URL. A text without a scheme is a file of SQLite.
    ///
    /// # Errors
    /// Another scheme, or SQLite in memory (each connection would see a database of its own).
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = match url.strip_prefix("sqlite:") {
            Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
            None if url.contains("://") => {
                return Err(StoreError::other("database URL must begin with sqlite: or postgres://"));
            }
            None => url,
        };
        if path.is_empty() || path.contains(":memory:") {
            return Err(StoreError::other("SQLite needs a file; an in-memory database is not supported"));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl fmt::Debug for DbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // May hold a password.
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// Waiting times and pool sizes.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// SQLite: how long one try waits for another process's lock.
    pub busy_timeout: Duration,
    /// SQLite: how many tries [`Db::begin`] makes.
    pub busy_tries: u32,
    /// SQLite: connections that read.
    pub readers: u32,
    /// PostgreSQL: connections.
    pub connections: u32,
    /// PostgreSQL: connections for search, besides.
    pub search_connections: u32,
    /// PostgreSQL: longest statement.
    pub statement_timeout: Duration,
    /// Longest wait for a free connection (on SQLite: for the one writer).
    pub acquire_timeout: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            busy_tries: 7,
            readers: 4,
            connections: 10,
            search_connections: 2,
            statement_timeout: Duration::from_secs(30),
            acquire_timeout: Duration::from_secs(30),
        }
    }
}

/// Which of the two databases it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(sqlite::Pools),
    Postgres(postgres::Pools),
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(crate) pool: Pool,
    busy_tries: u32,
}

impl Db {
    /// Opens the database. Does not migrate: see [`crate::migrate`].
    ///
    /// # Errors
    /// It cannot be reached, or (PostgreSQL) `synchronous_commit` is off.
    pub async fn open(url: &DbUrl) -> Result<Self, StoreError> {
        Self::open_with(url, &OpenOptions::default()).await
    }

    /// As [`Db::open`], with other waiting times or pool sizes.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_with(url: &DbUrl, options: &OpenOptions) -> Result<Self, StoreError> {
        let pool = match url {
            DbUrl::Sqlite(path) => Pool::Sqlite(sqlite::open(path, options).await?),
            DbUrl::Postgres(url) => Pool::Postgres(postgres::open(url, options).await?),
        };
        Ok(Self { pool, busy_tries: options.busy_tries.max(1) })
    }

    /// Which of the two databases this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.pool {
            Pool::Sqlite(_) => Kind::Sqlite,
            Pool::Postgres(_) => Kind::Postgres,
        }
    }

    /// Begins a transaction that writes (SQLite: IMMEDIATE, on the one writing connection, so never
    /// hold it over a call to a mall). Dropped without commit, it is rolled back.
    ///
    /// # Errors
    /// `Busy` when another process holds SQLite's lock through all tries.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.begin_as("BEGIN IMMEDIATE", "BEGIN").await
    }

    pub(crate) async fn begin_as(
        &self,
        on_sqlite: &'static str,
        on_postgres: &'static str,
    ) -> Result<Tx, StoreError> {
        let inner = match &self.pool {
            Pool::Sqlite(pools) => {
                let mut tries = 1;
                loop {
                    let begun = pools.writer.begin_with(on_sqlite).await;
                    // SQLite itself rolled the last transaction back (a full disk, say) while sqlx still counts one:
                    // that connection is of no use any more, a fresh one is.
                    if matches!(begun, Err(sqlx::Error::InvalidSavePointStatement)) && tries < self.busy_tries
                    {
                        tries += 1;
                        pools.writer.acquire().await?.close().await?;
                        continue;
                    }
                    match begun.map_err(StoreError::from) {
                        Ok(tx) => break TxOf::Sqlite(tx),
                        // Each try has waited `busy_timeout` inside SQLite already.
                        Err(StoreError::Busy(_)) if tries < self.busy_tries => tries += 1,
                        Err(error) => return Err(error),
                    }
                }
            }
            Pool::Postgres(pools) => TxOf::Postgres(pools.main.begin_with(on_postgres).await?),
        };
        Ok(Tx { inner, failed: false })
    }

    /// Reads all rows, outside of any transaction.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fetch_all(&self, sql: &Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        match &self.pool {
            Pool::Sqlite(pools) => {
                let rows = query_with(sql.sqlite, sqlite::bind(args)?).fetch_all(&pools.readers).await;
                rows.map(|r| r.into_iter().map(|r| Row(RowOf::Sqlite(r))).collect())
            }
            Pool::Postgres(pools) => {
                let rows = query_with(sql.postgres, postgres::bind(args)?).fetch_all(&pools.main).await;
                rows.map(|r| r.into_iter().map(|r| Row(RowOf::Postgres(r))).collect())
            }
        }
        .map_err(|e| named(sql.name, e))
    }

    /// Reads the only row, or none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fetch_optional(&self, sql: &Sql, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        match &self.pool {
            Pool::Sqlite(pools) => query_with(sql.sqlite, sqlite::bind(args)?)
                .fetch_optional(&pools.readers)
                .await
                .map(|r| r.map(|r| Row(RowOf::Sqlite(r)))),
            Pool::Postgres(pools) => query_with(sql.postgres, postgres::bind(args)?)
                .fetch_optional(&pools.main)
                .await
                .map(|r| r.map(|r| Row(RowOf::Postgres(r)))),
        }
        .map_err(|e| named(sql.name, e))
    }

    /// Reads the only row.
    ///
    /// # Errors
    /// As the database says; none is an error too.
    pub async fn fetch_one(&self, sql: &Sql, args: Vec<Arg>) -> Result<Row, StoreError> {
        self.fetch_optional(sql, args).await?.ok_or_else(|| none(sql))
    }

    /// Prepares a text without running it.
    ///
    /// # Errors
    /// The database does not understand it.
    pub async fn prepare(&self, sql: &Sql) -> Result<(), StoreError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match &self.pool {
            Pool::Sqlite(p) => p.writer.prepare(sql.sqlite.into_sql_str()).await.map(drop),
            Pool::Postgres(p) => p.main.prepare(sql.postgres.into_sql_str()).await.map(drop),
        }
        .map_err(|e| named(sql.name, e))
    }

    /// Prepares a bulk insert for one row, without running it.
    ///
    /// # Errors
    /// The table or a column does not exist.
    pub async fn prepare_bulk(&self, bulk: &Bulk) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Sqlite(p) => sqlite::prepare_bulk(&p.writer, bulk).await,
            Pool::Postgres(p) => postgres::prepare_bulk(&p.main, bulk).await,
        }
        .map_err(|e| named(bulk.name, e))
    }

    /// Closes all connections, after their work.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pools) => {
                pools.readers.close().await;
                pools.writer.close().await;
            }
            Pool::Postgres(pools) => {
                pools.search.close().await;
                pools.main.close().await;
            }
        }
    }
}

/// An error of ours names the text it came from.
fn named(name: &'static str, error: sqlx::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Other(why) => StoreError::Other(format!("{name}: {why}")),
        other => other,
    }
}

fn none(sql: &Sql) -> StoreError {
    StoreError::Other(format!("{}: no row", sql.name))
}

pub(crate) enum TxOf {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction that writes.
///
/// A statement that failed spoils it: [`Tx::commit`] then refuses. (PostgreSQL would answer such a
/// COMMIT with a silent ROLLBACK, SQLite would store half; for rows that may exist say `ON CONFLICT`.)
pub struct Tx {
    pub(crate) inner: TxOf,
    failed: bool,
}

impl Tx {
    /// Which of the two databases this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.inner {
            TxOf::Sqlite(_) => Kind::Sqlite,
            TxOf::Postgres(_) => Kind::Postgres,
        }
    }

    /// Marks the transaction as spoilt when a statement failed.
    pub(crate) fn judge<T>(
        &mut self,
        name: &'static str,
        done: Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        done.map_err(|error| {
            self.failed = true;
            named(name, error)
        })
    }

    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// As the database says.
    pub async fn exec(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<u64, StoreError> {
        let done = match &mut self.inner {
            TxOf::Sqlite(tx) => query_with(sql.sqlite, sqlite::bind(args)?)
                .execute(&mut **tx)
                .await
                .map(|d| d.rows_affected()),
            TxOf::Postgres(tx) => query_with(sql.postgres, postgres::bind(args)?)
                .execute(&mut **tx)
                .await
                .map(|d| d.rows_affected()),
        };
        self.judge(sql.name, done)
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fetch_all(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.inner {
            TxOf::Sqlite(tx) => query_with(sql.sqlite, sqlite::bind(args)?)
                .fetch_all(&mut **tx)
                .await
                .map(|r| r.into_iter().map(|r| Row(RowOf::Sqlite(r))).collect()),
            TxOf::Postgres(tx) => query_with(sql.postgres, postgres::bind(args)?)
                .fetch_all(&mut **tx)
                .await
                .map(|r| r.into_iter().map(|r| Row(RowOf::Postgres(r))).collect()),
        };
        self.judge(sql.name, rows)
    }

    /// Reads the only row, or none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fetch_optional(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        // fetch_all and not fetch_optional: a `… RETURNING` must run to its end on SQLite.
        Ok(self.fetch_all(sql, args).await?.into_iter().next())
    }

    /// Reads the only row.
    ///
    /// # Errors
    /// As the database says; none is an error too.
    pub async fn fetch_one(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<Row, StoreError> {
        self.fetch_optional(sql, args).await?.ok_or_else(|| none(sql))
    }

    /// Inserts many rows, each with the values of [`Bulk::columns`] in order. How many were stored.
    /// A column's values are of one type in all rows (a NULL too: `None::<i64>`).
    ///
    /// # Errors
    /// As the database says; rows of the wrong width.
    pub async fn bulk_insert(&mut self, bulk: &Bulk, rows: Vec<Vec<Arg>>) -> Result<u64, StoreError> {
        if let Some(row) = rows.iter().find(|row| row.len() != bulk.columns.len()) {
            return Err(StoreError::Other(format!(
                "{}: a row has {} values for {} columns",
                bulk.name,
                row.len(),
                bulk.columns.len()
            )));
        }
        let done = match &mut self.inner {
            TxOf::Sqlite(tx) => sqlite::bulk_insert(tx, bulk, rows).await,
            TxOf::Postgres(tx) => postgres::bulk_insert(tx, bulk, rows).await,
        };
        self.failed |= done.is_err();
        done
    }

    /// Stores everything.
    ///
    /// # Errors
    /// `CommitUnknown` when the answer was lost; `Other` when a statement had failed (all is rolled back).
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.failed {
            self.rollback().await?;
            return Err(StoreError::other("a statement of the transaction failed; nothing was stored"));
        }
        match self.inner {
            TxOf::Sqlite(tx) => tx.commit().await,
            TxOf::Postgres(tx) => tx.commit().await,
        }
        .map_err(|error| StoreError::from(error).at_commit())
    }

    /// Stores nothing.
    ///
    /// # Errors
    /// The connection was lost (nothing is stored then either).
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            TxOf::Sqlite(tx) => tx.rollback().await?,
            TxOf::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Something to read from: the database, or a transaction that is under way. For functions that are
/// used in both ways: `async fn order(from: impl Into<Reads<'_>>, …)`.
pub enum Reads<'a> {
    /// Outside of any transaction.
    Db(&'a Db),
    /// Inside a transaction.
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for Reads<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for Reads<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

impl Reads<'_> {
    /// Reads all rows.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fetch_all(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Db(db) => db.fetch_all(sql, args).await,
            Self::Tx(tx) => tx.fetch_all(sql, args).await,
        }
    }

    /// Reads the only row, or none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fetch_optional(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Db(db) => db.fetch_optional(sql, args).await,
            Self::Tx(tx) => tx.fetch_optional(sql, args).await,
        }
    }

    /// Reads the only row.
    ///
    /// # Errors
    /// As the database says; none is an error too.
    pub async fn fetch_one(&mut self, sql: &Sql, args: Vec<Arg>) -> Result<Row, StoreError> {
        match self {
            Self::Db(db) => db.fetch_one(sql, args).await,
            Self::Tx(tx) => tx.fetch_one(sql, args).await,
        }
    }
}
