//! From eligible orders to intents. The judgement is `domain::eligibility`'s; this file gathers what it asks for.

use crate::lane::{Lane, LaneError};
use domain::carrier::Carrier;
use domain::eligibility::{self, ShopFacts, StatusChange, Verdict};
use domain::history::By;
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::phase::{CANCELLED, NEW, Phase};
use domain::rule::Rule;
use domain::write::{WantedParcel, WriteKind};
use domain::{OrderSeq, PhaseKey, UtcMillis, reason};
use mall_api::Mall;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use store::orders::OrderForRules;
use store::outbox::NewWrite;
use store::{Ledger, Shop, StoreError};

/// Orders judged in one go.
const SCAN: i64 = 200;

/// What writing back remembers from turn to turn: where the automation's scan of each shop stands, so that orders
/// which must wait do not block those behind them, and whether a turn may have left a call without an outcome.
#[derive(Default)]
pub(crate) struct ScanCursors(Mutex<HashMap<(i64, WriteKind), OrderSeq>>, AtomicBool);

impl ScanCursors {
    /// A call begins, or has its outcome.
    pub(super) fn leave_call(&self, left: bool) {
        self.1.store(left, Ordering::SeqCst);
    }

    /// The store failed between the beginning and the outcome of a call.
    pub(super) fn has_left_call(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }
}

/// One order with its judgement.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The order.
    pub order: OrderForRules,
    /// What stands in the way and what is worth saying.
    pub verdict: Verdict,
}

struct Masters {
    phases: Vec<Phase>,
    carriers: Vec<Carrier>,
    rules: Vec<Rule>,
    excluded: Vec<PhaseKey>,
}

/// Phases shipments are never reported from, unless the shop's setting says otherwise (NTF-11).
fn excluded(shop: &Shop) -> Vec<PhaseKey> {
    match shop.settings.get("notice_excluded_phases") {
        Some(list) => list.split(',').filter(|p| !p.trim().is_empty()).map(|p| p.trim().into()).collect(),
        None => vec![NEW.into(), CANCELLED.into()],
    }
}

async fn masters(ledger: &Ledger, shop: &Shop) -> Result<Masters, StoreError> {
    Ok(Masters {
        phases: ledger.phases().await?,
        carriers: ledger.carriers().await?,
        rules: ledger.rules(shop.shop_id).await?,
        excluded: excluded(shop),
    })
}

fn mall_code<'a>(carriers: &'a [Carrier], mall: &str, carrier: &domain::CarrierKey) -> Option<&'a String> {
    carriers.iter().find(|c| &c.carrier == carrier)?.mall_codes.get(mall)
}

fn judge_one(
    order: &OrderForRules,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    masters: &Masters,
    by_hand: bool,
    now: UtcMillis,
) -> Verdict {
    let targets: Vec<PhaseKey> =
        masters.rules.iter().filter(|r| r.kind == kind).map(|r| r.target_phase.clone()).collect();
    let phase = &order.facts.phase;
    let name = masters.phases.iter().find(|p| &p.phase == phase).map_or(phase.as_str(), |p| &p.name);
    let facts = ShopFacts {
        name: &shop.name,
        automation_enabled: shop.automation_enabled,
        target_phases: &targets,
        excluded_phases: &masters.excluded,
        phase_name: name,
        today: now.japan_date(),
        by_hand,
    };
    match kind {
        WriteKind::ConfirmOrder => {
            let undecided = order.flags & Flag::AmountUndecided.bit() != 0;
            eligibility::judge_confirm(&order.facts, &facts, order.confirm_state, undecided)
        }
        // No rule of phases takes them: see `judge_status`.
        WriteKind::MallStatus | WriteKind::PaymentStatus => {
            Verdict { refusals: vec![reason::write_not_offered()], warnings: Vec::new() }
        }
        WriteKind::ShipmentNotice => match &mall.descriptor().notice {
            None => Verdict { refusals: vec![reason::mall_has_no_notice()], warnings: Vec::new() },
            Some(rules) => {
                let known = |c: &domain::CarrierKey| {
                    mall_code(&masters.carriers, mall.descriptor().mall, c).is_some()
                };
                eligibility::judge(&order.facts, &facts, rules, &known)
            }
        },
    }
}

/// Judges orders of one shop, without doing anything (`--dry-run`, bulk previews, "why not").
///
/// # Errors
/// As the database says.
pub async fn judge_orders(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    orders: &[OrderSeq],
    by_hand: bool,
    now: UtcMillis,
) -> Result<Vec<Judged>, StoreError> {
    let mut judged = judge_unpaused(ledger, shop, mall, kind, orders, by_hand, now).await?;
    refuse_paused(ledger, &mut judged).await?;
    Ok(judged)
}

