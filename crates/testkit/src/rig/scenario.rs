//! What the child does, again and again until nothing is left: bring in, correct, pack, ship, and at the end erase one
//! person and change the master key. Every step looks at the ledger first, so that it may be killed anywhere.

use super::{EDIT, is_edited, luck, tracking};
use domain::history::By;
use domain::snapshot::MallStage;
use domain::time::{DAY, HOUR, MINUTE};
use domain::{OrderSeq, UtcMillis};
use engine::requests::{IMPORT, ImportRequest};
use engine::{Hub, doors};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::orders::{ListFilter, ListRow, MoveOptions, ParcelChange};
use store::seal::keys::KeyState;
use store::{Access, Ledger, Shop, StoreError};

/// Between two imports asked for by hand.
const IMPORT_EVERY: i64 = 15 * MINUTE;
/// The last of them begins here; by then everything at the mall has happened.
const LAST_IMPORT: i64 = 45 * MINUTE;
/// Between two looks of staff.
const LOOK_EVERY: i64 = 3 * MINUTE;
/// Work that is not done by then never will be (I7).
const LIMIT: i64 = 8 * HOUR;
/// Orders shipped one by one at most (the asynchronous report takes the others).
const FEW: usize = 3;

/// The scenario over one ledger.
pub struct Scenario {
    ledger: Arc<Ledger>,
    hub: Arc<Hub>,
    shop: Shop,
    start: UtcMillis,
    edited: BTreeSet<i64>,
}

impl Scenario {
    /// A scenario for the ledger's only shop; `start` is when its first life began.
    ///
    /// # Errors
    /// There is no shop.
    pub async fn new(hub: &Arc<Hub>, start: UtcMillis) -> anyhow::Result<Self> {
        let ledger = Arc::clone(&hub.ledger);
        let shop = ledger.shops().await?.pop().ok_or_else(|| anyhow::anyhow!("no shop"))?;
        Ok(Self { ledger, hub: Arc::clone(hub), shop, start, edited: BTreeSet::new() })
    }

    /// Works until nothing is left to do; `false` when that did not happen in time.
    ///
    /// # Errors
    /// As the store says.
    pub async fn run(&mut self) -> anyhow::Result<bool> {
        let clock = Arc::clone(&self.hub.clock);
        let _token = clock.enter();
        loop {
            let busy = self.look().await?;
            if !busy && clock.now() >= self.start.plus(LAST_IMPORT) && self.is_quiet().await? {
                break;
            }
            if clock.now() >= self.start.plus(LIMIT) {
                eprintln!("not quiet: {}", self.what_is_open().await?);
                return Ok(false);
            }
            clock.sleep_ms(LOOK_EVERY).await;
        }
        self.erase_one().await?;
        if self.ledger.key_state() == KeyState::Rotating {
            self.ledger.rotate_master_key().await?;
        }
        Ok(true)
    }

    async fn is_quiet(&self) -> Result<bool, StoreError> {
        let ledger = &self.ledger;
        Ok(ledger.open_steps(&self.shop.lane_key).await? == 0
            && ledger.open_requests(&self.shop.lane_key).await?.is_empty()
            && ledger.open_run(self.shop.shop_id).await?.is_none())
    }

    async fn what_is_open(&self) -> Result<String, StoreError> {
        let ledger = &self.ledger;
        let steps = ledger.open_steps(&self.shop.lane_key).await?;
        let requests = ledger.open_requests(&self.shop.lane_key).await?;
        let requests: Vec<_> = requests.iter().map(|r| (r.request_id, &r.kind, &r.state)).collect();
        let run =
            ledger.open_run(self.shop.shop_id).await?.map(|r| (r.run_id, r.state, r.reason.map(|r| r.code)));
        let held = ledger.shop(self.shop.shop_id).await?.and_then(|s| s.held_reason).map(|r| r.code);
        let runs = ledger.newest_runs(self.shop.shop_id, 3).await?;
        let newest: Vec<_> =
            runs.iter().map(|r| (&r.trigger, &r.state, r.reason.as_ref().map(|r| &r.code))).collect();
        let waiting: Vec<_> = self
            .rows()
            .await?
            .into_iter()
            .filter(|o| {
                o.notice_state == domain::notice::NoticeState::InFlight
                    || o.phase.as_str() == "awaiting_shipment"
            })
            .map(|o| (o.mall_order_id, o.phase, o.mall_stage, o.notice_state))
            .collect();
        Ok(format!(
            "{steps} steps, requests {requests:?}, run {run:?}, held {held:?}, last runs {newest:?}, orders {waiting:?}"
        ))
    }

    async fn rows(&self) -> Result<Vec<ListRow>, StoreError> {
        let access = Access { shops: None, buyer_data: false };
        let filter = ListFilter { limit: 200, ..ListFilter::default() };
        self.ledger.list_orders(&access, &filter).await
    }

