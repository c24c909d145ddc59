//! Who may pass which door: a matrix over the table of routes (I11, F67), the headers of every answer (F71).

use crate::kit::{self, Kit, Who};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::rights::{Level, Menu, Rights, default_groups};
use tower::ServiceExt as _;
use web::door::guard::Need;
use web::door::routes::{Route, table};

/// Doors that are open to everybody. Whoever adds one writes it here and says why in its file.
const OPEN: [&str; 9] = [
    "GET /api/openapi.json",
    "GET /assets/{name}",
    "GET /calendar/{token}",
    "GET /login",
    "GET /login/link/{token}",
    "GET /setup/{token}",
    "POST /login",
    "POST /login/link/{token}",
    "POST /setup/{token}",
];

/// The path with numbers of rows that do not exist.
fn path(route: &Route) -> String {
    let part = |p: &str| if p.starts_with('{') { "0".to_owned() } else { p.to_owned() };
    route.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn one(menu: Menu, level: Level) -> Rights {
    Rights { menus: [(menu, level)].into(), ..Rights::all() }
}

/// The status and where to; a stream is not read.
async fn knock(kit: &Kit<'_>, route: &Route, who: &Who) -> (StatusCode, String) {
    let request = kit.request(route.method, &path(route), who).body(Body::empty()).unwrap();
    let response = kit.app.clone().oneshot(request).await.unwrap();
    let to = response.headers().get(header::LOCATION).map_or("", |v| v.to_str().unwrap()).to_owned();
    (response.status(), to)
}

fn is_api(route: &Route) -> bool {
    route.path.starts_with("/api/")
}

#[test]
fn every_route_names_what_it_needs_and_only_known_ones_are_open_i11_f67() {
    let mut seen = std::collections::BTreeSet::new();
    for route in table() {
        let name = format!("{} {}", route.method, route.path);
        assert!(seen.insert(name.clone()), "{name} stands twice in the table");
        if route.need == Need::Nobody {
            assert!(OPEN.contains(&name.as_str()), "{name} is open to everybody");
        }
        let writes = matches!(route.method, "POST" | "PUT" | "PATCH" | "DELETE");
        assert!(writes || route.method == "GET", "{name}: a method nobody judged");
    }
    assert!(seen.len() > 30);
}

#[test]
fn whoever_is_not_signed_in_passes_no_door_that_needs_somebody_i11_f67() {
    kit::run(0, async |kit| {
        for route in table().iter().filter(|r| r.need != Need::Nobody) {
            let name = format!("{} {}", route.method, route.path);
            for who in [Who::Nobody, Who::Session("x".repeat(43)), Who::Token("x".repeat(43))] {
                let (status, to) = knock(kit, route, &who).await;
                if is_api(route) {
                    assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
                } else {
                    assert_eq!(status, StatusCode::SEE_OTHER, "{name}");
                    assert!(to == "/login" || to.starts_with("/login?next=%2F"), "{name}: {to}");
                }
            }
        }
        for route in table().iter().filter(|r| r.need == Need::Nobody) {
            let (status, to) = knock(kit, route, &Who::Nobody).await;
            assert!(!matches!(status.as_u16(), 401 | 403), "{} {}: {status}", route.method, route.path);
            assert!(!to.starts_with("/login"), "{} {}: {to}", route.method, route.path);
        }
    });
}

/// What a visitor with these rights meets at each route.
async fn judged(kit: &Kit<'_>, user: i64, rights: &Rights, name: &str) {
    let unrestricted =
        rights.buyer_data && rights.contact_data && rights.export && rights.override_fraud_hold;
    for route in table() {
        // Anew each time: some routes end sessions.
        let who = kit.sign_in(user).await;
        let (status, to) = knock(kit, &route, &who).await;
        let what = format!("{name} at {} {}: {status} {to}", route.method, route.path);
        assert_ne!(status, StatusCode::UNAUTHORIZED, "{what}");
        assert!(!to.starts_with("/login?"), "{what}");
        assert!(status.as_u16() < 500, "{what}");
        let allowed = match route.need {
            Need::Nobody | Need::SignedIn => true,
            Need::Right(menu, level) => rights.level(menu) >= level,
        };
        if !allowed {
            assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
        } else if unrestricted {
            assert_ne!(status, StatusCode::FORBIDDEN, "{what}");
        }
    }
}

#[test]
fn each_default_group_passes_what_it_was_given_and_nothing_else_i11_f67() {
    kit::run(0, async |kit| {
        kit.administrator().await;
        for (name, rights) in default_groups() {
            let user = kit.person(&format!("kakuu-{name}"), &rights).await;
            judged(kit, user, &rights, name).await;
        }
    });
}

#[test]
fn a_right_to_one_menu_opens_that_menu_only_i11_f67() {
    kit::run(0, async |kit| {
        kit.administrator().await;
        for menu in Menu::ALL {
            for level in [Level::View, Level::Edit] {
                let rights = one(menu, level);
                let name = format!("{}-{}", menu.as_str(), level.as_str());
                let user = kit.person(&name, &rights).await;
                judged(kit, user, &rights, &name).await;
            }
        }
    });
}

#[test]
fn nobody_is_let_in_by_an_empty_group_i11_f67() {
    kit::run(0, async |kit| {
        kit.administrator().await;
        let user = kit.person("kakuu-nothing", &Rights::default()).await;
        judged(kit, user, &Rights::default(), "nothing").await;
    });
}

#[test]
fn a_token_opens_the_api_only_and_one_that_reads_never_writes_i11_f67_f69() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu-program", &Rights::all()).await;
        for read_only in [true, false] {
            let who = kit.token(user, read_only).await;
            for route in table() {
                let (status, to) = knock(kit, &route, &who).await;
                let what = format!("{read_only} at {} {}: {status} {to}", route.method, route.path);
                let writes = matches!(route.need, Need::Right(_, Level::Edit));
                if route.need == Need::Nobody {
                    continue;
                }
                if !is_api(&route) || (read_only && writes) {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
                } else {
                    assert!(!matches!(status.as_u16(), 401 | 403), "{what}");
                }
            }
        }
        let reads = |r: &Route| !is_api(r) || r.method == "GET" || r.path.ends_with("/search");
        let writing_by_view = table().into_iter().filter(|r| !reads(r));
        for route in writing_by_view {
            let edits = matches!(route.need, Need::Right(_, Level::Edit));
            assert!(edits, "{} {} writes without the right to edit", route.method, route.path);
        }
    });
}

