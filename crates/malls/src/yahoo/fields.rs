//! The names that stand in `Field` of orderList and orderInfo (yahoo.md 3.2, 4.3 to 4.8). A retired name makes the whole
//! call fail (10.8): a store can drop one by a setting. What is not asked does not come: card numbers, card holder,
//! birthday and the like are never asked.

use super::descriptor::{INFO_DROPPED, LIST_DROPPED};
use mall_api::Settings;

/// Asked of orderList: what tells that an order changed, and no buyer data.
pub(super) const LIST: [&str; 12] = [
    "OrderId",
    "Version",
    "LastUpdateTime",
    "OrderTime",
    "OrderStatus",
    "StoreStatus",
    "PayStatus",
    "SettleStatus",
    "ShipStatus",
    "FraudHoldStatus",
    "IsReadOnly",
    "IsLineGiftShippable",
];

/// Names without which an order cannot be read or would be read wrongly.
pub(super) const NEEDED: [&str; 13] = [
    "OrderId",
    "OrderTime",
    "OrderStatus",
    "PayType",
    "PayStatus",
    "ShipStatus",
    "FraudHoldStatus",
    "IsReadOnly",
    "ChildOrderId",
    "LineId",
    "ItemId",
    "Quantity",
    "UnitPrice",
];

/// Asked of orderInfo, by group of the reply.
#[rustfmt::skip]
pub(super) const INFO: &[&str] = &[
    // order (4.3)
    "OrderId", "Version", "ParentOrderId", "ChildOrderId", "DeviceType", "IsSplit", "CancelReason",
    "CancelReasonDetail", "OrderTime", "LastUpdateTime", "Suspect", "SuspectMessage", "OrderStatus", "StoreStatus",
    "BuyerComments", "Notes", "UseCouponData", "TotalCouponDiscount", "ShippingCouponFlg", "ShippingCouponDiscount",
    "IsReadOnly", "FraudHoldStatus", "PublicationTime", "IsYahooAuctionOrder", "YahooAuctionId", "LineGiftOrderId",
    "IsLineGiftOrder", "SocialGiftType", "IsFirstClassDrugIncludes", "IsFirstClassDrugAgreement",
    // Pay (4.4)
    "PayStatus", "SettleStatus", "PayType", "PayKind", "PayMethod", "PayMethodName", "PayDate", "CardPayType",
    "CardPayCount", "NeedBillSlip", "NeedDetailedSlip", "NeedReceipt", "AgeConfirmField", "AgeConfirmValue",
    "BillFirstName", "BillFirstNameKana", "BillLastName", "BillLastNameKana", "BillZipCode", "BillPrefecture",
    "BillCity", "BillAddress1", "BillAddress2", "BillPhoneNumber", "BillEmgPhoneNumber", "BillMailAddress",
    "BillSection1Value", "BillSection2Value", "PaymentTerm", "PayMethodChangeDeadline", "PayMethodChangeDoneDate",
    "IsPayMethodChangePossible", "CombinedPayType", "CombinedPayMethod", "CombinedPayMethodName",
    // Ship (4.5)
    "ShipStatus", "ShipMethod", "ShipMethodName", "ShipRequestDate", "ShipRequestTime", "ShipNotes",
    "ShipCompanyCode", "ShipInvoiceNumber1", "ShipInvoiceNumber2", "ShipInvoiceNumberEmptyReason", "ArriveType",
    "ShipDate", "ArrivalDate", "NeedGiftWrap", "GiftWrapType", "GiftWrapMessage", "NeedGiftWrapPaper",
    "GiftWrapPaperType", "GiftWrapName", "Option1Field", "Option1Value", "Option2Field", "Option2Value",
    "ShipFirstName", "ShipFirstNameKana", "ShipLastName", "ShipLastNameKana", "ShipZipCode", "ShipPrefecture",
    "ShipCity", "ShipAddress1", "ShipAddress2", "ShipPhoneNumber", "ShipEmgPhoneNumber", "ShipSection1Value",
    "ShipSection2Value", "ReceiveSatelliteCompanyName", "ReceiveSatelliteShopCode", "ReceiveSatelliteShopName",
    "ReceiveShopCode", "ReceiveShopName", "ExcellentDelivery", "IsEazy", "EazyDeliveryCode", "EazyDeliveryName",
    "IsSubscription", "SubscriptionId", "SubscriptionContinueCount", "IsLineGiftShippable", "ShippingDeadline",
    "RemoteAreaShippingType",
    // Detail (4.6)
    "PayCharge", "ShipCharge", "GiftWrapCharge", "Discount", "Adjustments", "UsePoint", "GiftCardDiscount",
    "TotalPrice", "TotalMallCouponDiscount", "LineGiftCharge", "TotalImmediateBonusAmount", "PayMethodAmount",
    "CombinedPayMethodAmount",
    // Item (4.7)
    "LineId", "ItemId", "Title", "SubCode", "SubCodeOption", "ItemOption", "Inscription", "IsUsed", "IsTaxable",
    "ItemTaxRatio", "Jan", "UnitPrice", "Quantity", "ReleaseDate", "CouponData", "CouponDiscount", "OriginalPrice",
    "LeadTimeText", "ItemYahooAucId", "MallCouponData",
    // Seller (4.8)
    "SellerId",
];

fn without(names: &[&str], settings: &Settings, key: &str) -> String {
    let dropped: Vec<&str> = settings.get(key).unwrap_or_default().split(',').map(str::trim).collect();
    let keep = |name: &&&str| NEEDED.contains(*name) || !dropped.contains(*name);
    names.iter().filter(keep).copied().collect::<Vec<_>>().join(",")
}

/// `Field` of orderList.
pub(super) fn list(settings: &Settings) -> String {
    without(&LIST, settings, LIST_DROPPED)
}

/// `Field` of orderInfo.
pub(super) fn info(settings: &Settings) -> String {
    without(INFO, settings, INFO_DROPPED)
}

/// Checks a list of names to drop.
///
/// # Errors
/// A name that is not asked anyway, or one that cannot be done without.
pub(super) fn check_dropped(value: &str) -> Result<(), String> {
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if NEEDED.contains(&name) {
            return Err("受注の読み取りに欠かせない項目は外せません".to_owned());
        }
        if !INFO.contains(&name) && !LIST.contains(&name) {
            return Err("取得していない項目名です。カンマ区切りの項目名を入力してください".to_owned());
        }
    }
    Ok(())
}
