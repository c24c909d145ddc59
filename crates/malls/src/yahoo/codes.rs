//! Codes of the document with their names (yahoo.md 4.3 to 4.5, 4.10).

use domain::snapshot::MallStage;

/// OrderStatus (4.3): code, name, stage by itself, fetched unless the shop says otherwise (Yahoo取得ステータス). What
/// payment and shipping say on top is in `mapping`. 8 has a name and no description: shown, never worked on (4.9).
pub(super) const STATUSES: [(&str, &str, MallStage, bool); 7] = [
    ("0", "未入力", MallStage::MallProcessing, true),
    ("1", "予約中", MallStage::MallProcessing, true),
    ("2", "処理中", MallStage::Shippable, true),
    ("3", "保留", MallStage::ChangePending, true),
    ("4", "キャンセル", MallStage::Cancelled, false),
    ("5", "完了", MallStage::Closed, false),
    ("8", "繰上げ同意待ち", MallStage::Unknown, true),
];

/// Name and stage of an OrderStatus.
pub(super) fn status(code: &str) -> Option<(&'static str, MallStage)> {
    STATUSES.iter().find(|(c, ..)| *c == code).map(|(_, label, stage, _)| (*label, *stage))
}

/// Codes with their names.
pub(super) type Table = &'static [(&'static str, &'static str)];

/// Name of a code in a table.
pub(super) fn name_of(table: Table, code: &str) -> Option<&'static str> {
    table.iter().find(|(c, _)| *c == code).map(|(_, name)| *name)
}

/// PayStatus (4.4).
pub(super) const PAY_STATUSES: [(&str, &str); 2] = [("0", "入金待ち"), ("1", "入金済み")];

/// ShipStatus (4.5).
pub(super) const SHIP_STATUSES: [(&str, &str); 5] =
    [("0", "出荷不可"), ("1", "出荷可"), ("2", "出荷処理中"), ("3", "出荷済み"), ("4", "着荷済み")];

/// SettleStatus (4.4).
pub(super) const SETTLE_STATUSES: [(&str, &str); 12] = [
    ("1", "決済申込"),
    ("2", "支払待ち"),
    ("3", "支払完了"),
    ("4", "入金待ち"),
    ("5", "決済完了"),
    ("6", "キャンセル"),
    ("7", "返金"),
    ("8", "有効期限切れ"),
    ("9", "決済申込中"),
    ("10", "オーソリエラー"),
    ("11", "売上取消"),
    ("12", "Suicaアドレスエラー"),
];

/// Settlements that somebody must look at: shown as 警告.
pub(super) const SETTLE_CAUTIONS: [&str; 6] = ["6", "7", "8", "10", "11", "12"];

/// PayMethod (4.4). Names of the mall change (10.18): the code decides, the name is only shown.
pub(super) const PAYMENTS: [(&str, &str); 24] = [
    ("payment_a1", "クレジットカード"),
    ("payment_a6", "コンビニ（セブン）"),
    ("payment_a7", "コンビニ（その他）"),
    ("payment_a8", "モバイルSuica"),
    ("payment_a9", "d払い"),
    ("payment_a10", "au PAY（auかんたん決済）"),
    ("payment_a11", "ソフトバンクまとめて支払い"),
    ("payment_a15", "ペイジー"),
    ("payment_a16", "Yahoo!マネー／預金払い"),
    ("payment_a17", "PayPay残高等"),
    ("payment_a18", "ゆっくり払い"),
    ("payment_a19", "PayPayクレジット"),
    ("payment_b1", "銀行振込"),
    ("payment_b2", "銀行振込"),
    ("payment_b3", "銀行振込"),
    ("payment_b4", "銀行振込"),
    ("payment_c1", "ゆうちょ（前払い）"),
    ("payment_c2", "ゆうちょ（後払い）"),
    ("payment_c3", "現金書留"),
    (CASH_ON_DELIVERY, "商品代引"),
    ("payment_h1", "無料商品提供"),
    ("payment_z1", "ポイント全額払い"),
    ("payment_z3", "LINE外部決済"),
    ("payment_z4", "商品券"),
];

/// 商品代引.
pub(super) const CASH_ON_DELIVERY: &str = "payment_d1";

/// Name of a payment method; `None` = a code this version does not know.
pub(super) fn payment(code: &str) -> Option<&'static str> {
    let numbered = |prefix: &str, last: u32| {
        let number = code.strip_prefix(prefix).filter(|n| !n.starts_with('0'));
        number.and_then(|n| n.parse::<u32>().ok()).is_some_and(|n| (1..=last).contains(&n))
    };
    name_of(&PAYMENTS, code)
        .or_else(|| numbered("payment_b", 6).then_some("銀行振込"))
        .or_else(|| numbered("payment_e", 15).then_some("ストア独自の支払い方法"))
}

/// Paid before shipping at a store, a bank or the like, where PayType does not say it (CSV).
pub(super) fn is_prepaid(code: &str) -> bool {
    matches!(code, "payment_a6" | "payment_a7" | "payment_a8" | "payment_a15" | "payment_c1" | "payment_c3")
        || code.starts_with("payment_b")
}

/// Settled by the mall: PayStatus changes by itself (5.4).
pub(super) fn is_settled_by_mall(code: &str) -> bool {
    code.starts_with("payment_a") || code.starts_with("payment_z")
}

/// CardPayType (4.4).
pub(super) const CARD_TERMS: [(&str, &str); 4] =
    [("1", "一括払い"), ("2", "ボーナス払い"), ("3", "リボ払い"), ("4", "分割払い")];

