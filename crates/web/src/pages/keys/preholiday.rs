//! 連休前点検 (CRD-5): the closed period is chosen; each check says how it stands in a word, with its mend beside. Printed as it
//! is, or sent by mail.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::house;
use crate::pages::settings::Tab;
use crate::pages::shops::tabs;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use engine::preholiday::{self, HEADINGS, LONGEST, Level, Mend, Period, Tick};
use japan::Calendar;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::Arc;
use store::letters::{LetterContent, NewLetter};

/// How far ahead a run of closed days is looked for.
const AHEAD: i32 = 120;
/// Fewer closed days are a weekend.
const RUN: i32 = 3;

struct TickShown {
    class: &'static str,
    word: &'static str,
    text: String,
    remedy: String,
    href: String,
    action: &'static str,
}

struct GroupShown {
    title: &'static str,
    ticks: Vec<TickShown>,
}

#[derive(Template)]
#[template(path = "keys/preholiday.html")]
struct PreholidayPage {
    frame: Frame,
    tabs: Vec<Tab>,
    from: String,
    to: String,
    days: usize,
    at: String,
    groups: Vec<GroupShown>,
    needed: usize,
    careful: usize,
    may_edit: bool,
    toast: &'static str,
}

/// The period that is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    done: Option<String>,
}

/// The next run of closed days that is longer than a weekend; without one, the week from tomorrow.
fn proposed(calendar: &Calendar, today: Date) -> Option<Period> {
    let mut day = today.tomorrow().ok()?;
    let end = today.checked_add(AHEAD.days()).ok()?;
    while day <= end {
        let mut last = day;
        while calendar.is_closed(last) && last <= end {
            last = last.tomorrow().ok()?;
        }
        if day.until(last).ok()?.get_days() >= RUN {
            return Period::new(day, last.yesterday().ok()?);
        }
        day = last.tomorrow().ok()?;
    }
    Period::new(today.tomorrow().ok()?, today.checked_add(7.days()).ok()?)
}

fn period(asked: &Asked, calendar: &Calendar, today: Date) -> Result<Period, Refusal> {
    if asked.from.is_empty() && asked.to.is_empty() {
        return proposed(calendar, today).ok_or_else(Refusal::inside);
    }
    let read = |field: &str, text: &str| {
        japan::read_date(text, today)
            .map_err(|_| Refusal::field(field, "日付を入力してください（例：2026-12-29）", "is not a day"))
    };
    let (from, to) = (read("from", &asked.from)?, read("to", &asked.to)?);
    Period::new(from, to).ok_or_else(|| {
        let ja = format!("休業の終わりは始まり以後、{LONGEST}日以内にしてください");
        Refusal::field("to", ja, format!("must follow the first day, within {LONGEST} days"))
    })
}

async fn ticks(
    desk: &Desk,
    visitor: &Visitor,
    calendar: &Calendar,
    period: Period,
) -> Result<Vec<Tick>, Refusal> {
    let closed = |day: Date| calendar.is_closed(day);
    let mall = |key: &str| desk.hub.mall(key);
    let now = desk.now();
    let mut facts = preholiday::gather(desk.ledger(), &mall, &closed, period, now).await?;
    if let Some(folder) = desk.config.folder.clone() {
        let disk = tokio::task::spawn_blocking(move || engine::health::disk(&folder)).await;
        facts.disk = Some(disk.map_err(|_| Refusal::inside())?);
    }
    // Judged by what the visitor may see, so that "all is well" speaks of their shops.
    let access = visitor.access();
    facts.shops.retain(|s| access.sees(s.shop.shop_id));
    facts.credentials.retain(|row| access.sees(row.shop_id));
    facts.pending.retain(|row| access.sees(row.shop_id));
    Ok(preholiday::judge(&facts, period, now))
}

fn mended(lang: Lang, mend: &Mend) -> (String, &'static str) {
    let (href, ja, en) = match mend {
        Mend::None => return (String::new(), ""),
        Mend::Credentials => ("/credentials".to_owned(), "更新する", "Renew"),
        Mend::Calendar => ("/settings/calendar".to_owned(), "休業日を登録", "Enter closed days"),
        Mend::Shop(id) => (format!("/shops/{id}"), "店舗を開く", "Open the shop"),
        Mend::WriteBack(id) => (format!("/shops/{id}/rehearsal"), "送信内容を確認", "See what would be sent"),
        Mend::Rules => ("/settings/rules".to_owned(), "規則を開く", "Open the rules"),
        Mend::Mail => ("/settings/mail".to_owned(), "メールの設定", "Mail settings"),
        Mend::Phase(phase) => (format!("/orders?phase={phase}"), "受注を見る", "See the orders"),
        Mend::State(state) => (format!("/orders?state={state}"), "受注を見る", "See the orders"),
        Mend::Import => ("/import".to_owned(), "受注取込を開く", "Open the import"),
        Mend::Diagnostics => ("/diagnostics".to_owned(), "診断を開く", "Open diagnostics"),
        Mend::Backup => ("/help/backup".to_owned(), "バックアップの方法", "How to back up"),
    };
    (href, lang.t(ja, en))
}

