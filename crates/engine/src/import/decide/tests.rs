//! What is decided about an order, case by case. All people are invented.

use super::*;
use bytes::Bytes;
use domain::snapshot::{Amounts, Coded, Line, MallCancel, UnknownValue};
use domain::{Amount, OrderSeq, UtcMillis};

fn snapshot(status: &str, city: &str) -> Snapshot {
    let mut content = Content {
        lines: vec![Line {
            key: "1".into(),
            quantity: 1,
            unit_price: Amount::yen(100).into(),
            ..Line::default()
        }],
        amounts: Amounts { goods: Amount::yen(100).into(), ..Amounts::default() },
        ..Content::default()
    };
    content.buyer.city = city.to_owned().into();
    Snapshot {
        mapping_version: 1,
        mall_order_id: "1".into(),
        ordered_at: UtcMillis(0),
        facts: MallFacts {
            status: Coded::new(status, status),
            stage: MallStage::Shippable,
            sub_status: None,
            payment_status: None,
            shipping_status: None,
            hold: Hold::None,
            cancel: None,
            shipments: vec![],
            revision: None,
            changed_at: None,
            confirmed_at: None,
            fixed_at: None,
            shipment_reported_at: None,
            ship_by: None,
            deadlines: vec![],
            changed_by_buyer: false,
            cautions: vec![],
            unknown: vec![],
        },
        content,
    }
}

fn fetched(snapshot: Snapshot) -> FetchedOrder {
    FetchedOrder { mall_order_id: "1".into(), raw: Bytes::from_static(b"{}"), snapshot }
}

fn existing(snapshot: Snapshot) -> Existing {
    Existing {
        seq: OrderSeq(1),
        version: 3,
        phase: "new".into(),
        notice_state: "not_sent".into(),
        flags: 0,
        revision: None,
        source: API.into(),
        erased: false,
        snapshot: Some(snapshot),
        edits: vec![],
        theirs: None,
    }
}

const HAND: Policy<'static> = Policy { statuses: &[], overwrite: false, waits: false, from_file: false };
const FILE: Policy<'static> = Policy { from_file: true, overwrite: true, ..HAND };
const OVERWRITE: Policy<'static> = Policy { overwrite: true, ..HAND };

fn run(fetched: &FetchedOrder, existing: Option<&Existing>, policy: Policy<'_>) -> Verdict {
    decide(fetched, existing, policy, uuid::Uuid::nil())
}

fn refresh(verdict: Verdict) -> (Refresh, Kind) {
    match verdict {
        Verdict::Refresh(refresh, kind, _) => (*refresh, kind),
        other => panic!("{other:?}"),
    }
}

#[test]
fn new_orders_land_in_inbox_when_automatic_and_in_new_by_hand_imp7() {
    let order = fetched(snapshot("300", "a"));
    for (automatic, phase) in [(true, "inbox"), (false, "new")] {
        let Verdict::New(new) = run(&order, None, Policy { waits: automatic, ..HAND }) else { panic!() };
        assert_eq!((new.phase.as_str(), new.flags), (phase, 0));
    }
}

#[test]
fn a_status_that_is_not_fetched_is_left_out_with_the_reason_imp4() {
    let statuses = ["100".to_owned()];
    let policy = Policy { statuses: &statuses, ..HAND };
    let Verdict::LeftOut(reason) = run(&fetched(snapshot("500", "a")), None, policy) else { panic!() };
    assert_eq!(reason.code, "status_not_fetched");
    let known = existing(snapshot("300", "a"));
    let verdict = run(&fetched(snapshot("500", "a")), Some(&known), policy);
    assert_eq!(refresh(verdict).1, Kind::Facts, "an order that is there is kept up to date all the same");
}

#[test]
fn the_same_order_again_changes_nothing_i2_imp3() {
    let known = existing(snapshot("300", "a"));
    for policy in [HAND, OVERWRITE] {
        assert!(matches!(run(&fetched(snapshot("300", "a")), Some(&known), policy), Verdict::Unchanged));
    }
}

