//! What happens on a simulated day: everything is drawn from the seed before the first order is placed, so that a seed
//! is a day, whatever threads do. Pure; knows no ledger and no hub.

use super::rhythm;
use crate::house::START;
use domain::UtcMillis;
use domain::time::{DAY, HOUR, MINUTE};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::fmt;

/// The shops of every day, in the simulator's order: mall, and its own name for the shop.
pub const SHOPS: [(&str, &str); 5] = [
    ("rakuten", "300001"),
    ("rakuten", "300002"),
    ("yahoo", "snbx-mihon1"),
    ("yahoo", "snbx-mihon2"),
    ("amazon", "ASIM0000000001"),
];

/// How long a simulation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// One eventful day.
    Day,
    /// Thirty days, ten of which the shop is closed.
    Month,
}

impl Length {
    /// Days.
    #[must_use]
    pub fn days(self) -> i64 {
        match self {
            Length::Day => 1,
            Length::Month => 30,
        }
    }

    /// Word of the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Length::Day => "day",
            Length::Month => "month",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Length::Day, Length::Month].into_iter().find(|l| l.word() == word)
    }
}

/// Which credential of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// What the mall's key or consent is.
    Main,
    /// Yahoo!'s public key.
    Public,
    /// Amazon's client secret.
    Secret,
}

/// How a hub ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// At this call to a mall, counted from now.
    pub at_call: u64,
    /// The mall has done what it was asked; else it never hears of it.
    pub heard: bool,
    /// So long until somebody starts it again, unless another one lives.
    pub back_ms: i64,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Somebody orders in this shop (its place in [`SHOPS`]); the mall's mail about it comes, or is lost.
    Order(usize, bool),
    /// Someone changes an order at the mall; the number picks which.
    Edited(u64),
    /// Someone cancels an order at the mall.
    Cancelled(u64),
    /// A credential of a shop ends, without a word.
    KeyEnds(usize, Key),
    /// This machine's clock is so far from the truth from now on, milliseconds.
    Clock(i64),
    /// The oldest hub is killed.
    Dies(Death),
    /// A second hub is started beside the first.
    Joins,
    /// The hub is stopped in good order, and a new one started.
    Restarts,
    /// Staff look at their orders.
    Staff,
}

/// It happens at this (true) time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: UtcMillis,
    /// What.
    pub what: What,
}

/// The malls misbehave for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Mall, and shop when it is only one.
    pub mall: &'static str,
    /// Place in [`SHOPS`].
    pub shop: Option<usize>,
    /// Only this operation.
    pub operation: Option<&'static str>,
    /// From.
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
    /// Share of the calls.
    pub share: f64,
    /// The simulator's word for it.
    pub action: Value,
    /// The mall cannot be relied on while it lasts: nothing is promised for this time.
    pub blocks: bool,
}

impl Fault {
    /// As the simulator wants it.
    #[must_use]
    pub fn rule(&self) -> Value {
        let mut at = json!({ "from_ms": self.from.0, "to_ms": self.to.0 });
        let mut rule = json!({ "mall": self.mall, "action": self.action });
        if self.share < 1.0 {
            at["probability"] = json!(self.share);
        }
        if let Some((_, shop)) = self.shop.and_then(|s| SHOPS.get(s)) {
            rule["shop"] = json!(shop);
        }
        if let Some(operation) = self.operation {
            rule["operation"] = json!(operation);
        }
        rule["at"] = at;
        rule
    }

    /// Does it concern this shop?
    #[must_use]
    pub fn meets(&self, shop: usize) -> bool {
        match self.shop {
            Some(only) => only == shop,
            None => SHOPS.get(shop).is_some_and(|(mall, _)| *mall == self.mall),
        }
    }
}

/// Everything that a seed says.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How long.
    pub length: Length,
    /// Nothing new happens from here on.
    pub end: UtcMillis,
    /// Settings of the simulator, as a patch.
    pub settings: Value,
    /// When the malls misbehave.
    pub faults: Vec<Fault>,
    /// What happens, in order.
    pub events: Vec<Event>,
    /// Looks are spaced by limits and rhythm; else by a fixed interval.
    pub rhythm: bool,
    /// The shop is closed: from, to.
    pub closed: Option<(UtcMillis, UtcMillis)>,
}

/// Operations that change something at a mall, and how late they may take effect without anybody being to blame (a
/// settle time of the adapter outlasts it).
const WRITES: [(&str, &str, i64); 6] = [
    ("rakuten", "confirmOrder", 5_000),
    ("rakuten", "updateOrderShipping", 90_000),
    ("rakuten", "updateOrderShippingAsync", 60_000),
    ("yahoo", "orderShipStatusChange", 90_000),
    ("yahoo", "orderStatusChange", 60_000),
    ("amazon", "confirmShipment", 90_000),
];

