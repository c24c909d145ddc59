//! 店舗, their settings and their sealed credentials.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use crate::{Reads, Row, Tx, args};
use domain::date_rule::DateRule;
use domain::{ImportMode, Reason, ShopId, UtcMillis};
use serde_json::Value;
use std::collections::BTreeMap;

sql! {
    /// All shops.
    LIST("SELECT * FROM shops WHERE state <> 'archived' ORDER BY id");
    /// One shop by name.
    BY_NAME("SELECT * FROM shops WHERE name = $1");
    /// One shop.
    BY_ID("SELECT * FROM shops WHERE id = $1");
    /// One shop that is about to be changed from what it is.
    FOR_CHANGE("SELECT * FROM shops WHERE id = $1" [postgres " FOR UPDATE"]);
    /// A new shop.
    ADD("INSERT INTO shops (id, name, mall, lane_key, state, automation_enabled, import_mode, import_interval_ms, import_statuses, \
         settings, endpoints, created_at, updated_at) VALUES ($1, $2, $3, $4, 'active', FALSE, 'off', 0, NULL, $5, $6, $7, $7)");
    /// Change what people may change.
    UPDATE("UPDATE shops SET lane_key = $2, state = $3, automation_enabled = $4, import_interval_ms = $5, \
            import_statuses = $6, settings = $7, endpoints = $8, next_import_at = $9, updated_at = $10, import_mode = $11, \
            skip_inbox = $12, date_rule = $13 WHERE id = $1");
    /// How far imports have come.
    IMPORTED("UPDATE shops SET imported_to = $2, next_import_at = $3, second_look_at = $4, next_import_why = $5 WHERE id = $1");
    /// Hold or release the shop's work.
    HOLD("UPDATE shops SET held_reason = $2 WHERE id = $1");
    /// Settings an adapter learnt.
    SETTINGS("UPDATE shops SET settings = $2 WHERE id = $1");
    /// Credentials of a shop.
    CREDENTIALS("SELECT id, credential, sealed, set_at, expires_at, checked_at, check_reason FROM shop_credentials \
                 WHERE shop_id = $1 ORDER BY credential");
    /// Take a credential away.
    DROP_CREDENTIAL("DELETE FROM shop_credentials WHERE shop_id = $1 AND credential = $2");
    /// Wipe a shop's credentials.
    WIPE_CREDENTIALS("DELETE FROM shop_credentials WHERE shop_id = $1");
    /// A credential.
    ADD_CREDENTIAL("INSERT INTO shop_credentials (id, shop_id, credential, sealed, set_at, expires_at) \
                    VALUES ($1, $2, $3, $4, $5, $6)");
    /// Is anything of the shop being sent right now?
    SENDING("SELECT COUNT(*) AS n FROM calls WHERE shop_id = $1 AND lane_key = $2 AND state IN ('in_flight', 'pending') AND state = 'in_flight'");
    /// What is wanted moves with the shop.
    MOVE_WISHES("UPDATE outbox SET lane_key = $2 WHERE shop_id = $1 AND state = 'open'");
    /// So do the steps.
    MOVE_STEPS("UPDATE outbox_steps SET lane_key = $2 WHERE shop_id = $1 AND lane_key = $3 \
                AND state IN ('ready', 'unknown', 'pending', 'sending')");
    /// And the results that are awaited.
    MOVE_CALLS("UPDATE calls SET lane_key = $2 WHERE shop_id = $1 AND lane_key = $3 AND state IN ('in_flight', 'pending')");
    /// And what was asked for.
    MOVE_REQUESTS("UPDATE requests SET lane_key = $2 WHERE shop_id = $1 AND lane_key = $3 AND state IN ('queued', 'running')");
    /// The secret that is there, for whoever wants to replace just that one.
    CREDENTIAL("SELECT id, sealed FROM shop_credentials WHERE shop_id = $1 AND credential = $2");
    /// What a live check said.
    CHECKED("UPDATE shop_credentials SET expires_at = COALESCE($3, expires_at), checked_at = $4, check_reason = $5 \
             WHERE shop_id = $1 AND credential = $2");
    /// For the rotation of the master key.
    BOXES("SELECT id, sealed FROM shop_credentials WHERE id > $1 ORDER BY id LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    REBOX("UPDATE shop_credentials SET sealed = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::Credentials,
    table: "shop_credentials",
    column: "sealed",
    select: BOXES,
    update: REBOX,
};

/// One shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop {
    /// Row.
    pub shop_id: ShopId,
    /// Name, unique.
    pub name: String,
    /// Mall key.
    pub mall: String,
    /// Lane that works it.
    pub lane_key: String,
    /// `active`, `off`, `archived`.
    pub state: String,
    /// 自動処理 開始/停止.
    pub automation_enabled: bool,
    /// What starts the automatic import.
    pub import_mode: ImportMode,
    /// Longest wait between two looks of the automatic import, milliseconds; 0 = as long as any shop may wait. How
    /// long it really waits is reckoned anew after each look.
    pub import_interval_ms: i64,
    /// Automatically imported orders go straight to 新規受付.
    pub skip_inbox: bool,
    /// 日付自動登録; `None` = dates are entered by hand.
    pub date_rule: Option<DateRule>,
    /// Mall statuses fetched; `None` = the mall's defaults.
    pub import_statuses: Option<Vec<String>>,
    /// Settings by key.
    pub settings: BTreeMap<String, String>,
    /// Addresses by endpoint role; missing = the mall's own.
    pub endpoints: BTreeMap<String, String>,
    /// End of the last period read completely by the automatic import.
    pub imported_to: Option<UtcMillis>,
    /// Next automatic import.
    pub next_import_at: Option<UtcMillis>,
    /// Why it is then (`limit`, `rhythm` …: a word of the engine's rhythm); `None` = not reckoned yet.
    pub next_import_why: Option<String>,
    /// Something new was announced and no look has begun since.
    pub hinted_at: Option<UtcMillis>,
    /// Next daily second look.
    pub second_look_at: Option<UtcMillis>,
    /// Why the shop's work is held.
    pub held_reason: Option<Reason>,
}

