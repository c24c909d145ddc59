//! Login, headers and the live check (1, 9; CRD).

use super::fixtures::plain;
use super::{Amazon, Script, answer, now, raw_answer, refused, role_missing, settings, with};
use crate::amazon::auth;
use domain::time::{MINUTE, SECOND};
use mall_api::grant::Consent;
use mall_api::{CredentialCheck, Credentials, Grant, Mall, MallError, MallErrorKind, WireRequest};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

fn credentials() -> Credentials {
    let pairs = [
        ("client_id", "amzn1.application-oa2-client.x"),
        ("client_secret", "secret+/="),
        ("refresh_token", "Atzr|r&r"),
        ("access_token", "Atza|a"),
    ];
    Credentials::from_pairs(pairs.map(|(k, v)| (k.to_owned(), v.to_owned())))
}

fn grant() -> &'static dyn Grant {
    Amazon.grant().unwrap()
}

fn body(request: &WireRequest) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

#[test]
fn renewing_sends_everything_in_the_body_and_nothing_in_the_query_1_1() {
    let request = grant().refresh(&credentials()).unwrap();
    assert_eq!((request.role.as_str(), request.path.as_str()), ("login", "/auth/o2/token"));
    assert_eq!(
        request.headers,
        [("content-type".to_owned(), "application/x-www-form-urlencoded;charset=UTF-8".to_owned())]
    );
    assert_eq!(request.query, []);
    assert_eq!(
        body(&request),
        "grant_type=refresh_token&refresh_token=Atzr%7Cr%26r&client_id=amzn1.application-oa2-client.x&client_secret=secret%2B%2F%3D"
    );
    assert!(
        matches!(grant().refresh(&Credentials::default()), Err(reason) if reason.code == "credential_missing")
    );
}

#[test]
fn the_code_is_exchanged_without_pkce() {
    let request =
        grant().exchange(&credentials(), "c 1", "https://shop.example.com/back", "verifier").unwrap();
    let body = body(&request);
    assert!(body.starts_with("grant_type=authorization_code&code=c%201&redirect_uri=https%3A%2F%2Fshop.example.com%2Fback&client_id="));
    assert!(!body.contains("verifier"));
}

#[test]
fn the_consent_page_carries_the_state_and_says_when_the_app_is_a_draft() {
    let consent =
        Consent { redirect_uri: "https://shop.example.com/back", state: "s/1", code_challenge: "c" };
    let url = |pairs: &[(&str, &str)]| grant().consent_url(&credentials(), &settings(pairs), consent);
    assert_eq!(url(&[]).unwrap_err().code, "AMAZON_APPLICATION_ID_MISSING");
    let id = ("application_id", "amzn1.sp.solution.x");
    assert_eq!(
        url(&[id]).unwrap(),
        "https://sellercentral.amazon.co.jp/apps/authorize/consent?application_id=amzn1.sp.solution.x&state=s%2F1"
    );
    assert!(url(&[id, ("app_draft", "true")]).unwrap().ends_with("&version=beta"));
    assert!(url(&[id, ("consent_page", "http://127.0.0.1/c")]).unwrap().starts_with("http://127.0.0.1/c?"));
}

#[test]
fn the_way_back_brings_a_code_or_a_refusal() {
    let pairs = |list: &[(&str, &str)]| {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>()
    };
    let of = |list: &[(&str, &str)]| grant().code_of(&pairs(list));
    assert_eq!(
        of(&[("state", "s"), ("spapi_oauth_code", "c1"), ("selling_partner_id", "A1")]),
        Ok("c1".into())
    );
    assert_eq!(of(&[("error", "access_denied")]).unwrap_err().code, "AMAZON_CONSENT_REFUSED");
    assert_eq!(of(&[("spapi_oauth_code", "")]).unwrap_err().code, "AMAZON_NO_CODE");
}

fn tokens(body: &Value) -> Result<Vec<(&'static str, String, Option<i64>)>, MallError> {
    let read = grant().read_tokens(&answer(200, body), now())?;
    let plain = |t: &mall_api::grant::Token| {
        (t.key, t.secret.expose_secret().to_owned(), t.expires_at.map(|at| at.since(now())))
    };
    Ok(read.0.iter().map(plain).collect())
}

