//! `choba user`, and the administrator of the environment, as scripts meet them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test from end to end, helpers included")]

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const PASSWORD: &str = "すいか と かき と みかん";

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_choba"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHOBA_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(folder).arg("--json");
    command
}

/// Exit code and the last line.
fn run(folder: &Path, args: &[&str]) -> (i32, Value) {
    let out = program(folder).args(args).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let last = text.lines().last().unwrap_or("null");
    (out.status.code().unwrap(), serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {text}")))
}

#[test]
fn people_are_added_listed_let_in_and_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (code, added) = run(
        at,
        &[
            "user",
            "add",
            "Tencho",
            "--name",
            "架空 店長",
            "--group",
            "管理者",
            "--base-url",
            "https://choba.example/",
        ],
    );
    assert_eq!((code, &added["login"]), (0, &json!("tencho")));
    assert!(added["link"].as_str().unwrap().starts_with("https://choba.example/login/link/"));
    let file = at.join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let file = file.to_str().unwrap();
    let (code, added) =
        run(at, &["user", "add", "sato", "--name", "佐藤", "--group", "受注担当", "--password-file", file]);
    assert_eq!((code, added["link"].is_null()), (0, true));

    let out = program(at).args(["user", "list"]).output().unwrap();
    let lines: Vec<Value> =
        String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let seen: Vec<_> =
        lines.iter().map(|l| (l["login"].as_str().unwrap(), l["has_password"].as_bool().unwrap())).collect();
    assert_eq!(seen, [("sato", true), ("tencho", false)]);

    for (args, code, field) in [
        (&["user", "add", "sato", "--name", "x", "--group", "管理者"][..], 1, Value::Null),
        (&["user", "add", "a b", "--name", "x", "--group", "管理者"], 2, json!("LOGIN")),
        (&["user", "add", "neu", "--name", "x", "--group", "神"], 2, json!("--group")),
        (&["user", "link", "dareka"], 1, Value::Null),
        (&["user", "off", "tencho"], 1, Value::Null),
    ] {
        let (met, said) = run(at, args);
        assert_eq!((met, &said["error"]["field"]), (code, &field), "{args:?} {said}");
    }
    assert_eq!(run(at, &["user", "link", "sato"]).0, 0);
    assert_eq!(run(at, &["user", "off", "sato"]).1["state"], "off");
    assert_eq!(run(at, &["user", "link", "sato"]).1["error"]["code"], "user_off");
    std::fs::write(file, "short").unwrap();
    let (code, weak) =
        run(at, &["user", "add", "neu", "--name", "x", "--group", "管理者", "--password-file", file]);
    assert_eq!((code, &weak["error"]["field"]), (2, &json!("--password-file")));
}

/// What `serve` says before it serves: lines of JSON, until one that `enough` takes, or its end.
fn said(folder: &Path, environment: &[(&str, &str)]) -> Vec<Value> {
    let mut serve = program(folder)
        .args(["serve", "--listen", "127.0.0.1:0", "--no-work"])
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(serve.stdout.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let enough = line.get("setup_link").is_some()
            || line.get("administrator").is_some()
            || line.get("error").is_some();
        lines.push(line);
        if enough {
            break;
        }
    }
    serve.kill().unwrap();
    serve.wait().unwrap();
    lines
}

#[test]
fn the_first_start_shows_a_link_or_takes_the_administrator_of_the_environment_f70() {
    let folder = tempfile::tempdir().unwrap();
    let lines = said(folder.path(), &[]);
    assert!(
        lines.iter().any(|l| l["setup_link"].as_str().is_some_and(|u| u.contains("/setup/"))),
        "{lines:?}"
    );
    let named = [("CHOBA_SETUP_LOGIN", "tencho"), ("CHOBA_SETUP_PASSWORD", "short")];
    assert!(said(folder.path(), &named).iter().any(|l| l["error"]["field"] == "CHOBA_SETUP_PASSWORD"));
    let named = [("CHOBA_SETUP_LOGIN", "tencho"), ("CHOBA_SETUP_PASSWORD", PASSWORD)];
    assert!(said(folder.path(), &named).iter().any(|l| l["administrator"] == "tencho"));
    assert_eq!(run(folder.path(), &["user", "list"]).1["login"], "tencho");
}
