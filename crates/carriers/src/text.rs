//! Texts for machines that speak CP932: what looks the same is exchanged before encoding, widths are counted, kana and
//! letters change their width (formats.md 0.2, f.4). Nothing is lost here without being told.

use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical};

/// What was exchanged: from, to (empty: left out).
pub(crate) type Changes = Vec<(String, String)>;

/// Characters that CP932 has under another code point and that print alike. encoding_rs would turn some of them into
/// ASCII without a word (formats.md 0.1).
const ALIKE: [(char, char); 13] = [
    ('\u{301C}', '\u{FF5E}'), // 〜
    ('\u{2212}', '\u{FF0D}'), // −
    ('\u{2013}', '\u{FF0D}'), // –
    ('\u{2011}', '\u{2010}'), // non-breaking hyphen
    ('\u{2014}', '\u{2015}'), // —
    ('\u{2016}', '\u{2225}'), // ‖
    ('\u{A2}', '\u{FFE0}'),
    ('\u{A3}', '\u{FFE1}'),
    ('\u{AC}', '\u{FFE2}'),
    ('\u{A6}', '\u{FFE4}'),
    ('\u{A5}', '\u{FFE5}'),
    ('\u{203E}', '\u{FFE3}'),
    ('\u{A0}', ' '),
];

/// Marks that choose a variant of the character before them (IVS, emoji or text form).
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}')
}

/// Characters nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

/// Does the character belong to the one before it, so that no line may end between them?
pub(crate) fn sticks_to_previous(c: char) -> bool {
    matches!(c, 'ﾞ' | 'ﾟ' | '\u{3099}' | '\u{309A}')
        || is_variation_selector(c)
        || is_invisible(c)
        || canonical_combining_class(c) != 0
}

/// A text as it will be encoded, on one line, with what was exchanged. Characters that CP932 lacks stay: they are
/// reported when the cell is encoded.
pub(crate) fn repair(text: &str, replacements: &BTreeMap<char, String>) -> (String, Changes) {
    let mut out = String::with_capacity(text.len());
    let mut changes = Changes::new();
    for c in text.chars() {
        let told = if let Some(by) = replacements.get(&c) {
            by.clone()
        } else if let Some((_, by)) = ALIKE.iter().find(|(from, _)| *from == c) {
            by.to_string()
        } else if is_variation_selector(c) || is_invisible(c) {
            String::new()
        } else if c.is_control() || (c.is_whitespace() && c != '\u{3000}') {
            // CR LF and the like become one space.
            if !out.ends_with([' ', '\u{3000}']) {
                out.push(' ');
            }
            continue;
        } else if matches!(c, '\u{3099}' | '\u{309A}') {
            match out.chars().next_back().and_then(|before| compose(before, c)) {
                Some(whole) => {
                    out.pop();
                    out.push(whole);
                }
                None => out.push(c),
            }
            continue;
        } else {
            out.push(c);
            continue;
        };
        out.push_str(&told);
        let change = (c.to_string(), told);
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    (out.trim().to_owned(), changes)
}

/// Bytes of a character in CP932; a character that CP932 lacks counts as a full-width one.
pub(crate) fn bytes_of(c: char) -> usize {
    if c.is_ascii() || matches!(c, '\u{FF61}'..='\u{FF9F}') { 1 } else { 2 }
}

/// Bytes in CP932.
pub(crate) fn bytes(text: &str) -> usize {
    text.chars().map(bytes_of).sum()
}

/// Full-width letters, digits, signs and spaces half-width; everything else stays.
pub(crate) fn narrow(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{3000}' | '\u{A0}' => ' ',
            c => c,
        })
        .collect()
}

/// Half-width letters, digits, signs, spaces and kana full-width (e飛伝III).
pub(crate) fn widen(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut kana = String::new();
    for c in text.chars() {
        if matches!(c, '\u{FF61}'..='\u{FF9F}') {
            kana.push(c);
            continue;
        }
        out.extend(std::mem::take(&mut kana).nfkc());
        out.push(match c {
            ' ' => '\u{3000}',
            '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
            c => c,
        });
    }
    out.extend(kana.nfkc());
    out
}

