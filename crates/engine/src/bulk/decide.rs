//! What an action means for one order: the change, or the reason why not, and what is worth saying first. Pure; asks the
//! rules of `domain`. Previews and jobs use the same functions, so that what was shown is what is done.

use super::action::{BulkAction, ParcelInput};
use domain::notice::{NoticeState, may_set_by_hand};
use domain::order::{Grouping, Parcel};
use domain::phase::{MoveSettings, Phase, may_move};
use domain::{CarrierKey, OrderSeq, Reason, ShopId, UtcMillis, reason};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::desk::bulk::{OrderAtWork, Step, Work};
use store::orders::{ParcelChange, move_facts};

/// What deciding asks of the installation, read once for a job.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Phases.
    pub phases: Vec<Phase>,
    /// The guard of each shop (FRD-2).
    pub guards: BTreeMap<ShopId, MoveSettings>,
    /// Shops whose mall takes shipment notices.
    pub with_notice: BTreeSet<ShopId>,
    /// The person may override a hold (FRD-4).
    pub may_override: bool,
    /// The parent of a bundle.
    pub parent: Option<OrderAtWork>,
    /// Orders by a number that is to be entered.
    pub numbers: BTreeMap<String, BTreeSet<OrderSeq>>,
    /// Now.
    pub now: UtcMillis,
}

/// What a job writes down of an order before it changes it, and reads to undo.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Before {
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<domain::PhaseKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<domain::order::HandlingClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed_at: Option<i64>,
    /// When this job marked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    marked_at: Option<i64>,
}

impl Before {
    fn json(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }

    fn read(input: Option<&Value>) -> Result<Self, Reason> {
        let unreadable = || reason::record_unreadable("before");
        let input = input.ok_or_else(unreadable)?;
        serde_json::from_value(input.clone()).map_err(|_| unreadable())
    }
}

fn done(step: Step, before: Option<Before>) -> Result<Work, Reason> {
    Ok(Work { step, before: before.and_then(|b| b.json()) })
}

fn move_step(
    at: &OrderAtWork,
    to: &domain::PhaseKey,
    override_fraud_hold: bool,
    known: &Known,
) -> Result<Work, Reason> {
    let Some(phase) = known.phases.iter().find(|p| &p.phase == to) else {
        return Err(reason::phase_gone(to));
    };
    // Both are needed: the right, and the person's will for this very job (FRD-4).
    let override_fraud_hold = override_fraud_hold && known.may_override;
    let guard = known.guards.get(&at.order.shop_id).copied().unwrap_or_default();
    may_move(&move_facts(&at.order), phase, MoveSettings { override_fraud_hold, ..guard })?;
    let before = Before { phase: Some(at.order.facts.phase.clone()), ..Before::default() };
    done(Step::Move { to: to.clone(), override_fraud_hold }, Some(before))
}

/// The parcel that is meant where an order has one recipient and at most one parcel.
fn only_parcel(at: &OrderAtWork) -> Result<Option<&Parcel>, Reason> {
    let facts = &at.order.facts;
    if facts.notice_state == NoticeState::InFlight {
        return Err(reason::notice_in_flight());
    }
    if facts.recipient_keys.len() != 1 {
        return Err(reason::several_recipients());
    }
    match facts.parcels.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(reason::several_parcels()),
    }
}

fn changed_parcel(before: Option<&Parcel>, wanted: &ParcelInput) -> ParcelChange {
    ParcelChange {
        parcel_id: before.map(|p| p.parcel_id),
        recipient_key: before.map(|p| p.recipient_key.clone()),
        carrier: wanted.carrier.clone().or_else(|| before.and_then(|p| p.carrier.clone())),
        tracking_number: match domain::tracking::normalise(&wanted.tracking_number) {
            blank if blank.is_empty() => before.map(|p| p.tracking_number.clone()).unwrap_or_default(),
            number => number,
        },
        shipped_on: wanted.shipped_on.or_else(|| before.and_then(|p| p.shipped_on)),
    }
}

fn is_same(before: &Parcel, change: &ParcelChange) -> bool {
    before.carrier == change.carrier
        && before.tracking_number == change.tracking_number
        && before.shipped_on == change.shipped_on
}

fn input(of: Option<&Value>) -> Result<ParcelInput, Reason> {
    let unreadable = || reason::record_unreadable("input");
    serde_json::from_value(of.cloned().ok_or_else(unreadable)?).map_err(|_| unreadable())
}

