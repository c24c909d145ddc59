//! The JSON API: its description, the rules it shares with the screens, and writes that are done once.

use crate::kit::{self, Kit, Who};
use axum::body::Body;
use axum::http::header;
use domain::rights::{Level, Menu, Rights};
use serde_json::{Value, json};

/// A house with so many imported orders.
fn with_orders(orders: usize, body: impl AsyncFnOnce(&Kit<'_>, Who, Vec<String>)) {
    kit::run(orders, async |kit| {
        kit.house.import_days(2).await.unwrap();
        let who = kit.administrator().await;
        let listed = kit.get("/api/v1/orders?all=1", &who).await.json();
        let numbers: Vec<String> = listed["orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["order_no"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(numbers.len(), orders);
        body(kit, who, numbers).await;
    });
}

#[test]
fn the_description_is_what_it_was_when_somebody_last_looked() {
    let text = serde_json::to_string_pretty(&web::api::spec::spec()).unwrap();
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("openapi", text);
    });
}

#[test]
fn the_description_names_every_route_of_the_api_and_can_be_fetched() {
    kit::run(0, async |kit| {
        let spec = kit.get("/api/openapi.json", &Who::Nobody).await.json();
        let mut ids = std::collections::BTreeSet::new();
        for route in web::door::routes::table().iter().filter(|r| r.path.starts_with("/api/v1/")) {
            let operation = &spec["paths"][route.path][route.method.to_lowercase()];
            assert!(operation.is_object(), "{} {}", route.method, route.path);
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
            let takes = matches!(route.method, "POST" | "PUT" | "PATCH");
            assert_eq!(operation["requestBody"].is_object(), takes, "{} {}", route.method, route.path);
        }
    });
}

#[test]
fn orders_are_listed_shown_and_moved_and_refusals_say_why() {
    with_orders(4, async |kit, who, numbers| {
        let first = &numbers[0];
        let shown = kit.get(&format!("/api/v1/orders/{first}"), &who).await.json();
        assert_eq!(shown["order_no"], json!(first));
        assert!(shown["ordered_at"].as_str().unwrap().ends_with("+09:00"));
        assert_eq!(shown["shop"], json!(kit.house.shops[0].name));
        let body = json!({ "orders": [first], "phase": "awaiting_review" });
        let moved = kit.json("POST", "/api/v1/orders/move", &who, &body).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        let done = moved.json();
        let (went, stayed) =
            (done["done"].as_array().unwrap().len(), done["refused"].as_array().unwrap().len());
        assert_eq!(went + stayed, 1);
        for refused in done["refused"].as_array().unwrap() {
            assert!(!refused["reason"]["ja"].as_str().unwrap().is_empty());
        }
        let nowhere = kit
            .json("POST", "/api/v1/orders/move", &who, &json!({ "orders": [first], "phase": "mars" }))
            .await;
        assert_eq!(
            (nowhere.status.as_u16(), nowhere.json()["error"]["field"].clone()),
            (422, json!("phase"))
        );
        assert_eq!(kit.get("/api/v1/orders/C99999999", &who).await.status, 404);
        assert_eq!(kit.get("/api/v1/orders/a%00b", &who).await.status, 404);
        assert_eq!(kit.get("/api/v1/orders?phase=a%00b", &who).await.status, 422);
        assert_eq!(kit.get("/api/v1/orders?is_admin=1", &who).await.status, 422);
    });
}

#[test]
fn an_edit_of_an_old_version_is_a_conflict_with_the_difference_f75() {
    with_orders(1, async |kit, who, numbers| {
        let path = format!("/api/v1/orders/{}", numbers[0]);
        let version = kit.get(&path, &who).await.json()["version"].as_i64().unwrap();
        let edit =
            |version: i64, city: &str| json!({ "version": version, "changes": { "buyer.city": city } });
        let done = kit.json("PATCH", &path, &who, &edit(version, "架空市")).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let late = kit.json("PATCH", &path, &who, &edit(version, "幻市")).await;
        assert_eq!((late.status.as_u16(), late.code().as_str()), (409, "conflict"));
        let details = &late.json()["error"]["details"];
        assert_eq!(details["version"], done.json()["version"]);
        assert_eq!(
            details["difference"],
            json!([{ "path": "buyer.city", "current": "架空市", "wanted": "幻市" }])
        );
        let unknown = json!({ "version": details["version"], "changes": { "is_admin": true } });
        assert_eq!(kit.json("PATCH", &path, &who, &unknown).await.status, 422);
    });
}

