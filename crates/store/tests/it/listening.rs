//! Listeners, and 仮伝票 (IMP-7, IMP-14).

use domain::history::By;
use domain::{ImportMode, reason};
use serde_json::json;
use store::listeners::NewListener;
use store::orders::MAIL;
use store::provisional::{LONG_MS, MOST_WAITING};
use store::{Access, StoreError, args};
use testkit::contract;

use crate::base::both;
use crate::house::{House, NOW, add_shop, sample_order, staff};

fn mailbox(name: &str) -> NewListener {
    NewListener { kind: "imap".into(), name: name.into(), config: json!({ "host": "imap.example.jp" }) }
}

contract!(a_listener_comes_back_its_secret_sealed_and_its_state_follows_its_settings_imp7, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    let id = ledger.add_listener(&mailbox("注文"), "himitsu-no-kotoba").await.unwrap();
    let taken = ledger.add_listener(&mailbox("注文"), "x").await;
    assert!(matches!(taken, Err(StoreError::Unique { .. })));
    assert_eq!(ledger.open_listener(id).await.unwrap().as_deref(), Some("himitsu-no-kotoba"));
    assert_eq!(ledger.open_listener(99).await.unwrap(), None);
    let all = house.everything().await.join("\n");
    assert!(!all.contains("himitsu"), "the secret stands in the open");

    let row = ledger.listeners().await.unwrap().remove(0);
    let of = (id, row.version);
    let why = reason::listener_no_connection("imap.example.jp");
    ledger.listener_failed(of, &why, NOW).await.unwrap();
    ledger.listener_failed(of, &why, NOW.plus(60_000)).await.unwrap();
    let row = ledger.listeners().await.unwrap().remove(0);
    assert_eq!((row.failing_since, row.reason), (Some(NOW), Some(why)), "since the first failure");
    let mark = json!({ "validity": 1, "next": 7 });
    ledger.listener_alive(of, Some(&mark), NOW.plus(90_000)).await.unwrap();
    ledger.listener_alive(of, None, NOW.plus(120_000)).await.unwrap();
    let row = ledger.listeners().await.unwrap().remove(0);
    assert_eq!((row.failing_since, row.reason.clone(), row.bookmark.clone()), (None, None, Some(mark)));
    assert_eq!(row.heard_at, Some(NOW.plus(120_000)));

    // Other settings: what was read elsewhere says nothing, and who listens by the old ones neither.
    ledger.change_listener(&row, &mailbox("受注"), None).await.unwrap();
    ledger.listener_alive(of, Some(&json!({ "next": 9 })), NOW).await.unwrap();
    let changed = ledger.listeners().await.unwrap().remove(0);
    assert_eq!((changed.name.as_str(), changed.bookmark.clone(), changed.heard_at), ("受注", None, None));
    assert_eq!(ledger.open_listener(id).await.unwrap().as_deref(), Some("himitsu-no-kotoba"));
    let late = ledger.change_listener(&row, &mailbox("遅い"), Some("y")).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
    ledger.change_listener(&changed, &mailbox("受注"), Some("atarashii")).await.unwrap();
    assert_eq!(ledger.open_listener(id).await.unwrap().as_deref(), Some("atarashii"));

    let changed = ledger.listeners().await.unwrap().remove(0);
    ledger.switch_listener(&changed, false).await.unwrap();
    assert!(!ledger.listeners().await.unwrap()[0].on);
    ledger.rotate_master_key().await.unwrap();
    assert_eq!(ledger.open_listener(id).await.unwrap().as_deref(), Some("atarashii"));
    assert!(ledger.drop_listener(id).await.unwrap() && !ledger.drop_listener(id).await.unwrap());
});

contract!(only_active_shops_that_import_by_mail_are_hurried_imp7, |db| {
    let house = House::new(db).await;
    let other = add_shop(&house.ledger, "例示商店").await;
    assert!(house.ledger.hurried_shops().await.unwrap().is_empty());
    for (shop, mode) in [(&house.shop, ImportMode::Mail), (&other, ImportMode::Schedule)] {
        let mut shop = shop.clone();
        shop.set_import_mode(mode, NOW);
        house.ledger.update_shop(&shop, NOW).await.unwrap();
    }
    assert_eq!(house.ledger.hurried_shops().await.unwrap(), [(house.id(), "rakuten".to_owned())]);
    assert_eq!(house.ledger.newest_number(house.id()).await.unwrap(), None);
    house.samples(2).await;
    let newest = house.ledger.newest_number(house.id()).await.unwrap().unwrap();
    assert_eq!(newest, sample_order(2).snapshot.mall_order_id.0);
});

