//! 出荷ファイル (NTF-8): shipments that left by a file for upload by hand. While a file is out its orders are 連携中 and
//! their steps `filed`; the answer, or the sight of the shipment at the mall, ends them through the same fold as a call.

use crate::error::StoreError;
use crate::history::Pending;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::orders::{self, OrderForRules};
use crate::outbox::{NewWrite, StepUpdate};
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use crate::{Row, Tx, args, fold};
use domain::history::{By, Event};
use domain::write::{StepState, WantedParcel, WriteKind};
use domain::{MallOrderId, OrderSeq, RequestId, ShipmentFileId, ShopId, StepId, UtcMillis, reason};
use std::collections::{BTreeMap, BTreeSet};

sql! {
    /// A file that goes out.
    ADD("INSERT INTO shipment_files (id, shop_id, request_id, name, content_type, row_count, checksum, content, state, written_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)");
    /// A wish it carries.
    ADD_ITEM("INSERT INTO shipment_file_items (file_id, outbox_id, seq) VALUES ($1, $2, $3)");
    /// Its steps are not for calls.
    FILED("UPDATE outbox_steps SET state = 'filed' WHERE outbox_id = $1 AND state = 'ready'");
    /// One file.
    GET("SELECT id, shop_id, request_id, name, content_type, row_count, checksum, state, created_at, answered_at FROM shipment_files WHERE id = $1");
    /// One file that is about to be answered.
    LOCK("SELECT id, shop_id, request_id, name, content_type, row_count, checksum, state, created_at, answered_at FROM shipment_files WHERE id = $1"
         [postgres " FOR UPDATE"]);
    /// The file that a request brought.
    OF_REQUEST("SELECT id, shop_id, request_id, name, content_type, row_count, checksum, state, created_at, answered_at FROM shipment_files \
                WHERE request_id = $1");
    /// The newest files.
    NEWEST("SELECT id, shop_id, request_id, name, content_type, row_count, checksum, state, created_at, answered_at FROM shipment_files \
            ORDER BY id DESC LIMIT $1");
    /// The content of one.
    CONTENT("SELECT content FROM shipment_files WHERE id = $1 AND content IS NOT NULL");
    /// Its orders.
    ORDERS("SELECT i.seq AS seq, o.mall_order_id AS mall_order_id, o.notice_state AS notice_state FROM shipment_file_items i \
            JOIN orders o ON o.seq = i.seq WHERE i.file_id = $1 ORDER BY i.seq");
    /// Its steps that wait for the answer, and whether other steps of the same wish are done.
    STEPS("SELECT s.id AS id, s.seq AS seq, (SELECT COUNT(*) FROM outbox_steps d WHERE d.outbox_id = s.outbox_id AND d.state = 'applied') AS applied \
           FROM shipment_file_items i JOIN outbox_steps s ON s.outbox_id = i.outbox_id WHERE i.file_id = $1 AND s.state = 'filed' ORDER BY s.id");
    /// Answered.
    ANSWER("UPDATE shipment_files SET state = $2, answered_by = $3, answered_at = $4, content = NULL WHERE id = $1 AND state = 'open'");
    /// Files whose last step was settled otherwise.
    CLOSE("UPDATE shipment_files SET state = 'done', answered_at = $2, content = NULL WHERE shop_id = $1 AND state = 'open' AND NOT EXISTS \
           (SELECT 1 FROM shipment_file_items i JOIN outbox_steps s ON s.outbox_id = i.outbox_id \
            WHERE i.file_id = shipment_files.id AND s.state = 'filed')");
    /// Open files of orders.
    OPEN_OF("SELECT i.seq AS seq, f.id AS id, f.name AS name FROM shipment_file_items i JOIN shipment_files f ON f.id = i.file_id \
             JOIN outbox b ON b.id = i.outbox_id WHERE b.state = 'open' AND f.state = 'open' AND i.seq" [in_ints "$1"]);
    /// Filed steps of a shop's orders.
    FILED_OF("SELECT s.id AS id, o.mall_order_id AS mall_order_id, s.wanted AS wanted, s.mall_ref AS mall_ref FROM shipment_files f \
              JOIN shipment_file_items i ON i.file_id = f.id JOIN outbox_steps s ON s.outbox_id = i.outbox_id JOIN orders o ON o.seq = i.seq \
              WHERE f.shop_id = $1 AND f.state = 'open' AND s.state = 'filed' AND o.mall_order_id" [in_texts "$2"] " ORDER BY s.id");
    /// Dates of orders.
    DATES("SELECT seq, ordered_at, updated_at FROM orders WHERE seq" [in_ints "$1"]);
    /// For the rotation of the master key.
    BOXES("SELECT id, content AS sealed FROM shipment_files WHERE id > $1 AND content IS NOT NULL ORDER BY id LIMIT $2");
    /// For the rotation of the master key.
    REBOX("UPDATE shipment_files SET content = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::Requests,
    table: "shipment_files",
    column: "content",
    select: BOXES,
    update: REBOX,
};

/// A file that is about to go out.
#[derive(Debug, Clone)]
pub struct NewShipmentFile {
    /// Shop.
    pub shop_id: ShopId,
    /// The request that asked for it: asked again, it gets the same file.
    pub request_id: RequestId,
    /// File name the mall expects.
    pub name: String,
    /// `text/csv;charset=Shift_JIS` and the like.
    pub content_type: String,
    /// Rows without the heading.
    pub rows: i64,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A file that went out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShipmentFileRow {
    /// Row.
    pub file_id: ShipmentFileId,
    /// Shop.
    pub shop_id: ShopId,
    /// The request that asked for it.
    #[serde(skip)]
    pub request_id: Option<RequestId>,
    /// File name.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Rows without the heading.
    pub rows: i64,
    /// Hash of the exact bytes (BLAKE3, hexadecimal): an export is a record.
    pub checksum: String,
    /// `open`, `done` (モールへ登録済み), `not_yet` (まだ).
    pub state: String,
    /// When it was written.
    pub created_at: UtcMillis,
    /// When it was answered.
    pub answered_at: Option<UtcMillis>,
}

/// A step that waits in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FiledStep {
    /// Row.
    pub step_id: StepId,
    /// Order.
    pub mall_order_id: MallOrderId,
    /// The parcel as it was written.
    pub wanted: WantedParcel,
}

/// Dates of an order that files need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderDates {
    /// 注文日時.
    pub ordered_at: UtcMillis,
    /// 最終更新日 (NTF-12).
    pub updated_at: UtcMillis,
}

