//! From Amazon's order to the snapshot (2.1, 2.3, traps 1, 6–8, 12).

use super::fixtures::{NUMBER, full_order, item, package, plain, plain_with, put, yen};
use super::{Amazon, snapshot, time};
use domain::hold::Hold;
use domain::snapshot::{Coded, Fulfillment, MallStage};
use domain::{Amount, Given, amount_check};
use mall_api::OrderSource;
use serde_json::json;

#[test]
fn the_full_order_becomes_this_snapshot() {
    let snapshot = snapshot(&full_order());
    assert_eq!(snapshot.facts.unknown, []);
    assert_eq!(amount_check::check(&snapshot.content).mismatches, []);
    insta::assert_snapshot!(serde_json::to_string_pretty(&snapshot).unwrap());
}

#[test]
fn each_status_has_its_stage_and_an_unknown_one_is_kept_f23() {
    for (code, stage) in [
        ("PENDING_AVAILABILITY", MallStage::MallProcessing),
        ("PENDING", MallStage::MallProcessing),
        ("UNSHIPPED", MallStage::Shippable),
        ("PARTIALLY_SHIPPED", MallStage::PartlyShipped),
        ("SHIPPED", MallStage::Shipped),
        ("CANCELLED", MallStage::Cancelled),
        ("UNFULFILLABLE", MallStage::Closed),
    ] {
        assert_eq!(snapshot(&plain(NUMBER, code)).facts.stage, stage, "{code}");
    }
    let odd = snapshot(&plain(NUMBER, "CANCELED")).facts;
    assert_eq!((odd.stage, odd.status.code.as_str()), (MallStage::Unknown, "CANCELED"));
    assert_eq!(odd.unknown[0].field, "fulfillment.fulfillmentStatus");
}

#[test]
fn a_pending_order_comes_without_address_and_price_and_nothing_is_made_up() {
    let mut order = plain(NUMBER, "PENDING");
    for pointer in [
        "/buyer",
        "/recipient",
        "/proceeds",
        "/payment",
        "/orderItems/0/proceeds",
        "/orderItems/0/product/price",
    ] {
        put(&mut order, pointer, None);
    }
    put(
        &mut order,
        "/orderItems/0/fulfillment",
        Some(json!({ "quantityFulfilled": 0, "quantityUnfulfilled": 0 })),
    );
    let read = snapshot(&order);
    assert_eq!(read.content.amounts.requested, Given::Value(Amount::Undecided));
    assert_eq!(read.content.amounts.goods, Given::NotGiven);
    assert!(read.content.recipients[0].address_awaited);
    assert!(amount_check::check(&read.content).undecided);
    let line = &read.content.lines[0];
    assert_eq!((line.quantity, line.cancelled_quantity), (2, 0));
    assert_eq!(line.unit_price, Given::NotGiven);
    // Its price, where it comes already, is kept.
    let priced = snapshot(&plain(NUMBER, "PENDING"));
    assert_eq!(priced.content.amounts.requested, Given::Value(Amount::yen(2_500)));
}

#[test]
fn buyer_data_that_is_missing_or_empty_never_wipes_what_was_read_before() {
    let mut order = full_order();
    put(&mut order, "/buyer", Some(json!({ "buyerName": "", "buyerEmail": null })));
    put(
        &mut order,
        "/recipient/deliveryAddress",
        Some(json!({ "name": "", "addressLine1": " ", "phone": null })),
    );
    let content = snapshot(&order).content;
    assert_eq!(content.buyer, domain::snapshot::Party::default());
    assert_eq!(content.recipients[0].party, domain::snapshot::Party::default());
    assert!(content.recipients[0].address_awaited && content.marks.contains(&"address_not_given".to_owned()));
    let shipped = snapshot(&plain_with("SHIPPED", &[("/recipient", json!({}))]));
    assert!(!shipped.content.recipients[0].address_awaited);
}

#[test]
fn fba_orders_are_marked_and_an_order_of_nobody_is_held() {
    let fba = snapshot(&plain_with("UNSHIPPED", &[("/fulfillment/fulfilledBy", json!("AMAZON"))]));
    assert_eq!((fba.content.fulfillment, fba.facts.hold), (Fulfillment::Fba, Hold::None));
    for (odd, raw) in [(json!(null), ""), (json!("ROBOT"), "ROBOT")] {
        let read = snapshot(&plain_with("UNSHIPPED", &[("/fulfillment/fulfilledBy", odd)]));
        assert_eq!(read.facts.hold, Hold::MallChecking);
        assert_eq!(read.facts.unknown[0].raw, raw);
    }
}

