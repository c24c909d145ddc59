//! What papers and files are made of: many orders opened in one go, and small values that screens keep under a key
//! (settings of label programs, names of a bank's columns).

use crate::access::Access;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::orders::{ListRow, OrderForRules};
use crate::settings;
use domain::OrderSeq;
use domain::reconcile;
use domain::snapshot::{Content, MallFacts};
use std::collections::BTreeMap;

/// An order as papers need it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderPaper {
    /// Row of the list.
    pub row: ListRow,
    /// For the rules: recipients, parcels, bundle.
    pub rules: OrderForRules,
    /// What only the mall decides; `None` when erased.
    pub mall: Option<MallFacts>,
    /// Content with staff's edits; `None` when erased or without the right.
    pub content: Option<Content>,
}

impl Ledger {
    /// Orders that may be seen, opened together, in the order of `seqs`. One that is not there is missing.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn order_papers(
        &self,
        access: &Access,
        seqs: &[OrderSeq],
    ) -> Result<Vec<OrderPaper>, StoreError> {
        let list: Vec<i64> = seqs.iter().map(|s| s.0).collect();
        let mut rows: BTreeMap<i64, ListRow> =
            self.rows_by_seq(access, &list).await?.into_iter().map(|r| (r.seq.0, r)).collect();
        let seen: Vec<OrderSeq> = rows.keys().map(|s| OrderSeq(*s)).collect();
        let mut rules: BTreeMap<i64, OrderForRules> =
            self.orders_for_rules(&seen).await?.into_iter().map(|o| (o.seq.0, o)).collect();
        let seen: Vec<i64> = seen.iter().map(|s| s.0).collect();
        let mut opened = self.open_sealed(&self.db, &seen).await?;
        let mut papers = Vec::with_capacity(rows.len());
        for seq in list {
            let (Some(row), Some(rules)) = (rows.remove(&seq), rules.remove(&seq)) else { continue };
            let mut paper = OrderPaper { row, rules, mall: None, content: None };
            if let Some(opened) = opened.remove(&seq) {
                if access.buyer_data {
                    let content = reconcile::lay_over(&opened.snapshot.content, &opened.edits)
                        .map_err(|e| StoreError::other(e.to_string()))?;
                    paper.content = Some(content);
                }
                paper.mall = Some(opened.snapshot.facts);
            }
            papers.push(paper);
        }
        Ok(papers)
    }

    /// What a screen keeps under a key.
    ///
    /// # Errors
    /// As the database says.
    pub async fn kept_value(&self, key: &str) -> Result<Option<String>, StoreError> {
        settings::get(&self.db, key).await
    }

    /// Keeps a value of a screen under a key.
    ///
    /// # Errors
    /// As the database says.
    pub async fn keep_value(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        settings::put(&mut tx, key, value).await?;
        tx.commit().await
    }
}
