//! Writing back: decisions, drafts and the reading of answers. 注文確認 is here, shipments are in `shipping`.

use super::descriptor::{CONTENT_TYPE_SPACE, operation};
use super::envelope::{self, Kind, Message};
use super::wire_types::WriteReply;
use super::{codes, shipping};
use domain::reason;
use domain::snapshot::{MallFacts, MallStage};
use domain::write::{Outcome, SendMode, Step, WriteKind};
use domain::{Reason, StepId, UtcMillis};
use mall_api::outcome::of_mall_error;
use mall_api::{
    AnswerReading, CallDraft, Decision, MallError, MallErrorKind, Outgoing, PollReading, Settings, WireAnswer,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Version of the drafts below. A stored draft of another version is not read: its steps are read back.
pub(super) const FORMAT: u32 = 1;
/// Most orders of one confirmOrder (2.4) and one updateOrderShippingAsync (2.6).
pub(super) const BATCH: usize = 100;

/// Which function a draft calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// confirmOrder.
    Confirm,
    /// updateOrderShipping.
    Sync,
    /// updateOrderShippingAsync.
    Async,
}

/// One step inside a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The step.
    pub(super) step: StepId,
    /// Its order.
    pub(super) order: String,
    /// Its place among the shipping records of the order, from 1 through all baskets (2.5); 0 for a confirmation.
    pub(super) number: i64,
    /// The mall's record it updates.
    pub(super) mall_ref: Option<String>,
    /// It carries a date.
    pub(super) dated: bool,
}

/// What is remembered to read the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memo {
    /// The function.
    pub(super) mode: Mode,
    /// Content-Type was sent with a space.
    pub(super) space: bool,
    /// shippingDate was sent as `yyyyMMdd`.
    pub(super) compact: bool,
    /// Steps in the order they were written.
    pub(super) records: Vec<Record>,
}

impl Memo {
    pub(super) fn of(draft: &CallDraft) -> Option<Self> {
        (draft.format == FORMAT).then(|| serde_json::from_value(draft.memo.clone()).ok()).flatten()
    }
}

/// A finished draft.
pub(super) fn draft(kind: WriteKind, function: &str, body: &serde_json::Value, memo: &Memo) -> CallDraft {
    CallDraft {
        format: FORMAT,
        kind,
        request: envelope::order_request(function, memo.space, body.to_string().into_bytes()),
        items: memo.records.iter().map(|record| record.step).collect(),
        memo: serde_json::to_value(memo).unwrap_or_default(),
    }
}

/// Decides for all steps of one order.
pub(super) fn decide(steps: &[Step], facts: &MallFacts) -> Vec<Decision> {
    let parcels = shipping::decide(steps, facts);
    steps
        .iter()
        .zip(parcels)
        .map(|(step, parcel)| match step.kind {
            WriteKind::ConfirmOrder => decide_confirm(facts),
            WriteKind::ShipmentNotice => parcel,
            WriteKind::MallStatus | WriteKind::PaymentStatus => {
                Decision::Refuse { reason: reason::write_not_offered() }
            }
        })
        .collect()
}

/// Only 100 is confirmed; every later status was confirmed by somebody, perhaps by RMS itself (2.4).
fn decide_confirm(facts: &MallFacts) -> Decision {
    match facts.stage {
        MallStage::AwaitingConfirmation => Decision::Send(SendMode::Add),
        MallStage::MallProcessing
        | MallStage::Shippable
        | MallStage::ChangePending
        | MallStage::PartlyShipped
        | MallStage::Shipped
        | MallStage::Closed => Decision::AlreadyThere { mall_ref: None },
        MallStage::CancelRequested | MallStage::Cancelled => {
            Decision::Refuse { reason: reason::cancelled_at_mall() }
        }
        MallStage::Unknown => Decision::NotNow { reason: reason::mall_status_unknown(&facts.status.code) },
    }
}

