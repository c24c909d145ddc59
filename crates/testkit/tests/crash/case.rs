//! One case: a world, a ledger, some deaths, and the checks behind them.

use domain::UtcMillis;
use mallsim::{SharedSim, Sim, SimConfig};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{DbUrl, Kind, Ledger, OpenOptions};
use testkit::house::START;
use testkit::invariants::{self, Truth};
use testkit::rig::{self, EDIT, POINTS};
use testkit::tempdb::TempDb;

/// A child that takes longer than this in real time hangs.
const WATCHDOG: Duration = Duration::from_secs(180);
const SIGABRT: i32 = 6;

/// What is in the orders (`seed`), and what goes wrong at the mall (`plan`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    pub seed: u64,
    pub plan: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub kind: Kind,
    pub world: World,
    /// Where each life but the last one ends: point and hit.
    pub aborts: Vec<(String, u64)>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind == Kind::Sqlite { "sqlite" } else { "postgres" };
        let aborts: Vec<String> = self.aborts.iter().map(|(point, n)| format!("{point}={n}")).collect();
        write!(f, "{kind}:{}:{}:{}", self.world.seed, self.world.plan, aborts.join(","))
    }
}

/// What became of a case.
pub struct Done {
    pub case: Case,
    /// Lives that ended where they should.
    pub aborts: usize,
    /// Lives that came to rest before they reached their end.
    pub missed: usize,
    /// Hits of the last life.
    pub hits: BTreeMap<String, u64>,
    wrong: Vec<String>,
}

impl Done {
    pub fn failure(&self) -> Option<String> {
        let test = "./test -p testkit --test crash";
        let replay = || format!("CHOBA_RIG_CASE='{}' {test}\n  {}", self.case, self.wrong.join("\n  "));
        (!self.wrong.is_empty()).then(replay)
    }
}

fn sim(world: World) -> anyhow::Result<SharedSim> {
    let mut config = SimConfig {
        seed: world.seed,
        start_ms: START.0,
        orders_per_shop: 18,
        orders_over_ms: 2 * domain::time::HOUR,
        ..SimConfig::default()
    };
    config.settings.pace.by_simulated_clock = true;
    config.settings.world.trouble_share = 0.15;
    config.settings.world.orders_per_hour = 4.0;
    let mall = &mut config.settings.rakuten;
    mall.fix_after_ms = 4 * domain::time::MINUTE;
    mall.prepaid_pays_after_ms = Some(8 * domain::time::MINUTE);
    mall.fraud_check_ms = 9 * domain::time::MINUTE;
    mall.gift_input_after_ms = Some(12 * domain::time::MINUTE);
    let mut sim = Sim::new(config);
    sim.set_clock(mallsim::Clock::Moved { now_ms: START.0 });
    let just = START.0 - 5 * domain::time::MINUTE;
    for traits in [
        json!(["bad_sums"]),
        json!(["unreadable"]),
        json!(["missing_field"]),
        json!(["late_listed"]),
        json!(["multi_package"]),
        json!(["multi_package", "placeholder"]),
        json!(["placeholder"]),
        json!([]),
    ] {
        let wanted = json!({ "count": 1, "traits": traits, "at_ms": just });
        sim.add_orders(&wanted, START.0).map_err(|e| anyhow::anyhow!(e))?;
    }
    let wanted = json!({ "count": 1, "traits": ["late_read"], "at_ms": START.0 - 10_000 });
    sim.add_orders(&wanted, START.0).map_err(|e| anyhow::anyhow!(e))?;
    sim.add_faults_json(faults(world.plan)).map_err(|e| anyhow::anyhow!(e))?;
    Ok(mallsim::shared(sim))
}

/// What goes wrong at the mall beside the deaths: three different days.
fn faults(plan: u64) -> serde_json::Value {
    match plan {
        0 => json!([
            {"operation": "confirmOrder", "at": {"call": 1}, "action": "apply_then_cut"},
            {"operation": "updateOrderShipping", "at": {"call": 1}, "action": "apply_then_cut"},
            {"operation": "updateOrderShippingAsync", "at": {"call": 1}, "action": {"apply_late": {"after_ms": 60_000}}},
            {"operation": "getOrder", "at": {"call": 2}, "action": {"cut_at": {"bytes": 900}}},
        ]),
        1 => json!([
            {"operation": "confirmOrder", "at": {"call": 1}, "action": {"apply_late": {"after_ms": 5_000}}},
            {"operation": "updateOrderShipping", "at": {"call": 2}, "action": {"apply_late": {"after_ms": 90_000}}},
            {"operation": "updateOrderShippingAsync", "at": {"call": 2}, "action": "apply_then_cut"},
            {"operation": "getResultUpdateOrderShippingAsync", "at": {"call": 1}, "action": "close"},
            {"operation": "searchOrder", "at": {"call": 2}, "action": {"too_many": {"retry_after": 3}}},
        ]),
        _ => json!([
            {"operation": "confirmOrder", "at": {"call": 1}, "action": "close"},
            {"operation": "updateOrderShipping", "at": {"call": 1}, "action": {"cut_at": {"bytes": 20}}},
            {"operation": "updateOrderShipping", "at": {"call": 3}, "action": {"too_many": {}}},
            {"operation": "getResultUpdateOrderShippingAsync", "at": {"calls": [1, 2]}, "action": {"status": {"code": 500}}},
            {"operation": "getOrder", "at": {"calls": [3, 9]}, "action": {"drop_item": {"index": 1}}},
            {"operation": "searchOrder", "at": {"call": 3}, "action": {"maintenance": {}}},
        ]),
    }
}

/// Files that live in memory where the machine has room there: a killed process leaves them whole all the same.
fn folder() -> anyhow::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    Ok(dir.or_else(|_| tempfile::tempdir())?)
}

