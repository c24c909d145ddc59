//! What 連休前点検 asks of the tables beside what other rooms tell: how much waits, since when, and what falls into the days.

use crate::Row;
use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::sql;
use domain::{ShopId, UtcMillis};
use jiff::civil::Date;

sql! {
    /// Orders that are not done, by shop and phase. Only phases that are asked for: the done ones are many.
    PENDING("SELECT shop_id, phase, COUNT(*) AS n, MIN(ordered_at) AS oldest, \
             SUM(CASE WHEN ship_on < $2 THEN 1 ELSE 0 END) AS ship_before, \
             SUM(CASE WHEN ship_on >= $2 AND ship_on <= $3 THEN 1 ELSE 0 END) AS ship_within, \
             SUM(CASE WHEN deliver_on >= $2 AND deliver_on <= $3 THEN 1 ELSE 0 END) AS deliver_within \
             FROM orders WHERE phase" [in_texts "$1"] " GROUP BY shop_id, phase ORDER BY shop_id, phase");
    /// Shipped and not told to the mall.
    UNSENT("SELECT shop_id, COUNT(*) AS n FROM orders WHERE phase = 'shipped' AND notice_state = 'not_sent' GROUP BY shop_id ORDER BY shop_id");
    /// Whoever should tell us of new orders and does not.
    LISTENERS("SELECT name, failing_since FROM listeners WHERE state = 'on' AND failing_since IS NOT NULL ORDER BY name");
    /// Letters that did not go out lately.
    LETTERS("SELECT COUNT(*) AS n FROM letters WHERE state IN ('failed', 'unclear') AND created_at >= $1");
}

/// Orders of a shop that are not done, in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Shop.
    pub shop_id: ShopId,
    /// Phase.
    pub phase: String,
    /// How many.
    pub n: i64,
    /// 受注日時 of the oldest.
    pub oldest: UtcMillis,
    /// 出荷予定日 before the days that are asked for.
    pub ship_before: i64,
    /// 出荷予定日 within them.
    pub ship_within: i64,
    /// お届け希望日 within them.
    pub deliver_within: i64,
}

fn pending(row: &Row) -> Result<Pending, StoreError> {
    Ok(Pending {
        shop_id: ShopId(row.get_i64("shop_id")?),
        phase: row.get_str("phase")?,
        n: row.get_i64("n")?,
        oldest: UtcMillis(row.get_i64("oldest")?),
        ship_before: row.get_i64("ship_before")?,
        ship_within: row.get_i64("ship_within")?,
        deliver_within: row.get_i64("deliver_within")?,
    })
}

impl Ledger {
    /// Orders that are in one of these phases, with what falls before and into the days.
    ///
    /// # Errors
    /// As the database says.
    pub async fn pending_orders(
        &self,
        phases: &[String],
        from: Date,
        to: Date,
    ) -> Result<Vec<Pending>, StoreError> {
        let args = args![phases.to_vec(), from.to_string(), to.to_string()];
        self.db.fetch_all(&PENDING, args).await?.iter().map(pending).collect()
    }

    /// Orders in 出荷済み whose mall has not been told, by shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shipped_unsent(&self) -> Result<Vec<(ShopId, i64)>, StoreError> {
        let rows = self.db.fetch_all(&UNSENT, args![]).await?;
        rows.iter().map(|row| Ok((ShopId(row.get_i64("shop_id")?), row.get_i64("n")?))).collect()
    }

    /// Listeners that are on and fail, with since when.
    ///
    /// # Errors
    /// As the database says.
    pub async fn failing_listeners(&self) -> Result<Vec<(String, UtcMillis)>, StoreError> {
        let rows = self.db.fetch_all(&LISTENERS, args![]).await?;
        rows.iter().map(|row| Ok((row.get_str("name")?, UtcMillis(row.get_i64("failing_since")?)))).collect()
    }

    /// How many letters did not go out since then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn failed_letters(&self, since: UtcMillis) -> Result<i64, StoreError> {
        self.db.fetch_one(&LETTERS, args![since.0]).await?.get_i64("n")
    }
}
