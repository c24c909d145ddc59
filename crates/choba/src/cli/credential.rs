//! `choba credential`: what a shop's credentials are, how long they live, and whether they work.

use super::app::App;
use super::find;
use super::refusal::Refusal;
use super::work::{self, Asked};
use anyhow::Result;
use domain::UtcMillis;
use domain::credential::Urgency;
use engine::keys::{self, Entered};
use engine::requests::CHECK_CREDENTIAL;
use engine::setup;
use mall_api::Descriptor;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{Ledger, Shop, StoreError};

/// 認証情報
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 有効期限の一覧 / board of all credentials
    List,
    /// 登録・更新する / enter or renew
    Set {
        /// 店舗 / shop
        shop: String,
        /// 値または @ファイル / values
        #[arg(required_unless_present = "expires", value_name = "KEY=VALUE|KEY=@FILE")]
        credentials: Vec<String>,
        /// モールの画面にある有効期限（その日の終わりまで） / last day it is good, as the mall's screen says
        #[arg(long, value_name = "KEY=YYYY-MM-DD")]
        expires: Vec<String>,
    },
    /// ブラウザーでアクセスを許可する / allow the access in the browser
    Authorise(super::authorise::Args),
    /// 接続テスト / test live
    Test {
        /// 店舗 / shop
        shop: String,
    },
}

/// One credential as typed. Never printed.
pub struct Given {
    /// Key.
    pub key: String,
    /// Secret.
    pub secret: String,
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::List => list(app).await,
        Cmd::Set { shop, credentials, expires } => set(app, &shop, &credentials, &expires).await,
        Cmd::Authorise(args) => super::authorise::run(app, args).await,
        Cmd::Test { shop } => test(app, &shop).await,
    }
}

/// Reads `KEY=VALUE` and `KEY=@FILE` and checks them; `there` are those the shop has already.
pub fn read(descriptor: &Descriptor, field: &str, given: &[String], there: &[String]) -> Result<Vec<Given>> {
    let mut out = BTreeMap::new();
    for text in given {
        let (key, value) = find::pair(field, text)?;
        let secret = match value.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| {
                    Refusal::field(&format!("{field} {key}"), format!("ファイルを読めません（{e}）"), e)
                })?
                .trim()
                .to_owned(),
            None => value.to_owned(),
        };
        out.insert(key.to_owned(), secret);
    }
    if let Some(wrong) = setup::check_credentials(descriptor, &out, there).into_iter().next() {
        return Err(Refusal::field(&format!("{field} {}", wrong.key), wrong.ja, wrong.en).into());
    }
    Ok(out.into_iter().map(|(key, secret)| Given { key, secret }).collect())
}

/// Reads `KEY=YYYY-MM-DD`: the end of that day in Japan.
fn read_ends(descriptor: &Descriptor, given: &[String]) -> Result<BTreeMap<String, UtcMillis>> {
    let mut ends = BTreeMap::new();
    for text in given {
        let (key, day) = find::pair("--expires", text)?;
        let end =
            setup::read_end(descriptor, key, day).map_err(|p| Refusal::field("--expires", p.ja, p.en))?;
        ends.insert(key.to_owned(), end);
    }
    Ok(ends)
}

async fn set(app: &App, name: &str, given: &[String], expires: &[String]) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let mall = find::mall(&shop)?;
    let there: Vec<String> =
        ledger.credential_rows(shop.shop_id).await?.into_iter().map(|r| r.credential).collect();
    let ends = read_ends(mall.descriptor(), expires)?;
    let given = match given {
        [] => Vec::new(),
        given => read(mall.descriptor(), "KEY=VALUE", given, &there)?,
    };
    for key in ends.keys().filter(|key| !given.iter().any(|g| &g.key == *key)) {
        if !there.contains(key) {
            let ja = format!("{key} はまだ登録されていません");
            return Err(Refusal::field("--expires", ja, format!("{key} is not stored yet")).into());
        }
    }
    let secrets: BTreeMap<String, String> = given.iter().map(|g| (g.key.clone(), g.secret.clone())).collect();
    let by = domain::history::By::Cli;
    let entered = keys::enter(&ledger, &*mall, shop.clone(), &secrets, &ends, &by, app.now()).await;
    let entered = match entered {
        Err(StoreError::Conflict { .. }) => return Err(busy(name).into()),
        other => other?,
    };
    let keys: BTreeSet<&str> =
        given.iter().map(|g| g.key.as_str()).chain(ends.keys().map(String::as_str)).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let named = keys.join(", ");
    match entered {
        Entered::Stored => app.out.say(
            format!("登録しました：{named}（確認：choba credential test {name}）"),
            format!("Stored: {named} (check it: choba credential test {name})"),
        ),
        Entered::Waiting => app.out.say(
            format!(
                "受け付けました：{named}（モールで確かめてから切り替えます。状況：choba credential list）"
            ),
            format!("Taken: {named} (it replaces the old one once the mall takes it: choba credential list)"),
        ),
    }
    let waits = entered == Entered::Waiting;
    app.out.object(&json!({ "shop": shop.name, "set": keys, "waiting": waits }))?;
    Ok(0)
}

