//! The work of a job, in chunks until nothing is left. May be killed anywhere and run again, by several at once.

use super::action::BulkAction;
use super::decide;
use super::judge::{judge_at_malls, known};
use super::{access, action_of};
use crate::hub::Hub;
use crate::requests::{IMPORT, ImportRequest, NOTIFY, NotifyRequest};
use domain::rights::{Level, Menu, Rights};
use domain::{MallOrderId, OrderSeq, Reason, ShopId, reason};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::desk::bulk::{Asked, OrderAtWork};
use store::desk::jobs::{Job, JobItem, Settled};
use store::{Access, StoreError};

/// Orders changed in one transaction: the writer is held for some milliseconds.
const CHUNK: i64 = 200;

/// Works a job to its end.
///
/// # Errors
/// As the database says; the job goes on when it is run again.
pub async fn run(hub: &Hub, id: i64) -> Result<(), StoreError> {
    let Some(job) = hub.ledger.job(id).await? else { return Ok(()) };
    if job.state != "running" {
        return Ok(());
    }
    let allowed = allowed(&job);
    match (allowed, action_of(&job)) {
        (Err(reason), _) => refuse_all(hub, &job, &reason).await?,
        (_, None) => refuse_all(hub, &job, &reason::record_unreadable("action")).await?,
        (Ok(rights), Some(action)) => match &action {
            BulkAction::Notify { .. } | BulkAction::Reimport { .. } => {
                ask_malls(hub, &job, &action, &access(&rights)).await?;
            }
            BulkAction::Paid { on } => enter_payment(hub, &job, *on, &access(&rights)).await?,
            _ => work(hub, &job, &action, &rights).await?,
        },
    }
    hub.ledger.finish_job(id, hub.clock.now()).await
}

/// Goes on with every job that is not at its end.
///
/// # Errors
/// As the database says.
pub async fn resume_all(hub: &Hub) -> Result<(), StoreError> {
    for job in hub.ledger.running_jobs().await? {
        run(hub, job.job_id).await?;
    }
    Ok(())
}

/// What the person could do when it was asked for.
fn allowed(job: &Job) -> Result<Rights, Reason> {
    let rights: Rights =
        serde_json::from_value(job.rights.clone()).map_err(|_| reason::record_unreadable("rights"))?;
    rights.need(Menu::Orders, Level::Edit)?;
    Ok(rights)
}

async fn refuse_all(hub: &Hub, job: &Job, reason: &Reason) -> Result<(), StoreError> {
    let refuse = |_: &JobItem, _: Option<&OrderAtWork>| Err(reason.clone());
    while hub.ledger.work_items(job.job_id, CHUNK, &refuse, &job.by, hub.clock.now()).await? > 0 {}
    Ok(())
}

async fn work(hub: &Hub, job: &Job, action: &BulkAction, rights: &Rights) -> Result<(), StoreError> {
    let access = access(rights);
    let known = known(hub, rights, action, &[]).await?;
    let decide = |item: &JobItem, at: Option<&OrderAtWork>| {
        let at = at.filter(|at| access.sees(at.order.shop_id)).ok_or_else(reason::order_not_found)?;
        decide::decide(action, at, item.input.as_ref(), &known)
    };
    while hub.ledger.work_items(job.job_id, CHUNK, &decide, &job.by, hub.clock.now()).await? > 0 {}
    Ok(())
}

fn refused(position: i64, reason: Reason) -> Settled {
    Settled { position, reason: Some(reason), before: None }
}

fn request(
    action: &BulkAction,
    orders: &[(OrderSeq, MallOrderId)],
    now: domain::UtcMillis,
) -> (&'static str, Value) {
    match action {
        BulkAction::Notify { kind } => {
            let orders = Some(orders.iter().map(|(seq, _)| *seq).collect());
            (NOTIFY, json!(NotifyRequest { kind: *kind, orders, target: None }))
        }
        _ => {
            let overwrite = matches!(action, BulkAction::Reimport { overwrite: true });
            let orders = Some(orders.iter().map(|(_, id)| id.clone()).collect());
            let body = ImportRequest { from: now, to: now, statuses: None, overwrite, force: false, orders };
            (IMPORT, json!(body))
        }
    }
}

