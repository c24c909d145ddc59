//! Lanes: who may talk to a mall with one pacing key, proven by a fence that only ever rises.
//!
//! Whether an owner is dead is judged by the caller (its beat did not change for a while on the caller's own
//! monotonic clock); this module only makes sure that one fence has one owner, and that every write made under
//! an older fence is refused.

use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Tx, args};
use domain::{ShopId, UtcMillis};
use std::collections::BTreeMap;

sql! {
    /// Make a lane known.
    ENSURE("INSERT INTO lanes (lane_key, mall, owner, host, beat, fence, held_until) VALUES ($1, $2, NULL, NULL, 0, 0, 0) \
            ON CONFLICT (lane_key) DO NOTHING");
    /// All lanes of shops in use.
    LIST("SELECT lane_key, mall, owner, host, beat, fence, held_until FROM lanes WHERE lane_key IN \
          (SELECT lane_key FROM shops WHERE state = 'active') \
          OR lane_key IN (SELECT lane_key FROM requests WHERE state IN ('queued', 'running')) ORDER BY lane_key");
    /// Take a lane whose fence is still the one that was looked at.
    CLAIM("UPDATE lanes SET owner = $2, host = $3, beat = beat + 1, fence = fence + 1 WHERE lane_key = $1 AND fence = $4 \
           RETURNING fence");
    /// Show that the owner lives.
    BEAT("UPDATE lanes SET beat = beat + 1 WHERE lane_key = $1 AND owner = $2 AND fence = $3");
    /// Give a lane up.
    RELEASE("UPDATE lanes SET owner = NULL, host = NULL WHERE lane_key = $1 AND owner = $2 AND fence = $3");
    /// Is it still ours? PostgreSQL: a takeover waits for the transaction that asked.
    GUARD("SELECT 1 AS held FROM lanes WHERE lane_key = $1 AND owner = $2 AND fence = $3" [postgres " FOR SHARE"]);
    /// Nothing is sent before this time.
    HELD("UPDATE lanes SET held_until = $4 WHERE lane_key = $1 AND owner = $2 AND fence = $3");
    /// Next turns of a lane.
    TATS("SELECT bucket, tat FROM lane_buckets WHERE lane_key = $1");
    /// Store a bucket's next turn.
    SET_TAT("INSERT INTO lane_buckets (lane_key, bucket, tat) VALUES ($1, $2, $3) \
             ON CONFLICT (lane_key, bucket) DO UPDATE SET tat = excluded.tat");
    /// Calls of the day, and the mall's clock.
    DAY("SELECT day, calls, skew_ms, skew_at FROM lane_days WHERE lane_key = $1");
    /// Store them.
    SET_DAY("INSERT INTO lane_days (lane_key, day, calls, skew_ms, skew_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (lane_key) \
             DO UPDATE SET day = excluded.day, calls = excluded.calls, skew_ms = COALESCE(excluded.skew_ms, lane_days.skew_ms), \
             skew_at = COALESCE(excluded.skew_at, lane_days.skew_at)");
    /// Clocks of the malls, as lanes in use measured them.
    SKEWS("SELECT lane_key, skew_ms, skew_at FROM lane_days WHERE skew_ms IS NOT NULL AND lane_key IN \
           (SELECT lane_key FROM shops WHERE state = 'active') ORDER BY lane_key");
    /// The lane a shop is worked in, until the transaction ends.
    LANE_OF("SELECT lane_key FROM shops WHERE id = $1" [postgres " FOR SHARE"]);
}

/// What a lane's calls of a day add up to, and how far the mall's clock was from ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneDay {
    /// Day in Japan, `YYYY-MM-DD`; empty = none yet.
    pub day: String,
    /// Calls of that day.
    pub calls: i64,
    /// The mall's clock minus ours, milliseconds, and when it was measured.
    pub skew: Option<(i64, UtcMillis)>,
}

/// One lane as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneRow {
    /// Key.
    pub lane_key: String,
    /// Mall.
    pub mall: String,
    /// Owner's id; `None` = free.
    pub owner: Option<String>,
    /// Where the owner runs, in a form that lets a neighbour see whether it is dead.
    pub host: Option<String>,
    /// Rises while the owner lives.
    pub beat: i64,
    /// Rises with each change of owner.
    pub fence: i64,
    /// Nothing is sent before this time.
    pub held_until: UtcMillis,
}

/// Proof of ownership, named by every write of the lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneGuard {
    /// Lane.
    pub lane_key: String,
    /// Owner.
    pub owner: String,
    /// Fence it was taken with.
    pub fence: i64,
}

pub(crate) async fn ensure(tx: &mut Tx, lane_key: &str, mall: &str) -> Result<(), StoreError> {
    tx.exec(&ENSURE, args![lane_key, mall]).await.map(drop)
}

/// Refuses when the lane was taken over. Called first in every transaction of a lane.
pub(crate) async fn check(tx: &mut Tx, guard: &LaneGuard) -> Result<(), StoreError> {
    let held = tx.fetch_optional(&GUARD, args![&guard.lane_key, &guard.owner, guard.fence]).await?;
    held.map(drop).ok_or(StoreError::LaneLost)
}

/// Refuses when the shop has been moved to another lane: what is done for it must be done there.
pub(crate) async fn check_shop(tx: &mut Tx, guard: &LaneGuard, shop: ShopId) -> Result<(), StoreError> {
    if lane_of(tx, shop).await?.as_deref() == Some(guard.lane_key.as_str()) {
        return Ok(());
    }
    Err(StoreError::Conflict { what: format!("shop {shop} is worked in another lane") })
}

