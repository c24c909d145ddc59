//! `choba doctor`: is this installation healthy? With `--holiday`: 連休前点検, may it be left alone for these days?

use super::app::App;
use super::refusal::Refusal;
use anyhow::Result;
use engine::health::{self, Finding, Health};
use engine::preholiday::{self, HEADINGS, LONGEST, Level, Period};
use serde_json::json;
use store::Ledger;
use store::seal::keys::KeyState;

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 連休前点検：休業の始まりと終わりの日 / check a closed period: its first and last day
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    holiday: Vec<jiff::civil::Date>,
}

/// Runs it. 1 when something is bad.
pub async fn run(app: &App, args: &Args) -> Result<u8> {
    let ledger = app.ledger().await?;
    if let [from, to] = args.holiday.as_slice() {
        let period = Period::new(*from, *to).ok_or_else(|| {
            let ja = format!("休業の終わりは始まり以後、{LONGEST}日以内にしてください");
            Refusal::field("--holiday", ja, format!("at most {LONGEST} days, the last not before the first"))
        })?;
        return holiday(app, &ledger, period).await;
    }
    let mut found = key(app, &ledger)?;
    found.extend(health::of_ledger(&ledger, &malls::by_key, app.now()).await?);
    found.extend(app.folder().map(|folder| health::disk(&folder)));
    let bad = found.iter().any(|f| f.level == Health::Bad);
    let mut rows = Vec::new();
    for finding in found {
        app.out
            .object(&json!({ "check": finding.check, "level": finding.level.as_str(), "ja": finding.ja,
            "en": finding.en, "remedy": finding.remedy }))?;
        let mark = match finding.level {
            Health::Ok => app.out.t("○ 正常", "○ ok"),
            Health::Warning => app.out.t("△ 注意", "△ warning"),
            Health::Bad => app.out.t("× 異常", "× bad"),
        };
        let words = match finding.remedy.as_str() {
            "" => finding.ja,
            remedy => format!("{}\n→ {remedy}", finding.ja),
        };
        rows.push(vec![mark.to_owned(), finding.check.to_owned(), app.out.t(&words, &finding.en).to_owned()]);
    }
    app.out.table(&[("判定", "verdict"), ("点検", "check"), ("内容", "finding")], rows);
    Ok(u8::from(bad))
}

/// 連休前点検. 1 when somebody has to act.
async fn holiday(app: &App, ledger: &Ledger, period: Period) -> Result<u8> {
    let calendar = engine::calendar::business_days(ledger).await?.to_calendar();
    let closed = |day| calendar.is_closed(day);
    let mut facts = preholiday::gather(ledger, &malls::by_key, &closed, period, app.now()).await?;
    facts.disk = app.folder().map(|folder| health::disk(&folder));
    let ticks = preholiday::judge(&facts, period, app.now());
    let mut rows = Vec::new();
    for tick in &ticks {
        app.out.object(&json!({ "check": tick.check, "level": tick.level.as_str(), "shop": tick.shop,
            "ja": tick.ja, "en": tick.en, "remedy": tick.remedy }))?;
        let mark = match tick.level {
            Level::Ok => "○",
            Level::Careful => "△",
            Level::Needed => "×",
        };
        let (ja, en) = tick.level.words();
        let heading = HEADINGS.iter().find(|(check, ..)| *check == tick.check);
        let heading = heading.map_or(tick.check, |(_, ja, en)| app.out.t(ja, en));
        let words = match tick.remedy.as_str() {
            "" => tick.ja.clone(),
            remedy => format!("{}\n→ {remedy}", tick.ja),
        };
        let level = format!("{mark} {}", app.out.t(ja, en));
        rows.push(vec![level, heading.to_owned(), app.out.t(&words, &tick.en).to_owned()]);
    }
    app.out.table(&[("判定", "verdict"), ("点検", "check"), ("内容", "finding")], rows);
    Ok(u8::from(ticks.iter().any(|t| t.level == Level::Needed)))
}

fn key(app: &App, ledger: &Ledger) -> Result<Vec<Finding>> {
    let fingerprint = app.master_key()?.0.fingerprint();
    let state = match ledger.key_state() {
        KeyState::InUse => Finding::ok(
            "master_key",
            format!("マスターキー {fingerprint}"),
            format!("master key {fingerprint}"),
        ),
        KeyState::Rotating => health::key_rotating(),
    };
    let mut found = vec![state];
    #[cfg(unix)]
    if let Some(path) = app.key_path() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
        let shown = path.display();
        found.push(if mode & 0o077 == 0 {
            Finding::ok("key_file", format!("{shown}（{mode:o}）"), format!("{shown} ({mode:o})"))
        } else {
            Finding::bad(
                "key_file",
                format!("{shown} をほかの利用者が読めます（{mode:o}）。chmod 600 してください"),
                format!("{shown} can be read by others ({mode:o}): chmod 600"),
                "chmod 600 で、ほかの利用者が読めないようにしてください。",
            )
        });
    }
    Ok(found)
}
