//! Contestants in Python: scripts of this repository that say how many orders they stored and how long it took them,
//! and the place their libraries are installed in.

use super::figure::hint;
use super::timer::Took;
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tokio::process::Command;

#[derive(Deserialize)]
struct Told {
    orders: usize,
    seconds: f64,
    cpu_seconds: f64,
}

/// Runs a script with its arguments and, behind them, the name of a database that is not there yet. Gives the script's
/// own numbers, or why it cannot run here.
///
/// # Errors
/// It ran and failed, or stored another number of orders than `orders`.
pub async fn run(
    python: &Path,
    script: &Path,
    arguments: &[String],
    orders: usize,
) -> anyhow::Result<Result<Took, String>> {
    if !script.exists() {
        return Ok(Err(format!("{} is not there (run from the repository)", script.display())));
    }
    let dir = tempfile::tempdir()?;
    let out =
        Command::new(python).arg(script).args(arguments).arg(dir.path().join("script.db")).output().await;
    let Ok(out) = out else { return Ok(Err(format!("{} is not installed", python.display()))) };
    let errors = String::from_utf8_lossy(&out.stderr);
    if let Some((_, module)) = errors.split_once("No module named ") {
        let module = module.lines().next().unwrap_or_default();
        return Ok(Err(format!("the Python package {module} is not installed")));
    }
    ensure!(out.status.success(), "{} failed: {errors}", script.display());
    // Libraries may talk before.
    let text = String::from_utf8_lossy(&out.stdout);
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let told: Told =
        serde_json::from_str(last).with_context(|| format!("the answer of {}", script.display()))?;
    ensure!(told.orders == orders, "{} stored {} of {orders} orders", script.display(), told.orders);
    Ok(Ok(Took { wall: told.seconds, cpu: told.cpu_seconds }))
}

/// Python with the packages of `requirements` in the folder `place`, made if it is not there or holds others; or why
/// there is none.
///
/// # Errors
/// The folder cannot be written.
pub async fn python(place: &Path, requirements: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let Ok(wanted) = std::fs::read_to_string(requirements) else {
        return Ok(Err(format!("{} is not there (run from the repository)", requirements.display())));
    };
    let (program, mark) = (place.join("bin/python"), place.join("choba-bench-requirements.txt"));
    if program.exists() && std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(Ok(program));
    }
    hint(&format!("installing {} into {}", requirements.display(), place.display()));
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(place).output().await;
    match made {
        Ok(out) if out.status.success() => {}
        Ok(out) => return Ok(Err(format!("python3 -m venv: {}", last_line(&out.stderr)))),
        Err(error) => return Ok(Err(format!("python3: {error}"))),
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    let out = Command::new(&program).args(install).arg(requirements).output().await?;
    if !out.status.success() {
        return Ok(Err(format!("PyPI did not give the packages: {}", last_line(&out.stderr))));
    }
    std::fs::write(&mark, wanted)?;
    Ok(Ok(program))
}

fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}
