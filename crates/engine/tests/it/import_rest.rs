//! What an import leaves undone is done by somebody, and whoever asks is answered (IMP-5, I8).

use crate::hold_kit::HoldingMall;
use crate::import_help::*;
use domain::MallOrderId;
use domain::time::MINUTE;
use engine::requests::ImportRequest;
use serde_json::json;
use testkit::house::{House, Plan};

async fn switched(house: &House, state: &str) {
    let mut shop = shop(house, 0).await;
    state.clone_into(&mut shop.state);
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

testkit::story!(a_request_for_a_switched_off_shop_is_answered, |kind| Plan::new(kind, 5), |house| {
    switched(house, "off").await;
    let id = ask(house, 0, &days(house, 1)).await;
    let hub = house.quiet_hub();
    let answered = async |house: &House| request(house, id).await.is_finished();
    assert!(house.run_until(&hub, 10 * MINUTE, answered).await);
    let answer = request(house, id).await;
    assert_eq!(answer.state, "failed");
    assert_eq!(answer.result.unwrap()["reason"]["code"], "shop_off");
    assert!(house.orders().await.is_empty());
    switched(house, "active").await;
    assert_eq!(house.import_days(1).await.unwrap().request.state, "succeeded");
});

testkit::story!(
    a_request_under_way_is_answered_when_the_shop_is_switched_off,
    |kind| Plan::new(kind, 5),
    |house| {
        let until = house.now().plus(60 * MINUTE).0;
        let down = json!({"operation": "getOrder", "at": {"to_ms": until}, "action": {"maintenance": {}}});
        house.faults(down).unwrap();
        let id = ask(house, 0, &days(house, 1)).await;
        let begun = async |house: &House| run_is(house, 0, "interrupted").await;
        assert!(house.run_until(&house.quiet_hub(), 10 * MINUTE, begun).await);
        switched(house, "off").await;
        let answered = async |house: &House| request(house, id).await.is_finished();
        assert!(house.run_until(&house.quiet_hub(), 10 * MINUTE, answered).await);
        assert_eq!(request(house, id).await.result.unwrap()["reason"]["code"], "shop_off");
        assert!(run_is(house, 0, "stopped").await, "and nothing holds the shop");
    }
);

testkit::story!(
    imp5_a_reimport_that_is_taken_over_loses_none_of_its_orders,
    |kind| Plan::new(kind, 4),
    |house| {
        house.import_days(3).await.unwrap();
        let numbers: Vec<MallOrderId> = house.orders().await.into_iter().map(|o| o.mall_order_id).collect();
        let until = house.now().plus(10 * MINUTE).0;
        let down = json!({"operation": "getOrder", "at": {"to_ms": until}, "action": {"maintenance": {}}});
        house.faults(down).unwrap();
        ask(house, 0, &ImportRequest { orders: Some(numbers.clone()), ..days(house, 0) }).await;
        let begun = async |house: &House| run_is(house, 0, "interrupted").await;
        assert!(house.run_until(&house.quiet_hub(), 9 * MINUTE, begun).await);
        house.sim().clear_faults();
        let before = calls(house, "getOrder");
        let from = house.now().plus(-1);
        let body = ImportRequest { from, force: true, ..days(house, 0) };
        let done = house.import(body).await.unwrap();
        assert_eq!(done.request.state, "succeeded");
        assert_eq!(counts(&done.run.unwrap()).listed, numbers.len() as u64, "all of them");
        assert!(calls(house, "getOrder") > before);
    }
);

testkit::story!(
    i8_one_order_that_spoils_every_question_is_found_and_set_aside,
    |kind| Plan::new(kind, 40),
    |house| {
        let mall = HoldingMall::new();
        let all = house.mall_orders();
        let bad = all.iter().filter(|o| wanted(house).contains(&o.number)).nth(20).unwrap().number.clone();
        mall.spoil(&bad, true);
        let done = mall.import(house, &days(house, 3)).await;
        assert_eq!(done.run.as_ref().unwrap().state, "partial", "{:?}", done.run);
        let here: std::collections::BTreeSet<String> =
            house.orders().await.into_iter().map(|o| o.mall_order_id.0).collect();
        let mut expected = wanted(house);
        expected.remove(&bad);
        assert_eq!(here, expected, "every other order is there");
        assert!(mall.questions().contains(&1) && mall.questions().len() < 30, "{:?}", mall.questions());
        let aside = house.ledger.set_aside_orders(9).await.unwrap();
        assert_eq!(aside.len(), 1);
        assert_eq!((aside[0].mall_order_id.as_str(), aside[0].state.as_str()), (bad.as_str(), "retry"));
        assert_eq!(aside[0].reason.code, "order_question_fails");
        // Mended at the mall: the next run asks for it first.
        mall.spoil(&bad, false);
        mall.import(house, &days(house, 1)).await;
        complete(house).await;
        assert!(house.ledger.set_aside_orders(9).await.unwrap().is_empty());
    }
);
