//! What the mall says no to, of one order and of a part of a batch (F28, F29), and what a person then does (NTF-7).

use crate::write_kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use domain::write::WriteKind;
use serde_json::json;
use store::orders::ParcelChange;
use testkit::house::Plan;

testkit::story!(f28_ntf7_a_refusal_is_final_until_the_data_is_mended, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 1, json!([])).await;
    // 121 characters: one more than the mall takes.
    renumbered(house, &numbers[0], &"9".repeat(121)).await;
    worked(house).await;
    let view = shown(house, &numbers[0]).await;
    assert_eq!((view.row.notice_state, view.row.phase.as_str()), (NoticeState::Rejected, "on_hold"));
    let reason = view.writes.last().unwrap().reason.clone().unwrap();
    assert!(!reason.remedy.is_empty(), "{reason:?}");
    assert!(told(&view, "notice_state_changed", "rejected"));
    worked(house).await;
    assert_eq!(calls(house, SHIP), 0, "nothing is tried again by itself");
    renumbered(house, &numbers[0], "412345678901").await;
    assert!(set_by_hand(house, &numbers[0], NoticeState::NotSent).await);
    moved(house, view.row.seq, "shipped").await;
    worked(house).await;
    one_record_each(house, &numbers[0]).await;
});

testkit::story!(f29_i12_each_order_of_a_batch_has_its_own_outcome, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 30, json!([])).await;
    // Three were cancelled at the mall between the look and the work of the queue.
    let bad = [3, 11, 29];
    house.faults(json!([
        {"operation": "getResultUpdateOrderShippingAsync", "at": {"call": 1}, "action": {"drop_item": {"index": 7}}}
    ])).unwrap();
    let wire = Meddler::new(house, SHIP_ASYNC, |_| Meddle::Pass);
    let hub = hub_over(house, wire.clone(), engine::HubConfig::default());
    let worker = {
        let hub = hub.clone();
        tokio::spawn(async move { hub.run().await })
    };
    while calls(house, SHIP_ASYNC) == 0 {
        mall_api::Clock::sleep_ms(&house.clock, 500).await;
    }
    let now = house.now().0;
    for i in bad {
        house.sim().edit_order(&numbers[i], &json!({"cancel": true}), now).unwrap();
    }
    hub.stop();
    worker.await.unwrap();
    worked(house).await;
    for (i, number) in numbers.iter().enumerate() {
        if bad.contains(&i) {
            let view = shown(house, number).await;
            assert_eq!((view.row.notice_state, view.row.phase.as_str()), (NoticeState::Rejected, "on_hold"));
            assert_eq!(added(house, number), 0);
        } else {
            one_record_each(house, number).await;
        }
    }
    assert_eq!(calls(house, SHIP_ASYNC), 1);
});

testkit::story!(
    f29_one_parcel_with_an_unknown_code_does_not_hold_up_the_other,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!(["multi_package"])).await;
        assert!(shown(house, &numbers[0]).await.parcels.len() > 1);
        house
            .faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": {"unknown_code": {"index": 1}}}]))
            .unwrap();
        worked(house).await;
        one_record_each(house, &numbers[0]).await;
        assert_eq!(calls(house, SHIP), 1);
    }
);

testkit::story!(f32_ntf7_nothing_is_set_by_hand_while_in_flight, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 1, json!([])).await;
    house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": "apply_then_timeout"}])).unwrap();
    let hub = house.hub();
    assert!(house.run_until(&hub, 4 * MINUTE, async |house| row(house, &numbers[0]).await.confirming).await);
    for to in NoticeState::ALL {
        assert!(!set_by_hand(house, &numbers[0], to).await, "{to:?}");
    }
    let order = shown(house, &numbers[0]).await;
    let change = ParcelChange { parcel_id: Some(order.parcels[0].parcel_id), ..ParcelChange::default() };
    let refused = house.ledger.set_parcel(order.row.seq, &change, &By::Cli, house.now()).await.unwrap();
    assert_eq!(refused.unwrap_err().code, "notice_in_flight");
    worked(house).await;
    one_record_each(house, &numbers[0]).await;
    // Afterwards only the two states a person may set.
    for to in NoticeState::ALL {
        let may = matches!(to, NoticeState::NotSent | NoticeState::Applied);
        assert_eq!(set_by_hand(house, &numbers[0], to).await, may, "{to:?}");
    }
});

testkit::story!(
    ntf14_not_sent_by_hand_after_success_sends_nothing_twice,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 2, json!(["multi_package"])).await;
        worked(house).await;
        let before = calls(house, SHIP);
        for number in &numbers {
            one_record_each(house, number).await;
            assert!(set_by_hand(house, number, NoticeState::NotSent).await);
        }
        asked(house, &numbers, WriteKind::ShipmentNotice).await;
        worked(house).await;
        for number in &numbers {
            assert_eq!(row(house, number).await.notice_state, NoticeState::Applied);
            assert_eq!(added(house, number), shown(house, number).await.parcels.len());
        }
        assert_eq!(calls(house, SHIP), before);
    }
);

testkit::story!(ntf14_a_corrected_number_changes_its_own_record, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 1, json!([])).await;
    worked(house).await;
    let old = records(house, &numbers[0]);
    renumbered(house, &numbers[0], "499999999999").await;
    assert!(set_by_hand(house, &numbers[0], NoticeState::NotSent).await);
    moved(house, seq(house, &numbers[0]).await, "shipped").await;
    worked(house).await;
    one_record_each(house, &numbers[0]).await;
    let new = records(house, &numbers[0]);
    assert_eq!(new, [(old[0].0.clone(), "499999999999".to_owned())]);
});
