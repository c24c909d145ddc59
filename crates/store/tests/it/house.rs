//! What the tests of the ledger share: an open ledger with one shop, and builders of orders of people who do not exist.

use std::collections::BTreeMap;

use domain::history::By;
use domain::snapshot::{Coded, Content, Fulfillment, Line, MallFacts, MallStage, Party, Recipient, Snapshot};
use domain::write::{StepState, WantedParcel, WriteKind};
use domain::{Amount, OrderSeq, PhaseKey, RunId, ShopId, StepId, UtcMillis};
use serde_json::json;
use store::calls::CallEnd;
use store::imports::{NewRun, Progress};
use store::orders::{MoveOptions, NewOrder, OrderForRules, Page, ParcelChange};
use store::outbox::{Ended, NewWrite, StepUpdate};
use store::seal::keys::{KeyRing, MasterKey};
use store::{Access, Db, LaneGuard, Ledger, Shop, Sql, args};
use testkit::tempdb::TempDb;

use crate::base::both;

pub const NOW: UtcMillis = UtcMillis(1_790_000_000_000);

pub fn ring() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes(&[1; 32]))
}

pub fn staff() -> By {
    By::User { name: "kakuu.tantou".to_owned() }
}

/// An open ledger with one shop, whose lane is ours.
pub struct House {
    pub ledger: Ledger,
    pub shop: Shop,
    pub guard: LaneGuard,
}

impl House {
    pub async fn new(db: &TempDb) -> Self {
        Self::with((**db).clone()).await
    }

    pub async fn with(db: Db) -> Self {
        let ledger = Ledger::with_db(db, ring(), NOW).await.unwrap();
        let shop = add_shop(&ledger, "架空商店").await;
        let guard = claim(&ledger, &shop.lane_key, "a").await;
        Self { ledger, shop, guard }
    }

    pub fn id(&self) -> ShopId {
        self.shop.shop_id
    }

    /// The run that holds the shop, begun if need be.
    pub async fn run(&self) -> RunId {
        match self.ledger.open_run(self.id()).await.unwrap() {
            Some(run) => run.run_id,
            None => self.ledger.begin_run(&self.guard, &new_run(self.id()), NOW).await.unwrap(),
        }
    }

    pub async fn progress(&self, at: i64) -> Progress {
        Progress { run_id: self.run().await, cursor: json!({ "at": at }), counts: json!({}) }
    }

    pub async fn commit(&self, page: Page) -> Result<(), store::StoreError> {
        let progress = self.progress(0).await;
        self.ledger.commit_page(&self.guard, self.id(), &progress, page, NOW).await
    }

    /// Imports new orders, and tells their rows.
    pub async fn import(&self, new: Vec<NewOrder>) -> Vec<OrderSeq> {
        let ids: Vec<_> = new.iter().map(|n| n.snapshot.mall_order_id.clone()).collect();
        self.commit(Page { new, ..Page::default() }).await.unwrap();
        let stored = self.ledger.existing_orders(self.id(), &ids).await.unwrap();
        assert_eq!(stored.len(), ids.len());
        ids.iter().map(|id| stored.iter().find(|(i, _)| i == id).unwrap().1.seq).collect()
    }

    pub async fn samples(&self, count: i64) -> Vec<OrderSeq> {
        self.import((1..=count).map(sample_order).collect()).await
    }

    pub async fn order(&self, seq: OrderSeq) -> OrderForRules {
        self.ledger.orders_for_rules(&[seq]).await.unwrap().pop().unwrap()
    }

    pub async fn view(&self, seq: OrderSeq) -> store::orders::OrderView {
        self.ledger.order(&Access::full(), seq).await.unwrap().unwrap()
    }

    pub async fn shift(&self, seq: OrderSeq, to: &str) -> store::orders::Moved {
        let to = PhaseKey::from(to);
        self.ledger.move_orders(&[seq], &to, MoveOptions::default(), &staff(), NOW).await.unwrap()
    }

