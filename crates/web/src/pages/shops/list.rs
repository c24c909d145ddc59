//! The shops, each with how it stands.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::pages::settings::Tab;
use crate::refusal::Page;
use crate::words::{Lang, short_moment};
use askama::Template;
use axum::extract::State;
use domain::Reason;
use domain::credential::Urgency;
use domain::rights::Menu;
use engine::setup::CredentialState;
use std::sync::Arc;

/// How a shop's credentials stand, in a word with its class.
pub fn board_word(lang: Lang, board: &[CredentialState]) -> (&'static str, String) {
    if board.iter().any(|c| c.required && !c.is_set) {
        return ("bad", lang.t("未登録", "not set").to_owned());
    }
    let worst = board.iter().filter(|c| c.is_set).filter(|c| c.urgency != Urgency::NotKnown);
    let Some(worst) = worst.max_by_key(|c| (c.urgency, -c.days_left.unwrap_or(i64::MAX))) else {
        return ("", lang.t("登録済み", "set").to_owned());
    };
    let word = urgency(lang, worst.urgency);
    (word.0, days(lang, word.1, worst.days_left))
}

/// A word and class of urgency.
pub fn urgency(lang: Lang, urgency: Urgency) -> (&'static str, &'static str) {
    let class = match urgency {
        Urgency::Fine => "ok",
        Urgency::Soon | Urgency::NotKnown => "warn",
        Urgency::Urgent | Urgency::Expired => "bad",
    };
    let (ja, en) = urgency.words();
    (class, lang.t(ja, en))
}

/// 「あと6日」 after the word.
pub fn days(lang: Lang, word: &str, left: Option<i64>) -> String {
    match (left, lang) {
        (None, _) => word.to_owned(),
        (Some(days), _) if days < 0 => word.to_owned(),
        (Some(days), Lang::Ja) => format!("{word}（あと{days}日）"),
        (Some(days), Lang::En) => format!("{word} ({days} days)"),
    }
}

struct ShopShown {
    id: i64,
    name: String,
    mall: String,
    mall_name: String,
    off: bool,
    automation: bool,
    look_only: bool,
    imported: String,
    interval: String,
    credentials: (&'static str, String),
    held: Option<Reason>,
}

#[derive(Template)]
#[template(path = "shops/list.html")]
struct ListPage {
    frame: Frame,
    tabs: Vec<Tab>,
    shops: Vec<ShopShown>,
    may_edit: bool,
    toast: &'static str,
}

const TOLD: [(&str, &str, &str); 1] =
    [("archived", "店舗を外しました。受注は残っています", "The shop was archived; its orders stay")];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let mut shops = Vec::new();
    for shop in seen::shops(&desk, &visitor).await? {
        let mall = desk.hub.mall(&shop.mall);
        let board = match &mall {
            Some(mall) => {
                let descriptor = mall.descriptor();
                engine::setup::credential_board(desk.ledger(), descriptor, shop.shop_id, desk.now()).await?
            }
            None => Vec::new(),
        };
        shops.push(ShopShown {
            id: shop.shop_id.0,
            mall_name: mall.map_or_else(|| shop.mall.clone(), |m| m.descriptor().name.to_owned()),
            off: shop.state != "active",
            automation: shop.automation_enabled,
            look_only: !shop.writes_back(),
            imported: shop.imported_to.map(short_moment).unwrap_or_default(),
            interval: seen::interval(lang, seen::longest(&shop)),
            credentials: board_word(lang, &board),
            name: shop.name,
            mall: shop.mall,
            held: shop.held_reason,
        });
    }
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    frame::page(&ListPage {
        frame: Frame::new(&desk, &visitor, lang.t("店舗", "Shops"), here).await?,
        tabs: super::tabs(lang, "/shops"),
        shops,
        may_edit: visitor.edits(Menu::Shops),
        toast: told.words(lang, &TOLD),
    })
}
