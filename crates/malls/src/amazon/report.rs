//! The processing report of a flat file (amazon.md 4.4), row by row. Severity words are not enough: they come in the
//! account's language, and one warning means failure. Texts are looked at first, then codes, then the word.

use super::errors::{own, said};
use super::feed::Row;
use super::settings::Meaning;
use domain::StepId;
use domain::write::Outcome;
use domain::{Reason, reason};
use std::collections::BTreeMap;

/// The table begins with this column.
const FIRST: &str = "original-record-number";
/// More problems than this are not read: each row may have a few.
const MAX_ROWS: usize = 200_000;

/// Texts with their meaning and our words; the shop's own come before.
const TEXTS: [(&str, Meaning, &str); 4] = [
    ("ship-methodの項目が記入されていない", Meaning::Applied, "AMAZON_SHIP_METHOD"),
    ("order cannot be fulfilled", Meaning::Refused, "AMAZON_CANNOT_FULFILL"),
    ("field heading is invalid", Meaning::Refused, "AMAZON_FIELD_HEADING"),
    ("ill-formed at the amazon envelope", Meaning::Refused, "50001"),
];

/// What one row of the report says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    record: Option<usize>,
    order: String,
    item: String,
    meaning: Meaning,
    reason: Reason,
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Report {
    processed: Option<usize>,
    successful: Option<usize>,
    problems: Vec<Problem>,
}

/// Outcome of each step. A step that the report does not mention is done only when the counts say so.
pub(super) fn read(
    text: &str,
    rows: &[Row],
    steps: &[StepId],
    own_texts: &[(Meaning, String)],
) -> Vec<(StepId, Outcome)> {
    let report = parse(text, own_texts);
    let mut told: BTreeMap<StepId, Vec<&Problem>> = BTreeMap::new();
    let mut nobody = false;
    for problem in &report.problems {
        let about: Vec<StepId> = about(problem, rows);
        nobody |= about.is_empty();
        for step in about {
            told.entry(step).or_default().push(problem);
        }
    }
    let rest_is_done = !nobody && counts_fit(&report, rows.len());
    steps
        .iter()
        .map(|step| {
            let count = rows.iter().filter(|row| row.step == *step).count();
            let problems = told.remove(step).unwrap_or_default();
            (*step, outcome(&problems, count, rest_is_done))
        })
        .collect()
}

/// The rows a problem speaks of: by record number when the order fits, else by order and item.
fn about(problem: &Problem, rows: &[Row]) -> Vec<StepId> {
    let same_order = |row: &Row| problem.order.is_empty() || row.order == problem.order;
    let by_record = problem.record.and_then(|n| rows.get(n.checked_sub(1)?)).filter(|row| same_order(row));
    if let Some(row) = by_record {
        return vec![row.step];
    }
    if problem.order.is_empty() {
        return Vec::new();
    }
    let same_item = |row: &&Row| problem.item.is_empty() || row.cells.get(1) == Some(&problem.item);
    let mut steps: Vec<StepId> =
        rows.iter().filter(|row| row.order == problem.order).filter(same_item).map(|row| row.step).collect();
    steps.dedup();
    steps
}

/// Were all rows processed, and does what failed account for the difference?
fn counts_fit(report: &Report, sent: usize) -> bool {
    let (Some(processed), Some(successful)) = (report.processed, report.successful) else { return false };
    let mut failed: Vec<(Option<usize>, &str, &str)> = report
        .problems
        .iter()
        .filter(|p| p.meaning != Meaning::Applied)
        .map(|p| (p.record, p.order.as_str(), p.item.as_str()))
        .collect();
    failed.sort_unstable();
    failed.dedup();
    processed >= sent && successful.saturating_add(failed.len()) >= sent
}

