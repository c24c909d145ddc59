//! Codes of malls that nobody has explained yet: counted where they are met, with the mall's words as far as they cannot
//! be a person's.

use crate::hub::Hub;
use domain::Reason;
use store::outbox::StepUpdate;

/// Longest words that are kept.
const MOST: usize = 160;

/// The mall's words without anything that could be somebody's: what malls quote back (it may be what a buyer typed) is
/// left out, and a text with digits beside the code (order, phone, postal code) or a mail address is not kept at all.
fn kept(words: &str, code: &str) -> String {
    let mut out = String::new();
    let mut closing = None;
    for c in words.replace(code, "").chars().filter(|c| !c.is_control()) {
        match closing {
            Some(end) if c == end => closing = None,
            Some(_) => {}
            None => {
                closing = match c {
                    '「' => Some('」'),
                    '『' => Some('』'),
                    '"' => Some('"'),
                    '\'' => Some('\''),
                    '“' => Some('”'),
                    '<' => Some('>'),
                    '[' => Some(']'),
                    _ => None,
                };
                out.push(if closing.is_some() { '…' } else { c });
            }
        }
    }
    let personal = |c: char| c.is_numeric() || matches!(c, '@' | '＠' | '様');
    // A quote that never ends hides the rest.
    if out.chars().any(personal) { String::new() } else { out.trim().chars().take(MOST).collect() }
}

/// A code as it may be kept: no order number, no sentence.
fn kept_code(code: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let mut run = 0;
    let long = code.bytes().any(|b| {
        run = if b.is_ascii_digit() { run + 1 } else { 0 };
        run > 8
    });
    (code.len() <= 64 && code.chars().all(plain) && !long).then(|| code.to_owned())
}

/// Counts the code of a reason, if nobody has explained it. What cannot be stored is not worth stopping for.
pub(crate) async fn count(hub: &Hub, mall: &str, reason: &Reason) {
    let Some(known) = hub.mall(mall) else { return };
    let Some(code) = known.descriptor().unexplained(reason).and_then(kept_code) else { return };
    let words = kept(reason.mall_text.as_deref().unwrap_or_default(), &code);
    if let Err(error) = hub.ledger.count_unknown_code(mall, &code, &words, hub.clock.now()).await {
        tracing::debug!(%error, "an unknown code could not be counted");
    }
    metrics::counter!("choba_unknown_codes_total", "mall" => mall.to_owned()).increment(1);
}

/// The same for what became of the steps of a call.
pub(crate) async fn count_all(hub: &Hub, mall: &str, updates: &[StepUpdate]) {
    for update in updates {
        if let Some(reason) = &update.reason {
            count(hub, mall, reason).await;
        }
        for warning in &update.warnings {
            count(hub, mall, warning).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_without_what_could_be_somebodys_x01() {
        assert_eq!(kept("E99 is not allowed here", "E99"), "is not allowed here");
        assert_eq!(kept("注文者「架空 花子」は使えません", "E1"), "注文者…は使えません");
        for personal in [
            "order 300001-20261101-0000000001 is closed",
            "電話番号０９０の形式",
            "mail kakuu@example.jp",
            "架空花子様の注文",
        ] {
            assert_eq!(kept(personal, "E1"), "", "{personal}");
        }
        assert_eq!(kept("quote 'never ends", "E1"), "quote …");
        assert_eq!(kept(&"長".repeat(999), "E1").chars().count(), MOST);
    }

    #[test]
    fn only_what_looks_like_a_code_is_kept_as_one() {
        assert_eq!(kept_code("ORDER_EXT_API_X_ERROR_999").as_deref(), Some("ORDER_EXT_API_X_ERROR_999"));
        for other in ["300001-20261101-0000000001", "架空", "a b", "", &"x".repeat(65)] {
            assert_eq!(kept_code(other).filter(|c| !c.is_empty()), None, "{other}");
        }
    }
}
