//! 出荷通知を送る・再送: what stands in the way, the mend, and the sending, in one form.

use super::sheet::{self, Field, Kind, Said, Sheet};
use super::{Opened, acts, asked, find, parcels};
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, get, post};
use crate::fields::Fields;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use domain::notice::{self, NoticeState};
use domain::rights::Menu;
use domain::write::WriteKind;
use engine::requests::{NOTIFY, NotifyRequest};
use engine::{Judged, judge_orders};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::orders::ParcelChange;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/orders/{order_no}/sheet/notice", edit(Menu::Shipping), notice_sheet),
        post("/orders/{order_no}/notice", edit(Menu::Shipping), send),
    ]
}

/// Said of a notice that was sent before; sending again sets the state back first.
const ALREADY: &str = "notice_already";

/// A parcel in the form: `carrier:12`, or `carrier:new:KEY` for a recipient without one.
struct Slot {
    name: String,
    id: Option<i64>,
    recipient: String,
    carrier: String,
    number: String,
    date: String,
}

async fn slots(desk: &Desk, order: &Opened) -> Result<Vec<Slot>, Refusal> {
    let rules = order.rules(desk).await?;
    let mut slots = Vec::new();
    for key in &rules.facts.recipient_keys {
        let of_recipient: Vec<_> = rules.facts.parcels.iter().filter(|p| &p.recipient_key == key).collect();
        if of_recipient.is_empty() {
            slots.push(Slot {
                name: format!("new:{key}"),
                id: None,
                recipient: key.clone(),
                carrier: String::new(),
                number: String::new(),
                date: String::new(),
            });
        }
        slots.extend(of_recipient.into_iter().map(|p| Slot {
            name: p.parcel_id.to_string(),
            id: Some(p.parcel_id.0),
            recipient: key.clone(),
            carrier: p.carrier.as_ref().map(|c| c.0.clone()).unwrap_or_default(),
            number: p.tracking_number.clone(),
            date: p.shipped_on.map(|d| d.to_string()).unwrap_or_default(),
        }));
    }
    Ok(slots)
}

async fn judged(desk: &Desk, order: &Opened) -> Result<Option<Judged>, Refusal> {
    let mall = order.mall(desk)?;
    let (kind, seqs) = (WriteKind::ShipmentNotice, [order.seq()]);
    let mut all = judge_orders(desk.ledger(), &order.shop, &*mall, kind, &seqs, true, desk.now()).await?;
    Ok(all.pop())
}

/// May the state be set back to 未連携, so that it can be sent again?
fn may_reset(order: &Opened, desk: &Desk) -> Result<bool, Refusal> {
    let row = &order.view.row;
    let has_notice = order.mall(desk)?.descriptor().notice.is_some();
    let to = NoticeState::NotSent;
    Ok(row.notice_state != to
        && notice::may_set_by_hand(row.notice_state, to, row.fulfillment, has_notice).is_ok())
}

/// Only a person can know whether the mall has it.
fn needs_a_look(state: NoticeState) -> bool {
    matches!(state, NoticeState::ResultUnknown | NoticeState::Applied)
}

async fn form(desk: &Desk, order: &Opened, lang: Lang) -> Result<Sheet, Refusal> {
    let row = &order.view.row;
    let again = may_reset(order, desk)?;
    let title = if again {
        lang.t("出荷通知を再送", "Send the notice again")
    } else {
        lang.t("出荷通知を送る", "Send the shipment notice")
    };
    let mut sheet = Sheet::of(order, title, "notice").with_days(desk.now().japan_date(), lang);
    let judged = judged(desk, order).await?;
    let leave_out: &[&str] = if again { &[ALREADY] } else { &[] };
    let (said, may) = acts::say(judged.as_ref(), leave_out, lang);
    sheet.said = said;
    sheet.lead = format!(
        "{}{}",
        lang.t("いまの連携ステータス：", "State now: "),
        crate::frame::notice_words(row.notice_state, row.confirming, false, lang).1
    );
    // While it is under way nothing of it changes.
    if row.notice_state != NoticeState::InFlight {
        let recipients: BTreeMap<String, String> =
            parcels::recipients(desk, order).await?.into_iter().collect();
        for slot in slots(desk, order).await? {
            if recipients.len() > 1 {
                let name = recipients.get(&slot.recipient).unwrap_or(&slot.recipient);
                sheet.fields.push(Field::new(Kind::Heading, "", name, ""));
            }
            let name = &slot.name;
            sheet.fields.push(Field::select(
                &format!("carrier:{name}"),
                lang.t("配送業者", "Carrier"),
                &slot.carrier,
                parcels::carriers(order),
            ));
            let label = lang.t("配送番号", "Tracking number");
            sheet.fields.push(Field::new(Kind::Mono, &format!("number:{name}"), label, slot.number));
            let label = lang.t("出荷日", "Ship date");
            sheet.fields.push(Field::new(Kind::Date, &format!("date:{name}"), label, slot.date));
        }
        if again && needs_a_look(row.notice_state) {
            let label = lang.t(
                "モールの画面で登録の有無を確かめました（登録済みのものを再送すると、モールの内容を書き換えます）",
                "I looked at the mall (what is there already will be overwritten)",
            );
            sheet.fields.push(Field::new(Kind::Tick, "looked", label, "").required());
        }
        let mended = judged.as_ref().is_some_and(|j| j.verdict.refusals.iter().all(is_mended_here));
        if may || mended || again {
            let words = if again {
                ("保存して再送", "Save and send again")
            } else {
                ("保存して送る", "Save and send")
            };
            lang.t(words.0, words.1).clone_into(&mut sheet.submit);
            lang.t("送信後は取り消せません。", "It cannot be taken back.").clone_into(&mut sheet.note);
        }
    }
    Ok(sheet)
}

