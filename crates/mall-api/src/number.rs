//! How a mall writes its order numbers: enough to tell whose a number is, before anybody is asked. Pure.

use crate::credentials::Settings;
use domain::UtcMillis;

/// What a number tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberReading {
    /// The number as the mall writes it.
    pub number: String,
    /// The part that names the shop, where there is one: equal for all orders of a shop.
    pub shop_part: Option<String>,
    /// When it was placed (first and last moment of a day in Japan), where the number tells.
    pub ordered: Option<(UtcMillis, UtcMillis)>,
}

/// The form of a mall's order numbers.
#[derive(Debug, Clone, Copy)]
pub struct NumberForm {
    /// One that looks real and is not, for people.
    pub example: &'static str,
    /// The shop part of this shop, where its settings tell.
    pub own: fn(&Settings) -> Option<String>,
    /// Reads a number that was tidied up; `None`: not one of this mall. The settings are those of the shop that is
    /// thought of, for numbers that people shorten.
    pub read: fn(&str, &Settings) -> Option<NumberReading>,
}

/// What people paste, as malls write it: half-width, no blanks, plain hyphens.
pub fn tidy(text: &str) -> String {
    let half = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | 'ｰ' => '-',
        other => other,
    };
    text.chars().map(half).filter(|c| !c.is_whitespace() && !c.is_control()).take(100).collect()
}

/// Groups of digits between hyphens, of these lengths.
pub fn groups<'a>(text: &'a str, lengths: &[std::ops::RangeInclusive<usize>]) -> Option<Vec<&'a str>> {
    let parts: Vec<&str> = text.split('-').collect();
    let fits = |(part, length): (&&str, &std::ops::RangeInclusive<usize>)| {
        length.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    (parts.len() == lengths.len() && parts.iter().zip(lengths).all(fits)).then_some(parts)
}

/// First and last moment in Japan of a day written `20261122`; `None` when it is no day.
pub fn day(text: &str) -> Option<(UtcMillis, UtcMillis)> {
    let (year, month, date) = (text.get(..4)?, text.get(4..6)?, text.get(6..8)?);
    let from = UtcMillis::parse_lenient(&format!("{year}-{month}-{date} 00:00:00"))?;
    Some((from, from.plus(domain::time::DAY - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_tidied_up() {
        assert_eq!(tidy(" ３００００１－20261101‐0000000001\n"), "300001-20261101-0000000001");
        assert_eq!(tidy(&"9".repeat(500)).len(), 100);
    }

    #[test]
    fn digits_in_groups_are_told_from_anything_else() {
        assert_eq!(groups("250-1234567-7654321", &[3..=3, 7..=7, 7..=7]).map(|g| g.len()), Some(3));
        for other in ["250-1234567", "250-1234567-765432x", "250-1234567-7654321-1", "", "--"] {
            assert!(groups(other, &[3..=3, 7..=7, 7..=7]).is_none(), "{other}");
        }
        let (from, to) = day("20261101").unwrap();
        assert_eq!(from.to_japan_text().get(..10), Some("2026-11-01"));
        assert_eq!(to.since(from), domain::time::DAY - 1);
        assert!(day("20261301").is_none() && day("2026").is_none() && day("日本語日本語").is_none());
    }
}
