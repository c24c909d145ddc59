//! Amazon's words with their Japanese names (amazon.md 2.1, 2.3, 3).

use domain::snapshot::MallStage;

/// Marketplace of Amazon.co.jp.
pub(super) const JAPAN: &str = "A1VC38T7YXB528";

/// fulfillmentStatus (2.1): code, name, stage, fetched unless the shop says otherwise.
///
/// Fetched is what still has work in it; unpaid orders come in as 保留中 and hold stock (trap 1).
pub(super) const STATUSES: [(&str, &str, MallStage, bool); 7] = [
    ("PENDING_AVAILABILITY", "予約商品（発売前）", MallStage::MallProcessing, true),
    ("PENDING", "保留中", MallStage::MallProcessing, true),
    ("UNSHIPPED", "未出荷", MallStage::Shippable, true),
    ("PARTIALLY_SHIPPED", "一部出荷済み", MallStage::PartlyShipped, true),
    ("SHIPPED", "出荷済み", MallStage::Shipped, false),
    ("CANCELLED", "キャンセル済み", MallStage::Cancelled, false),
    // Only of orders that Amazon ships for other shops: nothing is to be done here.
    ("UNFULFILLABLE", "出荷不可（マルチチャネル）", MallStage::Closed, false),
];

/// Name and stage of a fulfillmentStatus.
pub(super) fn status(code: &str) -> Option<(&'static str, MallStage)> {
    STATUSES.iter().find(|(c, ..)| *c == code).map(|(_, label, stage, _)| (*label, *stage))
}

/// Words with their names.
pub(super) type Table = &'static [(&'static str, &'static str)];

/// Name of a word in a table.
pub(super) fn name_of(table: Table, code: &str) -> Option<&'static str> {
    table.iter().find(|(c, _)| *c == code).map(|(_, name)| *name)
}

/// programs of an order (2.1).
pub(super) const PROGRAMS: Table = &[
    ("AMAZON_BAZAAR", "Amazon Bazaar"),
    ("AMAZON_BUSINESS", "Amazonビジネス"),
    ("AMAZON_EASY_SHIP", "Easy Ship"),
    ("AMAZON_HAUL", "Amazon Haul"),
    ("DELIVERY_BY_AMAZON", "Amazonによる配送"),
    ("FBM_SHIP_PLUS", "FBM Ship+"),
    ("INVOICE_BY_AMAZON", "Amazonによる請求書"),
    ("IN_STORE_PICK_UP", "店舗受取"),
    ("PREMIUM", "プレミアム"),
    ("PREORDER", "予約商品"),
    ("PRIME", "マケプレプライム"),
];

/// The program whose orders need no shipment notice (3).
pub(super) const SHIP_PLUS: &str = "FBM_SHIP_PLUS";

/// The mark of a program.
pub(super) fn program_mark(program: &str) -> String {
    format!("program:{program}")
}

/// fulfillmentServiceLevel (2.1).
pub(super) const SERVICE_LEVELS: Table = &[
    ("EXPEDITED", "お急ぎ"),
    ("FREE_ECONOMY", "無料配送"),
    ("NEXT_DAY", "翌日"),
    ("PRIORITY", "優先"),
    ("SAME_DAY", "当日"),
    ("SECOND_DAY", "翌々日"),
    ("SCHEDULED", "日時指定"),
    ("STANDARD", "通常"),
];

/// paymentMethod: the model's examples, and v0's words for the parts of a COD order (2.3). Others may come (12.5).
pub(super) const PAYMENTS: Table = &[
    ("CashOnDelivery", "代金引換"),
    ("COD", "代金引換"),
    ("ConvenienceStore", "コンビニ・ATM・電子マネー前払い"),
    ("CVS", "コンビニ・ATM・電子マネー前払い"),
    ("CreditCard", "クレジットカード"),
    ("Invoice", "請求書払い"),
    ("Pix", "Pix"),
    ("GC", "ギフト券"),
    ("PointsAccount", "Amazonポイント"),
    ("Other", "その他"),
];

/// Is it 代金引換?
pub(super) fn is_cod(method: &str) -> bool {
    matches!(method, "CashOnDelivery" | "COD")
}

/// Is it paid before shipping at a store or the like?
pub(super) fn is_prepaid(method: &str) -> bool {
    matches!(method, "ConvenienceStore" | "CVS")
}

/// status of a package (2.1).
pub(super) const PACKAGE_STATUSES: [&str; 6] =
    ["PENDING", "IN_TRANSIT", "SHIPPED", "DELIVERED", "CANCELLED", "UNDELIVERABLE"];

/// addressType (2.1).
pub(super) const ADDRESS_TYPES: [&str; 3] = ["RESIDENTIAL", "COMMERCIAL", "PICKUP_POINT"];

/// Our key, Amazon's code with the name behind a colon, and the Japanese name. Only 日本郵便 and the others go by
/// `Other`: their codes in the current list could not be read (3, 12.1).
pub(super) const CARRIERS: [(&str, &str, &str); 7] = [
    ("yamato", "YAMATO:ヤマト運輸", "ヤマト運輸"),
    ("sagawa", "SAGAWA:佐川急便", "佐川急便"),
    ("japan_post", "Other:日本郵便", "日本郵便"),
    ("nittsu", "NITTSU:日本通運", "日本通運"),
    ("seino", "Other:西濃運輸", "西濃運輸"),
    ("seino_express", "Other:セイノースーパーエクスプレス", "セイノースーパーエクスプレス"),
    ("fukuyama", "Other:福山通運", "福山通運"),
];

/// A carrier as a shop's master list holds it for Amazon: `YAMATO`, `YAMATO:ヤマト運輸`, `YAMATO:ヤマト運輸:宅急便`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CarrierCode {
    /// carrierCode.
    pub(super) code: String,
    /// carrierName; empty when not said.
    pub(super) name: String,
    /// shippingMethod (Amazon配送方法); empty when not said.
    pub(super) method: String,
}

impl CarrierCode {
    /// Reads it. A name may not hold a colon; what stands behind the second one is the method.
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, [':', '：']);
        let mut part = || parts.next().unwrap_or_default().trim().to_owned();
        Self { code: part(), name: part(), method: part() }
    }

    /// Unlisted carriers go by name (3).
    pub(super) fn is_other(&self) -> bool {
        self.code.eq_ignore_ascii_case("other")
    }

    /// Is this what stands at the mall? How Amazon writes the carrier it was told is not documented, so the code and
    /// the name both count.
    pub(super) fn names(&self, seen: &str) -> bool {
        let same = |own: &str| !own.is_empty() && own.eq_ignore_ascii_case(seen);
        (!self.is_other() && same(&self.code)) || same(&self.name)
    }
}
