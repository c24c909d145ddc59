//! The gateway of 楽天: keys, envelopes, speed, paths (document 1, 4).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod common;

use common::{Client, DAY, calm, codes, esa};
use mallsim::{Request, SimConfig};
use serde_json::{Value, json};

fn send(c: &mut Client, request: &Request) -> (u16, Value) {
    let outcome = c.sim.handle(request, c.now);
    let reply = outcome.reply().unwrap();
    (reply.status, reply.value())
}

fn with_auth(auth: &str) -> Request {
    Request::new("POST", "/es/2.0/order/getSubStatusList/")
        .header("authorization", auth)
        .header("Content-Type", "application/json; charset=utf-8")
}

#[test]
fn a_wrong_key_is_401_in_either_envelope() {
    let mut c = Client::calm();
    let secret = c.sim.shops(c.now)[0].credentials["serviceSecret"].clone();
    let wrong = with_auth(&esa(&secret, "SL300001_wrong"));
    let (status, body) = send(&mut c, &wrong);
    assert_eq!((status, body), (401, json!({"errors":[{"code":"GA0001","message":"Un-Authorised"}]})));
    c.set(json!({"rakuten":{"results_envelope":true}}));
    let (status, body) = send(&mut c, &wrong);
    assert_eq!((status, body), (401, json!({"Results":{"errorCode":"ES01-01","message":"Un-Authorised"}})));
    assert_eq!(c.sim.effects().counters().unauthorized, 2);
}

#[test]
fn a_malformed_credential_is_400_gk() {
    let mut c = Client::calm();
    let cases = [("Bearer x", "GK0005"), ("ESA %%%", "GK0006"), ("ESA AAAA", "GK0006")];
    for (auth, code) in cases {
        let (status, body) = send(&mut c, &with_auth(auth));
        assert_eq!((status, &body["errors"][0]["code"]), (400, &json!(code)), "{auth}");
    }
    let (status, body) = send(&mut c, &Request::new("POST", "/es/2.0/order/getOrder/"));
    assert_eq!((status, &body["errors"][0]["code"]), (400, &json!("GK0001")));
}

#[test]
fn one_shops_key_never_opens_another_shop() {
    let mut c = Client::calm();
    let shops = c.sim.shops(c.now);
    let mixed = esa(&shops[0].credentials["serviceSecret"], &shops[1].credentials["licenseKey"]);
    assert_eq!(send(&mut c, &with_auth(&mixed)).0, 401);
}

#[test]
fn a_function_switched_off_is_es04_01() {
    let mut c = Client::calm();
    c.sim.change_shop("300001", &json!({"functions_off":["getOrder"]}), c.now).unwrap();
    let (status, body) = c.call("getOrder", json!({}));
    assert_eq!((status, &body["Results"]["errorCode"]), (401, &json!("ES04-01")));
    assert_eq!(c.call("confirmOrder", json!({})).0, 400, "other functions work");
}

#[test]
fn the_space_in_the_content_type_is_refused_by_setting() {
    let mut c = Client::calm();
    c.set(json!({"rakuten":{"refuse_spaced_content_type":true}}));
    let spaced = with_auth(&c.authorization());
    let (status, body) = send(&mut c, &spaced);
    assert_eq!((status, &body["Results"]["errorCode"]), (415, &json!("ES04-03")));
    let tight = Request::new("POST", "/es/2.0/order/getSubStatusList/")
        .header("Authorization", &c.authorization())
        .header("Content-Type", "application/json;charset=utf-8");
    assert_eq!(send(&mut c, &tight).0, 200);
}

#[test]
fn paths_have_a_trailing_slash_and_post_is_the_only_method() {
    let mut c = Client::calm();
    let auth = c.authorization();
    let ask = |method: &str, path: &str| {
        Request::new(method, path).header("Authorization", &auth).header("Content-Type", "application/json")
    };
    assert_eq!(send(&mut c, &ask("POST", "/es/2.0/order/getSubStatusList")).0, 404);
    assert_eq!(send(&mut c, &ask("POST", "/es/2.0/order/unknown/")).0, 404);
    assert_eq!(send(&mut c, &ask("GET", "/es/2.0/order/getSubStatusList/")).0, 405);
    c.set(json!({"rakuten":{"strict_slash":false}}));
    assert_eq!(send(&mut c, &ask("POST", "/es/2.0/order/getSubStatusList")).0, 200);
}

