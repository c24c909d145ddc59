//! Out: one effective notice, whatever becomes of the answer (I3, F25–F31, F33).

use crate::kit::*;
use engine::HubConfig;
use mall_api::Clock as _;
use serde_json::json;

crate::every_mall!(a_notice_reaches_the_mall_once_ntf14, |house, row| {
    let numbers = shipped(house, row, 3).await;
    assert!(worked(house, &house.hub(), &numbers).await, "{:?}", house.orders().await);
    for number in &numbers {
        one_effective_notice(house, number).await;
    }
});

crate::every_mall!(each_fault_of_the_report_ends_in_one_effective_notice_f26_f27, |house, row| {
    let actions = [
        json!("apply_then_timeout"),
        json!("apply_then_cut"),
        json!("hang"),
        json!("close"),
        json!({"status": {"code": 500, "body": ""}}),
        json!({"cut_at": {"bytes": 10}}),
        json!("empty_body"),
        json!({"too_many": {"retry_after": 7}}),
        json!({"too_many": {}}),
        json!({"maintenance": {"code": 503}}),
        json!({"maintenance": {"code": 200}}),
    ];
    for action in &actions {
        house.sim().clear_faults();
        let numbers = shipped(house, row, 1).await;
        fault(house, row.ship, 1, action);
        assert!(worked(house, &house.hub(), &numbers).await, "{action}: {:?}", shown(house, &numbers[0]).await.writes);
        one_effective_notice(house, &numbers[0]).await;
    }
});

crate::every_mall!(work_the_mall_does_late_is_read_back_late_f28, |house, row| {
    let numbers = shipped(house, row, 1).await;
    fault(house, row.ship, 1, &json!({"apply_late": {"after_ms": 45_000}}));
    assert!(worked(house, &house.hub(), &numbers).await);
    one_effective_notice(house, &numbers[0]).await;
});

crate::every_mall!(a_hub_that_dies_in_the_call_is_taken_over_f25_i8, |house, row| {
    for action in ["apply_then_timeout", "hang"] {
        house.sim().clear_faults();
        let numbers = shipped(house, row, 1).await;
        let before = house.sim().effects().counters().by_operation.get(row.ship).copied().unwrap_or(0);
        fault(house, row.ship, 1, &json!(action));
        // The first owner is dropped as soon as the mall has met the call, without a word to anybody.
        let config = HubConfig { poll_ms: 5_000, ..HubConfig::default() };
        let first = house.hub_with(config.clone());
        let task = tokio::spawn(first.run());
        for _ in 0..4_000 {
            let calls = house.sim().effects().counters().by_operation.get(row.ship).copied().unwrap_or(0);
            if calls > before {
                break;
            }
            house.clock.sleep_ms(500).await;
        }
        task.abort();
        drop(task.await);
        drop(first);
        let second = house.hub_with(config);
        assert!(worked(house, &second, &numbers).await, "{action}: {:?}", shown(house, &numbers[0]).await.writes);
        one_effective_notice(house, &numbers[0]).await;
    }
});
