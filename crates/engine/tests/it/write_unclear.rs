//! Unclear answers (F26, F27): read back, never repeated blindly, never called a failure.

use crate::write_kit::*;
use domain::notice::NoticeState;
use engine::HubConfig;
use serde_json::json;
use testkit::house::Plan;

testkit::story!(
    f26_ntf14_applied_and_then_silence_is_read_back_and_not_repeated,
    |kind| Plan::new(kind, 0),
    |house| {
        for action in ["apply_then_timeout", "apply_then_cut"] {
            let numbers = shipped(house, 1, json!([])).await;
            house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": action}])).unwrap();
            let before = calls(house, SHIP);
            worked(house).await;
            one_record_each(house, &numbers[0]).await;
            assert_eq!(calls(house, SHIP), before + 1, "{action}");
            house.sim().clear_faults();
        }
    }
);

testkit::story!(
    f26_meanwhile_the_notice_is_in_flight_and_being_confirmed,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        house
            .faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": "apply_then_timeout"}]))
            .unwrap();
        let hub = house.hub();
        let seen =
            house.run_until(&hub, 4 * MINUTE, async |house| row(house, &numbers[0]).await.confirming).await;
        assert!(seen);
        let view = shown(house, &numbers[0]).await;
        assert_eq!(view.row.notice_state, NoticeState::InFlight);
        assert_eq!(view.row.phase.as_str(), "shipped");
        assert_eq!(reasons(&view), ["answer_unclear"]);
        worked(house).await;
        one_record_each(house, &numbers[0]).await;
    }
);

testkit::story!(
    f26_not_applied_is_sent_again_once_after_the_settle_time,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": "hang"}])).unwrap();
        let start = house.now();
        worked(house).await;
        one_record_each(house, &numbers[0]).await;
        assert_eq!(calls(house, SHIP), 2);
        let sent = house.sim().effects().of(&numbers[0]).iter().find(|e| e.call > 0).unwrap().at_ms;
        assert!(sent - start.0 >= 5 * MINUTE, "{}", sent - start.0);
    }
);

testkit::story!(
    f26_an_effect_that_comes_late_is_waited_for_and_never_doubled,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        let late = json!({"apply_late": {"after_ms": 4 * MINUTE}});
        house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": late}])).unwrap();
        worked(house).await;
        one_record_each(house, &numbers[0]).await;
        assert_eq!(calls(house, SHIP), 1);
    }
);

testkit::story!(f26_confirmations_that_went_unanswered_are_read_back, |kind| Plan::new(kind, 0), |house| {
    for (action, sent) in [("hang", 2), ("apply_then_timeout", 1), ("apply_then_cut", 1)] {
        house.usual_rules().await.unwrap();
        let numbers = imported(house, 3, json!([]), 100).await;
        let before = calls(house, "confirmOrder");
        house.faults(json!([{"operation": "confirmOrder", "at": {"call": 1}, "action": action}])).unwrap();
        worked(house).await;
        assert_eq!(calls(house, "confirmOrder"), before + sent, "{action}");
        for number in &numbers {
            let row = row(house, number).await;
            assert_eq!(confirmed(house, number), 1);
            assert_eq!((row.confirm_state, row.phase.as_str()), (NoticeState::Applied, "awaiting_shipment"));
        }
        house.sim().clear_faults();
    }
});

testkit::story!(
    f26_an_asynchronous_report_whose_receipt_was_lost_is_read_back,
    |kind| Plan::new(kind, 0),
    |house| {
        for (action, sent) in [("apply_then_timeout", 1), ("apply_then_cut", 1), ("hang", 2)] {
            let numbers = shipped(house, 20, json!([])).await;
            let before = (calls(house, SHIP_ASYNC), calls(house, SHIP));
            house.faults(json!([{"operation": SHIP_ASYNC, "at": {"call": 1}, "action": action}])).unwrap();
            worked(house).await;
            assert_eq!(
                (calls(house, SHIP_ASYNC), calls(house, SHIP)),
                (before.0 + sent, before.1),
                "{action}"
            );
            for number in &numbers {
                one_record_each(house, number).await;
            }
            house.sim().clear_faults();
        }
    }
);

testkit::story!(f27_answers_cut_anywhere_are_read_back, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 10, json!([])).await;
    let wire =
        Meddler::new(
            house,
            SHIP,
            |call| if call <= 10 { Meddle::Percent((call - 1) * 10) } else { Meddle::Pass },
        );
    let hub = hub_over(house, wire.clone(), HubConfig::default());
    assert!(work(house, &hub, 2 * HOUR).await);
    assert_eq!(wire.seen(), 10);
    for number in &numbers {
        one_record_each(house, number).await;
        assert!(!told(&shown(house, number).await, "notice_state_changed", "send_failed"));
    }
});

testkit::story!(f27_pages_blanks_and_strange_letters_are_read_back, |kind| Plan::new(kind, 0), |house| {
    let odd = [
        json!("empty_body"),
        json!("wrong_charset"),
        json!("nested_error"),
        json!("login_page"),
        json!({"status": {"code": 500, "body": ""}}),
        json!({"status": {"code": 200, "body": "<html><body>ok</body></html>", "content_type": "text/html"}}),
        json!({"status": {"code": 200, "body": "[]"}}),
        json!({"status": {"code": 200, "body": "{}"}}),
        json!({"unknown_code": {"index": 0}}),
        json!({"drop_item": {"index": -1}}),
        json!({"maintenance": {"code": 200}}),
    ];
    for action in odd {
        let numbers = shipped(house, 1, json!([])).await;
        house.faults(json!([{"operation": SHIP, "at": {"call": 1}, "action": action}])).unwrap();
        let hub = house.hub();
        let seen =
            house.run_until(&hub, 10 * MINUTE, async |house| row(house, &numbers[0]).await.confirming).await;
        assert!(seen, "{action}");
        worked(house).await;
        one_record_each(house, &numbers[0]).await;
        house.sim().clear_faults();
    }
});