fn shown(lang: Lang, tick: &Tick) -> TickShown {
    let (ja, en) = tick.level.words();
    let class = match tick.level {
        Level::Ok => "ok",
        Level::Careful => "warn",
        Level::Needed => "bad",
    };
    let (href, action) = mended(lang, &tick.mend);
    let text = lang.t(&tick.ja, &tick.en).to_owned();
    TickShown { class, word: lang.t(ja, en), text, remedy: tick.remedy.clone(), href, action }
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(asked): Query<Asked>) -> Page {
    let lang = visitor.lang();
    let calendar = house::business_days(&desk).await?.to_calendar();
    let period = period(&asked, &calendar, desk.now().japan_date())?;
    let ticks = ticks(&desk, &visitor, &calendar, period).await?;
    let groups = HEADINGS.into_iter().filter_map(|(check, ja, en)| {
        let of: Vec<TickShown> = ticks.iter().filter(|t| t.check == check).map(|t| shown(lang, t)).collect();
        (!of.is_empty()).then(|| GroupShown { title: lang.t(ja, en), ticks: of })
    });
    let count = |level: Level| ticks.iter().filter(|t| t.level == level).count();
    let told = crate::pages::seen::Told { done: asked.done };
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    let mut frame = Frame::new(&desk, &visitor, lang.t("連休前点検", "Before holidays"), here).await?;
    frame.help = "/help/preholiday".to_owned();
    frame::page(&PreholidayPage {
        frame,
        tabs: tabs(lang, "/preholiday"),
        from: period.from.to_string(),
        to: period.to.to_string(),
        days: period.days().count(),
        at: moment(desk.now()),
        groups: groups.collect(),
        needed: count(Level::Needed),
        careful: count(Level::Careful),
        may_edit: visitor.edits(Menu::Shops),
        toast: told
            .words(lang, &[("mailed", "点検の結果をメールで送ります", "The checklist goes out by mail")]),
    })
}

/// Sends it to whoever gets letters.
pub async fn mail(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(asked): Fields<Asked>) -> Page {
    let calendar = house::business_days(&desk).await?.to_calendar();
    let period = period(&asked, &calendar, desk.now().japan_date())?;
    let ticks = ticks(&desk, &visitor, &calendar, period).await?;
    let now = desk.now();
    let needed = ticks.iter().filter(|t| t.level == Level::Needed).count();
    let loud = if needed > 0 { format!("・要対応{needed}件") } else { String::new() };
    let content = LetterContent {
        to: engine::letters::addresses(desk.ledger()).await?,
        subject: format!("【帳場{loud}】連休前点検 {}〜{}", period.from, period.to),
        text: format!(
            "{}\n（{} 時点、{}）\n",
            preholiday::as_text(period, &ticks),
            moment(now),
            visitor.login
        ),
    };
    // Asked for again later it is another letter; a double click is not.
    let minute = now.0 / domain::time::MINUTE;
    let key = format!("checklist:{}:{}:{minute}", period.from, period.to);
    let letter = NewLetter { key, kind: "checklist".to_owned(), shop_id: None, content };
    desk.ledger().queue_letter(&letter, now).await?;
    let details = serde_json::json!({ "from": period.from.to_string(), "to": period.to.to_string() });
    desk.ledger().log_action(&visitor.by(), "preholiday.mail", "", &details, now).await?;
    let to = format!("/preholiday?from={}&to={}&done=mailed", period.from, period.to);
    Ok(Redirect::to(&to).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::BusinessDays;

    #[test]
    fn the_next_run_of_closed_days_is_proposed_crd5() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let mut days = BusinessDays::default();
        let of = |days: &BusinessDays, today: &str| proposed(&days.to_calendar(), day(today)).unwrap();
        // 2026-11-21 to 23: Saturday, Sunday, 勤労感謝の日.
        let run = of(&days, "2026-11-18");
        assert_eq!((run.from, run.to), (day("2026-11-21"), day("2026-11-23")));
        days.closed_days.extend(["2026-12-29", "2026-12-30", "2026-12-31"].map(day));
        let run = of(&days, "2026-11-24");
        assert_eq!(run.from, day("2026-12-29"));
        days.closed_days.clear();
        days.closed_weekdays.clear();
        days.closed_on_holidays = false;
        let run = of(&days, "2026-11-18");
        assert_eq!((run.from, run.to), (day("2026-11-19"), day("2026-11-25")), "none: the week ahead");
    }
}
