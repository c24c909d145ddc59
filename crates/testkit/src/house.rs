//! A whole house in one process: simulated malls, a ledger, hubs, one virtual clock. Real databases, and either real
//! sockets or none.

use crate::connect;
use crate::tempdb::TempDb;
use crate::transport::InProcess;
use domain::notice::NoticeState;
use domain::rule::Rule;
use domain::write::WriteKind;
use domain::{MallOrderId, OrderSeq, UtcMillis};
use engine::http_wire::{EndpointPolicy, HttpTransport};
use engine::requests::{IMPORT, ImportRequest};
use engine::{Hub, HubConfig, Transport, doors};
use mall_api::Clock as _;
use mall_api::clock::VirtualClock;
use mallsim::{SharedSim, Sim, SimConfig};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use store::orders::{ListFilter, ListRow, ParcelChange};
use store::seal::keys::{KeyRing, MasterKey};
use store::{Access, DbUrl, Kind, Ledger, Shop};

/// When the simulated world begins: 2026-11-02 09:00 in Japan.
pub const START: UtcMillis = UtcMillis(1_793_577_600_000);

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// In process: fast, for long simulations.
    Process,
    /// Real HTTP on loopback.
    Http,
}

/// A house.
pub struct House {
    /// Time.
    pub clock: VirtualClock,
    /// The malls.
    pub sim: SharedSim,
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// The transport hubs use.
    pub transport: Arc<dyn Transport>,
    /// Shops, in the order of the simulator's.
    pub shops: Vec<Shop>,
    /// Where the database is.
    pub db: TempDb,
    moves: Arc<AtomicU64>,
    // A house restored beside another one is moved by the same test, and counts as busy only once.
    token: Option<mall_api::clock::Token>,
}

/// How a house is built.
pub struct Plan {
    /// The malls.
    pub sim: SimConfig,
    /// Database.
    pub kind: Kind,
    /// Transport.
    pub via: Via,
}

impl Plan {
    /// One shop with `orders` orders of the last day, in process.
    pub fn new(kind: Kind, orders: usize) -> Self {
        let mut sim = SimConfig {
            start_ms: START.0,
            rakuten_shops: 1,
            orders_per_shop: orders as _,
            ..SimConfig::default()
        };
        // The house moves the malls' clock in lock-step with its own.
        sim.settings.pace.by_simulated_clock = true;
        Self { sim, kind, via: Via::Process }
    }

    /// The same over real HTTP.
    pub fn over_http(mut self) -> Self {
        self.via = Via::Http;
        self
    }

    /// A house without shops, for malls by name.
    pub fn empty(kind: Kind, orders: usize) -> Self {
        Self::new(kind, orders).shops(0)
    }

    /// With so many shops of a mall, by its key.
    ///
    /// # Panics
    /// Nobody simulates this mall.
    #[expect(clippy::panic, reason = "a plan of a test")]
    pub fn mall(mut self, mall: &str, shops: usize) -> Self {
        self.sim = match self.sim.with_shops(mall, shops) {
            Ok(sim) => sim,
            Err(error) => panic!("{error}"),
        };
        self
    }

    /// With so many shops.
    pub fn shops(mut self, shops: usize) -> Self {
        self.sim.rakuten_shops = shops as _;
        self
    }
}

/// The master key of all tests. Fictional.
pub fn test_ring() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes(&[7; 32]))
}

impl House {
    /// Builds a house with its shops connected.
    ///
    /// # Errors
    /// No database, no port.
    pub async fn build(plan: Plan) -> anyhow::Result<Self> {
        let db = TempDb::new(plan.kind).await?;
        Self::build_on(plan, db).await
    }

