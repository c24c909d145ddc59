//! Words for 操作ログ: what the keys of actions and details mean. A key of a newer program stays as it is.

use crate::words::Lang;
use serde_json::Value;

const ACTIONS: [(&str, &str, &str); 61] = [
    ("sign_in", "ログイン", "Signed in"),
    ("sign_in_failed", "ログイン失敗", "Sign-in failed"),
    ("sign_in_failed_unknown", "ログイン失敗（存在しないログイン名）", "Sign-in failed (no such person)"),
    ("setup", "初期設定", "Set-up"),
    ("setup.company", "初期設定：会社情報", "Set-up: company"),
    ("reveal", "電話番号・メールの表示", "Contact data shown"),
    ("orders.bulk", "受注の一括操作", "Bulk work on orders"),
    ("note.drop", "メモの削除", "Note removed"),
    ("printed", "印刷済みにした", "Marked as printed"),
    ("printed.undo", "未印刷に戻した", "Marked as not printed"),
    ("export.labels", "送り状CSVの出力", "Label file written"),
    ("export.shipment_file", "出荷ファイルのダウンロード", "Shipment file downloaded"),
    ("labels.settings", "送り状CSVの設定の変更", "Label settings changed"),
    ("tracking.read_back", "配送番号の読み込み", "Tracking numbers read"),
    ("payment.paid", "入金済みにした", "Marked as paid"),
    ("import.files", "受注ファイルの取込", "Order files imported"),
    ("shop.add", "店舗の追加", "Shop connected"),
    ("shop.set", "店舗の設定の変更", "Shop changed"),
    ("shop.link", "紐付け設定の変更", "Shop's links changed"),
    ("shop.authorise", "モールへのアクセスの許可", "Access granted at the mall"),
    ("shop.credentials", "認証情報の登録", "Credentials entered"),
    ("shop.automation", "自動処理の開始・停止", "Automation started or stopped"),
    ("shop.import_started", "取込の開始", "Import started"),
    ("shop.credentials.dropped", "確かめ中の認証情報の取り消し", "Waiting credentials dropped"),
    ("credentials.calendar.new", "有効期限のカレンダーの発行", "Calendar feed made"),
    ("credentials.calendar.off", "有効期限のカレンダーの停止", "Calendar feed switched off"),
    ("listener.add", "新着の知らせの追加", "Listener added"),
    ("listener.change", "新着の知らせの変更", "Listener changed"),
    ("listener.drop", "新着の知らせの削除", "Listener removed"),
    ("listener.switch", "新着の知らせの開始・停止", "Listener switched"),
    ("listener.test", "新着の知らせの接続テスト", "Listener tested"),
    ("provisional.activate", "仮伝票の有効化", "Provisional slip activated"),
    ("provisional.drop", "仮伝票の取り消し", "Provisional slip dropped"),
    ("preholiday.mail", "連休前点検のメール送信", "Checklist mailed"),
    ("letter.again", "メールの再送", "Letter sent again"),
    ("settings.mail", "メールの設定の変更", "Mail settings changed"),
    ("settings.mail.try", "メールの試し送信", "Test letter sent"),
    ("credential.set", "認証情報の登録", "Credentials entered"),
    ("settings.company", "会社情報の変更", "Company changed"),
    ("settings.calendar", "休業日の変更", "Closed days changed"),
    ("carrier.set", "配送業者の変更", "Carrier changed"),
    ("shipping_method.set", "配送便の変更", "Delivery service changed"),
    ("phase.add", "フェーズの追加", "Phase added"),
    ("phase.set", "フェーズの変更", "Phase changed"),
    ("phase.drop", "フェーズの削除", "Phase removed"),
    ("rule.set", "自動連携の規則の変更", "Rule changed"),
    ("rule.drop", "自動連携の規則の削除", "Rule removed"),
    ("user.add", "ユーザーの追加", "Person added"),
    ("user.set", "ユーザーの変更", "Person changed"),
    ("user.off", "ユーザーの停止", "Person switched off"),
    ("user.link", "ログイン用リンクの発行", "Sign-in link made"),
    ("user.totp_off", "ユーザーの2段階認証の解除", "Second factor of a person removed"),
    ("group.add", "権限グループの追加", "Group added"),
    ("group.set", "権限グループの変更", "Group changed"),
    ("group.drop", "権限グループの削除", "Group removed"),
    ("me.name", "自分の名前の変更", "Own name changed"),
    ("me.password", "自分のパスワードの変更", "Own password changed"),
    ("me.sessions_ended", "ほかの端末のログアウト", "Other devices signed out"),
    ("me.token", "APIトークンの発行・削除", "API token made or removed"),
    ("me.totp_on", "2段階認証の開始", "Second factor on"),
    ("me.totp_off", "2段階認証の解除", "Second factor off"),
];

