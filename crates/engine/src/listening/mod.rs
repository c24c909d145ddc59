//! Listening for word from outside that there is something new (IMP-7): mailboxes, queues.
//!
//! Here is what is done with what they say, and who keeps them listening. How a mailbox or a queue is spoken to is
//! another room's: it comes as [`Listening`]. A word only hurries the next look at the mall; when nothing can be heard,
//! the schedule goes on as if nobody listened.

mod heard;
mod supervise;

pub use supervise::Listeners;

use crate::setup::Problem;
use domain::{Reason, ShopId};
use mall_api::word::Mail;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use store::StoreError;

/// The setting of every listener that names the one shop it speaks of.
pub const SHOP: &str = "shop";

/// What was said.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// A mail.
    Mail(Mail),
    /// A message of a queue, as it stands.
    Message(String),
}

/// Who takes what is heard.
#[async_trait::async_trait]
pub trait Ear: Send + Sync {
    /// Takes one word. When it returns well, the word is kept and need not be said again.
    ///
    /// # Errors
    /// As the database says: it must be said again.
    async fn heard(&self, said: Said) -> Result<(), StoreError>;

    /// A sign of life; `bookmark`: how far it was read, in the listener's own words.
    ///
    /// # Errors
    /// As the database says.
    async fn alive(&self, bookmark: Option<Value>) -> Result<(), StoreError>;
}

/// A setting of a kind of listeners.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Key.
    pub key: &'static str,
    /// Label, Japanese and English.
    pub label: (&'static str, &'static str),
    /// Help, Japanese.
    pub help: &'static str,
    /// What stands there at first.
    pub default: &'static str,
}

/// One listener as its kind needs it. Never printed.
pub struct Place {
    /// Settings, as [`Listening::read`] gave them.
    pub config: Value,
    /// Password or key.
    pub secret: SecretString,
    /// How far it was read.
    pub bookmark: Option<Value>,
}

impl Place {
    /// Of settings and an opened secret, to be read from its beginning.
    #[must_use]
    pub fn new(config: Value, secret: String) -> Self {
        Self { config, secret: SecretString::from(secret), bookmark: None }
    }
}

/// One check of a live test.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What was tried, Japanese and English.
    pub what: (&'static str, &'static str),
    /// What was found (words without secrets), or why it failed: nothing after it was tried.
    pub outcome: Result<String, Reason>,
}

/// A kind of listeners.
#[async_trait::async_trait]
pub trait Listening: Send + Sync {
    /// Stable key (`imap`).
    fn kind(&self) -> &'static str;

    /// Japanese and English.
    fn label(&self) -> (&'static str, &'static str);

    /// Its settings.
    fn fields(&self) -> &'static [Field];

    /// Label of its secret, Japanese and English.
    fn secret_label(&self) -> (&'static str, &'static str);

    /// Reads settings as people give them, by key.
    ///
    /// # Errors
    /// The first that does not fit.
    fn read(&self, given: &BTreeMap<String, String>) -> Result<Value, Problem>;

    /// Listens until it fails, and says why. What cannot be kept is said again next time.
    async fn listen(&self, place: &Place, ear: &dyn Ear) -> Reason;

    /// Tries it, check by check, changing nothing.
    async fn test(&self, place: &Place) -> Vec<Step>;
}

/// Settings as people give them, for [`Listening::read`]; the shop is the same for every kind.
///
/// # Errors
/// The first that does not fit.
pub fn read(
    kind: &dyn Listening,
    given: &BTreeMap<String, String>,
    shop: Option<ShopId>,
) -> Result<Value, Problem> {
    if let Some(key) = given.keys().find(|key| !kind.fields().iter().any(|f| f.key == **key)) {
        let keys: Vec<&str> = kind.fields().iter().map(|f| f.key).collect();
        let keys = keys.join(", ");
        let ja = format!("そのような設定はありません（{keys}）");
        return Err(Problem { key: key.clone(), ja, en: format!("is not a setting ({keys})") });
    }
    let mut config = kind.read(given)?;
    if let (Some(map), Some(shop)) = (config.as_object_mut(), shop) {
        map.insert(SHOP.to_owned(), shop.0.into());
    }
    Ok(config)
}

/// The one shop a listener speaks of, if its settings name one.
#[must_use]
pub fn shop_of(config: &Value) -> Option<ShopId> {
    config.get(SHOP).and_then(Value::as_i64).map(ShopId)
}

/// Checks the name of a listener.
///
/// # Errors
/// Under the key `name`.
pub fn check_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > 60 {
        let ja = "名前は1〜60文字で指定してください".to_owned();
        return Err(Problem { key: "name".into(), ja, en: "must have 1 to 60 characters".into() });
    }
    Ok(name.to_owned())
}

/// May a stored secret be used with other settings? Only what does not say where it is sent may change: else whoever may
/// change settings could have it sent to himself.
#[must_use]
pub fn keeps_secret(before: &Value, after: &Value) -> bool {
    let where_to = |config: &Value| {
        let mut config = config.clone();
        if let Some(map) = config.as_object_mut() {
            map.retain(|key, _| key != SHOP && key != "folder");
        }
        config
    };
    where_to(before) == where_to(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_stored_secret_never_goes_to_another_server_f63() {
        let before = json!({ "host": "imap.example.jp", "user": "a", "folder": "INBOX", "shop": 1 });
        let with = |key: &str, value: &str| {
            let mut after = before.clone();
            after[key] = value.into();
            keeps_secret(&before, &after)
        };
        assert!(with("folder", "orders") && with("shop", "2"));
        assert!(!with("host", "imap.evil.example") && !with("user", "b") && !with("security", "plain"));
    }
}
