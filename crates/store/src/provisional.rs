//! 仮伝票 (IMP-14): orders known only from a mail. A number and a shop, nothing else: no order until an import brings it or
//! a person activates it, so nothing can be notified or shipped before.

use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::row::Row;
use crate::sql::sql;
use crate::{Access, Tx};
use domain::{MallOrderId, ShopId, UtcMillis};

sql! {
    /// Known from a mail now; one that the ledger has, or that was settled before, stays as it is. A shop has so many at
    /// most: whoever forges mails fills no disk.
    ADD("INSERT INTO provisional_orders (shop_id, mall_order_id, seen_at, state) \
         SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BIGINT), 'waiting' \
         WHERE NOT EXISTS (SELECT 1 FROM orders WHERE shop_id = $1 AND mall_order_id = $2) \
         AND (SELECT COUNT(*) FROM provisional_orders WHERE shop_id = $1 AND state = 'waiting') < $4 \
         ON CONFLICT (shop_id, mall_order_id) DO NOTHING");
    /// An import brought them.
    FILLED("UPDATE provisional_orders SET state = 'filled', settled_at = $3 WHERE shop_id = $1 AND state = 'waiting' \
            AND mall_order_id" [in_texts "$2"]);
    /// Those that wait. One whose order came while its mail was read is filled, whatever its row says.
    WAITING("SELECT p.shop_id, p.mall_order_id, p.seen_at FROM provisional_orders p WHERE p.state = 'waiting' \
             AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.shop_id = p.shop_id AND o.mall_order_id = p.mall_order_id) \
             ORDER BY p.seen_at, p.mall_order_id LIMIT $1");
    /// A person settled one.
    SETTLE("UPDATE provisional_orders SET state = $3, settled_at = $4 WHERE shop_id = $1 AND mall_order_id = $2 AND state = 'waiting'");
}

/// One shop's 仮伝票 at most.
pub const MOST_WAITING: i64 = 1_000;
/// One that waits longer needs a person (要対応), milliseconds.
pub const LONG_MS: i64 = domain::time::DAY;

/// An order known only from its mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisional {
    /// Shop.
    pub shop_id: ShopId,
    /// The mall's number.
    pub mall_order_id: MallOrderId,
    /// When the mail was read.
    pub seen_at: UtcMillis,
}

impl Provisional {
    /// It has waited so long that a person has to look.
    #[must_use]
    pub fn is_old(&self, now: UtcMillis) -> bool {
        now.since(self.seen_at) > LONG_MS
    }
}

fn provisional(row: &Row) -> Result<Provisional, StoreError> {
    Ok(Provisional {
        shop_id: ShopId(row.get_i64("shop_id")?),
        mall_order_id: MallOrderId(row.get_str("mall_order_id")?),
        seen_at: UtcMillis(row.get_i64("seen_at")?),
    })
}

/// Orders that are there now, in the transaction that stores them.
pub(crate) async fn filled(
    tx: &mut Tx,
    shop: ShopId,
    numbers: Vec<String>,
    now: UtcMillis,
) -> Result<(), StoreError> {
    if numbers.is_empty() {
        return Ok(());
    }
    tx.exec(&FILLED, args![shop.0, numbers, now.0]).await.map(drop)
}

/// `true`: it waited and does so no more.
pub(crate) async fn settle(
    tx: &mut Tx,
    of: &Provisional,
    state: &str,
    now: UtcMillis,
) -> Result<bool, StoreError> {
    Ok(tx.exec(&SETTLE, args![of.shop_id.0, of.mall_order_id.as_str(), state, now.0]).await? == 1)
}

impl Ledger {
    /// Notes an order known only from its mail; `false` when the ledger has it, or it was noted before.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_provisional(
        &self,
        shop: ShopId,
        number: &str,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let new = tx.exec(&ADD, args![shop.0, number, now.0, MOST_WAITING]).await? == 1;
        tx.commit().await?;
        Ok(new)
    }

    /// 仮伝票 that wait, of the shops that may be seen, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn waiting_provisional(
        &self,
        access: &Access,
        limit: i64,
    ) -> Result<Vec<Provisional>, StoreError> {
        let rows = self.db.fetch_all(&WAITING, args![limit]).await?;
        let mut found = rows.iter().map(provisional).collect::<Result<Vec<_>, _>>()?;
        found.retain(|p| access.sees(p.shop_id));
        Ok(found)
    }

    /// Drops one (取り消す): a mail that was wrong, or an order the mall does not have. It is not noted again.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_provisional(&self, of: &Provisional, now: UtcMillis) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = settle(&mut tx, of, "dropped", now).await?;
        tx.commit().await?;
        Ok(done)
    }
}
