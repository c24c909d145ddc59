//! Sealing an order's values under its own key, and opening them again.

use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::row::Row;
use crate::seal::keys::KeyRing;
use crate::seal::{self, Aad, OrderKey};
use crate::search::{SearchFields, SearchIndex, TokenSet};
use crate::sql::sql;
use crate::{Reads, Tx, args};
use domain::reconcile::Edit;
use domain::snapshot::{Content, Party, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

sql! {
    /// A head anew.
    REHEAD("UPDATE sealed_head SET head = $2 WHERE seq = $1");
    /// Keys and heads of some orders.
    HEADS("SELECT h.seq AS seq, k.wrapped_key AS wrapped_key, h.head AS head FROM sealed_head h \
           JOIN order_keys k ON k.seq = h.seq WHERE h.seq" [in_ints "$1"]);
    /// Key and sealed values of some orders.
    SEALED("SELECT s.seq AS seq, k.wrapped_key AS wrapped_key, s.snapshot AS snapshot, \
            s.edits AS edits, s.theirs AS theirs FROM order_sealed s JOIN order_keys k ON k.seq = s.seq WHERE s.seq" [in_ints "$1"]);
    /// Raw document of one order.
    RAW("SELECT k.wrapped_key AS wrapped_key, s.raw AS raw FROM order_sealed s JOIN order_keys k ON k.seq = s.seq WHERE s.seq = $1");
}

/// What a list row shows of the buyer, and what a search compares. Sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Buyer.
    pub buyer: String,
    /// First recipient.
    pub recipient: String,
    /// Prefecture of the first recipient.
    pub prefecture: String,
    /// All names and kana.
    pub names: Vec<String>,
    /// All phone numbers.
    pub phones: Vec<String>,
    /// All mail addresses.
    pub mails: Vec<String>,
    /// Notes of the staff: searched like names, never shown by a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Head {
    pub(crate) fn of(content: &Content) -> Self {
        let parties: Vec<&Party> =
            std::iter::once(&content.buyer).chain(content.recipients.iter().map(|r| &r.party)).collect();
        let unique = |texts: Vec<String>| {
            let mut seen = std::collections::BTreeSet::new();
            texts.into_iter().filter(|t| !t.is_empty() && seen.insert(t.clone())).collect::<Vec<_>>()
        };
        let first = content.recipients.first().map(|r| &r.party);
        Self {
            buyer: content.buyer.name(),
            recipient: first.map(Party::name).unwrap_or_default(),
            prefecture: first.map(|p| p.prefecture.text().to_owned()).unwrap_or_default(),
            names: unique(parties.iter().flat_map(|p| [p.name(), p.kana()]).collect()),
            phones: unique(
                parties
                    .iter()
                    .flat_map(|p| [p.phone.text().to_owned(), p.phone2.text().to_owned()])
                    .collect(),
            ),
            mails: unique(parties.iter().map(|p| p.email.text().to_owned()).collect()),
            notes: Vec::new(),
        }
    }

    /// Runs a function on the search fields.
    pub(crate) fn with_fields<T>(&self, run: impl FnOnce(&SearchFields<'_>) -> T) -> T {
        fn texts(list: &[String]) -> Vec<&str> {
            list.iter().map(String::as_str).collect()
        }
        let (mut names, phones, mails) = (texts(&self.names), texts(&self.phones), texts(&self.mails));
        names.extend(texts(&self.notes));
        run(&SearchFields { names: &names, phones: &phones, mails: &mails })
    }
}

/// Values of one order, sealed.
pub(crate) struct Sealed {
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) snapshot: Vec<u8>,
    pub(crate) raw: Vec<u8>,
    pub(crate) head: Vec<u8>,
    pub(crate) tokens: TokenSet,
}

/// Opened values of one order.
pub(crate) struct Opened {
    pub(crate) key: OrderKey,
    pub(crate) snapshot: Snapshot,
    pub(crate) edits: Vec<Edit>,
    pub(crate) theirs: Option<Snapshot>,
}

fn place(column: &'static str, seq: i64) -> Aad {
    Aad::new(if column == "head" { "sealed_head" } else { "order_sealed" }, column, seq)
}

fn corrupt(column: &'static str, seq: i64) -> StoreError {
    StoreError::Corrupt { table: "order_sealed".into(), column: column.into(), row: seq.to_string() }
}

/// Seals anything serialisable into a column.
pub(crate) fn seal_json(
    key: &OrderKey,
    column: &'static str,
    seq: i64,
    value: &impl Serialize,
) -> Result<Vec<u8>, StoreError> {
    let plain = serde_json::to_vec(value).map_err(|e| StoreError::other(e.to_string()))?;
    seal::seal_compressed(key, &place(column, seq), &plain)
}

