//! searchOrders and getOrder (document 2).

use mallsim::SimConfig;
use serde_json::{Value, json};

use crate::kit::{ALL, Client, DAY, HOUR, MINUTE, calm, encode, error, numbers, text};

fn filled() -> Client {
    let mut c = Client::new(SimConfig { orders_per_shop: 250, orders_over_ms: 5 * DAY, seed: 7, ..calm() });
    c.wait(MINUTE);
    c
}

/// All pages with these parameters.
fn pages(c: &mut Client, query: &str) -> Vec<Value> {
    let mut all = vec![c.search(query).value()];
    while let Some(token) = all.last().unwrap()["pagination"]["nextToken"].as_str() {
        let token = encode(token);
        let reply = c.search(&format!("{query}&paginationToken={token}"));
        assert_eq!(reply.status, 200, "{}", reply.value());
        all.push(reply.value());
    }
    all
}

#[test]
fn pages_give_every_order_once_and_the_last_one_no_token() {
    let mut c = filled();
    let since = c.stamp(-30 * DAY);
    let all = pages(&mut c, &format!("createdAfter={since}&maxResultsPerPage=70"));
    assert_eq!(all.len(), 4);
    let mut seen: Vec<String> = all.iter().flat_map(numbers).collect();
    assert_eq!(seen.len(), 250);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
    assert!(
        all.iter()
            .all(|p| p["createdBefore"] == all[0]["createdBefore"] && p.get("lastUpdatedBefore").is_none())
    );
    for number in &seen {
        let parts: Vec<usize> = number.split('-').map(str::len).collect();
        assert_eq!(parts, [3, 7, 7], "{number}");
    }
    let exact = c.search(&format!("createdAfter={since}&maxResultsPerPage=100")).value();
    assert_eq!(numbers(&exact).len(), 100);
}

#[test]
fn the_world_is_the_same_for_a_seed_and_holds_what_japan_has() {
    let (mut a, mut b) = (filled(), filled());
    let since = a.stamp(-30 * DAY);
    let query = format!("lastUpdatedAfter={since}&includedData={ALL}");
    let (left, right) = (pages(&mut a, &query), pages(&mut b, &query));
    let orders = |p: &[Value]| p.iter().map(|p| p["orders"].clone()).collect::<Vec<_>>();
    assert_eq!(orders(&left), orders(&right));
    let all: Vec<Value> = left.iter().flat_map(|p| p["orders"].as_array().unwrap().clone()).collect();
    let count = |what: &dyn Fn(&Value) -> bool| all.iter().filter(|o| what(o)).count();
    let status = |o: &Value, s: &str| o["fulfillment"]["fulfillmentStatus"] == s;
    for s in ["PENDING", "UNSHIPPED", "SHIPPED", "PENDING_AVAILABILITY"] {
        assert!(count(&|o| status(o, s)) > 0, "{s}");
    }
    assert!(count(&|o| o["fulfillment"]["fulfilledBy"] == "AMAZON") > 20);
    assert!(
        count(&|o| o["payment"]["paymentExecutions"].as_array().unwrap().len() > 1) > 0,
        "partly paid 代引"
    );
    assert!(count(&|o| o["programs"].as_array().unwrap().iter().any(|p| p == "PRIME")) > 0);
    assert!(count(&|o| o["orderItems"].as_array().unwrap().len() > 1) > 0);
    let address = |o: &Value| o["recipient"]["deliveryAddress"].clone();
    let (with, without) =
        (count(&|o| address(o)["city"].is_string()), count(&|o| address(o)["name"].is_string()));
    assert!(with * 5 < without, "city is the exception in Japan");
}

#[test]
fn a_token_needs_its_companions_and_lives_a_day() {
    let mut c = filled();
    let (since, later) = (c.stamp(-30 * DAY), c.stamp(-29 * DAY));
    let query = format!("createdAfter={since}&fulfilledBy=MERCHANT");
    let first = c.search(&format!("{query}&maxResultsPerPage=5")).value();
    let token = encode(&text(&first["pagination"]["nextToken"]));
    let free = c.search(&format!("{query}&maxResultsPerPage=7&includedData=BUYER&paginationToken={token}"));
    assert_eq!(numbers(&free.value()).len(), 7, "page size and sections may change");
    for wrong in [
        format!("createdAfter={later}&fulfilledBy=MERCHANT&paginationToken={token}"),
        format!("createdAfter={since}&paginationToken={token}"),
    ] {
        let reply = c.search(&wrong);
        assert_eq!(error(&reply).1, "InvalidInput");
        assert_eq!(reply.find_header("x-amzn-ErrorType"), Some("InvalidQueryStringException"));
    }
    let raw = text(&first["pagination"]["nextToken"]);
    let unencoded = c.search(&format!("{query}&paginationToken={raw}"));
    assert!(error(&unencoded).2.starts_with("We could not decode your NextToken"), "+ is a space");
    c.set(json!({"amazon":{"null_message":true}}));
    assert_eq!(
        c.search(&format!("createdAfter={since}&paginationToken={token}")).value()["errors"][0]["message"],
        Value::Null
    );
    c.sleep(DAY);
    assert_eq!(c.search(&format!("{query}&paginationToken={token}")).status, 400);
}

