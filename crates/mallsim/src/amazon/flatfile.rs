//! POST_FLAT_FILE_FULFILLMENT_DATA (document 4.3) and its processing report (4.4). Reads the file as Japanese tools
//! write it and reports row by row; what a notice does to an order is `notice`'s business.

use std::collections::HashMap;

use super::notice::{Notice, Refusal};
use super::order::Parcel;
use super::{Amazon, utc};
use crate::jst;
use crate::mall::Ctx;

/// Columns of the Japanese template, then those later templates append.
const COLUMNS: [&str; 19] = [
    "order-id",
    "order-item-id",
    "quantity",
    "ship-date",
    "carrier-code",
    "carrier-name",
    "tracking-number",
    "ship-method",
    "cod-collection-method",
    "transparency_code",
    "ship_from_address_name",
    "ship_from_address_line1",
    "ship_from_address_line2",
    "ship_from_address_line3",
    "ship_from_address_city",
    "ship_from_address_county",
    "ship_from_address_state_or_region",
    "ship_from_address_postalcode",
    "ship_from_address_countrycode",
];

const HEADING: &str = "field heading is invalid, so values in this field were ignored. To correct this error, \
    download the template again and use the new copy, or fix the field heading in your existing file.";
const NO_ORDER: &str = "Your order cannot be found using Merchant ID and order-id.";
const INCOMPLETE: &str = "The data you submitted is incomplete or invalid.";
const TOO_MANY: &str = "The quantities you submitted are larger than the quantities that could be fulfilled.";
const METHOD: &str = "ship-methodの項目が記入されていないか入力内容が無効です。 \
    有効なship-methodの項目が入力されていることを確認してください。";
const SUPPORT: &str = "Order cannot be fulfilled. For more information, please contact Seller Support.";
const DATE: &str = "The ship-date is invalid.";

/// No number is known for these (document 4.4, 12.2).
const NO_CODE: &str = "99999";

/// One line of the report's table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    /// From the first data line; 0 for the header.
    row: usize,
    order: String,
    item: String,
    code: &'static str,
    warning: bool,
    text: String,
}

/// What is wrong with a row before any order is looked at, or with the notice in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fault {
    code: &'static str,
    /// Shown as a warning although the row did not go through (4.4).
    warning: bool,
    text: &'static str,
}

const fn fault(code: &'static str, text: &'static str) -> Fault {
    Fault { code, warning: false, text }
}

