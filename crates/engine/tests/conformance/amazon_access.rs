//! Amazon's ways to stop a shop in words for people (amazon.md 9), orders that are not paid yet (2.3), and orders that
//! Amazon ships itself.

use crate::kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use domain::snapshot::{Fulfillment, MallStage};
use engine::doors;
use engine::requests::CHECK_CREDENTIAL;
use serde_json::json;
use testkit::house::{House, Plan};
use testkit::tempdb::Kind;

fn one_shop(kind: Kind) -> Plan {
    steady(Plan::empty(kind, 0).mall("amazon", 1), &json!({}))
}

testkit::story!(
    the_four_old_cases_of_amazon_are_told_in_their_words_and_hold_what_only_a_person_can_mend_f13,
    one_shop,
    |house| {
        let numbers = shipped(house, &AMAZON, 2).await;
        let unsent = async |house: &House| {
            for number in &numbers {
                let state = shown(house, number).await.row.notice_state;
                assert!(matches!(state, NoticeState::NotSent | NoticeState::InFlight), "{state:?}");
                assert_eq!(records(house, number), 0);
            }
        };
        // Amazon's own trouble passes by itself: nobody is asked to do anything.
        change_shop(house, 0, &json!({"internal_failure": true}));
        house.run_until(&house.hub(), 20 * MINUTE, async |_| false).await;
        assert_eq!(shop(house, 0).await.held_reason, None);
        unsent(house).await;
        change_shop(house, 0, &json!({"internal_failure": false}));
        let (one, other) = (json!({"auth_revoked": true}), json!({"auth_revoked": false}));
        let cases = [
            // With an access token that still lives, then without: the same case from two doors.
            (0, &one, json!({}), "AMAZON_ACCESS_REVOKED", "再認可"),
            (2 * HOUR, &one, json!({}), "AMAZON_GRANT_LAPSED", "認可が切れて"),
            (0, &other, json!({"secret_expired": true}), "AMAZON_SECRET_EXPIRED", "180日"),
            (
                0,
                &other,
                json!({"secret_expired": false, "individual_plan": true}),
                "AMAZON_FORBIDDEN",
                "小口出品",
            ),
        ];
        for (later, revoked, switch, code, words) in cases {
            house.clock.advance(later);
            change_shop(house, 0, revoked);
            change_shop(house, 0, &switch);
            let is_held = async |house: &House| {
                shop(house, 0).await.held_reason.is_some_and(|reason| reason.code == code)
            };
            let held = house.run_until(&house.hub(), HOUR, is_held).await;
            let reason = shop(house, 0).await.held_reason;
            assert!(held, "{code}: {reason:?}");
            let reason = reason.unwrap();
            assert!(reason.ja.contains(words) || reason.remedy.contains(words), "{reason:?}");
            unsent(house).await;
        }
        // A plan that was changed back: work goes on without a word from anybody.
        change_shop(house, 0, &json!({"individual_plan": false}));
        assert!(worked(house, &house.hub(), &numbers).await);
        assert_eq!(shop(house, 0).await.held_reason, None);
        for number in &numbers {
            one_effective_notice(house, number).await;
        }
        // The fourth: a clock that is off holds nothing, but the test of the access says so.
        change_shop(house, 0, &json!({"clock_skew": 120_000}));
        let (hub, none) = (house.quiet_hub(), json!({}));
        let done =
            doors::ask_and_work(&hub, &house.shops[0], CHECK_CREDENTIAL, &none, &By::Cli, &mut |_| {}).await;
        let result = done.unwrap().request.result.unwrap().to_string();
        assert!(result.contains("AMAZON_CLOCK_SKEW") && result.contains("秒"), "{result}");
    }
);

testkit::story!(
    an_unpaid_amazon_order_is_filled_in_when_it_is_paid_and_only_then_shipped_f11,
    one_shop,
    |house| {
        let wanted =
            json!({"mall": "amazon", "count": 1, "traits": ["cvs"], "at_ms": house.now().0 - 10 * MINUTE});
        let number = house.add_orders(wanted).unwrap().remove(0).0;
        house.usual_rules().await.unwrap();
        let mut hourly = shop(house, 0).await;
        hourly.set_import_interval(HOUR, house.now());
        house.ledger.update_shop(&hourly, house.now()).await.unwrap();
        let came = async |house: &House| house.order(&number).await.is_some();
        assert!(house.run_until(&patient(house), 3 * HOUR, came).await);
        let pending = shown(house, &number).await;
        assert_eq!(pending.mall.unwrap().stage, MallStage::MallProcessing);
        let address = |content: &domain::snapshot::Content| {
            serde_json::to_string(&content.recipients[0].party).unwrap()
        };
        let before = address(&pending.content.unwrap());
        let answer = asked_by_hand(house, &number).await;
        assert_eq!(answer["queued"], json!([]), "{answer}");
        // The コンビニ pays a day later.
        let paid = async |house: &House| {
            shown(house, &number).await.mall.is_some_and(|facts| facts.stage == MallStage::Shippable)
        };
        assert!(house.run_until(&patient(house), 3 * domain::time::DAY, paid).await);
        let view = shown(house, &number).await;
        let after = address(view.content.as_ref().unwrap());
        assert!(view.changed_at_mall.is_empty() && view.conflicts.is_empty(), "{:?}", view.changed_at_mall);
        assert_ne!(before, after, "name and address came with the payment");
        assert_eq!(times_here(house, &number).await, 1);
        house.pack(view.row.seq, "40000000000").await.unwrap();
        moved(house, &number, "shipped").await;
        assert!(worked(house, &house.hub(), std::slice::from_ref(&number)).await);
        one_effective_notice(house, &number).await;
    }
);

testkit::story!(
    what_amazon_ships_itself_comes_in_and_is_never_notified_not_even_by_hand,
    one_shop,
    |house| {
        let numbers = orders(house, &AMAZON, 2, &json!(["fba"]));
        house.import_days(1).await.unwrap();
        house.usual_rules().await.unwrap();
        for (i, number) in numbers.iter().enumerate() {
            let view = shown(house, number).await;
            assert_eq!(view.row.fulfillment, Fulfillment::Fba);
            house.pack(view.row.seq, &format!("4{i:010}")).await.unwrap();
            moved(house, number, "shipped").await;
        }
        house.run_until(&house.hub(), 2 * HOUR, async |_| false).await;
        for number in &numbers {
            let answer = asked_by_hand(house, number).await;
            assert_eq!(answer["queued"], json!([]), "{answer}");
            assert_eq!(answer["refused"][0]["reasons"][0]["code"], "fba_is_not_notified", "{answer}");
            assert_eq!(
                (records(house, number), shown(house, number).await.row.notice_state),
                (0, NoticeState::Applied),
                "正常 from the beginning: nothing is left to tell"
            );
        }
        assert_eq!((calls(house, "confirmShipment"), calls(house, "createFeed")), (0, 0));
        let notes = house.sim().effects().counters().notes.clone();
        assert!(!notes.contains_key("amazon_fba_notice"), "{notes:?}");
    }
);
