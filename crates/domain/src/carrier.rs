//! 配送業者 and 配送便: our master list, and the check digits of their numbers.

use crate::CarrierKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One carrier of our master list (NTF-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// Our key.
    pub carrier: CarrierKey,
    /// Japanese name.
    pub name: String,
    /// The code or name of each mall, by mall key. Missing: this mall does not know the carrier.
    pub mall_codes: BTreeMap<String, String>,
}

/// Carriers a new installation starts with: our key and Japanese name. The malls' codes come from their Descriptors.
pub const DEFAULT_CARRIERS: [(&str, &str); 9] = [
    ("yamato", "ヤマト運輸"),
    ("sagawa", "佐川急便"),
    ("japan_post", "日本郵便"),
    ("seino", "西濃運輸"),
    ("seino_express", "セイノースーパーエクスプレス"),
    ("fukuyama", "福山通運"),
    ("nittsu", "日本通運"),
    ("rakuten_express", "Rakuten EXPRESS"),
    ("other", "その他"),
];

/// Whether a number has the form and check digit of the big three (12 digits, or 11 for 日本郵便 書留, with the last
/// digit the rest of the others divided by 7). A wrong digit is a warning to show, never a refusal: carriers have
/// other number series too. `None`: this carrier's numbers are not checked.
pub fn check_digit_holds(carrier: &CarrierKey, number: &str) -> Option<bool> {
    if !matches!(carrier.as_str(), "yamato" | "sagawa" | "japan_post") {
        return None;
    }
    let digits: String = number.chars().filter(|c| *c != '-').collect();
    if !matches!(digits.len(), 11 | 12) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(false);
    }
    let (body, last) = digits.split_at(digits.len() - 1);
    let body: u64 = body.parse().ok()?;
    let last: u64 = last.parse().ok()?;
    Some(body % 7 == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_digit_is_noticed() {
        let yamato = CarrierKey::from("yamato");
        let body = 40_000_000_001_u64;
        let good = format!("{body}{}", body % 7);
        assert_eq!(check_digit_holds(&yamato, &good), Some(true));
        let bad = format!("{body}{}", (body + 1) % 7);
        assert_eq!(check_digit_holds(&yamato, &bad), Some(false));
        let hyphens = format!("{}-{}-{}", &good[..4], &good[4..8], &good[8..]);
        assert_eq!(check_digit_holds(&yamato, &hyphens), Some(true));
        assert_eq!(check_digit_holds(&yamato, "abc"), Some(false));
        assert_eq!(check_digit_holds(&CarrierKey::from("other"), "abc"), None);
    }

    #[test]
    fn what_is_not_11_or_12_digits_never_holds_and_never_panics_f57() {
        let yamato = CarrierKey::from("yamato");
        // The last digit of each would be right.
        for text in
            ["", "70", "7000000000", "7000000000000", "70000000000x", "x00000000000", "あいうえ", "７００"]
        {
            assert_eq!(check_digit_holds(&yamato, text), Some(false), "{text}");
        }
        for text in ["70000000000", "700000000000"] {
            assert_eq!(check_digit_holds(&yamato, text), Some(true), "{text}");
        }
    }
}