/// The same as if no restore waited for a person: what would be sent once writing goes on.
async fn judge_unpaused(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    orders: &[OrderSeq],
    by_hand: bool,
    now: UtcMillis,
) -> Result<Vec<Judged>, StoreError> {
    let mut judged = judge_all(ledger, shop, mall, kind, orders, by_hand, now).await?;
    judged.iter_mut().for_each(|one| look_only(shop, one));
    if kind == WriteKind::ShipmentNotice && mall.writer().is_none() && mall.descriptor().notice.is_some() {
        // Only by file.
        for one in &mut judged {
            one.verdict.refusals.push(reason::write_not_offered());
        }
    }
    Ok(judged)
}

/// Orders a shop's rules would take now: judged at most so many.
const DUE_LIMIT: i64 = 10_000;

/// Judges what the shop's rules would take now, without doing anything.
///
/// # Errors
/// As the database says.
pub async fn judge_due(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    now: UtcMillis,
) -> Result<Vec<Judged>, StoreError> {
    let mut judged = judge_due_once_released(ledger, shop, mall, kind, now).await?;
    refuse_paused(ledger, &mut judged).await?;
    Ok(judged)
}

/// The same as if no restore waited for a person (F46): what the rules would take once writing goes on.
///
/// # Errors
/// As the database says.
pub async fn judge_due_once_released(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    now: UtcMillis,
) -> Result<Vec<Judged>, StoreError> {
    let rules = ledger.rules(shop.shop_id).await?;
    let targets: Vec<_> = rules.into_iter().filter(|r| r.kind == kind).map(|r| r.target_phase).collect();
    let orders = ledger.write_candidates(shop.shop_id, kind, &targets, OrderSeq(0), DUE_LIMIT).await?;
    judge_unpaused(ledger, shop, mall, kind, &orders, false, now).await
}

/// After a restore nothing is written before a person has seen what would be (F46).
async fn refuse_paused(ledger: &Ledger, judged: &mut [Judged]) -> Result<(), StoreError> {
    if let Some(reason) = ledger.restored().await?.and_then(|restored| restored.may_write().err()) {
        judged.iter_mut().for_each(|one| one.verdict.refusals.insert(0, reason.clone()));
    }
    Ok(())
}

/// 見るだけモード: whatever else may be said of an order, nothing of it is written.
fn look_only(shop: &Shop, judged: &mut Judged) {
    if !shop.writes_back() {
        judged.verdict.refusals.insert(0, reason::write_back_off(&shop.name));
    }
}

/// Judges orders for a shipment file: as for a notice that a person asks for.
pub(super) async fn judge_for_file(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    orders: &[OrderSeq],
    now: UtcMillis,
) -> Result<Vec<Judged>, StoreError> {
    let mut judged = judge_all(ledger, shop, mall, WriteKind::ShipmentNotice, orders, true, now).await?;
    refuse_paused(ledger, &mut judged).await?;
    Ok(judged)
}

async fn judge_all(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    orders: &[OrderSeq],
    by_hand: bool,
    now: UtcMillis,
) -> Result<Vec<Judged>, StoreError> {
    let masters = masters(ledger, shop).await?;
    let mut found = ledger.orders_for_rules(orders).await?;
    found.retain(|o| o.shop_id == shop.shop_id);
    let under_way = |o: &OrderForRules| o.facts.notice_state == NoticeState::InFlight;
    let waiting: Vec<OrderSeq> = found.iter().filter(|o| under_way(o)).map(|o| o.seq).collect();
    let files = match kind {
        WriteKind::ShipmentNotice if !waiting.is_empty() => ledger.open_files_of(&waiting).await?,
        _ => BTreeMap::new(),
    };
    Ok(found
        .into_iter()
        .map(|order| {
            let mut verdict = judge_one(&order, shop, mall, kind, &masters, by_hand, now);
            // The more telling reason in place of "it is under way".
            if let Some((id, name)) = files.get(&order.seq) {
                verdict.refusals.retain(|r| r.code != "notice_already");
                verdict.refusals.insert(0, reason::in_shipment_file(name, id));
            }
            Judged { order, verdict }
        })
        .collect())
}

/// Judges a change of status (モールステータス, 入金ステータス) of orders of one shop to `target`, without doing anything.
///
/// # Errors
/// As the database says.
pub async fn judge_status(
    ledger: &Ledger,
    shop: &Shop,
    mall: &dyn Mall,
    kind: WriteKind,
    target: &str,
    orders: &[OrderSeq],
) -> Result<Vec<Judged>, StoreError> {
    let mut found = ledger.orders_for_rules(orders).await?;
    found.retain(|o| o.shop_id == shop.shop_id);
    let open = ledger.open_targets(kind, orders).await?;
    let descriptor = mall.descriptor();
    // Malls' payment statuses are no statuses of orders: only the mall can say whether it has such a code.
    let of_order = kind == WriteKind::MallStatus;
    let known = !of_order || descriptor.status(target).is_some();
    let offered = mall.writer().is_some() && descriptor.write(kind).is_some();
    let mut judged: Vec<Judged> = found
        .into_iter()
        .map(|order| {
            let wish = open.get(&order.seq);
            let change = StatusChange {
                target,
                offered,
                known,
                label: descriptor.status(target).map_or(target, |s| s.label),
                there: of_order.then_some(order.mall_status.as_str()),
                wanted: wish.map(|(code, _)| code.as_str()),
                in_flight: wish.is_some_and(|(_, sent)| *sent),
            };
            let active = shop.state == "active";
            let verdict = eligibility::judge_status(&order.facts, &shop.name, active, &change);
            let mut judged = Judged { order, verdict };
            look_only(shop, &mut judged);
            judged
        })
        .collect();
    refuse_paused(ledger, &mut judged).await?;
    Ok(judged)
}

