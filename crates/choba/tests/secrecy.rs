//! What a running program says of its work, in its log, its output and its metrics, holds nobody's name, phone or
//! mail and no secret (I10, F73): the demo at its most talkative, asked for everything, against what its ledger holds.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test from end to end, helpers included")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

const SECONDS: &str = "15";

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_choba"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHOBA_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(folder).arg("--json");
    command
}

/// Every text of a person in an order: names, kana, phones, mails, streets.
fn persons(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("family_name" | "given_name" | "family_kana" | "given_kana", Value::String(text)) => {
                        // One or two letters are in ordinary words too.
                        if text.chars().count() > 2 {
                            into.insert(text.clone());
                        }
                    }
                    (
                        "full_name" | "phone" | "phone2" | "email" | "address1" | "address2",
                        Value::String(text),
                    ) => {
                        if !text.is_empty() {
                            into.insert(text.clone());
                        }
                    }
                    _ => persons(inner, into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|v| persons(v, into)),
        _ => {}
    }
}

/// Opens pages and asks for what is not there, as somebody signed in.
async fn visit(link: &str) -> Vec<String> {
    // The first one in a process counts, so an error only says that there is one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let base = link.split("/login/").next().unwrap().to_owned();
    let signed_in = client.post(link).header("origin", &base).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let ask = async |request: reqwest::RequestBuilder| {
        let answer = request.header("cookie", &cookie).header("origin", &base).send().await.unwrap();
        let location = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_default(), answer.text().await.unwrap())
    };
    let mut urls = Vec::new();
    for page in
        ["/", "/orders?all=1", "/notices", "/import", "/shipping", "/payment", "/diagnostics", "/orders/C-0"]
    {
        ask(client.get(format!("{base}{page}"))).await;
    }
    let (status, _, listed) = ask(client.get(format!("{base}/api/v1/orders?all=1"))).await;
    assert_eq!(status, 200, "{listed}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    for order in listed["orders"].as_array().unwrap().iter().take(5) {
        let buyer = order["head"]["buyer"].as_str().unwrap_or_default();
        let search = serde_html_form::to_string([("q", buyer)]).unwrap();
        let form = client.post(format!("{base}/orders/search"));
        let form = form.header("content-type", "application/x-www-form-urlencoded").body(search);
        let (_, location, _) = ask(form).await;
        urls.push(location.clone());
        ask(client.get(format!("{base}{location}"))).await;
        let number = order["order_no"].as_str().unwrap();
        ask(client.get(format!("{base}/orders/{number}"))).await;
        let wrong = json!({ "version": 1, "changes": { "buyer.nothing": buyer } }).to_string();
        let edit = client.patch(format!("{base}/api/v1/orders/{number}"));
        ask(edit.header("content-type", "application/json").body(wrong)).await;
    }
    let (status, _, metrics) = ask(client.get(format!("{base}/metrics"))).await;
    assert_eq!(status, 200, "{metrics}");
    urls.push(metrics);
    urls
}

#[tokio::test]
async fn nothing_the_program_says_holds_a_person_or_a_secret_i10_f73() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = program(folder.path())
        .args(["demo", "--listen", "127.0.0.1:0", "--seconds", SECONDS])
        .env("CHOBA_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = demo.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).unwrap();
        text
    });
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut said = String::new();
    let link = loop {
        let line = lines.next().unwrap().unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        if let Some(link) = told["sign_in_link"].as_str() {
            break link.to_owned();
        }
        said.push_str(&line);
    };
    said.extend(visit(&link).await);
    for line in lines {
        said.push_str(&line.unwrap());
    }
    demo.wait().unwrap();
    said.push_str(&errors.join().unwrap());
    let log = std::fs::read_to_string(folder.path().join("demo.log")).unwrap();
    assert!(log.contains("TRACE"), "the log is at its most talkative");
    said.push_str(&log);

    let listed = program(folder.path()).args(["order", "list"]).output().unwrap();
    let mut planted = BTreeSet::new();
    for line in String::from_utf8(listed.stdout).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let number = row["order_no"].as_str().unwrap();
        let shown = program(folder.path()).args(["order", "show", number]).output().unwrap();
        persons(&serde_json::from_slice::<Value>(&shown.stdout).unwrap()["content"], &mut planted);
        if planted.len() > 60 {
            break;
        }
    }
    assert!(planted.len() > 20, "{} texts of persons are known", planted.len());
    let found: Vec<&String> = planted.iter().filter(|text| said.contains(text.as_str())).collect();
    if !found.is_empty() {
        let at = said.find(found.first().unwrap().as_str()).unwrap();
        let around: String =
            said[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
        panic!("{} of {} texts of persons were said, the first after: {around}", found.len(), planted.len());
    }
}
