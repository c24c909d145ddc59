//! What the stories of writing back share: orders ready to be notified, wires that meddle, and the mall's own count.

use domain::OrderSeq;
use domain::history::By;
use domain::notice::NoticeState;
use domain::write::WriteKind;
use engine::requests::{NOTIFY, NotifyRequest};
use engine::{Hub, HubConfig, Transport, doors};
use mall_api::{Clock, WireAnswer, WireError, WireRequest};
use mallsim::{Effect, OrderView};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::Access;
use store::orders::{ListRow, MoveOptions, OrderView as Shown, ParcelChange};
use testkit::house::House;

pub const MINUTE: i64 = domain::time::MINUTE;
pub const HOUR: i64 = domain::time::HOUR;

/// Calls of the synchronous report, as faults name it.
pub const SHIP: &str = "updateOrderShipping";
pub const SHIP_ASYNC: &str = "updateOrderShippingAsync";

/// Orders of the mall in `status`, imported and not touched yet.
pub async fn imported(house: &House, count: usize, traits: Value, status: i64) -> Vec<String> {
    let wanted = json!({"count": count, "traits": traits, "status": status});
    let numbers = house.add_orders(wanted).unwrap().into_iter().map(|n| n.0).collect();
    house.import_days(1).await.unwrap();
    numbers
}

/// Orders the mall would take a report for, packed and moved to 出荷済み under the usual rules.
pub async fn shipped(house: &House, count: usize, traits: Value) -> Vec<String> {
    let numbers = imported(house, count, traits, 300).await;
    house.usual_rules().await.unwrap();
    for (i, number) in numbers.iter().enumerate() {
        let seq = seq(house, number).await;
        house.pack(seq, &format!("4{i:05}")).await.unwrap();
        moved(house, seq, "shipped").await;
    }
    numbers
}

pub async fn seq(house: &House, number: &str) -> OrderSeq {
    house.order(number).await.unwrap().seq
}

pub async fn row(house: &House, number: &str) -> ListRow {
    house.order(number).await.unwrap()
}

pub async fn shown(house: &House, number: &str) -> Shown {
    let seq = seq(house, number).await;
    house.ledger.order(&Access::full(), seq).await.unwrap().unwrap()
}

/// Corrects the number of an order's first parcel.
pub async fn renumbered(house: &House, number: &str, to: &str) {
    let order = shown(house, number).await;
    let parcel = order.parcels[0].clone();
    let change = ParcelChange {
        parcel_id: Some(parcel.parcel_id),
        recipient_key: Some(parcel.recipient_key),
        carrier: parcel.carrier,
        tracking_number: to.to_owned(),
        shipped_on: parcel.shipped_on,
    };
    house.ledger.set_parcel(order.row.seq, &change, &By::Cli, house.now()).await.unwrap().unwrap();
}

pub async fn moved(house: &House, seq: OrderSeq, to: &str) {
    let done =
        house.ledger.move_orders(&[seq], &to.into(), MoveOptions::default(), &By::Cli, house.now()).await;
    assert!(done.unwrap().refused.is_empty());
}

/// Sets 連携ステータス by hand; `true` when it was not refused.
pub async fn set_by_hand(house: &House, number: &str, to: NoticeState) -> bool {
    let seq = seq(house, number).await;
    let done = house.ledger.set_notice_state(&[seq], to, &|_| true, &By::Cli, house.now()).await.unwrap();
    done.refused.is_empty()
}

/// Asks for the notice of these orders by hand and waits until they are in the outbox.
pub async fn asked(house: &House, numbers: &[String], kind: WriteKind) -> Value {
    let mut orders = Vec::new();
    for number in numbers {
        orders.push(seq(house, number).await);
    }
    let body = NotifyRequest { kind, orders: Some(orders), target: None };
    let hub = house.quiet_hub();
    let done = doors::ask_and_work(&hub, &house.shops[0], NOTIFY, &body, &By::Cli, &mut |_| {}).await;
    done.unwrap().request.result.unwrap()
}

/// Runs the usual hub until no write is open. At most two virtual days.
pub async fn worked(house: &House) {
    let hub = house.hub();
    assert!(work(house, &hub, 48 * HOUR).await, "{:?}", house.orders().await);
}

/// The same for stories that take days: a hub that looks around and beats less often.
pub async fn worked_for_days(house: &House) {
    let config =
        HubConfig { poll_ms: 5 * MINUTE, beat_ms: 10 * MINUTE, lease_ms: HOUR, ..HubConfig::default() };
    let hub = house.hub_with(config);
    assert!(work(house, &hub, 96 * HOUR).await, "{:?}", house.orders().await);
}

/// Would the automation take anything? Time may pass before a hub has begun: that is no calm.
async fn is_wanted(house: &House) -> bool {
    let shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
    let mall = malls::by_key(&shop.mall).unwrap();
    let seqs: Vec<_> = house.orders().await.into_iter().map(|o| o.seq).collect();
    for kind in [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice] {
        let judged =
            engine::judge_orders(&house.ledger, &shop, &*mall, kind, &seqs, false, house.now()).await;
        if judged.unwrap().iter().any(|j| j.verdict.is_eligible()) {
            return true;
        }
    }
    false
}

