//! 配送番号: what people paste, what carriers give out, where a parcel is followed (formats.md e.1, e.2).
//!
//! A number that looks wrong is a warning and never a refusal: carriers have other series too, and some shops agree on
//! a word with the mall where a service has no number.

use crate::CarrierKey;
use crate::reason::{self, Reason};

/// A number as it is stored and sent, from what was typed or pasted: full-width letters, digits and hyphens become
/// half-width, all kinds of spaces and control characters go, and so do the hyphens of a number made of digits.
/// Anything else is kept as it is: it may be a word agreed on with the mall.
pub fn normalise(typed: &str) -> String {
    let narrow: String = typed.chars().filter_map(narrow).collect();
    let grouped_digits = narrow.chars().all(|c| c.is_ascii_digit() || c == '-');
    if grouped_digits { narrow.replace('-', "") } else { narrow }
}

/// One character half-width; `None` for what stands for nothing.
fn narrow(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF70}' | '\u{FE63}' | '\u{FF0D}' => Some('-'),
        // Zero-width and direction marks travel along when a number is copied from a web page.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}' => None,
        c if c.is_whitespace() || c.is_control() => None,
        // The full-width block lies 0xFEE0 above ASCII.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0),
        c => Some(c),
    }
}

/// The 7DR check digit (formats.md e.1): the last digit is the rest of the others divided by seven.
fn seven_dr_holds(digits: &str) -> bool {
    let Some((last, body)) = digits.as_bytes().split_last() else { return false };
    let rest = body.iter().fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit.wrapping_sub(b'0'))) % 7);
    u32::from(last.wrapping_sub(b'0')) == rest
}

/// The UPU check digit of `AA123456789BB`: weights 8 6 4 2 3 5 9 7, eleven minus the rest (formats.md e.1, [D]).
fn upu_holds(number: &str) -> bool {
    let Some(digits) = number.get(2..11) else { return false };
    let Some((last, body)) = digits.as_bytes().split_last() else { return false };
    let sum: u32 =
        body.iter().zip([8_u32, 6, 4, 2, 3, 5, 9, 7]).map(|(d, w)| u32::from(d.wrapping_sub(b'0')) * w).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        other => other,
    };
    u32::from(last.wrapping_sub(b'0')) == check
}

fn is_international(number: &str) -> bool {
    let bytes = number.as_bytes();
    let letters = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_uppercase))
    };
    bytes.len() == 13
        && letters(0..2)
        && letters(11..13)
        && bytes.get(2..11).is_some_and(|d| d.iter().all(u8::is_ascii_digit))
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberCheck {
    /// Form and check digit fit.
    Fits,
    /// A form this carrier gives out, without a check digit we know (日本郵便 with 11 digits, 佐川 with 10).
    NotChecked,
    /// The check digit is another one: mistyped, or a series we do not know.
    WrongDigit,
    /// Not a form this carrier gives out.
    OtherForm,
}

/// Looks at a number of a carrier. Carriers we know no rule of are not checked.
pub fn check(carrier: &CarrierKey, number: &str) -> NumberCheck {
    let number = normalise(number);
    let seven = |digits: &str| {
        if seven_dr_holds(digits) { NumberCheck::Fits } else { NumberCheck::WrongDigit }
    };
    let all_digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    match (carrier.as_str(), number.len()) {
        ("yamato" | "sagawa" | "japan_post", 12) if all_digits => seven(&number),
        ("sagawa", 10) | ("japan_post", 11) if all_digits => NumberCheck::NotChecked,
        ("japan_post", 13) if is_international(&number) => {
            if upu_holds(&number) {
                NumberCheck::Fits
            } else {
                NumberCheck::WrongDigit
            }
        }
        ("yamato" | "sagawa" | "japan_post", _) => NumberCheck::OtherForm,
        _ => NumberCheck::NotChecked,
    }
}

/// What is worth saying about a number before it is sent; nothing for a blank one (eligibility speaks of those).
pub fn warnings(carrier: Option<&CarrierKey>, number: &str) -> Vec<Reason> {
    let number = normalise(number);
    let Some(carrier) = carrier.filter(|_| !number.is_empty()) else { return Vec::new() };
    match check(carrier, &number) {
        NumberCheck::Fits | NumberCheck::NotChecked => Vec::new(),
        NumberCheck::WrongDigit => vec![reason::tracking_number_check_digit(&number)],
        NumberCheck::OtherForm => vec![reason::tracking_number_form(&number)],
    }
}

/// The built-in pattern of a carrier's tracking page (formats.md e.2).
pub fn link_pattern(carrier: &CarrierKey) -> Option<&'static str> {
    match carrier.as_str() {
        "yamato" => Some("https://toi.kuronekoyamato.co.jp/cgi-bin/tneko?number01={number}"),
        "sagawa" => Some("https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo={number}"),
        "japan_post" => {
            Some("https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1={number}")
        }
        "seino" => Some("https://track.seino.co.jp/cgi-bin/gnpquery.pgm?GNPNO1={number}"),
        _ => None,
    }
}

