//! Documents as the mall sends them (rakuten.md 2.3), every field filled once. All people are invented.

use serde_json::{Value, json};

/// Number of the full order.
pub(super) const NUMBER: &str = "123456-20261122-0000000001";

/// A recipient.
fn package() -> Value {
    json!({
        "basketId": 1_074_640_201_i64,
        "postagePrice": 500, "postageTaxRate": 0.1, "deliveryPrice": 330, "deliveryTaxRate": 0.1,
        "goodsPrice": 3_150, "totalPrice": 3_650,
        "noshi": "内祝", "packageDeleteFlag": 0,
        "SenderModel": {
            "zipCode1": "060", "zipCode2": "0001", "prefecture": "北海道", "city": "札幌市架空区",
            "subAddress": "見本町1-2-3", "familyName": "見本", "firstName": "花子",
            "familyNameKana": "ミホン", "firstNameKana": "ハナコ",
            "phoneNumber1": "011", "phoneNumber2": "000", "phoneNumber3": "0000", "isolatedIslandFlag": 1,
        },
        "ItemModelList": [{
            "itemDetailId": 2_001, "itemName": "見本の茶葉 100g", "itemId": 10_000_001,
            "itemNumber": "tea-100", "manageNumber": "tea", "price": 1_000, "units": 2,
            "includePostageFlag": 1, "includeTaxFlag": 0, "includeCashOnDeliveryPostageFlag": 1,
            "selectedChoice": "名入れ:有:金\n領収書は同封されません:了承しました\n単独の文",
            "pointRate": 5, "pointType": 1, "inventoryType": 2, "delvdateInfo": "3営業日以内に発送",
            "restoreInventoryFlag": 1, "dealFlag": 1, "drugFlag": 1, "deleteItemFlag": 0,
            "taxRate": 0.08, "priceTaxIncl": 1_080, "isSingleItemShipping": 1,
            "SkuModelList": [{
                "variantId": "tea-blue", "merchantDefinedSkuId": "STOCK-1", "skuInfo": "色:青\n量:100g",
            }],
        }],
        "ShippingModelList": [{
            "shippingDetailId": 400_000_000_001_i64, "shippingNumber": "400000000010",
            "deliveryCompany": "1001", "deliveryCompanyName": "ヤマト運輸", "shippingDate": "2026-11-22",
        }],
        "DeliveryCvsModel": {
            "cvsCode": 50, "storeGenreCode": "1", "storeCode": "000001", "storeName": "見本店",
            "storeZip": "060-0002", "storePrefecture": "北海道", "storeAddress": "札幌市架空区9",
            "areaCode": "1", "depo": "1", "openTime": "0000", "closeTime": "2400", "cvsRemarks": "駅前",
        },
        "defaultDeliveryCompanyCode": "1003",
        "dropOffFlag": 1, "dropOffLocation": "宅配ボックス",
        "SocialGiftModel": {
            "sgMngNumber": "0000000001-sg", "inputDueDate": "2026-12-01", "inputFlag": 1,
            "inputCompDatetime": "2026-11-22T10:00:00+0900",
            "receiverEmailAddress": "masked2@pc.fw.rakuten.ne.jp",
        },
    })
}

/// An order with every field of version 10.
pub(super) fn full_order() -> Value {
    let mut order = head();
    let object = order.as_object_mut().unwrap();
    for part in [sums_and_flags(), body()] {
        for (key, value) in part.as_object().unwrap() {
            object.insert(key.clone(), value.clone());
        }
    }
    order
}

fn head() -> Value {
    json!({
    "orderNumber": NUMBER, "orderProgress": 300, "subStatusId": 3_601, "subStatusName": "取込済",
    "orderDatetime": "2026-11-22T09:05:01+0900",
    "shopOrderCfmDatetime": "2026-11-22T09:06:02+0900",
    "orderFixDatetime": "2026-11-22T09:36:03+09:00",
    "shippingInstDatetime": "2026-11-22T09:36:03+0900",
    "shippingCmplRptDatetime": "2026-11-22T18:00:04+0900",
    "cancelDueDate": "2026-11-30", "deliveryDate": "2026-11-25", "shippingTerm": 1_416,
    "remarks": "[配送日時指定:]\n2026-11-25(水)\n午後にお願いします", "giftCheckFlag": 1,
    "socialGiftFlag": 1, "severalSenderFlag": 0, "equalSenderFlag": 0, "isolatedIslandFlag": 1,
    "rakutenMemberFlag": 1, "carrierCode": 11, "emailCarrierCode": 0, "orderType": 6,
    "reserveNumber": "123456-20261101-0000000001-r", "reserveDeliveryCount": 1,
    "cautionDisplayType": 1, "cautionDisplayDetailType": 103, "rakutenConfirmFlag": 0,
    })
}

