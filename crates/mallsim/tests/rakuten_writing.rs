//! What the writing functions of 楽天 do (document 2.4–2.9, 3.5).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod common;

use common::{Client, DAY, HOUR, codes, full_record};
use mallsim::Effect;
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

fn confirm(c: &mut Client, numbers: &[&str]) -> Vec<String> {
    codes(&c.ok("confirmOrder", json!({"orderNumberList":numbers})))
}

#[test]
fn confirming_moves_100_to_200_and_time_to_300() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    let answer = c.ok("confirmOrder", json!({"orderNumberList":[number]}));
    assert_eq!(codes(&answer), ["CONFIRM_ORDER_INFO_101"]);
    assert_eq!(answer["MessageModelList"][0]["orderNumber"], number.as_str());
    assert_eq!(c.progress(&number), 200);
    c.wait(30 * MINUTE - 1);
    assert_eq!(c.progress(&number), 200);
    c.wait(1);
    let o = c.get(&number);
    assert_eq!(
        (&o["orderProgress"], &o["shopOrderCfmDatetime"]),
        (&json!(300), &json!("2026-11-02T09:00:00+0900"))
    );
    assert_eq!(o["orderFixDatetime"], "2026-11-02T09:30:00+0900");
    assert_eq!(o["shippingInstDatetime"], o["orderFixDatetime"]);
}

#[test]
fn confirm_answers_each_order_for_itself() {
    let mut c = Client::calm();
    let (fine, done, open) = (c.order(&[]), c.ready(&[]), c.order(&["undecided"]));
    let gone = c.order(&[]);
    c.edit(&gone, json!({"cancel":true}));
    let got = confirm(&mut c, &[&fine, &done, &open, &gone, "x"]);
    let want = ["INFO_101", "ERROR_103", "ERROR_105", "ERROR_102", "ERROR_016"];
    assert_eq!(got, want.map(|w| format!("CONFIRM_ORDER_{w}")));
    assert_eq!(confirm(&mut c, &[&fine]), ["CONFIRM_ORDER_ERROR_103"], "a repeat is harmless");
    assert_eq!(c.call("confirmOrder", json!({})).0, 400);
}

#[test]
fn a_report_with_everything_moves_300_to_500() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let report = c.report(&number, full_record());
    let answer = c.ok("updateOrderShipping", report);
    assert_eq!(codes(&answer), ["UPDATE_ORDERSHIPPING_INFO_101"]);
    let note = &answer["MessageModelList"][0];
    assert_eq!(note["dataNumber"], 1);
    assert_eq!(note["shippingDetailId"].as_i64().unwrap().to_string().len(), 12);
    let o = c.get(&number);
    assert_eq!(o["orderProgress"], 500);
    assert_eq!(o["PackageModelList"][0]["ShippingModelList"][0]["deliveryCompanyName"], "ヤマト運輸");
    assert!(o["shippingCmplRptDatetime"].is_string());
    c.wait(5 * DAY);
    assert_eq!(c.progress(&number), 700);
}

#[test]
fn repeating_a_report_without_id_adds_a_second_record() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let report = c.report(&number, full_record());
    c.ok("updateOrderShipping", report.clone());
    let again = c.ok("updateOrderShipping", report);
    assert_eq!(codes(&again), ["UPDATE_ORDERSHIPPING_INFO_101"]);
    let o = c.get(&number);
    assert_eq!(o["PackageModelList"][0]["ShippingModelList"].as_array().unwrap().len(), 2);
    let doubled = c.sim.duplicates();
    assert_eq!((doubled.len(), doubled[0].count), (1, 2));
    let added =
        c.sim.effects().of(&number).iter().filter(|e| matches!(e.effect, Effect::ShippingAdded { .. }));
    assert_eq!(added.count(), 2);
}

