//! なぜ通知されないか: everything between one order and its shipment notice.

use super::{CheckShown, shown};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::frame::{self, Frame, Here};
use crate::pages::orders::order;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use domain::rights::Menu;
use engine::why::missing::Asking;
use std::sync::Arc;
use store::Access;

#[derive(Template)]
#[template(path = "why/notice.html")]
struct NoticePage {
    frame: Frame,
    no: String,
    mall_order_id: String,
    shop: String,
    mall: String,
    state: (&'static str, &'static str),
    kept_back: bool,
    checks: Vec<CheckShown>,
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(number): Path<String>) -> Page {
    let lang = visitor.lang();
    let order = order::find(&desk, &visitor, &number).await?;
    let mall = order.mall(&desk)?;
    let access = Access { buyer_data: false, ..visitor.access() };
    let asking = Asking { ledger: desk.ledger(), malls: &desk.hub.malls, access: &access, now: desk.now() };
    let found = asking.not_notified(&order.shop, &*mall, order.seq()).await?;
    let answer = found.ok_or_else(Refusal::not_found)?;
    let row = &order.view.row;
    let fba = row.fulfillment == domain::snapshot::Fulfillment::Fba;
    let here = Here { menu: Some(Menu::Orders), phase: Some(row.phase.as_str()), ..Here::default() };
    let title = lang.t("なぜ通知されないか", "Why it was not notified");
    let mut frame = Frame::new(&desk, &visitor, title, here).await?;
    "/help/why".clone_into(&mut frame.help);
    frame::page(&NoticePage {
        frame,
        no: order.no().to_owned(),
        mall_order_id: answer.mall_order_id.0.clone(),
        shop: order.shop.name.clone(),
        mall: order.shop.mall.clone(),
        state: frame::notice_words(row.notice_state, row.confirming, fba, lang),
        kept_back: answer.is_kept_back(),
        checks: answer.checks.iter().map(|check| shown(lang, &visitor, check)).collect(),
    })
}
