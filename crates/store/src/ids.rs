//! Row numbers. Given out in blocks, so that sealing (which binds a value to its row) can happen before the
//! transaction begins; a crash leaves gaps, which nobody minds.

use crate::error::StoreError;
use crate::sql::sql;
use crate::{Db, Tx, args};
use std::collections::BTreeMap;
use tokio::sync::Mutex;

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
    RequestFile,
    ShipmentFile,
    Group,
    User,
    ApiToken,
    View,
    Job,
    Note,
    Letter,
    Listener,
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
            Family::RequestFile => "request_file_ids",
            Family::ShipmentFile => "shipment_file_ids",
            Family::Group => "group_ids",
            Family::User => "user_ids",
            Family::ApiToken => "api_token_ids",
            Family::View => "view_ids",
            Family::Job => "job_ids",
            Family::Note => "note_ids",
            Family::Letter => "letter_ids",
            Family::Listener => "listener_ids",
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

/// Reserving this many costs little per page, and what a stopped process leaves unused is a small hole.
const BLOCK: usize = 100;

impl Reserve {
    /// `count` fresh numbers, rising. Holes are left only by processes that stop.
    pub(crate) async fn take(&self, db: &Db, family: Family, count: usize) -> Result<Vec<i64>, StoreError> {
        // Held while more are fetched: two lanes that run out together must not both throw a block away.
        let mut stock = self.0.lock().await;
        let held = stock.entry(family).or_default();
        if held.len() < count {
            let mut tx = db.begin().await?;
            let fresh = take(&mut tx, family, BLOCK.max(count - held.len())).await?;
            tx.commit().await?;
            held.extend(fresh);
        }
        Ok(held.drain(..count).collect())
    }
}
