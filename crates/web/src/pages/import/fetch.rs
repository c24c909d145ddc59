//! How often a shop is looked at, and which mall statuses are fetched (IMP-4), with the offer to fetch what an earlier,
//! narrower setting left out.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use engine::fetch_statuses as fetch;
use engine::requests::{IMPORT, ImportRequest};
use serde::Deserialize;
use std::sync::Arc;

/// A shop's interval.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    shop: String,
    interval: String,
}

/// Changes how often a shop is looked at.
pub async fn interval(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(form): Fields<Interval>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &form.shop).await?;
    let now = desk.now();
    let interval = seen::read_interval(&form.interval, seen::longest(&shop))?;
    shop.set_import_interval(interval, now);
    desk.ledger().update_shop(&shop, now).await?;
    let details = serde_json::json!({ "fields": ["import_interval"] });
    let target = shop.shop_id.to_string();
    desk.ledger().log_action(&visitor.by(), "shop.set", &target, &details, now).await?;
    Ok(Redirect::to("/import?done=interval#settings").into_response())
}

struct StatusShown {
    code: &'static str,
    label: &'static str,
    fetched: bool,
    usual: bool,
}

#[derive(Template)]
#[template(path = "import/statuses.html")]
struct StatusesPage {
    frame: Frame,
    shop_id: i64,
    shop: String,
    statuses: Vec<StatusShown>,
    is_default: bool,
    may_edit: bool,
    saved: bool,
    /// Codes that are fetched from now on and were not before.
    added: Vec<String>,
    added_labels: String,
    skipped: usize,
}

/// What the page is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusesQuery {
    done: Option<String>,
    #[serde(default)]
    added: Vec<String>,
}

/// The statuses of a shop's mall, and which are fetched.
pub async fn statuses(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<StatusesQuery>,
) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let descriptor = mall.descriptor();
    let fetched = fetch::fetched(descriptor, &shop);
    let added = fetch::read(descriptor, "added", query.added.iter().map(String::as_str));
    let mut added = added.map_err(seen::refuse)?;
    added.retain(|code| fetched.contains(code));
    let skipped = fetch::skipped(desk.ledger(), shop.shop_id, descriptor, &added).await?;
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    let label = |code: &String| descriptor.status(code).map_or_else(|| code.clone(), |s| s.label.to_owned());
    frame::page(&StatusesPage {
        frame: Frame::new(&desk, &visitor, visitor.lang().t("取得ステータス", "Fetched statuses"), here)
            .await?,
        shop_id: shop.shop_id.0,
        statuses: descriptor
            .statuses
            .iter()
            .map(|s| StatusShown {
                code: s.code,
                label: s.label,
                fetched: fetched.iter().any(|code| code == s.code),
                usual: s.fetched,
            })
            .collect(),
        is_default: shop.import_statuses.is_none(),
        may_edit: visitor.edits(Menu::Import),
        saved: query.done.is_some(),
        added_labels: added.iter().map(label).collect::<Vec<_>>().join("、"),
        added,
        skipped: skipped.len(),
        shop: shop.name,
    })
}

/// What is to be fetched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStatuses {
    #[serde(default)]
    statuses: Vec<String>,
    /// As the mall's defaults.
    usual: Option<String>,
}

/// Changes which statuses are fetched.
pub async fn set_statuses(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<SetStatuses>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    let before = shop.clone();
    let mall = seen::mall(&desk, &shop)?;
    let codes = fetch::read(mall.descriptor(), "statuses", form.statuses.iter().map(String::as_str));
    let codes = codes.map_err(seen::refuse)?;
    if codes.is_empty() && form.usual.is_none() {
        let ja = "取得するステータスを1つ以上選んでください";
        return Err(Refusal::field("statuses", ja, "choose at least one"));
    }
    shop.import_statuses = form.usual.is_none().then_some(codes);
    let now = desk.now();
    desk.ledger().update_shop(&shop, now).await?;
    let details = serde_json::json!({ "fields": ["import_statuses"] });
    desk.ledger().log_action(&visitor.by(), "shop.set", &id, &details, now).await?;
    let mut to = format!("/import/statuses/{id}?done=saved");
    for code in fetch::added(mall.descriptor(), &before, &shop) {
        to.push_str("&added=");
        to.push_str(&code);
    }
    Ok(Redirect::to(&to).into_response())
}

/// Statuses whose orders were left out until now.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchSkipped {
    #[serde(default)]
    statuses: Vec<String>,
}

/// Fetches what the old setting left out.
pub async fn fetch_skipped(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<FetchSkipped>,
) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let codes = fetch::read(mall.descriptor(), "statuses", form.statuses.iter().map(String::as_str));
    let codes = codes.map_err(seen::refuse)?;
    let orders = fetch::skipped(desk.ledger(), shop.shop_id, mall.descriptor(), &codes).await?;
    if orders.is_empty() {
        return Err(Refusal::field("statuses", "対象の受注はもうありません", "nothing is left out any more"));
    }
    let shops = [shop];
    let open = engine::doors::busy_shops(desk.ledger(), &shops).await?;
    if !open.is_empty() {
        return Err(seen::not_now(domain::reason::shop_busy(
            open.iter().map(|(s, _)| s.name.as_str()).collect::<Vec<_>>().join("、"),
        )));
    }
    let now = desk.now();
    let body = ImportRequest {
        from: now,
        to: now,
        statuses: Some(codes),
        overwrite: false,
        force: false,
        orders: Some(orders),
    };
    let [shop] = &shops;
    let request = engine::doors::ask(&desk.hub, shop, IMPORT, &body, &visitor.by()).await?;
    Ok(Redirect::to(&format!("/import/requests/{request}")).into_response())
}
