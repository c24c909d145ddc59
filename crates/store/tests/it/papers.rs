//! Orders opened together for papers, and values that screens keep.

use domain::OrderSeq;
use domain::ShopId;
use store::Access;
use testkit::contract;

use crate::house::{House, NOW, staff};

contract!(orders_are_opened_together_in_the_order_they_were_asked_for, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    house.parcel(seqs[1], "4000-0000-0001").await;
    let path = vec![("payment.paid_on".to_owned(), serde_json::json!("2026-11-20"))];
    let version = house.order(seqs[2]).await.version;
    house.ledger.edit_order(seqs[2], version, &path, &staff(), NOW).await.unwrap().unwrap();
    let wanted = [seqs[2], OrderSeq(999_999), seqs[0], seqs[1], seqs[2]];
    let papers = house.ledger.order_papers(&Access::full(), &wanted).await.unwrap();
    let told: Vec<_> = papers.iter().map(|p| p.row.seq).collect();
    assert_eq!(told, [seqs[2], seqs[0], seqs[1]], "none twice, none that is not there");
    for paper in &papers {
        let view = house.view(paper.row.seq).await;
        assert_eq!(paper.content, view.content, "with the edits of the staff");
        assert_eq!((&paper.mall, &paper.rules.facts.parcels), (&view.mall, &view.parcels));
    }
    assert_eq!(papers[0].row.paid_on.as_deref(), Some("2026-11-20"));
});

contract!(papers_open_nobody_without_the_right_i11, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    let blind = Access { buyer_data: false, ..Access::full() };
    let papers = house.ledger.order_papers(&blind, &seqs).await.unwrap();
    assert_eq!(papers.len(), 2);
    assert!(papers.iter().all(|p| p.content.is_none() && p.row.head.is_none() && p.mall.is_some()));
    let other = Access { shops: Some(vec![ShopId(house.id().0 + 1)]), buyer_data: true };
    assert!(house.ledger.order_papers(&other, &seqs).await.unwrap().is_empty());
    house.ledger.erase_order(seqs[0], &staff(), NOW).await.unwrap();
    let papers = house.ledger.order_papers(&Access::full(), &seqs).await.unwrap();
    assert!(papers[0].content.is_none() && papers[1].content.is_some());
});

contract!(a_screen_finds_what_it_kept, |db| {
    let house = House::new(db).await;
    assert_eq!(house.ledger.kept_value("labels:b2_cloud").await.unwrap(), None);
    house.ledger.keep_value("labels:b2_cloud", "{}").await.unwrap();
    house.ledger.keep_value("labels:b2_cloud", r#"{"header":true}"#).await.unwrap();
    let kept = house.ledger.kept_value("labels:b2_cloud").await.unwrap();
    assert_eq!(kept.as_deref(), Some(r#"{"header":true}"#));
});
