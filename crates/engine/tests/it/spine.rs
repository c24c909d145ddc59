//! The main job from end to end: orders come in exactly once, are confirmed, shipped, notified.

use domain::history::By;
use domain::notice::NoticeState;
use domain::write::WriteKind;
use engine::doors;
use engine::requests::{ImportCounts, NOTIFY, NotifyRequest};
use serde_json::json;
use store::orders::MoveOptions;
use testkit::house::Plan;

fn counts(progress: &doors::Progress) -> ImportCounts {
    serde_json::from_value(progress.run.as_ref().unwrap().counts.clone()).unwrap()
}

testkit::story!(importing_twice_changes_nothing_i2_imp3, |kind| Plan::new(kind, 250).over_http(), |house| {
    let first = house.import_days(3).await.unwrap();
    let listed = house.mall_orders().len() as u64;
    let one = counts(&first);
    println!("{one:?} of {listed}; {:?}", first.request);
    let orders = house.orders().await;
    assert!(one.new > 0);
    assert_eq!(one.new as usize, orders.len());
    assert_eq!(one.listed, one.new + one.left_out + one.failed);
    let again = counts(&house.import_days(3).await.unwrap());
    assert_eq!(again.new, 0, "{again:?}");
    assert_eq!(again.unchanged, one.new, "{again:?}");
    assert_eq!(house.orders().await, orders);
    assert_eq!(house.ledger.phase_counts().await.unwrap(), house.ledger.recount_phases().await.unwrap());
    assert!(house.sim().effects().counters().too_many.is_empty());
});

testkit::story!(
    a_confirmed_order_is_shipped_notified_and_done_ntf4_ntf14,
    |kind| Plan::new(kind, 0).over_http(),
    |house| {
        let numbers = house.add_orders(json!({"count": 5, "traits": [], "status": 100})).unwrap();
        house.usual_rules().await.unwrap();
        house.import_days(1).await.unwrap();
        let hub = house.hub();
        let ready = house
            .run_until(&hub, 10 * domain::time::MINUTE, async |house| {
                let orders = house.orders().await;
                orders.len() == 5 && orders.iter().all(|o| o.phase.as_str() == "awaiting_shipment")
            })
            .await;
        assert!(ready, "{:?}", house.orders().await);
        // 楽天 settles them in half an hour; the second import sees it.
        house.clock.advance(domain::time::HOUR);
        house.import_days(1).await.unwrap();
        for (i, number) in numbers.iter().enumerate() {
            let order = house.order(number.as_str()).await.unwrap();
            assert_eq!(order.mall_status, "300");
            house.pack(order.seq, &format!("40000000{i}")).await.unwrap();
            let moved = house
                .ledger
                .move_orders(&[order.seq], &"shipped".into(), MoveOptions::default(), &By::Cli, house.now())
                .await
                .unwrap();
            assert!(moved.refused.is_empty(), "{moved:?}");
        }
        let hub = house.hub();
        let done = house
            .run_until(&hub, domain::time::HOUR, async |house| {
                house.in_state(NoticeState::Applied).await == 5
            })
            .await;
        assert!(done, "{:?}", house.orders().await);
        assert!(house.orders().await.iter().all(|o| o.phase.as_str() == "completed"));
        assert!(house.sim().duplicates().is_empty());
        for number in &numbers {
            let effects: Vec<String> =
                house.sim().effects().of(number.as_str()).iter().map(|e| format!("{:?}", e.effect)).collect();
            println!("{number}: {effects:?}");
        }
    }
);

testkit::story!(asking_to_notify_tells_every_reason_why_not_ntf4, |kind| Plan::new(kind, 0), |house| {
    house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap();
    house.import_days(1).await.unwrap();
    let order = house.orders().await.pop().unwrap();
    let body = NotifyRequest { kind: WriteKind::ShipmentNotice, orders: Some(vec![order.seq]), target: None };
    let done = doors::ask_and_work(&house.quiet_hub(), &house.shops[0], NOTIFY, &body, &By::Cli, &mut |_| {})
        .await
        .unwrap();
    let result = done.request.result.unwrap();
    let codes: Vec<&str> = result["refused"][0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["phase_not_allowed_by_default", "mall_not_ready", "no_parcel"]);
});

testkit::story!(
    an_order_that_left_every_window_is_still_followed_until_the_mall_is_done,
    |kind| Plan::new(kind, 0),
    |house| {
        let waiting = house.add_orders(json!({"count": 1, "traits": [], "status": 200})).unwrap();
        let mut shop = house.shops[0].clone();
        shop.set_import_interval(domain::time::HOUR, house.now());
        house.ledger.update_shop(&shop, house.now()).await.unwrap();
        let hub = house.hub();
        let status = async |house: &testkit::house::House| {
            house.order(waiting[0].as_str()).await.map(|o| o.mall_status)
        };
        let seen = house
            .run_until(&hub, domain::time::HOUR, async |h| status(h).await.as_deref() == Some("200"))
            .await;
        assert!(seen);
        // Past the 24 hours that windows overlap, before the daily second look can see it.
        let mut shop = house.ledger.shop(shop.shop_id).await.unwrap().unwrap();
        house.clock.advance(36 * domain::time::HOUR);
        shop.imported_to = Some(house.now());
        house
            .ledger
            .set_import_times(shop.shop_id, shop.imported_to, None, Some(house.now().plus(domain::time::DAY)))
            .await
            .unwrap();
        let now = house.now().0;
        house.sim().edit_order(waiting[0].as_str(), &json!({"status": 300}), now).unwrap();
        let hub = house.hub();
        let followed = house
            .run_until(&hub, domain::time::HOUR, async |h| status(h).await.as_deref() == Some("300"))
            .await;
        assert!(followed, "{:?}", house.order(waiting[0].as_str()).await);
    }
);
