//! What can go wrong in the store, by meaning.
//!
//! Callers decide by variant (retry, read-only banner, re-read by key); they never see a driver's
//! error type, so that nothing outside this room depends on which database it runs on.

use std::borrow::Cow;

/// An error of the store, by meaning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else holds what we need, longer than we were willing to wait. Try later.
    #[error("database is busy: {0}")]
    Busy(String),
    /// The disk is full. Nothing of the transaction was stored.
    #[error("disk is full: {0}")]
    Full(String),
    /// The database cannot be written to (permissions, a standby, a read-only file system).
    #[error("database is read-only: {0}")]
    ReadOnly(String),
    /// A unique rule was broken. `what` is a constraint name (PostgreSQL) or `table.column, …` (SQLite).
    #[error("already exists: {what}")]
    Unique {
        /// The rule that was broken.
        what: String,
    },
    /// The row changed since it was read: the version that the caller held is no longer the current one.
    #[error("changed by somebody else: {what}")]
    Conflict {
        /// What was to be changed.
        what: String,
    },
    /// The lane was taken over by another process: what this one was about to store is refused.
    #[error("the lane was taken over")]
    LaneLost,
    /// A stored value cannot be read: damaged, or moved here from another row.
    #[error("stored value is damaged: {table}.{column} of row {row}")]
    Corrupt {
        /// Table of the damaged value.
        table: Cow<'static, str>,
        /// Column of the damaged value.
        column: Cow<'static, str>,
        /// Row of the damaged value.
        row: String,
    },
    /// The connection was lost during COMMIT: the transaction may or may not have been stored.
    /// Read back by a unique key before doing anything again.
    #[error("result of the commit is unknown: {0}")]
    CommitUnknown(String),
    /// The database cannot be reached.
    #[error("database is unavailable: {0}")]
    Unavailable(String),
    /// The master key is not the one that sealed this database.
    #[error("wrong master key: {0}")]
    WrongKey(String),
    /// The database was upgraded by a newer program and no longer works with this one.
    #[error("database needs a newer program (schema {needs})")]
    SchemaTooNew {
        /// The lowest schema number a program must know.
        needs: i64,
    },
    /// Anything else: a mistake of ours, or a rule other than uniqueness.
    #[error("database error: {0}")]
    Other(String),
}

impl StoreError {
    /// An error without a meaning of its own.
    pub fn other(what: impl Into<String>) -> Self {
        Self::Other(what.into())
    }

    /// Whether the same transaction may simply be tried again later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Full(_) | Self::Unavailable(_))
    }

    /// The same error seen during COMMIT, where losing the answer means not knowing.
    pub(crate) fn at_commit(self) -> Self {
        match self {
            Self::Unavailable(why) => Self::CommitUnknown(why),
            other => other,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) => {
                if let Some(lite) = db.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
                    crate::dialect::sqlite::meaning(lite)
                } else if let Some(pg) = db.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                    crate::dialect::postgres::meaning(pg)
                } else {
                    Self::Other(db.message().to_owned())
                }
            }
            sqlx::Error::PoolTimedOut => Self::Busy("no free connection".to_owned()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}
