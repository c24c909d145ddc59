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
async fn refused(kit: &Kit<'_>, count: usize) -> Vec<String> {
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
        let update = |step: &StepId| StepUpdate::new(*step, StepState::Rejected, now).because(why());
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
