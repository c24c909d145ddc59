//! 受注 as our ledger keeps it: the parts that belong to us, beside the mall's snapshot.

use crate::hold::Hold;
use crate::notice::NoticeState;
use crate::reason::{self, Reason};
use crate::snapshot::{Fulfillment, MallStage, ParcelLine};
use crate::{CarrierKey, ParcelId, PhaseKey};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 管理区分. Only `Normal` is notified automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum HandlingClass {
    /// 通常.
    #[default]
    Normal,
    /// 保留.
    OnHold,
    /// キャンセル.
    Cancelled,
}

impl HandlingClass {
    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            HandlingClass::Normal => "normal",
            HandlingClass::OnHold => "on_hold",
            HandlingClass::Cancelled => "cancelled",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        [HandlingClass::Normal, HandlingClass::OnHold, HandlingClass::Cancelled]
            .into_iter()
            .find(|c| c.as_str() == text)
    }

    /// Japanese name.
    pub fn label_ja(self) -> &'static str {
        match self {
            HandlingClass::Normal => "通常",
            HandlingClass::OnHold => "保留",
            HandlingClass::Cancelled => "キャンセル",
        }
    }
}

/// Part of an order in a bundle (同梱) or a split (分割).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Alone.
    #[default]
    None,
    /// 同梱の子: travels in its parent's parcel, is not notified.
    BundledChild,
    /// 分割の子: shipped and notified on its own.
    SplitChild,
}

impl Grouping {
    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Grouping::None => "none",
            Grouping::BundledChild => "bundled_child",
            Grouping::SplitChild => "split_child",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        [Grouping::None, Grouping::BundledChild, Grouping::SplitChild]
            .into_iter()
            .find(|g| g.as_str() == text)
    }
}

/// Whether an order may travel in another's parcel (同梱). One level only: whoever packs looks at one parent.
///
/// # Errors
/// The reason it may not.
pub fn may_bundle(parent: Grouping, child_has_children: bool, same: bool) -> Result<(), Reason> {
    if same {
        return Err(reason::bundle_of_itself());
    }
    if parent == Grouping::BundledChild {
        return Err(reason::bundle_parent_is_child());
    }
    if child_has_children { Err(reason::bundle_child_is_parent()) } else { Ok(()) }
}

/// One parcel of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Row.
    pub parcel_id: ParcelId,
    /// Mall key of the recipient.
    pub recipient_key: String,
    /// Carrier of our master list.
    pub carrier: Option<CarrierKey>,
    /// 配送番号; empty = not entered.
    pub tracking_number: String,
    /// 出荷日.
    pub shipped_on: Option<Date>,
    /// Raised by one with each change.
    pub version: i64,
    /// The mall's record of it, once known.
    pub mall_ref: Option<String>,
    /// Version the mall has; 0 = none.
    pub sent_version: i64,
    /// 分割: what is in it; empty = not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<ParcelLine>,
}

/// What rules need to know of an order. No buyer data.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderFacts {
    /// Where it is.
    pub phase: PhaseKey,
    /// 管理区分.
    pub handling_class: HandlingClass,
    /// Who ships.
    pub fulfillment: Fulfillment,
    /// 連携ステータス.
    pub notice_state: NoticeState,
    /// Bundle or split.
    pub grouping: Grouping,
    /// 仮伝票.
    pub provisional: bool,
    /// The mall's hold.
    pub hold: Hold,
    /// The mall's stage.
    pub mall_stage: MallStage,
    /// The mall's status by name, for words.
    pub mall_status: String,
    /// A cancel was asked for or done at the mall.
    pub mall_cancel: bool,
    /// Keys of the recipients.
    pub recipient_keys: Vec<String>,
    /// Live parcels.
    pub parcels: Vec<Parcel>,
}

/// Flags for people, beside the phases. Stored as a bit set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// 要対応.
    NeedsAttention,
    /// 金額不一致.
    AmountMismatch,
    /// Amounts not decided yet.
    AmountUndecided,
    /// モール側で変更あり.
    ChangedAtMall,
    /// Edits of both sides meet.
    EditConflict,
    /// Unknown status or values.
    UnknownValue,
    /// Cancel asked for or done at the mall.
    CancelledAtMall,
    /// Recipient's address is awaited.
    AddressAwaited,
    /// 警告あり: last write ended with a remark.
    Warning,
    /// 不正保留: the mall reviews the order for fraud (FRD-1).
    FraudHold,
}

impl Flag {
    /// All flags.
    pub const ALL: [Flag; 10] = [
        Flag::NeedsAttention,
        Flag::AmountMismatch,
        Flag::AmountUndecided,
        Flag::ChangedAtMall,
        Flag::EditConflict,
        Flag::UnknownValue,
        Flag::CancelledAtMall,
        Flag::AddressAwaited,
        Flag::Warning,
        Flag::FraudHold,
    ];

