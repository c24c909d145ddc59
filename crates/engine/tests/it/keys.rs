//! API有効期限: warnings in time, work that is held and not lost, keys that wait until the mall takes them (F13, CRD-2).

use crate::write_kit::*;
use domain::history::By;
use domain::notice::NoticeState;
use domain::time::DAY;
use domain::{ShopId, UtcMillis};
use engine::keys::{self, Entered};
use engine::{Hub, HubConfig};
use mall_api::Clock as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Sql, args};
use testkit::granted::{ACCESS, Granted, REFRESH, TokenDesk};
use testkit::house::{House, Plan};

const LICENSE: &str = "license_key";
const LETTERS: &str = "SELECT key, created_at FROM letters ORDER BY id";

/// Keys of the letters that were ever written, with when.
async fn letters(house: &House) -> Vec<(String, UtcMillis)> {
    let all = Sql { name: "letters", sqlite: LETTERS, postgres: LETTERS };
    let rows = house.ledger.db().fetch_all(&all, args![]).await.unwrap();
    rows.iter().map(|r| (r.get_str("key").unwrap(), UtcMillis(r.get_i64("created_at").unwrap()))).collect()
}

fn id(house: &House) -> ShopId {
    house.shops[0].shop_id
}

async fn stored(house: &House, key: &str) -> Option<String> {
    let all = house.ledger.open_credentials(id(house)).await.unwrap();
    all.into_iter().find(|(k, _)| k == key).map(|(_, secret)| secret)
}

async fn end(house: &House) -> Option<UtcMillis> {
    let rows = house.ledger.credential_rows(id(house)).await.unwrap();
    rows.into_iter().find(|r| r.credential == LICENSE).and_then(|r| r.expires_at)
}

/// A new key at the mall, as its screen shows it.
fn renewed(house: &House) -> String {
    let shop = house.mall_shop();
    let now = house.now().0;
    let view = house.sim().change_shop(&shop, &json!({ "key": "renew" }), now).unwrap();
    view["credentials"]["newestLicenseKey"].as_str().unwrap().to_owned()
}

trait MallShop {
    fn mall_shop(&self) -> String;
}

impl MallShop for House {
    fn mall_shop(&self) -> String {
        let now = self.now().0;
        self.sim().shops(now)[0].shop.to_string()
    }
}

async fn entered(house: &House, hub: &Hub, key: &str, secret: &str) -> Entered {
    let shop = house.ledger.shop(id(house)).await.unwrap().unwrap();
    let mall = hub.mall(&shop.mall).unwrap();
    let given = BTreeMap::from([(key.to_owned(), secret.to_owned())]);
    let ends = BTreeMap::new();
    let done = keys::enter(&house.ledger, &*mall, shop, &given, &ends, &By::Cli, house.now()).await.unwrap();
    hub.wake();
    done
}

async fn waiting(house: &House) -> Option<Option<String>> {
    let next = house.ledger.next_credentials(id(house)).await.unwrap();
    next.first().map(|n| n.reason.as_ref().map(|r| r.code.clone()))
}

/// Works while `body` goes on.
async fn while_working(house: &House, hub: &Arc<Hub>, body: impl AsyncFnOnce()) {
    let task = tokio::spawn(hub.run());
    house.clock.sleep_ms(2 * hub.config.poll_ms).await;
    body().await;
    hub.stop();
    drop(task.await);
}

/// Looks seldom: for walks of months.
fn slow_hub(house: &House) -> Arc<Hub> {
    let config = HubConfig { poll_ms: HOUR, beat_ms: 2 * HOUR, lease_ms: 6 * HOUR, ..HubConfig::default() };
    house.hub_with(config)
}

/// Days on which the warnings of an end were written, by threshold.
async fn warned(house: &House, end: UtcMillis) -> BTreeMap<i64, UtcMillis> {
    let prefix = format!("credential:{}:{LICENSE}:{}:", id(house), end.japan_date());
    let of = |(key, at): (String, UtcMillis)| Some((key.strip_prefix(&prefix)?.parse::<i64>().ok()?, at));
    letters(house).await.into_iter().filter_map(of).collect()
}

