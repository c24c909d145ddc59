//! Shipment notices: what is to be sent, decided from the order as it stands at Amazon (amazon.md 3, 10.9–10.11).

use super::codes::{self, CarrierCode};
use super::errors::own;
use super::{confirm, feed};
use domain::hold::Hold;
use domain::reason::{self, Reason};
use domain::snapshot::{Fulfillment, MallShipment, MallStage};
use domain::write::{Outcome, ParcelLine, SendMode, Step, WantedParcel, WriteKind};
use domain::{Snapshot, StepId};
use mall_api::{CallDraft, Decision, Outgoing, Settings};
use std::collections::BTreeMap;

/// Version of the drafts.
pub(super) const FORMAT: u32 = 1;

/// The parcel of a shipment notice.
pub(super) fn parcel(step: &Step) -> Option<&WantedParcel> {
    step.parcel.as_ref().filter(|_| step.kind == WriteKind::ShipmentNotice)
}

/// Decides for all steps of one order.
pub(super) fn decide(steps: &[Step], order: &Snapshot) -> Vec<Decision> {
    let wanted: Vec<&WantedParcel> = steps.iter().filter_map(parcel).collect();
    let left = units_left(order);
    let anything_left = left.values().any(|units| *units > 0);
    let mut plans = plan(&wanted, &order.facts.shipments, anything_left).into_iter();
    let faults = contents_faults(&wanted, order);
    let mut faults = faults.into_iter();
    steps
        .iter()
        .map(|step| {
            let Some(parcel) = parcel(step) else {
                let reason = match step.kind {
                    WriteKind::ShipmentNotice => reason::no_parcel(),
                    _ => reason::write_not_offered(),
                };
                return Decision::Refuse { reason };
            };
            let fault = faults.next().flatten();
            match plans.next() {
                // What stands there was done, whatever the order has become since.
                Some(Plan::There(mall_ref)) => Decision::AlreadyThere { mall_ref: Some(mall_ref) },
                Some(Plan::Send(mode)) => allowed(order)
                    .or_else(|| unfit(parcel))
                    .or_else(|| fault.map(|reason| Decision::Refuse { reason }))
                    .or_else(|| fits(&mode, order, anything_left))
                    .unwrap_or(Decision::Send(mode)),
                None => Decision::Refuse { reason: reason::no_parcel() },
            }
        })
        .collect()
}

/// What one parcel needs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    There(String),
    Send(SendMode),
}

/// The number a person can edit with.
fn is_number(mall_ref: &str) -> bool {
    mall_ref.parse::<u64>().is_ok_and(|number| number > 0)
}

/// Compares wanted parcels with the packages that stand there; each package answers for at most one. The tracking
/// number tells which is which: how Amazon writes carrier and date back is not documented, so they count only for a
/// parcel that is known to be ours, where sending again does no harm (the same number is an edit).
fn plan(wanted: &[&WantedParcel], seen: &[MallShipment], anything_left: bool) -> Vec<Plan> {
    let mut free: Vec<Option<&MallShipment>> = seen.iter().map(Some).collect();
    let mut take = |test: &dyn Fn(&MallShipment) -> bool| {
        free.iter_mut().find(|slot| slot.is_some_and(test)).and_then(Option::take)
    };
    let mut plans: Vec<Option<Plan>> = wanted
        .iter()
        .map(|w| {
            let own = w.mall_ref.as_ref()?;
            let s = take(&|s| s.mall_ref == *own && s.tracking_number == w.tracking_number)?;
            Some(if same_details(w, s) {
                Plan::There(own.clone())
            } else {
                Plan::Send(SendMode::Update { mall_ref: own.clone() })
            })
        })
        .collect();
    for (plan, w) in plans.iter_mut().zip(wanted).filter(|(plan, _)| plan.is_none()) {
        *plan = take(&|s| s.tracking_number == w.tracking_number).map(|s| Plan::There(s.mall_ref.clone()));
    }
    // A corrected number is an edit of our own package, shown already or not.
    for (plan, w) in plans.iter_mut().zip(wanted).filter(|(plan, _)| plan.is_none()) {
        if let Some(own) = &w.mall_ref {
            take(&|s| s.mall_ref == *own);
            *plan = Some(Plan::Send(SendMode::Update { mall_ref: own.clone() }));
        }
    }
    // A parcel that went by file has no number of ours: when nothing is left to ship, the one package nobody claims
    // is the one to correct.
    let open: Vec<usize> = plans.iter().enumerate().filter(|(_, p)| p.is_none()).map(|(i, _)| i).collect();
    let mut rest = free.iter().flatten();
    if let ([at], Some(only), None, false) = (open.as_slice(), rest.next(), rest.next(), anything_left)
        && let Some(plan) = plans.get_mut(*at)
    {
        *plan = Some(Plan::Send(SendMode::Update { mall_ref: only.mall_ref.clone() }));
    }
    plans.into_iter().map(|plan| plan.unwrap_or(Plan::Send(SendMode::Add))).collect()
}

