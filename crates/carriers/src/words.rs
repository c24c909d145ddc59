//! Words of exports and of people: headings, days, names of carriers (formats.md b.5, c.4, d.4).

use crate::LabelProgram;
use domain::CarrierKey;
use domain::carrier::{DEFAULT_CARRIERS, DEFAULT_SHIPPING_METHODS};
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

/// A heading as it is compared: spaces, brackets, dots, width and the many spellings of 問い合わせ do not count.
pub(crate) fn fold(heading: &str) -> String {
    let plain: String =
        heading.nfkc().filter(|c| !matches!(c, '.' | '・' | '_' | '"' | '\'' | ':')).collect();
    let mut key = mall_api::table::heading_key(&plain);
    for spelling in ["問い合わせ", "問合わせ", "問い合せ"] {
        key = key.replace(spelling, "問合せ");
    }
    key
}

/// Headings of one kind of file. A column may have several names, the best first.
pub(crate) struct Headings {
    pub(crate) program: Option<LabelProgram>,
    /// All of these must be there beside key and number; they tell one program from another.
    pub(crate) marks: &'static [&'static str],
    pub(crate) order_no: &'static [&'static str],
    pub(crate) number: &'static [&'static str],
    pub(crate) shipped_on: &'static [&'static str],
    pub(crate) carrier: &'static [&'static str],
}

/// Known kinds, the most particular first.
pub(crate) const KINDS: [Headings; 5] = [
    Headings {
        program: Some(LabelProgram::EHiden3),
        marks: &[],
        order_no: &["お客様管理番号", "お客様管理ナンバー"],
        number: &["お問い合せ送り状No.", "お問い合せ送り状番号", "送り状No."],
        shipped_on: &["出荷日"],
        carrier: &[],
    },
    Headings {
        program: Some(LabelProgram::B2Cloud),
        marks: &["送り状種類"],
        order_no: &["お客様管理番号"],
        number: &["伝票番号"],
        shipped_on: &["出荷予定日"],
        carrier: &[],
    },
    Headings {
        program: Some(LabelProgram::YuPri),
        marks: &[],
        order_no: &["お客様側管理番号"],
        number: &["お問い合わせ番号"],
        shipped_on: &["仮引受確定作業年月日", "発送日"],
        carrier: &[],
    },
    // What one WMS takes from ゆうプリR (C).
    Headings {
        program: Some(LabelProgram::YuPri),
        marks: &["配達時間帯区分"],
        order_no: &["管理番号"],
        number: &["お問い合わせ番号"],
        shipped_on: &["発送日"],
        carrier: &[],
    },
    // Anybody's table.
    Headings {
        program: None,
        marks: &[],
        order_no: &[
            "管理番号",
            "order_no",
            "注文番号",
            "受注番号",
            "店舗伝票番号",
            "お客様管理番号",
            "お客様側管理番号",
        ],
        number: &[
            "配送番号",
            "tracking_number",
            "送り状番号",
            "お問い合わせ送り状番号",
            "追跡番号",
            "伝票番号",
            "お問い合わせ番号",
            "お荷物番号",
            "荷物番号",
            "お荷物伝票番号",
        ],
        shipped_on: &["出荷日", "shipped_on", "発送日", "出荷完了日", "出荷予定日"],
        carrier: &["配送業者", "carrier", "配送会社", "運送会社", "配送便", "配送方法"],
    },
];

/// A day as files and people write it: `20261122`, `20261122093000`, `2026/11/22`, `2026-1-2 9:05`, `2026年1月2日`.
/// Days without a year, or far from ours, are none.
pub(crate) fn day(text: &str) -> Option<Date> {
    let plain = crate::text::narrow(text);
    let plain = plain.trim();
    if plain.bytes().all(|b| b.is_ascii_digit()) {
        if !matches!(plain.len(), 8 | 12 | 14) {
            return None;
        }
        return date(plain.get(..4)?, plain.get(4..6)?, plain.get(6..8)?);
    }
    let day = plain.split([' ', 'T']).next()?;
    let mut parts = day.split(['/', '-', '.', '年', '月', '日']).filter(|p| !p.is_empty());
    let found = date(parts.next()?, parts.next()?, parts.next()?)?;
    parts.next().is_none().then_some(found)
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let year: i16 = year.parse().ok().filter(|year| (2000..2100).contains(year))?;
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Short names people use beside those of the master lists.
const NICKNAMES: [(&str, &str); 9] = [
    ("ヤマト", "yamato"),
    ("クロネコヤマト", "yamato"),
    ("クロネコ", "yamato"),
    ("佐川", "sagawa"),
    ("郵便局", "japan_post"),
    ("郵便", "japan_post"),
    ("西濃", "seino"),
    ("福山", "fukuyama"),
    ("日通", "nittsu"),
];

/// The carrier somebody means by a word: our key, the carrier's name, or the name of one of its services.
pub(crate) fn carrier(word: &str) -> Option<CarrierKey> {
    let plain: String = word.nfkc().filter(|c| !c.is_whitespace()).collect();
    let same = |name: &str| name.eq_ignore_ascii_case(&plain);
    DEFAULT_CARRIERS
        .iter()
        .find(|(key, name)| same(key) || same(name))
        .map(|(key, _)| *key)
        .or_else(|| DEFAULT_SHIPPING_METHODS.iter().find(|m| same(m.0) || same(m.2)).map(|m| m.1))
        .or_else(|| NICKNAMES.iter().find(|(name, _)| same(name)).map(|(_, key)| *key))
        .map(CarrierKey::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_compared_without_their_many_spellings_d4() {
        for heading in ["お問い合わせ番号", "お問合せ番号", " お問い合せ　番号 ", "「お問い合わせ番号」"]
        {
            let same = fold(heading).contains(&fold("お問い合わせ番号"));
            assert!(same, "{heading}");
        }
        assert_eq!(fold("お問い合せ送り状№"), fold("お問合せ送り状Ｎｏ．"));
    }

    #[test]
    fn days_are_read_in_every_form_and_never_guessed() {
        let expected = jiff::civil::date(2026, 1, 2);
        for text in [
            "20260102",
            "20260102093000",
            "2026/1/2",
            "2026-01-02 9:05",
            "2026年1月2日",
            "２０２６/０１/０２",
        ] {
            assert_eq!(day(text), Some(expected), "{text}");
        }
        for text in ["", "1/2", "26/1/2", "20261301", "2026/02/30", "46023", "2026/1/2/3", "99990101"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn carriers_are_known_by_key_name_service_and_nickname_ntf9() {
        for (word, key) in [
            ("yamato", "yamato"),
            ("ヤマト", "yamato"),
            ("飛脚宅配便", "sagawa"),
            ("ﾔﾏﾄ運輸", "yamato"),
            ("ゆうパック", "japan_post"),
        ] {
            assert_eq!(carrier(word), Some(CarrierKey::from(key)), "{word}");
        }
        assert_eq!(carrier("どこか"), None);
    }
}
