//! A ledger with one shop connected to the simulated mall, as small as an import needs it.

use super::mall::MallProcess;
use anyhow::Context as _;
use domain::UtcMillis;
use domain::history::By;
use engine::http_wire::{EndpointPolicy, HttpTransport};
use engine::requests::{IMPORT, ImportCounts, ImportRequest};
use engine::{Hub, HubConfig, doors};
use mall_api::clock::SystemClock;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::seal::keys::{KeyRing, MasterKey};
use store::{Kind, Ledger, Shop};
use testkit::postgres::Server;
use testkit::tempdb::TempDb;

/// The master key of all benchmarks. Protects nobody.
pub fn ring() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes(&[7; 32]))
}

/// An empty, migrated database that goes away afterwards.
///
/// # Errors
/// There is none to be had.
pub async fn database(which: &str) -> anyhow::Result<TempDb> {
    match which {
        "sqlite" => TempDb::new(Kind::Sqlite).await,
        "postgres" => TempDb::new(Kind::Postgres).await,
        url => TempDb::on(Server::at(url)).await,
    }
}

/// A house.
pub struct House {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    shop: Shop,
    db: TempDb,
    now: UtcMillis,
}

/// What an import did.
pub struct Imported {
    /// From the request's row to its end, seconds.
    pub wall: f64,
    /// What came of the orders.
    pub counts: ImportCounts,
}

impl House {
    /// Builds one.
    ///
    /// # Errors
    /// No database.
    pub async fn build(which: &str, mall: &MallProcess) -> anyhow::Result<Self> {
        let db = database(which).await?;
        let now = UtcMillis(mall.now_ms);
        let ledger = Arc::new(Ledger::with_db((*db).clone(), ring(), now).await?);
        let shop = testkit::connect::shop(&ledger, &mall.shop, "店舗", &mall.url, now).await?;
        Ok(Self { ledger, shop, db, now })
    }

    /// Imports everything, without the mall's limits. With `overwrite` every order is asked for, changed or not.
    ///
    /// # Errors
    /// The import did not succeed.
    pub async fn import(&self, overwrite: bool) -> anyhow::Result<Imported> {
        import_into(&self.ledger, &self.shop, self.now, overwrite).await
    }

    /// Takes it down.
    ///
    /// # Errors
    /// The database server does not answer.
    pub async fn close(self) -> anyhow::Result<()> {
        self.ledger.close().await;
        self.db.remove().await
    }
}

/// Imports a shop's last two days into a ledger, without the mall's limits.
///
/// # Errors
/// The import did not succeed.
pub async fn import_into(
    ledger: &Arc<Ledger>,
    shop: &Shop,
    now: UtcMillis,
    overwrite: bool,
) -> anyhow::Result<Imported> {
    let config = HubConfig {
        pacing: false,
        schedules: false,
        lanes: Some(BTreeSet::from([shop.lane_key.clone()])),
        ..HubConfig::default()
    };
    let transport = Arc::new(HttpTransport::new(EndpointPolicy { allow_private: true })?);
    let clock = Arc::new(SystemClock::default());
    let hub = Hub::new(Arc::clone(ledger), malls::registry(), clock, transport, config);
    let body = ImportRequest {
        from: now.plus(-2 * domain::time::DAY),
        to: now,
        statuses: Some(Vec::new()),
        overwrite,
        force: false,
        orders: None,
    };
    let done = doors::ask_and_work(&hub, shop, IMPORT, &body, &By::Cli, &mut |_| {}).await?;
    let run = done.run.context("the import did not begin")?;
    let counts: ImportCounts = serde_json::from_value(run.counts)?;
    anyhow::ensure!(run.state == "succeeded", "the import ended as {}: {counts:?}", run.state);
    let ended = run.finished_at.context("the import did not end")?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run")]
    let wall = ended.since(done.request.created_at) as f64 / 1_000.0;
    anyhow::ensure!(counts.failed == 0, "orders were lost: {counts:?}");
    Ok(Imported { wall, counts })
}
