//! 履歴: what happened to an order, told so that folding it gives the order's current state (I4).

use crate::hold::Hold;
use crate::reason::Reason;
use serde::{Deserialize, Serialize};

/// Who or what did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "actor", rename_all = "snake_case")]
pub enum By {
    /// A person, by login name.
    User {
        /// Login name.
        name: String,
    },
    /// The command line on the machine itself.
    Cli,
    /// Choba by itself (schedule, rule, lane).
    System,
    /// The mall (seen at an import or a read-back).
    Mall,
}

impl By {
    /// A person did it. Only a person may override a hold (FRD-4), and only people renew 最終更新日 (NTF-12).
    pub fn is_person(&self) -> bool {
        matches!(self, By::User { .. } | By::Cli)
    }
}

/// Why of a move that a person made in spite of a hold (FRD-4).
pub const HOLD_OVERRIDDEN: &str = "fraud_hold_overridden";

/// One thing that happened. Serialised into the history row; holds no buyer data (field names, never values).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields are their meaning")]
pub enum Event {
    /// Brought in.
    Imported { phase: String, mall_status: String },
    /// A person made an order of a 仮伝票: only its number is known, the mall has not told the rest (IMP-14).
    Activated {},
    /// The mall's own facts changed.
    MallStatusChanged { from: String, to: String },
    /// The mall's hold came, changed or ended (FRD-1, FRD-5).
    HoldChanged { from: Hold, to: Hold },
    /// The mall's copy changed; ours did not (IMP-9).
    ChangedAtMall { fields: Vec<String> },
    /// The mall's copy was taken over; staff's edits that were kept are named.
    Merged { taken: Vec<String>, kept: Vec<String>, conflicts: Vec<String> },
    /// Staff changed fields.
    Edited { fields: Vec<String> },
    /// Moved between phases. `why` is [`HOLD_OVERRIDDEN`] when a person moved a held order all the same (FRD-4).
    PhaseMoved { from: String, to: String, why: String },
    /// 管理区分.
    HandlingClassChanged { from: String, to: String },
    /// A parcel was entered or corrected.
    ParcelSet { parcel_id: i64, version: i64 },
    /// A parcel was taken away.
    ParcelRemoved { parcel_id: i64 },
    /// A write was put into the outbox.
    WriteWanted { kind: String, outbox_id: i64 },
    /// A shipment went into a file for upload by hand.
    WrittenToFile { file_id: i64, file: String },
    /// A person said whether that file was uploaded.
    FileAnswered { file_id: i64, done: bool },
    /// A write ended or changed its state.
    WriteState { kind: String, outbox_id: i64, state: String, reason: Option<Reason> },
    /// The state of a write other than the shipment notice was set by hand.
    WriteStateByHand { kind: String, from: String, to: String },
    /// 連携ステータス changed.
    NoticeStateChanged { from: String, to: String, why: String },
    /// Something did not happen, and why.
    NotDone { what: String, reason: Reason },
    /// A flag for people was raised or lowered.
    Flagged { flag: String, raised: bool, reason: Option<Reason> },
    /// Buyer data was erased.
    Erased {},
}
