//! Documents as Amazon sends them (amazon.md 2.1), every field filled once. All people are invented.

use serde_json::{Value, json};

/// Number of the full order.
pub(super) const NUMBER: &str = "250-0000001-0000001";
/// Its items.
pub(super) const ITEM_A: &str = "00000000000001";
pub(super) const ITEM_B: &str = "00000000000002";

pub(super) fn yen(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "JPY" })
}

/// A plain order of one item, to be shipped.
pub(super) fn plain(number: &str, status: &str) -> Value {
    json!({
        "orderId": number, "createdTime": "2026-11-21T03:00:00Z", "lastUpdatedTime": "2026-11-21T04:00:00.123Z",
        "salesChannel": { "channelName": "AMAZON", "marketplaceId": "A1VC38T7YXB528", "marketplaceName": "Amazon.co.jp" },
        "buyer": { "buyerName": "試験 一郎", "buyerEmail": "x1@marketplace.amazon.co.jp" },
        "recipient": { "deliveryAddress": {
            "name": "見本 花子", "addressLine1": "札幌市架空区見本町1-2-3", "stateOrRegion": "北海道",
            "postalCode": "0600001", "countryCode": "JP", "phone": "011-000-0000", "addressType": "RESIDENTIAL",
        } },
        "proceeds": { "grandTotal": yen("2500") },
        "payment": { "paymentExecutions": [{ "paymentMethod": "CreditCard", "paymentAmount": yen("2500") }] },
        "fulfillment": { "fulfillmentStatus": status, "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD" },
        "orderItems": [item(ITEM_A, 2, "1000")],
    })
}

pub(super) fn item(id: &str, quantity: i64, unit: &str) -> Value {
    let total = unit.parse::<i64>().unwrap() * quantity;
    json!({
        "orderItemId": id, "quantityOrdered": quantity,
        "product": { "asin": "B000000001", "title": "見本の茶葉 100g", "sellerSku": "TEA-100",
            "price": { "unitPrice": yen(unit) } },
        "proceeds": { "proceedsTotal": yen(&(total + 500).to_string()), "breakdowns": [
            { "type": "ITEM", "subtotal": yen(&total.to_string()) },
            { "type": "SHIPPING", "subtotal": yen("500") },
        ] },
        "fulfillment": { "quantityFulfilled": 0, "quantityUnfulfilled": quantity },
    })
}

/// A package that stands at Amazon.
pub(super) fn package(reference: &str, number: &str, items: &[(&str, i64)]) -> Value {
    let items: Vec<Value> =
        items.iter().map(|(id, units)| json!({ "orderItemId": id, "quantity": units })).collect();
    json!({
        "packageReferenceId": reference, "createdTime": "2026-11-22T01:00:00Z",
        "packageStatus": { "status": "SHIPPED", "detailedStatus": "X" },
        "carrier": "YAMATO", "shipTime": "2026-11-22T01:00:00Z", "shippingService": "宅急便",
        "trackingNumber": number, "packageItems": items,
    })
}

