//! Notes and tags of the staff. A note may speak of a buyer: it is sealed under its order's key and goes with it.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::orders;
use crate::seal::{self, Aad, OrderKey};
use crate::sql::sql;
use crate::{Reads, Tx, args};
use domain::history::By;
use domain::{OrderSeq, UtcMillis};

sql! {
    /// Notes of an order with the key of it.
    NOTES("SELECT n.id AS id, n.at AS at, n.actor AS actor, n.body AS body, k.wrapped_key AS wrapped_key \
           FROM order_notes n JOIN order_keys k ON k.seq = n.seq WHERE n.seq = $1 ORDER BY n.id");
    /// Notes of an order alone.
    BODIES("SELECT id, body FROM order_notes WHERE seq = $1 ORDER BY id");
    /// The key of an order; it is not erased while the note is written.
    KEY("SELECT wrapped_key FROM order_keys WHERE seq = $1" [postgres " FOR SHARE"]);
    /// One more.
    ADD("INSERT INTO order_notes (id, seq, at, actor, body) VALUES ($1, $2, $3, $4, $5)");
    /// Take one away.
    DROP("DELETE FROM order_notes WHERE id = $1 AND seq = $2");
    /// The order is erased.
    FORGET("DELETE FROM order_notes WHERE seq = $1");
    /// Tags of orders.
    TAGS("SELECT seq, tag FROM order_tags WHERE seq" [in_ints "$1"] " ORDER BY seq, tag");
    /// Tags in use.
    ALL_TAGS("SELECT DISTINCT tag FROM order_tags ORDER BY tag LIMIT 200");
    /// One more.
    ADD_TAG("INSERT INTO order_tags (seq, tag) SELECT seq, $2 FROM orders WHERE seq = $1 ON CONFLICT (seq, tag) DO NOTHING");
    /// Take one away.
    DROP_TAG("DELETE FROM order_tags WHERE seq = $1 AND tag = $2");
}

/// A note.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Note {
    /// Row.
    pub note_id: i64,
    /// When.
    pub at: UtcMillis,
    /// Who.
    pub by: By,
    /// What.
    pub text: String,
}

fn place(id: i64) -> Aad {
    Aad::new("order_notes", "body", id)
}

/// Texts of an order's notes, oldest first, for the search.
pub(crate) async fn texts(
    from: impl Into<Reads<'_>>,
    key: &OrderKey,
    seq: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = from.into().fetch_all(&BODIES, args![seq]).await?;
    rows.iter()
        .map(|row| {
            let plain = seal::open(key, &place(row.get_i64("id")?), &row.get_bytes("body")?)?;
            Ok(String::from_utf8_lossy(&plain).into_owned())
        })
        .collect()
}

/// Erasure of an order takes its notes along.
pub(crate) async fn forget(tx: &mut Tx, seq: i64) -> Result<(), StoreError> {
    tx.exec(&FORGET, args![seq]).await.map(drop)
}

impl Ledger {
    /// Notes of an order, oldest first. Empty when it was erased.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn notes(&self, seq: OrderSeq) -> Result<Vec<Note>, StoreError> {
        let rows = self.db.fetch_all(&NOTES, args![seq.0]).await?;
        rows.iter()
            .map(|row| {
                let id = row.get_i64("id")?;
                let key = self.ring.unwrap_key(&row.get_bytes("wrapped_key")?, seq.0)?;
                let plain = seal::open(&key, &place(id), &row.get_bytes("body")?)?;
                Ok(Note {
                    note_id: id,
                    at: UtcMillis(row.get_i64("at")?),
                    by: from_json("order_notes", "actor", id, row.get_json("actor")?)?,
                    text: String::from_utf8_lossy(&plain).into_owned(),
                })
            })
            .collect()
    }

    /// Adds a note; `false` when the order was erased or is not there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_note(
        &self,
        seq: OrderSeq,
        text: &str,
        by: &By,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        // Whoever writes the order's head holds its row: a note is never missing from it.
        orders::for_change(&mut tx, &[seq.0]).await?;
        let Some(row) = tx.fetch_optional(&KEY, args![seq.0]).await? else { return Ok(false) };
        let key = self.ring.unwrap_key(&row.get_bytes("wrapped_key")?, seq.0)?;
        let id = ids::take_one(&mut tx, Family::Note).await?;
        let sealed = seal::seal(&key, &place(id), text.as_bytes())?;
        tx.exec(&ADD, args![id, seq.0, now.0, to_json(by)?, sealed]).await?;
        self.note_head(&mut tx, &key, seq).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a note away; `false` when there is no such one.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_note(&self, seq: OrderSeq, id: i64) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        orders::for_change(&mut tx, &[seq.0]).await?;
        let done = tx.exec(&DROP, args![id, seq.0]).await? == 1;
        if done && let Some(row) = tx.fetch_optional(&KEY, args![seq.0]).await? {
            let key = self.ring.unwrap_key(&row.get_bytes("wrapped_key")?, seq.0)?;
            self.note_head(&mut tx, &key, seq).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// The notes changed: searches know.
    async fn note_head(&self, tx: &mut Tx, key: &OrderKey, seq: OrderSeq) -> Result<(), StoreError> {
        match self.open_heads(&mut *tx, &[seq.0]).await?.remove(&seq.0) {
            Some(head) => self.put_head(tx, key, seq.0, head).await,
            None => Ok(()),
        }
    }

    /// Tags of orders.
    ///
    /// # Errors
    /// As the database says.
    pub async fn tags(
        &self,
        seqs: &[OrderSeq],
    ) -> Result<std::collections::BTreeMap<OrderSeq, Vec<String>>, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let mut tags = std::collections::BTreeMap::<OrderSeq, Vec<String>>::new();
        for row in self.db.fetch_all(&TAGS, args![list]).await? {
            tags.entry(OrderSeq(row.get_i64("seq")?)).or_default().push(row.get_str("tag")?);
        }
        Ok(tags)
    }

    /// Tags in use.
    ///
    /// # Errors
    /// As the database says.
    pub async fn all_tags(&self) -> Result<Vec<String>, StoreError> {
        self.db.fetch_all(&ALL_TAGS, args![]).await?.iter().map(|row| row.get_str("tag")).collect()
    }

    /// Puts a tag on orders, or takes it off. A tag names no buyer: it is not sealed.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_tag(&self, seqs: &[OrderSeq], tag: &str, on: bool) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for seq in seqs {
            tx.exec(if on { &ADD_TAG } else { &DROP_TAG }, args![seq.0, tag]).await?;
        }
        tx.commit().await
    }
}
