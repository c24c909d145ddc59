//! Several programs, several askers, owners that die, clocks that step: one works, nothing comes twice.

use crate::import_help::*;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use engine::HubConfig;
use engine::requests::ImportRequest;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::house::Plan;

testkit::story!(
    f16_two_programs_share_the_lanes_and_store_nothing_twice,
    |kind| Plan::new(kind, 120).shops(3),
    |house| {
        automatic(house, 30 * MINUTE).await;
        let usual = HubConfig { poll_ms: 1_000, ..HubConfig::default() };
        let (one, two) = (house.hub_with(usual.clone()), other_program(house, usual).await);
        let second = tokio::spawn(two.run());
        let done = house
            .run_until(&one, 10 * MINUTE, async |house| {
                let (mine, theirs): (BTreeSet<_>, BTreeSet<_>) =
                    (one.owned_lanes().into_iter().collect(), two.owned_lanes().into_iter().collect());
                assert!(mine.is_disjoint(&theirs), "{mine:?} {theirs:?}");
                let mut ended = true;
                for i in 0..3 {
                    ended &= run_is(house, i, "succeeded").await;
                }
                ended
            })
            .await;
        assert!(done);
        two.stop();
        second.await.unwrap();
        for i in 0..3 {
            let runs = house.ledger.newest_runs(house.shops[i].shop_id, 9).await.unwrap();
            assert_eq!(runs.len(), 1);
            assert_eq!(counts(&runs[0]).listed, 120);
            adds_up(counts(&runs[0]));
        }
        assert!(house.sim().effects().counters().too_many.is_empty());
        complete(house).await;
    }
);

testkit::story!(
    f17_twenty_askers_one_import_the_others_are_told_busy,
    |kind| Plan::new(kind, 250),
    |house| {
        let body = days(house, 3);
        let asked = futures::future::join_all((0..20).map(|_| ask(house, 0, &body))).await;
        assert!(house.settle(&house.quiet_hub()).await);
        let (mut good, mut busy) = (0, 0);
        for id in asked {
            let request = request(house, id).await;
            match request.state.as_str() {
                "succeeded" => good += 1,
                "failed" => {
                    assert_eq!(request.result.unwrap()["reason"]["code"], "shop_busy");
                    busy += 1;
                }
                other => panic!("{other}"),
            }
        }
        assert_eq!((good, busy), (1, 19));
        assert_eq!(house.ledger.newest_runs(house.shops[0].shop_id, 99).await.unwrap().len(), 1);
        complete(house).await;
    }
);

