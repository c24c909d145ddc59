//! Letters that go out by mail: queued with what they are about as a key, so that the same thing is never written twice.
//! A letter is claimed before its first byte leaves, and what became of it names the claim. One whose claim ran out is
//! unclear and stays so until a person decides (F39). Recipients, subject and text are sealed.

use crate::access::Access;
use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::row::Row;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::{Arg, sql};
use crate::{Tx, args};
use domain::{Reason, ShopId, UtcMillis};
use serde::{Deserialize, Serialize};

/// Columns of a letter.
macro_rules! columns {
    () => {
        "SELECT id, key, kind, shop_id, sealed, state, attempts, next_at, created_at, ended_at, reason FROM letters WHERE "
    };
}

sql! {
    /// A new letter, unless one about the same thing was written before.
    QUEUE("INSERT INTO letters (id, key, kind, shop_id, sealed, state, attempts, next_at, created_at) \
           VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6, $6) ON CONFLICT (key) DO NOTHING");
    /// Letters that are due. Both conditions on the state: SQLite uses the partial index only so.
    DUE("SELECT id FROM letters WHERE state IN ('queued', 'sending') AND state = 'queued' AND next_at <= $1 \
         ORDER BY next_at, id LIMIT $2");
    /// Somebody takes one: `next_at` is when the claim runs out.
    CLAIM("UPDATE letters SET state = 'sending', attempts = attempts + 1, next_at = $3 \
           WHERE id = $1 AND state = 'queued' AND next_at <= $2");
    /// Claims that ran out.
    LOST("UPDATE letters SET state = 'unclear', ended_at = $1, reason = $2 \
          WHERE state IN ('queued', 'sending') AND state = 'sending' AND next_at <= $1");
    /// How it ended. One that was thought lost may still say so.
    END("UPDATE letters SET state = $3, ended_at = $4, reason = $5 WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'unclear')");
    /// It is tried again later.
    RETRY("UPDATE letters SET state = 'queued', next_at = $3, ended_at = NULL, reason = $4 \
           WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'unclear')");
    /// A person sends it once more.
    AGAIN("UPDATE letters SET state = 'queued', next_at = $2, ended_at = NULL WHERE id = $1 AND state IN ('failed', 'unclear')");
    /// The way may be open again.
    HURRY("UPDATE letters SET next_at = $1 WHERE state IN ('queued', 'sending') AND state = 'queued' AND next_at > $1");
    /// Is one of a kind waiting for a shop?
    WAITING("SELECT COUNT(*) AS n FROM letters WHERE state IN ('queued', 'sending') AND kind = $1 AND shop_id = $2");
    /// How many are in which state: all that wait, and what ended since.
    COUNTS("SELECT state, COUNT(*) AS n, MIN(created_at) AS first_at FROM letters \
            WHERE state IN ('queued', 'sending') OR created_at >= $1 GROUP BY state");
    /// One.
    ONE([text columns] "id = $1");
    /// Newest first.
    LIST([text columns] "($1 OR shop_id IS NULL OR shop_id" [in_ints "$2"] ") AND (CAST($3 AS TEXT) IS NULL OR state = $3) \
         AND (created_at, id) < ($4, $5) ORDER BY created_at DESC, id DESC LIMIT $6");
    /// Old ones.
    PURGE("DELETE FROM letters WHERE created_at < $1 AND state NOT IN ('queued', 'sending')");
    /// For the rotation of the master key.
    BOXES("SELECT id, sealed FROM letters WHERE id > $1 ORDER BY id LIMIT $2");
    /// For the rotation of the master key.
    REBOX("UPDATE letters SET sealed = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation =
    Rotation { purpose: Purpose::Requests, table: "letters", column: "sealed", select: BOXES, update: REBOX };

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
    /// Addresses; empty = whoever the settings name when it is sent.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetterState {
    /// 送信待ち.
    Queued,
    /// 送信中.
    Sending,
    /// 送信済み: the server took it.
    Sent,
    /// 結果不明: it was sent and the server's answer was lost, or whoever sent it died.
    Unclear,
    /// 送信できませんでした.
    Failed,
}

impl LetterState {
    /// All.
    pub const ALL: [LetterState; 5] = [
        LetterState::Queued,
        LetterState::Sending,
        LetterState::Sent,
        LetterState::Unclear,
        LetterState::Failed,
    ];

    /// Stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LetterState::Queued => "queued",
            LetterState::Sending => "sending",
            LetterState::Sent => "sent",
            LetterState::Unclear => "unclear",
            LetterState::Failed => "failed",
        }
    }

    /// From the stable text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A letter as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Row.
    pub id: i64,
    /// What it is about.
    pub key: String,
    /// Kind.
    pub kind: String,
    /// Shop.
    pub shop_id: Option<ShopId>,
    /// What it says.
    pub content: LetterContent,
    /// State.
    pub state: LetterState,
    /// How often it was tried; names the claim.
    pub attempts: i64,
    /// Next try, or when the claim runs out.
    pub next_at: UtcMillis,
    /// Written.
    pub created_at: UtcMillis,
    /// Ended.
    pub ended_at: Option<UtcMillis>,
    /// Why it is not sent (yet), or what the server remarked.
    pub reason: Option<Reason>,
}