#[test]
fn both_tokens_are_kept_as_they_come_with_the_hour_of_the_access() {
    let both = json!({ "access_token": "Atza|n", "refresh_token": "Atzr|n", "token_type": "bearer", "expires_in": 3_600 });
    assert_eq!(
        tokens(&both).unwrap(),
        [("access_token", "Atza|n".into(), Some(60 * MINUTE)), ("refresh_token", "Atzr|n".into(), None)]
    );
    assert_eq!(
        tokens(&json!({ "access_token": "x" })).unwrap(),
        [("access_token", "x".into(), Some(60 * MINUTE))]
    );
    assert!(grant().renew_before_ms() >= 5 * MINUTE && grant().renew_before_ms() <= 10 * MINUTE);
    for odd in [
        json!({}),
        json!({ "access_token": "" }),
        json!({ "access_token": 7.5e9, "refresh_token": [] }),
        json!({ "access_token": "a b" }),
        json!({ "access_token": "Atza|n", "refresh_token": "a\nb" }),
    ] {
        assert_eq!(tokens(&odd).unwrap_err().kind, MallErrorKind::Unreadable, "{odd}");
    }
    let huge = json!({ "access_token": "x", "expires_in": i64::MAX });
    assert_eq!(tokens(&huge).unwrap()[0].2, Some(24 * 60 * MINUTE));
}

#[test]
fn each_error_of_the_login_has_its_cause_and_mend_1_1() {
    let of = |status: u16, error: &str, description: &str| {
        let body = json!({ "error": error, "error_description": description, "request_id": "r" });
        let error = grant().read_tokens(&answer(status, &body), now()).unwrap_err();
        (error.kind, error.reason.code.clone())
    };
    let credential = |code: &str| (MallErrorKind::Credential, code.to_owned());
    let lapsed = "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission.";
    assert_eq!(of(400, "invalid_grant", lapsed), credential("AMAZON_GRANT_LAPSED"));
    assert_eq!(
        of(400, "invalid_grant", "The request has an invalid grant parameter : code").1,
        "AMAZON_CODE_EXPIRED"
    );
    assert_eq!(
        of(401, "invalid_client", "Client authentication failed"),
        credential("AMAZON_SECRET_EXPIRED")
    );
    assert_eq!(of(400, "unauthorized_client", ""), credential("AMAZON_CLIENT_MISMATCH"));
    for error in ["unsupported_grant_type", "invalid_request", "invalid_scope"] {
        assert_eq!(of(400, error, ""), (MallErrorKind::Refused, "AMAZON_LOGIN_REQUEST".into()));
    }
    for (status, error) in [(500, "ServerError"), (503, "ServiceUnavailable")] {
        assert_eq!(of(status, error, "").0, MallErrorKind::Unavailable);
    }
    assert_eq!(of(400, "surprise", "").0, MallErrorKind::Unreadable);
    let page = grant().read_tokens(&raw_answer(200, "text/html", "<html>"), now()).unwrap_err();
    assert_eq!(page.kind, MallErrorKind::Unreadable);
}

#[test]
fn each_call_carries_token_user_agent_and_time_1_2() {
    let mut request = WireRequest::get("getOrder", "/x");
    request.headers.push(("X-Amz-Access-Token".to_owned(), "old".to_owned()));
    Amazon.authorise(&mut request, &credentials(), &settings(&[]), now()).unwrap();
    let header =
        |name: &str| request.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap();
    assert_eq!((header("x-amz-access-token"), header("x-amz-date")), ("Atza|a", "20261122T030000Z"));
    assert!(header("user-agent").starts_with("Choba/") && header("user-agent").contains(" (Language=Rust"));
    assert!(header("user-agent").len() <= 500);
    assert_eq!(request.headers.len(), 3);
    let none = Credentials::default();
    let error = Amazon.authorise(&mut request, &none, &settings(&[]), now()).unwrap_err();
    assert_eq!(error.code, "credential_missing");
    assert_eq!(auth::escape(r"a(b\c", &['(', '\\']), r"a\(b\\c");
}

#[test]
fn keys_are_checked_for_their_form_and_for_being_swapped() {
    assert!(auth::check_client_id("amzn1.application-oa2-client.x").is_ok());
    assert!(auth::check_client_id("Atzr|x").is_err() && auth::check_secret("Atza|x").is_err());
    assert!(auth::check_refresh_token("Atzr|x").is_ok() && auth::check_refresh_token("Atza|x").is_err());
    for bad in ["", "a b", "ａ", "a\n", &"x".repeat(2_049)] {
        let error = auth::check_refresh_token(bad).unwrap_err();
        assert!(bad.is_empty() || !error.contains(bad));
    }
}

