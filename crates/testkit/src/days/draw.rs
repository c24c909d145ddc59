//! Drawing a day from its seed: what is ordered, what breaks, and who dies. Pure; the order of the draws is the seed's
//! meaning, so a new one goes to the end of its function.

use super::plan::{Death, Event, Fault, Key, Length, SHOPS, What};
use super::rhythm;
use crate::house::START;
use domain::UtcMillis;
use domain::time::{DAY, HOUR, MINUTE};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

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

/// What is drawn from, and for how many days.
pub(super) struct Draw {
    pub(super) luck: ChaCha8Rng,
    pub(super) days: i64,
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

    pub(super) fn settings(&mut self, length: Length) -> Value {
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
                "expires_in_as_text": self.luck.random_bool(0.3),
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

    pub(super) fn orders(&mut self, length: Length) -> Vec<Event> {
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

    pub(super) fn faults(&mut self) -> Vec<Fault> {
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
        Fault {
            mall,
            shop: None,
            operation: None,
            from,
            to: from.plus(long),
            share: 1.0,
            action,
            blocks: true,
        }
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
        let (mall, operation, late) =
            *WRITES.choose(&mut self.luck).unwrap_or(&("rakuten", "confirmOrder", 5_000));
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

    pub(super) fn hubs(&mut self) -> Vec<Event> {
        let mut list = Vec::new();
        for _ in 0..1 + self.some(2) {
            let at = self.moment();
            if self.luck.random_bool(0.4) {
                list.push(Event {
                    at: at.plus(-self.minutes(1, 60)).max(START.plus(MINUTE)),
                    what: What::Joins,
                });
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
    pub(super) fn clock(&mut self) -> Vec<Event> {
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

    pub(super) fn keys(&mut self, length: Length) -> Vec<Event> {
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
    pub(super) fn people(&mut self, closed: Option<(UtcMillis, UtcMillis)>) -> Vec<Event> {
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
