//! 配送番号の読み戻し: a carrier's file or pasted lines are looked at first and entered when a person says so. Between the two
//! the lines travel with the form, sealed and bound to the person: nothing is stored, nothing is half-written.

use super::files::{self, MAX_UPLOAD, Upload};
use super::matching::{self, Known, ReadLine, Target, Verdict};
use super::selection;
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, day};
use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use carriers::{Charset, LabelProgram, TrackingFile};
use domain::rights::Menu;
use domain::{CarrierKey, OrderSeq};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = axum::routing::post(read).layer(DefaultBodyLimit::max(MAX_UPLOAD + 64 * 1024));
    let enter = axum::routing::post(enter).layer(DefaultBodyLimit::max(MAX_UPLOAD));
    vec![
        get("/shipping/tracking", view(Menu::Shipping), form),
        Route::of("POST", "/shipping/tracking/read", edit(Menu::Shipping), read),
        Route::of("POST", "/shipping/tracking/enter", edit(Menu::Shipping), enter),
    ]
}

const TICKET: &str = "tracking";
/// For how long a look may be confirmed, milliseconds.
const LOOK_MS: i64 = domain::time::HOUR;
/// Lines in one reading.
const MOST: usize = 3_000;
/// Lines of a file that are shown.
const SHOWN: usize = 20;

/// What travels between the look and the confirmation.
#[derive(Serialize, Deserialize)]
struct Sealed {
    user: i64,
    file: String,
    lines: Vec<ReadLine>,
    chosen: Vec<OrderSeq>,
}

#[derive(Template)]
#[template(path = "shipping/tracking.html")]
struct FormPage {
    frame: Frame,
    carriers: Vec<(String, String)>,
    today: String,
    ticket: String,
    pasted: String,
    may_edit: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FormQuery {
    s: String,
}

async fn frame_of(desk: &Desk, visitor: &Visitor) -> Result<Frame, Refusal> {
    let here = Here { menu: Some(Menu::Shipping), ..Here::default() };
    let title = visitor.lang().t("配送番号の読み戻し", "Tracking numbers");
    Frame::new(desk, visitor, title, here).await
}

async fn carriers_of(desk: &Desk) -> Result<Vec<(String, String)>, Refusal> {
    Ok(desk.ledger().carriers().await?.into_iter().map(|c| (c.carrier.0, c.name)).collect())
}

async fn form(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<FormQuery>) -> Page {
    frame::page(&FormPage {
        frame: frame_of(&desk, &visitor).await?,
        carriers: carriers_of(&desk).await?,
        today: desk.now().japan_date().to_string(),
        ticket: query.s,
        pasted: String::new(),
        may_edit: visitor.edits(Menu::Shipping),
    })
}

/// One line on the screen.
struct Shown {
    line: u64,
    key: String,
    /// 管理番号 of the order it goes to; empty: none.
    order_no: String,
    number: String,
    carrier: String,
    shipped_on: String,
    words: String,
    /// Value of the tick that says yes.
    sure: String,
}

#[derive(Template)]
#[template(path = "shipping/tracking_look.html")]
struct LookPage {
    frame: Frame,
    program: &'static str,
    charset: &'static str,
    file: String,
    first_lines: Vec<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
    go: Vec<Shown>,
    ask: Vec<Shown>,
    no: Vec<Shown>,
    there: usize,
    sealed: String,
}

fn charset_name(charset: Charset) -> &'static str {
    match charset {
        Charset::Utf8 => "UTF-8",
        Charset::Utf8Bom => "UTF-8（BOM付き）",
        Charset::Cp932 => "Shift_JIS",
    }
}

/// The first lines of a file as a person would see them.
fn first_lines(bytes: &[u8], charset: Charset) -> Vec<String> {
    let encoding = match charset {
        Charset::Cp932 => encoding_rs::SHIFT_JIS,
        Charset::Utf8 | Charset::Utf8Bom => encoding_rs::UTF_8,
    };
    // Twenty lines of a table; a line without end is cut.
    let head = bytes.get(..bytes.len().min(64 * 1024)).unwrap_or_default();
    let (text, ..) = encoding.decode(head);
    text.lines().take(SHOWN).map(|l| l.chars().take(400).collect()).collect()
}