#[test]
fn the_malls_own_facts_are_always_refreshed_f19() {
    let known = existing(snapshot("200", "a"));
    let (refresh, kind) = refresh(run(&fetched(snapshot("300", "a")), Some(&known), HAND));
    assert_eq!(kind, Kind::Facts);
    assert_eq!(refresh.snapshot.facts.status.code, "300");
    assert!(refresh.content.is_none() && refresh.raw.is_none() && refresh.theirs.is_none());
    assert!(matches!(&refresh.events[..], [Event::MallStatusChanged { .. }]));
}

#[test]
fn a_change_at_the_mall_is_said_and_not_taken_imp9() {
    let known = existing(snapshot("300", "a"));
    let (seen, kind) = refresh(run(&fetched(snapshot("300", "b")), Some(&known), HAND));
    assert_eq!(kind, Kind::ChangedAtMall);
    assert_eq!(seen.snapshot.content.buyer.city.text(), "a");
    assert_eq!(seen.theirs.as_ref().unwrap().content.buyer.city.text(), "b");
    assert_eq!(seen.flags, Flag::ChangedAtMall.bit());
    assert!(matches!(&seen.events[0], Event::ChangedAtMall { fields } if fields == &["buyer.city"]));
    // Seen again: nothing to say. Gone again: the flag falls.
    let waiting = Existing { theirs: seen.theirs, flags: seen.flags, ..known };
    assert!(matches!(run(&fetched(snapshot("300", "b")), Some(&waiting), HAND), Verdict::Unchanged));
    let (back, kind) = refresh(run(&fetched(snapshot("300", "a")), Some(&waiting), HAND));
    assert_eq!((back.flags, back.theirs.is_none(), kind), (0, true, Kind::Facts));
    // Asked for: taken over.
    let (taken, kind) = refresh(run(&fetched(snapshot("300", "b")), Some(&waiting), OVERWRITE));
    assert_eq!(kind, Kind::Overwritten);
    assert_eq!(taken.content.unwrap().buyer.city.text(), "b");
    assert_eq!((taken.flags, taken.theirs.is_none(), taken.raw.is_some()), (0, true, true));
}

#[test]
fn a_file_only_fills_what_the_api_did_not_say_imp10() {
    let known = existing(snapshot("500", "a"));
    let mut file = snapshot("300", "b");
    assert!(matches!(run(&fetched(file.clone()), Some(&known), FILE), Verdict::Unchanged));
    file.content.buyer.phone = "03-0000-0000".to_owned().into();
    let (filled, kind) = refresh(run(&fetched(file.clone()), Some(&known), FILE));
    assert_eq!((kind, filled.source, filled.raw.is_none()), (Kind::Facts, Some(COMPLETED), true));
    let content = &filled.snapshot.content;
    assert_eq!((content.buyer.city.text(), content.buyer.phone.text()), ("a", "03-0000-0000"));
    assert_eq!(filled.snapshot.facts.status.code, "500", "an old file does not turn the clock back");
    let known = Existing { snapshot: Some(filled.snapshot.clone()), source: COMPLETED.into(), ..known };
    assert!(matches!(run(&fetched(file), Some(&known), FILE), Verdict::Unchanged));
    let read_again = mapped_again(snapshot("500", "a"), &filled.snapshot, COMPLETED);
    assert_eq!(read_again.content.buyer.phone.text(), "03-0000-0000");
}

#[test]
fn the_api_completes_what_came_by_file_and_keeps_edits_imp10() {
    let Verdict::New(new) = run(&fetched(snapshot("300", "a")), None, FILE) else { panic!() };
    assert_eq!(new.source, CSV);
    let mut known = Existing { source: CSV.into(), ..existing(snapshot("300", "a")) };
    assert!(matches!(run(&fetched(snapshot("300", "a")), Some(&known), FILE), Verdict::Unchanged));
    known.edits = vec![reconcile::Edit { path: "buyer.city".into(), value: "mine".into(), conflict: None }];
    for city in ["a", "b"] {
        let (full, _) = refresh(run(&fetched(snapshot("500", city)), Some(&known), HAND));
        assert_eq!((full.source, full.raw.is_some()), (Some(API), true));
        assert_eq!(full.content.unwrap().buyer.city.text(), "mine");
    }
}

