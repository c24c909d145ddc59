//! 通常購入データ, the order CSV of RMS (rakuten.md 7.1): one line an item, order and package columns repeated, columns
//! found by heading because shops define templates. The rows of an order become one document in the form of getOrder,
//! so that file and API are read by the same mapping; columns that are not there are not given.

use super::mapping::read_order;
use bytes::Bytes;
use domain::{MallOrderId, Reason, reason};
use mall_api::FetchedOrder;
use mall_api::files::{FileKind, FileReading, InFile, RowProblem};
use mall_api::table::{Table, TableRow};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Kinds of files.
pub(super) const KINDS: [FileKind; 1] =
    [FileKind { key: "orders", label: "受注CSV（通常購入データ）", required: true }];

/// Without these no order can be made of the rows.
const NEEDED: [&str; 6] = ["注文番号", "ステータス", "注文日時", "送付先ID", "商品明細ID", "個数"];

/// How a cell becomes a value of the document.
#[derive(Clone, Copy)]
enum As {
    /// A text; blank is null.
    Text,
    /// A number that must be one.
    Number,
    /// A number in a column whose form the document does not tell: anything else is left out.
    MaybeNumber,
    /// A moment in Japan.
    Moment,
    /// A tax rate: `0.1` or `10%`.
    Rate,
}

type Column = (&'static str, &'static str, As);

const ORDER: [Column; 37] = [
    ("注文番号", "orderNumber", As::Text),
    ("ステータス", "orderProgress", As::Number),
    ("サブステータスID", "subStatusId", As::MaybeNumber),
    ("サブステータス", "subStatusName", As::Text),
    ("注文日時", "orderDatetime", As::Moment),
    ("キャンセル期限日", "cancelDueDate", As::Text),
    ("注文確認日時", "shopOrderCfmDatetime", As::Moment),
    ("注文確定日時", "orderFixDatetime", As::Moment),
    ("発送完了報告日時", "shippingCmplRptDatetime", As::Moment),
    ("注文種別", "orderType", As::MaybeNumber),
    ("楽天確認中フラグ", "rakutenConfirmFlag", As::MaybeNumber),
    ("警告表示タイプ", "cautionDisplayType", As::MaybeNumber),
    ("警告表示タイプ詳細", "cautionDisplayDetailType", As::MaybeNumber),
    ("楽天会員フラグ", "rakutenMemberFlag", As::MaybeNumber),
    ("購入履歴修正有無フラグ", "modifyFlag", As::MaybeNumber),
    ("商品合計金額", "goodsPrice", As::Number),
    ("送料合計", "postagePrice", As::Number),
    ("代引料合計", "deliveryPrice", As::Number),
    ("決済手数料", "paymentCharge", As::Number),
    ("合計金額", "totalPrice", As::Number),
    ("請求金額", "requestPrice", As::Number),
    ("店舗発行クーポン利用額", "couponShopPrice", As::Number),
    ("楽天発行クーポン利用額", "couponOtherPrice", As::Number),
    ("注文者負担金合計", "additionalFeeOccurAmountToUser", As::Number),
    ("申込番号", "reserveNumber", As::Text),
    ("申込お届け回数", "reserveDeliveryCount", As::MaybeNumber),
    ("コメント", "remarks", As::Text),
    ("ギフト配送希望", "giftCheckFlag", As::MaybeNumber),
    ("利用端末", "carrierCode", As::MaybeNumber),
    ("あす楽希望フラグ", "asurakuFlag", As::MaybeNumber),
    ("医薬品受注フラグ", "drugFlag", As::MaybeNumber),
    ("楽天スーパーDEAL商品受注フラグ", "dealFlag", As::MaybeNumber),
    ("お届け時間帯", "shippingTerm", As::MaybeNumber),
    ("お届け日指定", "deliveryDate", As::Text),
    ("担当者", "operator", As::Text),
    ("ひとことメモ", "memo", As::Text),
    ("領収書発行回数", "receiptIssueCount", As::MaybeNumber),
];

const SETTLEMENT: [Column; 3] = [
    ("支払方法名", "settlementMethod", As::Text),
    ("クレジットカード支払い方法", "cardPayType", As::MaybeNumber),
    ("クレジットカード支払い回数", "cardInstallmentDesc", As::Text),
];

const DELIVERY: [Column; 2] =
    [("配送方法", "deliveryName", As::Text), ("配送区分", "deliveryClass", As::MaybeNumber)];

