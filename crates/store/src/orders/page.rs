//! One page of an import: new orders, refreshed orders, notes, what is set aside, and the cursor, in one
//! transaction. Either all of it is stored or nothing (F01).

use super::sealed::{self, Head};
use crate::counts::Deltas;
use crate::error::StoreError;
use crate::held;
use crate::history::Pending;
use crate::ids::Family;
use crate::imports::{self, Aside, Note, Progress};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::links;
use crate::seal::keys::KeyRing;
use crate::search::{SearchIndex, TokenSet};
use crate::sql::{Arg, bulk, sql};
use crate::{Tx, args, provisional};
use domain::date_rule::Dates;
use domain::history::{By, Event};
use domain::reconcile::Edit;
use domain::snapshot::{Content, Fulfillment, Snapshot};
use domain::{MallOrderId, OrderSeq, PhaseKey, ShopId, UtcMillis};
use std::collections::BTreeSet;
use std::sync::Arc;

sql! {
    /// Orders of a shop that the ledger already has.
    EXISTING("SELECT seq, mall_order_id, version, phase, notice_state, flags, revision, erased_at, source \
              FROM orders WHERE shop_id = $1 AND mall_order_id" [in_texts "$2"]);
    /// The mall's side of an order, refreshed.
    REFRESH("UPDATE orders SET version = version + 1, mall_status = $3, mall_status_label = $4, mall_stage = $5, hold = $6, \
             revision = $7, flags = $8, total = $9, payment_method = $10, deliver_on = $11, fulfillment = $12, seen_at = $13, source = COALESCE($14, source), \
             traits = $15, paid_on = $16, payment_label = $17 \
             WHERE seq = $1 AND version = $2");
    /// The sealed side of it.
    RESEAL("UPDATE order_sealed SET mapping_version = $2, snapshot = $3, edits = $4, theirs = $5, raw = COALESCE($6, raw) WHERE seq = $1");
    /// Rewrite lines and recipients.
    DROP_LINES("DELETE FROM order_lines WHERE seq = $1");
    /// Rewrite lines and recipients.
    DROP_RECIPIENTS("DELETE FROM recipients WHERE seq = $1");
}

bulk! {
    /// New orders. One that somebody else stored meanwhile is not stored twice; the page then begins again.
    ORDERS(orders: seq, id, shop_id, mall_order_id, phase, version, handling_class, fulfillment, source, order_grouping, parent_seq,
           provisional, mall_status, mall_status_label, mall_stage, hold, revision, notice_state, confirming, confirm_state, flags,
           total, payment_method, deliver_on, ordered_at, created_at, updated_at, seen_at, traits, paid_on, payment_label, ship_on, print_on;
           "ON CONFLICT (shop_id, mall_order_id) DO NOTHING");
    /// Their lines.
    LINES(order_lines: seq, line_key, position, recipient_key, sku, item_code, title, quantity, cancelled_quantity, unit_price, tax_rate_bp; "");
    /// Their recipients.
    RECIPIENTS(recipients: seq, recipient_key, position, remote_island, address_awaited; "");
    /// Their keys.
    KEYS(order_keys: seq, wrapped_key; "");
    /// Their sealed values.
    SEALED(order_sealed: seq, mapping_version, snapshot, raw; "");
    /// Their heads.
    HEADS(sealed_head: seq, head; "");
}

/// An order the ledger already has, opened for comparison.
#[derive(Debug, Clone)]
pub struct Existing {
    /// Row.
    pub seq: OrderSeq,
    /// Version that a refresh must name.
    pub version: i64,
    /// Where it is.
    pub phase: PhaseKey,
    /// 連携ステータス.
    pub notice_state: String,
    /// Flag bits.
    pub flags: i64,
    /// The mall's version of it.
    pub revision: Option<String>,
    /// `api`, `csv`, `api_csv` (an API's, completed by a file) …
    pub source: String,
    /// Buyer data was erased: nothing is sealed again.
    pub erased: bool,
    /// Base of the reconcile; `None` when erased.
    pub snapshot: Option<Snapshot>,
    /// Staff's edits.
    pub edits: Vec<Edit>,
    /// A newer copy of the mall that was not taken over.
    pub theirs: Option<Snapshot>,
}

