//! ホーム on both databases: what waits for a person, and the counts behind the plots.

use domain::notice::NoticeState;
use domain::time::{DAY, HOUR, MINUTE};
use domain::write::StepState;
use domain::{ShopId, UtcMillis, reason};
use store::Access;
use store::desk::today::{Failed, Slots, ToShip};
use store::letters::{LetterContent, NewLetter};
use store::outbox::StepUpdate;
use testkit::contract;

use crate::base::both;
use crate::house::{House, NOW, answered, sample_order, staff};

fn nobody() -> Access {
    Access { shops: Some(vec![ShopId(99)]), buyer_data: true }
}

contract!(orders_are_counted_by_the_hour_they_were_placed_in_and_how_long_they_took, |db| {
    let house = House::new(db).await;
    let mut orders: Vec<_> = (1..=4).map(sample_order).collect();
    // Three since the shop was connected (by the clock of the mall one a little later than now), one from before.
    for (order, late) in orders.iter_mut().zip([0, -30 * 1_000, 10 * MINUTE, 5 * HOUR]) {
        order.snapshot.ordered_at = NOW.plus(-late);
    }
    house.import(orders).await;
    house.exec(&both("UPDATE shops SET created_at = created_at - 3600000")).await;
    let hours = Slots::up_to(NOW, HOUR, 24);
    let placed = house.ledger.orders_placed(&Access::full(), &hours).await.unwrap();
    let of = |at: UtcMillis| usize::try_from(at.since(hours.from) / HOUR).unwrap();
    let mut expected = vec![0; 24];
    for late in [0, 10 * MINUTE, 5 * HOUR] {
        expected[of(NOW.plus(-late))] += 1;
    }
    // The order of the fast clock may lie in the slot to come.
    if let Some(slot) = expected.get_mut(of(NOW.plus(30 * 1_000))) {
        *slot += 1;
    }
    assert_eq!(placed[&house.id()], expected);
    let lateness = house.ledger.lateness(&Access::full(), &hours, MINUTE, 60).await.unwrap();
    assert_eq!(
        lateness[23],
        [(0, 2), (10, 1)].into(),
        "what was placed before the shop was connected is no measure"
    );
    assert!(lateness[..23].iter().all(std::collections::BTreeMap::is_empty));
    let capped = house.ledger.lateness(&Access::full(), &hours, MINUTE, 7).await.unwrap();
    assert_eq!(capped[23], [(0, 2), (7, 1)].into());
    let days = house.ledger.orders_placed(&Access::full(), &Slots::up_to(NOW, DAY, 7)).await.unwrap();
    assert_eq!(days[&house.id()].iter().sum::<i64>(), 4);
    assert!(house.ledger.orders_placed(&nobody(), &hours).await.unwrap().is_empty());
    assert!(house.ledger.lateness(&nobody(), &hours, MINUTE, 60).await.unwrap()[23].is_empty());
});

contract!(results_and_causes_of_failures_are_counted, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(4).await;
    let why = || reason::mall_code_unknown("X-1");
    for (seq, end) in seqs.iter().zip([StepState::Applied, StepState::Rejected, StepState::Rejected]) {
        // Two parcels of one order that fail for one reason are one failure.
        let steps = house.wish(*seq, 2).await;
        let call = house.call(&steps).await;
        let update = |step: &domain::StepId| StepUpdate::new(*step, end, NOW);
        let updates: Vec<_> = steps
            .iter()
            .map(|s| if end == StepState::Applied { update(s) } else { update(s).because(why()) })
            .collect();
        house.ledger.end_call(&house.guard, call, &answered(), &updates, NOW).await.unwrap();
    }
    let hours = Slots::up_to(NOW, HOUR, 24);
    let results = house.ledger.notice_results(&Access::full(), &hours).await.unwrap();
    assert_eq!((results[&NoticeState::Applied][23], results[&NoticeState::Rejected][23]), (1, 2));
    assert!(house.ledger.notice_results(&nobody(), &hours).await.unwrap().is_empty());

    let causes = house.ledger.causes(&Access::full(), NOW.plus(-DAY)).await.unwrap();
    assert_eq!((causes.len(), causes[0].what, causes[0].n), (1, Failed::Notice, 2));
    assert_eq!(causes[0].reason, why());
    assert!(house.ledger.causes(&Access::full(), NOW.plus(1)).await.unwrap().is_empty());
    assert!(house.ledger.causes(&nobody(), NOW.plus(-DAY)).await.unwrap().is_empty());
});

