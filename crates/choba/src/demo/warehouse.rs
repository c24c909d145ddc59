//! The people of the demo: a clerk who accepts orders and puts aside what needs a look, and a warehouse that packs.

use crate::cli::app::App;
use anyhow::Result;
use domain::history::By;
use domain::order::Flag;
use domain::snapshot::MallStage;
use domain::time::SECOND;
use domain::{OrderSeq, PhaseKey};
use std::sync::Arc;
use store::orders::{ListFilter, MoveOptions, OrderForRules, ParcelChange};
use store::{Access, Ledger};

/// Between two rounds.
const ROUND_MS: i64 = 2 * SECOND;
/// Parcels packed in one round.
const PACKED: usize = 12;
const CARRIERS: [&str; 3] = ["yamato", "sagawa", "japan_post"];

/// Works until the task is dropped.
pub async fn run(app: App, ledger: Arc<Ledger>) {
    loop {
        if let Err(error) = round(&app, &ledger).await {
            tracing::warn!(%error, "the demo's warehouse stumbled; next round");
        }
        app.clock.sleep_ms(ROUND_MS).await;
    }
}

async fn in_phase(ledger: &Ledger, phase: &str) -> Result<Vec<OrderForRules>> {
    let filter = ListFilter { phase: Some(phase.into()), limit: 200, ..ListFilter::default() };
    let access = Access { shops: None, buyer_data: false };
    let rows = ledger.list_orders(&access, &filter).await?;
    let seqs: Vec<OrderSeq> = rows.iter().map(|r| r.seq).collect();
    Ok(ledger.orders_for_rules(&seqs).await?)
}

async fn send_to(app: &App, ledger: &Ledger, seqs: &[OrderSeq], phase: &str) -> Result<()> {
    if !seqs.is_empty() {
        let by = By::User { name: "demo".to_owned() };
        ledger.move_orders(seqs, &PhaseKey::from(phase), MoveOptions::default(), &by, app.now()).await?;
    }
    Ok(())
}

fn cancelled(order: &OrderForRules) -> bool {
    order.facts.mall_cancel
        || matches!(order.facts.mall_stage, MallStage::Cancelled | MallStage::CancelRequested)
}

async fn round(app: &App, ledger: &Ledger) -> Result<()> {
    let arrived: Vec<OrderSeq> = in_phase(ledger, "inbox").await?.iter().map(|o| o.seq).collect();
    send_to(app, ledger, &arrived, "new").await?;
    // What needs no 注文確認 any more goes on by itself; what cannot be understood is looked at by a person.
    let new = in_phase(ledger, "new").await?;
    let odd = |o: &&OrderForRules| {
        let flags = Flag::bits(&[Flag::AmountMismatch, Flag::UnknownValue]);
        o.flags & flags != 0 || o.facts.mall_stage == MallStage::Unknown
    };
    let strange: Vec<OrderSeq> = new.iter().filter(odd).map(|o| o.seq).collect();
    send_to(app, ledger, &strange, "awaiting_review").await?;
    let confirmed: Vec<OrderSeq> = new
        .iter()
        .filter(|o| !odd(o) && !cancelled(o) && o.facts.mall_stage != MallStage::AwaitingConfirmation)
        .map(|o| o.seq)
        .collect();
    send_to(app, ledger, &confirmed, "awaiting_shipment").await?;
    let waiting = in_phase(ledger, "awaiting_shipment").await?;
    let gone: Vec<OrderSeq> = waiting.iter().chain(&new).filter(|o| cancelled(o)).map(|o| o.seq).collect();
    send_to(app, ledger, &gone, "cancelled").await?;
    let ready = waiting.iter().filter(|o| !cancelled(o) && o.facts.mall_stage == MallStage::Shippable);
    let mut packed = Vec::new();
    for order in ready.take(PACKED) {
        pack(app, ledger, order).await?;
        packed.push(order.seq);
    }
    send_to(app, ledger, &packed, "shipped").await
}

/// One parcel for each recipient, with a number whose check digit holds.
async fn pack(app: &App, ledger: &Ledger, order: &OrderForRules) -> Result<()> {
    for (place, key) in order.facts.recipient_keys.iter().enumerate() {
        if order.facts.parcels.iter().any(|p| &p.recipient_key == key) {
            continue;
        }
        let number =
            order.seq.0.unsigned_abs().saturating_mul(10).saturating_add(u64::try_from(place).unwrap_or(9));
        let body = 40_000_000_000_u64.saturating_add(number);
        let carrier = CARRIERS.iter().cycle().nth(usize::try_from(order.seq.0 % 3).unwrap_or(0));
        let change = ParcelChange {
            parcel_id: None,
            recipient_key: Some(key.clone()),
            carrier: carrier.map(|c| (*c).into()),
            tracking_number: format!("{body}{}", body % 7),
            shipped_on: Some(app.now().japan_date()),
        };
        let by = By::User { name: "demo".to_owned() };
        if let Err(reason) = ledger.set_parcel(order.seq, &change, &by, app.now()).await? {
            tracing::info!(code = %reason.code, "parcel not entered");
        }
    }
    Ok(())
}
