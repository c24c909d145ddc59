//! What the page of one order reads beside the order: the mall's values, goods, and who travels with whom.

use domain::ShopId;
use store::Access;
use testkit::contract;

use crate::house::{House, NOW, staff};

contract!(a_bundle_has_one_level_and_is_seen_from_both_ends_i11, |db| {
    let house = House::new(db).await;
    let orders = house.samples(3).await;
    let [parent, child, other] = orders[..] else { panic!("three orders") };
    let (ledger, by) = (&house.ledger, staff());
    ledger.bundle_orders(parent, &[child], &by, NOW).await.unwrap().unwrap();
    let code = async |parent, child| {
        let done = ledger.bundle_orders(parent, &[child], &by, NOW).await.unwrap();
        done.unwrap_err().code
    };
    assert_eq!(code(child, other).await, "bundle_parent_is_child");
    assert_eq!(code(other, parent).await, "bundle_child_is_parent");
    assert_eq!(code(other, other).await, "bundle_of_itself");
    let of_parent = ledger.family(&Access::full(), parent).await.unwrap();
    assert_eq!((of_parent.parent, of_parent.children.len()), (None, 1));
    let of_child = ledger.family(&Access::full(), child).await.unwrap();
    assert_eq!(of_child.parent.map(|p| p.seq), Some(parent));
    let nobody = Access { shops: Some(vec![ShopId(-1)]), buyer_data: true };
    let unseen = ledger.family(&nobody, child).await.unwrap();
    assert_eq!((unseen.parent, unseen.children.len()), (None, 0));
});

contract!(goods_stay_when_the_buyer_is_erased_and_sides_need_the_right, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let ledger = &house.ledger;
    let before = ledger.order_goods(seq).await.unwrap();
    assert!(!before.is_empty() && before[0].quantity > 0);
    assert_eq!(ledger.order_sides(&Access::full(), seq).await.unwrap(), [], "nothing differs");
    ledger.erase_order(seq, &staff(), NOW).await.unwrap();
    assert_eq!(ledger.order_goods(seq).await.unwrap(), before);
    assert_eq!(ledger.order_sides(&Access::full(), seq).await.unwrap(), []);
});
