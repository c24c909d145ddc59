//! Coming in and going out: guessing (F64), other sites (F65), sessions (F66), hidden fields (F68), tokens (F69), forged
//! headers (F72), large bodies (F76).

use crate::kit::{self, Kit, PASSWORD, Who, form};
use axum::body::Body;
use axum::http::header;
use domain::rights::Rights;
use domain::time::{DAY, HOUR, MINUTE};
use serde_json::json;

async fn sign_in(kit: &Kit<'_>, login: &str, password: &str) -> kit::Answer {
    kit.post("/login", &Who::Nobody, &[("login", login), ("password", password)]).await
}

#[test]
fn ten_wrong_passwords_lock_an_account_for_a_while_and_no_longer_f64() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu", &Rights::all()).await;
        kit.set_password(user).await;
        for _ in 0..10 {
            assert_eq!(sign_in(kit, "kakuu", "ちがう合言葉です 1234").await.status, 401);
            kit.advance(2 * MINUTE);
        }
        // The eleventh try is right, and comes too early.
        let early = sign_in(kit, "kakuu", PASSWORD).await;
        assert_eq!(early.status, 401);
        assert!(!early.headers.contains_key(header::SET_COOKIE));
        kit.advance(31 * MINUTE);
        let late = sign_in(kit, "KAKUU", PASSWORD).await;
        assert_eq!((late.status.as_u16(), late.to()), (303, "/"));
        assert_eq!(kit.get("/me", &late.session()).await.status, 200);
    });
}

#[test]
fn an_unknown_name_a_wrong_password_and_a_locked_account_get_the_same_answer_f64() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu", &Rights::all()).await;
        kit.set_password(user).await;
        let words = |a: kit::Answer| (a.status, a.between("id=\"error\">", "<"));
        let wrong = words(sign_in(kit, "kakuu", "ちがう合言葉です 1234").await);
        let unknown = words(sign_in(kit, "dareka", "ちがう合言葉です 1234").await);
        kit.desk.ledger().signed_in(user, false, kit.desk.now().plus(DAY), kit.desk.now()).await.unwrap();
        let locked = words(sign_in(kit, "kakuu", PASSWORD).await);
        assert_eq!(wrong.0, 401);
        assert_eq!(wrong, unknown);
        assert_eq!(wrong, locked);
        // Each failure is written down; what was typed as a name is not.
        let log = kit.log().await;
        assert_eq!(log.iter().filter(|l| l.action.starts_with("sign_in_failed")).count(), 3);
        assert!(!format!("{log:?}").contains("dareka"));
    });
}

#[test]
fn an_address_that_keeps_guessing_waits_whatever_the_name_f64() {
    kit::run(0, async |kit| {
        for n in 0..9 {
            assert_eq!(sign_in(kit, &format!("dareka{n}"), "x").await.status, 401);
        }
        assert_eq!(sign_in(kit, "dareka9", "x").await.status, 429);
        kit.advance(MINUTE);
        assert_eq!(sign_in(kit, "dareka9", "x").await.status, 401);
    });
}

/// A POST as a browser or program with these headers sends it.
async fn from(kit: &Kit<'_>, who: &Who, headers: &[(&str, &str)]) -> u16 {
    let mut request = kit.request("POST", "/me/sessions/end", who).header("host", "choba.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    kit.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
}

/// What passes is what tower-http's `csrf` layer says: no `Sec-Fetch-Site` and no `Origin` is a program, which holds no
/// cookie of ours; a browser always says at least one of them on a POST.
#[test]
fn a_post_of_another_site_never_reaches_a_handler_f65() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        for (headers, status) in [
            (&[("origin", "https://evil.example")][..], 403),
            (&[("origin", "null")], 403),
            (&[("sec-fetch-site", "cross-site")], 403),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://other.choba.example")], 403),
            (&[("sec-fetch-site", "same-origin")], 303),
            (&[("origin", "https://choba.example")], 303),
            (&[], 303),
        ] {
            assert_eq!(from(kit, &who, headers).await, status, "{headers:?}");
        }
    });
}

