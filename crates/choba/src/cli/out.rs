//! What people and scripts get to see: tables and sentences on a terminal, JSON with `--json`.

use domain::UtcMillis;
pub use engine::told::readable;
use serde::Serialize;
use serde_json::json;
use std::io::{IsTerminal, Write};

use crate::cli::refusal::Refusal;

/// Language of the words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    /// 日本語
    #[default]
    Ja,
    /// English
    En,
}

/// How to answer.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    /// JSON instead of words.
    pub json: bool,
    /// Language of the words.
    pub lang: Lang,
}

/// One column's headings: Japanese and English.
pub type Heading = (&'static str, &'static str);

impl Out {
    /// The word of the chosen language.
    pub fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }

    /// A sentence for people, on stdout. Nothing with `--json`.
    pub fn say(&self, ja: impl AsRef<str>, en: impl AsRef<str>) {
        if !self.json {
            put(self.t(ja.as_ref(), en.as_ref()));
        }
    }

    /// A remark for people, on stderr. Nothing with `--json`.
    pub fn remark(&self, ja: impl AsRef<str>, en: impl AsRef<str>) {
        if !self.json {
            put_err(self.t(ja.as_ref(), en.as_ref()));
        }
    }

    /// One JSON line, with `--json` only.
    pub fn object(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            put(&readable(serde_json::to_value(value)?).to_string());
        }
        Ok(())
    }

    /// A table for people.
    pub fn table(&self, headings: &[Heading], rows: Vec<Vec<String>>) {
        if !self.json {
            put(&table(self.lang, headings, rows));
        }
    }

    /// Is there somebody to watch a live picture?
    pub fn is_live(&self) -> bool {
        !self.json && std::io::stdout().is_terminal()
    }

    /// Says why something was refused or failed.
    pub fn fail(&self, refusal: &Refusal) {
        if self.json {
            put(&json!({ "error": refusal.to_json() }).to_string());
            return;
        }
        let words = match self.lang {
            Lang::Ja => &refusal.ja,
            Lang::En => &refusal.en,
        };
        put_err(&format!("{}: {words}", self.t("エラー", "error")));
        if self.lang == Lang::Ja && !refusal.remedy.is_empty() {
            put_err(&format!("→ {}", refusal.remedy));
        }
    }
}

/// A table as text.
pub fn table(lang: Lang, headings: &[Heading], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(headings.iter().map(|(ja, en)| if lang == Lang::Ja { *ja } else { *en }));
    for row in rows {
        table.add_row(row.iter().map(|cell| painted(clean(cell))));
    }
    table.to_string()
}

/// A mark at the front of a cell has a colour too, on a terminal; the word says the same.
fn painted(text: String) -> comfy_table::Cell {
    let colour = match text.chars().next() {
        Some('×') => Some(comfy_table::Color::Red),
        Some('△') => Some(comfy_table::Color::Yellow),
        Some('○') => Some(comfy_table::Color::Green),
        _ => None,
    };
    let cell = comfy_table::Cell::new(text);
    match colour {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}

/// Text of a mall or a buyer must not steer the terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Writes a line; a reader who has gone away (`| head`) ends the program quietly.
pub fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

fn put_err(text: &str) {
    // Nobody is left to be told.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// `11-22 09:05:00`, for live pictures.
pub fn short_time(time: UtcMillis) -> String {
    time.japan().strftime("%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r"), "a [2Jb ");
    }
}
