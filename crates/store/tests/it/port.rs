//! What the port after three malls asks of the store: changes of status, lost receipts, tokens, a day's calls, shops that
//! change their lane.

use domain::history::By;
use domain::write::{StepState, WriteKind};
use domain::{OrderSeq, ShopId};
use serde_json::json;
use store::StoreError;
use store::calls::{CallEnd, PendingResult, PollEnd, Settle};
use store::lanes::LaneDay;
use store::outbox::{NewWrite, StepUpdate};
use store::shops::NewCredential;
use testkit::contract;

use crate::house::{House, NOW, add_shop, claim, staff};

async fn status(house: &House, seq: OrderSeq, target: &str) -> bool {
    let version = house.order(seq).await.version;
    let target = Some(target.to_owned());
    let write = NewWrite { seq, version, kind: WriteKind::MallStatus, parcels: Vec::new(), target };
    !house.ledger.enqueue_writes(&house.guard, &[write], &By::Cli, NOW).await.unwrap().is_empty()
}

contract!(a_newer_change_of_status_takes_the_place_of_one_that_was_not_sent, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let kind = WriteKind::MallStatus;
    assert!(status(&house, seq, "3").await);
    assert!(!status(&house, seq, "3").await, "the same once");
    assert!(status(&house, seq, "5").await);
    let due = house.ledger.due_writes(&house.shop.lane_key, house.id(), kind, NOW, 9).await.unwrap();
    assert_eq!(due.iter().map(|d| d.target.as_deref()).collect::<Vec<_>>(), [Some("5")]);
    assert_eq!(house.ledger.due_shops(&house.shop.lane_key, NOW).await.unwrap(), [(house.id(), kind)]);
    let open = house.ledger.open_targets(kind, &[seq]).await.unwrap();
    assert_eq!(open[&seq], ("5".to_owned(), false));
    let steps = [due[0].steps[0].step_id];
    house.ledger.begin_call(&house.guard, house.id(), kind, "set", b"d", &steps, NOW).await.unwrap();
    assert!(!status(&house, seq, "2").await, "it may be at the mall already");
    assert!(house.ledger.open_targets(kind, &[seq]).await.unwrap()[&seq].1);
    let done = [StepUpdate::new(steps[0], StepState::Applied, NOW)];
    let ended = house.ledger.update_steps(&house.guard, &done, NOW).await.unwrap();
    assert_eq!((ended.len(), ended[0].kind), (1, kind));
    let view = house.view(seq).await;
    let told: Vec<_> = view.writes.iter().map(|w| (w.target.as_deref(), w.result.as_deref())).collect();
    assert_eq!(told, [(Some("3"), Some("not_sent")), (Some("5"), Some("applied"))]);
    assert_eq!(view.row.notice_state.as_str(), "not_sent", "the notice is another matter");
    assert_eq!(view.history.last().unwrap().event["state"], "applied");
    assert!(status(&house, seq, "2").await, "and on it goes");
});

contract!(a_lost_receipt_is_looked_for_and_when_found_polled_f30, |db| {
    let house = House::new(db).await;
    let lane = house.shop.lane_key.as_str();
    let seqs = house.samples(2).await;
    let lost = async |seq| {
        let steps = house.wish(seq, 1).await;
        let call = house.call(&steps).await;
        let pending = PendingResult { receipt: None, poll_at: NOW.plus(10), deadline_at: NOW.plus(99) };
        let end = CallEnd { http_status: None, pending: Some(pending), unclear: true };
        let unknown = StepUpdate::new(steps[0], StepState::Unknown, NOW.plus(99));
        house.ledger.end_call(&house.guard, call, &end, &[unknown], NOW).await.unwrap();
        call
    };
    let (found, gone) = (lost(seqs[0]).await, lost(seqs[1]).await);
    let due = house.ledger.due_polls(lane, NOW.plus(10), &[]).await.unwrap();
    assert_eq!(
        due.iter().map(|p| (p.receipt.clone(), p.begun_at)).collect::<Vec<_>>(),
        [(None, NOW), (None, NOW)]
    );
    assert!(house.ledger.due_polls(lane, NOW.plus(10), &[house.id()]).await.unwrap().is_empty());
    let at = NOW.plus(20);
    house.ledger.receipt_found(&house.guard, found, "R", at, NOW.plus(500), NOW.plus(11)).await.unwrap();
    house.ledger.receipt_found(&house.guard, found, "S", at, NOW.plus(500), NOW.plus(12)).await.unwrap();
    house.ledger.end_poll(&house.guard, gone, PollEnd::NeverCame, &[], NOW.plus(11)).await.unwrap();
    let due = house.ledger.due_polls(lane, at, &[]).await.unwrap();
    let told: Vec<_> = due.iter().map(|p| (p.call_id, p.receipt.as_deref(), p.deadline_at)).collect();
    assert_eq!(told, [(found, Some("R"), NOW.plus(500))], "the first stays");
    let state = async |seq| house.view(seq).await.writes[0].step_state.clone();
    assert_eq!((state(seqs[0]).await, state(seqs[1]).await), ("pending".to_owned(), "unknown".to_owned()));
    assert_eq!(house.ledger.next_write_due(lane).await.unwrap(), Some(NOW.plus(99)), "read back as ever");
});