/// May this be a pattern of tracking links: https, with a place for the number, empty for none?
pub fn is_link_pattern(pattern: &str) -> bool {
    let plain = !pattern.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>'));
    pattern.is_empty()
        || (plain
            && pattern.strip_prefix("https://").is_some_and(|rest| {
                rest.split_once('/').is_some_and(|(host, path)| {
                    !host.is_empty() && !host.contains(['{', '@']) && path.contains("{number}")
                })
            }))
}

/// The address of a parcel's page. `None`: no pattern, or nothing that may stand in an address.
pub fn link(pattern: &str, number: &str) -> Option<String> {
    let number = normalise(number);
    let fits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (fits && !pattern.is_empty() && is_link_pattern(pattern)).then(|| pattern.replace("{number}", &number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn carrier(key: &str) -> CarrierKey {
        CarrierKey::from(key)
    }

    #[test]
    fn published_numbers_fit_and_a_mistyped_digit_is_noticed() {
        for (key, number) in
            [("yamato", "444413758703"), ("sagawa", "512547514334"), ("japan_post", "405548424886")]
        {
            assert_eq!(check(&carrier(key), number), NumberCheck::Fits, "{key}");
            let mut wrong = number.to_owned();
            wrong.replace_range(3..4, if &number[3..4] == "1" { "2" } else { "1" });
            assert_eq!(check(&carrier(key), &wrong), NumberCheck::WrongDigit, "{key}");
            assert_eq!(warnings(Some(&carrier(key)), &wrong)[0].code, "tracking_number_check_digit");
        }
    }

    #[test]
    fn forms_whose_check_digit_is_not_known_are_not_judged() {
        assert_eq!(check(&carrier("japan_post"), "12345678901"), NumberCheck::NotChecked);
        assert_eq!(check(&carrier("sagawa"), "1234567890"), NumberCheck::NotChecked);
        assert_eq!(check(&carrier("fukuyama"), "12"), NumberCheck::NotChecked);
        assert_eq!(check(&carrier("yamato"), "12345678901"), NumberCheck::OtherForm);
        assert_eq!(warnings(Some(&carrier("yamato")), "定形外")[0].code, "tracking_number_form");
        assert!(warnings(None, "1").is_empty() && warnings(Some(&carrier("yamato")), " ").is_empty());
    }

    #[test]
    fn international_letters_of_the_post_have_their_own_check_digit() {
        // The worked example of the UPU's standard S10.
        assert_eq!(check(&carrier("japan_post"), "RB473124829JP"), NumberCheck::Fits);
        assert_eq!(check(&carrier("japan_post"), "ＲＢ４７３１２４８２９ＪＰ"), NumberCheck::Fits);
        assert_eq!(check(&carrier("japan_post"), "RB473124828JP"), NumberCheck::WrongDigit);
        assert_eq!(check(&carrier("yamato"), "RB473124829JP"), NumberCheck::OtherForm);
    }

    #[test]
    fn what_is_pasted_becomes_what_is_sent() {
        for pasted in [
            "4444-1375-8703",
            "４４４４－１３７５－８７０３",
            " 4444 1375　8703\r\n",
            "4444ー1375−8703",
            "\u{200B}444413758703",
        ] {
            assert_eq!(normalise(pasted), "444413758703", "{pasted:?}");
        }
        assert_eq!(normalise("ＡＢ－１"), "AB-1");
        assert_eq!(normalise("なし"), "なし");
    }

    #[test]
    fn a_link_never_carries_anything_but_a_number() {
        let pattern = "https://track.example/?n={number}";
        assert_eq!(link(pattern, "4444-1375-8703").as_deref(), Some("https://track.example/?n=444413758703"));
        for odd in ["", "なし", "1&x=2", "../1", "1#"] {
            assert_eq!(link(pattern, odd), None, "{odd}");
        }
        for bad in [
            "http://a.example/{number}",
            "javascript:{number}",
            "https://{number}/",
            "https://a.example/",
            "https://u@a.example/{number}",
        ] {
            assert!(!is_link_pattern(bad), "{bad}");
            assert_eq!(link(bad, "1"), None, "{bad}");
        }
        assert!(is_link_pattern(""));
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once_and_no_text_panics(text in any::<String>()) {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once.clone());
            for key in ["yamato", "sagawa", "japan_post", "other"] {
                check(&carrier(key), &text);
                warnings(Some(&carrier(key)), &text);
                if let Some(link) = link("https://a.example/{number}", &text) {
                    prop_assert!(link.is_ascii());
                }
            }
        }

        #[test]
        fn every_body_has_exactly_one_last_digit_that_fits(body in 0_u64..100_000_000_000) {
            let fitting = (0..10).filter(|d| {
                check(&carrier("yamato"), &format!("{body:011}{d}")) == NumberCheck::Fits
            }).collect::<Vec<_>>();
            prop_assert_eq!(fitting, vec![body % 7]);
        }

        #[test]
        fn one_mistyped_digit_is_noticed_unless_it_differs_by_seven(
            body in 0_u64..100_000_000_000, place in 0_usize..11, other in 0_u8..10,
        ) {
            let good = format!("{body:011}{}", body % 7);
            let before = good.as_bytes()[place] - b'0';
            let mut bad = good.clone();
            bad.replace_range(place..=place, &other.to_string());
            let same = before.abs_diff(other) % 7 == 0;
            prop_assert_eq!(check(&carrier("sagawa"), &bad) == NumberCheck::Fits, same);
        }
    }
}
