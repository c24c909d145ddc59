//! Changes of a shop: settings, automation, addresses, taking it off.

use super::form::{self, Pairs};
use super::new::{may_set_endpoints, not_an_administrator};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::phase::GUARD_FRAUD_HOLD;
use serde::Deserialize;
use std::sync::Arc;
use store::Shop;

/// On or off.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    pub(super) to: String,
}

impl Switch {
    /// Which.
    ///
    /// # Errors
    /// Neither.
    pub fn is_on(&self) -> Result<bool, Refusal> {
        match self.to.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(Refusal::field("to", "開始か停止を選んでください", "must be on or off")),
        }
    }
}

/// Stores a changed shop and writes down which fields were changed.
pub async fn keep(desk: &Desk, visitor: &Visitor, shop: &Shop, fields: &[&str]) -> Result<(), Refusal> {
    let now = desk.now();
    desk.ledger().update_shop(shop, now).await?;
    let details = serde_json::json!({ "fields": fields });
    let target = shop.shop_id.to_string();
    desk.ledger().log_action(&visitor.by(), "shop.set", &target, &details, now).await?;
    desk.hub.wake();
    Ok(())
}

fn back(id: &str, done: &str) -> Page {
    Ok(Redirect::to(&format!("/shops/{id}?done={done}")).into_response())
}

/// State, interval, 不正保留, and what the mall's Descriptor has.
pub async fn settings(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(pairs): Fields<Pairs>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    let before = shop.clone();
    let mall = seen::mall(&desk, &shop)?;
    let descriptor = mall.descriptor();
    let given = form::sort(pairs, descriptor, &["state", "interval", GUARD_FRAUD_HOLD])?;
    if !given.credentials.is_empty() || !given.endpoints.is_empty() || !given.ends.is_empty() {
        return Err(Refusal::field("", "入力を読み取れません", "is not a field of this form"));
    }
    match given.plain.get("state").map(String::as_str) {
        None => {}
        Some(state @ ("active" | "off")) => state.clone_into(&mut shop.state),
        Some(_) => {
            return Err(Refusal::field("state", "状態を選びなおしてください", "must be active or off"));
        }
    }
    if let Some(text) = given.plain.get("interval") {
        let interval = seen::read_interval(text, seen::longest(&shop))?;
        if interval != seen::longest(&shop) {
            shop.set_import_interval(interval, desk.now());
        }
    }
    match given.plain.get(GUARD_FRAUD_HOLD).map(String::as_str) {
        None => {}
        Some(text @ ("on" | "off")) => {
            shop.settings.insert(GUARD_FRAUD_HOLD.to_owned(), text.to_owned());
        }
        Some(_) => return Err(Refusal::field(GUARD_FRAUD_HOLD, "選びなおしてください", "must be on or off")),
    }
    for (key, value) in given.settings {
        let Some(field) = descriptor.settings.iter().find(|s| s.key == key) else { continue };
        if value.is_empty() && !field.required {
            shop.settings.remove(&key);
            continue;
        }
        if value == shop.settings.get(&key).map_or(field.default, String::as_str) {
            continue;
        }
        let name = format!("setting.{key}");
        (field.check)(&value).map_err(|ja| Refusal::field(name, ja, "has a wrong value"))?;
        shop.settings.insert(key, value);
    }
    if shop != before {
        keep(&desk, &visitor, &shop, &["settings"]).await?;
    }
    back(&id, "saved")
}

/// 自動処理 開始/停止.
pub async fn automation(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Switch>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    shop.automation_enabled = form.is_on()?;
    keep(&desk, &visitor, &shop, &["automation"]).await?;
    back(&id, "saved")
}

/// Addresses. A change wipes the credentials: they must not go where nobody meant them to.
pub async fn endpoints(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(pairs): Fields<Pairs>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    if !may_set_endpoints(&visitor) {
        return Err(not_an_administrator());
    }
    let mall = seen::mall(&desk, &shop)?;
    let given = form::sort(pairs, mall.descriptor(), &[])?;
    let new = form::endpoints(mall.descriptor(), &given.endpoints, desk.config.allow_private_endpoints)?;
    // One address for all hosts reads like one for each.
    let set = |role: &str| shop.endpoints.get(role).or_else(|| shop.endpoints.get("*"));
    let same = mall.descriptor().endpoints.iter().all(|e| set(e.role) == new.get(e.role).or(new.get("*")));
    if same {
        return back(&id, "saved");
    }
    shop.endpoints = new;
    keep(&desk, &visitor, &shop, &["endpoints", "credentials"]).await?;
    back(&id, "endpoints")
}

/// Takes a shop off. Orders stay.
pub async fn archive(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    shop.state = "archived".to_owned();
    shop.automation_enabled = false;
    shop.set_import_interval(0, desk.now());
    keep(&desk, &visitor, &shop, &["archived"]).await?;
    desk.recount();
    Ok(Redirect::to("/shops?done=archived").into_response())
}
