//! ホーム: what waits for a person today, and counts of the last hours and days for its plots. Numbers and reasons only.
//!
//! Every text here is bounded by a time window or by a short index, so that the page costs the same whatever the ledger's size.

use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::json::from_json;
use crate::ledger::Ledger;
use crate::sql::{Arg, sql};
use domain::notice::NoticeState;
use domain::{Reason, ShopId, UtcMillis};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

sql! {
    /// Orders by shop and slot of time in which they were placed; `+ 0` keeps to the one index that holds all that is asked. `$4` is the width of a slot, `$5` its offset.
    PLACED("SELECT shop_id, (ordered_at + $5) / $4 AS slot, COUNT(*) AS n FROM orders \
            WHERE ($1 OR shop_id" [in_ints "$2"] ") AND created_at >= $3 AND ordered_at + 0 >= $3 GROUP BY 1, 2");
    /// How long orders took from being placed to being here, in steps of `$6`, at most `$7` of them, by slot of time in which they came.
    /// Orders from before the shop was connected are no measure of anything.
    LATENESS("SELECT (o.created_at + $5) / $4 AS slot, \
              CASE WHEN (o.created_at - o.ordered_at) / $6 > $7 THEN $7 ELSE (o.created_at - o.ordered_at) / $6 END AS steps, COUNT(*) AS n \
              FROM orders o WHERE ($1 OR o.shop_id" [in_ints "$2"] ") AND o.created_at >= $3 \
              AND o.ordered_at >= (SELECT s.created_at FROM shops s WHERE s.id = o.shop_id) GROUP BY 1, 2");
    /// How wishes ended, by slot of time.
    ENDED("SELECT (finished_at + $5) / $4 AS slot, result, COUNT(*) AS n FROM outbox \
           WHERE ($1 OR shop_id" [in_ints "$2"] ") AND finished_at >= $3 AND result IS NOT NULL GROUP BY 1, 2");
    /// Orders with an 出荷予定日 that are not shipped: today's, and those whose day is over.
    TO_SHIP("SELECT CAST(CASE WHEN ship_on < $3 THEN 1 ELSE 0 END AS BIGINT) AS late, COUNT(*) AS n FROM orders \
             WHERE ($1 OR shop_id" [in_ints "$2"] ") AND ship_on <= $3 AND phase NOT IN ('shipped', 'completed', 'cancelled') GROUP BY 1");
    /// Why wishes failed, newest first.
    REFUSED("SELECT b.id AS id, s.reason AS reason FROM outbox b JOIN outbox_steps s ON s.outbox_id = b.id \
             WHERE ($1 OR b.shop_id" [in_ints "$2"] ") AND b.result IN ('rejected', 'send_failed', 'result_unknown') AND b.created_at >= $3 \
             AND s.state <> 'applied' AND s.reason IS NOT NULL ORDER BY b.created_at DESC LIMIT $4");
    /// Why imports failed.
    RUNS("SELECT id, reason FROM import_runs WHERE ($1 OR shop_id" [in_ints "$2"] ") AND state = 'failed' AND finished_at >= $3 \
          AND reason IS NOT NULL ORDER BY finished_at DESC LIMIT $4");
    /// Why orders could not be read.
    ASIDE("SELECT id, reason FROM quarantine WHERE ($1 OR shop_id" [in_ints "$2"] ") AND state <> 'solved' AND last_seen_at >= $3 LIMIT $4");
    /// Days whose proof of import still misses orders.
    GAPS("SELECT shop_id, MIN(day) AS first, COUNT(*) AS days FROM import_proofs \
          WHERE ($1 OR shop_id" [in_ints "$2"] ") AND day >= $3 AND missing <> " [sqlite "'[]'"] [postgres "CAST('[]' AS JSONB)"] " GROUP BY shop_id ORDER BY shop_id");
    /// Letters that did not go out, or of which nobody knows.
    LETTERS("SELECT COUNT(*) AS n FROM letters WHERE state IN ('failed', 'unclear') AND created_at >= $1");
}

/// Reasons that are read at most for one kind of failure.
const REASONS: i64 = 1_000;

/// A window of time cut into slots of one width. Slots of a day or longer begin at midnight in Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Begin of the first slot.
    pub from: UtcMillis,
    /// Width, milliseconds.
    pub width: i64,
    /// How many.
    pub count: i64,
}