/// Runs a hub until every notice has ended.
pub async fn work(house: &House, hub: &Arc<Hub>, limit: i64) -> bool {
    let mut calm = 0;
    house
        .run_until(hub, limit, async |house| {
            let open = house.ledger.open_steps(&house.shops[0].lane_key).await.unwrap_or(1);
            calm = if open == 0 && !is_wanted(house).await { calm + 1 } else { 0 };
            calm >= 3
        })
        .await
}

pub fn mall_order(house: &House, number: &str) -> OrderView {
    house.mall_orders().into_iter().find(|o| o.number == number).unwrap()
}

/// Live records of an order at the mall: (record, tracking number).
pub fn records(house: &House, number: &str) -> Vec<(String, String)> {
    let parcels = mall_order(house, number).parcels;
    let baskets = parcels.as_array().unwrap();
    let all = baskets.iter().flat_map(|b| b["records"].as_array().unwrap().clone());
    all.map(|r| (r["detail_id"].to_string(), r["number"].as_str().unwrap_or_default().to_owned())).collect()
}

/// How often the mall did a thing to an order.
pub fn times(house: &House, number: &str, what: impl Fn(&Effect) -> bool) -> usize {
    house.sim().effects().of(number).iter().filter(|e| what(&e.effect)).count()
}

pub fn added(house: &House, number: &str) -> usize {
    times(house, number, |e| matches!(e, Effect::ShippingAdded { .. }))
}

pub fn confirmed(house: &House, number: &str) -> usize {
    times(house, number, |e| matches!(e, Effect::Confirm))
}

pub fn calls(house: &House, operation: &str) -> u64 {
    house.sim().effects().counters().by_operation.get(operation).copied().unwrap_or(0)
}

/// The whole promise about one order: the parcels stand at the mall once each, the notice is 正常, the order has gone
/// where the rule says, and history tells of it.
pub async fn one_record_each(house: &House, number: &str) {
    let view = shown(house, number).await;
    let mut here: Vec<String> = view.parcels.iter().map(|p| p.tracking_number.clone()).collect();
    let mut there: Vec<String> = records(house, number).into_iter().map(|(_, n)| n).collect();
    here.sort();
    there.sort();
    assert_eq!(here, there, "{number}: {:?}", house.sim().effects().of(number));
    assert_eq!(added(house, number), here.len(), "{number}: {:?}", house.sim().effects().of(number));
    assert_eq!(view.row.notice_state, NoticeState::Applied, "{:?}", view.writes);
    assert!(!view.row.confirming);
    assert_eq!(view.row.phase.as_str(), "completed", "{:?}", view.history);
    assert!(
        view.parcels.iter().all(|p| p.sent_version == p.version && p.mall_ref.is_some()),
        "{:?}",
        view.parcels
    );
    assert!(told(&view, "notice_state_changed", "applied"), "{:?}", view.history);
    assert!(house.sim().duplicates().is_empty());
}

/// Does history tell of an event that ended in a state?
pub fn told(view: &Shown, kind: &str, to: &str) -> bool {
    view.history.iter().any(|h| {
        let text = h.event.to_string();
        text.contains(kind) && text.contains(&format!("\"{to}\""))
    })
}

/// Reasons of the order's steps, newest write last.
pub fn reasons(view: &Shown) -> Vec<String> {
    view.writes.iter().filter_map(|w| w.reason.as_ref().map(|r| r.code.clone())).collect()
}

/// What a wire does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meddle {
    /// Lets it pass.
    Pass,
    /// Waits so long before the answer is handed over.
    After(i64),
    /// The mall does not get it and nobody answers.
    Swallow,
    /// Only so many per cent of the answer arrive, and nobody notices.
    Percent(usize),
}

/// A wire that meddles with the n-th call (from 1) of an operation.
pub struct Meddler {
    inner: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    operation: &'static str,
    plan: Box<dyn Fn(usize) -> Meddle + Send + Sync>,
    seen: AtomicUsize,
}

impl Meddler {
    pub fn new(
        house: &House,
        operation: &'static str,
        plan: impl Fn(usize) -> Meddle + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(&house.transport),
            clock: Arc::new(house.clock.clone()),
            operation,
            plan: Box::new(plan),
            seen: AtomicUsize::new(0),
        })
    }

    /// Calls of the operation that were handed to the wire.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Transport for Meddler {
    async fn exchange(
        &self,
        base: &str,
        request: &WireRequest,
        timeout: i64,
    ) -> Result<WireAnswer, WireError> {
        let meddle = match request.operation == self.operation {
            true => (self.plan)(self.seen.fetch_add(1, Ordering::SeqCst) + 1),
            false => Meddle::Pass,
        };
        if meddle == Meddle::Swallow {
            return Err(WireError::NoAnswer { what: "swallowed".to_owned() });
        }
        let answer = self.inner.exchange(base, request, timeout).await;
        match meddle {
            Meddle::After(ms) => self.clock.sleep_ms(ms).await,
            Meddle::Percent(percent) => {
                return answer.map(|mut a| {
                    a.body = a.body.slice(..a.body.len() * percent / 100);
                    a
                });
            }
            _ => {}
        }
        answer
    }
}

/// A hub over another wire.
pub fn hub_over(house: &House, wire: Arc<dyn Transport>, config: HubConfig) -> Arc<Hub> {
    let config = HubConfig { poll_ms: 5_000, ..config };
    let clock = Arc::new(house.clock.clone());
    Hub::new(Arc::clone(&house.ledger), malls::registry(), clock, wire, config)
}
