//! Is a loaded copy what was written, and does its history explain it (I4)?

use super::{BackupError, Manifest};
use crate::db::TxOf;
use crate::error::StoreError;
use crate::sql::sql;
use crate::{Tx, args};
use sqlx::{AssertSqlSafe, Row as _};

sql! {
    /// SQLite's own check of every page and index.
    INTEGRITY([sqlite "PRAGMA integrity_check(5)"] [postgres ""]);
    /// Rows that point to nothing.
    FOREIGN([sqlite "PRAGMA foreign_key_check"] [postgres ""]);
    /// Orders that do not stand where their history, read to its end, leaves them.
    FOLD("SELECT COUNT(*) AS n FROM orders o WHERE o.phase <> COALESCE((SELECT CASE WHEN h.event ->> 'event' = 'imported' THEN h.event ->> 'phase' \
          ELSE h.event ->> 'to' END FROM history h WHERE h.seq = o.seq AND h.event ->> 'event' IN ('imported', 'phase_moved') ORDER BY h.id DESC LIMIT 1), '') \
          OR o.notice_state <> COALESCE((SELECT CASE h.event ->> 'event' WHEN 'imported' THEN 'not_sent' WHEN 'write_wanted' THEN 'in_flight' \
          ELSE h.event ->> 'to' END FROM history h WHERE h.seq = o.seq AND (h.event ->> 'event' IN ('imported', 'notice_state_changed') \
          OR (h.event ->> 'event' = 'write_wanted' AND h.event ->> 'kind' = 'shipment_notice')) ORDER BY h.id DESC LIMIT 1), '')");
    /// Rows that lost their other half.
    TABLES([sqlite "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_tokens%' ORDER BY name"]
           [postgres "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = current_schema() \
            AND table_type = 'BASE TABLE' ORDER BY table_name"]);
}

/// A name that may stand in a SQL text.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Tables, in order of their names.
pub(super) async fn tables(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows = tx.fetch_all(&TABLES, args![]).await?;
    let names: Result<Vec<String>, _> = rows.iter().map(|row| row.get_str("name")).collect();
    Ok(names?.into_iter().filter(|name| is_name(name)).collect())
}

/// Rows of a table.
pub(super) async fn count(tx: &mut Tx, table: &str) -> Result<i64, StoreError> {
    if !is_name(table) {
        return Err(StoreError::other("a table of that name cannot be counted"));
    }
    let text = format!("SELECT COUNT(*) AS n FROM {table}");
    let n = match &mut tx.inner {
        TxOf::Sqlite(tx) => sqlx::query(AssertSqlSafe(text)).fetch_one(&mut **tx).await?.try_get("n")?,
        TxOf::Postgres(tx) => sqlx::query(AssertSqlSafe(text)).fetch_one(&mut **tx).await?.try_get("n")?,
    };
    Ok(n)
}

/// Checks a copy that was loaded.
pub(super) async fn check(tx: &mut Tx, manifest: &Manifest) -> Result<(), BackupError> {
    let damaged = |what: String| Err(BackupError::Damaged(what));
    if tx.kind() == crate::Kind::Sqlite {
        let said = tx.fetch_all(&INTEGRITY, args![]).await?;
        let fine = said.first().map(|row| row.get_str("integrity_check")).transpose()?;
        if fine.as_deref() != Some("ok") || !tx.fetch_all(&FOREIGN, args![]).await?.is_empty() {
            return damaged("SQLite finds its pages or keys broken".to_owned());
        }
    }
    let tables = tables(tx).await?;
    for (table, rows) in &manifest.rows {
        let there = if tables.contains(table) { Some(count(tx, table).await?) } else { None };
        if there != Some(*rows) {
            return damaged(format!("table {table} has {} rows instead of {rows}", there.unwrap_or(0)));
        }
    }
    let halves = crate::audit::halves(tx).await?;
    if let Some((what, n)) = halves.first_key_value() {
        return damaged(format!("{what}: {n} rows"));
    }
    match tx.fetch_one(&FOLD, args![]).await?.get_i64("n")? {
        0 => Ok(()),
        n => damaged(format!("{n} orders do not stand where their history leaves them")),
    }
}
