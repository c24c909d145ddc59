//! PostgreSQL: tables by `COPY` in one transaction, out and in.

use super::frames::{In, Out, Part};
use super::{BackupError, Manifest, check, sqlite as lite};
use crate::db::TxOf;
use crate::error::StoreError;
use crate::sql::sql;
use crate::{Db, DbUrl, Kind, Tx, args, migrate};
use domain::UtcMillis;
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use std::collections::BTreeSet;
use std::io::Write;

sql! {
    /// Columns of a table that hold something of their own.
    COLUMNS([sqlite ""] [postgres "SELECT CAST(column_name AS TEXT) AS name FROM information_schema.columns WHERE table_schema = current_schema() \
             AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position"]);
    /// Which table points to which.
    EDGES([sqlite ""] [postgres "SELECT DISTINCT CAST(c.relname AS TEXT) AS child, CAST(p.relname AS TEXT) AS parent FROM pg_constraint k \
           JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid \
           WHERE k.contype = 'f' AND c.relnamespace = CAST(current_schema() AS regnamespace) AND c.oid <> p.oid"]);
    /// Where the numbers stand, also those of columns.
    NUMBERS([sqlite ""] [postgres "SELECT CAST(sequencename AS TEXT) AS name, COALESCE(last_value, 0) AS value FROM pg_sequences \
             WHERE schemaname = current_schema() ORDER BY 1"]);
    /// Sequences that belong to no column.
    FREE([sqlite ""] [postgres "SELECT CAST(c.relname AS TEXT) AS name FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = CAST(current_schema() AS regnamespace) \
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))"]);
    /// Let numbers go on behind one.
    SET_NUMBER([sqlite ""] [postgres "SELECT setval(CAST($1 AS regclass), $2) AS value"]);
}

fn connection(tx: &mut Tx) -> Result<&mut Transaction<'static, Postgres>, StoreError> {
    match &mut tx.inner {
        TxOf::Postgres(tx) => Ok(tx),
        TxOf::Sqlite(_) => Err(StoreError::other("not PostgreSQL")),
    }
}

/// Runs a text whose names were checked.
pub(super) async fn run(tx: &mut Tx, text: &str) -> Result<(), BackupError> {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut **connection(tx)?).await?;
    Ok(())
}

async fn names(tx: &mut Tx, sql: &crate::Sql, args: Vec<crate::Arg>) -> Result<Vec<String>, BackupError> {
    let rows = tx.fetch_all(sql, args).await?;
    let names: Result<Vec<String>, _> = rows.iter().map(|row| row.get_str("name")).collect();
    Ok(names?)
}

/// Tables, each behind those it points to.
async fn in_order(tx: &mut Tx) -> Result<Vec<String>, BackupError> {
    let mut left: BTreeSet<String> = check::tables(tx).await?.into_iter().collect();
    let mut edges = Vec::new();
    for row in tx.fetch_all(&EDGES, args![]).await? {
        edges.push((row.get_str("child")?, row.get_str("parent")?));
    }
    let mut order = Vec::new();
    while !left.is_empty() {
        let waits =
            |table: &String| edges.iter().any(|(child, parent)| child == table && left.contains(parent));
        let free: Vec<String> = left.iter().filter(|table| !waits(table)).cloned().collect();
        if free.is_empty() {
            return Err(BackupError::Damaged("tables point to each other in a ring".to_owned()));
        }
        left.retain(|table| !free.contains(table));
        order.extend(free);
    }
    Ok(order)
}

pub(super) async fn write(
    url: &DbUrl,
    out: &mut (dyn Write + Send),
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    let db = Db::open_with(url, &lite::few()).await?;
    let done = async {
        let mut tx = db.begin_as("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        let manifest = copy_out(&mut tx, out, now).await?;
        tx.rollback().await?;
        Ok(manifest)
    };
    let done = done.await;
    db.close().await;
    done
}

async fn copy_out(
    tx: &mut Tx,
    out: &mut (dyn Write + Send),
    now: UtcMillis,
) -> Result<Manifest, BackupError> {
    let mut manifest = Manifest::new(Kind::Postgres, now, migrate::newest(tx).await?);
    let tables = in_order(tx).await?;
    for table in &tables {
        let rows = check::count(tx, table).await?;
        manifest.rows.insert(table.clone(), rows);
    }
    // Numbers are given out outside of transactions: read now, they are not below any that the tables show.
    for row in tx.fetch_all(&NUMBERS, args![]).await? {
        manifest.numbers.insert(row.get_str("name")?, row.get_i64("value")?);
    }
    let mut stream = Out::begin(out, &manifest)?;
    for table in tables {
        let columns = names(tx, &COLUMNS, args![&table]).await?;
        if !columns.iter().all(|c| check::is_name(c)) {
            return Err(BackupError::Damaged(format!("columns of {table}")));
        }
        let text = format!("COPY {table} ({}) TO STDOUT (FORMAT binary)", columns.join(", "));
        stream.part(&Part { part: table, columns })?;
        let mut rows = connection(tx)?.copy_out_raw(&text).await?;
        while let Some(piece) = rows.try_next().await? {
            stream.data(&piece)?;
        }
        drop(rows);
        stream.end_part()?;
    }
    stream.end()?;
    Ok(manifest)
}

/// Fills tables that stand there as they did when the backup was made.
pub(super) async fn fill(tx: &mut Tx, stream: &mut In<'_>, manifest: &Manifest) -> Result<(), BackupError> {
    let tables = check::tables(tx).await?;
    // What the steps themselves put in comes from the backup.
    run(tx, &format!("TRUNCATE {}", tables.join(", "))).await?;
    while let Some(part) = stream.part()? {
        let columns = names(tx, &COLUMNS, args![&part.part]).await?;
        let known = tables.contains(&part.part) && part.columns.iter().all(|c| columns.contains(c));
        if !known {
            return Err(BackupError::Damaged(format!("table {} is not one of ours", part.part)));
        }
        let text = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", part.part, part.columns.join(", "));
        let mut copy = connection(tx)?.copy_in_raw(&text).await?;
        loop {
            match stream.data() {
                Ok(Some(piece)) => drop(copy.send(piece).await?),
                Ok(None) => break,
                Err(error) => {
                    copy.abort("the backup is damaged").await?;
                    return Err(error);
                }
            }
        }
        copy.finish().await?;
    }
    for (name, value) in &manifest.numbers {
        if check::is_name(name) && *value > 0 {
            tx.fetch_one(&SET_NUMBER, args![name, *value]).await?;
        }
    }
    Ok(())
}

/// Moves everything of the schema into a new one.
pub(super) async fn move_aside(tx: &mut Tx, schema: &str) -> Result<(), BackupError> {
    run(tx, &format!("CREATE SCHEMA {schema}")).await?;
    // First what belongs to no column; the rest goes along with its table.
    for name in names(tx, &FREE, args![]).await?.into_iter().filter(|n| check::is_name(n)) {
        run(tx, &format!("ALTER SEQUENCE {name} SET SCHEMA {schema}")).await?;
    }
    for table in check::tables(tx).await? {
        run(tx, &format!("ALTER TABLE {table} SET SCHEMA {schema}")).await?;
    }
    Ok(())
}
