//! 注文データ and 商品データ of ストアクリエイターPro (yahoo.md 11): two files of one row per order and one per line, read by
//! the names of their headings. The store chooses the columns itself: what is missing is not given. Held orders are
//! never in them, so the hold is not known (FRD-1).

use super::descriptor::SELLER_ID;
use super::errors::own;
use super::mapping::snapshot;
use super::values::{Document, Fields, Item, MALFORMED, Misread, Source};
use domain::snapshot::LineOption;
use domain::{MallOrderId, Reason, UtcMillis};
use mall_api::charset::decode_shift_jis;
use mall_api::files::{FileKind, FileReading, InFile, OrderFiles, RowProblem};
use mall_api::{FetchedOrder, Settings};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Field that holds the order's number at the API; no column has this name.
pub(super) const KEY: &str = "(order)";

const ORDERS: &str = "orders";
const ITEMS: &str = "items";
const KINDS: [FileKind; 2] = [
    FileKind { key: ORDERS, label: "注文データ", required: true },
    FileKind { key: ITEMS, label: "商品データ", required: true },
];

/// Columns without which a file says nothing.
const NEEDED: [(&str, &[&str]); 2] = [
    (ORDERS, &["OrderId", "OrderTime", "OrderStatus"]),
    (ITEMS, &["OrderId", "LineId", "ItemId", "Quantity"]),
];
/// Columns that an order ought to have; their absence is said once.
const WANTED: [&str; 7] =
    ["ShipZipCode", "ShipPrefecture", "ShipCity", "ShipAddress1", "ShipPhoneNumber", "PayMethod", "Total"];

/// The document that is kept of an order: its rows.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    yahoo_csv: u32,
    order: BTreeMap<String, String>,
    items: Vec<BTreeMap<String, String>>,
}

/// Reads a kept document.
pub(super) fn stored(raw: &[u8]) -> Result<Document, Misread> {
    let stored: Stored = serde_json::from_slice(raw).map_err(|_| Misread::new("JSON", MALFORMED))?;
    Ok(document(stored))
}

fn document(stored: Stored) -> Document {
    Document {
        source: Source::Csv,
        order: Fields(stored.order),
        items: stored.items.into_iter().map(|row| item(Fields(row))).collect(),
    }
}

fn item(fields: Fields) -> Item {
    let option = |name: &str, value: &str| LineOption {
        name: fields.text(name).to_owned(),
        value: fields.text(value).to_owned(),
    };
    let options =
        [option("ItemOptionName", "ItemOptionValue"), option("InscriptionName", "InscriptionValue")];
    let options = options.into_iter().filter(|o| !o.name.is_empty() || !o.value.is_empty()).collect();
    Item { fields, options }
}

/// UTF-8 with or without a mark, else what Windows calls Shift_JIS.
fn decode<'a>(file: &InFile<'a>) -> Result<Cow<'a, str>, Reason> {
    let marked = file.bytes.strip_prefix(b"\xEF\xBB\xBF");
    match (std::str::from_utf8(marked.unwrap_or(file.bytes)), marked) {
        (Ok(text), _) => Ok(Cow::Borrowed(text)),
        (Err(_), None) => match decode_shift_jis(file.bytes) {
            (text, false) => Ok(Cow::Owned(text)),
            (_, true) => Err(about("YAHOO_CSV_CHARSET", file.name)),
        },
        (Err(_), Some(_)) => Err(about("YAHOO_CSV_CHARSET", file.name)),
    }
}

fn about(code: &str, what: &str) -> Reason {
    let mut reason = own(code);
    reason.ja = format!("{}：{what}", reason.ja);
    reason
}

