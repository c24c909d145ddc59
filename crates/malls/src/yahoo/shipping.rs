//! orderShipStatusChange (yahoo.md 6.1): one call per order sets the status to 出荷済み with one carrier, one date and up to
//! two numbers. The mall moves the status by itself too: every decision is made from what stands there.

use super::descriptor::{EMPTY_REASON, EMPTY_REASON_DEFAULT, operation};
use super::errors::own;
use super::mapping::NO_NUMBER;
use super::text::write_date;
use super::write::{Memo, What, by_order, draft, target};
use super::xml::{element, group};
use super::{codes, search};
use domain::Snapshot;
use domain::hold::Hold;
use domain::reason::{self, Reason};
use domain::snapshot::{MallFacts, MallShipment, MallStage};
use domain::write::{SendMode, Step, WantedParcel, WriteKind};
use mall_api::{CallDraft, Decision, Outgoing, Settings};

/// Longest number in bytes (4.5).
const MAX_NUMBER: usize = 30;
/// The two places for a number.
const SLOTS: [&str; 2] = ["1", "2"];

/// A number as it is sent: hyphens are always taken out (6.1).
fn plain(number: &str) -> String {
    number.chars().filter(|c| *c != '-').collect()
}

/// Has the mall 出荷済み or 着荷済み?
pub(super) fn is_shipped(facts: &MallFacts) -> bool {
    facts.shipping_status.as_ref().is_some_and(|s| matches!(s.code.as_str(), "3" | "4"))
}

/// Decides for the parcels of one order. Steps of another kind get a place holder that the caller does not use.
pub(super) fn decide(steps: &[Step], order: &Snapshot) -> Vec<Decision> {
    let facts = &order.facts;
    let wanted: Vec<Option<&WantedParcel>> = steps.iter().map(parcel).collect();
    let slots = place(&wanted, &facts.shipments);
    let carrier = wanted.iter().flatten().map(|w| w.carrier_code.as_str()).find(|code| !code.is_empty());
    wanted
        .iter()
        .zip(slots)
        .map(|(parcel, slot)| {
            let Some(parcel) = parcel else { return Decision::Refuse { reason: reason::no_parcel() } };
            let there = slot.as_ref().and_then(|slot| record(&facts.shipments, slot));
            if is_done(parcel, there, &wanted, facts) {
                return Decision::AlreadyThere { mall_ref: slot };
            }
            if let Some(decision) = not_allowed(order) {
                return decision;
            }
            let refuse = |code: &str| Decision::Refuse { reason: own(code) };
            match (slot, unfit(parcel, carrier, &facts.shipments)) {
                (_, Some(reason)) => Decision::Refuse { reason },
                (None, None) => refuse("YAHOO_TOO_MANY_PARCELS"),
                (Some(slot), None) if record(&facts.shipments, &slot).is_some() => {
                    Decision::Send(SendMode::Update { mall_ref: slot })
                }
                (Some(_), None) => Decision::Send(SendMode::Add),
            }
        })
        .collect()
}

fn parcel(step: &Step) -> Option<&WantedParcel> {
    step.parcel.as_ref().filter(|_| step.kind == WriteKind::ShipmentNotice)
}

fn record<'r>(seen: &'r [MallShipment], slot: &str) -> Option<&'r MallShipment> {
    seen.iter().find(|r| r.mall_ref == slot)
}

