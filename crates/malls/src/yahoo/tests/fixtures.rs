//! An order as orderInfo gives it (yahoo.md 4), with CDATA everywhere, groups in another order than the document's and
//! two elements sent twice. All people are invented.

use crate::yahoo::mapping::read_order;
use domain::Snapshot;

pub(super) const ID: &str = "mihon-store-10000001";

type Pairs = &'static [(&'static str, &'static str)];

const ORDER: Pairs = &[
    ("OrderId", ID),
    ("Version", "3"),
    ("ParentOrderId", ""),
    ("ChildOrderId", ""),
    ("DeviceType", "3"),
    ("OrderTime", "2026-11-22T09:05:00+09:00"),
    ("LastUpdateTime", "2026-11-22T09:20:00+09:00"),
    ("Suspect", "0"),
    ("OrderStatus", "2"),
    ("StoreStatus", "4"),
    ("CancelReason", ""),
    ("BuyerComments", "玄関前でお願いします〜①髙﨑"),
    ("Notes", "常連様"),
    ("UseCouponData", "C1\\A見本クーポン\\A1\\A1\\A1\\B"),
    ("IsReadOnly", "0"),
    ("FraudHoldStatus", "0"),
    ("PublicationTime", ""),
    ("IsYahooAuctionOrder", "false"),
    ("IsLineGiftOrder", "false"),
    ("SocialGiftType", "0"),
];

const PAY: Pairs = &[
    ("PayStatus", "1"),
    ("SettleStatus", "5"),
    ("PayType", "1"),
    ("PayMethod", "payment_a1"),
    ("PayMethodName", "クレジットカード決済"),
    ("PayDate", "2026-11-22"),
    ("CardPayType", "4"),
    ("CardPayCount", "3"),
    ("NeedBillSlip", "true"),
    ("NeedDetailedSlip", "false"),
    ("NeedReceipt", "true"),
    ("BillFirstName", "一郎"),
    ("BillFirstNameKana", "イチロウ"),
    ("BillLastName", "見本"),
    ("BillLastNameKana", "ミホン"),
    ("BillZipCode", "1000001"),
    ("BillPrefecture", "東京都"),
    ("BillCity", "架空区"),
    ("BillAddress1", "見本町1-2-3"),
    ("BillAddress2", ""),
    ("BillPhoneNumber", "03-0000-0000"),
    ("BillMailAddress", "ichiro@example.jp"),
    ("BillSection1Value", "見本商事"),
    ("BillSection2Value", "総務部"),
    ("PaymentTerm", "2026-11-25 23:59:59"),
    ("PayMethodChangeDeadline", "2026-11-24T00:00:00+09:00"),
    ("IsPayMethodChangePossible", "true"),
    ("CombinedPayMethod", ""),
];

const SHIP: Pairs = &[
    ("ShipStatus", "1"),
    ("ShipMethod", "postage1"),
    ("ShipMethodName", "宅配便"),
    ("ShipRequestDate", "2026-11-25"),
    ("ShipRequestTime", "12:00～14:00"),
    ("ShipCompanyCode", "1001"),
    ("ShipInvoiceNumber1", ""),
    ("ShipInvoiceNumber2", ""),
    ("ShipInvoiceNumberEmptyReason", ""),
    ("ArriveType", "2"),
    ("ShipDate", ""),
    ("NeedGiftWrap", "true"),
    ("GiftWrapType", "リボン"),
    ("GiftWrapMessage", "おめでとう"),
    ("NeedGiftWrapPaper", "true"),
    ("GiftWrapPaperType", "内祝"),
    ("GiftWrapName", "見本"),
    ("Option1Field", "のし上段"),
    ("Option1Value", "寿"),
    ("ShipFirstName", "花子"),
    ("ShipFirstNameKana", "ハナコ"),
    ("ShipLastName", "見本"),
    ("ShipLastNameKana", "ミホン"),
    ("ShipZipCode", "060-0001"),
    ("ShipPrefecture", "北海道"),
    ("ShipCity", "札幌市架空区"),
    ("ShipAddress1", "見本町9"),
    ("ShipAddress2", "見本ビル1F"),
    ("ShipPhoneNumber", "0110000000"),
    ("ExcellentDelivery", "1"),
    ("IsEazy", "true"),
    ("EazyDeliveryCode", "2"),
    ("EazyDeliveryName", ""),
    ("ReceiveShopName", ""),
    ("IsSubscription", "false"),
    ("IsLineGiftShippable", "false"),
    ("ShippingDeadline", ""),
    ("RemoteAreaShippingType", "0"),
];

