//! Reads a mail, or the beginning of one, as far as it is looked at: sender, subject, the beginning of the text. Pure, and
//! no bytes make it fail.

use mail_parser::MessageParser;
use mall_api::word::Mail;

/// So much of a mail is fetched, bytes. A mall's new-order mail names its number in the first lines.
pub const MOST_BYTES: usize = 64 * 1024;
/// So much of its text is looked at, characters.
const MOST_TEXT: usize = 32 * 1024;
/// So much of a header is kept, characters.
const MOST_HEADER: usize = 998;

fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Reads a mail. `None`: it has no sender, so it is nobody's word.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Mail> {
    let bytes = bytes.get(..bytes.len().min(MOST_BYTES))?;
    let message = MessageParser::default().parse(bytes)?;
    let from = short(message.from()?.first()?.address()?.trim(), MOST_HEADER);
    let subject = short(message.subject().unwrap_or_default(), MOST_HEADER);
    let mut text = String::new();
    for part in 0..message.text_body_count().min(8) {
        if let Some(body) = message.body_text(part) {
            let left = MOST_TEXT.saturating_sub(text.chars().count());
            text.extend(body.chars().take(left));
            text.push('\n');
        }
    }
    // A mail without an id of its own is known by what makes it.
    let id = match message.message_id() {
        Some(id) => short(id, MOST_HEADER),
        None => {
            let date = message.date().map(|d| d.to_timestamp()).unwrap_or_default();
            format!("{from}|{date}|{subject}|{}", short(&text, 200))
        }
    };
    Some(Mail { id, from, subject, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 【楽天市場】注文内容ご確認（自動配信メール） and a number, both in ISO-2022-JP (made with Python's codec).
    const JAPANESE: &[u8] = b"From: =?ISO-2022-JP?B?GyRCM1pFNztUPmwbKEI=?= <order@rakuten.co.jp>\r\n\
Subject: =?ISO-2022-JP?B?GyRCIVozWkU3O1Q+bCFbQ21KOEZiTUYkNDNORycbKEI=?=\r\n =?ISO-2022-JP?B?GyRCIUo8K0YwR1s/LiVhITwlayFLGyhC?=\r\n\
Message-ID: <20261122100000.1@rakuten.example.jp>\r\nMIME-Version: 1.0\r\n\
Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
\x1b$BCmJ8\x1b(B\r\n[\x1b$B<uCmHV9f\x1b(B] 370001-20261122-00000123\r\n";

    #[test]
    fn iso_2022_jp_is_read_in_header_and_text_imp7() {
        let mail = read(JAPANESE).unwrap();
        assert_eq!(mail.subject.replace(' ', ""), "【楽天市場】注文内容ご確認（自動配信メール）");
        assert_eq!(mail.from, "order@rakuten.co.jp");
        assert_eq!(mail.id, "20261122100000.1@rakuten.example.jp");
        assert!(mail.text.contains("[受注番号] 370001-20261122-00000123"), "{}", mail.text);
    }

    #[test]
    fn utf_8_in_base64_and_html_alone_are_read_too_imp7() {
        let mail = read(
            "From: a@yahoo.co.jp\r\nSubject: =?UTF-8?B?5rOo5paH?=\r\nContent-Type: text/html; charset=UTF-8\r\n\
             Content-Transfer-Encoding: base64\r\n\r\nPGI+5rOo5paHSUTvvJprYWt1LTEwMDAxMjM0PC9iPg==\r\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(mail.subject, "注文");
        assert!(mail.text.contains("注文ID：kaku-10001234"), "{}", mail.text);
        assert!(mail.id.contains("a@yahoo.co.jp"));
    }

    #[test]
    fn only_the_beginning_of_a_huge_mail_is_looked_at_f15() {
        let mut huge = JAPANESE.to_vec();
        huge.resize(20 << 20, b'x');
        let mail = read(&huge).unwrap();
        assert!(mail.text.contains("370001-20261122-00000123"));
        assert!(mail.text.chars().count() <= MOST_TEXT + 1);
        let mut late = b"From: order@rakuten.co.jp\r\nX-Long: ".to_vec();
        late.resize(MOST_BYTES, b'x');
        late.extend(b"\r\nSubject: 1\r\n\r\n");
        assert_eq!(read(&late).map(|m| m.subject).unwrap_or_default(), "");
    }

    #[test]
    fn a_mail_cut_anywhere_is_still_no_harm_f15() {
        for end in 0..JAPANESE.len() {
            let _ = read(&JAPANESE[..end]);
        }
        assert!(read(b"").is_none() && read(b"\r\n\r\nhello").is_none() && read(b"From:\r\n\r\n").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..400) {
            let _ = read(&bytes);
            let mut odd = JAPANESE.to_vec();
            odd.splice(at..at, bytes);
            let _ = read(&odd);
        }
    }
}
