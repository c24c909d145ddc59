//! `choba notice`: states of notices (NTF-5), and setting them by hand (NTF-7).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::history::By;
use domain::notice::NoticeState;
use serde_json::json;
use std::collections::BTreeSet;
use store::Access;
use store::orders::ListFilter;

/// 連携ステータス
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 連携中・失敗などの受注 / orders by state of their notice
    List {
        /// not_sent in_flight applied rejected send_failed result_unknown
        #[arg(long)]
        state: Option<String>,
        /// 件数 / rows
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// 手で変える：未連携または正常 / set by hand
    Set {
        /// 受注 / orders
        #[arg(required = true, value_name = "ID")]
        orders: Vec<String>,
        /// not_sent または applied
        #[arg(long)]
        state: String,
        /// shipment_notice（出荷通知） confirm_order（注文確認） / kind of write
        #[arg(long, default_value = "shipment_notice")]
        kind: String,
        /// 店舗 / shop
        #[arg(long)]
        shop: Option<String>,
    },
}

/// Reads a state.
pub fn state(field: &str, text: &str) -> Result<NoticeState> {
    let found =
        NoticeState::parse(text).or_else(|| NoticeState::ALL.into_iter().find(|s| s.label_ja() == text));
    found.ok_or_else(|| {
        let known: Vec<String> =
            NoticeState::ALL.iter().map(|s| format!("{}={}", s.as_str(), s.label_ja())).collect();
        let ja = format!("「{text}」という連携ステータスはありません（{}）", known.join("、"));
        Refusal::field(field, ja, format!("there is no notice state {text:?}")).into()
    })
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::List { state, limit } => list(app, state.as_deref(), limit).await,
        Cmd::Set { orders, state, kind, shop } => set(app, &orders, &state, &kind, shop.as_deref()).await,
    }
}

async fn list(app: &App, wanted: Option<&str>, limit: i64) -> Result<u8> {
    let states = match wanted {
        Some(text) => vec![state("--state", text)?],
        None => NoticeState::ALL
            .into_iter()
            .filter(|s| !matches!(s, NoticeState::NotSent | NoticeState::Applied))
            .collect(),
    };
    let ledger = app.ledger().await?;
    let shops = find::shop_names(&ledger).await?;
    let access = Access { shops: None, buyer_data: false };
    let mut rows = Vec::new();
    for state in states {
        let filter = ListFilter { notice: Some(state), limit, ..ListFilter::default() };
        for row in ledger.list_orders(&access, &filter).await? {
            let writes = ledger.order(&access, row.seq).await?.map(|v| v.writes).unwrap_or_default();
            let write = writes.iter().rev().find(|w| w.kind == "shipment_notice");
            let reason = write.and_then(|w| w.reason.clone());
            let shop = shops.get(&row.shop_id).cloned().unwrap_or_default();
            app.out.object(&json!({
                "order_no": row.order_no,
                "mall_order_id": row.mall_order_id,
                "shop": shop,
                "phase": row.phase,
                "notice_state": row.notice_state,
                "confirming": row.confirming,
                "attempts": write.map(|w| w.attempts),
                "sent_at": write.and_then(|w| w.sent_at),
                "reason": reason,
                "remedy": state.remedy_ja(),
            }))?;
            let label = if row.confirming {
                format!("{}（結果確認中）", state.label_ja())
            } else {
                state.label_ja().to_owned()
            };
            rows.push(vec![
                row.mall_order_id.0.clone(),
                shop,
                label,
                reason.map(|r| r.to_string()).unwrap_or_default(),
                state.remedy_ja().to_owned(),
            ]);
        }
    }
    if rows.is_empty() {
        app.out.say("該当する受注はありません", "There is none");
    } else {
        let headings = [
            ("受注番号", "order"),
            ("店舗", "shop"),
            ("連携ステータス", "notice"),
            ("理由", "why"),
            ("対処", "remedy"),
        ];
        app.out.table(&headings, rows);
    }
    Ok(0)
}

async fn set(app: &App, ids: &[String], text: &str, kind: &str, in_shop: Option<&str>) -> Result<u8> {
    let kind = super::rule::kind(kind)?;
    let to = state("--state", text)?;
    let ledger = app.ledger().await?;
    let rows = find::orders(&ledger, ids, in_shop).await?;
    let mut with_notice = BTreeSet::new();
    for shop in ledger.shops().await? {
        if find::mall(&shop)?.descriptor().notice.is_some() {
            with_notice.insert(shop.shop_id);
        }
    }
    let has_notice = move |id| with_notice.contains(&id);
    let seqs = find::seqs(&rows);
    let done = ledger.set_write_state(&seqs, kind, to, &has_notice, &By::Cli, app.now()).await?;
    super::order_change::tell(app, &done, &format!("連携ステータスを「{}」にしました", to.label_ja()), "set")
}
