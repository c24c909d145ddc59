//! Amounts in yen as people type them (ux.md 3, Money). There is no fraction of a yen: `1980.5` is refused, not rounded.

use crate::typed::{narrow, shown};

/// What is wrong with a typed amount. Holds what was typed, shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YenProblem {
    /// Nothing was typed.
    #[error("no amount was typed")]
    Empty,
    /// Not a number.
    #[error("“{0}” is not an amount in yen; type digits, as in 1,234")]
    NotAnAmount(String),
    /// Commas that do not part groups of three digits: perhaps a digit is missing.
    #[error("the commas of “{0}” do not part groups of three digits")]
    Commas(String),
    /// A point: no fraction of a yen exists.
    #[error("“{0}” has a decimal point; yen are whole")]
    Fraction(String),
    /// More than fits.
    #[error("“{0}” is too large")]
    TooLarge(String),
}

impl YenProblem {
    /// In Japanese, with what to do. English is `to_string()`.
    pub fn ja(&self) -> String {
        match self {
            Self::Empty => "金額が入力されていません。".to_owned(),
            Self::NotAnAmount(typed) => {
                format!("「{typed}」は金額として読めません。1,234 のように数字で入力してください。")
            }
            Self::Commas(typed) => {
                format!("「{typed}」はカンマの位置が3桁区切りではありません。桁を確かめてください。")
            }
            Self::Fraction(typed) => format!("「{typed}」に小数点があります。円は整数で入力してください。"),
            Self::TooLarge(typed) => format!("「{typed}」は大きすぎます。"),
        }
    }
}

/// Reads an amount in yen: `1234`, `1,234円`, `￥1,234`, `¥1,234-`, `１，２３４`, `金1,234円也`, `JPY 1234`; below zero as `-500`,
/// `▲500` or `△500`.
pub fn read_yen(text: &str) -> Result<i64, YenProblem> {
    let narrow = narrow(text).to_uppercase();
    if narrow.is_empty() {
        return Err(YenProblem::Empty);
    }
    let (negative, digits) = bare(&narrow)
        .ok_or_else(|| YenProblem::NotAnAmount(shown(text)))
        .map(|(n, d)| (n, d.replace('、', ",")))?;
    let known = |c: char| c.is_ascii_digit() || c == ',' || c == '.';
    if !digits.chars().all(known) || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(YenProblem::NotAnAmount(shown(text)));
    }
    if digits.contains('.') {
        return Err(YenProblem::Fraction(shown(text)));
    }
    let mut groups = digits.split(',');
    let first = groups.next().map_or(0, str::len);
    if digits.contains(',') && (first > 3 || groups.any(|group| group.len() != 3)) {
        return Err(YenProblem::Commas(shown(text)));
    }
    let sign = if negative { "-" } else { "" };
    format!("{sign}{}", digits.replace(',', "")).parse().map_err(|_| YenProblem::TooLarge(shown(text)))
}

/// Takes signs and words off: whether the amount is below zero, and what should be its digits. `None` when they
/// contradict each other.
fn bare(text: &str) -> Option<(bool, &str)> {
    let (minus_before, text) = minus(text);
    let text = text.strip_prefix('金').unwrap_or(text);
    let (sign, text) = match ["¥", "\\", "JPY"].iter().find_map(|sign| text.strip_prefix(sign)) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (minus_after, text) = minus(text);
    // 「￥1,234-」: the line that keeps others from adding digits. Without the sign before it, it could be anything.
    let text = if sign { text.strip_suffix('-').unwrap_or(text) } else { text };
    let text = text.strip_suffix('也').unwrap_or(text);
    let text = ["円", "JPY"].iter().find_map(|word| text.strip_suffix(word)).unwrap_or(text);
    (!(minus_before && minus_after)).then_some((minus_before || minus_after, text))
}

fn minus(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '▲', '△']) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_read_in_every_form_people_type_ux3() {
        let forms = [
            "1234",
            "1,234",
            "1,234円",
            "１，２３４円",
            "１２３４",
            "￥1,234",
            "¥1,234-",
            "￥１，２３４－",
            "\\1,234",
            " 1 234 円 ",
            "金1,234円也",
            "金￥1,234也",
            "JPY 1,234",
            "1234jpy",
            "1、234円",
            "01234",
            "\u{200B}1234",
        ];
        for typed in forms {
            assert_eq!(read_yen(typed), Ok(1234), "{typed}");
        }
        for typed in ["-500", "▲500", "△５００円", "－¥500", "¥-500", "ー500"] {
            assert_eq!(read_yen(typed), Ok(-500), "{typed}");
        }
        assert_eq!((read_yen("0"), read_yen("-0")), (Ok(0), Ok(0)));
        assert_eq!(read_yen("9,223,372,036,854,775,807"), Ok(i64::MAX));
        assert_eq!(read_yen("-9223372036854775808"), Ok(i64::MIN));
    }

    #[test]
    fn what_is_no_whole_amount_is_refused_and_never_rounded_ux3() {
        let named = |typed: &str| read_yen(typed).unwrap_err();
        for typed in ["", " ", "　", "\u{200B}"] {
            assert_eq!(named(typed), YenProblem::Empty);
        }
        for typed in [
            "円",
            "¥",
            "千円",
            "1万円",
            "1,234円(税込)",
            "1234-",
            "--5",
            "-¥-5",
            ",123",
            "1e5",
            "+5",
            "¥円",
            "٣",
        ] {
            assert_eq!(named(typed), YenProblem::NotAnAmount(typed.to_owned()), "{typed}");
        }
        for typed in ["1,23", "12,34円", "1234,567", "1,,234", "1,", "1,2345"] {
            assert_eq!(named(typed), YenProblem::Commas(typed.to_owned()), "{typed}");
        }
        for typed in ["1980.5", "1.980", "1980.00", "１９８０．５", "1."] {
            assert_eq!(named(typed), YenProblem::Fraction(typed.to_owned()), "{typed}");
        }
        assert_eq!(named("9223372036854775808"), YenProblem::TooLarge("9223372036854775808".to_owned()));
    }

    #[test]
    fn a_refusal_names_what_was_typed_in_both_languages() {
        let problem = read_yen("1980.5円").unwrap_err();
        assert!(problem.ja().contains("「1980.5円」") && problem.ja().contains("小数点"), "{}", problem.ja());
        assert!(problem.to_string().contains("“1980.5円”"), "{problem}");
    }

    proptest! {
        #[test]
        fn no_typed_amount_panics(any in any::<String>(), near in "[0-9０-９,，、.¥￥円金也\\-▲ JPY]{0,24}") {
            for typed in [any, near] {
                if let Err(problem) = read_yen(&typed) {
                    prop_assert!(!problem.ja().is_empty() && !problem.to_string().is_empty());
                }
            }
        }

        #[test]
        fn an_amount_that_was_shown_is_read_back(yen in any::<i64>()) {
            let digits = yen.unsigned_abs().to_string();
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            let sign = if yen < 0 { "-" } else { "" };
            prop_assert_eq!(read_yen(&format!("{sign}{}円", groups.join(","))), Ok(yen));
        }
    }
}
