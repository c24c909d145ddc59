//! Faults by plan, and the ledger that sees through them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod common;

use common::{Client, HOUR, codes, full_record};
use mallsim::{Effect, End, Outcome};
use serde_json::{Value, json};

fn added(c: &Client, number: &str) -> usize {
    c.sim.effects().of(number).iter().filter(|e| matches!(e.effect, Effect::ShippingAdded { .. })).count()
}

#[test]
fn status_delay_and_hang_come_at_the_named_call_and_have_no_effect() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    c.faults(json!([
        {"operation":"confirmOrder","at":{"call":1},"action":{"status":{"code":500,"body":"oops","content_type":"text/plain"}}},
        {"shop":300001,"operation":"confirmOrder","at":{"call":2},"action":"hang"},
        {"operation":"confirmOrder","at":{"call":3},"action":{"delay":{"ms":250}}},
        {"shop":300002,"action":"hang"}
    ]));
    let body = json!({"orderNumberList":[number]});
    assert_eq!(c.reply("confirmOrder", &body).status, 500);
    assert_eq!(c.raw("confirmOrder", &body).end, End::Hang);
    assert!(c.sim.effects().of(&number).is_empty());
    let third = c.raw("confirmOrder", &body);
    assert_eq!(third.delay_ms, 250);
    assert_eq!(codes(&third.reply().unwrap().value()), ["CONFIRM_ORDER_INFO_101"]);
    assert_eq!(c.sim.effects().counters().faults, 3);
}

#[test]
fn apply_then_cut_and_apply_then_timeout_take_effect_unseen() {
    let mut c = Client::calm();
    for (action, end) in [("apply_then_cut", End::Closed), ("apply_then_timeout", End::Hang)] {
        let number = c.ready(&[]);
        let report = c.report(&number, full_record());
        c.faults(json!({"operation":"updateOrderShipping","times":1,"action":action}));
        assert_eq!(c.raw("updateOrderShipping", &report).end, end);
        assert_eq!(added(&c, &number), 1);
        assert_eq!(c.progress(&number), 500);
        c.sim.clear_faults();
    }
}

#[test]
fn apply_late_closes_now_and_takes_effect_later() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let report = c.report(&number, full_record());
    c.faults(
        json!({"operation":"updateOrderShipping","times":1,"action":{"apply_late":{"after_ms":30_000}}}),
    );
    assert_eq!(c.raw("updateOrderShipping", &report).end, End::Closed);
    let call = c.sim.effects().counters().calls;
    c.wait(29_999);
    assert_eq!((c.progress(&number), added(&c, &number)), (300, 0));
    c.wait(1);
    assert_eq!((c.progress(&number), added(&c, &number)), (500, 1));
    let entry = c
        .sim
        .effects()
        .of(&number)
        .iter()
        .find(|e| matches!(e.effect, Effect::ShippingAdded { .. }))
        .unwrap();
    assert_eq!((entry.call, entry.at_ms), (call, c.now), "it belongs to the call that was cut");
}

#[test]
fn a_cut_answer_has_taken_effect() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    c.faults(json!({"operation":"confirmOrder","action":{"cut_at":{"bytes":10}}}));
    let Outcome { end: End::Cut { after_bytes, reply }, .. } =
        c.raw("confirmOrder", &json!({"orderNumberList":[number]}))
    else {
        panic!("not cut")
    };
    assert_eq!(after_bytes, 10);
    assert!(reply.body.len() > 10);
    assert_eq!(c.progress(&number), 200);
}

