//! The page of one order.

use super::asked::{self, Asked};
use super::content::{self, ContentShown, Item, Marks};
use super::facts::{self, ShipmentShown};
use super::told::{self, Known};
use super::{Opened, find, labels};
use crate::desk::Desk;
use crate::door::guard::view;
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, day, grouped, moment, short_moment, yen};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect};
use domain::history::Event;
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass};
use domain::rights::Menu;
use domain::snapshot::Fulfillment;
use domain::write::WriteKind;
use engine::why::here::{self as why, Names, Standing};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::orders::{ListRow, Side};

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/orders/{order_no}", view(Menu::Orders), show),
        post("/orders/{order_no}/reveal", view(Menu::Orders), reveal),
    ]
}

/// Ticket of the slips' page, and for how long it is good.
const PRINT: &str = "print";
const PRINT_MS: i64 = 12 * domain::time::HOUR;

/// A field that the mall changed.
struct SideShown {
    path: String,
    label: String,
    at_import: String,
    at_mall: String,
    ours: String,
    may_take: bool,
    may_keep: bool,
    state: (&'static str, &'static str),
}

/// 事象, 原因, 対処 of a notice that failed.
struct Failure {
    /// The write that can be looked for at the mall.
    look: Option<i64>,
    what: String,
    cause: String,
    remedy: String,
}

/// A parcel.
struct ParcelShown {
    id: i64,
    recipient: String,
    carrier: String,
    number: String,
    link: String,
    shipped_on: String,
    warnings: Vec<String>,
    /// What is in it, when that is said.
    contents: String,
    state: (&'static str, &'static str),
}

