//! What each part of the document becomes.

use super::fixtures::{ID, order_info, snapshot};
use super::time;
use crate::yahoo::mapping::read_order;
use domain::Given;
use domain::hold::Hold;
use domain::snapshot::{MallStage, Party};

fn unknown_fields(changes: &[(&str, &str)]) -> Vec<String> {
    snapshot(changes).facts.unknown.iter().map(|u| u.field.clone()).collect()
}

#[test]
fn the_full_order_becomes_this_snapshot() {
    let snapshot = snapshot(&[]);
    assert_eq!(snapshot.facts.unknown, []);
    insta::assert_snapshot!(serde_json::to_string_pretty(&snapshot).unwrap());
}

#[test]
fn the_snapshot_survives_its_storage() {
    let snapshot = snapshot(&[]);
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<domain::Snapshot>(&text).unwrap(), snapshot);
}

#[test]
fn payment_shipping_and_status_together_make_the_stage() {
    let of = |changes: &[(&str, &str)]| snapshot(changes).facts.stage;
    assert_eq!(of(&[]), MallStage::Shippable);
    assert_eq!(of(&[("ShipStatus", "0")]), MallStage::Shippable);
    assert_eq!(of(&[("PayStatus", "0")]), MallStage::MallProcessing);
    assert_eq!(of(&[("PayStatus", "0"), ("PayType", "0")]), MallStage::Shippable);
    for shipped in ["3", "4"] {
        assert_eq!(of(&[("ShipStatus", shipped)]), MallStage::Shipped);
    }
    assert_eq!(of(&[("OrderStatus", "1"), ("ShipStatus", "0")]), MallStage::MallProcessing);
    assert_eq!(of(&[("OrderStatus", "1"), ("ShipStatus", "1")]), MallStage::Shippable);
    for (code, stage) in [
        ("0", MallStage::MallProcessing),
        ("3", MallStage::ChangePending),
        ("4", MallStage::Cancelled),
        ("5", MallStage::Closed),
        ("8", MallStage::Unknown),
    ] {
        assert_eq!(of(&[("OrderStatus", code)]), stage, "{code}");
    }
}

#[test]
fn codes_nobody_knows_are_kept_and_shown_f23() {
    let odd = snapshot(&[("OrderStatus", "7")]);
    assert_eq!((odd.facts.stage, odd.facts.status.code.as_str()), (MallStage::Unknown, "7"));
    for field in
        ["OrderStatus", "PayStatus", "ShipStatus", "PayMethod", "SocialGiftType", "ArriveType", "CardPayType"]
    {
        assert_eq!(unknown_fields(&[(field, "97")]), [field], "{field}");
    }
    assert_eq!(
        unknown_fields(&[("ShipRequestDate", "soon"), ("NeedReceipt", "maybe")]),
        ["ShipRequestDate", "NeedReceipt"]
    );
}

#[test]
fn held_orders_are_held_and_a_release_says_when_frd1() {
    for raw in ["1", "3"] {
        assert_eq!(snapshot(&[("FraudHoldStatus", raw)]).facts.hold, Hold::Fraud { raw: raw.into() });
    }
    assert_eq!(snapshot(&[("FraudHoldStatus", "")]).facts.hold, Hold::None);
    let released = [("FraudHoldStatus", "2"), ("PublicationTime", "2026-11-23T10:00:00+09:00")];
    let released_at = Some(time("2026-11-23 10:00"));
    assert_eq!(snapshot(&released).facts.hold, Hold::Released { released_at });
    // A value of tomorrow holds too.
    let odd = snapshot(&[("FraudHoldStatus", "9")]);
    assert!(odd.facts.hold.is_fraud() && odd.facts.unknown.len() == 1);
}

#[test]
fn an_order_of_the_last_ten_minutes_waits() {
    let fresh = snapshot(&[("IsReadOnly", "1")]);
    assert_eq!((fresh.facts.hold, fresh.facts.stage), (Hold::MallChecking, MallStage::MallProcessing));
    let held = snapshot(&[("IsReadOnly", "1"), ("FraudHoldStatus", "1")]);
    assert!(held.facts.hold.is_fraud());
}

