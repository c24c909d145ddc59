//! Every failure is explained, is held or retried as it should be, and ends (IMP-6, CRD-1).

use crate::import_help::*;
use domain::reason::Actor;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::house::{House, Plan};

fn at_shop(house: &House, change: Value) {
    let now = house.now().0;
    house.sim().change_shop("300001", &change, now).unwrap();
}

/// Enters the newest key, as a person would after renewing it at the mall.
async fn enter_key(house: &House) {
    let now = house.now();
    let view = house.sim().shops(now.0).remove(0);
    let key = view.credentials["newestLicenseKey"].clone();
    house.ledger.set_credential(house.shops[0].shop_id, "license_key", &key, None, now).await.unwrap();
}

fn quick_renewal(kind: store::Kind, orders: usize) -> Plan {
    let mut plan = Plan::new(kind, orders);
    plan.sim.settings.rakuten.key_renewal_delay_ms = 0;
    plan
}

testkit::story!(imp6_every_failure_is_explained, |kind| Plan::new(kind, 10), |house| {
    automatic(house, 30 * MINUTE).await;
    let get = |action: Value| json!({"operation": "getOrder", "action": action});
    for (fault, change, code, actor, retried, held) in [
        (Some(get(json!({"maintenance": {}}))), None, "mall_maintenance", Actor::Mall, true, false),
        (Some(get(json!({"too_many": {}}))), None, "rate_limited", Actor::Nobody, true, false),
        (Some(get(json!({"status": {"code": 500}}))), None, "mall_unavailable", Actor::Mall, true, false),
        (Some(get(json!("close"))), None, "no_answer", Actor::Mall, true, false),
        (Some(get(json!("nested_error"))), None, "", Actor::Staff, false, false),
        (None, Some(json!({"functions_off": ["getOrder"]})), "ES04-01", Actor::Admin, false, true),
        (None, Some(json!({"key": "expire"})), "GA0001", Actor::Admin, false, true),
    ] {
        if let Some(fault) = &fault {
            house.faults(fault.clone()).unwrap();
        }
        if let Some(change) = &change {
            at_shop(house, change.clone());
        }
        house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap();
        run_for(house, &calm(house), 40 * MINUTE).await;
        let run = last_run(house, 0).await.unwrap();
        assert_eq!(run.state, "interrupted", "{code}");
        let reason = run.reason.unwrap();
        println!("{reason:?}");
        if !code.is_empty() {
            assert_eq!((reason.code.as_str(), reason.actor, reason.retried), (code, actor, retried));
            assert!(!reason.remedy.is_empty() || retried, "{reason:?}");
        }
        assert!(!reason.ja.is_empty() && !reason.en.is_empty());
        assert_eq!(shop(house, 0).await.held_reason.map(|r| r.code), held.then(|| code.to_owned()));
        house.sim().clear_faults();
        at_shop(house, json!({"functions_off": []}));
        if code != "GA0001" {
            run_for(house, &calm(house), 20 * MINUTE).await;
            assert!(!run_is(house, 0, "interrupted").await, "{code}: goes on by itself");
            assert_eq!(shop(house, 0).await.held_reason, None);
        }
    }
});

testkit::story!(
    imp6_a_person_is_told_at_once_what_a_person_must_mend,
    |kind| quick_renewal(kind, 10),
    |house| {
        at_shop(house, json!({"key": "expire"}));
        let begun = house.now();
        let failed = house.import_days(3).await.unwrap();
        assert_eq!((failed.request.state.as_str(), failed.run.unwrap().state.as_str()), ("failed", "failed"));
        assert_eq!(failed.request.result.unwrap()["reason"]["code"], "GA0001");
        assert!(house.now().since(begun) < 30 * SECOND, "not waited for for ever");
        assert!(shop(house, 0).await.held_reason.is_some());
        at_shop(house, json!({"key": "renew"}));
        enter_key(house).await;
        assert_eq!(house.import_days(3).await.unwrap().request.state, "succeeded");
        assert!(shop(house, 0).await.held_reason.is_none());
        complete(house).await;
    }
);

