//! Hints, the waiting room, how often and how fresh orders come.

use crate::house::{House, NOW, add_shop, new_run, sample_order, staff};
use domain::date_rule::Dates;
use domain::time::{DAY, HOUR, MINUTE};
use domain::{ImportMode, OrderSeq};
use jiff::civil::date;
use store::Access;
use store::imports::{NewRun, Note, Progress};
use store::orders::{ListFilter, NewOrder, Page};
use testkit::contract;

contract!(a_hint_is_heard_once_and_cleared_by_the_look_that_begins_after_it_f15, |db| {
    let house = House::new(db).await;
    let (ledger, id) = (&house.ledger, house.id());
    let hinted = async || ledger.shop(id).await.unwrap().unwrap().hinted_at;
    assert!(ledger.hint("mail", "<1@example.jp>", Some(id), NOW).await.unwrap());
    for later in 1..50 {
        assert!(!ledger.hint("mail", "<1@example.jp>", Some(id), NOW.plus(later)).await.unwrap());
    }
    assert_eq!(hinted().await, Some(NOW), "a mail that comes again hurries nothing");
    assert!(ledger.hint("queue", "<1@example.jp>", Some(id), NOW.plus(-5)).await.unwrap());
    assert_eq!(hinted().await, Some(NOW), "one heard late hides no newer one");
    // A run that looks for nothing new leaves it; one that does takes it.
    let plain = ledger.begin_run(&house.guard, &new_run(id), NOW).await.unwrap();
    assert_eq!(hinted().await, Some(NOW));
    let run = ledger.run(plain).await.unwrap().unwrap();
    let progress = Progress { run_id: plain, cursor: run.cursor, counts: run.counts };
    ledger.finish_run(&house.guard, &progress, "succeeded", None, NOW).await.unwrap();
    let look = NewRun { looks_for_news: true, ..new_run(id) };
    ledger.begin_run(&house.guard, &look, NOW).await.unwrap();
    assert_eq!(hinted().await, None);
    assert!(ledger.hint("mail", "<2@example.jp>", Some(id), NOW.plus(9)).await.unwrap());
    assert_eq!(hinted().await, Some(NOW.plus(9)), "one during the look leads to the next");
    // Nobody's shop: remembered all the same.
    assert!(ledger.hint("mail", "forged", None, NOW).await.unwrap());
    assert_eq!(ledger.forget_hints(NOW.plus(1)).await.unwrap(), 3);
    assert_eq!(ledger.forget_hints(NOW.plus(1)).await.unwrap(), 0);
    assert!(!ledger.hint("mail", "<2@example.jp>", Some(id), NOW.plus(9)).await.unwrap());
});

contract!(looks_that_left_nothing_to_tell_are_forgotten_and_no_others, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    let ended = async |trigger: &'static str, state: &str, noted: bool| {
        let run =
            ledger.begin_run(&house.guard, &NewRun { trigger, ..new_run(house.id()) }, NOW).await.unwrap();
        let row = ledger.run(run).await.unwrap().unwrap();
        let progress = Progress { run_id: run, cursor: row.cursor, counts: row.counts };
        if noted {
            let reason = domain::reason::status_not_fetched("x");
            let note = Note { mall_order_id: "1".into(), kind: "left_out".to_owned(), reason };
            let page = Page { notes: vec![note], ..Page::default() };
            ledger.commit_page(&house.guard, house.id(), &progress, page, NOW).await.unwrap();
        }
        ledger.finish_run(&house.guard, &progress, state, None, NOW).await.unwrap();
    };
    ended("auto", "succeeded", false).await;
    ended("hint", "succeeded", false).await;
    ended("auto", "succeeded", true).await;
    ended("auto", "failed", false).await;
    ended("manual", "succeeded", false).await;
    assert_eq!(ledger.forget_looks(NOW, 9).await.unwrap(), 0, "not yet");
    assert_eq!(ledger.forget_looks(NOW.plus(1), 1).await.unwrap(), 1);
    assert_eq!(ledger.forget_looks(NOW.plus(1), 9).await.unwrap(), 1);
    assert_eq!(ledger.newest_runs(house.id(), 9).await.unwrap().len(), 3);
});

contract!(what_people_do_to_a_shop_meanwhile_takes_no_hint_away_f15, |db| {
    let house = House::new(db).await;
    let mut shop = house.ledger.shop(house.id()).await.unwrap().unwrap();
    house.ledger.hint("mail", "1", Some(house.id()), NOW).await.unwrap();
    shop.set_import_mode(ImportMode::Mail, NOW);
    house.ledger.update_shop(&shop, NOW).await.unwrap();
    let read = house.ledger.shop(house.id()).await.unwrap().unwrap();
    assert_eq!((read.hinted_at, read.import_mode), (Some(NOW), ImportMode::Mail));
    assert!(read.imports_itself());
});

fn waiting(n: i64) -> NewOrder {
    NewOrder { phase: "inbox".into(), ..sample_order(n) }
}

async fn store_page(house: &House, new: Vec<NewOrder>, at: domain::UtcMillis) {
    let run = house.ledger.begin_run(&house.guard, &new_run(house.id()), at).await.unwrap();
    let row = house.ledger.run(run).await.unwrap().unwrap();
    let progress = Progress { run_id: run, cursor: row.cursor, counts: row.counts };
    let page = Page { new, ..Page::default() };
    house.ledger.commit_page(&house.guard, house.id(), &progress, page, at).await.unwrap();
    house.ledger.finish_run(&house.guard, &progress, "succeeded", None, at).await.unwrap();
}

