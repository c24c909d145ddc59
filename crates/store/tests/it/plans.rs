//! The texts that run all day find their rows by an index, on a ledger of some size.

use store::{Arg, Kind, Sql, args};
use testkit::contract;

use crate::house::House;

const FILL: Sql = Sql {
    name: "test::FILL",
    sqlite: "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             INSERT INTO orders (seq, id, shop_id, mall_order_id, phase, version, handling_class, fulfillment, source, order_grouping, \
             provisional, mall_status, mall_status_label, mall_stage, hold, notice_state, confirming, confirm_state, flags, payment_method, \
             ordered_at, created_at, updated_at, seen_at) SELECT i, 'id' || i, 1 + i % 7, 'no' || i, CASE WHEN i % 50 = 0 THEN 'new' ELSE 'completed' END, \
             1, 'normal', 'seller', 'api', 'none', FALSE, '', '', 'shipped', '{}', CASE WHEN i % 50 = 0 THEN 'not_sent' ELSE 'applied' END, \
             FALSE, 'not_sent', 0, '', i, i, i, i FROM n",
    postgres: "INSERT INTO orders (seq, id, shop_id, mall_order_id, phase, version, handling_class, fulfillment, source, order_grouping, \
             provisional, mall_status, mall_status_label, mall_stage, hold, notice_state, confirming, confirm_state, flags, payment_method, \
             ordered_at, created_at, updated_at, seen_at) SELECT i, 'id' || i, 1 + i % 7, 'no' || i, CASE WHEN i % 50 = 0 THEN 'new' ELSE 'completed' END, \
             1, 'normal', 'seller', 'api', 'none', FALSE, '', '', 'shipped', '{}', CASE WHEN i % 50 = 0 THEN 'not_sent' ELSE 'applied' END, \
             FALSE, 'not_sent', 0, '', i, i, i, i FROM generate_series(100, 50000) i",
};

/// What was done long ago: many final steps and answered calls beside the few that live.
const DONE: [Sql; 3] = [
    crate::base::both(
        "INSERT INTO outbox (id, seq, shop_id, lane_key, kind, state, result, phase_at, requested_by, created_at) \
         SELECT seq - 99, seq, 1, 'rakuten:1', 'shipment_notice', 'done', CASE WHEN seq % 1000 = 0 THEN 'rejected' ELSE 'applied' END, \
         'new', '{}', seq FROM orders",
    ),
    crate::base::both(
        "INSERT INTO outbox_steps (id, outbox_id, seq, shop_id, lane_key, kind, state, due_at, attempts, looks) \
         SELECT seq, seq - 99, seq, 1, 'rakuten:1', 'shipment_notice', CASE WHEN seq % 1000 = 0 THEN 'ready' ELSE 'applied' END, seq, 1, 0 FROM orders",
    ),
    crate::base::both(
        "INSERT INTO calls (id, lane_key, shop_id, kind, operation, draft, fence, state, started_at, poll_at) \
         SELECT seq, 'rakuten:1', 1, 'shipment_notice', 'add', '', 1, CASE WHEN seq % 1000 = 0 THEN 'pending' ELSE 'answered' END, seq, seq FROM orders",
    ),
];

contract!(what_runs_all_day_goes_by_an_index, |db| {
    let house = House::new(db).await;
    house.exec(&FILL).await;
    for done in &DONE {
        house.exec(done).await;
    }
    house.exec(&crate::base::both("ANALYZE")).await;
    let no_shops = || vec![Arg::from(true), Arg::from(Vec::<i64>::new())];
    let with = |more: Vec<Arg>| [no_shops(), more].concat();
    let phases = vec!["new".to_owned(), "awaiting_shipment".to_owned()];
    let end = i64::MAX;
    let window = || with(args![end - 1_000, 3_600_000_i64, 0_i64]);
    let cases: [(&str, Vec<Arg>, &str); 22] = [
        (
            "store::orders::read::IN_PHASE",
            with(args!["new", None::<i64>, None::<String>, end, end, 50_i64]),
            "orders_phase",
        ),
        (
            "store::orders::read::IN_STATE",
            with(args!["in_flight", None::<i64>, end, 50_i64]),
            "orders_notice",
        ),
        ("store::orders::read::NEWEST", with(args![None::<i64>, None::<String>, end, 50_i64]), "orders"),
        ("store::orders::read::BY_NUMBER", with(args!["no500"]), "orders_number"),
        ("store::orders::page::EXISTING", args![3_i64, vec!["no1".to_owned(), "no2".to_owned()]], "orders"),
        ("store::orders::facts::CANDIDATES", args![1_i64, phases.clone(), 0_i64, 100_i64], "orders_unsent"),
        ("store::orders::facts::CONFIRMABLE", args![1_i64, phases, 0_i64, 100_i64], "orders_confirmable"),
        ("store::outbox::DUE", args!["rakuten:1", "shipment_notice", end, 50_i64, 1_i64], "outbox_steps_due"),
        ("store::outbox::WHOSE", args!["rakuten:1", end], "outbox_steps_due"),
        ("store::outbox::NEXT", args!["rakuten:1"], "outbox_steps_due"),
        ("store::outbox::OPEN_COUNT", args!["rakuten:1"], "outbox_steps_due"),
        ("store::calls::POLLS", args!["rakuten:1", end, Vec::<i64>::new()], "calls_live"),
        ("store::shops::SENDING", args![1_i64, "rakuten:1"], "calls_live"),
        (
            "store::desk::notices::LIST",
            with(args![None::<i64>, None::<String>, 0_i64, end, end, 50_i64]),
            "outbox_newest",
        ),
        (
            "store::desk::notices::LIST_FAILED",
            with(args![None::<i64>, None::<String>, 0_i64, end, end, 50_i64, "rejected"]),
            "outbox_failed",
        ),
        ("store::desk::today::PLACED", window(), "orders_seen"),
        ("store::desk::today::LATENESS", [window(), args![60_000_i64, 60_i64]].concat(), "orders_seen"),
        ("store::desk::today::ENDED", window(), "outbox_ended"),
        ("store::desk::today::TO_SHIP", with(args!["2026-11-22"]), "orders_to_ship"),
        ("store::desk::today::REFUSED", with(args![end - 1_000, 50_i64]), "outbox_failed"),
        ("store::calls::NEXT_POLL", args!["rakuten:1"], "calls_live"),
        ("store::calls::ORPHANS", args!["rakuten:1", 5_i64], "calls_live"),
    ];
    for (name, args, index) in cases {
        let sql = store::catalogue().into_iter().find(|s| s.name == name).unwrap();
        let explain = Sql {
            name: "test::EXPLAIN",
            sqlite: format!("EXPLAIN QUERY PLAN {}", sql.sqlite).leak(),
            postgres: format!("EXPLAIN {}", sql.postgres).leak(),
        };
        let column = if db.kind() == Kind::Sqlite { "detail" } else { "QUERY PLAN" };
        let mut tx = db.begin().await.unwrap();
        let rows = tx.fetch_all(&explain, args).await.unwrap();
        let plan: Vec<_> = rows.iter().map(|r| r.get_str(column).unwrap()).collect();
        let plan = plan.join("\n");
        tx.rollback().await.unwrap();
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        for bad in ["Seq Scan on orders", "Seq Scan on outbox_steps", "Seq Scan on calls"] {
            assert!(!plan.contains(bad), "{name}:\n{plan}");
        }
        let scans =
            plan.lines().filter(|l| l.starts_with("SCAN ") && !l.contains("json_each")).collect::<Vec<_>>();
        assert!(scans.is_empty(), "{name}:\n{plan}");
    }
});
