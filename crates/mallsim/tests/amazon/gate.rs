//! Login with Amazon, headers, switches, speed (document 1, 8, 9).

use mallsim::{Request, SimConfig};
use serde_json::{Value, json};

use crate::kit::{AGENT, Client, DAY, HOUR, MINUTE, calm, error};

const PARTICIPATIONS: &str = "/sellers/v1/marketplaceParticipations";

#[test]
fn a_token_opens_calls_for_an_hour_and_says_afterwards_that_it_expired_f12() {
    let mut c = Client::calm();
    let (_, body) = c.refresh();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("bearer"), &json!(3600)));
    assert_eq!(body["refresh_token"].as_str(), Some(c.credentials()["refresh_token"].as_str()));
    assert_eq!(c.get(PARTICIPATIONS).status, 200);
    c.wait(HOUR);
    let (status, code, message, details) = error(&c.get(PARTICIPATIONS));
    assert_eq!((status, code.as_str()), (403, "Unauthorized"));
    assert_eq!(message, "Access to requested resource is denied.");
    assert_eq!(details, "The access token you provided has expired.");
    c.login();
    assert_eq!(c.get(PARTICIPATIONS).status, 200);
}

#[test]
fn lwa_refuses_in_its_own_shape() {
    let mut c = Client::calm();
    let all = c.credentials();
    let (id, secret, refresh) =
        (all["client_id"].as_str(), all["client_secret"].as_str(), all["refresh_token"].as_str());
    c.shop = 1;
    let other = c.credentials()["refresh_token"].clone();
    c.shop = 0;
    type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);
    let cases: [Case<'_>; 8] = [
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", "Atzr|x"),
                ("client_id", id),
                ("client_secret", secret),
            ],
            400,
            "invalid_grant",
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &other),
                ("client_id", id),
                ("client_secret", secret),
            ],
            400,
            "unauthorized_client",
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh),
                ("client_id", id),
                ("client_secret", "x"),
            ],
            401,
            "invalid_client",
        ),
        (
            &[("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret)],
            400,
            "invalid_request",
        ),
        (
            &[("grant_type", "refresh_tokens"), ("client_id", id), ("client_secret", secret)],
            400,
            "unsupported_grant_type",
        ),
        (&[("refresh_token", refresh)], 400, "unsupported_grant_type"),
        (
            &[
                ("grant_type", "client_credentials"),
                ("scope", "all"),
                ("client_id", id),
                ("client_secret", secret),
            ],
            400,
            "invalid_scope",
        ),
        (
            &[
                ("grant_type", "authorization_code"),
                ("code", "x"),
                ("redirect_uri", "https://x.invalid"),
                ("client_id", id),
                ("client_secret", secret),
            ],
            400,
            "invalid_grant",
        ),
    ];
    for (pairs, status, name) in cases {
        let (got, body) = c.lwa(pairs);
        assert_eq!((got, &body["error"]), (status, &json!(name)), "{body}");
        assert!(body["error_description"].is_string() && body.get("errors").is_none());
    }
    let query = Request::new("POST", &format!("/auth/o2/token?grant_type=refresh_token&client_id={id}"));
    assert_eq!(c.send(&query).status, 500, "parameters in the query");
}

#[test]
fn an_authorisation_code_is_good_once_and_for_five_minutes() {
    let mut c = Client::calm();
    let trade = |c: &mut Client| {
        let all = c.credentials();
        let code = all.get("spapi_oauth_code").cloned().unwrap_or_default();
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", "https://hub.example.invalid/"),
            ("client_id", &all["client_id"]),
            ("client_secret", &all["client_secret"]),
        ];
        let first = c.lwa(&pairs);
        (first, c.lwa(&pairs))
    };
    let earlier = c.token.clone();
    c.switch(json!({"code": true}));
    let ((status, body), (again, _)) = trade(&mut c);
    assert_eq!((status, again), (200, 400));
    assert!(body["refresh_token"].as_str().unwrap().starts_with("Atzr|"));
    c.token = earlier;
    assert_eq!(c.get(PARTICIPATIONS).status, 200, "earlier authorisations stay valid");
    c.switch(json!({"code": true}));
    let late = c.credentials()["spapi_oauth_code"].clone();
    c.wait(5 * MINUTE);
    assert!(!c.credentials().contains_key("spapi_oauth_code"));
    let all = c.credentials();
    let (status, body) = c.lwa(&[
        ("grant_type", "authorization_code"),
        ("code", &late),
        ("redirect_uri", "https://hub.example.invalid/"),
        ("client_id", &all["client_id"]),
        ("client_secret", &all["client_secret"]),
    ]);
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn a_grantless_token_opens_nothing_of_a_seller() {
    let mut c = Client::calm();
    let all = c.credentials();
    let (status, body) = c.lwa(&[
        ("grant_type", "client_credentials"),
        ("scope", "sellingpartnerapi::notifications"),
        ("client_id", &all["client_id"]),
        ("client_secret", &all["client_secret"]),
    ]);
    assert_eq!((status, body.get("refresh_token")), (200, None));
    c.token = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(error(&c.get(PARTICIPATIONS)).1, "Unauthorized");
}

