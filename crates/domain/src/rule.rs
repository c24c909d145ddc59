//! Rules by result (NTF-2): per shop, which phase's orders an automation takes and where they go afterwards.

use crate::notice::NoticeState;
use crate::phase::Phase;
use crate::write::WriteKind;
use crate::{PhaseKey, ShopId};
use serde::{Deserialize, Serialize};

/// One row of a shop's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Whose.
    pub shop_id: ShopId,
    /// What is written.
    pub kind: WriteKind,
    /// 対象処理フェーズ.
    pub target_phase: PhaseKey,
    /// 移動先 on 正常; `None` = stays.
    pub success_phase: Option<PhaseKey>,
    /// 移動先 on エラー, 通知失敗 and 通知結果取得失敗; `None` = stays.
    pub failure_phase: Option<PhaseKey>,
}

/// Something worth saying when a rule is saved. Saving is never refused for it and never starts anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleWarning {
    /// 対象処理フェーズ has 出荷日 任意: orders may arrive without a ship date.
    ShipDateOptional,
    /// No 移動先 for success: the order stays where it is.
    NoSuccessPhase,
    /// No 移動先 for failure.
    NoFailurePhase,
    /// Goes back to its own target phase.
    LoopsToTarget,
    /// 対象処理フェーズ was removed: the rule takes nothing.
    TargetPhaseGone,
    /// A 移動先 was removed: orders stay where they are.
    DestinationGone,
}

impl RuleWarning {
    /// Japanese words.
    pub fn ja(self) -> &'static str {
        match self {
            RuleWarning::ShipDateOptional => {
                "対象処理フェーズの出荷日が「任意」です。出荷日のない受注は送信できません。"
            }
            RuleWarning::NoSuccessPhase => "正常時の移動先がありません。送信後も同じフェーズに残ります。",
            RuleWarning::NoFailurePhase => {
                "エラー時の移動先がありません。エラーの受注も同じフェーズに残ります。"
            }
            RuleWarning::LoopsToTarget => "移動先が対象処理フェーズと同じです。",
            RuleWarning::TargetPhaseGone => {
                "対象処理フェーズがなくなりました。この規則では何も送信されません。"
            }
            RuleWarning::DestinationGone => {
                "移動先のフェーズがなくなりました。受注は同じフェーズに残ります。"
            }
        }
    }
}

impl RuleWarning {
    /// English words.
    pub fn en(self) -> &'static str {
        match self {
            RuleWarning::ShipDateOptional => {
                "The target phase does not require a ship date; orders without one cannot be sent."
            }
            RuleWarning::NoSuccessPhase => "No destination for success: orders stay in the phase.",
            RuleWarning::NoFailurePhase => "No destination for failure: orders stay in the phase.",
            RuleWarning::LoopsToTarget => "A destination is the target phase itself.",
            RuleWarning::TargetPhaseGone => "The target phase is gone: the rule takes nothing.",
            RuleWarning::DestinationGone => "A destination is gone: orders stay in the phase.",
        }
    }

    /// The rule no longer does what it says: told by `doctor` and wherever rules are listed, not only on saving.
    pub fn is_broken(self) -> bool {
        matches!(self, RuleWarning::TargetPhaseGone | RuleWarning::DestinationGone)
    }
}

/// What to say when `rule` is saved or listed; `phases` is the whole list.
pub fn warnings(rule: &Rule, phases: &[Phase]) -> Vec<RuleWarning> {
    let mut found = Vec::new();
    let optional = phases.iter().any(|p| p.phase == rule.target_phase && !p.ship_date_required);
    if rule.kind == WriteKind::ShipmentNotice && optional {
        found.push(RuleWarning::ShipDateOptional);
    }
    if rule.success_phase.is_none() {
        found.push(RuleWarning::NoSuccessPhase);
    }
    if rule.failure_phase.is_none() {
        found.push(RuleWarning::NoFailurePhase);
    }
    let target = Some(&rule.target_phase);
    if rule.success_phase.as_ref() == target || rule.failure_phase.as_ref() == target {
        found.push(RuleWarning::LoopsToTarget);
    }
    let is_gone = |phase: &PhaseKey| phases.iter().all(|p| &p.phase != phase);
    if is_gone(&rule.target_phase) {
        found.push(RuleWarning::TargetPhaseGone);
    }
    if [&rule.success_phase, &rule.failure_phase].into_iter().flatten().any(is_gone) {
        found.push(RuleWarning::DestinationGone);
    }
    found
}

