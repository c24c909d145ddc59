//! 入金待ち: who owes how much until when; marking as paid, and taking it back.

use super::bank::Columns;
use super::bank_page;
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::orders::list::Names;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, day, short_moment, yen};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::order::HandlingClass;
use domain::rights::Menu;
use domain::snapshot::MallStage;
use domain::traits::Trait;
use domain::{OrderSeq, PhaseKey};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::StoreError;
use store::desk::listing::Conditions;
use store::desk::papers::OrderPaper;
use store::orders::{ListFilter, MoveOptions};

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/payment", view(Menu::Payment), list),
        post("/payment/paid", edit(Menu::Payment), paid),
        post("/payment/undo", edit(Menu::Payment), undo),
    ]
}

/// Orders that are looked at.
const MOST: i64 = 500;
const AWAITING: &str = "awaiting_payment";
/// Where the day of payment stands in an order's content.
const PAID_ON: &str = "payment.paid_on";
const TICKET: &str = "paid";
/// For how long marking can be taken back, milliseconds.
const UNDO_MS: i64 = 12 * domain::time::HOUR;

/// Orders that wait for money: in 入金待ち, or to be paid before they ship; oldest first.
///
/// # Errors
/// As the database says.
pub async fn unpaid(desk: &Desk, visitor: &Visitor) -> Result<Vec<OrderPaper>, Refusal> {
    let access = visitor.access();
    let phase = ListFilter { phase: Some(PhaseKey::from(AWAITING)), ..ListFilter::default() };
    let not_paid = Conditions { paid: Some(false), ..Conditions::default() };
    let prepaid = Conditions {
        traits: Trait::Prepaid.bit(),
        handling_class: Some(HandlingClass::Normal),
        ..not_paid.clone()
    };
    let mut seqs: BTreeSet<OrderSeq> =
        desk.ledger().filtered_seqs(&access, &phase, &not_paid, MOST).await?.into_iter().collect();
    seqs.extend(desk.ledger().filtered_seqs(&access, &ListFilter::default(), &prepaid, MOST).await?);
    let seqs: Vec<OrderSeq> = seqs.into_iter().collect();
    let mut papers = desk.ledger().order_papers(&access, &seqs).await?;
    papers.retain(|p| {
        let over = matches!(
            p.row.mall_stage,
            MallStage::Cancelled | MallStage::CancelRequested | MallStage::Closed | MallStage::Shipped
        );
        let gone = matches!(p.row.phase.as_str(), domain::phase::CANCELLED | "completed" | "shipped");
        !p.row.erased && !gone && (!over || p.row.phase.as_str() == AWAITING)
    });
    Ok(papers)
}

struct Row {
    id: String,
    order_no: String,
    mall: String,
    shop: String,
    mall_order_id: String,
    ordered_at: String,
    buyer: String,
    payment: String,
    total: String,
    due: Vec<(String, String, bool)>,
    phase: String,
}

#[derive(Template)]
#[template(path = "payment/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    sum: String,
    today: String,
    phases: Vec<(String, String)>,
    may_edit: bool,
    sees_buyers: bool,
    columns: Columns,
    done: &'static str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ListQuery {
    done: String,
}

fn row(paper: &OrderPaper, names: &Names, today: Date, lang: Lang) -> Row {
    let row = &paper.row;
    let deadlines = paper.mall.iter().flat_map(|m| &m.deadlines);
    Row {
        id: format!("{}.{}", row.seq.0, row.version),
        order_no: row.order_no.0.clone(),
        mall: names.mall(row.shop_id).to_owned(),
        shop: names.shop(row.shop_id).to_owned(),
        mall_order_id: row.mall_order_id.0.clone(),
        ordered_at: short_moment(row.ordered_at),
        buyer: row.head.as_ref().map_or_else(|| "•••".to_owned(), |h| h.buyer.clone()),
        payment: if row.payment_label.is_empty() {
            row.payment_method.clone()
        } else {
            row.payment_label.clone()
        },
        total: row.total.map_or_else(|| lang.t("未確定", "undecided").to_owned(), yen),
        due: deadlines
            .map(|(what, on)| {
                let what = if what.label.is_empty() { &what.code } else { &what.label };
                (what.clone(), day(&on.to_string()), *on < today)
            })
            .collect(),
        phase: names.phases.get(row.phase.as_str()).cloned().unwrap_or_else(|| row.phase.0.clone()),
    }
}

