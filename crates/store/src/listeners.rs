//! Listeners: mailboxes and queues that say that there is something new. Settings in the open, the secret sealed, and how
//! they are: when they last gave a sign of life, since when and why they fail.

use crate::args;
use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::row::Row;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use domain::{Reason, ShopId, UtcMillis};
use serde_json::Value;

sql! {
    /// All of them.
    LIST("SELECT id, kind, name, config, state, version, bookmark, heard_at, failing_since, reason FROM listeners ORDER BY id");
    /// A new one.
    ADD("INSERT INTO listeners (id, kind, name, config, sealed, state, version) VALUES ($1, $2, $3, $4, $5, 'on', 1)");
    /// Another name, other settings; what was read elsewhere says nothing of here.
    CHANGE("UPDATE listeners SET name = $3, config = $4, version = version + 1, bookmark = NULL, heard_at = NULL, \
            failing_since = NULL, reason = NULL WHERE id = $1 AND version = $2");
    /// Another secret.
    SECRET("UPDATE listeners SET sealed = $2 WHERE id = $1");
    /// On or off.
    SWITCH("UPDATE listeners SET state = $3, version = version + 1, failing_since = NULL, reason = NULL WHERE id = $1 AND version = $2");
    /// Away with it.
    DROP("DELETE FROM listeners WHERE id = $1");
    /// A sign of life. A process that still listens by old settings says nothing of the new ones.
    ALIVE("UPDATE listeners SET heard_at = $3, bookmark = COALESCE($4, bookmark), failing_since = NULL, reason = NULL WHERE id = $1 AND version = $2");
    /// It fails, since then or before.
    FAILED("UPDATE listeners SET failing_since = COALESCE(failing_since, $3), reason = $4 WHERE id = $1 AND version = $2");
    /// One secret.
    SEALED("SELECT sealed FROM listeners WHERE id = $1");
    /// For the rotation of the master key.
    BOXES("SELECT id, sealed FROM listeners WHERE id > $1 ORDER BY id LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    REBOX("UPDATE listeners SET sealed = $2 WHERE id = $1");
    /// Shops whose imports are hurried by word from outside.
    HURRIED("SELECT id, mall FROM shops WHERE state = 'active' AND import_mode = 'mail' ORDER BY id");
    /// The newest number of a shop.
    NEWEST_NUMBER("SELECT mall_order_id FROM orders WHERE shop_id = $1 AND source IN ('api', 'api_csv') ORDER BY seq DESC LIMIT 1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::Credentials,
    table: "listeners",
    column: "sealed",
    select: BOXES,
    update: REBOX,
};

/// One listener, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Row.
    pub listener_id: i64,
    /// `imap`, `sqs` …
    pub kind: String,
    /// Name for people, unique.
    pub name: String,
    /// Settings; nothing secret.
    pub config: Value,
    /// Switched on.
    pub on: bool,
    /// Rises with every change of the settings.
    pub version: i64,
    /// How far it was read, in the words of its kind.
    pub bookmark: Option<Value>,
    /// Last sign of life.
    pub heard_at: Option<UtcMillis>,
    /// Since when it fails.
    pub failing_since: Option<UtcMillis>,
    /// Why.
    pub reason: Option<Reason>,
}

/// What people enter of a listener.
#[derive(Clone)]
pub struct NewListener {
    /// `imap`, `sqs` …
    pub kind: String,
    /// Name, unique.
    pub name: String,
    /// Settings.
    pub config: Value,
}

fn listener(row: &Row) -> Result<Listener, StoreError> {
    let id = row.get_i64("id")?;
    let some = |column| Ok::<_, StoreError>(row.get_opt_json(column)?.filter(|v| !v.is_null()));
    Ok(Listener {
        listener_id: id,
        kind: row.get_str("kind")?,
        name: row.get_str("name")?,
        config: row.get_json("config")?,
        on: row.get_str("state")? == "on",
        version: row.get_i64("version")?,
        bookmark: some("bookmark")?,
        heard_at: row.get_opt_i64("heard_at")?.map(UtcMillis),
        failing_since: row.get_opt_i64("failing_since")?.map(UtcMillis),
        reason: some("reason")?.map(|v| from_json("listeners", "reason", id, v)).transpose()?,
    })
}

fn place(id: i64) -> Aad {
    Aad::new("listeners", "sealed", id)
}

fn changed(n: u64, id: i64) -> Result<(), StoreError> {
    match n {
        1 => Ok(()),
        _ => Err(StoreError::Conflict { what: format!("listener {id}") }),
    }
}

impl Ledger {
    /// All listeners, on and off.
    ///
    /// # Errors
    /// As the database says.
    pub async fn listeners(&self) -> Result<Vec<Listener>, StoreError> {
        self.db.fetch_all(&LIST, args![]).await?.iter().map(listener).collect()
    }

    /// Adds one, switched on. It begins to listen at the next look of any process.
    ///
    /// # Errors
    /// `Unique` when the name is taken.
    pub async fn add_listener(&self, new: &NewListener, secret: &str) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::Listener).await?;
        let sealed = self.ring.seal_box(Purpose::Credentials, &place(id), secret.as_bytes())?;
        let values = args![id, new.kind.as_str(), new.name.as_str(), &new.config, sealed];
        tx.exec(&ADD, values).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Other settings, and another secret unless it is to stay.
    ///
    /// # Errors
    /// `Conflict` when somebody else changed it, `Unique` when the name is taken.
    pub async fn change_listener(
        &self,
        before: &Listener,
        new: &NewListener,
        secret: Option<&str>,
    ) -> Result<(), StoreError> {
        let (mut tx, id) = (self.db.begin().await?, before.listener_id);
        let n = tx.exec(&CHANGE, args![id, before.version, new.name.as_str(), &new.config]).await?;
        changed(n, id)?;
        if let Some(secret) = secret {
            let sealed = self.ring.seal_box(Purpose::Credentials, &place(id), secret.as_bytes())?;
            tx.exec(&SECRET, args![id, sealed]).await?;
        }
        tx.commit().await
    }

    /// Switches one on or off.
    ///
    /// # Errors
    /// `Conflict` when somebody else changed it.
    pub async fn switch_listener(&self, listener: &Listener, on: bool) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let (id, state) = (listener.listener_id, if on { "on" } else { "off" });
        changed(tx.exec(&SWITCH, args![id, listener.version, state]).await?, id)?;
        tx.commit().await
    }

    /// Forgets one with its secret; `false` when it is gone already.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_listener(&self, id: i64) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let gone = tx.exec(&DROP, args![id]).await? == 1;
        tx.commit().await?;
        Ok(gone)
    }

    /// A listener's secret, opened. Never printed.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn open_listener(&self, id: i64) -> Result<Option<String>, StoreError> {
        let Some(row) = self.db.fetch_optional(&SEALED, args![id]).await? else { return Ok(None) };
        let plain = self.ring.open_box(Purpose::Credentials, &place(id), &row.get_bytes("sealed")?)?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| place(id).corrupt())?;
        Ok(Some(text))
    }

    /// A sign of life of a listener, with how far it has read (`None`: as before). One that failed does so no more.
    ///
    /// # Errors
    /// As the database says.
    pub async fn listener_alive(
        &self,
        (id, version): (i64, i64),
        bookmark: Option<&Value>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&ALIVE, args![id, version, now.0, bookmark.cloned()]).await?;
        tx.commit().await
    }

    /// A listener fails: since when it does is kept.
    ///
    /// # Errors
    /// As the database says.
    pub async fn listener_failed(
        &self,
        (id, version): (i64, i64),
        reason: &Reason,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&FAILED, args![id, version, now.0, to_json(reason)?]).await?;
        tx.commit().await
    }

    /// Shops that word from outside hurries, with their malls.
    ///
    /// # Errors
    /// As the database says.
    pub async fn hurried_shops(&self) -> Result<Vec<(ShopId, String)>, StoreError> {
        let rows = self.db.fetch_all(&HURRIED, args![]).await?;
        rows.iter().map(|row| Ok((ShopId(row.get_i64("id")?), row.get_str("mall")?))).collect()
    }

    /// The mall's number of the newest order of a shop: its form shows what is the shop's own in it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn newest_number(&self, shop: ShopId) -> Result<Option<String>, StoreError> {
        let row = self.db.fetch_optional(&NEWEST_NUMBER, args![shop.0]).await?;
        row.map(|row| row.get_str("mall_order_id")).transpose()
    }
}
