//! Splitting an address (or a name) over the lines of a label (formats.md f.4): between the parts it came in, then
//! behind 都道府県 and 市区町村, then behind 丁目・番地・号 or at a space, then anywhere except inside a character.
//! What does not fit is reported, never cut.

use crate::text;

/// Longer texts are not tried: no carrier has so many lines.
const LONGEST: usize = 400;

/// How much was left over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow {
    /// In bytes of CP932, roughly (a line may end early).
    pub bytes: usize,
}

/// Splits `parts` (in order; `new_line` is the index of the first part that prefers a line of its own, the 建物) over
/// lines of `widths` bytes of CP932. Always gives as many lines as there are widths, the last ones perhaps empty.
///
/// # Errors
/// Nothing is split when it does not all fit.
pub fn split_address(parts: &[&str], new_line: usize, widths: &[usize]) -> Result<Vec<String>, Overflow> {
    split_with(parts, new_line, widths, ' ')
}

/// The same, with this space between parts that must not run into each other.
pub(crate) fn split_with(
    parts: &[&str],
    new_line: usize,
    widths: &[usize],
    space: char,
) -> Result<Vec<String>, Overflow> {
    let joined = Joined::of(parts, new_line, space);
    let room = widths.iter().fold(0_usize, |sum, width| sum.saturating_add(*width));
    let overflow = || Overflow { bytes: joined.width().saturating_sub(room).max(1) };
    if joined.chars.len() > LONGEST {
        return Err(overflow());
    }
    let ends = best(&joined, widths).ok_or_else(overflow)?;
    let mut from = 0;
    let mut lines = Vec::with_capacity(widths.len());
    for end in ends {
        lines.push(joined.trimmed(from, end));
        from = end;
    }
    lines.resize(widths.len(), String::new());
    Ok(lines)
}

/// The parts as one text, with what a break behind each character would cost (`None`: no break there).
struct Joined {
    chars: Vec<char>,
    costs: Vec<Option<i32>>,
}

/// A part begins a line of its own: better than one long line.
const WANTED: i32 = -1;
const BETWEEN_PARTS: i32 = 2;
const BEHIND_CITY: i32 = 4;
const BEHIND_MARK: i32 = 10;
const ANYWHERE: i32 = 100;
/// Inside a number, a word of letters or of katakana.
const INSIDE_WORD: i32 = 300;

impl Joined {
    fn of(parts: &[&str], new_line: usize, space: char) -> Self {
        let mut chars: Vec<char> = Vec::new();
        let mut boundaries: Vec<(usize, i32)> = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            if !chars.is_empty() {
                let wanted = i == new_line;
                boundaries.push((chars.len(), if wanted { WANTED } else { BETWEEN_PARTS }));
                // 「1-2」「101号室」 must not become 「1-2101号室」; 都道府県 and 市区町村 need no space.
                let ends_in_word = chars.last().is_some_and(|c| !is_plain_name(*c));
                let begins_in_word = part.chars().next().is_some_and(|c| !is_plain_name(c));
                if wanted || i > new_line || (ends_in_word && begins_in_word) {
                    chars.push(space);
                }
            }
            chars.extend(part.chars());
        }
        let mut costs: Vec<Option<i32>> = (0..chars.len()).map(|i| inner_cost(&chars, i)).collect();
        for (at, cost) in boundaries {
            if let Some(place) = at.checked_sub(1).and_then(|i| costs.get_mut(i)) {
                *place = Some(cost);
            }
        }
        Self { chars, costs }
    }

    fn width(&self) -> usize {
        self.chars.iter().map(|c| text::bytes_of(*c)).sum()
    }

    fn trimmed(&self, from: usize, to: usize) -> String {
        let line: String = self.chars.get(from..to).unwrap_or_default().iter().collect();
        line.trim().to_owned()
    }
}

/// Kanji and kana: names of places are written together.
fn is_plain_name(c: char) -> bool {
    !(c.is_ascii()
        || matches!(c, '\u{FF01}'..='\u{FF5E}' | '\u{FF61}'..='\u{FF9F}' | '\u{30A1}'..='\u{30FC}'))
}

