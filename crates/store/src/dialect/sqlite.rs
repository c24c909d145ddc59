//! SQLite: opening, error codes, binding, bulk insert.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sqlx::AssertSqlSafe;
use sqlx::error::DatabaseError as _;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteError, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::types::Json;
use sqlx::{Arguments as _, query_with};

use crate::db::OpenOptions;
use crate::error::StoreError;
use crate::sql::{Arg, Bulk};

/// SQLite's own limit is 32,766 values per statement.
const MAX_VALUES: usize = 32_766;
/// Larger statements save nothing more and only fill the statement cache.
const MAX_ROWS: usize = 256;

/// One connection that writes, a few that read.
#[derive(Clone)]
pub(crate) struct Pools {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Opens (or makes) the file.
pub(crate) async fn open(path: &Path, options: &OpenOptions) -> Result<Pools, StoreError> {
    let base = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        // NORMAL may lose a committed intent at power loss, and with it the promise to send once.
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(512)
        // Rows come over a channel from the connection's thread; a list in one go, not in turns of fifty.
        .row_buffer_size(1_024)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-65536");
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(options.acquire_timeout)
        // A ping per transaction is a round trip to the connection's thread, and tells nothing here.
        .test_before_acquire(false)
        .connect_with(base.clone().journal_mode(SqliteJournalMode::Wal))
        .await?;
    // `query_only` and not a read-only file handle: a reader may have to make the -shm file anew.
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .connect_with(base.pragma("query_only", "ON"))
        .await?;
    Ok(Pools { writer, readers })
}

/// A SQLite error by meaning.
pub(crate) fn meaning(error: &SqliteError) -> StoreError {
    let code: i64 = error.code().and_then(|c| c.parse().ok()).unwrap_or(0);
    let text = error.message().to_owned();
    match (code, code & 0xff) {
        (1555 | 2067 | 2579, _) => {
            StoreError::Unique { what: text.rsplit(": ").next().unwrap_or_default().to_owned() }
        }
        (_, 5 | 6) => StoreError::Busy(text),
        (_, 13) => StoreError::Full(text),
        (_, 8 | 3) => StoreError::ReadOnly(text),
        (_, 11 | 26) => StoreError::Corrupt { table: "database file".into(), column: "-".into(), row: text },
        (_, 10 | 14) => StoreError::Unavailable(text),
        _ => StoreError::Other(format!("{text} (SQLite {code})")),
    }
}

/// Arguments as SQLite takes them.
pub(crate) fn bind(args: Vec<Arg>) -> Result<SqliteArguments, StoreError> {
    let mut out = SqliteArguments::default();
    out.reserve(args.len(), 0);
    for arg in args {
        push(&mut out, arg)?;
    }
    Ok(out)
}

fn push(out: &mut SqliteArguments, arg: Arg) -> Result<(), StoreError> {
    match arg {
        Arg::I64(v) => out.add(v),
        Arg::Text(v) => out.add(v),
        Arg::Bytes(v) => out.add(v),
        Arg::Bool(v) => out.add(v),
        Arg::Json(v) => out.add(v.map(Json)),
        Arg::Ints(v) => out.add(Json(v)),
        Arg::Texts(v) => out.add(Json(v)),
    }
    .map_err(|e| StoreError::Other(format!("argument cannot be encoded: {e}")))
}

/// Inserts rows by `VALUES (…),(…)`, in chunks of powers of two so that few different texts exist
/// and each stays prepared.
pub(crate) async fn bulk_insert(
    conn: &mut SqliteConnection,
    bulk: &Bulk,
    rows: Vec<Vec<Arg>>,
) -> Result<u64, StoreError> {
    let width = bulk.columns.len().max(1);
    let most = prev_power_of_two((MAX_VALUES / width).min(MAX_ROWS));
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    let mut affected = 0;
    while left > 0 {
        let take = most.min(prev_power_of_two(left));
        let mut args = SqliteArguments::default();
        args.reserve(take * width, 0);
        for arg in rows.by_ref().take(take).flatten() {
            push(&mut args, arg)?;
        }
        let text = text_of(bulk, take);
        affected += query_with(AssertSqlSafe(text), args).execute(&mut *conn).await?.rows_affected();
        left -= take;
    }
    Ok(affected)
}

/// The largest power of two that is not above `n`; 1 for 0.
const fn prev_power_of_two(n: usize) -> usize {
    if n == 0 { 1 } else { 1 << (usize::BITS - 1 - n.leading_zeros()) }
}

/// Prepares a bulk insert.
pub(crate) async fn prepare_bulk(pool: &SqlitePool, bulk: &Bulk) -> Result<(), sqlx::Error> {
    use sqlx::{Executor as _, SqlSafeStr as _};
    pool.prepare(AssertSqlSafe(text_of(bulk, 1)).into_sql_str()).await.map(drop)
}

/// A bulk insert's text for so many rows.
fn text_of(bulk: &Bulk, rows: usize) -> Arc<str> {
    type Known = HashMap<(&'static str, usize), Arc<str>>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry((bulk.name, rows))
        .or_insert_with(|| {
            let one = format!("({})", vec!["?"; bulk.columns.len()].join(","));
            format!(
                "{} INTO {} ({}) VALUES {} {}",
                bulk.verb,
                bulk.table,
                bulk.columns.join(","),
                vec![one.as_str(); rows].join(","),
                bulk.conflict
            )
            .into()
        })
        .clone()
}