/// The lane a shop is worked in; it is not moved before the transaction ends.
pub(crate) async fn lane_of(tx: &mut Tx, shop: ShopId) -> Result<Option<String>, StoreError> {
    tx.fetch_optional(&LANE_OF, args![shop.0]).await?.map(|row| row.get_str("lane_key")).transpose()
}

fn skew(row: &crate::Row) -> Result<Option<(i64, UtcMillis)>, StoreError> {
    let at = row.get_opt_i64("skew_at")?;
    Ok(row.get_opt_i64("skew_ms")?.zip(at).map(|(ms, at)| (ms, UtcMillis(at))))
}

impl Ledger {
    /// Lanes of the shops in use, and those something is asked of (a shop switched off meanwhile): whoever asked is
    /// answered.
    ///
    /// # Errors
    /// As the database says.
    pub async fn lanes(&self) -> Result<Vec<LaneRow>, StoreError> {
        let rows = self.db.fetch_all(&LIST, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(LaneRow {
                    lane_key: row.get_str("lane_key")?,
                    mall: row.get_str("mall")?,
                    owner: row.get_opt_str("owner")?,
                    host: row.get_opt_str("host")?,
                    beat: row.get_i64("beat")?,
                    fence: row.get_i64("fence")?,
                    held_until: UtcMillis(row.get_i64("held_until")?),
                })
            })
            .collect()
    }

    /// Takes a lane if its fence is still `seen_fence`. `None`: somebody else was faster.
    ///
    /// # Errors
    /// As the database says.
    pub async fn claim_lane(
        &self,
        lane_key: &str,
        owner: &str,
        host: &str,
        seen_fence: i64,
    ) -> Result<Option<LaneGuard>, StoreError> {
        let mut tx = self.db.begin().await?;
        let row = tx.fetch_optional(&CLAIM, args![lane_key, owner, host, seen_fence]).await?;
        let guard = row
            .map(|row| {
                Ok::<_, StoreError>(LaneGuard {
                    lane_key: lane_key.to_owned(),
                    owner: owner.to_owned(),
                    fence: row.get_i64("fence")?,
                })
            })
            .transpose()?;
        tx.commit().await?;
        Ok(guard)
    }

    /// Shows that the owner lives.
    ///
    /// # Errors
    /// `LaneLost` when it no longer is the owner.
    pub async fn beat_lane(&self, guard: &LaneGuard) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&BEAT, args![&guard.lane_key, &guard.owner, guard.fence]).await?;
        tx.commit().await?;
        if done == 1 { Ok(()) } else { Err(StoreError::LaneLost) }
    }

    /// Gives a lane up, so that the next owner need not wait. Nothing happens when it is not ours any more.
    ///
    /// # Errors
    /// As the database says.
    pub async fn release_lane(&self, guard: &LaneGuard) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&RELEASE, args![&guard.lane_key, &guard.owner, guard.fence]).await?;
        tx.commit().await
    }

    /// Nothing is sent on the lane before `until`.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn hold_lane(&self, guard: &LaneGuard, until: UtcMillis) -> Result<(), StoreError> {
        // One statement: asking first with a shared lock and changing then would let two of them wait for each other.
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&HELD, args![&guard.lane_key, &guard.owner, guard.fence, until.0]).await?;
        tx.commit().await?;
        if done == 1 { Ok(()) } else { Err(StoreError::LaneLost) }
    }

    /// Theoretical arrival times by bucket, so that a restart or a takeover spends no burst it does not have.
    ///
    /// # Errors
    /// As the database says.
    pub async fn lane_tats(&self, lane_key: &str) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows = self.db.fetch_all(&TATS, args![lane_key]).await?;
        rows.iter().map(|row| Ok((row.get_str("bucket")?, row.get_i64("tat")?))).collect()
    }

    /// Stores a bucket's next turn, before the call that takes it is sent; with it, where there is something to tell,
    /// the calls of the day and the mall's clock. A clock that is not told stays as it was.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn set_lane_tat(
        &self,
        guard: &LaneGuard,
        bucket: &str,
        tat: i64,
        day: Option<&LaneDay>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        check(&mut tx, guard).await?;
        tx.exec(&SET_TAT, args![&guard.lane_key, bucket, tat]).await?;
        if let Some(day) = day {
            let (ms, at) = (day.skew.map(|(ms, _)| ms), day.skew.map(|(_, at)| at.0));
            tx.exec(&SET_DAY, args![&guard.lane_key, &day.day, day.calls, ms, at]).await?;
        }
        tx.commit().await
    }

    /// Calls of the lane's day as stored last.
    ///
    /// # Errors
    /// As the database says.
    pub async fn lane_day(&self, lane_key: &str) -> Result<LaneDay, StoreError> {
        let row = self.db.fetch_optional(&DAY, args![lane_key]).await?;
        row.map_or(Ok(LaneDay::default()), |row| {
            Ok(LaneDay { day: row.get_str("day")?, calls: row.get_i64("calls")?, skew: skew(&row)? })
        })
    }

    /// How far the malls' clocks are from ours, by lane: milliseconds and when they were measured.
    ///
    /// # Errors
    /// As the database says.
    pub async fn lane_skews(&self) -> Result<Vec<(String, i64, UtcMillis)>, StoreError> {
        let rows = self.db.fetch_all(&SKEWS, args![]).await?;
        let mut out = Vec::new();
        for row in &rows {
            if let Some((ms, at)) = skew(row)? {
                out.push((row.get_str("lane_key")?, ms, at));
            }
        }
        Ok(out)
    }
}
