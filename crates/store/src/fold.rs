//! From steps to orders: what a change of steps means for the wish, the order's state, its parcels, history and phase.

use crate::error::StoreError;
use crate::history::Pending;
use crate::json::{from_json, to_json};
use crate::links::{self, Shops};
use crate::orders::{self, MoveOptions, OrderForRules};
use crate::outbox::{Ended, StepUpdate, corrupt};
use crate::sql::sql;
use crate::{Tx, args, masters};
use domain::history::{By, Event};
use domain::notice::{self, NoticeState};
use domain::order::Flag;
use domain::write::{StepState, WantedParcel, WriteKind};
use domain::{OrderSeq, PhaseKey, Reason, ShopId, UtcMillis, reason};
use std::collections::BTreeSet;

sql! {
    /// Change a step that is not final yet.
    SET("UPDATE outbox_steps SET state = $2, due_at = $3, reason = $4, warnings = COALESCE($5, warnings), mall_ref = COALESCE($6, mall_ref), \
         looks = looks + $7, attempts = attempts - $8 WHERE id = $1 AND state IN ('ready', 'sending', 'pending', 'unknown', 'filed') RETURNING outbox_id");
    /// Their orders, locked in the order in which everybody locks orders, before any of them is folded.
    LOCK_ORDERS("SELECT seq FROM orders WHERE seq IN (SELECT seq FROM outbox WHERE id" [in_ints "$1"] ") ORDER BY seq" [postgres " FOR UPDATE"]);
    /// The wish of a step, for folding.
    WISH("SELECT id, seq, shop_id, kind, state, phase_at, target, requested_by FROM outbox WHERE id = $1" [postgres " FOR UPDATE"]);
    /// The wish has ended.
    FINISH("UPDATE outbox SET state = 'done', result = $2, finished_at = $3 WHERE id = $1 AND state = 'open'");
    /// 連携ステータス of the order.
    NOTICE("UPDATE orders SET notice_state = $2, confirming = $3, flags = $4, version = version + 1 WHERE seq = $1 \
            AND (notice_state <> $2 OR confirming <> $3 OR flags <> $4)");
    /// State of 注文確認.
    CONFIRM("UPDATE orders SET confirm_state = $2, flags = $3, version = version + 1 WHERE seq = $1 AND (confirm_state <> $2 OR flags <> $3)");
    /// Flags after a write that has no state on the order.
    FLAGS("UPDATE orders SET flags = $2, version = version + 1 WHERE seq = $1 AND flags <> $2");
    /// What the mall now has of a parcel.
    SENT("UPDATE parcels SET sent_version = $2, mall_ref = COALESCE($3, mall_ref) WHERE id = $1");
    /// Steps of finished wishes with their reasons, for results of a cycle.
    RESULT_OF("SELECT state, reason, warnings, parcel_id, wanted, mall_ref FROM outbox_steps WHERE outbox_id = $1 ORDER BY id");
}

/// Changes steps and folds what follows from them: the wish, the order's state, the parcels, history, the phase.
pub(crate) async fn update_in(
    tx: &mut Tx,
    updates: &[StepUpdate],
    now: UtcMillis,
) -> Result<Vec<Ended>, StoreError> {
    let mut touched = BTreeSet::new();
    for update in updates {
        let warnings = (!update.warnings.is_empty()).then(|| to_json(&update.warnings)).transpose()?;
        let reason = update.reason.as_ref().map(to_json).transpose()?;
        let args = args![
            update.step_id.0,
            update.state.as_str(),
            update.due_at.0,
            reason,
            warnings,
            update.mall_ref.clone(),
            i64::from(update.looked),
            i64::from(update.uncounted)
        ];
        // A step that is final already (settled by a look meanwhile) stays as it is.
        if let Some(row) = tx.fetch_optional(&SET, args).await? {
            touched.insert(row.get_i64("outbox_id")?);
        }
    }
    if !touched.is_empty() {
        let list: Vec<i64> = touched.iter().copied().collect();
        tx.fetch_all(&LOCK_ORDERS, args![list]).await?;
    }
    let mut ended = Vec::new();
    for outbox in touched {
        ended.extend(fold_wish(tx, outbox, now).await?);
    }
    Ok(ended)
}

struct Wish {
    seq: i64,
    shop: i64,
    kind: WriteKind,
    phase_at: PhaseKey,
    target: Option<String>,
}

