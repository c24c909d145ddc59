//! Exact counts per shop and phase that never block: every transaction adds delta rows of its own; one job folds
//! them into the base; a reader adds both up.

use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::sql::{bulk, sql};
use crate::{Tx, args};
use domain::ShopId;
use std::collections::BTreeMap;

sql! {
    /// Base and deltas.
    READ("SELECT shop_id, phase, CAST(SUM(orders) AS BIGINT) AS orders FROM \
          (SELECT shop_id, phase, orders FROM phase_counts UNION ALL SELECT shop_id, phase, delta FROM phase_deltas) AS parts \
          GROUP BY shop_id, phase");
    /// Take the deltas that are visible.
    TAKE("DELETE FROM phase_deltas RETURNING shop_id, phase, delta");
    /// Add to the base.
    FOLD("INSERT INTO phase_counts (shop_id, phase, orders) VALUES ($1, $2, $3) \
          ON CONFLICT (shop_id, phase) DO UPDATE SET orders = phase_counts.orders + excluded.orders");
    /// Count for real, for the doctor.
    COUNT("SELECT shop_id, phase, COUNT(*) AS orders FROM orders GROUP BY shop_id, phase");
    /// States counted apart from phases.
    STATES("SELECT 'confirming' AS name, COUNT(*) AS n FROM orders WHERE notice_state NOT IN ('not_sent', 'applied') AND confirming \
            UNION ALL SELECT notice_state, COUNT(*) FROM orders WHERE notice_state NOT IN ('not_sent', 'applied') GROUP BY notice_state \
            UNION ALL SELECT 'site_changing', COUNT(*) FROM orders WHERE confirm_state NOT IN ('not_sent', 'applied') AND confirm_state = 'in_flight' \
            UNION ALL SELECT 'site_failed', COUNT(*) FROM orders WHERE confirm_state NOT IN ('not_sent', 'applied') AND confirm_state <> 'in_flight' \
            UNION ALL SELECT 'quarantined', COUNT(*) FROM quarantine WHERE state = 'open'");
}

bulk! {
    /// What a transaction changed.
    DELTAS(phase_deltas: shop_id, phase, delta; "");
}

/// Orders by shop and phase.
pub type PhaseCounts = BTreeMap<(ShopId, String), i64>;

/// Collects what one transaction changes.
#[derive(Default)]
pub(crate) struct Deltas(BTreeMap<(i64, String), i64>);

impl Deltas {
    pub(crate) fn add(&mut self, shop: i64, phase: &str, delta: i64) {
        *self.0.entry((shop, phase.to_owned())).or_default() += delta;
    }

    pub(crate) async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        let rows: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, delta)| *delta != 0)
            .map(|((shop, phase), delta)| args![shop, phase, delta])
            .collect();
        if rows.is_empty() { Ok(()) } else { tx.bulk_insert(&DELTAS, rows).await.map(drop) }
    }
}

fn read(rows: &[crate::Row]) -> Result<PhaseCounts, StoreError> {
    rows.iter()
        .map(|row| Ok(((ShopId(row.get_i64("shop_id")?), row.get_str("phase")?), row.get_i64("orders")?)))
        .collect()
}

impl Ledger {
    /// Orders by shop and phase, exact at this moment. Pairs that ever held an order may read zero.
    ///
    /// # Errors
    /// As the database says.
    pub async fn phase_counts(&self) -> Result<PhaseCounts, StoreError> {
        read(&self.db.fetch_all(&READ, args![]).await?)
    }

    /// The same counted from the orders themselves: slow, for the doctor and tests.
    ///
    /// # Errors
    /// As the database says.
    pub async fn recount_phases(&self) -> Result<PhaseCounts, StoreError> {
        read(&self.db.fetch_all(&COUNT, args![]).await?)
    }

    /// States that are counted apart from phases: notice states, 結果確認中, サイト変更中, 取込エラー.
    ///
    /// # Errors
    /// As the database says.
    pub async fn state_counts(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows = self.db.fetch_all(&STATES, args![]).await?;
        rows.iter().map(|row| Ok((row.get_str("name")?, row.get_i64("n")?))).collect()
    }

    /// Folds deltas into the base.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fold_phase_counts(&self) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let mut sums = BTreeMap::<(i64, String), i64>::new();
        for row in tx.fetch_all(&TAKE, args![]).await? {
            *sums.entry((row.get_i64("shop_id")?, row.get_str("phase")?)).or_default() +=
                row.get_i64("delta")?;
        }
        for ((shop, phase), delta) in sums {
            tx.exec(&FOLD, args![shop, phase, delta]).await?;
        }
        tx.commit().await
    }
}
