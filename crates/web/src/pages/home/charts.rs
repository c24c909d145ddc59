//! The plots of ホーム and the tables that say the same in words.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame;
use crate::plot::{self, CLASSES, Kind, Plot, Series};
use crate::refusal::Refusal;
use crate::words::{Lang, grouped};
use domain::UtcMillis;
use domain::notice::NoticeState;
use domain::rights::{Level, Menu};
use domain::time::{DAY, MINUTE, SECOND};
use std::collections::BTreeMap;
use store::Shop;
use store::desk::today::{Failed, Lateness, Slots};

/// A plot with its table.
pub struct Chart {
    /// What it shows.
    pub title: &'static str,
    /// The picture.
    pub svg: String,
    /// The sum of it, in words; also what stands there when there is nothing to draw.
    pub summary: String,
    /// There is nothing to draw.
    pub empty: bool,
    /// Headings of the table, after the time.
    pub heads: Vec<String>,
    /// Its rows, newest first: the time and the values.
    pub rows: Vec<(String, Vec<String>)>,
}

/// Failures of one cause.
pub struct CauseShown {
    /// What failed.
    pub what: &'static str,
    /// Why.
    pub words: String,
    /// What to do.
    pub remedy: String,
    /// How often.
    pub n: String,
    /// Length of its bar, of 100.
    pub share: i64,
    /// Where such failures are listed; empty without the right.
    pub href: &'static str,
}

/// Causes shown.
const CAUSES: usize = 10;
/// Freshness is counted in steps of so long, milliseconds.
const STEP: i64 = 30 * SECOND;
/// What took longer than so many steps (two hours) counts as that.
const MOST: i64 = 240;

fn total(series: &Series) -> i64 {
    series.values.iter().flatten().sum()
}

/// `9時`, or `11/22` where slots are days.
fn labels(slots: &Slots, lang: Lang) -> Vec<String> {
    let label = |at: UtcMillis| {
        let moment = crate::words::short_moment(at);
        match moment.split_once(' ') {
            Some((day, _)) if slots.width >= DAY => day.to_owned(),
            Some((_, time)) => match lang {
                Lang::Ja => {
                    format!("{}時", time.split(':').next().unwrap_or_default().trim_start_matches('0'))
                }
                Lang::En => time.to_owned(),
            },
            None => moment,
        }
    };
    let label = |at| match label(at) {
        text if text == "時" => "0時".to_owned(),
        text => text,
    };
    slots.begins().into_iter().map(label).collect()
}

/// The value that `share` of all are not above: the end of its step, in minutes rounded up.
fn percentile(of: &Lateness, share: f64) -> Option<i64> {
    let all: i64 = of.values().sum();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts of orders of some hours"
    )]
    let wanted = (all as f64 * share).ceil() as i64;
    let mut seen = 0;
    for (steps, n) in of {
        seen += n;
        if all > 0 && seen >= wanted {
            return Some(((steps + 1) * STEP + MINUTE - 1) / MINUTE);
        }
    }
    None
}

fn minutes(lang: Lang, n: i64) -> String {
    let most = MOST * STEP / MINUTE;
    match lang {
        Lang::Ja if n > most => format!("{most}分以上"),
        Lang::Ja => format!("{n}分"),
        Lang::En if n > most => format!("{most} min or more"),
        Lang::En => format!("{n} min"),
    }
}

/// What a chart is made of.
struct Drawn<'a> {
    id: &'static str,
    title: &'static str,
    summary: String,
    slots: &'a Slots,
    series: Vec<Series>,
    kind: Kind,
}

fn chart(lang: Lang, drawn: Drawn<'_>, words: &dyn Fn(i64) -> String) -> Chart {
    let Drawn { id, title, summary, slots, series, kind } = drawn;
    let labels = &labels(slots, lang);
    let plot = Plot { id, title, desc: &summary, labels, series: &series, kind };
    let empty = series.iter().all(|s| s.values.iter().all(Option::is_none) || total(s) == 0);
    let value = |s: &Series, n: usize| s.values.get(n).copied().flatten().map(words).unwrap_or_default();
    let rows = labels.iter().enumerate().rev();
    let rows = rows.map(|(n, label)| (label.clone(), series.iter().map(|s| value(s, n)).collect())).collect();
    Chart {
        title,
        svg: if empty { String::new() } else { plot::svg(&plot) },
        summary,
        empty,
        heads: series.into_iter().map(|s| s.name).collect(),
        rows,
    }
}

