//! Entering and replacing credentials. They are sealed by the store; no answer of this program repeats one. Where the shop's
//! lane is worked they wait until the mall takes them.

use super::form::{self, Pairs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::frame;
use crate::pages::notices::who;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::Reason;
use domain::rights::Menu;
use engine::keys::{self, Entered};
use engine::setup;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Shop, StoreError};

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
    let by = visitor.by();
    let entered = keys::enter(desk.ledger(), &*mall, shop, &given.credentials, &ends, &by, now).await;
    let entered = match entered {
        Err(StoreError::Conflict { .. }) => return Err(sending(&name)),
        other => other?,
    };
    let names: Vec<&String> = given.credentials.keys().chain(given.ends.keys()).collect();
    let details = serde_json::json!({ "credentials": names });
    desk.ledger().log_action(&by, "shop.credentials", &id, &details, now).await?;
    desk.recount();
    desk.hub.wake();
    let to = match entered {
        Entered::Stored => format!("/shops/{id}?done=credentials#credentials"),
        Entered::Waiting => format!("/shops/{id}?done=waiting#next"),
    };
    Ok(Redirect::to(&to).into_response())
}

/// One that waits, in words.
pub struct WaitingShown {
    pub(super) label: String,
    pub(super) class: &'static str,
    pub(super) words: &'static str,
    pub(super) entered: String,
    pub(super) by: String,
    pub(super) tried: String,
    pub(super) reason: Option<Reason>,
}

/// What waits for a shop.
///
/// # Errors
/// As the database says.
pub async fn waiting(desk: &Desk, lang: Lang, shop: &Shop) -> Result<Vec<WaitingShown>, Refusal> {
    let mall = seen::mall(desk, shop)?;
    let fields = &mall.descriptor().credentials;
    let rows = desk.ledger().next_credentials(shop.shop_id).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (class, words) = match &row.reason {
                None => ("run", lang.t("モールで確認中", "being tried")),
                // What passes by itself is no refusal.
                Some(reason) if reason.retried => {
                    ("warn", lang.t("まだ確かめられません", "could not be tried yet"))
                }
                Some(_) => ("bad", lang.t("まだ使えません", "not taken yet")),
            };
            let field = fields.iter().find(|f| f.key == row.credential);
            WaitingShown {
                label: field.map_or(row.credential.clone(), |f| f.label.to_owned()),
                class,
                words,
                entered: moment(row.entered_at),
                by: who(lang, &row.by),
                tried: row.tried_at.map(moment).unwrap_or_default(),
                reason: row.reason,
            }
        })
        .collect())
}

#[derive(Template)]
#[template(path = "shops/next_part.html")]
struct NextPart {
    l: Lang,
    id: i64,
    waiting: Vec<WaitingShown>,
    may_edit: bool,
}

/// The part that asks again while something waits.
pub async fn next_part(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let l = visitor.lang();
    let waiting = waiting(&desk, l, &shop).await?;
    frame::page(&NextPart { l, id: shop.shop_id.0, waiting, may_edit: visitor.edits(Menu::Shops) })
}

/// What a person decides about what waits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    to: String,
}

/// Forgets what waits, or puts it in use untried.
pub async fn decide_next(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(decided): Fields<Decided>,
) -> Page {
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let (by, now, details) = (visitor.by(), desk.now(), serde_json::json!({}));
    let done = match decided.to.as_str() {
        "drop" => {
            desk.ledger().forget_next_credentials(shop.shop_id).await?;
            desk.ledger().log_action(&by, "shop.credentials.dropped", &id, &details, now).await?;
            "dropped"
        }
        "store" => match keys::store_anyway(desk.ledger(), &*mall, &shop, &by, now).await {
            Err(StoreError::Conflict { .. }) => return Err(sending(&shop.name)),
            // Gone meanwhile: the lane was quicker.
            Ok(_) => "credentials",
            Err(error) => return Err(error.into()),
        },
        _ => return Err(Refusal::field("to", "もう一度選んでください", "must be drop or store")),
    };
    desk.recount();
    desk.hub.wake();
    Ok(Redirect::to(&format!("/shops/{id}?done={done}#credentials")).into_response())
}
