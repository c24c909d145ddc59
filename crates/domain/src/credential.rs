//! API有効期限: how long a credential still lives, in words and numbers.

use crate::time::{DAY, UtcMillis};
use serde::{Deserialize, Serialize};

/// How urgent a credential's end is (CRD-1, CRD-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// No known end, or far away.
    Fine,
    /// 30 days or less.
    Soon,
    /// 7 days or less.
    Urgent,
    /// Over.
    Expired,
    /// The end is not known: treated as a warning too.
    NotKnown,
}

impl Urgency {
    /// A word, Japanese and English: colour alone says nothing.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Urgency::Fine => ("有効", "fine"),
            Urgency::Soon => ("まもなく", "soon"),
            Urgency::Urgent => ("至急", "urgent"),
            Urgency::Expired => ("期限切れ", "expired"),
            Urgency::NotKnown => ("期限不明", "not known"),
        }
    }
}

/// One row of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remaining {
    /// Whole days left on the Japanese calendar; 0 = last day; negative = over. `None`: not known.
    pub days_left: Option<i64>,
    /// How urgent.
    pub urgency: Urgency,
}

/// Days left until `expires_at`, counted in Japanese calendar days.
pub fn remaining(expires_at: Option<UtcMillis>, now: UtcMillis) -> Remaining {
    let Some(expires_at) = expires_at else {
        return Remaining { days_left: None, urgency: Urgency::NotKnown };
    };
    let day = |t: UtcMillis| (t.0.saturating_add(9 * crate::time::HOUR)).div_euclid(DAY);
    let days_left = day(expires_at) - day(now);
    let urgency = if now >= expires_at {
        Urgency::Expired
    } else if days_left <= 7 {
        Urgency::Urgent
    } else if days_left <= 30 {
        Urgency::Soon
    } else {
        Urgency::Fine
    };
    Remaining { days_left: Some(days_left), urgency }
}

/// Days before the end at which a warning goes out by mail (CRD-2).
pub const WARNED_AT: [i64; 5] = [30, 14, 7, 3, 1];

/// Which warning is due now: the days of the newest one, 0 when the end has come; `None` while it is farther away than the
/// first. Whoever was away for days sends this one alone, not those that were passed meanwhile.
pub fn due_warning(expires_at: UtcMillis, now: UtcMillis) -> Option<i64> {
    if now >= expires_at {
        return Some(0);
    }
    let left = remaining(Some(expires_at), now).days_left?;
    // On the last day itself the warning of the day before is the newest.
    WARNED_AT.into_iter().rev().find(|days| left <= *days)
}

/// What the warning is about: the same for the same credential, end and threshold, so that none is written twice.
pub fn warning_key(shop: crate::ShopId, credential: &str, expires_at: UtcMillis, days: i64) -> String {
    format!("credential:{shop}:{credential}:{}:{days}", expires_at.japan_date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_due_at_each_threshold_and_only_the_newest_f13() {
        let end = UtcMillis::parse_lenient("2026-12-31 23:59:59").unwrap();
        let due = |text: &str| due_warning(end, UtcMillis::parse_lenient(text).unwrap());
        assert_eq!(due("2026-11-30 23:59:59"), None);
        for (day, days) in [
            ("2026-12-01 00:00:00", 30),
            ("2026-12-16 23:59:59", 30),
            ("2026-12-17 00:00:00", 14),
            ("2026-12-24 00:00:00", 7),
            ("2026-12-28 12:00:00", 3),
            ("2026-12-30 00:00:00", 1),
            ("2026-12-31 23:59:58", 1),
            ("2026-12-31 23:59:59", 0),
            ("2027-03-01 00:00:00", 0),
        ] {
            assert_eq!(due(day), Some(days), "{day}");
        }
        let key = |end: UtcMillis, days| warning_key(crate::ShopId(3), "license_key", end, days);
        assert_eq!(key(end, 7), "credential:3:license_key:2026-12-31:7");
        assert_ne!(key(end, 7), key(end, 3));
        assert_ne!(key(end, 7), key(end.plus(DAY), 7), "another end is another matter");
    }

    #[test]
    fn days_are_counted_on_the_japanese_calendar_crd1() {
        let end = UtcMillis::parse_lenient("2026-11-28 23:59:59").unwrap();
        let at = |text: &str| remaining(Some(end), UtcMillis::parse_lenient(text).unwrap());
        assert_eq!(at("2026-11-28 00:00:00"), Remaining { days_left: Some(0), urgency: Urgency::Urgent });
        assert_eq!(at("2026-11-27 23:59:59"), Remaining { days_left: Some(1), urgency: Urgency::Urgent });
        assert_eq!(at("2026-11-21 09:00:00").urgency, Urgency::Urgent);
        assert_eq!(at("2026-11-20 09:00:00"), Remaining { days_left: Some(8), urgency: Urgency::Soon });
        assert_eq!(at("2026-10-29 09:00:00").urgency, Urgency::Soon);
        assert_eq!(at("2026-10-28 09:00:00").urgency, Urgency::Fine);
        assert_eq!(at("2026-11-28 23:59:59").urgency, Urgency::Expired);
        assert_eq!(at("2026-11-29 00:00:00"), Remaining { days_left: Some(-1), urgency: Urgency::Expired });
        assert_eq!(remaining(None, end).urgency, Urgency::NotKnown);
    }
}
