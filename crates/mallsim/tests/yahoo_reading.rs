//! Reading orders of Yahoo!ショッピング: lists, orders, counters, history, files (document 3, 4, 5, 7, 10, 11).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

#[path = "yahoo_client/mod.rs"]
mod yahoo_client;

use mallsim::{Request, SimConfig};
use serde_json::json;
use yahoo_client::{Client, DAY, HOUR, MINUTE, all, calm, one};

#[test]
fn held_orders_and_the_ten_minutes_are_hidden_by_default() {
    let mut c = Client::calm();
    let held = c.order(&["held"]);
    let fresh = c.add(json!({"traits": []})).remove(0);
    let plain = c.order(&[]);
    let ids = |c: &mut Client, more: &str| c.recent(DAY, more);
    assert_eq!(ids(&mut c, ""), [plain.as_str()]);
    let mut all_three =
        ids(&mut c, "<FraudHoldDisplayType>1</FraudHoldDisplayType><ReadOnlyMode>2</ReadOnlyMode>");
    all_three.sort();
    assert_eq!(all_three.len(), 3);
    assert_eq!(ids(&mut c, "<ReadOnlyMode>1</ReadOnlyMode>"), [fresh.as_str()]);
    assert_eq!(c.field(&fresh, "IsReadOnly"), "1");
    assert_eq!(c.field(&held, "FraudHoldStatus"), "1");
    c.wait(10 * MINUTE);
    assert!(ids(&mut c, "").contains(&fresh));
    assert!(!ids(&mut c, "").contains(&held));
}

#[test]
fn a_released_hold_has_its_old_order_time_and_a_new_publication_time() {
    let mut c = Client::calm();
    let held = c.order(&["held"]);
    let fraud = c.order(&["held_fraud"]);
    let ordered = c.field(&held, "OrderTime");
    c.wait(3 * DAY + HOUR);
    c.refresh();
    c.change_shop(json!({"key":"renew"}));
    assert_eq!(c.recent(DAY, ""), Vec::<String>::new(), "a walk by OrderTime loses it");
    let (from, to) = (c.stamp(-DAY), c.stamp(0));
    let condition = format!(
        "<PublicationTimeFrom>{from}</PublicationTimeFrom><PublicationTimeTo>{to}</PublicationTimeTo>"
    );
    let (_, body) = c.list(&condition, "", "OrderId,OrderTime,PublicationTime,FraudHoldStatus");
    assert_eq!(all(&body, "OrderId"), [held]);
    assert_eq!((one(&body, "OrderTime"), one(&body, "FraudHoldStatus")), (ordered, "2".to_owned()));
    assert_eq!(one(&body, "PublicationTime"), "2026-11-05T09:00:00+09:00");
    assert_eq!(c.field(&fraud, "FraudHoldStatus"), "3");
}