/// A write with its steps.
struct WriteShown {
    kind: String,
    state: (&'static str, String),
    lines: Vec<String>,
    reasons: Vec<(String, String)>,
}

/// A line of the timeline.
struct Told {
    class: &'static str,
    when: String,
    who: String,
    text: String,
    /// Phase to go back to, while that is possible.
    undo: Option<String>,
}

struct NoteShown {
    id: i64,
    when: String,
    who: String,
    text: String,
}

struct Relative {
    no: String,
    words: String,
}

/// What the visitor may do here.
struct May {
    edit: bool,
    ship: bool,
    confirm: bool,
    mall_status: bool,
    payment_status: bool,
    notice: bool,
    cancel: bool,
}

#[derive(Template)]
#[template(path = "orders/order.html")]
struct OrderPage {
    frame: Frame,
    no: String,
    version: i64,
    mall_key: String,
    shop: String,
    mall_no: String,
    ordered_at: String,
    back: String,
    phase: String,
    print: String,
    toast: Option<&'static str>,
    asked: Option<Asked>,
    flags: Vec<(&'static str, &'static str)>,
    tags: Vec<String>,
    all_tags: Vec<String>,
    failure: Option<Failure>,
    held: Option<&'static str>,
    changed: Vec<SideShown>,
    content: Option<ContentShown>,
    lines: Vec<content::LineShown>,
    total: String,
    /// Phone numbers and mail addresses are masked; 「表示」 shows them.
    masks: bool,
    revealed: bool,
    erased: bool,
    buyer_data: bool,
    facts: Vec<Item>,
    shipments: Vec<ShipmentShown>,
    parcels: Vec<ParcelShown>,
    is_split: bool,
    several: bool,
    plan: (String, String),
    print_on: String,
    why: String,
    notice: (&'static str, &'static str),
    notice_remedy: &'static str,
    state: Vec<Item>,
    writes: Vec<WriteShown>,
    timeline: Vec<Told>,
    notes: Vec<NoteShown>,
    parent: Option<Relative>,
    children: Vec<Relative>,
    bundled: bool,
    again: bool,
    may: May,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ShowQuery {
    done: Option<String>,
    asked: Option<i64>,
}

async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<ShowQuery>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if number != order.no() {
        return Ok(Redirect::to(&order.path()).into_response());
    }
    render(&desk, &visitor, &order, &query, false).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

/// 「表示」: phone numbers and mail addresses in full, for this one view of the page, and written down.
async fn reveal(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(NoFields {}): Fields<NoFields>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if order.view.content.is_none() {
        return Err(Refusal::not_found());
    }
    let details = serde_json::json!({ "fields": ["phone", "phone2", "email"] });
    desk.ledger().log_action(&visitor.by(), "reveal", order.no(), &details, desk.now()).await?;
    let mut response = render(&desk, &visitor, &order, &ShowQuery::default(), true).await?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn toast(code: &str, lang: Lang) -> Option<&'static str> {
    Some(match code {
        "moved" => lang.t("フェーズを変更しました", "Moved"),
        "cancelled" => lang.t("「キャンセル」へ移しました", "Moved to cancelled"),
        "class" => lang.t("管理区分を変更しました", "Handling class was set"),
        "state" => lang.t("連携ステータスを変更しました", "State was set"),
        "saved" => lang.t("保存しました", "Saved"),
        "same" => lang.t("変更はありませんでした", "Nothing was changed"),
        "taken" => lang.t("内容を決めました", "Decided"),
        "parcel" => lang.t("荷物を保存しました", "Parcel was saved"),
        "parcel_gone" => lang.t("荷物を削除しました", "Parcel was removed"),
        "split" => lang.t("荷物を分けました", "Split into parcels"),
        "unsplit" => lang.t("荷物を1つに戻しました", "One parcel again"),
        "note" => lang.t("メモを残しました", "Note was added"),
        "note_gone" => lang.t("メモを削除しました", "Note was removed"),
        "tag" => lang.t("タグを変更しました", "Tags were changed"),
        "bundled" => lang.t("同梱しました", "Bundled"),
        "unbundled" => lang.t("同梱をやめました", "Unbundled"),
        _ => return None,
    })
}

fn failure(order: &Opened, visitor: &Visitor) -> Option<Failure> {
    let lang = visitor.lang();
    let row = &order.view.row;
    let failed =
        |s| matches!(s, NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown);
    let (kind, state) = match (row.notice_state, row.confirm_state) {
        (s, _) if failed(s) => (WriteKind::ShipmentNotice, s),
        (_, s) if failed(s) => (WriteKind::ConfirmOrder, s),
        _ => return None,
    };
    let what = told::kind(kind.as_str(), lang);
    let word = told::state(state.as_str(), lang);
    let newest = || order.view.writes.iter().rev().filter(|w| w.kind == kind.as_str());
    let reason = newest().find_map(|w| w.reason.as_ref());
    let unlearnt = state == NoticeState::ResultUnknown && visitor.edits(Menu::Notices);
    let cause = reason.map(|r| match &r.mall_text {
        Some(text) => format!("{} 「{text}」", lang.reason(r)),
        None => lang.reason(r),
    });
    let remedy = match (lang, reason) {
        (Lang::Ja, Some(reason)) if !reason.remedy.is_empty() => reason.remedy.clone(),
        (Lang::Ja, _) => state.remedy_ja().to_owned(),
        (Lang::En, _) => remedy_en(state).to_owned(),
    };
    Some(Failure {
        look: newest().next().filter(|_| unlearnt).map(|w| w.outbox_id),
        what: match lang {
            Lang::Ja => format!("{what}が「{word}」になりました。"),
            Lang::En => format!("The {what} is in state {word}."),
        },
        cause: cause
            .unwrap_or_else(|| lang.t("理由は記録されていません", "no reason was recorded").to_owned()),
        remedy,
    })
}

fn remedy_en(state: NoticeState) -> &'static str {
    match state {
        NoticeState::NotSent => "It is sent when the order enters a target phase.",
        NoticeState::InFlight => "The mall's result is awaited; nothing is to be done.",
        NoticeState::Applied => "The mall has it.",
        NoticeState::Rejected => "Look at the reason, mend the data, and send it again.",
        NoticeState::SendFailed => "The mall does not have it; send it again.",
        NoticeState::ResultUnknown => {
            "Look at the mall: set it to applied when it is there, else to not sent."
        }
    }
}

fn sides(sides: &[Side], contact: bool, lang: Lang) -> Vec<SideShown> {
    let words = |side: &Side, value: Option<&serde_json::Value>| match value {
        None => lang.t("（なし）", "(none)").to_owned(),
        Some(value) => {
            let words = labels::words(&side.path, value, lang);
            let masks = labels::is_contact(&side.path) && !contact && !value.is_null();
            if masks { content::masked(&words) } else { words }
        }
    };
    sides
        .iter()
        .map(|side| {
            let settled = side.is_settled();
            let state = match (side.conflict, settled, side.ours.is_some()) {
                (true, ..) => ("bad", lang.t("変更の重なり", "conflict")),
                (_, true, _) => ("ok", lang.t("モールの内容にしました", "taken")),
                (_, _, true) => ("info", lang.t("当店の修正を使用中", "ours is used")),
                _ => ("warn", lang.t("未確認", "open")),
            };
            SideShown {
                label: labels::label(&side.path, lang),
                at_import: words(side, side.at_import.as_ref()),
                at_mall: words(side, side.at_mall.as_ref()),
                ours: side.ours.as_ref().map(|v| words(side, Some(v))).unwrap_or_default(),
                may_take: !settled,
                may_keep: side.conflict,
                state,
                path: side.path.clone(),
            }
        })
        .collect()
}

fn parcels(order: &Opened, carriers: &[domain::carrier::Carrier], lang: Lang) -> Vec<ParcelShown> {
    let content = order.view.content.as_ref();
    let named = |key: &str| {
        let found = content.and_then(|c| c.recipients.iter().find(|r| r.key == key));
        found.map_or_else(|| key.to_owned(), |r| r.party.name())
    };
    let shown = |p: &domain::order::Parcel| {
        let carrier = carriers.iter().find(|c| Some(&c.carrier) == p.carrier.as_ref());
        let state = match p.sent_version {
            0 => ("", lang.t("未送信", "not sent")),
            v if v == p.version => ("ok", lang.t("送信済み", "sent")),
            _ => ("warn", lang.t("送信後に修正", "corrected since")),
        };
        ParcelShown {
            id: p.parcel_id.0,
            recipient: named(&p.recipient_key),
            carrier: carrier
                .map(|c| c.name.clone())
                .or_else(|| p.carrier.as_ref().map(|c| c.0.clone()))
                .unwrap_or_default(),
            number: p.tracking_number.clone(),
            link: carrier.and_then(|c| c.tracking_link(&p.tracking_number)).unwrap_or_default(),
            shipped_on: p.shipped_on.map(|d| day(&d.to_string())).unwrap_or_default(),
            warnings: domain::tracking::warnings(p.carrier.as_ref(), &p.tracking_number)
                .iter()
                .map(|w| lang.reason(w))
                .collect(),
            contents: super::split::contents(p, content),
            state,
        }
    };
    order.view.parcels.iter().map(shown).collect()
}

fn step_state(state: &str, lang: Lang) -> (&'static str, String) {
    let (class, ja, en) = match state {
        "ready" => ("run", "送信待ち", "ready"),
        "sending" => ("run", "送信中", "sending"),
        "pending" => ("run", "結果待ち", "result awaited"),
        "unknown" => ("run", "結果確認中", "checking the result"),
        "filed" => ("run", "出荷ファイル（回答待ち）", "in a file"),
        "applied" => ("ok", "正常", "applied"),
        "rejected" => ("bad", "エラー", "rejected"),
        "failed" => ("bad", "通知失敗", "failed"),
        "result_unknown" => ("bad", "通知結果取得失敗", "result unknown"),
        "withdrawn" => ("mute", "取りやめ", "withdrawn"),
        other => return ("mute", other.to_owned()),
    };
    (class, lang.t(ja, en).to_owned())
}

/// Writes, newest first, each step with its attempts.
fn writes(order: &Opened, lang: Lang) -> Vec<WriteShown> {
    let mut shown: Vec<WriteShown> = Vec::new();
    for step in order.view.writes.iter().rev() {
        let target = step.target.as_ref().map(|t| format!(" → {t}")).unwrap_or_default();
        let mut lines = vec![format!("{} {}", lang.t("依頼", "asked"), short_moment(step.created_at))];
        if step.attempts > 0 {
            lines.push(match lang {
                Lang::Ja => format!("送信 {}回", step.attempts),
                Lang::En => format!("sent {} times", step.attempts),
            });
        }
        lines.extend(step.sent_at.map(|t| format!("{} {}", lang.t("最終送信", "last"), short_moment(t))));
        let open = step.finished_at.is_none() && step.state == "open";
        if open {
            lines.push(format!("{} {}", lang.t("次の確認", "next"), short_moment(step.due_at)));
        }
        lines.extend(step.finished_at.map(|t| format!("{} {}", lang.t("終了", "ended"), short_moment(t))));
        lines.extend(step.parcel_id.map(|id| format!("{} {id}", lang.t("荷物", "parcel"))));
        let said = step.reason.iter().chain(&step.warnings);
        shown.push(WriteShown {
            kind: told::kind(&step.kind, lang) + &target,
            state: step_state(&step.step_state, lang),
            lines,
            reasons: said
                .map(|r| {
                    let own = r.mall_text.as_deref().map(|t| format!(" 「{t}」")).unwrap_or_default();
                    (lang.reason(r) + &own, lang.t(&r.remedy, "").to_owned())
                })
                .collect(),
        });
    }
    shown
}

fn timeline(order: &Opened, known: &Known<'_>, may_edit: bool) -> Vec<Told> {
    let history = &order.view.history;
    let newest_move = history
        .iter()
        .rposition(|row| matches!(serde_json::from_value(row.event.clone()), Ok(Event::PhaseMoved { .. })));
    let here = order.view.row.phase.as_str();
    let mut told: Vec<Told> = history
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let words = known.told(&row.event);
            let undo = match serde_json::from_value(row.event.clone()) {
                Ok(Event::PhaseMoved { from, to, .. })
                    if may_edit && newest_move == Some(at) && to == here && row.by.is_person() =>
                {
                    order.names.phases.contains_key(&from).then_some(from)
                }
                _ => None,
            };
            Told { class: words.class, when: moment(row.at), who: known.who(&row.by), text: words.text, undo }
        })
        .collect();
    told.reverse();
    told
}