testkit::story!(
    f13_a_key_that_expires_in_a_run_holds_it_and_a_new_key_resumes_it,
    |kind| quick_renewal(kind, 250),
    |house| {
        automatic(house, 30 * MINUTE).await;
        house.faults(json!({"operation": "getOrder", "at": {"call": 2}, "action": "key_expires"})).unwrap();
        let hub = house.hub();
        let task = tokio::spawn(hub.run());
        for _ in 0..120 {
            mall_api::Clock::sleep_ms(&house.clock, MINUTE).await;
        }
        let held = last_run(house, 0).await.unwrap();
        assert_eq!(held.state, "interrupted", "held, not failed: {held:?}");
        assert_eq!(held.reason.unwrap().code, "GA0001");
        assert!(shop(house, 0).await.held_reason.is_some());
        assert_eq!(house.orders().await.len() as u64, counts(&last_run(house, 0).await.unwrap()).new);
        assert!(house.sim().effects().counters().unauthorized < 12, "not hammered while held");
        at_shop(house, json!({"key": "renew"}));
        enter_key(house).await;
        // Within seconds, not at the next quarter of an hour.
        for _ in 0..30 {
            mall_api::Clock::sleep_ms(&house.clock, SECOND).await;
        }
        let done = last_run(house, 0).await.unwrap();
        assert_eq!((done.run_id, done.state.as_str()), (held.run_id, "succeeded"));
        hub.stop();
        task.await.unwrap();
        assert!(shop(house, 0).await.held_reason.is_none());
        adds_up(counts(&done));
        assert_eq!(counts(&done).listed, 250);
        complete(house).await;
    }
);

testkit::story!(
    i7_what_the_mall_refuses_as_such_ends_an_automatic_run,
    |kind| Plan::new(kind, 10),
    |house| {
        let refused = json!({
            "MessageModelList": [{"messageType": "ERROR", "messageCode": "ORDER_EXT_API_SEARCH_ORDER_ERROR_011", "message": "x"}],
            "orderNumberList": null, "PaginationResponseModel": null,
        });
        let answer = json!({"status": {"code": 400, "body": refused.to_string()}});
        let until = house.now().plus(HOUR).0;
        house.faults(json!({"operation": "searchOrder", "at": {"to_ms": until}, "action": answer})).unwrap();
        automatic(house, 30 * MINUTE).await;
        run_for(house, &calm(house), 55 * MINUTE).await;
        let runs = house.ledger.newest_runs(house.shops[0].shop_id, 99).await.unwrap();
        assert_eq!(runs.len(), 2, "planned anew, not at once: {runs:?}");
        assert!(runs.iter().all(|r| r.state == "failed" && r.reason.is_some() && r.finished_at.is_some()));
        assert_eq!(shop(house, 0).await.imported_to, None, "what was not read counts as not read");
        run_for(house, &calm(house), HOUR).await;
        assert!(run_is(house, 0, "succeeded").await);
        complete(house).await;
    }
);

testkit::story!(i7_the_reason_shown_is_the_one_of_the_last_try, |kind| Plan::new(kind, 10), |house| {
    automatic(house, 30 * MINUTE).await;
    house.faults(json!({"operation": "getOrder", "times": 2, "action": {"maintenance": {}}})).unwrap();
    house
        .faults(json!({"operation": "getOrder", "at": {"every": 1}, "action": {"status": {"code": 502}}}))
        .unwrap();
    run_for(house, &calm(house), 10 * MINUTE).await;
    let run = last_run(house, 0).await.unwrap();
    assert_eq!(run.reason.unwrap().code, "mall_unavailable");
});

testkit::story!(crd1_the_end_of_a_key_is_asked_daily_and_stored, |kind| quick_renewal(kind, 0), |house| {
    let key = async |house: &House| {
        let rows = house.ledger.credential_rows(house.shops[0].shop_id).await.unwrap();
        rows.into_iter().find(|r| r.credential == "license_key").unwrap()
    };
    run_for(house, &calm(house), 5 * MINUTE).await;
    let first = key(house).await;
    let told = house.sim().shops(house.now().0).remove(0).expires_ms.unwrap();
    assert!((first.expires_at.unwrap().0 - told).abs() <= DAY, "{first:?}");
    let asked = calls(house, "licenseKeyExpiryDate").max(1);
    run_for(house, &calm(house), 20 * HOUR).await;
    assert_eq!(key(house).await.checked_at, first.checked_at, "once a day");
    run_for(house, &calm(house), 10 * HOUR).await;
    assert!(key(house).await.checked_at > first.checked_at);
    println!("{asked} {:?}", house.sim().effects().counters());
    // Renewed at the mall: the next question learns the new end.
    at_shop(house, json!({"key": "renew"}));
    enter_key(house).await;
    run_for(house, &calm(house), 5 * MINUTE).await;
    let renewed = key(house).await;
    assert!(renewed.expires_at > first.expires_at, "{renewed:?}");
});