/// DeviceType (4.3), as a mark.
pub(super) const DEVICES: [(&str, &str); 4] =
    [("1", "device:pc"), ("2", "device:feature_phone"), ("3", "device:smartphone"), ("4", "device:tablet")];

/// ArriveType (4.5).
pub(super) const ARRIVALS: [(&str, &str); 2] = [("1", "きょうつく"), ("2", "あすつく")];

/// ExcellentDelivery (4.5).
pub(super) const EXCELLENT: [(&str, &str); 2] = [("1", "優良配送"), ("2", "翌日優良配送")];

/// EazyDeliveryCode (4.5); 0 = 対面.
pub(super) const DROP_OFFS: [(&str, &str); 8] = [
    ("0", "対面"),
    ("1", "玄関ドア前"),
    ("2", "宅配BOX"),
    ("3", "ガスメーターBOX"),
    ("4", "物置"),
    ("5", "車庫"),
    ("6", "自転車かご"),
    ("7", "建物内受付／管理人"),
];

/// SocialGiftType (4.3).
pub(super) const SOCIAL_GIFTS: [(&str, &str); 4] = [
    ("1", "social_gift:url"),
    ("2", "social_gift:address"),
    ("3", "social_gift:wish_list"),
    ("4", "social_gift:support_list"),
];

/// ShipInvoiceNumberEmptyReason (4.5).
pub(super) const EMPTY_REASONS: [(&str, &str); 5] = [
    ("101", "メーカー直送"),
    ("102", "発送不要"),
    ("103", "店頭受取"),
    ("104", "配送会社から直接連絡"),
    ("105", "伝票番号なしの配送方法"),
];

/// CancelReason (4.10): code, by whom, name.
const CANCELS: [(&str, &str, &str); 24] = [
    ("0", "mall", "システムによるキャンセル"),
    ("100", "buyer", "キャンセル"),
    ("110", "buyer", "返品"),
    ("120", "buyer", "未入金"),
    ("130", "buyer", "住所不明"),
    ("140", "buyer", "受け取り拒否"),
    ("150", "buyer", "連絡不通"),
    ("160", "buyer", "重複注文"),
    ("170", "buyer", "決済審査不可"),
    ("180", "buyer", "その他（お客様都合）"),
    ("200", "shop", "決済方法都合"),
    ("210", "shop", "欠品"),
    ("220", "shop", "販売中止"),
    ("230", "shop", "その他（ストア都合）"),
    ("300", "buyer", "間違えて注文した"),
    ("310", "buyer", "ポイントの利用忘れ"),
    ("320", "buyer", "クーポンの利用忘れ"),
    ("330", "buyer", "他で安く売っていた"),
    ("340", "buyer", "送料が高い"),
    ("350", "buyer", "お届け先の変更"),
    ("360", "buyer", "配送方法の変更"),
    ("370", "buyer", "支払方法の変更"),
    ("380", "buyer", "カードが利用できない"),
    ("400", "mall", "役務と連動したキャンセル"),
];

/// By whom and why an order was cancelled.
pub(super) fn cancel(code: &str) -> Option<(&'static str, &'static str)> {
    CANCELS.iter().find(|(c, ..)| *c == code).map(|(_, by, name)| (*by, *name))
}

/// ShipCompanyCode (4.5): our key, code, name. Our keys are those of the other malls where the company is the same
/// (西武運輸 is today's セイノースーパーエクスプレス, 日本トラック today's NXトランスポート).
pub(super) const CARRIERS: [(&str, &str, &str); 32] = [
    ("other", "1000", "その他"),
    ("yamato", YAMATO, "ヤマト運輸"),
    ("sagawa", "1002", "佐川急便"),
    ("japan_post", JAPAN_POST, "日本郵便"),
    ("seino", "1004", "西濃運輸"),
    ("seino_express", "1005", "西武運輸"),
    ("fukuyama", "1006", "福山通運"),
    ("meitetsu", "1007", "名鉄運輸"),
    ("tonami", "1008", "トナミ運輸"),
    ("daiichi_kamotsu", "1009", "第一貨物"),
    ("niigata", "1010", "新潟運輸"),
    ("chuetsu", "1011", "中越運送"),
    ("okayama", "1012", "岡山県貨物運送"),
    ("kurume", "1013", "久留米運送"),
    ("sanyo", "1014", "山陽自動車運送"),
    ("nx_transport", "1015", "日本トラック"),
    ("ecohai", "1016", "エコ配"),
    ("ems", "1017", "EMS"),
    ("dhl", "1018", "DHL"),
    ("fedex", "1019", "FedEx"),
    ("ups", "1020", "UPS"),
    ("nittsu", "1021", "日通通運"),
    ("tnt", "1022", "TNT"),
    ("ocs", "1023", "OCS"),
    ("usps", "1024", "USPS"),
    ("sf_express", "1025", "SFエクスプレス"),
    ("aramex", "1026", "Aramex"),
    ("sgh_global", "1027", "SGHグローバル・ジャパン"),
    ("jp_logistics", "1028", "JPロジスティクス"),
    ("magical_move", "1029", "MagicalMove"),
    ("askul_logist", "5000", "ASKUL LOGIST"),
    ("pickup_shop", "5001", "受取店舗"),
];

/// ヤマト運輸.
pub(super) const YAMATO: &str = "1001";
/// 日本郵便.
pub(super) const JAPAN_POST: &str = "1003";
