//! Writing to a mall: what is wanted, how a call can end, and what each ending means for the next step.
//!
//! The one rule behind all of it: an unclear ending is a state of its own (`Unknown`). It is never taken for a
//! failure and never resent blindly; it is read back, and "not there" counts only after the settle time.

use crate::reason::Reason;
use crate::snapshot::{MallShipment, ParcelLine};
use crate::time::UtcMillis;
use crate::{MallOrderId, ParcelId, StepId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Key of a shop's setting: `off` is 見るだけモード, in which nothing is written to the mall. A shop connected on the
/// screen starts so.
pub const WRITE_BACK: &str = "write_back";

/// Whether a shop's settings let anything be written to its mall.
pub fn writes_back(settings: &std::collections::BTreeMap<String, String>) -> bool {
    settings.get(WRITE_BACK).is_none_or(|text| text != "off")
}

/// Kind of write. Rows of a kind this program does not know wait for a newer program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// 注文確認.
    ConfirmOrder,
    /// 出荷通知.
    ShipmentNotice,
    /// モールステータスの変更 (紐付け設定).
    MallStatus,
    /// 入金ステータスの変更.
    PaymentStatus,
}

impl WriteKind {
    /// Every kind, in the order in which a lane works them.
    pub const ALL: [WriteKind; 4] =
        [WriteKind::ConfirmOrder, WriteKind::PaymentStatus, WriteKind::ShipmentNotice, WriteKind::MallStatus];

    /// Stable text for the database, JSON and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            WriteKind::ConfirmOrder => "confirm_order",
            WriteKind::ShipmentNotice => "shipment_notice",
            WriteKind::MallStatus => "mall_status",
            WriteKind::PaymentStatus => "payment_status",
        }
    }

    /// Reads the stable text; `None` for a kind of another program version.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// How one step of a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The mall did it.
    Applied {
        /// Remarks of the mall that do not undo the success.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<Reason>,
        /// The mall's id of the record made or changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mall_ref: Option<String>,
    },
    /// The mall refused it for what it says: data or settings must be mended first.
    Rejected {
        /// Why, with the mall's code and words.
        reason: Reason,
    },
    /// Certainly not applied (429, 401, refused connection, maintenance): sent again without reading back.
    Deferred {
        /// Not before. `None`: when the lane sees fit.
        until: Option<UtcMillis>,
        /// Why it waits.
        reason: Reason,
    },
    /// Taken by the mall; the result comes later under this receipt.
    Pending {
        /// The mall's ticket.
        receipt: String,
    },
    /// May or may not have been applied.
    Unknown {
        /// What is unclear.
        reason: Reason,
    },
}

/// State of a step in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not sent, or certainly not applied: may be sent when due.
    Ready,
    /// Inside a call that has no outcome yet.
    Sending,
    /// Taken by the mall, result awaited.
    Pending,
    /// Unclear: waits for a read-back.
    Unknown,
    /// In a file that a person uploads (NTF-8): waits for their answer, and is never part of a call.
    Filed,
    /// Done at the mall.
    Applied,
    /// Refused by the mall.
    Rejected,
    /// 通知失敗: certainly not at the mall, and not tried again by itself.
    Failed,
    /// 通知結果取得失敗: could not be learnt; a person decides.
    ResultUnknown,
    /// Taken back before it was sent (state set by hand, order cancelled).
    Withdrawn,
}

impl StepState {
    const ALL: [StepState; 10] = [
        StepState::Ready,
        StepState::Sending,
        StepState::Pending,
        StepState::Unknown,
        StepState::Filed,
        StepState::Applied,
        StepState::Rejected,
        StepState::Failed,
        StepState::ResultUnknown,
        StepState::Withdrawn,
    ];

