//! The flat file of shipments and the charsets of Amazon's files (amazon.md 4.3, 5).

use super::codes::CarrierCode;
use domain::write::ParcelLine;
use jiff::civil::Date;
use mall_api::charset::{decode_shift_jis, encode_shift_jis};

/// Columns in the order of the Japanese template; layout (a), the header row only.
pub(super) const COLUMNS: [&str; 9] = [
    "order-id",
    "order-item-id",
    "quantity",
    "ship-date",
    "carrier-code",
    "carrier-name",
    "tracking-number",
    "ship-method",
    "cod-collection-method",
];

/// One parcel on its way into rows.
#[derive(Debug)]
pub(super) struct Shipment<'a> {
    /// order-id.
    pub(super) order: &'a str,
    /// 出荷日.
    pub(super) day: Option<Date>,
    /// Carrier.
    pub(super) carrier: CarrierCode,
    /// 配送方法.
    pub(super) method: String,
    /// 配送番号; may be blank.
    pub(super) tracking_number: &'a str,
    /// 代金引換.
    pub(super) cash_on_delivery: bool,
}

/// The rows of a parcel: without contents one row for the whole order, with item and quantity blank.
pub(super) fn rows(shipment: &Shipment<'_>, contents: &[ParcelLine]) -> Vec<Vec<String>> {
    let row = |item: &str, quantity: String| {
        let cells = [
            shipment.order.to_owned(),
            item.to_owned(),
            quantity,
            shipment.day.map_or_else(String::new, |day| day.to_string()),
            shipment.carrier.code.clone(),
            // Kept in ASCII where the code says it all: a wrong charset would show to buyers.
            if shipment.carrier.is_other() { shipment.carrier.name.clone() } else { String::new() },
            shipment.tracking_number.to_owned(),
            shipment.method.clone(),
            if shipment.cash_on_delivery { "DirectPayment".to_owned() } else { String::new() },
        ];
        // A tab or a line break would shift the row; none may be here (checked before), and none gets through.
        cells.map(|cell| cell.replace(|c: char| c.is_control(), " ")).to_vec()
    };
    if contents.is_empty() {
        return vec![row("", String::new())];
    }
    contents.iter().map(|line| row(&line.line_key, line.quantity.to_string())).collect()
}

/// The file as text.
pub(super) fn text<'a>(rows: impl Iterator<Item = &'a [String]>) -> String {
    let mut text = COLUMNS.join("\t");
    text.push('\n');
    for row in rows {
        text.push_str(&row.join("\t"));
        text.push('\n');
    }
    text
}

/// The file as bytes, with the content type that declares its charset. What Shift_JIS cannot hold goes as UTF-8: nothing
/// is written instead of it.
pub(super) fn bytes(text: &str, shift_jis: bool) -> (Vec<u8>, &'static str) {
    if shift_jis && let Ok(bytes) = encode_shift_jis(text) {
        return (bytes, "text/tab-separated-values; charset=Shift_JIS");
    }
    (text.as_bytes().to_vec(), "text/tab-separated-values; charset=UTF-8")
}

/// A file of Amazon as text: what the header declares, else strict UTF-8, else windows-31j (5). Amazon's declarations
/// are not always true, so a declared charset that does not fit is not believed.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let declared = content_type.unwrap_or_default().to_ascii_lowercase();
    let sjis_first = ["shift_jis", "sjis", "windows-31j", "cp932"].iter().any(|word| declared.contains(word));
    let utf8 = std::str::from_utf8(bytes);
    let (sjis, damaged) = decode_shift_jis(bytes);
    match utf8 {
        Ok(text) if !sjis_first || damaged => text.to_owned(),
        _ => sjis,
    }
}

/// Strict: `None` when the bytes are neither.
pub(super) fn decode_strictly(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    let (text, damaged) = decode_shift_jis(bytes);
    (!damaged).then_some(text)
}