#[test]
fn an_id_updates_and_deletes_and_absent_fields_stay() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let report = c.report(&number, json!({"deliveryCompany":"1001","shippingDate":"2026-11-02"}));
    let id = c.ok("updateOrderShipping", report)["MessageModelList"][0]["shippingDetailId"].clone();
    assert_eq!(c.progress(&number), 300, "no number, no 500");
    let report = c.report(&number, json!({"shippingDetailId":id,"shippingDate":""}));
    assert_eq!(codes(&c.ok("updateOrderShipping", report)), ["UPDATE_ORDERSHIPPING_INFO_102"]);
    let record = c.get(&number)["PackageModelList"][0]["ShippingModelList"][0].clone();
    assert_eq!((&record["deliveryCompany"], &record["shippingDate"]), (&json!("1001"), &Value::Null));
    let report = c.report(&number, json!({"shippingDetailId":id.to_string(),"shippingDeleteFlag":1}));
    assert_eq!(codes(&c.ok("updateOrderShipping", report)), ["UPDATE_ORDERSHIPPING_INFO_103"]);
    assert_eq!(c.get(&number)["PackageModelList"][0]["ShippingModelList"], json!([]));
    let report = c.report(&number, json!({"shippingDetailId":id,"shippingNumber":"1"}));
    assert_eq!(codes(&c.ok("updateOrderShipping", report)), ["UPDATE_ORDERSHIPPING_ERROR_101"]);
}

#[test]
fn one_half_empty_record_keeps_the_order_out_of_500() {
    let mut c = Client::calm();
    let number = c.ready(&["placeholder"]);
    let report = c.report(&number, full_record());
    c.ok("updateOrderShipping", report);
    assert_eq!(c.progress(&number), 300, "the placeholder is still empty");
    let id = c.get(&number)["PackageModelList"][0]["ShippingModelList"][0]["shippingDetailId"].clone();
    let report =
        c.report(&number, json!({"shippingDetailId":id,"shippingNumber":"2","shippingDate":"2026-11-02"}));
    c.ok("updateOrderShipping", report);
    assert_eq!(c.progress(&number), 500);
}

#[test]
fn every_live_package_must_be_reported_and_records_count_through_all_baskets() {
    let mut c = Client::calm();
    let number = c.ready(&["multi_package", "deleted_package"]);
    let packages = c.get(&number)["PackageModelList"].as_array().unwrap().clone();
    let live: Vec<&Value> = packages.iter().filter(|p| p["packageDeleteFlag"] == 0).collect();
    assert!(live.len() >= 2);
    let report = c.report(&number, full_record());
    c.ok("updateOrderShipping", report);
    assert_eq!(c.progress(&number), 300);
    let rest: Vec<Value> = live[1..]
        .iter()
        .map(|p| json!({"basketId":p["basketId"],"ShippingModelList":[full_record()]}))
        .collect();
    let answer = c.ok("updateOrderShipping", json!({"orderNumber":number,"BasketidModelList":rest}));
    let last = answer["MessageModelList"].as_array().unwrap().last().unwrap();
    assert_eq!(last["dataNumber"], live.len() - 1);
    assert_eq!(c.progress(&number), 500);
}

#[test]
fn format_faults_are_http_400_and_nothing_is_applied() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    for record in [
        json!({"deliveryCompany":""}),
        json!({"deliveryCompany":null}),
        json!({"deliveryCompany":"9999"}),
        json!({"shippingDate":"2026/11/02"}),
        json!({"shippingDate":"20261102"}),
        json!({"shippingDate":"2026-02-30"}),
        json!({"shippingNumber":"①"}),
        json!({"shippingNumber":"9".repeat(121)}),
    ] {
        let mut report = c.report(&number, record.clone());
        report["BasketidModelList"][0]["ShippingModelList"].as_array_mut().unwrap().insert(0, full_record());
        let (status, bad) = c.call("updateOrderShipping", report);
        assert_eq!(
            (status, codes(&bad)),
            (400, vec!["UPDATE_ORDERSHIPPING_ERROR_011".to_owned()]),
            "{record}"
        );
        assert_eq!(bad["MessageModelList"][0]["dataNumber"], 2);
    }
    assert_eq!(c.get(&number)["PackageModelList"][0]["ShippingModelList"], json!([]));
    assert_eq!(c.call("updateOrderShipping", json!({"orderNumber":number})).0, 400);
}

