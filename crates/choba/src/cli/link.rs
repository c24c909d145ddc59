//! `choba link`: 紐付け設定, which mall status an order gets when it enters a phase (NTF-11). Saving writes nothing.

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::link::{StatusLink, may_save};
use domain::write::WriteKind;
use mall_api::Descriptor;
use serde_json::json;
use store::Shop;

/// 紐付け設定
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 一覧 / list
    List {
        /// 店舗（省略するとすべて） / shop
        shop: Option<String>,
    },
    /// 加える・変える / add or change
    Set {
        /// 店舗 / shop
        shop: String,
        /// フェーズ / phase that is entered
        #[arg(long)]
        phase: String,
        /// モールステータス / the mall's status code
        #[arg(long, value_name = "CODE")]
        status: String,
        /// 無効のまま保存する / store it switched off
        #[arg(long)]
        off: bool,
    },
    /// 有効・無効を切り替える / switch on or off
    Switch {
        /// 店舗 / shop
        shop: String,
        /// フェーズ / phase
        #[arg(long)]
        phase: String,
        /// on（有効） off（無効）
        #[arg(value_parser = ["on", "off"])]
        to: String,
    },
    /// 外す / remove
    Drop {
        /// 店舗 / shop
        shop: String,
        /// フェーズ / phase
        #[arg(long)]
        phase: String,
    },
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::List { shop } => list(app, shop.as_deref()).await,
        Cmd::Set { shop, phase, status, off } => set(app, &shop, &phase, &status, !off).await,
        Cmd::Switch { shop, phase, to } => switch(app, &shop, &phase, to == "on").await,
        Cmd::Drop { shop, phase } => remove(app, &shop, &phase).await,
    }
}

fn label<'a>(descriptor: &'a Descriptor, code: &'a str) -> &'a str {
    descriptor.status(code).map_or(code, |status| status.label)
}

async fn list(app: &App, name: Option<&str>) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shops = match name {
        Some(name) => vec![find::shop(&ledger, name).await?],
        None => ledger.shops().await?,
    };
    let phases = ledger.phases().await?;
    let mut rows = Vec::new();
    for shop in shops {
        let mall = find::mall(&shop)?;
        for link in ledger.status_links(shop.shop_id).await? {
            let broken = link.is_broken(&phases);
            let status = label(mall.descriptor(), &link.status);
            app.out.object(&json!({ "shop": shop.name, "phase": link.phase, "mall_status": link.status,
                "mall_status_label": status, "on": link.on, "broken": broken }))?;
            let phase =
                phases.iter().find(|p| p.phase == link.phase).map_or(link.phase.as_str(), |p| &p.name);
            let state = match (broken, link.on) {
                (true, _) => app.out.t("× フェーズがなくなりました", "× the phase is gone"),
                (false, true) => app.out.t("○ 有効", "○ on"),
                (false, false) => app.out.t("無効", "off"),
            };
            rows.push(vec![
                shop.name.clone(),
                phase.to_owned(),
                format!("{} {status}", link.status),
                state.to_owned(),
            ]);
        }
    }
    let headings =
        [("店舗", "shop"), ("フェーズ", "phase"), ("モールステータス →", "mall status"), ("状態", "state")];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn set(app: &App, name: &str, phase: &str, code: &str, on: bool) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let mall = find::mall(&shop)?;
    let descriptor = mall.descriptor();
    if descriptor.write(WriteKind::MallStatus).is_none() {
        return Err(Refusal::from(domain::reason::write_not_offered()).into());
    }
    let phase = find::phase(&ledger, "--phase", phase).await?;
    let codes = super::shop_set::statuses(descriptor, "--status", std::iter::once(code))?;
    let Some(status) = codes.first().and_then(|code| descriptor.status(code)) else {
        return Err(Refusal::field("--status", "モールステータスを指定してください", "must be given").into());
    };
    let code = status.code.to_owned();
    let link = StatusLink { shop_id: shop.shop_id, phase: phase.phase, status: code, on };
    may_save(&link, status.label, status.stage).map_err(Refusal::from)?;
    ledger.put_status_link(&link).await?;
    app.out.say(
        format!(
            "「{}」に入った受注を、モールで「{}」にします（これから入る受注だけです）",
            phase.name, status.label
        ),
        format!("Orders that enter {} from now on become {} at the mall", link.phase, link.status),
    );
    if on && !shop.automation_enabled {
        app.out.say(
            "注意：この店舗の自動処理は停止中です。開始するまで変更されません",
            "Warning: automatic processing of the shop is stopped; nothing is written before it is started",
        );
    }
    tell(app, &shop, &link)
}

fn tell(app: &App, shop: &Shop, link: &StatusLink) -> Result<u8> {
    app.out.object(
        &json!({ "shop": shop.name, "phase": link.phase, "mall_status": link.status, "on": link.on }),
    )?;
    Ok(0)
}

fn no_such_link() -> Refusal {
    Refusal::new("no_such_link", "その紐付けはありません", "there is no such link")
        .remedy("choba link list で確認してください。")
}

async fn switch(app: &App, name: &str, phase: &str, on: bool) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let links = ledger.status_links(shop.shop_id).await?;
    // A row whose phase was removed can be switched off all the same: it is named by its key.
    let Some(link) = links.into_iter().find(|l| l.phase.as_str() == phase) else {
        return Err(no_such_link().into());
    };
    ledger.switch_status_link(shop.shop_id, &link.phase, on).await?;
    let (ja, en) = if on {
        ("紐付けを有効にしました", "The link is on")
    } else {
        ("紐付けを無効にしました", "The link is off")
    };
    app.out.say(ja, en);
    tell(app, &shop, &StatusLink { on, ..link })
}

async fn remove(app: &App, name: &str, phase: &str) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    if !ledger.drop_status_link(shop.shop_id, &phase.into()).await? {
        return Err(no_such_link().into());
    }
    app.out.say("紐付けを外しました", "The link was removed");
    app.out.object(&json!({ "removed": { "shop": shop.name, "phase": phase } }))?;
    Ok(0)
}
