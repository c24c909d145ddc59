//! What bulk work decides of one order, rule by rule.

use super::*;
use domain::hold::Hold;
use domain::order::{Flag, HandlingClass, OrderFacts};
use domain::snapshot::{Fulfillment, MallStage};
use domain::{ParcelId, PhaseKey};
use serde_json::json;
use store::orders::OrderForRules;

fn parcel() -> Parcel {
    Parcel {
        parcel_id: ParcelId(7),
        recipient_key: "10".into(),
        carrier: Some("yamato".into()),
        tracking_number: "400000000013".into(),
        shipped_on: None,
        version: 1,
        mall_ref: None,
        sent_version: 0,
        contents: Vec::new(),
    }
}

fn order() -> OrderAtWork {
    OrderAtWork {
        order: OrderForRules {
            seq: OrderSeq(1),
            shop_id: ShopId(1),
            mall_order_id: "100-1".into(),
            version: 3,
            parent: None,
            confirm_state: NoticeState::NotSent,
            mall_status: "300".into(),
            flags: 0,
            facts: OrderFacts {
                phase: "new".into(),
                handling_class: HandlingClass::Normal,
                fulfillment: Fulfillment::Seller,
                notice_state: NoticeState::NotSent,
                grouping: Grouping::None,
                provisional: false,
                hold: Hold::None,
                mall_stage: MallStage::Shippable,
                mall_status: "発送待ち".into(),
                mall_cancel: false,
                recipient_keys: vec!["10".into()],
                parcels: vec![parcel()],
            },
        },
        ship_on: None,
        shipping_method: None,
        printed_at: None,
        paid_on: None,
        has_children: false,
        erased: false,
        tags: Vec::new(),
    }
}

fn held() -> OrderAtWork {
    let mut at = order();
    at.order.facts.hold = Hold::Fraud { raw: "1".into() };
    at.order.flags = Flag::FraudHold.bit();
    at
}

fn known() -> Known {
    let phase = |key: &str, ship_date_required| Phase {
        phase: key.into(),
        name: key.to_owned(),
        position: 1,
        ship_date_required,
    };
    Known {
        phases: vec![
            phase("new", false),
            phase("awaiting_shipment", false),
            phase("shipped", true),
            phase("cancelled", false),
        ],
        guards: BTreeMap::from([(ShopId(1), MoveSettings::default())]),
        with_notice: BTreeSet::from([ShopId(1)]),
        now: UtcMillis(1_000),
        ..Known::default()
    }
}

fn to(phase: &str, override_fraud_hold: bool) -> BulkAction {
    BulkAction::Move { phase: phase.into(), override_fraud_hold }
}

fn code(decided: Result<Work, Reason>) -> String {
    decided.unwrap_err().code
}

#[test]
fn a_held_order_moves_only_to_cancel_or_with_the_right_and_the_flag_frd2_frd4() {
    let with_right = Known { may_override: true, ..known() };
    let go = |action: &BulkAction, known: &Known| decide(action, &held(), None, known);
    for known in [&known(), &with_right] {
        assert_eq!(code(go(&to("awaiting_shipment", false), known)), "fraud_hold_blocks_move");
        assert!(go(&BulkAction::cancel_here(), known).is_ok());
    }
    assert_eq!(code(go(&to("awaiting_shipment", true), &known())), "fraud_hold_blocks_move");
    let moved = go(&to("awaiting_shipment", true), &with_right).unwrap();
    assert_eq!(moved.step, Step::Move { to: "awaiting_shipment".into(), override_fraud_hold: true });
}

#[test]
fn a_move_writes_down_where_the_order_was_and_undo_goes_back_only_from_where_it_left_it() {
    let action = to("awaiting_shipment", false);
    let work = decide(&action, &order(), None, &known()).unwrap();
    assert_eq!(work.before, Some(json!({"phase": "new"})));
    let undo = BulkAction::Undo { of: Box::new(action) };
    let mut there = order();
    there.order.facts.phase = "awaiting_shipment".into();
    let back = decide(&undo, &there, work.before.as_ref(), &known()).unwrap();
    assert_eq!(back.step, Step::Move { to: PhaseKey::from("new"), override_fraud_hold: false });
    there.order.facts.phase = "cancelled".into();
    assert_eq!(code(decide(&undo, &there, work.before.as_ref(), &known())), "changed_since_job");
    assert_eq!(code(decide(&undo, &there, None, &known())), "record_unreadable");
}

