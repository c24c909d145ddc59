//! 発送完了報告 (rakuten.md 2.5, 2.6, 3.5). Adding a record is not idempotent: every decision is made from the
//! records that stand at the mall, and an answer counts only for the record it names.

use super::descriptor::{ASYNC_THRESHOLD, ASYNC_THRESHOLD_DEFAULT, COMPACT, DATE_FORMAT, HYPHEN, operation};
use super::envelope::{self, Kind, Message};
use super::errors::own;
use super::text::has_platform_characters;
use super::wire_types::WriteReply;
use super::write::{
    BATCH, Memo, Mode, Record, Verdict, by_order, draft, fold, status_words, unclear, unknown_code,
};
use domain::StepId;
use domain::hold::Hold;
use domain::reason::{self, Reason};
use domain::snapshot::{MallFacts, MallStage};
use domain::write::{Outcome, ParcelPlan, SendMode, Step, WantedParcel, WriteKind, plan_parcels};
use mall_api::{AnswerReading, CallDraft, Decision, MallError, Outgoing, PollReading, Settings, WireRequest};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Most shipping records per recipient (2.5).
const MAX_RECORDS: usize = 20;
/// Longest 配送番号 in characters (2.5).
const MAX_NUMBER: usize = 120;

/// Decides for the parcels of one order. One decision per step; steps of another kind get a place holder that the
/// caller does not use.
pub(super) fn decide(steps: &[Step], facts: &MallFacts) -> Vec<Decision> {
    let wanted: Vec<WantedParcel> = steps.iter().filter_map(parcel).cloned().collect();
    let mut plans = plan_parcels(&wanted, &facts.shipments).into_iter();
    let mut adds: BTreeMap<String, usize> = BTreeMap::new();
    for record in &facts.shipments {
        *adds.entry(record.recipient_key.clone()).or_default() += 1;
    }
    steps
        .iter()
        .map(|step| {
            let planned = parcel(step).and_then(|parcel| plans.next().map(|plan| (parcel, plan)));
            let Some((parcel, plan)) = planned else {
                return Decision::Refuse { reason: reason::no_parcel() };
            };
            match plan {
                // What stands there was done, whatever the order has become since.
                ParcelPlan::AlreadyThere { mall_ref } => Decision::AlreadyThere { mall_ref: Some(mall_ref) },
                ParcelPlan::Send(mode) => {
                    allowed(facts).or_else(|| unfit(parcel, &mode, &mut adds)).unwrap_or(Decision::Send(mode))
                }
            }
        })
        .collect()
}

fn parcel(step: &Step) -> Option<&WantedParcel> {
    step.parcel.as_ref().filter(|_| step.kind == WriteKind::ShipmentNotice)
}

/// What the order's own state says against sending now (3.1, 3.5).
fn allowed(facts: &MallFacts) -> Option<Decision> {
    if matches!(facts.stage, MallStage::CancelRequested | MallStage::Cancelled) {
        return Some(Decision::Refuse { reason: reason::cancelled_at_mall() });
    }
    let reason = match facts.stage {
        MallStage::Unknown => reason::mall_status_unknown(&facts.status.code),
        MallStage::AwaitingConfirmation | MallStage::MallProcessing | MallStage::ChangePending => {
            reason::mall_not_ready(status_words(facts))
        }
        _ if matches!(facts.hold, Hold::MallChecking | Hold::Fraud { .. }) => reason::mall_holds_order(),
        _ => return None,
    };
    Some(Decision::NotNow { reason })
}

/// What the parcel itself says against sending it ever.
fn unfit(parcel: &WantedParcel, mode: &SendMode, records: &mut BTreeMap<String, usize>) -> Option<Decision> {
    let refuse = |reason: Reason| Some(Decision::Refuse { reason });
    if parcel.carrier_code.is_empty() && parcel.tracking_number.is_empty() && parcel.shipped_on.is_none() {
        // Nothing to say: it would only leave an empty record that keeps the order out of 発送済.
        return refuse(reason::no_parcel());
    }
    if parcel.recipient_key.parse::<i64>().is_err() {
        return refuse(own("RAKUTEN_NO_BASKET"));
    }
    if parcel.tracking_number.chars().count() > MAX_NUMBER || has_platform_characters(&parcel.tracking_number)
    {
        return refuse(reason::tracking_number_not_sendable());
    }
    if *mode == SendMode::Add {
        let count = records.entry(parcel.recipient_key.clone()).or_default();
        if *count >= MAX_RECORDS {
            return refuse(own("RAKUTEN_TOO_MANY_RECORDS"));
        }
        *count += 1;
    }
    None
}

