//! 個人設定: name and screens, password, second factor, sessions, tokens for programs. Each for oneself only.

pub(super) mod password;
mod tokens;
mod totp;

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Prefs, Route, Via, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::users::{checked_name, log};
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use std::sync::Arc;
use store::desk::users::User;
use store::desk::users::access::ApiToken;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let own = vec![
        get("/me", Need::SignedIn, show),
        post("/me", Need::SignedIn, set),
        post("/me/sessions/end", Need::SignedIn, end_others),
    ];
    [own, password::routes(), totp::routes(), tokens::routes()].into_iter().flatten().collect()
}

/// A browser somebody is signed in with.
struct SessionShown {
    browser: String,
    since: String,
    seen: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "me/me.html")]
struct MePage {
    frame: Frame,
    login: String,
    name: String,
    group: String,
    english: bool,
    has_password: bool,
    has_totp: bool,
    sessions: Vec<SessionShown>,
    others: usize,
    tokens: Vec<(ApiToken, String, String, bool)>,
    done: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    done: Option<String>,
}

/// What was done, in words.
fn done_words(code: Option<&str>, lang: Lang) -> &'static str {
    match code {
        Some("saved") => lang.t("保存しました", "Saved"),
        Some("password") => {
            lang.t("パスワードを変更しました。ほかの端末はログアウトしました", "The password was changed")
        }
        Some("totp") => lang.t("2段階認証を設定しました", "The second factor is on"),
        Some("totp_off") => lang.t("2段階認証を解除しました", "The second factor is off"),
        Some("ended") => lang.t("ほかの端末をログアウトしました", "Other devices were signed out"),
        Some("dropped") => lang.t("APIトークンを取り消しました", "The token was revoked"),
        Some("welcome") => {
            lang.t("ようこそ。まずパスワードを決めてください", "Welcome. Set a password first")
        }
        _ => "",
    }
}

/// A browser as people know it: 「Chrome（Windows）」.
fn browser(agent: &str) -> String {
    let found = |of: &[(&str, &'static str)]| {
        of.iter().find(|(mark, _)| agent.contains(mark)).map_or("", |(_, name)| *name)
    };
    let program = found(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let machine = found(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (program, machine) {
        ("", _) => agent.chars().take(40).collect(),
        (program, "") => program.to_owned(),
        (program, machine) => format!("{program}（{machine}）"),
    }
}

/// The row of whoever is there.
pub(super) async fn myself(desk: &Desk, visitor: &Visitor) -> Result<User, Refusal> {
    desk.ledger().user(visitor.user_id).await?.ok_or_else(Refusal::not_found)
}

/// Digest of the session one is in.
fn this_session(visitor: &Visitor) -> Option<&str> {
    match &visitor.via {
        Via::Session(digest) => Some(digest),
        Via::Token => None,
    }
}

async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<Done>) -> Page {
    let lang = visitor.lang();
    let now = desk.now();
    let user = myself(&desk, &visitor).await?;
    let group = desk.ledger().groups().await?.into_iter().find(|g| g.group_id == user.group_id);
    let here = this_session(&visitor);
    let sessions: Vec<SessionShown> = desk
        .ledger()
        .sessions(visitor.user_id, now)
        .await?
        .into_iter()
        .map(|s| SessionShown {
            browser: browser(&s.agent),
            since: moment(s.created_at),
            seen: moment(s.seen_at),
            here: here == Some(s.token_hash.as_str()),
        })
        .collect();
    let tokens = desk.ledger().api_tokens(visitor.user_id).await?;
    let shown = |t: ApiToken| {
        let used = t.used_at.map_or_else(|| lang.t("未使用", "never").to_owned(), moment);
        let (ends, over) = (moment(t.expires_at), t.expires_at <= now);
        (t, ends, used, over)
    };
    let title = lang.t("個人設定", "My settings");
    frame::page(&MePage {
        frame: Frame::new(&desk, &visitor, title, Here::default()).await?,
        login: user.login,
        name: user.name,
        group: group.map(|g| g.name).unwrap_or_default(),
        english: lang == Lang::En,
        has_password: user.password.is_some(),
        has_totp: user.has_totp,
        others: sessions.iter().filter(|s| !s.here).count(),
        sessions,
        tokens: tokens.into_iter().map(shown).collect(),
        done: done_words(query.done.as_deref(), lang),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    name: String,
    lang: String,
    theme: String,
    density: String,
    keys: Option<String>,
}

fn bad(field: &str) -> Refusal {
    Refusal::field(field, "選びなおしてください", "is unknown")
}

/// What a person may set of screens; what is not in the form stays.
fn new_prefs(before: &Prefs, form: &Settings) -> Result<Prefs, Refusal> {
    let lang = match form.lang.as_str() {
        "ja" => Lang::Ja,
        "en" => Lang::En,
        _ => return Err(bad("lang")),
    };
    if !matches!(form.theme.as_str(), "" | "light" | "dark") {
        return Err(bad("theme"));
    }
    if !matches!(form.density.as_str(), "dense" | "normal" | "roomy") {
        return Err(bad("density"));
    }
    let keys_off = match form.keys.as_deref() {
        None => true,
        Some("on") => false,
        Some(_) => return Err(bad("keys")),
    };
    Ok(Prefs { lang, theme: form.theme.clone(), density: form.density.clone(), keys_off, ..before.clone() })
}

async fn set(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Settings>) -> Page {
    let name = checked_name(&form.name)?;
    let prefs = new_prefs(&visitor.prefs, &form)?;
    let json = serde_json::to_value(&prefs).map_err(|_| Refusal::inside())?;
    desk.ledger().set_prefs(visitor.user_id, &json).await?;
    if name != visitor.name {
        desk.ledger().set_user_name(visitor.user_id, &name).await?;
        log(&desk, &visitor, "me.name", &visitor.login, &serde_json::json!({})).await?;
    }
    Ok(Redirect::to("/me?done=saved").into_response())
}

async fn end_others(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    desk.ledger().end_sessions(visitor.user_id, this_session(&visitor)).await?;
    log(&desk, &visitor, "me.sessions_ended", &visitor.login, &serde_json::json!({})).await?;
    Ok(Redirect::to("/me?done=ended").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome（Windows）");
        assert_eq!(browser(&format!("{chrome} Edg/140.0")), "Edge（Windows）");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser(phone), "Safari（iPhone）");
        assert_eq!(browser("curl/8.0"), "curl/8.0");
        assert_eq!(browser(""), "");
    }

    #[test]
    fn settings_of_screens_are_read_strictly_and_leave_the_rest_f68() {
        let form = |lang: &str, keys: Option<&str>| Settings {
            name: "x".to_owned(),
            lang: lang.to_owned(),
            theme: "dark".to_owned(),
            density: "roomy".to_owned(),
            keys: keys.map(str::to_owned),
        };
        let before = Prefs { rows: 200, columns: vec!["shop".to_owned()], ..Prefs::default() };
        let after = new_prefs(&before, &form("en", None)).unwrap();
        assert_eq!((after.lang, after.keys_off, after.rows), (Lang::En, true, 200));
        assert_eq!(after.columns, before.columns);
        assert!(!new_prefs(&before, &form("ja", Some("on"))).unwrap().keys_off);
        assert_eq!(new_prefs(&before, &form("de", None)).unwrap_err().field.as_deref(), Some("lang"));
        assert_eq!(new_prefs(&before, &form("ja", Some("x"))).unwrap_err().field.as_deref(), Some("keys"));
    }
}