async fn orders(desk: &Desk, visitor: &Visitor, shops: &[Shop], slots: &Slots) -> Result<Chart, Refusal> {
    let lang = visitor.lang();
    let placed = desk.ledger().orders_placed(&visitor.access(), slots).await?;
    let mut by_mall: BTreeMap<String, Vec<Option<i64>>> = BTreeMap::new();
    for (shop, counts) in &placed {
        let Some(shop) = shops.iter().find(|s| s.shop_id == *shop) else { continue };
        let mall = desk.hub.mall(&shop.mall);
        let name = mall.map_or_else(|| shop.mall.clone(), |m| m.descriptor().name.to_owned());
        let sums = by_mall.entry(name).or_insert_with(|| vec![Some(0); counts.len()]);
        for (sum, n) in sums.iter_mut().zip(counts) {
            *sum = Some(sum.unwrap_or_default() + n);
        }
    }
    let series = by_mall.into_iter().zip(CLASSES.into_iter().cycle());
    let series: Vec<Series> = series.map(|((name, values), class)| Series { name, values, class }).collect();
    let all: i64 = series.iter().map(total).sum();
    let each =
        series.iter().map(|s| format!("{} {}", s.name, grouped(total(s)))).collect::<Vec<_>>().join("、");
    let summary = match (lang, all) {
        (Lang::Ja, 0) => "この期間の受注はありません。".to_owned(),
        (Lang::Ja, _) => format!("合計{}件（{each}）", grouped(all)),
        (Lang::En, 0) => "No orders.".to_owned(),
        (Lang::En, _) => format!("{} orders ({each})", grouped(all)),
    };
    let title = lang.t("受注件数（受注日時・モール別）", "Orders placed, by mall");
    Ok(chart(lang, Drawn { id: "placed", title, summary, slots, series, kind: Kind::Bars }, &grouped))
}

async fn freshness(desk: &Desk, visitor: &Visitor, slots: &Slots) -> Result<Chart, Refusal> {
    let lang = visitor.lang();
    let late = desk.ledger().lateness(&visitor.access(), slots, STEP, MOST).await?;
    let of = |share: f64| late.iter().map(|slot| percentile(slot, share)).collect();
    let series = vec![
        Series { name: lang.t("半数の受注（p50）", "p50").to_owned(), values: of(0.5), class: "s0" },
        Series { name: lang.t("ほぼすべて（p95）", "p95").to_owned(), values: of(0.95), class: "s1" },
    ];
    let mut all = Lateness::new();
    for (steps, n) in late.iter().flatten() {
        *all.entry(*steps).or_default() += n;
    }
    let summary = match (lang, percentile(&all, 0.5), percentile(&all, 0.95)) {
        (Lang::Ja, Some(half), Some(most)) => {
            format!("半数は{}以内、95%は{}以内に取り込みました。", minutes(lang, half), minutes(lang, most))
        }
        (Lang::En, Some(half), Some(most)) => {
            format!("Half within {}, 95% within {}", minutes(lang, half), minutes(lang, most))
        }
        _ => lang.t("この期間に取り込んだ受注はありません。", "No orders came in.").to_owned(),
    };
    let title = lang.t("鮮度（注文から取り込むまでの分）", "From placed to here, minutes");
    let words = |n| minutes(lang, n);
    Ok(chart(lang, Drawn { id: "fresh", title, summary, slots, series, kind: Kind::Lines }, &words))
}

