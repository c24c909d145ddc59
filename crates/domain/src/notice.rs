//! 連携ステータス: the state of our talk with the mall about one order's shipment, folded from its steps.

use crate::reason::{self, Reason};
use crate::snapshot::Fulfillment;
use crate::write::StepState;
use serde::{Deserialize, Serialize};

/// The six states of a shipment notice (NTF-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// 未連携.
    NotSent,
    /// 連携中.
    InFlight,
    /// 正常.
    Applied,
    /// エラー: refused; data or settings must be mended.
    Rejected,
    /// 通知失敗: not at the mall; send again.
    SendFailed,
    /// 通知結果取得失敗: could not be learnt.
    ResultUnknown,
}

impl NoticeState {
    /// All six, in the order screens list them.
    pub const ALL: [NoticeState; 6] = [
        NoticeState::NotSent,
        NoticeState::InFlight,
        NoticeState::Applied,
        NoticeState::Rejected,
        NoticeState::SendFailed,
        NoticeState::ResultUnknown,
    ];

    /// Stable text for the database, JSON and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeState::NotSent => "not_sent",
            NoticeState::InFlight => "in_flight",
            NoticeState::Applied => "applied",
            NoticeState::Rejected => "rejected",
            NoticeState::SendFailed => "send_failed",
            NoticeState::ResultUnknown => "result_unknown",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// The label the requirements fix.
    pub fn label_ja(self) -> &'static str {
        match self {
            NoticeState::NotSent => "未連携",
            NoticeState::InFlight => "連携中",
            NoticeState::Applied => "正常",
            NoticeState::Rejected => "エラー",
            NoticeState::SendFailed => "通知失敗",
            NoticeState::ResultUnknown => "通知結果取得失敗",
        }
    }

    /// What a person does about it.
    pub fn remedy_ja(self) -> &'static str {
        match self {
            NoticeState::NotSent => "対象フェーズに入ると送信されます。",
            NoticeState::InFlight => "モールの結果を待っています。操作は要りません。",
            NoticeState::Applied => "モールに登録されています。",
            NoticeState::Rejected => {
                "理由を確認してデータを直し、連携ステータスを「未連携」に戻してください。"
            }
            NoticeState::SendFailed => "モールには登録されていません。「未連携」に戻すと再送します。",
            NoticeState::ResultUnknown => {
                "「モールを確認」で登録の有無を調べてください。モールの画面で確かめたときは、登録済みなら「正常」、なければ「未連携」にしてください。"
            }
        }
    }
}

/// Folded state with its sub-state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// One of the six.
    pub state: NoticeState,
    /// 結果確認中: an unclear answer is being read back (inside 連携中).
    pub confirming: bool,
}

/// Folds the steps of one notice. Steps that were withdrawn do not count; no steps means 未連携.
pub fn fold(steps: &[StepState]) -> Folded {
    let any = |s: StepState| steps.contains(&s);
    let live = steps.iter().any(|s| !s.is_final());
    let state = if live {
        NoticeState::InFlight
    } else if any(StepState::ResultUnknown) {
        NoticeState::ResultUnknown
    } else if any(StepState::Rejected) {
        NoticeState::Rejected
    } else if any(StepState::Failed) {
        NoticeState::SendFailed
    } else if any(StepState::Applied) {
        NoticeState::Applied
    } else {
        NoticeState::NotSent
    };
    Folded { state, confirming: any(StepState::Unknown) }
}

/// Whether a person may set the state by hand (NTF-7): only to 未連携 or 正常, never for FBA, never while 連携中,
/// never where the mall has no notice.
///
/// # Errors
/// The reason it is refused.
pub fn may_set_by_hand(
    current: NoticeState,
    to: NoticeState,
    fulfillment: Fulfillment,
    mall_has_notice: bool,
) -> Result<(), Reason> {
    if !mall_has_notice {
        return Err(reason::mall_has_no_notice());
    }
    if fulfillment == Fulfillment::Fba {
        return Err(reason::fba_is_not_notified());
    }
    if current == NoticeState::InFlight {
        return Err(reason::notice_in_flight());
    }
    if !matches!(to, NoticeState::NotSent | NoticeState::Applied) {
        return Err(reason::notice_state_not_settable(to.label_ja()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_not_sent_and_applied_are_set_by_hand_and_never_in_flight_or_fba_ntf7_f32() {
        use NoticeState::*;
        for from in NoticeState::ALL {
            for to in NoticeState::ALL {
                let seller = may_set_by_hand(from, to, Fulfillment::Seller, true);
                assert_eq!(
                    seller.is_ok(),
                    from != InFlight && matches!(to, NotSent | Applied),
                    "{from:?} {to:?}"
                );
                assert_eq!(
                    may_set_by_hand(from, to, Fulfillment::Fba, true).unwrap_err().code,
                    "fba_is_not_notified"
                );
                assert_eq!(
                    may_set_by_hand(from, to, Fulfillment::Seller, false).unwrap_err().code,
                    "mall_has_no_notice"
                );
            }
        }
    }

    #[test]
    fn a_notice_is_in_flight_until_its_last_step_is_final_ntf5() {
        use StepState::*;
        let cases: [(&[StepState], NoticeState, bool); 12] = [
            (&[], NoticeState::NotSent, false),
            (&[Withdrawn], NoticeState::NotSent, false),
            (&[Ready], NoticeState::InFlight, false),
            (&[Applied, Sending], NoticeState::InFlight, false),
            (&[Applied, Unknown], NoticeState::InFlight, true),
            (&[Applied, Pending], NoticeState::InFlight, false),
            (&[Filed, Filed], NoticeState::InFlight, false),
            (&[Applied, Applied], NoticeState::Applied, false),
            (&[Applied, Withdrawn], NoticeState::Applied, false),
            (&[Applied, Rejected], NoticeState::Rejected, false),
            (&[Applied, Failed], NoticeState::SendFailed, false),
            (&[Rejected, ResultUnknown], NoticeState::ResultUnknown, false),
        ];
        for (steps, state, confirming) in cases {
            assert_eq!(fold(steps), Folded { state, confirming }, "{steps:?}");
        }
    }

    #[test]
    fn the_labels_are_the_six_of_the_requirements_ntf5() {
        let labels: Vec<_> = NoticeState::ALL.iter().map(|s| s.label_ja()).collect();
        assert_eq!(labels, ["未連携", "連携中", "正常", "エラー", "通知失敗", "通知結果取得失敗"]);
        for state in NoticeState::ALL {
            assert_eq!(NoticeState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn every_state_says_what_a_person_does_about_it_ntf5() {
        let remedies: std::collections::BTreeSet<_> =
            NoticeState::ALL.iter().map(|s| s.remedy_ja()).collect();
        assert_eq!(remedies.len(), NoticeState::ALL.len());
        // Who must decide is told both ways out; who must wait is told to wait.
        let unclear = NoticeState::ResultUnknown.remedy_ja();
        assert!(unclear.contains("「正常」") && unclear.contains("「未連携」"));
        assert!(NoticeState::SendFailed.remedy_ja().contains("再送"));
        assert!(NoticeState::InFlight.remedy_ja().contains("待って"));
    }
}
