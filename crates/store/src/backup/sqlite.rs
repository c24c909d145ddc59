//! SQLite: the copy, and moving an old file out of the way.

use super::frames::{LARGEST, Out, Part};
use super::{BackupError, Manifest, check};
use crate::sql::sql;
use crate::{Db, DbUrl, Kind, OpenOptions, migrate};
use domain::UtcMillis;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};
use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

sql! {
    /// A copy as it stands at this moment. Writers go on.
    COPY([sqlite "VACUUM INTO $1"] [postgres ""]);
    /// Out of the log: only when nobody else has the file open.
    STILL([sqlite "PRAGMA journal_mode = DELETE"] [postgres ""]);
}

/// Longest wait for a lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// A new file that only its owner can read.
pub(super) fn private(path: &Path) -> Result<File, BackupError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    Ok(options.open(path)?)
}

pub(super) async fn write(
    file: &Path,
    scratch: &Path,
    out: &mut (dyn Write + Send),
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    // SQLite takes an empty file as a target; so it is private before anything is in it.
    drop(private(scratch)?);
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(PATIENCE);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let to = scratch
        .to_str()
        .ok_or_else(|| BackupError::Damaged("the name of the file is not UTF-8".to_owned()))?;
    sqlx::query(COPY.sqlite).bind(to.to_owned()).execute(&mut connection).await?;
    connection.close().await?;
    let copy = Db::open_with(&DbUrl::Sqlite(scratch.to_owned()), &few()).await?;
    let mut tx = copy.begin().await?;
    let mut manifest = Manifest::new(Kind::Sqlite, now, migrate::newest(&mut tx).await?);
    for table in check::tables(&mut tx).await? {
        let rows = check::count(&mut tx, &table).await?;
        manifest.rows.insert(table, rows);
    }
    tx.rollback().await?;
    copy.close().await;
    still(scratch).await?;
    let mut stream = Out::begin(out, &manifest)?;
    stream.part(&Part { part: "file".to_owned(), columns: Vec::new() })?;
    let (mut from, mut piece) = (File::open(scratch)?, vec![0; LARGEST]);
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            break;
        }
        stream.data(piece.get(..n).unwrap_or_default())?;
    }
    stream.end_part()?;
    stream.end()?;
    Ok(manifest)
}

/// Few connections: nobody else is there.
pub(super) fn few() -> OpenOptions {
    OpenOptions {
        readers: 1,
        connections: 1,
        search_connections: 1,
        statement_timeout: Duration::ZERO,
        busy_timeout: PATIENCE,
        busy_tries: 1,
        ..OpenOptions::default()
    }
}

/// Puts everything into the one file. Fails while somebody else has it open.
pub(super) async fn still(file: &Path) -> Result<(), BackupError> {
    let patience = Duration::from_secs(2);
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(patience);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mode: String = sqlx::query(STILL.sqlite).fetch_one(&mut connection).await?.try_get(0)?;
    connection.close().await?;
    if mode == "delete" { Ok(()) } else { Err(BackupError::InUse(mode)) }
}

/// Moves the file of a ledger (with its log) aside, never deleting anything, and says where it is now. Refuses while
/// somebody has it open: a process that goes on with the old file would go on sending.
///
/// # Errors
/// `InUse`, or as the disk says.
pub async fn set_aside(file: &Path, now: UtcMillis) -> Result<PathBuf, BackupError> {
    let whole = match file.exists() {
        true => still(file).await,
        // A log without its file must not be taken for the log of the next one.
        false => Ok(()),
    };
    match whole {
        // Damaged beyond reading is a good reason for a restore: then the names of all its files move.
        Ok(()) | Err(BackupError::Store(crate::StoreError::Corrupt { .. })) => {}
        Err(BackupError::Store(crate::StoreError::Busy(why))) => return Err(BackupError::InUse(why)),
        Err(error) => return Err(error),
    }
    let when = now.japan().strftime("%Y%m%d-%H%M%S").to_string();
    let name = |end: &str, when: &str| {
        let mut name = file.to_owned().into_os_string();
        name.push(when);
        name.push(end);
        PathBuf::from(name)
    };
    let aside = name("", &format!(".before-{when}"));
    if aside.exists() {
        return Err(BackupError::Io(std::io::ErrorKind::AlreadyExists.into()));
    }
    for end in ["-wal", "-shm", "-journal", ""] {
        let from = name(end, "");
        if from.exists() {
            std::fs::rename(from, name(end, &format!(".before-{when}")))?;
        }
    }
    Ok(aside)
}
