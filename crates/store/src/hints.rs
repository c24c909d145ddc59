//! Hints: somebody (a mailbox, a queue) says that a shop has something new. A hint is heard once and only hurries the
//! next look at the mall; nothing of an order is ever taken from it.

use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::sql;
use domain::{ShopId, UtcMillis};

sql! {
    /// Heard for the first time?
    HEARD("INSERT INTO hints (key_hash, source, shop_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT (key_hash) DO NOTHING");
    /// The shop has something new. An older hint, heard late, hides no newer one.
    HINTED("UPDATE shops SET hinted_at = $2 WHERE id = $1 AND (hinted_at IS NULL OR hinted_at < $2)");
    /// A look began: what was announced before it is looked at.
    LOOKED("UPDATE shops SET hinted_at = NULL WHERE id = $1 AND hinted_at IS NOT NULL");
    /// Heard so long ago that nobody repeats them.
    FORGET("DELETE FROM hints WHERE at < $1");
}

/// The key under which a hint is remembered: what was said by whom, but not in words.
fn key_hash(source: &str, key: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    // The length keeps two pairs apart whose texts run together to the same.
    hasher.update(&(source.len() as u64).to_le_bytes()).update(source.as_bytes()).update(key.as_bytes());
    hasher.finalize().to_hex().to_string()
}

impl Ledger {
    /// Hears a hint; `true` when it is heard for the first time. `source`: `mail` or `queue`. `key`: the mail's or
    /// message's own id (stored as a hash only); one that speaks of several shops is given once for each, with a key for
    /// each. `shop`: `None` when no shop was recognised (it is remembered and hurries nothing). The shop's next turn
    /// looks at the mall at once: wake the hub, or wait for its next poll (`Hub::hint` does both).
    ///
    /// # Errors
    /// As the database says.
    pub async fn hint(
        &self,
        source: &str,
        key: &str,
        shop: Option<ShopId>,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let values = args![key_hash(source, key), source, shop.map(|s| s.0), now.0];
        let new = tx.exec(&HEARD, values).await? == 1;
        if let Some(shop) = shop.filter(|_| new) {
            tx.exec(&HINTED, args![shop.0, now.0]).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    /// Forgets hints heard before `before`; says how many.
    ///
    /// # Errors
    /// As the database says.
    pub async fn forget_hints(&self, before: UtcMillis) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let gone = tx.exec(&FORGET, args![before.0]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::key_hash;

    #[test]
    fn keys_of_two_sources_are_two_and_no_key_stands_in_the_table_f15() {
        assert_ne!(key_hash("mail", "a"), key_hash("queue", "a"));
        assert_ne!(key_hash("mail", "xa"), key_hash("mailx", "a"));
        assert!(!key_hash("mail", "<20261122@shop.example.jp>").contains("example"));
    }
}