/// Japan is so far ahead, milliseconds.
const JAPAN: i64 = 9 * domain::time::HOUR;

impl Slots {
    /// The last `count` slots of a width up to now, the one under way among them.
    #[must_use]
    pub fn up_to(now: UtcMillis, width: i64, count: i64) -> Self {
        let width = width.max(1);
        let last = (now.0 + JAPAN).div_euclid(width);
        Self { from: UtcMillis((last - count + 1) * width - JAPAN), width, count }
    }

    /// Begins of all slots.
    #[must_use]
    pub fn begins(&self) -> Vec<UtcMillis> {
        (0..self.count).map(|n| self.from.plus(n * self.width)).collect()
    }

    fn args(&self, access: &Access) -> Vec<Arg> {
        let mut list: Vec<Arg> = access.args().to_vec();
        list.extend(args![self.from.0, self.width, JAPAN]);
        list
    }

    /// The place of a slot as the database counts it; what a clock that stepped put elsewhere is left out.
    fn place(&self, slot: i64) -> Option<usize> {
        let first = (self.from.0 + JAPAN).div_euclid(self.width);
        usize::try_from(slot - first).ok().filter(|n| i64::try_from(*n).is_ok_and(|n| n < self.count))
    }
}

/// Orders that shall leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToShip {
    /// Their 出荷予定日 is today.
    pub today: i64,
    /// Their 出荷予定日 is over.
    pub overdue: i64,
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failed {
    /// Telling a mall.
    Notice,
    /// An import.
    Import,
    /// Reading one order.
    Order,
}

/// Failures of one cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// What failed.
    pub what: Failed,
    /// Why.
    pub reason: Reason,
    /// How often.
    pub n: i64,
}

/// A shop with days whose orders are not all here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Shop.
    pub shop_id: ShopId,
    /// The first of these days.
    pub first: String,
    /// How many.
    pub days: i64,
}

/// How long orders took: `steps` of a slot, and how many orders took so many.
pub type Lateness = BTreeMap<i64, i64>;