impl Shop {
    /// Does it import by itself?
    #[must_use]
    pub fn imports_itself(&self) -> bool {
        self.import_mode != ImportMode::Off
    }

    /// Another start of the automatic import; one that is switched on looks at once.
    pub fn set_import_mode(&mut self, mode: ImportMode, now: UtcMillis) {
        if self.imports_itself() != (mode != ImportMode::Off) {
            self.next_import_at = (mode != ImportMode::Off).then_some(now);
            self.next_import_why = None;
        }
        self.import_mode = mode;
    }

    /// Another longest wait, milliseconds; 0 switches the automatic import off, and any other one switches it on. A new
    /// one counts from now.
    pub fn set_import_interval(&mut self, interval_ms: i64, now: UtcMillis) {
        if interval_ms <= 0 {
            return self.set_import_mode(ImportMode::Off, now);
        }
        if !self.imports_itself() {
            self.set_import_mode(ImportMode::Schedule, now);
        }
        if self.import_interval_ms != interval_ms {
            self.import_interval_ms = interval_ms;
            self.next_import_at = Some(now);
        }
    }

    /// Out of 見るだけモード: something may be written to the mall.
    #[must_use]
    pub fn writes_back(&self) -> bool {
        domain::write::writes_back(&self.settings)
    }
}

/// A credential to be stored. Never printed.
#[derive(Clone, Copy)]
pub struct NewCredential<'a> {
    /// Key.
    pub credential: &'a str,
    /// Secret.
    pub secret: &'a str,
    /// End of life, where known.
    pub expires_at: Option<UtcMillis>,
}

/// One credential, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialRow {
    /// Key.
    pub credential: String,
    /// When it was entered.
    pub set_at: UtcMillis,
    /// End of life, where known.
    pub expires_at: Option<UtcMillis>,
    /// Last live check.
    pub checked_at: Option<UtcMillis>,
    /// What that check complained of.
    pub check_reason: Option<Reason>,
}

