//! 取込の証明: per shop and day, what the mall lists against what the ledger has, by numbers.

use crate::args;
use crate::error::StoreError;
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Row, Tx};
use domain::{MallOrderId, ShopId, UtcMillis};
use std::collections::BTreeSet;

sql! {
    /// Of these numbers, those the ledger has.
    HELD("SELECT mall_order_id FROM orders WHERE shop_id = $1 AND mall_order_id" [in_texts "$2"]);
    /// Of these numbers, those an import left out because of their status.
    LEFT_OUT("SELECT DISTINCT n.mall_order_id AS mall_order_id FROM import_notes n JOIN import_runs r ON r.id = n.run_id WHERE r.shop_id = $1 \
              AND n.kind = 'left_out' AND n.mall_order_id" [in_texts "$2"]);
    /// Orders of a day that the ledger has and that are not among these numbers. Children of a split are no orders of the mall.
    BEYOND("SELECT COUNT(*) AS n FROM orders WHERE shop_id = $1 AND ordered_at >= $2 AND ordered_at < $3 AND order_grouping <> 'split_child' \
            AND NOT (mall_order_id" [in_texts "$4"] ")");
    /// Store a proof. What earlier proofs filled stays told.
    PUT("INSERT INTO import_proofs (shop_id, day, listed, held, left_out, filled, beyond, missing, checked_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8) ON CONFLICT (shop_id, day) DO UPDATE SET listed = excluded.listed, held = excluded.held, \
         left_out = excluded.left_out, beyond = excluded.beyond, missing = excluded.missing, checked_at = excluded.checked_at");
    /// What was missing came in, or its reason is known.
    SETTLE("UPDATE import_proofs SET held = held + $3, left_out = left_out + $4, filled = filled + $3, missing = $5 WHERE shop_id = $1 AND day = $2");
    /// One proof.
    ONE("SELECT * FROM import_proofs WHERE shop_id = $1 AND day = $2" [postgres " FOR UPDATE"]);
    /// Proofs of a shop from a day to a day.
    LIST("SELECT * FROM import_proofs WHERE shop_id = $1 AND day >= $2 AND day <= $3 ORDER BY day");
    /// Proofs of a shop that still miss something.
    SHORT("SELECT * FROM import_proofs WHERE shop_id = $1 AND missing <> $2 ORDER BY day DESC LIMIT 40");
    /// Automatic imports that had to look back further than usual: before them was an outage.
    OUTAGES("SELECT period_from, period_to, finished_at FROM import_runs WHERE shop_id = $1 AND import_trigger = 'auto' \
             AND state IN ('succeeded', 'partial') AND finished_at >= $2 AND period_to - period_from > $3 ORDER BY id");
    /// Since when orders of a shop come by themselves.
    FIRST("SELECT MIN(period_from) AS at FROM import_runs WHERE shop_id = $1 AND state IN ('succeeded', 'partial') AND import_trigger = 'auto'");
}

/// What a proof found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Proof {
    /// Shop.
    pub shop_id: ShopId,
    /// Calendar day in Japan, `YYYY-MM-DD`.
    pub day: String,
    /// Orders the mall lists.
    pub listed: i64,
    /// Of those, in the ledger.
    pub held: i64,
    /// Of those, in a status the shop does not fetch.
    pub left_out: i64,
    /// Came in because a proof found them missing.
    pub filled: i64,
    /// Of that day in the ledger, and no longer listed by the mall.
    pub beyond: i64,
    /// Listed, and neither in the ledger nor left out.
    pub missing: Vec<MallOrderId>,
    /// When the mall was asked.
    pub checked_at: UtcMillis,
}

/// A time in which nothing was brought in, with the end of the import that made up for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// From.
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
    /// Made up for.
    pub ended_at: UtcMillis,
}

fn proof(row: &Row) -> Result<Proof, StoreError> {
    let (shop, day) = (row.get_i64("shop_id")?, row.get_str("day")?);
    Ok(Proof {
        shop_id: ShopId(shop),
        listed: row.get_i64("listed")?,
        held: row.get_i64("held")?,
        left_out: row.get_i64("left_out")?,
        filled: row.get_i64("filled")?,
        beyond: row.get_i64("beyond")?,
        missing: from_json("import_proofs", "missing", format!("{shop} {day}"), row.get_json("missing")?)?,
        checked_at: UtcMillis(row.get_i64("checked_at")?),
        day,
    })
}

fn texts(ids: &[MallOrderId]) -> Vec<String> {
    ids.iter().map(|id| id.0.clone()).collect()
}

