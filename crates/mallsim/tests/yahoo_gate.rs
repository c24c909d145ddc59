//! The gateway of Yahoo!ショッピング: consent, tokens, signature, session, limits, switches (document 1, 2, 9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

#[path = "yahoo_client/mod.rs"]
mod yahoo_client;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mallsim::{Reply, Request, SimConfig};
use rsa::sha2::{Digest as _, Sha256};
use serde_json::json;
use yahoo_client::{Client, DAY, HOUR, calm, one, signature};

const COUNT: &str = "orderCount?sellerId=snbx-mihon1";

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

/// Status and code of orderCount without a signature.
fn count(c: &mut Client) -> (u16, String) {
    let reply = c.send(&c.unsigned("GET", COUNT, ""));
    (reply.status, one(&text(&reply), "Code"))
}

/// Status, code and acceptance of the signature.
fn signed(c: &mut Client) -> (u16, String, Option<String>) {
    let reply = c.send(&c.signed("GET", COUNT, ""));
    let status = reply.find_header("X-SWS-Authorize-Status").map(str::to_owned);
    (reply.status, one(&text(&reply), "Code"), status)
}

fn browser(c: &mut Client, more: &str) -> Reply {
    let target = format!(
        "/yconnect/v2/authorization?response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fshop.invalid%2Fcb\
         &scope=openid+profile&bail=1&state=s%201&nonce=n1{more}",
        c.credential("client_id")
    );
    c.send(&Request::new("GET", &target))
}