/// A reading in half-width kana, 濁点 as characters of their own (B2クラウド); `None` when it holds anything that is no
/// kana, letter, digit, space or hyphen.
pub(crate) fn half_kana(text: &str) -> Option<String> {
    let mut out = String::new();
    for c in text.trim().nfkc() {
        // Hiragana lies 0x60 below katakana.
        let c = match c {
            'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(u32::from(c) + 0x60)?,
            c => c,
        };
        decompose_canonical(c, |part| out.push(part));
    }
    out.chars().map(half_kana_of).collect()
}

fn half_kana_of(c: char) -> Option<char> {
    Some(match c {
        ' ' | '-' | '.' | '0'..='9' | 'A'..='Z' | 'a'..='z' => c,
        '\u{3099}' => 'ﾞ',
        '\u{309A}' => 'ﾟ',
        // Kana without a half-width form, as they are read.
        'ヮ' => 'ﾜ',
        'ヰ' => 'ｲ',
        'ヱ' => 'ｴ',
        'ヵ' => 'ｶ',
        'ヶ' => 'ｹ',
        c => ('\u{FF65}'..='\u{FF9D}').find(|half| half.nfkc().eq([c]))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repaired(text: &str) -> (String, Changes) {
        repair(text, &BTreeMap::from([('𠮷', "吉".to_owned())]))
    }

    #[test]
    fn what_looks_alike_is_exchanged_and_told_f52() {
        let (text, changes) = repaired("1〜2−3 ¥100 𠮷野　髙﨑");
        assert_eq!(text, "1～2－3 ￥100 吉野　髙﨑");
        let told: Vec<_> = changes.iter().map(|(a, b)| format!("{a}{b}")).collect();
        assert_eq!(told, ["〜～", "−－", "¥￥", "𠮷吉"]);
    }

    #[test]
    fn variation_selectors_and_invisible_marks_go_and_are_told_f52() {
        let (text, changes) = repaired("葛\u{E0100}城\u{200B}\u{202E}市");
        assert_eq!((text.as_str(), changes.len()), ("葛城市", 3));
        assert!(changes.iter().all(|(_, to)| to.is_empty()));
    }

    #[test]
    fn a_loose_dakuten_joins_its_kana_and_line_breaks_become_one_space() {
        assert_eq!(repaired("か\u{3099}は\u{309A}\r\n\tx").0, "がぱ x");
        // An ideograph that Unicode would fold into another one stays (CP932 has both).
        assert_eq!(repaired("\u{FA19}田").0, "\u{FA19}田");
    }

    #[test]
    fn kana_change_width_in_both_directions_f4() {
        assert_eq!(half_kana("ヤマダ　はなこ").as_deref(), Some("ﾔﾏﾀﾞ ﾊﾅｺ"));
        assert_eq!(half_kana("パーティ・ヴェ").as_deref(), Some("ﾊﾟｰﾃｨ･ｳﾞｪ"));
        assert_eq!(half_kana("ﾀﾞ").as_deref(), Some("ﾀﾞ"));
        assert_eq!(half_kana("山田"), None);
        assert_eq!(widen("ﾔﾏﾀﾞ-1 ABC"), "ヤマダ－１　ＡＢＣ");
        assert_eq!(bytes("ﾔﾏﾀﾞa山"), 7);
        let ascii: String = (' '..='~').collect();
        assert_eq!(mall_api::charset::encode_shift_jis(&widen(&ascii)).unwrap().len(), 2 * ascii.len());
    }

    proptest! {
        #[test]
        fn the_count_of_bytes_is_that_of_the_encoder(text in "[ -~ｦ-ﾟぁ-んァ-ヶ亜髙﨑①～－]{0,30}") {
            let encoded = mall_api::charset::encode_shift_jis(&text).unwrap();
            prop_assert_eq!(bytes(&text), encoded.len());
        }

        #[test]
        fn repairing_twice_is_repairing_once_and_no_text_panics(text in any::<String>()) {
            let once = repaired(&text).0;
            prop_assert!(!once.contains(['\r', '\n', '\t']));
            prop_assert_eq!(repaired(&once).0, once);
            let _ = (widen(&text), half_kana(&text), narrow(&text));
        }
    }
}
