//! 会社と営業日: what slips print of the sender and which days are worked. Two values in the ledger's settings.

use crate::desk::Desk;
use crate::refusal::Refusal;
use japan::Calendar;
use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};
use store::settings;

/// Key of [`Company`].
pub const COMPANY: &str = "company";
/// Key of [`Days`].
pub const DAYS: &str = "business_days";

/// Who ships.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Company {
    /// Name.
    pub name: String,
    /// 郵便番号.
    pub postal_code: String,
    /// Address in one text.
    pub address: String,
    /// Phone.
    pub phone: String,
    /// Mail.
    pub email: String,
    /// 適格請求書発行事業者の登録番号.
    pub invoice_number: String,
}

/// Which days are worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Days {
    /// Weekdays without work, Monday = 1.
    pub closed_weekdays: Vec<i8>,
    /// National holidays are without work.
    pub closed_on_holidays: bool,
}

impl Default for Days {
    fn default() -> Self {
        Self { closed_weekdays: vec![6, 7], closed_on_holidays: true }
    }
}

impl Days {
    /// For counting.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        let weekday = |n: &i8| Weekday::from_monday_one_offset(*n).ok();
        Calendar {
            closed_weekdays: self.closed_weekdays.iter().filter_map(weekday).collect(),
            closed_on_holidays: self.closed_on_holidays,
            ..Calendar::default()
        }
    }
}

/// A value as it is kept; the default when there is none, or none that this program reads.
///
/// # Errors
/// As the database says.
pub async fn read<T: Default + serde::de::DeserializeOwned>(desk: &Desk, key: &str) -> Result<T, Refusal> {
    let text = settings::get(desk.ledger().db(), key).await?;
    Ok(text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default())
}

/// Keeps a value.
///
/// # Errors
/// As the database says.
pub async fn write(desk: &Desk, key: &str, value: &impl Serialize) -> Result<(), Refusal> {
    let text = serde_json::to_string(value).map_err(|_| Refusal::inside())?;
    let mut tx = desk.ledger().db().begin().await?;
    settings::put(&mut tx, key, &text).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_off_are_counted_with() {
        let calendar = Days::default().calendar();
        assert_eq!(calendar.closed_weekdays, [Weekday::Saturday, Weekday::Sunday]);
        assert!(calendar.closed_on_holidays);
        let odd = Days { closed_weekdays: vec![0, 3, 9], closed_on_holidays: false };
        assert_eq!(odd.calendar().closed_weekdays, [Weekday::Wednesday]);
    }
}
