//! F24, F57: every field of the full order changed once in every way, and arbitrary bytes for every reader. Never a
//! panic; either the order is read, or it is unreadable and the field is named.

use super::fixtures::{NUMBER, full_order, put};
use super::{Amazon, answer, now, raw_answer};
use crate::amazon::mapping::read_order;
use crate::amazon::{feed, flat_file, gate, report};
use domain::StepId;
use mall_api::files::InFile;
use mall_api::{Mall as _, OrderFiles as _, Settings};
use proptest::prelude::*;
use serde_json::{Value, json};

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
    let mut all = vec![None, Some(Value::Null), Some(retyped), Some(json!([value])), Some(json!(true))];
    all.extend(
        [json!({}), json!([]), json!("九九"), json!(98_765), json!(i64::MAX), json!(u64::MAX)].map(Some),
    );
    all.extend([json!(-1), json!(1.5), json!(1e300), json!("")].map(Some));
    all
}

#[test]
fn each_field_mutated_once_is_read_or_named_f24() {
    let order = full_order();
    let mut all = Vec::new();
    paths(&order, "", &mut all);
    assert!(all.len() > 120, "the fixture is full: {}", all.len());
    let (mut read, mut named) = (0, 0);
    for path in all {
        for mutation in mutations(order.pointer(&path).unwrap()) {
            let mut mutated = order.clone();
            put(&mut mutated, &path, mutation.clone());
            match read_order(mutated.to_string().as_bytes()) {
                Ok(_) => read += 1,
                Err(misfit) => {
                    named += 1;
                    let parts: Vec<&str> = path.split('/').skip(1).collect();
                    let at = parts.iter().rev().find(|part| part.parse::<usize>().is_err()).unwrap();
                    // An emptied object is named by what is missing inside.
                    assert!(misfit.what.contains(at), "{path} as {mutation:?}: {}", misfit.what);
                }
            }
        }
    }
    assert!(read > 500 && named > 300, "{read} read, {named} unreadable");
}

#[test]
fn a_value_of_the_wrong_kind_is_never_guessed_f24() {
    for (path, value) in [
        ("/orderId", json!(250)),
        ("/orderId", json!("")),
        ("/createdTime", json!("yesterday")),
        ("/lastUpdatedTime", json!(null)),
        ("/fulfillment", json!(null)),
        ("/orderItems", json!(null)),
        ("/orderItems/0/orderItemId", json!(7)),
        ("/orderItems/0/quantityOrdered", json!("two")),
        ("/orderItems/0/quantityOrdered", json!(-1)),
        ("/orderItems/0/quantityOrdered", json!(1_000_000)),
        ("/recipient/deliveryAddress/postalCode", json!(600_001)),
        ("/recipient/deliveryAddress/phone", json!(11)),
        ("/proceeds/grandTotal", json!("2500")),
        ("/proceeds/grandTotal/amount", json!("2,500")),
        ("/proceeds/grandTotal/currencyCode", json!("yen")),
        ("/packages/0/packageReferenceId", json!(null)),
    ] {
        let mut order = full_order();
        put(&mut order, path, Some(value.clone()));
        let misfit = read_order(order.to_string().as_bytes()).unwrap_err();
        let last = path.rsplit('/').next().unwrap();
        assert!(misfit.what.contains(last), "{path} as {value}: {}", misfit.what);
        assert!(!misfit.what.contains("2,500"), "no value of the document is repeated");
        if !path.starts_with("/orderId") {
            assert_eq!(misfit.order.unwrap().as_str(), NUMBER);
        }
    }
}

#[test]
fn a_small_file_that_unpacks_to_any_size_is_given_up_f57() {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let block = vec![b'0'; 1 << 20];
    for _ in 0..17 {
        packed.write_all(&block).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 100_000);
    assert!(feed::limited(flate2::read::MultiGzDecoder::new(packed.as_slice())).is_err());
    assert!(feed::limited(&b"\x1f\x8bbroken"[..]).is_ok());
    assert!(feed::limited(flate2::read::MultiGzDecoder::new(&b"\x1f\x8bbroken"[..])).is_err());
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..300)
}

proptest! {
    #[test]
    fn no_bytes_make_any_reader_panic(bytes in bytes()) {
        let _ = read_order(&bytes);
        let _ = Amazon.kind_of(InFile { name: "f", bytes: &bytes });
        let _ = gate::gate(&raw_answer(400, "application/json", bytes.clone()));
        let _ = Amazon.grant().unwrap().read_tokens(&raw_answer(200, "application/json", bytes.clone()), now());
        let _ = Amazon.grant().unwrap().read_tokens(&raw_answer(400, "application/json", bytes.clone()), now());
        let text = flat_file::decode(&bytes, None);
        let _ = report::read(&text, &[], &[StepId(1)], &[]);
        let _ = feed::limited(flate2::read::MultiGzDecoder::new(bytes.as_slice()));
    }

    #[test]
    fn no_rows_make_the_order_report_panic(body in "(\\PC|\t|\n|\"){0,300}") {
        let file = format!("order-id\torder-item-id\tpurchase-date\tsku\tquantity-purchased\titem-price\n250-0000001-0000001\t1\t2026-11-21T00:00:00+00:00\ta\t1\t{body}");
        let _ = Amazon.read(&[("orders", InFile { name: "f", bytes: file.as_bytes() })], &Settings::default(), now());
        let report = format!("x\t\t{body}\n\noriginal-record-number\torder-id\terror-code\terror-type\terror-message\n{body}\n");
        let _ = report::read(&report, &[], &[StepId(1)], &[]);
    }

    #[test]
    fn an_order_cut_anywhere_is_unreadable_f03(cut in 0_usize..4_000) {
        let text = full_order().to_string();
        let cut = text.floor_char_boundary(cut.min(text.len() - 1));
        prop_assert!(read_order(&text.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn no_number_overflows_anywhere_f57(n in any::<i64>()) {
        let mut order = full_order();
        for path in ["/orderItems/0/quantityOrdered", "/orderItems/0/fulfillment/quantityFulfilled",
            "/orderItems/0/expense/pointsCost/pointsGranted/pointsNumber", "/packages/0/packageItems/0/quantity"] {
            put(&mut order, path, Some(json!(n)));
            let _ = read_order(order.to_string().as_bytes());
        }
        for path in ["/proceeds/grandTotal/amount", "/orderItems/0/proceeds/breakdowns/0/subtotal/amount"] {
            put(&mut order, path, Some(json!(n.to_string())));
            let _ = read_order(order.to_string().as_bytes());
        }
        let _ = gate::gate(&answer(429, &json!({ "errors": [{ "code": n }] })));
    }
}
