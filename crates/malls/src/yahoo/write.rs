//! Writing back (yahoo.md 5.4, 6): decisions, drafts and the reading of answers. Shipments are in `shipping`.

use super::auth::seller;
use super::codes;
use super::descriptor::{COMPLETION_PAUSE, COMPLETION_PAUSE_DEFAULT, OPERATION_USER, operation};
use super::envelope::{self, status_of};
use super::errors::{is_known, is_warning, of_mall, own};
use super::mapping::{SPLIT, SUSPECT};
use super::search::post;
use super::shipping::{self, hold_decision, is_shipped};
use super::text::write_date;
use super::xml::{Node, element, group};
use domain::reason;
use domain::snapshot::{MallFacts, MallStage};
use domain::time::SECOND;
use domain::write::{Outcome, SendMode, Step, WriteKind};
use domain::{Reason, Snapshot, StepId, UtcMillis};
use mall_api::outcome::of_mall_error;
use mall_api::{
    AnswerReading, CallDraft, Decision, MallError, MallErrorKind, Outgoing, Settings, WireAnswer, WireRequest,
};
use serde::{Deserialize, Serialize};

/// Version of the drafts below. A stored draft of another version is not read: its steps are read back.
pub(super) const FORMAT: u32 = 1;
/// 完了.
const DONE: &str = "5";
/// So many pauses after the shipping change a refused completion is still taken for "too early" (6.3).
const EARLY_PAUSES: i64 = 3;

/// Which function a draft calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// orderShipStatusChange.
    Ship,
    /// orderStatusChange.
    Status,
    /// orderPayStatusChange.
    Pay,
}

/// What is remembered to read the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memo {
    /// The function.
    what: What,
    /// The order.
    order: String,
    /// The code to set, for a change of status.
    target: Option<String>,
    /// Last change of the order at the mall before the call.
    changed_at: Option<UtcMillis>,
    /// Milliseconds between the shipping change and the completion.
    pause_ms: i64,
    /// The steps.
    steps: Vec<StepId>,
    /// Where each step's parcel stands at the mall after the call.
    places: Vec<Option<String>>,
}

impl Memo {
    /// For the steps of one order.
    pub(super) fn new(what: What, order: &str, steps: &[&Outgoing]) -> Self {
        let seen = steps.iter().find_map(|sent| sent.order.as_ref());
        Self {
            what,
            order: order.to_owned(),
            target: steps.iter().find_map(|sent| sent.step.target.clone()),
            changed_at: seen.and_then(|order| order.facts.changed_at),
            pause_ms: 0,
            steps: steps.iter().map(|sent| sent.step.step_id).collect(),
            places: Vec::new(),
        }
    }

    /// With the place of each parcel.
    pub(super) fn at(self, places: Vec<Option<String>>) -> Self {
        Self { places, ..self }
    }

    fn of(draft: &CallDraft) -> Option<Self> {
        (draft.format == FORMAT).then(|| serde_json::from_value(draft.memo.clone()).ok()).flatten()
    }

    fn completes(&self) -> bool {
        self.what == What::Status && self.target.as_deref() == Some(DONE)
    }
}

