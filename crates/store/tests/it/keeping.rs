//! Shops, credentials, lanes, requests, runs, master lists.

use std::collections::BTreeMap;

use domain::date_rule::DateRule;
use domain::history::By;
use domain::write::WriteKind;
use domain::{ImportMode, Reason, UtcMillis, carrier::Carrier, phase::Phase, reason, rule::Rule};
use serde_json::json;
use store::imports::{Aside, Note, Progress};
use store::orders::Page;
use store::{StoreError, args};
use testkit::contract;

use crate::base::both;
use crate::house::{House, NOW, add_shop, claim, new_run, sample_order, staff};

contract!(a_shop_comes_back_as_it_was_stored_imp1, |db| {
    let house = House::new(db).await;
    let other = add_shop(&house.ledger, "例示商店").await;
    assert_ne!(other.lane_key, house.shop.lane_key);
    assert_eq!(house.ledger.shops().await.unwrap().len(), 2);
    let (endpoints, lane) = (BTreeMap::new(), |id| format!("rakuten:{id}"));
    let taken = house.ledger.add_shop("例示商店", "rakuten", &endpoints, &endpoints, lane, NOW).await;
    assert!(matches!(taken, Err(StoreError::Unique { .. })));
    let mut shop = house.shop.clone();
    shop.automation_enabled = true;
    shop.set_import_interval(300_000, NOW);
    shop.skip_inbox = true;
    shop.date_rule = Some(DateRule { cutoff_minute: Some(900), print_after: Some(0), ship_after: Some(1) });
    shop.import_statuses = Some(vec!["100".to_owned(), "300".to_owned()]);
    shop.settings.insert("k".to_owned(), "v".to_owned());
    shop.next_import_at = Some(NOW.plus(5));
    house.ledger.update_shop(&shop, NOW).await.unwrap();
    assert_eq!(house.ledger.shop(shop.shop_id).await.unwrap().unwrap(), shop);
    house.ledger.learn_settings(shop.shop_id, &[("learnt".to_owned(), "1".to_owned())]).await.unwrap();
    let times = (Some(NOW), Some(NOW.plus(1)), Some(NOW.plus(2)));
    let next = Some((NOW.plus(1), "rhythm"));
    house.ledger.set_import_times(shop.shop_id, times.0, next, times.2).await.unwrap();
    let held = reason::credential_missing("licenseKey");
    house.ledger.hold_shop(shop.shop_id, Some(&held)).await.unwrap();
    let read = house.ledger.shop_by_name("架空商店").await.unwrap().unwrap();
    assert_eq!((read.imported_to, read.next_import_at, read.second_look_at), times);
    assert_eq!((read.import_mode, read.next_import_why.as_deref()), (ImportMode::Schedule, Some("rhythm")));
    assert_eq!(read.held_reason, Some(held));
    assert_eq!(read.settings.len(), 2);
    house.ledger.hold_shop(shop.shop_id, None).await.unwrap();
    assert_eq!(house.ledger.shop(shop.shop_id).await.unwrap().unwrap().held_reason, None);
    shop.shop_id.0 = 99;
    assert!(matches!(house.ledger.update_shop(&shop, NOW).await, Err(StoreError::Conflict { .. })));
});

contract!(what_two_learn_at_once_is_both_kept, |db| {
    let house = House::new(db).await;
    let (a, b) = ([("a".to_owned(), "1".to_owned())], [("b".to_owned(), "2".to_owned())]);
    for _ in 0..5 {
        let (x, y) = futures::join!(
            house.ledger.learn_settings(house.id(), &a),
            house.ledger.learn_settings(house.id(), &b)
        );
        x.and(y).unwrap();
        let mut shop = house.ledger.shop(house.id()).await.unwrap().unwrap();
        assert_eq!(shop.settings.len(), 2);
        shop.settings.clear();
        house.ledger.update_shop(&shop, NOW).await.unwrap();
    }
});

