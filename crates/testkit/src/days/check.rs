//! What must be true when a simulation has come to rest: the invariants, and what was promised about time.

use super::bounds::{due, truth};
use super::plan::{Plan, SHOPS};
use super::staff::EDIT;
use super::{Days, INTERVAL_MS, SIGNATURE_MS};
use crate::days::bounds::Blocked;
use crate::days::machine::POLL_MS;
use crate::invariants::{self, Truth};
use domain::UtcMillis;
use domain::notice::NoticeState;
use domain::time::MINUTE;
use mallsim::OrderView;
use std::collections::BTreeMap;
use store::Access;
use store::orders::ListRow;

/// Longest pause after a failure: a key that was refused is tried again so often.
const PAUSE_MS: i64 = 15 * MINUTE;
/// For the import itself.
const WORK_MS: i64 = 6 * MINUTE;
/// An order must be visible after so much quiet: the pause, the interval, two looks around, and the work itself.
const CALM_MS: i64 = PAUSE_MS + INTERVAL_MS + 2 * POLL_MS + WORK_MS;

pub(super) async fn all(days: &Days, plan: &Plan, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let house = &days.house;
    let truth = {
        let now = house.now().0;
        Truth::of(&house.sim(), now)
    };
    wrong.extend(invariants::check(&house.ledger, &truth).await?);
    let edited = |number: &domain::MallOrderId| days.staff.edited.contains(number);
    wrong.extend(invariants::edits_survive(&house.ledger, &edited, EDIT).await?);
    let rows = house.orders().await;
    stuck(&rows, wrong);
    open_writes(days, &rows, wrong).await?;
    seen_in_time(days, plan, &rows, &truth.orders, wrong);
    held_without_cause(days, wrong).await?;
    Ok(())
}

/// I7: nothing is 連携中 for ever.
fn stuck(rows: &[ListRow], wrong: &mut Vec<String>) {
    for row in rows {
        if row.notice_state == NoticeState::InFlight
            || row.confirm_state == NoticeState::InFlight
            || row.confirming
        {
            wrong.push(format!("I7: {} is still 連携中", row.mall_order_id));
        }
    }
}

/// What is still open of the writes, in words that lead to the cause.
async fn open_writes(days: &Days, rows: &[ListRow], wrong: &mut Vec<String>) -> anyhow::Result<()> {
    for row in rows {
        let Some(view) = days.house.ledger.order(&Access::full(), row.seq).await? else { continue };
        for write in view.writes.iter().filter(|w| w.state == "open") {
            let (number, stage) = (&row.mall_order_id, &row.mall_status);
            wrong.push(format!("I7: {number} ({stage}, {}) still waits: {write:?}", row.phase));
        }
    }
    Ok(())
}

/// Each order was visible within its bound.
fn seen_in_time(days: &Days, plan: &Plan, rows: &[ListRow], orders: &[OrderView], wrong: &mut Vec<String>) {
    let here: BTreeMap<(&str, i64), &ListRow> =
        rows.iter().map(|row| ((row.mall_order_id.as_str(), row.shop_id.0), row)).collect();
    let blocked = [&days.blocked[..], &wrong_signatures(days, plan)].concat();
    for order in orders {
        let Some(place) = SHOPS.iter().position(|(_, key)| *key == order.shop) else { continue };
        let Some(shop) = days.house.shops.get(place) else { continue };
        let Some(row) = here.get(&(order.number.as_str(), shop.shop_id.0)) else { continue };
        // When these are listed is a matter of their own.
        if order.traits.iter().any(|t| ["split", "late_read", "subscription"].contains(&t.as_str())) {
            continue;
        }
        let listed = UtcMillis(order.ordered_ms + invariants::lateness(order));
        let bound = due(place, listed, CALM_MS, &blocked);
        let seen = truth_of(row.created_at, days);
        if seen > bound {
            wrong.push(format!(
                "seen late: {} ({:?}) is listed from {}, due by {}, seen at {}",
                order.number,
                order.traits,
                listed.to_japan_text(),
                bound.to_japan_text(),
                seen.to_japan_text()
            ));
        }
    }
}

fn truth_of(shown: UtcMillis, days: &Days) -> UtcMillis {
    truth(shown, &days.clock)
}

/// What is signed with the time is refused while the clock is far off; the shop says so.
fn wrong_signatures(days: &Days, plan: &Plan) -> Vec<Blocked> {
    let ends = days.clock.iter().skip(1).map(|(at, _)| *at).chain([plan.end]);
    let wrong = days.clock.iter().zip(ends).filter(|((_, off), _)| off.abs() >= SIGNATURE_MS);
    let yahoo: Vec<usize> =
        (0..SHOPS.len()).filter(|s| SHOPS.get(*s).is_some_and(|(m, _)| *m == "yahoo")).collect();
    wrong
        .flat_map(|((from, _), to)| yahoo.iter().map(move |shop| Blocked { shop: *shop, from: *from, to }))
        .collect()
}

/// With every key renewed and every fault over, no shop's work is held.
async fn held_without_cause(days: &Days, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    for shop in days.house.ledger.shops().await? {
        if let Some(reason) = shop.held_reason {
            wrong.push(format!("I7: {} is still held: {} {}", shop.name, reason.code, reason.ja));
        }
    }
    Ok(())
}