// 3000 + 1500 + 100 + 500 + 0 - 200 - 300 - 400 + 50 = 4250
const DETAIL: Pairs = &[
    ("PayCharge", "0"),
    ("ShipCharge", "500"),
    ("GiftWrapCharge", "100"),
    ("Discount", "200"),
    ("Adjustments", "50"),
    ("UsePoint", "300"),
    ("TotalPrice", "4250"),
    ("TotalMallCouponDiscount", "400"),
    ("PayMethodAmount", "4250"),
    ("CombinedPayMethodAmount", "0"),
];

const ITEM1: Pairs = &[
    ("LineId", "1"),
    ("ItemId", "tea"),
    ("Title", "見本の茶葉 100g"),
    ("SubCode", "tea-blue"),
    ("SubCodeOption", "色:青"),
    ("IsUsed", "false"),
    ("IsTaxable", "true"),
    ("ItemTaxRatio", "8"),
    ("Jan", "4900000000000"),
    ("UnitPrice", "1500"),
    ("Quantity", "2"),
    ("ReleaseDate", ""),
    ("CouponData", ""),
    ("CouponDiscount", "200"),
    ("OriginalPrice", "1600"),
    ("LeadTimeText", "3営業日以内"),
    ("ItemYahooAucId", ""),
];

const ITEM2: Pairs = &[
    ("LineId", "2"),
    ("ItemId", "cup"),
    ("Title", "見本の茶碗"),
    ("SubCode", ""),
    ("IsTaxable", "true"),
    ("ItemTaxRatio", "10"),
    ("UnitPrice", "1500"),
    ("Quantity", "1"),
    ("CouponDiscount", ""),
];

fn fields(pairs: Pairs, changes: &[(&str, &str)]) -> String {
    let value = |name: &str, value: &str| {
        let changed = changes.iter().find(|(n, _)| *n == name);
        changed.map_or_else(|| value.to_owned(), |(_, v)| (*v).to_owned())
    };
    pairs
        .iter()
        .map(|(name, old)| match value(name, old).as_str() {
            "" => format!("<{name} />"),
            "(absent)" => String::new(),
            text => format!("<{name}>\n  <![CDATA[{text}]]>\n</{name}>"),
        })
        .collect()
}

/// Every field that can be changed.
pub(super) fn names() -> Vec<&'static str> {
    [ORDER, PAY, SHIP, DETAIL, ITEM1].iter().flat_map(|pairs| pairs.iter().map(|(name, _)| *name)).collect()
}

/// The answer of orderInfo with some fields changed, by name wherever they stand; `(absent)` leaves one out. A change
/// of `Item2.…` or `Item1.…` speaks of one line.
pub(super) fn order_info(changes: &[(&str, &str)]) -> String {
    let all = names();
    for (name, _) in changes {
        assert!(all.contains(name), "{name} is not in the fixture");
    }
    let item1 = format!(
        "<Item>{}<ItemOption><Index>1</Index><Name>サイズ</Name><Value><![CDATA[大]]></Value><Price>100</Price></ItemOption><ItemOption><Index>2</Index><Name>箱</Name><Value>あり</Value></ItemOption><Inscription><Index>1</Index><Name>名入れ</Name><Value>Mihon &amp; Co</Value></Inscription></Item>",
        fields(ITEM1, changes)
    );
    let item2 = format!("<Item>{}<ItemOption></ItemOption></Item>", fields(ITEM2, &[]));
    let (ship, detail) = (fields(SHIP, changes), fields(DETAIL, changes));
    // NeedBillSlip comes twice: the last counts (10.4).
    let pay = format!("<NeedBillSlip>false</NeedBillSlip>{}", fields(PAY, changes));
    let order = fields(ORDER, changes);
    format!(
        "<ResultSet totalResultsReturned=\"1\" totalResultsAvailable=\"1\" firstResultPosition=\"1\"><Result><Status>OK</Status><OrderInfo><Seller><SellerId>mihon-store</SellerId></Seller><Buyer><IsLogin>true</IsLogin></Buyer>{item1}{item2}<Detail>{detail}</Detail>{order}<Ship>{ship}</Ship><Pay>{pay}</Pay></OrderInfo></Result></ResultSet>"
    )
}

/// The order as it reads.
pub(super) fn snapshot(changes: &[(&str, &str)]) -> Snapshot {
    read_order(order_info(changes).as_bytes()).unwrap()
}
