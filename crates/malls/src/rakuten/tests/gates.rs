//! One test per kind of answer that is not an answer of the order API (1.4, 4; F05, F07, F08).

use super::{answer, raw_answer};
use crate::rakuten::envelope::{gate, refuses_content_type};
use domain::reason::Actor;
use mall_api::charset::encode_shift_jis;
use mall_api::{MallErrorKind, WireAnswer};
use serde_json::json;

fn refused(answer: &WireAnswer) -> (MallErrorKind, String) {
    let error = gate(answer).unwrap_err();
    (error.kind, error.reason.code)
}

fn errors(status: u16, code: &str) -> WireAnswer {
    answer(status, &json!({ "errors": [{ "code": code, "message": "Un-Authorised" }] }))
}

fn results(status: u16, code: &str) -> WireAnswer {
    answer(status, &json!({ "Results": { "errorCode": code, "message": "Un-Authorised" } }))
}

#[test]
fn ga0001_is_the_credential_with_the_mend_in_japanese() {
    let error = gate(&errors(401, "GA0001")).unwrap_err();
    assert_eq!((error.kind, error.reason.actor), (MallErrorKind::Credential, Actor::Admin));
    assert!(error.reason.ja.contains("licenseKey") && error.reason.remedy.contains("RMS"));
    assert_eq!(error.reason.mall_text.as_deref(), Some("Un-Authorised"));
}

#[test]
fn the_older_envelope_is_read_as_well() {
    assert_eq!(refused(&results(401, "ES01-01")), (MallErrorKind::Credential, "ES01-01".into()));
}

#[test]
fn malformed_credentials_are_the_credential_though_the_status_is_400() {
    for code in ["GK0001", "GK0005", "GK0006"] {
        assert_eq!(refused(&errors(400, code)), (MallErrorKind::Credential, code.into()));
    }
}

#[test]
fn a_function_that_is_off_is_not_allowed_whatever_the_status() {
    for status in [200, 400, 401, 403] {
        assert_eq!(refused(&results(status, "ES04-01")), (MallErrorKind::NotAllowed, "ES04-01".into()));
    }
}

#[test]
fn a_refused_content_type_is_seen_by_status_and_by_code() {
    assert_eq!(refused(&results(415, "ES04-03")), (MallErrorKind::Refused, "ES04-03".into()));
    assert_eq!(refused(&raw_answer(415, "text/plain", "")), (MallErrorKind::Refused, "ES04-03".into()));
    assert!(refuses_content_type(&results(400, "ES04-03")) && refuses_content_type(&raw_answer(415, "", "")));
    assert!(
        !refuses_content_type(&results(400, "ES04-01")) && !refuses_content_type(&answer(200, &json!({})))
    );
}

#[test]
fn xml_auth_error_and_xml_limits_are_read() {
    let xml = |status, word: &str| {
        let text = format!(
            "<?xml version=\"1.0\"?><result><status><systemStatus>NG</systemStatus><message>{word}</message></status></result>"
        );
        raw_answer(status, "text/xml", text)
    };
    assert_eq!(refused(&xml(401, "AuthError")), (MallErrorKind::Credential, "AuthError".into()));
    for word in ["QPSLimit", "AccessLimit"] {
        let limited = MallErrorKind::RateLimited { retry_after_ms: None };
        assert_eq!(refused(&xml(403, word)), (limited, word.into()));
    }
    assert_eq!(refused(&xml(403, "Else")).0, MallErrorKind::NotAllowed);
}

#[test]
fn an_unknown_gateway_code_goes_by_its_status_and_is_never_a_refusal_of_200_or_400() {
    for (status, kind) in [
        (401, MallErrorKind::Credential),
        (403, MallErrorKind::NotAllowed),
        (404, MallErrorKind::Refused),
        (405, MallErrorKind::Refused),
        (500, MallErrorKind::Unavailable),
        (200, MallErrorKind::Unreadable),
        (400, MallErrorKind::Unreadable),
        (599, MallErrorKind::Unavailable),
    ] {
        assert_eq!(refused(&errors(status, "ZZ9999")), (kind, "mall_code_unknown".into()));
        assert_eq!(refused(&results(status, "ZZ9999")), (kind, "mall_code_unknown".into()));
    }
}

