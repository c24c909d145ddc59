//! Yahoo!ショッピング's limits (yahoo.md 2): one call a second and URL, so many a day, both for all shops of a Client ID.
//! Counted by the simulator, not by the one who calls.

use crate::kit::*;
use domain::history::By;
use domain::time::{DAY, SECOND};
use domain::{Reason, ShopId, UtcMillis};
use engine::requests::{IMPORT, ImportCounts, ImportRequest};
use engine::{Hub, HubConfig, doors};
use mall_api::{
    Clock as _, CredentialCheck, Credentials, Descriptor, Grant, Mall, MallError, OrderSource, OrderWriter,
    Session, Settings, WireAnswer, WireRequest,
};
use mallsim::Counters;
use serde_json::{Value, json};
use std::sync::Arc;
use store::Ledger;
use testkit::house::{House, Plan, START, test_ring};
use testkit::tempdb::Kind;

fn shops(kind: Kind, shops: usize, patch: &Value) -> Plan {
    steady(Plan::empty(kind, 0).mall("yahoo", shops), patch)
}

/// The second program of the house: another hub with a ledger of its own over the same database.
async fn program(house: &House) -> Arc<Hub> {
    let ledger = Ledger::with_db((*house.db).clone(), test_ring(), START).await.unwrap();
    let clock = Arc::new(house.clock.clone());
    Hub::new(Arc::new(ledger), malls::registry(), clock, Arc::clone(&house.transport), HubConfig::default())
}

fn added(house: &House, shop: usize, count: usize, ago: i64) -> Vec<String> {
    let now = house.now().0;
    let seller = house.sim().shops(now)[shop].shop.clone();
    let mut wanted = (YAHOO.shippable)();
    let fields = wanted.as_object_mut().unwrap();
    fields.insert("shop".into(), json!(seller));
    fields.insert("count".into(), json!(count));
    fields.insert("traits".into(), json!([]));
    fields.insert("at_ms".into(), json!(now - ago));
    house.add_orders(wanted).unwrap().into_iter().map(|n| n.0).collect()
}

fn days(house: &House, days: i64) -> ImportRequest {
    let (from, to) = (house.now().plus(-days * DAY), house.now());
    ImportRequest { from, to, statuses: None, overwrite: false, force: false, orders: None }
}

/// Orders of each shop that are imported and packed, but not yet 出荷済み: their notices may become due at any moment.
async fn packed(house: &House, count: usize) -> Vec<String> {
    let mut numbers = Vec::new();
    for shop in 0..house.shops.len() {
        numbers.extend(added(house, shop, count, HOUR));
        let hub = house.quiet_hub();
        let body = days(house, 1);
        let done = doors::ask_and_work(&hub, &house.shops[shop], IMPORT, &body, &By::Cli, &mut |_| {}).await;
        assert_eq!(done.unwrap().request.state, "succeeded");
    }
    house.usual_rules().await.unwrap();
    for (i, number) in numbers.iter().enumerate() {
        house.pack(seq(house, number).await, &format!("4{i:010}")).await.unwrap();
    }
    numbers
}

async fn ask(house: &House, shop: usize, body: &ImportRequest) {
    house.ledger.add_request(&house.shops[shop], IMPORT, body, &By::Cli, house.now()).await.unwrap();
}

/// Orders that the newest run of a shop has been through, and the state of that run.
async fn newest(house: &House, shop: usize) -> (u64, String) {
    let run = house.ledger.newest_runs(house.shops[shop].shop_id, 1).await.unwrap().remove(0);
    let counts: ImportCounts = serde_json::from_value(run.counts).unwrap();
    (counts.listed, run.state)
}

/// Lets time pass until it is so.
async fn until(house: &House, what: &str, mut done: impl AsyncFnMut(&House) -> bool) {
    let end = house.now().plus(2 * HOUR);
    while !done(house).await {
        assert!(house.now() < end, "{what}: never came");
        house.clock.sleep_ms(SECOND).await;
    }
}

fn counters(house: &House) -> Counters {
    house.sim().effects().counters().clone()
}