fn file(row: &Row) -> Result<ShipmentFileRow, StoreError> {
    Ok(ShipmentFileRow {
        file_id: ShipmentFileId(row.get_i64("id")?),
        shop_id: ShopId(row.get_i64("shop_id")?),
        request_id: row.get_opt_i64("request_id")?.map(RequestId),
        name: row.get_str("name")?,
        content_type: row.get_str("content_type")?,
        rows: row.get_i64("row_count")?,
        checksum: row.get_str("checksum")?,
        state: row.get_str("state")?,
        created_at: UtcMillis(row.get_i64("created_at")?),
        answered_at: row.get_opt_i64("answered_at")?.map(UtcMillis),
    })
}

fn place(id: i64) -> Aad {
    Aad::new("shipment_files", "content", id)
}

impl Ledger {
    /// Stores a file with the wishes it carries and marks their orders, all in one transaction: a file and a call never
    /// both carry a shipment.
    ///
    /// # Errors
    /// `Conflict` when an order changed since it was judged or is under way otherwise: nothing is stored, judge again.
    /// `LaneLost`, or as the database says.
    pub async fn open_shipment_file(
        &self,
        guard: &LaneGuard,
        new: &NewShipmentFile,
        writes: &[NewWrite],
        by: &By,
        now: UtcMillis,
    ) -> Result<ShipmentFileId, StoreError> {
        let actor = to_json(by)?;
        let mut history = Pending::default();
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        lanes::check_shop(&mut tx, guard, new.shop_id).await?;
        let list: Vec<i64> = writes.iter().map(|w| w.seq.0).collect();
        let orders: BTreeMap<i64, OrderForRules> =
            orders::for_change(&mut tx, &list).await?.into_iter().map(|o| (o.seq.0, o)).collect();
        let id = ids::take_one(&mut tx, Family::ShipmentFile).await?;
        let sealed = self.ring.seal_box(Purpose::Requests, &place(id), &new.bytes)?;
        let checksum = blake3::hash(&new.bytes).to_hex().to_string();
        let args = args![
            id,
            new.shop_id.0,
            new.request_id.0,
            &new.name,
            &new.content_type,
            new.rows,
            checksum,
            sealed,
            &actor,
            now.0
        ];
        tx.exec(&ADD, args).await?;
        for write in writes {
            let changed = || StoreError::Conflict { what: format!("order {}", write.seq.order_no()) };
            let order =
                orders.get(&write.seq.0).filter(|o| o.version == write.version).ok_or_else(changed)?;
            let free = order.facts.notice_state == domain::notice::NoticeState::NotSent;
            if !free || write.kind != WriteKind::ShipmentNotice || write.parcels.is_empty() {
                return Err(changed());
            }
            let outbox =
                self.add_write(&mut tx, guard, write, order, &actor, now).await?.ok_or_else(changed)?;
            tx.exec(&FILED, args![outbox]).await?;
            tx.exec(&ADD_ITEM, args![id, outbox, write.seq.0]).await?;
            let kind = write.kind.as_str().to_owned();
            history.add(write.seq.0, now, &actor, &Event::WriteWanted { kind, outbox_id: outbox }, None)?;
            let written = Event::WrittenToFile { file_id: id, file: new.name.clone() };
            history.add(write.seq.0, now, &actor, &written, None)?;
        }
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(ShipmentFileId(id))
    }

