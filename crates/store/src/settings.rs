//! The `settings` table: a few values of the whole installation, by key.

use crate::args;
use crate::db::{Reads, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    /// One value.
    GET("SELECT value FROM settings WHERE key = $1");
    /// Set one value.
    PUT("INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    /// Set one value unless there is one.
    PUT_NEW("INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");
    /// Forget one value.
    FORGET("DELETE FROM settings WHERE key = $1");
}

/// The value of a key.
///
/// # Errors
/// As the database says.
pub async fn get(from: impl Into<Reads<'_>>, key: &str) -> Result<Option<String>, StoreError> {
    let row = from.into().fetch_optional(&GET, args![key]).await?;
    Ok(row.map(|row| row.get_opt_str("value")).transpose()?.flatten())
}

/// Sets the value of a key.
///
/// # Errors
/// As the database says.
pub async fn put(tx: &mut Tx, key: &str, value: &str) -> Result<(), StoreError> {
    tx.exec(&PUT, args![key, value]).await.map(drop)
}

/// Sets the value of a key unless there is one, and tells which one holds now.
///
/// # Errors
/// As the database says.
pub async fn put_new(tx: &mut Tx, key: &str, value: &str) -> Result<String, StoreError> {
    tx.exec(&PUT_NEW, args![key, value]).await?;
    let held = get(&mut *tx, key).await?;
    Ok(held.unwrap_or_else(|| value.to_owned()))
}

/// Forgets a key.
///
/// # Errors
/// As the database says.
pub async fn forget(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    tx.exec(&FORGET, args![key]).await.map(drop)
}
