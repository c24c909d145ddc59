//! Identifiers as types of their own, so that a shop can never be passed where an order is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl From<&str> for $name {
            fn from(value: &str) -> Self { Self(value.to_owned()) }
        }
        impl From<String> for $name {
            fn from(value: String) -> Self { Self(value) }
        }
    };
}

number_id! {
    /// 店舗: one shop account at one mall (row id in our ledger).
    ShopId
}
number_id! {
    /// 受注, by import order. Internal: people see `OrderNo`, scripts may use the UUID.
    OrderSeq
}
number_id! {
    /// One parcel (送り状 one number) of an order.
    ParcelId
}
number_id! {
    /// One wish to write to a mall (row of the outbox).
    OutboxId
}
number_id! {
    /// One shipment file for upload by hand.
    ShipmentFileId
}
number_id! {
    /// One ordered step of a wish.
    StepId
}
number_id! {
    /// One request that was, or may have been, sent to a mall.
    CallId
}
number_id! {
    /// One run of an import.
    RunId
}
number_id! {
    /// One thing a person or a schedule asked a lane to do.
    RequestId
}
text_id! {
    /// 注文番号: the mall's own order number. Unique only within a shop.
    MallOrderId
}
text_id! {
    /// 管理番号: our own order number, shown to people. Derived from the sequence.
    OrderNo
}
text_id! {
    /// 処理フェーズ, by its stable key (`new`, `awaiting_shipment`, … or the shop's own).
    PhaseKey
}
text_id! {
    /// モール, by its stable key (`rakuten`, `yahoo`, `amazon`, …).
    MallKey
}
text_id! {
    /// 配送業者, by our stable key (`yamato`, `sagawa`, …).
    CarrierKey
}

impl OrderSeq {
    /// The 管理番号 of this order: `C` and at least eight digits, so that it sorts and reads aloud well.
    pub fn order_no(self) -> OrderNo {
        OrderNo(format!("C{:08}", self.0))
    }

    /// Reads a 管理番号 back; `None` when the text is not one.
    pub fn from_order_no(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('C').or_else(|| text.strip_prefix('c'))?;
        if digits.len() < 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_no_reads_back_as_the_sequence_it_was_made_from() {
        for seq in [1, 99_999_999, 1_234_567_890] {
            assert_eq!(OrderSeq::from_order_no(OrderSeq(seq).order_no().as_str()), Some(OrderSeq(seq)));
        }
        for text in ["", "C", "C1", "X00000001", "C0000000x", "C99999999999999999999"] {
            assert_eq!(OrderSeq::from_order_no(text), None, "{text}");
        }
    }
}