/// What stands beside: states that are no part of the content.
fn state_items(order: &Opened, known: &Known<'_>, lang: Lang) -> Vec<Item> {
    let row = &order.view.row;
    let item = |label: &str, value: String| Item { label: label.to_owned(), value, ..Item::default() };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| lang.t("指定なし", "none").to_owned());
    let mut items = Vec::new();
    let mut phase = known.phase(row.phase.as_str());
    if let Some(since) = why::since(&order.view.history, row.phase.as_str()) {
        phase = format!("{phase}（{}{}）", short_moment(since), lang.t("から", " on"));
    }
    items.push(item(lang.t("フェーズ", "Phase"), phase));
    let mall = match row.mall_status_label.as_str() {
        "" => row.mall_status.clone(),
        label => format!("{label}（{}）", row.mall_status),
    };
    items.push(item(lang.t("モール", "Mall"), format!("{mall} · {}", facts::stage(row.mall_stage, lang))));
    if row.confirm_state != NoticeState::NotSent {
        items.push(item(lang.t("注文確認", "Confirmation"), told::state(row.confirm_state.as_str(), lang)));
    }
    let class = row.handling_class;
    items.push(item(lang.t("管理区分", "Class"), lang.t(class.label_ja(), class.as_str()).to_owned()));
    let (hold, released) = (row.hold.label_ja(), row.hold.released_at());
    let released = released.map(|t| format!("（{} {}）", lang.t("公開日時", "released"), moment(t)));
    items.push(item(lang.t("不正保留", "Fraud hold"), hold + &released.unwrap_or_default()));
    items.push(item(lang.t("お届け希望", "Deliver on"), or_none(row.deliver_on.as_deref().map(day))));
    let payment = if row.payment_label.is_empty() { &row.payment_method } else { &row.payment_label };
    items.push(item(lang.t("支払方法", "Payment"), payment.clone()));
    items.push(item(lang.t("入金日", "Paid on"), or_none(row.paid_on.as_deref().map(day))));
    let printed = row.printed_at.map(|t| lang.t("済 ", "yes ").to_owned() + &short_moment(t));
    items.push(item(lang.t("印刷", "Printed"), printed.unwrap_or_else(|| lang.t("未", "no").to_owned())));
    items.push(item(lang.t("取込日時", "Imported"), moment(row.created_at)));
    items.push(item(lang.t("最終更新", "Updated"), moment(row.updated_at)));
    if row.provisional {
        items.push(item(lang.t("仮伝票", "Provisional"), lang.t("はい", "yes").to_owned()));
    }
    items
}

