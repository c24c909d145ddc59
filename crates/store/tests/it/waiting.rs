//! Keys that wait, what may be used once, what 連休前点検 asks.

use domain::{Reason, UtcMillis};
use store::StoreError;
use store::next_credentials::Swap;
use store::shops::NewCredential;
use testkit::contract;

use crate::house::{House, NOW, claim, staff};

fn new<'a>(credential: &'a str, secret: &'a str) -> NewCredential<'a> {
    NewCredential { credential, secret, expires_at: Some(NOW.plus(9)) }
}

async fn opened(house: &House) -> Vec<(String, String)> {
    house.ledger.open_credentials(house.id()).await.unwrap()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

async fn secrets(house: &House) -> Vec<(String, String)> {
    let rows = house.ledger.open_next_credentials(house.id()).await.unwrap();
    rows.into_iter().map(|(row, secret)| (row.credential, secret)).collect()
}

contract!(keys_wait_apart_and_take_the_place_of_the_old_in_one_transaction_crd2, |db| {
    let house = House::new(db).await;
    let (ledger, id) = (&house.ledger, house.id());
    ledger
        .set_credentials(id, &[new("a", "old-a"), new("b", "old-b"), new("t", "made")], &[], NOW)
        .await
        .unwrap();
    let why = Reason::new("x", "だめ", "直す", "no");
    ledger.hold_shop(id, Some(&why)).await.unwrap();
    ledger.wait_for_credentials(id, &[new("a", "first")], &staff(), NOW).await.unwrap();
    ledger.wait_for_credentials(id, &[new("a", "new-a"), new("b", "new-b")], &staff(), NOW).await.unwrap();
    assert_eq!(ledger.shops_with_next_credentials().await.unwrap(), [id]);
    assert_eq!(secrets(&house).await, pairs(&[("a", "new-a"), ("b", "new-b")]), "the newer of two");
    assert_eq!(opened(&house).await, pairs(&[("a", "old-a"), ("b", "old-b"), ("t", "made")]));
    let rows = ledger.next_credentials(id).await.unwrap();
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    ledger.next_credentials_tried(&ids, &why, NOW.plus(5)).await.unwrap();
    let tried = ledger.next_credentials(id).await.unwrap().remove(0);
    assert_eq!((tried.tried_at, tried.reason, tried.by), (Some(NOW.plus(5)), Some(why.clone()), staff()));
    assert_eq!(tried.expires_at, Some(NOW.plus(9)));

    let given = [new("a", "new-a"), new("b", "new-b")];
    let lane_key = format!("{}x", house.shop.lane_key);
    let swap = Swap {
        ids: &ids,
        given: &given,
        outdated: &["t"],
        lane_key: &lane_key,
        by: &staff(),
        action: "shop.credentials.swapped",
    };
    // Another owner took the lane: nothing is done.
    let other = claim(ledger, &house.shop.lane_key, "b").await;
    let lost = ledger.swap_credentials(Some(&house.guard), id, &swap, NOW).await;
    assert!(matches!(lost, Err(StoreError::LaneLost)), "{lost:?}");
    assert_eq!(opened(&house).await.len(), 3);
    // Something else waits by now: nothing is done either.
    let stale = Swap { ids: &[ids[0], 999_999], ..swap };
    assert!(!ledger.swap_credentials(Some(&other), id, &stale, NOW).await.unwrap());
    assert_eq!(ledger.shop(id).await.unwrap().unwrap().held_reason, Some(why));
    let swap = Swap { ids: &ids, ..stale };
    assert!(ledger.swap_credentials(Some(&other), id, &swap, NOW).await.unwrap());
    assert_eq!(opened(&house).await, pairs(&[("a", "new-a"), ("b", "new-b")]));
    let shop = ledger.shop(id).await.unwrap().unwrap();
    assert_eq!((shop.held_reason, shop.lane_key), (None, lane_key.clone()));
    assert!(ledger.next_credentials(id).await.unwrap().is_empty());
    let line = ledger.actions(None, 1).await.unwrap().remove(0);
    assert_eq!((line.action.as_str(), line.by), ("shop.credentials.swapped", staff()));
    assert_eq!(line.details, serde_json::json!({ "credentials": ["a", "b"] }), "names, never values");
    assert!(ledger.lanes().await.unwrap().iter().any(|l| l.lane_key == lane_key));
    assert!(!ledger.swap_credentials(None, id, &swap, NOW).await.unwrap(), "once");
});

contract!(keys_that_wait_are_sealed_rotated_and_wiped_with_the_old_ones_x01, |db| {
    let house = House::new(db).await;
    let (ledger, id) = (&house.ledger, house.id());
    ledger.set_credential(id, "a", "old-a", None, NOW).await.unwrap();
    ledger.wait_for_credentials(id, &[new("a", "new-a"), new("b", "new-b")], &staff(), NOW).await.unwrap();
    // Stored at once by a person: what waited in its place is older.
    ledger.set_credential(id, "a", "newest-a", None, NOW).await.unwrap();
    assert_eq!(secrets(&house).await, pairs(&[("b", "new-b")]));
    ledger.rotate_master_key().await.unwrap();
    assert_eq!(secrets(&house).await, pairs(&[("b", "new-b")]));
    let mut shop = house.shop.clone();
    shop.endpoints.insert("*".to_owned(), "https://elsewhere.example".to_owned());
    ledger.update_shop(&shop, NOW).await.unwrap();
    assert!(secrets(&house).await.is_empty() && opened(&house).await.is_empty());
    ledger.wait_for_credentials(id, &[new("b", "new-b")], &staff(), NOW).await.unwrap();
    ledger.forget_next_credentials(id).await.unwrap();
    assert!(ledger.shops_with_next_credentials().await.unwrap().is_empty());
});

contract!(what_is_good_once_is_spent_once_f62, |db| {
    let house = House::new(db).await;
    let until = NOW.plus(600_000);
    let (a, b) = futures::join!(
        house.ledger.spend_ticket("digest", until, NOW),
        house.ledger.spend_ticket("digest", until, NOW)
    );
    assert_ne!(a.unwrap(), b.unwrap());
    assert!(!house.ledger.spend_ticket("digest", until, until).await.unwrap());
    assert!(house.ledger.spend_ticket("other", until, NOW).await.unwrap());
});

contract!(what_waits_is_counted_by_shop_phase_and_day_crd5, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    let row = house.order(seqs[0]).await;
    let phase = row.facts.phase.0.clone();
    let plan = Some("2026-12-30".parse().unwrap());
    house.ledger.set_plan(&seqs[..1], Some(plan), None, &staff(), NOW).await.unwrap();
    let day = |text: &str| text.parse().unwrap();
    let count = async |from: &str, to: &str| {
        let asked = [phase.clone(), "on_hold".to_owned()];
        house.ledger.pending_orders(&asked, day(from), day(to)).await.unwrap()
    };
    let within = count("2026-12-29", "2027-01-03").await;
    assert_eq!(within.len(), 1);
    assert_eq!((within[0].shop_id, within[0].n), (house.id(), 3));
    assert_eq!((within[0].ship_before, within[0].ship_within), (0, 1));
    assert!(within[0].oldest > UtcMillis(0));
    let after = count("2026-12-31", "2027-01-03").await;
    assert_eq!((after[0].ship_before, after[0].ship_within), (1, 0));
    assert!(house.ledger.pending_orders(&[], day("2026-12-29"), day("2027-01-03")).await.unwrap().is_empty());
    assert!(house.ledger.shipped_unsent().await.unwrap().is_empty());
    assert!(house.ledger.failing_listeners().await.unwrap().is_empty());
    assert_eq!(house.ledger.failed_letters(NOW).await.unwrap(), 0);
});
