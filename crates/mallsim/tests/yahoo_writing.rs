//! Changing orders of Yahoo!ショッピング: shipping, completion, cancels, payment, and what the mall counts as harm
//! (document 5.4, 5.6, 6, 7).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

#[path = "yahoo_client/mod.rs"]
mod yahoo_client;

use mallsim::{Effect, End};
use serde_json::json;
use yahoo_client::{Client, DAY, HOUR, PAY_CALL, SHIP_CALL, STATUS_CALL, all, calm, notice_xml, one};

const NUMBER: &str = "000011112222";

fn code(answer: &(u16, String)) -> (u16, String) {
    (answer.0, one(&answer.1, "Code"))
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn mails(c: &Client, id: &str, what: &str) -> usize {
    let about = |e: &&mallsim::Entry| matches!(&e.effect, Effect::Mailed { about, .. } if about == what);
    c.sim.effects().of(id).iter().filter(about).count()
}

#[test]
fn shipping_and_completion_are_two_calls_with_a_pause_between() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    assert_eq!(code(&c.status(&id, 5, "")), is(400, "od90180"), "not shipped");
    let (status, body) = c.notice(&id, NUMBER);
    assert_eq!((status, one(&body, "Status").as_str()), (200, "OK"));
    assert!(body.contains("ok=\"1\" ng=\"0\"") && !body.contains("Warning"));
    c.wait(9_999);
    assert_eq!(code(&c.status(&id, 5, "")), is(400, "od90180"), "too soon");
    c.wait(1);
    assert_eq!(code(&c.status(&id, 5, "")), is(200, ""));
    let body = c.info(&id, "OrderStatus,ShipStatus,ShipInvoiceNumber1,ShipCompanyCode,ShipDate,IsSeen");
    let got = ["OrderStatus", "ShipStatus", "ShipInvoiceNumber1", "ShipCompanyCode", "ShipDate", "IsSeen"]
        .map(|n| one(&body, n));
    assert_eq!(got, ["5", "3", NUMBER, "1001", "2026-11-02", "true"]);
    let kinds: Vec<_> = c.sim.effects().of(&id).iter().map(|e| e.effect.clone()).collect();
    assert!(
        matches!(&kinds[0], Effect::ShippingAdded { number, carrier, .. } if number == NUMBER && carrier == "1001")
    );
    assert_eq!(kinds.len(), 4, "added, mailed, two moves: {kinds:?}");
    assert!(c.sim.duplicates().is_empty() && c.sim.effects().counters().notes.is_empty());
    c.wait(2 * DAY);
    c.sim.advance(c.now);
    let parcels = c.sim.orders(c.now)[0].parcels.clone();
    assert_eq!(parcels["ShipStatus"], 4, "the carrier reported");
    c.set(json!({"yahoo":{"complete_refused_ms":null}}));
    c.change_shop(json!({"key":"renew"}));
    c.refresh();
    let id = c.order(&[]);
    c.notice(&id, NUMBER);
    assert_eq!(c.status(&id, 5, "").0, 200, "switched off");
}

#[test]
fn completion_needs_the_money_unless_it_is_paid_on_delivery() {
    let mut c = Client::calm();
    c.set(json!({"yahoo":{"complete_refused_ms":null}}));
    for (what, wanted) in [("prepaid", is(400, "od90180")), ("cod", is(200, ""))] {
        let id = c.order(&[what]);
        c.notice(&id, NUMBER);
        assert_eq!(code(&c.status(&id, 5, "")), wanted);
    }
}

