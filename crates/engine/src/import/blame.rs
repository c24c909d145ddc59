//! Is it the order, or the mall? Asks the mall for another order before the one that its questions fail of is set aside.

use super::ImportState;
use super::chunk::{Chunk, Failure};
use super::narrow::Next;
use crate::lane::{Lane, LaneError};
use domain::MallOrderId;
use mall_api::{MallError, MallErrorKind, OrderSource};
use store::Access;
use store::orders::ListFilter;

impl Lane {
    /// A question for details failed. `Ok(None)`: ask again at once, for fewer. `Ok(Some)`: the one order it fails of is
    /// set aside. `Err`: wait, or end, as after any failure.
    pub(super) async fn narrowed(
        &self,
        source: &dyn OrderSource,
        session: &mall_api::Session<'_>,
        state: &mut ImportState,
        failure: Failure,
    ) -> Result<Result<Option<Chunk>, MallError>, LaneError> {
        let refused = failure.error.kind == MallErrorKind::Refused;
        match state.narrow.failed(&failure.error, failure.ids.len()) {
            Next::Smaller if refused => Ok(Ok(None)),
            Next::Wait | Next::Smaller => Ok(Err(failure.error)),
            Next::Probe => {
                let answers = match self.witness(state, &failure).await? {
                    Some(other) => source.fetch(session, &[other]).await.is_ok(),
                    // There is no other order in the world; the mall listed this one a moment ago, or it was set aside before
                    // and is only asked for again.
                    None => !failure.by_number || self.were_set_aside(state, &failure.ids).await?,
                };
                if !answers {
                    return Ok(Err(failure.error));
                }
                state.narrow.found();
                Ok(Ok(Some(failure.blame())))
            }
        }
    }

    async fn were_set_aside(&self, state: &ImportState, ids: &[MallOrderId]) -> Result<bool, LaneError> {
        for id in ids {
            if self.hub.ledger.set_aside_order(state.run.shop_id, id).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Another order the mall should give, to tell an order that spoils its questions from a mall that answers none: one
    /// it gave in this run, one of the ledger, or the next of the page. An order that comes alone must not hold up all
    /// that come after it (I12).
    async fn witness(
        &self,
        state: &ImportState,
        failure: &Failure,
    ) -> Result<Option<MallOrderId>, LaneError> {
        let other = |id: &MallOrderId| !failure.ids.contains(id);
        if let Some(good) = state.narrow.good.clone().filter(other) {
            return Ok(Some(good));
        }
        let access = Access { shops: None, buyer_data: false };
        let filter = ListFilter { shop: Some(state.run.shop_id), limit: 2, ..ListFilter::default() };
        let known = self.hub.ledger.list_orders(&access, &filter).await?;
        let known = known.into_iter().map(|row| row.mall_order_id).find(other);
        let listed =
            || state.page.iter().flat_map(|p| &p.entries).map(|e| e.mall_order_id.clone()).find(other);
        Ok(known.or_else(listed))
    }
}
