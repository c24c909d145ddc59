//! What letters show of an installation's health: waiting without a server, waiting too long, failed, not known.

use crate::health::Finding;
use domain::UtcMillis;
use domain::time::{DAY, HOUR};
use store::letters::{LetterCount, LetterState};
use store::{Ledger, StoreError};

/// Letters that ended badly are told for so long.
const TOLD_MS: i64 = 7 * DAY;
/// A letter that waits longer than this is told.
const LONG_MS: i64 = HOUR;

/// What is worth saying.
///
/// # Errors
/// As the database says.
pub(crate) async fn of(ledger: &Ledger, now: UtcMillis) -> Result<Vec<Finding>, StoreError> {
    let counts = ledger.letter_counts(now.plus(-TOLD_MS)).await?;
    let set_up = ledger.mail_settings().await?.is_some();
    Ok(judge(&counts, set_up, now))
}

fn judge(counts: &[LetterCount], set_up: bool, now: UtcMillis) -> Vec<Finding> {
    let of = |states: &[LetterState]| -> (i64, Option<UtcMillis>) {
        let those = counts.iter().filter(|c| states.contains(&c.state));
        (those.clone().map(|c| c.n).sum(), those.map(|c| c.first_at).min())
    };
    let (waiting, oldest) = of(&[LetterState::Queued, LetterState::Sending]);
    let long = oldest.is_some_and(|at| now.since(at) >= LONG_MS);
    let mut found = Vec::new();
    if !set_up && waiting > 0 {
        found.push(Finding::warning(
            "mail",
            format!("メールの設定がないため、{waiting}通が送られずに待っています"),
            format!("{waiting} letters wait because no mail server is set up"),
            "設定の「メール」でサーバーと宛先を登録してください。",
        ));
    } else if long {
        found.push(Finding::warning(
            "mail",
            format!("{waiting}通のメールが1時間以上送れずに待っています"),
            format!("{waiting} letters have been waiting for more than an hour"),
            "設定の「送ったメール」で理由を確かめてください。",
        ));
    } else if set_up {
        let ja = format!("メールの設定があります（送信待ち{waiting}通）");
        found.push(Finding::ok("mail", ja, format!("mail is set up ({waiting} letters wait)")));
    }
    for (state, ja, en, remedy) in [
        (
            LetterState::Failed,
            "送れなかった",
            "could not be sent",
            "設定の「送ったメール」で理由を確かめて再送してください。",
        ),
        (
            LetterState::Unclear,
            "届いたか不明な",
            "may or may not have arrived",
            "受信を確かめ、届いていなければ「送ったメール」から再送してください。",
        ),
    ] {
        let (n, _) = of(&[state]);
        if n > 0 {
            let words = format!("この7日間に、{ja}メールが{n}通あります");
            found.push(Finding::warning(
                "mail",
                words,
                format!("{n} letters of the last 7 days {en}"),
                remedy,
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Health;

    fn count(state: LetterState, n: i64, first_at: i64) -> LetterCount {
        LetterCount { state, n, first_at: UtcMillis(first_at) }
    }

    #[test]
    fn letters_that_wait_are_told_once_and_visibly_f39() {
        let now = UtcMillis(10 * HOUR);
        assert!(judge(&[], false, now).is_empty(), "nobody wants mail");
        let waiting = [count(LetterState::Queued, 3, 9 * HOUR), count(LetterState::Sending, 1, 10 * HOUR)];
        let found = judge(&waiting, false, now);
        assert!(found.len() == 1 && found[0].ja.contains("4通が送られずに待っています"), "{found:?}");
        assert!(judge(&waiting, true, now)[0].ja.contains("1時間以上"));
        let fresh = [count(LetterState::Queued, 3, 10 * HOUR)];
        assert_eq!(judge(&fresh, true, now)[0].level, Health::Ok);
        let bad = [count(LetterState::Unclear, 1, 0), count(LetterState::Failed, 2, 0)];
        assert_eq!(judge(&bad, true, now).iter().filter(|f| f.level == Health::Warning).count(), 2);
    }
}