#[test]
fn both_date_spellings_are_a_setting_and_slashes_are_never_taken() {
    let mut c = Client::calm();
    let with = |date: &str| json!({"deliveryCompany":"1001","shippingNumber":"1","shippingDate":date});
    let mut takes = |setting: &str, date: &str| {
        c.set(json!({"rakuten":{"ship_date":setting}}));
        let number = c.ready(&[]);
        let report = c.report(&number, with(date));
        let taken = c.call("updateOrderShipping", report).0 == 200;
        if taken {
            let o = c.get(&number);
            assert_eq!(o["PackageModelList"][0]["ShippingModelList"][0]["shippingDate"], "2026-11-02");
        }
        taken
    };
    let dates = ["2026-11-02", "20261102", "2026/11/02"];
    assert_eq!(dates.map(|d| takes("hyphen", d)), [true, false, false]);
    assert_eq!(dates.map(|d| takes("compact", d)), [false, true, false]);
    assert_eq!(dates.map(|d| takes("both", d)), [true, true, false]);
}

#[test]
fn reports_before_300_on_cancelled_or_foreign_orders_are_errors_under_http_200() {
    let mut c = Client::calm();
    let early = c.order(&[]);
    let report = c.report(&early, full_record());
    assert_eq!(codes(&c.ok("updateOrderShipping", report)), ["UPDATE_ORDERSHIPPING_ERROR_101"]);
    let gone = c.ready(&[]);
    let report = c.report(&gone, full_record());
    c.edit(&gone, json!({"cancel":"applied"}));
    assert_eq!(codes(&c.ok("updateOrderShipping", report.clone())), ["UPDATE_ORDERSHIPPING_ERROR_102"]);
    c.shop = 1;
    assert_eq!(codes(&c.ok("updateOrderShipping", report)), ["UPDATE_ORDERSHIPPING_ERROR_016"]);
}

#[test]
fn at_most_20_records_a_recipient() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let mut report = c.report(&number, full_record());
    report["BasketidModelList"][0]["ShippingModelList"] = json!(vec![full_record(); 21]);
    assert_eq!(c.call("updateOrderShipping", report.clone()).0, 400);
    report["BasketidModelList"][0]["ShippingModelList"] = json!(vec![full_record(); 20]);
    assert_eq!(c.ok("updateOrderShipping", report)["MessageModelList"].as_array().unwrap().len(), 20);
}

#[test]
fn async_results_come_late_and_running_unknown_and_expired_answer_alike() {
    let mut c = Client::calm();
    let (a, b) = (c.ready(&[]), c.order(&[]));
    let reports = [c.report(&a, full_record()), c.report(&b, full_record())];
    let accepted = c.ok("updateOrderShippingAsync", json!({"OrderShippingModelList":reports}));
    assert_eq!(codes(&accepted), ["UPDATE_ORDERSHIPPING_ASYNC_INFO_101"]);
    let note = &accepted["MessageModelList"][0];
    assert_eq!((&note["dataNumber"], &note["shippingDetailId"]), (&Value::Null, &Value::Null));
    let id = note["requestId"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), id.split_once('_').unwrap().1), (36 + 1 + 14, "20261102090000"));
    let ask = |c: &mut Client, id: &str| c.ok("getResultUpdateOrderShippingAsync", json!({"requestId":id}));
    let running = ask(&mut c, &id);
    assert_eq!(running, ask(&mut c, "unknown"));
    assert_eq!(
        codes(&running["ResultShippingModelList"][0]),
        ["GET_RESULT_UPDATEORDERSHIPPING_ASYNC_INFO_101"]
    );
    assert!(running["ResultShippingModelList"][0].get("orderNumber").is_none());
    assert_eq!(c.progress(&a), 300, "nothing is applied yet");
    c.wait(5_000);
    assert_eq!(c.progress(&a), 500);
    let done = ask(&mut c, &id);
    assert_eq!(done["ResultShippingModelList"][0]["orderNumber"], a.as_str());
    assert_eq!(codes(&done["ResultShippingModelList"][0]), ["UPDATE_ORDERSHIPPING_INFO_101"]);
    assert_eq!(codes(&done["ResultShippingModelList"][1]), ["UPDATE_ORDERSHIPPING_ERROR_101"]);
    c.shop = 1;
    assert_eq!(ask(&mut c, &id), running, "another shop's id is unknown");
    c.shop = 0;
    c.wait(31 * DAY);
    assert_eq!(ask(&mut c, &id), running);
    let (status, bad) = c.call("getResultUpdateOrderShippingAsync", json!({}));
    assert_eq!(
        (status, codes(&bad)),
        (400, vec!["GET_RESULT_UPDATEORDERSHIPPING_ASYNC_ERROR_009".to_owned()])
    );
}

