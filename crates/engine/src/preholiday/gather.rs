//! Reads what is judged. Short and dull.

use super::Period;
use super::judge::{Facts, ShopFacts};
use crate::keys;
use domain::UtcMillis;
use domain::phase::CANCELLED;
use domain::time::DAY;
use jiff::civil::Date;
use mall_api::Mall;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Ledger, StoreError};

/// Phases whose orders are done, or as good as.
const DONE: [&str; 3] = ["shipped", "completed", CANCELLED];

/// Reads everything but the disk. `mall` finds an adapter by its key, `is_closed` asks the calendar.
///
/// # Errors
/// As the database says.
pub async fn gather(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
    is_closed: &(dyn Fn(Date) -> bool + Send + Sync),
    period: Period,
    now: UtcMillis,
) -> Result<Facts, StoreError> {
    let shops = ledger.shops().await?;
    let credentials = keys::board(ledger, mall, &shops, now).await?;
    let unsent: BTreeMap<_, _> = ledger.shipped_unsent().await?.into_iter().collect();
    let mut of_shops = Vec::new();
    for shop in shops {
        let has_rules = !ledger.rules(shop.shop_id).await?.is_empty();
        let unsent = unsent.get(&shop.shop_id).copied().unwrap_or_default();
        of_shops.push(ShopFacts { shop, has_rules, unsent });
    }
    let phases = ledger.phases().await?;
    let open: Vec<String> =
        phases.iter().map(|p| p.phase.0.clone()).filter(|p| !DONE.contains(&p.as_str())).collect();
    let lanes = ledger.lanes().await?;
    let used = |key: &str| of_shops.iter().any(|s| s.shop.lane_key == key && s.shop.state == "active");
    let backup = ledger.last_backup().await?;
    Ok(Facts {
        open_days: period.days().filter(|day| !is_closed(*day)).collect(),
        pending: ledger.pending_orders(&open, period.from, period.to).await?,
        states: ledger.shop_states().await?,
        mail_is_set: ledger.mail_settings().await?.is_some(),
        mail_to: crate::letters::addresses(ledger).await?.len(),
        failed_letters: ledger.failed_letters(now.plus(-7 * DAY)).await?,
        failing_listeners: ledger.failing_listeners().await?,
        free_lanes: lanes.iter().filter(|l| l.owner.is_none() && used(&l.lane_key)).count(),
        backup_at: backup.map(|last| last.at),
        shops: of_shops,
        credentials,
        phases,
        disk: None,
    })
}
