//! Sessions, API tokens and links that are good once. Only digests are kept: a stolen database opens no door.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Row, Tx, args};
use domain::UtcMillis;

sql! {
    /// A new session.
    ADD_SESSION("INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, agent) VALUES ($1, $2, $3, $3, $4, $5)");
    /// A session that still lives.
    SESSION("SELECT token_hash, user_id, created_at, seen_at, expires_at, agent FROM sessions WHERE token_hash = $1 AND expires_at > $2");
    /// It was used.
    SEEN("UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE token_hash = $1");
    /// Sessions of a person.
    SESSIONS("SELECT token_hash, user_id, created_at, seen_at, expires_at, agent FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY seen_at DESC");
    /// One ends.
    END("DELETE FROM sessions WHERE token_hash = $1");
    /// All of a person end, but for one.
    END_ALL("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2");
    /// What is over.
    SWEEP("DELETE FROM sessions WHERE expires_at <= $1");
    /// Links that are over.
    SWEEP_LINKS("DELETE FROM one_time_links WHERE expires_at <= $1");
    /// A new token.
    ADD_TOKEN("INSERT INTO api_tokens (id, user_id, name, token_hash, read_only, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    /// A token that still lives.
    TOKEN("SELECT id, user_id, name, read_only, created_at, expires_at, used_at FROM api_tokens WHERE token_hash = $1 AND expires_at > $2");
    /// It was used.
    TOKEN_USED("UPDATE api_tokens SET used_at = $2 WHERE id = $1");
    /// Tokens of a person.
    TOKENS("SELECT id, user_id, name, read_only, created_at, expires_at, used_at FROM api_tokens WHERE user_id = $1 ORDER BY id");
    /// One is taken back.
    DROP_TOKEN("DELETE FROM api_tokens WHERE id = $1 AND user_id = $2");
    /// All of a person are taken back.
    DROP_TOKENS("DELETE FROM api_tokens WHERE user_id = $1");
    /// Unused links of a person are over.
    DROP_LINKS("DELETE FROM one_time_links WHERE user_id = $1");
    /// A new link.
    ADD_LINK("INSERT INTO one_time_links (token_hash, kind, user_id, expires_at) VALUES ($1, $2, $3, $4)");
    /// A link that still lives.
    LINK("SELECT user_id FROM one_time_links WHERE token_hash = $1 AND kind = $2 AND expires_at > $3");
    /// It is used up.
    USE_LINK("DELETE FROM one_time_links WHERE token_hash = $1 AND kind = $2 AND expires_at > $3 RETURNING user_id");
}

/// A session of a person in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Digest of its token.
    pub token_hash: String,
    /// Whose.
    pub user_id: i64,
    /// Begun.
    pub created_at: UtcMillis,
    /// Last used.
    pub seen_at: UtcMillis,
    /// Ends.
    pub expires_at: UtcMillis,
    /// Browser, as it calls itself (shortened).
    pub agent: String,
}

/// A token for programs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApiToken {
    /// Row.
    pub token_id: i64,
    /// Whose rights it has.
    #[serde(skip)]
    pub user_id: i64,
    /// What for.
    pub name: String,
    /// It never writes.
    pub read_only: bool,
    /// Made.
    pub created_at: UtcMillis,
    /// Ends.
    pub expires_at: UtcMillis,
    /// Last used, to the minute.
    pub used_at: Option<UtcMillis>,
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        token_hash: row.get_str("token_hash")?,
        user_id: row.get_i64("user_id")?,
        created_at: UtcMillis(row.get_i64("created_at")?),
        seen_at: UtcMillis(row.get_i64("seen_at")?),
        expires_at: UtcMillis(row.get_i64("expires_at")?),
        agent: row.get_str("agent")?,
    })
}

fn token(row: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        token_id: row.get_i64("id")?,
        user_id: row.get_i64("user_id")?,
        name: row.get_str("name")?,
        read_only: row.get_bool("read_only")?,
        created_at: UtcMillis(row.get_i64("created_at")?),
        expires_at: UtcMillis(row.get_i64("expires_at")?),
        used_at: row.get_opt_i64("used_at")?.map(UtcMillis),
    })
}

pub(super) async fn sign_out_in(tx: &mut Tx, user: i64, keep: Option<&str>) -> Result<(), StoreError> {
    tx.exec(&END_ALL, args![user, keep.unwrap_or_default()]).await.map(drop)
}

pub(super) async fn drop_links_in(tx: &mut Tx, user: i64) -> Result<(), StoreError> {
    tx.exec(&DROP_LINKS, args![user]).await.map(drop)
}

pub(super) async fn drop_tokens_in(tx: &mut Tx, user: i64) -> Result<(), StoreError> {
    tx.exec(&DROP_TOKENS, args![user]).await.map(drop)
}

