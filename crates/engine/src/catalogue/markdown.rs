//! The catalogue as pages of the manual: one per entry, a page that lists them, and their lines in the contents. Written by
//! `choba errors --markdown`; a test holds the committed pages to it.

use super::{Entry, actor};
use std::fmt::Write as _;

/// A file below the manual's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// `errors/GA0001.md`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Nothing of a text is taken for markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '<' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}

fn title(entry: &Entry) -> String {
    format!("{}：{}", entry.code, entry.event)
}

fn one(entry: &Entry) -> String {
    let whose = if entry.mall_name.is_empty() { "帳場" } else { entry.mall_name };
    let mut rows = vec![("だれの番号か", cell(whose)), ("事象", cell(&entry.event))];
    if !entry.cause.is_empty() {
        rows.push(("原因", cell(&entry.cause)));
    }
    let remedy = if entry.remedy.is_empty() { "なし" } else { &entry.remedy };
    rows.push(("対処", cell(remedy)));
    rows.push(("誰が動くか", actor(entry.actor).0.to_owned()));
    let retried = if entry.retried { "帳場が自動でもう一度行います" } else { "しません" };
    rows.push(("自動で再試行", retried.to_owned()));
    let place = match entry.place.manual() {
        "" => entry.place.words().0.to_owned(),
        page => format!("[{}](../{page}.md)", entry.place.words().0),
    };
    rows.push(("直す場所", place));
    for words in &entry.also_known {
        rows.push(("ほかの言い方", cell(words)));
    }
    rows.push(("English", cell(&entry.en)));
    let mut text = format!("# {}\n\n| 項目 | 内容 |\n| --- | --- |\n", cell(&title(entry)));
    for (name, value) in rows {
        writeln!(text, "| {name} | {value} |").ok();
    }
    text.push_str("\n[エラー一覧へ戻る](../errors.md)\n");
    text
}

/// Groups in the order of the entries: ours, then mall by mall.
fn groups(entries: &[Entry]) -> Vec<(&str, Vec<&Entry>)> {
    let mut groups: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for entry in entries {
        match groups.last_mut().filter(|(name, _)| *name == entry.mall_name) {
            Some((_, group)) => group.push(entry),
            None => groups.push((entry.mall_name, vec![entry])),
        }
    }
    groups
}

fn heading(mall: &str) -> &str {
    if mall.is_empty() { "帳場の言葉" } else { mall }
}

fn list(entries: &[Entry]) -> String {
    let mut text = String::from(
        "# エラー一覧\n\nモールが返す番号と、帳場が自分で出す言葉の一覧です。番号を押すと、事象・原因・対処・誰が動くか・自動で再試行するか・直す場所が出ます。\n\
         画面の「エラー一覧」では、言葉やモールの番号で絞り込めます。画面に出ている番号を押しても、ここと同じ説明が開きます。\n\
         〔　〕の中には、その時の名前や番号が入ります。\n\n\
         一覧にない番号が返ったときは、モールの言葉をそのまま見せ、回数を数えて、画面の「エラー一覧」と「診断」に並べます。\n",
    );
    for (mall, group) in groups(entries) {
        writeln!(text, "\n## {}\n\n| 番号 | 事象 | 誰が動くか |\n| --- | --- | --- |", heading(mall)).ok();
        for entry in group {
            let who = actor(entry.actor).0;
            writeln!(
                text,
                "| [{}](errors/{}.md) | {} | {who} |",
                cell(&entry.code),
                entry.slug(),
                cell(&entry.event)
            )
            .ok();
        }
    }
    text
}

/// Every page.
#[must_use]
pub fn pages(entries: &[Entry]) -> Vec<Page> {
    let list = Page { path: "errors.md".to_owned(), text: list(entries) };
    let one = |entry: &Entry| Page { path: format!("errors/{}.md", entry.slug()), text: one(entry) };
    std::iter::once(list).chain(entries.iter().map(one)).collect()
}

/// The part of the contents that the generated lines lead: its heading and the empty line after it.
const PART: &str = "# 調べる";

/// The contents of the manual with the generated lines in their place.
#[must_use]
pub fn contents(summary: &str, entries: &[Entry]) -> String {
    let ours = |line: &&str| line.contains("](errors.md)") || line.contains("](errors/");
    let mut lines: Vec<String> = summary.lines().filter(|l| !ours(l)).map(str::to_owned).collect();
    let at = lines.iter().position(|l| l == PART).map_or(lines.len(), |at| (at + 2).min(lines.len()));
    let one = |entry: &Entry| format!("  - [{}](errors/{}.md)", cell(&entry.code), entry.slug());
    let new = std::iter::once("- [エラー一覧](errors.md)".to_owned()).chain(entries.iter().map(one));
    lines.splice(at..at, new);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::entries;

    #[test]
    fn every_entry_has_a_page_and_a_line_and_writing_twice_changes_nothing() {
        let all = entries(&malls::registry());
        let pages = pages(&all);
        assert_eq!(pages.len(), all.len() + 1);
        let once = contents("# 手引き\n\n- [a](a.md)\n", &all);
        assert_eq!(contents(&once, &all), once);
        for page in &pages {
            assert!(once.contains(&format!("({})", page.path)), "{}", page.path);
            assert!(page.text.starts_with("# ") && page.text.ends_with('\n'));
        }
        let page = pages.iter().find(|p| p.path == "errors/GA0001.md").unwrap();
        for words in ["| 事象 |", "| 原因 |", "| 対処 |", "| 誰が動くか | 管理者 |", "(../shops.md)"]
        {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
    }
}