contract!(orders_whose_ship_day_is_today_or_over_are_counted_until_they_left, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(4).await;
    let today = NOW.japan_date();
    for (seq, day) in seqs.iter().zip([today, today.yesterday().unwrap(), today.tomorrow().unwrap()]) {
        house.ledger.set_plan(&[*seq], Some(Some(day)), None, &staff(), NOW).await.unwrap();
    }
    let count = async |access: &Access| house.ledger.to_ship(access, today).await.unwrap();
    assert_eq!(count(&Access::full()).await, ToShip { today: 1, overdue: 1 });
    assert_eq!(count(&nobody()).await, ToShip::default());
    assert_eq!(house.shift(seqs[1], "cancelled").await.refused.len(), 0);
    assert_eq!(count(&Access::full()).await, ToShip { today: 1, overdue: 0 });
});

contract!(days_that_miss_orders_and_letters_that_did_not_go_are_counted, |db| {
    let house = House::new(db).await;
    let add = "INSERT INTO import_proofs (shop_id, day, listed, held, left_out, filled, beyond, missing, checked_at) VALUES \
               (1, '2026-09-20', 5, 5, 0, 0, 0, '[]', 1), (1, '2026-09-21', 5, 4, 0, 0, 0, '[\"a\"]', 1), (1, '2026-09-22', 5, 3, 0, 0, 0, '[\"b\",\"c\"]', 1)";
    house.exec(&both(add)).await;
    let since = "2026-09-01".parse().unwrap();
    let gaps = house.ledger.import_gaps(&Access::full(), since).await.unwrap();
    assert_eq!((gaps.len(), gaps[0].first.as_str(), gaps[0].days), (1, "2026-09-21", 2));
    assert!(house.ledger.import_gaps(&nobody(), since).await.unwrap().is_empty());

    for n in 0..3 {
        let content = LetterContent { to: vec![], subject: String::new(), text: String::new() };
        let letter =
            NewLetter { key: format!("test:{n}"), kind: "credential".into(), shop_id: None, content };
        assert!(house.ledger.queue_letter(&letter, NOW).await.unwrap());
    }
    assert_eq!(house.ledger.letters_lost(NOW).await.unwrap(), 0);
    house.exec(&both("UPDATE letters SET state = 'failed' WHERE key = 'test:0'")).await;
    house.exec(&both("UPDATE letters SET state = 'unclear' WHERE key = 'test:1'")).await;
    assert_eq!(house.ledger.letters_lost(NOW).await.unwrap(), 2);
    assert_eq!(house.ledger.letters_lost(NOW.plus(1)).await.unwrap(), 0);
});

contract!(a_list_can_leave_out_what_left_or_was_cancelled, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    house.shift(seqs[0], "cancelled").await;
    let conditions = store::desk::listing::Conditions { unshipped: true, ..Default::default() };
    let filter = store::orders::ListFilter { limit: 50, ..Default::default() };
    let rows = house.ledger.list_filtered(&Access::full(), &filter, &conditions).await.unwrap();
    assert_eq!(rows.iter().map(|r| r.seq).collect::<Vec<_>>(), [seqs[2], seqs[1]]);
    assert_eq!(house.ledger.extent(&Access::full(), &filter, &conditions).await.unwrap().orders, 2);
});