async fn keyed(kit: &Kit<'_>, who: &Who, key: &str, body: &Value, path: &str) -> kit::Answer {
    let request = kit
        .request("POST", path, who)
        .header("idempotency-key", key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    kit.send(request.unwrap()).await
}

#[test]
fn a_write_with_a_key_is_done_once_and_answered_as_often_as_it_is_asked_i5() {
    with_orders(1, async |kit, who, numbers| {
        let path = format!("/api/v1/orders/{}/notes", numbers[0]);
        let note = json!({ "text": "のし紙あり" });
        let first = keyed(kit, &who, "k1", &note, &path).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let again = keyed(kit, &who, "k1", &note, &path).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.headers.get("idempotent-replayed").unwrap(), "true");
        assert_eq!(kit.get(&path, &who).await.json()["notes"].as_array().unwrap().len(), 1);
        let other = keyed(kit, &who, "k1", &json!({ "text": "別" }), &path).await;
        assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "other_request"));
        // A key is a person's own.
        let somebody = kit.visitor("betsujin", &Rights::all()).await;
        assert_eq!(keyed(kit, &somebody, "k1", &note, &path).await.status, 200);
        // A refusal is an answer too.
        let bad = json!({ "orders": ["C99999999"], "phase": "new" });
        let refused = keyed(kit, &who, "k2", &bad, "/api/v1/orders/move").await;
        let replayed = keyed(kit, &who, "k2", &bad, "/api/v1/orders/move").await;
        assert_eq!((refused.status.as_u16(), replayed.status.as_u16()), (404, 404));
        assert_eq!(refused.json(), replayed.json());
        assert_eq!(keyed(kit, &who, "", &note, &path).await.status, 422);
    });
}