/// The mall's status in words.
pub(super) fn status_words(facts: &MallFacts) -> &str {
    codes::status(&facts.status.code).map_or(facts.status.code.as_str(), |(label, _)| label)
}

/// Builds the calls of one kind.
pub(super) fn build(kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
    match kind {
        WriteKind::ConfirmOrder => build_confirm(steps, settings),
        WriteKind::ShipmentNotice => shipping::build(steps, settings),
        WriteKind::MallStatus | WriteKind::PaymentStatus => Vec::new(),
    }
}

/// Steps by order, in the order the orders first appear.
pub(super) fn by_order(steps: &[Outgoing]) -> Vec<(&str, Vec<&Outgoing>)> {
    let mut groups: Vec<(&str, Vec<&Outgoing>)> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for step in steps {
        let order = step.step.mall_order_id.as_str();
        let place = *places.entry(order).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(step),
            None => groups.push((order, vec![step])),
        }
    }
    groups
}

fn build_confirm(steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
    let space = envelope::wants_space(settings);
    by_order(steps)
        .chunks(BATCH)
        .map(|part| {
            let numbers: Vec<&str> = part.iter().map(|(order, _)| *order).collect();
            let records = part.iter().flat_map(|(order, steps)| {
                steps.iter().map(|sent| Record {
                    step: sent.step.step_id,
                    order: (*order).to_owned(),
                    number: 0,
                    mall_ref: None,
                    dated: false,
                })
            });
            let memo = Memo { mode: Mode::Confirm, space, compact: false, records: records.collect() };
            let body = json!({ "orderNumberList": numbers });
            draft(WriteKind::ConfirmOrder, operation::CONFIRM, &body, &memo)
        })
        .collect()
}

/// The same outcome for every step.
pub(super) fn all(draft: &CallDraft, outcome: &Outcome) -> Vec<(StepId, Outcome)> {
    draft.items.iter().map(|step| (*step, outcome.clone())).collect()
}

/// An unclear outcome.
pub(super) fn unclear(reason: Reason) -> Outcome {
    Outcome::Unknown { reason }
}

/// Reads an answer: HTTP status and envelope first, then each message.
pub(super) fn read_answer(draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
    let space_refused = envelope::refuses_content_type(answer);
    let Some(memo) = Memo::of(draft) else {
        return AnswerReading {
            outcomes: all(draft, &unclear(reason::answer_unclear())),
            ..AnswerReading::default()
        };
    };
    if space_refused && memo.space {
        // Refused by the gateway before anything was read (1.1): sent again in the other form.
        let outcome = Outcome::Deferred { until: None, reason: super::errors::own("ES04-03") };
        return AnswerReading {
            outcomes: all(draft, &outcome),
            learnt: vec![(CONTENT_TYPE_SPACE.to_owned(), "false".to_owned())],
            failure: None,
        };
    }
    match open(answer) {
        Ok(messages) => match memo.mode {
            Mode::Confirm => AnswerReading {
                outcomes: memo.records.iter().map(|r| (r.step, confirmed(r, &messages))).collect(),
                ..AnswerReading::default()
            },
            Mode::Sync => shipping::read_sync(&memo, answer.status, &messages),
            Mode::Async => shipping::read_async(&memo, &messages),
        },
        Err(error) => failed(draft, answer, error, now),
    }
}

/// The messages of an answer of the order API.
pub(super) fn open(answer: &WireAnswer) -> Result<Vec<Message>, MallError> {
    envelope::gate(answer)?;
    let reply: WriteReply = serde_json::from_slice(&answer.body).map_err(|_| envelope::unreadable("JSON"))?;
    envelope::messages(reply.messages)
}

/// A call that failed as a whole. A page for people instead of the answer says nothing about what happened before
/// it (F27): only with a status that says "not taken" does it count as not applied.
fn failed(draft: &CallDraft, answer: &WireAnswer, error: MallError, now: UtcMillis) -> AnswerReading {
    let page_with_success = answer.status < 400 && matches!(error.kind, MallErrorKind::Maintenance { .. });
    let outcome =
        if page_with_success { unclear(reason::answer_unclear()) } else { of_mall_error(&error, now) };
    AnswerReading { outcomes: all(draft, &outcome), learnt: Vec::new(), failure: Some(error) }
}