#[test]
fn undo_of_a_move_never_moves_an_order_that_is_held_by_now_frd2() {
    let undo = BulkAction::Undo { of: Box::new(to("awaiting_shipment", false)) };
    let mut there = held();
    there.order.facts.phase = "awaiting_shipment".into();
    let decided = decide(&undo, &there, Some(&json!({"phase": "new"})), &known());
    assert_eq!(code(decided), "fraud_hold_blocks_move");
}

#[test]
fn a_move_asks_the_phases_own_rules_and_a_phase_that_is_gone_takes_nothing() {
    assert_eq!(code(decide(&to("shipped", false), &order(), None, &known())), "ship_date_required");
    assert_eq!(code(decide(&to("new", false), &order(), None, &known())), "already_in_phase");
    assert_eq!(code(decide(&to("gone", false), &order(), None, &known())), "phase_gone");
}

#[test]
fn every_undoable_action_has_a_way_back_to_what_was() {
    let day = jiff::civil::date(2026, 11, 22);
    let mut tagged = order();
    tagged.tags = vec!["急ぎ".into()];
    let mut planned = order();
    planned.ship_on = Some("2026-11-22".into());
    let mut classed = order();
    classed.order.facts.handling_class = HandlingClass::OnHold;
    let mut printed = order();
    printed.printed_at = Some(UtcMillis(1_000));
    let cases = [
        (
            BulkAction::Plan { ship_on: Some(Some(day)), shipping_method: None },
            planned,
            Step::Plan { ship_on: Some(None), shipping_method: None },
        ),
        (
            BulkAction::Tag { tag: "急ぎ".into(), on: true },
            tagged,
            Step::Tag { tag: "急ぎ".into(), on: false },
        ),
        (
            BulkAction::HandlingClass { class: HandlingClass::OnHold },
            classed,
            Step::Class(HandlingClass::Normal),
        ),
        (BulkAction::Printed { printed: true }, printed, Step::Printed(None)),
    ];
    for (action, after, expected) in cases {
        assert!(action.is_undoable());
        let done = decide(&action, &order(), None, &known()).unwrap();
        assert_eq!(code(decide(&action, &after, None, &known())), "nothing_to_change", "{action:?}");
        let undo = BulkAction::Undo { of: Box::new(action.clone()) };
        let back = decide(&undo, &after, done.before.as_ref(), &known()).unwrap();
        assert_eq!(back.step, expected);
        let changed = decide(&undo, &order(), done.before.as_ref(), &known());
        assert_eq!(code(changed), "changed_since_job", "{action:?}: it does not stand any more");
    }
    let undo = BulkAction::Undo { of: Box::new(BulkAction::Unbundle {}) };
    assert_eq!(code(decide(&undo, &order(), Some(&json!({})), &known())), "not_undoable");
}

#[test]
fn a_pasted_number_corrects_the_only_parcel_and_keeps_what_was_not_pasted() {
    let input = json!({"tracking_number": "４０００-0000-0024"});
    let work = decide(&BulkAction::Parcels {}, &order(), Some(&input), &known()).unwrap();
    let Step::Parcels(changes) = work.step else { panic!("{:?}", work.step) };
    assert_eq!(changes[0].parcel_id, Some(ParcelId(7)));
    assert_eq!(changes[0].tracking_number, "400000000024");
    assert_eq!(changes[0].carrier, Some("yamato".into()));
}