testkit::story!(
    two_yahoo_shops_of_one_client_id_share_its_second_and_notices_overtake_their_imports_f16_f18,
    |kind| shops(kind, 2, &json!({})),
    |house| {
        assert_eq!(house.shops[0].lane_key, house.shops[1].lane_key, "one Client ID, one lane");
        let urgent = packed(house, 2).await;
        for shop in 0..2 {
            added(house, shop, 90, 2 * DAY);
            ask(house, shop, &days(house, 3)).await;
        }
        // Two programs; only one has the lane.
        let (one, two) = (program(house).await, program(house).await);
        let (first, second) = (tokio::spawn(one.run()), tokio::spawn(two.run()));
        // By turns: neither shop is ever far behind the other.
        let mut widest = 0;
        let mut at_least = async |house: &House, least: u64| {
            let ((a, state_a), (b, state_b)) = (newest(house, 0).await, newest(house, 1).await);
            if state_a == "running" && state_b == "running" {
                widest = widest.max(a.abs_diff(b));
            }
            a >= least && b >= least
        };
        until(house, "both imports run", async |house| {
            let mut begun = true;
            for shop in &house.shops {
                let runs = house.ledger.newest_runs(shop.shop_id, 9).await.unwrap();
                begun &= runs.iter().any(|run| run.state == "running");
            }
            begun
        })
        .await;
        until(house, "both imports are under way", async |house| at_least(house, 10).await).await;
        for number in &urgent {
            moved(house, number, "shipped").await;
        }
        until(house, "the notices", async |house| {
            let _ = at_least(house, 0).await;
            urgent.iter().all(|number| records(house, number) == 1)
        })
        .await;
        for shop in 0..2 {
            let (listed, state) = newest(house, shop).await;
            assert!(state == "running" && listed < 70, "sent while the import still runs: {listed} {state}");
        }
        // A restart: the owner ends in good order and the other takes the lane at once.
        let (owner, spare, left, right) = match one.owned_lanes().is_empty() {
            false => (one, two, first, second),
            true => (two, one, second, first),
        };
        assert!(spare.owned_lanes().is_empty() && !owner.owned_lanes().is_empty());
        owner.stop();
        left.await.unwrap();
        until(house, "the other takes over", async |_| !spare.owned_lanes().is_empty()).await;
        until(house, "it goes on", async |house| at_least(house, 50).await).await;
        // And a death: a third program goes on where the second stopped.
        right.abort();
        assert!(right.await.unwrap_err().is_cancelled());
        let third = program(house).await;
        let task = tokio::spawn(third.run());
        until(house, "both imports end", async |house| {
            let ended = at_least(house, 92).await;
            ended && newest(house, 0).await.1 == "succeeded" && newest(house, 1).await.1 == "succeeded"
        })
        .await;
        third.stop();
        task.await.unwrap();
        assert!(widest <= 3, "the shops took turns: {widest}");
        assert_eq!(house.orders().await.len(), 2 * 92);
        assert!(worked(house, &house.hub(), &urgent).await);
        for number in &urgent {
            one_effective_notice(house, number).await;
        }
        let counted = counters(house);
        assert!(counted.too_many.is_empty(), "{counted:?}");
        assert!(counted.most_per_second.len() >= 3, "{counted:?}");
        for (key, most) in &counted.most_per_second {
            assert_eq!(*most, 1, "{key}");
        }
        assert_eq!(counted.per_day.len(), 1, "one Client ID: {counted:?}");
        assert!(counted.by_shop.values().all(|calls| *calls > 90), "{counted:?}");
    }
);

/// Yahoo! with another number of calls a day, as the Descriptor says it.
struct Few {
    inner: Arc<dyn Mall>,
    descriptor: Descriptor,
}

impl Few {
    fn calls_a_day(count: i64) -> Arc<dyn Mall> {
        let inner = malls::by_key("yahoo").unwrap();
        let descriptor = Descriptor { calls_per_day: Some(count), ..inner.descriptor().clone() };
        Arc::new(Self { inner, descriptor })
    }
}

#[async_trait::async_trait]
impl Mall for Few {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn pacing_key(&self, shop: ShopId, credentials: &Credentials) -> String {
        self.inner.pacing_key(shop, credentials)
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), Reason> {
        self.inner.authorise(request, credentials, settings, now)
    }

    fn grant(&self) -> Option<&dyn Grant> {
        self.inner.grant()
    }

    fn remark(&self, sent: &WireRequest, answer: &WireAnswer) -> Option<(&'static str, Option<Reason>)> {
        self.inner.remark(sent, answer)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        self.inner.check_credential(session, credentials).await
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        self.inner.orders()
    }

    fn writer(&self) -> Option<&dyn OrderWriter> {
        self.inner.writer()
    }
}

/// Calls a day of the story.
const FEW: i64 = 100;

fn few(house: &House) -> Arc<Hub> {
    let (poll_ms, beat_ms, lease_ms) = (5 * MINUTE, 10 * MINUTE, HOUR);
    let config = HubConfig { poll_ms, beat_ms, lease_ms, ..HubConfig::default() };
    let (clock, mall) = (Arc::new(house.clock.clone()), Few::calls_a_day(FEW));
    Hub::new(Arc::clone(&house.ledger), vec![mall], clock, Arc::clone(&house.transport), config)
}

/// Calls of each day, as the mall counted them for its one Client ID.
fn by_day(house: &House) -> Vec<u64> {
    counters(house).per_day.into_values().flat_map(|days| days.into_values()).collect()
}

testkit::story!(
    yahoos_calls_of_a_day_stop_imports_at_nine_tenths_and_writes_go_on,
    |kind| shops(kind, 1, &json!({"yahoo": {"per_day": FEW}})),
    |house| {
        let urgent = packed(house, 2).await;
        added(house, 0, 150, 2 * DAY);
        ask(house, 0, &days(house, 3)).await;
        let waits = async |house: &House| {
            let run = house.ledger.open_run(house.shops[0].shop_id).await.unwrap();
            run.and_then(|r| r.reason).is_some_and(|reason| reason.code == "calls_of_day_used")
        };
        assert!(house.run_until(&few(house), HOUR, waits).await);
        let day = house.ledger.lane_day(&house.shops[0].lane_key).await.unwrap();
        assert_eq!(day.calls, FEW * 9 / 10);
        let imported = house.orders().await.len();
        assert!(by_day(house)[0] <= 90 && imported < 90, "{:?}", by_day(house));
        // The rest is for notices and what follows them.
        for number in &urgent {
            moved(house, number, "shipped").await;
        }
        assert!(worked(house, &few(house), &urgent).await);
        for number in &urgent {
            one_effective_notice(house, number).await;
        }
        assert_eq!(by_day(house).len(), 1, "still the same day");
        assert_eq!(house.orders().await.len(), imported, "the import still waits");
        // Tomorrow it goes on, and no day was ever overdrawn.
        let ended =
            async |house: &House| house.ledger.open_run(house.shops[0].shop_id).await.unwrap().is_none();
        assert!(house.run_until(&few(house), 3 * DAY, ended).await);
        assert_eq!((house.orders().await.len(), newest(house, 0).await.1.as_str()), (152, "succeeded"));
        assert!(
            by_day(house).len() > 1 && by_day(house).iter().all(|calls| *calls <= 100),
            "{:?}",
            by_day(house)
        );
        assert!(counters(house).too_many.is_empty());
    }
);
