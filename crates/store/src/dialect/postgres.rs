//! PostgreSQL: opening, error codes, binding, bulk insert.

use std::str::FromStr as _;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgDatabaseError, PgPool, PgPoolOptions};
use sqlx::types::Json;
use sqlx::{Arguments as _, AssertSqlSafe, query_with};

use crate::db::OpenOptions;
use crate::error::StoreError;
use crate::sql::{Arg, Bulk};

/// Rows of one bulk statement; bounds the memory that one message takes on both sides.
const MAX_ROWS: usize = 4_096;

/// Two pools: what suits search would be wrong for everything else.
#[derive(Clone)]
pub(crate) struct Pools {
    pub(crate) main: PgPool,
    pub(crate) search: PgPool,
}

/// Connects, and refuses a server that may forget what it has confirmed.
pub(crate) async fn open(url: &str, options: &OpenOptions) -> Result<Pools, StoreError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::other("not a PostgreSQL URL"))?
        .application_name("choba")
        .statement_cache_capacity(512)
        .options([
            ("statement_timeout", options.statement_timeout.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", "60000".to_owned()),
            ("tcp_keepalives_idle", "30".to_owned()),
            ("tcp_keepalives_interval", "10".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(connect.clone())
        .await?;
    let durable: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&pool).await?;
    if durable == "off" {
        return Err(StoreError::other(
            "synchronous_commit is off for this database or user: a confirmed transaction could be lost, \
             and a shipment be notified twice. Set it to on (ALTER DATABASE … SET synchronous_commit = on)",
        ));
    }
    // A pool of its own and not SET LOCAL: that would hold a connection while candidates are being
    // opened through another one, until all connections wait for each other.
    let search = PgPoolOptions::new()
        .max_connections(options.search_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_lazy_with(
            connect.options([("enable_seqscan", "off"), ("plan_cache_mode", "force_custom_plan")]),
        );
    Ok(Pools { main: pool, search })
}

/// A PostgreSQL error by meaning. Only message and constraint are used: DETAIL holds values.
pub(crate) fn meaning(error: &PgDatabaseError) -> StoreError {
    let code = error.code();
    let text = format!("{} ({code})", error.message());
    match error.code() {
        "23505" => StoreError::Unique { what: error.constraint().unwrap_or(error.message()).to_owned() },
        // serialization failure, deadlock, lock timeout, statement timeout
        "40001" | "40P01" | "55P03" | "57014" => StoreError::Busy(text),
        "53100" => StoreError::Full(text),
        "25006" => StoreError::ReadOnly(text),
        "XX001" | "XX002" => StoreError::Corrupt {
            table: error.table().unwrap_or("-").to_owned().into(),
            column: "-".into(),
            row: text,
        },
        "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "3D000" | "28000" | "28P01" | "25P03" => {
            StoreError::Unavailable(text)
        }
        c if c.starts_with("08") || c.starts_with("58") => StoreError::Unavailable(text),
        _ => StoreError::Other(text),
    }
}

/// Arguments as PostgreSQL takes them.
pub(crate) fn bind(args: Vec<Arg>) -> Result<PgArguments, StoreError> {
    let mut out = PgArguments::default();
    for arg in args {
        match arg {
            Arg::I64(v) => out.add(v),
            Arg::Text(v) => out.add(v),
            Arg::Bytes(v) => out.add(v),
            Arg::Bool(v) => out.add(v),
            Arg::Json(v) => out.add(v.map(Json)),
            Arg::Ints(v) => out.add(v),
            Arg::Texts(v) => out.add(v),
        }
        .map_err(|e| StoreError::Other(format!("argument cannot be encoded: {e}")))?;
    }
    Ok(out)
}

/// One column of a bulk insert. The first row decides the type.
enum Column {
    I64(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Bool(Vec<Option<bool>>),
    Json(Vec<Option<Json<serde_json::Value>>>),
}

impl Column {
    fn like(arg: &Arg, rows: usize) -> Result<Self, StoreError> {
        Ok(match arg {
            Arg::I64(_) => Self::I64(Vec::with_capacity(rows)),
            Arg::Text(_) => Self::Text(Vec::with_capacity(rows)),
            Arg::Bytes(_) => Self::Bytes(Vec::with_capacity(rows)),
            Arg::Bool(_) => Self::Bool(Vec::with_capacity(rows)),
            Arg::Json(_) => Self::Json(Vec::with_capacity(rows)),
            Arg::Ints(_) | Arg::Texts(_) => {
                return Err(StoreError::other("a list cannot be a value of a bulk insert"));
            }
        })
    }

    /// `false` when the value is of another type than the column.
    fn push(&mut self, arg: Arg) -> bool {
        match (self, arg) {
            (Self::I64(all), Arg::I64(v)) => all.push(v),
            (Self::Text(all), Arg::Text(v)) => all.push(v),
            (Self::Bytes(all), Arg::Bytes(v)) => all.push(v),
            (Self::Bool(all), Arg::Bool(v)) => all.push(v),
            (Self::Json(all), Arg::Json(v)) => all.push(v.map(Json)),
            _ => return false,
        }
        true
    }

    const fn array_type(&self) -> &'static str {
        match self {
            Self::I64(_) => "bigint[]",
            Self::Text(_) => "text[]",
            Self::Bytes(_) => "bytea[]",
            Self::Bool(_) => "boolean[]",
            Self::Json(_) => "jsonb[]",
        }
    }

    fn bind(self, out: &mut PgArguments) -> Result<(), StoreError> {
        match self {
            Self::I64(v) => out.add(v),
            Self::Text(v) => out.add(v),
            Self::Bytes(v) => out.add(v),
            Self::Bool(v) => out.add(v),
            Self::Json(v) => out.add(v),
        }
        .map_err(|e| StoreError::Other(format!("argument cannot be encoded: {e}")))
    }
}

/// Inserts rows by `SELECT * FROM unnest(…)`, one array a column: one text for any number of rows.
pub(crate) async fn bulk_insert(
    conn: &mut PgConnection,
    bulk: &Bulk,
    rows: Vec<Vec<Arg>>,
) -> Result<u64, StoreError> {
    let mut affected = 0;
    let mut left = rows.len();
    let mut rows = rows.into_iter().peekable();
    while left > 0 {
        let take = left.min(MAX_ROWS);
        let mut columns = match rows.peek() {
            Some(first) => first.iter().map(|a| Column::like(a, take)).collect::<Result<Vec<_>, _>>()?,
            None => break,
        };
        for row in rows.by_ref().take(take) {
            for (i, arg) in row.into_iter().enumerate() {
                let kind = arg.kind();
                if !columns.get_mut(i).is_some_and(|c| c.push(arg)) {
                    return Err(StoreError::Other(format!(
                        "{}: column {i} is not {kind} in every row",
                        bulk.name
                    )));
                }
            }
        }
        let types: Vec<_> = columns.iter().map(Column::array_type).collect();
        let text = text_of(bulk, &types);
        let mut args = PgArguments::default();
        for column in columns {
            column.bind(&mut args)?;
        }
        affected += query_with(AssertSqlSafe(text), args).execute(&mut *conn).await?.rows_affected();
        left -= take;
    }
    Ok(affected)
}

/// Prepares a bulk insert, as far as that goes without the types of the values: names, and the rule
/// on conflict.
pub(crate) async fn prepare_bulk(pool: &PgPool, bulk: &Bulk) -> Result<(), sqlx::Error> {
    use sqlx::{Executor as _, SqlSafeStr as _};
    let nulls = vec!["NULL"; bulk.columns.len()].join(",");
    let text = format!(
        "{} INTO {} ({}) VALUES ({nulls}) {}",
        bulk.verb,
        bulk.table,
        bulk.columns.join(","),
        bulk.conflict
    );
    pool.prepare(AssertSqlSafe(text).into_sql_str()).await.map(drop)
}

/// A bulk insert's text for columns of these types.
fn text_of(bulk: &Bulk, types: &[&str]) -> String {
    let arrays: Vec<_> = types.iter().enumerate().map(|(i, t)| format!("${}::{t}", i + 1)).collect();
    format!(
        "{} INTO {} ({}) SELECT * FROM unnest({}) {}",
        bulk.verb,
        bulk.table,
        bulk.columns.join(","),
        arrays.join(","),
        bulk.conflict
    )
}
