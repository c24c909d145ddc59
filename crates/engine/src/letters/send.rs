//! Sending what is due. A letter is claimed before its first byte leaves and never sent by itself again once it may have
//! arrived (F39). What is put off is tried again with growing waits, until it is given up with its reason.

use super::{Mailer, Outgoing, Posted, one_line, plain_text};
use crate::hub::Hub;
use domain::time::{HOUR, MINUTE};
use domain::{UtcMillis, reason};
use mall_api::Clock;
use store::letters::{Letter, LetterContent, LetterEnd};
use store::mail::{MailServer, MailSettings};
use store::{Ledger, StoreError};

/// A try of a [`Mailer`] ends within this time, milliseconds.
pub const TRY_MS: i64 = 10 * MINUTE;
/// A claim outlasts the longest try.
const CLAIM_MS: i64 = TRY_MS + 5 * MINUTE;
/// Waits after the first, second, … try that was put off. After the last one it is given up: two days in all.
const WAITS: [i64; 9] =
    [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 20 * HOUR];
/// Letters looked for at a time.
const BATCH: i64 = 20;
/// Longest subject, characters.
const SUBJECT: usize = 150;

/// What a letter's end is after a try.
fn end(posted: Posted, attempts: i64, now: UtcMillis) -> LetterEnd {
    match posted {
        Posted::Sent(remark) => LetterEnd::Sent(remark),
        Posted::Unclear(reason) => LetterEnd::Unclear(reason),
        Posted::NotSent { reason, again: false } => LetterEnd::Failed(reason),
        Posted::NotSent { reason, again: true } => {
            let tried = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
            match WAITS.get(tried) {
                Some(wait) => LetterEnd::Retry(now.plus(*wait), reason),
                None => LetterEnd::Failed(reason::mail_given_up(&reason.ja)),
            }
        }
    }
}

/// A letter as it leaves by a server.
fn outgoing(letter: &Letter, server: &MailServer) -> Outgoing {
    let to = if letter.content.to.is_empty() { server.config.addresses() } else { letter.content.to.clone() };
    Outgoing {
        fingerprint: letter.fingerprint(),
        from: server.config.from.clone(),
        to,
        subject: one_line(&letter.content.subject, SUBJECT),
        text: plain_text(&letter.content.text),
        written_at: letter.created_at,
    }
}

/// Sends what is due, one after another, until nothing is or `stop` says so. Says how many were tried.
///
/// # Errors
/// As the database says. What was being sent then becomes unclear when its claim runs out.
pub async fn post_due(
    ledger: &Ledger,
    mailer: &dyn Mailer,
    clock: &dyn Clock,
    stop: &(dyn Fn() -> bool + Send + Sync),
) -> Result<usize, StoreError> {
    let lost = ledger.settle_lost_letters(&reason::mail_cut_off(), clock.now()).await?;
    if lost > 0 {
        metrics::counter!("choba_letters_total", "outcome" => "unclear").increment(lost);
        tracing::warn!(lost, "letters were cut off while they were sent");
    }
    let mut tried = 0;
    loop {
        let due = ledger.due_letters(clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(tried);
        }
        // Read anew for each batch: new settings hold at once. None: they wait, and the screens say so.
        let Some(server) = ledger.mail_server().await? else { return Ok(tried) };
        for id in due {
            if stop() {
                return Ok(tried);
            }
            let now = clock.now();
            if let Some(letter) = ledger.claim_letter(id, now.plus(CLAIM_MS), now).await? {
                post_one(ledger, mailer, clock, &server, &letter).await?;
                tried += 1;
            }
        }
    }
}

async fn post_one(
    ledger: &Ledger,
    mailer: &dyn Mailer,
    clock: &dyn Clock,
    server: &MailServer,
    letter: &Letter,
) -> Result<(), StoreError> {
    let out = outgoing(letter, server);
    let posted = if out.to.is_empty() {
        Posted::NotSent { reason: reason::mail_no_recipient(), again: true }
    } else {
        mailer.post(server, &out).await
    };
    let now = clock.now();
    let end = end(posted, letter.attempts, now);
    let outcome = match &end {
        LetterEnd::Sent(_) => "sent",
        LetterEnd::Unclear(_) => "unclear",
        LetterEnd::Failed(_) => "failed",
        LetterEnd::Retry(..) => "put_off",
    };
    metrics::counter!("choba_letters_total", "outcome" => outcome).increment(1);
    tracing::info!(letter = letter.id, kind = %letter.kind, attempts = letter.attempts, outcome, "letter");
    ledger.letter_ended(letter, &end, now).await.map(drop)
}

/// The same for a hub, as one of its chores.
pub(crate) async fn chore(hub: &Hub) -> Result<(), StoreError> {
    let Some(mailer) = &hub.config.mailer else { return Ok(()) };
    post_due(&hub.ledger, &**mailer, &*hub.clock, &|| hub.is_stopping()).await.map(drop)
}

/// 「試しに送る」: one letter to everybody, now, past the rows: the person waits for the server's word.
///
/// # Errors
/// As the database says.
pub async fn try_out(
    ledger: &Ledger,
    mailer: &dyn Mailer,
    settings: &MailSettings,
    now: UtcMillis,
) -> Result<Posted, StoreError> {
    let Some(server) = ledger.mail_server().await? else {
        return Ok(Posted::NotSent { reason: reason::mail_not_set_up(), again: true });
    };
    let content = LetterContent {
        to: settings.config.addresses(),
        subject: "【帳場】メールの確認".to_owned(),
        text: "帳場のメールの設定を確かめるために送りました。\nこのメールが届いていれば、設定は正しく働いています。\n"
            .to_owned(),
    };
    let out = Outgoing {
        fingerprint: format!("{:032x}", uuid::Uuid::now_v7().as_u128()),
        from: server.config.from.clone(),
        to: content.to,
        subject: content.subject,
        text: content.text,
        written_at: now,
    };
    Ok(mailer.post(&server, &out).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_off() -> Posted {
        Posted::NotSent { reason: reason::mail_put_off("451"), again: true }
    }

    #[test]
    fn waits_grow_and_the_last_try_ends_it_with_its_reason_f39() {
        let now = UtcMillis(0);
        let mut last = 0;
        for attempts in 1..=9 {
            let LetterEnd::Retry(at, _) = end(put_off(), attempts, now) else {
                panic!("given up at {attempts}")
            };
            assert!(at.0 > last, "waits grow");
            last = at.0;
        }
        let LetterEnd::Failed(reason) = end(put_off(), 10, now) else { panic!("not given up") };
        assert_eq!(reason.code, "mail_given_up");
        assert!(reason.ja.contains("451"), "{}", reason.ja);
    }

    #[test]
    fn what_may_have_arrived_is_never_tried_again_f39() {
        let unclear = end(Posted::Unclear(reason::mail_unclear()), 1, UtcMillis(0));
        assert!(matches!(unclear, LetterEnd::Unclear(_)));
        let refused = Posted::NotSent { reason: reason::mail_refused("550"), again: false };
        assert!(matches!(end(refused, 1, UtcMillis(0)), LetterEnd::Failed(_)));
    }
}
