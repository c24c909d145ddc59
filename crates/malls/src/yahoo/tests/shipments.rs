//! orderShipStatusChange: decisions and calls (6.1, F26, I3).

use super::fixtures::{ID, snapshot};
use super::{Yahoo, body_of, now, settings, xml};
use domain::write::{Outcome, SendMode, Step, WantedParcel, WriteKind};
use domain::{ParcelId, Snapshot, StepId};
use mall_api::{CallDraft, Decision, OrderWriter, Outgoing};
use std::sync::Arc;

fn parcel(number: &str) -> WantedParcel {
    WantedParcel {
        parcel_id: ParcelId(1),
        version: 1,
        recipient_key: "1".into(),
        carrier_code: "1001".into(),
        tracking_number: number.into(),
        shipped_on: Some(jiff::civil::date(2026, 11, 22)),
        mall_ref: None,
        contents: Vec::new(),
    }
}

fn steps(parcels: &[WantedParcel]) -> Vec<Step> {
    let step = |(n, parcel): (usize, &WantedParcel)| Step {
        step_id: StepId(n as i64 + 1),
        kind: WriteKind::ShipmentNotice,
        mall_order_id: ID.into(),
        parcel: Some(parcel.clone()),
        target: None,
    };
    parcels.iter().enumerate().map(step).collect()
}

fn decide(parcels: &[WantedParcel], order: &[(&str, &str)]) -> Vec<Decision> {
    Yahoo.decide(&steps(parcels), &snapshot(order))
}

fn refusal(parcels: &[WantedParcel], order: &[(&str, &str)]) -> String {
    match decide(parcels, order).remove(0) {
        Decision::Refuse { reason } | Decision::NotNow { reason } => reason.code,
        other => panic!("{other:?}"),
    }
}

const ADD: Decision = Decision::Send(SendMode::Add);

fn update(slot: &str) -> Decision {
    Decision::Send(SendMode::Update { mall_ref: slot.into() })
}

fn there(slot: &str) -> Decision {
    Decision::AlreadyThere { mall_ref: Some(slot.into()) }
}

const SHIPPED: [(&str, &str); 3] =
    [("ShipStatus", "3"), ("ShipInvoiceNumber1", "400000000010"), ("ShipDate", "2026-11-22")];

#[test]
fn what_stands_at_the_mall_is_not_sent_again_i3() {
    assert_eq!(decide(&[parcel("4000-0000-0010")], &SHIPPED), [there("1")]);
    assert_eq!(decide(&[parcel("400000000010")], &[]), [ADD]);
    // The number stands there, the status does not.
    assert_eq!(decide(&[parcel("400000000010")], &SHIPPED[1..]), [update("1")]);
    // Arrived: nothing is left to report, whatever stands there.
    assert_eq!(
        decide(&[parcel("9")], &[("ShipStatus", "4")])[0],
        Decision::AlreadyThere { mall_ref: Some("1".into()) }
    );
}

#[test]
fn a_second_parcel_takes_the_second_place_and_a_third_none() {
    let two = [parcel("400000000010"), parcel("400000000021")];
    assert_eq!(decide(&two, &[]), [ADD, ADD]);
    assert_eq!(decide(&two, &SHIPPED), [there("1"), ADD]);
    let three = [parcel("400000000010"), parcel("400000000021"), parcel("400000000032")];
    let decided = decide(&three, &[]);
    assert_eq!(decided[..2], [ADD, ADD]);
    assert!(matches!(&decided[2], Decision::Refuse { reason } if reason.code == "YAHOO_TOO_MANY_PARCELS"));
}

#[test]
fn a_corrected_number_takes_its_own_place_and_another_date_is_corrected() {
    let mut corrected = parcel("400000000043");
    corrected.mall_ref = Some("1".into());
    assert_eq!(decide(&[corrected], &SHIPPED), [update("1")]);
    let mut later = parcel("400000000010");
    later.shipped_on = Some(jiff::civil::date(2026, 11, 23));
    assert_eq!(decide(&[later.clone()], &SHIPPED), [update("1")]);
    // The mall has one date for both parcels of an order: another parcel's date is no difference.
    assert_eq!(decide(&[later, parcel("")], &SHIPPED)[0], there("1"));
    let mut carrier = parcel("400000000010");
    carrier.carrier_code = "1002".into();
    assert_eq!(decide(&[carrier], &SHIPPED), [update("1")]);
}