#[test]
fn parameters_are_checked() {
    let mut c = Client::calm();
    let (day, hour, now) = (c.stamp(-DAY), c.stamp(-HOUR), c.stamp(0));
    let bad = [
        String::new(),
        format!("createdAfter={day}&lastUpdatedAfter={day}"),
        format!("createdAfter={day}&lastUpdatedBefore={hour}"),
        format!("createdBefore={hour}"),
        format!("createdAfter={hour}&createdBefore={day}"),
        format!("createdAfter={day}&createdBefore={now}"),
        format!("createdAfter={}", c.stamp(HOUR)),
        format!("createdAfter={day}&maxResultsPerPage=0"),
        format!("createdAfter={day}&maxResultsPerPage=101"),
        format!("createdAfter={day}&fulfillmentStatuses=CANCELED"),
        format!("createdAfter={day}&fulfilledBy=MFN"),
        format!("createdAfter={day}&includedData=EVERYTHING"),
        "createdAfter=2026-11-01".to_owned(),
    ];
    for query in bad {
        assert_eq!(error(&c.search(&query)).1, "InvalidInput", "{query}");
    }
    let many = vec!["X"; 51].join(",");
    assert_eq!(
        c.get(&format!("/orders/2026-01-01/orders?createdAfter={day}&marketplaceIds={many}")).status,
        400
    );
    let plus = error(&c.search("lastUpdatedAfter=2026-11-01T00:00:00+09:00"));
    assert_eq!(plus.3, "Invalid date/time field [lastUpdatedAfter]", "an unencoded plus is a space");
    assert_eq!(c.search("lastUpdatedAfter=2026-11-01T00:00:00%2B09:00").status, 200);
    let elsewhere =
        c.ok(&format!("/orders/2026-01-01/orders?createdAfter={day}&marketplaceIds=ATVPDKIKX0DER"));
    assert!(numbers(&elsewhere).is_empty());
}

#[test]
fn nothing_of_the_last_two_minutes_is_shown_and_the_answer_says_until_when() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let since = c.stamp(-DAY);
    c.wait(2 * MINUTE - 1);
    let page = c.search(&format!("lastUpdatedAfter={since}")).value();
    assert!(numbers(&page).is_empty());
    c.wait(1);
    let next = text(&page["lastUpdatedBefore"]);
    let page = c.search(&format!("lastUpdatedAfter={next}")).value();
    assert_eq!(numbers(&page), [number]);
    assert_eq!(text(&page["lastUpdatedBefore"]), c.stamp(-2 * MINUTE));
}

#[test]
fn an_update_moves_an_order_between_windows() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    c.sleep(HOUR);
    c.edit(&number, json!({"touch": true}));
    let (from, to) = (c.stamp(-HOUR - MINUTE), c.stamp(-30 * MINUTE));
    c.wait(5 * MINUTE);
    let updated = c.search(&format!("lastUpdatedAfter={from}&lastUpdatedBefore={to}")).value();
    assert!(numbers(&updated).is_empty());
    let created = c.search(&format!("createdAfter={from}&createdBefore={to}")).value();
    assert_eq!(numbers(&created), [number]);
}

