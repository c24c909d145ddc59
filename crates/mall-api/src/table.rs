//! Tables of text that people download from malls and upload there: CSV and TSV in UTF-8 or CP932, with headings
//! (formats.md 0). Every refusal names line and column and holds no value of the table.

use crate::charset;
use std::collections::BTreeMap;

/// A table with headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    headings: Vec<String>,
    places: BTreeMap<String, usize>,
    rows: Vec<Vec<String>>,
    lines: Vec<u64>,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct TableRow<'a> {
    /// Line in the file at which it begins, from 1.
    pub line: u64,
    table: &'a Table,
    cells: &'a [String],
}

/// A heading as it is compared: without spaces and brackets of both widths, letters, digits and `%` half-width.
pub fn heading_key(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            '\u{FEFF}' | '(' | ')' | '（' | '）' | '[' | ']' | '【' | '】' => None,
            c if c.is_whitespace() => None,
            '！'..='～' => char::from_u32(c as u32 - 0xFEE0),
            c => Some(c),
        })
        .collect::<String>()
        .to_lowercase()
}

/// The text of a file: UTF-8 where it is, else CP932.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, damaged) = charset::decode_shift_jis(bytes);
    if damaged {
        let bad = text.find('\u{FFFD}').unwrap_or(0);
        let line = text.get(..bad).unwrap_or_default().matches('\n').count() + 1;
        return Err(format!("{line}行目の文字コードがShift_JISでもUTF-8でもありません"));
    }
    Ok(text)
}

impl Table {
    /// Reads a table whose first line holds the headings. Cells end at `separator`; quoted cells may hold separators,
    /// line breaks and doubled quotes.
    ///
    /// # Errors
    /// Charset, quotes, no or doubled headings: in Japanese, naming line and column.
    pub fn read(bytes: &[u8], separator: char) -> Result<Self, String> {
        let text = decode(bytes)?;
        if let Some(at) = text.find(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            return Err(format!("{line}行目に文字ではないデータがあります"));
        }
        let mut records = records(&text, separator)?.into_iter();
        let Some((_, headings)) = records.next() else {
            return Err("見出し行がありません".to_owned());
        };
        let mut places = BTreeMap::new();
        for (i, heading) in headings.iter().enumerate() {
            let key = heading_key(heading);
            // A trailing separator makes a column without a name.
            if !key.is_empty() && places.insert(key, i).is_some() {
                let name: String = heading.trim().chars().take(40).collect();
                return Err(format!("見出し「{name}」が重複しています（{}列目）", i + 1));
            }
        }
        let (lines, rows) = records.filter(|(_, cells)| cells.iter().any(|c| !c.trim().is_empty())).unzip();
        Ok(Self { headings, places, rows, lines })
    }

    /// Is there a column of this heading?
    pub fn has(&self, heading: &str) -> bool {
        self.places.contains_key(&heading_key(heading))
    }

    /// Headings of `wanted` that are missing.
    pub fn missing<'w>(&self, wanted: &[&'w str]) -> Vec<&'w str> {
        wanted.iter().copied().filter(|w| !self.has(w)).collect()
    }

    /// Rows, empty ones left out.
    pub fn rows(&self) -> impl Iterator<Item = TableRow<'_>> {
        self.rows.iter().zip(&self.lines).map(|(cells, line)| TableRow { line: *line, table: self, cells })
    }
}

impl<'a> TableRow<'a> {
    /// The cell under a heading, trimmed; `None`: the table has no such column.
    pub fn get(&self, heading: &str) -> Option<&'a str> {
        let place = *self.table.places.get(&heading_key(heading))?;
        Some(self.cells.get(place).map_or("", |c| c.trim()))
    }

    /// Has the row another number of cells than the headings (blank ones at the end do not count)? A cell that was
    /// not quoted may have slipped.
    pub fn is_crooked(&self) -> bool {
        let width = self.table.headings.len();
        self.cells.len() + 1 < width || self.cells.iter().skip(width).any(|c| !c.trim().is_empty())
    }
}

