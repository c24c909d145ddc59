//! Opening, transactions, arguments, bulk insert, errors by meaning.

use std::time::Duration;

use serde_json::json;
use store::{Arg, Bulk, Db, DbUrl, Kind, OpenOptions, Sql, StoreError, args, migrate, settings};
use testkit::contract;
use testkit::tempdb::TempDb;

/// A text of a test's own.
pub const fn both(text: &'static str) -> Sql {
    Sql { name: text, sqlite: text, postgres: text }
}

const THINGS: Bulk = Bulk {
    name: "test::THINGS",
    verb: "INSERT",
    table: "things",
    columns: &["id", "label", "body", "done", "doc"],
    conflict: "ON CONFLICT (id) DO NOTHING",
};

async fn make_things(db: &TempDb) {
    let bytes = if db.kind() == Kind::Sqlite { "BLOB" } else { "BYTEA" };
    let text = format!(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, label TEXT, body {bytes}, done BOOLEAN NOT NULL, doc JSONB)"
    );
    let mut tx = db.begin().await.unwrap();
    tx.exec(&both(text.leak()), args![]).await.unwrap();
    tx.commit().await.unwrap();
}

fn thing(id: i64) -> Vec<Arg> {
    let label = (id % 3 != 0).then(|| format!("品{id}"));
    args![
        id,
        label,
        (id % 2 == 0).then(|| vec![0_u8, 255, 7]),
        id % 2 == 0,
        Some(json!({"n": id, "名": "値"}))
    ]
}

contract!(a_bulk_insert_comes_back, |db| {
    make_things(db).await;
    for count in [0_i64, 1, 2, 100, 777] {
        let mut tx = db.begin().await.unwrap();
        tx.exec(&both("DELETE FROM things"), args![]).await.unwrap();
        let stored = tx.bulk_insert(&THINGS, (0..count).map(thing).collect()).await.unwrap();
        assert_eq!(stored, u64::try_from(count).unwrap());
        let again = tx.bulk_insert(&THINGS, (0..count).map(thing).collect()).await.unwrap();
        assert_eq!(again, 0, "conflict clause");
        tx.commit().await.unwrap();
        let rows = db
            .fetch_all(&both("SELECT id, label, body, done, doc FROM things ORDER BY id"), args![])
            .await
            .unwrap();
        assert_eq!(rows.len(), usize::try_from(count).unwrap());
        for (id, row) in (0_i64..).zip(&rows) {
            assert_eq!(row.get_i64("id").unwrap(), id);
            assert_eq!(row.get_opt_str("label").unwrap(), (id % 3 != 0).then(|| format!("品{id}")));
            assert_eq!(row.get_opt_bytes("body").unwrap(), (id % 2 == 0).then(|| vec![0, 255, 7]));
            assert_eq!(row.get_bool("done").unwrap(), id % 2 == 0);
            assert_eq!(row.get_json("doc").unwrap(), json!({"n": id, "名": "値"}));
        }
    }
    let mut tx = db.begin().await.unwrap();
    assert!(tx.bulk_insert(&THINGS, vec![args![1_i64]]).await.is_err(), "wrong width");
});

contract!(json_is_json_and_null_is_null, |db| {
    make_things(db).await;
    let mut tx = db.begin().await.unwrap();
    let put = both("INSERT INTO things (id, label, body, done, doc) VALUES ($1, $2, $3, $4, $5)");
    tx.exec(&put, args![1_i64, None::<String>, None::<Vec<u8>>, true, json!({"name": "佐藤"})])
        .await
        .unwrap();
    tx.exec(&put, args![2_i64, "x", None::<Vec<u8>>, false, None::<serde_json::Value>]).await.unwrap();
    let name = tx
        .fetch_one(&both("SELECT doc->>'name' AS name, label FROM things WHERE id = $1"), args![1_i64])
        .await
        .unwrap();
    assert_eq!(name.get_str("name").unwrap(), "佐藤");
    assert!(name.get_str("label").is_err(), "NULL is no text");
    assert_eq!(name.get_opt_str("label").unwrap(), None);
    let sum = tx.fetch_one(&both("SELECT CAST(SUM(id) AS BIGINT) AS n FROM things"), args![]).await.unwrap();
    assert_eq!(sum.get_i64("n").unwrap(), 3);
    tx.commit().await.unwrap();
});

