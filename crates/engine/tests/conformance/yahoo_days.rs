//! What takes hours and days at Yahoo!ショッピング: holds (yahoo.md 7), the completion behind a shipment (6.3), the session of
//! twelve hours (1.6) and access that ends in the middle of things (1.3).

use crate::kit::*;
use domain::history::By;
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::time::{DAY, SECOND};
use engine::requests::{AuthoriseRequest, IMPORT, ImportRequest};
use mall_api::grant::Consent;
use mall_api::{Credentials, Settings};
use mallsim::{Effect, End, Request};
use serde_json::{Value, json};
use store::orders::MoveOptions;
use testkit::house::{House, Plan};
use testkit::tempdb::Kind;

fn one_shop(kind: Kind, patch: &Value) -> Plan {
    steady(Plan::empty(kind, 0).mall("yahoo", 1), patch)
}

fn edit(house: &House, number: &str, edit: &Value) {
    let now = house.now().0;
    house.sim().edit_order(number, edit, now).unwrap();
}

fn held(house: &House, ago: i64) -> String {
    let wanted = json!({
        "mall": "yahoo", "count": 1, "traits": ["held"], "status": 2, "visible": true, "at_ms": house.now().0 - ago,
    });
    house.add_orders(wanted).unwrap().remove(0).0
}