/// A finished draft.
pub(super) fn draft(kind: WriteKind, request: WireRequest, memo: &Memo) -> CallDraft {
    let items = memo.steps.clone();
    CallDraft { format: FORMAT, kind, request, items, memo: serde_json::to_value(memo).unwrap_or_default() }
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

/// `Target` with the order; IsPointFix must be true for shipping and 完了, false otherwise (6.1, 6.2).
pub(super) fn target(order: &str, point_fix: bool, settings: &Settings) -> String {
    let mut parts = vec![element("OrderId", order), element("IsPointFix", &point_fix.to_string())];
    parts.extend(operation_user(settings));
    group("Target", &parts)
}

fn operation_user(settings: &Settings) -> Option<String> {
    let user = settings.get(OPERATION_USER).map(str::trim).filter(|user| !user.is_empty())?;
    Some(element("OperationUser", &user.chars().take(120).collect::<String>()))
}

/// Decides for all steps of one order.
pub(super) fn decide(steps: &[Step], order: &Snapshot) -> Vec<Decision> {
    let parcels = shipping::decide(steps, order);
    steps
        .iter()
        .zip(parcels)
        .map(|(step, parcel)| match step.kind {
            WriteKind::ShipmentNotice => parcel,
            WriteKind::MallStatus => decide_status(step, order),
            WriteKind::PaymentStatus => decide_payment(step, order),
            WriteKind::ConfirmOrder => Decision::Refuse { reason: reason::write_not_offered() },
        })
        .collect()
}

/// What stands against any change: a hold, a cancel, a split at the mall.
pub(super) fn held(facts: &MallFacts) -> Option<Decision> {
    let cancelled = || {
        let split = facts.cancel.as_ref().is_some_and(|cancel| cancel.reason.code == SPLIT);
        Decision::Refuse {
            reason: if split { own("YAHOO_SPLIT_PARENT") } else { reason::cancelled_at_mall() },
        }
    };
    let done = facts.cancel.as_ref().is_some_and(|cancel| cancel.done);
    (done || facts.stage == MallStage::Cancelled).then(cancelled).or_else(|| hold_decision(facts))
}

/// The moves the mall knows (6.2). 予約中 is left only by completing or cancelling, キャンセル never.
fn may_move(from: &str, to: &str) -> bool {
    matches!((from, to), ("1", "5") | ("2", "3" | "5") | ("3", "1" | "2" | "5") | ("5", "2"))
}

fn decide_status(step: &Step, order: &Snapshot) -> Decision {
    let facts = &order.facts;
    let refuse = |code: &str| Decision::Refuse { reason: own(code) };
    let not_now = |code: &str| Decision::NotNow { reason: own(code) };
    let from = facts.status.code.as_str();
    let to = match step.target.as_deref() {
        Some("4") if from != "4" => return refuse("YAHOO_CANCEL_BY_PERSON"),
        Some(code @ ("1" | "2" | "3" | "4" | DONE)) => code,
        _ => return Decision::Refuse { reason: reason::write_not_offered() },
    };
    if from == to {
        return Decision::AlreadyThere { mall_ref: None };
    }
    if let Some(decision) = held(facts) {
        return decision;
    }
    if facts.stage == MallStage::Unknown {
        return Decision::NotNow { reason: reason::mall_status_unknown(from) };
    }
    if !may_move(from, to) {
        return refuse("YAHOO_NO_SUCH_MOVE");
    }
    let suspect = facts.cautions.iter().any(|caution| caution.code.starts_with(SUSPECT));
    if suspect && (to == DONE || (from, to) == ("3", "2")) {
        return refuse("YAHOO_SUSPECT");
    }
    if to == DONE {
        // The precondition of ※5 is not published: paid and shipped, as one vendor does it [I].
        if facts.payment_status.as_ref().is_none_or(|status| status.code != "1") {
            return not_now("YAHOO_UNPAID");
        }
        if !is_shipped(facts) {
            return not_now("YAHOO_NOT_SHIPPED");
        }
    }
    Decision::Send(SendMode::Add)
}

fn decide_payment(step: &Step, order: &Snapshot) -> Decision {
    let facts = &order.facts;
    let to = match step.target.as_deref() {
        Some(code @ ("0" | "1")) => code,
        _ => return Decision::Refuse { reason: reason::write_not_offered() },
    };
    if facts.payment_status.as_ref().is_some_and(|status| status.code == to) {
        return Decision::AlreadyThere { mall_ref: None };
    }
    if let Some(decision) = held(facts) {
        return decision;
    }
    if codes::is_settled_by_mall(&order.content.payment.method.code) {
        return Decision::Refuse { reason: own("YAHOO_MALL_SETTLES") };
    }
    Decision::Send(SendMode::Add)
}

/// Builds the calls of one kind.
pub(super) fn build(kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
    match kind {
        WriteKind::ShipmentNotice => shipping::build(steps, settings),
        WriteKind::MallStatus => steps.iter().map(|step| build_status(step, settings)).collect(),
        WriteKind::PaymentStatus => steps.iter().map(|step| build_payment(step, settings)).collect(),
        WriteKind::ConfirmOrder => Vec::new(),
    }
}

fn build_status(sent: &Outgoing, settings: &Settings) -> CallDraft {
    let (order, code) = (sent.step.mall_order_id.as_str(), sent.step.target.as_deref().unwrap_or_default());
    let body = [
        element("SellerId", seller(settings).unwrap_or_default()),
        target(order, code == DONE, settings),
        group("Order", &[element("OrderStatus", code)]),
    ];
    let pause = settings.int(COMPLETION_PAUSE, COMPLETION_PAUSE_DEFAULT).clamp(0, 3_600);
    let memo = Memo { pause_ms: pause * SECOND, ..Memo::new(What::Status, order, &[sent]) };
    draft(WriteKind::MallStatus, post(operation::STATUS, &group("Req", &body)), &memo)
}

/// 入金日 is written by `prepare`, which knows the day.
fn build_payment(sent: &Outgoing, settings: &Settings) -> CallDraft {
    let (order, code) = (sent.step.mall_order_id.as_str(), sent.step.target.as_deref().unwrap_or_default());
    let mut target = vec![element("OrderId", order)];
    target.extend(operation_user(settings));
    let body = [
        element("SellerId", seller(settings).unwrap_or_default()),
        group("Target", &target),
        group("Order", &[group("Pay", &[element("PayStatus", code)])]),
    ];
    let memo = Memo::new(What::Pay, order, &[sent]);
    draft(WriteKind::PaymentStatus, post(operation::PAY, &group("Req", &body)), &memo)
}

/// Right before the call: a completion waits until the shipping change has settled (6.3); a payment gets its day (5.4).
pub(super) fn prepare(mut draft: CallDraft, now: UtcMillis) -> Result<CallDraft, MallError> {
    let Some(memo) = Memo::of(&draft) else { return Ok(draft) };
    if memo.completes()
        && let Some(rest) = rest_of_pause(&memo, now)
    {
        let kind = MallErrorKind::RateLimited { retry_after_ms: Some(rest) };
        return Err(MallError::new(kind, own("YAHOO_PAUSE")));
    }
    if memo.what == What::Pay && memo.target.as_deref() == Some("1") {
        let day = format!("</PayStatus>{}", element("PayDate", &write_date(now.japan_date())));
        let body = String::from_utf8_lossy(&draft.request.body);
        if !body.contains("<PayDate>") {
            draft.request.body = body.replace("</PayStatus>", &day).into_bytes();
        }
    }
    Ok(draft)
}

/// What is left of the pause. A last change that lies further off than the pause, on either side, is another clock's.
fn rest_of_pause(memo: &Memo, now: UtcMillis) -> Option<i64> {
    let since = now.since(memo.changed_at?);
    (since.abs() < memo.pause_ms).then(|| (memo.pause_ms - since.max(0)).max(1))
}

fn all(draft: &CallDraft, outcome: &Outcome) -> Vec<(StepId, Outcome)> {
    draft.items.iter().map(|step| (*step, outcome.clone())).collect()
}

fn reading(draft: &CallDraft, outcome: &Outcome, failure: Option<MallError>) -> AnswerReading {
    AnswerReading { outcomes: all(draft, outcome), learnt: Vec::new(), failure }
}

/// Reads an answer: 200 and `Status` OK and no error is success (5.6); warnings are kept.
pub(super) fn read_answer(draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
    let Some(memo) = Memo::of(draft) else {
        return reading(draft, &Outcome::Unknown { reason: reason::answer_unclear() }, None);
    };
    match envelope::open(answer) {
        Ok(document) if document.name == "ResultSet" && status_of(&document) == "OK" => {
            let warnings = warnings(&document);
            let outcomes = draft.items.iter().enumerate().map(|(n, step)| {
                let mall_ref = memo.places.get(n).cloned().flatten();
                (*step, Outcome::Applied { warnings: warnings.clone(), mall_ref })
            });
            AnswerReading { outcomes: outcomes.collect(), ..AnswerReading::default() }
        }
        Ok(_) => {
            let error = envelope::unreadable("Status");
            reading(draft, &of_mall_error(&error, now), Some(error))
        }
        Err(error) => failed(&memo, draft, answer, error, now),
    }
}

fn warnings(document: &Node<'_>) -> Vec<Reason> {
    let Some(result) = document.child("Result") else { return Vec::new() };
    let warning = |node: &Node<'_>| {
        let (code, text) = (node.text_of("Code"), node.text_of("Message"));
        let detail = node.child("Detail").map(words).unwrap_or_default();
        let words =
            [text, detail.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
        (!code.is_empty() || !words.is_empty()).then(|| of_mall(code, &words))
    };
    result.all("Warning").filter_map(warning).collect()
}

/// `LineIds=1,2 …`: what stands in a warning's Detail (6.2).
fn words(node: &Node<'_>) -> String {
    let mut parts: Vec<String> = node.children.iter().map(|c| format!("{}={}", c.name, c.text)).collect();
    if !node.text.is_empty() {
        parts.insert(0, node.text.to_string());
    }
    parts.join(" ")
}

/// A call that was not taken, or of which it cannot be said (9.2, last paragraph).
fn failed(
    memo: &Memo,
    draft: &CallDraft,
    answer: &WireAnswer,
    error: MallError,
    now: UtcMillis,
) -> AnswerReading {
    let code = error.reason.mall_code.clone().unwrap_or_default();
    if is_warning(&code) {
        // Said as an error, it still means "already so".
        let warnings = vec![(*error.reason).clone()];
        return reading(draft, &Outcome::Applied { warnings, mall_ref: None }, None);
    }
    let outcome = match error.kind {
        // Right after the shipping change the mall refuses completions (6.3) with a code nobody has written down.
        MallErrorKind::Refused if memo.completes() && !is_known(&code) && is_early(memo, now) => {
            let until = Some(now.plus(memo.pause_ms.max(SECOND)));
            Outcome::Deferred { until, reason: (*error.reason).clone() }
        }
        // A page with success says nothing about what happened before it (F27).
        MallErrorKind::Maintenance { .. } if answer.status < 400 => {
            Outcome::Unknown { reason: reason::answer_unclear() }
        }
        _ => of_mall_error(&error, now),
    };
    reading(draft, &outcome, Some(error))
}

fn is_early(memo: &Memo, now: UtcMillis) -> bool {
    let span = memo.pause_ms.saturating_mul(EARLY_PAUSES);
    memo.changed_at.is_some_and(|changed| now.since(changed).abs() < span)
}
