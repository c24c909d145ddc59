//! 営業日 of the installation, the same for all shops (DESK-3): what is stored, and what dates are reckoned with.

use crate::lane::{Lane, LaneError};
use domain::date_rule::DateRule;
use japan::Calendar;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{Ledger, Shop, StoreError};

/// Key of 営業日 among the kept values.
pub const KEY: &str = "calendar";

/// 営業日, as it is stored. Until somebody says otherwise Saturdays, Sundays and 祝日 are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessDays {
    /// Weekdays without business: 1 = Monday … 7 = Sunday.
    pub closed_weekdays: BTreeSet<i8>,
    /// 祝日 are closed.
    pub closed_on_holidays: bool,
    /// 臨時休業.
    pub closed_days: BTreeSet<Date>,
    /// Open all the same.
    pub open_days: BTreeSet<Date>,
}

impl Default for BusinessDays {
    fn default() -> Self {
        Self {
            closed_weekdays: BTreeSet::from([6, 7]),
            closed_on_holidays: true,
            closed_days: BTreeSet::new(),
            open_days: BTreeSet::new(),
        }
    }
}

impl BusinessDays {
    /// As `japan` reckons with it.
    #[must_use]
    pub fn to_calendar(&self) -> Calendar {
        Calendar {
            closed_weekdays: self
                .closed_weekdays
                .iter()
                .filter_map(|n| Weekday::from_monday_one_offset(*n).ok())
                .collect(),
            closed_on_holidays: self.closed_on_holidays,
            closed_days: self.closed_days.clone(),
            open_days: self.open_days.clone(),
        }
    }
}

/// 営業日 as they are kept.
///
/// # Errors
/// As the database says.
pub async fn business_days(ledger: &Ledger) -> Result<BusinessDays, StoreError> {
    let text = ledger.kept_value(KEY).await?;
    // What an older or newer program kept there must not stop anything.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

impl Lane {
    /// 日付自動登録 of a shop with the days it counts by; `None` when it fills in nothing.
    pub(crate) async fn date_rule(&self, shop: &Shop) -> Result<Option<(DateRule, Calendar)>, LaneError> {
        let Some(rule) = shop.date_rule.filter(DateRule::fills) else { return Ok(None) };
        Ok(Some((rule, business_days(&self.hub.ledger).await?.to_calendar())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_days_survive_the_table_and_strange_weekdays_are_left_out() {
        let days = BusinessDays {
            closed_weekdays: BTreeSet::from([6, 7, 9]),
            closed_on_holidays: true,
            closed_days: BTreeSet::from([jiff::civil::date(2026, 12, 31)]),
            open_days: BTreeSet::new(),
        };
        let text = serde_json::to_string(&days).unwrap();
        assert_eq!(serde_json::from_str::<BusinessDays>(&text).unwrap(), days);
        let calendar = days.to_calendar();
        assert_eq!(calendar.closed_weekdays, [Weekday::Saturday, Weekday::Sunday]);
        assert!(calendar.is_closed(jiff::civil::date(2026, 12, 31)));
        assert!(!calendar.is_closed(jiff::civil::date(2026, 11, 24)));
    }
}
