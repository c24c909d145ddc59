//! Why a command did not do what it was asked for, and the exit code that goes with it.

use domain::Reason;
use serde_json::{Value, json};
use std::fmt;
use store::StoreError;

/// A refusal or failure with its words.
#[derive(Debug, Clone, Default)]
pub struct Refusal {
    /// Stable code.
    pub code: String,
    /// What and why, Japanese.
    pub ja: String,
    /// The same in English.
    pub en: String,
    /// What to do, Japanese.
    pub remedy: String,
    /// The option, argument or key that was wrong.
    pub field: Option<String>,
    /// Wrong usage (exit code 2) and not a refusal (1).
    pub usage: bool,
    /// More for scripts.
    pub details: Option<Value>,
}

impl Refusal {
    /// Refused or failed.
    pub fn new(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: code.to_owned(), ja: ja.into(), en: en.into(), ..Self::default() }
    }

    /// Bad input: names the field.
    pub fn field(field: &str, ja: impl fmt::Display, en: impl fmt::Display) -> Self {
        Self {
            code: "bad_input".to_owned(),
            ja: format!("{field}：{ja}"),
            en: format!("{field}: {en}"),
            field: Some(field.to_owned()),
            usage: true,
            ..Self::default()
        }
    }

    /// With what to do.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// With more for scripts.
    pub fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// As `{"error": …}` shows it.
    pub fn to_json(&self) -> Value {
        let mut out = json!({ "code": self.code, "ja": self.ja, "en": self.en, "remedy": self.remedy });
        if let Some(map) = out.as_object_mut() {
            if let Some(field) = &self.field {
                map.insert("field".to_owned(), json!(field));
            }
            if let Some(Value::Object(details)) = self.details.clone() {
                map.extend(details);
            }
        }
        out
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        if self.usage { 2 } else { 1 }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl std::error::Error for Refusal {}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        let code = reason.mall_code.as_ref().map(|c| format!("（{c}）")).unwrap_or_default();
        Self {
            code: reason.code,
            ja: format!("{}{code}", reason.ja),
            en: reason.en,
            remedy: reason.remedy,
            ..Self::default()
        }
    }
}

/// What stands behind any error of the program.
pub fn of_error(error: &anyhow::Error) -> Refusal {
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return refusal.clone();
    }
    match error.downcast_ref::<StoreError>() {
        Some(store) => of_store(store),
        None => Refusal::new("failed", format!("処理できませんでした：{error:#}"), format!("{error:#}")),
    }
}

fn of_store(error: &StoreError) -> Refusal {
    let (code, ja, remedy) = match error {
        StoreError::Busy(_) => {
            ("database_busy", "データベースが使用中です", "少し待ってから、もう一度実行してください。")
        }
        StoreError::Full(_) => ("disk_full", "ディスクの空きがありません", "空きを作ってください。"),
        StoreError::ReadOnly(_) => ("read_only", "データベースに書き込めません", "権限を確認してください。"),
        StoreError::Conflict { .. } => {
            ("conflict", "ほかの人が先に変更しました", "最新の内容を確認して、もう一度実行してください。")
        }
        StoreError::Corrupt { .. } => {
            ("damaged", "保存されている値を読み取れません", "バックアップからの復元を検討してください。")
        }
        StoreError::Unavailable(_) => {
            ("database_unavailable", "データベースに接続できません", "接続先を確認してください。")
        }
        StoreError::WrongKey(_) => (
            "wrong_key",
            "マスターキーがこの台帳のものではありません",
            "この台帳を作ったときのマスターキーを指定してください。",
        ),
        StoreError::SchemaTooNew { .. } => {
            ("schema_too_new", "この台帳には新しい版のプログラムが必要です", "プログラムを更新してください。")
        }
        _ => ("database_error", "データベースのエラーです", ""),
    };
    Refusal::new(code, format!("{ja}（{error}）"), error.to_string()).remedy(remedy)
}
