//! Backups taken while others write, opened and folded; the way back; migrations cut off anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use domain::UtcMillis;
use domain::history::By;
use domain::restore::ReadBack;
use domain::time::DAY;
use store::backup::{self, BackupError, Target};
use store::orders::Page;
use store::{Db, DbUrl, Kind, Ledger, Sql, StoreError, args, migrate};
use testkit::contract;
use testkit::tempdb::TempDb;

use crate::base::both;
use crate::house::{House, NOW, ring, sample_order};

async fn made(db: &TempDb) -> Vec<u8> {
    let (mut bytes, folder) = (Vec::new(), tempfile::tempdir().unwrap());
    backup::write(&db.url, &folder.path().join("copy"), &mut bytes, NOW).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the copy beside it is gone");
    bytes
}

async fn verified(db: &TempDb, bytes: &[u8]) -> Result<backup::Manifest, BackupError> {
    let folder = tempfile::tempdir().unwrap();
    let done = backup::verify(&db.url, &folder.path().join("check"), &mut &*bytes, NOW).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing of the check is left");
    done
}

/// Restores into a place where another ledger is, which moves aside.
async fn restored(kind: Kind, bytes: &[u8], now: UtcMillis) -> TempDb {
    let db = TempDb::new(kind).await.unwrap();
    db.close().await;
    if let DbUrl::Sqlite(file) = &db.url {
        let aside = backup::set_aside(file, now).await.unwrap();
        assert!(aside.exists() && !file.exists());
    }
    backup::restore(&db.url, Target::InPlaceOf, &mut &*bytes, now).await.unwrap();
    db.reopened().await.unwrap()
}

async fn count(db: &Db, text: &'static str) -> i64 {
    db.fetch_one(&both(text), args![]).await.unwrap().get_i64("n").unwrap()
}

contract!(f47_backups_taken_while_orders_come_in_are_each_whole_and_explained_by_history, |db| {
    let house = House::new(db).await;
    house.samples(3).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = async {
        let mut n = 3;
        while !stop.load(Ordering::SeqCst) && n < 400 {
            house.import((n + 1..=n + 4).map(sample_order).collect()).await;
            n += 4;
        }
        n
    };
    let copying = async {
        let mut copies = Vec::new();
        for _ in 0..5 {
            let bytes = made(db).await;
            let manifest = verified(db, &bytes).await.unwrap();
            copies.push((manifest.orders(), bytes));
            tokio::task::yield_now().await;
        }
        stop.store(true, Ordering::SeqCst);
        copies
    };
    let (written, copies) = futures::join!(writing, copying);
    assert!(copies.windows(2).all(|w| w[0].0 <= w[1].0), "each is of its own moment");
    assert!(copies[0].0 >= 3 && copies[4].0 <= written && written > 3);
    for (orders, bytes) in [&copies[0], &copies[4]] {
        let copy = restored((**db).kind(), bytes, NOW).await;
        let ledger = Ledger::with_db((*copy).clone(), ring(), NOW).await.unwrap();
        assert_eq!(count(&copy, "SELECT COUNT(*) AS n FROM orders").await, *orders);
        assert_eq!(ledger.audit(false).await.unwrap(), std::collections::BTreeMap::new());
        assert_eq!(ledger.phase_counts().await.unwrap(), ledger.recount_phases().await.unwrap());
        copy.remove().await.unwrap();
    }
});

