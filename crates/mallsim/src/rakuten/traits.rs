//! What can be special about an order. Tests and demos ask for traits by name; the generator draws them.

use serde::{Deserialize, Serialize};

/// One speciality of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// 代引 (payment 2).
    Cod,
    /// Prepaid (payment 9, 13 or 14), paid after a while.
    Prepaid,
    /// Prepaid and never paid.
    Unpaid,
    /// 後払い決済 (payment 21) with a fee borne by the orderer.
    Deferred,
    /// Fully paid with points (payment 8).
    AllPoints,
    /// Some points used.
    Points,
    /// Postage not yet decided: -9999.
    Undecided,
    /// A coupon the shop pays.
    ShopCoupon,
    /// A coupon Rakuten pays, bound to one line.
    MallCoupon,
    /// 8 % and 10 % lines together.
    MixedTax,
    /// A line priced without tax.
    TaxOut,
    /// Several recipients.
    MultiPackage,
    /// Gift flag, wrapping and のし.
    Gift,
    /// Recipient on 離島.
    Island,
    /// Wished date and time, also as a block in the remarks.
    DeliveryWish,
    /// Free remarks.
    Remarks,
    /// 予約商品 (order type 6).
    Preorder,
    /// 定期購入 (order type 4).
    Subscription,
    /// ソーシャルギフト with dummies until the receiver answers.
    SocialGift,
    /// Convenience-store pickup.
    Cvs,
    /// 置き配.
    DropOff,
    /// 最強翌日配送 and one-day operation.
    OneDay,
    /// Under Rakuten's check after the confirmation.
    FraudCheck,
    /// Caution display with a detail.
    Caution,
    /// A deleted line beside live ones.
    DeletedLine,
    /// A deleted package beside a live one.
    DeletedPackage,
    /// A placeholder shipping record from another hub (trap 20).
    Placeholder,
    /// An item from before the SKU migration.
    OldItem,
    /// Trouble: sums that do not add up.
    BadSums,
    /// Trouble: a status code no document knows.
    UnknownStatus,
    /// Trouble: enum values no document knows and a field nobody has seen.
    UnknownValue,
    /// Trouble: a mandatory field is missing.
    MissingField,
    /// Trouble: numbers come as texts and a list as an object.
    RetypedField,
    /// Trouble: listed, but getOrder never reads it.
    Unreadable,
    /// Trouble: listed at once, readable a minute later (trap 15).
    LateRead,
    /// Trouble: appears in lists half an hour late, with its old time.
    LateListed,
    /// Trouble: markup, formulas and rare characters in the texts.
    Hostile,
}

impl Trait {
    /// The faults inside an order.
    pub const TROUBLES: [Self; 9] = [
        Self::BadSums,
        Self::UnknownStatus,
        Self::UnknownValue,
        Self::MissingField,
        Self::RetypedField,
        Self::Unreadable,
        Self::LateRead,
        Self::LateListed,
        Self::Hostile,
    ];

    pub(crate) fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