#[test]
fn too_many_maintenance_and_login_pages() {
    let mut c = Client::calm();
    c.faults(json!([
        {"at":{"call":1},"action":{"too_many":{"retry_after":7}}},
        {"at":{"call":2},"action":{"too_many":{}}},
        {"at":{"call":3},"action":{"maintenance":{"code":200}}},
        {"at":{"call":4},"action":"login_page"},
        {"at":{"call":5},"action":"nested_error"}
    ]));
    let mut next = || c.reply("getSubStatusList", &Value::Null);
    assert_eq!(next().find_header("retry-after"), Some("7"));
    let bare = next();
    assert_eq!((bare.status, bare.find_header("retry-after")), (429, None));
    let page = next();
    assert_eq!((page.status, page.find_header("content-type")), (200, Some("text/html; charset=Shift_JIS")));
    assert!(std::str::from_utf8(&page.body).is_err(), "real Shift_JIS bytes");
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&page.body);
    assert!(!broken && text.contains("メンテナンス中"));
    let login = next();
    assert_eq!(login.status, 302);
    assert!(login.find_header("location").is_some());
    let nested = next();
    assert_eq!(
        (nested.status, nested.value()["Results"]["message"].clone()),
        (200, json!("Internal Server Error"))
    );
    assert_eq!(c.sim.effects().counters().too_many["300001"], 2);
}

#[test]
fn a_key_expires_at_a_call() {
    let mut c = Client::calm();
    c.faults(json!({"operation":"getSubStatusList","at":{"call":2},"action":"key_expires"}));
    let statuses = [0; 3].map(|_| c.reply("getSubStatusList", &Value::Null).status);
    assert_eq!(statuses, [200, 401, 401]);
}

#[test]
fn items_drop_out_of_answers_while_their_effect_stays() {
    let mut c = Client::calm();
    let numbers = c.add(json!({"count":3,"traits":[]}));
    c.faults(json!([
        {"operation":"getOrder","at":{"call":1},"action":{"drop_item":{"index":1}}},
        {"operation":"confirmOrder","at":{"call":1},"action":{"drop_item":{"index":-1}}}
    ]));
    let all = c.ok("getOrder", json!({"orderNumberList":numbers,"version":10}));
    let got: Vec<&Value> =
        all["OrderModelList"].as_array().unwrap().iter().map(|o| &o["orderNumber"]).collect();
    assert_eq!(got, [&json!(numbers[0]), &json!(numbers[2])]);
    assert_eq!(codes(&c.ok("confirmOrder", json!({"orderNumberList":numbers}))).len(), 2);
    assert_eq!(c.progress(&numbers[2]), 200);
}

#[test]
fn lists_shift_between_pages() {
    let mut c = Client::calm();
    for hour in 1..=6 {
        let at = c.now - hour * HOUR;
        c.add(json!({"at_ms":at,"traits":[]}));
    }
    let page = |n: i64| {
        json!({"PaginationRequestModel":{"requestRecordsAmount":3,"requestPage":n,
               "SortModelList":[{"sortColumn":1,"sortDirection":1}]}})
    };
    let (_, calm_second) = c.search(page(2));
    c.faults(json!([
        {"operation":"searchOrder","at":{"call":2},"action":{"shift_list":{"insert":1}}},
        {"operation":"searchOrder","at":{"call":4},"action":{"shift_list":{"remove":2}}}
    ]));
    let (_, first) = c.search(page(1));
    let (_, second) = c.search(page(2));
    assert_eq!(second["orderNumberList"][0], first["orderNumberList"][2], "one slipped onto the next page");
    c.search(page(1));
    let (_, after) = c.search(page(2));
    assert_ne!(after["orderNumberList"], calm_second["orderNumberList"]);
    assert_eq!(after["PaginationResponseModel"]["totalRecordsAmount"], 5);
}

