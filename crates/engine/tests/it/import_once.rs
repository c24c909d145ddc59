//! The plain automatic import.

use crate::import_help::*;
use domain::time::{HOUR, MINUTE};
use serde_json::json;
use testkit::house::Plan;

testkit::story!(
    imp7_automatic_import_runs_at_its_interval_and_lands_in_the_inbox,
    |kind| Plan::new(kind, 12),
    |house| {
        automatic(house, 30 * MINUTE).await;
        run_for(house, &calm(house), 5 * MINUTE).await;
        assert_eq!(house.orders().await.len(), wanted(house).len());
        let new = house.add_orders(json!({"count": 2, "traits": [], "status": 100})).unwrap();
        run_for(house, &calm(house), 10 * MINUTE).await;
        assert!(house.order(new[0].as_str()).await.is_none(), "not before its time");
        run_for(house, &calm(house), 20 * MINUTE).await;
        assert!(house.orders().await.iter().all(|o| o.phase.as_str() == "inbox"));
        complete(house).await;
        run_for(house, &calm(house), 4 * HOUR).await;
        let runs = house.ledger.newest_runs(house.shops[0].shop_id, 99).await.unwrap();
        assert!((9..=11).contains(&runs.len()), "{}", runs.len());
        assert!(runs.iter().all(|r| r.trigger == "auto" && r.state == "succeeded"));
        for run in &runs {
            adds_up(counts(run));
        }
    }
);
