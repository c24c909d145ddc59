//! エラー一覧: every code the malls' papers list and every failure of our own, in one place (IMP-6): 事象, 原因, 対処, who acts,
//! whether it is retried, and where it is mended. Read from the malls' Descriptors and from `domain::reason`; this file
//! adds no words about single codes, so that no door can say something else.

pub mod markdown;
mod place;

pub use place::Place;

use domain::reason::{self, Actor};
use mall_api::Mall;
use serde::Serialize;
use std::sync::Arc;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Code, unique.
    pub code: String,
    /// Key of the mall; `None`: ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mall: Option<&'static str>,
    /// Name of the mall; empty: ours.
    pub mall_name: &'static str,
    /// 事象, Japanese.
    pub event: String,
    /// 原因, Japanese; empty where the event says it.
    pub cause: String,
    /// 対処, Japanese; empty: nothing is to be done.
    pub remedy: String,
    /// English.
    pub en: String,
    /// Who acts.
    pub actor: Actor,
    /// Tried again by itself.
    pub retried: bool,
    /// Where it is mended.
    pub place: Place,
    /// Other words under which people know it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_known: Vec<&'static str>,
}

impl Entry {
    /// The part of addresses and file names that names it.
    #[must_use]
    pub fn slug(&self) -> String {
        slug(&self.code)
    }

    /// Does it hold these words? Case and width do not matter; all words must be there.
    #[must_use]
    pub fn matches(&self, words: &str) -> bool {
        let text = [&self.code, &self.event, &self.cause, &self.remedy, &self.en]
            .into_iter()
            .map(String::as_str)
            .chain([self.mall_name])
            .chain(self.also_known.iter().copied())
            .collect::<Vec<_>>()
            .join(" ");
        let text = folded(&text);
        folded(words).split_whitespace().all(|word| text.contains(word))
    }
}

fn folded(text: &str) -> String {
    let half = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    text.chars().map(half).flat_map(char::to_lowercase).collect()
}

/// A code as part of an address.
#[must_use]
pub fn slug(code: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    code.chars().map(safe).collect()
}

/// Who acts, in words.
#[must_use]
pub fn actor(actor: Actor) -> (&'static str, &'static str) {
    match actor {
        Actor::Staff => ("担当者", "staff"),
        Actor::Admin => ("管理者", "the administrator"),
        Actor::Mall => ("モール（待ちます）", "the mall (we wait)"),
        Actor::Nobody => ("操作は要りません", "nobody"),
    }
}

/// 事象 and 原因 of words that hold both: the first sentence, and what follows it or stands in brackets at its end.
fn split(words: &str) -> (String, String) {
    if let Some((event, cause)) = words.split_once('。')
        && !cause.is_empty()
    {
        return (event.to_owned(), cause.trim_end_matches('。').to_owned());
    }
    let inside = words.strip_suffix('）').and_then(|rest| rest.rsplit_once('（'));
    // A bracket that only repeats a number says nothing of the cause.
    match inside {
        Some((event, cause)) if !event.is_empty() && cause.chars().count() > 8 && !cause.contains('{') => {
            (event.to_owned(), cause.to_owned())
        }
        _ => (words.to_owned(), String::new()),
    }
}

/// Names of the arguments of our own reasons, as a reader meets them.
const ARGUMENTS: [(&str, &str); 35] = [
    ("carrier", "配送業者"),
    ("characters", "文字"),
    ("class", "管理区分"),
    ("code", "コード"),
    ("count", "回数"),
    ("credential", "認証情報"),
    ("date", "日付"),
    ("days", "日数"),
    ("fields", "項目"),
    ("file", "ファイル"),
    ("forms", "番号の形"),
    ("id", "番号"),
    ("key", "認証情報"),
    ("kind", "種類"),
    ("kinds", "種類"),
    ("level", "権限"),
    ("limit", "大きさ"),
    ("line", "行"),
    ("mall", "モール"),
    ("menu", "メニュー"),
    ("method", "配送便"),
    ("name", "店舗"),
    ("number", "配送番号"),
    ("other", "店舗の番号"),
    ("parent", "親の管理番号"),
    ("phase", "フェーズ"),
    ("recipient", "お届け先"),
    ("seconds", "秒数"),
    ("shop", "店舗"),
    ("shops", "店舗"),
    ("state", "連携ステータス"),
    ("status", "モールステータス"),
    ("time", "日時"),
    ("what", "内容"),
    ("why", "理由"),
];

