//! No word of a buyer and no secret stands anywhere in the files (I10, A03); erasure and rotation reach all of it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use data_encoding::{HEXLOWER, HEXUPPER};
use domain::write::WriteKind;
use domain::{OrderSeq, reason};
use serde_json::json;
use store::imports::Aside;
use store::orders::{ListFilter, NewOrder, Page};
use store::seal::keys::{KeyRing, KeyState, MasterKey};
use store::{Access, Db, Kind, Ledger, StoreError, args};
use testkit::contract;
use testkit::tempdb::TempDb;

use crate::base::both;
use crate::house::{House, NOW, dump, sample_order, sample_snapshot, staff, tables};
use crate::pages::{existing, refresh};
use crate::sealing::planted;

const PERSON: [&str; 12] = [
    "鶯谷",
    "飛鳥子",
    "ウグイスダニ",
    "アスカコ",
    "架空県例示郡金糸雀町",
    "080-9753-1357",
    "canary.buyer@example.invalid",
    "備考の金糸雀です",
    "贈り物の金糸雀です",
    "原本の金糸雀です",
    "訂正した金糸雀市",
    "モールの金糸雀市",
];
const SECRETS: [&str; 3] = ["SL-canary-licence-key", "canary-call-draft", "canary-set-aside"];

fn canary() -> NewOrder {
    let mut order = sample_order(1);
    let content = &mut order.snapshot.content;
    for party in [&mut content.buyer, &mut content.recipients[0].party] {
        party.family_name = PERSON[0].to_owned().into();
        party.given_name = PERSON[1].to_owned().into();
        party.family_kana = PERSON[2].to_owned().into();
        party.given_kana = PERSON[3].to_owned().into();
        party.address1 = PERSON[4].to_owned().into();
        party.phone = PERSON[5].to_owned().into();
        party.email = PERSON[6].to_owned().into();
    }
    content.buyer_note = PERSON[7].to_owned().into();
    content.recipients[0].gift_message = PERSON[8].to_owned().into();
    order.raw = format!("{{\"note\":\"{}\"}}", PERSON[9]).repeat(40).into_bytes();
    order
}

/// Plants every canary through the doors that the house has.
async fn plant(house: &House) -> OrderSeq {
    let seq = house.import(vec![canary()]).await[0];
    let city = [("buyer.city".to_owned(), json!(PERSON[10]))];
    house.ledger.edit_order(seq, 1, &city, &staff(), NOW).await.unwrap().unwrap();
    let mut newer = refresh(&existing(house, 1).await);
    let mut theirs = newer.snapshot.clone();
    theirs.content.buyer.city = PERSON[11].to_owned().into();
    newer.theirs = Some(theirs);
    let aside = Aside {
        mall_order_id: sample_snapshot(1).mall_order_id,
        raw: Some(SECRETS[2].as_bytes().to_vec()),
        reason: reason::order_unreadable("x"),
        retries: 0,
    };
    house.commit(Page { refreshed: vec![newer], aside: vec![aside], ..Page::default() }).await.unwrap();
    house.ledger.set_credential(house.id(), "licenseKey", SECRETS[0], None, NOW).await.unwrap();
    let steps = house.wish(seq, 1).await;
    let (kind, draft) = (WriteKind::ShipmentNotice, SECRETS[1].as_bytes());
    house.ledger.begin_call(&house.guard, house.id(), kind, "add", draft, &steps, NOW).await.unwrap();
    seq
}

async fn dumped(db: &Db, words: &[Vec<u8>]) -> Vec<String> {
    let mut all = tables(db).await;
    if db.kind() == Kind::Postgres {
        all.push("search_tokens".to_owned());
    }
    let mut found = Vec::new();
    for table in all {
        let text = dump(db, &table).await.join("\n");
        for word in words {
            let plain = std::str::from_utf8(word).is_ok_and(|w| text.contains(w));
            if plain || text.contains(&HEXLOWER.encode(word)) || text.contains(&HEXUPPER.encode(word)) {
                found.push(format!("{table}: {}", String::from_utf8_lossy(word)));
            }
        }
    }
    found
}

