//! Whatever a lane writes is refused once somebody else has taken the lane over.

use domain::history::By;
use domain::write::{StepState, WriteKind};
use domain::{CallId, RequestId, reason};
use serde_json::json;
use store::calls::{CallEnd, PollEnd, Settle};
use store::orders::Page;
use store::outbox::StepUpdate;
use store::{StoreError, args};
use testkit::contract;

use crate::base::both;
use crate::house::{House, NOW, answered, claim, new_run, sample_order, staff};

/// The table below names every function that takes a guard; the source is asked whether one is missing.
const GUARDED: [&str; 18] = [
    "begin_call",
    "end_call",
    "settle_orphans",
    "end_poll",
    "receipt_found",
    "store_tokens",
    "begin_run",
    "interrupt_runs",
    "interrupt_run",
    "finish_run",
    "beat_lane",
    "hold_lane",
    "set_lane_tat",
    "commit_page",
    "enqueue_writes",
    "update_steps",
    "begin_request",
    "finish_request",
];

fn settle(settle_ms: i64) -> Settle {
    Settle { settle_ms, search_after_ms: None }
}

#[test]
fn no_guarded_function_is_forgotten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for file in [
        "calls",
        "imports",
        "lanes",
        "orders/page",
        "orders/change",
        "outbox",
        "requests",
        "shops",
        "masters",
        "counts",
    ] {
        let text = std::fs::read_to_string(root.join(file).with_extension("rs")).unwrap();
        for part in text.split("pub async fn ").skip(1) {
            let (head, _) = part.split_once(") -> ").unwrap();
            if head.contains("&LaneGuard") {
                found.push(head.split_once('(').unwrap().0.to_owned());
            }
        }
    }
    // Giving up what is not ours any more is no write.
    found.retain(|name| name != "release_lane");
    found.sort();
    let mut named = GUARDED.map(str::to_owned);
    named.sort();
    assert_eq!(found, named);
}

contract!(after_a_takeover_every_write_is_refused_and_stores_nothing_i3_f16, |db| {
    let house = House::new(db).await;
    let (ledger, guard, shop) = (&house.ledger, &house.guard, house.id());
    let seqs = house.samples(3).await;
    let steps = house.wish(seqs[0], 2).await;
    let free = house.wish(seqs[2], 1).await;
    let call = house.call(&steps[..1]).await;
    let request = ledger.add_request(&house.shop, "import", &json!({}), &staff(), NOW).await.unwrap();
    let parcel = house.parcel(seqs[1], "4000-0000-0001").await;
    let write = house.notice(seqs[1], vec![parcel]).await;
    let progress = house.progress(99).await;
    let page = || Page { new: vec![sample_order(9)], ..Page::default() };
    let update = [StepUpdate::new(steps[0], StepState::Applied, NOW)];
    let stolen = claim(ledger, &house.shop.lane_key, "b").await;
    let before = house.everything().await;
    for name in GUARDED {
        let done: Result<(), StoreError> = match name {
            "begin_call" => ledger
                .begin_call(guard, shop, WriteKind::ShipmentNotice, "add", b"d", &free, NOW)
                .await
                .map(drop),
            "end_call" => ledger.end_call(guard, call, &answered(), &update, NOW).await.map(drop),
            "settle_orphans" => ledger.settle_orphans(guard, &|_, _| settle(0), NOW).await.map(drop),
            "end_poll" => ledger.end_poll(guard, call, PollEnd::Learnt, &update, NOW).await.map(drop),
            "receipt_found" => ledger.receipt_found(guard, call, "r", NOW, NOW, NOW).await,
            "store_tokens" => ledger.store_tokens(guard, shop, None, &[], NOW).await,
            "begin_run" => ledger.begin_run(guard, &new_run(shop), NOW).await.map(drop),
            "interrupt_runs" => ledger.interrupt_runs(guard).await.map(drop),
            "interrupt_run" => {
                ledger.interrupt_run(guard, progress.run_id, &reason::rate_limited(), NOW).await
            }
            "finish_run" => ledger.finish_run(guard, &progress, "succeeded", None, NOW).await,
            "beat_lane" => ledger.beat_lane(guard).await,
            "hold_lane" => ledger.hold_lane(guard, NOW).await,
            "set_lane_tat" => ledger.set_lane_tat(guard, "b", 1, None).await,
            "commit_page" => ledger.commit_page(guard, shop, &progress, page(), NOW).await,
            "enqueue_writes" => {
                ledger.enqueue_writes(guard, std::slice::from_ref(&write), &By::System, NOW).await.map(drop)
            }
            "update_steps" => ledger.update_steps(guard, &update, NOW).await.map(drop),
            "begin_request" => ledger.begin_request(guard, request).await,
            "finish_request" => {
                ledger.finish_request(guard, RequestId(request.0), "failed", &json!({}), NOW).await
            }
            other => panic!("{other} is not tested"),
        };
        assert!(matches!(done, Err(StoreError::LaneLost)), "{name}: {done:?}");
        // Numbers may be used up; that is all.
        let after = house.everything().await;
        let differs = |a: &[String], b: &[String]| {
            a.iter().find(|l| !b.contains(l) && !l.starts_with("counters ")).cloned()
        };
        assert_eq!(differs(&after, &before), None, "{name}");
        assert_eq!(differs(&before, &after), None, "{name}");
    }
    ledger.beat_lane(&stolen).await.unwrap();
});

contract!(a_call_ends_only_under_the_fence_it_was_made_with_i3_f25, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let steps = house.wish(seq, 1).await;
    let call = house.call(&steps).await;
    let next = claim(&house.ledger, &house.shop.lane_key, "a").await;
    let update = [StepUpdate::new(steps[0], StepState::Applied, NOW)];
    for (guard, id) in [(&house.guard, call), (&next, call), (&next, CallId(99))] {
        let ended = house.ledger.end_call(guard, id, &answered(), &update, NOW).await;
        assert!(matches!(ended, Err(StoreError::LaneLost)), "{ended:?}");
    }
    assert_eq!(
        house
            .ledger
            .settle_orphans(&next, &|kind, _| settle(i64::try_from(kind.len()).unwrap()), NOW)
            .await
            .unwrap(),
        1
    );
    let text = "SELECT state, due_at FROM outbox_steps WHERE id = $1";
    let row = db.fetch_one(&both(text), args![steps[0].0]).await.unwrap();
    assert_eq!(row.get_str("state").unwrap(), "unknown", "read back, not resent");
    assert_eq!(row.get_i64("due_at").unwrap(), NOW.0 + i64::try_from("shipment_notice".len()).unwrap());
    let view = house.view(seq).await;
    assert!(view.row.confirming && view.writes[0].reason.is_some());
    assert_eq!(house.ledger.settle_orphans(&next, &|_, _| settle(0), NOW).await.unwrap(), 0);
    let unclear = CallEnd { http_status: None, pending: None, unclear: true };
    let late = house.ledger.end_call(&next, call, &unclear, &update, NOW).await;
    assert!(matches!(late, Err(StoreError::LaneLost)), "an orphan is nobody's");
});
