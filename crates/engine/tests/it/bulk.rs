//! Bulk work: mixed outcomes, a kill between chunks, back again and once more.

use crate::hold_kit::HoldingMall;
use crate::import_help::days;
use crate::write_kit::*;
use domain::history::By;
use domain::rights::{Level, Menu, Rights};
use domain::write::WriteKind;
use domain::{OrderSeq, ShopId};
use engine::bulk::{self, BulkAction, Wanted, Who};
use engine::{Hub, HubConfig};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::desk::jobs::Job;
use testkit::house::{House, Plan};

fn clerk(rights: Rights) -> Who {
    Who { by: By::User { name: "kakuu.tantou".into() }, user_id: Some(1), rights }
}

fn usual() -> Rights {
    Rights { menus: [(Menu::Orders, Level::Edit)].into(), ..Rights::default() }
}

fn to(phase: &str) -> BulkAction {
    BulkAction::Move { phase: phase.into(), override_fraud_hold: false }
}

fn wanted(action: BulkAction, seqs: &[OrderSeq]) -> Wanted {
    Wanted { action, items: seqs.iter().map(|s| (*s, None)).collect(), confirmed: BTreeSet::new() }
}

async fn done(hub: &Hub, id: i64) -> Job {
    bulk::run(hub, id).await.unwrap();
    hub.ledger.job(id).await.unwrap().unwrap()
}

async fn begun(hub: &Hub, who: &Who, wanted: &Wanted) -> i64 {
    bulk::begin(hub, who, wanted).await.unwrap().unwrap()
}

async fn codes(hub: &Hub, id: i64) -> Vec<String> {
    let refused = hub.ledger.job_items_in(id, "refused").await.unwrap();
    refused.into_iter().map(|i| i.reason.unwrap().code).collect()
}

async fn phases(house: &House) -> Vec<String> {
    house.orders().await.into_iter().map(|o| o.phase.0).collect()
}

async fn seqs(house: &House) -> Vec<OrderSeq> {
    house.orders().await.into_iter().map(|o| o.seq).collect()
}

/// Moves told by the histories of all orders.
async fn moves(house: &House) -> usize {
    let mut count = 0;
    for seq in seqs(house).await {
        let view = house.ledger.order(&store::Access::full(), seq).await.unwrap().unwrap();
        count += view.history.iter().filter(|h| h.event["event"] == "phase_moved").count();
    }
    count
}

testkit::story!(
    frd2_held_orders_are_never_moved_in_bulk_without_the_right_and_the_flag,
    |kind| Plan::new(kind, 0),
    |house| {
        let mall = HoldingMall::new();
        let added = house.add_orders(json!({"count": 3, "traits": [], "status": 300})).unwrap();
        mall.review(&added[0].0);
        mall.import(house, &days(house, 1)).await;
        let (all, hub) = (seqs(house).await, mall.quiet(house));
        let who = clerk(usual());
        let id = begun(&hub, &who, &wanted(to("awaiting_shipment"), &all)).await;
        let job = done(&hub, id).await;
        assert_eq!(
            (job.state.as_str(), codes(&hub, id).await),
            ("partial", vec!["fraud_hold_blocks_move".to_owned()])
        );
        let held = seq(house, &added[0].0).await;
        assert_eq!(row(house, &added[0].0).await.phase.as_str(), "new");
        // The flag without the right begins nothing.
        let flagged = BulkAction::Move { phase: "awaiting_shipment".into(), override_fraud_hold: true };
        let refused = bulk::begin(&hub, &who, &wanted(flagged.clone(), &[held])).await.unwrap().unwrap_err();
        assert_eq!(refused.code, "override_not_allowed");
        let boss = clerk(Rights { override_fraud_hold: true, ..usual() });
        let id = begun(&hub, &boss, &wanted(to("awaiting_shipment"), &[held])).await;
        assert_eq!(done(&hub, id).await.state, "failed", "the right alone is no will");
        let id = begun(&hub, &boss, &wanted(flagged, &[held])).await;
        assert_eq!(done(&hub, id).await.state, "succeeded");
        assert!(told(&shown(house, &added[0].0).await, "fraud_hold_overridden", "awaiting_shipment"));
    }
);

