//! What must never be found in a ledger at rest: rows that lost their other half, calls without an end. For tests and
//! the doctor; reads everything once.

use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Row, Tx};
use std::collections::BTreeMap;

sql! {
    /// Rows whose other half is missing, by what is wrong.
    HALVES("SELECT 'order without its key' AS name, COUNT(*) AS n FROM orders o WHERE o.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM order_keys k WHERE k.seq = o.seq) \
            UNION ALL SELECT 'order without its sealed words', COUNT(*) FROM orders o WHERE o.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM order_sealed s WHERE s.seq = o.seq) \
            UNION ALL SELECT 'order without its head', COUNT(*) FROM orders o WHERE o.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM sealed_head h WHERE h.seq = o.seq) \
            UNION ALL SELECT 'key of no living order', COUNT(*) FROM order_keys k WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.seq = k.seq AND o.erased_at IS NULL) \
            UNION ALL SELECT 'sealed words of no living order', COUNT(*) FROM order_sealed s WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.seq = s.seq AND o.erased_at IS NULL) \
            UNION ALL SELECT 'head of no living order', COUNT(*) FROM sealed_head h WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.seq = h.seq AND o.erased_at IS NULL) \
            UNION ALL SELECT 'line of no order', COUNT(*) FROM order_lines l WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.seq = l.seq) \
            UNION ALL SELECT 'recipient of no order', COUNT(*) FROM recipients r WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.seq = r.seq) \
            UNION ALL SELECT 'order without a line', COUNT(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.seq = o.seq) \
            UNION ALL SELECT 'parcel of no recipient', COUNT(*) FROM parcels p WHERE p.removed = FALSE \
                      AND NOT EXISTS (SELECT 1 FROM recipients r WHERE r.seq = p.seq AND r.recipient_key = p.recipient_key) \
            UNION ALL SELECT 'order without its import in history', COUNT(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.seq = o.seq) \
            UNION ALL SELECT 'order that is there twice', COUNT(*) FROM orders o WHERE EXISTS \
                      (SELECT 1 FROM orders p WHERE p.shop_id = o.shop_id AND p.mall_order_id = o.mall_order_id AND p.seq <> o.seq)");
    /// Writes that a ledger at rest must not show, by what is wrong.
    WRITES("SELECT 'call without an end' AS name, COUNT(*) AS n FROM calls WHERE state IN ('in_flight', 'pending') \
            UNION ALL SELECT 'call without steps', COUNT(*) FROM calls c WHERE NOT EXISTS (SELECT 1 FROM call_items i WHERE i.call_id = c.id) \
            UNION ALL SELECT 'step of a call without an outcome', COUNT(*) FROM call_items WHERE outcome IS NULL \
            UNION ALL SELECT 'step that is not final', COUNT(*) FROM outbox_steps WHERE state IN ('ready', 'sending', 'pending', 'unknown') \
            UNION ALL SELECT 'wish without steps', COUNT(*) FROM outbox b WHERE NOT EXISTS (SELECT 1 FROM outbox_steps s WHERE s.outbox_id = b.id) \
            UNION ALL SELECT 'wish that is open', COUNT(*) FROM outbox WHERE state = 'open' \
            UNION ALL SELECT 'order in flight', COUNT(*) FROM orders WHERE notice_state = 'in_flight' OR confirm_state = 'in_flight' OR confirming \
            UNION ALL SELECT 'request that is open', COUNT(*) FROM requests WHERE state IN ('queued', 'running') \
            UNION ALL SELECT 'run that is open', COUNT(*) FROM import_runs WHERE state IN ('running', 'interrupted')");
}

impl Ledger {
    /// What is wrong with the rows of a ledger at rest, with how many rows show it. Empty when all is well. `at_rest`:
    /// nobody works and nothing is left to do, so that nothing may be under way either.
    ///
    /// # Errors
    /// As the database says.
    pub async fn audit(&self, at_rest: bool) -> Result<BTreeMap<String, i64>, StoreError> {
        let mut found = named(self.db.fetch_all(&HALVES, args![]).await?)?;
        if at_rest {
            found.extend(named(self.db.fetch_all(&WRITES, args![]).await?)?);
        }
        Ok(found)
    }
}

/// Rows whose other half is missing, as a transaction sees them.
pub(crate) async fn halves(tx: &mut Tx) -> Result<BTreeMap<String, i64>, StoreError> {
    named(tx.fetch_all(&HALVES, args![]).await?)
}

fn named(rows: Vec<Row>) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut found = BTreeMap::new();
    for row in rows {
        let n = row.get_i64("n")?;
        if n > 0 {
            found.insert(row.get_str("name")?, n);
        }
    }
    Ok(found)
}
