//! After a restore (F46): the lanes read back what may have been shipped in the time that is lost, and a person is shown
//! what would be sent. Deciding whether anything may be sent is `domain::restore`'s.

use crate::import::Begin;
use crate::lane::{Lane, LaneError};
use crate::requests::ImportRequest;
use crate::writeback::judge_due_once_released;
use domain::restore::{ReadBack, Restored};
use domain::write::WriteKind;
use domain::{MallOrderId, OrderSeq, Reason, UtcMillis};
use mall_api::Mall;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::restored::WaitingWrite;
use store::{Ledger, Shop, StoreError};

/// Orders read back in one run.
const AT_ONCE: i64 = 1_000;
/// Orders and writes shown per shop.
const SHOWN: i64 = 200;

impl Lane {
    /// Begins to read orders of a shop back; `true` when it did.
    pub(crate) async fn begin_read_back(&self, shop: &Shop) -> Result<bool, LaneError> {
        let ledger = &self.hub.ledger;
        if ledger.open_run(shop.shop_id).await?.is_some() {
            return Ok(false);
        }
        let orders = ledger.to_read_back(shop.shop_id, AT_ONCE).await?;
        if orders.is_empty() {
            return Ok(false);
        }
        let now = self.now();
        let body = ImportRequest {
            from: now,
            to: now,
            statuses: None,
            overwrite: false,
            force: false,
            orders: Some(orders),
        };
        let begin = Begin { trigger: "read_back", request: None, body, carried: BTreeSet::new() };
        Ok(self.begin_import(shop, begin).await?.is_some())
    }

    /// A run that read orders back has ended: what it showed is taken down.
    pub(crate) async fn read_back_ended(&self, shop: &Shop) -> Result<(), LaneError> {
        let ledger = &self.hub.ledger;
        // The same that the run was begun with: none has been taken down since.
        let asked = ledger.to_read_back(shop.shop_id, AT_ONCE).await?;
        let marked = ledger.read_back(&self.guard, shop.shop_id, &asked, self.now()).await?;
        if marked > 0 {
            tracing::info!(shop = %shop.shop_id, marked, "shipped at the mall since the backup: not sent again");
        }
        Ok(())
    }
}

/// A shop on 復元の確認.
#[derive(Debug, Clone)]
pub struct ShopReview {
    /// Shop.
    pub shop: Shop,
    /// Orders that were not read back yet.
    pub open: i64,
    /// Orders that the mall did not give.
    pub not_given: i64,
    /// Orders that were read back and are as the ledger has them.
    pub same: i64,
    /// Orders that the mall shows as shipped: 正常, not sent again. At most 200 are named.
    pub shipped: Vec<(OrderSeq, MallOrderId)>,
    /// How many there are.
    pub shipped_count: i64,
    /// Writes that stand in the outbox; those that stand at the mall leave it by themselves. At most 200.
    pub waiting: Vec<WaitingWrite>,
    /// What the rules would add once writing goes on.
    pub due: Vec<(WriteKind, OrderSeq, MallOrderId)>,
    /// Why the shop cannot be asked.
    pub held: Option<Reason>,
}

impl ShopReview {
    /// Everything of the shop has been read back.
    #[must_use]
    pub fn is_read_back(&self) -> bool {
        self.open == 0
    }
}

/// What a person is to see before writing goes on.
#[derive(Debug, Clone)]
pub struct Review {
    /// The restore.
    pub restored: Restored,
    /// Shops in use.
    pub shops: Vec<ShopReview>,
}

impl Review {
    /// Every shop has been read back.
    #[must_use]
    pub fn is_read_back(&self) -> bool {
        self.shops.iter().all(ShopReview::is_read_back)
    }
}

/// What would be sent, shop by shop. `None`: nothing was ever restored. `mall` finds an adapter by its key.
///
/// # Errors
/// As the database says.
pub async fn review(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
    now: UtcMillis,
) -> Result<Option<Review>, StoreError> {
    let Some(restored) = ledger.restored().await? else { return Ok(None) };
    let counts = ledger.read_back_counts().await?;
    let mut shops = Vec::new();
    for shop in ledger.shops().await?.into_iter().filter(|s| s.state == "active") {
        let id = shop.shop_id;
        let count = |state: ReadBack| counts.get(&(id, state)).copied().unwrap_or(0);
        let mut due = Vec::new();
        if let Some(mall) = mall(&shop.mall) {
            for kind in [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice] {
                let judged = match shop.automation_enabled {
                    true => judge_due_once_released(ledger, &shop, &*mall, kind, now).await?,
                    false => Vec::new(),
                };
                let eligible = judged.into_iter().filter(|j| j.verdict.is_eligible());
                due.extend(eligible.map(|j| (kind, j.order.seq, j.order.mall_order_id)));
            }
        }
        shops.push(ShopReview {
            open: count(ReadBack::Open),
            not_given: count(ReadBack::NotGiven),
            same: count(ReadBack::Same),
            shipped: ledger.read_back_found(id, ReadBack::Shipped, SHOWN).await?,
            shipped_count: count(ReadBack::Shipped),
            waiting: ledger.waiting_writes(id, SHOWN).await?,
            due,
            held: shop.held_reason.clone(),
            shop,
        });
    }
    Ok(Some(Review { restored, shops }))
}
