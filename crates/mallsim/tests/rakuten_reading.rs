//! What 楽天 answers to searchOrder and getOrder (document 2.1–2.3).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod common;

use common::{Client, DAY, HOUR, calm, codes};
use mallsim::SimConfig;
use serde_json::{Value, json};

#[test]
fn search_gives_numbers_and_a_count() {
    let mut c = Client::calm();
    let numbers = c.add(json!({"count":3}));
    let (status, found) = c.search(json!({}));
    assert_eq!(status, 200);
    assert_eq!(codes(&found), ["SEARCH_ORDER_INFO_101"]);
    assert_eq!(found["orderNumberList"].as_array().unwrap().len(), 3);
    assert_eq!(
        found["PaginationResponseModel"],
        json!({"totalRecordsAmount":3,"totalPages":1,"requestPage":1})
    );
    let shape = numbers[0].split('-').map(str::len).collect::<Vec<_>>();
    assert_eq!(shape, [6, 8, 10], "shop, Japanese day, ten digits");
    assert!(numbers[0].starts_with("300001-20261102-"));
}

#[test]
fn zero_hits_are_info_102_with_null_pagination() {
    let mut c = Client::calm();
    let (status, found) = c.search(json!({}));
    assert_eq!(status, 200);
    assert_eq!(codes(&found), ["SEARCH_ORDER_INFO_102"]);
    assert_eq!(found["orderNumberList"], json!([]));
    assert_eq!(
        found["PaginationResponseModel"],
        json!({"totalRecordsAmount":null,"totalPages":null,"requestPage":null})
    );
}

#[test]
fn a_page_is_30_by_default_newest_first_and_1000_at_most() {
    let mut c = Client::calm();
    for hour in 0..35 {
        let at = c.now - (40 - hour) * HOUR;
        c.add(json!({"at_ms":at}));
    }
    let (_, found) = c.search(json!({}));
    let first = found["orderNumberList"].as_array().unwrap().clone();
    assert_eq!(first.len(), 30);
    assert_eq!(found["PaginationResponseModel"]["totalPages"], 2);
    let (_, rest) = c.search(json!({"PaginationRequestModel":{"requestPage":2}}));
    assert_eq!(rest["orderNumberList"].as_array().unwrap().len(), 5);
    let ascending = json!({"PaginationRequestModel":{"requestRecordsAmount":"1000","SortModelList":[{"sortColumn":1,"sortDirection":1}]}});
    let (_, all) = c.search(ascending);
    let all = all["orderNumberList"].as_array().unwrap();
    assert_eq!(all.len(), 35);
    assert_eq!(all[34], first[0], "newest last when ascending");
    let (status, bad) = c.search(json!({"PaginationRequestModel":{"requestRecordsAmount":1001}}));
    assert_eq!((status, codes(&bad)), (400, vec!["SEARCH_ORDER_ERROR_011".to_owned()]));
}

#[test]
fn bad_search_parameters_are_http_400_with_one_message_each_and_nulls() {
    let mut c = Client::calm();
    let (status, bad) = c.call("searchOrder", json!({}));
    assert_eq!(status, 400);
    assert_eq!(codes(&bad), ["SEARCH_ORDER_ERROR_009"; 3]);
    assert_eq!(bad["MessageModelList"][0]["message"], "startDatetimeの項目を指定して下さい。");
    assert_eq!((&bad["orderNumberList"], &bad["PaginationResponseModel"]), (&Value::Null, &Value::Null));
    let long_ago = c.stamp(-64 * DAY);
    let too_old = c.stamp(-731 * DAY);
    let short = c.stamp(-700 * DAY);
    for patch in [
        json!({"startDatetime":long_ago}),
        json!({"startDatetime":too_old,"endDatetime":short}),
        json!({"startDatetime":"2026-11-01T00:00:00Z"}),
        json!({"startDatetime":"2026-11-01T00:00:00.000+0900"}),
        json!({"startDatetime":"2026-11-01T00:00:00+09:00"}),
        json!({"dateType":7}),
        json!({"orderProgressList":["many"]}),
        json!({"searchKeywordType":1,"searchKeyword":"①"}),
    ] {
        let (status, bad) = c.search(patch.clone());
        assert_eq!((status, codes(&bad)), (400, vec!["SEARCH_ORDER_ERROR_011".to_owned()]), "{patch}");
    }
    let (status, _) = c.search(json!({"subStatusIdList":[-1]}));
    assert_eq!(status, 400, "-1 makes orderProgressList mandatory");
}

#[test]
fn sixty_three_days_are_one_search() {
    let mut c = Client::calm();
    let start = c.stamp(-63 * DAY);
    let (status, _) = c.search(json!({"startDatetime":start}));
    assert_eq!(status, 200);
}

