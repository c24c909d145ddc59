//! `choba listener`: mailboxes and queues that say that there is something new (新着の知らせ).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use engine::http_wire::EndpointPolicy;
use engine::listening::{self, Listening, Place};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::listeners::{Listener, NewListener};
use store::{Ledger, StoreError};

/// 新着の知らせ
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 一覧と、いまの様子 / all of them, and how they are
    List,
    /// 加える / add one
    Add {
        /// 名前 / name
        name: String,
        /// imap（メールボックス）か sqs（キュー） / imap or sqs
        #[arg(long)]
        kind: String,
        /// 設定。imap：host user port security folder、sqs：queue_url access_key_id / settings
        #[arg(value_name = "KEY=VALUE")]
        settings: Vec<String>,
        /// パスワード（キー）、または @ファイル / password or key
        #[arg(long, value_name = "SECRET|@FILE")]
        secret: String,
        /// この店舗だけの知らせ / it speaks of this shop alone
        #[arg(long, value_name = "SHOP")]
        shop: Option<String>,
    },
    /// 接続テスト / try it
    Test(Which),
    /// 開始 / switch on
    On(Which),
    /// 停止 / switch off
    Off(Which),
    /// 削除 / remove
    Remove(Which),
}

/// 名前
#[derive(Debug, clap::Args)]
pub struct Which {
    /// 名前 / name
    name: String,
}

/// The kinds this program has.
pub fn kinds(app: &App) -> Vec<Arc<dyn Listening>> {
    let policy = EndpointPolicy { allow_private: app.global.allow_private_endpoints };
    post::listening(policy, &app.clock)
}

fn kind(app: &App, key: &str) -> Result<Arc<dyn Listening>> {
    let all = kinds(app);
    let known: Vec<&str> = all.iter().map(|k| k.kind()).collect();
    let known = known.join(", ");
    all.into_iter().find(|k| k.kind() == key).ok_or_else(|| {
        let ja = format!("「{key}」という種類はありません（{known}）");
        Refusal::field("--kind", ja, format!("there is no kind {key} ({known})")).into()
    })
}

async fn find_one(ledger: &Ledger, name: &str) -> Result<Listener> {
    let all = ledger.listeners().await?;
    all.into_iter().find(|l| l.name == name).ok_or_else(|| {
        let ja = format!("新着の知らせ「{name}」はありません");
        let refusal = Refusal::new("no_such_listener", ja, format!("there is no listener {name}"));
        refusal.remedy("choba listener list で確認してください。").into()
    })
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    let ledger = app.ledger().await?;
    match cmd {
        Cmd::List => list(app, &ledger).await,
        Cmd::Add { name, kind: key, settings, secret, shop } => {
            let kind = kind(app, &key)?;
            add(app, &ledger, &*kind, (&name, settings.as_slice(), &secret, shop.as_deref())).await
        }
        Cmd::Test(which) => test(app, &ledger, &which.name).await,
        Cmd::On(which) => switch(app, &ledger, &which.name, true).await,
        Cmd::Off(which) => switch(app, &ledger, &which.name, false).await,
        Cmd::Remove(which) => {
            let found = find_one(&ledger, &which.name).await?;
            ledger.drop_listener(found.listener_id).await?;
            app.out.say(format!("「{}」を削除しました", found.name), format!("{} was removed", found.name));
            app.out.object(&json!({ "name": found.name, "removed": true }))?;
            Ok(0)
        }
    }
}

fn to_json(row: &Listener) -> Value {
    json!({
        "name": row.name, "kind": row.kind, "config": row.config, "enabled": row.on,
        "heard_at": row.heard_at, "failing_since": row.failing_since, "reason": row.reason,
    })
}

