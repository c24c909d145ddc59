//! Answers of writes that carried an `Idempotency-Key`: the same key gets the same answer, and the work is done once.

use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::Purpose;
use crate::sql::sql;
use domain::UtcMillis;

sql! {
    /// Claim a key.
    CLAIM("INSERT INTO idempotency (key_hash, request_hash, created_at) VALUES ($1, $2, $3) ON CONFLICT (key_hash) DO NOTHING");
    /// What is there.
    GET("SELECT request_hash, status, answer FROM idempotency WHERE key_hash = $1");
    /// The answer.
    ANSWER("UPDATE idempotency SET status = $2, answer = $3 WHERE key_hash = $1");
    /// Nothing was done: the key is free again.
    FREE("DELETE FROM idempotency WHERE key_hash = $1 AND status IS NULL");
    /// Old ones.
    SWEEP("DELETE FROM idempotency WHERE created_at < $1");
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// New: do the work, then answer.
    New,
    /// Done before.
    Done {
        /// HTTP status.
        status: i64,
        /// Body.
        body: Vec<u8>,
    },
    /// Another request with it is being worked.
    UnderWay,
    /// It was used for another request.
    OtherRequest,
}

/// Keys are kept so long, milliseconds.
const KEPT_MS: i64 = 2 * domain::time::DAY;

fn place(key_hash: &str) -> Aad {
    Aad::new("idempotency", "answer", key_hash)
}

impl Ledger {
    /// Claims a key for a request (digests of both). Old keys are swept out with it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn claim_key(
        &self,
        key_hash: &str,
        request_hash: &str,
        now: UtcMillis,
    ) -> Result<Claim, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&SWEEP, args![now.0.saturating_sub(KEPT_MS)]).await?;
        let new = tx.exec(&CLAIM, args![key_hash, request_hash, now.0]).await? == 1;
        let row = tx.fetch_optional(&GET, args![key_hash]).await?;
        tx.commit().await?;
        let Some(row) = row.filter(|_| !new) else { return Ok(Claim::New) };
        if row.get_str("request_hash")? != request_hash {
            return Ok(Claim::OtherRequest);
        }
        match (row.get_opt_i64("status")?, row.get_opt_bytes("answer")?) {
            (Some(status), Some(sealed)) => {
                let body = self.ring.open_box(Purpose::Requests, &place(key_hash), &sealed)?;
                Ok(Claim::Done { status, body: body.to_vec() })
            }
            _ => Ok(Claim::UnderWay),
        }
    }

    /// Keeps the answer of a claimed key. `None`: nothing was done, the key is free again.
    ///
    /// # Errors
    /// As the database says.
    pub async fn answer_key(&self, key_hash: &str, answer: Option<(i64, &[u8])>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        match answer {
            None => tx.exec(&FREE, args![key_hash]).await?,
            Some((status, body)) => {
                let sealed = self.ring.seal_box(Purpose::Requests, &place(key_hash), body)?;
                tx.exec(&ANSWER, args![key_hash, status, sealed]).await?
            }
        };
        tx.commit().await
    }
}
