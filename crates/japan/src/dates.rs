//! Days as people type them and as Japan writes them (ux.md 3, Dates; formats.md f.5).

mod problem;
mod wareki;

#[cfg(test)]
mod tests;

use jiff::ToSpan;
use jiff::civil::Date;

pub use problem::DateProblem;
pub use wareki::wareki;

use crate::typed::{narrow, shown};

/// Years that can be typed: from Japan's change to the Gregorian calendar to where a year is surely a slip.
const YEARS: std::ops::RangeInclusive<i16> = 1873..=2099;

/// Reads a day.
///
/// * with its year: `2026/11/22`, `2026-11-22`, `2026.11.22`, `20261122`, `2026年11月22日`;
/// * in a Japanese era: `R8.11.22`, `R081122`, `令和8年11月22日`, `平成元年1月8日`, refused outside the era's days;
/// * as a word: `今日`, `明日`, `明後日`, `昨日`, `一昨日`;
/// * without year: `1122`, `11/22`, `11-22`, `11月22日`. The year is the one that puts the day **closest to today**, the later
///   of two equally close ones: late in November `1/5` is next January and `10/30` was last month. So a day without year is
///   never more than half a year away.
///
/// Full-width characters, spaces and a weekday in brackets at the end are fine. Two-digit years are refused: `26` may be
/// 2026 or 平成26年.
pub fn read_date(text: &str, today: Date) -> Result<Date, DateProblem> {
    let typed = tidy(text);
    if typed.is_empty() {
        return Err(DateProblem::Empty);
    }
    if let Some(days) = relative(&typed) {
        return today.checked_add(days.days()).map_err(|_| DateProblem::NotADate(shown(text)));
    }
    let not_a_date = || DateProblem::NotADate(shown(text));
    if let Some((era, rest)) = wareki::leading_era(&typed) {
        let (year, month, day) = parts_in_era(rest).ok_or_else(not_a_date)?;
        let date = day_of(era.year(year).ok_or_else(not_a_date)?, month, day)?;
        return if era.contains(date) {
            Ok(date)
        } else {
            Err(DateProblem::OutsideEra {
                typed: shown(text),
                era: era.name,
                from: era.from,
                until: era.until,
            })
        };
    }
    match parts(&typed).ok_or_else(not_a_date)?.as_slice() {
        [year, month, day] if year.len() == 4 => day_of(value(year), value(month), value(day)),
        [year, ..] if year.len() <= 2 && parts(&typed).is_some_and(|p| p.len() == 3) => {
            Err(DateProblem::YearUnclear(shown(text)))
        }
        [month, day] if month.len() <= 2 => closest(value(month), value(day), today),
        [all] => from_digits(all, text, today),
        _ => Err(not_a_date()),
    }
}

/// Half-width, without spaces (between two digits a space is a separator) and without 「(日)」 at the end.
fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    for piece in text.split_whitespace().map(narrow) {
        if tidy.ends_with(|c: char| c.is_ascii_digit()) && piece.starts_with(|c: char| c.is_ascii_digit()) {
            tidy.push('/');
        }
        tidy.push_str(&piece);
    }
    let without_weekday =
        tidy.strip_suffix(')').and_then(|inside| inside.rsplit_once('(')).filter(|(_, day)| {
            let mut letters = day.trim_end_matches("曜日").trim_end_matches('曜').chars();
            letters.next().is_some_and(|c| "日月火水木金土".contains(c)) && letters.next().is_none()
        });
    match without_weekday {
        Some((date, _)) => date.to_uppercase(),
        None => tidy.to_uppercase(),
    }
}

fn relative(typed: &str) -> Option<i32> {
    Some(match typed {
        "今日" | "本日" | "きょう" | "TODAY" => 0,
        "明日" | "あした" | "あす" | "TOMORROW" => 1,
        "明後日" | "あさって" => 2,
        "昨日" | "きのう" | "YESTERDAY" => -1,
        "一昨日" | "おととい" => -2,
        _ => return None,
    })
}

/// The numbers of a day, parted by one kind of separator or by 年月日. `None` for any other shape.
fn parts(typed: &str) -> Option<Vec<&str>> {
    let shape: String = typed.chars().filter(|c| !c.is_ascii_digit()).collect();
    let known = matches!(
        shape.as_str(),
        "" | "/" | "-" | "." | "//" | "--" | ".." | "年月日" | "年月" | "月日" | "月"
    );
    let body = typed.strip_suffix('日').unwrap_or(typed);
    let parts: Vec<&str> = body.split(|c: char| !c.is_ascii_digit()).collect();
    let two_digits = parts.iter().skip(1).all(|part| (1..=2).contains(&part.len()));
    let begins = parts.first().is_some_and(|part| !part.is_empty());
    (known && two_digits && begins).then_some(parts)
}

/// What follows an era: year, month and day.
fn parts_in_era(rest: &str) -> Option<(i16, i16, i16)> {
    let rest = rest.strip_prefix('元').map_or_else(|| rest.to_owned(), |after| format!("1{after}"));
    match parts(&rest)?.as_slice() {
        [year, month, day] if year.len() <= 2 => Some((value(year), value(month), value(day))),
        [all] if all.len() == 6 => Some((value(all.get(..2)?), value(all.get(2..4)?), value(all.get(4..)?))),
        _ => None,
    }
}

/// A day typed in digits alone.
fn from_digits(digits: &str, text: &str, today: Date) -> Result<Date, DateProblem> {
    let at = |range: std::ops::Range<usize>| value(digits.get(range).unwrap_or_default());
    match digits.len() {
        8 => day_of(at(0..4), at(4..6), at(6..8)),
        4 => closest(at(0..2), at(2..4), today),
        6 => Err(DateProblem::YearUnclear(shown(text))),
        3 => Err(DateProblem::Ambiguous(shown(text))),
        _ => Err(DateProblem::NotADate(shown(text))),
    }
}

/// At most four digits.
fn value(digits: &str) -> i16 {
    digits.parse().unwrap_or_default()
}

fn day_of(year: i16, month: i16, day: i16) -> Result<Date, DateProblem> {
    if !YEARS.contains(&year) {
        return Err(DateProblem::YearOutOfRange(year));
    }
    if !(1..=12).contains(&month) {
        return Err(DateProblem::NoSuchMonth(month));
    }
    civil(year, month, day).ok_or(DateProblem::NoSuchDay { year: Some(year), month, day })
}

fn closest(month: i16, day: i16, today: Date) -> Result<Date, DateProblem> {
    if !(1..=12).contains(&month) {
        return Err(DateProblem::NoSuchMonth(month));
    }
    (-1..=1)
        .filter_map(|step| civil(today.year().checked_add(step)?, month, day))
        .min_by_key(|date| (days_between(today, *date).abs(), std::cmp::Reverse(*date)))
        .ok_or(DateProblem::NoSuchDay { year: None, month, day })
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

fn civil(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
