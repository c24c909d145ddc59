//! Fraud holds (不正保留) and the like: what the mall says, and what it forbids.

use crate::reason::{self, Reason};
use crate::time::UtcMillis;
use serde::{Deserialize, Serialize};

/// Whether the mall holds the order back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Hold {
    /// No hold.
    #[default]
    None,
    /// 不正保留: under fraud review. Only a cancel is allowed while it lasts.
    Fraud {
        /// The mall's value.
        raw: String,
    },
    /// The mall is still checking (楽天確認中): wait, do not ship; not an error.
    MallChecking,
    /// Was held; the mall released it.
    Released {
        /// 公開日時.
        released_at: Option<UtcMillis>,
    },
    /// The source cannot say (orders from CSV): 「不明」.
    NotKnown,
}

impl Hold {
    /// Held for fraud right now.
    pub fn is_fraud(&self) -> bool {
        matches!(self, Hold::Fraud { .. })
    }

    /// 公開日時: when the mall ended the hold, where it says so.
    pub fn released_at(&self) -> Option<UtcMillis> {
        match self {
            Hold::Released { released_at } => *released_at,
            _ => None,
        }
    }

    /// 不正保留ステータス in words (FRD-1). The mall's own value stands beside, for it is the mall that defines it.
    pub fn label_ja(&self) -> String {
        match self {
            Hold::None => "なし".to_owned(),
            Hold::Fraud { raw } if raw.is_empty() => "不正保留".to_owned(),
            Hold::Fraud { raw } => format!("不正保留（{raw}）"),
            Hold::MallChecking => "モール確認中".to_owned(),
            Hold::Released { .. } => "保留解除".to_owned(),
            Hold::NotKnown => "不明".to_owned(),
        }
    }

    /// Anything but going through キャンセル would be refused by the mall: no status, payment or shipment is written
    /// while this lasts, whoever asks (FRD-3). The one question every way to the mall asks.
    ///
    /// # Errors
    /// The reason in the words the seeds fix.
    pub fn may_write(&self) -> Result<(), Reason> {
        if self.is_fraud() { Err(reason::fraud_hold_blocks_status_change()) } else { Ok(()) }
    }
}

/// Is the change from one reading to the next worth a line of history? Holds that come, change and end are (FRD-1,
/// FRD-5); the mall's routine checks are told by its status already.
pub fn is_news(before: &Hold, after: &Hold) -> bool {
    let concerns_fraud = |hold: &Hold| matches!(hold, Hold::Fraud { .. } | Hold::Released { .. });
    before != after && (before.is_fraud() || concerns_fraud(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraud(raw: &str) -> Hold {
        Hold::Fraud { raw: raw.to_owned() }
    }

    const RELEASED: Hold = Hold::Released { released_at: Some(UtcMillis(1_000)) };

    #[test]
    fn frd1_status_and_time_of_release_are_shown_and_what_csv_cannot_say_is_not_known() {
        assert_eq!(fraud("1").label_ja(), "不正保留（1）");
        assert_eq!(fraud("").label_ja(), "不正保留");
        assert_eq!(Hold::NotKnown.label_ja(), "不明");
        assert_eq!(
            (RELEASED.label_ja().as_str(), RELEASED.released_at()),
            ("保留解除", Some(UtcMillis(1_000)))
        );
        assert_eq!(fraud("1").released_at(), None);
        assert_eq!(
            (Hold::None.label_ja(), Hold::MallChecking.label_ja()),
            ("なし".into(), "モール確認中".into())
        );
    }

    #[test]
    fn frd3_nothing_is_written_while_the_hold_lasts_in_the_words_of_the_seeds() {
        let refused = fraud("1").may_write().unwrap_err();
        assert_eq!(refused.ja, "不正保留中のためステータス変更しませんでした");
        for free in [Hold::None, Hold::MallChecking, RELEASED, Hold::NotKnown] {
            assert_eq!(free.may_write(), Ok(()));
        }
    }

    #[test]
    fn frd5_a_hold_that_comes_changes_or_ends_is_news_and_routine_checks_are_not() {
        for (before, after) in [
            (Hold::None, fraud("1")),
            (fraud("1"), fraud("3")),
            (fraud("1"), RELEASED),
            (fraud("1"), Hold::None),
            (Hold::None, RELEASED),
        ] {
            assert!(is_news(&before, &after), "{before:?} {after:?}");
        }
        for (before, after) in [
            (Hold::None, Hold::None),
            (fraud("1"), fraud("1")),
            (Hold::None, Hold::MallChecking),
            (Hold::MallChecking, Hold::None),
            (RELEASED, Hold::None),
        ] {
            assert!(!is_news(&before, &after), "{before:?} {after:?}");
        }
    }
}
