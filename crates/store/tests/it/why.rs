//! What explanations ask of the ledger (WHY-1), and codes that nobody has explained yet.

use domain::{MallOrderId, reason};
use serde_json::json;
use store::args;
use store::imports::{Aside, NewRun, Note};
use store::orders::Page;
use testkit::contract;

use crate::base::both;
use crate::house::{House, NOW, new_run};

fn number(text: &str) -> MallOrderId {
    text.into()
}

contract!(what_runs_said_of_a_number_is_told_newest_first_why1, |db| {
    let house = House::new(db).await;
    let id = number("300001-20261101-0000000009");
    let first = reason::status_not_fetched("発送待ち");
    let note = |kind: &str, reason| Note { mall_order_id: id.clone(), kind: kind.to_owned(), reason };
    house.commit(Page { notes: vec![note("left_out", first.clone())], ..Page::default() }).await.unwrap();
    let progress = house.progress(1).await;
    house.ledger.finish_run(&house.guard, &progress, "succeeded", None, NOW.plus(1)).await.unwrap();
    let aside = Aside { mall_order_id: id.clone(), raw: None, reason: reason::order_not_given(), retries: 3 };
    let page = Page {
        notes: vec![note("failed", reason::order_not_given())],
        aside: vec![aside],
        ..Page::default()
    };
    house.commit(page).await.unwrap();
    let told = house.ledger.notes_about(house.id(), &id).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|(_, n)| n.kind.as_str()).collect();
    assert_eq!(kinds, ["failed", "left_out"]);
    assert_eq!(told[1].1.reason, first);
    let row = house.ledger.set_aside_order(house.id(), &id).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.reason.code.as_str()), ("retry", "order_not_given"));
    let other = number("300001-20261101-0000000010");
    assert!(house.ledger.notes_about(house.id(), &other).await.unwrap().is_empty());
    assert_eq!(house.ledger.set_aside_order(house.id(), &other).await.unwrap(), None);
});

contract!(a_period_counts_as_read_only_when_a_run_walked_it_to_its_end_why1, |db| {
    let house = House::new(db).await;
    let (ledger, id) = (&house.ledger, house.id());
    let read = async |from: i64, to: i64| {
        ledger.period_was_read(id, NOW.plus(from), NOW.plus(to)).await.unwrap().is_some()
    };
    let run = NewRun { trigger: "auto", from: NOW, to: NOW.plus(100), ..new_run(id) };
    let run = ledger.begin_run(&house.guard, &run, NOW).await.unwrap();
    assert!(!read(10, 20).await, "it is not at its end");
    let mut progress = house.progress(1).await;
    progress.run_id = run;
    ledger.finish_run(&house.guard, &progress, "succeeded", None, NOW).await.unwrap();
    assert!(read(10, 20).await && read(-50, 0).await && read(100, 100).await);
    assert!(!read(-50, -1).await && !read(101, 200).await);
    let single = NewRun { trigger: "reimport", from: NOW.plus(500), to: NOW.plus(500), ..new_run(id) };
    progress.run_id = ledger.begin_run(&house.guard, &single, NOW).await.unwrap();
    ledger.finish_run(&house.guard, &progress, "succeeded", None, NOW).await.unwrap();
    assert!(!read(500, 500).await, "a run by number read no period");
});

contract!(a_number_known_from_a_mail_waits_until_it_is_filled_imp14_why1, |db| {
    let house = House::new(db).await;
    let id = number("300001-20261101-0000000011");
    assert_eq!(house.ledger.known_from_mail(house.id(), &id).await.unwrap(), None);
    let insert = both(
        "INSERT INTO provisional_orders (shop_id, mall_order_id, seen_at, state) VALUES ($1, $2, $3, 'waiting')",
    );
    let mut tx = house.ledger.db().begin().await.unwrap();
    tx.exec(&insert, args![house.id().0, id.as_str(), NOW.0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.ledger.known_from_mail(house.id(), &id).await.unwrap(), Some(NOW));
});

contract!(codes_nobody_explained_are_counted_with_the_last_words_that_may_be_kept, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    for (code, words, at) in [("E1", "odd", 1), ("E1", "", 2), ("E0", "", 3), ("E1", "odder", 4)] {
        ledger.count_unknown_code("rakuten", code, words, NOW.plus(at)).await.unwrap();
    }
    let codes = ledger.unknown_codes().await.unwrap();
    let told: Vec<_> = codes.iter().map(|c| (c.code.as_str(), c.words.as_str(), c.count)).collect();
    assert_eq!(told, [("E1", "odder", 3), ("E0", "", 1)]);
    assert_eq!((codes[0].first_at, codes[0].last_at), (NOW.plus(1), NOW.plus(4)));
    let samples = house.samples(1).await;
    let sample = ledger.sample_number(house.id()).await.unwrap().unwrap();
    assert_eq!(house.view(samples[0]).await.row.mall_order_id, sample);
    assert_eq!(json!(codes[0])["count"], 3);
});
