//! 紐付け設定: the table, and what follows when an order enters a phase. Every way into a phase (by hand, by rule, in
//! bulk, at an import) comes through [`entered`], inside the transaction that brings the order there
//! (docs/decisions/0009). What is wished and what is not is `domain::link`'s to say.

use crate::error::StoreError;
use crate::held::{self, Withheld};
use crate::history::Pending;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::orders::{self, OrderForRules};
use crate::sql::sql;
use crate::{Reads, Row, Tx, args};
use domain::history::{By, Event};
use domain::link::{self, Entering, StatusLink};
use domain::phase::MoveSettings;
use domain::write::WriteKind;
use domain::{PhaseKey, Reason, ShopId, UtcMillis, reason};
use serde_json::Value;
use std::collections::BTreeMap;

sql! {
    /// Rows of a shop.
    LINKS("SELECT shop_id, phase, status, is_on FROM status_links WHERE shop_id = $1 ORDER BY phase");
    /// Add or change a row.
    PUT("INSERT INTO status_links (shop_id, phase, status, is_on) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (shop_id, phase) DO UPDATE SET status = excluded.status, is_on = excluded.is_on");
    /// Add a row unless the phase has one, or is gone.
    SEED("INSERT INTO status_links (shop_id, phase, status, is_on) SELECT $1, phase, $3, $4 FROM phases WHERE phase = $2 \
          ON CONFLICT (shop_id, phase) DO NOTHING");
    /// 有効にする.
    SWITCH("UPDATE status_links SET is_on = $3 WHERE shop_id = $1 AND phase = $2");
    /// Remove a row.
    DROP("DELETE FROM status_links WHERE shop_id = $1 AND phase = $2");
    /// What moves ask of a shop; it is not moved to another lane before the transaction ends.
    SHOP("SELECT name, lane_key, automation_enabled, settings FROM shops WHERE id = $1" [postgres " FOR SHARE"]);
    /// The open wish of an order, and whether anything of it may be at the mall.
    OPEN("SELECT b.id AS id, b.target AS target, (SELECT COUNT(*) FROM outbox_steps s WHERE s.outbox_id = b.id \
          AND (s.state <> 'ready' OR s.sent_at IS NOT NULL)) AS begun FROM outbox b WHERE b.seq = $1 AND b.kind = $2 AND b.state = 'open'");
    /// A wish for a status.
    ADD("INSERT INTO outbox (id, seq, shop_id, lane_key, kind, state, phase_at, requested_by, created_at, target, sent_told, end_told) \
         VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, FALSE, FALSE) ON CONFLICT (seq, kind) WHERE state = 'open' DO NOTHING");
    /// Its step.
    ADD_STEP("INSERT INTO outbox_steps (id, outbox_id, seq, shop_id, lane_key, kind, state, due_at, attempts, looks) \
              VALUES ($1, $2, $3, $4, $5, $6, 'ready', $7, 0, 0)");
    /// Nothing of it was sent, and it is not wanted any more.
    WITHDRAW_STEPS("UPDATE outbox_steps SET state = 'withdrawn', reason = $2 WHERE outbox_id = $1 AND state = 'ready'");
    /// The wish is over.
    WITHDRAW("UPDATE outbox SET state = 'done', result = 'not_sent', finished_at = $2 WHERE id = $1 AND state = 'open'");
}

const KIND: WriteKind = WriteKind::MallStatus;

/// What moves and entering ask of an order's shop.
pub(crate) struct ShopRules {
    name: String,
    pub(crate) lane_key: String,
    automation_enabled: bool,
    pub(crate) moves: MoveSettings,
    links: Vec<StatusLink>,
}

/// Shops of a transaction, each read once.
#[derive(Default)]
pub(crate) struct Shops(BTreeMap<i64, ShopRules>);

impl Shops {
    pub(crate) async fn get(&mut self, tx: &mut Tx, shop: ShopId) -> Result<&ShopRules, StoreError> {
        let rules = match self.0.remove(&shop.0) {
            Some(rules) => rules,
            None => read(tx, shop).await?,
        };
        Ok(self.0.entry(shop.0).or_insert(rules))
    }
}

async fn read(tx: &mut Tx, shop: ShopId) -> Result<ShopRules, StoreError> {
    let row = tx.fetch_one(&SHOP, args![shop.0]).await?;
    let settings = from_json("shops", "settings", shop, row.get_json("settings")?)?;
    Ok(ShopRules {
        name: row.get_str("name")?,
        lane_key: row.get_str("lane_key")?,
        automation_enabled: row.get_bool("automation_enabled")? && domain::write::writes_back(&settings),
        moves: MoveSettings::of(&settings),
        links: links_in(&mut *tx, shop).await?,
    })
}

fn link(row: &Row) -> Result<StatusLink, StoreError> {
    Ok(StatusLink {
        shop_id: ShopId(row.get_i64("shop_id")?),
        phase: PhaseKey(row.get_str("phase")?),
        status: row.get_str("status")?,
        on: row.get_bool("is_on")?,
    })
}

async fn links_in(from: impl Into<Reads<'_>>, shop: ShopId) -> Result<Vec<StatusLink>, StoreError> {
    from.into().fetch_all(&LINKS, args![shop.0]).await?.iter().map(link).collect()
}

