//! A form over an order: a dialog where scripts run, a page of its own where they do not, and again, with what is wrong,
//! when it was sent and does not fit.

use super::Opened;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame::{Frame, Here};
use crate::refusal::Page;
use crate::words::Lang;
use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _};
use domain::Reason;
use domain::rights::Menu;
use jiff::civil::Date;

/// A sentence before the form: `go`, `no`, `ask`.
#[derive(Debug, Clone)]
pub struct Said {
    /// Class.
    pub class: &'static str,
    /// Words in front.
    pub mark: &'static str,
    /// What.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

impl Said {
    /// A reason as a refusal.
    #[must_use]
    pub fn no(reason: &Reason, lang: Lang) -> Self {
        Self {
            class: "no",
            mark: lang.t("× 実行できません", "× not possible"),
            text: lang.reason(reason),
            remedy: lang.t(&reason.remedy, "").to_owned(),
        }
    }

    /// A reason as a warning.
    #[must_use]
    pub fn ask(reason: &Reason, lang: Lang) -> Self {
        Self {
            class: "ask",
            mark: lang.t("△ 確認", "△ check"),
            text: lang.reason(reason),
            remedy: lang.t(&reason.remedy, "").to_owned(),
        }
    }

    /// All is well.
    #[must_use]
    pub fn go(text: impl Into<String>, lang: Lang) -> Self {
        Self {
            class: "go",
            mark: lang.t("○ 実行できます", "○ possible"),
            text: text.into(),
            remedy: String::new(),
        }
    }
}

/// How a field looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A line of text.
    #[default]
    Text,
    /// A number of a parcel or an order.
    Mono,
    /// Postal code that fills the address.
    Postal,
    /// 都道府県.
    Prefecture,
    /// 市区町村.
    City,
    /// 町域.
    Town,
    /// Phone.
    Phone,
    /// A day, with 今日 and 次の営業日.
    Date,
    /// A whole number.
    Number,
    /// Several lines.
    Area,
    /// One of some.
    Select,
    /// Yes.
    Tick,
    /// A heading of the fields that follow.
    Heading,
}

/// A field.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// Name in the form.
    pub name: String,
    /// Label.
    pub label: String,
    /// How it looks.
    pub kind: Kind,
    /// Value.
    pub value: String,
    /// Choices of a select: value and words.
    pub options: Vec<(String, String)>,
    /// A word of help.
    pub hint: String,
    /// What is wrong with it.
    pub error: String,
    /// Must be filled.
    pub required: bool,
}

impl Field {
    /// A field.
    #[must_use]
    pub fn new(kind: Kind, name: &str, label: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), kind, value: value.into(), ..Self::default() }
    }

    /// One of some.
    #[must_use]
    pub fn select(name: &str, label: &str, value: &str, options: Vec<(String, String)>) -> Self {
        Self { options, ..Self::new(Kind::Select, name, label, value) }
    }

    /// With a word of help.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    /// Must be filled.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// A form over an order.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Title.
    pub title: String,
    /// Which order.
    pub order: String,
    /// What it is about.
    pub lead: String,
    /// What was looked at before.
    pub said: Vec<Said>,
    /// Fields nobody sees.
    pub hidden: Vec<(String, String)>,
    /// Fields.
    pub fields: Vec<Field>,
    /// Where it goes.
    pub action: String,
    /// Words of the button; empty: nothing can be sent.
    pub submit: String,
    /// A last word beside the button.
    pub note: String,
    /// Back.
    pub back: String,
    /// 今日 and 次の営業日 for days.
    pub days: Vec<(String, &'static str)>,
}

impl Sheet {
    /// For an order.
    #[must_use]
    pub fn of(order: &Opened, title: &str, action: &str) -> Self {
        Self {
            title: title.to_owned(),
            order: order.called(),
            action: format!("{}/{action}", order.path()),
            back: order.path(),
            ..Self::default()
        }
    }

    /// With 今日 and 次の営業日 beside days.
    #[must_use]
    pub fn with_days(mut self, today: Date, lang: Lang) -> Self {
        self.days = vec![(today.to_string(), lang.t("今日", "Today"))];
        let next = working_days().next_business_day(today);
        self.days.extend(next.map(|d| (d.to_string(), lang.t("次の営業日", "Next working day"))));
        self
    }

    /// Says what is wrong with a field.
    pub fn wrong(&mut self, name: &str, words: &str) {
        if let Some(field) = self.fields.iter_mut().find(|f| f.name == name) {
            words.clone_into(&mut field.error);
        }
    }
}

/// Saturdays, Sundays and holidays are closed, as most warehouses'; a shop's own calendar is no setting yet.
fn working_days() -> japan::Calendar {
    japan::Calendar {
        closed_weekdays: vec![jiff::civil::Weekday::Saturday, jiff::civil::Weekday::Sunday],
        ..japan::Calendar::default()
    }
}

#[derive(Template)]
#[template(path = "orders/order_sheet.html")]
struct SheetPage<'a> {
    frame: Frame,
    s: &'a Sheet,
}

#[derive(Template)]
#[template(path = "orders/order_sheet_dialog.html")]
struct SheetDialog<'a> {
    l: Lang,
    s: &'a Sheet,
}

/// Answers with a sheet.
///
/// # Errors
/// As the database says.
pub async fn answer(
    desk: &Desk,
    visitor: &Visitor,
    headers: &HeaderMap,
    status: StatusCode,
    sheet: &Sheet,
) -> Page {
    if headers.contains_key("hx-request") {
        let body = SheetDialog { l: visitor.lang(), s: sheet }.render()?;
        return Ok((status, Html(body)).into_response());
    }
    let here = Here { menu: Some(Menu::Orders), ..Here::default() };
    let frame = Frame::new(desk, visitor, sheet.title.clone(), here).await?;
    let body = SheetPage { frame, s: sheet }.render()?;
    Ok((status, Html(body)).into_response())
}