/// Builds the calls: one order each, or up to 100 orders by the asynchronous function when there are many.
pub(super) fn build(steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
    let space = envelope::wants_space(settings);
    let compact = settings.get(DATE_FORMAT).unwrap_or(HYPHEN) == COMPACT;
    let threshold = settings.int(ASYNC_THRESHOLD, ASYNC_THRESHOLD_DEFAULT);
    let orders = by_order(steps);
    let count = i64::try_from(orders.len()).unwrap_or(i64::MAX);
    let many = threshold > 0 && count >= threshold;
    let size = if many { BATCH } else { 1 };
    orders
        .chunks(size)
        .map(|part| {
            let mut records = Vec::new();
            let mut models: Vec<Value> =
                part.iter().map(|(order, steps)| order_model(order, steps, compact, &mut records)).collect();
            let mode = if many { Mode::Async } else { Mode::Sync };
            let memo = Memo { mode, space, compact, records };
            let (function, body) = if many {
                (operation::SHIP_ASYNC, json!({ "OrderShippingModelList": models }))
            } else {
                (operation::SHIP, models.pop().unwrap_or_default())
            };
            draft(WriteKind::ShipmentNotice, function, &body, &memo)
        })
        .collect()
}

/// One order's records, grouped by recipient; dataNumber counts through all recipients in this order (2.5).
fn order_model(order: &str, steps: &[&Outgoing], compact: bool, records: &mut Vec<Record>) -> Value {
    type Parcels<'a> = Vec<(&'a Step, &'a WantedParcel, &'a SendMode)>;
    let mut baskets: Vec<(&str, Parcels<'_>)> = Vec::new();
    for (step, mode) in steps.iter().map(|sent| (&sent.step, &sent.mode)) {
        let Some(parcel) = step.parcel.as_ref() else { continue };
        let key = parcel.recipient_key.as_str();
        match baskets.iter_mut().find(|(basket, _)| *basket == key) {
            Some((_, list)) => list.push((step, parcel, mode)),
            None => baskets.push((key, vec![(step, parcel, mode)])),
        }
    }
    let mut number = 0;
    let mut models = Vec::new();
    for (basket, parcels) in baskets {
        let mut rows = Vec::new();
        for (step, parcel, mode) in parcels {
            number += 1;
            let mall_ref = match mode {
                SendMode::Add => None,
                SendMode::Update { mall_ref } => Some(mall_ref.clone()),
            };
            rows.push(record_model(parcel, mall_ref.as_deref(), compact));
            records.push(Record {
                step: step.step_id,
                order: order.to_owned(),
                number,
                mall_ref,
                dated: parcel.shipped_on.is_some(),
            });
        }
        models.push(json!({ "basketId": id(basket), "ShippingModelList": rows }));
    }
    json!({ "orderNumber": order, "BasketidModelList": models })
}

/// Ids are numbers at the mall.
fn id(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
}

/// A blank field is left out: an absent key leaves the mall's value as it is, an empty one would delete it, and
/// deliveryCompany must not be empty at all (2.5).
fn record_model(parcel: &WantedParcel, mall_ref: Option<&str>, compact: bool) -> Value {
    let mut model = Map::new();
    if let Some(mall_ref) = mall_ref {
        model.insert("shippingDetailId".to_owned(), id(mall_ref));
    }
    if !parcel.carrier_code.is_empty() {
        model.insert("deliveryCompany".to_owned(), json!(parcel.carrier_code));
    }
    if !parcel.tracking_number.is_empty() {
        model.insert("shippingNumber".to_owned(), json!(parcel.tracking_number));
    }
    if let Some(day) = parcel.shipped_on {
        let text = if compact { day.strftime("%Y%m%d").to_string() } else { day.to_string() };
        model.insert("shippingDate".to_owned(), json!(text));
    }
    Value::Object(model)
}

