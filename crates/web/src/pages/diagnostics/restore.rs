//! 復元の確認: after a restore nothing is sent to the malls until somebody has seen here what would be (F46).

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::Reason;
use domain::rights::Menu;
use domain::write::WriteKind;
use engine::restored::{ShopReview, review};
use serde::Deserialize;
use std::sync::Arc;

/// One order of a list: what is to be done, its own number, the mall's.
struct OrderShown {
    what: &'static str,
    order_no: String,
    mall_order_id: String,
}

struct ShopShown {
    name: String,
    mall: String,
    class: &'static str,
    state: String,
    held: Option<Reason>,
    open: String,
    shipped: String,
    not_given: i64,
    waiting: Vec<OrderShown>,
    due: Vec<OrderShown>,
    there: Vec<OrderShown>,
}

#[derive(Template)]
#[template(path = "diagnostics/restore.html")]
struct RestorePage {
    frame: Frame,
    /// Made, restored, let go on; `None`: nothing was ever restored.
    when: Option<(String, String, Option<String>)>,
    paused: bool,
    read_back: bool,
    may_edit: bool,
    shops: Vec<ShopShown>,
    toast: &'static str,
}

fn kind(kind: &str, lang: Lang) -> &'static str {
    match WriteKind::parse(kind) {
        Some(WriteKind::ConfirmOrder) => lang.t("注文確認", "confirm"),
        Some(WriteKind::ShipmentNotice) => lang.t("出荷通知", "shipment notice"),
        Some(WriteKind::MallStatus) => lang.t("モールステータスの変更", "mall status"),
        Some(WriteKind::PaymentStatus) => lang.t("入金ステータスの変更", "payment status"),
        None => lang.t("そのほか", "other"),
    }
}

fn shown(shop: ShopReview, lang: Lang) -> ShopShown {
    let (class, state) = match (shop.is_read_back(), &shop.held) {
        (true, _) => ("ok", lang.t("済み", "done").to_owned()),
        (false, Some(_)) => ("bad", lang.t("できません", "cannot").to_owned()),
        (false, None) => ("run", lang.t("読み戻し中", "under way").to_owned()),
    };
    let order = |what, seq: domain::OrderSeq, id: domain::MallOrderId| OrderShown {
        what,
        order_no: seq.order_no().to_string(),
        mall_order_id: id.0,
    };
    ShopShown {
        class,
        state,
        open: grouped(shop.open),
        shipped: grouped(shop.shipped_count),
        not_given: shop.not_given,
        waiting: shop
            .waiting
            .into_iter()
            .map(|w| order(kind(&w.kind, lang), w.seq, w.mall_order_id))
            .collect(),
        due: shop.due.into_iter().map(|(of, seq, id)| order(kind(of.as_str(), lang), seq, id)).collect(),
        there: shop.shipped.into_iter().map(|(seq, id)| order("", seq, id)).collect(),
        held: shop.held,
        name: shop.shop.name,
        mall: shop.shop.mall,
    }
}

const TOLD: [(&str, &str, &str); 1] = [("released", "モールへの送信を再開しました", "Writing goes on")];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let (lang, access) = (visitor.lang(), visitor.access());
    let found = review(desk.ledger(), &|key| desk.hub.mall(key), desk.now()).await?;
    let here = Here { menu: Some(Menu::Diagnostics), ..Here::default() };
    let mut frame = Frame::new(&desk, &visitor, lang.t("復元の確認", "After a restore"), here).await?;
    frame.help = "/help/backup".to_owned();
    let paused = found.as_ref().is_some_and(|r| r.restored.may_write().is_err());
    frame::page(&RestorePage {
        frame,
        when: found.as_ref().map(|r| {
            let released = r.restored.released_at.map(moment);
            (moment(r.restored.made_at), moment(r.restored.restored_at), released)
        }),
        paused,
        read_back: found.as_ref().is_some_and(engine::restored::Review::is_read_back),
        // Who lets go on must have seen all of it.
        may_edit: visitor.edits(Menu::Diagnostics) && access.shops.is_none(),
        shops: found
            .map_or_else(Vec::new, |r| r.shops)
            .into_iter()
            .filter(|s| access.sees(s.shop.shop_id))
            .map(|s| shown(s, lang))
            .collect(),
        toast: told.words(lang, &TOLD),
    })
}

/// What is said with the button.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    seen: Option<String>,
    unread: Option<String>,
}

/// モールへの送信を再開する.
pub async fn release(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Release>) -> Page {
    if visitor.access().shops.is_some() {
        return Err(Refusal::not_found());
    }
    let said = |flag: &Option<String>| flag.as_deref() == Some("1");
    let found = review(desk.ledger(), &|key| desk.hub.mall(key), desk.now()).await?;
    let read_back = found.is_some_and(|r| r.is_read_back());
    if !said(&form.seen) || !(read_back || said(&form.unread)) {
        return Ok(Redirect::to("/diagnostics/restore").into_response());
    }
    if desk.ledger().release_restored(&visitor.by(), desk.now()).await? {
        desk.hub.wake();
    }
    Ok(Redirect::to("/diagnostics/restore?done=released").into_response())
}