impl Letter {
    /// A name that every try of this letter bears, and no other letter: for `Message-ID`. Hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let what = format!("{}\n{}\n{}", self.id, self.created_at.0, self.key);
        let whole = blake3::derive_key("choba letter v1", what.as_bytes());
        data_encoding::HEXLOWER.encode(whole.get(..16).unwrap_or(&whole))
    }
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterEnd {
    /// The server took it, perhaps with a remark.
    Sent(Option<Reason>),
    /// Nobody knows whether the server took it.
    Unclear(Reason),
    /// It was not sent and is not tried again.
    Failed(Reason),
    /// It was certainly not sent and is tried again then.
    Retry(UtcMillis, Reason),
}

/// How many letters are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterCount {
    /// State.
    pub state: LetterState,
    /// Letters.
    pub n: i64,
    /// The oldest.
    pub first_at: UtcMillis,
}

fn place(id: i64) -> Aad {
    Aad::new("letters", "sealed", id)
}

fn state(row: &Row, id: i64) -> Result<LetterState, StoreError> {
    let text = row.get_str("state")?;
    LetterState::parse(&text).ok_or_else(|| StoreError::Corrupt {
        table: "letters".into(),
        column: "state".into(),
        row: id.to_string(),
    })
}

impl Ledger {
    /// Queues a letter; `false` when one about the same thing was queued before.
    ///
    /// # Errors
    /// As the database says.
    pub async fn queue_letter(&self, letter: &NewLetter, now: UtcMillis) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let new = self.queue_letter_in(&mut tx, letter, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// The same together with what it tells.
    pub(crate) async fn queue_letter_in(
        &self,
        tx: &mut Tx,
        letter: &NewLetter,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let id = ids::take_one(tx, Family::Letter).await?;
        let content = to_json(&letter.content)?.to_string();
        let sealed = self.ring.seal_box(Purpose::Requests, &place(id), content.as_bytes())?;
        let shop = letter.shop_id.map(|s| s.0);
        let values = args![id, letter.key.as_str(), letter.kind.as_str(), shop, sealed, now.0];
        Ok(tx.exec(&QUEUE, values).await? == 1)
    }

    fn letter_of(&self, row: &Row) -> Result<Letter, StoreError> {
        let id = row.get_i64("id")?;
        let plain = self.ring.open_box(Purpose::Requests, &place(id), &row.get_bytes("sealed")?)?;
        let content = serde_json::from_slice(&plain).map_err(|_| place(id).corrupt())?;
        let reason = row.get_opt_json("reason")?.filter(|v| !v.is_null());
        Ok(Letter {
            id,
            key: row.get_str("key")?,
            kind: row.get_str("kind")?,
            shop_id: row.get_opt_i64("shop_id")?.map(ShopId),
            content,
            state: state(row, id)?,
            attempts: row.get_i64("attempts")?,
            next_at: UtcMillis(row.get_i64("next_at")?),
            created_at: UtcMillis(row.get_i64("created_at")?),
            ended_at: row.get_opt_i64("ended_at")?.map(UtcMillis),
            reason: reason.map(|v| from_json("letters", "reason", id, v)).transpose()?,
        })
    }

    /// Letters that are due, longest waiting first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn due_letters(&self, now: UtcMillis, limit: i64) -> Result<Vec<i64>, StoreError> {
        let rows = self.db.fetch_all(&DUE, args![now.0, limit]).await?;
        rows.iter().map(|r| r.get_i64("id")).collect()
    }

