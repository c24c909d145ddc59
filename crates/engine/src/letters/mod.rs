//! Letters that go out by mail. Whoever has something to say queues a row (`Ledger::queue_letter`) to [`addresses`]; any
//! process sends it ([`send`]). Result mails ([`report`]) are written here, in the words of [`words`]. Knows neither SMTP
//! nor TLS: a [`Mailer`] does. Letters never hold up what they report.

pub(crate) mod health;
pub(crate) mod report;
pub mod send;
pub mod settings;
pub mod words;

use domain::{Reason, UtcMillis};
use store::mail::MailServer;
use store::{Ledger, StoreError};

/// Who gets letters of the installation: 管理者 first, then 通知先. Empty while nobody was entered: queue the letter
/// all the same, with no recipients; it then goes to whoever is entered when it is sent.
///
/// # Errors
/// As the database says.
pub async fn addresses(ledger: &Ledger) -> Result<Vec<String>, StoreError> {
    Ok(ledger.mail_settings().await?.map(|m| m.config.addresses()).unwrap_or_default())
}

/// A letter as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The same at every try of this letter; hexadecimal.
    pub fingerprint: String,
    /// Sender's address.
    pub from: String,
    /// Recipients' addresses.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text; lines end with `\n`.
    pub text: String,
    /// When it was written.
    pub written_at: UtcMillis,
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The server took it; some recipients may have been refused.
    Sent(Option<Reason>),
    /// It was certainly not sent. `again`: a later try may do better.
    NotSent {
        /// Why.
        reason: Reason,
        /// A later try may do better.
        again: bool,
    },
    /// Everything was sent and the answer did not come: it may have arrived.
    Unclear(Reason),
}

/// The way out. A try ends by itself within [`send::TRY_MS`].
#[async_trait::async_trait]
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Sends one letter.
    async fn post(&self, server: &MailServer, letter: &Outgoing) -> Posted;
}

/// One line without anything that could end a header or speak to a terminal (F58).
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| if is_break(c) || c.is_control() { ' ' } else { c });
    let words = plain.collect::<String>();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(most) {
        None => words,
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
    }
}

/// Text whose lines end with `\n` and that holds no other control character (F58).
#[must_use]
pub fn plain_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect()
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_whatever_is_in_it_f58() {
        let nasty = "結果\r\nBcc: x@example.jp\u{2028}a\u{1b}[31mb\u{0}c";
        assert_eq!(one_line(nasty, 100), "結果 Bcc: x@example.jp a [31mb c");
        assert_eq!(one_line("長い件名", 2), "長い…");
    }

    #[test]
    fn a_text_keeps_its_lines_and_no_other_control_character_f58() {
        assert_eq!(plain_text("一\r\n二\r三\u{1b}[0m\t四\u{7}"), "一\n二\n三[0m\t四");
    }
}