/// The file as a table: header names, and the cells of each data line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Decodes by the charset of the content type; UTF-8 without one. A wrong one gives wrong letters, not an error.
fn decode(bytes: &[u8], content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    let label = lower.split("charset=").nth(1).unwrap_or("utf-8").trim_matches(|c| " \"';".contains(c));
    let label = if label == "cp932" { "shift_jis" } else { label };
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    // a BOM is not taken off: it spoils the first heading (4.3)
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn table(text: &str) -> Table {
    let cells = |line: &str| line.split('\t').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = text.split('\n').map(|l| l.trim_end_matches('\r')).filter(|l| !l.trim().is_empty());
    let Some(first) = lines.next() else { return Table::default() };
    // the template form has two more heading lines
    let header = if first.starts_with("TemplateType=") { lines.nth(1).unwrap_or("") } else { first };
    Table { header: cells(header), rows: lines.map(cells).collect() }
}

/// `YYYY-MM-DD`, or a date-time with an offset; never with slashes.
fn ship_date(text: &str) -> Option<i64> {
    jst::parse_date(text).or_else(|| utc::parse(text))
}

struct Row {
    order: String,
    item: String,
    notice: Notice,
    no_method: bool,
}

fn read_row(header: &[String], cells: &[String]) -> Result<Row, Fault> {
    let cell = |name: &str| {
        let at = header.iter().position(|h| h == name);
        at.and_then(|at| cells.get(at)).map(String::as_str).unwrap_or_default()
    };
    let some = |name: &str| Some(cell(name).to_owned()).filter(|c| !c.is_empty());
    let (order, item) = (cell("order-id").to_owned(), cell("order-item-id").to_owned());
    if order.is_empty() {
        return Err(fault("18028", INCOMPLETE));
    }
    let items = match (item.as_str(), cell("quantity")) {
        ("", "") => Vec::new(),
        (item, quantity) if !item.is_empty() => match quantity.parse::<i64>() {
            Ok(n) if n > 0 => vec![(item.to_owned(), n)],
            _ => return Err(fault("18028", INCOMPLETE)),
        },
        _ => return Err(fault("18028", INCOMPLETE)),
    };
    let ship_ms = ship_date(cell("ship-date")).ok_or(fault(NO_CODE, DATE))?;
    let carrier = some("carrier-code").ok_or(fault(NO_CODE, "The carrier-code is missing."))?;
    let method = cell("cod-collection-method");
    if !matches!(method, "" | "DirectPayment") {
        return Err(fault("18028", INCOMPLETE));
    }
    let parcel = Parcel {
        carrier,
        carrier_name: some("carrier-name"),
        method: some("ship-method"),
        tracking: cell("tracking-number").to_owned(),
        ship_ms,
        items,
    };
    let no_method = parcel.method.is_none();
    let direct_payment = !method.is_empty();
    let notice = Notice { reference: None, joins: None, parcel, direct_payment };
    Ok(Row { order, item, notice, no_method })
}

fn worded(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::Complete | Refusal::TooMany => fault("18021", TOO_MANY),
        Refusal::UnknownItem | Refusal::NoQuantity => fault("18028", INCOMPLETE),
        Refusal::Fba | Refusal::NotCod => fault("18028", INCOMPLETE),
        // a warning that is none
        Refusal::Pending | Refusal::ShipPlus => Fault { code: NO_CODE, warning: true, text: SUPPORT },
        Refusal::Cancelled => fault("18021", TOO_MANY),
        Refusal::UnknownCarrier => fault(NO_CODE, "The carrier-code is invalid."),
        Refusal::NoCarrierName => fault(NO_CODE, "The carrier-name is required when carrier-code is Other."),
        Refusal::ShipDateAhead | Refusal::ShipDateBeforeOrder => fault(NO_CODE, DATE),
    }
}

/// Rows with the same answer here are lines of one parcel.
fn parcel_key(order: &str, parcel: &Parcel) -> Option<String> {
    let name = parcel.carrier_name.as_deref().unwrap_or_default();
    let key = format!("{order}\t{}\t{name}\t{}\t{}", parcel.carrier, parcel.tracking, parcel.ship_ms);
    (!parcel.tracking.is_empty()).then_some(key)
}

impl Amazon {
    /// Works a file off and gives the report with its content type. With `half` it stops in the middle.
    pub(crate) fn work_file(
        &mut self,
        shop: usize,
        bytes: &[u8],
        content_type: &str,
        half: bool,
        ctx: &mut Ctx<'_>,
    ) -> (Vec<u8>, String) {
        let Table { header, rows } = table(&decode(bytes, content_type));
        let mut notes: Vec<Note> = Vec::new();
        for name in header.iter().filter(|h| !COLUMNS.contains(&h.as_str())) {
            let text = format!("The {} {HEADING}", name.chars().take(80).collect::<String>());
            notes.push(Note {
                row: 0,
                order: String::new(),
                item: String::new(),
                code: NO_CODE,
                warning: true,
                text,
            });
        }
        let count = if half { rows.len() / 2 } else { rows.len() };
        let mut failed = 0;
        let mut parcels: HashMap<String, String> = HashMap::new();
        for (n, cells) in rows.iter().take(count).enumerate() {
            let mut note = |order: &str, item: &str, fault: Fault| {
                notes.push(Note {
                    row: n + 1,
                    order: order.to_owned(),
                    item: item.to_owned(),
                    code: fault.code,
                    warning: fault.warning,
                    text: fault.text.to_owned(),
                });
            };
            let row = match read_row(&header, cells) {
                Ok(row) => row,
                Err(fault) => {
                    failed += 1;
                    note(cells.first().map_or("", String::as_str), "", fault);
                    continue;
                }
            };
            match self.work_row(shop, &row, &mut parcels, ctx) {
                Ok(()) if row.no_method => {
                    note(&row.order, &row.item, Fault { code: NO_CODE, warning: true, text: METHOD });
                }
                Ok(()) => {}
                Err(fault) => {
                    failed += 1;
                    note(&row.order, &row.item, fault);
                }
            }
        }
        let settings = &ctx.settings.amazon;
        let text = report(rows.len(), rows.len() - failed, &notes, settings.report_japanese);
        if settings.report_utf8 {
            (text.into_bytes(), "text/tab-separated-values; charset=UTF-8".to_owned())
        } else {
            let bytes = encoding_rs::SHIFT_JIS.encode(&text).0.into_owned();
            (bytes, "text/tab-separated-values; charset=Shift_JIS".to_owned())
        }
    }

