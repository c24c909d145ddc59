//! The Descriptor is complete and agrees with itself and with FACTS.md.

use super::Yahoo;
use crate::yahoo::descriptor::get;
use crate::yahoo::fields;
use domain::eligibility::Treatment;
use domain::snapshot::MallStage;
use domain::time::{DAY, HOUR};
use domain::write::WriteKind;
use mall_api::Mall;
use mall_api::descriptor::{CredentialRule, CredentialSource, Repeat};
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
}

#[test]
fn every_code_of_the_paper_is_in_the_catalogue() {
    let numbers = [
        "90101", "91801", "91001", "91133", "90166", "90175", "90176", "90150", "90180", "90183", "90191",
        "90192", "91060", "91061", "91062", "91063", "91150", "91152", "91153", "91154", "91180", "91181",
        "91183", "91113", "91115", "91123", "91130", "91704", "91705", "91703", "91058", "91059",
    ];
    let gateway =
        ["px-04001", "px-04102", "px-04303", "px-04306", "px-04307", "px-04400", "px-14303", "px-14304"];
    let all = numbers.iter().map(|n| format!("od{n}")).chain(gateway.iter().map(|c| (*c).to_owned()));
    for code in all {
        assert!(get().errors.iter().any(|e| e.code == code), "{code}");
    }
}

#[test]
fn carriers_hold_every_code_once() {
    let keys: BTreeSet<_> = get().carriers.iter().map(|c| c.carrier).collect();
    let codes: BTreeSet<_> = get().carriers.iter().map(|c| c.code.to_owned()).collect();
    assert_eq!((keys.len(), codes.len()), (32, 32));
    assert_eq!(codes, (1_000..=1_029).chain([5_000, 5_001]).map(|c| c.to_string()).collect());
    for key in ["yamato", "sagawa", "japan_post", "seino", "fukuyama", "other"] {
        let seed = get().carriers.iter().find(|c| c.carrier == key).unwrap();
        let ours = domain::carrier::DEFAULT_CARRIERS.iter().find(|(k, _)| *k == key).unwrap();
        assert_eq!(seed.name, ours.1);
    }
}

#[test]
fn limits_periods_and_writes_stand_as_documented() {
    let descriptor = get();
    for operation in &descriptor.operations {
        assert_eq!(operation.bucket, operation.operation, "one bucket a URL");
        assert!(operation.limit.interval_ms >= 1_000 && operation.limit.burst == 1);
    }
    assert_eq!(descriptor.calls_per_day, Some(50_000));
    let period = descriptor.period.as_ref().unwrap();
    assert_eq!(
        (period.overlap_ms, period.second_look_ms, period.lists_changes),
        (24 * HOUR, 14 * DAY, false)
    );
    for kind in [WriteKind::ShipmentNotice, WriteKind::MallStatus, WriteKind::PaymentStatus] {
        let write = descriptor.write(kind).unwrap();
        assert_eq!((write.look_first, write.repeat), (true, Repeat::Safe));
        assert!(write.settle_ms > 0 && write.queued.is_empty());
    }
    assert!(descriptor.write(WriteKind::ConfirmOrder).is_none());
    let notice = descriptor.notice.as_ref().unwrap();
    assert_eq!((notice.blank_tracking_number, notice.every_recipient), (Treatment::Warn, false));
    assert!(
        !notice.stages.contains(&MallStage::MallProcessing) && !notice.stages.contains(&MallStage::Cancelled)
    );
    assert_eq!(descriptor.default_statuses(), ["0", "1", "2", "3", "8"]);
}

#[test]
fn completing_is_a_row_of_a_new_shop_and_its_phase_and_status_exist() {
    let [link] = get().status_links[..] else { panic!() };
    assert_eq!((link.phase, link.status, link.on), ("completed", "5", true));
    assert!(domain::phase::DEFAULT_PHASES.iter().any(|(key, ..)| *key == link.phase));
    assert_eq!(get().status(link.status).unwrap().label, "完了");
}

#[test]
fn credentials_name_their_source_and_grant_keys_are_fields() {
    let source = |key: &str| get().credentials.iter().find(|c| c.key == key).unwrap().source;
    assert_eq!(source("client_id"), CredentialSource::Typed);
    assert_eq!(source("refresh_token"), CredentialSource::Granted);
    assert_eq!(source("access_token"), CredentialSource::Renewed);
    let grant = Yahoo.grant().unwrap();
    assert_eq!((grant.access_key(), grant.refresh_key()), ("access_token", "refresh_token"));
    let life = |key: &str| get().credentials.iter().find(|c| c.key == key).unwrap().usual_life_ms;
    assert_eq!((life("refresh_token"), life("public_key")), (Some(28 * DAY), Some(365 * DAY)));
    let CredentialRule::BothOrNeither(key, version) = get().credential_rules[0].clone();
    assert_eq!((key, version), ("public_key", "public_key_version"));
    for field in &get().credentials {
        let error = (field.check)("全角 x").unwrap_err();
        assert!(!error.contains("全角 x"), "{}", field.key);
    }
}

#[test]
fn settings_check_their_values_and_their_defaults_pass() {
    for setting in &get().settings {
        assert_eq!((setting.check)(setting.default), Ok(()), "{}", setting.key);
    }
    let check =
        |key: &str, value: &str| (get().settings.iter().find(|s| s.key == key).unwrap().check)(value).is_ok();
    for (key, good, bad) in [
        ("seller_id", "snbx-mihon_1", "Mihon"),
        ("read_only_mode", "2", "1"),
        ("completion_pause_seconds", "3600", "3601"),
        ("no_number_reason", "0", "106"),
        ("list_fields_dropped", "StoreStatus", "OrderStatus"),
        ("info_fields_dropped", "Jan, Notes", "Jann"),
    ] {
        assert!(check(key, good) && !check(key, bad), "{key}");
    }
    assert!(!check("operation_user", &"あ".repeat(121)));
}

#[test]
fn fields_stand_once_and_what_is_needed_is_asked() {
    let unique: BTreeSet<_> = fields::INFO.iter().collect();
    assert_eq!(unique.len(), fields::INFO.len());
    assert!(fields::NEEDED.iter().all(|name| fields::INFO.contains(name)));
    assert!(fields::INFO.join(",").len() < 10_000);
}