/// Refusals that the fields of this form mend.
fn is_mended_here(reason: &domain::Reason) -> bool {
    matches!(
        reason.code.as_str(),
        ALREADY
            | "no_parcel"
            | "recipient_without_parcel"
            | "ship_date_blank"
            | "ship_date_in_future"
            | "tracking_number_blank"
            | "carrier_blank"
            | "carrier_unknown_to_mall"
            | "tracking_number_not_sendable"
    )
}

async fn notice_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let sheet = form(&desk, &order, visitor.lang()).await?;
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

/// The parcels that the form changes. Unknown fields are refused (F68).
fn changes(
    desk: &Desk,
    order: &Opened,
    slots: &[Slot],
    mut typed: BTreeMap<String, String>,
) -> Result<Vec<ParcelChange>, Refusal> {
    let today = desk.now().japan_date();
    let mut changes = Vec::new();
    for slot in slots {
        let mut take = |what: &str, was: &str| {
            typed.remove(&format!("{what}:{}", slot.name)).unwrap_or_else(|| was.to_owned())
        };
        let (carrier, number, date) =
            (take("carrier", &slot.carrier), take("number", &slot.number), take("date", &slot.date));
        let same = carrier == slot.carrier
            && domain::tracking::normalise(&number) == slot.number
            && date == slot.date;
        if same {
            continue;
        }
        let field = format!("date:{}", slot.name);
        let day = parcels::typed_day(&field, &date, today)?;
        changes.push(parcels::typed_parcel(order, slot.id, &slot.recipient, &carrier, &number, day)?);
    }
    match typed.keys().next() {
        Some(field) => {
            Err(Refusal::field(field.clone(), "荷物が変わりました。もう一度開いてください", "is unknown"))
        }
        None => Ok(changes),
    }
}

async fn send(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
    Fields(pairs): Fields<Vec<(String, String)>>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let mut typed: BTreeMap<String, String> = pairs.into_iter().collect();
    let looked = typed.remove("looked").is_some();
    let (seq, by) = (order.seq(), visitor.by());
    for change in changes(&desk, &order, &slots(&desk, &order).await?, typed)? {
        desk.ledger().set_parcel(seq, &change, &by, desk.now()).await?.map_err(Refusal::from)?;
    }
    let again = may_reset(&order, &desk)?;
    let judged = judged(&desk, &order).await?;
    let stays = |r: &&domain::Reason| !(again && r.code == ALREADY);
    let refused = judged.as_ref().is_none_or(|j| j.verdict.refusals.iter().any(|r| stays(&r)));
    if refused || (again && needs_a_look(order.view.row.notice_state) && !looked) {
        // The parcels are kept; the form says what is still in the way.
        let order = find(&desk, &visitor, &number).await?;
        let mut sheet = form(&desk, &order, lang).await?;
        if !refused {
            sheet.wrong(
                "looked",
                lang.t("モールの画面で確かめてから送ってください", "look at the mall first"),
            );
        }
        sheet.said.push(Said {
            class: "ask",
            mark: "！",
            text: lang
                .t(
                    "荷物の内容は保存しました。まだ送信していません。",
                    "The parcels were saved; nothing was sent yet.",
                )
                .to_owned(),
            remedy: String::new(),
        });
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return sheet::answer(&desk, &visitor, &headers, status, &sheet).await;
    }
    if again {
        let has_notice = |_| true;
        let to = NoticeState::NotSent;
        let mut done = desk.ledger().set_notice_state(&[seq], to, &has_notice, &by, desk.now()).await?;
        if let Some(refused) = done.refused.pop() {
            return Err(refused.reason.into());
        }
    }
    let body = NotifyRequest { kind: WriteKind::ShipmentNotice, orders: Some(vec![seq]), target: None };
    asked::ask(&desk, &visitor, &order, NOTIFY, &body).await
}
