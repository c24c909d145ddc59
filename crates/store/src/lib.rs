//! The only room with SQL: SQLite and PostgreSQL behind one type.
//!
//! `db` opens and runs, `sql` holds texts and arguments, `dialect` what must differ, `migrate` brings
//! the tables up, `seal` keeps buyer data under a key per order, `search` finds sealed orders. The
//! store knows `domain` and nothing of malls, HTTP or screens. Time comes in as an argument.

pub mod db;
mod dialect;
pub mod error;
pub mod migrate;
mod row;
pub mod seal;
pub mod search;
pub mod settings;
pub mod sql;

pub use db::{Db, DbUrl, Kind, OpenOptions, Reads, Tx};
pub use error::StoreError;
pub use row::Row;
pub use sql::{Arg, Bulk, Sql};

/// Every SQL text of the store, so that a test can prepare each on both databases. A text for one
/// database only is empty for the other.
#[must_use]
pub fn catalogue() -> Vec<Sql> {
    [migrate::ALL, settings::ALL, dialect::sqlite_search::ALL, dialect::postgres_search::ALL].concat()
}

/// Every bulk insert of the store, for the same test.
#[must_use]
pub fn bulk_catalogue() -> Vec<Bulk> {
    [dialect::sqlite_search::BULKS].concat()
}
