//! Money as exact integers, and amounts that a mall has not decided yet.

use serde::{Deserialize, Serialize};
use std::fmt;

/// ISO 4217 code of three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// 円. Has no minor unit: one minor is one yen.
    pub const JPY: Self = Self(*b"JPY");

    /// Reads a three-letter code; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        // Only capital ASCII letters can be inside.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits behind the point of this currency's minor unit.
    fn exponent(self) -> u32 {
        match &self.0 {
            b"JPY" | b"KRW" => 0,
            _ => 2,
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("currency must be three capital letters"))
    }
}

/// An exact amount in minor units (yen for JPY).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Count of minor units; may be negative.
    pub minor: i64,
    /// Which currency.
    pub currency: Currency,
}

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("not a decimal number: {0:?}")]
    NotANumber(String),
    /// Digits behind the point that the currency does not have (a real fraction of a yen).
    #[error("{0:?} has a fraction that {1} does not have")]
    Fraction(String, String),
    /// Too large for 64 bits.
    #[error("amount too large: {0:?}")]
    TooLarge(String),
}

impl Money {
    /// An amount of yen.
    pub fn yen(yen: i64) -> Self {
        Self { minor: yen, currency: Currency::JPY }
    }

    /// Reads a decimal text such as `1507.00`. Zeros behind the point are accepted, a real fraction is refused.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let not_a_number = || MoneyError::NotANumber(text.chars().take(40).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(not_a_number());
        }
        let exponent = currency.exponent() as usize;
        let (kept, dropped) = fraction.split_at(fraction.len().min(exponent));
        if dropped.bytes().any(|b| b != b'0') {
            return Err(MoneyError::Fraction(text.to_owned(), currency.as_str().to_owned()));
        }
        let padded = format!("{whole}{kept:0<exponent$}");
        let too_large = || MoneyError::TooLarge(text.chars().take(40).collect());
        let minor: i64 = padded.parse().map_err(|_| too_large())?;
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let exponent = self.currency.exponent();
        let unit = 10_u64.pow(exponent);
        let (whole, rest) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        let digits = whole.to_string();
        write!(f, "{sign}")?;
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                write!(f, ",")?;
            }
            write!(f, "{digit}")?;
        }
        if exponent > 0 {
            write!(f, ".{rest:0width$}", width = exponent as usize)?;
        }
        if self.currency == Currency::JPY {
            write!(f, "円")
        } else {
            write!(f, " {}", self.currency.as_str())
        }
    }
}

/// An amount a mall states, which may be "not decided yet" (楽天's −9999, an absent price of a pending order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Decided.
    Decided(Money),
    /// The mall or the shop has still to decide it: blocks totals and invoices, never counts as zero.
    Undecided,
}

impl Amount {
    /// An amount of yen.
    pub fn yen(yen: i64) -> Self {
        Self::Decided(Money::yen(yen))
    }

    /// The money, when decided.
    pub fn money(&self) -> Option<Money> {
        match self {
            Amount::Decided(m) => Some(*m),
            Amount::Undecided => None,
        }
    }

    /// Yen, when decided and in yen.
    pub fn as_yen(&self) -> Option<i64> {
        self.money().filter(|m| m.currency == Currency::JPY).map(|m| m.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yen_with_zeros_behind_the_point_is_exact_and_a_real_fraction_is_refused_i13() {
        assert_eq!(Money::parse("1507.00", Currency::JPY), Ok(Money::yen(1507)));
        assert_eq!(Money::parse("-20", Currency::JPY), Ok(Money::yen(-20)));
        assert!(matches!(Money::parse("1980.5", Currency::JPY), Err(MoneyError::Fraction(..))));
        for text in ["", "-", ".5", "1e3", "１２", "1,000", "--1", "+1", "0x1"] {
            assert!(matches!(Money::parse(text, Currency::JPY), Err(MoneyError::NotANumber(_))), "{text}");
        }
        assert!(matches!(Money::parse("99999999999999999999", Currency::JPY), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn other_currencies_keep_their_minor_unit() {
        let usd = Currency::parse("USD").unwrap();
        assert_eq!(Money::parse("12.5", usd).unwrap().minor, 1250);
        assert_eq!(Money::parse("12.5", usd).unwrap().to_string(), "12.50 USD");
        assert!(matches!(Money::parse("12.505", usd), Err(MoneyError::Fraction(..))));
        assert_eq!(Currency::parse("usd"), None);
        assert_eq!(Currency::parse("USDT"), None);
    }

    #[test]
    fn money_reads_like_a_japanese_price() {
        assert_eq!(Money::yen(1_234_567).to_string(), "1,234,567円");
        assert_eq!(Money::yen(-999).to_string(), "-999円");
        assert_eq!(Money::yen(0).to_string(), "0円");
    }

    proptest! {
        #[test]
        fn any_yen_survives_text_i13(yen in -9_000_000_000_000_i64..9_000_000_000_000) {
            prop_assert_eq!(Money::parse(&yen.to_string(), Currency::JPY), Ok(Money::yen(yen)));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in ".*") {
            let _ = Money::parse(&text, Currency::JPY);
        }
    }
}
