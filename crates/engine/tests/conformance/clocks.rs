//! A machine whose clock is wrong (F11): orders bear the mall's time, and are seen all the same.

use crate::kit::*;
use domain::time::MINUTE;
use engine::{Hub, HubConfig};
use serde_json::json;
use std::sync::Arc;
use testkit::house::House;
use testkit::wrong_clock::WrongClock;

/// A hub whose clock is off.
fn hub_on(house: &House, clock: &WrongClock) -> Arc<Hub> {
    let (ledger, transport) = (Arc::clone(&house.ledger), Arc::clone(&house.transport));
    let config = HubConfig { poll_ms: MINUTE, rhythm: false, ..HubConfig::default() };
    Hub::new(ledger, malls::registry(), Arc::new(clock.clone()), transport, config)
}

crate::every_mall!(a_clock_that_is_behind_or_ahead_hides_no_order_f11, |house, row| {
    let mut shop = shop(house, 0).await;
    shop.set_import_interval(15 * MINUTE, house.now());
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
    let clock = WrongClock::new(house.clock.clone());
    for off in [-50 * MINUTE, 0, 50 * MINUTE, 0] {
        clock.set(off);
        // The clock has been so for a while. After a step back the buckets may rest for up to an hour (engine/src/pace.rs).
        house.run_until(&hub_on(house, &clock), 90 * MINUTE, async |_| false).await;
        let mut wanted = (row.shippable)();
        let fields = wanted.as_object_mut().unwrap();
        fields.extend([("count".to_owned(), json!(1)), ("traits".to_owned(), json!([]))]);
        let number = house.add_orders(wanted).unwrap().remove(0).0;
        let seen = async |house: &House| house.order(&number).await.is_some();
        assert!(house.run_until(&hub_on(house, &clock), 20 * MINUTE, seen).await, "{number} with {off} ms");
    }
});
