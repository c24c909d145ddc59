//! What every screen has around it: the menu, the phase bar with live counts, banners, who is signed in.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped};
use askama::Template;
use axum::response::{Html, IntoResponse as _};
use domain::UtcMillis;
use domain::credential::Urgency;
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::rights::{Level, Menu};
use engine::keys::{BoardRow, EndSource};
use store::Shop;

/// One entry of the menu.
pub struct MenuItem {
    /// Words.
    pub label: &'static str,
    /// Where.
    pub href: &'static str,
    /// This page.
    pub current: bool,
    /// Second letter of the key pair `g …`.
    pub go: &'static str,
    /// The person has no right to it: shown to administrators' eyes only, as an explanation.
    pub closed: bool,
}

/// One entry of the phase bar.
pub struct Place {
    /// Words.
    pub label: String,
    /// Where.
    pub href: String,
    /// Name of the count for live updates (`phase:new`, `state:rejected`).
    pub count_key: String,
    /// How many.
    pub count: String,
    /// None there.
    pub zero: bool,
    /// Needs a person when there are any.
    pub hot: bool,
    /// This list.
    pub current: bool,
    /// Second letter of the key pair `g …`.
    pub go: &'static str,
}

/// How fresh a shop is.
pub struct Freshness {
    /// Name.
    pub shop: String,
    /// All is well.
    pub ok: bool,
    /// `9:05`, or why not.
    pub words: String,
}

/// A line above the page.
pub struct Banner {
    /// `info`, `warn`, `bad`.
    pub kind: &'static str,
    /// Words.
    pub text: String,
    /// Where it is mended; empty = nowhere.
    pub href: String,
    /// Words of the link.
    pub action: &'static str,
}

/// What every screen has around it.
pub struct Frame {
    /// Language.
    pub lang: Lang,
    /// Title of the page.
    pub title: String,
    /// `light`, `dark` or empty.
    pub theme: String,
    /// `dense`, `normal`, `roomy`.
    pub density: String,
    /// Single-letter keys are off.
    pub keys_off: bool,
    /// Name of the visitor.
    pub me: String,
    /// Menu.
    pub menu: Vec<MenuItem>,
    /// すべて.
    pub all: Place,
    /// Phases.
    pub phases: Vec<Place>,
    /// モール連携の処理中.
    pub under_way: Vec<Place>,
    /// 要対応.
    pub attention: Vec<Place>,
    /// Shops.
    pub shops: Vec<Freshness>,
    /// Everything is made up: a mark says so.
    pub demo: bool,
    /// Banners.
    pub banners: Vec<Banner>,
    /// Page of the manual.
    pub help: String,
}

/// Which part of the frame is the page's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Here<'a> {
    /// Menu the page belongs to.
    pub menu: Option<Menu>,
    /// Phase the list shows.
    pub phase: Option<&'a str>,
    /// State the list shows.
    pub state: Option<&'a str>,
    /// The list of all phases.
    pub all: bool,
    /// 見つからない受注を調べる, which belongs to 受注取込 and has an entry of its own.
    pub why: bool,
    /// ホーム.
    pub home: bool,
}

const MENU: [(Menu, &str, &str); 9] = [
    (Menu::Orders, "/orders", "o"),
    (Menu::Import, "/import", "i"),
    (Menu::Shipping, "/shipping", "p"),
    (Menu::Notices, "/notices", "h"),
    (Menu::Payment, "/payment", "y"),
    (Menu::Shops, "/shops", "t"),
    (Menu::Settings, "/settings", "c"),
    (Menu::Users, "/users", "u"),
    (Menu::Diagnostics, "/diagnostics", "d"),
];

/// Places that are not phases: states of our talk with the malls, and flags for people.
pub const UNDER_WAY: [(&str, &str, &str); 2] =
    [("site_changing", "サイト変更中", "Changing at mall"), ("confirming", "結果確認中", "Checking result")];

