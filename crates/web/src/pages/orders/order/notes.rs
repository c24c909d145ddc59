//! メモ and タグ of the staff.

use super::find;
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, post};
use crate::fields::Fields;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use domain::rights::Menu;
use serde::Deserialize;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        post("/orders/{order_no}/notes", edit(Menu::Orders), add),
        post("/orders/{order_no}/notes/drop", edit(Menu::Orders), drop_one),
        post("/orders/{order_no}/tags", edit(Menu::Orders), tag),
    ]
}

/// Longest note, characters.
const LONGEST_NOTE: usize = 2_000;
/// Longest tag, characters.
const LONGEST_TAG: usize = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteForm {
    text: String,
}

async fn add(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<NoteForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if !visitor.rights.buyer_data {
        // A note may speak of the buyer; whoever may not see one does not write one either.
        return Err(Refusal::not_found());
    }
    let text = form.text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(Refusal::field(
            "text",
            "メモは1〜2,000文字で入力してください",
            "must be 1 to 2000 characters",
        ));
    }
    if !desk.ledger().add_note(order.seq(), text, &visitor.by(), desk.now()).await? {
        return Err(domain::reason::buyer_data_erased().into());
    }
    Ok(order.done("note"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropForm {
    id: i64,
}

async fn drop_one(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<DropForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    if desk.ledger().drop_note(order.seq(), form.id).await? {
        let details = serde_json::json!({ "note": form.id });
        desk.ledger().log_action(&visitor.by(), "note.drop", order.no(), &details, desk.now()).await?;
    }
    Ok(order.done("note_gone"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagForm {
    tag: String,
    off: Option<String>,
}

async fn tag(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<TagForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let tag = form.tag.trim();
    if tag.is_empty() || tag.chars().count() > LONGEST_TAG || tag.chars().any(char::is_control) {
        return Err(Refusal::field("tag", "タグは1〜30文字で入力してください", "must be 1 to 30 characters"));
    }
    desk.ledger().set_tag(&[order.seq()], tag, form.off.is_none()).await?;
    Ok(order.done("tag"))
}
