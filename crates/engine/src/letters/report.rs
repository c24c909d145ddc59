//! Result mails (NTF-6): gathered per shop and cycle, one for what was sent and one for how it ended; at most one of a
//! kind per shop in a quarter of an hour, none when nothing happened, and none while the last one still waits to leave.
//! Any process may do this; the marks make sure that only one does.

use super::words::{self, Cycle, Left, Line, Way, Words};
use crate::hub::Hub;
use crate::writeback::judge_due;
use domain::notice::NoticeState;
use domain::reason::Actor;
use domain::time::MINUTE;
use domain::write::WriteKind;
use domain::{OrderSeq, ShopId, UtcMillis};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use store::desk::notices::NoticeRow;
use store::letters::{LetterContent, NewLetter};
use store::mail::Reports;
use store::reports::{NewReport, ReportKind, ReportMark, Untold};
use store::{Shop, StoreError};

/// The ceiling of a cycle, and the least time between two mails of a kind about a shop (NTF-3).
const CYCLE_MS: i64 = 15 * MINUTE;
/// A cycle is over when nothing has happened for so long.
const QUIET_MS: i64 = MINUTE;
/// Writes told in one mail.
const MOST: i64 = 2_000;

/// Remembers when each shop was last asked for orders that stay behind, on the monotonic clock.
#[derive(Default)]
pub(crate) struct Reporter {
    looked: Mutex<BTreeMap<ShopId, i64>>,
}

/// Is it time for a mail about what is untold? A clock that went back does not hold it up.
fn is_due(mark: &ReportMark, untold: &Untold, now: UtcMillis) -> bool {
    let passed = |since: UtcMillis, ms: i64| !(0..ms).contains(&now.since(since));
    is_spaced(mark, now) && (passed(untold.last_at, QUIET_MS) || passed(untold.first_at, CYCLE_MS))
}

fn is_spaced(mark: &ReportMark, now: UtcMillis) -> bool {
    mark.at.is_none_or(|at| !(0..CYCLE_MS).contains(&now.since(at)))
}

/// Orders that are out of scope for good are nobody's news.
fn is_news(left: &Left) -> bool {
    left.reason.actor != Actor::Nobody && left.reason.code != "bundled_child"
}

fn line(row: NoticeRow) -> Line {
    let filed = row.steps.iter().any(|s| s.state == "filed");
    let way = match (row.state, row.sent_at()) {
        (NoticeState::NotSent, _) => Way::TakenBack,
        _ if filed => Way::Filed,
        (NoticeState::InFlight, None) => Way::Waiting,
        _ => Way::Sent,
    };
    Line {
        order_no: row.order_no.to_string(),
        mall_order_id: row.mall_order_id.0.clone(),
        state: row.state,
        way,
        reason: row.reason().cloned(),
        warnings: row.steps.iter().flat_map(|s| s.warnings.clone()).collect(),
        kind: row.kind,
    }
}

/// Is this mail wanted?
fn is_wanted(words: &Words, reports: Reports) -> bool {
    match reports {
        Reports::All => true,
        Reports::Failures => words.loud,
        Reports::Off => false,
    }
}

impl Reporter {
    /// Writes what is due.
    pub(crate) async fn run(&self, hub: &Hub) -> Result<(), StoreError> {
        let ledger = &hub.ledger;
        let reports = ledger.mail_settings().await?.map(|m| m.config.reports).unwrap_or_default();
        let shops = ledger.shops().await?;
        for kind in ReportKind::ALL {
            let untold: BTreeMap<ShopId, Untold> =
                ledger.untold_writes(kind).await?.into_iter().map(|u| (u.shop_id, u)).collect();
            for shop in &shops {
                let asked = kind == ReportKind::Sent && reports != Reports::Off && self.may_look(hub, shop);
                if asked || untold.contains_key(&shop.shop_id) {
                    one(hub, shop, kind, untold.get(&shop.shop_id), asked, reports).await?;
                }
            }
        }
        Ok(())
    }

    /// Is it time to ask which orders of a shop stay behind? Asking costs, so it is done once a cycle.
    fn may_look(&self, hub: &Hub, shop: &Shop) -> bool {
        if !shop.automation_enabled || !shop.writes_back() || shop.state != "active" {
            return false;
        }
        let now = hub.clock.monotonic_ms();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.get(&shop.shop_id).is_none_or(|at| now - at >= CYCLE_MS);
        if due {
            looked.insert(shop.shop_id, now);
        }
        due
    }
}

