//! The Descriptor is complete and agrees with itself and with FACTS.md; credentials and requests have their form.

use super::{Rakuten, Script, answer, message, now, raw_answer, settings, time, with};
use crate::rakuten::descriptor::get;
use domain::eligibility::Treatment;
use domain::time::{DAY, HOUR};
use domain::write::WriteKind;
use domain::{CarrierKey, ShopId, carrier::DEFAULT_CARRIERS};
use mall_api::descriptor::Repeat;
use mall_api::{Credentials, Mall, MallErrorKind, WireRequest};
use serde_json::json;
use std::collections::BTreeSet;

const FACTS: &str = include_str!("../FACTS.md");

#[test]
fn every_error_code_is_unique_documented_and_in_words() {
    let codes: BTreeSet<_> = get().errors.iter().map(|e| e.code).collect();
    assert_eq!(codes.len(), get().errors.len());
    for entry in &get().errors {
        assert!(FACTS.contains(&format!("`{}`", entry.code)), "{} is not in FACTS.md", entry.code);
        assert!(!entry.ja.is_empty() && entry.en.is_ascii(), "{}", entry.code);
    }
    assert!(get().errors.iter().find(|e| e.code == "CE0001").unwrap().retried);
    assert!(!get().errors.iter().find(|e| e.code == "GA0001").unwrap().retried);
}

#[test]
fn carriers_hold_the_default_keys_and_every_code_once() {
    let keys: BTreeSet<_> = get().carriers.iter().map(|c| CarrierKey::from(c.carrier)).collect();
    let codes: BTreeSet<_> = get().carriers.iter().map(|c| c.code.to_owned()).collect();
    assert_eq!((keys.len(), codes.len()), (32, 32));
    assert_eq!(codes, (1_000..=1_031).map(|c| c.to_string()).collect());
    for (key, name) in DEFAULT_CARRIERS {
        let seed = get().carriers.iter().find(|c| c.carrier == key).unwrap();
        assert_eq!(seed.name, name);
    }
}

#[test]
fn limits_periods_and_writes_stand_as_documented() {
    let descriptor = get();
    for operation in &descriptor.operations {
        let order_api = operation.operation != "licenseKeyExpiryDate";
        assert_eq!(operation.bucket == "order", order_api);
        assert_eq!((operation.limit.interval_ms, operation.limit.burst), (1_000, 1));
        assert!((30_000..=60_000).contains(&operation.timeout_ms));
    }
    assert_eq!(descriptor.operations.len(), 7);
    let period = descriptor.period.as_ref().unwrap();
    assert_eq!((period.max_window_ms, period.max_age_ms), (63 * DAY, 730 * DAY));
    assert_eq!((period.second_look_ms, period.overlap_ms), (63 * DAY, 24 * HOUR));
    let confirm = descriptor.write(WriteKind::ConfirmOrder).unwrap();
    assert_eq!((confirm.repeat, confirm.look_first), (Repeat::Safe, false));
    let ship = descriptor.write(WriteKind::ShipmentNotice).unwrap();
    assert_eq!((ship.repeat, ship.look_first), (Repeat::AfterReadBack, true));
    assert!(
        ship.settle_ms >= 120_000 && ship.result_deadline_ms > ship.settle_ms && ship.poll_after_ms >= 1_000
    );
    assert!(confirm.settle_ms > 0 && confirm.result_deadline_ms > 0);
    let notice = descriptor.notice.as_ref().unwrap();
    assert_eq!(notice.blank_carrier, Treatment::Warn);
    assert!(notice.every_recipient);
    assert_eq!(descriptor.default_statuses(), ["100", "200", "300", "400"]);
    assert_eq!(descriptor.status("300").unwrap().label, "発送待ち");
}

