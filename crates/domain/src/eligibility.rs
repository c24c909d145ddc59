//! May this order's shipment be notified now (NTF-4, NTF-10, NTF-11)? Every refusal with its reason.
//!
//! The same function serves the automation, the dry run, bulk actions and "why was this not notified".

use crate::notice::NoticeState;
use crate::order::{Grouping, HandlingClass, OrderFacts};
use crate::phase;
use crate::reason::{self, Reason};
use crate::snapshot::{Fulfillment, MallStage};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How a mall treats a field that is blank or odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Sent without a word.
    Allow,
    /// Sent, with a warning beforehand.
    Warn,
    /// Not sent.
    Refuse,
}

/// What a mall asks of a shipment notice; part of its Descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRules {
    /// Stages of the mall in which a report is taken.
    pub stages: Vec<MallStage>,
    /// Blank 配送番号.
    pub blank_tracking_number: Treatment,
    /// Blank 出荷日.
    pub blank_ship_date: Treatment,
    /// Blank 配送業者.
    pub blank_carrier: Treatment,
    /// 出荷日 after today in Japan.
    pub future_ship_date: Treatment,
    /// Every recipient needs a parcel before the order advances (楽天).
    pub every_recipient: bool,
}

/// The shop's side of the question.
#[derive(Debug, Clone)]
pub struct ShopFacts<'a> {
    /// Name, for words.
    pub name: &'a str,
    /// 自動処理 started (NTF-3).
    pub automation_enabled: bool,
    /// 対象処理フェーズ of this shop.
    pub target_phases: &'a [crate::PhaseKey],
    /// Phases never reported from, by default 新規受付 and キャンセル (NTF-11).
    pub excluded_phases: &'a [crate::PhaseKey],
    /// Phase name for words.
    pub phase_name: &'a str,
    /// Today in Japan.
    pub today: Date,
    /// Asked for by a person for this very order: phase, switch and rule do not matter, everything else does.
    pub by_hand: bool,
}

/// What stands in the way, and what is worth saying.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// Empty: may be sent.
    pub refusals: Vec<Reason>,
    /// Sent all the same.
    pub warnings: Vec<Reason>,
}

impl Verdict {
    /// Nothing stands in the way.
    pub fn is_eligible(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Nothing but the mall's fraud hold stands in the way: the automation would have sent it, and says that it did
    /// not (FRD-3).
    pub fn is_only_held(&self) -> bool {
        let held = reason::fraud_hold_blocks_status_change();
        !self.refusals.is_empty() && self.refusals.iter().all(|r| *r == held)
    }
}

/// Judges one order. `carrier_known` tells whether the mall has a code for a carrier of ours.
pub fn judge(
    order: &OrderFacts,
    shop: &ShopFacts<'_>,
    rules: &NoticeRules,
    carrier_known: &dyn Fn(&crate::CarrierKey) -> bool,
) -> Verdict {
    let mut verdict = Verdict::default();
    judge_order(order, &mut verdict);
    judge_shop(order, shop, &mut verdict);
    judge_mall(order, rules, &mut verdict);
    judge_parcels(order, shop, rules, carrier_known, &mut verdict);
    verdict
}

/// May 注文確認 be sent for this order now? `amount_undecided`: a price is still open (the mall would refuse).
pub fn judge_confirm(
    order: &OrderFacts,
    shop: &ShopFacts<'_>,
    sent: NoticeState,
    amount_undecided: bool,
) -> Verdict {
    let mut verdict = Verdict::default();
    let refuse = &mut verdict.refusals;
    if order.fulfillment == Fulfillment::Fba {
        refuse.push(reason::fba_is_not_notified());
    }
    if order.provisional {
        refuse.push(reason::provisional_order());
    }
    if order.handling_class != HandlingClass::Normal {
        refuse.push(reason::handling_class_not_normal(order.handling_class.label_ja()));
    }
    if sent != NoticeState::NotSent {
        refuse.push(reason::notice_already(sent.label_ja()));
    }
    if !shop.by_hand {
        if !shop.automation_enabled {
            refuse.push(reason::automation_stopped(shop.name));
        }
        if !shop.target_phases.contains(&order.phase) {
            refuse.push(reason::not_in_target_phase(shop.phase_name));
        }
    }
    refuse.extend(order.hold.may_write().err());
    if order.mall_cancel || matches!(order.mall_stage, MallStage::Cancelled | MallStage::CancelRequested) {
        refuse.push(reason::cancelled_at_mall());
    } else if order.mall_stage == MallStage::Unknown {
        refuse.push(reason::mall_status_unknown(&order.mall_status));
    } else if order.mall_stage != MallStage::AwaitingConfirmation {
        refuse.push(reason::confirmed_already(&order.mall_status));
    }
    if amount_undecided {
        refuse.push(reason::amount_undecided());
    }
    verdict
}

/// A change of status at the mall that is wanted for an order.
#[derive(Debug, Clone, Copy)]
pub struct StatusChange<'a> {
    /// The mall's code that is wanted.
    pub target: &'a str,
    /// Its name, for words.
    pub label: &'a str,
    /// The mall takes changes of this kind.
    pub offered: bool,
    /// The mall's list of statuses has the code (or there is no such list).
    pub known: bool,
    /// The code the mall has, where it is known.
    pub there: Option<&'a str>,
    /// The code of a change that is open already.
    pub wanted: Option<&'a str>,
    /// That change may be at the mall already.
    pub in_flight: bool,
}

