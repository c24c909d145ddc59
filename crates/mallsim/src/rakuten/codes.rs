//! Code lists and message texts (document 2.2–2.9, 3). Texts the document gives are verbatim; the others are worded
//! in its manner, and codes marked 〔I〕 are inferences where it has none.

use crate::json::Json;

/// One `MessageModel` (2.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub kind: &'static str,
    pub code: String,
    pub text: String,
    pub order: Option<String>,
    /// `dataNumber` and `shippingDetailId`; the keys are written when this is given, as null when empty inside.
    pub record: Option<(Option<i64>, Option<i64>)>,
    pub request_id: Option<String>,
}

/// Message families, `ORDER_EXT_API_{family}_{kind}_{n}`.
pub(crate) mod family {
    pub(crate) const SEARCH: &str = "SEARCH_ORDER";
    pub(crate) const GET: &str = "GET_ORDER";
    pub(crate) const CONFIRM: &str = "CONFIRM_ORDER";
    pub(crate) const SHIPPING: &str = "UPDATE_ORDERSHIPPING";
    pub(crate) const SHIPPING_ASYNC: &str = "UPDATE_ORDERSHIPPING_ASYNC";
    pub(crate) const RESULT: &str = "GET_RESULT_UPDATEORDERSHIPPING_ASYNC";
    pub(crate) const SUB_LIST: &str = "GET_SUBSTATUSLIST";
    pub(crate) const SUB_STATUS: &str = "UPDATE_ORDERSUBSTATUS";
    pub(crate) const MEMO: &str = "UPDATE_ORDERMEMO";
    pub(crate) const REMARKS: &str = "UPDATE_ORDERREMARKS";
    pub(crate) const CANCEL: &str = "CANCEL_ORDER";
    pub(crate) const CANCEL_AFTER: &str = "CANCEL_ORDER_AFTER_SHIPPING";
    pub(crate) const PAYMENT: &str = "GET_PAYMENT";
}

impl Message {
    fn new(kind: &'static str, family: &str, number: &str, text: &str) -> Self {
        Self {
            kind,
            code: format!("ORDER_EXT_API_{family}_{kind}_{number}"),
            text: text.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn info(family: &str, number: &str, text: &str) -> Self {
        Self::new("INFO", family, number, text)
    }

    pub(crate) fn error(family: &str, number: &str, text: &str) -> Self {
        Self::new("ERROR", family, number, text)
    }

    /// A mandatory item is missing.
    pub(crate) fn missing(family: &str, name: &str) -> Self {
        Self::error(family, "009", &format!("{name}の項目を指定して下さい。"))
    }

    /// An item has the wrong format or value.
    pub(crate) fn format(family: &str, name: &str) -> Self {
        Self::error(family, "011", &format!("{name}の書式が不正です。"))
    }

    /// 〔I〕 no such order in this shop (2.7 has `_016` for a number of another shop).
    pub(crate) fn unknown_order(family: &str) -> Self {
        Self::error(family, "016", "指定された注文番号は存在しません。")
    }

    pub(crate) fn order(mut self, number: &str) -> Self {
        self.order = Some(number.to_owned());
        self
    }

    pub(crate) fn record(mut self, data: Option<i64>, detail: Option<i64>) -> Self {
        self.record = Some((data, detail));
        self
    }

    pub(crate) fn write(&self, json: &mut Json) {
        json.object("", |j| {
            j.text("messageType", self.kind);
            j.text("messageCode", &self.code);
            j.text("message", &self.text);
            if let Some(order) = &self.order {
                j.text("orderNumber", order);
            }
            if let Some((data, detail)) = self.record {
                j.opt_int("dataNumber", data);
                j.opt_int("shippingDetailId", detail);
            }
            if let Some(id) = &self.request_id {
                j.text("requestId", id);
            }
        });
    }
}

/// Writes `MessageModelList`.
pub(crate) fn write_all(json: &mut Json, messages: &[Message]) {
    json.list("MessageModelList", messages, |j, m| m.write(j));
}

/// 3.4.
pub(crate) fn payment_name(code: i64) -> &'static str {
    match code {
        1 => "クレジットカード",
        2 => "代金引換",
        4 => "ショッピングクレジット／ローン",
        7 => "請求書払い",
        8 => "ポイント",
        9 => "銀行振込",
        12 => "Apple Pay",
        13 => "セブンイレブン（前払）",
        14 => "ファミリーマート、ローソン等（前払）",
        16 => "Alipay",
        17 => "PayPal",
        21 => "後払い決済",
        27 => "Alipay（支付宝）",
        _ => "その他",
    }
}

/// 3.7.
const CARRIERS: [&str; 32] = [
    "その他",
    "ヤマト運輸",
    "佐川急便",
    "日本郵便",
    "西濃運輸",
    "セイノースーパーエクスプレス",
    "福山通運",
    "名鉄運輸",
    "トナミ運輸",
    "第一貨物",
    "新潟運輸",
    "中越運送",
    "岡山県貨物運送",
    "久留米運送",
    "山陽自動車運送",
    "NXトランスポート",
    "エコ配",
    "EMS",
    "DHL",
    "FedEx",
    "UPS",
    "日本通運",
    "TNT",
    "OCS",
    "USPS",
    "SFエクスプレス",
    "Aramex",
    "SGHグローバル・ジャパン",
    "Rakuten EXPRESS",
    "日本郵便 楽天倉庫出荷",
    "ヤマト運輸 クロネコゆうパケット",
    "名鉄NX運輸",
];

/// The name of a carrier code, 1000–1031.
pub(crate) fn carrier_name(code: &str) -> Option<&'static str> {
    let number = code.parse::<usize>().ok().filter(|_| code.len() == 4)?;
    CARRIERS.get(number.checked_sub(1000)?).copied()
}

/// The shop's sub-statuses: (orderProgress, id, name, order).
pub(crate) const SUB_STATUSES: [(i64, i64, &str, i64); 6] = [
    (100, 1001, "在庫確認中", 1),
    (100, 1002, "問い合わせ中", 2),
    (300, 3001, "取込済み", 1),
    (300, 3002, "出荷準備中", 2),
    (300, 3601, "入荷待ち", 3),
    (500, 5001, "到着確認済み", 1),
];

/// 2.3 `shippingTerm`: 0, 1, 2, 9 or `h1h2` with h1 from 7.
pub(crate) fn shipping_term_ok(term: i64) -> bool {
    let (from, to) = (term / 100, term % 100);
    matches!(term, 0 | 1 | 2 | 9) || ((7..=24).contains(&from) && (7..=24).contains(&to) && from < to)
}

/// Trap 17: 機種依存文字 and emoji are refused in texts the shop writes.
pub(crate) fn machine_dependent(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(u32::from(c),
            0x2460..=0x24FF | 0x2160..=0x217F | 0x3220..=0x33FF | 0x2116 | 0x2121
            | 0x2600..=0x27BF | 0xE000..=0xF8FF | 0x1_0000..)
    })
}
