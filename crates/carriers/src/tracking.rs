//! 配送番号 from what a label program exports. Columns are found by their headings; a line that cannot be used is told
//! and the others are kept (formats.md 0.4, 0.5, b.5, c.4, d.4, e.1).

use crate::export::{
    Charset, ColumnRef, FileProblem, LineProblem, TrackingFile, TrackingProfile, TrackingRow,
};
use crate::records::{self, Record};
use crate::words::{self, Headings, KINDS};
use crate::{LabelProgram, text};
use domain::{CarrierKey, OrderSeq};
use std::collections::{BTreeMap, BTreeSet};

/// Places of the columns, from 0.
struct Places {
    program: Option<LabelProgram>,
    carrier_of_all: Option<CarrierKey>,
    order_no: usize,
    number: usize,
    shipped_on: Option<usize>,
    carrier: Option<usize>,
    /// Count of headings; `None`: there are none.
    width: Option<usize>,
}

/// Lines before the headings (a title, a date of export).
const LINES_BEFORE_HEADINGS: usize = 5;

/// Reads an export, telling by its headings whose it is.
///
/// # Errors
/// The file as a whole is of no use: too large, no table, or no headings that name key and number.
pub fn read_tracking(bytes: &[u8]) -> Result<TrackingFile, FileProblem> {
    let (text, charset) = records::decode(bytes)?;
    let lines = records::lines(&text)?;
    let mut records = records::records(&lines, records::separator(&lines));
    let mut before = Vec::new();
    for record in records.by_ref().take(LINES_BEFORE_HEADINGS) {
        match record {
            Ok(record) => {
                if let Some(places) = recognise(&record.cells)? {
                    return Ok(collect(charset, &places, before, records));
                }
            }
            Err(problem) => before.push(problem),
        }
    }
    Err(FileProblem::new(
        "headings_unknown",
        "見出しから管理番号と配送番号の列を判別できません。見出し付きで書き出すか、列を指定してください。",
        "The headings do not tell the columns of order number and tracking number. Export with headings, or name the columns.",
    ))
}

/// Reads an export whose columns somebody has named.
///
/// # Errors
/// As [`read_tracking`], or a named column is not there.
pub fn read_tracking_by(bytes: &[u8], profile: &TrackingProfile) -> Result<TrackingFile, FileProblem> {
    let (text, charset) = records::decode(bytes)?;
    let lines = records::lines(&text)?;
    let mut records = records::records(&lines, records::separator(&lines));
    let mut headings: Vec<String> = Vec::new();
    let mut before = Vec::new();
    if profile.has_headings {
        for record in records.by_ref() {
            match record {
                Ok(record) if record.is_blank() => {}
                Ok(record) => {
                    headings = record.cells;
                    break;
                }
                Err(problem) => before.push(problem),
            }
        }
    }
    let place = |column: &ColumnRef| match column {
        ColumnRef::Place(at) => at.checked_sub(1).filter(|i| !profile.has_headings || *i < headings.len()),
        ColumnRef::Heading(name) => headings.iter().position(|h| words::fold(h) == words::fold(name)),
    };
    let wanted = |column: &ColumnRef, what: &str| {
        place(column).ok_or_else(|| {
            FileProblem::new(
                "column_missing",
                format!("指定された{what}の列がファイルにありません。"),
                "A column that was named is not in the file.",
            )
        })
    };
    let places = Places {
        program: profile.program,
        carrier_of_all: profile.carrier.clone().or_else(|| profile.program.map(LabelProgram::carrier)),
        order_no: wanted(&profile.order_no, "管理番号")?,
        number: wanted(&profile.tracking_number, "配送番号")?,
        shipped_on: profile.shipped_on.as_ref().map(|c| wanted(c, "出荷日")).transpose()?,
        carrier: None,
        width: profile.has_headings.then_some(headings.len()),
    };
    Ok(collect(charset, &places, before, records))
}

/// Are these the headings of a kind we know?
fn recognise(cells: &[String]) -> Result<Option<Places>, FileProblem> {
    let folded: Vec<String> = cells.iter().map(|c| words::fold(c)).collect();
    for kind in &KINDS {
        let find = |names: &[&str]| {
            names.iter().find_map(|name| {
                let name = words::fold(name);
                folded.iter().position(|f| *f == name)
            })
        };
        let marked = kind.marks.iter().all(|mark| find(&[mark]).is_some());
        let (Some(order_no), Some(number)) = (find(kind.order_no), find(kind.number)) else { continue };
        if !marked || order_no == number {
            continue;
        }
        for at in [order_no, number] {
            if folded.iter().filter(|f| folded.get(at) == Some(*f)).count() > 1 {
                let name: String = cells.get(at).map_or("", |c| c.trim()).chars().take(40).collect();
                return Err(FileProblem::new(
                    "heading_twice",
                    format!("見出し「{name}」が複数あります。列を指定して読み込んでください。"),
                    format!("There are several columns \"{name}\". Name the column to be read."),
                ));
            }
        }
        return Ok(Some(places(
            kind,
            order_no,
            number,
            find(kind.shipped_on),
            find(kind.carrier),
            cells.len(),
        )));
    }
    Ok(None)
}

