//! Searching sealed orders finds exactly what a full scan finds.

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use store::seal::keys::{KeyRing, MasterKey};
use store::search::{Filter, Found, MAX_CANDIDATES, Needle, SearchFields, SearchIndex, Verify};
use store::{Arg, Bulk, Db, StoreError, args};
use testkit::contract;

const ORDERS: Bulk = Bulk {
    name: "test::ORDERS",
    verb: "INSERT",
    table: "orders",
    columns: &[
        "seq",
        "shop_id",
        "phase",
        "id",
        "mall_order_id",
        "version",
        "handling_class",
        "fulfillment",
        "source",
        "order_grouping",
        "provisional",
        "mall_status",
        "mall_status_label",
        "mall_stage",
        "hold",
        "notice_state",
        "confirming",
        "confirm_state",
        "flags",
        "payment_method",
        "ordered_at",
        "created_at",
        "updated_at",
        "seen_at",
    ],
    conflict: "",
};

/// An order of which only shop and phase matter.
fn row(seq: i64, shop: i64, phase: &str) -> Vec<Arg> {
    let words = ["normal", "seller", "api", "none"];
    let mut row = args![seq, shop, phase, format!("id-{seq}"), format!("no-{seq}"), 1_i64];
    row.extend(words.map(Arg::from));
    row.extend(args![
        false,
        "",
        "",
        "shippable",
        serde_json::json!({}),
        "not_sent",
        false,
        "not_sent",
        0_i64,
        ""
    ]);
    row.extend([seq; 4].map(Arg::from));
    row
}

const FAMILY: &[(&str, &str)] = &[
    ("佐藤", "さとう"),
    ("鈴木", "すずき"),
    ("高橋", "たかはし"),
    ("髙橋", "タカハシ"),
    ("林", "はやし"),
    ("森", "もり"),
    ("佐々木", "ささき"),
    ("山田", "やまだ"),
    ("中山", "なかやま"),
    ("田中", "たなか"),
    ("齋藤", "ｻｲﾄｳ"),
    ("Smith", "スミス"),
];
const GIVEN: &[(&str, &str)] = &[
    ("花子", "はなこ"),
    ("太郎", "たろう"),
    ("茜", "あかね"),
    ("雅雄", "まさお"),
    ("しょうこ", "しょうこ"),
    ("美咲", "みさき"),
    ("林太郎", "りんたろう"),
    ("Anna", "アンナ"),
];

struct Person {
    seq: i64,
    shop: i64,
    phase: &'static str,
    names: [String; 4],
    phone: String,
    mail: String,
}

impl Person {
    fn with<T>(&self, then: impl FnOnce(&SearchFields<'_>) -> T) -> T {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        then(&SearchFields { names: &names, phones: &[&self.phone], mails: &[&self.mail] })
    }
}

fn people(count: i64, step: i64) -> Vec<Person> {
    let mut rng = StdRng::seed_from_u64(7);
    let one = |rng: &mut StdRng| {
        let f = FAMILY[rng.random_range(0..FAMILY.len())];
        let g = GIVEN[rng.random_range(0..GIVEN.len())];
        let space = ["", " ", "　"][rng.random_range(0..3)];
        [format!("{}{space}{}", f.0, g.0), format!("{}{space}{}", f.1, g.1)]
    };
    (1..=count)
        .map(|i| {
            let [a, b] = one(&mut rng);
            let [c, d] = if rng.random_bool(0.2) { one(&mut rng) } else { [a.clone(), b.clone()] };
            Person {
                seq: i * step,
                shop: rng.random_range(1..4),
                phase: ["new", "awaiting_shipment", "shipped"][rng.random_range(0..3)],
                names: [a, b, c, d],
                phone: format!("090-{:04}-{:04}", rng.random_range(0..10_000), rng.random_range(0..300)),
                mail: format!("Buyer{}@Example.jp", rng.random_range(0..900)),
            }
        })
        .collect()
}

struct Scan<'a> {
    people: &'a [Person],
    step: i64,
    needle: &'a Needle,
    opened: usize,
}

#[async_trait]
impl Verify for Scan<'_> {
    async fn verify(&mut self, seqs: &[i64]) -> Result<Vec<i64>, StoreError> {
        self.opened += seqs.len();
        Ok(seqs
            .iter()
            .copied()
            .filter(|seq| {
                let person = &self.people[usize::try_from(seq / self.step).unwrap() - 1];
                person.with(|fields| self.needle.matches(fields))
            })
            .collect())
    }
}

async fn fill(db: &Db, people: &[Person]) -> SearchIndex {
    let ring = KeyRing::new(MasterKey::from_bytes(&[1; 32]));
    let mut tx = db.begin().await.unwrap();
    let index = SearchIndex::open(&mut tx, &ring).await.unwrap();
    tx.commit().await.unwrap();
    for batch in people.chunks(500) {
        let tokens: Vec<_> = batch.iter().map(|p| (p.seq, p.with(|f| index.tokens(f)))).collect();
        let mut tx = db.begin().await.unwrap();
        tx.bulk_insert(&ORDERS, batch.iter().map(|p| row(p.seq, p.shop, p.phase)).collect()).await.unwrap();
        index.insert(&mut tx, &tokens).await.unwrap();
        tx.commit().await.unwrap();
    }
    index
}

