//! New, unchanged, changed, left out: what to do with an order a mall gave. Pure.

use crate::requests::ImportCounts;
use domain::history::Event;
use domain::order::Flag;
use domain::phase;
use domain::reconcile::{self, Merged};
use domain::snapshot::{Content, MallFacts, MallStage, Snapshot};
use domain::{PhaseKey, Reason, amount_check, reason};
use mall_api::FetchedOrder;
use store::orders::{Existing, NewOrder, Refresh};

/// How a run treats what it finds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy<'a> {
    /// Statuses to bring in; empty = all. Orders that are there already are always brought up to date.
    pub(super) statuses: &'a [String],
    /// 同一注文を上書きする, 注文再取込.
    pub(super) overwrite: bool,
    /// Brought in by itself: lands in 自動受注取込.
    pub(super) automatic: bool,
    /// From a file, which may be older than what an API gave and holds less.
    pub(super) from_file: bool,
}

/// `source` of an order that came by API.
const API: &str = "api";
/// `source` of an order that came by a file.
const CSV: &str = "csv";
/// `source` of an order that came by API and was completed by a file.
const COMPLETED: &str = "api_csv";

/// The base of the reconcile as today's mapping reads its document. What a file added stands in no document.
pub(super) fn mapped_again(read: Snapshot, before: &Snapshot, source: &str) -> Snapshot {
    if source != COMPLETED {
        return read;
    }
    match reconcile::filled(&read.content, &before.content) {
        Ok(content) => Snapshot { content, ..read },
        Err(_) => read,
    }
}

/// What to do with one order.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    New(Box<NewOrder>),
    Unchanged,
    Refresh(Box<Refresh>, Kind, Option<Reason>),
    LeftOut(Reason),
}

/// What a refresh is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Facts,
    Overwritten,
    ChangedAtMall,
    Conflict,
}

impl Verdict {
    pub(super) fn count(&self, counts: &mut ImportCounts) {
        match self {
            Verdict::New(_) => counts.new += 1,
            Verdict::Unchanged => counts.unchanged += 1,
            Verdict::LeftOut(_) => counts.left_out += 1,
            Verdict::Refresh(_, Kind::Facts, _) => counts.refreshed += 1,
            Verdict::Refresh(_, Kind::Overwritten, _) => counts.overwritten += 1,
            Verdict::Refresh(_, Kind::ChangedAtMall, _) => counts.changed_at_mall += 1,
            Verdict::Refresh(_, Kind::Conflict, _) => {
                counts.overwritten += 1;
                counts.conflicts += 1;
            }
        }
    }
}

/// Flags that an order's own data raise or lower; flags raised by work stay as they are.
fn data_flags(facts: &MallFacts, content: &Content) -> i64 {
    let sums = amount_check::check(content);
    let mut flags = Vec::new();
    if !sums.mismatches.is_empty() {
        flags.push(Flag::AmountMismatch);
    }
    if sums.undecided {
        flags.push(Flag::AmountUndecided);
    }
    if facts.stage == MallStage::Unknown || !facts.unknown.is_empty() {
        flags.push(Flag::UnknownValue);
    }
    if facts.cancel.is_some() || matches!(facts.stage, MallStage::Cancelled | MallStage::CancelRequested) {
        flags.push(Flag::CancelledAtMall);
    }
    if content.recipients.iter().any(|r| r.address_awaited) {
        flags.push(Flag::AddressAwaited);
    }
    Flag::bits(&flags)
}

const DATA_FLAGS: [Flag; 5] = [
    Flag::AmountMismatch,
    Flag::AmountUndecided,
    Flag::UnknownValue,
    Flag::CancelledAtMall,
    Flag::AddressAwaited,
];

