//! YConnect v2 (1.2, 1.3, 1.6).

use super::{Yahoo, error, headed, now, raw, settings, xml};
use domain::time::{DAY, HOUR};
use mall_api::grant::Consent;
use mall_api::{Credentials, Grant, Mall, MallErrorKind, Tokens, WireAnswer};
use secrecy::ExposeSecret as _;

fn grant() -> &'static dyn Grant {
    static YAHOO: Yahoo = Yahoo;
    YAHOO.grant().unwrap()
}

fn credentials() -> Credentials {
    Credentials::from_pairs(
        [("client_id", "id-1"), ("client_secret", "s&cret"), ("refresh_token", "ref+1")]
            .map(|(k, v)| (k.to_owned(), v.to_owned())),
    )
}

fn json(status: u16, text: &str) -> WireAnswer {
    raw(status, "application/json", text.to_owned())
}

fn keys(tokens: &Tokens) -> Vec<(&str, &str, Option<i64>)> {
    tokens
        .0
        .iter()
        .map(|t| (t.key, t.secret.expose_secret(), t.expires_at.map(|at| at.since(now()))))
        .collect()
}

#[test]
fn the_consent_page_has_state_and_challenge_and_no_secret() {
    let consent =
        Consent { redirect_uri: "https://hub.example.jp/back?x=1", state: "st", code_challenge: "ch" };
    let url = grant().consent_url(&credentials(), &settings(&[]), consent).unwrap();
    assert_eq!(
        url,
        "https://auth.login.yahoo.co.jp/yconnect/v2/authorization?response_type=code&client_id=id-1&redirect_uri=https%3A%2F%2Fhub.example.jp%2Fback%3Fx%3D1&scope=openid%20profile&bail=1&state=st&code_challenge=ch&code_challenge_method=S256"
    );
    assert!(grant().consent_url(&Credentials::default(), &settings(&[]), consent).is_err());
}

#[test]
fn the_way_back_brings_a_code_or_a_refusal_in_words() {
    let query = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    assert_eq!(grant().code_of(&query(&[("state", "st"), ("code", "c-1")])).unwrap(), "c-1");
    let refused = grant().code_of(&query(&[("error", "access_denied"), ("code", "c-1")])).unwrap_err();
    assert!(refused.code == "access_denied" && refused.ja.contains("同意"));
    for odd in [vec![("error", "odd")], vec![], vec![("code", "")], vec![("code", "a b")]] {
        assert_eq!(grant().code_of(&query(&odd)).unwrap_err().code, "YAHOO_NO_CODE");
    }
}

#[test]
fn token_requests_authenticate_by_the_basic_header_and_carry_the_verifier() {
    let refresh = grant().refresh(&credentials()).unwrap();
    assert_eq!((refresh.role.as_str(), refresh.path.as_str()), ("login", "/yconnect/v2/token"));
    assert!(refresh.headers.contains(&("authorization".into(), "Basic aWQtMTpzJmNyZXQ=".into())));
    assert_eq!(refresh.body, b"grant_type=refresh_token&refresh_token=ref%2B1");
    let exchange = grant().exchange(&credentials(), "c/1", "https://hub.example.jp/", "ver").unwrap();
    assert_eq!(
        String::from_utf8(exchange.body).unwrap(),
        "grant_type=authorization_code&code=c%2F1&redirect_uri=https%3A%2F%2Fhub.example.jp%2F&code_verifier=ver"
    );
    let bare = Credentials::from_pairs([("client_id".to_owned(), "id-1".to_owned())]);
    assert_eq!(grant().refresh(&bare).unwrap_err().code, "credential_missing");
}

#[test]
fn a_refresh_without_a_refresh_token_keeps_the_old_one() {
    for life in ["3600", "\"3600\""] {
        let text = format!(r#"{{"access_token":"a-2","token_type":"Bearer","expires_in":{life}}}"#);
        let tokens = grant().read_tokens(&json(200, &text), now()).unwrap();
        assert_eq!(keys(&tokens), [("access_token", "a-2", Some(HOUR))]);
    }
    // Using it does not lengthen its life: no new end is told.
    let again =
        grant().read_tokens(&json(200, r#"{"access_token":"a","refresh_token":"r"}"#), now()).unwrap();
    assert_eq!(keys(&again), [("access_token", "a", None), ("refresh_token", "r", None)]);
}

#[test]
fn a_consent_begins_four_weeks() {
    let text = r#"{"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r","id_token":"x.y.z"}"#;
    let tokens = grant().read_tokens(&json(200, text), now()).unwrap();
    assert_eq!(keys(&tokens), [("access_token", "a", Some(HOUR)), ("refresh_token", "r", Some(28 * DAY))]);
    assert!(!format!("{tokens:?}").contains("\"r\""));
}

#[test]
fn a_dead_grant_needs_a_person_and_says_so() {
    let of = |status, text: &str| grant().read_tokens(&json(status, text), now()).unwrap_err();
    let dead = of(400, r#"{"error":"invalid_grant","error_description":null,"error_code":"1101"}"#);
    assert_eq!((dead.kind, dead.reason.code.as_str()), (MallErrorKind::Credential, "invalid_grant"));
    assert!(dead.reason.remedy.contains("認可") && dead.reason.mall_text.as_deref() == Some("(1101)"));
    let client = of(401, r#"{"error":"invalid_client"}"#);
    assert!(client.kind == MallErrorKind::Credential && client.reason.ja.contains("Client ID"));
    assert_eq!(of(400, r#"{"error":"odd"}"#).kind, MallErrorKind::Credential);
    assert_eq!(of(500, r#"{"error":"server_error"}"#).kind, MallErrorKind::Unavailable);
    assert_eq!(of(500, "<html>").kind, MallErrorKind::Unavailable);
    assert!(matches!(of(403, "<html>").kind, MallErrorKind::RateLimited { .. }));
    for text in [
        "",
        "{}",
        "[]",
        r#"{"access_token":""}"#,
        r#"{"access_token":"a b"}"#,
        r#"{"access_token":7.5,"expires_in":"x"}"#,
    ] {
        assert_eq!(of(200, text).kind, MallErrorKind::Unreadable, "{text}");
    }
    assert_eq!(of(200, r#"{"error":"invalid_grant"}"#).kind, MallErrorKind::Credential);
}

#[test]
fn only_a_dead_access_token_is_stale_never_the_twelve_hours() {
    let words = "Please provide valid credentials. Bearer realm=\"yahooapis.jp\", error=\"invalid_token\", error_description=\"expired token\"";
    let dead = xml(401, format!("<Error>\n<Message>{words}</Message>\n</Error>"));
    assert!(grant().is_stale(&dead));
    let header =
        headed(raw(401, "application/xml", ""), "www-authenticate", "Bearer error=\"invalid_token\"");
    assert!(grant().is_stale(&header));
    assert!(!grant().is_stale(&error(401, "px-04102", "AccessToken has been expired.")));
    let scope =
        headed(raw(401, "application/xml", ""), "www-authenticate", "Bearer error=\"insufficient_scope\"");
    assert!(!grant().is_stale(&scope) && !grant().is_stale(&raw(401, "text/html", "<html>")));
    assert!(!grant().is_stale(&xml(403, format!("<Error><Message>{words}</Message></Error>"))));
    assert!(grant().renew_before_ms() > 0 && grant().renew_before_ms() < HOUR);
}
