//! Days in simulated time (issue 5): a whole house of three malls and five shops lives through outages, maintenance
//! nights, dying keys, wrong clocks, storms of refusals and killed hubs, while buyers order and staff work; then
//! everything must have come out right. A seed is a day; docs/simulation.md tells how to replay one.

mod bounds;
mod check;
mod draw;
mod machine;
mod plan;
mod rhythm;
mod staff;

pub use plan::{Death, Event, Fault, Key, Length, Plan, SHOPS, What};

use crate::house::{House, Plan as HousePlan, START};
use crate::tempdb::TempDb;
use bounds::Blocked;
use domain::rule::Rule;
use domain::time::{DAY, HOUR, MINUTE};
use domain::write::WriteKind;
use domain::{ImportMode, UtcMillis};
use machine::{LEASE_MS, Machine, POLL_MS};
use mall_api::Clock as _;
use mallsim::OrderView;
use serde_json::{Value, json};
use staff::Staff;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use store::Kind;

/// Between two automatic imports.
const INTERVAL_MS: i64 = 15 * MINUTE;
/// A new key of 楽天 takes so long before it works.
const KEY_TAKES_HOLD_MS: i64 = 10 * MINUTE;
/// A clock that is further off makes signatures with the time worthless (yahoo.md 1.5).
const SIGNATURE_MS: i64 = 5 * MINUTE;
/// Looks of staff when nothing goes wrong any more.
const LAST_LOOKS: i64 = 6;
/// Work that is not done by then never will be (I7): a lost receipt of a feed is waited for half a day.
const LIMIT_MS: i64 = 15 * HOUR;

/// What became of a simulation.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is wrong, in words; empty when all is well.
    pub wrong: Vec<String>,
    /// Orders at the malls.
    pub orders: usize,
    /// Shipments that staff sent off.
    pub shipped: usize,
    /// Calls to malls.
    pub calls: u64,
    /// Hubs that were killed.
    pub deaths: usize,
    /// Moves of the clock: each wakes somebody.
    pub moves: u64,
}

/// Lives one simulation and tells what came of it.
///
/// # Errors
/// What stops a house altogether: no database, a store that refuses.
pub async fn live(plan: &Plan) -> anyhow::Result<Outcome> {
    let mut days = Days::build(plan).await?;
    let done = days.run(plan).await;
    let outcome = match done {
        Ok(()) => days.judge(plan).await?,
        Err(error) => return Err(error),
    };
    days.machine.stop().await;
    days.house.close().await?;
    Ok(outcome)
}

/// Lives the simulation of a seed on a runtime of its own. What is wrong is told with the plan and the command that
/// repeats it.
///
/// # Errors
/// What is wrong.
pub fn run(seed: u64, length: Length) -> Result<Outcome, String> {
    let plan = Plan::of(seed, length);
    // One thread: a second one would only hand over work, and other days run beside this one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let outcome = runtime.block_on(live(&plan));
    let wrong = match outcome {
        Ok(outcome) if outcome.wrong.is_empty() => return Ok(outcome),
        Ok(outcome) => outcome.wrong,
        Err(error) => vec![format!("{error:#}")],
    };
    let mut words = String::new();
    let command = format!("cargo run -p testkit --bin days -- --length {} --seed {seed}", length.word());
    // Writing into a text does not fail.
    let _ = write!(words, "{plan}seed {seed}: {} things are wrong; {command}", wrong.len());
    for line in wrong.iter().take(40) {
        let _ = write!(words, "\n  {line}");
    }
    Err(words)
}

struct Days {
    house: House,
    machine: Machine,
    staff: Staff,
    blocked: Vec<Blocked>,
    /// Since when a shop has no working key.
    dead: BTreeMap<usize, UtcMillis>,
    /// How far this machine's clock was off from when on.
    clock: Vec<(UtcMillis, i64)>,
    /// When somebody starts a hub again.
    back_at: Option<UtcMillis>,
    deaths: usize,
}

impl Days {
    async fn build(plan: &Plan) -> anyhow::Result<Self> {
        let mut house = HousePlan::empty(Kind::Sqlite, 0);
        for mall in ["rakuten", "yahoo", "amazon"] {
            let shops = SHOPS.iter().filter(|(m, _)| *m == mall).count();
            house = house.mall(mall, shops);
        }
        house.sim.seed = plan.seed;
        house.sim.settings =
            house.sim.settings.patched(&plan.settings).map_err(|e| anyhow::anyhow!("{e}"))?;
        let house = House::build_on(house, TempDb::in_memory().await?).await?;
        house.faults(Value::Array(plan.faults.iter().map(Fault::rule).collect()))?;
        let machine = Machine::new(&house, plan.rhythm);
        let mut blocked = Vec::new();
        for fault in plan.faults.iter().filter(|f| f.blocks) {
            let shops = (0..SHOPS.len()).filter(|s| fault.meets(*s));
            blocked.extend(shops.map(|shop| Blocked { shop, from: fault.from, to: fault.to }));
        }
        let mut days = Self {
            house,
            machine,
            staff: Staff::default(),
            blocked,
            dead: BTreeMap::new(),
            clock: vec![(UtcMillis(0), 0)],
            back_at: None,
            deaths: 0,
        };
        days.set_up().await?;
        days.machine.start(&days.house);
        Ok(days)
    }

