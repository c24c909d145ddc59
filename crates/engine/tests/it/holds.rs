//! Fraud holds from the first sight to the release (FRD-1 to FRD-5, F21).

use crate::hold_kit::HoldingMall;
use crate::import_help::days;
use crate::write_kit::*;
use domain::history::By;
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::write::WriteKind;
use serde_json::json;
use store::orders::MoveOptions;
use testkit::house::{House, Plan};

const NOT_WRITTEN: &str = "不正保留中のためステータス変更しませんでした";

fn released(house: &House) -> Hold {
    Hold::Released { released_at: Some(house.now()) }
}

fn says(view: &store::orders::OrderView, words: &str) -> bool {
    view.history.iter().any(|h| h.event["reason"]["ja"] == words)
}

testkit::story!(
    frd1_frd2_frd3_frd5_a_held_order_waits_with_words_and_goes_on_by_itself_when_released,
    |kind| Plan::new(kind, 0),
    |house| {
        let mall = HoldingMall::new();
        let added = house.add_orders(json!({"count": 2, "traits": [], "status": 100})).unwrap();
        let (held, free) = (added[0].0.clone(), added[1].0.clone());
        mall.review(&held);
        mall.import(house, &days(house, 1)).await;
        house.usual_rules().await.unwrap();
        let first = row(house, &held).await;
        assert_eq!((first.phase.as_str(), first.flags.clone()), ("new", vec![Flag::FraudHold]));
        let hub = mall.busy(house);
        let done = async |house: &House| row(house, &free).await.confirm_state == NoticeState::Applied;
        assert!(house.run_until(&hub, 10 * MINUTE, done).await, "{:?}", row(house, &free).await);
        // FRD-3: not sent, 失敗, and the history says so; the order stays where it is.
        let view = shown(house, &held).await;
        assert_eq!((view.row.confirm_state, view.row.phase.as_str()), (NoticeState::SendFailed, "new"));
        assert!(says(&view, NOT_WRITTEN), "{:?}", view.history);
        assert_eq!(confirmed(house, &held), 0);
        // Nor by hand.
        let result = mall.asked(house, &held, WriteKind::ConfirmOrder).await;
        assert!(result.to_string().contains(NOT_WRITTEN), "{result}");
        // FRD-2, in the words of the seeds.
        let options = MoveOptions::default();
        let to = "awaiting_shipment".into();
        let moved =
            house.ledger.move_orders(&[view.row.seq], &to, options, &By::Cli, house.now()).await.unwrap();
        let words = "不正利用審査中の注文は「キャンセル」へのステータス変更のみ行えます";
        assert_eq!(moved.refused[0].reason.ja, words);
        // FRD-5: nobody imports, and the release is seen all the same; the work that waited is done once.
        mall.hold(&held, released(house));
        let hub = mall.busy(house);
        let done = async |house: &House| row(house, &held).await.confirm_state == NoticeState::Applied;
        assert!(house.run_until(&hub, 40 * MINUTE, done).await, "{:?}", shown(house, &held).await.history);
        let view = shown(house, &held).await;
        assert_eq!((confirmed(house, &held), view.row.phase.as_str()), (1, "awaiting_shipment"));
        assert!(view.row.hold.released_at().is_some() && view.row.flags.is_empty(), "{:?}", view.row);
        assert!(
            view.history
                .iter()
                .any(|h| h.event["event"] == "hold_changed" && h.event["to"]["state"] == "released")
        );
    }
);

testkit::story!(
    frd3_frd5_a_hold_first_met_by_a_notice_keeps_it_back_and_gives_it_back,
    |kind| Plan::new(kind, 0),
    |house| {
        let mall = HoldingMall::new();
        let numbers = shipped(house, 1, json!([])).await;
        let number = &numbers[0];
        mall.review(number);
        let hub = mall.busy(house);
        let failed = async |house: &House| row(house, number).await.notice_state == NoticeState::SendFailed;
        assert!(house.run_until(&hub, 10 * MINUTE, failed).await, "{:?}", shown(house, number).await.writes);
        let view = shown(house, number).await;
        assert!(says(&view, NOT_WRITTEN), "{:?}", view.history);
        assert_eq!((added(house, number), view.row.phase.as_str()), (0, "shipped"));
        assert_eq!(row(house, number).await.flags, [Flag::FraudHold]);
        mall.hold(number, released(house));
        let hub = mall.busy(house);
        let sent = async |house: &House| row(house, number).await.notice_state == NoticeState::Applied;
        assert!(house.run_until(&hub, 40 * MINUTE, sent).await, "{:?}", shown(house, number).await.history);
        one_record_each(house, number).await;
    }
);