testkit::story!(
    a_key_is_warned_about_in_time_its_lapse_holds_the_queue_and_a_new_one_goes_on_f13,
    |kind| Plan::new(kind, 0),
    |house| {
        let hub = slow_hub(house);
        while_working(house, &hub, async || {
            house.clock.sleep_ms(6 * HOUR).await;
            let first = end(house).await.expect("the mall was asked");
            assert_eq!(house.now().plus(90 * DAY).japan_date(), first.japan_date());
            let until = first.plus(-2 * DAY);
            house.clock.sleep_ms(until.since(house.now())).await;
            let before: BTreeSet<i64> = warned(house, first).await.into_keys().collect();
            assert_eq!(before, BTreeSet::from([30, 14, 7, 3]));
            // An order that is to be told to the mall after the lapse.
            house.usual_rules().await.unwrap();
            let number =
                house.add_orders(json!({"count": 1, "traits": [], "status": 300})).unwrap().remove(0).0;
            house.import_days(1).await.unwrap();
            let seq = seq(house, &number).await;
            house.pack(seq, "40000").await.unwrap();
            house.clock.sleep_ms(4 * DAY).await;
            moved(house, seq, "shipped").await;
            house.clock.sleep_ms(DAY).await;
            let shop = house.ledger.shop(id(house)).await.unwrap().unwrap();
            assert_eq!(shop.held_reason.unwrap().code, "GA0001");
            let state = row(house, &number).await.notice_state;
            assert_eq!(state, NoticeState::InFlight, "it waits: neither failed nor lost");
            assert_eq!(calls(house, SHIP), 0);
            for (days, at) in warned(house, first).await {
                let left = domain::credential::remaining(Some(first), at).days_left.unwrap();
                let late = if days == 0 { at.since(first) } else { 0 };
                assert!(left == days || (days == 0 && (0..=DAY).contains(&late)), "{days}: {left} left");
            }
            assert_eq!(warned(house, first).await.into_keys().collect::<Vec<_>>(), [0, 1, 3, 7, 14, 30]);
            // Renewed at the mall and entered here: everything goes on by itself.
            let new = renewed(house);
            assert_eq!(entered(house, &hub, LICENSE, &new).await, Entered::Waiting);
            house.clock.sleep_ms(12 * HOUR).await;
            assert_eq!(stored(house, LICENSE).await, Some(new));
            assert_eq!(house.ledger.shop(id(house)).await.unwrap().unwrap().held_reason, None);
            assert_eq!(row(house, &number).await.notice_state, NoticeState::Applied);
            one_record_each(house, &number).await;
            // The second time the next key is entered a week ahead: nothing ever stops.
            let second = end(house).await.unwrap();
            assert!(second > first.plus(80 * DAY));
            let ahead = second.plus(-6 * DAY);
            house.clock.sleep_ms(ahead.since(house.now())).await;
            let new = renewed(house);
            entered(house, &hub, LICENSE, &new).await;
            let rest = UtcMillis(testkit::house::START.0).plus(200 * DAY);
            house.clock.sleep_ms(rest.since(house.now())).await;
            assert_eq!(stored(house, LICENSE).await, Some(new));
            assert!(end(house).await.unwrap() > second.plus(80 * DAY));
            assert_eq!(warned(house, second).await.into_keys().collect::<Vec<_>>(), [7, 14, 30]);
            assert_eq!(house.ledger.shop(id(house)).await.unwrap().unwrap().held_reason, None);
            let all: Vec<String> = letters(house).await.into_iter().map(|(key, _)| key).collect();
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
            assert_eq!(all.iter().filter(|key| key.starts_with("credential-swapped:")).count(), 2);
        })
        .await;
    }
);