#[test]
fn settings_check_their_values_and_their_defaults_pass() {
    for setting in &get().settings {
        assert_eq!((setting.check)(setting.default), Ok(()), "{}", setting.key);
        assert!((setting.check)("x").is_err() && (setting.check)("-1").is_err(), "{}", setting.key);
    }
    let check =
        |key: &str, value: &str| (get().settings.iter().find(|s| s.key == key).unwrap().check)(value).is_ok();
    assert!(
        check("date_format", "compact") && check("getorder_version", "7") && !check("getorder_version", "6")
    );
    assert!(
        !check("getorder_version", "11")
            && check("async_threshold", "0")
            && check("content_type_space", "false")
    );
}

fn credentials(secret: &str, key: &str) -> Credentials {
    Credentials::from_pairs([("service_secret".into(), secret.into()), ("license_key".into(), key.into())])
}

#[test]
fn keys_are_checked_for_their_form_without_being_repeated() {
    let checks: Vec<_> = get().credentials.iter().map(|c| c.check).collect();
    assert_eq!((checks[0]("SP123456_abcDEF"), checks[1]("SL123456_abcDEF")), (Ok(()), Ok(())));
    assert!(checks[0]("strange-but-possible").is_ok());
    for bad in ["", "SP12 3456", "ＳＰ", "SP1_a\n", "a:b", &"x".repeat(129)] {
        for check in &checks {
            let error = check(bad).unwrap_err();
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }
    assert!(checks[0](&"x".repeat(128)).is_ok());
    assert!(checks[0]("SL123456_abc").unwrap_err().contains("licenseKey"));
    assert!(checks[1]("SP123456_abc").unwrap_err().contains("serviceSecret"));
    assert!(checks[1]("SPecial_key").is_ok() && checks[1]("SP1").is_ok());
    assert!(get().credentials[1].expiry_asked && !get().credentials[0].expiry_asked);
}

#[test]
fn the_esa_header_is_put_in_just_before_sending() {
    let good = credentials("SP123456_s", "SL123456_k&1");
    let mut request = WireRequest::get("searchOrder", "/x");
    request.headers.push(("Authorization".into(), "old".into()));
    Rakuten.authorise(&mut request, &good, &settings(&[]), now()).unwrap();
    assert_eq!(
        request.headers,
        [("authorization".to_owned(), "ESA U1AxMjM0NTZfczpTTDEyMzQ1Nl9rJjE=".to_owned())]
    );
    assert_eq!(request.query, []);
    let mut expiry = WireRequest::get("licenseKeyExpiryDate", "/x");
    expiry.query.push(("licenseKey".into(), "old".into()));
    Rakuten.authorise(&mut expiry, &good, &settings(&[]), now()).unwrap();
    assert_eq!(expiry.query, [("licenseKey".to_owned(), "SL123456_k&1".to_owned())]);
    for (secret, key, code) in [
        ("", "SL1_k", "credential_missing"),
        ("SP1_s", "", "credential_missing"),
        ("SP1_s", "SL1 k", "GK0001"),
        ("SP1 s", "SL1_k", "GK0001"),
    ] {
        let mut request = WireRequest::get("searchOrder", "/x");
        let reason =
            Rakuten.authorise(&mut request, &credentials(secret, key), &settings(&[]), now()).unwrap_err();
        assert_eq!((reason.code.as_str(), request.headers.len()), (code, 0));
    }
}

#[test]
fn entries_of_one_shop_share_a_lane_and_no_secret_is_in_its_name() {
    let key = |secret: &str| Rakuten.pacing_key(ShopId(7), &credentials(secret, "SL1_k"));
    assert_eq!(key("SP123456_secret"), "rakuten:shop123456");
    for odd in ["", "secret", "SP_secret", "SPabc_x", "SP123456", "SP1234567890123_x"] {
        assert_eq!(key(odd), "rakuten:7", "{odd}");
    }
}

fn no_hits() -> mall_api::WireAnswer {
    let info = message("INFO", "SEARCH_ORDER_INFO_102", None, &json!({}));
    answer(
        200,
        &json!({ "orderNumberList": [], "MessageModelList": [info], "PaginationResponseModel": null }),
    )
}

fn off() -> mall_api::WireAnswer {
    answer(400, &json!({ "Results": { "errorCode": "ES04-01", "message": "off" } }))
}

fn expiry() -> mall_api::WireAnswer {
    answer(200, &json!({ "expiryDate": "2026-11-28T23:59:59" }))
}

fn nothing_found() -> mall_api::WireAnswer {
    let info = message("INFO", "GET_ORDER_INFO_102", Some("000000-20000101-0000000000"), &json!({}));
    answer(200, &json!({ "OrderModelList": [], "MessageModelList": [info], "version": 10 }))
}

#[test]
fn a_credential_check_asks_expiry_search_and_get_with_reads_only() {
    let script = Script::new([expiry(), no_hits(), nothing_found()]);
    let check =
        with(&script, &[], async |s| Rakuten.check_credential(s, &Credentials::default()).await).unwrap();
    assert_eq!(check.expires_at, [("license_key".to_owned(), time("2026-11-28 23:59:59"))]);
    assert_eq!(check.remarks, []);
    let asked = script.asked();
    assert_eq!(asked[0].path, "/es/1.0/license-management/license-key/expiry-date");
    assert_eq!(asked[0].query, []);
    assert_eq!(
        (asked[1].path.as_str(), asked[2].path.as_str()),
        ("/es/2.0/order/searchOrder/", "/es/2.0/order/getOrder/")
    );
    assert_eq!(script.body(1)["startDatetime"], "2026-11-22T11:00:00+0900");
}

#[test]
fn a_function_that_is_off_is_named_and_a_silent_expiry_is_said() {
    let script = Script::new([off(), off(), off()]);
    let check =
        with(&script, &[], async |s| Rakuten.check_credential(s, &Credentials::default()).await).unwrap();
    let codes: Vec<_> = check.remarks.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["RAKUTEN_EXPIRY_NOT_TOLD", "RAKUTEN_FUNCTION_OFF", "RAKUTEN_FUNCTION_OFF"]);
    assert!(check.remarks[1].ja.ends_with("rpay.order.searchOrder"));
    assert!(check.remarks[2].en.ends_with("rpay.order.getOrder"));
    assert_eq!(check.remarks[1].mall_code.as_deref(), Some("ES04-01"));
    for odd in [
        answer(200, &json!({})),
        answer(200, &json!({ "expiryDate": "soon" })),
        answer(404, &json!({})),
        raw_answer(200, "text/html", "<html></html>"),
        answer(200, &json!({ "expiryDate": [1] })),
    ] {
        let script = Script::new([odd, no_hits(), nothing_found()]);
        let check =
            with(&script, &[], async |s| Rakuten.check_credential(s, &Credentials::default()).await).unwrap();
        assert_eq!((check.expires_at.len(), check.remarks.len()), (0, 1));
    }
}

#[test]
fn a_refused_key_fails_the_check_at_any_of_its_questions() {
    let refused = || answer(401, &json!({ "errors": [{ "code": "GA0001", "message": "Un-Authorised" }] }));
    for answers in [vec![refused()], vec![expiry(), refused()], vec![expiry(), no_hits(), refused()]] {
        let script = Script::new(answers);
        let error = with(&script, &[], async |s| Rakuten.check_credential(s, &Credentials::default()).await)
            .unwrap_err();
        assert_eq!(error.kind, MallErrorKind::Credential);
    }
    let bad = message("ERROR", "SEARCH_ORDER_ERROR_011", None, &json!({}));
    let script =
        Script::new([expiry(), answer(400, &json!({ "orderNumberList": null, "MessageModelList": [bad] }))]);
    let error =
        with(&script, &[], async |s| Rakuten.check_credential(s, &Credentials::default()).await).unwrap_err();
    assert_eq!(error.kind, MallErrorKind::Refused);
}
