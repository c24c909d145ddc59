//! Simulated staff: they accept, correct, pack and ship, decide what only a person can, and renew keys. Everything they
//! do goes through the ledger's own doors.

use super::machine::Machine;
use super::plan::SHOPS;
use crate::connect::typed;
use crate::house::House;
use domain::history::By;
use domain::notice::NoticeState;
use domain::snapshot::{Fulfillment, MallStage};
use domain::time::DAY;
use domain::{MallOrderId, OrderSeq, ShopId, UtcMillis};
use mall_api::descriptor::CredentialSource;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::orders::{ListFilter, ListRow, MoveOptions, ParcelChange};
use store::shops::NewCredential;
use store::{Access, StoreError};

/// The field they correct, and what they write.
pub(super) const EDIT: (&str, &str) = ("buyer.city", "見本市直し済み");

/// Days before its end at which a key is renewed.
const RENEW_BEFORE: i64 = 5;

/// A number that depends on the order's number only.
pub(super) fn luck(number: &MallOrderId) -> u64 {
    number.as_str().bytes().fold(7, |n: u64, b| (n * 31 + u64::from(b)) % 1_000_003)
}

/// What staff remember.
#[derive(Default)]
pub(super) struct Staff {
    /// Orders they corrected.
    pub(super) edited: BTreeSet<MallOrderId>,
    /// Orders they shipped.
    pub(super) shipped: BTreeSet<MallOrderId>,
    looked_at: BTreeMap<OrderSeq, i64>,
}

/// A new key was entered.
pub(super) struct Renewed {
    /// Place in [`SHOPS`].
    pub(super) shop: usize,
    /// When the one before ended, if it had.
    pub(super) ended: Option<UtcMillis>,
}

impl Staff {
    /// One look. `late`: everything that lies there is done, and nothing is left for tomorrow.
    pub(super) async fn look(
        &mut self,
        house: &House,
        machine: &Machine,
        late: bool,
    ) -> anyhow::Result<Vec<Renewed>> {
        let renewed = self.renew(house, machine).await?;
        for phase in ["inbox", "new", "awaiting_shipment", "shipped", "on_hold"] {
            let rows = self.rows(house, phase).await?;
            match phase {
                "inbox" => {
                    self.correct(house, machine, &rows).await?;
                    self.move_to(house, machine, rows.iter(), "new").await?;
                }
                // 楽天 moves on by its confirmation, the others have none.
                "new" => {
                    let ready = rows.iter().filter(|o| !confirms(house, o.shop_id) || late);
                    let ready = ready.filter(|o| can_ship(o));
                    self.move_to(house, machine, ready, "awaiting_shipment").await?;
                }
                "awaiting_shipment" => {
                    let mut packed = Vec::new();
                    let ready = rows.iter().filter(|o| can_ship(o) && !o.hold.is_fraud());
                    for order in ready.filter(|o| late || !luck(&o.mall_order_id).is_multiple_of(5)) {
                        if self.pack(house, machine, order).await? {
                            packed.push(order);
                        }
                    }
                    let moved = self.move_to(house, machine, packed.iter().copied(), "shipped").await?;
                    let went = packed.iter().filter(|o| moved.contains(&o.seq));
                    self.shipped.extend(went.map(|o| o.mall_order_id.clone()));
                }
                _ => self.decide(house, machine, &rows).await?,
            }
        }
        machine.wake();
        Ok(renewed)
    }

    async fn rows(&self, house: &House, phase: &str) -> Result<Vec<ListRow>, StoreError> {
        let access = Access { shops: None, buyer_data: false };
        let filter = ListFilter { limit: 200, phase: Some(phase.into()), ..ListFilter::default() };
        house.ledger.list_orders(&access, &filter).await
    }

