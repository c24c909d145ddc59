//! confirmShipment of Orders v0 (document 3): reads the body as strictly as Amazon does and words the refusals.

use serde_json::{Map, Value};

use super::notice::{Notice, Refusal};
use super::order::Parcel;
use super::shop::MARKETPLACE;
use super::{Amazon, errors, utc};
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

const ITEM_ID: &str =
    "OrderItemId is invalid, please obtain the value through the getOrderItems API or Manage Orders page";
const NOT_FOUND: &str = "Failed to create package due to not finding a matching package or order already \
    fulfilled. ErrorMessage(errorCode=GeneralError, errorMetric=PackageToUpdateNotFound)";

fn wrong_type(path: &str) -> Reply {
    errors::input(&format!(
        "The input you have submitted is not valid. Please check the fields with invalid type [{path}]."
    ))
}

fn missing(path: &str) -> Reply {
    errors::input(&format!("The input you have submitted is not valid. Missing required field [{path}]."))
}

/// A text; `None` when it is absent, null or blank.
fn text(map: &Map<String, Value>, name: &str, path: &str) -> Result<Option<String>, Reply> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|t| !t.trim().is_empty())),
        Some(_) => Err(wrong_type(&format!("{path}{name}"))),
    }
}

fn object<'a>(value: Option<&'a Value>, path: &str) -> Result<&'a Map<String, Value>, Reply> {
    match value {
        Some(Value::Object(map)) => Ok(map),
        None | Some(Value::Null) => Err(missing(path)),
        Some(_) => Err(wrong_type(path)),
    }
}

/// A JSON text holding a positive number (document 3, trap 9).
fn reference(package: &Map<String, Value>) -> Result<String, Reply> {
    let name = "packageReferenceId";
    let text =
        text(package, name, "packageDetail.")?.ok_or_else(|| missing("packageDetail.packageReferenceId"))?;
    let positive = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok_and(|n| n > 0);
    if positive {
        Ok(text)
    } else {
        Err(errors::input("PackageReferenceId: is invalid, must be a positive numeric value."))
    }
}

fn items(package: &Map<String, Value>) -> Result<Vec<(String, i64)>, Reply> {
    let list = match package.get("orderItems") {
        Some(Value::Array(list)) if !list.is_empty() => list,
        None | Some(Value::Null) => return Err(missing("packageDetail.orderItems")),
        // a bare object, an empty list
        Some(_) => return Err(errors::input(ITEM_ID)),
    };
    let mut found = Vec::with_capacity(list.len());
    for entry in list {
        let Value::Object(map) = entry else { return Err(errors::input(ITEM_ID)) };
        let id =
            text(map, "orderItemId", "packageDetail.orderItems.")?.ok_or_else(|| errors::input(ITEM_ID))?;
        let quantity = match map.get("quantity") {
            Some(Value::Number(n)) => {
                n.as_i64().ok_or_else(|| wrong_type("packageDetail.orderItems.quantity"))?
            }
            None | Some(Value::Null) => return Err(missing("packageDetail.orderItems.quantity")),
            Some(_) => return Err(wrong_type("packageDetail.orderItems.quantity")),
        };
        found.push((id, quantity));
    }
    Ok(found)
}

/// Reads a body.
fn read(body: &[u8], blank_tracking: bool) -> Result<Notice, Reply> {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else { return Err(errors::invalid("")) };
    let marketplace = text(&body, "marketplaceId", "")?.ok_or_else(|| missing("marketplaceId"))?;
    if marketplace != MARKETPLACE {
        return Err(errors::invalid("marketplaceId"));
    }
    let method = text(&body, "codCollectionMethod", "")?;
    if method.as_deref().is_some_and(|m| m != "DirectPayment") {
        return Err(errors::invalid("codCollectionMethod"));
    }
    let package = object(body.get("packageDetail"), "packageDetail")?;
    let field = |name: &str| text(package, name, "packageDetail.");
    let required = |name: &str| field(name)?.ok_or_else(|| missing(&format!("packageDetail.{name}")));
    let reference = reference(package)?;
    let carrier = required("carrierCode")?;
    let tracking = if blank_tracking {
        field("trackingNumber")?.unwrap_or_default()
    } else {
        required("trackingNumber")?
    };
    let date = required("shipDate")?;
    // the sandbox's own answer, with the space in its code
    let ship_ms =
        utc::parse(&date).ok_or_else(|| errors::error(400, "Invalid Input", "Invalid Input", ""))?;
    let parcel = Parcel {
        carrier,
        carrier_name: field("carrierName")?,
        method: field("shippingMethod")?,
        tracking,
        ship_ms,
        items: items(package)?,
    };
    Ok(Notice { reference: Some(reference), joins: None, parcel, direct_payment: method.is_some() })
}

/// The recorded texts where there are some; the rest says what is wrong (document 12.2: no text is known).
fn refuse(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Complete => errors::input(NOT_FOUND),
        Refusal::UnknownItem => errors::input(ITEM_ID),
        Refusal::Fba => errors::input("The order is fulfilled by Amazon."),
        Refusal::ShipPlus => errors::input("Ship+ orders do not need a shipment confirmation."),
        Refusal::Pending => errors::input("The order is pending and cannot be confirmed."),
        Refusal::Cancelled => errors::input("The order has been cancelled."),
        Refusal::NotCod => errors::input("codCollectionMethod is only allowed for COD orders."),
        Refusal::UnknownCarrier => errors::input("CarrierCode: is invalid."),
        Refusal::NoCarrierName => errors::input("CarrierName: is required when the carrier code is Other."),
        Refusal::NoQuantity => errors::input("Quantity: must be a positive number."),
        Refusal::TooMany => errors::input("Quantity: larger than the quantity that can be fulfilled."),
        Refusal::ShipDateAhead => errors::input("ShipDate: must not be in the future."),
        Refusal::ShipDateBeforeOrder => errors::input("ShipDate: must not be before the order."),
    }
}

impl Amazon {
    pub(crate) fn confirm(
        &mut self,
        shop: usize,
        number: &str,
        request: &Request,
        ctx: &mut Ctx<'_>,
    ) -> Reply {
        let notice = match read(&request.body, ctx.settings.amazon.blank_tracking) {
            Ok(notice) => notice,
            Err(refusal) => return refusal,
        };
        let Some(index) = self.find(shop, number) else { return errors::not_found() };
        let clock = self.shops.get(shop).map_or(ctx.now_ms, |s| s.clock(ctx.now_ms));
        match self.take(index, notice, clock, ctx) {
            Ok(_) => Reply { status: 204, ..Reply::default() },
            Err(refusal) => refuse(refusal),
        }
    }
}