const POINT: [Column; 1] = [("ポイント利用額", "usedPoint", As::Number)];

const PACKAGE: [Column; 5] = [
    ("送付先ID", "basketId", As::Number),
    ("送付先送料", "postagePrice", As::Number),
    ("送付先代引料", "deliveryPrice", As::Number),
    ("のし", "noshi", As::Text),
    ("購入時配送会社", "defaultDeliveryCompanyCode", As::Text),
];

const ITEM: [Column; 15] = [
    ("商品明細ID", "itemDetailId", As::Number),
    ("商品ID", "itemId", As::MaybeNumber),
    ("商品名", "itemName", As::Text),
    ("商品番号", "itemNumber", As::Text),
    ("商品管理番号", "manageNumber", As::Text),
    ("単価", "price", As::Number),
    ("個数", "units", As::Number),
    ("送料込別", "includePostageFlag", As::MaybeNumber),
    ("税込別", "includeTaxFlag", As::MaybeNumber),
    ("代引手数料込別", "includeCashOnDeliveryPostageFlag", As::MaybeNumber),
    ("項目・選択肢", "selectedChoice", As::Text),
    ("ポイント倍率", "pointRate", As::MaybeNumber),
    ("納期情報", "delvdateInfo", As::Text),
    ("商品税率", "taxRate", As::Rate),
    ("商品毎税込価格", "priceTaxIncl", As::Number),
];

const SKU: [Column; 3] = [
    ("SKU管理番号", "variantId", As::Text),
    ("システム連携用SKU番号", "merchantDefinedSkuId", As::Text),
    ("SKU情報", "skuInfo", As::Text),
];

/// Columns of a person, behind `注文者` or `送付先`.
const PERSON: [Column; 12] = [
    ("郵便番号1", "zipCode1", As::Text),
    ("郵便番号2", "zipCode2", As::Text),
    ("住所都道府県", "prefecture", As::Text),
    ("住所郡市区", "city", As::Text),
    ("住所それ以降の住所", "subAddress", As::Text),
    ("姓", "familyName", As::Text),
    ("名", "firstName", As::Text),
    ("姓カナ", "familyNameKana", As::Text),
    ("名カナ", "firstNameKana", As::Text),
    ("電話番号1", "phoneNumber1", As::Text),
    ("電話番号2", "phoneNumber2", As::Text),
    ("電話番号3", "phoneNumber3", As::Text),
];

