//! 営業日: closed weekdays, holidays, single days.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::house::{self, BusinessDays};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use japan::Closed;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Single days that may be named.
const MOST_DAYS: usize = 400;
/// Days of the look ahead.
const AHEAD: usize = 35;

#[derive(Template)]
#[template(path = "settings/calendar.html")]
struct CalendarPage {
    frame: Frame,
    tabs: Vec<Tab>,
    weekdays: Vec<(i8, &'static str, bool)>,
    holidays: bool,
    closed: String,
    open: String,
    /// Days ahead that are closed: day, why.
    ahead: Vec<(String, String)>,
    next: String,
    may_edit: bool,
    toast: &'static str,
}

fn weekday(lang: Lang, n: i8) -> &'static str {
    match n {
        1 => lang.t("月", "Mon"),
        2 => lang.t("火", "Tue"),
        3 => lang.t("水", "Wed"),
        4 => lang.t("木", "Thu"),
        5 => lang.t("金", "Fri"),
        6 => lang.t("土", "Sat"),
        _ => lang.t("日", "Sun"),
    }
}

fn lines(days: &BTreeSet<Date>) -> String {
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let days = house::business_days(&desk).await?;
    let (calendar, today) = (days.to_calendar(), desk.now().japan_date());
    let why = |date: Date| {
        Some(match calendar.why_closed(date)? {
            Closed::Listed => lang.t("臨時休業", "closed").to_owned(),
            Closed::Holiday(name) => name.to_owned(),
            Closed::Weekday(day) => weekday(lang, day.to_monday_one_offset()).to_owned(),
        })
    };
    let ahead = today.series(1.day()).take(AHEAD).filter_map(|date| {
        let weekday = weekday(lang, date.weekday().to_monday_one_offset());
        Some((format!("{}（{weekday}）", date.strftime("%m/%d")), why(date)?))
    });
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&CalendarPage {
        frame: Frame::new(&desk, &visitor, lang.t("営業日", "Business days"), here).await?,
        tabs: tabs(lang, "/settings/calendar"),
        weekdays: (1..=7).map(|n| (n, weekday(lang, n), days.closed_weekdays.contains(&n))).collect(),
        holidays: days.closed_on_holidays,
        closed: lines(&days.closed_days),
        open: lines(&days.open_days),
        ahead: ahead.collect(),
        next: calendar
            .next_business_day(today)
            .map(|d| d.strftime("%Y/%m/%d").to_string())
            .unwrap_or_default(),
        may_edit: visitor.edits(Menu::Settings),
        toast: told.words(lang, &[("saved", "保存しました", "Saved")]),
    })
}

/// As typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    #[serde(default)]
    weekday: Vec<i8>,
    holidays: Option<String>,
    #[serde(default)]
    closed: String,
    #[serde(default)]
    open: String,
}

fn read(field: &str, text: &str, today: Date) -> Result<BTreeSet<Date>, Refusal> {
    let given = text.split([',', '、', '\n', '\r', ' ', '　']).map(str::trim).filter(|t| !t.is_empty());
    let mut days = BTreeSet::new();
    for (n, text) in given.enumerate() {
        let day = |text: &str| {
            japan::read_date(text.trim(), today).map_err(|_| {
                let ja = format!("{}つ目の日付を読み取れません（例：2026-12-31、12/29〜1/3）", n + 1);
                Refusal::field(field, ja, format!("day {} is not a day", n + 1))
            })
        };
        let Some((first, last)) = text.split_once(['〜', '～', '~']) else {
            days.insert(day(text)?);
            continue;
        };
        let names_year = last.trim().chars().take_while(|c| c.is_numeric()).count() >= 4;
        let (first, mut last) = (day(first)?, day(last)?);
        if last < first && !names_year {
            // 12/29〜1/3 reaches into the next year.
            last = last.checked_add(1.year()).unwrap_or(last);
        }
        if last < first {
            return Err(Refusal::field(
                field,
                "期間の終わりが初めより前です",
                "a period ends before it begins",
            ));
        }
        // One more than may be named shows that there are too many.
        days.extend(first.series(1.day()).take_while(|day| *day <= last).take(MOST_DAYS + 1));
    }
    if days.len() > MOST_DAYS {
        return Err(Refusal::field(
            field,
            format!("{MOST_DAYS}日までです"),
            format!("at most {MOST_DAYS} days"),
        ));
    }
    Ok(days)
}

/// Keeps it.
pub async fn save(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Given>) -> Page {
    let today = desk.now().japan_date();
    if form.weekday.iter().any(|n| !(1..=7).contains(n)) {
        return Err(Refusal::field("weekday", "曜日を選びなおしてください", "is no weekday"));
    }
    let days = BusinessDays {
        closed_weekdays: form.weekday.into_iter().collect(),
        closed_on_holidays: form.holidays.is_some(),
        closed_days: read("closed", &form.closed, today)?,
        open_days: read("open", &form.open, today)?,
    };
    if days.closed_weekdays.len() == 7 && days.open_days.is_empty() {
        return Err(Refusal::field("weekday", "営業日がなくなります", "leaves no business day"));
    }
    house::set_business_days(&desk, &days).await?;
    let details = serde_json::json!({});
    desk.ledger().log_action(&visitor.by(), "settings.calendar", "", &details, desk.now()).await?;
    Ok(Redirect::to("/settings/calendar?done=saved").into_response())
}
