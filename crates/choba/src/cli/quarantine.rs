//! `choba quarantine`: 取込エラー, orders that could not be read and were set aside.

use super::app::App;
use super::find;
use anyhow::Result;
use serde_json::json;

/// 取込エラー
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 一覧 / list
    List {
        /// 件数 / rows
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
}

/// Runs it.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    let Cmd::List { limit } = cmd;
    let ledger = app.ledger().await?;
    let shops = find::shop_names(&ledger).await?;
    let mut rows = Vec::new();
    for aside in ledger.set_aside_orders(limit.clamp(1, 1_000)).await? {
        let shop = shops.get(&aside.shop_id).cloned().unwrap_or_default();
        app.out.object(&json!({
            "shop": shop,
            "mall_order_id": aside.mall_order_id,
            "state": aside.state,
            "tries": aside.tries,
            "reason": aside.reason,
            "first_seen_at": aside.first_seen_at,
            "last_seen_at": aside.last_seen_at,
        }))?;
        let state = if aside.state == "retry" {
            app.out.t("△ 自動で再取得します", "△ tried again")
        } else {
            app.out.t("× 要対応", "× needs attention")
        };
        rows.push(vec![
            aside.mall_order_id.0,
            shop,
            state.to_owned(),
            aside.reason.to_string(),
            aside.last_seen_at.to_japan_text(),
        ]);
    }
    if rows.is_empty() {
        app.out.say("取込エラーはありません", "Nothing is set aside");
    } else {
        let headings = [
            ("受注番号", "order"),
            ("店舗", "shop"),
            ("状態", "state"),
            ("理由", "why"),
            ("最後", "last seen"),
        ];
        app.out.table(&headings, rows);
    }
    Ok(0)
}