#[test]
fn numbers_in_requests_may_be_texts() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    let (status, found) = c.search(json!({"dateType":"1","orderProgressList":["100"]}));
    assert_eq!((status, found["orderNumberList"][0].as_str()), (200, Some(number.as_str())));
    let all = c.ok("getOrder", json!({"orderNumberList":[number],"version":"7"}));
    assert_eq!(all["version"], 7);
}

#[test]
fn above_the_reach_the_rest_is_not_reachable() {
    let mut c = Client::calm();
    c.set(json!({"rakuten":{"search_reach":5}}));
    c.add(json!({"count":8}));
    let page = |n: i64| json!({"PaginationRequestModel":{"requestRecordsAmount":3,"requestPage":n}});
    let (_, second) = c.search(page(2));
    assert_eq!(second["PaginationResponseModel"]["totalRecordsAmount"], 8);
    assert_eq!(second["orderNumberList"].as_array().unwrap().len(), 2);
    let (status, third) = c.search(page(3));
    assert_eq!((status, codes(&third)), (200, vec!["SEARCH_ORDER_INFO_102".to_owned()]));
}

#[test]
fn search_filters_by_status_payment_and_date_type() {
    let mut c = Client::calm();
    let cod = c.order(&["cod"]);
    let ready = c.ready(&[]);
    let find = |c: &mut Client, more: Value| -> Vec<String> {
        let (_, found) = c.search(more);
        serde_json::from_value(found["orderNumberList"].clone()).unwrap()
    };
    assert_eq!(find(&mut c, json!({"orderProgressList":[100,200]})), [cod.as_str()]);
    assert_eq!(find(&mut c, json!({"settlementMethod":2})), [cod.as_str()]);
    assert_eq!(find(&mut c, json!({"dateType":3})), [ready.as_str()]);
    let report = c.report(&ready, common::full_record());
    c.ok("updateOrderShipping", report);
    assert_eq!(find(&mut c, json!({"dateType":5})), [ready.as_str()]);
    assert_eq!(find(&mut c, json!({"dateType":4})), [ready.as_str()]);
    assert_eq!(find(&mut c, json!({"shippingNumberBlankFlag":1})).len(), 1);
}

#[test]
fn get_takes_100_numbers_and_a_mandatory_version() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    let (status, bad) = c.call("getOrder", json!({"orderNumberList":[number]}));
    assert_eq!((status, codes(&bad)), (400, vec!["GET_ORDER_ERROR_009".to_owned()]));
    let many: Vec<String> = (0..101).map(|n| format!("300001-20261102-{n:010}")).collect();
    assert_eq!(c.call("getOrder", json!({"orderNumberList":many,"version":10})).0, 400);
    for version in [1, 2, 11] {
        assert_eq!(
            c.call("getOrder", json!({"orderNumberList":[number],"version":version})).0,
            400,
            "{version}"
        );
    }
    c.set(json!({"rakuten":{"max_version":8}}));
    assert_eq!(c.call("getOrder", json!({"orderNumberList":[number],"version":9})).0, 400);
    assert_eq!(c.call("getOrder", json!({"orderNumberList":[number],"version":8})).0, 200);
}

#[test]
fn an_unreadable_number_is_info_102_with_its_number_under_http_200() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    let foreign = c.add(json!({"shop":300002})).remove(0);
    let old = c.add(json!({"at_ms":c.now - 731 * DAY})).remove(0);
    let asked = json!({"orderNumberList":[number, foreign, old, "x"],"version":10});
    let all = c.ok("getOrder", asked);
    assert_eq!(
        codes(&all),
        ["GET_ORDER_INFO_101", "GET_ORDER_INFO_102", "GET_ORDER_INFO_102", "GET_ORDER_INFO_102"]
    );
    assert_eq!(all["MessageModelList"][0]["message"], "受注情報取得に成功しました。(取得件数1件)");
    assert!(all["MessageModelList"][0].get("orderNumber").is_none());
    assert_eq!(all["MessageModelList"][3]["orderNumber"], "x");
    let none = c.ok("getOrder", json!({"orderNumberList":["x"],"version":10}));
    assert_eq!(none["OrderModelList"], json!([]));
}

