//! 自動連携: per shop when the mall is looked at next and why then, how fresh the orders are, who waits in the waiting
//! room; 受注取込, which empties it.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped, short_moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::phase::INBOX;
use domain::rights::Menu;
use domain::time::DAY;
use domain::{ImportMode, ShopId, UtcMillis};
use engine::rhythm::Why;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Shop;

/// Median and 95 of 100 of some stretch of time, in words; empty = no order.
#[derive(Debug, Clone, Default)]
pub struct Fresh {
    /// Half of the orders took at most so long.
    pub median: String,
    /// 95 of 100.
    pub p95: String,
    /// Orders.
    pub orders: String,
}

struct ShopShown {
    id: i64,
    name: String,
    mall: String,
    mode: &'static str,
    on: bool,
    /// When the mall is looked at next, and why then.
    next: String,
    why: &'static str,
    /// The last look: where, class, words, when.
    last: Option<(String, &'static str, String, String)>,
    day: Fresh,
    week: Fresh,
    waiting: i64,
    held: Option<domain::Reason>,
}

#[derive(Template)]
#[template(path = "import/auto.html")]
struct AutoPage {
    frame: Frame,
    shops: Vec<ShopShown>,
    waiting: i64,
    may_edit: bool,
    toast: String,
}

/// A span of time in words: `38秒`, `2分10秒`, `3時間5分`.
#[must_use]
pub fn span(lang: Lang, millis: i64) -> String {
    let seconds = millis.max(0) / 1_000;
    let (hours, minutes, rest) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    let [h, m, s] = match lang {
        Lang::Ja => ["時間", "分", "秒"],
        Lang::En => [" h ", " min ", " s"],
    };
    match (hours, minutes, rest) {
        (0, 0, s_) => format!("{s_}{s}"),
        (0, m_, 0) => format!("{m_}{m}").trim_end().to_owned(),
        (0, m_, s_) => format!("{m_}{m}{s_}{s}"),
        (h_, 0, _) => format!("{h_}{h}").trim_end().to_owned(),
        (h_, m_, _) => format!("{h_}{h}{m_}{m}").trim_end().to_owned(),
    }
}

/// When a shop is looked at next, and why then.
#[must_use]
pub fn next_words(lang: Lang, shop: &Shop, now: UtcMillis) -> (String, &'static str) {
    if shop.state != "active" {
        return (lang.t("停止中", "off").to_owned(), "");
    }
    if !shop.imports_itself() {
        return (lang.t("手動のみ", "by hand").to_owned(), "");
    }
    if shop.import_mode == ImportMode::Mail && shop.hinted_at.is_some() {
        return (
            lang.t("すぐに", "at once").to_owned(),
            lang.t("新着の知らせがありました", "something new was announced"),
        );
    }
    let why = shop.next_import_why.as_deref().and_then(Why::parse);
    let why = why.map_or("", |why| lang.t(why.ja(), why.en()));
    match shop.next_import_at {
        Some(at) if at > now => match lang {
            Lang::Ja => (format!("{}後（{}）", span(lang, at.since(now)), short_moment(at)), why),
            Lang::En => (format!("in {} ({})", span(lang, at.since(now)), short_moment(at)), why),
        },
        _ => (lang.t("まもなく", "now").to_owned(), why),
    }
}

async fn fresh(desk: &Desk, lang: Lang, length: i64) -> Result<BTreeMap<ShopId, Fresh>, Refusal> {
    let now = desk.now();
    let rows = desk.ledger().freshness((now.plus(-length), now), length).await?;
    let words = |ms| span(lang, ms);
    let of = |f: &store::arrivals::Freshness| Fresh {
        median: words(f.median_ms),
        p95: words(f.p95_ms),
        orders: grouped(f.orders),
    };
    Ok(rows.iter().map(|f| (f.shop_id, of(f))).collect())
}

/// What the page is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoQuery {
    done: Option<String>,
    moved: Option<i64>,
    stayed: Option<i64>,
}

