//! In: exactly once, whatever happens on the way (I1, I2, F03–F07, F10, F16, F24).

use crate::kit::*;
use domain::snapshot::MallStage;
use serde_json::json;

crate::every_mall!(importing_twice_changes_nothing_i2, |house, row| {
    let numbers = orders(house, row, 12, &json!([]));
    let first = house.import_days(1).await.unwrap();
    assert_eq!(first.request.state, "succeeded", "{:?}", first.request.result);
    let before: Vec<_> = house.orders().await.into_iter().map(|o| (o.seq, o.version)).collect();
    assert_eq!(before.len(), numbers.len());
    let again = house.import_days(1).await.unwrap();
    assert_eq!(again.request.state, "succeeded", "{:?}", again.request.result);
    let after: Vec<_> = house.orders().await.into_iter().map(|o| (o.seq, o.version)).collect();
    assert_eq!(before, after);
    for number in &numbers {
        assert_eq!(times_here(house, number).await, 1);
    }
});

crate::every_mall!(each_fault_of_reading_only_delays_f03_f04_f05_f06_f07_f27, |house, row| {
    let actions = [
        json!({"status": {"code": 500, "body": ""}}),
        json!({"status": {"code": 503, "body": "busy", "content_type": "text/plain"}}),
        json!({"cut_at": {"bytes": 40}}),
        json!("hang"),
        json!("close"),
        json!({"too_many": {"retry_after": 7}}),
        json!({"too_many": {}}),
        json!({"maintenance": {"code": 503}}),
        json!({"maintenance": {"code": 200}}),
        json!("login_page"),
        json!("empty_body"),
    ];
    for operation in [row.list, row.get] {
        for action in &actions {
            let numbers = orders(house, row, 2, &json!([]));
            house.sim().clear_faults();
            fault(house, operation, 1, action);
            let done = house.import_days(1).await.unwrap();
            assert_eq!(done.request.state, "succeeded", "{operation} {action}: {:?}", done.request.result);
            for number in &numbers {
                assert_eq!(times_here(house, number).await, 1, "{operation} {action}: {number}");
            }
        }
    }
});

crate::every_mall!(an_unknown_status_is_kept_shown_and_never_notified_f24, |house, row| {
    let numbers = orders(house, row, 1, &json!(["unknown_status"]));
    house.import_days(1).await.unwrap();
    let view = shown(house, &numbers[0]).await;
    let facts = view.mall.unwrap();
    assert_eq!(facts.stage, MallStage::Unknown, "{:?}", facts.status);
    let known = malls::by_key(row.mall).unwrap();
    assert!(!facts.status.code.is_empty() && known.descriptor().status(&facts.status.code).is_none());
    house.usual_rules().await.unwrap();
    house.pack(view.row.seq, "40000000000").await.unwrap();
    let hub = house.hub();
    house.run_until(&hub, HOUR, async |_| false).await;
    assert_eq!(records(house, &numbers[0]), 0);
});

crate::every_mall!(one_order_that_cannot_be_read_stops_nobody_f24, |house, row| {
    let good = orders(house, row, 3, &json!([]));
    let bad = orders(house, row, 1, &json!(["missing_field"]));
    let more = orders(house, row, 3, &json!([]));
    let done = house.import_days(1).await.unwrap();
    assert!(matches!(done.request.state.as_str(), "succeeded" | "partial"), "{:?}", done.request.result);
    for number in good.iter().chain(&more) {
        assert_eq!(times_here(house, number).await, 1);
    }
    let aside = house.ledger.set_aside_orders(10).await.unwrap();
    let set_aside = aside.iter().any(|a| a.mall_order_id.0 == bad[0]);
    assert!(set_aside || times_here(house, &bad[0]).await == 1, "it is somewhere: {aside:?}");
});

crate::every_mall!(what_comes_late_into_the_list_is_found_by_the_overlap_f09, |house, row| {
    let numbers = orders(house, row, 1, &json!(["late_listed"]));
    let mut shop = house.shops[0].clone();
    shop.set_import_interval(10 * MINUTE, house.now());
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
    let hub = house.hub();
    let found =
        house.run_until(&hub, 30 * HOUR, async |house| house.order(&numbers[0]).await.is_some()).await;
    assert!(found, "{:?}", house.mall_orders());
    assert_eq!(times_here(house, &numbers[0]).await, 1);
});

/// Where the simulator can take an order away altogether (Amazon's can only hide it from the list).
mod f20_an_order_that_is_no_longer_at_the_mall_stays_as_it_is_and_the_reimport_says_so {
    use super::*;
    use testkit::house::House;
    use testkit::tempdb::Kind;

    async fn body(house: &House, row: &'static Row) {
        let numbers = orders(house, row, 2, &json!([]));
        house.import_days(1).await.unwrap();
        let before = shown(house, &numbers[0]).await;
        let now = house.now().0;
        house.sim().edit_order(&numbers[0], &json!({ "hidden": true }), now).unwrap();
        let ask = engine::requests::ImportRequest {
            from: house.now(),
            to: house.now(),
            statuses: None,
            overwrite: false,
            force: false,
            orders: Some(numbers.iter().map(|n| n.as_str().into()).collect()),
        };
        let done = house.import(ask).await.unwrap();
        let run = done.run.unwrap();
        assert_eq!(run.state, "partial", "{run:?}");
        let notes = house.ledger.run_notes(run.run_id, 10).await.unwrap();
        let said: Vec<_> = notes.iter().map(|n| (n.mall_order_id.as_str(), n.reason.code.as_str())).collect();
        assert_eq!(said, [(numbers[0].as_str(), "order_not_given")]);
        let after = shown(house, &numbers[0]).await;
        assert_eq!((after.row.phase, after.content), (before.row.phase, before.content));
        assert_eq!(after.row.version, before.row.version, "nothing of it was touched");
    }

    crate::every_mall!(@one rakuten_sqlite, RAKUTEN, Kind::Sqlite);
    crate::every_mall!(@one rakuten_postgres, RAKUTEN, Kind::Postgres);
    crate::every_mall!(@one yahoo_sqlite, YAHOO, Kind::Sqlite);
    crate::every_mall!(@one yahoo_postgres, YAHOO, Kind::Postgres);
}