fn parcel_steps(at: &OrderAtWork, changes: Vec<(Option<&Parcel>, ParcelChange)>) -> Result<Work, Reason> {
    if at.order.facts.provisional {
        return Err(reason::provisional_order());
    }
    let changes: Vec<ParcelChange> = changes
        .into_iter()
        .filter(|(before, change)| before.is_none_or(|before| !is_same(before, change)))
        .map(|(_, change)| change)
        .collect();
    if changes.is_empty() {
        return Err(reason::nothing_to_change());
    }
    done(Step::Parcels(changes), None)
}

/// 出荷日・配送業者 go to every parcel of the only recipient.
fn ship_date(
    at: &OrderAtWork,
    carrier: Option<&CarrierKey>,
    shipped_on: Option<jiff::civil::Date>,
) -> Result<Work, Reason> {
    let facts = &at.order.facts;
    if facts.notice_state == NoticeState::InFlight {
        return Err(reason::notice_in_flight());
    }
    if facts.recipient_keys.len() != 1 {
        return Err(reason::several_recipients());
    }
    let wanted = ParcelInput { carrier: carrier.cloned(), shipped_on, ..ParcelInput::default() };
    let changes = match facts.parcels.as_slice() {
        [] => vec![(None, changed_parcel(None, &wanted))],
        parcels => parcels.iter().map(|p| (Some(p), changed_parcel(Some(p), &wanted))).collect(),
    };
    parcel_steps(at, changes)
}

fn bundle(at: &OrderAtWork, parent: OrderSeq, known: &Known) -> Result<Work, Reason> {
    let Some(found) = known.parent.as_ref().filter(|p| p.order.seq == parent) else {
        return Err(reason::order_not_found());
    };
    domain::order::may_bundle(found.order.facts.grouping, at.has_children, at.order.seq == parent)?;
    if at.order.facts.notice_state == NoticeState::InFlight {
        return Err(reason::notice_in_flight());
    }
    if at.order.facts.grouping == Grouping::BundledChild && at.order.parent == Some(parent) {
        return Err(reason::nothing_to_change());
    }
    done(Step::Group { grouping: Grouping::BundledChild, parent: Some(parent) }, None)
}

/// What is done with one order. `item` is what differs from order to order.
///
/// # Errors
/// Why it is not done.
pub fn decide(
    action: &BulkAction,
    at: &OrderAtWork,
    item: Option<&Value>,
    known: &Known,
) -> Result<Work, Reason> {
    let facts = &at.order.facts;
    match action {
        BulkAction::Move { phase, override_fraud_hold } => move_step(at, phase, *override_fraud_hold, known),
        BulkAction::Plan { ship_on, shipping_method } => {
            let same_day = ship_on.is_none_or(|d| d.map(|d| d.to_string()) == at.ship_on);
            if same_day && shipping_method.as_ref().is_none_or(|m| *m == at.shipping_method) {
                return Err(reason::nothing_to_change());
            }
            let before = Before {
                ship_on: at.ship_on.clone(),
                shipping_method: at.shipping_method.clone(),
                ..Before::default()
            };
            let step = Step::Plan { ship_on: *ship_on, shipping_method: shipping_method.clone() };
            done(step, Some(before))
        }
        BulkAction::Parcels {} => {
            let before = only_parcel(at)?;
            parcel_steps(at, vec![(before, changed_parcel(before, &input(item)?))])
        }
        BulkAction::ShipDate { carrier, shipped_on } => ship_date(at, carrier.as_ref(), *shipped_on),
        BulkAction::Paid { on } => {
            if at.erased {
                return Err(reason::buyer_data_erased());
            }
            if at.paid_on.as_deref() == Some(on.to_string().as_str()) {
                return Err(reason::nothing_to_change());
            }
            done(Step::Nothing, None)
        }
        BulkAction::Printed { printed } => {
            if at.printed_at.is_some() == *printed {
                return Err(reason::nothing_to_change());
            }
            let marked = printed.then_some(known.now);
            let before = Before {
                printed_at: at.printed_at.map(|t| t.0),
                marked_at: marked.map(|t| t.0),
                ..Before::default()
            };
            done(Step::Printed(marked), Some(before))
        }
        BulkAction::Tag { tag, on } => {
            if at.tags.contains(tag) == *on {
                return Err(reason::nothing_to_change());
            }
            done(Step::Tag { tag: tag.clone(), on: *on }, Some(Before::default()))
        }
        BulkAction::HandlingClass { class } => {
            if facts.handling_class == *class {
                return Err(reason::nothing_to_change());
            }
            let before = Before { class: Some(facts.handling_class), ..Before::default() };
            done(Step::Class(*class), Some(before))
        }
        BulkAction::NoticeState { to } => {
            let has_notice = known.with_notice.contains(&at.order.shop_id);
            may_set_by_hand(facts.notice_state, *to, facts.fulfillment, has_notice)?;
            if facts.notice_state == *to {
                return Err(reason::nothing_to_change());
            }
            done(Step::Notice(*to), None)
        }
        BulkAction::Bundle { parent } => bundle(at, *parent, known),
        BulkAction::Unbundle {} => {
            if facts.grouping != Grouping::BundledChild {
                return Err(reason::not_bundled());
            }
            done(Step::Group { grouping: Grouping::None, parent: None }, None)
        }
        BulkAction::Undo { of } => undo(of, at, &Before::read(item)?, known),
        // Judged shop by shop, with the malls' own rules.
        BulkAction::Notify { .. } => done(Step::Nothing, None),
        BulkAction::Reimport { .. } => {
            if at.erased {
                return Err(reason::buyer_data_erased());
            }
            done(Step::Nothing, None)
        }
    }
}

