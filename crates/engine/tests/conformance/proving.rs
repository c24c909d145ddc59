//! 取込の証明: a gap is found and filled, and nothing is claimed of what was not looked at.

use crate::kit::*;
use domain::history::By;
use engine::requests::{PROVE, ProveRequest};
use engine::{HubConfig, doors};
use serde_json::{Value, json};
use store::proofs::Proof;
use testkit::house::House;

/// Looks around every quarter of an hour, as a shop does, without waking up more often than a long story bears.
async fn watched(house: &House, ms: i64) {
    let mut shop = shop(house, 0).await;
    shop.import_mode = domain::ImportMode::Schedule;
    shop.import_interval_ms = 15 * MINUTE;
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
    let hub = house.hub_with(HubConfig {
        poll_ms: 5 * MINUTE,
        beat_ms: 10 * MINUTE,
        lease_ms: HOUR,
        ..HubConfig::default()
    });
    let end = house.now().plus(ms);
    house.run_until(&hub, ms, async |house| house.now() >= end).await;
}

async fn proofs(house: &House) -> Vec<Proof> {
    house.ledger.proofs(house.shops[0].shop_id, "2026-10-01", "2026-12-31").await.unwrap()
}

async fn proof(house: &House, day: &str) -> Proof {
    let all = proofs(house).await;
    all.iter().find(|p| p.day == day).cloned().unwrap_or_else(|| panic!("{day} is not proved: {all:?}"))
}

async fn asked(house: &House, day: &str) -> (String, Value) {
    let body = ProveRequest { day: day.to_owned() };
    let hub = house.quiet_hub();
    let done = doors::ask_and_work(&hub, &house.shops[0], PROVE, &body, &By::Cli, &mut |_| {}).await.unwrap();
    (done.request.state, done.request.result.unwrap_or_default())
}

/// An order that the mall hides from its list for so long.
fn hidden(house: &House, row: &Row, hide: bool, number: &str) {
    let now = house.now().0;
    let edited = house.sim().edit_order(number, &json!({ "hidden": hide }), now);
    edited.unwrap_or_else(|e| panic!("{}: {e}", row.mall));
}

crate::every_mall!(f09_an_order_the_list_hid_for_a_day_is_found_by_the_proof_and_filled, |house, row| {
    watched(house, HOUR).await;
    let numbers = orders(house, row, 3, &json!([]));
    let lost = numbers[1].clone();
    hidden(house, row, true, &lost);
    watched(house, HOUR).await;
    assert!(proofs(house).await.iter().all(|p| p.day != "2026-11-02"), "the day is not over");
    // Until no import looks back so far any more. The proof tells of what was listed then.
    watched(house, 25 * HOUR).await;
    assert_eq!((times_here(house, &numbers[0]).await, times_here(house, &lost).await), (1, 0));
    let before = proof(house, "2026-11-02").await;
    assert_eq!((before.listed, before.held, before.missing.len()), (2, 2, 0), "{before:?}");
    hidden(house, row, false, &lost);
    let (state, result) = asked(house, "2026-11-02").await;
    assert_eq!(state, "succeeded", "{result}");
    let proof = proof(house, "2026-11-02").await;
    assert_eq!((proof.listed, proof.held, proof.filled), (3, 3, 1), "{proof:?}");
    assert!(proof.missing.is_empty());
    assert_eq!(times_here(house, &lost).await, 1);
});

crate::every_mall!(an_outage_of_a_whole_day_is_made_up_for_and_proved, |house, row| {
    watched(house, HOUR).await;
    // The mall answers nobody for 30 hours, while buyers go on.
    let (from, to) = (house.now().0, house.now().0 + 30 * HOUR);
    let action = json!({"maintenance": {"code": 503}});
    house.faults(json!([{"at": {"from_ms": from, "to_ms": to}, "action": action}])).unwrap();
    watched(house, 10 * HOUR).await;
    let numbers = orders(house, row, 4, &json!([]));
    watched(house, 15 * HOUR).await;
    // The day is over, and nobody could look: nothing is said of it.
    assert!(proofs(house).await.iter().all(|p| p.day != "2026-11-02"), "{:?}", proofs(house).await);
    watched(house, 12 * HOUR).await;
    let proof = proof(house, "2026-11-02").await;
    assert_eq!((proof.listed, proof.held + proof.left_out, proof.missing.len()), (4, 4, 0), "{proof:?}");
    for number in &numbers {
        assert_eq!(times_here(house, number).await, 1);
    }
});

crate::every_mall!(a_day_is_proved_again_by_hand_and_what_the_mall_took_away_is_no_alarm, |house, row| {
    watched(house, HOUR).await;
    let numbers = orders(house, row, 3, &json!([]));
    watched(house, HOUR).await;
    let (state, result) = asked(house, "2026-11-02").await;
    assert_eq!((state.as_str(), result["reason"]["code"].as_str()), ("failed", Some("day_not_over")));
    watched(house, 24 * HOUR).await;
    // The mall lists one of them no longer.
    hidden(house, row, true, &numbers[0]);
    let (state, result) = asked(house, "2026-11-02").await;
    assert_eq!(state, "succeeded", "{result}");
    let proof = proof(house, "2026-11-02").await;
    assert_eq!((proof.listed, proof.held, proof.beyond, proof.missing.len()), (2, 2, 1, 0), "{proof:?}");
    // A mall that cannot be asked proves nothing: what was known before stays, and the one who asked is told why.
    house.faults(json!([{"operation": row.list, "action": {"maintenance": {"code": 503}}}])).unwrap();
    let (state, result) = asked(house, "2026-11-02").await;
    assert_eq!(state, "failed", "{result}");
    assert!(!result["reason"]["code"].is_null());
    let again = crate::proving::proof(house, "2026-11-02").await;
    assert_eq!(again.checked_at, proof.checked_at);
});

#[test]
fn statuses_that_are_not_fetched_are_told_apart_and_not_called_missing() {
    testkit::house::run(plan(&RAKUTEN, testkit::tempdb::Kind::Sqlite), async |house| {
        let mut shop = shop(house, 0).await;
        shop.import_statuses = Some(vec!["300".to_owned()]);
        house.ledger.update_shop(&shop, house.now()).await.unwrap();
        watched(house, HOUR).await;
        let at = house.now().0 - HOUR / 2;
        for status in [300, 100] {
            let wanted = json!({"mall": "rakuten", "status": status, "count": 2, "traits": [], "at_ms": at});
            house.add_orders(wanted).unwrap();
        }
        watched(house, 24 * HOUR).await;
        let proof = proof(house, "2026-11-02").await;
        assert_eq!((proof.listed, proof.missing.len()), (4, 0), "{proof:?}");
        assert_eq!(proof.held + proof.left_out, 4, "{proof:?}");
        assert!(proof.left_out > 0, "{proof:?}");
    });
}