/// A new order.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Public id.
    pub id: uuid::Uuid,
    /// What the mall said.
    pub snapshot: Snapshot,
    /// Its document.
    pub raw: Vec<u8>,
    /// Phase it lands in.
    pub phase: PhaseKey,
    /// What 日付自動登録 fills in.
    pub dates: Dates,
    /// Flag bits.
    pub flags: i64,
    /// `api`, `csv`, `api_csv`, `report`, `mail`, `manual`.
    pub source: &'static str,
    /// What to tell beside "imported".
    pub events: Vec<Event>,
}

/// An order to bring up to date.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Row.
    pub seq: OrderSeq,
    /// Version it had when it was read; another one now refuses the page (it begins again).
    pub version: i64,
    /// New base with the mall's present facts.
    pub snapshot: Snapshot,
    /// Edits that stay.
    pub edits: Vec<Edit>,
    /// A newer copy of the mall that is not taken over.
    pub theirs: Option<Snapshot>,
    /// The new document, when the base was taken from it.
    pub raw: Option<Vec<u8>>,
    /// Where it comes from now, when that changed.
    pub source: Option<&'static str>,
    /// Flag bits.
    pub flags: i64,
    /// The effective content, when it changed: lines, recipients, head and search follow.
    pub content: Option<Content>,
    /// What to tell. A hold that ended gives back what only the hold kept back (FRD-5).
    pub events: Vec<Event>,
}

/// Everything one page brings.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// New orders.
    pub new: Vec<NewOrder>,
    /// Orders to bring up to date.
    pub refreshed: Vec<Refresh>,
    /// Left out, failed, conflicts.
    pub notes: Vec<Note>,
    /// Set aside.
    pub aside: Vec<Aside>,
    /// Read after all.
    pub solved: Vec<MallOrderId>,
}

/// New orders, sealed and laid out as rows.
#[derive(Default)]
pub(super) struct Rows {
    orders: Vec<Vec<Arg>>,
    lines: Vec<Vec<Arg>>,
    recipients: Vec<Vec<Arg>>,
    keys: Vec<Vec<Arg>>,
    sealed: Vec<Vec<Arg>>,
    heads: Vec<Vec<Arg>>,
    tokens: Vec<(i64, TokenSet)>,
    deltas: Deltas,
}

impl Rows {
    /// The first order's row.
    pub(super) fn first(&self) -> Option<OrderSeq> {
        self.tokens.first().map(|(seq, _)| OrderSeq(*seq))
    }

    fn of(
        ring: &KeyRing,
        index: &SearchIndex,
        shop: ShopId,
        new: impl Iterator<Item = (i64, NewOrder)>,
        (run, now): (Option<i64>, UtcMillis),
    ) -> Result<(Self, Pending), StoreError> {
        let (mut rows, mut history) = (Self::default(), Pending::default());
        let by = to_json(&By::System)?;
        for (seq, new) in new {
            let sealed = sealed::seal_order(ring, index, seq, &new.snapshot, &new.raw)?;
            rows.orders.push(order_row(shop, seq, &new, now)?);
            line_rows(seq, &new.snapshot.content, &mut rows.lines);
            recipient_rows(seq, &new.snapshot.content, &mut rows.recipients);
            rows.keys.push(args![seq, sealed.wrapped_key]);
            let mapping_version = i64::from(new.snapshot.mapping_version);
            rows.sealed.push(args![seq, mapping_version, sealed.snapshot, sealed.raw]);
            rows.heads.push(args![seq, sealed.head]);
            rows.tokens.push((seq, sealed.tokens));
            rows.deltas.add(shop.0, new.phase.as_str(), 1);
            let imported = Event::Imported {
                phase: new.phase.0.clone(),
                mall_status: new.snapshot.facts.status.label.clone(),
            };
            history.add(seq, now, &by, &imported, run)?;
            if new.snapshot.content.fulfillment == Fulfillment::Fba {
                // Nothing is to be notified: told, so that folding the history gives the row.
                let event = Event::NoticeStateChanged {
                    from: "not_sent".to_owned(),
                    to: "applied".to_owned(),
                    why: "fba".to_owned(),
                };
                history.add(seq, now, &by, &event, run)?;
            }
            for event in &new.events {
                history.add(seq, now, &by, event, run)?;
            }
            let filled = [(new.dates.print_on, "print_on"), (new.dates.ship_on, "ship_on")];
            let fields: Vec<String> = filled
                .into_iter()
                .filter(|(day, _)| day.is_some())
                .map(|(_, name)| name.to_owned())
                .collect();
            if !fields.is_empty() {
                history.add(seq, now, &by, &Event::Edited { fields }, run)?;
            }
        }
        Ok((rows, history))
    }
}

