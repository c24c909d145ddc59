//! One user: invitation, name, group, off, a new link, the second factor taken away.

use super::{checked_login, checked_name, fresh_link, log, refused, row_id};
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::moment;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use store::desk::users::{Group, Refused, User};

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/users/new", edit(Menu::Users), new_form),
        post("/users", edit(Menu::Users), invite),
        get("/users/{id}", view(Menu::Users), show),
        post("/users/{id}", edit(Menu::Users), set),
        post("/users/{id}/link", edit(Menu::Users), link),
        post("/users/{id}/totp-off", edit(Menu::Users), totp_off),
    ]
}

fn here() -> Here<'static> {
    Here { menu: Some(Menu::Users), ..Here::default() }
}

#[derive(Template)]
#[template(path = "users/new.html")]
struct NewPage {
    frame: Frame,
    groups: Vec<Group>,
}

async fn new_form(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let title = visitor.lang().t("ユーザーを招待", "Invite a user");
    let frame = Frame::new(&desk, &visitor, title, here()).await?;
    frame::page(&NewPage { frame, groups: desk.ledger().groups().await? })
}

#[derive(Template)]
#[template(path = "users/link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    login: String,
    link: String,
    ends: String,
    id: i64,
}

/// The page with a link: shown once, never in a URL of ours.
async fn link_page(desk: &Desk, visitor: &Visitor, id: i64, login: String, name: String) -> Page {
    let link = fresh_link(desk, id).await?;
    let title = visitor.lang().t("ログインリンク", "Sign-in link");
    let frame = Frame::new(desk, visitor, title, here()).await?;
    let ends = moment(desk.now().plus(super::INVITATION_MS));
    frame::page(&LinkPage { frame, name, login, link, ends, id })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    login: String,
    name: String,
    group: i64,
}

async fn known_group(desk: &Desk, id: i64) -> Result<Group, Refusal> {
    let found = desk.ledger().groups().await?.into_iter().find(|g| g.group_id == id);
    found.ok_or_else(|| Refusal::field("group", "権限グループを選びなおしてください", "is not a group"))
}

async fn invite(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Invite>) -> Page {
    let (login, name) = (checked_login(&form.login)?, checked_name(&form.name)?);
    let group = known_group(&desk, form.group).await?;
    let added = desk.ledger().add_user(&login, &name, group.group_id, None, desk.now()).await?;
    let id = added.map_err(|why| match why {
        Refused::Taken => Refusal::field("login", "そのログイン名はすでに使われています", "is taken"),
        other => refused(other),
    })?;
    log(&desk, &visitor, "user.add", &login, &json!({ "group": group.name })).await?;
    link_page(&desk, &visitor, id, login, name).await
}

#[derive(Template)]
#[template(path = "users/person.html")]
struct PersonPage {
    frame: Frame,
    user: User,
    groups: Vec<Group>,
    signed_in: String,
    locked_until: String,
    edits: bool,
    myself: bool,
}

async fn person(desk: &Desk, id: &str) -> Result<User, Refusal> {
    desk.ledger().user(row_id(id)?).await?.ok_or_else(Refusal::not_found)
}

async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let user = person(&desk, &id).await?;
    let locked = Some(user.locked_until).filter(|until| *until > desk.now());
    frame::page(&PersonPage {
        frame: Frame::new(&desk, &visitor, user.name.clone(), here()).await?,
        groups: desk.ledger().groups().await?,
        signed_in: user.signed_in_at.map(moment).unwrap_or_default(),
        locked_until: locked.map(moment).unwrap_or_default(),
        edits: visitor.edits(Menu::Users),
        myself: user.user_id == visitor.user_id,
        user,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    name: String,
    group: i64,
    state: String,
}

async fn set(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Change>,
) -> Page {
    let user = person(&desk, &id).await?;
    let name = checked_name(&form.name)?;
    let group = known_group(&desk, form.group).await?;
    let active = match form.state.as_str() {
        "active" => true,
        "off" => false,
        _ => return Err(Refusal::field("state", "選びなおしてください", "must be active or off")),
    };
    desk.ledger().set_user(user.user_id, &name, group.group_id, active).await?.map_err(refused)?;
    let mut fields = Vec::new();
    fields.extend((user.name != name).then_some("name"));
    fields.extend((user.group_id != group.group_id).then_some("group"));
    fields.extend((user.state != form.state).then_some("state"));
    let details = json!({ "fields": fields, "group": group.name, "state": form.state });
    log(&desk, &visitor, "user.set", &user.login, &details).await?;
    Ok(Redirect::to("/users?done=saved").into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    reset: Option<String>,
}

/// A new link. With `reset` the old password is over: the person sets another after signing in.
async fn link(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<LinkForm>,
) -> Page {
    let user = person(&desk, &id).await?;
    if user.state != "active" {
        let ja = "停止中のユーザーです。先に有効にしてください";
        return Err(Refusal::field("state", ja, "the user is off"));
    }
    let reset = form.reset.is_some();
    if reset {
        desk.ledger().clear_password(user.user_id).await?;
    }
    log(&desk, &visitor, "user.link", &user.login, &json!({ "password_cleared": reset })).await?;
    link_page(&desk, &visitor, user.user_id, user.login, user.name).await
}

async fn totp_off(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let user = person(&desk, &id).await?;
    desk.ledger().set_totp(user.user_id, None).await?;
    log(&desk, &visitor, "user.totp_off", &user.login, &json!({})).await?;
    Ok(Redirect::to("/users?done=totp_off").into_response())
}
