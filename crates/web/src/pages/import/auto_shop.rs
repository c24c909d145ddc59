//! 自動連携 of one shop: what starts it, how long it waits at most, the waiting room, 日付自動登録 with an example, and how
//! fresh the orders were.

use super::auto::{next_words, span};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::house;
use crate::pages::seen;
use crate::pages::shops::keep;
use crate::plot::{self, Kind, Plot, Series};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::date_rule::{DateRule, MOST_DAYS};
use domain::rights::Menu;
use domain::time::{DAY, HOUR, MINUTE};
use domain::{ImportMode, ShopId, UtcMillis};
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::Arc;

/// An order of the example: when it comes, its two dates.
struct Example {
    at: String,
    print_on: String,
    ship_on: String,
}

/// A table of a plot: stretch, median, 95 of 100, orders.
struct Stretch {
    name: String,
    median: String,
    p95: String,
    orders: i64,
}

struct Picture {
    svg: String,
    stretches: Vec<Stretch>,
}

#[derive(Template)]
#[template(path = "import/auto_shop.html")]
struct AutoShopPage {
    frame: Frame,
    id: i64,
    name: String,
    modes: Vec<(&'static str, &'static str, bool)>,
    longest: Vec<(i64, String, bool)>,
    skip_inbox: bool,
    cutoff: String,
    print_after: Vec<(u8, String, bool)>,
    ship_after: Vec<(u8, String, bool)>,
    prints: bool,
    ships: bool,
    examples: Vec<Example>,
    next: String,
    why: &'static str,
    day: Picture,
    week: Picture,
    may_edit: bool,
    toast: &'static str,
}

#[derive(Template)]
#[template(path = "import/auto_example.html")]
struct ExamplePart {
    l: Lang,
    examples: Vec<Example>,
}

/// As typed.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    mode: String,
    longest: String,
    skip_inbox: Option<String>,
    cutoff: String,
    print_after: String,
    ship_after: String,
}

impl Given {
    /// 日付自動登録 as typed; `None` = nothing is filled in.
    fn rule(&self) -> Result<Option<DateRule>, Refusal> {
        let days = |field: &str, text: &str| match text {
            "" => Ok(None),
            text => text.parse::<u8>().ok().filter(|n| *n <= MOST_DAYS).map(Some).ok_or_else(|| {
                Refusal::field(
                    field,
                    format!("0〜{MOST_DAYS}営業日で入力してください"),
                    "is not a number of days",
                )
            }),
        };
        let cutoff_minute = match self.cutoff.as_str() {
            "" => None,
            text => Some(minute(text).ok_or_else(|| {
                Refusal::field("cutoff", "時刻を読み取れません（例：15:00）", "is not a time of day")
            })?),
        };
        let print_after = days("print_after", &self.print_after)?;
        let rule = DateRule { cutoff_minute, print_after, ship_after: days("ship_after", &self.ship_after)? };
        Ok(Some(rule).filter(DateRule::fills))
    }
}

/// `15:00` as a minute of the day.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn with_weekday(lang: Lang, date: Date) -> String {
    let ja = ["月", "火", "水", "木", "金", "土", "日"];
    let en = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let place = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let day = match lang {
        Lang::Ja => ja.get(place),
        Lang::En => en.get(place),
    };
    format!("{}（{}）", date.strftime("%m/%d"), day.copied().unwrap_or_default())
}

