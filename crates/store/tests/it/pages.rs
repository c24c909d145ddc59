//! Pages of an import: whole or not at all, once and only once.

use domain::history::{By, Event};
use domain::order::Flag;
use domain::reconcile::add_edit;
use domain::{OrderSeq, reason};
use serde_json::json;
use store::orders::{Existing, ListFilter, Page, Refresh};
use store::{Access, StoreError};
use testkit::contract;

use crate::house::{House, NOW, add_shop, claim, fba, new_run, sample_order, sample_snapshot, staff};

/// A refresh that changes nothing.
pub fn refresh(existing: &Existing) -> Refresh {
    Refresh {
        seq: existing.seq,
        version: existing.version,
        snapshot: existing.snapshot.clone().unwrap(),
        edits: existing.edits.clone(),
        theirs: existing.theirs.clone(),
        raw: None,
        source: None,
        flags: existing.flags,
        content: None,
        events: Vec::new(),
    }
}

pub async fn existing(house: &House, n: i64) -> Existing {
    let id = sample_snapshot(n).mall_order_id;
    house.ledger.existing_orders(house.id(), &[id]).await.unwrap().remove(0).1
}

contract!(a_new_order_comes_back_as_the_mall_said_it_imp3, |db| {
    let house = House::new(db).await;
    let mut new = sample_order(1);
    new.events = vec![Event::Flagged { flag: "x".to_owned(), raised: true, reason: None }];
    new.flags = Flag::AmountUndecided.bit();
    let seq = house.import(vec![new.clone(), fba(sample_order(2))]).await;
    let view = house.view(seq[0]).await;
    assert_eq!(view.content.as_ref(), Some(&new.snapshot.content));
    assert_eq!(view.mall.as_ref(), Some(&new.snapshot.facts));
    assert_eq!(view.row.flags, [Flag::AmountUndecided]);
    assert_eq!((view.row.total, view.row.version), (Some(1_001), 1));
    let head = view.row.head.unwrap();
    assert_eq!((head.buyer.as_str(), head.prefecture.as_str()), ("架空 花子", "架空県"));
    assert_eq!(view.history.len(), 2);
    assert_eq!(view.history[0].by, By::System);
    assert_eq!(house.ledger.raw_document(seq[0]).await.unwrap().unwrap(), new.raw);
    assert_eq!(house.ledger.raw_document(OrderSeq(99)).await.unwrap(), None);
    let known = existing(&house, 1).await;
    assert_eq!((known.snapshot.as_ref(), known.revision.as_deref()), (Some(&new.snapshot), Some("r1")));
    assert!(!known.erased && known.edits.is_empty() && known.theirs.is_none());
    let fba = house.view(seq[1]).await;
    assert_eq!(fba.row.notice_state.as_str(), "applied", "FBA is never notified");
    assert!(fba.history.iter().any(|h| h.event["why"] == "fba"), "and history says so (I4)");
    assert!(house.ledger.existing_orders(house.id(), &[]).await.unwrap().is_empty());
});

contract!(the_same_number_in_another_shop_is_another_order_i2, |db| {
    let house = House::new(db).await;
    house.samples(1).await;
    let shop = add_shop(&house.ledger, "例示商店").await;
    let guard = claim(&house.ledger, &shop.lane_key, "a").await;
    let other = House { ledger: house.ledger, shop, guard };
    let mut order = sample_order(1);
    order.id = uuid::Uuid::from_u128(77);
    other.import(vec![order]).await;
    let number = sample_snapshot(1).mall_order_id;
    let found = other.ledger.orders_by_number(&Access::full(), number.as_str()).await.unwrap();
    assert_eq!(found.len(), 2);
    let one = Access { shops: Some(vec![other.id()]), buyer_data: false };
    let seen = other.ledger.orders_by_number(&one, number.as_str()).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].shop_id == other.id() && seen[0].head.is_none());
});