#[test]
fn a_second_notice_of_the_same_parcel_is_a_duplicate_and_a_changed_number_is_counted_apart() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    c.notice(&id, NUMBER);
    c.notice(&id, NUMBER);
    assert_eq!((c.harm("ship_notice_again"), mails(&c, &id, "shipped")), (1, 2));
    let found = c.sim.duplicates();
    assert_eq!((found.len(), found[0].count, found[0].basket.as_str()), (1, 2, "shipped"));
    assert_eq!((found[0].number.as_str(), found[0].order.as_str()), (NUMBER, id.as_str()));
    let other = c.order(&[]);
    c.notice(&other, NUMBER);
    c.notice(&other, "000011113333");
    assert_eq!((c.harm("number_changed_after_shipping"), c.sim.duplicates().len()), (1, 1));
    let changed =
        c.sim.effects().of(&other).iter().any(|e| matches!(&e.effect, Effect::ShippingUpdated { .. }));
    assert!(changed);
    // back and again is a second mail as well
    let back = c.order(&[]);
    c.notice(&back, NUMBER);
    c.ship(&back, "<ShipStatus>2</ShipStatus>");
    c.notice(&back, NUMBER);
    assert_eq!((c.harm("ship_notice_again"), c.sim.duplicates().len()), (2, 2));
    c.set(json!({"yahoo":{"ship_again_warns":true}}));
    assert_eq!(code(&c.notice(&back, NUMBER)), is(200, "od91705"));
}

#[test]
fn completion_twice_is_a_warning_and_counted() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    c.notice(&id, NUMBER);
    c.wait(10_000);
    assert_eq!(code(&c.status(&id, 5, "")), is(200, ""));
    assert_eq!(code(&c.status(&id, 5, "")), is(200, "od91705"));
    assert_eq!(c.harm("completed_again"), 1);
    assert_eq!(c.sim.duplicates()[0].basket, "completed");
}

#[test]
fn held_orders_take_a_cancel_and_nothing_else() {
    let mut c = Client::calm();
    let id = c.order(&["held"]);
    assert_eq!(code(&c.notice(&id, NUMBER)), is(400, "od90166"));
    assert_eq!(code(&c.status(&id, 3, "")), is(400, "od90166"));
    assert_eq!(c.harm("held_order_touched"), 2);
    assert!(c.sim.effects().of(&id).is_empty());
    assert_eq!(code(&c.status(&id, 4, "")), is(200, ""));
    let released = c.order(&["held"]);
    c.edit(&released, json!({"hold":2}));
    assert_eq!(c.notice(&released, NUMBER).0, 200);
}

#[test]
fn the_buyers_ten_minutes_are_not_disturbed() {
    let mut c = Client::calm();
    let id = c.add(json!({"traits":[]})).remove(0);
    assert_eq!(code(&c.notice(&id, NUMBER)), is(400, "od90183"));
    c.edit(&id, json!({"cancel":true}));
    let body = c.info(&id, "OrderStatus,CancelReason");
    assert_eq!((one(&body, "OrderStatus"), one(&body, "CancelReason")), ("4".to_owned(), "300".to_owned()));
    assert_eq!(c.harm("cancelled_by_api"), 0);
    let id = c.add(json!({"traits":[]})).remove(0);
    c.wait(600_000);
    assert_eq!(c.notice(&id, NUMBER).0, 200);
}

#[test]
fn the_table_of_order_status_is_kept() {
    let mut c = Client::calm();
    let from = |c: &mut Client, status: i64, traits: &[&str]| {
        let id = c.order(traits);
        c.edit(&id, json!({"status":status,"ship_status":3}));
        id
    };
    let moves: [(i64, &[&str], i64, bool); 22] = [
        (1, &[], 2, false),
        (1, &[], 3, false),
        (1, &[], 4, true),
        (1, &[], 5, true),
        (2, &[], 1, false),
        (2, &[], 3, true),
        (2, &[], 4, true),
        (2, &[], 5, true),
        (2, &["prank"], 5, false),
        (2, &["prank"], 4, true),
        (3, &[], 1, false),
        (3, &["preorder"], 1, true),
        (3, &[], 2, true),
        (3, &["prank"], 2, false),
        (3, &[], 4, true),
        (3, &[], 5, true),
        (4, &[], 1, false),
        (4, &[], 2, false),
        (4, &[], 5, false),
        (5, &["pay_pay"], 2, false),
        (5, &[], 3, false),
        (5, &[], 4, true),
    ];
    for (status, traits, to, goes) in moves {
        let id = from(&mut c, status, traits);
        let (answer, body) = c.status(&id, to, "");
        assert_eq!(answer == 200, goes, "{status} {traits:?} to {to}: {body}");
        let now = if goes { to } else { status };
        assert_eq!(c.field(&id, "OrderStatus"), now.to_string());
    }
    let (_, body) = {
        let id = from(&mut c, 4, &[]);
        c.notice(&id, NUMBER)
    };
    assert!(body.contains("Cannot Be Operated : CancelOrder OrderStatus"));
    let id = from(&mut c, 3, &[]);
    assert_eq!(c.notice(&id, NUMBER).0, 400, "on hold");
}