const MALLS: [&str; 3] = ["rakuten", "yahoo", "amazon"];

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64, length: Length) -> Self {
        let mut draw = Draw { luck: ChaCha8Rng::seed_from_u64(seed), days: length.days() };
        let closed = (length == Length::Month).then(|| {
            let from = START.plus(draw.luck.random_range(8..14) * DAY);
            (from, from.plus(10 * DAY))
        });
        let settings = draw.settings(length);
        let rhythm = draw.luck.random_bool(0.3);
        let faults = draw.faults();
        let mut events = draw.orders(length);
        events.extend(draw.hubs());
        events.extend(draw.clock());
        events.extend(draw.keys(length));
        events.extend(draw.people(closed));
        events.sort_by_key(|e| e.at);
        Self { seed, length, end: START.plus(length.days() * DAY), settings, rhythm, faults, events, closed }
    }
}

struct Draw {
    luck: ChaCha8Rng,
    days: i64,
}

impl Draw {
    /// A moment of the day (or of any of the days).
    fn moment(&mut self) -> UtcMillis {
        START.plus(self.luck.random_range(MINUTE..self.days * DAY))
    }

    fn minutes(&mut self, from: i64, to: i64) -> i64 {
        self.luck.random_range(from..=to) * MINUTE
    }

    /// So many of it on average a day, at least none.
    fn some(&mut self, most_a_day: i64) -> i64 {
        (0..self.days).map(|_| self.luck.random_range(0..=most_a_day)).sum()
    }

    fn settings(&mut self, length: Length) -> Value {
        let key_days = if length == Length::Month { self.luck.random_range(9..28) } else { 90 };
        json!({
            "world": {
                "trouble_share": self.luck.random_range(0.0..0.15),
                "buyer_edit_share": self.luck.random_range(0.0..0.15),
                "buyer_cancel_share": self.luck.random_range(0.0..0.08),
            },
            "rakuten": {
                "key_days": key_days,
                "fraud_check_ms": self.minutes(20, 240),
                "prepaid_pays_after_ms": self.minutes(30, 900),
                "gift_input_after_ms": self.minutes(30, 600),
            },
            "yahoo": {
                "hold_release_after_ms": self.minutes(60, 900),
                "prepaid_pays_after_ms": self.minutes(30, 900),
                "gift_input_after_ms": self.minutes(30, 600),
                "rotate_refresh_token": self.luck.random_bool(0.3),
                "refuse_signature_without_version": self.luck.random_bool(0.3),
                "too_many_html": self.luck.random_bool(0.5),
                "ship_again_warns": self.luck.random_bool(0.3),
            },
            "amazon": {
                "cvs_pays_after_ms": self.minutes(30, 900),
                "ship_visible_after_ms": self.luck.random_range(0..180_000),
                "decimals": self.luck.random_bool(0.5),
                "report_japanese": self.luck.random_bool(0.5),
            },
        })
    }

    fn orders(&mut self, length: Length) -> Vec<Event> {
        let mut list = Vec::new();
        let heard = *[0.0, 0.5, 0.9].choose(&mut self.luck).unwrap_or(&0.0);
        for shop in 0..SHOPS.len() {
            for day in 0..self.days {
                let most = if length == Length::Month { 6 } else { 18 };
                for _ in 0..self.luck.random_range(2..=most) {
                    let at = rhythm::moment(&mut self.luck, START.plus(day * DAY));
                    // The last hours are for what comes late.
                    if at.since(START) < self.days * DAY - HOUR {
                        list.push(Event { at, what: What::Order(shop, self.luck.random_bool(heard)) });
                    }
                }
            }
        }
        list
    }

    fn faults(&mut self) -> Vec<Fault> {
        let mut list = Vec::new();
        for _ in 0..1 + self.some(2) {
            list.push(self.outage());
        }
        for day in 0..self.days {
            if self.luck.random_bool(0.4) {
                let at = rhythm::night(START.plus(day * DAY)).plus(self.minutes(0, 120));
                let code = if self.luck.random_bool(0.5) { 503 } else { 200 };
                let long = self.minutes(30, 240);
                list.push(self.fault(at, long, json!({ "maintenance": { "code": code } })));
            }
        }
        for _ in 0..self.some(1) {
            let (at, long) = (self.moment(), self.minutes(10, 180));
            let wait = *[None, Some(1), Some(30)].choose(&mut self.luck).unwrap_or(&None);
            let storm = self.fault(at, long, json!({ "too_many": { "retry_after": wait } }));
            list.push(Fault { share: self.luck.random_range(0.4..0.95), ..storm });
        }
        for _ in 0..self.some(4) {
            list.push(self.nuisance());
        }
        for _ in 0..self.some(3) {
            list.push(self.unclear());
        }
        list
    }