impl Ledger {
    /// Begins a session. Sessions and links that are over are swept out with it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_session(&self, new: &Session) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&SWEEP, args![new.created_at.0]).await?;
        tx.exec(&SWEEP_LINKS, args![new.created_at.0]).await?;
        let args = args![&new.token_hash, new.user_id, new.created_at.0, new.expires_at.0, &new.agent];
        tx.exec(&ADD_SESSION, args).await?;
        tx.commit().await
    }

    /// A session that still lives.
    ///
    /// # Errors
    /// As the database says.
    pub async fn session(&self, token_hash: &str, now: UtcMillis) -> Result<Option<Session>, StoreError> {
        let row = self.db.fetch_optional(&SESSION, args![token_hash, now.0]).await?;
        row.as_ref().map(session).transpose()
    }

    /// Lets a session live on.
    ///
    /// # Errors
    /// As the database says.
    pub async fn session_seen(
        &self,
        token_hash: &str,
        now: UtcMillis,
        expires_at: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&SEEN, args![token_hash, now.0, expires_at.0]).await?;
        tx.commit().await
    }

    /// Live sessions of a person, the last used first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn sessions(&self, user: i64, now: UtcMillis) -> Result<Vec<Session>, StoreError> {
        self.db.fetch_all(&SESSIONS, args![user, now.0]).await?.iter().map(session).collect()
    }

    /// Ends one session.
    ///
    /// # Errors
    /// As the database says.
    pub async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&END, args![token_hash]).await?;
        tx.commit().await
    }

    /// Ends all sessions of a person, but for `keep`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn end_sessions(&self, user: i64, keep: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        sign_out_in(&mut tx, user, keep).await?;
        tx.commit().await
    }

    /// Makes a token for programs. `token_hash`: the digest of what the person is shown once.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_api_token(
        &self,
        user: i64,
        name: &str,
        token_hash: &str,
        read_only: bool,
        expires_at: UtcMillis,
        now: UtcMillis,
    ) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::ApiToken).await?;
        tx.exec(&ADD_TOKEN, args![id, user, name, token_hash, read_only, now.0, expires_at.0]).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A token that still lives. Its use is written down, to the minute.
    ///
    /// # Errors
    /// As the database says.
    pub async fn api_token(&self, token_hash: &str, now: UtcMillis) -> Result<Option<ApiToken>, StoreError> {
        let row = self.db.fetch_optional(&TOKEN, args![token_hash, now.0]).await?;
        let Some(found) = row.as_ref().map(token).transpose()? else { return Ok(None) };
        if found.used_at.is_none_or(|at| now.since(at) >= domain::time::MINUTE) {
            let mut tx = self.db.begin().await?;
            tx.exec(&TOKEN_USED, args![found.token_id, now.0]).await?;
            tx.commit().await?;
        }
        Ok(Some(found))
    }

    /// Tokens of a person, those that are over too.
    ///
    /// # Errors
    /// As the database says.
    pub async fn api_tokens(&self, user: i64) -> Result<Vec<ApiToken>, StoreError> {
        self.db.fetch_all(&TOKENS, args![user]).await?.iter().map(token).collect()
    }

    /// Takes a token back; `false` when the person has no such token.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_api_token(&self, user: i64, id: i64) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let dropped = tx.exec(&DROP_TOKEN, args![id, user]).await? == 1;
        tx.commit().await?;
        Ok(dropped)
    }

    /// Makes a link that is good once (`setup`, `sign_in`).
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_one_time_link(
        &self,
        token_hash: &str,
        kind: &str,
        user: Option<i64>,
        expires_at: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&ADD_LINK, args![token_hash, kind, user, expires_at.0]).await?;
        tx.commit().await
    }

    /// Whether a link still is good, without using it up (link previews must not spend it).
    ///
    /// # Errors
    /// As the database says.
    pub async fn one_time_link(
        &self,
        token_hash: &str,
        kind: &str,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        Ok(self.db.fetch_optional(&LINK, args![token_hash, kind, now.0]).await?.is_some())
    }

    /// Uses a link up; `None` when it was used before or is over. The inner value is whom it signs in.
    ///
    /// # Errors
    /// As the database says.
    pub async fn use_one_time_link(
        &self,
        token_hash: &str,
        kind: &str,
        now: UtcMillis,
    ) -> Result<Option<Option<i64>>, StoreError> {
        let mut tx = self.db.begin().await?;
        let row = tx.fetch_optional(&USE_LINK, args![token_hash, kind, now.0]).await?;
        let found = row.map(|row| row.get_opt_i64("user_id")).transpose()?;
        tx.commit().await?;
        Ok(found)
    }
}
