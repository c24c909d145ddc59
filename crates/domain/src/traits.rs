//! What a list is filtered by, read from an order's content once and kept beside it as a bit set. Names nobody: a bit
//! says that there is a remark, never what it says.

use crate::snapshot::Content;
use serde::{Deserialize, Serialize};

/// One thing about an order that clerks sort their day by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// 備考あり.
    Remark,
    /// ギフト・のし: gift, wrapping, のし or words to the recipient.
    Gift,
    /// 複数: more than one kind of goods, or more than one unit.
    Several,
    /// 離島.
    RemoteIsland,
    /// 沖縄.
    Okinawa,
    /// 代引.
    CashOnDelivery,
    /// 後払い.
    DeferredPayment,
    /// 複数お届け先.
    SeveralRecipients,
    /// お届け希望日時あり.
    DeliveryWish,
    /// 前払い: ships after the payment has come in.
    Prepaid,
}

impl Trait {
    /// All, in the order screens list them.
    pub const ALL: [Trait; 10] = [
        Trait::Remark,
        Trait::Gift,
        Trait::Several,
        Trait::RemoteIsland,
        Trait::Okinawa,
        Trait::CashOnDelivery,
        Trait::DeferredPayment,
        Trait::SeveralRecipients,
        Trait::DeliveryWish,
        Trait::Prepaid,
    ];

    /// Its bit in the database. Never renumber.
    pub fn bit(self) -> i64 {
        1 << match self {
            Trait::Remark => 0,
            Trait::Gift => 1,
            Trait::Several => 2,
            Trait::RemoteIsland => 3,
            Trait::Okinawa => 4,
            Trait::CashOnDelivery => 5,
            Trait::DeferredPayment => 6,
            Trait::SeveralRecipients => 7,
            Trait::DeliveryWish => 8,
            Trait::Prepaid => 9,
        }
    }

    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Trait::Remark => "remark",
            Trait::Gift => "gift",
            Trait::Several => "several",
            Trait::RemoteIsland => "remote_island",
            Trait::Okinawa => "okinawa",
            Trait::CashOnDelivery => "cash_on_delivery",
            Trait::DeferredPayment => "deferred_payment",
            Trait::SeveralRecipients => "several_recipients",
            Trait::DeliveryWish => "delivery_wish",
            Trait::Prepaid => "prepaid",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == text)
    }

    /// Japanese words.
    pub fn label_ja(self) -> &'static str {
        match self {
            Trait::Remark => "備考あり",
            Trait::Gift => "ギフト・のし",
            Trait::Several => "複数商品",
            Trait::RemoteIsland => "離島",
            Trait::Okinawa => "沖縄",
            Trait::CashOnDelivery => "代引",
            Trait::DeferredPayment => "後払い",
            Trait::SeveralRecipients => "複数お届け先",
            Trait::DeliveryWish => "お届け希望あり",
            Trait::Prepaid => "前払い",
        }
    }

    /// English words.
    pub fn label_en(self) -> &'static str {
        match self {
            Trait::Remark => "remark",
            Trait::Gift => "gift",
            Trait::Several => "several items",
            Trait::RemoteIsland => "remote island",
            Trait::Okinawa => "Okinawa",
            Trait::CashOnDelivery => "cash on delivery",
            Trait::DeferredPayment => "deferred payment",
            Trait::SeveralRecipients => "several recipients",
            Trait::DeliveryWish => "delivery wish",
            Trait::Prepaid => "prepaid",
        }
    }

    /// The traits of a bit set, in the order of `ALL`.
    pub fn of_bits(bits: i64) -> Vec<Trait> {
        Self::ALL.into_iter().filter(|t| bits & t.bit() != 0).collect()
    }

    /// Whether the content shows it.
    fn holds(self, content: &Content) -> bool {
        let said = |text: &crate::Given<String>| !text.text().trim().is_empty();
        let live = |l: &&crate::snapshot::Line| l.quantity > l.cancelled_quantity;
        let recipients = &content.recipients;
        match self {
            Trait::Remark => said(&content.buyer_note),
            Trait::Gift => {
                content.gift
                    || !content.wrapping.is_empty()
                    || recipients.iter().any(|r| said(&r.noshi) || said(&r.gift_message))
            }
            Trait::Several => {
                let units = |l: &crate::snapshot::Line| l.quantity.saturating_sub(l.cancelled_quantity);
                content.lines.iter().filter(live).map(units).fold(0, i64::saturating_add) > 1
            }
            Trait::RemoteIsland => recipients.iter().any(|r| r.remote_island),
            Trait::Okinawa => recipients.iter().any(|r| r.party.prefecture.text().starts_with("沖縄")),
            Trait::CashOnDelivery => content.payment.cash_on_delivery,
            Trait::DeferredPayment => content.payment.method.label.contains("後払"),
            Trait::SeveralRecipients => recipients.len() > 1,
            Trait::DeliveryWish => {
                content.delivery.deliver_on.value().is_some()
                    || content.delivery.deliver_slot.value().is_some()
            }
            Trait::Prepaid => content.payment.prepaid,
        }
    }
}