    fn fault(&mut self, from: UtcMillis, long: i64, action: Value) -> Fault {
        let mall = *MALLS.choose(&mut self.luck).unwrap_or(&"rakuten");
        Fault { mall, shop: None, operation: None, from, to: from.plus(long), share: 1.0, action, blocks: true }
    }

    /// A mall, or one shop, gives nothing useful for minutes to hours.
    fn outage(&mut self) -> Fault {
        let actions = [
            json!({ "status": { "code": 500 } }),
            json!({ "status": { "code": 503, "body": "<html>busy</html>", "content_type": "text/html" } }),
            json!("close"),
            json!("hang"),
            json!("login_page"),
            json!("nested_error"),
            json!("empty_body"),
        ];
        let action = actions.choose(&mut self.luck).cloned().unwrap_or_default();
        let (at, long) = (self.moment(), self.minutes(5, 360));
        let shop = self.luck.random_bool(0.3).then(|| self.luck.random_range(0..SHOPS.len()));
        let fault = self.fault(at, long, action);
        let mall = shop.and_then(|s| SHOPS.get(s)).map_or(fault.mall, |(mall, _)| mall);
        Fault { mall, shop, ..fault }
    }

    /// Now and then a call goes wrong; everything else goes on.
    fn nuisance(&mut self) -> Fault {
        let bytes = self.luck.random_range(0..600);
        let actions = [
            json!({ "cut_at": { "bytes": bytes } }),
            json!("close"),
            json!("empty_body"),
            json!("nested_error"),
            json!({ "drop_item": { "index": 0 } }),
            json!({ "too_many": { "retry_after": 3 } }),
            json!({ "status": { "code": 500 } }),
        ];
        let action = actions.choose(&mut self.luck).cloned().unwrap_or_default();
        let (at, long) = (self.moment(), self.minutes(10, 300));
        let share = self.luck.random_range(0.02..0.12);
        Fault { share, blocks: false, ..self.fault(at, long, action) }
    }

    /// Writes take effect, and nobody hears of it; or they take effect late.
    fn unclear(&mut self) -> Fault {
        let (mall, operation, late) = *WRITES.choose(&mut self.luck).unwrap_or(&("rakuten", "confirmOrder", 5_000));
        let after = self.luck.random_range(1_000..late);
        let actions = [
            json!("apply_then_cut"),
            json!("apply_then_timeout"),
            json!({ "apply_late": { "after_ms": after } }),
            json!({ "cut_at": { "bytes": 20 } }),
        ];
        let action = actions.choose(&mut self.luck).cloned().unwrap_or_default();
        let (at, long) = (self.moment(), self.minutes(60, 600));
        let share = self.luck.random_range(0.1..0.6);
        let fault = self.fault(at, long, action);
        Fault { mall, operation: Some(operation), share, blocks: false, ..fault }
    }

    fn hubs(&mut self) -> Vec<Event> {
        let mut list = Vec::new();
        for _ in 0..1 + self.some(2) {
            let at = self.moment();
            if self.luck.random_bool(0.4) {
                list.push(Event { at: at.plus(-self.minutes(1, 60)).max(START.plus(MINUTE)), what: What::Joins });
            }
            let death = Death {
                at_call: self.luck.random_range(1..25),
                heard: self.luck.random_bool(0.5),
                back_ms: self.minutes(0, 90),
            };
            list.push(Event { at, what: What::Dies(death) });
        }
        for _ in 0..self.some(1) {
            list.push(Event { at: self.moment(), what: What::Restarts });
        }
        list
    }

    /// The clock of this machine steps away from the truth and is set right again later.
    fn clock(&mut self) -> Vec<Event> {
        let mut list = Vec::new();
        for day in 0..self.days {
            let odds = if self.days == 1 { 0.4 } else { 0.1 };
            if !self.luck.random_bool(odds) {
                continue;
            }
            let at = START.plus(day * DAY + self.minutes(5, 15 * 60));
            let most = *[4, 20, 90].choose(&mut self.luck).unwrap_or(&4);
            let off = self.luck.random_range(-most..=most) * MINUTE;
            let right = at.plus(self.minutes(30, 480));
            list.push(Event { at, what: What::Clock(off) });
            list.push(Event { at: right, what: What::Clock(0) });
        }
        list
    }