/// The mall holds the same shipment twice: the one case no client can exclude, found here and shown (I3).
fn shipped_twice(facts: &MallFacts) -> bool {
    let numbered: Vec<_> = facts.shipments.iter().filter(|s| !s.tracking_number.is_empty()).collect();
    numbered.iter().enumerate().any(|(i, a)| {
        numbered.iter().skip(i + 1).any(|b| {
            (&a.recipient_key, &a.carrier_code, &a.tracking_number, a.shipped_on)
                == (&b.recipient_key, &b.carrier_code, &b.tracking_number, b.shipped_on)
        })
    })
}

fn flag_events(before: i64, after: i64, content: &Content) -> Vec<Event> {
    let changed = Flag::of_bits(before ^ after);
    let told = [Flag::AmountMismatch, Flag::CancelledAtMall, Flag::UnknownValue, Flag::NeedsAttention];
    changed
        .into_iter()
        .filter(|f| told.contains(f))
        .map(|flag| {
            let raised = after & flag.bit() != 0;
            let reason = match flag {
                Flag::AmountMismatch if raised => amount_check::check(content).mismatches.into_iter().next(),
                Flag::CancelledAtMall if raised => Some(reason::cancelled_at_mall()),
                _ => None,
            };
            Event::Flagged { flag: flag.as_str().to_owned(), raised, reason }
        })
        .collect()
}

/// Decides about one order. `existing` carries the base already mapped with today's mapping.
pub(super) fn decide(
    fetched: &FetchedOrder,
    existing: Option<&Existing>,
    policy: Policy<'_>,
    new_id: uuid::Uuid,
) -> Verdict {
    match existing {
        None => decide_new(fetched, policy, new_id),
        Some(existing) if existing.erased => Verdict::LeftOut(reason::buyer_data_erased()),
        Some(existing) => decide_existing(fetched, existing, policy),
    }
}

fn decide_new(fetched: &FetchedOrder, policy: Policy<'_>, id: uuid::Uuid) -> Verdict {
    let snapshot = &fetched.snapshot;
    let status = &snapshot.facts.status;
    // A status that this version does not know is never left out (F23): nobody could have chosen it.
    let known = snapshot.facts.stage != MallStage::Unknown;
    if known && !policy.statuses.is_empty() && !policy.statuses.contains(&status.code) {
        let name = if status.label.is_empty() { &status.code } else { &status.label };
        return Verdict::LeftOut(reason::status_not_fetched(name));
    }
    let flags = data_flags(&snapshot.facts, &snapshot.content);
    Verdict::New(Box::new(NewOrder {
        id,
        phase: PhaseKey::from(if policy.automatic { phase::INBOX } else { phase::NEW }),
        flags,
        source: if policy.from_file { CSV } else { API },
        events: flag_events(0, flags, &snapshot.content),
        raw: fetched.raw.to_vec(),
        snapshot: snapshot.clone(),
    }))
}

fn unchanged(existing: &Existing, base: &Snapshot, theirs: &Snapshot, policy: Policy<'_>) -> bool {
    let settled = match &existing.theirs {
        // A change that waits to be taken over is unchanged only while the mall says the same and nobody asks
        // for it.
        Some(waiting) => !policy.overwrite && waiting.content == theirs.content,
        None => reconcile::mall_diff(&base.content, &theirs.content).is_empty(),
    };
    base.facts == theirs.facts && settled
}

fn decide_existing(fetched: &FetchedOrder, existing: &Existing, policy: Policy<'_>) -> Verdict {
    let theirs = &fetched.snapshot;
    let Some(base) = &existing.snapshot else { return Verdict::LeftOut(reason::buyer_data_erased()) };
    let from_api = existing.source != CSV;
    if policy.from_file && from_api {
        return complete(existing, base, theirs);
    }
    // The first word of the API about an order that came by file: it says more, and it is newer.
    if !policy.from_file && !from_api {
        let merged = reconcile::merge(&base.content, &existing.edits, &theirs.content);
        if let Ok(merged) = merged {
            return take_over(fetched, existing, base, merged, Some(API));
        }
    }
    if unchanged(existing, base, theirs, policy) {
        return Verdict::Unchanged;
    }
    let diff = reconcile::mall_diff(&base.content, &theirs.content);
    let take = policy.overwrite || diff.changed.is_empty();
    let merged =
        if take { reconcile::merge(&base.content, &existing.edits, &theirs.content).ok() } else { None };
    match merged {
        Some(merged) if !diff.is_empty() || !merged.conflicts.is_empty() => {
            take_over(fetched, existing, base, merged, None)
        }
        _ => keep_ours(existing, base, theirs, &diff),
    }
}

