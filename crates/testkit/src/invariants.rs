//! The invariants of a ledger against what the simulated malls themselves counted. Each check gives what is wrong in
//! words; nothing wrong is an empty list. Reads through the ledger's own doors.

use domain::MallOrderId;
use domain::history::Event;
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::snapshot::MallStage;
use domain::time::MINUTE;
use mallsim::{Duplicate, Effect, OrderView, Sim};
use std::collections::{BTreeMap, BTreeSet};
use store::orders::{ListFilter, OrderView as LedgerOrder};
use store::{Access, Ledger};

/// What the malls say happened, copied out so that nothing is locked while the ledger is read.
pub struct Truth {
    /// Orders.
    pub orders: Vec<OrderView>,
    /// Numbers that stand more than once in live records.
    pub duplicates: Vec<Duplicate>,
    /// Confirmations by call, for each order.
    pub confirms: BTreeMap<String, usize>,
    /// Tracking numbers of live shipping records that calls made, for each order.
    pub records: BTreeMap<String, Vec<String>>,
}

impl Truth {
    /// As things stand now.
    pub fn of(sim: &Sim, now_ms: i64) -> Self {
        let (mut confirms, mut records) = (BTreeMap::new(), BTreeMap::new());
        for (order, entries) in sim.effects().iter() {
            let confirmed = entries.iter().filter(|e| e.effect == Effect::Confirm).count();
            confirms.insert(order.to_owned(), confirmed);
            let mut live = BTreeMap::new();
            for entry in entries {
                match &entry.effect {
                    Effect::ShippingAdded { detail_id, number, .. }
                    | Effect::ShippingUpdated { detail_id, number, .. } => {
                        live.insert(detail_id.clone(), number.clone());
                    }
                    Effect::ShippingDeleted { detail_id, .. } => drop(live.remove(detail_id)),
                    _ => {}
                }
            }
            records.insert(order.to_owned(), live.into_values().collect());
        }
        Self { orders: sim.orders(now_ms), duplicates: sim.duplicates(), confirms, records }
    }

    fn is(order: &OrderView, wanted: &[&str]) -> bool {
        order.traits.iter().any(|t| wanted.contains(&t.as_str()))
    }
}

/// Orders of the ledger with everything about them.
///
/// # Errors
/// As the store says.
pub async fn all_orders(ledger: &Ledger) -> anyhow::Result<Vec<LedgerOrder>> {
    let access = Access { shops: None, buyer_data: false };
    let mut filter = ListFilter { limit: 200, ..ListFilter::default() };
    let mut all = Vec::new();
    loop {
        let page = ledger.list_orders(&access, &filter).await?;
        let Some(last) = page.last() else { return Ok(all) };
        filter.after = Some((last.ordered_at, last.seq));
        for row in &page {
            all.extend(ledger.order(&Access::full(), row.seq).await?);
        }
    }
}

/// All invariants of a ledger at rest.
///
/// # Errors
/// As the store says.
pub async fn check(ledger: &Ledger, truth: &Truth) -> anyhow::Result<Vec<String>> {
    let orders = all_orders(ledger).await?;
    let mut wrong = Vec::new();
    whole(ledger, truth, &orders, &mut wrong).await?;
    for (what, rows) in ledger.audit(true).await? {
        wrong.push(format!("I2 I3 I7: {what}: {rows} rows"));
    }
    once(ledger, &orders, &mut wrong).await?;
    for order in &orders {
        told(order, &mut wrong);
        moved(order, &mut wrong);
        shipped(order, truth, &mut wrong);
    }
    for twice in &truth.duplicates {
        wrong.push(format!("I3: the mall holds {twice:?}"));
    }
    for (order, times) in truth.confirms.iter().filter(|(_, n)| **n > 1) {
        wrong.push(format!("I3: {order} was confirmed {times} times"));
    }
    sums(truth, &orders, &mut wrong);
    Ok(wrong)
}