pub(crate) fn text<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match to_json(value)? {
        serde_json::Value::String(text) => Ok(text),
        other => Err(StoreError::other(format!("not a word: {other}"))),
    }
}

fn total(content: &Content) -> Option<i64> {
    content.amounts.requested.value().and_then(domain::Amount::as_yen)
}

pub(super) fn paid_on(content: &Content) -> Option<String> {
    content.payment.paid_on.value().map(ToString::to_string)
}

fn deliver_on(content: &Content) -> Option<String> {
    content.delivery.deliver_on.value().map(ToString::to_string)
}

fn order_row(shop: ShopId, seq: i64, new: &NewOrder, now: UtcMillis) -> Result<Vec<Arg>, StoreError> {
    let (snapshot, facts) = (&new.snapshot, &new.snapshot.facts);
    let notice = if snapshot.content.fulfillment == Fulfillment::Fba { "applied" } else { "not_sent" };
    Ok(args![
        seq,
        new.id.to_string(),
        shop.0,
        snapshot.mall_order_id.as_str(),
        new.phase.as_str(),
        1_i64,
        "normal",
        text(&snapshot.content.fulfillment)?,
        new.source,
        "none",
        None::<i64>,
        false,
        &facts.status.code,
        &facts.status.label,
        text(&facts.stage)?,
        to_json(&facts.hold)?,
        facts.revision.clone(),
        notice,
        false,
        "not_sent",
        new.flags,
        total(&snapshot.content),
        &snapshot.content.payment.method.code,
        deliver_on(&snapshot.content),
        snapshot.ordered_at.0,
        now.0,
        now.0,
        now.0,
        domain::traits::bits(&snapshot.content),
        paid_on(&snapshot.content),
        &snapshot.content.payment.method.label,
        new.dates.ship_on.map(|d| d.to_string()),
        new.dates.print_on.map(|d| d.to_string())
    ])
}

fn line_rows(seq: i64, content: &Content, out: &mut Vec<Vec<Arg>>) {
    for (position, line) in (1_i64..).zip(&content.lines) {
        let unit_price = line.unit_price_with_tax.value().or(line.unit_price.value());
        out.push(args![
            seq,
            &line.key,
            position,
            &line.recipient_key,
            line.sku.value().cloned(),
            line.item_code.value().cloned(),
            line.title.value().cloned(),
            line.quantity,
            line.cancelled_quantity,
            unit_price.and_then(domain::Amount::as_yen),
            line.tax_rate_bp.value().copied()
        ]);
    }
}

fn recipient_rows(seq: i64, content: &Content, out: &mut Vec<Vec<Arg>>) {
    for (position, recipient) in (1_i64..).zip(&content.recipients) {
        let args = args![seq, &recipient.key, position, recipient.remote_island, recipient.address_awaited];
        out.push(args);
    }
}

async fn insert_all(tx: &mut Tx, bulk: &crate::Bulk, rows: Vec<Vec<Arg>>) -> Result<u64, StoreError> {
    if rows.is_empty() { Ok(0) } else { tx.bulk_insert(bulk, rows).await }
}

/// Rewrites lines and recipients from a content.
pub(crate) async fn rewrite_content(tx: &mut Tx, seq: i64, content: &Content) -> Result<(), StoreError> {
    let (mut lines, mut recipients) = (Vec::new(), Vec::new());
    line_rows(seq, content, &mut lines);
    recipient_rows(seq, content, &mut recipients);
    tx.exec(&DROP_LINES, args![seq]).await?;
    tx.exec(&DROP_RECIPIENTS, args![seq]).await?;
    insert_all(tx, &LINES, lines).await?;
    insert_all(tx, &RECIPIENTS, recipients).await?;
    Ok(())
}

