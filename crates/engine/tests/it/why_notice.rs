//! 「なぜ通知されないか」 (WHY-2): every reason, set up in the house and read in words, with its mend.

use crate::write_kit::*;
use domain::history::By;
use domain::order::{Grouping, HandlingClass};
use domain::time::DAY;
use engine::why::missing::Asking;
use engine::why::notice::NoticeAnswer;
use engine::why::{Check, Mend};
use serde_json::json;
use store::orders::ParcelChange;
use store::{Access, Kind, Shop};
use testkit::house::{House, Plan};

async fn shop(house: &House) -> Shop {
    house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap()
}

async fn why(house: &House, number: &str) -> NoticeAnswer {
    let (malls, access, shop) = (malls::registry(), Access::full(), shop(house).await);
    let mall = malls::by_key(&shop.mall).unwrap();
    let asking = Asking { ledger: &house.ledger, malls: &malls, access: &access, now: house.now() };
    asking.not_notified(&shop, &*mall, seq(house, number).await).await.unwrap().unwrap()
}

fn causes(answer: &NoticeAnswer) -> Vec<&Check> {
    answer.checks.iter().filter(|c| c.is_cause()).collect()
}

fn codes(answer: &NoticeAnswer) -> Vec<String> {
    causes(answer).iter().map(|c| c.reason.as_ref().unwrap().code.clone()).collect()
}

/// The only cause is this one, and it says these words.
async fn says(house: &House, number: &str, code: &str, words: &[&str]) -> Vec<Mend> {
    let answer = why(house, number).await;
    assert_eq!(codes(&answer), [code], "{answer:#?}");
    let cause = causes(&answer)[0].clone();
    let reason = cause.reason.unwrap();
    for word in words {
        assert!(reason.to_string().contains(word), "{word}: {reason}");
    }
    cause.mends
}

async fn ship(house: &House, number: &str, change: impl FnOnce(&mut ParcelChange)) {
    let order = shown(house, number).await;
    let parcel = order.parcels[0].clone();
    let mut new = ParcelChange {
        parcel_id: Some(parcel.parcel_id),
        recipient_key: Some(parcel.recipient_key),
        carrier: parcel.carrier,
        tracking_number: parcel.tracking_number,
        shipped_on: parcel.shipped_on,
    };
    change(&mut new);
    house.ledger.set_parcel(order.row.seq, &new, &By::Cli, house.now()).await.unwrap().unwrap();
}

testkit::story!(each_reason_of_ours_is_told_alone_with_its_mend_why2, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 1, json!([])).await;
    let number = numbers[0].as_str();
    let (id, by, now) = (seq(house, number).await, By::Cli, house.now());
    let fine = why(house, number).await;
    assert!(!fine.is_kept_back() && fine.checks.iter().any(|c| c.ja.contains("次の周期")), "{fine:#?}");
    assert!(fine.checks.iter().any(|c| c.check == "period" && c.ja.contains("最終更新日")), "NTF-12");

    moved(house, id, "awaiting_shipment").await;
    let mends = says(house, number, "not_in_target_phase", &["出荷待ち", "対象フェーズ"]).await;
    assert!(matches!(&mends[0], Mend::Move { phase, .. } if phase == "shipped"), "{mends:?}");
    moved(house, id, "shipped").await;

    let mut stopped = shop(house).await;
    stopped.automation_enabled = false;
    house.ledger.update_shop(&stopped, now).await.unwrap();
    let mends = says(house, number, "automation_stopped", &["停止中"]).await;
    assert!(matches!(mends[0], Mend::StartAutomation { .. }));
    stopped.automation_enabled = true;
    stopped.settings.insert("write_back".into(), "off".into());
    house.ledger.update_shop(&stopped, now).await.unwrap();
    let mends = says(house, number, "write_back_off", &["見るだけモード"]).await;
    assert!(matches!(mends[0], Mend::StartWriting { .. }));
    stopped.settings.remove("write_back");
    stopped.state = "off".into();
    house.ledger.update_shop(&stopped, now).await.unwrap();
    says(house, number, "shop_off", &["停止中"]).await;
    stopped.state = "active".into();
    house.ledger.update_shop(&stopped, now).await.unwrap();
    let held = domain::reason::credential_missing("license_key");
    house.ledger.hold_shop(stopped.shop_id, Some(&held)).await.unwrap();
    let mends = says(house, number, "shop_held", &["止めています", "登録されていません"]).await;
    assert!(matches!(mends[0], Mend::EnterCredential { .. }));
    house.ledger.hold_shop(stopped.shop_id, None).await.unwrap();

    house.ledger.set_handling_class(id, HandlingClass::OnHold, &by, now).await.unwrap();
    let mends = says(house, number, "handling_class_not_normal", &["管理区分", "保留"]).await;
    assert!(matches!(mends[0], Mend::SetNormal { .. }));
    house.ledger.set_handling_class(id, HandlingClass::Normal, &by, now).await.unwrap();

    ship(house, number, |p| p.carrier = Some("drone".into())).await;
    let mends = says(house, number, "carrier_unknown_to_mall", &["コードがありません"]).await;
    assert!(matches!(mends[0], Mend::CarrierCode { .. }));
    ship(house, number, |p| (p.carrier, p.shipped_on) = (None, None)).await;
    let answer = why(house, number).await;
    let warned: Vec<_> = answer.checks.iter().filter(|c| c.check == "warning").collect();
    assert!(warned.iter().any(|c| c.ja.contains("配送業者が未選択")), "{answer:#?}");
    assert!(warned.iter().any(|c| c.ja.contains("出荷日が未入力")), "{answer:#?}");
    assert!(matches!(warned[0].mends[0], Mend::EditParcels { .. }));
});