fn suffix(message: &Message) -> Option<&str> {
    let rest = message.code.strip_prefix("ORDER_EXT_API_UPDATE_ORDERSHIPPING_")?;
    Some(rest.strip_prefix("ASYNC_").unwrap_or(rest))
}

/// What one message says of one record.
fn verdict(message: &Message, record: &Record) -> Verdict {
    let asynchronous = message.code.contains("_ASYNC_");
    let seen = || message.record.clone().or_else(|| record.mall_ref.clone());
    match (message.kind, suffix(message).unwrap_or_default()) {
        (Kind::Info, "INFO_101" | "INFO_102") if !asynchronous => Verdict::Done(seen()),
        // Only a record id shows that it had an effect; without one the order is read again.
        (Kind::Warning, "WARNING_101") if !asynchronous => {
            Verdict::Remark(message.record.clone(), message.reason())
        }
        (Kind::Error, "ERROR_009" | "ERROR_011") => Verdict::No(message.reason()),
        (Kind::Error, "ERROR_101" | "ERROR_102") if !asynchronous => Verdict::No(message.reason()),
        _ => Verdict::Unclear(unknown_code(message)),
    }
}

/// Does the message speak of this record? By its place, else by the mall's id, else it speaks of the whole order.
fn names(message: &Message, record: &Record) -> bool {
    match (message.data_number, &message.record) {
        (Some(number), _) => number == record.number,
        (None, Some(mall_ref)) => record.mall_ref.as_ref() == Some(mall_ref),
        (None, None) => false,
    }
}

fn is_about_whole_order(message: &Message) -> bool {
    message.data_number.is_none() && message.record.is_none()
}

/// A refused date is tried once in the other form (2.5).
fn refuses_date(message: &Message, memo: &Memo) -> bool {
    message.kind == Kind::Error
        && !memo.compact
        && suffix(message) == Some("ERROR_011")
        && ["shippingDate", "発送日"].iter().any(|word| message.text.contains(word))
}

/// Outcome of one record from the messages about its order.
fn outcome_of(record: &Record, messages: &[&Message], alone: bool) -> Outcome {
    let own: Vec<Verdict> =
        messages.iter().filter(|m| names(m, record)).map(|m| verdict(m, record)).collect();
    if !own.is_empty() {
        return fold(own);
    }
    let whole = messages.iter().filter(|m| is_about_whole_order(m));
    // Success without a place counts only when there is one record it can mean.
    let whole = whole.filter(|m| alone || m.kind != Kind::Info);
    fold(whole.map(|m| verdict(m, record)).collect())
}

/// Answer of the synchronous call: one order. With 400 nothing was applied (2.5), so what is not named waits.
pub(super) fn read_sync(memo: &Memo, status: u16, messages: &[Message]) -> AnswerReading {
    let mine = |record: &Record| -> Vec<&Message> {
        messages.iter().filter(|m| m.order.as_ref().is_none_or(|order| *order == record.order)).collect()
    };
    let outcomes = memo.records.iter().map(|record| {
        let messages = mine(record);
        let outcome = outcome_of(record, &messages, memo.records.len() == 1);
        (record, outcome)
    });
    let outcomes: Vec<(&Record, Outcome)> = outcomes.collect();
    refused_as_a_whole(memo, status == 400, messages, outcomes)
}

