//! Writes that a fraud hold keeps back (FRD-3), and what becomes of them when the mall releases the order (FRD-5).
//! A write that is kept back is a wish like any other, ended at once as 失敗 with its reason: so it is in the history,
//! among the order's writes, and can be found again when the hold ends.

use crate::error::StoreError;
use crate::history::Pending;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::links::{self, Shops};
use crate::orders::{self, OrderForRules};
use crate::sql::sql;
use crate::{Tx, args};
use domain::history::{By, Event};
use domain::notice::NoticeState;
use domain::write::WriteKind;
use domain::{OrderSeq, Reason, UtcMillis, reason};
use serde_json::Value;

sql! {
    /// A wish that ended before it began.
    ADD("INSERT INTO outbox (id, seq, shop_id, lane_key, kind, state, result, phase_at, requested_by, created_at, finished_at, target, end_told) \
         VALUES ($1, $2, $3, $4, $5, 'done', 'send_failed', $6, $7, $8, $8, $9, FALSE)");
    /// Its step.
    ADD_STEP("INSERT INTO outbox_steps (id, outbox_id, seq, shop_id, lane_key, kind, state, due_at, attempts, looks, reason) \
              VALUES ($1, $2, $3, $4, $5, $6, 'failed', $7, 0, 0, $8)");
    /// 通知失敗.
    NOTICE("UPDATE orders SET notice_state = $2, confirming = FALSE, version = version + 1 WHERE seq = $1 AND notice_state = $3");
    /// 失敗 of 注文確認.
    CONFIRM("UPDATE orders SET confirm_state = $2, version = version + 1 WHERE seq = $1 AND confirm_state = $3");
    /// The newest write of each kind of an order, where it failed.
    FAILED("SELECT b.id AS id, b.kind AS kind, s.reason AS reason FROM outbox b JOIN outbox_steps s ON s.outbox_id = b.id \
            WHERE b.seq = $1 AND b.state = 'done' AND b.result = 'send_failed' AND s.reason IS NOT NULL \
            AND b.id = (SELECT MAX(n.id) FROM outbox n WHERE n.seq = b.seq AND n.kind = b.kind) ORDER BY b.id, s.id");
}

/// A write that is not made.
pub(crate) struct Withheld<'a> {
    pub(crate) order: &'a OrderForRules,
    pub(crate) lane_key: &'a str,
    pub(crate) kind: WriteKind,
    /// The mall's code, for a change of status.
    pub(crate) target: Option<&'a str>,
    pub(crate) reason: &'a Reason,
}

/// Records that a write is not made: 失敗, with the reason in the history.
pub(crate) async fn withhold(
    tx: &mut Tx,
    held: &Withheld<'_>,
    actor: &Value,
    history: &mut Pending,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let (order, kind) = (held.order, held.kind.as_str());
    let (seq, shop, phase) = (order.seq.0, order.shop_id.0, order.facts.phase.as_str());
    let id = ids::take_one(tx, Family::Outbox).await?;
    let target = held.target.map(str::to_owned);
    tx.exec(&ADD, args![id, seq, shop, held.lane_key, kind, phase, actor, now.0, target]).await?;
    let step = ids::take_one(tx, Family::Step).await?;
    tx.exec(&ADD_STEP, args![step, id, seq, shop, held.lane_key, kind, now.0, to_json(held.reason)?]).await?;
    let failed = NoticeState::SendFailed;
    let before = match held.kind {
        WriteKind::ShipmentNotice => Some((&NOTICE, order.facts.notice_state)),
        WriteKind::ConfirmOrder => Some((&CONFIRM, order.confirm_state)),
        WriteKind::MallStatus | WriteKind::PaymentStatus => None,
    };
    if let Some((text, before)) = before {
        tx.exec(text, args![seq, failed.as_str(), before.as_str()]).await?;
    }
    let event = Event::WriteState {
        kind: kind.to_owned(),
        outbox_id: id,
        state: failed.as_str().to_owned(),
        reason: Some(held.reason.clone()),
    };
    history.add(seq, now, actor, &event, None)?;
    if held.kind == WriteKind::ShipmentNotice {
        history.add(seq, now, actor, &notice(order.facts.notice_state, failed, "fraud_hold"), None)?;
    }
    Ok(())
}

fn notice(from: NoticeState, to: NoticeState, why: &str) -> Event {
    Event::NoticeStateChanged {
        from: from.as_str().to_owned(),
        to: to.as_str().to_owned(),
        why: why.to_owned(),
    }
}

/// The mall released an order: what failed only because of the hold may go again, by the rules and switches as they
/// stand now. The phase stays. Call it after the order's row says so.
pub(crate) async fn released(tx: &mut Tx, seq: i64, now: UtcMillis) -> Result<(), StoreError> {
    let (failed, fresh) = (NoticeState::SendFailed, NoticeState::NotSent);
    let because = reason::fraud_hold_blocks_status_change().code;
    let actor = to_json(&By::System)?;
    let mut history = Pending::default();
    let mut links_again = false;
    for row in tx.fetch_all(&FAILED, args![seq]).await? {
        let id = row.get_i64("id")?;
        let reason: Reason = from_json("outbox_steps", "reason", id, row.get_json("reason")?)?;
        let Some(kind) = WriteKind::parse(&row.get_str("kind")?).filter(|_| reason.code == because) else {
            continue;
        };
        match kind {
            WriteKind::ShipmentNotice => {
                if tx.exec(&NOTICE, args![seq, fresh.as_str(), failed.as_str()]).await? == 1 {
                    history.add(seq, now, &actor, &notice(failed, fresh, "hold_released"), None)?;
                }
            }
            WriteKind::ConfirmOrder => {
                if tx.exec(&CONFIRM, args![seq, fresh.as_str(), failed.as_str()]).await? == 1 {
                    let (kind, state) = (kind.as_str().to_owned(), fresh.as_str().to_owned());
                    let event = Event::WriteState { kind, outbox_id: id, state, reason: None };
                    history.add(seq, now, &actor, &event, None)?;
                }
            }
            WriteKind::MallStatus => links_again = true,
            // A person asked for it, and asks again.
            WriteKind::PaymentStatus => {}
        }
    }
    history.write(tx).await?;
    if links_again {
        let orders = orders::for_change(tx, &[seq]).await?;
        links::entered(tx, &orders, &mut Shops::default(), &By::System, now).await?;
    }
    Ok(())
}

impl Ledger {
    /// Records that an automation did not write orders because the mall holds them (FRD-3). An order that changed since
    /// it was judged is left out: it is judged again. Says which orders were recorded.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn withhold_writes(
        &self,
        guard: &LaneGuard,
        orders: &[(OrderSeq, i64)],
        kind: WriteKind,
        reason: &Reason,
        by: &By,
        now: UtcMillis,
    ) -> Result<Vec<OrderSeq>, StoreError> {
        let actor = to_json(by)?;
        let mut history = Pending::default();
        let mut taken = Vec::new();
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        let list: Vec<i64> = orders.iter().map(|(seq, _)| seq.0).collect();
        for order in orders::for_change(&mut tx, &list).await? {
            if !orders.contains(&(order.seq, order.version)) {
                continue;
            }
            let lane_key = &guard.lane_key;
            let held = Withheld { order: &order, lane_key, kind, target: None, reason };
            withhold(&mut tx, &held, &actor, &mut history, now).await?;
            taken.push(order.seq);
        }
        history.write(&mut tx).await?;
        tx.commit().await?;
        Ok(taken)
    }
}
