//! The flat file of shipments for upload in セラーセントラル (amazon.md 4.3). Whether an order is paid at the door is not
//! known here: `cod-collection-method` stays blank, and COD orders are reported by the API.

use super::codes::CarrierCode;
use super::errors::{own, with};
use super::flat_file;
use super::settings::{FILE_CHARSET, SHIFT_JIS};
use domain::{Reason, reason};
use mall_api::Settings;
use mall_api::charset::encode_shift_jis;
use mall_api::files::{FileShipment, OutFile, ShipmentProblem};

/// Writes the file; any problem means no file.
pub(super) fn write(
    shipments: &[FileShipment],
    settings: &Settings,
) -> Result<OutFile, Vec<ShipmentProblem>> {
    let shift_jis = settings.get(FILE_CHARSET) == Some(SHIFT_JIS);
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for shipment in shipments {
        match rows_of(shipment, settings, shift_jis) {
            Ok(own) => rows.extend(own),
            Err(reason) => {
                problems.push(ShipmentProblem { mall_order_id: shipment.mall_order_id.clone(), reason });
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let text = flat_file::text(rows.iter().map(Vec::as_slice));
    let (bytes, content_type) = flat_file::bytes(&text, shift_jis);
    Ok(OutFile { name: "amazon-shipments.txt".to_owned(), content_type, bytes, rows: rows.len() })
}

fn rows_of(
    shipment: &FileShipment,
    settings: &Settings,
    shift_jis: bool,
) -> Result<Vec<Vec<String>>, Reason> {
    let parcel = &shipment.parcel;
    let mut carrier = CarrierCode::parse(&parcel.carrier_code);
    if carrier.code.is_empty() {
        return Err(reason::carrier_blank());
    }
    if carrier.name.is_empty() {
        carrier.name = shipment.carrier_name.trim().to_owned();
    }
    if carrier.is_other() && carrier.name.is_empty() {
        return Err(own("AMAZON_CARRIER_NAME_MISSING"));
    }
    if parcel.shipped_on.is_none() {
        return Err(reason::ship_date_blank());
    }
    let texts = [parcel.tracking_number.as_str(), &parcel.carrier_code, &carrier.name];
    if texts.iter().any(|text| text.chars().any(char::is_control)) {
        return Err(own("AMAZON_UNSENDABLE_TEXT"));
    }
    let row = flat_file::Shipment {
        order: shipment.mall_order_id.as_str(),
        day: parcel.shipped_on,
        method: super::write::ship_method(&carrier, settings),
        carrier,
        tracking_number: &parcel.tracking_number,
        cash_on_delivery: false,
    };
    let rows = flat_file::rows(&row, &parcel.contents);
    if shift_jis && let Err(lost) = encode_shift_jis(&rows.concat().concat()) {
        return Err(with("AMAZON_UNMAPPABLE", &lost.into_iter().collect::<String>()));
    }
    Ok(rows)
}