contract!(after_a_takeover_a_lost_receipt_is_looked_for_from_the_rows_f25, |db| {
    let house = House::new(db).await;
    let lane = house.shop.lane_key.as_str();
    let seq = house.samples(1).await[0];
    let call = house.call(&house.wish(seq, 1).await).await;
    let next = claim(&house.ledger, lane, "b").await;
    let settle = |_: &str, _: &str| Settle { settle_ms: 1_000, search_after_ms: Some(10) };
    assert_eq!(house.ledger.settle_orphans(&next, &settle, NOW.plus(5)).await.unwrap(), 1);
    let due = house.ledger.due_polls(lane, NOW.plus(15), &[]).await.unwrap();
    assert_eq!((due[0].call_id, due[0].receipt.as_ref(), due[0].deadline_at), (call, None, NOW.plus(1_000)));
    assert!(house.view(seq).await.row.confirming);
});

contract!(calls_of_the_day_and_the_malls_clock_are_stored_with_the_turn_f48, |db| {
    let house = House::new(db).await;
    let (ledger, lane) = (&house.ledger, house.shop.lane_key.as_str());
    assert_eq!(ledger.lane_day(lane).await.unwrap(), LaneDay::default());
    let mut day = LaneDay { day: "2026-11-22".to_owned(), calls: 3, skew: Some((-70_000, NOW)) };
    ledger.set_lane_tat(&house.guard, "a", 1, Some(&day)).await.unwrap();
    ledger.set_lane_tat(&house.guard, "a", 2, None).await.unwrap();
    assert_eq!(ledger.lane_day(lane).await.unwrap(), day);
    let later = LaneDay { calls: 4, skew: None, ..day.clone() };
    ledger.set_lane_tat(&house.guard, "b", 1, Some(&later)).await.unwrap();
    day.calls = 4;
    assert_eq!(ledger.lane_day(lane).await.unwrap(), day, "what was measured stays");
    assert_eq!(ledger.lane_skews().await.unwrap(), [(lane.to_owned(), -70_000, NOW)]);
});

