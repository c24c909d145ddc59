//! Values kept as JSON: written without fail, read with the place of the damage.

use crate::error::StoreError;
use serde_json::Value;

/// A stored JSON value as a type; `Corrupt` with its place when it is not one.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    row: impl ToString,
    value: Value,
) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|_| StoreError::Corrupt {
        table: table.into(),
        column: column.into(),
        row: row.to_string(),
    })
}

/// A value as JSON.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|e| StoreError::other(e.to_string()))
}
