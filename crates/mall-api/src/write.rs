//! Writing back: functions that build calls and read answers. The engine sends, records and times; what a writer asks
//! the mall by itself (`prepare`, `result`, `find_receipt`) has no effect on any order.

use crate::Session;
use crate::credentials::Settings;
use crate::error::MallError;
use crate::wire::{WireAnswer, WireRequest};
use domain::reason::Reason;
use domain::write::{Outcome, SendMode, Step, WriteKind};
use domain::{Snapshot, StepId, UtcMillis};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// One step on its way into a call.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The step.
    pub step: Step,
    /// How it is to be sent.
    pub mode: SendMode,
    /// The order as it stood at the mall a moment ago; `None` where the write needs no look first.
    pub order: Option<Arc<Snapshot>>,
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
    /// This program cannot ask for the result of this draft: its orders are read back.
    CannotAsk,
    /// The question failed.
    Failed(MallError),
}

/// Writing orders back.
#[async_trait::async_trait]
pub trait OrderWriter: Send + Sync {
    /// Decides, for all steps of one order, how they are to be sent, from the order as it stands at the mall. One
    /// decision per step, in the same order.
    fn decide(&self, steps: &[Step], order: &Snapshot) -> Vec<Decision>;

    /// Puts steps of one kind and one shop into as few calls as the mall allows. Every step is in exactly one call;
    /// steps of one order are never spread over calls, unless each call is safe by itself.
    fn build(&self, kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft>;

    /// What must be done at the mall before the call, without effect on any order (a document is filled for it).
    /// Runs before the call is recorded; what it gives is recorded and sent.
    ///
    /// # Errors
    /// What the mall answered, by meaning; the steps stay as they were.
    async fn prepare(&self, session: &Session<'_>, draft: CallDraft) -> Result<CallDraft, MallError> {
        let _ = session;
        Ok(draft)
    }

    /// Reads the answer to a call.
    fn read_answer(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading;

    /// Asks for a pending result.
    async fn result(&self, session: &Session<'_>, draft: &CallDraft, receipt: &str) -> PollReading {
        let _ = (session, draft, receipt);
        PollReading::CannotAsk
    }

    /// Looks for the receipt of a call whose answer was lost, among what the mall lists of its own work. `None`: not
    /// there (any more), or the mall has no such list; then the orders are read back.
    ///
    /// # Errors
    /// What the mall answered, by meaning.
    async fn find_receipt(
        &self,
        session: &Session<'_>,
        draft: &CallDraft,
        begun_at: UtcMillis,
    ) -> Result<Option<String>, MallError> {
        let _ = (session, draft, begun_at);
        Ok(None)
    }
}
