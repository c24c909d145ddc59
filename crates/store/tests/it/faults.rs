//! SQLite in trouble: locked, full, losing power.

use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use store::orders::{ListFilter, Page};
use store::{Access, Db, DbUrl, Kind, Ledger, OpenOptions, StoreError, args};
use testkit::tempdb::TempDb;

use crate::base::both;
use crate::house::{House, ring, sample_order};

fn hasty() -> OpenOptions {
    OpenOptions {
        busy_timeout: Duration::from_millis(20),
        busy_tries: 3,
        readers: 1,
        ..OpenOptions::default()
    }
}

fn page(from: i64, count: i64) -> Page {
    Page { new: (from..from + count).map(sample_order).collect(), ..Page::default() }
}

#[test]
fn f40_a_locked_ledger_is_busy_after_bounded_tries_still_reads_and_recovers() {
    testkit::tempdb::run(Kind::Sqlite, async |db: &TempDb| {
        let house = House::with(Db::open_with(&db.url, &hasty()).await.unwrap()).await;
        house.import(vec![sample_order(1)]).await;
        let progress = house.progress(0).await;
        let before = house.everything().await;
        let held = db.begin().await.unwrap();
        let commit =
            |page| house.ledger.commit_page(&house.guard, house.id(), &progress, page, crate::house::NOW);
        let busy = commit(page(2, 3)).await.unwrap_err();
        assert!(matches!(busy, StoreError::Busy(_)) && busy.is_retryable(), "{busy}");
        assert!(matches!(house.ledger.beat_lane(&house.guard).await, Err(StoreError::Busy(_))));
        let filter = ListFilter { limit: 9, ..ListFilter::default() };
        let rows = house.ledger.list_orders(&Access::full(), &filter).await.unwrap();
        assert_eq!(rows.len(), 1, "readers go on");
        assert_eq!(house.everything().await, before);
        held.rollback().await.unwrap();
        commit(page(2, 3)).await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 4);
        house.ledger.close().await;
    });
}

#[test]
fn f41_a_full_disk_stores_nothing_by_halves_and_work_goes_on_after_room_is_made() {
    testkit::tempdb::run(Kind::Sqlite, async |db: &TempDb| {
        let house = House::new(db).await;
        house.import(vec![sample_order(1)]).await;
        let pages = async |text: &'static str| {
            let mut tx = db.begin().await.unwrap();
            let row = tx.fetch_all(&both(text), args![]).await.unwrap().remove(0);
            tx.commit().await.unwrap();
            row
        };
        let now = pages("PRAGMA page_count").await.get_i64("page_count").unwrap();
        let limit = format!("PRAGMA max_page_count = {}", now + 40);
        let limit: &'static str = limit.leak();
        pages(limit).await;
        let progress = house.progress(1).await;
        let commit =
            |page| house.ledger.commit_page(&house.guard, house.id(), &progress, page, crate::house::NOW);
        let mut next = 2;
        let full = loop {
            let before = house.everything().await;
            match commit(page(next, 25)).await {
                Ok(()) => next += 25,
                Err(error) => {
                    let after = house.everything().await;
                    let new: Vec<_> =
                        after.iter().filter(|l| !before.contains(l) && !l.starts_with("counters ")).collect();
                    assert!(new.is_empty(), "nothing half-written: {new:?}");
                    break error;
                }
            }
            assert!(next < 5_000, "the limit does not hold");
        };
        assert!(matches!(full, StoreError::Full(_)) && full.is_retryable(), "{full}");
        // The limit belongs to a connection, and a full disk may have cost it.
        pages(limit).await;
        // Larger than the one that did not fit: sealed bytes differ by a few from try to try.
        let again = commit(page(next, 200)).await;
        assert!(matches!(again, Err(StoreError::Full(_))), "still full: {again:?}");
        house.ledger.beat_lane(&house.guard).await.unwrap();
        pages("PRAGMA max_page_count = 1000000").await;
        commit(page(next, 25)).await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, next + 24);
        let whole = pages("PRAGMA integrity_check").await.get_str("integrity_check").unwrap();
        assert_eq!(whole, "ok");
        house.ledger.fold_phase_counts().await.unwrap();
        assert_eq!(house.ledger.phase_counts().await.unwrap(), house.ledger.recount_phases().await.unwrap());
    });
}

const PER_PAGE: i64 = 5;