contract!(a_page_that_meets_an_order_stored_meanwhile_stores_nothing_i2_i8_f16, |db| {
    let house = House::new(db).await;
    house.samples(2).await;
    let progress = house.progress(50).await;
    let before = house.everything().await;
    let page = Page { new: vec![sample_order(3), sample_order(2), sample_order(4)], ..Page::default() };
    let done = house.ledger.commit_page(&house.guard, house.id(), &progress, page, NOW).await;
    assert!(matches!(done, Err(StoreError::Conflict { .. })), "{done:?}");
    let after = house.everything().await;
    let changed: Vec<_> =
        after.iter().filter(|l| !before.contains(l) && !l.starts_with("counters ")).collect();
    assert!(changed.is_empty(), "the cursor and the other orders too: {changed:?}");
    let twice = Page { new: vec![sample_order(5), sample_order(5)], ..Page::default() };
    assert!(
        matches!(house.commit(twice).await, Err(StoreError::Other(_))),
        "not a conflict to repeat for ever"
    );
});

contract!(two_who_store_the_same_page_at_once_store_it_once_i2_f16, |db| {
    let house = House::new(db).await;
    let progress = house.progress(1).await;
    for round in 0..4_i64 {
        let page =
            || Page { new: (1..=20).map(|n| sample_order(round * 100 + n)).collect(), ..Page::default() };
        let mut reversed = page();
        reversed.new.reverse();
        let commit = |page| house.ledger.commit_page(&house.guard, house.id(), &progress, page, NOW);
        let (a, b) = futures::join!(commit(page()), commit(reversed));
        let errors: Vec<_> = [a, b].into_iter().filter_map(Result::err).collect();
        assert!(
            matches!(errors.as_slice(), [StoreError::Conflict { .. } | StoreError::Busy(_)]),
            "{errors:?}"
        );
    }
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 80);
    for table in [
        "SELECT COUNT(*) AS n FROM order_keys",
        "SELECT COUNT(*) AS n FROM order_sealed",
        "SELECT COUNT(*) AS n FROM sealed_head",
        "SELECT COUNT(*) AS n FROM order_lines",
        "SELECT COUNT(*) AS n FROM recipients",
        "SELECT COUNT(*) AS n FROM history",
    ] {
        assert_eq!(house.count(table).await, 80, "{table}");
    }
    assert_eq!(house.ledger.phase_counts().await.unwrap(), house.ledger.recount_phases().await.unwrap());
});

contract!(a_refresh_takes_facts_over_and_keeps_what_staff_changed_imp3_imp9_i5, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let city = ("buyer.city".to_owned(), json!("訂正市"));
    house.ledger.edit_order(seq, 1, &[city], &staff(), NOW).await.unwrap().unwrap();
    let known = existing(&house, 1).await;
    assert_eq!((known.edits.len(), known.version), (1, 2));
    let mut facts_only = refresh(&known);
    facts_only.snapshot.facts.status.label = "発送済".to_owned();
    facts_only.snapshot.facts.revision = Some("r2".to_owned());
    let mut theirs = known.snapshot.clone().unwrap();
    theirs.content.buyer.city = "別市".to_owned().into();
    facts_only.theirs = Some(theirs.clone());
    facts_only.flags = Flag::ChangedAtMall.bit();
    facts_only.events = vec![Event::ChangedAtMall { fields: vec!["buyer.city".to_owned()] }];
    house.commit(Page { refreshed: vec![facts_only], ..Page::default() }).await.unwrap();
    let view = house.view(seq).await;
    assert_eq!(view.row.mall_status_label, "発送済");
    assert_eq!(view.content.as_ref().unwrap().buyer.city.text(), "訂正市");
    assert_eq!(
        (view.edited.as_slice(), view.changed_at_mall.as_slice()),
        (&["buyer.city".to_owned()][..], &["buyer.city".to_owned()][..])
    );
    assert_eq!(view.row.updated_at, NOW);
    // Now it is taken over, as 注文再取込 does.
    let known = existing(&house, 1).await;
    let mut merged = refresh(&known);
    let mut base = theirs.clone();
    base.content.lines[0].quantity = 7;
    base.content.buyer.family_name = "改姓".to_owned().into();
    merged.edits = add_edit(&base.content, &[], "buyer.city", json!("訂正市")).unwrap();
    merged.content = Some(domain::reconcile::lay_over(&base.content, &merged.edits).unwrap());
    (merged.snapshot, merged.theirs, merged.raw, merged.flags) = (base, None, Some(b"new".to_vec()), 0);
    let stale = merged.clone();
    house.commit(Page { refreshed: vec![merged], ..Page::default() }).await.unwrap();
    let view = house.view(seq).await;
    let content = view.content.unwrap();
    assert_eq!((content.buyer.city.text(), content.lines[0].quantity), ("訂正市", 7));
    assert!(view.changed_at_mall.is_empty() && view.row.flags.is_empty());
    assert_eq!(view.row.head.unwrap().buyer, "改姓 花子");
    assert_eq!(house.ledger.raw_document(seq).await.unwrap().unwrap(), b"new");
    assert_eq!(house.count("SELECT quantity AS n FROM order_lines").await, 7);
    let find = |text: &'static str| {
        let filter = ListFilter { limit: 10, ..ListFilter::default() };
        let ledger = &house.ledger;
        async move {
            ledger
                .search_orders(&Access::full(), text, &filter, &|| false)
                .await
                .unwrap()
                .unwrap()
                .orders
                .len()
        }
    };
    assert_eq!((find("改姓").await, find("架空花子").await), (1, 0), "search follows");
    let before = house.everything().await;
    let page = Page { new: vec![sample_order(2)], refreshed: vec![stale], ..Page::default() };
    assert!(matches!(house.commit(page).await, Err(StoreError::Conflict { .. })), "read before it changed");
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 1);
    assert!(house.everything().await.iter().all(|l| before.contains(l) || l.starts_with("counters ")));
});

