//! A person enters keys. Where the shop's lane is worked by somebody they are put aside and tried with the mall first; the
//! ones that work take the place of the old ones by themselves. Where nobody works the lane, or the shop is not complete yet,
//! there is nothing to try with: they are stored at once, as from a first set-up.

use crate::setup;
use domain::UtcMillis;
use domain::history::By;
use mall_api::{Credentials, Mall};
use std::collections::BTreeMap;
use store::next_credentials::Swap;
use store::shops::NewCredential;
use store::{Ledger, Shop, StoreError};

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// In use.
    Stored,
    /// The lane tries them.
    Waiting,
}

fn new<'a>(
    given: &'a BTreeMap<String, String>,
    ends: &BTreeMap<String, UtcMillis>,
) -> Vec<NewCredential<'a>> {
    let one = |(key, secret): (&'a String, &'a String)| NewCredential {
        credential: key,
        secret,
        expires_at: ends.get(key).copied(),
    };
    given.iter().map(one).collect()
}

/// Takes credentials that were checked by their form, with the ends of life that were told. Whoever runs a hub wakes it then.
///
/// # Errors
/// As [`setup::store_credentials`].
pub async fn enter(
    ledger: &Ledger,
    mall: &dyn Mall,
    shop: Shop,
    given: &BTreeMap<String, String>,
    ends: &BTreeMap<String, UtcMillis>,
    by: &By,
    now: UtcMillis,
) -> Result<Entered, StoreError> {
    let rows = ledger.credential_rows(shop.shop_id).await?;
    let there = |key: &str| given.contains_key(key) || rows.iter().any(|r| r.credential == key);
    let complete = setup::enterable(mall.descriptor()).filter(|f| f.required).all(|f| there(f.key));
    let lanes = ledger.lanes().await?;
    let worked = lanes.iter().any(|l| l.lane_key == shop.lane_key && l.owner.is_some());
    if given.is_empty() || !complete || !worked || shop.state != "active" {
        setup::store_credentials(ledger, mall, shop, given, ends, now).await?;
        return Ok(Entered::Stored);
    }
    ledger.wait_for_credentials(shop.shop_id, &new(given, ends), by, now).await?;
    // Ends of keys that stay as they are.
    let others: BTreeMap<String, UtcMillis> =
        ends.iter().filter(|(key, _)| !given.contains_key(*key)).map(|(k, t)| (k.clone(), *t)).collect();
    if !others.is_empty() {
        setup::store_credentials(ledger, mall, shop, &BTreeMap::new(), &others, now).await?;
    }
    Ok(Entered::Waiting)
}

/// What waits is put in use untried: a person says so, because the mall cannot be reached. `false`: nothing waits.
///
/// # Errors
/// `Conflict` when the shop is to change its lane while something of it is being sent. Else as the database says.
pub async fn store_anyway(
    ledger: &Ledger,
    mall: &dyn Mall,
    shop: &Shop,
    by: &By,
    now: UtcMillis,
) -> Result<bool, StoreError> {
    let id = shop.shop_id;
    let waiting = ledger.open_next_credentials(id).await?;
    if waiting.is_empty() {
        return Ok(false);
    }
    let mut all: BTreeMap<String, String> = ledger.open_credentials(id).await?.into_iter().collect();
    all.extend(waiting.iter().map(|(row, secret)| (row.credential.clone(), secret.clone())));
    let lane_key = mall.pacing_key(id, &Credentials::from_pairs(all));
    let given: Vec<NewCredential<'_>> = waiting
        .iter()
        .map(|(row, secret)| NewCredential {
            credential: &row.credential,
            secret,
            expires_at: row.expires_at,
        })
        .collect();
    let ids: Vec<i64> = waiting.iter().map(|(row, _)| row.id).collect();
    let outdated: Vec<&str> = mall.grant().map(|grant| grant.access_key()).into_iter().collect();
    let action = "shop.credentials.untested";
    let swap = Swap { ids: &ids, given: &given, outdated: &outdated, lane_key: &lane_key, by, action };
    ledger.swap_credentials(None, id, &swap, now).await
}
