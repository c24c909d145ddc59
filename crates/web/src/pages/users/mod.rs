//! ユーザーと権限グループ: who may sign in, and what they may do. Everything here is written to 操作ログ.
//!
//! `person` is one user, `groups` is what groups may do. People get no typed password: they come in by a link that is good
//! once and set their own.

mod groups;
mod person;

use crate::desk::Desk;
use crate::door::guard::view;
use crate::door::{Route, Visitor, get, tokens};
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Reason;
use domain::rights::Menu;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::desk::users::{Group, Refused};

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let own = vec![get("/users", view(Menu::Users), list)];
    [own, person::routes(), groups::routes()].into_iter().flatten().collect()
}

/// An invitation is good so long, milliseconds.
pub const INVITATION_MS: i64 = domain::time::DAY;

/// A row number in a path.
///
/// # Errors
/// There is no such row.
pub fn row_id(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

/// A name that is shown: something, not too long, on one line.
///
/// # Errors
/// Why not.
pub fn checked_name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(Refusal::field("name", "1〜60文字で入力してください", "must have 1 to 60 characters"));
    }
    Ok(name.to_owned())
}

/// A login name: what people type every morning.
///
/// # Errors
/// Why not.
pub fn checked_login(text: &str) -> Result<String, Refusal> {
    let login = store::desk::users::fold_login(text);
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    if !(2..=60).contains(&login.chars().count()) || !login.chars().all(fine) {
        let ja = "2〜60文字の文字・数字・. - _ @ + にしてください（空白は使えません）";
        return Err(Refusal::field("login", ja, "must be 2 to 60 letters, digits or . - _ @ +"));
    }
    Ok(login)
}

/// Writes to 操作ログ.
///
/// # Errors
/// As the database says.
pub async fn log(
    desk: &Desk,
    visitor: &Visitor,
    action: &str,
    target: &str,
    details: &Value,
) -> Result<(), Refusal> {
    Ok(desk.ledger().log_action(&visitor.by(), action, target, details, desk.now()).await?)
}

/// Why a change of people was refused, in words.
pub fn refused(why: Refused) -> Refusal {
    match why {
        Refused::Taken => Refusal::field("name", "その名前はすでに使われています", "is taken"),
        Refused::LastAdministrator => {
            let reason = Reason::new(
                "last_administrator",
                "ユーザーを管理できる人がいなくなるため、変更できません",
                "先に、ほかの人を「ユーザー：更新」のある権限グループに入れてください。",
                "Nobody would be left who may change users",
            );
            Refusal::new(StatusCode::CONFLICT, reason)
        }
        Refused::Changed => Refusal::conflict(),
        Refused::NotThere => Refusal::not_found(),
    }
}

/// A link that signs somebody in once, from the address people use (F72).
///
/// # Errors
/// As the database says.
async fn fresh_link(desk: &Desk, user: i64) -> Result<String, Refusal> {
    let token = tokens::fresh().map_err(|_| Refusal::inside())?;
    let until = desk.now().plus(INVITATION_MS);
    desk.ledger().add_one_time_link(&tokens::digest(&token), "sign_in", Some(user), until).await?;
    Ok(format!("{}/login/link/{token}", desk.config.base_url.trim_end_matches('/')))
}

/// One person in the list.
struct UserShown {
    id: i64,
    login: String,
    name: String,
    group: String,
    /// Class and words.
    state: (&'static str, &'static str),
    second_factor: bool,
    signed_in: String,
}

#[derive(Template)]
#[template(path = "users/list.html")]
struct ListPage {
    frame: Frame,
    users: Vec<UserShown>,
    groups: Vec<(Group, usize)>,
    edits: bool,
    done: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    done: Option<String>,
}

fn done_words(code: Option<&str>, lang: Lang) -> &'static str {
    match code {
        Some("saved") => lang.t("保存しました", "Saved"),
        Some("dropped") => lang.t("権限グループを削除しました", "The group was removed"),
        Some("totp_off") => lang.t("2段階認証を解除しました", "The second factor was taken away"),
        _ => "",
    }
}

async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<Done>) -> Page {
    let lang = visitor.lang();
    let now = desk.now();
    let groups = desk.ledger().groups().await?;
    let names: BTreeMap<i64, &str> = groups.iter().map(|g| (g.group_id, g.name.as_str())).collect();
    let users = desk.ledger().users().await?;
    let people = |group: i64| users.iter().filter(|u| u.group_id == group).count();
    let counted: Vec<usize> = groups.iter().map(|g| people(g.group_id)).collect();
    let shown = users
        .into_iter()
        .map(|u| UserShown {
            id: u.user_id,
            group: names.get(&u.group_id).map(|n| (*n).to_owned()).unwrap_or_default(),
            state: match u.state.as_str() {
                "active" if u.locked_until > now => ("bad", lang.t("ロック中", "locked")),
                "active" if u.password.is_none() => ("run", lang.t("招待中", "invited")),
                "active" => ("ok", lang.t("有効", "active")),
                _ => ("", lang.t("停止中", "off")),
            },
            login: u.login,
            name: u.name,
            second_factor: u.has_totp,
            signed_in: u.signed_in_at.map(moment).unwrap_or_default(),
        })
        .collect();
    let here = Here { menu: Some(Menu::Users), ..Here::default() };
    frame::page(&ListPage {
        frame: Frame::new(&desk, &visitor, lang.t("ユーザー", "Users"), here).await?,
        users: shown,
        groups: groups.into_iter().zip(counted).collect(),
        edits: visitor.edits(Menu::Users),
        done: done_words(query.done.as_deref(), lang),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_of_something() {
        assert_eq!(checked_name("  架空 花子 ").unwrap(), "架空 花子");
        for bad in ["", "   ", "a\nb", "a\0b", &"x".repeat(61)] {
            assert_eq!(checked_name(bad).unwrap_err().field.as_deref(), Some("name"), "{bad:?}");
        }
    }

    #[test]
    fn login_names_can_be_typed() {
        assert_eq!(checked_login(" Ｓato.Taro ").unwrap(), "sato.taro");
        assert_eq!(checked_login("佐藤").unwrap(), "佐藤");
        for bad in ["", "a", "a b", "a/b", "a\0b", "<b>", &"x".repeat(61)] {
            assert!(checked_login(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_refusal_of_the_store_has_words() {
        for (why, status) in [
            (Refused::Taken, 422),
            (Refused::LastAdministrator, 409),
            (Refused::Changed, 409),
            (Refused::NotThere, 404),
        ] {
            let refusal = refused(why);
            assert_eq!(refusal.status.as_u16(), status);
            assert!(!refusal.reason.ja.is_empty() && !refusal.reason.en.is_empty());
        }
    }
}
