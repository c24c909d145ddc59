//! The wizard: 会社と営業日, 店舗を接続, フェーズの確認, 取込を開始. Each step can be skipped; where it stands is kept.

use super::{Step, stand_at, unfinished};
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, get, post};
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::house::{self, BusinessDays, Company};
use crate::pages::users::log;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::phase::Phase;
use domain::rights::Menu;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use store::Shop;

/// The ways in. Whoever may change users is whoever sets up.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/setup/steps", edit(Menu::Users), resume),
        get("/setup/steps/{step}", edit(Menu::Users), show),
        post("/setup/steps/{step}/skip", edit(Menu::Users), skip),
        post("/setup/steps/company/save", edit(Menu::Users), set_company),
        post("/setup/steps/import/start", edit(Menu::Users), start_import),
        post("/setup/finish", edit(Menu::Users), finish),
    ]
}

#[derive(Template)]
#[template(path = "setup/step.html")]
struct StepPage {
    frame: Frame,
    step: &'static str,
    /// Words, class: done, here.
    bar: Vec<(&'static str, bool, bool)>,
    company: Company,
    holidays: bool,
    weekdays: Vec<(i8, &'static str, bool)>,
    shops: Vec<Shop>,
    phases: Vec<Phase>,
}

fn at(step: Step) -> Redirect {
    Redirect::to(&format!("/setup/steps/{}", step.as_str()))
}

async fn resume(State(desk): State<Arc<Desk>>) -> Page {
    Ok(at(unfinished(&desk).await?.unwrap_or(Step::Company)).into_response())
}

fn known(step: &str) -> Result<Step, Refusal> {
    Step::parse(step).ok_or_else(Refusal::not_found)
}

async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(step): Path<String>) -> Page {
    let step = known(&step)?;
    let lang = visitor.lang();
    let days = house::business_days(&desk).await?;
    let names = match lang {
        crate::words::Lang::Ja => ["月", "火", "水", "木", "金", "土", "日"],
        crate::words::Lang::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    };
    let weekday = |(n, name)| (n, name, days.closed_weekdays.contains(&n));
    let access = visitor.access();
    let mut shops = desk.ledger().shops().await?;
    shops.retain(|s| s.state != "archived" && access.sees(s.shop_id));
    let place = |of: Step| Step::ALL.into_iter().position(|s| s == of);
    let mut bar = vec![(lang.t("管理者", "Administrator"), true, false)];
    bar.extend(Step::ALL.into_iter().map(|s| (s.label(lang), place(s) < place(step), s == step)));
    frame::page(&StepPage {
        frame: Frame::new(&desk, &visitor, lang.t("初期設定", "Set-up"), Here::default()).await?,
        step: step.as_str(),
        bar,
        company: house::company(&desk).await?,
        holidays: days.closed_on_holidays,
        weekdays: (1_i8..).zip(names).map(weekday).collect(),
        shops,
        phases: desk.ledger().phases().await?,
    })
}

async fn on(desk: &Desk, step: Step) -> Page {
    let next = step.next();
    stand_at(desk, next).await?;
    Ok(next.map_or_else(|| Redirect::to("/"), at).into_response())
}

/// Goes on, having changed nothing.
async fn skip(State(desk): State<Arc<Desk>>, Path(step): Path<String>) -> Page {
    on(&desk, known(&step)?).await
}

/// No more of this: the banner goes.
async fn finish(State(desk): State<Arc<Desk>>) -> Page {
    stand_at(&desk, None).await?;
    Ok(Redirect::to("/").into_response())
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CompanyForm {
    name: String,
    #[serde(default)]
    postal_code: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    invoice_number: String,
    #[serde(default)]
    closed: Vec<i8>,
    holidays: Option<String>,
}

/// One line of a slip.
fn line(field: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Refusal::field(field, "200文字以内で入力してください", "is too long"));
    }
    Ok(text.to_owned())
}