/// What the rule makes of an order that comes now, and of one around the cut-off.
async fn examples(desk: &Desk, lang: Lang, rule: Option<DateRule>) -> Result<Vec<Example>, Refusal> {
    let Some(rule) = rule else { return Ok(Vec::new()) };
    let calendar = house::business_days(desk).await?.to_calendar();
    let now = desk.now();
    let today = now.japan_date();
    let cutoff = |minute: u16| {
        let hour = i8::try_from(minute / 60).ok()?;
        let at = today.at(hour, i8::try_from(minute % 60).ok()?, 0, 0);
        UtcMillis::from_japan(at)
    };
    let mut moments = vec![(now, String::new())];
    if let Some(at) = rule.cutoff_minute.and_then(cutoff) {
        moments.push((at.plus(-MINUTE), lang.t("（締め前）", " (before)").to_owned()));
        moments.push((at, lang.t("（締め後）", " (after)").to_owned()));
    }
    moments.sort_by_key(|(at, _)| *at);
    let none = || lang.t("入れません", "none").to_owned();
    let of = |date: Option<Date>| date.map_or_else(none, |d| with_weekday(lang, d));
    Ok(moments
        .into_iter()
        .map(|(at, note)| {
            let dates = rule.dates(at, today, &|day| calendar.is_closed(day));
            let note = if note.is_empty() { lang.t("（今）", " (now)").to_owned() } else { note };
            Example {
                at: format!("{} {}{note}", with_weekday(lang, today), at.japan().strftime("%H:%M")),
                print_on: of(dates.print_on),
                ship_on: of(dates.ship_on),
            }
        })
        .collect())
}

async fn picture(desk: &Desk, lang: Lang, shop: ShopId, stretch: i64, n: usize) -> Result<Picture, Refusal> {
    let count = i64::try_from(n).unwrap_or(1);
    // Whole stretches of the Japanese day, the last one under way.
    let now = desk.now();
    let end = now.plus(stretch - (now.0 + 9 * HOUR).rem_euclid(stretch));
    let from = end.plus(-stretch * count);
    let rows = desk.ledger().freshness((from, end), stretch).await?;
    let own: Vec<_> = rows.into_iter().filter(|f| f.shop_id == shop).collect();
    let name = |i: i64| {
        let at = from.plus(i * stretch).japan();
        if stretch >= DAY { at.strftime("%m/%d").to_string() } else { at.strftime("%H:%M").to_string() }
    };
    let values = |of: fn(&store::arrivals::Freshness) -> i64| {
        let seconds = |f| of(f).div_euclid(1_000);
        (0..count).map(|i| own.iter().find(|f| f.stretch == i).map(seconds)).collect::<Vec<_>>()
    };
    let series =
        |ja: &str, en: &str, class, of| Series { name: lang.t(ja, en).to_owned(), class, values: values(of) };
    let title = match (lang, stretch >= DAY) {
        (Lang::Ja, true) => "受注から帳場に出るまでの時間（7日間）",
        (Lang::Ja, false) => "受注から帳場に出るまでの時間（24時間）",
        (Lang::En, true) => "From placed to visible, seven days",
        (Lang::En, false) => "From placed to visible, 24 hours",
    };
    let plot = Plot {
        id: if stretch >= DAY { "week" } else { "day" },
        title,
        desc: lang.t(
            "中央値と95%の線（秒）。同じ数字を下の表に出しています。",
            "Median and 95% in seconds; the table below has the numbers.",
        ),
        labels: &(0..count).map(name).collect::<Vec<_>>(),
        series: &[
            series("中央値（秒）", "median (s)", "s0", |f| f.median_ms),
            series("95%（秒）", "95% (s)", "s1", |f| f.p95_ms),
        ],
        kind: Kind::Lines,
    };
    let svg = plot::svg(&plot);
    let stretches = own.iter().map(|f| Stretch {
        name: name(f.stretch),
        median: span(lang, f.median_ms),
        p95: span(lang, f.p95_ms),
        orders: f.orders,
    });
    Ok(Picture { svg, stretches: stretches.collect() })
}

fn days_offered(lang: Lang, set: Option<u8>) -> Vec<(u8, String, bool)> {
    let mut all: Vec<u8> = (0..=10).collect();
    all.extend(set.filter(|n| *n > 10));
    let words = |n: u8| match (n, lang) {
        (0, Lang::Ja) => "当日（休業日なら次の営業日）".to_owned(),
        (n, Lang::Ja) => format!("{n}営業日後"),
        (0, Lang::En) => "the same day, or the next open one".to_owned(),
        (n, Lang::En) => format!("{n} working days later"),
    };
    all.into_iter().map(|n| (n, words(n), set == Some(n))).collect()
}