/// 要対応: key, words, English.
pub const ATTENTION: [(&str, &str, &str); 9] = [
    ("warning", "警告あり", "Warning"),
    ("rejected", "エラー", "Rejected"),
    ("send_failed", "通知失敗", "Not sent"),
    ("result_unknown", "通知結果取得失敗", "Result unknown"),
    ("site_failed", "サイト変更の失敗", "Change at mall failed"),
    ("fraud_hold", "不正保留", "Fraud hold"),
    ("changed_at_mall", "モール側で変更あり", "Changed at mall"),
    ("needs_attention", "要対応", "Needs attention"),
    ("quarantined", "取込エラー", "Import error"),
];

fn menu(visitor: &Visitor, here: Here<'_>) -> Vec<MenuItem> {
    let lang = visitor.lang();
    let administrates = visitor.may(Menu::Users, Level::View);
    let home =
        MenuItem {
            label: lang.t("ホーム", "Home"), href: "/", current: here.home, go: "m", closed: false
        };
    let menus = MENU.into_iter().filter_map(|(menu, href, go)| {
        let closed = !visitor.may(menu, Level::View);
        // Whoever gives rights is shown that a menu is missing; others do not meet what they cannot open.
        (!closed || administrates).then(|| MenuItem {
            label: lang.t(menu.label_ja(), menu.label_en()),
            href,
            current: here.menu == Some(menu),
            go,
            closed,
        })
    });
    let mut items: Vec<MenuItem> = std::iter::once(home).chain(menus).collect();
    if visitor.may(Menu::Import, Level::View) {
        let at = items.iter().position(|i| i.href == "/import").map_or(0, |at| at + 1);
        let label = lang.t("見つからない受注", "Missing orders");
        items.insert(at, MenuItem { label, href: "/why", current: here.why, go: "w", closed: false });
    }
    items
}

struct Counted<'a> {
    lang: Lang,
    counts: &'a std::collections::BTreeMap<String, i64>,
}

impl Counted<'_> {
    fn place(&self, kind: &str, key: &str, label: &str, href: String, hot: bool, current: bool) -> Place {
        let n = self.counts.get(key).copied().unwrap_or_default();
        Place {
            label: label.to_owned(),
            href,
            count_key: format!("{kind}:{key}"),
            count: grouped(n),
            zero: n == 0,
            hot,
            current,
            go: match key {
                "new" => "n",
                "awaiting_shipment" => "s",
                "shipped" => "f",
                "awaiting_print" => "r",
                _ => "",
            },
        }
    }

    fn states(&self, of: &[(&str, &str, &str)], hot: bool, here: Here<'_>) -> Vec<Place> {
        of.iter()
            .map(|(key, ja, en)| {
                let href = match *key {
                    "quarantined" => "/import#quarantine".to_owned(),
                    _ => format!("/orders?state={key}"),
                };
                self.place("state", key, self.lang.t(ja, en), href, hot, here.state == Some(key))
            })
            .collect()
    }
}

fn freshness(shops: &[Shop], lang: Lang, now: UtcMillis) -> Vec<Freshness> {
    shops
        .iter()
        .map(|shop| {
            let longest = engine::rhythm::ceiling_ms(shop.import_interval_ms).max(60_000);
            let late = shop.imports_itself() && shop.imported_to.is_none_or(|at| now.since(at) > 3 * longest);
            let words = match (&shop.held_reason, shop.state.as_str(), shop.imported_to) {
                (_, "off", _) => lang.t("停止中", "off").to_owned(),
                (Some(reason), _, _) => lang.reason(reason),
                (None, _, Some(at)) => crate::words::moment(at).chars().skip(11).collect(),
                (None, _, None) => lang.t("未取込", "not yet").to_owned(),
            };
            Freshness { shop: shop.name.clone(), ok: shop.held_reason.is_none() && !late, words }
        })
        .collect()
}

