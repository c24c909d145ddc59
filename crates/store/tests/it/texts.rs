//! Every SQL text is understood by the database it is for.

use store::Kind;
use testkit::contract;

use std::path::Path;

contract!(every_text_prepares, |db| {
    let all = store::catalogue();
    assert!(all.len() > 10);
    for sql in &all {
        let text = if db.kind() == Kind::Sqlite { sql.sqlite } else { sql.postgres };
        if !text.is_empty() {
            db.prepare(sql).await.unwrap_or_else(|e| panic!("{}: {e}", sql.name));
        }
    }
});

contract!(every_bulk_insert_names_columns_that_exist, |db| {
    for bulk in store::bulk_catalogue() {
        if bulk.verb == "INSERT" || db.kind() == Kind::Sqlite {
            db.prepare_bulk(&bulk).await.unwrap_or_else(|e| panic!("{}: {e}", bulk.name));
        }
    }
});

/// Names of the constants that a source file defines in blocks of `sql!` and `bulk!`.
fn defined(text: &str, opening: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line == opening {
            inside = true;
        } else if line == "}" {
            inside = false;
        } else if inside
            && let Some(rest) = line.strip_prefix("    ")
            && let Some((name, _)) = rest.split_once('(')
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        {
            names.push(name.to_owned());
        }
    }
    names
}

fn sources(dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.file_name().is_some_and(|n| n != "sql.rs") {
            let module = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
            let module = module.with_extension("").to_string_lossy().replace('/', "::");
            let module = module.strip_suffix("::mod").unwrap_or(&module).to_owned();
            out.push((format!("store::{module}"), std::fs::read_to_string(path).unwrap()));
        }
    }
}

#[test]
fn no_text_of_the_source_is_missing_from_the_catalogue() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let texts: Vec<_> = store::catalogue().iter().map(|s| s.name).collect();
    let bulks: Vec<_> = store::bulk_catalogue().iter().map(|s| s.name).collect();
    let mut found = (0, 0);
    for (module, text) in &all {
        for name in defined(text, "sql! {") {
            let name = format!("{module}::{name}");
            assert!(texts.contains(&name.as_str()), "{name} is not in the catalogue");
            found.0 += 1;
        }
        for name in defined(text, "bulk! {") {
            let name = format!("{module}::{name}");
            assert!(bulks.contains(&name.as_str()), "{name} is not in the catalogue of bulk inserts");
            found.1 += 1;
        }
        let blocks = text.matches("sql! {").count() + text.matches("bulk! {").count();
        let read = text.lines().filter(|l| matches!(*l, "sql! {" | "bulk! {")).count();
        assert_eq!(blocks, read, "{module}: a block this test cannot read");
    }
    assert_eq!(found, (texts.len(), bulks.len()), "the catalogue and the source name the same texts");
}
