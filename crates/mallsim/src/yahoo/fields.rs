//! The names the order APIs know, by group (document 3.1, 3.2, 4.3–4.8). Comma lists, as requests write them. Knows no
//! values.

/// Fields `orderList` can return (3.2).
pub(crate) const LIST: &str = "\
    OrderId,Version,OriginalOrderId,ParentOrderId,DeviceType,IsSeen,IsSplit,IsRoyalty,IsSeller,\
    IsAffiliate,IsRatingB2s,OrderTime,ExistMultiReleaseDate,ReleaseDate,LastUpdateTime,Suspect,\
    OrderStatus,StoreStatus,RoyaltyFixTime,PrintSlipFlag,PrintDeliveryFlag,PrintBillFlag,\
    BuyerCommentsFlag,PayStatus,SettleStatus,PayType,PayMethod,PayMethodName,PayDate,SettleId,\
    UseWallet,NeedBillSlip,NeedDetailedSlip,NeedReceipt,BillFirstName,BillFirstNameKana,\
    BillLastName,BillLastNameKana,BillPrefecture,ShipStatus,ShipMethod,ShipMethodName,\
    ShipRequestDate,ShipRequestTime,ShipNotes,ShipCompanyCode,ReceiveShopCode,ShipInvoiceNumber1,\
    ShipInvoiceNumber2,ShipInvoiceNumberEmptyReason,ShipUrl,ArriveType,ShipDate,NeedGiftWrap,\
    NeedGiftWrapMessage,NeedGiftWrapPaper,ShipFirstName,ShipFirstNameKana,ShipLastName,\
    ShipLastNameKana,ShipPrefecture,PayCharge,ShipCharge,GiftWrapCharge,Discount,GiftCardDiscount,\
    UsePoint,TotalPrice,RefundTotalPrice,IsGetPointFixAll,SellerId,IsLogin,PayNo,PayNoIssueDate,\
    SellerType,IsPayManagement,ArrivalDate,TotalMallCouponDiscount,IsReadOnly,IsApplePay,\
    IsFirstClassDrugIncludes,IsFirstClassDrugAgreement,IsWelcomeGiftIncludes,ReceiveSatelliteType,\
    ShipInstructType,ShipInstructStatus,YamatoCoopStatus,ReceiveShopType,ReceiveShopName,\
    ExcellentDelivery,IsEazy,EazyDeliveryCode,EazyDeliveryName,FraudHoldStatus,PublicationTime,\
    IsYahooAuctionOrder,YahooAuctionMerchantId,YahooAuctionId,IsYahooAuctionDeferred,\
    YahooAuctionCategoryType,YahooAuctionBidType,YahooAuctionBundleType,ItemYahooAucId,\
    ItemYahooAucMerchantId,PayMethodChangeDeadline,IsPayMethodChangePossible,YourTimesaleDiscount,\
    GoodStoreStatus,CurrentGoodStoreBenefitApply,CurrentPromoPkgApply,IsSubscription,SubscriptionId,\
    SubscriptionContinueCount,LineGiftOrderId,IsLineGiftOrder,IsLineGiftShippable,ShippingDeadline,\
    LineGiftCharge,TotalImmediateBonusAmount,TotalImmediateBonusRatio,SocialGiftType,\
    IsLineCommerceTabOrder,XshoppingStoreType,OptionPartnerType,CombinedPayType,CombinedPayMethod,\
    CombinedPayMethodName";

/// Order fields of `orderInfo` (4.3).
pub(crate) const ORDER: &str = "\
    OrderId,Version,ParentOrderId,ChildOrderId,DeviceType,IsSeen,IsSplit,IsRoyalty,IsRoyaltyFix,\
    IsSeller,IsAffiliate,IsRatingB2s,NeedSnl,IsMultiShip,CancelReason,CancelReasonDetail,\
    OrderTime,LastUpdateTime,RoyaltyFixTime,SendConfirmTime,SendPayTime,PrintSlipTime,\
    PrintDeliveryTime,PrintBillTime,PublicationTime,Suspect,SuspectMessage,OrderStatus,\
    StoreStatus,BuyerComments,SellerComments,Notes,OperationUser,Referer,EntryPoint,HistoryId,\
    UsageId,MultiShipId,UseCouponData,TotalCouponDiscount,ShippingCouponFlg,ShippingCouponDiscount,\
    CampaignPoints,IsReadOnly,FraudHoldStatus,IsYahooAuctionOrder,YahooAuctionMerchantId,\
    YahooAuctionId,IsYahooAuctionDeferred,YahooAuctionCategoryType,YahooAuctionBidType,\
    YahooAuctionBundleType,LineGiftOrderId,IsLineGiftOrder,SocialGiftType,OverlapOrderResult,\
    IsFirstClassDrugIncludes,IsFirstClassDrugAgreement,IsWelcomeGiftIncludes,YamatoCoopStatus,\
    GoodStoreStatus,CurrentGoodStoreBenefitApply,CurrentPromoPkgApply,ImmediateBonus,\
    SlowlyShipPoint,SlowlyShipPointFixDate,IsSlowlyShipPointFix,CampaignGiftCards,\
    FirstOrderDoneDate,DonationId,IsVip,InsuranceStatus,AffiliateType,IsLineCommerceTabOrder,\
    XshoppingStoreType,OptionPartnerType,MobileCarrierName";

