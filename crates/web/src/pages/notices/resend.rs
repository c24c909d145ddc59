//! 再送 and 「正常にする」, with the rules of NTF-7: the state goes back to 未連携 and the lane is asked; or it is said to be
//! there. A shop in 見るだけモード sends nothing, so its states stay as they are.

use super::filter::NoticeQuery;
use super::list::may_resend;
use super::one;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::notice::NoticeState;
use domain::write::WriteKind;
use domain::{OrderSeq, Reason, reason};
use engine::doors;
use engine::requests::{NOTIFY, NotifyRequest};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Shop;

/// Failures taken at once.
const MOST: i64 = 1_000;

/// Sets the state of orders of one shop; says which were taken, and why the first other one was not.
async fn set(
    desk: &Desk,
    visitor: &Visitor,
    shop: &Shop,
    kind: WriteKind,
    seqs: &[OrderSeq],
    to: NoticeState,
) -> Result<(Vec<OrderSeq>, Option<Reason>), Refusal> {
    let has_notice = seen::mall(desk, shop)?.descriptor().notice.is_some();
    let done =
        desk.ledger().set_write_state(seqs, kind, to, &|_| has_notice, &visitor.by(), desk.now()).await?;
    desk.recount();
    Ok((done.done, done.refused.into_iter().next().map(|r| r.reason)))
}

/// Sends orders of one shop again; says how many were taken, or why none was.
async fn send(
    desk: &Desk,
    visitor: &Visitor,
    shop: &Shop,
    (kind, target): (WriteKind, Option<String>),
    seqs: &[OrderSeq],
) -> Result<Result<usize, Reason>, Refusal> {
    if !shop.writes_back() {
        return Ok(Err(reason::write_back_off(&shop.name)));
    }
    let (taken, why) = match kind {
        WriteKind::ShipmentNotice | WriteKind::ConfirmOrder => {
            set(desk, visitor, shop, kind, seqs, NoticeState::NotSent).await?
        }
        // They have no state of their own: asked for once more.
        WriteKind::MallStatus | WriteKind::PaymentStatus => (seqs.to_vec(), None),
    };
    if taken.is_empty() {
        return Ok(Err(why.unwrap_or_else(reason::no_state_of_its_own)));
    }
    let count = taken.len();
    let body = NotifyRequest { kind, orders: Some(taken), target };
    doors::ask(&desk.hub, shop, NOTIFY, &body, &visitor.by()).await?;
    Ok(Ok(count))
}

fn kind_of(text: &str) -> Result<WriteKind, Refusal> {
    WriteKind::parse(text).ok_or_else(|| reason::write_not_offered().into())
}

/// One.
pub async fn one(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let (row, _) = one::find(&desk, &visitor, &id).await?;
    let shop = seen::shop(&desk, &visitor, &row.shop_id.to_string()).await?;
    if !may_resend(&row) {
        return Err(seen::not_now(match row.order_state {
            Some(NoticeState::InFlight) => reason::notice_in_flight(),
            _ => reason::not_failed(),
        }));
    }
    let what = (kind_of(&row.kind)?, row.target.clone());
    send(&desk, &visitor, &shop, what, &[row.seq]).await?.map_err(seen::not_now)?;
    Ok(Redirect::to(&format!("/notices/{id}?done=resent")).into_response())
}

/// It is at the mall: a person looked.
pub async fn applied(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let (row, _) = one::find(&desk, &visitor, &id).await?;
    let shop = seen::shop(&desk, &visitor, &row.shop_id.to_string()).await?;
    let kind = kind_of(&row.kind)?;
    let (_, why) = set(&desk, &visitor, &shop, kind, &[row.seq], NoticeState::Applied).await?;
    match why {
        Some(reason) => Err(seen::not_now(reason)),
        None => Ok(Redirect::to(&format!("/notices/{id}?done=applied")).into_response()),
    }
}

/// All failures that fit the filter.
pub async fn filtered(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(query): Fields<NoticeQuery>,
) -> Page {
    let mut filter = query.read(MOST)?;
    filter.after = None;
    let failed =
        |s| matches!(s, NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown);
    if !filter.state.is_some_and(failed) {
        return Err(Refusal::field("state", "失敗の状態を選んでください", "must be a failure"));
    }
    let rows = desk.ledger().notices(&visitor.access(), &filter).await?;
    let mut groups: BTreeMap<_, Vec<OrderSeq>> = BTreeMap::new();
    for row in rows.iter().filter(|row| may_resend(row)) {
        groups.entry((row.shop_id, row.kind.clone(), row.target.clone())).or_default().push(row.seq);
    }
    let (mut sent, mut why) = (0, None);
    for ((shop, kind, target), seqs) in groups {
        let shop = seen::shop(&desk, &visitor, &shop.to_string()).await?;
        let Ok(kind) = kind_of(&kind) else { continue };
        match send(&desk, &visitor, &shop, (kind, target), &seqs).await? {
            Ok(count) => sent += count,
            Err(reason) => why = Some(reason),
        }
    }
    if let (0, Some(reason)) = (sent, why) {
        return Err(seen::not_now(reason));
    }
    let done = if sent > 0 { "resent" } else { "none" };
    Ok(Redirect::to(&format!("/notices?{}&done={done}&n={sent}", query.to_query())).into_response())
}
