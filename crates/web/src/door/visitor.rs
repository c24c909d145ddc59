//! Who is there: a person by session, or a program by token, with the rights of the person's group at this moment.

use super::{session, tokens};
use crate::desk::Desk;
use crate::refusal::Refusal;
use crate::words::Lang;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::history::By;
use domain::rights::{Level, Menu, Rights};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Access;
use store::desk::users::User;

/// What a person set on screens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// Language.
    pub lang: Lang,
    /// `light`, `dark`; empty = as the system.
    pub theme: String,
    /// `dense`, `normal`, `roomy`; empty = dense.
    pub density: String,
    /// Single-letter keys are off.
    pub keys_off: bool,
    /// Columns of the order list, in order; empty = the usual ones.
    pub columns: Vec<String>,
    /// Rows a page: 50, 100, 200; 0 = 50.
    pub rows: i64,
    /// Saved view the order list opens with.
    pub view: Option<i64>,
}

/// How somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A browser's session, by digest.
    Session(String),
    /// A program's token.
    Token,
}

/// Who is there.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Row.
    pub user_id: i64,
    /// Login name: history names people by it.
    pub login: String,
    /// Name that is shown.
    pub name: String,
    /// What they may do.
    pub rights: Rights,
    /// What they set.
    pub prefs: Prefs,
    /// How they came in.
    pub via: Via,
}

impl Visitor {
    /// What they may see of orders.
    #[must_use]
    pub fn access(&self) -> Access {
        Access { shops: self.rights.shops.clone(), buyer_data: self.rights.buyer_data }
    }

    /// For history.
    #[must_use]
    pub fn by(&self) -> By {
        By::User { name: self.login.clone() }
    }

    /// May so much at a menu.
    #[must_use]
    pub fn may(&self, menu: Menu, level: Level) -> bool {
        self.rights.level(menu) >= level
    }

    /// May change things at a menu.
    #[must_use]
    pub fn edits(&self, menu: Menu) -> bool {
        self.may(menu, Level::Edit)
    }

    /// Came in by a token.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.via == Via::Token
    }

    /// Their language.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.prefs.lang
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Set by the guard. A route that is open to everybody asks for `Option<Visitor>`.
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::not_found)
    }
}

impl<S: Send + Sync> axum::extract::OptionalFromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// A path as the value of `next=`.
pub(super) fn quoted(path: &str) -> String {
    serde_html_form::to_string([("", path)]).unwrap_or_default().trim_start_matches('=').to_owned()
}

/// Who a request comes from. A wrong or ended token is an error for programs and nobody for browsers.
pub(super) async fn of_request(desk: &Arc<Desk>, headers: &HeaderMap) -> Result<Option<Visitor>, Refusal> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    let now = desk.now();
    let ledger = desk.ledger();
    if let Some(token) = bearer {
        let Some(token) = ledger.api_token(&tokens::digest(token), now).await? else { return Ok(None) };
        let Some(user) = ledger.user(token.user_id).await? else { return Ok(None) };
        let mut visitor = visitor(desk, &user, Via::Token).await?;
        if let Some(visitor) = &mut visitor
            && token.read_only
        {
            visitor.rights = visitor.rights.read_only();
        }
        return Ok(visitor);
    }
    let Some(token) = session::token_of(desk, headers) else { return Ok(None) };
    let digest = tokens::digest(&token);
    let Some(found) = ledger.session(&digest, now).await? else { return Ok(None) };
    session::keep_alive(desk, &found, now).await?;
    let Some(user) = ledger.user(found.user_id).await? else { return Ok(None) };
    visitor(desk, &user, Via::Session(digest)).await
}

/// `None`: switched off.
async fn visitor(desk: &Desk, user: &User, via: Via) -> Result<Option<Visitor>, Refusal> {
    if user.state != "active" {
        return Ok(None);
    }
    let groups = desk.ledger().groups().await?;
    let Some(group) = groups.into_iter().find(|g| g.group_id == user.group_id) else { return Ok(None) };
    Ok(Some(Visitor {
        user_id: user.user_id,
        login: user.login.clone(),
        name: user.name.clone(),
        rights: group.rights,
        // What an older or newer program kept there must not shut anybody out.
        prefs: serde_json::from_value(user.prefs.clone()).unwrap_or_default(),
        via,
    }))
}
