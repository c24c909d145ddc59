//! Fraud holds: on every way into a phase, on every way to the mall, and when the mall releases the order.

use domain::history::{By, Event, HOLD_OVERRIDDEN};
use domain::hold::Hold;
use domain::link::StatusLink;
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::rule::Rule;
use domain::write::{StepState, WriteKind};
use domain::{OrderSeq, PhaseKey, reason};
use store::orders::{MoveOptions, NewOrder, Page, Refresh};
use testkit::contract;

use crate::house::{House, NOW, sample_order, staff};
use crate::pages::{existing, refresh};

pub fn held(n: i64) -> NewOrder {
    let mut order = sample_order(n);
    order.snapshot.facts.hold = Hold::Fraud { raw: "1".to_owned() };
    order.flags = Flag::FraudHold.bit();
    order
}

pub async fn release(house: &House, n: i64) -> Refresh {
    let mut refresh = refresh(&existing(house, n).await);
    refresh.snapshot.facts.hold = Hold::Released { released_at: Some(NOW) };
    refresh.flags &= !Flag::FraudHold.bit();
    let from = Hold::Fraud { raw: "1".to_owned() };
    refresh.events = vec![Event::HoldChanged { from, to: refresh.snapshot.facts.hold.clone() }];
    refresh
}

async fn released(house: &House, n: i64) {
    let refreshed = vec![release(house, n).await];
    house.commit(Page { refreshed, ..Page::default() }).await.unwrap();
}

async fn moved(house: &House, seq: OrderSeq, to: &str, options: MoveOptions, by: &By) -> Option<String> {
    let to = PhaseKey::from(to);
    let done = house.ledger.move_orders(&[seq], &to, options, by, NOW).await.unwrap();
    done.refused.first().map(|r| r.reason.ja.clone())
}

async fn withhold(house: &House, seq: OrderSeq, kind: WriteKind) {
    let version = house.order(seq).await.version;
    let reason = reason::fraud_hold_blocks_status_change();
    let done =
        house.ledger.withhold_writes(&house.guard, &[(seq, version)], kind, &reason, &By::System, NOW).await;
    assert_eq!(done.unwrap(), [seq]);
}

const WORDS: &str = "不正利用審査中の注文は「キャンセル」へのステータス変更のみ行えます";

contract!(frd2_frd4_the_shops_setting_guards_and_only_a_person_overrides_by_name, |db| {
    let house = House::new(db).await;
    let seqs = house.import(vec![held(1), held(2), held(3)]).await;
    let plain = MoveOptions::default();
    let over = MoveOptions { override_fraud_hold: true, ..plain };
    assert_eq!(moved(&house, seqs[0], "awaiting_print", plain, &staff()).await.as_deref(), Some(WORDS));
    for by in [By::System, By::Mall] {
        let refused = moved(&house, seqs[0], "awaiting_print", over, &by).await;
        assert_eq!(refused.as_deref(), Some(WORDS), "{by:?} is no person");
    }
    assert_eq!(moved(&house, seqs[0], "awaiting_print", over, &staff()).await, None);
    let last = house.view(seqs[0]).await.history.pop().unwrap();
    assert_eq!((last.by, last.event["why"].as_str()), (staff(), Some(HOLD_OVERRIDDEN)));
    assert_eq!(moved(&house, seqs[1], "cancelled", over, &staff()).await, None);
    let last = house.view(seqs[1]).await.history.pop().unwrap();
    assert_eq!(last.event["why"], "", "nothing had to be overridden");
    // FRD-2: the setting, read with the order on every path.
    let mut shop = house.ledger.shop(house.id()).await.unwrap().unwrap();
    shop.settings.insert("guard_fraud_hold".to_owned(), "off".to_owned());
    house.ledger.update_shop(&shop, NOW).await.unwrap();
    assert_eq!(moved(&house, seqs[2], "awaiting_print", plain, &By::System).await, None);
});

contract!(frd2_a_rule_does_not_move_a_held_order_and_says_so, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let rule = Rule {
        shop_id: house.id(),
        kind: WriteKind::ShipmentNotice,
        target_phase: "new".into(),
        success_phase: Some("completed".into()),
        failure_phase: None,
    };
    house.ledger.put_rule(&rule).await.unwrap();
    let steps = house.wish(seq, 1).await;
    let mut refreshed = refresh(&existing(&house, 1).await);
    refreshed.snapshot.facts.hold = Hold::Fraud { raw: "3".to_owned() };
    house.commit(Page { refreshed: vec![refreshed], ..Page::default() }).await.unwrap();
    house.send(&[(steps[0], StepState::Applied)]).await;
    let view = house.view(seq).await;
    assert_eq!((view.row.phase.as_str(), view.row.notice_state), ("new", NoticeState::Applied));
    assert_eq!(view.history.last().unwrap().event["reason"]["ja"], WORDS);
});

