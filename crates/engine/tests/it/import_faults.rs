//! The mall answers late, badly, or not at all: nothing is lost, nothing comes twice, nobody waits for ever.

use crate::import_help::*;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use engine::{Hub, HubConfig};
use serde_json::json;
use std::sync::Arc;
use testkit::house::{House, Plan};

testkit::story!(
    f02_a_hub_stopped_between_pages_is_continued_by_the_next,
    |kind| Plan::new(kind, 450),
    |house| {
        let id = ask(house, 0, &days(house, 3)).await;
        let first = house.quiet_hub();
        let some = house.run_until(&first, MINUTE, async |house| house.orders().await.len() >= 150).await;
        assert!(some && !request(house, id).await.is_finished());
        let before = counts(&last_run(house, 0).await.unwrap());
        assert!(before.new > 0 && before.listed < 450, "{before:?}");
        assert!(house.settle(&house.quiet_hub()).await);
        let run = last_run(house, 0).await.unwrap();
        let all = counts(&run);
        adds_up(all);
        // Counted once, although two hubs worked on the page.
        assert_eq!((run.state.as_str(), all.listed), ("succeeded", 450), "{all:?}");
        assert_eq!(all.new as usize, house.orders().await.len());
        assert!(calls(house, "getOrder") <= 6, "at most the one chunk fetched ahead comes twice");
        complete(house).await;
    }
);

testkit::story!(
    f03_a_cut_body_is_no_answer_wherever_it_is_cut,
    |kind| Plan::new(kind, 40).over_http(),
    |house| {
        // The same world once more, to learn how long the answers are.
        let twin = House::build(Plan::new(testkit::tempdb::Kind::Sqlite, 40)).await.unwrap();
        let tap = Tap::new(&twin, 60_000, 0);
        ask(&twin, 0, &days(&twin, 3)).await;
        assert!(twin.settle(&tapped(&twin, &tap)).await);
        let (list, get) = (tap.sizes_of("searchOrder")[0], tap.sizes_of("getOrder")[0]);
        twin.close().await.unwrap();
        let mut rules = Vec::new();
        for (operation, length) in [("searchOrder", list), ("getOrder", get)] {
            let cuts = (0..10).map(|tenth| length * tenth / 10).chain([length - 1]);
            for (call, bytes) in cuts.enumerate() {
                rules.push(json!({"operation": operation, "at": {"call": call + 1}, "action": {"cut_at": {"bytes": bytes}}}));
            }
        }
        house.faults(json!(rules)).unwrap();
        ask(house, 0, &days(house, 3)).await;
        assert!(house.settle(&house.quiet_hub()).await);
        let run = last_run(house, 0).await.unwrap();
        assert_eq!(run.state, "succeeded");
        let all = counts(&run);
        adds_up(all);
        assert_eq!((all.listed, all.failed), (40, 0), "{all:?}");
        assert_eq!(house.sim().effects().counters().faults, 22);
        complete(house).await;
    }
);

testkit::story!(f04_an_order_that_is_not_given_is_asked_for_again, |kind| Plan::new(kind, 0), |house| {
    house.add_orders(json!({"count": 100, "traits": [], "status": 100})).unwrap();
    // Missing from the list, then twice when asked for by its number; given at the fourth try.
    house
        .faults(json!({"operation": "getOrder", "at": {"calls": [1, 2, 4]}, "action": {"drop_item": {}}}))
        .unwrap();
    for tries in 1..=3 {
        let run = house.import_days(1).await.unwrap().run.unwrap();
        let all = counts(&run);
        adds_up(all);
        assert_eq!((run.state.as_str(), all.failed), ("partial", 1), "{all:?}");
        assert_eq!(house.orders().await.len(), 99);
        let aside = house.ledger.set_aside_orders(10).await.unwrap();
        assert_eq!((aside.len(), aside[0].state.as_str(), aside[0].tries), (1, "retry", tries));
    }
    let run = house.import_days(1).await.unwrap().run.unwrap();
    assert_eq!((run.state.as_str(), counts(&run).new, counts(&run).unchanged), ("succeeded", 1, 99));
    assert!(house.ledger.set_aside_orders(10).await.unwrap().is_empty());
    complete(house).await;
});