    /// Takes a letter until `until`, before anything of it leaves. `None`: somebody else has it, or it is not due.
    ///
    /// # Errors
    /// As the database says.
    pub async fn claim_letter(
        &self,
        id: i64,
        until: UtcMillis,
        now: UtcMillis,
    ) -> Result<Option<Letter>, StoreError> {
        let mut tx = self.db.begin().await?;
        let taken = tx.exec(&CLAIM, args![id, now.0, until.0]).await? == 1;
        let row = if taken { Some(tx.fetch_one(&ONE, args![id]).await?) } else { None };
        tx.commit().await?;
        row.map(|row| self.letter_of(&row)).transpose()
    }

    /// Letters whose claim ran out are unclear: whoever had them died with the answer, or before the first byte, and
    /// nobody can tell. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub async fn settle_lost_letters(&self, reason: &Reason, now: UtcMillis) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let lost = tx.exec(&LOST, args![now.0, to_json(reason)?]).await?;
        tx.commit().await?;
        Ok(lost)
    }

    /// Stores what became of a try; `false`: the claim is not the letter's any more.
    ///
    /// # Errors
    /// As the database says.
    pub async fn letter_ended(
        &self,
        letter: &Letter,
        end: &LetterEnd,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let (id, attempts) = (letter.id, letter.attempts);
        let mut tx = self.db.begin().await?;
        let done = match end {
            LetterEnd::Retry(at, reason) => {
                tx.exec(&RETRY, args![id, attempts, at.0, to_json(reason)?]).await?
            }
            LetterEnd::Sent(remark) => {
                let remark = remark.as_ref().map(to_json).transpose()?;
                tx.exec(&END, args![id, attempts, LetterState::Sent.as_str(), now.0, remark]).await?
            }
            LetterEnd::Unclear(reason) => {
                let state = LetterState::Unclear.as_str();
                tx.exec(&END, args![id, attempts, state, now.0, to_json(reason)?]).await?
            }
            LetterEnd::Failed(reason) => {
                let state = LetterState::Failed.as_str();
                tx.exec(&END, args![id, attempts, state, now.0, to_json(reason)?]).await?
            }
        };
        tx.commit().await?;
        Ok(done == 1)
    }

    /// A person sends a failed or unclear letter once more; `false`: it is neither.
    ///
    /// # Errors
    /// As the database says.
    pub async fn send_letter_again(&self, id: i64, now: UtcMillis) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let done = tx.exec(&AGAIN, args![id, now.0]).await?;
        tx.commit().await?;
        Ok(done == 1)
    }

    /// All that wait are due now: the settings have changed.
    ///
    /// # Errors
    /// As the database says.
    pub async fn hurry_letters(&self, now: UtcMillis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&HURRY, args![now.0]).await?;
        tx.commit().await
    }

    /// Is a letter of a kind for a shop still waiting to leave?
    ///
    /// # Errors
    /// As the database says.
    pub async fn has_waiting_letter(&self, kind: &str, shop: ShopId) -> Result<bool, StoreError> {
        Ok(self.db.fetch_one(&WAITING, args![kind, shop.0]).await?.get_i64("n")? > 0)
    }

    /// How many letters wait, and how those written since then stand.
    ///
    /// # Errors
    /// As the database says.
    pub async fn letter_counts(&self, since: UtcMillis) -> Result<Vec<LetterCount>, StoreError> {
        let rows = self.db.fetch_all(&COUNTS, args![since.0]).await?;
        rows.iter()
            .map(|row| {
                Ok(LetterCount {
                    state: state(row, 0)?,
                    n: row.get_i64("n")?,
                    first_at: UtcMillis(row.get_i64("first_at")?),
                })
            })
            .collect()
    }

    /// One letter.
    ///
    /// # Errors
    /// As the database says.
    pub async fn letter(&self, id: i64) -> Result<Option<Letter>, StoreError> {
        let row = self.db.fetch_optional(&ONE, args![id]).await?;
        row.map(|row| self.letter_of(&row)).transpose()
    }

    /// Letters, newest first; those about a shop only for readers who see it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn letters(
        &self,
        access: &Access,
        state: Option<LetterState>,
        after: Option<(UtcMillis, i64)>,
        limit: i64,
    ) -> Result<Vec<Letter>, StoreError> {
        let (at, id) = after.unwrap_or((UtcMillis(i64::MAX), 0));
        let mut args: Vec<Arg> = access.args().to_vec();
        args.extend(args![state.map(LetterState::as_str), at.0, id, limit.clamp(1, 1_000)]);
        let rows = self.db.fetch_all(&LIST, args).await?;
        rows.iter().map(|row| self.letter_of(row)).collect()
    }

    /// Forgets letters that ended before then. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub async fn purge_letters(&self, before: UtcMillis) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let gone = tx.exec(&PURGE, args![before.0]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
