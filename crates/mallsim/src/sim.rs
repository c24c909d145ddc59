//! The simulation: malls, clock, plan of faults and ledger in one value. A call goes in with the time and comes out
//! as an [`Outcome`]; nothing here sleeps, opens sockets or asks for the time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::amazon::Amazon;
use crate::control;
use crate::effects::{Duplicate, Effects};
use crate::faults::{self, Action, Faults, Rule};
use crate::jst::{self, DAY_MS};
use crate::mall::{Ctx, Mall, OrderView, ShopView};
use crate::pages;
use crate::rakuten::Rakuten;
use crate::settings::Settings;
use crate::wire::{End, Outcome, Reply, Request};
use crate::yahoo::Yahoo;

/// How a world begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimConfig {
    /// Everything invented comes from this number.
    pub seed: u64,
    /// The first moment of the world; orders made up front lie before it. 2026-11-02 09:00 in Japan by default.
    pub start_ms: i64,
    /// Shops of 楽天市場, with the ids 300001, 300002, ….
    pub rakuten_shops: usize,
    /// Sellers on Amazon.co.jp, with the ids `ASIM0000000001`, `ASIM0000000002`, ….
    pub amazon_shops: usize,
    /// Shops of Yahoo!ショッピング, with the store accounts snbx-mihon1, snbx-mihon2, ….
    pub yahoo_shops: usize,
    /// Orders made up front for each shop.
    pub orders_per_shop: usize,
    /// The time before `start_ms` those orders are spread over.
    pub orders_over_ms: i64,
    /// Share (0–1) of the orders made up front that are older than a day and were shipped by somebody long ago.
    pub lived_share: f64,
    /// What can also be changed later.
    pub settings: Settings,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            start_ms: 1_793_577_600_000,
            rakuten_shops: 1,
            amazon_shops: 0,
            yahoo_shops: 0,
            orders_per_shop: 20,
            orders_over_ms: DAY_MS,
            lived_share: 0.0,
            settings: Settings::default(),
        }
    }
}

impl SimConfig {
    /// With so many shops of a mall, by its key.
    ///
    /// # Errors
    /// Nobody simulates this mall.
    pub fn with_shops(self, mall: &str, shops: usize) -> Result<Self, String> {
        let mut value = serde_json::to_value(&self).map_err(|e| e.to_string())?;
        let field = value.get_mut(format!("{mall}_shops")).ok_or_else(|| format!("no simulated mall: {mall}"))?;
        *field = shops.into();
        serde_json::from_value(value).map_err(|e| e.to_string())
    }
}

/// Where the simulated time comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Clock {
    /// The time every caller brings along: the real one over HTTP, a virtual one in process.
    #[default]
    Real,
    /// A time that stands still until it is moved.
    Moved {
        /// The time.
        now_ms: i64,
    },
}

/// The malls.
pub struct Sim {
    pub(crate) config: SimConfig,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) effects: Effects,
    malls: Vec<Box<dyn Mall>>,
    /// Calls whose effect comes later than their connection lived.
    late: BTreeMap<(i64, u64), (usize, u64, Request)>,
    world_ms: i64,
}

/// What the plan does to one call.
#[derive(Default)]
struct Plan {
    delay_ms: u64,
    skew_ms: i64,
    instead: Option<Instead>,
    after: Vec<Action>,
    end: Option<Action>,
}

enum Instead {
    Reply(Reply),
    Hang,
    Closed,
    Late(i64),
}

impl Sim {
    /// A world as configured.
    #[must_use]
    pub fn new(config: SimConfig) -> Self {
        let settings = config.settings.clone();
        let mut effects = Effects::default();
        let mut rakuten = Rakuten::new(config.seed, config.rakuten_shops, config.start_ms, &settings);
        let mut amazon = Amazon::new(config.seed, config.amazon_shops, config.start_ms, &settings);
        let mut ctx = Ctx {
            now_ms: config.start_ms,
            caller_ms: config.start_ms,
            settings: &settings,
            effects: &mut effects,
        };
        rakuten.fill(config.orders_per_shop, config.orders_over_ms, config.lived_share, &mut ctx);
        amazon.fill(config.orders_per_shop, config.orders_over_ms, config.lived_share, &mut ctx);
        let mut yahoo = Yahoo::new(config.seed, config.yahoo_shops, &ctx);
        yahoo.fill(config.orders_per_shop, config.orders_over_ms, config.lived_share, &mut ctx);
        Self {
            clock: Clock::Real,
            faults: Faults::new(config.seed),
            effects,
            malls: vec![Box::new(rakuten), Box::new(yahoo), Box::new(amazon)],
            late: BTreeMap::new(),
            world_ms: config.start_ms,
            settings,
            config,
        }
    }

