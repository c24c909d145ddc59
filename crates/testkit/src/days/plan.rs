//! What happens on a simulated day: everything is drawn from the seed before the first order is placed, so that a seed
//! is a day, whatever threads do. Pure; knows no ledger and no hub.

use super::draw::Draw;
use crate::house::START;
use domain::UtcMillis;
use domain::time::DAY;
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
        let share = (self.share < 1.0).then_some(self.share);
        let shop = self.shop.and_then(|s| SHOPS.get(s)).map(|(_, shop)| shop);
        let at = json!({ "from_ms": self.from.0, "to_ms": self.to.0, "probability": share });
        let fields = [
            ("mall", json!(self.mall)),
            ("action", self.action.clone()),
            ("shop", json!(shop)),
            ("operation", json!(self.operation)),
        ];
        let mut rule: serde_json::Map<String, Value> =
            fields.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.to_owned(), v)).collect();
        let at = at.as_object().into_iter().flatten().filter(|(_, v)| !v.is_null());
        rule.insert("at".to_owned(), at.map(|(k, v)| (k.clone(), v.clone())).collect::<Value>());
        Value::Object(rule)
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
        let days =
            |what: fn(&What) -> bool| plans.iter().filter(|p| p.events.iter().any(|e| what(&e.what))).count();
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
        assert!((20..100).contains(&heard), "{heard}");
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
