//! Writing back: pure functions that build calls and read answers. The engine sends, records and times.

use crate::credentials::Settings;
use crate::error::MallError;
use crate::wire::{WireAnswer, WireRequest};
use domain::reason::Reason;
use domain::snapshot::MallFacts;
use domain::write::{Outcome, SendMode, Step, WriteKind};
use domain::{StepId, UtcMillis};
use serde::{Deserialize, Serialize};

/// What to do with a step after a look at the mall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The mall already has exactly this.
    AlreadyThere {
        /// The mall's id of the record, where there is one.
        mall_ref: Option<String>,
    },
    /// Send it.
    Send(SendMode),
    /// Not now; look again later.
    NotNow {
        /// Why.
        reason: Reason,
    },
    /// Will not work.
    Refuse {
        /// Why.
        reason: Reason,
    },
}

/// One request with the steps it carries. Stored before it is sent; a later program version may read its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallDraft {
    /// Version of the adapter's draft format.
    pub format: u32,
    /// Kind of write.
    pub kind: WriteKind,
    /// The request, without credentials.
    pub request: WireRequest,
    /// Steps in the order the adapter put them in.
    pub items: Vec<StepId>,
    /// What the adapter needs to read the answer (order number and record number of each item …).
    pub memo: serde_json::Value,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnswerReading {
    /// Outcome per step. A step of the draft that is missing here is unclear.
    pub outcomes: Vec<(StepId, Outcome)>,
    /// Settings the adapter learnt (another date format), to be kept for the shop.
    pub learnt: Vec<(String, String)>,
    /// The whole call failed for this reason (credential, throttle …): the engine also holds the lane.
    pub failure: Option<MallError>,
}

/// What a question for a pending result says.
#[derive(Debug, Clone, PartialEq)]
pub enum PollReading {
    /// Not ready, or the mall cannot tell.
    NotYet,
    /// Results per step. A step that is missing is unclear.
    Done(Vec<(StepId, Outcome)>),
    /// The question failed.
    Failed(MallError),
}

/// Writing orders back.
pub trait OrderWriter: Send + Sync {
    /// Decides, for all steps of one order, how they are to be sent, from what stands at the mall. One decision per
    /// step, in the same order.
    fn decide(&self, steps: &[Step], facts: &MallFacts) -> Vec<Decision>;

    /// Puts steps of one kind and one shop into as few calls as the mall allows. Every step is in exactly one call;
    /// steps of one order are never spread over calls.
    fn build(&self, kind: WriteKind, steps: &[(Step, SendMode)], settings: &Settings) -> Vec<CallDraft>;

    /// Reads the answer to a call.
    fn read_answer(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading;

    /// The question for a pending result; `None`: the mall gives results at once.
    fn poll(&self, draft: &CallDraft, receipt: &str) -> Option<WireRequest> {
        let _ = (draft, receipt);
        None
    }

    /// Reads the answer to the question for a result.
    fn read_poll(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> PollReading {
        let _ = (draft, answer, now);
        PollReading::NotYet
    }
}
