//! 出荷ファイル (NTF-8, NTF-12): eligible shipments as a file in the mall's own upload format. Its orders are 連携中 until a
//! person answers or an import sees the shipments at the mall.

use super::enqueue::{Judged, intent, judge_for_file};
use crate::lane::{Lane, LaneError};
use crate::requests::ShipmentFileRequest;
use domain::carrier::Carrier;
use domain::history::By;
use domain::write::WriteKind;
use domain::{OrderSeq, reason};
use mall_api::files::FileShipment;
use mall_api::{Mall, Settings};
use serde_json::json;
use std::collections::BTreeMap;
use store::outbox::NewWrite;
use store::requests::RequestRow;
use store::shipment_files::{NewShipmentFile, OrderDates, ShipmentFileRow};
use store::{Shop, StoreError};

/// Orders judged for one file.
const MOST_ORDERS: i64 = 10_000;
/// A file whose orders change while it is written is written again, at most so often.
const TRIES: u32 = 5;

/// What one attempt at a file gave.
enum Attempt {
    Done(&'static str, serde_json::Value),
    Again,
}

fn refused(judged: &[Judged]) -> Vec<serde_json::Value> {
    let not = judged.iter().filter(|j| !j.verdict.is_eligible());
    not.map(|j| json!({ "order_no": j.order.seq.order_no(), "mall_order_id": j.order.mall_order_id, "reasons": j.verdict.refusals }))
        .collect()
}

fn shipments(
    judged: &[&Judged],
    writes: &[NewWrite],
    dates: &BTreeMap<OrderSeq, OrderDates>,
    carriers: &[Carrier],
) -> Vec<FileShipment> {
    let name_of = |j: &Judged, parcel: domain::ParcelId| {
        let ours = j.order.facts.parcels.iter().find(|p| p.parcel_id == parcel)?.carrier.as_ref()?;
        carriers.iter().find(|c| &c.carrier == ours).map(|c| c.name.clone())
    };
    let mut all = Vec::new();
    for (j, write) in judged.iter().zip(writes) {
        for parcel in &write.parcels {
            all.push(FileShipment {
                mall_order_id: j.order.mall_order_id.clone(),
                carrier_name: name_of(j, parcel.parcel_id).unwrap_or_default(),
                parcel: parcel.clone(),
                ordered_at: dates.get(&j.order.seq).map(|d| d.ordered_at).unwrap_or_default(),
            });
        }
    }
    all
}

fn told(file: &ShipmentFileRow, orders: &[OrderSeq], refused: &[serde_json::Value]) -> serde_json::Value {
    let orders: Vec<_> = orders.iter().map(|s| s.order_no()).collect();
    json!({ "file": file, "orders": orders, "refused": refused })
}

impl Lane {
    pub(crate) async fn serve_shipment_file(
        &self,
        shop: &Shop,
        request: &RequestRow,
    ) -> Result<bool, LaneError> {
        let ledger = &self.hub.ledger;
        // Written by an owner that died before it could say so.
        if let Some(file) = ledger.shipment_file_of_request(request.request_id).await? {
            let orders: Vec<OrderSeq> =
                ledger.shipment_file_orders(file.file_id).await?.into_iter().map(|(seq, ..)| seq).collect();
            self.answer(request, "succeeded", &told(&file, &orders, &[])).await?;
            return Ok(true);
        }
        let body: ShipmentFileRequest = request.body_as()?;
        let Some(mall) = self.hub.mall(&shop.mall) else {
            let result = json!({ "reason": reason::mall_not_known(&shop.mall) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        };
        for _ in 0..TRIES {
            match self.write_file(shop, &*mall, request, &body).await? {
                Attempt::Done(state, result) => {
                    self.answer(request, state, &result).await?;
                    return Ok(true);
                }
                Attempt::Again => {}
            }
        }
        let result = json!({ "reason": reason::changed_while_in_flight() });
        self.answer(request, "failed", &result).await?;
        Ok(true)
    }

    /// Orders to judge: those named, or those in the target phases; of these, those last touched in the 作成期間.
    async fn orders_for_file(
        &self,
        shop: &Shop,
        body: &ShipmentFileRequest,
    ) -> Result<(Vec<OrderSeq>, BTreeMap<OrderSeq, OrderDates>), LaneError> {
        let ledger = &self.hub.ledger;
        let kind = WriteKind::ShipmentNotice;
        let mut orders = match &body.orders {
            Some(orders) => orders.clone(),
            None => {
                let rules = ledger.rules(shop.shop_id).await?;
                let phases: Vec<_> =
                    rules.into_iter().filter(|r| r.kind == kind).map(|r| r.target_phase).collect();
                ledger.write_candidates(shop.shop_id, kind, &phases, OrderSeq(0), MOST_ORDERS).await?
            }
        };
        let dates = ledger.order_dates(&orders).await?;
        orders.retain(|seq| {
            dates.get(seq).is_some_and(|d| {
                body.from.is_none_or(|from| d.updated_at >= from)
                    && body.to.is_none_or(|to| d.updated_at <= to)
            })
        });
        Ok((orders, dates))
    }

    async fn write_file(
        &self,
        shop: &Shop,
        mall: &dyn Mall,
        request: &RequestRow,
        body: &ShipmentFileRequest,
    ) -> Result<Attempt, LaneError> {
        let Some(adapter) = mall.shipment_files() else {
            return Ok(Attempt::Done("failed", json!({ "reason": reason::shipment_files_not_offered() })));
        };
        let ledger = &self.hub.ledger;
        let now = self.now();
        let (orders, dates) = self.orders_for_file(shop, body).await?;
        let judged = judge_for_file(ledger, shop, mall, &orders, now).await?;
        let carriers = ledger.carriers().await?;
        let refused = refused(&judged);
        let eligible: Vec<&Judged> = judged.iter().filter(|j| j.verdict.is_eligible()).collect();
        let writes: Vec<NewWrite> = eligible
            .iter()
            .map(|j| intent(&j.order, WriteKind::ShipmentNotice, None, mall.descriptor().mall, &carriers))
            .collect();
        if writes.is_empty() {
            return Ok(Attempt::Done("succeeded", json!({ "file": null, "orders": [], "refused": refused })));
        }
        let shipments = shipments(&eligible, &writes, &dates, &carriers);
        let out = match adapter.write(&shipments, &Settings(shop.settings.clone())) {
            Ok(out) => out,
            Err(problems) => {
                let problems: Vec<_> = problems
                    .iter()
                    .map(|p| json!({ "mall_order_id": p.mall_order_id, "reason": p.reason }))
                    .collect();
                let result = json!({ "file": null, "orders": [], "refused": refused, "problems": problems });
                return Ok(Attempt::Done("failed", result));
            }
        };
        let new = NewShipmentFile {
            shop_id: shop.shop_id,
            request_id: request.request_id,
            name: out.name,
            content_type: out.content_type.to_owned(),
            rows: i64::try_from(out.rows).unwrap_or(i64::MAX),
            bytes: out.bytes,
        };
        match ledger.open_shipment_file(&self.guard, &new, &writes, &By::Cli, now).await {
            Ok(id) => {
                let seqs: Vec<OrderSeq> = writes.iter().map(|w| w.seq).collect();
                let Some(file) = ledger.shipment_file(id).await? else { return Ok(Attempt::Again) };
                Ok(Attempt::Done("succeeded", told(&file, &seqs, &refused)))
            }
            Err(StoreError::Conflict { .. }) => Ok(Attempt::Again),
            Err(error) => Err(error.into()),
        }
    }
}