/// May a person have the status of this order changed at the mall now?
pub fn judge_status(
    order: &OrderFacts,
    shop_name: &str,
    shop_active: bool,
    change: &StatusChange<'_>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let refuse = &mut verdict.refusals;
    if !shop_active {
        refuse.push(reason::shop_off(shop_name));
    }
    if !change.offered {
        refuse.push(reason::write_not_offered());
    } else if !change.known {
        refuse.push(reason::status_code_unknown(change.target));
    }
    if order.fulfillment == Fulfillment::Fba {
        refuse.push(reason::fba_is_not_notified());
    }
    if order.provisional {
        refuse.push(reason::provisional_order());
    }
    if order.phase.as_str() == phase::CANCELLED {
        refuse.push(reason::cancelled_here());
    }
    refuse.extend(order.hold.may_write().err());
    if order.hold == crate::hold::Hold::MallChecking {
        refuse.push(reason::mall_holds_order());
    }
    if order.mall_cancel || matches!(order.mall_stage, MallStage::Cancelled | MallStage::CancelRequested) {
        refuse.push(reason::cancelled_at_mall());
    }
    if change.in_flight {
        refuse.push(reason::status_change_in_flight());
    } else if change.wanted == Some(change.target) {
        refuse.push(reason::status_wanted_already());
    } else if change.wanted.is_none() && change.there == Some(change.target) {
        refuse.push(reason::status_already(change.label));
    }
    verdict
}

fn judge_order(order: &OrderFacts, verdict: &mut Verdict) {
    let refuse = &mut verdict.refusals;
    if order.fulfillment == Fulfillment::Fba {
        refuse.push(reason::fba_is_not_notified());
    }
    if order.grouping == Grouping::BundledChild {
        refuse.push(reason::bundled_child());
    }
    if order.provisional {
        refuse.push(reason::provisional_order());
    }
    if order.handling_class != HandlingClass::Normal {
        refuse.push(reason::handling_class_not_normal(order.handling_class.label_ja()));
    }
    if order.notice_state != NoticeState::NotSent {
        refuse.push(reason::notice_already(order.notice_state.label_ja()));
    }
}

fn judge_shop(order: &OrderFacts, shop: &ShopFacts<'_>, verdict: &mut Verdict) {
    let refuse = &mut verdict.refusals;
    if !shop.by_hand {
        if !shop.automation_enabled {
            refuse.push(reason::automation_stopped(shop.name));
        }
        if !shop.target_phases.contains(&order.phase) {
            refuse.push(reason::not_in_target_phase(shop.phase_name));
        }
    }
    if order.phase.as_str() == phase::CANCELLED {
        refuse.push(reason::cancelled_here());
    } else if shop.excluded_phases.contains(&order.phase) {
        refuse.push(reason::phase_not_allowed_by_default(shop.phase_name));
    }
}

