//! 受注伝票有効化 (IMP-14): by hand before the mall tells anything, filled by the import that does.

use domain::history::By;
use domain::order::Flag;
use serde_json::json;
use store::provisional::Provisional;
use store::{Access, Kind};
use testkit::house::{House, Plan};

fn plan(kind: Kind) -> Plan {
    Plan::new(kind, 1)
}

async fn known_from_a_mail(house: &House) -> Provisional {
    let number = house.add_orders(json!({ "count": 1 })).unwrap().remove(0);
    let shop = house.shops[0].shop_id;
    assert!(house.ledger.add_provisional(shop, number.as_str(), house.now()).await.unwrap());
    house.ledger.waiting_provisional(&Access::full(), 10).await.unwrap().remove(0)
}

testkit::story!(an_order_activated_by_hand_is_empty_and_the_import_fills_it_imp14, plan, |house| {
    let waits = known_from_a_mail(house).await;
    let (number, shop) = (waits.mall_order_id.as_str(), &house.shops[0]);
    assert!(house.order(number).await.is_none(), "no order before: neither notified nor shipped");
    let hub = house.quiet_hub();
    let by = By::User { name: "kakuu.tantou".into() };
    let seq = engine::provisional::activate(&hub, shop, &waits, &by).await.unwrap().unwrap();
    let refused = engine::provisional::activate(&hub, shop, &waits, &by).await.unwrap().unwrap_err();
    assert_eq!(refused.code, "provisional_settled");
    let order = house.order(number).await.unwrap();
    assert_eq!((order.seq, order.phase.as_str(), order.total), (seq, "new", None));
    assert!(order.flags.contains(&Flag::NeedsAttention));

    house.import_days(1).await.unwrap();
    let filled = house.order(number).await.unwrap();
    assert_eq!(filled.seq, seq, "the same order");
    assert!(filled.total.is_some());
    let view = house.ledger.order(&Access::full(), seq).await.unwrap().unwrap();
    assert!(view.history.iter().any(|h| h.event["event"] == "merged"));
    let existing = house.ledger.existing_orders(shop.shop_id, &[number.into()]).await.unwrap();
    let existing = &existing[0].1;
    assert_eq!(existing.source, "api");
    assert!(existing.theirs.is_none() && existing.flags & Flag::ChangedAtMall.bit() == 0);
    assert!(!existing.snapshot.as_ref().unwrap().content.lines.is_empty());
});

testkit::story!(asking_the_mall_brings_it_or_says_why_not_imp14, plan, |house| {
    let waits = known_from_a_mail(house).await;
    let (hub, shop) = (house.quiet_hub(), &house.shops[0]);
    engine::provisional::ask_mall(&hub, shop, &waits, &By::Cli).await.unwrap();
    assert!(house.settle(&hub).await);
    assert!(house.order(waits.mall_order_id.as_str()).await.is_some());
    assert!(house.ledger.waiting_provisional(&Access::full(), 10).await.unwrap().is_empty());

    // The mall has no such order: it goes on waiting, and the run says why.
    let unknown = "370001-20261101-0000009999";
    house.ledger.add_provisional(shop.shop_id, unknown, house.now()).await.unwrap();
    let waits = house.ledger.waiting_provisional(&Access::full(), 10).await.unwrap().remove(0);
    let hub = house.quiet_hub();
    let request = engine::provisional::ask_mall(&hub, shop, &waits, &By::Cli).await.unwrap();
    assert!(house.settle(&hub).await);
    let answer = house.ledger.request(request).await.unwrap().unwrap();
    assert_ne!(answer.state, "succeeded", "{answer:?}");
    assert_eq!(house.ledger.waiting_provisional(&Access::full(), 10).await.unwrap().len(), 1);
});
