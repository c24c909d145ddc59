//! A backup is restored while the malls have moved on (F46): nothing that was notified is notified again.

use crate::kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use domain::restore::ReadBack;
use domain::write::WriteKind;
use engine::doors;
use engine::requests::{NOTIFY, NotifyRequest};
use serde_json::json;
use testkit::house::House;
use testkit::tempdb::Kind;

/// Lets a hub of the house work for so long.
async fn work(house: &House, ms: i64) {
    let hub = patient(house);
    let end = house.now().plus(ms);
    house.run_until(&hub, ms, async |house| house.now() >= end).await;
}

async fn pack(house: &House, number: &str, tracking: &str) {
    let seq = seq(house, number).await;
    house.pack(seq, tracking).await.unwrap();
    moved(house, number, "shipped").await;
}

mod f46_a_restored_ledger_sends_nothing_twice {
    use super::*;

    fn run(row: &'static Row, kind: Kind, tens: usize) {
        let plan = steady(plan(row, kind), &json!({}));
        testkit::house::run(plan, async |house| story(house, row, tens).await);
    }

    #[test]
    fn rakuten_sqlite() {
        run(&RAKUTEN, Kind::Sqlite, 5);
    }

    #[test]
    fn rakuten_postgres() {
        run(&RAKUTEN, Kind::Postgres, 2);
    }

    #[test]
    fn yahoo_sqlite() {
        run(&YAHOO, Kind::Sqlite, 1);
    }

    #[test]
    fn yahoo_postgres() {
        run(&YAHOO, Kind::Postgres, 1);
    }

    #[test]
    fn amazon_sqlite() {
        run(&AMAZON, Kind::Sqlite, 1);
    }

    #[test]
    fn amazon_postgres() {
        run(&AMAZON, Kind::Postgres, 1);
    }
}

/// Ten times `tens` orders are shipped after the backup.
async fn story(house: &House, row: &'static Row, tens: usize) {
    // In the backup: some that are due, some whose notice waits in the outbox, some that are not packed yet.
    let numbers = shipped(house, row, tens * 6).await;
    let unpacked = orders(house, row, tens * 4, &json!([]));
    let late = orders(house, row, 1, &json!([])).remove(0);
    house.import_days(1).await.unwrap();
    let down = json!({"maintenance": {"code": 503}});
    house
        .faults(json!([{"operation": row.get, "action": down}, {"operation": row.ship, "action": down}]))
        .unwrap();
    let mut waiting = Vec::new();
    for number in &numbers[tens * 4..] {
        waiting.push(seq(house, number).await);
    }
    let ask = NotifyRequest { kind: WriteKind::ShipmentNotice, orders: Some(waiting), target: None };
    let hub = house.quiet_hub();
    doors::ask_and_work(&hub, &house.shops[0], NOTIFY, &ask, &By::Cli, &mut |_| {}).await.unwrap();
    house.sim().clear_faults();
    assert_eq!(house.in_state(NoticeState::InFlight).await, tens * 2);
    let backup = house.backup().await.unwrap();

    // The world goes on: all are shipped, and two more that the backup has never seen.
    for (i, number) in unpacked.iter().enumerate() {
        pack(house, number, &format!("5{i:010}")).await;
    }
    let newer = orders(house, row, 2, &json!([]));
    house.import_days(1).await.unwrap();
    for (i, number) in newer.iter().enumerate() {
        pack(house, number, &format!("6{i:010}")).await;
    }
    let all: Vec<String> = numbers.iter().chain(&unpacked).chain(&newer).cloned().collect();
    assert!(worked(house, &patient(house), &all).await);
    let told = |house: &House| all.iter().map(|number| records(house, number)).collect::<Vec<_>>();
    assert_eq!(told(house), vec![1; all.len()]);

    // The machine is lost. Hours go by before somebody looks at the page.
    let restored = house.restored(&backup).await.unwrap();
    let stands = restored.ledger.restored().await.unwrap().unwrap();
    assert!(stands.may_write().is_err());
    let mut shop = shop(&restored, 0).await;
    shop.import_mode = domain::ImportMode::Schedule;
    shop.import_interval_ms = 15 * MINUTE;
    restored.ledger.update_shop(&shop, restored.now()).await.unwrap();
    pack(&restored, &late, "70000000000").await;
    work(&restored, 3 * HOUR).await;
    assert_eq!((told(&restored), records(&restored, &late)), (vec![1; all.len()], 0));
    let asked = asked_by_hand(&restored, &late).await;
    assert!(asked.to_string().contains("paused_after_restore"), "{asked}");

    // It shows what would be sent: the one that was really never sent.
    let review = engine::restored::review(&restored.ledger, &malls::by_key, restored.now()).await;
    let review = review.unwrap().unwrap();
    assert!(review.is_read_back(), "{:?}", review.shops);
    let shown = &review.shops[0];
    let due: Vec<&str> = shown.due.iter().map(|(_, _, number)| number.as_str()).collect();
    assert_eq!((due, shown.waiting.len()), (vec![late.as_str()], 0));
    let counts = restored.ledger.read_back_counts().await.unwrap();
    assert_eq!(counts.get(&(shop.shop_id, ReadBack::Shipped)), Some(&i64::try_from(tens * 10).unwrap()));
    for number in numbers.iter().chain(&unpacked) {
        let order = restored.order(number).await.unwrap();
        assert_eq!(order.notice_state, NoticeState::Applied, "{number}");
    }

    // A person lets it go on. Staff even pack again what they think was lost.
    assert!(restored.ledger.release_restored(&By::Cli, restored.now()).await.unwrap());
    assert!(!restored.ledger.release_restored(&By::Cli, restored.now()).await.unwrap());
    for (i, number) in newer.iter().enumerate() {
        if restored.order(number).await.is_some() {
            pack(&restored, number, &format!("6{i:010}")).await;
        }
    }
    work(&restored, 16 * HOUR).await;
    assert_eq!((told(&restored), records(&restored, &late)), (vec![1; all.len()], 1));
    assert_eq!(restored.sim().duplicates(), Vec::new());
    restored.close().await.unwrap();
}
