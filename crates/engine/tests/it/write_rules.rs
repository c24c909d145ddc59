//! Who is notified, what stands in the way, and where orders go afterwards (NTF-2 to NTF-11, F33, F34, F36).

use crate::write_kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass};
use domain::write::WriteKind;
use engine::HubConfig;
use mallsim::Effect;
use serde_json::json;
use store::Access;
use store::orders::{ListFilter, ParcelChange};
use testkit::house::{House, Plan};

async fn switch(house: &House, on: bool) {
    let mut shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
    shop.automation_enabled = on;
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

fn edit(house: &House, number: &str, edit: serde_json::Value) {
    let now = house.now().0;
    house.sim().edit_order(number, &edit, now).unwrap();
}

testkit::story!(
    ntf3_a_stopped_shop_sends_nothing_and_goes_on_when_started,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 3, json!([])).await;
        switch(house, false).await;
        worked(house).await;
        assert_eq!(calls(house, SHIP), 0);
        assert_eq!(house.in_state(NoticeState::NotSent).await, 3);
        switch(house, true).await;
        worked(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
        }
    }
);

testkit::story!(
    ntf2_an_order_that_staff_moved_meanwhile_is_not_moved_by_the_rule,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        house
            .faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": "apply_then_timeout"}]))
            .unwrap();
        let hub = house.hub();
        assert!(
            house.run_until(&hub, 4 * MINUTE, async |house| row(house, &numbers[0]).await.confirming).await
        );
        moved(house, seq(house, &numbers[0]).await, "on_hold").await;
        worked(house).await;
        let view = shown(house, &numbers[0]).await;
        assert_eq!((view.row.notice_state, view.row.phase.as_str()), (NoticeState::Applied, "on_hold"));
        assert!(view.history.iter().any(|h| h.event.to_string().contains("changed_while_in_flight")));
    }
);

testkit::story!(
    ntf4_each_condition_keeps_an_order_back_and_the_others_go,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 6, json!([])).await;
        let now = house.now();
        let by = By::Cli;
        let ledger = &house.ledger;
        let mut seqs = Vec::new();
        for number in &numbers {
            seqs.push(seq(house, number).await);
        }
        ledger.set_handling_class(seqs[0], HandlingClass::OnHold, &by, now).await.unwrap();
        assert!(set_by_hand(house, &numbers[1], NoticeState::Applied).await);
        ledger.set_grouping(seqs[2], Grouping::BundledChild, Some(seqs[5]), &by, now).await.unwrap();
        ledger.set_grouping(seqs[3], Grouping::SplitChild, Some(seqs[5]), &by, now).await.unwrap();
        moved(house, seqs[4], "on_hold").await;
        worked(house).await;
        // F34: of a bundle the parent, of a split both.
        for (number, sent) in numbers.iter().zip([false, false, false, true, false, true]) {
            assert_eq!(added(house, number), usize::from(sent), "{number}");
        }
        let result = asked(house, &numbers, WriteKind::ShipmentNotice).await;
        let mut codes: Vec<String> = result["refused"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|r| {
                r["reasons"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap().to_owned())
            })
            .collect();
        codes.sort();
        let expected = [
            "bundled_child",
            "handling_class_not_normal",
            "notice_already",
            "notice_already",
            "notice_already",
        ];
        assert_eq!(codes, expected);
        // By hand the phase does not matter.
        worked(house).await;
        assert_eq!(added(house, &numbers[4]), 1);
    }
);