/// What one message means for its step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Done; the mall's id of the record.
    Done(Option<String>),
    /// A remark; with a record id it was done.
    Remark(Option<String>, Reason),
    /// Refused.
    No(Reason),
    /// Neither can be said.
    Unclear(Reason),
}

/// Puts the messages about one step together. Anything unclear makes it unclear, and so do messages that
/// contradict each other.
pub(super) fn fold(verdicts: Vec<Verdict>) -> Outcome {
    let (mut done, mut refs, mut warnings, mut refusals) = (false, Vec::new(), Vec::new(), Vec::new());
    for verdict in verdicts {
        match verdict {
            Verdict::Done(mall_ref) => {
                done = true;
                refs.extend(mall_ref);
            }
            Verdict::Remark(mall_ref, reason) => {
                done |= mall_ref.is_some();
                refs.extend(mall_ref);
                warnings.push(reason);
            }
            Verdict::No(reason) => refusals.push(reason),
            Verdict::Unclear(reason) => return unclear(reason),
        }
    }
    refs.dedup();
    match (done, refusals.into_iter().next()) {
        (true, None) if refs.len() <= 1 => Outcome::Applied { warnings, mall_ref: refs.pop() },
        (true, _) => unclear(reason::answer_unclear()),
        (false, Some(reason)) => Outcome::Rejected { reason },
        (false, None) => unclear(warnings.into_iter().next().unwrap_or_else(reason::not_in_answer)),
    }
}

/// The outcome of one confirmation (2.4). A message without an order number speaks of the whole call; it counts
/// only where nothing is said of the order itself, and only as a refusal.
fn confirmed(record: &Record, messages: &[Message]) -> Outcome {
    let own: Vec<Verdict> = messages
        .iter()
        .filter(|m| m.order.as_deref() == Some(record.order.as_str()))
        .map(confirm_verdict)
        .collect();
    if !own.is_empty() {
        return fold(own);
    }
    let whole = messages.iter().filter(|m| m.order.is_none() && m.kind == Kind::Error);
    fold(whole.map(confirm_verdict).collect())
}

fn confirm_verdict(message: &Message) -> Verdict {
    let suffix = message.code.strip_prefix("ORDER_EXT_API_CONFIRM_ORDER_").unwrap_or_default();
    match (message.kind, suffix) {
        (Kind::Info, "INFO_101") => Verdict::Done(None),
        // Already in another status: confirmed by somebody, or cancelled. The order is read again.
        (Kind::Error, "ERROR_103") => Verdict::Unclear(message.reason()),
        (Kind::Error, "ERROR_102" | "ERROR_105" | "ERROR_009" | "ERROR_011") => Verdict::No(message.reason()),
        _ => Verdict::Unclear(unknown_code(message)),
    }
}

/// An unknown code is neither success nor failure.
pub(super) fn unknown_code(message: &Message) -> Reason {
    reason::mall_code_unknown(&message.code).from_mall(&message.code, &message.text)
}

/// Reads the answer to the question for an asynchronous result.
pub(super) fn read_poll(draft: &CallDraft, answer: &WireAnswer) -> PollReading {
    if envelope::refuses_content_type(answer) {
        return PollReading::NotYet;
    }
    if let Err(error) = envelope::gate(answer) {
        return PollReading::Failed(error);
    }
    match (Memo::of(draft), serde_json::from_slice::<WriteReply>(&answer.body)) {
        (Some(memo), Ok(reply)) => match shipping::read_results(&memo, reply) {
            Ok(reading) => reading,
            Err(error) => PollReading::Failed(error),
        },
        (None, _) => PollReading::NotYet,
        (_, Err(_)) => PollReading::Failed(envelope::unreadable("JSON")),
    }
}