#[test]
fn fields_are_retyped_codes_unknown_bodies_empty_and_charsets_wrong() {
    let mut c = Client::calm();
    let numbers = c.add(json!({"count":2,"traits":[]}));
    c.faults(json!([
        {"operation":"getOrder","at":{"call":1},"action":{"retype":{"field":"units","to":"text","index":0}}},
        {"operation":"getOrder","at":{"call":2},"action":{"retype":{"field":"OrdererModel","to":"missing"}}},
        {"operation":"getOrder","at":{"call":3},"action":"wrong_charset"},
        {"operation":"confirmOrder","at":{"call":1},"action":{"unknown_code":{"index":1}}},
        {"operation":"confirmOrder","at":{"call":2},"action":"empty_body"}
    ]));
    let get = json!({"orderNumberList":numbers,"version":10});
    let units = |o: &Value| o["PackageModelList"][0]["ItemModelList"][0]["units"].clone();
    let all = c.ok("getOrder", get.clone());
    assert!(units(&all["OrderModelList"][0]).is_string() && units(&all["OrderModelList"][1]).is_i64());
    assert!(c.ok("getOrder", get.clone())["OrderModelList"][1].get("OrdererModel").is_none());
    let odd = c.reply("getOrder", &get);
    assert_eq!(odd.find_header("content-type"), Some("application/json;charset=utf-8"));
    assert!(std::str::from_utf8(&odd.body).is_err());
    let confirm = json!({"orderNumberList":numbers});
    assert_eq!(
        codes(&c.ok("confirmOrder", confirm.clone())),
        ["CONFIRM_ORDER_INFO_101", "UNKNOWN_WARNING_999"]
    );
    let empty = c.reply("confirmOrder", &confirm);
    assert_eq!((empty.status, empty.body.len()), (200, 0));
}

#[test]
fn the_date_header_is_the_simulated_time_and_may_be_off() {
    let mut c = Client::calm();
    assert_eq!(
        c.reply("getSubStatusList", &Value::Null).find_header("date"),
        Some("Mon, 02 Nov 2026 00:00:00 GMT")
    );
    c.faults(json!({"action":{"clock_skew":{"ms":-600_000}}}));
    assert_eq!(
        c.reply("getSubStatusList", &Value::Null).find_header("date"),
        Some("Sun, 01 Nov 2026 23:50:00 GMT")
    );
}

#[test]
fn control_sets_the_clock_orders_faults_and_shows_the_ledger() {
    let mut c = Client::calm();
    let (_, clock) = c.sim("POST", "/_sim/clock", json!({"now_ms":1_793_577_600_000_i64}));
    assert_eq!(clock, json!({"mode":"moved","now_ms":1_793_577_600_000_i64}));
    let (_, made) =
        c.sim("POST", "/_sim/orders", json!({"shop":300002,"count":2,"traits":["cod","gift"],"lines":3}));
    let number = made["numbers"][0].as_str().unwrap().to_owned();
    c.shop = 1;
    let o = c.get(&number);
    assert_eq!(o["PackageModelList"][0]["ItemModelList"].as_array().unwrap().len(), 3);
    assert_eq!(o["SettlementModel"]["settlementMethod"], "代金引換");
    c.ok("confirmOrder", json!({"orderNumberList":[number]}));
    c.sim("POST", "/_sim/clock", json!({"advance_ms":180_000}));
    assert_eq!(c.progress(&number), 300, "the caller's own time does not count");
    let path = format!("/_sim/orders/{number}");
    let edit = json!({"address":{"city":"架空市変更町"},"remarks":"変更","units":{"line":1,"to":9}});
    assert_eq!(c.sim("POST", &path, edit).0, 200);
    let o = c.get(&number);
    assert_eq!(o["PackageModelList"][0]["SenderModel"]["city"], "架空市変更町");
    assert_eq!(
        (&o["modifyFlag"], &o["PackageModelList"][0]["ItemModelList"][1]["units"]),
        (&json!(1), &json!(9))
    );
    c.sim("POST", &path, json!({"hidden":true}));
    assert_eq!(c.get(&number), Value::Null);
    c.sim("POST", &path, json!({"hidden":false,"status":400}));
    assert_eq!(c.progress(&number), 400);
    let (_, effects) = c.sim("GET", "/_sim/effects", Value::Null);
    let kinds: Vec<&str> = effects["orders"][&number]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["effect"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["confirm", "status", "status", "edited", "status"]);
    assert_eq!(effects["counters"]["by_operation"]["confirmOrder"], 1);
    let (_, world) = c.sim("GET", "/_sim/world", Value::Null);
    assert_eq!(world["orders"].as_array().unwrap().len(), 2);
    assert!(world["shops"][0]["credentials"]["serviceSecret"].as_str().unwrap().starts_with("SP300001_"));
    assert_eq!(c.sim("POST", "/_sim/faults", json!([{"action":"hang"}])).1["rules"][0]["fired"], 0);
    assert_eq!(c.sim("DELETE", "/_sim/faults", Value::Null).1, json!({"rules":[]}));
    assert_eq!(
        c.sim("POST", "/_sim/settings", json!({"rakuten":{"max_version":9}})).1["rakuten"]["max_version"],
        9
    );
    for (path, body) in [
        ("/_sim/settings", json!({"x":1})),
        ("/_sim/faults", json!([{"action":"x"}])),
        ("/_sim/orders", json!({"traits":["x"]})),
        ("/_sim/orders/unknown", json!({})),
        ("/_sim/shops/1/key", json!({"action":"renew"})),
        ("/_sim/clock", json!({"now_ms":i64::MAX})),
        ("/_sim/clock", json!({})),
    ] {
        assert_eq!(c.sim("POST", path, body.clone()).0, 400, "{path} {body}");
    }
    assert_eq!(c.sim("GET", "/_sim/unknown", Value::Null).0, 404);
    c.sim("POST", "/_sim/reset", json!({"orders_per_shop":4}));
    assert_eq!(c.sim.orders(c.now).len(), 8);
    assert_eq!(c.sim("GET", "/_sim/clock", Value::Null).1["mode"], "moved");
}

