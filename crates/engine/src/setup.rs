//! Connecting a shop: what the Descriptor says must be true before anything is stored.

use mall_api::descriptor::{CredentialField, CredentialRule, CredentialSource, Descriptor};
use std::collections::BTreeMap;
use store::{Ledger, StoreError};

/// Something that does not fit, by the key of the field. Never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Key of the credential or setting.
    pub key: String,
    /// What is wrong, Japanese.
    pub ja: String,
    /// The same in English.
    pub en: String,
}

fn problem(key: &str, ja: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem { key: key.to_owned(), ja: ja.into(), en: en.into() }
}

/// Credentials a person may enter; what the lane renews by itself is not among them.
pub fn enterable(descriptor: &Descriptor) -> impl Iterator<Item = &CredentialField> {
    descriptor.credentials.iter().filter(|c| c.source != CredentialSource::Renewed)
}

/// Checks credentials against the Descriptor: known keys, the form of each, both-or-neither together with those that
/// are `there` already.
pub fn check_credentials(
    descriptor: &Descriptor,
    given: &BTreeMap<String, String>,
    there: &[String],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in given {
        match enterable(descriptor).find(|c| c.key == key) {
            None => {
                let keys: Vec<&str> = enterable(descriptor).map(|c| c.key).collect();
                let keys = keys.join(", ");
                problems.push(problem(
                    key,
                    format!("このモールにその認証情報はありません（{keys}）"),
                    format!("is not a credential of this mall ({keys})"),
                ));
            }
            Some(field) => {
                if let Err(ja) = (field.check)(value) {
                    problems.push(problem(key, ja, "has the wrong form"));
                }
            }
        }
    }
    let has = |key: &str| given.contains_key(key) || there.iter().any(|k| k == key);
    for rule in &descriptor.credential_rules {
        let CredentialRule::BothOrNeither(one, other) = *rule;
        if has(one) != has(other) {
            problems.push(problem(
                if has(one) { other } else { one },
                format!("{one} と {other} は両方登録するか、両方空にしてください"),
                format!("{one} and {other} go together: both or neither"),
            ));
        }
    }
    problems
}

/// Checks settings a shop begins with: known keys, the form of each, and that none that must be given is missing.
pub fn check_settings(descriptor: &Descriptor, given: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in given {
        match descriptor.settings.iter().find(|f| f.key == key) {
            None => {
                problems.push(problem(key, "そのような設定はありません", "is not a setting of this mall"))
            }
            Some(field) => {
                if let Err(ja) = (field.check)(value) {
                    problems.push(problem(key, ja, "has a wrong value"));
                }
            }
        }
    }
    for field in descriptor.settings.iter().filter(|f| f.required && !given.contains_key(f.key)) {
        let ja = format!("{}を指定してください。{}", field.label, field.help);
        problems.push(problem(field.key, ja, "must be given"));
    }
    problems
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
