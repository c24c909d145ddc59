//! Shipment notices by file at Amazon, end to end (amazon.md 3, 4): one feed for many, its report row by row, and what
//! becomes of a feed whose end or whose number is not known.

use crate::kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use serde_json::json;
use store::orders::ParcelChange;
use testkit::house::{House, Plan};
use testkit::tempdb::Kind;

fn one_shop(kind: Kind) -> Plan {
    steady(Plan::empty(kind, 0).mall("amazon", 1), &json!({}))
}

/// From so many parcels on, notices go by file.
async fn by_file_from(house: &House, parcels: i64) {
    let mut shop = shop(house, 0).await;
    shop.settings.insert("feed_threshold".into(), parcels.to_string());
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

async fn state(house: &House, number: &str) -> NoticeState {
    shown(house, number).await.row.notice_state
}

testkit::story!(many_amazon_shipments_go_in_one_feed_and_its_report_ends_them_all, one_shop, |house| {
    let numbers = shipped(house, &AMAZON, 12).await;
    by_file_from(house, 10).await;
    assert!(worked(house, &house.hub(), &numbers).await, "{:?}", shown(house, &numbers[0]).await.writes);
    for number in &numbers {
        one_effective_notice(house, number).await;
    }
    let made = ["createFeedDocument", "uploadDocument", "createFeed", "confirmShipment", "getFeeds"];
    assert_eq!(made.map(|operation| calls(house, operation)), [1, 1, 1, 0, 0]);
    assert!(calls(house, "getFeed") >= 1 && calls(house, "downloadDocument") == 1);
});

testkit::story!(a_feed_that_is_done_fails_only_the_rows_its_report_names, one_shop, |house| {
    let numbers = orders(house, &AMAZON, 12, &json!([]));
    house.import_days(1).await.unwrap();
    house.usual_rules().await.unwrap();
    // The mall refuses what left before it was ordered, and says so in the row.
    let early = [numbers[0].clone(), numbers[7].clone()];
    for (i, number) in numbers.iter().enumerate() {
        let seq = seq(house, number).await;
        house.pack(seq, &format!("4{i:010}")).await.unwrap();
        if early.contains(number) {
            let parcel = shown(house, number).await.parcels[0].clone();
            let change = ParcelChange {
                parcel_id: Some(parcel.parcel_id),
                recipient_key: Some(parcel.recipient_key),
                carrier: parcel.carrier,
                tracking_number: parcel.tracking_number,
                shipped_on: Some(house.now().plus(-domain::time::DAY).japan_date()),
            };
            house.ledger.set_parcel(seq, &change, &By::Cli, house.now()).await.unwrap().unwrap();
        }
        moved(house, number, "shipped").await;
    }
    by_file_from(house, 10).await;
    assert!(worked(house, &house.hub(), &numbers).await);
    for number in &numbers {
        if early.contains(number) {
            let view = shown(house, number).await;
            assert_eq!((view.row.notice_state, records(house, number)), (NoticeState::Rejected, 0));
            assert_eq!(view.row.phase.as_str(), "on_hold");
            let reason = view.writes.last().and_then(|w| w.reason.clone()).unwrap();
            assert_eq!(reason.code, "AMAZON_ROW_REFUSED");
            assert!(reason.mall_text.is_some_and(|text| !text.is_empty()), "the mall's own words are kept");
        } else {
            one_effective_notice(house, number).await;
        }
    }
    assert_eq!((calls(house, "createFeed"), calls(house, "confirmShipment")), (1, 0));
});

testkit::story!(
    a_fatal_feed_is_read_back_soon_and_what_did_not_stand_is_sent_again_once_f30,
    one_shop,
    |house| {
        for end in ["fatal", "fatal_half"] {
            let numbers = shipped(house, &AMAZON, 12).await;
            by_file_from(house, 10).await;
            change_shop(house, 0, &json!({ "feeds": end }));
            let hub = house.hub();
            let read = calls(house, "getFeed");
            let fatal = async |house: &House| {
                let reason = shown(house, &numbers[0]).await.writes.last().and_then(|w| w.reason.clone());
                reason.is_some_and(|reason| reason.code == "AMAZON_FEED_FATAL")
            };
            assert!(house.run_until(&hub, HOUR, fatal).await, "{:?}", shown(house, &numbers[0]).await.writes);
            assert!(calls(house, "getFeed") > read);
            let there = numbers.iter().filter(|number| records(house, number) == 1).count();
            assert_eq!(there, if end == "fatal" { 0 } else { 6 });
            assert_ne!(state(house, &numbers[0]).await, NoticeState::Applied, "nobody knows yet");
            change_shop(house, 0, &json!({ "feeds": "done" }));
            let known = house.now();
            assert!(worked(house, &house.hub(), &numbers).await);
            // The feed is over: only the lists lag behind, and those by minutes.
            assert!(house.now().since(known) < 2 * HOUR, "{}", house.now().since(known));
            for number in &numbers {
                one_effective_notice(house, number).await;
            }
        }
    }
);

testkit::story!(
    a_feed_whose_number_was_lost_is_found_among_the_feeds_and_never_sent_twice_f26,
    one_shop,
    |house| {
        for action in ["apply_then_timeout", "apply_then_cut"] {
            house.sim().clear_faults();
            let before = calls(house, "createFeed");
            let numbers = shipped(house, &AMAZON, 12).await;
            by_file_from(house, 10).await;
            fault(house, "createFeed", 1, &json!(action));
            let begun = house.now();
            assert!(
                worked(house, &house.hub(), &numbers).await,
                "{:?}",
                shown(house, &numbers[0]).await.writes
            );
            for number in &numbers {
                one_effective_notice(house, number).await;
            }
            assert_eq!(calls(house, "createFeed") - before, 1, "found, not made again");
            assert!(calls(house, "getFeeds") >= 1);
            assert!(house.now().since(begun) < HOUR, "{}", house.now().since(begun));
            assert_eq!(calls(house, "confirmShipment"), 0);
            assert!(house.sim().duplicates().is_empty());
        }
    }
);

testkit::story!(a_parcel_without_a_number_goes_by_feed_however_few_there_are, one_shop, |house| {
    let numbers = orders(house, &AMAZON, 2, &json!([]));
    house.import_days(1).await.unwrap();
    house.usual_rules().await.unwrap();
    for number in &numbers {
        let view = shown(house, number).await;
        let recipient = view.content.unwrap().recipients[0].key.clone();
        let change = ParcelChange {
            parcel_id: None,
            recipient_key: Some(recipient),
            carrier: Some("yamato".into()),
            tracking_number: String::new(),
            shipped_on: Some(house.now().japan_date()),
        };
        house.ledger.set_parcel(view.row.seq, &change, &By::Cli, house.now()).await.unwrap().unwrap();
        moved(house, number, "shipped").await;
    }
    assert!(worked(house, &house.hub(), &numbers).await, "{:?}", shown(house, &numbers[0]).await.row);
    for number in &numbers {
        one_effective_notice(house, number).await;
    }
    assert_eq!((calls(house, "createFeed"), calls(house, "confirmShipment")), (1, 0));
});