contract!(importing_the_same_again_changes_nothing_i2, |db| {
    let house = House::new(db).await;
    house.samples(5).await;
    let before = house.everything().await;
    for _ in 0..3 {
        let ids: Vec<_> = (1..=5).map(|n| sample_snapshot(n).mall_order_id).collect();
        let known = house.ledger.existing_orders(house.id(), &ids).await.unwrap();
        assert_eq!(known.len(), 5);
        let unchanged = known.iter().all(|(_, e)| e.snapshot.as_ref().unwrap().facts.revision == e.revision);
        assert!(unchanged, "nothing to refresh");
        house.commit(Page::default()).await.unwrap();
    }
    assert_eq!(house.everything().await, before);
});

contract!(an_erased_order_is_never_sealed_again_f01, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let known = existing(&house, 1).await;
    assert!(house.ledger.erase_order(seq, &staff(), NOW).await.unwrap());
    assert!(!house.ledger.erase_order(seq, &staff(), NOW).await.unwrap(), "once");
    assert!(!house.ledger.erase_order(OrderSeq(99), &staff(), NOW).await.unwrap());
    let now = existing(&house, 1).await;
    assert!(now.erased && now.snapshot.is_none());
    for version in [known.version, now.version] {
        let page = Page { refreshed: vec![Refresh { version, ..refresh(&known) }], ..Page::default() };
        assert!(matches!(house.commit(page).await, Err(StoreError::Conflict { .. })));
    }
    let again = Page { new: vec![sample_order(1)], ..Page::default() };
    assert!(matches!(house.commit(again).await, Err(StoreError::Conflict { .. })), "nor imported as new");
    let change = [("buyer.city".to_owned(), json!("x"))];
    assert!(house.ledger.edit_order(seq, now.version, &change, &staff(), NOW).await.is_err());
    let aside = store::imports::Aside {
        mall_order_id: sample_snapshot(1).mall_order_id,
        raw: Some(b"the person again".to_vec()),
        reason: reason::order_unreadable("x"),
        retries: 0,
    };
    house.commit(Page { aside: vec![aside], ..Page::default() }).await.unwrap();
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM quarantine WHERE raw IS NOT NULL").await, 0);
    let view = house.view(seq).await;
    assert!(view.row.erased && view.content.is_none() && view.mall.is_none() && view.row.head.is_none());
    assert_eq!(view.row.total, Some(1_001), "amounts, goods and states stay");
    assert_eq!(house.ledger.raw_document(seq).await.unwrap(), None);
});

contract!(a_run_of_another_shop_holds_nobody_up_i12, |db| {
    let house = House::new(db).await;
    house.run().await;
    let shop = add_shop(&house.ledger, "例示商店").await;
    let guard = claim(&house.ledger, &shop.lane_key, "a").await;
    house.ledger.begin_run(&guard, &new_run(shop.shop_id), NOW).await.unwrap();
});