/// `Pay` (4.4).
pub(crate) const PAY: &str = "\
    PayStatus,SettleStatus,PayType,PayKind,PayMethod,PayMethodName,SellerHandlingCharge,\
    PayActionTime,PayDate,PayNotes,SettleId,CardBrand,CardNumber,CardNumberLast4,CardExpireYear,\
    CardExpireMonth,CardPayType,CardHolderName,CardPayCount,CardBirthDay,UseYahooCard,UseWallet,\
    NeedBillSlip,NeedDetailedSlip,NeedReceipt,AgeConfirmField,AgeConfirmValue,AgeConfirmCheck,\
    BillAddressFrom,BillFirstName,BillFirstNameKana,BillLastName,BillLastNameKana,BillZipCode,\
    BillPrefecture,BillPrefectureKana,BillCity,BillCityKana,BillAddress1,BillAddress1Kana,\
    BillAddress2,BillAddress2Kana,BillPhoneNumber,BillEmgPhoneNumber,BillMailAddress,\
    BillSection1Field,BillSection1Value,BillSection2Field,BillSection2Value,PayNo,PayNoIssueDate,\
    ConfirmNumber,PaymentTerm,IsApplePay,PayMethodChangeDeadline,PayMethodChangeDoneDate,\
    IsPayMethodChangePossible,LineGiftPayMethodName,CombinedPayType,CombinedPayKind,\
    CombinedPayMethod,CombinedPayMethodName";

/// `Ship` (4.5).
pub(crate) const SHIP: &str = "\
    ShipStatus,ShipMethod,ShipMethodName,ShipRequestDate,ShipRequestTime,ShipNotes,\
    ShipCompanyCode,ReceiveShopCode,ShipInvoiceNumber1,ShipInvoiceNumber2,\
    ShipInvoiceNumberEmptyReason,ShipUrl,ArriveType,ShipDate,ArrivalDate,NeedGiftWrap,\
    GiftWrapCode,GiftWrapType,GiftWrapMessage,NeedGiftWrapPaper,GiftWrapPaperType,GiftWrapName,\
    Option1Field,Option1Type,Option1Value,Option2Field,Option2Type,Option2Value,ShipFirstName,\
    ShipFirstNameKana,ShipLastName,ShipLastNameKana,ShipZipCode,ShipPrefecture,ShipPrefectureKana,\
    ShipCity,ShipCityKana,ShipAddress1,ShipAddress1Kana,ShipAddress2,ShipAddress2Kana,\
    ShipPhoneNumber,ShipEmgPhoneNumber,ShipSection1Field,ShipSection1Value,ShipSection2Field,\
    ShipSection2Value,ReceiveSatelliteType,ReceiveSatelliteSettleMethod,ReceiveSatelliteMethod,\
    ReceiveSatelliteCompanyName,ReceiveSatelliteShopCode,ReceiveSatelliteShopName,\
    ReceiveSatelliteShipKind,ReceiveSatelliteYahooCode,ReceiveSatelliteCertificationNumber,\
    CollectionDate,CashOnDeliveryTax,NumberUnitsShipped,ShipRequestTimeZoneCode,ShipInstructType,\
    ShipInstructStatus,ReceiveShopType,ReceiveShopName,ExcellentDelivery,IsEazy,EazyDeliveryCode,\
    EazyDeliveryName,IsMallContactlessDelivery,MallContactlessDeliveryStatus,IsSubscription,\
    SubscriptionId,SubscriptionContinueCount,SubscriptionCycleType,SubscriptionCycleDate,\
    IsLineGiftShippable,ShippingDeadline,UseGiftCardData,DeliveryStatus,YamatoInputDate,\
    SagawaInputDate,JapanPostInputDate,FirstArrivalDateTime,DeliveryDate,DeliveryTimeZone,\
    ShipCompanyMethodCode,ShipCompanyReceivedDatetime,ShipContactlessDeliveryCode,\
    RemoteAreaShippingType";

/// `Detail` (4.6).
pub(crate) const DETAIL: &str = "\
    PayCharge,ShipCharge,GiftWrapCharge,Discount,Adjustments,SettleAmount,UsePoint,\
    GiftCardDiscount,TotalPrice,SettlePayAmount,IsGetPointFixAll,TotalMallCouponDiscount,\
    IsGetStoreBonusFixAll,LineGiftCharge,TotalImmediateBonusAmount,TotalImmediateBonusRatio,\
    PayMethodAmount,CombinedPayMethodAmount,UsePaypayPoint,TaxRatio";

