//! One row of an answer, the same to read from both databases.
//!
//! Knows columns by name only; what they mean is the reader's business.

use serde_json::Value;
use sqlx::Row as _;
use sqlx::types::Json;

use crate::error::StoreError;

/// One row of an answer.
pub struct Row(pub(crate) RowOf);

/// The driver's row.
pub(crate) enum RowOf {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

// SQLite's columns have no types of their own (an expression has none at all), so its values are
// read as asked; PostgreSQL checks the type, which shows a forgotten CAST in the first test.
macro_rules! get {
    ($($(#[$meta:meta])* $name:ident, $opt:ident -> $ty:ty, $read:ty, $value:ident => $to:expr;)+) => {$(
        $(#[$meta])*
        /// # Errors
        /// No such column, another type, or NULL.
        pub fn $name(&self, column: &str) -> Result<$ty, StoreError> {
            // Through Option: SQLite would read a NULL as 0.
            self.$opt(column)?.ok_or_else(|| StoreError::Other(format!("column {column} is NULL")))
        }

        $(#[$meta])*
        ///
        /// NULL is `None`.
        /// # Errors
        /// No such column or another type.
        pub fn $opt(&self, column: &str) -> Result<Option<$ty>, StoreError> {
            let value: Option<$read> = match &self.0 {
                RowOf::Sqlite(row) => row.try_get_unchecked(column)?,
                RowOf::Postgres(row) => row.try_get(column)?,
            };
            Ok(value.map(|$value| $to))
        }
    )+};
}

impl Row {
    get! {
        /// A BIGINT, or a time in milliseconds UTC.
        get_i64, get_opt_i64 -> i64, i64, v => v;
        /// A TEXT.
        get_str, get_opt_str -> String, String, v => v;
        /// Bytes.
        get_bytes, get_opt_bytes -> Vec<u8>, Vec<u8>, v => v;
        /// A BOOLEAN.
        get_bool, get_opt_bool -> bool, bool, v => v;
        /// A JSONB.
        get_json, get_opt_json -> Value, Json<Value>, v => v.0;
    }
}