testkit::story!(ntf9_ntf10_ntf11_what_is_worth_saying_is_said_and_sent, |kind| Plan::new(kind, 0), |house| {
    let numbers = imported(house, 3, json!([]), 300).await;
    house.usual_rules().await.unwrap();
    let today = house.now().japan_date();
    let parcel = |carrier: Option<&str>, number: &str, on| ParcelChange {
        carrier: carrier.map(Into::into),
        tracking_number: number.to_owned(),
        shipped_on: on,
        ..ParcelChange::default()
    };
    let parcels = [
        parcel(Some("yamato"), "", Some(today)),
        parcel(None, "123", Some(today)),
        parcel(Some("no_such_carrier"), "123", Some(today)),
    ];
    for (number, parcel) in numbers.iter().zip(&parcels) {
        let seq = seq(house, number).await;
        house.ledger.set_parcel(seq, parcel, &By::Cli, house.now()).await.unwrap().unwrap();
        moved(house, seq, "shipped").await;
    }
    let mut seqs = Vec::new();
    for number in &numbers {
        seqs.push(seq(house, number).await);
    }
    let shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
    let mall = malls::by_key("rakuten").unwrap();
    let kind = WriteKind::ShipmentNotice;
    let judged =
        engine::judge_orders(&house.ledger, &shop, &*mall, kind, &seqs, false, house.now()).await.unwrap();
    let codes = |reasons: &[domain::Reason]| reasons.iter().map(|r| r.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&judged[0].verdict.warnings), ["tracking_number_blank", "will_not_advance"]);
    assert_eq!(codes(&judged[1].verdict.warnings), ["carrier_blank", "will_not_advance"]);
    assert_eq!(codes(&judged[2].verdict.refusals), ["carrier_unknown_to_mall"]);
    worked(house).await;
    for number in &numbers[..2] {
        assert_eq!(added(house, number), 1);
        assert_eq!(mall_order(house, number).status, "300", "it does not advance");
        assert_eq!(row(house, number).await.notice_state, NoticeState::Applied);
    }
    assert_eq!(added(house, &numbers[2]), 0);
});

testkit::story!(f33_a_cancel_here_takes_back_what_was_not_sent, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 2, json!([])).await;
    switch(house, false).await;
    house.faults(json!([{"operation": "getOrder", "action": {"maintenance": {"code": 503}}}])).unwrap();
    asked(house, &numbers, WriteKind::ShipmentNotice).await;
    house.sim().clear_faults();
    moved(house, seq(house, &numbers[0]).await, "cancelled").await;
    moved(house, seq(house, &numbers[1]).await, "on_hold").await;
    worked(house).await;
    let view = shown(house, &numbers[0]).await;
    assert_eq!(added(house, &numbers[0]), 0);
    assert_eq!((view.row.notice_state, view.row.phase.as_str()), (NoticeState::NotSent, "cancelled"));
    assert_eq!(reasons(&view), ["cancelled_here"]);
    // Only moved: the notice was wanted and goes out, the order stays where staff put it.
    assert_eq!(added(house, &numbers[1]), 1);
    assert_eq!(row(house, &numbers[1]).await.phase.as_str(), "on_hold");
});

testkit::story!(f33_a_cancel_here_while_unclear_sends_nothing_more, |kind| Plan::new(kind, 0), |house| {
    for (action, stands) in [("hang", false), ("apply_then_timeout", true)] {
        let numbers = shipped(house, 1, json!([])).await;
        let before = calls(house, SHIP);
        house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": action}])).unwrap();
        let hub = house.hub();
        assert!(
            house.run_until(&hub, 4 * MINUTE, async |house| row(house, &numbers[0]).await.confirming).await
        );
        moved(house, seq(house, &numbers[0]).await, "cancelled").await;
        worked(house).await;
        assert_eq!(calls(house, SHIP), before + 1, "{action}");
        assert_eq!(added(house, &numbers[0]), usize::from(stands));
        let row = row(house, &numbers[0]).await;
        let state = if stands { NoticeState::Applied } else { NoticeState::NotSent };
        assert_eq!((row.notice_state, row.phase.as_str()), (state, "cancelled"));
        assert!(row.flags.contains(&domain::order::Flag::NeedsAttention), "{:?}", row.flags);
        house.sim().clear_faults();
    }
});

testkit::story!(f33_a_cancel_at_the_mall_is_seen_before_sending, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 2, json!([])).await;
    edit(house, &numbers[0], json!({"cancel": true}));
    edit(house, &numbers[1], json!({"cancel": "applied"}));
    worked(house).await;
    assert_eq!(calls(house, SHIP), 0);
    for number in &numbers {
        let view = shown(house, number).await;
        assert_eq!((view.row.notice_state, view.row.phase.as_str()), (NoticeState::Rejected, "on_hold"));
        assert_eq!(reasons(&view), ["cancelled_at_mall"]);
    }
});

testkit::story!(f36_what_already_stands_at_the_mall_is_not_sent_again, |kind| Plan::new(kind, 0), |house| {
    // Shipped by hand in the mall's own screen: the same report, made by somebody else.
    let numbers = shipped(house, 1, json!([])).await;
    worked(house).await;
    one_record_each(house, &numbers[0]).await;
    let other = mall_order(house, &numbers[0]);
    assert_eq!(other.status, "500");
    let before = calls(house, SHIP);
    assert!(set_by_hand(house, &numbers[0], NoticeState::NotSent).await);
    moved(house, seq(house, &numbers[0]).await, "shipped").await;
    worked(house).await;
    one_record_each(house, &numbers[0]).await;
    assert_eq!(calls(house, SHIP), before);
});