    /// The same on this database.
    ///
    /// # Errors
    /// No port.
    pub async fn build_on(plan: Plan, db: TempDb) -> anyhow::Result<Self> {
        let sim = mallsim::shared(Sim::new(plan.sim));
        let start = UtcMillis(START.0);
        let follower = Arc::clone(&sim);
        let moves = Arc::new(AtomicU64::new(0));
        let moved = Arc::clone(&moves);
        let on_move: mall_api::clock::OnMove = Box::new(move |now: UtcMillis| {
            moved.fetch_add(1, Ordering::Relaxed);
            let mut sim = follower.lock().unwrap_or_else(PoisonError::into_inner);
            sim.set_clock(mallsim::Clock::Moved { now_ms: now.0 });
        });
        let clock = VirtualClock::with_hook(start, Some(on_move));
        clock.advance(0);
        let token = clock.enter();
        let mut base_url = "http://sim.invalid".to_owned();
        let transport: Arc<dyn Transport> = match plan.via {
            Via::Process => Arc::new(InProcess::new(Arc::clone(&sim), Arc::new(clock.clone()))),
            Via::Http => {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
                base_url = format!("http://{}", listener.local_addr()?);
                tokio::spawn(mallsim::serve(listener, Arc::clone(&sim)));
                Arc::new(HttpTransport::new(EndpointPolicy { allow_private: true })?)
            }
        };
        let ledger = Arc::new(Ledger::with_db((*db).clone(), test_ring(), start).await?);
        let mut house =
            Self { clock, sim, ledger, transport, shops: Vec::new(), db, moves, token: Some(token) };
        house.connect(&base_url).await?;
        Ok(house)
    }

    /// A copy of the ledger as it stands, whoever works on it.
    ///
    /// # Errors
    /// As the store says.
    pub async fn backup(&self) -> anyhow::Result<Vec<u8>> {
        let (mut bytes, scratch) = (Vec::new(), tempfile::tempdir()?);
        store::backup::write(&self.db.url, &scratch.path().join("copy"), &mut bytes, self.now()).await?;
        Ok(bytes)
    }

    /// The same malls at the same time, and a ledger restored from a backup in the place of another one.
    ///
    /// # Errors
    /// As the store says.
    pub async fn restored(&self, backup: &[u8]) -> anyhow::Result<Self> {
        let db = TempDb::new((*self.db).kind()).await?;
        db.close().await;
        if let DbUrl::Sqlite(file) = &db.url {
            store::backup::set_aside(file, self.now()).await?;
        }
        let target = store::backup::Target::InPlaceOf;
        store::backup::restore(&db.url, target, &mut &*backup, self.now()).await?;
        let db = db.reopened().await?;
        let ledger = Arc::new(Ledger::with_db((*db).clone(), test_ring(), self.now()).await?);
        let shops = ledger.shops().await?;
        Ok(Self {
            clock: self.clock.clone(),
            sim: Arc::clone(&self.sim),
            ledger,
            transport: Arc::clone(&self.transport),
            shops,
            db,
            moves: Arc::clone(&self.moves),
            token: None,
        })
    }

    async fn connect(&mut self, base_url: &str) -> anyhow::Result<()> {
        let views = self.sim().shops(START.0);
        for view in views {
            let name = format!("店舗{}", view.shop);
            self.shops.push(connect::shop(&self.ledger, &view, &name, base_url, START).await?);
        }
        Ok(())
    }

    /// The malls, locked.
    pub fn sim(&self) -> MutexGuard<'_, Sim> {
        self.sim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now.
    pub fn now(&self) -> UtcMillis {
        self.clock.now()
    }

