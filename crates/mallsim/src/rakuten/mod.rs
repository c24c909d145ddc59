//! 楽天市場 (RMS WEB SERVICE, 楽天ペイ受注API), written from its documentation alone. Section numbers in comments are
//! those of the document on 楽天 that comes with the project.

mod amounts;
mod codes;
mod confirm;
mod desk;
mod gate;
mod generate;
mod get;
mod items;
mod license;
mod memo;
mod order;
mod params;
mod render;
mod search;
mod shipping;
mod shipping_async;
mod status;
pub(crate) mod traits;
mod trouble;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use self::codes::Message;
use self::gate::Op;
use self::generate::{Ids, Recipe};
use self::license::Key;
use self::order::Order;
use self::shipping_async::Job;
use self::status::Timer;
use crate::json::Json;
use crate::jst::HOUR_MS;
use crate::mall::Ctx;
use crate::pace::Gates;
use crate::settings::Settings;
use crate::wire::{Reply, Request};

/// The mall.
pub(crate) struct Rakuten {
    seed: u64,
    shops: Vec<Shop>,
    orders: Vec<Order>,
    by_number: HashMap<String, usize>,
    timers: BTreeMap<(i64, u64), Timer>,
    timer_count: u64,
    ids: Ids,
    gates: Gates,
    jobs: Vec<Job>,
}

struct Shop {
    id: u64,
    secret: String,
    keys: Vec<Key>,
    /// Indices of orders, by order time.
    orders: Vec<usize>,
    /// Functions switched off in RMS.
    off: Vec<String>,
    /// Orders made so far.
    made: u64,
    /// Orders that came by themselves so far, and whether the next one is planned.
    arrivals: u64,
    arrival_planned: bool,
}

/// 200 or 400 with JSON.
fn answer(status: u16, json: Json) -> Reply {
    Reply::new(status, "application/json;charset=utf-8", json.finish())
}

/// An answer of messages alone.
fn messages(status: u16, list: &[Message]) -> Reply {
    let mut json = Json::with_capacity(64 + list.len() * 200);
    json.object("", |j| codes::write_all(j, list));
    answer(status, json)
}

impl Rakuten {
    /// Shops 300001, 300002, … without orders.
    pub(crate) fn new(seed: u64, shops: usize, start_ms: i64, settings: &Settings) -> Self {
        let shops = (0..shops).map(|n| {
            let id = 300_001 + u64::try_from(n).unwrap_or(0);
            let word = |salt: u64| credential_word(seed, id, salt);
            let key = Key::new(format!("SL{id}_{}", word(1)), start_ms, i64::MIN, settings.rakuten.key_days);
            Shop {
                id,
                secret: format!("SP{id}_{}", word(0)),
                keys: vec![key],
                orders: Vec::new(),
                off: Vec::new(),
                made: 0,
                arrivals: 0,
                arrival_planned: false,
            }
        });
        Self {
            seed,
            shops: shops.collect(),
            orders: Vec::new(),
            by_number: HashMap::new(),
            timers: BTreeMap::new(),
            timer_count: 0,
            ids: Ids::default(),
            gates: Gates::default(),
            jobs: Vec::new(),
        }
    }

    /// `count` orders for every shop, spread over the time before `ctx.now_ms`.
    pub(crate) fn fill(&mut self, count: usize, over_ms: i64, lived_share: f64, ctx: &mut Ctx<'_>) {
        let all = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        let start = ctx.now_ms - over_ms;
        for shop in 0..self.shops.len() {
            self.plan_arrival(shop, ctx);
        }
        for n in 0..count {
            // whole seconds: that is all the mall shows
            let at = start + (over_ms / all).saturating_mul(i64::try_from(n).unwrap_or(0));
            for shop in 0..self.shops.len() {
                let made = self.make(shop, at - at.rem_euclid(1000), &Recipe::default(), ctx);
                if let Some(index) = made {
                    self.live_through(index, lived_share, ctx);
                }
            }
        }
    }

    /// Makes one order and gives its index.
    pub(crate) fn make(&mut self, shop: usize, at_ms: i64, recipe: &Recipe, ctx: &Ctx<'_>) -> Option<usize> {
        let owner = self.shops.get_mut(shop)?;
        owner.made += 1;
        let n = owner.made;
        let mut rng = generate::source(self.seed, owner.id, n);
        let world = &ctx.settings.world;
        let order = generate::order(&mut rng, (owner.id, n), at_ms, recipe, world, &mut self.ids);
        let index = self.orders.len();
        let orders = &self.orders;
        let place = owner.orders.partition_point(|i| orders.get(*i).is_some_and(|o| o.ordered_ms <= at_ms));
        owner.orders.insert(place, index);
        self.by_number.insert(order.number.clone(), index);
        self.orders.push(order);
        self.born(index, n, ctx);
        Some(index)
    }

