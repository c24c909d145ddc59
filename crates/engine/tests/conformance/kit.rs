//! The malls of the suite as data, and what its tests share.

use domain::OrderSeq;
use domain::history::By;
use domain::notice::NoticeState;
use domain::write::WriteKind;
use engine::requests::{NOTIFY, NotifyRequest};
use engine::{Hub, HubConfig, doors};
use mallsim::Effect;
use serde_json::{Value, json};
use std::sync::Arc;
use store::orders::{MoveOptions, OrderView as Shown};
use store::{Access, Shop};
use testkit::house::{House, Plan};
use testkit::tempdb::Kind;

pub const MINUTE: i64 = domain::time::MINUTE;
pub const HOUR: i64 = domain::time::HOUR;

/// One mall of the suite.
pub struct Row {
    /// Key of mall and simulator.
    pub mall: &'static str,
    /// The search, as the simulator names it in faults.
    pub list: &'static str,
    /// The details of orders; the same as `list` where the list holds whole orders.
    pub get: &'static str,
    /// The shipment report.
    pub ship: &'static str,
    /// What `add_orders` needs beside count and traits for orders that may be shipped.
    pub shippable: fn() -> Value,
}

pub const ALL: [&Row; 3] = [&RAKUTEN, &YAHOO, &AMAZON];

pub const RAKUTEN: Row = Row {
    mall: "rakuten",
    list: "searchOrder",
    get: "getOrder",
    ship: "updateOrderShipping",
    shippable: || json!({ "mall": "rakuten", "status": 300 }),
};

pub const YAHOO: Row = Row {
    mall: "yahoo",
    list: "orderList",
    get: "orderInfo",
    ship: "orderShipStatusChange",
    shippable: || json!({ "mall": "yahoo", "status": 2, "visible": true }),
};

pub const AMAZON: Row = Row {
    mall: "amazon",
    list: "searchOrders",
    get: "searchOrders",
    ship: "confirmShipment",
    shippable: || json!({ "mall": "amazon", "status": "UNSHIPPED" }),
};