fn judge_mall(order: &OrderFacts, rules: &NoticeRules, verdict: &mut Verdict) {
    let refuse = &mut verdict.refusals;
    refuse.extend(order.hold.may_write().err());
    if order.hold == crate::hold::Hold::MallChecking {
        refuse.push(reason::mall_holds_order());
    }
    if order.mall_cancel || matches!(order.mall_stage, MallStage::Cancelled | MallStage::CancelRequested) {
        refuse.push(reason::cancelled_at_mall());
    } else if order.mall_stage == MallStage::Unknown {
        refuse.push(reason::mall_status_unknown(&order.mall_status));
    } else if !rules.stages.contains(&order.mall_stage) && !order.hold.is_fraud() {
        // While it is held, the hold is what stands in the way.
        refuse.push(reason::mall_not_ready(&order.mall_status));
    }
}

fn judge_parcels(
    order: &OrderFacts,
    shop: &ShopFacts<'_>,
    rules: &NoticeRules,
    carrier_known: &dyn Fn(&crate::CarrierKey) -> bool,
    verdict: &mut Verdict,
) {
    if order.parcels.is_empty() {
        verdict.refusals.push(reason::no_parcel());
        return;
    }
    let mut complete = true;
    for parcel in &order.parcels {
        if parcel.tracking_number.is_empty() {
            complete = false;
            treat(rules.blank_tracking_number, reason::tracking_number_blank(), verdict);
        }
        for warning in crate::tracking::warnings(parcel.carrier.as_ref(), &parcel.tracking_number) {
            push_once(&mut verdict.warnings, warning);
        }
        match parcel.shipped_on {
            None => {
                complete = false;
                treat(rules.blank_ship_date, reason::ship_date_blank(), verdict);
            }
            Some(date) if date > shop.today => {
                treat(rules.future_ship_date, reason::ship_date_in_future(date), verdict);
            }
            Some(_) => {}
        }
        match &parcel.carrier {
            None => {
                complete = false;
                treat(rules.blank_carrier, reason::carrier_blank(), verdict);
            }
            Some(carrier) if !carrier_known(carrier) => {
                push_once(&mut verdict.refusals, reason::carrier_unknown_to_mall(carrier));
            }
            Some(_) => {}
        }
    }
    if rules.every_recipient {
        for key in &order.recipient_keys {
            if !order.parcels.iter().any(|p| &p.recipient_key == key) {
                complete = false;
                verdict.warnings.push(reason::recipient_without_parcel(key));
            }
        }
        if !complete {
            push_once(&mut verdict.warnings, reason::will_not_advance());
        }
    }
}

fn treat(treatment: Treatment, reason: Reason, verdict: &mut Verdict) {
    match treatment {
        Treatment::Allow => {}
        Treatment::Warn => push_once(&mut verdict.warnings, reason),
        Treatment::Refuse => push_once(&mut verdict.refusals, reason),
    }
}

