//! Reads request fields the way RMS does: numbers may come as texts (document 2.1), `null` is "not given", and each
//! fault becomes one message. Decides nothing about orders.

use serde_json::{Map, Value};

use super::codes::Message;

pub(crate) struct Params<'a> {
    map: &'a Map<String, Value>,
    family: &'static str,
    pub faults: Vec<Message>,
}

/// A whole number, also when spelt as a text.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(s) => s.parse().ok(),
        _ => None,
    }
}

impl<'a> Params<'a> {
    pub fn new(map: &'a Map<String, Value>, family: &'static str) -> Self {
        Self { map, family, faults: Vec::new() }
    }

    fn given(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|v| !v.is_null())
    }

    /// Whether the key is there at all, even as `null`.
    pub fn has_key(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub fn bad(&mut self, name: &str) {
        self.faults.push(Message::format(self.family, name));
    }

    pub fn missing(&mut self, name: &str) {
        self.faults.push(Message::missing(self.family, name));
    }

    pub fn int(&mut self, name: &str) -> Option<i64> {
        let value = self.given(name)?;
        let read = whole(value);
        if read.is_none() {
            self.bad(name);
        }
        read
    }

    /// A number out of a set; `None` when not given or refused.
    pub fn int_in(&mut self, name: &str, ok: impl Fn(i64) -> bool) -> Option<i64> {
        let value = self.int(name)?;
        if !ok(value) {
            self.bad(name);
            return None;
        }
        Some(value)
    }

    pub fn flag(&mut self, name: &str) -> bool {
        self.int_in(name, |n| matches!(n, 0 | 1)) == Some(1)
    }

    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.given(name)?;
        let read = value.as_str();
        if read.is_none() {
            self.bad(name);
        }
        read
    }

    pub fn list(&mut self, name: &str) -> Option<&'a [Value]> {
        let value = self.given(name)?;
        let read = value.as_array().map(Vec::as_slice);
        if read.is_none() {
            self.bad(name);
        }
        read
    }

    pub fn int_list(&mut self, name: &str) -> Option<Vec<i64>> {
        let list = self.list(name)?;
        let read: Option<Vec<i64>> = list.iter().map(whole).collect();
        if read.is_none() {
            self.bad(name);
        }
        read.filter(|l| !l.is_empty())
    }

    /// A mandatory list of order numbers with an upper limit.
    pub fn numbers(&mut self, name: &str, most: usize) -> Vec<&'a str> {
        if self.given(name).is_none() {
            self.missing(name);
            return Vec::new();
        }
        let Some(list) = self.list(name) else { return Vec::new() };
        let read: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        match read {
            Some(numbers) if numbers.is_empty() => {
                self.missing(name);
                numbers
            }
            Some(numbers) if numbers.len() <= most => numbers,
            _ => {
                self.bad(name);
                Vec::new()
            }
        }
    }

    pub fn object(&mut self, name: &str) -> Option<&'a Map<String, Value>> {
        let value = self.given(name)?;
        let read = value.as_object();
        if read.is_none() {
            self.bad(name);
        }
        read
    }

    /// A mandatory order number.
    pub fn order_number(&mut self) -> Option<&'a str> {
        if self.given("orderNumber").is_none() {
            self.missing("orderNumber");
        }
        self.text("orderNumber")
    }
}
