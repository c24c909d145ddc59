//! Connecting a shop of the simulated malls the way its owner would: what the simulator shows of a shop is typed into
//! the fields that the mall's Descriptor has, by name. Knows no mall.

use domain::UtcMillis;
use mall_api::{Credentials, Descriptor};
use mallsim::ShopView;
use std::collections::BTreeMap;
use store::{Ledger, Shop};

/// A mall's spelling of a field (`licenseKey`) as Choba writes it (`license_key`).
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// What the owner of a shop would type, sorted by where it goes.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Credentials by key.
    pub credentials: Vec<(String, String)>,
    /// Settings by key.
    pub settings: BTreeMap<String, String>,
}

/// Sorts what the simulator shows of a shop into the fields that the mall has.
pub fn typed(descriptor: &Descriptor, view: &ShopView) -> Typed {
    let mut typed = Typed::default();
    for (name, value) in &view.credentials {
        let key = snake(name);
        if descriptor.credentials.iter().any(|c| c.key == key) {
            typed.credentials.push((key, value.clone()));
        } else if descriptor.settings.iter().any(|s| s.key == key) {
            typed.settings.insert(key, value.clone());
        }
    }
    typed
}

/// Connects a simulated shop to a ledger.
///
/// # Errors
/// As the database says; a mall nobody has an adapter for.
pub async fn shop(
    ledger: &Ledger,
    view: &ShopView,
    name: &str,
    base_url: &str,
    now: UtcMillis,
) -> anyhow::Result<Shop> {
    let mall = malls::by_key(&view.mall).ok_or_else(|| anyhow::anyhow!("no adapter for {}", view.mall))?;
    let descriptor = mall.descriptor();
    let typed = typed(descriptor, view);
    let endpoints = BTreeMap::from([("*".to_owned(), base_url.to_owned())]);
    let credentials = Credentials::from_pairs(typed.credentials.clone());
    let lane = |id| mall.pacing_key(id, &credentials);
    let shop = ledger.add_shop(name, descriptor.mall, &endpoints, &typed.settings, lane, now).await?;
    for (key, value) in &typed.credentials {
        ledger.set_credential(shop.shop_id, key, value, None, now).await?;
    }
    engine::setup::merge_carriers(ledger, descriptor).await?;
    engine::setup::seed_status_links(ledger, shop.shop_id, descriptor).await?;
    Ok(shop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malls_spelling_becomes_ours() {
        for (theirs, ours) in [("licenseKey", "license_key"), ("client_id", "client_id"), ("sellerId", "seller_id")] {
            assert_eq!(snake(theirs), ours);
        }
    }
}