#[test]
fn a_body_that_is_no_json_object_is_400_and_never_a_panic() {
    let mut c = Client::calm();
    for function in
        ["searchOrder", "getOrder", "confirmOrder", "updateOrderShipping", "updateOrderShippingAsync"]
    {
        for body in [
            "",
            "[",
            "null",
            "[]",
            "\u{0}",
            "{\"orderNumberList\":{\"a\":1},\"version\":[]}",
            "{\"BasketidModelList\":[1,{\"ShippingModelList\":[2]}]}",
        ] {
            let request = c.request(function, &Value::Null).body(body.to_owned());
            let reply = c.sim.handle(&request, c.now).reply().unwrap().clone();
            assert!(matches!(reply.status, 200 | 400), "{function} {body}");
            assert!(!codes(&reply.value()).is_empty());
        }
    }
}

#[test]
fn more_than_one_call_a_second_is_429_and_counted() {
    let mut c = Client::new(calm());
    c.set(json!({"pace":{"enabled":true}}));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(c.reply("getSubStatusList", &Value::Null).status);
        c.wait(500);
    }
    assert_eq!(statuses, [200, 429, 200, 429]);
    let refused = c.reply("getSubStatusList", &Value::Null);
    assert_eq!(refused.status, 200);
    let refused = c.reply("getSubStatusList", &Value::Null);
    assert_eq!(refused.find_header("Retry-After"), Some("1"));
    c.set(json!({"pace":{"retry_after":false}}));
    assert_eq!(c.reply("getSubStatusList", &Value::Null).find_header("Retry-After"), None);
    c.shop = 1;
    assert_eq!(c.reply("getSubStatusList", &Value::Null).status, 200, "the limit is per key");
    let counters = c.sim.effects().counters().clone();
    assert_eq!(counters.too_many["300001"], 4);
    assert_eq!(counters.shortest_gap_ms["300001"], 0);
}

#[test]
fn a_clock_that_stands_still_does_not_close_the_gate() {
    let mut c = Client::new(calm());
    c.set(json!({"pace":{"enabled":true}}));
    c.sim("POST", "/_sim/clock", json!({"advance_ms":0}));
    let mut statuses = Vec::new();
    for wait in [1_000, 100, 1_000] {
        statuses.push(c.reply("getSubStatusList", &Value::Null).status);
        c.wait(wait);
    }
    assert_eq!(statuses, [200, 200, 429]);
}

fn expiry(c: &mut Client, key: &str) -> (u16, Value) {
    let auth = c.authorization();
    let path = format!("/es/1.0/license-management/license-key/expiry-date?licenseKey={key}");
    send(c, &Request::new("GET", &path).header("Authorization", &auth))
}

#[test]
fn a_key_dies_after_the_last_second_of_day_90_and_says_so() {
    let mut c = Client::new(SimConfig { start_ms: 1_788_048_000_000, ..calm() }); // 2026-08-30 09:00 in Japan
    let key = c.sim.shops(c.now)[0].credentials["licenseKey"].clone();
    assert_eq!(expiry(&mut c, &key), (200, json!({"expiryDate":"2026-11-28T23:59:59"})));
    assert_eq!(expiry(&mut c, "SL300002_other").0, 401);
    c.now = 1_788_015_600_000 + 91 * DAY - 1; // 2026-11-28 23:59:59.999 in Japan
    assert_eq!(c.call("confirmOrder", json!({})).0, 400);
    c.wait(1);
    let (status, body) = c.call("confirmOrder", json!({}));
    assert_eq!((status, &body["errors"][0]["code"]), (401, &json!("GA0001")));
    assert_eq!(expiry(&mut c, &key).0, 401);
}

#[test]
fn a_renewed_key_takes_hold_after_ten_minutes_and_ends_the_old_one() {
    let mut c = Client::calm();
    let old = c.sim.shops(c.now)[0].credentials.clone();
    let (status, renewed) = c.sim("POST", "/_sim/shops/300001/key", json!({"action":"renew"}));
    assert_eq!(status, 200);
    let new = renewed["credentials"]["newestLicenseKey"].as_str().unwrap().to_owned();
    assert_ne!(new, old["licenseKey"]);
    let (old, new) = (esa(&old["serviceSecret"], &old["licenseKey"]), esa(&old["serviceSecret"], &new));
    let both = |c: &mut Client| [&old, &new].map(|auth| send(c, &with_auth(auth)).0);
    assert_eq!(both(&mut c), [200, 401]);
    c.wait(600_000);
    assert_eq!(both(&mut c), [401, 200]);
    c.sim("POST", "/_sim/shops/300001/key", json!({"action":"expire"}));
    assert_eq!(both(&mut c), [401, 401]);
}
