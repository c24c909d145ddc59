//! The company as papers and labels name it, from the setting `company`. Read leniently: what is missing stays blank.

use crate::desk::Desk;
use crate::refusal::Refusal;
use carriers::Contact;
use serde_json::Value;

/// Key of the setting.
pub const KEY: &str = "company";

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Company {
    /// Name.
    pub name: String,
    /// Postal code.
    pub postal_code: String,
    /// 都道府県.
    pub prefecture: String,
    /// 市区町村.
    pub city: String,
    /// The rest of the address.
    pub lines: Vec<String>,
    /// Telephone.
    pub phone: String,
    /// Mail address.
    pub mail: String,
    /// 登録番号 of 適格請求書 (`T` and 13 digits), as it was entered.
    pub registration_number: String,
}

/// The first of these names that holds a text.
fn text(value: &Value, names: &[&str]) -> String {
    let found =
        names.iter().find_map(|name| value.get(name)?.as_str().map(str::trim).filter(|t| !t.is_empty()));
    found.unwrap_or_default().to_owned()
}

impl Company {
    /// From JSON; anything else is a company without a name.
    #[must_use]
    pub fn from_json(json: &str) -> Self {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let mut lines: Vec<String> =
            [&["address1", "address", "street"][..], &["address2", "building"], &["address3"]]
                .into_iter()
                .map(|names| text(&value, names))
                .filter(|line| !line.is_empty())
                .collect();
        if let Some(list) = value.get("lines").and_then(Value::as_array) {
            lines.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Self {
            name: text(&value, &["name", "company", "company_name"]),
            postal_code: text(&value, &["postal_code", "postal", "zip"]),
            prefecture: text(&value, &["prefecture"]),
            city: text(&value, &["city"]),
            lines,
            phone: text(&value, &["phone", "tel"]),
            mail: text(&value, &["mail", "email"]),
            registration_number: text(&value, &["registration_number", "invoice_number"]),
        }
    }

    /// As it is set.
    ///
    /// # Errors
    /// As the database says.
    pub async fn read(desk: &Desk) -> Result<Self, Refusal> {
        Ok(Self::from_json(&desk.ledger().kept_value(KEY).await?.unwrap_or_default()))
    }

    /// The whole address on one line.
    #[must_use]
    pub fn address(&self) -> String {
        [&self.prefecture, &self.city].into_iter().chain(&self.lines).map(String::as_str).collect()
    }

    /// As the sender of a label.
    #[must_use]
    pub fn contact(&self) -> Contact {
        Contact {
            name: self.name.clone(),
            postal_code: self.postal_code.clone(),
            prefecture: self.prefecture.clone(),
            city: self.city.clone(),
            lines: self.lines.clone(),
            phone: self.phone.clone(),
            ..Contact::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_is_read_by_the_names_that_are_there() {
        let json = r#"{"name":"架空商店","postal":"000-0000","prefecture":"架空県","city":"見本市","address":"例示町1","tel":"000-0000-0000","invoice_number":"T0000000000000","other":3}"#;
        let company = Company::from_json(json);
        assert_eq!(company.name, "架空商店");
        assert_eq!(company.address(), "架空県見本市例示町1");
        assert_eq!(company.registration_number, "T0000000000000");
        assert_eq!(company.contact().phone, "000-0000-0000");
    }

    #[test]
    fn what_is_no_company_has_no_name() {
        for json in ["", "null", "[1]", "{\"name\":7}", "not json"] {
            assert_eq!(Company::from_json(json), Company::default(), "{json}");
        }
    }
}