fn status_event(base: &MallFacts, theirs: &MallFacts) -> Option<Event> {
    let name = |f: &MallFacts| {
        if f.status.label.is_empty() { f.status.code.clone() } else { f.status.label.clone() }
    };
    (base.status != theirs.status).then(|| Event::MallStatusChanged { from: name(base), to: name(theirs) })
}

fn flags_after(
    existing: &Existing,
    theirs: &MallFacts,
    content: &Content,
    set: &[Flag],
    clear: &[Flag],
) -> i64 {
    let mut flags = existing.flags & !Flag::bits(&DATA_FLAGS) & !Flag::bits(clear);
    flags |= data_flags(theirs, content) | Flag::bits(set);
    // A cancel seen while a notice is under way, or after the goods left, needs a person.
    let newly = flags & !existing.flags & Flag::CancelledAtMall.bit() != 0;
    let twice_before = existing.snapshot.as_ref().is_some_and(|s| shipped_twice(&s.facts));
    if (newly && existing.notice_state != "not_sent") || (shipped_twice(theirs) && !twice_before) {
        flags |= Flag::NeedsAttention.bit();
    }
    flags
}

/// A file about an order that an API gave: only what the API did not say is taken, and none of the mall's facts.
fn complete(existing: &Existing, base: &Snapshot, file: &Snapshot) -> Verdict {
    let Ok(content) = reconcile::filled(&base.content, &file.content) else { return Verdict::Unchanged };
    let taken = reconcile::mall_diff(&base.content, &content).filled;
    if taken.is_empty() {
        return Verdict::Unchanged;
    }
    let shown = reconcile::lay_over(&content, &existing.edits).unwrap_or_else(|_| content.clone());
    let flags = flags_after(existing, &base.facts, &shown, &[], &[]);
    let mut events = vec![Event::Merged { taken, kept: Vec::new(), conflicts: Vec::new() }];
    events.extend(flag_events(existing.flags, flags, &shown));
    let refresh = Refresh {
        seq: existing.seq,
        version: existing.version,
        snapshot: Snapshot { content, ..base.clone() },
        edits: existing.edits.clone(),
        theirs: existing.theirs.clone(),
        raw: None,
        source: Some(COMPLETED),
        flags,
        content: Some(shown),
        events,
    };
    Verdict::Refresh(Box::new(refresh), Kind::Facts, None)
}

fn take_over(
    fetched: &FetchedOrder,
    existing: &Existing,
    base: &Snapshot,
    merged: Merged,
    source: Option<&'static str>,
) -> Verdict {
    let theirs = &fetched.snapshot;
    let content = reconcile::lay_over(&merged.base, &merged.edits).unwrap_or_else(|_| merged.base.clone());
    let conflict = !merged.conflicts.is_empty();
    let set: &[Flag] = if conflict { &[Flag::EditConflict] } else { &[] };
    let flags =
        flags_after(existing, &theirs.facts, &content, set, &[Flag::ChangedAtMall, Flag::EditConflict]);
    let mut events: Vec<Event> = status_event(&base.facts, &theirs.facts).into_iter().collect();
    let reason = conflict.then(|| reason::edit_conflict(merged.conflicts.join(", ")));
    let (taken, kept, conflicts) = (merged.taken, merged.kept, merged.conflicts);
    events.push(Event::Merged { taken, kept, conflicts });
    events.extend(flag_events(existing.flags, flags, &content));
    let refresh = Refresh {
        seq: existing.seq,
        version: existing.version,
        snapshot: Snapshot { content: merged.base, ..theirs.clone() },
        edits: merged.edits,
        theirs: None,
        raw: Some(fetched.raw.to_vec()),
        source,
        flags,
        content: Some(content),
        events,
    };
    Verdict::Refresh(Box::new(refresh), if conflict { Kind::Conflict } else { Kind::Overwritten }, reason)
}