/// `T` and 13 digits, or nothing.
fn invoice_number(text: &str) -> Result<String, Refusal> {
    let text = line("invoice_number", text)?.to_uppercase();
    let fits = |digits: &str| digits.len() == 13 && digits.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || text.strip_prefix('T').is_some_and(fits) {
        return Ok(text);
    }
    Err(Refusal::field("invoice_number", "Tと13桁の数字で入力してください", "must be T and 13 digits"))
}

fn read_company(form: &CompanyForm) -> Result<(Company, BusinessDays), Refusal> {
    let company = Company {
        name: line("name", &form.name)?,
        postal_code: line("postal_code", &form.postal_code)?,
        address: line("address", &form.address)?,
        phone: line("phone", &form.phone)?,
        email: line("email", &form.email)?,
        invoice_number: invoice_number(&form.invoice_number)?,
    };
    if form.closed.iter().any(|day| !(1..=7).contains(day)) {
        return Err(Refusal::field("closed", "曜日を選びなおしてください", "is no weekday"));
    }
    let days = BusinessDays {
        closed_weekdays: form.closed.iter().copied().collect(),
        closed_on_holidays: form.holidays.is_some(),
        ..BusinessDays::default()
    };
    Ok((company, days))
}

async fn set_company(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(form): Fields<CompanyForm>,
) -> Page {
    let (company, days) = read_company(&form)?;
    let kept = house::business_days(&desk).await?;
    house::set_company(&desk, &company).await?;
    // Single days are entered in the settings: they stay.
    let days = BusinessDays { closed_days: kept.closed_days, open_days: kept.open_days, ..days };
    house::set_business_days(&desk, &days).await?;
    log(&desk, &visitor, "setup.company", "", &json!({})).await?;
    on(&desk, Step::Company).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportForm {
    #[serde(default)]
    shop: Vec<i64>,
}

/// Begins the automatic import of the chosen shops. Nothing is written to any mall by it.
async fn start_import(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(form): Fields<ImportForm>,
) -> Page {
    let access = visitor.access();
    let now = desk.now();
    for id in form.shop {
        let shop = desk.ledger().shop(domain::ShopId(id)).await?;
        let Some(mut shop) = shop.filter(|s| access.sees(s.shop_id) && s.state == "active") else {
            return Err(Refusal::field("shop", "店舗を選びなおしてください", "is not a shop"));
        };
        if !shop.imports_itself() {
            shop.set_import_interval(engine::rhythm::CEILING_MS, now);
            desk.ledger().update_shop(&shop, now).await?;
            log(&desk, &visitor, "shop.import_started", &shop.name, &json!({})).await?;
        }
    }
    desk.hub.wake();
    on(&desk, Step::Import).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_is_read_strictly_f68() {
        let form = CompanyForm {
            name: " 架空商店 ".to_owned(),
            invoice_number: "t1234567890123".to_owned(),
            closed: vec![3],
            ..CompanyForm::default()
        };
        let (company, days) = read_company(&form).unwrap();
        assert_eq!((company.name.as_str(), company.invoice_number.as_str()), ("架空商店", "T1234567890123"));
        let wednesday = BusinessDays {
            closed_weekdays: [3].into(),
            closed_on_holidays: false,
            ..BusinessDays::default()
        };
        assert_eq!(days, wednesday);
        for (bad, field) in [
            (CompanyForm { closed: vec![8], ..CompanyForm::default() }, "closed"),
            (CompanyForm { invoice_number: "T12".to_owned(), ..CompanyForm::default() }, "invoice_number"),
            (CompanyForm { address: "x".repeat(201), ..CompanyForm::default() }, "address"),
            (CompanyForm { phone: "1\n2".to_owned(), ..CompanyForm::default() }, "phone"),
        ] {
            assert_eq!(read_company(&bad).unwrap_err().field.as_deref(), Some(field));
        }
    }
}
