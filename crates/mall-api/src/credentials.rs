//! Credentials of a shop while they are in use, and the shop's settings for its mall.

use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// Secrets by credential key. Never printed, never serialised.
#[derive(Clone, Default)]
pub struct Credentials(BTreeMap<String, SecretString>);

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Credentials {
    /// From pairs of key and secret.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k, SecretString::from(v))).collect())
    }

    /// The secret under a key, if it is there and not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(ExposeSecret::expose_secret).filter(|s| !s.is_empty())
    }

    /// Keys that have a secret.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, v)| !v.expose_secret().is_empty()).map(|(k, _)| k.as_str())
    }
}

/// Settings of a shop by key, as text. What is not set has the Descriptor's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(pub BTreeMap<String, String>);

impl Settings {
    /// The text under a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A whole number under a key; `default` when absent or not a number.
    pub fn int(&self, key: &str, default: i64) -> i64 {
        self.get(key).and_then(|v| v.parse().ok()).unwrap_or(default)
    }

    /// A switch under a key (`true`/`false`).
    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(|v| v.parse().ok()).unwrap_or(default)
    }
}
