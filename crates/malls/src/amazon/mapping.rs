//! From Amazon's order (2026-01-01, amazon.md 2.1) to the neutral snapshot: order level. People are in
//! `mapping_people`, lines, money and packages in `mapping_lines`.
//!
//! A field of another kind makes the order unreadable, naming it (F24). A word we do not know is kept under `unknown`
//! (F23). Nothing and empty are "not given": a later read may lack buyer data that an earlier one had (2.1).

use super::node::{Misread, Node};
use super::text::parse_time;
use super::{codes, mapping_lines, mapping_people, order_report};
use domain::hold::Hold;
use domain::snapshot::{
    Coded, Content, DeliveryWish, Fulfillment, MallCancel, MallFacts, MallStage, Snapshot, UnknownValue,
};
use domain::{Given, MallOrderId, UtcMillis};
use serde_json::Value;

/// Version of the mapping. Raise it whenever the same document gives another snapshot.
pub(super) const MAPPING_VERSION: u32 = 1;

/// An order that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Its number, if that much could be read.
    pub(super) order: Option<MallOrderId>,
    /// What is wrong, naming the field.
    pub(super) what: String,
}

/// What is collected on the way through one order.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Values that were not understood.
    pub(super) unknown: Vec<UnknownValue>,
    /// Marks of the order.
    pub(super) marks: Vec<String>,
    /// Warnings about the order.
    pub(super) cautions: Vec<Coded>,
}

impl Notes {
    /// Keeps a value that was not understood.
    pub(super) fn unknown(&mut self, field: &str, raw: &str) {
        let raw = raw.chars().take(200).collect();
        let value = UnknownValue { field: field.to_owned(), raw };
        if !self.unknown.contains(&value) {
            self.unknown.push(value);
        }
    }

    /// A mark, once.
    pub(super) fn mark(&mut self, mark: impl Into<String>) {
        let mark = mark.into();
        if !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
    }

    /// A warning, once.
    pub(super) fn caution(&mut self, code: &str, label: impl Into<String>) {
        let caution = Coded::new(code, label);
        if !self.cautions.contains(&caution) {
            self.cautions.push(caution);
        }
    }

    /// A moment that need not be there.
    pub(super) fn moment(&mut self, node: &Node<'_>) -> Result<Option<UtcMillis>, Misread> {
        let Some(text) = node.text()? else { return Ok(None) };
        let time = parse_time(&text);
        if time.is_none() {
            self.unknown(node.path(), &text);
        }
        Ok(time)
    }
}

/// A text, or not given.
pub(super) fn given(node: &Node<'_>) -> Result<Given<String>, Misread> {
    Ok(node.text()?.map_or(Given::NotGiven, Given::Value))
}

/// Reads one order: Amazon's document, or the rows of an order report as they were kept.
pub(super) fn read_order(raw: &[u8]) -> Result<Snapshot, Misfit> {
    let broken = || Misfit { order: None, what: "JSON（書式が違います）".to_owned() };
    let document: Value = serde_json::from_slice(raw).map_err(|_| broken())?;
    if document.get(order_report::KEY).is_some() {
        return order_report::read_kept(&document);
    }
    let root = Node::root(&document);
    let order = || root.at("orderId").and_then(|n| n.text()).ok().flatten().map(MallOrderId);
    snapshot(&root).map_err(|misread| Misfit { order: order(), what: misread.to_string() })
}

fn snapshot(order: &Node<'_>) -> Result<Snapshot, Misread> {
    let mut notes = Notes::default();
    let number = order.at("orderId")?.digits()?;
    let number = number.map_or_else(|| order.at("orderId")?.required(), Ok)?;
    let created = order.at("createdTime")?;
    let ordered_at = parse_time(&created.required()?).ok_or_else(|| created.malformed())?;
    let mut facts = facts(order, &mut notes)?;
    let mut content = content(order, &facts, &mut notes)?;
    facts.shipments = mapping_lines::packages(order, &mut notes)?;
    facts.cautions = notes.cautions;
    facts.unknown = notes.unknown;
    content.marks = notes.marks;
    Ok(Snapshot {
        mapping_version: MAPPING_VERSION,
        mall_order_id: MallOrderId(number),
        ordered_at,
        facts,
        content,
    })
}

