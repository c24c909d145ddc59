//! `choba user`: people and how they come in, for whoever sits at the machine itself.

use super::app::App;
use super::refusal::Refusal;
use anyhow::Result;
use domain::history::By;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::Ledger;
use store::desk::users::own::FirstUser;
use store::desk::users::{Group, Refused, User};
use web::door::{passwords, tokens};

/// ユーザー
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 加える / add
    Add {
        /// ログイン名 / login name
        login: String,
        /// 名前 / name that is shown
        #[arg(long)]
        name: String,
        /// 権限グループ / group
        #[arg(long)]
        group: String,
        /// パスワードのファイル（省略すると1回だけ使えるリンクを表示） / file with the password; else a link
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// 一覧 / list
    List,
    /// 1回だけ使えるログインリンク / a link that signs in once
    Link {
        /// ログイン名 / login name
        login: String,
        /// いまのパスワードを無効にする / the present password ends
        #[arg(long)]
        reset_password: bool,
        #[command(flatten)]
        at: At,
    },
    /// 停止：すぐにログアウトし、APIトークンも取り消す / switch off at once
    Off {
        /// ログイン名 / login name
        login: String,
    },
}

/// リンクのはじまり
#[derive(Debug, clap::Args)]
pub struct At {
    /// 利用者が開くアドレス / address people use
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    base_url: String,
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::Add { login, name, group, password_file, at } => {
            add(app, &login, &name, &group, password_file.as_deref(), &at).await
        }
        Cmd::List => list(app).await,
        Cmd::Link { login, reset_password, at } => link(app, &login, reset_password, &at).await,
        Cmd::Off { login } => off(app, &login).await,
    }
}

/// What the back office says of a field, at the command line.
fn of_web(refusal: web::refusal::Refusal, field: &str) -> anyhow::Error {
    Refusal::field(field, refusal.reason.ja, refusal.reason.en).into()
}

fn refused(why: Refused) -> Refusal {
    let refusal = web::pages::users::refused(why);
    Refusal::from(refusal.reason)
}

async fn group(ledger: &Ledger, name: &str) -> Result<Group> {
    let groups = ledger.groups().await?;
    let known: Vec<String> = groups.iter().map(|g| g.name.clone()).collect();
    groups.into_iter().find(|g| g.name == name).ok_or_else(|| {
        let ja = format!("「{name}」という権限グループはありません（{}）", known.join("、"));
        Refusal::field("--group", ja, format!("there is no group {name:?}")).into()
    })
}

async fn user(ledger: &Ledger, login: &str) -> Result<User> {
    ledger.user_by_login(login).await?.ok_or_else(|| {
        let (ja, en) = (format!("ユーザー「{login}」はいません"), format!("there is no user {login}"));
        Refusal::new("no_such_user", ja, en).remedy("choba user list で確認してください。").into()
    })
}

/// The hash of the password in a file: its first line.
async fn of_file(path: &Path, field: &str, login: &str) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Refusal::field(field, format!("ファイルを読めません（{e}）"), e))?;
    hashed(text.lines().next().unwrap_or_default(), field, login).await
}

async fn hashed(password: &str, field: &str, login: &str) -> Result<String> {
    if let Err(weak) = passwords::check(password, login) {
        let (ja, en) = weak.words();
        return Err(Refusal::field(field, ja, en).into());
    }
    let hash = passwords::hashed(password.to_owned()).await;
    hash.ok_or_else(|| Refusal::new("failed", "乱数を得られません", "no randomness").into())
}

/// A link that is good once, from the address people use.
async fn fresh_link(app: &App, ledger: &Ledger, user: i64, at: &At) -> Result<String> {
    let token = tokens::fresh()?;
    let until = app.now().plus(crate::serve::LINK_MS);
    ledger.add_one_time_link(&tokens::digest(&token), "sign_in", Some(user), until).await?;
    Ok(format!("{}/login/link/{token}", at.base_url.trim_end_matches('/')))
}

async fn add(
    app: &App,
    login: &str,
    name: &str,
    group_name: &str,
    password_file: Option<&Path>,
    at: &At,
) -> Result<u8> {
    let login = web::pages::users::checked_login(login).map_err(|r| of_web(r, "LOGIN"))?;
    let name = web::pages::users::checked_name(name).map_err(|r| of_web(r, "--name"))?;
    let ledger = app.ledger().await?;
    let group = group(&ledger, group_name).await?;
    let hash = match password_file {
        Some(path) => Some(of_file(path, "--password-file", &login).await?),
        None => None,
    };
    let added = ledger.add_user(&login, &name, group.group_id, hash.as_deref(), app.now()).await?;
    let id = added.map_err(|why| match why {
        Refused::Taken => Refusal::new(
            "user_exists",
            format!("ユーザー「{login}」はすでにいます"),
            format!("there already is a user {login}"),
        ),
        other => refused(other),
    })?;
    let details = json!({ "group": group.name });
    ledger.log_action(&By::Cli, "user.add", &login, &details, app.now()).await?;
    app.out.say(format!("ユーザー「{login}」を加えました"), format!("User {login} was added"));
    let mut object = json!({ "login": login, "name": name, "group": group.name });
    if hash.is_none() {
        say_link(app, &mut object, &fresh_link(app, &ledger, id, at).await?);
    }
    app.out.object(&object)?;
    Ok(0)
}

