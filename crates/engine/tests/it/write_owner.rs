//! Owners that die, sleep or lose the store between the beginning of a call and its outcome (F25, F31, F43).

use crate::write_kit::*;
use domain::write::{StepState, WriteKind};
use engine::HubConfig;
use mall_api::{CallDraft, Clock as _, WireRequest};
use serde_json::json;
use store::LaneGuard;
use store::calls::{CallEnd, PendingResult};
use testkit::house::{House, Plan};

/// The store does not take outcomes.
const HIDE: &str = "ALTER TABLE call_items RENAME TO call_items_hidden";
/// It does again.
const BRING_BACK: &str = "ALTER TABLE call_items_hidden RENAME TO call_items";

/// The lane of the first shop, taken as another process would.
async fn taken(house: &House) -> LaneGuard {
    let lane = house.ledger.lanes().await.unwrap().remove(0);
    house.ledger.claim_lane(&lane.lane_key, "another", "", lane.fence).await.unwrap().unwrap()
}

/// A call row for everything that is due, as another process left it behind.
async fn begun(house: &House, guard: &LaneGuard) -> (domain::CallId, Vec<domain::StepId>) {
    let due = house
        .ledger
        .due_writes(&guard.lane_key, house.shops[0].shop_id, WriteKind::ShipmentNotice, house.now(), 100)
        .await
        .unwrap();
    let items: Vec<_> = due.iter().flat_map(|w| w.steps.iter().map(|s| s.step_id)).collect();
    let draft = CallDraft {
        format: 99,
        kind: WriteKind::ShipmentNotice,
        request: WireRequest::post_json(SHIP, "/", "application/json", Vec::new()),
        items: items.clone(),
        memo: json!(null),
    };
    let bytes = serde_json::to_vec(&draft).unwrap();
    let shop = house.shops[0].shop_id;
    let call =
        house.ledger.begin_call(guard, shop, draft.kind, SHIP, &bytes, &items, house.now()).await.unwrap();
    (call, items)
}

/// Orders whose notice stands in the outbox and was not sent.
async fn queued(house: &House, count: usize) -> Vec<String> {
    let numbers = shipped(house, count, json!([])).await;
    let mut shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
    shop.automation_enabled = false;
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
    house.faults(json!([{"operation": "getOrder", "action": {"maintenance": {"code": 503}}}])).unwrap();
    asked(house, &numbers, WriteKind::ShipmentNotice).await;
    house.sim().clear_faults();
    numbers
}

testkit::story!(
    f25_a_call_without_an_outcome_is_read_back_by_the_next_owner,
    |kind| Plan::new(kind, 0),
    |house| {
        // Killed before the first byte left: nothing stands at the mall, so it is sent once, after the settle time.
        let numbers = queued(house, 2).await;
        let guard = taken(house).await;
        begun(house, &guard).await;
        let start = house.now();
        worked(house).await;
        for number in &numbers {
            one_record_each(house, number).await;
            let sent = house.sim().effects().of(number).iter().find(|e| e.call > 0).unwrap().at_ms;
            assert!(sent - start.0 >= 5 * MINUTE, "{}", sent - start.0);
        }
        assert_eq!(calls(house, SHIP), 2);
    }
);

testkit::story!(f25_killed_after_the_mall_took_it_it_is_found_there, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 1, json!([])).await;
    // The answer comes to a process that is gone: its task ends with the wire still open.
    let wire = Meddler::new(house, SHIP, |_| Meddle::After(HOUR));
    let first = hub_over(house, wire.clone(), HubConfig { beat_ms: 10 * HOUR, ..HubConfig::default() });
    let worker = {
        let hub = first.clone();
        tokio::spawn(async move { hub.run().await })
    };
    while wire.seen() == 0 || added(house, &numbers[0]) == 0 {
        house.clock.sleep_ms(1_000).await;
    }
    // Another process takes the lane as soon as the lease has run out, long before the first one wakes.
    worked(house).await;
    one_record_each(house, &numbers[0]).await;
    // The answer arrives at last.
    house.clock.sleep_ms(2 * HOUR).await;
    first.stop();
    worker.await.unwrap();
    one_record_each(house, &numbers[0]).await;
    assert_eq!(calls(house, SHIP), 1);
});

