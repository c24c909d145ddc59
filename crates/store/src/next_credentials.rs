//! Keys that wait: entered by a person, sealed, not in use. The lane tests them with the mall; the ones that work take the
//! place of the old ones, all of them in one transaction with the line in 操作ログ.

use crate::desk::audit_log;
use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::shops::{self, NewCredential};
use crate::sql::sql;
use crate::{Row, Shop, Tx, args};
use domain::history::By;
use domain::{Reason, ShopId, UtcMillis};
use serde_json::json;
use std::collections::BTreeSet;

sql! {
    /// What waits for a shop.
    LIST("SELECT id, credential, sealed, expires_at, entered_by, entered_at, tried_at, reason FROM next_credentials \
          WHERE shop_id = $1 ORDER BY credential");
    /// What waits anywhere.
    SHOPS("SELECT DISTINCT shop_id FROM next_credentials ORDER BY shop_id");
    /// One more.
    ADD("INSERT INTO next_credentials (id, shop_id, credential, sealed, expires_at, entered_by, entered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)");
    /// Another one was entered, or this one serves.
    DROP("DELETE FROM next_credentials WHERE shop_id = $1 AND credential = $2");
    /// Nothing waits any more.
    WIPE("DELETE FROM next_credentials WHERE shop_id = $1");
    /// What the mall said.
    TRIED("UPDATE next_credentials SET tried_at = $2, reason = $3 WHERE id = $1");
    /// Worked in another lane.
    LANE("UPDATE shops SET lane_key = $2, updated_at = $3 WHERE id = $1");
    /// For the rotation of the master key.
    BOXES("SELECT id, sealed FROM next_credentials WHERE id > $1 ORDER BY id LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    REBOX("UPDATE next_credentials SET sealed = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::Credentials,
    table: "next_credentials",
    column: "sealed",
    select: BOXES,
    update: REBOX,
};

/// One that waits, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct NextCredential {
    /// Row.
    pub id: i64,
    /// Key.
    pub credential: String,
    /// End of life as the person told it.
    pub expires_at: Option<UtcMillis>,
    /// Who entered it.
    pub by: By,
    /// When.
    pub entered_at: UtcMillis,
    /// When the mall was last asked.
    pub tried_at: Option<UtcMillis>,
    /// Why it did not work then.
    pub reason: Option<Reason>,
}

/// What takes the place of the old credentials. Never printed.
pub struct Swap<'a> {
    /// The rows that serve now: none of them may be another by then.
    pub ids: &'a [i64],
    /// All that is stored, also what the lane got with the new ones.
    pub given: &'a [NewCredential<'a>],
    /// Taken away: made from the old ones.
    pub outdated: &'a [&'a str],
    /// The lane the shop is worked in with the new ones.
    pub lane_key: &'a str,
    /// Who entered them.
    pub by: &'a By,
    /// Line in 操作ログ (`shop.credentials.swapped` …).
    pub action: &'a str,
}

fn place(id: i64) -> Aad {
    Aad::new("next_credentials", "sealed", id)
}

fn next(row: &Row) -> Result<NextCredential, StoreError> {
    let id = row.get_i64("id")?;
    let reason = row.get_opt_json("reason")?.filter(|v| !v.is_null());
    Ok(NextCredential {
        id,
        credential: row.get_str("credential")?,
        expires_at: row.get_opt_i64("expires_at")?.map(UtcMillis),
        by: from_json("next_credentials", "entered_by", id, row.get_json("entered_by")?)?,
        entered_at: UtcMillis(row.get_i64("entered_at")?),
        tried_at: row.get_opt_i64("tried_at")?.map(UtcMillis),
        reason: reason.map(|v| from_json("next_credentials", "reason", id, v)).transpose()?,
    })
}

/// Nothing waits for the shop any more: it goes elsewhere, or is taken off.
pub(crate) async fn wipe(tx: &mut Tx, shop: ShopId) -> Result<(), StoreError> {
    tx.exec(&WIPE, args![shop.0]).await.map(drop)
}

/// One that waited is older than what is stored now.
pub(crate) async fn drop_one(tx: &mut Tx, shop: ShopId, credential: &str) -> Result<(), StoreError> {
    tx.exec(&DROP, args![shop.0, credential]).await.map(drop)
}