    fn keys(&mut self, length: Length) -> Vec<Event> {
        let mut list = Vec::new();
        let times = if length == Length::Month { 4 } else { self.luck.random_range(0..=2) };
        for _ in 0..times {
            let shop = self.luck.random_range(0..SHOPS.len());
            let key = match SHOPS.get(shop).map(|(mall, _)| *mall) {
                Some("yahoo") if self.luck.random_bool(0.4) => Key::Public,
                Some("amazon") if self.luck.random_bool(0.4) => Key::Secret,
                _ => Key::Main,
            };
            list.push(Event { at: self.moment(), what: What::KeyEnds(shop, key) });
        }
        list
    }

    /// Buyers and staff of the mall change and cancel; ours look in working hours, when the shop is open.
    fn people(&mut self, closed: Option<(UtcMillis, UtcMillis)>) -> Vec<Event> {
        let mut list = Vec::new();
        for _ in 0..self.some(8) {
            let (at, pick) = (self.moment(), self.luck.random());
            let what = if self.luck.random_bool(0.35) { What::Cancelled(pick) } else { What::Edited(pick) };
            list.push(Event { at, what });
        }
        for day in 0..=self.days {
            for at in rhythm::looks(&mut self.luck, START.plus(day * DAY)) {
                let shut = closed.is_some_and(|(from, to)| (from..to).contains(&at));
                if !shut && at.since(START) < self.days * DAY && at > START {
                    list.push(Event { at, what: What::Staff });
                }
            }
        }
        list
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan of seed {} ({})", self.seed, self.length.word())?;
        writeln!(f, "  settings {}, rhythm {}", self.settings, self.rhythm)?;
        if let Some((from, to)) = self.closed {
            writeln!(f, "  closed from {} to {}", from.to_japan_text(), to.to_japan_text())?;
        }
        for fault in &self.faults {
            let (from, to) = (fault.from.to_japan_text(), fault.to.to_japan_text());
            let whose = fault.shop.and_then(|s| SHOPS.get(s)).map_or("", |(_, shop)| shop);
            let (mall, operation) = (fault.mall, fault.operation.unwrap_or_default());
            let percent = fault.share * 100.0;
            writeln!(f, "  {from} to {to}: {mall} {whose} {operation} {percent:.0} % {}", fault.action)?;
        }
        for event in &self.events {
            writeln!(f, "  {}: {:?}", event.at.to_japan_text(), event.what)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_day() {
        for length in [Length::Day, Length::Month] {
            assert_eq!(Plan::of(7, length), Plan::of(7, length));
            assert_ne!(Plan::of(7, length).events, Plan::of(8, length).events);
        }
    }

    #[test]
    fn a_hundred_days_hold_everything_that_can_happen() {
        let plans: Vec<Plan> = (0..100).map(|seed| Plan::of(seed, Length::Day)).collect();
        let days = |what: fn(&What) -> bool| plans.iter().filter(|p| p.events.iter().any(|e| what(&e.what))).count();
        assert!(days(|w| matches!(w, What::Order(..))) == 100 && days(|w| matches!(w, What::Staff)) == 100);
        for (name, many) in [
            ("killed", days(|w| matches!(w, What::Dies(_)))),
            ("two hubs", days(|w| matches!(w, What::Joins))),
            ("clock", days(|w| matches!(w, What::Clock(_)))),
            ("keys", days(|w| matches!(w, What::KeyEnds(..)))),
            ("cancelled", days(|w| matches!(w, What::Cancelled(_)))),
            ("restarted", days(|w| matches!(w, What::Restarts))),
        ] {
            assert!(many >= 20, "{name}: {many}");
        }
        let faults = |of: fn(&Fault) -> bool| plans.iter().filter(|p| p.faults.iter().any(of)).count();
        let heard = days(|w| matches!(w, What::Order(_, true)));
        assert!(heard >= 20 && heard < 100, "{heard}");
        assert!(plans.iter().any(|p| p.rhythm) && plans.iter().any(|p| !p.rhythm));
        assert!(faults(|f| f.blocks) == 100);
        assert!(faults(|f| f.action.get("too_many").is_some()) >= 20);
        assert!(faults(|f| f.action.get("maintenance").is_some()) >= 20);
        assert!(faults(|f| f.operation.is_some()) >= 20);
    }

    #[test]
    fn a_month_has_ten_days_on_which_nobody_looks() {
        let plan = Plan::of(3, Length::Month);
        let (from, to) = plan.closed.unwrap();
        assert_eq!(to.since(from), 10 * DAY);
        let looks = |e: &&Event| e.what == What::Staff && (from..to).contains(&e.at);
        assert_eq!(plan.events.iter().find(looks), None);
        assert!(plan.events.iter().any(|e| e.what == What::Staff && e.at > to));
    }
}
