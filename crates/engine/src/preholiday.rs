//! 連休前点検 (CRD-5): all that can go wrong while nobody is there, each as a tick with its mend. What was found is judged by
//! pure functions; gathering it is at the end. Said by the command line and by a page alike.

mod gather;
mod judge;

use domain::ShopId;
use jiff::civil::Date;

pub use gather::gather;
pub use judge::{Facts, ShopFacts, judge};

/// The days on which nobody works, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First closed day.
    pub from: Date,
    /// Last closed day.
    pub to: Date,
}

/// Longest period that is judged, days.
pub const LONGEST: i32 = 31;

impl Period {
    /// A period whose end does not lie before its beginning and that is not too long.
    #[must_use]
    pub fn new(from: Date, to: Date) -> Option<Self> {
        let days = from.until(to).ok()?.get_days();
        (0..LONGEST).contains(&days).then_some(Self { from, to })
    }

    /// Its days.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= self.to)
    }
}

/// How a tick came out. Worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// OK.
    Ok,
    /// 注意.
    Careful,
    /// 要対応.
    Needed,
}

impl Level {
    /// Stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Careful => "careful",
            Level::Needed => "needed",
        }
    }

    /// A word, Japanese and English: colour alone says nothing.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Level::Ok => ("OK", "OK"),
            Level::Careful => ("注意", "look"),
            Level::Needed => ("要対応", "act"),
        }
    }
}

/// Where it is mended. A page makes a button of it, the command line a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// Nothing is to be done.
    None,
    /// API有効期限.
    Credentials,
    /// 営業日.
    Calendar,
    /// A shop's page.
    Shop(ShopId),
    /// A shop's way out of 見るだけモード.
    WriteBack(ShopId),
    /// 自動連携の規則.
    Rules,
    /// メールの設定.
    Mail,
    /// 受注 of a phase.
    Phase(String),
    /// 受注 with a state or flag.
    State(String),
    /// 受注取込.
    Import,
    /// 診断.
    Diagnostics,
    /// バックアップ.
    Backup,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Stable name.
    pub check: &'static str,
    /// How it came out.
    pub level: Level,
    /// The shop it is about.
    pub shop: Option<ShopId>,
    /// What was found, Japanese.
    pub ja: String,
    /// English.
    pub en: String,
    /// 対処; empty when nothing is to be done.
    pub remedy: String,
    /// Where.
    pub mend: Mend,
}

/// The headings of the checks, in the order in which they are shown: stable name, Japanese, English.
pub const HEADINGS: [(&str, &str, &str); 14] = [
    ("credentials", "API有効期限", "Credentials"),
    ("calendar", "休業日の登録", "Closed days"),
    ("import", "自動取込", "Automatic import"),
    ("notices", "自動通知", "Automatic notices"),
    ("attention", "要対応の受注", "Orders that need somebody"),
    ("to_ship", "休業前に出荷する受注", "To ship before"),
    ("delivery", "お届け希望日・出荷予定日", "Delivery and ship days"),
    ("stuck", "動いていない受注", "Stuck orders"),
    ("payment", "入金待ち", "Awaiting payment"),
    ("mail", "メール", "Mail"),
    ("listeners", "新着の知らせ", "Listeners"),
    ("lanes", "動かしているプロセス", "Processes"),
    ("backup", "バックアップ", "Backup"),
    ("disk", "ディスク", "Disk"),
];

/// As a letter: plain text, Japanese. Names shops, no buyer.
#[must_use]
pub fn as_text(period: Period, ticks: &[Tick]) -> String {
    let mut lines = vec![format!("休業期間：{} 〜 {}", period.from, period.to), String::new()];
    for (check, ja, _) in HEADINGS {
        let of: Vec<&Tick> = ticks.iter().filter(|t| t.check == check).collect();
        if of.is_empty() {
            continue;
        }
        lines.push(format!("■ {ja}"));
        for tick in of {
            lines.push(format!("［{}］{}", tick.level.words().0, tick.ja));
            if !tick.remedy.is_empty() {
                lines.push(format!("　　→ {}", tick.remedy));
            }
        }
        lines.push(String::new());
    }
    lines.join("\n")
}