#[test]
fn headers_are_required_and_a_get_has_no_body() {
    let mut c = Client::calm();
    let bare = Request::new("GET", PARTICIPATIONS).header("user-agent", AGENT);
    assert_eq!(error(&c.send(&bare)).3, "Access token is missing in the request header.");
    let wrong = bare.clone().header("x-amz-access-token", "Atza|x");
    assert_eq!(error(&c.send(&wrong)).3, "The access token you provided is revoked, malformed or invalid.");
    for agent in ["", "curl/8.0", &format!("A/1 (Language=Rust; X={})", "x".repeat(500))] {
        let request = Request::new("GET", PARTICIPATIONS)
            .header("user-agent", agent)
            .header("x-amz-access-token", &c.token);
        assert_eq!(c.send(&request).status, 400, "{agent}");
    }
    let with_body = c.request("GET", PARTICIPATIONS).body("{}");
    assert_eq!(c.send(&with_body).status, 400);
    let plain =
        c.request("POST", "/feeds/2021-06-30/documents").header("Content-Type", "text/plain").body("{}");
    assert_eq!(c.send(&plain).status, 415);
    assert_eq!(
        error(&c.get("/orders/v0/orders/990-0000000-0000001/nonsense")).1,
        "Unauthorized",
        "unknown paths are 403"
    );
    let good = c.get(PARTICIPATIONS);
    assert!(good.find_header("x-amzn-RequestId").is_some());
    assert_eq!(good.find_header("x-amzn-RateLimit-Limit"), Some("0.016"));
}

#[test]
fn the_key_expires_and_is_renewed_f13() {
    let mut c = Client::calm();
    c.sim.add_faults_json(json!({"operation":"getOrder","at":{"call":2},"action":"key_expires"})).unwrap();
    let number = c.ready(&[]);
    let target = format!("/orders/2026-01-01/orders/{number}");
    assert_eq!(c.get(&target).status, 200);
    assert_eq!(error(&c.get(&target)).3, "The access token you provided is revoked, malformed or invalid.");
    let (status, body) = c.refresh();
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    assert!(body["error_description"].as_str().unwrap().contains("User may have revoked"));
    c.switch(json!({"key":"renew"}));
    c.login();
    assert_eq!(c.get(&target).status, 200);
}

#[test]
fn switches_of_section_9_do_what_they_say() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let target = format!("/orders/2026-01-01/orders/{number}");
    c.switch(json!({"auth_revoked": true}));
    assert_eq!(error(&c.get(&target)).3, "The access token you provided is revoked, malformed or invalid.");
    assert_eq!(c.refresh().1["error"], "invalid_grant");
    c.switch(json!({"auth_revoked": false, "secret_expired": true}));
    assert_eq!(c.refresh().1["error"], "invalid_client");
    assert_eq!(c.get(&target).status, 200, "tokens live on");
    c.switch(json!({"secret": "renew", "quota": true}));
    assert_eq!(c.refresh().0, 200);
    let refused = c.get(&target);
    assert_eq!(
        error(&refused),
        (
            429,
            "QuotaExceeded".into(),
            "You exceeded your quota for the requested resource.".into(),
            String::new()
        )
    );
    assert_eq!(refused.find_header("x-amzn-ErrorType"), Some("TooManyRequestsException"));
    assert_eq!(refused.find_header("Retry-After"), None);
    assert_eq!(refused.find_header("x-amzn-RateLimit-Limit"), None, "only on 20x, 400, 404");
    c.switch(json!({"quota": false, "internal_failure": 2}));
    let seen: Vec<u16> = (0..3).map(|_| c.get(&target).status).collect();
    assert_eq!(seen, [500, 500, 200]);
    c.switch(json!({"individual_plan": true}));
    assert_eq!(error(&c.get(&target)).1, "Unauthorized");
    let account = c.ok("/sellers/v1/account");
    assert_eq!(account["payload"]["sellingPlan"], "INDIVIDUAL");
    let places = c.ok(PARTICIPATIONS);
    assert_eq!(places["payload"][0]["participation"]["isParticipating"], false);
    let made = c.post("/feeds/2021-06-30/documents", &json!({"contentType":"text/tab-separated-values"}));
    assert_eq!(made.status, 201);
    let feed = c.post("/feeds/2021-06-30/feeds", &json!({}));
    assert_eq!(error(&feed).2, "Invalid request parameters");
}