    /// Enters a parcel and tells what is to be sent of it.
    pub async fn parcel(&self, seq: OrderSeq, number: &str) -> WantedParcel {
        let change = ParcelChange {
            carrier: Some("yamato".into()),
            tracking_number: number.to_owned(),
            shipped_on: Some("2026-11-20".parse().unwrap()),
            ..ParcelChange::default()
        };
        let id = self.ledger.set_parcel(seq, &change, &staff(), NOW).await.unwrap().unwrap();
        let order = self.order(seq).await;
        let parcel = order.facts.parcels.iter().find(|p| p.parcel_id == id).unwrap();
        WantedParcel {
            parcel_id: id,
            version: parcel.version,
            recipient_key: parcel.recipient_key.clone(),
            carrier_code: "1001".to_owned(),
            tracking_number: number.to_owned(),
            shipped_on: parcel.shipped_on,
            mall_ref: parcel.mall_ref.clone(),
            contents: Vec::new(),
        }
    }

    /// What an automation would put into the outbox for an order as it is now.
    pub async fn notice(&self, seq: OrderSeq, parcels: Vec<WantedParcel>) -> NewWrite {
        let version = self.order(seq).await.version;
        NewWrite { seq, version, kind: WriteKind::ShipmentNotice, parcels, target: None }
    }

    /// Puts a notice with so many parcels into the outbox, and tells its steps.
    pub async fn wish(&self, seq: OrderSeq, parcels: i64) -> Vec<StepId> {
        let mut wanted = Vec::new();
        for n in 0..parcels {
            wanted.push(self.parcel(seq, &format!("4000-0000-{:04}", seq.0 * 10 + n)).await);
        }
        let write = self.notice(seq, wanted).await;
        let taken = self.ledger.enqueue_writes(&self.guard, &[write], &By::System, NOW).await.unwrap();
        assert_eq!(taken, [seq]);
        self.steps(seq).await
    }

    pub async fn steps(&self, seq: OrderSeq) -> Vec<StepId> {
        let text = "SELECT s.id AS id FROM outbox_steps s JOIN outbox o ON o.id = s.outbox_id \
                    WHERE o.seq = $1 AND o.state = 'open' ORDER BY s.id";
        let rows = self.ledger.db().fetch_all(&both(text), args![seq.0]).await.unwrap();
        rows.iter().map(|r| StepId(r.get_i64("id").unwrap())).collect()
    }

    pub async fn call(&self, steps: &[StepId]) -> domain::CallId {
        let (kind, draft) = (WriteKind::ShipmentNotice, b"draft");
        self.ledger.begin_call(&self.guard, self.id(), kind, "add", draft, steps, NOW).await.unwrap()
    }

    /// Sends steps, each with its end.
    pub async fn send(&self, ends: &[(StepId, StepState)]) -> Vec<Ended> {
        let steps: Vec<_> = ends.iter().map(|(step, _)| *step).collect();
        let call = self.call(&steps).await;
        let updates: Vec<_> = ends.iter().map(|(step, end)| StepUpdate::new(*step, *end, NOW)).collect();
        self.ledger.end_call(&self.guard, call, &answered(), &updates, NOW).await.unwrap()
    }

    pub async fn count(&self, text: &'static str) -> i64 {
        self.ledger.db().fetch_one(&both(text), args![]).await.unwrap().get_i64("n").unwrap()
    }

    /// Runs a text that no program has.
    pub async fn exec(&self, sql: &Sql) -> u64 {
        let mut tx = self.ledger.db().begin().await.unwrap();
        let done = tx.exec(sql, args![]).await.unwrap();
        tx.commit().await.unwrap();
        done
    }

    /// Everything that is stored, for "nothing was stored": every table, every row.
    pub async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in tables(self.ledger.db()).await {
            for row in dump(self.ledger.db(), &table).await {
                all.push(format!("{table} {row}"));
            }
        }
        all.sort();
        all
    }
}

pub fn answered() -> CallEnd {
    CallEnd { http_status: Some(200), pending: None, unclear: false }
}

pub async fn add_shop(ledger: &Ledger, name: &str) -> Shop {
    let (endpoints, settings) = (BTreeMap::new(), BTreeMap::new());
    let lane = |id: ShopId| format!("rakuten:{id}");
    ledger.add_shop(name, "rakuten", &endpoints, &settings, lane, NOW).await.unwrap()
}

pub async fn claim(ledger: &Ledger, lane: &str, owner: &str) -> LaneGuard {
    let lanes = ledger.lanes().await.unwrap();
    let fence = lanes.iter().find(|l| l.lane_key == lane).unwrap().fence;
    ledger.claim_lane(lane, owner, "host-1", fence).await.unwrap().unwrap()
}