    /// One file.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shipment_file(&self, id: ShipmentFileId) -> Result<Option<ShipmentFileRow>, StoreError> {
        self.db.fetch_optional(&GET, args![id.0]).await?.as_ref().map(file).transpose()
    }

    /// The file that a request brought, if it did.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shipment_file_of_request(
        &self,
        id: RequestId,
    ) -> Result<Option<ShipmentFileRow>, StoreError> {
        self.db.fetch_optional(&OF_REQUEST, args![id.0]).await?.as_ref().map(file).transpose()
    }

    /// The newest files.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shipment_files(&self, limit: i64) -> Result<Vec<ShipmentFileRow>, StoreError> {
        self.db.fetch_all(&NEWEST, args![limit]).await?.iter().map(file).collect()
    }

    /// The exact bytes of a file that is not answered yet; `None` afterwards.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn shipment_file_content(&self, id: ShipmentFileId) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(row) = self.db.fetch_optional(&CONTENT, args![id.0]).await? else { return Ok(None) };
        let sealed = row.get_bytes("content")?;
        Ok(Some(self.ring.open_box(Purpose::Requests, &place(id.0), &sealed)?.to_vec()))
    }

    /// Orders of a file with their 連携ステータス.
    ///
    /// # Errors
    /// As the database says.
    pub async fn shipment_file_orders(
        &self,
        id: ShipmentFileId,
    ) -> Result<Vec<(OrderSeq, MallOrderId, String)>, StoreError> {
        let rows = self.db.fetch_all(&ORDERS, args![id.0]).await?;
        rows.iter()
            .map(|row| {
                let number = MallOrderId(row.get_str("mall_order_id")?);
                Ok((OrderSeq(row.get_i64("seq")?), number, row.get_str("notice_state")?))
            })
            .collect()
    }

    /// The answer of the person who uploaded a file, or did not: モールへ登録済み ends its shipments as 正常, まだ gives its
    /// orders back to 未連携. Given twice, the same answer changes nothing.
    ///
    /// # Errors
    /// The inner reason: there is no such file, or it was answered otherwise. Else as the database says.
    pub async fn answer_shipment_file(
        &self,
        id: ShipmentFileId,
        done: bool,
        by: &By,
        now: UtcMillis,
    ) -> Result<Result<Vec<OrderSeq>, domain::Reason>, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(row) = tx.fetch_optional(&LOCK, args![id.0]).await? else {
            return Ok(Err(reason::no_such_shipment_file(id)));
        };
        let before = file(&row)?;
        let word = if done { "done" } else { "not_yet" };
        if before.state == word {
            return Ok(Ok(Vec::new()));
        }
        if before.state != "open" {
            return Ok(Err(reason::shipment_file_answered(&before.name)));
        }
        let actor = to_json(by)?;
        tx.exec(&ANSWER, args![id.0, word, &actor, now.0]).await?;
        let (mut updates, mut seqs) = (Vec::new(), BTreeSet::new());
        for row in tx.fetch_all(&STEPS, args![id.0]).await? {
            seqs.insert(row.get_i64("seq")?);
            let state = match (done, row.get_i64("applied")?) {
                (true, _) => StepState::Applied,
                (false, 0) => StepState::Withdrawn,
                // The mall has other parcels of the order: 正常 would be a lie, and so would 未連携.
                (false, _) => StepState::Failed,
            };
            let update = StepUpdate::new(StepId(row.get_i64("id")?), state, now);
            updates.push(if done { update } else { update.because(reason::file_not_uploaded(&before.name)) });
        }
        let mut history = Pending::default();
        for seq in &seqs {
            let answered = Event::FileAnswered { file_id: id.0, done };
            history.add(*seq, now, &actor, &answered, None)?;
        }
        history.write(&mut tx).await?;
        fold::update_in(&mut tx, &updates, now).await?;
        tx.commit().await?;
        Ok(Ok(seqs.into_iter().map(OrderSeq).collect()))
    }

    /// Steps that wait in files, of these orders of a shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn filed_steps(
        &self,
        shop: ShopId,
        orders: &[MallOrderId],
    ) -> Result<Vec<FiledStep>, StoreError> {
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let list: Vec<String> = orders.iter().map(|id| id.0.clone()).collect();
        let rows = self.db.fetch_all(&FILED_OF, args![shop.0, list]).await?;
        rows.iter()
            .map(|row| {
                let id = row.get_i64("id")?;
                let mut wanted: WantedParcel =
                    from_json("outbox_steps", "wanted", id, row.get_json("wanted")?)?;
                wanted.mall_ref = row.get_opt_str("mall_ref")?.or(wanted.mall_ref);
                let mall_order_id = MallOrderId(row.get_str("mall_order_id")?);
                Ok(FiledStep { step_id: StepId(id), mall_order_id, wanted })
            })
            .collect()
    }

    /// Settles filed steps that were seen at the mall; a file whose last one this was is done.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn settle_filed(
        &self,
        guard: &LaneGuard,
        shop: ShopId,
        updates: &[StepUpdate],
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx: Tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        fold::update_in(&mut tx, updates, now).await?;
        tx.exec(&CLOSE, args![shop.0, now.0]).await?;
        tx.commit().await
    }

    /// Names of the open files that orders are in.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open_files_of(
        &self,
        orders: &[OrderSeq],
    ) -> Result<BTreeMap<OrderSeq, (ShipmentFileId, String)>, StoreError> {
        let list: Vec<i64> = orders.iter().map(|s| s.0).collect();
        let rows = self.db.fetch_all(&OPEN_OF, args![list]).await?;
        rows.iter()
            .map(|row| {
                let file = (ShipmentFileId(row.get_i64("id")?), row.get_str("name")?);
                Ok((OrderSeq(row.get_i64("seq")?), file))
            })
            .collect()
    }

    /// 注文日時 and 最終更新日 of orders.
    ///
    /// # Errors
    /// As the database says.
    pub async fn order_dates(
        &self,
        orders: &[OrderSeq],
    ) -> Result<BTreeMap<OrderSeq, OrderDates>, StoreError> {
        let list: Vec<i64> = orders.iter().map(|s| s.0).collect();
        let rows = self.db.fetch_all(&DATES, args![list]).await?;
        rows.iter()
            .map(|row| {
                let dates = OrderDates {
                    ordered_at: UtcMillis(row.get_i64("ordered_at")?),
                    updated_at: UtcMillis(row.get_i64("updated_at")?),
                };
                Ok((OrderSeq(row.get_i64("seq")?), dates))
            })
            .collect()
    }
}
