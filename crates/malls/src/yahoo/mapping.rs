//! From the mall's order to the neutral snapshot: what only the mall decides. People, lines and wishes are in
//! `mapping_content`, money and payment in `mapping_money`.
//!
//! A field of the wrong form makes the order unreadable, naming the field (F24). A code we do not know is kept under
//! `unknown` with its raw value and never dropped (F23).

use super::codes;
use super::csv_files;
use super::mapping_content;
use super::text::parse_time;
use super::values::{Document, Fields, MISSING, Misread, Notes, Source};
use super::xml;
use domain::snapshot::{Coded, MallCancel, MallFacts, MallShipment, MallStage, Snapshot};
use domain::{Given, MallOrderId, hold::Hold};
use jiff::civil::Date;

/// Version of the mapping below. Raise it whenever the same document gives another snapshot.
pub(super) const MAPPING_VERSION: u32 = 1;

/// Key of the one recipient an order has.
pub(super) const RECIPIENT: &str = "1";
/// Beginning of the id of a record that has a reason instead of a number.
pub(super) const NO_NUMBER: &str = "no-number:";
/// Beginning of the code of a caution: marked as a prank order.
pub(super) const SUSPECT: &str = "suspect:";
/// Code of the cancel reason of an order that was split at the mall (5.5).
pub(super) const SPLIT: &str = "split";

/// Reads a stored document: an answer of orderInfo, or the rows of a CSV.
pub(super) fn read_order(raw: &[u8]) -> Result<Snapshot, Misread> {
    let first = raw.iter().find(|b| !b.is_ascii_whitespace());
    if first == Some(&b'{') {
        return snapshot(&csv_files::stored(raw)?);
    }
    let document = xml::parse(raw).map_err(|what| Misread::new("XML", what))?;
    let result = if document.name == "Result" { Some(&document) } else { document.child("Result") };
    let info = result.and_then(|result| result.child("OrderInfo"));
    snapshot(&Document::of_xml(info.ok_or_else(|| Misread::new("OrderInfo", MISSING))?))
}

/// The snapshot of one document.
pub(super) fn snapshot(document: &Document) -> Result<Snapshot, Misread> {
    let mut notes = Notes::default();
    let order = &document.order;
    let id = match document.source {
        Source::Api => order.required("OrderId")?,
        Source::Csv => order.required(csv_files::KEY)?,
    };
    let ordered_at = order.required_time("OrderTime")?;
    let mut facts = facts(document, &mut notes)?;
    let mut content = mapping_content::content(document, &mut notes)?;
    facts.unknown = notes.unknown;
    content.marks = notes.marks;
    Ok(Snapshot {
        mapping_version: MAPPING_VERSION,
        mall_order_id: MallOrderId(id.to_owned()),
        ordered_at,
        facts,
        content,
    })
}

/// The mall's version of an order, from what list and details both give. Whether `Version` rises when only a hold ends
/// is not documented: the states themselves stand in it too.
pub(super) fn revision(fields: &Fields) -> Option<String> {
    let (version, changed) = (fields.text("Version"), fields.text("LastUpdateTime"));
    if version.is_empty() && changed.is_empty() {
        return None;
    }
    let changed = parse_time(changed).map_or_else(|| changed.to_owned(), |time| time.0.to_string());
    let state = |name: &&str| match fields.text(name) {
        "" | "false" => "0".to_owned(),
        "true" => "1".to_owned(),
        other => other.to_owned(),
    };
    let names = [
        "OrderStatus",
        "StoreStatus",
        "PayStatus",
        "SettleStatus",
        "ShipStatus",
        "FraudHoldStatus",
        "IsReadOnly",
        "IsLineGiftShippable",
    ];
    let states: Vec<String> = names.iter().map(state).collect();
    Some(format!("{version}@{changed}/{}", states.join(".")))
}