testkit::story!(f18_a_dead_owner_is_replaced_after_its_lease, |kind| Plan::new(kind, 450), |house| {
    let id = ask(house, 0, &days(house, 3)).await;
    let doomed = house.quiet_hub();
    let task = tokio::spawn(doomed.run());
    while house.orders().await.len() < 150 {
        mall_api::Clock::sleep_ms(&house.clock, 500).await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let stored = house.orders().await.len();
    assert!(!request(house, id).await.is_finished());
    let died = house.now();
    assert!(house.settle(&house.quiet_hub()).await);
    let waited = house.now().since(died);
    assert!(waited >= 60 * SECOND, "taken before the lease was over: {waited}");
    assert!(waited < 4 * MINUTE, "{waited}");
    assert!(stored < house.orders().await.len());
    assert_eq!(request(house, id).await.state, "succeeded");
    let all = counts(&last_run(house, 0).await.unwrap());
    adds_up(all);
    assert_eq!(all.listed, 450);
    complete(house).await;
});

testkit::story!(f18_a_seized_lane_fences_the_old_owner_off, |kind| Plan::new(kind, 450), |house| {
    ask(house, 0, &days(house, 3)).await;
    let old = house.quiet_hub();
    let first = tokio::spawn(old.run());
    while house.orders().await.len() < 150 {
        mall_api::Clock::sleep_ms(&house.clock, 500).await;
    }
    let lane = house.shops[0].lane_key.clone();
    let seen = house.ledger.lanes().await.unwrap().into_iter().find(|l| l.lane_key == lane).unwrap();
    let seized = house.now();
    let config = HubConfig { seize: true, schedules: false, ..HubConfig::default() };
    let new = other_program(house, config).await;
    let took = house.run_until(&new, MINUTE, async |_| new.owned_lanes().contains(&lane)).await;
    assert!(took && house.now().since(seized) < 5 * SECOND);
    // What the old owner still wants to write is refused.
    let guard = store::LaneGuard { lane_key: lane, owner: seen.owner.unwrap(), fence: seen.fence };
    let refused = house.ledger.interrupt_runs(&guard).await;
    assert!(matches!(refused, Err(store::StoreError::LaneLost)), "{refused:?}");
    old.stop();
    first.await.unwrap();
    assert!(house.settle(&house.quiet_hub()).await);
    let all = counts(&last_run(house, 0).await.unwrap());
    adds_up(all);
    assert_eq!(all.listed, 450);
    complete(house).await;
});

testkit::story!(
    f18_imp5_forcing_stops_the_run_and_walks_its_period_too,
    |kind| Plan::new(kind, 60),
    |house| {
        // The old run hangs in a maintenance; it wanted 3 days, the forced one only the last hour.
        let until = house.now().plus(2 * HOUR).0;
        house
            .faults(json!({"operation": "getOrder", "at": {"to_ms": until}, "action": {"maintenance": {}}}))
            .unwrap();
        let waiting = ask(house, 0, &days(house, 3)).await;
        run_for(house, &calm_and_quiet(house), 10 * MINUTE).await;
        let run = last_run(house, 0).await.unwrap();
        assert_eq!(
            (run.state.as_str(), run.reason.unwrap().code.as_str()),
            ("interrupted", "mall_maintenance")
        );
        let narrow = ImportRequest { from: house.now().plus(-HOUR), ..days(house, 1) };
        let polite = ask(house, 0, &narrow).await;
        run_for(house, &calm_and_quiet(house), MINUTE).await;
        assert_eq!(request(house, polite).await.result.unwrap()["reason"]["code"], "shop_busy");
        let forced = ask(house, 0, &ImportRequest { force: true, ..narrow }).await;
        assert!(house.settle(&calm_and_quiet(house)).await);
        assert_eq!(request(house, forced).await.state, "succeeded");
        assert_eq!(request(house, waiting).await.result.unwrap()["reason"]["code"], "taken_over");
        let runs = house.ledger.newest_runs(house.shops[0].shop_id, 9).await.unwrap();
        assert_eq!(runs.iter().map(|r| r.state.as_str()).collect::<Vec<_>>(), ["succeeded", "stopped"]);
        complete(house).await;
    }
);

testkit::story!(
    f18_imp5_a_forced_request_whose_owner_died_in_between_loses_no_period,
    |kind| Plan::new(kind, 30),
    |house| {
        house.faults(json!({"operation": "getOrder", "times": 3, "action": {"maintenance": {}}})).unwrap();
        ask(house, 0, &days(house, 3)).await;
        run_for(house, &house.quiet_hub(), 10 * SECOND).await;
        let narrow = ImportRequest { from: house.now().plus(-SECOND), force: true, ..days(house, 1) };
        let forced = ask(house, 0, &narrow).await;
        // An owner that stops the old run and dies.
        let lane = house.ledger.lanes().await.unwrap().remove(0);
        let guard = house.ledger.claim_lane(&lane.lane_key, "dying", "", lane.fence).await.unwrap().unwrap();
        let run = last_run(house, 0).await.unwrap();
        let progress = store::imports::Progress {
            run_id: run.run_id,
            cursor: run.cursor.clone(),
            counts: run.counts.clone(),
        };
        house.ledger.finish_run(&guard, &progress, "stopped", None, house.now()).await.unwrap();
        house.ledger.release_lane(&guard).await.unwrap();
        assert!(house.settle(&house.quiet_hub()).await);
        assert_eq!(request(house, forced).await.state, "succeeded");
        complete(house).await;
    }
);

testkit::story!(
    i7_a_run_that_ended_without_answering_its_request_is_answered,
    |kind| Plan::new(kind, 30),
    |house| {
        house.faults(json!({"operation": "getOrder", "times": 3, "action": {"maintenance": {}}})).unwrap();
        let id = ask(house, 0, &days(house, 3)).await;
        run_for(house, &house.quiet_hub(), 10 * SECOND).await;
        let lane = house.ledger.lanes().await.unwrap().remove(0);
        let guard = house.ledger.claim_lane(&lane.lane_key, "dying", "", lane.fence).await.unwrap().unwrap();
        let run = last_run(house, 0).await.unwrap();
        let progress = store::imports::Progress {
            run_id: run.run_id,
            cursor: run.cursor.clone(),
            counts: run.counts.clone(),
        };
        house.ledger.finish_run(&guard, &progress, "partial", None, house.now()).await.unwrap();
        house.ledger.release_lane(&guard).await.unwrap();
        assert!(house.settle(&house.quiet_hub()).await);
        assert_eq!(request(house, id).await.state, "partial");
    }
);

testkit::story!(
    i7_a_request_or_run_that_cannot_be_read_does_not_stop_the_lane,
    |kind| Plan::new(kind, 10),
    |house| {
        let strange = json!({"period": "of a newer program"});
        let by = domain::history::By::Cli;
        let poison =
            house.ledger.add_request(&house.shops[0], "import", &strange, &by, house.now()).await.unwrap();
        // A run whose cursor is of another version.
        let lane = house.ledger.lanes().await.unwrap().remove(0);
        let guard = house.ledger.claim_lane(&lane.lane_key, "newer", "", lane.fence).await.unwrap().unwrap();
        let new = store::imports::NewRun {
            shop_id: house.shops[0].shop_id,
            request_id: None,
            trigger: "auto",
            from: house.now(),
            to: house.now(),
            looks_for_news: false,
            options: json!({}),
            cursor: json!({"windows": "of a newer program"}),
            counts: json!({}),
        };
        house.ledger.begin_run(&guard, &new, house.now()).await.unwrap();
        house.ledger.release_lane(&guard).await.unwrap();
        assert!(house.settle(&house.quiet_hub()).await);
        assert_eq!(request(house, poison).await.result.unwrap()["reason"]["code"], "record_unreadable");
        let run = last_run(house, 0).await.unwrap();
        assert_eq!((run.state.as_str(), run.reason.unwrap().code.as_str()), ("failed", "record_unreadable"));
        house.import_days(3).await.unwrap();
        complete(house).await;
    }
);

testkit::story!(i7_a_shop_of_an_unknown_mall_is_told_so, |kind| Plan::new(kind, 5), |house| {
    let none = std::collections::BTreeMap::new();
    let strange = house
        .ledger
        .add_shop("よそ", "elsewhere", &none, &none, |id| format!("elsewhere:{id}"), house.now())
        .await
        .unwrap();
    let by = domain::history::By::Cli;
    let id = house.ledger.add_request(&strange, "import", &days(house, 1), &by, house.now()).await.unwrap();
    automatic(house, 30 * MINUTE).await;
    run_for(house, &house.hub(), 10 * MINUTE).await;
    assert_eq!(request(house, id).await.result.unwrap()["reason"]["code"], "mall_not_known");
    complete(house).await;
});

testkit::story!(
    f48_a_wall_clock_that_steps_loses_nothing_and_delays_nothing,
    |kind| Plan::new(kind, 10),
    |house| {
        automatic(house, 30 * MINUTE).await;
        until_run(house, 0, "succeeded", HOUR).await;
        for step in [-HOUR, HOUR, 40 * DAY, -40 * DAY] {
            house.add_orders(json!({"count": 2, "traits": [], "status": 100})).unwrap();
            // In the middle of an automatic import when the step comes.
            let mut stepped = false;
            work_for(house, &calm(house), 3 * HOUR, async |house| {
                let open = house.ledger.open_run(house.shops[0].shop_id).await.unwrap().is_some();
                if !stepped && open {
                    house.clock.step_wall(step);
                    stepped = true;
                }
            })
            .await;
            assert!(stepped);
            let shop = shop(house, 0).await;
            assert!(shop.next_import_at.unwrap().since(house.now()) <= 30 * MINUTE, "{step}: {shop:?}");
            assert!(shop.second_look_at.unwrap().since(house.now()) <= DAY, "{step}: {shop:?}");
            let run = last_run(house, 0).await.unwrap();
            // The simulated mall's clock steps too: to it, an order of the "future" may not be readable yet.
            let notes = house.ledger.run_notes(run.run_id, 9).await.unwrap();
            assert!(
                notes.iter().all(|n| n.kind != "failed" || n.reason.code == "order_not_given"),
                "{notes:?}"
            );
            assert!(["succeeded", "partial", "running"].contains(&run.state.as_str()), "{step}: {run:?}");
            complete(house).await;
        }
        for order in house.orders().await {
            let view = house.ledger.order(&store::Access::full(), order.seq).await.unwrap().unwrap();
            assert_eq!(view.history[0].event["event"], "imported", "told in the order it happened");
        }
    }
);