async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<ListQuery>) -> Page {
    let lang = visitor.lang();
    let names = Names::read(&desk).await?;
    let papers = unpaid(&desk, &visitor).await?;
    let today = desk.now().japan_date();
    let here = Here { menu: Some(Menu::Payment), ..Here::default() };
    frame::page(&ListPage {
        frame: Frame::new(&desk, &visitor, lang.t("入金", "Payment"), here).await?,
        sum: yen(papers.iter().filter_map(|p| p.row.total).sum()),
        rows: papers.iter().map(|p| row(p, &names, today, lang)).collect(),
        today: today.to_string(),
        phases: phases(&desk).await?,
        may_edit: visitor.edits(Menu::Payment),
        sees_buyers: visitor.rights.buyer_data,
        columns: bank_page::columns(&desk).await?,
        done: match query.done.as_str() {
            "undone" => lang.t("未入金に戻しました", "Marked as unpaid"),
            "columns" => lang.t("列の設定を保存しました", "Columns were kept"),
            _ => "",
        },
    })
}

/// Phases a paid order may go on to.
///
/// # Errors
/// As the database says.
pub async fn phases(desk: &Desk) -> Result<Vec<(String, String)>, Refusal> {
    let all = desk.ledger().phases().await?.into_iter();
    let fine = all
        .filter(|p| !matches!(p.phase.as_str(), domain::phase::INBOX | domain::phase::CANCELLED | AWAITING));
    Ok(fine.map(|p| (p.phase.0, p.name)).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paid {
    /// `seq.version`, or `seq.version.2026-11-20` with the day the bank says.
    #[serde(default)]
    id: Vec<String>,
    paid_on: String,
    #[serde(default)]
    to: String,
}

/// An order as its person saw it.
struct Wanted {
    seq: OrderSeq,
    version: i64,
    on: Date,
}

fn wanted(id: &str, usual: Date) -> Option<Wanted> {
    let mut parts = id.splitn(3, '.');
    let seq = OrderSeq(parts.next()?.parse().ok()?);
    let version = parts.next()?.parse().ok()?;
    let on = match parts.next() {
        Some(day) => day.parse().ok()?,
        None => usual,
    };
    Some(Wanted { seq, version, on })
}

/// What was done, for taking it back.
#[derive(Serialize, Deserialize)]
struct Marked {
    /// Orders, each with the phase it came from; empty: not moved.
    orders: Vec<(OrderSeq, String)>,
    to: String,
}

#[derive(Template)]
#[template(path = "payment/done.html")]
struct DonePage {
    frame: Frame,
    done: Vec<(String, String)>,
    moved: usize,
    /// 管理番号 and words.
    refused: Vec<(String, String)>,
    ticket: String,
}

fn no_such_day() -> Refusal {
    Refusal::field("paid_on", "入金日を読み取れません（例：2026-11-22）", "is no date")
}

async fn paid(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Paid>) -> Page {
    let (lang, today) = (visitor.lang(), desk.now().japan_date());
    let usual = japan::read_date(&form.paid_on, today).map_err(|_| no_such_day())?;
    if form.id.is_empty() {
        return Err(Refusal::field("id", "受注を選んでください", "no order was chosen"));
    }
    if !form.to.is_empty() && !phases(&desk).await?.iter().any(|(key, _)| *key == form.to) {
        return Err(Refusal::field("to", "移動先のフェーズを選びなおしてください", "is no phase"));
    }
    let list: Option<Vec<Wanted>> = form.id.iter().map(|id| wanted(id, usual)).collect();
    let Some(list) = list.filter(|l| l.len() <= 500) else {
        return Err(Refusal::field("id", "受注を選びなおしてください", "is no order"));
    };
    if list.iter().any(|w| w.on > today) {
        return Err(Refusal::field("paid_on", "入金日が未来の日付です", "lies in the future"));
    }
    let seqs: Vec<OrderSeq> = list.iter().map(|w| w.seq).collect();
    let rows = desk.ledger().list_by_seqs(&visitor.access(), &seqs).await?;
    let rows: BTreeMap<OrderSeq, _> = rows.into_iter().map(|r| (r.seq, r)).collect();
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    let mut marked = Marked { orders: Vec::new(), to: form.to.clone() };
    for order in &list {
        let Some(row) = rows.get(&order.seq) else { return Err(Refusal::not_found()) };
        let order_no = row.order_no.0.clone();
        match mark(&desk, &visitor, order, Some(order.on), row.erased).await? {
            Ok(()) => {
                done.push((order_no, day(&order.on.to_string())));
                marked.orders.push((order.seq, String::new()));
            }
            Err(words) => refused.push((order_no, words)),
        }
    }
    let moved =
        if form.to.is_empty() { 0 } else { go_on(&desk, &visitor, &rows, &mut marked, &mut refused).await? };
    let numbers: Vec<&String> = done.iter().map(|(no, _)| no).collect();
    let details = serde_json::json!({ "orders": numbers, "to": form.to });
    desk.ledger()
        .log_action(&visitor.by(), "payment.paid", &format!("{} orders", done.len()), &details, desk.now())
        .await?;
    desk.recount();
    let text = serde_json::to_string(&marked).map_err(|_| Refusal::inside())?;
    let here = Here { menu: Some(Menu::Payment), ..Here::default() };
    frame::page(&DonePage {
        frame: Frame::new(&desk, &visitor, lang.t("入金の結果", "Result"), here).await?,
        ticket: desk.ledger().seal_ticket(TICKET, &text, desk.now().plus(UNDO_MS))?,
        done,
        moved,
        refused,
    })
}

/// Sets or clears the day; the inner words say why not.
async fn mark(
    desk: &Desk,
    visitor: &Visitor,
    order: &Wanted,
    on: Option<Date>,
    erased: bool,
) -> Result<Result<(), String>, Refusal> {
    let lang = visitor.lang();
    if erased {
        return Ok(Err(lang
            .t("個人情報が削除された受注は変更できません", "buyer data was erased")
            .to_owned()));
    }
    let value = on.map_or(serde_json::Value::Null, |d| serde_json::json!(d.to_string()));
    let change = [(PAID_ON.to_owned(), value)];
    let by = visitor.by();
    let edited = desk.ledger().edit_order(order.seq, order.version, &change, &by, desk.now());
    Ok(match edited.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(lang.t("入金日を入れられませんでした", "the day could not be set").to_owned()),
        Err(StoreError::Conflict { .. }) => {
            let ja = "ほかの人が先に変更しました。画面を開きなおして確認してください";
            Err(lang.t(ja, "somebody else changed it first").to_owned())
        }
        Err(other) => return Err(other.into()),
    })
}

/// Moves what was marked; what may not move stays paid, and that is told.
async fn go_on(
    desk: &Desk,
    visitor: &Visitor,
    rows: &BTreeMap<OrderSeq, store::orders::ListRow>,
    marked: &mut Marked,
    refused: &mut Vec<(String, String)>,
) -> Result<usize, Refusal> {
    let seqs: Vec<OrderSeq> = marked.orders.iter().map(|(seq, _)| *seq).collect();
    let to = PhaseKey::from(marked.to.as_str());
    let moved =
        desk.ledger().move_orders(&seqs, &to, MoveOptions::default(), &visitor.by(), desk.now()).await?;
    let lang = visitor.lang();
    for order in &moved.refused {
        let prefix = lang.t("入金済みにしましたが、移動していません：", "paid, but not moved: ");
        refused.push((order.order_no.0.clone(), format!("{prefix}{}", lang.reason(&order.reason))));
    }
    for (seq, from) in &mut marked.orders {
        if moved.done.contains(seq) {
            *from = rows.get(seq).map(|r| r.phase.0.clone()).unwrap_or_default();
        }
    }
    Ok(moved.done.len())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undo {
    s: String,
}

/// 元に戻す: unpaid again, and back in the phase they came from if nobody moved them on.
async fn undo(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Undo>) -> Page {
    let text = desk.ledger().open_ticket(TICKET, &form.s, desk.now());
    let Some(marked) = text.and_then(|t| serde_json::from_str::<Marked>(&t).ok()) else {
        return Err(Refusal::field("s", "元に戻せる期限が過ぎました", "it is too late"));
    };
    let seqs: Vec<OrderSeq> = marked.orders.iter().map(|(seq, _)| *seq).collect();
    let rows = desk.ledger().list_by_seqs(&visitor.access(), &seqs).await?;
    let mut back = BTreeMap::<&str, Vec<OrderSeq>>::new();
    for row in &rows {
        let order = Wanted { seq: row.seq, version: row.version, on: desk.now().japan_date() };
        if let Err(words) = mark(&desk, &visitor, &order, None, row.erased).await? {
            return Err(Refusal::field("s", words, "it could not be taken back"));
        }
        let from = marked.orders.iter().find(|(seq, _)| *seq == row.seq).map(|(_, from)| from.as_str());
        if let Some(from) = from.filter(|f| !f.is_empty() && row.phase.as_str() == marked.to) {
            back.entry(from).or_default().push(row.seq);
        }
    }
    for (from, seqs) in back {
        let to = PhaseKey::from(from);
        desk.ledger().move_orders(&seqs, &to, MoveOptions::default(), &visitor.by(), desk.now()).await?;
    }
    desk.recount();
    Ok(Redirect::to("/payment?done=undone").into_response())
}
