//! The house rules that a compiler does not check: which room may know which, where time is told, where SQL stands,
//! and that nobody beyond the adapters names a mall. See docs/decisions/0001-rooms-and-edges.md.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test from end to end, helpers included")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which of our rooms a room may depend on. A new room must be entered here.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("japan", &[]),
    ("mall-api", &["domain"]),
    ("malls", &["domain", "mall-api"]),
    ("mallsim", &[]),
    ("carriers", &["domain", "mall-api"]),
    ("store", &["domain"]),
    ("engine", &["domain", "japan", "mall-api", "store"]),
    ("post", &["domain", "engine", "mall-api", "store"]),
    ("print", &["domain"]),
    ("web", &["carriers", "domain", "engine", "japan", "mall-api", "store"]),
    (
        "testkit",
        &[
            "carriers", "domain", "engine", "japan", "mall-api", "malls", "mallsim", "post", "print",
            "store", "web",
        ],
    ),
    (
        "choba",
        &[
            "carriers", "domain", "engine", "japan", "mall-api", "malls", "mallsim", "post", "print",
            "store", "testkit", "web",
        ],
    ),
];

/// What tests may use beside that. The simulator gets nothing, even there: it must not learn from the adapters.
const ALLOWED_IN_TESTS: &[&str] = &["malls", "mallsim", "testkit"];

/// Files that may read the machine's clock or really wait. `testkit` (which waits for a database server to start) is
/// no part of the program.
const CLOCKS: &[&str] = &[
    "crates/mall-api/src/clock.rs",
    "crates/mallsim/src/http.rs",
    "crates/testkit/",
    "crates/choba/src/bench/timer.rs",
];

/// Where SQL may stand. `testkit` creates databases.
const SQL_ROOMS: &[&str] = &["crates/store/", "crates/testkit/"];

const MALLS: &[&str] = &["rakuten", "yahoo", "amazon", "aupay", "qoo10", "makeshop", "ponpare"];

const TIME: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "time::sleep",
    "thread::sleep",
    "time::interval",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