#[test]
fn what_was_open_is_filled_without_asking() {
    let mut open = snapshot("300", "a");
    open.content.amounts.postage = Amount::Undecided.into();
    let mut known = existing(open);
    known.flags = Flag::AmountUndecided.bit();
    let mut decided = snapshot("300", "a");
    decided.content.amounts.postage = Amount::yen(50).into();
    let (filled, kind) = refresh(run(&fetched(decided), Some(&known), HAND));
    assert_eq!((kind, filled.flags), (Kind::Overwritten, 0));
    assert_eq!(filled.content.unwrap().amounts.postage, Amount::yen(50).into());
}

#[test]
fn edits_survive_an_overwrite_and_conflicts_are_flagged_i5_f19() {
    let mut known = existing(snapshot("300", "a"));
    known.edits = vec![reconcile::Edit { path: "buyer.city".into(), value: "mine".into(), conflict: None }];
    let (same, _) = refresh(run(&fetched(snapshot("500", "a")), Some(&known), OVERWRITE));
    assert_eq!(same.edits, known.edits);
    let (clash, kind) = refresh(run(&fetched(snapshot("300", "b")), Some(&known), OVERWRITE));
    assert_eq!((kind, clash.flags), (Kind::Conflict, Flag::EditConflict.bit()));
    assert_eq!(clash.content.unwrap().buyer.city.text(), "mine");
}

#[test]
fn a_cancel_at_the_mall_always_surfaces_and_needs_a_person_once_a_notice_went_out_f19() {
    let mut cancelled = snapshot("900", "a");
    cancelled.facts.stage = MallStage::Cancelled;
    cancelled.facts.cancel = Some(MallCancel { done: true, by: "buyer".into(), reason: Coded::default() });
    let mut known = existing(snapshot("300", "a"));
    let (calm, _) = refresh(run(&fetched(cancelled.clone()), Some(&known), HAND));
    assert_eq!(calm.flags, Flag::CancelledAtMall.bit());
    known.notice_state = "in_flight".into();
    let (urgent, _) = refresh(run(&fetched(cancelled), Some(&known), HAND));
    assert_eq!(urgent.flags, Flag::CancelledAtMall.bit() | Flag::NeedsAttention.bit());
}

#[test]
fn flags_of_work_survive_and_flags_of_data_follow_the_data_i13() {
    let mut off = snapshot("300", "a");
    off.content.amounts.goods = Amount::yen(999).into();
    let Verdict::New(new) = run(&fetched(off.clone()), None, HAND) else { panic!() };
    assert_eq!(new.flags, Flag::AmountMismatch.bit());
    assert!(matches!(&new.events[..], [Event::Flagged { raised: true, reason: Some(_), .. }]));
    let mut known = existing(off);
    known.flags = Flag::AmountMismatch.bit() | Flag::Warning.bit();
    let (mended, _) = refresh(run(&fetched(snapshot("300", "a")), Some(&known), OVERWRITE));
    assert_eq!(mended.flags, Flag::Warning.bit());
}

#[test]
fn a_cancelled_order_with_nothing_left_is_no_wrong_sum_i13() {
    let wrong = |snapshot: &Snapshot| {
        let known = existing(self::snapshot("300", "a"));
        let (told, _) = refresh(run(&fetched(snapshot.clone()), Some(&known), OVERWRITE));
        assert_ne!(told.flags & Flag::CancelledAtMall.bit(), 0);
        told.flags & Flag::AmountMismatch.bit() != 0
    };
    let mut gone = snapshot("900", "a");
    gone.facts.stage = MallStage::Cancelled;
    gone.content.lines[0].cancelled_quantity = 1;
    // What it was is still stated.
    gone.content.amounts.goods = Amount::yen(999).into();
    assert!(!wrong(&gone));
    // Something is left: it must add up.
    gone.content.lines[0].quantity = 2;
    assert!(wrong(&gone));
}

