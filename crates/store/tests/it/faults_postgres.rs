//! PostgreSQL out of reach: cut during COMMIT, restarted, gone for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use store::orders::Page;
use store::{Db, DbUrl, Kind, StoreError, args, migrate, settings};
use testkit::tempdb::TempDb;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::base::both;
use crate::house::{House, NOW, sample_order, sample_snapshot};

const PASS: u8 = 0;
/// The connection dies before the server sees COMMIT.
const CUT_BEFORE: u8 = 1;
/// The server commits; its answer never arrives.
const CUT_AFTER: u8 = 2;
/// Nothing passes either way, and nobody is told (half-open).
const STALL: u8 = 3;

/// Waits while nothing passes.
async fn stalled(mode: &AtomicU8) {
    while mode.load(Ordering::SeqCst) == STALL {
        drop(tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await);
    }
}

/// One connection through the proxy. Ends when either side ends, or when it is cut.
async fn carry(mut near: TcpStream, mut far: UnixStream, mode: Arc<AtomicU8>) -> std::io::Result<()> {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            n = near.read(&mut up) => {
                let n = n?;
                if n == 0 {
                    return Ok(());
                }
                stalled(&mode).await;
                let commit = up[..n].windows(7).any(|w| w == b"COMMIT\0");
                let how = if commit { mode.swap(PASS, Ordering::SeqCst) } else { PASS };
                if how == CUT_BEFORE {
                    return Ok(());
                }
                far.write_all(&up[..n]).await?;
                if how == CUT_AFTER {
                    // The answer has come as far as here: the server has committed.
                    return far.read(&mut down).await.map(drop);
                }
            }
            n = far.read(&mut down) => {
                let n = n?;
                if n == 0 {
                    return Ok(());
                }
                stalled(&mode).await;
                near.write_all(&down[..n]).await?;
            }
        }
    }
}

/// A proxy before the test's server. The URL through it, and how the next COMMIT fares.
async fn proxy(db: &TempDb) -> (DbUrl, Arc<AtomicU8>) {
    let DbUrl::Postgres(url) = &db.url else { panic!("not PostgreSQL") };
    let (address, dir) = url.split_once("?host=").unwrap();
    let socket = std::path::Path::new(dir).join(".s.PGSQL.5432");
    let (user, name) = (address.split('@').next().unwrap(), address.rsplit('/').next().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mode = Arc::new(AtomicU8::new(PASS));
    let shared = mode.clone();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(carry(near, far, shared.clone()));
        }
    });
    (DbUrl::Postgres(format!("{user}@127.0.0.1:{port}/{name}?sslmode=disable")), mode)
}

#[test]
fn f43_a_commit_cut_off_is_unknown_and_the_unique_key_tells_the_truth() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        let (url, mode) = proxy(db).await;
        let house = House::with(Db::open(&url).await.unwrap()).await;
        house.import(vec![sample_order(1)]).await;
        for (n, cut, stored) in [(2, CUT_BEFORE, false), (3, CUT_AFTER, true), (4, CUT_BEFORE, false)] {
            let progress = house.progress(n).await;
            let page = || Page { new: vec![sample_order(n)], ..Page::default() };
            let commit = |page| house.ledger.commit_page(&house.guard, house.id(), &progress, page, NOW);
            mode.store(cut, Ordering::SeqCst);
            let unknown = commit(page()).await.unwrap_err();
            assert!(matches!(unknown, StoreError::CommitUnknown(_)), "{unknown}");
            assert!(!unknown.is_retryable(), "read first");
            assert_eq!(mode.load(Ordering::SeqCst), PASS, "it was the COMMIT that was cut");
            let id = sample_snapshot(n).mall_order_id;
            let truth = house.ledger.existing_orders(house.id(), &[id]).await.unwrap();
            assert_eq!(truth.len(), usize::from(stored));
            let run = house.ledger.run(progress.run_id).await.unwrap().unwrap();
            assert_eq!(run.cursor == progress.cursor, stored, "the cursor went with the page (I8)");
            match commit(page()).await {
                Ok(()) => assert!(!stored),
                Err(StoreError::Conflict { .. }) => assert!(stored, "and not twice (I2)"),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 4);
        let real = house.ledger.recount_phases().await.unwrap();
        assert_eq!(house.ledger.phase_counts().await.unwrap(), real);
        house.ledger.close().await;
    });
}

#[test]
fn f43_a_wish_whose_commit_was_cut_off_is_not_wished_twice() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        let (url, mode) = proxy(db).await;
        let house = House::with(Db::open(&url).await.unwrap()).await;
        let seq = house.samples(1).await[0];
        let parcel = house.parcel(seq, "4000-0000-0001").await;
        let write = [house.notice(seq, vec![parcel]).await];
        let by = domain::history::By::System;
        mode.store(CUT_AFTER, Ordering::SeqCst);
        let unknown = house.ledger.enqueue_writes(&house.guard, &write, &by, NOW).await;
        assert!(matches!(unknown, Err(StoreError::CommitUnknown(_))));
        assert!(house.ledger.enqueue_writes(&house.guard, &write, &by, NOW).await.unwrap().is_empty());
        let steps = house.steps(seq).await;
        assert_eq!(steps.len(), 1);
        // The intent before the first byte: unknown means that nothing may be sent under it.
        mode.store(CUT_AFTER, Ordering::SeqCst);
        let kind = domain::write::WriteKind::ShipmentNotice;
        let begin = || house.ledger.begin_call(&house.guard, house.id(), kind, "add", b"", &steps, NOW);
        assert!(matches!(begin().await, Err(StoreError::CommitUnknown(_))));
        assert!(matches!(begin().await, Err(StoreError::Conflict { .. })), "no second call for the step");
        house.ledger.close().await;
    });
}