#[test]
fn pages_cover_everything_once_and_end_with_one_empty_element() {
    let mut c = Client::calm();
    for n in 1..=7 {
        let at = c.now - n * HOUR;
        c.add(json!({"at_ms": at, "traits": []}));
    }
    let condition = format!("<OrderTimeFrom>{}</OrderTimeFrom>", c.stamp(-DAY));
    let mut seen = Vec::new();
    for start in [1, 4, 7] {
        let (_, body) =
            c.list(&condition, &format!("<Result>3</Result><Start>{start}</Start>"), "OrderId,OrderTime");
        assert_eq!(one(&body, "TotalCount"), "7");
        assert!(body.contains(&format!("<Index>{start}</Index>")) && body.contains("<Result><Status>OK"));
        seen.extend(all(&body, "OrderTime").into_iter().zip(all(&body, "OrderId")));
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((sorted.len(), &sorted), (7, &seen), "oldest first");
    let (_, body) = c.list(&condition, "<Start>8</Start>", "OrderId");
    assert!(body.contains("<TotalCount>7</TotalCount><OrderInfo />"), "{body}");
    let (_, body) = c.list(&condition, "<Sort>-order_time</Sort>", "OrderTime");
    assert_eq!(all(&body, "OrderTime")[0], seen[6].0);
    let (_, body) = c.list("<OrderTime>20200101000000</OrderTime>", "", "OrderId");
    assert!(body.contains("<TotalCount>0</TotalCount></Search>"), "{body}");
}

#[test]
fn conditions_narrow_a_search_and_bad_ones_are_refused_in_the_lists_own_shape() {
    let mut c = Client::calm();
    let cod = c.order(&["cod"]);
    let gift = c.order(&["line_gift"]);
    let preorder = c.order(&["preorder"]);
    let prepaid = c.order(&["prepaid"]);
    let cases = [
        ("<PayMethod>payment_d1</PayMethod>", &cod),
        ("<LineGiftDisplayType>1</LineGiftDisplayType>", &gift),
        ("<LineGiftShippableType>2</LineGiftShippableType>", &gift),
        ("<OrderStatus>1</OrderStatus>", &preorder),
        ("<SettleStatus>2,3</SettleStatus>", &prepaid),
    ];
    for (condition, id) in cases {
        assert_eq!(c.recent(DAY, condition), std::slice::from_ref(id), "{condition}");
    }
    assert_eq!(c.list(&format!("<OrderId>{cod}</OrderId>"), "", "OrderId").1.matches(&cod).count(), 1);
    assert!(c.recent(DAY, "<YahooAuctionId>x</YahooAuctionId>").is_empty(), "returns nothing now");
    let good = "<OrderTime>20261102090000</OrderTime>";
    let bad = [
        ("<IsSeen>false</IsSeen>", "", "OrderId"),
        ("<LastUpdateTime>20261102090000</LastUpdateTime>", "", "OrderId"),
        ("<OrderTime>2026-11-02T09:00:00</OrderTime>", "", "OrderId"),
        (good, "", "OrderId,Nonsense"),
        (good, "", "OrderId, OrderTime"),
        (good, "", ""),
        (good, "<Result>2001</Result>", "OrderId"),
        (good, "<Start>0</Start>", "OrderId"),
        (good, "<Sort>total</Sort>", "OrderId"),
        ("<OrderTime>20261102090000</OrderTime><OrderStatus>7</OrderStatus>", "", "OrderId"),
        ("<OrderTime>20261102090000</OrderTime><Nonsense>7</Nonsense>", "", "OrderId"),
    ];
    for (condition, more, fields) in bad {
        let (status, body) = c.list(condition, more, fields);
        assert_eq!((status, one(&body, "Code").as_str()), (400, "od90101"), "{condition} {more} {fields}");
        assert!(body.contains("<Result><Status>NG</Status><Error>"));
    }
}

#[test]
fn only_asked_fields_come_back_in_groups_of_changing_order_with_cdata() {
    let mut c = Client::calm();
    let mut orders = std::collections::BTreeSet::new();
    for _ in 0..12 {
        let id = c.order(&["receipt", "options"]);
        let body = c.info(&id, "OrderId,BuyerComments,NeedBillSlip,ShipZipCode,TotalPrice,ItemId,ItemOption,Inscription,SellerId,IsLogin");
        assert!(
            body.contains("<ResultSet ") && body.contains(&format!("<OrderId><![CDATA[{id}]]></OrderId>"))
        );
        assert!(body.contains("<BuyerComments></BuyerComments>"), "empty value, empty element");
        assert_eq!(all(&body, "NeedBillSlip"), ["", "true"], "twice, the last counts");
        assert_eq!(all(&body, "Price")[..2], ["100".to_owned(), "0".to_owned()]);
        assert!(!body.contains("OrderTime") && !body.contains("<Inscription>"));
        let mut groups: Vec<(usize, &str)> = ["<Pay>", "<Ship>", "<Detail>", "<Item>", "<Seller>", "<Buyer>"]
            .map(|g| (body.find(g).unwrap(), g))
            .into();
        groups.sort_unstable();
        orders.insert(groups.into_iter().map(|(_, g)| g.to_owned()).collect::<Vec<_>>());
    }
    assert!(orders.len() > 3, "{orders:?}");
    let id = c.order(&[]);
    assert_eq!(one(&c.info(&id, "ItemId,ItemOption"), "ItemOption"), "");
    for field in ["OrderId,Nonsense", "Pay/PayStatus", ""] {
        let inside = format!("<Target><OrderId>{id}</OrderId><Field>{field}</Field></Target>");
        let (status, body) = c.call("orderInfo", &inside);
        assert_eq!((status, one(&body, "Code").as_str()), (400, "od90101"));
    }
    let (status, body) =
        c.call("orderInfo", "<Target><OrderId>snbx-mihon1-1</OrderId><Field>OrderId</Field></Target>");
    assert_eq!((status, one(&body, "Code").as_str()), (404, "od91801"));
    c.set(json!({"yahoo":{"loose_share":1.0}}));
    assert!(c.info(&id, "OrderId").contains("<OrderId>\n    <![CDATA["));
}

#[test]
fn every_invented_order_follows_the_sum_rule() {
    let mut c = Client::new(SimConfig { orders_per_shop: 150, ..calm() });
    let mut kinds = std::collections::BTreeSet::new();
    for order in c.sim.orders(c.now) {
        kinds.extend(order.traits.clone());
        if order.shop != "snbx-mihon1" {
            continue;
        }
        let body = c.info(
            &order.number,
            "UnitPrice,Quantity,GiftWrapCharge,ShipCharge,PayCharge,Discount,UsePoint,TotalMallCouponDiscount,\
             Adjustments,TotalPrice,PayMethodAmount,CombinedPayMethodAmount,TotalCouponDiscount,CouponDiscount",
        );
        let sum = |name: &str| all(&body, name).iter().map(|t| t.parse::<i64>().unwrap()).sum::<i64>();
        let amounts =
            |name: &str| all(&body, name).into_iter().map(|t| t.parse::<i64>().unwrap()).collect::<Vec<_>>();
        let goods: i64 = amounts("UnitPrice").iter().zip(amounts("Quantity")).map(|(p, q)| p * q).sum();
        let wanted = goods + sum("GiftWrapCharge") + sum("ShipCharge") + sum("PayCharge")
            - sum("Discount")
            - sum("UsePoint")
            - sum("TotalMallCouponDiscount")
            + sum("Adjustments");
        assert_eq!((sum("TotalPrice"), wanted >= 0), (wanted, true), "{body}");
        assert_eq!(sum("TotalCouponDiscount"), sum("CouponDiscount"));
        if !one(&body, "PayMethodAmount").is_empty() {
            assert_eq!(sum("PayMethodAmount") + sum("CombinedPayMethodAmount"), sum("TotalPrice"));
        }
    }
    assert!(kinds.len() >= 25, "{kinds:?}");
    let bad = c.order(&["bad_sums"]);
    assert_ne!(c.field(&bad, "TotalPrice"), c.field(&bad, "SettleAmount"));
}

#[test]
fn gifts_auctions_subscriptions_and_reservations_have_their_marks() {
    let mut c = Client::calm();
    let line = c.order(&["line_gift"]);
    let state = |c: &mut Client, id: &str| {
        let body = c.info(id, "ShipAddress1,IsLineGiftShippable,PayMethod,ShipZipCode");
        (one(&body, "ShipAddress1").is_empty(), one(&body, "IsLineGiftShippable"), one(&body, "PayMethod"))
    };
    assert_eq!(state(&mut c, &line), (true, "false".to_owned(), "payment_z3".to_owned()));
    let social = c.order(&["social_gift"]);
    let body = c.info(&social, "SocialGiftType,BillFirstName,BillAddress2,BillMailAddress,ShipLastName");
    assert_eq!(
        (one(&body, "SocialGiftType"), one(&body, "BillFirstName")),
        ("1".to_owned(), "ソーシャルギフト利用者".to_owned())
    );
    assert!(one(&body, "BillAddress2").ends_with("(発送元)") && !one(&body, "ShipLastName").is_empty());
    let auction = c.order(&["auction"]);
    let body = c.info(&auction, "ItemYahooAucId,YahooAuctionId,YahooAuctionBundleType");
    let lots = all(&body, "ItemYahooAucId");
    assert!(lots.len() >= 2 && lots[0] != lots[1] && one(&body, "YahooAuctionBundleType") == "1");
    let subscription = c.order(&["subscription"]);
    assert_eq!(c.field(&subscription, "SubscriptionId"), "", "minutes late");
    c.wait(3 * MINUTE);
    assert!(c.field(&subscription, "SubscriptionId").starts_with("teiki-20261102-snbx-mihon1-"));
    let preorder = c.add(json!({"traits":["preorder"],"lines":2,"visible":true})).remove(0);
    let days = all(&c.info(&preorder, "ReleaseDate"), "ReleaseDate");
    assert_eq!(days, ["2026-11-17", "2026-11-18"]);
    assert_eq!(c.field(&preorder, "OrderStatus"), "1");
    c.wait(6 * HOUR);
    c.refresh();
    assert_eq!(state(&mut c, &line), (false, "false".to_owned(), "payment_z3".to_owned()));
    c.wait(10 * MINUTE);
    assert_eq!(state(&mut c, &line).1, "true");
    c.wait(15 * DAY);
    c.change_shop(json!({"key":"renew"}));
    c.refresh();
    assert_eq!(c.field(&preorder, "OrderStatus"), "2");
}

#[test]
fn a_split_order_is_dead_and_its_two_children_hold_its_lines() {
    let mut c = Client::calm();
    let id = c.add(json!({"traits":["split","points"],"lines":3,"visible":true})).remove(0);
    let body = c.info(&id, "IsSplit,ChildOrderId");
    let children: Vec<String> = one(&body, "ChildOrderId").split(',').map(str::to_owned).collect();
    assert_eq!((one(&body, "IsSplit").as_str(), children.len()), ("true", 2));
    let mut lines = 0;
    for child in &children {
        let body = c.info(child, "ParentOrderId,ItemId,TotalPrice,LineId");
        assert_eq!((one(&body, "ParentOrderId"), all(&body, "LineId")[0].as_str()), (id.clone(), "1"));
        assert!(one(&body, "TotalPrice").parse::<i64>().unwrap() >= 0);
        lines += all(&body, "ItemId").len();
    }
    assert_eq!(lines, 3);
    assert_eq!(c.recent(DAY, "").len(), 3);
    assert_eq!(c.recent(DAY, "<IsActive>true</IsActive>").len(), 2);
    let (status, _) = c.notice(&id, "000011112222");
    assert_eq!((status, c.harm("split_parent_touched")), (400, 1));
    assert_eq!(c.notice(&children[0], "000011112222").0, 200);
}

#[test]
fn troubled_orders_are_troubled_on_the_wire_only() {
    let mut c = Client::calm();
    let hostile = c.order(&["hostile"]);
    assert!(c.field(&hostile, "BuyerComments").starts_with("]]><Inject>&amp;</Inject>"));
    let unread = c.order(&["unreadable"]);
    let inside = format!("<Target><OrderId>{unread}</OrderId><Field>OrderId</Field></Target>");
    let (status, body) = c.call("orderInfo", &inside);
    assert_eq!((status, one(&body, "Code").as_str()), (500, "od91001"));
    assert!(c.recent(DAY, "").contains(&unread));
    let late = c.order(&["late_listed"]);
    assert!(!c.recent(DAY, "").contains(&late));
    c.wait(30 * MINUTE);
    assert!(c.recent(DAY, "").contains(&late));
    let cases = [
        ("unknown_status", "OrderStatus", "9"),
        ("unknown_value", "PayMethod", "payment_x77"),
        ("old_dates", "OrderTime", "20261102093000"),
        ("missing_field", "OrderTime", ""),
    ];
    for (what, field, value) in cases {
        let id = c.order(&[what]);
        assert_eq!(c.field(&id, field), value);
    }
    let id = c.order(&["retyped_field"]);
    assert!(c.field(&id, "TotalPrice").ends_with('円'));
    let seen = c.sim.orders(c.now).into_iter().find(|o| o.traits == ["unknown_status"]).unwrap();
    assert_eq!(seen.status, "2");
}

#[test]
fn counters_and_history_tell_what_happened() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    c.order(&["prepaid"]);
    c.order(&["preorder"]);
    c.order(&["held"]);
    let seller = c.seller();
    let count = |c: &mut Client, name: &str| {
        let request = c.unsigned("GET", &format!("orderCount?sellerId={seller}"), "");
        let reply = c.send(&request);
        one(std::str::from_utf8(&reply.body).unwrap(), name)
    };
    for (name, n) in [("NewOrder", "2"), ("NewReserve", "1"), ("WaitPayment", "1"), ("WaitShipping", "1")] {
        assert_eq!(count(&mut c, name), n, "{name}");
    }
    assert_eq!(c.notice(&id, "000011112222").0, 200);
    assert_eq!((count(&mut c, "NewOrder"), count(&mut c, "WaitDone")), ("1".to_owned(), "1".to_owned()));
    let request = c.unsigned("GET", &format!("orderChangeHistory?sellerId=snbx-mihon1&orderId={id}"), "");
    let body = String::from_utf8(c.send(&request).body.to_vec()).unwrap();
    assert_eq!(all(&body, "HistoryId"), ["1", "2"]);
    assert!(
        body.contains("<Field><![CDATA[ShipInvoiceNumber1]]></Field><Value><![CDATA[000011112222]]></Value>")
    );
    assert!(
        body.contains("<Field><![CDATA[BillLastName]]></Field><Value></Value>"),
        "personal data is empty"
    );
    assert!(
        body.contains("ShippingCharge") && all(&body, "UpdatePerson").contains(&"snbx-mihon1".to_owned())
    );
    assert_eq!(c.field(&id, "Version"), "2");
}