    /// Its bit in the database. Never renumber.
    pub fn bit(self) -> i64 {
        match self {
            Flag::NeedsAttention => 1,
            Flag::AmountMismatch => 2,
            Flag::AmountUndecided => 4,
            Flag::ChangedAtMall => 8,
            Flag::EditConflict => 16,
            Flag::UnknownValue => 32,
            Flag::CancelledAtMall => 64,
            Flag::AddressAwaited => 128,
            Flag::Warning => 256,
            Flag::FraudHold => 512,
        }
    }

    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Flag::NeedsAttention => "needs_attention",
            Flag::AmountMismatch => "amount_mismatch",
            Flag::AmountUndecided => "amount_undecided",
            Flag::ChangedAtMall => "changed_at_mall",
            Flag::EditConflict => "edit_conflict",
            Flag::UnknownValue => "unknown_value",
            Flag::CancelledAtMall => "cancelled_at_mall",
            Flag::AddressAwaited => "address_awaited",
            Flag::Warning => "warning",
            Flag::FraudHold => "fraud_hold",
        }
    }

    /// Japanese words.
    pub fn label_ja(self) -> &'static str {
        match self {
            Flag::NeedsAttention => "要対応",
            Flag::AmountMismatch => "金額不一致",
            Flag::AmountUndecided => "金額未確定",
            Flag::ChangedAtMall => "モール側で変更あり",
            Flag::EditConflict => "変更の重なり",
            Flag::UnknownValue => "未対応の値",
            Flag::CancelledAtMall => "モールでキャンセル",
            Flag::AddressAwaited => "住所入力待ち",
            Flag::Warning => "警告あり",
            Flag::FraudHold => "不正保留",
        }
    }

    /// The bits of a list of flags.
    pub fn bits(flags: &[Flag]) -> i64 {
        flags.iter().fold(0, |bits, f| bits | f.bit())
    }

    /// The flags of a bit set, in the order of `ALL`.
    pub fn of_bits(bits: i64) -> Vec<Flag> {
        Self::ALL.into_iter().filter(|f| bits & f.bit() != 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_survive_their_bits() {
        let all = Flag::bits(&Flag::ALL);
        assert_eq!(all, 1_023);
        assert_eq!(Flag::of_bits(all), Flag::ALL);
        for flag in Flag::ALL {
            assert_eq!(Flag::of_bits(flag.bit()), [flag]);
        }
    }

    #[test]
    fn stable_texts_read_back() {
        for class in [HandlingClass::Normal, HandlingClass::OnHold, HandlingClass::Cancelled] {
            assert_eq!(HandlingClass::parse(class.as_str()), Some(class));
        }
        for grouping in [Grouping::None, Grouping::BundledChild, Grouping::SplitChild] {
            assert_eq!(Grouping::parse(grouping.as_str()), Some(grouping));
        }
        assert_eq!(HandlingClass::parse("通常"), None);
    }

    #[test]
    fn a_flag_named_twice_is_one_bit() {
        let twice = [Flag::Warning, Flag::EditConflict, Flag::Warning];
        assert_eq!(Flag::of_bits(Flag::bits(&twice)), [Flag::EditConflict, Flag::Warning]);
        assert_eq!(Flag::bits(&[]), 0);
    }

    #[test]
    fn flags_have_the_same_text_in_json_and_history_and_words_of_their_own() {
        for flag in Flag::ALL {
            assert_eq!(serde_json::to_value(flag).unwrap(), flag.as_str());
        }
        let words: std::collections::BTreeSet<_> = Flag::ALL.iter().map(|f| f.label_ja()).collect();
        assert_eq!(words.len(), Flag::ALL.len());
        assert_eq!(Flag::ChangedAtMall.label_ja(), "モール側で変更あり");
    }

    #[test]
    fn a_bundle_has_one_level_and_never_itself() {
        let code = |parent, children, same| may_bundle(parent, children, same).map_err(|r| r.code);
        assert_eq!(code(Grouping::None, false, false), Ok(()));
        assert_eq!(code(Grouping::SplitChild, false, false), Ok(()));
        assert_eq!(code(Grouping::BundledChild, false, false), Err("bundle_parent_is_child".to_owned()));
        assert_eq!(code(Grouping::None, true, false), Err("bundle_child_is_parent".to_owned()));
        assert_eq!(code(Grouping::None, false, true), Err("bundle_of_itself".to_owned()));
    }

    #[test]
    fn the_handling_classes_have_the_names_of_the_requirements() {
        let classes = [HandlingClass::Normal, HandlingClass::OnHold, HandlingClass::Cancelled];
        assert_eq!(classes.map(HandlingClass::label_ja), ["通常", "保留", "キャンセル"]);
    }
}