/// Opens a copy as the next start would, and says how many pages it holds. All of a page or nothing.
async fn pages_of(copy: &Path) -> i64 {
    let db = Db::open_with(&DbUrl::Sqlite(copy.to_owned()), &hasty()).await.unwrap();
    let whole = db.fetch_one(&both("PRAGMA integrity_check"), args![]).await.unwrap();
    assert_eq!(whole.get_str("integrity_check").unwrap(), "ok");
    let text = "SELECT (SELECT COUNT(*) FROM orders) AS orders, (SELECT COUNT(*) FROM order_keys) AS order_keys, \
                (SELECT COUNT(*) FROM order_sealed) AS sealed, (SELECT COUNT(*) FROM sealed_head) AS heads, \
                (SELECT COUNT(*) FROM order_lines) AS lines, (SELECT COUNT(*) FROM recipients) AS recipients, \
                (SELECT COUNT(*) FROM search_tokens) AS tokens, (SELECT COUNT(*) FROM history) AS told, \
                (SELECT COALESCE(SUM(delta), 0) FROM phase_deltas) AS counted, \
                (SELECT COALESCE(MAX(cursor ->> 'at'), 0) FROM import_runs) AS at";
    let row = db.fetch_one(&both(text), args![]).await.unwrap();
    let pages = row.get_i64("at").unwrap();
    for column in
        ["orders", "order_keys", "sealed", "heads", "lines", "recipients", "tokens", "told", "counted"]
    {
        assert_eq!(row.get_i64(column).unwrap(), pages * PER_PAGE, "{column} and the cursor agree");
    }
    // Opening it as the program does costs more than all of the above: now and then is enough.
    if pages % 4 == 1 {
        let ledger = Ledger::with_db(db.clone(), ring(), crate::house::NOW).await.unwrap();
        let filter = ListFilter { limit: 3, ..ListFilter::default() };
        let rows = ledger.list_orders(&Access::full(), &filter).await.unwrap();
        assert!(rows.iter().all(|r| r.head.is_some()), "and opens");
    }
    db.close().await;
    pages
}

#[test]
fn f42_at_whatever_moment_power_is_lost_each_page_is_wholly_there_or_not() {
    testkit::tempdb::run(Kind::Sqlite, async |db: &TempDb| {
        let house = House::new(db).await;
        house.progress(0).await;
        // What was before is in the file. From here on the log keeps all of it, so that a copy of file and log is one moment however long copying takes.
        house.ledger.scrub(1).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.fetch_all(&both("PRAGMA wal_autocheckpoint = 0"), args![]).await.unwrap();
        tx.commit().await.unwrap();
        let (file, log) = (db.dir.path().join("choba.db"), db.dir.path().join("choba.db-wal"));
        let mut all = Vec::new();
        let work = async {
            for at in 1..=60_i64 {
                let progress = house.progress(at).await;
                let page = page(at * 100, PER_PAGE);
                house
                    .ledger
                    .commit_page(&house.guard, house.id(), &progress, page, crate::house::NOW)
                    .await
                    .unwrap();
            }
        };
        let copies = tempfile::tempdir().unwrap();
        let (from, to) = ((file.clone(), log.clone()), copies.path().to_owned());
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = stop.clone();
        // From a thread of its own, at moments that nobody has chosen.
        let copying = std::thread::spawn(move || {
            let mut count = 0;
            while !seen.load(std::sync::atomic::Ordering::Relaxed) && count < 120 {
                let copy = to.join(format!("live-{count}.db"));
                std::fs::copy(&from.0, &copy).unwrap();
                std::fs::copy(&from.1, to.join(format!("live-{count}.db-wal"))).unwrap();
                count += 1;
            }
            count
        });
        work.await;
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let live = copying.join().unwrap();
        for n in 0..live {
            all.push(pages_of(&copies.path().join(format!("live-{n}.db"))).await);
        }
        // A torn log: any number of its bytes got to the disk, and sometimes one of the last is wrong.
        let (base, bytes) = (std::fs::read(&file).unwrap(), std::fs::read(&log).unwrap());
        let mut luck = StdRng::seed_from_u64(42);
        for n in 0..200 - live.min(80) {
            let copy = copies.path().join(format!("torn-{n}.db"));
            let mut part = bytes[..luck.random_range(0..=bytes.len())].to_vec();
            if n % 3 == 0
                && let Some(last) = part.last_mut()
            {
                *last ^= 0x5a;
            }
            std::fs::write(&copy, &base).unwrap();
            std::fs::write(copies.path().join(format!("torn-{n}.db-wal")), &part).unwrap();
            all.push(pages_of(&copy).await);
        }
        assert!(all.len() >= 200, "{} moments", all.len());
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(distinct.len() > 20, "of many kinds: {distinct:?}");
    });
}