async fn prepare(url: &DbUrl, seed: u64) -> anyhow::Result<()> {
    let ledger = Ledger::open(url, &OpenOptions::default(), rig::old_ring(), START).await?;
    // Credentials come from the seed alone.
    let config = SimConfig { seed, start_ms: START.0, orders_per_shop: 0, ..SimConfig::default() };
    let shops = Sim::new(config).shops(START.0);
    let shop = shops.first().ok_or_else(|| anyhow::anyhow!("no shop"))?;
    rig::connect(&ledger, shop, START).await?;
    ledger.close().await;
    Ok(())
}

/// A prepared ledger, made once for each seed and copied for each case.
async fn copy_of_template(to: &Path, seed: u64) -> anyhow::Result<()> {
    static TEMPLATES: Mutex<BTreeMap<u64, Arc<Vec<u8>>>> = Mutex::new(BTreeMap::new());
    let made = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner).get(&seed).cloned();
    let template = match made {
        Some(template) => template,
        None => {
            let dir = folder()?;
            let path = dir.path().join("choba.db");
            prepare(&DbUrl::Sqlite(path.clone()), seed).await?;
            let template = Arc::new(std::fs::read(path)?);
            TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner).insert(seed, Arc::clone(&template));
            template
        }
    };
    std::fs::write(to, template.as_slice())?;
    Ok(())
}

/// The database of a case.
struct Db {
    url: DbUrl,
    text: String,
    postgres: Option<TempDb>,
    _folder: tempfile::TempDir,
}

impl Db {
    async fn new(kind: Kind, seed: u64) -> anyhow::Result<Self> {
        let folder = folder()?;
        let path: PathBuf = folder.path().join("choba.db");
        let postgres = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(TempDb::new(kind).await?),
        };
        let url = match &postgres {
            Some(db) => db.url.clone(),
            None => DbUrl::Sqlite(path.clone()),
        };
        match kind {
            Kind::Sqlite => copy_of_template(&path, seed).await?,
            Kind::Postgres => prepare(&url, seed).await?,
        }
        let text = match &url {
            DbUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DbUrl::Postgres(text) => text.clone(),
        };
        Ok(Self { url, text, postgres, _folder: folder })
    }
}

impl Case {
    /// Reads what [`Case`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let kind = match parts.next()? {
            "sqlite" => Kind::Sqlite,
            "postgres" => Kind::Postgres,
            _ => return None,
        };
        let world = World { seed: parts.next()?.parse().ok()?, plan: parts.next()?.parse().ok()? };
        let aborts = parts.next()?.split(',').filter(|a| !a.is_empty()).map(|abort| {
            let (point, n) = abort.split_once('=')?;
            POINTS.contains(&point).then_some((point.to_owned(), n.parse().ok()?))
        });
        Some(Self { kind, world, aborts: aborts.collect::<Option<_>>()? })
    }

    /// Lives, dies, lives again, and is checked.
    pub async fn run(self) -> Done {
        let mut done = Done { case: self, aborts: 0, missed: 0, hits: BTreeMap::new(), wrong: Vec::new() };
        if let Err(error) = done.live().await {
            done.wrong.push(format!("{error:#}"));
        }
        done
    }
}

impl Done {
    async fn live(&mut self) -> anyhow::Result<()> {
        let sim = sim(self.case.world)?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let server = tokio::spawn(mallsim::serve(listener, Arc::clone(&sim)));
        let db = Db::new(self.case.kind, self.case.world.seed).await?;
        for (point, n) in self.case.aborts.clone() {
            let output = child(&db.text, &address, Some(format!("{point}={n}"))).await?;
            match (output.status.signal(), output.status.code()) {
                (Some(SIGABRT), _) => self.aborts += 1,
                // What a life before has done need not be done again; and two lives of one world differ by a few calls,
                // since tasks run side by side. The driver counts how often this happens.
                (_, Some(0)) => self.missed += 1,
                _ => anyhow::bail!("killed at {point}={n}: {}", told(&output)),
            }
        }
        let output = child(&db.text, &address, None).await?;
        anyhow::ensure!(output.status.success(), "I7: the last life did not come to rest: {}", told(&output));
        self.hits = serde_json::from_slice(&output.stdout)?;
        server.abort();
        let truth = {
            let mut sim = sim.lock().unwrap_or_else(PoisonError::into_inner);
            let now = sim.now(START.0);
            // Whatever is still on its way to the mall arrives.
            sim.set_clock(mallsim::Clock::Moved { now_ms: now + domain::time::HOUR });
            Truth::of(&sim, now)
        };
        let ledger =
            Ledger::open(&db.url, &OpenOptions::default(), rig::new_ring(false), UtcMillis(START.0)).await?;
        self.wrong.extend(invariants::check(&ledger, &truth).await?);
        self.wrong.extend(invariants::edits_survive(&ledger, &rig::is_edited, EDIT).await?);
        ledger.close().await;
        if let Some(postgres) = db.postgres {
            postgres.remove().await?;
        }
        Ok(())
    }
}

async fn child(db: &str, address: &str, fail: Option<String>) -> anyhow::Result<std::process::Output> {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_house_worker"));
    command
        .env("CHOBA_RIG_DB", db)
        .env("CHOBA_RIG_MALL", address)
        .env("CHOBA_RIG_START", START.0.to_string())
        .env("CHOBA_FAIL", fail.unwrap_or_default())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let waited = tokio::time::timeout(WATCHDOG, command.output()).await;
    waited.map_err(|_| anyhow::anyhow!("I7: a child hung for {WATCHDOG:?}"))?.map_err(Into::into)
}

fn told(output: &std::process::Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    format!("{} {}", output.status, words.trim())
}