    /// Every shop imports by itself, and writes back by the usual rules.
    async fn set_up(&mut self) -> anyhow::Result<()> {
        for (shop, (mall, key)) in self.house.shops.iter().zip(SHOPS) {
            anyhow::ensure!(shop.mall == mall, "{} is no shop of {mall}", shop.name);
            staff::enter(&self.house, shop.shop_id, mall, key, START).await?;
            let rule = |kind, target: &str, success: &str| Rule {
                shop_id: shop.shop_id,
                kind,
                target_phase: target.into(),
                success_phase: Some(success.into()),
                failure_phase: Some("on_hold".into()),
            };
            let mall = malls::by_key(mall).ok_or_else(|| anyhow::anyhow!("no such mall"))?;
            if mall.descriptor().write(WriteKind::ConfirmOrder).is_some() {
                let confirm = rule(WriteKind::ConfirmOrder, "new", "awaiting_shipment");
                self.house.ledger.put_rule(&confirm).await?;
            }
            let ship = rule(WriteKind::ShipmentNotice, "shipped", "completed");
            self.house.ledger.put_rule(&ship).await?;
            let mut shop = shop.clone();
            shop.automation_enabled = true;
            shop.set_import_interval(INTERVAL_MS, START);
            shop.set_import_mode(ImportMode::Mail, START);
            self.house.ledger.update_shop(&shop, START).await?;
        }
        Ok(())
    }

    async fn run(&mut self, plan: &Plan) -> anyhow::Result<()> {
        for event in &plan.events {
            self.wait_until(event.at).await?;
            self.happen(&event.what).await?;
        }
        self.wait_until(plan.end).await?;
        self.mend().await?;
        for _ in 0..LAST_LOOKS {
            self.wait_until(self.house.now().plus(20 * MINUTE)).await?;
            self.look(true).await?;
        }
        // What was placed last is seen, what was packed last is sent.
        self.wait_until(self.house.now().plus(HOUR)).await?;
        self.come_to_rest().await
    }

    /// Time passes; hubs may die and come back meanwhile.
    async fn wait_until(&mut self, at: UtcMillis) -> anyhow::Result<()> {
        loop {
            let now = self.house.now();
            if let Some(back) = self.back_at.filter(|back| *back <= now) {
                self.back_at = None;
                if self.machine.living() == 0 {
                    self.machine.start(&self.house);
                    self.block_all(back, LEASE_MS + 2 * POLL_MS);
                }
            }
            if now >= at {
                return Ok(());
            }
            let until = self.back_at.map_or(at, |back| back.min(at));
            let died = tokio::select! {
                () = self.house.clock.sleep_ms(until.since(now)) => false,
                () = self.machine.death() => true,
            };
            if died {
                self.bury().await;
            }
        }
    }

    /// The oldest hub is gone. Another one takes its lanes, or somebody starts it again later.
    async fn bury(&mut self) {
        let back = self.machine.bury().await;
        self.deaths += 1;
        let now = self.house.now();
        let alone = self.machine.living() == 0;
        let away = if alone { back } else { 0 };
        self.block_all(now, away + LEASE_MS + 2 * POLL_MS);
        if alone {
            self.back_at = Some(now.plus(back));
        }
    }

    fn block_all(&mut self, from: UtcMillis, long: i64) {
        self.blocked.extend((0..SHOPS.len()).map(|shop| Blocked { shop, from, to: from.plus(long) }));
    }

    async fn happen(&mut self, what: &What) -> anyhow::Result<()> {
        let now = self.house.now();
        match what {
            What::Order(shop, heard) => self.order(*shop, *heard).await?,
            What::Edited(pick) => self.change_one(*pick, &|mall| match mall {
                "amazon" => json!({ "address": { "rest": "見本町9-9" } }),
                _ => json!({ "address": { "rest": "見本町9-9" }, "remarks": "書き直しました（見本）" }),
            })?,
            What::Cancelled(pick) => self.change_one(*pick, &|_| json!({ "cancel": true }))?,
            What::KeyEnds(shop, key) => self.end_key(*shop, *key)?,
            What::Clock(off) => {
                self.machine.clock.set(*off);
                self.clock.push((now, *off));
            }
            What::Dies(death) => {
                if !self.machine.doomed() {
                    self.machine.doom(*death);
                }
            }
            What::Joins => {
                if self.machine.living() == 1 {
                    self.machine.start(&self.house);
                }
            }
            What::Restarts => {
                if self.machine.living() > 0 {
                    self.machine.stop().await;
                    self.machine.start(&self.house);
                    self.block_all(now, 2 * POLL_MS);
                }
            }
            What::Staff => self.look(false).await?,
        }
        Ok(())
    }