#[test]
fn only_asked_sections_come_back() {
    let mut c = Client::calm();
    let number =
        c.ready(&["cod_partial", "gift", "discount", "points", "cancel_request", "scheduled", "drop_off"]);
    let body = c.shipment(&number, "1", "000000000001");
    assert_eq!(c.confirm(&number, &body).status, 204);
    c.sleep(HOUR);
    let target = format!("/orders/2026-01-01/orders/{number}");
    let of = |section: &str| match section {
        "BUYER" => (Some("buyer"), None),
        "RECIPIENT" => (Some("recipient"), None),
        "PROCEEDS" => (Some("proceeds"), Some("proceeds")),
        "EXPENSE" => (None, Some("expense")),
        "PROMOTION" => (None, Some("promotion")),
        "CANCELLATION" => (None, Some("cancellation")),
        "FULFILLMENT" => (Some("fulfillment"), Some("fulfillment")),
        "PACKAGES" => (Some("packages"), None),
        "PAYMENT" => (Some("payment"), None),
        _ => (None, None),
    };
    let optional = [
        "buyer",
        "recipient",
        "proceeds",
        "fulfillment",
        "packages",
        "payment",
        "expense",
        "promotion",
        "cancellation",
    ];
    for section in ALL.split(',').chain([""]) {
        let order = c.ok(&format!("{target}?includedData={section}"))["order"].clone();
        let (mine, line) = of(section);
        for name in optional {
            assert_eq!(order.get(name).is_some(), mine == Some(name), "{section}: {name}");
            assert_eq!(
                order["orderItems"][0].get(name).is_some(),
                line == Some(name),
                "{section}: item {name}"
            );
        }
    }
}

#[test]
fn a_role_that_is_missing_hides_persons_or_refuses() {
    let mut c = Client::calm();
    let number = c.ready(&["gift", "drop_off"]);
    let with = c.order(&number);
    assert!(
        with["buyer"]["buyerEmail"].is_string() && with["recipient"]["deliveryAddress"]["name"].is_string()
    );
    c.switch(json!({"restricted_role":"withheld"}));
    let without = c.order(&number);
    let address = &without["recipient"]["deliveryAddress"];
    assert_eq!((address.get("name"), address.get("addressLine1"), address.get("phone")), (None, None, None));
    assert!(address["stateOrRegion"].is_string() && address["postalCode"].is_string());
    assert_eq!(without["buyer"], json!({}));
    c.switch(json!({"restricted_role":"refused"}));
    let target = format!("/orders/2026-01-01/orders/{number}");
    let refused = c.get(&format!("{target}?includedData=RECIPIENT"));
    assert_eq!(
        (refused.status, refused.find_header("x-amzn-ErrorType")),
        (403, Some("AccessDeniedException"))
    );
    assert_eq!(c.get(&format!("{target}?includedData=PROCEEDS")).status, 200);
    c.switch(json!({"restricted_role":"refused_always"}));
    assert_eq!(c.get(&format!("{target}?includedData=PROCEEDS")).status, 403);
    let since = c.stamp(-DAY);
    assert_eq!(c.search(&format!("createdAfter={since}")).status, 403);
}

#[test]
fn pending_has_no_address_no_total_and_at_best_a_price() {
    let mut c = Client::calm();
    let number = c.add(json!({"traits":["cvs","gift","discount"]})).remove(0);
    let pending = c.order(&number);
    assert_eq!(pending["fulfillment"]["fulfillmentStatus"], "PENDING");
    assert_eq!(pending["payment"]["paymentExecutions"], json!([{"paymentMethod":"ConvenienceStore"}]));
    assert_eq!(
        (pending.get("recipient"), pending.get("proceeds"), pending["buyer"].get("buyerEmail")),
        (None, None, None)
    );
    let item = &pending["orderItems"][0];
    assert!(item["product"]["price"]["unitPrice"]["amount"].is_string());
    assert_eq!(item["proceeds"].get("proceedsTotal"), None);
    c.set(json!({"amazon":{"pending_prices":false}}));
    let bare = c.order(&number);
    assert_eq!(bare["orderItems"][0]["product"].get("price"), None);
    assert_eq!(bare["orderItems"][0].get("proceeds"), None);
    c.sleep(DAY);
    let paid = c.order(&number);
    assert_eq!(paid["fulfillment"]["fulfillmentStatus"], "UNSHIPPED");
    assert!(paid["recipient"]["deliveryAddress"]["name"].is_string());
    assert_eq!(paid["lastUpdatedTime"].as_str().unwrap(), c.stamp(0));
}

#[test]
fn orders_move_by_time() {
    let mut c = Client::calm();
    let mut one = |traits: &[&str]| c.add(json!({ "traits": traits })).remove(0);
    let (card, cod, unpaid, fba, pre) =
        (one(&[]), one(&["cod"]), one(&["cvs_unpaid"]), one(&["fba"]), one(&["preorder"]));
    let held = one(&[]);
    c.edit(&held, json!({"hold": true}));
    assert_eq!(c.status(&cod), "UNSHIPPED", "代引 does not wait");
    c.wait(30 * MINUTE);
    assert_eq!(
        (c.status(&card), c.status(&unpaid), c.status(&held)),
        ("UNSHIPPED".into(), "PENDING".into(), "PENDING".into())
    );
    c.edit(&held, json!({"hold": false}));
    c.sleep(13 * HOUR);
    assert_eq!((c.status(&fba), c.status(&held)), ("SHIPPED".into(), "UNSHIPPED".into()));
    assert_eq!(c.order(&fba).get("packages"), None, "packages are for what sellers ship");
    c.sleep(7 * DAY);
    assert_eq!(c.status(&unpaid), "CANCELLED");
    assert_eq!(
        c.order(&unpaid)["orderItems"][0]["cancellation"]["cancellationExecution"]["cancelledBy"],
        "AMAZON"
    );
    assert_eq!(c.status(&pre), "UNSHIPPED");
    c.sleep(30 * DAY);
    assert_eq!(c.status(&card), "CANCELLED", "30 days without a notice");
}