#[test]
fn json_disguised_as_text_or_as_a_form_is_refused_f65() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let request = kit.request("POST", "/api/v1/orders/move", &who).header(header::CONTENT_TYPE, kind);
            let body = json!({ "orders": ["C00000001"], "phase": "new" }).to_string();
            let answer = kit.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (415, "not_json"), "{kind}");
        }
    });
}

#[test]
fn no_page_changes_anything_by_get_f65() {
    let writes = web::door::routes::table().into_iter().filter(|r| r.method == "GET").filter(|r| {
        ["/drop", "/off", "/end", "/skip", "/finish", "/logout"].iter().any(|w| r.path.ends_with(w))
    });
    assert_eq!(writes.map(|r| r.path).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_sign_in_begins_a_new_session_whatever_cookie_was_there_f66() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu", &Rights::all()).await;
        kit.set_password(user).await;
        let planted = Who::Session("planted-by-somebody-else".to_owned());
        let fields = [("login", "kakuu"), ("password", PASSWORD)];
        let answer = kit.post("/login", &planted, &fields).await;
        let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
        assert!(!cookie.contains("planted"));
        for part in ["__Host-choba=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=604800"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert_eq!(kit.get("/me", &answer.session()).await.status, 200);
        assert_eq!(kit.get("/me", &planted).await.status, 303);
    });
}

#[test]
fn signing_out_a_new_password_and_being_switched_off_end_sessions_at_once_f66() {
    kit::run(0, async |kit| {
        kit.administrator().await;
        let user = kit.person("kakuu", &Rights::all()).await;
        kit.set_password(user).await;
        let [one, other] = [kit.sign_in(user).await, kit.sign_in(user).await];
        kit.post("/logout", &one, &[]).await;
        assert_eq!(kit.get("/me", &one).await.status, 303);
        assert_eq!(kit.get("/me", &other).await.status, 200);

        let third = kit.sign_in(user).await;
        let new = "みかん と かき と すいか";
        let fields = [("old", PASSWORD), ("new", new), ("again", new)];
        let changed = kit.post("/me/password", &third, &fields).await;
        assert_eq!((changed.status.as_u16(), changed.to()), (303, "/me?done=password"));
        for ended in [&other, &third] {
            assert_eq!(kit.get("/me", ended).await.status, 303);
        }
        let fresh = changed.session();
        assert_eq!(kit.get("/me", &fresh).await.status, 200);
        assert_eq!(sign_in(kit, "kakuu", PASSWORD).await.status, 401);

        let token = kit.token(user, false).await;
        assert_eq!(kit.get("/api/v1/phases", &token).await.status, 200);
        let row = kit.desk.ledger().user(user).await.unwrap().unwrap();
        kit.desk.ledger().set_user(user, "x", row.group_id, false).await.unwrap().unwrap();
        assert_eq!(kit.get("/me", &fresh).await.status, 303);
        assert_eq!(kit.get("/api/v1/phases", &token).await.status, 401);
        assert_eq!(sign_in(kit, "kakuu", new).await.status, 401);
    });
}

#[test]
fn a_session_ends_by_itself_idle_or_old_f66() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu", &Rights::all()).await;
        kit.set_password(user).await;
        let idle = sign_in(kit, "kakuu", PASSWORD).await.session();
        kit.advance(web::door::session::IDLE_MS + 1);
        assert_eq!(kit.get("/me", &idle).await.status, 303);
        let used = sign_in(kit, "kakuu", PASSWORD).await.session();
        // In use all the time: seven days and no longer.
        for _ in 0..15 {
            kit.advance(11 * HOUR);
            assert_eq!(kit.get("/me", &used).await.status, 200);
        }
        kit.advance(4 * HOUR);
        assert_eq!(kit.get("/me", &used).await.status, 303);
    });
}