#[test]
fn a_cancel_says_by_whom_and_why() {
    let cancel = |changes: &[(&str, &str)]| snapshot(changes).facts.cancel;
    for (code, by, label) in [
        ("210", "shop", "欠品"),
        ("100", "buyer", "キャンセル"),
        ("300", "buyer", "間違えて注文した"),
        ("0", "mall", "システムによるキャンセル"),
    ] {
        let found = cancel(&[("OrderStatus", "4"), ("CancelReason", code)]).unwrap();
        assert_eq!((found.done, found.by.as_str(), found.reason.label.as_str()), (true, by, label));
    }
    assert_eq!(cancel(&[]), None);
    assert_eq!(cancel(&[("CancelReason", "0")]), None);
    assert!(!cancel(&[("CancelReason", "210")]).unwrap().done);
    assert_eq!(cancel(&[("OrderStatus", "4")]).unwrap().by, "unknown");
    assert_eq!(unknown_fields(&[("OrderStatus", "4"), ("CancelReason", "999")]), ["CancelReason"]);
}

#[test]
fn an_order_that_was_split_at_the_mall_is_dead_and_its_parts_name_it() {
    let split = snapshot(&[("ChildOrderId", "mihon-store-10000002,mihon-store-10000003")]);
    assert_eq!(split.facts.stage, MallStage::Cancelled);
    assert!(split.facts.cancel.unwrap().reason.label.contains("mihon-store-10000003"));
    let part = snapshot(&[("ParentOrderId", ID)]);
    assert_eq!((part.facts.stage, part.content.mall_parent_id.text()), (MallStage::Shippable, ID));
}

#[test]
fn line_gift_waits_for_its_address_and_has_a_deadline() {
    let deadline = ("ShippingDeadline", "2026-12-01T23:59:59+09:00");
    let waiting = snapshot(&[("IsLineGiftOrder", "true"), deadline]);
    let recipient = &waiting.content.recipients[0];
    assert!(recipient.address_awaited && waiting.content.gift);
    assert_eq!(recipient.party, Party::default());
    assert_eq!(waiting.facts.ship_by, Some(time("2026-12-01 23:59:59")));
    let ready = snapshot(&[("IsLineGiftOrder", "true"), ("IsLineGiftShippable", "true"), deadline]);
    assert!(!ready.content.recipients[0].address_awaited);
    assert_eq!(ready.content.recipients[0].party.family_name.text(), "見本");
}

#[test]
fn the_masked_orderer_of_a_social_gift_is_nobody() {
    let gift = snapshot(&[
        ("SocialGiftType", "1"),
        ("BillLastName", "見本ストア"),
        ("BillFirstName", "ソーシャルギフト利用者"),
        ("BillAddress2", "見本ビル(発送元)"),
    ]);
    assert_eq!(gift.content.buyer, Party::default());
    assert!(gift.content.marks.contains(&"buyer_masked".to_owned()) && gift.content.gift);
    assert_eq!(gift.content.recipients[0].party.given_name.text(), "花子");
    let csv = snapshot(&[("SocialGiftType", "(absent)"), ("BillFirstName", "ソーシャルギフト利用者")]);
    assert_eq!(csv.content.buyer, Party::default());
    let typed = snapshot(&[("SocialGiftType", "2")]);
    assert_eq!(typed.content.buyer.family_name.text(), "見本");
    assert!(typed.content.marks.contains(&"social_gift:address".to_owned()));
}

#[test]
fn reservation_subscription_and_auction_are_kinds() {
    let kind = |changes: &[(&str, &str)]| snapshot(changes).content.kind.value().unwrap().code.clone();
    assert_eq!(kind(&[]), "normal");
    assert_eq!(kind(&[("OrderStatus", "1")]), "preorder");
    assert_eq!(kind(&[("ReleaseDate", "2026-12-24")]), "preorder");
    assert_eq!(kind(&[("IsSubscription", "true")]), "subscription");
    assert_eq!(kind(&[("IsYahooAuctionOrder", "true")]), "auction");
    let bundled = snapshot(&[("IsYahooAuctionOrder", "true"), ("ItemYahooAucId", "x1000000001")]);
    assert!(bundled.content.lines[0].marks.contains(&"auction:x1000000001".to_owned()));
}

#[test]
fn records_at_the_mall_have_two_numbers_or_a_reason() {
    let of = |changes: &[(&str, &str)]| snapshot(changes).facts.shipments;
    assert_eq!(of(&[]), []);
    let two = of(&[
        ("ShipInvoiceNumber1", "400000000010"),
        ("ShipInvoiceNumber2", "400000000021"),
        ("ShipDate", "2026-11-22"),
    ]);
    let refs: Vec<_> = two.iter().map(|r| (r.mall_ref.as_str(), r.tracking_number.as_str())).collect();
    assert_eq!(refs, [("1", "400000000010"), ("2", "400000000021")]);
    assert_eq!(
        (two[1].carrier_code.as_str(), two[1].shipped_on),
        ("1001", Some(jiff::civil::date(2026, 11, 22)))
    );
    assert_eq!(of(&[("ShipInvoiceNumberEmptyReason", "105")])[0].mall_ref, "no-number:105");
    assert_eq!(of(&[("ShipStatus", "3")])[0].mall_ref, "1");
}