async fn automatic(house: &House) {
    let mut shop = shop(house, 0).await;
    shop.set_import_interval(HOUR, house.now());
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

/// When the mall took a shipment, and when a call completed the order.
fn shipped_and_completed(house: &House, number: &str) -> (Vec<i64>, Vec<i64>) {
    let told = house.sim().effects().of(number).to_vec();
    let at = |what: fn(&Effect) -> bool| {
        told.iter().filter(|e| e.call > 0 && what(&e.effect)).map(|e| e.at_ms).collect()
    };
    let completed = |e: &Effect| matches!(e, Effect::Status { to, .. } if to == "5");
    (at(|e| matches!(e, Effect::ShippingAdded { .. })), at(completed))
}

testkit::story!(
    frd1_frd3_frd5_a_held_yahoo_order_waits_for_days_is_found_when_released_and_notified,
    |kind| one_shop(kind, &json!({"yahoo": {"hold_release_after_ms": null}})),
    |house| {
        // One lies in the first automatic import, one is so old that no look by 注文日時 reaches it.
        let (seen, unseen) = (held(house, HOUR), held(house, 20 * DAY));
        house.usual_rules().await.unwrap();
        automatic(house).await;
        let came = async |house: &House| house.order(&seen).await.is_some();
        assert!(house.run_until(&patient(house), 6 * HOUR, came).await);
        assert!(house.order(&unseen).await.is_none(), "ordered before the period");
        let view = shown(house, &seen).await;
        assert!(matches!(view.row.hold, Hold::Fraud { .. }), "{:?}", view.row.hold);
        house.pack(view.row.seq, "40000000000").await.unwrap();
        let (to, options) = ("shipped".into(), MoveOptions::default());
        let moved_held =
            house.ledger.move_orders(&[view.row.seq], &to, options, &By::Cli, house.now()).await.unwrap();
        assert!(moved_held.refused[0].reason.ja.contains("不正利用審査中"), "{moved_held:?}");
        // Nor by hand.
        let answer = asked_by_hand(house, &seen).await;
        assert!(answer.to_string().contains("不正保留中"), "{answer}");
        // Days pass.
        house.run_until(&patient(house), 2 * DAY, async |_| false).await;
        assert_eq!((records(house, &seen), calls(house, "orderShipStatusChange")), (0, 0));
        assert!(house.order(&unseen).await.is_none());
        let ordered = house.mall_orders();
        edit(house, &seen, &json!({"hold": 2, "paid": true}));
        edit(house, &unseen, &json!({"hold": 2, "paid": true}));
        let age =
            |number: &str| ordered.iter().find(|o| o.number == number).map(|o| house.now().0 - o.ordered_ms);
        assert!(age(&seen) >= Some(2 * DAY) && age(&unseen) >= Some(22 * DAY), "its 注文日時 is the old one");
        let found = async |house: &House| match (house.order(&seen).await, house.order(&unseen).await) {
            (Some(seen), Some(_)) => matches!(seen.hold, Hold::Released { .. }),
            _ => false,
        };
        assert!(house.run_until(&patient(house), 4 * HOUR, found).await);
        assert!(matches!(shown(house, &unseen).await.row.hold, Hold::Released { released_at: Some(_) }));
        house.pack(seq(house, &unseen).await, "40000000001").await.unwrap();
        for number in [&seen, &unseen] {
            moved(house, number, "shipped").await;
        }
        let both = [seen, unseen];
        assert!(worked(house, &house.hub(), &both).await);
        for number in &both {
            one_effective_notice(house, number).await;
        }
        let notes = house.sim().effects().counters().notes.clone();
        assert!(!notes.contains_key("yahoo.held_order_touched"), "{notes:?}");
    }
);

testkit::story!(
    i12_an_order_that_never_reads_does_not_stop_its_shop_though_it_comes_alone,
    |kind| one_shop(kind, &json!({})),
    |house| {
        automatic(house).await;
        // The first of a new shop, later the only new one beside known ones.
        for hour in 0..2 {
            let ordered = |traits: Value| {
                let at = house.now().0 - 20 * MINUTE;
                let wanted =
                    json!({ "mall": "yahoo", "count": 1, "traits": traits, "visible": true, "at_ms": at });
                house.add_orders(wanted).unwrap().remove(0).0
            };
            let spoilt = ordered(json!(["unreadable"]));
            house.run_until(&patient(house), 2 * HOUR, async |_| false).await;
            let good = ordered(json!([]));
            let came = async |house: &House| house.order(&good).await.is_some();
            let there = house.run_until(&patient(house), 3 * HOUR, came).await;
            let runs = house.ledger.newest_runs(house.shops[0].shop_id, 3).await.unwrap();
            assert!(there, "{good}, time {hour}: {runs:#?}");
            let aside = house.ledger.set_aside_orders(10).await.unwrap();
            assert!(aside.iter().any(|a| a.mall_order_id.0 == spoilt), "{aside:?}");
        }
    }
);

testkit::story!(
    a_yahoo_order_is_completed_by_its_link_after_the_pause_and_once,
    |kind| one_shop(kind, &json!({})),
    |house| {
        let numbers = shipped(house, &YAHOO, 2).await;
        for number in &numbers {
            edit(house, number, &json!({"paid": true}));
        }
        assert!(worked(house, &house.hub(), &numbers).await);
        for number in &numbers {
            one_effective_notice(house, number).await;
            let (added, completed) = shipped_and_completed(house, number);
            assert_eq!((added.len(), completed.len()), (1, 1), "{:?}", house.sim().effects().of(number));
            assert!(completed[0] - added[0] >= 10 * SECOND, "{added:?} {completed:?}");
            let order = house.mall_orders().into_iter().find(|o| o.number == *number).unwrap();
            assert_eq!((order.status.as_str(), &order.parcels["completions"]), ("5", &json!(1)));
        }
        assert_eq!(calls(house, "orderStatusChange"), 2, "none was sent too early and refused");
    }
);

/// A member of staff consents in the browser; what comes back goes through the lane.
async fn consented(house: &House) -> domain::RequestId {
    // The pair of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const BACK: &str = "http://127.0.0.1:1/back";
    let shop = shop(house, 0).await;
    let mall = malls::by_key("yahoo").unwrap();
    let grant = mall.grant().unwrap();
    let credentials = Credentials::from_pairs(house.ledger.open_credentials(shop.shop_id).await.unwrap());
    let consent = Consent { redirect_uri: BACK, state: "s1", code_challenge: CHALLENGE };
    let url = grant.consent_url(&credentials, &Settings(shop.settings.clone()), consent).unwrap();
    let path =
        url.split_once("//").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned())).unwrap();
    let request = Request::new("GET", &format!("{path}&sim_consent=yes"));
    let now = house.now().0;
    let End::Reply(reply) = house.sim().handle(&request, now).end else { panic!("no page") };
    let to = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location")).unwrap().1.clone();
    let pairs: Vec<(String, String)> = to
        .split_once('?')
        .unwrap()
        .1
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    let code = grant.code_of(&pairs).unwrap();
    let (redirect_uri, code_verifier) = (BACK.to_owned(), VERIFIER.to_owned());
    let body = serde_json::to_vec(&AuthoriseRequest { code, redirect_uri, code_verifier }).unwrap();
    house.ledger.add_sealed_request(&shop, &body, &By::Cli, house.now()).await.unwrap()
}