#[test]
fn a_secret_ends_after_180_days() {
    let mut c = Client::calm();
    let ends = c.sim.shops(c.now)[0].expires_ms.unwrap();
    assert_eq!(ends, c.now + 180 * DAY);
    c.now = ends - 1;
    assert_eq!(c.refresh().0, 200);
    c.now = ends;
    assert_eq!(c.refresh().0, 401);
}

#[test]
fn amazons_wrong_clock_shows_in_the_date_and_in_the_two_minute_rule() {
    let mut c = Client::calm();
    let query = format!("createdAfter={}&createdBefore={}", c.stamp(-DAY), c.stamp(-3 * MINUTE));
    assert_eq!(c.search(&query).status, 200);
    c.switch(json!({"clock_skew": -5 * MINUTE}));
    let refused = c.search(&query);
    assert_eq!(error(&refused).1, "InvalidInput");
    assert_eq!(refused.find_header("Date"), Some("Sun, 01 Nov 2026 23:55:00 GMT"));
}

#[test]
fn every_operation_has_its_own_rate_and_burst() {
    let mut config = calm();
    config.settings = config.settings.patched(&json!({"pace":{"enabled":true,"tolerance_ms":0}})).unwrap();
    let mut c = Client::new(config);
    let number = c.ready(&[]);
    let target = format!("/orders/2026-01-01/orders/{number}");
    let search = |c: &mut Client| c.search(&format!("createdAfter={}", c.stamp(-DAY))).status;
    assert_eq!((0..22).filter(|_| search(&mut c) == 200).count(), 20);
    assert_eq!((0..32).filter(|_| c.get(&target).status == 200).count(), 30, "getOrder has its own bucket");
    c.wait(178_000);
    assert_eq!(search(&mut c), 429);
    c.wait(600);
    assert_eq!(search(&mut c), 200);
    assert_eq!(search(&mut c), 429);
    c.shop = 1;
    c.login();
    assert_eq!(search(&mut c), 200, "another seller has buckets of his own");
    c.set(json!({"amazon":{"rate_scale":100.0}}));
    c.shop = 0;
    c.login();
    c.wait(2_000);
    let reply = c.search(&format!("createdAfter={}", c.stamp(-DAY)));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.find_header("x-amzn-RateLimit-Limit"), Some("0.56"));
    assert_eq!(c.sim.effects().counters().too_many.values().sum::<u64>(), 2 + 2 + 2);
}

#[test]
fn the_speed_can_be_measured_on_the_simulated_clock() {
    let mut config = calm();
    config.settings =
        config.settings.patched(&json!({"pace":{"enabled":true,"by_simulated_clock":true}})).unwrap();
    let mut c = Client::new(SimConfig { ..config });
    let sim = |c: &mut Client, body: Value| {
        c.send(&Request::new("POST", "/_sim/clock").body(body.to_string()));
    };
    let start = c.now;
    sim(&mut c, json!({"now_ms": start}));
    c.now += DAY;
    let passed = (0..40).filter(|_| c.get(PARTICIPATIONS).status == 200).count();
    assert_eq!(passed, 15, "the caller's clock is not looked at");
    sim(&mut c, json!({"advance_ms": 63_000}));
    assert_eq!(c.get(PARTICIPATIONS).status, 200);
}

#[test]
fn faults_of_the_plan_act_on_amazon_too() {
    let mut c = Client::calm();
    let numbers = c.add(json!({"traits":[],"count":3,"status":"UNSHIPPED"}));
    c.wait(3 * MINUTE);
    let query = format!("createdAfter={}", c.stamp(-DAY));
    let act = |c: &mut Client, action: Value| {
        c.sim.clear_faults();
        c.sim
            .add_faults_json(
                json!({"mall":"amazon","shop":c.seller(),"operation":"searchOrders","action":action}),
            )
            .unwrap();
        c.search(&query)
    };
    let short = act(&mut c, json!({"drop_item":{"index":-1}}));
    assert_eq!(crate::kit::numbers(&short.value()), numbers[..2]);
    let busy = act(&mut c, json!({"too_many":{"retry_after":7}}));
    assert_eq!((busy.status, busy.find_header("Retry-After")), (429, Some("7")));
    assert_eq!(act(&mut c, json!({"maintenance":{}})).status, 503);
    let nested = act(&mut c, json!("nested_error"));
    assert_eq!((nested.status, nested.value()["errors"][0]["code"].as_str()), (200, Some("InternalFailure")));
    let retyped = act(&mut c, json!({"retype":{"field":"quantityOrdered","to":"text"}}));
    assert_eq!(retyped.value()["orders"][0]["orderItems"][0]["quantityOrdered"], "1");
    assert_eq!(c.sim.effects().counters().faults, 5);
}
