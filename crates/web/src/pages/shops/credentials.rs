//! Entering and replacing credentials. They are sealed by the store; no answer of this program repeats one.

use super::form::{self, Pairs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::Reason;
use engine::setup;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;

fn sending(shop: &str) -> Refusal {
    seen::not_now(
        Reason::new(
            "shop_is_sending",
            format!("店舗「{shop}」は送信中のため、別のレーンへ移せません"),
            "しばらくしてからもう一度登録してください。",
            format!("Shop {shop} is sending right now and cannot change its lane"),
        )
        .retried(),
    )
}

/// Stores what was filled in.
pub async fn store(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(pairs): Fields<Pairs>,
) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let descriptor = mall.descriptor();
    let given = form::sort(pairs, descriptor, &[])?;
    if given.credentials.is_empty() && given.ends.is_empty() {
        return Err(Refusal::field("credential", "登録する値を入力してください", "enter at least one"));
    }
    let rows = desk.ledger().credential_rows(shop.shop_id).await?;
    let there: Vec<String> = rows.into_iter().map(|r| r.credential).collect();
    if !given.credentials.is_empty()
        && let Some(wrong) =
            setup::check_credentials(descriptor, &given.credentials, &there).into_iter().next()
    {
        return Err(Refusal::field(format!("credential.{}", wrong.key), wrong.ja, wrong.en));
    }
    let mut ends = BTreeMap::new();
    for (key, day) in &given.ends {
        if !there.contains(key) && !given.credentials.contains_key(key) {
            let ja = format!("{key} はまだ登録されていません");
            return Err(Refusal::field(format!("end.{key}"), ja, "is not stored yet"));
        }
        let end = setup::read_end(descriptor, key, day);
        ends.insert(key.clone(), end.map_err(|p| Refusal::field(format!("end.{key}"), p.ja, p.en))?);
    }
    let (now, name) = (desk.now(), shop.name.clone());
    match setup::store_credentials(desk.ledger(), &*mall, shop, &given.credentials, &ends, now).await {
        Err(StoreError::Conflict { .. }) => return Err(sending(&name)),
        other => other?,
    }
    let keys: Vec<&String> = given.credentials.keys().chain(given.ends.keys()).collect();
    let details = serde_json::json!({ "credentials": keys });
    desk.ledger().log_action(&visitor.by(), "shop.credentials", &id, &details, now).await?;
    desk.hub.wake();
    Ok(Redirect::to(&format!("/shops/{id}?done=credentials#credentials")).into_response())
}
