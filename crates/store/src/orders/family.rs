//! 同梱・分割: who travels with whom.

use super::change::group_in;
use super::facts::for_change;
use super::read::ListRow;
use crate::Reads;
use crate::access::Access;
use crate::args;
use crate::error::StoreError;
use crate::history::Pending;
use crate::json::to_json;
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

fn children_and(parent: OrderSeq, children: &[OrderSeq]) -> Vec<i64> {
    children.iter().chain([&parent]).map(|s| s.0).collect()
}

async fn children(from: impl Into<Reads<'_>>, parents: &[i64]) -> Result<Vec<i64>, StoreError> {
    let rows = from.into().fetch_all(&CHILDREN, args![parents.to_vec()]).await?;
    rows.iter().map(|row| row.get_i64("seq")).collect()
}

impl Ledger {
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
        let children = children(&self.db, &[seq.0]).await?;
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
        let mut tx = self.db.begin().await?;
        let all: Vec<i64> = children_and(parent, children);
        let orders = for_change(&mut tx, &all).await?;
        let Some(found) = orders.iter().find(|o| o.seq == parent) else {
            return Ok(Err(reason::order_not_found()));
        };
        let (actor, mut history) = (to_json(by)?, Pending::default());
        for child in children {
            let has_children = !self::children(&mut tx, &[child.0]).await?.is_empty();
            if let Err(reason) = may_bundle(found.facts.grouping, has_children, *child == parent) {
                return Ok(Err(reason));
            }
            let to = (Grouping::BundledChild, Some(parent));
            if !group_in(&mut tx, *child, to, &actor, &mut history, now).await? {
                return Ok(Err(reason::order_not_found()));
            }
        }
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}
