//! Faults by plan. A rule says whose calls, which of them, and what goes wrong; the plan is plain JSON and every
//! chance in it comes from the seed. Knows no mall: what is mall-shaped is asked of the mall.
//!
//! ```json
//! [
//!   {"operation": "updateOrderShipping", "at": {"call": 2}, "action": "apply_then_timeout"},
//!   {"shop": 300001, "at": {"probability": 0.05}, "action": {"status": {"code": 500}}},
//!   {"operation": "getOrder", "at": {"every": 10}, "times": 3, "action": {"cut_at": {"bytes": 100}}},
//!   {"at": {"from_ms": 0, "to_ms": 600000}, "action": {"maintenance": {"code": 503}}}
//! ]
//! ```
//!
//! Rules that meet the same call act together: changes first, then the first answer given instead, else the mall's
//! own answer as it is distorted, cut or kept back.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One rule of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only calls of this mall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mall: Option<String>,
    /// Only calls of this shop (a number or a text).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_or_number")]
    pub shop: Option<String>,
    /// Only calls of this operation, by the mall's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Which of these calls; all of them when empty.
    #[serde(default)]
    pub at: When,
    /// How often the rule acts at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What goes wrong.
    pub action: Action,
}

/// Which calls a rule means. Conditions given together must all hold. Calls are counted from 1 for each rule, from
/// the moment it is set, over the calls its mall, shop and operation select.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The n-th call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// Any of these calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<u64>,
    /// Every n-th call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// By chance (0–1), from the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Not before this simulated time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Before this simulated time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<i64>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// This answer instead, without effect.
    Status {
        /// HTTP status.
        code: u16,
        /// Body.
        #[serde(default)]
        body: String,
        /// Content type of the body.
        #[serde(default = "json_type")]
        content_type: String,
    },
    /// The answer waits.
    Delay {
        /// How long.
        ms: u64,
    },
    /// The call takes effect; its answer ends after so many bytes of the body.
    CutAt {
        /// Bytes that leave.
        bytes: usize,
    },
    /// No effect, no answer, connection stays open.
    Hang,
    /// No effect, no answer, connection closes.
    Close,
    /// The call takes effect; the connection closes without an answer.
    ApplyThenCut,
    /// The call takes effect; no answer ever comes.
    ApplyThenTimeout,
    /// The connection closes now; the call takes effect later.
    ApplyLate {
        /// How much later, in simulated time.
        after_ms: i64,
    },
    /// Refused for speed.
    TooMany {
        /// Seconds in `Retry-After`; none without.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The maintenance page in Shift_JIS.
    Maintenance {
        /// HTTP status, 503 or 200.
        #[serde(default = "unavailable")]
        code: u16,
    },
    /// A redirect to a login form.
    LoginPage,
    /// The shop's credential expires now, for this and all later calls.
    KeyExpires,
    /// The `Date` header is off.
    ClockSkew {
        /// By how much.
        ms: i64,
    },
    /// One element is missing from the answer's list.
    DropItem {
        /// Which, from 0; negative counts from the end.
        #[serde(default)]
        index: i64,
    },
    /// Before the call, the shop's list moves: orders with old times appear, old ones vanish.
    ShiftList {
        /// How many appear.
        #[serde(default)]
        insert: usize,
        /// How many vanish.
        #[serde(default)]
        remove: usize,
    },
    /// A field changes its type.
    Retype {
        /// Field name; every field of that name inside the chosen element.
        field: String,
        /// Into what.
        to: Shape,
        /// Only inside this element of the answer's list; everywhere without.
        #[serde(default)]
        index: Option<usize>,
    },
    /// A message code no document knows.
    UnknownCode {
        /// Which message, from 0.
        #[serde(default)]
        index: usize,
        /// The code.
        #[serde(default = "unknown_code")]
        code: String,
    },
    /// The right status without a body.
    EmptyBody,
    /// The body in Shift_JIS under a header that says UTF-8.
    WrongCharset,
    /// HTTP 200 around a server error.
    NestedError,
}

/// What a field is turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A text of the same content.
    Text,
    /// The number 0, or the number the text spells.
    Number,
    /// `null`.
    Null,
    /// A list of the one value.
    List,
    /// `{}`.
    Object,
    /// Not there at all.
    Missing,
}

fn json_type() -> String {
    "application/json;charset=utf-8".to_owned()
}

fn unavailable() -> u16 {
    503
}

fn unknown_code() -> String {
    "ORDER_EXT_API_UNKNOWN_WARNING_999".to_owned()
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}

struct Armed {
    rule: Rule,
    seen: u64,
    fired: u64,
    chance: ChaCha8Rng,
}

