//! Warnings ahead of each end, by mail: 30, 14, 7, 3 and 1 days before, and when it has come (CRD-2). A chore that any hub may
//! do: each warning has a key of its own, so none is written twice, and one that was away sends only the newest.

use super::board::{self, BoardRow, EndSource};
use crate::hub::Hub;
use domain::UtcMillis;
use domain::credential::{due_warning, warning_key};
use mall_api::Mall;
use std::fmt::Write as _;
use std::sync::Arc;
use store::letters::{LetterContent, NewLetter};
use store::{Ledger, StoreError};

/// The letter that is due for a credential, if there is one. The subject is loud when work stops.
#[must_use]
pub fn letter(row: &BoardRow, to: &[String], now: UtcMillis) -> Option<NewLetter> {
    let end = row.expires_at.filter(|_| row.is_set && row.active && row.source != EndSource::Never)?;
    let days = due_warning(end, now)?;
    let (shop, label) = (&row.shop, row.label);
    let left = row.days_left.unwrap_or_default();
    let subject = match (days, left) {
        (0, _) => format!("【帳場・要対応】{shop}：{label}の期限が切れました"),
        (_, 0) => format!("【帳場・要対応】{shop}：{label}は今日で切れます"),
        (1 | 3 | 7, _) => format!("【帳場・要対応】{shop}：{label}はあと{left}日で切れます"),
        _ => format!("【帳場】{shop}：{label}はあと{left}日で切れます"),
    };
    let subject = match row.source {
        // Nobody said when it ends: so is the subject.
        EndSource::Latest => format!("{subject}（推定）"),
        _ => subject,
    };
    let content = LetterContent { to: to.to_vec(), subject, text: text(row, end) };
    let key = warning_key(row.shop_id, row.key, end, days);
    Some(NewLetter { key, kind: "credential".to_owned(), shop_id: Some(row.shop_id), content })
}

fn text(row: &BoardRow, end: UtcMillis) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = writeln!(text, "店舗：{}（{}）", row.shop, row.mall_name);
    let _ = writeln!(text, "認証情報：{}", row.label);
    let _ = writeln!(text, "有効期限：{}（{}）", end.to_japan_text(), row.source.words().0);
    if !row.renewal.stops.is_empty() {
        let _ = writeln!(text, "\n期限が切れると止まるもの：");
        for stop in row.renewal.stops {
            let _ = writeln!(text, "・{stop}");
        }
    }
    if row.next.is_some() {
        let _ =
            writeln!(text, "\n新しい値が登録されています。モールが受け付けた時点で、自動で切り替わります。");
    }
    if !row.renewal.steps.is_empty() {
        let _ = writeln!(text, "\n更新の手順：");
        for (n, step) in row.renewal.steps.iter().enumerate() {
            let _ = writeln!(text, "{}. {step}", n + 1);
        }
    }
    let _ = writeln!(text, "\n帳場の「店舗」→「API有効期限」から登録できます。");
    text
}

/// Queues what is due; says how many letters are new.
///
/// # Errors
/// As the database says.
pub async fn queue_warnings(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
    now: UtcMillis,
) -> Result<usize, StoreError> {
    let shops = ledger.shops().await?;
    let rows = board::board(ledger, mall, &shops, now).await?;
    let mut to = None;
    let mut queued = 0;
    for row in &rows {
        if letter(row, &[], now).is_none() {
            continue;
        }
        let to = match &to {
            Some(to) => to,
            None => to.insert(crate::letters::addresses(ledger).await?),
        };
        if let Some(letter) = letter(row, to, now) {
            queued += usize::from(ledger.queue_letter(&letter, now).await?);
        }
    }
    Ok(queued)
}

/// The chore of a hub.
pub(crate) async fn warn(hub: &Hub) -> Result<(), StoreError> {
    queue_warnings(&hub.ledger, &|key| hub.mall(key), hub.clock.now()).await.map(drop)
}