/// Back to what was, only where the order still stands as the job left it.
fn undo(of: &BulkAction, at: &OrderAtWork, before: &Before, known: &Known) -> Result<Work, Reason> {
    let facts = &at.order.facts;
    let changed = || Err(reason::changed_since_job());
    match of {
        BulkAction::Move { phase, override_fraud_hold } => match &before.phase {
            Some(back) if &facts.phase == phase => move_step(at, back, *override_fraud_hold, known),
            _ => changed(),
        },
        BulkAction::Plan { ship_on, shipping_method } => {
            let day_stands = ship_on.is_none_or(|d| d.map(|d| d.to_string()) == at.ship_on);
            if !day_stands || shipping_method.as_ref().is_some_and(|m| *m != at.shipping_method) {
                return changed();
            }
            let day = before.ship_on.as_ref().and_then(|d| d.parse().ok());
            done(
                Step::Plan {
                    ship_on: ship_on.map(|_| day),
                    shipping_method: shipping_method.as_ref().map(|_| before.shipping_method.clone()),
                },
                None,
            )
        }
        BulkAction::Tag { tag, on } if at.tags.contains(tag) == *on => {
            done(Step::Tag { tag: tag.clone(), on: !on }, None)
        }
        BulkAction::HandlingClass { class } if facts.handling_class == *class => match before.class {
            Some(back) => done(Step::Class(back), None),
            None => changed(),
        },
        BulkAction::Printed { .. } if at.printed_at.map(|t| t.0) == before.marked_at => {
            done(Step::Printed(before.printed_at.map(UtcMillis)), None)
        }
        _ if of.is_undoable() => changed(),
        _ => Err(reason::not_undoable()),
    }
}

/// What is worth saying of an order before it is done; a person confirms it order by order.
#[must_use]
pub fn warnings(action: &BulkAction, at: &OrderAtWork, item: Option<&Value>, known: &Known) -> Vec<Reason> {
    let mut said = Vec::new();
    let sent = || at.order.facts.parcels.iter().any(|p| p.sent_version > 0);
    match action {
        BulkAction::Parcels {} => {
            let Ok(wanted) = input(item) else { return said };
            let before = at.order.facts.parcels.first();
            let change = changed_parcel(before, &wanted);
            said.extend(domain::tracking::warnings(change.carrier.as_ref(), &change.tracking_number));
            let elsewhere = known.numbers.get(&change.tracking_number);
            if elsewhere.is_some_and(|orders| orders.iter().any(|o| *o != at.order.seq)) {
                said.push(reason::tracking_number_twice(&change.tracking_number));
            }
            if sent() {
                said.push(reason::parcel_sent_already());
            }
        }
        BulkAction::ShipDate { .. } if sent() => said.push(reason::parcel_sent_already()),
        BulkAction::Paid { .. } => said.extend(at.paid_on.as_ref().map(reason::paid_already)),
        BulkAction::Bundle { .. } => {
            let parent_shop = known.parent.as_ref().map(|p| p.order.shop_id);
            if parent_shop.is_some_and(|shop| shop != at.order.shop_id) {
                said.push(reason::bundle_other_shop());
            }
        }
        _ => {}
    }
    said
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