#[test]
fn a_shipment_that_stands_twice_at_the_mall_needs_a_person_i3() {
    let record = |mall_ref: &str| domain::snapshot::MallShipment {
        recipient_key: "10".into(),
        mall_ref: mall_ref.into(),
        carrier_code: "1001".into(),
        tracking_number: "111".into(),
        shipped_on: None,
        contents: Vec::new(),
    };
    let known = existing(snapshot("300", "a"));
    let mut once = snapshot("300", "a");
    once.facts.shipments = vec![record("1")];
    let (calm, _) = refresh(run(&fetched(once.clone()), Some(&known), HAND));
    assert_eq!(calm.flags, 0);
    let mut twice = once;
    twice.facts.shipments.push(record("2"));
    let (urgent, _) = refresh(run(&fetched(twice), Some(&known), HAND));
    assert_eq!(urgent.flags, Flag::NeedsAttention.bit());
    let told = |e: &Event| matches!(e, Event::NotDone { reason, .. } if reason.code == "duplicate_at_mall");
    assert!(urgent.events.iter().any(told));
}

fn held(raw: &str) -> Snapshot {
    let mut held = snapshot("2", "a");
    held.facts.hold = Hold::Fraud { raw: raw.into() };
    held
}

fn tells_hold(events: &[Event]) -> usize {
    events.iter().filter(|e| matches!(e, Event::HoldChanged { .. })).count()
}

#[test]
fn frd1_held_orders_are_brought_in_like_others_marked_and_told() {
    for (automatic, phase) in [(true, "inbox"), (false, "new")] {
        let verdict = run(&fetched(held("1")), None, Policy { waits: automatic, ..HAND });
        let Verdict::New(new) = verdict else { panic!() };
        assert_eq!((new.phase.as_str(), new.flags), (phase, Flag::FraudHold.bit()));
        assert_eq!(tells_hold(&new.events), 1);
        assert!(new.snapshot.facts.hold.is_fraud());
    }
    let mut from_csv = snapshot("2", "a");
    from_csv.facts.hold = Hold::NotKnown;
    let Verdict::New(new) = run(&fetched(from_csv), None, HAND) else { panic!() };
    assert_eq!((new.flags, tells_hold(&new.events)), (0, 0), "不明 is no hold");
}

#[test]
fn frd5_a_release_is_taken_over_by_itself_and_told_even_when_nothing_else_changed() {
    let mut known = existing(held("1"));
    known.flags = Flag::FraudHold.bit();
    assert!(matches!(run(&fetched(held("1")), Some(&known), HAND), Verdict::Unchanged), "still held");
    let mut free = snapshot("2", "a");
    free.facts.hold = Hold::Released { released_at: Some(UtcMillis(9)) };
    for policy in [HAND, OVERWRITE] {
        let (seen, kind) = refresh(run(&fetched(free.clone()), Some(&known), policy));
        assert_eq!((kind, seen.flags, tells_hold(&seen.events)), (Kind::Facts, 0, 1));
        assert_eq!(seen.snapshot.facts.hold.released_at(), Some(UtcMillis(9)));
    }
}

#[test]
fn frd5_a_hold_that_only_a_write_met_ends_too() {
    let known = Existing { flags: Flag::FraudHold.bit(), ..existing(snapshot("2", "a")) };
    let (seen, _) = refresh(run(&fetched(snapshot("2", "a")), Some(&known), HAND));
    assert_eq!(seen.flags, 0);
    assert!(matches!(&seen.events[..], [Event::HoldChanged { from: Hold::Fraud { .. }, to: Hold::None }]));
}

#[test]
fn a_hold_that_comes_after_work_began_needs_a_person_frd2() {
    let attention = Flag::FraudHold.bit() | Flag::NeedsAttention.bit();
    for (phase, flags) in
        [("inbox", Flag::FraudHold.bit()), ("new", Flag::FraudHold.bit()), ("awaiting_shipment", attention)]
    {
        let known = Existing { phase: phase.into(), ..existing(snapshot("2", "a")) };
        let (seen, _) = refresh(run(&fetched(held("1")), Some(&known), HAND));
        assert_eq!(seen.flags, flags, "{phase}");
    }
    // Known and let through by a person: not said again with every look.
    let known =
        Existing { phase: "awaiting_shipment".into(), flags: Flag::FraudHold.bit(), ..existing(held("1")) };
    let (seen, _) = refresh(run(&fetched(held("3")), Some(&known), HAND));
    assert_eq!(seen.flags, Flag::FraudHold.bit());
}

