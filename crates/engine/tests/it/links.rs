//! 紐付け設定 from a move to the mall (NTF-11), and what is offered when fetch statuses grow (IMP-4).

use crate::hold_kit::HoldingMall;
use crate::import_help::{counts, days};
use crate::write_kit::*;
use domain::link::StatusLink;
use engine::fetch_statuses;
use engine::requests::ImportRequest;
use serde_json::json;
use testkit::house::{House, Plan};

async fn automation(house: &House) {
    let mut shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
    shop.automation_enabled = true;
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

testkit::story!(
    ntf11_an_order_that_enters_a_linked_phase_gets_the_status_at_the_mall_once,
    |kind| Plan::new(kind, 0),
    |house| {
        let mall = HoldingMall::new();
        let numbers = imported(house, 3, json!([]), 100).await;
        automation(house).await;
        let shop_id = house.shops[0].shop_id;
        let link = StatusLink { shop_id, phase: "awaiting_print".into(), status: "300".to_owned(), on: true };
        house.ledger.put_status_link(&link).await.unwrap();
        for number in &numbers[..2] {
            moved(house, seq(house, number).await, "awaiting_print").await;
        }
        let calm = async |house: &House| house.is_quiet().await;
        assert!(house.run_until(&mall.busy(house), HOUR, calm).await);
        // Entered again: the mall has it, and is not told twice.
        moved(house, seq(house, &numbers[0]).await, "awaiting_payment").await;
        moved(house, seq(house, &numbers[0]).await, "awaiting_print").await;
        assert!(house.run_until(&mall.busy(house), HOUR, calm).await);
        for (number, times) in numbers.iter().zip([1, 1, 0]) {
            assert_eq!(confirmed(house, number), times, "{number}");
        }
        let view = shown(house, &numbers[0]).await;
        assert!(view.writes.iter().all(|w| w.result.as_deref() == Some("applied")), "{:?}", view.writes);
        assert!(told(&view, "write_state", "applied"));
    }
);

testkit::story!(
    imp4_what_a_narrower_setting_skipped_is_known_and_fetched,
    |kind| Plan::new(kind, 0),
    |house| {
        house.add_orders(json!({"count": 2, "traits": [], "status": 100})).unwrap();
        let numbers = house.add_orders(json!({"count": 3, "traits": [], "status": 300})).unwrap();
        let narrow = ImportRequest { statuses: Some(vec!["100".to_owned()]), ..days(house, 1) };
        house.import(narrow).await.unwrap();
        assert_eq!(house.orders().await.len(), 2);
        let mall = malls::by_key("rakuten").unwrap();
        let mut before = house.shops[0].clone();
        before.import_statuses = Some(vec!["100".to_owned()]);
        let added = fetch_statuses::added(mall.descriptor(), &before, &house.shops[0]);
        assert!(added.contains(&"300".to_owned()) && !added.contains(&"100".to_owned()));
        let skipped = async |house: &House| {
            let found =
                fetch_statuses::skipped(&house.ledger, before.shop_id, mall.descriptor(), &added).await;
            found.unwrap()
        };
        let mut found = skipped(house).await;
        found.sort();
        let mut expected = numbers.clone();
        expected.sort();
        assert_eq!(found, expected);
        // One of them was cancelled meanwhile: it is not among what the shop fetches.
        let now = house.now().0;
        house.sim().edit_order(numbers[0].as_str(), &json!({"status": 900}), now).unwrap();
        let body = ImportRequest { orders: Some(found), statuses: Some(added.clone()), ..days(house, 0) };
        let run = house.import(body).await.unwrap().run.unwrap();
        assert_eq!((counts(&run).new, counts(&run).left_out), (2, 1), "{run:?}");
        assert_eq!(skipped(house).await, []);
    }
);
