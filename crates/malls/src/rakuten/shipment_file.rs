//! 発送情報のCSV for upload in RMS (rakuten.md 7.2): CP932, CRLF, one row a shipping record.

use super::descriptor::{COMPACT, DATE_FORMAT};
use domain::reason;
use mall_api::files::{FileShipment, OutFile, ShipmentProblem};
use mall_api::{Settings, charset, table};

const HEADINGS: [&str; 6] = ["注文番号", "送付先ID", "発送明細ID", "お荷物伝票番号", "配送会社", "発送日"];

/// The document names no file name for this upload; RMS is not known to ask for one [?].
const NAME: &str = "rakuten-shipments.csv";

/// Writes the file: everything, or the shipments that cannot be written.
pub(super) fn write(
    shipments: &[FileShipment],
    settings: &Settings,
) -> Result<OutFile, Vec<ShipmentProblem>> {
    let compact = settings.get(DATE_FORMAT) == Some(COMPACT);
    let mut bytes = charset::encode_shift_jis(&table::line(&HEADINGS, ',')).unwrap_or_default();
    let mut problems = Vec::new();
    for shipment in shipments {
        let parcel = &shipment.parcel;
        let date = parcel.shipped_on.map_or_else(String::new, |day| {
            if compact { day.strftime("%Y%m%d").to_string() } else { day.to_string() }
        });
        let cells = [
            shipment.mall_order_id.as_str(),
            // May stay blank for an order with one recipient; we always know it.
            &parcel.recipient_key,
            // Blank = a new record.
            parcel.mall_ref.as_deref().unwrap_or_default(),
            &parcel.tracking_number,
            &parcel.carrier_code,
            &date,
        ];
        let broken = cells.iter().any(|c| c.chars().any(char::is_control));
        match charset::encode_shift_jis(&table::line(&cells, ',')) {
            Ok(row) if !broken => bytes.extend(row),
            Ok(_) => problems.push(problem(shipment, "改行など")),
            Err(lost) => problems.push(problem(shipment, &lost.iter().collect::<String>())),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(OutFile {
        name: NAME.to_owned(),
        content_type: "text/csv;charset=Shift_JIS",
        bytes,
        rows: shipments.len(),
    })
}

fn problem(shipment: &FileShipment, characters: &str) -> ShipmentProblem {
    ShipmentProblem {
        mall_order_id: shipment.mall_order_id.clone(),
        reason: reason::characters_not_writable(characters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::write::WantedParcel;
    use domain::{ParcelId, UtcMillis};

    fn shipment(number: &str) -> FileShipment {
        FileShipment {
            mall_order_id: "123456-20261120-0000000001".into(),
            parcel: WantedParcel {
                parcel_id: ParcelId(1),
                version: 1,
                recipient_key: "10".into(),
                carrier_code: "1001".into(),
                tracking_number: number.into(),
                shipped_on: Some(jiff::civil::date(2026, 11, 22)),
                mall_ref: None,
                contents: Vec::new(),
            },
            carrier_name: "ヤマト運輸".into(),
            ordered_at: UtcMillis(0),
        }
    }

    #[test]
    fn the_file_has_the_columns_of_the_document_ntf8() {
        let mut second = shipment("444413758703");
        second.parcel.mall_ref = Some("77".into());
        let file = write(&[shipment(""), second], &Settings::default()).unwrap();
        let (text, damaged) = charset::decode_shift_jis(&file.bytes);
        assert!(!damaged);
        assert_eq!(
            text,
            "注文番号,送付先ID,発送明細ID,お荷物伝票番号,配送会社,発送日\r\n\
             123456-20261120-0000000001,10,,,1001,2026-11-22\r\n\
             123456-20261120-0000000001,10,77,444413758703,1001,2026-11-22\r\n"
        );
        assert_eq!(file.rows, 2);
        let settings = Settings([(DATE_FORMAT.to_owned(), COMPACT.to_owned())].into());
        let file = write(&[shipment("1")], &settings).unwrap();
        assert!(file.bytes.ends_with(b",20261122\r\n"));
    }

    #[test]
    fn what_the_charset_cannot_hold_is_listed_and_nothing_is_written_f52() {
        let problems =
            write(&[shipment("1"), shipment("🍎é"), shipment("1\n2")], &Settings::default()).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].reason.ja.contains("🍎é"), "{}", problems[0].reason.ja);
    }
}