testkit::story!(
    f04_an_order_that_is_never_given_is_told_and_holds_nobody_up,
    |kind| Plan::new(kind, 30),
    |house| {
        let lost =
            house.add_orders(json!({"count": 1, "traits": ["unreadable"], "status": 100})).unwrap().remove(0);
        for _ in 0..5 {
            let run = house.import_days(3).await.unwrap().run.unwrap();
            assert_eq!((run.state.as_str(), counts(&run).failed), ("partial", 1));
            adds_up(counts(&run));
            let notes = house.ledger.run_notes(run.run_id, 10_000).await.unwrap();
            let note = notes.iter().find(|n| n.mall_order_id == lost).unwrap();
            assert_eq!((note.kind.as_str(), note.reason.code.as_str()), ("failed", "order_not_given"));
        }
        let aside = house.ledger.set_aside_orders(10).await.unwrap();
        assert_eq!((aside.len(), aside[0].state.as_str()), (1, "open"));
        assert!(!aside[0].reason.ja.is_empty());
        assert_eq!(house.orders().await.len(), wanted(house).len() - 1);
    }
);

testkit::story!(
    f05_pages_that_are_no_answers_pause_one_shop_only,
    |kind| Plan::new(kind, 5).shops(2),
    |house| {
        automatic(house, 30 * MINUTE).await;
        until_run(house, 1, "succeeded", HOUR).await;
        for (action, code) in [
            (json!({"maintenance": {"code": 503}}), "mall_maintenance"),
            (json!({"maintenance": {"code": 200}}), "mall_maintenance"),
            (json!("login_page"), "answer_unreadable"),
            (json!("wrong_charset"), "answer_unreadable"),
            (json!("empty_body"), "answer_unreadable"),
        ] {
            for shop in [300_001, 300_002] {
                house
                    .add_orders(json!({"shop": shop, "count": 3, "traits": ["remarks"], "status": 100}))
                    .unwrap();
            }
            let until = house.now().plus(2 * HOUR).0;
            let rule =
                json!({"shop": 300_001, "operation": "getOrder", "at": {"to_ms": until}, "action": action});
            house.faults(rule).unwrap();
            run_for(house, &calm(house), HOUR).await;
            let waits = last_run(house, 0).await.unwrap();
            assert_eq!(waits.state, "interrupted", "{action}");
            let reason = waits.reason.unwrap();
            assert_eq!(reason.code, code, "{action}");
            assert!(reason.retried && !reason.ja.is_empty(), "{reason:?}");
            assert_eq!(last_run(house, 1).await.unwrap().state, "succeeded");
            run_for(house, &calm(house), 4 * HOUR).await;
            let done = last_run(house, 0).await.unwrap();
            assert_eq!((done.state.as_str(), done.reason), ("succeeded", None), "{action}");
            complete(house).await;
        }
    }
);

testkit::story!(
    f06_a_mall_that_hangs_holds_up_only_its_own_shop,
    |kind| Plan::new(kind, 20).shops(2).over_http(),
    |house| {
        house
            .faults(json!([
                {"shop": 300_001, "at": {"calls": [1, 3]}, "action": "hang"},
                {"shop": 300_001, "at": {"call": 2}, "action": {"delay": {"ms": 60_000}}},
            ]))
            .unwrap();
        let tap = Tap::new(house, 200, 0);
        ask(house, 0, &days(house, 3)).await;
        ask(house, 1, &days(house, 3)).await;
        let hub = tapped(house, &tap);
        let other = house.run_until(&hub, MINUTE, async |house| run_is(house, 1, "succeeded").await).await;
        assert!(other);
        assert!(house.settle(&tapped(house, &tap)).await);
        assert!(run_is(house, 0, "succeeded").await);
        complete(house).await;
    }
);

testkit::story!(
    f07_the_pace_is_kept_and_no_call_is_refused_for_speed,
    |kind| Plan::new(kind, 300),
    |house| {
        import(house, 3).await;
        let counters = house.sim().effects().counters().clone();
        assert!(counters.too_many.is_empty(), "{counters:?}");
        assert!(counters.shortest_gap_ms.values().all(|gap| *gap >= 1_000), "{counters:?}");
        complete(house).await;
    }
);

testkit::story!(f07_a_storm_of_429_is_waited_out, |kind| Plan::new(kind, 120), |house| {
    house
        .faults(json!([
            {"at": {"calls": [1, 3, 5]}, "action": {"too_many": {"retry_after": 30}}},
            {"at": {"calls": [2, 4, 6, 7, 8, 9, 10, 11, 12]}, "action": {"too_many": {}}},
            {"at": {"call": 13}, "action": {"status": {"code": 200, "body": "{\"Results\":{\"errorCode\":\"QPSLimit\"}}"}}},
        ]))
        .unwrap();
    let begun = house.now();
    let run = import(house, 3).await;
    assert_eq!(run.state, "succeeded");
    assert!(house.now().since(begun) > 90 * SECOND, "Retry-After is obeyed");
    assert!(house.now().since(begun) < 2 * HOUR);
    assert!(house.sim().effects().counters().shortest_gap_ms.values().all(|gap| *gap >= 1_000));
    complete(house).await;
});

