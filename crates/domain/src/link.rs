//! 紐付け設定 (NTF-11): which mall status an order gets when it enters one of our phases. One row per phase, each with
//! a switch. Which statuses a mall has, and that it takes such writes at all, is its Descriptor's business.

use crate::order::{HandlingClass, OrderFacts};
use crate::phase::{CANCELLED, Phase};
use crate::reason::{self, Reason};
use crate::snapshot::{Fulfillment, MallStage};
use crate::{PhaseKey, ShopId};
use serde::{Deserialize, Serialize};

/// One row of a shop's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusLink {
    /// Whose.
    pub shop_id: ShopId,
    /// The phase that is entered.
    pub phase: PhaseKey,
    /// The mall's status code to set.
    pub status: String,
    /// 有効にする.
    pub on: bool,
}

impl StatusLink {
    /// Its phase was removed: the row does nothing.
    pub fn is_broken(&self, phases: &[Phase]) -> bool {
        phases.iter().all(|p| p.phase != self.phase)
    }
}

/// What follows from an order entering a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entering {
    /// Nothing is linked, or the mall has the status already.
    Nothing,
    /// The status is wished of the mall.
    Wish {
        /// The mall's status code.
        target: String,
    },
    /// It would be wished, but the mall holds the order: 失敗, and wished again when the hold ends (FRD-3, FRD-5).
    Held {
        /// The mall's status code.
        target: String,
        /// In the words of the seeds.
        reason: Reason,
    },
    /// It is not wished; history says why.
    Refused(Reason),
}

/// May such a row be saved? `stage` is what the status means at the mall.
///
/// # Errors
/// Cancelling at a mall is never done by a table (it mails the buyer): the reason says how it is done.
pub fn may_save(link: &StatusLink, label: &str, stage: MallStage) -> Result<(), Reason> {
    if link.phase.as_str() == CANCELLED {
        return Err(reason::link_from_cancelled());
    }
    if matches!(stage, MallStage::Cancelled | MallStage::CancelRequested) {
        return Err(reason::link_would_cancel(label));
    }
    Ok(())
}

/// What follows from `order` standing newly in its phase; `links` are the rows of its shop. The one rule for every way
/// into a phase: by hand, by rule, in bulk, at an import. `there` is the code of the status the mall has, as last seen.
pub fn on_entering(
    links: &[StatusLink],
    order: &OrderFacts,
    there: &str,
    shop: &str,
    automation_enabled: bool,
) -> Entering {
    let Some(link) = links.iter().find(|l| l.on && l.phase == order.phase) else { return Entering::Nothing };
    // A row saved before this rule was, or by another program: moving to キャンセル never calls a mall.
    if link.phase.as_str() == CANCELLED || link.status == there {
        return Entering::Nothing;
    }
    let refused = if order.fulfillment == Fulfillment::Fba {
        Some(reason::fba_is_not_notified())
    } else if order.provisional {
        Some(reason::provisional_order())
    } else if order.mall_cancel
        || matches!(order.mall_stage, MallStage::Cancelled | MallStage::CancelRequested)
    {
        Some(reason::cancelled_at_mall())
    } else if order.handling_class != HandlingClass::Normal {
        Some(reason::handling_class_not_normal(order.handling_class.label_ja()))
    } else if !automation_enabled {
        Some(reason::automation_stopped(shop))
    } else {
        None
    };
    if let Some(reason) = refused {
        return Entering::Refused(reason);
    }
    let target = link.status.clone();
    match order.hold.may_write() {
        Ok(()) => Entering::Wish { target },
        Err(reason) => Entering::Held { target, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::Hold;
    use crate::notice::NoticeState;
    use crate::order::Grouping;

    fn link(phase: &str, status: &str, on: bool) -> StatusLink {
        StatusLink { shop_id: ShopId(1), phase: phase.into(), status: status.into(), on }
    }

    fn order(phase: &str) -> OrderFacts {
        OrderFacts {
            phase: phase.into(),
            handling_class: HandlingClass::Normal,
            fulfillment: Fulfillment::Seller,
            notice_state: NoticeState::NotSent,
            grouping: Grouping::None,
            provisional: false,
            hold: Hold::None,
            mall_stage: MallStage::Shippable,
            mall_status: "処理中".into(),
            mall_cancel: false,
            recipient_keys: vec!["1".into()],
            parcels: Vec::new(),
        }
    }

    fn enters(order: &OrderFacts) -> Entering {
        let links = [
            link("completed", "5", true),
            link("on_hold", "3", false),
            link("new", "2", true),
            link("cancelled", "4", true),
        ];
        on_entering(&links, order, "2", "空区店", true)
    }

    #[test]
    fn ntf11_only_a_switched_on_row_of_the_phase_wishes_and_only_what_the_mall_has_not() {
        assert_eq!(enters(&order("completed")), Entering::Wish { target: "5".into() });
        assert_eq!(enters(&order("on_hold")), Entering::Nothing, "switched off");
        assert_eq!(enters(&order("new")), Entering::Nothing, "the mall has it already");
        assert_eq!(enters(&order("awaiting_print")), Entering::Nothing, "not linked");
        assert_eq!(enters(&order("cancelled")), Entering::Nothing, "moving to キャンセル never calls a mall");
    }

    #[test]
    fn ntf11_not_for_orders_that_are_not_ours_to_write_each_with_its_reason() {
        type Change = fn(&mut OrderFacts);
        let cases: [(&str, Change); 5] = [
            ("fba_is_not_notified", |o| o.fulfillment = Fulfillment::Fba),
            ("provisional_order", |o| o.provisional = true),
            ("cancelled_at_mall", |o| o.mall_cancel = true),
            ("cancelled_at_mall", |o| o.mall_stage = MallStage::CancelRequested),
            ("handling_class_not_normal", |o| o.handling_class = HandlingClass::OnHold),
        ];
        for (code, change) in cases {
            let mut order = order("completed");
            change(&mut order);
            let Entering::Refused(reason) = enters(&order) else { panic!("{code}") };
            assert_eq!(reason.code, code);
        }
        let stopped = on_entering(&[link("completed", "5", true)], &order("completed"), "2", "空区店", false);
        assert_eq!(stopped, Entering::Refused(reason::automation_stopped("空区店")));
    }

    #[test]
    fn frd3_a_held_order_is_not_written_and_says_so() {
        let held = OrderFacts { hold: Hold::Fraud { raw: "1".into() }, ..order("completed") };
        let reason = reason::fraud_hold_blocks_status_change();
        assert_eq!(enters(&held), Entering::Held { target: "5".into(), reason });
        let released = OrderFacts { hold: Hold::Released { released_at: None }, ..order("completed") };
        assert_eq!(enters(&released), Entering::Wish { target: "5".into() });
    }

    #[test]
    fn a_cancel_is_never_a_row_of_the_table() {
        let save = |phase: &str, stage| may_save(&link(phase, "4", true), "キャンセル", stage);
        assert_eq!(save("cancelled", MallStage::Shippable).unwrap_err().code, "link_from_cancelled");
        assert_eq!(save("completed", MallStage::Cancelled).unwrap_err().code, "link_would_cancel");
        assert_eq!(save("completed", MallStage::Closed), Ok(()));
    }

    #[test]
    fn a_row_whose_phase_was_removed_is_broken() {
        let phases =
            [Phase {
                phase: "new".into(), name: "新規受付".into(), position: 1, ship_date_required: false
            }];
        assert!(link("packed", "5", true).is_broken(&phases));
        assert!(!link("new", "5", true).is_broken(&phases));
    }
}