/// What 受注取込 did, in words; empty when that is not what was done.
#[must_use]
pub fn taken_words(lang: Lang, done: Option<&str>, moved: Option<i64>, stayed: Option<i64>) -> String {
    let (moved, stayed) = (moved.unwrap_or_default().max(0), stayed.unwrap_or_default().max(0));
    match (done, lang) {
        (Some("taken"), Lang::Ja) if stayed > 0 => {
            format!(
                "{moved}件を新規受付に移しました。{stayed}件は移せませんでした（受注の画面で移すと理由が出ます）"
            )
        }
        (Some("taken"), Lang::En) if stayed > 0 => format!("{moved} taken in, {stayed} stayed"),
        (Some("taken"), Lang::Ja) => format!("{moved}件を新規受付に移しました"),
        (Some("taken"), Lang::En) => format!("{moved} taken in"),
        _ => String::new(),
    }
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<AutoQuery>) -> Page {
    let (lang, now) = (visitor.lang(), desk.now());
    let (mut day, mut week) = (fresh(&desk, lang, DAY).await?, fresh(&desk, lang, 7 * DAY).await?);
    let counts = desk.ledger().phase_counts().await?;
    let mut shops = Vec::new();
    for shop in seen::shops(&desk, &visitor).await? {
        let last = desk.ledger().newest_runs(shop.shop_id, 1).await?.pop();
        let (next, why) = next_words(lang, &shop, now);
        shops.push(ShopShown {
            id: shop.shop_id.0,
            mode: lang.t(shop.import_mode.ja(), shop.import_mode.en()),
            on: shop.imports_itself() && shop.state == "active",
            next,
            why,
            last: last.as_ref().map(|r| {
                let when = short_moment(r.finished_at.unwrap_or(r.updated_at));
                let words = super::run::state_words(lang, &r.state);
                (format!("/import/runs/{}", r.run_id), super::run::class(&r.state), words, when)
            }),
            day: day.remove(&shop.shop_id).unwrap_or_default(),
            week: week.remove(&shop.shop_id).unwrap_or_default(),
            waiting: counts.get(&(shop.shop_id, INBOX.to_owned())).copied().unwrap_or_default(),
            name: shop.name,
            mall: shop.mall,
            held: shop.held_reason,
        });
    }
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    frame::page(&AutoPage {
        frame: Frame::new(&desk, &visitor, lang.t("自動連携", "Automatic import"), here).await?,
        waiting: shops.iter().map(|s| s.waiting).sum(),
        shops,
        may_edit: visitor.edits(Menu::Import),
        toast: taken_words(lang, query.done.as_deref(), query.moved, query.stayed),
    })
}

/// Whose waiting room.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeIn {
    /// A shop; missing = all of them.
    #[serde(default)]
    shop: String,
    /// Back to the import board instead of this page.
    #[serde(default)]
    back: String,
}

/// 受注取込: what waits in 自動受注取込 goes to 新規受付. The mall is not asked.
pub async fn take_in(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<TakeIn>) -> Page {
    let shops = match form.shop.as_str() {
        "" => seen::shops(&desk, &visitor).await?,
        id => vec![seen::shop(&desk, &visitor, id).await?],
    };
    let (mut moved, mut stayed) = (0, 0);
    for shop in shops {
        let done = desk.ledger().take_in(shop.shop_id, &visitor.by(), desk.now()).await?;
        moved += done.done.len();
        stayed += done.refused.len();
    }
    desk.recount();
    desk.hub.wake();
    let page = if form.back == "board" { "/import" } else { "/import/auto" };
    Ok(Redirect::to(&format!("{page}?done=taken&moved={moved}&stayed={stayed}")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_two_largest_units() {
        let ja = |seconds: i64| span(Lang::Ja, seconds * 1_000);
        assert_eq!([0, 38, 60, 130].map(ja), ["0秒", "38秒", "1分", "2分10秒"]);
        assert_eq!([3_600, 11_130].map(ja), ["1時間", "3時間5分"]);
        assert_eq!(
            [60, 130, 11_130].map(|s| span(Lang::En, s * 1_000)),
            ["1 min", "2 min 10 s", "3 h 5 min"]
        );
    }
}