testkit::story!(f08_a_fault_of_the_mall_for_20_minutes_passes, |kind| Plan::new(kind, 20), |house| {
    let until = house.now().plus(20 * MINUTE).0;
    house.faults(json!({"at": {"to_ms": until}, "action": {"status": {"code": 500}}})).unwrap();
    let run = import(house, 3).await;
    assert_eq!(run.state, "succeeded");
    assert!(house.now().since(run.started_at) < 27 * MINUTE, "tried again every 5 minutes at least");
    complete(house).await;
});

testkit::story!(f09_orders_that_appear_late_are_found, |kind| Plan::new(kind, 3), |house| {
    automatic(house, 30 * MINUTE).await;
    run_for(house, &calm(house), 40 * MINUTE).await;
    let late = |behind: i64| {
        let at = house.now().plus(-behind).0;
        house.add_orders(json!({"count": 1, "traits": [], "status": 100, "at_ms": at})).unwrap().remove(0)
    };
    let near = [late(30 * MINUTE), late(20 * HOUR)];
    let far = late(6 * DAY);
    run_for(house, &calm(house), 35 * MINUTE).await;
    for number in &near {
        assert!(house.order(number.as_str()).await.is_some(), "the overlap finds {number}");
    }
    assert!(house.order(far.as_str()).await.is_none());
    run_for(house, &calm(house), 25 * HOUR).await;
    assert!(house.order(far.as_str()).await.is_some(), "the daily second look finds it");
    complete(house).await;
});

testkit::story!(f10_a_list_that_shifts_between_pages_loses_nothing, |kind| Plan::new(kind, 1_060), |house| {
    house
        .faults(json!({"operation": "searchOrder", "at": {"call": 2}, "action": {"shift_list": {"insert": 2, "remove": 30}}}))
        .unwrap();
    let run = house.import_days(3).await.unwrap().run.unwrap();
    assert_eq!(run.state, "succeeded");
    adds_up(counts(&run));
    // What came in behind the walk is found by the next one.
    house.import_days(3).await.unwrap();
    complete(house).await;
});

testkit::story!(f10_more_orders_of_one_second_than_a_page_holds, |kind| Plan::new(kind, 0), |house| {
    let at = house.now().plus(-HOUR).0;
    house.add_orders(json!({"count": 1_040, "traits": [], "status": 100, "at_ms": at})).unwrap();
    // Before page 2 the front of the list vanishes: the walk skips 20 orders, the next walk meets them.
    house
        .faults(
            json!({"operation": "searchOrder", "at": {"call": 3}, "action": {"shift_list": {"remove": 20}}}),
        )
        .unwrap();
    let run = house.import_days(1).await.unwrap().run.unwrap();
    assert_eq!(run.state, "succeeded");
    adds_up(counts(&run));
    assert_eq!(counts(&run).listed, 1_040);
    complete(house).await;
});

testkit::story!(i7_work_that_panics_does_not_lame_the_lane, |kind| Plan::new(kind, 10), |house| {
    let tap = Tap::new(house, 60_000, 2);
    ask(house, 0, &days(house, 3)).await;
    assert!(house.settle(&tapped(house, &tap)).await);
    assert!(run_is(house, 0, "succeeded").await);
    complete(house).await;
});

testkit::story!(
    i7_a_shop_that_is_left_alone_does_not_keep_its_lane_spinning,
    |kind| Plan::new(kind, 0),
    |house| {
        house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap();
        house.usual_rules().await.unwrap();
        house.import_days(1).await.unwrap();
        house.faults(json!({"action": {"maintenance": {"code": 503}}})).unwrap();
        // Bring the lane to the point where its writes are due and the mall is in maintenance.
        run_for(house, &patient(house), 30 * MINUTE).await;
        let before = house.moves();
        run_for(house, &patient(house), 30 * MINUTE).await;
        let moved = house.moves() - before;
        assert!(moved < 1_500, "{moved} wake-ups in half an hour");
    }
);

/// A hub whose only steps are its polls.
fn patient(house: &House) -> Arc<Hub> {
    let beat = HubConfig { beat_ms: HOUR, lease_ms: 10 * HOUR, ..HubConfig::default() };
    house.hub_with(HubConfig { poll_ms: 5_000, ..beat })
}
