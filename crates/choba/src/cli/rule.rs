//! `choba rule`: which phase's orders are written back, and where they go by result (NTF-2). Saving starts nothing.

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::rule::{Rule, warnings};
use domain::write::WriteKind;
use serde_json::json;

/// 規則
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
        #[command(flatten)]
        which: Which,
        /// 正常時の移動先 / phase after success
        #[arg(long)]
        success: Option<String>,
        /// エラー時の移動先 / phase after failure
        #[arg(long)]
        failure: Option<String>,
    },
    /// 外す / remove
    Remove {
        /// 店舗 / shop
        shop: String,
        #[command(flatten)]
        which: Which,
    },
}

/// どの規則
#[derive(Debug, clap::Args)]
pub struct Which {
    /// shipment_notice（出荷通知） confirm_order（注文確認）
    #[arg(long)]
    kind: String,
    /// 対象処理フェーズ / phase whose orders are taken
    #[arg(long)]
    target: String,
}

/// Reads a kind of write.
pub fn kind(text: &str) -> Result<WriteKind> {
    WriteKind::parse(text).ok_or_else(|| {
        let ja = "shipment_notice（出荷通知）か confirm_order（注文確認）を指定してください";
        Refusal::field("--kind", ja, "must be shipment_notice or confirm_order").into()
    })
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::List { shop } => list(app, shop.as_deref()).await,
        Cmd::Set { shop, which, success, failure } => {
            set(app, &shop, &which, success.as_deref(), failure.as_deref()).await
        }
        Cmd::Remove { shop, which } => remove(app, &shop, &which).await,
    }
}

async fn list(app: &App, name: Option<&str>) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shops = match name {
        Some(name) => vec![find::shop(&ledger, name).await?],
        None => ledger.shops().await?,
    };
    let phases = find::phase_names(&ledger).await?;
    let list = ledger.phases().await?;
    let mut rows = Vec::new();
    for shop in shops {
        for rule in ledger.rules(shop.shop_id).await? {
            let broken: Vec<_> = warnings(&rule, &list).into_iter().filter(|w| w.is_broken()).collect();
            app.out
                .object(&json!({ "shop": shop.name, "kind": rule.kind, "target_phase": rule.target_phase,
                "success_phase": rule.success_phase, "failure_phase": rule.failure_phase, "warnings": broken }))?;
            let named = |p: Option<&domain::PhaseKey>| match p {
                Some(p) => phases.get(p).cloned().unwrap_or_else(|| p.0.clone()),
                None => app.out.t("そのまま", "stays").to_owned(),
            };
            let kind = match rule.kind {
                WriteKind::ShipmentNotice => app.out.t("出荷通知", "shipment notice"),
                WriteKind::ConfirmOrder => app.out.t("注文確認", "confirm order"),
                WriteKind::MallStatus => app.out.t("モールステータス", "mall status"),
                WriteKind::PaymentStatus => app.out.t("入金ステータス", "payment status"),
            };
            rows.push(vec![
                shop.name.clone(),
                kind.to_owned(),
                named(Some(&rule.target_phase)),
                named(rule.success_phase.as_ref()),
                named(rule.failure_phase.as_ref()),
                broken.iter().map(|w| app.out.t(w.ja(), "× a phase is gone")).collect::<Vec<_>>().join(" "),
            ]);
        }
    }
    let headings = [
        ("店舗", "shop"),
        ("種類", "kind"),
        ("対象処理フェーズ", "target"),
        ("正常 →", "success"),
        ("エラー →", "failure"),
        ("注意", "warning"),
    ];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn set(
    app: &App,
    name: &str,
    which: &Which,
    success: Option<&str>,
    failure: Option<&str>,
) -> Result<u8> {
    let kind = kind(&which.kind)?;
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let target_phase = find::phase(&ledger, "--target", &which.target).await?.phase;
    let success_phase = match success {
        Some(key) => Some(find::phase(&ledger, "--success", key).await?.phase),
        None => None,
    };
    let failure_phase = match failure {
        Some(key) => Some(find::phase(&ledger, "--failure", key).await?.phase),
        None => None,
    };
    let rule = Rule { shop_id: shop.shop_id, kind, target_phase, success_phase, failure_phase };
    ledger.put_rule(&rule).await?;
    let found = warnings(&rule, &ledger.phases().await?);
    app.out.say(
        "規則を保存しました（保存しただけでは何も始まりません）",
        "The rule was stored; nothing starts by that",
    );
    for warning in &found {
        app.out.say(format!("注意：{}", warning.ja()), format!("Warning: {}", json!(warning)));
    }
    app.out.object(&json!({ "shop": shop.name, "kind": rule.kind, "target_phase": rule.target_phase,
        "success_phase": rule.success_phase, "failure_phase": rule.failure_phase, "warnings": found }))?;
    Ok(0)
}

async fn remove(app: &App, name: &str, which: &Which) -> Result<u8> {
    let kind = kind(&which.kind)?;
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, name).await?;
    let target = find::phase(&ledger, "--target", &which.target).await?;
    if !ledger.drop_rule(shop.shop_id, kind, &target.phase).await? {
        return Err(Refusal::new("no_such_rule", "その規則はありません", "there is no such rule").into());
    }
    app.out.say("規則を外しました", "The rule was removed");
    app.out
        .object(&json!({ "removed": { "shop": shop.name, "kind": kind, "target_phase": target.phase } }))?;
    Ok(0)
}
