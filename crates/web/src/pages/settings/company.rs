//! 会社情報: what slips print of the seller.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::house::{self, Company};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "settings/company.html")]
struct CompanyPage {
    frame: Frame,
    tabs: Vec<Tab>,
    company: Company,
    /// The check digit of the 登録番号 does not fit.
    doubtful: bool,
    may_edit: bool,
    toast: &'static str,
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let company = house::company(&desk).await?;
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&CompanyPage {
        frame: Frame::new(&desk, &visitor, lang.t("会社情報", "Company"), here).await?,
        tabs: tabs(lang, "/settings/company"),
        doubtful: !company.invoice_number.is_empty() && !house::registration_fits(&company.invoice_number),
        company,
        may_edit: visitor.edits(Menu::Settings),
        toast: told.words(lang, &[("saved", "保存しました", "Saved")]),
    })
}

/// As typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    name: String,
    postal_code: String,
    address: String,
    phone: String,
    email: String,
    invoice_number: String,
}

/// One line of text, not longer than slips take.
fn line(field: &str, text: &str, most: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > most || text.chars().any(char::is_control) {
        let ja = format!("{most}文字以内の1行で入力してください");
        return Err(Refusal::field(field, ja, format!("must be one line of at most {most} characters")));
    }
    Ok(text.to_owned())
}

/// Full-width digits and letters as people paste them, hyphens and blanks taken out.
fn plain(text: &str) -> String {
    let half = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    };
    text.chars().map(half).filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_uppercase()
}

/// Keeps it.
pub async fn save(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Given>) -> Page {
    let invoice_number = plain(&form.invoice_number);
    if !invoice_number.is_empty() && !house::is_registration(&invoice_number) {
        let ja = "登録番号は T と13桁の数字で入力してください";
        return Err(Refusal::field("invoice_number", ja, "must be T and 13 digits"));
    }
    let postal_code = match form.postal_code.trim() {
        "" => String::new(),
        text => japan::postal_code(text).ok_or_else(|| {
            Refusal::field("postal_code", "郵便番号を7桁で入力してください", "must have 7 digits")
        })?,
    };
    let company = Company {
        name: line("name", &form.name, 60)?,
        postal_code,
        address: line("address", &form.address, 120)?,
        phone: line("phone", &form.phone, 20)?,
        email: line("email", &form.email, 120)?,
        invoice_number,
    };
    house::set_company(&desk, &company).await?;
    let details = serde_json::json!({});
    desk.ledger().log_action(&visitor.by(), "settings.company", "", &details, desk.now()).await?;
    Ok(Redirect::to("/settings/company?done=saved").into_response())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_registration_number_is_read_as_people_paste_it() {
        assert_eq!(plain("Ｔ７０００-0120 50002"), "T7000012050002");
        assert_eq!(plain("t7000012050002"), "T7000012050002");
    }
}
