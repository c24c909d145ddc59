//! 履歴 rows: append-only, ordered by their number and not by the clock (which may step back).

use crate::error::StoreError;
use crate::json::{from_json, to_json};
use crate::sql::{Arg, bulk, sql};
use crate::{Reads, Tx, args};
use domain::history::{By, Event};
use domain::{OrderSeq, UtcMillis};
use serde_json::Value;

sql! {
    /// History of one order.
    OF_ORDER("SELECT id, at, actor, event, run_id FROM history WHERE seq = $1 ORDER BY id");
}

bulk! {
    /// New rows.
    ADD(history: seq, at, actor, event, run_id; "");
}

/// One row as it is read. An event of a newer program is shown raw.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct HistoryRow {
    /// When.
    pub at: UtcMillis,
    /// Who.
    pub by: By,
    /// What.
    pub event: Value,
}

/// Rows that are to be written, collected during a transaction.
#[derive(Default)]
pub(crate) struct Pending(Vec<Vec<Arg>>);

impl Pending {
    pub(crate) fn add(
        &mut self,
        seq: i64,
        at: UtcMillis,
        by: &Value,
        event: &Event,
        run_id: Option<i64>,
    ) -> Result<(), StoreError> {
        self.0.push(args![seq, at.0, by, to_json(event)?, run_id]);
        Ok(())
    }

    pub(crate) async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.0.is_empty() {
            return Ok(());
        }
        tx.bulk_insert(&ADD, self.0).await.map(drop)
    }
}

pub(crate) async fn of_order(
    from: impl Into<Reads<'_>>,
    seq: OrderSeq,
) -> Result<Vec<HistoryRow>, StoreError> {
    let rows = from.into().fetch_all(&OF_ORDER, args![seq.0]).await?;
    rows.iter()
        .map(|row| {
            let id = row.get_i64("id")?;
            Ok(HistoryRow {
                at: UtcMillis(row.get_i64("at")?),
                by: from_json("history", "actor", id, row.get_json("actor")?)?,
                event: row.get_json("event")?,
            })
        })
        .collect()
}