/// One row with its place in the file.
struct Row {
    line: u64,
    /// `None`: the row does not fit its heading.
    fields: Option<BTreeMap<String, String>>,
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// Does the last quoted cell end? The reader takes everything behind an open quote for one cell, without a word: rows
/// would be missing. What is put behind the text must be read as a row of its own.
fn is_closed(text: &str) -> bool {
    const BEHIND: &str = "\u{1}";
    let longer = format!("{text}\r\n{BEHIND}");
    let last = reader(&longer).into_records().last().and_then(Result::ok);
    last.is_some_and(|record| record.len() == 1 && record.get(0) == Some(BEHIND))
}

fn heading(text: &str) -> Vec<String> {
    let first = reader(text).into_records().next().and_then(Result::ok);
    first.map(|r| r.iter().map(|name| name.trim().to_owned()).collect()).unwrap_or_default()
}

/// Card data never come in, whatever a template holds; terms of payment do.
fn is_kept(column: &str) -> bool {
    !column.is_empty() && (!column.starts_with("Card") || matches!(column, "CardPayType" | "CardPayCount"))
}

fn rows(text: &str, columns: &[String]) -> Vec<Row> {
    let mut list = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for record in reader(text).into_records().skip(1) {
        let Ok(record) = record else {
            list.push(Row { line, fields: None });
            continue;
        };
        // The reader's own count leaves out line breaks inside quotes, and its places stand before a line feed.
        let start = record.position().and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(counted);
        let feeds = text.as_bytes().iter().skip(start).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let passed = text.as_bytes().get(counted..start + feeds).unwrap_or_default();
        line += passed.iter().filter(|b| **b == b'\n').count() as u64;
        counted = start + feeds;
        if record.iter().all(|value| value.trim().is_empty()) {
            continue;
        }
        let fits = record.len() == columns.len();
        let pairs = columns.iter().zip(&record).filter(|(column, _)| is_kept(column));
        let fields = pairs.map(|(column, value)| (column.clone(), value.trim().to_owned()));
        list.push(Row { line, fields: fits.then(|| fields.collect()) });
    }
    list
}

/// The number behind the store's name: what both files agree on whether they write the whole id or not.
fn bare(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(_, number)| number)
}

/// The order's number at the API: `Id` when it is there, else `OrderId`, with the store's name where it lacks (11) [I].
fn order_key(row: &BTreeMap<String, String>, settings: &Settings) -> String {
    let text = |name: &str| row.get(name).map_or("", String::as_str);
    let id = if text("Id").contains('-') { text("Id") } else { text("OrderId") };
    match settings.get(SELLER_ID).map(str::trim).filter(|seller| !seller.is_empty()) {
        Some(seller) if !id.is_empty() && !id.contains('-') => format!("{seller}-{id}"),
        _ => id.to_owned(),
    }
}

/// A number at the API begins with the store account (2).
fn is_of_another_store(id: &str, settings: &Settings) -> bool {
    let seller = settings.get(SELLER_ID).map(str::trim).filter(|seller| !seller.is_empty());
    seller.is_some_and(|seller| !id.strip_prefix(seller).is_some_and(|rest| rest.starts_with('-')))
}

/// What one file brought.
struct Table<'a> {
    name: &'a str,
    columns: Vec<String>,
    rows: Vec<Row>,
}

fn table<'a>(kind: &str, file: &InFile<'a>) -> Result<Table<'a>, Reason> {
    let text = decode(file)?;
    if !is_closed(&text) {
        return Err(about("YAHOO_CSV_QUOTES", file.name));
    }
    let columns = heading(&text);
    let needed = NEEDED.iter().filter(|(k, _)| *k == kind).flat_map(|(_, columns)| columns.iter());
    let missing: Vec<&str> = needed.copied().filter(|name| !columns.iter().any(|c| c == name)).collect();
    if !missing.is_empty() {
        return Err(about("YAHOO_CSV_HEADING", &format!("{}（{}）", file.name, missing.join("、"))));
    }
    let rows = rows(&text, &columns);
    Ok(Table { name: file.name, columns, rows })
}

/// The CSV files.
#[derive(Debug, Clone, Copy)]
pub(super) struct YahooCsv;

impl OrderFiles for YahooCsv {
    fn kinds(&self) -> &[FileKind] {
        &KINDS
    }

    fn never_holds(&self) -> Vec<Reason> {
        vec![own("YAHOO_CSV_HOLD"), own("YAHOO_CSV_STATUSES")]
    }

    fn kind_of(&self, file: InFile<'_>) -> Option<&'static str> {
        let columns = heading(&decode(&file).ok()?);
        let has = |name: &str| columns.iter().any(|column| column == name);
        match (has("OrderId"), has("LineId") || has("ItemId"), has("OrderTime") || has("OrderStatus")) {
            (true, true, _) => Some(ITEMS),
            (true, false, true) => Some(ORDERS),
            _ => None,
        }
    }

    fn read(
        &self,
        files: &[(&'static str, InFile<'_>)],
        settings: &Settings,
        _now: UtcMillis,
    ) -> Result<FileReading, Reason> {
        let tables = |kind: &str| -> Result<Vec<Table<'_>>, Reason> {
            files.iter().filter(|(k, _)| *k == kind).map(|(_, file)| table(kind, file)).collect()
        };
        let (orders, items) = (tables(ORDERS)?, tables(ITEMS)?);
        for (tables, kind) in [(&orders, &KINDS[0]), (&items, &KINDS[1])] {
            if tables.is_empty() {
                return Err(about("YAHOO_CSV_HEADING", kind.label));
            }
        }
        Ok(join(orders, items, settings))
    }
}

