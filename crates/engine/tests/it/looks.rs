//! When shops are looked at by themselves: rhythm, hints, restarts, the waiting room, dates filled in.

use crate::import_help::*;
use domain::ImportMode;
use domain::date_rule::DateRule;
use domain::history::By;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use engine::{Hub, HubConfig};
use serde_json::json;
use std::sync::Arc;
use store::{Access, Shop};
use testkit::house::{House, Plan};

/// A hub that spaces its looks as it does at a customer's.
fn by_rhythm(house: &House) -> Arc<Hub> {
    house.hub_by_rhythm(HubConfig { poll_ms: 5_000, ..HubConfig::default() })
}

async fn change(house: &House, of: impl FnOnce(&mut Shop)) {
    let mut shop = shop(house, 0).await;
    of(&mut shop);
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

/// Imports by itself at most every 15 minutes.
async fn on(house: &House, mode: ImportMode) {
    let now = house.now();
    change(house, |shop| shop.set_import_mode(mode, now)).await;
}

async fn looks(house: &House, trigger: &str) -> usize {
    let runs = house.ledger.newest_runs(house.shops[0].shop_id, 200).await.unwrap();
    runs.iter().filter(|r| r.trigger == trigger).count()
}

testkit::story!(
    an_order_is_seen_within_a_minute_where_the_mall_allows_it_imp7,
    |kind| Plan::new(kind, 5),
    |house| {
        on(house, ImportMode::Schedule).await;
        run_for(house, &by_rhythm(house), 3 * MINUTE).await;
        for _ in 0..6 {
            let placed = house.now();
            let new = house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap();
            let there = house
                .run_until(&by_rhythm(house), 3 * MINUTE, async |h| h.order(new[0].as_str()).await.is_some())
                .await;
            assert!(there);
            let order = house.order(new[0].as_str()).await.unwrap();
            let waited = order.created_at.since(placed);
            assert!(waited <= MINUTE, "{waited} ms");
            run_for(house, &by_rhythm(house), 37 * SECOND).await;
        }
        let shop = shop(house, 0).await;
        assert_eq!(shop.next_import_why.as_deref(), Some("brisk"));
    }
);

testkit::story!(
    a_shop_that_sells_little_is_looked_at_less_often_but_every_fifteen_minutes_imp7,
    |kind| Plan::new(kind, 0),
    |house| {
        // Four orders in three weeks, all of them in the morning.
        for day in 0..4_i64 {
            let at = house.now().plus(-21 * DAY + day * 7 * DAY - MINUTE).0;
            house.add_orders(json!({"count": 1, "traits": [], "status": 300, "at_ms": at})).unwrap();
        }
        house.import_days(28).await.unwrap();
        on(house, ImportMode::Schedule).await;
        house.clock.advance(8 * HOUR);
        run_for(house, &by_rhythm(house), 4 * HOUR).await;
        let looks = looks(house, "auto").await;
        assert!((16..=18).contains(&looks), "{looks} looks in four quiet hours");
        assert_eq!(shop(house, 0).await.next_import_why.as_deref(), Some("ceiling"));
    }
);

testkit::story!(
    fifty_hints_are_one_look_and_one_during_a_look_is_one_more_f15,
    |kind| Plan::new(kind, 3),
    |house| {
        // Over the whole story the schedule alone would look once.
        house.import_days(3).await.unwrap();
        on(house, ImportMode::Mail).await;
        let hub = house.hub_with(HubConfig { poll_ms: 1_000, ..HubConfig::default() });
        run_for(house, &hub, 2 * MINUTE).await;
        let (id, before) = (house.shops[0].shop_id, looks(house, "auto").await);
        let new = house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap();
        let placed = house.now();
        for n in 0..50 {
            // Each of them delivered twice.
            assert!(hub.hint("mail", &format!("<{n}@example.jp>"), Some(id)).await.unwrap());
            assert!(!hub.hint("mail", &format!("<{n}@example.jp>"), Some(id)).await.unwrap());
        }
        assert!(shop(house, 0).await.hinted_at.is_some());
        let hub = house.hub_with(HubConfig { poll_ms: 1_000, ..HubConfig::default() });
        run_for(house, &hub, 2 * MINUTE).await;
        let order = house.order(new[0].as_str()).await.unwrap();
        assert!(order.created_at.since(placed) < 20 * SECOND, "{}", order.created_at.since(placed));
        assert_eq!(looks(house, "hint").await, 1);
        assert_eq!(shop(house, 0).await.hinted_at, None);
        // One that comes while a look is under way is not lost with it.
        let hub = house.hub_with(HubConfig { poll_ms: 1_000, ..HubConfig::default() });
        let (mut sent, mut during) = (false, false);
        hub.hint("queue", "a", Some(id)).await.unwrap();
        work_for(house, &hub, 3 * MINUTE, async |house| {
            if !sent && looks(house, "hint").await == 2 {
                (sent, during) = (true, house.ledger.open_run(id).await.unwrap().is_some());
                house.ledger.hint("queue", "b", Some(id), house.now()).await.unwrap();
            }
        })
        .await;
        assert!(sent);
        assert_eq!(looks(house, "hint").await, 3, "{during}");
        assert!(looks(house, "auto").await <= before + 1);
    }
);

testkit::story!(
    hints_hurry_only_a_shop_that_listens_and_no_unknown_one_f15,
    |kind| Plan::new(kind, 3),
    |house| {
        let id = house.shops[0].shop_id;
        house.import_days(3).await.unwrap();
        on(house, ImportMode::Schedule).await;
        run_for(house, &calm(house), 5 * MINUTE).await;
        // A forged one that names no shop, and one for a shop that goes by schedule alone.
        assert!(house.ledger.hint("mail", "forged", None, house.now()).await.unwrap());
        assert!(house.ledger.hint("mail", "b", Some(id), house.now()).await.unwrap());
        run_for(house, &calm(house), 5 * MINUTE).await;
        assert_eq!(looks(house, "hint").await, 0);
        // Heard meanwhile, looked at as soon as it listens.
        on(house, ImportMode::Mail).await;
        run_for(house, &calm(house), 5 * MINUTE).await;
        assert_eq!(looks(house, "hint").await, 1);
    }
);

testkit::story!(
    a_restart_loop_does_not_bring_the_next_look_forward_f38,
    |kind| Plan::new(kind, 3),
    |house| {
        on(house, ImportMode::Schedule).await;
        run_for(house, &house.hub_by_rhythm(HubConfig::default()), 2 * MINUTE).await;
        let now = house.now();
        change(house, |shop| {
            shop.next_import_at = Some(now.plus(7 * MINUTE));
        })
        .await;
        let before = looks(house, "auto").await;
        for _ in 0..36 {
            run_for(house, &house.hub_by_rhythm(HubConfig::default()), 10 * SECOND).await;
        }
        assert_eq!(looks(house, "auto").await, before, "six minutes of restarts, and none before its time");
        for _ in 0..24 {
            run_for(house, &house.hub_by_rhythm(HubConfig::default()), 10 * SECOND).await;
        }
        // Then as often as without restarts: every 45 seconds.
        let after = looks(house, "auto").await - before;
        assert!((2..=5).contains(&after), "{after}");
    }
);

testkit::story!(
    the_waiting_room_is_emptied_at_once_without_the_mall_imp7,
    |kind| Plan::new(kind, 12),
    |house| {
        on(house, ImportMode::Schedule).await;
        run_for(house, &calm(house), 5 * MINUTE).await;
        assert!(house.orders().await.iter().all(|o| o.phase.as_str() == "inbox"));
        // The mall answers nobody.
        house.faults(json!({"action": {"maintenance": {"code": 503}}})).unwrap();
        let id = house.shops[0].shop_id;
        let moved = house.ledger.take_in(id, &By::Cli, house.now()).await.unwrap();
        assert_eq!((moved.done.len(), moved.refused.len()), (house.orders().await.len(), 0));
        assert!(house.orders().await.iter().all(|o| o.phase.as_str() == "new"));
        let again = house.ledger.take_in(id, &By::Cli, house.now()).await.unwrap();
        assert!(again.done.is_empty() && again.refused.is_empty());
    }
);

testkit::story!(
    a_shop_may_skip_the_waiting_room_and_dates_are_filled_in_desk3_imp7,
    |kind| Plan::new(kind, 4),
    |house| {
        on(house, ImportMode::Schedule).await;
        let rule = DateRule { cutoff_minute: None, print_after: Some(0), ship_after: Some(1) };
        change(house, |shop| {
            shop.skip_inbox = true;
            shop.date_rule = Some(rule);
        })
        .await;
        // The world begins on Monday, 2 November 2026; Tuesday is 文化の日 and closed.
        run_for(house, &calm(house), 5 * MINUTE).await;
        let orders = house.orders().await;
        assert!(!orders.is_empty());
        for order in &orders {
            assert_eq!(order.phase.as_str(), "new");
            assert_eq!(order.print_on.as_deref(), Some("2026-11-02"));
            assert_eq!(order.ship_on.as_deref(), Some("2026-11-04"));
            let history = house.ledger.order(&Access::full(), order.seq).await.unwrap().unwrap().history;
            let filled = json!({"event": "edited", "fields": ["print_on", "ship_on"]});
            assert!(history.iter().any(|h| h.event == filled && h.by == By::System), "{history:?}");
        }
        // A day that staff closed counts as well.
        let closed =
            json!({"closed_weekdays": [6, 7], "closed_on_holidays": true, "closed_days": ["2026-11-04"]});
        house.ledger.keep_value(engine::calendar::KEY, &closed.to_string()).await.unwrap();
        let new = house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap();
        run_for(house, &calm(house), 20 * MINUTE).await;
        let order = house.order(new[0].as_str()).await.unwrap();
        assert_eq!(order.ship_on.as_deref(), Some("2026-11-05"));
    }
);
