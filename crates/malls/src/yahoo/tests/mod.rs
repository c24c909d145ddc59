//! Tests of the Yahoo! adapter: a scripted wire and documents written from yahoo.md, with invented people.

mod auth;
mod csv;
mod data;
mod fetching;
mod fixtures;
mod gates;
mod grants;
mod listing;
mod mapping;
mod mapping_money;
mod panics;
mod shipments;
mod writing;

use super::Yahoo;
use bytes::Bytes;
use domain::UtcMillis;
use mall_api::{Session, Settings, Wire, WireAnswer, WireError, WireRequest};
use std::collections::VecDeque;
use std::sync::Mutex;

/// Records every request and gives the next answer of its script.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<WireAnswer>>,
    asked: Mutex<Vec<WireRequest>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = WireAnswer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<WireRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// Body of the n-th request without the XML declaration.
    fn body(&self, n: usize) -> String {
        body_of(&self.asked()[n])
    }
}

fn body_of(request: &WireRequest) -> String {
    let text = String::from_utf8(request.body.clone()).unwrap();
    text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap_or(&text).to_owned()
}

#[async_trait::async_trait]
impl Wire for Script {
    async fn send(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        self.asked.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        next.ok_or(WireError::NoAnswer { what: "script is over".into() })
    }
}

fn xml(status: u16, body: impl AsRef<str>) -> WireAnswer {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n{}", body.as_ref());
    raw(status, "application/xml", body)
}

fn raw(status: u16, content_type: &str, body: impl Into<Bytes>) -> WireAnswer {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    WireAnswer { status, headers, body: body.into() }
}

fn error(status: u16, code: &str, words: &str) -> WireAnswer {
    xml(status, format!("<Error><Message>{words}</Message><Code>{code}</Code></Error>"))
}

fn headed(mut answer: WireAnswer, name: &str, value: &str) -> WireAnswer {
    answer.headers.push((name.to_owned(), value.to_owned()));
    answer
}

fn time(text: &str) -> UtcMillis {
    UtcMillis::parse_lenient(text).unwrap()
}

fn now() -> UtcMillis {
    time("2026-11-22 12:00:00")
}

/// Settings of a store; pairs come on top.
fn settings(pairs: &[(&str, &str)]) -> Settings {
    let all = [("seller_id", "mihon-store")].iter().chain(pairs);
    Settings(all.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

/// Runs one piece of work against a script.
fn with<T>(script: &Script, pairs: &[(&str, &str)], work: impl AsyncFnOnce(&Session<'_>) -> T) -> T {
    let settings = settings(pairs);
    let session = Session { wire: script, settings: &settings, now: now() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work(&session))
}