/// The plan in force.
pub(crate) struct Faults {
    armed: Vec<Armed>,
    seed: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { armed: Vec::new(), seed }
    }

    pub(crate) fn add(&mut self, rules: Vec<Rule>) {
        for rule in rules {
            let salt = u64::try_from(self.armed.len()).unwrap_or(0).wrapping_mul(0x9E37_79B9);
            let chance = ChaCha8Rng::seed_from_u64(self.seed ^ salt ^ 0xFA17);
            self.armed.push(Armed { rule, seen: 0, fired: 0, chance });
        }
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    /// The plan with its counts.
    pub(crate) fn to_value(&self) -> Value {
        let rules = self.armed.iter().map(|armed| {
            let mut value = serde_json::to_value(&armed.rule).unwrap_or(Value::Null);
            if let Some(map) = value.as_object_mut() {
                map.insert("seen".to_owned(), armed.seen.into());
                map.insert("fired".to_owned(), armed.fired.into());
            }
            value
        });
        serde_json::json!({ "rules": rules.collect::<Vec<_>>() })
    }

    /// Counts a call and says what goes wrong with it.
    pub(crate) fn strike(
        &mut self,
        mall: &str,
        shop: Option<&str>,
        operation: &str,
        now_ms: i64,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        for armed in &mut self.armed {
            let rule = &armed.rule;
            let meant = rule.mall.as_deref().is_none_or(|m| m == mall)
                && rule.shop.as_deref().is_none_or(|s| shop == Some(s))
                && rule.operation.as_deref().is_none_or(|o| o == operation);
            if !meant {
                continue;
            }
            armed.seen += 1;
            let at = &rule.at;
            let due = at.call.is_none_or(|n| n == armed.seen)
                && (at.calls.is_empty() || at.calls.contains(&armed.seen))
                && at.every.is_none_or(|n| n > 0 && armed.seen.is_multiple_of(n))
                && at.from_ms.is_none_or(|from| now_ms >= from)
                && at.to_ms.is_none_or(|to| now_ms < to)
                && rule.times.is_none_or(|times| armed.fired < times)
                && at.probability.is_none_or(|p| armed.chance.random_bool(p.clamp(0.0, 1.0)));
            if due {
                armed.fired += 1;
                actions.push(rule.action.clone());
            }
        }
        actions
    }
}

/// Reads a plan: a list of rules, `{"rules":[…]}` or one rule.
pub(crate) fn read_plan(value: Value) -> Result<Vec<Rule>, String> {
    let list = match value {
        Value::Object(mut map) => match map.remove("rules") {
            Some(rules) => rules,
            None => Value::Array(vec![Value::Object(map)]),
        },
        other => other,
    };
    serde_json::from_value(list).map_err(|e| e.to_string())
}

/// Turns every field of that name into another shape.
pub(crate) fn retype(value: &mut Value, field: &str, to: Shape) {
    match value {
        Value::Object(map) => {
            if to == Shape::Missing {
                map.remove(field);
            } else if let Some(old) = map.get_mut(field) {
                *old = reshaped(old, to);
                return map.iter_mut().filter(|(k, _)| *k != field).for_each(|(_, v)| retype(v, field, to));
            }
            map.values_mut().for_each(|v| retype(v, field, to));
        }
        Value::Array(list) => list.iter_mut().for_each(|v| retype(v, field, to)),
        _ => {}
    }
}

fn reshaped(old: &Value, to: Shape) -> Value {
    match to {
        Shape::Text => match old {
            Value::String(text) => Value::String(text.clone()),
            other => Value::String(other.to_string()),
        },
        Shape::Number => old.as_str().and_then(|s| s.parse::<i64>().ok()).unwrap_or(0).into(),
        Shape::Null | Shape::Missing => Value::Null,
        Shape::List => Value::Array(vec![old.clone()]),
        Shape::Object => Value::Object(serde_json::Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(plan: Value) -> Faults {
        let mut faults = Faults::new(7);
        faults.add(read_plan(plan).unwrap());
        faults
    }

    #[test]
    fn rules_count_their_own_calls() {
        let mut f = faults(json!([
            {"shop":1,"operation":"a","at":{"call":2},"action":"hang"},
            {"at":{"every":3},"times":1,"action":{"delay":{"ms":5}}},
            {"at":{"from_ms":100,"to_ms":200},"action":"empty_body"}
        ]));
        assert!(f.strike("m", Some("1"), "a", 0).is_empty());
        assert!(f.strike("m", Some("2"), "a", 0).is_empty());
        assert_eq!(f.strike("m", Some("1"), "a", 0), [Action::Hang, Action::Delay { ms: 5 }]);
        assert_eq!(f.strike("m", None, "b", 150), [Action::EmptyBody]);
        assert!(f.strike("m", None, "b", 200).is_empty());
        assert!(f.strike("m", None, "b", 200).is_empty(), "times is used up");
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let plan = json!({"at":{"probability":0.5},"action":"hang"});
        let run = || {
            let mut f = faults(plan.clone());
            (0..64).map(|_| f.strike("m", None, "a", 0).len()).collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        let hits: usize = run().iter().sum();
        assert!((16..48).contains(&hits), "{hits}");
    }

    #[test]
    fn a_plan_with_unknown_words_is_refused() {
        assert!(read_plan(json!([{"action":"explode"}])).is_err());
        assert!(read_plan(json!([{"action":"hang","when":1}])).is_err());
        assert!(read_plan(json!("x")).is_err());
    }
}
