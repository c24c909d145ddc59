//! What may be special about a simulated order of Yahoo!ショッピング. Names are given in JSON in `snake_case`.

use serde::{Deserialize, Serialize};

/// One speciality. Several may come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YahooTrait {
    /// 商品代引 (payment_d1) with a charge.
    Cod,
    /// コンビニ or ペイジー: paid after a while, with a number and a term.
    Prepaid,
    /// The same, never paid.
    Unpaid,
    /// 銀行振込 (payment_b1): the shop itself says that it was paid.
    BankTransfer,
    /// PayPay (payment_a17).
    PayPay,
    /// Two ways to pay in one order.
    CombinedPay,
    /// Fully paid with points (payment_z1).
    AllPoints,
    /// Some points used.
    Points,
    /// A store coupon, inside `UnitPrice`.
    StoreCoupon,
    /// A mall coupon, only in `TotalMallCouponDiscount`.
    MallCoupon,
    /// 値引き by the store and a negative adjustment.
    Discount,
    /// 8 % and 10 % lines together.
    MixedTax,
    /// Gift wrapping, のし and another recipient.
    Gift,
    /// Recipient in a remote area.
    Island,
    /// Recipient overseas: prefecture その他.
    Overseas,
    /// Wished date and time.
    DeliveryWish,
    /// Remarks of the buyer.
    Remarks,
    /// Item options, one with a price.
    Options,
    /// Inscriptions (名入れ).
    Inscription,
    /// Receipt and slips wanted.
    Receipt,
    /// 予約: `OrderStatus` 1 until the release date.
    Preorder,
    /// 定期購入; the id comes minutes late.
    Subscription,
    /// LINE gift: no address, then the address, then shippable.
    LineGift,
    /// ソーシャルギフト with the masked orderer block.
    SocialGift,
    /// ヤフオク併売, bundled.
    Auction,
    /// Split into two by the shop: A is dead, B and C live.
    Split,
    /// Held for fraud and released after days.
    Held,
    /// Held for fraud and found to be one.
    HeldFraud,
    /// Marked as a prank.
    Prank,
    /// The buyer may still change the payment.
    PayChange,
    /// Trouble: sums that do not add up.
    BadSums,
    /// Trouble: a status no document knows.
    UnknownStatus,
    /// Trouble: values and elements no document knows.
    UnknownValue,
    /// Trouble: a mandatory field is missing.
    MissingField,
    /// Trouble: numbers that are none.
    RetypedField,
    /// Trouble: dates of 14 digits and money codes as in old replies (trap 1).
    OldDates,
    /// Trouble: listed, but orderInfo never reads it.
    Unreadable,
    /// Trouble: listed at once, readable a minute later.
    LateRead,
    /// Trouble: appears in lists half an hour late, with its old time.
    LateListed,
    /// Trouble: markup, formulas and rare characters in the texts.
    Hostile,
}

impl YahooTrait {
    /// The faults inside an order.
    pub const TROUBLES: [Self; 10] = [
        Self::BadSums,
        Self::UnknownStatus,
        Self::UnknownValue,
        Self::MissingField,
        Self::RetypedField,
        Self::OldDates,
        Self::Unreadable,
        Self::LateRead,
        Self::LateListed,
        Self::Hostile,
    ];

    pub(crate) fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