pub fn new_run(shop_id: ShopId) -> NewRun {
    NewRun {
        shop_id,
        request_id: None,
        trigger: "auto",
        from: NOW.plus(-1_000),
        to: NOW,
        looks_for_news: false,
        options: json!({}),
        cursor: json!({"at": 0}),
        counts: json!({}),
    }
}

fn given(text: impl Into<String>) -> domain::given::Given<String> {
    domain::given::Given::Value(text.into())
}

fn party(family: &str, name: &str, n: i64) -> Party {
    Party {
        family_name: given(family),
        given_name: given(name),
        family_kana: given("カクウ"),
        given_kana: given("ミホン"),
        postal_code: given("000-0000"),
        prefecture: given("架空県"),
        city: given("見本市"),
        address1: given(format!("例示町{n}番地")),
        phone: given(format!("000-0{:03}-{:04}", n / 10_000, n % 10_000)),
        email: given(format!("buyer{n}@example.invalid")),
        ..Party::default()
    }
}

pub fn sample_content(n: i64) -> Content {
    let mut content = Content {
        buyer: party("架空", "花子", n),
        recipients: vec![Recipient {
            key: "10".to_owned(),
            party: party("例示", "太郎", n + 5_000),
            ..Recipient::default()
        }],
        lines: vec![Line {
            key: "1".to_owned(),
            recipient_key: "10".to_owned(),
            sku: given(format!("SKU-{n}")),
            title: given("湯のみ"),
            quantity: 2,
            unit_price: Amount::yen(500).into(),
            ..Line::default()
        }],
        ..Content::default()
    };
    content.amounts.requested = Amount::yen(1_000 + n).into();
    content.payment.method = Coded::new("1", "クレジットカード");
    content
}

pub fn sample_snapshot(n: i64) -> Snapshot {
    Snapshot {
        mapping_version: 1,
        mall_order_id: format!("999999-20261120-{n:08}").into(),
        ordered_at: NOW.plus(n * 1_000 - 10_000_000),
        facts: MallFacts {
            status: Coded::new("300", "発送待ち"),
            stage: MallStage::Shippable,
            sub_status: None,
            payment_status: None,
            shipping_status: None,
            hold: domain::hold::Hold::None,
            cancel: None,
            shipments: Vec::new(),
            revision: Some(format!("r{n}")),
            changed_at: None,
            confirmed_at: None,
            fixed_at: None,
            shipment_reported_at: None,
            ship_by: None,
            deadlines: Vec::new(),
            changed_by_buyer: false,
            cautions: Vec::new(),
            unknown: Vec::new(),
        },
        content: sample_content(n),
    }
}

pub fn sample_order(n: i64) -> NewOrder {
    NewOrder {
        id: uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::try_from(n).unwrap()),
        snapshot: sample_snapshot(n),
        raw: format!("{{\"orderNumber\":\"{n}\"}}").into_bytes(),
        dates: domain::date_rule::Dates::default(),
        phase: "new".into(),
        flags: 0,
        source: "api",
        events: Vec::new(),
    }
}

pub fn fba(mut order: NewOrder) -> NewOrder {
    order.snapshot.content.fulfillment = Fulfillment::Fba;
    order
}

/// Names of all tables, those of the search index among them.
pub async fn tables(db: &Db) -> Vec<String> {
    let all = Sql {
        name: "test::TABLES",
        sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        postgres: "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    };
    let rows = db.fetch_all(&all, args![]).await.unwrap();
    rows.iter().map(|r| r.get_str("name").unwrap()).filter(|n| n != "search_tokens").collect()
}

/// Every row of a table as text, bytes as hex digits.
pub async fn dump(db: &Db, table: &str) -> Vec<String> {
    let sqlite = if db.kind() == store::Kind::Sqlite {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let rows = db.fetch_all(&both(columns.leak()), args![]).await.unwrap();
        let parts: Vec<_> = rows.iter().map(|r| format!("quote({})", r.get_str("name").unwrap())).collect();
        format!("SELECT {} AS line FROM {table}", parts.join(" || '|' || "))
    } else {
        String::new()
    };
    let postgres = format!("SELECT CAST(ROW(t.*) AS TEXT) AS line FROM {table} t");
    let sql = Sql { name: "test::DUMP", sqlite: sqlite.leak(), postgres: postgres.leak() };
    let rows = db.fetch_all(&sql, args![]).await.unwrap();
    rows.iter().map(|r| r.get_str("line").unwrap()).collect()
}
