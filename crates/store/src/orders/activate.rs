//! 受注伝票有効化 (IMP-14): a 仮伝票 becomes an order by hand. The order has its number and nothing else; an import that
//! brings it later fills it.

use super::NewOrder;
use crate::error::StoreError;
use crate::json::to_json;
use crate::ledger::Ledger;
use crate::provisional::{self, Provisional};
use domain::OrderSeq;
use domain::UtcMillis;
use domain::history::{By, Event};

/// `source` of such an order until the mall tells the rest.
pub const MAIL: &str = "mail";

impl Ledger {
    /// Makes an order of a 仮伝票 and says its row; `None` when it no longer waits (the import brought it, somebody
    /// settled it).
    ///
    /// # Errors
    /// `Conflict` when an import stores the order at this moment: look again. Else as the database says.
    pub async fn activate_provisional(
        &self,
        of: &Provisional,
        order: NewOrder,
        by: &By,
        now: UtcMillis,
    ) -> Result<Option<OrderSeq>, StoreError> {
        let (rows, mut history) = self.rows_of(of.shop_id, vec![order], None, now).await?;
        let Some(seq) = rows.first() else { return Ok(None) };
        history.add(seq.0, now, &to_json(by)?, &Event::Activated {}, None)?;
        let mut tx = self.db.begin().await?;
        if !provisional::settle(&mut tx, of, "activated", now).await? {
            return Ok(None);
        }
        self.insert_new(&mut tx, rows).await?;
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(seq))
    }
}