fn busy(name: &str) -> Refusal {
    Refusal::new(
        "shop_is_sending",
        format!("店舗「{name}」は送信中のため、別のレーンへ移せません"),
        format!("Shop {name} is sending right now and cannot change its lane"),
    )
    .remedy("しばらくしてからもう一度実行してください。")
}

/// The board of one shop.
pub async fn board(app: &App, ledger: &Ledger, shop: &Shop) -> Result<Vec<Value>> {
    let mall = find::mall(shop)?;
    let board = setup::credential_board(ledger, mall.descriptor(), shop.shop_id, app.now()).await?;
    Ok(board
        .into_iter()
        .map(|one| {
            json!({
                "shop": shop.name,
                "mall": shop.mall,
                "credential": one.key,
                "label": one.label,
                "is_set": one.is_set,
                "required": one.required,
                "expires_at": one.expires_at,
                "days_left": one.days_left,
                "urgency": one.urgency,
                "checked_at": one.checked_at,
                "check_reason": one.check_reason,
                "help": one.help,
            })
        })
        .collect())
}

/// The board for people: colour and word, never colour alone.
pub fn print_board(app: &App, board: Vec<Value>) {
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let shown = |row: &Value| {
        let is_set = row.get("is_set").and_then(Value::as_bool).unwrap_or_default();
        let word = if is_set {
            urgency_word(app, &text(row, "urgency"))
        } else {
            app.out.t("未登録", "not set").to_owned()
        };
        let days = row.get("days_left").and_then(Value::as_i64).map(|d| match app.out.lang {
            super::out::Lang::Ja => format!("あと{d}日"),
            super::out::Lang::En => format!("{d} days"),
        });
        let ends =
            row.get("expires_at").and_then(Value::as_i64).map(|t| domain::UtcMillis(t).to_japan_text());
        let reason =
            row.get("check_reason").and_then(|r| r.get("ja")).and_then(Value::as_str).unwrap_or_default();
        vec![
            text(row, "shop"),
            text(row, "label"),
            word,
            days.unwrap_or_default(),
            ends.unwrap_or_default(),
            row.get("checked_at")
                .and_then(Value::as_i64)
                .map(|t| domain::UtcMillis(t).to_japan_text())
                .unwrap_or_default(),
            reason.to_owned(),
        ]
    };
    let headings = [
        ("店舗", "shop"),
        ("認証情報", "credential"),
        ("状態", "state"),
        ("残り日数", "left"),
        ("有効期限", "expires"),
        ("確認", "checked"),
        ("指摘", "remark"),
    ];
    app.out.table(&headings, board.iter().map(shown).collect());
}

fn urgency_word(app: &App, urgency: &str) -> String {
    let urgency = serde_json::from_value(json!(urgency)).unwrap_or(Urgency::Fine);
    let (ja, en) = urgency.words();
    let word = app.out.t(ja, en);
    match urgency {
        Urgency::Expired | Urgency::Urgent => format!("× {word}"),
        Urgency::Soon | Urgency::NotKnown => format!("△ {word}"),
        Urgency::Fine => format!("○ {word}"),
    }
}

async fn list(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut all = Vec::new();
    for shop in ledger.shops().await? {
        all.extend(board(app, &ledger, &shop).await?);
    }
    for row in &all {
        app.out.object(row)?;
    }
    print_board(app, all);
    Ok(0)
}

/// Tests a shop live.
pub async fn test(app: &App, name: &str) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let asked = vec![Asked { shop: shop.clone(), kind: CHECK_CREDENTIAL, body: json!({}) }];
    let done = work::ask_all(app, &ledger, asked, false, &mut |_, _| {}).await?;
    let result = done.into_iter().next().and_then(|p| p.request.result).unwrap_or_default();
    if let Some(reason) = work::reason_of(&result) {
        return Err(Refusal::from(reason).details(json!({ "shop": name })).into());
    }
    let board = board(app, &ledger, &shop).await?;
    app.out.say(format!("店舗「{name}」：通信OK"), format!("Shop {name}: the mall answers"));
    let remarks = result.get("remarks").cloned().unwrap_or_else(|| json!([]));
    for remark in remarks.as_array().into_iter().flatten() {
        let ja = remark.get("ja").and_then(Value::as_str).unwrap_or_default();
        let en = remark.get("en").and_then(Value::as_str).unwrap_or_default();
        app.out.say(format!("注意：{ja}"), format!("Note: {en}"));
    }
    app.out.object(&json!({ "shop": name, "ok": true, "remarks": remarks, "credentials": board.clone() }))?;
    print_board(app, board);
    Ok(0)
}
