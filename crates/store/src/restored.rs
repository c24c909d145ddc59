//! After a restore (F46): what a restored ledger is told at once, the orders that are read back, and a person's word that
//! writing may go on.

use crate::args;
use crate::error::StoreError;
use crate::history::Pending;
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::settings;
use crate::sql::sql;
use crate::{Reads, Tx};
use domain::history::{By, Event};
use domain::restore::{ReadBack, Restored};
use domain::{MallOrderId, OrderSeq, ShopId, UtcMillis, reason};
use std::collections::BTreeMap;

/// Setting: the last restore.
const KEY: &str = "restored";
/// Numbers given out in the time that is lost stand on slips and labels: they are not given out again.
const GAP: i64 = 10_000;

sql! {
    /// Whoever owned a lane does not own this one.
    NO_OWNERS("UPDATE lanes SET owner = NULL, host = NULL, fence = fence + 1000");
    /// Nobody is signed in.
    NO_SESSIONS("DELETE FROM sessions");
    /// No link is good.
    NO_LINKS("DELETE FROM one_time_links");
    /// Letters that may have gone out in the time that is lost are not sent a second time.
    LETTERS("UPDATE letters SET state = 'unclear', ended_at = $1, reason = $2 WHERE state IN ('queued', 'sending')");
    /// Let numbers go on behind those that were given out.
    NUMBERS([sqlite "UPDATE counters SET next = next + $1 RETURNING next AS value"]
            [postgres "SELECT setval(CAST(format('%I', sequencename) AS regclass), COALESCE(last_value, 0) + $1) AS value FROM pg_sequences \
             WHERE schemaname = current_schema()"]);
    /// What an earlier restore left to be read back.
    FORGET("DELETE FROM restore_checks");
    /// Orders that the mall had not done with: read back.
    CHECKS("INSERT INTO restore_checks (seq, shop_id, state) SELECT seq, shop_id, 'open' FROM orders WHERE erased_at IS NULL \
            AND notice_state <> 'applied' AND mall_stage IN ('awaiting_confirmation', 'mall_processing', 'shippable', 'change_pending', 'partly_shipped', 'cancel_requested')");
    /// Orders of a shop that were not read back yet.
    OPEN("SELECT o.mall_order_id AS mall_order_id FROM restore_checks c JOIN orders o ON o.seq = c.seq WHERE c.shop_id = $1 AND c.state = 'open' \
          ORDER BY c.seq LIMIT $2");
    /// Orders of a shop that were asked for, with what the mall says now.
    ASKED("SELECT o.seq AS seq, o.mall_stage AS mall_stage, o.seen_at AS seen_at FROM restore_checks c \
           JOIN orders o ON o.seq = c.seq WHERE c.shop_id = $1 AND c.state = 'open' AND o.mall_order_id" [in_texts "$2"] " ORDER BY c.seq");
    /// One was read back.
    SET("UPDATE restore_checks SET state = $2 WHERE seq = $1 AND state = 'open'");
    /// The mall shows it as shipped: there is nothing to send.
    MARK("UPDATE orders SET notice_state = 'applied', confirming = FALSE, version = version + 1 WHERE seq = $1 AND notice_state = 'not_sent'");
    /// Its parcels count as being at the mall: a correction is an update.
    MARK_SENT("UPDATE parcels SET sent_version = version WHERE seq = $1 AND removed = FALSE");
    /// How far each shop is.
    COUNTS("SELECT shop_id, state, COUNT(*) AS n FROM restore_checks GROUP BY shop_id, state");
    /// Orders by what the read-back showed.
    FOUND("SELECT o.seq AS seq, o.mall_order_id AS mall_order_id FROM restore_checks c JOIN orders o ON o.seq = c.seq \
           WHERE c.shop_id = $1 AND c.state = $2 ORDER BY c.seq LIMIT $3");
    /// Wishes of a shop that wait to be written.
    WAITING("SELECT b.id AS id, b.kind AS kind, b.seq AS seq, o.mall_order_id AS mall_order_id, b.created_at AS created_at FROM outbox b \
             JOIN orders o ON o.seq = b.seq WHERE b.shop_id = $1 AND b.state = 'open' AND EXISTS (SELECT 1 FROM outbox_steps s WHERE s.outbox_id = b.id \
             AND s.state IN ('ready', 'unknown', 'pending', 'sending')) ORDER BY b.id LIMIT $2");
}

/// A write that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingWrite {
    /// Kind, as stored: one of a newer program is shown too.
    pub kind: String,
    /// Order.
    pub seq: OrderSeq,
    /// Its number at the mall.
    pub mall_order_id: MallOrderId,
    /// Since when.
    pub since: UtcMillis,
}

/// Told once to a ledger that was restored, in the transaction that makes it one.
pub(crate) async fn begin(tx: &mut Tx, made_at: UtcMillis, at: UtcMillis) -> Result<(), StoreError> {
    let restored = Restored { made_at, restored_at: at, released_at: None, released_by: None };
    settings::put(tx, KEY, &to_json(&restored)?.to_string()).await?;
    tx.exec(&NO_OWNERS, args![]).await?;
    tx.exec(&NO_SESSIONS, args![]).await?;
    tx.exec(&NO_LINKS, args![]).await?;
    tx.exec(&LETTERS, args![at.0, to_json(&reason::paused_after_restore())?]).await?;
    tx.fetch_all(&NUMBERS, args![GAP]).await?;
    tx.exec(&FORGET, args![]).await?;
    tx.exec(&CHECKS, args![]).await?;
    Ok(())
}

