//! ユーザー and 権限グループ.

pub mod access;
pub mod own;

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use crate::{Row, Tx, args};
use domain::UtcMillis;
use domain::rights::{Level, Menu, Rights, default_groups};
use serde_json::Value;

sql! {
    /// All groups.
    GROUPS("SELECT id, name, rights, version FROM permission_groups ORDER BY id");
    /// Add a group.
    ADD_GROUP("INSERT INTO permission_groups (id, name, rights, version) VALUES ($1, $2, $3, 1)");
    /// Change a group that is still as it was read.
    SET_GROUP("UPDATE permission_groups SET name = $2, rights = $3, version = version + 1 WHERE id = $1 AND version = $4");
    /// Remove a group nobody is in.
    DROP_GROUP("DELETE FROM permission_groups WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE group_id = $1)");
    /// Groups are changed one at a time, so that the last administrator stays.
    LOCK_GROUPS("SELECT id, rights FROM permission_groups ORDER BY id" [postgres " FOR UPDATE"]);
    /// Live users of a group.
    LIVE("SELECT group_id, COUNT(*) AS n FROM users WHERE state = 'active' GROUP BY group_id");
    /// All users.
    USERS("SELECT * FROM users ORDER BY login");
    /// One user.
    USER("SELECT * FROM users WHERE id = $1");
    /// One user by login name.
    BY_LOGIN("SELECT * FROM users WHERE login = $1");
    /// How many there are.
    COUNT("SELECT COUNT(*) AS n FROM users");
    /// Add a user.
    ADD("INSERT INTO users (id, login, name, group_id, password, totp, totp_step, state, prefs, failures, locked_until, created_at, password_set_at) \
         VALUES ($1, $2, $3, $4, $5, NULL, 0, 'active', $6, 0, 0, $7, $7)");
    /// Change what an administrator may change.
    SET("UPDATE users SET name = $2, group_id = $3, state = $4 WHERE id = $1");
    /// A new password; what was locked is open again.
    SET_PASSWORD("UPDATE users SET password = $2, password_set_at = $3, failures = 0, locked_until = 0 WHERE id = $1");
    /// Second factor on or off.
    SET_TOTP("UPDATE users SET totp = $2, totp_step = 0 WHERE id = $1");
    /// A code was used: it is good once.
    USE_TOTP("UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2");
    /// What a person set on screens.
    SET_PREFS("UPDATE users SET prefs = $2 WHERE id = $1");
    /// A sign-in failed.
    FAILED("UPDATE users SET failures = failures + 1, locked_until = $2 WHERE id = $1");
    /// A sign-in succeeded.
    SIGNED_IN("UPDATE users SET failures = 0, locked_until = 0, signed_in_at = $2 WHERE id = $1");
    /// For the rotation of the master key.
    BOXES("SELECT id, totp AS sealed FROM users WHERE totp IS NOT NULL AND id > $1 ORDER BY id LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    REBOX("UPDATE users SET totp = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation =
    Rotation { purpose: Purpose::Credentials, table: "users", column: "totp", select: BOXES, update: REBOX };

/// 権限グループ.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Group {
    /// Row.
    pub group_id: i64,
    /// Name, unique.
    pub name: String,
    /// What its people may do.
    pub rights: Rights,
    /// Version a change must name.
    pub version: i64,
}

/// ユーザー.
#[derive(Clone, PartialEq)]
pub struct User {
    /// Row.
    pub user_id: i64,
    /// Login name, folded.
    pub login: String,
    /// Name that is shown.
    pub name: String,
    /// Group.
    pub group_id: i64,
    /// Hash of the password; `None` = cannot sign in by password.
    pub password: Option<String>,
    /// A second factor is set up.
    pub has_totp: bool,
    /// `active`, `off`.
    pub state: String,
    /// What the person set on screens.
    pub prefs: Value,
    /// Failed sign-ins in a row.
    pub failures: i64,
    /// No sign-in before.
    pub locked_until: UtcMillis,
    /// Made.
    pub created_at: UtcMillis,
    /// Password entered.
    pub password_set_at: UtcMillis,
    /// Last sign-in.
    pub signed_in_at: Option<UtcMillis>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Why a change of people or groups was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The name is taken.
    Taken,
    /// Nobody would be left who may change users.
    LastAdministrator,
    /// Somebody else changed it first.
    Changed,
    /// There is no such row, or people are still in the group.
    NotThere,
}

fn group(row: &Row) -> Result<Group, StoreError> {
    let id = row.get_i64("id")?;
    Ok(Group {
        group_id: id,
        name: row.get_str("name")?,
        rights: from_json("permission_groups", "rights", id, row.get_json("rights")?)?,
        version: row.get_i64("version")?,
    })
}

fn user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        user_id: row.get_i64("id")?,
        login: row.get_str("login")?,
        name: row.get_str("name")?,
        group_id: row.get_i64("group_id")?,
        password: row.get_opt_str("password")?,
        has_totp: row.get_opt_bytes("totp")?.is_some(),
        state: row.get_str("state")?,
        prefs: row.get_json("prefs")?,
        failures: row.get_i64("failures")?,
        locked_until: UtcMillis(row.get_i64("locked_until")?),
        created_at: UtcMillis(row.get_i64("created_at")?),
        password_set_at: UtcMillis(row.get_i64("password_set_at")?),
        signed_in_at: row.get_opt_i64("signed_in_at")?.map(UtcMillis),
    })
}