#[test]
fn only_the_cod_part_is_collected() {
    let payment = snapshot(&full_order()).content.payment;
    assert!(payment.cash_on_delivery && !payment.prepaid);
    assert_eq!(payment.collect_amount, Given::Value(Amount::yen(2_403)));
    assert_eq!(payment.terms.text(), "Amazonポイント 10円、ギフト券 317円、代金引換 2,403円");
    // Without PAYMENT the items still tell that it is paid at the door; how much is not known then.
    let mut hidden = full_order();
    put(&mut hidden, "/payment", None);
    let payment = snapshot(&hidden).content.payment;
    assert!(payment.cash_on_delivery);
    assert_eq!(payment.collect_amount, Given::Value(Amount::Undecided));
    let card = snapshot(&plain(NUMBER, "UNSHIPPED")).content.payment;
    assert_eq!((card.cash_on_delivery, card.collect_amount), (false, Given::NotGiven));
    let store = json!([{ "paymentMethod": "ConvenienceStore" }]);
    let store = snapshot(&plain_with("PENDING", &[("/payment/paymentExecutions", store)]));
    assert!(store.content.payment.prepaid);
    let odd = json!([{ "paymentMethod": "Barter" }]);
    let odd = snapshot(&plain_with("UNSHIPPED", &[("/payment/paymentExecutions", odd)]));
    assert_eq!(
        (odd.content.payment.method.code.as_str(), odd.facts.unknown[0].raw.as_str()),
        ("Barter", "Barter")
    );
}

#[test]
fn points_granted_are_a_cost_and_not_points_used() {
    let content = snapshot(&full_order()).content;
    assert_eq!(content.lines[0].points_granted, Given::Value(30));
    assert_eq!(content.amounts.points_used, Given::NotGiven);
}

#[test]
fn sums_that_do_not_add_up_are_kept_and_flagged_i13() {
    let off = snapshot(&plain_with("UNSHIPPED", &[("/proceeds/grandTotal", yen("2499"))]));
    assert_eq!(off.content.amounts.requested, Given::Value(Amount::yen(2_499)));
    assert_eq!(off.facts.cautions[0].code, "proceeds_differ");
    assert_eq!(amount_check::check(&off.content).mismatches.len(), 1);
    let good = snapshot(&plain(NUMBER, "UNSHIPPED"));
    assert_eq!(good.facts.cautions, []);
    assert_eq!(amount_check::check(&good.content).mismatches, []);
}

#[test]
fn amounts_are_exact_and_a_fraction_of_a_yen_is_kept_as_unknown_i13() {
    let read = |text: &str| snapshot(&plain_with("UNSHIPPED", &[("/proceeds/grandTotal", yen(text))]));
    assert_eq!(read("2500.00").content.amounts.requested, Given::Value(Amount::yen(2_500)));
    let odd = read("2500.5");
    assert_eq!(odd.content.amounts.requested, Given::Value(Amount::Undecided));
    assert_eq!(odd.facts.unknown[0].raw, "2500.5");
    let mixed = plain_with(
        "UNSHIPPED",
        &[(
            "/orderItems/0/proceeds/breakdowns/1/subtotal",
            json!({ "amount": "1.25", "currencyCode": "USD" }),
        )],
    );
    assert_eq!(snapshot(&mixed).content.amounts.postage.value().and_then(Amount::as_yen), None);
}

#[test]
fn a_request_to_cancel_holds_the_order_and_does_not_cancel_it() {
    let asked =
        json!({ "cancellationRequest": { "requester": "BUYER", "cancelReason": "ORDERED_BY_MISTAKE" } });
    let read = snapshot(&plain_with("UNSHIPPED", &[("/orderItems/0/cancellation", asked.clone())]));
    let cancel = read.facts.cancel.unwrap();
    assert_eq!(
        (cancel.done, cancel.by.as_str(), cancel.reason.code.as_str()),
        (false, "buyer", "ORDERED_BY_MISTAKE")
    );
    assert_eq!(
        (read.facts.stage, read.facts.status.code.as_str()),
        (MallStage::CancelRequested, "UNSHIPPED")
    );
    // Shipped already: it stays shipped, with the warning.
    let late = snapshot(&plain_with("SHIPPED", &[("/orderItems/0/cancellation", asked)]));
    assert_eq!(
        (late.facts.stage, late.facts.cautions[0].code.as_str()),
        (MallStage::Shipped, "cancel_requested")
    );
    let done = json!({ "cancellationExecution": { "cancelledBy": "MERCHANT", "cancelReason": "NO_STOCK" } });
    let read = snapshot(&plain_with(
        "CANCELLED",
        &[
            ("/orderItems/0/cancellation", done),
            ("/orderItems/0/fulfillment", json!({ "quantityFulfilled": 0, "quantityUnfulfilled": 0 })),
        ],
    ));
    let cancel = read.facts.cancel.unwrap();
    assert_eq!((cancel.done, cancel.by.as_str()), (true, "shop"));
    assert_eq!(read.content.lines[0].cancelled_quantity, 2);
}

#[test]
fn units_that_are_neither_shipped_nor_open_were_cancelled() {
    let read = snapshot(&full_order());
    assert_eq!((read.content.lines[0].quantity, read.content.lines[0].cancelled_quantity), (3, 1));
}