/// I1, I8, I12: what the mall lists is there or set aside with a reason, and only what has a fault is set aside.
async fn whole(
    ledger: &Ledger,
    truth: &Truth,
    orders: &[LedgerOrder],
    wrong: &mut Vec<String>,
) -> anyhow::Result<()> {
    const FAULTY: [&str; 6] =
        ["unreadable", "missing_field", "retyped_field", "unknown_value", "late_read", "no_fulfilled_by"];
    let have: BTreeSet<&MallOrderId> = orders.iter().map(|o| &o.row.mall_order_id).collect();
    let aside = ledger.set_aside_orders(1_000).await?;
    // Up to here a run says that it has seen everything (F09: what is listed late is seen by a later run).
    let (mut until, mut left_out) = (BTreeMap::new(), BTreeSet::new());
    let shops = ledger.shops().await?;
    for shop in &shops {
        let runs = ledger.newest_runs(shop.shop_id, 1_000).await?;
        let ended = runs.iter().filter(|r| matches!(r.state.as_str(), "succeeded" | "partial"));
        for run in &runs {
            let notes = ledger.run_notes(run.run_id, 1_000).await?;
            left_out.extend(notes.into_iter().filter(|n| n.kind == "left_out").map(|n| n.mall_order_id));
        }
        until.insert(shop.name.clone(), ended.map(|r| r.to.0).max().unwrap_or(0));
    }
    // A house with several shops of a mall names them after the mall's own keys; the rig has just one.
    let name_of = |order: &OrderView| {
        let named = format!("店舗{}", order.shop);
        let mut of_mall = shops.iter().filter(|s| s.mall == order.mall);
        let only = of_mall.clone().count() == 1;
        if only { of_mall.next().map_or(named, |s| s.name.clone()) } else { named }
    };
    let listed = |order: &OrderView| {
        let late = lateness(order);
        until.get(&name_of(order)).is_some_and(|until| order.ordered_ms + late <= *until)
    };
    for order in truth.orders.iter().filter(|o| !o.hidden && listed(o)) {
        let number = MallOrderId(order.number.clone());
        let set_aside = aside.iter().find(|a| a.mall_order_id == number);
        if have.contains(&number) || left_out.contains(&number) {
            continue;
        }
        match set_aside {
            None => wrong.push(format!("I1 I8: {number} ({:?}) is nowhere", order.traits)),
            Some(row) if row.reason.ja.is_empty() => {
                wrong.push(format!("I1: {number} is aside without a reason"))
            }
            Some(row) if !Truth::is(order, &FAULTY) => {
                wrong.push(format!("I12: {number} ({:?}) is aside: {}", order.traits, row.reason.ja));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// How long after the order the mall's lists show it.
#[must_use]
pub fn lateness(order: &OrderView) -> i64 {
    let late = Truth::is(order, &["late_listed"]);
    match order.mall.as_str() {
        _ if late && order.mall != "amazon" => 30 * MINUTE,
        // The buyer's ten minutes (yahoo.md 3.1).
        "yahoo" => 10 * MINUTE,
        // Lists end two minutes ago (amazon.md 2.1).
        "amazon" if late => 12 * MINUTE,
        "amazon" => 2 * MINUTE,
        _ => 0,
    }
}

/// I2: each order once, and the quick counts are the true ones.
async fn once(ledger: &Ledger, orders: &[LedgerOrder], wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for order in orders {
        if !seen.insert((order.row.shop_id, &order.row.mall_order_id)) {
            wrong.push(format!("I2: {} is there twice", order.row.mall_order_id));
        }
    }
    let quick: Vec<_> = ledger.phase_counts().await?.into_iter().filter(|(_, n)| *n != 0).collect();
    let real: Vec<_> = ledger.recount_phases().await?.into_iter().collect();
    if quick != real {
        wrong.push(format!("I2: counts say {quick:?}, the orders {real:?}"));
    }
    // The search words of an order lead to it, and those of an erased one to nobody.
    for order in orders.iter().take(8) {
        let Some(content) = &order.content else { continue };
        let phone = content.buyer.phone.text().to_owned();
        if phone.chars().filter(char::is_ascii_digit).count() < 9 {
            continue;
        }
        let filter = ListFilter { limit: 200, ..ListFilter::default() };
        let found = ledger.search_orders(&Access::full(), &phone, &filter, &|| false).await?;
        let found = found.map(|f| f.orders).unwrap_or_default();
        if !found.iter().any(|o| o.seq == order.row.seq) {
            wrong.push(format!("I2: {} is not found by its search words", order.row.mall_order_id));
        }
    }
    Ok(())
}

/// I4: history, read from the beginning, gives the order as it stands.
fn told(order: &LedgerOrder, wrong: &mut Vec<String>) {
    let (mut phase, mut notice, mut confirm) = (String::new(), String::new(), String::new());
    let (mut erased, mut parcels) = (false, BTreeMap::new());
    let number = &order.row.mall_order_id;
    for row in &order.history {
        let broken =
            |what: &str| format!("I4: {number}: {what} does not begin where the last one ended: {row:?}");
        match serde_json::from_value(row.event.clone()) {
            Err(error) => wrong.push(format!("I4: {number}: {error}")),
            Ok(Event::Imported { phase: first, .. }) => {
                if !phase.is_empty() {
                    wrong.push(format!("I4: {number} was imported twice"));
                }
                (phase, notice, confirm) = (first, "not_sent".to_owned(), "not_sent".to_owned());
            }
            Ok(Event::PhaseMoved { from, to, .. }) => {
                if from != phase {
                    wrong.push(broken("phase"));
                }
                phase = to;
            }
            Ok(Event::NoticeStateChanged { from, to, .. }) => {
                if from != notice {
                    wrong.push(broken("notice"));
                }
                notice = to;
            }
            Ok(Event::WriteWanted { kind, .. }) if kind == "shipment_notice" => {
                notice = "in_flight".to_owned()
            }
            Ok(Event::WriteWanted { kind, .. }) if kind == "confirm_order" => {
                confirm = "in_flight".to_owned();
            }
            Ok(Event::WriteState { kind, state, .. }) if kind == "confirm_order" => confirm = state,
            Ok(Event::ParcelSet { parcel_id, version }) => drop(parcels.insert(parcel_id, version)),
            Ok(Event::ParcelRemoved { parcel_id }) => drop(parcels.remove(&parcel_id)),
            Ok(Event::Erased {}) => erased = true,
            Ok(_) => {}
        }
    }
    let row = &order.row;
    let stands = (row.phase.as_str(), row.notice_state.as_str(), row.confirm_state.as_str(), row.erased);
    if stands != (phase.as_str(), notice.as_str(), confirm.as_str(), erased) {
        wrong.push(format!(
            "I4: {number} stands as {stands:?}, history says {phase} {notice} {confirm} {erased}"
        ));
    }
    let live: BTreeMap<i64, i64> = order.parcels.iter().map(|p| (p.parcel_id.0, p.version)).collect();
    if live != parcels {
        wrong.push(format!("I4: {number} has parcels {live:?}, history says {parcels:?}"));
    }
}

/// I6: no move that the rules of phases forbid, told by history.
fn moved(order: &LedgerOrder, wrong: &mut Vec<String>) {
    let number = &order.row.mall_order_id;
    let (mut parcels, mut applied) = (0, false);
    for row in &order.history {
        match serde_json::from_value(row.event.clone()) {
            Ok(Event::ParcelSet { .. }) => parcels += 1,
            Ok(Event::NoticeStateChanged { to, .. }) => applied = to == "applied",
            Ok(Event::PhaseMoved { to, .. }) if to == "shipped" && parcels == 0 => {
                wrong.push(format!("I6: {number} went to 出荷済み without a parcel"));
            }
            Ok(Event::PhaseMoved { to, .. }) if to == "completed" && !applied => {
                wrong.push(format!("I6: {number} went to 完了 without a notice"));
            }
            _ => {}
        }
    }
    let held = order.mall.as_ref().is_some_and(|m| m.hold.is_fraud());
    if held && !matches!(order.row.phase.as_str(), "inbox" | "new" | "cancelled") {
        wrong.push(format!("I6: {number} is held and stands in {}", order.row.phase));
    }
}

/// I3: each parcel that counts as notified stands at the mall exactly once, each other one at most once; and what
/// stands there is known here.
fn shipped(order: &LedgerOrder, truth: &Truth, wrong: &mut Vec<String>) {
    let number = &order.row.mall_order_id;
    let none = Vec::new();
    let records = truth.records.get(number.as_str()).unwrap_or(&none);
    for parcel in &order.parcels {
        let there = records.iter().filter(|r| **r == parcel.tracking_number).count();
        let expected = order.row.notice_state == NoticeState::Applied;
        if there > 1 || (expected && there != 1) {
            wrong.push(format!(
                "I3: {number} is {} here; parcel {} stands {there} times at the mall",
                order.row.notice_state.as_str(),
                parcel.tracking_number
            ));
        }
        if there == 1 && order.row.notice_state == NoticeState::NotSent {
            wrong.push(format!("I3: {number} stands at the mall, and here as 未連携"));
        }
    }
    let known: BTreeSet<&str> = order.parcels.iter().map(|p| p.tracking_number.as_str()).collect();
    for record in records.iter().filter(|r| !r.is_empty() && !known.contains(r.as_str())) {
        wrong.push(format!("I3: {number}: the mall has {record}, which is no parcel of ours"));
    }
}

/// Names of the faults inside an order, of every mall.
fn troubles() -> BTreeSet<String> {
    let name = |t: serde_json::Result<serde_json::Value>| t.ok().and_then(|t| t.as_str().map(str::to_owned));
    let rakuten = mallsim::Trait::TROUBLES.iter().map(serde_json::to_value).filter_map(name);
    let yahoo = mallsim::YahooTrait::TROUBLES.iter().map(serde_json::to_value).filter_map(name);
    let amazon = mallsim::AmazonTrait::TROUBLES.iter().map(serde_json::to_value).filter_map(name);
    rakuten.chain(yahoo).chain(amazon).collect()
}

/// I13: sums that do not add up are flagged, and no others.
fn sums(truth: &Truth, orders: &[LedgerOrder], wrong: &mut Vec<String>) {
    let troubles = troubles();
    let traits: BTreeMap<&str, &OrderView> = truth.orders.iter().map(|o| (o.number.as_str(), o)).collect();
    for order in orders {
        let number = &order.row.mall_order_id;
        let Some(view) = traits.get(number.as_str()) else {
            wrong.push(format!("I2: {number} is unknown to the mall"));
            continue;
        };
        let flagged = order.row.flags.contains(&Flag::AmountMismatch);
        let planted = Truth::is(view, &["bad_sums"]);
        // Of what was cancelled to the last piece nothing is left to add up.
        if planted && !flagged && order.row.mall_stage != MallStage::Cancelled {
            wrong.push(format!("I13: {number} does not add up and is not flagged"));
        }
        if flagged && !troubles.iter().any(|t| Truth::is(view, &[t])) {
            let amounts = order.content.as_ref().map(|c| &c.amounts);
            let (traits, status) = (&view.traits, &view.status);
            wrong.push(format!("I13: {number} ({traits:?}, {status}) adds up and is flagged: {amounts:?}"));
        }
    }
}

/// I5: what staff wrote into `path` of these orders is still there.
///
/// # Errors
/// As the store says.
pub async fn edits_survive(
    ledger: &Ledger,
    edited: &(dyn Fn(&MallOrderId) -> bool + Sync),
    (path, value): (&str, &str),
) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let pointer = format!("/{}", path.replace('.', "/"));
    for order in all_orders(ledger).await? {
        let number = &order.row.mall_order_id;
        let Some(content) = &order.content else { continue };
        let content = serde_json::to_value(content)?;
        let holds = content.pointer(&pointer).is_some_and(|v| v.to_string().contains(value));
        if edited(number) && !(holds && order.edited.iter().any(|p| p == path)) {
            wrong.push(format!("I5: {number}: the edit of {path} is gone"));
        }
        if !edited(number) && holds {
            wrong.push(format!("I5: {number}: {path} was edited by nobody"));
        }
    }
    Ok(wrong)
}
