//! お届け希望時間帯 in our own words (formats.md e.3). What each carrier calls it is a table of the settings.

use serde::{Deserialize, Serialize};

/// A delivery slot. Hours are those of the clock in Japan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// 午前中.
    Morning,
    /// From one full hour to another (12–14, 18–21 …).
    Hours(u8, u8),
    /// Anything else the order says: kept word for word, and a problem until somebody maps it.
    Other(String),
}

impl Slot {
    /// Reads what malls and people write: 「午前中」「12時～14時」「14:00-16:00」「1416」. `None`: no wish (「指定なし」
    /// or blank). What is not understood comes back as [`Slot::Other`].
    pub fn read(words: &str) -> Option<Self> {
        let narrow = crate::text::narrow(words);
        let plain: String = narrow.chars().filter(|c| !c.is_whitespace()).collect();
        if matches!(
            plain.as_str(),
            "" | "指定なし" | "希望なし" | "指定しない" | "なし" | "none" | "00" | "0000"
        ) {
            return None;
        }
        if matches!(plain.as_str(), "午前中" | "午前" | "am" | "AM") {
            return Some(Self::Morning);
        }
        let hours = hours(&plain).filter(|(from, to)| from < to && *to <= 24);
        Some(match hours {
            Some((8, 12)) => Self::Morning,
            Some((from, to)) => Self::Hours(from, to),
            None => Self::Other(words.trim().to_owned()),
        })
    }

    /// The key under which settings keep a carrier's code for it: `am`, `12-14`, or the words themselves.
    pub fn key(&self) -> String {
        match self {
            Self::Morning => "am".to_owned(),
            Self::Hours(from, to) => format!("{from}-{to}"),
            Self::Other(words) => words.clone(),
        }
    }

    /// Japanese words for it.
    pub fn name_ja(&self) -> String {
        match self {
            Self::Morning => "午前中".to_owned(),
            Self::Hours(from, to) => format!("{from}時～{to}時"),
            Self::Other(words) => words.clone(),
        }
    }
}

/// The two full hours of `12時~14時`, `12:00-14:00`, `12-14` and `1214`; nothing else may stand in the text.
fn hours(plain: &str) -> Option<(u8, u8)> {
    if plain.len() == 4 && plain.bytes().all(|b| b.is_ascii_digit()) {
        return Some((plain.get(..2)?.parse().ok()?, plain.get(2..)?.parse().ok()?));
    }
    let (from, to) =
        plain.split_once(['-', '~', '〜', '～', '−', '–', '—', 'ー']).or_else(|| plain.split_once("から"))?;
    Some((hour(from)?, hour(to.trim_end_matches("まで"))?))
}

fn hour(text: &str) -> Option<u8> {
    let text = ["時頃", "時", ":00", "時00分"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    (!text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_read_in_the_words_of_malls_e3() {
        for words in ["12時～14時", "12時〜14時", "12:00-14:00", "１２－１４", "1214", "12時から14時まで"]
        {
            assert_eq!(Slot::read(words), Some(Slot::Hours(12, 14)), "{words}");
        }
        for words in ["午前中", "0812", "午前", "08:00-12:00", "8時～12時"] {
            assert_eq!(Slot::read(words), Some(Slot::Morning), "{words}");
        }
        for words in ["", "　", "指定なし", "0000"] {
            assert_eq!(Slot::read(words), None, "{words}");
        }
    }

    #[test]
    fn words_nobody_understands_are_kept_never_dropped_e3() {
        for words in ["午後", "その他", "14-12", "18時以降", "25-26", "1-2-3"] {
            assert_eq!(Slot::read(words), Some(Slot::Other(words.to_owned())), "{words}");
        }
    }
}