#[test]
fn held_orders_are_refused_and_unready_ones_wait_f21_y03() {
    let one = [parcel("400000000010")];
    for (order, code) in [
        (vec![("FraudHoldStatus", "1")], "od90166"),
        (vec![("FraudHoldStatus", "3")], "od90166"),
        (vec![("IsReadOnly", "1")], "mall_holds_order"),
        (vec![("PayStatus", "0")], "mall_not_ready"),
        (vec![("OrderStatus", "3")], "mall_not_ready"),
        (vec![("OrderStatus", "4")], "cancelled_at_mall"),
        (vec![("OrderStatus", "8")], "mall_status_unknown"),
        (vec![("ChildOrderId", "b,c")], "YAHOO_SPLIT_PARENT"),
        (vec![("IsLineGiftOrder", "true")], "YAHOO_LINE_GIFT_WAITS"),
    ] {
        assert_eq!(refusal(&one, &order), code);
    }
    assert!(matches!(decide(&one, &[("FraudHoldStatus", "1")])[0], Decision::Refuse { .. }));
    assert!(matches!(decide(&one, &[("PayStatus", "0")])[0], Decision::NotNow { .. }));
    // A hold that ended is none.
    assert_eq!(decide(&one, &[("FraudHoldStatus", "2")]), [ADD]);
}

#[test]
fn numbers_follow_the_rules_of_the_mall() {
    let with = |carrier: &str, number: &str| {
        let mut parcel = parcel(number);
        parcel.carrier_code = carrier.into();
        decide(&[parcel], &[]).remove(0)
    };
    for (carrier, number) in [
        ("1001", "12345678901234"),
        ("1001", "1234-5678-9012"),
        ("1003", "12345678901"),
        ("1003", "AB123456789JP"),
        ("1002", "A1"),
        ("", "x"),
        ("1001", ""),
    ] {
        assert_eq!(with(carrier, number), ADD, "{carrier} {number}");
    }
    for (carrier, number, code) in [
        ("1001", "123456789012345", "YAHOO_NUMBER_YAMATO"),
        ("1001", "A23456789012", "YAHOO_NUMBER_YAMATO"),
        ("1003", "1234567890", "YAHOO_NUMBER_POST"),
        ("1003", "12345678901234", "YAHOO_NUMBER_POST"),
        ("1002", "1 2", "tracking_number_not_sendable"),
        ("1002", "１２", "tracking_number_not_sendable"),
        ("1002", "1234567890123456789012345678901", "tracking_number_not_sendable"),
    ] {
        assert!(
            matches!(with(carrier, number), Decision::Refuse { reason } if reason.code == code),
            "{number}"
        );
    }
    let mut other = parcel("2");
    other.carrier_code = "1002".into();
    let decided = decide(&[parcel("1"), other], &[]);
    assert!(matches!(&decided[1], Decision::Refuse { reason } if reason.code == "YAHOO_ONE_CARRIER"));
}

#[test]
fn a_reason_for_no_number_excludes_a_number_also_one_that_stands_at_the_mall() {
    let reason = [("ShipInvoiceNumberEmptyReason", "101")];
    assert_eq!(refusal(&[parcel("400000000010")], &reason), "YAHOO_REASON_STANDS");
    let blank = build(&[parcel("")], &reason, &[]);
    assert!(!body(&blank).contains("EmptyReason"));
    let done = [reason[0], ("ShipStatus", "3"), ("ShipDate", "2026-11-22")];
    assert_eq!(decide(&[parcel("")], &done), [there("no-number:101")]);
}

fn outgoing(parcels: &[WantedParcel], order: &[(&str, &str)]) -> Vec<Outgoing> {
    let order: Arc<Snapshot> = Arc::new(snapshot(order));
    let send = |step: Step| Outgoing { step, mode: SendMode::Add, order: Some(Arc::clone(&order)) };
    steps(parcels).into_iter().map(send).collect()
}