#[test]
fn f43_after_the_server_closed_every_connection_the_next_statement_works() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        let other = Db::open(&db.url).await.unwrap();
        let house = House::new(db).await;
        house.samples(2).await;
        for _ in 0..3 {
            let kill = "SELECT COUNT(pg_terminate_backend(pid, 5000)) AS n FROM pg_stat_activity \
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let killed = other.fetch_one(&both(kill), args![]).await.unwrap().get_i64("n").unwrap();
            assert!(killed > 0);
            assert_eq!(house.count("SELECT COUNT(*) AS n FROM orders").await, 2);
            house.ledger.beat_lane(&house.guard).await.unwrap();
        }
        let mut tx = db.begin().await.unwrap();
        let kill = "SELECT COUNT(pg_terminate_backend(pid, 5000)) AS n FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
        other.fetch_one(&both(kill), args![]).await.unwrap();
        let dead = tx.fetch_all(&both("SELECT 1 AS n"), args![]).await.map(drop).unwrap_err();
        assert!(matches!(dead, StoreError::Unavailable(_)), "{dead}");
        assert!(tx.commit().await.is_err());
        house.ledger.beat_lane(&house.guard).await.unwrap();
        other.close().await;
    });
}

#[test]
fn f44_cut_off_half_open_a_process_learns_nothing_and_the_other_side_takes_its_lane() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        let (url, mode) = proxy(db).await;
        let near = House::with(Db::open(&url).await.unwrap()).await;
        let far = store::Ledger::with_db((**db).clone(), crate::house::ring(), NOW).await.unwrap();
        near.ledger.beat_lane(&near.guard).await.unwrap();
        let seen = far.lanes().await.unwrap().remove(0);
        mode.store(STALL, Ordering::SeqCst);
        let wait = Duration::from_millis(300);
        // It is not told that it beat, and so its lease runs out by its own clock.
        assert!(tokio::time::timeout(wait, near.ledger.beat_lane(&near.guard)).await.is_err());
        let still = far.lanes().await.unwrap().remove(0);
        assert_eq!(
            (still.beat, still.fence),
            (seen.beat, seen.fence),
            "the beat stands still for the others"
        );
        far.claim_lane(&seen.lane_key, "b", "", seen.fence).await.unwrap().unwrap();
        // The network is back: whatever the first one still wants to store is refused.
        mode.store(PASS, Ordering::SeqCst);
        assert!(matches!(near.ledger.beat_lane(&near.guard).await, Err(StoreError::LaneLost)));
        let progress = near.ledger.begin_run(&near.guard, &crate::house::new_run(near.id()), NOW).await;
        assert!(matches!(progress, Err(StoreError::LaneLost)), "{progress:?}");
        near.ledger.close().await;
    });
}

#[test]
fn f44_after_a_failover_to_a_read_only_server_reading_works_writing_says_why_and_recovers() {
    testkit::tempdb::run(Kind::Postgres, async |db: &TempDb| {
        let house = House::with(Db::open(&db.url).await.unwrap()).await;
        house.samples(2).await;
        let set = async |on: bool| {
            let text = if on { "on" } else { "off" };
            let name = db.fetch_one(&both("SELECT current_database() AS name"), args![]).await.unwrap();
            let name = name.get_str("name").unwrap();
            let text = format!("ALTER DATABASE {name} SET default_transaction_read_only = {text}");
            let mut tx = db.begin().await.unwrap();
            tx.exec(&both("SET TRANSACTION READ WRITE"), args![]).await.unwrap();
            tx.exec(&both(text.leak()), args![]).await.unwrap();
            tx.commit().await.unwrap();
        };
        set(true).await;
        let standby = Db::open(&db.url).await.unwrap();
        migrate::check_schema(&standby).await.unwrap();
        let rows = standby.fetch_one(&both("SELECT COUNT(*) AS n FROM orders"), args![]).await.unwrap();
        assert_eq!(rows.get_i64("n").unwrap(), 2);
        // What /readyz asks.
        let mut tx = standby.begin().await.unwrap();
        let refused = settings::put(&mut tx, "ready_probe", "1").await;
        assert!(matches!(refused, Err(StoreError::ReadOnly(_))), "{refused:?}");
        drop(tx);
        standby.close().await;
        set(false).await;
        let again = Db::open(&db.url).await.unwrap();
        let mut tx = again.begin().await.unwrap();
        settings::put(&mut tx, "ready_probe", "1").await.unwrap();
        tx.commit().await.unwrap();
        again.close().await;
        house.ledger.close().await;
    });
}
