//! Whether an address agrees with the places of a postal code (formats.md f.1, f.4).
//!
//! Letters are folded for the comparison only. Nothing here changes an address.

use super::{Match, Place};
use crate::Prefecture;
use crate::typed::narrow;

/// Compares what a code stands for with what was given.
pub(super) fn compare(places: &[Place], prefecture: &str, city: &str) -> Match {
    if places.is_empty() {
        return Match::Unknown;
    }
    let (given, city) = split(&narrow(prefecture), &narrow(city));
    if given.is_some_and(|given| places.iter().all(|place| place.prefecture != given)) {
        return Match::OtherPrefecture;
    }
    if city.is_empty() {
        return if given.is_some() { Match::Fits } else { Match::Unknown };
    }
    let city = fold(&city);
    let fits = |place: &Place| {
        given.is_none_or(|given| given == place.prefecture) && is_in(&city, &fold(&narrow(&place.city)))
    };
    if places.iter().any(fits) { Match::Fits } else { Match::OtherCity }
}

/// The prefecture, wherever it was written, and what follows it. A prefecture that is none of the forty-seven (Latin
/// letters, a misspelling) is not compared.
fn split(prefecture: &str, city: &str) -> (Option<Prefecture>, String) {
    if let Some((given, rest)) = Prefecture::leading(prefecture) {
        // 「東京都渋谷区」 in the first field, or the whole address once more in the second.
        let city = city.strip_prefix(given.name()).unwrap_or(city);
        return (Some(given), format!("{rest}{city}"));
    }
    let named = Prefecture::named(prefecture);
    match Prefecture::leading(city) {
        Some((given, rest)) if named.is_none_or(|named| named == given) => (Some(given), rest.to_owned()),
        _ => (named, city.to_owned()),
    }
}

/// Whether an address begins in a city. Both are folded.
fn is_in(address: &str, city: &str) -> bool {
    address.starts_with(city)
        || without_county(city).is_some_and(|short| address.starts_with(short))
        // 「横浜市」 for 横浜市西区: the rest stands in a field that was not given.
        || (address.chars().count() > 1 && city.starts_with(address))
        || without_ward(city).is_some_and(|short| {
            address.strip_prefix(short).is_some_and(|rest| !rest.chars().take(LONGEST_WARD).any(|c| c == '区'))
        })
}

/// 保土ケ谷区 has five letters, and no ward has more than six.
const LONGEST_WARD: usize = 6;

/// 豊浦町 for 虻田郡豊浦町, 三宅村 for 三宅島三宅村: buyers leave the 郡 (and the island's name) out.
fn without_county(city: &str) -> Option<&str> {
    let (_, rest) = city.split_once('郡').or_else(|| city.split_once('島'))?;
    (rest.ends_with(['町', '村']) && rest.chars().count() > 1).then_some(rest)
}

/// 横浜市 for 横浜市西区.
fn without_ward(city: &str) -> Option<&str> {
    let (end, _) = city.rmatch_indices('市').next().filter(|_| city.ends_with('区'))?;
    city.get(..end + '市'.len_utf8())
}

/// One form for letters that are written in several ways in names of cities.
fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'ヶ' | 'が' | 'ガ' | 'ｹ' | '箇' => 'ケ',
            'の' | '之' | '乃' => 'ノ',
            'ッ' | 'つ' | 'っ' => 'ツ',
            '龍' => '竜',
            '﨑' => '崎',
            '髙' => '高',
            '檜' => '桧',
            '鰺' => '鯵',
            '竈' | '竃' => '釜',
            '檮' => '梼',
            '淵' | '渕' => '渕',
            '祇' => '祗',
            '櫻' => '桜',
            '澤' => '沢',
            '濱' => '浜',
            '嶋' | '嶌' => '島',
            '邊' | '邉' => '辺',
            '國' => '国',
            '廣' => '広',
            '縣' => '県',
            '區' => '区',
            c => c,
        })
        .collect()
}
