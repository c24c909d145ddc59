//! Access that lives a while, lanes of several shops, and a day's calls: decision 0007.

use crate::import_help::{counts, last_run};
use crate::write_kit::*;
use domain::UtcMillis;
use domain::history::By;
use domain::time::DAY;
use engine::requests::{AuthoriseRequest, IMPORT, ImportRequest};
use engine::{Hub, HubConfig};
use mall_api::Descriptor;
use serde_json::json;
use std::sync::Arc;
use testkit::granted::{ACCESS, Granted, REFRESH, TokenDesk};
use testkit::house::{House, Plan};
use testkit::rig::SmallPages;

/// A hub whose mall stands behind the desk.
fn hub_behind(
    house: &House,
    desk: &Arc<TokenDesk>,
    schedules: bool,
    change: impl FnOnce(&mut Descriptor),
) -> Arc<Hub> {
    let malls = vec![Granted::over(malls::by_key("rakuten").unwrap(), change)];
    let config = HubConfig { poll_ms: 5_000, schedules, ..HubConfig::default() };
    let clock = Arc::new(house.clock.clone());
    Hub::new(Arc::clone(&house.ledger), malls, clock, Arc::clone(desk) as Arc<dyn engine::Transport>, config)
}

/// The same with many small calls and no schedules.
fn small_hub_behind(house: &House, desk: &Arc<TokenDesk>, change: fn(&mut Descriptor)) -> Arc<Hub> {
    let malls = SmallPages::registry().into_iter().map(|mall| Granted::over(mall, change)).collect();
    let usual = HubConfig::default();
    let config =
        HubConfig { poll_ms: 5 * MINUTE, beat_ms: 10 * MINUTE, lease_ms: HOUR, schedules: false, ..usual };
    let clock = Arc::new(house.clock.clone());
    Hub::new(Arc::clone(&house.ledger), malls, clock, Arc::clone(desk) as Arc<dyn engine::Transport>, config)
}

async fn desk(house: &House, life_ms: i64) -> Arc<TokenDesk> {
    for (i, shop) in house.shops.iter().enumerate() {
        let secret = format!("refresh-{i}");
        house.ledger.set_credential(shop.shop_id, REFRESH, &secret, None, house.now()).await.unwrap();
    }
    let clock = Arc::new(house.clock.clone());
    Arc::new(TokenDesk::new(Arc::clone(&house.transport), clock, life_ms))
}

async fn ask_days(house: &House, shop: usize, days: i64) {
    let (from, to) = (house.now().plus(-days * DAY), house.now());
    let body = ImportRequest { from, to, statuses: None, overwrite: false, force: false, orders: None };
    house.ledger.add_request(&house.shops[shop], IMPORT, &body, &By::Cli, house.now()).await.unwrap();
}

async fn access_end(house: &House) -> Option<UtcMillis> {
    let rows = house.ledger.credential_rows(house.shops[0].shop_id).await.unwrap();
    rows.into_iter().find(|r| r.credential == ACCESS).and_then(|r| r.expires_at)
}

testkit::story!(access_is_got_once_kept_and_renewed_before_it_ends, |kind| Plan::new(kind, 30), |house| {
    let desk = desk(house, 10 * MINUTE).await;
    ask_days(house, 0, 3).await;
    let hub = hub_behind(house, &desk, false, |_| {});
    assert!(house.settle(&hub).await);
    assert_eq!(counts(&last_run(house, 0).await.unwrap()).listed, 30);
    assert_eq!(desk.seen().refreshed, ["refresh-0"]);
    let first = access_end(house).await.unwrap();
    ask_days(house, 0, 3).await;
    assert!(house.settle(&hub_behind(house, &desk, false, |_| {})).await);
    assert_eq!(desk.seen().refreshed.len(), 1, "a new owner uses what is stored");
    house.clock.advance(first.since(house.now()) - 59_000);
    ask_days(house, 0, 3).await;
    assert!(house.settle(&hub_behind(house, &desk, false, |_| {})).await);
    let seen = desk.seen();
    assert_eq!((seen.refreshed.len(), seen.stale), (2, 0), "before it ends, not after");
    assert!(access_end(house).await.unwrap() > first);
});

testkit::story!(
    a_write_that_met_a_stale_token_is_sent_once_more_and_stands_once_i3,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 2, json!([])).await;
        let desk = desk(house, DAY).await;
        desk.set(|d| d.stale_at = Some(SHIP.to_owned()));
        let hub = hub_behind(house, &desk, true, |_| {});
        assert!(work(house, &hub, HOUR).await);
        for number in &numbers {
            one_record_each(house, number).await;
        }
        let seen = desk.seen();
        assert_eq!((seen.stale, seen.refreshed.len()), (1, 2));
        assert_eq!(calls(house, SHIP), 2, "one for each order; the stale one never came so far");
    }
);

