//! Loading a backup: to check it, or to restore it. Nothing half loaded is ever taken for a ledger: a file gets its name last,
//! a database gets everything in one transaction.

use super::frames::In;
use super::{BackupError, Manifest, check, postgres as pg, sqlite as lite};
use crate::sql::sql;
use crate::{Db, DbUrl, Kind, Tx, args, migrate, restored};
use domain::UtcMillis;
use std::io::{Read, Write as _};
use std::path::Path;

/// Where a backup of PostgreSQL goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Nowhere: it is loaded, checked and thrown away.
    Nowhere,
    /// Into a database without tables.
    Empty,
    /// In place of what is there, which moves aside into a schema of its own.
    InPlaceOf,
}

sql! {
    /// A schema of this name.
    SCHEMA([sqlite ""] [postgres "SELECT set_config('search_path', $1, TRUE) AS path"]);
    /// Who else is connected to the database.
    OTHERS([sqlite ""] [postgres "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
            AND backend_type = 'client backend'"]);
    /// Views, sequences and tables of the schema.
    THINGS([sqlite ""] [postgres "SELECT COUNT(*) AS n FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) \
            AND relkind IN ('r', 'p', 'v', 'm', 'S')"]);
}

/// Loads into a new file. With `restored_at` it becomes a ledger that waits for a person.
pub(super) async fn sqlite(
    source: &mut (dyn Read + Send),
    file: &Path,
    restored_at: Option<UtcMillis>,
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    let (mut stream, manifest) = In::begin(source)?;
    manifest.fits(Kind::Sqlite)?;
    let mut to = lite::private(file)?;
    while let Some(part) = stream.part()? {
        if part.part != "file" {
            return Err(BackupError::Damaged(format!("it holds a part {}", part.part)));
        }
        while let Some(piece) = stream.data()? {
            to.write_all(&piece)?;
        }
    }
    to.sync_all()?;
    drop(to);
    let db = Db::open_with(&DbUrl::Sqlite(file.to_owned()), &lite::few()).await?;
    let done = checked(&db, &manifest, restored_at, now).await;
    db.close().await;
    done?;
    if restored_at.is_some() {
        lite::still(file).await?;
        std::fs::File::open(file)?.sync_all()?;
    }
    Ok(manifest)
}

async fn checked(
    db: &Db,
    manifest: &Manifest,
    restored_at: Option<UtcMillis>,
    now: UtcMillis,
) -> Result<(), BackupError> {
    let mut tx = db.begin().await?;
    check::check(&mut tx, manifest).await?;
    let Some(at) = restored_at else { return Ok(tx.rollback().await?) };
    settle(&mut tx, manifest, at, now).await?;
    Ok(tx.commit().await?)
}

/// What a restored ledger is told before anybody works it.
async fn settle(tx: &mut Tx, manifest: &Manifest, at: UtcMillis, now: UtcMillis) -> Result<(), BackupError> {
    migrate::run_in(tx, migrate::program(), now.0).await?;
    restored::begin(tx, manifest.made_at, at).await?;
    Ok(())
}

/// Loads into PostgreSQL, all in one transaction.
pub(super) async fn postgres(
    source: &mut (dyn Read + Send),
    url: &DbUrl,
    target: Target,
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    let (mut stream, manifest) = In::begin(source)?;
    manifest.fits(Kind::Postgres)?;
    let db = Db::open_with(url, &lite::few()).await?;
    let done = async {
        let mut tx = db.begin().await?;
        make_room(&mut tx, target, now).await?;
        migrate::run_in(&mut tx, manifest.step, now.0).await?;
        pg::fill(&mut tx, &mut stream, &manifest).await?;
        check::check(&mut tx, &manifest).await?;
        if target == Target::Nowhere {
            return Ok(tx.rollback().await?);
        }
        settle(&mut tx, &manifest, now, now).await?;
        Ok(tx.commit().await?)
    };
    let done: Result<(), BackupError> = done.await;
    db.close().await;
    done.map(|()| manifest)
}

/// An empty schema to load into.
async fn make_room(tx: &mut Tx, target: Target, now: UtcMillis) -> Result<(), BackupError> {
    let when = now.japan().strftime("%Y%m%d_%H%M%S").to_string();
    if target == Target::Nowhere {
        let name = format!("choba_check_{when}_{}", uuid::Uuid::now_v7().simple());
        let name: String = name.chars().take(60).collect();
        pg::run(tx, &format!("CREATE SCHEMA {name}")).await?;
        tx.fetch_one(&SCHEMA, args![name]).await?;
        return Ok(());
    }
    migrate::lock(tx).await?;
    let others = tx.fetch_one(&OTHERS, args![]).await?.get_i64("n")?;
    if others > 0 {
        return Err(BackupError::InUse(format!("{others} connections")));
    }
    if tx.fetch_one(&THINGS, args![]).await?.get_i64("n")? == 0 {
        return Ok(());
    }
    if target == Target::Empty {
        return Err(BackupError::Occupied);
    }
    pg::move_aside(tx, &format!("choba_before_{when}")).await
}