fn facts(document: &Document, notes: &mut Notes) -> Result<MallFacts, Misread> {
    let order = &document.order;
    let code = order.required("OrderStatus")?;
    let (label, by_status) = codes::status(code).unwrap_or_else(|| {
        notes.unknown("OrderStatus", code);
        ("", MallStage::Unknown)
    });
    let hold = hold(document, notes);
    let split = order.text("ChildOrderId");
    let stage =
        if split.is_empty() { stage(document, by_status, &hold, notes) } else { MallStage::Cancelled };
    Ok(MallFacts {
        status: Coded::new(code, label),
        stage,
        sub_status: match order.text("StoreStatus") {
            "" | "0" => None,
            code => Some(Coded::new(code, format!("ストアステータス{code}"))),
        },
        payment_status: state(order, "PayStatus", &codes::PAY_STATUSES, notes),
        shipping_status: state(order, "ShipStatus", &codes::SHIP_STATUSES, notes),
        hold,
        cancel: cancel(order, code, split, notes),
        shipments: shipments(order, notes),
        revision: if document.source == Source::Api { revision(order) } else { None },
        changed_at: notes.time(order, "LastUpdateTime"),
        confirmed_at: None,
        fixed_at: None,
        shipment_reported_at: None,
        ship_by: notes.time(order, "ShippingDeadline"),
        deadlines: deadlines(order, notes),
        changed_by_buyer: !order.text("PayMethodChangeDoneDate").is_empty(),
        cautions: cautions(order, notes),
        unknown: Vec::new(),
    })
}

/// A state the mall keeps beside the order's own (4.4, 4.5).
fn state(order: &Fields, name: &str, table: codes::Table, notes: &mut Notes) -> Option<Coded> {
    let code = order.text(name);
    if code.is_empty() {
        return None;
    }
    let label = codes::name_of(table, code).unwrap_or_else(|| {
        notes.unknown(name, code);
        ""
    });
    Some(Coded::new(code, label))
}

/// FraudHoldStatus (7). The ten minutes in which the buyer may still cancel are the mall's own time (4.3). A value we do
/// not know holds the order: shipping cannot be undone.
fn hold(document: &Document, notes: &mut Notes) -> Hold {
    let order = &document.order;
    if document.source == Source::Csv {
        return Hold::NotKnown;
    }
    let fresh = notes.flag(order, "IsReadOnly");
    match order.text("FraudHoldStatus") {
        raw @ ("1" | "3") => Hold::Fraud { raw: raw.to_owned() },
        _ if fresh => Hold::MallChecking,
        "" | "0" => Hold::None,
        "2" => Hold::Released { released_at: notes.time(order, "PublicationTime") },
        raw => {
            notes.unknown("FraudHoldStatus", raw);
            Hold::Fraud { raw: raw.to_owned() }
        }
    }
}

/// What OrderStatus, payment and shipping say together (4.9).
fn stage(document: &Document, by_status: MallStage, hold: &Hold, notes: &mut Notes) -> MallStage {
    let order = &document.order;
    let (status, ship) = (order.text("OrderStatus"), order.text("ShipStatus"));
    if !matches!(status, "1" | "2") {
        return by_status;
    }
    if *hold == Hold::MallChecking {
        return MallStage::MallProcessing;
    }
    if matches!(ship, "3" | "4") {
        return MallStage::Shipped;
    }
    let waits_for_money = match (document.source, order.text("PayType")) {
        (Source::Api, "1") => order.text("PayStatus") != "1",
        (Source::Api, "" | "0") => false,
        (Source::Api, other) => {
            notes.unknown("PayType", other);
            false
        }
        // The CSV has neither PayType nor PayStatus (11) [I].
        (Source::Csv, _) => matches!(order.text("SettleStatus"), "2" | "4" | "8" | "9" | "10"),
    };
    match status {
        _ if waits_for_money => MallStage::MallProcessing,
        // A reservation waits for its release date, unless the mall itself says 出荷可.
        "1" if !matches!(ship, "1" | "2") => MallStage::MallProcessing,
        _ => MallStage::Shippable,
    }
}