contract!(a_failed_statement_spoils_the_transaction, |db| {
    make_things(db).await;
    let put = both("INSERT INTO things (id, done) VALUES ($1, true)");
    let mut tx = db.begin().await.unwrap();
    tx.exec(&put, args![1_i64]).await.unwrap();
    let twice = tx.exec(&put, args![1_i64]).await.unwrap_err();
    assert!(matches!(&twice, StoreError::Unique { what } if what.contains("things")), "{twice:?}");
    assert!(tx.commit().await.is_err());
    assert!(db.fetch_all(&both("SELECT id FROM things"), args![]).await.unwrap().is_empty());
});

contract!(a_dropped_transaction_stores_nothing, |db| {
    make_things(db).await;
    {
        let mut tx = db.begin().await.unwrap();
        tx.exec(&both("INSERT INTO things (id, done) VALUES (1, true)"), args![]).await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    assert!(tx.fetch_optional(&both("SELECT id FROM things"), args![]).await.unwrap().is_none());
});

contract!(settings_hold_values, |db| {
    let mut tx = db.begin().await.unwrap();
    settings::put(&mut tx, "a", "1").await.unwrap();
    assert_eq!(settings::put_new(&mut tx, "a", "2").await.unwrap(), "1");
    settings::put(&mut tx, "a", "3").await.unwrap();
    assert_eq!(settings::get(&mut tx, "a").await.unwrap().as_deref(), Some("3"));
    tx.commit().await.unwrap();
    assert_eq!(settings::get(&**db, "a").await.unwrap().as_deref(), Some("3"));
});

contract!(migrating_twice_does_nothing_and_a_newer_floor_refuses, |db| {
    assert!(migrate::migrate(db, 1).await.unwrap().is_empty());
    migrate::check_schema(db).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    settings::put(&mut tx, "min_program", "999").await.unwrap();
    tx.commit().await.unwrap();
    for refused in [migrate::migrate(db, 2).await.map(drop), migrate::check_schema(db).await] {
        assert!(matches!(refused, Err(StoreError::SchemaTooNew { needs: 999 })));
    }
});

contract!(two_programs_may_migrate_at_once, |db| {
    let other = Db::open(&db.url).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let all = Sql {
        name: "test::ALL_TABLES",
        sqlite: "SELECT 'DROP TABLE ' || name AS text FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                 AND name NOT LIKE 'search_tokens_%' ORDER BY rowid DESC",
        postgres: "SELECT t AS text FROM unnest(ARRAY['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']) t",
    };
    for row in tx.fetch_all(&all, args![]).await.unwrap() {
        tx.exec(&both(row.get_str("text").unwrap().leak()), args![]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (a, b) = futures::join!(migrate::migrate(db, 1), migrate::migrate(&other, 1));
    assert_eq!(a.unwrap().len() + b.unwrap().len(), migrate::MIGRATIONS.len());
    other.close().await;
});

#[test]
fn a_lock_held_by_somebody_else_is_busy_after_bounded_tries() {
    testkit::tempdb::run(Kind::Sqlite, async |db: &TempDb| {
        let hasty =
            OpenOptions { busy_timeout: Duration::from_millis(20), busy_tries: 3, ..OpenOptions::default() };
        let other = Db::open_with(&db.url, &hasty).await.unwrap();
        let held = db.begin().await.unwrap();
        assert!(matches!(other.begin().await.map(drop), Err(StoreError::Busy(_))));
        held.rollback().await.unwrap();
        other.begin().await.unwrap().commit().await.unwrap();
        other.close().await;
    });
}

#[test]
fn a_forgetful_server_is_refused() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        let DbUrl::Postgres(url) = &db.url else { panic!("not PostgreSQL") };
        let off = DbUrl::Postgres(format!("{url}&options[synchronous_commit]=off"));
        let refused = Db::open(&off).await.map(drop).unwrap_err();
        assert!(refused.to_string().contains("synchronous_commit"), "{refused}");
    });
}

