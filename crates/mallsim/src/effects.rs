//! What the malls really did: the oracle. Written by the malls at the moment something takes effect, whether or not
//! the caller ever hears of it, and never changed afterwards.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Value, json};

/// One thing that took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// The order was confirmed by a call.
    Confirm,
    /// A shipping record was added.
    ShippingAdded {
        /// The recipient's key.
        basket: String,
        /// The record's key.
        detail_id: String,
        /// Carrier code; empty when none was given.
        carrier: String,
        /// Tracking number; empty when none was given.
        number: String,
        /// Ship date; empty when none was given.
        date: String,
    },
    /// A shipping record was changed; the values are those after the change.
    ShippingUpdated {
        /// The recipient's key.
        basket: String,
        /// The record's key.
        detail_id: String,
        /// Carrier code.
        carrier: String,
        /// Tracking number.
        number: String,
        /// Ship date.
        date: String,
    },
    /// A shipping record was deleted.
    ShippingDeleted {
        /// The recipient's key.
        basket: String,
        /// The record's key.
        detail_id: String,
    },
    /// A cancel was asked for by a call.
    Cancel {
        /// The reason code given.
        reason: String,
    },
    /// The shop's memo fields were written; only the names of what was written.
    Memo {
        /// Field names.
        fields: Vec<String>,
    },
    /// The shop's own mark was set or cleared.
    Mark {
        /// The mark, empty when cleared.
        to: String,
    },
    /// The order moved from one status to another.
    Status {
        /// Before.
        from: String,
        /// After.
        to: String,
        /// What moved it: `confirm`, `shipped`, `time`, `buyer`, `control`, …
        by: String,
    },
    /// The mall mailed the buyer by itself because of a call.
    Mailed {
        /// About what: `shipped`, `cancelled`, …
        about: String,
        /// The tracking number named in it; empty when none.
        number: String,
    },
    /// Buyer or control changed the order.
    Edited {
        /// What was changed.
        what: String,
        /// By whom.
        by: String,
    },
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Simulated time.
    pub at_ms: i64,
    /// Number of the call that did it; 0 when time, buyer or control did it.
    pub call: u64,
    /// What.
    #[serde(flatten)]
    pub effect: Effect,
}

/// One parcel that carries the same tracking number more than once in live records, or one notice to a buyer that
/// went out more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// Mall name.
    pub mall: String,
    /// Shop.
    pub shop: String,
    /// Order.
    pub order: String,
    /// The recipient's key, or the kind of notice where the mall has no such key.
    pub basket: String,
    /// The tracking number (may be empty).
    pub number: String,
    /// How many live records or notices carry it.
    pub count: usize,
}

/// Counts over everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// All calls.
    pub calls: u64,
    /// Calls by operation.
    pub by_operation: BTreeMap<String, u64>,
    /// Calls by shop (`?` when the caller could not be recognised).
    pub by_shop: BTreeMap<String, u64>,
    /// Refusals for speed, by shop; those a fault rule asked for included.
    pub too_many: BTreeMap<String, u64>,
    /// Refusals for a wrong or expired key.
    pub unauthorized: u64,
    /// What a mall counts by names of its own: edits, repeated notices, notices that must not be.
    pub notes: BTreeMap<String, u64>,
    /// How often a fault rule acted.
    pub faults: u64,
    /// Shortest time between two calls, by shop, on the caller's clock.
    pub shortest_gap_ms: BTreeMap<String, i64>,
    /// Most calls within one second on the caller's clock, by limited key (the mall's own wording of it).
    pub most_per_second: BTreeMap<String, u64>,
    /// Calls by limited key and Japanese day.
    pub per_day: BTreeMap<String, BTreeMap<String, u64>>,
}

/// The ledger.
#[derive(Debug, Default)]
pub struct Effects {
    orders: BTreeMap<String, Vec<Entry>>,
    counters: Counters,
    last_call: BTreeMap<String, i64>,
    /// Times of the calls within the last second, by limited key.
    window: BTreeMap<String, VecDeque<i64>>,
    /// Number of the call being served.
    current: u64,
}

impl Effects {
    /// The entries of one order, oldest first.
    #[must_use]
    pub fn of(&self, order: &str) -> &[Entry] {
        self.orders.get(order).map_or(&[], Vec::as_slice)
    }

    /// Every order with entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Entry])> {
        self.orders.iter().map(|(order, entries)| (order.as_str(), entries.as_slice()))
    }

    /// The counts.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn record(&mut self, order: &str, at_ms: i64, effect: Effect) {
        let entry = Entry { at_ms, call: self.current, effect };
        match self.orders.get_mut(order) {
            Some(entries) => entries.push(entry),
            None => {
                self.orders.insert(order.to_owned(), vec![entry]);
            }
        }
    }

    pub(crate) fn count_call(&mut self, shop: &str, operation: &str, now_ms: i64) {
        self.counters.calls += 1;
        self.current = self.counters.calls;
        *self.counters.by_operation.entry(operation.to_owned()).or_default() += 1;
        *self.counters.by_shop.entry(shop.to_owned()).or_default() += 1;
        if let Some(last) = self.last_call.insert(shop.to_owned(), now_ms) {
            let gap = self.counters.shortest_gap_ms.entry(shop.to_owned()).or_insert(i64::MAX);
            *gap = (*gap).min(now_ms - last);
        }
    }

    /// What follows is done by a call made earlier (0: by no call); gives the number to restore.
    pub(crate) fn acting(&mut self, call: u64) -> u64 {
        std::mem::replace(&mut self.current, call)
    }

    /// Counts a call against the key its mall limits by the second.
    pub(crate) fn count_rate(&mut self, key: &str, caller_ms: i64) {
        let window = self.window.entry(key.to_owned()).or_default();
        // also when the clock stepped back
        window.retain(|at| (0..1000).contains(&(caller_ms - at)));
        window.push_back(caller_ms);
        let now = u64::try_from(window.len()).unwrap_or(u64::MAX);
        let most = self.counters.most_per_second.entry(key.to_owned()).or_default();
        *most = (*most).max(now);
    }

    /// Counts a call against a daily limit; gives how many of that day there are with it.
    pub(crate) fn count_day(&mut self, key: &str, day: &str) -> u64 {
        let days = self.counters.per_day.entry(key.to_owned()).or_default();
        let count = days.entry(day.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(crate) fn count_too_many(&mut self, shop: &str) {
        *self.counters.too_many.entry(shop.to_owned()).or_default() += 1;
    }

    pub(crate) fn count_unauthorized(&mut self) {
        self.counters.unauthorized += 1;
    }

    pub(crate) fn note(&mut self, what: &str) {
        *self.counters.notes.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn count_fault(&mut self) {
        self.counters.faults += 1;
    }

    pub(crate) fn to_value(&self, duplicates: &[Duplicate]) -> Value {
        json!({ "orders": self.orders, "counters": self.counters, "duplicates": duplicates })
    }
}
