//! 会社情報 and 営業日 of the installation, as typed values over the settings table. Slips print the one; ship dates are
//! proposed by the other.

use crate::desk::Desk;
use crate::refusal::Refusal;
pub use engine::calendar::BusinessDays;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Key of 会社情報.
const COMPANY: &str = "company";

/// 会社情報, as slips print it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Company {
    /// Name.
    pub name: String,
    /// Postal code.
    pub postal_code: String,
    /// Address.
    pub address: String,
    /// Phone.
    pub phone: String,
    /// Mail.
    pub email: String,
    /// 適格請求書発行事業者の登録番号: `T` and 13 digits; empty = none.
    pub invoice_number: String,
}

impl Company {
    /// As the sender of a label.
    #[must_use]
    pub fn contact(&self) -> carriers::Contact {
        carriers::Contact {
            name: self.name.clone(),
            postal_code: self.postal_code.clone(),
            lines: vec![self.address.clone()],
            phone: self.phone.clone(),
            ..carriers::Contact::default()
        }
    }
}

async fn read<T: DeserializeOwned + Default>(desk: &Desk, key: &str) -> Result<T, Refusal> {
    let text = desk.ledger().kept_value(key).await?;
    // What an older or newer program kept there must not shut a page.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn write<T: Serialize>(desk: &Desk, key: &str, value: &T) -> Result<(), Refusal> {
    let text = serde_json::to_string(value).map_err(|_| Refusal::inside())?;
    Ok(desk.ledger().keep_value(key, &text).await?)
}

/// 会社情報.
///
/// # Errors
/// As the database says.
pub async fn company(desk: &Desk) -> Result<Company, Refusal> {
    read(desk, COMPANY).await
}

/// Keeps 会社情報.
///
/// # Errors
/// As the database says.
pub async fn set_company(desk: &Desk, company: &Company) -> Result<(), Refusal> {
    write(desk, COMPANY, company).await
}

/// 営業日.
///
/// # Errors
/// As the database says.
pub async fn business_days(desk: &Desk) -> Result<BusinessDays, Refusal> {
    Ok(engine::calendar::business_days(desk.ledger()).await?)
}

/// Keeps 営業日.
///
/// # Errors
/// As the database says.
pub async fn set_business_days(desk: &Desk, days: &BusinessDays) -> Result<(), Refusal> {
    write(desk, engine::calendar::KEY, days).await
}

/// Does a 登録番号 have the form `T` and 13 digits?
#[must_use]
pub fn is_registration(text: &str) -> bool {
    text.strip_prefix('T').is_some_and(|d| d.len() == 13 && d.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the check digit of a 登録番号 fits. It does for every 法人番号; numbers of sole traders have one of the same
/// form, but nobody promises it [I]: so this only warns.
#[must_use]
pub fn registration_fits(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let Some((check, rest)) = digits.split_first() else { return false };
    // From the last digit on, weights 1 and 2 in turn (法人番号の検査用数字).
    let sum: u32 = rest.iter().rev().zip([1, 2].iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    is_registration(text) && *check == 9 - sum % 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_number_has_its_form_and_its_check_digit() {
        // 7000012050002 is the published number of the 国税庁, the example of its own paper.
        assert!(registration_fits("T7000012050002"));
        assert!(is_registration("T7000012050003") && !registration_fits("T7000012050003"));
        for wrong in
            ["", "7000012050002", "T700001205000", "T70000120500021", "T700001205000x", "t7000012050002"]
        {
            assert!(!is_registration(wrong) && !registration_fits(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_company_sends_by_its_name_and_address() {
        let company = Company {
            name: "架空商店".to_owned(),
            address: "架空県見本市例示町1".to_owned(),
            phone: "000-0000-0000".to_owned(),
            ..Company::default()
        };
        let contact = company.contact();
        assert_eq!((contact.name.as_str(), contact.phone.as_str()), ("架空商店", "000-0000-0000"));
        assert_eq!(contact.lines, ["架空県見本市例示町1"]);
    }
}