contract!(the_waiting_room_is_emptied_shop_by_shop_and_no_other_phase_is_touched_imp7, |db| {
    let house = House::new(db).await;
    let other = add_shop(&house.ledger, "例示商店").await;
    let mut orders: Vec<NewOrder> = (1..=5).map(waiting).collect();
    orders.push(NewOrder { phase: "awaiting_review".into(), ..sample_order(6) });
    store_page(&house, orders, NOW).await;
    assert!(house.ledger.take_in(other.shop_id, &staff(), NOW).await.unwrap().done.is_empty());
    let moved = house.ledger.take_in(house.id(), &staff(), NOW.plus(7)).await.unwrap();
    assert_eq!((moved.done.len(), moved.refused.len()), (5, 0));
    let rows = house
        .ledger
        .list_orders(&Access::full(), &ListFilter { limit: 50, ..ListFilter::default() })
        .await
        .unwrap();
    let of = |phase: &str| rows.iter().filter(|r| r.phase.as_str() == phase).count();
    assert_eq!((of("new"), of("awaiting_review"), of("inbox")), (5, 1, 0));
    let mut counts = house.ledger.phase_counts().await.unwrap();
    counts.retain(|_, n| *n != 0);
    assert_eq!(counts, house.ledger.recount_phases().await.unwrap());
});

contract!(what_may_not_be_taken_in_stays_with_its_reason_imp7, |db| {
    let house = House::new(db).await;
    store_page(&house, vec![waiting(1)], NOW).await;
    let mut phases = house.ledger.phases().await.unwrap();
    let new = phases.iter_mut().find(|p| p.phase.as_str() == "new").unwrap();
    new.ship_date_required = true;
    house.ledger.put_phase(new).await.unwrap();
    let moved = house.ledger.take_in(house.id(), &staff(), NOW).await.unwrap();
    assert_eq!((moved.done.len(), moved.refused.len()), (0, 1));
});

contract!(dates_that_were_filled_in_stand_on_the_order_and_in_its_history_desk3, |db| {
    let house = House::new(db).await;
    let dates = Dates { print_on: Some(date(2026, 11, 24)), ship_on: Some(date(2026, 11, 25)) };
    store_page(&house, vec![NewOrder { dates, ..sample_order(1) }, sample_order(2)], NOW).await;
    let rows = house
        .ledger
        .list_orders(&Access::full(), &ListFilter { limit: 50, ..ListFilter::default() })
        .await
        .unwrap();
    let mut seen: Vec<_> = rows.iter().map(|r| (r.print_on.clone(), r.ship_on.clone())).collect();
    seen.sort();
    assert_eq!(seen, [(None, None), (Some("2026-11-24".to_owned()), Some("2026-11-25".to_owned()))]);
    let told = async |seq: OrderSeq| {
        let view = house.ledger.order(&Access::full(), seq).await.unwrap().unwrap();
        view.history.iter().filter(|h| h.event["event"] == "edited").count()
    };
    for row in &rows {
        assert_eq!(told(row.seq).await, usize::from(row.print_on.is_some()));
    }
});

contract!(rhythm_and_freshness_are_counted_by_shop_and_hour_imp7, |db| {
    let house = House::new(db).await;
    let of = |n: i64, ago: i64| {
        let mut order = sample_order(n);
        order.snapshot.ordered_at = NOW.plus(-ago);
        order
    };
    // Ten of the last hour, after 1 to 10 minutes; one of yesterday, fetched by hand days later.
    let fresh: Vec<NewOrder> = (1..=10).map(|n| of(n, n * MINUTE)).collect();
    store_page(&house, fresh, NOW).await;
    store_page(&house, vec![of(20, 10 * DAY)], NOW).await;
    let found = house.ledger.freshness((NOW.plus(-HOUR), NOW.plus(1)), HOUR + 1).await.unwrap();
    let [row] = &found[..] else { panic!("{found:?}") };
    assert_eq!((row.shop_id, row.stretch, row.orders), (house.id(), 0, 10));
    assert_eq!((row.median_ms, row.p95_ms), (5 * MINUTE, 10 * MINUTE));
    let old = house.ledger.freshness((NOW.plus(-20 * DAY), NOW.plus(-DAY)), DAY).await.unwrap();
    assert!(old.is_empty(), "{old:?}");
    let by_hour = house.ledger.orders_by_hour(house.id(), NOW.plus(-28 * DAY)).await.unwrap();
    assert_eq!(by_hour.per_hour.iter().sum::<i64>(), 11);
    assert_eq!(by_hour.first_at, Some(NOW.plus(-10 * DAY)));
    let hour = usize::try_from(NOW.plus(-30 * MINUTE).japan().hour()).unwrap();
    assert!(by_hour.per_hour[hour] + by_hour.per_hour[(hour + 1) % 24] >= 10, "{by_hour:?}");
    let other = add_shop(&house.ledger, "例示商店").await;
    let none = house.ledger.orders_by_hour(other.shop_id, NOW.plus(-28 * DAY)).await.unwrap();
    assert_eq!((none.first_at, none.per_hour.iter().sum::<i64>()), (None, 0));
});
