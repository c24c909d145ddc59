//! The two files a person downloads from ストアクリエイターPro (document 11): one row for each order, one for each
//! line. CP932, CRLF, every value in quotes; held orders are not in them.
//!
//! `GET /yahoo-csv/orders.csv?sellerId=…&columns=…&from=YYYYMMDD&to=YYYYMMDD`; everything may be left out. `columns`
//! stands for the template the store makes itself.

use super::Yahoo;
use super::order::{Item, Order};
use super::traits::YahooTrait as Trait;
use super::when;
use crate::jst::{self, DAY_MS};
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

/// 注文データ with all columns.
const ORDER_COLUMNS: &str = "\
    OrderId,ParentOrderId,DeviceType,IsAffiliate,FspLicenseCode,FspLicenseName,OrderTime,OrderTimeUnixEpoch,\
    UsePointType,OrderStatus,StoreStatus,Referer,EntryPoint,Clink,SuspectMessage,IsItemCoupon,IsShippingCoupon,\
    ShipName,ShipFirstName,ShipLastName,ShipAddress1,ShipAddress2,ShipCity,ShipPrefecture,ShipZipCode,ShipNameKana,\
    ShipFirstNameKana,ShipLastNameKana,ShipAddress1Kana,ShipAddress2Kana,ShipCityKana,ShipPrefectureKana,\
    ShipSection1Field,ShipSection1Value,ShipSection2Field,ShipSection2Value,ShipPhoneNumber,ShipEmgPhoneNumber,\
    ShipMethod,ShipMethodName,ShipRequestDate,ShipRequestTime,ShipNotes,ArriveType,ShipInvoiceNumber1,\
    ShipInvoiceNumber2,ShipUrl,ShipDate,GiftWrapType,GiftWrapPaperType,GiftWrapName,NeedBillSlip,NeedDetailedSlip,\
    NeedReceipt,Option1Field,Option1Value,Option2Field,Option2Value,GiftWrapMessage,BillName,BillFirstName,\
    BillLastName,BillAddress1,BillAddress2,BillCity,BillPrefecture,BillZipCode,BillNameKana,BillFirstNameKana,\
    BillLastNameKana,BillAddress1Kana,BillAddress2Kana,BillCityKana,BillPrefectureKana,BillSection1Field,\
    BillSection1Value,BillSection2Field,BillSection2Value,BillPhoneNumber,BillEmgPhoneNumber,BillMailAddress,\
    PayMethod,PayMethodName,PayKind,CardPayCount,CardPayType,SettleStatus,SettleId,PayNo,PayNoIssueDate,PayDate,\
    BuyerComments,AgeConfirm,QuantityDetail,ShipCharge,PayCharge,GiftWrapCharge,Discount,UsePoint,GetPoint,Total,\
    TotalPrice,ShippingCouponDiscount,ItemCouponDiscount,TotalMallCouponDiscount,Id";

/// 商品データ with all columns.
const ITEM_COLUMNS: &str = "\
    OrderId,LineId,Quantity,ItemId,SubCode,Title,ItemOptionName,ItemOptionValue,SubCodeOption,InscriptionName,\
    InscriptionValue,UnitPrice,UnitGetPoint,LineSubTotal,LineGetPoint,PointFspCode,Condition,CouponId,\
    CouponDiscount,OriginalPrice,IsGetPointFix,GetPointFixDate,ReleaseDate,GetPointType,Jan,ProductId,Id";

fn quoted(out: &mut String, value: &str) {
    out.push('"');
    out.push_str(&value.replace('"', "\"\""));
    out.push('"');
}

fn row<'a>(out: &mut String, values: impl Iterator<Item = std::borrow::Cow<'a, str>>) {
    for (n, value) in values.enumerate() {
        if n > 0 {
            out.push(',');
        }
        quoted(out, &value);
    }
    out.push_str("\r\n");
}

/// Without the store's prefix.
fn bare(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(_, number)| number)
}

