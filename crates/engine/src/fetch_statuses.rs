//! 取得ステータス (IMP-4): which mall statuses a shop fetches, and what an earlier, narrower setting left out.

use crate::setup::Problem;
use domain::{MallOrderId, Reason, ShopId, reason};
use mall_api::Descriptor;
use store::{Ledger, Shop, StoreError};

/// Orders told of at most.
const LIMIT: i64 = 10_000;

/// Statuses the shop fetches: its own, or the mall's defaults.
pub fn fetched(descriptor: &Descriptor, shop: &Shop) -> Vec<String> {
    shop.import_statuses.clone().unwrap_or_else(|| descriptor.default_statuses())
}

/// Mall statuses by code, as the mall's Descriptor has them.
///
/// # Errors
/// The first code that the mall does not have, under the field's name.
pub fn read<'a>(
    descriptor: &Descriptor,
    field: &str,
    codes: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, Problem> {
    codes
        .map(str::trim)
        .map(|code| match descriptor.status(code) {
            Some(status) => Ok(status.code.to_owned()),
            None => {
                let known: Vec<_> =
                    descriptor.statuses.iter().map(|s| format!("{} {}", s.code, s.label)).collect();
                let ja = format!("「{code}」というモールステータスはありません（{}）", known.join("、"));
                Err(Problem { key: field.to_owned(), ja, en: format!("there is no mall status {code:?}") })
            }
        })
        .collect()
}

/// Statuses that `after` fetches and `before` did not.
pub fn added(descriptor: &Descriptor, before: &Shop, after: &Shop) -> Vec<String> {
    let old = fetched(descriptor, before);
    fetched(descriptor, after).into_iter().filter(|code| !old.contains(code)).collect()
}

/// Was an order left out because the status of this code was not fetched?
fn is_about(descriptor: &Descriptor, why: &Reason, code: &str) -> bool {
    let label = descriptor.status(code).map_or(code, |s| s.label);
    *why == reason::status_not_fetched(label) || *why == reason::status_not_fetched(code)
}

/// Orders that past runs of the shop left out for one of these statuses and that the ledger still does not have. The
/// mall may have moved them on meanwhile: they are fetched with the statuses named, not blindly.
///
/// # Errors
/// As the database says.
pub async fn skipped(
    ledger: &Ledger,
    shop: ShopId,
    descriptor: &Descriptor,
    statuses: &[String],
) -> Result<Vec<MallOrderId>, StoreError> {
    if statuses.is_empty() {
        return Ok(Vec::new());
    }
    let left = ledger.left_out(shop, LIMIT).await?;
    let wanted = |why: &Reason| statuses.iter().any(|code| is_about(descriptor, why, code));
    Ok(left.into_iter().filter(|(_, why)| wanted(why)).map(|(id, _)| id).collect())
}
