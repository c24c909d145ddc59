//! Fields of a content by path: what they are called, and how their values read. Pure. A field without a name here is
//! shown under its path.

use crate::words::{Lang, day};
use serde_json::Value;

/// Fields inside a list's items or an object, by their last part.
const PARTS: [(&str, &str, &str); 91] = [
    ("full_name", "氏名", "Name"),
    ("family_name", "姓", "Family name"),
    ("given_name", "名", "Given name"),
    ("family_kana", "姓（カナ）", "Family name (kana)"),
    ("given_kana", "名（カナ）", "Given name (kana)"),
    ("company", "会社名", "Company"),
    ("department", "部署名", "Department"),
    ("postal_code", "郵便番号", "Postal code"),
    ("country", "国", "Country"),
    ("prefecture", "都道府県", "Prefecture"),
    ("city", "市区町村", "City"),
    ("address1", "住所1", "Address 1"),
    ("address2", "住所2", "Address 2"),
    ("address3", "住所3", "Address 3"),
    ("phone", "電話", "Phone"),
    ("phone2", "電話2", "Phone 2"),
    ("email", "メール", "Mail"),
    ("key", "モールのキー", "Mall key"),
    ("address_awaited", "住所入力待ち", "Address awaited"),
    ("remote_island", "離島", "Remote island"),
    ("noshi", "のし", "Noshi"),
    ("drop_off", "置き配", "Drop off"),
    ("pickup_point", "受取場所", "Pickup point"),
    ("gift_message", "ギフトメッセージ", "Gift message"),
    ("postage", "送料", "Postage"),
    ("cod_fee", "代引手数料", "COD fee"),
    ("default_carrier_code", "モール指定の配送業者", "Carrier chosen by the mall"),
    ("recipient_key", "お届け先のキー", "Recipient key"),
    ("sku", "SKU", "SKU"),
    ("item_code", "商品管理番号", "Item code"),
    ("mall_item_id", "モールの商品ID", "Mall item id"),
    ("item_number", "商品番号", "Item number"),
    ("title", "商品名", "Title"),
    ("variant", "バリエーション", "Variant"),
    ("options", "選択肢", "Options"),
    ("quantity", "数量", "Quantity"),
    ("cancelled_quantity", "キャンセル数", "Cancelled"),
    ("unit_price", "単価", "Unit price"),
    ("tax_included", "税込価格", "Price with tax"),
    ("unit_price_with_tax", "税込単価", "Unit price with tax"),
    ("tax_rate_bp", "税率", "Tax rate"),
    ("points_granted", "付与ポイント", "Points granted"),
    ("lead_time", "納期", "Lead time"),
    ("wrapping_price", "包装料", "Wrapping price"),
    ("marks", "区分", "Marks"),
    ("code", "コード", "Code"),
    ("name", "名称", "Name"),
    ("payer", "負担", "Payer"),
    ("total", "合計", "Total"),
    ("line_key", "対象の明細", "Line"),
    ("price", "価格", "Price"),
    ("rate_bp", "税率", "Tax rate"),
    ("taxed", "対象額", "Taxed amount"),
    ("tax", "消費税", "Tax"),
    ("goods", "商品金額", "Goods"),
    ("payment_fee", "決済手数料", "Payment fee"),
    ("other_fee", "その他の手数料", "Other fee"),
    ("wrapping", "包装", "Wrapping"),
    ("discount", "値引", "Discount"),
    ("points_used", "ポイント利用", "Points used"),
    ("coupon_shop", "クーポン（当店負担）", "Coupon (shop)"),
    ("coupon_mall", "クーポン（モール負担）", "Coupon (mall)"),
    ("requested", "請求額", "Requested"),
    ("method", "方法", "Method"),
    ("cash_on_delivery", "代金引換", "Cash on delivery"),
    ("collect_amount", "代引で受け取る額", "Collect at the door"),
    ("prepaid", "前払い", "Prepaid"),
    ("terms", "支払回数など", "Terms"),
    ("paid_on", "入金日", "Paid on"),
    ("deliver_on", "お届け希望日", "Deliver on"),
    ("deliver_slot", "お届け希望時間帯", "Deliver slot"),
    ("class", "配送区分", "Delivery class"),
    ("promises", "お届けの約束", "Promises"),
    ("buyer_note", "備考", "Buyer's note"),
    ("mall_memo", "モールのひとことメモ", "Memo at the mall"),
    ("gift", "ギフト", "Gift"),
    ("fulfillment", "出荷元", "Fulfilment"),
    ("kind", "注文の種類", "Kind"),
    ("mall_parent_id", "元の注文番号", "Parent at the mall"),
    ("documents_wanted", "希望書類", "Documents wanted"),
    // Fields of our own that history names.
    ("ship_on", "出荷予定日", "Ship on"),
    ("print_on", "納品書印刷指示日", "Print slip on"),
    ("shipping_method", "配送便", "Delivery service"),
    ("grouping", "同梱・分割", "Bundle or split"),
    // Whole parts.
    ("party", "氏名・住所", "Name and address"),
    ("lines", "明細", "Line"),
    ("recipients", "お届け先", "Recipient"),
    ("coupons", "クーポン", "Coupon"),
    ("amounts", "金額", "Amounts"),
    ("payment", "支払", "Payment"),
    ("delivery", "配送", "Delivery"),
];

