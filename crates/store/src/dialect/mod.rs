//! What must differ between the databases: opening, error codes, bulk insert, search.
//!
//! The only place where SQL is put together at run time (from constants of ours, never from data).

pub(crate) mod postgres;
pub(crate) mod postgres_search;
pub(crate) mod sqlite;
pub(crate) mod sqlite_search;
