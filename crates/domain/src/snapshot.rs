//! The neutral snapshot: what a mall said of one order, in words that fit every mall.
//!
//! A snapshot has two halves. `MallFacts` belong to the mall alone (its status, its shipping records, its hold):
//! they are always refreshed. `Content` is what staff may edit too (buyer, recipients, lines, wishes): it changes
//! only through the three-way reconcile (`reconcile`). What the adapter could not understand is kept under
//! `unknown`, word for word, and shown; nothing is guessed.
//!
//! In the JSON of `Content` only `Given` fields may be absent (absent = not given). Everything else always stands
//! there: the reconcile relies on it.

use crate::MallOrderId;
use crate::given::Given;
use crate::hold::Hold;
use crate::money::Amount;
use crate::time::UtcMillis;
use crate::write::ParcelLine;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Everything one mall said about one order at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version of the adapter's mapping that made this snapshot. When it differs from today's, the base of a
    /// reconcile is mapped again from the raw document first.
    pub mapping_version: u32,
    /// The mall's order number.
    pub mall_order_id: MallOrderId,
    /// 注文日時.
    pub ordered_at: UtcMillis,
    /// What only the mall decides.
    pub facts: MallFacts,
    /// What staff may edit as well.
    pub content: Content,
}

/// A mall's own code and, when the adapter knows it, its Japanese name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Coded {
    /// The code, as the mall writes it.
    pub code: String,
    /// Its name for people; empty when unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

impl Coded {
    /// A code with its name.
    pub fn new(code: impl Into<String>, label: impl Into<String>) -> Self {
        Self { code: code.into(), label: label.into() }
    }
}

/// Where an order stands in the mall's own life of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MallStage {
    /// Waits for the shop's 注文確認.
    AwaitingConfirmation,
    /// The mall works on it (authorisation, review, prepayment): waiting, not an error.
    MallProcessing,
    /// May be shipped.
    Shippable,
    /// A change is being settled.
    ChangePending,
    /// Some, but not all, shipped.
    PartlyShipped,
    /// Reported as shipped.
    Shipped,
    /// Settled, nothing left to do.
    Closed,
    /// A cancel was asked for.
    CancelRequested,
    /// Cancelled.
    Cancelled,
    /// A status the adapter does not know: kept, shown, never treated as success or failure.
    Unknown,
}

/// Who asked for a cancel or made it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MallCancel {
    /// Done, or only asked for.
    pub done: bool,
    /// `buyer`, `shop`, `mall` or the mall's own word.
    pub by: String,
    /// The mall's reason.
    pub reason: Coded,
}

/// A shipping record that stands at the mall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MallShipment {
    /// Mall key of the recipient (楽天 basketId).
    pub recipient_key: String,
    /// The mall's id of this record (楽天 shippingDetailId, Amazon packageReferenceId).
    pub mall_ref: String,
    /// The mall's carrier code; empty when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub carrier_code: String,
    /// 配送番号; empty when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tracking_number: String,
    /// 出荷日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_on: Option<Date>,
    /// What is in it, where the mall says so (Amazon): what is left to ship follows from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<ParcelLine>,
}

/// A value the adapter did not understand, kept as the mall wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownValue {
    /// The mall's field name.
    pub field: String,
    /// What stood there (shortened to 200 characters; the raw document has all of it).
    pub raw: String,
}

/// What only the mall decides. Always refreshed, never edited here, holds no buyer data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MallFacts {
    /// モールステータス, the mall's code and name.
    pub status: Coded,
    /// The neutral reading of it.
    pub stage: MallStage,
    /// Shop-defined sub-status at the mall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_status: Option<Coded>,
    /// Payment state at the mall (Yahoo! has one of its own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<Coded>,
    /// Shipping state at the mall (Yahoo! has one of its own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_status: Option<Coded>,
    /// Fraud review and the like.
    #[serde(default)]
    pub hold: Hold,
    /// Cancel asked for or done at the mall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<MallCancel>,
    /// Shipping records at the mall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<MallShipment>,
    /// The mall's own version or last-update text, where it has one: equal text means nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Last change at the mall, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<UtcMillis>,
    /// 注文確認日時.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<UtcMillis>,
    /// 注文確定日時: from here on it may be shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_at: Option<UtcMillis>,
    /// 発送完了報告日時.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_reported_at: Option<UtcMillis>,
    /// Ship no later than (Amazon latest ship time, LINE gift deadline).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<UtcMillis>,
    /// Payment deadline and the like: the mall's name of the deadline and its day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<(Coded, Date)>,
    /// The buyer changed the order after placing it.
    #[serde(default)]
    pub changed_by_buyer: bool,
    /// Warnings the mall shows about this order (楽天 警告表示).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<Coded>,
    /// What the adapter could not understand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownValue>,
}