fn shop(row: &Row) -> Result<Shop, StoreError> {
    let id = row.get_i64("id")?;
    let json = |column: &'static str| row.get_opt_json(column);
    Ok(Shop {
        shop_id: ShopId(id),
        name: row.get_str("name")?,
        mall: row.get_str("mall")?,
        lane_key: row.get_str("lane_key")?,
        state: row.get_str("state")?,
        automation_enabled: row.get_bool("automation_enabled")?,
        // A mode of a newer program keeps looking: nothing is missed.
        import_mode: ImportMode::parse(&row.get_str("import_mode")?).unwrap_or(ImportMode::Schedule),
        import_interval_ms: row.get_i64("import_interval_ms")?,
        skip_inbox: row.get_bool("skip_inbox")?,
        date_rule: json("date_rule")?
            .filter(|v| !v.is_null())
            .map(|v| from_json("shops", "date_rule", id, v))
            .transpose()?,
        import_statuses: json("import_statuses")?
            .filter(|v| !v.is_null())
            .map(|v| from_json("shops", "import_statuses", id, v))
            .transpose()?,
        settings: from_json("shops", "settings", id, row.get_json("settings")?)?,
        endpoints: from_json("shops", "endpoints", id, row.get_json("endpoints")?)?,
        imported_to: row.get_opt_i64("imported_to")?.map(UtcMillis),
        next_import_at: row.get_opt_i64("next_import_at")?.map(UtcMillis),
        next_import_why: row.get_opt_str("next_import_why")?,
        hinted_at: row.get_opt_i64("hinted_at")?.map(UtcMillis),
        second_look_at: row.get_opt_i64("second_look_at")?.map(UtcMillis),
        held_reason: json("held_reason")?
            .filter(|v| !v.is_null())
            .map(|v| from_json("shops", "held_reason", id, v))
            .transpose()?,
    })
}

fn place(id: i64) -> Aad {
    Aad::new("shop_credentials", "sealed", id)
}

