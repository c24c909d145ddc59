//! Bytes into lines and cells, tolerantly: what is broken is told with its line, and the next line is read all the
//! same. Knows no heading.

use crate::export::{Charset, FileProblem, LineProblem};
use mall_api::charset;

/// 10 MiB. A year of a large shop's parcels is smaller.
pub(crate) const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Lines of a file.
pub(crate) const MOST_LINES: usize = 100_000;
/// Cells of a record; no export has so many columns.
const MOST_CELLS: usize = 1_000;
/// A quoted cell with line breaks ends within so many lines; otherwise its quote was never closed.
const MOST_LINES_OF_A_RECORD: usize = 20;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Line at which it begins, from 1.
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
}

impl Record {
    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|c| c.trim().is_empty())
    }

    /// A cell without the shell some programs put around numbers (`="0123"`, `'0123`), trimmed.
    pub(crate) fn cell(&self, at: usize) -> &str {
        let cell = self.cells.get(at).map_or("", |c| c.trim());
        match cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => inner.trim(),
            None => cell.strip_prefix('\'').unwrap_or(cell).trim(),
        }
    }
}

/// Text of a file with the charset it was in.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Charset), FileProblem> {
    if bytes.len() > MOST_BYTES {
        return Err(FileProblem::new(
            "too_large",
            "ファイルが大きすぎます（10MBまで）。期間を分けて書き出してください。",
            "The file is too large (10 MiB at most). Export shorter periods.",
        ));
    }
    if let Some(problem) = other_kind(bytes) {
        return Err(problem);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return Ok((String::from_utf8_lossy(rest).into_owned(), Charset::Utf8Bom));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((text.to_owned(), Charset::Utf8));
    }
    let (text, damaged) = charset::decode_shift_jis(bytes);
    if damaged {
        // Broken either way: what leaves fewer scars is nearer.
        let other = String::from_utf8_lossy(bytes);
        let scars = |text: &str| text.matches('\u{FFFD}').count();
        if scars(&other) < scars(&text) {
            return Ok((other.into_owned(), Charset::Utf8));
        }
    }
    Ok((text, Charset::Cp932))
}

/// Files that are no text table at all, by their first bytes.
fn other_kind(bytes: &[u8]) -> Option<FileProblem> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return Some(FileProblem::new(
            "excel",
            "Excelのファイルです。CSVで保存し直してから読み込んでください。",
            "This is an Excel file. Save it as CSV first.",
        ));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Some(FileProblem::new(
            "utf16",
            "UTF-16のファイルです。「CSV UTF-8」かShift_JISのCSVで保存し直してください。",
            "The file is UTF-16. Save it as CSV in UTF-8 or Shift_JIS.",
        ));
    }
    if charset::looks_like_html(bytes) || bytes.starts_with(b"%PDF") {
        return Some(FileProblem::new(
            "not_a_table",
            "CSVではありません（WebページかPDFです）。書き出したCSVを選んでください。",
            "Not a CSV but a web page or a PDF. Choose the exported CSV.",
        ));
    }
    bytes
        .iter()
        .all(u8::is_ascii_whitespace)
        .then(|| FileProblem::new("empty", "ファイルが空です。", "The file is empty."))
}

/// Lines of a text, whatever ends them.
pub(crate) fn lines(text: &str) -> Result<Vec<&str>, FileProblem> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        for part in line.split('\r') {
            if lines.len() > MOST_LINES {
                return Err(FileProblem::new(
                    "too_many_lines",
                    "行が多すぎます（10万行まで）。ファイルを分けてください。",
                    "Too many lines (100,000 at most). Split the file.",
                ));
            }
            lines.push(part);
        }
    }
    Ok(lines)
}

/// Comma or tab, whichever the first lines have more of.
pub(crate) fn separator(lines: &[&str]) -> char {
    let count = |sign: char| lines.iter().take(5).map(|l| l.matches(sign).count()).sum::<usize>();
    if count('\t') > count(',') { '\t' } else { ',' }
}

/// All records, one at a time; a line that is none is told and passed over.
pub(crate) fn records<'a>(
    lines: &'a [&'a str],
    separator: char,
) -> impl Iterator<Item = Result<Record, LineProblem>> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = lines.get(at..).filter(|rest| !rest.is_empty())?;
        let line = at as u64 + 1;
        Some(match record(rest, separator) {
            Ok((cells, used)) => {
                at += used.max(1);
                Ok(Record { line, cells })
            }
            Err((code, ja, en)) => {
                at += 1;
                Err(LineProblem::new(line, "", code, ja, en))
            }
        })
    })
}

