//! Tests of the Amazon adapter: a scripted wire and documents written from amazon.md, with invented people; and our
//! requests and the official samples against Amazon's own models.

mod access;
mod codes;
mod feeds;
mod files;
mod fixtures;
mod gates;
mod listing;
mod mapping_rules;
mod models;
mod mutations;
mod reports;
mod shipments;

use super::Amazon;
use bytes::Bytes;
use domain::write::Outcome;
use domain::{Snapshot, StepId, UtcMillis};
use mall_api::{OrderSource as _, Session, Settings, Wire, WireAnswer, WireError, WireRequest};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Mutex;

/// Records every request and gives the next answer of its script.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<WireAnswer, WireError>>>,
    asked: Mutex<Vec<WireRequest>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = WireAnswer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().map(Ok).collect()), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<WireRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// Body of the n-th request.
    fn body(&self, n: usize) -> Value {
        serde_json::from_slice(&self.asked()[n].body).unwrap()
    }

    /// Operations asked, in order.
    fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|request| request.operation).collect()
    }
}

#[async_trait::async_trait]
impl Wire for Script {
    async fn send(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        self.asked.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        next.unwrap_or(Err(WireError::NoAnswer { what: "script is over".into() }))
    }
}

fn answer(status: u16, body: &Value) -> WireAnswer {
    raw_answer(status, "application/json", body.to_string())
}

fn raw_answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> WireAnswer {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    WireAnswer { status, headers, body: body.into() }
}

/// An error of the SP-API (8).
fn refused(status: u16, code: &str, message: &str, details: &str) -> WireAnswer {
    let error = serde_json::json!({ "code": code, "message": message, "details": details });
    answer(status, &serde_json::json!({ "errors": [error] }))
}

/// 403 without a reason: a role is missing (8).
fn role_missing() -> WireAnswer {
    refused(403, "Unauthorized", "Access to requested resource is denied.", "")
}

/// Value of a query parameter.
fn query<'a>(request: &'a WireRequest, key: &str) -> Option<&'a str> {
    request.query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
}

fn time(text: &str) -> UtcMillis {
    UtcMillis::parse_lenient(text).unwrap()
}

/// 2026-11-22 12:00 in Japan.
fn now() -> UtcMillis {
    time("2026-11-22 12:00:00")
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

fn snapshot(order: &Value) -> Snapshot {
    Amazon.read_document(order.to_string().as_bytes()).unwrap()
}

/// Runs one piece of work against a script.
fn with<T>(script: &Script, pairs: &[(&str, &str)], work: impl AsyncFnOnce(&Session<'_>) -> T) -> T {
    at(script, pairs, now(), work)
}

/// The same at another time.
fn at<T>(
    script: &Script,
    pairs: &[(&str, &str)],
    now: UtcMillis,
    work: impl AsyncFnOnce(&Session<'_>) -> T,
) -> T {
    let settings = settings(pairs);
    let session = Session { wire: script, settings: &settings, now };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work(&session))
}

/// Step, word of the outcome, and its reason, receipt or mall_ref.
fn words(outcomes: &[(StepId, Outcome)]) -> Vec<(i64, &'static str, String)> {
    outcomes
        .iter()
        .map(|(step, outcome)| {
            let (word, what) = match outcome {
                Outcome::Applied { mall_ref, .. } => ("applied", mall_ref.clone().unwrap_or_default()),
                Outcome::Rejected { reason } => ("rejected", reason.code.clone()),
                Outcome::Deferred { reason, .. } => ("deferred", reason.code.clone()),
                Outcome::Pending { receipt } => ("pending", receipt.clone()),
                Outcome::Unknown { reason } => ("unknown", reason.code.clone()),
            };
            (step.0, word, what)
        })
        .collect()
}
