//! Connecting a shop: what the Descriptor says must be true before anything is stored.

use mall_api::descriptor::{CredentialRule, Descriptor};
use std::collections::BTreeMap;
use store::{Ledger, StoreError};

/// Checks credentials against the Descriptor: known keys, the form of each, both-or-neither; with `complete`, also
/// that none is missing. The errors name the field and never repeat a secret.
///
/// # Errors
/// One Japanese sentence per field that does not fit.
pub fn check_credentials(
    descriptor: &Descriptor,
    given: &BTreeMap<String, String>,
    complete: bool,
) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    for (key, value) in given {
        match descriptor.credentials.iter().find(|c| c.key == key) {
            None => problems.push(format!("{key}：このモールにない認証情報です")),
            Some(field) => {
                if let Err(problem) = (field.check)(value) {
                    problems.push(format!("{}（{key}）：{problem}", field.label));
                }
            }
        }
    }
    for rule in &descriptor.credential_rules {
        let CredentialRule::BothOrNeither(a, b) = rule;
        if given.contains_key(*a) != given.contains_key(*b) {
            problems.push(format!("{a} と {b} は両方必要です（両方とも空にすることはできます）"));
        }
    }
    if complete {
        let missing = descriptor.credentials.iter().filter(|c| c.required && !given.contains_key(c.key));
        problems.extend(missing.map(|c| format!("{}（{}）が登録されていません", c.label, c.key)));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Gives a new shop the rows of 紐付け設定 its mall proposes (NTF-11). What is there stays.
///
/// # Errors
/// As the database says.
pub async fn seed_status_links(
    ledger: &Ledger,
    shop: domain::ShopId,
    descriptor: &Descriptor,
) -> Result<(), StoreError> {
    let row = |seed: &mall_api::descriptor::StatusLinkSeed| domain::link::StatusLink {
        shop_id: shop,
        phase: seed.phase.into(),
        status: seed.status.to_owned(),
        on: seed.on,
    };
    let rows: Vec<_> = descriptor.status_links.iter().map(row).collect();
    ledger.seed_status_links(&rows).await
}

/// Adds the mall's carriers and codes to the master list. What people changed stays.
///
/// # Errors
/// As the database says.
pub async fn merge_carriers(ledger: &Ledger, descriptor: &Descriptor) -> Result<(), StoreError> {
    let mut known: BTreeMap<_, _> =
        ledger.carriers().await?.into_iter().map(|c| (c.carrier.0.clone(), c)).collect();
    for seed in &descriptor.carriers {
        let carrier = known
            .entry(seed.carrier.to_owned())
            .or_insert_with(|| domain::carrier::Carrier::new(seed.carrier, seed.name));
        if !carrier.mall_codes.contains_key(descriptor.mall) {
            carrier.mall_codes.insert(descriptor.mall.to_owned(), seed.code.to_owned());
            ledger.put_carrier(carrier).await?;
        }
    }
    Ok(())
}
