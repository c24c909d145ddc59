//! A person asks to look at the mall for a wish whose end nobody learnt (通知結果取得失敗): what the look saw takes its place.

use crate::args;
use crate::error::StoreError;
use crate::fold;
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::orders;
use crate::outbox::{DueWrite, StepUpdate};
use crate::sql::sql;
use domain::notice::NoticeState;
use domain::write::WriteKind;
use domain::{OutboxId, ShopId, UtcMillis};

sql! {
    /// A wish whose end nobody learnt and that is the newest of its kind.
    FIND("SELECT b.id AS id, b.seq AS seq, b.kind AS kind FROM outbox b WHERE b.id = $1 AND b.shop_id = $2 AND b.state = 'done' AND b.result = 'result_unknown' \
          AND NOT EXISTS (SELECT 1 FROM outbox n WHERE n.seq = b.seq AND n.kind = b.kind AND n.id > b.id)");
    /// It is open again.
    REOPEN("UPDATE outbox SET state = 'open', result = NULL, finished_at = NULL WHERE id = $1 AND state = 'done' AND result = 'result_unknown'");
    /// Its steps can end again.
    STEPS("UPDATE outbox_steps SET state = 'unknown' WHERE outbox_id = $1 AND state = 'result_unknown'");
}

impl Ledger {
    /// A wish of a shop whose end nobody learnt, as long as it says how its order stands; `None`: there is no such one (any
    /// more).
    ///
    /// # Errors
    /// As the database says.
    pub async fn unlearnt_write(&self, id: OutboxId, shop: ShopId) -> Result<Option<DueWrite>, StoreError> {
        let Some(row) = self.db.fetch_optional(&FIND, args![id.0, shop.0]).await? else { return Ok(None) };
        let Some(kind) = WriteKind::parse(&row.get_str("kind")?) else { return Ok(None) };
        let write = self.writes_of(vec![id.0], kind).await?.pop();
        let Some(write) = write else { return Ok(None) };
        let order = self.orders_for_rules(&[write.seq]).await?.pop();
        let stands = order.is_some_and(|o| match kind {
            WriteKind::ShipmentNotice => o.facts.notice_state == NoticeState::ResultUnknown,
            WriteKind::ConfirmOrder => o.confirm_state == NoticeState::ResultUnknown,
            WriteKind::MallStatus | WriteKind::PaymentStatus => true,
        });
        Ok(stands.then_some(write))
    }

    /// Puts what a look saw in the place of "nobody knows", and folds what follows. `updates` says of every such step how
    /// it ended. `None`: the wish is not of that kind any more (a person was faster), and nothing is changed.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn settle_read_back(
        &self,
        guard: &LaneGuard,
        write: &DueWrite,
        updates: &[StepUpdate],
        now: UtcMillis,
    ) -> Result<Option<NoticeState>, StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let order = orders::for_change(&mut tx, &[write.seq.0]).await?.pop();
        let set_by_hand = order.is_none_or(|o| match write.kind {
            WriteKind::ShipmentNotice => o.facts.notice_state != NoticeState::ResultUnknown,
            WriteKind::ConfirmOrder => o.confirm_state != NoticeState::ResultUnknown,
            WriteKind::MallStatus | WriteKind::PaymentStatus => false,
        });
        let newest = tx.fetch_optional(&FIND, args![write.outbox_id.0, write.shop_id.0]).await?.is_some();
        if set_by_hand || !newest {
            return Ok(None);
        }
        tx.exec(&REOPEN, args![write.outbox_id.0]).await?;
        tx.exec(&STEPS, args![write.outbox_id.0]).await?;
        let ended = fold::update_in(&mut tx, updates, now).await?.pop();
        let Some(ended) = ended else {
            return Err(StoreError::other("a read-back left a step without an end"));
        };
        tx.commit().await?;
        Ok(Some(ended.state))
    }
}