/// Which kind a file is; the layout from before 2018 counts too, so that it can be refused by name.
pub(super) fn kind_of(file: InFile<'_>) -> Option<&'static str> {
    let head = file.bytes.split_inclusive(|b| *b == b'\n').next()?;
    let Ok(table) = Table::read(head, ',') else {
        // One of ours with something wrong in it (a heading twice): reading it says what.
        let (text, _) = mall_api::charset::decode_shift_jis(head);
        let both = |text: &str| text.contains("注文番号") && text.contains("商品明細ID");
        return (both(&text) || both(&String::from_utf8_lossy(head))).then_some("orders");
    };
    let ours = table.has("注文番号") && (table.has("商品明細ID") || table.has("送付先ID"));
    (ours || is_old(&table)).then_some("orders")
}

fn is_old(table: &Table) -> bool {
    table.has("受注番号") && table.has("受注ステータス")
}

/// Reads files of one import.
pub(super) fn read(files: &[(&'static str, InFile<'_>)]) -> Result<FileReading, Reason> {
    let mut reading = FileReading::default();
    for (_, file) in files {
        read_one(*file, &mut reading)?;
    }
    Ok(reading)
}

fn read_one(file: InFile<'_>, reading: &mut FileReading) -> Result<(), Reason> {
    let unreadable = |what: String| reason::file_unreadable(file.name, what);
    let table = Table::read(file.bytes, ',').map_err(unreadable)?;
    if is_old(&table) {
        return Err(unreadable("2018年より前の形式（受注番号で始まる見出し）です".to_owned()));
    }
    let missing = table.missing(&NEEDED);
    if !missing.is_empty() {
        return Err(unreadable(format!("見出し「{}」がありません", missing.join("」「"))));
    }
    // In the order in which they stand in the file.
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut orders: Vec<(&str, Vec<TableRow<'_>>)> = Vec::new();
    for row in table.rows() {
        let number = row.get("注文番号").unwrap_or_default();
        if number.is_empty() {
            reading.problems.push(problem(file, &row, None, "「注文番号」が空です"));
            continue;
        }
        let place = *places.entry(number).or_insert(orders.len());
        match orders.get_mut(place) {
            Some((_, rows)) => rows.push(row),
            None => orders.push((number, vec![row])),
        }
    }
    for (number, rows) in orders {
        match order(number, &rows) {
            Ok(order) => reading.orders.push(order),
            Err((line, what)) => reading.problems.push(RowProblem {
                file: file.name.to_owned(),
                line,
                mall_order_id: Some(MallOrderId::from(number)),
                what,
            }),
        }
    }
    Ok(())
}

fn problem(file: InFile<'_>, row: &TableRow<'_>, id: Option<MallOrderId>, what: &str) -> RowProblem {
    RowProblem { file: file.name.to_owned(), line: row.line, mall_order_id: id, what: what.to_owned() }
}

/// A row that cannot be read: its line and what is wrong.
type Broken = (u64, String);

fn order(number: &str, rows: &[TableRow<'_>]) -> Result<FetchedOrder, Broken> {
    let Some(first) = rows.first() else { return Err((0, "行がありません".to_owned())) };
    for row in rows {
        sound(row)?;
    }
    let mut document = object(first, "", &ORDER)?;
    for (key, columns) in
        [("SettlementModel", &SETTLEMENT[..]), ("DeliveryModel", &DELIVERY), ("PointModel", &POINT)]
    {
        let inner = object(first, "", columns)?;
        if !inner.is_empty() {
            document.insert(key.to_owned(), Value::Object(inner));
        }
    }
    let mut buyer = object(first, "注文者", &PERSON)?;
    if let Some(mail) = first.get("注文者メールアドレス") {
        buyer.insert("emailAddress".to_owned(), text(mail));
    }
    document.insert("OrdererModel".to_owned(), Value::Object(buyer));
    wrapping(first, &mut document)?;
    let tax = tax(first)?;
    if !tax.is_empty() {
        document.insert("TaxSummaryModelList".to_owned(), Value::Array(tax));
    }
    document.insert("PackageModelList".to_owned(), Value::Array(packages(rows)?));
    let raw = serde_json::to_vec(&document).map_err(|e| (first.line, e.to_string()))?;
    let snapshot = read_order(&raw).map_err(|misfit| (first.line, misfit.what))?;
    Ok(FetchedOrder { mall_order_id: MallOrderId::from(number), raw: Bytes::from(raw), snapshot })
}

/// What spreadsheets do to a file (formats.md 0.5), and cells that slipped.
fn sound(row: &TableRow<'_>) -> Result<(), Broken> {
    if row.is_crooked() {
        return Err((row.line, "列の数が見出しと違います".to_owned()));
    }
    for (heading, width) in
        [("注文者郵便番号1", 3), ("注文者郵便番号2", 4), ("送付先郵便番号1", 3), ("送付先郵便番号2", 4)]
    {
        let cell = row.get(heading).unwrap_or_default();
        if !cell.is_empty() && cell.len() < width && cell.bytes().all(|b| b.is_ascii_digit()) {
            let what =
                format!("「{heading}」の先頭の0が失われています（表計算ソフトで保存されたファイルです）");
            return Err((row.line, what));
        }
    }
    Ok(())
}

fn text(cell: &str) -> Value {
    if cell.is_empty() { Value::Null } else { json!(cell) }
}

fn number(cell: &str) -> Option<i64> {
    let plain = cell.strip_suffix(".0").unwrap_or(cell).replace(',', "");
    // The older download wrote "not decided" with one more nine (trap 7).
    plain.parse().ok().map(|n| if n == -99_999 { -9_999 } else { n })
}

/// The values of a row under `columns`; blank numbers and columns that are not there are left out.
fn object(row: &TableRow<'_>, before: &str, columns: &[Column]) -> Result<Map<String, Value>, Broken> {
    let mut out = Map::new();
    for (heading, field, kind) in columns {
        let heading = format!("{before}{heading}");
        let Some(cell) = row.get(&heading) else { continue };
        let wrong = || (row.line, format!("「{heading}」の書式が違います"));
        let value = match kind {
            As::Text => Some(text(cell)),
            _ if cell.is_empty() => None,
            As::Number => Some(json!(number(cell).ok_or_else(wrong)?)),
            As::MaybeNumber => number(cell).map(|n| json!(n)),
            As::Moment => Some(json!(moment(cell).ok_or_else(wrong)?)),
            As::Rate => Some(json!(rate(cell).ok_or_else(wrong)?)),
        };
        if let Some(value) = value {
            out.insert((*field).to_owned(), value);
        }
    }
    Ok(out)
}

/// `2026-11-22 09:05:00`; also with slashes, and without seconds, as a spreadsheet leaves it.
fn moment(cell: &str) -> Option<String> {
    let (date, time) = cell.split_once([' ', 'T'])?;
    let parts: Vec<&str> = date.split(['-', '/']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let clock: Vec<&str> = time.trim().split(':').collect();
    let (hour, minute, second) = match clock.as_slice() {
        [hour, minute] => (*hour, *minute, "00"),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    let all = [year, month, day, &hour, &minute, &second];
    let plain = all.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    plain.then(|| format!("{year:0>4}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}+0900"))
}

fn rate(cell: &str) -> Option<f64> {
    match cell.strip_suffix(['%', '％']) {
        Some(percent) => percent.trim().parse::<i32>().ok().map(|p| f64::from(p) / 100.0),
        None => cell.parse::<f64>().ok().filter(|r| r.is_finite() && (0.0..1.0).contains(r)),
    }
}

fn packages(rows: &[TableRow<'_>]) -> Result<Vec<Value>, Broken> {
    let mut packages: Vec<(String, Map<String, Value>, Vec<Value>)> = Vec::new();
    for row in rows {
        let key = row.get("送付先ID").unwrap_or_default().to_owned();
        let mut item = object(row, "", &ITEM)?;
        if let Some(flag) = row.get("単品配送フラグ").and_then(number) {
            item.insert("isSingleItemShipping".to_owned(), json!(flag));
        }
        let sku = object(row, "", &SKU)?;
        if sku.values().any(|v| !v.is_null()) {
            item.insert("SkuModelList".to_owned(), json!([sku]));
        }
        let item = Value::Object(item);
        if let Some((_, _, items)) = packages.iter_mut().find(|(k, ..)| *k == key) {
            items.push(item);
            continue;
        }
        let mut package = object(row, "", &PACKAGE)?;
        let mut sender = object(row, "送付先", &PERSON)?;
        if let Some(flag) = row.get("離島フラグ").and_then(number) {
            sender.insert("isolatedIslandFlag".to_owned(), json!(flag));
        }
        package.insert("SenderModel".to_owned(), Value::Object(sender));
        packages.push((key, package, vec![item]));
    }
    let finished = packages.into_iter().map(|(_, mut package, items)| {
        package.insert("ItemModelList".to_owned(), Value::Array(items));
        Value::Object(package)
    });
    Ok(finished.collect())
}

fn wrapping(row: &TableRow<'_>, document: &mut Map<String, Value>) -> Result<(), Broken> {
    for n in [1, 2] {
        let cell = |name: &str| row.get(&format!("{name}{n}")).filter(|c| !c.is_empty());
        let title = match cell("ラッピングタイトル") {
            None => continue,
            Some("包装紙") => 1,
            Some("リボン") => 2,
            Some(other) => number(other).unwrap_or(0),
        };
        let price = match cell("ラッピング料金") {
            Some(price) => {
                let wrong = || (row.line, format!("「ラッピング料金{n}」の書式が違います"));
                Some(number(price).ok_or_else(wrong)?)
            }
            None => None,
        };
        let model = json!({
            "title": title,
            "name": cell("ラッピング名"),
            "price": price,
            "includeTaxFlag": cell("ラッピング税込別").and_then(number),
            "taxRate": cell("ラッピング税率").and_then(rate),
        });
        document.insert(format!("WrappingModel{n}"), model);
    }
    Ok(())
}

fn tax(row: &TableRow<'_>) -> Result<Vec<Value>, Broken> {
    let mut out = Vec::new();
    for (percent, rate) in [("10%", 0.1), ("8%", 0.08), ("0%", 0.0)] {
        let cell = |name: &str| row.get(&format!("{percent}{name}")).filter(|c| !c.is_empty());
        let Some(price) = cell("請求金額") else { continue };
        let wrong = |name: &str| (row.line, format!("「{percent}{name}」の書式が違います"));
        let price = number(price).ok_or_else(|| wrong("請求金額"))?;
        let tax = cell("請求額に対する税額").map(|t| number(t).ok_or_else(|| wrong("請求額に対する税額")));
        // A rate nothing was sold at stands there with zeros.
        if price != 0 {
            out.push(json!({ "taxRate": rate, "reqPrice": price, "reqPriceTax": tax.transpose()? }));
        }
    }
    Ok(out)
}