    /// Stable text for the database and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            StepState::Ready => "ready",
            StepState::Sending => "sending",
            StepState::Pending => "pending",
            StepState::Unknown => "unknown",
            StepState::Filed => "filed",
            StepState::Applied => "applied",
            StepState::Rejected => "rejected",
            StepState::Failed => "failed",
            StepState::ResultUnknown => "result_unknown",
            StepState::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Nothing more happens to the step by itself.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            StepState::Applied
                | StepState::Rejected
                | StepState::Failed
                | StepState::ResultUnknown
                | StepState::Withdrawn
        )
    }

    /// The mall may already have it: must not be withdrawn or edited under way.
    pub fn is_in_flight(self) -> bool {
        matches!(self, StepState::Sending | StepState::Pending | StepState::Unknown | StepState::Filed)
    }
}

/// One parcel as it shall stand at the mall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedParcel {
    /// Our parcel.
    pub parcel_id: ParcelId,
    /// Version of the parcel this step sends.
    pub version: i64,
    /// Mall key of the recipient.
    pub recipient_key: String,
    /// The mall's carrier code; empty = not sent.
    pub carrier_code: String,
    /// 配送番号; empty = not sent.
    pub tracking_number: String,
    /// 出荷日.
    pub shipped_on: Option<Date>,
    /// The mall's record of an earlier version of this parcel: a corrected number updates it, never adds.
    pub mall_ref: Option<String>,
    /// What is in it, by line key of the snapshot; empty = not said: everything, where the order has one parcel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<ParcelLine>,
}

/// One step as the adapter gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Row of the step.
    pub step_id: StepId,
    /// What kind of write.
    pub kind: WriteKind,
    /// Order at the mall.
    pub mall_order_id: MallOrderId,
    /// The parcel, for a shipment notice.
    pub parcel: Option<WantedParcel>,
    /// The mall's code to set, for a change of status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// How a step is to be sent, decided from what stands at the mall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum SendMode {
    /// Make a new record (or do the one thing the kind does).
    Add,
    /// Change the mall's record with this id.
    Update {
        /// The mall's id of the record.
        mall_ref: String,
    },
}

/// What a look at the mall says about one wanted parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParcelPlan {
    /// The mall already has exactly this.
    AlreadyThere {
        /// The mall's id of the record.
        mall_ref: String,
    },
    /// Send it in this way.
    Send(SendMode),
}

fn says_the_same(seen: &MallShipment, wanted: &WantedParcel) -> bool {
    seen.recipient_key == wanted.recipient_key
        && seen.carrier_code == wanted.carrier_code
        && seen.tracking_number == wanted.tracking_number
        && seen.shipped_on == wanted.shipped_on
}