#[test]
fn the_files_are_cp932_and_without_held_orders() {
    let mut c = Client::calm();
    let plain =
        c.add(json!({"traits":["remarks","inscription","store_coupon"],"lines":2,"visible":true})).remove(0);
    c.order(&["held"]);
    c.add(json!({"traits":[]}));
    c.edit(&plain, json!({"remarks":"髙﨑～①😀\n\"引用\""}));
    let get = |c: &mut Client, path: &str| {
        let reply = c.send(&Request::new("GET", &format!("/yahoo-csv/{path}")));
        assert_eq!(reply.find_header("Content-Type"), Some("text/csv; charset=Shift_JIS"));
        let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&reply.body);
        assert!(!broken);
        text.into_owned()
    };
    let orders = get(&mut c, "orders.csv");
    assert!(orders.starts_with("\"OrderId\",\"ParentOrderId\","));
    assert_eq!(orders.matches("\r\n").count(), 2, "head and one order");
    assert!(orders.contains("\"髙﨑～①?\n\"\"引用\"\"\""), "{orders}");
    assert!(orders.contains(&format!(",\"{plain}\"\r\n")) && orders.contains("\"2026/11/02 09:00:00\""));
    let total = c.field(&plain, "TotalPrice");
    let short = get(&mut c, "orders.csv?columns=Total,Id,OrderId");
    let number = plain.rsplit('-').next().unwrap();
    assert_eq!(short, format!("\"Total\",\"Id\",\"OrderId\"\r\n\"{total}\",\"{plain}\",\"{number}\"\r\n"));
    let items = get(&mut c, "items.csv");
    assert_eq!(items.matches("\r\n").count(), 3);
    assert!(items.contains("\"名入れ\""));
    assert_eq!(get(&mut c, "orders.csv?sellerId=snbx-mihon2").matches("\r\n").count(), 1);
    assert_eq!(c.send(&Request::new("GET", "/yahoo-csv/orders.csv?sellerId=x")).status, 404);
}

