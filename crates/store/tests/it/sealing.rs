//! The master key and the database belong together.

use std::path::Path;

use store::seal::keys::{KeyRing, KeyState, MasterKey, Purpose, Rotation};
use store::seal::{Aad, OrderKey, open, seal};
use store::search::{SearchFields, SearchIndex};
use store::{Kind, Sql, StoreError, args};
use testkit::contract;
use testkit::tempdb::TempDb;

use crate::base::both;

fn key(n: u8) -> MasterKey {
    MasterKey::from_bytes(&[n; 32])
}

contract!(another_master_key_is_refused, |db| {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(KeyRing::new(key(1)).check(&mut tx).await.unwrap(), KeyState::InUse);
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let refused = KeyRing::new(key(2)).check(&mut tx).await;
    assert!(matches!(refused, Err(StoreError::WrongKey(_))));
    tx.rollback().await.unwrap();
});

const KEYS: Rotation = Rotation {
    purpose: Purpose::OrderKeys,
    table: "order_keys",
    column: "wrapped_key",
    select: text(
        "SELECT seq AS id, wrapped_key AS sealed FROM order_keys WHERE seq > $1 ORDER BY seq LIMIT $2",
    ),
    update: text("UPDATE order_keys SET wrapped_key = $2 WHERE seq = $1"),
};

const fn text(sql: &'static str) -> Sql {
    both(sql)
}

contract!(a_rotation_may_be_cut_off_and_go_on, |db| {
    let aad = |seq: i64| Aad::new("sealed_head", "head", seq);
    let old = KeyRing::new(key(1));
    let mut tx = db.begin().await.unwrap();
    old.check(&mut tx).await.unwrap();
    let index = SearchIndex::open(&mut tx, &old).await.unwrap();
    let before = index.tokens(&SearchFields { names: &["佐藤"], ..SearchFields::default() }).len();
    let mut heads = Vec::new();
    for seq in 1..=10_i64 {
        let order = OrderKey::generate();
        heads.push(seal(&order, &aad(seq), format!("head {seq}").as_bytes()).unwrap());
        tx.exec(&both("INSERT INTO order_keys VALUES ($1, $2)"), args![seq, old.wrap(&order, seq).unwrap()])
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let both_keys = KeyRing::new(key(2)).also(key(1));
    let mut tx = db.begin().await.unwrap();
    assert_eq!(both_keys.check(&mut tx).await.unwrap(), KeyState::Rotating);
    both_keys.rotation_begin(&mut tx).await.unwrap();
    assert_eq!(both_keys.rotate_batch(&mut tx, &KEYS, 0, 4).await.unwrap(), Some(4));
    tx.commit().await.unwrap();
    // Cut off here: the old key alone no longer does, both do.
    let mut tx = db.begin().await.unwrap();
    assert!(matches!(old.check(&mut tx).await, Err(StoreError::WrongKey(_))));
    tx.rollback().await.unwrap();
    let wrong_way = KeyRing::new(key(1)).also(key(2));
    let mut tx = db.begin().await.unwrap();
    assert!(matches!(wrong_way.rotation_begin(&mut tx).await, Err(StoreError::Conflict { .. })));
    tx.rollback().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    both_keys.rotation_begin(&mut tx).await.unwrap();
    let mut after = 0;
    while let Some(last) = both_keys.rotate_batch(&mut tx, &KEYS, after, 4).await.unwrap() {
        after = last;
    }
    SearchIndex::rewrap_key(&mut tx, &both_keys).await.unwrap();
    both_keys.rotation_end(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    let new = KeyRing::new(key(2));
    let mut tx = db.begin().await.unwrap();
    assert_eq!(new.check(&mut tx).await.unwrap(), KeyState::InUse);
    let index = SearchIndex::open(&mut tx, &new).await.unwrap();
    assert_eq!(index.tokens(&SearchFields { names: &["佐藤"], ..SearchFields::default() }).len(), before);
    for row in tx.fetch_all(&both("SELECT seq, wrapped_key FROM order_keys"), args![]).await.unwrap() {
        let seq = row.get_i64("seq").unwrap();
        let order = new.unwrap_key(&row.get_bytes("wrapped_key").unwrap(), seq).unwrap();
        let head = open(&order, &aad(seq), &heads[usize::try_from(seq).unwrap() - 1]).unwrap();
        assert_eq!(head.as_slice(), format!("head {seq}").as_bytes());
    }
    tx.commit().await.unwrap();
});

/// How many of the words are in the files of a SQLite database.
pub fn planted(dir: &Path, words: &[Vec<u8>]) -> usize {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        bytes.extend(std::fs::read(entry.path()).unwrap());
    }
    words.iter().filter(|w| bytes.windows(w.len()).any(|b| b == w.as_slice())).count()
}

#[test]
fn erased_bytes_leave_the_files() {
    testkit::tempdb::run(Kind::Sqlite, async |db: &TempDb| {
        let canary = b"CANARY-SEALED-KEY-7f3a".to_vec();
        let mut tx = db.begin().await.unwrap();
        let index = SearchIndex::open(&mut tx, &KeyRing::new(key(1))).await.unwrap();
        tx.exec(&both("CREATE TABLE kept (id BIGINT PRIMARY KEY, body BLOB)"), args![]).await.unwrap();
        tx.commit().await.unwrap();
        // Words are not stored as they were given, so look what the index wrote.
        let mut words = vec![canary.clone()];
        for seq in 1..=40_i64 {
            let mut tx = db.begin().await.unwrap();
            let name = format!("名{seq} 花{seq}");
            let tokens = index.tokens(&SearchFields { names: &[&name], ..SearchFields::default() });
            index.insert(&mut tx, &[(seq, tokens)]).await.unwrap();
            tx.exec(&both("INSERT INTO kept VALUES ($1, $2)"), args![seq, canary.clone()]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = db.begin().await.unwrap();
        tx.exec(
            &both("CREATE VIRTUAL TABLE temp.vocab USING fts5vocab('main', 'search_tokens', 'instance')"),
            args![],
        )
        .await
        .unwrap();
        for row in tx.fetch_all(&both("SELECT term FROM temp.vocab WHERE doc = 7"), args![]).await.unwrap() {
            // Words share beginnings in the file; their ends stand there as they are.
            words.push(row.get_str("term").unwrap().into_bytes()[2..].to_vec());
        }
        tx.commit().await.unwrap();
        assert!(words.len() > 4 && planted(db.dir.path(), &words) > words.len() / 2);
        let mut tx = db.begin().await.unwrap();
        for seq in 1..=40_i64 {
            index.erase(&mut tx, seq).await.unwrap();
        }
        tx.exec(&both("DELETE FROM kept"), args![]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(index.scrub(db, 1_000).await.unwrap());
        assert_eq!(planted(db.dir.path(), &words), 0);
    });
}
