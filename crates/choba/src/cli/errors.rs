//! `choba errors`: the catalogue of errors, for people, scripts and the manual.

use super::app::App;
use super::refusal::Refusal;
use anyhow::{Context as _, Result};
use engine::catalogue::{actor, entries, markdown};
use std::path::{Path, PathBuf};

/// エラー一覧
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 言葉またはコードで絞る / words or a code
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
    /// モール / only this mall's
    #[arg(long, value_name = "MALL")]
    mall: Option<String>,
    /// 未対応のコードとその回数 / codes of malls that nobody has explained yet
    #[arg(long, conflicts_with_all = ["words", "mall", "markdown"])]
    unknown: bool,
    /// 手引きのページを書き出す（errors/ と errors.md、SUMMARY.md） / write the pages of the manual into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["words", "mall"])]
    markdown: Option<PathBuf>,
}

/// Runs it.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    if args.unknown {
        return unknown(app).await;
    }
    let all = entries(&malls::registry());
    if let Some(folder) = &args.markdown {
        let written = write(folder, &all)?;
        app.out.say(format!("{written}個のページを書きました"), format!("{written} pages were written"));
        return Ok(0);
    }
    if let Some(mall) = args.mall.as_deref().filter(|m| all.iter().all(|e| e.mall != Some(*m))) {
        let ja = format!("「{mall}」というモールはありません");
        return Err(Refusal::field("--mall", ja, format!("there is no mall {mall}")).into());
    }
    let words = args.words.join(" ");
    let mut rows = Vec::new();
    for entry in &all {
        let of_mall = args.mall.as_deref().is_none_or(|m| entry.mall == Some(m));
        if !of_mall || !entry.matches(&words) {
            continue;
        }
        app.out.object(entry)?;
        let (ja, en) = actor(entry.actor);
        let what = if entry.cause.is_empty() {
            entry.event.clone()
        } else {
            format!("{}\n{}", entry.event, entry.cause)
        };
        rows.push(vec![
            entry.code.clone(),
            app.out.t(&what, &entry.en).to_owned(),
            entry.remedy.clone(),
            app.out.t(ja, en).to_owned(),
        ]);
    }
    let headings = [("コード", "code"), ("事象・原因", "what"), ("対処", "mend"), ("誰が動くか", "who acts")];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn unknown(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut rows = Vec::new();
    for code in ledger.unknown_codes().await? {
        app.out.object(&code)?;
        rows.push(vec![
            code.mall.clone(),
            code.code.clone(),
            super::out::clean(&code.words),
            code.count.to_string(),
            code.last_at.to_japan_text(),
        ]);
    }
    let headings = [
        ("モール", "mall"),
        ("コード", "code"),
        ("モールの言葉", "words"),
        ("回数", "count"),
        ("最後", "last"),
    ];
    app.out.table(&headings, rows);
    Ok(0)
}

/// Writes every page, and takes away those whose entry is gone.
fn write(folder: &Path, all: &[engine::catalogue::Entry]) -> Result<usize> {
    let name = |path: &Path| format!("{}", path.display());
    let own = folder.join("errors");
    std::fs::create_dir_all(&own).with_context(|| name(&own))?;
    let pages = markdown::pages(all);
    for entry in std::fs::read_dir(&own).with_context(|| name(&own))?.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let known = pages.iter().any(|p| p.path == format!("errors/{file}"));
        if !known && Path::new(&file).extension().is_some_and(|e| e == "md") {
            std::fs::remove_file(entry.path()).with_context(|| name(&entry.path()))?;
        }
    }
    for page in &pages {
        let path = folder.join(&page.path);
        std::fs::write(&path, &page.text).with_context(|| name(&path))?;
    }
    let summary = folder.join("SUMMARY.md");
    let text = std::fs::read_to_string(&summary).with_context(|| name(&summary))?;
    std::fs::write(&summary, markdown::contents(&text, all)).with_context(|| name(&summary))?;
    Ok(pages.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_the_manual_are_what_the_program_says_imp6() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual/src");
        let all = entries(&malls::registry());
        let pages = markdown::pages(&all);
        let hint = "run: choba errors --markdown docs/manual/src";
        for page in &pages {
            let text = std::fs::read_to_string(folder.join(&page.path)).unwrap_or_default();
            assert_eq!(text, page.text, "{}: {hint}", page.path);
        }
        let files = std::fs::read_dir(folder.join("errors")).unwrap().count();
        assert_eq!(files + 1, pages.len(), "a page whose entry is gone: {hint}");
        let summary = std::fs::read_to_string(folder.join("SUMMARY.md")).unwrap();
        assert_eq!(markdown::contents(&summary, &all), summary, "{hint}");
    }
}