#[test]
fn a_buyer_who_asks_to_cancel_changes_nothing_by_himself() {
    let mut c = Client::calm();
    let number = c.ready(&["cancel_request"]);
    let order = c.order(&number);
    assert_eq!(order["orderItems"][0]["cancellation"]["cancellationRequest"]["requester"], "BUYER");
    assert_eq!(order["orderItems"][0]["cancellation"].get("cancellationExecution"), None);
    c.sleep(2 * DAY);
    assert_eq!(c.status(&number), "UNSHIPPED");
}

#[test]
fn sums_agree_and_only_the_cod_part_is_collected() {
    let mut c = Client::calm();
    let amount = |m: &Value| text(&m["amount"]).parse::<i64>().unwrap();
    for negative in [true, false] {
        c.set(json!({"amazon":{"negative_discounts":negative}}));
        let number = c
            .add(json!({"traits":["cod_partial","gift","discount","shipping_discount","multi_quantity"],
            "lines":3,"status":"UNSHIPPED"}))
            .remove(0);
        let order = c.order(&number);
        let total = amount(&order["proceeds"]["grandTotal"]);
        let lines = order["orderItems"].as_array().unwrap();
        assert_eq!(lines.iter().map(|l| amount(&l["proceeds"]["proceedsTotal"])).sum::<i64>(), total);
        let paid = order["payment"]["paymentExecutions"].as_array().unwrap();
        assert_eq!(paid.iter().map(|p| amount(&p["paymentAmount"])).sum::<i64>(), total);
        let cod = paid.iter().find(|p| p["paymentMethod"] == "CashOnDelivery").unwrap();
        assert!(amount(&cod["paymentAmount"]) < total);
        let parts = lines[0]["proceeds"]["breakdowns"].as_array().unwrap();
        let off = parts.iter().find(|b| b["type"] == "DISCOUNT").unwrap();
        assert_eq!(amount(&off["subtotal"]) < 0, negative);
        let sign = if negative { 1 } else { -1 };
        let sum: i64 = parts
            .iter()
            .map(|b| amount(&b["subtotal"]) * if b["type"] == "DISCOUNT" { sign } else { 1 })
            .sum();
        assert_eq!(sum, amount(&lines[0]["proceeds"]["proceedsTotal"]));
    }
    let bad = c.ready(&["bad_sums"]);
    let order = c.order(&bad);
    let sum: i64 =
        order["orderItems"].as_array().unwrap().iter().map(|l| amount(&l["proceeds"]["proceedsTotal"])).sum();
    assert_ne!(sum, amount(&order["proceeds"]["grandTotal"]));
    c.set(json!({"amazon":{"decimals":true}}));
    assert!(text(&c.order(&bad)["proceeds"]["grandTotal"]["amount"]).ends_with(".00"));
}

#[test]
fn another_sellers_order_is_unknown() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    c.shop = 1;
    c.login();
    assert_eq!(c.get(&format!("/orders/2026-01-01/orders/{number}")).status, 404);
    c.sleep(HOUR);
    assert!(c.updated().is_empty());
}

#[test]
fn troubles_are_in_the_documents_as_asked() {
    let mut c = Client::calm();
    let of = |c: &mut Client, t: &str| {
        let number = c.ready(&[t]);
        c.order(&number)
    };
    assert_eq!(of(&mut c, "unknown_status")["fulfillment"]["fulfillmentStatus"], "AWAITING_MOONRISE");
    assert_eq!(of(&mut c, "no_fulfilled_by")["fulfillment"].get("fulfilledBy"), None);
    assert_eq!(of(&mut c, "missing_field").get("createdTime"), None);
    assert_eq!(of(&mut c, "unknown_value")["payment"]["paymentExecutions"][0]["paymentMethod"], "MoonPay");
    assert!(of(&mut c, "hostile")["orderItems"][0]["product"]["title"].as_str().unwrap().contains('\t'));
    let replaced = of(&mut c, "replacement");
    assert_eq!(replaced["associatedOrders"][0]["associationType"], "REPLACEMENT_ORIGINAL_ID");
    assert_eq!(replaced["proceeds"]["grandTotal"]["amount"], "0");
}

