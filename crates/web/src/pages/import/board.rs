//! The board: per shop the last run, the next one and how it stands; what could not be read; the forms.

use super::run::{class, count_words, read_counts, state_words};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, short_moment};
use askama::Template;
use axum::extract::State;
use domain::Reason;
use domain::phase::INBOX;
use domain::rights::Menu;
use domain::time::DAY;
use serde::Deserialize;
use std::sync::Arc;

/// Orders set aside that are shown.
const ASIDE: i64 = 500;

/// A shop on the board.
pub struct ShopShown {
    /// Row.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Key of the mall, for its colour.
    pub mall: String,
    /// Switched off.
    pub off: bool,
    /// A run holds it.
    pub busy: bool,
    /// The last run: where, class, words, when.
    pub last: Option<(String, &'static str, String, String)>,
    /// Its counts.
    pub counts: Vec<(&'static str, String)>,
    /// Read completely up to.
    pub window: String,
    /// Next automatic run.
    pub next: String,
    /// Longest wait.
    pub interval: String,
    /// Orders in the waiting room.
    pub waiting: i64,
    /// Why the shop's work is held.
    pub held: Option<Reason>,
    /// Intervals offered.
    pub intervals: Vec<(i64, String, bool)>,
}

/// A mall of the period form.
struct MallShown {
    key: &'static str,
    name: &'static str,
    /// What the period counts by and how far back it goes; empty: the mall takes no period.
    basis: String,
    shops: Vec<(i64, String)>,
    statuses: Vec<(&'static str, &'static str)>,
}

/// An order that could not be read.
struct AsideShown {
    shop_id: i64,
    shop: String,
    mall: String,
    order: String,
    /// It has a number it can be asked for by.
    named: bool,
    class: &'static str,
    state: &'static str,
    tries: i64,
    reason: Reason,
    last: String,
}

#[derive(Template)]
#[template(path = "import/board.html")]
struct BoardPage {
    frame: Frame,
    shops: Vec<ShopShown>,
    malls: Vec<MallShown>,
    file_shops: Vec<(i64, String, String)>,
    aside: Vec<AsideShown>,
    /// 仮伝票 that wait.
    provisional: usize,
    may_edit: bool,
    live: bool,
    force: bool,
    toast: String,
    from: String,
}

#[derive(Template)]
#[template(path = "import/board_part.html")]
struct BoardPart {
    l: Lang,
    shops: Vec<ShopShown>,
    may_edit: bool,
    live: bool,
}

async fn shown(desk: &Desk, visitor: &Visitor) -> Result<Vec<ShopShown>, Refusal> {
    let lang = visitor.lang();
    let mut rows = Vec::new();
    let counts_of = desk.ledger().phase_counts().await?;
    for shop in seen::shops(desk, visitor).await? {
        let newest = desk.ledger().newest_runs(shop.shop_id, 1).await?.pop();
        let asked = desk.ledger().open_requests(&shop.lane_key).await?;
        let waits = asked.iter().any(|r| r.shop_id == shop.shop_id && r.kind.starts_with("import"));
        let busy = waits || newest.as_ref().is_some_and(|r| r.finished_at.is_none());
        let counts = newest.as_ref().map(read_counts).unwrap_or_default();
        let automatic = shop.imports_itself() && shop.state == "active";
        rows.push(ShopShown {
            id: shop.shop_id.0,
            busy,
            last: newest.as_ref().map(|r| {
                let when = short_moment(r.finished_at.unwrap_or(r.updated_at));
                let href = format!("/import/runs/{}", r.run_id);
                (href, class(&r.state), state_words(lang, &r.state), when)
            }),
            counts: if newest.is_some() { count_words(lang, &counts) } else { Vec::new() },
            window: shop.imported_to.map(short_moment).unwrap_or_default(),
            next: shop.next_import_at.filter(|_| automatic).map(short_moment).unwrap_or_default(),
            interval: seen::interval(lang, seen::longest(&shop)),
            intervals: seen::intervals(lang, seen::longest(&shop)),
            waiting: counts_of.get(&(shop.shop_id, INBOX.to_owned())).copied().unwrap_or_default(),
            off: shop.state != "active",
            name: shop.name,
            mall: shop.mall,
            held: shop.held_reason,
        });
    }
    Ok(rows)
}

async fn malls(desk: &Desk, visitor: &Visitor) -> Result<Vec<MallShown>, Refusal> {
    let lang = visitor.lang();
    let shops = seen::shops(desk, visitor).await?;
    let mut out = Vec::new();
    for mall in &desk.hub.malls {
        let descriptor = mall.descriptor();
        let own = shops.iter().filter(|s| s.mall == descriptor.mall && s.state == "active");
        let own: Vec<_> = own.map(|s| (s.shop_id.0, s.name.clone())).collect();
        if own.is_empty() {
            continue;
        }
        let basis = descriptor.period.as_ref().map_or_else(String::new, |period| {
            let (basis, days) = (period.basis, period.max_age_ms / DAY);
            match lang {
                Lang::Ja => format!("期間は{basis}で数えます。{days}日より前の受注は取得できません。"),
                Lang::En => format!("Counted by {basis}; orders older than {days} days are not given."),
            }
        });
        out.push(MallShown {
            key: descriptor.mall,
            name: descriptor.name,
            basis,
            shops: own,
            statuses: descriptor.statuses.iter().map(|s| (s.code, s.label)).collect(),
        });
    }
    Ok(out)
}

async fn aside(desk: &Desk, visitor: &Visitor) -> Result<Vec<AsideShown>, Refusal> {
    let (lang, access) = (visitor.lang(), visitor.access());
    let shops = seen::shops(desk, visitor).await?;
    let rows = desk.ledger().set_aside_orders(ASIDE).await?;
    Ok(rows
        .into_iter()
        .filter(|row| access.sees(row.shop_id))
        .map(|row| {
            let (ja, en) = engine::words::set_aside(&row.state);
            let shop = shops.iter().find(|s| s.shop_id == row.shop_id);
            AsideShown {
                shop_id: row.shop_id.0,
                shop: shop.map(|s| s.name.clone()).unwrap_or_default(),
                mall: shop.map(|s| s.mall.clone()).unwrap_or_default(),
                // A stand-in for a number that could not be read.
                named: !row.mall_order_id.as_str().starts_with('?'),
                order: row.mall_order_id.0,
                class: if row.state == "retry" { "run" } else { "bad" },
                state: lang.t(ja, en),
                tries: row.tries,
                reason: row.reason,
                last: short_moment(row.last_seen_at),
            }
        })
        .collect())
}

/// What the board is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardQuery {
    done: Option<String>,
    moved: Option<i64>,
    stayed: Option<i64>,
    force: Option<String>,
}

const TOLD: [(&str, &str, &str); 2] = [
    ("started", "取込を始めました", "Import started"),
    ("interval", "自動取込の間隔の上限を変えました", "Longest wait saved"),
];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<BoardQuery>) -> Page {
    let lang = visitor.lang();
    let shops = shown(&desk, &visitor).await?;
    let file_shops = seen::shops(&desk, &visitor).await?.into_iter().filter_map(|shop| {
        let kinds = desk.hub.mall(&shop.mall)?;
        let kinds = kinds.order_files()?.kinds().iter().map(|k| k.label).collect::<Vec<_>>().join("・");
        (shop.state == "active").then_some((shop.shop_id.0, shop.name, kinds))
    });
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    let taken = super::auto::taken_words(lang, query.done.as_deref(), query.moved, query.stayed);
    let told = seen::Told { done: query.done };
    frame::page(&BoardPage {
        frame: Frame::new(&desk, &visitor, lang.t("受注取込", "Import"), here).await?,
        live: shops.iter().any(|s| s.busy),
        malls: malls(&desk, &visitor).await?,
        file_shops: file_shops.collect(),
        aside: aside(&desk, &visitor).await?,
        provisional: desk.ledger().waiting_provisional(&visitor.access(), ASIDE).await?.len(),
        may_edit: visitor.edits(Menu::Import),
        force: query.force.is_some(),
        toast: if taken.is_empty() { told.words(lang, &TOLD).to_owned() } else { taken },
        from: desk.now().plus(-DAY).japan().strftime("%Y-%m-%dT%H:%M").to_string(),
        shops,
    })
}

/// The shops alone, while something runs.
pub async fn part(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let shops = shown(&desk, &visitor).await?;
    let live = shops.iter().any(|s| s.busy);
    frame::page(&BoardPart { l: visitor.lang(), shops, may_edit: visitor.edits(Menu::Import), live })
}