fn parsed(upload: &Upload) -> Result<(TrackingFile, Vec<String>), Refusal> {
    let refuse = |p: carriers::FileProblem| Refusal::field("file", p.ja, p.en);
    let pasted = upload.field("pasted");
    if !upload.bytes.is_empty() {
        let file = carriers::read_tracking(&upload.bytes).map_err(refuse)?;
        let lines = first_lines(&upload.bytes, file.charset);
        return Ok((file, lines));
    }
    if pasted.is_empty() {
        return Err(Refusal::field(
            "file",
            "ファイルを選ぶか、配送番号を貼り付けてください",
            "choose a file or paste numbers",
        ));
    }
    let file = carriers::read_pasted(pasted).map_err(refuse)?;
    Ok((file, pasted.lines().take(SHOWN).map(str::to_owned).collect()))
}

/// Orders that lines name, as far as this person may see them.
async fn known(
    desk: &Desk,
    visitor: &Visitor,
    lines: &[ReadLine],
    chosen: &[OrderSeq],
) -> Result<Known, Refusal> {
    let access = visitor.access();
    let ledger = desk.ledger();
    let keys: BTreeSet<&str> =
        lines.iter().flat_map(|l| l.key.iter().chain(&l.short)).map(String::as_str).collect();
    let (ours, theirs): (Vec<&str>, Vec<&str>) =
        keys.into_iter().partition(|k| OrderSeq::from_order_no(k).is_some());
    let mut seqs: BTreeSet<OrderSeq> = ours.into_iter().filter_map(OrderSeq::from_order_no).collect();
    seqs.extend(chosen.iter().copied());
    let mut known = Known::default();
    for key in theirs {
        let rows = ledger.orders_by_number(&access, key).await?;
        let found: Vec<OrderSeq> = rows.iter().map(|r| r.seq).collect();
        seqs.extend(found.iter().copied());
        known.by_mall_number.insert(key.to_owned(), found);
    }
    let wanted: Vec<OrderSeq> = seqs.into_iter().collect();
    // Who may not see names need not open them here either.
    let blind = store::Access { buyer_data: false, ..access };
    let rows = ledger.list_by_seqs(&blind, &wanted).await?;
    let seen: Vec<OrderSeq> = rows.iter().map(|r| r.seq).collect();
    let methods = ledger.shipping_methods().await?;
    for row in rows {
        let method = methods.iter().find(|m| Some(&m.shipping_method) == row.shipping_method.as_ref());
        if let Some(method) = method {
            known.usual_carrier.insert(row.seq, method.carrier.clone());
        }
    }
    known.orders = ledger.orders_for_rules(&seen).await?.into_iter().map(|o| (o.seq, o)).collect();
    known.chosen = chosen.iter().copied().filter(|s| known.orders.contains_key(s)).collect();
    Ok(known)
}

struct Wanted {
    carrier: Option<CarrierKey>,
    chosen_day: Option<Date>,
    day_of_file: bool,
}

async fn wanted(desk: &Desk, upload: &Upload) -> Result<Wanted, Refusal> {
    let carrier = upload.field("carrier");
    let known = carriers_of(desk).await?;
    if !carrier.is_empty() && !known.iter().any(|(key, _)| key == carrier) {
        return Err(Refusal::field("carrier", "配送業者を選びなおしてください", "is no carrier"));
    }
    let text = upload.field("shipped_on");
    let chosen_day = if text.is_empty() {
        None
    } else {
        let read = japan::read_date(text, desk.now().japan_date());
        Some(read.map_err(|_| {
            Refusal::field("shipped_on", "日付を読み取れません（例：2026-11-22）", "is no date")
        })?)
    };
    let day_of_file = match upload.field("day_from") {
        "" | "file" => true,
        "chosen" => false,
        _ => return Err(Refusal::field("day_from", "出荷日の決め方を選んでください", "is unknown")),
    };
    Ok(Wanted { carrier: (!carrier.is_empty()).then(|| CarrierKey::from(carrier)), chosen_day, day_of_file })
}