#[test]
fn a_moving_list_shows_new_arrivals_to_the_next_sweep_f10() {
    let mut c = filled();
    let since = c.stamp(-30 * DAY);
    let first = c.search(&format!("lastUpdatedAfter={since}&maxResultsPerPage=10")).value();
    c.sim.add_faults_json(json!({"operation":"searchOrders","at":{"call":1},"action":{"shift_list":{"insert":3,"remove":2}}})).unwrap();
    let token = encode(&text(&first["pagination"]["nextToken"]));
    let second =
        c.search(&format!("lastUpdatedAfter={since}&maxResultsPerPage=10&paginationToken={token}")).value();
    assert!(numbers(&second).iter().all(|n| !numbers(&first).contains(n)), "no order twice");
    let cursor = text(&second["lastUpdatedBefore"]);
    c.wait(10 * MINUTE);
    let next = c.search(&format!("lastUpdatedAfter={cursor}")).value();
    let fresh = next["orders"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|o| o["createdTime"] == first["orders"][0]["createdTime"]);
    assert!(fresh.count() >= 1 && numbers(&next).len() >= 3);
}

#[test]
fn late_listed_orders_keep_their_old_times_f09() {
    let mut c = Client::calm();
    let number = c.ready(&["late_listed"]);
    c.wait(5 * MINUTE);
    assert!(c.updated().is_empty());
    c.wait(5 * MINUTE);
    assert_eq!(c.updated(), [number]);
}

#[test]
fn people_vanish_from_what_amazon_ships_and_phones_after_delivery() {
    let mut c = Client::calm();
    let (fba, own) = (c.ready(&["fba"]), c.ready(&[]));
    let seen = c.order(&fba);
    assert_eq!(seen["recipient"]["deliveryAddress"].get("name"), None);
    assert_eq!(seen["buyer"].get("buyerEmail"), None);
    assert!(c.order(&own)["recipient"]["deliveryAddress"]["phone"].is_string());
    let body = c.shipment(&own, "1", "000000000001");
    assert_eq!(c.confirm(&own, &body).status, 204);
    c.sleep(9 * DAY);
    let later = c.order(&own);
    assert_eq!(later["recipient"]["deliveryAddress"].get("phone"), None);
    assert_eq!(later["packages"][0]["packageStatus"]["status"], "DELIVERED");
}

#[test]
fn the_world_grows_by_itself_and_buyers_act() {
    let mut config = calm();
    config.settings = config
        .settings
        .patched(&json!({"world":{"orders_per_hour":10.0,"buyer_cancel_share":0.3,"buyer_edit_share":0.3,"trouble_share":0.5}}))
        .unwrap();
    let mut c = Client::new(config);
    c.sleep(2 * DAY);
    let seller = c.seller();
    let all: Vec<_> = c.sim.orders(c.now).into_iter().filter(|o| o.shop == seller).collect();
    assert!((300..700).contains(&all.len()), "{}", all.len());
    let with = |status: &str| all.iter().filter(|o| o.status == status).count();
    assert!(with("CANCELLED") > 30 && with("UNSHIPPED") > 30);
    assert!(all.iter().any(|o| o.traits.iter().any(|t| t == "hostile")));
    let asked = c.sim.effects().iter().filter(|(_, entries)| {
        entries
            .iter()
            .any(|e| matches!(&e.effect, mallsim::Effect::Edited { what, .. } if what == "cancel_request"))
    });
    assert!(asked.count() > 3, "after payment a buyer can only ask");
}

#[test]
fn a_share_of_old_orders_was_shipped_long_ago() {
    let mut c =
        Client::new(SimConfig { orders_per_shop: 60, orders_over_ms: 9 * DAY, lived_share: 1.0, ..calm() });
    let seller = c.seller();
    let edge = c.now - DAY;
    let all = c.sim.orders(c.now);
    let old = all.iter().filter(|o| o.shop == seller && o.ordered_ms < edge);
    let shipped = old.clone().filter(|o| o.status == "SHIPPED").count();
    assert_eq!(shipped, old.count());
    assert!(shipped > 40);
    let own = all
        .iter()
        .find(|o| o.shop == seller && o.status == "SHIPPED" && !o.traits.iter().any(|t| t == "fba"));
    let number = own.unwrap().number.clone();
    assert_eq!(c.order(&number)["packages"].as_array().unwrap().len(), 1);
}
