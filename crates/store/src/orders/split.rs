//! 分割: an order's goods put into several parcels, and back into one.

use super::change::{TOUCH, one};
use super::facts::OrderForRules;
use crate::Tx;
use crate::args;
use crate::error::StoreError;
use crate::history::Pending;
use crate::ids::{self, Family};
use crate::json::to_json;
use crate::ledger::Ledger;
use crate::sql::sql;
use domain::history::{By, Event};
use domain::notice::NoticeState;
use domain::snapshot::ParcelLine;
use domain::split::{Split, SplitLine, split, unsplit};
use domain::{OrderSeq, ParcelId, Reason, UtcMillis, reason};

sql! {
    /// What is in an order.
    UNITS("SELECT line_key, recipient_key, quantity - cancelled_quantity AS units FROM order_lines WHERE seq = $1 ORDER BY position");
    /// What a parcel holds from now on.
    HOLDS("UPDATE parcels SET contents = $2, version = version + 1 WHERE id = $1 RETURNING version");
    /// A parcel with its goods, and nothing known of its way yet.
    ADD("INSERT INTO parcels (id, seq, recipient_key, tracking_number, version, sent_version, removed, contents) \
         VALUES ($1, $2, $3, '', 1, 0, FALSE, $4)");
    /// A parcel taken away.
    DROP("UPDATE parcels SET removed = TRUE, version = version + 1 WHERE id = $1");
}

impl Ledger {
    /// Puts some of an order's goods into a new parcel (分割).
    ///
    /// # Errors
    /// The inner reason when it is refused. Else as the database says.
    pub async fn split_order(
        &self,
        seq: OrderSeq,
        chosen: &[ParcelLine],
        by: &By,
        now: UtcMillis,
    ) -> Result<Result<ParcelId, Reason>, StoreError> {
        let mut tx = self.db.begin().await?;
        let order = one(&mut tx, seq).await?;
        if let Err(reason) = still(&order) {
            return Ok(Err(reason));
        }
        let wanted = match split(&units(&mut tx, seq).await?, &order.facts.parcels, chosen) {
            Ok(wanted) => wanted,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut change = Change { tx: &mut tx, seq, actor: to_json(by)?, history: Pending::default(), now };
        match wanted.from {
            Some(id) => change.hold(id, Some(&wanted.stays)).await?,
            None => drop(change.add(&wanted, &wanted.stays).await?),
        }
        let new = change.add(&wanted, &wanted.goes).await?;
        change.finish().await?;
        tx.commit().await?;
        Ok(Ok(new))
    }

    /// Takes a split back: each recipient's goods are one parcel again, the first.
    ///
    /// # Errors
    /// The inner reason when it is refused. Else as the database says.
    pub async fn unsplit_order(
        &self,
        seq: OrderSeq,
        by: &By,
        now: UtcMillis,
    ) -> Result<Result<(), Reason>, StoreError> {
        let mut tx = self.db.begin().await?;
        let order = one(&mut tx, seq).await?;
        let gone = match still(&order).and_then(|()| unsplit(&order.facts.parcels)) {
            Ok(gone) => gone,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut change = Change { tx: &mut tx, seq, actor: to_json(by)?, history: Pending::default(), now };
        for parcel in order.facts.parcels.iter().filter(|p| !p.contents.is_empty()) {
            if gone.contains(&parcel.parcel_id) {
                change.drop(parcel.parcel_id).await?;
            } else {
                change.hold(parcel.parcel_id, None).await?;
            }
        }
        change.finish().await?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}

/// While a notice is in flight the parcels it carries may not change.
fn still(order: &OrderForRules) -> Result<(), Reason> {
    if order.facts.notice_state == NoticeState::InFlight { Err(reason::notice_in_flight()) } else { Ok(()) }
}

async fn units(tx: &mut Tx, seq: OrderSeq) -> Result<Vec<SplitLine>, StoreError> {
    let rows = tx.fetch_all(&UNITS, args![seq.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(SplitLine {
                line_key: row.get_str("line_key")?,
                recipient_key: row.get_str("recipient_key")?,
                units: row.get_i64("units")?,
            })
        })
        .collect()
}

/// Parcels of one order being changed, with what history tells of each.
struct Change<'a> {
    tx: &'a mut Tx,
    seq: OrderSeq,
    actor: serde_json::Value,
    history: Pending,
    now: UtcMillis,
}

impl Change<'_> {
    fn tell(&mut self, event: &Event) -> Result<(), StoreError> {
        self.history.add(self.seq.0, self.now, &self.actor, event, None)
    }

    async fn hold(&mut self, id: ParcelId, contents: Option<&[ParcelLine]>) -> Result<(), StoreError> {
        let contents = contents.map(|c| to_json(&c)).transpose()?;
        let version = self.tx.fetch_one(&HOLDS, args![id.0, contents]).await?.get_i64("version")?;
        self.tell(&Event::ParcelSet { parcel_id: id.0, version })
    }

    async fn add(&mut self, split: &Split, contents: &[ParcelLine]) -> Result<ParcelId, StoreError> {
        let id = ids::take_one(self.tx, Family::Parcel).await?;
        let args = args![id, self.seq.0, split.recipient_key.as_str(), to_json(&contents)?];
        self.tx.exec(&ADD, args).await?;
        self.tell(&Event::ParcelSet { parcel_id: id, version: 1 })?;
        Ok(ParcelId(id))
    }

    async fn drop(&mut self, id: ParcelId) -> Result<(), StoreError> {
        self.tx.exec(&DROP, args![id.0]).await?;
        self.tell(&Event::ParcelRemoved { parcel_id: id.0 })
    }

    async fn finish(self) -> Result<(), StoreError> {
        self.tx.exec(&TOUCH, args![self.seq.0, self.now.0]).await?;
        self.history.write(self.tx).await
    }
}
