//! 送り状CSV: looked at first (出力する・対象外・確認が必要), then taken as a file for the carrier's own program.

use super::files;
use super::label_of::{ISSUED_TAG, Sender};
use super::label_settings;
use super::selection::{self, Chosen, LeftOut};
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::house;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::State;
use carriers::{Label, LabelProblem, LabelProgram, LabelSettings};
use domain::OrderSeq;
use domain::rights::Menu;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::desk::listing::Conditions;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/shipping/labels", view(Menu::Shipping), look),
        post("/shipping/labels/file", edit(Menu::Shipping), file),
    ]
}

/// Stable name of a program in URLs and settings.
#[must_use]
pub fn slug(program: LabelProgram) -> &'static str {
    match program {
        LabelProgram::B2Cloud => "b2_cloud",
        LabelProgram::EHiden3 => "e_hiden3",
        LabelProgram::YuPri => "yu_pri",
    }
}

/// The program of a stable name; blank is the first.
///
/// # Errors
/// There is no such program.
pub fn program_of(name: &str) -> Result<LabelProgram, Refusal> {
    let known = LabelProgram::ALL.into_iter();
    let wanted = if name.is_empty() { "b2_cloud" } else { name };
    known
        .clone()
        .find(|p| slug(*p) == wanted)
        .ok_or_else(|| Refusal::field("program", "送り状ソフトを選びなおしてください", "is no program"))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LookQuery {
    program: String,
    s: String,
    phase: String,
    ship_on: String,
    /// Also those whose label was written before.
    again: String,
}

/// A label that is not simply written.
struct Judged {
    seq: i64,
    order_no: String,
    words: Vec<String>,
}

#[derive(Template)]
#[template(path = "shipping/labels.html")]
struct LookPage {
    frame: Frame,
    programs: Vec<(&'static str, &'static str, bool)>,
    program: &'static str,
    go: Vec<String>,
    left_out: Vec<LeftOut>,
    blocked: Vec<Judged>,
    ask: Vec<Judged>,
    /// What is wrong with the settings: blocks, words.
    settings: Vec<(bool, String)>,
    blocked_by_settings: bool,
    ticket: String,
    chosen: Chosen,
    ship_on: String,
    again: bool,
    more: bool,
    may_export: bool,
    may_edit: bool,
    no_company: bool,
    issued: usize,
}

/// Orders with their labels, and what is wrong with which.
struct Sorted {
    labels: BTreeMap<OrderSeq, Vec<Label>>,
    left_out: Vec<LeftOut>,
    /// Problems by order; those of the settings apart.
    problems: BTreeMap<OrderSeq, Vec<LabelProblem>>,
    of_settings: Vec<LabelProblem>,
}

async fn sort(
    desk: &Desk,
    visitor: &Visitor,
    program: LabelProgram,
    settings: &LabelSettings,
    seqs: &[OrderSeq],
    ship_on: Date,
) -> Result<Sorted, Refusal> {
    let papers = desk.ledger().order_papers(&visitor.access(), seqs).await?;
    let company = house::company(desk).await?;
    let methods = desk.ledger().shipping_methods().await?;
    let sender = Sender { program, company: &company, methods: &methods, ship_on, lang: visitor.lang() };
    let mut sorted = Sorted {
        labels: BTreeMap::new(),
        left_out: Vec::new(),
        problems: BTreeMap::new(),
        of_settings: Vec::new(),
    };
    let mut owner = BTreeMap::<String, OrderSeq>::new();
    for paper in &papers {
        match sender.labels(paper) {
            Ok(labels) => {
                owner.extend(labels.iter().map(|l| (l.order_no.clone(), paper.row.seq)));
                sorted.labels.insert(paper.row.seq, labels);
            }
            Err(why) => sorted.left_out.push(LeftOut { order_no: paper.row.order_no.0.clone(), why }),
        }
    }
    let all: Vec<Label> = sorted.labels.values().flatten().cloned().collect();
    if all.is_empty() {
        return Ok(sorted);
    }
    for problem in program.check(&all, settings) {
        match problem.order_no.as_ref().and_then(|no| owner.get(no)) {
            Some(seq) => sorted.problems.entry(*seq).or_default().push(problem),
            None => sorted.of_settings.push(problem),
        }
    }
    Ok(sorted)
}

fn words(problems: &[LabelProblem], lang: Lang) -> Vec<String> {
    problems.iter().map(|p| format!("{}：{}", p.field, lang.t(&p.ja, &p.en))).collect()
}

fn ship_day(text: &str, today: Date) -> Result<Date, Refusal> {
    if text.is_empty() {
        return Ok(today);
    }
    japan::read_date(text, today)
        .map_err(|_| Refusal::field("ship_on", "日付を読み取れません（例：2026-11-22）", "is no date"))
}

async fn look(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<LookQuery>) -> Page {
    files::need_buyer_data(&visitor)?;
    let lang = visitor.lang();
    let program = program_of(&query.program)?;
    let ship_on = ship_day(&query.ship_on, desk.now().japan_date())?;
    let phase = if query.s.is_empty() && query.phase.is_empty() {
        "awaiting_shipment".to_owned()
    } else {
        query.phase.clone()
    };
    let chosen = Chosen { s: query.s.clone(), phase };
    let conditions = Conditions { numbered: Some(false), ..Conditions::default() };
    let selection = selection::chosen(&desk, &visitor, &chosen, &conditions).await?;
    let tags = desk.ledger().tags(&selection.seqs).await?;
    let was_issued = |seq: &OrderSeq| tags.get(seq).is_some_and(|t| t.iter().any(|t| t == ISSUED_TAG));
    let again = !query.again.is_empty();
    let (issued, fresh): (Vec<OrderSeq>, Vec<OrderSeq>) =
        selection.seqs.iter().copied().partition(|s| was_issued(s) && !again);
    let settings = label_settings::read(&desk, program).await?;
    let sorted = sort(&desk, &visitor, program, &settings, &fresh, ship_on).await?;
    let (mut go, mut blocked, mut ask) = (Vec::new(), Vec::new(), Vec::new());
    for seq in sorted.labels.keys() {
        let order_no = seq.order_no().0;
        match sorted.problems.get(seq) {
            None => go.push((*seq, order_no)),
            Some(problems) => {
                let judged = Judged { seq: seq.0, order_no, words: words(problems, lang) };
                if problems.iter().any(|p| p.blocks) { blocked.push(judged) } else { ask.push(judged) }
            }
        }
    }
    let seqs: Vec<OrderSeq> = go.iter().map(|(seq, _)| *seq).collect();
    let here = Here { menu: Some(Menu::Shipping), ..Here::default() };
    frame::page(&LookPage {
        frame: Frame::new(&desk, &visitor, lang.t("送り状CSV", "Labels"), here).await?,
        programs: LabelProgram::ALL.map(|p| (slug(p), p.name_ja(), p == program)).to_vec(),
        program: slug(program),
        ticket: selection::seal(&desk, &seqs)?,
        go: go.into_iter().map(|(_, no)| no).collect(),
        left_out: sorted.left_out,
        blocked,
        ask,
        blocked_by_settings: sorted.of_settings.iter().any(|p| p.blocks),
        settings: sorted
            .of_settings
            .iter()
            .map(|p| (p.blocks, words(std::slice::from_ref(p), lang).concat()))
            .collect(),
        chosen,
        ship_on: ship_on.to_string(),
        again,
        more: selection.more,
        may_export: visitor.rights.export,
        may_edit: visitor.edits(Menu::Shipping),
        no_company: house::company(&desk).await?.name.is_empty(),
        issued: issued.len(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    program: String,
    s: String,
    ship_on: String,
    /// Orders with a warning that the person looked at.
    #[serde(default)]
    sure: Vec<i64>,
    /// 送り状発行 is put on the orders.
    mark: Option<String>,
}

/// The file. Judged again as orders are now: one that no longer fits holds the file, it is not left out silently.
async fn file(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<FileForm>) -> Page {
    files::need_export(&visitor)?;
    let program = program_of(&form.program)?;
    let today = desk.now().japan_date();
    let ship_on = ship_day(&form.ship_on, today)?;
    let mut seqs = selection::open(&desk, &form.s)?;
    let sure: BTreeSet<OrderSeq> = form.sure.into_iter().map(OrderSeq).collect();
    seqs.extend(sure.iter().copied());
    if seqs.is_empty() || seqs.len() > 2 * selection::MOST {
        return Err(Refusal::field("s", "出力する受注がありません", "no order is to be written"));
    }
    let settings = label_settings::read(&desk, program).await?;
    let sorted = sort(&desk, &visitor, program, &settings, &seqs, ship_on).await?;
    let changed = || {
        Refusal::field(
            "s",
            "確認のあとに受注が変わりました。もう一度確認してください",
            "an order has changed since the look; look again",
        )
    };
    let unlooked = sorted.problems.keys().any(|seq| !sure.contains(seq));
    if !sorted.left_out.is_empty() || unlooked || sorted.labels.len() != seqs.len() {
        return Err(changed());
    }
    let labels: Vec<Label> = sorted.labels.values().flatten().cloned().collect();
    let file = program.write(&labels, &settings).map_err(|_| changed())?;
    let name = program.file_name(today);
    let written: Vec<OrderSeq> = sorted.labels.keys().copied().collect();
    let numbers: Vec<String> = written.iter().map(|s| s.order_no().0).collect();
    let details = serde_json::json!({ "program": slug(program), "rows": file.rows, "orders": numbers });
    desk.ledger().log_action(&visitor.by(), "export.labels", &name, &details, desk.now()).await?;
    if form.mark.is_some() {
        desk.ledger().set_tag(&written, ISSUED_TAG, true).await?;
    }
    files::download(&name, "text/csv; charset=Shift_JIS", file.bytes)
}