contract!(f46_a_restored_ledger_begins_with_nobody_in_it_new_numbers_and_writing_paused, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(4).await;
    let steps = house.wish(seqs[0], 1).await;
    let bytes = made(db).await;
    let later = NOW.plus(3 * DAY);
    let copy = restored((**db).kind(), &bytes, later).await;
    let ledger = Ledger::with_db((*copy).clone(), ring(), later).await.unwrap();
    let stands = ledger.restored().await.unwrap().unwrap();
    assert_eq!((stands.made_at, stands.restored_at, stands.released_at), (NOW, later, None));
    // Whoever owned the lane does not own it here.
    assert!(matches!(ledger.beat_lane(&house.guard).await, Err(StoreError::LaneLost)));
    let lane = ledger.lanes().await.unwrap().remove(0);
    let guard = ledger.claim_lane(&lane.lane_key, "b", "", lane.fence).await.unwrap().unwrap();
    // The last door: no call begins, whatever led to it.
    let kind = domain::write::WriteKind::ShipmentNotice;
    let begin = async |at| ledger.begin_call(&guard, house.id(), kind, "ship", b"{}", &steps, at).await;
    assert!(matches!(begin(later).await, Err(StoreError::Conflict { .. })));
    // Numbers of the time that is lost are not given out again.
    let run = ledger.open_run(house.id()).await.unwrap().unwrap();
    let progress = store::imports::Progress {
        run_id: run.run_id,
        cursor: run.cursor.clone(),
        counts: run.counts.clone(),
    };
    let page = Page { new: vec![sample_order(9)], ..Page::default() };
    ledger.commit_page(&guard, house.id(), &progress, page, later).await.unwrap();
    let newest = count(&copy, "SELECT MAX(seq) AS n FROM orders").await;
    assert!(newest >= seqs[3].0 + 10_000, "{newest} after {}", seqs[3]);
    // What is not sent yet is read back; a mall that does not give an order is said.
    let open = ledger.to_read_back(house.id(), 100).await.unwrap();
    assert_eq!(open.len(), 4);
    assert_eq!(ledger.read_back(&guard, house.id(), &open, later).await.unwrap(), 0);
    let counts = ledger.read_back_counts().await.unwrap();
    assert_eq!(counts.get(&(house.id(), ReadBack::NotGiven)), Some(&4));
    // A person lets it go on, once.
    assert!(ledger.release_restored(&By::Cli, later).await.unwrap());
    assert!(!ledger.release_restored(&By::Cli, later).await.unwrap());
    begin(later).await.unwrap();
    if (**db).kind() == Kind::Postgres {
        let text = "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema LIKE 'choba_before_%' AND table_name = 'orders'";
        let aside = Sql { name: "test::ASIDE", sqlite: "SELECT 0 AS n", postgres: text };
        let there = copy.fetch_one(&aside, args![]).await.unwrap().get_i64("n").unwrap();
        assert_eq!(there, 1, "the old tables are kept");
    }
    copy.remove().await.unwrap();
});

contract!(f47_a_backup_that_was_cut_or_changed_restores_nothing, |db| {
    let house = House::new(db).await;
    house.samples(2).await;
    let bytes = made(db).await;
    let target = TempDb::new((**db).kind()).await.unwrap();
    target.close().await;
    if let DbUrl::Sqlite(file) = &target.url {
        std::fs::remove_file(file).unwrap();
    }
    for cut in [10, bytes.len() / 2, bytes.len() - 1] {
        assert!(verified(db, &bytes[..cut]).await.is_err(), "cut at {cut}");
        let done = backup::restore(&target.url, Target::InPlaceOf, &mut &bytes[..cut], NOW).await;
        assert!(done.is_err(), "cut at {cut}");
        match &target.url {
            // What is there has not got its name yet in real life; here it is taken away for the next try.
            DbUrl::Sqlite(file) => drop(std::fs::remove_file(file)),
            DbUrl::Postgres(_) => {}
        }
    }
    let mut changed = bytes.clone();
    let middle = bytes.len() / 2;
    changed[middle] ^= 0x20;
    assert!(verified(db, &changed).await.is_err());
    verified(db, &bytes).await.unwrap();
    target.reopened().await.unwrap().remove().await.unwrap();
});

