//! 保存した表示: a list's filter and order under a name, of one person or of all.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Row, args};

sql! {
    /// What a person sees: shared ones and their own.
    LIST("SELECT id, owner_id, name, query FROM saved_views WHERE owner_id IS NULL OR owner_id = $1 ORDER BY position, id");
    /// A new one, last.
    ADD("INSERT INTO saved_views (id, owner_id, name, query, position) SELECT $1, $2, $3, $4, COALESCE(MAX(position), 0) + 1 FROM saved_views");
    /// Another name or filter.
    SET("UPDATE saved_views SET name = $3, query = $4 WHERE id = $1 AND (owner_id = $2 OR (owner_id IS NULL AND $5))");
    /// Take it away.
    DROP("DELETE FROM saved_views WHERE id = $1 AND (owner_id = $2 OR (owner_id IS NULL AND $3))");
}

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SavedView {
    /// Row.
    pub view_id: i64,
    /// Everybody sees it.
    pub shared: bool,
    /// Name.
    pub name: String,
    /// Filter and order as in the URL.
    pub query: String,
}

fn view(row: &Row) -> Result<SavedView, StoreError> {
    Ok(SavedView {
        view_id: row.get_i64("id")?,
        shared: row.get_opt_i64("owner_id")?.is_none(),
        name: row.get_str("name")?,
        query: row.get_str("query")?,
    })
}

impl Ledger {
    /// What a person sees.
    ///
    /// # Errors
    /// As the database says.
    pub async fn saved_views(&self, user: i64) -> Result<Vec<SavedView>, StoreError> {
        self.db.fetch_all(&LIST, args![user]).await?.iter().map(view).collect()
    }

    /// Saves a view. `owner`: `None` = shared.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_view(&self, owner: Option<i64>, name: &str, query: &str) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::View).await?;
        tx.exec(&ADD, args![id, owner, name, query]).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes a view of `user`, or a shared one where that is allowed; `false` when there is no such one.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_view(
        &self,
        id: i64,
        user: i64,
        shared_too: bool,
        name: &str,
        query: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&SET, args![id, user, name, query, shared_too]).await? == 1;
        tx.commit().await?;
        Ok(done)
    }

    /// Takes a view away; `false` when there is no such one.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_view(&self, id: i64, user: i64, shared_too: bool) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&DROP, args![id, user, shared_too]).await? == 1;
        tx.commit().await?;
        Ok(done)
    }
}
