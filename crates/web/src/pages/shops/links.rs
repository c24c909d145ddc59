//! 紐付け設定 (NTF-11): which mall status an order gets when it enters a phase. Saving writes nothing.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::link::{StatusLink, may_save};
use domain::write::WriteKind;
use serde::Deserialize;
use std::sync::Arc;

/// A row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    phase: String,
    status: String,
}

fn back(id: &str) -> Page {
    Ok(Redirect::to(&format!("/shops/{id}?done=link#links")).into_response())
}

/// Adds a row, or changes the one of the phase.
pub async fn put(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Put>,
) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let descriptor = mall.descriptor();
    if descriptor.write(WriteKind::MallStatus).is_none() {
        return Err(domain::reason::write_not_offered().into());
    }
    let phases = desk.ledger().phases().await?;
    let Some(phase) = phases.into_iter().find(|p| p.phase.as_str() == form.phase) else {
        return Err(Refusal::field("phase", "フェーズを選びなおしてください", "there is no such phase"));
    };
    let Some(status) = descriptor.status(&form.status) else {
        let ja = "そのモールステータスはありません";
        return Err(Refusal::field("status", ja, "is no status of the mall"));
    };
    let link =
        StatusLink { shop_id: shop.shop_id, phase: phase.phase, status: status.code.to_owned(), on: true };
    may_save(&link, status.label, status.stage)?;
    desk.ledger().put_status_link(&link).await?;
    log(&desk, &visitor, &id, link.phase.as_str()).await?;
    back(&id)
}

async fn log(desk: &Desk, visitor: &Visitor, id: &str, phase: &str) -> Result<(), Refusal> {
    let details = serde_json::json!({ "phase": phase });
    Ok(desk.ledger().log_action(&visitor.by(), "shop.link", id, &details, desk.now()).await?)
}

/// A change of a row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    phase: String,
    to: String,
}

/// Switches a row on or off, or removes it; also one whose phase is gone.
pub async fn change(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Change>,
) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let phase = form.phase.as_str().into();
    let done = match form.to.as_str() {
        "on" => desk.ledger().switch_status_link(shop.shop_id, &phase, true).await?,
        "off" => desk.ledger().switch_status_link(shop.shop_id, &phase, false).await?,
        "drop" => desk.ledger().drop_status_link(shop.shop_id, &phase).await?,
        _ => return Err(Refusal::field("to", "操作を選びなおしてください", "is unknown")),
    };
    if !done {
        return Err(Refusal::not_found());
    }
    log(&desk, &visitor, &id, phase.as_str()).await?;
    back(&id)
}
