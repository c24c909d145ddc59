//! Reading JSON of malls leniently where their documents say they vary (numbers as strings and the other way
//! round, `null` for an empty list), strictly everywhere else.

use serde::{Deserialize, Deserializer};

/// A number that may come as a string. Fractions and other text are refused.
///
/// # Errors
/// When it is neither.
pub fn lenient_i64<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
    match NumberOrText::deserialize(d)? {
        NumberOrText::Number(n) => Ok(n),
        NumberOrText::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and inside the range of i64, just checked"
            )]
            Ok(f as i64)
        }
        NumberOrText::Float(_) => Err(serde::de::Error::custom("a whole number was expected")),
        NumberOrText::Text(t) => {
            t.trim().parse().map_err(|_| serde::de::Error::custom("a whole number was expected"))
        }
    }
}

/// The same for a field that may be null.
///
/// # Errors
/// When it is there and not a number.
pub fn lenient_opt_i64<'de, D: Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Wrap(#[serde(deserialize_with = "lenient_i64")] i64);
    Ok(Option::<Wrap>::deserialize(d)?.map(|w| w.0))
}

/// A text that may come as a number; `null` is the empty option.
///
/// # Errors
/// When it is a list, an object or a truth value.
pub fn lenient_opt_text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<NumberOrText>::deserialize(d)? {
        None => None,
        Some(NumberOrText::Text(t)) => Some(t),
        Some(NumberOrText::Number(n)) => Some(n.to_string()),
        Some(NumberOrText::Float(f)) => Some(f.to_string()),
    })
}

/// A list that may come as null.
///
/// # Errors
/// When an element does not fit.
pub fn null_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(d)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(i64),
    Float(f64),
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Probe {
        #[serde(deserialize_with = "lenient_i64")]
        n: i64,
        #[serde(default, deserialize_with = "null_list")]
        list: Vec<i64>,
    }

    #[test]
    fn numbers_come_as_numbers_or_strings_and_nothing_else_f24() {
        for json in [r#"{"n":7}"#, r#"{"n":"7"}"#, r#"{"n":7.0,"list":null}"#] {
            let probe: Probe = serde_json::from_str(json).unwrap();
            assert_eq!((probe.n, probe.list.len()), (7, 0));
        }
        for json in [r#"{"n":7.5}"#, r#"{"n":"x"}"#, r#"{"n":null}"#, r#"{"n":[7]}"#, r#"{"n":true}"#] {
            assert!(serde_json::from_str::<Probe>(json).is_err(), "{json}");
        }
    }
}
