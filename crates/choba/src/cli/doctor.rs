//! `choba doctor`: is this installation healthy?

use super::app::App;
use anyhow::Result;
use engine::health::{self, Finding, Health};
use serde_json::json;
use store::Ledger;
use store::seal::keys::KeyState;

/// Runs it. 1 when something is bad.
pub async fn run(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
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