fn push_once(list: &mut Vec<Reason>, reason: Reason) {
    if !list.contains(&reason) {
        list.push(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::Hold;
    use crate::order::Parcel;
    use crate::{ParcelId, PhaseKey};

    fn parcel() -> Parcel {
        Parcel {
            parcel_id: ParcelId(1),
            recipient_key: "10".into(),
            carrier: Some("yamato".into()),
            tracking_number: "400000000013".into(),
            shipped_on: Some(jiff::civil::date(2026, 11, 22)),
            version: 1,
            mall_ref: None,
            sent_version: 0,
            contents: Vec::new(),
        }
    }

    fn order() -> OrderFacts {
        OrderFacts {
            phase: "shipped".into(),
            handling_class: HandlingClass::Normal,
            fulfillment: Fulfillment::Seller,
            notice_state: NoticeState::NotSent,
            grouping: Grouping::None,
            provisional: false,
            hold: Hold::None,
            mall_stage: MallStage::Shippable,
            mall_status: "発送待ち".into(),
            mall_cancel: false,
            recipient_keys: vec!["10".into()],
            parcels: vec![parcel()],
        }
    }

    /// 楽天: fewer fields may be sent, with a warning.
    fn rakuten() -> NoticeRules {
        NoticeRules {
            stages: vec![MallStage::Shippable, MallStage::Shipped],
            blank_tracking_number: Treatment::Warn,
            blank_ship_date: Treatment::Warn,
            blank_carrier: Treatment::Warn,
            future_ship_date: Treatment::Allow,
            every_recipient: true,
        }
    }

    /// Amazon: date needed and not in the future.
    fn amazon() -> NoticeRules {
        NoticeRules {
            blank_ship_date: Treatment::Refuse,
            future_ship_date: Treatment::Refuse,
            every_recipient: false,
            ..rakuten()
        }
    }

    fn judge_with(
        order: &OrderFacts,
        rules: &NoticeRules,
        change: impl FnOnce(&mut ShopFacts<'_>),
    ) -> Verdict {
        let targets = [PhaseKey::from("shipped")];
        let excluded = [PhaseKey::from("new"), PhaseKey::from("cancelled")];
        let mut shop = ShopFacts {
            name: "空区店",
            automation_enabled: true,
            target_phases: &targets,
            excluded_phases: &excluded,
            phase_name: "出荷済み",
            today: jiff::civil::date(2026, 11, 22),
            by_hand: false,
        };
        change(&mut shop);
        judge(order, &shop, rules, &|c| c.as_str() == "yamato")
    }

    fn codes(list: &[Reason]) -> Vec<&str> {
        list.iter().map(|r| r.code.as_str()).collect()
    }

    #[test]
    fn a_complete_order_in_a_target_phase_of_a_started_shop_is_eligible_ntf4() {
        for rules in [rakuten(), amazon()] {
            assert_eq!(judge_with(&order(), &rules, |_| {}), Verdict::default());
        }
    }

    #[test]
    fn each_condition_of_ntf4_alone_refuses_with_its_own_reason() {
        type Change = fn(&mut OrderFacts);
        let cases: [(&str, Change); 13] = [
            ("fba_is_not_notified", |o| o.fulfillment = Fulfillment::Fba),
            ("bundled_child", |o| o.grouping = Grouping::BundledChild),
            ("provisional_order", |o| o.provisional = true),
            ("handling_class_not_normal", |o| o.handling_class = HandlingClass::OnHold),
            ("notice_already", |o| o.notice_state = NoticeState::Applied),
            ("not_in_target_phase", |o| o.phase = "awaiting_print".into()),
            ("fraud_hold_blocks_status_change", |o| o.hold = Hold::Fraud { raw: "1".into() }),
            ("mall_holds_order", |o| o.hold = Hold::MallChecking),
            ("cancelled_at_mall", |o| o.mall_stage = MallStage::Cancelled),
            ("cancelled_at_mall", |o| o.mall_cancel = true),
            ("mall_status_unknown", |o| o.mall_stage = MallStage::Unknown),
            ("mall_not_ready", |o| o.mall_stage = MallStage::MallProcessing),
            ("no_parcel", |o| o.parcels.clear()),
        ];
        for (code, change) in cases {
            let mut order = order();
            change(&mut order);
            assert_eq!(codes(&judge_with(&order, &rakuten(), |_| {}).refusals), [code]);
        }
    }

    #[test]
    fn split_children_are_notified_like_their_parent_ntf4() {
        let order = OrderFacts { grouping: Grouping::SplitChild, ..order() };
        assert!(judge_with(&order, &rakuten(), |_| {}).is_eligible());
    }

    #[test]
    fn a_stopped_shop_is_refused_but_a_person_may_send_one_order_by_hand_ntf3() {
        let stopped = judge_with(&order(), &rakuten(), |s| s.automation_enabled = false);
        assert_eq!(codes(&stopped.refusals), ["automation_stopped"]);
        let by_hand =
            judge_with(&OrderFacts { phase: "awaiting_print".into(), ..order() }, &rakuten(), |s| {
                s.automation_enabled = false;
                s.by_hand = true;
            });
        assert!(by_hand.is_eligible());
    }

    #[test]
    fn frd3_a_held_order_is_not_notified_by_automation_nor_by_hand_and_the_hold_is_the_reason() {
        let stage = MallStage::MallProcessing;
        let held = OrderFacts { hold: Hold::Fraud { raw: "1".into() }, mall_stage: stage, ..order() };
        for by_hand in [false, true] {
            let verdict = judge_with(&held, &rakuten(), |s| s.by_hand = by_hand);
            assert_eq!(codes(&verdict.refusals), ["fraud_hold_blocks_status_change"]);
            assert!(verdict.is_only_held());
        }
        let stopped = judge_with(&held, &rakuten(), |s| s.automation_enabled = false);
        assert!(!stopped.is_only_held(), "the automation would not have sent it anyway");
        assert!(!Verdict::default().is_only_held());
        let released = OrderFacts { hold: Hold::Released { released_at: None }, ..order() };
        assert!(judge_with(&released, &rakuten(), |_| {}).is_eligible());
        let not_known = OrderFacts { hold: Hold::NotKnown, ..order() };
        assert!(judge_with(&not_known, &rakuten(), |_| {}).is_eligible());
    }

    #[test]
    fn not_from_new_or_cancelled_by_default_ntf11() {
        for (phase, code) in [("new", "phase_not_allowed_by_default"), ("cancelled", "cancelled_here")] {
            let order = OrderFacts { phase: phase.into(), ..order() };
            let verdict = judge_with(&order, &rakuten(), |s| s.by_hand = true);
            assert_eq!(codes(&verdict.refusals), [code]);
        }
    }

    #[test]
    fn blanks_are_warned_of_for_rakuten_and_said_not_to_advance_ntf10_ntf11() {
        type Change = fn(&mut Parcel);
        let cases: [(&str, Change); 3] = [
            ("tracking_number_blank", |p| p.tracking_number.clear()),
            ("ship_date_blank", |p| p.shipped_on = None),
            ("carrier_blank", |p| p.carrier = None),
        ];
        for (code, change) in cases {
            let mut order = order();
            order.parcels.iter_mut().for_each(change);
            let verdict = judge_with(&order, &rakuten(), |_| {});
            assert!(verdict.is_eligible());
            assert_eq!(codes(&verdict.warnings), [code, "will_not_advance"]);
        }
        let mut two = order();
        two.recipient_keys.push("11".into());
        let verdict = judge_with(&two, &rakuten(), |_| {});
        assert_eq!(codes(&verdict.warnings), ["recipient_without_parcel", "will_not_advance"]);
    }

    #[test]
    fn amazon_refuses_blank_and_future_dates_and_warns_of_a_blank_number_ntf10_ntf11() {
        let mut blank = order();
        blank.parcels[0].shipped_on = None;
        assert_eq!(codes(&judge_with(&blank, &amazon(), |_| {}).refusals), ["ship_date_blank"]);
        let mut future = order();
        future.parcels[0].shipped_on = Some(jiff::civil::date(2026, 11, 23));
        assert_eq!(codes(&judge_with(&future, &amazon(), |_| {}).refusals), ["ship_date_in_future"]);
        assert!(judge_with(&future, &rakuten(), |_| {}).is_eligible());
        let mut number = order();
        number.parcels[0].tracking_number.clear();
        let verdict = judge_with(&number, &amazon(), |_| {});
        assert_eq!((verdict.is_eligible(), codes(&verdict.warnings)), (true, vec!["tracking_number_blank"]));
    }

    #[test]
    fn a_carrier_without_a_code_at_the_mall_is_refused_ntf9() {
        let mut order = order();
        order.parcels[0].carrier = Some("drone".into());
        assert_eq!(codes(&judge_with(&order, &rakuten(), |_| {}).refusals), ["carrier_unknown_to_mall"]);
    }

    #[test]
    fn only_an_order_that_waits_for_confirmation_is_confirmed() {
        let targets = [PhaseKey::from("new")];
        let shop = ShopFacts {
            name: "空区店",
            automation_enabled: true,
            target_phases: &targets,
            excluded_phases: &[],
            phase_name: "新規受付",
            today: jiff::civil::date(2026, 11, 22),
            by_hand: false,
        };
        let waiting =
            OrderFacts { phase: "new".into(), mall_stage: MallStage::AwaitingConfirmation, ..order() };
        assert!(judge_confirm(&waiting, &shop, NoticeState::NotSent, false).is_eligible());
        type Change = fn(&mut OrderFacts);
        let cases: [(&str, Change); 8] = [
            ("fba_is_not_notified", |o| o.fulfillment = Fulfillment::Fba),
            ("provisional_order", |o| o.provisional = true),
            ("handling_class_not_normal", |o| o.handling_class = HandlingClass::OnHold),
            ("not_in_target_phase", |o| o.phase = "shipped".into()),
            ("fraud_hold_blocks_status_change", |o| o.hold = Hold::Fraud { raw: "1".into() }),
            ("cancelled_at_mall", |o| o.mall_stage = MallStage::CancelRequested),
            ("mall_status_unknown", |o| o.mall_stage = MallStage::Unknown),
            ("confirmed_already", |o| o.mall_stage = MallStage::Shippable),
        ];
        for (code, change) in cases {
            let mut order = waiting.clone();
            change(&mut order);
            let verdict = judge_confirm(&order, &shop, NoticeState::NotSent, false);
            assert_eq!(codes(&verdict.refusals), [code]);
        }
        let open = judge_confirm(&waiting, &shop, NoticeState::NotSent, true);
        assert_eq!(codes(&open.refusals), ["amount_undecided"]);
        let sent = judge_confirm(&waiting, &shop, NoticeState::Applied, false);
        assert_eq!(codes(&sent.refusals), ["notice_already"]);
        let stopped = ShopFacts { automation_enabled: false, ..shop.clone() };
        let verdict = judge_confirm(&waiting, &stopped, NoticeState::NotSent, false);
        assert_eq!(codes(&verdict.refusals), ["automation_stopped"]);
        let by_hand = ShopFacts { by_hand: true, ..stopped };
        assert!(judge_confirm(&waiting, &by_hand, NoticeState::NotSent, false).is_eligible());
    }

    #[test]
    fn a_change_of_status_is_refused_for_each_reason_alone() {
        const CHANGE: StatusChange<'_> = StatusChange {
            target: "5",
            label: "完了",
            offered: true,
            known: true,
            there: Some("2"),
            wanted: None,
            in_flight: false,
        };
        let judged = |order: &OrderFacts, active, change: &StatusChange<'_>| {
            judge_status(order, "空区店", active, change).refusals
        };
        assert!(judged(&order(), true, &CHANGE).is_empty());
        assert_eq!(codes(&judged(&order(), false, &CHANGE)), ["shop_off"]);
        let changes = [
            ("write_not_offered", StatusChange { offered: false, ..CHANGE }),
            ("status_code_unknown", StatusChange { known: false, ..CHANGE }),
            ("status_already", StatusChange { there: Some("5"), ..CHANGE }),
            ("status_wanted_already", StatusChange { wanted: Some("5"), ..CHANGE }),
            ("status_change_in_flight", StatusChange { wanted: Some("3"), in_flight: true, ..CHANGE }),
        ];
        for (code, change) in changes {
            assert_eq!(codes(&judged(&order(), true, &change)), [code]);
        }
        let back = StatusChange { there: Some("5"), wanted: Some("3"), ..CHANGE };
        assert!(judged(&order(), true, &back).is_empty(), "takes the place of one that was not sent");
        type Change = fn(&mut OrderFacts);
        let cases: [(&str, Change); 7] = [
            ("fba_is_not_notified", |o| o.fulfillment = Fulfillment::Fba),
            ("provisional_order", |o| o.provisional = true),
            ("cancelled_here", |o| o.phase = "cancelled".into()),
            ("fraud_hold_blocks_status_change", |o| o.hold = Hold::Fraud { raw: "1".into() }),
            ("mall_holds_order", |o| o.hold = Hold::MallChecking),
            ("cancelled_at_mall", |o| o.mall_stage = MallStage::CancelRequested),
            ("cancelled_at_mall", |o| o.mall_cancel = true),
        ];
        for (code, change) in cases {
            let mut order = order();
            change(&mut order);
            assert_eq!(codes(&judged(&order, true, &CHANGE)), [code]);
        }
    }

    #[test]
    fn the_same_reason_is_said_once_for_many_parcels() {
        let mut order = order();
        order.parcels.push(parcel());
        order.parcels.iter_mut().for_each(|p| p.tracking_number.clear());
        let verdict = judge_with(&order, &rakuten(), |_| {});
        assert_eq!(codes(&verdict.warnings), ["tracking_number_blank", "will_not_advance"]);
    }
}