/// The page.
pub async fn page(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(told): Query<seen::Told>,
) -> Page {
    let lang = visitor.lang();
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let rule = shop.date_rule.unwrap_or_default();
    let (next, why) = next_words(lang, &shop, desk.now());
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    let (hour, minute) = (|m: u16| m / 60, |m: u16| m % 60);
    frame::page(&AutoShopPage {
        frame: Frame::new(&desk, &visitor, lang.t("自動連携の設定", "Automatic import of a shop"), here)
            .await?,
        id: shop.shop_id.0,
        modes: ImportMode::ALL.map(|m| (m.as_str(), lang.t(m.ja(), m.en()), m == shop.import_mode)).to_vec(),
        longest: seen::intervals(lang, engine::rhythm::ceiling_ms(shop.import_interval_ms))
            .into_iter()
            .filter(|(ms, ..)| *ms > 0)
            .collect(),
        skip_inbox: shop.skip_inbox,
        cutoff: rule.cutoff_minute.map(|m| format!("{:02}:{:02}", hour(m), minute(m))).unwrap_or_default(),
        print_after: days_offered(lang, rule.print_after),
        ship_after: days_offered(lang, rule.ship_after),
        prints: rule.print_after.is_some(),
        ships: rule.ship_after.is_some(),
        examples: examples(&desk, lang, shop.date_rule).await?,
        next,
        why,
        day: picture(&desk, lang, shop.shop_id, HOUR, 24).await?,
        week: picture(&desk, lang, shop.shop_id, DAY, 7).await?,
        may_edit: visitor.edits(Menu::Import),
        toast: told.words(lang, &[("saved", "保存しました", "Saved")]),
        name: shop.name,
    })
}

/// What a rule that is being typed would do.
pub async fn example(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(given): Query<Given>,
) -> Page {
    seen::shop(&desk, &visitor, &id).await?;
    let lang = visitor.lang();
    frame::page(&ExamplePart { l: lang, examples: examples(&desk, lang, given.rule()?).await? })
}

/// Keeps it.
pub async fn save(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Given>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    let before = shop.clone();
    let mode = ImportMode::parse(&form.mode)
        .ok_or_else(|| Refusal::field("mode", "選びなおしてください", "must be off, schedule or mail"))?;
    shop.set_import_mode(mode, desk.now());
    let was = engine::rhythm::ceiling_ms(shop.import_interval_ms);
    let longest = seen::read_interval(&form.longest, was)?;
    if mode != ImportMode::Off && longest > 0 && longest != was {
        shop.set_import_interval(longest, desk.now());
    }
    shop.skip_inbox = form.skip_inbox.is_some();
    shop.date_rule = form.rule()?;
    if shop != before {
        let changed = [
            (shop.import_mode != before.import_mode, "import_mode"),
            (shop.import_interval_ms != before.import_interval_ms, "import_interval"),
            (shop.skip_inbox != before.skip_inbox, "skip_inbox"),
            (shop.date_rule != before.date_rule, "date_rule"),
        ];
        let fields: Vec<&str> = changed.into_iter().filter(|(changed, _)| *changed).map(|(_, f)| f).collect();
        keep(&desk, &visitor, &shop, &fields).await?;
    }
    Ok(Redirect::to(&format!("/import/auto/{id}?done=saved")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(cutoff: &str, print: &str, ship: &str) -> Given {
        let own = |text: &str| text.to_owned();
        Given { cutoff: own(cutoff), print_after: own(print), ship_after: own(ship), ..Given::default() }
    }

    #[test]
    fn a_rule_is_read_as_typed_and_one_that_fills_nothing_is_none_desk3() {
        let rule = DateRule { cutoff_minute: Some(905), print_after: Some(0), ship_after: None };
        assert_eq!(given("15:05", "0", "").rule().ok().flatten(), Some(rule));
        assert_eq!(given("15:05", "", "").rule().ok(), Some(None));
        for odd in [given("24:00", "0", ""), given("x", "0", ""), given("", "61", ""), given("", "-1", "")] {
            assert!(odd.rule().is_err());
        }
    }
}