testkit::story!(
    whoever_was_away_for_days_sends_only_the_newest_warning_f13,
    |kind| Plan::new(kind, 0),
    |house| {
        let ends = house.now().plus(40 * DAY);
        house.ledger.credential_checked(id(house), LICENSE, Some(ends), None, house.now()).await.unwrap();
        let queue = async || keys::queue_warnings(&house.ledger, &malls::by_key, house.now()).await.unwrap();
        let days = async || warned(house, ends).await.into_keys().collect::<Vec<_>>();
        assert_eq!((queue().await, days().await.len()), (0, 0));
        house.clock.advance(29 * DAY);
        assert_eq!((queue().await, days().await), (1, vec![14]));
        assert_eq!(queue().await, 0, "never twice");
        house.clock.advance(9 * DAY);
        assert_eq!((queue().await, days().await), (1, vec![3, 14]));
        house.clock.advance(30 * DAY);
        assert_eq!((queue().await, days().await), (1, vec![0, 3, 14]));
        // A shop that is off needs no key.
        let mut shop = house.ledger.shop(id(house)).await.unwrap().unwrap();
        shop.state = "off".to_owned();
        house.ledger.update_shop(&shop, house.now()).await.unwrap();
        let ends = house.now().plus(DAY);
        house.ledger.credential_checked(id(house), LICENSE, Some(ends), None, house.now()).await.unwrap();
        assert_eq!(queue().await, 0);
    }
);

testkit::story!(
    a_renewed_key_waits_until_the_mall_knows_it_and_the_old_one_serves_meanwhile_crd2,
    |kind| Plan::new(kind, 3),
    |house| {
        {
            let mut sim = house.sim();
            let patch: Value = json!({"rakuten": {"key_renewal_delay_ms": 25 * MINUTE}});
            let settings = sim.settings().patched(&patch).unwrap();
            sim.set_settings(settings);
        }
        let hub = house.hub();
        while_working(house, &hub, async || {
            let old = stored(house, LICENSE).await.unwrap();
            let new = renewed(house);
            assert_eq!(entered(house, &hub, LICENSE, &new).await, Entered::Waiting);
            house.clock.sleep_ms(10 * MINUTE).await;
            assert_eq!(waiting(house).await, Some(Some("GA0001".to_owned())), "why it waits is said");
            assert_eq!(stored(house, LICENSE).await.as_ref(), Some(&old));
            let shop = house.ledger.shop(id(house)).await.unwrap().unwrap();
            assert_eq!(shop.held_reason, None, "a try holds nothing");
            let checks = house.ledger.credential_rows(id(house)).await.unwrap();
            assert!(checks.iter().all(|r| r.check_reason.is_none()), "{checks:?}");
            assert_eq!(house.import_days(1).await.unwrap().request.state, "succeeded");
            house.clock.sleep_ms(20 * MINUTE).await;
            assert_eq!((waiting(house).await, stored(house, LICENSE).await), (None, Some(new)));
            assert_eq!(house.import_days(1).await.unwrap().request.state, "succeeded");
        })
        .await;
        let log = house.ledger.actions(None, 10).await.unwrap();
        let swapped = log.iter().find(|l| l.action == "shop.credentials.swapped").unwrap();
        assert_eq!(swapped.details, json!({"credentials": [LICENSE]}));
        let told: Vec<String> = letters(house).await.into_iter().map(|(key, _)| key).collect();
        assert_eq!(told.iter().filter(|key| key.starts_with("credential-swapped:")).count(), 1, "{told:?}");
    }
);

