//! From the mall's order to the neutral snapshot: order level. Recipients and lines are in `mapping_packages`,
//! money and payment in `mapping_money`.
//!
//! A field of the wrong type makes the order unreadable, naming the field (F24). A code we do not know is kept
//! under `unknown` with its raw value and never dropped (F23). New fields stay in the raw document.

use super::codes;
use super::leaf::{Leaf, MALFORMED, Misread};
use super::text::{parse_date, parse_datetime};
use super::wire_types::{ChangeReason, DueDate, Order, OrderNumberOnly, Person};
use super::{mapping_money, mapping_packages};
use crate::cards::mask_cards;
use domain::snapshot::{
    Coded, Content, DeliveryWish, MallCancel, MallFacts, MallStage, Party, Snapshot, UnknownValue,
};
use domain::{Given, MallOrderId, UtcMillis, hold::Hold};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Version of the mapping below. Raise it whenever the same document gives another snapshot.
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
    /// Deadlines found inside packages.
    pub(super) deadlines: Vec<(Coded, Date)>,
    /// Marks of the order.
    pub(super) marks: Vec<String>,
}

impl Notes {
    /// Keeps a value that was not understood.
    pub(super) fn unknown(&mut self, field: &str, raw: impl std::fmt::Display) {
        let raw = raw.to_string().chars().take(200).collect();
        self.unknown.push(UnknownValue { field: field.to_owned(), raw });
    }

    /// A mark, once.
    pub(super) fn mark(&mut self, mark: impl Into<String>) {
        let mark = mark.into();
        if !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
    }

    /// A flag of 0 and 1; missing means 0. Anything else is kept as unknown and counts as not set.
    pub(super) fn flag(&mut self, leaf: Leaf<i64>, field: &str) -> Result<bool, Misread> {
        Ok(match leaf.optional(field)? {
            None | Some(0) => false,
            Some(1) => true,
            Some(other) => {
                self.unknown(field, other);
                false
            }
        })
    }

    /// A calendar day; what is not one is kept as unknown and counts as not given.
    pub(super) fn date(&mut self, leaf: Leaf<String>, field: &str) -> Result<Given<Date>, Misread> {
        Ok(match leaf.text(field)? {
            Given::NotGiven => Given::NotGiven,
            Given::Cleared => Given::Cleared,
            Given::Value(text) => parse_date(&text).map_or_else(
                || {
                    self.unknown(field, &text);
                    Given::NotGiven
                },
                Given::Value,
            ),
        })
    }

    /// A moment that need not be there.
    fn moment(&mut self, leaf: Leaf<String>, field: &str) -> Result<Option<UtcMillis>, Misread> {
        let Given::Value(text) = leaf.text(field)? else { return Ok(None) };
        let time = parse_datetime(&text);
        if time.is_none() {
            self.unknown(field, &text);
        }
        Ok(time)
    }

    /// A text of the buyer or the shop, without card numbers.
    pub(super) fn free_text(&mut self, leaf: Leaf<String>, field: &str) -> Result<Given<String>, Misread> {
        Ok(match leaf.text(field)? {
            Given::Value(text) => match mask_cards(&text) {
                Some(masked) => {
                    self.mark("card_number_masked");
                    Given::Value(masked)
                }
                None => Given::Value(text),
            },
            other => other,
        })
    }
}

/// A key that was not used yet: a second one gets `-2`, so that no line or recipient hides another.
pub(super) fn unique(used: &mut BTreeSet<String>, key: String) -> String {
    let mut candidate = key.clone();
    let mut count = 2;
    while !used.insert(candidate.clone()) {
        candidate = format!("{key}-{count}");
        count += 1;
    }
    candidate
}

/// Reads one order.
pub(super) fn read_order(raw: &[u8]) -> Result<Snapshot, Misfit> {
    let number = || {
        let found = serde_json::from_slice::<OrderNumberOnly>(raw).ok()?.order_number;
        found.required("orderNumber").ok().filter(|n| !n.is_empty()).map(MallOrderId)
    };
    let broken = |place: String| Misfit { order: number(), what: format!("{place}（{MALFORMED}）") };
    let order: Leaf<Order> = serde_json::from_slice(raw).map_err(|error| broken(place_of(raw, &error)))?;
    let Leaf::Value(order) = order else { return Err(broken("JSON".to_owned())) };
    snapshot(order).map_err(|misread| Misfit { order: number(), what: misread.to_string() })
}