/// Which of the words stand in the files of a PostgreSQL database or in the server's write-ahead log.
async fn in_postgres_files(db: &Db, words: &[Vec<u8>]) -> Vec<String> {
    let mut tx = db.begin().await.unwrap();
    tx.exec(&both("CHECKPOINT"), args![]).await.unwrap();
    let place = "SELECT current_setting('data_directory') AS home, \
                 'base/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS base";
    let row = tx.fetch_one(&both(place), args![]).await.unwrap();
    let home = PathBuf::from(row.get_str("home").unwrap());
    let folders = [home.join(row.get_str("base").unwrap()), home.join("pg_wal")];
    tx.rollback().await.unwrap();
    let mut found = Vec::new();
    for file in folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap().flatten()) {
        // A log file may be recycled by the server while this looks.
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        let stands = |w: &&Vec<u8>| memchr::memmem::find(&bytes, w).is_some();
        let all = words.iter().filter(stands).map(|w| String::from_utf8_lossy(w).into_owned());
        found.extend(all.map(|w| format!("{}: {w}", file.path().display())));
    }
    found
}

contract!(no_canary_is_in_files_or_tables_i10_a03, |db| {
    let house = House::new(db).await;
    let seq = plant(&house).await;
    let words: Vec<_> = PERSON.iter().chain(&SECRETS).map(|w| w.as_bytes().to_vec()).collect();
    assert_eq!(dumped(db, &words).await, Vec::<String>::new());
    let known = dumped(db, &[b"SKU-1".to_vec()]).await;
    assert_eq!(known.len(), 1, "the search of this test finds what is there: {known:?}");
    if db.kind() == Kind::Sqlite {
        assert_eq!(planted(db.dir.path(), &words), 0, "file, log and shared memory");
        assert_eq!(planted(db.dir.path(), &[b"SKU-1".to_vec()]), 1);
    }
    if db.kind() == Kind::Postgres {
        let number = sample_snapshot(1).mall_order_id.0.into_bytes();
        assert_eq!(in_postgres_files(db, &words).await, Vec::<String>::new(), "tables and log of the server");
        assert!(!in_postgres_files(db, &[number]).await.is_empty(), "the search finds what is there");
    }
    // It is all there for those who may see it.
    let view = house.view(seq).await;
    assert_eq!(view.content.unwrap().buyer.city.text(), PERSON[10]);
    let opened = house.ledger.open_credentials(house.id()).await.unwrap();
    assert_eq!(opened[0].1, SECRETS[0]);
    let debug = format!("{:?}", house.ledger.credential_rows(house.id()).await.unwrap());
    assert!(!debug.contains(SECRETS[0]));
});

/// What is stored of a person: sealed values, keys, and where the index has them.
async fn traces(db: &Db, seq: OrderSeq) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for (text, columns) in [
        ("SELECT wrapped_key FROM order_keys WHERE seq = $1", &["wrapped_key"][..]),
        (
            "SELECT snapshot, edits, theirs, raw FROM order_sealed WHERE seq = $1",
            &["snapshot", "edits", "theirs", "raw"],
        ),
        ("SELECT head FROM sealed_head WHERE seq = $1", &["head"]),
        ("SELECT raw FROM quarantine WHERE id = $1", &["raw"]),
    ] {
        let row = db.fetch_one(&both(text), args![seq.0]).await.unwrap();
        // The first bytes behind version and nonce: long values are split over pages.
        out.extend(columns.iter().map(|c| row.get_bytes(c).unwrap()[25..57].to_vec()));
    }
    out
}