    /// Begins again with this configuration; faults and ledger are gone. A moved clock goes back to the start.
    pub fn reset(&mut self, config: SimConfig) {
        let moved = self.clock != Clock::Real;
        *self = Self::new(config);
        if moved {
            self.clock = Clock::Moved { now_ms: self.config.start_ms };
        }
    }

    /// Answers one call, be it a mall's or `/_sim/…`. `now_ms` is the caller's time; with a moved clock it is not
    /// looked at.
    pub fn handle(&mut self, request: &Request, now_ms: i64) -> Outcome {
        if request.path.starts_with("/_sim/") {
            return control::handle(self, request, now_ms).into();
        }
        let now = self.now(now_ms);
        let lock_step = self.settings.pace.by_simulated_clock;
        let caller_ms = if lock_step { now } else { now_ms.clamp(0, jst::MOST_MS) };
        self.advance(now_ms);
        let Some(index) = self.malls.iter().position(|m| m.owns(request)) else {
            return Reply::new(404, "text/plain;charset=utf-8", "no mall has this address").into();
        };
        let Some(mall) = self.malls.get(index) else { return Reply::default().into() };
        let caller = mall.identify(request);
        let shop = caller.shop.as_deref();
        self.effects.count_call(shop.unwrap_or("?"), &caller.operation, caller_ms);
        let actions = self.faults.strike(mall.name(), shop, &caller.operation, now);
        let plan = self.plan(index, actions, shop, now);
        let delay_ms = plan.delay_ms;
        let dated = |mut reply: Reply| {
            // a mall whose own clock is wrong has dated its answer already
            if reply.find_header("Date").is_none() || plan.skew_ms != 0 {
                reply.set_header("Date", &jst::http_date(now.saturating_add(plan.skew_ms)));
            }
            reply
        };
        let end = match plan.instead {
            Some(Instead::Hang) => End::Hang,
            Some(Instead::Closed) => End::Closed,
            Some(Instead::Reply(reply)) => End::Reply(dated(reply)),
            Some(Instead::Late(after)) => {
                let call = self.effects.counters().calls;
                self.late.insert((now.saturating_add(after), call), (index, call, request.clone()));
                End::Closed
            }
            None => {
                let mut reply = self.serve(index, request, false, (now, caller_ms));
                for action in &plan.after {
                    self.distort(index, &caller.operation, action, &mut reply);
                }
                let reply = dated(reply);
                match plan.end {
                    Some(Action::CutAt { bytes }) => {
                        End::Cut { after_bytes: bytes.min(reply.body.len()), reply }
                    }
                    Some(Action::ApplyThenCut) => End::Closed,
                    Some(Action::ApplyThenTimeout) => End::Hang,
                    _ => End::Reply(reply),
                }
            }
        };
        Outcome { delay_ms, end }
    }

    fn serve(
        &mut self,
        mall: usize,
        request: &Request,
        late: bool,
        (now_ms, caller_ms): (i64, i64),
    ) -> Reply {
        let mut ctx = Ctx { now_ms, caller_ms, settings: &self.settings, effects: &mut self.effects };
        self.malls.get_mut(mall).map(|m| m.serve(request, late, &mut ctx)).unwrap_or_default()
    }

