//! New, unchanged, changed, left out: what to do with an order a mall gave. Pure.

use crate::requests::ImportCounts;
use domain::history::Event;
use domain::hold::{self, Hold};
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
    /// Brought in by itself, and its shop has such orders wait in 自動受注取込.
    pub(super) waits: bool,
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

/// Cancelled down to the last piece: nothing is left to add up, whatever the mall still states of what it was.
fn is_gone(facts: &MallFacts, content: &Content) -> bool {
    let mut lines = content.lines.iter();
    facts.stage == MallStage::Cancelled
        && !content.lines.is_empty()
        && lines.all(|l| l.cancelled_quantity >= l.quantity)
}

/// Flags that an order's own data raise or lower; flags raised by work stay as they are.
fn data_flags(facts: &MallFacts, content: &Content) -> i64 {
    let sums = amount_check::check(content);
    let mut flags = Vec::new();
    if !sums.mismatches.is_empty() && !is_gone(facts, content) {
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
    if facts.hold.is_fraud() {
        flags.push(Flag::FraudHold);
    }
    Flag::bits(&flags)
}

const DATA_FLAGS: [Flag; 6] = [
    Flag::AmountMismatch,
    Flag::AmountUndecided,
    Flag::UnknownValue,
    Flag::CancelledAtMall,
    Flag::AddressAwaited,
    Flag::FraudHold,
];

/// A hold that came, changed or ended (FRD-1, FRD-5). One that a write met before an import saw it stands in the flags.
fn hold_event(flags: i64, before: &Hold, after: &Hold) -> Option<Event> {
    let met = flags & Flag::FraudHold.bit() != 0 && !before.is_fraud();
    let from = if met { Hold::Fraud { raw: String::new() } } else { before.clone() };
    hold::is_news(&from, after).then(|| Event::HoldChanged { from, to: after.clone() })
}

/// Phases in which a held order may stand (FRD-2): beyond them work has begun that a person must look at.
fn is_before_work(phase: &PhaseKey) -> bool {
    [phase::INBOX, phase::NEW, phase::CANCELLED].contains(&phase.as_str())
}

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
        dates: domain::date_rule::Dates::default(),
        phase: PhaseKey::from(if policy.waits { phase::INBOX } else { phase::NEW }),
        flags,
        source: if policy.from_file { CSV } else { API },
        events: hold_event(0, &Hold::None, &snapshot.facts.hold)
            .into_iter()
            .chain(flag_events(0, flags, &snapshot.content))
            .collect(),
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
    let known_hold = (existing.flags & Flag::FraudHold.bit() != 0) == theirs.facts.hold.is_fraud();
    base.facts == theirs.facts && settled && known_hold
}

/// The mall now gives the address it had kept back (an unpaid order, a gift): nobody could have worked on what was there,
/// so all that came with it is taken over. What staff entered meanwhile stays.
fn is_completed(base: &Content, theirs: &Content) -> bool {
    let awaited = |content: &Content| content.recipients.iter().any(|r| r.address_awaited);
    awaited(base) && !awaited(theirs)
}

fn decide_existing(fetched: &FetchedOrder, existing: &Existing, policy: Policy<'_>) -> Verdict {
    let theirs = &fetched.snapshot;
    let Some(base) = &existing.snapshot else { return Verdict::LeftOut(reason::buyer_data_erased()) };
    if existing.source == store::orders::MAIL {
        // The first word about an order that a person made of a 仮伝票: nothing but its number was there.
        let source = if policy.from_file { CSV } else { API };
        if let Ok(merged) = reconcile::merge(&base.content, &existing.edits, &theirs.content) {
            return take_over(fetched, existing, base, merged, Some(source));
        }
    }
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
    let take = policy.overwrite || diff.changed.is_empty() || is_completed(&base.content, &theirs.content);
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
    // So does a hold that comes after the order was let through.
    let held = flags & !existing.flags & Flag::FraudHold.bit() != 0 && !is_before_work(&existing.phase);
    if held || (newly && existing.notice_state != "not_sent") || (shipped_twice(theirs) && !twice_before) {
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
    events.extend(hold_event(existing.flags, &base.facts.hold, &theirs.facts.hold));
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
    events.extend(hold_event(existing.flags, &base.facts.hold, &theirs.facts.hold));
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
mod tests;
