//! Papers in the browser: ピッキングリスト and 納品書, and whether they came out of the printer.

use super::files;
use super::picking::{self, OrderPick, Pick};
use super::selection::{self, Chosen, LeftOut};
use super::slip::{self, Paper, Prices, Slip};
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame;
use crate::house::{self, Company};
use crate::pages::orders::list::Names;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::OrderSeq;
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;
use store::desk::listing::Conditions;
use store::desk::papers::OrderPaper;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/shipping/print/picking", view(Menu::Shipping), picking_page),
        get("/shipping/print/slips", view(Menu::Shipping), slips_page),
        post("/shipping/print/done", edit(Menu::Shipping), done),
        post("/shipping/print/undo", edit(Menu::Shipping), undo),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PrintQuery {
    s: String,
    phase: String,
    paper: String,
    prices: String,
    /// `no`: only what was not printed yet.
    printed: String,
}

/// What stands above a paper and does not go to the printer.
struct Bar {
    lang: Lang,
    title: &'static str,
    /// Orders on the paper, sealed.
    ticket: String,
    orders: usize,
    left_out: Vec<LeftOut>,
    /// Printed before: number and when.
    printed: Vec<(String, String)>,
    more: bool,
    may_mark: bool,
    made_at: String,
}

#[derive(Template)]
#[template(path = "shipping/slips.html")]
struct SlipsPage {
    bar: Bar,
    paper: Paper,
    papers: [Paper; 3],
    prices: Prices,
    all_prices: [Prices; 3],
    company: Company,
    slips: Vec<Slip>,
    /// Long slips stand at the end.
    moved: usize,
}

#[derive(Template)]
#[template(path = "shipping/picking.html")]
struct PickingPage {
    bar: Bar,
    picks: Vec<Pick>,
    orders: Vec<OrderPick>,
    units: i64,
}

async fn gather(
    desk: &Desk,
    visitor: &Visitor,
    query: &PrintQuery,
    title: &'static str,
) -> Result<(Vec<OrderPaper>, Bar), Refusal> {
    files::need_buyer_data(visitor)?;
    let chosen = Chosen { s: query.s.clone(), phase: query.phase.clone() };
    if chosen.s.is_empty() && chosen.phase.is_empty() {
        return Err(Refusal::field("s", "印刷する受注を選んでください", "no orders were chosen"));
    }
    let conditions = Conditions {
        printed: match query.printed.as_str() {
            "" => None,
            "no" => Some(false),
            _ => return Err(Refusal::field("printed", "「no」か空欄にしてください", "must be no or blank")),
        },
        ..Conditions::default()
    };
    let selection = selection::chosen(desk, visitor, &chosen, &conditions).await?;
    let papers = desk.ledger().order_papers(&visitor.access(), &selection.seqs).await?;
    let (going, left_out) = selection::sorted(papers, visitor.lang());
    let seqs: Vec<OrderSeq> = going.iter().map(|p| p.row.seq).collect();
    let bar = Bar {
        lang: visitor.lang(),
        title,
        ticket: selection::seal(desk, &seqs)?,
        orders: going.len(),
        left_out,
        printed: going
            .iter()
            .filter_map(|p| Some((p.row.order_no.0.clone(), moment(p.row.printed_at?))))
            .collect(),
        more: selection.more,
        may_mark: visitor.edits(Menu::Shipping),
        made_at: moment(desk.now()),
    };
    Ok((going, bar))
}

async fn slips_page(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(query): Query<PrintQuery>,
) -> Page {
    let paper = Paper::parse(&query.paper)
        .ok_or_else(|| Refusal::field("paper", "用紙を選びなおしてください", "is no paper"))?;
    let prices = Prices::parse(&query.prices)
        .ok_or_else(|| Refusal::field("prices", "金額の印刷を選びなおしてください", "is unknown"))?;
    let (going, bar) = gather(&desk, &visitor, &query, "納品書").await?;
    let names = Names::read(&desk).await?;
    let mut slips: Vec<Slip> =
        going.iter().flat_map(|p| slip::slips(p, names.shop(p.row.shop_id), prices)).collect();
    let mut moved = 0;
    if paper == Paper::FourUp {
        // A slip that needs a page of its own would tear a page of four apart: such slips come last.
        let (short, long): (Vec<Slip>, Vec<Slip>) = slips.into_iter().partition(|s| !s.whole);
        moved = long.len();
        slips = short;
        slips.extend(long);
    }
    let company = house::company(&desk).await?;
    frame::page(&SlipsPage {
        bar,
        paper,
        papers: Paper::ALL,
        prices,
        all_prices: Prices::ALL,
        company,
        slips,
        moved,
    })
}

async fn picking_page(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(query): Query<PrintQuery>,
) -> Page {
    let (going, bar) = gather(&desk, &visitor, &query, "ピッキングリスト").await?;
    let picks = picking::picks(&going);
    let units = picks.iter().map(|p| p.units).sum();
    frame::page(&PickingPage { bar, orders: picking::by_order(&going), picks, units })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    s: String,
    answer: String,
}

/// Orders of a ticket that this person may see.
async fn seen(desk: &Desk, visitor: &Visitor, ticket: &str) -> Result<Vec<OrderSeq>, Refusal> {
    let seqs = selection::open(desk, ticket)?;
    let rows = desk.ledger().list_by_seqs(&visitor.access(), &seqs).await?;
    Ok(rows.into_iter().map(|r| r.seq).collect())
}

async fn mark(desk: &Desk, visitor: &Visitor, ticket: &str, printed: bool) -> Result<usize, Refusal> {
    let seqs = seen(desk, visitor, ticket).await?;
    let now = desk.now();
    desk.ledger().set_printed(&seqs, printed.then_some(now)).await?;
    let numbers: Vec<String> = seqs.iter().map(|s| s.order_no().0).collect();
    let action = if printed { "printed" } else { "printed.undo" };
    let target = format!("{} orders", numbers.len());
    let details = serde_json::json!({ "orders": numbers });
    desk.ledger().log_action(&visitor.by(), action, &target, &details, now).await?;
    desk.recount();
    Ok(seqs.len())
}

/// 「印刷できましたか」: only はい marks anything.
async fn done(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Done>) -> Page {
    let to = match form.answer.as_str() {
        "yes" => {
            mark(&desk, &visitor, &form.s, true).await?;
            format!("/shipping?done=printed&s={}", form.s)
        }
        "no" => "/shipping?done=not_printed".to_owned(),
        _ => {
            return Err(Refusal::field(
                "answer",
                "「はい」か「いいえ」を選んでください",
                "must be yes or no",
            ));
        }
    };
    Ok(Redirect::to(&to).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undo {
    s: String,
}

/// 元に戻す: not printed after all.
async fn undo(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<Undo>) -> Page {
    mark(&desk, &visitor, &query.s, false).await?;
    Ok(Redirect::to("/shipping?done=undone").into_response())
}