#[test]
fn the_same_seed_is_the_same_world() {
    let world = |seed: u64, orders: usize| {
        let c = Client::new(SimConfig { seed, orders_per_shop: orders, ..calm() });
        c.sim.orders(c.now).into_iter().map(|o| (o.number, o.traits, o.status)).collect::<Vec<_>>()
    };
    assert_eq!(world(5, 40), world(5, 40));
    assert_ne!(world(5, 40), world(6, 40));
    let mut lived =
        Client::new(SimConfig { orders_per_shop: 60, orders_over_ms: 30 * DAY, lived_share: 0.9, ..calm() });
    lived.sim.advance(lived.now);
    let done = lived.sim.orders(lived.now).iter().filter(|o| o.status == "5").count();
    assert!(done > 50, "{done}");
    assert!(lived.sim.duplicates().is_empty());
}

#[test]
fn fault_rules_spoil_xml_as_they_do_json() {
    let mut c = Client::calm();
    let ids: Vec<String> = (0..3).map(|_| c.order(&[])).collect();
    c.faults(json!([
        {"mall":"yahoo","operation":"orderList","at":{"call":1},"action":{"drop_item":{"index":1}}},
        {"operation":"orderList","at":{"call":2},"action":{"retype":{"field":"OrderId","to":"missing","index":0}}},
        {"operation":"orderInfo","at":{"call":1},"action":{"retype":{"field":"TotalPrice","to":"text"}}},
        {"operation":"orderInfo","at":{"call":2},"action":{"unknown_code":{"code":"od99999"}}},
        {"operation":"orderInfo","at":{"call":3},"action":{"too_many":{"retry_after":7}}},
        {"operation":"orderList","at":{"call":3},"action":{"shift_list":{"insert":1,"remove":2}}},
        {"operation":"orderInfo","at":{"call":4},"action":"key_expires"}
    ]));
    assert_eq!(c.recent(DAY, ""), [ids[0].clone(), ids[2].clone()]);
    assert_eq!(c.recent(DAY, ""), ids[1..]);
    assert!(c.field(&ids[0], "TotalPrice").ends_with("です"));
    let unknown = "<Target><OrderId>x</OrderId><Field>OrderId</Field></Target>";
    assert_eq!(one(&c.call("orderInfo", unknown).1, "Code"), "od99999");
    assert_eq!(c.call("orderInfo", unknown).0, 403);
    let shifted = c.recent(DAY, "");
    assert!(shifted.len() == 2 && !shifted.contains(&ids[0]) && shifted.contains(&ids[2]));
    assert_eq!(c.call("orderInfo", unknown).0, 401);
}
