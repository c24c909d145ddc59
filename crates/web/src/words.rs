//! The two languages of the screens. Japanese is written first; English stands beside it at the same place.

use serde::{Deserialize, Serialize};

/// Language of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// 日本語.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The words of this language.
    #[must_use]
    pub fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }

    /// For `<html lang>`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.t("ja", "en")
    }

    /// A reason's words, with the mall's code.
    #[must_use]
    pub fn reason(&self, reason: &domain::Reason) -> String {
        match self {
            Lang::Ja => match &reason.mall_code {
                Some(code) => format!("{}（{code}）", reason.ja),
                None => reason.ja.clone(),
            },
            Lang::En => reason.en.clone(),
        }
    }

    /// Where エラー一覧 explains a reason: the mall's code where it has an entry of its own, else ours.
    #[must_use]
    pub fn entry(&self, reason: &domain::Reason) -> String {
        format!("/errors#{}", anchor(&reason.code))
    }
}

/// The anchor of a code in エラー一覧.
#[must_use]
pub fn anchor(code: &str) -> String {
    format!("e-{}", engine::catalogue::slug(code))
}

/// `1234567` → `1,234,567`.
#[must_use]
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 8);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("−{out}") } else { out }
}

/// `1,234円`.
#[must_use]
pub fn yen(n: i64) -> String {
    format!("{}円", grouped(n))
}

/// `2026/11/22 09:05` in Japan.
#[must_use]
pub fn moment(at: domain::UtcMillis) -> String {
    let text = at.to_japan_text();
    // 2026-11-22 09:05:00 or the like: date and minutes are enough for a desk.
    text.replace('-', "/").chars().take(16).collect::<String>().replace('T', " ")
}

/// `11/22 09:05` in Japan, for lists.
#[must_use]
pub fn short_moment(at: domain::UtcMillis) -> String {
    moment(at).chars().skip(5).collect()
}

/// `2026-11-22` → `2026/11/22`.
#[must_use]
pub fn day(text: &str) -> String {
    text.replace('-', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
        assert_eq!(yen(-1_200), "−1,200円");
        assert_eq!(grouped(i64::MIN), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn moments_are_told_in_japan() {
        let at = domain::UtcMillis::parse_lenient("2026-11-22 09:05:30").unwrap();
        assert_eq!(moment(at), "2026/11/22 09:05");
        assert_eq!(short_moment(at), "11/22 09:05");
    }
}