#[test]
fn a_reopened_order_is_completed_again_after_180_days_and_never_held_again() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    c.edit(&id, json!({"status":5,"ship_status":3,"set":{"PayMethod":"payment_a1"}}));
    assert_eq!(c.status(&id, 2, "").0, 200);
    assert_eq!(c.status(&id, 3, "").0, 400);
    c.wait(180 * DAY - 1);
    c.sim.advance(c.now);
    assert_eq!(c.sim.orders(c.now)[0].status, "2");
    c.wait(1);
    c.sim.advance(c.now);
    assert_eq!(c.sim.orders(c.now)[0].status, "5");
}

#[test]
fn cancels_mail_the_buyer_are_counted_and_need_their_reason() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    for bad in [
        "<CancelReason>230</CancelReason>",
        "<CancelReason>230</CancelReason><CancelReasonDetail>短い</CancelReasonDetail>",
        "<CancelReason>300</CancelReason>",
        "<CancelReason>999</CancelReason>",
    ] {
        assert_eq!(code(&c.status(&id, 4, bad)), is(400, "od90101"), "{bad}");
    }
    let good = "<CancelReason>230</CancelReason><CancelReasonDetail>見本の理由を十文字以上で書く</CancelReasonDetail>";
    assert_eq!(code(&c.status(&id, 4, good)), is(200, ""));
    assert_eq!((c.harm("cancelled_by_api"), mails(&c, &id, "cancelled")), (1, 1));
    assert_eq!(code(&c.status(&id, 4, "")), is(200, "od91705"));
    assert_eq!((c.harm("cancelled_by_api"), mails(&c, &id, "cancelled")), (1, 1));

    c.set(json!({"yahoo":{"cancel_late_ms":60_000}}));
    c.change_shop(json!({"stock_link_fails":true}));
    let late = c.add(json!({"traits":[],"lines":2,"visible":true})).remove(0);
    let (_, body) = c.status(&late, 4, "");
    assert_eq!(all(&body, "Code"), ["od91704", "od91130"]);
    assert_eq!(one(&body, "LineIds"), "1,2");
    assert_eq!(c.field(&late, "OrderStatus"), "2");
    c.wait(60_000);
    let body = c.info(&late, "OrderStatus,CancelReason");
    assert_eq!((one(&body, "OrderStatus"), one(&body, "CancelReason")), ("4".to_owned(), "210".to_owned()));
}

