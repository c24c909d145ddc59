//! What still waits to be written to the malls, by shop and kind, and how fast it goes.

use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::{Arg, sql};
use domain::time::DAY;
use domain::{ShopId, UtcMillis};
use std::collections::BTreeMap;

sql! {
    /// Open wishes; those with a step that was not sent yet are waiting, the others wait for the mall.
    OPEN("SELECT b.shop_id AS shop_id, b.kind AS kind, COUNT(*) AS n, MIN(b.created_at) AS first_at, \
          SUM(CASE WHEN EXISTS (SELECT 1 FROM outbox_steps s WHERE s.outbox_id = b.id AND s.state = 'ready') THEN 1 ELSE 0 END) AS waiting \
          FROM outbox b WHERE b.state = 'open' AND ($1 OR b.shop_id" [in_ints "$2"] ") GROUP BY b.shop_id, b.kind ORDER BY b.shop_id, b.kind");
    /// Wishes of the last day that ended lately.
    ENDED("SELECT shop_id, kind, COUNT(*) AS n FROM outbox WHERE created_at >= $1 AND finished_at >= $2 GROUP BY shop_id, kind");
}

/// The queue of a shop and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Shop.
    pub shop_id: ShopId,
    /// Kind, as stored.
    pub kind: String,
    /// Orders that wait for their turn.
    pub waiting: i64,
    /// Orders that were sent and wait for the mall's word.
    pub asked: i64,
    /// The oldest wish.
    pub first_at: UtcMillis,
    /// Orders that ended since the asked time.
    pub ended: i64,
}

impl Ledger {
    /// Queues that are not empty, with how many orders of each ended since then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn write_queues(&self, access: &Access, since: UtcMillis) -> Result<Vec<Queue>, StoreError> {
        let args: Vec<Arg> = access.args().to_vec();
        let open = self.db.fetch_all(&OPEN, args).await?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let mut ended = BTreeMap::new();
        for row in self.db.fetch_all(&ENDED, args![since.0 - DAY, since.0]).await? {
            ended.insert((row.get_i64("shop_id")?, row.get_str("kind")?), row.get_i64("n")?);
        }
        open.iter()
            .map(|row| {
                let (shop, kind) = (row.get_i64("shop_id")?, row.get_str("kind")?);
                let waiting = row.get_i64("waiting")?;
                Ok(Queue {
                    shop_id: ShopId(shop),
                    waiting,
                    asked: row.get_i64("n")? - waiting,
                    first_at: UtcMillis(row.get_i64("first_at")?),
                    ended: ended.get(&(shop, kind.clone())).copied().unwrap_or_default(),
                    kind,
                })
            })
            .collect()
    }
}