/// The intent of an eligible order: all its live parcels as they shall stand at the mall.
pub(super) fn intent(
    order: &OrderForRules,
    kind: WriteKind,
    target: Option<&str>,
    mall: &str,
    carriers: &[Carrier],
) -> NewWrite {
    let parcels = match kind {
        WriteKind::ConfirmOrder | WriteKind::MallStatus | WriteKind::PaymentStatus => Vec::new(),
        WriteKind::ShipmentNotice => order
            .facts
            .parcels
            .iter()
            .map(|p| WantedParcel {
                parcel_id: p.parcel_id,
                version: p.version,
                recipient_key: p.recipient_key.clone(),
                carrier_code: p
                    .carrier
                    .as_ref()
                    .and_then(|c| mall_code(carriers, mall, c).cloned())
                    .unwrap_or_default(),
                tracking_number: p.tracking_number.clone(),
                shipped_on: p.shipped_on,
                mall_ref: p.mall_ref.clone(),
                contents: p.contents.clone(),
            })
            .collect(),
    };
    NewWrite { seq: order.seq, version: order.version, kind, parcels, target: target.map(str::to_owned) }
}

impl Lane {
    /// Puts what is eligible among `orders` into the outbox. Says what was judged and which orders were taken.
    pub(crate) async fn enqueue(
        &self,
        shop: &Shop,
        mall: &dyn Mall,
        (kind, target): (WriteKind, Option<&str>),
        orders: &[OrderSeq],
        by: &By,
        by_hand: bool,
    ) -> Result<(Vec<Judged>, Vec<OrderSeq>), LaneError> {
        let ledger = &self.hub.ledger;
        let now = self.now();
        let judged = match target {
            Some(target) => judge_status(ledger, shop, mall, kind, target, orders).await?,
            None => judge_orders(ledger, shop, mall, kind, orders, by_hand, now).await?,
        };
        let carriers = ledger.carriers().await?;
        let writes: Vec<NewWrite> = judged
            .iter()
            .filter(|j| j.verdict.is_eligible())
            .map(|j| intent(&j.order, kind, target, mall.descriptor().mall, &carriers))
            .collect();
        if !by_hand {
            self.say_held(&judged, kind, by).await?;
        }
        if writes.is_empty() {
            return Ok((judged, Vec::new()));
        }
        let taken = ledger.enqueue_writes(&self.guard, &writes, by, now).await?;
        Ok((judged, taken))
    }

    /// Orders the automation would write, if the mall did not hold them: 失敗, and the history says why (FRD-3).
    async fn say_held(&self, judged: &[Judged], kind: WriteKind, by: &By) -> Result<(), LaneError> {
        let held: Vec<_> = judged
            .iter()
            .filter(|j| j.verdict.is_only_held())
            .map(|j| (j.order.seq, j.order.version))
            .collect();
        if !held.is_empty() {
            let reason = reason::fraud_hold_blocks_status_change();
            let ledger = &self.hub.ledger;
            ledger.withhold_writes(&self.guard, &held, kind, &reason, by, self.now()).await?;
        }
        Ok(())
    }

    /// Takes what the shop's rules take; `true` when anything was put into the outbox.
    pub(crate) async fn automate(&self, shop: &Shop, kind: WriteKind) -> Result<bool, LaneError> {
        if !shop.automation_enabled || !shop.writes_back() {
            return Ok(false);
        }
        if self.hub.ledger.restored().await?.is_some_and(|restored| restored.may_write().is_err()) {
            return Ok(false);
        }
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(false) };
        let rules = self.hub.ledger.rules(shop.shop_id).await?;
        let targets: Vec<PhaseKey> =
            rules.into_iter().filter(|r| r.kind == kind).map(|r| r.target_phase).collect();
        if targets.is_empty() {
            return Ok(false);
        }
        let key = (shop.shop_id.0, kind);
        let after = {
            let cursors = self.scans.0.lock().unwrap_or_else(PoisonError::into_inner);
            cursors.get(&key).copied().unwrap_or(OrderSeq(0))
        };
        let found = self.hub.ledger.write_candidates(shop.shop_id, kind, &targets, after, SCAN).await?;
        let full = i64::try_from(found.len()).unwrap_or(0) == SCAN;
        let next = found.last().filter(|_| full).copied().unwrap_or(OrderSeq(0));
        self.scans.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, next);
        if found.is_empty() {
            return Ok(false);
        }
        let (_, taken) = self.enqueue(shop, &*mall, (kind, None), &found, &By::System, false).await?;
        // A full page means that more candidates wait behind it: go on at once.
        Ok(!taken.is_empty() || full)
    }
}