#[test]
fn tracking_numbers_follow_the_rules_of_their_carrier() {
    let mut c = Client::calm();
    let with = |carrier: &str, rest: &str| {
        format!("<ShipStatus>3</ShipStatus><ShipCompanyCode>{carrier}</ShipCompanyCode>{rest}")
    };
    let number = |n: &str| format!("<ShipInvoiceNumber1>{n}</ShipInvoiceNumber1>");
    let reason = "<ShipInvoiceNumberEmptyReason>105</ShipInvoiceNumberEmptyReason>";
    let id = c.order(&[]);
    let bad = [
        with("1001", &number("0000-1111-22223")),
        with("1001", &number("00001111222A")),
        with("1003", &number("0000-1111-222")),
        with("1003", &number("0000111122")),
        with("1000", &number("A_1")),
        with("103", &number(NUMBER)),
        with("1001", &format!("{}{reason}", number(NUMBER))),
        with("1001", "<ShipInvoiceNumberEmptyReason>106</ShipInvoiceNumberEmptyReason>"),
        with("1001", "<ShipDate>2026-11-02</ShipDate>"),
        with("1001", "<ShipMethod>postage15</ShipMethod>"),
        with("1001", "<Nonsense>1</Nonsense>"),
        "<ShipStatus>5</ShipStatus>".to_owned(),
        String::new(),
    ];
    for ship in bad {
        assert_eq!(code(&c.ship(&id, &ship)), is(400, "od90101"), "{ship}");
    }
    assert!(c.sim.effects().of(&id).is_empty(), "nothing was taken over");
    assert_eq!(c.ship(&id, &with("1001", reason)).0, 200);
    let stored = c.ship(&id, &with("1001", &number(NUMBER)));
    assert_eq!(code(&stored), is(400, "od90101"), "the stored reason stands against it");
    let clear = format!("{}<ShipInvoiceNumberEmptyReason></ShipInvoiceNumberEmptyReason>", number(NUMBER));
    assert_eq!(c.ship(&id, &with("1001", &clear)).0, 200);
    // the carrier tied to the method wins
    let id = c.order(&[]);
    assert_eq!(c.ship(&id, &with("1000", "<ShipMethod>postage3</ShipMethod>")).0, 200);
    assert_eq!(c.field(&id, "ShipCompanyCode"), "1002");
    // IsPointFix must be there and right
    let target = format!("<Target><OrderId>{id}</OrderId><IsPointFix>false</IsPointFix></Target>");
    let ship = format!("{target}<Order><Ship>{}</Ship></Order>", notice_xml(NUMBER));
    assert_eq!(code(&c.call(SHIP_CALL, &ship)), is(400, "od90101"));
    let target = format!("<Target><OrderId>{id}</OrderId><IsPointFix>true</IsPointFix></Target>");
    let hold = format!("{target}<Order><OrderStatus>3</OrderStatus></Order>");
    assert_eq!(code(&c.call(STATUS_CALL, &hold)), is(400, "od90101"));
    assert_eq!(code(&c.notice("snbx-mihon2-10000001", NUMBER)), is(404, "od91801"));
}

#[test]
fn a_line_gift_ships_only_when_it_is_shippable() {
    let mut c = Client::calm();
    let id = c.order(&["line_gift"]);
    assert_eq!(code(&c.notice(&id, NUMBER)), is(400, "od90150"));
    c.edit(&id, json!({"gift_shippable":true}));
    assert_eq!(c.notice(&id, NUMBER).0, 200);
}

#[test]
fn the_shop_says_that_a_bank_transfer_was_paid_and_the_mall_says_so_of_the_rest() {
    let mut c = Client::calm();
    let pay = |c: &mut Client, id: &str, status: &str, date: &str| {
        let target = format!("<Target><OrderId>{id}</OrderId></Target>");
        let pay = format!("<Pay><PayStatus>{status}</PayStatus><PayDate>{date}</PayDate></Pay>");
        let answer = c.call(PAY_CALL, &format!("{target}<Order>{pay}</Order>"));
        code(&answer)
    };
    let bank = c.order(&["bank_transfer"]);
    assert_eq!(pay(&mut c, &bank, "2", "20261102"), is(400, "od90101"));
    assert_eq!(pay(&mut c, &bank, "1", "2026-11-02"), is(400, "od90101"));
    assert_eq!(pay(&mut c, &bank, "1", "20261101"), is(200, ""));
    assert_eq!(pay(&mut c, &bank, "1", "20261101"), is(200, "od91705"));
    assert_eq!(c.field(&bank, "PayDate"), "2026-11-01");
    let store = c.order(&["prepaid"]);
    assert_eq!(pay(&mut c, &store, "1", "20261102"), is(400, "od90150"));
    c.wait(DAY);
    c.change_shop(json!({"key":"renew"}));
    c.refresh();
    let body = c.info(&store, "PayStatus,SettleStatus");
    assert_eq!((one(&body, "PayStatus"), one(&body, "SettleStatus")), ("1".to_owned(), "3".to_owned()));
    let unpaid = c.order(&["unpaid"]);
    c.wait(2 * DAY);
    c.change_shop(json!({"key":"renew"}));
    c.refresh();
    assert_eq!(c.field(&unpaid, "PayStatus"), "0");
}