/// Which record of the mall answers for which parcel, each for at most one: the same number, then the parcel's own
/// record, then a record without a number, then a free place. `None`: both places are taken.
fn place(wanted: &[Option<&WantedParcel>], seen: &[MallShipment]) -> Vec<Option<String>> {
    let mut taken: Vec<String> = Vec::new();
    let mut slots: Vec<Option<String>> = vec![None; wanted.len()];
    type Fits = fn(&WantedParcel, &MallShipment) -> bool;
    let rounds: [Fits; 3] = [
        |w, r| plain(&w.tracking_number) == plain(&r.tracking_number),
        |w, r| w.mall_ref.as_ref() == Some(&r.mall_ref),
        |_, r| r.tracking_number.is_empty(),
    ];
    for fits in rounds {
        for (slot, parcel) in slots.iter_mut().zip(wanted) {
            let (None, Some(parcel)) = (&slot, parcel) else { continue };
            let found = seen.iter().find(|r| !taken.contains(&r.mall_ref) && fits(parcel, r));
            if let Some(found) = found {
                taken.push(found.mall_ref.clone());
                *slot = Some(found.mall_ref.clone());
            }
        }
    }
    let in_use = |name: &str, taken: &[String]| {
        taken.iter().any(|t| t == name)
            || seen.iter().any(|r| r.mall_ref == name && !r.tracking_number.is_empty())
    };
    for (slot, parcel) in slots.iter_mut().zip(wanted) {
        if slot.is_some() || parcel.is_none() {
            continue;
        }
        if let Some(free) = SLOTS.into_iter().find(|name| !in_use(name, &taken)) {
            taken.push(free.to_owned());
            *slot = Some(free.to_owned());
        }
    }
    slots
}

/// Does the mall have exactly this? 着荷済み says that it arrived: nothing is left to report (6.1).
fn is_done(
    parcel: &WantedParcel,
    there: Option<&MallShipment>,
    wanted: &[Option<&WantedParcel>],
    facts: &MallFacts,
) -> bool {
    if facts.shipping_status.as_ref().is_some_and(|s| s.code == "4") {
        return true;
    }
    let Some(there) = there.filter(|_| is_shipped(facts)) else { return false };
    // The mall keeps one date for all parcels of an order.
    let date = |w: &WantedParcel| w.shipped_on.is_none() || w.shipped_on == there.shipped_on;
    plain(&there.tracking_number) == plain(&parcel.tracking_number)
        && (parcel.carrier_code.is_empty() || parcel.carrier_code == there.carrier_code)
        && (date(parcel) || wanted.iter().flatten().any(|w| w.shipped_on.is_some() && date(w)))
}

/// What the order's own state says against a change now (4.9, 7).
fn not_allowed(order: &Snapshot) -> Option<Decision> {
    let facts = &order.facts;
    let not_now = |reason: Reason| Some(Decision::NotNow { reason });
    if let Some(decision) = super::write::held(facts) {
        return Some(decision);
    }
    if order.content.recipients.iter().any(|r| r.address_awaited) {
        return not_now(own("YAHOO_LINE_GIFT_WAITS"));
    }
    match facts.stage {
        MallStage::Unknown => not_now(reason::mall_status_unknown(&facts.status.code)),
        MallStage::AwaitingConfirmation
        | MallStage::MallProcessing
        | MallStage::ChangePending
        | MallStage::CancelRequested => not_now(reason::mall_not_ready(&facts.status.label)),
        _ => None,
    }
}

/// What the parcel itself says against sending it ever (6.1).
fn unfit(parcel: &WantedParcel, carrier: Option<&str>, seen: &[MallShipment]) -> Option<Reason> {
    let number = plain(&parcel.tracking_number);
    if !parcel.carrier_code.is_empty() && carrier != Some(parcel.carrier_code.as_str()) {
        return Some(own("YAHOO_ONE_CARRIER"));
    }
    if number.is_empty() {
        return None;
    }
    if number.len() > MAX_NUMBER || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Some(reason::tracking_number_not_sendable());
    }
    if seen.iter().any(|record| record.mall_ref.starts_with(NO_NUMBER)) {
        return Some(own("YAHOO_REASON_STANDS"));
    }
    match parcel.carrier_code.as_str() {
        codes::YAMATO if number.len() > 14 || !number.bytes().all(|b| b.is_ascii_digit()) => {
            Some(own("YAHOO_NUMBER_YAMATO"))
        }
        codes::JAPAN_POST if !(11..=13).contains(&number.len()) => Some(own("YAHOO_NUMBER_POST")),
        _ => None,
    }
}

