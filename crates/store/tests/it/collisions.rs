//! The same order number in two shops (F22): the key is shop and number, never the number alone.

use store::imports::Progress;
use store::orders::{NewOrder, Page};
use store::{Access, StoreError};
use testkit::contract;

use crate::house::{House, NOW, add_shop, claim, new_run, sample_order, sample_snapshot};

contract!(f22_a_number_that_two_shops_use_is_two_orders_and_met_again_in_one_it_is_one, |db| {
    let house = House::new(db).await;
    let ours = house.samples(1).await[0];
    let other = add_shop(&house.ledger, "架空商店別館").await;
    let guard = claim(&house.ledger, &other.lane_key, "b").await;
    let run = house.ledger.begin_run(&guard, &new_run(other.shop_id), NOW).await.unwrap();
    let progress = Progress { run_id: run, cursor: serde_json::json!({}), counts: serde_json::json!({}) };
    let page = || {
        let order = NewOrder { id: uuid::Uuid::now_v7(), ..sample_order(1) };
        Page { new: vec![order], ..Page::default() }
    };
    house.ledger.commit_page(&guard, other.shop_id, &progress, page(), NOW).await.unwrap();
    let number = sample_snapshot(1).mall_order_id;
    let both = house.ledger.orders_by_number(&Access::full(), number.as_str()).await.unwrap();
    assert_eq!(both.len(), 2);
    assert_ne!(both[0].shop_id, both[1].shop_id);
    // What is done to one is not done to the other.
    house.shift(ours, "on_hold").await;
    let both = house.ledger.orders_by_number(&Access::full(), number.as_str()).await.unwrap();
    let moved: Vec<_> = both.iter().filter(|o| o.phase.as_str() == "on_hold").map(|o| o.seq).collect();
    assert_eq!(moved, [ours]);
    // Used again in the same shop it is the order that is there, never a second one.
    let again = house.ledger.commit_page(&guard, other.shop_id, &progress, page(), NOW).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. } | StoreError::Unique { .. })), "{again:?}");
    let only = Access { shops: Some(vec![other.shop_id]), buyer_data: true };
    assert_eq!(house.ledger.orders_by_number(&only, number.as_str()).await.unwrap().len(), 1);
});
