//! What a shop may set. Facts that the papers leave open are settings, with the doubt named in their help or here.

use super::codes;
use mall_api::Settings;
use mall_api::descriptor::SettingField;

/// Marketplace.
pub(super) const MARKETPLACE: &str = "marketplace_id";
/// From so many parcels on, notices go by feed.
pub(super) const FEED_THRESHOLD: &str = "feed_threshold";
/// Default of [`FEED_THRESHOLD`]: as many orders as are handed over at once when there is much to do.
pub(super) const FEED_THRESHOLD_DEFAULT: i64 = 100;
/// Charset of feeds and shipment files.
pub(super) const FILE_CHARSET: &str = "file_charset";
/// Value of [`FILE_CHARSET`].
pub(super) const UTF8: &str = "utf-8";
/// Value of [`FILE_CHARSET`].
pub(super) const SHIFT_JIS: &str = "shift_jis";
/// What orders are asked with.
pub(super) const INCLUDED_DATA: &str = "included_data";
/// Value of [`INCLUDED_DATA`]: everything this program uses.
pub(super) const FULL: &str = "full";
/// Value of [`INCLUDED_DATA`]: without buyer and address, for apps without a restricted role.
pub(super) const NO_PERSONAL: &str = "no_personal";
/// 配送方法 where the carrier's code names none.
pub(super) const SHIP_METHOD: &str = "ship_method";
/// Application id for the consent page.
pub(super) const APPLICATION_ID: &str = "application_id";
/// The app is still a draft.
pub(super) const APP_DRAFT: &str = "app_draft";
/// The consent page.
pub(super) const CONSENT_PAGE: &str = "consent_page";
/// Default of [`CONSENT_PAGE`] (0).
pub(super) const CONSENT_PAGE_DEFAULT: &str = "https://sellercentral.amazon.co.jp/apps/authorize/consent";
/// Texts of processing reports and what they mean for this shop.
pub(super) const REPORT_TEXTS: &str = "report_texts";

/// All fields.
pub(super) fn fields() -> Vec<SettingField> {
    let field =
        |key, label, default, help, check| SettingField { key, label, default, required: false, help, check };
    vec![
        field(
            MARKETPLACE,
            "マーケットプレイスID",
            codes::JAPAN,
            "Amazon.co.jp は A1VC38T7YXB528 です。",
            check_marketplace,
        ),
        field(
            FEED_THRESHOLD,
            "ファイル送信に切り替える荷物数",
            "100",
            "一度に通知する荷物がこの数以上のとき、出荷通知ファイル（フィード）を使います。結果が出るまで数分かかります。0＝使わない（配送番号のない荷物は常にファイルです）。",
            check_threshold,
        ),
        field(
            FILE_CHARSET,
            "ファイルの文字コード",
            UTF8,
            "出荷通知ファイルの文字コード。utf-8 または shift_jis。購入者に文字化けして見える場合に切り替えます。",
            check_charset,
        ),
        field(
            INCLUDED_DATA,
            "取得する情報",
            FULL,
            "full＝すべて、no_personal＝購入者・お届け先なし。権限がないと自動で no_personal になります。ロールを付けて再認可した後は full に戻してください。",
            check_included,
        ),
        field(
            SHIP_METHOD,
            "配送方法",
            "",
            "出荷通知に付ける配送方法（宅急便 など）。配送業者マスタのコードに「YAMATO:ヤマト運輸:宅急便」と書くと、そちらが優先されます。空欄の場合、ファイル送信で警告が出ますが無視できます。",
            check_word,
        ),
        field(
            APPLICATION_ID,
            "アプリケーションID",
            "",
            "ブラウザーで認可する場合に使います（amzn1.sp.solution. で始まる）。リフレッシュトークンを貼り付ける場合は不要です。",
            check_word,
        ),
        field(
            APP_DRAFT,
            "下書きのアプリ",
            "false",
            "アプリがまだ公開されていない（下書き）なら true。",
            check_flag,
        ),
        field(CONSENT_PAGE, "認可の画面", CONSENT_PAGE_DEFAULT, "通常は変更しません。", check_page),
        field(
            REPORT_TEXTS,
            "処理レポートの文言の扱い",
            "",
            "処理レポートの文言ごとの扱いを「成功扱い=文言」「失敗=文言」「要確認=文言」の形で、| で区切って入力します。ここにない文言は既定の扱いになります。",
            check_report_texts,
        ),
    ]
}

fn check_marketplace(value: &str) -> Result<(), String> {
    let good = (10..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric());
    if good {
        Ok(())
    } else {
        Err("英数字のマーケットプレイスIDを入力してください".to_owned())
    }
}

fn check_threshold(value: &str) -> Result<(), String> {
    match value.parse::<i64>() {
        Ok(0..=100_000) => Ok(()),
        _ => Err("0以上の数字を入力してください".to_owned()),
    }
}

fn check_charset(value: &str) -> Result<(), String> {
    match value {
        UTF8 | SHIFT_JIS => Ok(()),
        _ => Err("utf-8 か shift_jis を入力してください".to_owned()),
    }
}

fn check_included(value: &str) -> Result<(), String> {
    match value {
        FULL | NO_PERSONAL => Ok(()),
        _ => Err("full か no_personal を入力してください".to_owned()),
    }
}

fn check_word(value: &str) -> Result<(), String> {
    if value.chars().any(char::is_control) || value.chars().count() > 200 {
        return Err("改行・タブのない200文字以内で入力してください".to_owned());
    }
    Ok(())
}

fn check_flag(value: &str) -> Result<(), String> {
    value.parse::<bool>().map(|_| ()).map_err(|_| "true か false を入力してください".to_owned())
}

fn check_page(value: &str) -> Result<(), String> {
    let web = value.starts_with("https://") || value.starts_with("http://");
    let plain = value.bytes().all(|b| b.is_ascii_graphic()) && !value.contains(['?', '#']);
    if web && plain {
        Ok(())
    } else {
        Err("https:// で始まるアドレスを入力してください".to_owned())
    }
}

fn check_report_texts(value: &str) -> Result<(), String> {
    let good = |entry: &str| entry.trim().is_empty() || Meaning::entry(entry).is_some();
    if value.split('|').all(good) {
        return Ok(());
    }
    Err("「成功扱い=文言」「失敗=文言」「要確認=文言」の形で、| で区切って入力してください".to_owned())
}

/// What a text of a processing report means (4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// 成功扱い.
    Applied,
    /// 失敗.
    Refused,
    /// 要確認: the order is read back.
    Unclear,
}

impl Meaning {
    fn entry(text: &str) -> Option<(Self, String)> {
        let (word, pattern) = text.split_once(['=', '＝'])?;
        let meaning = match word.trim() {
            "成功扱い" => Self::Applied,
            "失敗" => Self::Refused,
            "要確認" => Self::Unclear,
            _ => return None,
        };
        let pattern = pattern.trim().to_lowercase();
        (!pattern.is_empty()).then_some((meaning, pattern))
    }
}

/// The shop's own table of report texts.
pub(super) fn report_texts(settings: &Settings) -> Vec<(Meaning, String)> {
    settings.get(REPORT_TEXTS).unwrap_or_default().split('|').filter_map(Meaning::entry).collect()
}
