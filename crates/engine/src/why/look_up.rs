//! Asking the mall for one order by its number, with reads only and without storing anything (WHY-1). Served in the lane,
//! so that it is paced and authorised like any other call; it is a live test of the credentials besides.

use crate::lane::{Lane, LaneError};
use domain::hold::Hold;
use domain::snapshot::MallStage;
use domain::{MallOrderId, Reason, UtcMillis};
use mall_api::{Fetched, MallError, MallErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Shop;
use store::requests::RequestRow;

/// Kind of the request.
pub const LOOK_UP: &str = "look_up";

/// Ask for this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookUpRequest {
    /// The number as the mall writes it.
    pub mall_order_id: MallOrderId,
}

/// What a question met, by meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Credential refused or lapsed.
    Credential,
    /// Function off, address or right missing.
    NotAllowed,
    /// Throttled, maintenance, fault, no answer: passes by itself.
    Passing,
    /// The mall refuses the question as such.
    Refused,
}

/// What the mall says of the order. Holds nothing of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// モールステータス, code.
    pub status: String,
    /// Its name.
    pub label: String,
    /// What it means.
    pub stage: MallStage,
    /// The mall's hold.
    pub hold: Hold,
    /// 注文日時.
    pub ordered_at: UtcMillis,
}

/// The live part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "live", rename_all = "snake_case")]
pub enum Live {
    /// Nobody has asked.
    #[default]
    NotAsked,
    /// Asked for, and no program has taken the question up.
    Nobody,
    /// The mall did not answer properly.
    Failed {
        /// What it was.
        trouble: Trouble,
        /// In words.
        reason: Reason,
    },
    /// The mall has no such order in this shop, as far as it tells.
    NotThere,
    /// It has one, and its document cannot be read.
    Unreadable {
        /// What is wrong, naming the field.
        what: String,
    },
    /// It has one.
    There(Seen),
}

impl Live {
    /// The mall answered properly: the credentials are good.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Live::NotThere | Live::Unreadable { .. } | Live::There(_))
    }
}

/// What a finished request says; one that is not finished says that nobody has answered.
#[must_use]
pub fn live_of(request: &RequestRow) -> Live {
    if request.kind != LOOK_UP || !request.is_finished() {
        return Live::Nobody;
    }
    let result = request.result.clone().unwrap_or_default();
    serde_json::from_value(result.clone()).unwrap_or_else(|_| {
        let reason = result.get("reason").and_then(|r| serde_json::from_value(r.clone()).ok());
        match reason {
            Some(reason) => Live::Failed { trouble: Trouble::Refused, reason },
            None => Live::Nobody,
        }
    })
}

fn trouble(kind: MallErrorKind) -> Trouble {
    match kind {
        MallErrorKind::Credential => Trouble::Credential,
        MallErrorKind::NotAllowed => Trouble::NotAllowed,
        MallErrorKind::Refused => Trouble::Refused,
        _ => Trouble::Passing,
    }
}

fn read(answer: Result<Fetched, MallError>) -> Live {
    let fetched = match answer {
        Ok(fetched) => fetched,
        Err(error) => return Live::Failed { trouble: trouble(error.kind), reason: *error.reason },
    };
    if let Some(order) = fetched.orders.into_iter().next() {
        let facts = order.snapshot.facts;
        return Live::There(Seen {
            status: facts.status.code,
            label: facts.status.label,
            stage: facts.stage,
            hold: facts.hold,
            ordered_at: order.snapshot.ordered_at,
        });
    }
    match fetched.unreadable.into_iter().next() {
        Some(unreadable) => Live::Unreadable { what: unreadable.what },
        None => Live::NotThere,
    }
}

impl Lane {
    pub(crate) async fn serve_look_up(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        let body: LookUpRequest = request.body_as()?;
        let Some(context) = self.context(shop.clone()).await? else {
            let result = json!({ "reason": domain::reason::mall_not_known(&shop.mall) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        };
        let Some(source) = context.mall.orders() else {
            let result = json!({ "reason": domain::reason::why::only_by_file(&shop.name) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        };
        self.try_again(shop.shop_id);
        let wire = self.wire(&context);
        let session = self.session(&context, &wire);
        let answer = source.fetch(&session, std::slice::from_ref(&body.mall_order_id)).await;
        match &answer {
            // What was learnt on the way serves the next call as well.
            Ok(fetched) => {
                self.learn(shop.shop_id, &fetched.learnt).await?;
                self.talked(&context.shop).await?;
            }
            // A question that is refused as such says nothing about the shop.
            Err(error) if error.kind == MallErrorKind::Refused => {
                crate::unknown::count(&self.hub, &shop.mall, &error.reason).await;
            }
            Err(error) => {
                self.failed(&context.shop, error).await?;
            }
        }
        let live = read(answer);
        let state = if live.is_answer() { "succeeded" } else { "failed" };
        let result = serde_json::to_value(&live).unwrap_or_default();
        self.answer(request, state, &result).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reason;
    use mall_api::source::Unreadable;

    #[test]
    fn an_answer_survives_the_way_through_its_row() {
        let failed = Live::Failed { trouble: Trouble::Credential, reason: reason::credential_missing("k") };
        let seen = Seen {
            status: "300".into(),
            label: "発送待ち".into(),
            stage: MallStage::Shippable,
            hold: Hold::Fraud { raw: "1".into() },
            ordered_at: UtcMillis(5),
        };
        for live in [failed, Live::NotThere, Live::Unreadable { what: "x".into() }, Live::There(seen)] {
            let json = serde_json::to_value(&live).unwrap();
            assert_eq!(serde_json::from_value::<Live>(json).unwrap(), live);
        }
    }

    #[test]
    fn what_did_not_come_is_not_there_and_what_cannot_be_read_is_said() {
        assert_eq!(read(Ok(Fetched::default())), Live::NotThere);
        let raw = bytes::Bytes::from_static(b"{}");
        let unreadable = vec![Unreadable { mall_order_id: None, raw, what: "orderDatetime".into() }];
        let fetched = Fetched { unreadable, ..Fetched::default() };
        assert_eq!(read(Ok(fetched)), Live::Unreadable { what: "orderDatetime".into() });
        let error =
            MallError::new(MallErrorKind::Maintenance { retry_after_ms: None }, reason::mall_maintenance());
        assert!(matches!(read(Err(error)), Live::Failed { trouble: Trouble::Passing, .. }));
    }
}
