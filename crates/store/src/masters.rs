//! Master lists: phases, carriers, rules by result.

use crate::error::StoreError;
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::sql::sql;
use crate::{Reads, Row, Tx, args};
use domain::carrier::{Carrier, DEFAULT_CARRIERS, DEFAULT_SHIPPING_METHODS, ShippingMethod};
use domain::phase::{CANCELLED, DEFAULT_PHASES, INBOX, NEW, Phase};
use domain::rule::Rule;
use domain::write::WriteKind;
use domain::{PhaseKey, ShopId};

sql! {
    /// All phases.
    PHASES("SELECT phase, name, position, ship_date_required FROM phases ORDER BY position, phase");
    /// Add or change a phase.
    PUT_PHASE("INSERT INTO phases (phase, name, position, ship_date_required) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (phase) DO UPDATE SET name = excluded.name, position = excluded.position, \
               ship_date_required = excluded.ship_date_required");
    /// Add a phase unless it is there.
    SEED_PHASE("INSERT INTO phases (phase, name, position, ship_date_required) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (phase) DO NOTHING");
    /// Remove a phase nobody is in.
    DROP_PHASE("DELETE FROM phases WHERE phase = $1 AND NOT EXISTS (SELECT 1 FROM orders WHERE phase = $1)");
    /// A phase that is about to be removed: waits for moves into it that are under way.
    LOCK_PHASE("SELECT phase FROM phases WHERE phase = $1" [postgres " FOR UPDATE"]);
    /// A phase that orders are about to be moved into: it stays until they are.
    PHASE_TO("SELECT phase, name, position, ship_date_required FROM phases WHERE phase = $1" [postgres " FOR SHARE"]);
    /// All carriers.
    CARRIERS("SELECT carrier, name, mall_codes, tracking_url FROM carriers ORDER BY carrier");
    /// Add or change a carrier.
    PUT_CARRIER("INSERT INTO carriers (carrier, name, mall_codes, tracking_url) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (carrier) DO UPDATE SET name = excluded.name, mall_codes = excluded.mall_codes, \
                 tracking_url = excluded.tracking_url");
    /// Add a carrier unless it is there.
    SEED_CARRIER("INSERT INTO carriers (carrier, name, mall_codes) VALUES ($1, $2, $3) ON CONFLICT (carrier) DO NOTHING");
    /// All services of carriers.
    METHODS("SELECT shipping_method, carrier, name, tracked, mall_names FROM shipping_methods ORDER BY carrier, shipping_method");
    /// Add or change a service.
    PUT_METHOD("INSERT INTO shipping_methods (shipping_method, carrier, name, tracked, mall_names) VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (shipping_method) DO UPDATE SET carrier = excluded.carrier, name = excluded.name, \
                tracked = excluded.tracked, mall_names = excluded.mall_names");
    /// Add a service unless it is there.
    SEED_METHOD("INSERT INTO shipping_methods (shipping_method, carrier, name, tracked, mall_names) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (shipping_method) DO NOTHING");
    /// Rules of a shop.
    RULES("SELECT shop_id, kind, target_phase, success_phase, failure_phase FROM rules WHERE shop_id = $1 \
           ORDER BY kind, target_phase");
    /// Add or change a rule.
    PUT_RULE("INSERT INTO rules (shop_id, kind, target_phase, success_phase, failure_phase) VALUES ($1, $2, $3, $4, $5) \
              ON CONFLICT (shop_id, kind, target_phase) DO UPDATE SET success_phase = excluded.success_phase, \
              failure_phase = excluded.failure_phase");
    /// Remove a rule.
    DROP_RULE("DELETE FROM rules WHERE shop_id = $1 AND kind = $2 AND target_phase = $3");
}

/// Seeds what a new installation starts with; leaves what is there alone.
pub(crate) async fn seed(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.fetch_all(&PHASES, args![]).await?.is_empty() {
        for (position, (phase, name, ship_date_required)) in (1_i64..).zip(DEFAULT_PHASES) {
            tx.exec(&SEED_PHASE, args![phase, name, position, ship_date_required]).await?;
        }
    }
    if tx.fetch_all(&CARRIERS, args![]).await?.is_empty() {
        for (carrier, name) in DEFAULT_CARRIERS {
            tx.exec(&SEED_CARRIER, args![carrier, name, serde_json::json!({})]).await?;
        }
    }
    if tx.fetch_all(&METHODS, args![]).await?.is_empty() {
        for (method, carrier, name, tracked) in DEFAULT_SHIPPING_METHODS {
            tx.exec(&SEED_METHOD, args![method, carrier, name, tracked, serde_json::json!({})]).await?;
        }
    }
    Ok(())
}

pub(crate) async fn phases_in(from: impl Into<Reads<'_>>) -> Result<Vec<Phase>, StoreError> {
    let rows = from.into().fetch_all(&PHASES, args![]).await?;
    rows.iter().map(phase).collect()
}

/// The phase that orders are about to be moved into. It cannot be removed before the transaction ends.
pub(crate) async fn phase_to(tx: &mut Tx, key: &PhaseKey) -> Result<Option<Phase>, StoreError> {
    tx.fetch_optional(&PHASE_TO, args![key.as_str()]).await?.as_ref().map(phase).transpose()
}

fn phase(row: &Row) -> Result<Phase, StoreError> {
    Ok(Phase {
        phase: PhaseKey(row.get_str("phase")?),
        name: row.get_str("name")?,
        position: row.get_i64("position")?,
        ship_date_required: row.get_bool("ship_date_required")?,
    })
}

