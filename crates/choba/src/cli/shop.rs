//! `choba shop`: connecting shops, looking at them, testing and archiving them.

use super::app::App;
use super::credential;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::{ImportMode, UtcMillis};
use engine::setup;
use mall_api::Descriptor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Shop, StoreError};

/// 店舗
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 店舗をつなぐ / connect a shop
    Add {
        /// 店舗の名前 / name
        name: String,
        /// モール（rakuten） / mall
        #[arg(long)]
        mall: String,
        /// 接続先。URL（すべて）または 役割=URL / address, for all hosts or for one ROLE=URL
        #[arg(long, value_name = "URL|ROLE=URL")]
        endpoint: Vec<String>,
        /// 認証情報。値または @ファイル / credential
        #[arg(long, value_name = "KEY=VALUE|KEY=@FILE")]
        credential: Vec<String>,
        /// モールごとの設定 / setting
        #[arg(long, value_name = "KEY=VALUE")]
        setting: Vec<String>,
    },
    /// 店舗の一覧 / list shops
    List,
    /// 店舗の設定 / show a shop
    Show {
        /// 店舗 / shop
        name: String,
    },
    /// 設定を変える：import_mode=mail import_interval=10m skip_inbox=on import_statuses=100,300 automation=on endpoint=URL … / change settings
    Set {
        /// 店舗 / shop
        name: String,
        /// 設定 / settings
        #[arg(required_unless_present = "statuses", value_name = "KEY=VALUE")]
        settings: Vec<String>,
        /// 取得ステータス（コンマ区切り。default でモールの既定） / mall statuses fetched
        #[arg(long, value_name = "CODE,…")]
        statuses: Option<String>,
        /// これまで対象外だった受注も取り込む / fetch what the old setting skipped, too
        #[arg(long)]
        fetch_skipped: bool,
    },
    /// 取得ステータスの一覧（全モール） / fetched statuses of every shop
    Statuses,
    /// 接続テスト / test the connection and the credentials live
    Test {
        /// 店舗 / shop
        name: String,
    },
    /// 店舗を外す（認証情報は消えます） / archive a shop, wiping its credentials
    Archive {
        /// 店舗 / shop
        name: String,
    },
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::Add { name, mall, endpoint, credential, setting } => {
            add(app, &name, &mall, &endpoint, &credential, &setting).await
        }
        Cmd::List => list(app).await,
        Cmd::Show { name } => show(app, &name).await,
        Cmd::Set { name, mut settings, statuses, fetch_skipped } => {
            settings.extend(statuses.map(|codes| format!("import_statuses={codes}")));
            super::shop_set::set(app, &name, &settings, fetch_skipped).await
        }
        Cmd::Statuses => super::shop_set::list_statuses(app).await,
        Cmd::Test { name } => credential::test(app, &name).await,
        Cmd::Archive { name } => archive(app, &name).await,
    }
}

async fn add(
    app: &App,
    name: &str,
    mall: &str,
    endpoint: &[String],
    credential: &[String],
    setting: &[String],
) -> Result<u8> {
    setup::check_shop_name(name).map_err(|p| Refusal::field("NAME", p.ja, p.en))?;
    let mall = find::mall_by_key(mall)?;
    let descriptor = mall.descriptor();
    let endpoints = endpoints(app, descriptor, endpoint)?;
    let given = credential::read(descriptor, "--credential", credential, &[])?;
    let mut settings = BTreeMap::new();
    for text in setting {
        let (key, value) = find::pair("--setting", text)?;
        settings.insert(key.to_owned(), value.to_owned());
    }
    if let Some(wrong) = setup::check_settings(descriptor, &settings).into_iter().next() {
        return Err(Refusal::field(&format!("--setting {}", wrong.key), wrong.ja, wrong.en).into());
    }
    let ledger = app.ledger().await?;
    let secrets: BTreeMap<String, String> = given.iter().map(|g| (g.key.clone(), g.secret.clone())).collect();
    let new = setup::NewShop { name: name.to_owned(), endpoints, settings };
    let added = setup::connect(&ledger, &*mall, &new, &secrets, app.now()).await;
    let shop = match added {
        Err(StoreError::Unique { .. }) => {
            return Err(Refusal::new(
                "shop_exists",
                format!("店舗「{name}」はすでにあります"),
                format!("there already is a shop {name}"),
            )
            .remedy("ほかの名前にしてください。")
            .into());
        }
        other => other?,
    };
    let missing: Vec<&str> = setup::enterable(descriptor)
        .filter(|c| c.required && !given.iter().any(|g| g.key == c.key))
        .map(|c| c.key)
        .collect();
    app.out.say(
        format!("店舗「{name}」（{}）をつなぎました", descriptor.name),
        format!("Shop {name} ({}) was added", descriptor.mall),
    );
    if !missing.is_empty() {
        let list = missing.join(", ");
        app.out.say(
            format!("認証情報が足りません：{list}（choba credential set {name} KEY=@FILE）"),
            format!("Credentials are missing: {list} (choba credential set {name} KEY=@FILE)"),
        );
    }
    let mut object = to_json(&shop);
    if let Some(map) = object.as_object_mut() {
        map.insert("missing_credentials".to_owned(), json!(missing));
    }
    app.out.object(&object)?;
    Ok(0)
}