#[test]
fn times_of_every_style_are_japan_time() {
    for text in [
        "2026-11-22T09:05:00+09:00",
        "20261122090500",
        "2026-11-22 09:05:00",
        "2026/11/22 9:05",
        "2026-11-22T00:05:00Z",
    ] {
        assert_eq!(snapshot(&[("OrderTime", text)]).ordered_at, time("2026-11-22 09:05"), "{text}");
    }
    for text in ["2026-13-01T00:00:00+09:00", "yesterday", "20261122", "2026112209050"] {
        let read = read_order(order_info(&[("OrderTime", text)]).as_bytes());
        // A day alone is midnight; everything else is refused, naming the field.
        match text {
            "20261122" => assert_eq!(read.unwrap().ordered_at, time("2026-11-22")),
            _ => assert!(read.unwrap_err().to_string().starts_with("OrderTime"), "{text}"),
        }
    }
}

#[test]
fn what_the_mall_does_not_send_is_not_given_and_what_it_empties_is_cleared() {
    let absent = snapshot(&[("ShipRequestTime", "(absent)"), ("BillAddress2", "(absent)")]);
    assert_eq!(absent.content.delivery.deliver_slot, Given::NotGiven);
    assert_eq!(absent.content.buyer.address2, Given::NotGiven);
    let emptied = snapshot(&[("ShipRequestTime", ""), ("BillAddress2", "")]);
    assert_eq!(emptied.content.delivery.deliver_slot, Given::Cleared);
    assert_eq!(emptied.content.buyer.address2, Given::Cleared);
}

#[test]
fn each_needed_field_is_named_when_it_is_missing_or_wrong_f24() {
    for (field, values) in [
        ("OrderId", &["(absent)", ""][..]),
        ("OrderTime", &["(absent)", "", "soon"]),
        ("OrderStatus", &["(absent)", ""]),
        ("LineId", &["(absent)"]),
        ("Quantity", &["(absent)", "", "-1", "1.5", "1000000", "二"]),
        ("UnitPrice", &["1,500", "円"]),
        ("TotalPrice", &["x", "1.5"]),
        ("Adjustments", &["x"]),
        ("CouponDiscount", &["x"]),
    ] {
        for value in values {
            let error = read_order(order_info(&[(field, value)]).as_bytes()).unwrap_err().to_string();
            assert!(
                error.contains(field) && (value.is_empty() || !error.contains(value)),
                "{field} {value}: {error}"
            );
        }
    }
}

#[test]
fn card_numbers_in_free_text_are_masked_and_marked() {
    let found = snapshot(&[("BuyerComments", "カード 4111-1111-1111-1111 です")]);
    assert!(found.content.buyer_note.text().starts_with("カード ****-****-****-**** です"));
    assert!(found.content.marks.contains(&"card_number_masked".to_owned()));
}

#[test]
fn a_prank_mark_and_a_failed_settlement_are_cautions() {
    let codes = |changes: &[(&str, &str)]| -> Vec<String> {
        snapshot(changes).facts.cautions.iter().map(|c| c.code.clone()).collect()
    };
    assert_eq!(codes(&[("Suspect", "1"), ("SettleStatus", "10")]), ["suspect:1", "settle:10"]);
    assert!(codes(&[]).is_empty());
}

#[test]
fn the_revision_is_the_same_from_list_and_details_and_moves_with_every_state() {
    let base = snapshot(&[]).facts.revision.unwrap();
    for (field, value) in [
        ("Version", "4"),
        ("LastUpdateTime", "2026-11-22T09:20:01+09:00"),
        ("FraudHoldStatus", "2"),
        ("IsReadOnly", "1"),
        ("IsLineGiftShippable", "true"),
        ("PayStatus", "0"),
        ("ShipStatus", "3"),
    ] {
        assert_ne!(snapshot(&[(field, value)]).facts.revision.unwrap(), base, "{field}");
    }
    // Empty, 0 and false are the same state, and so is the same moment in another style.
    let same = [("FraudHoldStatus", ""), ("IsReadOnly", "false"), ("LastUpdateTime", "20261122092000")];
    assert_eq!(snapshot(&same).facts.revision.unwrap(), base);
    assert_eq!(snapshot(&[("Version", ""), ("LastUpdateTime", "")]).facts.revision, None);
}