/// Answer of the asynchronous call: a ticket, or faults with nothing queued (2.6).
pub(super) fn read_async(memo: &Memo, messages: &[Message]) -> AnswerReading {
    let accepted = messages
        .iter()
        .find(|m| m.kind == Kind::Info && m.is("UPDATE_ORDERSHIPPING_ASYNC_INFO_101"))
        .and_then(|m| m.request_id.clone());
    let errors = messages.iter().any(|m| m.kind == Kind::Error);
    if let (Some(receipt), false) = (&accepted, errors) {
        let pending = Outcome::Pending { receipt: receipt.clone() };
        let outcomes = memo.records.iter().map(|r| (r.step, pending.clone())).collect();
        return AnswerReading { outcomes, ..AnswerReading::default() };
    }
    let known = messages.iter().all(|m| m.kind != Kind::Error || super::errors::is_known(&m.code));
    let outcomes = memo.records.iter().map(|record| {
        let about = |m: &&Message| m.order.as_ref().is_none_or(|order| *order == record.order);
        let mine: Vec<&Message> = messages.iter().filter(about).collect();
        (record, outcome_of(record, &mine, false))
    });
    let outcomes: Vec<(&Record, Outcome)> = outcomes.collect();
    refused_as_a_whole(memo, accepted.is_none() && errors && known, messages, outcomes)
}

/// When the mall took nothing of the call, records it does not name are certainly not there and are sent again
/// without the faulty ones. A refused date is learnt and everything sent again in the other form.
fn refused_as_a_whole(
    memo: &Memo,
    nothing_taken: bool,
    messages: &[Message],
    outcomes: Vec<(&Record, Outcome)>,
) -> AnswerReading {
    let date = messages.iter().find(|m| refuses_date(m, memo));
    let waits = |reason: Reason| Outcome::Deferred { until: None, reason };
    let first_error = messages.iter().find(|m| m.kind == Kind::Error);
    let settle = |(record, outcome): (&Record, Outcome)| -> (StepId, Outcome) {
        let settled = match (outcome, date, first_error) {
            (Outcome::Rejected { reason }, Some(_), _) if record.dated && is_date_reason(&reason) => {
                waits(reason)
            }
            (Outcome::Unknown { reason }, _, Some(error))
                if nothing_taken && reason.code == "not_in_answer" =>
            {
                waits(error.reason())
            }
            (outcome, ..) => outcome,
        };
        (record.step, settled)
    };
    AnswerReading {
        outcomes: outcomes.into_iter().map(settle).collect(),
        learnt: date.map(|_| (DATE_FORMAT.to_owned(), COMPACT.to_owned())).into_iter().collect(),
        failure: None,
    }
}

fn is_date_reason(reason: &Reason) -> bool {
    reason.mall_text.as_deref().is_some_and(|text| text.contains("shippingDate") || text.contains("発送日"))
}

/// The question for an asynchronous result.
pub(super) fn poll(draft: &CallDraft, receipt: &str) -> Option<WireRequest> {
    let memo = Memo::of(draft).filter(|memo| memo.mode == Mode::Async)?;
    let body = json!({ "requestId": receipt }).to_string().into_bytes();
    Some(envelope::order_request(operation::SHIP_RESULT, memo.space, body))
}

/// Results by order. "Running", "unknown" and "expired" answer alike, with one entry without an order number (2.6):
/// nothing can be concluded from it.
pub(super) fn read_results(memo: &Memo, reply: WriteReply) -> Result<PollReading, MallError> {
    const FIELD: &str = "ResultShippingModelList";
    let misread = |m: super::leaf::Misread| envelope::unreadable(&m.to_string());
    if let Some(error) = envelope::refusal(&envelope::messages(reply.messages)?) {
        return Err(error);
    }
    let mut by_order: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    for entry in reply.results.elements(FIELD).map_err(misread)? {
        let order = entry.order_number.optional("orderNumber").map_err(misread)?;
        let messages = envelope::messages(entry.messages)?;
        if let Some(order) = order.filter(|order| !order.is_empty()) {
            by_order.entry(order).or_default().extend(messages);
        }
    }
    if by_order.is_empty() {
        return Ok(PollReading::NotYet);
    }
    let outcome = |record: &Record| match by_order.get(&record.order) {
        None => unclear(reason::not_in_answer()),
        Some(messages) => {
            let of_order = memo.records.iter().filter(|r| r.order == record.order).count();
            outcome_of(record, &messages.iter().collect::<Vec<_>>(), of_order == 1)
        }
    };
    Ok(PollReading::Done(memo.records.iter().map(|r| (r.step, outcome(r))).collect()))
}