#[test]
fn the_simulation_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync>(_: &T) {}
    shareable(&mallsim::shared(Client::calm().sim));
}

#[test]
fn a_held_order_stays_in_200_until_let_go() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    c.edit(&number, json!({"hold":true}));
    c.ok("confirmOrder", json!({"orderNumberList":[number]}));
    c.wait(HOUR);
    assert_eq!(c.progress(&number), 200);
    assert_eq!(c.get(&number)["rakutenConfirmFlag"], 1);
    c.edit(&number, json!({"hold":false}));
    assert_eq!(c.progress(&number), 300);
}

#[test]
fn a_world_with_a_past_has_shipped_orders() {
    let mut c = Client::new(mallsim::SimConfig {
        orders_per_shop: 60,
        orders_over_ms: 30 * common::DAY,
        lived_share: 0.9,
        ..common::calm()
    });
    c.sim.advance(c.now);
    let count = |c: &Client, status: &str| c.sim.orders(c.now).iter().filter(|o| o.status == status).count();
    assert!(count(&c, "700") > 60 && count(&c, "600") > 0 && count(&c, "100") > 0);
    assert!(c.sim.duplicates().is_empty());
}

#[test]
fn hostile_bytes_never_panic_and_a_clock_may_step_back() {
    let mut c = Client::calm();
    for body in [
        &b"\xff\xfe"[..],
        b"{\"a\":",
        b"[[[[",
        b"{\"count\":99999999999999999999}",
        b"{\"at_ms\":-9223372036854775808}",
    ] {
        for path in [
            "/_sim/clock",
            "/_sim/orders",
            "/_sim/faults",
            "/_sim/settings",
            "/_sim/shops/300001",
            "/es/2.0/order/getOrder/",
            "/",
            "//",
            "/_sim/",
            "/_sim/orders/%ff%",
        ] {
            for method in ["POST", "GET", "DELETE"] {
                c.sim.handle(&mallsim::Request::new(method, path).body(body.to_vec()), c.now);
            }
        }
    }
    c.order(&[]);
    c.now -= HOUR;
    c.order(&[]);
    assert_eq!(c.search(json!({})).0, 200);
    c.sim.handle(&mallsim::Request::new("GET", "/es/x"), i64::MIN);
    c.sim.handle(&mallsim::Request::new("GET", "/es/x"), i64::MAX);
}
