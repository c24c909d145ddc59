//! What each part of the document becomes.

use super::fixtures::{full_order, order_with, put};
use crate::rakuten::mapping::read_order;
use domain::hold::Hold;
use domain::snapshot::{MallStage, Snapshot};
use domain::{Amount, Given};
use serde_json::{Value, json};

pub(super) fn read(order: &Value) -> Snapshot {
    read_order(order.to_string().as_bytes()).unwrap()
}

pub(super) fn with(changes: &[(&str, Value)]) -> Snapshot {
    read(&order_with(changes))
}

fn unknown_fields(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.facts.unknown.iter().map(|u| u.field.as_str()).collect()
}

const ITEM: &str = "/PackageModelList/0/ItemModelList/0";

pub(super) fn item(field: &str) -> String {
    format!("{ITEM}/{field}")
}

#[test]
fn the_full_order_becomes_this_snapshot() {
    let snapshot = read(&full_order());
    assert_eq!(unknown_fields(&snapshot), [""; 0]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&snapshot).unwrap());
}

#[test]
fn the_snapshot_survives_its_storage() {
    let snapshot = read(&full_order());
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
}

#[test]
fn card_data_is_never_kept() {
    let text = serde_json::to_string(&read(&full_order())).unwrap();
    for secret in ["0015", "ICHIRO", "2030-01", "VISA"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn card_numbers_in_free_text_are_masked_and_marked() {
    let cases = [
        ("4111111111111111", "****************"),
        ("カード 4111-1111-1111-1111 です", "カード ****-****-****-**** です"),
        ("3782 822463 10005。", "**** ****** *****。"),
        ("４１１１１１１１１１１１１１１１", "****************"),
        ("4111 1111 1111 1111 1111111111111", "**** **** **** **** 1111111111111"),
        ("A4222222222222B", "A*************B"),
    ];
    for (text, masked) in cases {
        let snapshot = with(&[("/remarks", json!(text)), ("/memo", json!(text))]);
        assert_eq!(snapshot.content.buyer_note.text(), masked);
        assert_eq!(snapshot.content.mall_memo.text(), masked);
        let marks = snapshot.content.marks.iter().filter(|m| *m == "card_number_masked").count();
        assert_eq!(marks, 1);
    }
    for text in [
        "4111111111111112",
        "411111111111",
        "123456-20261122-0000000001",
        "03-0000-0001 / 090-0000-0000",
        "41111111111111111111",
        "4111/1111/1111/1111",
        "4111  1111 1111 1111",
    ] {
        let snapshot = with(&[("/remarks", json!(text))]);
        assert_eq!(snapshot.content.buyer_note.text(), text);
        assert!(!snapshot.content.marks.contains(&"card_number_masked".to_owned()));
    }
}

#[test]
fn minus_9999_is_undecided_everywhere_and_never_a_price() {
    let amounts = [
        "goodsPrice",
        "postagePrice",
        "deliveryPrice",
        "paymentCharge",
        "totalPrice",
        "requestPrice",
        "couponShopPrice",
        "couponOtherPrice",
        "additionalFeeOccurAmountToUser",
    ];
    for field in amounts {
        let path = format!("/{field}");
        let json = serde_json::to_string(&with(&[(&path, json!(-9_999))]).content.amounts).unwrap();
        assert_eq!((json.matches("undecided").count(), json.contains("9999")), (1, false), "{field}");
    }
    let snapshot = with(&[
        ("/PackageModelList/0/postagePrice", json!(-9_999)),
        ("/PackageModelList/0/deliveryPrice", json!(-9_999)),
        ("/CouponModelList/0/couponTotalPrice", json!(-9_999)),
        ("/TaxSummaryModelList/0/reqPrice", json!(-9_999)),
        ("/WrappingModel1/price", json!(null)),
    ]);
    let recipient = &snapshot.content.recipients[0];
    assert_eq!(recipient.postage, Given::Value(Amount::Undecided));
    assert_eq!(recipient.cod_fee, Given::Value(Amount::Undecided));
    assert_eq!(snapshot.content.coupons[0].total, Amount::Undecided);
    assert_eq!(snapshot.content.tax[0].taxed, Amount::Undecided);
    assert_eq!(snapshot.content.wrapping[0].price, Amount::Undecided);
}

#[test]
fn each_status_has_its_stage_and_an_unknown_one_is_kept_f23() {
    for (code, stage) in [
        (100, MallStage::AwaitingConfirmation),
        (200, MallStage::MallProcessing),
        (300, MallStage::Shippable),
        (400, MallStage::ChangePending),
        (500, MallStage::Shipped),
        (600, MallStage::Shipped),
        (700, MallStage::Closed),
        (800, MallStage::CancelRequested),
        (900, MallStage::Cancelled),
        (450, MallStage::Unknown),
    ] {
        let facts = with(&[("/orderProgress", json!(code))]).facts;
        assert_eq!((facts.stage, facts.status.code), (stage, code.to_string()));
        assert_eq!(facts.status.label.is_empty(), code == 450);
        let unknown: Vec<_> = facts.unknown.iter().map(|u| (u.field.as_str(), u.raw.as_str())).collect();
        assert_eq!(unknown, if code == 450 { vec![("orderProgress", "450")] } else { vec![] });
    }
}

#[test]
fn an_unknown_code_is_kept_word_for_word_and_the_order_is_read_f23() {
    let codes = [
        "/orderType",
        "/carrierCode",
        "/shippingTerm",
        "/cautionDisplayType",
        "/cautionDisplayDetailType",
        "/rakutenConfirmFlag",
        "/giftCheckFlag",
        "/DeliveryModel/deliveryClass",
        "/asurakuFlag",
        "/SettlementModel/settlementMethodCode",
        "/SettlementModel/cardPayType",
        "/WrappingModel1/title",
        "/CouponModelList/0/couponCapitalCode",
        "/DueDateModelList/0/dueDateType",
        "/PackageModelList/0/packageDeleteFlag",
        "/PackageModelList/0/dropOffFlag",
        "/PackageModelList/0/DeliveryCvsModel/cvsCode",
        "/PackageModelList/0/ItemModelList/0/restoreInventoryFlag",
        "/PackageModelList/0/ItemModelList/0/deleteItemFlag",
    ];
    for path in codes {
        let snapshot = with(&[(path, json!(77))]);
        let field = path.rsplit('/').next().unwrap();
        assert_eq!(unknown_fields(&snapshot), [field], "{path}");
        assert_eq!(snapshot.facts.unknown[0].raw, "77");
        assert_eq!(snapshot.content.lines.len(), 1, "{path}");
    }
    for path in [
        "/deliveryDate",
        "/cancelDueDate",
        "/orderFixDatetime",
        "/PackageModelList/0/ShippingModelList/0/shippingDate",
    ] {
        let snapshot = with(&[(path, json!("0000-00-00"))]);
        assert_eq!(unknown_fields(&snapshot), [path.rsplit('/').next().unwrap()]);
    }
    let long = with(&[("/deliveryDate", json!("長".repeat(500)))]);
    assert_eq!(long.facts.unknown[0].raw.chars().count(), 200);
    let snapshot = with(&[("/orderType", json!(77))]);
    assert_eq!(snapshot.content.kind.value().unwrap().code, "77");
    let snapshot = with(&[("/shippingTerm", json!(2_599))]);
    assert_eq!(snapshot.content.delivery.deliver_slot.value().unwrap().code, "2599");
}

#[test]
fn new_fields_do_no_harm_f23() {
    let plain = read(&full_order());
    assert_eq!(with(&[("/NewModel", json!({"a": [1, {"b": null}]})), ("/newFlag", json!(1))]), plain);
}

#[test]
fn rakuten_checking_holds_the_order_and_is_no_error() {
    assert_eq!(with(&[]).facts.hold, Hold::None);
    assert_eq!(with(&[("/rakutenConfirmFlag", json!(1))]).facts.hold, Hold::MallChecking);
    assert_eq!(with(&[("/rakutenConfirmFlag", json!(2))]).facts.hold, Hold::MallChecking);
}

#[test]
fn cancels_say_by_whom_and_why() {
    let reasons = json!([
        { "changeType": 0, "changeReason": 0, "changeReasonDetail": 8 },
        { "changeType": 2, "changeReason": 1, "changeReasonDetail": 16 },
        { "changeType": 8, "changeReason": 0, "changeReasonDetail": 10 },
        { "changeType": 3, "changeReason": 0, "changeReasonDetail": 10 },
    ]);
    let of = |progress: i64, reasons: &Value| {
        with(&[("/orderProgress", json!(progress)), ("/ChangeReasonModelList", reasons.clone())]).facts
    };
    let cancel = of(900, &reasons).cancel.unwrap();
    assert_eq!((cancel.done, cancel.by.as_str(), cancel.reason.code.as_str()), (true, "buyer", "16"));
    assert!(cancel.reason.label.contains("ギフト"));
    let asked = of(800, &json!([{ "changeType": 1, "changeReason": 0, "changeReasonDetail": 8 }]));
    let cancel = asked.cancel.unwrap();
    assert_eq!((cancel.done, cancel.by.as_str(), cancel.reason.label.as_str()), (false, "shop", "欠品"));
    assert_eq!(of(300, &reasons).cancel, None);
    let bare = of(900, &Value::Null).cancel.unwrap();
    assert_eq!((bare.by.as_str(), bare.reason.code.as_str()), ("unknown", ""));
    let odd = of(900, &json!([{ "changeType": 0, "changeReason": 5, "changeReasonDetail": 99 }]));
    assert_eq!(odd.cancel.unwrap().by, "5");
    assert_eq!(odd.unknown.len(), 2);
    let silent = of(900, &json!([{ "changeType": 0 }]));
    assert_eq!(silent.cancel.unwrap().by, "unknown");
}

#[test]
fn delivery_slots_are_put_in_words() {
    for (code, words) in [
        (1, "午前中"),
        (2, "午後"),
        (9, "その他"),
        (708, "7時～8時"),
        (1_416, "14時～16時"),
        (2_324, "23時～24時"),
    ] {
        let slot = with(&[("/shippingTerm", json!(code))]).content.delivery.deliver_slot;
        assert_eq!(slot.value().unwrap().label, words);
    }
    for code in [3, 608, 1_414, 1_614, 1_425, -1, 724_000] {
        assert_eq!(unknown_fields(&with(&[("/shippingTerm", json!(code))])), ["shippingTerm"], "{code}");
    }
    for none in [json!(0), json!(null)] {
        let delivery =
            with(&[("/shippingTerm", none.clone()), ("/DeliveryModel/deliveryClass", none)]).content.delivery;
        assert_eq!((delivery.deliver_slot, delivery.class), (Given::Cleared, Given::Cleared));
    }
}

#[test]
fn absent_null_and_empty_stay_different() {
    let mut order = full_order();
    put(&mut order, "/remarks", None);
    put(&mut order, "/deliveryDate", None);
    put(&mut order, "/shippingTerm", None);
    put(&mut order, "/DeliveryModel", None);
    put(&mut order, "/PointModel", None);
    put(&mut order, "/orderType", None);
    let content = read(&order).content;
    assert_eq!((content.buyer_note, content.kind), (Given::NotGiven, Given::NotGiven));
    assert_eq!(content.delivery.deliver_on, Given::NotGiven);
    assert_eq!((content.delivery.deliver_slot, content.delivery.class), (Given::NotGiven, Given::NotGiven));
    assert_eq!(content.amounts.points_used, Given::NotGiven);
    let content = with(&[
        ("/remarks", json!(null)),
        ("/memo", json!("")),
        ("/deliveryDate", json!("")),
        ("/PointModel", json!(null)),
        ("/orderType", json!(null)),
    ])
    .content;
    assert_eq!((content.buyer_note, content.mall_memo), (Given::Cleared, Given::Cleared));
    assert_eq!((content.delivery.deliver_on, content.kind), (Given::Cleared, Given::Cleared));
    assert_eq!(content.amounts.points_used, Given::Cleared);
}

#[test]
fn zip_and_phone_keep_their_zeros_and_join_what_is_there() {
    let buyer = with(&[("/OrdererModel/phoneNumber2", json!(null))]).content.buyer;
    assert_eq!((buyer.postal_code.text(), buyer.phone.text()), ("100-0001", "03-0001"));
    let empty = json!("");
    let buyer = with(&[("/OrdererModel/zipCode1", empty.clone()), ("/OrdererModel/zipCode2", json!(null))])
        .content
        .buyer;
    assert_eq!(buyer.postal_code, Given::Cleared);
    let mut order = full_order();
    put(&mut order, "/OrdererModel/zipCode1", None);
    put(&mut order, "/OrdererModel/zipCode2", None);
    assert_eq!(read(&order).content.buyer.postal_code, Given::NotGiven);
}

#[test]
fn deleted_packages_lines_and_wrappings_are_left_out_trap_8() {
    let snapshot =
        with(&[("/WrappingModel1/deleteWrappingFlag", json!(1)), (&item("deleteItemFlag"), json!(1))]);
    assert_eq!(snapshot.content.lines, []);
    assert_eq!(snapshot.content.wrapping.iter().map(|w| w.key.as_str()).collect::<Vec<_>>(), ["ribbon"]);
    let snapshot = with(&[("/PackageModelList/0/packageDeleteFlag", json!(1))]);
    assert_eq!((snapshot.content.lines.len(), snapshot.facts.shipments.len()), (0, 0));
    assert_eq!(snapshot.content.recipients.len(), 1);
    assert_eq!(snapshot.content.recipients[0].key, "1");
    assert!(snapshot.content.marks.contains(&"no_recipient".to_owned()));
}

#[test]
fn equal_keys_are_made_different() {
    let mut order = full_order();
    let package = order["PackageModelList"][0].clone();
    put(&mut order, "/PackageModelList/1", Some(package));
    let coupon = order["CouponModelList"][1].clone();
    put(&mut order, "/CouponModelList/2", Some(coupon));
    let snapshot = read(&order);
    let keys: Vec<_> = snapshot.content.recipients.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(keys, ["1074640201", "1074640201-2"]);
    let lines: Vec<_> =
        snapshot.content.lines.iter().map(|l| (l.key.as_str(), l.recipient_key.as_str())).collect();
    assert_eq!(lines, [("2001", "1074640201"), ("2001-2", "1074640201-2")]);
    let coupons: Vec<_> = snapshot.content.coupons.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(coupons, ["SHOP-1:2001", "MALL-1", "MALL-1-2"]);
}

#[test]
fn the_stock_key_follows_trap_9() {
    let sku = "/PackageModelList/0/ItemModelList/0/SkuModelList/0";
    let linked = format!("{sku}/merchantDefinedSkuId");
    let variant = format!("{sku}/variantId");
    let number = item("itemNumber");
    let none = json!(null);
    for (changes, key) in [
        (vec![], "STOCK-1"),
        (vec![(linked.as_str(), none.clone())], "tea-blue"),
        (vec![(linked.as_str(), json!("")), (variant.as_str(), json!("normal-inventory"))], "tea"),
        (vec![(linked.as_str(), none.clone()), (variant.as_str(), json!(""))], "tea-100"),
        (
            vec![
                (linked.as_str(), none.clone()),
                (variant.as_str(), json!("")),
                (number.as_str(), none.clone()),
            ],
            "tea",
        ),
    ] {
        let line = with(&changes).content.lines.remove(0);
        assert_eq!(line.sku.text(), key);
        let kept = line.marks.contains(&"variant_id:tea-blue".to_owned());
        assert_eq!(kept, key == "STOCK-1");
    }
    let bare = item("SkuModelList");
    for empty in [json!(null), json!([])] {
        assert_eq!(with(&[(&bare, empty)]).content.lines[0].sku.text(), "tea-100");
    }
}

#[test]
fn choices_are_split_at_the_first_colon_trap_10() {
    let options =
        with(&[(&item("selectedChoice"), json!("a:b:c\n\nd\r\n:e"))]).content.lines.remove(0).options;
    let options: Vec<_> = options.iter().map(|o| (o.name.as_str(), o.value.as_str())).collect();
    assert_eq!(options, [("a", "b:c"), ("", "d"), ("", "e")]);
}

#[test]
fn a_gift_without_an_address_waits_and_gives_no_address_trap_4() {
    let awaiting = with(&[("/PackageModelList/0/SocialGiftModel/inputFlag", json!(0))]);
    let recipient = &awaiting.content.recipients[0];
    assert!(recipient.address_awaited);
    assert_eq!(
        (recipient.party.postal_code.clone(), recipient.party.family_name.clone()),
        Default::default()
    );
    assert_eq!(recipient.party.email.text(), "masked2@pc.fw.rakuten.ne.jp");
    // Old versions have no SocialGiftModel: the dummies themselves tell.
    let sender = "/PackageModelList/0/SenderModel";
    let dummies = |name: &str| {
        with(&[
            ("/PackageModelList/0/SocialGiftModel", json!(null)),
            (&format!("{sender}/zipCode1"), json!("999")),
            (&format!("{sender}/zipCode2"), json!("9999")),
            (&format!("{sender}/familyName"), json!(name)),
        ])
        .content
        .recipients
        .remove(0)
    };
    let dummy = dummies("入力待ち");
    assert!(dummy.address_awaited && dummy.party == Default::default());
    let real = dummies("見本");
    assert!(!real.address_awaited && real.party.postal_code.text() == "999-9999");
    assert!(!with(&[]).content.recipients[0].address_awaited);
}

#[test]
fn drop_off_and_pickup_say_nothing_where_the_mall_says_nothing() {
    let place = "/PackageModelList/0/dropOffLocation";
    let flag = "/PackageModelList/0/dropOffFlag";
    let drop_off = |flag_value: i64, place_value: Value| {
        with(&[(flag, json!(flag_value)), (place, place_value)]).content.recipients.remove(0).drop_off
    };
    assert_eq!(drop_off(0, json!("物置")), Given::Cleared);
    assert_eq!(drop_off(1, json!("物置")), Given::Value("物置".into()));
    assert!(drop_off(1, json!(null)).text().contains("指定なし"));
    let mut order = full_order();
    put(&mut order, flag, None);
    put(&mut order, "/PackageModelList/0/DeliveryCvsModel", None);
    let recipient = read(&order).content.recipients.remove(0);
    assert_eq!((recipient.drop_off, recipient.pickup_point), (Given::NotGiven, Given::NotGiven));
    for empty in [json!(null), json!({}), json!({"cvsCode": null})] {
        let recipient = with(&[("/PackageModelList/0/DeliveryCvsModel", empty)]).content.recipients.remove(0);
        assert_eq!(recipient.pickup_point, Given::Cleared);
    }
    for (code, name) in [
        (1, "ファミリーマート"),
        (20, "ミニストップ"),
        (40, "サークルK"),
        (41, "サンクス"),
        (60, "郵便局"),
        (85, "ニューデイズ"),
    ] {
        let cvs = with(&[("/PackageModelList/0/DeliveryCvsModel/cvsCode", json!(code))]);
        assert!(cvs.content.recipients[0].pickup_point.text().starts_with(name));
    }
    for code in [70, 74, 80, 82, 90, 93] {
        let cvs = with(&[("/PackageModelList/0/DeliveryCvsModel/cvsCode", json!(code))]);
        assert!(
            cvs.facts.unknown.is_empty()
                && cvs.content.recipients[0].pickup_point.text().starts_with("見本店")
        );
    }
}
