//! The screen of a bank's CSV: 一致, 候補が複数, 見つからない. The file is not kept; what a person ticks goes the same way as any
//! marking.

use super::bank::{self, Columns, Match, Received, Unpaid};
use super::list;
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, post};
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::pages::shipping::files::{self, MAX_UPLOAD};
use crate::refusal::{Page, Refusal};
use crate::words::{day, yen};
use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;
use store::desk::papers::OrderPaper;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = axum::routing::post(read).layer(DefaultBodyLimit::max(MAX_UPLOAD + 64 * 1024));
    vec![
        Route::of("POST", "/payment/bank", edit(Menu::Payment), read),
        post("/payment/bank/columns", edit(Menu::Payment), keep),
    ]
}

/// Key of the setting.
const KEY: &str = "bank_csv";

/// Headings of the bank's columns as they are kept.
///
/// # Errors
/// As the database says.
pub async fn columns(desk: &Desk) -> Result<Columns, Refusal> {
    let kept = desk.ledger().kept_value(KEY).await?;
    Ok(kept.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    date: String,
    amount: String,
    name: String,
}

async fn keep(State(desk): State<Arc<Desk>>, Fields(form): Fields<Kept>) -> Page {
    let columns = Columns { date: form.date, amount: form.amount, name: form.name };
    if [&columns.date, &columns.amount, &columns.name].iter().any(|t| t.chars().count() > 60) {
        return Err(Refusal::field("date", "見出しは60文字以内にしてください", "is too long"));
    }
    let json = serde_json::to_string(&columns).map_err(|_| Refusal::inside())?;
    desk.ledger().keep_value(KEY, &json).await?;
    Ok(Redirect::to("/payment?done=columns").into_response())
}

/// An order a payment may be.
struct Candidate {
    id: String,
    order_no: String,
    buyer: String,
    total: String,
}

/// A payment with what it may be.
struct Shown {
    line: u64,
    on: String,
    amount: String,
    name: String,
    candidates: Vec<Candidate>,
}

#[derive(Template)]
#[template(path = "payment/bank.html")]
struct BankPage {
    frame: Frame,
    file: String,
    charset: &'static str,
    columns: Columns,
    problems: Vec<String>,
    one: Vec<Shown>,
    several: Vec<Shown>,
    none: Vec<Shown>,
    today: String,
    phases: Vec<(String, String)>,
}

fn unpaid(at: usize, paper: &OrderPaper) -> Option<Unpaid> {
    let content = paper.content.as_ref()?;
    let names = [content.buyer.kana(), content.buyer.name(), paper.row.mall_order_id.0.clone()];
    Some(Unpaid {
        at,
        amount: paper.row.total?,
        names: names.iter().map(|n| bank::fold(n)).filter(|n| !n.is_empty()).collect(),
    })
}

fn shown(payment: &Received, orders: &[&OrderPaper]) -> Shown {
    let candidates = orders.iter().map(|p| Candidate {
        id: format!("{}.{}.{}", p.row.seq.0, p.row.version, payment.on),
        order_no: p.row.order_no.0.clone(),
        buyer: p.row.head.as_ref().map(|h| h.buyer.clone()).unwrap_or_default(),
        total: p.row.total.map(yen).unwrap_or_default(),
    });
    Shown {
        line: payment.line,
        on: day(&payment.on.to_string()),
        amount: yen(payment.amount),
        name: payment.name.clone(),
        candidates: candidates.collect(),
    }
}

async fn read(State(desk): State<Arc<Desk>>, visitor: Visitor, form: Multipart) -> Page {
    files::need_buyer_data(&visitor)?;
    let upload = files::read_upload(form, &[]).await?;
    if upload.bytes.is_empty() {
        return Err(Refusal::field("file", "銀行のCSVファイルを選んでください", "no file was chosen"));
    }
    let today = desk.now().japan_date();
    let file = bank::read(&upload.bytes, &columns(&desk).await?, today)
        .map_err(|ja| Refusal::field("file", ja, "the columns were not found"))?;
    let papers = list::unpaid(&desk, &visitor).await?;
    let orders: Vec<Unpaid> = papers.iter().enumerate().filter_map(|(at, p)| unpaid(at, p)).collect();
    let lang = visitor.lang();
    let here = Here { menu: Some(Menu::Payment), ..Here::default() };
    let mut page = BankPage {
        frame: Frame::new(&desk, &visitor, lang.t("入金の照合", "Payments"), here).await?,
        file: upload.name,
        charset: file.charset,
        columns: file.columns,
        problems: file.problems,
        one: Vec::new(),
        several: Vec::new(),
        none: Vec::new(),
        today: today.to_string(),
        phases: list::phases(&desk).await?,
    };
    let of = |list: &[usize]| list.iter().filter_map(|at| papers.get(*at)).collect::<Vec<_>>();
    for (payment, found) in file.received.iter().zip(bank::matches(&file.received, &orders)) {
        match found {
            Match::One(at) => page.one.push(shown(payment, &of(&[at]))),
            Match::Several(list) => page.several.push(shown(payment, &of(&list))),
            Match::None => page.none.push(shown(payment, &[])),
        }
    }
    frame::page(&page)
}
