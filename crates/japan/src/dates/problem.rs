//! What may be wrong with a typed day, in words.

use jiff::civil::Date;

use super::wareki::wareki;

/// What is wrong with a typed day. Holds what was typed, shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateProblem {
    /// Nothing was typed.
    #[error("no date was typed")]
    Empty,
    /// No form of a date that we know, or a part of it is missing.
    #[error("“{0}” is not a date; type it as 11/22, 2026/11/22 or R8.11.22")]
    NotADate(String),
    /// A year of two digits without an era.
    #[error("the year of “{0}” is not clear; type four digits (2026) or an era (R8)")]
    YearUnclear(String),
    /// Three digits: 1/11 or 11/1?
    #[error("“{0}” can be read in two ways; type four digits (0111, 1101) or 1/11")]
    Ambiguous(String),
    /// A year that is surely a slip.
    #[error("the year {0} is out of range")]
    YearOutOfRange(i16),
    /// Month 0 or 13.
    #[error("there is no month {0}")]
    NoSuchMonth(i16),
    /// 31 November, or 29 February of a common year. Without a year: of no year around today.
    #[error("there is no day {day} in month {month}{}", year.map(|y| format!(" of {y}")).unwrap_or_default())]
    NoSuchDay {
        /// The year, when one was typed.
        year: Option<i16>,
        /// The month.
        month: i16,
        /// The day that it lacks.
        day: i16,
    },
    /// A day before its era began or after it ended.
    #[error("“{typed}” lies outside its era ({from} to {})", until.map(|d| d.to_string()).unwrap_or_default())]
    OutsideEra {
        /// What was typed.
        typed: String,
        /// 平成.
        era: &'static str,
        /// The era's first day.
        from: Date,
        /// The era's last day; `None` for the present one.
        until: Option<Date>,
    },
}

impl DateProblem {
    /// In Japanese, with what to do. English is `to_string()`.
    pub fn ja(&self) -> String {
        match self {
            Self::Empty => "日付が入力されていません。".to_owned(),
            Self::NotADate(typed) => format!(
                "「{typed}」は日付として読めません。11/22、2026/11/22、R8.11.22 のように入力してください。"
            ),
            Self::YearUnclear(typed) => format!(
                "「{typed}」は年が西暦か和暦か分かりません。年は4桁（2026）か元号付き（R8）で入力してください。"
            ),
            Self::Ambiguous(typed) => {
                format!("「{typed}」は2通りに読めます。4桁（0111、1101）か 1/11 の形で入力してください。")
            }
            Self::YearOutOfRange(year) => format!("{year}年は範囲外です。年を確かめてください。"),
            Self::NoSuchMonth(month) => format!("{month}月はありません。"),
            Self::NoSuchDay { year: Some(year), month, day } => {
                format!("{year}年{month}月に{day}日はありません。")
            }
            Self::NoSuchDay { year: None, month: 2, day: 29 } => {
                "2月29日は今年とその前後の年にありません。年も入力してください。".to_owned()
            }
            Self::NoSuchDay { year: None, month, day } => format!("{month}月に{day}日はありません。"),
            Self::OutsideEra { typed, era, from, until } => {
                let until = until.map(wareki).unwrap_or_default();
                format!(
                    "「{typed}」は{era}の期間（{}～{until}）の外です。元号を確かめてください。",
                    wareki(*from)
                )
            }
        }
    }
}