type Broken = (&'static str, &'static str, &'static str);

/// One record and how many lines it takes.
fn record(lines: &[&str], separator: char) -> Result<(Vec<String>, usize), Broken> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let (mut open, mut closed) = (false, false);
    for (i, line) in lines.iter().take(MOST_LINES_OF_A_RECORD).enumerate() {
        if i > 0 {
            cell.push('\n');
        }
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if open && chars.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' if open => (open, closed) = (false, true),
                c if open => cell.push(c),
                c if c == separator && cells.len() >= MOST_CELLS => {
                    return Err(("too_many_cells", "列が多すぎます。", "Too many columns."));
                }
                c if c == separator => {
                    cells.push(std::mem::take(&mut cell));
                    closed = false;
                }
                '"' if cell.is_empty() && !closed => open = true,
                c if closed && c.is_whitespace() => {}
                _ if closed => {
                    return Err((
                        "after_quote",
                        "引用符の後に文字があります。",
                        "There are characters behind a closing quote.",
                    ));
                }
                c => cell.push(c),
            }
        }
        if !open {
            cells.push(cell);
            return Ok((cells, i + 1));
        }
    }
    Err(("open_quote", "引用符が閉じられていません。", "A quote is not closed."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(u64, Vec<String>), String>> {
        let lines = lines(text).unwrap();
        records(&lines, ',').map(|r| r.map(|r| (r.line, r.cells)).map_err(|e| e.ja)).collect()
    }

    #[test]
    fn a_broken_line_does_not_take_the_next_ones_along_f53() {
        let read = read("a,\"b\nc\",d\r\n\"x\"y,1\n\"open,2\ne,f");
        assert_eq!(read[0], Ok((1, vec!["a".into(), "b\nc".into(), "d".into()])));
        assert_eq!(read[1], Err("3行目：引用符の後に文字があります。".into()));
        assert_eq!(read[2], Err("4行目：引用符が閉じられていません。".into()));
        assert_eq!(read[3], Ok((5, vec!["e".into(), "f".into()])));
    }

    #[test]
    fn every_kind_of_line_end_is_read_and_doubled_quotes_are_one_f53() {
        let read = read("a\rb\r\nc\n\"d\"\"\" ,e");
        let lines: Vec<_> = read.iter().flatten().map(|(line, cells)| (*line, cells.join("|"))).collect();
        assert_eq!(lines, [(1, "a".into()), (2, "b".into()), (3, "c".into()), (4, "d\"|e".into())]);
    }

    #[test]
    fn the_charset_is_guessed_and_what_is_no_table_is_named_f53() {
        let sjis = charset::encode_shift_jis("管理番号").unwrap();
        assert_eq!(decode(&sjis).unwrap(), ("管理番号".into(), Charset::Cp932));
        assert_eq!(decode("管理番号".as_bytes()).unwrap().1, Charset::Utf8);
        assert_eq!(decode("\u{FEFF}管理番号".as_bytes()).unwrap(), ("管理番号".into(), Charset::Utf8Bom));
        for (bytes, code) in [
            (&b"PK\x03\x04rest"[..], "excel"),
            (b"\xFF\xFEa\0", "utf16"),
            (b"<!DOCTYPE html><p>", "not_a_table"),
            (b"%PDF-1.7", "not_a_table"),
            (b" \r\n", "empty"),
        ] {
            assert_eq!(decode(bytes).unwrap_err().code, code);
        }
        // One broken byte among UTF-8 does not make the rest unreadable.
        let mut broken = "管理番号,配送番号\nC00000001,444413758703\n".as_bytes().to_vec();
        broken.push(0xFF);
        let (text, charset) = decode(&broken).unwrap();
        assert!(text.starts_with("管理番号") && charset == Charset::Utf8);
    }

    #[test]
    fn sizes_are_limited_with_a_clear_word_f56() {
        assert_eq!(decode(&vec![b'a'; MOST_BYTES + 1]).unwrap_err().code, "too_large");
        assert!(lines(&"a\n".repeat(MOST_LINES)).is_ok());
        assert_eq!(lines(&"a\n".repeat(MOST_LINES + 1)).unwrap_err().code, "too_many_lines");
    }

    #[test]
    fn a_line_of_nothing_but_commas_takes_no_memory_worth_naming_f56() {
        let read = read(&format!("{}\na,b", ",".repeat(1_000_000)));
        assert_eq!(read[0], Err("1行目：列が多すぎます。".into()));
        assert_eq!(read[1], Ok((2, vec!["a".into(), "b".into()])));
    }

    #[test]
    fn a_file_of_nothing_but_open_quotes_is_told_line_by_line_f56() {
        let text = "\"x\n".repeat(50_000);
        assert_eq!(read(&text).iter().filter(|r| r.is_err()).count(), 50_000);
    }
}