/// Puts credentials in place of those that are there, releases the hold of the shop, and moves it to the lane it is worked
/// in with them.
async fn replace(
    ledger: &Ledger,
    tx: &mut Tx,
    before: &Shop,
    given: &[NewCredential<'_>],
    outdated: &[&str],
    lane_key: &str,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let shop = before.shop_id;
    tx.exec(&shops::HOLD, args![shop.0, None::<serde_json::Value>]).await?;
    if before.lane_key != lane_key {
        lanes::ensure(tx, lane_key, &before.mall).await?;
        shops::move_lane(tx, before, lane_key).await?;
        tx.exec(&LANE, args![shop.0, lane_key, now.0]).await?;
    }
    for credential in outdated {
        tx.exec(&shops::DROP_CREDENTIAL, args![shop.0, *credential]).await?;
    }
    for new in given {
        ledger.put_credential(tx, shop, new, now).await?;
    }
    Ok(())
}

impl Ledger {
    /// Puts secrets aside until the mall takes them. One that waited under the same key is gone.
    ///
    /// # Errors
    /// As the database says.
    pub async fn wait_for_credentials(
        &self,
        shop: ShopId,
        given: &[NewCredential<'_>],
        by: &By,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        // Locks the shop: two who enter the same key take turns.
        shops::shop_for_change(&mut tx, shop).await?;
        for new in given {
            tx.exec(&DROP, args![shop.0, new.credential]).await?;
            let id = ids::take_one(&mut tx, Family::Credential).await?;
            let sealed = self.ring.seal_box(Purpose::Credentials, &place(id), new.secret.as_bytes())?;
            let end = new.expires_at.map(|t| t.0);
            let values = args![id, shop.0, new.credential, sealed, end, to_json(by)?, now.0];
            tx.exec(&ADD, values).await?;
        }
        tx.commit().await
    }

    /// Shops for which something waits.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shops_with_next_credentials(&self) -> Result<Vec<ShopId>, StoreError> {
        let rows = self.db.fetch_all(&SHOPS, args![]).await?;
        rows.iter().map(|row| row.get_i64("shop_id").map(ShopId)).collect()
    }

    /// What waits for a shop, without the secrets.
    ///
    /// # Errors
    /// As the database says.
    pub async fn next_credentials(&self, shop: ShopId) -> Result<Vec<NextCredential>, StoreError> {
        self.db.fetch_all(&LIST, args![shop.0]).await?.iter().map(next).collect()
    }

    /// The same with the secrets, opened. The caller puts them into a type that does not print them.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn open_next_credentials(
        &self,
        shop: ShopId,
    ) -> Result<Vec<(NextCredential, String)>, StoreError> {
        let rows = self.db.fetch_all(&LIST, args![shop.0]).await?;
        rows.iter()
            .map(|row| {
                let one = next(row)?;
                let sealed = row.get_bytes("sealed")?;
                let plain = self.ring.open_box(Purpose::Credentials, &place(one.id), &sealed)?;
                let text = String::from_utf8(plain.to_vec()).map_err(|_| StoreError::Corrupt {
                    table: "next_credentials".into(),
                    column: "sealed".into(),
                    row: one.id.to_string(),
                })?;
                Ok((one, text))
            })
            .collect()
    }

    /// Stores what the mall said of them.
    ///
    /// # Errors
    /// As the database says.
    pub async fn next_credentials_tried(
        &self,
        ids: &[i64],
        reason: &Reason,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for id in ids {
            tx.exec(&TRIED, args![*id, now.0, to_json(reason)?]).await?;
        }
        tx.commit().await
    }

    /// Forgets what waits for a shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn forget_next_credentials(&self, shop: ShopId) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        wipe(&mut tx, shop).await?;
        tx.commit().await
    }

    /// The new ones take the place of the old: stored, no longer waiting, the hold of the shop released, the shop in the
    /// lane of its new key, and written down; all of it or nothing. `guard`: as the owner of the shop's lane; `None`: a
    /// person says so. `false`: something else waits by now, nothing was done.
    ///
    /// # Errors
    /// `LaneLost`; `Conflict` when the shop is to change its lane while something of it is being sent. Else as the
    /// database says.
    pub async fn swap_credentials(
        &self,
        guard: Option<&LaneGuard>,
        shop: ShopId,
        swap: &Swap<'_>,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if let Some(guard) = guard {
            lanes::check(&mut tx, guard).await?;
        }
        let Some(before) = shops::shop_for_change(&mut tx, shop).await? else { return Ok(false) };
        if let Some(guard) = guard {
            lanes::check_shop(&mut tx, guard, shop).await?;
        }
        let waiting = tx.fetch_all(&LIST, args![shop.0]).await?;
        let waiting: BTreeSet<i64> = waiting.iter().map(|row| row.get_i64("id")).collect::<Result<_, _>>()?;
        if before.state == "archived" || !swap.ids.iter().all(|id| waiting.contains(id)) {
            return Ok(false);
        }
        replace(self, &mut tx, &before, swap.given, swap.outdated, swap.lane_key, now).await?;
        for new in swap.given {
            tx.exec(&DROP, args![shop.0, new.credential]).await?;
        }
        let names: Vec<&str> = swap.given.iter().map(|c| c.credential).collect();
        let details = json!({ "credentials": names });
        audit_log::add_in(&mut tx, swap.by, swap.action, &shop.to_string(), &details, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