#[derive(PartialEq, Eq)]
enum Kind {
    Number,
    Letter,
    Katakana,
    Space,
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        '0'..='9' | '０'..='９' | '-' | '－' | '‐' | '―' => Kind::Number,
        'a'..='z' | 'A'..='Z' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => Kind::Letter,
        '\u{30A1}'..='\u{30FE}' | '\u{FF66}'..='\u{FF9F}' => Kind::Katakana,
        c if c.is_whitespace() => Kind::Space,
        _ => Kind::Other,
    }
}

/// Cost of a break behind character `i`.
fn inner_cost(chars: &[char], i: usize) -> Option<i32> {
    let (c, next) = (*chars.get(i)?, *chars.get(i + 1)?);
    if text::sticks_to_previous(next) {
        return None;
    }
    if kind(c) == Kind::Space || kind(next) == Kind::Space {
        return Some(BEHIND_MARK);
    }
    let early = i < 14;
    let before = |n: usize| i.checked_sub(n).and_then(|at| chars.get(at)).copied();
    Some(match c {
        // 京都府, 東京都, 北海道 …: the third or fourth character.
        '都' | '道' | '府' | '県' if (2..=3).contains(&i) => BEHIND_CITY + 2,
        '市' | '区' | '郡' | '町' | '村' if early && i > 2 => BEHIND_CITY,
        '目' if before(1) == Some('丁') => BEHIND_MARK,
        '地' if before(1) == Some('番') && next != 'の' => {
            // 「10番地」|「20号」 belong together.
            BEHIND_MARK + if kind(next) == Kind::Number { 8 } else { 0 }
        }
        '号' if next != '室' => BEHIND_MARK,
        '番' if next != '地' => BEHIND_MARK + 5,
        c if kind(c) == kind(next) && kind(c) != Kind::Other => INSIDE_WORD,
        // A number ends and a word begins: 「1-2-3」|「ビル」.
        c if kind(c) == Kind::Number && !matches!(next, '丁' | '番' | '号' | '階' | 'F' | 'Ｆ' | 'の') => {
            BEHIND_MARK + 10
        }
        // A word ends and a number begins: 「千代田」|「1-1」.
        _ if kind(next) == Kind::Number => BEHIND_MARK + 10,
        _ => ANYWHERE,
    })
}