    /// One look of staff; `true` when there was something to do.
    async fn look(&mut self) -> anyhow::Result<bool> {
        let mut busy = self.import().await?;
        let rows = self.rows().await?;
        busy |= self.correct(&rows).await?;
        let inbox: Vec<OrderSeq> = in_phase(&rows, "inbox").map(|o| o.seq).collect();
        busy |= self.move_to(&inbox, "new").await?;
        let mut packed = Vec::new();
        for order in in_phase(&rows, "awaiting_shipment").filter(|o| o.mall_stage == MallStage::Shippable) {
            self.pack(order).await?;
            packed.push(order);
        }
        let (few, many): (Vec<_>, Vec<_>) =
            packed.into_iter().partition(|o| luck(&o.mall_order_id).is_multiple_of(4));
        let few: Vec<OrderSeq> = few.into_iter().take(FEW).map(|o| o.seq).collect();
        let many: Vec<OrderSeq> = many.into_iter().map(|o| o.seq).collect();
        // Those that go one by one first; the others in the next look, all at once.
        busy |= self.move_to(if few.is_empty() { &many } else { &few }, "shipped").await?;
        Ok(busy)
    }

    /// Asks for the imports that are due by now, and for one that failed once more.
    async fn import(&self) -> anyhow::Result<bool> {
        if !self.ledger.open_requests(&self.shop.lane_key).await?.is_empty() {
            return Ok(true);
        }
        let runs = self.ledger.newest_runs(self.shop.shop_id, 200).await?;
        let done = |state: &str| matches!(state, "succeeded" | "partial");
        let had = runs.iter().filter(|r| r.trigger == "manual" && done(&r.state)).count();
        let now = self.hub.clock.now();
        let due = now.since(self.start).min(LAST_IMPORT) / IMPORT_EVERY + 1;
        if i64::try_from(had)? >= due {
            return Ok(false);
        }
        if self.ledger.open_run(self.shop.shop_id).await?.is_some() {
            return Ok(true);
        }
        let body = ImportRequest {
            from: self.start.plus(-DAY),
            to: now,
            statuses: None,
            overwrite: had % 2 == 1,
            force: false,
            orders: None,
        };
        doors::ask(&self.hub, &self.shop, IMPORT, &body, &By::Cli).await?;
        Ok(true)
    }

    async fn correct(&mut self, rows: &[ListRow]) -> anyhow::Result<bool> {
        let mut busy = false;
        for row in rows.iter().filter(|o| is_edited(&o.mall_order_id) && !o.erased) {
            if self.edited.contains(&row.seq.0) {
                continue;
            }
            let Some(order) = self.ledger.order(&Access::full(), row.seq).await? else { continue };
            if order.edited.is_empty() {
                let changes = [(EDIT.0.to_owned(), json!(EDIT.1))];
                let now = self.hub.clock.now();
                match self.ledger.edit_order(row.seq, order.row.version, &changes, &By::Cli, now).await {
                    Ok(done) => done.map_err(|e| anyhow::anyhow!("{e:?}"))?,
                    // Somebody was faster: at the next look.
                    Err(StoreError::Conflict { .. }) => continue,
                    Err(error) => return Err(error.into()),
                }
                busy = true;
            }
            self.edited.insert(row.seq.0);
        }
        Ok(busy)
    }

    async fn pack(&self, row: &ListRow) -> anyhow::Result<()> {
        let found = self.ledger.orders_for_rules(&[row.seq]).await?;
        let Some(order) = found.first() else { return Ok(()) };
        for (i, key) in order.facts.recipient_keys.iter().enumerate() {
            if order.facts.parcels.iter().any(|p| &p.recipient_key == key) {
                continue;
            }
            let change = ParcelChange {
                parcel_id: None,
                recipient_key: Some(key.clone()),
                carrier: Some("yamato".into()),
                tracking_number: tracking(&row.mall_order_id, i),
                shipped_on: Some(self.start.japan_date()),
            };
            // Refused while something is in flight: then the parcel is there already.
            self.ledger.set_parcel(row.seq, &change, &By::Cli, self.hub.clock.now()).await?.ok();
        }
        Ok(())
    }

    async fn move_to(&self, orders: &[OrderSeq], phase: &str) -> anyhow::Result<bool> {
        if orders.is_empty() {
            return Ok(false);
        }
        let now = self.hub.clock.now();
        let options = MoveOptions::default();
        let moved = self.ledger.move_orders(orders, &phase.into(), options, &By::Cli, now).await?;
        self.hub.wake();
        Ok(!moved.done.is_empty())
    }

    /// One person asks to be forgotten: the one of the oldest finished order.
    async fn erase_one(&self) -> anyhow::Result<()> {
        let rows = self.rows().await?;
        if rows.iter().any(|o| o.erased) {
            return Ok(());
        }
        if let Some(order) = in_phase(&rows, "completed").min_by_key(|o| o.seq.0) {
            self.ledger.erase_order(order.seq, &By::Cli, self.hub.clock.now()).await?;
        }
        Ok(())
    }
}

fn in_phase<'a>(rows: &'a [ListRow], phase: &'a str) -> impl Iterator<Item = &'a ListRow> {
    rows.iter().filter(move |o| o.phase.as_str() == phase)
}