/// 仮伝票 that have waited so long that a person must look (IMP-14).
async fn provisional(desk: &Desk, visitor: &Visitor) -> Result<Option<Banner>, Refusal> {
    if !visitor.may(Menu::Import, Level::View) {
        return Ok(None);
    }
    let (lang, now) = (visitor.lang(), desk.now());
    let waiting = desk.ledger().waiting_provisional(&visitor.access(), MOST_PROVISIONAL).await?;
    let old = waiting.iter().filter(|p| p.is_old(now)).count();
    if old == 0 {
        return Ok(None);
    }
    Ok(Some(Banner {
        kind: "warn",
        text: match lang {
            Lang::Ja => format!("24時間以上取り込めていない仮伝票が{old}件あります。"),
            Lang::En => format!("{old} provisional slips have waited for more than a day."),
        },
        href: "/import/provisional".to_owned(),
        action: lang.t("確かめる", "Look"),
    }))
}

/// 仮伝票 a banner counts.
const MOST_PROVISIONAL: i64 = 100;

/// Words above every page for a credential that ends within a week, has ended, or that the mall refuses.
fn key_banner(lang: Lang, row: &BoardRow) -> Option<Banner> {
    let (shop, label, key) = (&row.shop, row.label, row.key);
    let days = row.days_left.unwrap_or_default();
    let (ja, en) = match row.urgency {
        _ if !row.is_set => return None,
        _ if row.refused => (
            format!("{shop}の{label}をモールが受け付けていません。取込と通知が止まります。"),
            format!("{shop}: {key} is refused by the mall; import and notices stop."),
        ),
        Urgency::Expired if row.source == EndSource::Latest => (
            format!("{shop}の{label}は、期限を過ぎている可能性があります。有効期限を登録してください。"),
            format!("{shop}: {key} may have expired; enter its end."),
        ),
        Urgency::Expired => (
            format!("{shop}の{label}の有効期限が切れています。取込と通知が止まります。"),
            format!("{shop}: {key} has expired; import and notices stop."),
        ),
        Urgency::Urgent if days == 0 => {
            (format!("{shop}の{label}は、今日で切れます。"), format!("{shop}: {key} ends today."))
        }
        Urgency::Urgent => (
            format!("{shop}の{label}は、あと{days}日で切れます。"),
            format!("{shop}: {key} ends in {days} days."),
        ),
        // From a week on (F13): access that lives four weeks would never be without a line above every page.
        Urgency::Soon | Urgency::Fine | Urgency::NotKnown => return None,
    };
    let waits = if row.next.is_some() {
        lang.t("新しい値をモールで確かめています。", " A new one is being tried.")
    } else {
        ""
    };
    Some(Banner {
        kind: "bad",
        text: format!("{}{waits}", lang.t(&ja, &en)),
        href: format!("/shops/{}#credentials", row.shop_id),
        action: lang.t("更新する", "Renew"),
    })
}

/// Banners: credentials near their end, 仮伝票 that wait too long.
async fn banners(desk: &Desk, visitor: &Visitor, shops: &[Shop]) -> Result<Vec<Banner>, Refusal> {
    let lang = visitor.lang();
    let mut banners = Vec::new();
    if visitor.edits(Menu::Users)
        && let Some(step) = crate::pages::setup::unfinished(desk).await?
    {
        let words = lang.t("初期設定の途中です。次：", "Set-up is unfinished. Next: ");
        banners.push(Banner {
            kind: "info",
            text: format!("{words}{}", step.label(lang)),
            href: "/setup/steps".to_owned(),
            action: lang.t("続ける", "Go on"),
        });
    }
    banners.extend(provisional(desk, visitor).await?);
    if let Some(reason) = desk.ledger().restored().await?.and_then(|restored| restored.may_write().err()) {
        let may_look = visitor.may(Menu::Diagnostics, Level::View);
        banners.push(Banner {
            kind: "bad",
            text: lang.reason(&reason),
            href: if may_look { "/diagnostics/restore".to_owned() } else { String::new() },
            action: lang.t("復元の確認", "Look at it"),
        });
    }
    if !visitor.may(Menu::Shops, Level::View) {
        return Ok(banners);
    }
    let seen = |row: &&BoardRow| row.active && shops.iter().any(|shop| shop.shop_id == row.shop_id);
    banners.extend(desk.keys().await?.iter().filter(seen).filter_map(|row| key_banner(lang, row)));
    Ok(banners)
}

