//! 注文レポート and 未出荷注文レポート (amazon.md 5): tab-separated, one row an item, read by the names of the columns.
//! Sellers choose their columns: one that is missing, or blank, is not given. All amounts are totals of the row.

use super::errors::{own, with};
use super::mapping::Misfit;
use super::{flat_file, order_report_rows};
use bytes::Bytes;
use domain::{MallOrderId, Reason};
use mall_api::FetchedOrder;
use mall_api::files::{FileKind, FileReading, InFile, RowProblem};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Key of the one kind of file.
pub(super) const ORDERS: &str = "orders";
/// Marks a kept document as rows of a report.
pub(super) const KEY: &str = "amazonOrderReport";
/// A larger file is not read.
const MAX_BYTES: usize = 64 * 1_024 * 1_024;
/// More rows are not read.
const MAX_ROWS: usize = 200_000;
/// More columns are no order report.
const MAX_COLUMNS: usize = 300;
/// Without these it is no order report.
const NEEDED: [&str; 5] = ["order-id", "order-item-id", "purchase-date", "sku", "quantity-purchased"];
/// Whose absence is worth saying.
const USEFUL: [&str; 6] = [
    "item-price",
    "recipient-name",
    "ship-address-1",
    "ship-postal-code",
    "payment-method",
    "ship-phone-number",
];

/// A row by column; blanks are left out.
pub(super) type Row = BTreeMap<String, String>;

static KINDS: [FileKind; 1] = [FileKind { key: ORDERS, label: "注文レポート", required: true }];

/// The files of one import.
pub(super) fn kinds() -> &'static [FileKind] {
    &KINDS
}

fn columns(line: &str) -> Vec<String> {
    let cell = |cell: &str| cell.trim().trim_matches('"').trim().to_ascii_lowercase();
    line.split('\t').map(cell).collect()
}

/// Is it an order report?
pub(super) fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..bytes.len().min(65_536)).unwrap_or_default();
    let line = head.split(|b| *b == b'\n').next()?;
    let text = flat_file::decode_strictly(line)?;
    let columns = columns(&text);
    NEEDED.iter().all(|needed| columns.iter().any(|c| c == needed)).then_some(ORDERS)
}

/// Reads the files of one import together.
pub(super) fn read(files: &[(&'static str, InFile<'_>)]) -> Result<FileReading, Reason> {
    let mut found = Found::default();
    for (_, file) in files.iter().filter(|(kind, _)| *kind == ORDERS) {
        found.file(*file)?;
    }
    Ok(found.finish())
}

/// Where a row stood.
#[derive(Debug, Clone)]
struct Place {
    file: String,
    line: u64,
}

#[derive(Debug, Default)]
struct Found {
    /// Rows per order, in the order of the first.
    orders: Vec<(String, Vec<(Place, Row)>)>,
    index: BTreeMap<String, usize>,
    problems: Vec<RowProblem>,
    bad: BTreeSet<String>,
    missing: BTreeSet<&'static str>,
    short_postal: bool,
    rows: usize,
}

impl Found {
    fn file(&mut self, file: InFile<'_>) -> Result<(), Reason> {
        if file.bytes.len() > MAX_BYTES {
            return Err(with("AMAZON_FILE_TOO_LARGE", file.name));
        }
        let text =
            flat_file::decode_strictly(file.bytes).ok_or_else(|| with("AMAZON_FILE_CHARSET", file.name))?;
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let heading = columns(lines.next().unwrap_or_default());
        let missing: Vec<&str> =
            NEEDED.into_iter().filter(|needed| !heading.iter().any(|c| c == needed)).collect();
        if !missing.is_empty() || heading.len() > MAX_COLUMNS {
            return Err(with("AMAZON_FILE_HEADING", &format!("{}（{}）", file.name, missing.join("、"))));
        }
        self.missing.extend(USEFUL.into_iter().filter(|useful| !heading.iter().any(|c| c == useful)));
        for (at, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            self.rows += 1;
            if self.rows > MAX_ROWS {
                return Err(with("AMAZON_FILE_TOO_LARGE", file.name));
            }
            let line_number = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(2);
            self.row(line, &heading, Place { file: file.name.to_owned(), line: line_number });
        }
        Ok(())
    }

