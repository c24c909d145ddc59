//! 管理番号 as a Code 128 barcode: the outline of its bars as an SVG path. Only digits and letters of a path come out, whatever
//! goes in.

use barcoders::sym::code128::Code128;
use std::fmt::Write as _;

/// White before and after the bars, in modules: a scanner needs it.
const QUIET: usize = 10;
/// Set B of Code 128 (letters and digits), in the words of the crate.
const SET_B: char = '\u{0181}';

/// The bars of a barcode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bars {
    /// Width in modules, white included. Height is 1.
    pub width: usize,
    /// `d` of an SVG path.
    pub path: String,
}

/// Bars of a text; `None` when Code 128 has no such characters.
#[must_use]
pub fn bars(text: &str) -> Option<Bars> {
    let modules = Code128::new(format!("{SET_B}{text}")).ok()?.encode();
    let mut path = String::new();
    let mut at = QUIET;
    for run in modules.chunk_by(|a, b| a == b) {
        if run.first() == Some(&1) {
            let wide = run.len();
            // Writing to a text does not fail.
            let _ = write!(path, "M{at} 0h{wide}v1h-{wide}z");
        }
        at += run.len();
    }
    Some(Bars { width: at + QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_start_characters_check_and_stop_of_eleven_modules() {
        let bars = bars("C00000001").unwrap();
        // Start, nine characters and the check have 11 modules each, the stop has 13.
        assert_eq!(bars.width, 2 * QUIET + 11 * 11 + 13);
        assert!(bars.path.starts_with("M10 0h2v1h-2z"), "start B begins with two black modules");
        assert!(bars.path.chars().all(|c| c.is_ascii_digit() || "Mhvz -".contains(c)));
        // Set B: three bars a character, four in the stop.
        assert_eq!(bars.path.matches('M').count(), 11 * 3 + 4);
    }

    #[test]
    fn what_code_128_lacks_has_no_barcode() {
        assert_eq!(bars("管理番号"), None);
        assert_ne!(bars("C00000001"), bars("C00000002"));
    }
}
