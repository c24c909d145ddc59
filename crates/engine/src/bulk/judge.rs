//! What bulk work would do, order by order, without doing anything.

use super::access;
use super::action::{BulkAction, ParcelInput};
use super::decide::{self, Known};
use crate::hub::Hub;
use crate::writeback::judge_orders;
use domain::eligibility::Verdict;
use domain::phase::MoveSettings;
use domain::rights::Rights;
use domain::write::WriteKind;
use domain::{OrderSeq, Reason, ShopId, reason};
use serde_json::Value;
use std::collections::BTreeMap;
use store::desk::bulk::OrderAtWork;
use store::{Shop, StoreError};

/// Orders judged in one go.
const AT_ONCE: usize = 500;

/// What would happen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preview {
    /// 実行する.
    pub go: Vec<OrderSeq>,
    /// 対象外, with the reason.
    pub no: Vec<(OrderSeq, Reason)>,
    /// 確認が必要, with what is to be confirmed.
    pub ask: Vec<(OrderSeq, Vec<Reason>)>,
}

impl Preview {
    fn add(&mut self, seq: OrderSeq, judged: Result<Vec<Reason>, Reason>) {
        match judged {
            Err(reason) => self.no.push((seq, reason)),
            Ok(warnings) if warnings.is_empty() => self.go.push(seq),
            Ok(warnings) => self.ask.push((seq, warnings)),
        }
    }
}

/// Reads what deciding asks for.
pub(super) async fn known(
    hub: &Hub,
    rights: &Rights,
    action: &BulkAction,
    items: &[(OrderSeq, Option<Value>)],
) -> Result<Known, StoreError> {
    let ledger = &hub.ledger;
    let shops = ledger.shops().await?;
    let takes_notice = |s: &&Shop| hub.mall(&s.mall).is_some_and(|mall| mall.descriptor().notice.is_some());
    let mut known = Known {
        phases: ledger.phases().await?,
        guards: shops.iter().map(|s| (s.shop_id, MoveSettings::of(&s.settings))).collect(),
        with_notice: shops.iter().filter(takes_notice).map(|s| s.shop_id).collect(),
        may_override: rights.override_fraud_hold,
        now: hub.clock.now(),
        ..Known::default()
    };
    if let BulkAction::Bundle { parent } = action {
        known.parent = ledger.orders_at_work(&access(rights), &[*parent]).await?.pop();
    }
    if let BulkAction::Parcels {} = action {
        let entered = |(seq, input): &(OrderSeq, Option<Value>)| {
            let input: ParcelInput = serde_json::from_value(input.clone()?).ok()?;
            let number = domain::tracking::normalise(&input.tracking_number);
            (!number.is_empty()).then_some((number, *seq))
        };
        let entered: Vec<(String, OrderSeq)> = items.iter().filter_map(entered).collect();
        known.numbers = ledger.orders_with_numbers(entered.iter().map(|(n, _)| n.clone()).collect()).await?;
        for (number, seq) in entered {
            known.numbers.entry(number).or_default().insert(seq);
        }
    }
    Ok(known)
}

/// The action as a whole: does what it names exist, and is it allowed?
async fn check(
    hub: &Hub,
    rights: &Rights,
    action: &BulkAction,
    known: &Known,
) -> Result<Option<Reason>, StoreError> {
    let ledger = &hub.ledger;
    Ok(match action {
        BulkAction::Move { phase, override_fraud_hold } => {
            if !known.phases.iter().any(|p| &p.phase == phase) {
                Some(reason::phase_gone(phase))
            } else if *override_fraud_hold && !rights.override_fraud_hold {
                Some(reason::override_not_allowed())
            } else {
                None
            }
        }
        BulkAction::Plan { shipping_method: Some(Some(method)), .. } => {
            let there = ledger.shipping_methods().await?.iter().any(|m| &m.shipping_method == method);
            (!there).then(|| reason::shipping_method_unknown(method))
        }
        BulkAction::Plan { ship_on: None, shipping_method: None }
        | BulkAction::ShipDate { carrier: None, shipped_on: None } => Some(reason::nothing_to_change()),
        BulkAction::ShipDate { carrier: Some(carrier), .. } => {
            let there = ledger.carriers().await?.iter().any(|c| &c.carrier == carrier);
            (!there).then(|| reason::carrier_unknown(carrier))
        }
        BulkAction::Notify { kind: WriteKind::MallStatus | WriteKind::PaymentStatus } => {
            Some(reason::write_not_offered())
        }
        BulkAction::Bundle { .. } if known.parent.is_none() => Some(reason::order_not_found()),
        _ => None,
    })
}