fn order_value(order: &Order, column: &str, now_ms: i64) -> String {
    let both =
        |last: &str, first: &str| format!("{} {}", order.text(last), order.text(first)).trim().to_owned();
    match column {
        "Id" => order.id.clone(),
        "OrderId" => bare(&order.id).to_owned(),
        "OrderTime" => when::slashed(order.ordered_ms),
        "OrderTimeUnixEpoch" => (order.ordered_ms / 1000).to_string(),
        "ShipName" => both("ShipLastName", "ShipFirstName"),
        "ShipNameKana" => both("ShipLastNameKana", "ShipFirstNameKana"),
        "BillName" => both("BillLastName", "BillFirstName"),
        "BillNameKana" => both("BillLastNameKana", "BillFirstNameKana"),
        "QuantityDetail" => order.items.iter().map(|i| i.quantity).sum::<i64>().to_string(),
        // 請求金額合計; TotalPrice of the file is another sum (11)
        "Total" => order.field("TotalPrice", now_ms),
        "TotalPrice" => order.goods().to_string(),
        "ItemCouponDiscount" => order.field("TotalCouponDiscount", now_ms),
        "IsItemCoupon" => i64::from(order.has(Trait::StoreCoupon)).to_string(),
        _ => order.field(column, now_ms),
    }
}

fn item_value(order: &Order, item: &Item, column: &str) -> String {
    let joined =
        |names: &mut dyn Iterator<Item = &String>| names.map(String::as_str).collect::<Vec<_>>().join(";");
    match column {
        "Id" => order.id.clone(),
        "OrderId" => bare(&order.id).to_owned(),
        "LineSubTotal" => (item.unit_price * item.quantity).to_string(),
        "ItemOptionName" => joined(&mut item.options.iter().map(|(name, ..)| name)),
        "ItemOptionValue" => joined(&mut item.options.iter().map(|(_, value, _)| value)),
        "InscriptionName" => joined(&mut item.inscriptions.iter().map(|(name, _)| name)),
        "InscriptionValue" => joined(&mut item.inscriptions.iter().map(|(_, value)| value)),
        _ => item.field(column),
    }
}

/// 注文データ.
pub(crate) fn orders(orders: &[&Order], columns: Option<&str>, now_ms: i64) -> String {
    let columns: Vec<&str> = columns.unwrap_or(ORDER_COLUMNS).split(',').collect();
    let mut out = String::new();
    row(&mut out, columns.iter().map(|c| (*c).into()));
    for order in orders {
        row(&mut out, columns.iter().map(|c| order_value(order, c, now_ms).into()));
    }
    out
}

/// 商品データ.
pub(crate) fn items(orders: &[&Order], columns: Option<&str>, _now_ms: i64) -> String {
    let columns: Vec<&str> = columns.unwrap_or(ITEM_COLUMNS).split(',').collect();
    let mut out = String::new();
    row(&mut out, columns.iter().map(|c| (*c).into()));
    for order in orders {
        for item in &order.items {
            row(&mut out, columns.iter().map(|c| item_value(order, item, c).into()));
        }
    }
    out
}

/// What CP932 cannot write becomes `?`.
fn cp932(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(text);
    if !lost {
        return bytes.into_owned();
    }
    let mut buffer = [0_u8; 4];
    text.chars()
        .flat_map(|c| {
            let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
            if lost { vec![b'?'] } else { bytes.into_owned() }
        })
        .collect()
}

impl Yahoo {
    /// One of the files as a download.
    pub(crate) fn csv_of(
        &self,
        request: &Request,
        write: fn(&[&Order], Option<&str>, i64) -> String,
        ctx: &Ctx<'_>,
    ) -> Reply {
        let seller = request.query_value("sellerId");
        let shop = self.shop_index(seller.as_deref()).and_then(|i| self.shops.get(i));
        let Some(shop) = shop else {
            return Reply::new(404, "text/html; charset=utf-8", "<html><body>404</body></html>");
        };
        let day = |name: &str| request.query_value(name).and_then(|t| jst::parse_compact_date(&t));
        let (from, to) = (day("from").unwrap_or(i64::MIN), day("to").map_or(i64::MAX, |t| t + DAY_MS));
        let meant = |o: &&Order| {
            // the ten minutes are taken to hide an order here as well (inferred)
            let shown = o.listed(ctx.now_ms) && !o.held() && !o.read_only(ctx.now_ms);
            shown && (from..to).contains(&o.ordered_ms)
        };
        let orders: Vec<&Order> =
            shop.orders.iter().filter_map(|i| self.orders.get(*i)).filter(meant).collect();
        let text = write(&orders, request.query_value("columns").as_deref(), ctx.now_ms);
        Reply::new(200, "text/csv; charset=Shift_JIS", cp932(&text))
    }
}