#[test]
fn rights_that_are_taken_away_are_gone_with_the_next_request_f66_f67() {
    kit::run(0, async |kit| {
        let who = kit.visitor("kakuu", &Rights::all()).await;
        kit.administrator().await;
        assert_eq!(kit.get("/users", &who).await.status, 200);
        let mut group =
            kit.desk.ledger().groups().await.unwrap().into_iter().find(|g| g.name == "kakuu").unwrap();
        group.rights = Rights::default();
        kit.desk.ledger().set_group(&group).await.unwrap().unwrap();
        assert_eq!(kit.get("/users", &who).await.status, 403);
    });
}

/// Every form of people and set-up, with the least it needs.
const FORMS: [(&str, &str); 9] = [
    ("/login", "login=x&password=y"),
    ("/me", "name=x&lang=ja&theme=&density=dense"),
    ("/me/password", "old=x&new=y&again=y"),
    ("/me/totp/start", "password=x"),
    ("/me/tokens", "name=x&days=1"),
    ("/users", "login=xx&name=x&group=1"),
    ("/users/1", "name=x&group=1&state=active"),
    ("/users/groups", "name=neu"),
    ("/setup/steps/company/save", "name=x"),
];

#[test]
fn a_field_that_a_form_does_not_have_is_refused_and_so_is_one_given_twice_f68() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        for (path, fields) in FORMS {
            let first = fields.split('&').next().unwrap();
            for extra in ["is_admin=1", "user_id=1", "rights=all", first] {
                let request = kit
                    .request("POST", path, &who)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(format!("{fields}&{extra}")));
                let answer = kit.send(request.unwrap()).await;
                assert_eq!(answer.status, 422, "{path} {extra}: {}", answer.text);
            }
        }
        assert_eq!(kit.desk.ledger().users().await.unwrap().len(), 1);
    });
}

#[test]
fn forged_hosts_and_forwarded_headers_enter_no_link_and_no_page_f72() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let group = kit.desk.ledger().groups().await.unwrap()[0].group_id.to_string();
        let fields = form(&[("login", "shinjin"), ("name", "架空 新人"), ("group", &group)]);
        let mut request = kit.request("POST", "/users", &who).header("host", "evil.example");
        for name in ["x-forwarded-host", "x-forwarded-server", "x-original-host", "forwarded"] {
            request = request.header(name, "host=evil.example");
        }
        let request = request
            .header("x-forwarded-proto", "http")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = kit.send(request.body(Body::from(fields)).unwrap()).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text.contains("evil.example"));
        assert!(answer.text.contains(&format!("value=\"{}/login/link/", kit::BASE)));
        assert!(!format!("{:?}", answer.headers).contains("evil.example"));
    });
}

#[test]
fn an_address_in_a_forwarded_header_does_not_help_guessing_f72_f64() {
    kit::run(0, async |kit| {
        let mut last = 0;
        for n in 0..11 {
            let request = kit
                .request("POST", "/login", &Who::Nobody)
                .header("x-forwarded-for", format!("192.0.2.{n}"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let body = form(&[("login", &format!("dareka{n}")), ("password", "x")]);
            last = kit.send(request.body(Body::from(body)).unwrap()).await.status.as_u16();
        }
        assert_eq!(last, 429);
    });
}

#[test]
fn only_paths_of_our_own_follow_a_sign_in_f71() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu", &Rights::all()).await;
        kit.set_password(user).await;
        for (next, to) in [
            ("/orders?phase=new", "/orders?phase=new"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
        ] {
            let fields = [("login", "kakuu"), ("password", PASSWORD), ("next", next)];
            assert_eq!(kit.post("/login", &Who::Nobody, &fields).await.to(), to, "{next}");
        }
    });
}

#[test]
fn a_body_that_is_too_large_is_refused_and_not_read_to_its_end_f76() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let large = "x".repeat(3 << 20);
        let answer = kit.post("/login", &Who::Nobody, &[("login", &large), ("password", "x")]).await;
        assert_eq!(answer.status, 413);
        let answer = kit.json("POST", "/api/v1/orders/search", &who, &json!({ "q": large })).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "too_large"));
        let keyed = kit
            .request("POST", "/api/v1/orders/search", &who)
            .header("idempotency-key", "k")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({ "q": large }).to_string()));
        assert_eq!(kit.send(keyed.unwrap()).await.status, 413);
    });
}