testkit::story!(f31_a_sleeper_neither_sends_nor_stores_after_its_lease, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 3, json!([])).await;
    let wire = Meddler::new(house, SHIP, |call| if call == 1 { Meddle::After(HOUR) } else { Meddle::Pass });
    let first = hub_over(house, wire.clone(), HubConfig { beat_ms: 10 * HOUR, ..HubConfig::default() });
    let worker = {
        let hub = first.clone();
        tokio::spawn(async move { hub.run().await })
    };
    while wire.seen() == 0 {
        house.clock.sleep_ms(1_000).await;
    }
    worked(house).await;
    let mut histories = Vec::new();
    for number in &numbers {
        one_record_each(house, number).await;
        histories.push(shown(house, number).await.history.len());
    }
    // Now it wakes.
    house.clock.sleep_ms(2 * HOUR).await;
    first.stop();
    worker.await.unwrap();
    assert_eq!(wire.seen(), 1, "sent after its lease");
    for (number, lines) in numbers.iter().zip(histories) {
        one_record_each(house, number).await;
        assert_eq!(shown(house, number).await.history.len(), lines, "its outcome was stored");
    }
    assert_eq!(calls(house, SHIP), 3);
});

testkit::story!(
    f31_a_lane_that_was_seized_is_noticed_before_the_next_call,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 3, json!([])).await;
        let wire =
            Meddler::new(house, SHIP, |call| if call == 1 { Meddle::After(30_000) } else { Meddle::Pass });
        let first = hub_over(house, wire.clone(), HubConfig { beat_ms: 10 * HOUR, ..HubConfig::default() });
        let worker = {
            let hub = first.clone();
            tokio::spawn(async move { hub.run().await })
        };
        while wire.seen() == 0 {
            house.clock.sleep_ms(1_000).await;
        }
        let seizer = house.hub_with(HubConfig { seize: true, poll_ms: 5_000, ..HubConfig::default() });
        assert!(work(house, &seizer, 2 * HOUR).await);
        first.stop();
        worker.await.unwrap();
        assert_eq!(wire.seen(), 1);
        for number in &numbers {
            one_record_each(house, number).await;
        }
    }
);

testkit::story!(
    f30_a_draft_of_another_version_is_read_back_and_not_asked_about_for_ever,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = queued(house, 1).await;
        let guard = taken(house).await;
        let (call, items) = begun(house, &guard).await;
        let now = house.now();
        let pending =
            PendingResult { receipt: Some("r".into()), poll_at: now, deadline_at: now.plus(30 * MINUTE) };
        let end = CallEnd { http_status: Some(200), pending: Some(pending), unclear: false };
        let updates: Vec<_> = items
            .iter()
            .map(|s| store::outbox::StepUpdate::new(*s, StepState::Pending, now.plus(30 * MINUTE)))
            .collect();
        house.ledger.end_call(&guard, call, &end, &updates, now).await.unwrap();
        worked_for_days(house).await;
        // Taken by the mall and never seen there: a person decides.
        assert_eq!(row(house, &numbers[0]).await.notice_state, domain::notice::NoticeState::ResultUnknown);
        assert_eq!(calls(house, SHIP), 0);
    }
);

testkit::story!(
    f43_an_outcome_the_store_did_not_take_is_read_back_by_the_same_owner,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        let wire = Meddler::new(house, SHIP, |_| Meddle::After(10_000));
        let hub = hub_over(house, wire.clone(), HubConfig::default());
        let worker = {
            let hub = hub.clone();
            tokio::spawn(async move { hub.run().await })
        };
        while wire.seen() == 0 {
            house.clock.sleep_ms(500).await;
        }
        for (text, wait) in [(HIDE, MINUTE), (BRING_BACK, HOUR)] {
            let text = store::Sql { name: "story", sqlite: text, postgres: text };
            let mut tx = house.db.begin().await.unwrap();
            tx.exec(&text, Vec::new()).await.unwrap();
            tx.commit().await.unwrap();
            house.clock.sleep_ms(wait).await;
        }
        one_record_each(house, &numbers[0]).await;
        assert_eq!(calls(house, SHIP), 1);
        hub.stop();
        worker.await.unwrap();
    }
);
