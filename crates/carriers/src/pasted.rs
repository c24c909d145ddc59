//! 配送番号 pasted from a spreadsheet or typed into a box: 管理番号 [配送業者] 配送番号 [出荷日] a line, with tabs, commas
//! or spaces between, or numbers alone.

use crate::export::{Charset, FileProblem, LineProblem, TrackingFile, TrackingRow};
use crate::records::{self, Record};
use crate::tracking::{self, Raw};
use crate::{text, words};
use std::collections::BTreeMap;

/// Reads what was pasted. Where no line names an order, every row's `order_no` is `None` and the rows are to be matched
/// to the chosen orders one by one. With headings (the first line names key and number) columns may stand in any order.
///
/// # Errors
/// Nothing was pasted, or too much.
pub fn read_pasted(pasted: &str) -> Result<TrackingFile, FileProblem> {
    let (text, _) = records::decode(pasted.as_bytes())?;
    let lines = records::lines(&text)?;
    if let Ok(file) = tracking::read_tracking(pasted.as_bytes()) {
        return Ok(file);
    }
    let mut file = TrackingFile {
        program: None,
        charset: Charset::Utf8,
        rows: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    // A word on every line (a name of a carrier) is looked up once.
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        let number = i as u64 + 1;
        let cells = cells(line);
        if cells.is_empty() || (i == 0 && is_heading(&cells)) {
            continue;
        }
        match row(number, &cells, &mut known, &mut file.warnings) {
            Ok(row) => file.rows.push(row),
            Err(problem) => file.errors.push(problem),
        }
    }
    one_kind_only(&mut file);
    tracking::finish(&mut file);
    Ok(file)
}

/// Cells of a line: by tab, else by comma, else by spaces; groups of a number (`4444 1375 8703`) joined again.
fn cells(line: &str) -> Vec<String> {
    let trimmed = line.trim();
    let split: Vec<String> = if trimmed.contains('\t') {
        trimmed.split('\t').map(str::to_owned).collect()
    } else if trimmed.contains([',', '，', '、']) {
        trimmed.split([',', '，', '、']).map(str::to_owned).collect()
    } else {
        joined_groups(trimmed.split_whitespace())
    };
    let record = Record { line: 0, cells: split };
    (0..record.cells.len())
        .map(|at| record.cell(at).trim_matches('"').trim().to_owned())
        .filter(|cell| !cell.is_empty())
        .collect()
}

fn joined_groups<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut group = String::new();
    for word in words {
        let narrow = text::narrow(word);
        let is_group = narrow.len() == 4 && narrow.bytes().all(|b| b.is_ascii_digit());
        if is_group && group.len() < 12 {
            group.push_str(&narrow);
            continue;
        }
        if !group.is_empty() {
            cells.push(std::mem::take(&mut group));
        }
        cells.push(word.to_owned());
    }
    if !group.is_empty() {
        cells.push(group);
    }
    cells
}

/// Words for people above the rows.
fn is_heading(cells: &[String]) -> bool {
    cells.iter().all(|c| !c.chars().any(char::is_numeric)) && cells.iter().any(|c| c.contains("番号"))
}

fn row(
    line: u64,
    cells: &[String],
    known: &mut BTreeMap<String, bool>,
    warnings: &mut Vec<LineProblem>,
) -> Result<TrackingRow, LineProblem> {
    let mut cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let mut day = "";
    if cells.len() > 1
        && let Some(last) = cells.last().copied().filter(|last| looks_like_day(last))
    {
        day = last;
        cells.pop();
    }
    let mut is_carrier =
        |word: &str| *known.entry(word.to_owned()).or_insert_with(|| words::carrier(word).is_some());
    let (order_no, carrier, number) = match *cells.as_slice() {
        [number] => (None, None, number),
        [word, number] if is_carrier(word) => (None, Some(word), number),
        [key, number] => (Some(key), None, number),
        [key, first, second] if is_carrier(second) => (Some(key), Some(second), first),
        [key, word, number] => (Some(key), Some(word), number),
        _ => {
            return Err(LineProblem::new(
                line,
                "",
                "columns",
                "「管理番号・配送業者・配送番号・出荷日」の形に読めません。",
                "Not of the form order number, carrier, tracking number, day.",
            ));
        }
    };
    let carrier = carrier.map(|word| tracking::carrier(line, word)).transpose()?;
    Raw { line, order_no, number, carrier, day }.check(warnings)
}

/// A day, and not a tracking number: with signs between, or eight digits that are one.
fn looks_like_day(cell: &str) -> bool {
    let narrow = text::narrow(cell);
    (narrow.contains(['/', '年', '.']) || narrow.matches('-').count() == 2 || narrow.len() == 8)
        && words::day(cell).is_some()
}

