//! One order: everything a mall and staff said of it, and everything that can be done to it.
//!
//! `show` is the page; `sheet` is how a form over it looks (a dialog with scripts, a page without); `acts` are moves, states
//! and what goes to the mall, `notice` the shipment notice with its parcels, `edit` the content with its conflicts,
//! `parcels`, `split` and `notes` the rest. `content`, `facts`, `labels`, `told` are pure: what is shown, in words.

pub mod acts;
pub mod asked;
pub mod content;
pub mod edit;
pub mod facts;
pub mod labels;
pub mod notes;
pub mod notice;
pub mod parcels;
pub mod postal;
pub mod sheet;
pub mod show;
pub mod split;
pub mod told;

#[cfg(test)]
mod full;

use super::list::Names;
use crate::desk::Desk;
use crate::door::{Route, Visitor};
use crate::refusal::{Page, Refusal};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use domain::{OrderSeq, Reason};
use mall_api::Mall;
use std::sync::Arc;
use store::Shop;
use store::orders::{OrderForRules, OrderView};

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    [
        show::routes(),
        acts::routes(),
        asked::routes(),
        notice::routes(),
        edit::routes(),
        parcels::routes(),
        split::routes(),
        notes::routes(),
        postal::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An order that was asked for by its number and may be seen.
pub struct Opened {
    /// Everything about it.
    pub view: OrderView,
    /// Its shop.
    pub shop: Shop,
    /// Names for keys.
    pub names: Names,
}

impl Opened {
    /// Row.
    #[must_use]
    pub fn seq(&self) -> OrderSeq {
        self.view.row.seq
    }

    /// 管理番号.
    #[must_use]
    pub fn no(&self) -> &str {
        &self.view.row.order_no.0
    }

    /// Its page.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/orders/{}", self.no())
    }

    /// Back to its page with a word of what was done.
    #[must_use]
    pub fn done(&self, done: &str) -> axum::response::Response {
        Redirect::to(&format!("{}?done={done}", self.path())).into_response()
    }

    /// `楽天 本店 · 123456-…`.
    #[must_use]
    pub fn called(&self) -> String {
        format!("{} · {} · {}", self.no(), self.shop.name, self.view.row.mall_order_id)
    }

    /// As rules see it.
    ///
    /// # Errors
    /// Not there any more.
    pub async fn rules(&self, desk: &Desk) -> Result<OrderForRules, Refusal> {
        desk.ledger().orders_for_rules(&[self.seq()]).await?.pop().ok_or_else(Refusal::not_found)
    }

    /// Its mall.
    ///
    /// # Errors
    /// This program does not know the mall.
    pub fn mall(&self, desk: &Desk) -> Result<Arc<dyn Mall>, Refusal> {
        let mall = desk.hub.mall(&self.shop.mall);
        mall.ok_or_else(|| Refusal::from(domain::reason::mall_not_known(&self.shop.mall)))
    }
}

/// Opens an order by its 管理番号, or by the mall's number where only one shop has it.
///
/// # Errors
/// Not there and not to be seen look the same.
pub async fn find(desk: &Desk, visitor: &Visitor, number: &str) -> Result<Opened, Refusal> {
    let access = visitor.access();
    let ledger = desk.ledger();
    let seq = match OrderSeq::from_order_no(number) {
        Some(seq) => Some(seq),
        None => {
            let mut rows = ledger.orders_by_number(&access, number).await?;
            if rows.len() > 1 {
                let reason = Reason::new(
                    "several_orders",
                    "同じ受注番号の受注が複数の店舗にあります",
                    "受注番号で検索して、店舗を選んでください。",
                    "Several shops have an order of this number; search for it",
                );
                return Err(Refusal::new(StatusCode::CONFLICT, reason));
            }
            rows.pop().map(|r| r.seq)
        }
    };
    let Some(seq) = seq else { return Err(Refusal::not_found()) };
    let Some(view) = ledger.order(&access, seq).await? else { return Err(Refusal::not_found()) };
    let names = Names::read(desk).await?;
    let shop = ledger.shop(view.row.shop_id).await?.ok_or_else(Refusal::not_found)?;
    Ok(Opened { view, shop, names })
}

/// The version a form was made from; a form without one is refused.
///
/// # Errors
/// Somebody else was faster.
pub fn same_version(opened: &Opened, version: i64) -> Result<(), Refusal> {
    if opened.view.row.version == version { Ok(()) } else { Err(Refusal::conflict()) }
}

/// A reason or nothing, as a page's answer.
///
/// # Errors
/// The reason.
pub fn or_refuse(done: Result<(), Reason>, answer: axum::response::Response) -> Page {
    done.map_err(Refusal::from)?;
    Ok(answer)
}