impl Ledger {
    /// Shops that are not archived.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shops(&self) -> Result<Vec<Shop>, StoreError> {
        self.db.fetch_all(&LIST, args![]).await?.iter().map(shop).collect()
    }

    /// One shop by name, archived or not.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shop_by_name(&self, name: &str) -> Result<Option<Shop>, StoreError> {
        self.db.fetch_optional(&BY_NAME, args![name]).await?.as_ref().map(shop).transpose()
    }

    /// One shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shop(&self, id: ShopId) -> Result<Option<Shop>, StoreError> {
        shop_in(&self.db, id).await
    }

    /// Adds a shop. `lane_key` is given once the id is known, because most malls' lanes are named by the shop.
    ///
    /// # Errors
    /// `Unique` when the name is taken.
    pub async fn add_shop(
        &self,
        name: &str,
        mall: &str,
        endpoints: &BTreeMap<String, String>,
        settings: &BTreeMap<String, String>,
        lane_key: impl Fn(ShopId) -> String + Send,
        now: UtcMillis,
    ) -> Result<Shop, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::Shop).await?;
        let lane_key = lane_key(ShopId(id));
        let args = args![id, name, mall, &lane_key, to_json(settings)?, to_json(endpoints)?, now.0];
        tx.exec(&ADD, args).await?;
        crate::lanes::ensure(&mut tx, &lane_key, mall).await?;
        let added = shop_in(&mut tx, ShopId(id)).await?;
        tx.commit().await?;
        added.ok_or_else(|| StoreError::other("the shop just added is not there"))
    }

    /// Stores what people may change of a shop. Changing an endpoint or archiving wipes the credentials. With another
    /// lane, what is wanted, awaited and asked for moves there.
    ///
    /// # Errors
    /// `Conflict` when the shop is gone, or when it is to change its lane while something of it is being sent. Else as
    /// the database says.
    pub async fn update_shop(&self, shop: &Shop, now: UtcMillis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(before) = shop_for_change(&mut tx, shop.shop_id).await? else {
            return Err(StoreError::Conflict { what: format!("shop {}", shop.name) });
        };
        if before.endpoints != shop.endpoints || shop.state == "archived" {
            tx.exec(&WIPE_CREDENTIALS, args![shop.shop_id.0]).await?;
        }
        crate::lanes::ensure(&mut tx, &shop.lane_key, &shop.mall).await?;
        if before.lane_key != shop.lane_key {
            move_lane(&mut tx, &before, &shop.lane_key).await?;
        }
        let statuses = shop.import_statuses.as_ref().map(to_json).transpose()?;
        let args = args![
            shop.shop_id.0,
            &shop.lane_key,
            &shop.state,
            shop.automation_enabled,
            shop.import_interval_ms,
            statuses,
            to_json(&shop.settings)?,
            to_json(&shop.endpoints)?,
            shop.next_import_at.map(|t| t.0),
            now.0,
            shop.import_mode.as_str(),
            shop.skip_inbox,
            shop.date_rule.as_ref().map(to_json).transpose()?
        ];
        tx.exec(&UPDATE, args).await?;
        tx.commit().await
    }

    /// Keeps settings an adapter learnt from the mall.
    ///
    /// # Errors
    /// As the database says.
    pub async fn learn_settings(&self, id: ShopId, learnt: &[(String, String)]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        if let Some(mut shop) = shop_for_change(&mut tx, id).await? {
            shop.settings.extend(learnt.iter().cloned());
            tx.exec(&SETTINGS, args![id.0, to_json(&shop.settings)?]).await?;
        }
        tx.commit().await
    }

    /// Holds the shop's work for a reason, or releases it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn hold_shop(&self, id: ShopId, reason: Option<&Reason>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&HOLD, args![id.0, reason.map(to_json).transpose()?]).await?;
        tx.commit().await
    }

    /// Stores how far imports have come, when the next ones are due, and why then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_import_times(
        &self,
        id: ShopId,
        imported_to: Option<UtcMillis>,
        next_import: Option<(UtcMillis, &str)>,
        second_look_at: Option<UtcMillis>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let millis = |t: Option<UtcMillis>| t.map(|t| t.0);
        let (next, why) = (next_import.map(|n| n.0.0), next_import.map(|n| n.1));
        let args = args![id.0, millis(imported_to), next, millis(second_look_at), why];
        tx.exec(&IMPORTED, args).await?;
        tx.commit().await
    }

    /// Stores a secret, in place of the one that is there, and releases a hold of the shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_credential(
        &self,
        shop: ShopId,
        credential: &str,
        secret: &str,
        expires_at: Option<UtcMillis>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let given = NewCredential { credential, secret, expires_at };
        self.set_credentials(shop, &[given], &[], now).await
    }

    /// Stores secrets together, in place of those that are there, takes away `outdated` ones that were made from
    /// them, and releases a hold of the shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_credentials(
        &self,
        shop: ShopId,
        given: &[NewCredential<'_>],
        outdated: &[&str],
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        // First, because it locks the shop: two who set a credential at once take turns.
        tx.exec(&HOLD, args![shop.0, None::<Value>]).await?;
        for credential in outdated {
            tx.exec(&DROP_CREDENTIAL, args![shop.0, *credential]).await?;
        }
        for new in given {
            self.put_credential(&mut tx, shop, new, now).await?;
        }
        tx.commit().await
    }

    /// Stores what a token endpoint gave the lane, all of it before any of it is used. `renewed_with` is the credential
    /// (key and secret) it was got with: when a person has put another one there meanwhile, nothing is stored.
    ///
    /// # Errors
    /// `LaneLost`; `Conflict` when the credential or the lane is another one by now. Else as the database says.
    pub async fn store_tokens(
        &self,
        guard: &LaneGuard,
        shop: ShopId,
        renewed_with: Option<(&str, &str)>,
        tokens: &[NewCredential<'_>],
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        shop_for_change(&mut tx, shop).await?;
        lanes::check_shop(&mut tx, guard, shop).await?;
        if let Some((key, secret)) = renewed_with {
            let row = tx.fetch_optional(&CREDENTIAL, args![shop.0, key]).await?;
            let same = match row {
                Some(row) => {
                    let place = place(row.get_i64("id")?);
                    let sealed = row.get_bytes("sealed")?;
                    let there = self.ring.open_box(Purpose::Credentials, &place, &sealed)?;
                    there.as_slice() == secret.as_bytes()
                }
                None => false,
            };
            if !same {
                return Err(StoreError::Conflict { what: format!("credential {key} of shop {shop}") });
            }
        }
        for new in tokens {
            self.put_credential(&mut tx, shop, new, now).await?;
        }
        fail::fail_point!("grant.before_tokens");
        tx.commit().await?;
        fail::fail_point!("grant.after_tokens");
        Ok(())
    }

    async fn put_credential(
        &self,
        tx: &mut Tx,
        shop: ShopId,
        new: &NewCredential<'_>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        tx.exec(&DROP_CREDENTIAL, args![shop.0, new.credential]).await?;
        let id = ids::take_one(tx, Family::Credential).await?;
        let sealed = self.ring.seal_box(Purpose::Credentials, &place(id), new.secret.as_bytes())?;
        let args = args![id, shop.0, new.credential, sealed, now.0, new.expires_at.map(|t| t.0)];
        tx.exec(&ADD_CREDENTIAL, args).await.map(drop)
    }

    /// What is known of a shop's credentials, without the secrets.
    ///
    /// # Errors
    /// As the database says.
    pub async fn credential_rows(&self, shop: ShopId) -> Result<Vec<CredentialRow>, StoreError> {
        let rows = self.db.fetch_all(&CREDENTIALS, args![shop.0]).await?;
        rows.iter()
            .map(|row| {
                Ok(CredentialRow {
                    credential: row.get_str("credential")?,
                    set_at: UtcMillis(row.get_i64("set_at")?),
                    expires_at: row.get_opt_i64("expires_at")?.map(UtcMillis),
                    checked_at: row.get_opt_i64("checked_at")?.map(UtcMillis),
                    check_reason: row
                        .get_opt_json("check_reason")?
                        .filter(|v| !v.is_null())
                        .map(|v| from_json("shop_credentials", "check_reason", shop, v))
                        .transpose()?,
                })
            })
            .collect()
    }

    /// A shop's secrets, opened. The caller puts them into a type that does not print them.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn open_credentials(&self, shop: ShopId) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.db.fetch_all(&CREDENTIALS, args![shop.0]).await?;
        rows.iter()
            .map(|row| {
                let id = row.get_i64("id")?;
                let plain =
                    self.ring.open_box(Purpose::Credentials, &place(id), &row.get_bytes("sealed")?)?;
                let text = String::from_utf8(plain.to_vec()).map_err(|_| StoreError::Corrupt {
                    table: "shop_credentials".into(),
                    column: "sealed".into(),
                    row: id.to_string(),
                })?;
                Ok((row.get_str("credential")?, text))
            })
            .collect()
    }

    /// Stores what a live check of a credential said.
    ///
    /// # Errors
    /// As the database says.
    pub async fn credential_checked(
        &self,
        shop: ShopId,
        credential: &str,
        expires_at: Option<UtcMillis>,
        reason: Option<&Reason>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let reason = reason.map(to_json).transpose()?;
        tx.exec(&CHECKED, args![shop.0, credential, expires_at.map(|t| t.0), now.0, reason]).await?;
        tx.commit().await
    }
}

