//! The demo's malls and shops: simulated 楽天 with short timers, two shops connected to it, rules set.

use crate::cli::app::App;
use crate::cli::find;
use crate::cli::mallsim::{listen, snake};
use anyhow::Result;
use domain::rule::Rule;
use domain::time::SECOND;
use domain::write::WriteKind;
use mall_api::Credentials;
use mallsim::{Effect, RakutenSettings, Settings, SharedSim, Sim, SimConfig, WorldSettings};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use store::Ledger;

/// Names of the shops.
const NAMES: [&str; 2] = ["本店", "アウトレット店"];
/// Between two automatic imports.
const IMPORT_MS: i64 = 5 * SECOND;

/// The running malls.
pub struct World {
    /// Their address.
    pub url: String,
    sim: SharedSim,
}

impl World {
    /// Shipping records that stand at the malls by our doing.
    pub fn shipped(&self) -> usize {
        let sim = self.sim.lock().unwrap_or_else(PoisonError::into_inner);
        let added = |e: &&mallsim::Entry| {
            matches!(e.effect, Effect::ShippingAdded { .. } | Effect::ShippingUpdated { .. }) && e.call > 0
        };
        sim.effects().iter().flat_map(|(_, entries)| entries).filter(added).count()
    }

    /// Parcels reported twice: must stay 0.
    pub fn doubled(&self) -> usize {
        self.sim.lock().unwrap_or_else(PoisonError::into_inner).duplicates().len()
    }
}

/// Starts the malls on a port of their own.
pub async fn start(app: &App, orders: usize, seed: u64) -> Result<World> {
    let world = WorldSettings {
        orders_per_hour: 450.0,
        trouble_share: 0.06,
        buyer_edit_share: 0.03,
        buyer_cancel_share: 0.03,
    };
    let rakuten = RakutenSettings {
        fix_after_ms: 5 * SECOND,
        cod_fix_after_ms: 3 * SECOND,
        prepaid_pays_after_ms: Some(10 * SECOND),
        fraud_check_ms: 20 * SECOND,
        gift_input_after_ms: Some(15 * SECOND),
        async_late_ms: SECOND,
        ..RakutenSettings::default()
    };
    let sim = mallsim::shared(Sim::new(SimConfig {
        seed,
        start_ms: app.now().0,
        rakuten_shops: NAMES.len(),
        orders_per_shop: orders,
        orders_over_ms: domain::time::HOUR,
        settings: Settings { world, rakuten, ..Settings::default() },
        ..SimConfig::default()
    }));
    let listener = listen("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let served = std::sync::Arc::clone(&sim);
    tokio::spawn(async move { drop(mallsim::serve(listener, served).await) });
    Ok(World { url, sim })
}

/// Connects the shops, unless an earlier run of the demo did: then only their address is new.
pub async fn connect(app: &App, ledger: &Ledger, world: &World) -> Result<()> {
    let views = world.sim.lock().unwrap_or_else(PoisonError::into_inner).shops(app.now().0);
    for (view, name) in views.into_iter().zip(NAMES) {
        let mall = find::mall_by_key(&view.mall)?;
        engine::setup::merge_carriers(ledger, mall.descriptor()).await?;
        let secrets: Vec<(String, String)> =
            view.credentials.into_iter().map(|(k, v)| (snake(&k), v)).collect();
        let credentials = Credentials::from_pairs(secrets.clone());
        let endpoints = BTreeMap::from([("*".to_owned(), world.url.clone())]);
        let lane = |id| mall.pacing_key(id, &credentials);
        let mut shop = match ledger.shop_by_name(name).await? {
            Some(shop) => shop,
            None => ledger.add_shop(name, &view.mall, &endpoints, &BTreeMap::new(), lane, app.now()).await?,
        };
        shop.endpoints = endpoints;
        shop.automation_enabled = true;
        shop.import_interval_ms = IMPORT_MS;
        ledger.update_shop(&shop, app.now()).await?;
        let known: Vec<&str> = mall.descriptor().credentials.iter().map(|c| c.key).collect();
        for (key, secret) in secrets.iter().filter(|(key, _)| known.contains(&key.as_str())) {
            ledger.set_credential(shop.shop_id, key, secret, None, app.now()).await?;
        }
        let rule = |kind, target: &str, success: &str| Rule {
            shop_id: shop.shop_id,
            kind,
            target_phase: target.into(),
            success_phase: Some(success.into()),
            failure_phase: Some("on_hold".into()),
        };
        ledger.put_rule(&rule(WriteKind::ConfirmOrder, "new", "awaiting_shipment")).await?;
        ledger.put_rule(&rule(WriteKind::ShipmentNotice, "shipped", "completed")).await?;
    }
    Ok(())
}