#[test]
fn async_parameter_faults_are_http_200_without_request_id_and_queue_nothing() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let good = c.report(&number, full_record());
    let bad = c.report(&number, json!({"shippingDate":"2026/11/02"}));
    for list in [json!([good, good]), json!([good, bad]), json!([])] {
        let answer = c.ok("updateOrderShippingAsync", json!({"OrderShippingModelList":list}));
        for note in answer["MessageModelList"].as_array().unwrap() {
            assert_eq!((&note["messageType"], note.get("requestId")), (&json!("ERROR"), None));
        }
    }
    let many = vec![good; 101];
    c.ok("updateOrderShippingAsync", json!({"OrderShippingModelList":many}));
    c.wait(HOUR);
    assert_eq!(c.progress(&number), 300);
}

#[test]
fn prepaid_orders_wait_in_200_until_paid_or_cancelled_at_the_deadline() {
    let mut c = Client::calm();
    let (paid, unpaid) = (c.order(&["prepaid"]), c.order(&["unpaid"]));
    confirm(&mut c, &[&paid, &unpaid]);
    assert_eq!(c.get(&paid)["DueDateModelList"][0]["dueDateType"], 0);
    c.wait(23 * HOUR);
    assert_eq!(c.progress(&paid), 200);
    c.wait(2 * HOUR);
    assert_eq!((c.progress(&paid), c.progress(&unpaid)), (300, 200));
    c.wait(14 * DAY);
    assert_eq!((c.progress(&paid), c.progress(&unpaid)), (300, 900));
}

#[test]
fn a_fraud_check_holds_the_order_in_200_with_its_flag() {
    let mut c = Client::calm();
    let number = c.order(&["fraud_check"]);
    confirm(&mut c, &[&number]);
    c.wait(HOUR);
    let o = c.get(&number);
    assert_eq!((&o["orderProgress"], &o["rakutenConfirmFlag"]), (&json!(200), &json!(1)));
    c.wait(2 * HOUR);
    let o = c.get(&number);
    assert_eq!((&o["orderProgress"], &o["rakutenConfirmFlag"]), (&json!(300), &json!(0)));
}

#[test]
fn nobody_confirming_for_14_days_cancels_and_auto_confirm_is_a_setting() {
    let mut c = Client::calm();
    let number = c.order(&[]);
    c.set(json!({"rakuten":{"auto_confirm_after_ms":11_000}}));
    let auto = c.order(&[]);
    c.wait(12_000);
    assert_eq!((c.progress(&number), c.progress(&auto)), (100, 200));
    c.wait(14 * DAY);
    assert_eq!(c.progress(&number), 900);
}