testkit::story!(
    a_key_the_mall_refuses_never_takes_the_place_of_one_that_works_unless_a_person_says_so_crd2,
    |kind| Plan::new(kind, 1),
    |house| {
        let wrong = "SL300001_machigaikagi0000";
        let hub = house.hub();
        while_working(house, &hub, async || {
            let old = stored(house, LICENSE).await.unwrap();
            entered(house, &hub, LICENSE, wrong).await;
            house.clock.sleep_ms(26 * HOUR).await;
            assert_eq!(stored(house, LICENSE).await.as_ref(), Some(&old));
            assert_eq!(waiting(house).await, Some(Some("GA0001".to_owned())));
            let told: Vec<String> = letters(house).await.into_iter().map(|(key, _)| key).collect();
            assert_eq!(told.iter().filter(|k| k.starts_with("credential-refused:")).count(), 1, "{told:?}");
            // Forgotten: as if nothing had been entered.
            house.ledger.forget_next_credentials(id(house)).await.unwrap();
            assert_eq!(waiting(house).await, None);
            // The mall cannot be reached: a person stores it all the same.
            house.faults(json!({"action": {"maintenance": {"code": 503}}})).unwrap();
            entered(house, &hub, LICENSE, wrong).await;
            house.clock.sleep_ms(10 * MINUTE).await;
            assert!(matches!(waiting(house).await, Some(Some(_))));
            let shop = house.ledger.shop(id(house)).await.unwrap().unwrap();
            let mall = hub.mall(&shop.mall).unwrap();
            assert!(keys::store_anyway(&house.ledger, &*mall, &shop, &By::Cli, house.now()).await.unwrap());
            assert_eq!((waiting(house).await, stored(house, LICENSE).await.as_deref()), (None, Some(wrong)));
            assert!(
                !keys::store_anyway(&house.ledger, &*mall, &shop, &By::Cli, house.now()).await.unwrap(),
                "once"
            );
        })
        .await;
    }
);

testkit::story!(nobody_works_the_lane_so_a_key_is_stored_at_once_crd2, |kind| Plan::new(kind, 0), |house| {
    let hub = house.quiet_hub();
    assert_eq!(entered(house, &hub, LICENSE, "SL300001_betsunokagi").await, Entered::Stored);
    assert_eq!(stored(house, LICENSE).await.as_deref(), Some("SL300001_betsunokagi"));
    assert_eq!(waiting(house).await, None);
});

testkit::story!(
    a_grant_that_waits_is_tried_with_access_of_its_own_and_stored_with_it_crd2,
    |kind| Plan::new(kind, 1),
    |house| {
        house.ledger.set_credential(id(house), REFRESH, "refresh-old", None, house.now()).await.unwrap();
        let clock = Arc::new(house.clock.clone());
        let desk = Arc::new(TokenDesk::new(Arc::clone(&house.transport), clock.clone(), DAY));
        desk.set(|d| d.revoked.extend(["refresh-new".to_owned()]));
        let malls = vec![Granted::over(malls::by_key("rakuten").unwrap(), |_| {})];
        let config = HubConfig { poll_ms: 5_000, ..HubConfig::default() };
        let transport = Arc::clone(&desk) as Arc<dyn engine::Transport>;
        let hub = Hub::new(Arc::clone(&house.ledger), malls, clock, transport, config);
        while_working(house, &hub, async || {
            house.clock.sleep_ms(MINUTE).await;
            let access = stored(house, ACCESS).await;
            assert!(access.is_some(), "the daily question got one");
            assert_eq!(entered(house, &hub, REFRESH, "refresh-new").await, Entered::Waiting);
            house.clock.sleep_ms(MINUTE).await;
            assert_eq!(waiting(house).await, Some(Some("access_refused".to_owned())));
            assert_eq!(stored(house, REFRESH).await.as_deref(), Some("refresh-old"));
            assert_eq!(stored(house, ACCESS).await, access, "nothing of the try was stored");
            desk.set(|d| d.revoked.clear());
            house.clock.sleep_ms(5 * MINUTE).await;
            assert_eq!(
                (waiting(house).await, stored(house, REFRESH).await.as_deref()),
                (None, Some("refresh-new"))
            );
            let new = stored(house, ACCESS).await.unwrap();
            assert!(new.starts_with("refresh-new|"), "{new}");
            let used = desk.seen().refreshed.iter().filter(|r| *r == "refresh-new").count();
            assert_eq!(used, 2, "one refused, one that serves on");
        })
        .await;
    }
);