#[test]
fn fields_appear_and_vanish_by_version() {
    let mut c = Client::calm();
    let number = c.order(&["social_gift", "drop_off"]);
    let has = |c: &mut Client, version: i64, pointer: &str| {
        let all = c.ok("getOrder", json!({"orderNumberList":[number],"version":version}));
        all["OrderModelList"][0].pointer(pointer).is_some()
    };
    for (pointer, first, last) in [
        ("/goodsTax", 3, 7),
        ("/isTaxRecalc", 3, 7),
        ("/PackageModelList/0/ItemModelList/0/isSingleItemShipping", 4, 10),
        ("/PackageModelList/0/defaultDeliveryCompanyCode", 4, 10),
        ("/DueDateModelList", 5, 10),
        ("/receiptIssueCount", 5, 10),
        ("/cautionDisplayDetailType", 6, 10),
        ("/PackageModelList/0/ItemModelList/0/SkuModelList", 7, 10),
        ("/deliveryCertPrgFlag", 8, 10),
        ("/PackageModelList/0/dropOffFlag", 9, 10),
        ("/socialGiftFlag", 10, 10),
        ("/PackageModelList/0/SocialGiftModel", 10, 10),
    ] {
        for version in 3..=10 {
            assert_eq!(
                has(&mut c, version, pointer),
                (first..=last).contains(&version),
                "{pointer} v{version}"
            );
        }
    }
    let old = c.ok("getOrder", json!({"orderNumberList":[number],"version":5}));
    assert!(old.get("version").is_none(), "version comes back from 6 on");
}

#[test]
fn empty_lists_are_null_or_empty_as_captured_and_datetimes_have_no_colon() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    let o = c.get(&number);
    assert_eq!(o["CouponModelList"], Value::Null);
    assert_eq!(o["ChangeReasonModelList"], json!([]));
    assert_eq!(o["PackageModelList"][0]["ShippingModelList"], json!([]));
    assert_eq!(o["WrappingModel1"], Value::Null);
    assert_eq!(o["orderDatetime"], "2026-11-02T09:00:00+0900");
    assert_eq!(o["OrdererModel"]["zipCode1"], "000");
    assert!(o["OrdererModel"]["emailAddress"].as_str().unwrap().ends_with(".invalid"));
}

#[test]
fn undecided_postage_is_minus_9999_in_every_sum_that_needs_it() {
    let mut c = Client::calm();
    let number = c.order(&["undecided"]);
    let o = c.get(&number);
    for field in ["postagePrice", "totalPrice", "requestPrice"] {
        assert_eq!(o[field], -9999, "{field}");
    }
    assert!(o["goodsPrice"].as_i64().unwrap() > 0);
    assert_eq!(o["TaxSummaryModelList"][0]["reqPrice"], -9999);
    assert_eq!(o["PackageModelList"][0]["postagePrice"], -9999);
}

