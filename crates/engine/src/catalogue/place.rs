//! Where an error is mended: a screen of ours, the mall's own, or nowhere.

use domain::reason::Actor;
use serde::Serialize;

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// 店舗: credentials, settings, addresses.
    Shops,
    /// 受注取込: period, fetched statuses.
    Import,
    /// 取込エラー.
    Quarantine,
    /// The order's own page.
    Orders,
    /// 連携履歴.
    Notices,
    /// 出荷・印刷: shipment files.
    Shipping,
    /// 自動連携の規則.
    Rules,
    /// 配送業者マスタ.
    Carriers,
    /// フェーズ.
    Phases,
    /// ユーザーと権限.
    Users,
    /// 診断.
    Diagnostics,
    /// The mall's own screen.
    Mall,
    /// Nothing is to be done.
    Nowhere,
}

/// Words of a remedy that name a place, the most telling first.
const WORDS: [(&str, Place); 32] = [
    ("取込エラー", Place::Quarantine),
    ("取得ステータス", Place::Import),
    ("強制ダウンロード", Place::Import),
    ("期間を", Place::Import),
    ("取り込んで", Place::Import),
    ("ダウンロードし", Place::Import),
    ("ファイルを", Place::Import),
    ("注文再取込", Place::Orders),
    ("配送業者マスタ", Place::Carriers),
    ("配送便を", Place::Carriers),
    ("対象フェーズを加え", Place::Rules),
    ("自動処理を", Place::Rules),
    ("規則の", Place::Rules),
    ("モールへ登録済み", Place::Shipping),
    ("作成期間", Place::Shipping),
    ("番号を確かめ", Place::Orders),
    ("権限", Place::Users),
    ("choba serve", Place::Diagnostics),
    ("時計", Place::Diagnostics),
    ("最新版", Place::Diagnostics),
    ("再認可", Place::Shops),
    ("認証情報", Place::Shops),
    ("認可", Place::Shops),
    ("接続先", Place::Shops),
    ("店舗の", Place::Shops),
    ("店舗を", Place::Shops),
    ("設定「", Place::Shops),
    ("連携履歴", Place::Notices),
    ("再送", Place::Notices),
    ("登録し直", Place::Shops),
    ("画面で", Place::Mall),
    ("画面の", Place::Mall),
];

impl Place {
    /// The place that the words of an entry name; else where the one who acts would look.
    #[must_use]
    pub fn of(event: &str, remedy: &str, actor: Actor) -> Self {
        if remedy.is_empty() && matches!(actor, Actor::Nobody | Actor::Mall) {
            return Place::Nowhere;
        }
        let named = WORDS.into_iter().find(|(word, _)| remedy.contains(word));
        match (named, actor) {
            (Some((_, place)), Actor::Staff | Actor::Admin) => place,
            (None, Actor::Admin) => Place::Shops,
            (None, Actor::Staff) if event.contains("フェーズ") => Place::Phases,
            (None, Actor::Staff) => Place::Orders,
            (_, Actor::Mall | Actor::Nobody) => Place::Nowhere,
        }
    }

    /// Its page; empty: none of ours.
    #[must_use]
    pub fn href(self) -> &'static str {
        match self {
            Place::Shops => "/shops",
            Place::Import => "/import",
            Place::Quarantine => "/import#quarantine",
            Place::Orders => "/orders",
            Place::Notices => "/notices",
            Place::Shipping => "/shipping",
            Place::Rules => "/settings/rules",
            Place::Carriers => "/settings/carriers",
            Place::Phases => "/settings/phases",
            Place::Users => "/users",
            Place::Diagnostics => "/diagnostics",
            Place::Mall | Place::Nowhere => "",
        }
    }

    /// Its page in the manual, without `.md`; empty: none.
    #[must_use]
    pub fn manual(self) -> &'static str {
        match self {
            Place::Shops => "shops",
            Place::Import | Place::Quarantine => "import",
            Place::Orders => "order",
            Place::Notices => "notices",
            Place::Shipping => "shipping",
            Place::Rules | Place::Carriers | Place::Phases => "settings",
            Place::Users => "users",
            Place::Diagnostics => "diagnostics",
            Place::Mall => "malls",
            Place::Nowhere => "",
        }
    }

    /// Its name, Japanese and English.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Place::Shops => ("店舗（認証情報・設定）", "shops (credentials, settings)"),
            Place::Import => ("受注取込", "import"),
            Place::Quarantine => ("取込エラー", "import errors"),
            Place::Orders => ("受注", "orders"),
            Place::Notices => ("連携履歴", "notices"),
            Place::Shipping => ("出荷・印刷", "shipping"),
            Place::Rules => ("自動連携", "rules"),
            Place::Carriers => ("配送業者・配送便", "carriers"),
            Place::Phases => ("フェーズ", "phases"),
            Place::Users => ("ユーザー", "users"),
            Place::Diagnostics => ("診断", "diagnostics"),
            Place::Mall => ("モールの画面", "the mall's own screen"),
            Place::Nowhere => ("なし", "none"),
        }
    }
}