/// Who ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Fulfillment {
    /// 通常注文: the shop ships.
    #[default]
    Seller,
    /// FBA注文: Amazon ships; imported, never notified.
    Fba,
}

/// A person with an address. Every field is what the mall said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
#[expect(missing_docs, reason = "the names of the fields are their meaning")]
pub struct Party {
    /// Whole name, where the mall does not split it (Amazon).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub full_name: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub family_name: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub given_name: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub family_kana: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub given_kana: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub company: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub department: Given<String>,
    /// Seven digits with a hyphen (`100-0001`) where it is a Japanese one, else as given.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub postal_code: Given<String>,
    /// ISO country; not given means Japan.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub country: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub prefecture: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub city: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub address1: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub address2: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub address3: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub phone: Given<String>,
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub phone2: Given<String>,
    /// Often a masked relay address that differs per order: never a key of a customer.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub email: Given<String>,
}

impl Party {
    /// The name as one text: the whole name, or family and given name with a space between.
    pub fn name(&self) -> String {
        match self.full_name.value() {
            Some(name) => name.clone(),
            None => join(&[self.family_name.text(), self.given_name.text()]),
        }
    }

    /// The kana reading as one text.
    pub fn kana(&self) -> String {
        join(&[self.family_kana.text(), self.given_kana.text()])
    }
}

fn join(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// One place the goods go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Recipient {
    /// The mall's key (楽天 basketId), or `1` where an order has exactly one.
    pub key: String,
    /// Name and address.
    pub party: Party,
    /// The buyer's gift recipient has not given an address yet: labels must wait.
    pub address_awaited: bool,
    /// 離島.
    pub remote_island: bool,
    /// のし.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub noshi: Given<String>,
    /// 置き配 place.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub drop_off: Given<String>,
    /// Convenience store, post office or other pickup point: name and address in one text.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub pickup_point: Given<String>,
    /// Words to the recipient.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub gift_message: Given<String>,
    /// 送料 of this recipient.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub postage: Given<Amount>,
    /// 代引手数料 of this recipient.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub cod_fee: Given<Amount>,
    /// Carrier the mall chose at purchase (mall code).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub default_carrier_code: Given<String>,
}

/// 項目選択肢 and the like: what the buyer chose, as name and value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineOption {
    /// Name; empty when the text had none.
    pub name: String,
    /// Value.
    pub value: String,
}

/// 明細.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Line {
    /// The mall's line key.
    pub key: String,
    /// Recipient this line goes to.
    pub recipient_key: String,
    /// SKU the stock is kept under (楽天 SKU管理番号 or システム連携用SKU番号, Amazon sellerSku).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub sku: Given<String>,
    /// The shop's key of the item (商品管理番号, Yahoo! ItemId).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub item_code: Given<String>,
    /// The mall's own id of the item (楽天 itemId, ASIN).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub mall_item_id: Given<String>,
    /// 商品番号.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub item_number: Given<String>,
    /// 商品名.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub title: Given<String>,
    /// Variant text (`カラー:青`).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub variant: Given<String>,
    /// What the buyer chose or wrote.
    pub options: Vec<LineOption>,
    /// Count ordered (set goods count as one).
    pub quantity: i64,
    /// Of these, cancelled.
    pub cancelled_quantity: i64,
    /// Unit price as shown.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub unit_price: Given<Amount>,
    /// The shown price holds the tax (税込).
    pub tax_included: bool,
    /// Unit price with tax, as the mall rounds it: never rounded again by us.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub unit_price_with_tax: Given<Amount>,
    /// Tax in hundredths of a percent: 1000 = 10 %, 800 = 8 %.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub tax_rate_bp: Given<i64>,
    /// Points the shop grants for the line.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub points_granted: Given<i64>,
    /// Lead-time text of the mall.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub lead_time: Given<String>,
    /// Price of gift wrapping of this line (Amazon).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub wrapping_price: Given<Amount>,
    /// Marks such as `deal`, `drug`, `ships_alone`, `postage_included`, `restore_stock`.
    pub marks: Vec<String>,
}

/// Who pays for a coupon: the shop's own is a discount, the mall's is paid out to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponPayer {
    /// The shop.
    Shop,
    /// The mall.
    Mall,
    /// A maker or another third party.
    Maker,
}