#[test]
fn rooms_know_only_the_rooms_they_may() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    let allowed: BTreeMap<_, BTreeSet<_>> =
        ALLOWED.iter().map(|(room, may)| (*room, may.iter().copied().collect())).collect();
    let ours: BTreeSet<_> = metadata.packages.iter().map(|p| p.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let room = package.name.as_str();
        let Some(may) = allowed.get(room) else {
            wrong.push(format!("the room {room} is not in the table of allowed edges"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| ours.contains(&d.name)) {
            let to = dependency.name.as_str();
            let in_tests = dependency.kind == cargo_metadata::DependencyKind::Development
                && room != "mallsim"
                && ALLOWED_IN_TESTS.contains(&to);
            if !may.contains(to) && !in_tests {
                wrong.push(format!("{room} → {to} ({} dependency) is a forbidden edge", dependency.kind));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn engine_and_web_name_no_mall() {
    let found = hits(|file, line| {
        let inside = ["crates/engine/src/", "crates/web/src/"].iter().any(|room| file.starts_with(room));
        let text = format!("{} {}", line.code, line.strings).to_lowercase();
        MALLS.iter().find(|mall| inside && text.contains(**mall)).map(|mall| format!("names the mall {mall}"))
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn only_the_clock_tells_time() {
    let found = hits(|file, line| {
        let exempt = CLOCKS.iter().any(|clock| file.starts_with(clock));
        TIME.iter()
            .find(|call| !exempt && line.code.contains(**call))
            .map(|call| format!("uses {call}: time and waiting come from mall_api::Clock"))
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn only_the_store_speaks_sql() {
    let found = hits(|file, line| {
        let exempt = SQL_ROOMS.iter().any(|room| file.starts_with(room));
        (!exempt && is_sql(&line.strings)).then(|| "holds SQL, which belongs into the store".to_owned())
    });
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let pair = |first, second| words.windows(2).any(|w| w == [first, second]);
    let has = |word| words.contains(&word);
    has("SELECT") || pair("INSERT", "INTO") || pair("DELETE", "FROM") || (has("UPDATE") && has("SET"))
}

/// Goes through the program's sources, tests and comments left out.
fn hits(check: impl Fn(&str, &Line) -> Option<String>) -> Vec<String> {
    let root = root();
    let mut files = Vec::new();
    collect(&root.join("crates"), &mut files);
    assert!(files.len() > 30, "the sources are found");
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        for (number, line) in program_lines(&std::fs::read_to_string(&path).unwrap()).iter().enumerate() {
            if let Some(what) = check(&file, line) {
                found.push(format!("{file}:{}: {what}", number + 1));
            }
        }
    }
    found
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["tests", "benches", "node_modules", "target"].contains(&name.as_str()) {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" && !name.ends_with("_tests.rs") {
            files.push(path);
        }
    }
}

/// One line of a source, comments removed.
#[derive(Default, Debug, PartialEq)]
struct Line {
    /// Code, with string contents removed.
    code: String,
    /// Contents of the string literals that begin on it (all of a literal's lines).
    strings: String,
}

/// Splits a source into code and strings, leaves comments out, and empties whatever stands under `#[cfg(test)]`.
fn program_lines(source: &str) -> Vec<Line> {
    let mut lines = split(source);
    while let Some(start) = lines.iter().position(|l| l.code.contains("#[cfg(test)]")) {
        lines[start].code = lines[start].code.replacen("#[cfg(test)]", "", 1);
        let mut depth = 0;
        'item: for line in &mut lines[start..] {
            let mut end = None;
            for (at, c) in line.code.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && (c == '}' || c == ';') {
                    end = Some(at + 1);
                    break;
                }
            }
            line.strings.clear();
            match end {
                Some(end) => {
                    line.code.drain(..end);
                    break 'item;
                }
                None => line.code.clear(),
            }
        }
    }
    lines
}

fn split(source: &str) -> Vec<Line> {
    let chars: Vec<char> = source.chars().collect();
    let mut lines = vec![Line::default()];
    let mut at = 0;
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    while at < chars.len() {
        let first = lines.len() - 1;
        let from = at;
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            let mut depth = 0;
            loop {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                } else {
                    at += 1;
                }
                if depth == 0 || at >= chars.len() {
                    break;
                }
            }
        } else if let Some(hashes) = raw_string(&chars, at) {
            let end: String = std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
            at += hashes + 2;
            let start = at;
            while at < chars.len() && !starts(at, &end) {
                at += 1;
            }
            lines[first].strings.extend(&chars[start..at.min(chars.len())]);
            lines[first].code.push_str("\"\"");
            at += end.len();
        } else if chars[at] == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                let width = if chars[at] == '\\' { 2 } else { 1 };
                lines[first].strings.extend(&chars[at..(at + width).min(chars.len())]);
                at += width;
            }
            lines[first].code.push_str("\"\"");
            at += 1;
        } else if chars[at] == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\''))
        {
            // a character, not a lifetime
            at += if chars[at + 1] == '\\' { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else {
            if chars[at] != '\n' {
                lines[first].code.push(chars[at]);
            }
            at += 1;
        }
        for c in &chars[from..at.min(chars.len())] {
            if *c == '\n' {
                lines.push(Line::default());
            }
        }
        if lines.len() - 1 != first {
            continue;
        }
        lines[first].strings.push_str(if at > from + 1 { " " } else { "" });
    }
    lines
}

/// Number of hashes when a raw string begins here (at its `r`).
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).map(|b| chars[b]);
    let continues = before.is_some_and(|c| c.is_alphanumeric() || c == '_') && before != Some('b');
    if chars[at] != 'r' || continues {
        return None;
    }
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

#[test]
fn the_reader_sees_what_it_should() {
    let source = r###"
//! amazon in a comment
/* yahoo /* nested */ still */ let a = "SELECT 'x' -- \" UPDATE"; // Instant::now
let b = r#"DELETE
FROM "t""#; let c = '"'; let d: &'static str = "rakuten";
#[cfg(test)]
mod tests {
    fn x() { "INSERT INTO"; Instant::now(); }
}
#[cfg(test)] mod other;
fn after() { tokio::time::sleep(); }
"###;
    let lines = program_lines(source);
    let code: String = lines.iter().map(|l| format!("{}\n", l.code)).collect();
    let strings: Vec<&str> = lines.iter().map(|l| l.strings.trim()).filter(|s| !s.is_empty()).collect();
    assert_eq!(strings, ["SELECT 'x' -- \\\" UPDATE", "DELETE\nFROM \"t\"", "rakuten"]);
    assert!(
        code.contains("tokio::time::sleep") && !code.contains("Instant") && !code.contains("yahoo"),
        "{code}"
    );
    assert_eq!(lines.iter().position(|l| l.code.contains("fn after")), Some(11 - 1), "{lines:?}");
    assert!(is_sql("UPDATE orders SET a = 1") && is_sql(strings[0]) && is_sql(strings[1]));
    assert!(!is_sql("the update is set; delete from the list, SELECTED, UPDATE of the mall"));
}