testkit::story!(
    px_04102_a_yahoo_session_without_a_key_ends_after_twelve_hours_and_a_new_consent_frees_the_shop_f13,
    |kind| one_shop(kind, &json!({})),
    |house| {
        let outdated = ["public_key", "public_key_version"];
        let id = house.shops[0].shop_id;
        house.ledger.set_credentials(id, &[], &outdated, house.now()).await.unwrap();
        let numbers = shipped(house, &YAHOO, 2).await;
        house.clock.advance(12 * HOUR);
        let waits = async |house: &House| shop(house, 0).await.held_reason.is_some();
        assert!(house.run_until(&house.hub(), HOUR, waits).await);
        let reason = shop(house, 0).await.held_reason.unwrap();
        assert_eq!(reason.code, "px-04102");
        assert!(reason.ja.contains("12時間") && reason.remedy.contains("再認可"), "{reason:?}");
        // A day later it is the same: held, not failed, and hardly asked.
        let asked = calls(house, "orderInfo");
        house.run_until(&patient(house), DAY, async |_| false).await;
        assert!(calls(house, "orderInfo") - asked < 100, "{}", calls(house, "orderInfo") - asked);
        for number in &numbers {
            let state = shown(house, number).await.row.notice_state;
            assert!(matches!(state, NoticeState::NotSent | NoticeState::InFlight), "{state:?}");
            assert_eq!(records(house, number), 0);
        }
        let request = consented(house).await;
        assert!(worked(house, &house.hub(), &numbers).await);
        assert_eq!(house.ledger.request(request).await.unwrap().unwrap().state, "succeeded");
        assert_eq!(shop(house, 0).await.held_reason, None);
        for number in &numbers {
            one_effective_notice(house, number).await;
        }
    }
);

testkit::story!(
    access_that_ends_in_the_middle_of_a_yahoo_import_is_renewed_and_the_import_goes_on,
    // Five minutes before the end it is renewed: so every two minutes here.
    |kind| one_shop(kind, &json!({"yahoo": {"token_life_ms": 7 * MINUTE}})),
    |house| {
        let numbers = orders(house, &YAHOO, 250, &json!([]));
        let (from, to) = (house.now().plus(-DAY), house.now());
        let body = ImportRequest { from, to, statuses: None, overwrite: false, force: false, orders: None };
        house.ledger.add_request(&house.shops[0], IMPORT, &body, &By::Cli, house.now()).await.unwrap();
        let mut ended_by_mall = false;
        let mut held = false;
        let done = house
            .run_until(&house.quiet_hub(), HOUR, async |house| {
                let here = house.orders().await.len();
                if here > 60 && !ended_by_mall {
                    change_shop(house, 0, &json!({"access": "expire"}));
                    ended_by_mall = true;
                }
                held |= shop(house, 0).await.held_reason.is_some();
                house.is_quiet().await && here > 0
            })
            .await;
        assert!(done && ended_by_mall && !held);
        let run = house.ledger.newest_runs(house.shops[0].shop_id, 9).await.unwrap().remove(0);
        assert_eq!((run.state.as_str(), house.orders().await.len()), ("succeeded", numbers.len()));
        let counted = house.sim().effects().counters().clone();
        assert_eq!(counted.unauthorized, 1, "only the token the mall itself ended was ever refused");
        assert!((3..=5).contains(&calls(house, "token")), "{counted:?}");
        assert_eq!(calls(house, "orderInfo"), 251, "one for each order, and one again");
    }
);