impl Frame {
    /// Around a page.
    ///
    /// # Errors
    /// As the database says.
    pub async fn new(
        desk: &Desk,
        visitor: &Visitor,
        title: impl Into<String>,
        here: Here<'_>,
    ) -> Result<Self, Refusal> {
        let lang = visitor.lang();
        let access = visitor.access();
        let sees_orders = visitor.may(Menu::Orders, Level::View);
        let (mut phases, mut under_way, mut attention) = (Vec::new(), Vec::new(), Vec::new());
        let mut all = Place {
            label: lang.t("すべて", "All").to_owned(),
            href: "/orders?all=1".to_owned(),
            count_key: "all".to_owned(),
            count: String::new(),
            zero: false,
            hot: false,
            current: here.all,
            go: "a",
        };
        let masters = desk.masters().await?;
        if sees_orders {
            let counts = desk.counts().await?;
            let by_phase = counts.by_phase(&access);
            let by_state = counts.by_state(&access);
            let counted = Counted { lang, counts: &by_phase };
            all.count = grouped(by_phase.values().sum());
            for phase in &masters.phases {
                let key = phase.phase.as_str();
                let href = format!("/orders?phase={key}");
                phases.push(counted.place("phase", key, &phase.name, href, false, here.phase == Some(key)));
            }
            let states = Counted { lang, counts: &by_state };
            under_way = states.states(&UNDER_WAY, false, here);
            attention = states.states(&ATTENTION, true, here);
        }
        let mut shops = masters.shops.clone();
        shops.retain(|shop| access.sees(shop.shop_id));
        let prefs = &visitor.prefs;
        Ok(Self {
            lang,
            title: title.into(),
            theme: prefs.theme.clone(),
            density: if prefs.density.is_empty() { "dense".to_owned() } else { prefs.density.clone() },
            keys_off: prefs.keys_off,
            me: visitor.name.clone(),
            menu: menu(visitor, here),
            all,
            phases,
            under_way,
            attention,
            shops: freshness(&shops, lang, desk.now()),
            demo: desk.config.demo,
            banners: banners(desk, visitor, &shops).await?,
            help: format!("/help/{}", here.menu.map_or("index", Menu::as_str)),
        })
    }
}

/// A rendered template as an answer.
///
/// # Errors
/// When the template fails.
pub fn page(template: &impl Template) -> Page {
    Ok(Html(template.render()?).into_response())
}

/// The notice state with its class and words, as lists show it.
#[must_use]
pub fn notice_words(
    state: NoticeState,
    confirming: bool,
    fba: bool,
    lang: Lang,
) -> (&'static str, &'static str) {
    if fba {
        return ("mute", lang.t("対象外", "n/a"));
    }
    match state {
        NoticeState::InFlight if confirming => ("run", lang.t("結果確認中", "checking")),
        NoticeState::NotSent => ("", lang.t("未連携", "not sent")),
        NoticeState::InFlight => ("run", lang.t("連携中", "in flight")),
        NoticeState::Applied => ("ok", lang.t("正常", "applied")),
        NoticeState::Rejected => ("bad", lang.t("エラー", "rejected")),
        NoticeState::SendFailed => ("bad", lang.t("通知失敗", "not sent (failed)")),
        NoticeState::ResultUnknown => ("bad", lang.t("通知結果取得失敗", "result unknown")),
    }
}

/// Class of a flag's tag.
#[must_use]
pub fn flag_class(flag: Flag) -> &'static str {
    match flag {
        Flag::FraudHold | Flag::CancelledAtMall | Flag::NeedsAttention | Flag::EditConflict => "bad",
        Flag::AmountMismatch | Flag::ChangedAtMall | Flag::Warning | Flag::AddressAwaited => "warn",
        Flag::AmountUndecided | Flag::UnknownValue => "info",
    }
}
