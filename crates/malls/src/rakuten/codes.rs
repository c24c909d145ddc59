//! Codes of the document with their names (rakuten.md 2.2, 2.3, 2.9, 3).

use domain::snapshot::MallStage;

/// orderProgress (3.1): code, name, stage, fetched unless the shop says otherwise (楽天ペイ取得ステータス).
///
/// Fetched are the orders that still have work in them; 発送済 and later were shipped elsewhere, and an order that
/// was cancelled before we ever saw it needs no work here. Known orders are followed in every status.
pub(super) const STATUSES: [(&str, &str, MallStage, bool); 9] = [
    ("100", "注文確認待ち", MallStage::AwaitingConfirmation, true),
    ("200", "楽天処理中", MallStage::MallProcessing, true),
    ("300", "発送待ち", MallStage::Shippable, true),
    ("400", "変更確定待ち", MallStage::ChangePending, true),
    ("500", "発送済", MallStage::Shipped, false),
    ("600", "支払手続き中", MallStage::Shipped, false),
    ("700", "支払手続き済", MallStage::Closed, false),
    ("800", "キャンセル確定待ち", MallStage::CancelRequested, false),
    ("900", "キャンセル確定", MallStage::Cancelled, false),
];

/// Name and stage of an orderProgress.
pub(super) fn status(code: &str) -> Option<(&'static str, MallStage)> {
    STATUSES.iter().find(|(c, ..)| *c == code).map(|(_, label, stage, _)| (*label, *stage))
}

/// Numbers with their names.
pub(super) type Table = &'static [(i64, &'static str)];

/// Name of a number in a table.
pub(super) fn name_of(table: Table, code: i64) -> Option<&'static str> {
    table.iter().find(|(c, _)| *c == code).map(|(_, name)| *name)
}

/// orderType (3.3): neutral kind and name.
pub(super) fn order_kind(code: i64) -> Option<(&'static str, &'static str)> {
    match code {
        1 => Some(("normal", "通常購入")),
        4 => Some(("subscription", "定期購入")),
        5 => Some(("club", "頒布会")),
        6 => Some(("preorder", "予約商品")),
        _ => None,
    }
}

/// settlementMethodCode (3.4).
pub(super) const PAYMENTS: [(i64, &str); 16] = [
    (1, "クレジットカード"),
    (2, "代金引換"),
    (3, "後払い"),
    (4, "ショッピングクレジット／ローン"),
    (5, "オートローン"),
    (6, "リース"),
    (7, "請求書払い"),
    (8, "ポイント"),
    (9, "銀行振込"),
    (12, "Apple Pay"),
    (13, "セブンイレブン（前払）"),
    (14, "ファミリーマート、ローソン等（前払）"),
    (16, "Alipay"),
    (17, "PayPal"),
    (21, "後払い決済"),
    (27, "Alipay（支付宝）"),
];

/// deliveryClass (3.6); 0 = none chosen.
pub(super) const DELIVERY_CLASSES: [(i64, &str); 9] = [
    (0, "選択なし"),
    (1, "普通"),
    (2, "冷蔵"),
    (3, "冷凍"),
    (4, "その他1"),
    (5, "その他2"),
    (6, "その他3"),
    (7, "その他4"),
    (8, "その他5"),
];

/// carrierCode of the order: the device (2.3), as a mark.
pub(super) const DEVICES: [(i64, &str); 12] = [
    (0, "device:pc"),
    (1, "device:feature_phone"),
    (2, "device:feature_phone"),
    (3, "device:feature_phone"),
    (5, "device:feature_phone"),
    (11, "device:iphone"),
    (12, "device:android"),
    (19, "device:phone"),
    (21, "device:ipad"),
    (22, "device:android_tablet"),
    (29, "device:tablet"),
    (99, "device:unknown"),
];

/// cautionDisplayType (2.3).
pub(super) const CAUTIONS: [(i64, &str); 2] = [(1, "警告表示"), (2, "警告表示（キャンセル確定）")];

/// cautionDisplayDetailType (2.3).
pub(super) const CAUTION_DETAILS: [(i64, &str); 5] = [
    (101, "前払いの未入金"),
    (102, "受取拒否"),
    (103, "長期不在"),
    (104, "開封後の返品"),
    (105, "過度な要求"),
];

/// dueDateType (2.3): key and name of the deadline.
pub(super) fn due_date(code: i64) -> Option<(&'static str, &'static str)> {
    match code {
        0 => Some(("payment_due", "支払い期限日")),
        1 => Some(("payment_change_due", "支払い方法変更期限日")),
        2 => Some(("refund_due", "返金手続き期限日")),
        _ => None,
    }
}