#[test]
fn an_erased_order_is_never_sealed_again() {
    let mut known = existing(snapshot("300", "a"));
    (known.erased, known.snapshot) = (true, None);
    let verdict = run(&fetched(snapshot("300", "b")), Some(&known), OVERWRITE);
    assert!(matches!(verdict, Verdict::LeftOut(reason) if reason.code == "buyer_data_erased"));
}

fn flagged(refresh: &Refresh) -> Vec<(String, bool, Option<String>)> {
    let told = refresh.events.iter().filter_map(|event| match event {
        Event::Flagged { flag, raised, reason } => {
            Some((flag.clone(), *raised, reason.as_ref().map(|r| r.code.clone())))
        }
        _ => None,
    });
    told.collect()
}

fn off_by_one() -> Snapshot {
    let mut off = snapshot("300", "a");
    off.content.amounts.goods = Amount::yen(101).into();
    off
}

#[test]
fn each_verdict_is_counted_once_and_a_conflict_twice_imp8() {
    let known = existing(snapshot("300", "a"));
    let (facts, _) = refresh(run(&fetched(snapshot("500", "a")), Some(&known), HAND));
    let verdict = |kind| Verdict::Refresh(Box::new(facts.clone()), kind, None);
    let mut counts = ImportCounts::default();
    run(&fetched(snapshot("300", "a")), None, HAND).count(&mut counts);
    assert_eq!(counts, ImportCounts { new: 1, ..ImportCounts::default() });
    for _ in 0..2 {
        Verdict::Unchanged.count(&mut counts);
        Verdict::LeftOut(reason::buyer_data_erased()).count(&mut counts);
        verdict(Kind::Facts).count(&mut counts);
        verdict(Kind::Overwritten).count(&mut counts);
        verdict(Kind::ChangedAtMall).count(&mut counts);
        verdict(Kind::Conflict).count(&mut counts);
    }
    let expected = ImportCounts {
        new: 1,
        unchanged: 2,
        left_out: 2,
        refreshed: 2,
        overwritten: 4,
        changed_at_mall: 2,
        conflicts: 2,
        ..ImportCounts::default()
    };
    assert_eq!(counts, expected);
}

#[test]
fn either_sign_alone_raises_its_flag_f19_f23() {
    let flags = |change: &dyn Fn(&mut MallFacts)| {
        let mut odd = snapshot("300", "a");
        change(&mut odd.facts);
        let Verdict::New(new) = run(&fetched(odd), None, HAND) else { panic!() };
        new.flags
    };
    let raw = UnknownValue { field: "x".into(), raw: "9".into() };
    assert_eq!(flags(&|f| f.stage = MallStage::Unknown), Flag::UnknownValue.bit());
    assert_eq!(flags(&|f| f.unknown = vec![raw.clone()]), Flag::UnknownValue.bit());
    let cancel = MallCancel { done: false, by: "buyer".into(), reason: Coded::default() };
    assert_eq!(flags(&|f| f.cancel = Some(cancel.clone())), Flag::CancelledAtMall.bit());
    for stage in [MallStage::Cancelled, MallStage::CancelRequested] {
        assert_eq!(flags(&|f| f.stage = stage), Flag::CancelledAtMall.bit());
    }
    assert_eq!(flags(&|_| ()), 0);
}

