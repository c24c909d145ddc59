//! `choba doctor`: is this installation healthy?

use super::app::App;
use anyhow::Result;
use domain::credential::{Urgency, remaining};
use serde_json::json;
use std::collections::BTreeMap;
use store::seal::keys::KeyState;
use store::{Kind, Ledger, migrate};

/// One finding.
struct Finding {
    check: &'static str,
    /// `ok`, `warning`, `bad`.
    level: &'static str,
    ja: String,
    en: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        check: &'static str,
        level: &'static str,
        ja: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.0.push(Finding { check, level, ja: ja.into(), en: en.into() });
    }
}

/// Disk space below which something is said, bytes.
const LITTLE_SPACE: u64 = 1 << 30;

/// Runs it. 1 when something is bad.
pub async fn run(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut found = Findings::default();
    schema(&ledger, &mut found).await;
    key(app, &ledger, &mut found)?;
    counts(&ledger, &mut found).await?;
    lanes(&ledger, &mut found).await?;
    clocks(&ledger, &mut found).await?;
    shops(app, &ledger, &mut found).await?;
    phases(&ledger, &mut found).await?;
    disk(app, &mut found);
    let bad = found.0.iter().any(|f| f.level == "bad");
    let mut rows = Vec::new();
    for finding in found.0 {
        app.out.object(
            &json!({ "check": finding.check, "level": finding.level, "ja": finding.ja, "en": finding.en }),
        )?;
        let mark = match finding.level {
            "ok" => app.out.t("○ 正常", "○ ok"),
            "warning" => app.out.t("△ 注意", "△ warning"),
            _ => app.out.t("× 異常", "× bad"),
        };
        rows.push(vec![
            mark.to_owned(),
            finding.check.to_owned(),
            app.out.t(&finding.ja, &finding.en).to_owned(),
        ]);
    }
    app.out.table(&[("判定", "verdict"), ("点検", "check"), ("内容", "finding")], rows);
    Ok(u8::from(bad))
}

async fn schema(ledger: &Ledger, found: &mut Findings) {
    let step = migrate::program();
    match migrate::check_schema(ledger.db()).await {
        Ok(()) => {
            found.add("schema", "ok", format!("表の版は{step}です"), format!("tables are at step {step}"))
        }
        Err(error) => found.add("schema", "bad", format!("表の版が合いません：{error}"), error.to_string()),
    }
    match ledger.db().kind() {
        Kind::Sqlite => found.add("durability", "ok", "SQLite、synchronous=FULL", "SQLite, synchronous=FULL"),
        Kind::Postgres => {
            // Opening refuses otherwise.
            found.add(
                "durability",
                "ok",
                "PostgreSQL、synchronous_commit は有効です",
                "PostgreSQL, synchronous_commit is on",
            );
        }
    }
}

fn key(app: &App, ledger: &Ledger, found: &mut Findings) -> Result<()> {
    let fingerprint = app.master_key()?.0.fingerprint();
    match ledger.key_state() {
        KeyState::InUse => {
            found.add(
                "master_key",
                "ok",
                format!("マスターキー {fingerprint}"),
                format!("master key {fingerprint}"),
            );
        }
        KeyState::Rotating => found.add(
            "master_key",
            "warning",
            "キーの取り替えが途中です。choba key rotate をもう一度実行してください",
            "a rotation is unfinished: run choba key rotate again",
        ),
    }
    #[cfg(unix)]
    if let Some(path) = app.key_path() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
        let shown = path.display();
        if mode & 0o077 == 0 {
            found.add("key_file", "ok", format!("{shown}（{mode:o}）"), format!("{shown} ({mode:o})"));
        } else {
            found.add(
                "key_file",
                "bad",
                format!("{shown} をほかの利用者が読めます（{mode:o}）。chmod 600 してください"),
                format!("{shown} can be read by others ({mode:o}): chmod 600"),
            );
        }
    }
    Ok(())
}

async fn counts(ledger: &Ledger, found: &mut Findings) -> Result<()> {
    let nonzero = |mut counts: store::counts::PhaseCounts| {
        counts.retain(|_, n| *n != 0);
        counts
    };
    let kept = nonzero(ledger.phase_counts().await?);
    let counted = nonzero(ledger.recount_phases().await?);
    let orders: i64 = counted.values().sum();
    if kept == counted {
        found.add(
            "phase_counts",
            "ok",
            format!("受注{orders}件、フェーズの件数は合っています"),
            format!("{orders} orders, counts agree"),
        );
    } else {
        // With a process at work the two readings may differ for a moment.
        found.add(
            "phase_counts",
            "warning",
            "フェーズの件数が数え直しと合いません（動作中ならもう一度確かめてください）",
            "counts differ from a recount (look again if something is running)",
        );
    }
    let states: BTreeMap<String, i64> = ledger.state_counts().await?;
    for (state, ja) in [
        ("result_unknown", "通知結果取得失敗"),
        ("rejected", "エラー"),
        ("send_failed", "通知失敗"),
        ("quarantined", "取込エラー"),
    ] {
        let count = states.get(state).copied().unwrap_or_default();
        if count > 0 {
            found.add(
                "orders",
                "warning",
                format!("{ja}の受注が{count}件あります"),
                format!("{count} orders are {state}"),
            );
        }
    }
    Ok(())
}