#[test]
fn a_replacement_costs_nothing_and_names_what_it_replaces() {
    let other = json!([{ "orderId": "250-0000009-0000009", "associationType": "REPLACEMENT_ORIGINAL_ID" }]);
    let content = snapshot(&plain_with("UNSHIPPED", &[("/associatedOrders", other)])).content;
    assert_eq!(content.mall_parent_id.text(), "250-0000009-0000009");
    assert!(content.marks.contains(&"replacement".to_owned()));
    assert_eq!(content.kind.value().unwrap().code, "replacement");
}

#[test]
fn a_scheduled_delivery_is_read_in_japan_time_and_a_whole_day_has_no_slot() {
    let wish = |from: &str, to: &str| {
        let window = json!({ "scheduledDeliveryWindow": { "earliestDateTime": from, "latestDateTime": to } });
        snapshot(&plain_with("UNSHIPPED", &[("/orderItems/0/fulfillment/shipping", window)])).content.delivery
    };
    let slot = wish("2026-11-24T23:00:00Z", "2026-11-25T03:00:00Z");
    assert_eq!(slot.deliver_on.value().unwrap().to_string(), "2026-11-25");
    assert_eq!(slot.deliver_slot, Given::Value(Coded::new("0800-1200", "8:00〜12:00")));
    for (from, to) in [
        ("2026-11-24T15:00:00Z", "2026-11-25T14:59:59Z"),
        ("2026-11-24T15:00:00Z", "2026-11-25T15:00:00Z"),
        ("2026-11-24T23:00:00Z", "2026-11-26T03:00:00Z"),
    ] {
        assert_eq!(wish(from, to).deliver_slot, Given::NotGiven);
    }
}

#[test]
fn packages_are_shipping_records_and_cancelled_ones_are_not() {
    let mut cancelled = package("2", "222", &[]);
    put(&mut cancelled, "/packageStatus/status", Some(json!("CANCELLED")));
    let order = plain_with("SHIPPED", &[("/packages", json!([package("1", "111", &[("a", 2)]), cancelled]))]);
    let shipments = snapshot(&order).facts.shipments;
    assert_eq!(shipments.len(), 1);
    assert_eq!((shipments[0].mall_ref.as_str(), shipments[0].tracking_number.as_str()), ("1", "111"));
    assert_eq!(shipments[0].shipped_on.unwrap().to_string(), "2026-11-22");
    assert_eq!((shipments[0].contents[0].line_key.as_str(), shipments[0].contents[0].quantity), ("a", 2));
}

#[test]
fn two_items_of_one_number_do_not_hide_each_other_and_gift_texts_are_joined() {
    let gift = |text: &str| json!({ "packing": { "giftOption": { "giftMessage": text } } });
    let (mut a, mut b) = (item("1", 1, "100"), item("1", 1, "200"));
    put(&mut a, "/fulfillment", Some(gift("おめでとう")));
    put(&mut b, "/fulfillment", Some(gift("ありがとう")));
    let content = snapshot(&plain_with("UNSHIPPED", &[("/orderItems", json!([a, b]))])).content;
    let keys: Vec<_> = content.lines.iter().map(|l| l.key.as_str()).collect();
    assert_eq!((keys, content.gift), (vec!["1", "1-2"], true));
    assert_eq!(content.recipients[0].gift_message.text(), "おめでとう\nありがとう");
    assert_eq!(content.amounts.goods, Given::Value(Amount::yen(300)));
}

#[test]
fn times_are_read_with_and_without_milliseconds_and_the_revision_is_the_last_update() {
    let read = snapshot(&plain(NUMBER, "UNSHIPPED"));
    assert_eq!(read.ordered_at, time("2026-11-21T03:00:00Z"));
    assert_eq!(read.facts.revision.as_deref(), Some("2026-11-21T04:00:00.123Z"));
    assert_eq!(read.facts.changed_at, Some(time("2026-11-21T04:00:00.123Z")));
    assert!(
        Amazon
            .read_document(
                plain_with("UNSHIPPED", &[("/createdTime", json!("2026-11-21"))]).to_string().as_bytes()
            )
            .is_err()
    );
}

#[test]
fn other_words_of_an_open_list_are_kept_f23() {
    let order = plain_with(
        "UNSHIPPED",
        &[
            ("/programs", json!(["FBM_SHIP_PLUS", "MOON"])),
            ("/recipient/deliveryAddress/addressType", json!("BOAT")),
            ("/fulfillment/fulfillmentServiceLevel", json!("WARP")),
            ("/orderItems/0/proceeds/breakdowns/1/type", json!("MAGIC")),
        ],
    );
    let read = snapshot(&order);
    let mut raws: Vec<_> = read.facts.unknown.iter().map(|u| u.raw.as_str()).collect();
    raws.sort_unstable();
    assert_eq!(raws, ["BOAT", "MAGIC", "MOON", "WARP"]);
    assert!(read.content.marks.contains(&"program:FBM_SHIP_PLUS".to_owned()));
    assert_eq!(read.content.amounts.other_fee, Given::Value(Amount::yen(500)));
}
