//! What explanations ask of the ledger (WHY-1): what is known of one number of a mall; and codes of malls that nobody has
//! explained yet.

use crate::error::StoreError;
use crate::imports::{AsideRow, Note};
use crate::json::from_json;
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Row, args};
use domain::{MallOrderId, RunId, ShopId, UtcMillis};
use serde::Serialize;

sql! {
    /// What runs said of one number, newest first.
    NOTES("SELECT n.run_id AS run_id, n.kind AS kind, n.reason AS reason, r.updated_at AS at FROM import_notes n \
           JOIN import_runs r ON r.id = n.run_id WHERE r.shop_id = $1 AND n.mall_order_id = $2 ORDER BY n.run_id DESC LIMIT 20");
    /// A run that read a period completely which meets this one.
    COVERED("SELECT id FROM import_runs WHERE shop_id = $1 AND state IN ('succeeded', 'partial') \
             AND import_trigger IN ('manual', 'auto', 'second_look') AND period_from < period_to \
             AND period_from <= $3 AND period_to >= $2 ORDER BY id DESC LIMIT 1");
    /// One order that was set aside.
    ASIDE("SELECT id, shop_id, mall_order_id, state, tries, reason, first_seen_at, last_seen_at FROM quarantine \
           WHERE shop_id = $1 AND mall_order_id = $2 AND state <> 'solved'");
    /// Known from its mail.
    PROVISIONAL("SELECT seen_at FROM provisional_orders WHERE shop_id = $1 AND mall_order_id = $2 AND state = 'waiting'");
    /// A number of the shop, to see how its numbers look.
    SAMPLE("SELECT mall_order_id FROM orders WHERE shop_id = $1 ORDER BY seq DESC LIMIT 1");
    /// Seen for the first time, or once more.
    COUNT("INSERT INTO unknown_codes (mall, code, words, n, first_at, last_at) VALUES ($1, $2, $3, 1, $4, $4) \
           ON CONFLICT (mall, code) DO UPDATE SET n = unknown_codes.n + 1, last_at = excluded.last_at, \
           words = CASE WHEN excluded.words = '' THEN unknown_codes.words ELSE excluded.words END");
    /// All of them, the most frequent first.
    CODES("SELECT mall, code, words, n, first_at, last_at FROM unknown_codes ORDER BY n DESC, mall, code LIMIT 500");
}

/// A code of a mall that nobody has explained yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownCode {
    /// Mall key.
    pub mall: String,
    /// The mall's code.
    pub code: String,
    /// The mall's words, as far as they are no person's; may be empty.
    pub words: String,
    /// How often.
    pub count: i64,
    /// First time.
    pub first_at: UtcMillis,
    /// Last time.
    pub last_at: UtcMillis,
}

fn unknown(row: &Row) -> Result<UnknownCode, StoreError> {
    Ok(UnknownCode {
        mall: row.get_str("mall")?,
        code: row.get_str("code")?,
        words: row.get_str("words")?,
        count: row.get_i64("n")?,
        first_at: UtcMillis(row.get_i64("first_at")?),
        last_at: UtcMillis(row.get_i64("last_at")?),
    })
}

impl Ledger {
    /// What the import runs of a shop said of a number, newest first, with the time of the run.
    ///
    /// # Errors
    /// As the database says.
    pub async fn notes_about(
        &self,
        shop: ShopId,
        id: &MallOrderId,
    ) -> Result<Vec<(UtcMillis, Note)>, StoreError> {
        let rows = self.db.fetch_all(&NOTES, args![shop.0, id.as_str()]).await?;
        rows.iter()
            .map(|row| {
                let run = row.get_i64("run_id")?;
                let note = Note {
                    mall_order_id: id.clone(),
                    kind: row.get_str("kind")?,
                    reason: from_json("import_notes", "reason", run, row.get_json("reason")?)?,
                };
                Ok((UtcMillis(row.get_i64("at")?), note))
            })
            .collect()
    }

    /// A run of the shop that walked a period which meets `from` to `to`, if there was one.
    ///
    /// # Errors
    /// As the database says.
    pub async fn period_was_read(
        &self,
        shop: ShopId,
        from: UtcMillis,
        to: UtcMillis,
    ) -> Result<Option<RunId>, StoreError> {
        let row = self.db.fetch_optional(&COVERED, args![shop.0, from.0, to.0]).await?;
        row.map(|row| Ok(RunId(row.get_i64("id")?))).transpose()
    }

    /// The 取込エラー of one number, if there is one.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_aside_order(
        &self,
        shop: ShopId,
        id: &MallOrderId,
    ) -> Result<Option<AsideRow>, StoreError> {
        let row = self.db.fetch_optional(&ASIDE, args![shop.0, id.as_str()]).await?;
        row.as_ref().map(crate::imports::aside_row).transpose()
    }

    /// When a mail named this number, while its data is still awaited (IMP-14).
    ///
    /// # Errors
    /// As the database says.
    pub async fn known_from_mail(
        &self,
        shop: ShopId,
        id: &MallOrderId,
    ) -> Result<Option<UtcMillis>, StoreError> {
        let row = self.db.fetch_optional(&PROVISIONAL, args![shop.0, id.as_str()]).await?;
        row.map(|row| Ok(UtcMillis(row.get_i64("seen_at")?))).transpose()
    }

    /// A number of an order of the shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn sample_number(&self, shop: ShopId) -> Result<Option<MallOrderId>, StoreError> {
        let row = self.db.fetch_optional(&SAMPLE, args![shop.0]).await?;
        row.map(|row| Ok(MallOrderId(row.get_str("mall_order_id")?))).transpose()
    }

    /// A code that nobody has explained was met. `words` must hold nothing of a person; empty keeps those that are there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn count_unknown_code(
        &self,
        mall: &str,
        code: &str,
        words: &str,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&COUNT, args![mall, code, words, now.0]).await?;
        tx.commit().await
    }

    /// Codes that nobody has explained yet, the most frequent first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn unknown_codes(&self) -> Result<Vec<UnknownCode>, StoreError> {
        self.db.fetch_all(&CODES, args![]).await?.iter().map(unknown).collect()
    }
}