fn participations(participating: bool, suspended: bool) -> Value {
    json!({ "payload": [
        { "marketplace": { "id": "A39IBJ37TRP1C6" }, "participation": { "isParticipating": true, "hasSuspendedListings": true } },
        { "marketplace": { "id": "A1VC38T7YXB528" },
          "participation": { "isParticipating": participating, "hasSuspendedListings": suspended } },
    ] })
}

fn plan(plan: &str) -> Value {
    json!({ "payload": { "sellingPlan": plan, "businessType": "PRIVATE_LIMITED", "marketplaceParticipationList": [] } })
}

fn check(answers: Vec<super::WireAnswer>) -> Result<Vec<String>, MallError> {
    let script = Script::new(answers);
    let check = with(&script, &[], async |s| Amazon.check_credential(s, &credentials()).await)?;
    let CredentialCheck { remarks, expires_at } = check;
    assert!(expires_at.is_empty() && script.asked().iter().all(|r| r.body.is_empty()));
    Ok(remarks.into_iter().map(|r| r.code).collect())
}

#[test]
fn a_check_asks_participation_plan_and_one_order_with_reads_only() {
    let none = json!({ "orders": [] });
    let good = json!({ "orders": [plain("250-0000001-0000001", "UNSHIPPED")] });
    let ok = |orders: &Value| {
        vec![
            answer(200, &participations(true, false)),
            answer(200, &plan("PROFESSIONAL")),
            answer(200, orders),
        ]
    };
    assert_eq!(check(ok(&none)).unwrap(), [] as [&str; 0]);
    assert_eq!(check(ok(&good)).unwrap(), [] as [&str; 0]);
    let bare = json!({ "orders": [{ "orderId": "x", "recipient": { "deliveryAddress": { "postalCode": "060" } } }] });
    assert_eq!(check(ok(&bare)).unwrap(), ["AMAZON_NO_PERSONAL_DATA"]);
    let bad =
        vec![answer(200, &participations(false, true)), answer(200, &plan("INDIVIDUAL")), role_missing()];
    assert_eq!(
        check(bad).unwrap(),
        [
            "AMAZON_LISTINGS_SUSPENDED",
            "AMAZON_NOT_PARTICIPATING",
            "AMAZON_INDIVIDUAL_PLAN",
            "AMAZON_FORBIDDEN"
        ]
    );
    // getAccount is closed to some (models#4176): said, not failed.
    let closed = vec![answer(200, &participations(true, false)), role_missing(), answer(200, &none)];
    assert_eq!(check(closed).unwrap(), ["AMAZON_PLAN_NOT_TOLD"]);
    let revoked = refused(
        403,
        "Unauthorized",
        "denied",
        "The access token you provided is revoked, malformed or invalid.",
    );
    assert_eq!(check(vec![revoked]).unwrap_err().kind, MallErrorKind::Credential);
    assert_eq!(
        check(vec![answer(200, &json!({ "payload": {} }))]).unwrap_err().kind,
        MallErrorKind::Unreadable
    );
}

#[test]
fn a_clock_that_is_off_is_noticed_by_the_date_of_the_answer_9() {
    for (date, seconds) in [
        ("Sun, 22 Nov 2026 03:00:30 GMT", None),
        ("Sun, 22 Nov 2026 02:50:00 GMT", Some(600)),
        ("Sun, 22 Nov 2026 03:10:00 GMT", Some(-600)),
    ] {
        let mut first = answer(200, &participations(true, false));
        first.headers.push(("date".to_owned(), date.to_owned()));
        let script =
            Script::new([first, answer(200, &plan("PROFESSIONAL")), answer(200, &json!({ "orders": [] }))]);
        let check = with(&script, &[], async |s| Amazon.check_credential(s, &credentials()).await).unwrap();
        let said = check.remarks.iter().find(|r| r.code == "AMAZON_CLOCK_SKEW").map(|r| r.ja.clone());
        assert_eq!(said.is_some(), seconds.is_some(), "{date}");
        if let (Some(said), Some(seconds)) = (said, seconds) {
            assert!(said.contains(&format!("{seconds}秒")), "{said} after {} s", SECOND);
        }
    }
}