/// What follows from orders standing newly in the phase that their facts name.
pub(crate) async fn entered(
    tx: &mut Tx,
    orders: &[OrderForRules],
    shops: &mut Shops,
    by: &By,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let actor = to_json(by)?;
    let mut history = Pending::default();
    for order in orders {
        let shop = shops.get(tx, order.shop_id).await?;
        let entering = link::on_entering(
            &shop.links,
            &order.facts,
            &order.mall_status,
            &shop.name,
            shop.automation_enabled,
        );
        match entering {
            Entering::Nothing => {}
            Entering::Refused(reason) => {
                let event = Event::NotDone { what: KIND.as_str().to_owned(), reason };
                history.add(order.seq.0, now, &actor, &event, None)?;
            }
            Entering::Held { target, reason } => {
                let target = Some(target.as_str());
                let held = Withheld { order, lane_key: &shop.lane_key, kind: KIND, target, reason: &reason };
                held::withhold(tx, &held, &actor, &mut history, now).await?;
            }
            Entering::Wish { target } => {
                let lane_key = shop.lane_key.clone();
                wish(tx, order, &lane_key, &target, &actor, &mut history, now).await?;
            }
        }
    }
    history.write(tx).await
}

/// The same for orders that an import has just stored.
pub(crate) async fn imported(
    tx: &mut Tx,
    shop: ShopId,
    seqs: &[i64],
    now: UtcMillis,
) -> Result<(), StoreError> {
    let mut shops = Shops::default();
    if seqs.is_empty() || !shops.get(tx, shop).await?.links.iter().any(|l| l.on) {
        return Ok(());
    }
    let orders = orders::for_change(tx, seqs).await?;
    entered(tx, &orders, &mut shops, &By::System, now).await
}

async fn wish(
    tx: &mut Tx,
    order: &OrderForRules,
    lane_key: &str,
    target: &str,
    actor: &Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let (seq, shop, kind) = (order.seq.0, order.shop_id.0, KIND.as_str());
    let phase = order.facts.phase.as_str();
    if let Some(open) = tx.fetch_optional(&OPEN, args![seq, kind]).await? {
        // Under way: at its end the phase the order stands in then is looked at again. The same status: it is wanted.
        if open.get_i64("begun")? > 0 || open.get_opt_str("target")?.as_deref() == Some(target) {
            return Ok(());
        }
        let reason = reason::superseded_by_phase(phase);
        withdraw(tx, seq, open.get_i64("id")?, &reason, actor, history, now).await?;
    }
    let id = ids::take_one(tx, Family::Outbox).await?;
    let args = args![id, seq, shop, lane_key, kind, phase, actor, now.0, target];
    if tx.exec(&ADD, args).await? != 1 {
        return Ok(());
    }
    let step = ids::take_one(tx, Family::Step).await?;
    tx.exec(&ADD_STEP, args![step, id, seq, shop, lane_key, kind, now.0]).await?;
    let event = Event::WriteWanted { kind: kind.to_owned(), outbox_id: id };
    history.add(seq, now, actor, &event, None)
}

async fn withdraw(
    tx: &mut Tx,
    seq: i64,
    outbox: i64,
    reason: &Reason,
    actor: &Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<(), StoreError> {
    tx.exec(&WITHDRAW_STEPS, args![outbox, to_json(reason)?]).await?;
    tx.exec(&WITHDRAW, args![outbox, now.0]).await?;
    let event = Event::WriteState {
        kind: KIND.as_str().to_owned(),
        outbox_id: outbox,
        state: "not_sent".to_owned(),
        reason: Some(reason.clone()),
    };
    history.add(seq, now, actor, &event, None)
}

impl Ledger {
    /// 紐付け設定 of a shop (NTF-11).
    ///
    /// # Errors
    /// As the database says.
    pub async fn status_links(&self, shop: ShopId) -> Result<Vec<StatusLink>, StoreError> {
        links_in(&self.db, shop).await
    }

    /// Adds or changes a row. Writes nothing to the mall: only orders that enter the phase from now on are.
    ///
    /// # Errors
    /// As the database says.
    pub async fn put_status_link(&self, link: &StatusLink) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&PUT, args![link.shop_id.0, link.phase.as_str(), &link.status, link.on]).await?;
        tx.commit().await
    }

    /// Gives a new shop the rows its mall's Descriptor proposes; what is there stays, and phases that this
    /// installation does not have are left out.
    ///
    /// # Errors
    /// As the database says.
    pub async fn seed_status_links(&self, links: &[StatusLink]) -> Result<(), StoreError> {
        if links.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        for link in links {
            tx.exec(&SEED, args![link.shop_id.0, link.phase.as_str(), &link.status, link.on]).await?;
        }
        tx.commit().await
    }

    /// Switches a row on or off. `false`: there is none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn switch_status_link(
        &self,
        shop: ShopId,
        phase: &PhaseKey,
        on: bool,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&SWITCH, args![shop.0, phase.as_str(), on]).await?;
        tx.commit().await?;
        Ok(done == 1)
    }

    /// Removes a row. `false`: there was none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn drop_status_link(&self, shop: ShopId, phase: &PhaseKey) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&DROP, args![shop.0, phase.as_str()]).await?;
        tx.commit().await?;
        Ok(done == 1)
    }
}
