//! What can be special about an order on Amazon.co.jp. Tests and demos ask for traits by name; the generator draws
//! them.

use serde::{Deserialize, Serialize};

/// One speciality of an order (document 2.1, 2.3, 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmazonTrait {
    /// 代金引換.
    Cod,
    /// 代金引換 of which points and a gift card pay a part; only the rest is collected.
    CodPartial,
    /// コンビニ前払い: PENDING until paid.
    Cvs,
    /// コンビニ前払い that nobody pays.
    CvsUnpaid,
    /// Gift with message and wrapping.
    Gift,
    /// A scheduled delivery window.
    Scheduled,
    /// マケプレプライム.
    Prime,
    /// Amazon Business: company, purchase order number, business price.
    Business,
    /// Several units of the first line.
    MultiQuantity,
    /// A promotion on goods.
    Discount,
    /// Free shipping by promotion: shipping and its discount.
    ShippingDiscount,
    /// Points the seller grants.
    Points,
    /// Fulfilled by Amazon.
    Fba,
    /// The buyer asks to cancel; nothing happens by itself.
    CancelRequest,
    /// An address with `city`; Japanese ones normally have none.
    City,
    /// 置き配 place and delivery instruction.
    DropOff,
    /// To a pick-up point.
    PickupPoint,
    /// A replacement at no price.
    Replacement,
    /// 予約商品.
    Preorder,
    /// Ship+: needs no confirmation and takes none.
    ShipPlus,
    /// A customised item.
    Customized,
    /// Trouble: sums that do not add up.
    BadSums,
    /// Trouble: a status no model knows.
    UnknownStatus,
    /// Trouble: open values nobody has seen and a field beside the model.
    UnknownValue,
    /// Trouble: a required field is missing.
    MissingField,
    /// Trouble: nobody says who fulfils it.
    NoFulfilledBy,
    /// Trouble: appears in lists ten minutes late, with its old times.
    LateListed,
    /// Trouble: markup, formulas and rare characters in the texts.
    Hostile,
}

impl AmazonTrait {
    /// The faults inside an order.
    pub const TROUBLES: [Self; 7] = [
        Self::BadSums,
        Self::UnknownStatus,
        Self::UnknownValue,
        Self::MissingField,
        Self::NoFulfilledBy,
        Self::LateListed,
        Self::Hostile,
    ];

    pub(crate) fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
