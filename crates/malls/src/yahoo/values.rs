//! One order as flat fields, whether it came as XML or as rows of CSV: both name them alike (yahoo.md 4, 11). An absent
//! field is not given, an empty one is cleared (10.2); what has the wrong form makes the order unreadable, naming the
//! field (F24).

use super::text::{parse_date, parse_time};
use super::xml::Node;
use crate::cards::mask_cards;
use domain::money::Currency;
use domain::snapshot::{LineOption, UnknownValue};
use domain::{Amount, Given, UtcMillis};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A field that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}（{what}）")]
pub(super) struct Misread {
    field: String,
    what: &'static str,
}

impl Misread {
    /// Names the field; never its value.
    pub(super) fn new(field: impl Into<String>, what: &'static str) -> Self {
        Self { field: field.into(), what }
    }

    /// Names the line it stands in.
    pub(super) fn in_line(mut self, place: usize) -> Self {
        self.field = format!("Item[{place}].{}", self.field);
        self
    }
}

/// The field is not there.
pub(super) const MISSING: &str = "ありません";
/// The field has the wrong form.
pub(super) const MALFORMED: &str = "書式が不正です";

/// Fields by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(pub(super) BTreeMap<String, String>);

impl Fields {
    /// Elements without children, by name; the last of several counts (10.4).
    fn add(&mut self, node: &Node<'_>) {
        let leaves = node.children.iter().filter(|c| c.children.is_empty());
        self.0.extend(leaves.map(|c| (c.name.to_string(), c.text.to_string())));
    }

    /// An `OrderInfo` of orderList.
    pub(super) fn of_list_row(node: &Node<'_>) -> Self {
        let mut fields = Self::default();
        fields.add(node);
        fields
    }

    /// What stands there; empty when nothing does.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A text.
    pub(super) fn given(&self, name: &str) -> Given<String> {
        match self.0.get(name) {
            None => Given::NotGiven,
            Some(text) if text.is_empty() => Given::Cleared,
            Some(text) => Given::Value(text.clone()),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Misread> {
        match self.text(name) {
            "" => Err(Misread::new(name, MISSING)),
            text => Ok(text),
        }
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Misread> {
        match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Misread::new(name, MALFORMED)),
        }
    }

    /// Yen.
    pub(super) fn yen(&self, name: &str) -> Result<Option<i64>, Misread> {
        match self.text(name) {
            "" => Ok(None),
            text => match domain::Money::parse(text, Currency::JPY) {
                Ok(money) => Ok(Some(money.minor)),
                Err(_) => Err(Misread::new(name, MALFORMED)),
            },
        }
    }

    /// Yen of a snapshot.
    pub(super) fn amount(&self, name: &str) -> Result<Given<Amount>, Misread> {
        let yen = self.yen(name)?;
        Ok(match (self.0.contains_key(name), yen) {
            (false, _) => Given::NotGiven,
            (true, None) => Given::Cleared,
            (true, Some(yen)) => Given::Value(Amount::yen(yen)),
        })
    }

    /// A moment that must be there.
    pub(super) fn required_time(&self, name: &str) -> Result<UtcMillis, Misread> {
        parse_time(self.required(name)?).ok_or_else(|| Misread::new(name, MALFORMED))
    }
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// Its fields.
    pub(super) fields: Fields,
    /// ItemOption and Inscription.
    pub(super) options: Vec<LineOption>,
}

/// Where a document came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// orderInfo.
    Api,
    /// 注文データ and 商品データ.
    Csv,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// Where it came from.
    pub(super) source: Source,
    /// Fields of the order and of its groups Pay, Ship, Detail, Seller, Buyer; no name is used twice.
    pub(super) order: Fields,
    /// Lines.
    pub(super) items: Vec<Item>,
}

impl Document {
    /// From an `OrderInfo` of orderInfo. Groups come in any order (4.2).
    pub(super) fn of_xml(info: &Node<'_>) -> Self {
        let mut order = Fields::default();
        for group in ["Buyer", "Seller", "Detail", "Ship", "Pay"] {
            if let Some(node) = info.child(group) {
                order.add(node);
            }
        }
        order.add(info);
        let items = info.all("Item").filter(|item| !item.children.is_empty()).map(item).collect();
        Self { source: Source::Api, order, items }
    }
}

fn item(node: &Node<'_>) -> Item {
    let mut fields = Fields::default();
    fields.add(node);
    let option = |node: &Node<'_>| LineOption {
        name: node.text_of("Name").to_owned(),
        value: node.text_of("Value").to_owned(),
    };
    // Without options there is one empty element (4.7).
    let options = node
        .children
        .iter()
        .filter(|c| matches!(c.name.as_ref(), "ItemOption" | "Inscription"))
        .map(option)
        .filter(|o| !o.name.is_empty() || !o.value.is_empty())
        .collect();
    Item { fields, options }
}

/// What is collected on the way through one order.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Values that were not understood.
    pub(super) unknown: Vec<UnknownValue>,
    /// Marks of the order.
    pub(super) marks: Vec<String>,
}

impl Notes {
    /// Keeps a value that was not understood.
    pub(super) fn unknown(&mut self, field: &str, raw: &str) {
        let raw = raw.chars().take(200).collect();
        self.unknown.push(UnknownValue { field: field.to_owned(), raw });
    }

    /// A mark, once.
    pub(super) fn mark(&mut self, mark: impl Into<String>) {
        let mark = mark.into();
        if !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
    }

    /// A truth value; missing and empty mean no. Anything else is kept as unknown and counts as no.
    pub(super) fn flag(&mut self, fields: &Fields, name: &str) -> bool {
        match fields.text(name) {
            "true" | "TRUE" | "True" | "1" => true,
            "" | "false" | "FALSE" | "False" | "0" => false,
            other => {
                self.unknown(name, other);
                false
            }
        }
    }

    /// A code and its name; `None` when there is none or the name says "none".
    pub(super) fn code(
        &mut self,
        fields: &Fields,
        name: &str,
        table: super::codes::Table,
    ) -> Option<&'static str> {
        let code = fields.text(name);
        if matches!(code, "" | "0") {
            return None;
        }
        let known = super::codes::name_of(table, code);
        if known.is_none() {
            self.unknown(name, code);
        }
        known
    }

    /// A calendar day; what is not one is kept as unknown and counts as not given.
    pub(super) fn date(&mut self, fields: &Fields, name: &str) -> Given<Date> {
        match fields.given(name) {
            Given::NotGiven => Given::NotGiven,
            Given::Cleared => Given::Cleared,
            Given::Value(text) => match parse_date(&text) {
                Some(day) => Given::Value(day),
                None => {
                    self.unknown(name, &text);
                    Given::NotGiven
                }
            },
        }
    }

    /// A moment that need not be there.
    pub(super) fn time(&mut self, fields: &Fields, name: &str) -> Option<UtcMillis> {
        let text = fields.text(name);
        let time = parse_time(text);
        if time.is_none() && !text.is_empty() {
            self.unknown(name, text);
        }
        time
    }

    /// A text of the buyer or the shop, without card numbers.
    pub(super) fn free_text(&mut self, text: Given<String>) -> Given<String> {
        match text {
            Given::Value(text) => Given::Value(match mask_cards(&text) {
                Some(masked) => {
                    self.mark("card_number_masked");
                    masked
                }
                None => text,
            }),
            other => other,
        }
    }
}
