//! Prepares what the browser loads: fetches the packages of `npm/package-lock.json`, puts our own style sheet and scripts
//! beside them under names that carry a hash of their content, and writes the table that `src/assets.rs` includes.
//!
//! It knows files and `npm`, nothing of the program. `CHOBA_ASSETS_DIR` names a folder that already holds an installed
//! `node_modules` (a machine without a network, a distribution's build); then `npm` is not called at all.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Packages with the version that must be installed, as `npm/package.json` pins it.
const PACKAGES: [(&str, &str); 2] = [("htmx.org", "4.0.1"), ("@digital-go-jp/design-tokens", "1.1.9")];

/// Files taken from the packages: name here, place in `node_modules`, content type.
const FROM_PACKAGES: [(&str, &str, &str); 2] = [
    ("htmx.js", "htmx.org/dist/htmx.min.js", JS),
    ("tokens.css", "@digital-go-jp/design-tokens/dist/tokens.css", CSS),
];

/// Our own files in `assets/`. A script stands after every script that it imports, since its import lines are rewritten to
/// their hashed names; `write_own` refuses any other order.
const OWN: [(&str, &str); 10] = [
    ("app.css", CSS),
    ("words.js", JS),
    ("dialog.js", JS),
    ("grid.js", JS),
    ("keys.js", JS),
    ("forms.js", JS),
    ("live.js", JS),
    ("toast.js", JS),
    ("columns.js", JS),
    ("app.js", JS),
];

struct Written {
    name: &'static str,
    file: String,
    content_type: &'static str,
}

/// Where the manual's pages are, from this crate.
const MANUAL: &str = "../../docs/manual/src";