/// `Item` (4.7).
pub(crate) const ITEM: &str = "\
    LineId,ItemId,Title,SubCode,SubCodeOption,ItemOption,Inscription,IsUsed,ImageId,IsTaxable,\
    ItemTaxRatio,Jan,ProductId,CategoryId,AffiliateRatio,UnitPrice,NonTaxUnitPrice,Quantity,\
    PointAvailQuantity,ReleaseDate,PointFspCode,PointRatioY,PointRatioSeller,UnitGetPoint,\
    IsGetPointFix,GetPointFixDate,CouponData,CouponDiscount,CouponUseNum,OriginalPrice,\
    OriginalNum,LeadTimeText,LeadTimeStart,LeadTimeEnd,PriceType,PickAndDeliveryCode,\
    PickAndDeliveryTransportRuleType,YamatoUndeliverableReason,StoreBonusRatioSeller,\
    UnitGetStoreBonus,IsGetStoreBonusFix,GetStoreBonusFixDate,ItemYahooAucId,ItemYahooAucMerchantId,\
    PointBaseUnitPrice,MallCouponData,YourTimesaleDiscount,SubscriptionPointRatio,\
    ChannelGoodsPlanId,ChannelGoodsPlanName,IsAffiliateItem";

/// `Seller` (4.8).
pub(crate) const SELLER: &str = "SellerId,LineGiftAccount";

/// `Buyer` (4.8).
pub(crate) const BUYER: &str = "\
    IsLogin,FspLicenseCode,FspLicenseName,GuestAuthId";

/// Keys of `Search/Condition` (3.1).
pub(crate) const CONDITION: &str = "\
    OrderId,OrderTime,OrderTimeFrom,OrderTimeTo,PublicationTimeFrom,PublicationTimeTo,\
    FraudHoldDisplayType,ReadOnlyMode,IsSeen,OrderStatus,ShipStatus,PayStatus,SettleStatus,\
    StoreStatus,IsSplit,IsActive,SellerType,LineGiftDisplayType,LineGiftShippableType,\
    SocialGiftType,IsPayMethodChangePossible,IsYahooAuctionOrder,ItemYahooAucId,\
    ItemYahooAucMerchantId,YahooAuctionId,YahooAuctionMerchantId,OverlapOrderResult,DeviceType,\
    IsRoyalty,IsRoyaltyFix,IsAffiliate,Suspect,PrintSlipFlag,PrintDeliveryFlag,PrintBillFlag,\
    BuyerCommentsFlag,PayType,PayMethod,NeedBillSlip,NeedDetailedSlip,NeedReceipt,BillFirstName,\
    BillFirstNameKana,BillLastName,BillLastNameKana,BillZipCode,BillPrefecture,BillPhoneNumber,\
    BillMailAddress,ShipMethod,ShipRequestDateFrom,ShipRequestDateTo,ShipRequestDateNo,\
    ShipCompanyCode,ReceiveShopCode,ShipInvoiceNumber,ShipInvoiceNumberEmptyReason,ArriveType,\
    ShipDate,ShipDateFrom,ShipDateTo,NeedGiftWrap,NeedGiftWrapMessage,NeedGiftWrapPaper,\
    ShipFirstName,ShipFirstNameKana,ShipLastName,ShipLastNameKana,ShipZipCode,ShipPrefecture,\
    ShipPhoneNumber,IsGetPointFixAll,ItemId,Title,SubCode,GetPointFixDateFrom,GetPointFixDateTo,\
    SellerId,IsLogin,IsPayManagement,ExistMultiReleaseDate,IsApplePay,IsFirstClassDrugIncludes,\
    IsFirstClassDrugAgreement,ReceiveSatelliteType,ShipInstructType,ShipInstructStatus,\
    YamatoCoopStatus,IsGetStoreBonusFixAll,GetStoreBonusFixDateFrom,GetStoreBonusFixDateTo,\
    ReceiveShopType,IsEazy,EazyDeliveryCode,EazyDeliveryName,IsYahooAuctionDeferred,\
    YahooAuctionCategoryType,YahooAuctionBidType,YahooAuctionBundleType,RemoteAreaShippingType,\
    IsLineCommerceTabOrder,XshoppingStoreType,ReleaseDateFrom,ReleaseDateTo,ShippingDeadlineFrom,\
    ShippingDeadlineTo,PayMethodChangeDeadlineFrom,PayMethodChangeDeadlineTo";

/// Fields of `orderInfo` that hold personal data: `orderChangeHistory` gives them empty (5.2).
pub(crate) fn personal(name: &str) -> bool {
    const PARTS: &[&str] = &["Name", "Zip", "Prefecture", "City", "Address", "Phone", "Mail"];
    (name.starts_with("Bill") || name.starts_with("Ship"))
        && PARTS.iter().any(|p| name.contains(p))
        && !name.starts_with("ShipMethod")
}

/// Whether a comma list holds a name.
pub(crate) fn holds(list: &str, name: &str) -> bool {
    list.split(',').any(|n| n == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_whole_names_only() {
        for list in [LIST, ORDER, PAY, SHIP, DETAIL, ITEM, SELLER, BUYER, CONDITION] {
            assert!(list.split(',').all(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric())));
        }
        assert!(holds(LIST, "OrderId") && !holds(LIST, "LastUpdate") && !holds(CONDITION, "LastUpdateTime"));
        assert!(personal("ShipZipCode") && !personal("ShipMethodName") && !personal("ShipCompanyCode"));
    }
}