/// Compares the wanted parcels of one order with the mall's records as multisets of (recipient, carrier, number,
/// date). Each record answers for at most one parcel. A record without a number is empty or a placeholder of some
/// other tool: it is updated, never added to (malls/rakuten.md 6.20).
///
/// The result has one plan per wanted parcel, in the same order.
pub fn plan_parcels(wanted: &[WantedParcel], seen: &[MallShipment]) -> Vec<ParcelPlan> {
    let mut free: Vec<Option<&MallShipment>> = seen.iter().map(Some).collect();
    let mut take = |test: &dyn Fn(&MallShipment) -> bool| -> Option<String> {
        let slot = free.iter_mut().find(|slot| slot.is_some_and(test))?;
        slot.take().map(|s| s.mall_ref.clone())
    };
    let mut plans: Vec<Option<ParcelPlan>> = wanted
        .iter()
        .map(|w| take(&|s| says_the_same(s, w)).map(|mall_ref| ParcelPlan::AlreadyThere { mall_ref }))
        .collect();
    // Records we made ourselves come before placeholders, so that a correction cannot take another's place.
    for (plan, w) in plans.iter_mut().zip(wanted) {
        if plan.is_none()
            && let Some(own) = &w.mall_ref
        {
            *plan =
                take(&|s| &s.mall_ref == own).map(|mall_ref| ParcelPlan::Send(SendMode::Update { mall_ref }));
        }
    }
    plans
        .into_iter()
        .zip(wanted)
        .map(|(plan, w)| {
            // The same number to the same recipient is the same parcel, typed by hand or by another tool: corrected,
            // never put beside it.
            plan.or_else(|| {
                let numbered = !w.tracking_number.is_empty();
                take(&|s| {
                    numbered && s.recipient_key == w.recipient_key && s.tracking_number == w.tracking_number
                })
                .map(|mall_ref| ParcelPlan::Send(SendMode::Update { mall_ref }))
            })
            .or_else(|| {
                take(&|s| s.recipient_key == w.recipient_key && s.tracking_number.is_empty())
                    .map(|mall_ref| ParcelPlan::Send(SendMode::Update { mall_ref }))
            })
            .unwrap_or(ParcelPlan::Send(SendMode::Add))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted(id: i64, number: &str) -> WantedParcel {
        WantedParcel {
            parcel_id: ParcelId(id),
            version: 1,
            recipient_key: "10".into(),
            carrier_code: "1001".into(),
            tracking_number: number.into(),
            shipped_on: Some(jiff::civil::date(2026, 11, 22)),
            mall_ref: None,
            contents: Vec::new(),
        }
    }

    fn record(mall_ref: &str, number: &str) -> MallShipment {
        MallShipment {
            recipient_key: "10".into(),
            mall_ref: mall_ref.into(),
            carrier_code: "1001".into(),
            tracking_number: number.into(),
            shipped_on: Some(jiff::civil::date(2026, 11, 22)),
            contents: Vec::new(),
        }
    }

    fn there(mall_ref: &str) -> ParcelPlan {
        ParcelPlan::AlreadyThere { mall_ref: mall_ref.into() }
    }

    fn update(mall_ref: &str) -> ParcelPlan {
        ParcelPlan::Send(SendMode::Update { mall_ref: mall_ref.into() })
    }

    const ADD: ParcelPlan = ParcelPlan::Send(SendMode::Add);

    #[test]
    fn what_stands_at_the_mall_is_not_sent_again_i3() {
        assert_eq!(plan_parcels(&[wanted(1, "111")], &[record("a", "111")]), [there("a")]);
    }

    #[test]
    fn two_equal_parcels_need_two_records_i3() {
        let twice = [wanted(1, "111"), wanted(2, "111")];
        assert_eq!(plan_parcels(&twice, &[record("a", "111")]), [there("a"), ADD]);
        assert_eq!(plan_parcels(&twice, &[record("a", "111"), record("b", "111")]), [there("a"), there("b")]);
    }

    #[test]
    fn a_placeholder_is_updated_never_added_to_f26() {
        assert_eq!(plan_parcels(&[wanted(1, "111")], &[record("p", "")]), [update("p")]);
        let both = [wanted(1, "111"), wanted(2, "222")];
        assert_eq!(plan_parcels(&both, &[record("p", "")]), [update("p"), ADD]);
    }

    #[test]
    fn a_placeholder_of_another_recipient_is_left_alone() {
        let mut other = record("p", "");
        other.recipient_key = "11".into();
        assert_eq!(plan_parcels(&[wanted(1, "111")], &[other]), [ADD]);
    }

    #[test]
    fn a_corrected_number_updates_its_own_record() {
        let mut corrected = wanted(1, "999");
        corrected.mall_ref = Some("a".into());
        assert_eq!(plan_parcels(&[corrected.clone()], &[record("p", ""), record("a", "111")]), [update("a")]);
        // Deleted at the mall by hand meanwhile: it has to be added again.
        assert_eq!(plan_parcels(&[corrected], &[]), [ADD]);
    }

    #[test]
    fn the_same_number_with_another_date_or_carrier_is_corrected_not_added_i3() {
        let mut date = record("a", "111");
        date.shipped_on = None;
        let mut carrier = record("a", "111");
        carrier.carrier_code = "1002".into();
        for other in [date, carrier] {
            assert_eq!(plan_parcels(&[wanted(1, "111")], &[other, record("p", "")]), [update("a")]);
        }
        let mut elsewhere = record("a", "111");
        elsewhere.recipient_key = "11".into();
        assert_eq!(plan_parcels(&[wanted(1, "111")], &[elsewhere]), [ADD]);
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let mut date = record("a", "111");
        date.shipped_on = None;
        let mut carrier = record("a", "111");
        carrier.carrier_code = "1002".into();
        let mut recipient = record("a", "111");
        recipient.recipient_key = "11".into();
        for other in [date, carrier, recipient] {
            assert!(matches!(plan_parcels(&[wanted(1, "111")], &[other])[..], [ParcelPlan::Send(_)]));
        }
    }

    proptest! {
        #[test]
        fn no_record_answers_for_two_parcels_and_a_second_pass_finds_all_there_i3(
            numbers in proptest::collection::vec("[0-3]", 1..6),
            at_mall in proptest::collection::vec("[0-3]?", 0..6),
        ) {
            let wanted: Vec<_> = numbers.iter().enumerate().map(|(i, n)| wanted(i as i64, n)).collect();
            let mut seen: Vec<_> =
                at_mall.iter().enumerate().map(|(i, n)| record(&format!("m{i}"), n)).collect();
            let plans = plan_parcels(&wanted, &seen);
            prop_assert_eq!(plans.len(), wanted.len());
            let refs: Vec<_> = plans.iter().filter_map(|p| match p {
                ParcelPlan::AlreadyThere { mall_ref } => Some(mall_ref),
                ParcelPlan::Send(SendMode::Update { mall_ref }) => Some(mall_ref),
                ParcelPlan::Send(SendMode::Add) => None,
            }).collect();
            let unique: std::collections::BTreeSet<_> = refs.iter().collect();
            prop_assert_eq!(unique.len(), refs.len());
            // Do what the plans say, then plan again: nothing is left to send.
            for (plan, w) in plans.iter().zip(&wanted) {
                match plan {
                    ParcelPlan::AlreadyThere { .. } => {}
                    ParcelPlan::Send(SendMode::Add) => {
                        let mut r = record(&format!("n{}", w.parcel_id), &w.tracking_number);
                        r.recipient_key = w.recipient_key.clone();
                        seen.push(r);
                    }
                    ParcelPlan::Send(SendMode::Update { mall_ref }) => {
                        if let Some(r) = seen.iter_mut().find(|r| &r.mall_ref == mall_ref) {
                            r.tracking_number = w.tracking_number.clone();
                        }
                    }
                }
            }
            let again = plan_parcels(&wanted, &seen);
            let settled = again.iter().all(|p| matches!(p, ParcelPlan::AlreadyThere { .. }));
            prop_assert!(settled);
        }
    }

    #[test]
    fn kinds_and_states_have_one_stable_text_and_read_back() {
        for kind in [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(WriteKind::parse(kind.as_str()), Some(kind));
        }
        for state in StepState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(StepState::parse(state.as_str()), Some(state));
        }
        // A kind or state of a newer program is left to it.
        assert_eq!((WriteKind::parse("stock_push"), StepState::parse("halfway")), (None, None));
    }

    #[test]
    fn what_the_mall_may_already_have_is_in_flight_f32() {
        let in_flight: Vec<_> = StepState::ALL.into_iter().filter(|s| s.is_in_flight()).collect();
        // A file that is out may have been uploaded already.
        assert_eq!(in_flight, [StepState::Sending, StepState::Pending, StepState::Unknown, StepState::Filed]);
        let neither: Vec<_> =
            StepState::ALL.into_iter().filter(|s| !s.is_in_flight() && !s.is_final()).collect();
        assert_eq!(neither, [StepState::Ready]);
    }
}
