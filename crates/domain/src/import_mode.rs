//! What starts a shop's automatic import (自動受注取込, IMP-7).

use serde::{Deserialize, Serialize};

/// What starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// Only people start imports.
    #[default]
    Off,
    /// The schedule.
    Schedule,
    /// The schedule, and word of new orders (mail, queue) hurries it.
    Mail,
}

impl ImportMode {
    /// Every mode, in the order of screens.
    pub const ALL: [Self; 3] = [Self::Off, Self::Schedule, Self::Mail];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Schedule => "schedule",
            Self::Mail => "mail",
        }
    }

    /// From the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == text)
    }

    /// Japanese words.
    pub fn ja(self) -> &'static str {
        match self {
            Self::Off => "しない",
            Self::Schedule => "スケジュール",
            Self::Mail => "注文メール受信＋スケジュール",
        }
    }

    /// English words.
    pub fn en(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Schedule => "by schedule",
            Self::Mail => "by mail and schedule",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_is_read_back_and_no_other_word_is_one_imp7() {
        assert!(ImportMode::ALL.iter().all(|m| ImportMode::parse(m.as_str()) == Some(*m)));
        assert_eq!(ImportMode::parse("Mail"), None);
    }
}