fn flags(row: &ListRow, doubt: bool, lang: Lang) -> Vec<(&'static str, &'static str)> {
    let mut tags: Vec<_> =
        row.flags.iter().map(|f| (lang.t(f.label_ja(), f.as_str()), frame::flag_class(*f))).collect();
    if doubt {
        tags.push((lang.t("住所不備の可能性", "address in doubt"), "bad"));
    }
    if row.handling_class != HandlingClass::Normal {
        tags.push((lang.t(row.handling_class.label_ja(), row.handling_class.as_str()), "warn"));
    }
    if row.fulfillment == Fulfillment::Fba {
        tags.push(("FBA", "mute"));
    }
    match row.grouping {
        Grouping::None => {}
        Grouping::BundledChild => tags.push((lang.t("同梱の子", "bundled"), "info")),
        Grouping::SplitChild => tags.push((lang.t("分割の子", "split"), "info")),
    }
    tags.extend(row.traits.iter().map(|t| (lang.t(t.label_ja(), t.label_en()), "info")));
    tags
}

/// Goods as the lists know them, for whoever may not see the buyer and for orders whose buyer was erased.
async fn plain_lines(desk: &Desk, order: &Opened) -> Result<Vec<content::LineShown>, Refusal> {
    let goods = desk.ledger().order_goods(order.seq()).await?;
    Ok(goods
        .into_iter()
        .map(|g| content::LineShown {
            title: g.title.unwrap_or_default(),
            sku: g.sku.or(g.item_code).unwrap_or_default(),
            rate: g.tax_rate_bp.map(labels::rate).unwrap_or_default(),
            unit: g.unit_price.map(yen).unwrap_or_default(),
            quantity: grouped(g.quantity),
            cancelled: if g.cancelled_quantity == 0 { String::new() } else { grouped(g.cancelled_quantity) },
            ..content::LineShown::default()
        })
        .collect())
}