/// Moves what is open of a shop to another lane. While something is being sent it is the old lane's, whose owner alone
/// can say how it ended.
async fn move_lane(tx: &mut Tx, before: &Shop, to: &str) -> Result<(), StoreError> {
    let (shop, from) = (before.shop_id.0, before.lane_key.as_str());
    if tx.fetch_one(&SENDING, args![shop, from]).await?.get_i64("n")? > 0 {
        return Err(StoreError::Conflict { what: format!("a call of shop {} is under way", before.name) });
    }
    tx.exec(&MOVE_WISHES, args![shop, to]).await?;
    for text in [&MOVE_STEPS, &MOVE_CALLS, &MOVE_REQUESTS] {
        tx.exec(text, args![shop, to, from]).await?;
    }
    Ok(())
}

async fn shop_for_change(tx: &mut crate::Tx, id: ShopId) -> Result<Option<Shop>, StoreError> {
    tx.fetch_optional(&FOR_CHANGE, args![id.0]).await?.as_ref().map(shop).transpose()
}

pub(crate) async fn shop_in(from: impl Into<Reads<'_>>, id: ShopId) -> Result<Option<Shop>, StoreError> {
    from.into().fetch_optional(&BY_ID, args![id.0]).await?.as_ref().map(shop).transpose()
}
