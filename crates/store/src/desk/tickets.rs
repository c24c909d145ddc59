//! Tickets: a few bytes that leave the house sealed and come back in a URL (a search for a person, 2.11 of the papers),
//! good for a short time and for one purpose.

use crate::args;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::Purpose;
use crate::sql::sql;
use data_encoding::BASE64URL_NOPAD;
use domain::UtcMillis;

sql! {
    /// Used, unless it was.
    SPEND("INSERT INTO spent_tickets (digest, until) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING");
    /// These are over by themselves.
    FORGET("DELETE FROM spent_tickets WHERE until < $1");
}

fn place(kind: &'static str) -> Aad {
    Aad::new("ticket", kind, 0)
}

impl Ledger {
    /// Seals a text into a ticket that is good until `until`.
    ///
    /// # Errors
    /// `Other` when sealing fails.
    pub fn seal_ticket(
        &self,
        kind: &'static str,
        text: &str,
        until: UtcMillis,
    ) -> Result<String, StoreError> {
        let plain = format!("{}\n{text}", until.0);
        let sealed = self.ring.seal_box(Purpose::Requests, &place(kind), plain.as_bytes())?;
        Ok(BASE64URL_NOPAD.encode(&sealed))
    }

    /// What a ticket says; `None` when it is not ours, over, or for something else.
    #[must_use]
    pub fn open_ticket(&self, kind: &'static str, ticket: &str, now: UtcMillis) -> Option<String> {
        let sealed = BASE64URL_NOPAD.decode(ticket.as_bytes()).ok()?;
        let plain = self.ring.open_box(Purpose::Requests, &place(kind), &sealed).ok()?;
        let text = std::str::from_utf8(&plain).ok()?;
        let (until, text) = text.split_once('\n')?;
        (until.parse::<i64>().ok()? > now.0).then(|| text.to_owned())
    }

    /// Uses what is good once, named by a digest: `false` when it was used before. `until`: when it is over anyway.
    ///
    /// # Errors
    /// As the database says.
    pub async fn spend_ticket(
        &self,
        digest: &str,
        until: UtcMillis,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&FORGET, args![now.0]).await?;
        let first = tx.exec(&SPEND, args![digest, until.0]).await? == 1;
        tx.commit().await?;
        Ok(first)
    }
}
