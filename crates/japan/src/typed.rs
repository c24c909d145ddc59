//! Characters as they come from keyboards, spreadsheets and web pages, made half-width. For codes, dates and amounts only:
//! names and addresses are never changed (ux.md 3, 全角/半角).

/// Half-width text without spaces, control characters and invisible marks.
pub(crate) fn narrow(text: &str) -> String {
    text.chars().filter_map(narrow_char).collect()
}

/// One character half-width; `None` for what stands for nothing.
fn narrow_char(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF70}' | '\u{FE63}' => Some('-'),
        // Zero-width and direction marks travel along when something is copied from a web page.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}' => None,
        c if c.is_whitespace() || c.is_control() => None,
        '\u{FFE5}' => Some('¥'),
        // The full-width block lies 0xFEE0 above ASCII.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0),
        c => Some(c),
    }
}

/// What was typed, for a message: the first 30 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.trim().chars().filter(|c| !c.is_control()).take(30).collect();
    if text.trim().chars().count() > 30 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_digits_hyphens_and_spaces_become_half_width() {
        assert_eq!(narrow("　１２３ー４５－６−７ ‐\u{200B}／．，Ａ￥\t"), "123-45-6-7-/.,A¥");
    }

    #[test]
    fn a_message_shows_no_more_than_thirty_characters_of_what_was_typed() {
        assert_eq!(shown(&"あ".repeat(31)), format!("{}…", "あ".repeat(30)));
        assert_eq!(shown(" 11/32\n"), "11/32");
    }
}