impl Ledger {
    /// Orders of a shop that the ledger already has, among `ids`.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn existing_orders(
        &self,
        shop: ShopId,
        ids: &[MallOrderId],
    ) -> Result<Vec<(MallOrderId, Existing)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let list: Vec<String> = ids.iter().map(|id| id.0.clone()).collect();
        let rows = self.db.fetch_all(&EXISTING, args![shop.0, list]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let seqs = rows.iter().map(|r| r.get_i64("seq")).collect::<Result<Vec<_>, _>>()?;
        let mut opened = self.open_sealed(&self.db, &seqs).await?;
        rows.iter()
            .map(|row| {
                let seq = row.get_i64("seq")?;
                let opened = opened.remove(&seq);
                // Read in two steps: erased between them is erased.
                let erased = opened.is_none() || row.get_opt_i64("erased_at")?.is_some();
                let (snapshot, edits, theirs) = match opened {
                    Some(o) => (Some(o.snapshot), o.edits, o.theirs),
                    None => (None, Vec::new(), None),
                };
                let existing = Existing {
                    seq: OrderSeq(seq),
                    version: row.get_i64("version")?,
                    phase: PhaseKey(row.get_str("phase")?),
                    notice_state: row.get_str("notice_state")?,
                    flags: row.get_i64("flags")?,
                    revision: row.get_opt_str("revision")?,
                    source: row.get_str("source")?,
                    erased,
                    snapshot,
                    edits,
                    theirs,
                };
                Ok((MallOrderId(row.get_str("mall_order_id")?), existing))
            })
            .collect()
    }

    /// Stores one page with the cursor that follows it.
    ///
    /// # Errors
    /// `Conflict` when an order was stored or changed by somebody else since it was read: read again and begin the
    /// page again. `LaneLost` when the lane was taken over. Else as the database says.
    pub async fn commit_page(
        &self,
        guard: &LaneGuard,
        shop: ShopId,
        progress: &Progress,
        page: Page,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let Page { new, refreshed, notes, aside, solved } = page;
        let mut seen = BTreeSet::new();
        if let Some(twice) = new.iter().find(|n| !seen.insert(&n.snapshot.mall_order_id)) {
            // Not `Conflict`: beginning the page again would meet the same two for ever.
            return Err(StoreError::Other(format!(
                "order {} stands twice in one page",
                twice.snapshot.mall_order_id
            )));
        }
        let by = to_json(&By::System)?;
        let run = progress.run_id;
        let numbers: Vec<String> = new.iter().map(|n| n.snapshot.mall_order_id.0.clone()).collect();
        let (rows, mut history) = self.rows_of(shop, new, Some(run.0), now).await?;
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        imports::progress(&mut tx, progress, now).await?;
        let arrived: Vec<i64> = rows.tokens.iter().map(|(seq, _)| *seq).collect();
        self.insert_new(&mut tx, rows).await?;
        provisional::filled(&mut tx, shop, numbers, now).await?;
        let mut released = Vec::new();
        for refresh in refreshed {
            if self.refresh(&mut tx, &refresh, now).await? {
                released.push(refresh.seq.0);
            }
            for event in &refresh.events {
                history.add(refresh.seq.0, now, &by, event, Some(run.0))?;
            }
        }
        for note in &notes {
            imports::note(&mut tx, run, note).await?;
        }
        for aside in &aside {
            imports::set_aside(&mut tx, self, shop, aside, now).await?;
        }
        imports::solved(&mut tx, shop, &solved, now).await?;
        history.write(&mut tx).await?;
        links::imported(&mut tx, shop, &arrived, now).await?;
        for seq in released {
            held::released(&mut tx, seq, now).await?;
        }
        fail::fail_point!("import.before_commit");
        tx.commit().await?;
        fail::fail_point!("import.after_commit");
        Ok(())
    }

    /// Seals new orders and lays them out as rows, on a thread of its own: it is as much work as fetching and
    /// reading a page, and the next page is fetched meanwhile.
    pub(super) async fn rows_of(
        &self,
        shop: ShopId,
        new: Vec<NewOrder>,
        run: Option<i64>,
        now: UtcMillis,
    ) -> Result<(Rows, Pending), StoreError> {
        if new.is_empty() {
            return Ok(Default::default());
        }
        let seqs = self.reserve.take(&self.db, Family::Order, new.len()).await?;
        let (ring, index) = (Arc::clone(&self.ring), Arc::clone(&self.index));
        let work = move || Rows::of(&ring, &index, shop, seqs.into_iter().zip(new), (run, now));
        tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::other(e.to_string()))?
    }

    pub(super) async fn insert_new(&self, tx: &mut Tx, rows: Rows) -> Result<(), StoreError> {
        if rows.orders.is_empty() {
            return Ok(());
        }
        let count = rows.orders.len();
        let stored = insert_all(tx, &ORDERS, rows.orders).await?;
        if stored != u64::try_from(count).unwrap_or(u64::MAX) {
            return Err(StoreError::Conflict { what: "orders of this page".to_owned() });
        }
        insert_all(tx, &LINES, rows.lines).await?;
        insert_all(tx, &RECIPIENTS, rows.recipients).await?;
        insert_all(tx, &KEYS, rows.keys).await?;
        insert_all(tx, &SEALED, rows.sealed).await?;
        insert_all(tx, &HEADS, rows.heads).await?;
        self.index.insert(tx, &rows.tokens).await?;
        rows.deltas.write(tx).await
    }

    /// `true`: the mall released the order.
    async fn refresh(&self, tx: &mut Tx, refresh: &Refresh, now: UtcMillis) -> Result<bool, StoreError> {
        let seq = refresh.seq.0;
        let opened = self.open_sealed(&mut *tx, &[seq]).await?.remove(&seq);
        // Erased meanwhile: nothing of the person is sealed again.
        let Some(opened) = opened else {
            return Err(StoreError::Conflict { what: format!("order {seq}") });
        };
        let (snapshot, facts) = (&refresh.snapshot, &refresh.snapshot.facts);
        let shown = refresh.content.as_ref().unwrap_or(&snapshot.content);
        let args = args![
            seq,
            refresh.version,
            &facts.status.code,
            &facts.status.label,
            text(&facts.stage)?,
            to_json(&facts.hold)?,
            facts.revision.clone(),
            refresh.flags,
            total(shown),
            &shown.payment.method.code,
            deliver_on(shown),
            text(&shown.fulfillment)?,
            now.0,
            refresh.source,
            domain::traits::bits(shown),
            paid_on(shown),
            &shown.payment.method.label
        ];
        if tx.exec(&REFRESH, args).await? != 1 {
            return Err(StoreError::Conflict { what: format!("order {seq}") });
        }
        let key = &opened.key;
        let edits = (!refresh.edits.is_empty())
            .then(|| sealed::seal_json(key, "edits", seq, &refresh.edits))
            .transpose()?;
        let theirs = refresh.theirs.as_ref().map(|t| sealed::seal_json(key, "theirs", seq, t)).transpose()?;
        let raw = refresh.raw.as_ref().map(|r| sealed::seal_raw(key, seq, r)).transpose()?;
        let snapshot_sealed = sealed::seal_json(key, "snapshot", seq, snapshot)?;
        let version = i64::from(snapshot.mapping_version);
        tx.exec(&RESEAL, args![seq, version, snapshot_sealed, edits, theirs, raw]).await?;
        if let Some(content) = &refresh.content {
            rewrite_content(tx, seq, content).await?;
            self.put_head(tx, key, seq, Head::of(content)).await?;
        }
        let is_release = |e: &Event| matches!(e, Event::HoldChanged { to, .. } if !to.is_fraud());
        Ok(refresh.events.iter().any(is_release))
    }
}

/// One order of a shop opened by its row, for callers that have the row already.
pub(crate) fn word<T: serde::de::DeserializeOwned>(
    column: &'static str,
    seq: i64,
    word: String,
) -> Result<T, StoreError> {
    from_json("orders", column, seq, serde_json::Value::String(word))
}