/// Ends of the lines with the least cost, of equals the one whose lines end latest; `None`: it does not fit.
fn best(text: &Joined, widths: &[usize]) -> Option<Vec<usize>> {
    let count = text.chars.len();
    if count == 0 {
        return Some(Vec::new());
    }
    // reached[end] = cost of the lines so far and where each ended.
    let mut reached: Vec<Option<(i32, Vec<usize>)>> = vec![None; count + 1];
    if let Some(start) = reached.first_mut() {
        *start = Some((0, Vec::new()));
    }
    let mut whole: Option<(i32, Vec<usize>)> = None;
    for width in widths {
        let mut next: Vec<Option<(i32, Vec<usize>)>> = vec![None; count + 1];
        for (from, state) in reached.iter().enumerate() {
            let Some((cost, ends)) = state else { continue };
            // Spaces at the ends of a line are not written.
            let mut used = 0;
            let mut begun = false;
            for (at, c) in text.chars.iter().enumerate().skip(from) {
                let space = kind(*c) == Kind::Space;
                begun |= !space;
                if begun {
                    used += text::bytes_of(*c);
                }
                let written = if space { used.saturating_sub(text::bytes_of(*c)) } else { used };
                if written > *width {
                    break;
                }
                let end = at + 1;
                let more = if end == count { Some(0) } else { text.costs.get(at).copied().flatten() };
                let Some(more) = more.filter(|_| begun) else { continue };
                let total = cost + more;
                let slot = if end == count { Some(&mut whole) } else { next.get_mut(end) };
                if let Some(slot) = slot
                    && slot.as_ref().is_none_or(|(known, _)| total <= *known)
                {
                    let mut ends = ends.clone();
                    ends.push(end);
                    *slot = Some((total, ends));
                }
            }
        }
        reached = next;
    }
    whole.map(|(_, ends)| ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_building_gets_its_own_line_where_it_fits_f4() {
        let lines =
            split_address(&["東京都", "千代田区", "架空町1-2-3", "見本ビル101"], 3, &[64, 32]).unwrap();
        assert_eq!(lines, ["東京都千代田区架空町1-2-3", "見本ビル101"]);
        let lines = split_address(&["東京都", "千代田区", "架空町1-2-3"], 3, &[64, 32]).unwrap();
        assert_eq!(lines, ["東京都千代田区架空町1-2-3", ""]);
    }

    #[test]
    fn a_long_address_breaks_behind_the_city_then_behind_the_number_f4() {
        let parts = [
            "神奈川県",
            "横浜市架空ヶ丘区",
            "見本が丘南三丁目十二番地の三十四",
            "グランドメゾン見本が丘弐番館",
        ];
        let lines = split_address(&parts, 3, &[32, 32, 32]).unwrap();
        assert_eq!(
            lines,
            ["神奈川県横浜市架空ヶ丘区", "見本が丘南三丁目十二番地の三十四", "グランドメゾン見本が丘弐番館"]
        );
        let lines = split_address(&["神奈川県横浜市架空区見本が丘一丁目見本館"], 1, &[32, 32, 32]).unwrap();
        assert_eq!(lines, ["神奈川県横浜市架空区", "見本が丘一丁目見本館", ""]);
        let lines = split_address(&["見本が丘一丁目10番地20号メゾン"], 1, &[20, 20]).unwrap();
        assert_eq!(lines, ["見本が丘一丁目", "10番地20号メゾン"]);
    }

    #[test]
    fn numbers_and_words_are_broken_only_when_nothing_else_helps_f4() {
        let lines = split_address(&["あいうえおかき123-456"], 1, &[16, 16]).unwrap();
        assert_eq!(lines, ["あいうえおかき", "123-456"]);
        let lines = split_address(&["一二三四五六七八九十"], 1, &[10, 10]).unwrap();
        assert_eq!(lines, ["一二三四五", "六七八九十"]);
    }

    #[test]
    fn parts_that_end_and_begin_in_numbers_stay_apart_f4() {
        let lines = split_address(&["架空町1-2", "101"], 1, &[64]).unwrap();
        assert_eq!(lines, ["架空町1-2 101"]);
    }

    #[test]
    fn what_is_left_over_holds_the_label_and_is_never_cut_f4() {
        assert_eq!(split_address(&["一二三四五六七八九十"], 1, &[10, 8]), Err(Overflow { bytes: 2 }));
        assert!(split_address(&[&"長".repeat(500)], 1, &[2000]).is_err());
    }

    #[test]
    fn a_line_never_ends_inside_a_character_f4() {
        // ﾞ would be the 11th byte.
        let lines = split_address(&["ｱｲｳｴｵｶｷｸｹｶﾞｺ"], 1, &[10, 10]).unwrap();
        assert_eq!(lines, ["ｱｲｳｴｵｶｷｸｹ", "ｶﾞｺ"]);
        let lines = split_address(&["葛葛\u{E0100}"], 1, &[4, 4]).unwrap_or_default();
        assert!(lines.iter().all(|l| !l.starts_with('\u{E0100}')));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_line_fits(
            parts in proptest::collection::vec("[ a-c1-9ｱﾞアイ東京都市区町丁目番地号一二𠮷\u{3099}\u{E0100}-]{0,14}", 1..5),
            new_line in 0_usize..5,
            widths in proptest::collection::vec(4_usize..40, 1..4),
        ) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            if let Ok(lines) = split_address(&parts, new_line, &widths) {
                prop_assert_eq!(lines.len(), widths.len());
                for (line, width) in lines.iter().zip(&widths) {
                    prop_assert!(text::bytes(line) <= *width, "{:?} {}", line, width);
                }
                let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(solid(&lines.concat()), solid(&parts.concat()));
            }
        }

        #[test]
        fn no_text_panics(parts in proptest::collection::vec(any::<String>(), 0..5), new_line in any::<usize>()) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let _ = split_address(&parts, new_line, &[64, 32]);
            let _ = split_address(&parts, new_line, &[]);
        }
    }
}