/// A test for each mall and database: `name::rakuten_sqlite` and so on.
#[macro_export]
macro_rules! every_mall {
    ($(#[$meta:meta])* $name:ident, |$house:ident, $row:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;
            use testkit::tempdb::Kind;

            async fn body($house: &testkit::house::House, $row: &'static $crate::kit::Row) $body

            $crate::every_mall!(@one rakuten_sqlite, RAKUTEN, Kind::Sqlite);
            $crate::every_mall!(@one rakuten_postgres, RAKUTEN, Kind::Postgres);
            $crate::every_mall!(@one yahoo_sqlite, YAHOO, Kind::Sqlite);
            $crate::every_mall!(@one yahoo_postgres, YAHOO, Kind::Postgres);
            $crate::every_mall!(@one amazon_sqlite, AMAZON, Kind::Sqlite);
            $crate::every_mall!(@one amazon_postgres, AMAZON, Kind::Postgres);
        }
    };
    (@one $test:ident, $row:ident, $kind:expr) => {
        #[test]
        fn $test() {
            let row: &'static $crate::kit::Row = &$crate::kit::$row;
            testkit::house::run($crate::kit::plan(row, $kind), async |house| body(house, row).await);
        }
    };
}

/// One shop of the mall without orders.
pub fn plan(row: &Row, kind: Kind) -> Plan {
    Plan::new(kind, 0).shops(0).mall(row.mall, 1)
}

/// A world in which nobody but the story does anything, with other settings besides.
pub fn steady(mut plan: Plan, patch: &Value) -> Plan {
    let quiet = json!({"world": {"buyer_edit_share": 0.0, "buyer_cancel_share": 0.0}});
    plan.sim.settings = plan.sim.settings.patched(&quiet).unwrap().patched(patch).unwrap();
    plan
}

/// A hub that looks around and beats rarely, for stories that take days.
pub fn patient(house: &House) -> Arc<Hub> {
    let (poll_ms, beat_ms, lease_ms) = (5 * MINUTE, 10 * MINUTE, HOUR);
    house.hub_with(HubConfig { poll_ms, beat_ms, lease_ms, ..HubConfig::default() })
}

/// A shop as it stands in the ledger now.
pub async fn shop(house: &House, shop: usize) -> Shop {
    house.ledger.shop(house.shops[shop].shop_id).await.unwrap().unwrap()
}

/// Changes a shop of the simulator, by its place.
pub fn change_shop(house: &House, shop: usize, change: &Value) {
    let now = house.now().0;
    let key = house.sim().shops(now)[shop].shop.clone();
    house.sim().change_shop(&key, change, now).unwrap();
}

/// Moves an order by hand.
pub async fn moved(house: &House, number: &str, to: &str) {
    let seq = seq(house, number).await;
    let moved = house
        .ledger
        .move_orders(&[seq], &to.into(), MoveOptions::default(), &By::Cli, house.now())
        .await
        .unwrap();
    assert!(moved.refused.is_empty(), "{:?}", moved.refused);
}

/// Asks for a notice by hand; the answer of the lane.
pub async fn asked_by_hand(house: &House, number: &str) -> Value {
    let orders = Some(vec![seq(house, number).await]);
    let body = NotifyRequest { kind: WriteKind::ShipmentNotice, orders, target: None };
    let hub = house.quiet_hub();
    let done = doors::ask_and_work(&hub, &house.shops[0], NOTIFY, &body, &By::Cli, &mut |_| {}).await;
    done.unwrap().request.result.unwrap()
}

/// Calls of an operation so far.
pub fn calls(house: &House, operation: &str) -> u64 {
    house.sim().effects().counters().by_operation.get(operation).copied().unwrap_or(0)
}

/// Makes so many orders that may be shipped.
pub fn orders(house: &House, row: &Row, count: usize, traits: &Value) -> Vec<String> {
    let mut wanted = (row.shippable)();
    let fields = wanted.as_object_mut().unwrap();
    fields.insert("count".into(), json!(count));
    fields.insert("traits".into(), traits.clone());
    // A little before now: the youngest minutes are not listed everywhere.
    fields.insert("at_ms".into(), json!(house.now().0 - HOUR));
    house.add_orders(wanted).unwrap().into_iter().map(|n| n.0).collect()
}

/// A fault at a call of an operation.
pub fn fault(house: &House, operation: &str, call: u64, action: &Value) {
    house.faults(json!([{"operation": operation, "at": {"call": call}, "action": action}])).unwrap();
}

pub async fn shown(house: &House, number: &str) -> Shown {
    let row = house.order(number).await.unwrap_or_else(|| panic!("{number} is not in the ledger"));
    house.ledger.order(&Access::full(), row.seq).await.unwrap().unwrap()
}

/// How many ledger orders have the number: exactly one is the promise.
pub async fn times_here(house: &House, number: &str) -> usize {
    house.orders().await.iter().filter(|o| o.mall_order_id.0 == number).count()
}

pub async fn seq(house: &House, number: &str) -> OrderSeq {
    shown(house, number).await.row.seq
}

/// Orders that are imported, packed and moved to 出荷済み under the usual rules.
pub async fn shipped(house: &House, row: &Row, count: usize) -> Vec<String> {
    let numbers = orders(house, row, count, &json!([]));
    house.import_days(1).await.unwrap();
    house.usual_rules().await.unwrap();
    for (i, number) in numbers.iter().enumerate() {
        let seq = seq(house, number).await;
        house.pack(seq, &format!("4{i:010}")).await.unwrap();
        let moved = house
            .ledger
            .move_orders(&[seq], &"shipped".into(), MoveOptions::default(), &By::Cli, house.now())
            .await
            .unwrap();
        assert!(moved.refused.is_empty(), "{:?}", moved.refused);
    }
    numbers
}

/// Runs a hub until every notice of these orders has ended. At most two virtual days.
pub async fn worked(house: &House, hub: &Arc<Hub>, numbers: &[String]) -> bool {
    let mut calm = 0;
    house
        .run_until(hub, 48 * HOUR, async |house| {
            let mut done = true;
            for number in numbers {
                let state = house.order(number).await.map(|o| o.notice_state);
                done &= !matches!(state, None | Some(NoticeState::NotSent | NoticeState::InFlight));
            }
            let open = house.ledger.open_steps(&house.shops[0].lane_key).await.unwrap_or(1);
            calm = if done && open == 0 { calm + 1 } else { 0 };
            calm >= 3
        })
        .await
}

/// Shipping records the mall made for an order because of calls.
pub fn records(house: &House, number: &str) -> usize {
    let sim = house.sim();
    let made = |e: &&mallsim::Entry| matches!(e.effect, Effect::ShippingAdded { .. }) && e.call > 0;
    sim.effects().of(number).iter().filter(made).count()
}

/// The whole promise about one order: one effective notice by the mall's own count, 正常 here, and history tells of it.
pub async fn one_effective_notice(house: &House, number: &str) {
    let view = shown(house, number).await;
    let told = house.sim().effects().of(number).to_vec();
    assert_eq!(view.row.notice_state, NoticeState::Applied, "{number}: {:?} {told:?}", view.writes);
    assert_eq!(records(house, number), 1, "{number}: {told:?}");
    assert_eq!(view.row.phase.as_str(), "completed", "{:?}", view.history);
    assert_eq!(house.sim().duplicates(), Vec::new());
}
