//! How rows are told to scripts, at the command line and at the API alike: the glossary's names, times in RFC 3339 with
//! Japan's offset, no secret.

use domain::UtcMillis;
use serde_json::{Value, json};
use store::Shop;

/// `2026-11-22T09:05:00+09:00`.
#[must_use]
pub fn rfc3339(time: UtcMillis) -> String {
    format!("{}+09:00", time.japan().strftime("%Y-%m-%dT%H:%M:%S"))
}

/// Points in time in our own words are numbers inside; scripts get RFC 3339 with Japan's offset.
#[must_use]
pub fn readable(mut value: Value) -> Value {
    walk(&mut value);
    value
}

fn is_time(key: &str) -> bool {
    key.ends_with("_at") || matches!(key, "at" | "from" | "to" | "imported_to" | "held_until")
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner.as_i64().filter(|_| is_time(key)) {
                    Some(millis) if (0..253_402_300_800_000).contains(&millis) => {
                        *inner = Value::String(rfc3339(UtcMillis(millis)));
                    }
                    Some(_) => *inner = Value::Null,
                    None => walk(inner),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(walk),
        _ => {}
    }
}

/// A shop for scripts, without its credentials.
#[must_use]
pub fn shop(shop: &Shop) -> Value {
    json!({
        "shop": shop.name,
        "shop_id": shop.shop_id,
        "mall": shop.mall,
        "state": shop.state,
        "automation_enabled": shop.automation_enabled,
        "import_mode": shop.import_mode,
        "import_interval_seconds": if shop.imports_itself() { shop.import_interval_ms / 1_000 } else { 0 },
        "skip_inbox": shop.skip_inbox,
        "date_rule": shop.date_rule,
        "import_statuses": shop.import_statuses,
        "settings": shop.settings,
        "endpoints": shop.endpoints,
        "imported_to": shop.imported_to,
        "next_import_at": shop.next_import_at,
        "next_import_why": shop.next_import_why,
        "second_look_at": shop.second_look_at,
        "held_reason": shop.held_reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_text_and_other_numbers_stay() {
        let given =
            json!({"updated_at": 0, "due_at": i64::MAX, "total": 5, "a": [{"from": "new", "to": 1_000}]});
        let wanted = json!({"updated_at": "1970-01-01T09:00:00+09:00", "due_at": null, "total": 5,
            "a": [{"from": "new", "to": "1970-01-01T09:00:01+09:00"}]});
        assert_eq!(readable(given), wanted);
    }
}