/// An order with every field we know, partly shipped, paid at the door.
pub(super) fn full_order() -> Value {
    let mut first = item(ITEM_A, 3, "1000");
    for (pointer, value) in [
        ("/measurement", json!({ "unit": "GRAMS", "value": 100 })),
        ("/programs", json!(["TRANSPARENCY"])),
        (
            "/product/condition",
            json!({ "conditionType": "USED", "conditionSubtype": "GOOD", "conditionNote": "" }),
        ),
        ("/product/price/priceDesignation", json!("BUSINESS_PRICE")),
        ("/product/customization", json!({ "customizedUrl": "https://example.com/custom.zip" })),
        ("/product/serialNumbers", json!(["S-1"])),
        (
            "/expense",
            json!({ "pointsCost": { "pointsGranted": { "pointsNumber": 30, "pointsMonetaryValue": yen("30") } } }),
        ),
        ("/promotion", json!({ "breakdowns": [{ "promotionId": "SALE-1" }] })),
        ("/fulfillment/quantityFulfilled", json!(1)),
        ("/fulfillment/quantityUnfulfilled", json!(1)),
        (
            "/fulfillment/packing",
            json!({
                "giftOption": { "giftMessage": "おめでとう", "giftWrapLevel": "紙" },
                "serialNumberRequirement": { "requirementType": "REQUIRED" },
            }),
        ),
        (
            "/fulfillment/shipping",
            json!({
                "scheduledDeliveryWindow": { "earliestDateTime": "2026-11-25T05:00:00Z", "latestDateTime": "2026-11-25T07:00:00Z" },
                "shippingConstraints": { "cashOnDelivery": "MANDATORY", "signatureConfirmation": "MANDATORY" },
            }),
        ),
    ] {
        put(&mut first, pointer, Some(value));
    }
    let breakdowns = json!([
        { "type": "ITEM", "subtotal": yen("2000") },
        { "type": "SHIPPING", "subtotal": yen("500") },
        { "type": "GIFT_WRAP", "subtotal": yen("100") },
        { "type": "COD_FEE", "subtotal": yen("330.00") },
        { "type": "DISCOUNT", "subtotal": yen("-200"), "detailedBreakdowns": [{ "subtype": "ITEM", "value": yen("-200") }] },
        { "type": "TAX", "subtotal": yen("272"), "detailedBreakdowns": [{ "subtype": "ITEM", "value": yen("272") }] },
    ]);
    put(&mut first, "/proceeds/breakdowns", Some(breakdowns));
    put(&mut first, "/proceeds/proceedsTotal", Some(yen("2730")));
    let mut order = plain(NUMBER, "PARTIALLY_SHIPPED");
    for (pointer, value) in [
        ("/orderAliases", json!([{ "aliasId": "SHOP-1", "aliasType": "SELLER_ORDER_ID" }])),
        ("/programs", json!(["AMAZON_BUSINESS", "PRIME"])),
        ("/associatedOrders", json!([])),
        ("/buyer/buyerCompanyName", json!("架空商事")),
        ("/buyer/buyerPurchaseOrderNumber", json!("PO-1")),
        ("/recipient/deliveryAddress/companyName", json!("架空商事")),
        ("/recipient/deliveryAddress/addressLine2", json!("見本ビル2F")),
        ("/recipient/deliveryAddress/addressLine3", json!("")),
        ("/recipient/deliveryAddress/city", json!("")),
        ("/recipient/deliveryAddress/addressType", json!("COMMERCIAL")),
        (
            "/recipient/deliveryPreference",
            json!({
                "dropOffLocation": "DELIVERY_BOX", "addressInstruction": "裏口へ",
                "deliveryCapabilities": ["HAS_ACCESS_POINT"],
                "deliveryTime": { "businessHours": [] },
            }),
        ),
        ("/proceeds/grandTotal", yen("2730.00")),
        (
            "/payment/paymentExecutions",
            json!([
                { "paymentMethod": "PointsAccount", "paymentAmount": yen("10") },
                { "paymentMethod": "GC", "paymentAmount": yen("317") },
                { "paymentMethod": "CashOnDelivery", "paymentAmount": yen("2403") },
            ]),
        ),
        ("/fulfillment/fulfillmentServiceLevel", json!("SCHEDULED")),
        (
            "/fulfillment/shipByWindow",
            json!({ "earliestDateTime": "2026-11-22T00:00:00Z", "latestDateTime": "2026-11-24T14:59:59Z" }),
        ),
        ("/fulfillment/deliverByWindow", json!({ "latestDateTime": "2026-11-26T14:59:59Z" })),
        ("/orderItems", json!([first])),
        ("/packages", json!([package("7", "400000000010", &[(ITEM_A, 1)])])),
    ] {
        put(&mut order, pointer, Some(value));
    }
    order
}

/// A plain order with one value put somewhere; parents must exist.
pub(super) fn plain_with(status: &str, changes: &[(&str, Value)]) -> Value {
    let mut order = plain(NUMBER, status);
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
