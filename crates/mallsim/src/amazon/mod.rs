//! Amazon.co.jp (Selling Partner API, region FE), written from the project's document on Amazon and from Amazon's
//! published models alone. Section numbers in comments are those of the document. Must not know any client.
//!
//! What it answers: Login with Amazon (`/auth/o2/token`), Orders 2026-01-01 (`searchOrders`, `getOrder`),
//! `confirmShipment` of Orders v0, Feeds 2021-06-30 with POST_FLAT_FILE_FULFILLMENT_DATA, and the two calls of the
//! Sellers API. The storage behind feed documents lives under `/amazon-documents/` on the same host. `desk` says
//! what `/_sim/…` can do here.

mod confirm;
mod control;
mod desk;
mod documents;
mod errors;
mod feeds;
mod flatfile;
mod gate;
mod generate;
mod life;
mod lwa;
mod notice;
mod order;
mod render;
mod search;
mod sellers;
pub(crate) mod settings;
mod shop;
pub(crate) mod traits;
mod utc;

use std::collections::{BTreeMap, HashMap};

use self::documents::Document;
use self::feeds::Feed;
use self::gate::Op;
use self::generate::Recipe;
use self::life::Timer;
use self::lwa::Access;
use self::order::Order;
use self::search::Page;
use self::shop::{Shop, word};
use crate::jst::{self, HOUR_MS};
use crate::mall::Ctx;
use crate::pace::Gates;
use crate::settings::Settings;
use crate::wire::{Reply, Request, percent_decode};

/// The mall.
pub(crate) struct Amazon {
    seed: u64,
    shops: Vec<Shop>,
    orders: Vec<Order>,
    by_number: HashMap<String, usize>,
    timers: BTreeMap<(i64, u64), Timer>,
    timer_count: u64,
    gates: Gates,
    access: HashMap<String, Access>,
    /// Tokens, request ids and signatures given so far.
    issued: u64,
    pages: HashMap<String, Page>,
    documents: BTreeMap<String, Document>,
    feeds: Vec<Feed>,
}

impl Amazon {
    /// Sellers without orders.
    pub(crate) fn new(seed: u64, shops: usize, start_ms: i64, settings: &Settings) -> Self {
        Self {
            seed,
            shops: (0..shops).map(|n| Shop::new(seed, n, start_ms, settings)).collect(),
            orders: Vec::new(),
            by_number: HashMap::new(),
            timers: BTreeMap::new(),
            timer_count: 0,
            gates: Gates::default(),
            access: HashMap::new(),
            issued: 0,
            pages: HashMap::new(),
            documents: BTreeMap::new(),
            feeds: Vec::new(),
        }
    }

    /// `count` orders for every seller, spread over the time before `ctx.now_ms`.
    pub(crate) fn fill(&mut self, count: usize, over_ms: i64, lived_share: f64, ctx: &mut Ctx<'_>) {
        let all = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        let start = ctx.now_ms - over_ms;
        for shop in 0..self.shops.len() {
            self.plan_arrival(shop, ctx);
        }
        for n in 0..count {
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
        let mut rng = generate::source(self.seed, shop, n);
        let order = generate::order(&mut rng, (shop, n), at_ms, recipe, &ctx.settings.world);
        let index = self.orders.len();
        owner.created.insert((at_ms, index));
        owner.updated.insert((at_ms, index));
        self.by_number.insert(order.number.clone(), index);
        self.orders.push(order);
        self.born(index, n, ctx);
        Some(index)
    }

    fn arrival(&mut self, shop: usize, ctx: &Ctx<'_>) {
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

    /// Plans the next order of a seller, if the world grows and none is planned.
    fn plan_arrival(&mut self, shop: usize, ctx: &Ctx<'_>) {
        let rate = ctx.settings.world.orders_per_hour;
        let Some(owner) = self.shops.get_mut(shop).filter(|s| !s.arrival_planned && rate > 0.0) else {
            return;
        };
        owner.arrival_planned = true;
        let mut rng = generate::source(self.seed ^ 0xA881, shop, owner.arrivals);
        let chance: f64 = rand::Rng::random_range(&mut rng, f64::EPSILON..1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a wait of hours at most"
        )]
        let wait = ((-chance.ln() * HOUR_MS as f64 / rate) as i64).clamp(1, 365 * 24 * HOUR_MS);
        self.at(ctx.now_ms + wait, Timer::Arrival(shop));
    }

    fn shop_id(&self, shop: usize) -> &str {
        self.shops.get(shop).map_or("", |s| s.id.as_str())
    }

    /// An order of this seller; another one's is as unknown as a mistyped one.
    fn find(&self, shop: usize, number: &str) -> Option<usize> {
        let index = self.by_number.get(number).copied()?;
        self.orders.get(index).is_some_and(|o| o.shop == shop).then_some(index)
    }

    /// A number of the form of a uuid, for `x-amzn-RequestId`.
    fn request_id(&mut self) -> String {
        self.issued += 1;
        let n = self.issued;
        let (a, b) =
            (self.seed.wrapping_mul(0x9E37_79B9).wrapping_add(n), n.wrapping_mul(0xC2B2_AE3D_27D4_EB4F));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a & 0xFFFF_FFFF,
            (b >> 48) & 0xFFFF,
            (b >> 36) & 0xFFF,
            (b >> 24) & 0xFFF,
            b & 0xFFFF_FFFF_FFFF
        )
    }

