//! The demo's malls and shops: simulated malls with short timers, five shops connected to them, rules set.

use crate::cli::app::App;
use crate::cli::find;
use crate::cli::mallsim::listen;
use anyhow::Result;
use domain::rule::Rule;
use domain::time::SECOND;
use domain::write::WriteKind;
use mallsim::{Effect, RakutenSettings, Settings, SharedSim, Sim, SimConfig, WorldSettings};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use store::Ledger;
use testkit::connect::typed;

/// Malls and names of the shops. The two at Yahoo! share one Client ID, and so one lane.
const SHOPS: [(&str, &str); 5] = [
    ("rakuten", "楽天 本店"),
    ("rakuten", "楽天 アウトレット店"),
    ("yahoo", "Yahoo! 本店"),
    ("yahoo", "Yahoo! 雑貨店"),
    ("amazon", "Amazon店"),
];
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
    let mut config = SimConfig {
        seed,
        start_ms: app.now().0,
        rakuten_shops: 0,
        orders_per_shop: orders,
        orders_over_ms: domain::time::HOUR,
        settings: Settings { world, rakuten, ..Settings::default() },
        ..SimConfig::default()
    };
    for (mall, _) in SHOPS {
        let many = SHOPS.iter().filter(|(m, _)| *m == mall).count();
        config = config.with_shops(mall, many).map_err(anyhow::Error::msg)?;
    }
    let sim = mallsim::shared(Sim::new(config));
    let listener = listen("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let served = std::sync::Arc::clone(&sim);
    tokio::spawn(async move { drop(mallsim::serve(listener, served).await) });
    Ok(World { url, sim })
}

/// Connects the shops, unless an earlier run of the demo did: then only their address is new.
pub async fn connect(app: &App, ledger: &Ledger, world: &World) -> Result<()> {
    let mut views = world.sim.lock().unwrap_or_else(PoisonError::into_inner).shops(app.now().0);
    for (mall, name) in SHOPS {
        let Some(place) = views.iter().position(|v| v.mall == mall) else { continue };
        let view = views.remove(place);
        let mut shop = match ledger.shop_by_name(name).await? {
            Some(shop) => shop,
            None => testkit::connect::shop(ledger, &view, name, &world.url, app.now()).await?,
        };
        shop.endpoints = BTreeMap::from([("*".to_owned(), world.url.clone())]);
        shop.automation_enabled = true;
        shop.set_import_interval(IMPORT_MS, app.now());
        ledger.update_shop(&shop, app.now()).await?;
        for (key, secret) in typed(find::mall_by_key(mall)?.descriptor(), &view).credentials {
            ledger.set_credential(shop.shop_id, &key, &secret, None, app.now()).await?;
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

/// The demo's administrator, and a link that signs them in once.
pub async fn sign_in_link(app: &App, ledger: &Ledger, base_url: &str) -> Result<String> {
    let user = match ledger.user_by_login("demo").await? {
        Some(user) => user.user_id,
        None => {
            let groups = ledger.groups().await?;
            let group = groups.first().map_or(1, |g| g.group_id);
            let added = ledger.add_user("demo", "見本 太郎", group, None, app.now()).await?;
            added.map_err(|_| anyhow::anyhow!("the demo's user cannot be made"))?
        }
    };
    let token = web::door::tokens::fresh()?;
    let until = app.now().plus(crate::serve::LINK_MS);
    ledger.add_one_time_link(&web::door::tokens::digest(&token), "sign_in", Some(user), until).await?;
    Ok(format!("{base_url}/login/link/{token}"))
}