/// Builds the calls, one an order.
pub(super) fn build(steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
    by_order(steps)
        .into_iter()
        .map(|(order, steps)| {
            let ship = ship_group(&steps, settings);
            let body = [
                element("SellerId", super::auth::seller(settings).unwrap_or_default()),
                target(order, true, settings),
                group("Order", &[group("Ship", &ship)]),
            ];
            let memo = Memo::new(What::Ship, order, &steps).at(places(&steps));
            let request = search::post(operation::SHIP, &group("Req", &body));
            draft(WriteKind::ShipmentNotice, request, &memo)
        })
        .collect()
}

/// Where each parcel will stand at the mall.
fn places(steps: &[&Outgoing]) -> Vec<Option<String>> {
    let wanted: Vec<Option<&WantedParcel>> = steps.iter().map(|sent| parcel(&sent.step)).collect();
    place(&wanted, seen_by(steps))
}

/// What stood at the mall at the look.
fn seen_by<'s>(steps: &[&'s Outgoing]) -> &'s [MallShipment] {
    let order = steps.iter().find_map(|sent| sent.order.as_ref());
    order.map_or(&[], |order| &order.facts.shipments)
}

/// What the call says of the parcels. Blank fields are left out: what is absent stays as it is [I]. Numbers that stand in
/// the other place are said again, so that the call always carries the whole state.
fn ship_group(steps: &[&Outgoing], settings: &Settings) -> Vec<String> {
    let wanted: Vec<Option<&WantedParcel>> = steps.iter().map(|sent| parcel(&sent.step)).collect();
    let seen = seen_by(steps);
    let mut numbers: [String; 2] =
        SLOTS.map(|slot| record(seen, slot).map(|r| plain(&r.tracking_number)).unwrap_or_default());
    for (parcel, slot) in wanted.iter().zip(place(&wanted, seen)) {
        let place = SLOTS.iter().position(|name| Some(*name) == slot.as_deref());
        if let (Some(parcel), Some(number)) = (parcel, place.and_then(|place| numbers.get_mut(place))) {
            *number = plain(&parcel.tracking_number);
        }
    }
    let parcels = || wanted.iter().flatten();
    let mut ship = vec![element("ShipStatus", "3")];
    if let Some(code) = parcels().map(|w| w.carrier_code.as_str()).find(|code| !code.is_empty()) {
        ship.push(element("ShipCompanyCode", code));
    }
    // Number and reason exclude each other (6.1).
    let numbered = numbers.iter().any(|number| !number.is_empty());
    if numbered {
        let names = ["ShipInvoiceNumber1", "ShipInvoiceNumber2"];
        let given = names.iter().zip(&numbers).filter(|(_, number)| !number.is_empty());
        ship.extend(given.map(|(name, number)| element(name, number)));
    } else if !seen.iter().any(|record| record.mall_ref.starts_with(NO_NUMBER)) {
        let reason = settings.get(EMPTY_REASON).unwrap_or(EMPTY_REASON_DEFAULT);
        if codes::name_of(&codes::EMPTY_REASONS, reason).is_some() {
            ship.push(element("ShipInvoiceNumberEmptyReason", reason));
        }
    }
    if let Some(day) = parcels().filter_map(|w| w.shipped_on).max() {
        ship.push(element("ShipDate", &write_date(day)));
    }
    ship
}

/// Held back by the mall, whatever is to be changed (7). Used by every kind of write.
pub(super) fn hold_decision(facts: &MallFacts) -> Option<Decision> {
    match facts.hold {
        Hold::Fraud { .. } => Some(Decision::Refuse { reason: own("od90166") }),
        Hold::MallChecking => Some(Decision::NotNow { reason: reason::mall_holds_order() }),
        Hold::None | Hold::Released { .. } | Hold::NotKnown => None,
    }
}