#[test]
fn a_connection_lost_in_commit_is_not_known() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        make_things(db).await;
        let mut tx = db.begin().await.unwrap();
        let pid =
            tx.fetch_one(&both("SELECT CAST(pg_backend_pid() AS BIGINT) AS pid"), args![]).await.unwrap();
        let kill = both("SELECT pg_terminate_backend(CAST($1 AS INT), 5000) AS killed");
        db.fetch_one(&kill, args![pid.get_i64("pid").unwrap()]).await.unwrap();
        assert!(matches!(tx.commit().await, Err(StoreError::CommitUnknown(_))));
    });
}

#[test]
#[ignore = "prints costs; run by hand with --release"]
fn what_it_costs() {
    use store::seal::keys::{KeyRing, MasterKey};
    use store::seal::{Aad, OrderKey, open, seal, seal_compressed};
    use store::search::{SearchFields, SearchIndex};

    for kind in [Kind::Sqlite, Kind::Postgres] {
        testkit::tempdb::run(kind, async |db: &TempDb| {
            let ring = KeyRing::new(MasterKey::from_bytes(&[1; 32]));
            let mut tx = db.begin().await.unwrap();
            let index = SearchIndex::open(&mut tx, &ring).await.unwrap();
            tx.commit().await.unwrap();
            let report = |what: &str, times: u32, start: tokio::time::Instant| {
                println!("{kind:?} {what}: {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(times));
            };
            let aad = Aad::new("sealed_head", "head", 1);
            let (head, raw) = ([7_u8; 98], "{\"itemName\":\"りんご\",\"price\":1980}".repeat(200));
            let start = tokio::time::Instant::now();
            for _ in 0..1_000 {
                seal(&OrderKey::generate(), &aad, &head).unwrap();
            }
            report("new key and seal 98 bytes", 1_000, start);
            let key = OrderKey::generate();
            let (wrapped, sealed) = (ring.wrap(&key, 1).unwrap(), seal(&key, &aad, &head).unwrap());
            let start = tokio::time::Instant::now();
            for _ in 0..1_000 {
                open(&ring.unwrap_key(&wrapped, 1).unwrap(), &aad, &sealed).unwrap();
            }
            report("unwrap key and open 98 bytes", 1_000, start);
            let start = tokio::time::Instant::now();
            for _ in 0..1_000 {
                seal_compressed(&key, &aad, raw.as_bytes()).unwrap();
            }
            report("seal compressed 8 kB", 1_000, start);
            let names = ["佐藤 花子", "サトウ ハナコ", "鈴木 太郎", "スズキ タロウ"];
            let fields =
                SearchFields { names: &names, phones: &["090-1234-5678"], mails: &["hanako@example.jp"] };
            let start = tokio::time::Instant::now();
            for _ in 0..1_000 {
                assert!(!index.tokens(&fields).is_empty());
            }
            report(&format!("{} tokens", index.tokens(&fields).len()), 1_000, start);
            let start = tokio::time::Instant::now();
            for batch in 0..20_i64 {
                let orders: Vec<_> = (0..100).map(|i| (batch * 100 + i, index.tokens(&fields))).collect();
                let mut tx = db.begin().await.unwrap();
                index.insert(&mut tx, &orders).await.unwrap();
                tx.commit().await.unwrap();
            }
            report("index an order, batches of 100, tokens and commit included", 2_000, start);
            make_things(db).await;
            for round in 0..5_i64 {
                let tables: Vec<Vec<Vec<Arg>>> =
                    (0..9).map(|t| (0..100).map(|i| thing((round * 9 + t) * 100 + i)).collect()).collect();
                let start = tokio::time::Instant::now();
                let mut tx = db.begin().await.unwrap();
                for rows in tables {
                    tx.bulk_insert(&THINGS, rows).await.unwrap();
                }
                tx.commit().await.unwrap();
                report("9 tables × 100 rows × 5 columns, one transaction", 1, start);
            }
        });
    }
}
