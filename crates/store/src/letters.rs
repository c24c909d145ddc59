//! Letters that go out by mail: queued with what they are about as a key, so that the same thing is never written twice.
//! Recipients, subject and text are sealed.

use crate::args;
use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::to_json;
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::Purpose;
use crate::sql::sql;
use domain::{ShopId, UtcMillis};
use serde::{Deserialize, Serialize};

sql! {
    /// A new letter, unless one about the same thing was written before.
    QUEUE("INSERT INTO letters (id, key, kind, shop_id, sealed, state, attempts, next_at, created_at) \
           VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6, $6) ON CONFLICT (key) DO NOTHING");
}

/// A letter to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// What it is about (`credential:3:license_key:2027-01-01:7`): no letter of the same key is ever written again.
    pub key: String,
    /// `notice_results`, `credential`, `checklist` …
    pub kind: String,
    /// The shop it is about.
    pub shop_id: Option<ShopId>,
    /// What it says.
    pub content: LetterContent,
}

/// What is sealed of a letter. No buyer data belongs in it all the same: mail is read on many screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterContent {
    /// Addresses.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

fn place(id: i64) -> Aad {
    Aad::new("letters", "sealed", id)
}

impl Ledger {
    /// Queues a letter; `false` when one about the same thing was queued before.
    ///
    /// # Errors
    /// As the database says.
    pub async fn queue_letter(&self, letter: &NewLetter, now: UtcMillis) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::Letter).await?;
        let content = to_json(&letter.content)?.to_string();
        let sealed = self.ring.seal_box(Purpose::Requests, &place(id), content.as_bytes())?;
        let shop = letter.shop_id.map(|s| s.0);
        let values = args![id, letter.key.as_str(), letter.kind.as_str(), shop, sealed, now.0];
        let new = tx.exec(&QUEUE, values).await? == 1;
        tx.commit().await?;
        Ok(new)
    }
}
