//! F24: every field of the full order changed once in every way. Never a panic; either the order is read, or it is
//! unreadable and the field is named.

use super::fixtures::{full_order, put};
use crate::rakuten::mapping::read_order;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every path of a document.
fn paths(value: &Value, at: &str, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{at}/{key}");
        out.push(path.clone());
        paths(child, &path, out);
    }
}

fn mutations(value: &Value) -> Vec<Option<Value>> {
    let retyped = match value {
        Value::Number(n) => json!(n.to_string()),
        Value::String(text) => text.parse::<i64>().map_or(json!(7), |n| json!(n)),
        other => json!([other]),
    };
    let wide = [json!(i64::MAX), json!(u64::MAX), json!(-1), json!(1.5), json!(1e300), json!("")];
    let mut all = vec![None, Some(Value::Null), Some(retyped), Some(json!([value])), Some(json!(true))];
    all.extend([json!({}), json!([]), json!("九九"), json!(98_765)].map(Some));
    all.extend(wide.map(Some));
    all
}

/// `/PackageModelList/0/units` → the words the message must hold.
fn name_of(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts[parts.len() - 1];
    match last.parse::<usize>() {
        Ok(n) => format!("{}[{n}]", parts[parts.len() - 2]),
        Err(_) => last.to_owned(),
    }
}

#[test]
fn each_field_mutated_once_is_read_or_named_f24() {
    let order = full_order();
    let mut all = Vec::new();
    paths(&order, "", &mut all);
    assert!(all.len() > 200, "the fixture is full");
    let (mut read, mut named) = (0, 0);
    for path in all {
        for mutation in mutations(order.pointer(&path).unwrap()) {
            let mut mutated = order.clone();
            put(&mut mutated, &path, mutation.clone());
            match read_order(mutated.to_string().as_bytes()) {
                Ok(_) => read += 1,
                Err(misfit) => {
                    named += 1;
                    let what = misfit.what;
                    // An emptied object or a shorter list is named by the field that is missing inside.
                    let inside = matches!(&mutation, Some(Value::Object(o)) if o.is_empty());
                    assert!(inside || what.contains(&name_of(&path)), "{path} as {mutation:?}: {what}");
                }
            }
        }
    }
    assert!(read > 500 && named > 500, "{read} read, {named} unreadable");
}

#[test]
fn a_value_of_the_wrong_kind_is_never_guessed_f24() {
    for (path, value) in [
        ("/orderNumber", json!(["x"])),
        ("/orderNumber", json!("")),
        ("/orderProgress", json!({})),
        ("/orderDatetime", json!("yesterday")),
        ("/OrdererModel", json!([])),
        ("/OrdererModel/zipCode1", json!(100)),
        ("/OrdererModel/phoneNumber1", json!(3)),
        ("/PackageModelList", json!(null)),
        ("/PackageModelList/0/basketId", json!(null)),
        ("/PackageModelList/0/SenderModel", json!(null)),
        ("/PackageModelList/0/ItemModelList/0/itemDetailId", json!(null)),
        ("/PackageModelList/0/ItemModelList/0/units", json!("two")),
        ("/PackageModelList/0/ItemModelList/0/units", json!(-1)),
        ("/PackageModelList/0/ItemModelList/0/units", json!(1_000_000)),
        ("/PackageModelList/0/ItemModelList/0/taxRate", json!(8)),
        ("/PackageModelList/0/ItemModelList/0/price", json!(1_000_000_000_000_i64)),
        ("/PackageModelList/0/ShippingModelList/0/shippingDetailId", json!(null)),
        ("/requestPrice", json!(i64::MAX)),
        ("/requestPrice", json!(i64::MIN)),
        ("/requestPrice", json!(1.5)),
        ("/giftCheckFlag", json!(true)),
    ] {
        let mut order = full_order();
        put(&mut order, path, Some(value.clone()));
        let what = read_order(order.to_string().as_bytes()).unwrap_err().what;
        assert!(what.contains(&name_of(path)), "{path} as {value}: {what}");
    }
}

#[test]
fn numbers_as_text_and_texts_as_numbers_are_read_alike_2_1() {
    let plain = read_order(full_order().to_string().as_bytes()).unwrap();
    let mut order = full_order();
    for (path, value) in [
        ("/orderProgress", json!("300")),
        ("/requestPrice", json!(3_310.0)),
        ("/subStatusId", json!("3601")),
        ("/PackageModelList/0/basketId", json!("1074640201")),
        ("/PackageModelList/0/ItemModelList/0/units", json!(" 2 ")),
        ("/PackageModelList/0/ItemModelList/0/taxRate", json!("0.08")),
        ("/PackageModelList/0/defaultDeliveryCompanyCode", json!(1_003)),
    ] {
        put(&mut order, path, Some(value));
    }
    assert_eq!(read_order(order.to_string().as_bytes()).unwrap(), plain);
}

#[test]
fn the_place_of_broken_json_is_said_without_its_values_f24() {
    let text = full_order().to_string();
    let broken = text.replace("\"requestPrice\":3310", "\"requestPrice\":1e999");
    let misfit = read_order(broken.as_bytes()).unwrap_err();
    assert!(misfit.what.starts_with("requestPrice（"), "{}", misfit.what);
    assert_eq!(misfit.order.unwrap().as_str(), super::fixtures::NUMBER);
    let lines = broken.replace(',', ",\n");
    assert!(read_order(lines.as_bytes()).unwrap_err().what.starts_with("requestPrice（"));
    let twice = text.replace("\"memo\":", "\"operator\":");
    assert!(read_order(twice.as_bytes()).unwrap_err().what.starts_with("operator（"));
    let secret = r#"{"remarks":"秘密 \"x\":1","orderProgress":1e999"#;
    assert_eq!(read_order(secret.as_bytes()).unwrap_err().what, "orderProgress（書式が違います）");
    for bytes in [&b""[..], b"null", b"[]", b"{", b"\xff", br#"{"a b":"#, br#"{"":"#] {
        let misfit = read_order(bytes).unwrap_err();
        assert_eq!((misfit.order, misfit.what.as_str()), (None, "JSON（書式が違います）"));
    }
    assert_eq!(read_order(b"{}").unwrap_err().what, "orderNumber（ありません）");
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_order(&bytes);
    }

    #[test]
    fn an_order_cut_anywhere_does_not_panic_f03(cut in 0_usize..6_000) {
        let text = full_order().to_string();
        let cut = text.floor_char_boundary(cut.min(text.len() - 1));
        prop_assert!(read_order(&text.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn no_number_overflows_anywhere_f57(n in any::<i64>()) {
        let mut order = full_order();
        for path in ["/requestPrice", "/shippingTerm", "/PackageModelList/0/ItemModelList/0/units",
            "/CouponModelList/0/couponTotalPrice", "/PackageModelList/0/basketId", "/orderProgress"] {
            put(&mut order, path, Some(json!(n)));
            let _ = read_order(order.to_string().as_bytes());
        }
    }
}
