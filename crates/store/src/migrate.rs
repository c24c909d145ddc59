//! Brings the tables to what this program needs, step by step, one process at a time.
//!
//! To add a step: one file of the same name in `migrations/sqlite` and `migrations/postgres`, one
//! line in [`MIGRATIONS`]. Expand first; a step that older programs cannot live with raises
//! `min_program`. A step that has been released is never edited (its checksum is compared).

use crate::db::{Db, Kind, Tx, TxOf};
use crate::error::StoreError;
use crate::settings;
use crate::sql::sql;
use crate::{Reads, args};

/// One step.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; also the number of the newest step that a program knows.
    pub version: i64,
    /// Its name, as in the file name.
    pub name: &'static str,
    /// The lowest newest-known step of a program that can live with the tables after this one.
    pub min_program: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal, min_program $min:literal) => {
        Migration {
            version: $version,
            name: $name,
            min_program: $min,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// All steps, in order.
pub const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_base", min_program 1),
    migration!(2, "0002_search", min_program 1),
    migration!(3, "0003_ledger", min_program 1),
    migration!(4, "0004_port", min_program 1),
    migration!(5, "0005_status_links", min_program 1),
    migration!(6, "0006_files", min_program 1),
    migration!(7, "0007_desk", min_program 1),
    migration!(8, "0008_by_itself", min_program 1),
];

/// The newest step that this program knows.
#[must_use]
pub fn program() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.version)
}

/// A short name of all steps together, for caches of migrated databases (tests).
#[must_use]
pub fn checksum() -> String {
    let mut all = blake3::Hasher::new();
    for step in MIGRATIONS {
        all.update(step.sqlite.as_bytes());
        all.update(step.postgres.as_bytes());
    }
    all.finalize().to_hex().chars().take(16).collect()
}

// Texts before the first step can have run: not in the catalogue's usual sense, but plain SQL all the same.
sql! {
    /// The ledger of steps.
    TABLE("CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, \
           checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
    /// One migrating process at a time. SQLite's exclusive transaction does that by itself.
    LOCK([sqlite "SELECT 1 AS locked"] [postgres "SELECT pg_advisory_xact_lock(4702111234474983745)"]);
    /// What has been done.
    DONE("SELECT version, name, checksum FROM schema_migrations ORDER BY version");
    /// Write down a step.
    WRITE("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)");
}

/// Runs the steps that are missing, all in one transaction, and tells their numbers.
/// `now` is the time in milliseconds UTC.
///
/// # Errors
/// `SchemaTooNew` when a newer program has made the tables unfit for this one; `Other` when a step
/// that was run is not the one this program knows.
pub async fn migrate(db: &Db, now: i64) -> Result<Vec<i64>, StoreError> {
    let mut tx = db.begin_as("BEGIN EXCLUSIVE", "BEGIN").await?;
    lock(&mut tx).await?;
    let new = run_in(&mut tx, program(), now).await?;
    tx.commit().await?;
    Ok(new)
}

/// One at a time, until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx) -> Result<(), StoreError> {
    tx.fetch_all(&LOCK, args![]).await.map(drop)
}

/// The steps that are missing up to step `upto`, inside a transaction.
pub(crate) async fn run_in(tx: &mut Tx, upto: i64, now: i64) -> Result<Vec<i64>, StoreError> {
    tx.exec(&TABLE, args![]).await?;
    let done = tx.fetch_all(&DONE, args![]).await?;
    if !done.is_empty() {
        check(&mut *tx).await?;
    }
    let mut applied = std::collections::BTreeMap::new();
    for row in done {
        applied.insert(row.get_i64("version")?, row.get_str("checksum")?);
    }
    let mut new = Vec::new();
    for step in MIGRATIONS.iter().filter(|step| step.version <= upto) {
        let text = match tx.kind() {
            Kind::Sqlite => step.sqlite,
            Kind::Postgres => step.postgres,
        };
        let checksum = blake3::hash(text.as_bytes()).to_hex().to_string();
        if let Some(before) = applied.get(&step.version) {
            if *before != checksum {
                return Err(StoreError::Other(format!(
                    "migration {} was run in another wording; this is not the program it came from",
                    step.name
                )));
            }
            continue;
        }
        script(tx, step.name, text).await?;
        tx.exec(&WRITE, args![step.version, step.name, checksum, now]).await?;
        let floor = min_program(&mut *tx).await?.max(step.min_program);
        settings::put(tx, MIN_PROGRAM, &floor.to_string()).await?;
        new.push(step.version);
    }
    Ok(new)
}

/// The newest step that was run on the database.
pub(crate) async fn newest(tx: &mut Tx) -> Result<i64, StoreError> {
    let done = tx.fetch_all(&DONE, args![]).await?;
    done.last().map_or(Ok(0), |row| row.get_i64("version"))
}

/// Whether this program may work on the database as it stands, without changing it.
///
/// # Errors
/// `SchemaTooNew` when it may not; `Other` when steps are missing.
pub async fn check_schema(db: &Db) -> Result<(), StoreError> {
    check(db).await?;
    let done = db.fetch_all(&DONE, args![]).await?;
    let newest = done.last().map_or(Ok(0), |row| row.get_i64("version"))?;
    if newest < program() {
        return Err(StoreError::Other(format!(
            "the database is at step {newest}, this program needs {}: run the migration",
            program()
        )));
    }
    Ok(())
}

const MIN_PROGRAM: &str = "min_program";

async fn check(from: impl Into<Reads<'_>>) -> Result<(), StoreError> {
    let needs = min_program(from).await?;
    if needs > program() { Err(StoreError::SchemaTooNew { needs }) } else { Ok(()) }
}

async fn min_program(from: impl Into<Reads<'_>>) -> Result<i64, StoreError> {
    let text = settings::get(from, MIN_PROGRAM).await?;
    Ok(text.and_then(|t| t.parse().ok()).unwrap_or(0))
}

async fn script(tx: &mut Tx, name: &'static str, text: &'static str) -> Result<(), StoreError> {
    let done = match &mut tx.inner {
        TxOf::Sqlite(tx) => sqlx::raw_sql(text).execute(&mut **tx).await.map(drop),
        TxOf::Postgres(tx) => sqlx::raw_sql(text).execute(&mut **tx).await.map(drop),
    };
    tx.judge(name, done)
}