/// Orders of a shop that its rules would take and that stay behind.
async fn left_behind(hub: &Hub, shop: &Shop, mark: &ReportMark) -> Result<Vec<(OrderSeq, Left)>, StoreError> {
    let Some(mall) = hub.mall(&shop.mall) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for kind in [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice] {
        for judged in judge_due(&hub.ledger, shop, &*mall, kind, hub.clock.now()).await? {
            let Some(reason) = judged.verdict.refusals.into_iter().next() else { continue };
            let seq = judged.order.seq;
            let left = Left {
                order_no: seq.order_no().to_string(),
                mall_order_id: judged.order.mall_order_id.0,
                kind: kind.as_str().to_owned(),
                told: mark.told.get(&seq.0).is_some_and(|code| *code == reason.code),
                reason,
            };
            if is_news(&left) {
                found.push((seq, left));
            }
        }
    }
    Ok(found)
}

/// One kind for one shop, when it is due.
async fn one(
    hub: &Hub,
    shop: &Shop,
    kind: ReportKind,
    untold: Option<&Untold>,
    asked: bool,
    reports: Reports,
) -> Result<(), StoreError> {
    let (ledger, now) = (&hub.ledger, hub.clock.now());
    let before = ledger.report_mark(kind, shop.shop_id).await?;
    let happened = untold.filter(|u| is_due(&before, u, now));
    if happened.is_none() && !(asked && is_spaced(&before, now)) {
        return Ok(());
    }
    // The last one has not left yet: this one waits and tells of more.
    if reports != Reports::Off && ledger.has_waiting_letter(kind.as_str(), shop.shop_id).await? {
        return Ok(());
    }
    let looks =
        kind == ReportKind::Sent && reports != Reports::Off && shop.automation_enabled && shop.writes_back();
    let left = if looks { left_behind(hub, shop, &before).await? } else { Vec::new() };
    let told: BTreeMap<i64, String> = left.iter().map(|(seq, l)| (seq.0, l.reason.code.clone())).collect();
    let left: Vec<Left> = left.into_iter().map(|(_, l)| l).collect();
    let news = left.iter().any(|l| !l.told && l.needs_a_person());
    if happened.is_none() && !news {
        return Ok(());
    }
    let rows = match happened {
        Some(_) => ledger.untold_notices(shop.shop_id, kind == ReportKind::Results, MOST).await?,
        None => Vec::new(),
    };
    let writes = rows.iter().map(|r| r.outbox_id).collect();
    let mut lines: Vec<Line> = rows.into_iter().map(line).collect();
    lines.retain(|l| l.way != Way::TakenBack);
    let from = before.at.or(happened.map(|u| u.first_at)).unwrap_or(now);
    let cycle = Cycle { shop: &shop.name, from, to: now };
    let words = match kind {
        ReportKind::Sent => words::sent(&cycle, &lines, &left),
        ReportKind::Results => words::results(&cycle, &lines),
    };
    let empty = lines.is_empty() && !news;
    let letter = (!empty && is_wanted(&words, reports)).then(|| NewLetter {
        key: format!("{}:{}:{}", kind.as_str(), shop.shop_id, now.0),
        kind: kind.as_str().to_owned(),
        shop_id: Some(shop.shop_id),
        content: LetterContent { to: Vec::new(), subject: words.subject, text: words.text },
    });
    // Told in silence, it does not put off the next mail.
    let at = if letter.is_some() { Some(now) } else { before.at };
    let after = ReportMark { at, told };
    let report = NewReport {
        kind,
        shop_id: shop.shop_id,
        before: &before,
        after: &after,
        writes,
        letter: letter.as_ref(),
    };
    ledger.write_report(&report, now).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untold(first: i64, last: i64) -> Untold {
        Untold { shop_id: ShopId(1), n: 1, first_at: UtcMillis(first), last_at: UtcMillis(last) }
    }

    fn mark(at: Option<i64>) -> ReportMark {
        ReportMark { at: at.map(UtcMillis), told: BTreeMap::new() }
    }

    #[test]
    fn a_mail_waits_for_the_end_of_a_cycle_and_no_longer_than_a_quarter_ntf6() {
        let at = |minutes: i64| UtcMillis(minutes * MINUTE + 100 * CYCLE_MS);
        let of = |first: i64, last: i64| untold(at(first).0, at(last).0);
        assert!(!is_due(&mark(None), &of(0, 0), UtcMillis(at(0).0 + 30_000)), "more may come");
        assert!(is_due(&mark(None), &of(0, 0), at(1)));
        assert!(!is_due(&mark(None), &of(0, 14), UtcMillis(at(14).0 + 1)), "still busy");
        assert!(is_due(&mark(None), &of(0, 15), at(15)), "the ceiling");
        assert!(!is_due(&mark(Some(at(0).0)), &of(1, 1), at(14)), "one in a quarter");
        assert!(is_due(&mark(Some(at(0).0)), &of(1, 1), at(15)));
    }

    #[test]
    fn a_clock_that_went_back_holds_up_no_mail_f48() {
        let now = UtcMillis(1_000 * MINUTE);
        let later = now.0 + 60 * MINUTE;
        assert!(is_due(&mark(Some(later)), &untold(later, later), now));
    }
}
