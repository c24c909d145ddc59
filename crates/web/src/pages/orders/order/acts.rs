//! Moves, states, bundles, and what is asked of the mall: each with the form that says beforehand what will come of it.

use super::sheet::{self, Field, Kind, Said, Sheet};
use super::{Opened, asked, find, labels, same_version, told};
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use domain::notice::{self, NoticeState};
use domain::order::{Flag, HandlingClass};
use domain::phase::{CANCELLED, MoveFacts, MoveSettings, Phase, may_move};
use domain::rights::Menu;
use domain::write::WriteKind;
use domain::{PhaseKey, Reason};
use engine::requests::{IMPORT, ImportRequest, NOTIFY, NotifyRequest};
use engine::{Judged, doors, judge_orders, judge_status};
use serde::Deserialize;
use std::sync::Arc;
use store::orders::MoveOptions;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let orders = edit(Menu::Orders);
    vec![
        get("/orders/{order_no}/sheet/move", orders, move_sheet),
        post("/orders/{order_no}/move", orders, move_to),
        get("/orders/{order_no}/sheet/class", orders, class_sheet),
        post("/orders/{order_no}/class", orders, set_class),
        get("/orders/{order_no}/sheet/confirm", orders, confirm_sheet),
        post("/orders/{order_no}/confirm", orders, confirm),
        get("/orders/{order_no}/sheet/status", orders, status_sheet),
        post("/orders/{order_no}/status", orders, status),
        get("/orders/{order_no}/sheet/state", orders, state_sheet),
        post("/orders/{order_no}/state", orders, set_state),
        get("/orders/{order_no}/sheet/reimport", orders, reimport_sheet),
        post("/orders/{order_no}/reimport", orders, reimport),
        get("/orders/{order_no}/sheet/bundle", orders, bundle_sheet),
        post("/orders/{order_no}/bundle", orders, bundle),
        post("/orders/{order_no}/unbundle", orders, unbundle),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveQuery {
    to: Option<String>,
}

async fn move_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<MoveQuery>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let rules = order.rules(&desk).await?;
    let facts = MoveFacts {
        from: &rules.facts.phase,
        hold: &rules.facts.hold,
        in_flight: rules.facts.notice_state == NoticeState::InFlight,
        has_ship_date: !rules.facts.parcels.is_empty()
            && rules.facts.parcels.iter().all(|p| p.shipped_on.is_some()),
        provisional: rules.facts.provisional,
    };
    let may_override = visitor.rights.override_fraud_hold;
    let settings = MoveSettings::of(&order.shop.settings);
    let phases: Vec<Phase> = desk.ledger().phases().await?;
    let mut sheet = Sheet::of(&order, lang.t("フェーズを変更", "Move to a phase"), "move");
    let held = rules.facts.hold.is_fraud() && settings.guard_fraud_hold;
    let mut options = Vec::new();
    for phase in phases.iter().filter(|p| p.phase != rules.facts.phase) {
        let overridden = MoveSettings { override_fraud_hold: may_override, ..settings };
        match may_move(&facts, phase, overridden) {
            Ok(_) => options.push((phase.phase.0.clone(), phase.name.clone())),
            // The hold is told once, not for each phase.
            Err(_)
                if held
                    && may_move(&facts, phase, MoveSettings { guard_fraud_hold: false, ..settings })
                        .is_ok() => {}
            Err(reason) => {
                let mut said = Said::no(&reason, lang);
                said.mark = "×";
                said.text = format!("「{}」：{}", phase.name, said.text);
                sheet.said.push(said);
            }
        }
    }
    if held {
        sheet.said.insert(0, Said::no(&domain::reason::fraud_hold_blocks_move(), lang));
    }
    if facts.in_flight {
        sheet.said.push(Said::ask(&domain::reason::notice_in_flight(), lang));
    }
    sheet.lead = format!(
        "{}「{}」",
        lang.t("いまのフェーズ：", "Now in "),
        order.names.phases.get(rules.facts.phase.as_str()).unwrap_or(&rules.facts.phase.0)
    );
    sheet.hidden.push(("version".to_owned(), order.view.row.version.to_string()));
    let to = query.to.unwrap_or_default();
    sheet.fields.push(Field::select("to", lang.t("移動先", "To"), &to, options.clone()).required());
    if held && may_override {
        sheet.fields.push(
            Field::new(
                Kind::Tick,
                "override",
                lang.t("不正利用審査中と承知のうえで移す", "Move it in spite of the fraud hold"),
                "",
            )
            .hint(lang.t(
                "当店のフェーズだけが変わり、モールへは何も送りません。履歴に名前が残ります。",
                "Only our phase changes; nothing is sent to the mall. History names you.",
            )),
        );
    }
    if !options.is_empty() {
        lang.t("移動する", "Move").clone_into(&mut sheet.submit);
    }
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveForm {
    to: String,
    version: i64,
    #[serde(rename = "override")]
    over: Option<String>,
}

async fn move_to(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<MoveForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if !order.names.phases.contains_key(&form.to) {
        return Err(Refusal::field("to", "移動先のフェーズを選んでください", "is not a phase"));
    }
    let options = MoveOptions {
        override_fraud_hold: form.over.is_some() && visitor.rights.override_fraud_hold,
        expected_version: Some(form.version),
    };
    let to = PhaseKey(form.to);
    let mut done = desk.ledger().move_orders(&[order.seq()], &to, options, &visitor.by(), desk.now()).await?;
    desk.recount();
    match done.refused.pop() {
        Some(refused) => Err(refused.reason.into()),
        None => {
            desk.hub.wake();
            Ok(order.done(if to.as_str() == CANCELLED { "cancelled" } else { "moved" }))
        }
    }
}

async fn class_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let mut sheet = Sheet::of(&order, lang.t("管理区分", "Handling class"), "class");
    lang.t(
        "「通常」の受注だけが自動で送信されます。「保留」「キャンセル」にすると、自動では何も送りません。",
        "Only normal orders are sent automatically.",
    )
    .clone_into(&mut sheet.lead);
    let classes = [HandlingClass::Normal, HandlingClass::OnHold, HandlingClass::Cancelled];
    let options =
        classes.map(|c| (c.as_str().to_owned(), lang.t(c.label_ja(), c.as_str()).to_owned())).to_vec();
    let now = order.view.row.handling_class.as_str();
    sheet.hidden.push(("version".to_owned(), order.view.row.version.to_string()));
    sheet.fields.push(Field::select("class", lang.t("管理区分", "Class"), now, options));
    lang.t("変更する", "Set").clone_into(&mut sheet.submit);
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassForm {
    class: String,
    version: i64,
}

async fn set_class(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<ClassForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    same_version(&order, form.version)?;
    let class = HandlingClass::parse(&form.class)
        .ok_or_else(|| Refusal::field("class", "管理区分を選んでください", "is not a class"))?;
    desk.ledger().set_handling_class(order.seq(), class, &visitor.by(), desk.now()).await?;
    desk.hub.wake();
    Ok(order.done("class"))
}

/// What a judgement says, and whether it may be done.
pub(super) fn say(judged: Option<&Judged>, leave_out: &[&str], lang: Lang) -> (Vec<Said>, bool) {
    let Some(judged) = judged else { return (Vec::new(), false) };
    let refusals: Vec<&Reason> =
        judged.verdict.refusals.iter().filter(|r| !leave_out.contains(&r.code.as_str())).collect();
    let mut said: Vec<Said> = refusals.iter().map(|r| Said::no(r, lang)).collect();
    if refusals.is_empty() {
        said.push(Said::go(lang.t("モールへ送れます。", "It can be sent to the mall."), lang));
    }
    said.extend(judged.verdict.warnings.iter().map(|r| Said::ask(r, lang)));
    (said, refusals.is_empty())
}

fn first_refusal(judged: Option<&Judged>) -> Result<(), Refusal> {
    match judged.and_then(|j| j.verdict.refusals.first()) {
        Some(reason) => Err(reason.clone().into()),
        None => Ok(()),
    }
}

async fn judged_confirm(desk: &Desk, order: &Opened) -> Result<Option<Judged>, Refusal> {
    let mall = order.mall(desk)?;
    let (ledger, now) = (desk.ledger(), desk.now());
    let kind = WriteKind::ConfirmOrder;
    let mut all = judge_orders(ledger, &order.shop, &*mall, kind, &[order.seq()], true, now).await?;
    Ok(all.pop())
}

async fn confirm_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let mut sheet = Sheet::of(&order, lang.t("注文確認", "Confirm the order"), "confirm");
    lang.t("モールへ注文確認を送ります。", "Confirms the order at the mall.").clone_into(&mut sheet.lead);
    let judged = judged_confirm(&desk, &order).await?;
    let (said, may) = say(judged.as_ref(), &[], lang);
    sheet.said = said;
    if may {
        lang.t("注文確認を送る", "Confirm").clone_into(&mut sheet.submit);
        lang.t("送信後は取り消せません。", "It cannot be taken back.").clone_into(&mut sheet.note);
    }
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

async fn confirm(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(NoFields {}): Fields<NoFields>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    first_refusal(judged_confirm(&desk, &order).await?.as_ref())?;
    let body = NotifyRequest { kind: WriteKind::ConfirmOrder, orders: Some(vec![order.seq()]), target: None };
    asked::ask(&desk, &visitor, &order, NOTIFY, &body).await
}

fn status_kind(text: &str) -> Result<WriteKind, Refusal> {
    match WriteKind::parse(text) {
        Some(kind @ (WriteKind::MallStatus | WriteKind::PaymentStatus)) => Ok(kind),
        _ => Err(Refusal::field("kind", "変更する対象を選んでください", "is not a status")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusQuery {
    kind: String,
}

fn status_form(
    order: &Opened,
    desk: &Desk,
    kind: WriteKind,
    target: &str,
    lang: Lang,
) -> Result<Sheet, Refusal> {
    let of_order = kind == WriteKind::MallStatus;
    let title = if of_order {
        lang.t("モールのステータスを変更", "Change the mall's status")
    } else {
        lang.t("モールの入金ステータスを変更", "Change the payment status at the mall")
    };
    let mut sheet = Sheet::of(order, title, "status");
    let row = &order.view.row;
    let payment = order.view.mall.as_ref().and_then(|m| m.payment_status.as_ref());
    let now = match (of_order, payment) {
        (true, _) => format!("{}（{}）", row.mall_status_label, row.mall_status),
        (false, Some(status)) => super::facts::coded(status),
        (false, None) => lang.t("不明", "not known").to_owned(),
    };
    sheet.lead = format!("{}{now}", lang.t("いまのモールの値：", "Now at the mall: "));
    sheet.hidden.push(("kind".to_owned(), kind.as_str().to_owned()));
    let field = if of_order {
        let mall = order.mall(desk)?;
        let statuses = &mall.descriptor().statuses;
        let options =
            statuses.iter().map(|s| (s.code.to_owned(), format!("{}（{}）", s.label, s.code))).collect();
        Field::select("target", lang.t("変更後", "To"), target, options)
    } else {
        Field::new(Kind::Mono, "target", lang.t("変更後のコード", "Code to set"), target)
            .hint(lang.t("モールの入金ステータスのコード", "the mall's code"))
    };
    sheet.fields.push(field.required());
    lang.t("確認へ進む", "Check").clone_into(&mut sheet.submit);
    Ok(sheet)
}

async fn status_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<StatusQuery>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let sheet = status_form(&order, &desk, status_kind(&query.kind)?, "", visitor.lang())?;
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusForm {
    kind: String,
    target: String,
    sure: Option<String>,
}

/// First says what will come of it; sent again with `sure`, it goes to the mall.
async fn status(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
    Fields(form): Fields<StatusForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let kind = status_kind(&form.kind)?;
    let target: String = form.target.trim().chars().take(100).collect();
    if target.is_empty() {
        return Err(Refusal::field("target", "変更後のステータスを選んでください", "must be given"));
    }
    let mall = order.mall(&desk)?;
    let seqs = [order.seq()];
    let judged = judge_status(desk.ledger(), &order.shop, &*mall, kind, &target, &seqs).await?.pop();
    let (said, may) = say(judged.as_ref(), &[], lang);
    if may && form.sure.is_some() {
        let body = NotifyRequest { kind, orders: Some(seqs.to_vec()), target: Some(target) };
        return asked::ask(&desk, &visitor, &order, NOTIFY, &body).await;
    }
    let mut sheet = status_form(&order, &desk, kind, &target, lang)?;
    sheet.said = said;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if may {
        status = StatusCode::OK;
        // What was judged is what is sent.
        sheet.fields.clear();
        let label = mall.descriptor().status(&target).map_or(target.as_str(), |s| s.label);
        sheet.lead = format!("{} → {label}", sheet.lead);
        sheet.hidden.extend([("target".to_owned(), target), ("sure".to_owned(), "1".to_owned())]);
        lang.t("モールへ送る", "Send to the mall").clone_into(&mut sheet.submit);
        lang.t("送信後は取り消せません。", "It cannot be taken back.").clone_into(&mut sheet.note);
    }
    sheet::answer(&desk, &visitor, &headers, status, &sheet).await
}

async fn state_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let row = &order.view.row;
    let has_notice = order.mall(&desk)?.descriptor().notice.is_some();
    let mut sheet = Sheet::of(&order, lang.t("連携ステータスを手で変更", "Set the state by hand"), "state");
    lang.t(
        "モールの画面で登録の有無を確かめてから変更してください。「未連携」にすると再び送信の対象になり、「正常」にすると送信済みとして扱います。",
        "Look at the mall first. Not sent is sent again; applied counts as sent.",
    )
    .clone_into(&mut sheet.lead);
    let mut kinds = Vec::new();
    for (kind, now) in
        [(WriteKind::ShipmentNotice, row.notice_state), (WriteKind::ConfirmOrder, row.confirm_state)]
    {
        let words = format!("{}（{}）", told::kind(kind.as_str(), lang), told::state(now.as_str(), lang));
        match notice::may_set_by_hand(now, NoticeState::NotSent, row.fulfillment, has_notice) {
            Ok(()) => kinds.push((kind.as_str().to_owned(), words)),
            Err(reason) => {
                let mut said = Said::no(&reason, lang);
                said.mark = "×";
                said.text = format!("{words}：{}", said.text);
                sheet.said.push(said);
            }
        }
    }
    if !kinds.is_empty() {
        let states = [NoticeState::NotSent, NoticeState::Applied]
            .map(|s| (s.as_str().to_owned(), told::state(s.as_str(), lang)))
            .to_vec();
        sheet.fields.push(Field::select("kind", lang.t("対象", "Which"), "", kinds));
        sheet.fields.push(Field::select("to", lang.t("変更後", "To"), "", states));
        lang.t("変更する", "Set").clone_into(&mut sheet.submit);
    }
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateForm {
    kind: String,
    to: String,
}

async fn set_state(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<StateForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let kind = WriteKind::parse(&form.kind)
        .ok_or_else(|| Refusal::field("kind", "対象を選んでください", "is not a kind of write"))?;
    let to = NoticeState::parse(&form.to)
        .ok_or_else(|| Refusal::field("to", "変更後の状態を選んでください", "is not a state"))?;
    let has = order.mall(&desk)?.descriptor().notice.is_some();
    let has_notice = move |_| has;
    let mut done = desk
        .ledger()
        .set_write_state(&[order.seq()], kind, to, &has_notice, &visitor.by(), desk.now())
        .await?;
    desk.recount();
    match done.refused.pop() {
        Some(refused) => Err(refused.reason.into()),
        None => {
            desk.hub.wake();
            Ok(order.done("state"))
        }
    }
}

async fn reimport_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let mut sheet = Sheet::of(&order, lang.t("注文再取込", "Import it again"), "reimport");
    lang.t(
        "モールから現在の内容を取り直し、この受注をその内容で更新します。当店の修正は残り、両方で変わった項目は「変更の重なり」として確認できます。",
        "Fetches the mall's present copy and takes it over. Our edits stay; what both changed is shown as a conflict.",
    )
    .clone_into(&mut sheet.lead);
    if order.view.row.erased {
        sheet.said.push(Said::no(&domain::reason::buyer_data_erased(), lang));
        return sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await;
    }
    let sides = desk.ledger().order_sides(&visitor.access(), order.seq()).await?;
    for side in sides.iter().filter(|s| !s.is_settled()) {
        let label = labels::label(&side.path, lang);
        let (class, mark, text) = if side.ours.is_some() {
            ("ask", lang.t("△ 重なり", "△ conflict"), lang.t("当店の修正が残ります", "our edit stays"))
        } else {
            ("go", lang.t("○ 更新", "○ taken"), lang.t("モールの内容になります", "the mall's value is taken"))
        };
        let text = format!("{label}：{text}");
        sheet.said.push(Said { class, mark, text, remedy: String::new() });
    }
    if sheet.said.is_empty() {
        let text = lang.t(
            "前回の取込までに、モール側の変更は見つかっていません。",
            "No change at the mall is known so far.",
        );
        sheet.said.push(Said { class: "go", mark: "○", text: text.to_owned(), remedy: String::new() });
    }
    if !doors::busy_shops(desk.ledger(), std::slice::from_ref(&order.shop)).await?.is_empty() {
        sheet.said.push(Said::ask(&domain::reason::shop_busy(&order.shop.name), lang));
        let label =
            lang.t("強制ダウンロード（いまの取込を引き継いで再開）", "Take over from the running import");
        sheet.fields.push(Field::new(Kind::Tick, "force", label, ""));
    }
    lang.t("再取込する", "Import again").clone_into(&mut sheet.submit);
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReimportForm {
    force: Option<String>,
}

async fn reimport(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<ReimportForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if order.view.row.erased {
        return Err(domain::reason::buyer_data_erased().into());
    }
    let now = desk.now();
    let body = ImportRequest {
        from: now,
        to: now,
        statuses: None,
        overwrite: true,
        force: form.force.is_some(),
        orders: Some(vec![order.view.row.mall_order_id.clone()]),
    };
    asked::ask(&desk, &visitor, &order, IMPORT, &body).await
}

async fn bundle_sheet(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let lang = visitor.lang();
    let mut sheet = Sheet::of(&order, lang.t("ほかの受注に同梱", "Bundle into another order"), "bundle");
    lang.t(
        "この受注を子にして、親の荷物で出荷します。子は通知されず、モールでは未出荷のままです。",
        "This order becomes a child and travels in its parent's parcel. It is not notified; the mall still has it unshipped.",
    )
    .clone_into(&mut sheet.lead);
    if order.view.row.flags.contains(&Flag::FraudHold) {
        sheet.said.push(Said::ask(&domain::reason::mall_holds_order(), lang));
    }
    sheet.fields.push(
        Field::new(Kind::Mono, "parent", lang.t("親の受注", "Parent"), "")
            .hint(lang.t("管理番号またはモールの受注番号", "our number or the mall's"))
            .required(),
    );
    lang.t("同梱する", "Bundle").clone_into(&mut sheet.submit);
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleForm {
    parent: String,
}

async fn bundle(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<BundleForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    // Looked for with the same eyes: an order of a shop that may not be seen is not there.
    let parent = find(&desk, &visitor, form.parent.trim()).await.map_err(|_| {
        Refusal::field("parent", "親の受注が見つかりません。番号を確かめてください", "there is no such order")
    })?;
    let (seq, by) = (order.seq(), visitor.by());
    let done = desk.ledger().bundle_orders(parent.seq(), &[seq], &by, desk.now()).await?;
    super::or_refuse(done, order.done("bundled"))
}

async fn unbundle(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(NoFields {}): Fields<NoFields>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if order.view.row.grouping == domain::order::Grouping::BundledChild {
        let none = domain::order::Grouping::None;
        desk.ledger().set_grouping(order.seq(), none, None, &visitor.by(), desk.now()).await?;
        desk.hub.wake();
    }
    Ok(order.done("unbundled"))
}
