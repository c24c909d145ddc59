//! A person asks: is it at the mall? For writes whose end nobody learnt (通知結果取得失敗). The mall is looked at once, now;
//! nothing is sent, whatever the look says.

use super::outcome::has_settled;
use super::send::to_step;
use crate::lane::{Lane, LaneError};
use crate::requests::ReadBackRequest;
use domain::write::{Step, StepState};
use domain::{Reason, Snapshot, UtcMillis, reason};
use mall_api::descriptor::WriteOperation;
use mall_api::{Decision, MallErrorKind, OrderWriter};
use serde_json::json;
use store::Shop;
use store::outbox::{DueWrite, StepUpdate};
use store::requests::RequestRow;

/// What a look at the order says of each step whose end nobody learnt.
///
/// # Errors
/// Why it cannot tell (yet).
fn read(
    write: &DueWrite,
    writer: &dyn OrderWriter,
    operation: &WriteOperation,
    order: &Snapshot,
    now: UtcMillis,
) -> Result<Vec<StepUpdate>, Reason> {
    // Steps that are there already answer for the mall's records of them.
    let live: Vec<_> = write
        .steps
        .iter()
        .filter(|s| matches!(s.state, StepState::Applied | StepState::ResultUnknown))
        .collect();
    let steps: Vec<Step> = live.iter().map(|s| to_step(write, s)).collect();
    let mut updates = Vec::new();
    for (row, decision) in live.iter().zip(writer.decide(&steps, order)) {
        if row.state != StepState::ResultUnknown {
            continue;
        }
        updates.push(match decision {
            Decision::AlreadyThere { mall_ref } => {
                StepUpdate { mall_ref, ..StepUpdate::new(row.step_id, StepState::Applied, now) }
            }
            // What the mall has queued may still come up.
            Decision::Send(_) if row.queued => return Err(reason::result_not_learnt()),
            Decision::Send(_) if !has_settled(row.sent_at, operation, now) => {
                return Err(reason::answer_unclear());
            }
            Decision::Send(_) => {
                StepUpdate::new(row.step_id, StepState::Failed, now).because(reason::looked_and_not_there())
            }
            Decision::NotNow { reason } => return Err(reason),
            Decision::Refuse { reason } => {
                StepUpdate::new(row.step_id, StepState::Rejected, now).because(reason)
            }
        });
    }
    Ok(updates)
}

impl Lane {
    /// Looks once, and says what was seen.
    pub(crate) async fn serve_read_back(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        let body: ReadBackRequest = request.body_as()?;
        let Some(context) = self.context(shop.clone()).await? else { return Ok(false) };
        self.try_again(shop.shop_id);
        let (state, result) = match self.look_for(&context, body).await? {
            Ok(seen) => ("succeeded", json!({ "state": seen })),
            Err(reason) => ("failed", json!({ "reason": reason })),
        };
        self.answer(request, state, &result).await?;
        Ok(true)
    }

    async fn look_for(
        &self,
        context: &crate::lane::ShopContext,
        body: ReadBackRequest,
    ) -> Result<Result<domain::notice::NoticeState, Reason>, LaneError> {
        let (ledger, shop) = (&self.hub.ledger, &context.shop);
        let Some(write) = ledger.unlearnt_write(body.write, shop.shop_id).await? else {
            return Ok(Err(reason::nothing_to_look_for()));
        };
        let mall = &context.mall;
        let (Some(writer), Some(operation), Some(source)) =
            (mall.writer(), mall.descriptor().write(write.kind), mall.orders())
        else {
            return Ok(Err(reason::write_not_offered()));
        };
        let wire = self.wire(context);
        let session = self.session(context, &wire);
        let fetched = match source.fetch(&session, std::slice::from_ref(&write.mall_order_id)).await {
            Ok(fetched) => fetched,
            Err(error) if error.kind == MallErrorKind::Interrupted => return Err(LaneError::Gone),
            Err(error) => {
                self.failed(shop, &error).await?;
                return Ok(Err(*error.reason));
            }
        };
        self.talked(shop).await?;
        self.learn(shop.shop_id, &fetched.learnt).await?;
        let now = self.now();
        let found = fetched.orders.iter().find(|o| o.mall_order_id == write.mall_order_id);
        let read = match found {
            Some(order) => read(&write, writer, operation, &order.snapshot, now),
            None => Err(reason::order_not_given()),
        };
        let updates = match read {
            Ok(updates) => updates,
            Err(reason) => return Ok(Err(reason)),
        };
        let seen = ledger.settle_read_back(&self.guard, &write, &updates, now).await?;
        Ok(seen.ok_or_else(reason::nothing_to_look_for))
    }
}