fn int(value: &Value, name: &str) -> i64 {
    value[name].as_i64().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn live<'a>(list: &'a Value, flag: &'a str) -> impl Iterator<Item = &'a Value> {
    list.as_array().unwrap().iter().filter(move |p| p[flag] == 0)
}

#[test]
fn the_sums_of_every_normal_order_add_up() {
    let mut c = Client::new(SimConfig { orders_per_shop: 2_000, seed: 42, ..calm() });
    let numbers: Vec<String> = c.sim.orders(c.now).into_iter().map(|o| o.number).collect();
    let (mut decided, mut shares) = (0, std::collections::BTreeSet::new());
    for number in numbers.iter().filter(|n| n.starts_with("300001")) {
        let o = c.get(number);
        let wrapping: i64 =
            ["WrappingModel1", "WrappingModel2"].iter().filter_map(|w| o[w]["price"].as_i64()).sum();
        let mut goods = wrapping;
        let (mut postage, mut cod, mut package_goods) = (0, 0, 0);
        for p in live(&o["PackageModelList"], "packageDeleteFlag") {
            for i in live(&p["ItemModelList"], "deleteItemFlag") {
                goods += int(i, "priceTaxIncl") * int(i, "units");
            }
            postage += int(p, "postagePrice");
            cod += int(p, "deliveryPrice");
            package_goods += int(p, "goodsPrice");
        }
        assert_eq!((int(&o, "goodsPrice"), package_goods), (goods, goods), "{number}");
        assert_eq!(int(&o, "couponAllTotalPrice"), int(&o, "couponShopPrice") + int(&o, "couponOtherPrice"));
        if int(&o, "requestPrice") == -9999 {
            continue;
        }
        decided += 1;
        let points = int(&o["PointModel"], "usedPoint");
        let fee = int(&o, "additionalFeeOccurAmountToUser");
        assert_eq!((int(&o, "postagePrice"), int(&o, "deliveryPrice")), (postage, cod), "{number}");
        assert_eq!(int(&o, "totalPrice"), goods + postage);
        let request =
            goods + postage + cod + int(&o, "paymentCharge") + fee - int(&o, "couponAllTotalPrice") - points;
        assert_eq!(int(&o, "requestPrice"), request, "{number}");
        assert!(request >= 0);
        let tax = o["TaxSummaryModelList"].as_array().unwrap();
        assert_eq!(tax.iter().map(|t| int(t, "reqPrice")).sum::<i64>(), request + points - fee, "{number}");
        assert_eq!(tax.iter().map(|t| int(t, "couponPrice")).sum::<i64>(), int(&o, "couponAllTotalPrice"));
        shares.insert(tax.len());
    }
    assert!(decided > 1_800);
    assert_eq!(shares.into_iter().collect::<Vec<_>>(), [1, 2], "some orders mix 8 % and 10 %");
}

#[test]
fn the_same_seed_gives_the_same_world_whatever_is_asked() {
    let config = SimConfig { orders_per_shop: 50, seed: 9, ..calm() };
    let (mut a, mut b) = (Client::new(config.clone()), Client::new(config));
    a.set(json!({"world":{"orders_per_hour":6.0}}));
    b.set(json!({"world":{"orders_per_hour":6.0}}));
    for hour in 0..48 {
        a.now += HOUR;
        b.now += HOUR;
        a.search(json!({}));
        if hour % 7 == 0 || hour == 47 {
            b.search(json!({"orderProgressList":[300]}));
        }
    }
    let list = |c: &Client| {
        c.sim.orders(c.now).into_iter().map(|o| (o.number, o.ordered_ms, o.traits)).collect::<Vec<_>>()
    };
    assert_eq!(list(&a).len(), list(&b).len());
    let grown = list(&a).len() - 100;
    assert!((400..800).contains(&grown), "two shops, 48 hours, 6 an hour: {grown}");
    let (x, y) = (list(&a), list(&b));
    let last = x.iter().rev().find(|o| o.0.starts_with("300001")).unwrap().0.clone();
    assert!(y.iter().any(|o| o.0 == last));
    assert_eq!(a.get(&last)["goodsPrice"], b.get(&last)["goodsPrice"]);
}

#[test]
fn troubled_orders_are_listed_and_spoilt_as_named() {
    let mut c = Client::calm();
    let unreadable = c.order(&["unreadable"]);
    let late = c.order(&["late_read"]);
    let unlisted = c.order(&["late_listed"]);
    let (_, found) = c.search(json!({}));
    assert_eq!(found["orderNumberList"].as_array().unwrap().len(), 2);
    assert_eq!(c.get(&unreadable), Value::Null);
    assert_eq!(c.get(&late), Value::Null);
    c.wait(HOUR);
    assert_eq!(c.get(&late)["orderNumber"], late.as_str());
    let (_, found) = c.search(json!({}));
    assert!(found["orderNumberList"].as_array().unwrap().iter().any(|n| *n == unlisted.as_str()));
    let bad = c.order(&["bad_sums"]);
    assert_eq!(c.get(&bad)["requestPrice"], 1);
    let status = c.order(&["unknown_status"]);
    assert_eq!(c.get(&status)["orderProgress"], 350);
    let missing = c.order(&["missing_field"]);
    let retyped = c.order(&["retyped_field"]);
    let all = c.ok("getOrder", json!({"orderNumberList":[missing, retyped],"version":10}));
    assert!(all["OrderModelList"][0].get("PackageModelList").is_none());
    assert!(all["OrderModelList"][1]["goodsPrice"].is_string());
    assert!(all["OrderModelList"][1]["PackageModelList"].is_object());
    let hostile = c.order(&["hostile"]);
    assert!(c.get(&hostile)["remarks"].as_str().unwrap().contains("onerror"));
}

#[test]
fn deleted_lines_and_packages_stay_with_their_flag() {
    let mut c = Client::calm();
    let number = c.order(&["deleted_line", "deleted_package"]);
    let o = c.get(&number);
    let packages = o["PackageModelList"].as_array().unwrap();
    assert_eq!(packages.iter().map(|p| p["packageDeleteFlag"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(packages[0]["ItemModelList"].as_array().unwrap().last().unwrap()["deleteItemFlag"], 1);
    assert_eq!(o["severalSenderFlag"], 0);
}

#[test]
fn a_social_gift_shows_dummies_until_the_receiver_answers() {
    let mut c = Client::calm();
    let number = c.order(&["social_gift"]);
    let o = c.get(&number);
    assert_eq!(o["PackageModelList"][0]["SenderModel"]["prefecture"], "入力待ち");
    assert_eq!(o["PackageModelList"][0]["SenderModel"]["zipCode1"], "999");
    assert_eq!(o["PackageModelList"][0]["SocialGiftModel"]["inputFlag"], 0);
    c.wait(7 * HOUR);
    let o = c.get(&number);
    assert_ne!(o["PackageModelList"][0]["SenderModel"]["prefecture"], "入力待ち");
    assert_eq!(o["PackageModelList"][0]["SocialGiftModel"]["inputFlag"], 1);
}