fn read_lines(file: &TrackingFile, wanted: &Wanted) -> Vec<ReadLine> {
    let of_program = file.program.map(LabelProgram::carrier);
    let lines = file.rows.iter().map(|row| ReadLine {
        line: row.line,
        key: row.order_no.clone(),
        short: row.order_no_without_suffix.clone(),
        number: row.tracking_number.clone(),
        carrier: row.carrier.clone().or_else(|| of_program.clone()).or_else(|| wanted.carrier.clone()),
        shipped_on: row.shipped_on.filter(|_| wanted.day_of_file).or(wanted.chosen_day),
    });
    lines.collect()
}

const FIELDS: [&str; 5] = ["pasted", "carrier", "shipped_on", "day_from", "s"];

async fn read(State(desk): State<Arc<Desk>>, visitor: Visitor, form: Multipart) -> Page {
    let upload = files::read_upload(form, &FIELDS).await?;
    let wanted = wanted(&desk, &upload).await?;
    let (file, first_lines) = parsed(&upload)?;
    if file.rows.len() > MOST {
        let ja = format!("一度に読み込めるのは{MOST}行までです（{}行）。分けてください", file.rows.len());
        return Err(Refusal::field("file", ja, "too many lines"));
    }
    let lines = read_lines(&file, &wanted);
    let chosen =
        if upload.field("s").is_empty() { Vec::new() } else { selection::open(&desk, upload.field("s"))? };
    let known = known(&desk, &visitor, &lines, &chosen).await?;
    let lang = visitor.lang();
    let verdicts = matching::judge(&lines, &known, lang);
    let names = carriers_of(&desk).await?;
    let sealed = Sealed { user: visitor.user_id, file: upload.name.clone(), chosen, lines };
    let text = serde_json::to_string(&sealed).map_err(|_| Refusal::inside())?;
    let mut page = LookPage {
        frame: frame_of(&desk, &visitor).await?,
        program: match file.program {
            Some(program) => program.name_ja(),
            None if upload.bytes.is_empty() => lang.t("貼り付け", "pasted"),
            None => lang.t("その他の表", "another table"),
        },
        charset: charset_name(file.charset),
        file: upload.name,
        // An export names people.
        first_lines: if visitor.rights.buyer_data { first_lines } else { Vec::new() },
        problems: told(&file.errors, lang),
        warnings: told(&file.warnings, lang),
        go: Vec::new(),
        ask: Vec::new(),
        no: Vec::new(),
        there: 0,
        sealed: desk.ledger().seal_ticket(TICKET, &text, desk.now().plus(LOOK_MS))?,
    };
    for (line, verdict) in sealed.lines.iter().zip(verdicts) {
        let shown = shown(line, &verdict, &names);
        match verdict {
            Verdict::Go(_) => page.go.push(shown),
            Verdict::Ask(..) => page.ask.push(shown),
            Verdict::No(..) => page.no.push(shown),
            Verdict::There(_) => page.there += 1,
        }
    }
    frame::page(&page)
}

fn told(problems: &[carriers::LineProblem], lang: Lang) -> Vec<String> {
    problems.iter().map(|p| lang.t(&p.ja, &p.en).to_owned()).collect()
}

/// What a yes to a question is sent as: it counts for this line and this state of the parcel.
fn sure_value(line: &ReadLine, target: &Target) -> String {
    format!("{}.{}", line.line, target.seen)
}

