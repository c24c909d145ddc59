//! Letters that go out by mail. Whoever has something to say queues a row (`Ledger::queue_letter`); any process sends
//! it. Knows neither SMTP nor TLS: a [`Mailer`] does. Letters never hold up what they report.

use store::{Ledger, StoreError};

/// Who gets letters of the installation: 管理者 first, then 通知先. Empty while nobody was entered: queue the letter
/// all the same, with no recipients; it then goes to whoever is entered when it is sent.
///
/// # Errors
/// As the database says.
pub async fn addresses(ledger: &Ledger) -> Result<Vec<String>, StoreError> {
    Ok(ledger.mail_settings().await?.map(|m| m.config.addresses()).unwrap_or_default())
}