    /// Sorts what goes wrong into before, instead, after and end; does what comes before.
    fn plan(&mut self, index: usize, actions: Vec<Action>, shop: Option<&str>, now: i64) -> Plan {
        let mut plan = Plan::default();
        for action in actions {
            self.effects.count_fault();
            let Some(mall) = self.malls.get_mut(index) else { continue };
            let mut ctx =
                Ctx { now_ms: now, caller_ms: now, settings: &self.settings, effects: &mut self.effects };
            let instead = match action {
                Action::Delay { ms } => {
                    plan.delay_ms = plan.delay_ms.saturating_add(ms);
                    None
                }
                Action::ClockSkew { ms } => {
                    plan.skew_ms = ms;
                    None
                }
                Action::ShiftList { insert, remove } => {
                    mall.shift_list(shop, insert, remove, &mut ctx);
                    None
                }
                Action::KeyExpires => {
                    if let Some(shop) = shop {
                        let _ = mall.change_shop(shop, &serde_json::json!({ "key": "expire" }), &mut ctx);
                    }
                    None
                }
                Action::Status { code, body, content_type } => {
                    Some(Instead::Reply(Reply::new(code, &content_type, body)))
                }
                Action::TooMany { retry_after } => {
                    ctx.effects.count_too_many(shop.unwrap_or("?"));
                    Some(Instead::Reply(mall.too_many(retry_after)))
                }
                Action::Maintenance { code } => Some(Instead::Reply(pages::maintenance(code))),
                Action::LoginPage => Some(Instead::Reply(pages::login())),
                Action::NestedError => Some(Instead::Reply(mall.nested_error())),
                Action::Hang => Some(Instead::Hang),
                Action::Close => Some(Instead::Closed),
                Action::ApplyLate { after_ms } => Some(Instead::Late(after_ms.max(0))),
                Action::CutAt { .. } | Action::ApplyThenCut | Action::ApplyThenTimeout => {
                    plan.end.get_or_insert(action);
                    None
                }
                Action::DropItem { .. }
                | Action::Retype { .. }
                | Action::UnknownCode { .. }
                | Action::EmptyBody
                | Action::WrongCharset => {
                    plan.after.push(action);
                    None
                }
            };
            plan.instead = plan.instead.or(instead);
        }
        plan
    }

    fn distort(&self, index: usize, operation: &str, action: &Action, reply: &mut Reply) {
        let Some(mall) = self.malls.get(index) else { return };
        match action {
            _ if mall.distort(operation, action, reply) => {}
            Action::EmptyBody => reply.body.clear(),
            Action::WrongCharset => {
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                reply.body = encoding_rs::SHIFT_JIS.encode(&text).0.into_owned().into();
            }
            _ => {
                let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else { return };
                let pointer = mall.list_pointer(operation);
                match action {
                    Action::DropItem { index } => {
                        if let Some(list) = body.pointer_mut(pointer).and_then(Value::as_array_mut) {
                            let len = i64::try_from(list.len()).unwrap_or(0);
                            let at = if *index < 0 { len + index } else { *index };
                            if let Some(at) = usize::try_from(at).ok().filter(|at| *at < list.len()) {
                                list.remove(at);
                            }
                        }
                    }
                    Action::Retype { field, to, index } => match index {
                        None => faults::retype(&mut body, field, *to),
                        Some(n) => {
                            if let Some(element) = body.pointer_mut(&format!("{pointer}/{n}")) {
                                faults::retype(element, field, *to);
                            }
                        }
                    },
                    Action::UnknownCode { index, code } => {
                        if let Some(slot) = body.pointer_mut(&mall.code_pointer(*index)) {
                            *slot = Value::String(code.clone());
                        }
                    }
                    _ => {}
                }
                reply.body = body.to_string().into();
            }
        }
    }

    /// Lets everything happen that is due, without a call.
    pub fn advance(&mut self, now_ms: i64) {
        let now = self.now(now_ms);
        while let Some(entry) = self.late.first_entry().filter(|e| e.key().0 <= now) {
            let (due, _) = *entry.key();
            let (mall, call, request) = entry.remove();
            self.advance_malls(due);
            let before = self.effects.acting(call);
            self.serve(mall, &request, true, (due, due));
            self.effects.acting(before);
        }
        self.advance_malls(now);
    }

