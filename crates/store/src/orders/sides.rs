//! What both sides say: each field the mall changed, as it was imported, as the mall has it now, and as staff made it. And
//! the goods of an order for whoever may not see its buyer.

use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::sql;
use domain::OrderSeq;
use domain::reconcile;
use serde_json::Value;
use std::collections::BTreeSet;

sql! {
    /// Goods of one order.
    GOODS("SELECT sku, item_code, title, quantity, cancelled_quantity, unit_price, tax_rate_bp FROM order_lines WHERE seq = $1 ORDER BY position");
}

/// One field that differs from the mall's.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Which field, or which item of a list.
    pub path: String,
    /// As it was imported; `None`: not there, or the mall's newer copy was taken over already.
    pub at_import: Option<Value>,
    /// As the mall has it now; `None`: not there any more.
    pub at_mall: Option<Value>,
    /// As staff made it; `None`: not edited.
    pub ours: Option<Value>,
    /// As it counts here.
    pub counts: Option<Value>,
    /// Both changed it; a person decides.
    pub conflict: bool,
}

impl Side {
    /// Nothing is left to decide: here counts what the mall says.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.conflict && self.counts == self.at_mall
    }
}

/// One line without anything of the buyer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    /// SKU.
    pub sku: Option<String>,
    /// 商品管理番号.
    pub item_code: Option<String>,
    /// 商品名.
    pub title: Option<String>,
    /// Ordered.
    pub quantity: i64,
    /// Of these, cancelled.
    pub cancelled_quantity: i64,
    /// Yen.
    pub unit_price: Option<i64>,
    /// Tax in hundredths of a percent.
    pub tax_rate_bp: Option<i64>,
}

impl Ledger {
    /// The fields in which the mall's present copy and ours differ, or differed until a person decided. Empty when there
    /// is nothing to compare, and without the right to see buyer data.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn order_sides(&self, access: &Access, seq: OrderSeq) -> Result<Vec<Side>, StoreError> {
        if !access.buyer_data || self.bare_rows(access, &[seq.0]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let Some(opened) = self.open_sealed(&self.db, &[seq.0]).await?.remove(&seq.0) else {
            return Ok(Vec::new());
        };
        let base = &opened.snapshot.content;
        let content =
            reconcile::lay_over(base, &opened.edits).map_err(|e| StoreError::other(e.to_string()))?;
        let mut paths: BTreeSet<String> =
            opened.edits.iter().filter(|e| e.conflict.is_some()).map(|e| e.path.clone()).collect();
        if let Some(theirs) = &opened.theirs {
            let diff = reconcile::mall_diff(base, &theirs.content);
            paths.extend(diff.filled);
            paths.extend(diff.changed);
        }
        Ok(paths
            .into_iter()
            .map(|path| {
                let edit = opened.edits.iter().find(|e| e.path == path);
                let conflict = edit.and_then(|e| e.conflict.clone());
                let theirs = match (&conflict, &opened.theirs) {
                    (Some(value), _) => Some(value.clone()).filter(|v| !v.is_null()),
                    (None, Some(theirs)) => reconcile::value_at(&theirs.content, &path),
                    (None, None) => None,
                };
                Side {
                    // After a takeover the base is the mall's new copy: what it was before is not kept.
                    at_import: opened.theirs.as_ref().and_then(|_| reconcile::value_at(base, &path)),
                    at_mall: theirs,
                    ours: edit.map(|e| e.value.clone()),
                    counts: reconcile::value_at(&content, &path),
                    conflict: conflict.is_some(),
                    path,
                }
            })
            .collect())
    }

    /// Goods of an order as the lists know them: they stay when the person is erased.
    ///
    /// # Errors
    /// As the database says.
    pub async fn order_goods(&self, seq: OrderSeq) -> Result<Vec<Goods>, StoreError> {
        let rows = self.db.fetch_all(&GOODS, args![seq.0]).await?;
        rows.iter()
            .map(|row| {
                Ok(Goods {
                    sku: row.get_opt_str("sku")?,
                    item_code: row.get_opt_str("item_code")?,
                    title: row.get_opt_str("title")?,
                    quantity: row.get_i64("quantity")?,
                    cancelled_quantity: row.get_i64("cancelled_quantity")?,
                    unit_price: row.get_opt_i64("unit_price")?,
                    tax_rate_bp: row.get_opt_i64("tax_rate_bp")?,
                })
            })
            .collect()
    }
}