pub(crate) fn seal_raw(key: &OrderKey, seq: i64, raw: &[u8]) -> Result<Vec<u8>, StoreError> {
    seal::seal_compressed(key, &place("raw", seq), raw)
}

pub(crate) fn seal_head(key: &OrderKey, seq: i64, head: &Head) -> Result<Vec<u8>, StoreError> {
    let plain = serde_json::to_vec(head).map_err(|e| StoreError::other(e.to_string()))?;
    seal::seal(key, &place("head", seq), &plain)
}

fn open_json<T: serde::de::DeserializeOwned>(
    key: &OrderKey,
    column: &'static str,
    seq: i64,
    sealed: &[u8],
) -> Result<T, StoreError> {
    let plain = seal::open(key, &place(column, seq), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| corrupt(column, seq))
}

/// Seals a new order. Pure but for the random key.
pub(crate) fn seal_order(
    ring: &KeyRing,
    index: &SearchIndex,
    seq: i64,
    snapshot: &Snapshot,
    raw: &[u8],
) -> Result<Sealed, StoreError> {
    let key = OrderKey::generate();
    let head = Head::of(&snapshot.content);
    Ok(Sealed {
        wrapped_key: ring.wrap(&key, seq)?,
        snapshot: seal_json(&key, "snapshot", seq, snapshot)?,
        raw: seal_raw(&key, seq, raw)?,
        head: seal_head(&key, seq, &head)?,
        tokens: head.with_fields(|f| index.tokens(f)),
    })
}

impl Ledger {
    fn open_row(&self, row: &Row) -> Result<(i64, Opened), StoreError> {
        let seq = row.get_i64("seq")?;
        let key = self.ring.unwrap_key(&row.get_bytes("wrapped_key")?, seq)?;
        let edits = match row.get_opt_bytes("edits")? {
            Some(sealed) => open_json(&key, "edits", seq, &sealed)?,
            None => Vec::new(),
        };
        let theirs = row.get_opt_bytes("theirs")?.map(|s| open_json(&key, "theirs", seq, &s)).transpose()?;
        let snapshot = open_json(&key, "snapshot", seq, &row.get_bytes("snapshot")?)?;
        Ok((seq, Opened { key, snapshot, edits, theirs }))
    }

    /// Opens the sealed values of orders. Erased orders are missing from the answer.
    pub(crate) async fn open_sealed(
        &self,
        from: impl Into<Reads<'_>>,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, Opened>, StoreError> {
        let rows = from.into().fetch_all(&SEALED, args![seqs.to_vec()]).await?;
        rows.iter().map(|row| self.open_row(row)).collect()
    }

    /// Opens the heads of orders. Erased orders are missing from the answer, and so are damaged ones: one of them
    /// must not hide the others of a list (I12); opening that order says what is wrong.
    pub(crate) async fn open_heads(
        &self,
        from: impl Into<Reads<'_>>,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, Head>, StoreError> {
        let rows = from.into().fetch_all(&HEADS, args![seqs.to_vec()]).await?;
        let mut heads = BTreeMap::new();
        for row in &rows {
            let seq = row.get_i64("seq")?;
            match self.open_head(seq, row) {
                Ok(head) => drop(heads.insert(seq, head)),
                Err(error @ StoreError::Corrupt { .. }) => tracing::error!(seq, %error, "damaged"),
                Err(error) => return Err(error),
            }
        }
        Ok(heads)
    }

    /// Seals what lists and searches know of an order, with the staff's notes, and makes its search tokens again. The order's
    /// row is locked by the caller.
    pub(crate) async fn put_head(
        &self,
        tx: &mut Tx,
        key: &OrderKey,
        seq: i64,
        mut head: Head,
    ) -> Result<(), StoreError> {
        head.notes = crate::desk::notes::texts(&mut *tx, key, seq).await?;
        tx.exec(&REHEAD, args![seq, seal_head(key, seq, &head)?]).await?;
        let tokens = head.with_fields(|f| self.index.tokens(f));
        self.index.insert(tx, &[(seq, tokens)]).await
    }

    fn open_head(&self, seq: i64, row: &Row) -> Result<Head, StoreError> {
        let key = self.ring.unwrap_key(&row.get_bytes("wrapped_key")?, seq)?;
        let plain = seal::open(&key, &place("head", seq), &row.get_bytes("head")?)?;
        serde_json::from_slice(&plain).map_err(|_| corrupt("head", seq))
    }

    /// The mall's document of an order as it came; `None` when it was erased.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn raw_document(&self, seq: domain::OrderSeq) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(row) = self.db.fetch_optional(&RAW, args![seq.0]).await? else { return Ok(None) };
        let key = self.ring.unwrap_key(&row.get_bytes("wrapped_key")?, seq.0)?;
        let plain = seal::open(&key, &place("raw", seq.0), &row.get_bytes("raw")?)?;
        Ok(Some(plain.to_vec()))
    }
}