testkit::story!(
    a_token_that_ends_in_the_middle_of_a_run_is_renewed_once_and_the_run_goes_on_f12,
    |kind| Plan::new(kind, 30),
    |house| {
        let desk = desk(house, DAY).await;
        for (n, operation) in ["searchOrder", "getOrder"].into_iter().enumerate() {
            desk.set(|d| d.stale_at = Some(operation.to_owned()));
            ask_days(house, 0, 3).await;
            assert!(house.settle(&small_hub_behind(house, &desk, |_| {})).await);
            let run = last_run(house, 0).await.unwrap();
            assert_eq!((run.state.as_str(), counts(&run).listed), ("succeeded", 30), "{operation}");
            let seen = desk.seen();
            assert_eq!((seen.stale, seen.refreshed.len()), (n + 1, n + 2), "{operation}: one renewal each");
            assert_eq!(counts(&run).failed, 0);
            assert_eq!(counts(&run).new > 0, n == 0, "the second run meets what the first brought");
        }
    }
);

testkit::story!(
    a_grant_that_was_taken_back_holds_the_shop_until_a_person_renews_it,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        let desk = desk(house, DAY).await;
        desk.set(|d| d.revoked.extend(["refresh-0".to_owned()]));
        let hub = hub_behind(house, &desk, true, |_| {});
        assert!(!work(house, &hub, HOUR).await);
        let shop = house.ledger.shop(house.shops[0].shop_id).await.unwrap().unwrap();
        assert_eq!(shop.held_reason.unwrap().code, "access_refused");
        assert_eq!((calls(house, SHIP), desk.seen().passed.len()), (0, 0));
        assert!(desk.seen().refreshed.len() < 10, "asked now and then");
        // The way back from the browser, through the lane.
        let body = AuthoriseRequest {
            code: "c1".to_owned(),
            redirect_uri: "http://127.0.0.1:1/".to_owned(),
            code_verifier: "v1".to_owned(),
        };
        let body = serde_json::to_vec(&body).unwrap();
        let asked =
            house.ledger.add_sealed_request(&house.shops[0], &body, &By::Cli, house.now()).await.unwrap();
        let hub = hub_behind(house, &desk, true, |_| {});
        assert!(work(house, &hub, HOUR).await);
        let request = house.ledger.request(asked).await.unwrap().unwrap();
        assert_eq!((request.state.as_str(), request.body), ("succeeded", json!({})), "its secrets are wiped");
        one_record_each(house, &numbers[0]).await;
        let opened = house.ledger.open_credentials(house.shops[0].shop_id).await.unwrap();
        assert!(opened.contains(&(REFRESH.to_owned(), "granted-c1.v1".to_owned())));
    }
);

async fn into_one_lane(house: &House) {
    let mut second = house.ledger.shop(house.shops[1].shop_id).await.unwrap().unwrap();
    second.lane_key = house.shops[0].lane_key.clone();
    house.ledger.update_shop(&second, house.now()).await.unwrap();
}

testkit::story!(
    shops_of_one_lane_take_turns_and_never_share_access,
    |kind| Plan::new(kind, 250).shops(2),
    |house| {
        let desk = desk(house, DAY).await;
        ask_days(house, 0, 3).await;
        ask_days(house, 1, 3).await;
        into_one_lane(house).await;
        let hub = hub_behind(house, &desk, false, |_| {});
        assert!(house.settle(&hub).await);
        for shop in 0..2 {
            assert_eq!(counts(&last_run(house, shop).await.unwrap()).listed, 250);
        }
        let seen = desk.seen();
        assert_eq!(seen.pairs.len(), 2);
        assert!(seen.pairs.values().all(|by| by.len() == 1), "{:?}", seen.pairs);
        let last = |who: &str| seen.passed.iter().rposition(|p| p == who).unwrap();
        let first = |who: &str| seen.passed.iter().position(|p| p == who).unwrap();
        assert!(first("refresh-1") < last("refresh-0") && first("refresh-0") < last("refresh-1"));
    }
);

testkit::story!(
    imports_leave_the_last_tenth_of_a_days_calls_to_writes_and_go_on_tomorrow,
    |kind| Plan::new(kind, 0),
    |house| {
        house.add_orders(json!({"count": 450, "traits": [], "status": 300})).unwrap();
        let desk = desk(house, 10 * DAY).await;
        ask_days(house, 0, 3).await;
        let few = |d: &mut Descriptor| d.calls_per_day = Some(40);
        let waits = async |house: &House| {
            let run = house.ledger.open_run(house.shops[0].shop_id).await.unwrap();
            let why = run.and_then(|r| r.reason).map(|r| r.code);
            why.as_deref() == Some("calls_of_day_used")
        };
        let hub = small_hub_behind(house, &desk, few);
        assert!(house.run_until(&hub, HOUR, waits).await);
        let day = house.ledger.lane_day(&house.shops[0].lane_key).await.unwrap();
        assert_eq!(day.calls, 36);
        // A restart does not forget.
        let hub = small_hub_behind(house, &desk, few);
        assert!(!house.run_until(&hub, 10 * MINUTE, async |house| !waits(house).await).await);
        assert_eq!(house.ledger.lane_day(&house.shops[0].lane_key).await.unwrap().calls, 36);
        let hub = small_hub_behind(house, &desk, few);
        let done = house.run_until(&hub, 5 * DAY, async |house| {
            house.ledger.open_run(house.shops[0].shop_id).await.unwrap().is_none()
        });
        assert!(done.await);
        assert_eq!(last_run(house, 0).await.unwrap().state, "succeeded");
        assert_eq!(house.orders().await.len(), 450);
    }
);
