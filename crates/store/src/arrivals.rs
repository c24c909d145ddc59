//! How orders come in: how often at which hour, how long after their placing they are seen here, and the waiting room
//! (自動受注取込) they wait in.

use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::orders::{MoveOptions, Moved};
use crate::sql::sql;
use domain::history::By;
use domain::phase::{INBOX, NEW};
use domain::time::DAY;
use domain::{OrderSeq, PhaseKey, ShopId, UtcMillis};

sql! {
    /// Orders of a shop by the hour of the day in Japan.
    BY_HOUR("SELECT ((ordered_at + 32400000) / 3600000) % 24 AS hour, COUNT(*) AS orders, MIN(ordered_at) AS first_at FROM orders \
             WHERE ordered_at >= $2 AND shop_id = $1 GROUP BY ((ordered_at + 32400000) / 3600000) % 24");
    /// From placed to seen here, by shop and stretch of time: median and 95 of 100.
    FRESHNESS("SELECT shop_id, bucket, n, MAX(CASE WHEN place = (n + 1) / 2 THEN waited END) AS median, \
               MAX(CASE WHEN place = (n * 95 + 99) / 100 THEN waited END) AS p95 FROM \
               (SELECT shop_id, (ordered_at - $1) / $2 AS bucket, created_at - ordered_at AS waited, \
                ROW_NUMBER() OVER (PARTITION BY shop_id, (ordered_at - $1) / $2 ORDER BY created_at - ordered_at) AS place, \
                COUNT(*) OVER (PARTITION BY shop_id, (ordered_at - $1) / $2) AS n \
                FROM orders WHERE ordered_at >= $1 AND ordered_at < $3 AND source IN ('api', 'api_csv') \
                AND created_at - ordered_at < $4) AS waits \
               GROUP BY shop_id, bucket, n ORDER BY shop_id, bucket");
    /// Orders of a shop in the waiting room.
    WAITING("SELECT seq FROM orders WHERE phase = $2 AND shop_id = $1 AND seq > $3 ORDER BY seq LIMIT $4");
}

/// Orders moved in one transaction.
const TOGETHER: i64 = 200;
/// What came in later than this was fetched from the past by hand and says nothing of how fresh imports are.
const BACKFILL_MS: i64 = 3 * DAY;

/// How often a shop's orders came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByHour {
    /// Orders by the hour of the day in Japan.
    pub per_hour: [i64; 24],
    /// 注文日時 of the first one counted.
    pub first_at: Option<UtcMillis>,
}

/// How long orders of a stretch of time took from their placing until they were seen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Whose.
    pub shop_id: ShopId,
    /// Which stretch, from 0.
    pub stretch: i64,
    /// Orders.
    pub orders: i64,
    /// Half of them took at most so long, milliseconds.
    pub median_ms: i64,
    /// 95 of 100 took at most so long, milliseconds.
    pub p95_ms: i64,
}

impl Ledger {
    /// Orders of a shop placed since `since`, by the hour of the day.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_by_hour(&self, shop: ShopId, since: UtcMillis) -> Result<ByHour, StoreError> {
        let mut found = ByHour::default();
        for row in self.db.fetch_all(&BY_HOUR, args![shop.0, since.0]).await? {
            let first = UtcMillis(row.get_i64("first_at")?);
            found.first_at = Some(found.first_at.map_or(first, |at| at.min(first)));
            let hour = usize::try_from(row.get_i64("hour")?).unwrap_or(usize::MAX);
            if let Some(orders) = found.per_hour.get_mut(hour) {
                *orders = row.get_i64("orders")?;
            }
        }
        Ok(found)
    }

    /// How long orders that imports brought took until they were seen here: those placed in `from..to`, in stretches of
    /// `stretch_ms`. A stretch without orders is missing.
    ///
    /// # Errors
    /// As the database says.
    pub async fn freshness(
        &self,
        (from, to): (UtcMillis, UtcMillis),
        stretch_ms: i64,
    ) -> Result<Vec<Freshness>, StoreError> {
        let values = args![from.0, stretch_ms.max(1), to.0, BACKFILL_MS];
        let rows = self.db.fetch_all(&FRESHNESS, values).await?;
        rows.iter()
            .map(|row| {
                Ok(Freshness {
                    shop_id: ShopId(row.get_i64("shop_id")?),
                    stretch: row.get_i64("bucket")?,
                    orders: row.get_i64("n")?,
                    median_ms: row.get_i64("median")?,
                    p95_ms: row.get_i64("p95")?,
                })
            })
            .collect()
    }

    /// 受注取込: moves a shop's orders that wait in 自動受注取込 to 新規受付, each judged like any other move. The mall is not
    /// asked. What may not move stays, with its reason.
    ///
    /// # Errors
    /// As the database says.
    pub async fn take_in(&self, shop: ShopId, by: &By, now: UtcMillis) -> Result<Moved, StoreError> {
        let (mut all, mut after) = (Moved::default(), 0);
        loop {
            let rows = self.db.fetch_all(&WAITING, args![shop.0, INBOX, after, TOGETHER]).await?;
            let seqs = rows.iter().map(|r| r.get_i64("seq").map(OrderSeq)).collect::<Result<Vec<_>, _>>()?;
            let Some(last) = seqs.last() else { return Ok(all) };
            after = last.0;
            let moved =
                self.move_orders(&seqs, &PhaseKey::from(NEW), MoveOptions::default(), by, now).await?;
            all.done.extend(moved.done);
            all.refused.extend(moved.refused);
        }
    }
}