/// The manual goes into the program as it stands: a table of name and text, in the order of file names.
fn manual(home: &Path, out: &Path) -> Result<(), String> {
    let folder = home.join(MANUAL);
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut pages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    // One page per entry of the catalogue of errors stands in a folder of its own.
    let errors = folder.join("errors");
    let entries =
        fs::read_dir(&errors).map_err(|error| format!("cannot read {}: {error}", errors.display()))?;
    pages.extend(entries.flatten().map(|entry| entry.path()));
    pages.retain(|page| page.extension().is_some_and(|e| e == "md"));
    pages.sort();
    let mut table = String::from("const PAGES: &[(&str, &str)] = &[\n");
    for page in &pages {
        let stem = page.file_stem().unwrap_or_default().to_string_lossy();
        let name = match page.parent() == Some(errors.as_path()) {
            true => format!("errors/{stem}"),
            false => stem.into_owned(),
        };
        let path = fs::canonicalize(page).map_err(|error| format!("{}: {error}", page.display()))?;
        writeln!(table, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .map_err(|e| e.to_string())?;
    }
    table.push_str("];\n");
    fs::write(out.join("manual.rs"), table)
        .map_err(|error| format!("cannot write the manual's table: {error}"))
}

fn main() {
    if let Err(message) = run() {
        for line in message.lines() {
            println!("cargo::error={line}");
        }
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let home = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    println!("cargo::rerun-if-env-changed=CHOBA_ASSETS_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=npm/package-lock.json");
    for (name, _) in OWN {
        println!("cargo::rerun-if-changed=assets/{name}");
    }

    manual(&home, &out)?;

    let modules = match env::var_os("CHOBA_ASSETS_DIR") {
        Some(given) => PathBuf::from(given).join("node_modules"),
        None => installed(&home.join("npm"), &out.join("npm"))?,
    };
    check_versions(&modules)?;

    let target = out.join("assets");
    if target.exists() {
        fs::remove_dir_all(&target).map_err(|error| format!("cannot clear {}: {error}", target.display()))?;
    }
    fs::create_dir_all(&target).map_err(|error| format!("cannot make {}: {error}", target.display()))?;

    let mut written = Vec::new();
    for (name, place, content_type) in FROM_PACKAGES {
        let text = without_map(&read(&modules.join(place))?);
        written.push(write_hashed(&target, name, content_type, &text)?);
    }
    for (name, content_type) in OWN {
        let text = without_comments(content_type, &read(&home.join("assets").join(name))?);
        let text = if content_type == JS { with_hashed_imports(name, &text, &written)? } else { text };
        written.push(write_hashed(&target, name, content_type, &text)?);
    }
    write_file(&out.join("assets.rs"), &table(&target, &written))
}

/// `npm ci` in a folder of cargo's, so that the source tree stays clean. Done again only when the lock file changed: editing
/// the style sheet needs no network.
fn installed(from: &Path, into: &Path) -> Result<PathBuf, String> {
    let lock = read(&from.join("package-lock.json"))?;
    let stamp = into.join("installed-lock");
    let modules = into.join("node_modules");
    if modules.is_dir() && fs::read_to_string(&stamp).is_ok_and(|done| done == lock) {
        return Ok(modules);
    }
    fs::create_dir_all(into).map_err(|error| format!("cannot make {}: {error}", into.display()))?;
    write_file(&into.join("package.json"), &read(&from.join("package.json"))?)?;
    write_file(&into.join("package-lock.json"), &lock)?;

    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let result = Command::new(program)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(into)
        .output()
        .map_err(|error| {
            format!(
                "Node.js with npm is needed to build the back office, and `{program}` could not be started ({error}).\n\
                 Install Node.js 20 or newer (Debian: apt-get install nodejs npm), or set CHOBA_ASSETS_DIR to a folder in\n\
                 which `npm ci --ignore-scripts` was already run with crates/web/npm/package-lock.json."
            )
        })?;
    if !result.status.success() {
        return Err(format!(
            "`npm ci --ignore-scripts` failed ({}). Without a network, set CHOBA_ASSETS_DIR to a folder in which it was run.\n{}",
            result.status,
            String::from_utf8_lossy(&result.stderr)
        ));
    }
    write_file(&stamp, &lock)?;
    Ok(modules)
}

/// A folder given by hand may hold anything; a page with another htmx would break in the browser only.
fn check_versions(modules: &Path) -> Result<(), String> {
    for (package, version) in PACKAGES {
        let manifest = modules.join(package).join("package.json");
        let text = read(&manifest)?;
        if !text.contains(&format!("\"version\": \"{version}\"")) {
            return Err(format!("{} is not {package} {version}, which crates/web needs", manifest.display()));
        }
    }
    Ok(())
}

/// The maps are not served; without the line a browser's tools do not ask for them.
fn without_map(text: &str) -> String {
    let mut kept: String =
        text.lines().filter(|line| !line.starts_with("//# sourceMappingURL=")).collect::<Vec<_>>().join("\n");
    kept.push('\n');
    kept
}

/// What our own files weigh less on the way: comments and indentation stay at home. Only whole comments are taken: in scripts
/// lines that begin with `//` and `/** … */` blocks, in the style sheet every `/* … */` and the spaces around its signs (no
/// text in it holds such a pair).
fn without_comments(content_type: &str, text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    if content_type == CSS {
        while let Some((before, after)) = rest.split_once("/*") {
            kept.push_str(before);
            rest = after.split_once("*/").map_or("", |(_, after)| after);
        }
        kept.push_str(rest);
        for (wide, tight) in [(" {", "{"), ("{ ", "{"), ("; ", ";"), (";}", "}"), (": ", ":"), (", ", ",")] {
            kept = kept.replace(wide, tight);
        }
    } else {
        let mut inside = false;
        for line in text.lines().map(str::trim) {
            let begins = line.starts_with("/**");
            if !inside && !begins && !line.starts_with("//") {
                kept.push_str(line);
                kept.push('\n');
            }
            inside = (inside || begins) && !line.ends_with("*/");
        }
    }
    let mut result = String::with_capacity(kept.len());
    for line in kept.lines().map(str::trim).filter(|line| !line.is_empty()) {
        result.push_str(line);
        result.push('\n');
    }
    result
}

/// `"./keys.js"` becomes `"./keys.1a2b3c4d.js"`, so a script's hash covers what it imports as well.
fn with_hashed_imports(name: &str, text: &str, written: &[Written]) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with("import ") && line.contains("\"./") {
            let found = written.iter().find(|other| line.contains(&format!("\"./{}\"", other.name)));
            let Some(other) = found else {
                return Err(format!(
                    "assets/{name}: `{line}` names no file that stands before it in OWN (build.rs)"
                ));
            };
            result
                .push_str(&line.replace(&format!("\"./{}\"", other.name), &format!("\"./{}\"", other.file)));
        } else {
            result.push_str(line);
        }
        result.push('\n');
    }
    Ok(result)
}

fn write_hashed(
    target: &Path,
    name: &'static str,
    content_type: &'static str,
    text: &str,
) -> Result<Written, String> {
    let mut hash = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(4) {
        // writing to a String cannot fail
        let _ = write!(hash, "{byte:02x}");
    }
    let file = match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
        None => format!("{name}.{hash}"),
    };
    write_file(&target.join(&file), text)?;
    Ok(Written { name, file, content_type })
}

fn table(target: &Path, written: &[Written]) -> String {
    let mut text = String::from("static TABLE: &[Asset] = &[\n");
    for Written { name, file, content_type } in written {
        let place = target.join(file);
        let place = place.display().to_string();
        let _ = writeln!(
            text,
            "    Asset {{ name: {name:?}, path: {:?}, content_type: {content_type:?}, bytes: include_bytes!({place:?}) }},",
            format!("/assets/{file}")
        );
    }
    text.push_str("];\n");
    text
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}; this file is run by cargo"))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write_file(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