#[test]
fn effects_show_what_a_lost_answer_did() {
    let mut c = Client::calm();
    let id = c.order(&[]);
    c.faults(json!([
        {"operation":SHIP_CALL,"at":{"call":1},"action":"apply_then_timeout"},
        {"operation":STATUS_CALL,"at":{"call":1},"action":{"apply_late":{"after_ms":30_000}}}
    ]));
    let target = format!("<Target><OrderId>{id}</OrderId><IsPointFix>true</IsPointFix></Target>");
    let send = |c: &mut Client, api: &str, order: &str| {
        let xml = format!("<Req>{target}<Order>{order}</Order><SellerId>{}</SellerId></Req>", c.seller());
        let request = c.signed("POST", api, &xml);
        c.sim.handle(&request, c.now).end
    };
    assert_eq!(send(&mut c, SHIP_CALL, &format!("<Ship>{}</Ship>", notice_xml(NUMBER))), End::Hang);
    assert_eq!((mails(&c, &id, "shipped"), c.field(&id, "ShipStatus")), (1, "3".to_owned()));
    assert_eq!(send(&mut c, STATUS_CALL, "<OrderStatus>5</OrderStatus>"), End::Closed);
    assert_eq!(c.field(&id, "OrderStatus"), "2");
    c.wait(30_000);
    assert_eq!(c.field(&id, "OrderStatus"), "5");
}

#[test]
fn buyers_cancel_and_change_their_payment_by_themselves() {
    let mut config = calm();
    config.settings.world.buyer_cancel_share = 1.0;
    let mut c = Client::new(config);
    let id = c.add(json!({"traits":[]})).remove(0);
    c.wait(600_000);
    assert_eq!(c.field(&id, "OrderStatus"), "4");
    let mut c = Client::calm();
    let id = c.order(&["pay_change"]);
    assert_eq!(c.field(&id, "IsPayMethodChangePossible"), "true");
    c.wait(20 * HOUR);
    c.change_shop(json!({"key":"renew"}));
    c.refresh();
    assert_eq!(c.field(&id, "PayMethod"), "payment_a17");
    c.wait(30 * HOUR);
    c.change_shop(json!({"key":"renew"}));
    c.refresh();
    assert_eq!(c.field(&id, "IsPayMethodChangePossible"), "false");
}

#[test]
fn control_edits_what_buyers_and_staff_could() {
    let mut c = Client::calm();
    let id = c.add(json!({"traits":[],"lines":2,"visible":true})).remove(0);
    let before: i64 = c.field(&id, "TotalPrice").parse().unwrap();
    let edit = json!({"address":{"city":"架空市変更町","zip":"000-1234"},"remarks":"変更","amounts":{"discount":50},
                      "set":{"Notes":"見本メモ","StoreStatus":"3"}});
    c.edit(&id, edit);
    let body = c.info(&id, "ShipCity,ShipZipCode,BuyerComments,TotalPrice,Notes,Version");
    let got = ["ShipCity", "ShipZipCode", "BuyerComments", "Notes", "Version"].map(|n| one(&body, n));
    assert_eq!(got, ["架空市変更町", "000-1234", "変更", "見本メモ", "2"]);
    assert_eq!(one(&body, "TotalPrice"), (before - 50).to_string());
    let children = c.edit(&id, json!({"split":true}))["children"].clone();
    assert_eq!(children.as_array().unwrap().len(), 2);
    for bad in [
        json!({"nonsense":1}),
        json!({"address":{"street":"x"}}),
        json!({"amounts":{"tip":1}}),
        json!({"set":{"Nonsense":"x"}}),
        json!({"ordered_ms":-1}),
    ] {
        assert!(c.sim.edit_order(&id, &bad, c.now).is_err(), "{bad}");
    }
    for bad in [
        json!({"mall":"yahoo","traits":["x"]}),
        json!({"mall":"yahoo","shop":"x"}),
        json!({"mall":"yahoo","at_ms":-1}),
    ] {
        assert!(c.sim.add_orders(&bad, c.now).is_err(), "{bad}");
    }
}
