//! `choba automation`: starting and stopping the automatic processing of a shop (NTF-3).

use super::app::App;
use super::{find, shop};
use anyhow::Result;

/// 自動処理
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 開始 / start
    Start(Which),
    /// 停止 / stop
    Stop(Which),
}

/// 店舗
#[derive(Debug, clap::Args)]
pub struct Which {
    /// 店舗（繰り返し可） / shops
    #[arg(long, required_unless_present = "all", value_name = "NAME")]
    shop: Vec<String>,
    /// すべての店舗 / all
    #[arg(long)]
    all: bool,
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    let (which, enabled) = match cmd {
        Cmd::Start(which) => (which, true),
        Cmd::Stop(which) => (which, false),
    };
    let ledger = app.ledger().await?;
    let mut shops = Vec::new();
    if which.all {
        shops = ledger.shops().await?;
    }
    for name in &which.shop {
        shops.push(find::shop(&ledger, name).await?);
    }
    for mut shop in shops {
        shop.automation_enabled = enabled;
        ledger.update_shop(&shop, app.now()).await?;
        let word =
            if enabled { ("開始しました", "started") } else { ("停止しました", "stopped") };
        app.out.say(
            format!("店舗「{}」の自動処理を{}", shop.name, word.0),
            format!("Automation of {} was {}", shop.name, word.1),
        );
        if enabled && ledger.rules(shop.shop_id).await?.is_empty() {
            let name = &shop.name;
            app.out.say(
                format!("規則がまだないため、送るものはありません（choba rule set {name} …）"),
                format!("There are no rules yet, so nothing will be sent (choba rule set {name} …)"),
            );
        }
        app.out.object(&shop::to_json(&shop))?;
    }
    Ok(0)
}
