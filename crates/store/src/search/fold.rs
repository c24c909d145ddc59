//! Folding: what counts as the same letter when searching. Pure.
//!
//! The same folding is applied when writing tokens, when reading a needle and when verifying. A
//! change of any rule here is a new [`FOLD_VERSION`] and a rebuild of the index.

use unicode_normalization::UnicodeNormalization as _;

/// Kept in the settings; another number there means that the index must be rebuilt.
pub const FOLD_VERSION: u32 = 1;

/// Letters that people write one for the other in names: old and new forms, and forms that NFKC
/// leaves apart.
const VARIANTS: &[(char, char)] = &[
    ('髙', '高'),
    ('﨑', '崎'),
    ('嵜', '崎'),
    ('𠮷', '吉'),
    ('邊', '辺'),
    ('邉', '辺'),
    ('齋', '斎'),
    ('齊', '斉'),
    ('澤', '沢'),
    ('濱', '浜'),
    ('濵', '浜'),
    ('廣', '広'),
    ('國', '国'),
    ('眞', '真'),
    ('嶋', '島'),
    ('嶌', '島'),
    ('瀨', '瀬'),
    ('德', '徳'),
    ('惠', '恵'),
    ('櫻', '桜'),
    ('龍', '竜'),
    ('瀧', '滝'),
    ('條', '条'),
    ('榮', '栄'),
    ('會', '会'),
    ('彌', '弥'),
    ('壽', '寿'),
    ('實', '実'),
    ('應', '応'),
    ('淺', '浅'),
    ('黑', '黒'),
    ('增', '増'),
    ('槇', '槙'),
    ('禮', '礼'),
    ('萬', '万'),
    ('關', '関'),
    ('學', '学'),
    ('檜', '桧'),
    ('藪', '薮'),
    ('冨', '富'),
    ('渕', '淵'),
];

/// Folds one letter that has been normalised: hiragana to katakana, small kana to large, letter
/// variants, dashes after kana to the long vowel mark.
fn fold_char(c: char) -> char {
    let c = match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        '‐' | '‑' | '–' | '—' | '―' | '−' | '-' | '〜' | '~' => 'ー',
        _ => c,
    };
    match c {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        _ if c > '\u{2fff}' => VARIANTS.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to),
        _ => c,
    }
}

/// Whether a letter ends a word.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '・' | ',' | '、' | '/' | '=' | '\u{200b}')
}

/// Folds a name or a needle and splits it into words.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    // Lower case before and after NFKC: it may make new capitals (℡) and new letters (İ).
    for c in text.nfkc().flat_map(char::to_lowercase).nfkc() {
        if is_space(c) {
            if !word.is_empty() {
                all.push(std::mem::take(&mut word));
            }
        } else if !c.is_control() {
            word.push(fold_char(c));
        }
    }
    if !word.is_empty() {
        all.push(word);
    }
    all
}

/// Folds a mail address.
#[must_use]
pub fn mail(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// A phone number's digits, in the national form.
#[must_use]
pub fn phone(text: &str) -> String {
    let plain: String = text.trim().nfkc().collect();
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("81") {
        Some(rest) if plain.starts_with('+') => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
        _ => digits,
    }
}

/// Whether a text is a phone number and nothing else (after normalising).
#[must_use]
pub fn looks_like_phone(text: &str) -> bool {
    let mut digits = 0;
    for c in text.nfkc() {
        match c {
            '0'..='9' => digits += 1,
            '+' | '-' | '(' | ')' | ' ' | '‐' | '−' | 'ー' | '–' => {}
            _ => return false,
        }
    }
    digits > 0
}

/// Whether a folded letter is kana.
#[must_use]
pub fn is_kana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ー' | 'ヽ' | 'ヾ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_is_the_same() {
        for (a, b) in [
            ("さとう", "サトウ"),
            ("ｻﾄｳ", "サトウ"),
            ("しょうこ", "シヨウコ"),
            ("髙橋", "高橋"),
            ("山﨑", "山崎"),
            ("ＡＢＣ", "abc"),
            ("ケ‐キ", "ケーキ"),
            ("ガ", "ｶﾞ"),
        ] {
            assert_eq!(words(a), words(b), "{a} {b}");
        }
        assert_eq!(words("　佐藤　花子 "), ["佐藤", "花子"]);
        assert_eq!(phone("+81 90-1234-5678"), "09012345678");
        assert_eq!(phone("０９０−１２３４"), "0901234");
        assert_eq!(mail(" Taro@Example.JP"), "taro@example.jp");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}") {
            for word in words(&text) {
                prop_assert_eq!(words(&word), vec![word]);
            }
        }
    }
}