#[test]
fn statuses_without_a_known_body_go_by_meaning() {
    for (status, kind, code) in [
        (401, MallErrorKind::Credential, "RAKUTEN_UNAUTHORISED"),
        (403, MallErrorKind::NotAllowed, "RAKUTEN_FORBIDDEN"),
        (404, MallErrorKind::Refused, "RAKUTEN_WRONG_ADDRESS"),
        (405, MallErrorKind::Refused, "RAKUTEN_WRONG_ADDRESS"),
        (418, MallErrorKind::Unreadable, "answer_unreadable"),
        (204, MallErrorKind::Unreadable, "answer_unreadable"),
        (500, MallErrorKind::Unavailable, "mall_unavailable"),
        (502, MallErrorKind::Unavailable, "mall_unavailable"),
        (503, MallErrorKind::Unavailable, "mall_unavailable"),
    ] {
        for body in ["", "{}", "Un-Authorised", "{\"errors\":[]}", "{\"errors\":7}"] {
            assert_eq!(
                refused(&raw_answer(status, "text/plain", body)),
                (kind, code.into()),
                "{status} {body}"
            );
        }
    }
    let own = gate(&raw_answer(401, "", "")).unwrap_err().reason;
    assert_eq!(own.mall_code, None);
}

#[test]
fn throttling_obeys_retry_after_f07() {
    let mut limited = errors(429, "GA0001");
    assert_eq!(
        refused(&limited),
        (MallErrorKind::RateLimited { retry_after_ms: None }, "rate_limited".into())
    );
    limited.headers.push(("retry-after".into(), "5".into()));
    assert_eq!(refused(&limited).0, MallErrorKind::RateLimited { retry_after_ms: Some(5_000) });
}

#[test]
fn maintenance_pages_are_maintenance_in_both_character_sets_f05() {
    let page = "<!DOCTYPE html><html><body>只今メンテナンス中です</body></html>";
    for body in [page.as_bytes().to_vec(), encode_shift_jis(page).unwrap()] {
        for status in [200, 400, 503] {
            let mut answer = raw_answer(status, "text/html", body.clone());
            answer.headers.push(("retry-after".into(), "60".into()));
            let kind = MallErrorKind::Maintenance { retry_after_ms: Some(60_000) };
            assert_eq!(refused(&answer), (kind, "mall_maintenance".into()));
        }
        assert_eq!(refused(&raw_answer(500, "text/html", body)).0, MallErrorKind::Unavailable);
    }
    let json = answer(503, &json!({ "message": "メンテナンス" }));
    assert_eq!(refused(&json).0, MallErrorKind::Maintenance { retry_after_ms: None });
}

#[test]
fn login_pages_redirects_and_other_shapes_are_unreadable_not_parsed_f05() {
    for answer in [
        raw_answer(200, "text/html", "<html>ログイン</html>"),
        raw_answer(400, "application/json", "<html>ログイン</html>"),
        raw_answer(302, "text/html", ""),
        raw_answer(301, "application/json", "{}"),
        raw_answer(200, "application/json", ""),
        raw_answer(200, "application/json", "  \n"),
        raw_answer(200, "application/json", "[]"),
        raw_answer(200, "text/plain", "{}"),
    ] {
        assert_eq!(refused(&answer), (MallErrorKind::Unreadable, "answer_unreadable".into()));
    }
}

#[test]
fn answers_of_the_order_api_pass() {
    for status in [200, 400] {
        assert_eq!(gate(&answer(status, &json!({ "MessageModelList": [] }))), Ok(()));
    }
    assert_eq!(gate(&raw_answer(200, "Application/JSON", " {}")), Ok(()));
    let mut bare = answer(200, &json!({}));
    bare.headers.clear();
    assert_eq!(gate(&bare), Ok(()));
    // A large answer is not searched for an envelope of the gateway.
    let large = answer(200, &json!({ "errors": [{ "code": "GA0001" }], "fill": "x".repeat(5_000) }));
    assert_eq!(gate(&large), Ok(()));
}
