//! 操作ログ: who did what through a door. Names rows and fields, never their values.

use crate::error::StoreError;
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Row, Tx, args};
use domain::UtcMillis;
use domain::history::By;
use serde_json::Value;

sql! {
    /// One more.
    ADD("INSERT INTO audit_log (at, actor, action, target, details) VALUES ($1, $2, $3, $4, $5)");
    /// Newest first.
    LIST("SELECT id, at, actor, action, target, details FROM audit_log WHERE id < $1 ORDER BY id DESC LIMIT $2");
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct AuditRow {
    /// Row; go on before it.
    pub id: i64,
    /// When.
    pub at: UtcMillis,
    /// Who.
    pub by: By,
    /// What (`sign_in`, `reveal`, `user.set` …).
    pub action: String,
    /// To what: a row by its number or name.
    pub target: String,
    /// Names of fields and the like.
    pub details: Value,
}

fn line(row: &Row) -> Result<AuditRow, StoreError> {
    let id = row.get_i64("id")?;
    Ok(AuditRow {
        id,
        at: UtcMillis(row.get_i64("at")?),
        by: from_json("audit_log", "actor", id, row.get_json("actor")?)?,
        action: row.get_str("action")?,
        target: row.get_str("target")?,
        details: row.get_json("details")?,
    })
}

/// Writes down what somebody did, with what they did.
pub(crate) async fn add_in(
    tx: &mut Tx,
    by: &By,
    action: &str,
    target: &str,
    details: &Value,
    now: UtcMillis,
) -> Result<(), StoreError> {
    tx.exec(&ADD, args![now.0, to_json(by)?, action, target, details]).await.map(drop)
}

impl Ledger {
    /// Writes down what somebody did.
    ///
    /// # Errors
    /// As the database says.
    pub async fn log_action(
        &self,
        by: &By,
        action: &str,
        target: &str,
        details: &Value,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        add_in(&mut tx, by, action, target, details, now).await?;
        tx.commit().await
    }

    /// The log, newest first, going on before a row.
    ///
    /// # Errors
    /// As the database says.
    pub async fn actions(&self, before: Option<i64>, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self.db.fetch_all(&LIST, args![before.unwrap_or(i64::MAX), limit.clamp(1, 500)]).await?;
        rows.iter().map(line).collect()
    }
}