fn sums_and_flags() -> Value {
    json!({
        "goodsPrice": 3_150, "goodsTax": -9_999, "postagePrice": 500, "deliveryPrice": 330,
        "paymentCharge": 110, "paymentChargeTaxRate": 0.1, "totalPrice": 3_650, "requestPrice": 3_310,
        "couponAllTotalPrice": 450, "couponShopPrice": 300, "couponOtherPrice": 150,
        "additionalFeeOccurAmountToUser": 50, "additionalFeeOccurAmountToShop": 0,
        "asurakuFlag": 1, "drugFlag": 1, "dealFlag": 1, "membershipType": 0,
        "memo": "2便で", "operator": "帳場太郎", "mailPlugSentence": "ありがとうございます", "modifyFlag": 1,
        "receiptIssueCount": 2, "receiptIssueHistoryList": ["2026-11-22T10:00:00+0900"],
        "deliveryCertPrgFlag": 1, "oneDayOperationFlag": 1,
    })
}

fn body() -> Value {
    json!({
        "OrdererModel": {
            "zipCode1": "100", "zipCode2": "0001", "prefecture": "東京都", "city": "千代田区",
            "subAddress": "空区1-1", "familyName": "試験", "firstName": "一郎", "familyNameKana": "シケン",
            "firstNameKana": "イチロウ", "phoneNumber1": "03", "phoneNumber2": "0000",
            "phoneNumber3": "0001", "emailAddress": "maskeds1@pc.fw.rakuten.ne.jp", "sex": "男",
            "birthYear": 1_990, "birthMonth": 1, "birthDay": 1,
        },
        "SettlementModel": {
            "settlementMethodCode": 1, "settlementMethod": "クレジットカード", "rpaySettlementFlag": 0,
            "cardName": "VISA", "cardNumber": "XXXX-XXXX-XXXX-0015", "cardOwner": "ICHIRO SHIKEN",
            "cardYm": "2030-01", "cardPayType": 2, "cardInstallmentDesc": "110",
        },
        "DeliveryModel": { "deliveryName": "宅配便", "deliveryClass": 2 },
        "PointModel": { "usedPoint": 10 },
        "WrappingModel1": {
            "title": 1, "name": "包装紙 青", "price": 100, "includeTaxFlag": 1, "deleteWrappingFlag": 0,
            "taxRate": 0.1, "taxPrice": 10,
        },
        "WrappingModel2": {
            "title": 2, "name": "リボン 赤", "price": 50, "includeTaxFlag": 0, "deleteWrappingFlag": 0,
            "taxRate": 0.1, "taxPrice": 5,
        },
        "PackageModelList": [package()],
        "CouponModelList": [
            { "couponCode": "SHOP-1", "itemId": 10_000_001, "couponName": "店のクーポン",
              "couponSummary": "300円引き", "couponCapital": "ショップ", "couponCapitalCode": 1,
              "expiryDate": "2026-12-31", "couponPrice": 150, "couponUnit": 2, "couponTotalPrice": 300,
              "itemDetailId": 2_001 },
            { "couponCode": "MALL-1", "itemId": 0, "couponName": "楽天のクーポン", "couponSummary": "",
              "couponCapital": "サービス", "couponCapitalCode": 3, "expiryDate": "2026-12-31",
              "couponPrice": 150, "couponUnit": 1, "couponTotalPrice": 150, "itemDetailId": 0 },
        ],
        "ChangeReasonModelList": [{
            "changeId": 1, "changeType": 8, "changeTypeDetail": null, "changeReason": null,
            "changeReasonDetail": null, "changeApplyDatetime": null, "changeFixDatetime": null,
            "changeCmplDatetime": "2026-11-22T09:06:02+0900",
        }],
        "TaxSummaryModelList": [
            { "taxRate": 0.1, "reqPrice": 1_160, "reqPriceTax": 105, "totalPrice": 1_500,
              "paymentCharge": 110, "couponPrice": 450, "point": 0 },
            { "taxRate": 0.08, "reqPrice": 2_160, "reqPriceTax": 160, "totalPrice": 2_160,
              "paymentCharge": 0, "couponPrice": 0, "point": 0 },
        ],
        "DueDateModelList": [
            { "dueDateType": 0, "dueDate": "2026-12-05" },
            { "dueDateType": 0, "dueDate": "2026-12-06" },
            { "dueDateType": 1, "dueDate": "2026-12-07" },
        ],
    })
}

/// The full order with one value put somewhere (`/PackageModelList/0/noshi`); parents must exist.
pub(super) fn order_with(changes: &[(&str, Value)]) -> Value {
    let mut order = full_order();
    for (pointer, value) in changes {
        put(&mut order, pointer, Some(value.clone()));
    }
    order
}

/// Puts or removes a value.
pub(super) fn put(document: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap(), value) {
        (Value::Object(object), Some(value)) => drop(object.insert(key.to_owned(), value)),
        (Value::Object(object), None) => drop(object.remove(key)),
        (Value::Array(list), Some(value)) => {
            let at: usize = key.parse().unwrap();
            if at < list.len() { list[at] = value } else { list.push(value) }
        }
        (Value::Array(list), None) => drop(list.remove(key.parse().unwrap())),
        _ => panic!("{pointer} has no parent"),
    }
}