testkit::story!(every_reason_is_shown_and_not_only_the_first_why2, |kind| Plan::new(kind, 0), |house| {
    let numbers = imported(house, 2, json!([]), 300).await;
    let (child, parent) = (seq(house, &numbers[0]).await, seq(house, &numbers[1]).await);
    let (by, now) = (By::Cli, house.now());
    house.ledger.set_grouping(child, Grouping::BundledChild, Some(parent), &by, now).await.unwrap();
    let answer = why(house, &numbers[0]).await;
    let told = codes(&answer);
    for code in
        ["bundled_child", "automation_stopped", "no_notice_rule", "no_parcel", "phase_not_allowed_by_default"]
    {
        assert!(told.contains(&code.to_owned()), "{code}: {told:?}");
    }
    let bundled = causes(&answer).into_iter().find(|c| c.reason.as_ref().unwrap().code == "bundled_child");
    let parent_no = row(house, &numbers[1]).await.order_no;
    assert_eq!(bundled.unwrap().mends, [Mend::OpenOrder { order_no: parent_no }]);
});

testkit::story!(
    what_the_mall_said_of_the_last_notice_is_told_with_its_code_why2,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        let number = numbers[0].as_str();
        let body = json!({ "MessageModelList": [{
            "messageType": "ERROR", "messageCode": "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_102",
            "message": "キャンセルされています", "orderNumber": number }] });
        let action = json!({ "status": { "code": 200, "body": body.to_string() } });
        house.faults(json!([{ "operation": SHIP, "times": 1, "action": action }])).unwrap();
        worked(house).await;
        moved(house, seq(house, number).await, "shipped").await;
        let state = row(house, number).await.notice_state;
        let mends = says(house, number, "last_write_failed", &[state.label_ja(), "102"]).await;
        assert!(matches!(mends[0], Mend::SetNotSent { .. }));
        assert!(set_by_hand(house, number, domain::notice::NoticeState::NotSent).await);
        worked(house).await;
        let sent = why(house, number).await;
        let done = sent.checks.iter().find(|c| c.ja.contains("出荷通知は済んでいます"));
        assert!(done.is_some_and(|c| matches!(c.mends[0], Mend::SetNotSent { .. })), "{sent:#?}");
    }
);

#[test]
fn amazon_keeps_back_blank_and_future_dates_and_yahoo_holds_and_switched_off_links_why2() {
    testkit::house::run(Plan::empty(Kind::Sqlite, 0).mall("amazon", 1), async |house: &House| {
        house.add_orders(json!({"mall": "amazon", "count": 1, "traits": [], "status": "UNSHIPPED"})).unwrap();
        house.clock.advance(domain::time::HOUR);
        house.import_days(1).await.unwrap();
        house.usual_rules().await.unwrap();
        let number = house.orders().await[0].mall_order_id.0.clone();
        let id = seq(house, &number).await;
        house.pack(id, "400000").await.unwrap();
        moved(house, id, "shipped").await;
        let tomorrow = house.now().plus(DAY).japan_date();
        ship(house, &number, |p| p.shipped_on = Some(tomorrow)).await;
        let mends = says(house, &number, "ship_date_in_future", &["未来の日付", "当日以前"]).await;
        assert!(matches!(mends[0], Mend::EditParcels { .. }));
        ship(house, &number, |p| p.shipped_on = None).await;
        says(house, &number, "ship_date_blank", &["出荷日が未入力"]).await;
    });
    testkit::house::run(Plan::empty(Kind::Sqlite, 0).mall("yahoo", 1), async |house: &House| {
        let wanted = json!({"mall": "yahoo", "count": 1, "traits": ["held"], "visible": true});
        house.add_orders(wanted).unwrap();
        house.clock.advance(domain::time::HOUR);
        house.import_days(1).await.unwrap();
        house.usual_rules().await.unwrap();
        let number = house.orders().await[0].mall_order_id.0.clone();
        let id = seq(house, &number).await;
        let answer = why(house, &number).await;
        assert!(codes(&answer).contains(&"fraud_hold_blocks_status_change".to_owned()), "{answer:#?}");
        let shop = shop(house).await.shop_id;
        house.ledger.switch_status_link(shop, &"completed".into(), false).await.unwrap();
        let phase = row(house, &number).await.phase;
        let link = domain::link::StatusLink { shop_id: shop, phase, status: "5".into(), on: false };
        house.ledger.put_status_link(&link).await.unwrap();
        let answer = why(house, &number).await;
        let off = causes(&answer).into_iter().find(|c| c.reason.as_ref().unwrap().code == "status_link_off");
        assert!(off.is_some_and(|c| c.ja.contains("有効にする") && matches!(c.mends[0], Mend::Links { .. })));
        assert!(!answer.checks.is_empty() && id == seq(house, &number).await);
    });
}
