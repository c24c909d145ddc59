//! 同梱・分割: who travels with whom.

use super::read::ListRow;
use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::sql;
use domain::history::By;
use domain::order::{Grouping, may_bundle};
use domain::{OrderSeq, Reason, UtcMillis, reason};

sql! {
    /// Children of some orders.
    CHILDREN("SELECT seq FROM orders WHERE parent_seq" [in_ints "$1"] " ORDER BY seq LIMIT 500");
}

/// The parent and the children of an order, as far as they may be seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Family {
    /// Parent.
    pub parent: Option<ListRow>,
    /// Children.
    pub children: Vec<ListRow>,
}

impl Ledger {
    async fn children(&self, parents: &[i64]) -> Result<Vec<i64>, StoreError> {
        let rows = self.db.fetch_all(&CHILDREN, args![parents.to_vec()]).await?;
        rows.iter().map(|row| row.get_i64("seq")).collect()
    }

    /// Who travels with an order.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn family(&self, access: &Access, seq: OrderSeq) -> Result<Family, StoreError> {
        let parent = self.orders_for_rules(&[seq]).await?.pop().and_then(|o| o.parent);
        let parent = match parent {
            Some(parent) => self.rows_by_seq(access, &[parent.0]).await?.pop(),
            None => None,
        };
        let children = self.children(&[seq.0]).await?;
        Ok(Family { parent, children: self.rows_by_seq(access, &children).await? })
    }

    /// Puts orders into another's parcel (同梱), all or none.
    ///
    /// # Errors
    /// The inner reason when one may not. Else as the database says.
    pub async fn bundle_orders(
        &self,
        parent: OrderSeq,
        children: &[OrderSeq],
        by: &By,
        now: UtcMillis,
    ) -> Result<Result<(), Reason>, StoreError> {
        let Some(found) = self.orders_for_rules(&[parent]).await?.pop() else {
            return Ok(Err(reason::bundle_of_itself()));
        };
        for child in children {
            let has_children = !self.children(&[child.0]).await?.is_empty();
            if let Err(reason) = may_bundle(found.facts.grouping, has_children, *child == parent) {
                return Ok(Err(reason));
            }
        }
        for child in children {
            self.set_grouping(*child, Grouping::BundledChild, Some(parent), by, now).await?;
        }
        Ok(Ok(()))
    }
}