fn keep_ours(existing: &Existing, base: &Snapshot, theirs: &Snapshot, diff: &reconcile::MallDiff) -> Verdict {
    let content =
        reconcile::lay_over(&base.content, &existing.edits).unwrap_or_else(|_| base.content.clone());
    let changed = !diff.changed.is_empty();
    let (set, clear): (&[Flag], &[Flag]) =
        if changed { (&[Flag::ChangedAtMall], &[]) } else { (&[], &[Flag::ChangedAtMall]) };
    let flags = flags_after(existing, &theirs.facts, &content, set, clear);
    let mut events: Vec<Event> = status_event(&base.facts, &theirs.facts).into_iter().collect();
    let news = changed && existing.theirs.as_ref().is_none_or(|t| t.content != theirs.content);
    if news {
        events.push(Event::ChangedAtMall { fields: diff.changed.clone() });
    }
    if shipped_twice(&theirs.facts) && !shipped_twice(&base.facts) {
        events.push(Event::NotDone { what: "ship_once".to_owned(), reason: reason::duplicate_at_mall() });
    }
    events.extend(flag_events(existing.flags, flags, &content));
    let refresh = Refresh {
        seq: existing.seq,
        version: existing.version,
        snapshot: Snapshot { facts: theirs.facts.clone(), ..base.clone() },
        edits: existing.edits.clone(),
        theirs: changed.then(|| theirs.clone()),
        raw: None,
        source: None,
        flags,
        content: None,
        events,
    };
    let reason = news.then(|| reason::changed_at_mall(diff.changed.join(", ")));
    Verdict::Refresh(Box::new(refresh), if news { Kind::ChangedAtMall } else { Kind::Facts }, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use domain::hold::Hold;
    use domain::snapshot::{Amounts, Coded, Line, MallCancel};
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

    const HAND: Policy<'static> =
        Policy { statuses: &[], overwrite: false, automatic: false, from_file: false };
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
            let Verdict::New(new) = run(&order, None, Policy { automatic, ..HAND }) else { panic!() };
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
        known.edits =
            vec![reconcile::Edit { path: "buyer.city".into(), value: "mine".into(), conflict: None }];
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
        known.edits =
            vec![reconcile::Edit { path: "buyer.city".into(), value: "mine".into(), conflict: None }];
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
        cancelled.facts.cancel =
            Some(MallCancel { done: true, by: "buyer".into(), reason: Coded::default() });
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
    fn a_shipment_that_stands_twice_at_the_mall_needs_a_person_i3() {
        let record = |mall_ref: &str| domain::snapshot::MallShipment {
            recipient_key: "10".into(),
            mall_ref: mall_ref.into(),
            carrier_code: "1001".into(),
            tracking_number: "111".into(),
            shipped_on: None,
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
        let told =
            |e: &Event| matches!(e, Event::NotDone { reason, .. } if reason.code == "duplicate_at_mall");
        assert!(urgent.events.iter().any(told));
    }

    #[test]
    fn an_erased_order_is_never_sealed_again() {
        let mut known = existing(snapshot("300", "a"));
        (known.erased, known.snapshot) = (true, None);
        let verdict = run(&fetched(snapshot("300", "b")), Some(&known), OVERWRITE);
        assert!(matches!(verdict, Verdict::LeftOut(reason) if reason.code == "buyer_data_erased"));
    }
}