/// One request a shop, all in one transaction with the endings of their items.
async fn ask_malls(hub: &Hub, job: &Job, action: &BulkAction, access: &Access) -> Result<(), StoreError> {
    let ledger = &hub.ledger;
    let items = ledger.queued_items(job.job_id, i64::MAX).await?;
    let seqs: Vec<OrderSeq> = items.iter().map(|i| i.seq).collect();
    let orders = ledger.orders_at_work(access, &seqs).await?;
    let mut judged = judge_at_malls(hub, action, &orders).await?;
    let orders: BTreeMap<OrderSeq, OrderAtWork> = orders.into_iter().map(|o| (o.order.seq, o)).collect();
    let mut settled = Vec::new();
    let mut by_shop = BTreeMap::<ShopId, Vec<(i64, &OrderAtWork)>>::new();
    for item in &items {
        let verdict = judged.remove(&item.seq).unwrap_or_else(|| Err(reason::order_not_found()));
        match (orders.get(&item.seq), verdict) {
            (Some(at), Ok(_)) if at.erased => {
                settled.push(refused(item.position, reason::buyer_data_erased()));
            }
            (Some(at), Ok(_)) => by_shop.entry(at.order.shop_id).or_default().push((item.position, at)),
            (None, _) => settled.push(refused(item.position, reason::order_not_found())),
            (_, Err(reason)) => settled.push(refused(item.position, reason)),
        }
    }
    let now = hub.clock.now();
    let mut asked = Vec::new();
    for (id, orders) in by_shop {
        let Some(shop) = ledger.shop(id).await? else { continue };
        let numbers: Vec<_> =
            orders.iter().map(|(_, at)| (at.order.seq, at.order.mall_order_id.clone())).collect();
        let (kind, body) = request(action, &numbers, now);
        let positions = orders.iter().map(|(position, _)| *position).collect();
        asked.push(Asked { shop, kind: kind.to_owned(), body, positions });
    }
    ledger.ask_for_job(job.job_id, &asked, settled, &job.by, now).await?;
    hub.wake();
    Ok(())
}

/// 入金日 is part of the sealed content: order by order, each naming the version it was made from.
async fn enter_payment(hub: &Hub, job: &Job, on: Date, access: &Access) -> Result<(), StoreError> {
    loop {
        let items = hub.ledger.queued_items(job.job_id, CHUNK).await?;
        if items.is_empty() {
            return Ok(());
        }
        let mut settled = Vec::with_capacity(items.len());
        for item in items {
            let reason = match pay(hub, job, item.seq, on, access).await? {
                // Somebody else was faster: once more with what stands there now.
                Err(reason) if reason.code == "order_changed_meanwhile" => {
                    pay(hub, job, item.seq, on, access).await?.err()
                }
                done => done.err(),
            };
            settled.push(Settled { position: item.position, reason, before: None });
        }
        hub.ledger.settle_items(job.job_id, &settled).await?;
    }
}

async fn pay(
    hub: &Hub,
    job: &Job,
    seq: OrderSeq,
    on: Date,
    access: &Access,
) -> Result<Result<(), Reason>, StoreError> {
    let Some(at) = hub.ledger.orders_at_work(access, &[seq]).await?.pop() else {
        return Ok(Err(reason::order_not_found()));
    };
    if at.erased {
        return Ok(Err(reason::buyer_data_erased()));
    }
    // Done by whoever was killed before writing it down, or by hand meanwhile.
    if at.paid_on.as_deref() == Some(on.to_string().as_str()) {
        return Ok(Ok(()));
    }
    let changes = [("payment.paid_on".to_owned(), json!(on.to_string()))];
    match hub.ledger.edit_order(seq, at.order.version, &changes, &job.by, hub.clock.now()).await {
        Ok(Ok(())) => Ok(Ok(())),
        Ok(Err(_)) => Ok(Err(reason::record_unreadable("payment.paid_on"))),
        Err(StoreError::Conflict { .. }) => Ok(Err(reason::order_changed_meanwhile())),
        Err(error) => Err(error),
    }
}
