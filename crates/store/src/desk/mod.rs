//! What the back office keeps for people: users and their rights, sessions, tokens, links that are good once, saved
//! views, bulk jobs, notes and tags of orders, the log of what was done through a door.
//!
//! Passwords arrive as finished hashes and tokens as finished digests: this room hashes nothing and knows no HTTP.

pub mod audit_log;
pub mod bulk;
pub mod idempotency;
pub mod jobs;
pub mod listing;
pub mod notes;
pub mod notices;
pub mod papers;
pub mod queues;
pub mod tickets;
pub mod today;
pub mod users;
pub mod views;

use crate::sql::Sql;

/// Every SQL text of this folder.
pub(crate) fn texts() -> Vec<Sql> {
    [
        audit_log::ALL,
        bulk::ALL,
        idempotency::ALL,
        jobs::ALL,
        listing::ALL,
        notes::ALL,
        notices::ALL,
        queues::ALL,
        tickets::ALL,
        today::ALL,
        users::ALL,
        users::access::ALL,
        users::own::ALL,
        views::ALL,
    ]
    .concat()
}

/// Every bulk insert of this folder.
pub(crate) fn bulks() -> Vec<crate::sql::Bulk> {
    jobs::BULKS.to_vec()
}
