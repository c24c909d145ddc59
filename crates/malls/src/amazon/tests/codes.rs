//! The Descriptor and the words it is made of.

use super::{Amazon, answer, settings};
use crate::amazon::codes::CarrierCode;
use crate::amazon::descriptor::{self, marketplace};
use crate::amazon::settings::{Meaning, report_texts};
use domain::eligibility::Treatment;
use domain::time::DAY;
use domain::write::WriteKind;
use mall_api::Mall as _;
use mall_api::descriptor::CredentialSource;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn limits_are_those_of_section_8_and_each_operation_has_its_own_bucket() {
    let limit = |name: &str| {
        let limit = descriptor::get().operation(name).unwrap().limit;
        (limit.interval_ms, limit.burst)
    };
    assert_eq!(limit("searchOrders"), (178_572, 20));
    assert_eq!(limit("getOrder"), (2_000, 30));
    assert_eq!(limit("confirmShipment"), (500, 10));
    assert_eq!(limit("createFeedDocument"), (2_000, 15));
    assert_eq!(limit("createFeed"), (120_482, 15));
    assert_eq!(limit("getFeed"), (500, 15));
    assert_eq!(limit("getFeeds"), (45_046, 10));
    assert_eq!(limit("getFeedDocument"), (45_046, 10));
    assert_eq!(limit("getAccount"), (62_500, 15));
    let buckets: BTreeSet<_> = descriptor::get().operations.iter().map(|o| o.bucket).collect();
    assert_eq!(buckets.len(), descriptor::get().operations.len());
}

#[test]
fn a_told_rate_is_believed_where_it_is_documented_and_sane() {
    let told = |status: u16, rate: &str| {
        let mut answer = answer(status, &json!({}));
        answer.headers.push(("x-amzn-ratelimit-limit".to_owned(), rate.to_owned()));
        Amazon.told_interval_ms("searchOrders", &answer)
    };
    assert_eq!(
        (told(200, "0.0167"), told(404, "2.0"), told(202, " 5 ")),
        (Some(59_881), Some(500), Some(200))
    );
    for (status, rate) in [
        (429, "2.0"),
        (500, "2.0"),
        (200, "0"),
        (200, "-1"),
        (200, "NaN"),
        (200, "inf"),
        (200, "x"),
        (200, "1e-30"),
    ] {
        assert_eq!(told(status, rate), None, "{status} {rate}");
    }
    assert_eq!(Amazon.told_interval_ms("getOrder", &answer(200, &json!({}))), None);
}

#[test]
fn the_descriptor_says_what_the_rest_of_the_program_needs() {
    let descriptor = descriptor::get();
    let notice = descriptor.notice.as_ref().unwrap();
    assert_eq!((notice.blank_tracking_number, notice.blank_ship_date), (Treatment::Warn, Treatment::Refuse));
    assert_eq!((notice.blank_carrier, notice.future_ship_date), (Treatment::Refuse, Treatment::Refuse));
    let write = descriptor.write(WriteKind::ShipmentNotice).unwrap();
    assert!(write.look_first && write.settle_of("createFeed") > write.settle_of("confirmShipment"));
    assert!(descriptor.period.as_ref().unwrap().lists_changes);
    let fetched = descriptor.default_statuses();
    assert!(fetched.contains(&"UNSHIPPED".to_owned()) && !fetched.contains(&"SHIPPED".to_owned()));
    let codes: BTreeSet<_> = descriptor.errors.iter().map(|e| e.code).collect();
    assert_eq!(codes.len(), descriptor.errors.len());
    for setting in &descriptor.settings {
        assert_eq!((setting.check)(setting.default), Ok(()), "{}", setting.key);
    }
    let life = |key: &str| descriptor.credentials.iter().find(|c| c.key == key).unwrap();
    assert_eq!(life("client_secret").usual_life_ms, Some(180 * DAY));
    assert_eq!(
        (life("refresh_token").usual_life_ms, life("refresh_token").source),
        (Some(365 * DAY), CredentialSource::Granted)
    );
    assert_eq!(life("access_token").source, CredentialSource::Renewed);
    let document = descriptor.endpoints.iter().find(|e| e.role == "document").unwrap();
    assert_eq!(document.given_hosts, [".amazonaws.com"]);
}

#[test]
fn settings_are_checked_before_they_are_kept() {
    let check = |key: &str, value: &str| {
        let field = descriptor::get().settings.iter().find(|s| s.key == key).unwrap();
        (field.check)(value).is_ok()
    };
    for (key, good, bad) in [
        ("marketplace_id", "A1VC38T7YXB528", "A1VC38/.."),
        ("feed_threshold", "0", "-1"),
        ("file_charset", "shift_jis", "euc"),
        ("included_data", "no_personal", "some"),
        ("ship_method", "宅急便", "宅急便\t"),
        ("app_draft", "true", "yes"),
        ("consent_page", "https://example.com/consent", "https://example.com/?a=1"),
        ("report_texts", "成功扱い=ship-method|失敗=refused", "たぶん=x"),
    ] {
        assert!(check(key, good) && !check(key, bad), "{key}");
    }
    assert_eq!(marketplace(&settings(&[])), "A1VC38T7YXB528");
    let texts = report_texts(&settings(&[("report_texts", "要確認=Odd | 失敗=NO|x")]));
    assert_eq!(texts, [(Meaning::Unclear, "odd".to_owned()), (Meaning::Refused, "no".to_owned())]);
}

#[test]
fn a_carrier_code_holds_code_name_and_method() {
    let parse = |text: &str| {
        let carrier = CarrierCode::parse(text);
        (carrier.code, carrier.name, carrier.method)
    };
    assert_eq!(parse("YAMATO"), ("YAMATO".into(), String::new(), String::new()));
    assert_eq!(parse("Other:日本郵便"), ("Other".into(), "日本郵便".into(), String::new()));
    assert_eq!(parse("YAMATO：ヤマト運輸：宅急便"), ("YAMATO".into(), "ヤマト運輸".into(), "宅急便".into()));
    for seed in &descriptor::get().carriers {
        let carrier = CarrierCode::parse(seed.code);
        assert_eq!(carrier.name, seed.name);
        assert!(carrier.names(seed.name) && (carrier.is_other() != carrier.names(&carrier.code)));
    }
}
