//! 和暦 (formats.md f.5): 令和 from 1 May 2019, 平成 from 8 January 1989; year 1 is 元年. Before 1873 Japan counted by the
//! moon, so 明治 begins here with that year.

use jiff::civil::{Date, date};

/// An era, with the days that may be written in it.
pub(super) struct Era {
    /// 令和.
    pub(super) name: &'static str,
    letter: char,
    square: char,
    /// The Gregorian year that is its 元年.
    first_year: i16,
    /// Its first day.
    pub(super) from: Date,
    /// Its last day.
    pub(super) until: Option<Date>,
}

const ERAS: [Era; 5] = [
    Era { name: "令和", letter: 'R', square: '㋿', first_year: 2019, from: date(2019, 5, 1), until: None },
    Era {
        name: "平成",
        letter: 'H',
        square: '㍻',
        first_year: 1989,
        from: date(1989, 1, 8),
        until: Some(date(2019, 4, 30)),
    },
    Era {
        name: "昭和",
        letter: 'S',
        square: '㍼',
        first_year: 1926,
        from: date(1926, 12, 25),
        until: Some(date(1989, 1, 7)),
    },
    Era {
        name: "大正",
        letter: 'T',
        square: '㍽',
        first_year: 1912,
        from: date(1912, 7, 30),
        until: Some(date(1926, 12, 24)),
    },
    Era {
        name: "明治",
        letter: 'M',
        square: '㍾',
        first_year: 1868,
        from: date(1873, 1, 1),
        until: Some(date(1912, 7, 29)),
    },
];

impl Era {
    /// The Gregorian year of one of its years; `None` for year 0.
    pub(super) fn year(&self, year: i16) -> Option<i16> {
        (year > 0).then(|| self.first_year.saturating_add(year - 1))
    }

    pub(super) fn contains(&self, date: Date) -> bool {
        date >= self.from && self.until.is_none_or(|until| date <= until)
    }
}

/// The era that a typed day begins with (令和, ㋿ or R), and the rest.
pub(super) fn leading_era(typed: &str) -> Option<(&'static Era, &str)> {
    ERAS.iter().find_map(|era| {
        let rest = typed.strip_prefix(era.name).or_else(|| typed.strip_prefix([era.letter, era.square]));
        rest.map(|rest| (era, rest))
    })
}

/// A day as documents write it: 令和8年11月22日, 令和元年5月1日. Days before 1873 have no era here: 1872年12月31日.
pub fn wareki(date: Date) -> String {
    let (month, day) = (date.month(), date.day());
    match ERAS.iter().find(|era| era.contains(date)) {
        Some(era) if date.year() == era.first_year => format!("{}元年{month}月{day}日", era.name),
        Some(era) => format!("{}{}年{month}月{day}日", era.name, date.year() - era.first_year + 1),
        None => format!("{}年{month}月{day}日", date.year()),
    }
}