/// One coupon used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    /// Key within the order.
    pub key: String,
    /// Coupon code.
    pub code: String,
    /// Name shown to the buyer.
    pub name: String,
    /// Who pays.
    pub payer: CouponPayer,
    /// What it takes off in all.
    pub total: Amount,
    /// Line it belongs to; `None` = whole order.
    pub line_key: Option<String>,
}

/// 包装紙 or リボン for the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wrapping {
    /// Key within the order (`paper`, `ribbon`).
    pub key: String,
    /// Which one the buyer chose.
    pub name: String,
    /// Its price.
    pub price: Amount,
    /// Price holds the tax.
    pub tax_included: bool,
    /// Tax in hundredths of a percent.
    pub tax_rate_bp: Option<i64>,
}

/// Tax per rate, as the mall states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaxSummary {
    /// Key within the order: the rate as text.
    pub key: String,
    /// Tax in hundredths of a percent.
    pub rate_bp: i64,
    /// Amount asked at this rate, with tax.
    pub taxed: Amount,
    /// Tax inside it.
    pub tax: Amount,
}

/// How the buyer pays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Payment {
    /// The mall's code and name of the method.
    pub method: Coded,
    /// 代金引換.
    pub cash_on_delivery: bool,
    /// What to collect at the door, where the mall says so (Amazon: only the COD part).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub collect_amount: Given<Amount>,
    /// Paid before shipping by transfer, at a store or the like.
    pub prepaid: bool,
    /// Instalments and the like, as text. Card numbers are never kept.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub terms: Given<String>,
    /// 入金日.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub paid_on: Given<Date>,
}

/// The sums of the order as the mall states them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Amounts {
    /// Goods (with wrapping, where the mall counts it there).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub goods: Given<Amount>,
    /// 送料.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub postage: Given<Amount>,
    /// 代引手数料.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub cod_fee: Given<Amount>,
    /// 決済手数料.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub payment_fee: Given<Amount>,
    /// Other fees the buyer bears (後払い手数料).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub other_fee: Given<Amount>,
    /// Wrapping, where the mall counts it apart from goods.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub wrapping: Given<Amount>,
    /// Other discounts, as a positive number.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub discount: Given<Amount>,
    /// Points the buyer used, in yen.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub points_used: Given<Amount>,
    /// Coupons the shop pays.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub coupon_shop: Given<Amount>,
    /// Coupons the mall or a maker pays.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub coupon_mall: Given<Amount>,
    /// Goods + postage + wrapping, before fees and discounts.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub total: Given<Amount>,
    /// 請求金額: what the buyer is asked for.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub requested: Given<Amount>,
}

/// When and how the buyer wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DeliveryWish {
    /// お届け希望日.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub deliver_on: Given<Date>,
    /// お届け希望時間帯: the mall's code and our words for it.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub deliver_slot: Given<Coded>,
    /// 配送方法 by the shop's name of it.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub method: Given<String>,
    /// 温度帯 and the like (楽天 配送区分).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub class: Given<Coded>,
    /// Promise level (あす楽, 最強翌日配送, Prime, SECOND_DAY …).
    pub promises: Vec<String>,
}

/// What staff may edit as well. Holds buyer data: sealed wherever it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Content {
    /// 注文者.
    pub buyer: Party,
    /// お届け先, at least one.
    pub recipients: Vec<Recipient>,
    /// 明細.
    pub lines: Vec<Line>,
    /// Sums.
    pub amounts: Amounts,
    /// Tax per rate.
    pub tax: Vec<TaxSummary>,
    /// Coupons.
    pub coupons: Vec<Coupon>,
    /// Wrapping for the whole order.
    pub wrapping: Vec<Wrapping>,
    /// Payment.
    pub payment: Payment,
    /// Delivery wishes.
    pub delivery: DeliveryWish,
    /// 備考, as the buyer wrote it.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub buyer_note: Given<String>,
    /// The shop's memo that lives at the mall (楽天 ひとことメモ).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub mall_memo: Given<String>,
    /// A gift.
    pub gift: bool,
    /// Who ships.
    pub fulfillment: Fulfillment,
    /// Kind of order (`normal`, `subscription`, `club`, `preorder`, `business` …).
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub kind: Given<Coded>,
    /// Order this one was split from or replaces, at the mall.
    #[serde(skip_serializing_if = "Given::is_not_given")]
    pub mall_parent_id: Given<String>,
    /// Buyer wants a receipt, a packing slip or the like.
    pub documents_wanted: Vec<String>,
    /// Device, membership and other marks without effect on the work.
    pub marks: Vec<String>,
}