    fn arrival(&mut self, shop: usize, ctx: &mut Ctx<'_>) {
        if let Some(owner) = self.shops.get_mut(shop) {
            owner.arrival_planned = false;
            if ctx.settings.world.orders_per_hour > 0.0 {
                owner.arrivals += 1;
                let at = ctx.now_ms - ctx.now_ms.rem_euclid(1000);
                self.make(shop, at, &Recipe::default(), ctx);
                self.plan_arrival(shop, ctx);
            }
        }
    }

    /// Plans the next order of a shop, if the world grows and none is planned.
    fn plan_arrival(&mut self, shop: usize, ctx: &Ctx<'_>) {
        let rate = ctx.settings.world.orders_per_hour;
        let Some(owner) = self.shops.get_mut(shop).filter(|s| !s.arrival_planned && rate > 0.0) else {
            return;
        };
        owner.arrival_planned = true;
        let mut rng = generate::source(self.seed ^ 0xA881, owner.id, owner.arrivals);
        let chance: f64 = rand::Rng::random_range(&mut rng, f64::EPSILON..1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a wait of hours at most"
        )]
        let wait = ((-chance.ln() * HOUR_MS as f64 / rate) as i64).clamp(1, 365 * 24 * HOUR_MS);
        self.at(ctx.now_ms + wait, Timer::Arrival(shop));
    }

    fn shop_id(&self, shop: usize) -> u64 {
        self.shops.get(shop).map_or(0, |s| s.id)
    }

    /// An order of this shop; another shop's is as unknown as a mistyped one.
    fn find(&self, shop: usize, number: &str) -> Option<usize> {
        let index = self.by_number.get(number).copied()?;
        let own = self.orders.get(index).is_some_and(|o| o.shop == self.shop_id(shop));
        own.then_some(index)
    }

    fn call(&mut self, op: Op, shop: usize, request: &Request, ctx: &mut Ctx<'_>) -> Reply {
        if op == Op::License {
            return self.license_expiry(shop, request, ctx);
        }
        if op == Op::SubList {
            // clients send nothing, null or {}
            return self.sub_list();
        }
        let body: Map<String, Value> = match serde_json::from_slice(&request.body) {
            Ok(Value::Object(map)) => map,
            _ => return messages(400, &[Message::format(family_of(op), "リクエスト")]),
        };
        match op {
            Op::Search => self.search(shop, &body, ctx),
            Op::Get => self.get(shop, &body, ctx),
            Op::Confirm => self.confirm(shop, &body, ctx),
            Op::Ship => self.ship(shop, &body, ctx),
            Op::ShipAsync => self.ship_async(shop, &body, ctx),
            Op::ShipResult => self.ship_result(shop, &body, ctx),
            Op::SubStatus => self.sub_status(shop, &body, ctx),
            Op::Memo => self.memo(shop, &body, ctx),
            Op::Remarks => self.remarks(shop, &body, ctx),
            Op::Cancel => self.cancel(shop, &body, false, ctx),
            Op::CancelAfter => self.cancel(shop, &body, true, ctx),
            Op::Payment => self.payment(shop, &body),
            Op::SubList | Op::License => messages(404, &[]),
        }
    }
}

fn family_of(op: Op) -> &'static str {
    use codes::family as f;
    match op {
        Op::Search => f::SEARCH,
        Op::Get => f::GET,
        Op::Confirm => f::CONFIRM,
        Op::Ship => f::SHIPPING,
        Op::ShipAsync => f::SHIPPING_ASYNC,
        Op::ShipResult => f::RESULT,
        Op::SubList | Op::License => f::SUB_LIST,
        Op::SubStatus => f::SUB_STATUS,
        Op::Memo => f::MEMO,
        Op::Remarks => f::REMARKS,
        Op::Cancel => f::CANCEL,
        Op::CancelAfter => f::CANCEL_AFTER,
        Op::Payment => f::PAYMENT,
    }
}

/// Sixteen letters and digits, with the capital I and small l that people mistype (1.1).
fn credential_word(seed: u64, shop: u64, salt: u64) -> String {
    const LETTERS: &[u8] = b"IlABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut rng = generate::source(seed ^ 0x5EC2E7, shop, salt);
    (0..16)
        .filter_map(|_| LETTERS.get(rand::Rng::random_range(&mut rng, 0..LETTERS.len())))
        .map(|b| char::from(*b))
        .collect()
}