testkit::story!(
    f36_a_placeholder_of_another_tool_is_changed_not_added_to,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!(["placeholder"])).await;
        let old = records(house, &numbers[0]);
        assert_eq!((old.len(), old[0].1.as_str()), (1, ""));
        worked(house).await;
        let new = records(house, &numbers[0]);
        assert_eq!((new.len(), &new[0].0), (1, &old[0].0));
        assert_eq!(added(house, &numbers[0]), 0);
        assert_eq!(times(house, &numbers[0], |e| matches!(e, Effect::ShippingUpdated { .. })), 1);
        assert_eq!(row(house, &numbers[0]).await.phase.as_str(), "completed");
    }
);

testkit::story!(ntf14_several_parcels_and_recipients_stand_once_each, |kind| Plan::new(kind, 0), |house| {
    let numbers = imported(house, 2, json!(["multi_package"]), 300).await;
    house.usual_rules().await.unwrap();
    for number in &numbers {
        let seq = seq(house, number).await;
        house.pack(seq, "77").await.unwrap();
        house.pack(seq, "88").await.unwrap();
        moved(house, seq, "shipped").await;
    }
    house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": "apply_then_cut"}])).unwrap();
    worked(house).await;
    for number in &numbers {
        assert!(records(house, number).len() >= 4);
        one_record_each(house, number).await;
    }
});

testkit::story!(ntf13_many_orders_go_in_one_call_and_few_one_by_one, |kind| Plan::new(kind, 0), |house| {
    for (count, sync, queued) in [(19, 19, 0), (20, 0, 1)] {
        let before = (calls(house, SHIP), calls(house, SHIP_ASYNC));
        let numbers = shipped(house, count, json!([])).await;
        worked(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
        }
        assert_eq!((calls(house, SHIP) - before.0, calls(house, SHIP_ASYNC) - before.1), (sync, queued));
    }
});

testkit::story!(ntf5_each_of_the_six_states_is_reached_and_found, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 5, json!([])).await;
    switch(house, false).await;
    // Rejected: cancelled at the mall. Applied. Result unknown: unclear, and then no longer given by the mall.
    edit(house, &numbers[0], json!({"cancel": true}));
    asked(house, &numbers[..2], WriteKind::ShipmentNotice).await;
    worked(house).await;
    let wire = Meddler::new(house, SHIP, |_| Meddle::Swallow);
    let hub = hub_over(house, wire, HubConfig::default());
    house
        .faults(
            json!([{"operation": "getOrder", "at": {"call": 1}, "action": {"maintenance": {"code": 503}}}]),
        )
        .unwrap();
    asked(house, &numbers[2..3], WriteKind::ShipmentNotice).await;
    assert!(house.run_until(&hub, 9 * MINUTE, async |house| row(house, &numbers[2]).await.confirming).await);
    edit(house, &numbers[2], json!({"readable_from_ms": i64::MAX / 1_000_000}));
    // Send failed: the mall never gives the order, so that nothing was ever sent.
    edit(house, &numbers[3], json!({"readable_from_ms": i64::MAX / 1_000_000}));
    asked(house, &numbers[3..4], WriteKind::ShipmentNotice).await;
    assert_eq!(row(house, &numbers[3]).await.notice_state, NoticeState::InFlight);
    let found = async |state| {
        let filter = ListFilter { notice: Some(state), limit: 200, ..ListFilter::default() };
        let rows = house.ledger.list_orders(&Access::full(), &filter).await.unwrap();
        rows.into_iter().map(|r| r.mall_order_id.0).collect::<Vec<_>>()
    };
    assert_eq!(found(NoticeState::InFlight).await.len(), 2);
    worked_for_days(house).await;
    let expected = [
        (NoticeState::Rejected, 0),
        (NoticeState::Applied, 1),
        (NoticeState::ResultUnknown, 2),
        (NoticeState::SendFailed, 3),
        (NoticeState::NotSent, 4),
    ];
    for (state, i) in expected {
        assert_eq!(found(state).await, [numbers[i].clone()], "{state:?}");
        assert!(!state.remedy_ja().is_empty());
    }
    assert!(house.sim().duplicates().is_empty());
});