contract!(after_erasure_no_trace_of_the_person_is_left_a01, |db| {
    let house = House::new(db).await;
    let seq = plant(&house).await;
    let traces = traces(db, seq).await;
    assert_eq!(traces.len(), 7);
    assert_eq!(dumped(db, &traces).await.len(), 7);
    let find = async |text: &str| {
        let filter = ListFilter { limit: 9, ..ListFilter::default() };
        house
            .ledger
            .search_orders(&Access::full(), text, &filter, &|| false)
            .await
            .unwrap()
            .unwrap()
            .orders
            .len()
    };
    let needles = ["鶯谷 飛鳥子", "ウグイスダニ", "08097531357", "1357", PERSON[6]];
    for needle in needles {
        assert_eq!(find(needle).await, 1, "{needle}");
    }
    assert!(house.ledger.erase_order(seq, &staff(), NOW).await.unwrap());
    while !house.ledger.scrub(50).await.unwrap() {}
    for needle in needles {
        assert_eq!(find(needle).await, 0, "{needle}");
    }
    assert_eq!(dumped(db, &traces).await, Vec::<String>::new());
    for empty in [
        "SELECT COUNT(*) AS n FROM order_keys",
        "SELECT COUNT(*) AS n FROM order_sealed",
        "SELECT COUNT(*) AS n FROM sealed_head",
        "SELECT COUNT(*) AS n FROM search_tokens",
        "SELECT COUNT(*) AS n FROM quarantine WHERE raw IS NOT NULL",
    ] {
        assert_eq!(house.count(empty).await, 0, "{empty}");
    }
    if db.kind() == Kind::Sqlite {
        assert_eq!(planted(db.dir.path(), &traces), 0, "nor in old pages of file and log");
    }
    assert!(house.view(seq).await.row.erased);
});

/// A future that is cut off after so many polls, wherever it then is.
struct CutOff<'a, T>(Pin<&'a mut (dyn Future<Output = T> + Send)>, u32);

impl<T> Future for CutOff<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        self.0.as_mut().poll(context).map(Some)
    }
}

fn key(n: u8) -> MasterKey {
    MasterKey::from_bytes(&[n; 32])
}

async fn open(db: &TempDb, ring: KeyRing) -> Result<Ledger, StoreError> {
    Ledger::with_db((**db).clone(), ring, NOW).await
}

contract!(a_rotation_cut_off_anywhere_goes_on_and_loses_nothing_a03, |db| {
    let house = House::new(db).await;
    let seq = plant(&house).await;
    house.import((2..=450).map(sample_order).collect()).await;
    let readable = async |ledger: &Ledger| {
        let filter = ListFilter { limit: 200, ..ListFilter::default() };
        let rows = ledger.list_orders(&Access::full(), &filter).await.unwrap();
        assert!(rows.len() == 200 && rows.iter().all(|r| r.head.is_some()));
        let view = ledger.order(&Access::full(), seq).await.unwrap().unwrap();
        assert_eq!(view.content.unwrap().buyer.city.text(), PERSON[10]);
        assert_eq!(ledger.open_credentials(house.id()).await.unwrap()[0].1, SECRETS[0]);
        let found = ledger.search_orders(&Access::full(), "鶯谷", &filter, &|| false).await.unwrap().unwrap();
        assert_eq!(found.orders.len(), 1);
    };
    let (mut polls, mut cuts) = (1, 0);
    loop {
        let ledger = open(db, KeyRing::new(key(2)).also(key(1))).await.unwrap();
        readable(&ledger).await;
        // The last COMMIT was on its way when its caller was cut off: the database has finished the rotation.
        if cuts > 0 && ledger.key_state() == KeyState::InUse {
            break;
        }
        assert_eq!(ledger.key_state(), KeyState::Rotating);
        let done = {
            let rotation = pin!(ledger.rotate_master_key());
            CutOff(rotation, polls).await
        };
        if let Some(batches) = done {
            assert!(batches.unwrap() >= 4 + 3, "batches of 200");
            break;
        }
        cuts += 1;
        // Small steps at first, where each cut hits another statement; then larger ones, to come to an end.
        polls += 1 + polls / 12;
    }
    // How many depends on the machine: an answer that is there at once needs no second poll.
    assert!(cuts >= 3, "{cuts} cuts");
    let new = open(db, KeyRing::new(key(2))).await.unwrap();
    assert_eq!(new.key_state(), KeyState::InUse);
    readable(&new).await;
    let text = "SELECT COUNT(*) AS n FROM order_keys";
    assert_eq!(house.count(text).await, 450);
    let fingerprint = HEXLOWER.decode(key(1).fingerprint().as_bytes()).unwrap();
    assert_eq!(dumped(db, &[fingerprint]).await, Vec::<String>::new(), "no box is left under the old key");
    assert!(matches!(open(db, KeyRing::new(key(1))).await.map(drop), Err(StoreError::WrongKey(_))));
});