fn facts(order: &Node<'_>, notes: &mut Notes) -> Result<MallFacts, Misread> {
    let fulfillment = order.at("fulfillment")?;
    let code = fulfillment.at("fulfillmentStatus")?.required()?;
    let (label, status_stage) = codes::status(&code).unwrap_or_else(|| {
        notes.unknown("fulfillment.fulfillmentStatus", &code);
        ("", MallStage::Unknown)
    });
    let cancel = cancel(order, status_stage, notes)?;
    // A request does not cancel by itself (trap 12): shipping is held and a person decides.
    let asked = cancel.as_ref().is_some_and(|c| !c.done);
    let open =
        matches!(status_stage, MallStage::MallProcessing | MallStage::Shippable | MallStage::PartlyShipped);
    let stage = if asked && open { MallStage::CancelRequested } else { status_stage };
    // Without knowing who ships it must not be reported (trap 7).
    let by = fulfillment.at("fulfilledBy")?;
    let hold = match by.text()?.as_deref() {
        Some("MERCHANT" | "AMAZON") => Hold::None,
        other => {
            notes.unknown(by.path(), other.unwrap_or_default());
            Hold::MallChecking
        }
    };
    let updated = order.at("lastUpdatedTime")?;
    let revision = updated.required()?;
    let changed_at = Some(parse_time(&revision).ok_or_else(|| updated.malformed())?);
    let deliver_by = notes.moment(&fulfillment.down(&["deliverByWindow", "latestDateTime"])?)?;
    Ok(MallFacts {
        status: Coded::new(code, label),
        stage,
        sub_status: None,
        payment_status: None,
        shipping_status: None,
        hold,
        cancel,
        shipments: Vec::new(),
        revision: Some(revision),
        changed_at,
        confirmed_at: None,
        fixed_at: None,
        shipment_reported_at: None,
        ship_by: notes.moment(&fulfillment.down(&["shipByWindow", "latestDateTime"])?)?,
        deadlines: deliver_by
            .map(|at| (Coded::new("deliver_by", "お届け期限"), at.japan_date()))
            .into_iter()
            .collect(),
        changed_by_buyer: false,
        cautions: Vec::new(),
        unknown: Vec::new(),
    })
}

/// CANCELLED, or what the items say: a request of the buyer (not done), or who cancelled.
fn cancel(order: &Node<'_>, stage: MallStage, notes: &mut Notes) -> Result<Option<MallCancel>, Misread> {
    let done = stage == MallStage::Cancelled;
    let mut found: Option<MallCancel> =
        done.then(|| MallCancel { done: true, by: "unknown".to_owned(), reason: Coded::default() });
    for item in order.at("orderItems")?.list()? {
        let cancellation = item.at("cancellation")?;
        let request = cancellation.at("cancellationRequest")?;
        let execution = cancellation.at("cancellationExecution")?;
        if done && execution.is_there() {
            let by = who(&execution.at("cancelledBy")?, notes)?;
            let why = execution.at("cancelReason")?.text()?.unwrap_or_default();
            found = Some(MallCancel { done, by, reason: Coded::new(why, "") });
        } else if !done && request.is_there() && !execution.is_there() {
            let by = who(&request.at("requester")?, notes)?;
            let why = request.at("cancelReason")?.text()?.unwrap_or_default();
            notes.caution("cancel_requested", "購入者がキャンセルを申請しています");
            found = found.or(Some(MallCancel { done: false, by, reason: Coded::new(why, "") }));
        }
    }
    Ok(found)
}

fn who(node: &Node<'_>, notes: &mut Notes) -> Result<String, Misread> {
    Ok(match node.text()?.as_deref() {
        Some("BUYER") => "buyer".to_owned(),
        Some("MERCHANT") => "shop".to_owned(),
        Some("AMAZON") => "mall".to_owned(),
        Some(other) => {
            notes.unknown(node.path(), other);
            other.to_owned()
        }
        None => "unknown".to_owned(),
    })
}

fn content(order: &Node<'_>, facts: &MallFacts, notes: &mut Notes) -> Result<Content, Misread> {
    let buyer = mapping_people::buyer(&order.at("buyer")?, notes)?;
    let (recipient, buyer_note) = mapping_people::recipient(order, facts, notes)?;
    let lines = mapping_lines::lines(order, facts, &recipient.key, notes)?;
    let payment = mapping_lines::payment(order, &lines, notes)?;
    let mut delivery = delivery(order, notes)?;
    let kind = programs(order, &mut delivery, notes)?;
    let (kind, mall_parent_id) = associated(order, kind, notes)?;
    channel(order, notes)?;
    let by = order.down(&["fulfillment", "fulfilledBy"])?.text()?;
    let mut recipient = recipient;
    recipient.gift_message = lines.gift_message;
    Ok(Content {
        buyer,
        recipients: vec![recipient],
        lines: lines.lines,
        amounts: lines.amounts,
        payment,
        delivery,
        buyer_note,
        gift: lines.gift,
        fulfillment: if by.as_deref() == Some("AMAZON") { Fulfillment::Fba } else { Fulfillment::Seller },
        kind,
        mall_parent_id,
        ..Content::default()
    })
}

