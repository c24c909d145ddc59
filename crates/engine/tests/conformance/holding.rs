//! Credentials that lapse: work is held, not failed, and goes on with new ones (F13, CRD).

use crate::kit::*;
use domain::notice::NoticeState;
use serde_json::json;
use testkit::connect::typed;

crate::every_mall!(a_dead_credential_holds_the_queue_and_a_new_one_frees_it_f13, |house, row| {
    let numbers = shipped(house, row, 2).await;
    let now = house.now().0;
    let key = house.sim().shops(now)[0].shop.clone();
    house.sim().change_shop(&key, &json!({"key": "expire"}), now).unwrap();
    let hub = house.hub();
    let held = house
        .run_until(&hub, 6 * HOUR, async |house| {
            let shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
            shop.held_reason.is_some()
        })
        .await;
    assert!(held, "the shop says why nothing moves");
    for number in &numbers {
        let state = shown(house, number).await.row.notice_state;
        assert!(!matches!(state, NoticeState::SendFailed | NoticeState::Rejected | NoticeState::Applied), "{state:?}");
        assert_eq!(records(house, number), 0);
    }
    let now = house.now().0;
    house.sim().change_shop(&key, &json!({"key": "renew"}), now).unwrap();
    let view = house.sim().shops(now).into_iter().next().unwrap();
    let mall = malls::by_key(row.mall).unwrap();
    for (field, secret) in typed(mall.descriptor(), &view).credentials {
        let shop = house.shops[0].shop_id;
        house.ledger.set_credential(shop, &field, &secret, None, house.now()).await.unwrap();
    }
    assert!(worked(house, &house.hub(), &numbers).await);
    for number in &numbers {
        one_effective_notice(house, number).await;
    }
    assert!(house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap().held_reason.is_none());
});