const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("strict-transport-security", "max-age=31536000"),
];

#[test]
fn every_answer_carries_the_headers_that_guard_the_browser_f71() {
    kit::run(0, async |kit| {
        let user = kit.person("kakuu-all", &Rights::all()).await;
        for route in table() {
            for who in [Who::Nobody, kit.sign_in(user).await] {
                let request = kit.request(route.method, &path(&route), &who).body(Body::empty()).unwrap();
                let response = kit.app.clone().oneshot(request).await.unwrap();
                let what = format!("{} {}", route.method, route.path);
                for (name, value) in HEADERS {
                    let found = response.headers().get(name).unwrap_or_else(|| panic!("{what}: no {name}"));
                    assert_eq!(found, value, "{what}");
                }
                let kept = response.headers().get(header::CACHE_CONTROL).unwrap().to_str().unwrap();
                assert!(
                    kept == "no-store" || route.path.starts_with("/assets/") || kept == "no-cache",
                    "{what}: {kept}"
                );
            }
        }
        // Also what no route takes, and what the guard against other sites refuses.
        let nowhere = kit.get("/nowhere", &Who::Nobody).await;
        let refused = kit.request("POST", "/login", &Who::Nobody).header("origin", "https://evil.example");
        let refused = kit.send(refused.header("host", "choba.example").body(Body::empty()).unwrap()).await;
        assert_eq!((nowhere.status.as_u16(), refused.status.as_u16()), (404, 403));
        for answer in [nowhere, refused] {
            for (name, value) in HEADERS {
                assert_eq!(answer.headers.get(name).unwrap(), value);
            }
        }
    });
}
