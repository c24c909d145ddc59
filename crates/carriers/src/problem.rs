//! What stands between a label and its file, in words. The words hold no name, address or number of a person, only
//! single characters and counts.

use serde::{Deserialize, Serialize};

/// Something wrong with one label, or with the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelProblem {
    /// 管理番号; `None`: a matter of the settings, said once.
    pub order_no: Option<String>,
    /// The program's name of the column.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
    /// The label cannot be written. Otherwise a warning: it is written as the words say.
    pub blocks: bool,
}

/// Code, Japanese and English words.
pub(crate) struct Words(pub &'static str, pub String, pub String);

impl Words {
    pub(crate) fn at(self, order_no: Option<&str>, field: &str, blocks: bool) -> LabelProblem {
        let Self(code, ja, en) = self;
        let order_no = order_no.map(str::to_owned);
        LabelProblem { order_no, field: field.to_owned(), code: code.to_owned(), ja, en, blocks }
    }
}

/// A character with its code point, since many are not visible.
fn shown(c: char) -> String {
    format!("「{c}」(U+{:04X})", u32::from(c))
}

pub(crate) fn unmappable(lost: &[char]) -> Words {
    let list: Vec<String> = lost.iter().take(20).map(|c| shown(*c)).collect();
    let list = list.join("、");
    Words(
        "not_in_cp932",
        format!("Shift_JISにない文字があります：{list}。別の文字に直すか、置き換えの設定に加えてください。"),
        format!(
            "Characters that Shift_JIS does not have: {list}. Change them or add a replacement in the settings."
        ),
    )
}

pub(crate) fn replaced(changes: &[(String, String)]) -> Words {
    let list: Vec<String> = changes
        .iter()
        .take(20)
        .map(|(from, to)| {
            let from: Vec<String> = from.chars().take(4).map(shown).collect();
            let to = if to.is_empty() { "（なし）".to_owned() } else { format!("「{to}」") };
            format!("{} → {to}", from.concat())
        })
        .collect();
    let list = list.join("、");
    Words("replaced", format!("文字を置き換えました：{list}"), format!("Characters were replaced: {list}"))
}

pub(crate) fn missing() -> Words {
    Words("missing", "必須の項目が空欄です。".to_owned(), "A required field is blank.".to_owned())
}

pub(crate) fn too_long(over: usize, unit: &'static str) -> Words {
    let (ja, en) = match unit {
        "bytes" => ("バイト", "bytes (Shift_JIS)"),
        _ => ("文字", "characters"),
    };
    Words(
        "too_long",
        format!("長すぎます（{over}{ja}超過）。切り捨てずに保留しました。短く直してください。"),
        format!("Too long by {over} {en}. Held, not cut: please shorten it."),
    )
}

pub(crate) fn address_left_over(over: usize, unit: &'static str) -> Words {
    let (ja, en) =
        if unit == "bytes" { ("バイト", "bytes (Shift_JIS)") } else { ("文字", "characters") };
    Words(
        "address_left_over",
        format!(
            "住所が欄に収まりません（約{over}{ja}超過）。切り捨てずに保留しました。住所を短く直してください。"
        ),
        format!(
            "The address does not fit: about {over} {en} are left over. Held, not cut: please shorten it."
        ),
    )
}

pub(crate) fn shortened(what: &str) -> Words {
    Words("shortened", format!("品名を{what}"), "The names of the goods were shortened.".to_owned())
}

pub(crate) fn bad_form(expected_ja: &str, expected_en: &str) -> Words {
    Words(
        "bad_form",
        format!("形が正しくありません（{expected_ja}）。"),
        format!("Not of the right form ({expected_en})."),
    )
}

pub(crate) fn slot_lacking(slot: &str, hint: &str) -> Words {
    Words(
        "slot_lacking",
        format!("時間帯が配送業者にない：「{slot}」。{hint}お客様に確認して選び直してください。"),
        format!(
            "The carrier does not have the delivery slot \"{slot}\". Please ask the buyer and choose another."
        ),
    )
}

pub(crate) fn slot_code_unset(slot: &str) -> Words {
    Words(
        "slot_code_unset",
        format!("時間帯「{slot}」のコードが設定されていません。ご利用の環境のコードを設定に入れてください。"),
        format!(
            "No code is set for the delivery slot \"{slot}\". Please enter the code of your installation."
        ),
    )
}

pub(crate) fn unset(blocks: bool) -> Words {
    let (ja, en) = if blocks {
        ("設定してください。", "Please set it.")
    } else {
        ("空欄で書き出します。", "Written blank.")
    };
    Words("setting_blank", format!("設定が空欄です。{ja}"), format!("This setting is blank. {en}"))
}

pub(crate) fn plain(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Words {
    Words(code, ja.into(), en.into())
}
