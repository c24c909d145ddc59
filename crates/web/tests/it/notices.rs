//! 連携履歴 through the router.

use crate::house_kit::{Kit, run};
use axum::http::StatusCode;
use domain::history::By;
use domain::notice::NoticeState;
use domain::rights::Rights;
use domain::write::{StepState, WantedParcel, WriteKind};
use domain::{ShopId, StepId};
use store::Access;
use store::calls::CallEnd;
use store::outbox::{NewWrite, StepUpdate};
use testkit::house::House;

async fn state(house: &House, number: &str) -> NoticeState {
    house.order(number).await.unwrap().notice_state
}

/// Orders whose notice the mall refused, as a lane writes it down.
pub async fn refused(kit: &Kit<'_>, count: usize) -> Vec<String> {
    ended(kit, count, StepState::Rejected).await
}

/// Orders whose notice ended in one way, whatever the mall thinks.
async fn ended(kit: &Kit<'_>, count: usize, state: StepState) -> Vec<String> {
    let orders = kit.packed(count).await;
    let (ledger, shop, now) = (kit.desk.ledger(), &kit.house.shops[0], kit.house.now());
    let lane = ledger.lanes().await.unwrap().into_iter().find(|l| l.lane_key == shop.lane_key).unwrap();
    let guard = ledger.claim_lane(&lane.lane_key, "another", "host", lane.fence).await.unwrap().unwrap();
    let kind = WriteKind::ShipmentNotice;
    for (_, seq) in &orders {
        let view = ledger.order(&Access::full(), *seq).await.unwrap().unwrap();
        let wanted = |p: &domain::order::Parcel| WantedParcel {
            parcel_id: p.parcel_id,
            version: p.version,
            recipient_key: p.recipient_key.clone(),
            carrier_code: "1001".to_owned(),
            tracking_number: p.tracking_number.clone(),
            shipped_on: p.shipped_on,
            mall_ref: None,
            contents: Vec::new(),
        };
        let parcels = view.parcels.iter().map(wanted).collect();
        let write = NewWrite { seq: *seq, version: view.row.version, kind, parcels, target: None };
        ledger.enqueue_writes(&guard, &[write], &By::System, now).await.unwrap();
    }
    for due in ledger.due_writes(&shop.lane_key, shop.shop_id, kind, now, 99).await.unwrap() {
        let steps: Vec<_> = due.steps.iter().map(|s| s.step_id).collect();
        let call = ledger.begin_call(&guard, shop.shop_id, kind, "updateOrderShipping", b"x", &steps, now);
        let call = call.await.unwrap();
        let end = CallEnd { http_status: Some(200), pending: None, unclear: false };
        let why = || domain::reason::mall_code_unknown("X-1");
        let update = |step: &StepId| StepUpdate::new(*step, state, now).because(why());
        let updates: Vec<_> = steps.iter().map(update).collect();
        ledger.end_call(&guard, call, &end, &updates, now).await.unwrap();
    }
    ledger.release_lane(&guard).await.unwrap();
    orders.into_iter().map(|(number, _)| number).collect()
}