    fn advance_malls(&mut self, now: i64) {
        // a clock that steps back moves nothing
        self.world_ms = self.world_ms.max(now);
        let before = self.effects.acting(0);
        for mall in &mut self.malls {
            let mut ctx = Ctx {
                now_ms: self.world_ms,
                caller_ms: self.world_ms,
                settings: &self.settings,
                effects: &mut self.effects,
            };
            mall.advance(&mut ctx);
        }
        self.effects.acting(before);
    }

    /// The simulated time for a caller whose time is `now_ms`.
    #[must_use]
    pub fn now(&self, now_ms: i64) -> i64 {
        match self.clock {
            // a caller's nonsense must not overflow a calendar
            Clock::Real => now_ms.clamp(0, jst::MOST_MS),
            Clock::Moved { now_ms } => now_ms.clamp(0, jst::MOST_MS),
        }
    }

    /// Sets where time comes from and lets happen what is due by then.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
        if let Clock::Moved { now_ms } = clock {
            self.advance(now_ms);
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes settings.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Adds rules to the plan of faults.
    pub fn add_faults(&mut self, rules: Vec<Rule>) {
        self.faults.add(rules);
    }

    /// Adds rules given as JSON: a list, `{"rules":[…]}` or a single rule.
    pub fn add_faults_json(&mut self, plan: Value) -> Result<(), String> {
        self.faults.add(faults::read_plan(plan)?);
        Ok(())
    }

    /// Ends all faults.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What took effect.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// Parcels whose live records carry one number more than once.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Duplicate> {
        self.malls.iter().flat_map(|m| m.duplicates()).collect()
    }

    /// Shops with their credentials.
    #[must_use]
    pub fn shops(&self, now_ms: i64) -> Vec<ShopView> {
        let now = self.now(now_ms);
        self.malls.iter().flat_map(|m| m.shops(now)).collect()
    }

    /// All orders.
    #[must_use]
    pub fn orders(&self, now_ms: i64) -> Vec<OrderView> {
        let now = self.now(now_ms);
        self.malls.iter().flat_map(|m| m.orders(now)).collect()
    }

    /// Adds orders, as `POST /_sim/orders` does; `"mall"` names the mall, the first one without.
    pub fn add_orders(&mut self, wanted: &Value, now_ms: i64) -> Result<Vec<String>, String> {
        let now_ms = self.now(now_ms);
        let mut wanted = wanted.clone();
        let name = wanted.as_object_mut().and_then(|m| m.remove("mall"));
        let mut ctx = Ctx { now_ms, caller_ms: now_ms, settings: &self.settings, effects: &mut self.effects };
        let wants = |m: &dyn Mall| name.as_ref().is_none_or(|n| n == m.name());
        let mall = self.malls.iter_mut().find(|m| wants(m.as_ref())).ok_or("no such mall")?;
        let before = ctx.effects.acting(0);
        let numbers = mall.add_orders(&wanted, &mut ctx);
        ctx.effects.acting(before);
        numbers
    }

    /// Changes an order, as `POST /_sim/orders/{number}` does.
    pub fn edit_order(&mut self, number: &str, edit: &Value, now_ms: i64) -> Result<Value, String> {
        let now_ms = self.now(now_ms);
        let mut ctx = Ctx { now_ms, caller_ms: now_ms, settings: &self.settings, effects: &mut self.effects };
        let before = ctx.effects.acting(0);
        let done = self.malls.iter_mut().find_map(|m| m.edit_order(number, edit, &mut ctx));
        ctx.effects.acting(before);
        done.unwrap_or_else(|| Err("no such order".to_owned()))
    }

    /// Renews or expires a key or switches functions, as `POST /_sim/shops/{id}` does.
    pub fn change_shop(&mut self, shop: &str, change: &Value, now_ms: i64) -> Result<Value, String> {
        let now_ms = self.now(now_ms);
        let mut ctx = Ctx { now_ms, caller_ms: now_ms, settings: &self.settings, effects: &mut self.effects };
        let done = self.malls.iter_mut().find_map(|m| m.change_shop(shop, change, &mut ctx));
        done.unwrap_or_else(|| Err("no such shop".to_owned()))
    }
}