contract!(credentials_open_again_and_are_wiped_with_endpoint_or_archive_x01, |db| {
    let house = House::new(db).await;
    let (ledger, id) = (&house.ledger, house.id());
    ledger.hold_shop(id, Some(&reason::credential_missing("k"))).await.unwrap();
    ledger.set_credential(id, "licenseKey", "secret-1", Some(NOW.plus(9)), NOW).await.unwrap();
    assert_eq!(ledger.shop(id).await.unwrap().unwrap().held_reason, None, "a new secret releases the hold");
    ledger.set_credential(id, "licenseKey", "secret-2", Some(NOW.plus(9)), NOW).await.unwrap();
    ledger.set_credential(id, "serviceSecret", "secret-3", None, NOW).await.unwrap();
    let opened = ledger.open_credentials(id).await.unwrap();
    let expected = [("licenseKey", "secret-2"), ("serviceSecret", "secret-3")];
    assert_eq!(opened, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    let why = reason::credential_missing("x");
    ledger.credential_checked(id, "licenseKey", None, Some(&why), NOW.plus(1)).await.unwrap();
    let row = ledger.credential_rows(id).await.unwrap().remove(0);
    assert_eq!((row.expires_at, row.checked_at), (Some(NOW.plus(9)), Some(NOW.plus(1))));
    assert_eq!(row.check_reason, Some(why));
    let (a, b) = futures::join!(
        ledger.set_credential(id, "licenseKey", "x", None, NOW),
        ledger.set_credential(id, "licenseKey", "y", None, NOW)
    );
    a.and(b).unwrap();
    assert_eq!(ledger.open_credentials(id).await.unwrap().len(), 2);
    let mut shop = ledger.shop(id).await.unwrap().unwrap();
    shop.name = "names do not wipe".to_owned();
    ledger.update_shop(&shop, NOW).await.unwrap();
    assert_eq!(ledger.open_credentials(id).await.unwrap().len(), 2);
    shop.endpoints.insert("api".to_owned(), "https://proxy.invalid".to_owned());
    ledger.update_shop(&shop, NOW).await.unwrap();
    assert!(ledger.open_credentials(id).await.unwrap().is_empty(), "no secret goes to a new address");
    ledger.set_credential(id, "licenseKey", "z", None, NOW).await.unwrap();
    shop.state = "archived".to_owned();
    ledger.update_shop(&shop, NOW).await.unwrap();
    assert!(ledger.credential_rows(id).await.unwrap().is_empty());
    assert!(ledger.shops().await.unwrap().is_empty() && ledger.shop(id).await.unwrap().is_some());
    assert!(ledger.lanes().await.unwrap().is_empty(), "nobody works an archived shop's lane");
});

contract!(a_fence_has_one_owner_f16, |db| {
    let house = House::new(db).await;
    let (ledger, lane) = (&house.ledger, house.shop.lane_key.as_str());
    let seen = ledger.lanes().await.unwrap().remove(0);
    assert_eq!((seen.owner.as_deref(), seen.fence), (Some("a"), house.guard.fence));
    let (b, c) = futures::join!(
        ledger.claim_lane(lane, "b", "h", seen.fence),
        ledger.claim_lane(lane, "c", "h", seen.fence)
    );
    let won: Vec<_> = [b.unwrap(), c.unwrap()].into_iter().flatten().collect();
    assert_eq!(won.len(), 1, "one of two");
    let guard = &won[0];
    assert_eq!(guard.fence, seen.fence + 1);
    ledger.beat_lane(guard).await.unwrap();
    assert!(ledger.lanes().await.unwrap().remove(0).beat > seen.beat);
    ledger.hold_lane(guard, NOW.plus(7)).await.unwrap();
    ledger.set_lane_tat(guard, "orders", 5, None).await.unwrap();
    ledger.set_lane_tat(guard, "orders", 6, None).await.unwrap();
    assert_eq!(ledger.lane_tats(lane).await.unwrap(), BTreeMap::from([("orders".to_owned(), 6)]));
    ledger.release_lane(&house.guard).await.unwrap();
    assert_eq!(ledger.lanes().await.unwrap()[0].owner.as_deref(), Some(guard.owner.as_str()));
    ledger.release_lane(guard).await.unwrap();
    let free = ledger.lanes().await.unwrap().remove(0);
    assert_eq!((free.owner, free.held_until), (None, NOW.plus(7)));
    assert!(matches!(ledger.beat_lane(guard).await, Err(StoreError::LaneLost)));
    let next = claim(ledger, lane, "b").await;
    assert_eq!(next.fence, guard.fence + 1);
});

contract!(a_request_is_followed_from_queue_to_result, |db| {
    let house = House::new(db).await;
    let (ledger, guard) = (&house.ledger, &house.guard);
    let body = json!({"from": 1});
    let id = ledger.add_request(&house.shop, "import", &body, &staff(), NOW).await.unwrap();
    let next = ledger.add_request(&house.shop, "import", &body, &By::Cli, NOW).await.unwrap();
    assert!(next > id);
    let open = ledger.open_requests(&house.shop.lane_key).await.unwrap();
    assert_eq!(open.iter().map(|r| r.request_id).collect::<Vec<_>>(), [id, next]);
    assert_eq!(open[0].body_as::<BTreeMap<String, i64>>().unwrap()["from"], 1);
    assert!(open[0].body_as::<Vec<i64>>().is_err() && !open[0].is_finished());
    ledger.begin_request(guard, id).await.unwrap();
    assert_eq!(ledger.request(id).await.unwrap().unwrap().state, "running");
    assert_eq!(
        ledger.open_requests(&house.shop.lane_key).await.unwrap().len(),
        2,
        "a crash loses no request"
    );
    ledger.finish_request(guard, id, "succeeded", &json!({"new": 3}), NOW).await.unwrap();
    ledger.finish_request(guard, id, "failed", &json!({}), NOW).await.unwrap();
    ledger.begin_request(guard, id).await.unwrap();
    let done = ledger.request(id).await.unwrap().unwrap();
    assert_eq!(
        (done.state.as_str(), done.result),
        ("succeeded", Some(json!({"new": 3}))),
        "the first end stays"
    );
    assert_eq!(ledger.open_requests(&house.shop.lane_key).await.unwrap().len(), 1);
    assert!(ledger.request(domain::RequestId(99)).await.unwrap().is_none());
});

contract!(a_shop_has_one_open_run_that_goes_on_from_its_cursor_imp5_f01_f16, |db| {
    let house = House::new(db).await;
    let (ledger, guard) = (&house.ledger, &house.guard);
    let id = house.run().await;
    let second = ledger.begin_run(guard, &new_run(house.id()), NOW).await;
    assert!(matches!(second, Err(StoreError::Unique { .. })));
    let progress = house.progress(7).await;
    ledger.commit_page(guard, house.id(), &progress, Page::default(), NOW).await.unwrap();
    assert_eq!(ledger.interrupt_runs(guard).await.unwrap(), 1);
    let run = ledger.open_run(house.id()).await.unwrap().unwrap();
    assert_eq!((run.run_id, run.state.as_str(), run.cursor), (id, "interrupted", json!({"at": 7})));
    let waits = reason::rate_limited();
    let next = house.progress(8).await;
    ledger.commit_page(guard, house.id(), &next, Page::default(), NOW).await.unwrap();
    ledger.interrupt_run(guard, id, &waits, NOW.plus(1)).await.unwrap();
    assert_eq!(ledger.run(id).await.unwrap().unwrap().reason, Some(waits));
    ledger.commit_page(guard, house.id(), &next, Page::default(), NOW).await.unwrap();
    let going = ledger.run(id).await.unwrap().unwrap();
    assert_eq!((going.state.as_str(), going.reason), ("running", None), "what it waited for is over");
    let last = Progress { run_id: id, cursor: json!({"at": 9}), counts: json!({"new": 1}) };
    ledger.finish_run(guard, &last, "partial", Some(&reason::order_not_given()), NOW.plus(2)).await.unwrap();
    let late = ledger.commit_page(guard, house.id(), &next, page(1), NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "no page after the end");
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 0);
    let run = ledger.run(id).await.unwrap().unwrap();
    assert_eq!(
        (run.state.as_str(), run.cursor, run.finished_at),
        ("partial", last.cursor, Some(NOW.plus(2)))
    );
    assert!(ledger.open_run(house.id()).await.unwrap().is_none());
    assert_ne!(house.run().await, id);
    assert_eq!(ledger.newest_runs(house.id(), 1).await.unwrap().len(), 1);
    assert_eq!(ledger.newest_runs(house.id(), 9).await.unwrap().len(), 2);
});