/// The field at which reading stopped. Only what looks like a field name is said: never a value of the document.
fn place_of(raw: &[u8], error: &serde_json::Error) -> String {
    let line_start: usize =
        raw.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let stop = (line_start + error.column()).min(raw.len());
    // A key that comes twice is noticed before its colon.
    let stop = if raw.get(stop) == Some(&b':') { stop + 1 } else { stop };
    let before = raw.get(..stop).unwrap_or_default();
    let name = before.windows(2).rposition(|pair| pair == b"\":").and_then(|end| {
        let start = before.get(..end)?.iter().rposition(|b| *b == b'"')?;
        let name = std::str::from_utf8(before.get(start + 1..end)?).ok()?;
        let plain = (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then(|| name.to_owned())
    });
    name.unwrap_or_else(|| "JSON".to_owned())
}

fn snapshot(mut order: Order) -> Result<Snapshot, Misread> {
    let mut notes = Notes::default();
    let number = std::mem::take(&mut order.order_number).required("orderNumber")?;
    if number.is_empty() {
        return Err(Misread::new("orderNumber", super::leaf::MISSING));
    }
    let ordered_at = std::mem::take(&mut order.order_datetime).required("orderDatetime")?;
    let ordered_at = parse_datetime(&ordered_at).ok_or_else(|| Misread::new("orderDatetime", MALFORMED))?;
    let packages = mapping_packages::packages(std::mem::take(&mut order.packages), &mut notes)?;
    let mut facts = facts(&mut order, &mut notes)?;
    facts.shipments = packages.shipments;
    let mut content = content(order, &mut notes)?;
    content.recipients = packages.recipients;
    content.lines = packages.lines;
    facts.deadlines.append(&mut notes.deadlines);
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

fn facts(order: &mut Order, notes: &mut Notes) -> Result<MallFacts, Misread> {
    use std::mem::take;
    let code = take(&mut order.order_progress).required("orderProgress")?.to_string();
    let (label, stage) = codes::status(&code).unwrap_or_else(|| {
        notes.unknown("orderProgress", &code);
        ("", MallStage::Unknown)
    });
    let sub_status = take(&mut order.sub_status_id).optional("subStatusId")?;
    let sub_label = take(&mut order.sub_status_name).text("subStatusName")?;
    // Anything but 0 holds the order back: shipping while 楽天 checks cannot be undone.
    let hold = match take(&mut order.rakuten_confirm_flag).optional("rakutenConfirmFlag")? {
        None | Some(0) => Hold::None,
        Some(1) => Hold::MallChecking,
        Some(other) => {
            notes.unknown("rakutenConfirmFlag", other);
            Hold::MallChecking
        }
    };
    let changes = take(&mut order.change_reasons).elements("ChangeReasonModelList")?;
    Ok(MallFacts {
        status: Coded::new(code, label),
        stage,
        sub_status: sub_status.map(|id| Coded::new(id.to_string(), sub_label.text())),
        payment_status: None,
        shipping_status: None,
        hold,
        cancel: cancel(stage, changes, notes)?,
        shipments: Vec::new(),
        revision: None,
        changed_at: None,
        confirmed_at: notes.moment(take(&mut order.shop_order_cfm_datetime), "shopOrderCfmDatetime")?,
        fixed_at: notes.moment(take(&mut order.order_fix_datetime), "orderFixDatetime")?,
        shipment_reported_at: notes
            .moment(take(&mut order.shipping_cmpl_rpt_datetime), "shippingCmplRptDatetime")?,
        ship_by: None,
        deadlines: deadlines(order, notes)?,
        changed_by_buyer: notes.flag(take(&mut order.modify_flag), "modifyFlag")?,
        cautions: cautions(order, notes)?,
        unknown: Vec::new(),
    })
}

/// 800 and 900 are the cancel (3.1); the last cancel entry of the change list says by whom and why.
fn cancel(
    stage: MallStage,
    changes: Vec<ChangeReason>,
    notes: &mut Notes,
) -> Result<Option<MallCancel>, Misread> {
    let mut by = "unknown".to_owned();
    let mut reason = Coded::default();
    for (i, change) in changes.into_iter().enumerate() {
        let under = |misread: Misread| misread.under(&format!("ChangeReasonModelList[{i}]"));
        let kind = change.change_type.optional("changeType").map_err(under)?;
        let who = change.change_reason.optional("changeReason").map_err(under)?;
        let why = change.change_reason_detail.optional("changeReasonDetail").map_err(under)?;
        if !matches!(kind, Some(0..=2)) {
            continue;
        }
        by = match who {
            Some(0) => "shop".to_owned(),
            Some(1) => "buyer".to_owned(),
            Some(other) => {
                notes.unknown("changeReason", other);
                other.to_string()
            }
            None => "unknown".to_owned(),
        };
        reason = why.map_or_else(Coded::default, |code| {
            let label = codes::name_of(&codes::CHANGE_DETAILS, code).unwrap_or_else(|| {
                notes.unknown("changeReasonDetail", code);
                ""
            });
            Coded::new(code.to_string(), label)
        });
    }
    let done = stage == MallStage::Cancelled;
    Ok((done || stage == MallStage::CancelRequested).then_some(MallCancel { done, by, reason }))
}

/// The mall appends deadlines and does not replace them (2.3 DueDateModel): the last of each kind counts.
fn deadlines(order: &mut Order, notes: &mut Notes) -> Result<Vec<(Coded, Date)>, Misread> {
    let mut list: Vec<(Coded, Date)> = Vec::new();
    if let Given::Value(day) = notes.date(std::mem::take(&mut order.cancel_due_date), "cancelDueDate")? {
        list.push((Coded::new("cancel_due", "キャンセル期限日"), day));
    }
    let due: Vec<DueDate> = std::mem::take(&mut order.due_dates).elements("DueDateModelList")?;
    for (i, due) in due.into_iter().enumerate() {
        let under = |misread: Misread| misread.under(&format!("DueDateModelList[{i}]"));
        let kind = due.due_date_type.optional("dueDateType").map_err(under)?;
        let day = notes.date(due.due_date, "dueDate").map_err(under)?;
        let (Some(kind), Given::Value(day)) = (kind, day) else { continue };
        let name = match codes::due_date(kind) {
            Some((key, label)) => Coded::new(key, label),
            None => {
                notes.unknown("dueDateType", kind);
                Coded::new(kind.to_string(), "")
            }
        };
        list.retain(|(other, _)| *other != name);
        list.push((name, day));
    }
    Ok(list)
}

fn cautions(order: &mut Order, notes: &mut Notes) -> Result<Vec<Coded>, Misread> {
    let kinds: [(Leaf<i64>, &str, codes::Table); 2] = [
        (std::mem::take(&mut order.caution_display_type), "cautionDisplayType", &codes::CAUTIONS),
        (
            std::mem::take(&mut order.caution_display_detail_type),
            "cautionDisplayDetailType",
            &codes::CAUTION_DETAILS,
        ),
    ];
    let mut list = Vec::new();
    for (leaf, field, table) in kinds {
        let Some(code) = leaf.optional(field)?.filter(|code| *code != 0) else { continue };
        let label = codes::name_of(table, code).unwrap_or_else(|| {
            notes.unknown(field, code);
            ""
        });
        list.push(Coded::new(code.to_string(), label));
    }
    Ok(list)
}

fn content(mut order: Order, notes: &mut Notes) -> Result<Content, Misread> {
    use std::mem::take;
    let buyer = take(&mut order.orderer).required("OrdererModel")?;
    let buyer = party(buyer).map_err(|misread| misread.under("OrdererModel"))?;
    let social_gift = notes.flag(take(&mut order.social_gift_flag), "socialGiftFlag")?;
    let gift = notes.flag(take(&mut order.gift_check_flag), "giftCheckFlag")?;
    let delivery = delivery(&mut order, notes)?;
    let kind = kind(&mut order, notes)?;
    let buyer_note = notes.free_text(take(&mut order.remarks), "remarks")?;
    let mall_memo = notes.free_text(take(&mut order.memo), "memo")?;
    if social_gift {
        notes.mark("social_gift");
    }
    marks(&mut order, notes)?;
    let money = mapping_money::money(order, notes)?;
    Ok(Content {
        buyer,
        amounts: money.amounts,
        tax: money.tax,
        coupons: money.coupons,
        wrapping: money.wrapping,
        payment: money.payment,
        delivery,
        buyer_note,
        mall_memo,
        gift: gift || social_gift,
        kind,
        ..Content::default()
    })
}

fn kind(order: &mut Order, notes: &mut Notes) -> Result<Given<Coded>, Misread> {
    Ok(match std::mem::take(&mut order.order_type).given("orderType")? {
        Given::Value(code) => Given::Value(match codes::order_kind(code) {
            Some((kind, label)) => Coded::new(kind, label),
            None => {
                notes.unknown("orderType", code);
                Coded::new(code.to_string(), "")
            }
        }),
        Given::Cleared => Given::Cleared,
        Given::NotGiven => Given::NotGiven,
    })
}

fn marks(order: &mut Order, notes: &mut Notes) -> Result<(), Misread> {
    use std::mem::take;
    if let Some(code) = take(&mut order.carrier_code).optional("carrierCode")? {
        match codes::name_of(&codes::DEVICES, code) {
            Some(mark) => notes.mark(mark),
            None => notes.unknown("carrierCode", code),
        }
    }
    for (leaf, field, mark) in [
        (take(&mut order.rakuten_member_flag), "rakutenMemberFlag", "rakuten_member"),
        (take(&mut order.drug_flag), "drugFlag", "drug"),
        (take(&mut order.deal_flag), "dealFlag", "deal"),
    ] {
        if notes.flag(leaf, field)? {
            notes.mark(mark);
        }
    }
    if let Given::Value(number) = take(&mut order.reserve_number).text("reserveNumber")? {
        notes.mark(format!("reserve_number:{number}"));
    }
    if let Some(count) = take(&mut order.reserve_delivery_count).optional("reserveDeliveryCount")? {
        notes.mark(format!("reserve_delivery_count:{count}"));
    }
    if let Given::Value(name) = take(&mut order.operator).text("operator")? {
        notes.mark(format!("operator:{name}"));
    }
    let receipts = take(&mut order.receipt_issue_count).optional("receiptIssueCount")?;
    if let Some(count) = receipts.filter(|count| *count > 0) {
        notes.mark(format!("receipts_issued:{count}"));
    }
    Ok(())
}

fn delivery(order: &mut Order, notes: &mut Notes) -> Result<DeliveryWish, Misread> {
    use std::mem::take;
    let under = |misread: Misread| misread.under("DeliveryModel");
    let model = take(&mut order.delivery).optional("DeliveryModel")?.unwrap_or_default();
    let method = model.delivery_name.text("deliveryName").map_err(under)?;
    let class = match model.delivery_class.given("deliveryClass").map_err(under)? {
        Given::NotGiven => Given::NotGiven,
        Given::Cleared | Given::Value(0) => Given::Cleared,
        Given::Value(code) => Given::Value(Coded::new(
            code.to_string(),
            codes::name_of(&codes::DELIVERY_CLASSES, code).unwrap_or_else(|| {
                notes.unknown("deliveryClass", code);
                ""
            }),
        )),
    };
    let deliver_slot = match take(&mut order.shipping_term).given("shippingTerm")? {
        Given::NotGiven => Given::NotGiven,
        Given::Cleared | Given::Value(0) => Given::Cleared,
        Given::Value(code) => Given::Value(Coded::new(
            code.to_string(),
            codes::slot(code).unwrap_or_else(|| {
                notes.unknown("shippingTerm", code);
                String::new()
            }),
        )),
    };
    let mut promises = Vec::new();
    for (leaf, field, promise) in [
        (take(&mut order.asuraku_flag), "asurakuFlag", "あす楽"),
        (take(&mut order.delivery_cert_prg_flag), "deliveryCertPrgFlag", "最強翌日配送"),
        (take(&mut order.one_day_operation_flag), "oneDayOperationFlag", "1営業日以内発送"),
    ] {
        if notes.flag(leaf, field)? {
            promises.push(promise.to_owned());
        }
    }
    let deliver_on = notes.date(take(&mut order.delivery_date), "deliveryDate")?;
    Ok(DeliveryWish { deliver_on, deliver_slot, method, class, promises })
}

/// Parts joined with a hyphen. 郵便番号 and 電話番号 come in parts of text (2.3 OrdererModel).
fn joined(parts: [Given<super::leaf::Digits>; 3]) -> Given<String> {
    if parts.iter().all(Given::is_not_given) {
        return Given::NotGiven;
    }
    let texts: Vec<&str> =
        parts.iter().filter_map(Given::value).map(|d| d.0.trim()).filter(|t| !t.is_empty()).collect();
    if texts.is_empty() { Given::Cleared } else { Given::Value(texts.join("-")) }
}

/// OrdererModel or SenderModel. Sex and birthday are not kept: nothing here needs them.
pub(super) fn party(person: Person) -> Result<Party, Misread> {
    Ok(Party {
        family_name: person.family_name.text("familyName")?,
        given_name: person.first_name.text("firstName")?,
        family_kana: person.family_name_kana.text("familyNameKana")?,
        given_kana: person.first_name_kana.text("firstNameKana")?,
        postal_code: joined([
            person.zip_code1.given("zipCode1")?,
            person.zip_code2.given("zipCode2")?,
            Given::NotGiven,
        ]),
        prefecture: person.prefecture.text("prefecture")?,
        city: person.city.text("city")?,
        address1: person.sub_address.text("subAddress")?,
        phone: joined([
            person.phone_number1.given("phoneNumber1")?,
            person.phone_number2.given("phoneNumber2")?,
            person.phone_number3.given("phoneNumber3")?,
        ]),
        email: person.email_address.text("emailAddress")?,
        ..Party::default()
    })
}