async fn lanes(ledger: &Ledger, found: &mut Findings) -> Result<()> {
    let lanes = ledger.lanes().await?;
    let free = lanes.iter().filter(|l| l.owner.is_none()).count();
    for lane in lanes.iter().filter(|l| l.owner.is_some()) {
        let host = lane.host.clone().unwrap_or_default();
        let key = &lane.lane_key;
        found.add("lanes", "ok", format!("{key}：{host} が担当"), format!("{key}: worked by {host}"));
    }
    if free > 0 {
        found.add(
            "lanes",
            "warning",
            format!("{free}個のレーンを担当するプロセスがありません（choba serve が動いていません）"),
            format!("{free} lanes are worked by nobody (choba serve is not running)"),
        );
    }
    Ok(())
}

/// Malls whose clock is so far from ours may refuse what we sign with the time (F48).
const FAR_MS: i64 = 60_000;

async fn clocks(ledger: &Ledger, found: &mut Findings) -> Result<()> {
    for (lane, skew_ms, at) in ledger.lane_skews().await? {
        let (seconds, when) = (skew_ms / 1_000, at.to_japan_text());
        let level = if skew_ms.abs() > FAR_MS { "warning" } else { "ok" };
        found.add(
            "clock",
            level,
            format!("{lane}：モールの時計との差は{seconds}秒（{when}）"),
            format!("{lane}: the mall's clock is {seconds} s from ours ({when})"),
        );
    }
    Ok(())
}

async fn shops(app: &App, ledger: &Ledger, found: &mut Findings) -> Result<()> {
    for shop in ledger.shops().await? {
        let name = &shop.name;
        if let Some(reason) = &shop.held_reason {
            found.add("shops", "bad", format!("{name}：{reason}"), format!("{name}: {}", reason.en));
        }
        let mall = super::find::mall(&shop)?;
        let entered = |key: &str| engine::setup::enterable(mall.descriptor()).any(|c| c.key == key);
        for row in ledger.credential_rows(shop.shop_id).await?.into_iter().filter(|r| entered(&r.credential))
        {
            let left = remaining(row.expires_at, app.now());
            let days = left.days_left.unwrap_or_default();
            let key = &row.credential;
            match left.urgency {
                Urgency::Expired => found.add(
                    "credentials",
                    "bad",
                    format!("{name}：{key}の期限が切れています"),
                    format!("{name}: {key} has expired"),
                ),
                Urgency::Urgent | Urgency::Soon => found.add(
                    "credentials",
                    "warning",
                    format!("{name}：{key}はあと{days}日です"),
                    format!("{name}: {key} ends in {days} days"),
                ),
                Urgency::Fine | Urgency::NotKnown => {}
            }
        }
    }
    Ok(())
}

/// Rules and links whose phases were removed do nothing, or less than they say.
async fn phases(ledger: &Ledger, found: &mut Findings) -> Result<()> {
    let phases = ledger.phases().await?;
    for shop in ledger.shops().await? {
        let name = &shop.name;
        for rule in ledger.rules(shop.shop_id).await? {
            let target = &rule.target_phase;
            for warning in domain::rule::warnings(&rule, &phases).into_iter().filter(|w| w.is_broken()) {
                found.add(
                    "rules",
                    "warning",
                    format!("{name}：規則「{target}」：{}", warning.ja()),
                    format!("{name}: a phase named by the rule for {target} is gone"),
                );
            }
        }
        for link in ledger.status_links(shop.shop_id).await?.iter().filter(|l| l.is_broken(&phases)) {
            let phase = &link.phase;
            found.add(
                "links",
                "warning",
                format!("{name}：紐付け設定のフェーズ「{phase}」がなくなりました"),
                format!("{name}: the linked phase {phase} is gone"),
            );
        }
    }
    Ok(())
}

fn disk(app: &App, found: &mut Findings) {
    let Some(folder) = app.folder() else { return };
    let output = std::process::Command::new("df").arg("-Pk").arg(&folder).output();
    let free = output.ok().and_then(|o| {
        let text = String::from_utf8_lossy(&o.stdout).into_owned();
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match free.map(|k| k.saturating_mul(1_024)) {
        Some(free) if free < LITTLE_SPACE => {
            found.add(
                "disk",
                "warning",
                format!("ディスクの空きは{}MBです", free >> 20),
                format!("{} MB of disk are free", free >> 20),
            );
        }
        Some(free) => found.add(
            "disk",
            "ok",
            format!("ディスクの空きは{}GBです", free >> 30),
            format!("{} GB of disk are free", free >> 30),
        ),
        None => {
            found.add("disk", "warning", "ディスクの空きを調べられません", "free disk space is not known")
        }
    }
}