#[test]
fn a_refused_notice_is_listed_with_its_reason_and_sent_again_in_one_click_ntf7() {
    run(async |kit| {
        let who = kit.administrator().await;
        let number = refused(kit, 1).await.remove(0);
        assert_eq!(state(kit.house, &number).await, NoticeState::Rejected);
        let list = kit.get("/notices?state=rejected", &who).await.text;
        assert!(list.contains(&number) && list.contains("エラー") && list.contains("再送"), "{list}");
        let id = list.split("href=\"/notices/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let one = kit.get(&format!("/notices/{id}"), &who).await.text;
        assert!(one.contains("updateOrderShipping") && one.contains("回答あり") && one.contains("400000"));
        let seq = kit.house.order(&number).await.unwrap().seq;
        let view = kit.house.ledger.order(&Access::full(), seq).await.unwrap().unwrap();
        let head = view.row.head.unwrap();
        assert!(!one.contains(&head.buyer) && !one.contains(&head.recipient), "no buyer data");
        let again = kit.post(&format!("/notices/{id}/resend"), &who, &[]).await;
        assert_eq!(again.to(), format!("/notices/{id}?done=resent"));
        kit.settle().await;
        assert_eq!(state(kit.house, &number).await, NoticeState::Applied);
        let old = kit.post(&format!("/notices/{id}/resend"), &who, &[]).await;
        assert_eq!(old.status, StatusCode::CONFLICT, "it has not failed any more");
        assert!(!kit.get("/notices?state=rejected", &who).await.text.contains(&number));
    });
}

#[test]
fn a_person_who_looked_says_that_it_is_there_ntf7() {
    run(async |kit| {
        let who = kit.administrator().await;
        let number = refused(kit, 1).await.remove(0);
        let list = kit.get("/notices?state=rejected", &who).await.text;
        let id = list.split("href=\"/notices/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        kit.post(&format!("/notices/{id}/applied"), &who, &[]).await.to();
        assert_eq!(state(kit.house, &number).await, NoticeState::Applied);
    });
}

#[test]
fn failures_of_a_filter_are_sent_again_together_and_never_in_look_only_mode_ntf7() {
    run(async |kit| {
        let who = kit.administrator().await;
        let numbers = refused(kit, 2).await;
        let path = format!("/shops/{}/write-back", kit.shop());
        kit.post(&path, &who, &[("to", "off")]).await.to();
        let held = kit.post("/notices/resend", &who, &[("state", "rejected")]).await;
        assert_eq!(held.status, StatusCode::CONFLICT);
        assert!(held.text.contains("見るだけモード"));
        let rejected = kit.house.in_state(NoticeState::Rejected).await;
        assert!(rejected > 0, "their states stay as they are");
        kit.post(&path, &who, &[("to", "on")]).await.to();
        let to = kit.post("/notices/resend", &who, &[("state", "rejected")]).await.to();
        assert!(to.ends_with(&format!("&done=resent&n={rejected}")), "{to}");
        kit.settle().await;
        for number in &numbers {
            assert_eq!(state(kit.house, number).await, NoticeState::Applied);
        }
        let wrong = kit.post("/notices/resend", &who, &[("state", "applied")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn notices_of_other_shops_are_not_there_f67() {
    run(async |kit| {
        let number = refused(kit, 1).await.remove(0);
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let who = kit.visitor("yoso.no", &elsewhere).await;
        assert!(!kit.get("/notices", &who).await.text.contains(&number));
        let id = {
            let filter = store::desk::notices::NoticeFilter { limit: 1, ..Default::default() };
            kit.desk.ledger().notices(&Access::full(), &filter).await.unwrap()[0].outbox_id
        };
        assert_eq!(kit.get(&format!("/notices/{id}"), &who).await.status, StatusCode::NOT_FOUND);
        for path in ["resend", "applied"] {
            let answer = kit.post(&format!("/notices/{id}/{path}"), &who, &[]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(state(kit.house, &number).await, NoticeState::Rejected);
    });
}

/// What the mall has of an order's parcels.
fn records(kit: &Kit<'_>, number: &str) -> String {
    kit.house.mall_orders().into_iter().find(|o| o.number == number).unwrap().parcels.to_string()
}

/// The page of the newest notice of an order.
async fn newest(kit: &Kit<'_>, number: &str) -> String {
    let seq = kit.house.order(number).await.unwrap().seq;
    let filter = store::desk::notices::NoticeFilter { limit: 50, ..Default::default() };
    let rows = kit.desk.ledger().notices(&Access::full(), &filter).await.unwrap();
    rows.iter().find(|r| r.seq == seq).unwrap().outbox_id.to_string()
}

#[test]
fn what_nobody_learnt_is_looked_for_at_the_mall_by_a_button_and_nothing_is_sent_ntf5() {
    run(async |kit| {
        let who = kit.administrator().await;
        let number = ended(kit, 1, StepState::ResultUnknown).await.remove(0);
        let list = kit.get("/notices?state=result_unknown", &who).await.text;
        let id = newest(kit, &number).await;
        let path = format!("/notices/{id}/read-back");
        assert!(list.contains(&number) && list.contains(&path) && list.contains("モールを確認"));
        let order = kit.house.order(&number).await.unwrap();
        let on_order = kit.get(&format!("/orders/{}", order.seq.order_no()), &who).await.text;
        assert!(on_order.contains(&path), "the order's page has the button too");
        // Nothing settled yet: the notice was sent this moment, and a look cannot tell. Afterwards it can.
        kit.house.clock.advance(domain::time::DAY);
        let before = records(kit, &number);
        let asked = kit.post(&path, &who, &[]).await.to();
        let waiting = kit.get(&asked, &who).await.text;
        assert!(waiting.contains("モールを確認しています…") && waiting.contains("hx-trigger"));
        kit.settle().await;
        let seen = kit.get(&asked, &who).await.text;
        assert!(
            seen.contains("登録されていませんでした") && !seen.contains("hx-trigger=\"every 1s\""),
            "{seen}"
        );
        assert_eq!(state(kit.house, &number).await, NoticeState::SendFailed);
        assert_eq!(records(kit, &number), before, "a look sends nothing");
        let again = kit.post(&path, &who, &[]).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "there is nothing to look for any more");
    });
}

#[test]
fn a_look_at_the_mall_finds_what_is_there_ntf5() {
    run(async |kit| {
        let who = kit.administrator().await;
        // It went through, but nobody learnt so.
        let number = refused(kit, 1).await.remove(0);
        let id = newest(kit, &number).await;
        kit.post(&format!("/notices/{id}/resend"), &who, &[]).await.to();
        kit.settle().await;
        assert_eq!(state(kit.house, &number).await, NoticeState::Applied);
        let id = newest(kit, &number).await;
        for text in [
            "UPDATE outbox SET result = 'result_unknown' WHERE result = 'applied' AND kind = 'shipment_notice'",
            "UPDATE outbox_steps SET state = 'result_unknown' WHERE state = 'applied' AND kind = 'shipment_notice'",
            "UPDATE orders SET notice_state = 'result_unknown' WHERE notice_state = 'applied'",
        ] {
            let mut tx = kit.desk.ledger().db().begin().await.unwrap();
            let text = store::Sql { name: "test::FORGET", sqlite: text, postgres: text };
            assert!(tx.exec(&text, store::args![]).await.unwrap() > 0);
            tx.commit().await.unwrap();
        }
        let asked = kit.post(&format!("/notices/{id}/read-back"), &who, &[]).await.to();
        kit.settle().await;
        let seen = kit.get(&asked, &who).await.text;
        assert!(seen.contains("モールを確認しました。登録されていました。"), "{seen}");
        assert_eq!(state(kit.house, &number).await, NoticeState::Applied);
    });
}