#[test]
fn history_tells_of_a_flag_when_it_rises_with_the_reason_and_when_it_falls_without_i13() {
    let mismatch = Flag::AmountMismatch.as_str().to_owned();
    let mut known = existing(off_by_one());
    known.flags = Flag::AmountMismatch.bit();
    // Still off: the flag stands and nothing is told again.
    let mut still = off_by_one();
    still.facts.status = Coded::new("500", "");
    let (same, _) = refresh(run(&fetched(still), Some(&known), HAND));
    assert_eq!((same.flags, flagged(&same)), (known.flags, vec![]));
    let (mended, _) = refresh(run(&fetched(snapshot("300", "a")), Some(&known), OVERWRITE));
    assert_eq!(flagged(&mended), [(mismatch.clone(), false, None)]);
    known = existing(snapshot("300", "a"));
    let (broken, _) = refresh(run(&fetched(off_by_one()), Some(&known), OVERWRITE));
    assert_eq!(flagged(&broken), [(mismatch, true, Some("amount_mismatch".to_owned()))]);
    let cancelled = Flag::CancelledAtMall.as_str().to_owned();
    let mut gone = snapshot("900", "a");
    gone.facts.stage = MallStage::Cancelled;
    let (told, _) = refresh(run(&fetched(gone.clone()), Some(&known), HAND));
    assert_eq!(flagged(&told), [(cancelled.clone(), true, Some("cancelled_at_mall".to_owned()))]);
    known = Existing { flags: Flag::CancelledAtMall.bit(), ..existing(gone) };
    let (back, _) = refresh(run(&fetched(snapshot("300", "a")), Some(&known), HAND));
    assert_eq!(flagged(&back), [(cancelled, false, None)]);
}

#[test]
fn only_a_cancel_that_is_new_calls_for_a_person_f19() {
    let mut known = existing(snapshot("300", "a"));
    known.notice_state = "in_flight".into();
    let (calm, _) = refresh(run(&fetched(snapshot("500", "a")), Some(&known), HAND));
    assert_eq!(calm.flags, 0);
    let mut gone = snapshot("800", "a");
    gone.facts.stage = MallStage::CancelRequested;
    let mut done = gone.clone();
    done.facts.status = Coded::new("900", "");
    done.facts.stage = MallStage::Cancelled;
    // A person has seen the request and put the mark away: the same cancel done is no new one.
    known = Existing { flags: Flag::CancelledAtMall.bit(), notice_state: "applied".into(), ..existing(gone) };
    let (seen, _) = refresh(run(&fetched(done), Some(&known), HAND));
    assert_eq!(seen.flags, Flag::CancelledAtMall.bit());
}

#[test]
fn what_the_mall_does_not_mention_stays_in_the_base_that_is_taken_over() {
    let known = existing(snapshot("300", "a"));
    let mut silent = snapshot("300", "a");
    silent.content.buyer.city = domain::Given::NotGiven;
    silent.content.lines[0].quantity = 2;
    let (taken, _) = refresh(run(&fetched(silent), Some(&known), OVERWRITE));
    assert_eq!(taken.snapshot.content.buyer.city.text(), "a");
    assert_eq!(taken.snapshot.content.lines[0].quantity, 2);
}

#[test]
fn a_waiting_change_is_told_again_only_when_it_became_another_imp9() {
    let waiting = Existing {
        theirs: Some(snapshot("300", "b")),
        flags: Flag::ChangedAtMall.bit(),
        ..existing(snapshot("300", "a"))
    };
    let (other, kind) = refresh(run(&fetched(snapshot("300", "c")), Some(&waiting), HAND));
    assert_eq!(kind, Kind::ChangedAtMall);
    assert!(other.events.iter().any(|e| matches!(e, Event::ChangedAtMall { .. })));
    let (same, kind) = refresh(run(&fetched(snapshot("500", "b")), Some(&waiting), HAND));
    assert_eq!((kind, same.theirs.is_some()), (Kind::Facts, true));
    assert!(!same.events.iter().any(|e| matches!(e, Event::ChangedAtMall { .. })));
}

#[test]
fn an_order_marked_as_erased_is_left_out_whatever_is_still_there() {
    let known = Existing { erased: true, ..existing(snapshot("300", "a")) };
    let verdict = run(&fetched(snapshot("300", "b")), Some(&known), OVERWRITE);
    assert!(matches!(verdict, Verdict::LeftOut(reason) if reason.code == "buyer_data_erased"));
}