/// Where some lines name an order, lines that do not are an oversight.
fn one_kind_only(file: &mut TrackingFile) {
    if !file.rows.iter().any(|row| row.order_no.is_some()) {
        return;
    }
    let (named, alone): (Vec<_>, Vec<_>) =
        std::mem::take(&mut file.rows).into_iter().partition(|r| r.order_no.is_some());
    file.rows = named;
    file.errors.extend(alone.iter().map(|row| {
        let (ja, en) = ("管理番号が入力されていません。", "The order number is blank.");
        LineProblem::new(row.line, "管理番号", "order_no_blank", ja, en)
    }));
    file.errors.sort_by_key(|e| e.line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> TrackingFile {
        read_pasted(text).unwrap()
    }

    fn shown(file: &TrackingFile) -> Vec<String> {
        file.rows
            .iter()
            .map(|r| {
                let carrier = r.carrier.as_ref().map_or("-", |c| c.as_str());
                let day = r.shipped_on.map_or("-".to_owned(), |d| d.to_string());
                format!("{} {} {carrier} {day}", r.order_no.as_deref().unwrap_or("-"), r.tracking_number)
            })
            .collect()
    }

    #[test]
    fn two_three_and_four_columns_are_read_whatever_stands_between_desk6() {
        for text in [
            "C00000001\t4444-1375-8703\nC00000002\t512547514334\n",
            "C00000001,4444-1375-8703\r\nC00000002,512547514334",
            "C00000001 4444 1375 8703\nC00000002　５１２５４７５１４３３４",
            "管理番号 送り状の番号\nC00000001 444413758703\nC00000002 512547514334",
        ] {
            assert_eq!(
                shown(&read(text)),
                ["C00000001 444413758703 - -", "C00000002 512547514334 - -"],
                "{text}"
            );
        }
        let text = "C00000001\tヤマト運輸\t444413758703\t2026/11/22\nC00000002 512547514334 佐川急便\n\
                    C00000003 405548424886 20261122";
        assert_eq!(
            shown(&read(text)),
            [
                "C00000001 444413758703 yamato 2026-11-22",
                "C00000002 512547514334 sagawa -",
                "C00000003 405548424886 - 2026-11-22"
            ]
        );
    }

    #[test]
    fn numbers_alone_keep_their_order_to_be_matched_desk6() {
        let file = read("4444-1375-8703\n\n5125 4751 4334\n444413758703");
        assert_eq!(shown(&file), ["- 444413758703 - -", "- 512547514334 - -", "- 444413758703 - -"]);
        // Nothing is taken away from a list that is matched by its order; it is said.
        assert_eq!(file.warnings[0].ja, "4行目：配送番号が1行目と同じです。");
    }

    #[test]
    fn headings_let_columns_stand_in_any_order_desk6() {
        let file = read("配送番号\t配送業者\t注文番号\n444413758703\tヤマト運輸\t123456-20261120-0000000001");
        assert_eq!(shown(&file), ["123456-20261120-0000000001 444413758703 yamato -"]);
    }

    #[test]
    fn a_bad_line_is_told_with_its_number_and_the_others_stay_desk6() {
        let file = read(
            "C00000001 444413758703\nC00000002\t8.11E+11\n512547514334\tC00000003\nC00000004 どこか 405548424886\n\
             405548424886\nC00000005 444413758704\na b c d e",
        );
        assert_eq!(shown(&file), ["C00000001 444413758703 - -", "C00000005 444413758704 - -"]);
        let errors: Vec<_> = file.errors.iter().map(|e| (e.line, e.code.as_str())).collect();
        assert_eq!(
            errors,
            [
                (2, "spreadsheet"),
                (3, "columns_swapped"),
                (4, "carrier_unknown"),
                (5, "order_no_blank"),
                (7, "columns")
            ]
        );
        assert_eq!(file.errors[3].ja, "5行目：管理番号が入力されていません。");
        assert_eq!(
            (file.warnings[0].line, file.warnings[0].code.as_str()),
            (6, "tracking_number_check_digit")
        );
    }

    #[test]
    fn nothing_pasted_is_said() {
        assert_eq!(read_pasted(" \n").unwrap_err().code, "empty");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_number_is_normalised(text in any::<String>()) {
            if let Ok(file) = read_pasted(&text) {
                for row in file.rows {
                    prop_assert_eq!(domain::tracking::normalise(&row.tracking_number), row.tracking_number);
                }
            }
        }

        #[test]
        fn lines_of_likely_pieces_do_not_panic(text in "([C0-9ヤマト佐川\t ,/\"=.-]{0,30}\n){0,6}") {
            let _ = read_pasted(&text);
        }
    }
}