impl Ledger {
    /// Orders by shop and slot in which they were placed. A shop without any is not there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn orders_placed(
        &self,
        access: &Access,
        slots: &Slots,
    ) -> Result<BTreeMap<ShopId, Vec<i64>>, StoreError> {
        let mut out = BTreeMap::new();
        let length = usize::try_from(slots.count).unwrap_or_default();
        for row in self.db.fetch_all(&PLACED, slots.args(access)).await? {
            let shop: &mut Vec<i64> =
                out.entry(ShopId(row.get_i64("shop_id")?)).or_insert_with(|| vec![0; length]);
            if let Some(slot) = slots.place(row.get_i64("slot")?).and_then(|n| shop.get_mut(n)) {
                *slot += row.get_i64("n")?;
            }
        }
        Ok(out)
    }

    /// For each slot how long the orders that came in it had taken since they were placed, in steps of `step`
    /// milliseconds; what took longer than `most` steps counts as `most`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn lateness(
        &self,
        access: &Access,
        slots: &Slots,
        step: i64,
        most: i64,
    ) -> Result<Vec<Lateness>, StoreError> {
        let mut out = vec![Lateness::new(); usize::try_from(slots.count).unwrap_or_default()];
        let mut args = slots.args(access);
        args.extend(args![step.max(1), most]);
        for row in self.db.fetch_all(&LATENESS, args).await? {
            if let Some(slot) = slots.place(row.get_i64("slot")?).and_then(|n| out.get_mut(n)) {
                // A mall's clock may be ahead of ours.
                *slot.entry(row.get_i64("steps")?.max(0)).or_default() += row.get_i64("n")?;
            }
        }
        Ok(out)
    }

    /// How what was told to malls ended, by slot. What was taken back is not told.
    ///
    /// # Errors
    /// As the database says.
    pub async fn notice_results(
        &self,
        access: &Access,
        slots: &Slots,
    ) -> Result<BTreeMap<NoticeState, Vec<i64>>, StoreError> {
        let mut out = BTreeMap::new();
        let length = usize::try_from(slots.count).unwrap_or_default();
        for row in self.db.fetch_all(&ENDED, slots.args(access)).await? {
            let state = NoticeState::parse(&row.get_str("result")?).filter(|s| *s != NoticeState::NotSent);
            let Some(state) = state else { continue };
            let of: &mut Vec<i64> = out.entry(state).or_insert_with(|| vec![0; length]);
            if let Some(slot) = slots.place(row.get_i64("slot")?).and_then(|n| of.get_mut(n)) {
                *slot += row.get_i64("n")?;
            }
        }
        Ok(out)
    }

    /// Orders that shall leave today, and those that should have left.
    ///
    /// # Errors
    /// As the database says.
    pub async fn to_ship(&self, access: &Access, today: Date) -> Result<ToShip, StoreError> {
        let mut args: Vec<Arg> = access.args().to_vec();
        args.extend(args![today.to_string()]);
        let mut out = ToShip::default();
        for row in self.db.fetch_all(&TO_SHIP, args).await? {
            match row.get_i64("late")? {
                0 => out.today = row.get_i64("n")?,
                _ => out.overdue = row.get_i64("n")?,
            }
        }
        Ok(out)
    }

    /// What failed since a time, by cause, the most frequent first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn causes(&self, access: &Access, from: UtcMillis) -> Result<Vec<Cause>, StoreError> {
        let mut found: BTreeMap<(Failed, String, Option<String>), Cause> = BTreeMap::new();
        for (what, text, table) in [
            (Failed::Notice, &REFUSED, "outbox_steps"),
            (Failed::Import, &RUNS, "import_runs"),
            (Failed::Order, &ASIDE, "quarantine"),
        ] {
            let mut args: Vec<Arg> = access.args().to_vec();
            args.extend(args![from.0, REASONS]);
            // The parcels of one order that failed for one reason are one failure.
            let mut told = BTreeSet::new();
            for row in self.db.fetch_all(text, args).await? {
                let id = row.get_i64("id")?;
                let Some(json) = row.get_opt_json("reason")?.filter(|v| !v.is_null()) else { continue };
                let reason: Reason = from_json(table, "reason", id, json)?;
                let key = (what, reason.code.clone(), reason.mall_code.clone());
                if told.insert((id, key.clone())) {
                    found.entry(key).or_insert(Cause { what, reason, n: 0 }).n += 1;
                }
            }
        }
        let mut out: Vec<Cause> = found.into_values().collect();
        out.sort_by_key(|cause| std::cmp::Reverse(cause.n));
        Ok(out)
    }

    /// Shops with days since `from` whose orders are not all here, as the proof of import says.
    ///
    /// # Errors
    /// As the database says.
    pub async fn import_gaps(&self, access: &Access, from: Date) -> Result<Vec<Gap>, StoreError> {
        let mut args: Vec<Arg> = access.args().to_vec();
        args.extend(args![from.to_string()]);
        let rows = self.db.fetch_all(&GAPS, args).await?;
        rows.iter()
            .map(|row| {
                Ok(Gap {
                    shop_id: ShopId(row.get_i64("shop_id")?),
                    first: row.get_str("first")?,
                    days: row.get_i64("days")?,
                })
            })
            .collect()
    }

    /// Letters since a time that did not go out, or whose answer was lost.
    ///
    /// # Errors
    /// As the database says.
    pub async fn letters_lost(&self, from: UtcMillis) -> Result<i64, StoreError> {
        self.db.fetch_one(&LETTERS, args![from.0]).await?.get_i64("n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::{DAY, HOUR};

    #[test]
    fn slots_of_days_begin_at_midnight_in_japan_and_hold_now() {
        let now = UtcMillis::parse_lenient("2026-11-22 09:05:30").unwrap();
        let days = Slots::up_to(now, DAY, 7);
        assert_eq!(days.from, UtcMillis::parse_lenient("2026-11-16 00:00:00").unwrap());
        assert_eq!(days.begins().len(), 7);
        let hours = Slots::up_to(now, HOUR, 24);
        assert_eq!(hours.begins().last().copied(), UtcMillis::parse_lenient("2026-11-22 09:00:00"));
        assert_eq!(hours.place((now.0 + JAPAN) / HOUR), Some(23));
        assert_eq!(hours.place((now.0 + JAPAN) / HOUR + 1), None, "a clock that stepped");
        assert_eq!(hours.place((now.0 + JAPAN) / HOUR - 24), None);
    }
}