    /// One call with everything around it.
    pub(crate) fn answer(&mut self, request: &Request, late: bool, ctx: &mut Ctx<'_>) -> Reply {
        let Some((op, id)) = gate::operation(&request.method, &request.path) else {
            // unknown paths are forbidden, not missing (8)
            let mut reply = errors::unauthorized("");
            reply.set_header("x-amzn-RequestId", &self.request_id());
            return reply;
        };
        let id = percent_decode(&id.replace('+', "%2B"));
        match op {
            Op::Token => return self.token(request, ctx),
            Op::Upload => return self.upload(&id, request, ctx),
            Op::Download => return self.download(&id, request, ctx),
            _ => {}
        }
        let (shop, mut reply) = match self.admit(op, request, late, ctx) {
            Ok(shop) => (Some(shop), self.call(op, &id, shop, request, ctx)),
            Err(reply) => (self.token_owner(request), reply),
        };
        reply.set_header("x-amzn-RequestId", &self.request_id());
        if let (Some((rate, _)), 200..=204 | 400 | 404) = (op.rate(), reply.status) {
            // rounded: the factor must not leave binary dust in a header
            let rate = (rate * ctx.settings.amazon.rate_scale * 1e6).round() / 1e6;
            reply.set_header("x-amzn-RateLimit-Limit", &format!("{rate:?}"));
        }
        if let Some(owner) = shop.and_then(|s| self.shops.get(s)).filter(|s| s.switches.clock_skew_ms != 0) {
            reply.set_header("Date", &jst::http_date(owner.clock(ctx.now_ms)));
        }
        reply
    }

    fn call(&mut self, op: Op, id: &str, shop: usize, request: &Request, ctx: &mut Ctx<'_>) -> Reply {
        match op {
            Op::SearchOrders => self.search(shop, request, ctx),
            Op::GetOrder => self.get(shop, id, request, ctx),
            Op::ConfirmShipment => self.confirm(shop, id, request, ctx),
            Op::CreateFeedDocument => self.create_document(shop, request, ctx),
            Op::GetFeedDocument => self.get_document(shop, id, request, ctx),
            Op::CreateFeed => self.create_feed(shop, request, ctx),
            Op::GetFeeds => self.list_feeds(shop, request, ctx),
            Op::GetFeed => self.get_feed(shop, id, ctx),
            Op::CancelFeed => self.cancel_feed(shop, id, ctx),
            Op::Participations => self.participations(shop),
            Op::Account => self.account(shop, ctx),
            Op::Token | Op::Upload | Op::Download => errors::unauthorized(""),
        }
    }
}

/// A word for documents, pages and signatures.
fn secret_word(amazon: &mut Amazon, shop: usize, length: usize) -> String {
    amazon.issued += 1;
    word(amazon.seed ^ 0xD0C5, shop, amazon.issued, length)
}