/// Service level and お届け日時指定 (2.3).
fn delivery(order: &Node<'_>, notes: &mut Notes) -> Result<DeliveryWish, Misread> {
    let mut wish = DeliveryWish::default();
    let level = order.down(&["fulfillment", "fulfillmentServiceLevel"])?;
    if let Some(word) = level.text()? {
        if codes::name_of(codes::SERVICE_LEVELS, &word).is_none() {
            notes.unknown(level.path(), &word);
        }
        if word != "STANDARD" {
            wish.promises.push(word);
        }
    }
    let mut windows = Vec::new();
    for item in order.at("orderItems")?.list()? {
        let window = item.down(&["fulfillment", "shipping", "scheduledDeliveryWindow"])?;
        let from = notes.moment(&window.at("earliestDateTime")?)?;
        let to = notes.moment(&window.at("latestDateTime")?)?;
        if let Some(pair) = from.or(to).map(|_| (from, to))
            && !windows.contains(&pair)
        {
            windows.push(pair);
        }
    }
    if windows.len() > 1 {
        notes.caution("several_delivery_windows", "商品ごとにお届け日時の指定が異なります");
    }
    if let Some((from, to)) = windows.first() {
        scheduled(*from, *to, &mut wish);
    }
    Ok(wish)
}

/// A window inside one day is a slot of it; a whole day has none.
pub(super) fn scheduled(from: Option<UtcMillis>, to: Option<UtcMillis>, wish: &mut DeliveryWish) {
    let Some(day) = from.or(to).map(UtcMillis::japan_date) else { return };
    wish.deliver_on = Given::Value(day);
    let (Some(from), Some(to)) = (from.map(UtcMillis::japan), to.map(UtcMillis::japan)) else { return };
    let midnight_after = to.hour() == 0 && to.minute() == 0 && from.date().tomorrow().ok() == Some(to.date());
    if from.date() != to.date() && !midnight_after {
        return;
    }
    let end = if midnight_after { (24, 0) } else { (to.hour(), to.minute()) };
    let begin = (from.hour(), from.minute());
    let whole = begin == (0, 0) && (end == (24, 0) || end == (23, 59));
    if whole || begin >= end {
        return;
    }
    let code = format!("{:02}{:02}-{:02}{:02}", begin.0, begin.1, end.0, end.1);
    let label = format!("{}:{:02}〜{}:{:02}", begin.0, begin.1, end.0, end.1);
    wish.deliver_slot = Given::Value(Coded::new(code, label));
}

/// Programs become promises, the kind of order, or marks; each stays as a mark.
fn programs(order: &Node<'_>, wish: &mut DeliveryWish, notes: &mut Notes) -> Result<Coded, Misread> {
    let mut kind = Coded::new("normal", "通常");
    for program in order.at("programs")?.list()? {
        let Some(word) = program.text()? else { continue };
        if codes::name_of(codes::PROGRAMS, &word).is_none() {
            notes.unknown("programs", &word);
        }
        match word.as_str() {
            "PRIME" | "PREMIUM" => wish.promises.push(word.clone()),
            "AMAZON_BUSINESS" if kind.code == "normal" => kind = Coded::new("business", "Amazonビジネス"),
            "PREORDER" => kind = Coded::new("preorder", "予約商品"),
            _ => {}
        }
        notes.mark(codes::program_mark(&word));
    }
    Ok(kind)
}

/// Replacement orders cost nothing, must be shipped, and are no sales (trap 8).
fn associated(
    order: &Node<'_>,
    kind: Coded,
    notes: &mut Notes,
) -> Result<(Given<Coded>, Given<String>), Misread> {
    let (mut kind, mut parent) = (kind, Given::NotGiven);
    for other in order.at("associatedOrders")?.list()? {
        let id = given(&other.at("orderId")?)?;
        let word = other.at("associationType")?;
        match word.text()?.as_deref() {
            Some("REPLACEMENT_ORIGINAL_ID") => {
                kind = Coded::new("replacement", "交換（代替品）");
                notes.mark("replacement");
                parent = id;
            }
            Some("EXCHANGE_ORIGINAL_ID") => {
                kind = Coded::new("exchange", "交換");
                notes.mark("exchange");
                parent = id;
            }
            Some(other) => notes.unknown("associatedOrders.associationType", other),
            None => {}
        }
    }
    Ok((Given::Value(kind), parent))
}

fn channel(order: &Node<'_>, notes: &mut Notes) -> Result<(), Misread> {
    let channel = order.at("salesChannel")?;
    if channel.at("channelName")?.text()?.as_deref() == Some("NON_AMAZON") {
        notes.mark("channel:NON_AMAZON");
    }
    if let Some(id) = channel.at("marketplaceId")?.text()?.filter(|id| id != codes::JAPAN) {
        notes.mark(format!("marketplace:{id}"));
    }
    for alias in order.at("orderAliases")?.list()? {
        if let Some(id) = alias.at("aliasId")?.text()? {
            notes.mark(format!("alias:{id}"));
        }
    }
    Ok(())
}
