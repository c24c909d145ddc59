//! 「モールを確認」: for a notice whose result nobody learnt, the lane looks at the mall now. Nothing is sent.

use super::one;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::notice::NoticeState;
use domain::{Reason, RequestId, reason};
use engine::doors;
use engine::requests::{READ_BACK, ReadBackRequest};
use std::sync::Arc;
use store::desk::notices::NoticeRow;

/// Is there something to look for?
pub fn may_look(row: &NoticeRow) -> bool {
    let unknown = NoticeState::ResultUnknown;
    row.state == unknown && row.order_state.is_none_or(|now| now == unknown)
}

/// What came of a look.
pub struct Looked {
    /// Request.
    pub id: i64,
    /// It is not over.
    pub running: bool,
    /// `info`, `warn`.
    pub class: &'static str,
    /// Words.
    pub text: String,
    /// What to do.
    pub remedy: String,
}

/// Asks for a look.
pub async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let (row, _) = one::find(&desk, &visitor, &id).await?;
    let shop = seen::shop(&desk, &visitor, &row.shop_id.to_string()).await?;
    if !may_look(&row) {
        return Err(seen::not_now(reason::nothing_to_look_for()));
    }
    let body = ReadBackRequest { write: row.outbox_id };
    let request = doors::ask(&desk.hub, &shop, READ_BACK, &body, &visitor.by()).await?;
    Ok(Redirect::to(&format!("/notices/{id}?asked={request}")).into_response())
}

/// What came of a look that was asked for; `None` when it was not for this notice.
///
/// # Errors
/// As the database says.
pub async fn looked(desk: &Desk, lang: Lang, row: &NoticeRow, asked: i64) -> Result<Option<Looked>, Refusal> {
    let Some(request) = desk.ledger().request(RequestId(asked)).await? else { return Ok(None) };
    let ours = request.kind == READ_BACK && request.shop_id == row.shop_id;
    if !ours || request.body_as::<ReadBackRequest>()?.write != row.outbox_id {
        return Ok(None);
    }
    let of = |key: &str| request.result.as_ref().and_then(|r| r.get(key)).cloned();
    let reason: Option<Reason> = of("reason").and_then(|r| serde_json::from_value(r).ok());
    let seen = of("state").and_then(|s| NoticeState::parse(s.as_str()?));
    let (class, text) = match (request.is_finished(), seen) {
        (false, _) => ("info", lang.t("モールを確認しています…", "Looking at the mall…").to_owned()),
        (true, Some(NoticeState::Applied)) => (
            "info",
            lang.t("モールを確認しました。登録されていました。", "Looked at the mall: it is there.")
                .to_owned(),
        ),
        (true, Some(_)) => (
            "warn",
            lang.t(
                "モールを確認しました。登録されていませんでした。",
                "Looked at the mall: it is not there.",
            )
            .to_owned(),
        ),
        (true, None) => {
            let why = reason.as_ref().map_or_else(String::new, |r| lang.reason(r));
            ("warn", format!("{}{why}", lang.t("モールを確認できませんでした：", "Could not tell: ")))
        }
    };
    let remedy = match (lang, reason) {
        (Lang::Ja, Some(reason)) => reason.remedy,
        _ => String::new(),
    };
    Ok(Some(Looked { id: asked, running: !request.is_finished(), class, text, remedy }))
}
