//! Result mails (NTF-6): which writes are in no report yet, when each kind was written last per shop, and what stays
//! behind and was told already. A report, its letter and these marks are one transaction.

use crate::args;
use crate::error::StoreError;
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::letters::NewLetter;
use crate::sql::sql;
use domain::{OutboxId, ShopId, UtcMillis};
use std::collections::BTreeMap;

sql! {
    /// What was wanted, by shop.
    SENT("SELECT shop_id, COUNT(*) AS n, MIN(created_at) AS first_at, MAX(created_at) AS last_at FROM outbox \
          WHERE NOT sent_told GROUP BY shop_id");
    /// What came of it, by shop.
    ENDED("SELECT shop_id, COUNT(*) AS n, MIN(finished_at) AS first_at, MAX(finished_at) AS last_at FROM outbox \
           WHERE NOT end_told AND state = 'done' GROUP BY shop_id");
    /// A report's mark.
    MARK("SELECT upto, told FROM report_marks WHERE kind = $1 AND shop_id = $2");
    /// The first one.
    NEW_MARK("INSERT INTO report_marks (kind, shop_id, upto, told) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, shop_id) DO NOTHING");
    /// The next one, unless somebody else was faster.
    NEXT_MARK("UPDATE report_marks SET upto = $3, told = $4 WHERE kind = $1 AND shop_id = $2 AND upto = $5");
    /// They are told.
    SENT_TOLD("UPDATE outbox SET sent_told = TRUE WHERE id" [in_ints "$1"]);
    /// Their ends are told.
    END_TOLD("UPDATE outbox SET end_told = TRUE WHERE id" [in_ints "$1"]);
}

/// The two kinds of result mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportKind {
    /// 送信のお知らせ: what was sent, and what was not and why.
    Sent,
    /// 結果のお知らせ: how it ended.
    Results,
}

impl ReportKind {
    /// Both.
    pub const ALL: [ReportKind; 2] = [ReportKind::Sent, ReportKind::Results];

    /// Stable text; the letters' kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ReportKind::Sent => "notice_sent",
            ReportKind::Results => "notice_results",
        }
    }
}

/// Writes of a shop that wait for a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untold {
    /// Shop.
    pub shop_id: ShopId,
    /// How many.
    pub n: i64,
    /// The oldest.
    pub first_at: UtcMillis,
    /// The newest.
    pub last_at: UtcMillis,
}

/// How far a kind of report has come for a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportMark {
    /// When the last one was written; `None`: never.
    pub at: Option<UtcMillis>,
    /// Orders that stay behind and were told already, with why (a reason's code).
    pub told: BTreeMap<i64, String>,
}

/// A report to be written.
#[derive(Debug, Clone)]
pub struct NewReport<'a> {
    /// Kind.
    pub kind: ReportKind,
    /// Shop.
    pub shop_id: ShopId,
    /// The mark it was made from.
    pub before: &'a ReportMark,
    /// The mark after it.
    pub after: &'a ReportMark,
    /// Writes it tells of.
    pub writes: Vec<OutboxId>,
    /// The letter; `None`: nobody wants one.
    pub letter: Option<&'a NewLetter>,
}

impl Ledger {
    /// Which shops have writes that are in no report of a kind yet.
    ///
    /// # Errors
    /// As the database says.
    pub async fn untold_writes(&self, kind: ReportKind) -> Result<Vec<Untold>, StoreError> {
        let text = match kind {
            ReportKind::Sent => &SENT,
            ReportKind::Results => &ENDED,
        };
        let rows = self.db.fetch_all(text, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(Untold {
                    shop_id: ShopId(row.get_i64("shop_id")?),
                    n: row.get_i64("n")?,
                    first_at: UtcMillis(row.get_opt_i64("first_at")?.unwrap_or_default()),
                    last_at: UtcMillis(row.get_opt_i64("last_at")?.unwrap_or_default()),
                })
            })
            .collect()
    }

    /// How far a kind of report has come for a shop.
    ///
    /// # Errors
    /// As the database says.
    pub async fn report_mark(&self, kind: ReportKind, shop: ShopId) -> Result<ReportMark, StoreError> {
        let Some(row) = self.db.fetch_optional(&MARK, args![kind.as_str(), shop.0]).await? else {
            return Ok(ReportMark::default());
        };
        Ok(ReportMark {
            at: Some(UtcMillis(row.get_i64("upto")?)),
            told: from_json("report_marks", "told", shop.0, row.get_json("told")?)?,
        })
    }

    /// Writes a report: its letter, what it tells of, and the mark. `false`: another process was faster; nothing is
    /// changed then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn write_report(&self, report: &NewReport<'_>, now: UtcMillis) -> Result<bool, StoreError> {
        let (kind, shop) = (report.kind.as_str(), report.shop_id.0);
        let told = to_json(&report.after.told)?;
        let upto = report.after.at.unwrap_or(UtcMillis(0)).0;
        let mut tx = self.db.begin().await?;
        let marked = match report.before.at {
            None => tx.exec(&NEW_MARK, args![kind, shop, upto, told]).await?,
            Some(before) => tx.exec(&NEXT_MARK, args![kind, shop, upto, told, before.0]).await?,
        };
        if marked != 1 {
            return Ok(false);
        }
        let ids: Vec<i64> = report.writes.iter().map(|id| id.0).collect();
        let text = match report.kind {
            ReportKind::Sent => &SENT_TOLD,
            ReportKind::Results => &END_TOLD,
        };
        tx.exec(text, args![ids]).await?;
        if let Some(letter) = report.letter {
            self.queue_letter_in(&mut tx, letter, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