    async fn correct(&mut self, house: &House, machine: &Machine, rows: &[ListRow]) -> anyhow::Result<()> {
        for row in rows.iter().filter(|o| luck(&o.mall_order_id).is_multiple_of(4) && !o.erased) {
            let changes = [(EDIT.0.to_owned(), json!(EDIT.1))];
            match house.ledger.edit_order(row.seq, row.version, &changes, &By::Cli, machine.now()).await {
                Ok(Ok(())) => drop(self.edited.insert(row.mall_order_id.clone())),
                // This order has no such field; or somebody was faster.
                Ok(Err(_)) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn move_to(
        &self,
        house: &House,
        machine: &Machine,
        orders: impl Iterator<Item = &ListRow>,
        phase: &str,
    ) -> anyhow::Result<BTreeSet<OrderSeq>> {
        let seqs: Vec<OrderSeq> = orders.map(|o| o.seq).collect();
        if seqs.is_empty() {
            return Ok(BTreeSet::new());
        }
        let options = MoveOptions::default();
        let moved = house.ledger.move_orders(&seqs, &phase.into(), options, &By::Cli, machine.now()).await?;
        Ok(moved.done.into_iter().collect())
    }

    /// Enters what is missing; `false` when that is refused.
    async fn pack(&self, house: &House, machine: &Machine, row: &ListRow) -> anyhow::Result<bool> {
        let found = house.ledger.orders_for_rules(&[row.seq]).await?;
        let Some(order) = found.first() else { return Ok(false) };
        for (i, key) in order.facts.recipient_keys.iter().enumerate() {
            if order.facts.parcels.iter().any(|p| &p.recipient_key == key) {
                continue;
            }
            let change = ParcelChange {
                parcel_id: None,
                recipient_key: Some(key.clone()),
                carrier: Some("yamato".into()),
                tracking_number: format!("4{:07}{i:02}00", luck(&row.mall_order_id)),
                shipped_on: Some(machine.now().japan_date()),
            };
            if house.ledger.set_parcel(row.seq, &change, &By::Cli, machine.now()).await?.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What could not be learnt or was refused is looked up at the mall and decided, a few times.
    async fn decide(&mut self, house: &House, machine: &Machine, rows: &[ListRow]) -> anyhow::Result<()> {
        for row in rows {
            let wrong = matches!(
                row.notice_state,
                NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown
            );
            let looks = self.looked_at.entry(row.seq).or_default();
            if !wrong || *looks >= 3 {
                continue;
            }
            *looks += 1;
            let there = !at_mall(house, row.mall_order_id.as_str()).is_empty();
            let to = if there { NoticeState::Applied } else { NoticeState::NotSent };
            house.ledger.set_notice_state(&[row.seq], to, &|_| true, &By::Cli, machine.now()).await?;
            if !there && row.phase.as_str() == "on_hold" && can_ship(row) {
                self.move_to(house, machine, [row].into_iter(), "shipped").await?;
            }
        }
        Ok(())
    }

    /// Renews what ends soon or has ended, and enters it.
    async fn renew(&self, house: &House, machine: &Machine) -> anyhow::Result<Vec<Renewed>> {
        let mut renewed = Vec::new();
        for (place, (mall, key)) in SHOPS.iter().enumerate() {
            let Some(shop) = house.shops.get(place) else { continue };
            let Some(shop) = house.ledger.shop(shop.shop_id).await? else { continue };
            let now = house.now();
            let Some(view) = house.sim().shops(now.0).into_iter().find(|v| v.shop == *key) else { continue };
            let end = view.expires_ms.map(UtcMillis);
            let soon = end.is_some_and(|end| end.since(now) < RENEW_BEFORE * DAY);
            let held = shop.held_reason.is_some();
            let seen = house.ledger.credential_rows(shop.shop_id).await?;
            let complained = seen.iter().any(|row| row.check_reason.is_some());
            if !(soon || held || complained) {
                continue;
            }
            for change in changes_of(mall) {
                house.sim().change_shop(key, &change, now.0).map_err(|e| anyhow::anyhow!(e))?;
            }
            enter(house, shop.shop_id, mall, key, machine.now()).await?;
            renewed.push(Renewed { shop: place, ended: end.filter(|end| *end <= now) });
        }
        Ok(renewed)
    }
}

/// Every credential of a mall, renewed on its own screens.
fn changes_of(mall: &str) -> Vec<serde_json::Value> {
    match mall {
        "yahoo" => vec![json!({ "key": "renew" }), json!({ "public_key": "renew" })],
        "amazon" => vec![json!({ "key": "renew" }), json!({ "secret": "renew" })],
        _ => vec![json!({ "key": "renew" })],
    }
}

/// Types what the mall's screens show into the shop's fields, with the end of its life where it has one.
pub(super) async fn enter(
    house: &House,
    shop: ShopId,
    mall: &str,
    key: &str,
    now: UtcMillis,
) -> anyhow::Result<()> {
    let true_now = house.now().0;
    let view = house.sim().shops(true_now).into_iter().find(|v| v.shop == key);
    let mut view = view.ok_or_else(|| anyhow::anyhow!("no shop {key}"))?;
    // The newest one, even when it takes some minutes before it works.
    if let Some(newest) = view.credentials.get("newestLicenseKey").cloned() {
        view.credentials.insert("licenseKey".to_owned(), newest);
    }
    let adapter = malls::by_key(mall).ok_or_else(|| anyhow::anyhow!("no mall {mall}"))?;
    let descriptor = adapter.descriptor();
    let typed = typed(descriptor, &view).credentials;
    let field = |key: &str| descriptor.credentials.iter().find(|c| c.key == key);
    let life = |key: &str| field(key).and_then(|f| f.usual_life_ms).map(|life| now.plus(life));
    let given: Vec<NewCredential<'_>> = typed
        .iter()
        .map(|(key, secret)| NewCredential { credential: key, secret, expires_at: life(key) })
        .collect();
    let renewed = descriptor.credentials.iter().filter(|c| c.source == CredentialSource::Renewed);
    let outdated: Vec<&str> = renewed.map(|c| c.key).collect();
    house.ledger.set_credentials(shop, &given, &outdated, now).await?;
    Ok(())
}

fn confirms(house: &House, shop: ShopId) -> bool {
    let shop = house.shops.iter().find(|s| s.shop_id == shop);
    shop.and_then(|s| malls::by_key(&s.mall))
        .is_some_and(|m| m.descriptor().write(domain::write::WriteKind::ConfirmOrder).is_some())
}

fn can_ship(order: &ListRow) -> bool {
    order.fulfillment == Fulfillment::Seller
        && matches!(order.mall_stage, MallStage::Shippable | MallStage::PartlyShipped)
}

/// Tracking numbers that stand at the mall for an order.
fn at_mall(house: &House, number: &str) -> Vec<String> {
    house
        .sim()
        .effects()
        .of(number)
        .iter()
        .filter_map(|e| match &e.effect {
            mallsim::Effect::ShippingAdded { number, .. }
            | mallsim::Effect::ShippingUpdated { number, .. } => Some(number.clone()),
            _ => None,
        })
        .collect()
}