#[test]
fn parcels_in_flight_or_of_several_recipients_are_left_to_the_order_page_f32() {
    type Change = fn(&mut OrderAtWork);
    let cases: [(&str, Change); 4] = [
        ("notice_in_flight", |o| o.order.facts.notice_state = NoticeState::InFlight),
        ("several_recipients", |o| o.order.facts.recipient_keys.push("11".into())),
        ("several_parcels", |o| o.order.facts.parcels.push(parcel())),
        ("provisional_order", |o| o.order.facts.provisional = true),
    ];
    let input = json!({"tracking_number": "400000000024"});
    for (expected, change) in cases {
        let mut at = order();
        change(&mut at);
        assert_eq!(code(decide(&BulkAction::Parcels {}, &at, Some(&input), &known())), expected);
    }
    assert_eq!(
        code(decide(&BulkAction::Parcels {}, &order(), Some(&json!({"x": 1})), &known())),
        "record_unreadable"
    );
}

#[test]
fn a_number_twice_and_a_wrong_check_digit_are_said_and_not_refused() {
    let input = json!({"tracking_number": "400000000014", "carrier": "yamato"});
    let mut known = known();
    known.numbers.insert("400000000014".into(), BTreeSet::from([OrderSeq(1), OrderSeq(9)]));
    let said = warnings(&BulkAction::Parcels {}, &order(), Some(&input), &known);
    let codes: Vec<&str> = said.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["tracking_number_check_digit", "tracking_number_twice"]);
    assert!(decide(&BulkAction::Parcels {}, &order(), Some(&input), &known).is_ok());
}

#[test]
fn ship_date_and_carrier_go_to_every_parcel_of_the_only_recipient() {
    let day = jiff::civil::date(2026, 11, 22);
    let action = BulkAction::ShipDate { carrier: Some("sagawa".into()), shipped_on: Some(day) };
    let mut at = order();
    at.order.facts.parcels.push(Parcel { parcel_id: ParcelId(8), ..parcel() });
    let Step::Parcels(changes) = decide(&action, &at, None, &known()).unwrap().step else { panic!() };
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|c| c.shipped_on == Some(day) && c.tracking_number == "400000000013"));
    at.order.facts.recipient_keys.push("11".into());
    assert_eq!(code(decide(&action, &at, None, &known())), "several_recipients");
}

#[test]
fn the_notice_state_is_set_by_the_rule_of_one_order_ntf7_f32() {
    let to = |to| BulkAction::NoticeState { to };
    let mut at = order();
    at.order.facts.notice_state = NoticeState::SendFailed;
    let step = decide(&to(NoticeState::NotSent), &at, None, &known()).unwrap().step;
    assert_eq!(step, Step::Notice(NoticeState::NotSent));
    assert_eq!(code(decide(&to(NoticeState::Rejected), &at, None, &known())), "notice_state_not_settable");
    at.order.facts.notice_state = NoticeState::InFlight;
    assert_eq!(code(decide(&to(NoticeState::NotSent), &at, None, &known())), "notice_in_flight");
    let without = Known { with_notice: BTreeSet::new(), ..known() };
    assert_eq!(code(decide(&to(NoticeState::NotSent), &at, None, &without)), "mall_has_no_notice");
}

#[test]
fn a_bundle_needs_a_parent_that_may_be_seen_and_is_no_child_itself() {
    let action = BulkAction::Bundle { parent: OrderSeq(2) };
    assert_eq!(code(decide(&action, &order(), None, &known())), "order_not_found");
    let mut parent = order();
    parent.order.seq = OrderSeq(2);
    parent.order.shop_id = ShopId(2);
    let known = Known { parent: Some(parent.clone()), ..known() };
    assert!(decide(&action, &order(), None, &known).is_ok());
    assert_eq!(warnings(&action, &order(), None, &known)[0].code, "bundle_other_shop");
    assert_eq!(code(decide(&action, &parent, None, &known)), "bundle_of_itself");
    let mut child = parent.clone();
    child.order.facts.grouping = Grouping::BundledChild;
    let known = Known { parent: Some(child), ..known };
    assert_eq!(code(decide(&action, &order(), None, &known)), "bundle_parent_is_child");
    assert_eq!(code(decide(&BulkAction::Unbundle {}, &order(), None, &known)), "not_bundled");
}