/// The last restore, if there was one.
pub(crate) async fn last(from: impl Into<Reads<'_>>) -> Result<Option<Restored>, StoreError> {
    let Some(text) = settings::get(from, KEY).await? else { return Ok(None) };
    let value = serde_json::from_str(&text).unwrap_or_default();
    from_json("settings", "restored", 0, value).map(Some)
}

impl Ledger {
    /// The last restore, if there was one: [`Restored::may_write`] is asked by everything that writes to a mall.
    ///
    /// # Errors
    /// As the database says.
    pub async fn restored(&self) -> Result<Option<Restored>, StoreError> {
        last(&self.db).await
    }

    /// A person has seen what would be sent: writing goes on. `false`: it was not paused.
    ///
    /// # Errors
    /// As the database says.
    pub async fn release_restored(&self, by: &By, now: UtcMillis) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(mut restored) = last(&mut tx).await?.filter(|r| r.may_write().is_err()) else {
            return Ok(false);
        };
        (restored.released_at, restored.released_by) = (Some(now), Some(by.clone()));
        settings::put(&mut tx, KEY, &to_json(&restored)?.to_string()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Orders of a shop that were not read back yet, at most `limit`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn to_read_back(&self, shop: ShopId, limit: i64) -> Result<Vec<MallOrderId>, StoreError> {
        let rows = self.db.fetch_all(&OPEN, args![shop.0, limit]).await?;
        rows.iter().map(|row| Ok(MallOrderId(row.get_str("mall_order_id")?))).collect()
    }

    /// Takes down what the read-back of these orders showed. What the mall shows as shipped though the ledger holds it for
    /// not sent is marked 正常, so that it is not sent again. Says how many were.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn read_back(
        &self,
        guard: &LaneGuard,
        shop: ShopId,
        asked: &[MallOrderId],
        now: UtcMillis,
    ) -> Result<u64, StoreError> {
        let numbers: Vec<String> = asked.iter().map(|id| id.0.clone()).collect();
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let Some(restored) = last(&mut tx).await? else { return Ok(0) };
        let (mut history, actor, mut marked) = (Pending::default(), to_json(&By::Mall)?, 0);
        for row in tx.fetch_all(&ASKED, args![shop.0, numbers]).await? {
            let (seq, stage) = (row.get_i64("seq")?, row.get_str("mall_stage")?);
            let seen = row.get_i64("seen_at")? >= restored.restored_at.0;
            let state = match stage.as_str() {
                _ if !seen => ReadBack::NotGiven,
                "shipped" | "closed" => ReadBack::Shipped,
                _ => ReadBack::Same,
            };
            if state == ReadBack::Shipped && tx.exec(&MARK, args![seq]).await? == 1 {
                tx.exec(&MARK_SENT, args![seq]).await?;
                let (from, to) = ("not_sent".to_owned(), "applied".to_owned());
                let event = Event::NoticeStateChanged { from, to, why: "read_back".to_owned() };
                history.add(seq, now, &actor, &event, None)?;
                marked += 1;
            }
            tx.exec(&SET, args![seq, state.as_str()]).await?;
        }
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// How many orders of each shop the read-back left in each state.
    ///
    /// # Errors
    /// As the database says.
    pub async fn read_back_counts(&self) -> Result<BTreeMap<(ShopId, ReadBack), i64>, StoreError> {
        let mut counts = BTreeMap::new();
        for row in self.db.fetch_all(&COUNTS, args![]).await? {
            if let Some(state) = ReadBack::parse(&row.get_str("state")?) {
                counts.insert((ShopId(row.get_i64("shop_id")?), state), row.get_i64("n")?);
            }
        }
        Ok(counts)
    }

    /// Orders of a shop by what the read-back showed, at most `limit`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn read_back_found(
        &self,
        shop: ShopId,
        state: ReadBack,
        limit: i64,
    ) -> Result<Vec<(OrderSeq, MallOrderId)>, StoreError> {
        let rows = self.db.fetch_all(&FOUND, args![shop.0, state.as_str(), limit]).await?;
        rows.iter()
            .map(|row| Ok((OrderSeq(row.get_i64("seq")?), MallOrderId(row.get_str("mall_order_id")?))))
            .collect()
    }

    /// Writes of a shop that wait in the outbox, oldest first, at most `limit`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn waiting_writes(&self, shop: ShopId, limit: i64) -> Result<Vec<WaitingWrite>, StoreError> {
        let rows = self.db.fetch_all(&WAITING, args![shop.0, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(WaitingWrite {
                    kind: row.get_str("kind")?,
                    seq: OrderSeq(row.get_i64("seq")?),
                    mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
                    since: UtcMillis(row.get_i64("created_at")?),
                })
            })
            .collect()
    }
}