/// Paths whose last part alone would not say what they are.
const WHOLE: [(&str, &str, &str); 5] = [
    ("payment.method", "支払方法", "Payment method"),
    ("delivery.method", "配送方法", "Delivery method"),
    ("amounts.total", "商品・送料の合計", "Goods and postage"),
    ("marks", "注文の区分", "Marks of the order"),
    ("tax", "税率別", "Tax per rate"),
];

fn part(name: &str, lang: Lang) -> Option<&'static str> {
    PARTS.iter().find(|(key, ..)| *key == name).map(|(_, ja, en)| lang.t(ja, en))
}

/// `lines[17].quantity` → list, key, rest.
fn item(path: &str) -> Option<(&str, &str, &str)> {
    let (list, after) = path.split_once('[')?;
    let (key, rest) = after.split_once(']')?;
    Some((list, key, rest.strip_prefix('.').unwrap_or(rest)))
}

/// The name of a field, without where it stands.
#[must_use]
pub fn short(path: &str, lang: Lang) -> String {
    if let Some((_, ja, en)) = WHOLE.iter().find(|(whole, ..)| *whole == path) {
        return lang.t(ja, en).to_owned();
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    let last = last.split('[').next().unwrap_or(last);
    part(last, lang).map_or_else(|| path.to_owned(), str::to_owned)
}

/// The name of a field with where it stands: `お届け先 住所2`, `明細 12 数量`.
#[must_use]
pub fn label(path: &str, lang: Lang) -> String {
    if let Some((list, key, rest)) = item(path) {
        let list = part(list, lang).unwrap_or(list);
        let key = key.replace("%2E", ".").replace("%5D", "]").replace("%5B", "[").replace("%25", "%");
        return if rest.is_empty() {
            format!("{list} {key}")
        } else {
            format!("{list} {key} {}", short(rest, lang))
        };
    }
    match path.strip_prefix("buyer.") {
        Some(rest) => format!("{} {}", lang.t("注文者", "Buyer"), short(rest, lang)),
        None => short(path, lang),
    }
}

/// Phone numbers and mail addresses: masked without the right to see them.
#[must_use]
pub fn is_contact(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("phone" | "phone2" | "email"))
}

const AMOUNTS: [&str; 18] = [
    "goods",
    "postage",
    "cod_fee",
    "payment_fee",
    "other_fee",
    "wrapping",
    "discount",
    "points_used",
    "coupon_shop",
    "coupon_mall",
    "total",
    "requested",
    "unit_price",
    "unit_price_with_tax",
    "wrapping_price",
    "price",
    "taxed",
    "collect_amount",
];

/// 10 %, 8 %, 8.5 %.
#[must_use]
pub fn rate(bp: i64) -> String {
    let (whole, rest) = (bp / 100, (bp % 100).abs());
    match rest {
        0 => format!("{whole}%"),
        _ => format!("{whole}.{}%", format!("{rest:02}").trim_end_matches('0')),
    }
}

/// Nothing stands there.
#[must_use]
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => {
            let blank = |key: &str| fields.get(key).is_none_or(|v| v.as_str() == Some(""));
            fields.contains_key("code") && !fields.contains_key("key") && blank("code") && blank("label")
        }
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn list_item(value: &Value, lang: Lang) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    match value {
        Value::Object(o) if o.contains_key("name") && o.contains_key("value") => {
            let (name, chosen) = (text("name"), text("value"));
            if name.is_empty() { chosen.to_owned() } else { format!("{name}：{chosen}") }
        }
        Value::String(code) => mark(code, lang),
        other => words("", other, lang),
    }
}

/// Marks and promises that adapters write as keys; what is not known stands there as it is.
fn mark(code: &str, lang: Lang) -> String {
    let (ja, en) = match code {
        "deal" => ("タイムセール", "deal"),
        "drug" => ("医薬品", "drug"),
        "ships_alone" => ("単独配送", "ships alone"),
        "postage_included" => ("送料込", "postage included"),
        "restore_stock" => ("在庫連動", "restores stock"),
        "buyer_masked" => ("注文者情報は非開示", "buyer is masked"),
        "receipt" => ("領収書", "receipt"),
        "invoice" => ("請求書", "invoice"),
        "packing_slip" => ("納品書", "packing slip"),
        other => return other.to_owned(),
    };
    format!("{}（{code}）", lang.t(ja, en))
}

