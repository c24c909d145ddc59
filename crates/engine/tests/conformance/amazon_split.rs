//! An order split into parcels (分割), end to end at the mall that asks what is in each (amazon.md 3).

use crate::kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use domain::snapshot::ParcelLine;
use serde_json::json;
use store::orders::ParcelChange;
use testkit::house::Plan;
use testkit::tempdb::Kind;

fn one_shop(kind: Kind) -> Plan {
    steady(Plan::empty(kind, 0).mall("amazon", 1), &json!({}))
}

testkit::story!(
    each_parcel_of_a_split_order_is_reported_once_with_its_own_goods_desk2_i3,
    one_shop,
    |house| {
        let number = orders(house, &AMAZON, 1, &json!([])).remove(0);
        let now = house.now().0;
        house.sim().edit_order(&number, &json!({ "units": { "line": 0, "to": 3 } }), now).unwrap();
        house.import_days(1).await.unwrap();
        house.usual_rules().await.unwrap();
        let lines = shown(house, &number).await.content.unwrap().lines;
        let line_key = lines.iter().find(|l| l.quantity == 3).unwrap().key.clone();
        let seq = seq(house, &number).await;
        let one = [ParcelLine { line_key, quantity: 1 }];
        let split = house.ledger.split_order(seq, &one, &By::Cli, house.now()).await.unwrap();
        split.unwrap();
        for (i, parcel) in shown(house, &number).await.parcels.iter().enumerate() {
            let change = ParcelChange {
                parcel_id: Some(parcel.parcel_id),
                carrier: Some("yamato".into()),
                tracking_number: format!("4000000000{i}"),
                shipped_on: Some(house.now().japan_date()),
                ..ParcelChange::default()
            };
            house.ledger.set_parcel(seq, &change, &By::Cli, house.now()).await.unwrap().unwrap();
        }
        moved(house, &number, "shipped").await;
        let before = calls(house, "confirmShipment");
        assert!(worked(house, &house.hub(), std::slice::from_ref(&number)).await);
        let view = shown(house, &number).await;
        assert_eq!(view.row.notice_state, NoticeState::Applied, "{:?}", view.writes);
        assert_eq!((records(house, &number), calls(house, "confirmShipment") - before), (2, 2));
        assert_eq!(view.row.phase.as_str(), "completed");
        let refused = house.ledger.unsplit_order(seq, &By::Cli, house.now()).await.unwrap();
        assert_eq!(refused.unwrap_err().code, "split_sent", "the mall knows of it");
    }
);