fn totp_place(user: i64) -> Aad {
    Aad::new("users", "totp", user)
}

/// Seeds the groups a new installation starts with.
pub(crate) async fn seed(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.fetch_all(&GROUPS, args![]).await?.is_empty() {
        for (name, rights) in default_groups() {
            let id = ids::take_one(tx, Family::Group).await?;
            tx.exec(&ADD_GROUP, args![id, name, to_json(&rights)?]).await?;
        }
    }
    Ok(())
}

fn unique(error: StoreError) -> Result<Refused, StoreError> {
    if matches!(error, StoreError::Unique { .. }) { Ok(Refused::Taken) } else { Err(error) }
}

/// Somebody who may change users is left. `group`: the rights a group is about to get.
async fn administrator_left(tx: &mut Tx, changed: Option<(i64, &Rights)>) -> Result<bool, StoreError> {
    let mut administrators = Vec::new();
    for row in tx.fetch_all(&LOCK_GROUPS, args![]).await? {
        let id = row.get_i64("id")?;
        let stored: Rights = from_json("permission_groups", "rights", id, row.get_json("rights")?)?;
        let rights = changed.filter(|(c, _)| *c == id).map_or(&stored, |(_, rights)| rights);
        if rights.level(Menu::Users) == Level::Edit {
            administrators.push(id);
        }
    }
    for row in tx.fetch_all(&LIVE, args![]).await? {
        if row.get_i64("n")? > 0 && administrators.contains(&row.get_i64("group_id")?) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Ledger {
    /// All groups.
    ///
    /// # Errors
    /// As the database says.
    pub async fn groups(&self) -> Result<Vec<Group>, StoreError> {
        self.db.fetch_all(&GROUPS, args![]).await?.iter().map(group).collect()
    }

    /// Adds a group.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_group(&self, name: &str, rights: &Rights) -> Result<Result<i64, Refused>, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::Group).await?;
        if let Err(error) = tx.exec(&ADD_GROUP, args![id, name, to_json(rights)?]).await {
            return unique(error).map(Err);
        }
        tx.commit().await?;
        Ok(Ok(id))
    }

    /// Changes a group. The last people who may change users keep that right.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_group(&self, changed: &Group) -> Result<Result<(), Refused>, StoreError> {
        let mut tx = self.db.begin().await?;
        let left = administrator_left(&mut tx, Some((changed.group_id, &changed.rights))).await?;
        if !left && administrator_left(&mut tx, None).await? {
            return Ok(Err(Refused::LastAdministrator));
        }
        let args = args![changed.group_id, &changed.name, to_json(&changed.rights)?, changed.version];
        match tx.exec(&SET_GROUP, args).await {
            Ok(1) => {}
            Ok(_) => return Ok(Err(Refused::Changed)),
            Err(error) => return unique(error).map(Err),
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Removes a group that nobody is in.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_group(&self, group: i64) -> Result<Result<(), Refused>, StoreError> {
        let mut tx = self.db.begin().await?;
        if tx.exec(&DROP_GROUP, args![group]).await? != 1 {
            return Ok(Err(Refused::NotThere));
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// All users.
    ///
    /// # Errors
    /// As the database says.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.db.fetch_all(&USERS, args![]).await?.iter().map(user).collect()
    }

    /// One user.
    ///
    /// # Errors
    /// As the database says.
    pub async fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        self.db.fetch_optional(&USER, args![id]).await?.as_ref().map(user).transpose()
    }

    /// One user by login name (any case, full or half width).
    ///
    /// # Errors
    /// As the database says.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        let row = self.db.fetch_optional(&BY_LOGIN, args![fold_login(login)]).await?;
        row.as_ref().map(user).transpose()
    }

    /// Nobody can sign in yet: the first set-up is still to be done.
    ///
    /// # Errors
    /// As the database says.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        Ok(self.db.fetch_one(&COUNT, args![]).await?.get_i64("n")? > 0)
    }

    /// Adds a user. `password`: the finished hash.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_user(
        &self,
        login: &str,
        name: &str,
        group: i64,
        password: Option<&str>,
        now: UtcMillis,
    ) -> Result<Result<i64, Refused>, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::User).await?;
        let args = args![id, fold_login(login), name, group, password, serde_json::json!({}), now.0];
        if let Err(error) = tx.exec(&ADD, args).await {
            return unique(error).map(Err);
        }
        tx.commit().await?;
        Ok(Ok(id))
    }

    /// Changes name, group and state. Whoever is switched off or gets another group is signed out everywhere; the
    /// last person who may change users stays.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_user(
        &self,
        id: i64,
        name: &str,
        group: i64,
        active: bool,
    ) -> Result<Result<(), Refused>, StoreError> {
        let mut tx = self.db.begin().await?;
        // Before anybody else counts administrators.
        let had = administrator_left(&mut tx, None).await?;
        let Some(before) = tx.fetch_optional(&USER, args![id]).await?.as_ref().map(user).transpose()? else {
            return Ok(Err(Refused::NotThere));
        };
        let state = if active { "active" } else { "off" };
        tx.exec(&SET, args![id, name, group, state]).await?;
        if had && !administrator_left(&mut tx, None).await? {
            return Ok(Err(Refused::LastAdministrator));
        }
        if !active || before.group_id != group {
            access::sign_out_in(&mut tx, id, None).await?;
        }
        if !active {
            access::drop_tokens_in(&mut tx, id).await?;
            access::drop_links_in(&mut tx, id).await?;
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Sets a password (the finished hash) and signs the person out everywhere but in `keep` (digest of a session). Links that
    /// are still unused are over.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_password(
        &self,
        id: i64,
        password: &str,
        keep: Option<&str>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&SET_PASSWORD, args![id, password, now.0]).await?;
        access::sign_out_in(&mut tx, id, keep).await?;
        access::drop_links_in(&mut tx, id).await?;
        tx.commit().await
    }

    /// Sets up a second factor, or takes it away. The secret is sealed.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_totp(&self, id: i64, secret: Option<&[u8]>) -> Result<(), StoreError> {
        let seal = |s: &[u8]| self.ring.seal_box(Purpose::Credentials, &totp_place(id), s);
        let sealed = secret.map(seal).transpose()?;
        let mut tx = self.db.begin().await?;
        tx.exec(&SET_TOTP, args![id, sealed]).await?;
        tx.commit().await
    }

    /// The secret of the second factor.
    ///
    /// # Errors
    /// As the database says; `WrongKey`.
    pub async fn totp_secret(&self, id: i64) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, StoreError> {
        let Some(row) = self.db.fetch_optional(&USER, args![id]).await? else { return Ok(None) };
        let Some(sealed) = row.get_opt_bytes("totp")? else { return Ok(None) };
        self.ring.open_box(Purpose::Credentials, &totp_place(id), &sealed).map(Some)
    }

    /// Uses up a time step of the second factor; `false` when it was used before (F66: a code is good once).
    ///
    /// # Errors
    /// As the database says.
    pub async fn use_totp(&self, id: i64, step: i64) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let used = tx.exec(&USE_TOTP, args![id, step]).await? == 1;
        tx.commit().await?;
        Ok(used)
    }

    /// Keeps what a person set on screens.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_prefs(&self, id: i64, prefs: &Value) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&SET_PREFS, args![id, prefs]).await?;
        tx.commit().await
    }

    /// Writes down how a sign-in ended.
    ///
    /// # Errors
    /// As the database says.
    pub async fn signed_in(
        &self,
        id: i64,
        succeeded: bool,
        locked_until: UtcMillis,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        match succeeded {
            true => tx.exec(&SIGNED_IN, args![id, now.0]).await?,
            false => tx.exec(&FAILED, args![id, locked_until.0]).await?,
        };
        tx.commit().await
    }
}

/// Login names differ neither by case nor by width.
#[must_use]
pub fn fold_login(login: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    login.trim().nfkc().collect::<String>().to_lowercase()
}
