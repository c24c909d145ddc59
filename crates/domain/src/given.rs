//! What a mall said about one field: a value, "empty on purpose", or nothing at all.
//!
//! The difference matters in the three-way reconcile: a field the mall did not mention must never wipe what
//! we have (`NotGiven` never overwrites), a field it emptied must.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One field of a snapshot. In JSON: absent, `null`, or the value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// The mall did not mention the field.
    #[default]
    NotGiven,
    /// The mall says the field is empty.
    Cleared,
    /// The mall's value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Given::Value(v) => Some(v),
            Given::Cleared | Given::NotGiven => None,
        }
    }

    /// For `skip_serializing_if`.
    pub fn is_not_given(&self) -> bool {
        matches!(self, Given::NotGiven)
    }

    /// Present key with an optional value: `None` means the mall emptied it.
    pub fn from_present(value: Option<T>) -> Self {
        value.map_or(Given::Cleared, Given::Value)
    }
}

impl Given<String> {
    /// The text, or the empty text.
    pub fn text(&self) -> &str {
        self.value().map_or("", String::as_str)
    }
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Given::Value(value)
    }
}

impl<T: Serialize> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Given::Value(v) => v.serialize(serializer),
            Given::Cleared | Given::NotGiven => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Given::from_present(Option::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Probe {
        #[serde(default, skip_serializing_if = "Given::is_not_given")]
        field: Given<String>,
    }

    #[test]
    fn absent_null_and_value_stay_three_different_things_through_json() {
        for (json, given) in [
            ("{}", Given::NotGiven),
            (r#"{"field":null}"#, Given::Cleared),
            (r#"{"field":"x"}"#, Given::Value("x".to_owned())),
        ] {
            let probe: Probe = serde_json::from_str(json).unwrap();
            assert_eq!(probe.field, given);
            assert_eq!(serde_json::to_string(&probe).unwrap(), json);
        }
    }
}
