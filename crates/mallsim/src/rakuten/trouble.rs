//! Spoils the document of a troubled order: the order itself is sound, what leaves the house is not. Sound orders
//! pass untouched.

use serde_json::{Value, json};

use super::order::Order;
use super::traits::Trait;

/// The document as a troubled order sends it.
pub(crate) fn spoil(order: &Order, text: String) -> String {
    let kind = order.traits.iter().copied().find(|t| {
        matches!(
            t,
            Trait::BadSums
                | Trait::UnknownStatus
                | Trait::UnknownValue
                | Trait::MissingField
                | Trait::RetypedField
        )
    });
    let Some(kind) = kind else { return text };
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else { return text };
    let mut set = |pointer: &str, to: Value| {
        if let Some(slot) = value.pointer_mut(pointer) {
            *slot = to;
        }
    };
    match kind {
        Trait::BadSums => {
            set("/requestPrice", json!(1));
            set("/totalPrice", json!(999_999));
        }
        Trait::UnknownStatus => set("/orderProgress", json!(350)),
        Trait::UnknownValue => {
            set("/SettlementModel/settlementMethodCode", json!(77));
            set("/SettlementModel/settlementMethod", json!("見本払い"));
            set("/DeliveryModel/deliveryClass", json!(42));
            set("/orderType", json!(9));
            if let Some(map) = value.as_object_mut() {
                map.insert("mihonNewFlag".to_owned(), json!(1));
                map.insert("MihonNewModel".to_owned(), json!({ "field": [1, 2, null] }));
            }
        }
        Trait::MissingField => {
            if let Some(map) = value.as_object_mut() {
                map.remove("PackageModelList");
                map.remove("orderDatetime");
            }
        }
        _ => {
            let goods = value.pointer("/goodsPrice").map_or_else(String::new, Value::to_string);
            let first = value.pointer("/PackageModelList/0").cloned().unwrap_or(Value::Null);
            if let Some(map) = value.as_object_mut() {
                map.insert("goodsPrice".to_owned(), Value::String(goods));
                map.insert("PackageModelList".to_owned(), first);
                map.insert("OrdererModel".to_owned(), Value::Null);
            }
        }
    }
    value.to_string()
}