contract!(frd3_what_a_hold_keeps_back_is_failed_with_the_words_of_the_seeds, |db| {
    let house = House::new(db).await;
    let seqs = house.import(vec![held(1), held(2)]).await;
    withhold(&house, seqs[0], WriteKind::ConfirmOrder).await;
    withhold(&house, seqs[1], WriteKind::ShipmentNotice).await;
    let (confirm, notice) = (house.view(seqs[0]).await, house.view(seqs[1]).await);
    assert_eq!(confirm.row.confirm_state, NoticeState::SendFailed);
    assert_eq!(notice.row.notice_state, NoticeState::SendFailed);
    for view in [&confirm, &notice] {
        let words = "不正保留中のためステータス変更しませんでした";
        assert!(view.history.iter().any(|h| h.event["reason"]["ja"] == words), "{:?}", view.history);
        assert_eq!((view.writes[0].state.as_str(), view.writes[0].step_state.as_str()), ("done", "failed"));
        assert_eq!(view.row.phase.as_str(), "new", "失敗 is a state, no phase");
        assert_eq!(view.row.updated_at, NOW, "NTF-12");
    }
    assert_eq!(house.ledger.open_steps(&house.shop.lane_key).await.unwrap(), 0, "nothing is to be sent");
    let stale = [(seqs[0], 1)];
    let reason = reason::fraud_hold_blocks_status_change();
    let kind = WriteKind::ConfirmOrder;
    let done = house.ledger.withhold_writes(&house.guard, &stale, kind, &reason, &By::System, NOW).await;
    assert!(done.unwrap().is_empty(), "judged again");
});

contract!(frd5_a_release_gives_back_what_only_the_hold_kept_back_and_leaves_the_phase, |db| {
    let house = House::new(db).await;
    let seqs = house.import(vec![held(1), held(2), held(3)]).await;
    assert_eq!(house.ledger.held_orders(house.id(), 9).await.unwrap().len(), 3);
    withhold(&house, seqs[0], WriteKind::ConfirmOrder).await;
    withhold(&house, seqs[1], WriteKind::ShipmentNotice).await;
    // Failed for another reason: that is still so after the release.
    let steps = house.wish(seqs[2], 1).await;
    house.send(&[(steps[0], StepState::Failed)]).await;
    for n in 1..=3 {
        released(&house, n).await;
    }
    let views = [house.view(seqs[0]).await, house.view(seqs[1]).await, house.view(seqs[2]).await];
    assert_eq!(views[0].row.confirm_state, NoticeState::NotSent);
    assert_eq!(views[1].row.notice_state, NoticeState::NotSent);
    assert_eq!(views[2].row.notice_state, NoticeState::SendFailed);
    assert!(views.iter().all(|v| v.row.phase.as_str() == "new"));
    assert!(views[1].history.iter().any(|h| h.event["why"] == "hold_released"));
    assert_eq!(views[0].row.hold.released_at(), Some(NOW), "公開日時");
    assert!(house.ledger.held_orders(house.id(), 9).await.unwrap().is_empty());
    assert_eq!(moved(&house, seqs[0], "awaiting_print", MoveOptions::default(), &By::System).await, None);
});

contract!(frd1_orders_whose_source_cannot_say_are_not_known_and_not_guarded, |db| {
    let house = House::new(db).await;
    let mut order = sample_order(1);
    order.snapshot.facts.hold = Hold::NotKnown;
    let seq = house.import(vec![order]).await[0];
    assert_eq!(house.view(seq).await.row.hold.label_ja(), "不明");
    assert_eq!(moved(&house, seq, "awaiting_print", MoveOptions::default(), &By::System).await, None);
});

contract!(an_edit_of_a_held_order_is_ours_and_leaves_the_hold_frd2, |db| {
    let house = House::new(db).await;
    let seq = house.import(vec![held(1)]).await[0];
    let edit = |path: &str, value: serde_json::Value| vec![(path.to_owned(), value)];
    let version = house.order(seq).await.version;
    let edited = edit("buyer.city", "見本区".into());
    house.ledger.edit_order(seq, version, &edited, &staff(), NOW).await.unwrap().unwrap();
    let version = house.order(seq).await.version;
    for path in ["hold", "facts.hold", "hold.state"] {
        let lift = edit(path, "none".into());
        assert!(
            house.ledger.edit_order(seq, version, &lift, &staff(), NOW).await.unwrap().is_err(),
            "{path}"
        );
    }
    let view = house.view(seq).await;
    assert!(view.row.hold.is_fraud() && view.row.flags.contains(&Flag::FraudHold));
});

pub fn link(house: &House, phase: &str, status: &str, on: bool) -> StatusLink {
    StatusLink { shop_id: house.id(), phase: phase.into(), status: status.to_owned(), on }
}

pub async fn automation(house: &House, on: bool) {
    let mut shop = house.ledger.shop(house.id()).await.unwrap().unwrap();
    shop.automation_enabled = on;
    house.ledger.update_shop(&shop, NOW).await.unwrap();
}

contract!(frd3_frd5_a_linked_status_of_a_held_order_waits_for_the_release, |db| {
    let house = House::new(db).await;
    automation(&house, true).await;
    house.ledger.put_status_link(&link(&house, "new", "2", true)).await.unwrap();
    let seq = house.import(vec![held(1)]).await[0];
    let view = house.view(seq).await;
    assert_eq!(view.writes.len(), 1, "entered 新規受付 by the import");
    assert_eq!(view.writes[0].result.as_deref(), Some("send_failed"));
    assert_eq!(house.ledger.open_steps(&house.shop.lane_key).await.unwrap(), 0);
    released(&house, 1).await;
    let due = house
        .ledger
        .due_writes(&house.shop.lane_key, house.id(), WriteKind::MallStatus, NOW, 9)
        .await
        .unwrap();
    assert_eq!(due.len(), 1, "wished once the mall released it");
    assert_eq!(due[0].steps[0].due_at, NOW);
});