async fn results(desk: &Desk, visitor: &Visitor, slots: &Slots) -> Result<Chart, Refusal> {
    let lang = visitor.lang();
    let mut found = desk.ledger().notice_results(&visitor.access(), slots).await?;
    let mut series = Vec::new();
    for state in NoticeState::ALL {
        if let Some(counts) = found.remove(&state) {
            let name = frame::notice_words(state, false, false, lang).1.to_owned();
            let class = match state {
                NoticeState::Applied => "ok",
                NoticeState::ResultUnknown => "warn",
                NoticeState::SendFailed => "s2",
                _ => "bad",
            };
            series.push(Series { name, values: counts.into_iter().map(Some).collect(), class });
        }
    }
    let all: i64 = series.iter().map(total).sum();
    let each =
        series.iter().map(|s| format!("{} {}", s.name, grouped(total(s)))).collect::<Vec<_>>().join("、");
    let summary = match (lang, all) {
        (Lang::Ja, 0) => "この期間にモールへ通知したものはありません。".to_owned(),
        (Lang::Ja, _) => format!("合計{}件（{each}）", grouped(all)),
        (Lang::En, 0) => "Nothing was told to malls.".to_owned(),
        (Lang::En, _) => format!("{} ({each})", grouped(all)),
    };
    let title = lang.t("モールへの通知の結果", "Results of notices");
    Ok(chart(lang, Drawn { id: "results", title, summary, slots, series, kind: Kind::Bars }, &grouped))
}

async fn causes(desk: &Desk, visitor: &Visitor, slots: &Slots) -> Result<Vec<CauseShown>, Refusal> {
    let lang = visitor.lang();
    let found = desk.ledger().causes(&visitor.access(), slots.from).await?;
    let place = |what| match what {
        Failed::Notice => (Menu::Notices, lang.t("通知", "Notice"), "/notices"),
        Failed::Import => (Menu::Import, lang.t("取込", "Import"), "/import"),
        Failed::Order => (Menu::Import, lang.t("取込エラー", "Order"), "/import#quarantine"),
    };
    let most = found.iter().map(|c| c.n).max().unwrap_or(1).max(1);
    let seen = found.into_iter().filter(|c| visitor.may(place(c.what).0, Level::View)).take(CAUSES);
    Ok(seen
        .map(|cause| {
            let (_, what, href) = place(cause.what);
            CauseShown {
                what,
                words: lang.reason(&cause.reason),
                remedy: if lang == Lang::Ja { cause.reason.remedy } else { String::new() },
                n: grouped(cause.n),
                share: (cause.n * 100 / most).max(2),
                href,
            }
        })
        .collect())
}

/// All of them, as far as the visitor may see what they count.
///
/// # Errors
/// As the database says.
pub async fn charts(
    desk: &Desk,
    visitor: &Visitor,
    shops: &[Shop],
    slots: &Slots,
) -> Result<(Vec<Chart>, Vec<CauseShown>), Refusal> {
    let mut out = Vec::new();
    if visitor.may(Menu::Orders, Level::View) {
        out.push(orders(desk, visitor, shops, slots).await?);
        out.push(freshness(desk, visitor, slots).await?);
    }
    if visitor.may(Menu::Notices, Level::View) {
        out.push(results(desk, visitor, slots).await?);
    }
    Ok((out, causes(desk, visitor, slots).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_end_of_the_step_that_holds_it() {
        // 90 orders within half a minute, 10 within ten and a half.
        let late = Lateness::from([(0, 90), (20, 10)]);
        assert_eq!(percentile(&late, 0.5), Some(1));
        assert_eq!(percentile(&late, 0.95), Some(11));
        assert_eq!(percentile(&Lateness::new(), 0.5), None);
        assert_eq!(percentile(&Lateness::from([(MOST, 1)]), 0.5), Some(121));
        assert_eq!(minutes(Lang::Ja, 121), "120分以上");
    }

    #[test]
    fn slots_are_named_by_hour_or_by_day() {
        let now = UtcMillis::parse_lenient("2026-11-22 01:05:30").unwrap();
        let hours = labels(&Slots::up_to(now, domain::time::HOUR, 3), Lang::Ja);
        assert_eq!(hours, ["23時", "0時", "1時"]);
        assert_eq!(labels(&Slots::up_to(now, DAY, 2), Lang::Ja), ["11/21", "11/22"]);
    }
}
