//! Credentials: forms, bearer and signature, the live check (1.4, 1.5, Y01).

use super::{Script, Yahoo, error, headed, now, raw, settings, with, xml};
use crate::yahoo::auth::check_public_key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ShopId;
use mall_api::{CredentialCheck, Credentials, Mall, MallError, MallErrorKind, WireAnswer, WireRequest};
use rsa::pkcs8::EncodePublicKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use std::sync::LazyLock;

/// Made for this run of the tests.
static KEY: LazyLock<RsaPrivateKey> =
    LazyLock::new(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap());

fn pem() -> String {
    let der = KEY.to_public_key().to_public_key_der().unwrap();
    let text = STANDARD.encode(der.as_bytes());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn credentials(pairs: &[(&str, &str)]) -> Credentials {
    Credentials::from_pairs(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn authorised(pairs: &[(&str, &str)], store: &[(&str, &str)]) -> Result<WireRequest, String> {
    let mut request = WireRequest::get("orderCount", "/x");
    request.headers.push(("Authorization".into(), "old".into()));
    request.headers.push(("X-SWS-Signature".into(), "old".into()));
    let done = Yahoo.authorise(&mut request, &credentials(pairs), &settings(store), now());
    done.map(|()| request).map_err(|reason| reason.code)
}

fn header(request: &WireRequest, name: &str) -> Option<String> {
    let found: Vec<_> = request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).collect();
    assert!(found.len() < 2, "{name} twice");
    found.first().map(|(_, v)| v.clone())
}

#[test]
fn the_signature_is_the_store_and_the_time_encrypted_with_the_public_key() {
    let one_line = pem().replace('\n', "");
    let written_out = pem().replace('\n', "\\n");
    let spaces = pem().replace("-----\n", "----- ").replace('\n', " ");
    for key in [pem(), one_line, written_out, spaces, pem().replace('\n', "\r\n")] {
        assert_eq!(check_public_key(&key), Ok(()));
        let request =
            authorised(&[("access_token", "tok"), ("public_key", &key), ("public_key_version", "3")], &[])
                .unwrap();
        assert_eq!(header(&request, "authorization").unwrap(), "Bearer tok");
        assert_eq!(header(&request, "x-sws-signature-version").unwrap(), "3");
        let cipher = STANDARD.decode(header(&request, "x-sws-signature").unwrap()).unwrap();
        let plain = KEY.decrypt(Pkcs1v15Encrypt, &cipher).unwrap();
        assert_eq!(String::from_utf8(plain).unwrap(), format!("mihon-store:{}", now().0 / 1_000));
    }
}

#[test]
fn each_request_has_a_signature_of_its_own_and_none_without_a_key() {
    let key = pem();
    let all = [("access_token", "tok"), ("public_key", key.as_str()), ("public_key_version", "3")];
    let one = || header(&authorised(&all, &[]).unwrap(), "x-sws-signature").unwrap();
    assert_ne!(one(), one());
    let bare = authorised(&[("access_token", "tok")], &[]).unwrap();
    assert_eq!((header(&bare, "x-sws-signature"), header(&bare, "x-sws-signature-version")), (None, None));
}

#[test]
fn key_and_version_are_both_or_neither_y01() {
    let key = pem();
    for (pairs, code) in [
        (vec![], "credential_missing"),
        (vec![("access_token", "a b")], "credential_missing"),
        (vec![("access_token", "t"), ("public_key", key.as_str())], "YAHOO_KEY_AND_VERSION"),
        (vec![("access_token", "t"), ("public_key_version", "3")], "YAHOO_KEY_AND_VERSION"),
        (
            vec![("access_token", "t"), ("public_key", key.as_str()), ("public_key_version", "v3")],
            "YAHOO_KEY_AND_VERSION",
        ),
        (vec![("access_token", "t"), ("public_key", "x"), ("public_key_version", "3")], "YAHOO_KEY_FORM"),
    ] {
        assert_eq!(authorised(&pairs, &[]).unwrap_err(), code);
    }
    let all = [("access_token", "t"), ("public_key", key.as_str()), ("public_key_version", "3")];
    assert_eq!(authorised(&all, &[("seller_id", " ")]).unwrap_err(), "YAHOO_NO_SELLER");
}

#[test]
fn pasted_keys_are_checked_without_being_repeated() {
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    assert!(check_public_key(private).unwrap_err().contains("秘密鍵"));
    assert!(check_public_key("-----BEGIN CERTIFICATE-----").unwrap_err().contains("2023"));
    for bad in ["x", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----"] {
        assert!(!check_public_key(bad).unwrap_err().is_empty());
    }
    let small = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1_024).unwrap();
    let der = small.to_public_key().to_public_key_der().unwrap();
    let text =
        format!("-----BEGIN PUBLIC KEY-----{}-----END PUBLIC KEY-----", STANDARD.encode(der.as_bytes()));
    assert!(check_public_key(&text).is_err(), "too short a key");
}

#[test]
fn shops_of_one_client_id_share_a_lane_and_no_secret_is_in_its_name() {
    let key = |pairs: &[(&str, &str)], shop| Yahoo.pacing_key(ShopId(shop), &credentials(pairs));
    let one = key(&[("client_id", "dj00aiZpPU"), ("client_secret", "s1")], 7);
    assert_eq!(one, key(&[("client_id", "dj00aiZpPU"), ("client_secret", "s2")], 8));
    assert_ne!(one, key(&[("client_id", "other")], 7));
    assert!(one.starts_with("yahoo:app-") && one.len() == 26 && !one.contains("dj00"));
    assert_eq!(key(&[], 7), "yahoo:7");
}

fn counters() -> WireAnswer {
    xml(
        200,
        "<ResultSet><Result><Status>OK</Status><Count><NewOrder>1</NewOrder></Count></Result></ResultSet>",
    )
}

fn check(answer: WireAnswer, pairs: &[(&str, &str)]) -> (Result<CredentialCheck, MallError>, Script) {
    let script = Script::new([answer]);
    let checked = with(&script, &[], async |s| Yahoo.check_credential(s, &credentials(pairs)).await);
    (checked, script)
}

fn remarks(answer: WireAnswer, pairs: &[(&str, &str)]) -> Vec<String> {
    check(answer, pairs).0.unwrap().remarks.into_iter().map(|r| r.code).collect()
}

#[test]
fn the_check_asks_for_the_counters_and_says_whether_the_signature_was_taken() {
    let signed = [("public_key", "k"), ("public_key_version", "3")];
    let good = headed(counters(), "x-sws-authorize-status", "authorized");
    let (checked, script) = check(good.clone(), &signed);
    assert_eq!(checked.unwrap(), CredentialCheck::default());
    let asked = &script.asked()[0];
    assert_eq!(asked.path, "/ShoppingWebService/V1/orderCount");
    assert_eq!(asked.query, [("sellerId".to_owned(), "mihon-store".to_owned())]);
    assert_eq!(remarks(counters(), &signed), ["YAHOO_SIGNATURE_NOT_ACCEPTED"]);
    let refused = headed(counters(), "x-sws-authorize-status", "expired-key");
    assert_eq!(remarks(refused, &signed), ["YAHOO_SIGNATURE_NOT_ACCEPTED"]);
    assert_eq!(remarks(good, &[]), ["YAHOO_NO_KEY"]);
}

#[test]
fn the_check_refuses_clearly_a_wrong_id_address_or_permit_crd3() {
    for (code, kind) in [
        ("px-14304", MallErrorKind::NotAllowed),
        ("px-04306", MallErrorKind::NotAllowed),
        ("px-04102", MallErrorKind::Credential),
    ] {
        let error = check(error(403, code, "no"), &[]).0.unwrap_err();
        assert_eq!((error.kind, error.reason.code.as_str()), (kind, code));
        assert!(!error.reason.remedy.is_empty());
    }
    let odd = check(xml(200, "<ResultSet><Result><Status>OK</Status></Result></ResultSet>"), &[]).0;
    assert_eq!(odd.unwrap_err().kind, MallErrorKind::Unreadable);
    let script = Script::new([]);
    let none =
        with(&script, &[("seller_id", "")], async |s| Yahoo.check_credential(s, &credentials(&[])).await);
    assert_eq!((none.unwrap_err().reason.code.as_str(), script.asked().len()), ("YAHOO_NO_SELLER", 0));
}

#[test]
fn a_signature_that_is_not_taken_is_said_of_every_order_answer() {
    let mut signed = WireRequest::get("orderInfo", "/x");
    signed.headers.push(("x-sws-signature".into(), "s".into()));
    let good = headed(counters(), "x-sws-authorize-status", "authorized");
    assert_eq!(Yahoo.remark(&signed, &good), Some(("public_key", None)), "accepted");
    let refused = headed(counters(), "x-sws-authorize-status", "key_expired");
    let remark = Yahoo.remark(&signed, &refused).and_then(|(_, complaint)| complaint).unwrap();
    assert_eq!(
        (remark.code.as_str(), remark.mall_text.as_deref()),
        ("YAHOO_SIGNATURE_NOT_ACCEPTED", Some("key_expired"))
    );
    assert!(Yahoo.remark(&signed, &counters()).unwrap().1.is_some(), "no header: nobody looked at it");
    assert_eq!(Yahoo.remark(&WireRequest::get("orderInfo", "/x"), &counters()), None);
    assert_eq!(Yahoo.remark(&signed, &raw(403, "text/html", "<html>")), None);
    signed.role = "login".into();
    assert_eq!(Yahoo.remark(&signed, &counters()), None);
}
