//! Yahoo!ショッピング (ストアクリエイターPro order APIs), written from its documentation alone. Section numbers in
//! comments are those of the document on Yahoo!ショッピング that comes with the project. It must not know any client.
//!
//! Paths: `/yconnect/v2/authorization`, `/yconnect/v2/token`, `/ShoppingWebService/V1/…`, and the files a person
//! downloads from ストアクリエイターPro as `/yahoo-csv/orders.csv` and `/yahoo-csv/items.csv`.
//!
//! The JSON of the control API for this mall is described in [`control`].

mod change;
mod codes;
mod conditions;
pub(crate) mod control;
mod csv;
mod desk;
mod distort;
mod fields;
mod gate;
mod generate;
mod goods;
mod info;
mod keys;
mod life;
mod list;
mod oauth;
mod order;
mod people;
mod settings;
mod ship;
mod special;
mod split;
mod traits;
mod when;
mod xml;

use std::collections::{BTreeMap, HashMap};

use rand::Rng as _;

use self::gate::{Admitted, Op};
use self::generate::Recipe;
use self::keys::PublicKey;
use self::life::Timer;
use self::oauth::{Access, Code, Grant};
use self::order::Order;
pub use self::settings::{Consent, YahooSettings};
pub use self::traits::YahooTrait;
use crate::mall::Ctx;
use crate::pace::Gates;
use crate::wire::{Reply, Request};

/// The mall.
pub(crate) struct Yahoo {
    seed: u64,
    /// 0: all of them.
    shops_per_client: usize,
    shops: Vec<Shop>,
    orders: Vec<Order>,
    by_id: HashMap<String, usize>,
    timers: BTreeMap<(i64, u64), Timer>,
    timer_count: u64,
    gates: Gates,
    grants: Vec<Grant>,
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    /// Words given out so far.
    words: u64,
}

struct Shop {
    /// The store account.
    seller: String,
    keys: Vec<PublicKey>,
    permits: Permits,
    /// Indices of orders, by order time.
    orders: Vec<usize>,
    made: u64,
    arrivals: u64,
    arrival_planned: bool,
}

/// What stands against a shop's calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permits {
    pub no_scope: bool,
    pub source_ip_refused: bool,
    pub api_off: bool,
    pub not_registered: bool,
    pub not_linked: bool,
    /// Stock cannot be given back on a cancel (`od91130`).
    pub stock_link_fails: bool,
}

impl Yahoo {
    /// Stores snbx-mihon1, snbx-mihon2, … without orders; each has consented at `ctx.now_ms` and has one key.
    pub(crate) fn new(seed: u64, shops: usize, ctx: &Ctx<'_>) -> Self {
        let shops = (0..shops).map(|n| Shop {
            seller: format!("snbx-mihon{}", n + 1),
            keys: vec![PublicKey::new(1, ctx.now_ms)],
            permits: Permits::default(),
            orders: Vec::new(),
            made: 0,
            arrivals: 0,
            arrival_planned: false,
        });
        let mut mall = Self {
            seed,
            shops_per_client: ctx.settings.yahoo.shops_per_client,
            shops: shops.collect(),
            orders: Vec::new(),
            by_id: HashMap::new(),
            timers: BTreeMap::new(),
            timer_count: 0,
            gates: Gates::default(),
            grants: Vec::new(),
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            words: 0,
        };
        for shop in 0..mall.shops.len() {
            mall.consent(shop, ctx);
        }
        mall
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
        let mut rng = generate::source(self.seed, shop, n);
        let (world, settings) = (&ctx.settings.world, &ctx.settings.yahoo);
        let key = (shop, owner.seller.as_str(), n);
        let order = generate::order(&mut rng, key, at_ms, recipe, world, settings);
        let index = self.insert(order);
        self.born(index, n, ctx);
        Some(index)
    }

    /// Takes an order into the books.
    fn insert(&mut self, order: Order) -> usize {
        let index = self.orders.len();
        let orders = &self.orders;
        if let Some(owner) = self.shops.get_mut(order.shop) {
            let before = |i: &usize| orders.get(*i).is_some_and(|o| o.ordered_ms <= order.ordered_ms);
            let place = owner.orders.partition_point(before);
            owner.orders.insert(place, index);
        }
        self.by_id.insert(order.id.clone(), index);
        self.orders.push(order);
        index
    }

    /// An order of this shop; another shop's is as unknown as a mistyped one.
    fn find(&self, shop: usize, id: &str) -> Option<usize> {
        let index = self.by_id.get(id).copied()?;
        self.orders.get(index).is_some_and(|o| o.shop == shop).then_some(index)
    }

    fn call(&mut self, call: &Admitted, request: &Request, ctx: &mut Ctx<'_>) -> Reply {
        let mut reply = match call.op {
            Op::List => self.order_list(call.shop, &call.body, ctx),
            Op::Info => self.order_info(call.shop, &call.body, ctx),
            Op::Count => self.order_count(call.shop, ctx),
            Op::History => self.order_history(call.shop, request),
            Op::Status => self.change_status(call.shop, &call.body, ctx),
            Op::PayStatus => self.change_pay_status(call.shop, &call.body, ctx),
            Op::ShipStatus => self.change_ship_status(call.shop, &call.body, ctx),
        };
        if let Some(status) = &call.signature {
            reply.set_header("X-SWS-Authorize-Status", status);
        }
        reply
    }

    // ---- Client IDs ----

    /// The Client ID a shop uses: some or all shops share one.
    fn client_of(&self, shop: usize) -> usize {
        shop.checked_div(self.shops_per_client).unwrap_or(0)
    }

    fn client_id(&self, client: usize) -> String {
        format!("dj00aiZpPW1paG9u{:04}", client + 1)
    }

    fn client_secret(&self, client: usize) -> String {
        fixed_word(self.seed, u64::try_from(client).unwrap_or(0) ^ 0x5EC2E7)
    }

    /// The index of a Client ID, if any shop uses it.
    fn client_index(&self, id: &str) -> Option<usize> {
        (0..self.shops.len()).map(|s| self.client_of(s)).find(|c| self.client_id(*c) == id)
    }

    /// A word nobody has been given before.
    fn word(&mut self, kind: &str) -> String {
        self.words += 1;
        format!("{kind}-{}{}", fixed_word(self.seed, self.words << 20), self.words)
    }
}

fn fixed_word(seed: u64, salt: u64) -> String {
    let mut rng = generate::source(seed ^ 0xA17, 0, salt);
    format!("{:016x}{:016x}", rng.random::<u64>(), rng.random::<u64>())
}
