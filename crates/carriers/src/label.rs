//! One label (送り状) before any carrier's words: who gets what from whom, when and how.

use crate::Slot;
use domain::snapshot::Party;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A person or firm on a label. Parts are kept as given; an empty text means there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Reading, in any kana.
    pub kana: String,
    /// Company.
    pub company: String,
    /// Department.
    pub department: String,
    /// 敬称 for this one; empty: the one of the settings.
    pub honorific: String,
    /// Postal code, with or without hyphen.
    pub postal_code: String,
    /// ISO country; empty or `JP` is Japan. Carriers' domestic labels take nothing else.
    pub country: String,
    /// 都道府県, where it was given apart.
    pub prefecture: String,
    /// 市区町村, where it was given apart.
    pub city: String,
    /// The rest in the order it was given: 町名番地, then 建物・部屋 (formats.md f.4).
    pub lines: Vec<String>,
    /// Telephone.
    pub phone: String,
}

impl Contact {
    /// From what an order says of a person.
    pub fn from_party(party: &Party) -> Self {
        let text = |given: &domain::Given<String>| given.text().to_owned();
        let lines = [&party.address1, &party.address2, &party.address3];
        let phone = if party.phone.text().trim().is_empty() { &party.phone2 } else { &party.phone };
        Self {
            name: party.name(),
            kana: party.kana(),
            company: text(&party.company),
            department: text(&party.department),
            honorific: String::new(),
            postal_code: text(&party.postal_code),
            country: text(&party.country),
            prefecture: text(&party.prefecture),
            city: text(&party.city),
            lines: lines.iter().map(|l| text(l)).filter(|l| !l.trim().is_empty()).collect(),
            phone: text(phone),
        }
    }
}

/// クール区分.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cool {
    /// Normal temperature.
    #[default]
    None,
    /// 冷蔵 (チルド).
    Chilled,
    /// 冷凍.
    Frozen,
}

/// 代金引換: what the driver collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cod {
    /// Yen with tax.
    pub amount: i64,
    /// Consumption tax inside it, yen; `None`: not stated.
    pub tax: Option<i64>,
}

/// Who pays the carrier, and whether the driver collects the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// 元払 (発払い): the shop.
    #[default]
    Sender,
    /// 着払い: the recipient.
    Recipient,
    /// 代引: the shop pays the freight, the driver collects the price.
    Cod(Cod),
}

/// 荷扱い: how the parcel is to be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// こわれもの (ワレ物注意, 取扱注意).
    Fragile,
    /// なまもの.
    Perishable,
    /// ビン類.
    Bottles,
    /// 逆さま厳禁 (天地無用).
    ThisSideUp,
    /// 下積み厳禁.
    NothingOnTop,
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Fragile, Self::Perishable, Self::Bottles, Self::ThisSideUp, Self::NothingOnTop];

    /// Japanese name.
    pub fn name_ja(self) -> &'static str {
        match self {
            Self::Fragile => "こわれもの",
            Self::Perishable => "なまもの",
            Self::Bottles => "ビン類",
            Self::ThisSideUp => "逆さま厳禁",
            Self::NothingOnTop => "下積み厳禁",
        }
    }
}

/// One label.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Label {
    /// 管理番号 (of the order or of the parcel): the key under which the 配送番号 comes back.
    pub order_no: String,
    /// お届け先.
    pub recipient: Contact,
    /// The shop.
    pub shop: Contact,
    /// ご依頼主, where it is not the shop (a gift). `None`: the shop.
    pub sender: Option<Contact>,
    /// What is inside, one text per kind of goods.
    pub items: Vec<String>,
    /// Count of parcels, at least 1.
    pub parcels: u32,
    /// 出荷予定日.
    pub ship_on: Option<Date>,
    /// お届け希望日.
    pub deliver_on: Option<Date>,
    /// お届け希望時間帯.
    pub deliver_slot: Option<Slot>,
    /// 配送便 (key of our master list); which code of the program it is stands in the settings.
    pub shipping_method: String,
    /// クール区分.
    pub cool: Cool,
    /// Who pays what.
    pub payment: Payment,
    /// 荷扱い.
    pub marks: Vec<Mark>,
    /// 記事: words printed for the driver.
    pub remarks: String,
    /// Address the carrier's own notice of delivery goes to; empty: none.
    pub notify_mail: String,
}

impl Label {
    /// ご依頼主 as it is printed.
    pub fn sender_shown(&self) -> &Contact {
        self.sender.as_ref().unwrap_or(&self.shop)
    }
}