/// All records with the line each begins at.
fn records(text: &str, separator: char) -> Result<Vec<(u64, Vec<String>)>, String> {
    let mut all: Vec<(u64, Vec<String>)> = Vec::new();
    let (mut line, mut begin) = (1_u64, 1_u64);
    let (mut cells, mut cell) = (Vec::new(), String::new());
    // Line and column at which the quotes opened; whether they were closed again.
    let (mut open, mut closed): (Option<(u64, usize)>, bool) = (None, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        if open.is_some() {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => (open, closed) = (None, true),
                '\r' if chars.peek() == Some(&'\n') => {}
                c => cell.push(c),
            }
            continue;
        }
        match c {
            '"' if cell.is_empty() && !closed => open = Some((line, cells.len() + 1)),
            c if c == separator => {
                cells.push(std::mem::take(&mut cell));
                closed = false;
            }
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    return Err(format!("{line}行目：改行の形が不正です"));
                }
            }
            '\n' => {
                cells.push(std::mem::take(&mut cell));
                all.push((begin, std::mem::take(&mut cells)));
                (closed, begin) = (false, line);
            }
            _ if closed => {
                return Err(format!("{line}行目の{}列目：引用符の後に文字があります", cells.len() + 1));
            }
            c => cell.push(c),
        }
    }
    if let Some((line, column)) = open {
        return Err(format!("{line}行目の{column}列目：引用符が閉じられていません"));
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        all.push((begin, cells));
    }
    Ok(all)
}

/// One line of a table for upload, with CRLF; cells are quoted where they must be.
pub fn line(cells: &[&str], separator: char) -> String {
    let quoted = |cell: &str| {
        if cell.contains([separator, '"', '\r', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    let cells: Vec<String> = cells.iter().map(|c| quoted(c)).collect();
    cells.join(&separator.to_string()) + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_are_found_by_heading_whatever_order_width_or_charset() {
        let text = "\"注文番号\", ステータス ,１０％税率（%）\r\nA-1,100,\"0,1\"\r\n\r\nA-2,\"改行\r\nあり\"\"\",\r\n";
        for bytes in [
            text.as_bytes().to_vec(),
            charset::encode_shift_jis(text).unwrap(),
            format!("\u{FEFF}{text}").into_bytes(),
        ] {
            let table = Table::read(&bytes, ',').unwrap();
            let rows: Vec<_> = table.rows().collect();
            assert_eq!((rows[0].line, rows[1].line), (2, 4));
            assert_eq!((rows[0].get("注文 番号"), rows[0].get("10%税率%")), (Some("A-1"), Some("0,1")));
            assert_eq!((rows[1].get("ステータス"), rows[1].get("なし")), (Some("改行\nあり\""), None));
            assert_eq!(table.missing(&["注文番号", "発送日"]), ["発送日"]);
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_line_and_column_imp10() {
        for (bytes, words) in [
            (&b"a,b\n1,\"2\n3"[..], "2行目の2列目：引用符が閉じられていません"),
            (b"a,b\n\"1\"x,2", "2行目の1列目：引用符の後に文字があります"),
            (b"a,b,\x81\x40a\n", "見出し「a」が重複しています（3列目）"),
            (b"a,A \n1,2", "見出し「A」が重複しています（2列目）"),
            (b"", "見出し行がありません"),
            (b"a\n\x07", "2行目に文字ではないデータがあります"),
            (b"a\nx\n\xFF\xFF\xFF", "3行目の文字コードがShift_JISでもUTF-8でもありません"),
            (b"a\rb", "1行目：改行の形が不正です"),
        ] {
            assert_eq!(Table::read(bytes, ',').unwrap_err(), words);
        }
    }

    #[test]
    fn a_row_whose_cells_slipped_is_noticed() {
        let table = Table::read(b"a,b,c\n1,2,3,\n1,2,3,4\n1\n1,2\n", ',').unwrap();
        assert_eq!(table.rows().map(|r| r.is_crooked()).collect::<Vec<_>>(), [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(table) = Table::read(&bytes, ',') {
                table.rows().for_each(|r| { r.get("a"); r.is_crooked(); });
            }
        }

        #[test]
        fn what_is_written_is_read(cells in proptest::collection::vec("[a-z\",\\n あ]{0,6}", 1..5)) {
            let heads: Vec<String> = (0..cells.len()).map(|i| format!("h{i}")).collect();
            let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
            let given: Vec<&str> = cells.iter().map(String::as_str).collect();
            let text = line(&heads, ',') + &line(&given, ',');
            let table = Table::read(text.as_bytes(), ',').unwrap();
            for row in table.rows() {
                for (head, cell) in heads.iter().zip(&given) {
                    prop_assert_eq!(row.get(head), Some(cell.trim()));
                }
            }
        }
    }
}