/// changeReasonDetail (2.9, 2.3).
pub(super) const CHANGE_DETAILS: [(i64, &str); 12] = [
    (1, "キャンセル"),
    (2, "受取後の返品"),
    (3, "長期不在による受取拒否"),
    (4, "未入金"),
    (5, "代引の受取拒否"),
    (6, "その他（お客様都合）"),
    (8, "欠品"),
    (10, "その他（店舗都合）"),
    (13, "発送遅延"),
    (14, "警告表示"),
    (15, "返品（破損・品間違い）"),
    (16, "ギフトのお届け先が期限までに入力されなかった"),
];

/// cvsCode (2.3). The document names some; 70–74, 80–82 and 90–93 exist without names.
pub(super) fn pickup_chain(code: i64) -> Option<&'static str> {
    match code {
        1 => Some("ファミリーマート"),
        20 => Some("ミニストップ"),
        40 => Some("サークルK"),
        41 => Some("サンクス"),
        50 => Some("ローソン"),
        60 => Some("郵便局"),
        85 => Some("ニューデイズ"),
        70..=74 | 80..=82 | 90..=93 => Some(""),
        _ => None,
    }
}

/// cardPayType with cardInstallmentDesc (2.3): 103 = 3 payments … 124 = 24.
pub(super) fn card_terms(pay_type: i64, instalments: &str) -> Option<String> {
    match pay_type {
        0 => Some("一括払い".to_owned()),
        1 => Some("リボ払い".to_owned()),
        2 => Some(match instalments.parse::<i64>().map(|n| n - 100) {
            Ok(count @ 3..=24) => format!("分割払い（{count}回）"),
            _ => "分割払い".to_owned(),
        }),
        3 => Some("その他の支払い回数".to_owned()),
        4 => Some("ボーナス一括払い".to_owned()),
        _ => None,
    }
}

/// shippingTerm (2.3): `None` = not a known form. Hours are `h1h2` as a number: 708 = 7–8, 1416 = 14–16.
pub(super) fn slot(code: i64) -> Option<String> {
    match code {
        1 => Some("午前中".to_owned()),
        2 => Some("午後".to_owned()),
        9 => Some("その他".to_owned()),
        _ => {
            let (from, to) = (code / 100, code % 100);
            ((7..=24).contains(&from) && (7..=24).contains(&to) && from < to)
                .then(|| format!("{from}時～{to}時"))
        }
    }
}

/// deliveryCompany (3.7): our key, code, name.
pub(super) const CARRIERS: [(&str, &str, &str); 32] = [
    ("other", "1000", "その他"),
    ("yamato", "1001", "ヤマト運輸"),
    ("sagawa", "1002", "佐川急便"),
    ("japan_post", "1003", "日本郵便"),
    ("seino", "1004", "西濃運輸"),
    ("seino_express", "1005", "セイノースーパーエクスプレス"),
    ("fukuyama", "1006", "福山通運"),
    ("meitetsu", "1007", "名鉄運輸"),
    ("tonami", "1008", "トナミ運輸"),
    ("daiichi_kamotsu", "1009", "第一貨物"),
    ("niigata", "1010", "新潟運輸"),
    ("chuetsu", "1011", "中越運送"),
    ("okayama", "1012", "岡山県貨物運送"),
    ("kurume", "1013", "久留米運送"),
    ("sanyo", "1014", "山陽自動車運送"),
    ("nx_transport", "1015", "NXトランスポート"),
    ("ecohai", "1016", "エコ配"),
    ("ems", "1017", "EMS"),
    ("dhl", "1018", "DHL"),
    ("fedex", "1019", "FedEx"),
    ("ups", "1020", "UPS"),
    ("nittsu", "1021", "日本通運"),
    ("tnt", "1022", "TNT"),
    ("ocs", "1023", "OCS"),
    ("usps", "1024", "USPS"),
    ("sf_express", "1025", "SFエクスプレス"),
    ("aramex", "1026", "Aramex"),
    ("sgh_global", "1027", "SGHグローバル・ジャパン"),
    ("rakuten_express", "1028", "Rakuten EXPRESS"),
    ("japan_post_rakuten", "1029", "日本郵便 楽天倉庫出荷"),
    ("yamato_yu_packet", "1030", "ヤマト運輸 クロネコゆうパケット"),
    ("meitetsu_nx", "1031", "名鉄NX運輸"),
];
