//! The hour of the collection: hundreds of notices at once, of several shops on one lane, under the mall's limits (F37);
//! restarts that come one after another (F38).

use crate::every_mall;
use crate::kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use mall_api::Clock as _;
use serde_json::json;
use std::collections::BTreeMap;
use store::orders::MoveOptions;
use testkit::house::{House, Plan};
use testkit::tempdb::Kind;

/// So many orders of each shop, packed and moved to 出荷済み, the first shop's first.
async fn burst(house: &House, counts: &[usize]) -> Vec<Vec<String>> {
    let now = house.now().0;
    let keys: Vec<String> = house.sim().shops(now).iter().map(|s| s.shop.clone()).collect();
    let mut all = Vec::new();
    for (key, count) in keys.iter().zip(counts) {
        let mut wanted = (YAHOO.shippable)();
        let fields = wanted.as_object_mut().unwrap();
        fields.insert("count".into(), json!(count));
        fields.insert("traits".into(), json!([]));
        fields.insert("shop".into(), json!(key));
        fields.insert("at_ms".into(), json!(now - HOUR));
        all.push(house.add_orders(wanted).unwrap().into_iter().map(|n| n.0).collect::<Vec<_>>());
    }
    for shop in &house.shops {
        let body = engine::requests::ImportRequest {
            from: house.now().plus(-24 * HOUR),
            to: house.now(),
            statuses: None,
            overwrite: false,
            force: false,
            orders: None,
        };
        let hub = house.quiet_hub();
        engine::doors::ask_and_work(&hub, shop, engine::requests::IMPORT, &body, &By::Cli, &mut |_| {})
            .await
            .unwrap();
    }
    house.usual_rules().await.unwrap();
    for (n, number) in all.iter().flatten().enumerate() {
        let seq = seq(house, number).await;
        house.pack(seq, &format!("4{n:010}")).await.unwrap();
        let to = "shipped".into();
        let moved = house
            .ledger
            .move_orders(&[seq], &to, MoveOptions::default(), &By::Cli, house.now())
            .await
            .unwrap();
        assert!(moved.refused.is_empty(), "{:?}", moved.refused);
    }
    all
}

async fn applied(house: &House, numbers: &[String]) -> usize {
    let mut n = 0;
    for number in numbers {
        let state = house.order(number).await.map(|o| o.notice_state);
        n += usize::from(state == Some(NoticeState::Applied));
    }
    n
}

#[test]
fn a_burst_of_three_shops_goes_fairly_and_each_order_is_reported_once_f37() {
    let plan = steady(Plan::new(Kind::Sqlite, 0).shops(0).mall("yahoo", 3), &json!({}));
    testkit::house::run(plan, async |house: &House| {
        let numbers = burst(house, &[180, 20, 4]).await;
        let start = house.now();
        let hub = house.hub();
        let worker = tokio::spawn(hub.run());
        let mut through = BTreeMap::new();
        while through.len() < 3 && house.now().since(start) < 6 * HOUR {
            house.clock.sleep_ms(10_000).await;
            for (shop, numbers) in numbers.iter().enumerate() {
                if !through.contains_key(&shop) && applied(house, numbers).await == numbers.len() {
                    through.insert(shop, house.now());
                }
            }
        }
        hub.stop();
        worker.await.unwrap();
        assert_eq!(through.len(), 3, "{through:?}");
        // The small shops do not stand behind the big one's queue.
        let took = |shop: usize| through[&shop].since(start);
        assert!(took(2) <= took(1) && took(1) * 3 < took(0) * 2, "{start:?} {through:?}");
        for number in numbers.iter().flatten() {
            assert_eq!(records(house, number), 1, "{number}");
        }
        assert!(house.sim().duplicates().is_empty());
    });
}

every_mall!(restarts_every_ten_seconds_make_no_notice_twice_and_no_storm_f38, |house, row| {
    let numbers = shipped(house, row, 3).await;
    let before = calls(house, row.ship);
    for _ in 0..60 {
        let hub = house.hub();
        house.run_until(&hub, 10_000, async |_| false).await;
    }
    let hub = house.hub();
    assert!(worked(house, &hub, &numbers).await);
    for number in &numbers {
        one_effective_notice(house, number).await;
    }
    let made = calls(house, row.ship) - before;
    assert!(made <= 2 * numbers.len() as u64, "{made} reports for {} orders", numbers.len());
});