    fn problem(&mut self, place: &Place, order: Option<&str>, what: String) {
        if let Some(order) = order {
            self.bad.insert(order.to_owned());
        }
        self.problems.push(RowProblem {
            file: place.file.clone(),
            line: place.line,
            mall_order_id: order.map(MallOrderId::from),
            what,
        });
    }

    fn row(&mut self, line: &str, heading: &[String], place: Place) {
        let cells: Vec<&str> = line.split('\t').collect();
        let row: Row = heading
            .iter()
            .zip(&cells)
            .filter(|(column, cell)| !column.is_empty() && !cell.trim().is_empty())
            .map(|(column, cell)| (column.clone(), cell.trim().to_owned()))
            .collect();
        let order = row.get("order-id").filter(|id| order_report_rows::is_order_id(id)).cloned();
        if cells.len() > heading.len() {
            return self.problem(&place, order.as_deref(), "列の数が見出しより多い行です".to_owned());
        }
        let Some(order) = order else {
            return self.problem(&place, None, "order-id（書式が違います）".to_owned());
        };
        self.short_postal |= order_report_rows::lost_a_zero(&row);
        let at = *self.index.entry(order.clone()).or_insert_with(|| {
            self.orders.push((order.clone(), Vec::new()));
            self.orders.len() - 1
        });
        let Some((_, rows)) = self.orders.get_mut(at) else { return };
        let item = row.get("order-item-id");
        match rows.iter().find(|(_, other)| item.is_some() && other.get("order-item-id") == item) {
            // The same row again, as in two overlapping reports.
            Some((_, other)) if *other == row => {}
            Some(_) => {
                self.problem(
                    &place,
                    Some(&order),
                    "order-item-id（同じ番号で内容の違う行があります）".to_owned(),
                );
            }
            None => rows.push((place, row)),
        }
    }

    fn finish(mut self) -> FileReading {
        let mut reading = FileReading::default();
        for (order, rows) in std::mem::take(&mut self.orders) {
            if self.bad.contains(&order) {
                continue;
            }
            let plain: Vec<Row> = rows.iter().map(|(_, row)| row.clone()).collect();
            match order_report_rows::snapshot(&plain) {
                Ok(snapshot) => reading.orders.push(FetchedOrder {
                    mall_order_id: MallOrderId(order),
                    raw: Bytes::from(json!({ KEY: 1, "rows": plain }).to_string()),
                    snapshot,
                }),
                Err((at, what)) => {
                    let place = rows.get(at).or_else(|| rows.first()).map(|(place, _)| place.clone());
                    if let Some(place) = place {
                        self.problem(&place, Some(&order), what);
                    }
                }
            }
        }
        reading.problems = self.problems;
        if !self.missing.is_empty() {
            let names: Vec<&str> = self.missing.into_iter().collect();
            reading.remarks.push(with("AMAZON_FILE_COLUMNS", &names.join("、")));
        }
        if self.short_postal {
            reading.remarks.push(own("AMAZON_FILE_POSTAL"));
        }
        reading
    }
}

/// Reads rows that were kept as an order's document.
pub(super) fn read_kept(document: &Value) -> Result<domain::Snapshot, Misfit> {
    let rows: Option<Vec<Row>> =
        document.get("rows").and_then(|rows| serde_json::from_value(rows.clone()).ok());
    let misfit =
        |order: Option<&String>, what: String| Misfit { order: order.cloned().map(MallOrderId), what };
    let rows = rows
        .filter(|rows| !rows.is_empty())
        .ok_or_else(|| misfit(None, "rows（型が違います）".to_owned()))?;
    let order = rows.first().and_then(|row| row.get("order-id")).cloned();
    order_report_rows::snapshot(&rows).map_err(|(_, what)| misfit(order.as_ref(), what))
}