testkit::story!(
    a_job_whose_process_is_killed_between_chunks_is_finished_by_another_without_doubling,
    |kind| Plan::new(kind, 450),
    |house| {
        house.import_days(1).await.unwrap();
        let (all, hub) = (seqs(house).await, house.quiet_hub());
        assert!(all.len() > 400, "three chunks: {}", all.len());
        let before = moves(house).await;
        let id = begun(&hub, &clerk(usual()), &wanted(to("awaiting_review"), &all)).await;
        // The future is dropped as soon as the first chunk is written down.
        let working = bulk::run(&hub, id);
        let killed = async {
            loop {
                if house.ledger.job_progress(id).await.unwrap().done > 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = killed => {}
            finished = working => finished.unwrap(),
        }
        // Two others go on with it at once.
        let other = house.quiet_hub();
        let (one, two) = tokio::join!(bulk::resume_all(&hub), bulk::resume_all(&other));
        one.unwrap();
        two.unwrap();
        let job = house.ledger.job(id).await.unwrap().unwrap();
        assert_eq!((job.state.as_str(), job.total), ("succeeded", all.len() as i64));
        assert!(phases(house).await.iter().all(|p| p == "awaiting_review"));
        assert_eq!(moves(house).await - before, all.len(), "each order once");
    }
);

testkit::story!(
    undo_goes_back_only_where_the_order_still_stands_and_retry_takes_the_refused_only,
    |kind| Plan::new(kind, 5),
    |house| {
        house.import_days(1).await.unwrap();
        let (all, hub, who) = (seqs(house).await, house.quiet_hub(), clerk(usual()));
        let was = phases(house).await;
        house.pack(all[0], "40000").await.unwrap();
        let id = begun(&hub, &who, &wanted(to("shipped"), &all)).await;
        let job = done(&hub, id).await;
        assert_eq!((job.state.as_str(), codes(&hub, id).await.len()), ("partial", all.len() - 1));
        // What was missing is entered for one more.
        house.pack(all[1], "40001").await.unwrap();
        let again = bulk::retry(&hub, &who, &job).await.unwrap().unwrap();
        let second = done(&hub, again).await;
        assert_eq!(second.total, all.len() as i64 - 1, "only those that were refused");
        assert_eq!(house.ledger.job_progress(again).await.unwrap().done, 1);
        // Somebody moves one of them on: undo leaves it alone.
        moved(house, all[0], "completed").await;
        let back = bulk::undo(&hub, &who, &job).await.unwrap().unwrap();
        let undone = done(&hub, back).await;
        assert_eq!((undone.undo_of, undone.state.as_str()), (Some(id), "failed"));
        assert_eq!(codes(&hub, back).await, ["changed_since_job"]);
        let back = bulk::undo(&hub, &who, &second).await.unwrap().unwrap();
        assert_eq!(done(&hub, back).await.state, "succeeded");
        assert_eq!(phases(house).await[1..], was[1..], "each where it was");
        // What leaves the house is never undone.
        let notify = BulkAction::Notify { kind: WriteKind::ShipmentNotice };
        let sent = begun(&hub, &who, &wanted(notify, &all[2..3])).await;
        let sent = done(&hub, sent).await;
        assert_eq!(bulk::undo(&hub, &who, &sent).await.unwrap().unwrap_err().code, "not_undoable");
    }
);

testkit::story!(
    a_notify_job_asks_each_mall_once_however_often_it_is_run_and_warned_orders_only_when_confirmed,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = imported(house, 3, json!([]), 300).await;
        house.pack(seq(house, &numbers[0]).await, "41000").await.unwrap();
        house.pack(seq(house, &numbers[1]).await, "41001").await.unwrap();
        renumbered(house, &numbers[0], "400000000013").await;
        renumbered(house, &numbers[1], "").await;
        let mut all = Vec::new();
        for number in &numbers {
            let seq = seq(house, number).await;
            if number != &numbers[2] {
                moved(house, seq, "shipped").await;
            }
            all.push(seq);
        }
        let (hub, who) = (house.quiet_hub(), clerk(usual()));
        let notify = BulkAction::Notify { kind: WriteKind::ShipmentNotice };
        let items: Vec<(OrderSeq, Option<Value>)> = all.iter().map(|s| (*s, None)).collect();
        let preview = bulk::preview(&hub, &who.rights, &notify, &items).await.unwrap().unwrap();
        assert_eq!(preview.go, [all[0]]);
        assert_eq!(preview.ask[0].0, all[1]);
        assert_eq!(preview.ask[0].1[0].code, "tracking_number_blank");
        assert_eq!(preview.no[0].0, all[2]);
        let id = begun(&hub, &who, &wanted(notify.clone(), &all)).await;
        assert_eq!(
            house.ledger.job_progress(id).await.unwrap().refused,
            2,
            "a warning nobody confirmed refuses"
        );
        // Killed before the job was finished: the same again asks nothing twice.
        let other = house.quiet_hub();
        let (one, two) = tokio::join!(bulk::run(&hub, id), bulk::run(&other, id));
        one.unwrap();
        two.unwrap();
        bulk::run(&hub, id).await.unwrap();
        let lane = &house.shops[0].lane_key;
        assert_eq!(house.ledger.open_requests(lane).await.unwrap().len(), 1);
        assert_eq!(house.ledger.job(id).await.unwrap().unwrap().state, "partial");
        worked(house).await;
        assert_eq!(
            (added(house, &numbers[0]), added(house, &numbers[1]), added(house, &numbers[2])),
            (1, 0, 0)
        );
        let confirmed = Wanted { confirmed: BTreeSet::from([all[1]]), ..wanted(notify, &all[1..2]) };
        let id = begun(&hub, &who, &confirmed).await;
        assert_eq!(done(&hub, id).await.state, "succeeded");
    }
);