fn places(
    kind: &Headings,
    order_no: usize,
    number: usize,
    shipped_on: Option<usize>,
    carrier: Option<usize>,
    width: usize,
) -> Places {
    let carrier_of_all = kind.program.map(LabelProgram::carrier);
    Places {
        program: kind.program,
        carrier_of_all,
        order_no,
        number,
        shipped_on,
        carrier,
        width: Some(width),
    }
}

fn collect(
    charset: Charset,
    places: &Places,
    errors: Vec<LineProblem>,
    records: impl Iterator<Item = Result<Record, LineProblem>>,
) -> TrackingFile {
    let mut file =
        TrackingFile { program: places.program, charset, rows: Vec::new(), errors, warnings: Vec::new() };
    for record in records {
        let record = match record {
            Ok(record) if record.is_blank() => continue,
            Ok(record) => record,
            Err(problem) => {
                file.errors.push(problem);
                continue;
            }
        };
        match row(&record, places, &mut file.warnings) {
            Ok(row) => file.rows.push(row),
            Err(problem) => file.errors.push(problem),
        }
    }
    finish(&mut file);
    file
}

/// Cells slipped: a comma that was not quoted (as `mall_api::table` judges it).
fn is_crooked(record: &Record, width: usize) -> bool {
    record.cells.len() + 1 < width || record.cells.iter().skip(width).any(|c| !c.trim().is_empty())
}

fn row(
    record: &Record,
    places: &Places,
    warnings: &mut Vec<LineProblem>,
) -> Result<TrackingRow, LineProblem> {
    let line = record.line;
    if places.width.is_some_and(|width| is_crooked(record, width)) {
        let (ja, en) = ("列の数が見出しと違います。", "The count of cells differs from the headings.");
        return Err(LineProblem::new(line, "", "crooked", ja, en));
    }
    let carrier = match places.carrier.map(|at| record.cell(at)).filter(|word| !word.is_empty()) {
        Some(word) => Some(carrier(line, word)?),
        None => places.carrier_of_all.clone(),
    };
    let raw = Raw {
        line,
        order_no: Some(record.cell(places.order_no)),
        number: record.cell(places.number),
        carrier,
        day: places.shipped_on.map_or("", |at| record.cell(at)),
    };
    let mut row = raw.check(warnings)?;
    if places.program == Some(LabelProgram::B2Cloud) {
        row.order_no_without_suffix = row.order_no.as_deref().and_then(without_suffix);
    }
    Ok(row)
}

/// `C00000001` of `C00000001-2` (formats.md b.5).
fn without_suffix(key: &str) -> Option<String> {
    let (stem, suffix) = key.rsplit_once('-')?;
    let count: u8 = suffix.parse().ok()?;
    ((1..=99).contains(&count) && count.to_string() == suffix && !stem.is_empty()).then(|| stem.to_owned())
}

pub(crate) fn carrier(line: u64, word: &str) -> Result<CarrierKey, LineProblem> {
    words::carrier(word).ok_or_else(|| {
        let (ja, en) = ("配送業者の名前が分かりません。", "The carrier's name is not known.");
        LineProblem::new(line, "配送業者", "carrier_unknown", ja, en)
    })
}

/// One line before it is believed.
pub(crate) struct Raw<'a> {
    pub(crate) line: u64,
    /// `None`: there is no such column.
    pub(crate) order_no: Option<&'a str>,
    pub(crate) number: &'a str,
    pub(crate) carrier: Option<CarrierKey>,
    pub(crate) day: &'a str,
}