/// A value in words.
#[must_use]
pub fn words(path: &str, value: &Value, lang: Lang) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    let amount = AMOUNTS.contains(&last) || (last == "tax" && path.starts_with("tax["));
    match value {
        Value::Null => lang.t("（空欄）", "(empty)").to_owned(),
        Value::Bool(true) => lang.t("はい", "yes").to_owned(),
        Value::Bool(false) => lang.t("いいえ", "no").to_owned(),
        Value::String(text) if amount && text == "undecided" => lang.t("未確定", "undecided").to_owned(),
        Value::String(text) if matches!(last, "paid_on" | "deliver_on") => day(text),
        Value::String(text) => match (last, text.as_str()) {
            ("payer", "shop") => lang.t("当店負担", "shop").to_owned(),
            ("payer", "mall") => lang.t("モール負担", "mall").to_owned(),
            ("payer", "maker") => lang.t("メーカー負担", "maker").to_owned(),
            ("fulfillment", "seller") => lang.t("当店", "shop").to_owned(),
            ("fulfillment", "fba") => "FBA".to_owned(),
            _ => text.clone(),
        },
        Value::Number(n) => match n.as_i64() {
            Some(bp) if last.ends_with("rate_bp") => rate(bp),
            Some(n) => crate::words::grouped(n),
            None => n.to_string(),
        },
        Value::Array(items) if items.is_empty() => lang.t("（なし）", "(none)").to_owned(),
        Value::Array(items) => items.iter().map(|i| list_item(i, lang)).collect::<Vec<_>>().join(" ／ "),
        Value::Object(fields) => object(path, value, fields, lang),
    }
}

fn object(path: &str, value: &Value, fields: &serde_json::Map<String, Value>, lang: Lang) -> String {
    if let Some(money) = fields.get("decided") {
        let money = serde_json::from_value::<domain::Money>(money.clone());
        return money.map_or_else(|_| value.to_string(), |m| m.to_string());
    }
    if let Some(code) = fields.get("code").and_then(Value::as_str)
        && !fields.contains_key("key")
    {
        let label = fields.get("label").and_then(Value::as_str).unwrap_or_default();
        return match (label, code) {
            ("", code) => code.to_owned(),
            (label, "") => label.to_owned(),
            (label, code) => format!("{label}（{code}）"),
        };
    }
    // A whole item of a list that came or went: its fields one after the other.
    let shown = fields
        .iter()
        .filter(|(_, v)| !is_empty(v))
        .map(|(name, v)| format!("{}：{}", short(name, lang), words(&format!("{path}.{name}"), v, lang)));
    shown.collect::<Vec<_>>().join(" ／ ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_called_by_their_place_and_name() {
        for (path, ja) in [
            ("buyer.city", "注文者 市区町村"),
            ("recipients[1074640201].party.address2", "お届け先 1074640201 住所2"),
            ("lines[1].quantity", "明細 1 数量"),
            ("lines[1]", "明細 1"),
            ("payment.method", "支払方法"),
            ("delivery.method", "配送方法"),
            ("amounts.requested", "請求額"),
            ("grouping", "同梱・分割"),
            ("no_such.field", "no_such.field"),
        ] {
            assert_eq!(label(path, Lang::Ja), ja);
        }
    }

    #[test]
    fn every_field_of_a_full_content_has_a_name_in_both_languages() {
        for content in super::super::full::contents() {
            for path in domain::reconcile::fields(&content).keys() {
                let (ja, en) = (label(path, Lang::Ja), label(path, Lang::En));
                assert!(ja != *path && en != *path, "{path} has no name");
            }
        }
    }

    #[test]
    fn values_read_like_a_japanese_desk_writes_them() {
        for (path, value, text) in [
            ("amounts.requested", json!({"decided": {"minor": 5400, "currency": "JPY"}}), "5,400円"),
            ("amounts.postage", json!("undecided"), "未確定"),
            ("buyer_note", json!("undecided"), "undecided"),
            ("lines[1].tax_rate_bp", json!(800), "8%"),
            ("tax[8].rate_bp", json!(850), "8.5%"),
            ("payment.method", json!({"code": "1", "label": "クレジットカード"}), "クレジットカード（1）"),
            ("delivery.deliver_on", json!("2026-11-25"), "2026/11/25"),
            (
                "lines[1].options",
                json!([{"name": "色", "value": "青"}, {"name": "", "value": "名入れ"}]),
                "色：青 ／ 名入れ",
            ),
            ("lines[1].marks", json!(["deal", "x:1"]), "タイムセール（deal） ／ x:1"),
            ("gift", json!(true), "はい"),
            ("buyer.city", Value::Null, "（空欄）"),
            ("coupons[a].payer", json!("mall"), "モール負担"),
        ] {
            assert_eq!(words(path, &value, Lang::Ja), text, "{path}");
        }
        assert!(
            words("lines[2]", &json!({"key": "2", "title": "袋", "quantity": 1}), Lang::Ja)
                .contains("商品名：袋")
        );
    }

    #[test]
    fn contacts_are_phone_numbers_and_mail_addresses_only() {
        for contact in ["buyer.phone", "recipients[1].party.phone2", "buyer.email"] {
            assert!(is_contact(contact));
        }
        assert!(!is_contact("buyer.city") && !is_contact("phone_book"));
    }
}