/// A cancel, and the end of an order that was split at the mall: its parts are orders of their own, and shipping it as
/// well would ship twice (5.5).
fn cancel(order: &Fields, status: &str, split: &str, notes: &mut Notes) -> Option<MallCancel> {
    if !split.is_empty() {
        let parts = split.replace(',', "・");
        let reason = Coded::new(SPLIT, format!("モールで分割されました（{parts}）"));
        return Some(MallCancel { done: true, by: "shop".to_owned(), reason });
    }
    let (done, code) = (status == "4", order.text("CancelReason"));
    // Blank: not cancelled. 0 is a reason only on a cancelled order.
    if !done && matches!(code, "" | "0") {
        return None;
    }
    let (by, label) = match codes::cancel(code) {
        Some((by, label)) => (by, label),
        None if code.is_empty() => ("unknown", ""),
        None => {
            notes.unknown("CancelReason", code);
            ("unknown", "")
        }
    };
    let detail = order.text("CancelReasonDetail");
    let label = if detail.is_empty() { label.to_owned() } else { format!("{label}：{detail}") };
    Some(MallCancel { done, by: by.to_owned(), reason: Coded::new(code, label) })
}

/// The mall keeps one carrier, one date and up to two numbers per order, or a reason for having none (4.5, 6.1).
fn shipments(order: &Fields, notes: &mut Notes) -> Vec<MallShipment> {
    let shipped_on = notes.date(order, "ShipDate").value().copied();
    let record = |mall_ref: String, number: &str| MallShipment {
        recipient_key: RECIPIENT.to_owned(),
        mall_ref,
        carrier_code: order.text("ShipCompanyCode").to_owned(),
        tracking_number: number.to_owned(),
        shipped_on,
        contents: Vec::new(),
    };
    let (first, second) = (order.text("ShipInvoiceNumber1"), order.text("ShipInvoiceNumber2"));
    let reason = order.text("ShipInvoiceNumberEmptyReason");
    let mut list = Vec::new();
    if !matches!(reason, "" | "0") && first.is_empty() {
        if codes::name_of(&codes::EMPTY_REASONS, reason).is_none() {
            notes.unknown("ShipInvoiceNumberEmptyReason", reason);
        }
        list.push(record(format!("{NO_NUMBER}{reason}"), ""));
    } else if !first.is_empty() || shipped_on.is_some() || matches!(order.text("ShipStatus"), "3" | "4") {
        list.push(record("1".to_owned(), first));
    }
    if !second.is_empty() {
        list.push(record("2".to_owned(), second));
    }
    list
}

fn deadlines(order: &Fields, notes: &mut Notes) -> Vec<(Coded, Date)> {
    let mut list = Vec::new();
    let changeable = notes.flag(order, "IsPayMethodChangePossible");
    for (name, key, label, counts) in [
        ("PaymentTerm", "payment_due", "支払い期限日", true),
        ("PayMethodChangeDeadline", "payment_change_due", "支払い方法変更期限日", changeable),
    ] {
        if let (Given::Value(day), true) = (notes.date(order, name), counts) {
            list.push((Coded::new(key, label), day));
        }
    }
    list
}

fn cautions(order: &Fields, notes: &mut Notes) -> Vec<Coded> {
    let mut list = Vec::new();
    match order.text("Suspect") {
        "" | "0" => {}
        code => {
            let words = order.text("SuspectMessage");
            let label = if words.is_empty() { "いたずら注文の印" } else { words };
            list.push(Coded::new(format!("{SUSPECT}{code}"), label));
        }
    }
    if let Some(label) = notes.code(order, "SettleStatus", &codes::SETTLE_STATUSES) {
        let code = order.text("SettleStatus");
        if codes::SETTLE_CAUTIONS.contains(&code) {
            list.push(Coded::new(format!("settle:{code}"), format!("決済：{label}")));
        }
    }
    if notes.flag(order, "IsFirstClassDrugIncludes") && !notes.flag(order, "IsFirstClassDrugAgreement") {
        list.push(Coded::new("first_class_drug", "第1類医薬品：承諾待ち"));
    }
    list
}