impl Raw<'_> {
    pub(crate) fn check(self, warnings: &mut Vec<LineProblem>) -> Result<TrackingRow, LineProblem> {
        let error = |column: &str, code: &str, ja: &str, en: &str| {
            Err(LineProblem::new(self.line, column, code, ja, en))
        };
        let order_no = self.order_no.map(|key| text::narrow(key).trim().to_owned());
        if order_no.as_deref() == Some("") {
            return error(
                "管理番号",
                "order_no_blank",
                "管理番号が入力されていません。",
                "The order number is blank.",
            );
        }
        let number = domain::tracking::normalise(self.number);
        if number.is_empty() {
            return error(
                "配送番号",
                "number_blank",
                "配送番号が入力されていません。",
                "The tracking number is blank.",
            );
        }
        for (column, value) in [("管理番号", order_no.as_deref().unwrap_or("")), ("配送番号", &number)]
        {
            if value.contains('\u{FFFD}') || value.chars().any(char::is_control) {
                return error(column, "damaged", "文字が壊れています。", "Damaged characters.");
            }
            if is_spreadsheet_damage(value) {
                let ja = "表計算ソフトで桁が失われた番号です。書き出したままのファイルを読み込んでください。";
                return error(
                    column,
                    "spreadsheet",
                    ja,
                    "A spreadsheet has rounded this number. Use the file as it was exported.",
                );
            }
            if value.chars().count() > 60 {
                return error(column, "too_long", "長すぎます。", "Too long.");
            }
        }
        if OrderSeq::from_order_no(&number).is_some() {
            let ja = "配送番号の列に管理番号があります。列の順をご確認ください。";
            return error(
                "配送番号",
                "columns_swapped",
                ja,
                "An order number stands where the tracking number should be.",
            );
        }
        if !has_form(self.carrier.as_ref(), &number) {
            return error(
                "配送番号",
                "number_form",
                "配送番号の形ではありません。",
                "Not of the form of a tracking number.",
            );
        }
        // All three big carriers share the check digit of twelve-digit numbers.
        let twelve = number.len() == 12 && number.bytes().all(|b| b.is_ascii_digit());
        let judge = self.carrier.clone().or_else(|| twelve.then(|| CarrierKey::from("yamato")));
        for reason in domain::tracking::warnings(judge.as_ref(), &number) {
            warnings.push(LineProblem::new(self.line, "配送番号", &reason.code, &reason.ja, &reason.en));
        }
        let shipped_on = words::day(self.day);
        if shipped_on.is_none() && !self.day.trim().is_empty() {
            let (ja, en) = (
                "出荷日を読み取れないため、出荷日なしで取り込みます。",
                "The day cannot be read; taken without it.",
            );
            warnings.push(LineProblem::new(self.line, "出荷日", "day_unread", ja, en));
        }
        Ok(TrackingRow {
            line: self.line,
            order_no,
            order_no_without_suffix: None,
            tracking_number: number,
            carrier: self.carrier,
            shipped_on,
        })
    }
}

/// What no carrier has is refused: the three big ones have 10 to 13 characters (formats.md e.1). Of others only that
/// it has a digit.
fn has_form(carrier: Option<&CarrierKey>, number: &str) -> bool {
    let known = carrier.is_some_and(|c| LabelProgram::ALL.iter().any(|p| p.carrier() == *c));
    let plain = number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let count = number.len();
    plain
        && number.bytes().any(|b| b.is_ascii_digit())
        && if known { (10..=13).contains(&count) } else { (5..=40).contains(&count) }
}

/// `8.11E+11`, `811000000000.0`: what a spreadsheet makes of a long number (formats.md 0.5).
fn is_spreadsheet_damage(value: &str) -> bool {
    let numeric = value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | 'E' | 'e'));
    numeric && value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(['.', '+'])
}

/// Rows that say the same become one; a number that several orders have is told.
pub(crate) fn finish(file: &mut TrackingFile) {
    let mut seen: BTreeSet<(Option<String>, String)> = BTreeSet::new();
    let warnings = &mut file.warnings;
    file.rows.retain(|row| {
        let new = seen.insert((row.order_no.clone(), row.tracking_number.clone()));
        if !new && row.order_no.is_some() {
            let (ja, en) =
                ("同じ内容の行があるため、1件にまとめました。", "The same as an earlier line; taken once.");
            warnings.push(LineProblem::new(row.line, "", "line_twice", ja, en));
        }
        new || row.order_no.is_none()
    });
    let mut lines: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in &file.rows {
        lines.entry(&row.tracking_number).or_default().push(row.line);
    }
    for same in lines.values().filter(|lines| lines.len() > 1) {
        let Some(first) = same.first() else { continue };
        for line in same.iter().skip(1) {
            let ja = format!("配送番号が{first}行目と同じです。");
            let en = format!("The tracking number is the same as in line {first}.");
            file.warnings.push(LineProblem::new(*line, "配送番号", "number_twice", &ja, &en));
        }
    }
    file.warnings.sort_by_key(|w| w.line);
}

#[cfg(test)]
#[path = "tracking_tests.rs"]
mod tests;