fn outcome(problems: &[&Problem], rows: usize, rest_is_done: bool) -> Outcome {
    let of =
        |meaning: Meaning| problems.iter().filter(move |p| p.meaning == meaning).map(|p| p.reason.clone());
    if let Some(reason) = of(Meaning::Unclear).next() {
        return Outcome::Unknown { reason };
    }
    if let Some(reason) = of(Meaning::Refused).next() {
        let records: std::collections::BTreeSet<Option<usize>> =
            problems.iter().filter(|p| p.meaning == Meaning::Refused).map(|p| p.record).collect();
        // Some rows of the parcel may have gone through.
        return if records.len() < rows { Outcome::Unknown { reason } } else { Outcome::Rejected { reason } };
    }
    if rest_is_done {
        return Outcome::Applied { warnings: of(Meaning::Applied).collect(), mall_ref: None };
    }
    Outcome::Unknown { reason: own("AMAZON_REPORT_UNCLEAR") }
}

/// Finds the table by its first column and the counts by their place: both summaries may be translated (4.4).
fn parse(text: &str, own_texts: &[(Meaning, String)]) -> Report {
    let mut report = Report::default();
    let mut lines = text.lines();
    let mut heading: Option<Vec<String>> = None;
    for line in lines.by_ref() {
        if line.trim_start().to_ascii_lowercase().starts_with(FIRST) {
            heading = Some(line.split('\t').map(|c| c.trim().to_ascii_lowercase()).collect());
            break;
        }
        if let Some(number) = last_number(line) {
            match (report.processed, report.successful) {
                (None, _) => report.processed = Some(number),
                (_, None) => report.successful = Some(number),
                _ => {}
            }
        }
    }
    let Some(heading) = heading else { return report };
    for line in lines.filter(|line| !line.trim().is_empty()).take(MAX_ROWS) {
        report.problems.push(problem(line, &heading, own_texts));
    }
    report
}

/// The last word of a line, when it is a number.
fn last_number(line: &str) -> Option<usize> {
    line.split(['\t', ' ', ':', '：', '　']).rfind(|word| !word.is_empty())?.trim().parse().ok()
}

fn problem(line: &str, heading: &[String], own_texts: &[(Meaning, String)]) -> Problem {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let cell = |name: &str| {
        let at = heading.iter().position(|column| column == name);
        at.and_then(|at| cells.get(at)).copied().unwrap_or_default()
    };
    let (code, kind, message) = (cell("error-code"), cell("error-type"), cell("error-message"));
    let (meaning, reason) = meaning(code, kind, message, own_texts);
    Problem {
        record: cell(FIRST).parse().ok(),
        order: cell("order-id").to_owned(),
        item: cell("order-item-id").to_owned(),
        meaning,
        reason,
    }
}

fn meaning(code: &str, kind: &str, message: &str, own_texts: &[(Meaning, String)]) -> (Meaning, Reason) {
    let lower = message.to_lowercase();
    if let Some((meaning, _)) = own_texts.iter().find(|(_, pattern)| lower.contains(pattern)) {
        let word = if *meaning == Meaning::Applied { "AMAZON_ROW_WARNED" } else { "AMAZON_ROW_REFUSED" };
        return (*meaning, said(word, code, message));
    }
    if let Some((_, meaning, word)) = TEXTS.iter().find(|(pattern, ..)| lower.contains(pattern)) {
        return (*meaning, said(word, code, message));
    }
    match code {
        // Perhaps our own notice: the order is read and compared.
        "18021" => (Meaning::Unclear, said("18021", code, message)),
        "18028" | "50001" | "90220" | "99022" => (Meaning::Refused, said(code, code, message)),
        "5000" => (Meaning::Applied, said(code, code, message)),
        _ => match kind.to_lowercase().as_str() {
            "warning" | "警告" => (Meaning::Applied, said("AMAZON_ROW_WARNED", code, message)),
            // Error, エラー, or a word of another language.
            _ if message.is_empty() && code.is_empty() => {
                (Meaning::Unclear, reason::answer_unreadable("処理レポートの行"))
            }
            _ => (Meaning::Refused, said("AMAZON_ROW_REFUSED", code, message)),
        },
    }
}