contract!(tokens_are_stored_together_and_never_over_what_a_person_has_entered, |db| {
    let house = House::new(db).await;
    let (ledger, id) = (&house.ledger, house.id());
    ledger.set_credential(id, "refresh", "r1", None, NOW).await.unwrap();
    let new = |credential, secret, expires_at| NewCredential { credential, secret, expires_at };
    let tokens = [new("refresh", "r2", None), new("access", "a2", Some(NOW.plus(60)))];
    ledger.store_tokens(&house.guard, id, Some(("refresh", "r1")), &tokens, NOW).await.unwrap();
    let there = async || ledger.open_credentials(id).await.unwrap();
    let own = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    assert_eq!(there().await, own(&[("access", "a2"), ("refresh", "r2")]));
    assert_eq!(ledger.credential_rows(id).await.unwrap()[0].expires_at, Some(NOW.plus(60)));
    let late = ledger.store_tokens(&house.guard, id, Some(("refresh", "r1")), &tokens, NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
    // Another grant: what was made from the old one goes.
    ledger.set_credentials(id, &[new("refresh", "r9", None)], &["access"], NOW).await.unwrap();
    let late = ledger.store_tokens(&house.guard, id, Some(("refresh", "r2")), &tokens, NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
    assert_eq!(there().await, own(&[("refresh", "r9")]));
});

contract!(a_shop_that_changes_its_lane_takes_its_open_work_along_but_not_while_sending, |db| {
    let house = House::new(db).await;
    let (ledger, from) = (&house.ledger, house.shop.lane_key.clone());
    let seqs = house.samples(3).await;
    let (one, two) = (house.wish(seqs[0], 1).await, house.wish(seqs[1], 1).await);
    let request = ledger.add_request(&house.shop, "import", &json!({}), &staff(), NOW).await.unwrap();
    let call = house.call(&one).await;
    let moved = store::Shop { lane_key: "rakuten:other".to_owned(), ..house.shop.clone() };
    assert!(matches!(ledger.update_shop(&moved, NOW).await, Err(StoreError::Conflict { .. })));
    assert_eq!(ledger.shop(house.id()).await.unwrap().unwrap().lane_key, from);
    let pending = PendingResult { receipt: Some("T".to_owned()), poll_at: NOW, deadline_at: NOW.plus(9) };
    let end = CallEnd { http_status: Some(202), pending: Some(pending), unclear: false };
    let waits = [StepUpdate::new(one[0], StepState::Pending, NOW)];
    ledger.end_call(&house.guard, call, &end, &waits, NOW).await.unwrap();
    ledger.update_shop(&moved, NOW).await.unwrap();
    let to = moved.lane_key.as_str();
    assert_eq!((ledger.open_steps(&from).await.unwrap(), ledger.open_steps(to).await.unwrap()), (0, 2));
    assert_eq!(ledger.open_requests(to).await.unwrap()[0].request_id, request);
    assert_eq!(ledger.due_polls(to, NOW, &[]).await.unwrap()[0].call_id, call);
    // Whoever still works the old lane sends nothing more for it, and nothing new is put there.
    let kind = WriteKind::ShipmentNotice;
    let late = ledger.begin_call(&house.guard, house.id(), kind, "add", b"", &two, NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
    let parcel = house.parcel(seqs[2], "4000-0000-0009").await;
    let write = house.notice(seqs[2], vec![parcel]).await;
    assert!(ledger.enqueue_writes(&house.guard, &[write], &By::System, NOW).await.unwrap().is_empty());
    let asked = ledger.add_request(&house.shop, "import", &json!({}), &staff(), NOW).await.unwrap();
    assert_eq!(
        ledger.request(asked).await.unwrap().unwrap().lane_key,
        to,
        "by the row, not by what was read"
    );
});

contract!(secret_details_of_a_request_are_sealed_and_wiped_with_its_end, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    let id = ledger.add_sealed_request(&house.shop, b"code-1234", &staff(), NOW).await.unwrap();
    let row = ledger.request(id).await.unwrap().unwrap();
    assert!(!row.body.to_string().contains("code-1234"));
    assert_eq!(ledger.open_request(&row).unwrap(), b"code-1234");
    ledger.finish_request(&house.guard, id, "succeeded", &json!({}), NOW).await.unwrap();
    let row = ledger.request(id).await.unwrap().unwrap();
    assert_eq!(row.body, json!({}));
    assert!(ledger.open_request(&row).is_err());
});

contract!(a_held_shops_queue_is_not_in_the_way_of_another_shops, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    let seqs = house.samples(5).await;
    for seq in &seqs {
        house.wish(*seq, 1).await;
    }
    let other = add_shop(ledger, "店舗二").await;
    let kind = WriteKind::ShipmentNotice;
    let lane = house.shop.lane_key.as_str();
    assert_eq!(ledger.due_writes(lane, house.id(), kind, NOW, 2).await.unwrap().len(), 2);
    for shop in [other.shop_id, ShopId(99)] {
        assert!(ledger.due_writes(lane, shop, kind, NOW, 2).await.unwrap().is_empty());
    }
    assert_eq!(ledger.due_shops(lane, NOW).await.unwrap(), [(house.id(), kind)]);
});