fn relative(row: &ListRow) -> Relative {
    Relative { no: row.order_no.0.clone(), words: row.mall_order_id.0.clone() }
}

fn may(desk: &Desk, visitor: &Visitor, order: &Opened) -> May {
    let row = &order.view.row;
    let mall = order.mall(desk).ok();
    let offers =
        |kind| mall.as_ref().is_some_and(|m| m.writer().is_some() && m.descriptor().write(kind).is_some());
    let edit = visitor.edits(Menu::Orders);
    let notice = mall.as_ref().is_some_and(|m| m.descriptor().notice.is_some());
    May {
        edit,
        ship: visitor.edits(Menu::Shipping),
        confirm: edit && offers(WriteKind::ConfirmOrder),
        mall_status: edit && offers(WriteKind::MallStatus),
        payment_status: edit && offers(WriteKind::PaymentStatus),
        notice: notice && row.fulfillment != Fulfillment::Fba,
        cancel: edit && row.phase.as_str() != domain::phase::CANCELLED,
    }
}

async fn render(desk: &Desk, visitor: &Visitor, order: &Opened, query: &ShowQuery, revealed: bool) -> Page {
    let (lang, access, ledger) = (visitor.lang(), visitor.access(), desk.ledger());
    let (view, row) = (&order.view, &order.view.row);
    let contact = visitor.rights.contact_data || revealed;
    let people: BTreeMap<String, String> =
        ledger.users().await?.into_iter().map(|u| (u.login, u.name)).collect();
    let known = Known { phases: &order.names.phases, people: &people, lang };
    let changed = ledger.order_sides(&access, order.seq()).await?;
    let marks = Marks {
        edited: view.edited.iter().cloned().collect(),
        conflicts: view.conflicts.iter().cloned().collect(),
        changed: changed.iter().filter(|s| !s.is_settled()).map(|s| s.path.clone()).collect(),
        contact,
    };
    let content = view.content.as_ref().map(|c| content::show(c, &marks, lang));
    let lines = match &content {
        Some(content) => content.lines.clone(),
        None => plain_lines(desk, order).await?,
    };
    let (facts, mut shipments) = view.mall.as_ref().map(|m| facts::show(m, lang)).unwrap_or_default();
    let carriers = ledger.carriers().await?;
    for shipment in &mut shipments {
        let code = &shipment.carrier;
        let ours = carriers.iter().find(|c| c.mall_codes.get(&order.shop.mall) == Some(code));
        if let Some(ours) = ours.filter(|_| !code.is_empty()) {
            shipment.carrier = format!("{}（{code}）", ours.name);
        }
    }
    let standing = Standing::of(row);
    let names = Names { phases: known.phases, people: known.people, ja: lang == Lang::Ja };
    let notes = match visitor.rights.buyer_data {
        true => ledger.notes(order.seq()).await?,
        false => Vec::new(),
    };
    let note = |n: store::desk::notes::Note| NoteShown {
        id: n.note_id,
        when: short_moment(n.at),
        who: known.who(&n.by),
        text: n.text,
    };
    let family = ledger.family(&access, order.seq()).await?;
    let rules = order.rules(desk).await?;
    let method = row.shipping_method.as_ref();
    let ticket = ledger.seal_ticket(PRINT, &order.seq().0.to_string(), desk.now().plus(PRINT_MS))?;
    let fba = row.fulfillment == Fulfillment::Fba;
    let may = may(desk, visitor, order);
    let title = format!("{} · {}", order.no(), order.shop.name);
    let here = Here { menu: Some(Menu::Orders), phase: Some(row.phase.as_str()), ..Here::default() };
    let asked = match query.asked {
        Some(id) => asked::of(desk, order, id, lang).await?,
        None => None,
    };
    let page = OrderPage {
        frame: Frame::new(desk, visitor, title, here).await?,
        no: order.no().to_owned(),
        version: row.version,
        mall_key: order.shop.mall.clone(),
        shop: order.shop.name.clone(),
        mall_no: row.mall_order_id.0.clone(),
        ordered_at: moment(row.ordered_at),
        back: format!("/orders?phase={}", row.phase),
        phase: known.phase(row.phase.as_str()),
        print: format!("/shipping/print/slips?s={ticket}"),
        toast: query.done.as_deref().and_then(|code| toast(code, lang)),
        asked,
        flags: flags(row, content.as_ref().is_some_and(|c| c.address_in_doubt), lang),
        tags: ledger.tags(&[order.seq()]).await?.remove(&order.seq()).unwrap_or_default(),
        all_tags: ledger.all_tags().await?,
        failure: failure(order, visitor),
        held: row.hold.is_fraud().then(|| {
            lang.t(
                "モールがこの注文を不正利用の疑いで審査しています。出荷せず、モールの審査を待ってください。",
                "The mall reviews this order for fraud: do not ship it.",
            )
        }),
        changed: sides(&changed, contact, lang),
        masks: !visitor.rights.contact_data && !revealed,
        revealed: revealed && !visitor.rights.contact_data,
        erased: row.erased,
        buyer_data: visitor.rights.buyer_data,
        total: row.total.map_or_else(|| lang.t("未確定", "undecided").to_owned(), yen),
        content,
        lines,
        facts,
        shipments,
        parcels: parcels(order, &carriers, lang),
        is_split: order.view.parcels.iter().any(|p| !p.contents.is_empty()),
        several: rules.facts.recipient_keys.len() > 1,
        print_on: row.print_on.as_deref().map(day).unwrap_or_default(),
        plan: (
            row.ship_on.as_deref().map(day).unwrap_or_default(),
            method.map(|m| order.names.methods.get(m).unwrap_or(m).clone()).unwrap_or_default(),
        ),
        why: why::why_here(&view.history, &standing, &names),
        notice: frame::notice_words(row.notice_state, row.confirming, fba, lang),
        notice_remedy: match (fba, lang) {
            (true, _) => lang.t("モールが出荷と報告を行います。", "The mall ships and reports it."),
            (false, Lang::Ja) => row.notice_state.remedy_ja(),
            (false, Lang::En) => remedy_en(row.notice_state),
        },
        state: state_items(order, &known, lang),
        writes: writes(order, lang),
        timeline: timeline(order, &known, may.edit),
        notes: notes.into_iter().map(note).collect(),
        parent: family.parent.as_ref().map(relative),
        children: family.children.iter().map(relative).collect(),
        bundled: row.grouping == Grouping::BundledChild,
        again: !matches!(row.notice_state, NoticeState::NotSent | NoticeState::InFlight),
        may,
    };
    frame::page(&page)
}
