//! 郵便番号: what a code stands for, and whether an address fits it, from the table shipped inside the program
//! (formats.md f.1). Nothing is asked outside, and nothing typed is ever changed here.
//!
//! The table is made by `data/make_postal.py`; `data/README.md` tells its source, date and terms.

mod address;
mod table;

use std::collections::BTreeSet;
use std::sync::OnceLock;

pub use table::{PostalTable, TableProblem};

use crate::Prefecture;
use crate::typed::narrow;

/// A place that a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// 都道府県.
    pub prefecture: Prefecture,
    /// 市区町村, with its 郡.
    pub city: String,
    /// 町域; empty where the code stands for all of the city that has no code of its own.
    pub town: String,
    /// 大口事業所: set when the code belongs to one office.
    pub office: Option<Office>,
}

/// An office with a postal code of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Its name.
    pub name: String,
    /// What follows the town: 丁目, 番地, building, or a post-office box.
    pub street: String,
}

/// Whether a postal code and an address agree. Only ever a warning: people move, cities merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// They agree, as far as the address was given.
    Fits,
    /// The code lies in another prefecture.
    OtherPrefecture,
    /// The prefecture agrees (or was not given), the city does not.
    OtherCity,
    /// Not a code, a code that the table lacks, or no address to compare.
    Unknown,
}

/// The seven digits of a postal code as people type it: `1050011`, `105-0011`, `〒１０５－００１１`. `None` for anything
/// else, six digits included: a spreadsheet that ate a leading zero is shown, not mended.
pub fn postal_code(text: &str) -> Option<String> {
    let narrow = narrow(text);
    let code = narrow.strip_prefix(['〒', '〶']).unwrap_or(&narrow);
    let digits = match code.split_once('-') {
        Some((area, rest)) if area.len() == 3 => format!("{area}{rest}"),
        Some(_) => return None,
        None => code.to_owned(),
    };
    (digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Everything that a code stands for, in Japan Post's order; empty for what is no code or is not in the table.
/// Takes a code in any form that [`postal_code`] reads.
pub fn places(code: &str) -> Vec<Place> {
    shipped().map(|table| table.places(code)).unwrap_or_default()
}

/// The prefectures of a code. One, except for three codes that lie across a border (498-0000, 618-0000, 871-0000).
pub fn prefectures_of(code: &str) -> BTreeSet<Prefecture> {
    places(code).into_iter().map(|place| place.prefecture).collect()
}

/// Whether an address agrees with its code. The prefecture may be empty and stand in front of the city; the city may go
/// on with town and number, leave out its 郡 or its 区, and use another form of a letter (ヶ/ケ, 龍/竜).
pub fn matches_address(code: &str, prefecture: &str, city: &str) -> Match {
    shipped().map_or(Match::Unknown, |table| table.matches_address(code, prefecture, city))
}

/// The table inside the program, or why it cannot be read; then every code is unknown.
pub fn shipped() -> Result<&'static PostalTable, TableProblem> {
    static SHIPPED: OnceLock<Result<PostalTable, TableProblem>> = OnceLock::new();
    match SHIPPED.get_or_init(|| PostalTable::open(include_bytes!("../data/postal.bin"))) {
        Ok(table) => Ok(table),
        Err(problem) => Err(*problem),
    }
}

#[cfg(test)]
mod tests;