const DETAILS: [(&str, &str, &str); 22] = [
    ("fields", "項目", "fields"),
    ("orders", "受注", "orders"),
    ("do", "操作", "action"),
    ("credentials", "認証情報", "credentials"),
    ("group", "権限グループ", "group"),
    ("state", "状態", "state"),
    ("phase", "フェーズ", "phase"),
    ("rule", "規則", "rule"),
    ("rights", "権限", "rights"),
    ("mall", "モール", "mall"),
    ("note", "メモ", "note"),
    ("rows", "行数", "rows"),
    ("files", "ファイル数", "files"),
    ("file_id", "ファイル", "file"),
    ("checksum", "照合値", "checksum"),
    ("program", "形式", "program"),
    ("to", "変更後", "to"),
    ("entered", "登録", "entered"),
    ("there", "登録済み", "there already"),
    ("failed", "できなかった件数", "failed"),
    ("days", "日数", "days"),
    ("via", "経路", "via"),
];

/// An action in words.
#[must_use]
pub fn action(lang: Lang, key: &str) -> String {
    let key = if key.starts_with("me.token_") { "me.token" } else { key };
    let found = ACTIONS.iter().find(|(known, ..)| *known == key);
    found.map_or(key, |(_, ja, en)| lang.t(ja, en)).to_owned()
}

fn value(lang: Lang, of: &Value) -> String {
    match of {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(|v| value(lang, v)).collect::<Vec<_>>().join("、"),
        Value::Object(_) => details(lang, of),
        Value::Bool(true) => lang.t("はい", "yes").to_owned(),
        Value::Bool(false) => lang.t("いいえ", "no").to_owned(),
        Value::Null => String::new(),
        Value::Number(n) => n.to_string(),
    }
}

/// Details in words: `項目：name、interval`.
#[must_use]
pub fn details(lang: Lang, of: &Value) -> String {
    let Value::Object(map) = of else { return value(lang, of) };
    let word = |key: &str| {
        let found = DETAILS.iter().find(|(known, ..)| *known == key);
        found.map_or(key, |(_, ja, en)| lang.t(ja, en)).to_owned()
    };
    let parts = map.iter().map(|(key, of)| format!("{}：{}", word(key), value(lang, of)));
    parts.collect::<Vec<_>>().join("／")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    fn sources(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("diagnostics/words.rs") {
                out.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_action_that_is_written_down_has_words() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut text = String::new();
        sources(&here.join("src"), &mut text);
        sources(&here.join("../choba/src/cli"), &mut text);
        let calls = ["log_action(", "log(&desk, &visitor, "];
        let mut seen = 0;
        for call in calls {
            for after in text.split(call).skip(1) {
                let arguments = after.split(';').next().unwrap();
                // The action is the next argument (of `log_action` the one after who it was); else it is a variable.
                let mut parts = arguments.split('"');
                let before = parts.next().unwrap().trim();
                let direct = before.is_empty() || (call == "log_action(" && before.matches(',').count() == 1);
                let Some(key) = parts.next().filter(|_| direct) else { continue };
                seen += 1;
                assert_ne!(action(Lang::Ja, key), key, "words are missing for {key}");
                assert_ne!(action(Lang::En, key), key, "words are missing for {key}");
            }
        }
        assert!(seen > 25, "{seen} found");
    }

    #[test]
    fn details_are_told_in_words_and_what_is_unknown_stays() {
        let told = details(Lang::Ja, &json!({ "fields": ["phone", "email"], "orders": 3, "newer": true }));
        assert_eq!(told, "項目：phone、email／newer：はい／受注：3");
        assert_eq!(details(Lang::Ja, &json!({})), "");
        assert_eq!(action(Lang::Ja, "of_a_newer_program"), "of_a_newer_program");
        assert_eq!(action(Lang::Ja, "me.token_added"), action(Lang::Ja, "me.token_dropped"));
    }
}