fn problem(table: &str, line: u64, id: Option<&str>, what: &str) -> RowProblem {
    RowProblem {
        file: table.to_owned(),
        line,
        mall_order_id: id.filter(|id| !id.is_empty()).map(|id| MallOrderId(id.to_owned())),
        what: what.to_owned(),
    }
}

/// Lines of one order: where the first stands, and the rows; `None` when one of them could not be read.
struct Lines<'a> {
    file: &'a str,
    line: u64,
    rows: Vec<BTreeMap<String, String>>,
}

fn join(orders: Vec<Table<'_>>, items: Vec<Table<'_>>, settings: &Settings) -> FileReading {
    let mut reading = FileReading { remarks: vec![own("YAHOO_CSV_HOLD")], ..FileReading::default() };
    let missing: Vec<&str> = WANTED
        .into_iter()
        .filter(|name| orders.iter().any(|table| !table.columns.iter().any(|c| c == name)))
        .collect();
    if !missing.is_empty() {
        reading.remarks.push(about("YAHOO_CSV_COLUMNS", &missing.join("、")));
    }
    let mut lines: BTreeMap<String, Lines<'_>> = BTreeMap::new();
    for table in items {
        for row in table.rows {
            let Some(fields) = row.fields else {
                reading.problems.push(problem(table.name, row.line, None, "列の数が見出しと違います"));
                continue;
            };
            let key = bare(fields.get("OrderId").map_or("", String::as_str)).to_owned();
            let empty = Lines { file: table.name, line: row.line, rows: Vec::new() };
            lines.entry(key).or_insert(empty).rows.push(fields);
        }
    }
    let broken_items = !reading.problems.is_empty();
    let mut seen = std::collections::BTreeSet::new();
    let mut short_codes = false;
    for table in orders {
        for row in table.rows {
            let Some(mut fields) = row.fields else {
                reading.problems.push(problem(table.name, row.line, None, "列の数が見出しと違います"));
                continue;
            };
            let id = order_key(&fields, settings);
            let mut refuse = |what: &str| {
                reading.problems.push(problem(table.name, row.line, Some(&id), what));
            };
            if id.is_empty() {
                refuse("OrderIdがありません");
                continue;
            }
            if is_of_another_store(&id, settings) {
                refuse("注文番号の前半がこの店舗のストアアカウントと違います");
                continue;
            }
            if !seen.insert(id.clone()) {
                refuse("同じ注文番号の行が二つあります");
                continue;
            }
            let Some(own_lines) = lines.remove(bare(&id)) else {
                refuse("商品データにこの注文の行がありません");
                continue;
            };
            if broken_items {
                // A row that cannot be read has no number: it may be a line of any order.
                refuse("商品データに読み取れない行があるため取り込みません");
                continue;
            }
            short_codes |= ["ShipZipCode", "BillZipCode"].iter().any(|name| {
                fields.get(*name).is_some_and(|c| c.len() == 6 && c.bytes().all(|b| b.is_ascii_digit()))
            });
            fields.insert(KEY.to_owned(), id.clone());
            let stored = Stored { yahoo_csv: 1, order: fields, items: own_lines.rows };
            let raw = serde_json::to_vec(&stored).unwrap_or_default();
            match snapshot(&document(stored)) {
                Ok(snapshot) => {
                    let mall_order_id = snapshot.mall_order_id.clone();
                    reading.orders.push(FetchedOrder { mall_order_id, raw: raw.into(), snapshot });
                }
                Err(misread) => refuse(&misread.to_string()),
            }
        }
    }
    for (key, rest) in lines {
        let what = "注文データにこの注文の行がありません";
        reading.problems.push(problem(rest.file, rest.line, Some(&key), what));
    }
    if short_codes {
        reading.remarks.push(own("YAHOO_CSV_POSTCODE"));
    }
    reading
}