fn same_details(wanted: &WantedParcel, seen: &MallShipment) -> bool {
    let carrier = CarrierCode::parse(&wanted.carrier_code);
    let carrier = seen.carrier_code.is_empty() || carrier.names(&seen.carrier_code);
    let day = seen.shipped_on.is_none() || seen.shipped_on == wanted.shipped_on;
    carrier && day
}

/// Units of each line that are still to be shipped: ordered, less cancelled, less what stands in packages.
pub(super) fn units_left(order: &Snapshot) -> BTreeMap<String, i64> {
    let mut left: BTreeMap<String, i64> = order
        .content
        .lines
        .iter()
        .map(|line| (line.key.clone(), line.quantity - line.cancelled_quantity))
        .collect();
    for content in order.facts.shipments.iter().flat_map(|s| &s.contents) {
        if let Some(units) = left.get_mut(&content.line_key) {
            *units = units.saturating_sub(content.quantity);
        }
    }
    if order.facts.stage == MallStage::Shipped {
        left.values_mut().for_each(|units| *units = 0);
    }
    left
}

/// What the order's own state says against sending.
fn allowed(order: &Snapshot) -> Option<Decision> {
    let refuse = |reason: Reason| Some(Decision::Refuse { reason });
    let facts = &order.facts;
    if order.content.fulfillment == Fulfillment::Fba {
        return refuse(reason::fba_is_not_notified());
    }
    if order.content.marks.contains(&codes::program_mark(codes::SHIP_PLUS)) {
        return refuse(own("AMAZON_SHIP_PLUS"));
    }
    match facts.stage {
        MallStage::Cancelled => refuse(reason::cancelled_at_mall()),
        MallStage::CancelRequested => refuse(own("AMAZON_CANCEL_REQUESTED")),
        MallStage::AwaitingConfirmation | MallStage::MallProcessing | MallStage::ChangePending => {
            refuse(own("AMAZON_PENDING"))
        }
        MallStage::Unknown | MallStage::Closed => {
            Some(Decision::NotNow { reason: reason::mall_status_unknown(&facts.status.code) })
        }
        _ if matches!(facts.hold, Hold::MallChecking | Hold::Fraud { .. }) => {
            Some(Decision::NotNow { reason: reason::mall_holds_order() })
        }
        MallStage::Shippable | MallStage::PartlyShipped | MallStage::Shipped => None,
    }
}

/// What the parcel itself says against sending it ever.
fn unfit(parcel: &WantedParcel) -> Option<Decision> {
    let refuse = |reason: Reason| Some(Decision::Refuse { reason });
    if parcel.shipped_on.is_none() {
        return refuse(reason::ship_date_blank());
    }
    let carrier = CarrierCode::parse(&parcel.carrier_code);
    if carrier.code.is_empty() {
        return refuse(reason::carrier_blank());
    }
    if carrier.is_other() && carrier.name.is_empty() {
        return refuse(own("AMAZON_CARRIER_NAME_MISSING"));
    }
    if parcel.tracking_number.chars().chain(parcel.carrier_code.chars()).any(char::is_control) {
        return refuse(own("AMAZON_UNSENDABLE_TEXT"));
    }
    None
}

/// What the contents of each parcel lack, given the others.
fn contents_faults(wanted: &[&WantedParcel], order: &Snapshot) -> Vec<Option<Reason>> {
    let whole: BTreeMap<&str, i64> = order
        .content
        .lines
        .iter()
        .map(|line| (line.key.as_str(), line.quantity - line.cancelled_quantity))
        .collect();
    let mut claimed: BTreeMap<&str, i64> = BTreeMap::new();
    wanted
        .iter()
        .map(|parcel| {
            if parcel.contents.is_empty() {
                let others = order.facts.stage == MallStage::PartlyShipped
                    && order.facts.shipments.iter().any(|s| s.contents.is_empty());
                return (wanted.len() > 1 || others).then(|| own("AMAZON_CONTENTS_NEEDED"));
            }
            for ParcelLine { line_key, quantity } in &parcel.contents {
                let Some((key, ordered)) = whole.get_key_value(line_key.as_str()) else {
                    return Some(own("AMAZON_CONTENTS_WRONG"));
                };
                if *quantity < 1 {
                    return Some(own("AMAZON_CONTENTS_WRONG"));
                }
                let units = claimed.entry(key).or_default();
                *units = units.saturating_add(*quantity);
                if *units > *ordered {
                    return Some(own("AMAZON_TOO_MANY_UNITS"));
                }
            }
            None
        })
        .collect()
}

