//! A value of Amazon's JSON with the way to it. Reading never guesses: what has another kind than the model says is a
//! misfit that names the field; null and an empty text are "nothing" (amazon.md 2.1: a later read may lack what an
//! earlier one had, and must not wipe it).

use domain::money::MoneyError;
use domain::{Amount, Currency, Money};
use serde_json::Value;

/// A field that could not be read: its way and what is wrong. Never holds a value of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misread {
    path: String,
    problem: &'static str,
}

impl std::fmt::Display for Misread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}（{}）", self.path, self.problem)
    }
}

/// In words: of another kind than the model says.
const WRONG_TYPE: &str = "型が違います";
/// In words: missing.
const MISSING: &str = "ありません";
/// In words: out of range.
const OUT_OF_RANGE: &str = "範囲外の値です";
/// In words: malformed.
const MALFORMED: &str = "書式が違います";
/// Amounts beyond this (in minor units) are a fault of the document, not a price.
const MAX_MINOR: u64 = 999_999_999_999;
/// More units of one line than this are a fault of the document.
const MAX_UNITS: i64 = 999_999;

/// A value and its way.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: Option<&'a Value>,
    path: String,
}

/// What an amount says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    /// Not there.
    Nothing,
    /// An amount.
    Amount(Amount),
    /// Kept as it stands: a real fraction of a yen.
    Odd(String),
}

impl<'a> Node<'a> {
    /// The document.
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value: Some(value), path: String::new() }
    }

    /// Where it is, for words.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Is anything there?
    pub(super) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    fn misread(&self, problem: &'static str) -> Misread {
        Misread { path: if self.path.is_empty() { "JSON".to_owned() } else { self.path.clone() }, problem }
    }

    /// A misfit in form.
    pub(super) fn malformed(&self) -> Misread {
        self.misread(MALFORMED)
    }

    /// The member of an object; nothing where there is no object.
    pub(super) fn at(&self, key: &str) -> Result<Node<'a>, Misread> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let value = match self.value {
            None => None,
            Some(Value::Object(object)) => object.get(key).filter(|v| !v.is_null()),
            Some(_) => return Err(self.misread(WRONG_TYPE)),
        };
        Ok(Node { value, path })
    }

    /// A member of a member.
    pub(super) fn down(&self, keys: &[&str]) -> Result<Node<'a>, Misread> {
        keys.iter().try_fold(self.clone(), |node, key| node.at(key))
    }

    /// The elements; nothing is an empty list.
    pub(super) fn list(&self) -> Result<Vec<Node<'a>>, Misread> {
        match self.value {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list
                .iter()
                .enumerate()
                .filter(|(_, v)| !v.is_null())
                .map(|(i, v)| Node { value: Some(v), path: format!("{}[{i}]", self.path) })
                .collect()),
            Some(_) => Err(self.misread(WRONG_TYPE)),
        }
    }

    /// A text; empty and blank ones are nothing. Numbers are taken as text (0.1: malls vary).
    pub(super) fn text(&self) -> Result<Option<String>, Misread> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => Ok((!text.trim().is_empty()).then(|| text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.misread(WRONG_TYPE)),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self) -> Result<String, Misread> {
        self.text()?.ok_or_else(|| self.misread(MISSING))
    }

    /// A text of digits, which must not come as a number: leading zeros would be lost.
    pub(super) fn digits(&self) -> Result<Option<String>, Misread> {
        match self.value {
            Some(Value::Number(_)) => Err(self.misread(WRONG_TYPE)),
            _ => self.text(),
        }
    }

    /// A whole number, also as text.
    pub(super) fn int(&self) -> Result<Option<i64>, Misread> {
        let Some(value) = self.value else { return Ok(None) };
        let number = match value {
            Value::Number(n) => n.as_i64().or_else(|| whole(n.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.misread(WRONG_TYPE))
    }

    /// A count of units.
    pub(super) fn units(&self) -> Result<Option<i64>, Misread> {
        match self.int()? {
            Some(n) if !(0..=MAX_UNITS).contains(&n) => Err(self.misread(OUT_OF_RANGE)),
            other => Ok(other),
        }
    }

    /// A truth value, also as text.
    pub(super) fn flag(&self) -> Result<Option<bool>, Misread> {
        match self.value {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| self.misread(WRONG_TYPE)),
            Some(_) => Err(self.misread(WRONG_TYPE)),
        }
    }

    /// Money `{amount, currencyCode}`.
    pub(super) fn money(&self) -> Result<Read, Misread> {
        if !self.is_there() {
            return Ok(Read::Nothing);
        }
        let amount = self.at("amount")?;
        let text = amount.required()?;
        let code = self.at("currencyCode")?;
        let currency = Currency::parse(&code.required()?).ok_or_else(|| code.malformed())?;
        amount_of(&text, currency).map_err(|problem| amount.misread(problem))
    }
}

/// A decimal text as an amount.
pub(super) fn amount_of(text: &str, currency: Currency) -> Result<Read, &'static str> {
    match Money::parse(text.trim(), currency) {
        Ok(money) if money.minor.unsigned_abs() > MAX_MINOR => Err(OUT_OF_RANGE),
        Ok(money) => Ok(Read::Amount(Amount::Decided(money))),
        Err(MoneyError::Fraction(text, _)) => Ok(Read::Odd(text.chars().take(200).collect())),
        Err(MoneyError::NotANumber(_)) => Err(MALFORMED),
        Err(MoneyError::TooLarge(_)) => Err(OUT_OF_RANGE),
    }
}

fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and inside the range of i64, just checked")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}
