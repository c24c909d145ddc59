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

#[cfg(test)]
mod tests {
    use super::*;

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
