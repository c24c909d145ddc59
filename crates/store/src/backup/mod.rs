//! Backups: a consistent copy of the database as one stream, checked by loading it again; and the way back.
//!
//! SQLite: `VACUUM INTO` makes the copy while others write (the online backup interface begins anew with each foreign
//! write, so a busy ledger would never be done). PostgreSQL: every table by `COPY` in one REPEATABLE READ transaction,
//! and not `pg_dump`: that must be installed and be as new as the server, and only what this program can load by itself can be
//! checked by it. Knows nothing of files' names, of encryption, or of who asks.

mod check;
mod frames;
mod load;
mod postgres;
mod sqlite;

use crate::error::StoreError;
use crate::json::to_json;
use crate::sql::Sql;
use crate::{DbUrl, Kind, Ledger, settings};
use domain::UtcMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

pub use load::Target;
pub use sqlite::set_aside;

pub(crate) fn texts() -> Vec<Sql> {
    [check::ALL, load::ALL, postgres::ALL, sqlite::ALL].concat()
}

/// The form of the stream.
const FORMAT: u32 = 1;

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Not a backup of this program.
    #[error("this is not a backup")]
    NotABackup,
    /// It cannot be believed.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// Made on the other kind of database.
    #[error("the backup is of {0}, the target is not")]
    OtherKind(&'static str),
    /// Made by a newer program.
    #[error("the backup needs a newer program (schema {0})")]
    NewerProgram(i64),
    /// Something is there already.
    #[error("there is a ledger already")]
    Occupied,
    /// Somebody works on what is to be replaced.
    #[error("the ledger is in use ({0})")]
    InUse(String),
    /// The disk or the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    kind: String,
    /// When it was made.
    pub made_at: UtcMillis,
    /// By which version of the program.
    pub program: String,
    /// Newest step of the tables.
    pub step: i64,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
    /// PostgreSQL: where the numbers stood.
    #[serde(default)]
    numbers: BTreeMap<String, i64>,
}

impl Manifest {
    fn new(kind: Kind, made_at: UtcMillis, step: i64) -> Self {
        Self {
            format: FORMAT,
            kind: word(kind).to_owned(),
            made_at,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            step,
            rows: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Orders in it.
    #[must_use]
    pub fn orders(&self) -> i64 {
        self.rows.get("orders").copied().unwrap_or(0)
    }

    fn fits(&self, kind: Kind) -> Result<(), BackupError> {
        if self.format != FORMAT || self.step > crate::migrate::program() {
            return Err(BackupError::NewerProgram(self.step));
        }
        match self.kind == word(kind) {
            true => Ok(()),
            false => Err(BackupError::OtherKind(if kind == Kind::Sqlite { "PostgreSQL" } else { "SQLite" })),
        }
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
    }
}

/// Writes a consistent copy of the database, whoever works on it meanwhile. `scratch` is a name for a file beside the
/// target that holds the copy for a moment (SQLite); it is gone afterwards.
///
/// # Errors
/// As the disk and the database say.
pub async fn write(
    url: &DbUrl,
    scratch: &Path,
    out: &mut (dyn Write + Send),
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    match url {
        DbUrl::Sqlite(file) => {
            let scratch = Scratch(scratch.to_owned());
            sqlite::write(file, &scratch.0, out, now).await
        }
        DbUrl::Postgres(_) => postgres::write(url, out, now).await,
    }
}

/// Loads a backup into a place of its own, checks it (every byte, every row, history folded), and throws the place away.
/// SQLite: the place is the file `scratch`; PostgreSQL: a schema in a transaction that is rolled back.
///
/// # Errors
/// What is wrong with it.
pub async fn verify(
    url: &DbUrl,
    scratch: &Path,
    source: &mut (dyn Read + Send),
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    match url {
        DbUrl::Sqlite(_) => {
            let scratch = Scratch(scratch.to_owned());
            load::sqlite(source, &scratch.0, None, now).await
        }
        DbUrl::Postgres(_) => load::postgres(source, url, Target::Nowhere, now).await,
    }
}

/// Restores a backup into an empty place. A file of SQLite must not exist yet (the caller gives it its name when all is
/// well); a database of PostgreSQL must be empty, or its tables are moved aside ([`Target`]). Writing to malls is paused
/// in what was restored (F46).
///
/// # Errors
/// What stands in the way; nothing is restored then.
pub async fn restore(
    url: &DbUrl,
    target: Target,
    source: &mut (dyn Read + Send),
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    match url {
        DbUrl::Sqlite(file) => load::sqlite(source, file, Some(now), now).await,
        DbUrl::Postgres(_) => load::postgres(source, url, target, now).await,
    }
}

/// The last backup that was made and checked, as 診断 shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When.
    pub at: UtcMillis,
    /// Its size.
    pub bytes: u64,
    /// The name of its file, without the folder.
    pub file: String,
}

/// Setting: the last backup.
const LAST: &str = "backup_last";

impl Ledger {
    /// The last backup that was made and checked.
    ///
    /// # Errors
    /// As the database says.
    pub async fn last_backup(&self) -> Result<Option<LastBackup>, StoreError> {
        let text = settings::get(self.db(), LAST).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Takes a backup down that was made and checked.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_last_backup(&self, last: &LastBackup) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        settings::put(&mut tx, LAST, &to_json(last)?.to_string()).await?;
        tx.commit().await
    }
}

/// A file that goes away, with what SQLite puts beside it.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.0.clone().into_os_string();
            name.push(end);
            // Mostly not there.
            drop(std::fs::remove_file(name));
        }
    }
}