    /// How often the clock has moved: each move wakes somebody.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::Relaxed)
    }

    /// A hub of this house that is not running yet. It looks as often as the shops' intervals say, so that a story knows
    /// when.
    pub fn hub_with(&self, config: HubConfig) -> Arc<Hub> {
        self.hub_by_rhythm(HubConfig { rhythm: false, ..config })
    }

    /// The same, spacing its looks by limits and rhythm where `config` says so.
    pub fn hub_by_rhythm(&self, config: HubConfig) -> Arc<Hub> {
        Hub::new(
            Arc::clone(&self.ledger),
            malls::registry(),
            Arc::new(self.clock.clone()),
            Arc::clone(&self.transport),
            config,
        )
    }

    /// A hub with the usual settings.
    pub fn hub(&self) -> Arc<Hub> {
        self.hub_with(HubConfig { poll_ms: 5_000, ..HubConfig::default() })
    }

    /// A hub that only does what it is asked.
    pub fn quiet_hub(&self) -> Arc<Hub> {
        self.hub_with(HubConfig { schedules: false, ..HubConfig::default() })
    }

    /// Imports the last `days` days of the first shop by a request, as the command line does.
    ///
    /// # Errors
    /// As the store says.
    pub async fn import_days(&self, days: i64) -> anyhow::Result<doors::Progress> {
        let now = self.now();
        self.import(ImportRequest {
            from: now.plus(-days * domain::time::DAY),
            to: now,
            statuses: None,
            overwrite: false,
            force: false,
            orders: None,
        })
        .await
    }

    /// Imports by a request into the first shop.
    ///
    /// # Errors
    /// As the store says.
    pub async fn import(&self, body: ImportRequest) -> anyhow::Result<doors::Progress> {
        let shop = self.shops.first().ok_or_else(|| anyhow::anyhow!("no shop"))?;
        let hub = self.quiet_hub();
        let by = domain::history::By::Cli;
        Ok(doors::ask_and_work(&hub, shop, IMPORT, &body, &by, &mut |_| {}).await?)
    }

    /// Runs a hub until `done` says so, or until so many virtual milliseconds have passed. Says whether it was done.
    pub async fn run_until(
        &self,
        hub: &Arc<Hub>,
        limit_ms: i64,
        mut done: impl AsyncFnMut(&Self) -> bool,
    ) -> bool {
        let end = self.now().plus(limit_ms);
        let task = tokio::spawn(hub.run());
        let mut reached = false;
        while self.now() < end {
            if done(self).await {
                reached = true;
                break;
            }
            self.clock.sleep_ms((limit_ms / 200).clamp(500, 60_000)).await;
        }
        hub.stop();
        drop(task.await);
        reached
    }

    /// Nothing is left to do on any lane.
    pub async fn is_quiet(&self) -> bool {
        for shop in &self.shops {
            let open = self.ledger.open_steps(&shop.lane_key).await.unwrap_or(1) > 0;
            let requests = self.ledger.open_requests(&shop.lane_key).await.map_or(true, |r| !r.is_empty());
            let run = self.ledger.open_run(shop.shop_id).await.map_or(true, |r| r.is_some());
            if open || requests || run {
                return false;
            }
        }
        true
    }

    /// Runs a hub until nothing is left to do.
    pub async fn settle(&self, hub: &Arc<Hub>) -> bool {
        self.run_until(hub, 2 * domain::time::DAY, async |house| house.is_quiet().await).await
    }

    /// All orders of the ledger, newest first.
    pub async fn orders(&self) -> Vec<ListRow> {
        let filter = ListFilter { limit: 200, ..ListFilter::default() };
        let mut all = Vec::new();
        let mut filter = filter;
        loop {
            let page = self.ledger.list_orders(&Access::full(), &filter).await.unwrap_or_default();
            let Some(last) = page.last() else { return all };
            filter.after = Some((last.ordered_at, last.seq));
            all.extend(page);
        }
    }

    /// The order with a mall's number.
    pub async fn order(&self, number: &str) -> Option<ListRow> {
        self.ledger.orders_by_number(&Access::full(), number).await.ok()?.pop()
    }

    /// Numbers the simulated malls hold, by their own words.
    pub fn mall_orders(&self) -> Vec<mallsim::OrderView> {
        let now = self.now().0;
        self.sim().orders(now)
    }

    /// Adds orders to the malls and says their numbers. `json` as in the simulator's control API.
    ///
    /// # Errors
    /// What the simulator does not understand.
    pub fn add_orders(&self, json: Value) -> anyhow::Result<Vec<MallOrderId>> {
        let now = self.now().0;
        let numbers = self.sim().add_orders(&json, now).map_err(|e| anyhow::anyhow!(e))?;
        Ok(numbers.into_iter().map(MallOrderId).collect())
    }

    /// Sets faults, in the simulator's words.
    ///
    /// # Errors
    /// What the simulator does not understand.
    pub fn faults(&self, json: Value) -> anyhow::Result<()> {
        self.sim().add_faults_json(json).map_err(|e| anyhow::anyhow!(e))
    }

    /// Enters a complete parcel for each recipient of an order.
    ///
    /// # Errors
    /// As the store says.
    pub async fn pack(&self, seq: OrderSeq, number: &str) -> anyhow::Result<()> {
        let found = self.ledger.orders_for_rules(&[seq]).await?;
        let order = found.first().ok_or_else(|| anyhow::anyhow!("no such order"))?;
        for (i, key) in order.facts.recipient_keys.iter().enumerate() {
            let change = ParcelChange {
                parcel_id: None,
                recipient_key: Some(key.clone()),
                carrier: Some("yamato".into()),
                tracking_number: format!("{number}{i}"),
                shipped_on: Some(self.now().japan_date()),
            };
            let set = self.ledger.set_parcel(seq, &change, &domain::history::By::Cli, self.now()).await?;
            set.map_err(|r| anyhow::anyhow!(r.to_string()))?;
        }
        Ok(())
    }

    /// The usual rules: 新規受付 is confirmed and goes to 出荷待ち, 出荷済み is notified and goes to 完了, failures to 保留.
    ///
    /// # Errors
    /// As the store says.
    pub async fn usual_rules(&self) -> anyhow::Result<()> {
        for shop in &self.shops {
            let rule = |kind, target: &str, success: &str| Rule {
                shop_id: shop.shop_id,
                kind,
                target_phase: target.into(),
                success_phase: Some(success.into()),
                failure_phase: Some("on_hold".into()),
            };
            self.ledger.put_rule(&rule(WriteKind::ConfirmOrder, "new", "awaiting_shipment")).await?;
            self.ledger.put_rule(&rule(WriteKind::ShipmentNotice, "shipped", "completed")).await?;
            let mut shop = shop.clone();
            shop.automation_enabled = true;
            self.ledger.update_shop(&shop, self.now()).await?;
        }
        Ok(())
    }

    /// Orders by notice state.
    pub async fn in_state(&self, state: NoticeState) -> usize {
        self.orders().await.iter().filter(|o| o.notice_state == state).count()
    }

    /// Takes the house down.
    ///
    /// # Errors
    /// The database server does not answer.
    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.token);
        self.db.remove().await
    }
}

/// Runs a test body in a house on SQLite and, by the macro [`story`](crate::story), on PostgreSQL.
///
/// # Panics
/// As the body does, and when there is no database to be had.
#[expect(clippy::panic, reason = "the body of a test")]
pub fn run(plan: Plan, body: impl AsyncFnOnce(&House)) {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("{error}"),
    };
    runtime.block_on(async {
        let house = match House::build(plan).await {
            Ok(house) => house,
            Err(error) => panic!("{error:#}"),
        };
        body(&house).await;
        if let Err(error) = house.close().await {
            panic!("{error:#}");
        }
    });
}

/// A story that must hold on both databases: two tests, `name::sqlite` and `name::postgres`. `$plan` is a function
/// of the kind of database.
#[macro_export]
macro_rules! story {
    ($(#[$meta:meta])* $name:ident, $plan:expr, |$house:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            #[test]
            fn sqlite() {
                $crate::house::run($plan($crate::tempdb::Kind::Sqlite), async |$house: &$crate::house::House| $body);
            }

            #[test]
            fn postgres() {
                $crate::house::run($plan($crate::tempdb::Kind::Postgres), async |$house: &$crate::house::House| $body);
            }
        }
    };
}
