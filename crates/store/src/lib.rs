//! The only room with SQL: SQLite and PostgreSQL behind one type.
//!
//! `db` opens and runs, `sql` holds texts and arguments, `dialect` what must differ, `migrate` brings
//! the tables up, `seal` keeps buyer data under a key per order, `search` finds sealed orders. The
//! store knows `domain` and nothing of malls, HTTP or screens. Time comes in as an argument.

pub mod access;
pub mod arrivals;
pub mod audit;
pub mod backup;
pub mod calls;
pub mod counts;
pub mod db;
pub mod desk;
mod dialect;
pub mod error;
mod fold;
mod held;
pub mod hints;
pub mod history;
mod ids;
pub mod imports;
mod json;
pub mod lanes;
pub mod ledger;
pub mod letters;
mod links;
pub mod listeners;
pub mod mail;
pub mod masters;
pub mod migrate;
pub mod next_credentials;
pub mod orders;
pub mod outbox;
pub mod plain;
pub mod preholiday;
pub mod proofs;
pub mod provisional;
mod read_back;
pub mod reports;
pub mod request_files;
pub mod requests;
pub mod restored;
mod row;
pub mod seal;
pub mod search;
pub mod settings;
pub mod shipment_files;
pub mod shops;
pub mod sql;
pub mod why;

pub use access::Access;
pub use db::{Db, DbUrl, Kind, OpenOptions, Reads, Tx};
pub use error::StoreError;
pub use lanes::LaneGuard;
pub use ledger::Ledger;
pub use row::Row;
pub use shops::Shop;
pub use sql::{Arg, Bulk, Sql};

/// Every SQL text of the store, so that a test can prepare each on both databases. A text for one
/// database only is empty for the other.
#[must_use]
pub fn catalogue() -> Vec<Sql> {
    let (orders, desk, backup) = (orders::texts(), desk::texts(), backup::texts());
    [
        migrate::ALL,
        settings::ALL,
        dialect::sqlite_search::ALL,
        dialect::postgres_search::ALL,
        ids::ALL,
        shops::ALL,
        next_credentials::ALL,
        lanes::ALL,
        requests::ALL,
        request_files::ALL,
        shipment_files::ALL,
        imports::ALL,
        masters::ALL,
        history::ALL,
        counts::ALL,
        outbox::ALL,
        fold::ALL,
        arrivals::ALL,
        letters::ALL,
        mail::ALL,
        reports::ALL,
        read_back::ALL,
        calls::ALL,
        audit::ALL,
        links::ALL,
        held::ALL,
        hints::ALL,
        listeners::ALL,
        provisional::ALL,
        plain::ALL,
        preholiday::ALL,
        why::ALL,
        restored::ALL,
        proofs::ALL,
        &backup,
        &orders,
        &desk,
    ]
    .concat()
}

/// Every bulk insert of the store, for the same test.
#[must_use]
pub fn bulk_catalogue() -> Vec<Bulk> {
    let orders = orders::bulks();
    [dialect::sqlite_search::BULKS, history::BULKS, counts::BULKS, &orders, &desk::bulks()].concat()
}