testkit::story!(
    orders_of_other_shops_are_not_there_and_rights_are_asked_when_the_work_is_done,
    |kind| Plan::new(kind, 2).shops(2),
    |house| {
        house.import_days(1).await.unwrap();
        let (all, hub) = (seqs(house).await, house.quiet_hub());
        let elsewhere = clerk(Rights { shops: Some(vec![ShopId(99)]), ..usual() });
        let refused = bulk::begin(&hub, &elsewhere, &wanted(to("on_hold"), &all)).await.unwrap().unwrap_err();
        assert_eq!(refused.code, "order_not_found");
        let viewer = clerk(Rights { menus: [(Menu::Orders, Level::View)].into(), ..Rights::default() });
        let refused = bulk::begin(&hub, &viewer, &wanted(to("on_hold"), &all)).await.unwrap().unwrap_err();
        assert_eq!(refused.code, "not_allowed");
        // A job row that says otherwise is not believed.
        let forged = store::desk::jobs::NewJob {
            action: serde_json::to_value(to("on_hold")).unwrap(),
            items: all.iter().map(|s| (*s, None)).collect(),
            refused: Default::default(),
            by: viewer.by.clone(),
            user_id: None,
            rights: serde_json::to_value(&elsewhere.rights).unwrap(),
            undo_of: None,
        };
        let id = house.ledger.add_job(&forged, house.now()).await.unwrap();
        assert_eq!(done(&hub, id).await.state, "failed");
        assert!(codes(&hub, id).await.iter().all(|c| c == "order_not_found"));
        let forged =
            store::desk::jobs::NewJob { rights: serde_json::to_value(&viewer.rights).unwrap(), ..forged };
        let id = house.ledger.add_job(&forged, house.now()).await.unwrap();
        assert_eq!(done(&hub, id).await.state, "failed");
        assert!(codes(&hub, id).await.iter().all(|c| c == "not_allowed"));
        assert!(!phases(house).await.iter().any(|p| p == "on_hold"));
    }
);

testkit::story!(a_running_hub_goes_on_with_jobs_of_a_dead_process, |kind| Plan::new(kind, 3), |house| {
    house.import_days(1).await.unwrap();
    let (all, quiet) = (seqs(house).await, house.quiet_hub());
    let id = begun(&quiet, &clerk(usual()), &wanted(to("on_hold"), &all)).await;
    let hub: Arc<Hub> = house.hub_with(HubConfig { poll_ms: 5_000, ..HubConfig::default() });
    let over = async |house: &House| house.ledger.job(id).await.unwrap().unwrap().state == "succeeded";
    assert!(house.run_until(&hub, 10 * MINUTE, over).await);
    assert!(phases(house).await.iter().all(|p| p == "on_hold"));
});

testkit::story!(
    payment_days_are_entered_and_entering_them_again_changes_nothing,
    |kind| Plan::new(kind, 2),
    |house| {
        house.import_days(1).await.unwrap();
        let (all, hub, who) = (seqs(house).await, house.quiet_hub(), clerk(usual()));
        let paid = BulkAction::Paid { on: jiff::civil::date(2026, 11, 20) };
        let confirmed = Wanted { confirmed: all.iter().copied().collect(), ..wanted(paid.clone(), &all) };
        let id = begun(&hub, &who, &confirmed).await;
        assert_eq!(done(&hub, id).await.state, "succeeded");
        assert!(house.orders().await.iter().all(|o| o.paid_on.as_deref() == Some("2026-11-20")));
        let id = begun(&hub, &who, &confirmed).await;
        assert_eq!(
            (done(&hub, id).await.state, codes(&hub, id).await[0].as_str()),
            ("failed".to_owned(), "nothing_to_change")
        );
    }
);

testkit::story!(a_bundle_has_one_level_in_bulk_as_on_every_other_path, |kind| Plan::new(kind, 4), |house| {
    house.import_days(1).await.unwrap();
    let (all, hub, who) = (seqs(house).await, house.quiet_hub(), clerk(usual()));
    let [parent, child, other, ..] = all[..] else { panic!("orders") };
    let bundle = async |parent, child| {
        let id = begun(&hub, &who, &wanted(BulkAction::Bundle { parent }, &[child])).await;
        (done(&hub, id).await.state, codes(&hub, id).await)
    };
    assert_eq!(bundle(parent, child).await, ("succeeded".to_owned(), vec![]));
    let refused = |code: &str| ("failed".to_owned(), vec![code.to_owned()]);
    assert_eq!(bundle(other, parent).await, refused("bundle_child_is_parent"));
    assert_eq!(bundle(child, other).await, refused("bundle_parent_is_child"));
});