async fn fold_wish(tx: &mut Tx, outbox: i64, now: UtcMillis) -> Result<Option<Ended>, StoreError> {
    let row = tx.fetch_one(&WISH, args![outbox]).await?;
    let Some(kind) = WriteKind::parse(&row.get_str("kind")?) else { return Ok(None) };
    if row.get_str("state")? != "open" {
        return Ok(None);
    }
    let wish = Wish {
        seq: row.get_i64("seq")?,
        shop: row.get_i64("shop_id")?,
        kind,
        phase_at: PhaseKey(row.get_str("phase_at")?),
        target: row.get_opt_str("target")?,
    };
    let rows = tx.fetch_all(&RESULT_OF, args![outbox]).await?;
    let mut states = Vec::new();
    let (mut reason, mut warned): (Option<Reason>, bool) = (None, false);
    for row in &rows {
        let text = row.get_str("state")?;
        let state = StepState::parse(&text).ok_or_else(|| corrupt("state", outbox))?;
        states.push(state);
        warned |= row.get_opt_json("warnings")?.is_some_and(|v| !v.is_null());
        if reason.is_none() && state != StepState::Applied {
            reason = row
                .get_opt_json("reason")?
                .filter(|v| !v.is_null())
                .map(|v| from_json::<Reason>("outbox_steps", "reason", outbox, v))
                .transpose()?;
        }
        if state == StepState::Applied
            && let (Some(parcel), Some(wanted)) = (row.get_opt_i64("parcel_id")?, row.get_opt_json("wanted")?)
        {
            let wanted: WantedParcel = from_json("outbox_steps", "wanted", outbox, wanted)?;
            tx.exec(&SENT, args![parcel, wanted.version, row.get_opt_str("mall_ref")?]).await?;
        }
    }
    let folded = notice::fold(&states);
    let finished = states.iter().all(|s| s.is_final());
    let Some(order) = orders_for(tx, wish.seq).await? else { return Ok(None) };
    let mut flags = order.flags & !Flag::Warning.bit();
    if warned {
        flags |= Flag::Warning.bit();
    }
    // Seen at the mall before any import has: the order is asked for again until the hold ends (FRD-5).
    let held = reason.as_ref().is_some_and(|r| r.code == reason::fraud_hold_blocks_status_change().code);
    if held {
        flags |= Flag::FraudHold.bit();
    }
    let moved_meanwhile = finished && order.facts.phase != wish.phase_at;
    if moved_meanwhile && order.facts.phase.as_str() == domain::phase::CANCELLED {
        flags |= Flag::NeedsAttention.bit();
    }
    let before = match kind {
        WriteKind::ShipmentNotice => order.facts.notice_state,
        WriteKind::ConfirmOrder => order.confirm_state,
        // These have no state of their own on the order: the wish's is theirs.
        WriteKind::MallStatus | WriteKind::PaymentStatus => folded.state,
    };
    let touched = match kind {
        WriteKind::ShipmentNotice => {
            tx.exec(&NOTICE, args![wish.seq, folded.state.as_str(), folded.confirming, flags]).await?
        }
        WriteKind::ConfirmOrder => tx.exec(&CONFIRM, args![wish.seq, folded.state.as_str(), flags]).await?,
        WriteKind::MallStatus | WriteKind::PaymentStatus => tx.exec(&FLAGS, args![wish.seq, flags]).await?,
    };
    let mut history = Pending::default();
    let by = to_json(&By::System)?;
    // A look that brings nothing new is not told again: only what changed the order, or the end.
    if touched > 0 || finished {
        let event = Event::WriteState {
            kind: kind.as_str().to_owned(),
            outbox_id: outbox,
            state: folded.state.as_str().to_owned(),
            reason: reason.clone(),
        };
        history.add(wish.seq, now, &by, &event, None)?;
    }
    if before != folded.state && kind == WriteKind::ShipmentNotice {
        let event = Event::NoticeStateChanged {
            from: before.as_str().to_owned(),
            to: folded.state.as_str().to_owned(),
            why: "outbox".to_owned(),
        };
        history.add(wish.seq, now, &by, &event, None)?;
    }
    // An order goes on while its status is being set: that is no reason to speak of it.
    if moved_meanwhile && kind != WriteKind::MallStatus {
        let why = Event::NotDone { what: "phase_move".to_owned(), reason: reason::changed_while_in_flight() };
        history.add(wish.seq, now, &by, &why, None)?;
    }
    history.write(tx).await?;
    if !finished {
        return Ok(None);
    }
    tx.exec(&FINISH, args![outbox, folded.state.as_str(), now.0]).await?;
    // One that was taken back made way for another, or for キャンセル.
    let ended = folded.state != NoticeState::NotSent;
    if kind == WriteKind::MallStatus && moved_meanwhile && ended {
        after_status(tx, &wish, order, folded.state, now).await?;
    } else if !moved_meanwhile && !held && ended {
        move_by_rule(tx, &wish, order, folded.state, now).await?;
    }
    Ok(Some(Ended { seq: OrderSeq(wish.seq), kind, state: folded.state }))
}

async fn orders_for(tx: &mut Tx, seq: i64) -> Result<Option<OrderForRules>, StoreError> {
    Ok(orders::for_change(tx, &[seq]).await?.pop())
}

/// The order entered another phase while its status was being set: what is linked to that one was put off until now
/// (docs/decisions/0009).
async fn after_status(
    tx: &mut Tx,
    wish: &Wish,
    mut order: OrderForRules,
    state: NoticeState,
    now: UtcMillis,
) -> Result<(), StoreError> {
    if let Some(target) = wish.target.as_ref().filter(|_| state == NoticeState::Applied) {
        order.mall_status.clone_from(target);
    }
    links::entered(tx, &[order], &mut Shops::default(), &By::System, now).await
}

/// Rules by result (NTF-2). A move the rules of phases refuse is told, not forced (I6).
async fn move_by_rule(
    tx: &mut Tx,
    wish: &Wish,
    order: OrderForRules,
    state: NoticeState,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let rules = masters::rules_in(&mut *tx, ShopId(wish.shop)).await?;
    let Some(to) = domain::rule::next_phase(&rules, wish.kind, &wish.phase_at, state) else {
        return Ok(());
    };
    let seq = order.seq;
    let by = By::System;
    let Some(phase) = masters::phase_to(tx, &to).await? else {
        let reason = reason::phase_gone(&to);
        let event = Event::NotDone { what: "phase_move".to_owned(), reason };
        let mut history = Pending::default();
        history.add(seq.0, now, &to_json(&by)?, &event, None)?;
        return history.write(tx).await;
    };
    let options = MoveOptions::default();
    let moved = orders::move_in(tx, &[order], &phase, options, &by, state.as_str(), now).await?;
    let mut history = Pending::default();
    for refused in moved.refused {
        let event = Event::NotDone { what: "phase_move".to_owned(), reason: refused.reason };
        history.add(seq.0, now, &to_json(&by)?, &event, None)?;
    }
    history.write(tx).await
}