/// `{shop}` becomes 〔店舗〕; an argument without a name of its own becomes 〔…〕.
fn named(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        let word = ARGUMENTS.iter().find(|(n, _)| *n == name).map_or("…", |(_, word)| *word);
        out.push_str(before);
        out.push('〔');
        out.push_str(word);
        out.push('〕');
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Every entry: ours first, then mall by mall.
#[must_use]
pub fn entries(malls: &[Arc<dyn Mall>]) -> Vec<Entry> {
    let ours = reason::own().map(|r| {
        let (event, cause) = split(&named(r.ja));
        Entry {
            code: r.code.to_owned(),
            mall: None,
            mall_name: "",
            place: Place::of(&event, r.remedy, r.actor),
            event,
            cause,
            remedy: named(r.remedy),
            en: r.en.replace('{', "<").replace('}', ">"),
            actor: r.actor,
            retried: r.retried,
            also_known: Vec::new(),
        }
    });
    let theirs = malls.iter().flat_map(|mall| {
        let descriptor = mall.descriptor();
        descriptor.errors.iter().map(move |e| {
            let (event, cause) = split(e.ja);
            let also = descriptor.also_known.iter().filter(|(code, _)| *code == e.code);
            Entry {
                code: e.code.to_owned(),
                mall: Some(descriptor.mall),
                mall_name: descriptor.name,
                place: Place::of(&event, e.remedy, e.actor),
                event,
                cause,
                remedy: e.remedy.to_owned(),
                en: e.en.to_owned(),
                actor: e.actor,
                retried: e.retried,
                also_known: also.map(|(_, words)| *words).collect(),
            }
        })
    });
    ours.chain(theirs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_entry_has_a_code_of_its_own_words_and_an_address() {
        let all = entries(&malls::registry());
        let codes: BTreeSet<_> = all.iter().map(|e| e.code.as_str()).collect();
        assert_eq!(codes.len(), all.len(), "a code stands twice");
        let slugs: BTreeSet<_> = all.iter().map(|e| e.slug().to_lowercase()).collect();
        assert_eq!(slugs.len(), all.len(), "two codes share an address");
        for entry in &all {
            assert!(!entry.event.is_empty() && !entry.en.is_empty(), "{entry:?}");
            let acts = matches!(entry.actor, Actor::Staff | Actor::Admin) && !entry.retried;
            let words = [entry.event.as_str(), &entry.cause, &entry.remedy].concat();
            assert!(!words.contains(['{', '}']), "{entry:?}");
            assert!(
                !acts || !entry.remedy.is_empty() || NO_REMEDY.contains(&entry.code.as_str()),
                "{entry:?}"
            );
        }
    }

    /// Told to staff, and nothing is to be done about them.
    const NO_REMEDY: [&str; 6] = [
        "order_not_found",
        "bundle_of_itself",
        "cancelled_here",
        "od91113",
        "ORDER_EXT_API_UPDATE_ORDERSUBSTATUS_ERROR_101",
        "AMAZON_CSV",
    ];

    #[test]
    fn the_texts_that_the_seeds_name_are_found_imp6() {
        let all = entries(&malls::registry());
        let found = |words: &str| {
            let hits: Vec<&str> = all.iter().filter(|e| e.matches(words)).map(|e| e.code.as_str()).collect();
            hits.join(" ")
        };
        for (words, code) in [
            (
                "The seller does not have an eligible Amazon account to call Amazon MWS",
                "AMAZON_INDIVIDUAL_PLAN",
            ),
            ("Internal Error", "AMAZON_INTERNAL"),
            ("Request signature is too far in the future", "AMAZON_CLOCK_SKEW"),
            ("too far in the past", "AMAZON_CLOCK_SKEW"),
            ("access to orders get order is denied", "AMAZON_GRANT_LAPSED"),
            ("Access to Reports.Request Report id denied", "AMAZON_GRANT_LAPSED"),
            ("Access to Feeds.SubmitFeed is denied", "AMAZON_GRANT_LAPSED"),
            ("公開鍵を設定しているがバージョンを設定していない", "YAHOO_KEY_AND_VERSION"),
            ("バージョンのみの入力", "YAHOO_KEY_AND_VERSION"),
            ("公開鍵の有効期限", "YAHOO_SIGNATURE_NOT_ACCEPTED"),
            ("ライセンスキーの有効期限", "GA0001"),
            ("受注取得アクセスキーの有効期限", "invalid_grant"),
            ("接続元ＩＰアドレス", "px-04306"),
            ("ダウンロード中もしくはCSV取込中のサイトがあります", "shop_busy"),
            ("不正利用審査中の注文は「キャンセル」へのステータス変更のみ行えます", "fraud_hold_blocks_move"),
            ("不正保留中のためステータス変更しませんでした", "fraud_hold_blocks_status_change"),
            ("取得対象ではありません", "status_not_fetched"),
            ("作成期間", "outside_last_update"),
            ("出荷日 未来の日付", "ship_date_in_future"),
        ] {
            assert!(found(words).split(' ').any(|c| c == code), "{words}: {}", found(words));
        }
        assert_eq!(found("そのような言葉はどこにもない"), "");
    }

    #[test]
    fn words_are_parted_into_what_happened_and_why() {
        let parts = |text| split(text);
        assert_eq!(
            parts("認証に失敗しました。キーが違います"),
            ("認証に失敗しました".into(), "キーが違います".into())
        );
        assert_eq!(parts("Amazonの認可が切れています（年に一度の再認可が必要）").1, "年に一度の再認可が必要");
        assert_eq!(parts("障害です（HTTP 500）"), ("障害です（HTTP 500）".into(), String::new()));
        assert_eq!(named("店舗「{shop}」は{unheard}です"), "店舗「〔店舗〕」は〔…〕です");
    }
}
