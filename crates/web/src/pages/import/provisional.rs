//! 仮伝票 (IMP-14): orders known only from their mail. How long each waits; asking the mall, activating, dropping.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::UtcMillis;
use domain::reason;
use domain::rights::Menu;
use domain::time::{DAY, HOUR, MINUTE};
use serde::Deserialize;
use std::sync::Arc;
use store::Shop;
use store::provisional::Provisional;

/// 仮伝票 that are shown.
const SHOWN: i64 = 500;

struct RowShown {
    shop_id: i64,
    shop: String,
    mall: String,
    order: String,
    seen: String,
    waits: String,
    old: bool,
}

#[derive(Template)]
#[template(path = "import/provisional.html")]
struct ProvisionalPage {
    frame: Frame,
    rows: Vec<RowShown>,
    may_edit: bool,
    toast: &'static str,
}

/// How long, in the largest unit that says something.
fn waited(lang: Lang, since: UtcMillis, now: UtcMillis) -> String {
    match now.since(since).max(0) {
        ms if ms >= DAY => format!("{}{}", ms / DAY, lang.t("日", " d")),
        ms if ms >= HOUR => format!("{}{}", ms / HOUR, lang.t("時間", " h")),
        ms => format!("{}{}", ms / MINUTE, lang.t("分", " min")),
    }
}

const TOLD: [(&str, &str, &str); 1] = [("dropped", "取り消しました", "Dropped")];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let (lang, now) = (visitor.lang(), desk.now());
    let shops = seen::shops(&desk, &visitor).await?;
    let waiting = desk.ledger().waiting_provisional(&visitor.access(), SHOWN).await?;
    let row = |p: Provisional| {
        let shop = shops.iter().find(|s| s.shop_id == p.shop_id)?;
        Some(RowShown {
            shop_id: p.shop_id.0,
            shop: shop.name.clone(),
            mall: shop.mall.clone(),
            seen: moment(p.seen_at),
            waits: waited(lang, p.seen_at, now),
            old: p.is_old(now),
            order: p.mall_order_id.0,
        })
    };
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    frame::page(&ProvisionalPage {
        frame: Frame::new(&desk, &visitor, lang.t("仮伝票", "Provisional slips"), here).await?,
        rows: waiting.into_iter().filter_map(row).collect(),
        may_edit: visitor.edits(Menu::Import),
        toast: told.words(lang, &TOLD),
    })
}

/// Which one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    shop: String,
    order: String,
}

async fn find(desk: &Desk, visitor: &Visitor, form: &Which) -> Result<(Shop, Provisional), Refusal> {
    let shop = seen::shop(desk, visitor, &form.shop).await?;
    let waiting = desk.ledger().waiting_provisional(&visitor.access(), i64::MAX).await?;
    let ours = |p: &Provisional| p.shop_id == shop.shop_id && p.mall_order_id.as_str() == form.order;
    match waiting.into_iter().find(ours) {
        Some(found) => Ok((shop, found)),
        None => Err(seen::not_now(reason::provisional_settled())),
    }
}

/// モールに問い合わせる.
pub async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Which>) -> Page {
    let (shop, found) = find(&desk, &visitor, &form).await?;
    let request = engine::provisional::ask_mall(&desk.hub, &shop, &found, &visitor.by()).await?;
    Ok(Redirect::to(&format!("/import/requests/{request}")).into_response())
}

/// 有効化.
pub async fn activate(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Which>) -> Page {
    let (shop, found) = find(&desk, &visitor, &form).await?;
    let done = engine::provisional::activate(&desk.hub, &shop, &found, &visitor.by()).await?;
    let seq = done.map_err(seen::not_now)?;
    let details = serde_json::json!({ "shop": shop.shop_id, "order_no": seq.order_no() });
    desk.ledger()
        .log_action(&visitor.by(), "provisional.activate", &form.order, &details, desk.now())
        .await?;
    desk.recount();
    Ok(Redirect::to(&format!("/orders/{}", seq.order_no())).into_response())
}

/// 取り消す.
pub async fn remove(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Which>) -> Page {
    let (shop, found) = find(&desk, &visitor, &form).await?;
    if !desk.ledger().drop_provisional(&found, desk.now()).await? {
        return Err(seen::not_now(reason::provisional_settled()));
    }
    let details = serde_json::json!({ "shop": shop.shop_id });
    desk.ledger().log_action(&visitor.by(), "provisional.drop", &form.order, &details, desk.now()).await?;
    Ok(Redirect::to("/import/provisional?done=dropped").into_response())
}