/// Where an order goes after a write ended in `state`; `None` = stays.
pub fn next_phase(rules: &[Rule], kind: WriteKind, phase: &PhaseKey, state: NoticeState) -> Option<PhaseKey> {
    let rule = rules.iter().find(|r| r.kind == kind && &r.target_phase == phase)?;
    match state {
        NoticeState::Applied => rule.success_phase.clone(),
        NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown => {
            rule.failure_phase.clone()
        }
        NoticeState::NotSent | NoticeState::InFlight => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(success: Option<&str>, failure: Option<&str>) -> Rule {
        Rule {
            shop_id: ShopId(1),
            kind: WriteKind::ShipmentNotice,
            target_phase: "shipped".into(),
            success_phase: success.map(Into::into),
            failure_phase: failure.map(Into::into),
        }
    }

    fn phases(ship_date_required: bool) -> Vec<Phase> {
        let named =
            |key: &str| Phase { phase: key.into(), name: key.into(), position: 1, ship_date_required: false };
        let shipped = Phase { name: "出荷済み".into(), ship_date_required, ..named("shipped") };
        vec![shipped, named("completed"), named("on_hold"), named("a"), named("b")]
    }

    #[test]
    fn saving_a_rule_warns_of_optional_ship_dates_and_missing_destinations_ntf2() {
        assert_eq!(warnings(&rule(Some("completed"), Some("on_hold")), &phases(true)), []);
        assert_eq!(
            warnings(&rule(None, None), &phases(false)),
            [RuleWarning::ShipDateOptional, RuleWarning::NoSuccessPhase, RuleWarning::NoFailurePhase]
        );
        assert_eq!(
            warnings(&rule(Some("shipped"), Some("on_hold")), &phases(true)),
            [RuleWarning::LoopsToTarget]
        );
        let confirm = Rule { kind: WriteKind::ConfirmOrder, ..rule(Some("a"), Some("b")) };
        assert_eq!(warnings(&confirm, &phases(false)), []);
    }

    #[test]
    fn a_rule_whose_phases_were_removed_is_told_and_not_silent_ntf2() {
        let phases = phases(true);
        let gone = Rule { target_phase: "packed".into(), ..rule(Some("completed"), Some("on_hold")) };
        assert_eq!(warnings(&gone, &phases), [RuleWarning::TargetPhaseGone]);
        assert_eq!(warnings(&rule(Some("packed"), Some("on_hold")), &phases), [RuleWarning::DestinationGone]);
        assert_eq!(
            warnings(&rule(Some("completed"), Some("packed")), &phases),
            [RuleWarning::DestinationGone]
        );
        assert!(RuleWarning::TargetPhaseGone.is_broken() && !RuleWarning::NoFailurePhase.is_broken());
    }

    #[test]
    fn each_result_has_its_own_destination_ntf2() {
        let rules = [rule(Some("completed"), Some("on_hold"))];
        let go = |state| next_phase(&rules, WriteKind::ShipmentNotice, &"shipped".into(), state);
        assert_eq!(go(NoticeState::Applied), Some("completed".into()));
        for state in [NoticeState::Rejected, NoticeState::SendFailed, NoticeState::ResultUnknown] {
            assert_eq!(go(state), Some("on_hold".into()));
        }
        for state in [NoticeState::NotSent, NoticeState::InFlight] {
            assert_eq!(go(state), None);
        }
        assert_eq!(
            next_phase(&rules, WriteKind::ConfirmOrder, &"shipped".into(), NoticeState::Applied),
            None
        );
        assert_eq!(next_phase(&rules, WriteKind::ShipmentNotice, &"new".into(), NoticeState::Applied), None);
    }

    #[test]
    fn every_warning_has_words_of_its_own_ntf2() {
        let all = [
            RuleWarning::ShipDateOptional,
            RuleWarning::NoSuccessPhase,
            RuleWarning::NoFailurePhase,
            RuleWarning::LoopsToTarget,
        ];
        let words: std::collections::BTreeSet<_> = all.iter().map(|w| w.ja()).collect();
        assert_eq!(words.len(), all.len());
        assert!(RuleWarning::ShipDateOptional.ja().contains("出荷日"));
    }
}