/// Reads `--endpoint` values: a URL for all hosts, or `ROLE=URL`.
pub fn endpoints(app: &App, descriptor: &Descriptor, given: &[String]) -> Result<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    for text in given {
        let (role, url) = match text.split_once('=') {
            Some((role, url)) if !role.contains("://") => (role, url),
            _ => ("*", text.as_str()),
        };
        out.insert(role.to_owned(), endpoint(app, descriptor, role, url)?);
    }
    Ok(out)
}

/// Checks one address.
pub fn endpoint(app: &App, descriptor: &Descriptor, role: &str, url: &str) -> Result<String> {
    let checked = setup::check_endpoint(descriptor, role, url, app.global.allow_private_endpoints);
    checked.map_err(|p| Refusal::field("--endpoint", p.ja, p.en).into())
}

pub use engine::told::shop as to_json;

async fn list(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shops = ledger.shops().await?;
    let counts = ledger.phase_counts().await?;
    let mut rows = Vec::new();
    for shop in &shops {
        let orders: i64 = counts.iter().filter(|((id, _), _)| *id == shop.shop_id).map(|(_, n)| n).sum();
        let mut object = to_json(shop);
        if let Some(map) = object.as_object_mut() {
            map.insert("orders".to_owned(), json!(orders));
        }
        app.out.object(&object)?;
        rows.push(vec![
            shop.name.clone(),
            shop.mall.clone(),
            state(app, shop).to_owned(),
            interval(app, shop),
            app.out
                .t(
                    if shop.automation_enabled { "開始" } else { "停止" },
                    if shop.automation_enabled { "on" } else { "off" },
                )
                .to_owned(),
            orders.to_string(),
            shop.imported_to.map(UtcMillis::to_japan_text).unwrap_or_default(),
            shop.held_reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    let headings = [
        ("店舗", "shop"),
        ("モール", "mall"),
        ("状態", "state"),
        ("自動取込", "import"),
        ("自動処理", "automation"),
        ("受注", "orders"),
        ("取込済みの期間", "imported to"),
        ("保留の理由", "held"),
    ];
    app.out.table(&headings, rows);
    Ok(0)
}

fn state<'a>(app: &'a App, shop: &Shop) -> &'a str {
    match shop.state.as_str() {
        "active" => app.out.t("有効", "active"),
        "off" => app.out.t("停止中", "off"),
        _ => app.out.t("外しました", "archived"),
    }
}

/// The longest wait of the automatic import.
fn interval(app: &App, shop: &Shop) -> String {
    match engine::rhythm::ceiling_ms(shop.import_interval_ms) {
        _ if !shop.imports_itself() => app.out.t("手動のみ", "by hand").to_owned(),
        ms if ms % 60_000 == 0 => format!("{}{}", ms / 60_000, app.out.t("分以内", " min at most")),
        ms => format!("{}{}", ms / 1_000, app.out.t("秒以内", " s at most")),
    }
}

async fn show(app: &App, name: &str) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let mall = find::mall(&shop)?;
    let descriptor = mall.descriptor();
    let mut object = to_json(&shop);
    if let Some(map) = object.as_object_mut() {
        map.insert("credentials".to_owned(), Value::Array(credential::board(app, &ledger, &shop).await?));
    }
    app.out.object(&object)?;
    let statuses = shop.import_statuses.clone().unwrap_or_else(|| descriptor.default_statuses());
    let label = |code: &String| match descriptor.status(code) {
        Some(status) => format!("{code} {}", status.label),
        None => code.clone(),
    };
    let statuses: Vec<String> = statuses.iter().map(label).collect();
    let mut rows = vec![
        vec!["mall".to_owned(), descriptor.name.to_owned()],
        vec!["state".to_owned(), state(app, &shop).to_owned()],
        vec!["import_interval".to_owned(), interval(app, &shop)],
        vec!["import_statuses".to_owned(), statuses.join("、")],
        vec!["automation".to_owned(), (if shop.automation_enabled { "on" } else { "off" }).to_owned()],
    ];
    for role in &descriptor.endpoints {
        let set = shop.endpoints.get(role.role).or(shop.endpoints.get("*"));
        rows.push(vec![
            format!("endpoint.{}", role.role),
            set.cloned().unwrap_or_else(|| role.default_url.to_owned()),
        ]);
    }
    for field in &descriptor.settings {
        let value = shop.settings.get(field.key).map_or(field.default, String::as_str);
        rows.push(vec![field.key.to_owned(), format!("{value}（{}）", field.label)]);
    }
    if let Some(reason) = &shop.held_reason {
        rows.push(vec!["held".to_owned(), reason.to_string()]);
    }
    app.out.table(&[("設定", "setting"), ("値", "value")], rows);
    if !app.out.json {
        credential::print_board(app, credential::board(app, &ledger, &shop).await?);
    }
    Ok(0)
}

async fn archive(app: &App, name: &str) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut shop = find::shop(&ledger, name).await?;
    shop.state = "archived".to_owned();
    shop.automation_enabled = false;
    shop.set_import_mode(ImportMode::Off, app.now());
    ledger.update_shop(&shop, app.now()).await?;
    app.out.say(
        format!("店舗「{name}」を外し、認証情報を消しました。受注は残ります"),
        format!("Shop {name} was archived and its credentials wiped; its orders stay"),
    );
    app.out.object(&to_json(&shop))?;
    Ok(0)
}