    fn work_row(
        &mut self,
        shop: usize,
        row: &Row,
        parcels: &mut HashMap<String, String>,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Fault> {
        let index = self.find(shop, &row.order).ok_or(fault("18028", NO_ORDER))?;
        let mut notice = row.notice.clone();
        let key = parcel_key(&row.order, &notice.parcel);
        notice.joins = key.as_ref().and_then(|k| parcels.get(k)).cloned();
        let clock = self.shops.get(shop).map_or(ctx.now_ms, |s| s.clock(ctx.now_ms));
        let reference = self.take(index, notice, clock, ctx).map_err(worded)?;
        if let Some(key) = key {
            parcels.insert(key, reference);
        }
        Ok(())
    }
}

fn report(processed: usize, successful: usize, notes: &[Note], japanese: bool) -> String {
    let [title, all, good, error, warning] = if japanese {
        ["フィード処理の概要:", "処理されたレコード数", "成功したレコード数", "エラー", "警告"]
    } else {
        [
            "Feed Processing Summary:",
            "Number of records processed",
            "Number of records successful",
            "Error",
            "Warning",
        ]
    };
    let mut text = format!("{title}\n\t{all}\t\t{processed}\n\t{good}\t\t{successful}\n\n");
    if !notes.is_empty() {
        text.push_str(
            "original-record-number\torder-id\torder-item-id\terror-code\terror-type\terror-message\n",
        );
    }
    for note in notes {
        let kind = if note.warning { warning } else { error };
        let cells = [&note.row.to_string(), &note.order, &note.item, note.code, kind, &note.text];
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_give_the_same_table() {
        let plain = "order-id\tship-date\r\n990-1\t2026-11-02\r\n";
        let template = "TemplateType=OrderFulfillment\tVersion=2011.1102\tこの行は\n注文番号\t出荷日\n\
            order-id\tship-date\n990-1\t2026-11-02\n\n";
        assert_eq!(table(plain), table(template));
        assert_eq!(table(plain).rows, [["990-1", "2026-11-02"]]);
        assert_eq!(table(""), Table::default());
        assert_eq!(table("order-id\\tship-date\\n").header, ["order-id\\tship-date\\n"]);
    }

    #[test]
    fn the_charset_of_the_content_type_decides() {
        let bytes = encoding_rs::SHIFT_JIS.encode("ヤマト運輸").0;
        assert_eq!(decode(&bytes, "text/tab-separated-values; charset=Shift_JIS"), "ヤマト運輸");
        assert_eq!(decode(&bytes, "text/tab-separated-values; charset=cp932"), "ヤマト運輸");
        assert_ne!(decode(&bytes, "text/tab-separated-values; charset=UTF-8"), "ヤマト運輸");
        assert_eq!(decode("見本".as_bytes(), "text/tab-separated-values"), "見本");
        assert_eq!(table(&decode("\u{feff}order-id".as_bytes(), "")).header, ["\u{feff}order-id"]);
    }

    #[test]
    fn ship_dates_have_hyphens() {
        assert!(ship_date("2026-11-20").is_some());
        assert!(ship_date("2026-11-20T00:00:00+09:00").is_some());
        for bad in ["", "2009/06/15", "2026-1-2", "20261120"] {
            assert_eq!(ship_date(bad), None, "{bad}");
        }
    }
}
