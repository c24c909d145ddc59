//! The ends of credentials as a calendar feed. The link holds a token; the database keeps only its digest, so the link is
//! shown once, when it is made. The feed names shops and kinds of keys, no secret and no way in.

use super::ical::{self, Event};
use crate::desk::Desk;
use crate::door::{Visitor, tokens};
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use domain::{Reason, UtcMillis};
use engine::keys::{BoardRow, EndSource};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Key of the value that is kept.
const KEPT: &str = "credential_calendar";

/// What is kept of the link.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    digest: String,
    /// When it was made.
    pub made_at: UtcMillis,
    /// By whom.
    pub made_by: String,
}

/// The link that holds, if there is one.
///
/// # Errors
/// As the database says.
pub async fn link(desk: &Desk) -> Result<Option<Link>, Refusal> {
    let text = desk.ledger().kept_value(KEPT).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// May this visitor make one? It shows all shops, so only who sees all.
#[must_use]
pub fn may_make(visitor: &Visitor) -> bool {
    visitor.edits(Menu::Shops) && visitor.access().shops.is_none()
}

/// Make a new one, or none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    to: String,
}

#[derive(Template)]
#[template(path = "keys/link.html")]
struct LinkPage {
    frame: Frame,
    link: String,
}

/// Makes, renews or revokes the link. An older one opens nothing from then on.
pub async fn change(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(wanted): Fields<Wanted>) -> Page {
    if !may_make(&visitor) {
        let ja = "カレンダーのリンクは、すべての店舗を見られる人だけが作れます";
        let reason = Reason::new("all_shops_needed", ja, "", "needs the right to all shops");
        return Err(Refusal::forbidden(reason));
    }
    let (lang, now, details) = (visitor.lang(), desk.now(), serde_json::json!({}));
    let log = async |action: &str| desk.ledger().log_action(&visitor.by(), action, "", &details, now).await;
    match wanted.to.as_str() {
        "new" => {}
        "off" => {
            desk.ledger().keep_value(KEPT, "").await?;
            log("credentials.calendar.off").await?;
            return Ok(Redirect::to("/credentials?done=calendar_off").into_response());
        }
        _ => return Err(Refusal::field("to", "もう一度選んでください", "must be new or off")),
    }
    let token = tokens::fresh().map_err(|_| Refusal::inside())?;
    let kept = Link { digest: tokens::digest(&token), made_at: now, made_by: visitor.login.clone() };
    let text = serde_json::to_string(&kept).map_err(|_| Refusal::inside())?;
    desk.ledger().keep_value(KEPT, &text).await?;
    log("credentials.calendar.new").await?;
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    let title = lang.t("カレンダーのリンク", "Calendar link");
    frame::page(&LinkPage {
        frame: Frame::new(&desk, &visitor, title, here).await?,
        link: format!("{}/calendar/{token}.ics", desk.config.base_url.trim_end_matches('/')),
    })
}

fn event(row: &BoardRow) -> Option<Event> {
    let end = row.expires_at.filter(|_| row.is_set && row.active && row.source != EndSource::Never)?;
    let mut lines = vec![format!("{}（{}）", row.mall_name, row.source.words().0)];
    if !row.renewal.stops.is_empty() {
        lines.push(format!("切れると止まるもの：{}", row.renewal.stops.join("、")));
    }
    lines.extend(row.renewal.steps.iter().enumerate().map(|(n, step)| format!("{}. {step}", n + 1)));
    Some(Event {
        uid: format!("credential-{}-{}@choba", row.shop_id, row.key),
        day: end.japan_date(),
        summary: format!("{}：{}の期限", row.shop, row.label),
        description: lines.join("\n"),
    })
}

/// The feed, for whoever has the link.
pub async fn serve(State(desk): State<Arc<Desk>>, Path(token): Path<String>) -> Page {
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let known = link(&desk).await?.is_some_and(|link| link.digest == tokens::digest(token));
    if !known {
        return Err(Refusal::not_found());
    }
    let events: Vec<Event> = desk.keys().await?.iter().filter_map(event).collect();
    let text = ical::calendar("帳場 API有効期限", &events, desk.now());
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"choba.ics\""),
    ];
    Ok((headers, text).into_response())
}