/// What stands at Amazon says against this way of sending.
fn fits(mode: &SendMode, order: &Snapshot, anything_left: bool) -> Option<Decision> {
    match mode {
        SendMode::Update { mall_ref } if !is_number(mall_ref) => {
            Some(Decision::Refuse { reason: own("AMAZON_PACKAGE_NOT_EDITABLE") })
        }
        SendMode::Add if !anything_left && order.facts.shipments.is_empty() => {
            // Shipped, but nothing is shown: packages come late.
            let late = order.facts.stage == MallStage::Shipped;
            Some(if late {
                Decision::NotNow { reason: own("AMAZON_PACKAGES_NOT_SHOWN") }
            } else {
                Decision::Refuse { reason: own("AMAZON_NOTHING_TO_SHIP") }
            })
        }
        SendMode::Add if !anything_left => Some(Decision::Refuse { reason: own("AMAZON_NOTHING_TO_SHIP") }),
        _ => None,
    }
}

/// Puts the steps into calls: one each, or into one file what has no number, or everything when there is much.
/// Corrections are never sent by file: a file knows no packages.
pub(super) fn build(kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
    if kind != WriteKind::ShipmentNotice {
        return Vec::new();
    }
    let threshold = settings.int(super::settings::FEED_THRESHOLD, super::settings::FEED_THRESHOLD_DEFAULT);
    let count = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let many = threshold > 0 && count >= threshold;
    let by_file = |sent: &&Outgoing| {
        let blank = parcel(&sent.step).is_some_and(|p| p.tracking_number.is_empty());
        blank || (many && sent.mode == SendMode::Add)
    };
    let (file, single): (Vec<&Outgoing>, Vec<&Outgoing>) = steps.iter().partition(by_file);
    let mut drafts: Vec<CallDraft> =
        single.iter().map(|sent| confirm::draft(sent, &numbers_of_others(sent, steps), settings)).collect();
    drafts.extend(file.chunks(feed::MAX_STEPS).map(|part| feed::draft(part, settings)));
    drafts
}

/// Numbers that the other parcels of the same order use.
fn numbers_of_others(sent: &Outgoing, steps: &[Outgoing]) -> Vec<u64> {
    steps
        .iter()
        .filter(|other| other.step.mall_order_id == sent.step.mall_order_id)
        .filter(|other| other.step.step_id != sent.step.step_id)
        .flat_map(|other| {
            let mode = match &other.mode {
                SendMode::Update { mall_ref } => mall_ref.parse().ok(),
                SendMode::Add => None,
            };
            let own = parcel(&other.step).and_then(|p| p.mall_ref.as_ref()?.parse().ok());
            let id = parcel(&other.step).and_then(|p| u64::try_from(p.parcel_id.0).ok());
            [mode, own, id].into_iter().flatten()
        })
        .collect()
}

/// What a parcel holds: what staff said; else, for a package that stands there, what stands in it; else everything
/// that is left, and where nothing is known to be left, the whole order.
pub(super) fn contents(sent: &Outgoing) -> Vec<ParcelLine> {
    let own = parcel(&sent.step).map(|p| p.contents.clone()).unwrap_or_default();
    let Some(order) = sent.order.as_deref().filter(|_| own.is_empty()) else { return own };
    if let SendMode::Update { mall_ref } = &sent.mode {
        let seen = order.facts.shipments.iter().find(|s| s.mall_ref == *mall_ref);
        if let Some(seen) = seen.filter(|s| !s.contents.is_empty()) {
            return seen.contents.clone();
        }
    }
    let lines = |units: BTreeMap<String, i64>| -> Vec<ParcelLine> {
        let some = units.into_iter().filter(|(_, quantity)| *quantity > 0);
        some.map(|(line_key, quantity)| ParcelLine { line_key, quantity }).collect()
    };
    let left = lines(units_left(order));
    if !left.is_empty() {
        return left;
    }
    let whole = order.content.lines.iter();
    lines(whole.map(|l| (l.key.clone(), l.quantity - l.cancelled_quantity)).collect())
}

/// Is it paid at the door (3: `DirectPayment` only then)?
pub(super) fn is_cod(sent: &Outgoing) -> bool {
    sent.order.as_deref().is_some_and(|order| order.content.payment.cash_on_delivery)
}

/// 配送方法: the carrier's own, else the shop's.
pub(super) fn ship_method(carrier: &CarrierCode, settings: &Settings) -> String {
    if carrier.method.is_empty() {
        return settings.get(super::settings::SHIP_METHOD).unwrap_or_default().trim().to_owned();
    }
    carrier.method.clone()
}

/// The same outcome for every step.
pub(super) fn all(draft: &CallDraft, outcome: &Outcome) -> Vec<(StepId, Outcome)> {
    draft.items.iter().map(|step| (*step, outcome.clone())).collect()
}

/// An unclear outcome.
pub(super) fn unclear(reason: Reason) -> Outcome {
    Outcome::Unknown { reason }
}