async fn find(
    db: &Db,
    index: &SearchIndex,
    people: &[Person],
    step: i64,
    typed: &str,
    filter: &Filter,
    limit: usize,
) -> (Found, usize) {
    let needle = Needle::parse(typed).unwrap();
    let mut verify = Scan { people, step, needle: &needle, opened: 0 };
    let found = index.search(db, &needle, filter, limit, &|| false, &mut verify).await.unwrap();
    (found, verify.opened)
}

const NEEDLES: &[&str] = &[
    "林",
    "森",
    "茜",
    "佐",
    "a",
    "佐藤",
    "藤花",
    "髙橋",
    "斎藤",
    "佐々木",
    "山田中",
    "佐藤雅雄",
    "藤雅雄",
    "佐藤 花子",
    "花子　佐藤",
    "サト",
    "さとう",
    "ﾀｶﾊｼ",
    "しようこ",
    "とうはな",
    "SMITH",
    "smith anna",
    "0012",
    "buyer17@example.jp",
    "鈴木 0101",
    "渡辺",
    "ワタナベ",
    "龍",
    "9999",
    "nobody@example.jp",
    "林 林太郎",
];

contract!(search_equals_a_full_scan, |db| {
    // Wide steps put the 3,000 orders into some twenty buckets.
    let step = 450;
    let people = people(3_000, step);
    let index = fill(db, &people).await;
    let filters = [
        Filter::default(),
        Filter { shops: Some(vec![2]), ..Filter::default() },
        Filter { shops: Some(vec![1, 3]), phases: Some(vec!["new".to_owned()]), before: Some(2_000 * step) },
    ];
    for typed in NEEDLES.iter().copied().map(str::to_owned).chain([people[5].phone.clone()]) {
        let needle = Needle::parse(&typed).unwrap();
        for filter in &filters {
            let scan: Vec<i64> = people
                .iter()
                .rev()
                .filter(|p| filter.shops.as_ref().is_none_or(|s| s.contains(&p.shop)))
                .filter(|p| filter.phases.as_ref().is_none_or(|s| s.iter().any(|x| x == p.phase)))
                .filter(|p| filter.before.is_none_or(|b| p.seq < b))
                .filter(|p| p.with(|f| needle.matches(f)))
                .map(|p| p.seq)
                .collect();
            let (found, _) = find(db, &index, &people, step, &typed, filter, 5_000).await;
            assert!(!found.stopped, "{typed}");
            assert_eq!(found.seqs, scan, "{typed} {filter:?}");
            let (first, _) = find(db, &index, &people, step, &typed, filter, 50).await;
            assert_eq!(first.seqs, scan[..scan.len().min(50)], "{typed} {filter:?}");
        }
    }
});

contract!(erased_orders_are_not_found_and_rewriting_replaces, |db| {
    let people = people(300, 1);
    let index = fill(db, &people).await;
    let (before, _) = find(db, &index, &people, 1, "佐藤", &Filter::default(), 500).await;
    let (gone, changed) = (before.seqs[0], before.seqs[1]);
    let mut tx = db.begin().await.unwrap();
    index.erase(&mut tx, gone).await.unwrap();
    let other = index.tokens(&SearchFields { names: &["渡辺"], ..SearchFields::default() });
    index.insert(&mut tx, &[(changed, other)]).await.unwrap();
    tx.commit().await.unwrap();
    let (after, _) = find(db, &index, &people, 1, "佐藤", &Filter::default(), 500).await;
    assert_eq!(after.seqs, before.seqs[2..]);
    let (_, opened) = find(db, &index, &people, 1, "渡辺", &Filter::default(), 500).await;
    assert_eq!(opened, 1, "the new tokens are there");
    index.scrub(db, 1_000).await.unwrap();
    let (after, _) = find(db, &index, &people, 1, "佐藤", &Filter::default(), 500).await;
    assert_eq!(after.seqs, before.seqs[2..]);
    let mut tx = db.begin().await.unwrap();
    index.clear(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let (none, _) = find(db, &index, &people, 1, "佐藤", &Filter::default(), 500).await;
    assert_eq!(none, Found::default());
});

struct Nobody(usize);

#[async_trait]
impl Verify for Nobody {
    async fn verify(&mut self, seqs: &[i64]) -> Result<Vec<i64>, StoreError> {
        self.0 += seqs.len();
        Ok(Vec::new())
    }
}

contract!(a_search_gives_up_and_says_so, |db| {
    let mut people = people(2_500, 40);
    for person in &mut people {
        person.names[0] = "佐藤 花子".to_owned();
    }
    let index = fill(db, &people).await;
    let needle = Needle::parse("佐藤").unwrap();
    let mut nobody = Nobody(0);
    let found = index.search(db, &needle, &Filter::default(), 50, &|| false, &mut nobody).await.unwrap();
    assert!(found.stopped && found.seqs.is_empty());
    assert_eq!(nobody.0, MAX_CANDIDATES);
    let mut nobody = Nobody(0);
    let found = index.search(db, &needle, &Filter::default(), 50, &|| true, &mut nobody).await.unwrap();
    assert!(found.stopped);
    assert!(nobody.0 <= 64);
});