#[test]
fn of_two_writes_with_one_key_at_once_one_is_done_i5() {
    with_orders(1, async |kit, who, numbers| {
        let path = format!("/api/v1/orders/{}/notes", numbers[0]);
        let note = json!({ "text": "一度だけ" });
        let send = || keyed(kit, &who, "k", &note, &path);
        let (a, b, c) = tokio::join!(send(), send(), send());
        for answer in [&a, &b, &c] {
            assert!(matches!(answer.status.as_u16(), 200 | 409), "{}", answer.text);
        }
        assert_eq!(kit.get(&path, &who).await.json()["notes"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn shops_that_may_not_be_seen_are_not_there_f67() {
    with_orders(2, async |kit, _, numbers| {
        let rights = Rights { shops: Some(vec![domain::ShopId(99)]), ..Rights::all() };
        let who = kit.visitor("yoso", &rights).await;
        assert_eq!(kit.get("/api/v1/orders?all=1", &who).await.json()["orders"], json!([]));
        assert_eq!(kit.get("/api/v1/shops", &who).await.json()["shops"], json!([]));
        let first = &numbers[0];
        for path in [format!("/api/v1/orders/{first}"), format!("/api/v1/orders/{first}/notes")] {
            assert_eq!(kit.get(&path, &who).await.status, 404, "{path}");
        }
        for (path, body) in [
            ("/api/v1/orders/move", json!({ "orders": [first], "phase": "new" })),
            ("/api/v1/imports", json!({ "shop": kit.house.shops[0].name, "from": "2026-11-01" })),
            ("/api/v1/notices", json!({ "shop": kit.house.shops[0].name })),
            ("/api/v1/reimport", json!({ "orders": [first] })),
        ] {
            assert_eq!(kit.json("POST", path, &who, &body).await.status, 404, "{path}");
        }
        let shop = kit.house.shops[0].shop_id;
        let answer = kit
            .json("PUT", &format!("/api/v1/shops/{shop}/credentials"), &who, &json!({ "license_key": "x" }))
            .await;
        assert_eq!(answer.status, 404);
    });
}

#[test]
fn buyers_are_told_to_whom_may_see_them_only_f67() {
    with_orders(1, async |kit, who, numbers| {
        let path = format!("/api/v1/orders/{}", numbers[0]);
        let full = kit.get(&path, &who).await.json();
        let phone = full["content"]["buyer"]["phone"].as_str().unwrap().to_owned();
        let menus = [(Menu::Orders, Level::Edit)].into();
        let blind = kit.visitor("me-nashi", &Rights { menus, ..Rights::default() }).await;
        let menus = [(Menu::Orders, Level::Edit)].into();
        let masked = Rights { menus, buyer_data: true, ..Rights::default() };
        let masked = kit.visitor("kakure", &masked).await;
        let without = kit.get(&path, &blind).await;
        assert!(without.json()["content"].is_null() && !without.text.contains(&phone));
        let hidden = kit.get(&path, &masked).await;
        assert_eq!(hidden.json()["content"]["buyer"]["phone"], "•••");
        assert!(!hidden.text.contains(&phone));
        let edit = json!({ "version": 1, "changes": {} });
        assert_eq!(kit.json("PATCH", &path, &blind, &edit).await.status, 403);
        assert_eq!(kit.get(&format!("{path}/notes"), &blind).await.status, 403);
    });
}

#[test]
fn credentials_go_in_and_never_come_out_f73() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let shop = kit.house.shops[0].shop_id;
        let path = format!("/api/v1/shops/{shop}/credentials");
        let keys: Vec<String> =
            kit.desk.ledger().open_credentials(shop).await.unwrap().into_iter().map(|(key, _)| key).collect();
        let secret = "SP999999_himitsu0000000";
        let unknown = kit.json("PUT", &path, &who, &json!({ "root": secret })).await;
        assert!(unknown.status == 422 && !unknown.text.contains(secret));
        let shown = kit.get(&format!("/api/v1/shops/{shop}"), &who).await;
        assert_eq!(shown.json()["credentials"].as_array().unwrap().len(), keys.len());
        for (_, stored) in kit.desk.ledger().open_credentials(shop).await.unwrap() {
            assert!(!shown.text.contains(&stored));
        }
    });
}

#[test]
fn an_import_is_begun_and_followed_and_a_second_one_is_told_who_is_busy_imp5() {
    kit::run(2, async |kit| {
        let who = kit.administrator().await;
        let body = json!({ "shop": kit.house.shops[0].name, "from": "2026-11-01 00:00" });
        let begun = kit.json("POST", "/api/v1/imports", &who, &body).await;
        assert_eq!(begun.status, 202, "{}", begun.text);
        let id = begun.json()["request_id"].clone();
        let state = kit.get(&format!("/api/v1/imports/{id}"), &who).await.json();
        assert_eq!(state["state"], "queued");
        assert_eq!(kit.get("/api/v1/imports/999", &who).await.status, 404);
        assert_eq!(kit.get(&format!("/api/v1/notices/{id}"), &who).await.status, 404);
        let backwards = json!({ "shop": kit.house.shops[0].name, "from": "2026-11-03", "to": "2026-11-01" });
        assert_eq!(kit.json("POST", "/api/v1/imports", &who, &backwards).await.status, 422);
    });
}

#[test]
fn masters_people_and_counts_are_told() {
    with_orders(3, async |kit, who, _| {
        assert_eq!(kit.get("/api/v1/counts", &who).await.json()["all"], 3);
        assert!(kit.get("/api/v1/phases", &who).await.json()["phases"].as_array().unwrap().len() > 5);
        assert!(kit.get("/api/v1/carriers", &who).await.text.contains("yamato"));
        let users = kit.get("/api/v1/users", &who).await;
        assert!(users.text.contains("kakuu.kanri") && !users.text.contains("argon2"));
        let rule = json!({ "shop": kit.house.shops[0].name, "kind": "shipment_notice", "target_phase": "shipped", "success_phase": "completed" });
        let put = kit.json("PUT", "/api/v1/rules", &who, &rule).await;
        assert_eq!(put.json()["warnings"], json!(["no_failure_phase"]), "{}", put.text);
        assert_eq!(kit.get("/api/v1/rules", &who).await.json()["rules"].as_array().unwrap().len(), 1);
        let path = format!("/api/v1/rules/{}/shipment_notice/shipped", kit.house.shops[0].shop_id);
        assert_eq!(kit.json("DELETE", &path, &who, &json!({})).await.status, 200);
        assert_eq!(kit.json("DELETE", &path, &who, &json!({})).await.status, 404);
        let shop = format!("/api/v1/shops/{}", kit.house.shops[0].shop_id);
        let set = kit.json("PATCH", &shop, &who, &json!({ "import_interval_seconds": 600 })).await;
        assert_eq!(set.json()["import_interval_seconds"], 600);
        assert_eq!(
            kit.json("PATCH", &shop, &who, &json!({ "import_interval_seconds": -1 })).await.status,
            422
        );
        assert_eq!(kit.json("PATCH", &shop, &who, &json!({ "endpoints": {} })).await.status, 422);
    });
}