#[test]
fn buyers_edit_and_cancel_by_themselves() {
    let mut c = Client::calm();
    c.set(json!({"world":{"buyer_edit_share":1.0}}));
    let edited = c.order(&[]);
    c.set(json!({"world":{"buyer_cancel_share":1.0}}));
    let cancelled = c.order(&[]);
    let before = c.get(&edited)["deliveryDate"].clone();
    c.wait(HOUR);
    let o = c.get(&edited);
    assert_eq!(o["modifyFlag"], 1);
    assert_ne!(o["deliveryDate"], before);
    assert_eq!(o["ChangeReasonModelList"][0]["changeReason"], 1);
    assert_eq!(c.progress(&cancelled), 900);
}

#[test]
fn a_cancel_before_shipping_only_applies_for_it() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let body = json!({"orderNumber":number,"inventoryRestoreType":1,"changeReasonDetailApply":8});
    assert_eq!(codes(&c.ok("cancelOrder", body.clone())), ["CANCEL_ORDER_INFO_101"]);
    assert_eq!(c.progress(&number), 800);
    assert_eq!(codes(&c.ok("cancelOrder", body)), ["CANCEL_ORDER_ERROR_101"]);
    c.wait(HOUR);
    assert_eq!(c.progress(&number), 900);
    let bad = json!({"orderNumber":number,"inventoryRestoreType":1,"changeReasonDetailApply":7});
    assert_eq!(c.call("cancelOrder", bad).0, 400);
}

#[test]
fn memo_fields_change_only_when_named() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    c.ok(
        "updateOrderMemo",
        json!({"orderNumber":number,"memo":"一行目","operator":"見本","subStatusId":"3601"}),
    );
    let answer = c.ok("updateOrderMemo", json!({"orderNumber":number,"operator":null,"shippingTerm":1416}));
    assert_eq!(codes(&answer), ["UPDATE_ORDERMEMO_INFO_101"]);
    let o = c.get(&number);
    assert_eq!(
        (&o["memo"], &o["operator"], &o["shippingTerm"]),
        (&json!("一行目"), &Value::Null, &json!(1416))
    );
    assert_eq!(o["subStatusName"], "入荷待ち");
    for bad in [
        json!({"memo":"あ".repeat(1001)}),
        json!({"memo":"㈱"}),
        json!({"memo":"😀"}),
        json!({"operator":"七文字の担当者"}),
        json!({"shippingTerm":5}),
        json!({"deliveryDate":"2026/11/02"}),
    ] {
        let mut body = bad.clone();
        body["orderNumber"] = json!(number);
        assert_eq!(c.call("updateOrderMemo", body).0, 400, "{bad}");
    }
    let (status, missing) = c.call("updateOrderMemo", json!({"memo":"x"}));
    assert_eq!((status, codes(&missing)), (400, vec!["UPDATE_ORDERMEMO_ERROR_009".to_owned()]));
}

#[test]
fn sub_statuses_belong_to_one_progress_and_succeed_in_part() {
    let mut c = Client::calm();
    let list = c.reply("getSubStatusList", &Value::Null).value();
    assert_eq!(list["StatusModelList"][1]["SubStatusModelList"][0]["subStatusId"], 3001);
    let (ready, new) = (c.ready(&[]), c.order(&[]));
    let gone = c.order(&[]);
    c.edit(&gone, json!({"cancel":true}));
    let foreign = c.add(json!({"shop":300002})).remove(0);
    let body = json!({"subStatusId":3001,"orderNumberList":[ready, new, gone, foreign]});
    let want =
        ["INFO_101", "ERROR_102", "ERROR_101", "ERROR_016"].map(|w| format!("UPDATE_ORDERSUBSTATUS_{w}"));
    assert_eq!(codes(&c.ok("updateOrderSubStatus", body)), want);
    c.ok("updateOrderSubStatus", json!({"subStatusId":null,"orderNumberList":[ready]}));
    assert_eq!(c.get(&ready)["subStatusId"], Value::Null);
    assert_eq!(c.call("updateOrderSubStatus", json!({"orderNumberList":[ready]})).0, 400);
}