fn shown(line: &ReadLine, verdict: &Verdict, names: &[(String, String)]) -> Shown {
    let (seq, words, target) = match verdict {
        Verdict::Go(target) => (Some(target.seq), String::new(), Some(target)),
        Verdict::Ask(target, words) => (Some(target.seq), words.clone(), Some(target)),
        Verdict::There(seq) => (Some(*seq), String::new(), None),
        Verdict::No(seq, words) => (*seq, words.clone(), None),
    };
    let carrier = target.map_or(line.carrier.as_ref(), |t| t.change.carrier.as_ref());
    let carrier =
        carrier.map_or("", |c| names.iter().find(|(k, _)| *k == c.0).map_or(c.as_str(), |(_, n)| n));
    let on = target.map_or(line.shipped_on, |t| t.change.shipped_on);
    Shown {
        line: line.line,
        key: line.key.clone().unwrap_or_default(),
        order_no: seq.map(|s| s.order_no().0).unwrap_or_default(),
        number: line.number.clone(),
        carrier: carrier.to_owned(),
        shipped_on: on.map(|d| day(&d.to_string())).unwrap_or_default(),
        words,
        sure: target.map(|t| sure_value(line, t)).unwrap_or_default(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enter {
    sealed: String,
    #[serde(default)]
    sure: Vec<String>,
}

#[derive(Template)]
#[template(path = "shipping/tracking_done.html")]
struct DonePage {
    frame: Frame,
    carriers: Vec<(String, String)>,
    today: String,
    done: usize,
    there: usize,
    failed: Vec<Shown>,
    /// Failed lines in the form they are pasted in.
    pasted: String,
}

/// One order after the other, each judged again as it is now: a change since the look is not written over.
async fn enter(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Enter>) -> Page {
    let text = desk.ledger().open_ticket(TICKET, &form.sealed, desk.now());
    let sealed = text.and_then(|t| serde_json::from_str::<Sealed>(&t).ok());
    let Some(sealed) = sealed.filter(|s| s.user == visitor.user_id) else {
        return Err(Refusal::field(
            "sealed",
            "確認の期限が切れました。ファイルをもう一度読み込んでください",
            "the look is over; read the file again",
        ));
    };
    let known = known(&desk, &visitor, &sealed.lines, &sealed.chosen).await?;
    let lang = visitor.lang();
    let names = carriers_of(&desk).await?;
    let by = visitor.by();
    let sure: BTreeSet<&str> = form.sure.iter().map(String::as_str).collect();
    let mut page = DonePage {
        frame: frame_of(&desk, &visitor).await?,
        today: desk.now().japan_date().to_string(),
        done: 0,
        there: 0,
        failed: Vec::new(),
        pasted: String::new(),
        carriers: names.clone(),
    };
    for (line, verdict) in sealed.lines.iter().zip(matching::judge(&sealed.lines, &known, lang)) {
        let outcome = match &verdict {
            Verdict::There(_) => {
                page.there += 1;
                continue;
            }
            Verdict::No(_, words) => Err(words.clone()),
            Verdict::Ask(target, words) if !sure.contains(sure_value(line, target).as_str()) => {
                Err(words.clone())
            }
            Verdict::Go(target) | Verdict::Ask(target, _) => {
                let set = desk.ledger().set_parcel(target.seq, &target.change, &by, desk.now());
                match set.await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(reason)) => Err(lang.reason(&reason)),
                    Err(error) => {
                        tracing::warn!(%error, line = line.line, "a tracking number was not entered");
                        Err(lang.t("保存できませんでした。もう一度お試しください", "not stored").to_owned())
                    }
                }
            }
        };
        match outcome {
            Ok(()) => page.done += 1,
            Err(words) => {
                page.pasted.push_str(&retry(line));
                page.failed.push(Shown { words, ..shown(line, &verdict, &names) });
            }
        }
    }
    let target = format!("{} parcels", page.done);
    let details =
        serde_json::json!({ "entered": page.done, "there": page.there, "failed": page.failed.len() });
    desk.ledger().log_action(&visitor.by(), "tracking.read_back", &target, &details, desk.now()).await?;
    desk.recount();
    frame::page(&page)
}

/// A failed line as it can be pasted again.
fn retry(line: &ReadLine) -> String {
    let key = line.key.as_deref().unwrap_or_default();
    let on = line.shipped_on.map(|d| d.to_string()).unwrap_or_default();
    format!("{key}\t{}\t{on}\n", line.number)
}