    async fn look(&mut self, late: bool) -> anyhow::Result<()> {
        let now = self.house.now();
        for renewed in self.staff.look(&self.house, &self.machine, late).await? {
            let from = self.dead.remove(&renewed.shop).or(renewed.ended).unwrap_or(now);
            let to = now.plus(KEY_TAKES_HOLD_MS);
            self.blocked.push(Blocked { shop: renewed.shop, from, to });
        }
        Ok(())
    }

    async fn order(&self, shop: usize, heard: bool) -> anyhow::Result<()> {
        let (Some((mall, key)), Some(shop)) = (SHOPS.get(shop), self.house.shops.get(shop)) else {
            return Ok(());
        };
        let key = key.parse::<i64>().map_or_else(|_| json!(key), |number| json!(number));
        let numbers = self.house.add_orders(json!({ "mall": mall, "shop": key, "count": 1 }))?;
        for number in numbers.iter().filter(|_| heard) {
            self.machine.hear(number.as_str(), shop.shop_id).await?;
        }
        Ok(())
    }

    /// Changes an order of the last days that has not left yet.
    fn change_one(&self, pick: u64, change: &dyn Fn(&str) -> Value) -> anyhow::Result<()> {
        let now = self.house.now();
        let open = |o: &&OrderView| {
            let early = ["100", "200", "300", "1", "2", "PENDING", "UNSHIPPED"].contains(&o.status.as_str());
            early && now.0 - o.ordered_ms < 3 * DAY
        };
        let orders = self.house.mall_orders();
        let open: Vec<&OrderView> = orders.iter().filter(open).collect();
        let Some(place) = usize::try_from(pick)?.checked_rem(open.len()) else { return Ok(()) };
        let Some(order) = open.get(place) else { return Ok(()) };
        let done = self.house.sim().edit_order(&order.number, &change(&order.mall), now.0);
        done.map(drop).map_err(|e| anyhow::anyhow!("{e}"))
    }

    fn end_key(&mut self, shop: usize, key: Key) -> anyhow::Result<()> {
        let Some((_, name)) = SHOPS.get(shop) else { return Ok(()) };
        let change = match key {
            Key::Main => json!({ "key": "expire" }),
            Key::Public => json!({ "public_key": "expire" }),
            Key::Secret => json!({ "secret": "expire" }),
        };
        let now = self.house.now();
        self.dead.entry(shop).or_insert(now);
        let done = self.house.sim().change_shop(name, &change, now.0);
        done.map(drop).map_err(|e| anyhow::anyhow!("{e}"))
    }

    /// Everything that went wrong ends, and at least one hub is there.
    async fn mend(&mut self) -> anyhow::Result<()> {
        self.house.sim().clear_faults();
        self.machine.clock.set(0);
        let now = self.house.now();
        self.clock.push((now, 0));
        // Who has not paid does so now: what waits for the money must not be stuck behind it.
        for order in self.house.mall_orders().iter().filter(|o| o.mall == "yahoo") {
            let paid = self.house.sim().edit_order(&order.number, &json!({ "paid": true }), now.0);
            paid.map_err(|e| anyhow::anyhow!("{e}"))?;
        }
        if self.machine.doomed() {
            self.bury().await;
        }
        if self.machine.living() == 0 {
            self.back_at = Some(now);
        }
        Ok(())
    }

    /// Nothing more is imported by itself; what is under way comes to its end (I7).
    async fn come_to_rest(&mut self) -> anyhow::Result<()> {
        for shop in self.house.ledger.shops().await? {
            let mut shop = shop;
            shop.set_import_interval(0, self.house.now());
            self.house.ledger.update_shop(&shop, self.house.now()).await?;
        }
        let limit = self.house.now().plus(LIMIT_MS);
        loop {
            self.wait_until(self.house.now().plus(5 * MINUTE)).await?;
            if self.house.is_quiet().await {
                self.machine.stop().await;
                // Something may have begun in the very last moment.
                if self.house.is_quiet().await {
                    return Ok(());
                }
                self.machine.start(&self.house);
            }
            if self.house.now() >= limit {
                self.machine.stop().await;
                return Ok(());
            }
        }
    }

    async fn judge(&self, plan: &Plan) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome {
            orders: self.house.mall_orders().len(),
            shipped: self.staff.shipped.len(),
            calls: self.machine.calls.load(Ordering::Relaxed),
            deaths: self.deaths,
            moves: self.house.moves(),
            ..Outcome::default()
        };
        check::all(self, plan, &mut outcome.wrong).await?;
        Ok(outcome)
    }
}