contract!(f46_nothing_is_put_in_the_place_of_a_ledger_that_is_there_or_in_use, |db| {
    let house = House::new(db).await;
    house.samples(1).await;
    let bytes = made(db).await;
    match &db.url {
        DbUrl::Sqlite(file) => {
            let refused = backup::set_aside(file, NOW).await.unwrap_err();
            assert!(matches!(refused, BackupError::InUse(_)), "{refused}");
            let refused = backup::restore(&db.url, Target::Empty, &mut &*bytes, NOW).await.unwrap_err();
            assert!(matches!(refused, BackupError::Io(_)), "{refused}");
        }
        DbUrl::Postgres(_) => {
            let refused = backup::restore(&db.url, Target::InPlaceOf, &mut &*bytes, NOW).await.unwrap_err();
            assert!(matches!(refused, BackupError::InUse(_)), "{refused}");
            let quiet = TempDb::new(Kind::Postgres).await.unwrap();
            quiet.close().await;
            let refused = backup::restore(&quiet.url, Target::Empty, &mut &*bytes, NOW).await.unwrap_err();
            assert!(matches!(refused, BackupError::Occupied), "{refused}");
            quiet.reopened().await.unwrap().remove().await.unwrap();
        }
    }
    // It still stands as it did.
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 1);
    house.import(vec![sample_order(2)]).await;
});

/// A database without tables.
async fn bare(kind: Kind) -> TempDb {
    let db = TempDb::new(kind).await.unwrap();
    match &db.url {
        DbUrl::Sqlite(file) => {
            db.close().await;
            std::fs::remove_file(file).unwrap();
            db.reopened().await.unwrap()
        }
        DbUrl::Postgres(_) => {
            let mut tx = db.begin().await.unwrap();
            for text in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
                tx.exec(&both(text), args![]).await.unwrap();
            }
            tx.commit().await.unwrap();
            db
        }
    }
}

async fn is_empty(db: &Db) -> bool {
    let sql = Sql {
        name: "test::TABLES",
        sqlite: "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table'",
        postgres: "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = 'public'",
    };
    db.fetch_one(&sql, args![]).await.unwrap().get_i64("n").unwrap() == 0
}

contract!(f45_a_migration_that_dies_anywhere_leaves_all_or_nothing_and_the_next_start_does_it, |db| {
    let kind = (**db).kind();
    let bare = bare(kind).await;
    let mut died = 0;
    for polls in (1..).step_by(7) {
        // The process dies at this await: its connection goes, and with it what was not committed.
        let dying = Db::open(&bare.url).await.unwrap();
        let mut left = polls;
        let mut work = Box::pin(migrate::migrate(&dying, 1));
        let done = std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => {
                left -= 1;
                if left == 0 { Poll::Ready(None) } else { Poll::Pending }
            }
        })
        .await;
        drop(work);
        dying.close().await;
        match done {
            None => {
                died += 1;
                let whole = migrate::check_schema(&bare).await.is_ok();
                assert!(whole || is_empty(&bare).await, "half a migration after {polls} polls");
                if whole {
                    break;
                }
            }
            Some(done) => {
                assert_eq!(done.unwrap().len(), migrate::MIGRATIONS.len());
                break;
            }
        }
        assert!(died < 200);
    }
    assert!(died > 3, "it died only {died} times");
    migrate::migrate(&bare, 2).await.unwrap();
    migrate::check_schema(&bare).await.unwrap();
    bare.remove().await.unwrap();
});

contract!(f45_an_old_program_refuses_tables_that_are_too_new_for_it_with_clear_words, |db| {
    House::new(db).await;
    let mut tx = db.begin().await.unwrap();
    store::settings::put(&mut tx, "min_program", &(migrate::program() + 1).to_string()).await.unwrap();
    tx.commit().await.unwrap();
    let refused = Ledger::with_db((**db).clone(), ring(), NOW).await.err().unwrap();
    assert!(matches!(refused, StoreError::SchemaTooNew { .. }), "{refused}");
    assert!(refused.to_string().contains("newer program"));
});

contract!(f45_two_instances_that_start_at_once_migrate_once, |db| {
    let bare = bare((**db).kind()).await;
    let other = Db::open(&bare.url).await.unwrap();
    let (a, b) = futures::join!(migrate::migrate(&bare, 1), migrate::migrate(&other, 1));
    assert_eq!(a.unwrap().len() + b.unwrap().len(), migrate::MIGRATIONS.len());
    other.close().await;
    bare.remove().await.unwrap();
});