fn of_verdict(verdict: Verdict) -> Result<Vec<Reason>, Reason> {
    match verdict.refusals.into_iter().next() {
        Some(first) => Err(first),
        None => Ok(verdict.warnings),
    }
}

/// Judges what malls are asked for, shop by shop.
pub(super) async fn judge_at_malls(
    hub: &Hub,
    action: &BulkAction,
    orders: &[OrderAtWork],
) -> Result<BTreeMap<OrderSeq, Result<Vec<Reason>, Reason>>, StoreError> {
    let mut by_shop = BTreeMap::<ShopId, Vec<OrderSeq>>::new();
    for at in orders {
        by_shop.entry(at.order.shop_id).or_default().push(at.order.seq);
    }
    let mut judged = BTreeMap::new();
    for (id, seqs) in by_shop {
        let Some(shop) = hub.ledger.shop(id).await? else { continue };
        let mall = hub.mall(&shop.mall);
        let whole = match (&mall, action) {
            _ if shop.state != "active" => Some(reason::shop_off(&shop.name)),
            (None, _) => Some(reason::mall_not_known(&shop.mall)),
            (Some(mall), BulkAction::Notify { kind: kind @ WriteKind::ConfirmOrder })
                if mall.descriptor().write(*kind).is_none() =>
            {
                Some(reason::write_not_offered())
            }
            _ => None,
        };
        match (whole, mall, action) {
            (Some(reason), ..) => judged.extend(seqs.into_iter().map(|seq| (seq, Err(reason.clone())))),
            (None, Some(mall), BulkAction::Notify { kind }) => {
                let now = hub.clock.now();
                let of_shop = judge_orders(&hub.ledger, &shop, &*mall, *kind, &seqs, true, now).await?;
                judged.extend(of_shop.into_iter().map(|j| (j.order.seq, of_verdict(j.verdict))));
            }
            _ => judged.extend(seqs.into_iter().map(|seq| (seq, Ok(Vec::new())))),
        }
    }
    Ok(judged)
}

/// What an action would do to orders, in the order they come. Orders that may not be seen are left out.
///
/// # Errors
/// The inner reason when the action as a whole cannot be. Else as the database says.
pub async fn preview(
    hub: &Hub,
    rights: &Rights,
    action: &BulkAction,
    items: &[(OrderSeq, Option<Value>)],
) -> Result<Result<Preview, Reason>, StoreError> {
    let known = known(hub, rights, action, items).await?;
    if let Some(reason) = check(hub, rights, action, &known).await? {
        return Ok(Err(reason));
    }
    let mut preview = Preview::default();
    for chunk in items.chunks(AT_ONCE) {
        let seqs: Vec<OrderSeq> = chunk.iter().map(|(seq, _)| *seq).collect();
        let orders = hub.ledger.orders_at_work(&access(rights), &seqs).await?;
        let mut at_malls = match action {
            BulkAction::Notify { .. } | BulkAction::Reimport { .. } => {
                judge_at_malls(hub, action, &orders).await?
            }
            _ => BTreeMap::new(),
        };
        let orders: BTreeMap<OrderSeq, OrderAtWork> = orders.into_iter().map(|o| (o.order.seq, o)).collect();
        for (seq, input) in chunk {
            let Some(at) = orders.get(seq) else { continue };
            let decided = decide::decide(action, at, input.as_ref(), &known);
            let judged = decided.and_then(|_| match at_malls.remove(seq) {
                Some(judged) => judged,
                None => Ok(decide::warnings(action, at, input.as_ref(), &known)),
            });
            preview.add(*seq, judged);
        }
    }
    Ok(Ok(preview))
}