async fn numbers(
    tx: &mut Tx,
    sql: &crate::Sql,
    shop: ShopId,
    ids: &[MallOrderId],
) -> Result<BTreeSet<MallOrderId>, StoreError> {
    let rows = tx.fetch_all(sql, args![shop.0, texts(ids)]).await?;
    rows.iter().map(|row| Ok(MallOrderId(row.get_str("mall_order_id")?))).collect()
}

/// Of `ids`: how many are in the ledger, how many were left out, and the rest.
async fn sorted(
    tx: &mut Tx,
    shop: ShopId,
    ids: &[MallOrderId],
) -> Result<(i64, i64, Vec<MallOrderId>), StoreError> {
    let held = numbers(tx, &HELD, shop, ids).await?;
    let rest: Vec<MallOrderId> = ids.iter().filter(|id| !held.contains(id)).cloned().collect();
    let left_out = match rest.is_empty() {
        true => BTreeSet::new(),
        false => numbers(tx, &LEFT_OUT, shop, &rest).await?,
    };
    let missing: Vec<MallOrderId> = rest.into_iter().filter(|id| !left_out.contains(id)).collect();
    let count = |set: &BTreeSet<MallOrderId>| i64::try_from(set.len()).unwrap_or(i64::MAX);
    Ok((count(&held), count(&left_out), missing))
}

impl Ledger {
    /// Compares what the mall lists for a day (each number once) with the ledger and stores the proof.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn prove_day(
        &self,
        guard: &LaneGuard,
        shop: ShopId,
        (day, from, to): (&str, UtcMillis, UtcMillis),
        listed: &[MallOrderId],
        now: UtcMillis,
    ) -> Result<Vec<MallOrderId>, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let (held, left_out, missing) = sorted(&mut tx, shop, listed).await?;
        let beyond = tx.fetch_one(&BEYOND, args![shop.0, from.0, to.0, texts(listed)]).await?.get_i64("n")?;
        let count = i64::try_from(listed.len()).unwrap_or(i64::MAX);
        let args = args![shop.0, day, count, held, left_out, beyond, to_json(&missing)?, now.0];
        tx.exec(&PUT, args).await?;
        tx.commit().await?;
        Ok(missing)
    }

    /// After the missing orders of a day were asked for: counts those that came in and those that were left out.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn settle_proof(&self, guard: &LaneGuard, shop: ShopId, day: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let Some(row) = tx.fetch_optional(&ONE, args![shop.0, day]).await? else { return Ok(()) };
        let before = proof(&row)?;
        if before.missing.is_empty() {
            return Ok(());
        }
        let (held, left_out, missing) = sorted(&mut tx, shop, &before.missing).await?;
        if held + left_out > 0 {
            tx.exec(&SETTLE, args![shop.0, day, held, left_out, to_json(&missing)?]).await?;
        }
        tx.commit().await
    }

    /// Proofs of a shop, both days (`YYYY-MM-DD`) included.
    ///
    /// # Errors
    /// As the database says.
    pub async fn proofs(&self, shop: ShopId, from: &str, to: &str) -> Result<Vec<Proof>, StoreError> {
        self.db.fetch_all(&LIST, args![shop.0, from, to]).await?.iter().map(proof).collect()
    }

    /// Proofs of a shop that still miss orders, newest day first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn short_proofs(&self, shop: ShopId) -> Result<Vec<Proof>, StoreError> {
        let nothing = to_json(&Vec::<MallOrderId>::new())?;
        self.db.fetch_all(&SHORT, args![shop.0, nothing]).await?.iter().map(proof).collect()
    }

    /// Times without imports that an import which ended after `since` made up for: it had to look back more than
    /// `longer_than` milliseconds.
    ///
    /// # Errors
    /// As the database says.
    pub async fn import_outages(
        &self,
        shop: ShopId,
        since: UtcMillis,
        longer_than: i64,
    ) -> Result<Vec<Outage>, StoreError> {
        let rows = self.db.fetch_all(&OUTAGES, args![shop.0, since.0, longer_than]).await?;
        rows.iter()
            .map(|row| {
                Ok(Outage {
                    from: UtcMillis(row.get_i64("period_from")?),
                    to: UtcMillis(row.get_i64("period_to")?),
                    ended_at: UtcMillis(row.get_i64("finished_at")?),
                })
            })
            .collect()
    }

    /// The earliest time of which orders of a shop came by themselves; `None`: never yet.
    ///
    /// # Errors
    /// As the database says.
    pub async fn imported_since(&self, shop: ShopId) -> Result<Option<UtcMillis>, StoreError> {
        let row = self.db.fetch_one(&FIRST, args![shop.0]).await?;
        Ok(row.get_opt_i64("at")?.map(UtcMillis))
    }
}