/// The bit set of an order's content.
pub fn bits(content: &Content) -> i64 {
    Trait::ALL.into_iter().filter(|t| t.holds(content)).fold(0, |bits, t| bits | t.bit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Line, Recipient};
    use crate::{Given, snapshot};

    fn plain() -> Content {
        Content {
            recipients: vec![Recipient { key: "1".into(), ..Recipient::default() }],
            lines: vec![Line { key: "a".into(), quantity: 1, ..Line::default() }],
            ..Content::default()
        }
    }

    #[test]
    fn an_order_with_nothing_special_has_no_trait() {
        assert_eq!(bits(&plain()), 0);
    }

    #[test]
    fn each_trait_is_read_from_the_content_alone() {
        let with = |change: &dyn Fn(&mut Content)| {
            let mut content = plain();
            change(&mut content);
            Trait::of_bits(bits(&content))
        };
        let text = |t: &str| Given::Value(t.to_owned());
        assert_eq!(with(&|c| c.buyer_note = text("置き配で")), [Trait::Remark]);
        assert_eq!(with(&|c| c.buyer_note = text(" ")), []);
        assert_eq!(with(&|c| c.gift = true), [Trait::Gift]);
        assert_eq!(with(&|c| c.recipients[0].noshi = text("御祝")), [Trait::Gift]);
        assert_eq!(with(&|c| c.lines[0].quantity = 2), [Trait::Several]);
        assert_eq!(
            with(&|c| c.lines.push(Line { quantity: 3, cancelled_quantity: 3, ..Line::default() })),
            []
        );
        assert_eq!(with(&|c| c.recipients[0].remote_island = true), [Trait::RemoteIsland]);
        assert_eq!(with(&|c| c.recipients[0].party.prefecture = text("沖縄県")), [Trait::Okinawa]);
        assert_eq!(with(&|c| c.payment.cash_on_delivery = true), [Trait::CashOnDelivery]);
        assert_eq!(
            with(&|c| c.payment.method = snapshot::Coded::new("14", "後払い決済")),
            [Trait::DeferredPayment]
        );
        assert_eq!(with(&|c| c.recipients.push(Recipient::default())), [Trait::SeveralRecipients]);
        assert_eq!(with(&|c| c.payment.prepaid = true), [Trait::Prepaid]);
    }

    #[test]
    fn traits_survive_their_bits_and_texts() {
        let all = Trait::ALL.iter().fold(0, |bits, t| bits | t.bit());
        assert_eq!(all, 1_023);
        assert_eq!(Trait::of_bits(all), Trait::ALL);
        for one in Trait::ALL {
            assert_eq!(Trait::parse(one.as_str()), Some(one));
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
    }
}
