//! Bulk work on orders: what would happen (`preview`), a job of it (`begin`), the work itself (`run`), back again (`undo`)
//! and once more (`retry`).
//!
//! `action` is what can be done, `decide` what it means for one order (pure), `judge` gathers what deciding asks for,
//! `work` does it in chunks. Malls are touched only through request rows; a job ends when they are accepted.

pub mod action;
pub mod decide;
mod judge;
mod work;

pub use action::{BulkAction, ParcelInput};
pub use judge::{Preview, preview};
pub use work::{resume_all, run};

use crate::hub::Hub;
use domain::history::By;
use domain::rights::{Level, Menu, Rights};
use domain::{OrderSeq, Reason, reason};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::desk::jobs::{Job, NewJob};
use store::{Access, StoreError};

/// Orders of one job at most.
pub const MOST: usize = 10_000;

/// Who asks, with what they may do at this moment.
#[derive(Debug, Clone)]
pub struct Who {
    /// For history.
    pub by: By,
    /// Whose list of jobs it stands in.
    pub user_id: Option<i64>,
    /// What they may do.
    pub rights: Rights,
}

/// What they may see of orders.
pub(crate) fn access(rights: &Rights) -> Access {
    Access { shops: rights.shops.clone(), buyer_data: rights.buyer_data }
}

/// What is wanted of which orders.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What.
    pub action: BulkAction,
    /// Orders, each with what differs. An order that comes twice counts once.
    pub items: Vec<(OrderSeq, Option<Value>)>,
    /// Orders whose warnings a person has confirmed.
    pub confirmed: BTreeSet<OrderSeq>,
}

/// The first of each order.
fn once(items: &[(OrderSeq, Option<Value>)]) -> Vec<(OrderSeq, Option<Value>)> {
    let mut seen = BTreeSet::new();
    items.iter().filter(|(seq, _)| seen.insert(*seq)).take(MOST).cloned().collect()
}

/// Begins a job: judged anew, nothing of it is done yet. What is not to be done, or asks for a confirmation nobody gave,
/// stands in it as refused with its reason. Orders that may not be seen are left out.
///
/// # Errors
/// The inner reason when nothing of it may be begun. Else as the database says.
pub async fn begin(hub: &Hub, who: &Who, wanted: &Wanted) -> Result<Result<i64, Reason>, StoreError> {
    begin_of(hub, who, wanted, None).await
}

async fn begin_of(
    hub: &Hub,
    who: &Who,
    wanted: &Wanted,
    undo_of: Option<i64>,
) -> Result<Result<i64, Reason>, StoreError> {
    if let Err(reason) = who.rights.need(Menu::Orders, Level::Edit) {
        return Ok(Err(reason));
    }
    let items = once(&wanted.items);
    let preview = match preview(hub, &who.rights, &wanted.action, &items).await? {
        Ok(preview) => preview,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut refused: BTreeMap<OrderSeq, Reason> = preview.no.into_iter().collect();
    let mut seen: BTreeSet<OrderSeq> = preview.go.into_iter().collect();
    for (seq, warnings) in preview.ask {
        seen.insert(seq);
        if !wanted.confirmed.contains(&seq)
            && let Some(first) = warnings.into_iter().next()
        {
            refused.insert(seq, first);
        }
    }
    let items: Vec<_> =
        items.into_iter().filter(|(seq, _)| seen.contains(seq) || refused.contains_key(seq)).collect();
    if items.is_empty() {
        return Ok(Err(reason::order_not_found()));
    }
    let json = |e: serde_json::Error| StoreError::other(e.to_string());
    let new = NewJob {
        action: serde_json::to_value(&wanted.action).map_err(json)?,
        items,
        refused,
        by: who.by.clone(),
        user_id: who.user_id,
        rights: serde_json::to_value(&who.rights).map_err(json)?,
        undo_of,
    };
    hub.ledger.add_job(&new, hub.clock.now()).await.map(Ok)
}

/// What a job does, as far as this program knows it.
#[must_use]
pub fn action_of(job: &Job) -> Option<BulkAction> {
    serde_json::from_value(job.action.clone()).ok()
}

/// Begins a job that takes back what a job did, wherever the order still stands as that job left it.
///
/// # Errors
/// The inner reason when it cannot be taken back. Else as the database says.
pub async fn undo(hub: &Hub, who: &Who, job: &Job) -> Result<Result<i64, Reason>, StoreError> {
    let Some(action) = action_of(job).filter(BulkAction::is_undoable) else {
        return Ok(Err(reason::not_undoable()));
    };
    if job.state == "running" {
        return Ok(Err(reason::job_running()));
    }
    let done = hub.ledger.job_items_in(job.job_id, "done").await?;
    let items = done.into_iter().filter(|i| i.before.is_some()).map(|i| (i.seq, i.before)).collect();
    let action = BulkAction::Undo { of: Box::new(action) };
    begin_of(hub, who, &Wanted { action, items, confirmed: BTreeSet::new() }, Some(job.job_id)).await
}

/// Begins a job of those orders only that a job refused. Warnings must be confirmed in a preview: orders that have some
/// are refused again.
///
/// # Errors
/// The inner reason when it cannot be begun. Else as the database says.
pub async fn retry(hub: &Hub, who: &Who, job: &Job) -> Result<Result<i64, Reason>, StoreError> {
    if job.state == "running" {
        return Ok(Err(reason::job_running()));
    }
    let Some(action) = action_of(job) else { return Ok(Err(reason::record_unreadable("action"))) };
    let refused = hub.ledger.job_items_in(job.job_id, "refused").await?;
    let items = refused.into_iter().map(|i| (i.seq, i.input)).collect();
    begin_of(hub, who, &Wanted { action, items, confirmed: BTreeSet::new() }, job.undo_of).await
}
