//! The ledger a case begins with: one shop, its rules, its carriers.

use crate::house::test_ring;
use domain::UtcMillis;
use domain::rule::Rule;
use domain::time::MINUTE;
use domain::write::WriteKind;
use engine::setup;
use mallsim::ShopView;
use std::collections::BTreeMap;
use store::Ledger;
use store::seal::keys::{KeyRing, MasterKey};

fn next_key() -> MasterKey {
    MasterKey::from_bytes(&[8; 32])
}

/// The ring every case begins with.
pub fn old_ring() -> KeyRing {
    test_ring()
}

/// The ring of the child (`rotating`, the old key still opens) and of the checks behind it (the new key alone).
pub fn new_ring(rotating: bool) -> KeyRing {
    let ring = KeyRing::new(next_key());
    if rotating { ring.also(MasterKey::from_bytes(&[7; 32])) } else { ring }
}

/// Connects the shop of a case.
///
/// # Errors
/// As the store says.
pub async fn connect(ledger: &Ledger, view: &ShopView, now: UtcMillis) -> anyhow::Result<()> {
    let mall = malls::by_key("rakuten").ok_or_else(|| anyhow::anyhow!("no such mall"))?;
    let settings = BTreeMap::from([("async_threshold".to_owned(), "4".to_owned())]);
    let lane = |id| mall.pacing_key(id, &mall_api::Credentials::default());
    let mut shop = ledger.add_shop("店舗", "rakuten", &BTreeMap::new(), &settings, lane, now).await?;
    for (ours, theirs) in [("service_secret", "serviceSecret"), ("license_key", "licenseKey")] {
        let secret = view.credentials.get(theirs).cloned().unwrap_or_default();
        ledger.set_credential(shop.shop_id, ours, &secret, None, now).await?;
    }
    ledger.set_credential(shop.shop_id, crate::granted::REFRESH, "refresh-1", None, now).await?;
    setup::merge_carriers(ledger, mall.descriptor()).await?;
    let rule = |kind, target: &str, success: &str| Rule {
        shop_id: shop.shop_id,
        kind,
        target_phase: target.into(),
        success_phase: Some(success.into()),
        failure_phase: Some("on_hold".into()),
    };
    ledger.put_rule(&rule(WriteKind::ConfirmOrder, "new", "awaiting_shipment")).await?;
    ledger.put_rule(&rule(WriteKind::ShipmentNotice, "shipped", "completed")).await?;
    shop.automation_enabled = true;
    shop.set_import_interval(35 * MINUTE, now);
    ledger.update_shop(&shop, now).await?;
    Ok(())
}