fn page(n: i64) -> Page {
    Page { new: vec![sample_order(n)], ..Page::default() }
}

fn aside(id: &str, retries: i64, raw: Option<&[u8]>) -> Aside {
    let reason = reason::order_unreadable("x");
    Aside { mall_order_id: id.into(), raw: raw.map(<[u8]>::to_vec), reason, retries }
}

contract!(what_cannot_be_read_is_set_aside_visibly_and_solved_later_i1_i12, |db| {
    let house = House::new(db).await;
    let run = house.run().await;
    let note = |why: Reason| Note { mall_order_id: "b".into(), kind: "failed".to_owned(), reason: why };
    for round in 1..=3 {
        let page = Page {
            new: vec![sample_order(round)],
            notes: vec![note(reason::order_unreadable(round))],
            aside: vec![aside("bad", 2, Some(b"{}")), aside("worse", 0, None)],
            ..Page::default()
        };
        house.commit(page).await.unwrap();
        let rows = house.ledger.set_aside_orders(10).await.unwrap();
        let bad = rows.iter().find(|r| r.mall_order_id.as_str() == "bad").unwrap();
        assert_eq!((bad.tries, bad.state.as_str()), (round, if round <= 2 { "retry" } else { "open" }));
        let retry = house.ledger.orders_to_retry(house.id(), 10).await.unwrap();
        assert_eq!(retry.len(), usize::from(round <= 2));
    }
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 3, "the others are not held up");
    assert_eq!(house.ledger.state_counts().await.unwrap()["quarantined"], 2);
    let notes = house.ledger.run_notes(run, 10).await.unwrap();
    assert_eq!(notes, [note(reason::order_unreadable(3))], "one note a run, order and kind");
    let solved = |ids: &[&str]| Page { solved: ids.iter().map(|i| (*i).into()).collect(), ..Page::default() };
    house.commit(solved(&["bad", "unheard of"])).await.unwrap();
    assert_eq!(house.ledger.set_aside_orders(10).await.unwrap().len(), 1);
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM quarantine WHERE raw IS NOT NULL").await, 0);
    house.commit(Page { aside: vec![aside("bad", 2, None)], ..Page::default() }).await.unwrap();
    let rows = house.ledger.set_aside_orders(10).await.unwrap();
    let bad = rows.iter().find(|r| r.mall_order_id.as_str() == "bad").unwrap();
    assert_eq!((bad.tries, bad.state.as_str()), (1, "retry"), "trouble that was over begins anew");
});

