//! Row numbers. Given out in blocks, so that sealing (which binds a value to its row) can happen before the
//! transaction begins; a crash leaves gaps, which nobody minds.

use crate::error::StoreError;
use crate::sql::sql;
use crate::{Db, Tx, args};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

sql! {
    /// A block of numbers.
    TAKE([sqlite "UPDATE counters SET next = next + $2 WHERE name = $1 RETURNING next - $2 AS id"]
         [postgres "SELECT nextval(CAST($1 AS regclass)) AS id FROM generate_series(1, CAST($2 AS BIGINT))"]);
}

/// Families of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Shop,
    Order,
    Parcel,
    Request,
    Run,
    Outbox,
    Step,
    Call,
    Credential,
    Quarantine,
}

impl Family {
    fn name(self) -> &'static str {
        match self {
            Family::Shop => "shop_ids",
            Family::Order => "order_ids",
            Family::Parcel => "parcel_ids",
            Family::Request => "request_ids",
            Family::Run => "run_ids",
            Family::Outbox => "outbox_ids",
            Family::Step => "step_ids",
            Family::Call => "call_ids",
            Family::Credential => "credential_ids",
            Family::Quarantine => "quarantine_ids",
        }
    }
}

/// `count` fresh numbers, rising.
pub(crate) async fn take(tx: &mut Tx, family: Family, count: usize) -> Result<Vec<i64>, StoreError> {
    let wanted = i64::try_from(count).unwrap_or(i64::MAX);
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let rows = tx.fetch_all(&TAKE, args![family.name(), wanted]).await?;
    let mut ids = rows.iter().map(|r| r.get_i64("id")).collect::<Result<Vec<_>, _>>()?;
    if let ([first], true) = (ids.as_slice(), wanted > 1) {
        ids = (*first..*first + wanted).collect();
    }
    Ok(ids)
}

/// One fresh number.
pub(crate) async fn take_one(tx: &mut Tx, family: Family) -> Result<i64, StoreError> {
    take(tx, family, 1).await?.first().copied().ok_or_else(|| StoreError::other("no number was given out"))
}

/// Numbers this process holds in reserve, for values that are sealed before their transaction.
#[derive(Default)]
pub(crate) struct Reserve(Mutex<BTreeMap<Family, Vec<i64>>>);

/// Large enough that reserving costs nothing per page, small enough that gaps stay small.
const BLOCK: usize = 500;

impl Reserve {
    /// `count` fresh numbers, rising.
    pub(crate) async fn take(&self, db: &Db, family: Family, count: usize) -> Result<Vec<i64>, StoreError> {
        if let Some(ids) = self.in_stock(family, count) {
            return Ok(ids);
        }
        let mut tx = db.begin().await?;
        let fresh = take(&mut tx, family, BLOCK.max(count)).await?;
        tx.commit().await?;
        let mut stock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is left of the old block is dropped: numbers of one page rise without a hole inside.
        let held = stock.entry(family).or_default();
        *held = fresh;
        Ok(held.drain(..count).collect())
    }

    fn in_stock(&self, family: Family, count: usize) -> Option<Vec<i64>> {
        let mut stock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = stock.entry(family).or_default();
        (held.len() >= count).then(|| held.drain(..count).collect())
    }
}