fn code_of(reply: &Reply) -> String {
    let to = reply.find_header("Location").unwrap();
    to.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

#[test]
fn a_consent_gives_a_code_and_pkce_and_redirect_must_fit() {
    let mut c = Client::calm();
    let page = browser(&mut c, "");
    assert!(page.status == 200 && text(&page).contains("sim_consent=yes&amp;sim_shop=snbx-mihon2"));
    let no = browser(&mut c, "&sim_consent=no");
    assert!(no.find_header("Location").unwrap().contains("error=access_denied") && no.status == 302);

    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(b"verifier-of-this-test"));
    let more = format!(
        "&sim_consent=yes&sim_shop=snbx-mihon2&code_challenge={challenge}&code_challenge_method=S256"
    );
    let exchange = |c: &mut Client, code: &str, rest: &str| {
        c.token_call(&format!("grant_type=authorization_code&code={code}&{rest}"))
    };
    let good = "redirect_uri=https%3A%2F%2Fshop.invalid%2Fcb&code_verifier=verifier-of-this-test";
    let yes = browser(&mut c, &more);
    let to = yes.find_header("Location").unwrap();
    assert!(to.starts_with("https://shop.invalid/cb?code=") && to.ends_with("&state=s%201"), "{to}");
    let code = code_of(&yes);
    let (status, value) = exchange(&mut c, &code, good);
    assert_eq!((status, &value["token_type"], &value["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
    assert!(value["refresh_token"].is_string() && value["id_token"].is_string());
    assert_eq!(exchange(&mut c, &code, good).1["error"], "invalid_grant", "single use");

    // the token belongs to the shop whose staff consented
    c.token = value["access_token"].as_str().unwrap().to_owned();
    assert_eq!(count(&mut c), (403, "px-14304".to_owned()));
    c.shop = 1;
    let reply = c.send(&c.unsigned("GET", "orderCount?sellerId=snbx-mihon2", ""));
    assert_eq!(reply.status, 200);

    for wrong in [
        "redirect_uri=https%3A%2F%2Fshop.invalid%2Fcb",
        "redirect_uri=https%3A%2F%2Fshop.invalid%2Fcb&code_verifier=other",
        "redirect_uri=https%3A%2F%2Fother.invalid%2Fcb&code_verifier=verifier-of-this-test",
    ] {
        let code = code_of(&browser(&mut c, &more));
        assert_eq!(exchange(&mut c, &code, wrong).1["error"], "invalid_grant", "{wrong}");
    }
    let late = code_of(&browser(&mut c, &more));
    c.wait(600_000);
    assert_eq!(exchange(&mut c, &late, good).1["error"], "invalid_grant", "600 s");
    c.set(json!({"yahoo":{"callbacks":["https://registered.invalid/cb"]}}));
    assert_eq!(browser(&mut c, &more).status, 400);
    assert_eq!(c.token_call("grant_type=password").1["error_code"], "901");
    let stranger =
        Request::new("POST", "/yconnect/v2/token").body("grant_type=refresh_token&refresh_token=x");
    let reply = c.send(&stranger);
    assert_eq!((reply.status, reply.value()["error"].as_str()), (401, Some("invalid_client")));
}

#[test]
fn tokens_live_an_hour_and_a_refresh_reply_has_no_refresh_token() {
    let mut c = Client::calm();
    c.wait(HOUR - 1);
    assert_eq!(count(&mut c), (200, String::new()));
    c.wait(1);
    let reply = c.send(&c.unsigned("GET", COUNT, ""));
    assert_eq!(reply.status, 401);
    assert!(reply.find_header("WWW-Authenticate").unwrap().contains("error=\"invalid_token\""));
    assert!(text(&reply).contains("expired token") && !text(&reply).contains("<Code>"));
    let (status, value) = c.refresh();
    assert_eq!((status, value.get("refresh_token")), (200, None));
    assert_eq!(count(&mut c).0, 200);
    c.set(json!({"yahoo":{"expires_in_as_text":true}}));
    assert_eq!(c.refresh().1["expires_in"], "3600");
}

#[test]
fn a_refresh_token_dies_after_four_weeks_and_a_new_consent_prolongs_it() {
    let mut c = Client::calm();
    let token = c.credential("refresh_token");
    c.wait(28 * DAY - 1);
    assert_eq!(c.refresh().0, 200);
    c.change_shop(json!({"key":"renew"}));
    assert_eq!(c.credential("refresh_token"), token, "the string stays");
    c.wait(28 * DAY - 1);
    assert_eq!(c.refresh().0, 200);
    c.wait(1);
    let (status, value) = c.refresh();
    assert_eq!((status, &value["error"]), (400, &json!("invalid_grant")));
    c.change_shop(json!({"key":"renew"}));
    assert_ne!(c.credential("refresh_token"), token);
    assert_eq!(c.refresh().0, 200);
    c.change_shop(json!({"key":"expire"}));
    assert_eq!(count(&mut c).0, 401);
    assert_eq!(c.refresh().1["error"], "invalid_grant");
}

#[test]
fn without_a_good_signature_a_session_ends_after_twelve_hours() {
    let mut c = Client::calm();
    c.wait(12 * HOUR - 1);
    c.refresh();
    assert_eq!(count(&mut c).0, 200);
    c.wait(1);
    assert_eq!(count(&mut c), (401, "px-04102".to_owned()));
    c.refresh();
    assert_eq!(count(&mut c), (401, "px-04102".to_owned()), "a refresh does not cure it");
    assert_eq!(signed(&mut c), (200, String::new(), Some("authorized".to_owned())));
    c.change_shop(json!({"key":"renew"}));
    assert_eq!(count(&mut c).0, 200, "a consent does");
    c.change_shop(json!({"session":"expire"}));
    assert_eq!(count(&mut c).1, "px-04102");
}

#[test]
fn a_bad_signature_passes_unseen_until_the_evening_but_for_its_header() {
    let mut c = Client::calm();
    let pem = c.credential("public_key");
    let now = c.now;
    let ask = |c: &mut Client, signature: &str, version: &str| {
        let request = c
            .unsigned("GET", COUNT, "")
            .header("X-sws-signature", signature)
            .header("X-sws-signature-version", version);
        let reply = c.send(&request);
        (reply.status, reply.find_header("X-SWS-Authorize-Status").map(str::to_owned))
    };
    let good = signature(&pem, "snbx-mihon1", now);
    assert_eq!(ask(&mut c, &good, "1"), (200, Some("authorized".to_owned())));
    let bad = [
        (signature(&pem, "snbx-mihon2", now), "1"),
        (signature(&pem, "snbx-mihon1", now - 301_000), "1"),
        (signature(&pem, "snbx-mihon1", now + 302_000), "1"),
        (good.clone(), "2"),
        ("AAAA".to_owned(), "1"),
        ("%%".to_owned(), "x"),
    ];
    for (signature, version) in bad {
        assert_eq!(ask(&mut c, &signature, version), (200, Some("unauthorized".to_owned())));
    }
    let half = c.unsigned("GET", COUNT, "").header("X-sws-signature", &good);
    let reply = c.send(&half);
    assert_eq!((reply.status, reply.find_header("X-SWS-Authorize-Status")), (200, None));
    c.set(json!({"yahoo":{"refuse_signature_without_version":true}}));
    assert_eq!(one(&text(&c.send(&half)), "Code"), "px-14303");
}

#[test]
fn two_public_keys_hold_side_by_side_and_each_for_a_year() {
    let mut c = Client::calm();
    let (pem, seller) = (c.credential("public_key"), c.seller());
    let with = |c: &mut Client, pem: &str, version: &str| {
        let request = c
            .unsigned("GET", COUNT, "")
            .header("X-sws-signature", &signature(pem, &seller, c.now))
            .header("X-sws-signature-version", version);
        c.send(&request).find_header("X-SWS-Authorize-Status") == Some("authorized")
    };
    c.change_shop(json!({"public_key":"renew"}));
    let second = c.credential("public_key");
    assert!(pem != second && c.credential("public_key_version") == "2");
    assert!(with(&mut c, &pem, "1") && with(&mut c, &second, "2"));
    assert!(!with(&mut c, &pem, "2"));
    c.change_shop(json!({"public_key":"renew"}));
    assert!(!with(&mut c, &pem, "1"), "at most two at once");
    c.change_shop(json!({"public_key":"expire"}));
    assert!(!with(&mut c, &second, "2"));
    assert_eq!(c.credential("public_key_expires"), "2026-11-02");
}

#[test]
fn one_call_a_second_for_each_url_and_client_id_whatever_the_shop() {
    let mut c = Client::calm();
    c.set(json!({"pace":{"enabled":true}}));
    let first = c.token.clone();
    c.shop = 1;
    c.refresh();
    let second = c.token.clone();
    let ask = |c: &mut Client, shop: usize, api: &str| {
        c.token = if shop == 0 { first.clone() } else { second.clone() };
        c.send(&c.unsigned("GET", &format!("{api}?sellerId=snbx-mihon{}&orderId=x", shop + 1), ""))
    };
    assert_eq!(ask(&mut c, 0, "orderCount").status, 200);
    assert_eq!(ask(&mut c, 0, "orderChangeHistory").status, 404, "another URL has its own second");
    c.wait(500);
    let refused = ask(&mut c, 1, "orderCount");
    assert_eq!(refused.status, 403, "the other shop has the same Client ID");
    assert!(text(&refused).contains("Your Request was Forbidden") && text(&refused).starts_with("<html>"));
    c.wait(500);
    assert_eq!(ask(&mut c, 1, "orderCount").status, 200);
    let counters = c.sim.effects().counters().clone();
    let id = c.credential("client_id");
    assert_eq!(counters.most_per_second[&format!("{id} orderCount")], 2);
    assert_eq!(counters.per_day[&id]["2026-11-02"], 4);
    assert_eq!(counters.too_many["snbx-mihon2"], 1);
    c.set(json!({"pace":{"enabled":false}}));
    assert!((0..3).all(|_| ask(&mut c, 0, "orderCount").status == 200));
    assert_eq!(c.sim.effects().counters().most_per_second[&format!("{id} orderCount")], 5);
}

#[test]
fn a_client_id_has_so_many_calls_a_day() {
    let mut config = calm();
    config.settings.yahoo.shops_per_client = 1;
    config.settings.yahoo.per_day = 2;
    config.settings.pace.enabled = true;
    let mut c = Client::new(config);
    let statuses = [0; 3].map(|_| {
        c.wait(2_000);
        count(&mut c).0
    });
    assert_eq!(statuses, [200, 200, 403]);
    let first = c.credential("client_id");
    c.shop = 1;
    assert_ne!(c.credential("client_id"), first);
    c.refresh();
    let reply = c.send(&c.unsigned("GET", "orderCount?sellerId=snbx-mihon2", ""));
    assert_eq!(reply.status, 200, "another Client ID");
    c.shop = 0;
    c.wait(DAY);
    c.refresh();
    assert_eq!(signed(&mut c).0, 200, "another day");
}

#[test]
fn the_speed_can_be_measured_on_the_simulated_clock() {
    let mut c = Client::calm();
    c.set(json!({"pace":{"enabled":true,"by_simulated_clock":true}}));
    c.sim.set_clock(mallsim::Clock::Moved { now_ms: c.now });
    assert_eq!(count(&mut c).0, 200);
    c.wait(5_000);
    assert_eq!(count(&mut c).0, 403, "that clock stands still");
}

#[test]
fn switches_and_wrong_calls_have_their_codes() {
    let mut c = Client::calm();
    let cases = [
        ("source_ip_refused", "px-04306"),
        ("api_off", "px-04307"),
        ("not_registered", "px-04303"),
        ("not_linked", "px-14303"),
    ];
    for (switch, code) in cases {
        c.change_shop(json!({switch: true}));
        assert_eq!(count(&mut c), (403, code.to_owned()));
        c.change_shop(json!({switch: false}));
    }
    c.change_shop(json!({"no_scope":true}));
    let reply = c.send(&c.unsigned("GET", COUNT, ""));
    assert!(reply.status == 401 && text(&reply).contains("insufficient_scope"));
    c.change_shop(json!({"no_scope":false}));
    c.set(json!({"yahoo":{"maintenance":true}}));
    assert_eq!(count(&mut c), (503, "ed-00002".to_owned()));
    c.set(json!({"yahoo":{"maintenance":false}}));
    let code = |c: &mut Client, request: &Request| one(&text(&c.send(request)), "Code");
    let request = c.unsigned("GET", "orderCount", "");
    assert_eq!(code(&mut c, &request), "px-04001");
    let request = c.unsigned("GET", "orderList", "<Req><SellerId>snbx-mihon1</SellerId></Req>");
    assert_eq!(code(&mut c, &request), "px-04001");
    let request = c.unsigned("POST", "orderInfo", "<Req></Req>");
    assert_eq!(code(&mut c, &request), "px-04001");
    let request = c.unsigned("POST", "orderInfo", "<Req><SellerId>snbx-mihon2</SellerId></Req>");
    assert_eq!(code(&mut c, &request), "px-14304");
    let request = c.unsigned("POST", "orderUnknown", "");
    assert_eq!(code(&mut c, &request), "px-04400");
    assert!(c.sim.change_shop("snbx-mihon1", &json!({"key":"x"}), c.now).is_err());
    assert!(c.sim.change_shop("snbx-mihon1", &json!({"unknown":1}), c.now).is_err());
}

#[test]
fn hostile_bytes_never_panic() {
    let mut c = Client::new(SimConfig { orders_per_shop: 5, ..calm() });
    let deep = "<a>".repeat(5_000);
    let bodies: [&[u8]; 9] = [
        b"",
        b"\xff\xfe",
        b"<Req",
        b"<Req><SellerId>snbx-mihon1</SellerId></Req>",
        b"<Req><SellerId>snbx-mihon1</SellerId><Search><Result>-1</Result><Start>0</Start></Search></Req>",
        b"<Req><SellerId>snbx-mihon1</SellerId><Search><Start>18446744073709551615</Start><Result>2000</Result>\
          <Condition><OrderTime>20261102090000</OrderTime></Condition><Field>OrderId</Field></Search></Req>",
        b"<!DOCTYPE a [<!ENTITY b \"bbbb\">]><Req>&b;</Req>",
        b"<Req><SellerId>snbx-mihon1</SellerId><Target><OrderId>&#0;</OrderId></Target></Req>",
        deep.as_bytes(),
    ];
    for body in bodies {
        for api in
            ["orderList", "orderInfo", "orderStatusChange", "orderPayStatusChange", "orderShipStatusChange"]
        {
            let request = c.unsigned("POST", api, "").body(body.to_vec());
            let status = c.send(&request).status;
            assert!((200..500).contains(&status), "{api} {status}");
        }
        for path in [
            "/yconnect/v2/token",
            "/yconnect/v2/authorization?%ff",
            "/yahoo-csv/%",
            "/yahoo-csv/orders.csv?to=9",
        ] {
            for method in ["GET", "POST"] {
                c.send(&Request::new(method, path).header("Authorization", "Basic %").body(body.to_vec()));
            }
        }
    }
    c.sim.handle(&Request::new("GET", "/yahoo-csv/orders.csv"), i64::MAX);
    c.sim.handle(&Request::new("GET", "/yahoo-csv/orders.csv"), i64::MIN);
}

#[tokio::test]
async fn the_same_over_http() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut c = Client::calm();
    c.order(&["hostile"]);
    let now = c.now;
    c.sim.set_clock(mallsim::Clock::Moved { now_ms: now });
    let token = c.token.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(mallsim::serve(listener, mallsim::shared(c.sim)));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /ShoppingWebService/V1/{COUNT} HTTP/1.1\r\nHost: mall.invalid\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(one(&answer, "NewOrder"), "1");
}