async fn list(app: &App, ledger: &Ledger) -> Result<u8> {
    let mut rows = Vec::new();
    for row in ledger.listeners().await? {
        app.out.object(&to_json(&row))?;
        let state = match (row.on, row.failing_since, row.heard_at) {
            (false, ..) => app.out.t("停止", "off"),
            (true, Some(_), _) => app.out.t("× つながりません", "× failing"),
            (true, None, Some(_)) => app.out.t("○ 受信中", "○ listening"),
            (true, None, None) => app.out.t("△ まだ", "△ not yet"),
        };
        let heard = row.heard_at.map(|t| t.to_japan_text()).unwrap_or_default();
        let why = row.reason.map(|r| r.to_string()).unwrap_or_default();
        rows.push(vec![row.name, row.kind, state.to_owned(), heard, why]);
    }
    let headings =
        [("名前", "name"), ("種類", "kind"), ("状態", "state"), ("最後の反応", "last sign"), ("理由", "why")];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn add(
    app: &App,
    ledger: &Ledger,
    kind: &dyn Listening,
    (name, settings, secret, shop): (&str, &[String], &str, Option<&str>),
) -> Result<u8> {
    let refuse = |p: engine::setup::Problem| Refusal::field(&p.key, p.ja, p.en);
    let name = listening::check_name(name).map_err(refuse)?;
    let mut given = BTreeMap::new();
    for text in settings {
        let (key, value) = find::pair("KEY=VALUE", text)?;
        given.insert(key.to_owned(), value.to_owned());
    }
    let shop = match shop {
        Some(shop) => Some(find::shop(ledger, shop).await?.shop_id),
        None => None,
    };
    let config = listening::read(kind, &given, shop).map_err(refuse)?;
    let secret = match secret.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| Refusal::field("--secret", format!("ファイルを読めません（{e}）"), e))?
            .trim()
            .to_owned(),
        None => secret.to_owned(),
    };
    let new = NewListener { kind: kind.kind().to_owned(), name: name.clone(), config };
    match ledger.add_listener(&new, &secret).await {
        Ok(_) => {}
        Err(StoreError::Unique { .. }) => {
            let ja = format!("「{name}」という名前はもう使われています");
            return Err(Refusal::field("NAME", ja, format!("the name {name} is taken")).into());
        }
        Err(error) => return Err(error.into()),
    }
    let found = find_one(ledger, &name).await?;
    app.out.say(
        format!("「{name}」を加えました（確認：choba listener test {name}）"),
        format!("{name} was added (try it: choba listener test {name})"),
    );
    if ledger.hurried_shops().await?.is_empty() {
        app.out.remark(
            "「注文メール受信＋スケジュール」で取り込む店舗がまだないため、知らせが届いても取込は早まりません。",
            "No shop imports by mail and schedule yet: nothing will be hurried.",
        );
    }
    app.out.object(&to_json(&found))?;
    Ok(0)
}

async fn test(app: &App, ledger: &Ledger, name: &str) -> Result<u8> {
    let found = find_one(ledger, name).await?;
    let kind = kind(app, &found.kind)?;
    let secret = ledger.open_listener(found.listener_id).await?.unwrap_or_default();
    let steps = kind.test(&Place::new(found.config, secret)).await;
    let (mut rows, mut bad) = (Vec::new(), false);
    for step in steps {
        let (mark, words) = match &step.outcome {
            Ok(words) => ("○", words.clone()),
            Err(reason) => ("×", reason.to_string()),
        };
        bad |= step.outcome.is_err();
        let reason = step.outcome.as_ref().err();
        let found = step.outcome.as_ref().ok();
        app.out.object(
            &json!({ "check": step.what.1, "ok": reason.is_none(), "found": found, "reason": reason }),
        )?;
        rows.push(vec![mark.to_owned(), app.out.t(step.what.0, step.what.1).to_owned(), words]);
    }
    app.out.table(&[("判定", "verdict"), ("点検", "check"), ("内容", "finding")], rows);
    Ok(u8::from(bad))
}

async fn switch(app: &App, ledger: &Ledger, name: &str, on: bool) -> Result<u8> {
    let found = find_one(ledger, name).await?;
    ledger.switch_listener(&found, on).await?;
    let word =
        if on { ("開始しました", "switched on") } else { ("停止しました", "switched off") };
    app.out.say(format!("「{name}」を{}", word.0), format!("{name} was {}", word.1));
    app.out.object(&to_json(&find_one(ledger, name).await?))?;
    Ok(0)
}
