//! What comes out of reading an export or a paste: rows, and what is wrong with a file or a line. Values only.

use crate::LabelProgram;
use domain::CarrierKey;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How a file was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// UTF-8 without a mark (plain ASCII too).
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Bom,
    /// CP932 (Shift_JIS as Windows means it).
    Cp932,
}

/// Why a file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// Stable code.
    pub code: String,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl FileProblem {
    pub(crate) fn new(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: code.to_owned(), ja: ja.into(), en: en.into() }
    }
}

/// What is wrong with, or worth saying of, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineProblem {
    /// Line in the file, from 1.
    pub line: u64,
    /// What the column is to us, in Japanese; empty: the whole line.
    pub column: String,
    /// Stable code.
    pub code: String,
    /// Japanese; begins with the line.
    pub ja: String,
    /// English; begins with the line.
    pub en: String,
}

impl LineProblem {
    pub(crate) fn new(line: u64, column: &str, code: &str, ja: &str, en: &str) -> Self {
        Self {
            line,
            column: column.to_owned(),
            code: code.to_owned(),
            ja: format!("{line}行目：{ja}"),
            en: format!("Line {line}: {en}"),
        }
    }
}

/// One number of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// 管理番号 (or 注文番号) as it stands there; `None`: numbers alone were pasted, to be matched in order.
    pub order_no: Option<String>,
    /// The same without the `-1` … `-99` that B2クラウド adds per parcel: to be tried only where the full one is
    /// unknown.
    pub order_no_without_suffix: Option<String>,
    /// 配送番号, normalised.
    pub tracking_number: String,
    /// Our key of the carrier, where the file tells it.
    pub carrier: Option<CarrierKey>,
    /// 出荷日, where the file has it (B2クラウド: 出荷予定日).
    pub shipped_on: Option<Date>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingFile {
    /// Whose export it is; `None`: a table of somebody else's.
    pub program: Option<LabelProgram>,
    /// How it was encoded.
    pub charset: Charset,
    /// Good rows in the order of the file. An order has several where it went in several parcels.
    pub rows: Vec<TrackingRow>,
    /// Lines that were passed over.
    pub errors: Vec<LineProblem>,
    /// Lines that were taken, with something to look at.
    pub warnings: Vec<LineProblem>,
}

/// A column as a person points to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRef {
    /// By its heading.
    Heading(String),
    /// By its place, from 1.
    Place(usize),
}

/// Where to find what in an export whose columns a shop has chosen itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingProfile {
    /// Whose export it is.
    pub program: Option<LabelProgram>,
    /// The carrier of all its rows; `None`: that of the program.
    pub carrier: Option<CarrierKey>,
    /// The first line holds headings. Must be so where a column is named by its heading.
    pub has_headings: bool,
    /// 管理番号.
    pub order_no: ColumnRef,
    /// 配送番号.
    pub tracking_number: ColumnRef,
    /// 出荷日.
    pub shipped_on: Option<ColumnRef>,
}

impl TrackingProfile {
    /// The places one importer reads e飛伝III's 出荷履歴 at (formats.md c.4, C): 1 number, 3 day, 19 key. To be offered
    /// where a file has no headings, never used unasked.
    pub fn e_hiden_by_place() -> Self {
        Self {
            program: Some(LabelProgram::EHiden3),
            carrier: None,
            has_headings: false,
            order_no: ColumnRef::Place(19),
            tracking_number: ColumnRef::Place(1),
            shipped_on: Some(ColumnRef::Place(3)),
        }
    }
}
