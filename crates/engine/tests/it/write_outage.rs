//! Outages, limits, keys, forms the mall does not take, and results that never come (F07, F08, F13, F30, I7, I12).

use crate::write_kit::*;
use domain::notice::NoticeState;
use mallsim::DateFormat;
use serde_json::json;
use testkit::house::Plan;

testkit::story!(
    f30_a_result_that_comes_after_its_deadline_is_found_and_not_sent_again,
    |kind| Plan::new(kind, 0),
    |house| {
        let mut settings = house.sim().settings().clone();
        settings.rakuten.async_late_ms = 3 * HOUR;
        house.sim().set_settings(settings);
        let numbers = shipped(house, 20, json!([])).await;
        worked_for_days(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
        }
        assert_eq!((calls(house, SHIP_ASYNC), calls(house, SHIP)), (1, 0));
    }
);

testkit::story!(f30_a_result_that_never_comes_is_given_to_a_person, |kind| Plan::new(kind, 0), |house| {
    let mut settings = house.sim().settings().clone();
    settings.rakuten.async_late_ms = 100 * HOUR;
    house.sim().set_settings(settings);
    let numbers = shipped(house, 20, json!([])).await;
    let start = house.now();
    worked_for_days(house).await;
    assert!(house.now().since(start) >= 24 * HOUR);
    assert_eq!(house.in_state(NoticeState::ResultUnknown).await, 20);
    assert!(house.orders().await.iter().all(|o| o.phase.as_str() == "on_hold"));
    // And then the mall does it after all.
    house.clock.advance(100 * HOUR);
    for number in &numbers {
        assert_eq!(added(house, number), 1);
    }
    assert!(house.sim().duplicates().is_empty());
});

testkit::story!(
    f13_work_is_held_while_the_key_is_dead_and_goes_on_with_a_new_one,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 4, json!([])).await;
        let shop_key = house.sim().shops(0)[0].shop.clone();
        house.faults(json!([{"operation": SHIP, "at": {"call": 3}, "action": "key_expires"}])).unwrap();
        let hub = house.hub();
        let held = house
            .run_until(&hub, 2 * MINUTE, async |house| {
                house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap().held_reason.is_some()
            })
            .await;
        assert!(held);
        assert_eq!(house.in_state(NoticeState::Applied).await, 2);
        assert_eq!(house.in_state(NoticeState::InFlight).await, 2);
        let now = house.now().0;
        house.sim().clear_faults();
        house.sim().change_shop(&shop_key, &json!({"key": "renew"}), now).unwrap();
        let key = house.sim().shops(now)[0].credentials["newestLicenseKey"].clone();
        let shop = house.shops[0].shop_id;
        house.ledger.set_credential(shop, "license_key", &key, None, house.now()).await.unwrap();
        house.clock.advance(15 * MINUTE);
        worked(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
        }
        assert!(house.ledger.shop(shop).await.unwrap().unwrap().held_reason.is_none());
    }
);

testkit::story!(f07_f08_limits_and_outages_only_delay_i12, |kind| Plan::new(kind, 0), |house| {
    let faults = [
        json!({"too_many": {"retry_after": 7}}),
        json!({"too_many": {}}),
        json!({"maintenance": {"code": 503}}),
    ];
    for action in faults {
        let numbers = shipped(house, 3, json!([])).await;
        let before = (calls(house, SHIP), calls(house, "getOrder"));
        house.faults(json!([{"operation": SHIP, "at": {"call": 2}, "action": action}])).unwrap();
        let start = house.now();
        worked(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
            assert_eq!(shown(house, number).await.writes[0].attempts, 1, "{action}");
        }
        assert_eq!(calls(house, SHIP), before.0 + 4, "{action}");
        // No read-back with its settle time: only the usual look before sending.
        assert!(calls(house, "getOrder") <= before.1 + 3, "{action}");
        assert!(house.now().since(start) < 45 * MINUTE);
        house.sim().clear_faults();
    }
});

testkit::story!(the_form_of_the_content_type_is_learnt_415, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 3, json!([])).await;
    let mut settings = house.sim().settings().clone();
    settings.rakuten.refuse_spaced_content_type = true;
    house.sim().set_settings(settings);
    worked(house).await;
    for number in &numbers {
        one_record_each(house, number).await;
    }
    let shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
    assert_eq!(
        shop.settings.get("content_type_space").map(String::as_str),
        Some("false"),
        "{:?}",
        shop.settings
    );
});

testkit::story!(the_form_of_the_ship_date_is_learnt_ntf13, |kind| Plan::new(kind, 0), |house| {
    for count in [3, 20] {
        let mut settings = house.sim().settings().clone();
        settings.rakuten.ship_date = if count == 3 { DateFormat::Compact } else { DateFormat::Both };
        house.sim().set_settings(settings);
        let numbers = shipped(house, count, json!([])).await;
        worked(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
        }
        // One refusal teaches it: the rest of the batch is not sent in the old form.
        assert!(calls(house, SHIP) <= 4, "{}", calls(house, SHIP));
    }
});

testkit::story!(i7_when_the_faults_stop_everything_ends, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 12, json!([])).await;
    let sometimes = |p: f64, action: serde_json::Value| json!({"at": {"probability": p}, "action": action});
    house
        .faults(json!([
            sometimes(0.15, json!("apply_then_timeout")),
            sometimes(0.15, json!("close")),
            sometimes(0.10, json!({"status": {"code": 500, "body": ""}})),
            sometimes(0.10, json!({"too_many": {"retry_after": 3}})),
            sometimes(0.10, json!("empty_body")),
            sometimes(0.10, json!({"apply_late": {"after_ms": 30_000}})),
        ]))
        .unwrap();
    let hub = house.hub();
    work(house, &hub, 20 * MINUTE).await;
    house.sim().clear_faults();
    let start = house.now();
    worked(house).await;
    assert!(house.now().since(start) < 40 * MINUTE);
    for number in &numbers {
        one_record_each(house, number).await;
    }
});