contract!(a_provisional_order_waits_until_it_comes_or_a_person_says_so_imp14, |db| {
    let house = House::new(db).await;
    let (ledger, shop) = (&house.ledger, house.id());
    let number = sample_order(1).snapshot.mall_order_id.0;
    assert!(ledger.add_provisional(shop, &number, NOW).await.unwrap());
    assert!(!ledger.add_provisional(shop, &number, NOW.plus(1)).await.unwrap());
    assert!(ledger.add_provisional(shop, "k-2", NOW.plus(2)).await.unwrap());
    let waiting = ledger.waiting_provisional(&Access::full(), 10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    assert!(!waiting[0].is_old(NOW.plus(LONG_MS)) && waiting[0].is_old(NOW.plus(LONG_MS + 1)));
    let elsewhere = Access { shops: Some([domain::ShopId(99)].into()), ..Access::full() };
    assert!(ledger.waiting_provisional(&elsewhere, 10).await.unwrap().is_empty());

    house.import(vec![sample_order(1)]).await;
    let waiting = ledger.waiting_provisional(&Access::full(), 10).await.unwrap();
    assert_eq!(waiting.iter().map(|p| p.mall_order_id.as_str()).collect::<Vec<_>>(), ["k-2"]);
    let text = "SELECT COUNT(*) AS n FROM provisional_orders WHERE state = 'filled'";
    assert_eq!(house.count(text).await, 1);
    // A mail that comes after its order.
    let late = sample_order(1).snapshot.mall_order_id.0;
    assert!(!ledger.add_provisional(shop, &late, NOW).await.unwrap());

    assert!(ledger.drop_provisional(&waiting[0], NOW).await.unwrap());
    assert!(!ledger.drop_provisional(&waiting[0], NOW).await.unwrap());
    assert!(!ledger.add_provisional(shop, "k-2", NOW.plus(9)).await.unwrap(), "dropped stays dropped");
});

contract!(an_order_stored_while_its_mail_was_read_is_not_shown_as_waiting_imp14, |db| {
    let house = House::new(db).await;
    let number = sample_order(1).snapshot.mall_order_id.0;
    house.ledger.add_provisional(house.id(), &number, NOW).await.unwrap();
    house.import(vec![sample_order(1)]).await;
    let mut tx = house.ledger.db().begin().await.unwrap();
    tx.exec(&both("UPDATE provisional_orders SET state = 'waiting'"), args![]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.ledger.waiting_provisional(&Access::full(), 10).await.unwrap().is_empty());
});

contract!(an_activated_order_is_stored_once_and_told_with_who_did_it_imp14, |db| {
    let house = House::new(db).await;
    let (ledger, shop) = (&house.ledger, house.id());
    let mut order = sample_order(7);
    order.source = MAIL;
    order.raw = Vec::new();
    let number = order.snapshot.mall_order_id.0.clone();
    ledger.add_provisional(shop, &number, NOW).await.unwrap();
    let found = ledger.waiting_provisional(&Access::full(), 10).await.unwrap().remove(0);
    let seq = ledger.activate_provisional(&found, order.clone(), &staff(), NOW).await.unwrap().unwrap();
    let again = ledger.activate_provisional(&found, order.clone(), &staff(), NOW).await.unwrap();
    assert_eq!(again, None);
    let view = house.view(seq).await;
    let told = |event: &str| view.history.iter().find(|h| h.event["event"] == event).map(|h| h.by.clone());
    assert_eq!(told("activated"), Some(staff()));
    assert_eq!(told("imported"), Some(By::System));
    assert!(ledger.waiting_provisional(&Access::full(), 10).await.unwrap().is_empty());
    let existing = ledger.existing_orders(shop, &[number.as_str().into()]).await.unwrap();
    assert_eq!(existing[0].1.source, MAIL);
});

contract!(whoever_forges_mails_fills_no_disk_f15, |db| {
    let house = House::new(db).await;
    let mut tx = house.ledger.db().begin().await.unwrap();
    let fill = match db.kind() {
        store::Kind::Sqlite => {
            "INSERT INTO provisional_orders (shop_id, mall_order_id, seen_at, state) \
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
            SELECT $1, 'x-' || i, 1, 'waiting' FROM n"
        }
        store::Kind::Postgres => {
            "INSERT INTO provisional_orders (shop_id, mall_order_id, seen_at, state) \
            SELECT CAST($1 AS BIGINT), 'x-' || i, 1, 'waiting' FROM generate_series(1, CAST($2 AS BIGINT)) AS g(i)"
        }
    };
    tx.exec(&both(fill), args![house.id().0, MOST_WAITING]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!house.ledger.add_provisional(house.id(), "k-1", NOW).await.unwrap());
});
