//! One value of the mall's document, read without ever failing: what does not fit is marked, so that the mapping
//! can name the field (F24). Numbers may come as text (rakuten.md 2.1 "Read leniently"); lists may be null or `[]`.

use domain::{Amount, Given};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A value that may be missing, null or of the wrong kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Leaf<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// The key is there, with null.
    Null,
    /// A value that fits.
    Value(T),
    /// A value of another kind.
    Bad,
}

/// A list of the document.
pub(super) type List<T> = Leaf<Vec<Leaf<T>>>;

/// A field that could not be read: its path and what is wrong. Never holds a value of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misread {
    path: String,
    problem: &'static str,
}

impl Misread {
    /// A problem with a field.
    pub(super) fn new(field: &str, problem: &'static str) -> Self {
        Self { path: field.to_owned(), problem }
    }

    /// Puts the name of the object around the path.
    pub(super) fn under(mut self, parent: &str) -> Self {
        self.path = format!("{parent}.{}", self.path);
        self
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}（{}）", self.path, self.problem)
    }
}

/// What stands in for "of the wrong type" in words.
pub(super) const WRONG_TYPE: &str = "型が違います";
/// What stands in for "missing" in words.
pub(super) const MISSING: &str = "ありません";
/// What stands in for "out of range" in words.
pub(super) const OUT_OF_RANGE: &str = "範囲外の値です";
/// What stands in for "malformed" in words.
pub(super) const MALFORMED: &str = "書式が違います";

impl<T> Leaf<T> {
    /// The value; `None` for missing and null.
    pub(super) fn optional(self, field: &str) -> Result<Option<T>, Misread> {
        match self {
            Leaf::Absent | Leaf::Null => Ok(None),
            Leaf::Value(value) => Ok(Some(value)),
            Leaf::Bad => Err(Misread::new(field, WRONG_TYPE)),
        }
    }

    /// The value, which must be there.
    pub(super) fn required(self, field: &str) -> Result<T, Misread> {
        self.optional(field)?.ok_or_else(|| Misread::new(field, MISSING))
    }

    /// Missing, null and a value stay three things.
    pub(super) fn given(self, field: &str) -> Result<Given<T>, Misread> {
        if matches!(self, Leaf::Absent) {
            return Ok(Given::NotGiven);
        }
        self.optional(field).map(Given::from_present)
    }
}

impl<T> List<T> {
    /// The elements with their places; missing and null are an empty list.
    pub(super) fn elements(self, field: &str) -> Result<Vec<T>, Misread> {
        let list = self.optional(field)?.unwrap_or_default();
        list.into_iter()
            .enumerate()
            .map(|(i, element)| match element {
                Leaf::Value(value) => Ok(value),
                other => other.required(&format!("{field}[{i}]")),
            })
            .collect()
    }
}

impl Leaf<String> {
    /// A text; an empty one is "emptied by the mall".
    pub(super) fn text(self, field: &str) -> Result<Given<String>, Misread> {
        Ok(match self.given(field)? {
            Given::Value(text) if text.is_empty() => Given::Cleared,
            other => other,
        })
    }
}

/// Amounts beyond this are a fault of the document, not a price.
const MAX_YEN: u64 = 999_999_999_999;
/// "Not yet decided" (rakuten.md 0.9, trap 7).
const UNDECIDED: i64 = -9_999;

/// Yen as the mall writes them.
pub(super) fn yen(yen: i64, field: &str) -> Result<Amount, Misread> {
    match yen {
        UNDECIDED => Ok(Amount::Undecided),
        _ if yen.unsigned_abs() <= MAX_YEN => Ok(Amount::yen(yen)),
        _ => Err(Misread::new(field, OUT_OF_RANGE)),
    }
}

impl Leaf<i64> {
    /// An amount of yen.
    pub(super) fn amount(self, field: &str) -> Result<Given<Amount>, Misread> {
        Ok(match self.given(field)? {
            Given::Value(value) => Given::Value(yen(value, field)?),
            Given::Cleared => Given::Cleared,
            Given::NotGiven => Given::NotGiven,
        })
    }
}

/// A text that must come as a text: leading zeros of 郵便番号 and 電話番号 are lost in a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits(pub(super) String);

/// A tax rate (`0.1`) in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate(pub(super) i64);

/// How a kind of value is made from what stands in the document.
pub(super) trait FromWire<'de>: Sized {
    /// From a text.
    fn text(_: &str) -> Option<Self> {
        None
    }
    /// From a whole number.
    fn int(_: i64) -> Option<Self> {
        None
    }
    /// From another number.
    fn float(_: f64) -> Option<Self> {
        None
    }
    /// From an object.
    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    /// From a list.
    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl FromWire<'_> for String {
    fn text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn int(number: i64) -> Option<Self> {
        Some(number.to_string())
    }
}

impl FromWire<'_> for Digits {
    fn text(text: &str) -> Option<Self> {
        Some(Digits(text.to_owned()))
    }
}

impl FromWire<'_> for i64 {
    fn text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
    fn int(number: i64) -> Option<Self> {
        Some(number)
    }
    fn float(number: f64) -> Option<Self> {
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    }
}

impl FromWire<'_> for Rate {
    fn text(text: &str) -> Option<Self> {
        Self::float(text.trim().parse().ok()?)
    }
    fn int(number: i64) -> Option<Self> {
        (0..=1).contains(&number).then(|| Rate(number * 10_000))
    }
    fn float(number: f64) -> Option<Self> {
        (0.0..=1.0).contains(&number).then(|| Rate((number * 10_000.0).round() as i64))
    }
}

impl<'de, T: FromWire<'de>> FromWire<'de> for Vec<Leaf<T>> {
    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(Some(list))
    }
}

/// Reads an object by its derived reader.
pub(super) fn object<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: A) -> Result<Option<T>, A::Error> {
    T::deserialize(MapAccessDeserializer::new(map)).map(Some)
}

/// Makes a struct with a derived reader usable as a [`Leaf`].
macro_rules! objects {
    ($($name:ident),* $(,)?) => { $(
        impl<'de> FromWire<'de> for $name {
            fn map<A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                $crate::rakuten::leaf::object(map)
            }
        }
    )* };
}
pub(super) use objects;

struct LeafVisitor<T>(PhantomData<T>);

fn fits<T>(value: Option<T>) -> Leaf<T> {
    value.map_or(Leaf::Bad, Leaf::Value)
}

impl<'de, T: FromWire<'de>> Visitor<'de> for LeafVisitor<T> {
    type Value = Leaf<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E: Error>(self) -> Result<Leaf<T>, E> {
        Ok(Leaf::Null)
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Leaf<T>, E> {
        Ok(Leaf::Bad)
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Leaf<T>, E> {
        Ok(fits(T::int(value)))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Leaf<T>, E> {
        Ok(fits(i64::try_from(value).ok().and_then(T::int)))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Leaf<T>, E> {
        Ok(fits(T::float(value)))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Leaf<T>, E> {
        Ok(fits(T::text(value)))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Leaf<T>, A::Error> {
        T::map(map).map(fits)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Leaf<T>, A::Error> {
        T::seq(seq).map(fits)
    }
}

impl<'de, T: FromWire<'de>> Deserialize<'de> for Leaf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LeafVisitor(PhantomData))
    }
}
