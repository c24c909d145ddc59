//! `choba phase`: the shop's own steps (NTF-1).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::PhaseKey;
use domain::phase::{CANCELLED, INBOX, NEW, Phase};
use serde_json::json;

/// 処理フェーズ
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 一覧と件数 / list with counts
    List,
    /// 加える / add
    Add {
        /// 識別子（英小文字・数字・_） / key
        phase: String,
        #[command(flatten)]
        change: Change,
    },
    /// 変える / change
    Set {
        /// 識別子 / key
        phase: String,
        #[command(flatten)]
        change: Change,
    },
    /// 外す（受注がないときだけ） / remove an empty phase
    Remove {
        /// 識別子 / key
        phase: String,
    },
}

/// 変更
#[derive(Debug, clap::Args)]
pub struct Change {
    /// 名前 / name
    #[arg(long)]
    name: Option<String>,
    /// 並び順 / place in the list
    #[arg(long)]
    position: Option<i64>,
    /// 出荷日：required（必須） optional（任意） / is a ship date needed?
    #[arg(long, value_parser = ["required", "optional"])]
    ship_date: Option<String>,
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::List => list(app).await,
        Cmd::Add { phase, change } => put(app, &phase, &change, true).await,
        Cmd::Set { phase, change } => put(app, &phase, &change, false).await,
        Cmd::Remove { phase } => remove(app, &phase).await,
    }
}

async fn list(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let counts = ledger.phase_counts().await?;
    let mut rows = Vec::new();
    for phase in ledger.phases().await? {
        let orders: i64 = counts.iter().filter(|((_, p), _)| p == phase.phase.as_str()).map(|(_, n)| n).sum();
        app.out.object(&json!({ "phase": phase.phase, "name": phase.name, "position": phase.position,
            "ship_date_required": phase.ship_date_required, "orders": orders }))?;
        let ship_date =
            if phase.ship_date_required { ("必須", "required") } else { ("任意", "optional") };
        rows.push(vec![
            phase.position.to_string(),
            phase.phase.0,
            phase.name,
            app.out.t(ship_date.0, ship_date.1).to_owned(),
            orders.to_string(),
        ]);
    }
    let headings =
        [("順", "no"), ("識別子", "phase"), ("名前", "name"), ("出荷日", "ship date"), ("受注", "orders")];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn put(app: &App, key: &str, change: &Change, add: bool) -> Result<u8> {
    let ledger = app.ledger().await?;
    let phases = ledger.phases().await?;
    let there = phases.iter().find(|p| p.phase.as_str() == key).cloned();
    let mut phase = match (there, add) {
        (Some(_), true) => {
            return Err(Refusal::new(
                "phase_exists",
                format!("フェーズ「{key}」はすでにあります"),
                "it exists already",
            )
            .into());
        }
        (Some(phase), false) => phase,
        (None, false) => find::phase(&ledger, "PHASE", key).await?,
        (None, true) => {
            let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if key.is_empty() || key.len() > 40 || !key.chars().all(fine) {
                let ja = "英小文字・数字・_ で40文字までにしてください";
                return Err(Refusal::field("PHASE", ja, "must be of a-z, 0-9 and _").into());
            }
            let last = phases.iter().map(|p| p.position).max().unwrap_or(0);
            Phase {
                phase: PhaseKey::from(key),
                name: key.to_owned(),
                position: last + 1,
                ship_date_required: false,
            }
        }
    };
    if let Some(name) = &change.name {
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err(Refusal::field("--name", "名前を入力してください", "must not be empty").into());
        }
        phase.name.clone_from(name);
    }
    phase.position = change.position.unwrap_or(phase.position);
    if let Some(ship_date) = &change.ship_date {
        phase.ship_date_required = ship_date == "required";
    }
    ledger.put_phase(&phase).await?;
    app.out.say(format!("フェーズ「{}」を保存しました", phase.name), format!("Phase {key} was stored"));
    app.out.object(&phase)?;
    Ok(0)
}

async fn remove(app: &App, key: &str) -> Result<u8> {
    let ledger = app.ledger().await?;
    let phase = find::phase(&ledger, "PHASE", key).await?;
    let needed = [INBOX, NEW, CANCELLED].contains(&phase.phase.as_str());
    if needed || !ledger.drop_phase(&phase.phase).await? {
        let reason = if needed {
            domain::reason::phase_needed(&phase.name)
        } else {
            domain::reason::phase_not_empty(&phase.name)
        };
        let refusal = Refusal::from(reason);
        return Err(refusal.into());
    }
    app.out.say(format!("フェーズ「{}」を外しました", phase.name), format!("Phase {key} was removed"));
    app.out.object(&json!({ "removed": phase.phase }))?;
    Ok(0)
}
