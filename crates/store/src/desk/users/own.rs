//! What changes of a user outside the list of users: the first administrator of an installation, a person's own name, a
//! password that was forgotten.

use super::{ADD, COUNT, LOCK_GROUPS, Refused, access, fold_login};
use crate::args;
use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::from_json;
use crate::ledger::Ledger;
use crate::sql::sql;
use domain::UtcMillis;
use domain::rights::{Level, Menu, Rights};

sql! {
    /// Another name to be shown.
    SET_NAME("UPDATE users SET name = $2 WHERE id = $1");
    /// Nobody signs in by the old password any more.
    CLEAR_PASSWORD("UPDATE users SET password = NULL, failures = 0, locked_until = 0 WHERE id = $1");
}

/// Who sets an installation up.
#[derive(Clone, Copy)]
pub struct FirstUser<'a> {
    /// Login name.
    pub login: &'a str,
    /// Name that is shown.
    pub name: &'a str,
    /// The finished hash.
    pub password: &'a str,
    /// Digest of the set-up link that is used up; `None` = from the machine itself.
    pub link: Option<&'a str>,
}

impl Ledger {
    /// Makes the first administrator, once: the link is used up with it, and nothing happens when there are users
    /// already (F70: of two browsers one wins).
    ///
    /// # Errors
    /// As the database says. `NotThere`: the link is over or used, or somebody is there already.
    pub async fn add_first_user(
        &self,
        first: FirstUser<'_>,
        now: UtcMillis,
    ) -> Result<Result<i64, Refused>, StoreError> {
        let mut tx = self.db.begin().await?;
        // Two that hold two links take turns here.
        let mut group = None;
        for row in tx.fetch_all(&LOCK_GROUPS, args![]).await? {
            let id = row.get_i64("id")?;
            let rights: Rights = from_json("permission_groups", "rights", id, row.get_json("rights")?)?;
            if group.is_none() && rights.level(Menu::Users) == Level::Edit {
                group = Some(id);
            }
        }
        if let Some(link) = first.link
            && tx.fetch_optional(&access::USE_LINK, args![link, "setup", now.0]).await?.is_none()
        {
            return Ok(Err(Refused::NotThere));
        }
        let nobody = tx.fetch_one(&COUNT, args![]).await?.get_i64("n")? == 0;
        let Some(group) = group.filter(|_| nobody) else { return Ok(Err(Refused::NotThere)) };
        let id = ids::take_one(&mut tx, Family::User).await?;
        let prefs = serde_json::json!({});
        let args = args![id, fold_login(first.login), first.name, group, first.password, prefs, now.0];
        tx.exec(&ADD, args).await?;
        tx.commit().await?;
        Ok(Ok(id))
    }

    /// A person's own name, as it is shown.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_user_name(&self, id: i64, name: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&SET_NAME, args![id, name]).await?;
        tx.commit().await
    }

    /// Takes a forgotten password away and signs the person out everywhere: they come in by a link and set another.
    ///
    /// # Errors
    /// As the database says.
    pub async fn clear_password(&self, id: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&CLEAR_PASSWORD, args![id]).await?;
        access::sign_out_in(&mut tx, id, None).await?;
        tx.commit().await
    }
}
