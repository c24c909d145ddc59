//! Shift_JIS without silent damage.

use encoding_rs::SHIFT_JIS;

/// Decodes windows-31j. Bytes that are not text become U+FFFD; the flag says whether any did.
pub fn decode_shift_jis(bytes: &[u8]) -> (String, bool) {
    let (text, _, damaged) = SHIFT_JIS.decode(bytes);
    (text.into_owned(), damaged)
}

/// Encodes for a mall or carrier. 〜 (U+301C) becomes ～ (U+FF5E), which those machines write.
///
/// # Errors
/// The characters that Shift_JIS cannot hold, each once: nothing is written instead of them.
pub fn encode_shift_jis(text: &str) -> Result<Vec<u8>, Vec<char>> {
    let prepared = text.replace('\u{301C}', "\u{FF5E}");
    let (bytes, _, unmappable) = SHIFT_JIS.encode(&prepared);
    if !unmappable {
        return Ok(bytes.into_owned());
    }
    let mut lost: Vec<char> = Vec::new();
    for c in prepared.chars() {
        let mut buffer = [0_u8; 4];
        let (_, _, bad) = SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
        if bad && !lost.contains(&c) {
            lost.push(c);
        }
    }
    Err(lost)
}

/// Is the body a page for people (maintenance, login) instead of data? Looks at the first visible character.
pub fn looks_like_html(body: &[u8]) -> bool {
    let start = body.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(body.len());
    let head: Vec<u8> = body.iter().skip(start).take(15).map(u8::to_ascii_lowercase).collect();
    head.starts_with(b"<!doctype html") || head.starts_with(b"<html")
}

/// Does a page for people speak of maintenance? Reads UTF-8 and Shift_JIS.
pub fn speaks_of_maintenance(body: &[u8]) -> bool {
    let part = body.get(..body.len().min(8_192)).unwrap_or(body);
    let tell =
        |text: &str| text.contains("メンテナンス") || text.to_ascii_lowercase().contains("maintenance");
    tell(&String::from_utf8_lossy(part)) || tell(&decode_shift_jis(part).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_shift_jis_cannot_hold_is_listed_never_replaced_f52() {
        assert_eq!(encode_shift_jis("髙橋①㈱").unwrap().len(), 8);
        assert_eq!(encode_shift_jis("〜").unwrap(), [0x81, 0x60]);
        assert_eq!(encode_shift_jis("a🍎é🍎").unwrap_err(), ['🍎', 'é']);
    }

    #[test]
    fn a_maintenance_page_in_shift_jis_is_recognised_f05() {
        let page =
            encode_shift_jis("<!DOCTYPE html><html><body>只今メンテナンス中です</body></html>").unwrap();
        assert!(looks_like_html(&page) && speaks_of_maintenance(&page));
        assert!(!looks_like_html(br#"{"a":"<html>"}"#));
        assert!(!speaks_of_maintenance(b"<html>login</html>"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_decoding_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (text, _) = decode_shift_jis(&bytes);
            let _ = encode_shift_jis(&text);
            let _ = (looks_like_html(&bytes), speaks_of_maintenance(&bytes));
        }
    }
}