contract!(phases_carriers_and_rules_change_while_everything_runs_ntf1_ntf2_ntf9, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    assert_eq!(ledger.phases().await.unwrap().len(), domain::phase::DEFAULT_PHASES.len());
    let mut mine =
        Phase { phase: "mine".into(), name: "自社".to_owned(), position: 3, ship_date_required: true };
    ledger.put_phase(&mine).await.unwrap();
    mine.name = "検品".to_owned();
    ledger.put_phase(&mine).await.unwrap();
    assert!(ledger.phases().await.unwrap().contains(&mine));
    let seq = house.samples(1).await[0];
    house.parcel(seq, "4000-0000-0000").await;
    house.shift(seq, "mine").await;
    assert!(!ledger.drop_phase(&"mine".into()).await.unwrap(), "an order is in it");
    house.shift(seq, "new").await;
    assert!(ledger.drop_phase(&"mine".into()).await.unwrap());
    assert!(!ledger.drop_phase(&"mine".into()).await.unwrap());
    for needed in ["inbox", "cancelled", "new"] {
        assert!(!ledger.drop_phase(&needed.into()).await.unwrap(), "{needed} is one Choba itself needs");
    }
    assert_eq!(ledger.carriers().await.unwrap().len(), domain::carrier::DEFAULT_CARRIERS.len());
    let carrier = Carrier {
        carrier: "yamato".into(),
        name: "ヤマト".to_owned(),
        mall_codes: BTreeMap::from([("rakuten".to_owned(), "1001".to_owned())]),
        tracking_url: Some("https://track.example/{number}".to_owned()),
    };
    ledger.put_carrier(&carrier).await.unwrap();
    assert!(ledger.carriers().await.unwrap().contains(&carrier));
    let mut rule = Rule {
        shop_id: house.id(),
        kind: WriteKind::ShipmentNotice,
        target_phase: "shipped".into(),
        success_phase: Some("completed".into()),
        failure_phase: None,
    };
    ledger.put_rule(&rule).await.unwrap();
    rule.failure_phase = Some("on_hold".into());
    ledger.put_rule(&rule).await.unwrap();
    let text = "INSERT INTO rules (shop_id, kind, target_phase) VALUES ($1, 'of_a_newer_program', 'new')";
    let mut tx = db.begin().await.unwrap();
    tx.exec(&both(text), args![house.id().0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ledger.rules(house.id()).await.unwrap(), [rule.clone()]);
    assert!(ledger.drop_rule(house.id(), rule.kind, &rule.target_phase).await.unwrap());
    assert!(!ledger.drop_rule(house.id(), rule.kind, &rule.target_phase).await.unwrap());
    let again = store::Ledger::with_db((**db).clone(), crate::house::ring(), UtcMillis(0)).await.unwrap();
    assert!(again.carriers().await.unwrap().contains(&carrier), "a restart leaves changed lists alone");
});