pub(crate) async fn rules_in(from: impl Into<Reads<'_>>, shop: ShopId) -> Result<Vec<Rule>, StoreError> {
    let rows = from.into().fetch_all(&RULES, args![shop.0]).await?;
    rows.iter().filter_map(|row| rule(row).transpose()).collect()
}

/// `None` for a kind of a newer program: it waits for that program.
fn rule(row: &Row) -> Result<Option<Rule>, StoreError> {
    let Some(kind) = WriteKind::parse(&row.get_str("kind")?) else { return Ok(None) };
    Ok(Some(Rule {
        shop_id: ShopId(row.get_i64("shop_id")?),
        kind,
        target_phase: PhaseKey(row.get_str("target_phase")?),
        success_phase: row.get_opt_str("success_phase")?.map(PhaseKey),
        failure_phase: row.get_opt_str("failure_phase")?.map(PhaseKey),
    }))
}

impl Ledger {
    /// The phases in their order (NTF-1).
    ///
    /// # Errors
    /// As the database says.
    pub async fn phases(&self) -> Result<Vec<Phase>, StoreError> {
        phases_in(&self.db).await
    }

    /// Adds or changes a phase, while everything runs.
    ///
    /// # Errors
    /// As the database says.
    pub async fn put_phase(&self, phase: &Phase) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let args = args![phase.phase.as_str(), &phase.name, phase.position, phase.ship_date_required];
        tx.exec(&PUT_PHASE, args).await?;
        tx.commit().await
    }

    /// Removes a phase. `false`: orders are in it, it is one that Choba itself needs, or there is no such phase.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_phase(&self, phase: &PhaseKey) -> Result<bool, StoreError> {
        if [INBOX, NEW, CANCELLED].contains(&phase.as_str()) {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        tx.fetch_all(&LOCK_PHASE, args![phase.as_str()]).await?;
        let done = tx.exec(&DROP_PHASE, args![phase.as_str()]).await?;
        tx.commit().await?;
        Ok(done == 1)
    }

    /// The carriers (NTF-9).
    ///
    /// # Errors
    /// As the database says.
    pub async fn carriers(&self) -> Result<Vec<Carrier>, StoreError> {
        let rows = self.db.fetch_all(&CARRIERS, args![]).await?;
        rows.iter()
            .map(|row| {
                let carrier = row.get_str("carrier")?;
                Ok(Carrier {
                    mall_codes: from_json("carriers", "mall_codes", &carrier, row.get_json("mall_codes")?)?,
                    carrier: carrier.into(),
                    name: row.get_str("name")?,
                    tracking_url: row.get_opt_str("tracking_url")?,
                })
            })
            .collect()
    }

    /// 配送便 (NTF-9).
    ///
    /// # Errors
    /// As the database says.
    pub async fn shipping_methods(&self) -> Result<Vec<ShippingMethod>, StoreError> {
        let rows = self.db.fetch_all(&METHODS, args![]).await?;
        rows.iter()
            .map(|row| {
                let method = row.get_str("shipping_method")?;
                let names = row.get_json("mall_names")?;
                Ok(ShippingMethod {
                    mall_names: from_json("shipping_methods", "mall_names", &method, names)?,
                    shipping_method: method,
                    carrier: row.get_str("carrier")?.into(),
                    name: row.get_str("name")?,
                    tracked: row.get_bool("tracked")?,
                })
            })
            .collect()
    }

    /// Adds or changes a 配送便.
    ///
    /// # Errors
    /// As the database says.
    pub async fn put_shipping_method(&self, method: &ShippingMethod) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let args = args![
            &method.shipping_method,
            method.carrier.as_str(),
            &method.name,
            method.tracked,
            to_json(&method.mall_names)?
        ];
        tx.exec(&PUT_METHOD, args).await?;
        tx.commit().await
    }

    /// Adds or changes a carrier.
    ///
    /// # Errors
    /// As the database says.
    pub async fn put_carrier(&self, carrier: &Carrier) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let args = args![
            carrier.carrier.as_str(),
            &carrier.name,
            to_json(&carrier.mall_codes)?,
            carrier.tracking_url.clone()
        ];
        tx.exec(&PUT_CARRIER, args).await?;
        tx.commit().await
    }

    /// Rules of a shop (NTF-2).
    ///
    /// # Errors
    /// As the database says.
    pub async fn rules(&self, shop: ShopId) -> Result<Vec<Rule>, StoreError> {
        rules_in(&self.db, shop).await
    }

    /// Adds or changes a rule. Starts nothing.
    ///
    /// # Errors
    /// As the database says.
    pub async fn put_rule(&self, rule: &Rule) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let text = |p: &Option<PhaseKey>| p.as_ref().map(|p| p.as_str().to_owned());
        let args = args![
            rule.shop_id.0,
            rule.kind.as_str(),
            rule.target_phase.as_str(),
            text(&rule.success_phase),
            text(&rule.failure_phase)
        ];
        tx.exec(&PUT_RULE, args).await?;
        tx.commit().await
    }

    /// Removes a rule. `false`: there was none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_rule(
        &self,
        shop: ShopId,
        kind: WriteKind,
        target: &PhaseKey,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&DROP_RULE, args![shop.0, kind.as_str(), target.as_str()]).await?;
        tx.commit().await?;
        Ok(done == 1)
    }
}