fn build(parcels: &[WantedParcel], order: &[(&str, &str)], pairs: &[(&str, &str)]) -> CallDraft {
    let mut drafts = Yahoo.build(WriteKind::ShipmentNotice, &outgoing(parcels, order), &settings(pairs));
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

fn body(draft: &CallDraft) -> String {
    body_of(&draft.request)
}

#[test]
fn one_call_sets_status_carrier_numbers_and_date() {
    let draft =
        build(&[parcel("4000-0000-0010"), parcel("400000000021")], &[], &[("operation_user", "帳場")]);
    assert_eq!(
        body(&draft),
        format!(
            "<Req><SellerId>mihon-store</SellerId><Target><OrderId>{ID}</OrderId><IsPointFix>true</IsPointFix><OperationUser>帳場</OperationUser></Target><Order><Ship><ShipStatus>3</ShipStatus><ShipCompanyCode>1001</ShipCompanyCode><ShipInvoiceNumber1>400000000010</ShipInvoiceNumber1><ShipInvoiceNumber2>400000000021</ShipInvoiceNumber2><ShipDate>20261122</ShipDate></Ship></Order></Req>"
        )
    );
    assert_eq!(draft.request.path, "/ShoppingWebService/V1/orderShipStatusChange");
    assert_eq!(draft.items, [StepId(1), StepId(2)]);
    assert!(
        !draft.request.headers.iter().any(|(name, _)| name.starts_with("x-sws") || name == "authorization")
    );
}

#[test]
fn a_later_parcel_says_the_first_number_again() {
    let text = body(&build(&[parcel("400000000021")], &SHIPPED, &[]));
    assert!(text.contains("<ShipInvoiceNumber1>400000000010</ShipInvoiceNumber1><ShipInvoiceNumber2>400000000021</ShipInvoiceNumber2>"));
    let mut corrected = parcel("400000000043");
    corrected.mall_ref = Some("1".into());
    let text = body(&build(&[corrected], &SHIPPED, &[]));
    assert!(text.contains("<ShipInvoiceNumber1>400000000043<") && !text.contains("ShipInvoiceNumber2"));
}

#[test]
fn blanks_are_left_out_and_a_missing_number_has_its_reason() {
    let mut bare = parcel("");
    bare.carrier_code.clear();
    bare.shipped_on = None;
    let text = body(&build(&[bare.clone()], &[], &[]));
    assert!(text.contains("<Ship><ShipStatus>3</ShipStatus><ShipInvoiceNumberEmptyReason>105</ShipInvoiceNumberEmptyReason></Ship>"));
    assert!(body(&build(&[bare.clone()], &[], &[("no_number_reason", "101")])).contains(">101<"));
    assert!(
        body(&build(&[bare], &[], &[("no_number_reason", "0")]))
            .contains("<Ship><ShipStatus>3</ShipStatus></Ship>")
    );
}

#[test]
fn every_order_has_a_call_of_its_own() {
    let mut all = outgoing(&[parcel("1"), parcel("2")], &[]);
    all[1].step.mall_order_id = "mihon-store-2".into();
    let drafts = Yahoo.build(WriteKind::ShipmentNotice, &all, &settings(&[]));
    assert_eq!(
        drafts.iter().map(|d| d.items.clone()).collect::<Vec<_>>(),
        [vec![StepId(1)], vec![StepId(2)]]
    );
}

#[test]
fn the_outcome_names_the_place_so_that_a_correction_finds_it() {
    let draft = build(&[parcel("400000000021")], &SHIPPED, &[]);
    let answer = xml(200, "<ResultSet ok=\"1\" ng=\"0\"><Result><Status>OK</Status></Result></ResultSet>");
    let reading = Yahoo.read_answer(&draft, &answer, now());
    assert_eq!(
        reading.outcomes,
        [(StepId(1), Outcome::Applied { warnings: vec![], mall_ref: Some("2".into()) })]
    );
}
