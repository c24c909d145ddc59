//! What can be done to many orders at once. Stored with a job; a value of an older or newer program is refused, never
//! guessed.

use domain::notice::NoticeState;
use domain::order::HandlingClass;
use domain::write::WriteKind;
use domain::{CarrierKey, OrderSeq, PhaseKey};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One thing done to many orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum BulkAction {
    /// モールへ反映: 出荷通知 or 注文確認. Final.
    Notify {
        /// `shipment_notice` or `confirm_order`.
        kind: WriteKind,
    },
    /// To a phase.
    Move {
        /// Where to.
        phase: PhaseKey,
        /// Held orders too (FRD-4); counts only for who has the right.
        #[serde(default)]
        override_fraud_hold: bool,
    },
    /// 出荷予定日・配送便; a field that is missing stays as it is, `null` clears.
    Plan {
        /// 出荷予定日.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
        ship_on: Option<Option<Date>>,
        /// 配送便.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
        shipping_method: Option<Option<String>>,
    },
    /// 配送番号, order by order: see [`ParcelInput`].
    Parcels {},
    /// 出荷日・配送業者 of orders with one recipient; a field that is missing stays as it is.
    ShipDate {
        /// 配送業者.
        #[serde(default)]
        carrier: Option<CarrierKey>,
        /// 出荷日.
        #[serde(default)]
        shipped_on: Option<Date>,
    },
    /// 入金済み on a day.
    Paid {
        /// 入金日.
        on: Date,
    },
    /// 印刷済み, or not after all.
    Printed {
        /// 済 or 未.
        printed: bool,
    },
    /// タグ on or off.
    Tag {
        /// Which.
        tag: String,
        /// On or off.
        on: bool,
    },
    /// 管理区分.
    HandlingClass {
        /// To.
        class: HandlingClass,
    },
    /// 連携ステータス変更 (NTF-7).
    NoticeState {
        /// `not_sent` or `applied`.
        to: NoticeState,
    },
    /// 注文再取込.
    Reimport {
        /// 同一注文を上書きする.
        #[serde(default)]
        overwrite: bool,
    },
    /// 同梱 into one parent.
    Bundle {
        /// Parent.
        parent: OrderSeq,
    },
    /// 同梱をやめる.
    Unbundle {},
    /// Takes back what a job did; each item's input is what its order goes back to.
    Undo {
        /// What was done.
        of: Box<BulkAction>,
    },
}

/// Tells a missing field from one that is `null`.
fn given<'de, T, D>(reader: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(reader).map(Some)
}

/// A parcel as it was pasted for one order. Blank fields leave what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParcelInput {
    /// 配送業者.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<CarrierKey>,
    /// 配送番号.
    pub tracking_number: String,
    /// 出荷日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_on: Option<Date>,
}

impl BulkAction {
    /// キャンセルへ移動: here only; the mall is not told.
    #[must_use]
    pub fn cancel_here() -> Self {
        Self::Move { phase: domain::phase::CANCELLED.into(), override_fraud_hold: false }
    }

    /// It leaves the house and cannot be taken back.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Notify { .. } | Self::Reimport { .. })
    }

    /// It can be taken back.
    #[must_use]
    pub fn is_undoable(&self) -> bool {
        matches!(
            self,
            Self::Move { .. }
                | Self::Plan { .. }
                | Self::Tag { .. }
                | Self::HandlingClass { .. }
                | Self::Printed { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_action_survives_its_json_and_what_is_not_known_is_refused() {
        let actions = [
            (
                json!({"do": "notify", "kind": "shipment_notice"}),
                BulkAction::Notify { kind: WriteKind::ShipmentNotice },
            ),
            (
                json!({"do": "move", "phase": "shipped", "override_fraud_hold": true}),
                BulkAction::Move { phase: "shipped".into(), override_fraud_hold: true },
            ),
            (
                json!({"do": "plan", "ship_on": null}),
                BulkAction::Plan { ship_on: Some(None), shipping_method: None },
            ),
            (json!({"do": "unbundle"}), BulkAction::Unbundle {}),
            (
                json!({"do": "undo", "of": {"do": "tag", "tag": "急ぎ", "on": true}}),
                BulkAction::Undo { of: Box::new(BulkAction::Tag { tag: "急ぎ".into(), on: true }) },
            ),
        ];
        for (json, action) in actions {
            assert_eq!(serde_json::from_value::<BulkAction>(json.clone()).unwrap(), action, "{json}");
            assert_eq!(serde_json::to_value(&action).unwrap(), json);
        }
        for odd in [json!({"do": "drop_all"}), json!({"do": "move", "phase": "new", "root": 1}), json!({})] {
            assert!(serde_json::from_value::<BulkAction>(odd.clone()).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_leaves_the_house_is_final_and_never_undoable() {
        let notify = BulkAction::Notify { kind: WriteKind::ShipmentNotice };
        assert!(notify.is_final() && !notify.is_undoable());
        assert!(BulkAction::cancel_here().is_undoable() && !BulkAction::cancel_here().is_final());
        assert!(!BulkAction::NoticeState { to: NoticeState::NotSent }.is_undoable());
    }
}