fn say_link(app: &App, object: &mut Value, link: &str) {
    app.out.say(
        format!("ログインリンク（1回だけ、30分間有効）：{link}"),
        format!("Sign-in link (once, 30 minutes): {link}"),
    );
    if let Some(map) = object.as_object_mut() {
        map.insert("link".to_owned(), json!(link));
    }
}

async fn list(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let groups = ledger.groups().await?;
    let mut rows = Vec::new();
    for user in ledger.users().await? {
        let group = groups.iter().find(|g| g.group_id == user.group_id).map_or("", |g| g.name.as_str());
        app.out.object(
            &json!({ "login": user.login, "name": user.name, "group": group, "state": user.state,
            "has_password": user.password.is_some(), "second_factor": user.has_totp,
            "created_at": user.created_at, "signed_in_at": user.signed_in_at }),
        )?;
        let state = if user.state == "active" {
            app.out.t("○ 有効", "active")
        } else {
            app.out.t("停止中", "off")
        };
        rows.push(vec![
            user.login.clone(),
            user.name.clone(),
            group.to_owned(),
            state.to_owned(),
            user.signed_in_at.map(|t| t.to_japan_text()).unwrap_or_default(),
        ]);
    }
    if rows.is_empty() {
        app.out.say("まだだれもいません", "There is nobody yet");
        return Ok(0);
    }
    let headings = [
        ("ログイン名", "login"),
        ("名前", "name"),
        ("権限グループ", "group"),
        ("状態", "state"),
        ("最後のログイン", "last sign-in"),
    ];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn link(app: &App, login: &str, reset_password: bool, at: &At) -> Result<u8> {
    let ledger = app.ledger().await?;
    let user = user(&ledger, login).await?;
    if user.state != "active" {
        let ja = format!("ユーザー「{login}」は停止中です");
        return Err(Refusal::new("user_off", ja, format!("user {login} is off")).into());
    }
    if reset_password {
        ledger.clear_password(user.user_id).await?;
    }
    let details = json!({ "password_cleared": reset_password });
    ledger.log_action(&By::Cli, "user.link", &user.login, &details, app.now()).await?;
    let mut object = json!({ "login": user.login });
    say_link(app, &mut object, &fresh_link(app, &ledger, user.user_id, at).await?);
    app.out.object(&object)?;
    Ok(0)
}

async fn off(app: &App, login: &str) -> Result<u8> {
    let ledger = app.ledger().await?;
    let user = user(&ledger, login).await?;
    ledger.set_user(user.user_id, &user.name, user.group_id, false).await?.map_err(refused)?;
    ledger.log_action(&By::Cli, "user.off", &user.login, &json!({}), app.now()).await?;
    app.out.say(format!("ユーザー「{}」を停止しました", user.login), format!("{} is off", user.login));
    app.out.object(&json!({ "login": user.login, "state": "off" }))?;
    Ok(0)
}

/// The administrator of the environment, at the first start only: `CHOBA_SETUP_LOGIN` with `CHOBA_SETUP_PASSWORD_FILE`
/// or `CHOBA_SETUP_PASSWORD`. `true` when there is one now.
pub async fn of_environment(app: &App, ledger: &Ledger) -> Result<bool> {
    const LOGIN: &str = "CHOBA_SETUP_LOGIN";
    let Some(login) = std::env::var(LOGIN).ok().filter(|l| !l.is_empty()) else { return Ok(false) };
    let login = web::pages::users::checked_login(&login).map_err(|r| of_web(r, LOGIN))?;
    let hash = match std::env::var_os("CHOBA_SETUP_PASSWORD_FILE") {
        Some(file) => of_file(Path::new(&file), "CHOBA_SETUP_PASSWORD_FILE", &login).await?,
        None => {
            let password = std::env::var("CHOBA_SETUP_PASSWORD").unwrap_or_default();
            hashed(&password, "CHOBA_SETUP_PASSWORD", &login).await?
        }
    };
    let first = FirstUser { login: &login, name: &login, password: &hash, link: None };
    let added = ledger.add_first_user(first, app.now()).await?.is_ok();
    if added {
        ledger.log_action(&By::Cli, "setup", &login, &json!({}), app.now()).await?;
        app.out.say(format!("管理者「{login}」を作りました"), format!("Administrator {login} was made"));
        app.out.object(&json!({ "administrator": login }))?;
    }
    Ok(added)
}
